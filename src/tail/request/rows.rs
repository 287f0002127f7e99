//! The rows of a store that are one request's, whatever the order they come in.

use memchr::memmem::Finder;

use super::{Says, says};
use crate::{
    domain::report::{LineKind, Report, classify},
    tail::{
        arena::Place,
        index::{Entry, Index, Tie},
        store::{Inserted, Store},
    },
};

/// A row's place in the order. A row that nothing tells apart from a START or REPORT is behind it.
type Key = (i64, Tie);

const FIRST: Key = (i64::MIN, (i64::MIN, 0));

/// STARTs of one request that are followed: it runs three times at most, but anyone may write such a line.
const MAX_SPANS: usize = 32;

/// Rows that are fetched from the store at a time.
const CHUNK: usize = 4096;

/// The rows of one request. Where a START of it comes, its stream is walked in both directions to the next START or
/// REPORT, in parts, for other streams' rows lie between. What comes later is decided at once by what the walks found.
pub(in crate::tail) struct RequestRows {
    id: String,
    finder: Finder<'static>,
    /// How many rows, counted from the newest, have been looked at for the id.
    scanned: usize,
    spans: Vec<Span>,
    members: Index,
    changes: Vec<Change>,
    /// The last REPORT there is: where it stands, and its figures.
    report: Option<(Key, Option<Report>)>,
}

/// A row that came to the members, or went: where, and among how many others before.
pub(in crate::tail) struct Change {
    pub(in crate::tail) entry: Entry,
    pub(in crate::tail) added: bool,
    pub(in crate::tail) at: usize,
    pub(in crate::tail) among: usize,
}

/// What a START of the request makes its own: an asynchronous invocation that fails is tried again under its id.
struct Span {
    /// The stream.
    source: u32,
    start: Key,
    back: Back,
    forth: Forth,
}

/// How far the init phase goes back before a START.
#[derive(Clone, Copy)]
enum Back {
    /// All from here on was looked at.
    Walking(Key),
    /// To the stream's first row.
    Open,
    /// To a REPORT.
    Report(Key),
    /// There is none: another START, whose REPORT is not known, has these rows.
    Start(Key),
}

/// How far the invocation goes.
#[derive(Clone, Copy)]
enum Forth {
    /// All up to here was looked at.
    Walking(Key),
    /// To the stream's last row.
    Open,
    /// To a REPORT or another START.
    Edge(Key),
}

impl Span {
    fn covers(&self, key: Key) -> bool {
        if key < self.start {
            match self.back {
                Back::Walking(from) | Back::Report(from) => from <= key,
                Back::Open => true,
                Back::Start(_) => false,
            }
        } else {
            match self.forth {
                Forth::Walking(to) => key <= to,
                Forth::Open => true,
                Forth::Edge(to) => key < to,
            }
        }
    }

    /// A REPORT, or (`is_start`) a START, is at `key`. Answers with the rows that may no longer be the request's.
    fn meets(&mut self, key: Key, is_start: bool) -> Option<(Key, Option<Key>)> {
        if key >= self.start {
            let nearer = match self.forth {
                Forth::Walking(to) => key <= to,
                Forth::Open => true,
                Forth::Edge(to) => key < to,
            };
            if nearer {
                self.forth = Forth::Edge(key);
            }
            return nearer.then_some((key, None));
        }
        let from = match self.back {
            Back::Walking(from) | Back::Report(from) if from <= key => from,
            Back::Open => FIRST,
            Back::Start(from) if from <= key => {
                // Between a REPORT that was missing and the START there may be rows that were another one's.
                self.back = if is_start { Back::Start(key) } else { Back::Walking(self.start) };
                return None;
            }
            _ => return None,
        };
        if is_start {
            self.back = Back::Start(key);
            Some((from, Some(self.start)))
        } else {
            self.back = Back::Report(key);
            Some((from, Some(key)))
        }
    }

    fn is_walking(&self) -> bool {
        matches!(self.back, Back::Walking(_)) || matches!(self.forth, Forth::Walking(_))
    }
}

impl RequestRows {
    /// Those of the request of that id, none of which has been looked for. No request has an empty id.
    pub(in crate::tail) fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            finder: Finder::new(id).into_owned(),
            scanned: 0,
            spans: Vec::new(),
            members: Index::default(),
            changes: Vec::new(),
            report: None,
        }
    }

    /// The request.
    pub(in crate::tail) fn id(&self) -> &str {
        &self.id
    }

    /// The rows.
    pub(in crate::tail) fn members(&self) -> &Index {
        &self.members
    }

    /// The last REPORT that came; without its figures where it has none.
    pub(in crate::tail) fn report(&self) -> Option<Option<&Report>> {
        self.report.as_ref().map(|(_, report)| report.as_ref())
    }

    /// What changed since this was asked last.
    pub(in crate::tail) fn changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// Whether there is nothing left to look at.
    pub(in crate::tail) fn is_complete(&self, store: &Store) -> bool {
        self.scanned >= store.len() && !self.spans.iter().any(Span::is_walking)
    }

    /// Rows went, oldest first. This is no change that [`RequestRows::changes`] tells.
    pub(in crate::tail) fn evict(&mut self, store: &Store, gone: &[Place]) {
        if gone.is_empty() {
            return;
        }
        for place in gone {
            if self.members.get(0).is_some_and(|first| first.place == *place) {
                self.members.pop_front();
            }
        }
        self.spans.retain(|span| store.has_source(span.source));
    }

    /// The store has taken in a row, after those that went for it were told.
    pub(in crate::tail) fn insert(&mut self, store: &Store, inserted: &Inserted) {
        if inserted.put_at + self.scanned >= inserted.among {
            self.scanned += 1;
        }
        self.scanned = self.scanned.min(store.len());
        if inserted.at.is_some() {
            self.look(store, inserted.entry);
        }
    }

    /// Looks at up to so many rows more for the id, and walks over up to so many.
    pub(in crate::tail) fn scan(&mut self, store: &Store, rows: usize) {
        let end = store.len().saturating_sub(self.scanned);
        let start = end.saturating_sub(rows);
        let entries = store.index().iter_from(start).take(end - start);
        let found: Vec<Entry> =
            entries.filter(|entry| self.finder.find(store.message(*entry)).is_some()).collect();
        for entry in found {
            self.look(store, entry);
        }
        self.scanned += end - start;
        let mut budget = rows;
        for nth in 0..self.spans.len() {
            while budget > 0 && matches!(self.spans[nth].back, Back::Walking(_)) {
                self.walk_back(store, nth, &mut budget);
            }
            while budget > 0 && matches!(self.spans[nth].forth, Forth::Walking(_)) {
                self.walk_forth(store, nth, &mut budget);
            }
        }
    }

    /// Takes note of a row. Doing so again changes nothing.
    fn look(&mut self, store: &Store, entry: Entry) {
        let message = store.message(entry);
        let Some(source) = store.source(entry) else { return };
        let in_stream = self.spans.iter().any(|span| span.source == source);
        if !in_stream && self.finder.find(message).is_none() {
            return;
        }
        let Ok(message) = std::str::from_utf8(message) else { return };
        let line = classify(message);
        let key = key(store, entry);
        match says(&line, &self.id) {
            Says::OurStart => {
                self.add(store, entry);
                if self.spans.iter().any(|span| span.source == source && span.start == key) {
                    return;
                }
                self.meet(store, source, key, true);
                if self.spans.len() < MAX_SPANS {
                    let (back, forth) = (Back::Walking(key), Forth::Walking(key));
                    self.spans.push(Span { source, start: key, back, forth });
                }
            }
            Says::OtherStart => self.meet(store, source, key, true),
            Says::Report(ours) => {
                if ours {
                    self.add(store, entry);
                    if self.report.as_ref().is_none_or(|(at, _)| *at <= key) {
                        let report = if let LineKind::Report(report) = line { Some(report) } else { None };
                        self.report = Some((key, report));
                    }
                }
                self.meet(store, source, key, false);
            }
            Says::Ours => self.add(store, entry),
            Says::Nothing if self.covers(source, key) => self.add(store, entry),
            Says::Others | Says::Nothing => {}
        }
    }

    fn covers(&self, source: u32, key: Key) -> bool {
        self.spans.iter().any(|span| span.source == source && span.covers(key))
    }

    /// A START or REPORT is at `key`: what it takes from the request goes.
    fn meet(&mut self, store: &Store, source: u32, key: Key, is_start: bool) {
        let spans = self.spans.iter_mut().filter(|span| span.source == source);
        let stale: Vec<_> = spans.filter_map(|span| span.meets(key, is_start)).collect();
        for (from, to) in stale {
            self.drop_uncovered(store, source, from, to);
        }
    }

    fn drop_uncovered(&mut self, store: &Store, source: u32, from: Key, to: Option<Key>) {
        let first = rank(store, &self.members, from, false);
        let range = self
            .members
            .iter_from(first)
            .map(|entry| (entry, key(store, entry)))
            .take_while(|(_, key)| to.is_none_or(|to| *key < to));
        let went: Vec<Entry> = range
            .filter(|(entry, key)| {
                store.source(*entry) == Some(source)
                    && !self.covers(source, *key)
                    && self.says(store, *entry) == Says::Nothing
            })
            .map(|(entry, _)| entry)
            .collect();
        for entry in went {
            if let Ok(at) = store.find(&self.members, &store.key(entry)) {
                self.changes.push(Change { entry, added: false, at, among: self.members.len() });
                self.members.remove(at);
            }
        }
    }

    fn says(&self, store: &Store, entry: Entry) -> Says {
        let message = std::str::from_utf8(store.message(entry)).unwrap_or_default();
        says(&classify(message), &self.id)
    }

    fn add(&mut self, store: &Store, entry: Entry) {
        let among = self.members.len();
        if let Some(at) = store.put_into(&mut self.members, entry) {
            self.changes.push(Change { entry, added: true, at, among });
        }
    }

    /// Walks from a START towards the REPORT or START before it.
    fn walk_back(&mut self, store: &Store, nth: usize, budget: &mut usize) {
        let Span { source, back: Back::Walking(from), .. } = self.spans[nth] else { return };
        let end = rank(store, store.index(), from, false);
        let mut first = end.saturating_sub(CHUNK.min(*budget));
        let at = |at: usize| store.index().get(at).map_or(FIRST, |entry| key(store, entry));
        // Rows that nothing tells apart are looked at together.
        while first > 0 && first < end && at(first - 1) == at(first) {
            first -= 1;
        }
        *budget = budget.saturating_sub((end - first).max(1));
        let rows: Vec<Entry> = store.index().iter_from(first).take(end - first).collect();
        for entry in rows.iter().rev().filter(|entry| store.source(**entry) == Some(source)) {
            let key = key(store, *entry);
            match self.says(store, *entry) {
                says @ (Says::OurStart | Says::OtherStart | Says::Report(_)) => {
                    let is_start = !matches!(says, Says::Report(_));
                    self.spans[nth].back = if is_start { Back::Start(key) } else { Back::Report(key) };
                    if is_start {
                        let start = self.spans[nth].start;
                        self.drop_uncovered(store, source, key, Some(start));
                    }
                    return;
                }
                Says::Ours | Says::Nothing => self.add(store, *entry),
                Says::Others => {}
            }
        }
        self.spans[nth].back = if first == 0 { Back::Open } else { Back::Walking(at(first)) };
    }

    /// Walks from a START towards the REPORT or START behind it.
    fn walk_forth(&mut self, store: &Store, nth: usize, budget: &mut usize) {
        let Span { source, forth: Forth::Walking(to), .. } = self.spans[nth] else { return };
        let first = rank(store, store.index(), to, true);
        let mut last = None;
        let mut count = 0;
        let limit = CHUNK.min(*budget);
        let mut rows = Vec::new();
        for entry in store.index().iter_from(first) {
            let key = key(store, entry);
            if count >= limit && last != Some(key) {
                break;
            }
            last = Some(key);
            count += 1;
            if store.source(entry) == Some(source) {
                rows.push((entry, key));
            }
        }
        *budget = budget.saturating_sub(count.max(1));
        for (entry, key) in rows {
            match self.says(store, entry) {
                Says::OurStart | Says::OtherStart | Says::Report(_) => {
                    self.spans[nth].forth = Forth::Edge(key);
                    return;
                }
                Says::Ours | Says::Nothing => self.add(store, entry),
                Says::Others => {}
            }
        }
        let is_end = first + count >= store.len();
        self.spans[nth].forth = match last {
            Some(last) if !is_end => Forth::Walking(last),
            _ => Forth::Open,
        };
    }
}

fn key(store: &Store, entry: Entry) -> Key {
    (entry.timestamp, store.tie(entry))
}

/// How many rows of an index over the store's come before (`or_equal`: or at) a place.
fn rank(store: &Store, index: &Index, key: Key, or_equal: bool) -> usize {
    index.rank(key.0, key.1, or_equal, &|entry| store.tie(entry))
}
