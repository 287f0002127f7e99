//! CloudWatch Logs as a source of events.

use futures_util::{StreamExt, TryStreamExt};

use super::{
    Found, LiveTail, LiveTailRequest, LiveUpdate, Page, PageRequest, RangeRequest, Source, SourceError,
    SourceErrorKind, Streams,
};
use crate::cloud::{Error, Kind, Session, logs::EventQuery};

impl Source for Session {
    async fn page(&self, request: PageRequest) -> Result<Page, SourceError> {
        let (streams, stream_prefix) = split(request.streams);
        let end_ms = request.end_ms.unwrap_or(i64::MAX);
        let query = EventQuery {
            group: request.group,
            start_ms: Some(request.start_ms),
            end_ms: request.end_ms,
            streams,
            stream_prefix,
            pattern: request.filter_pattern,
            limit: request.limit.and_then(|limit| i32::try_from(limit).ok()),
            token: request.token,
        };
        let mut page = self.filter_log_events(&query).await.map_err(SourceError::from)?;
        // The service's model has the end of the range in it, and so have some emulators; AWS's answers have not.
        page.events.retain(|event| event.timestamp < end_ms);
        Ok(Page { events: page.events, next_token: page.next })
    }

    async fn live_tail(&self, request: LiveTailRequest) -> Result<LiveTail, SourceError> {
        let (streams, prefix) = split(request.streams);
        let pattern = request.filter_pattern.as_deref();
        let updates = Session::live_tail(self, &request.groups, &streams, prefix.as_deref(), pattern).await?;
        let updates = updates.map_ok(|update| LiveUpdate { events: update.events, sampled: update.sampled });
        Ok(updates.map_err(SourceError::from).boxed())
    }

    async fn query(&self, request: RangeRequest) -> Result<Found, SourceError> {
        let found = self.query_events(&request.group, request.start_ms..request.end_ms).await?;
        Ok(Found { events: found.events, full: found.full, calls: found.calls })
    }

    fn clock_ahead_ms(&self) -> Option<i64> {
        self.log_clock_ahead_ms()
    }
}

/// Names of streams, and what they begin with.
fn split(streams: Streams) -> (Vec<String>, Option<String>) {
    match streams {
        Streams::All => (Vec::new(), None),
        Streams::Named(names) => (names, None),
        Streams::Prefixed(prefix) => (Vec::new(), Some(prefix)),
    }
}

impl From<Error> for SourceError {
    fn from(error: Error) -> Self {
        let kind = match error.kind {
            Kind::Throttled => SourceErrorKind::Throttled,
            Kind::NotFound => SourceErrorKind::NotFound,
            Kind::Denied => SourceErrorKind::Denied,
            Kind::Credentials => SourceErrorKind::Credentials,
            Kind::Network | Kind::Timeout | Kind::Service => SourceErrorKind::Offline,
            // A session that is read-only sends no query.
            Kind::Unsupported | Kind::ReadOnly => SourceErrorKind::Unsupported,
            Kind::Conflict | Kind::Stale | Kind::Invalid | Kind::OutcomeUnknown => SourceErrorKind::Other,
        };
        Self { kind, message: error.to_string() }
    }
}
