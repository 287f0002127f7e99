//! A log event as it is shown: its level, its message and what else it says in one line, its stack trace under that.
//!
//! Lines of JSON are folded: `message key=value key=value`. That goes for Lambda's own JSON format and for what the
//! usual loggers write (Powertools, pino, winston, structlog, slog, zap, logrus, Serilog), on its own, behind Lambda's
//! Text prefix or as the message of Lambda's JSON. Everything that comes out is sanitised ([`super::text`]).

mod json;

use std::{borrow::Cow, ops::Range};

use self::json::{Members, Shown};
use super::{
    format,
    report::{Level, LineKind, classify},
    text::{sanitise, sanitise_lines},
};

/// Up to this many bytes of a message are read for its meaning, and as many are written, more or less.
pub const READ: usize = 16 * 1024;

/// An event as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Folded<'a> {
    /// The level, where one is found.
    pub level: Option<Level>,
    /// Whether Lambda wrote it, and not the function.
    pub platform: bool,
    /// Whether Lambda says that something failed.
    pub failed: bool,
    /// What is shown, in one line or several. Time, level and request id of Lambda's own prefix are not in it.
    pub text: Cow<'a, str>,
    /// The bytes of [`Folded::text`] that are names, with their `=`.
    pub keys: Vec<Range<usize>>,
    /// Whether the message goes on behind what was read of it.
    pub cut: bool,
}

impl<'a> Folded<'a> {
    fn plain(level: Option<Level>, text: Cow<'a, str>, cut: bool) -> Self {
        let text = match text {
            Cow::Borrowed(text) => sanitise_lines(text),
            Cow::Owned(text) => Cow::Owned(sanitise_lines(&text).into_owned()),
        };
        Self { level, platform: false, failed: false, text, keys: Vec::new(), cut }
    }

    /// The lines of the text, as byte ranges; one at least.
    pub fn lines(&self) -> impl Iterator<Item = Range<usize>> {
        let mut from = Some(0);
        std::iter::from_fn(move || {
            let start = from?;
            let end = memchr::memchr(b'\n', &self.text.as_bytes()[start..]).map(|at| start + at);
            from = end.map(|end| end + 1);
            Some(start..end.unwrap_or(self.text.len()))
        })
    }
}

/// Reads a message, no more than `limit` bytes of it, and folds it.
#[must_use]
pub fn fold(message: &str, limit: usize) -> Folded<'_> {
    let cut = message.len() > limit;
    let head = if cut { &message[..message.floor_char_boundary(limit)] } else { message };
    let head = head.trim_end_matches(['\n', '\r']);
    if let Some(members) = Members::read(head, cut).filter(|members| !members.is_platform()) {
        return members.fold(None, "").unwrap_or_else(|| Folded::plain(None, head.into(), cut));
    }
    match classify(head) {
        LineKind::Application { level, message, .. } => {
            let folded = before_json(&message)
                .and_then(|(before, json)| Members::read(json, cut)?.fold(level, before));
            folded.unwrap_or_else(|| Folded::plain(level, message, cut))
        }
        kind => {
            let failed = kind.is_error();
            let text = platform(kind, head);
            Folded { platform: true, failed, ..Folded::plain(None, text, cut) }
        }
    }
}

/// What stands before the JSON of a message, as in Node's `Invoke Error<tab>{...}`, and the JSON.
fn before_json(message: &str) -> Option<(&str, &str)> {
    if message.starts_with('{') {
        return Some(("", message));
    }
    let line = message.find('\n').unwrap_or(message.len());
    let at = message[..line].find("\t{")?;
    Some((message[..at].trim_end(), &message[at + 1..]))
}

/// The same words whether the log's format is Text or JSON.
fn platform<'a>(kind: LineKind<'a>, line: &'a str) -> Cow<'a, str> {
    let json = line.starts_with('{');
    let ms = |label: &str, value: Option<f64>| value.map(|ms| format!("{label}: {ms:.2} ms"));
    let named = |label: &str, value: Option<Cow<'_, str>>| {
        value.map(|value| format!("{label}: {}", sanitise(&value)))
    };
    let joined = |first: &str, rest: [Option<String>; 4]| {
        let rest = rest.into_iter().flatten().flat_map(|part| ["    ".to_owned(), part]).skip(1);
        Cow::Owned(format!("{first} {}", rest.collect::<String>()).trim_end().to_owned())
    };
    match kind {
        // X-Ray's fields stand on a line of their own in it.
        LineKind::Report(report) => Cow::Owned(report.to_string().replace('\n', "")),
        LineKind::Start { request_id, version, .. } => {
            joined(&format!("START RequestId: {request_id}"), [named("Version", version), None, None, None])
        }
        LineKind::TimedOut { request_id, seconds } => {
            Cow::Owned(format!("Task timed out after {seconds:.2} seconds RequestId: {request_id}"))
        }
        LineKind::End { request_id, status, .. } => {
            let status = status.filter(|status| status != "success");
            joined(&format!("END RequestId: {request_id}"), [named("Status", status), None, None, None])
        }
        LineKind::InitStart { runtime_version } if json => {
            joined("INIT_START", [named("Runtime Version", runtime_version), None, None, None])
        }
        LineKind::RestoreStart { runtime_version } if json => {
            joined("RESTORE_START", [named("Runtime Version", runtime_version), None, None, None])
        }
        LineKind::InitReport { init_ms, phase, status, error_type } if json => joined(
            "INIT_REPORT",
            [
                ms("Init Duration", init_ms),
                named("Phase", phase),
                named("Status", status),
                named("Error Type", error_type),
            ],
        ),
        LineKind::RestoreReport { restore_ms, status, .. } if json => joined(
            "RESTORE_REPORT",
            [ms("Restore Duration", restore_ms), named("Status", status), None, None],
        ),
        LineKind::LogsDropped { records, bytes, reason } => {
            let reason = reason.map(|reason| format!(": {}", sanitise(&reason))).unwrap_or_default();
            Cow::Owned(format!("Lambda dropped {records} log events ({}){reason}", format::bytes(bytes)))
        }
        LineKind::Platform { event, request_id, status, .. } if json => {
            joined(&sanitise(&event), [named("RequestId", request_id), named("Status", status), None, None])
        }
        _ => Cow::Borrowed(line),
    }
}

/// Writes `name=value` pairs behind a message, other lines of it and a stack trace below.
fn assemble<'a>(shown: Shown, level: Option<Level>, cut: bool) -> Option<Folded<'a>> {
    let Shown { message, mut pairs, later, stack, rest } = shown;
    let message = message.unwrap_or_default();
    let (first, below) = message.split_once('\n').unwrap_or((&message, ""));
    let mut text = first.to_owned();
    let mut keys = Vec::new();
    pairs.extend(later);
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push(' ');
        }
        let start = text.len();
        text.push_str(&name);
        text.push('=');
        keys.push(start..text.len());
        text.push_str(&value);
    }
    if !rest.is_empty() {
        text.push(' ');
        text.push_str(&rest);
    }
    // The first line of a stack trace often is the message once more.
    let stack = stack.iter().enumerate().filter(|(nth, line)| *nth > 0 || line.trim() != first.trim());
    for line in below.lines().chain(stack.map(|(_, line)| line.as_str())) {
        if text.len() > 2 * READ {
            break;
        }
        text.push('\n');
        text.push_str(line);
    }
    if text.trim().is_empty() {
        return None;
    }
    // Each part is sanitised already. Parts that melt into one another at their ends are not to be relied on.
    if let Cow::Owned(changed) = sanitise_lines(&text) {
        (text, keys) = (changed, Vec::new());
    }
    Some(Folded { level, platform: false, failed: false, text: Cow::Owned(text), keys, cut })
}

#[cfg(test)]
mod tests;
