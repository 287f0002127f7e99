//! What the service is asked for by the filters of a log, held against the filter-pattern language of the local
//! engine: whatever a filter shows, its pattern lets through.

use std::cell::Cell;

use lambdeck::{
    domain::log_query::{Line, Query, server_pattern},
    local::logs::pattern::Pattern,
};
use proptest::{
    prelude::*,
    test_runner::{TestCaseError, TestRunner},
};

use super::same_every_time;

/// Few words, so that they are often in a message.
const WORDS: [&str; 14] = [
    "Order",
    "order",
    "42",
    "\"a b\"",
    "a.b",
    "[x]",
    "50%",
    "\"it's (7)\"",
    "C:\\x",
    "é",
    "id",
    "user",
    "X",
    "\"\\\"q\\\"\"",
];

const EXPRESSIONS: [&str; 14] = [
    r"/Or.er/",
    r"/o+rder/",
    r"/\bX\b/",
    r"/\d\d/",
    r"/[0-9]{2}|X/",
    r"/(a|b)/",
    r"/^Order/",
    r"/42$/",
    r"/a\.b/",
    r"/o??r/",
    r"/\S a/",
    r"/[a-z]/",
    r"/\[x\]/",
    r"/50%/",
];

const FIELDS: [&str; 21] = [
    "ms:>1",
    "ms:>500",
    "mem:>50%",
    "init:>0",
    "is:cold",
    "is:report",
    "is:platform",
    "is:error",
    "level:error",
    "level:info",
    "fn:checkout",
    "rid:8f5c",
    "rid:9",
    "$.user.id=42",
    "$.user.id>1",
    "$.user",
    "$.name=\"a b\"",
    "$.name=O*",
    "$.id!=1",
    "$.name~rd",
    "$.user.id=4*",
];

const MESSAGES: [&str; 9] = [
    "REPORT RequestId: 8f5c6d2e-0000-4000-8000-000000000001\tDuration: 600 ms\tBilled Duration: 9 ms\tMemory Size: 512 MB\tMax Memory Used: 480 MB\tInit Duration: 184.91 ms\t\n",
    r#"{"type":"platform.report","record":{"requestId":"9","metrics":{"durationMs":2.5,"billedDurationMs":9,"memorySizeMB":512,"maxMemoryUsedMB":90}}}"#,
    r#"{"type": "platform.report","record":{"requestId":"9","metrics":{"durationMs":2.5}}}"#,
    "START RequestId: 8f5c6d2e-0000-4000-8000-000000000001 Version: 1\n",
    r#"{"user":{"id":42},"name":"a b","id":7}"#,
    "2023-12-05T22:14:43.862Z\t8f5c6d2e-0000-4000-8000-000000000001\tINFO\t{\"user\": {\"id\": 42.0}, \"name\": \"Order\"}",
    r#"{"level":"ERROR","requestId":"8f5c","message":"{\"user\":{\"id\":\"42\"},\"name\":\"Order\"}"}"#,
    r#"{"level":"INFO","message":{"user":{"id":43},"name":"order X","id":2}}"#,
    "[ERROR]\tOrder 42 failed at C:\\x",
];

fn query() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        4 => prop::sample::select(&WORDS[..]),
        2 => prop::sample::select(&EXPRESSIONS[..]),
        3 => prop::sample::select(&FIELDS[..]),
    ];
    let term = (prop::sample::select(vec!["", "", "", "-", "!"]), word)
        .prop_map(|(sign, word)| format!("{sign}{word}"));
    prop::collection::vec(term, 1..3).prop_map(|terms| terms.join(" "))
}

fn message() -> impl Strategy<Value = String> {
    let bare = WORDS.map(|word| word.trim_matches('"').replace("\\\"", "\""));
    let words =
        prop::collection::vec(prop_oneof![prop::sample::select(bare.to_vec()), "[ -~é\t\n]{0,4}"], 0..6);
    prop_oneof![
        words.prop_map(|words| words.join(" ")),
        prop::sample::select(&MESSAGES[..]).prop_map(str::to_owned)
    ]
}

#[test]
fn what_the_service_is_asked_for_is_never_narrower_than_the_filters() {
    let (asked, let_through) = (Cell::new(0), Cell::new(0));
    let layers = prop::collection::vec((prop::bool::weighted(0.7), query()), 1..3);
    let cases = (layers, prop::collection::vec(message(), 1..8));
    let result = TestRunner::new(same_every_time(1_500)).run(&cases, |(layers, messages)| {
        let layers: Vec<(bool, Query)> =
            layers.iter().map(|(includes, text)| (*includes, Query::parse(text).unwrap())).collect();
        let Ok(wanted) = server_pattern(layers.iter().map(|(includes, query)| (*includes, query))) else {
            return Ok(());
        };
        let pattern = Pattern::parse(&wanted.pattern)
            .map_err(|error| TestCaseError::fail(format!("{}: {error}", wanted.pattern)))?;
        asked.set(asked.get() + 1);
        for message in &messages {
            let line = Line {
                message,
                group: "/aws/lambda/checkout",
                stream: "s",
                error: message.contains("ERROR"),
            };
            if layers.iter().all(|(includes, query)| query.matches(&line) == *includes) {
                let_through.set(let_through.get() + 1);
                prop_assert!(pattern.matches(message), "{} lets {message:?} not through", wanted.pattern);
            }
        }
        Ok(())
    });
    result.unwrap();
    assert!(asked.get() > 800 && let_through.get() > 400, "{asked:?} {let_through:?}");
}
