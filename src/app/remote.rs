//! Something loaded: what is known, what went wrong, and whether news is on its way.

use jiff::Timestamp;

use super::Ticket;
use crate::cloud;

/// A value that comes from outside. While a new one is on its way the old one stays.
#[derive(Clone, Debug, PartialEq)]
pub struct Remote<T> {
    /// The last value that came.
    pub value: Option<T>,
    /// Why the last attempt failed.
    pub error: Option<cloud::Error>,
    /// The request under way.
    pub pending: Option<Ticket>,
    /// When the value came.
    pub loaded_at: Option<Timestamp>,
}

impl<T> Default for Remote<T> {
    fn default() -> Self {
        Self { value: None, error: None, pending: None, loaded_at: None }
    }
}

impl<T> Remote<T> {
    /// A request is on its way.
    pub fn ask(&mut self, ticket: Ticket) {
        self.pending = Some(ticket);
    }

    /// Takes a result in. Answers whether it was the awaited one: a stale one is dropped.
    pub fn receive(&mut self, ticket: Ticket, result: Result<T, cloud::Error>, now: Timestamp) -> bool {
        if self.pending != Some(ticket) {
            return false;
        }
        self.pending = None;
        match result {
            Ok(value) => {
                self.value = Some(value);
                self.error = None;
                self.loaded_at = Some(now);
            }
            Err(error) => self.error = Some(error),
        }
        true
    }
}
