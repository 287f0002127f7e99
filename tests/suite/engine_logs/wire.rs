//! Requests and answers, against what AWS was recorded to say.

use std::sync::Arc;

use lambdeck::local::logs::{
    Store,
    wire::{Context, handle},
};
use rstest::rstest;
use serde_json::{Value, json};

use super::{event, store_of};

pub const NOW: i64 = 1_790_000_000_000;
const DAY: i64 = 86_400_000;

pub fn ctx() -> Context {
    Context { account_id: "123456789012".to_owned(), region: "eu-central-1".to_owned(), now_ms: NOW }
}

pub fn ask_at(store: &Arc<Store>, now_ms: i64, operation: &str, input: &Value) -> (u16, Value) {
    let answer =
        handle(store, operation, input.to_string().as_bytes(), &Context { now_ms, ..ctx() }).unwrap();
    let body =
        if answer.body.is_empty() { Value::Null } else { serde_json::from_slice(&answer.body).unwrap() };
    (answer.status, body)
}

pub fn ask(store: &Arc<Store>, operation: &str, input: &Value) -> Value {
    let (status, body) = ask_at(store, NOW, operation, input);
    assert_eq!(status, 200, "{operation} {input}: {body}");
    body
}

/// The code and the message of an error.
pub fn refused(store: &Arc<Store>, operation: &str, input: &Value) -> (String, String) {
    let (status, body) = ask_at(store, NOW, operation, input);
    assert_eq!(status, 400, "{operation} {input}: {body}");
    let text = |member: &str| body[member].as_str().unwrap().to_owned();
    (text("__type"), text("message"))
}

/// All events of a group, page by page.
pub fn all_events(store: &Arc<Store>, group: &str) -> Vec<Value> {
    drain(store, &json!({ "logGroupName": group })).0
}

/// All events that a FilterLogEvents finds, and in how many pages.
fn drain(store: &Arc<Store>, input: &Value) -> (Vec<Value>, usize) {
    let (mut events, mut pages, mut input) = (Vec::new(), 0, input.clone());
    loop {
        let page = ask(store, "FilterLogEvents", &input);
        events.extend(page["events"].as_array().unwrap().iter().cloned());
        pages += 1;
        match page.get("nextToken") {
            Some(token) => input["nextToken"] = token.clone(),
            None => return (events, pages),
        }
    }
}

fn messages(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["message"].as_str().unwrap()).collect()
}

/// A store with group `g` and stream `s`.
fn store() -> Arc<Store> {
    let store = store_of(64 << 20);
    ask(&store, "CreateLogGroup", &json!({ "logGroupName": "g" }));
    ask(&store, "CreateLogStream", &json!({ "logGroupName": "g", "logStreamName": "s" }));
    store
}

fn put(events: &[(i64, &str)]) -> Value {
    let events: Vec<_> = events
        .iter()
        .map(|(timestamp, message)| json!({ "timestamp": timestamp, "message": message }))
        .collect();
    json!({ "logGroupName": "g", "logStreamName": "s", "logEvents": events })
}

#[test]
fn an_unknown_operation_is_left_to_the_server() {
    assert!(handle(&store(), "PutMetricFilter", b"{}", &ctx()).is_none());
}

#[test]
fn answers_carry_type_and_request_id() {
    let answer = handle(&store(), "DescribeLogGroups", b"", &ctx()).unwrap();
    let header = |name: &str| answer.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    assert_eq!(header("content-type"), Some("application/x-amz-json-1.1"));
    assert_eq!(header("x-amzn-requestid").unwrap().len(), 36);
}

#[rstest]
#[case("{", "SerializationException")]
#[case(r#"{"logGroupName": 5}"#, "SerializationException")]
fn a_body_that_cannot_be_read_is_refused_and_not_quoted(#[case] body: &str, #[case] code: &str) {
    let answer = handle(&store(), "CreateLogGroup", body.as_bytes(), &ctx()).unwrap();
    let fault: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((answer.status, fault["__type"].as_str()), (400, Some(code)));
}

#[test]
fn groups_are_described_as_aws_does() {
    let store = store_of(1 << 20);
    ask(&store, "CreateLogGroup", &json!({ "logGroupName": "/aws/lambda/a", "tags": { "env": "test" } }));
    let answer = ask(&store, "DescribeLogGroups", &json!({ "logGroupNamePrefix": "/aws/" }));
    assert_eq!(
        answer,
        json!({ "logGroups": [{
            "arn": "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/a:*",
            "creationTime": NOW,
            "deletionProtectionEnabled": false,
            "logGroupArn": "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/a",
            "logGroupClass": "STANDARD",
            "logGroupName": "/aws/lambda/a",
            "metricFilterCount": 0,
            "storedBytes": 0,
        }] })
    );
    assert_eq!(
        ask(&store, "DescribeLogGroups", &json!({ "logGroupNamePattern": "Lambda" }))["logGroups"],
        json!([])
    );
    let found = ask(&store, "DescribeLogGroups", &json!({ "logGroupNamePattern": "lambda" }));
    assert_eq!(found["logGroups"].as_array().unwrap().len(), 1);
}

#[test]
fn groups_page_by_fifty_or_the_limit() {
    let store = store_of(1 << 20);
    for n in 0..120 {
        ask(&store, "CreateLogGroup", &json!({ "logGroupName": format!("g{n:03}") }));
    }
    let (mut names, mut sizes, mut input) = (Vec::new(), Vec::new(), json!({}));
    loop {
        let page = ask(&store, "DescribeLogGroups", &input);
        let groups = page["logGroups"].as_array().unwrap();
        sizes.push(groups.len());
        names.extend(groups.iter().map(|group| group["logGroupName"].as_str().unwrap().to_owned()));
        match page.get("nextToken") {
            Some(token) => input["nextToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!(sizes, [50, 50, 20]);
    assert_eq!(names, (0..120).map(|n| format!("g{n:03}")).collect::<Vec<_>>());
    let (code, _) = refused(&store, "DescribeLogGroups", &json!({ "limit": 51 }));
    assert_eq!(code, "InvalidParameterException");
}

#[rstest]
#[case("CreateLogGroup", json!({ "logGroupName": "g" }), "ResourceAlreadyExistsException", "The specified log group already exists")]
#[case("CreateLogGroup", json!({ "logGroupName": "x".repeat(513) }), "InvalidParameterException", "Invalid LogGroup or LogStream, both must have length less than or equal to 512.")]
#[case("CreateLogGroup", json!({ "logGroupName": "a b" }), "InvalidParameterException", r"1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+")]
#[case("CreateLogGroup", json!({}), "InvalidParameterException", "1 validation error detected: Value null at 'logGroupName' failed to satisfy constraint: Member must not be null")]
#[case("DescribeLogGroups", json!({ "logGroupNamePrefix": "a", "logGroupNamePattern": "b" }), "InvalidParameterException", "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")]
#[case("DescribeLogGroups", json!({ "nextToken": "nonsense" }), "InvalidParameterException", "The specified nextToken is invalid.")]
#[case("DeleteLogGroup", json!({ "logGroupName": "none" }), "ResourceNotFoundException", "The specified log group does not exist.")]
#[case("CreateLogStream", json!({ "logGroupName": "g", "logStreamName": "s" }), "ResourceAlreadyExistsException", "The specified log stream already exists")]
#[case("CreateLogStream", json!({ "logGroupName": "none", "logStreamName": "s" }), "ResourceNotFoundException", "The specified log group does not exist.")]
#[case("CreateLogStream", json!({ "logGroupName": "g", "logStreamName": "a:b" }), "InvalidParameterException", "1 validation error detected: Value 'a:b' at 'logStreamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [^:*]*")]
#[case("DeleteLogStream", json!({ "logGroupName": "g", "logStreamName": "none" }), "ResourceNotFoundException", "The specified log stream does not exist.")]
#[case("DescribeLogStreams", json!({ "logGroupName": "g", "logGroupIdentifier": "g" }), "ValidationException", "LogGroup name and LogGroup ARN are mutually exclusive parameters.")]
#[case("DescribeLogStreams", json!({ "logGroupName": "g", "orderBy": "LastEventTime", "logStreamNamePrefix": "s" }), "InvalidParameterException", "Cannot order by LastEventTime with a logStreamNamePrefix.")]
#[case("PutLogEvents", json!({ "logGroupName": "g", "logStreamName": "none", "logEvents": [{ "timestamp": NOW, "message": "m" }] }), "ResourceNotFoundException", "The specified log stream does not exist.")]
#[case("PutLogEvents", put(&[(NOW, "m"), (NOW - 1, "m")]), "InvalidParameterException", "Log events in a single PutLogEvents request must be in chronological order.")]
#[case("PutLogEvents", put(&[(NOW, "")]), "InvalidParameterException", "1 validation error detected: Value '' at 'logEvents.1.member.message' failed to satisfy constraint: Member must have length greater than or equal to 1")]
#[case("PutLogEvents", put(&[]), "InvalidParameterException", "1 validation error detected: Value '[]' at 'logEvents' failed to satisfy constraint: Member must have length greater than or equal to 1")]
#[case("PutLogEvents", put(&[(NOW - DAY - 1, "m"), (NOW, "m")]), "InvalidParameterException", "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")]
#[case("FilterLogEvents", json!({ "logGroupName": "none" }), "ResourceNotFoundException", "The specified log group does not exist.")]
#[case("FilterLogEvents", json!({ "logGroupName": "g", "logStreamNames": ["none"] }), "ResourceNotFoundException", "The specified log stream does not exist.")]
#[case("FilterLogEvents", json!({ "logGroupName": "g", "nextToken": "nonsense" }), "InvalidParameterException", "The specified nextToken is invalid.")]
#[case("FilterLogEvents", json!({ "logGroupName": "g", "filterPattern": "a:b" }), "InvalidParameterException", "Invalid character(s) in term ':'")]
#[case("FilterLogEvents", json!({ "logGroupName": "g", "limit": 0 }), "InvalidParameterException", "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1")]
#[case("FilterLogEvents", json!({ "logGroupName": "a b", "limit": 10_001 }), "InvalidParameterException", r"2 validation errors detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+; Value '10001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 10000")]
#[case("GetLogEvents", json!({ "logGroupName": "g", "logStreamName": "none" }), "ResourceNotFoundException", "The specified log stream does not exist.")]
#[case("GetLogEvents", json!({ "logGroupName": "g", "logStreamName": "s", "nextToken": "f/12/s" }), "InvalidParameterException", "The specified nextToken is invalid.")]
#[case("PutRetentionPolicy", json!({ "logGroupName": "none", "retentionInDays": 1 }), "ResourceNotFoundException", "The specified log group does not exist.")]
fn errors_are_worded_as_on_aws(
    #[case] operation: &str,
    #[case] input: Value,
    #[case] code: &str,
    #[case] message: &str,
) {
    assert_eq!(refused(&store(), operation, &input), (code.to_owned(), message.to_owned()));
}

#[test]
fn batches_are_bounded() {
    let store = store();
    let large = "x".repeat((1 << 20) - 26);
    ask(&store, "PutLogEvents", &put(&[(NOW, &large)]));
    let (_, message) = refused(&store, "PutLogEvents", &put(&[(NOW, &format!("{large}x"))]));
    assert_eq!(message, "Log event too large: 1048577 bytes exceeds limit of 1048576");
    let (_, message) = refused(&store, "PutLogEvents", &put(&[(NOW, &large), (NOW, "y")]));
    assert_eq!(message, "Upload too large: 1048603 bytes exceeds limit of 1048576");
    let many = vec![(NOW, "m"); 10_001];
    assert_eq!(refused(&store, "PutLogEvents", &put(&many)).0, "InvalidParameterException");
    ask(&store, "PutLogEvents", &put(&many[..10_000]));
}

#[test]
fn events_out_of_the_accepted_time_are_reported_and_the_rest_is_kept() {
    let store = store();
    let answer = ask(
        &store,
        "PutLogEvents",
        &put(&[
            (NOW - 14 * DAY - 1, "older than 14 days"),
            (NOW, "good"),
            (NOW + 2 * 3_600_000, "just not too new"),
            (NOW + 2 * 3_600_000 + 1, "too new"),
        ]),
    );
    let info = json!({ "tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 3 });
    assert_eq!(answer["rejectedLogEventsInfo"], info);
    assert_eq!(messages(&all_events(&store, "g")), ["good", "just not too new"]);

    ask(&store, "PutRetentionPolicy", &json!({ "logGroupName": "g", "retentionInDays": 1 }));
    let answer = ask(&store, "PutLogEvents", &put(&[(NOW - DAY - 1, "expired"), (NOW, "kept")]));
    assert_eq!(answer["rejectedLogEventsInfo"], json!({ "expiredLogEventEndIndex": 1 }));
    let answer = ask(&store, "PutLogEvents", &put(&[(NOW, "m")]));
    assert_eq!(answer.get("rejectedLogEventsInfo"), None);
    assert_eq!(answer["nextSequenceToken"].as_str().unwrap().len(), 56);
}

#[test]
fn retention_hides_and_removes_what_expired() {
    let store = store();
    ask(&store, "PutLogEvents", &put(&[(NOW - 2 * DAY, "old")]));
    ask(&store, "PutLogEvents", &put(&[(NOW, "new")]));
    ask(&store, "PutRetentionPolicy", &json!({ "logGroupName": "g", "retentionInDays": 1 }));
    assert_eq!(messages(&all_events(&store, "g")), ["new"]);
    let (_, page) = ask_at(&store, NOW + 2 * DAY, "FilterLogEvents", &json!({ "logGroupName": "g" }));
    assert_eq!(page["events"], json!([]));
    let groups = ask(&store, "DescribeLogGroups", &json!({}));
    assert_eq!(groups["logGroups"][0]["retentionInDays"], 1);
    ask(&store, "DeleteRetentionPolicy", &json!({ "logGroupName": "g" }));
    assert_eq!(ask(&store, "DescribeLogGroups", &json!({}))["logGroups"][0].get("retentionInDays"), None);
    let (code, _) =
        refused(&store, "PutRetentionPolicy", &json!({ "logGroupName": "g", "retentionInDays": 2 }));
    assert_eq!(code, "InvalidParameterException");
}

#[test]
fn retention_takes_aws_days_and_no_others() {
    const DAYS: [i64; 22] = [
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288,
        3653,
    ];
    let store = store();
    let retention = |store: &Arc<Store>| {
        ask(store, "DescribeLogGroups", &json!({}))["logGroups"][0].get("retentionInDays").cloned()
    };
    assert_eq!(retention(&store), None);
    for day in DAYS {
        for days in [day - 1, day, day + 1] {
            let input = json!({ "logGroupName": "g", "retentionInDays": days });
            if DAYS.contains(&days) {
                assert_eq!(ask(&store, "PutRetentionPolicy", &input), Value::Null);
                assert_eq!(retention(&store), Some(json!(days)));
                continue;
            }
            let before = retention(&store);
            let (code, message) = refused(&store, "PutRetentionPolicy", &input);
            let text = format!(
                "1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: Member \
                 must satisfy enum value set: {DAYS:?}"
            );
            assert_eq!((code.as_str(), message), ("InvalidParameterException", text));
            assert_eq!(retention(&store), before);
        }
    }
    for _ in 0..2 {
        ask(&store, "DeleteRetentionPolicy", &json!({ "logGroupName": "g" }));
        assert_eq!(retention(&store), None);
    }
    let (code, _) = refused(&store, "DeleteRetentionPolicy", &json!({ "logGroupName": "none" }));
    assert_eq!(code, "ResourceNotFoundException");
}

#[test]
fn a_deleted_stream_or_group_takes_its_events_along() {
    let store = store();
    let empty = store.bytes();
    ask(&store, "PutLogEvents", &put(&[(NOW, "m")]));
    store.append("g", "other", &[event(NOW, "n")], NOW);
    ask(&store, "DeleteLogStream", &json!({ "logGroupName": "g", "logStreamName": "s" }));
    assert_eq!(messages(&all_events(&store, "g")), ["n"]);
    ask(&store, "DeleteLogGroup", &json!({ "logGroupName": "g" }));
    assert_eq!(
        refused(&store, "FilterLogEvents", &json!({ "logGroupName": "g" })).0,
        "ResourceNotFoundException"
    );
    assert!(store.bytes() < empty, "{} of {empty} bytes are left", store.bytes());
    assert_eq!(store.bytes(), 0);
}

#[test]
fn deletion_protection_and_classes_are_honoured() {
    let store = store_of(1 << 20);
    let group = json!({ "logGroupName": "p", "deletionProtectionEnabled": true, "logGroupClass": "INFREQUENT_ACCESS" });
    ask(&store, "CreateLogGroup", &group);
    assert_eq!(refused(&store, "DeleteLogGroup", &json!({ "logGroupName": "p" })).0, "ValidationException");
    let (code, message) = refused(&store, "FilterLogEvents", &json!({ "logGroupName": "p" }));
    assert_eq!(code, "InvalidOperationException");
    assert_eq!(
        message,
        "The log group p is of log-group-class INFREQUENT_ACCESS. FilterLogEvents is not supported for this log class."
    );
    let get = json!({ "logGroupName": "p", "logStreamName": "s" });
    assert_eq!(refused(&store, "GetLogEvents", &get).0, "InvalidOperationException");
    let none = ask(&store, "DescribeLogGroups", &json!({ "logGroupClass": "STANDARD" }));
    assert_eq!(none["logGroups"], json!([]));
}

#[test]
fn tags_come_and_go() {
    let store = store();
    let arn = "arn:aws:logs:eu-central-1:123456789012:log-group:g";
    ask(&store, "TagResource", &json!({ "resourceArn": arn, "tags": { "a": "1", "b": "2" } }));
    ask(&store, "UntagResource", &json!({ "resourceArn": arn, "tagKeys": ["a", "never"] }));
    assert_eq!(
        ask(&store, "ListTagsForResource", &json!({ "resourceArn": arn })),
        json!({ "tags": { "b": "2" } })
    );
    let many: serde_json::Map<_, _> = (0..50).map(|n| (format!("k{n}"), json!("v"))).collect();
    assert_eq!(
        refused(&store, "TagResource", &json!({ "resourceArn": arn, "tags": many })).0,
        "TooManyTagsException"
    );
    for other in
        ["arn:aws:logs:us-east-1:123456789012:log-group:g", "arn:aws:logs:eu-central-1:1:log-group:g"]
    {
        assert_eq!(
            refused(&store, "ListTagsForResource", &json!({ "resourceArn": other })).0,
            "ResourceNotFoundException"
        );
    }
}

#[test]
fn a_stream_shows_its_times_once_it_was_written_to() {
    let store = store();
    let arn = "arn:aws:logs:eu-central-1:123456789012:log-group:g:log-stream:s";
    let fresh = json!({ "logStreams": [
        { "arn": arn, "creationTime": NOW, "logStreamName": "s", "storedBytes": 0 }
    ] });
    assert_eq!(ask(&store, "DescribeLogStreams", &json!({ "logGroupIdentifier": "g" })), fresh);
    let by_arn = json!({ "logGroupIdentifier": "arn:aws:logs:eu-central-1:123456789012:log-group:g" });
    assert_eq!(ask(&store, "DescribeLogStreams", &by_arn), fresh);
    ask(&store, "PutLogEvents", &put(&[(NOW - 5, "a"), (NOW - 2, "b")]));
    let stream = &ask(&store, "DescribeLogStreams", &json!({ "logGroupName": "g" }))["logStreams"][0];
    assert_eq!(stream["firstEventTimestamp"], NOW - 5);
    assert_eq!(stream["lastEventTimestamp"], NOW - 2);
    assert_eq!(stream["lastIngestionTime"], NOW);
}

#[rstest]
#[case(json!({}), &["a", "b", "c"])]
#[case(json!({ "descending": true }), &["c", "b", "a"])]
#[case(json!({ "orderBy": "LastEventTime" }), &["b", "c", "a"])]
#[case(json!({ "orderBy": "LastEventTime", "descending": true }), &["a", "c", "b"])]
#[case(json!({ "logStreamNamePrefix": "b" }), &["b"])]
fn streams_are_ordered_and_paged(#[case] input: Value, #[case] expected: &[&str]) {
    let store = store_of(1 << 20);
    for (stream, time) in [("a", 30), ("b", 10), ("c", 20)] {
        store.append("g", stream, &[event(time, "m")], NOW);
    }
    let mut names = Vec::new();
    let mut input = input;
    input["logGroupName"] = json!("g");
    input["limit"] = json!(1);
    loop {
        let page = ask(&store, "DescribeLogStreams", &input);
        for stream in page["logStreams"].as_array().unwrap() {
            names.push(stream["logStreamName"].as_str().unwrap().to_owned());
        }
        match page.get("nextToken") {
            Some(token) => input["nextToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!(names, expected);
}

#[test]
fn filter_sorts_across_streams_and_bounds_by_timestamp() {
    let store = store_of(1 << 20);
    store.append("g", "a", &[event(10, "a10"), event(30, "a30")], 100);
    store.append("g", "b", &[event(20, "b20"), event(30, "b30")], 90);
    let (events, _) = drain(&store, &json!({ "logGroupName": "g" }));
    assert_eq!(messages(&events), ["a10", "b20", "b30", "a30"], "by timestamp, then ingestion");
    assert_eq!(events[0]["logStreamName"], "a");
    assert_eq!(events[0]["ingestionTime"], 100);
    assert_eq!(events[0]["eventId"].as_str().unwrap().len(), 56);
    let (events, _) = drain(&store, &json!({ "logGroupName": "g", "startTime": 20, "endTime": 30 }));
    assert_eq!(messages(&events), ["b20"], "the start is inclusive, the end is not");
    let (events, _) = drain(&store, &json!({ "logGroupName": "g", "startTime": 30, "endTime": 10 }));
    assert!(events.is_empty());
    let (events, _) = drain(&store, &json!({ "logGroupName": "g", "logStreamNames": ["b"] }));
    assert_eq!(messages(&events), ["b20", "b30"]);
    let (events, _) = drain(&store, &json!({ "logGroupName": "g", "logStreamNamePrefix": "a" }));
    assert_eq!(messages(&events), ["a10", "a30"]);
    let (events, _) = drain(&store, &json!({ "logGroupName": "g", "filterPattern": "?a10 ?b30" }));
    assert_eq!(messages(&events), ["a10", "b30"]);
    assert_eq!(
        ask(&store, "FilterLogEvents", &json!({ "logGroupName": "g" }))["searchedLogStreams"],
        json!([])
    );
}

#[test]
fn filter_pages_by_limit_count_and_bytes_without_loss() {
    let store = store_of(64 << 20);
    let many: Vec<_> = (0..25_000).map(|n| event(n, &format!("line {n}"))).collect();
    store.append("g", "s", &many, NOW);
    let (events, pages) = drain(&store, &json!({ "logGroupName": "g" }));
    assert_eq!(pages, 3);
    assert_eq!(messages(&events), many.iter().map(|event| event.message.as_str()).collect::<Vec<_>>());
    let (events, pages) = drain(&store, &json!({ "logGroupName": "g", "limit": 5, "endTime": 15 }));
    assert_eq!((events.len(), pages), (15, 3));

    let large: Vec<_> = (0..5).map(|n| event(n, &"x".repeat(400_000))).collect();
    store.append("large", "s", &large, NOW);
    let (events, pages) = drain(&store, &json!({ "logGroupName": "large" }));
    assert_eq!((events.len(), pages), (5, 3));
}

#[test]
fn a_search_that_finds_little_answers_empty_pages_with_a_token() {
    let store = store_of(64 << 20);
    let message = "x".repeat(20_000);
    let mut events: Vec<_> = (0..1_500).map(|n| event(n, &message)).collect();
    events.push(event(1_500, "needle"));
    store.append("g", "s", &events, NOW);
    let first = ask(&store, "FilterLogEvents", &json!({ "logGroupName": "g", "filterPattern": "needle" }));
    assert_eq!(first["events"], json!([]));
    assert!(first.get("nextToken").is_some());
    let (events, pages) = drain(&store, &json!({ "logGroupName": "g", "filterPattern": "needle" }));
    assert_eq!((messages(&events), pages), (vec!["needle"], 2));
}

#[test]
fn a_token_is_good_for_its_own_request_and_a_day() {
    let store = store_of(1 << 20);
    store.append("g", "s", &[event(1, "a"), event(2, "b")], NOW);
    store.append("h", "s", &[event(1, "a"), event(2, "b")], NOW);
    let token =
        ask(&store, "FilterLogEvents", &json!({ "logGroupName": "g", "limit": 1 }))["nextToken"].clone();
    let other = json!({ "logGroupName": "h", "nextToken": token });
    assert_eq!(refused(&store, "FilterLogEvents", &other).1, "The specified nextToken is invalid.");
    let same = json!({ "logGroupName": "g", "nextToken": token });
    assert_eq!(messages(ask(&store, "FilterLogEvents", &same)["events"].as_array().unwrap()), ["b"]);
    assert_eq!(ask_at(&store, NOW + DAY + 1, "FilterLogEvents", &same).0, 400);
}

#[test]
fn get_goes_both_ways_and_its_tokens_repeat_at_the_ends() {
    let store = store();
    let get = |token: Option<&str>, more: Value| {
        let mut input = more;
        input["logGroupName"] = json!("g");
        input["logStreamName"] = json!("s");
        input["limit"] = json!(2);
        if let Some(token) = token {
            input["nextToken"] = json!(token);
        }
        let page = ask(&store, "GetLogEvents", &input);
        let text: Vec<_> =
            messages(page["events"].as_array().unwrap()).into_iter().map(str::to_owned).collect();
        let token = |member: &str| page[member].as_str().unwrap().to_owned();
        (text, token("nextForwardToken"), token("nextBackwardToken"))
    };
    let (events, forward, _) = get(None, json!({}));
    assert!(events.is_empty());
    ask(&store, "PutLogEvents", &put(&[(NOW, "1"), (NOW, "2"), (NOW, "3"), (NOW, "4"), (NOW, "5")]));
    let (events, ..) = get(Some(&forward), json!({}));
    assert_eq!(events, ["1", "2"], "a token of an empty stream leads to what is written later");

    let (events, forward, backward) = get(None, json!({}));
    assert_eq!(events, ["4", "5"], "the newest come first without startFromHead");
    let (events, again, _) = get(Some(&forward), json!({}));
    assert_eq!((events, again), (vec![], forward.clone()));
    let (events, _, backward) = get(Some(&backward), json!({}));
    assert_eq!(events, ["2", "3"]);
    let (events, _, backward) = get(Some(&backward), json!({}));
    assert_eq!(events, ["1"]);
    let (events, _, again) = get(Some(&backward), json!({}));
    assert_eq!((events, again), (vec![], backward));

    let (events, next, _) = get(None, json!({ "startFromHead": true }));
    assert_eq!(events, ["1", "2"]);
    assert_eq!(get(Some(&next), json!({})).0, ["3", "4"]);
    ask(&store, "PutLogEvents", &put(&[(NOW, "6")]));
    assert_eq!(get(Some(&forward), json!({})).0, ["6"], "the token of the end finds what came later");
    assert!(get(None, json!({ "endTime": NOW })).0.is_empty(), "the end is exclusive");
    assert_eq!(get(None, json!({ "startTime": NOW })).0, ["5", "6"], "the start is inclusive");
}

#[test]
fn members_without_a_meaning_here_are_ignored() {
    let store = store();
    let groups = json!({ "includeLinkedAccounts": true, "accountIdentifiers": ["123456789012"], "logGroupNamePattern": "g" });
    assert_eq!(ask(&store, "DescribeLogGroups", &groups)["logGroups"][0]["logGroupName"], "g");
    let other_case = json!({ "logGroupNamePattern": "G" });
    assert_eq!(
        ask(&store, "DescribeLogGroups", &other_case)["logGroups"],
        json!([]),
        "patterns heed the case"
    );
    ask(&store, "PutLogEvents", &put(&[(NOW, "x")]));
    let arn = "arn:aws:logs:eu-central-1:123456789012:log-group:g";
    for identifier in ["g", arn] {
        let input = json!({ "logGroupIdentifier": identifier, "unmask": true, "interleaved": true });
        assert_eq!(drain(&store, &input).0.len(), 1, "{identifier}");
    }
}
