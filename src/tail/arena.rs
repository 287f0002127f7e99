//! The bytes of a store's rows: one record for each, packed into large chunks, with no allocation of its own.
//!
//! A record is the message's length, the message, then its source, ingestion time less timestamp, lateness where it came
//! late, and order, all but the last as varints: about 9 bytes beside the message. The message comes first because a
//! filter wants it alone.

use std::sync::Arc;

/// Bytes of a chunk. A record that is larger has a chunk of its own.
const CHUNK: usize = 1 << CHUNK_BITS;
const CHUNK_BITS: u32 = 20;
/// Chunks that a place can name.
const MAX_CHUNKS: usize = 1 << (u32::BITS - CHUNK_BITS);
/// The most that a record takes beside its message: four varints and the order.
const MAX_COST: usize = 4 * 10 + size_of::<u32>();

/// Where a record is: the chunk and the byte in it. Good while the record lives; then the place may be another's.
pub(super) type Place = u32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record<'a> {
    pub(super) source: u32,
    /// Ingestion time less timestamp, wrapping.
    pub(super) delay: i64,
    pub(super) late_by_ms: Option<i64>,
    /// Decides between events of the same timestamp and ingestion time.
    pub(super) order: u32,
    pub(super) message: &'a str,
}

/// A record but for its message.
#[derive(Clone, Copy)]
pub(super) struct Head {
    pub(super) source: u32,
    pub(super) delay: i64,
    pub(super) late_by_ms: Option<i64>,
    pub(super) order: u32,
}

/// The bytes of chunks, by their numbers. They stay while rows come and go in the arena they are of.
pub(super) type Chunks = Vec<Option<Arc<Vec<u8>>>>;

#[derive(Default)]
pub(super) struct Arena {
    chunks: Vec<Option<Chunk>>,
    free: Vec<usize>,
    /// The chunks that are added to: the one of what is newest, and the one of what is old ([`Age`]).
    current: [Option<usize>; 2],
    bytes: usize,
}

/// Whether a row is among the older ones or the newer ones of those there are. They go to chunks of their own: rows go by
/// their age, and a chunk only with its last row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    New,
    Old,
}

struct Chunk {
    /// Nobody shares it while rows are added to it.
    data: Arc<Vec<u8>>,
    live: usize,
}

impl Arena {
    /// Bytes taken from the allocator.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a record; `None` where no chunk is left to name.
    pub(super) fn add(&mut self, record: Record<'_>, age: Age) -> Option<Place> {
        let index = self.room_for(record.message.len() + MAX_COST, age)?;
        let chunk = self.chunks[index].as_mut()?;
        let data = Arc::get_mut(&mut chunk.data)?;
        let offset = data.len();
        put(data, record.message.len() as u64);
        data.extend_from_slice(record.message.as_bytes());
        put(data, u64::from(record.source) << 1 | u64::from(record.late_by_ms.is_some()));
        put(data, zigzag(record.delay));
        if let Some(late) = record.late_by_ms {
            put(data, zigzag(late));
        }
        data.extend(record.order.to_le_bytes());
        chunk.live += 1;
        u32::try_from(index << CHUNK_BITS | offset).ok()
    }

    /// How many bytes more would be taken from the allocator for a message of that length.
    pub(super) fn growth(&self, message: usize, age: Age) -> usize {
        let size = message + MAX_COST;
        if self.current_with(size, age).is_some() { 0 } else { size.max(CHUNK) }
    }

    /// The chunk that is added to, where it has so much room.
    fn current_with(&self, size: usize, age: Age) -> Option<usize> {
        let index = self.current[age as usize]?;
        let data = &self.chunks[index].as_ref()?.data;
        (data.capacity() - data.len() >= size).then_some(index)
    }

    /// The chunk that the next record goes to.
    fn room_for(&mut self, size: usize, age: Age) -> Option<usize> {
        if let Some(index) = self.current_with(size, age) {
            return Some(index);
        }
        let chunk = Chunk { data: Arc::new(Vec::with_capacity(size.max(CHUNK))), live: 0 };
        let index = match self.free.pop() {
            Some(index) => index,
            None if self.chunks.len() < MAX_CHUNKS => {
                self.chunks.push(None);
                self.chunks.len() - 1
            }
            None => return None,
        };
        self.bytes += chunk.data.capacity();
        self.chunks[index] = Some(chunk);
        if let Some(full) = self.current[age as usize].replace(index) {
            self.drop_if_dead(full);
        }
        Some(index)
    }

    /// Gives a record up. A chunk is given back with its last record.
    pub(super) fn remove(&mut self, place: Place) {
        let index = chunk_of(place);
        if let Some(Some(chunk)) = self.chunks.get_mut(index) {
            chunk.live = chunk.live.saturating_sub(1);
            if !self.current.contains(&Some(index)) {
                self.drop_if_dead(index);
            }
        }
    }

    fn drop_if_dead(&mut self, index: usize) {
        if let Some(Chunk { data, live: 0 }) = &self.chunks[index] {
            self.bytes -= data.capacity();
            self.chunks[index] = None;
            self.free.push(index);
        }
    }

    /// The bytes of the chunks that these places are in. Those that are still added to are copied.
    pub(super) fn share(&self, places: impl Iterator<Item = Place>) -> Chunks {
        let mut shared: Chunks = vec![None; self.chunks.len()];
        for index in places.map(chunk_of) {
            if let Some(Some(chunk)) = self.chunks.get(index)
                && shared[index].is_none()
            {
                let is_current = self.current.contains(&Some(index));
                let data = if is_current { Arc::new(chunk.data.to_vec()) } else { Arc::clone(&chunk.data) };
                shared[index] = Some(data);
            }
        }
        shared
    }

    /// The record at a place that [`Arena::add`] gave.
    pub(super) fn get(&self, place: Place) -> Option<Record<'_>> {
        read(self.data(place)?, place)
    }

    /// The message at a place, without a look at the rest.
    pub(super) fn message(&self, place: Place) -> Option<&[u8]> {
        split(self.data(place)?, place).map(|(message, _)| message)
    }

    /// The record at a place, without a look at the message.
    pub(super) fn head(&self, place: Place) -> Option<Head> {
        read_head(split(self.data(place)?, place)?.1)
    }

    /// The source at a place, without a look at the message.
    pub(super) fn source(&self, place: Place) -> Option<u32> {
        read_source(split(self.data(place)?, place)?.1)
    }

    fn data(&self, place: Place) -> Option<&[u8]> {
        Some(&self.chunks.get(chunk_of(place))?.as_ref()?.data)
    }
}

/// The record at a place of shared chunks.
pub(super) fn record(chunks: &Chunks, place: Place) -> Option<Record<'_>> {
    read(chunks.get(chunk_of(place))?.as_ref()?, place)
}

/// The message at a place of shared chunks, without a look at the rest.
pub(super) fn message(chunks: &Chunks, place: Place) -> Option<&[u8]> {
    split(chunks.get(chunk_of(place))?.as_ref()?, place).map(|(message, _)| message)
}

/// The source at a place of shared chunks, without a look at the message.
pub(super) fn source(chunks: &Chunks, place: Place) -> Option<u32> {
    read_source(split(chunks.get(chunk_of(place))?.as_ref()?, place)?.1)
}

fn read(data: &[u8], place: Place) -> Option<Record<'_>> {
    let (message, rest) = split(data, place)?;
    let Head { source, delay, late_by_ms, order } = read_head(rest)?;
    let message = std::str::from_utf8(message).ok()?;
    Some(Record { source, delay, late_by_ms, order, message })
}

fn read_head(mut rest: &[u8]) -> Option<Head> {
    let source = take(&mut rest)?;
    let delay = unzigzag(take(&mut rest)?);
    let late_by_ms = if source & 1 == 0 { None } else { Some(unzigzag(take(&mut rest)?)) };
    let order = u32::from_le_bytes(*rest.first_chunk()?);
    Some(Head { source: u32::try_from(source >> 1).ok()?, delay, late_by_ms, order })
}

fn read_source(mut rest: &[u8]) -> Option<u32> {
    u32::try_from(take(&mut rest)? >> 1).ok()
}

/// The message at a place of its chunk, and what follows it.
fn split(data: &[u8], place: Place) -> Option<(&[u8], &[u8])> {
    let mut rest = data.get(place as usize & (CHUNK - 1)..)?;
    let length = usize::try_from(take(&mut rest)?).ok()?;
    rest.split_at_checked(length)
}

fn chunk_of(place: Place) -> usize {
    (place >> CHUNK_BITS) as usize
}

fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63).cast_unsigned()
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

fn put(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    bytes.push(value.to_le_bytes()[0]);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, test_runner::RngSeed};

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]
        #[test]
        fn a_record_comes_back_as_it_was(
            records in prop::collection::vec(
                (any::<u32>(), any::<i64>(), prop::option::of(any::<i64>()), any::<u32>(), ".{0,40}"),
                0..40,
            ),
        ) {
            let mut arena = Arena::default();
            let as_record = |(source, delay, late_by_ms, order, message): &(_, _, _, _, String)| {
                (*source, *delay, *late_by_ms, *order, message.clone())
            };
            let mut places = Vec::new();
            for (source, delay, late_by_ms, order, message) in &records {
                let record = Record { source: *source, delay: *delay, late_by_ms: *late_by_ms, order: *order, message };
                places.push(arena.add(record, Age::New).unwrap());
            }
            for (place, record) in places.iter().zip(&records) {
                let got = arena.get(*place).unwrap();
                let got = (got.source, got.delay, got.late_by_ms, got.order, got.message.to_owned());
                prop_assert_eq!(got, as_record(record));
                let head = arena.head(*place).unwrap();
                prop_assert_eq!((head.source, head.delay, head.late_by_ms, head.order), (record.0, record.1, record.2, record.3));
                prop_assert_eq!(arena.source(*place), Some(record.0));
            }
            // What is shared stays as it is while more is added and taken away.
            let shared = arena.share(places.iter().copied());
            for place in &places {
                arena.remove(*place);
            }
            for _ in 0..3 {
                let large = "m".repeat(CHUNK);
                arena.add(Record { source: 0, delay: 0, late_by_ms: None, order: 0, message: &large }, Age::New).unwrap();
            }
            for (place, expected) in places.iter().zip(&records) {
                prop_assert_eq!(record(&shared, *place).unwrap().message, &expected.4);
                prop_assert_eq!(source(&shared, *place), Some(expected.0));
            }
        }
    }

    #[test]
    fn chunks_are_given_back_and_taken_again() {
        let mut arena = Arena::default();
        let message = "m".repeat(300_000);
        let record = Record { source: 1, delay: 0, late_by_ms: None, order: 0, message: &message };
        for _ in 0..100 {
            let places: Vec<_> = (0..10).map(|_| arena.add(record, Age::New).unwrap()).collect();
            assert!(arena.bytes() <= 5 * CHUNK, "{}", arena.bytes());
            for place in places {
                assert_eq!(arena.get(place).unwrap().message.len(), message.len());
                arena.remove(place);
            }
        }
        let large = "m".repeat(3 * CHUNK);
        let place = arena.add(Record { message: &large, ..record }, Age::New).unwrap();
        assert_eq!(arena.get(place).unwrap().message, large);
        assert!(arena.bytes() >= 3 * CHUNK);
        arena.remove(place);
        arena.add(record, Age::New).unwrap();
        assert!(arena.bytes() <= 4 * CHUNK, "a dead chunk that was current goes once it is not");
    }
}
