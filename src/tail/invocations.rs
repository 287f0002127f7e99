//! The invocations that the rows of a store tell of.
//!
//! Whose a row is, is said by the same rules as for one request's rows ([`super::View::of_request`]): that of the request
//! it names; else, in its stream, of the START before it up to a REPORT; else of the START behind it. Rows may come in
//! any order. What a row told stays true when it has made room; how many rows an invocation has counts those that are
//! there.

mod invocation;
mod read;
mod scan;
mod stream;

use std::{
    collections::{BTreeSet, HashMap, hash_map},
    fmt,
    sync::Arc,
};

pub use self::{
    invocation::{Invocation, Neighbours, Status},
    scan::{FoldScan, Folded},
};
use self::{
    read::{Fact, Kind},
    stream::{Counts, Edge, Gone, Line, Stream},
};
use super::{
    arena::Place,
    filter::Filter,
    index::{Entry, Tie},
    snapshot::Snapshot,
    store::{Inserted, RowKey, Store},
};

/// A row's place in the order.
type Key = (i64, Tie);

/// What is remembered of one request: anyone may write a line that looks like Lambda's, as often as they like.
const MOST_FACTS: usize = 96;

/// The invocations that the rows of a [`Store`] tell of, kept up to date row by row.
///
/// A new one is empty: [`Invocations::scan`] gives out the rows that are there in slices, newest first, which are read
/// on another thread and come back through [`Invocations::take`]. Rows that come meanwhile are read as they come.
pub struct Invocations {
    filter: Filter,
    /// How many rows, counted from the newest, were read or are being read.
    scanned: usize,
    /// Rows that are being read.
    under_way: usize,
    /// Which beginning this is: what was read for an earlier one is dropped.
    number: u64,
    version: u64,
    /// By the numbers that the store gives them.
    streams: HashMap<u32, Stream>,
    numbers: HashMap<Arc<str>, u32>,
    requests: Vec<Option<Request>>,
    free: Vec<u32>,
    changed: BTreeSet<u32>,
}

/// What is known of a request.
struct Request {
    id: Arc<str>,
    counts: Counts,
    /// Edges that name it.
    holds: u32,
    /// Its first row that named it.
    named: Option<(RowKey, u32)>,
    /// In the order of time.
    facts: Vec<Told>,
}

/// What a row told, and where it stands.
struct Told {
    key: Key,
    place: Place,
    stream: u32,
    fact: Fact,
}

impl Request {
    fn tell(&mut self, told: Told) {
        let at = self.facts.partition_point(|other| (other.key, other.stream) <= (told.key, told.stream));
        if self.facts.len() < MOST_FACTS {
            self.facts.insert(at, told);
        }
    }

    /// A row that told something and names nobody turned out to be another one's.
    fn untell(&mut self, stream: u32, key: Key, fact: &Fact) {
        let found =
            self.facts.iter().position(|told| (told.stream, told.key) == (stream, key) && told.fact == *fact);
        if let Some(at) = found {
            self.facts.remove(at);
        }
    }

    fn is_gone(&self) -> bool {
        self.counts.rows == 0 && self.holds == 0
    }
}

/// A row that was read.
struct Read {
    key: RowKey,
    source: u32,
    kind: Kind,
    /// The request that it names.
    of: Option<u32>,
    error: bool,
    shown: bool,
    fact: Option<Fact>,
}

impl fmt::Debug for Invocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocations")
            .field("filter", &self.filter)
            .field("requests", &self.numbers.len())
            .field("scanned", &self.scanned)
            .finish_non_exhaustive()
    }
}

impl Invocations {
    /// None yet. An invocation is shown where the filter shows one of its rows.
    pub fn new(store: &Store, filter: Filter) -> Self {
        Self {
            filter,
            scanned: 0,
            under_way: 0,
            number: 0,
            version: store.version,
            streams: HashMap::new(),
            numbers: HashMap::new(),
            requests: Vec::new(),
            free: Vec::new(),
            changed: BTreeSet::new(),
        }
    }

    /// Begins anew, with another filter or another store.
    pub fn restart(&mut self, store: &Store, filter: Filter) {
        let number = self.number + 1;
        *self = Self { number, ..Self::new(store, filter) };
    }

    /// The filter.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// How many rows have been read, of those of the store.
    pub fn scanned(&self) -> usize {
        self.scanned - self.under_way
    }

    /// Whether every row of the store has been read.
    pub fn is_complete(&self, store: &Store) -> bool {
        self.under_way == 0 && self.scanned >= store.len()
    }

    /// The next rows to be read, so many older ones; none where that is under way or there are no more.
    pub fn scan(&mut self, store: &Store, rows: usize) -> Option<FoldScan> {
        if self.version != store.version {
            let filter = std::mem::take(&mut self.filter);
            self.restart(store, filter);
        }
        let end = store.len().saturating_sub(self.scanned);
        if self.under_way > 0 || end == 0 {
            return None;
        }
        let start = end.saturating_sub(rows);
        let entries: Vec<Entry> = store.index().iter_from(start).take(end - start).collect();
        self.scanned += entries.len();
        self.under_way = entries.len();
        Some(FoldScan {
            snapshot: Snapshot::new(store, entries, true),
            filter: self.filter.clone(),
            number: self.number,
        })
    }

    /// Takes what was read. False where it was read for nothing, as the filter is another one by now.
    pub fn take(&mut self, store: &Store, folded: Folded) -> bool {
        if folded.number != self.number || self.under_way == 0 {
            return false;
        }
        self.under_way = 0;
        let first = store.get(0).map(|row| row.key);
        let numbers: Vec<u32> = folded.ids.iter().map(|id| self.numbered(id)).collect();
        for mut read in folded.rows {
            read.of = read.of.and_then(|of| numbers.get(of as usize).copied());
            let there = match (first, (read.key.timestamp, read.key.tie)) {
                (None, _) => false,
                (Some(first), key) if key == (first.timestamp, first.tie) => {
                    store.position(&read.key).is_ok()
                }
                (Some(first), key) => key > (first.timestamp, first.tie),
            };
            if there {
                self.insert(store, read);
            }
        }
        for number in numbers {
            self.forget_if_gone(number);
        }
        true
    }

    /// Takes note of a row that the store has taken in, and of those that went for it.
    pub fn apply(&mut self, store: &Store, inserted: &Inserted) {
        if self.version != inserted.version.wrapping_sub(1) {
            let filter = std::mem::take(&mut self.filter);
            self.restart(store, filter);
            return;
        }
        self.version = inserted.version;
        for (place, source) in &inserted.gone {
            self.evict(*source, *place);
        }
        let is_read = inserted.put_at + self.scanned >= inserted.among;
        self.scanned = (self.scanned + usize::from(is_read)).min(store.len());
        self.under_way = self.under_way.min(self.scanned);
        let entry = inserted.at.filter(|_| is_read).and_then(|at| store.index().get(at));
        let Some((row, source)) = entry.and_then(|entry| Some((store.row(entry)?, store.source(entry)?)))
        else {
            return;
        };
        let shown = self.filter.matches(&row.line());
        let (kind, of, fact) = read::read(row.message, row.marks.error, |id| self.numbered(id));
        let read = Read { key: row.key, source, kind, of, error: row.marks.error, shown, fact };
        self.insert(store, read);
    }

    /// The numbers of the invocations that changed since this was asked last, also of those that are gone.
    pub fn changes(&mut self) -> BTreeSet<u32> {
        std::mem::take(&mut self.changed)
    }

    /// Whether some have changed.
    pub fn has_changes(&self) -> bool {
        !self.changed.is_empty()
    }

    /// The number of the invocation of a request. It is its own until the invocation is gone.
    pub fn find(&self, id: &str) -> Option<u32> {
        self.numbers.get(id).copied()
    }

    /// An invocation of which rows are there.
    pub fn get(&self, number: u32) -> Option<Invocation<'_>> {
        let request = self.request(number).filter(|request| request.counts.rows > 0)?;
        Some(invocation::of(self, request))
    }

    /// What is known of the invocations before and behind one in its execution environment.
    pub fn neighbours(&self, number: u32) -> Neighbours {
        self.request(number).map(|request| invocation::neighbours(self, request)).unwrap_or_default()
    }

    fn request(&self, number: u32) -> Option<&Request> {
        self.requests.get(number as usize)?.as_ref()
    }

    fn request_mut(&mut self, number: u32) -> Option<&mut Request> {
        self.changed.insert(number);
        self.requests.get_mut(number as usize)?.as_mut()
    }

    fn numbered(&mut self, id: &str) -> u32 {
        if let Some(number) = self.numbers.get(id) {
            return *number;
        }
        let number = self.free.pop().unwrap_or_else(|| {
            self.requests.push(None);
            u32::try_from(self.requests.len() - 1).unwrap_or(u32::MAX)
        });
        let id: Arc<str> = id.into();
        self.numbers.insert(Arc::clone(&id), number);
        if let Some(slot) = self.requests.get_mut(number as usize) {
            *slot = Some(Request { id, counts: Counts::default(), holds: 0, named: None, facts: Vec::new() });
        }
        number
    }

    fn forget_if_gone(&mut self, number: u32) {
        if let Some(slot) = self.requests.get_mut(number as usize)
            && let Some(request) = slot.take_if(|request| request.is_gone())
        {
            self.numbers.remove(&request.id);
            self.free.push(number);
            self.changed.insert(number);
        }
    }

    fn insert(&mut self, store: &Store, read: Read) {
        let key = (read.key.timestamp, read.key.tie);
        let line = Line::new(key, read.key.place, read.of, read.error, read.shown);
        if let hash_map::Entry::Vacant(stream) = self.streams.entry(read.source) {
            let Some(row) = store.position(&read.key).ok().and_then(|at| store.get(at)) else { return };
            stream.insert(Stream::new(row.group, row.stream));
        }
        if let Some(of) = read.of
            && let Some(request) = self.request_mut(of)
        {
            request.counts.add(line.counts());
            if request.named.is_none_or(|(first, _)| read.key < first) {
                request.named = Some((read.key, read.source));
            }
            request.holds += u32::from(read.kind != Kind::Other);
            if let Some(fact) = read.fact.clone() {
                request.tell(Told { key, place: read.key.place, stream: read.source, fact });
            }
        }
        let Some(stream) = self.streams.get_mut(&read.source) else { return };
        if read.kind != Kind::Other {
            let at = stream.cut(Edge { line, is_start: read.kind == Kind::Start, gone: false });
            self.settle(read.source, at - 1);
            self.settle(read.source, at);
            return;
        }
        let at = stream.segment_at(key);
        let Some(segment) = stream.segments.get_mut(at) else { return };
        let behind = segment.lines.partition_point(|other| other.key <= key);
        segment.lines.insert(behind, line);
        if read.of.is_none() {
            segment.unnamed.add(line.counts());
            let owner = segment.owner;
            if let Some(fact) = read.fact {
                let nth = segment.facts.partition_point(|(other, _)| *other <= key);
                segment.facts.insert(nth, (key, fact.clone()));
                if let Some(request) = owner.and_then(|owner| self.request_mut(owner)) {
                    request.tell(Told { key, place: read.key.place, stream: read.source, fact });
                }
            }
            if let Some(request) = owner.and_then(|owner| self.request_mut(owner)) {
                request.counts.add(line.counts());
            }
        }
        // The first rows of a stream may have an owner already: the one behind them.
        self.settle(read.source, at);
    }

    /// Gives a segment's rows that name nobody to whom they belong by now.
    fn settle(&mut self, source: u32, at: usize) {
        let Some(stream) = self.streams.get_mut(&source) else { return };
        let owner = stream.owner(at);
        let Some(segment) = stream.segments.get_mut(at) else { return };
        let before = std::mem::replace(&mut segment.owner, owner);
        // What follows it decides whether an invocation is still running.
        self.changed.extend(segment.starts());
        if before == owner {
            return;
        }
        let (unnamed, facts) = (segment.unnamed, segment.facts.clone());
        if let Some(request) = before.and_then(|before| self.request_mut(before)) {
            request.counts.subtract(unnamed);
            for (key, fact) in &facts {
                request.untell(source, *key, fact);
            }
        }
        if let Some(request) = owner.and_then(|owner| self.request_mut(owner)) {
            request.counts.add(unnamed);
            for (key, fact) in facts {
                request.tell(Told { key, place: Place::MAX, stream: source, fact });
            }
        }
    }

    /// A row made room.
    fn evict(&mut self, source: u32, place: Place) {
        let Some(stream) = self.streams.get_mut(&source) else { return };
        let Some(gone) = stream.evict(place) else { return };
        let named = stream.trim();
        if stream.segments.is_empty() {
            self.streams.remove(&source);
        }
        let (counts, of) = match gone {
            Gone::Line(line, owner) => (line.counts(), line.of().or(owner)),
            Gone::Edge(edge) => (edge.line.counts(), edge.line.of()),
        };
        if let Some(request) = of.and_then(|of| self.request_mut(of)) {
            request.counts.subtract(counts);
        }
        for number in &named {
            if let Some(request) = self.request_mut(*number) {
                request.holds = request.holds.saturating_sub(1);
            }
        }
        for number in named.into_iter().chain(of) {
            self.forget_if_gone(number);
        }
    }
}
