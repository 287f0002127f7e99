//! Whatever is written into a log is read without harm.
//!
//! `cargo test --test fuzz` tries a few thousand inputs of each; `FUZZ_SECONDS=60 cargo test --test fuzz` as many as
//! there is time for, and others each time. With cargo-bolero the same targets run under libFuzzer, AFL or honggfuzz.

use std::{env, time::Duration};

use bolero::{TypeGenerator, check, produce as any};
use lambdeck::domain::{
    log_line,
    log_query::{Line, Query},
    report::{self, Report},
    text::sanitise_lines,
};

/// How long each target runs; by default as many inputs as take about a second.
fn time() -> Option<Duration> {
    env::var("FUZZ_SECONDS").ok()?.parse().ok().map(Duration::from_secs)
}

/// Runs a target for that long.
macro_rules! fuzz {
    ($target:expr, $body:expr) => {
        match time() {
            Some(time) => $target.with_test_time(time).for_each($body),
            None => $target.with_iterations(5_000).for_each($body),
        }
    };
}

/// Pieces that lines of Lambda's logs are made of.
const PIECES: [&str; 40] = [
    "REPORT RequestId: ",
    "8f5c6d2e-0000-4000-8000-000000000001",
    "\tDuration: ",
    "12.34",
    " ms",
    "\tBilled Duration: ",
    "546",
    "\tMemory Size: ",
    "512",
    " MB",
    "\tMax Memory Used: ",
    "\tInit Duration: ",
    "\tRestore Duration: ",
    "\tBilled Restore Duration: ",
    "\tStatus: ",
    "timeout",
    "error",
    "\tError Type: ",
    "Runtime.OutOfMemory",
    "\n",
    "XRAY TraceId: ",
    "1-6a50-ab",
    "\tSegmentId: ",
    "\tSampled: ",
    "true",
    "START RequestId: ",
    "END RequestId: ",
    " Version: ",
    "$LATEST",
    "INIT_START Runtime Version: ",
    "INIT_REPORT Init Duration: ",
    "Phase: init",
    "NaN",
    "inf",
    "-1",
    "1e400",
    "99999999999999999999",
    "\u{1b}[31m",
    "\t\t",
    " Task timed out after 3.00 seconds",
];

const JSON_PIECES: [&str; 34] = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\"type\":",
    "\"platform.report\"",
    "\"platform.start\"",
    "\"platform.logsDropped\"",
    "\"record\":",
    "\"requestId\":",
    "\"metrics\":",
    "\"durationMs\":",
    "\"billedDurationMs\":",
    "\"memorySizeMB\":",
    "\"maxMemoryUsedMB\":",
    "\"initDurationMs\":",
    "\"status\":\"success\"",
    "\"level\":\"ERROR\"",
    "\"message\":",
    "\"timestamp\":\"2026-11-20T14:03:22.123Z\"",
    "\"AWSRequestId\":",
    "\"8f5c\"",
    "1.5",
    "-0",
    "1e999",
    "null",
    "true",
    "\\u001b",
    "\\ud800",
    "\\\"",
    "\u{301}",
];

#[derive(Debug, TypeGenerator)]
struct Pieces {
    nth: Vec<u8>,
    between: Vec<u8>,
}

impl Pieces {
    /// A text of these pieces, with some bytes of its own between.
    fn text(&self, of: &[&str]) -> String {
        let mut text = String::new();
        for (nth, piece) in self.nth.iter().enumerate() {
            text.push_str(of[usize::from(*piece) % of.len()]);
            if let Some(byte) = self.between.get(nth).filter(|byte| **byte % 7 == 0) {
                text.push(char::from(*byte));
            }
        }
        text
    }
}

/// What every reading of a line must hold to.
fn read(text: &str) {
    let report = report::parse_report(text);
    if let Some(report) = &report {
        assert!(report.duration_ms.is_finite() && report.duration_ms >= 0.0, "{report:?}");
        assert!(!report.request_id.is_empty());
        assert!(report.init_ms.is_none_or(|init| init.is_finite() && init >= 0.0));
        // What was read can be written and is read again.
        let again: Option<Report> = report::parse_report(&report.to_string());
        assert_eq!(again.map(|again| again.billed_ms), Some(report.billed_ms));
    }
    let _ = report::find_report(text);
    let line = report::classify(text);
    let _ = (line.level(), line.is_error(), line.is_platform(), line.request_id().map(str::len));
    let _ = report::classify(&sanitise_lines(text));
}

#[test]
fn report_lines() {
    let pieces = any::<Pieces>();
    fuzz!(check!().with_generator(pieces), |pieces: &Pieces| read(&pieces.text(&PIECES)));
}

#[test]
fn json_lines() {
    let pieces = any::<Pieces>();
    fuzz!(check!().with_generator(pieces), |pieces: &Pieces| read(&pieces.text(&JSON_PIECES)));
}

#[test]
fn any_bytes() {
    fuzz!(check!(), |bytes: &[u8]| read(&String::from_utf8_lossy(bytes)));
}

#[test]
fn queries() {
    let words = any::<(Vec<u8>, Vec<u8>)>();
    fuzz!(check!().with_generator(words), |(query, message): &(Vec<u8>, Vec<u8>)| {
        let (query, message) = (String::from_utf8_lossy(query), String::from_utf8_lossy(message));
        match Query::parse(&query) {
            Ok(query) => {
                let line = Line { message: &message, group: "/aws/lambda/f", stream: "s", error: false };
                let _ = query.matches(&line);
                for range in query.highlights(&message) {
                    assert!(message.get(range).is_some(), "a mark splits a character");
                }
            }
            Err(error) => assert!(query.get(error.at).is_some(), "the place is not in what was typed"),
        }
    });
}

#[test]
fn folded_lines() {
    let pieces = any::<Pieces>();
    fuzz!(check!().with_generator(pieces), |pieces: &Pieces| {
        let text = pieces.text(&JSON_PIECES);
        for limit in [text.len() / 2, log_line::READ] {
            let folded = log_line::fold(&text, limit);
            assert_eq!(sanitise_lines(&folded.text), folded.text);
            assert!(folded.keys.iter().all(|key| folded.text.get(key.clone()).is_some()));
        }
    });
}
