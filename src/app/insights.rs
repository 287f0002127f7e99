//! Logs Insights: a query being written, and the results of the last one.

use super::{Ticket, editor::Editor, list::Cursor};
use crate::{
    cloud,
    domain::insights::{Query, Results},
};

/// The query box and its results. It goes on when nobody looks.
#[derive(Debug)]
pub struct InsightsPane {
    /// The log groups that are asked.
    pub groups: Vec<String>,
    /// The query that is being written.
    pub editor: Editor,
    /// Whether it is being edited.
    pub editing: bool,
    /// The query under way, or that was the last.
    pub asked: Option<Query>,
    /// The request under way.
    pub ticket: Option<Ticket>,
    /// What it gave so far.
    pub results: Option<Results>,
    /// Why it failed.
    pub error: Option<cloud::Error>,
    /// The selected row.
    pub cursor: Cursor,
}
