//! Which events were told already.

use std::{
    collections::{BTreeMap, HashSet},
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::domain::log_event::LogEvent;

/// Milliseconds that share a bucket.
const BUCKET_MS: i64 = 1_000;

/// How much all groups of a follower may remember together. A group that is busy may take what others leave.
#[derive(Debug)]
pub(super) struct Memory {
    cap: usize,
    events: AtomicUsize,
    groups: AtomicUsize,
}

impl Memory {
    /// Room for so many events.
    pub(super) fn new(cap: usize) -> Arc<Self> {
        Arc::new(Self { cap, events: AtomicUsize::new(0), groups: AtomicUsize::new(0) })
    }

    /// Whether one that has so many has too many.
    fn is_over(&self, count: usize) -> bool {
        let share = self.cap / self.groups.load(Ordering::Relaxed).max(1);
        count > share && self.events.load(Ordering::Relaxed) > self.cap
    }
}

/// Remembers events by stream, id and timestamp (ids alone are not unique on some emulators), as 128-bit hashes.
///
/// What is older than anything that will be read again is forgotten; so is the oldest above the cap, and then no
/// reading may start before [`Seen::floor`]. The newest bucket stays, whatever its size.
#[derive(Debug)]
pub(super) struct Seen {
    buckets: BTreeMap<i64, HashSet<u128>>,
    count: usize,
    memory: Arc<Memory>,
    floor: i64,
    keys: [RandomState; 2],
}

impl Seen {
    pub(super) fn new(memory: &Arc<Memory>) -> Self {
        memory.groups.fetch_add(1, Ordering::Relaxed);
        let memory = Arc::clone(memory);
        Self { buckets: BTreeMap::new(), count: 0, memory, floor: i64::MIN, keys: Default::default() }
    }

    /// Events before this time, in milliseconds since the epoch, may have been forgotten.
    pub(super) fn floor(&self) -> i64 {
        self.floor
    }

    /// Whether an event is new; it is remembered from now on. One before the floor passes for known.
    pub(super) fn is_new(&mut self, event: &LogEvent) -> bool {
        if event.timestamp < self.floor {
            return false;
        }
        let key = (&event.stream, &event.id, event.timestamp);
        let [high, low] = self.keys.each_ref().map(|state| u128::from(state.hash_one(key)));
        let bucket = self.buckets.entry(event.timestamp.div_euclid(BUCKET_MS)).or_default();
        let new = bucket.insert(high << 64 | low);
        if new {
            self.count += 1;
            self.memory.events.fetch_add(1, Ordering::Relaxed);
        }
        new
    }

    /// Forgets what is before a time and what is over the cap.
    pub(super) fn forget_before(&mut self, time_ms: i64) {
        while let Some((&second, bucket)) = self.buckets.first_key_value() {
            let end = (second + 1).saturating_mul(BUCKET_MS);
            let over = self.buckets.len() > 1 && self.memory.is_over(self.count);
            if end > time_ms && !over {
                break;
            }
            self.count -= bucket.len();
            self.memory.events.fetch_sub(bucket.len(), Ordering::Relaxed);
            self.floor = self.floor.max(end);
            self.buckets.pop_first();
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.count
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        self.memory.events.fetch_sub(self.count, Ordering::Relaxed);
        self.memory.groups.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(stream: &str, id: &str, timestamp: i64) -> LogEvent {
        LogEvent {
            group: "g".to_owned(),
            stream: stream.to_owned(),
            id: id.to_owned(),
            timestamp,
            ingestion_time: timestamp,
            message: String::new(),
        }
    }

    #[test]
    fn the_same_id_in_another_stream_or_at_another_time_is_another_event() {
        let mut seen = Seen::new(&Memory::new(100));
        for event in [event("a", "0", 1), event("b", "0", 1), event("a", "0", 2), event("a", "1", 1)] {
            assert!(seen.is_new(&event));
            assert!(!seen.is_new(&event));
        }
        assert_eq!(seen.len(), 4);
    }

    #[test]
    fn old_events_are_forgotten_and_pass_for_known() {
        let mut seen = Seen::new(&Memory::new(100));
        assert!(seen.is_new(&event("a", "0", 1_500)));
        assert!(seen.is_new(&event("a", "1", 2_000)));
        seen.forget_before(1_999);
        assert_eq!((seen.len(), seen.floor()), (2, i64::MIN), "only whole buckets go");
        seen.forget_before(2_500);
        assert_eq!((seen.len(), seen.floor()), (1, 2_000));
        assert!(!seen.is_new(&event("a", "2", 1_999)));
        assert!(!seen.is_new(&event("a", "1", 2_000)));
        assert!(seen.is_new(&event("a", "2", 2_001)));
    }

    #[test]
    fn the_cap_spares_the_newest_bucket() {
        let mut seen = Seen::new(&Memory::new(10));
        for n in 0..8 {
            seen.is_new(&event("a", &n.to_string(), 1_000 * n));
        }
        for n in 0..20 {
            seen.is_new(&event("b", &n.to_string(), 9_000));
        }
        seen.forget_before(i64::MIN);
        assert_eq!((seen.len(), seen.floor()), (20, 8_000));
    }

    #[test]
    fn a_busy_group_has_what_others_leave_and_no_less_than_its_share() {
        let memory = Memory::new(10);
        let (mut busy, mut quiet) = (Seen::new(&memory), Seen::new(&memory));
        for n in 0..8 {
            busy.is_new(&event("a", &n.to_string(), 1_000 * n));
        }
        busy.forget_before(i64::MIN);
        assert_eq!(busy.len(), 8);
        for n in 0..4 {
            quiet.is_new(&event("a", &n.to_string(), 1_000 * n));
        }
        quiet.forget_before(i64::MIN);
        busy.forget_before(i64::MIN);
        assert_eq!((busy.len(), quiet.len()), (6, 4));
        drop(quiet);
        for n in 8..12 {
            busy.is_new(&event("a", &n.to_string(), 1_000 * n));
        }
        busy.forget_before(i64::MIN);
        assert_eq!(busy.len(), 10);
    }
}
