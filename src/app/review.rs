//! A change that waits for its confirmation, frozen to where it would go; and changes on their way.

use jiff::Timestamp;

use super::{Ticket, field::Field, list::Cursor};
use crate::domain::{
    change::{Consent, DiffLine, Order, Permit},
    place::Place,
};

/// A change with its diff, to be agreed to. Nothing in it follows the screen behind it: what is agreed to is what is
/// sent.
#[derive(Debug)]
pub struct Review {
    /// Account, region, endpoint.
    pub place: Place,
    /// The session's epoch: with another one nothing is sent.
    pub epoch: u32,
    /// Whether the configuration file protects the place or the function.
    pub protected: bool,
    /// The change.
    pub order: Order,
    /// What it does, masked.
    pub diff: Vec<DiffLine>,
    /// What one should know before agreeing.
    pub warnings: Vec<String>,
    /// What must be typed; none where a Yes is enough.
    pub typed: Option<String>,
    /// What was typed so far.
    pub field: Field,
    /// Whether something else was typed than what must be.
    pub mistyped: bool,
    /// Scroll position of the diff.
    pub cursor: Cursor,
}

impl Review {
    /// The confirmation, once it was given.
    pub fn permit(&self) -> Permit {
        Permit {
            place: self.place.clone(),
            function: self.order.function.clone(),
            consent: match &self.typed {
                Some(_) => Consent::Typed(self.field.text().trim().to_owned()),
                None => Consent::Yes,
            },
        }
    }

    /// Lines of text in it: place, function, diff, warnings. The screen shows them all, scrolled.
    pub fn rows(&self) -> usize {
        self.diff.len() + self.warnings.len()
    }
}

/// Where a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The request is on its way. Quitting waits for it.
    Sending,
    /// AWS has taken it, and the function is settling.
    Settling,
    /// No answer came: the function is read to see whether it was done.
    Checking,
    /// Somebody else was faster: the function is read to merge with it.
    Rereading,
}

/// A change on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct Writing {
    /// The request.
    pub ticket: Ticket,
    /// The change.
    pub order: Order,
    /// Where it goes.
    pub place: Place,
    /// Where it is.
    pub phase: Phase,
    /// When it was sent.
    pub since: Timestamp,
    /// Reads since then.
    pub reads: u32,
}
