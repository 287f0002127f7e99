//! What `stats` makes of the rows of a group.

use std::{cmp::Ordering, collections::HashSet};

use super::{program::Kind, value::Value};

/// An aggregate on its way.
#[derive(Clone, Debug)]
pub(super) enum Running {
    Count(u64),
    Distinct(HashSet<String>),
    Sum {
        total: f64,
        count: u64,
    },
    Avg {
        total: f64,
        count: u64,
    },
    /// The least or greatest number.
    Extreme {
        best: Value,
        wanted: Ordering,
    },
    /// The first or last in the order of `sort`.
    Sorted {
        best: Value,
        wanted: Ordering,
    },
    /// The value of the earliest or latest row.
    Timed {
        best: Option<(i64, Value)>,
        wanted: Ordering,
    },
    Values {
        values: Vec<f64>,
        percent: f64,
    },
    /// Welford's: the mean, and the sum of squares of differences from it.
    Spread {
        count: u64,
        mean: f64,
        squares: f64,
    },
}

impl Running {
    pub(super) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Count => Self::Count(0),
            Kind::CountDistinct => Self::Distinct(HashSet::new()),
            Kind::Sum => Self::Sum { total: 0.0, count: 0 },
            Kind::Avg => Self::Avg { total: 0.0, count: 0 },
            Kind::Min => Self::Extreme { best: Value::Missing, wanted: Ordering::Less },
            Kind::Max => Self::Extreme { best: Value::Missing, wanted: Ordering::Greater },
            Kind::Percentile(percent) => Self::Values { values: Vec::new(), percent },
            Kind::Stddev => Self::Spread { count: 0, mean: 0.0, squares: 0.0 },
            Kind::Earliest => Self::Timed { best: None, wanted: Ordering::Less },
            Kind::Latest => Self::Timed { best: None, wanted: Ordering::Greater },
            Kind::SortsFirst => Self::Sorted { best: Value::Missing, wanted: Ordering::Less },
            Kind::SortsLast => Self::Sorted { best: Value::Missing, wanted: Ordering::Greater },
        }
    }

    /// Takes a row's value. `None` is `*`, which every row has; a missing value counts for nothing. `time` is the
    /// event's timestamp.
    pub(super) fn add(&mut self, value: Option<Value>, time: i64) {
        let Some(value) = value else {
            if let Self::Count(count) = self {
                *count += 1;
            }
            return;
        };
        if value.is_missing() {
            return;
        }
        match self {
            Self::Count(count) => *count += 1,
            Self::Distinct(seen) => {
                let shown = value.shown().unwrap_or_default();
                if !seen.contains(&*shown) {
                    seen.insert(shown.into_owned());
                }
            }
            Self::Timed { best, wanted } => {
                if best.as_ref().is_none_or(|(first, _)| time.cmp(first) == *wanted) {
                    *best = Some((time, value));
                }
            }
            Self::Sorted { best, wanted } => {
                if best.is_missing() || value.order(best) == *wanted {
                    *best = value;
                }
            }
            Self::Extreme { best, wanted } => {
                if value.number().is_some() && (best.is_missing() || value.order(best) == *wanted) {
                    *best = value;
                }
            }
            _ => {
                if let Some(number) = value.number() {
                    self.add_number(number);
                }
            }
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    fn add_number(&mut self, number: f64) {
        match self {
            Self::Sum { total, count } | Self::Avg { total, count } => {
                *total += number;
                *count += 1;
            }
            Self::Values { values, .. } => values.push(number),
            Self::Spread { count, mean, squares } => {
                *count += 1;
                let from_old = number - *mean;
                *mean += from_old / *count as f64;
                *squares += from_old * (number - *mean);
            }
            _ => {}
        }
    }

    /// The result. An average of nothing is missing, and so are the others but for the counts.
    #[allow(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    pub(super) fn result(&self) -> Value {
        match self {
            Self::Count(count) => Value::Number(*count as f64),
            Self::Distinct(seen) => Value::Number(seen.len() as f64),
            Self::Sum { count: 0, .. } | Self::Avg { count: 0, .. } | Self::Spread { count: 0, .. } => {
                Value::Missing
            }
            Self::Sum { total, .. } => Value::Number(*total),
            Self::Avg { total, count } => Value::Number(*total / *count as f64),
            Self::Spread { count, squares, .. } => Value::Number((squares / *count as f64).sqrt()),
            // What was text and read as a number is one.
            Self::Extreme { best: Value::Text(text), .. } => {
                Value::Text(text.clone()).number().map_or(Value::Missing, Value::Number)
            }
            Self::Extreme { best, .. } | Self::Sorted { best, .. } => best.clone(),
            Self::Timed { best, .. } => best.as_ref().map(|(_, value)| value.clone()).unwrap_or_default(),
            Self::Values { values, percent } => percentile(values, *percent),
        }
    }
}

/// The value that so many percent of all are at or below (the nearest rank).
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rank is at most the number of values"
)]
fn percentile(values: &[f64], percent: f64) -> Value {
    if values.is_empty() {
        return Value::Missing;
    }
    let mut values = values.to_vec();
    let rank = (percent / 100.0 * values.len() as f64).ceil() as usize;
    let at = rank.saturating_sub(1).min(values.len() - 1);
    let (_, value, _) = values.select_nth_unstable_by(at, f64::total_cmp);
    Value::Number(*value)
}
