//! What the lines of a Lambda log say: REPORT lines, the platform's other lines, and the level and request id of
//! application lines, in both log formats (Text and JSON).
//!
//! The lines may be raw or sanitised ([`super::text`]): a tab may have become spaces.

mod failure;
mod level;
mod line;

use std::fmt;

use serde::Deserialize;

pub use failure::{Failure, failure};
pub use level::Level;
pub(super) use line::is_uuid;
pub use line::{LineKind, classify};

/// What Lambda reports at the end of an invocation: a Text `REPORT` line, or a JSON `platform.report` event.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Report {
    /// The invocation.
    pub request_id: String,
    /// How long the handler ran, in milliseconds.
    pub duration_ms: f64,
    /// What is billed, in milliseconds, rounded up. Since 2025-08-01 it includes the init phase.
    pub billed_ms: u64,
    /// The configured memory, in MB.
    pub memory_mb: u32,
    /// The most memory that was used, in MB.
    pub max_memory_mb: u32,
    /// How long the init phase took, in milliseconds: a cold start.
    pub init_ms: Option<f64>,
    /// How long restoring a SnapStart snapshot took, in milliseconds.
    pub restore_ms: Option<f64>,
    /// What is billed of the restore, in milliseconds.
    pub billed_restore_ms: Option<u64>,
    /// `timeout`, `error`, ... Text lines have it for failures only, JSON events also say `success`.
    pub status: Option<String>,
    /// For example `Runtime.OutOfMemory`.
    pub error_type: Option<String>,
    /// The X-Ray trace, when tracing is active.
    pub trace_id: Option<String>,
}

impl Report {
    /// Whether the status names a failure.
    pub fn is_failure(&self) -> bool {
        self.status.as_deref().is_some_and(is_failure)
    }
}

/// Whether a platform status names a failure (`error`, `failure`, `timeout`, and whatever AWS adds).
fn is_failure(status: &str) -> bool {
    !status.eq_ignore_ascii_case("success")
}

/// The Text form, as Lambda writes it: fields separated by tabs, X-Ray on a line of its own.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "REPORT RequestId: {}\tDuration: {:.2} ms", self.request_id, self.duration_ms)?;
        write!(f, "\tBilled Duration: {} ms\tMemory Size: {} MB", self.billed_ms, self.memory_mb)?;
        write!(f, "\tMax Memory Used: {} MB\t", self.max_memory_mb)?;
        if let Some(init) = self.init_ms {
            write!(f, "Init Duration: {init:.2} ms\t")?;
        }
        if let Some(restore) = self.restore_ms {
            write!(f, "Restore Duration: {restore:.2} ms\t")?;
        }
        if let Some(billed) = self.billed_restore_ms {
            write!(f, "Billed Restore Duration: {billed} ms\t")?;
        }
        if let Some(trace) = &self.trace_id {
            write!(f, "\nXRAY TraceId: {trace}\t")?;
        }
        if let Some(status) = &self.status {
            write!(f, "Status: {status}\t")?;
        }
        if let Some(error) = &self.error_type {
            write!(f, "Error Type: {error}\t")?;
        }
        Ok(())
    }
}

/// Parses a Text `REPORT` line, with or without its X-Ray line, or a JSON `platform.report` event. `None` for
/// anything else, and for a report that lacks its durations or its memory.
#[must_use]
pub fn parse_report(line: &str) -> Option<Report> {
    let line = line.trim();
    if line.starts_with('{') {
        return match classify(line) {
            LineKind::Report(report) => Some(report),
            _ => None,
        };
    }
    parse_text(line)
}

/// Finds the report in the tail of a log (`LogResult`, the last 4 KB), which may begin in the middle of a line.
#[must_use]
pub fn find_report(log_tail: &str) -> Option<Report> {
    let starts = log_tail.rmatch_indices('\n').map(|(at, _)| at + 1);
    starts.chain(std::iter::once(0)).find_map(|start| {
        let rest = &log_tail[start..];
        let line = rest.lines().next().unwrap_or_default();
        if line.starts_with('{') { parse_report(line) } else { parse_text(rest) }
    })
}

fn parse_text(text: &str) -> Option<Report> {
    let text = text.strip_prefix("REPORT RequestId:")?;
    let mut lines = text.split('\n');
    let (mut duration, mut billed, mut memory, mut used) = (None, None, None, None);

    let first = lines.next()?.trim_start();
    let (request_id, first) = word(first);
    let mut report = Report { request_id: request_id.to_owned(), ..Report::default() };
    let xray = lines.next().filter(|line| line.starts_with("XRAY"));
    for (label, value) in [Some(first), xray].into_iter().flatten().flat_map(fields) {
        match label {
            Label::Duration => duration = milliseconds(value),
            Label::BilledDuration => billed = value.parse().ok(),
            Label::MemorySize => memory = value.parse().ok(),
            Label::MaxMemoryUsed => used = value.parse().ok(),
            Label::InitDuration => report.init_ms = milliseconds(value),
            Label::RestoreDuration => report.restore_ms = milliseconds(value),
            Label::BilledRestoreDuration => report.billed_restore_ms = value.parse().ok(),
            Label::Status => report.status = Some(value.to_owned()),
            Label::ErrorType => report.error_type = Some(value.to_owned()),
            Label::TraceId => report.trace_id = Some(value.to_owned()),
            Label::Phase => {}
        }
    }
    (report.duration_ms, report.billed_ms) = (duration?, billed?);
    (report.memory_mb, report.max_memory_mb) = (memory?, used?);
    (!report.request_id.is_empty()).then_some(report)
}

#[derive(Clone, Copy, PartialEq)]
enum Label {
    Duration,
    BilledDuration,
    MemorySize,
    MaxMemoryUsed,
    InitDuration,
    RestoreDuration,
    BilledRestoreDuration,
    Status,
    ErrorType,
    TraceId,
    Phase,
}

/// The labels of report lines, each with the unit behind its value. They are looked for only where a field begins, so
/// `Duration:` is not found inside `Billed Duration:`.
const LABELS: [(&str, &str, Label); 11] = [
    ("Duration:", "ms", Label::Duration),
    ("Billed Duration:", "ms", Label::BilledDuration),
    ("Memory Size:", "MB", Label::MemorySize),
    ("Max Memory Used:", "MB", Label::MaxMemoryUsed),
    ("Init Duration:", "ms", Label::InitDuration),
    ("Restore Duration:", "ms", Label::RestoreDuration),
    ("Billed Restore Duration:", "ms", Label::BilledRestoreDuration),
    ("Status:", "", Label::Status),
    ("Error Type:", "", Label::ErrorType),
    ("XRAY TraceId:", "", Label::TraceId),
    ("Phase:", "", Label::Phase),
];

/// The fields of a report line. A field that is not known is skipped up to the next tab or run of spaces.
fn fields(line: &str) -> impl Iterator<Item = (Label, &str)> {
    let mut rest = line;
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_start();
            if rest.is_empty() {
                return None;
            }
            let known = LABELS.iter().find_map(|(label, unit, kind)| {
                rest.strip_prefix(label).map(|value| (value.trim_start(), *unit, *kind))
            });
            let Some((value, unit, label)) = known else {
                let next = [rest.find('\t'), rest.find("  ")].into_iter().flatten().min();
                rest = &rest[next.unwrap_or(rest.len())..];
                continue;
            };
            let (value, behind) = word(value);
            rest = behind.trim_start();
            rest = rest.strip_prefix(unit).unwrap_or(rest);
            if !value.is_empty() {
                return Some((label, value));
            }
        }
    })
}

/// The first word and what follows it.
fn word(text: &str) -> (&str, &str) {
    text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()))
}

/// A duration in milliseconds: finite and not negative.
fn milliseconds(value: &str) -> Option<f64> {
    value.parse().ok().filter(|value: &f64| value.is_finite() && *value >= 0.0)
}

/// The `record` of a JSON platform event, as far as lambdeck reads it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Record {
    request_id: Option<String>,
    version: Option<String>,
    status: Option<String>,
    error_type: Option<String>,
    phase: Option<String>,
    runtime_version: Option<String>,
    reason: Option<String>,
    dropped_records: Option<u64>,
    dropped_bytes: Option<u64>,
    metrics: Metrics,
    tracing: Tracing,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metrics {
    duration_ms: Option<f64>,
    billed_duration_ms: Option<u64>,
    #[serde(rename = "memorySizeMB")]
    memory_size_mb: Option<u32>,
    #[serde(rename = "maxMemoryUsedMB")]
    max_memory_used_mb: Option<u32>,
    init_duration_ms: Option<f64>,
    restore_duration_ms: Option<f64>,
    billed_restore_duration_ms: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tracing {
    /// `Root=1-...;Parent=...;Sampled=1`
    value: Option<String>,
}

impl Tracing {
    /// The trace.
    fn root(&self) -> Option<&str> {
        self.value.as_deref()?.split(';').find_map(|part| part.strip_prefix("Root="))
    }
}

/// The report that a `platform.report` record holds. `None` when it lacks what every report has (managed instances
/// report a duration only).
fn report_of(record: &Record) -> Option<Report> {
    let owned = |text: &Option<String>| text.as_deref().map(line::decoded);
    let positive = |value: Option<f64>| value.filter(|value| *value >= 0.0);
    Some(Report {
        request_id: owned(&record.request_id)?,
        duration_ms: positive(record.metrics.duration_ms)?,
        billed_ms: record.metrics.billed_duration_ms?,
        memory_mb: record.metrics.memory_size_mb?,
        max_memory_mb: record.metrics.max_memory_used_mb?,
        init_ms: positive(record.metrics.init_duration_ms),
        restore_ms: positive(record.metrics.restore_duration_ms),
        billed_restore_ms: record.metrics.billed_restore_duration_ms,
        status: owned(&record.status),
        error_type: owned(&record.error_type),
        trace_id: record.tracing.root().map(line::decoded),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::domain::text::{sanitise, sanitise_lines};

    const ID: &str = "f6d1a2c8-5b1e-4c55-9f0b-0d2d4c1f1c7a";

    fn plain() -> Report {
        Report {
            request_id: ID.to_owned(),
            duration_ms: 3.1,
            billed_ms: 546,
            memory_mb: 2048,
            max_memory_mb: 95,
            ..Report::default()
        }
    }

    fn base() -> String {
        format!(
            "REPORT RequestId: {ID}\tDuration: 3.10 ms\tBilled Duration: 546 ms\tMemory Size: 2048 MB\tMax Memory Used: 95 MB\t"
        )
    }

    #[rstest]
    #[case::plain("", plain())]
    #[case::cold("Init Duration: 542.01 ms\t\n", Report { init_ms: Some(542.01), ..plain() })]
    #[case::xray(
        "Init Duration: 542.01 ms\t\nXRAY TraceId: 1-6a50-ab\tSegmentId: d002\tSampled: true\t\n",
        Report { init_ms: Some(542.01), trace_id: Some("1-6a50-ab".into()), ..plain() }
    )]
    #[case::restore(
        "Restore Duration: 511.25 ms\tBilled Restore Duration: 303 ms\t",
        Report { restore_ms: Some(511.25), billed_restore_ms: Some(303), ..plain() }
    )]
    #[case::timeout("Status: timeout", Report { status: Some("timeout".into()), ..plain() })]
    #[case::out_of_memory(
        "Status: error\tError Type: Runtime.OutOfMemory\n",
        Report { status: Some("error".into()), error_type: Some("Runtime.OutOfMemory".into()), ..plain() }
    )]
    #[case::unknown_fields(
        "Shiny New Duration: 9 ms\tStatus: error\tMore: 1",
        Report { status: Some("error".into()), ..plain() }
    )]
    #[case::other_lines("\nSTART RequestId: x\tInit Duration: 1 ms", plain())]
    fn text_reports(#[case] rest: &str, #[case] expected: Report) {
        let line = base() + rest;
        assert_eq!(parse_report(&line), Some(expected.clone()));
        assert_eq!(parse_report(&sanitise_lines(&line)), Some(expected.clone()), "sanitised");
        let tail = format!("t\nthe end of a line\nEND RequestId: {ID}\n{line}");
        if !rest.contains("START") {
            assert_eq!(find_report(&tail), Some(expected));
        }
    }

    #[rstest]
    #[case::nothing("")]
    #[case::start("START RequestId: x Version: 1")]
    #[case::no_figures("REPORT RequestId: x")]
    #[case::no_memory("REPORT RequestId: x\tDuration: 1 ms\tBilled Duration: 1 ms")]
    #[case::no_id(
        "REPORT RequestId:\tDuration: 1 ms\tBilled Duration: 1 ms\tMemory Size: 1 MB\tMax Memory Used: 1 MB"
    )]
    #[case::not_a_number(
        "REPORT RequestId: x\tDuration: NaN ms\tBilled Duration: 1 ms\tMemory Size: 1 MB\tMax Memory Used: 1 MB"
    )]
    #[case::negative(
        "REPORT RequestId: x\tDuration: -1 ms\tBilled Duration: 1 ms\tMemory Size: 1 MB\tMax Memory Used: 1 MB"
    )]
    #[case::json(r#"{"type":"platform.start","record":{"requestId":"x"}}"#)]
    #[case::managed_instance(r#"{"type":"platform.report","record":{"requestId":"x","metrics":{"durationMs":1.0},"status":"success"}}"#)]
    #[case::broken_json(r#"{"type":"platform.report""#)]
    fn no_report(#[case] line: &str) {
        assert_eq!(parse_report(line), None);
        assert_eq!(find_report(line), None);
    }

    #[test]
    fn json_reports() {
        let line = format!(
            r#"{{"time":"2026-11-20T14:03:22.123Z","type":"platform.report","record":{{"requestId":"{ID}","metrics":{{"durationMs":3.1,"billedDurationMs":546,"memorySizeMB":2048,"maxMemoryUsedMB":95,"initDurationMs":542.01,"restoreDurationMs":1.5,"billedRestoreDurationMs":2}},"status":"error","errorType":"Runtime\u001b.Oops","tracing":{{"spanId":"a","type":"X-Amzn-Trace-Id","value":"Root=1-6a50-ab;Parent=c;Sampled=1"}}}}}}"#
        );
        let expected = Report {
            init_ms: Some(542.01),
            restore_ms: Some(1.5),
            billed_restore_ms: Some(2),
            status: Some("error".into()),
            error_type: Some("Runtime␛.Oops".into()),
            trace_id: Some("1-6a50-ab".into()),
            ..plain()
        };
        assert_eq!(parse_report(&line), Some(expected.clone()));
        assert_eq!(find_report(&format!("cut off\n{line}\n")), Some(expected));
    }

    #[test]
    fn the_last_report_of_a_tail_counts() {
        let second = base().replace("Duration: 3.10", "Duration: 7.00");
        let report = find_report(&format!("{}\nSTART RequestId: x\n{second}\n", base())).unwrap();
        assert!((report.duration_ms - 7.0).abs() < f64::EPSILON);
    }

    #[rstest]
    #[case(None, false)]
    #[case(Some("success"), false)]
    #[case(Some("timeout"), true)]
    #[case(Some("error"), true)]
    #[case(Some("failure"), true)]
    fn failures(#[case] status: Option<&str>, #[case] failed: bool) {
        assert_eq!(Report { status: status.map(str::to_owned), ..plain() }.is_failure(), failed);
    }

    /// Milliseconds with two decimals, as Lambda writes them.
    fn hundredths() -> impl Strategy<Value = f64> {
        (0_u32..90_000_000).prop_map(|value| f64::from(value) / 100.0)
    }

    fn reports() -> impl Strategy<Value = Report> {
        let figures = (hundredths(), any::<u64>(), any::<u32>(), any::<u32>());
        let phases =
            (prop::option::of(hundredths()), prop::option::of(hundredths()), prop::option::of(any::<u64>()));
        let texts = (
            "[0-9a-f-]{1,36}",
            prop::option::of("[a-z]{1,9}"),
            prop::option::of("[A-Z][a-zA-Z.]{1,30}"),
            prop::option::of("1-[0-9a-f]{8}-[0-9a-f]{24}"),
        );
        (figures, phases, texts).prop_map(|(figures, phases, texts)| Report {
            request_id: texts.0,
            duration_ms: figures.0,
            billed_ms: figures.1,
            memory_mb: figures.2,
            max_memory_mb: figures.3,
            init_ms: phases.0,
            restore_ms: phases.1,
            billed_restore_ms: phases.2,
            status: texts.1,
            error_type: texts.2,
            trace_id: texts.3,
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(report in reports()) {
            let line = report.to_string();
            prop_assert_eq!(parse_report(&line), Some(report.clone()));
            prop_assert_eq!(parse_report(&sanitise_lines(&line)), Some(report.clone()));
            prop_assert_eq!(find_report(&line), Some(report));
        }

        #[test]
        fn any_text_is_survived(text in any::<String>(), cut in any::<prop::sample::Index>()) {
            let line = format!("{}{text}", base());
            let mut at = cut.index(line.len());
            while !line.is_char_boundary(at) {
                at -= 1;
            }
            for text in [&text, &line, &line[..at]] {
                let _ = (parse_report(text), find_report(text), classify(text));
                let _ = (parse_report(&sanitise(text)), classify(&sanitise(text)));
            }
        }
    }
}
