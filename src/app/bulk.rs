//! One change of many functions: planned, confirmed once, applied one after the other.

use super::{Ticket, field::Field, list::Cursor};
use crate::domain::{change::Order, place::Place, secret::Secret};

/// What is changed on each function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BulkChange {
    /// Memory in MB.
    Memory(u32),
    /// Time-out in seconds.
    Timeout(u32),
    /// Runtime identifier.
    Runtime(String),
    /// A variable, set or (none) removed.
    Variable(String, Option<Secret>),
    /// A tag, set or removed.
    Tag(String, Option<String>),
    /// Days that the log group is kept; none: for ever.
    LogRetention(Option<u32>),
}

/// What became of one function.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Being read.
    Reading,
    /// It has that already.
    Nothing,
    /// It can't be: why.
    Refused(String),
    /// To be done.
    Planned(Box<Order>),
    /// On its way.
    Sending(Box<Order>),
    /// Done.
    Done(Box<Order>),
    /// Not done: why. It may be tried again.
    Failed(Box<Order>, String),
    /// It may have been done. It is not tried again by itself.
    Unknown(Box<Order>, String),
}

/// Where the whole is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Functions are read.
    Reading,
    /// The plan is there; the count is to be typed.
    Planned,
    /// Under way.
    Applying,
    /// Ends after the one that is on its way.
    Stopping,
    /// Over.
    Over,
}

/// A change of many functions.
#[derive(Debug)]
pub struct Bulk {
    /// The request of the reads, then of the write on its way.
    pub ticket: Ticket,
    /// Account, region, endpoint.
    pub place: Place,
    /// The change.
    pub change: BulkChange,
    /// Function by function.
    pub rows: Vec<(Box<str>, Step)>,
    /// Where it is.
    pub stage: Stage,
    /// What must be typed.
    pub phrase: String,
    /// What was typed.
    pub field: Field,
    /// Whether something else was typed.
    pub mistyped: bool,
    /// The selected row.
    pub cursor: Cursor,
}

impl Bulk {
    /// Whether the number of functions is to be typed now.
    pub fn takes_text(&self) -> bool {
        self.stage == Stage::Planned
    }

    /// Whether functions are being changed.
    pub fn is_under_way(&self) -> bool {
        matches!(self.stage, Stage::Applying | Stage::Stopping)
    }
}
