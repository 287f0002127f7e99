//! Events of the store: pages of FilterLogEvents over a group and of GetLogEvents over a stream, slices for queries.

use std::{collections::HashSet, ops::Bound, sync::Arc};

use super::{
    pattern::Pattern,
    store::{EVENT_OVERHEAD, Event, Group, Key, Stream},
};

/// The most events in a page.
pub(super) const PAGE_EVENTS: usize = 10_000;
/// The most bytes in a page (messages and 26 for each event); a page holds one event at least.
const PAGE_BYTES: usize = 1 << 20;
/// How many bytes of messages a page looks through. What is found by then is answered, be it nothing, with a token:
/// AWS does the same, and writers don't wait for a reader for long.
const SCAN_BYTES: usize = 16 << 20;

/// An event that was found.
pub(super) struct Found {
    pub(super) key: Key,
    pub(super) stream: Arc<str>,
    pub(super) message: Arc<str>,
}

impl Found {
    fn new(key: Key, event: &Event) -> Self {
        Self { key, stream: Arc::clone(&event.stream), message: Arc::clone(&event.message) }
    }
}

/// Which streams of a group are searched.
pub(super) enum Streams<'a> {
    All,
    Named(HashSet<&'a str>),
    Prefixed(&'a str),
}

impl Streams<'_> {
    fn hold(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.contains(name),
            Self::Prefixed(prefix) => name.starts_with(prefix),
        }
    }
}

/// A time range: from `start` (inclusive) to `end` (exclusive), in milliseconds since the epoch. The service model
/// calls FilterLogEvents' endTime inclusive; AWS's answers are not (aws/aws-cli#4262).
#[derive(Clone, Copy)]
pub(super) struct Range {
    pub(super) start: i64,
    pub(super) end: Option<i64>,
}

impl Range {
    /// The part of the range after (or before) an event, as the bounds of a map; `None` where nothing is left.
    fn bounds(self, after: Option<Key>, before: Option<Key>) -> Option<(Bound<Key>, Bound<Key>)> {
        let first = Key::at(self.start.max(0));
        let lower = match after {
            Some(after) if after >= first => Bound::Excluded(after),
            _ => Bound::Included(first),
        };
        let end = self.end.map(|end| Key::at(end.max(0)));
        let upper = match (end, before) {
            (Some(end), Some(before)) => Bound::Excluded(end.min(before)),
            (Some(key), None) | (None, Some(key)) => Bound::Excluded(key),
            (None, None) => Bound::Unbounded,
        };
        let some = match (lower, upper) {
            (Bound::Included(lower) | Bound::Excluded(lower), Bound::Excluded(upper)) => lower < upper,
            _ => true,
        };
        some.then_some((lower, upper))
    }
}

/// One page of FilterLogEvents, from the first event after `after`; and the event to go on from, where there may be
/// more.
pub(super) fn filter(
    group: &Group,
    range: Range,
    streams: &Streams<'_>,
    pattern: &Pattern,
    limit: usize,
    after: Option<Key>,
) -> (Vec<Found>, Option<Key>) {
    let mut found = Vec::new();
    let Some(bounds) = range.bounds(after, None) else { return (found, None) };
    let (mut bytes, mut scanned) = (0, 0);
    let mut last = None;
    for (&key, event) in group.events.range(bounds) {
        if found.len() == limit || scanned > SCAN_BYTES {
            return (found, last);
        }
        if streams.hold(&event.stream) {
            scanned += event.message.len();
            if pattern.matches(&event.message) {
                bytes += event.message.len() + EVENT_OVERHEAD;
                if bytes > PAGE_BYTES && !found.is_empty() {
                    return (found, last);
                }
                found.push(Found::new(key, event));
            }
        }
        last = Some(key);
    }
    (found, None)
}

/// The last events of a range that come before one, the newest first.
pub(super) fn backwards(group: &Group, range: Range, before: Option<Key>, limit: usize) -> Vec<Found> {
    let Some(bounds) = range.bounds(None, before) else { return Vec::new() };
    group.events.range(bounds).rev().take(limit).map(|(key, event)| Found::new(*key, event)).collect()
}

/// Where a page of GetLogEvents starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// The first events of the range.
    Head,
    /// The last events of the range.
    Tail,
    /// The events after this one.
    After(Key),
    /// The events before this one.
    Before(Key),
}

/// One page of GetLogEvents, oldest first.
pub(super) fn page(group: &Group, stream: &Stream, range: Range, limit: usize, from: From) -> Vec<Found> {
    let (after, before) = match from {
        From::After(key) => (Some(key), None),
        From::Before(key) => (None, Some(key)),
        From::Head | From::Tail => (None, None),
    };
    let Some(bounds) = range.bounds(after, before) else { return Vec::new() };
    let keys = stream.keys.range(bounds);
    match from {
        From::Head | From::After(_) => collect(group, keys, limit),
        From::Tail | From::Before(_) => {
            let mut found = collect(group, keys.rev(), limit);
            found.reverse();
            found
        }
    }
}

fn collect<'a>(group: &Group, keys: impl Iterator<Item = &'a Key>, limit: usize) -> Vec<Found> {
    let mut bytes = 0;
    keys.filter_map(|key| Some(Found::new(*key, group.events.get(key)?)))
        .take(limit)
        .take_while(|found| {
            let first = bytes == 0;
            bytes += found.message.len() + EVENT_OVERHEAD;
            first || bytes <= PAGE_BYTES
        })
        .collect()
}
