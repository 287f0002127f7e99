//! The rows of a store that a filter shows.

mod slices;

use std::sync::{Arc, atomic::AtomicBool};

use super::{
    continued,
    filter::Filter,
    flags::{self, Flags, Kind},
    index::Entry,
    marks::Marks,
    request::rows::{Reported, RequestRows},
    snapshot::{Snapshot, judge_row, judged, of_marks},
    store::{Inserted, Row, RowKey, Store},
};

/// A message that is longer, in bytes, is not looked at as it comes, but off the thread that draws.
const LONG: usize = 64 << 10;

/// The matching rows of a [`Store`], in its order: of all, or of one request's ([`View::of_request`]).
///
/// A filter that shows everything does so at once. With any other one the rows are looked at from the newest back, in
/// parts: here ([`View::scan`]), or on another thread ([`View::next_scan`], [`View::take`]), so that a key is never kept
/// waiting by a million rows. Rows that come meanwhile are in it at once ([`View::apply`]).
///
/// It keeps a byte for each row of the store. A row that continues the one before it in its stream
/// ([`super::Marks::continues`]) is shown with that one, 200 rows and 2 s apart at most.
pub struct View {
    filter: Filter,
    /// Whether the filter shows everything.
    all: bool,
    flags: Flags,
    /// How many scans were handed out, and whether one was of this filter.
    scans: u64,
    has_begun: bool,
    /// The scan under way; set when nobody wants it any more.
    under_way: Option<Arc<AtomicBool>>,
    version: u64,
    request: Option<Box<RequestRows>>,
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View")
            .field("filter", &self.filter)
            .field("rows", &self.len())
            .field("to_be_judged", &self.to_be_judged())
            .finish_non_exhaustive()
    }
}

impl View {
    /// A view of a store's rows.
    pub fn new(store: &Store, filter: Filter) -> Self {
        Self::with(store, filter, None)
    }

    /// A view of one request's rows: those that name it, and those between its START and its REPORT in their stream,
    /// with the init phase before. Rows that come late find their place. An empty id is nobody's.
    pub fn of_request(store: &Store, filter: Filter, id: &str) -> Self {
        let request = (!id.is_empty()).then(|| Box::new(RequestRows::new(store, id)));
        Self::with(store, filter, request)
    }

    fn with(store: &Store, filter: Filter, request: Option<Box<RequestRows>>) -> Self {
        let flags = Flags::of(store.index().marks(), |byte| of_marks(Marks::from_byte(byte)));
        let mut view = Self {
            filter: Filter::default(),
            all: false,
            flags,
            scans: 0,
            has_begun: false,
            under_way: None,
            version: store.version,
            request,
        };
        view.refilter(filter);
        view
    }

    /// Filters anew. What is known of the request stays; a scan under way is given up.
    pub fn refilter(&mut self, filter: Filter) {
        self.give_up_scan();
        self.all = filter.is_all();
        self.filter = filter;
        let fresh = self.fresh();
        let keep = |byte: u8| byte & (flags::ERROR | flags::CONTINUES);
        if let Some(request) = &self.request {
            let mut members = request.members().iter_from(0);
            self.flags.change(0, |_, byte| {
                let is_member = members.next().is_some_and(|member| Kind::Shown.has(member));
                Some(keep(byte) | if is_member { fresh } else { flags::JUDGED })
            });
        } else {
            self.flags.change(0, |_, byte| Some(keep(byte) | fresh));
        }
    }

    /// What is known of a row that was not looked at.
    fn fresh(&self) -> u8 {
        match (self.all, self.filter.has_highlights()) {
            (true, false) => flags::JUDGED | flags::SHOWN,
            (true, true) => flags::SHOWN,
            (false, _) => 0,
        }
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
        self.request.as_ref().map_or_else(|| store.len(), |request| request.members().count(Kind::Shown))
    }

    /// The filter.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// How many rows match, of those looked at.
    pub fn len(&self) -> usize {
        self.flags.count(Kind::Shown)
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of memory taken.
    pub fn bytes(&self) -> usize {
        self.flags.bytes() + self.request.as_ref().map_or(0, |request| request.members().bytes())
    }

    /// Whether every row of the store has been looked at.
    pub fn is_complete(&self, store: &Store) -> bool {
        self.version == store.version && self.to_be_judged() == 0 && !self.is_searching(store)
    }

    /// Whether the request's rows are still looked for ([`View::search`]).
    pub fn is_searching(&self, store: &Store) -> bool {
        self.request.as_ref().is_some_and(|request| !request.is_complete(store))
    }

    /// Looks for the request's rows among up to so many rows more. True where that was all.
    pub fn search(&mut self, store: &Store, rows: usize) -> bool {
        self.resync(store.version, store);
        if let Some(request) = &mut self.request {
            request.scan(store, rows);
            self.take_changes(store);
        }
        !self.is_searching(store)
    }

    /// Takes note of a row that the store has taken in, and of those that went for it.
    pub fn apply(&mut self, store: &Store, inserted: &Inserted) {
        if self.resync(inserted.version.wrapping_sub(1), store) {
            return;
        }
        self.version = inserted.version;
        let entry = inserted.at.and_then(|at| store.index().get(at));
        let byte = match entry {
            Some(entry) if self.request.is_none() => self.look(store, entry),
            Some(entry) => flags::JUDGED | of_marks(entry.marks),
            None => flags::JUDGED,
        };
        self.flags.insert(inserted.put_at, byte);
        for _ in 0..inserted.evicted {
            self.flags.pop_front();
        }
        if let Some(request) = &mut self.request {
            request.apply(store, inserted);
        }
        if inserted.evicted > 0 {
            self.settle(store, 0..continued::ROWS);
        }
        if let Some(at) = inserted.at {
            self.settle(store, at..at + continued::ROWS + 1);
        }
        self.take_changes(store);
    }

    /// What is known of a row as it comes.
    fn look(&self, store: &Store, entry: Entry) -> u8 {
        let fresh = self.fresh();
        let is_judged = fresh & flags::JUDGED != 0;
        if is_judged || store.message(entry).len() > LONG {
            fresh | of_marks(entry.marks)
        } else {
            self.judge(store, entry)
        }
    }

    fn judge(&self, store: &Store, entry: Entry) -> u8 {
        let byte = if self.filter.is_of_message() && !self.filter.has_highlights() {
            judged(self.filter.fate_of_message(store.message(entry), entry.marks.error), false)
        } else {
            store.row(entry).map_or(flags::JUDGED, |row| judge_row(&self.filter, &row))
        };
        byte | of_marks(entry.marks)
    }

    /// Rows turned out to be the request's, or not to be.
    fn take_changes(&mut self, store: &Store) {
        let changes = self.request.as_mut().map(|request| request.changes());
        for change in changes.into_iter().flatten() {
            let Some(byte) = self.flags.get(change.at) else { continue };
            // One that was handed out is judged when that comes back.
            let handed_out = Kind::HandedOut.has(byte);
            let now = match store.index().get(change.at) {
                Some(entry) if change.added && !handed_out => self.look(store, entry),
                _ if change.added => byte | self.fresh() & flags::SHOWN,
                _ if handed_out => byte & !flags::SHOWN,
                _ => flags::JUDGED | byte & (flags::ERROR | flags::CONTINUES),
            };
            self.flags.set(change.at, now);
            self.settle(store, change.at..change.at + continued::ROWS + 1);
        }
    }

    /// Has the rows of a range that continue others follow these, and those behind which continue them in turn.
    fn settle(&mut self, store: &Store, mut range: std::ops::Range<usize>) {
        const BITS: u8 = flags::CONTINUES | flags::JUDGED;
        if self.all {
            return;
        }
        while let Some(at) = self.flags.find(BITS, range.clone()) {
            range.start = at + 1;
            let (Some(byte), Some(entry)) = (self.flags.get(at), store.index().get(at)) else { return };
            if !self.is_candidate(at) {
                continue;
            }
            let before = store.index().iter_before(at);
            let head = continued::head(entry, before, |entry| store.source(entry));
            let head = head.and_then(|distance| self.flags.get(at - distance));
            let now = continued::follow(byte, head);
            if now != byte {
                self.flags.set(at, now);
                range.end = range.end.max(at + 1 + continued::ROWS);
            }
        }
    }

    /// Whether a row may be shown: not one of another request.
    fn is_candidate(&self, at: usize) -> bool {
        let is_member = |byte| Kind::Shown.has(byte);
        self.request.as_ref().is_none_or(|request| request.members().get(at).is_some_and(is_member))
    }

    /// Begins anew where an insertion was not told. True if so.
    fn resync(&mut self, expected: u64, store: &Store) -> bool {
        if self.version == expected {
            return false;
        }
        let (filter, scans) = (std::mem::take(&mut self.filter), self.scans);
        self.give_up_scan();
        let request = self.request.take().map(|request| Box::new(RequestRows::new(store, request.id())));
        *self = Self { scans, ..Self::with(store, filter, request) };
        true
    }

    /// A matching row, counted from the oldest that was looked at.
    pub fn get<'s>(&self, store: &'s Store, at: usize) -> Option<Row<'s>> {
        store.get(self.flags.select(Kind::Shown, at)?)
    }

    /// Where a row is among those that match: `Err` with where it would be, if it is not.
    ///
    /// # Errors
    /// The position of the first matching row after it.
    pub fn position(&self, store: &Store, key: &RowKey) -> Result<usize, usize> {
        match store.position(key) {
            Ok(at) => {
                let rank = self.flags.rank(Kind::Shown, at);
                let is_shown = self.flags.get(at).is_some_and(|byte| Kind::Shown.has(byte));
                if is_shown { Ok(rank) } else { Err(rank) }
            }
            Err(next) => Err(self.flags.rank(Kind::Shown, next)),
        }
    }

    /// How many of the matching rows tell of an error.
    pub fn errors(&self) -> usize {
        self.flags.count(Kind::Errors)
    }

    /// How many of the matching rows before a position tell of an error.
    pub fn errors_before(&self, at: usize) -> usize {
        self.before(Kind::Errors, at)
    }

    /// The next matching row after a position that tells of an error.
    pub fn next_error(&self, at: usize) -> Option<usize> {
        self.next(Kind::Errors, at)
    }

    /// The last matching row before a position that tells of an error.
    pub fn previous_error(&self, at: usize) -> Option<usize> {
        self.previous(Kind::Errors, at)
    }

    /// How many of the matching rows have something marked.
    pub fn marked(&self) -> usize {
        self.flags.count(Kind::Marked)
    }

    /// The next matching row after a position that has something marked ([`Filter::is_marked`]).
    pub fn next_marked(&self, at: usize) -> Option<usize> {
        self.next(Kind::Marked, at)
    }

    /// The last matching row before a position that has something marked.
    pub fn previous_marked(&self, at: usize) -> Option<usize> {
        self.previous(Kind::Marked, at)
    }

    /// How many of the matching rows before a position are of a kind.
    fn before(&self, kind: Kind, at: usize) -> usize {
        self.flags.select(Kind::Shown, at).map_or(self.flags.count(kind), |at| self.flags.rank(kind, at))
    }

    fn next(&self, kind: Kind, at: usize) -> Option<usize> {
        let found = self.flags.select(kind, self.before(kind, at.checked_add(1)?))?;
        Some(self.flags.rank(Kind::Shown, found))
    }

    fn previous(&self, kind: Kind, at: usize) -> Option<usize> {
        let found = self.flags.select(kind, self.before(kind, at).checked_sub(1)?)?;
        Some(self.flags.rank(Kind::Shown, found))
    }

    /// How many matching rows there are, and how many of them tell of an error, from each of these moments up to before
    /// the next one; in milliseconds since the epoch, in order.
    pub fn counts(&self, store: &Store, bounds: &[i64]) -> Vec<(usize, usize)> {
        let positions = bounds.iter().map(|bound| store.position_at(*bound));
        let ranks = self.flags.ranks([Kind::Shown, Kind::Errors], positions);
        let between = ranks
            .windows(2)
            .map(|pair| (pair[1][0].saturating_sub(pair[0][0]), pair[1][1].saturating_sub(pair[0][1])));
        between.collect()
    }

    /// The matching rows, to be read on another thread.
    pub fn snapshot(&self, store: &Store) -> Snapshot {
        let rows = store.index().iter_from(0).zip(self.flags.iter_from(0));
        let shown = rows.filter(|(_, byte)| Kind::Shown.has(*byte)).map(|(entry, _)| entry);
        Snapshot::new(store, shown.collect(), true)
    }
}
