//! What one log event is.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{
    Label, Level, Record, Report, fields, is_failure, level, milliseconds, parse_text, report_of, word,
};
use crate::domain::text::{TAB_WIDTH, sanitise, sanitise_lines};

/// What a log event is, borrowed from its text where that is possible. What comes out of JSON escapes is sanitised.
#[derive(Clone, Debug, PartialEq)]
pub enum LineKind<'a> {
    /// An execution environment starts: a cold start.
    InitStart {
        /// For example `python:3.12.v7`.
        runtime_version: Option<Cow<'a, str>>,
    },
    /// The init phase failed or took too long.
    InitReport {
        /// How long it took, in milliseconds.
        init_ms: Option<f64>,
        /// `init` or `invoke`.
        phase: Option<Cow<'a, str>>,
        /// `timeout`, `error`, `success`.
        status: Option<Cow<'a, str>>,
        /// For example `Runtime.ImportModuleError`.
        error_type: Option<Cow<'a, str>>,
    },
    /// A SnapStart snapshot is being restored.
    RestoreStart {
        /// For example `java:21.v38`.
        runtime_version: Option<Cow<'a, str>>,
    },
    /// A SnapStart snapshot was restored.
    RestoreReport {
        /// How long it took, in milliseconds.
        restore_ms: Option<f64>,
        /// `timeout`, `error`, `success`.
        status: Option<Cow<'a, str>>,
        /// JSON only: for example `Runtime.RestoreHookUserError`.
        error_type: Option<Cow<'a, str>>,
    },
    /// An invocation starts.
    Start {
        /// The invocation.
        request_id: Cow<'a, str>,
        /// The version that runs.
        version: Option<Cow<'a, str>>,
        /// JSON only: the X-Ray trace, when tracing is active.
        trace_id: Option<Cow<'a, str>>,
    },
    /// The handler is done (`END`, `platform.runtimeDone`).
    End {
        /// The invocation.
        request_id: Cow<'a, str>,
        /// JSON only: `success`, `timeout`, `error`, `failure`.
        status: Option<Cow<'a, str>>,
        /// JSON only: for example `Runtime.ExitError`.
        error_type: Option<Cow<'a, str>>,
    },
    /// The figures of an invocation.
    Report(Report),
    /// The function's time-out stopped an invocation.
    TimedOut {
        /// The invocation.
        request_id: Cow<'a, str>,
        /// The time-out, in seconds.
        seconds: f64,
    },
    /// Lambda itself dropped log lines.
    LogsDropped {
        /// How many.
        records: u64,
        /// How much, in bytes.
        bytes: u64,
        /// Why, in Lambda's words.
        reason: Option<Cow<'a, str>>,
    },
    /// Another line of the platform: `EXTENSION`, `TELEMETRY`, or a JSON event such as `platform.extension`.
    Platform {
        /// Its name.
        event: Cow<'a, str>,
        /// The invocation, where the line names it.
        request_id: Option<Cow<'a, str>>,
        /// The status, where the line has one.
        status: Option<Cow<'a, str>>,
        /// For example `Runtime.Unknown`.
        error_type: Option<Cow<'a, str>>,
        /// How long it took, in milliseconds, where the line tells it: a managed instance reports no more.
        duration_ms: Option<f64>,
    },
    /// A line that the function wrote.
    Application {
        /// The level, where one is found.
        level: Option<Level>,
        /// The invocation, where the line names it.
        request_id: Option<Cow<'a, str>>,
        /// The message: without time stamp, request id and level where the line has Lambda's own format, else all
        /// of it.
        message: Cow<'a, str>,
    },
}

impl LineKind<'_> {
    /// Whether the line says that something failed.
    pub fn is_error(&self) -> bool {
        match self {
            Self::TimedOut { .. } => true,
            Self::Report(report) => report.is_failure(),
            Self::InitReport { status, .. }
            | Self::RestoreReport { status, .. }
            | Self::End { status, .. }
            | Self::Platform { status, .. } => status.as_deref().is_some_and(is_failure),
            Self::Application { level, .. } => level.is_some_and(Level::is_error),
            Self::InitStart { .. }
            | Self::RestoreStart { .. }
            | Self::Start { .. }
            | Self::LogsDropped { .. } => false,
        }
    }

    /// The level of an application line.
    pub fn level(&self) -> Option<Level> {
        match self {
            Self::Application { level, .. } => *level,
            _ => None,
        }
    }

    /// The request id that the line itself names. Lines without one belong to the `Start` before them in their
    /// stream, those of the init phase to the one behind them.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Report(report) => Some(&report.request_id),
            Self::Start { request_id, .. }
            | Self::End { request_id, .. }
            | Self::TimedOut { request_id, .. } => Some(request_id),
            Self::Platform { request_id, .. } | Self::Application { request_id, .. } => request_id.as_deref(),
            Self::InitStart { .. }
            | Self::InitReport { .. }
            | Self::RestoreStart { .. }
            | Self::RestoreReport { .. }
            | Self::LogsDropped { .. } => None,
        }
    }

    /// Whether Lambda wrote the line, and not the function.
    pub fn is_platform(&self) -> bool {
        !matches!(self, Self::Application { .. })
    }
}

/// Tells what a log event is. Never fails: what is not recognised is an application line.
#[must_use]
pub fn classify(line: &str) -> LineKind<'_> {
    let line = line.trim_end();
    let kind = match line.as_bytes().first() {
        Some(b'{') => json(line),
        Some(b'S' | b'E' | b'R' | b'I' | b'T' | b'L' | b'X') => platform_text(line),
        _ => None,
    };
    kind.unwrap_or_else(|| application_text(line))
}

fn platform_text(line: &str) -> Option<LineKind<'_>> {
    if let Some(rest) = line.strip_prefix("START RequestId: ") {
        let (request_id, rest) = word(rest);
        let version = rest.trim_start().strip_prefix("Version:").map(|version| version.trim().into());
        return Some(LineKind::Start { request_id: request_id.into(), version, trace_id: None });
    }
    if let Some(rest) = line.strip_prefix("END RequestId: ") {
        return Some(LineKind::End { request_id: word(rest).0.into(), status: None, error_type: None });
    }
    if line.starts_with("REPORT RequestId:") {
        return parse_text(line).map(LineKind::Report);
    }
    if let Some(rest) = line.strip_prefix("INIT_START") {
        return Some(LineKind::InitStart { runtime_version: runtime_version(rest) });
    }
    if let Some(rest) = line.strip_prefix("RESTORE_START") {
        return Some(LineKind::RestoreStart { runtime_version: runtime_version(rest) });
    }
    if let Some(rest) = line.strip_prefix("INIT_REPORT ") {
        return Some(LineKind::InitReport {
            init_ms: field(rest, Label::InitDuration).and_then(milliseconds),
            phase: field(rest, Label::Phase).map(Cow::from),
            status: field(rest, Label::Status).map(Cow::from),
            error_type: field(rest, Label::ErrorType).map(Cow::from),
        });
    }
    if let Some(rest) = line.strip_prefix("RESTORE_REPORT ") {
        return Some(LineKind::RestoreReport {
            restore_ms: field(rest, Label::RestoreDuration).and_then(milliseconds),
            status: field(rest, Label::Status).map(Cow::from),
            error_type: field(rest, Label::ErrorType).map(Cow::from),
        });
    }
    if let Some(rest) = line.strip_prefix("RequestId: ") {
        // "RequestId: <uuid> Error: Runtime exited ...", "... Process exited before completing request"
        let (request_id, message) = word(rest);
        return is_uuid(request_id).then(|| LineKind::Application {
            level: Some(Level::Error),
            request_id: Some(request_id.into()),
            message: behind_prefix(message.trim_start()),
        });
    }
    // EXTENSION<tab>Name: x<tab>State: Ready<tab>Events: [INVOKE,SHUTDOWN]
    let (event, rest) = word(line);
    let rest = rest.strip_prefix('\t').or_else(|| rest.strip_prefix("  "))?.trim_start();
    let named = matches!(event, "EXTENSION" | "TELEMETRY" | "LOGS") && rest.starts_with("Name:");
    named.then(|| LineKind::Platform {
        event: event.into(),
        request_id: None,
        status: None,
        error_type: None,
        duration_ms: None,
    })
}

fn runtime_version(rest: &str) -> Option<Cow<'_, str>> {
    let value = rest.trim_start().strip_prefix("Runtime Version:")?;
    let (version, _) = word(value.trim_start());
    (!version.is_empty()).then(|| version.into())
}

fn field(line: &str, label: Label) -> Option<&str> {
    fields(line).find(|(found, _)| *found == label).map(|(_, value)| value)
}

/// Whether the text has the form of a request id: 8-4-4-4-12 hexadecimal digits.
pub(in crate::domain) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Whether the text is a time as Lambda's runtimes write it: `2023-12-05T22:14:43.862Z`.
fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 20
        && bytes[4] == b'-'
        && bytes[10] == b'T'
        && bytes[0].is_ascii_digit()
        && text.ends_with('Z')
}

/// Takes one separator off: a tab, or the spaces that sanitising puts in place of one. More stays, as it may be the
/// message's own indentation.
fn behind_separator(text: &str) -> &str {
    if let Some(rest) = text.strip_prefix(['\t', '\n']) {
        return rest;
    }
    let spaces = text.bytes().take(TAB_WIDTH).take_while(|byte| *byte == b' ').count();
    &text[spaces..]
}

/// A message whose prefix was cut off. A combining mark that stood on the separator has lost its base by that.
fn behind_prefix(message: &str) -> Cow<'_, str> {
    if message.starts_with(|first: char| first.is_ascii()) { message.into() } else { sanitise_lines(message) }
}

fn application_text(line: &str) -> LineKind<'_> {
    let (first, rest) = word(line);
    if is_timestamp(first) {
        return timestamped(line, rest);
    }
    let bracketed = first.strip_prefix('[').and_then(|first| first.strip_suffix(']')).and_then(Level::parse);
    if let Some(level) = bracketed {
        // Python: [ERROR]<tab>2024-03-05T23:01:23.306Z<tab><uuid><tab>message, or [ERROR] KeyError: 'id'
        let mut message = behind_separator(rest);
        let mut request_id = None;
        let (second, rest) = word(message);
        if is_timestamp(second) {
            message = behind_separator(rest);
            let (third, rest) = word(message);
            if is_uuid(third) {
                request_id = Some(third.into());
                message = behind_separator(rest);
            }
        }
        return LineKind::Application { level: Some(level), request_id, message: behind_prefix(message) };
    }
    LineKind::Application {
        level: level::find(line),
        request_id: leading_request_id(line),
        message: line.into(),
    }
}

/// Node and .NET: `time<tab>uuid<tab>LEVEL<tab>message`. Node writes `undefined` for the id outside of an invocation.
fn timestamped<'a>(line: &'a str, rest: &'a str) -> LineKind<'a> {
    let (second, rest) = word(behind_separator(rest));
    if !is_uuid(second) && second != "undefined" {
        return LineKind::Application {
            level: level::find(line),
            request_id: leading_request_id(line),
            message: line.into(),
        };
    }
    let request_id = is_uuid(second).then_some(second);
    let rest = behind_separator(rest);
    if let (Some(request_id), Some(seconds)) = (request_id, timed_out(rest)) {
        return LineKind::TimedOut { request_id: request_id.into(), seconds };
    }
    let (third, behind) = word(rest);
    let level = Level::parse(third);
    let message = if level.is_some() { behind_separator(behind) } else { rest };
    LineKind::Application { level, request_id: request_id.map(Cow::from), message: behind_prefix(message) }
}

fn timed_out(text: &str) -> Option<f64> {
    let (seconds, rest) = word(text.trim_start().strip_prefix("Task timed out after ")?);
    if rest.trim() == "seconds" { milliseconds(seconds) } else { None }
}

/// A request id among the first words of a line, as Java's layouts print it.
fn leading_request_id(line: &str) -> Option<Cow<'_, str>> {
    let head = &line[..line.floor_char_boundary(160)];
    head.split_whitespace()
        .take(6)
        .map(|word| word.trim_matches(|character: char| !character.is_ascii_alphanumeric()))
        .find(|word| is_uuid(word))
        .map(Cow::from)
}

/// The members of a JSON line that lambdeck reads. The first of each wins; everything else is skipped unparsed.
#[derive(Default)]
struct Members<'a> {
    kind: Option<&'a RawValue>,
    record: Option<&'a RawValue>,
    level: Option<&'a RawValue>,
    request_id: Option<&'a RawValue>,
    message: Option<&'a RawValue>,
    error_type: Option<&'a RawValue>,
    error_message: Option<&'a RawValue>,
}

/// A member's name, borrowed where it holds no escape.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Members::default();
                while let Some(Name(name)) = map.next_key()? {
                    let slot = match name.as_ref() {
                        "type" => &mut members.kind,
                        "record" => &mut members.record,
                        "level" | "severity" | "levelname" | "log.level" | "LogLevel" => &mut members.level,
                        "requestId"
                        | "AWSRequestId"
                        | "awsRequestId"
                        | "request_id"
                        | "aws_request_id"
                        | "function_request_id" => &mut members.request_id,
                        "message" | "msg" => &mut members.message,
                        "errorType" => &mut members.error_type,
                        "errorMessage" => &mut members.error_message,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    let value = map.next_value::<&RawValue>()?;
                    slot.get_or_insert(value);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

fn json(line: &str) -> Option<LineKind<'_>> {
    let members: Members<'_> = serde_json::from_str(line).ok()?;
    if let Some(kind) = platform_json(&members) {
        return Some(kind);
    }
    let level = members.level.and_then(|level| match string(level) {
        Some(name) => Level::parse(&name),
        None => level.get().parse().ok().and_then(Level::from_number),
    });
    let message = match (members.message, members.error_message) {
        (Some(message), _) => message_text(message),
        (None, Some(message)) => match members.error_type.and_then(string) {
            Some(kind) => Cow::Owned(format!("{}: {}", decoded(&kind), message_text(message))),
            None => message_text(message),
        },
        (None, None) => Cow::Borrowed(line),
    };
    let request_id = members.request_id.and_then(string).map(clean);
    Some(LineKind::Application { level, request_id, message })
}

fn platform_json<'a>(members: &Members<'a>) -> Option<LineKind<'a>> {
    let event = string(members.kind?).filter(|kind| kind.starts_with("platform."))?;
    let record: Record = serde_json::from_str(members.record?.get()).ok()?;
    if event == "platform.report"
        && let Some(report) = report_of(&record)
    {
        return Some(LineKind::Report(report));
    }
    let duration = record.metrics.duration_ms.filter(|duration| *duration >= 0.0);
    let text = |text: Option<String>| text.map(|text| Cow::Owned(decoded(&text)));
    let trace_id = record.tracing.root().map(|root| Cow::Owned(decoded(root)));
    let error_type = text(record.error_type);
    let request_id = text(record.request_id);
    let status = text(record.status);
    let runtime_version = text(record.runtime_version);
    Some(match (event.as_ref(), request_id) {
        ("platform.initStart", _) => LineKind::InitStart { runtime_version },
        ("platform.restoreStart", _) => LineKind::RestoreStart { runtime_version },
        ("platform.initReport", _) => {
            LineKind::InitReport { init_ms: duration, phase: text(record.phase), status, error_type }
        }
        ("platform.restoreReport", _) => LineKind::RestoreReport { restore_ms: duration, status, error_type },
        ("platform.start", Some(request_id)) => {
            LineKind::Start { request_id, version: text(record.version), trace_id }
        }
        ("platform.runtimeDone", Some(request_id)) => LineKind::End { request_id, status, error_type },
        ("platform.logsDropped", _) => LineKind::LogsDropped {
            records: record.dropped_records.unwrap_or_default(),
            bytes: record.dropped_bytes.unwrap_or_default(),
            reason: text(record.reason),
        },
        (_, request_id) => {
            LineKind::Platform { event: clean(event), request_id, status, error_type, duration_ms: duration }
        }
    })
}

fn string(value: &RawValue) -> Option<Cow<'_, str>> {
    let Name(text) = serde_json::from_str(value.get()).ok()?;
    Some(text)
}

/// A string is decoded, anything else is shown as the JSON that it is.
fn message_text(value: &RawValue) -> Cow<'_, str> {
    match string(value) {
        Some(Cow::Borrowed(text)) => sanitise_lines(text),
        Some(Cow::Owned(text)) => Cow::Owned(sanitise_lines(&text).into_owned()),
        None => sanitise_lines(value.get()),
    }
}

/// Sanitises a short text that came out of JSON, where an escape can hold any character.
pub(super) fn decoded(text: &str) -> String {
    sanitise(text).into_owned()
}

fn clean(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => sanitise(text),
        Cow::Owned(text) => Cow::Owned(decoded(&text)),
    }
}

#[cfg(test)]
mod tests;
