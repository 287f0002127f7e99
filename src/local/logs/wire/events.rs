//! Log events: put, filter, get.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Context, Fault, Reply,
    checks::{Checks, short_enough},
    group, identified, reply, standard,
    streams::sequence_token,
    token,
};
use crate::local::logs::{
    InputEvent, Store,
    pattern::{MAX_PATTERN, Pattern},
    read::{self, Found, From, PAGE_EVENTS, Range, Streams},
    store::{DAY_MS, EVENT_OVERHEAD, Key},
};

/// The most bytes in a batch or in one event, measured with 26 for each event.
const MAX_BATCH_BYTES: usize = 1 << 20;
/// The most events in a batch.
const MAX_BATCH: usize = 10_000;
/// How old an event may be when it is put, in milliseconds.
const MAX_AGE_MS: i64 = 14 * DAY_MS;
/// How far in the future, in milliseconds.
const MAX_AHEAD_MS: i64 = 2 * 3_600_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Put {
    log_group_name: Option<String>,
    log_stream_name: Option<String>,
    log_events: Option<Vec<PutEvent>>,
}

#[derive(Deserialize)]
struct PutEvent {
    timestamp: Option<i64>,
    message: Option<String>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Rejected {
    #[serde(skip_serializing_if = "Option::is_none")]
    too_new_log_event_start_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    too_old_log_event_end_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expired_log_event_end_index: Option<usize>,
}

pub(super) fn put(store: &Store, ctx: &Context, input: &Put) -> Reply {
    let (name, stream) = (input.log_group_name.as_deref(), input.log_stream_name.as_deref());
    short_enough(&[name, stream])?;
    let mut checks = Checks::default();
    checks
        .required("logGroupName", name.as_ref())
        .group_name(name)
        .required("logStreamName", stream.as_ref())
        .stream_name("logStreamName", stream)
        .required("logEvents", input.log_events.as_ref())
        .size("logEvents", input.log_events.as_ref().map(Vec::len), 1, MAX_BATCH);
    for (index, event) in input.log_events.iter().flatten().enumerate().take(MAX_BATCH) {
        if event.timestamp.is_none_or(|time| time < 0) {
            let member = format!("logEvents.{}.member.timestamp", index + 1);
            checks.required(&member, event.timestamp.as_ref()).range(&member, event.timestamp, 0, i64::MAX);
        }
        if event.message.as_ref().is_none_or(String::is_empty) {
            let member = format!("logEvents.{}.member.message", index + 1);
            checks.required(&member, event.message.as_ref()).length(
                &member,
                event.message.as_deref(),
                1,
                usize::MAX,
            );
        }
    }
    checks.done()?;
    let (name, stream) = (name.unwrap_or_default(), stream.unwrap_or_default());
    let events: Vec<_> = input
        .log_events
        .iter()
        .flatten()
        .map(|event| InputEvent {
            timestamp: event.timestamp.unwrap_or_default(),
            message: event.message.clone().unwrap_or_default(),
        })
        .collect();
    batch_rules(&events)?;

    let mut state = store.write();
    let target = group(&state, name)?;
    if !target.streams.contains_key(stream) {
        return Err(Fault::no_stream());
    }
    let before = |time: i64| events.partition_point(|event| event.timestamp < time);
    let too_old = before(ctx.now_ms - MAX_AGE_MS);
    let expired = before(target.expiry(ctx.now_ms));
    let too_new = before(ctx.now_ms + MAX_AHEAD_MS + 1);
    let first = too_old.max(expired).min(too_new);
    let good = &events[first..too_new];
    if let [first, .., last] = good
        && last.timestamp - first.timestamp > DAY_MS
    {
        return Err(Fault::parameter(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
        ));
    }
    state.insert(name, stream, good, ctx.now_ms);
    let next = sequence_token(state.last_seq());
    state.expire(name, ctx.now_ms);
    state.make_room(store.max_bytes());
    if good.len() == events.len() {
        return reply(&json!({ "nextSequenceToken": next }));
    }
    let rejected = Rejected {
        too_new_log_event_start_index: (too_new < events.len()).then_some(too_new),
        too_old_log_event_end_index: (too_old > 0).then_some(too_old),
        expired_log_event_end_index: (expired > 0).then_some(expired),
    };
    reply(&json!({ "nextSequenceToken": next, "rejectedLogEventsInfo": rejected }))
}

fn batch_rules(events: &[InputEvent]) -> Result<(), Fault> {
    if !events.is_sorted_by_key(|event| event.timestamp) {
        return Err(Fault::parameter(
            "Log events in a single PutLogEvents request must be in chronological order.",
        ));
    }
    let size = |event: &InputEvent| event.message.len() + EVENT_OVERHEAD;
    if let Some(large) = events.iter().map(size).find(|size| *size > MAX_BATCH_BYTES) {
        let message = format!("Log event too large: {large} bytes exceeds limit of {MAX_BATCH_BYTES}");
        return Err(Fault::parameter(message));
    }
    let total: usize = events.iter().map(size).sum();
    if total > MAX_BATCH_BYTES {
        let message = format!("Upload too large: {total} bytes exceeds limit of {MAX_BATCH_BYTES}");
        return Err(Fault::parameter(message));
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Filter {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_names: Option<Vec<String>>,
    log_stream_name_prefix: Option<String>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    filter_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FilterPage<'a> {
    events: Vec<FilteredEvent<'a>>,
    /// Always empty since 2020.
    searched_log_streams: [(); 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FilteredEvent<'a> {
    log_stream_name: &'a str,
    timestamp: i64,
    message: &'a str,
    ingestion_time: i64,
    event_id: String,
}

pub(super) fn filter(store: &Store, ctx: &Context, input: &Filter) -> Reply {
    let (name, prefix) = (input.log_group_name.as_deref(), input.log_stream_name_prefix.as_deref());
    short_enough(&[name, prefix])?;
    let mut checks = Checks::default();
    checks
        .group_name(name)
        .group_identifier(input.log_group_identifier.as_deref())
        .size("logStreamNames", input.log_stream_names.as_ref().map(Vec::len), 1, 100)
        .stream_name("logStreamNamePrefix", prefix)
        .range("startTime", input.start_time, 0, i64::MAX)
        .range("endTime", input.end_time, 0, i64::MAX)
        .length("filterPattern", input.filter_pattern.as_deref(), 0, MAX_PATTERN)
        .range("limit", input.limit, 1, 10_000);
    for stream in input.log_stream_names.iter().flatten() {
        checks.stream_name("logStreamNames", Some(stream));
    }
    checks.done()?;
    if input.log_stream_names.is_some() && prefix.is_some() {
        return Err(Fault::parameter(
            "logStreamNames and logStreamNamePrefix are mutually exclusive parameters.",
        ));
    }
    let name = identified(ctx, name, input.log_group_identifier.as_deref())?;
    let pattern = Pattern::parse(input.filter_pattern.as_deref().unwrap_or_default())
        .map_err(|error| Fault::parameter(error.to_string()))?;
    let scope = format!("FilterLogEvents {name}");
    let after = match &input.next_token {
        Some(token) => {
            let place = token::open(&scope, token, ctx.now_ms)?;
            Some(Key::from_id(&place).ok_or_else(token::invalid)?)
        }
        None => None,
    };
    let limit = input.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(PAGE_EVENTS);
    let streams = match (&input.log_stream_names, prefix) {
        (Some(names), _) => Streams::Named(names.iter().map(String::as_str).collect()),
        (None, Some(prefix)) => Streams::Prefixed(prefix),
        (None, None) => Streams::All,
    };

    let (found, next) = {
        let state = store.read();
        let group = group(&state, name)?;
        standard(name, group, "FilterLogEvents")?;
        if let Streams::Named(names) = &streams
            && names.iter().any(|stream| !group.streams.contains_key(*stream))
        {
            return Err(Fault::no_stream());
        }
        let start = input.start_time.unwrap_or_default().max(group.expiry(ctx.now_ms));
        read::filter(group, Range { start, end: input.end_time }, &streams, &pattern, limit, after)
    };
    let events = found
        .iter()
        .map(|event| FilteredEvent {
            log_stream_name: &event.stream,
            timestamp: event.key.timestamp,
            message: &event.message,
            ingestion_time: event.key.ingestion,
            event_id: event.key.id(),
        })
        .collect();
    let next_token = next.map(|key| token::make(&scope, &key.id(), ctx.now_ms));
    reply(&FilterPage { events, searched_log_streams: [], next_token })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Get {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name: Option<String>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    next_token: Option<String>,
    limit: Option<i64>,
    start_from_head: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GetPage<'a> {
    events: Vec<OutputEvent<'a>>,
    next_forward_token: String,
    next_backward_token: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OutputEvent<'a> {
    timestamp: i64,
    message: &'a str,
    ingestion_time: i64,
}

pub(super) fn get(store: &Store, ctx: &Context, input: &Get) -> Reply {
    let (name, stream) = (input.log_group_name.as_deref(), input.log_stream_name.as_deref());
    short_enough(&[name, stream])?;
    Checks::default()
        .group_name(name)
        .group_identifier(input.log_group_identifier.as_deref())
        .required("logStreamName", stream.as_ref())
        .stream_name("logStreamName", stream)
        .range("startTime", input.start_time, 0, i64::MAX)
        .range("endTime", input.end_time, 0, i64::MAX)
        .range("limit", input.limit, 1, 10_000)
        .done()?;
    let name = identified(ctx, name, input.log_group_identifier.as_deref())?;
    let from = match input.next_token.as_deref() {
        Some(token) => place(token).ok_or_else(token::invalid)?,
        None if input.start_from_head.unwrap_or_default() => From::Head,
        None => From::Tail,
    };
    let limit = input.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(PAGE_EVENTS);

    let found = {
        let state = store.read();
        let group = group(&state, name)?;
        standard(name, group, "GetLogEvents")?;
        let stream = group.streams.get(stream.unwrap_or_default()).ok_or_else(Fault::no_stream)?;
        let start = input.start_time.unwrap_or_default().max(group.expiry(ctx.now_ms));
        read::page(group, stream, Range { start, end: input.end_time }, limit, from)
    };
    let (forward, backward) = around(&found, from);
    let events = found
        .iter()
        .map(|event| OutputEvent {
            timestamp: event.key.timestamp,
            message: &event.message,
            ingestion_time: event.key.ingestion,
        })
        .collect();
    reply(&GetPage {
        events,
        next_forward_token: format!("f/{}/s", forward.id()),
        next_backward_token: format!("b/{}/s", backward.id()),
    })
}

/// The events that the tokens name: the last and the first of the page. At an end of the stream a token repeats.
fn around(found: &[Found], from: From) -> (Key, Key) {
    match (found, from) {
        ([first, .., last], _) => (last.key, first.key),
        ([only], _) => (only.key, only.key),
        ([], From::After(key) | From::Before(key)) => (key, key),
        ([], From::Head | From::Tail) => (Key::MIN, Key::MIN),
    }
}

fn place(token: &str) -> Option<From> {
    let id = token.get(2..)?.strip_suffix("/s")?;
    let key = Key::from_id(id)?;
    match &token[..2] {
        "f/" => Some(From::After(key)),
        "b/" => Some(From::Before(key)),
        _ => None,
    }
}
