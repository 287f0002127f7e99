//! What is shown of a log, to be written to a file.

use crate::tail::Snapshot;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A line for each line of a message: time, source, message; control characters as marks.
    Text,
    /// A JSON object for each event, with the API's own member names.
    Ndjson,
}

/// Rows to be written.
#[derive(Clone, Debug)]
pub struct LogExport {
    /// How.
    pub form: Form,
    /// Which.
    pub rows: Snapshot,
}

impl PartialEq for LogExport {
    fn eq(&self, other: &Self) -> bool {
        (self.form, self.rows.len()) == (other.form, other.rows.len())
    }
}
