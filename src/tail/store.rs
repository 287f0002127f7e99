//! What was told, in order.

use std::{collections::HashMap, fmt, sync::Arc};

use super::{
    arena::{Age, Arena, Chunks, Place, Record},
    index::{Entry, Index, Tie},
    marks::Marks,
    update::Arrival,
};
use crate::domain::log_query::Line;

/// The bound of [`Store::default`], in bytes.
const DEFAULT_MAX_BYTES: usize = 256 << 20;
/// The largest bound: places are 32 bits.
const LARGEST_MAX_BYTES: usize = 3 << 30;
/// What a stream costs beside its name, in bytes.
const SOURCE_COST: usize = 160;

/// Log events in the order of timestamp, ingestion time and id, bounded by bytes: the oldest make room.
///
/// A row is its event; a message of many lines is one row. Rows keep their identity ([`Row::key`]) while others are
/// put before them or go, so a reader's place is a key, and [`Store::position`] says where it is now.
pub struct Store {
    arena: Arena,
    index: Index,
    sources: Sources,
    max_bytes: usize,
    evicted: u64,
    pub(super) version: u64,
}

/// A row of a [`Store`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Row<'a> {
    /// Its identity.
    pub key: RowKey,
    /// When it happened, as its writer said, in milliseconds since the epoch.
    pub timestamp: i64,
    /// When the service took it in, in milliseconds since the epoch.
    pub ingestion: i64,
    /// How far behind the newest event it came, in milliseconds, where it came late.
    pub late_by_ms: Option<i64>,
    /// Its log group.
    pub group: &'a str,
    /// Its stream.
    pub stream: &'a str,
    /// What its message is.
    pub marks: Marks,
    /// Its message, of one line or many.
    pub message: &'a str,
}

/// A row, of its parts.
pub(super) fn row_of<'a>(entry: Entry, record: Record<'a>, group: &'a str, stream: &'a str) -> Row<'a> {
    let ingestion = entry.timestamp.wrapping_add(record.delay);
    Row {
        key: RowKey { timestamp: entry.timestamp, tie: (ingestion, record.order), place: entry.place },
        timestamp: entry.timestamp,
        ingestion,
        late_by_ms: record.late_by_ms,
        group,
        stream,
        marks: entry.marks,
        message: record.message,
    }
}

impl<'a> Row<'a> {
    /// What a query can ask about.
    pub fn line(&self) -> Line<'a> {
        Line { message: self.message, group: self.group, stream: self.stream, error: self.marks.error }
    }

    /// The lines of the message: one at least, and none for a newline at its end.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        let end = if self.message.is_empty() { Some("") } else { None };
        self.message.lines().chain(end)
    }
}

impl fmt::Debug for Row<'_> {
    // A message may hold a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row")
            .field("key", &self.key)
            .field("bytes", &self.message.len())
            .finish_non_exhaustive()
    }
}

/// The identity of a row, and its place in the order. Good for the store it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowKey {
    pub(super) timestamp: i64,
    pub(super) tie: Tie,
    pub(super) place: Place,
}

impl RowKey {
    /// When the row happened, in milliseconds since the epoch.
    pub fn timestamp_ms(&self) -> i64 {
        self.timestamp
    }

    /// Stands for a moment, in milliseconds since the epoch: where it would be is the first row at it or later.
    pub fn at(timestamp: i64) -> Self {
        Self { timestamp, tie: (i64::MIN, 0), place: Place::MAX }
    }
}

/// What an insertion did. Every [`super::View`] of the store is to be told, before the next insertion.
#[derive(Debug)]
#[must_use = "the views of the store need it"]
pub struct Inserted {
    /// Where the row is now; `None` where it was older than all there is room for, so that it was not kept.
    pub at: Option<usize>,
    /// How many rows went to make room, counted from the first; with itself, where it was not kept.
    pub evicted: usize,
    /// Where it was put, and among how many others, before anything went.
    pub(super) put_at: usize,
    pub(super) among: usize,
    /// The rows that went: their places, and the numbers of their streams.
    pub(super) gone: Vec<(Place, u32)>,
    pub(super) version: u64,
}

impl Default for Store {
    fn default() -> Self {
        Self::new(DEFAULT_MAX_BYTES)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("rows", &self.len())
            .field("bytes", &self.bytes())
            .field("evicted", &self.evicted)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// A store that takes at most so many bytes of memory, and always has room for a few MB.
    pub fn new(max_bytes: usize) -> Self {
        Self {
            arena: Arena::default(),
            index: Index::default(),
            sources: Sources::default(),
            max_bytes: max_bytes.clamp(4 << 20, LARGEST_MAX_BYTES),
            evicted: 0,
            version: 0,
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of memory taken.
    pub fn bytes(&self) -> usize {
        self.arena.bytes() + self.index.bytes() + self.sources.bytes
    }

    /// When the oldest row happened, in milliseconds since the epoch.
    pub fn oldest(&self) -> Option<i64> {
        self.index.get(0).map(|entry| entry.timestamp)
    }

    /// When the newest row happened, in milliseconds since the epoch.
    pub fn newest(&self) -> Option<i64> {
        self.index.get(self.len().checked_sub(1)?).map(|entry| entry.timestamp)
    }

    /// How many rows went to make room, or found none.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Adds an event at its place in the order, after its equals. That it is not there yet is the caller's part.
    ///
    /// Where the store is full an event that is older than all the others is not kept.
    pub fn insert(&mut self, arrival: &Arrival) -> Inserted {
        let event = &arrival.event;
        let order = order_of(&event.id);
        let among = self.len();
        let put_at = self.index.rank(event.timestamp, (event.ingestion_time, order), true, &|e| self.tie(e));
        self.version += 1;
        let version = self.version;
        let age = if put_at < among / 2 { Age::Old } else { Age::New };
        if put_at == 0
            && among > 0
            && self.bytes() + self.arena.growth(event.message.len(), age) > self.max_bytes
        {
            self.evicted += 1;
            return Inserted { at: None, evicted: 1, put_at, among, gone: Vec::new(), version };
        }
        let record = Record {
            source: self.sources.add(&event.group, &event.stream),
            delay: event.ingestion_time.wrapping_sub(event.timestamp),
            late_by_ms: arrival.late_by_ms,
            order,
            message: &event.message,
        };
        // There is a place: the largest bound leaves chunks without a name to spare.
        let place = self.arena.add(record, age).unwrap_or(Place::MAX);
        self.index.insert(put_at, Entry { timestamp: event.timestamp, place, marks: arrival.marks });
        let mut gone = Vec::new();
        while self.bytes() > self.max_bytes && self.evict(&mut gone) {}
        Inserted { at: put_at.checked_sub(gone.len()), evicted: gone.len(), put_at, among, gone, version }
    }

    /// The row at a position, counted from the oldest.
    pub fn get(&self, at: usize) -> Option<Row<'_>> {
        self.row(self.index.get(at)?)
    }

    /// Where a row is: `Err` with where it would be, if it has gone.
    ///
    /// # Errors
    /// The position of the first row after it.
    pub fn position(&self, key: &RowKey) -> Result<usize, usize> {
        self.find(key)
    }

    /// The position of the first row at a time or later, in milliseconds since the epoch.
    pub fn position_at(&self, timestamp: i64) -> usize {
        self.index.partition_point(|entry| entry.timestamp < timestamp)
    }

    /// The bytes that some rows are in.
    pub(super) fn share(&self, entries: &[Entry]) -> Chunks {
        self.arena.share(entries.iter().map(|entry| entry.place))
    }

    /// Group and stream of all rows, by their numbers.
    pub(super) fn names(&self) -> Names {
        self.sources.names()
    }

    pub(super) fn index(&self) -> &Index {
        &self.index
    }

    pub(super) fn message(&self, entry: Entry) -> &[u8] {
        self.arena.message(entry.place).unwrap_or_default()
    }

    /// The number of the stream that a row is of. It may be another stream's once no row of this one is left.
    pub(super) fn source(&self, entry: Entry) -> Option<u32> {
        self.arena.source(entry.place)
    }

    /// Whether there are rows of a stream.
    pub(super) fn has_source(&self, number: u32) -> bool {
        self.sources.get(number).is_some()
    }

    pub(super) fn row(&self, entry: Entry) -> Option<Row<'_>> {
        let record = self.arena.get(entry.place)?;
        let (group, stream) = self.sources.get(record.source)?;
        Some(row_of(entry, record, group, stream))
    }

    pub(super) fn tie(&self, entry: Entry) -> Tie {
        let head = self.arena.head(entry.place);
        head.map_or((i64::MIN, 0), |head| (entry.timestamp.wrapping_add(head.delay), head.order))
    }

    fn find(&self, key: &RowKey) -> Result<usize, usize> {
        let first = self.index.rank(key.timestamp, key.tie, false, &|entry| self.tie(entry));
        let equals = self
            .index
            .iter_from(first)
            .take_while(|entry| entry.timestamp == key.timestamp && self.tie(*entry) == key.tie)
            .position(|entry| entry.place == key.place);
        equals.map(|offset| first + offset).ok_or(first)
    }

    /// Evicts the oldest row; false where there is none.
    fn evict(&mut self, gone: &mut Vec<(Place, u32)>) -> bool {
        let Some(entry) = self.index.pop_front() else { return false };
        if let Some(source) = self.arena.source(entry.place) {
            self.sources.remove(source);
            gone.push((entry.place, source));
        }
        self.arena.remove(entry.place);
        self.evicted += 1;
        true
    }
}

/// Four bytes of an event's id that order the events of one timestamp and ingestion time.
///
/// The number that it ends in, modulo 2^32. All of an AWS id is one number: its upper part is the times, and of the 32
/// lowest bits 16 tell requests apart and 16 count the request's events. Of an id that ends in no number the last
/// bytes count.
fn order_of(id: &str) -> u32 {
    let digits = id.bytes().rev().take_while(u8::is_ascii_digit).count();
    let ending = &id.as_bytes()[id.len() - digits..];
    if ending.is_empty() {
        let last = id.bytes().rev().take(4).zip((0..).step_by(8));
        return last.fold(0, |order, (byte, shift)| order | u32::from(byte) << shift);
    }
    ending.iter().fold(0, |order: u32, digit| order.wrapping_mul(10).wrapping_add(u32::from(digit - b'0')))
}

/// Groups and streams by number, counted by their rows.
#[derive(Default)]
struct Sources {
    names: HashMap<Arc<str>, HashMap<Arc<str>, u32>>,
    slots: Vec<Option<Slot>>,
    free: Vec<u32>,
    /// The one that was added to last: the next row is often of the same.
    last: u32,
    bytes: usize,
}

/// Group and stream by their number.
pub(super) type Names = Vec<Option<(Arc<str>, Arc<str>)>>;

struct Slot {
    group: Arc<str>,
    stream: Arc<str>,
    rows: usize,
}

impl Sources {
    fn add(&mut self, group: &str, stream: &str) -> u32 {
        if let Some(Some(slot)) = self.slots.get_mut(self.last as usize)
            && *slot.stream == *stream
            && *slot.group == *group
        {
            slot.rows += 1;
            return self.last;
        }
        self.last = self.number(group, stream);
        self.last
    }

    fn number(&mut self, group: &str, stream: &str) -> u32 {
        if let Some(&number) = self.names.get(group).and_then(|streams| streams.get(stream)) {
            if let Some(Some(slot)) = self.slots.get_mut(number as usize) {
                slot.rows += 1;
            }
            return number;
        }
        let number = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        let group: Arc<str> = match self.names.get_key_value(group) {
            Some((group, _)) => Arc::clone(group),
            None => group.into(),
        };
        let stream: Arc<str> = stream.into();
        self.bytes += stream.len() + SOURCE_COST;
        self.names.entry(Arc::clone(&group)).or_default().insert(Arc::clone(&stream), number);
        self.slots[number as usize] = Some(Slot { group, stream, rows: 1 });
        number
    }

    fn get(&self, number: u32) -> Option<(&str, &str)> {
        let slot = self.slots.get(number as usize)?.as_ref()?;
        Some((&slot.group, &slot.stream))
    }

    fn names(&self) -> Names {
        let name = |slot: &Slot| (Arc::clone(&slot.group), Arc::clone(&slot.stream));
        self.slots.iter().map(|slot| slot.as_ref().map(name)).collect()
    }

    fn remove(&mut self, number: u32) {
        let Some(slot) = self.slots.get_mut(number as usize) else { return };
        let Some(Slot { group, stream, rows }) = slot else { return };
        *rows -= 1;
        if *rows > 0 {
            return;
        }
        self.bytes -= stream.len() + SOURCE_COST;
        if let Some(streams) = self.names.get_mut(group) {
            streams.remove(stream);
        }
        *slot = None;
        self.free.push(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_order_as_the_numbers_that_they_end_in() {
        assert!(order_of("2") < order_of("10"));
        assert!(order_of("event-9") < order_of("event-10"));
        assert!(order_of("event-0009") < order_of("event-0010"));
        assert_eq!(order_of(&u64::MAX.to_string()), u32::MAX);
        let first = "31953106606966983378809025079804211143289615424298221568";
        let next = "31953106606966983378809025079804211143289615424298221569";
        assert_eq!(order_of(first) + 1, order_of(next));
        let two_to_the_112 = 5_192_296_858_534_827_628_530_496_329_220_096_u128;
        assert_eq!(order_of(&(two_to_the_112 * 3 + 7).to_string()), 7);
        assert!(order_of("aaab") < order_of("aaba"));
        assert_eq!(order_of(""), 0);
    }

    #[test]
    fn a_stream_is_forgotten_with_its_last_row() {
        let mut sources = Sources::default();
        let first = sources.add("g", "a");
        assert_eq!(sources.add("g", "a"), first);
        let other = sources.add("g", "b");
        assert_ne!(other, first);
        sources.remove(first);
        assert_eq!(sources.get(first), Some(("g", "a")));
        sources.remove(first);
        assert_eq!(sources.get(first), None);
        assert_eq!(sources.add("h", "a"), first, "its number is free again");
        assert_eq!(sources.get(first), Some(("h", "a")));
    }
}
