//! The rows of a store that are one request's, whatever the order they come in.

use memchr::memmem::Finder;

use super::{Says, says};
use crate::{
    domain::report::{LineKind, Report, classify},
    tail::{
        flags::{Flags, Kind, SHOWN},
        index::{Entry, Tie},
        store::{Inserted, Store},
    },
};

/// A row's place in the order. A row that nothing tells apart from a START or REPORT is behind it.
type Key = (i64, Tie);

/// What is known of the REPORT of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reported<'a> {
    /// It has not come.
    NotYet,
    /// It has come, and lacks the figures, as that of a managed instance does.
    Bare,
    /// It has come. Where the request ran several times it is the last one's.
    Figures(&'a Report),
}

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
    /// Which rows of the store these are: those that are shown.
    members: Flags,
    changes: Vec<Change>,
    /// The last REPORT there is: where it stands, and its figures.
    report: Option<(Key, Option<Report>)>,
}

/// A row of the store that came to the members, or went.
pub(in crate::tail) struct Change {
    pub(in crate::tail) at: usize,
    pub(in crate::tail) added: bool,
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
    pub(in crate::tail) fn new(store: &Store, id: &str) -> Self {
        Self {
            id: id.to_owned(),
            finder: Finder::new(id).into_owned(),
            scanned: 0,
            spans: Vec::new(),
            members: Flags::of(store.index().marks(), |_| 0),
            changes: Vec::new(),
            report: None,
        }
    }

    /// The request.
    pub(in crate::tail) fn id(&self) -> &str {
        &self.id
    }

    /// Which rows of the store they are: those that are shown.
    pub(in crate::tail) fn members(&self) -> &Flags {
        &self.members
    }

    /// The last REPORT that came.
    pub(in crate::tail) fn reported(&self) -> Reported<'_> {
        match &self.report {
            None => Reported::NotYet,
            Some((_, None)) => Reported::Bare,
            Some((_, Some(report))) => Reported::Figures(report),
        }
    }

    /// What changed since this was asked last.
    pub(in crate::tail) fn changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// Whether there is nothing left to look at.
    pub(in crate::tail) fn is_complete(&self, store: &Store) -> bool {
        self.scanned >= store.len() && !self.spans.iter().any(Span::is_walking)
    }

    /// The store has taken in a row. That rows went for it is no change that [`RequestRows::changes`] tells.
    pub(in crate::tail) fn apply(&mut self, store: &Store, inserted: &Inserted) {
        self.members.insert(inserted.put_at, 0);
        for _ in 0..inserted.evicted {
            self.members.pop_front();
        }
        if inserted.evicted > 0 {
            self.spans.retain(|span| store.has_source(span.source));
        }
        if inserted.put_at + self.scanned >= inserted.among {
            self.scanned += 1;
        }
        self.scanned = self.scanned.min(store.len());
        if let Some(at) = inserted.at {
            self.look(store, at);
        }
    }

    /// Looks at up to so many rows more for the id, and walks over up to so many.
    pub(in crate::tail) fn scan(&mut self, store: &Store, rows: usize) {
        let end = store.len().saturating_sub(self.scanned);
        let start = end.saturating_sub(rows);
        let found: Vec<usize> = (start..end)
            .zip(store.index().iter_from(start))
            .filter(|(_, entry)| self.finder.find(store.message(*entry)).is_some())
            .map(|(at, _)| at)
            .collect();
        for at in found {
            self.look(store, at);
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
    fn look(&mut self, store: &Store, at: usize) {
        let Some(entry) = store.index().get(at) else { return };
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
                self.add(at);
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
                    self.add(at);
                    if self.report.as_ref().is_none_or(|(at, _)| *at <= key) {
                        let report = if let LineKind::Report(report) = line { Some(report) } else { None };
                        self.report = Some((key, report));
                    }
                }
                self.meet(store, source, key, false);
            }
            Says::Ours => self.add(at),
            Says::Nothing if self.covers(source, key) => self.add(at),
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
        let first = self.members.rank(Kind::Shown, rank(store, from, false));
        let went: Vec<usize> = (first..)
            .map_while(|nth| self.members.select(Kind::Shown, nth))
            .filter_map(|at| Some((at, store.index().get(at)?)))
            .map(|(at, entry)| (at, entry, key(store, entry)))
            .take_while(|(_, _, key)| to.is_none_or(|to| *key < to))
            .filter(|(_, entry, key)| {
                store.source(*entry) == Some(source)
                    && !self.covers(source, *key)
                    && self.says(store, *entry) == Says::Nothing
            })
            .map(|(at, _, _)| at)
            .collect();
        for at in went {
            self.members.set(at, 0);
            self.changes.push(Change { at, added: false });
        }
    }

    fn says(&self, store: &Store, entry: Entry) -> Says {
        let message = std::str::from_utf8(store.message(entry)).unwrap_or_default();
        says(&classify(message), &self.id)
    }

    fn add(&mut self, at: usize) {
        if self.members.get(at) == Some(0) {
            self.members.set(at, SHOWN);
            self.changes.push(Change { at, added: true });
        }
    }

    /// Walks from a START towards the REPORT or START before it.
    fn walk_back(&mut self, store: &Store, nth: usize, budget: &mut usize) {
        let Span { source, back: Back::Walking(from), .. } = self.spans[nth] else { return };
        let end = rank(store, from, false);
        let mut first = end.saturating_sub(CHUNK.min(*budget));
        let key_at = |at: usize| store.index().get(at).map_or(FIRST, |entry| key(store, entry));
        // Rows that nothing tells apart are looked at together.
        while first > 0 && first < end && key_at(first - 1) == key_at(first) {
            first -= 1;
        }
        *budget = budget.saturating_sub((end - first).max(1));
        let rows = (first..end).rev().zip(store.index().iter_before(end));
        for (at, entry) in rows.filter(|(_, entry)| store.source(*entry) == Some(source)) {
            let key = key(store, entry);
            match self.says(store, entry) {
                says @ (Says::OurStart | Says::OtherStart | Says::Report(_)) => {
                    let is_start = !matches!(says, Says::Report(_));
                    self.spans[nth].back = if is_start { Back::Start(key) } else { Back::Report(key) };
                    if is_start {
                        let start = self.spans[nth].start;
                        self.drop_uncovered(store, source, key, Some(start));
                    }
                    return;
                }
                Says::Ours | Says::Nothing => self.add(at),
                Says::Others => {}
            }
        }
        self.spans[nth].back = if first == 0 { Back::Open } else { Back::Walking(key_at(first)) };
    }

    /// Walks from a START towards the REPORT or START behind it.
    fn walk_forth(&mut self, store: &Store, nth: usize, budget: &mut usize) {
        let Span { source, forth: Forth::Walking(to), .. } = self.spans[nth] else { return };
        let first = rank(store, to, true);
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
            if store.source(entry) == Some(source) {
                rows.push((first + count, entry, key));
            }
            count += 1;
        }
        *budget = budget.saturating_sub(count.max(1));
        for (at, entry, key) in rows {
            match self.says(store, entry) {
                Says::OurStart | Says::OtherStart | Says::Report(_) => {
                    self.spans[nth].forth = Forth::Edge(key);
                    return;
                }
                Says::Ours | Says::Nothing => self.add(at),
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

/// How many rows come before (`or_equal`: or at) a place.
fn rank(store: &Store, key: Key, or_equal: bool) -> usize {
    store.index().rank(key.0, key.1, or_equal, &|entry| store.tie(entry))
}
