//! Rows of a store as they are at one moment, to be read on another thread.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    arena::{self, Chunks},
    continued,
    filter::{Fate, Filter},
    flags,
    index::Entry,
    marks::Marks,
    store::{Names, Row, Store, row_of},
};

/// Rows that are looked at before it is asked again whether anybody still wants to know.
const STRIDE: usize = 1024;

/// Rows of a [`Store`], in order. They stay as they are whatever becomes of the store; making one copies no
/// message but those of the newest megabyte at most.
#[derive(Clone)]
pub struct Snapshot {
    chunks: Chunks,
    names: Arc<Names>,
    entries: Vec<Entry>,
}

impl Snapshot {
    /// These rows of a store; without their log groups and streams ([`Snapshot::get`] then has none of them) where
    /// nobody asks for those.
    pub(super) fn new(store: &Store, entries: Vec<Entry>, named: bool) -> Self {
        let sources = if named { store.names() } else { Names::default() };
        Self { chunks: store.share(&entries), names: Arc::new(sources), entries }
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
    /// Set when nobody wants to know any more.
    pub(super) cancelled: Arc<AtomicBool>,
}

/// What a [`Scan`] found.
#[derive(Clone)]
pub struct Scanned {
    pub(super) number: u64,
    /// What is known of each row now, as [`flags`] has it.
    pub(super) rows: Vec<u8>,
}

impl Scanned {
    /// How many rows were looked at.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl fmt::Debug for Scanned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scanned").field("rows", &self.len()).finish_non_exhaustive()
    }
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
        let entries = &self.snapshot.entries;
        let mut rows: Vec<u8> = Vec::with_capacity(entries.len());
        for (at, entry) in entries.iter().enumerate() {
            if at % STRIDE == 0 && self.cancelled.load(Ordering::Relaxed) {
                break;
            }
            let judged = self.judge(*entry);
            let head = if entry.marks.continues { self.head(at) } else { None };
            rows.push(continued::follow(judged, head.and_then(|head| rows.get(head)).copied()));
        }
        Scanned { number: self.number, rows }
    }

    fn judge(&self, entry: Entry) -> u8 {
        let is_of_message = self.filter.is_of_message() && !self.filter.has_highlights();
        let judged = if is_of_message {
            let message = arena::message(&self.snapshot.chunks, entry.place);
            message.map(|message| judged(self.filter.fate_of_message(message, entry.marks.error), false))
        } else {
            self.snapshot.row(entry).map(|row| judge_row(&self.filter, &row))
        };
        judged.unwrap_or(flags::JUDGED) | of_marks(entry.marks)
    }

    /// The row that one continues.
    fn head(&self, at: usize) -> Option<usize> {
        let source = |entry: Entry| arena::source(&self.snapshot.chunks, entry.place);
        let (before, entry) = (self.snapshot.entries.get(..at)?, self.snapshot.entries.get(at)?);
        let distance = continued::head(*entry, before.iter().rev().copied(), source)?;
        Some(at - distance)
    }
}

/// What a row is, whatever the filter.
pub(super) fn of_marks(marks: Marks) -> u8 {
    (u8::from(marks.error) * flags::ERROR) | (u8::from(marks.continues) * flags::CONTINUES)
}

/// What becomes of a row by itself.
pub(super) fn judge_row(filter: &Filter, row: &Row<'_>) -> u8 {
    let line = row.line();
    let fate = filter.fate(&line);
    // A row that is not shown by itself may be so as the continuation of another one.
    let wanted = fate == Fate::Shown || row.marks.continues;
    judged(fate, wanted && filter.is_marked(&line))
}

pub(super) fn judged(fate: Fate, is_marked: bool) -> u8 {
    let fate = match fate {
        Fate::Shown => flags::MATCHES | flags::SHOWN,
        Fate::Hidden => 0,
        Fate::Excluded => flags::EXCLUDED | flags::KEPT_OUT,
    };
    flags::JUDGED | fate | if is_marked { flags::MARKED } else { 0 }
}
