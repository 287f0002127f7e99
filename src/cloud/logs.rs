//! The CloudWatch Logs API.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::BeforeDeserializationInterceptorContextRef, dyn_dispatch_hint},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{DateTime, config_bag::ConfigBag, date_time::Format};

use super::{Error, Kind, Session, convert};
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
    /// As every read; [`Kind::NotFound`] where the group does not exist (yet), [`Kind::Unsupported`] where it is of a
    /// class that this does not serve.
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
            .map_err(|error| {
                of_class(self.read_error(&format!("read the log group {}", query.group), &error))
            })?;
        let next = answer.next_token.filter(|token| !token.is_empty());
        let events = answer.events.unwrap_or_default();
        Ok(EventPage {
            events: events.into_iter().map(|event| convert::log_event(&query.group, event)).collect(),
            next,
        })
    }
}

/// A refusal for the log group's class (Infrequent Access, Delivery) comes as one of the parameters or of the
/// operation; only its message tells.
pub(super) fn of_class(error: Error) -> Error {
    const SPEAKS_OF_IT: [&str; 5] =
        ["log class", "loggroupclass", "log group class", "infrequent access", "infrequent_access"];
    let message = error.message.to_lowercase();
    if error.kind == Kind::Invalid && SPEAKS_OF_IT.iter().any(|words| message.contains(words)) {
        return Error { kind: Kind::Unsupported, hint: None, ..error };
    }
    error
}

impl Session {
    /// How far the local clock is ahead of CloudWatch Logs', in milliseconds, as its last answer told: to about a
    /// second. None before there was one.
    pub fn log_clock_ahead_ms(&self) -> Option<i64> {
        *self.log_clock().0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the service's time from the `Date` of its answers. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct ServiceClock(Arc<Mutex<Option<i64>>>);

#[dyn_dispatch_hint]
impl Intercept for ServiceClock {
    fn name(&self) -> &'static str {
        "ServiceClock"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let served = date.and_then(|date| DateTime::from_str(date, Format::HttpDate).ok()?.to_millis().ok());
        let local = SystemTime::now().duration_since(UNIX_EPOCH).map(|now| i64::try_from(now.as_millis()));
        if let (Some(served), Ok(Ok(local))) = (served, local) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(local.saturating_sub(served));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_for_the_class_is_told_from_others() {
        let refused = |kind, message: &str| of_class(Error::new(kind, message)).kind;
        for message in [
            "FilterLogEvents is not supported for log groups with log group class INFREQUENT_ACCESS",
            "This operation is not supported for the Infrequent Access log class.",
        ] {
            assert_eq!(refused(Kind::Invalid, message), Kind::Unsupported);
            assert_eq!(refused(Kind::Denied, message), Kind::Denied);
        }
        assert_eq!(refused(Kind::Invalid, "The specified nextToken is invalid."), Kind::Invalid);
    }
}
