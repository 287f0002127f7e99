//! What was told, in order.

use std::{collections::HashMap, fmt, sync::Arc};

use super::{
    arena::{Arena, Place, Record},
    index::{Entry, Index, Tie},
    marks::Marks,
    snapshot::Snapshot,
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
        marks: record.marks,
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
    /// When it happened, in milliseconds since the epoch.
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
    /// Where the row is now; `None` where it was older than all there is room for.
    pub at: Option<usize>,
    /// How many rows went to make room, counted from the first.
    pub evicted: usize,
    pub(super) entry: Entry,
    /// Where it was put, among how many others, before anything went.
    pub(super) put_at: usize,
    pub(super) among: usize,
    pub(super) gone: Vec<Place>,
    /// The number of the stream of each row that went.
    pub(super) gone_from: Vec<u32>,
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

    /// How many rows went to make room.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Adds an event at its place in the order, after its equals. That it is not there yet is the caller's part.
    pub fn insert(&mut self, arrival: &Arrival) -> Inserted {
        let event = &arrival.event;
        let order = order_of(&event.id);
        let source = self.sources.add(&event.group, &event.stream);
        let record = Record {
            source,
            delay: event.ingestion_time.wrapping_sub(event.timestamp),
            late_by_ms: arrival.late_by_ms,
            order,
            marks: arrival.marks,
            message: &event.message,
        };
        let (mut gone, mut gone_from) = (Vec::new(), Vec::new());
        let place = loop {
            match self.arena.add(record) {
                Some(place) => break place,
                None if self.evict(&mut gone, &mut gone_from) => {}
                // There is nothing left to evict, so there are free chunks.
                None => break Place::MAX,
            }
        };
        let entry = Entry { timestamp: event.timestamp, place };
        let among = self.len();
        let put_at = self.index.rank(event.timestamp, (event.ingestion_time, order), true, &|e| self.tie(e));
        self.index.insert(put_at, entry);
        while self.bytes() > self.max_bytes && self.evict(&mut gone, &mut gone_from) {}
        self.version += 1;
        let at = put_at.checked_sub(gone.len());
        Inserted { at, evicted: gone.len(), entry, put_at, among, gone, gone_from, version: self.version }
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
        self.find(&self.index, key)
    }

    /// The position of the first row at a time or later, in milliseconds since the epoch.
    pub fn position_at(&self, timestamp: i64) -> usize {
        self.index.rank(timestamp, (i64::MIN, 0), false, &|entry| self.tie(entry))
    }

    /// Some of the rows, oldest first, to be read on another thread.
    pub(super) fn snapshot(&self, entries: Vec<Entry>) -> Snapshot {
        Snapshot::new(self.arena.share(), Arc::new(self.sources.names()), entries)
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

    /// The identity of a row.
    pub(super) fn key(&self, entry: Entry) -> RowKey {
        RowKey { timestamp: entry.timestamp, tie: self.tie(entry), place: entry.place }
    }

    /// Puts a row of this store into an index over some of them, where it stands in the store. Answers with where
    /// that is, or with `None` where it was there already.
    pub(super) fn put_into(&self, index: &mut Index, entry: Entry) -> Option<usize> {
        let key = self.key(entry);
        let Err(mut at) = self.find(index, &key) else { return None };
        // Those that nothing tells apart are in the order in which they came, which only the store knows.
        while let Some(other) = index.get(at)
            && (other.timestamp, self.tie(other)) == (key.timestamp, key.tie)
            && self.position(&self.key(other)).ok() < self.position(&key).ok()
        {
            at += 1;
        }
        index.insert(at, entry);
        Some(at)
    }

    pub(super) fn row(&self, entry: Entry) -> Option<Row<'_>> {
        let record = self.arena.get(entry.place)?;
        let (group, stream) = self.sources.get(record.source)?;
        Some(row_of(entry, record, group, stream))
    }

    pub(super) fn tie(&self, entry: Entry) -> Tie {
        let record = self.arena.get(entry.place);
        record.map_or((i64::MIN, 0), |record| (entry.timestamp.wrapping_add(record.delay), record.order))
    }

    /// Finds a row in an index over this store's rows.
    pub(super) fn find(&self, index: &Index, key: &RowKey) -> Result<usize, usize> {
        let first = index.rank(key.timestamp, key.tie, false, &|entry| self.tie(entry));
        let equals = index
            .iter_from(first)
            .take_while(|entry| entry.timestamp == key.timestamp && self.tie(*entry) == key.tie)
            .position(|entry| entry.place == key.place);
        equals.map(|offset| first + offset).ok_or(first)
    }

    /// Evicts the oldest row; false where there is none.
    fn evict(&mut self, gone: &mut Vec<Place>, gone_from: &mut Vec<u32>) -> bool {
        let Some(entry) = self.index.pop_front() else { return false };
        let source = self.arena.source(entry.place);
        if let Some(source) = source {
            self.sources.remove(source);
        }
        gone_from.push(source.unwrap_or(u32::MAX));
        self.arena.remove(entry.place);
        gone.push(entry.place);
        self.evicted += 1;
        true
    }
}

/// Eight bytes of an event's id that order the events of one timestamp and ingestion time.
///
/// A number of up to 64 bits is itself. A longer one is AWS's: its upper part is the timestamp, then comes what tells
/// requests apart (bits 112 to 143, of which the first 32 will do), and the lowest bits count the request's events.
/// Of any other text the last bytes count, as in `event-0001`.
fn order_of(id: &str) -> u64 {
    if id.is_empty() || !id.bytes().all(|b| b.is_ascii_digit()) {
        return id
            .bytes()
            .rev()
            .take(8)
            .enumerate()
            .fold(0, |order, (n, byte)| order | u64::from(byte) << (8 * n));
    }
    if let Ok(order) = id.parse() {
        return order;
    }
    // 192 bits, lowest limb first; AWS's ids have 184.
    let mut limbs = [0_u64; 3];
    for digit in id.bytes().map(|b| b - b'0') {
        let mut carry = u128::from(digit);
        for limb in &mut limbs {
            let product = u128::from(*limb) * 10 + carry;
            carry = product >> 64;
            *limb = u64::try_from(product & u128::from(u64::MAX)).unwrap_or_default();
        }
    }
    let request = (limbs[1] >> 48 | limbs[2] << 16) & 0xffff_ffff;
    request << 32 | limbs[0] & 0xffff_ffff
}

/// Groups and streams by number, counted by their rows.
#[derive(Default)]
struct Sources {
    names: HashMap<Arc<str>, HashMap<Arc<str>, u32>>,
    slots: Vec<Option<Slot>>,
    free: Vec<u32>,
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
    fn ids_order_as_numbers_or_by_their_ends() {
        assert!(order_of("2") < order_of("10"));
        assert!(order_of("event-0009") < order_of("event-0010"));
        assert!(order_of(&u64::MAX.to_string()) == u64::MAX);
        let first = "31953106606966983378809025079804211143289615424298221568";
        let next = "31953106606966983378809025079804211143289615424298221569";
        assert!(order_of(first) < order_of(next));
        // 184 bits: 40 of time, 32 that tell requests apart, 80 between, 32 that count.
        let two_to_the_112 = 5_192_296_858_534_827_628_530_496_329_220_096_u128;
        assert_eq!(order_of(&two_to_the_112.to_string()), 1 << 32);
        assert_eq!(order_of(&(two_to_the_112 * 3 + 7).to_string()), 3 << 32 | 7);
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
