//! Log groups, streams and events as `--persist` keeps them: a row for each.

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

use super::store::{EVENT_OVERHEAD, Event, Group, Key, State, Stream, stream_cost};
use crate::local::keep::{Change, KeepError, Kept, Table};

const GROUPS: Table = Table("log-groups");
const STREAMS: Table = Table("log-streams");
const EVENTS: Table = Table("log-events");

/// A stream's row. Its key is group and stream with a NUL between them, which neither name can hold.
#[derive(Serialize, Deserialize)]
struct StreamRow {
    created: i64,
    automatic: bool,
}

/// An event's row. Its key is its number.
#[derive(Serialize, Deserialize)]
struct EventRow<'r> {
    #[serde(rename = "g")]
    group: &'r str,
    #[serde(rename = "s")]
    stream: &'r str,
    #[serde(rename = "t")]
    timestamp: i64,
    #[serde(rename = "i")]
    ingestion: i64,
    #[serde(rename = "m")]
    message: std::borrow::Cow<'r, str>,
}

/// A group's settings, or that it is gone.
pub(super) fn group(name: &str, group: Option<&Group>) -> Change {
    group.map_or_else(|| Change::remove(GROUPS, name), |group| Change::put(GROUPS, name, row(group)))
}

pub(super) fn stream(group: &str, stream: &Stream) -> Change {
    let row = row(&StreamRow { created: stream.created, automatic: stream.automatic });
    Change::put(STREAMS, stream_key(group, &stream.name), row)
}

pub(super) fn no_stream(group: &str, stream: &str) -> Change {
    Change::remove(STREAMS, stream_key(group, stream))
}

pub(super) fn event(group: &str, key: Key, event: &Event) -> Change {
    let row = row(&EventRow {
        group,
        stream: &event.stream,
        timestamp: key.timestamp,
        ingestion: key.ingestion,
        message: (&*event.message).into(),
    });
    Change::put(EVENTS, key.seq.to_be_bytes(), row)
}

pub(super) fn no_event(key: Key) -> Change {
    Change::remove(EVENTS, key.seq.to_be_bytes())
}

fn stream_key(group: &str, stream: &str) -> String {
    format!("{group}\0{stream}")
}

/// Numbers and texts: this can't fail.
fn row(row: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(row).unwrap_or_default()
}

/// Everything that was kept. What can't be read, or belongs to nothing, is left out, and said.
///
/// # Errors
/// When the file can't be read.
pub(super) fn read(kept: &Kept) -> Result<State, KeepError> {
    let mut state = State::default();
    let mut unread = 0_usize;
    for (name, value) in kept.rows(GROUPS)? {
        match (String::from_utf8(name), serde_json::from_slice::<Group>(&value)) {
            (Ok(name), Ok(group)) => drop(state.groups.insert(name, group)),
            _ => unread += 1,
        }
    }
    for (key, value) in kept.rows(STREAMS)? {
        let key = String::from_utf8(key).unwrap_or_default();
        let found = key.split_once('\0').and_then(|(group, name)| Some((state.groups.get_mut(group)?, name)));
        let (Some((group, name)), Ok(row)) = (found, serde_json::from_slice::<StreamRow>(&value)) else {
            unread += 1;
            continue;
        };
        let stream = Stream {
            name: name.into(),
            created: row.created,
            last_ingestion: None,
            keys: BTreeSet::new(),
            automatic: row.automatic,
        };
        group.streams.insert(name.to_owned(), stream);
        state.bytes += stream_cost(name);
    }
    for (seq, value) in kept.rows(EVENTS)? {
        let (Ok(seq), Ok(row)) = (seq.try_into(), serde_json::from_slice::<EventRow<'_>>(&value)) else {
            unread += 1;
            continue;
        };
        let seq = u64::from_be_bytes(seq);
        state.seq = state.seq.max(seq);
        let group = state.groups.get_mut(row.group);
        let Some((stream, events, stored)) = group.and_then(|group| {
            Some((group.streams.get_mut(row.stream)?, &mut group.events, &mut group.stored_bytes))
        }) else {
            unread += 1;
            continue;
        };
        let key = Key { timestamp: row.timestamp, ingestion: row.ingestion, seq };
        let event = Event { stream: Arc::clone(&stream.name), message: row.message.as_ref().into() };
        state.bytes += event.cost();
        *stored += event.message.len() + EVENT_OVERHEAD;
        stream.last_ingestion = stream.last_ingestion.max(Some(row.ingestion));
        stream.keys.insert(key);
        events.insert(key, event);
    }
    if unread > 0 {
        tracing::error!(rows = unread, "some of the logs that were kept can't be read");
    }
    Ok(state)
}
