//! Live Tail: what comes into log groups, about once a second.

use std::time::Duration;

use aws_sdk_cloudwatchlogs::{
    config::Builder,
    types::{LiveTailSessionLogEvent, StartLiveTailResponseStream as Told},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        endpoint::EndpointPrefix,
        interceptors::{Intercept, context::BeforeSerializationInterceptorContextMut, dyn_dispatch_hint},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;
use futures_util::{Stream, stream};
use tokio::time::timeout;

use super::{
    Error, Kind, Session,
    logs::of_class,
    session::{Patient, is_aws},
};
use crate::domain::{log_event::LogEvent, text::sanitise};

/// How long a session's beginning is waited for.
const BEGIN: Duration = Duration::from_secs(10);
/// A session that says nothing for so long is gone: there is an update every second, if an empty one.
const SILENCE: Duration = Duration::from_mins(1);

/// What came within about a second.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Update {
    /// Events without ids, in no order; each has the log group that it was asked for by.
    pub(crate) events: Vec<LogEvent>,
    /// Whether these are a sample.
    pub(crate) sampled: bool,
}

impl Session {
    /// Opens a session for at most ten log groups, by name or ARN; a choice of streams needs there to be one. It is
    /// billed by the minute until it is dropped, and ends by itself after three hours.
    ///
    /// # Errors
    /// As every read; [`Kind::Unsupported`] where a group is of a class that has no Live Tail.
    pub(crate) async fn live_tail(
        &self,
        groups: &[String],
        streams: &[String],
        stream_prefix: Option<&str>,
        pattern: Option<&str>,
    ) -> Result<impl Stream<Item = Result<Update, Error>> + Send + use<>, Error> {
        let arns = self.arns(groups).await?;
        let patient = Patient::of(BEGIN);
        let mut call = self
            .logs()
            .start_live_tail()
            .set_log_group_identifiers(Some(arns))
            .set_log_stream_names((!streams.is_empty()).then(|| streams.to_vec()))
            .set_log_stream_name_prefixes(stream_prefix.map(|prefix| vec![prefix.to_owned()]))
            .set_log_event_filter_pattern(pattern.map(str::to_owned))
            .customize()
            .config_override(
                Builder::new()
                    .retry_config(patient.retry)
                    .timeout_config(patient.timeout)
                    .stalled_stream_protection(patient.stalled),
            );
        if has_no_stream_host(self.log_endpoint().as_deref()) {
            call = call.interceptor(PlainHost);
        }
        let output = call
            .send()
            .await
            .map_err(|error| of_class(self.read_error("open a Live Tail session", &error)))?;
        let groups = groups.to_vec();
        Ok(stream::unfold(Some((output, groups)), |open| async move {
            let (mut output, groups) = open?;
            loop {
                let update = match timeout(SILENCE, output.response_stream.recv()).await {
                    Ok(Ok(Some(Told::SessionUpdate(update)))) => update,
                    // What says that it began, and what AWS may add.
                    Ok(Ok(Some(_))) => continue,
                    Ok(Ok(None)) => return None,
                    Ok(Err(error)) => {
                        let error = error.into_service_error();
                        let why = match &error {
                            error if error.is_session_timeout_exception() => "it reached its longest time",
                            error if error.is_session_streaming_exception() => "the service broke it off",
                            _ => "the connection broke",
                        };
                        return Some((Err(ended(why)), None));
                    }
                    Err(_) => return Some((Err(ended("nothing came any more")), None)),
                };
                let sampled = update.session_metadata.is_some_and(|metadata| metadata.sampled);
                let events = update.session_results.unwrap_or_default();
                let events = events.into_iter().map(|event| convert(&groups, event)).collect();
                return Some((Ok(Update { events, sampled }), Some((output, groups))));
            }
        }))
    }

    /// The ARNs of log groups, as StartLiveTail wants them: without `:*`.
    async fn arns(&self, groups: &[String]) -> Result<Vec<String>, Error> {
        if groups.iter().all(|group| group.starts_with("arn:")) {
            return Ok(groups.iter().map(|group| plain(group).to_owned()).collect());
        }
        let identity = self.identity().await?;
        let Some(account) = identity.account else {
            return Err(Error::new(Kind::Unsupported, "Live Tail needs the account, which is not known"));
        };
        let partition = identity.arn.as_deref().and_then(|arn| arn.split(':').nth(1)).unwrap_or("aws");
        let region = self.region();
        let arn = |group: &String| {
            if group.starts_with("arn:") {
                plain(group).to_owned()
            } else {
                format!("arn:{partition}:logs:{region}:{account}:log-group:{group}")
            }
        };
        Ok(groups.iter().map(arn).collect())
    }
}

fn ended(why: &str) -> Error {
    Error::new(Kind::Network, format!("the Live Tail session ended: {why}"))
}

/// An ARN without the `:*` that some APIs put at its end.
fn plain(arn: &str) -> &str {
    arn.strip_suffix(":*").unwrap_or(arn)
}

/// The name in what names a log group: itself, an ARN, or `ACCOUNT:NAME`.
fn name(group: &str) -> &str {
    let group = plain(group);
    if let Some((_, name)) = group.split_once(":log-group:") {
        return name;
    }
    match group.split_once(':') {
        Some((account, name)) if account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) => {
            name
        }
        _ => group,
    }
}

/// The account in what names a log group, where it is there.
fn account(group: &str) -> Option<&str> {
    if group.starts_with("arn:") {
        return group.split(':').nth(4);
    }
    group.split_once(':').map(|(account, _)| account).filter(|_| name(group).len() < group.len())
}

/// The group of an event, as it was asked for. Groups of several accounts may have one name.
fn asked_for<'g>(groups: &'g [String], told: &str) -> Option<&'g String> {
    if let [only] = groups {
        return Some(only);
    }
    let named = || groups.iter().filter(|group| name(group) == name(told));
    let of_account = || named().find(|group| account(group).is_some_and(|of| account(told) == Some(of)));
    of_account().or_else(|| named().find(|group| account(group).is_none())).or_else(|| named().next())
}

fn convert(groups: &[String], event: LiveTailSessionLogEvent) -> LogEvent {
    let told = event.log_group_identifier.unwrap_or_default();
    let timestamp = event.timestamp.unwrap_or_default();
    LogEvent {
        group: asked_for(groups, &told).cloned().unwrap_or_default(),
        stream: sanitise(&event.log_stream_name.unwrap_or_default()).into_owned(),
        id: String::new(),
        timestamp,
        ingestion_time: event.ingestion_time.unwrap_or(timestamp),
        message: event.message.unwrap_or_default(),
    }
}

/// Whether an endpoint serves Live Tail itself. AWS has a host of its own for it, `stream-logs.REGION.amazonaws.com`,
/// and the SDK puts `stream-` before every other host, too.
fn has_no_stream_host(endpoint: Option<&str>) -> bool {
    endpoint.is_some_and(|url| {
        let host = url.split_once("://").map_or(url, |(_, host)| host);
        !(is_aws(Some(url)) && host.starts_with("logs."))
    })
}

/// Leaves the endpoint's host as it is.
#[derive(Debug)]
struct PlainHost;

#[dyn_dispatch_hint]
impl Intercept for PlainHost {
    fn name(&self) -> &'static str {
        "PlainHost"
    }

    // The operation has put its prefix there before the execution.
    fn modify_before_serialization(
        &self,
        _: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        cfg.interceptor_state().unset::<EndpointPrefix>();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_finds_the_group_it_was_asked_for_by() {
        const ARN: &str = "arn:aws:logs:eu-west-1:210987654321:log-group:/a";
        let groups = ["/a".to_owned(), format!("{ARN}:*"), "/b".to_owned()];
        for (told, expected) in [
            ("/a", "/a"),
            ("123456789012:/a", "/a"),
            ("210987654321:/a", &groups[1]),
            (ARN, &groups[1]),
            ("arn:aws:logs:eu-west-1:123456789012:log-group:/b:*", "/b"),
        ] {
            assert_eq!(asked_for(&groups, told).map(String::as_str), Some(expected), "{told}");
        }
        assert_eq!(asked_for(&groups, "/c"), None);
        assert_eq!(asked_for(&groups[2..], "whatever"), Some(&groups[2]));
    }

    #[test]
    fn aws_alone_has_a_host_for_live_tail() {
        for (endpoint, plain) in [
            (None, false),
            (Some("https://logs.eu-west-1.amazonaws.com"), false),
            (Some("https://vpce-1-2.logs.eu-west-1.vpce.amazonaws.com"), true),
            (Some("http://127.0.0.1:4566"), true),
        ] {
            assert_eq!(has_no_stream_host(endpoint), plain, "{endpoint:?}");
        }
    }
}
