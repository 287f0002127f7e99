//! Two answers compared.

use super::{Ticket, list::Cursor};
use crate::domain::document::diff::Differences;

/// Two answers compared.
#[derive(Debug)]
pub struct DifferencesPane {
    /// What is compared: before, after.
    pub titles: [String; 2],
    /// The request.
    pub pending: Option<Ticket>,
    /// The differences, or why there is no telling.
    pub result: Option<Result<Differences, String>>,
    /// The selected difference.
    pub cursor: Cursor,
}

/// Rows that a difference takes on the screen: its path, before, after.
pub const ROWS_EACH: usize = 3;

impl DifferencesPane {
    /// How many differences are listed.
    pub fn len(&self) -> usize {
        self.result.as_ref().and_then(|result| result.as_ref().ok()).map_or(0, |found| found.list.len())
    }

    /// Whether none is listed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rows of a page that name the two answers, with one that is left empty. On a low screen the differences keep
    /// their rows.
    pub fn heading(rows: u16) -> u16 {
        match rows {
            0..=4 => 0,
            5..=8 => 2,
            _ => 3,
        }
    }

    /// Differences that fit into so many rows.
    pub fn height(rows: usize) -> usize {
        (rows / ROWS_EACH).max(1)
    }
}
