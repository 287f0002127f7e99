//! Groups, streams and events.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::{Deref, DerefMut},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use super::{
    insights::Queries,
    kept::{Keeping, Loaded},
    live::Sessions,
};
use crate::local::keep::{KeepError, Keeper, Kept};

/// Milliseconds in a day.
pub(super) const DAY_MS: i64 = 86_400_000;
/// What an event costs beyond its message, in bytes: its entries in the two ordered maps, measured roughly.
const EVENT_COST: usize = 144;
/// What a stream costs beyond its events, in bytes.
const STREAM_COST: usize = 512;
/// The bound of [`Store::default`], in bytes.
const DEFAULT_MAX_BYTES: usize = 64 << 20;

/// One event to be written.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
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
        Self { state: RwLock::default(), max_bytes, queries: Queries::default() }
    }

    /// Appends what a function wrote; group and stream are made where they do not exist yet. `now_ms` becomes the
    /// ingestion time.
    pub fn append(&self, group: &str, stream: &str, events: &[InputEvent], now_ms: i64) {
        let mut writing = self.write();
        let state = &mut *writing;
        let new = !state.groups.contains_key(group);
        if new {
            state.groups.insert(group.to_owned(), Group::new(now_ms));
        }
        state.add_stream(group, stream, now_ms, true);
        state.insert(group, stream, events, now_ms);
        state.make_room(self.max_bytes);
        // This is done for every line of every function.
        writing.groups_changed = new;
    }

    /// Fills an empty store with what was kept, and keeps what comes from here on. It blocks.
    ///
    /// # Errors
    /// When the file can't be read.
    pub(in crate::local) fn load(&self, kept: &Kept, keeper: Keeper, now_ms: i64) -> Result<(), KeepError> {
        let loaded = Keeping::load(kept, keeper)?;
        let mut state = self.write();
        state.restore(loaded);
        let names: Vec<_> = state.groups.keys().cloned().collect();
        for name in names {
            state.expire(&name, now_ms);
        }
        state.make_room(self.max_bytes);
        Ok(())
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

    pub(super) fn write(&self) -> Writing<'_> {
        let state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        Writing { state, groups_changed: true }
    }
}

/// The store while it is written to. What has changed is noted at its end, in the order of the changes.
pub(super) struct Writing<'s> {
    state: RwLockWriteGuard<'s, State>,
    groups_changed: bool,
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
        let State { keeping, groups, .. } = &mut *self.state;
        keeping.note(self.groups_changed.then_some(groups));
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
    fn cost(&self) -> usize {
        self.message.len() + EVENT_COST
    }
}

pub(super) struct Stream {
    pub(super) name: Arc<str>,
    pub(super) created: i64,
    pub(super) last_ingestion: Option<i64>,
    pub(super) keys: BTreeSet<Key>,
    /// Made by [`Store::append`], which makes it again when it is needed: it may go with its last event.
    automatic: bool,
}

impl Stream {
    pub(super) fn is_automatic(&self) -> bool {
        self.automatic
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
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

    /// Removes an event and what it leaves empty; answers what that frees, in bytes. `name` is the group's own.
    fn remove(&mut self, name: &str, key: Key, keeping: &mut Keeping) -> usize {
        let Some(event) = self.events.remove(&key) else { return 0 };
        self.stored_bytes -= event.message.len() + EVENT_OVERHEAD;
        let mut freed = event.cost();
        let batch_gone = keeping.event_gone(key.seq);
        if let Some(stream) = self.streams.get_mut(&*event.stream) {
            stream.keys.remove(&key);
            if stream.automatic && stream.keys.is_empty() {
                self.streams.remove(&*event.stream);
                freed += stream_cost(&event.stream);
                keeping.stream_gone(name, &event.stream);
            } else if batch_gone {
                // Else the batch says when the last event came.
                keeping.stream(name, stream);
            }
        }
        freed
    }
}

/// Bytes that AWS adds to each message when it measures events.
pub(super) const EVENT_OVERHEAD: usize = 26;

fn stream_cost(name: &str) -> usize {
    STREAM_COST + 2 * name.len()
}

#[derive(Default)]
pub(super) struct State {
    pub(super) groups: BTreeMap<String, Group>,
    /// Who is told of each event.
    pub(super) sessions: Sessions,
    keeping: Keeping,
    bytes: usize,
    seq: u64,
    evicted: u64,
}

impl State {
    /// Takes what was kept into an empty store.
    fn restore(&mut self, loaded: Loaded) {
        self.groups = loaded.groups.into_iter().collect();
        for (name, stream, row) in loaded.streams {
            self.add_stream(&name, &stream, row.created, row.automatic);
            if let Some(stream) = self.groups.get_mut(&name).and_then(|group| group.streams.get_mut(&stream))
            {
                stream.last_ingestion = row.last_ingestion;
            }
        }
        for (first, batch) in loaded.batches {
            self.add_stream(&batch.group, &batch.stream, batch.ingestion, true);
            self.seq = first - 1;
            self.insert(&batch.group, &batch.stream, &batch.events, batch.ingestion);
        }
        self.seq = loaded.seq;
        // Only now: all of that is kept already.
        self.keeping = loaded.keeping;
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
        self.keeping.stream(group_name, &stream);
        group.streams.insert(name.to_owned(), stream);
        self.bytes += stream_cost(name);
        true
    }

    /// Adds events to a stream that is there.
    pub(super) fn insert(&mut self, group: &str, stream: &str, events: &[InputEvent], now_ms: i64) {
        let name = group;
        let Some(group) = self.groups.get_mut(name) else { return };
        let Some(stream) = group.streams.get_mut(stream) else { return };
        self.keeping.batch(self.seq + 1, name, &stream.name, now_ms, events);
        for input in events {
            self.seq += 1;
            let key = Key { timestamp: input.timestamp.max(0), ingestion: now_ms.max(0), seq: self.seq };
            let event = Event { stream: Arc::clone(&stream.name), message: input.message.as_str().into() };
            self.bytes += event.cost();
            group.stored_bytes += event.message.len() + EVENT_OVERHEAD;
            self.sessions.tell(name, key, &event);
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
        if self.keeping.keeps() {
            group.events.keys().for_each(|key| _ = self.keeping.event_gone(key.seq));
            group.streams.keys().for_each(|stream| self.keeping.stream_gone(name, stream));
            self.keeping.seq(self.seq);
        }
        true
    }

    /// Removes a stream of a group; false where there is none.
    pub(super) fn remove_stream(&mut self, group: &str, name: &str) -> bool {
        let group_name = group;
        let Some(group) = self.groups.get_mut(group_name) else { return false };
        let Some(stream) = group.streams.remove(name) else { return false };
        self.bytes -= stream_cost(name);
        self.keeping.stream_gone(group_name, name);
        for key in stream.keys {
            self.bytes -= group.remove(group_name, key, &mut self.keeping);
        }
        self.keeping.seq(self.seq);
        true
    }

    /// Removes what a group's retention has let expire.
    pub(super) fn expire(&mut self, group: &str, now_ms: i64) {
        let name = group;
        let Some(group) = self.groups.get_mut(name) else { return };
        let expiry = Key::at(group.expiry(now_ms));
        while let Some((&key, _)) = group.events.first_key_value()
            && key < expiry
        {
            self.bytes -= group.remove(name, key, &mut self.keeping);
        }
        self.keeping.seq(self.seq);
    }

    /// Evicts the oldest events of the whole store until it holds `max_bytes`, and a little more, so that a full
    /// store does not look for a victim at every write.
    pub(super) fn make_room(&mut self, max_bytes: usize) {
        if self.bytes <= max_bytes {
            return;
        }
        let target = max_bytes - max_bytes / 16;
        while self.bytes > target {
            let mut oldest = self.groups.iter_mut().filter_map(|(name, group)| {
                let first = *group.events.first_key_value()?.0;
                Some((first, (name, group)))
            });
            let Some((mut key, (mut name, mut group))) = oldest.next() else { return };
            // Up to here this group has the oldest event of all.
            let mut until = None;
            for (first, other) in oldest {
                if first < key {
                    until = Some(key);
                    (key, (name, group)) = (first, other);
                } else if until.is_none_or(|until| first < until) {
                    until = Some(first);
                }
            }
            while self.bytes > target {
                self.bytes -= group.remove(name, key, &mut self.keeping);
                self.evicted += 1;
                match group.events.first_key_value() {
                    Some((&next, _)) if until.is_none_or(|until| next < until) => key = next,
                    _ => break,
                }
            }
        }
    }
}
