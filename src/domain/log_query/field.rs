//! What is known of a line beside its text: level, function, request, the figures of a REPORT.

use memchr::memmem::{self, Finder};
use uuid::Uuid;

use super::{Compare, Line};
use crate::domain::{
    function::FUNCTION_GROUPS,
    report::{Level, LineKind, Report, classify, parse_report},
};

/// A line's level. One that has none, and tells of an error, counts as such.
pub(super) fn level(line: &Line<'_>) -> Option<Level> {
    classify(line.message).level().or_else(|| line.error.then_some(Level::Error))
}

/// Something that has a name.
#[derive(Clone, Copy)]
pub(super) enum Name {
    Function,
    Group,
    Stream,
}

impl Name {
    pub(super) fn of<'a>(self, line: &Line<'a>) -> Option<&'a str> {
        match self {
            Self::Function => function(line.group, line.stream),
            Self::Group => Some(line.group),
            Self::Stream => Some(line.stream),
        }
    }
}

/// The function that wrote to a stream. In a group that several may share, the stream names it:
/// `YYYY/MM/DD/NAME[VERSION]...`.
pub(super) fn function<'a>(group: &'a str, stream: &'a str) -> Option<&'a str> {
    let named = || {
        let (date, rest) = stream.split_at_checked("YYYY/MM/DD/".len())?;
        let is_date = date.bytes().zip(*b"0000/00/00/").all(|(byte, like)| match like {
            b'0' => byte.is_ascii_digit(),
            _ => byte == like,
        });
        let (name, _) = rest.rsplit_once('[')?;
        (is_date && !name.is_empty()).then_some(name)
    };
    named().or_else(|| group.strip_prefix(FUNCTION_GROUPS))
}

/// A request, by how its id begins.
#[derive(Clone)]
pub(super) struct RequestTerm {
    pub(super) id: String,
    finder: Finder<'static>,
}

impl RequestTerm {
    pub(super) fn new(id: &str) -> Self {
        Self { id: id.to_owned(), finder: Finder::new(id).into_owned() }
    }

    /// The id, where it is a whole one.
    pub(super) fn whole(&self) -> Option<&str> {
        (self.id.len() == 36 && Uuid::try_parse(&self.id).is_ok()).then_some(self.id.as_str())
    }

    pub(super) fn is_named_by(&self, message: &str) -> bool {
        self.finder.find(message.as_bytes()).is_some()
            && classify(message).request_id().is_some_and(|id| id.starts_with(&self.id))
    }
}

/// A figure of a REPORT.
#[derive(Clone, Copy)]
pub(super) enum Figure {
    /// How long the handler ran, in milliseconds.
    Duration,
    /// The most memory that was used, in MB.
    Memory,
    /// The same, in percent of what is configured.
    MemoryShare,
    /// How long the init phase took, in milliseconds.
    Init,
}

impl Figure {
    pub(super) fn of(self, message: &str) -> Option<f64> {
        let report = report(message)?;
        match self {
            Self::Duration => Some(report.duration_ms),
            Self::Memory => Some(f64::from(report.max_memory_mb)),
            Self::MemoryShare => (report.memory_mb > 0)
                .then(|| f64::from(report.max_memory_mb) * 100. / f64::from(report.memory_mb)),
            Self::Init => report.init_ms,
        }
    }
}

/// Compares figures. Two are equal where they round to the same.
pub(super) fn compares(compare: Compare, found: f64, number: f64) -> bool {
    let same = (found - number).abs() < if number.fract() == 0. { 0.5 } else { 0.005 };
    match compare {
        Compare::Equal => same,
        Compare::NotEqual => !same,
        _ => compare.holds(&found, &number),
    }
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Is {
    /// It tells of an error.
    Error,
    /// The end of an invocation, with its figures.
    Report,
    /// The REPORT of an invocation that waited for an init phase, or for a snapshot.
    Cold,
    /// Lambda wrote it, not the function.
    Platform,
}

impl Is {
    /// All of them, as they are typed.
    pub(super) const ALL: [(&'static str, Self); 4] = [
        ("error", Self::Error),
        ("report", Self::Report),
        ("cold", Self::Cold),
        ("platform", Self::Platform),
    ];

    pub(super) fn holds(self, line: &Line<'_>) -> bool {
        match self {
            Self::Error => line.error,
            Self::Report => may_be_report(line.message) && is_report(&classify(line.message)),
            Self::Cold => report(line.message)
                .is_some_and(|report| report.init_ms.is_some() || report.restore_ms.is_some()),
            Self::Platform => classify(line.message).is_platform(),
        }
    }
}

fn is_report(kind: &LineKind<'_>) -> bool {
    match kind {
        LineKind::Report(_) => true,
        // That of a managed instance, which lacks the figures.
        LineKind::Platform { event, .. } => event == "platform.report",
        _ => false,
    }
}

fn report(message: &str) -> Option<Report> {
    may_be_report(message).then(|| parse_report(message)).flatten()
}

/// Tells most lines that are none at little cost.
fn may_be_report(message: &str) -> bool {
    let text = message.trim_start();
    text.starts_with("REPORT RequestId:")
        || text.starts_with('{') && memmem::find(text.as_bytes(), b"platform.report").is_some()
}
