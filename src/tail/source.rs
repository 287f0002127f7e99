//! What a follower reads from, and the clock it reads by.

use std::{
    future::{Future, ready},
    time::{SystemTime, UNIX_EPOCH},
};

use futures_util::stream::BoxStream;

use crate::domain::log_event::LogEvent;

/// Where events come from: CloudWatch Logs, or something that behaves like it.
pub trait Source: Send + Sync {
    /// Reads one page (FilterLogEvents). The answer's events are in the order of their timestamps; a page may be
    /// partial or empty, and only an absent `next_token` ends a reading.
    fn page(&self, request: PageRequest) -> impl Future<Output = Result<Page, SourceError>> + Send;

    /// Opens a Live Tail session (StartLiveTail). Dropping it closes it. A source need not have this.
    fn live_tail(
        &self,
        request: LiveTailRequest,
    ) -> impl Future<Output = Result<LiveTail, SourceError>> + Send {
        let _ = request;
        ready(Err(SourceError::unsupported("Live Tail is not offered here")))
    }

    /// Reads a range by a Logs Insights query, which serves log groups of every class. A source need not have this.
    fn query(&self, request: RangeRequest) -> impl Future<Output = Result<Found, SourceError>> + Send {
        let _ = request;
        ready(Err(SourceError::unsupported("Logs Insights is not offered here")))
    }

    /// How far the local clock is ahead of the service's, in milliseconds, as far as answers have told.
    fn clock_ahead_ms(&self) -> Option<i64> {
        None
    }
}

impl<S: Source> Source for std::sync::Arc<S> {
    fn page(&self, request: PageRequest) -> impl Future<Output = Result<Page, SourceError>> + Send {
        S::page(self, request)
    }

    fn live_tail(
        &self,
        request: LiveTailRequest,
    ) -> impl Future<Output = Result<LiveTail, SourceError>> + Send {
        S::live_tail(self, request)
    }

    fn query(&self, request: RangeRequest) -> impl Future<Output = Result<Found, SourceError>> + Send {
        S::query(self, request)
    }

    fn clock_ahead_ms(&self) -> Option<i64> {
        S::clock_ahead_ms(self)
    }
}

/// An open Live Tail session: an update about every second until it ends.
pub type LiveTail = BoxStream<'static, Result<LiveUpdate, SourceError>>;

/// The most log groups of a session (StartLiveTail's limit).
pub const LIVE_TAIL_GROUPS: usize = 10;

/// A Live Tail session to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveTailRequest {
    /// Names or ARNs of at most [`LIVE_TAIL_GROUPS`] log groups.
    pub groups: Vec<String>,
    /// The streams wanted; with several groups only all of them.
    pub streams: Streams,
    /// CloudWatch Logs' filter pattern.
    pub filter_pattern: Option<String>,
}

/// What came within about a second.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveUpdate {
    /// The events, in no order and without ids; `group` is a group as the request named it.
    pub events: Vec<LogEvent>,
    /// Whether there were more, of which these are a sample.
    pub sampled: bool,
}

/// A range to be read by a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeRequest {
    /// Name or ARN of the log group.
    pub group: String,
    /// First timestamp wanted, in milliseconds since the epoch.
    pub start_ms: i64,
    /// First timestamp not wanted, in milliseconds since the epoch.
    pub end_ms: i64,
}

/// What a query found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The events, in the order of their timestamps.
    pub events: Vec<LogEvent>,
    /// Whether there may be more than a query gives (10,000).
    pub full: bool,
    /// Requests that it took.
    pub calls: u64,
}

/// One page to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// Name or ARN of the log group.
    pub group: String,
    /// First timestamp wanted, in milliseconds since the epoch.
    pub start_ms: i64,
    /// First timestamp not wanted, in milliseconds since the epoch.
    pub end_ms: Option<i64>,
    /// The previous page's `next_token`; everything else is then as it was in the request for that page.
    pub token: Option<String>,
    /// The streams wanted.
    pub streams: Streams,
    /// CloudWatch Logs' filter pattern.
    pub filter_pattern: Option<String>,
    /// The most events wanted in the page; the service's own limit is 10,000.
    pub limit: Option<u32>,
}

/// Streams of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Streams {
    /// All of them.
    #[default]
    All,
    /// These, at most 100.
    Named(Vec<String>),
    /// Those whose names start so.
    Prefixed(String),
}

/// One page that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The events.
    pub events: Vec<LogEvent>,
    /// How to go on; absent at the end.
    pub next_token: Option<String>,
}

/// Why a page could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SourceError {
    /// What kind of failure it was.
    pub kind: SourceErrorKind,
    /// What to tell the user.
    pub message: String,
}

impl SourceError {
    pub(super) fn unsupported(message: &str) -> Self {
        Self { kind: SourceErrorKind::Unsupported, message: message.to_owned() }
    }
}

/// Kinds of failures, as far as a follower treats them differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceErrorKind {
    /// Too many requests.
    Throttled,
    /// The log group does not exist (yet).
    NotFound,
    /// Not allowed.
    Denied,
    /// No credentials, or expired ones.
    Credentials,
    /// The service cannot be reached.
    Offline,
    /// The group can't be read this way, such as one of the Infrequent Access class.
    Unsupported,
    /// Anything else. For a request with a token it may mean that the token is no longer good.
    Other,
}

/// The wall clock.
pub trait Clock: Send + Sync {
    /// Milliseconds since the epoch.
    fn now_ms(&self) -> i64;
}

/// The system's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |elapsed| i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
    }
}
