//! A parsed query.

use regex::Regex;

use super::{discover::Source, functions::Function, value::Value};

/// How many rows a query answers that does not say.
pub(super) const DEFAULT_LIMIT: usize = 10_000;
/// The most rows that a query may ask for.
pub(in crate::local::logs) const MAX_LIMIT: usize = 100_000;

/// The place of a field in a [`Row`](super::pipeline::Row).
pub(super) type Slot = usize;

/// What is done with events, in its order.
#[derive(Debug)]
pub(in crate::local::logs) struct Program {
    pub(super) stages: Vec<Stage>,
    /// How many fields a row has.
    pub(super) slots: usize,
    /// The fields that are read from the event.
    pub(super) loads: Vec<(Slot, Source)>,
    /// What is shown: names and fields.
    pub(super) columns: Vec<(String, Slot)>,
    /// Rows are events, which have a pointer, and not groups of them.
    pub(super) events: bool,
}

#[derive(Debug)]
pub(super) enum Stage {
    Filter(Expr),
    /// Computes fields.
    Assign(Vec<(Slot, Expr)>),
    /// Takes fields out of a text; they are missing where it does not match.
    Parse {
        from: Slot,
        regex: Regex,
        to: Vec<(usize, Slot)>,
    },
    Sort(Vec<SortKey>),
    Dedup(Vec<Slot>),
    Limit {
        count: usize,
        any: bool,
    },
    Stats(Stats),
}

#[derive(Clone, Debug)]
pub(super) struct SortKey {
    pub(super) by: Expr,
    pub(super) descending: bool,
}

#[derive(Debug)]
pub(super) struct Stats {
    pub(super) by: Vec<(Slot, Expr)>,
    pub(super) aggregates: Vec<Aggregate>,
    /// What is made of the aggregates.
    pub(super) results: Vec<(Slot, Expr)>,
}

#[derive(Debug)]
pub(super) struct Aggregate {
    pub(super) slot: Slot,
    pub(super) kind: Kind,
    /// `None` is `*`.
    pub(super) of: Option<Expr>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Count,
    CountDistinct,
    Sum,
    Avg,
    Min,
    Max,
    Percentile(f64),
    Stddev,
    Earliest,
    Latest,
    SortsFirst,
    SortsLast,
}

#[derive(Clone, Debug)]
pub(super) enum Expr {
    Literal(Value),
    Field(Slot),
    Not(Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Compare(Comparison, Box<Expr>, Box<Expr>),
    Contains(Box<Expr>, String),
    Matches(Box<Expr>, Regex),
    In(Box<Expr>, Vec<Expr>),
    Arithmetic(Operator, Box<Expr>, Box<Expr>),
    Call(Function, Vec<Expr>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
}
