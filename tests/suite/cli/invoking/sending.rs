//! What is sent, where it comes from, and the exit code that says how it ended.

use rstest::rstest;
use serde_json::{Value, json};

use super::super::{Run, run_on};
use super::{answering, base64};
use crate::support::fault_server::{Fault, FaultServer};

fn last_body(server: &FaultServer) -> Value {
    server.requests("Invoke").last().unwrap().json()
}

#[test]
fn a_template_is_filled_in_for_the_function() {
    let server = answering("1");
    run_on(&server, ["invoke", "checkout:live", "--event", "S3-Put"]).end().well();
    let event = last_body(&server);
    assert_eq!(event["Records"][0]["eventSource"], "aws:s3");
    assert_eq!(event["Records"][0]["awsRegion"], "eu-west-1");
    assert_eq!(server.requests("Invoke")[0].parameter("Qualifier"), Some("live"));
    // Two of them differ: their ids are made anew.
    run_on(&server, ["invoke", "checkout", "--event", "s3-put"]).end().well();
    assert_ne!(last_body(&server), event);
}

#[test]
fn a_template_that_is_not_there_is_not_sent() {
    let server = answering("1");
    let ended = run_on(&server, ["invoke", "f", "--event", "s3-putt"]).end().failed(3);
    assert!(ended.stderr.contains("s3-put"), "{}", ended.stderr);
    // What was meant as a payload is not quoted.
    let ended = run_on(&server, ["invoke", "f", "--event", "{\"card\": \"canary\"}"]).end().failed(2);
    assert!(ended.stderr.contains("--payload") && !ended.stderr.contains("canary"), "{}", ended.stderr);
    assert_eq!(server.count("*"), 0);
}

#[test]
fn tenant_and_client_context_go_along() {
    let server = answering("1");
    let context = r#"{"custom": {"who": "é"}}"#;
    let sent = |run: Run| {
        run.end().well();
        let request = server.requests("Invoke").pop().unwrap();
        assert_eq!(request.header("x-amz-client-context"), Some(&*base64(context)));
        assert_eq!(request.header("x-amz-tenant-id"), Some("blue team/1"));
    };
    let arguments = ["invoke", "f", "--tenant", "blue team/1", "--client-context"];
    sent(run_on(&server, [&arguments[..], &[context]].concat()));
    sent(run_on(&server, [&arguments[..], &["@c.json"]].concat()).file("c.json", context));
}

#[rstest]
#[case(&["--client-context", "[\"canary\"]"], "must be a JSON object")]
#[case(&["--client-context", "canary"], "not JSON")]
#[case(&["--client-context", "@long.json"], "at most")]
#[case(&["--client-context", "@nothing.json"], "can't read the client context")]
#[case(&["--tenant", "a\u{1b}b"], "a tenant id has at most 256 characters")]
#[case(&["--payload", "1", "--event", "s3-put"], "cannot be used with")]
#[case(&["--stream", "--async"], "cannot be used with")]
#[case(&["--stream", "--dry-run"], "cannot be used with")]
#[case(&["--concurrency", "3"], "--repeat")]
#[case(&["--yes"], "--repeat")]
#[case(&["--confirm", "f"], "--repeat")]
#[case(&["--repeat", "2", "--tail"], "cannot be used with")]
#[case(&["--repeat", "0"], "1..=10000")]
#[case(&["--repeat", "10001"], "1..=10000")]
#[case(&["--repeat", "1", "--concurrency", "101"], "1..=100")]
fn what_makes_no_sense_is_not_sent(#[case] arguments: &[&str], #[case] says: &str) {
    let server = answering("1");
    let long = format!("{{\"canary\": \"{}\"}}", "x".repeat(2700));
    let ended =
        run_on(&server, [&["invoke", "f"], arguments].concat()).file("long.json", &long).end().failed(2);
    assert!(ended.stderr.contains(says), "{}", ended.stderr);
    assert!(!ended.stderr.contains("canary") && !ended.stderr.contains('\u{1b}'), "{}", ended.stderr);
    assert_eq!(server.count("*"), 0);
}

#[rstest]
#[case(Fault::access_denied(), 4)]
#[case(Fault::expired_token(), 4)]
#[case(Fault::function_not_found("f"), 3)]
#[case(Fault::conflict("f"), 5)]
#[case(Fault::too_many_requests("ConcurrentInvocationLimitExceeded", 1), 6)]
#[case(Fault::error(502, "KMSDisabledException", "no"), 1)]
#[case(Fault::error(413, "RequestTooLargeException", "no"), 1)]
#[case(Fault::internal_error(), 8)]
#[case(Fault::html_bad_gateway(), 8)]
#[case(Fault::Reset, 8)]
#[case(Fault::Close, 8)]
fn the_exit_code_says_what_became_of_it(#[case] fault: Fault, #[case] code: i32) {
    for flags in [&[][..], &["--stream"]] {
        let server = FaultServer::start();
        server.always("*", fault.clone());
        let arguments = [&["invoke", "f", "--payload", r#"{"card":"canary"}"#], flags].concat();
        let ended = run_on(&server, arguments).end().failed(code);
        assert_eq!(ended.stderr.contains("it may have run"), code == 8, "{}", ended.stderr);
        assert!(!ended.stderr.contains("canary"), "{}", ended.stderr);
        assert_eq!(server.count("*"), 1);
    }
}

#[test]
fn a_read_only_session_sends_nothing() {
    let server = answering("1");
    for flags in [&[][..], &["--stream"], &["--async"], &["--dry-run"], &["--repeat", "3"]] {
        let ended = run_on(&server, [&["invoke", "f", "--read-only"], flags].concat()).end().failed(4);
        assert!(ended.stderr.contains("read-only"), "{}", ended.stderr);
    }
    assert_eq!(server.count("*"), 0);
}

#[test]
fn a_denied_dry_run_leaves_nothing_open() {
    let server = FaultServer::start();
    server.always("Invoke", Fault::access_denied());
    let ended = run_on(&server, ["invoke", "f", "--dry-run"]).end().failed(4);
    assert!(ended.stderr.contains("lambda:InvokeFunction"), "{}", ended.stderr);
    server.heal();
    server.always("Invoke", Fault::Reset);
    run_on(&server, ["invoke", "f", "--dry-run"]).end().failed(1);
    assert_eq!(server.count("Invoke"), 2);
    assert_eq!(server.requests("Invoke")[1].json(), json!({}));
}
