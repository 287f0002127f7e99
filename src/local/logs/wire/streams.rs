//! Log streams: create, delete, describe.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Context, Fault, Reply,
    checks::{Checks, short_enough},
    group, identified, reply, token,
};
use crate::local::logs::{
    Store,
    store::{Group, Stream},
    wire::groups::MAX_PAGE,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Named {
    log_group_name: Option<String>,
    log_stream_name: Option<String>,
}

impl Named {
    fn checked(&self) -> Result<(&str, &str), Fault> {
        let (group, stream) = (self.log_group_name.as_deref(), self.log_stream_name.as_deref());
        short_enough(&[group, stream])?;
        Checks::default()
            .required("logGroupName", group.as_ref())
            .group_name(group)
            .required("logStreamName", stream.as_ref())
            .stream_name("logStreamName", stream)
            .done()?;
        Ok((group.unwrap_or_default(), stream.unwrap_or_default()))
    }
}

pub(super) fn create(store: &Store, ctx: &Context, input: &Named) -> Reply {
    let (name, stream) = input.checked()?;
    let mut state = store.write();
    group(&state, name)?;
    if !state.add_stream(name, stream, ctx.now_ms, false) {
        return Err(Fault::new("ResourceAlreadyExistsException", "The specified log stream already exists"));
    }
    state.make_room(store.max_bytes());
    Ok(Bytes::new())
}

pub(super) fn delete(store: &Store, input: &Named) -> Reply {
    let (name, stream) = input.checked()?;
    let mut state = store.write();
    group(&state, name)?;
    if state.remove_stream(name, stream) { Ok(Bytes::new()) } else { Err(Fault::no_stream()) }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Describe {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name_prefix: Option<String>,
    order_by: Option<String>,
    descending: Option<bool>,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogStream<'a> {
    log_stream_name: &'a str,
    creation_time: i64,
    #[serde(flatten)]
    events: Option<Written>,
    arn: String,
    stored_bytes: u32,
}

/// What only a stream that was written to has.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    first_event_timestamp: i64,
    last_event_timestamp: i64,
    last_ingestion_time: i64,
    upload_sequence_token: String,
}

impl Written {
    fn of(stream: &Stream) -> Option<Self> {
        let (first, last) = (stream.keys.first()?, stream.keys.last()?);
        Some(Self {
            first_event_timestamp: first.timestamp,
            last_event_timestamp: last.timestamp,
            last_ingestion_time: stream.last_ingestion?,
            upload_sequence_token: sequence_token(last.seq),
        })
    }
}

/// A sequence token, 56 digits. AWS still gives them, and takes any.
pub(super) fn sequence_token(seq: u64) -> String {
    format!("49{seq:054}")
}

pub(super) fn describe(store: &Store, ctx: &Context, input: &Describe) -> Reply {
    const ORDERS: [&str; 2] = ["LogStreamName", "LastEventTime"];
    let prefix = input.log_stream_name_prefix.as_deref();
    let order = input.order_by.as_deref();
    short_enough(&[input.log_group_name.as_deref(), prefix])?;
    Checks::default()
        .group_name(input.log_group_name.as_deref())
        .group_identifier(input.log_group_identifier.as_deref())
        .stream_name("logStreamNamePrefix", prefix)
        .one_of("orderBy", order.as_ref(), &ORDERS, order.unwrap_or_default())
        .range("limit", input.limit, 1, MAX_PAGE)
        .done()?;
    let name = identified(ctx, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())?;
    let by_time = order == Some(ORDERS[1]);
    if by_time && prefix.is_some() {
        return Err(Fault::parameter("Cannot order by LastEventTime with a logStreamNamePrefix."));
    }
    let descending = input.descending.unwrap_or_default();
    let scope = format!("DescribeLogStreams {name} {by_time} {descending}");
    let after = match &input.next_token {
        Some(token) => Some(place(&token::open(&scope, token, ctx.now_ms)?).ok_or_else(token::invalid)?),
        None => None,
    };
    let limit = usize::try_from(input.limit.unwrap_or(MAX_PAGE)).unwrap_or_default();

    let state = store.read();
    let group = group(&state, name)?;
    let mut ordered = sorted(group, prefix, by_time);
    if descending {
        ordered.reverse();
    }
    let mut rest = ordered.into_iter().filter(|(time, stream)| {
        after.as_ref().is_none_or(|(last_time, last_name)| {
            let (this, last) = ((*time, &*stream.name), (*last_time, last_name.as_str()));
            if descending { this < last } else { this > last }
        })
    });
    let page: Vec<_> = rest.by_ref().take(limit).collect();
    let more = rest.next().is_some();
    let arn = ctx.group_arn(name);
    let streams: Vec<_> = page
        .iter()
        .map(|(_, stream)| LogStream {
            log_stream_name: &stream.name,
            creation_time: stream.created,
            events: Written::of(stream),
            arn: format!("{arn}:log-stream:{}", stream.name),
            stored_bytes: 0,
        })
        .collect();
    match page.last().filter(|_| more) {
        Some((time, stream)) => {
            let token = token::make(&scope, &format!("{time}|{}", stream.name), ctx.now_ms);
            reply(&json!({ "logStreams": streams, "nextToken": token }))
        }
        None => reply(&json!({ "logStreams": streams })),
    }
}

/// The streams in ascending order, each with what it is ordered by before its name: nothing, or its last event's time.
fn sorted<'g>(group: &'g Group, prefix: Option<&str>, by_time: bool) -> Vec<(i64, &'g Stream)> {
    let mut streams: Vec<_> = group
        .streams
        .values()
        .filter(|stream| prefix.is_none_or(|prefix| stream.name.starts_with(prefix)))
        .map(|stream| {
            let time = stream.keys.last().filter(|_| by_time).map_or(0, |key| key.timestamp);
            (time, stream)
        })
        .collect();
    streams.sort_by(|a, b| (a.0, &a.1.name).cmp(&(b.0, &b.1.name)));
    streams
}

fn place(token: &str) -> Option<(i64, String)> {
    let (time, name) = token.split_once('|')?;
    Some((time.parse().ok()?, name.to_owned()))
}
