//! Live Tail: sessions that hear of every event as it is written.
//!
//! A [`Session`] is told by the [`Store`](super::Store) of what is ingested, from functions and from PutLogEvents, and
//! keeps what matches. [`stream`] hands that out as AWS does: an update a second, also where nothing came, with at most
//! 500 events. What is beyond them is sampled: the update then holds events spread evenly over all that came. A client
//! that reads more slowly than that loses the oldest events, beyond 5,000. After three hours a session ends. Dropping
//! the stream ends it at once.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use serde::Serialize;
use tokio::time::{Instant, Interval};
use tokio_util::sync::CancellationToken;

use super::{
    pattern::Pattern,
    store::{Event, Key},
};
use crate::local::frames;

/// The most events in an update.
const UPDATE_EVENTS: usize = 500;
/// The most bytes of messages in an update, which must stay within what one message of an event stream can be (16 MB)
/// when JSON's escapes have multiplied them. More counts as sampled.
const UPDATE_BYTES: usize = 2 << 20;
/// How many events wait for a slow client: ten updates.
const BUFFERED: usize = 10 * UPDATE_EVENTS;
/// How often an update is sent.
const PERIOD: Duration = Duration::from_secs(1);
/// How long a session lasts.
const LIFETIME: Duration = Duration::from_hours(3);

/// Which streams of a group a session listens to.
#[derive(Debug)]
pub(super) enum Streams {
    All,
    Named(Vec<String>),
    Prefixed(Vec<String>),
}

impl Streams {
    fn hold(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.iter().any(|one| one == name),
            Self::Prefixed(prefixes) => prefixes.iter().any(|prefix| name.starts_with(prefix.as_str())),
        }
    }
}

/// A log group that a session listens to.
#[derive(Debug)]
pub(super) struct Listened {
    pub(super) name: String,
    pub(super) arn: String,
}

/// What a session listens to, and what it has heard and not yet told.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) groups: Vec<Listened>,
    pub(super) streams: Streams,
    pub(super) pattern: Pattern,
    heard: Mutex<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    events: VecDeque<Told>,
    /// Events were dropped since the last update.
    dropped: bool,
}

/// An event that a session has heard of.
struct Told {
    at: Instant,
    group: usize,
    key: Key,
    stream: Arc<str>,
    message: Arc<str>,
}

impl std::fmt::Debug for Told {
    // Messages may hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Told").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Session {
    pub(super) fn new(groups: Vec<Listened>, streams: Streams, pattern: Pattern) -> Self {
        Self { groups, streams, pattern, heard: Mutex::default() }
    }

    fn hear(&self, group: &str, key: Key, event: &Event) {
        let Some(group) = self.groups.iter().position(|listened| listened.name == group) else { return };
        if !self.streams.hold(&event.stream) || !self.pattern.matches(&event.message) {
            return;
        }
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.events.len() == BUFFERED {
            heard.events.pop_front();
            heard.dropped = true;
        }
        heard.events.push_back(Told {
            at: Instant::now(),
            group,
            key,
            stream: Arc::clone(&event.stream),
            message: Arc::clone(&event.message),
        });
    }

    /// What was heard up to a moment: at most an update's events, and whether there were more.
    fn update(&self, until: Instant) -> (Vec<Told>, bool) {
        let (events, dropped) = {
            let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            let count = heard.events.partition_point(|event| event.at <= until);
            let events: Vec<_> = heard.events.drain(..count).collect();
            (events, std::mem::take(&mut heard.dropped))
        };
        let count = events.len();
        let mut bytes = 0;
        let sample: Vec<_> = events
            .into_iter()
            .enumerate()
            // As many as there is room for, as far from each other as they can be.
            .filter(|(at, _)| {
                count <= UPDATE_EVENTS || at * UPDATE_EVENTS / count != (at + 1) * UPDATE_EVENTS / count
            })
            .map(|(_, event)| event)
            .take_while(|event| {
                let first = bytes == 0;
                bytes += event.message.len();
                first || bytes <= UPDATE_BYTES
            })
            .collect();
        let sampled = dropped || sample.len() < count;
        (sample, sampled)
    }
}

/// The sessions of a store. One that was dropped is forgotten with the next event.
#[derive(Default)]
pub(super) struct Sessions(Vec<Weak<Session>>);

impl Sessions {
    pub(super) fn add(&mut self, session: &Arc<Session>) {
        self.0.retain(|session| session.strong_count() > 0);
        self.0.push(Arc::downgrade(session));
    }

    pub(super) fn tell(&mut self, group: &str, key: Key, event: &Event) {
        self.0.retain(|session| match session.upgrade() {
            Some(session) => {
                session.hear(group, key, event);
                true
            }
            None => false,
        });
    }

    #[cfg(test)]
    fn open(&mut self) -> usize {
        self.0.retain(|session| session.strong_count() > 0);
        self.0.len()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Start<'a> {
    request_id: &'a str,
    session_id: String,
    log_group_identifiers: Vec<&'a str>,
    log_stream_names: &'a [String],
    log_stream_name_prefixes: &'a [String],
    log_event_filter_pattern: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Update<'a> {
    session_metadata: Metadata,
    session_results: Vec<LogEvent<'a>>,
}

#[derive(Serialize)]
struct Metadata {
    sampled: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogEvent<'a> {
    log_stream_name: &'a str,
    log_group_identifier: &'a str,
    message: &'a str,
    timestamp: i64,
    ingestion_time: i64,
}

/// The messages of a session, which ends when `stop` is cancelled.
pub(super) fn stream(
    session: Arc<Session>,
    filter_pattern: &str,
    request_id: &str,
    stop: CancellationToken,
) -> BoxStream<'static, io::Result<Bytes>> {
    let (names, prefixes): (&[String], &[String]) = match &session.streams {
        Streams::All => (&[], &[]),
        Streams::Named(names) => (names, &[]),
        Streams::Prefixed(prefixes) => (&[], prefixes),
    };
    let start = event(
        "sessionStart",
        &Start {
            request_id,
            session_id: uuid::Uuid::new_v4().to_string(),
            log_group_identifiers: session.groups.iter().map(|group| group.arn.as_str()).collect(),
            log_stream_names: names,
            log_stream_name_prefixes: prefixes,
            log_event_filter_pattern: filter_pattern,
        },
    );
    // The protocol's own first message: what is not in the stream of an answer, which here is nothing.
    let initial = frames::event("initial-response", "application/x-amz-json-1.1", Bytes::from_static(b"{}"));
    let opened = Instant::now();
    let open = Open {
        session,
        ticks: tokio::time::interval_at(opened + PERIOD, PERIOD),
        end: opened + LIFETIME,
        stop,
    };
    let updates = stream::unfold(Some(open), |open| async move { open?.next().await });
    stream::iter([initial, start]).chain(updates).boxed()
}

struct Open {
    session: Arc<Session>,
    /// Ticks that a slow client missed come at once when it reads again: each brings the update of its second.
    ticks: Interval,
    end: Instant,
    stop: CancellationToken,
}

impl Open {
    async fn next(mut self) -> Option<(io::Result<Bytes>, Option<Self>)> {
        let now = tokio::select! {
            biased;
            () = self.stop.cancelled() => return None,
            tick = self.ticks.tick() => tick,
        };
        if now >= self.end {
            let message = serde_json::json!({ "message": "The Live Tail session has timed out." });
            let end = frames::exception("SessionTimeoutException", message.to_string().into());
            return Some((end, None));
        }
        let (events, sampled) = self.session.update(now);
        let results = events
            .iter()
            .map(|told| LogEvent {
                log_stream_name: &told.stream,
                log_group_identifier: &self.session.groups[told.group].arn,
                message: &told.message,
                timestamp: told.key.timestamp,
                ingestion_time: told.key.ingestion,
            })
            .collect();
        let update = Update { session_metadata: Metadata { sampled }, session_results: results };
        Some((event("sessionUpdate", &update), Some(self)))
    }
}

fn event(event_type: &'static str, payload: &impl Serialize) -> io::Result<Bytes> {
    let payload = serde_json::to_vec(payload).map_err(io::Error::other)?;
    frames::event(event_type, "application/json", payload.into())
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;
