//! Groups, streams and events.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::{Deref, DerefMut},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use serde::{Deserialize, Serialize};

use super::{insights::Queries, live::Sessions, rows};
use crate::local::keep::{Change, KeepError, Keeper, Kept};

/// Milliseconds in a day.
pub(super) const DAY_MS: i64 = 86_400_000;
/// What an event costs beyond its message, in bytes: its entries in the two ordered maps, measured roughly.
const EVENT_COST: usize = 144;
/// What a stream costs beyond its events, in bytes.
const STREAM_COST: usize = 512;
/// The bound of [`Store::default`], in bytes.
const DEFAULT_MAX_BYTES: usize = 64 << 20;

/// One event to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputEvent {
    /// Milliseconds since the epoch.
    pub timestamp: i64,
    /// The raw message.
    pub message: String,
}

/// All log groups of the engine. The oldest events make room once the store is full.
pub struct Store {
    state: RwLock<State>,
    max_bytes: usize,
    queries: Queries,
    keeper: Keeper,
}

impl Default for Store {
    fn default() -> Self {
        Self::new(DEFAULT_MAX_BYTES)
    }
}

impl fmt::Debug for Store {
    // Messages are the functions' own and may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.read();
        f.debug_struct("Store")
            .field("groups", &state.groups.len())
            .field("bytes", &state.bytes)
            .field("max_bytes", &self.max_bytes)
            .field("evicted", &state.evicted)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// A store that holds about `max_bytes` bytes: messages, and what it costs to keep them.
    pub fn new(max_bytes: usize) -> Self {
        Self { state: RwLock::default(), max_bytes, queries: Queries::default(), keeper: Keeper::default() }
    }

    /// A store that begins with what was kept, and notes every change.
    ///
    /// # Errors
    /// When what was kept can't be read.
    pub(in crate::local) fn restored(
        max_bytes: usize,
        kept: &Kept,
        keeper: Keeper,
    ) -> Result<Self, KeepError> {
        let mut state = rows::read(kept)?;
        state.keeps = keeper.keeps();
        Ok(Self { state: RwLock::new(state), max_bytes, queries: Queries::default(), keeper })
    }

    /// Appends what a function wrote; group and stream are made where they do not exist yet. `now_ms` becomes the
    /// ingestion time.
    pub fn append(&self, group: &str, stream: &str, events: &[InputEvent], now_ms: i64) {
        let mut state = self.write();
        if !state.groups.contains_key(group) {
            state.groups.insert(group.to_owned(), Group::new(now_ms));
            state.touch(group);
        }
        state.add_stream(group, stream, now_ms, true);
        state.insert(group, stream, events, now_ms);
        state.make_room(self.max_bytes);
    }

    /// Bytes held, as the bound counts them.
    pub fn bytes(&self) -> usize {
        self.read().bytes
    }

    /// Events evicted so far to make room.
    pub fn evicted(&self) -> u64 {
        self.read().evicted
    }

    pub(super) fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// The Logs Insights queries of these groups.
    pub(super) fn queries(&self) -> &Queries {
        &self.queries
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state to be changed. What has changed is noted when the guard is dropped.
    pub(super) fn write(&self) -> Writing<'_> {
        Writing { state: self.state.write().unwrap_or_else(PoisonError::into_inner), keeper: &self.keeper }
    }
}

/// Exclusive access to the state.
pub(super) struct Writing<'s> {
    state: RwLockWriteGuard<'s, State>,
    keeper: &'s Keeper,
}

impl Deref for Writing<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Writing<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if self.state.keeps {
            let mut changes = std::mem::take(&mut self.state.changes);
            let touched = std::mem::take(&mut self.state.touched);
            changes.extend(touched.iter().map(|name| rows::group(name, self.state.groups.get(name))));
            // Under the lock, so that the order of the notes is that of the changes.
            self.keeper.note(changes);
        }
    }
}

/// The place of an event in its group: FilterLogEvents' order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) timestamp: i64,
    pub(super) ingestion: i64,
    pub(super) seq: u64,
}

impl Key {
    pub(super) const MIN: Self = Self { timestamp: 0, ingestion: 0, seq: 0 };

    /// The first place at a time.
    pub(super) fn at(timestamp: i64) -> Self {
        Self { timestamp, ..Self::MIN }
    }

    /// The event id: 56 digits as on AWS, in the order of the keys.
    pub(super) fn id(self) -> String {
        format!("3{:015}{:015}{:025}", self.timestamp, self.ingestion, self.seq)
    }

    /// The key that an id was made from.
    pub(super) fn from_id(id: &str) -> Option<Self> {
        let digits =
            id.strip_prefix('3').filter(|d| d.len() == 55 && d.bytes().all(|b| b.is_ascii_digit()))?;
        Some(Self {
            timestamp: digits[..15].parse().ok()?,
            ingestion: digits[15..30].parse().ok()?,
            seq: digits[30..].parse().ok()?,
        })
    }
}

pub(super) struct Event {
    pub(super) stream: Arc<str>,
    pub(super) message: Arc<str>,
}

impl Event {
    pub(super) fn cost(&self) -> usize {
        self.message.len() + EVENT_COST
    }
}

pub(super) struct Stream {
    pub(super) name: Arc<str>,
    pub(super) created: i64,
    pub(super) last_ingestion: Option<i64>,
    pub(super) keys: BTreeSet<Key>,
    /// Made by [`Store::append`], which makes it again when it is needed: it may go with its last event.
    pub(super) automatic: bool,
}

/// A log group. Its settings are what is kept of it as a whole; streams and events are kept each for itself.
#[derive(Serialize, Deserialize)]
pub(super) struct Group {
    pub(super) created: i64,
    pub(super) retention_days: Option<i32>,
    pub(super) class: String,
    pub(super) protected: bool,
    pub(super) tags: BTreeMap<String, String>,
    #[serde(skip)]
    pub(super) streams: BTreeMap<String, Stream>,
    #[serde(skip)]
    pub(super) events: BTreeMap<Key, Event>,
    /// AWS's measure: messages and 26 bytes for each event.
    #[serde(skip)]
    pub(super) stored_bytes: usize,
}

impl Group {
    pub(super) fn new(now_ms: i64) -> Self {
        Self {
            created: now_ms,
            retention_days: None,
            class: "STANDARD".to_owned(),
            protected: false,
            tags: BTreeMap::new(),
            streams: BTreeMap::new(),
            events: BTreeMap::new(),
            stored_bytes: 0,
        }
    }

    /// Events before this time have expired.
    pub(super) fn expiry(&self, now_ms: i64) -> i64 {
        self.retention_days.map_or(0, |days| now_ms.saturating_sub(i64::from(days) * DAY_MS).max(0))
    }

    /// Removes an event and what it leaves empty; answers what that frees, in bytes, and the stream that went with it.
    fn remove(&mut self, key: Key) -> (usize, Option<Arc<str>>) {
        let Some(event) = self.events.remove(&key) else { return (0, None) };
        self.stored_bytes -= event.message.len() + EVENT_OVERHEAD;
        let freed = event.cost();
        if let Some(stream) = self.streams.get_mut(&*event.stream) {
            stream.keys.remove(&key);
            if stream.automatic && stream.keys.is_empty() {
                self.streams.remove(&*event.stream);
                return (freed + stream_cost(&event.stream), Some(event.stream));
            }
        }
        (freed, None)
    }
}

/// Bytes that AWS adds to each message when it measures events.
pub(super) const EVENT_OVERHEAD: usize = 26;

pub(super) fn stream_cost(name: &str) -> usize {
    STREAM_COST + 2 * name.len()
}

#[derive(Default)]
pub(super) struct State {
    pub(super) groups: BTreeMap<String, Group>,
    /// Who is told of each event.
    pub(super) sessions: Sessions,
    pub(super) bytes: usize,
    pub(super) seq: u64,
    evicted: u64,
    /// Whether changes are noted.
    keeps: bool,
    /// What has changed of streams and events since the last note.
    changes: Vec<Change>,
    /// Groups whose settings may have changed.
    touched: BTreeSet<String>,
}

impl State {
    /// A group is new, gone, or its settings are another.
    pub(super) fn touch(&mut self, group: &str) {
        if self.keeps {
            self.touched.insert(group.to_owned());
        }
    }

    /// The number of the newest event.
    pub(super) fn last_seq(&self) -> u64 {
        self.seq
    }

    /// Makes a stream in a group that is there; false where the stream is there already.
    pub(super) fn add_stream(&mut self, group: &str, name: &str, now_ms: i64, automatic: bool) -> bool {
        let group_name = group;
        let Some(group) = self.groups.get_mut(group_name) else { return false };
        if group.streams.contains_key(name) {
            return false;
        }
        let stream = Stream {
            name: name.into(),
            created: now_ms,
            last_ingestion: None,
            keys: BTreeSet::new(),
            automatic,
        };
        if self.keeps {
            self.changes.push(rows::stream(group_name, &stream));
        }
        group.streams.insert(name.to_owned(), stream);
        self.bytes += stream_cost(name);
        true
    }

    /// Adds events to a stream that is there.
    pub(super) fn insert(&mut self, group: &str, stream: &str, events: &[InputEvent], now_ms: i64) {
        let name = group;
        let Some(group) = self.groups.get_mut(name) else { return };
        let Some(stream) = group.streams.get_mut(stream) else { return };
        for input in events {
            self.seq += 1;
            let key = Key { timestamp: input.timestamp.max(0), ingestion: now_ms.max(0), seq: self.seq };
            let event = Event { stream: Arc::clone(&stream.name), message: input.message.as_str().into() };
            self.bytes += event.cost();
            group.stored_bytes += event.message.len() + EVENT_OVERHEAD;
            self.sessions.tell(name, key, &event);
            if self.keeps {
                self.changes.push(rows::event(name, key, &event));
            }
            stream.keys.insert(key);
            group.events.insert(key, event);
        }
        if !events.is_empty() {
            stream.last_ingestion = Some(now_ms);
        }
    }

    /// Removes a group; false where there is none.
    pub(super) fn remove_group(&mut self, name: &str) -> bool {
        let Some(group) = self.groups.remove(name) else { return false };
        let events: usize = group.events.values().map(Event::cost).sum();
        let streams: usize = group.streams.keys().map(|name| stream_cost(name)).sum();
        self.bytes -= events + streams;
        if self.keeps {
            self.changes.extend(group.events.keys().map(|key| rows::no_event(*key)));
            self.changes.extend(group.streams.keys().map(|stream| rows::no_stream(name, stream)));
            self.touch(name);
        }
        true
    }

    /// Removes a stream of a group; false where there is none.
    pub(super) fn remove_stream(&mut self, group: &str, name: &str) -> bool {
        let group_name = group;
        let Some(group) = self.groups.get_mut(group_name) else { return false };
        let Some(stream) = group.streams.remove(name) else { return false };
        self.bytes -= stream_cost(name);
        if self.keeps {
            self.changes.push(rows::no_stream(group_name, name));
            self.changes.extend(stream.keys.iter().map(|key| rows::no_event(*key)));
        }
        for key in stream.keys {
            self.bytes -= group.remove(key).0;
        }
        true
    }

    /// Removes an event of a group, and the stream that it leaves empty where that was made for it.
    fn remove_event(&mut self, group_name: &str, key: Key) {
        let Some(group) = self.groups.get_mut(group_name) else { return };
        let (freed, stream) = group.remove(key);
        self.bytes -= freed;
        if self.keeps {
            self.changes.push(rows::no_event(key));
            self.changes.extend(stream.map(|stream| rows::no_stream(group_name, &stream)));
        }
    }

    /// Removes what a group's retention has let expire.
    pub(super) fn expire(&mut self, group: &str, now_ms: i64) {
        let expiry = |group: &Group| Key::at(group.expiry(now_ms));
        while let Some((expiry, (&key, _))) =
            self.groups.get(group).and_then(|group| Some((expiry(group), group.events.first_key_value()?)))
            && key < expiry
        {
            self.remove_event(group, key);
        }
    }

    /// Evicts the oldest events of the whole store until it holds `max_bytes`, and a little more, so that a full
    /// store does not look for a victim at every write.
    pub(super) fn make_room(&mut self, max_bytes: usize) {
        if self.bytes <= max_bytes {
            return;
        }
        let target = max_bytes - max_bytes / 16;
        while self.bytes > target {
            let mut oldest = self
                .groups
                .iter()
                .filter_map(|(name, group)| Some((*group.events.first_key_value()?.0, name)));
            let Some((mut key, mut name)) = oldest.next() else { return };
            // Up to here this group has the oldest event of all.
            let mut until = None;
            for (first, other) in oldest {
                if first < key {
                    until = Some(key);
                    (key, name) = (first, other);
                } else if until.is_none_or(|until| first < until) {
                    until = Some(first);
                }
            }
            let name = name.clone();
            while self.bytes > target {
                self.remove_event(&name, key);
                self.evicted += 1;
                match self.groups.get(&name).and_then(|group| group.events.first_key_value()) {
                    Some((&next, _)) if until.is_none_or(|until| next < until) => key = next,
                    _ => break,
                }
            }
        }
    }
}
