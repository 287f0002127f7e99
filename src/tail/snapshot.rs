//! Rows of a store as they are at one moment, to be read on another thread.

use std::{fmt, sync::Arc};

use super::{
    arena::{self, Chunks},
    filter::Filter,
    index::Entry,
    store::{Names, Row, row_of},
};
use crate::domain::log_query::Line;

/// Rows of a [`super::Store`], in order. They stay as they are whatever becomes of the store; making one copies no
/// message but those of the newest megabyte at most.
#[derive(Clone)]
pub struct Snapshot {
    chunks: Chunks,
    names: Arc<Names>,
    entries: Vec<Entry>,
}

impl Snapshot {
    pub(super) fn new(chunks: Chunks, names: Arc<Names>, entries: Vec<Entry>) -> Self {
        Self { chunks, names, entries }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// A row, counted from the oldest.
    pub fn get(&self, at: usize) -> Option<Row<'_>> {
        self.row(*self.entries.get(at)?)
    }

    /// All of them, oldest first.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.entries.iter().filter_map(|entry| self.row(*entry))
    }

    /// All of them, newest first, each with the number of its stream.
    pub(super) fn rows_back(&self) -> impl Iterator<Item = (u32, Row<'_>)> {
        self.entries.iter().rev().filter_map(|entry| {
            let source = arena::record(&self.chunks, entry.place)?.source;
            Some((source, self.row(*entry)?))
        })
    }

    fn row(&self, entry: Entry) -> Option<Row<'_>> {
        let record = arena::record(&self.chunks, entry.place)?;
        let (group, stream) = self.names.get(record.source as usize)?.as_ref()?;
        Some(row_of(entry, record, group, stream))
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("rows", &self.len()).finish_non_exhaustive()
    }
}

/// Rows that a filter is to look at, on another thread than the one that draws.
#[derive(Clone, Debug)]
pub struct Scan {
    pub(super) snapshot: Snapshot,
    pub(super) filter: Filter,
    /// Which scan of its view it is.
    pub(super) number: u64,
}

/// What a [`Scan`] found.
#[derive(Clone, Debug)]
pub struct Scanned {
    pub(super) number: u64,
    /// The rows that are shown, in order.
    pub(super) shown: Vec<Entry>,
    /// Those of them that tell of an error.
    pub(super) errors: Vec<Entry>,
    /// Those of them that have something marked.
    pub(super) marked: Vec<Entry>,
}

impl PartialEq for Scan {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Scan {
    /// How many rows are looked at.
    pub fn len(&self) -> usize {
        self.snapshot.len()
    }

    /// Whether there are none to look at.
    pub fn is_empty(&self) -> bool {
        self.snapshot.is_empty()
    }

    /// Looks at them.
    pub fn run(&self) -> Scanned {
        let mut found =
            Scanned { number: self.number, shown: Vec::new(), errors: Vec::new(), marked: Vec::new() };
        for entry in &self.snapshot.entries {
            let Some(row) = self.snapshot.row(*entry) else { continue };
            let line =
                Line { message: row.message, group: row.group, stream: row.stream, error: row.marks.error };
            if !self.filter.matches(&line) {
                continue;
            }
            found.shown.push(*entry);
            if row.marks.error {
                found.errors.push(*entry);
            }
            if self.filter.is_marked(&line) {
                found.marked.push(*entry);
            }
        }
        found
    }
}
