use std::collections::BTreeMap;

use super::{Evaluated, Series, Space, evaluate, parse};
use crate::local::metrics::statistics::Periods;

/// Queries by their ids; it is minute 4.
struct Queries(Vec<(&'static str, Series)>);

impl Space for Queries {
    fn get(&mut self, id: &str) -> Result<Evaluated, String> {
        let found = self.0.iter().find(|(name, _)| *name == id);
        found.map(|(_, series)| Evaluated::Series(series.clone())).ok_or_else(|| format!("no {id}"))
    }

    fn metrics(&self, part: &str) -> Vec<String> {
        self.0.iter().filter(|(id, _)| id.contains(part)).map(|(id, _)| (*id).to_owned()).collect()
    }

    fn now(&self) -> i64 {
        240
    }
}

fn series(length: i64, points: &[(i64, f64)]) -> Series {
    let points = points.iter().map(|(minute, value)| (minute * 60, *value)).collect();
    Series { label: String::new(), periods: Periods { start: 0, end: 600, length }, points }
}

fn value(text: &str) -> Result<Evaluated, String> {
    let mut queries = Queries(vec![
        ("invocations", series(60, &[(0, 10.0), (1, 20.0), (3, 40.0)])),
        ("errors", series(60, &[(0, 1.0), (1, 0.0), (2, 7.0)])),
        ("hourly", series(3600, &[(0, 1.0)])),
        ("none", series(60, &[])),
    ]);
    evaluate(&parse(text)?, &mut queries)
}

#[track_caller]
fn points(text: &str) -> Vec<(i64, f64)> {
    match value(text).unwrap() {
        Evaluated::Series(Series { points, .. }) => of(points),
        other => panic!("{text}: {other:?}"),
    }
}

fn of(points: BTreeMap<i64, f64>) -> Vec<(i64, f64)> {
    points.into_iter().map(|(at, value)| (at / 60, value)).collect()
}

#[track_caller]
fn number(text: &str) -> f64 {
    match value(text).unwrap() {
        Evaluated::Number(number) => number,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn arithmetic_has_its_precedence() {
    assert_eq!(number("1 + 2 * 3 - 4 / 2"), 5.0);
    assert_eq!(number("(1 + 2) * -3"), -9.0);
    assert_eq!(number("2 ^ 3 ^ 2"), 64.0);
    assert_eq!(number("-2 ^ 2"), -4.0);
    assert_eq!(number("10 - 3 - 2"), 5.0);
    assert_eq!(number("1.5e2 + .5 + 2E-1 * 0"), 150.5);
    assert_eq!(number("ABS(0 - 1.5) + CEIL(1.2) + FLOOR(1.8)"), 4.5);
}

#[test]
fn time_series_are_calculated_where_both_have_a_datapoint() {
    assert_eq!(points("100 * errors / invocations"), [(0, 10.0), (1, 0.0)]);
    assert_eq!(points("invocations / errors"), [(0, 10.0)], "nothing divided by zero");
    assert_eq!(points("-errors + 1"), [(0, 0.0), (1, 1.0), (2, -6.0)]);
    assert_eq!(points("100 - 100 * errors / MAX([errors, invocations])"), [(0, 90.0), (1, 100.0), (2, 0.0)]);
    assert_eq!(points("errors / SUM(none)"), []);
}

#[test]
fn of_one_series_comes_a_number_and_of_several_a_series() {
    assert_eq!(
        (number("SUM(errors)"), number("AVG(invocations)"), number("MIN(errors)"), number("MAX(errors)")),
        (8.0, 70.0 / 3.0, 0.0, 7.0)
    );
    assert_eq!(points("SUM([errors, invocations])"), [(0, 11.0), (1, 20.0), (2, 7.0), (3, 40.0)]);
    assert_eq!(points("AVG([errors, invocations])"), [(0, 5.5), (1, 10.0), (2, 7.0), (3, 40.0)]);
    assert_eq!(points(r#"SUM(METRICS("n"))"#), points("invocations"), "and nothing of none");
    let Evaluated::Many(many) = value("[errors, invocations] * 2").unwrap() else { panic!() };
    assert_eq!(of(many[1].points.clone()), [(0, 20.0), (1, 40.0), (3, 80.0)]);
    let Evaluated::Many(many) = value("[errors, invocations] - invocations").unwrap() else { panic!() };
    assert_eq!(of(many[0].points.clone()), [(0, -9.0), (1, -20.0)]);
}

#[test]
fn what_is_missing_can_be_filled_up_to_now() {
    assert_eq!(points("FILL(errors, 0)"), [(0, 1.0), (1, 0.0), (2, 7.0), (3, 0.0), (4, 0.0)]);
    assert_eq!(points("FILL(invocations, REPEAT)"), [(0, 10.0), (1, 20.0), (2, 20.0), (3, 40.0), (4, 40.0)]);
    assert_eq!(points("FILL(invocations, LINEAR)"), [(0, 10.0), (1, 20.0), (2, 30.0), (3, 40.0)]);
    assert_eq!(points("FILL(none, 1 + 1)").len(), 5);
}

#[test]
fn a_hundred_operators_are_the_most() {
    let text = |operators: usize| format!("1{}", "+1".repeat(operators));
    assert_eq!(number(&text(99)), 100.0);
    assert_eq!(number(&text(100)), 101.0);
    assert_eq!(value(&text(101)).unwrap_err(), "the local engine takes at most 100 operators");
    assert!(value(&"-".repeat(2000)).is_err());
}

#[test]
fn what_is_not_here_is_refused_by_its_name() {
    for (text, why) in [
        ("SEARCH('{AWS/Lambda} x', 'Sum', 300)", "no function SEARCH"),
        ("IF(errors, 1, 0)", "no function IF"),
        ("errors > 1", "no comparisons and no logic ('>')"),
        ("SELECT AVG(Duration)", "Metrics Insights"),
        ("RATE(errors)", "no function RATE"),
        ("nothing", "no nothing"),
        ("errors + hourly", "different periods (60 and 3600 seconds)"),
        ("errors +", "ends too early"),
        ("errors errors", "unexpected 'errors'"),
        ("(errors", "ends too early"),
        ("[errors", "ends too early"),
        ("errors, 1", "unexpected ','"),
        ("SUM()", "SUM does not take these arguments"),
        ("SUM(1)", "SUM takes time series"),
        ("[1, errors]", "an array is of time series"),
        ("FILL(errors, SOMEHOW)", "'SOMEHOW' has no meaning"),
        ("'x", "a quote is not closed"),
        ("1.2.3", "unexpected '0.3'"),
        ("€", "'€' has no meaning"),
        ("[errors] + [errors, errors]", "arrays of the same length"),
    ] {
        let error = value(text).expect_err(text);
        assert!(error.contains(why), "{text}: {error}");
    }
    let deep = "(".repeat(100_000);
    assert!(value(&deep).unwrap_err().contains("nested too deeply"));
    let long = format!("[{}]", ["errors"; 501].join(","));
    assert!(value(&long).unwrap_err().contains("more than 500"));
}
