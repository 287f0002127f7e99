//! Rows that are read on another thread than the one that draws.

use std::{collections::HashMap, fmt};

use super::{Read, read};
use crate::tail::{filter::Filter, snapshot::Snapshot};

/// Rows to be read for [`super::Invocations`].
#[derive(Clone)]
pub struct FoldScan {
    pub(super) snapshot: Snapshot,
    pub(super) filter: Filter,
    pub(super) number: u64,
}

/// What a [`FoldScan`] found.
pub struct Folded {
    pub(super) number: u64,
    /// The requests that are named.
    pub(super) ids: Vec<Box<str>>,
    /// Newest first; a request is named by its place among the ids.
    pub(super) rows: Vec<Read>,
}

impl fmt::Debug for FoldScan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FoldScan").field("rows", &self.len()).finish_non_exhaustive()
    }
}

impl PartialEq for FoldScan {
    fn eq(&self, other: &Self) -> bool {
        (self.number, self.len()) == (other.number, other.len())
    }
}

impl fmt::Debug for Folded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Folded").field("rows", &self.rows.len()).finish_non_exhaustive()
    }
}

impl FoldScan {
    /// How many rows are read.
    pub fn len(&self) -> usize {
        self.snapshot.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.snapshot.is_empty()
    }

    /// Reads them.
    pub fn run(&self) -> Folded {
        let mut ids: Vec<Box<str>> = Vec::new();
        let mut numbers: HashMap<Box<str>, u32> = HashMap::new();
        let rows = self.snapshot.rows_back().map(|(source, row)| {
            let (kind, of, fact) = read::read(row.message, row.marks.error, |id| {
                numbers.get(id).copied().unwrap_or_else(|| {
                    let number = u32::try_from(ids.len()).unwrap_or(u32::MAX);
                    ids.push(id.into());
                    numbers.insert(id.into(), number);
                    number
                })
            });
            let shown = self.filter.matches(&row.line());
            Read { key: row.key, source, kind, of, error: row.marks.error, shown, fact }
        });
        let rows = rows.collect();
        Folded { number: self.number, ids, rows }
    }
}
