//! The language by itself: it survives anything, its errors have places, and its values are what simple models say.

use std::{cmp::Ordering, collections::BTreeMap, sync::Arc};

use proptest::{
    prelude::*,
    test_runner::{Config, RngSeed},
};

use super::{discover::Found, parse, pipeline::Run, value::Value};
use crate::local::logs::store::Key;

fn same_every_time(cases: u32) -> Config {
    Config { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(20_261_120), ..Config::default() }
}

/// The rows that a query makes of messages, the newest first, without their pointers.
fn run(query: &str, messages: &[String]) -> Vec<Vec<(String, String)>> {
    let program = parse(query, None, false).unwrap_or_else(|error| panic!("{query}: {error:?}"));
    let mut run = Run::new(Arc::new(program));
    let (log, stream): (Arc<str>, Arc<str>) = ("1:g".into(), "s".into());
    for (at, message) in messages.iter().enumerate().rev() {
        let timestamp = i64::try_from(at).unwrap() * 1_000;
        let key = Key { timestamp, ingestion: timestamp, seq: 0 };
        let message: Arc<str> = message.as_str().into();
        run.take(&Found { key, log: &log, stream: &stream, message: &message });
    }
    let results = run.finish();
    let cells = |row: &Vec<Option<Arc<str>>>| {
        let cells = results.columns.iter().zip(row).filter(|(name, _)| *name != "@ptr");
        cells.filter_map(|(name, cell)| Some((name.clone(), cell.as_ref()?.to_string()))).collect()
    };
    results.rows.iter().map(cells).collect()
}

/// The only value of the only row.
fn one(expr: &str, message: &str) -> Option<String> {
    let rows = run(&format!("display {expr} as x"), &[message.to_owned()]);
    rows[0].first().map(|(_, value)| value.clone())
}

fn number(text: &str) -> f64 {
    text.parse().unwrap()
}

proptest! {
    #![proptest_config(same_every_time(512))]

    #[test]
    fn any_text_is_a_query_or_has_a_place(query in any::<String>(), message in any::<String>()) {
        survives(&query, &message)?;
    }

    #[test]
    fn what_nearly_is_a_query_too(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "fields", "filter", "parse", "stats", "sort", "limit", "dedup", "display", "by", "as", "and", "or", "not",
                "like", "in", "desc", "any", "(", ")", "[", "]", ",", "|", "=", "!=", "<", ">=", "=~", "+", "-", "*", "/",
                "/(?<a>x)/", "\"*\"", "'", "\"", "`", "`a b`", "@timestamp", "@message", "a", "a.b[0]", "5", "5m", "1e999",
                "count(*)", "count(", "bin(", "bin(5m)", "pct(a, 95)", "strlen(", "é", "#", "\n", "100001", "true",
            ]),
            0..16,
        ),
        message in r#"(\{"a": ?("x"|1|\[\{"b":2\}\])\}|[a-z ]{0,8})"#,
    ) {
        survives(&parts.join(" "), &message)?;
    }

    #[test]
    fn arithmetic_is_that_of_numbers(a in -1_000_i32..1_000, b in -1_000_i32..1_000, c in 1_i32..100) {
        let (x, y, z) = (f64::from(a), f64::from(b), f64::from(c));
        let message = format!(r#"{{"a": {a}, "b": "{b}", "c": {c}}}"#);
        let near = |expr: &str, expected: f64| {
            let found = number(&one(expr, &message).unwrap());
            prop_assert!((found - expected).abs() < 1e-3, "{expr}: {found} and {expected}");
            Ok(())
        };
        near("a + b * c", x + y * z)?;
        near("(a + b) / c - -b", (x + y) / z + y)?;
        near("a % c", x % z)?;
        near("abs(a) ^ 2", x * x)?;
        near("greatest(a, b, c)", x.max(y).max(z))?;
        let expected = if (a < b && b < c) || a == c { "1" } else { "0" };
        prop_assert_eq!(one("a < b and not b >= c or a = c", &message).unwrap(), expected);
    }

    #[test]
    fn aggregates_are_those_of_a_simple_count(values in prop::collection::vec((0_u8..4, 0_i32..50), 1..40)) {
        let messages: Vec<_> =
            values.iter().map(|(group, value)| format!(r#"{{"g": "{group}", "v": {value}}}"#)).collect();
        let rows = run(
            "stats count(*) as n, sum(v) as total, min(v) as least, max(v) as most, median(v) as middle, \
             count_distinct(v) as kinds, avg(v) as mean, earliest(v) as first, latest(v) as last by g | sort g",
            &messages,
        );
        let mut groups: BTreeMap<u8, Vec<i32>> = BTreeMap::new();
        for (group, value) in values {
            groups.entry(group).or_default().push(value);
        }
        prop_assert_eq!(rows.len(), groups.len());
        for (row, (group, values)) in rows.iter().zip(groups) {
            let row: BTreeMap<_, _> = row.iter().cloned().collect();
            let mut sorted = values.clone();
            sorted.sort_unstable();
            let mut kinds = sorted.clone();
            kinds.dedup();
            let sum: i32 = values.iter().sum();
            prop_assert_eq!(&row["g"], &group.to_string());
            prop_assert_eq!(&row["n"], &values.len().to_string());
            prop_assert_eq!(&row["total"], &sum.to_string());
            prop_assert_eq!(&row["least"], &sorted[0].to_string());
            prop_assert_eq!(&row["most"], &sorted[sorted.len() - 1].to_string());
            prop_assert_eq!(&row["middle"], &sorted[(sorted.len() - 1) / 2].to_string());
            prop_assert_eq!(&row["kinds"], &kinds.len().to_string());
            prop_assert_eq!(&row["first"], &values[0].to_string());
            prop_assert_eq!(&row["last"], &values[values.len() - 1].to_string());
            let mean = f64::from(sum) / f64::from(u32::try_from(values.len()).unwrap());
            prop_assert!((number(&row["mean"]) - mean).abs() < 1e-4);
        }
    }

    #[test]
    fn like_finds_what_is_contained(needle in "[ab\"\\\\ é]{1,3}", message in "[ab\"\\\\ é]{0,10}") {
        let text = needle.replace('\\', "\\\\").replace('"', "\\\"");
        let found = run(&format!("filter @message like \"{text}\""), std::slice::from_ref(&message));
        prop_assert_eq!(found.len(), usize::from(message.contains(&needle)));
    }

    #[test]
    fn the_order_of_sort_is_an_order(values in prop::collection::vec("[0-9]{0,3}[a-c]{0,2}[0-9]{0,2}", 3)) {
        let values: Vec<_> = values.into_iter().map(Value::text).collect();
        let [a, b, c] = values.as_slice() else { unreachable!() };
        prop_assert_eq!(a.order(b), b.order(a).reverse());
        if a.order(b) != Ordering::Greater && b.order(c) != Ordering::Greater {
            prop_assert_ne!(a.order(c), Ordering::Greater);
        }
    }
}

proptest! {
    #![proptest_config(same_every_time(32))]

    #[test]
    fn a_sort_with_a_limit_is_the_beginning_of_the_sort(
        values in prop::collection::vec(0_u32..50, 0..2_000),
        count in 1_usize..20,
    ) {
        let messages: Vec<_> = values.iter().map(|value| format!(r#"{{"v": {value}}}"#)).collect();
        let rows = run(&format!("display v | sort v desc | limit {count}"), &messages);
        let mut sorted = values;
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        sorted.truncate(count);
        let found: Vec<u32> = rows.iter().map(|row| row[0].1.parse().unwrap()).collect();
        prop_assert_eq!(found, sorted);
    }
}

/// A query runs, or its error is within it.
fn survives(query: &str, message: &str) -> Result<(), TestCaseError> {
    let length = query.chars().count();
    match parse(query, Some(5), true) {
        Ok(program) => {
            let mut run = Run::new(Arc::new(program));
            let (log, stream, message): (Arc<str>, Arc<str>, Arc<str>) =
                ("1:g".into(), "s".into(), message.into());
            let key = Key { timestamp: 1, ingestion: 1, seq: 1 };
            for _ in 0..3 {
                run.take(&Found { key, log: &log, stream: &stream, message: &message });
            }
            prop_assert!(run.finish().rows.len() <= 5);
        }
        Err(error) => {
            prop_assert!(error.start <= error.end && error.end <= length, "{query:?}: {error:?}");
            prop_assert!(!error.message.is_empty());
        }
    }
    Ok(())
}

#[test]
fn texts_sort_naturally_and_before_numbers() {
    // AWS's own example.
    let sorted = [
        "",
        "!",
        "#",
        "*%04",
        "0#",
        "5A",
        "111A",
        "2345_",
        "@",
        "@_",
        "A",
        "A9876fghj",
        "a12345hfh",
        "0",
        "01",
        "2",
        "3",
    ];
    for pair in sorted.windows(2) {
        let order = Value::text(pair[0]).order(&Value::text(pair[1]));
        assert_eq!(order, Ordering::Less, "{pair:?}");
    }
    assert_eq!(Value::Missing.order(&Value::text("")), Ordering::Less);
}

#[test]
fn no_query_is_deep_or_long_enough_to_break_anything() {
    for query in [
        format!("filter {}1{}", "(".repeat(5_000), ")".repeat(4_000)),
        format!("filter {}a", "not ".repeat(3_000)),
        format!("filter {}1", "-".repeat(9_000)),
        format!("filter a{}", " or a".repeat(1_900)),
        format!("filter 1{}", "+1".repeat(4_900)),
        format!("fields {}", "strlen(".repeat(1_400)),
        format!("fields a.{}", "b.".repeat(4_000)),
        format!("parse '{}' as a", "*".repeat(5_000)),
        "filter a like /((((a{99}){99}){99}){99})/".to_owned(),
    ] {
        let _ = survives(&query, "{}");
    }
    let program = parse(&format!("filter a{}", " or a".repeat(499)), None, false).unwrap();
    let mut run = Run::new(Arc::new(program));
    let text: Arc<str> = "x".into();
    run.take(&Found { key: Key::MIN, log: &text, stream: &text, message: &text });
}
