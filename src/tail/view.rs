//! The rows of a store that a filter shows.

use super::{
    filter::Filter,
    index::{Entry, Index},
    request::rows::{Reported, RequestRows},
    store::{Inserted, Row, RowKey, Store},
};

/// The matching rows of a [`Store`], in its order: of all, or of one request's ([`View::of_request`]).
///
/// A new view is empty: [`View::scan`] fills it from the newest row back, in parts, so that a key is never kept
/// waiting by a million rows. Rows that come meanwhile are in it at once ([`View::apply`]).
pub struct View {
    filter: Filter,
    index: Index,
    /// How many rows (of the request, where there is one), counted from the newest, have been looked at.
    scanned: usize,
    version: u64,
    request: Option<Box<RequestRows>>,
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
        Self { filter, index: Index::default(), scanned: 0, version: store.version, request: None }
    }

    /// A view of one request's rows: those that name it, and those between its START and its REPORT in their stream,
    /// with the init phase before. Rows that come late find their place. An empty id is nobody's.
    pub fn of_request(store: &Store, filter: Filter, id: &str) -> Self {
        Self { request: (!id.is_empty()).then(|| Box::new(RequestRows::new(id))), ..Self::new(store, filter) }
    }

    /// Filters anew. What is known of the request stays.
    pub fn refilter(&mut self, filter: Filter) {
        self.filter = filter;
        self.index = Index::default();
        self.scanned = 0;
    }

    /// The request whose rows these are.
    pub fn request(&self) -> Option<&str> {
        self.request.as_ref().map(|request| request.id())
    }

    /// What is known of the request's REPORT. It stays known when its row has made room.
    pub fn reported(&self) -> Reported<'_> {
        self.request.as_ref().map_or(Reported::NotYet, |request| request.reported())
    }

    /// How many rows there are to be filtered: the request's, or all.
    pub fn unfiltered(&self, store: &Store) -> usize {
        self.request.as_ref().map_or_else(|| store.len(), |request| request.members().len())
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
        self.scanned >= self.unfiltered(store)
            && self.request.as_ref().is_none_or(|request| request.is_complete(store))
    }

    /// Looks at up to so many rows more, older ones. True where that was all.
    pub fn scan(&mut self, store: &Store, rows: usize) -> bool {
        self.resync(store.version, store);
        if let Some(request) = &mut self.request {
            request.scan(store, rows);
            self.take_changes(store);
        }
        let all = self.request.as_ref().map_or_else(|| store.index(), |request| request.members());
        let end = all.len().saturating_sub(self.scanned);
        let start = end.saturating_sub(rows);
        let found: Vec<Entry> = all
            .iter_from(start)
            .take(end - start)
            .filter(|entry| shows(&self.filter, store, *entry))
            .collect();
        self.index.prepend(&found);
        self.scanned += end - start;
        self.is_complete(store)
    }

    /// Takes note of a row that the store has taken in, and of those that went for it.
    pub fn apply(&mut self, store: &Store, inserted: &Inserted) {
        if self.resync(inserted.version.wrapping_sub(1), store) {
            return;
        }
        self.version = inserted.version;
        if self.request.is_none() && inserted.put_at + self.scanned >= inserted.among {
            self.scanned += 1;
            let entry = inserted.entry;
            if inserted.at.is_some() && shows(&self.filter, store, entry) {
                let at = self.index.rank(entry.timestamp, store.tie(entry), true, &|other| store.tie(other));
                self.index.insert(at, entry);
            }
        }
        for place in &inserted.gone {
            if self.index.get(0).is_some_and(|first| first.place == *place) {
                self.index.pop_front();
            }
        }
        if let Some(request) = &mut self.request {
            request.evict(store, &inserted.gone);
            self.scanned = self.scanned.min(request.members().len());
            request.insert(store, inserted);
            self.take_changes(store);
        }
        self.scanned = self.scanned.min(self.unfiltered(store));
    }

    /// Rows turned out to be the request's, or not to be.
    fn take_changes(&mut self, store: &Store) {
        let changes = self.request.as_mut().map(|request| request.changes());
        for change in changes.into_iter().flatten() {
            if change.at + self.scanned < change.among {
                continue;
            }
            if change.added {
                self.scanned += 1;
                if shows(&self.filter, store, change.entry) {
                    store.put_into(&mut self.index, change.entry);
                }
            } else {
                self.scanned -= 1;
                if let Ok(at) = store.find(&self.index, &store.key(change.entry)) {
                    self.index.remove(at);
                }
            }
        }
    }

    /// Begins anew where an insertion was not told. True if so.
    fn resync(&mut self, expected: u64, store: &Store) -> bool {
        if self.version == expected {
            return false;
        }
        let filter = std::mem::take(&mut self.filter);
        let request = self.request.take();
        *self = Self::new(store, filter);
        self.request = request.map(|request| Box::new(RequestRows::new(request.id())));
        true
    }

    /// A matching row, counted from the oldest that was looked at.
    pub fn get<'s>(&self, store: &'s Store, at: usize) -> Option<Row<'s>> {
        store.row(self.index.get(at)?)
    }

    /// How many matching rows there are between each two of the bounds, which ascend, and how many of them tell of an
    /// error. A row on a bound counts to what begins there. In milliseconds since the epoch.
    pub fn counts(&self, store: &Store, bounds: &[i64]) -> Vec<(usize, usize)> {
        let mut counts = vec![(0, 0); bounds.len().saturating_sub(1)];
        for entry in self.index.iter_from(0) {
            let at = bounds.partition_point(|bound| *bound <= entry.timestamp);
            let Some((rows, errors)) = at.checked_sub(1).and_then(|at| counts.get_mut(at)) else { continue };
            *rows += 1;
            *errors += usize::from(store.row(entry).is_some_and(|row| row.marks.error));
        }
        counts
    }

    /// Where a row is among those that match: `Err` with where it would be, if it is not.
    ///
    /// # Errors
    /// The position of the first matching row after it.
    pub fn position(&self, store: &Store, key: &RowKey) -> Result<usize, usize> {
        store.find(&self.index, key)
    }
}

/// Whether a filter shows a row of a store.
fn shows(filter: &Filter, store: &Store, entry: Entry) -> bool {
    store.row(entry).is_some_and(|row| filter.matches(&row.line()))
}

impl View {
    /// The next shown row behind a position that tells of an error.
    pub fn next_error(&self, store: &Store, at: usize) -> Option<usize> {
        (at.saturating_add(1)..self.len()).find(|at| self.get(store, *at).is_some_and(|row| row.marks.error))
    }

    /// The shown row before a position that tells of an error.
    pub fn previous_error(&self, store: &Store, at: usize) -> Option<usize> {
        (0..at.min(self.len())).rfind(|at| self.get(store, *at).is_some_and(|row| row.marks.error))
    }

    /// The next shown row behind a position that has something marked.
    pub fn next_marked(&self, store: &Store, at: usize) -> Option<usize> {
        let is_marked = |row: Row<'_>| self.filter.is_marked(&row.line());
        (at.saturating_add(1)..self.len()).find(|at| self.get(store, *at).is_some_and(is_marked))
    }

    /// The shown row before a position that has something marked.
    pub fn previous_marked(&self, store: &Store, at: usize) -> Option<usize> {
        let is_marked = |row: Row<'_>| self.filter.is_marked(&row.line());
        (0..at.min(self.len())).rfind(|at| self.get(store, *at).is_some_and(is_marked))
    }

    /// The shown rows, to be read on another thread.
    pub fn snapshot(&self, store: &Store) -> super::Snapshot {
        store.snapshot(self.index.iter_from(0).collect())
    }
}
