//! Events on their way through a query's commands.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::Arc,
};

use regex::Regex;

use super::{
    aggregate::Running,
    discover::{self, Found},
    evaluate,
    program::{Expr, Program, Slot, SortKey, Stage, Stats},
    value::Value,
};
use crate::local::logs::store::Key;

/// An event's fields, or those of a group of them.
#[derive(Clone)]
struct Row {
    values: Vec<Value>,
    event: Option<(Arc<str>, Key)>,
}

/// What a command keeps.
#[derive(Clone)]
enum State {
    Nothing,
    /// Rows with what they are sorted by; no more than `keep` are ever asked for.
    Sorting {
        rows: Vec<(Vec<Value>, Row)>,
        keep: Option<usize>,
    },
    Seen(HashSet<Vec<String>>),
    Passed(usize),
    Groups(Groups),
}

#[derive(Clone, Default)]
struct Groups {
    places: HashMap<Vec<Option<String>>, usize>,
    /// In the order in which they first came.
    all: Vec<(Vec<Value>, Vec<Running>)>,
}

/// A query that runs.
#[derive(Clone)]
pub(super) struct Run {
    program: Arc<Program>,
    states: Vec<State>,
    /// The first command that does not look at each event by itself: what gets there has matched.
    first_joint: usize,
    matched: u64,
    enough: bool,
    rows: Vec<Row>,
}

/// What a query answers.
#[derive(Default)]
pub(in crate::local::logs) struct Results {
    pub(in crate::local::logs) columns: Vec<String>,
    /// A cell for each column, none where the row has no such value.
    pub(in crate::local::logs) rows: Vec<Vec<Option<Arc<str>>>>,
    /// What it takes to keep them.
    pub(super) bytes: usize,
}

impl Run {
    pub(super) fn new(program: Arc<Program>) -> Self {
        let stages = &program.stages;
        let kept = stages
            .iter()
            .enumerate()
            .map(|(at, stage)| match stage {
                Stage::Filter(_) | Stage::Assign(_) | Stage::Parse { .. } => State::Nothing,
                Stage::Sort(_) => State::Sorting { rows: Vec::new(), keep: keep(&stages[at + 1..]) },
                Stage::Dedup(_) => State::Seen(HashSet::new()),
                Stage::Limit { .. } => State::Passed(0),
                Stage::Stats(_) => State::Groups(Groups::default()),
            })
            .collect();
        let alone =
            |stage: &Stage| matches!(stage, Stage::Filter(_) | Stage::Assign(_) | Stage::Parse { .. });
        let first_joint = stages.iter().position(|stage| !alone(stage)).unwrap_or(stages.len());
        Self { program, states: kept, first_joint, matched: 0, enough: false, rows: Vec::new() }
    }

    /// Takes an event.
    pub(super) fn take(&mut self, found: &Found<'_>) {
        let values = discover::load(found, &self.program.loads, self.program.slots);
        self.push(0, Row { values, event: Some((Arc::clone(found.log), found.key)) });
    }

    /// Events that matched so far.
    pub(super) fn matched(&self) -> u64 {
        self.matched
    }

    /// Whether no more events are needed (`limit any`).
    pub(super) fn has_enough(&self) -> bool {
        self.enough
    }

    fn push(&mut self, from: usize, mut row: Row) {
        let program = Arc::clone(&self.program);
        for (at, stage) in program.stages.iter().enumerate().skip(from) {
            if at == self.first_joint && at >= from && row.event.is_some() {
                self.matched += 1;
            }
            match (stage, &mut self.states[at]) {
                (Stage::Filter(condition), _) if !evaluate::holds(condition, &row.values) => return,
                (Stage::Assign(assigned), _) => {
                    for (slot, expr) in assigned {
                        row.values[*slot] = evaluate::value(expr, &row.values);
                    }
                }
                (Stage::Parse { from, regex, to }, _) => extract(&mut row.values, *from, regex, to),
                (Stage::Sort(keys), State::Sorting { rows, keep }) => {
                    let by = keys.iter().map(|key| evaluate::value(&key.by, &row.values)).collect();
                    rows.push((by, row));
                    if let Some(keep) = keep
                        && rows.len() > 2 * *keep + 1_000
                    {
                        sort(rows, keys);
                        rows.truncate(*keep);
                    }
                    return;
                }
                (Stage::Dedup(slots), State::Seen(seen)) => {
                    let shown = |slot: &Slot| row.values[*slot].shown().map(Cow::into_owned);
                    let key: Option<Vec<_>> = slots.iter().map(shown).collect();
                    if key.is_some_and(|key| !seen.insert(key)) {
                        return;
                    }
                }
                (Stage::Limit { count, any }, State::Passed(passed)) => {
                    if passed == count {
                        return;
                    }
                    *passed += 1;
                    self.enough |= *any && passed == count;
                }
                (Stage::Stats(stats), State::Groups(groups)) => {
                    groups.add(stats, &row);
                    return;
                }
                // Each command has its own state.
                _ => {}
            }
        }
        if self.first_joint == program.stages.len() && row.event.is_some() {
            self.matched += 1;
        }
        self.rows.push(row);
    }

    /// What comes out when no more events come in.
    pub(super) fn finish(mut self) -> Results {
        let program = Arc::clone(&self.program);
        for (at, stage) in program.stages.iter().enumerate() {
            let own = std::mem::replace(&mut self.states[at], State::Nothing);
            match (stage, own) {
                (Stage::Sort(keys), State::Sorting { mut rows, .. }) => {
                    sort(&mut rows, keys);
                    for (_, row) in rows {
                        self.push(at + 1, row);
                    }
                }
                (Stage::Stats(stats), State::Groups(groups)) => {
                    for row in groups.rows(stats, program.slots) {
                        self.push(at + 1, row);
                    }
                }
                (_, own) => self.states[at] = own,
            }
        }
        results(&program, &self.rows)
    }
}

/// How many rows the commands after a `sort` can ask for.
fn keep(after: &[Stage]) -> Option<usize> {
    after.iter().find_map(|stage| match stage {
        Stage::Assign(_) | Stage::Parse { .. } => None,
        Stage::Limit { count, .. } => Some(Some(*count)),
        _ => Some(None),
    })?
}

/// Sorts rows, those that are equal staying as they came.
fn sort(rows: &mut [(Vec<Value>, Row)], keys: &[SortKey]) {
    rows.sort_by(|(a, _), (b, _)| {
        let orders = keys.iter().zip(a.iter().zip(b)).map(|(key, (a, b))| {
            let order = a.order(b);
            if key.descending { order.reverse() } else { order }
        });
        orders.into_iter().find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
    });
}

fn extract(values: &mut [Value], from: Slot, regex: &Regex, to: &[(usize, Slot)]) {
    let text = values[from].clone();
    let shown = text.shown().unwrap_or_default();
    let captures = if text.is_missing() { None } else { regex.captures(&shown) };
    for (group, slot) in to {
        let part = captures.as_ref().and_then(|captures| captures.get(*group));
        values[*slot] = part.map(|part| Value::text(part.as_str())).unwrap_or_default();
    }
}

impl Groups {
    fn add(&mut self, stats: &Stats, row: &Row) {
        let by: Vec<_> = stats.by.iter().map(|(_, expr)| evaluate::value(expr, &row.values)).collect();
        let key = by.iter().map(|value| value.shown().map(Cow::into_owned)).collect();
        let place = *self.places.entry(key).or_insert_with(|| {
            self.all.push((by, stats.aggregates.iter().map(|one| Running::new(one.kind)).collect()));
            self.all.len() - 1
        });
        let time = row.event.as_ref().map_or(0, |(_, key)| key.timestamp);
        for (aggregate, running) in stats.aggregates.iter().zip(&mut self.all[place].1) {
            running.add(aggregate.of.as_ref().map(|expr: &Expr| evaluate::value(expr, &row.values)), time);
        }
    }

    fn rows(self, stats: &Stats, slots: usize) -> impl Iterator<Item = Row> {
        self.all.into_iter().map(move |(by, runnings)| {
            let mut values = vec![Value::Missing; slots];
            for ((slot, _), value) in stats.by.iter().zip(by) {
                values[*slot] = value;
            }
            for (aggregate, running) in stats.aggregates.iter().zip(&runnings) {
                values[aggregate.slot] = running.result();
            }
            for (slot, expr) in &stats.results {
                values[*slot] = evaluate::value(expr, &values);
            }
            Row { values, event: None }
        })
    }
}

fn results(program: &Program, rows: &[Row]) -> Results {
    const POINTER: &str = "@ptr";
    let mut columns: Vec<_> = program.columns.iter().map(|(name, _)| name.clone()).collect();
    let pointed = program.events && !columns.iter().any(|name| name == POINTER);
    if pointed {
        columns.push(POINTER.to_owned());
    }
    let mut bytes = 0;
    let rows = rows
        .iter()
        .map(|row| {
            let mut cells: Vec<Option<Arc<str>>> = program
                .columns
                .iter()
                .map(|(_, slot)| match &row.values[*slot] {
                    Value::Text(text) => Some(Arc::clone(text)),
                    value => value.shown().map(Arc::from),
                })
                .collect();
            if pointed {
                cells.push(row.event.as_ref().map(|(log, key)| discover::pointer(log, *key).into()));
            }
            bytes += cells.iter().map(|cell| cell.as_ref().map_or(16, |text| text.len() + 32)).sum::<usize>();
            cells
        })
        .collect();
    Results { columns, rows, bytes }
}
