//! What a follower reads from, and the clock it reads by.

use std::{
    future::Future,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::domain::log_event::LogEvent;

/// Where events come from: FilterLogEvents, or something that behaves like it.
pub trait Source: Send + Sync {
    /// Reads one page. The answer's events are in the order of their timestamps; a page may be partial or empty, and
    /// only an absent `next_token` ends a reading.
    fn page(&self, request: PageRequest) -> impl Future<Output = Result<Page, SourceError>> + Send;
}

impl<S: Source> Source for std::sync::Arc<S> {
    fn page(&self, request: PageRequest) -> impl Future<Output = Result<Page, SourceError>> + Send {
        S::page(self, request)
    }
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
