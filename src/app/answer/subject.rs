//! What an answer's view shows: an invocation's answer, or an event of a log.

use super::{AnswerPane, View};
use crate::tail::RowKey;

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The answer of an invocation, by its number.
    Invocation(u64),
    /// An event of a log.
    LogEvent(Box<EventHead>),
}

/// What is known of an event of a log beside its message. All of it is sanitised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventHead {
    /// The row.
    pub row: RowKey,
    /// What it is called.
    pub title: String,
    /// When it happened.
    pub time: String,
    /// Its stream.
    pub stream: String,
    /// Time, source and what else is known, a line each.
    pub details: Vec<String>,
}

impl AnswerPane {
    /// The event of a log that it is of.
    pub fn event(&self) -> Option<&EventHead> {
        match &self.subject {
            Subject::LogEvent(head) => Some(head),
            Subject::Invocation(_) => None,
        }
    }

    /// What a view is called here.
    pub fn label(&self, view: View) -> &'static str {
        match view {
            View::Headers if self.event().is_some() => "Details",
            view => view.label(),
        }
    }
}
