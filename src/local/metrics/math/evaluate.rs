//! What an expression comes to.

use std::collections::{BTreeMap, BTreeSet};

use super::parser::Expr;
use crate::local::metrics::statistics::Periods;

/// Most time series that an expression may come to.
const MAX_SERIES: usize = 500;
/// Most datapoints that FILL makes.
const MAX_FILLED: i64 = 100_800;

/// Datapoints by their time, in seconds since the epoch.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Series {
    /// What it shows, where there are several.
    pub label: String,
    pub periods: Periods,
    pub points: BTreeMap<i64, f64>,
}

/// A value. A number that is not finite stands for none.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Evaluated {
    Number(f64),
    Series(Series),
    Many(Vec<Series>),
}

/// What an expression is evaluated in.
pub(in super::super) trait Space {
    /// The value of another query.
    fn get(&mut self, id: &str) -> Result<Evaluated, String>;
    /// The ids of all queries of metrics whose id has `part` in it, in their order.
    fn metrics(&self, part: &str) -> Vec<String>;
    /// The time, in seconds since the epoch: nothing is filled beyond it.
    fn now(&self) -> i64;
}

/// Evaluates an expression.
///
/// # Errors
/// What is wrong with it, or not here.
pub(in super::super) fn evaluate(expr: &Expr, space: &mut dyn Space) -> Result<Evaluated, String> {
    match expr {
        Expr::Number(number) => Ok(Evaluated::Number(*number)),
        Expr::Id(id) => space.get(id),
        Expr::Word(word) => Err(format!("'{word}' has no meaning here")),
        Expr::Text(_) => Err("a text has no meaning here".to_owned()),
        Expr::Negative(inner) => Ok(each(evaluate(inner, space)?, |value| -value)),
        Expr::Binary(sign, left, right) => {
            let (left, right) = (evaluate(left, space)?, evaluate(right, space)?);
            binary(*sign, left, right)
        }
        Expr::Array(parts) => {
            let mut out = Vec::new();
            for part in parts {
                append(&mut out, evaluate(part, space)?)?;
            }
            Ok(Evaluated::Many(out))
        }
        Expr::Call(name, arguments) => call(name, arguments, space),
    }
}

fn append(out: &mut Vec<Series>, value: Evaluated) -> Result<(), String> {
    match value {
        Evaluated::Number(_) => return Err("an array is of time series, not of numbers".to_owned()),
        Evaluated::Series(series) => out.push(series),
        Evaluated::Many(many) => out.extend(many),
    }
    if out.len() > MAX_SERIES {
        return Err(format!("it comes to more than {MAX_SERIES} time series"));
    }
    Ok(())
}

fn call(name: &str, arguments: &[Expr], space: &mut dyn Space) -> Result<Evaluated, String> {
    match (name, arguments) {
        ("METRICS", []) => metrics("", space),
        ("METRICS", [Expr::Text(part)]) => metrics(part, space),
        ("FILL", [filled, with]) => {
            let value = evaluate(filled, space)?;
            let with = match with {
                Expr::Word(word) if word == "REPEAT" => Filling::Repeat,
                Expr::Word(word) if word == "LINEAR" => Filling::Linear,
                with => match evaluate(with, space)? {
                    Evaluated::Number(number) => Filling::Number(number),
                    _ => return Err("FILL takes a number, REPEAT or LINEAR".to_owned()),
                },
            };
            let now = space.now();
            match value {
                Evaluated::Number(_) => Err("FILL takes a time series".to_owned()),
                Evaluated::Series(series) => Ok(Evaluated::Series(fill(series, with, now)?)),
                Evaluated::Many(many) => {
                    let many = many.into_iter().map(|series| fill(series, with, now));
                    Ok(Evaluated::Many(many.collect::<Result<_, _>>()?))
                }
            }
        }
        ("SUM" | "AVG" | "MIN" | "MAX", [of]) => aggregate(name, evaluate(of, space)?),
        ("ABS", [of]) => Ok(each(evaluate(of, space)?, f64::abs)),
        ("CEIL", [of]) => Ok(each(evaluate(of, space)?, f64::ceil)),
        ("FLOOR", [of]) => Ok(each(evaluate(of, space)?, f64::floor)),
        ("METRICS" | "FILL" | "SUM" | "AVG" | "MIN" | "MAX" | "ABS" | "CEIL" | "FLOOR", _) => {
            Err(format!("{name} does not take these arguments"))
        }
        _ => Err(format!("the local engine has no function {name}")),
    }
}

fn metrics(part: &str, space: &mut dyn Space) -> Result<Evaluated, String> {
    let mut out = Vec::new();
    for id in space.metrics(part) {
        let value = space.get(&id)?;
        append(&mut out, value)?;
    }
    Ok(Evaluated::Many(out))
}

/// Calculates with each value.
fn each(value: Evaluated, with: impl Fn(f64) -> f64) -> Evaluated {
    let series = |mut series: Series| {
        for value in series.points.values_mut() {
            *value = with(*value);
        }
        series.points.retain(|_, value| value.is_finite());
        series
    };
    match value {
        Evaluated::Number(number) => Evaluated::Number(with(number)),
        Evaluated::Series(one) => Evaluated::Series(series(one)),
        Evaluated::Many(many) => Evaluated::Many(many.into_iter().map(series).collect()),
    }
}

fn binary(sign: char, left: Evaluated, right: Evaluated) -> Result<Evaluated, String> {
    let with = |left: f64, right: f64| match sign {
        '+' => left + right,
        '-' => left - right,
        '*' => left * right,
        '/' => left / right,
        _ => left.powf(right),
    };
    Ok(match (left, right) {
        (left, Evaluated::Number(right)) => each(left, |left| with(left, right)),
        (Evaluated::Number(left), right) => each(right, |right| with(left, right)),
        (Evaluated::Series(left), Evaluated::Series(right)) => Evaluated::Series(meet(left, &right, with)?),
        (Evaluated::Many(left), Evaluated::Series(right)) => {
            let many = left.into_iter().map(|left| meet(left, &right, with));
            Evaluated::Many(many.collect::<Result<_, _>>()?)
        }
        (Evaluated::Series(left), Evaluated::Many(right)) => {
            let one = |right: Series| {
                let label = right.label.clone();
                Ok::<_, String>(Series { label, ..meet(left.clone(), &right, with)? })
            };
            Evaluated::Many(right.into_iter().map(one).collect::<Result<_, _>>()?)
        }
        (Evaluated::Many(left), Evaluated::Many(right)) => {
            if left.len() != right.len() {
                return Err(format!("'{sign}' takes arrays of the same length"));
            }
            let many = left.into_iter().zip(&right).map(|(left, right)| meet(left, right, with));
            Evaluated::Many(many.collect::<Result<_, _>>()?)
        }
    })
}

/// Calculates where both have a datapoint.
fn meet(mut left: Series, right: &Series, with: impl Fn(f64, f64) -> f64) -> Result<Series, String> {
    same_periods(&left, right)?;
    left.points.retain(|at, value| {
        let both = right.points.get(at).map(|right| with(*value, *right)).filter(|value| value.is_finite());
        *value = both.unwrap_or(*value);
        both.is_some()
    });
    Ok(left)
}

fn same_periods(left: &Series, right: &Series) -> Result<(), String> {
    let (one, other) = (left.periods.length, right.periods.length);
    if one == other {
        return Ok(());
    }
    Err(format!("the local engine does not calculate with different periods ({one} and {other} seconds)"))
}

/// Of a time series a number; of several a time series, at each time of those that have a datapoint then.
fn aggregate(name: &str, value: Evaluated) -> Result<Evaluated, String> {
    let many = match value {
        Evaluated::Number(_) => return Err(format!("{name} takes time series")),
        Evaluated::Series(series) => {
            let values: Vec<f64> = series.points.into_values().collect();
            return Ok(Evaluated::Number(together(name, &values)));
        }
        Evaluated::Many(many) => many,
    };
    let Some(first) = many.first() else { return Ok(Evaluated::Many(Vec::new())) };
    many.iter().try_for_each(|other| same_periods(first, other))?;
    let times: BTreeSet<i64> = many.iter().flat_map(|series| series.points.keys().copied()).collect();
    let at = |time: i64| {
        let values: Vec<f64> = many.iter().filter_map(|series| series.points.get(&time).copied()).collect();
        (time, together(name, &values))
    };
    let points = times.into_iter().map(at).collect();
    Ok(Evaluated::Series(Series { label: String::new(), periods: first.periods, points }))
}

#[allow(clippy::cast_precision_loss, reason = "there are never so many")]
fn together(name: &str, values: &[f64]) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let sum: f64 = values.iter().sum();
    match name {
        "SUM" => sum,
        "AVG" => sum / values.len() as f64,
        "MIN" => values.iter().copied().fold(f64::INFINITY, f64::min),
        _ => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    }
}

/// What FILL puts where there is nothing.
#[derive(Clone, Copy)]
enum Filling {
    Number(f64),
    /// The datapoint before.
    Repeat,
    /// On the line between the datapoints before and after.
    Linear,
}

#[allow(clippy::cast_precision_loss, reason = "times are far below 2^52 seconds")]
fn fill(mut series: Series, with: Filling, now: i64) -> Result<Series, String> {
    let Periods { start, length, .. } = series.periods;
    if series.periods.count() > MAX_FILLED {
        return Err(format!("FILL makes at most {MAX_FILLED} datapoints"));
    }
    let known: Vec<(i64, f64)> = series.points.iter().map(|(at, value)| (*at, *value)).collect();
    for at in (0..series.periods.count()).map(|n| start + n * length).take_while(|at| *at <= now) {
        let after = known.partition_point(|(known, _)| *known < at);
        if known.get(after).is_some_and(|(known, _)| *known == at) {
            continue;
        }
        let before = after.checked_sub(1).map(|before| known[before]);
        let value = match (with, before, known.get(after)) {
            (Filling::Number(number), ..) => Some(number),
            (Filling::Repeat, before, _) => before.map(|(_, value)| value),
            (Filling::Linear, Some((from, low)), Some((to, high))) => {
                Some(low + (high - low) * ((at - from) as f64 / (to - from) as f64))
            }
            (Filling::Linear, ..) => None,
        };
        if let Some(value) = value.filter(|value| value.is_finite()) {
            series.points.insert(at, value);
        }
    }
    Ok(series)
}
