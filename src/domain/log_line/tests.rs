use proptest::{prelude::*, test_runner::RngSeed};
use rstest::rstest;

use super::*;

const ID: &str = "8f5c6d2e-0000-4000-8000-000000000001";

fn folded(message: &str) -> (Option<Level>, String) {
    let folded = fold(message, READ);
    (folded.level, folded.text.into_owned())
}

#[rstest]
#[case::lambda_node(
    r#"{"timestamp":"2026-11-20T14:00:00.195Z","level":"INFO","requestId":"8f5c6d2e-0000-4000-8000-000000000001","message":"priced 3 items"}"#,
    Level::Info,
    "priced 3 items"
)]
#[case::lambda_java(
    r#"{"timestamp":"2026-11-20T14:00:00.195Z","level":"WARN","AWSRequestId":"8f5c6d2e-0000-4000-8000-000000000001","message":"slow","loggerName":"app"}"#,
    Level::Warn,
    "slow loggerName=app"
)]
#[case::json_in_the_message(
    r#"{"timestamp":"2026-11-20T14:00:00Z","level":"INFO","requestId":"x","message":"{\"level\":50,\"time\":1795183402123,\"pid\":8,\"msg\":\"no stock\",\"sku\":\"A 1\"}"}"#,
    Level::Error,
    "no stock sku=\"A 1\" requestId=x pid=8"
)]
#[case::an_object_as_the_message(
    r#"{"timestamp":"2026-11-20T14:00:00Z","level":"INFO","message":{"order":{"id":7,"items":[1,2]},"ok":true}}"#,
    Level::Info,
    "order.id=7 order.items=[1,2] ok=true"
)]
#[case::powertools(
    r#"{"level":"INFO","location":"handler:12","message":"Collecting payment","timestamp":"2026-11-20 14:00:00,195+0000","service":"payment","cold_start":true,"function_name":"pay","function_request_id":"8f5c6d2e-0000-4000-8000-000000000001","amount":12.50}"#,
    Level::Info,
    "Collecting payment amount=12.50 location=handler:12 service=payment cold_start=true function_name=pay"
)]
#[case::pino(
    r#"{"level":30,"time":1795183402123,"pid":8,"hostname":"169.254.1.1","req":{"id":1,"url":"/a"},"msg":"request"}"#,
    Level::Info,
    "request req.id=1 req.url=/a pid=8 hostname=169.254.1.1"
)]
#[case::winston(
    r#"{"level":"warn","message":"cache is cold","took":12}"#,
    Level::Warn,
    "cache is cold took=12"
)]
#[case::structlog(
    r#"{"event":"order placed","level":"info","timestamp":"2026-11-20T14:00:00Z","order":"42"}"#,
    Level::Info,
    "order placed order=42"
)]
#[case::slog(
    r#"{"time":"2026-11-20T14:00:00.1Z","level":"DEBUG","msg":"started","port":8080}"#,
    Level::Debug,
    "started port=8080"
)]
#[case::zap(
    r#"{"level":"error","ts":1795183402.1,"caller":"a/b.go:12","msg":"failed","error":"EOF","stacktrace":"main.run\n\ta/b.go:12"}"#,
    Level::Error,
    "failed caller=a/b.go:12 error=EOF\nmain.run\n    a/b.go:12"
)]
#[case::logrus(
    r#"{"level":"fatal","msg":"no database","time":"2026-11-20T14:00:00Z"}"#,
    Level::Fatal,
    "no database"
)]
#[case::serilog(
    r#"{"@t":"2026-11-20T14:00:00Z","@mt":"Hello {Name}","@l":"Warning","Name":"you","@x":"System.Exception: no\n   at A.B()"}"#,
    Level::Warn,
    "Hello {Name} Name=you\nSystem.Exception: no\n   at A.B()"
)]
#[case::ecs(
    r#"{"@timestamp":"2026-11-20T14:00:00Z","log.level":"error","message":"no","error.stack_trace":"E: no\n\tat x"}"#,
    Level::Error,
    "no\nE: no\n    at x"
)]
#[case::google(r#"{"severity":"NOTICE","message":"hi"}"#, Level::Info, "hi")]
fn loggers(#[case] line: &str, #[case] level: Level, #[case] text: &str) {
    assert_eq!(folded(line), (Some(level), text.to_owned()));
    let nested = format!("2026-11-20T14:00:00.195Z\t{ID}\tDEBUG\t{line}\n");
    assert_eq!(folded(&nested), (Some(level), text.to_owned()), "behind Node's prefix");
    let nested = format!("[INFO]\t2026-11-20T14:00:00.195Z\t{ID}\t{line}\n");
    assert_eq!(folded(&nested), (Some(level), text.to_owned()), "behind Python's prefix");
}

#[rstest]
#[case::an_error_that_was_not_caught(
    r#"{"timestamp":"2026-11-20T14:00:00Z","level":"ERROR","requestId":"8f5c6d2e-0000-4000-8000-000000000001","errorType":"KeyError","errorMessage":"'price'","stackTrace":["  File \"/var/task/app.py\", line 7, in handler\n    return x\n","  File b"]}"#,
    "KeyError: 'price'\n  File \"/var/task/app.py\", line 7, in handler\n    return x\n  File b"
)]
#[case::nodes_text(
    "2026-11-20T14:00:00.195Z\t8f5c6d2e-0000-4000-8000-000000000001\tERROR\tInvoke Error \t{\"errorType\":\"Error\",\"errorMessage\":\"no stock\",\"stack\":[\"Error: no stock\",\"    at handler (/var/task/index.js:3:9)\"]}",
    "Invoke Error Error: no stock\nError: no stock\n    at handler (/var/task/index.js:3:9)"
)]
#[case::its_first_line_says_it_already(
    r#"{"level":50,"errorType":"Error","errorMessage":"no","stack":["Error: no","    at x"]}"#,
    "Error: no\n    at x"
)]
#[case::an_error_object(
    r#"{"level":50,"err":{"type":"TypeError","message":"x is not a function","stack":"TypeError: x is not a function\n    at y","code":"E1"},"msg":"failed"}"#,
    "failed err.code=E1\nTypeError: x is not a function\n    at y"
)]
fn errors_have_their_stack_traces_below(#[case] line: &str, #[case] text: &str) {
    assert_eq!(folded(line), (Some(Level::Error), text.to_owned()));
}

#[rstest]
#[case::deep(r#"{"a":{"b":{"c":{"d":1}}}}"#, "a.b.c={…}")]
#[case::empty(r#"{"a":{},"b":[],"c":"","d":null}"#, r#"a={} b=[] c="" d=null"#)]
#[case::quoted(r#"{"a":"x y","b":"q\"q","c":"1=2","d":"l\nm"}"#, r#"a="x y" b="q\"q" c="1=2" d="l\nm""#)]
#[case::controls(r#"{"a":"\u001b[31m","msg":"\u202e\u0007"}"#, "⟨U+202E⟩␇ a=\"␛[31m\"")]
#[case::an_empty_object("{}", "{}")]
#[case::no_json(r#"{"a":1"#, r#"{"a":1"#)]
#[case::a_duration_is_no_time(r#"{"msg":"m","time":0.35}"#, "m time=0.35")]
#[case::metrics(
    r#"{"_aws":{"Timestamp":1795183402123,"CloudWatchMetrics":[{}]},"Orders":3}"#,
    "Orders=3 _aws={…}"
)]
#[case::an_id_of_their_own(
    r#"{"msg":"m","request_id":"8f5c6d2e-0000-4000-8000-000000000001"}"#,
    "m request_id=8f5c6d2e…"
)]
#[case::an_unknown_level(r#"{"msg":"m","level":"loud"}"#, "m level=loud")]
#[case::a_message_of_several_lines(r#"{"msg":"a\nb\r\nc","k":1}"#, "a k=1\nb\nc")]
fn members(#[case] line: &str, #[case] text: &str) {
    assert_eq!(folded(line), (None, text.to_owned()));
}

#[rstest]
#[case("START RequestId: r Version: 7\n", "START RequestId: r Version: 7")]
#[case(
    r#"{"time":"2026-11-20T14:00:00Z","type":"platform.start","record":{"requestId":"r","version":"7"}}"#,
    "START RequestId: r Version: 7"
)]
#[case(
    r#"{"time":"","type":"platform.initStart","record":{"runtimeVersion":"python:3.13.v7"}}"#,
    "INIT_START Runtime Version: python:3.13.v7"
)]
#[case(
    r#"{"time":"","type":"platform.runtimeDone","record":{"requestId":"r","status":"success"}}"#,
    "END RequestId: r"
)]
#[case(
    r#"{"time":"","type":"platform.runtimeDone","record":{"requestId":"r","status":"timeout"}}"#,
    "END RequestId: r Status: timeout"
)]
#[case(r#"{"time":"","type":"platform.logsDropped","record":{"droppedRecords":12,"droppedBytes":3400,"reason":"too fast"}}"#, "Lambda dropped 12 log events (3.4kB): too fast")]
#[case(
    r#"{"time":"","type":"platform.extension","record":{"name":"x","state":"Ready"}}"#,
    "platform.extension"
)]
fn lines_of_the_platform(#[case] line: &str, #[case] text: &str) {
    let folded = fold(line, READ);
    assert!(folded.platform);
    assert_eq!(folded.text, text);
}

#[test]
fn a_report_is_one_line_with_x_ray_too() {
    let line = "REPORT RequestId: r\tDuration: 1.00 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\t\nXRAY TraceId: 1-2-3\tSegmentId: 4\tSampled: true\t\n";
    let folded = fold(line, READ);
    assert_eq!(folded.lines().count(), 1, "{}", folded.text);
    assert!(folded.text.contains("XRAY TraceId: 1-2-3"));
}

#[test]
fn names_are_told_from_values() {
    let folded = fold(r#"{"msg":"m","a":1,"b":{"c":"x"}}"#, READ);
    let names: Vec<&str> = folded.keys.iter().map(|range| &folded.text[range.clone()]).collect();
    assert_eq!((folded.text.as_ref(), names), ("m a=1 b.c=x", vec!["a=", "b.c="]));
}

#[test]
fn what_lies_behind_the_limit_is_not_read() {
    let long = "x".repeat(1 << 20);
    for start in ["", "[INFO]\t2026-11-20T14:00:00.195Z\t", r#"{"level":"info","k":1,"message":""#] {
        let folded = fold(&format!("{start}{long}"), 1000).text.into_owned();
        let other = format!("{start}{}\u{1b}\n\u{202e}{}", "x".repeat(2000), "y".repeat(9));
        assert_eq!(fold(&other, 1000).text, folded);
        assert!(fold(&other, 1000).cut);
        assert!(folded.len() <= 1000);
    }
    let cut = fold(r#"{"level":"warn","k":1,"message":"hello there, this is long"}"#, 50);
    assert_eq!(
        (cut.level, cut.text.as_ref(), cut.cut),
        (Some(Level::Warn), r#"k=1 "message":"hello there, this"#, true)
    );
}

#[test]
fn long_names_are_not_written_again_and_again() {
    let inner: Vec<String> = (0..500).map(|n| format!("\"{n}\":1")).collect();
    let line = format!("{{\"{}\":{{{}}}}}", "k".repeat(8000), inner.join(","));
    assert!(fold(&line, READ).text.len() <= READ);
    let deep = format!("{}1{}", "{\"a\":".repeat(1000), "}".repeat(1000));
    assert!(fold(&deep, READ).text == "a.a.a={…}");
}

fn same_every_time(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

fn values() -> impl Strategy<Value = serde_json::Value> {
    let names = prop_oneof![
        "[a-z]{1,4}",
        any::<String>(),
        prop::sample::select(vec![
            "message",
            "level",
            "stack",
            "err",
            "time",
            "requestId",
            "type",
            "@mt",
            "record"
        ])
        .prop_map(str::to_owned)
    ];
    let leaf = prop_oneof![
        any::<String>().prop_map(serde_json::Value::from),
        "[a-z \n\r\t\u{301}\u{202e}\u{1b}{}\"]{0,40}".prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
    ];
    leaf.prop_recursive(4, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec((names.clone(), inner.clone()), 0..6)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            prop::collection::vec(inner, 0..4).prop_map(serde_json::Value::from),
        ]
    })
}

fn holds(message: &str, limit: usize) -> Result<(), TestCaseError> {
    let folded = fold(message, limit);
    prop_assert_eq!(sanitise_lines(&folded.text), folded.text.as_ref(), "it is sanitised");
    for range in &folded.keys {
        prop_assert!(folded.text[range.clone()].ends_with('='));
    }
    let lines: Vec<&str> = folded.lines().map(|range| &folded.text[range]).collect();
    prop_assert!(!lines.is_empty());
    prop_assert_eq!(lines.join("\n"), folded.text.as_ref());
    // A byte becomes a mark of as many as eleven, and a stack trace comes on top of its members.
    prop_assert!(folded.text.len() <= 40 * limit.max(200), "{} bytes of {limit}", folded.text.len());
    Ok(())
}

proptest! {
    #![proptest_config(same_every_time(256))]
    #[test]
    fn any_text_is_shown_and_sanitised(message in any::<String>(), limit in 0..200_usize) {
        holds(&message, limit)?;
        holds(&message, READ)?;
    }

    #[test]
    fn any_json_is_shown_and_sanitised(value in values(), limit in 0..400_usize) {
        let message = value.to_string();
        holds(&message, limit)?;
        holds(&message, READ)?;
        let wrapped = serde_json::json!({ "level": "INFO", "message": message }).to_string();
        holds(&wrapped, READ)?;
    }
}
