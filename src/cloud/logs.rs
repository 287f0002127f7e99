//! The CloudWatch Logs API.

use super::{Error, Session, convert};
use crate::domain::log_event::LogEvent;

/// What one FilterLogEvents page is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventQuery {
    /// Log group.
    pub group: String,
    /// From this moment on, in milliseconds since the epoch.
    pub start_ms: Option<i64>,
    /// Up to this moment, in milliseconds since the epoch. AWS leaves out what happened in this very millisecond
    /// (aws/aws-cli#4262), some emulators don't.
    pub end_ms: Option<i64>,
    /// Only these streams; all where none is named.
    pub streams: Vec<String>,
    /// Only streams whose names start so.
    pub stream_prefix: Option<String>,
    /// A filter pattern that the service applies.
    pub pattern: Option<String>,
    /// At most so many events, up to 10,000.
    pub limit: Option<i32>,
    /// Where the page begins.
    pub token: Option<String>,
}

/// One FilterLogEvents page. It may be empty and yet have a token: only its absence ends the reading.
#[derive(Debug)]
pub struct EventPage {
    /// Its events.
    pub events: Vec<LogEvent>,
    /// Where the next page begins.
    pub next: Option<String>,
}

impl Session {
    /// One page of events.
    ///
    /// # Errors
    /// As every read; [`super::Kind::NotFound`] where the group does not exist (yet).
    pub async fn filter_log_events(&self, query: &EventQuery) -> Result<EventPage, Error> {
        let answer = self
            .logs()
            .filter_log_events()
            .log_group_name(&query.group)
            .set_start_time(query.start_ms)
            .set_end_time(query.end_ms)
            .set_log_stream_names((!query.streams.is_empty()).then(|| query.streams.clone()))
            .set_log_stream_name_prefix(query.stream_prefix.clone())
            .set_filter_pattern(query.pattern.clone())
            .set_limit(query.limit)
            .set_next_token(query.token.clone())
            .send()
            .await
            .map_err(|error| self.read_error(&format!("read the log group {}", query.group), &error))?;
        let next = answer.next_token.filter(|token| !token.is_empty());
        let events = answer.events.unwrap_or_default();
        Ok(EventPage {
            events: events.into_iter().map(|event| convert::log_event(&query.group, event)).collect(),
            next,
        })
    }
}
