//! The journal of changes, to be read and taken back.

use super::{Ticket, list::Cursor};
use crate::domain::journal::Entry;

/// The journal on the screen.
#[derive(Debug, Default)]
pub struct HistoryPane {
    /// The entries, newest first.
    pub entries: Vec<Entry>,
    /// The request for them.
    pub pending: Option<Ticket>,
    /// Why there are none.
    pub error: Option<String>,
    /// The selected entry.
    pub cursor: Cursor,
    /// Whether the selected entry is shown whole.
    pub open: bool,
}
