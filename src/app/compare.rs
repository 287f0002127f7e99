//! Two functions, versions or aliases side by side.

use super::{Remote, list::Cursor};
use crate::domain::compare::{Comparison, Side};

/// A comparison on the screen.
#[derive(Debug)]
pub struct Comparing {
    /// What is compared.
    pub sides: [Side; 2],
    /// What it came to.
    pub result: Remote<Comparison>,
    /// Only what differs.
    pub differences_only: bool,
    /// Scroll position.
    pub cursor: Cursor,
}
