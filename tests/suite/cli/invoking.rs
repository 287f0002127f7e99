//! `invoke`.

mod repeating;
mod sending;
mod streaming;

use rstest::rstest;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::{PATIENCE, run_on};
use crate::support::fault_server::{Fault, FaultServer, Reply};
use crate::support::terminal::{Exit, Launch};

const LOG: &str = "START RequestId: r Version: 7\n\u{1b}[2Jworking\nEND RequestId: r\n\
                   REPORT RequestId: r\tDuration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\t\
                   Max Memory Used: 64 MB\tInit Duration: 200.10 ms\t\n";

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// A server whose function answers this.
fn answering(payload: impl Into<bytes::Bytes>) -> FaultServer {
    let server = FaultServer::start();
    server.always("Invoke", Fault::Answer(reply(payload)));
    server
}

fn reply(payload: impl Into<bytes::Bytes>) -> Reply {
    Reply::new(200, "application/json", payload)
        .header("x-amz-executed-version", "7")
        .header("x-amz-log-result", &base64(LOG))
}

#[rstest]
#[case(b"{\"big\": 12345678901234567890.10,  \"a\":\"\xc3\xa9\"}\n".as_slice())]
#[case(b"null")]
#[case(b"")]
#[case(b"\x1b[2J not JSON \xff")]
fn the_response_is_passed_on_byte_by_byte(#[case] payload: &'static [u8]) {
    let server = answering(payload);
    let ended = run_on(&server, ["invoke", "f"]).end().well();
    assert_eq!(ended.stdout, payload);
    let line = ended.stderr.trim_end();
    for part in ["status 200", "version 7", "12.3 ms", "billed 13 ms", "64 of 128 MB", "200 ms"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
}

#[test]
fn what_is_sent_is_what_was_given() {
    let server = answering("1");
    let sent = |run: super::Run| {
        run.end().well();
        String::from_utf8(server.requests("Invoke").last().unwrap().body.clone()).unwrap()
    };
    let event = "{\"b\": 1.0, \"a\":\n[1e400, \"\u{202e}\"], \"a\": 2}";
    assert_eq!(sent(run_on(&server, ["invoke", "f", "--payload", event])), event);
    assert_eq!(sent(run_on(&server, ["invoke", "f", "--payload", "-"]).stdin(event)), event);
    assert_eq!(sent(run_on(&server, ["invoke", "f", "--payload", "@e.json"]).file("e.json", event)), event);
    assert_eq!(sent(run_on(&server, ["invoke", "f", "--payload", "-1"])), "-1");
    assert_eq!(sent(run_on(&server, ["invoke", "f"])), "{}");
}

#[test]
fn a_name_may_carry_its_qualifier() {
    let server = answering("1");
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:f:live";
    for name in ["f:live", arn] {
        run_on(&server, ["invoke", name]).end().well();
        let requests = server.requests("Invoke");
        assert_eq!(requests.last().unwrap().parameter("Qualifier"), Some("live"), "{name}");
    }
    let path = &server.requests("Invoke")[1].path;
    assert!(path.contains("function%3Af/") || path.contains("function:f/"), "{path}");
}

#[rstest]
#[case("{\n  \"card\": canary\n}", "line 2 column 11")]
#[case("", "line 1 column 1")]
#[case("{} {}", "line 1 column 4")]
#[case("canary", "line 1 column 1")]
fn what_is_not_json_is_not_sent(#[case] payload: &str, #[case] place: &str) {
    let server = answering("1");
    let ended = run_on(&server, ["invoke", "f", "--payload", "-"]).stdin(payload).end().failed(2);
    assert!(ended.stderr.contains(place), "{}", ended.stderr);
    assert!(!ended.stderr.contains("canary"), "{}", ended.stderr);
    assert_eq!(server.count("*"), 0);
}

#[test]
fn what_is_too_large_is_not_sent() {
    let server = answering("1");
    let megabyte = format!("\"{}\"", "x".repeat(1024 * 1024));
    run_on(&server, ["invoke", "f", "--payload", "-", "--async"]).stdin(&megabyte).end().failed(2);
    assert_eq!(server.count("*"), 0);
    run_on(&server, ["invoke", "f", "--payload", "-"]).stdin(&megabyte).end().well();
}

#[test]
fn a_function_that_failed_is_told_from_one_that_answered() {
    let server = FaultServer::start();
    let error = r#"{"errorMessage":"no such coupon","errorType":"CouponError"}"#;
    let answer = reply(error).header("x-amz-function-error", "Unhandled");
    server.always("Invoke", Fault::Answer(answer));
    let ended = run_on(&server, ["invoke", "f"]).end();
    assert_eq!(ended.code, Some(7), "{ended:?}");
    assert_eq!(ended.text(), error);
    let last = ended.stderr.lines().last().unwrap();
    assert!(last.starts_with("error: f failed (Unhandled)"), "{last}");
    assert!(!ended.stderr.contains("coupon"), "{}", ended.stderr);

    let ended = run_on(&server, ["invoke", "f", "--output", "json"]).end();
    assert_eq!(ended.code, Some(7), "{ended:?}");
    assert_eq!(ended.json()["FunctionError"], "Unhandled");
    assert_eq!(ended.json()["Payload"]["errorType"], "CouponError");
}

#[test]
fn the_log_tail_goes_to_stderr_neutralised() {
    let server = answering("1");
    let ended = run_on(&server, ["invoke", "f", "--tail"]).end().well();
    assert_eq!(ended.text(), "1");
    assert!(ended.stderr.contains("working"), "{}", ended.stderr);
    assert!(!ended.stderr.contains('\u{1b}'), "{:?}", ended.stderr);
}

#[test]
fn json_holds_everything_and_the_response_to_its_last_digit() {
    let server = answering("{\"n\": 12345678901234567890.10, \"t\": \"\u{202e}\"}");
    let ended = run_on(&server, ["invoke", "f", "--output", "json"]).end().quietly();
    assert!(ended.text().contains("12345678901234567890.10"), "{}", ended.text());
    assert!(!ended.text().contains(['\u{202e}', '\u{1b}']), "{}", ended.text());
    let mut whole = ended.json();
    assert!(whole["ElapsedMs"].take().is_u64());
    assert!(whole["RequestId"].take().as_str().unwrap().starts_with("00000000-"));
    assert_eq!(whole["Payload"].take()["t"], "\u{202e}");
    assert_eq!(
        whole,
        json!({
            "StatusCode": 200,
            "ExecutedVersion": "7",
            "Payload": null,
            "LogTail": LOG,
            "RequestId": null,
            "DurationMs": 12.34,
            "BilledDurationMs": 13,
            "InitDurationMs": 200.1,
            "MemorySize": 128,
            "MaxMemoryUsed": 64,
            "ElapsedMs": null,
        })
    );
}

#[rstest]
#[case("--async", "Event", 202, "queued")]
#[case("--dry-run", "DryRun", 204, "dry run")]
fn an_invocation_without_a_response_says_so(
    #[case] flag: &str,
    #[case] kind: &str,
    #[case] status: u16,
    #[case] word: &str,
) {
    let server = FaultServer::start();
    server.always("Invoke", Fault::Answer(Reply::new(status, "application/json", "")));
    let ended = run_on(&server, ["invoke", "f", flag]).end().well();
    assert_eq!(ended.text(), "");
    assert!(ended.stderr.contains(&format!("status {status}, {word}")), "{}", ended.stderr);
    assert_eq!(server.requests("Invoke")[0].header("x-amz-invocation-type"), Some(kind));
    let ended = run_on(&server, ["invoke", "f", flag, "--output", "json"]).end().quietly();
    assert_eq!(
        (ended.json()["StatusCode"].clone(), ended.json()["Payload"].clone()),
        (status.into(), Value::Null)
    );
}

#[rstest]
#[case(Signal::INT, 130)]
#[case(Signal::TERM, 143)]
#[case(Signal::HUP, 129)]
fn a_signal_says_that_the_invocation_goes_on(#[case] signal: Signal, #[case] code: i32) {
    let server = FaultServer::start();
    server.always("Invoke", Fault::Hang);
    let started = run_on(&server, ["invoke", "f"]).start();
    server.wait_arrived("Invoke", 1, PATIENCE);
    started.signal(signal);
    let ended = started.end().failed(code);
    assert!(ended.stderr.contains("outcome unknown"), "{}", ended.stderr);
    assert_eq!(server.count("Invoke"), 1);
}

#[test]
fn a_signal_before_anything_was_sent_ends_it_quietly() {
    let server = FaultServer::start();
    server.always("ListFunctions", Fault::Hang);
    let started = run_on(&server, ["list"]).start();
    server.wait_arrived("ListFunctions", 1, PATIENCE);
    started.signal(Signal::INT);
    let ended = started.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(130), ""));
}

#[test]
fn on_a_terminal_the_response_cannot_steer_it() {
    let server = answering("\u{1b}]0;owned\u{7}\u{1b}[2J");
    let terminal = Launch::lambdeck(["invoke", "f"])
        .env("AWS_ENDPOINT_URL", server.endpoint())
        .env("AWS_ACCESS_KEY_ID", "A")
        .env("AWS_SECRET_ACCESS_KEY", "s")
        .env("NO_COLOR", "1")
        .start();
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
    assert!(raw.contains("owned") && !raw.contains('\u{1b}'), "{raw:?}");
    // The line of figures begins in the first column.
    assert!(terminal.screen().lines().any(|line| line.starts_with("status 200")), "{}", terminal.screen());
}
