//! CloudWatch Logs as a source of events.

use super::{Page, PageRequest, Source, SourceError, SourceErrorKind, Streams};
use crate::cloud::{Error, Kind, Session, logs::EventQuery};

impl Source for Session {
    async fn page(&self, request: PageRequest) -> Result<Page, SourceError> {
        let (streams, stream_prefix) = match request.streams {
            Streams::All => (Vec::new(), None),
            Streams::Named(names) => (names, None),
            Streams::Prefixed(prefix) => (Vec::new(), Some(prefix)),
        };
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
}

impl From<Error> for SourceError {
    fn from(error: Error) -> Self {
        let kind = match error.kind {
            Kind::Throttled => SourceErrorKind::Throttled,
            Kind::NotFound => SourceErrorKind::NotFound,
            Kind::Denied => SourceErrorKind::Denied,
            Kind::Credentials => SourceErrorKind::Credentials,
            Kind::Network | Kind::Timeout | Kind::Service => SourceErrorKind::Offline,
            Kind::Unsupported => SourceErrorKind::Unsupported,
            Kind::Conflict | Kind::Stale | Kind::Invalid | Kind::OutcomeUnknown | Kind::ReadOnly => {
                SourceErrorKind::Other
            }
        };
        Self { kind, message: error.to_string() }
    }
}
