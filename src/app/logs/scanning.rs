//! Rows that a filter has not looked at yet: few of them are looked at on the spot, many on another thread, in slices
//! from the newest back. The reader stays where he is meanwhile.

use super::LogsPane;
use crate::{
    app::{Effect, Ticket},
    tail::{Scanned, Snapshot},
};

/// Rows that are looked at on the spot, so that what a filter leaves of a short log is there with the next frame.
const ON_THE_SPOT: usize = 2_000;

/// Rows among which a request's are looked for at a time: about a millisecond's worth.
const SEARCH: usize = 10_000;

impl LogsPane {
    /// Whether the filter still has rows to look at.
    pub fn is_scanning(&self) -> bool {
        !self.view.is_complete(&self.store)
    }

    /// Whether a request's rows are still looked for.
    pub(super) fn is_searching(&self) -> bool {
        self.view.is_searching(&self.store)
    }

    /// Looks for the request's rows a step further, where that is to be done.
    pub(super) fn search(&mut self) {
        if self.is_searching() {
            self.view.search(&self.store, SEARCH);
        }
    }

    /// The filter is another one: what a scan under way finds is of no use any more.
    pub(super) fn begin_scan(&mut self) {
        self.scan = None;
        self.search();
        self.view.scan_small(&self.store, ON_THE_SPOT);
    }

    /// The rows that are to be looked at next; none while some are.
    pub(in crate::app) fn next_scan(&mut self, ticket: impl FnOnce() -> Ticket) -> Option<Effect> {
        let scan = self.view.next_scan(&self.store)?;
        let ticket = ticket();
        self.scan = Some(ticket);
        Some(Effect::ScanLogs(ticket, Box::new(scan)))
    }

    /// What was found in some of the rows.
    pub(in crate::app) fn scanned(&mut self, ticket: Ticket, scanned: &Scanned, height: usize) {
        if self.scan != Some(ticket) {
            return;
        }
        self.scan = None;
        let place = self.place();
        self.view.take(&self.store, scanned);
        self.restore(place, height);
        if !self.is_scanning() {
            self.held = None;
        }
    }

    /// How many of the rows that are shown tell of an error.
    pub fn errors(&self) -> usize {
        self.view.errors()
    }

    /// How many of the rows before one tell of an error.
    pub fn errors_before(&self, at: usize) -> usize {
        self.view.errors_before(at)
    }

    /// The next row that tells of an error.
    pub fn next_error(&self, at: usize) -> Option<usize> {
        self.view.next_error(at)
    }

    /// The last row before one that tells of an error.
    pub fn previous_error(&self, at: usize) -> Option<usize> {
        self.view.previous_error(at)
    }

    /// How many of the rows that are shown have something marked.
    pub fn marked(&self) -> usize {
        self.view.marked()
    }

    /// The next row that has something marked.
    pub fn next_marked(&self, at: usize) -> Option<usize> {
        self.view.next_marked(at)
    }

    /// The last row before one that has something marked.
    pub fn previous_marked(&self, at: usize) -> Option<usize> {
        self.view.previous_marked(at)
    }

    /// How many rows are shown, and how many of them tell of an error, from each of these moments up to before the next
    /// one; in milliseconds since the epoch, in order.
    pub fn counts(&self, bounds: &[i64]) -> Vec<(usize, usize)> {
        self.view.counts(&self.store, bounds)
    }

    /// What is shown, to be read on another thread.
    pub fn snapshot(&self) -> Snapshot {
        self.view.snapshot(&self.store)
    }
}
