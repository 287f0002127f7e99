//! What a row says of the invocation that it is of.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::{
    domain::report::{Failure, LineKind, Report, classify, failure},
    tail::request::{Whose, whose},
};

/// The beginning of a text line in which its request is looked for, in bytes.
const HEAD: usize = 1024;

/// Something that a row tells of an invocation. Texts are sanitised.
#[derive(Clone, PartialEq)]
pub(super) enum Fact {
    /// The init phase of its environment began.
    Init,
    /// The init phase is over: how long it took in milliseconds, and what failed.
    InitReport { ms: Option<f64>, failure: Option<Box<str>> },
    /// Its environment comes from a snapshot: how long that took in milliseconds.
    Restore { ms: Option<f64>, failure: Option<Box<str>> },
    /// It began.
    Start { version: Option<Box<str>>, trace: Option<Box<str>> },
    /// Its handler is done.
    End { status: Option<Box<str>>, error_type: Option<Box<str>> },
    /// It is over.
    Report(Box<Report>),
    /// It is over, and the figures are left out.
    Bare { status: Option<Box<str>>, error_type: Option<Box<str>>, ms: Option<f64> },
    /// It ran into the function's time-out.
    TimedOut,
    /// The runtime's process ended.
    Crashed(Box<str>),
    /// Its handler raised an error.
    Raised(Box<str>),
}

impl Fact {
    /// Whether it tells of the init phase.
    pub(super) fn is_init(&self) -> bool {
        matches!(self, Self::Init | Self::InitReport { .. } | Self::Restore { .. })
    }

    /// Whether it begins or ends an invocation.
    pub(super) fn is_edge(&self) -> bool {
        matches!(self, Self::Start { .. }) || self.is_report()
    }

    /// Whether it ends an invocation.
    pub(super) fn is_report(&self) -> bool {
        matches!(self, Self::Report(_) | Self::Bare { .. })
    }
}

/// What a row says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A START.
    Start,
    /// A REPORT.
    Report,
    /// Anything else.
    Other,
}

/// Reads a message: its kind, the request that it names, what it tells. `error` says whether it tells of an error.
pub(super) fn read<T>(
    message: &str,
    error: bool,
    mut number: impl FnMut(&str) -> T,
) -> (Kind, Option<T>, Option<Fact>) {
    if !may_say(message.as_bytes(), error) {
        return (Kind::Other, None, None);
    }
    let line = classify(message);
    // No request has an empty id.
    let mut numbered = |id: &str| (!id.is_empty()).then(|| number(id));
    let (kind, of) = match whose(&line) {
        Whose::Start(id) if !id.is_empty() => (Kind::Start, numbered(id)),
        Whose::Report(id) => (Kind::Report, id.and_then(&mut numbered)),
        Whose::Of(id) => (Kind::Other, numbered(id)),
        Whose::Start(_) | Whose::Nobody => (Kind::Other, None),
    };
    (kind, of, fact(line, message, error))
}

/// Whether it may be that a message names a request or tells something. Most lines of an application don't, and to find
/// that out costs a small part of reading them.
fn may_say(message: &[u8], error: bool) -> bool {
    static NAMES: LazyLock<[Finder<'static>; 4]> =
        LazyLock::new(|| ["equest", "platform.", "errorType", "\\u"].map(Finder::new));
    match message.first() {
        None => false,
        Some(b'{') => NAMES.iter().any(|name| name.find(message).is_some()),
        Some(b'S' | b'E' | b'R' | b'I') if has_own_beginning(message) => true,
        Some(b'[') if error => true,
        Some(_) => has_id(&message[..message.len().min(HEAD)]),
    }
}

fn has_own_beginning(message: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 6] =
        [b"START RequestId", b"END RequestId", b"REPORT RequestId", b"RequestId: ", b"INIT_", b"RESTORE_"];
    BEGINNINGS.iter().any(|beginning| message.starts_with(beginning))
}

/// Whether there is something of the form of a request id: 8-4-4-4-12.
fn has_id(text: &[u8]) -> bool {
    memchr::memchr_iter(b'-', text).any(|at| {
        at >= 8
            && [5, 10, 15].iter().all(|further| text.get(at + further) == Some(&b'-'))
            && at + 28 <= text.len()
    })
}

fn fact(line: LineKind<'_>, message: &str, error: bool) -> Option<Fact> {
    let boxed = |text: Option<std::borrow::Cow<'_, str>>| text.map(|text| Box::from(text.as_ref()));
    let failed = |status: Option<std::borrow::Cow<'_, str>>, kind: Option<std::borrow::Cow<'_, str>>| {
        let status = status.filter(|status| !status.eq_ignore_ascii_case("success"))?;
        Some(Box::from(kind.unwrap_or(status).as_ref()))
    };
    Some(match line {
        LineKind::InitStart { .. } => Fact::Init,
        LineKind::InitReport { init_ms, status, error_type, .. } => {
            Fact::InitReport { ms: init_ms, failure: failed(status, error_type) }
        }
        LineKind::RestoreStart { .. } => Fact::Restore { ms: None, failure: None },
        LineKind::RestoreReport { restore_ms, status, error_type } => {
            Fact::Restore { ms: restore_ms, failure: failed(status, error_type) }
        }
        LineKind::Start { version, trace_id, .. } => {
            Fact::Start { version: boxed(version), trace: boxed(trace_id) }
        }
        // Without a status it says no more than the REPORT that follows.
        LineKind::End { status: None, .. } => return None,
        LineKind::End { status, error_type, .. } => {
            Fact::End { status: boxed(status), error_type: boxed(error_type) }
        }
        LineKind::Report(report) => Fact::Report(Box::new(Report { request_id: String::new(), ..report })),
        LineKind::Platform { event, status, error_type, duration_ms, .. } if event == "platform.report" => {
            Fact::Bare { status: boxed(status), error_type: boxed(error_type), ms: duration_ms }
        }
        LineKind::TimedOut { .. } => Fact::TimedOut,
        LineKind::Application { .. } if error => match failure(message)? {
            Failure::Crashed(kind) => Fact::Crashed(kind.into()),
            Failure::Raised(kind) => Fact::Raised(kind.into()),
        },
        LineKind::Application { .. } | LineKind::LogsDropped { .. } | LineKind::Platform { .. } => {
            return None;
        }
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const ID: &str = "f6d1a2c8-5b1e-4c55-9f0b-0d2d4c1f1c7a";

    #[rstest]
    #[case("START RequestId: ID Version: 1", true)]
    #[case("END RequestId: ID", true)]
    #[case("REPORT RequestId: ID", true)]
    #[case("INIT_START Runtime Version: x", true)]
    #[case("RESTORE_REPORT Restore Duration: 1 ms", true)]
    #[case("2026-11-20T14:00:00.000Z\tID\tINFO\thello", true)]
    #[case("2020-09-01 08:31:01 ID INFO  Handler:12 - hi", true)]
    #[case(r#"{"type":"platform.start"}"#, true)]
    #[case(r#"{"level":"INFO","AWSRequestId":"x"}"#, true)]
    #[case(r#"{"level":"INFO","message":"hello"}"#, false)]
    #[case("order 2026-11-20 done", false)]
    #[case("REPORTS are out", false)]
    #[case("[INFO] hello", false)]
    #[case("", false)]
    fn only_what_may_say_something_is_read(#[case] line: &str, #[case] expected: bool) {
        assert_eq!(may_say(line.replace("ID", ID).as_bytes(), false), expected);
    }
}
