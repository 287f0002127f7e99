//! What is shown of a log: a filter as it is typed, more of them stacked upon it, only errors.

use std::sync::Arc;

use crate::{
    app::field::Field,
    domain::log_query::{Query, QueryError},
    tail::{Filter, Kind, Layer},
};

/// A filter that was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// What it does.
    pub kind: Kind,
    /// What it looks for.
    pub query: Arc<Query>,
    /// Whether it is in force.
    pub on: bool,
}

/// What is being typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typing {
    /// The filter that is in force while it is typed.
    Live,
    /// One to be kept.
    New(Kind),
    /// The kept one of that number, anew.
    Kept(usize),
}

/// What is shown of a log.
#[derive(Debug, Default)]
pub struct Filters {
    /// The filter that is in force while it is typed, or what else is being typed.
    pub field: Field,
    /// What is being typed.
    pub typing: Option<Typing>,
    /// Why what is typed can't be understood. What was understood last stays in force.
    pub error: Option<QueryError>,
    /// The filters that were kept.
    pub kept: Vec<Kept>,
    /// Only errors.
    pub errors_only: bool,
    /// Whether the service is asked for what matches alone.
    pub on_server: bool,
    live: Arc<Query>,
}

impl Filters {
    /// Whether the field takes what is typed.
    pub fn takes_text(&self) -> bool {
        self.typing.is_some()
    }

    /// Whether there is something to be told of: a filter, or one that is being typed.
    pub fn is_in_use(&self) -> bool {
        self.takes_text() || !self.field.text().is_empty() || !self.kept.is_empty() || self.on_server
    }

    /// The filter that is in force while it is typed.
    pub fn live(&self) -> &Query {
        &self.live
    }

    /// Leaves the field; what was understood stays in force.
    pub(in crate::app) fn leave_field(&mut self) {
        self.typing = None;
    }

    /// What is in force.
    pub(in crate::app) fn filter(&self) -> Filter {
        let live = Layer { kind: Kind::Include, query: Arc::clone(&self.live) };
        let kept = self.kept.iter().filter(|kept| kept.on);
        let kept = kept.map(|kept| Layer { kind: kept.kind, query: Arc::clone(&kept.query) });
        Filter::new(kept.chain([live])).errors_only(self.errors_only)
    }

    /// What the service is asked for, where that was chosen.
    pub(in crate::app) fn pattern(&self) -> Option<String> {
        None
    }

    /// Takes what is in the field into force, where it can be understood.
    pub(in crate::app) fn understand(&mut self) {
        match Query::parse(self.field.text()) {
            Ok(query) => {
                self.live = Arc::new(query);
                self.error = None;
            }
            Err(error) => self.error = Some(error),
        }
    }
}
