//! The rows of one stream, cut at the STARTs and REPORTs.

use std::{collections::VecDeque, sync::Arc};

use super::{Key, read::Fact};
use crate::tail::arena::Place;

/// How many rows there are of something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) rows: u32,
    /// Those that tell of an error.
    pub(super) errors: u32,
    /// Those that the filter shows.
    pub(super) shown: u32,
}

impl Counts {
    pub(super) fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.errors += other.errors;
        self.shown += other.shown;
    }

    pub(super) fn subtract(&mut self, other: Self) {
        self.rows = self.rows.saturating_sub(other.rows);
        self.errors = self.errors.saturating_sub(other.errors);
        self.shown = self.shown.saturating_sub(other.shown);
    }
}

/// A row, as far as it is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) key: Key,
    pub(super) place: Place,
    marks: u32,
}

const ERROR: u32 = 1 << 31;
const SHOWN: u32 = 1 << 30;

impl Line {
    /// A row that names the request of that number, or none.
    pub(super) fn new(key: Key, place: Place, of: Option<u32>, error: bool, shown: bool) -> Self {
        let of = of.map_or(0, |of| (of + 1) & (SHOWN - 1));
        Self { key, place, marks: of | if error { ERROR } else { 0 } | if shown { SHOWN } else { 0 } }
    }

    /// The request that it names.
    pub(super) fn of(&self) -> Option<u32> {
        (self.marks & (SHOWN - 1)).checked_sub(1)
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            rows: 1,
            errors: u32::from(self.marks & ERROR != 0),
            shown: u32::from(self.marks & SHOWN != 0),
        }
    }
}

/// What a segment begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) line: Line,
    /// A START; else a REPORT.
    pub(super) is_start: bool,
    /// Its row made room. What it said stays true.
    pub(super) gone: bool,
}

/// Rows between two edges.
#[derive(Default)]
pub(super) struct Segment {
    /// None before the first edge there is.
    pub(super) edge: Option<Edge>,
    /// Whose the rows are that name nobody.
    pub(super) owner: Option<u32>,
    /// Behind the edge, in order.
    pub(super) lines: VecDeque<Line>,
    /// Those of the lines that name nobody.
    pub(super) unnamed: Counts,
    /// What these told.
    pub(super) facts: Vec<(Key, Fact)>,
}

impl Segment {
    pub(super) fn starts(&self) -> Option<u32> {
        self.edge.filter(|edge| edge.is_start).and_then(|edge| edge.line.of())
    }

    fn begins(&self) -> Option<Key> {
        self.edge.map(|edge| edge.line.key)
    }

    /// When its last row was written.
    pub(super) fn last(&self) -> Option<i64> {
        self.lines.back().map(|line| line.key.0).or(self.begins().map(|key| key.0))
    }

    fn is_empty(&self) -> bool {
        self.edge.is_none_or(|edge| edge.gone) && self.lines.is_empty()
    }

    /// Takes the rows from a place on away: those of the segment that an edge there begins. Their owner is the same yet.
    fn split(&mut self, key: Key) -> Self {
        let at = self.lines.partition_point(|line| line.key < key);
        if at == 0 {
            return Self {
                owner: self.owner,
                lines: std::mem::take(&mut self.lines),
                unnamed: std::mem::take(&mut self.unnamed),
                facts: std::mem::take(&mut self.facts),
                ..Self::default()
            };
        }
        let lines = self.lines.split_off(at);
        let mut unnamed = Counts::default();
        for line in lines.iter().filter(|line| line.of().is_none()) {
            unnamed.add(line.counts());
        }
        self.unnamed.subtract(unnamed);
        let facts = self.facts.split_off(self.facts.partition_point(|(of, _)| *of < key));
        Self { owner: self.owner, lines, unnamed, facts, edge: None }
    }
}

/// A stream, which is an execution environment's.
pub(super) struct Stream {
    pub(super) group: Arc<str>,
    pub(super) name: Arc<str>,
    pub(super) segments: VecDeque<Segment>,
}

/// A row that went.
pub(super) enum Gone {
    /// One between edges, of the segment whose rows that name nobody are this request's.
    Line(Line, Option<u32>),
    /// An edge.
    Edge(Edge),
}

impl Stream {
    pub(super) fn new(group: &str, name: &str) -> Self {
        Self { group: group.into(), name: name.into(), segments: VecDeque::new() }
    }

    /// The number of the segment that a row at a place is in; the first one where there is none yet.
    pub(super) fn segment_at(&mut self, key: Key) -> usize {
        if self.segments.front().is_none_or(|first| first.begins().is_some_and(|begins| begins > key)) {
            self.segments.push_front(Segment::default());
        }
        self.segments.partition_point(|segment| segment.begins().is_none_or(|begins| begins <= key)) - 1
    }

    /// Cuts where an edge is. Answers with the number of the segment that begins there.
    pub(super) fn cut(&mut self, edge: Edge) -> usize {
        let at = self.segment_at(edge.line.key);
        let mut behind = self.segments[at].split(edge.line.key);
        behind.edge = Some(edge);
        self.segments.insert(at + 1, behind);
        at + 1
    }

    /// Whose the rows of a segment are that name nobody.
    pub(super) fn owner(&self, at: usize) -> Option<u32> {
        let segment = self.segments.get(at)?;
        if segment.edge.is_some_and(|edge| edge.is_start) {
            return segment.starts();
        }
        self.segments.get(at + 1).and_then(Segment::starts)
    }

    /// The segment that an edge begins.
    pub(super) fn find(&self, key: Key) -> Option<usize> {
        let at = self.segments.partition_point(|segment| segment.begins().is_none_or(|begins| begins < key));
        self.segments.get(at).filter(|segment| segment.begins() == Some(key)).map(|_| at)
    }

    /// The oldest row made room. None where it was not read yet.
    pub(super) fn evict(&mut self, place: Place) -> Option<Gone> {
        let mut first: Option<Key> = None;
        for segment in &mut self.segments {
            if let Some(edge) = segment.edge.as_mut().filter(|edge| !edge.gone) {
                if edge.line.place == place {
                    edge.gone = true;
                    return Some(Gone::Edge(*edge));
                }
                if *first.get_or_insert(edge.line.key) < edge.line.key {
                    return None;
                }
            }
            // Rows that nothing tells apart may be in another order than in the store.
            let front = segment.lines.front().map(|line| line.key);
            let equals = segment.lines.iter().take_while(|line| Some(line.key) == front);
            let found = equals.enumerate().find(|(_, line)| line.place == place).map(|(at, _)| at);
            if let Some(line) = found.and_then(|at| segment.lines.remove(at)) {
                if line.of().is_none() {
                    segment.unnamed.subtract(line.counts());
                }
                return Some(Gone::Line(line, segment.owner));
            }
            if front.is_some() {
                return None;
            }
        }
        None
    }

    /// Drops the first segments that are empty. Answers with the requests that their edges named.
    pub(super) fn trim(&mut self) -> Vec<u32> {
        let mut named = Vec::new();
        while let Some(first) = self.segments.front()
            && first.is_empty()
        {
            named.extend(first.edge.and_then(|edge| edge.line.of()));
            self.segments.pop_front();
        }
        named
    }
}
