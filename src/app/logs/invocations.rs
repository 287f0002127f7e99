//! The invocations that the lines of a log tell of, a row each.

use crate::app::list::Cursor;

/// The table of invocations.
#[derive(Debug, Default)]
pub struct InvocationsPane {
    /// The selected row.
    pub cursor: Cursor,
}
