//! CloudWatch Logs Insights: a query, and what it gives.

use std::fmt;

use jiff::Timestamp;

/// A query of log groups.
#[derive(Clone, PartialEq, Eq)]
pub struct Query {
    /// Log groups, at most 50 (StartQuery's limit).
    pub groups: Vec<String>,
    /// The query.
    pub text: String,
    /// First moment, to the second.
    pub from: Timestamp,
    /// Last moment, to the second.
    pub until: Timestamp,
}

impl fmt::Debug for Query {
    // What is looked for may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query")
            .field("groups", &self.groups)
            .field("bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}

/// How far a query is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    /// It was started, and waits for its turn.
    #[default]
    Scheduled,
    /// It runs: what there is of the results may change.
    Running,
    /// It is done.
    Complete,
    /// It was stopped.
    Cancelled,
    /// The service gave up.
    Failed,
    /// It took longer than the service allows.
    TimedOut,
}

impl Progress {
    /// Whether no more comes.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Scheduled | Self::Running)
    }
}

/// What a query gives.
#[derive(Clone, Default, PartialEq)]
pub struct Results {
    /// How far it is.
    pub progress: Progress,
    /// Names of the columns, in the order in which they first came.
    pub columns: Vec<String>,
    /// Rows: a value for each column, none where the row has none.
    pub rows: Vec<Vec<Option<String>>>,
    /// Events that matched.
    pub matched: f64,
    /// Events that were looked at.
    pub scanned: f64,
    /// Bytes that were looked at: what it costs.
    pub bytes: f64,
}

impl fmt::Debug for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Results")
            .field("progress", &self.progress)
            .field("rows", &self.rows.len())
            .finish_non_exhaustive()
    }
}
