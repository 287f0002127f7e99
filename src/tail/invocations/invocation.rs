//! One invocation, made of what its rows told.

use super::{Counts, Fact, Invocations, Key, Request, Told, stream::Stream};
use crate::{
    domain::{function::FUNCTION_GROUPS, report::Report},
    tail::store::RowKey,
};

/// How long an invocation can take at most, in milliseconds: Lambda's longest time-out and what its lines may be late.
const LONGEST_MS: i64 = (15 * 60 + 120) * 1000;

/// How an invocation ended, as far as its rows tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Its REPORT has not come.
    Running,
    /// Well.
    Ok,
    /// Its handler raised an error, or its init phase failed.
    Error,
    /// It ran into the function's time-out.
    Timeout,
    /// The runtime's process ended.
    Crashed,
    /// Its START or its REPORT is not there, so that nobody can tell.
    Unknown,
}

impl Status {
    /// Whether it failed.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Error | Self::Timeout | Self::Crashed)
    }
}

/// An invocation. Where it was tried again, as asynchronous ones are under the same id, all but rows and attempts is of
/// the last attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation<'a> {
    /// Request id.
    pub id: &'a str,
    /// Log group.
    pub group: &'a str,
    /// Stream: its execution environment.
    pub stream: &'a str,
    /// The function, where the stream or the group names it.
    pub function: Option<&'a str>,
    /// The version.
    pub version: Option<&'a str>,
    /// The first row of it that is known.
    pub first: RowKey,
    /// When it began, in milliseconds since the epoch; none where its START is not known.
    pub started_ms: Option<i64>,
    /// When it was over, in milliseconds since the epoch.
    pub ended_ms: Option<i64>,
    /// How it ended. [`Invocation::status_at`] knows what can't be any more.
    pub status: Status,
    /// How long the handler ran, in milliseconds.
    pub duration_ms: Option<f64>,
    /// What is billed, in milliseconds.
    pub billed_ms: Option<u64>,
    /// The configured memory, in MB.
    pub memory_mb: Option<u32>,
    /// The most memory that was used, in MB.
    pub max_memory_mb: Option<u32>,
    /// Whether its environment was made for it.
    pub cold: bool,
    /// How long the init phase took, in milliseconds.
    pub init_ms: Option<f64>,
    /// How long restoring a snapshot took, in milliseconds.
    pub restore_ms: Option<f64>,
    /// What failed. Sanitised.
    pub error_type: Option<&'a str>,
    /// Its rows that are there.
    pub rows: u32,
    /// Those that tell of an error.
    pub errors: u32,
    /// Those that the filter shows.
    pub shown: u32,
    /// How often it was tried.
    pub attempts: usize,
    /// The X-Ray trace.
    pub trace_id: Option<&'a str>,
    /// Its REPORT.
    pub report: Option<RowKey>,
}

impl Invocation<'_> {
    /// A time to order it by, in milliseconds since the epoch: when it began, else that of its first row.
    pub fn at_ms(&self) -> i64 {
        self.started_ms.unwrap_or(self.first.timestamp)
    }

    /// How it ended. What began longer ago than any invocation takes is not running, whatever is missing.
    pub fn status_at(&self, now_ms: i64) -> Status {
        let is_over = self.status == Status::Running && now_ms.saturating_sub(self.at_ms()) > LONGEST_MS;
        if is_over { Status::Unknown } else { self.status }
    }

    /// The share of the configured memory that was used, in per cent.
    pub fn memory_share(&self) -> Option<u32> {
        let (used, of) = (self.max_memory_mb?, self.memory_mb.filter(|of| *of > 0)?);
        u32::try_from(u64::from(used) * 100 / u64::from(of)).ok()
    }
}

/// What is known of the invocations before and behind one in its execution environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Neighbours {
    /// From the end of the one before to its START, in milliseconds.
    pub after_previous_ms: Option<i64>,
    /// From its end to the START of the next one, in milliseconds.
    pub before_next_ms: Option<i64>,
    /// Whether its environment began with it.
    pub is_first: bool,
}

/// What the name of a stream tells: `YYYY/MM/DD/[VERSION]hex`, in a group of one's own `YYYY/MM/DD/FUNCTION[VERSION]hex`.
fn of_stream(name: &str) -> (Option<&str>, Option<&str>) {
    let Some(rest) = name.splitn(4, '/').nth(3) else { return (None, None) };
    let Some((function, rest)) = rest.split_once('[') else { return (None, None) };
    let version = rest.split_once(']').map(|(version, _)| version);
    let named = |text: &&str| !text.is_empty();
    (Some(function).filter(named), version.filter(|version| named(version)))
}

/// The facts of the last attempt, and how many attempts there are.
fn last_attempt(facts: &[Told]) -> (&[Told], usize) {
    let starts = facts.iter().filter(|told| matches!(told.fact, Fact::Start { .. })).count();
    let reports = facts.iter().filter(|told| told.fact.is_report()).count();
    let start = facts.iter().rposition(|told| matches!(told.fact, Fact::Start { .. }));
    let mut ends = (0..facts.len()).rev().filter(|at| facts[*at].fact.is_report());
    let last = ends.next();
    // What is behind the REPORT before the last one is of the last attempt, whether its START is there or not.
    let behind = ends.next().filter(|_| last > start).map(|at| at + 1);
    let mut from = start.max(behind).unwrap_or_default();
    if start == Some(from) {
        // The init phase of its environment, and what was told since it began.
        let start = &facts[from];
        let before =
            facts[..from].iter().rev().take_while(|told| told.stream == start.stream && !told.fact.is_edge());
        let before = &facts[from - before.count()..from];
        from -= before.iter().position(|told| told.fact.is_init()).map_or(0, |at| before.len() - at);
    }
    (&facts[from..], starts.max(reports).max(1))
}

fn key_of(told: &Told) -> RowKey {
    RowKey { timestamp: told.key.0, tie: told.key.1, place: told.place }
}

pub(super) fn of<'a>(all: &'a Invocations, request: &'a Request) -> Invocation<'a> {
    let (facts, attempts) = last_attempt(&request.facts);
    let start = facts.iter().find(|told| matches!(told.fact, Fact::Start { .. }));
    let report = facts.iter().rfind(|told| told.fact.is_report());
    let named = request.named;
    let at = start.or(report).map(|told| told.stream).or(named.map(|(_, stream)| stream));
    let stream = at.and_then(|stream| all.streams.get(&stream));
    let (group, name) = stream.map_or(("", ""), |stream| (&*stream.group, &*stream.name));
    let (function, version) = of_stream(name);
    let keys = request.facts.first().map(key_of).into_iter().chain(named.map(|(key, _)| key));
    let Counts { rows, errors, shown } = request.counts;
    let mut invocation = Invocation {
        id: &request.id,
        group,
        stream: name,
        function: function.or_else(|| group.strip_prefix(FUNCTION_GROUPS)),
        version,
        first: keys.min().unwrap_or(RowKey::at(i64::MIN)),
        started_ms: start.map(|told| told.key.0),
        ended_ms: report.map(|told| told.key.0),
        status: Status::Unknown,
        duration_ms: None,
        billed_ms: None,
        memory_mb: None,
        max_memory_mb: None,
        cold: false,
        init_ms: None,
        restore_ms: None,
        error_type: None,
        rows,
        errors,
        shown,
        attempts,
        trace_id: None,
        report: report.map(key_of),
    };
    let mut failed = Failed::default();
    for told in facts {
        take(&mut invocation, &mut failed, &told.fact, report.is_none());
    }
    let is_next = |start: &Told| stream.is_some_and(|stream| is_superseded(stream, start.key));
    invocation.status = match report.map(|told| &told.fact) {
        _ if failed.timed_out => Status::Timeout,
        _ if failed.crashed => Status::Crashed,
        _ if failed.reported => Status::Error,
        Some(Fact::Report(report)) if report.status.is_some() => Status::Ok,
        Some(Fact::Bare { status: Some(_), .. }) => Status::Ok,
        // Of what a handler raised, a REPORT as text says nothing.
        Some(_) if failed.raised => Status::Error,
        Some(_) if start.is_some() => Status::Ok,
        None if failed.done => Status::Ok,
        None if start.is_some_and(|start| !is_next(start)) => Status::Running,
        Some(_) | None => Status::Unknown,
    };
    invocation
}

/// How an invocation failed, or did not.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is told by a line of its own")]
struct Failed {
    timed_out: bool,
    crashed: bool,
    /// Lambda said so.
    reported: bool,
    /// The runtime said so.
    raised: bool,
    /// Lambda said that all is well.
    done: bool,
}

impl Failed {
    fn status(&mut self, status: Option<&str>, kind: Option<&str>) {
        match status {
            Some(status) if status.eq_ignore_ascii_case("success") => self.done = true,
            Some("timeout") => self.timed_out = true,
            Some(_) => self.reported = true,
            None => {}
        }
        self.crashed |= matches!(kind, Some("Runtime.ExitError" | "Runtime.OutOfMemory" | "Extension.Crash"));
    }
}

fn take<'a>(invocation: &mut Invocation<'a>, failed: &mut Failed, fact: &'a Fact, is_open: bool) {
    let mut said = |kind: Option<&'a str>| invocation.error_type = kind.or(invocation.error_type);
    match fact {
        Fact::Init => invocation.cold |= is_open,
        Fact::InitReport { ms, failure } => {
            if failure.is_some() || is_open {
                invocation.cold = true;
                invocation.init_ms = ms.or(invocation.init_ms);
            }
            if invocation.error_type.is_none() {
                invocation.error_type = failure.as_deref().filter(|kind| *kind != "timeout");
            }
        }
        Fact::Restore { ms, failure } => {
            said(failure.as_deref());
            invocation.restore_ms = ms.or(invocation.restore_ms);
        }
        Fact::Start { version, trace } => {
            invocation.version = version.as_deref().or(invocation.version);
            invocation.trace_id = trace.as_deref();
        }
        Fact::End { status, error_type } => {
            said(error_type.as_deref());
            failed.status(status.as_deref(), error_type.as_deref());
        }
        Fact::Bare { status, error_type, ms } => {
            said(error_type.as_deref());
            failed.status(status.as_deref(), error_type.as_deref());
            invocation.duration_ms = *ms;
        }
        Fact::Report(report) => {
            failed.status(report.status.as_deref(), report.error_type.as_deref());
            figures(invocation, report);
        }
        Fact::TimedOut => failed.timed_out = true,
        Fact::Crashed(kind) => {
            failed.crashed = true;
            said(Some(kind));
        }
        Fact::Raised(kind) => {
            failed.raised = true;
            said(Some(kind));
        }
    }
}

fn figures<'a>(invocation: &mut Invocation<'a>, report: &'a Report) {
    invocation.duration_ms = Some(report.duration_ms);
    invocation.billed_ms = Some(report.billed_ms);
    invocation.memory_mb = Some(report.memory_mb);
    invocation.max_memory_mb = Some(report.max_memory_mb);
    invocation.cold |= report.init_ms.is_some();
    invocation.init_ms = report.init_ms.or(invocation.init_ms);
    invocation.restore_ms = report.restore_ms.or(invocation.restore_ms);
    invocation.error_type = report.error_type.as_deref().or(invocation.error_type);
    invocation.trace_id = report.trace_id.as_deref().or(invocation.trace_id);
}

/// Whether the stream goes on with another invocation where the REPORT of one should be: an environment handles one at
/// a time.
fn is_superseded(stream: &Stream, start: Key) -> bool {
    stream.find(start).is_some_and(|at| stream.segments.get(at + 1).is_some())
}

pub(super) fn neighbours(all: &Invocations, request: &Request) -> Neighbours {
    let (facts, _) = last_attempt(&request.facts);
    let start = facts.iter().find(|told| matches!(told.fact, Fact::Start { .. }));
    let report = facts.iter().rfind(|told| told.fact.is_report());
    let Some(told) = start.or(report) else { return Neighbours::default() };
    let Some(stream) = all.streams.get(&told.stream) else { return Neighbours::default() };
    let mut found = Neighbours::default();
    let mut behind = None;
    if let Some(start) = start
        && let Some(at) = stream.find(start.key)
    {
        behind = Some(at);
        if let Some(before) = at.checked_sub(1).and_then(|at| stream.segments.get(at)) {
            let end = match before.edge {
                Some(edge) if !edge.is_start => Some(edge.line.key.0),
                Some(_) => before.last(),
                None => None,
            };
            found.after_previous_ms = end.map(|end| start.key.0.saturating_sub(end));
            found.is_first = end.is_none() && before.facts.iter().any(|(_, fact)| *fact == Fact::Init);
        }
    }
    let end = report.filter(|report| report.stream == told.stream).and_then(|report| stream.find(report.key));
    if let Some(at) = end.or(behind)
        && let Some(segment) = stream.segments.get(at)
    {
        let end = if end.is_some() { segment.edge.map(|edge| edge.line.key.0) } else { segment.last() };
        let next = stream.segments.range(at + 1..).find_map(|next| next.edge.filter(|edge| edge.is_start));
        let next = next.map(|edge| edge.line.key.0);
        found.before_next_ms = end.zip(next).map(|(end, next)| next.saturating_sub(end));
    }
    found
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::of_stream;

    #[rstest]
    #[case("2026/11/20/[$LATEST]0123456789abcdef", None, Some("$LATEST"))]
    #[case("2026/11/20/checkout-api[42]0123456789abcdef", Some("checkout-api"), Some("42"))]
    #[case("2026/11/20/checkout[", Some("checkout"), None)]
    #[case("mine", None, None)]
    #[case("", None, None)]
    #[case("a/b/c/[]x", None, None)]
    fn names_of_streams(#[case] name: &str, #[case] function: Option<&str>, #[case] version: Option<&str>) {
        assert_eq!(of_stream(name), (function, version));
    }
}
