//! StartLiveTail.

use std::sync::Arc;

use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::{Context, Fault, answer, checks::Checks, from_arn, group, parse, standard};
use crate::local::{
    frames,
    http::{Answer, Reply},
    logs::{
        Store,
        live::{self, Listened, Session, Streams},
        pattern::{MAX_PATTERN, Pattern},
    },
};

/// The most log groups of a session.
const MAX_GROUPS: usize = 10;
/// The most streams, or prefixes of them.
const MAX_STREAMS: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Start {
    log_group_identifiers: Option<Vec<String>>,
    log_stream_names: Option<Vec<String>>,
    log_stream_name_prefixes: Option<Vec<String>>,
    log_event_filter_pattern: Option<String>,
}

/// Answers StartLiveTail: a stream that ends with the client, with `stop`, or after three hours.
pub(in crate::local) fn start_live_tail(
    store: &Store,
    body: &[u8],
    ctx: &Context,
    request_id: &str,
    stop: CancellationToken,
) -> Reply {
    let opened = parse(body).and_then(|input: Start| {
        let pattern = input.log_event_filter_pattern.clone().unwrap_or_default();
        Ok((open(store, ctx, input)?, pattern))
    });
    match opened {
        Ok((session, pattern)) => {
            let head = Answer::typed(200, frames::CONTENT_TYPE, bytes::Bytes::new());
            Reply::Streamed(head, live::stream(session, &pattern, request_id, stop))
        }
        Err(fault) => answer(fault.status, fault.body()).into(),
    }
}

fn open(store: &Store, ctx: &Context, input: Start) -> Result<Arc<Session>, Fault> {
    const STREAMS: &str = "logStreamNames";
    const PREFIXES: &str = "logStreamNamePrefixes";
    let (names, prefixes) = (input.log_stream_names, input.log_stream_name_prefixes);
    let mut checks = Checks::default();
    checks
        .required("logGroupIdentifiers", input.log_group_identifiers.as_ref())
        .size("logGroupIdentifiers", input.log_group_identifiers.as_ref().map(Vec::len), 1, MAX_GROUPS)
        .size(STREAMS, names.as_ref().map(Vec::len), 1, MAX_STREAMS)
        .size(PREFIXES, prefixes.as_ref().map(Vec::len), 1, MAX_STREAMS)
        .length("logEventFilterPattern", input.log_event_filter_pattern.as_deref(), 0, MAX_PATTERN);
    for identifier in input.log_group_identifiers.iter().flatten().take(MAX_GROUPS) {
        checks.length("logGroupIdentifiers", Some(identifier), 1, 2048);
    }
    for (member, list) in [(STREAMS, &names), (PREFIXES, &prefixes)] {
        for name in list.iter().flatten().take(MAX_STREAMS) {
            checks.length(member, Some(name), 1, 512).stream_name(member, Some(name));
        }
    }
    checks.done()?;
    let identifiers = input.log_group_identifiers.unwrap_or_default();
    if names.is_some() && prefixes.is_some() {
        return Err(Fault::parameter(format!("{STREAMS} and {PREFIXES} are mutually exclusive parameters.")));
    }
    if (names.is_some() || prefixes.is_some()) && identifiers.len() > 1 {
        let message = format!("{STREAMS} and {PREFIXES} can be specified with one log group only.");
        return Err(Fault::parameter(message));
    }
    let mut groups: Vec<Listened> = Vec::new();
    for identifier in &identifiers {
        if !identifier.starts_with("arn:") || identifier.ends_with('*') {
            let message =
                "logGroupIdentifiers must be ARNs of log groups that don't end with an asterisk (*).";
            return Err(Fault::parameter(message));
        }
        let name = from_arn(ctx, identifier)?;
        if !groups.iter().any(|group| group.name == name) {
            groups.push(Listened { name: name.to_owned(), arn: identifier.clone() });
        }
    }
    let pattern = Pattern::parse(input.log_event_filter_pattern.as_deref().unwrap_or_default())
        .map_err(|error| Fault::parameter(error.to_string()))?;
    let streams = match (names, prefixes) {
        (Some(names), _) => Streams::Named(names),
        (None, Some(prefixes)) => Streams::Prefixed(prefixes),
        (None, None) => Streams::All,
    };

    let mut state = store.write();
    for listened in &groups {
        standard(&listened.name, group(&state, &listened.name)?, "StartLiveTail")?;
    }
    let session = Arc::new(Session::new(groups, streams, pattern));
    state.sessions.add(&session);
    Ok(session)
}
