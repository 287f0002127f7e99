//! The weights of an alias: a second version and its share, as a slider and as a number.

use super::field::Field;
use crate::domain::release::Alias;

/// The weights being set.
#[derive(Debug)]
pub struct Weights {
    /// The alias as it is.
    pub alias: Alias,
    /// The additional version.
    pub version: String,
    /// Its share in percent, as typed.
    pub field: Field,
    /// What is wrong with it.
    pub problem: Option<String>,
}
