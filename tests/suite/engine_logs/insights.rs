//! Logs Insights: queries of a fixed log with their results, the places of errors, and queries that run for a while.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use lambdeck::local::logs::{InputEvent, Store};
use rstest::rstest;
use serde_json::{Value, json};

use super::{
    event, store_of,
    wire::{NOW, ask, ask_at, refused},
};

const ID: &str = "8f5b5f5e-1111-4222-8333-abcdefabcdef";
const TEXT: &str = "/aws/lambda/text";
const JSON: &str = "/shared/json";

/// A log in each format, 10 s between events; the last is at 14:13:20.
fn logs() -> Arc<Store> {
    let store = store_of(16 << 20);
    let text = [
        "INIT_START Runtime Version: python:3.13.v1\tRuntime Version ARN: arn:aws:x".to_owned(),
        format!("START RequestId: {ID} Version: $LATEST"),
        format!("[ERROR]\t2026-09-21T14:12:50.000Z\t{ID}\tuser=ann, took:250 no coupon"),
        format!("2026-09-21T14:12:50.000Z\t{ID}\tINFO\t{{\"order\": {{\"total\": 12.5}}}} done"),
        format!("END RequestId: {ID}"),
        format!(
            "REPORT RequestId: {ID}\tDuration: 250.51 ms\tBilled Duration: 793 ms\tMemory Size: 256 MB\tMax Memory Used: 64 MB\t\
             Init Duration: 542.01 ms\t\nXRAY TraceId: 1-6a50-b\tSegmentId: d002\tSampled: true\t\n"
        ),
    ];
    let json = [
        r#"{"time":"t","type":"platform.report","record":{"requestId":"r1","metrics":{"durationMs":3.1,"memorySizeMB":128}}}"#,
        r#"{"level":"INFO","message":"one","requestId":"r1","user":{"id":7,"user-agent":"x y"},"items":[{"id":"a"},{"id":"b"}]}"#,
        r#"{"level":"ERROR","message":"two","requestId":"r2","took":41,"ok":false,"@at":"z"}"#,
        r#"{"level":"ERROR","message":"three","requestId":"r3","took":"9","ok":true,"ip":"10.0.0.1"}"#,
        "no JSON at all",
        r#"{"level":"WARN","message":null,"requestId":"r2","took":1000}"#,
    ];
    let timed = |messages: &[String]| -> Vec<InputEvent> {
        let first = NOW - 10_000 * (i64::try_from(messages.len()).unwrap() - 1);
        (first..).step_by(10_000).zip(messages).map(|(time, message)| event(time, message)).collect()
    };
    store.append(TEXT, "2026/09/21/[$LATEST]0123456789abcdef0123456789abcdef", &timed(&text), NOW);
    store.append(JSON, "s", &timed(&json.map(str::to_owned)), NOW);
    store
}

fn start(store: &Arc<Store>, groups: &[&str], query: &str) -> String {
    let input =
        json!({ "logGroupNames": groups, "startTime": 0, "endTime": NOW / 1_000, "queryString": query });
    ask(store, "StartQuery", &input)["queryId"].as_str().unwrap().to_owned()
}

/// The answer of a query once it is over.
fn finished(store: &Arc<Store>, id: &str) -> Value {
    loop {
        let answer = ask(store, "GetQueryResults", &json!({ "queryId": id }));
        if !["Scheduled", "Running"].contains(&answer["status"].as_str().unwrap()) {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Rows, one a line, as `name=value` without their pointers.
fn rows(answer: &Value) -> String {
    let mut lines = String::new();
    for row in answer["results"].as_array().unwrap() {
        let mut line = String::new();
        for cell in row.as_array().unwrap() {
            let (name, value) = (cell["field"].as_str().unwrap(), cell["value"].as_str().unwrap());
            if name != "@ptr" {
                let _ = write!(line, "{name}={value} ");
            }
        }
        lines.push_str(line.trim_end());
        lines.push('\n');
    }
    lines
}

#[rstest]
// What is shown.
#[case(JSON, "fields level, requestId | limit 2", "level=WARN requestId=r2\n\n")]
#[case(
    JSON,
    "filter level = 'INFO'",
    "@timestamp=2026-09-21 14:12:40.000 @message={\"level\":\"INFO\",\"message\":\"one\",\"requestId\":\"r1\",\"user\":{\"id\":7,\"user-agent\":\"x y\"},\"items\":[{\"id\":\"a\"},{\"id\":\"b\"}]}\n"
)]
#[case(
    JSON,
    "fields took as ms | filter ispresent(took) | display ms, requestId",
    "ms=1000 requestId=r2\nms=9 requestId=r3\nms=41 requestId=r2\n"
)]
#[case(
    JSON,
    "fields @ingestionTime, @logStream, @log | limit 1",
    "@ingestionTime=2026-09-21 14:13:20.000 @logStream=s @log=123456789012:/shared/json\n"
)]
#[case(
    JSON,
    "fields user.id, items[1].id, items.0.id, user.`user-agent` | filter user.id = 7",
    "user.id=7 items.1.id=b items.0.id=a user.user-agent=x y\n"
)]
#[case(JSON, "fields @@at, ok | filter @@at = 'z'", "@@at=z ok=0\n")]
#[case(JSON, "# all of them\nfilter ok = true # only good ones\n| fields message", "message=three\n")]
#[case(JSON, "filter ok = 0 | fields message", "message=two\n")]
// Conditions.
#[case(JSON, "filter took > 40 | display took", "took=1000\ntook=41\n")]
#[case(JSON, "filter took < 40 or took >= 1e3 | display took", "took=1000\ntook=9\n")]
#[case(JSON, "filter not (took < 40) and level = \"ERROR\" | display requestId", "requestId=r2\n")]
#[case(JSON, "filter level in ['WARN', \"INFO\"] | display level", "level=WARN\nlevel=INFO\n")]
#[case(
    JSON,
    "filter level not in ['WARN', 'INFO'] and ispresent(level) | display message",
    "message=three\nmessage=two\n"
)]
#[case(JSON, "filter took in [9, 41.0] | display took", "took=9\ntook=41\n")]
#[case(JSON, "filter level != 'ERROR' | display level", "level=WARN\nlevel=INFO\n")]
#[case(JSON, "filter @message like /^no \\w+ at/ | display @message", "@message=no JSON at all\n")]
#[case(JSON, "filter @message =~ /(?i)NO json/ | display @message", "@message=no JSON at all\n")]
#[case(JSON, "filter @message like 'JSON' | display @message", "@message=no JSON at all\n")]
#[case(JSON, "filter @message not like /level|type/ | display @message", "@message=no JSON at all\n")]
#[case(JSON, "filter isblank(message) and ispresent(level) | display took", "took=1000\n")]
#[case(
    JSON,
    "filter took % 2 = 1 | display took / 2 as half, -took + 2 ^ 3",
    "half=4.5 -took + 2 ^ 3=-1\nhalf=20.5 -took + 2 ^ 3=-33\n"
)]
#[case(JSON, "filter @timestamp > 1789999990000 | display took", "took=1000\n")]
// Functions.
#[case(
    JSON,
    "filter took = 9 | display strlen(message) as a, toupper(message) as b, substr(message, 1, 3) as c, replace(message, 'e', 'E') as d",
    "a=5 b=THREE c=hre d=thrEE\n"
)]
#[case(
    JSON,
    "filter took = 9 | display concat(level, '-', took) as a, coalesce(nothing, took, 1) as b, if(took > 5, 'much', 'little') as c",
    "a=ERROR-9 b=9 c=much\n"
)]
#[case(
    JSON,
    "filter took = 9 | display trim('  x ') as a, ltrim('xxa', 'x') as b, strcontains(message, 'hr') as c, isValidIpV4(ip) as d, nothing as e",
    "a=x b=a c=1 d=1\n"
)]
#[case(
    JSON,
    "filter took = 9 | display floor(9.7) as a, ceil(9.2) as b, sqrt(took) as c, least(took, 4) as d, took / 0 as e, 1 / 3 as f",
    "a=9 b=10 c=3 d=4 f=0.3333\n"
)]
#[case(
    JSON,
    "filter took = 9 | display datefloor(@timestamp, 1h) as a, dateceil(@timestamp, 5m) as b, toMillis(@timestamp) as c, fromMillis(0) as d",
    "a=2026-09-21 14:00:00.000 b=2026-09-21 14:15:00.000 c=1789999980000 d=1970-01-01 00:00:00.000\n"
)]
// Parts of texts.
#[case(
    TEXT,
    "parse @message 'user=*, took:* ' as user, took | filter user = 'ann' | display user, took + 1",
    "user=ann took + 1=251\n"
)]
#[case(
    TEXT,
    "parse @message /user=(?<who>\\w+), took:(\\d+)/ as ms | filter ispresent(who) | display who, ms",
    "who=ann ms=250\n"
)]
#[case(
    TEXT,
    "fields @requestId | parse 'took:* *' as ms, rest | filter ms > 1",
    "@requestId=8f5b5f5e-1111-4222-8333-abcdefabcdef ms=250 rest=no coupon\n"
)]
// Order and number.
#[case(JSON, "display took | filter ispresent(took) | sort took", "took=9\ntook=41\ntook=1000\n")]
#[case(
    JSON,
    "display level, took | filter ispresent(took) | sort level desc, took asc | limit 2",
    "level=WARN took=1000\nlevel=ERROR took=9\n"
)]
#[case(
    JSON,
    "fields requestId, took | filter ispresent(requestId) | sort @timestamp desc | dedup requestId",
    "requestId=r2 took=1000\nrequestId=r3 took=9\nrequestId=r1\n"
)]
#[case(JSON, "fields level | dedup level | limit 1", "level=WARN\n")]
// Groups.
#[case(JSON, "stats count(*)", "count(*)=6\n")]
#[case(
    JSON,
    "stats count(took) as n, sum(took), avg(took) as mean, max(took) - min(took) as spread",
    "n=3 sum(took)=1050 mean=350 spread=991\n"
)]
#[case(
    JSON,
    "filter ispresent(level) | stats count(*) as n by level | sort n desc, level",
    "level=ERROR n=2\nlevel=INFO n=1\nlevel=WARN n=1\n"
)]
#[case(
    JSON,
    "stats count(*) by bin(30s)",
    "bin(30s)=2026-09-21 14:13:00.000 count(*)=3\nbin(30s)=2026-09-21 14:12:30.000 count(*)=3\n"
)]
#[case(
    JSON,
    "stats count( * ) by bin(30s) as t | sort t asc | filter count(*) > 2 | limit 1",
    "t=2026-09-21 14:12:30.000 count( * )=3\n"
)]
#[case(
    JSON,
    "stats pct(took, 50), median(took) as m, pct(took, 99) as p, stddev(took) as d",
    "pct(took, 50)=41 m=41 p=1000 d=459.805\n"
)]
#[case(
    JSON,
    "stats count_distinct(requestId) as n, earliest(took) as first, latest(took) as last, sortsFirst(level) as a, sortsLast(level) as z",
    "n=3 first=41 last=1000 a=ERROR z=WARN\n"
)]
#[case(JSON, "stats count(*) as n by level | stats max(n) as most, count(*) as kinds", "most=2 kinds=4\n")]
#[case(JSON, "filter level = 'NONE' | stats count(*)", "")]
// Lambda's own lines.
#[case(
    TEXT,
    "filter @type = 'REPORT' | display @requestId, @duration, @billedDuration, @initDuration, @memorySize / 1000 / 1000 as mb, @maxMemoryUsed, @xrayTraceId, @xraySegmentId",
    "@requestId=8f5b5f5e-1111-4222-8333-abcdefabcdef @duration=250.51 @billedDuration=793 @initDuration=542.01 mb=256 @maxMemoryUsed=64000000 @xrayTraceId=1-6a50-b @xraySegmentId=d002\n"
)]
#[case(
    TEXT,
    "stats count(*) as n by @type | sort @type",
    "n=3\n@type=END n=1\n@type=REPORT n=1\n@type=START n=1\n"
)]
#[case(TEXT, "filter @requestId like '8f5b' | stats count(*) as n", "n=5\n")]
#[case(TEXT, "filter order.total > 10 | display order.total", "order.total=12.5\n")]
#[case(
    TEXT,
    "filter @type = \"REPORT\" | stats max(@memorySize / 1000 / 1000) as provisioned, max(@maxMemoryUsed / 1000 / 1000) as used, provisioned - used as over",
    "provisioned=256 used=64 over=192\n"
)]
#[case(
    JSON,
    "filter type = 'platform.report' | stats avg(record.metrics.durationMs) as ms, count(record.metrics.initDurationMs) as cold",
    "ms=3.1 cold=0\n"
)]
fn queries_and_their_results(#[case] group: &str, #[case] query: &str, #[case] expected: &str) {
    let store = logs();
    let answer = finished(&store, &start(&store, &[group], query));
    assert_eq!(answer["status"], "Complete");
    assert_eq!(rows(&answer), expected);
}

#[rstest]
#[case(
    "",
    0,
    0,
    "unexpected end of the query, expected one of fields, display, filter, parse, stats, sort, limit, dedup"
)]
#[case(
    "fields a | pattern b",
    11,
    18,
    "unexpected symbol found: pattern, expected one of fields, display, filter, parse, stats, sort, limit, dedup"
)]
#[case(
    "fields @timestamp, f | count()",
    23,
    28,
    "unexpected symbol found: count, expected one of fields, display, filter, parse, stats, sort, limit, dedup"
)]
#[case("fields é, a b", 12, 13, "unexpected symbol found: b, expected | or the end of the query")]
#[case("filter a =", 10, 10, "unexpected end of the query, expected a field or a value")]
#[case("filter a = 'x", 11, 13, "expected a closing '")]
#[case("filter a like /x", 14, 16, "expected a closing /")]
#[case("filter a like /(?=x)/", 14, 21, "the regular expression is not supported")]
#[case("filter a like b", 14, 15, "unexpected symbol found: b, expected a text or a regular expression")]
#[case("filter a in (1)", 12, 13, "unexpected symbol found: (, expected [")]
#[case("filter a ~ 1", 9, 10, "unexpected symbol found: ~")]
#[case("filter (a = 1", 13, 13, "unexpected end of the query, expected )")]
#[case("filter nope(a)", 7, 11, "unknown function: nope")]
#[case("filter substr(a)", 7, 13, "substr does not take 1 arguments")]
#[case("filter count(*) > 1", 7, 12, "count can only be used in stats")]
#[case("fields bin(5)", 11, 12, "unexpected symbol found: 5, expected a period such as 30s, 5m or 1h")]
#[case("fields bin(5x)", 11, 13, "'5x' is no period such as 30s, 5m or 1h")]
#[case("parse @message 'a * b' as a, b", 15, 22, "1 wildcards, and 2 names")]
#[case("parse @message /a(b)/", 15, 21, "the regular expression names no group: (?<name>...)")]
#[case("limit 0", 6, 7, "limit is a whole number from 1 to 100000")]
#[case("limit 100001", 6, 12, "limit is a whole number from 1 to 100000")]
#[case("limit 1.5", 6, 9, "limit is a whole number from 1 to 100000")]
#[case("dedup a | sort a", 10, 14, "only limit may follow dedup")]
#[case("stats count(*) by a | filter b = 1", 29, 30, "Unknown symbols found in or after stats: b")]
#[case("stats count(*), b by a", 16, 17, "Unknown symbols found in or after stats: b")]
#[case("stats pct(a, 101)", 13, 16, "unexpected symbol found: 101, expected a percentage from 0 to 100")]
fn a_query_that_cannot_be_understood_is_told_where(
    #[case] query: &str,
    #[case] start: u64,
    #[case] end: u64,
    #[case] message: &str,
) {
    let input = json!({ "logGroupName": TEXT, "startTime": 0, "endTime": 1, "queryString": query });
    let (status, body) = ask_at(&logs(), NOW, "StartQuery", &input);
    assert_eq!(
        (status, body),
        (
            400,
            json!({
                "__type": "MalformedQueryException",
                "message": message,
                "queryCompileError": {
                    "location": { "startCharOffset": start, "endCharOffset": end }, "message": message,
                },
            })
        )
    );
}

#[rstest]
#[case(json!({ "queryString": "limit 1", "startTime": 0, "endTime": 1 }), "InvalidParameterException", "Exactly one of")]
#[case(json!({ "queryString": "limit 1", "startTime": 0, "endTime": 1, "logGroupName": TEXT, "logGroupNames": [TEXT] }), "InvalidParameterException", "Exactly one of")]
#[case(json!({ "queryString": "limit 1", "startTime": 2, "endTime": 1, "logGroupName": TEXT }), "InvalidParameterException", "after endTime")]
#[case(json!({ "queryString": "limit 1", "endTime": 1, "logGroupName": TEXT }), "InvalidParameterException", "'startTime' failed to satisfy constraint: Member must not be null")]
#[case(json!({ "queryString": "limit 1", "startTime": 0, "endTime": 1, "logGroupName": TEXT, "limit": 100_001 }), "InvalidParameterException", "'limit'")]
#[case(json!({ "queryString": "limit 1", "startTime": 0, "endTime": 1, "logGroupNames": vec!["x"; 51] }), "InvalidParameterException", "'logGroupNames'")]
#[case(json!({ "queryString": "x".repeat(10_001), "startTime": 0, "endTime": 1, "logGroupName": TEXT }), "InvalidParameterException", "'queryString'")]
#[case(json!({ "queryString": "select 1", "startTime": 0, "endTime": 1, "queryLanguage": "SQL" }), "InvalidParameterException", "'SQL'")]
#[case(json!({ "queryString": "limit 1", "startTime": 0, "endTime": 1, "logGroupNames": [TEXT, "/none"] }), "ResourceNotFoundException", "log group does not exist")]
fn a_query_has_limits(#[case] input: Value, #[case] code: &str, #[case] part: &str) {
    let (found, message) = refused(&logs(), "StartQuery", &input);
    assert_eq!(found, code, "{message}");
    assert!(message.contains(part), "{message}");
}

#[test]
fn several_groups_are_merged_by_time_and_counted_together() {
    let store = logs();
    let arn = format!("arn:aws:logs:eu-central-1:123456789012:log-group:{TEXT}");
    let input = json!({
        "logGroupIdentifiers": [arn, JSON], "startTime": (NOW - 10_000) / 1_000, "endTime": NOW / 1_000,
        "queryString": "fields @log", "limit": 3,
    });
    let id = ask(&store, "StartQuery", &input)["queryId"].clone();
    let answer = finished(&store, id.as_str().unwrap());
    let (text, json) = (format!("@log=123456789012:{TEXT}"), format!("@log=123456789012:{JSON}"));
    assert_eq!(rows(&answer), format!("{text}\n{json}\n{text}\n"));
    let statistics = &answer["statistics"];
    assert_eq!((&statistics["recordsMatched"], &statistics["recordsScanned"]), (&json!(4.0), &json!(4.0)));
    assert_eq!(statistics["logGroupsScanned"], json!(2.0));
    assert!(statistics["bytesScanned"].as_f64().unwrap() > 300.0);
    assert_eq!(answer["queryLanguage"], "CWLI");
}

#[test]
fn the_end_of_a_range_is_the_whole_last_second() {
    let store = store_of(1 << 20);
    let times = [999, 1_000, 2_999, 3_000];
    store.append("g", "s", &times.map(|time| event(time, &time.to_string())), NOW);
    let input =
        json!({ "logGroupName": "g", "startTime": 1, "endTime": 2, "queryString": "fields @message" });
    let id = ask(&store, "StartQuery", &input)["queryId"].clone();
    assert_eq!(rows(&finished(&store, id.as_str().unwrap())), "@message=2999\n@message=1000\n");
}

#[test]
fn a_pointer_leads_to_the_record() {
    let store = logs();
    let answer = finished(&store, &start(&store, &[JSON], "filter took = 41 | fields level"));
    let pointer = &answer["results"][0][1];
    assert_eq!(pointer["field"], "@ptr");
    let record = ask(&store, "GetLogRecord", &json!({ "logRecordPointer": pointer["value"] }));
    let record = &record["logRecord"];
    assert_eq!(record["@timestamp"], (NOW - 30_000).to_string());
    assert_eq!((&record["took"], &record["ok"], &record["@@at"]), (&json!("41"), &json!("0"), &json!("z")));
    let nonsense = json!({ "logRecordPointer": "nonsense" });
    assert_eq!(refused(&store, "GetLogRecord", &nonsense).0, "InvalidParameterException");
    ask(&store, "DeleteLogStream", &json!({ "logGroupName": JSON, "logStreamName": "s" }));
    let gone = json!({ "logRecordPointer": pointer["value"] });
    assert_eq!(refused(&store, "GetLogRecord", &gone).0, "ResourceNotFoundException");
}

#[test]
fn the_fields_of_a_group_are_counted() {
    let fields = ask(&logs(), "GetLogGroupFields", &json!({ "logGroupName": JSON }));
    let percent = |name: &str| {
        let all = fields["logGroupFields"].as_array().unwrap();
        all.iter().find(|field| field["name"] == name).map(|field| field["percent"].as_u64().unwrap())
    };
    assert_eq!(percent("@message"), Some(100));
    assert_eq!(percent("level"), Some(66));
    assert_eq!(percent("record.metrics.durationMs"), Some(16));
    assert_eq!(percent("items.1.id"), Some(16));
    assert_eq!(percent("@ptr"), None);
}

#[test]
fn a_long_query_is_watched_and_stopped() {
    let store = store_of(128 << 20);
    let line = format!("{{\"n\": 1, \"text\": \"{}\"}}", "x".repeat(100));
    let many: Vec<_> = (0..400_000).map(|n| event(n, &line)).collect();
    store.append("g", "s", &many, NOW);
    let id = start(&store, &["g"], "filter text like /(x+x+)+y/ or n = 1 | stats count(*) as n");
    let partial = loop {
        let answer = ask(&store, "GetQueryResults", &json!({ "queryId": id }));
        assert!(["Scheduled", "Running"].contains(&answer["status"].as_str().unwrap()), "{answer}");
        if answer["results"] != json!([]) {
            break answer;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    let count: u64 = partial["results"][0][0]["value"].as_str().unwrap().parse().unwrap();
    assert!((1..400_000).contains(&count), "{count}");
    assert_eq!(partial["status"], "Running");
    let running = ask(&store, "DescribeQueries", &json!({ "status": "Running" }));
    assert_eq!(running["queries"][0]["queryId"], id);

    assert_eq!(ask(&store, "StopQuery", &json!({ "queryId": id })), json!({ "success": true }));
    let stopped = finished(&store, &id);
    assert_eq!(stopped["status"], "Cancelled");
    assert!(stopped["statistics"]["recordsScanned"].as_f64().unwrap() < 400_000.0);
    assert_eq!(refused(&store, "StopQuery", &json!({ "queryId": id })).0, "InvalidParameterException");
    let unknown = json!({ "queryId": "12345678" });
    assert_eq!(refused(&store, "StopQuery", &unknown).0, "ResourceNotFoundException");
    assert_eq!(refused(&store, "GetQueryResults", &unknown).0, "ResourceNotFoundException");
}

#[test]
fn a_hundred_queries_may_run() {
    let store = store_of(64 << 20);
    let many: Vec<_> = (0..100_000).map(|n| event(n, "a line of text")).collect();
    store.append("g", "s", &many, NOW);
    // Some may end meanwhile; more than a hundred never run.
    let ids: Vec<_> = std::iter::from_fn(|| {
        let input = json!({ "logGroupName": "g", "startTime": 0, "endTime": NOW / 1_000, "queryString": "sort @message" });
        let (status, body) = ask_at(&store, NOW, "StartQuery", &input);
        if body["queryId"].is_null() {
            assert_eq!((status, &body["__type"]), (400, &json!("LimitExceededException")));
            assert_eq!(body["message"], "Account maximum query concurrency limit of [100] reached.");
        }
        body["queryId"].as_str().map(str::to_owned)
    })
    .take(2_000)
    .collect();
    assert!((100..2_000).contains(&ids.len()), "{}", ids.len());
    for id in &ids {
        ask_at(&store, NOW, "StopQuery", &json!({ "queryId": id }));
    }
}

#[test]
fn many_rows_come_in_pages_and_queries_are_listed() {
    let store = store_of(64 << 20);
    let many: Vec<_> = (0..12_345).map(|n| event(n, "line")).collect();
    store.append("g", "s", &many, NOW);
    let id = start(&store, &["g"], "fields @timestamp | limit 100000");
    let first = finished(&store, &id);
    assert_eq!(first["results"].as_array().unwrap().len(), 10_000);
    let next = json!({ "queryId": id, "nextToken": first["nextToken"] });
    let second = ask(&store, "GetQueryResults", &next);
    assert_eq!(second["results"].as_array().unwrap().len(), 2_345);
    assert!(second.get("nextToken").is_none());

    let plain = start(&store, &["g"], "fields @timestamp");
    let plain_answer = finished(&store, &plain);
    assert_eq!(plain_answer["results"].as_array().unwrap().len(), 10_000);
    assert!(plain_answer.get("nextToken").is_none(), "10,000 are the default");

    let listed = ask(&store, "DescribeQueries", &json!({ "logGroupName": "g", "maxResults": 1 }));
    assert_eq!(listed["queries"][0]["queryId"], plain);
    let text = format!("SOURCE \"g\" START=0000 END={}999 | fields @timestamp", NOW / 1_000);
    assert_eq!(listed["queries"][0]["queryString"], text);
    assert_eq!(listed["queries"][0]["status"], "Complete");
    let more = json!({ "maxResults": 1, "nextToken": listed["nextToken"] });
    assert_eq!(ask(&store, "DescribeQueries", &more)["queries"][0]["queryId"], id);
    assert_eq!(ask(&store, "DescribeQueries", &json!({ "status": "Scheduled" })), json!({ "queries": [] }));
}

#[test]
fn infrequent_access_can_be_queried_and_delivery_cannot() {
    let store = store_of(1 << 20);
    for (name, class) in [("ia", "INFREQUENT_ACCESS"), ("d", "DELIVERY")] {
        ask(&store, "CreateLogGroup", &json!({ "logGroupName": name, "logGroupClass": class }));
    }
    store.append("ia", "s", &[event(5, "here")], NOW);
    assert_eq!(rows(&finished(&store, &start(&store, &["ia"], "fields @message"))), "@message=here\n");
    let input = json!({ "logGroupName": "d", "startTime": 0, "endTime": 1, "queryString": "limit 1" });
    assert_eq!(refused(&store, "StartQuery", &input).0, "InvalidOperationException");
}
