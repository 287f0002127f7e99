//! What came back, as it is written.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    cli::{failure::Failure, json, terminal::Output},
    domain::{
        format,
        invocation::{Answer, Mode},
        json::check,
        report::{Report, find_report},
        text::sanitise_bytes,
    },
};

/// The response as it is; on a terminal what that would obey is neutralised, and the prompt gets a line of its own.
pub(super) fn response(payload: &[u8], output: &mut Output) -> Result<(), Failure> {
    if !output.terminal {
        return output.bytes(payload);
    }
    if payload.is_empty() {
        return Ok(());
    }
    match std::str::from_utf8(payload) {
        Ok(text) if check(text).is_ok() => output.bytes(json::escaped(text).as_bytes())?,
        _ => output.bytes(sanitise_bytes(payload).as_bytes())?,
    }
    if payload.ends_with(b"\n") { Ok(()) } else { output.bytes(b"\n") }
}

fn report(answer: &Answer) -> Option<Report> {
    answer.report.clone().or_else(|| find_report(&answer.log_tail))
}

/// The line on stderr.
pub(super) fn summary(answer: &Answer, mode: Mode) -> String {
    let mut line = match mode {
        Mode::RequestResponse | Mode::ResponseStream => format!("status {}", answer.status),
        Mode::Event => format!("status {}, queued", answer.status),
        Mode::DryRun => format!("status {}, dry run: it would be accepted", answer.status),
    };
    if let Some(version) = &answer.executed_version {
        let _ = write!(line, ", version {version}");
    }
    if let Some(first) = answer.first_byte_ms {
        let _ = write!(line, ", first byte after {first} ms");
    }
    match report(answer) {
        Some(report) => {
            let _ = write!(
                line,
                ", duration {}, billed {} ms, memory {} of {} MB",
                format::duration_ms(report.duration_ms),
                report.billed_ms,
                report.max_memory_mb,
                report.memory_mb
            );
            if let Some(init) = report.init_ms {
                let _ = write!(line, ", cold start {}", format::duration_ms(init));
            }
        }
        None if mode.responds() => {
            let _ = write!(line, ", answered after {} ms", answer.elapsed_ms);
        }
        None => {}
    }
    if let Some(id) = &answer.request_id {
        let _ = write!(line, ", request {id}");
    }
    line
}

/// `--output json`: the names of the API's own members, and of the numbers in the REPORT line.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Whole<'a> {
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_details: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    executed_version: Option<&'a str>,
    payload: Payload<'a>,
    /// Bytes of a streamed response that are not in the payload.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_left_out: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_tail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    billed_duration_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    init_duration_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_size: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_memory_used: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_byte_ms: Option<u64>,
    elapsed_ms: u64,
}

/// The response: JSON as it is, to the last digit; else a text.
#[derive(Serialize)]
#[serde(untagged)]
enum Payload<'a> {
    Nothing(()),
    Json(&'a RawValue),
    Text(String),
}

impl<'a> Payload<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        if bytes.is_empty() {
            return Self::Nothing(());
        }
        serde_json::from_slice(bytes)
            .map_or_else(|_| Self::Text(String::from_utf8_lossy(bytes).into_owned()), Self::Json)
    }
}

impl<'a> Whole<'a> {
    pub(super) fn new(answer: &'a Answer) -> Self {
        let report = report(answer);
        let report = report.as_ref();
        Self {
            status_code: answer.status,
            function_error: answer.function_error.as_deref(),
            error_details: answer.error_details.as_deref(),
            executed_version: answer.executed_version.as_deref(),
            payload: Payload::new(&answer.payload),
            payload_left_out: Some(answer.payload_left_out).filter(|left_out| *left_out > 0),
            log_tail: Some(answer.log_tail.as_str()).filter(|tail| !tail.is_empty()),
            request_id: answer.request_id.as_deref(),
            duration_ms: report.map(|report| report.duration_ms),
            billed_duration_ms: report.map(|report| report.billed_ms),
            init_duration_ms: report.and_then(|report| report.init_ms),
            memory_size: report.map(|report| report.memory_mb),
            max_memory_used: report.map(|report| report.max_memory_mb),
            first_byte_ms: answer.first_byte_ms,
            elapsed_ms: answer.elapsed_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_that_is_no_json_is_a_text() {
        let written = |bytes: &[u8]| serde_json::to_string(&Payload::new(bytes)).unwrap();
        assert_eq!(written(b""), "null");
        assert_eq!(written(b" {\"n\": 1.10} "), "{\"n\": 1.10}");
        assert_eq!(written(b"plain"), "\"plain\"");
        assert_eq!(written(b"\xff"), "\"\u{fffd}\"");
    }
}
