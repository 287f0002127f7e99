//! `--stream`: the response as it comes.

use std::io::Read as _;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use super::super::run_on;
use super::{LOG, base64};
use crate::support::fault_server::{Fault, FaultServer, Stream};
use crate::support::terminal::{Exit, Launch};

fn streaming(events: Stream) -> FaultServer {
    let server = FaultServer::start();
    server.always("InvokeWithResponseStream", Fault::Stream(events));
    server
}

#[test]
fn the_response_is_passed_on_byte_by_byte() {
    let complete = json!({ "LogResult": base64(LOG) });
    let server =
        streaming(Stream::new().piece("one\u{1b}[2J").piece([0xff]).piece("\ntwo").complete(&complete));
    let ended = run_on(&server, ["invoke", "f", "--stream"]).end().well();
    assert_eq!(ended.stdout, b"one\x1b[2J\xff\ntwo");
    let line = ended.stderr.trim_end();
    for part in ["status 200", "version 7", "first byte after", "12.3 ms", "billed 13 ms"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    assert_eq!(server.count("*"), 1);
}

#[test]
fn pieces_are_written_before_the_end_and_a_signal_says_that_it_goes_on() {
    let server = streaming(Stream::new().piece("one").hanging());
    let mut started = run_on(&server, ["invoke", "f", "--stream"]).start();
    let mut stdout = started.child.stdout.take().unwrap();
    let mut first = [0; 3];
    stdout.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"one");
    started.signal(Signal::INT);
    let ended = started.end().failed(130);
    assert!(ended.stderr.contains("outcome unknown"), "{}", ended.stderr);
    assert_eq!(server.count("*"), 1);
}

#[test]
fn a_stdout_that_nobody_reads_holds_up_no_signal() {
    let piece = vec![b'x'; 1 << 20];
    let server = streaming(Stream::new().piece(&piece).piece(&piece).piece(&piece).hanging());
    let mut started = run_on(&server, ["invoke", "f", "--stream"]).start();
    // Kept, and not read beyond the first byte.
    let mut stdout = started.child.stdout.take().unwrap();
    stdout.read_exact(&mut [0]).unwrap();
    started.signal(Signal::INT);
    started.end().failed(130);
    drop(stdout);
}

#[test]
fn who_stops_reading_ends_it_quietly() {
    let events = (0..64).fold(Stream::new().piece("one"), |stream, _| {
        stream.pause(Duration::from_millis(5)).piece(vec![b'x'; 1 << 16])
    });
    let server = streaming(events.hanging());
    let mut started = run_on(&server, ["invoke", "f", "--stream"]).start();
    let mut stdout = started.child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 3]).unwrap();
    drop(stdout);
    let ended = started.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_function_error_in_the_stream_is_one() {
    let complete = json!({ "ErrorCode": "Unhandled", "ErrorDetails": "{\"errorType\":\"Boom\u{1b}\"}" });
    let server = streaming(Stream::new().piece("half of").complete(&complete));
    let ended = run_on(&server, ["invoke", "f:live", "--stream"]).end();
    assert_eq!((ended.code, ended.text()), (Some(7), "half of"));
    assert!(ended.stderr.contains("error: f:live failed (Unhandled)"), "{}", ended.stderr);
    assert!(ended.stderr.contains("Boom") && !ended.stderr.contains('\u{1b}'), "{:?}", ended.stderr);

    let ended = run_on(&server, ["invoke", "f", "--stream", "--output", "json"]).end();
    assert_eq!(ended.code, Some(7));
    let whole = ended.json();
    assert_eq!((&whole["FunctionError"], &whole["Payload"]), (&json!("Unhandled"), &json!("half of")));
    assert_eq!(whole["ErrorDetails"], "{\"errorType\":\"Boom\u{241b}\"}");
    assert!(whole["FirstByteMs"].is_u64() && whole["ElapsedMs"].is_u64());
}

#[test]
fn a_stream_that_breaks_off_leaves_what_came_and_an_unknown_outcome() {
    for events in [Stream::new().piece("half of"), Stream::new().piece("half of").reset()] {
        let server = streaming(events);
        let ended = run_on(&server, ["invoke", "f", "--stream"]).end();
        assert_eq!((ended.code, ended.text()), (Some(8), "half of"), "{ended:?}");
        assert!(ended.stderr.contains("broke off") && ended.stderr.contains("it may have run"), "{ended:?}");
        assert_eq!(server.count("*"), 1);
    }
}

#[test]
fn on_a_terminal_the_response_cannot_steer_it() {
    let cut = "\u{e9}".as_bytes();
    let events = Stream::new().piece("\u{1b}").piece("]0;owned\u{7}").piece(&cut[..1]).piece(&cut[1..]);
    let server = streaming(events.complete(&json!({})));
    let terminal = Launch::lambdeck(["invoke", "f", "--stream"])
        .env("AWS_ENDPOINT_URL", server.endpoint())
        .env("AWS_ACCESS_KEY_ID", "A")
        .env("AWS_SECRET_ACCESS_KEY", "s")
        .env("NO_COLOR", "1")
        .start();
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
    assert!(raw.contains("owned") && raw.contains('\u{e9}') && !raw.contains('\u{1b}'), "{raw:?}");
    assert!(terminal.screen().lines().any(|line| line.starts_with("status 200")), "{}", terminal.screen());
}
