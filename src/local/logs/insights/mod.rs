//! CloudWatch Logs Insights: the query language and what runs it.
//!
//! | command | does |
//! |---|---|
//! | `fields a, f(b) as c`, `display a, c` | what is shown |
//! | `filter cond` | `= != < <= > >=`, `and or not`, `like "text"`, `like /re/`, `=~ /re/`, `in [..]`, arithmetic, functions |
//! | `parse @message "glob * of *" as a, b`, `parse f /(?<a>re)/` | new fields from text |
//! | `stats agg(x) as a, ... by f, bin(5m)` | `count count_distinct sum avg min max pct median stddev earliest latest sortsFirst sortsLast` |
//! | `sort a desc, b`, `limit 20`, `limit any 1`, `dedup a, b` | order and number |
//!
//! A value that is not there is equal to nothing and different from nothing: a comparison with it does not hold, and
//! arithmetic with it gives nothing. What AWS has beyond this (`pattern`, `diff`, `anomaly`, `unnest`, `join`, SQL and
//! PPL, ...) is refused as a query that cannot be understood.
//!
//! - `lexer`, `parser` (`parser/expression`, `parser/commands`): the language, with the place of every error
//! - `program`: a parsed query; `pipeline` runs events through it, with `evaluate`, `functions`, `aggregate`, `value`
//! - `discover`: the fields that Insights finds in an event
//! - `queries`: the queries of a store, each on a thread of its own

mod aggregate;
mod discover;
mod evaluate;
mod functions;
mod lexer;
mod parser;
mod pipeline;
mod program;
mod queries;
mod value;

pub(super) use discover::{Found, names, pointed_at};
pub(super) use parser::parse;
pub(super) use program::MAX_LIMIT;
pub(super) use queries::{MAX_CONCURRENT, Order, Queries, Query, Status};

/// Why a query cannot be understood, and where: characters from `start` (inclusive) to `end` (exclusive).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CompileError {
    pub(super) message: String,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[cfg(test)]
mod tests;
