use proptest::prelude::*;
use rstest::rstest;

use super::*;

const ID: &str = "f6d1a2c8-5b1e-4c55-9f0b-0d2d4c1f1c7a";
const TIME: &str = "2023-12-05T22:14:43.862Z";

fn application<'a>(level: Option<Level>, request_id: Option<&'a str>, message: &'a str) -> LineKind<'a> {
    LineKind::Application { level, request_id: request_id.map(Cow::from), message: message.into() }
}

fn platform(
    event: &'static str,
    request_id: Option<&'static str>,
    status: Option<&'static str>,
) -> LineKind<'static> {
    LineKind::Platform {
        event: event.into(),
        request_id: request_id.map(Cow::from),
        status: status.map(Cow::from),
        error_type: None,
        duration_ms: None,
    }
}

/// Replaces `ID` and `TIME`, and checks the line raw and as it is after sanitising.
fn assert_both(template: &str, expected: &LineKind<'_>) {
    let line = template.replace("ID", ID).replace("TIME", TIME);
    assert_eq!(&classify(&line), expected);
    assert_eq!(&classify(&sanitise_lines(&line)), expected, "sanitised");
}

#[rstest]
#[case("START RequestId: ID Version: $LATEST\n", LineKind::Start { request_id: ID.into(), version: Some("$LATEST".into()), trace_id: None })]
#[case("END RequestId: ID\n", LineKind::End { request_id: ID.into(), status: None, error_type: None })]
#[case(
    "INIT_START Runtime Version: python:3.12.v7\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:x\n",
    LineKind::InitStart { runtime_version: Some("python:3.12.v7".into()) }
)]
#[case("RESTORE_START Runtime Version: java:21.v38\tRuntime Version ARN: x", LineKind::RestoreStart { runtime_version: Some("java:21.v38".into()) })]
#[case(
    "INIT_REPORT Init Duration: 10009.13 ms\tPhase: init\tStatus: timeout\n",
    LineKind::InitReport { init_ms: Some(10009.13), phase: Some("init".into()), status: Some("timeout".into()), error_type: None }
)]
#[case(
    "INIT_REPORT Init Duration: 1.50 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.ExitError",
    LineKind::InitReport {
        init_ms: Some(1.5),
        phase: Some("invoke".into()),
        status: Some("error".into()),
        error_type: Some("Runtime.ExitError".into()),
    }
)]
#[case("RESTORE_REPORT Restore Duration: 511.25 ms", LineKind::RestoreReport { restore_ms: Some(511.25), status: None, error_type: None })]
#[case("TIME ID Task timed out after 3.00 seconds\n\n", LineKind::TimedOut { request_id: ID.into(), seconds: 3.0 })]
#[case("EXTENSION\tName: agent\tState: Ready\tEvents: [INVOKE,SHUTDOWN]", platform("EXTENSION", None, None))]
#[case(
    "RequestId: ID Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n",
    application(
        Some(Level::Error),
        Some(ID),
        "Error: Runtime exited with error: signal: killed\nRuntime.ExitError"
    )
)]
fn platform_text_lines(#[case] line: &str, #[case] expected: LineKind<'_>) {
    assert_both(line, &expected);
}

#[rstest]
#[case::node("TIME\tID\tINFO\thello\n", application(Some(Level::Info), Some(ID), "hello"))]
#[case::node_error(
    "TIME\tID\tERROR\tInvoke Error \t{}\n",
    application(Some(Level::Error), Some(ID), "Invoke Error \t{}")
)]
#[case::node_outside("TIME\tundefined\tWARN\thello", application(Some(Level::Warn), None, "hello"))]
#[case::dotnet("TIME\tID\tfail\thello", application(Some(Level::Error), Some(ID), "hello"))]
#[case::old_node("TIME\tID\thello there", application(None, Some(ID), "hello there"))]
#[case::empty("TIME\tID\tINFO\t\n", application(Some(Level::Info), Some(ID), ""))]
#[case::python("[ERROR]\tTIME\tID\tboom\n", application(Some(Level::Error), Some(ID), "boom"))]
#[case::python_init("[WARNING]\tTIME\t\thello", application(Some(Level::Warn), None, "\thello"))]
#[case::python_raise(
    "[ERROR] KeyError: 'id'\nTraceback (most recent call last):\n  File",
    application(Some(Level::Error), None, "KeyError: 'id'\nTraceback (most recent call last):\n  File")
)]
#[case::indented("[INFO]\tTIME\tID\t  a:\n    b", application(Some(Level::Info), Some(ID), "  a:\n    b"))]
fn lambdas_own_text_formats(#[case] line: &str, #[case] expected: LineKind<'_>) {
    let line = line.replace("ID", ID).replace("TIME", TIME);
    assert_eq!(classify(&line), expected);
    // A tab within the message is spaces by then.
    let LineKind::Application { level, request_id, message } = expected else { panic!() };
    let message = sanitise_lines(&message).into_owned();
    let sanitised = sanitise_lines(&line);
    assert_eq!(classify(&sanitised), LineKind::Application { level, request_id, message: message.into() });
}

#[rstest]
#[case("just a line", None, None)]
#[case("", None, None)]
#[case("REPORT RequestId: ID", None, Some(ID))]
#[case("EXTENSION of the deadline", None, None)]
#[case("START RequestId", None, None)]
#[case("TIME hello ERROR", None, None)]
#[case("TIME ERROR hello", Some(Level::Error), None)]
#[case("2020-09-01 08:31:01 ID INFO  Handler:12 - hi", Some(Level::Info), Some(ID))]
#[case("{not json", None, None)]
#[case("{\"a\":1} and more", None, None)]
fn other_text_is_an_application_line_in_full(
    #[case] line: &str,
    #[case] level: Option<Level>,
    #[case] request_id: Option<&str>,
) {
    let line = line.replace("ID", ID).replace("TIME", TIME);
    assert_eq!(classify(&line), application(level, request_id, &line));
}

#[rstest]
#[case(
    r#"{"timestamp":"T","level":"ERROR","requestId":"r-1","message":"boom"}"#,
    Some(Level::Error),
    Some("r-1"),
    "boom"
)]
#[case::java(
    r#"{"timestamp":"T","level":"WARN","AWSRequestId":"r-1","message":"hi"}"#,
    Some(Level::Warn),
    Some("r-1"),
    "hi"
)]
#[case::powertools(
    r#"{"level":"INFO","location":"h:1","message":{"a":1},"function_request_id":"r-1"}"#,
    Some(Level::Info),
    Some("r-1"),
    r#"{"a":1}"#
)]
#[case::pino(r#"{"level":50,"time":1,"msg":"boom"}"#, Some(Level::Error), None, "boom")]
#[case::nested(r#"{"level":"INFO","message":"{\"a\":1}"}"#, Some(Level::Info), None, r#"{"a":1}"#)]
#[case::escape(
    r#"{"level":"INFO","message":"\u001b[2Ja\u202eb\r\nc"}"#,
    Some(Level::Info),
    None,
    "␛[2Ja⟨U+202E⟩b\nc"
)]
#[case::escaped_id(r#"{"requestId":"a\u001b","message":""}"#, None, Some("a␛"), "")]
#[case::node_error(
    r#"{"level":"ERROR","requestId":"r-1","errorType":"TypeError","errorMessage":"x is \"y\"","stackTrace":[]}"#,
    Some(Level::Error), Some("r-1"), "TypeError: x is \"y\""
)]
#[case::error_message_only(r#"{"errorMessage":"boom"}"#, None, None, "boom")]
#[case::no_message(r#"{"order":17}"#, None, None, r#"{"order":17}"#)]
#[case::twice(r#"{"message":"one","msg":"two","level":"bogus"}"#, None, None, "one")]
#[case::spoofed_type(r#"{"type":"order","record":{"requestId":"x"},"message":"m"}"#, None, None, "m")]
#[case::platform_without_record(r#"{"type":"platform.start","message":"m"}"#, None, None, "m")]
fn json_application_lines(
    #[case] line: &str,
    #[case] level: Option<Level>,
    #[case] request_id: Option<&str>,
    #[case] message: &str,
) {
    assert_eq!(classify(line), application(level, request_id, message));
}

#[rstest]
#[case(
    r#"{"time":"T","type":"platform.initStart","record":{"initializationType":"on-demand","phase":"init","runtimeVersion":"nodejs:22.v1"}}"#,
    LineKind::InitStart { runtime_version: Some("nodejs:22.v1".into()) }, false
)]
#[case(
    r#"{"type":"platform.start","record":{"requestId":"r-1","version":"$LATEST"}}"#,
    LineKind::Start { request_id: "r-1".into(), version: Some("$LATEST".into()), trace_id: None }, false
)]
#[case(
    r#"{"type":"platform.start","record":{"requestId":"r-1","tracing":{"value":"Root=1-6a50-ab;Parent=c;Sampled=1"}}}"#,
    LineKind::Start { request_id: "r-1".into(), version: None, trace_id: Some("1-6a50-ab".into()) }, false
)]
#[case(
    r#"{"type":"platform.runtimeDone","record":{"requestId":"r-1","status":"timeout","metrics":{"durationMs":3.0}}}"#,
    LineKind::End { request_id: "r-1".into(), status: Some("timeout".into()), error_type: None }, true
)]
#[case(
    r#"{"type":"platform.runtimeDone","record":{"requestId":"r-1","status":"failure","errorType":"Runtime.ExitError"}}"#,
    LineKind::End {
        request_id: "r-1".into(),
        status: Some("failure".into()),
        error_type: Some("Runtime.ExitError".into()),
    }, true
)]
#[case(
    r#"{"type":"platform.initReport","record":{"phase":"init","status":"error","errorType":"Runtime.X","metrics":{"durationMs":2.5}}}"#,
    LineKind::InitReport {
        init_ms: Some(2.5),
        phase: Some("init".into()),
        status: Some("error".into()),
        error_type: Some("Runtime.X".into()),
    }, true
)]
#[case(
    r#"{"type":"platform.restoreReport","record":{"status":"success","metrics":{"durationMs":2.5}}}"#,
    LineKind::RestoreReport { restore_ms: Some(2.5), status: Some("success".into()), error_type: None }, false
)]
#[case(
    r#"{"type":"platform.restoreReport","record":{"status":"failure","errorType":"Runtime.RestoreHookUserError"}}"#,
    LineKind::RestoreReport {
        restore_ms: None,
        status: Some("failure".into()),
        error_type: Some("Runtime.RestoreHookUserError".into()),
    }, true
)]
#[case(
    r#"{"type":"platform.logsDropped","record":{"droppedBytes":12345,"droppedRecords":123,"reason":"Consumer seems to have fallen behind"}}"#,
    LineKind::LogsDropped { records: 123, bytes: 12345, reason: Some("Consumer seems to have fallen behind".into()) }, false
)]
#[case(
    r#"{"type":"platform.initRuntimeDone","record":{"status":"failure"}}"#,
    platform("platform.initRuntimeDone", None, Some("failure")),
    true
)]
#[case(
    r#"{"type":"platform.report","record":{"requestId":"r-1","metrics":{"durationMs":3.0},"status":"error"}}"#,
    LineKind::Platform {
        event: "platform.report".into(),
        request_id: Some("r-1".into()),
        status: Some("error".into()),
        error_type: None,
        duration_ms: Some(3.0),
    }, true
)]
fn json_platform_events(#[case] line: &str, #[case] expected: LineKind<'_>, #[case] error: bool) {
    let kind = classify(line);
    assert_eq!(kind, expected);
    assert_eq!(kind.is_error(), error);
    assert!(kind.is_platform());
}

#[test]
fn what_is_an_error() {
    let timed_out = format!("{TIME} {ID} Task timed out after 3.00 seconds");
    assert!(classify(&timed_out).is_error());
    let report = format!(
        "REPORT RequestId: {ID}\tDuration: 1 ms\tBilled Duration: 1 ms\tMemory Size: 1 MB\tMax Memory Used: 1 MB"
    );
    assert!(!classify(&report).is_error());
    assert!(classify(&format!("{report}\tStatus: timeout")).is_error());
    assert!(classify("[ERROR] boom").is_error());
    assert!(!classify("[WARNING] hm").is_error());
    assert!(!classify("an error").is_error());
}

#[test]
fn the_request_id_of_a_line() {
    let report = format!(
        "REPORT RequestId: {ID}\tDuration: 1 ms\tBilled Duration: 1 ms\tMemory Size: 1 MB\tMax Memory Used: 1 MB"
    );
    for line in [format!("START RequestId: {ID} Version: 1"), format!("END RequestId: {ID}"), report] {
        assert_eq!(classify(&line).request_id(), Some(ID), "{line}");
    }
    assert_eq!(classify("INIT_START Runtime Version: x").request_id(), None);
}

#[test]
fn a_plain_message_is_borrowed() {
    let line = r#"{"level":"INFO","message":"hello"}"#;
    assert!(matches!(classify(line), LineKind::Application { message: Cow::Borrowed("hello"), .. }));
}

#[test]
fn a_message_that_begins_with_a_combining_mark_stays_neutral() {
    let line = sanitise_lines("[ERROR]\t\u{113e1}0").into_owned();
    let LineKind::Application { message, .. } = classify(&line) else { panic!("{line:?}") };
    assert!(matches!(sanitise_lines(&message), Cow::Borrowed(_)), "{message:?}");
}

proptest! {
    /// Whatever follows a known beginning: no panic, and neutral text stays neutral.
    #[test]
    fn any_text_is_classified(
        start in prop::sample::select(vec![
            "", "START RequestId: ", "END RequestId: ", "INIT_REPORT ", "RESTORE_REPORT ", "RequestId: ", "EXTENSION\t",
            "[ERROR]\t", "2023-12-05T22:14:43.862Z\t", "{\"message\":\"", "{\"type\":\"platform.", "level=", "␛[",
        ]),
        text in any::<String>(),
        end in prop::sample::select(vec!["", "\"}", "m", "]", " seconds"]),
    ) {
        let line = format!("{start}{text}{end}");
        let _ = classify(&line);
        let line = sanitise_lines(&line);
        if let LineKind::Application { message, .. } = classify(&line) {
            prop_assert!(matches!(sanitise_lines(&message), Cow::Borrowed(_)), "{message:?}");
        }
    }

    #[test]
    fn json_is_decoded_and_neutral(message in any::<String>(), id in any::<String>()) {
        let line = serde_json::json!({ "level": "INFO", "requestId": id, "message": message }).to_string();
        let expected = sanitise_lines(&message);
        let LineKind::Application { level, request_id, message } = classify(&line) else { panic!() };
        prop_assert_eq!(level, Some(Level::Info));
        prop_assert_eq!(request_id, Some(sanitise(&id)));
        prop_assert_eq!(message, expected);
    }
}
