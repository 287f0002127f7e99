//! Looking at rows in slices, from the newest back.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{View, continued, flags, flags::Kind};
use crate::tail::{
    index::Entry,
    snapshot::{Scan, Scanned, Snapshot},
    store::Store,
};

/// Rows of the first slice of a filter: its results are there at once.
const FIRST: usize = 20_000;

/// Rows of the others.
const SLICE: usize = 60_000;

/// Bytes of messages that are looked at on the thread that draws, at most, before the rest is left to another one.
const SMALL: usize = 512 << 10;

impl View {
    /// How many rows have not been looked at, or not been heard of again.
    pub(super) fn to_be_judged(&self) -> usize {
        self.flags.count(Kind::Waiting) + self.flags.count(Kind::HandedOut)
    }

    /// Looks at up to so many rows more, the newest ones first; a request's rows are looked for among as many. True
    /// where that was all.
    pub fn scan(&mut self, store: &Store, rows: usize) -> bool {
        self.search(store, rows);
        self.judge_here(store, rows, usize::MAX);
        self.is_complete(store)
    }

    /// Looks at the newest rows, so far as that takes no time worth speaking of: up to so many.
    pub fn scan_small(&mut self, store: &Store, rows: usize) {
        self.resync(store.version, store);
        self.judge_here(store, rows, SMALL);
    }

    fn judge_here(&mut self, store: &Store, rows: usize, bytes: usize) {
        let mut left = bytes;
        let mut wanted: Vec<Entry> = self.waiting(store, rows);
        let affordable = wanted.iter().rev().take_while(|entry| {
            let length = store.message(**entry).len();
            let can = length <= left;
            left = left.saturating_sub(length);
            can
        });
        let first = wanted.len() - affordable.count();
        wanted.drain(..first);
        let rows: Vec<u8> = wanted.into_iter().map(|entry| self.judge(store, entry)).collect();
        for run in self.put(Kind::Waiting, &rows) {
            self.settle(store, run.start..run.end + continued::ROWS);
        }
    }

    /// The rows that a filter is to look at next, on another thread; none while that is done, and where there are none.
    pub fn next_scan(&mut self, store: &Store) -> Option<Scan> {
        self.next_slice(store, if self.has_begun { SLICE } else { FIRST })
    }

    /// The same, of up to so many rows.
    pub fn next_slice(&mut self, store: &Store, rows: usize) -> Option<Scan> {
        self.resync(store.version, store);
        if self.under_way.is_some() {
            return None;
        }
        let entries = self.waiting(store, rows);
        if entries.is_empty() {
            return None;
        }
        let mut left = entries.len();
        let first = self.flags.count(Kind::Waiting) - left;
        let from = self.flags.select(Kind::Waiting, first)?;
        self.flags.change(from, |_, byte| {
            let hand_out = Kind::Waiting.has(byte) && left > 0;
            left -= usize::from(hand_out);
            (hand_out || left > 0).then_some(if hand_out { byte | flags::MATCHES } else { byte })
        });
        self.scans += 1;
        self.has_begun = true;
        let cancelled = Arc::new(AtomicBool::new(false));
        self.under_way = Some(Arc::clone(&cancelled));
        let filter = self.filter.clone();
        let named = !filter.is_of_message() || filter.has_highlights();
        Some(Scan { snapshot: Snapshot::new(store, entries, named), filter, number: self.scans, cancelled })
    }

    /// Whether rows are looked at on another thread.
    pub fn is_scan_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// Takes what a scan found; of one that was given up it takes nothing. Rows that came or went meanwhile are where they
    /// belong. Answers whether it did.
    pub fn take(&mut self, store: &Store, scanned: &Scanned) -> bool {
        if self.resync(store.version, store) || self.under_way.is_none() || scanned.number != self.scans {
            return false;
        }
        self.under_way = None;
        // Those that were evicted were the oldest.
        let left = self.flags.count(Kind::HandedOut);
        for run in self.put(Kind::HandedOut, &scanned.rows[scanned.rows.len().saturating_sub(left)..]) {
            // What they continue in the run was seen there.
            self.settle(store, run.start..run.start + continued::ROWS);
            self.settle(store, run.end..run.end + continued::ROWS);
        }
        true
    }

    /// Writes down what was found out about the newest rows of a kind. Answers with where these are.
    fn put(&mut self, kind: Kind, found: &[u8]) -> Vec<Range<usize>> {
        let mut runs: Vec<Range<usize>> = Vec::new();
        let first = self.flags.count(kind).saturating_sub(found.len());
        let Some(from) = self.flags.select(kind, first) else { return runs };
        let members = self.request.as_ref().map(|request| request.members());
        let mut found = found.iter().copied().peekable();
        self.flags.change(from, |at, byte| {
            let next = *found.peek()?;
            if !kind.has(byte) {
                return Some(byte);
            }
            found.next();
            if members.is_some_and(|members| !members.get(at).is_some_and(|byte| Kind::Shown.has(byte))) {
                // It turned out to be another request's.
                return Some(flags::JUDGED | byte & (flags::ERROR | flags::CONTINUES));
            }
            match runs.last_mut() {
                Some(run) if run.end == at => run.end += 1,
                _ => runs.push(at..at + 1),
            }
            Some(next)
        });
        runs
    }

    /// The newest so many of those rows that wait, oldest first.
    fn waiting(&self, store: &Store, rows: usize) -> Vec<Entry> {
        let waiting = self.flags.count(Kind::Waiting);
        let Some(from) = self.flags.select(Kind::Waiting, waiting.saturating_sub(rows)) else {
            return Vec::new();
        };
        let all = store.index().iter_from(from).zip(self.flags.iter_from(from));
        all.filter(|(_, byte)| Kind::Waiting.has(*byte)).map(|(entry, _)| entry).collect()
    }

    /// Nobody wants to know what a scan under way finds.
    pub(super) fn give_up_scan(&mut self) {
        if let Some(cancelled) = self.under_way.take() {
            cancelled.store(true, Ordering::Relaxed);
        }
        self.has_begun = false;
    }
}
