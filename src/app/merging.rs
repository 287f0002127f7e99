//! Somebody else changed the same thing meanwhile: base, mine and theirs side by side, and whose word counts.

use std::collections::BTreeMap;

use super::list::Cursor;
use crate::domain::{
    change::Variables,
    merge::{Row, Side},
    place::Place,
    secret::Secret,
    settings::Setting,
};

/// What is merged.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// The environment: everything that anybody changed, and theirs as it was read.
    Environment {
        /// What differs.
        rows: Vec<Row<String, Secret>>,
        /// Theirs.
        theirs: Variables,
    },
    /// The configuration.
    Settings {
        /// What differs.
        rows: Vec<Row<Setting, String>>,
        /// Theirs.
        theirs: BTreeMap<Setting, String>,
    },
}

/// A merge that is being decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Merging {
    /// Account, region, endpoint.
    pub place: Place,
    /// Function name.
    pub function: String,
    /// What is merged.
    pub subject: Subject,
    /// The revision that theirs was read at.
    pub revision_id: Option<String>,
    /// What was decided, by row.
    pub choices: BTreeMap<usize, Side>,
    /// The selected row.
    pub cursor: Cursor,
}
