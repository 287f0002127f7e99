//! The order of rows: a sorted list that is cheap to add to near its end, to take from at its front and to count into.

use std::collections::VecDeque;

use super::{arena::Place, marks::Marks};

/// Rows of a block. Blocks that overflow are split, so that a late row moves a part of one block only.
const BLOCK: usize = 2048;
/// Room for rows to come in a block that was split, or that was filled exactly.
const SPARE: usize = 128;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) timestamp: i64,
    pub(super) place: Place,
    pub(super) marks: Marks,
}

/// What decides between rows of one timestamp: ingestion time, then the order within it.
pub(super) type Tie = (i64, u32);

#[derive(Default)]
pub(super) struct Index {
    blocks: VecDeque<Block>,
    /// Rows of the first block that were taken away already.
    skipped: usize,
    len: usize,
    bytes: usize,
}

struct Block {
    /// Rows before this block, counted from the first block's first, with the skipped ones.
    start: usize,
    times: Times,
    places: Vec<Place>,
    /// As [`Marks::to_byte`] has them.
    marks: Vec<u8>,
}

/// The timestamps of a block, in milliseconds since the epoch.
enum Times {
    /// As the time after a first moment, which is 25 days before the first that came.
    Near { base: i64, offsets: Vec<u32> },
    /// As they are, where they are further apart than that can tell.
    Far(Vec<i64>),
}

impl Times {
    fn get(&self, at: usize) -> Option<i64> {
        match self {
            Self::Near { base, offsets } => Some(base + i64::from(*offsets.get(at)?)),
            Self::Far(times) => times.get(at).copied(),
        }
    }

    fn insert(&mut self, at: usize, time: i64) {
        if let Self::Near { base, offsets } = self {
            if let Some(offset) = offset(*base, time) {
                offsets.insert(at, offset);
                return;
            }
            let mut times = Vec::with_capacity(offsets.capacity());
            times.extend(offsets.iter().map(|offset| *base + i64::from(*offset)));
            *self = Self::Far(times);
        }
        if let Self::Far(times) = self {
            times.insert(at, time);
        }
    }

    fn split_off(&mut self, at: usize) -> Self {
        match self {
            Self::Near { base, offsets } => Self::Near { base: *base, offsets: split(offsets, at) },
            Self::Far(times) => Self::Far(split(times, at)),
        }
    }

    fn reserve(&mut self, more: usize) {
        match self {
            Self::Near { offsets, .. } => offsets.reserve_exact(more),
            Self::Far(times) => times.reserve_exact(more),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Near { offsets, .. } => offsets.capacity() * size_of::<u32>(),
            Self::Far(times) => times.capacity() * size_of::<i64>(),
        }
    }
}

fn offset(base: i64, time: i64) -> Option<u32> {
    u32::try_from(time.checked_sub(base)?).ok()
}

/// The rest of a list from `at` on; both have some room to spare.
fn split<T: Copy>(list: &mut Vec<T>, at: usize) -> Vec<T> {
    let mut upper = Vec::with_capacity(list.len() - at + SPARE);
    upper.extend(list.drain(at..));
    list.shrink_to(at + SPARE);
    upper
}

impl Block {
    fn new(start: usize, first: Entry) -> Self {
        let base = first.timestamp.checked_sub(1 << 31);
        let times = match base {
            Some(base) => Times::Near { base, offsets: Vec::with_capacity(BLOCK) },
            None => Times::Far(Vec::with_capacity(BLOCK)),
        };
        let mut block =
            Self { start, times, places: Vec::with_capacity(BLOCK), marks: Vec::with_capacity(BLOCK) };
        block.insert(0, first);
        block
    }

    fn len(&self) -> usize {
        self.places.len()
    }

    fn get(&self, at: usize) -> Option<Entry> {
        Some(Entry {
            timestamp: self.times.get(at)?,
            place: *self.places.get(at)?,
            marks: Marks::from_byte(*self.marks.get(at)?),
        })
    }

    fn insert(&mut self, at: usize, entry: Entry) {
        if self.places.len() == self.places.capacity() {
            self.times.reserve(SPARE);
            self.places.reserve_exact(SPARE);
            self.marks.reserve_exact(SPARE);
        }
        self.times.insert(at, entry.timestamp);
        self.places.insert(at, entry.place);
        self.marks.insert(at, entry.marks.to_byte());
    }

    fn split_off(&mut self, at: usize) -> Self {
        Self {
            start: self.start + at,
            times: self.times.split_off(at),
            places: split(&mut self.places, at),
            marks: split(&mut self.marks, at),
        }
    }

    fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.times.bytes()
            + self.places.capacity() * size_of::<Place>()
            + self.marks.capacity()
    }
}

impl Index {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn get(&self, at: usize) -> Option<Entry> {
        if at >= self.len {
            return None;
        }
        let at = at + self.skipped;
        let block = self.blocks.get(self.block_of(at))?;
        block.get(at - block.start)
    }

    /// The block of a position that counts the skipped rows.
    fn block_of(&self, at: usize) -> usize {
        self.blocks.partition_point(|block| block.start <= at).saturating_sub(1)
    }

    /// The entries from `at` on.
    pub(super) fn iter_from(&self, at: usize) -> impl Iterator<Item = Entry> {
        let at = at + self.skipped;
        let first = self.block_of(at).min(self.blocks.len());
        self.blocks.range(first..).flat_map(move |block| {
            let from = at.saturating_sub(block.start).min(block.len());
            (from..block.len()).filter_map(|at| block.get(at))
        })
    }

    /// The entries before `at`, from the nearest one back.
    pub(super) fn iter_before(&self, at: usize) -> impl Iterator<Item = Entry> {
        let (at, skipped) = (at.min(self.len) + self.skipped, self.skipped);
        let blocks = (self.block_of(at) + 1).min(self.blocks.len());
        self.blocks.range(..blocks).rev().flat_map(move |block| {
            let (from, to) = (skipped.saturating_sub(block.start), at - block.start);
            (from..to.min(block.len())).rev().filter_map(|at| block.get(at))
        })
    }

    /// The marks of all entries, as [`Marks::to_byte`] has them, in parts.
    pub(super) fn marks(&self) -> impl Iterator<Item = &[u8]> {
        let skipped = self.skipped;
        self.blocks.iter().enumerate().map(move |(n, block)| {
            if n == 0 { &block.marks[skipped.min(block.len())..] } else { &block.marks[..] }
        })
    }

    /// How many entries come before (`or_equal`: or are equal to) a key. `tie_of` tells an entry's tie-breaker.
    pub(super) fn rank(
        &self,
        timestamp: i64,
        tie: Tie,
        or_equal: bool,
        tie_of: &impl Fn(Entry) -> Tie,
    ) -> usize {
        self.partition_point(|entry| {
            entry.timestamp < timestamp
                || entry.timestamp == timestamp && {
                    let other = tie_of(entry);
                    other < tie || or_equal && other == tie
                }
        })
    }

    /// How many entries come first of which this is true; it is not true of any behind them.
    pub(super) fn partition_point(&self, before: impl Fn(Entry) -> bool) -> usize {
        let last_is_before = |block: &Block| block.get(block.len().wrapping_sub(1)).is_some_and(&before);
        // Most rows are the newest.
        if self.blocks.back().is_none_or(last_is_before) {
            return self.len;
        }
        let nth = self.blocks.partition_point(last_is_before);
        let Some(block) = self.blocks.get(nth) else { return self.len };
        let (mut low, mut high) = (if nth == 0 { self.skipped } else { 0 }, block.len());
        while low < high {
            let middle = low.midpoint(high);
            if block.get(middle).is_some_and(&before) { low = middle + 1 } else { high = middle }
        }
        (block.start + low).saturating_sub(self.skipped)
    }

    /// Puts an entry at a position, before what is there.
    pub(super) fn insert(&mut self, at: usize, entry: Entry) {
        let at = at.min(self.len) + self.skipped;
        self.len += 1;
        let mut nth = self.block_of(at);
        let is_last = nth + 1 == self.blocks.len();
        let Some(block) = self.blocks.get_mut(nth) else {
            let block = Block::new(0, entry);
            self.bytes += block.bytes();
            self.blocks.push_back(block);
            return;
        };
        if block.len() == BLOCK {
            let in_block = at - block.start;
            if in_block == BLOCK && is_last {
                // Rows that come in order fill block after block.
                let next = Block::new(block.start + BLOCK, entry);
                self.bytes += next.bytes();
                self.blocks.push_back(next);
                return;
            }
            let before = block.bytes();
            let upper = block.split_off(BLOCK / 2);
            self.bytes = self.bytes - before + block.bytes() + upper.bytes();
            self.blocks.insert(nth + 1, upper);
            nth += usize::from(in_block > BLOCK / 2);
        }
        let block = &mut self.blocks[nth];
        let before = block.bytes();
        block.insert(at - block.start, entry);
        self.bytes = self.bytes - before + block.bytes();
        for later in self.blocks.range_mut(nth + 1..) {
            later.start += 1;
        }
        self.drop_skipped();
    }

    pub(super) fn pop_front(&mut self) -> Option<Entry> {
        let entry = self.get(0)?;
        self.len -= 1;
        self.skipped += 1;
        self.drop_skipped();
        Some(entry)
    }

    /// Drops the first blocks, as far as all of their rows were taken away.
    fn drop_skipped(&mut self) {
        while let Some(front) = self.blocks.front()
            && self.skipped >= front.len()
        {
            let gone = front.len();
            self.bytes -= front.bytes();
            self.blocks.pop_front();
            self.skipped -= gone;
            for block in &mut self.blocks {
                block.start -= gone;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, test_runner::RngSeed};

    use super::*;

    #[derive(Clone, Debug)]
    enum Op {
        Insert { timestamp: i64, tie: u32 },
        Pop(usize),
    }

    fn op() -> impl Strategy<Value = Op> {
        let far = prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(-1_i64 << 33), Just(1_i64 << 33)];
        let time = prop_oneof![20 => 0..2_000_i64, 1 => far];
        prop_oneof![
            8 => (time, 0..3_u32).prop_map(|(timestamp, tie)| Op::Insert { timestamp, tie }),
            1 => (0..60_usize).prop_map(Op::Pop),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]
        #[test]
        fn it_behaves_as_a_sorted_list(bulk in 0..6_000_i64, ops in prop::collection::vec(op(), 0..400)) {
            let mut index = Index::default();
            let mut model: Vec<Entry> = Vec::new();
            // The place holds the tie-breaker, so that the test has it at hand.
            let tie_of = |entry: Entry| (0, entry.place % 8);
            let bulk = (0..bulk).map(|n| Op::Insert { timestamp: n / 3, tie: 0 });
            let mut serial = 0;
            for op in bulk.chain(ops) {
                match op {
                    Op::Insert { timestamp, tie } => {
                        serial += 8;
                        let marks = Marks { error: serial % 3 == 0, continues: serial % 5 == 0 };
                        let entry = Entry { timestamp, place: serial + tie, marks };
                        let at = index.rank(timestamp, (0, tie), true, &tie_of);
                        let expected = model.partition_point(|e| {
                            (e.timestamp, tie_of(*e)) <= (timestamp, (0, tie))
                        });
                        prop_assert_eq!(at, expected);
                        index.insert(at, entry);
                        model.insert(at, entry);
                    }
                    Op::Pop(count) => {
                        for _ in 0..count {
                            let expected = if model.is_empty() { None } else { Some(model.remove(0)) };
                            prop_assert_eq!(index.pop_front(), expected);
                        }
                    }
                }
                prop_assert_eq!(index.len(), model.len());
            }
            let all: Vec<_> = (0..index.len()).map(|at| index.get(at).unwrap()).collect();
            prop_assert_eq!(&all, &model);
            prop_assert_eq!(index.get(model.len()), None);
            let at = model.len() / 3;
            prop_assert_eq!(index.iter_from(at).collect::<Vec<_>>(), &model[at..]);
            let mut before = model[..at].to_vec();
            before.reverse();
            prop_assert_eq!(index.iter_before(at).collect::<Vec<_>>(), before);
            let marks: Vec<u8> = index.marks().flatten().copied().collect();
            prop_assert_eq!(marks, model.iter().map(|entry| entry.marks.to_byte()).collect::<Vec<_>>());
            let bytes: usize = index.blocks.iter().map(Block::bytes).sum();
            prop_assert_eq!(index.bytes(), bytes);
        }
    }
}
