//! Somebody else changed the same thing meanwhile: base, mine and theirs side by side, and whose word counts.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan};

use super::{function::environment::REVEAL_SECONDS, list::Cursor};
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

impl Subject {
    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Environment { rows, .. } => rows.len(),
            Self::Settings { rows, .. } => rows.len(),
        }
    }

    /// Whether there is nothing to merge.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whose word counts for a row where that is clear by itself.
    pub fn side(&self, row: usize) -> Option<Side> {
        match self {
            Self::Environment { rows, .. } => rows.get(row)?.side(),
            Self::Settings { rows, .. } => rows.get(row)?.side(),
        }
    }
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
    /// The row whose values are readable, and until when.
    pub revealed: Option<(usize, Timestamp)>,
    /// Whether going on was tried before all was decided.
    pub incomplete: bool,
}

impl Merging {
    /// A merge in which nothing is decided. The first row that collides is selected.
    pub fn new(place: Place, function: String, subject: Subject, revision_id: Option<String>) -> Self {
        let mut merging = Self {
            place,
            function,
            subject,
            revision_id,
            choices: BTreeMap::new(),
            cursor: Cursor::default(),
            revealed: None,
            incomplete: false,
        };
        let first = merging.undecided().next();
        merging.cursor.at = first.unwrap_or_default();
        merging
    }

    /// Whose word counts for a row; none where that has still to be decided.
    pub fn side(&self, row: usize) -> Option<Side> {
        self.subject.side(row).or_else(|| self.choices.get(&row).copied())
    }

    /// Whose word counts for each row; where that is not decided, theirs.
    pub fn sides(&self) -> Vec<Side> {
        (0..self.subject.len()).map(|row| self.side(row).unwrap_or(Side::Theirs)).collect()
    }

    /// The rows that have still to be decided.
    pub fn undecided(&self) -> impl Iterator<Item = usize> {
        (0..self.subject.len()).filter(|row| self.side(*row).is_none())
    }

    /// Whether the selected row's values may be shown.
    pub fn is_revealed(&self) -> bool {
        self.revealed.is_some_and(|(row, _)| row == self.cursor.at)
    }

    /// Decides the selected row, if both sides changed it.
    pub(super) fn choose(&mut self, side: Side) {
        let row = self.cursor.at;
        if row < self.subject.len() && self.subject.side(row).is_none() {
            self.choices.insert(row, side);
            self.incomplete = false;
        }
    }

    /// Selects the next row that is not decided. Answers whether there is one.
    pub(super) fn go_to_undecided(&mut self, height: usize) -> bool {
        let next = self.undecided().find(|row| *row >= self.cursor.at).or_else(|| self.undecided().next());
        if let Some(row) = next {
            self.cursor.go(row, self.subject.len(), height);
            self.revealed = None;
        }
        next.is_some()
    }

    /// Shows the selected row's values for a while, or masks them. Settings are no secrets.
    pub(super) fn reveal(&mut self, now: Timestamp) {
        let secret = matches!(self.subject, Subject::Environment { .. });
        self.revealed = match now.checked_add(REVEAL_SECONDS.seconds()) {
            Ok(until) if secret && !self.is_revealed() => Some((self.cursor.at, until)),
            _ => None,
        };
    }

    pub(super) fn tick(&mut self, now: Timestamp) {
        if self.revealed.is_some_and(|(_, until)| until <= now) {
            self.revealed = None;
        }
    }
}
