//! Which events were told already, where the readers have no id in common.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, RandomState},
};

use crate::domain::log_event::LogEvent;

/// Milliseconds that share a bucket.
const BUCKET_MS: i64 = 1_000;

/// Who read an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Reader {
    /// What was told, by whomever it was read.
    Told,
    /// Polling, which knows ids: each event counts once.
    Polling,
    /// A Live Tail session, which tells each event once.
    Session(u64),
}

/// Counts events that are alike: of the same stream, timestamp and message.
///
/// No reader counts an event twice, so each count is at most what there is. An event is new where its reader now has
/// more of its like than were told: whichever reader is first tells it, and lines that are identical are all told.
#[derive(Debug)]
pub(in crate::tail) struct Merge {
    buckets: BTreeMap<i64, HashMap<(u64, Reader), u32>>,
    key: RandomState,
    /// Sessions tell only what was ingested after this time: what polling told before it counted, it may have told.
    after_ingestion: i64,
    /// Whether polling counts what no session told so far.
    counts: bool,
}

impl Merge {
    /// Begins to count. Polling has told events up to this ingestion time.
    pub(in crate::tail) fn new(told_up_to: i64) -> Self {
        Self { buckets: BTreeMap::new(), key: RandomState::new(), after_ingestion: told_up_to, counts: true }
    }

    /// There will be sessions again.
    pub(in crate::tail) fn resume(&mut self, told_up_to: i64) {
        if !self.counts {
            (self.counts, self.after_ingestion) = (true, told_up_to);
        }
    }

    /// There will be no more sessions: what they told still has to be known.
    pub(in crate::tail) fn suspend(&mut self) {
        self.counts = false;
    }

    /// Whether nothing is left to be known.
    pub(in crate::tail) fn is_over(&self) -> bool {
        !self.counts && self.buckets.is_empty()
    }

    /// Whether an event that polling has read for the first time has to be told.
    pub(in crate::tail) fn polled(&mut self, event: &LogEvent) -> bool {
        let key = self.hash(event);
        if !self.counts {
            let second = event.timestamp.div_euclid(BUCKET_MS);
            let known = self.buckets.get(&second).and_then(|bucket| bucket.get(&(key, Reader::Told)));
            if known.is_none() {
                return true;
            }
        }
        self.count(event, key, Reader::Polling)
    }

    /// Whether an event that a session told has to be told.
    pub(in crate::tail) fn lived(&mut self, session: u64, event: &LogEvent) -> bool {
        let key = self.hash(event);
        event.ingestion_time > self.after_ingestion && self.count(event, key, Reader::Session(session))
    }

    fn hash(&self, event: &LogEvent) -> u64 {
        self.key.hash_one((&event.stream, event.timestamp, &event.message))
    }

    fn count(&mut self, event: &LogEvent, key: u64, reader: Reader) -> bool {
        let bucket = self.buckets.entry(event.timestamp.div_euclid(BUCKET_MS)).or_default();
        let own = bucket.entry((key, reader)).or_default();
        *own += 1;
        let own = *own;
        let told = bucket.entry((key, Reader::Told)).or_default();
        let new = own > *told;
        *told = own.max(*told);
        new
    }

    /// How many events from one time to another no session told, of those that were polled.
    pub(in crate::tail) fn left_out(&self, from_ms: i64, to_ms: i64) -> u64 {
        let seconds = from_ms.div_euclid(BUCKET_MS)..=to_ms.max(from_ms).div_euclid(BUCKET_MS);
        let mut left_out = 0;
        for bucket in self.buckets.range(seconds).map(|(_, bucket)| bucket) {
            let mut lived: HashMap<u64, u32> = HashMap::new();
            for ((key, reader), count) in bucket {
                if matches!(reader, Reader::Session(_)) {
                    let most = lived.entry(*key).or_default();
                    *most = (*most).max(*count);
                }
            }
            for ((key, reader), count) in bucket {
                if *reader == Reader::Polling {
                    left_out += u64::from(count.saturating_sub(lived.get(key).copied().unwrap_or_default()));
                }
            }
        }
        left_out
    }

    /// Forgets what is before a time, in milliseconds since the epoch: nobody tells of it again.
    pub(in crate::tail) fn forget_before(&mut self, time_ms: i64) {
        while let Some((&second, _)) = self.buckets.first_key_value()
            && (second + 1).saturating_mul(BUCKET_MS) <= time_ms
        {
            self.buckets.pop_first();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, test_runner::RngSeed};

    use super::*;

    fn event(timestamp: i64, message: &str) -> LogEvent {
        LogEvent {
            group: "g".to_owned(),
            stream: "s".to_owned(),
            id: String::new(),
            timestamp,
            ingestion_time: timestamp + 100,
            message: message.to_owned(),
        }
    }

    #[test]
    fn whoever_is_first_tells_and_identical_lines_are_all_told() {
        let mut merge = Merge::new(0);
        let (a, b) = (event(1, "a"), event(1, "b"));
        assert!(merge.lived(1, &a));
        assert!(!merge.polled(&a));
        assert!(merge.polled(&a), "a second one that is identical");
        assert!(!merge.lived(1, &a));
        assert!(merge.lived(1, &a), "a third");
        assert!(merge.polled(&b));
        assert!(!merge.lived(1, &b));
        assert!(!merge.lived(2, &b), "the session after it, which overlaps");
    }

    #[test]
    fn what_was_polled_before_it_counted_is_not_told_by_a_session() {
        let mut merge = Merge::new(1_000);
        assert!(!merge.lived(1, &event(900, "told already")));
        assert!(merge.lived(1, &event(901, "new")));
        merge.suspend();
        assert!(!merge.polled(&event(901, "new")));
        assert!(merge.polled(&event(905, "another")));
        assert!(!merge.is_over());
        merge.forget_before(1_000);
        assert!(merge.is_over(), "polling alone adds nothing");
    }

    #[test]
    fn what_sessions_left_out_is_counted() {
        let mut merge = Merge::new(0);
        for n in 0..10 {
            let event = event(5_000 + n, "line");
            merge.polled(&event);
            if n % 3 == 0 {
                merge.lived(1, &event);
            }
        }
        assert_eq!((merge.left_out(5_000, 5_500), merge.left_out(7_000, 6_000)), (6, 0));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]
        #[test]
        fn each_is_told_once_by_any_readers_in_any_order(
            reads in prop::collection::vec((0..4_u64, 0..3_i64), 0..200),
        ) {
            // Polling has all of them in the end; a session any part.
            let mut merge = Merge::new(0);
            let mut there = HashMap::new();
            let mut told: HashMap<i64, u32> = HashMap::new();
            let mut by: HashMap<(u64, i64), u32> = HashMap::new();
            for (reader, at) in &reads {
                let read = by.entry((*reader, *at)).or_default();
                *read += 1;
                let most = there.entry(*at).or_insert(0);
                *most = (*most).max(*read);
                let event = event(*at, "same");
                let new = if *reader == 0 { merge.polled(&event) } else { merge.lived(*reader, &event) };
                *told.entry(*at).or_default() += u32::from(new);
            }
            prop_assert_eq!(told, there);
        }
    }
}
