//! The Logs tab: history and follow.

use crate::app::{Ticket, field::Field};

/// The tab's part of the state.
#[derive(Debug, Default)]
pub struct LogsPane {
    /// The filter as it is typed.
    pub filter: Field,
    /// Whether the filter is being typed.
    pub filter_focused: bool,
    /// The follow under way.
    pub ticket: Option<Ticket>,
}
