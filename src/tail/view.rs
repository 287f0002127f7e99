//! The rows of a store that a filter shows.

use super::{
    filter::Filter,
    index::{Entry, Index},
    store::{Inserted, Row, RowKey, Store},
};

/// The matching rows of a [`Store`], in its order.
///
/// A new view is empty: [`View::scan`] fills it from the newest row back, in parts, so that a key is never kept
/// waiting by a million rows. Rows that come meanwhile are in it at once ([`View::apply`]).
pub struct View {
    filter: Filter,
    index: Index,
    /// How many rows, counted from the newest, have been looked at.
    scanned: usize,
    version: u64,
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View")
            .field("filter", &self.filter)
            .field("rows", &self.len())
            .field("scanned", &self.scanned)
            .finish_non_exhaustive()
    }
}

impl View {
    /// A view of a store's rows, none of which it has looked at.
    pub fn new(store: &Store, filter: Filter) -> Self {
        Self { filter, index: Index::default(), scanned: 0, version: store.version }
    }

    /// The filter.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// How many rows match, of those looked at.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether every row of the store has been looked at.
    pub fn is_complete(&self, store: &Store) -> bool {
        self.scanned >= store.len()
    }

    /// Looks at up to so many rows more, older ones. True where that was all.
    pub fn scan(&mut self, store: &Store, rows: usize) -> bool {
        self.resync(store.version, store);
        let end = store.len().saturating_sub(self.scanned);
        let start = end.saturating_sub(rows);
        let found: Vec<Entry> = store
            .index()
            .iter_from(start)
            .take(end - start)
            .filter(|entry| self.filter.matches_bytes(store.message(*entry)))
            .collect();
        self.index.prepend(&found);
        self.scanned += end - start;
        start == 0
    }

    /// Takes note of a row that the store has taken in, and of those that went for it.
    pub fn apply(&mut self, store: &Store, inserted: &Inserted) {
        if self.resync(inserted.version.wrapping_sub(1), store) {
            return;
        }
        self.version = inserted.version;
        if inserted.put_at + self.scanned >= inserted.among {
            self.scanned += 1;
            let entry = inserted.entry;
            if inserted.at.is_some() && self.filter.matches_bytes(store.message(entry)) {
                let at = self.index.rank(entry.timestamp, store.tie(entry), true, &|other| store.tie(other));
                self.index.insert(at, entry);
            }
        }
        for place in &inserted.gone {
            if self.index.get(0).is_some_and(|first| first.place == *place) {
                self.index.pop_front();
            }
        }
        self.scanned = self.scanned.min(store.len());
    }

    /// Begins anew where an insertion was not told. True if so.
    fn resync(&mut self, expected: u64, store: &Store) -> bool {
        if self.version == expected {
            return false;
        }
        *self = Self::new(store, std::mem::take(&mut self.filter));
        true
    }

    /// A matching row, counted from the oldest that was looked at.
    pub fn get<'s>(&self, store: &'s Store, at: usize) -> Option<Row<'s>> {
        store.row(self.index.get(at)?)
    }

    /// Where a row is among those that match: `Err` with where it would be, if it is not.
    ///
    /// # Errors
    /// The position of the first matching row after it.
    pub fn position(&self, store: &Store, key: &RowKey) -> Result<usize, usize> {
        store.find(&self.index, key)
    }
}
