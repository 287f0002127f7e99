//! The order of rows: a sorted list that is cheap to add to near its end, to take from at its front and to count into.

use std::collections::VecDeque;

use super::arena::Place;

/// Rows of a block. Blocks that overflow are split, so that a late row moves a part of one block only.
const BLOCK: usize = 2048;
/// Room for rows to come in a block that was split, or that was filled exactly.
const SPARE: usize = 128;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) timestamp: i64,
    pub(super) place: Place,
}

/// What decides between rows of one timestamp: ingestion time, then the order within it.
pub(super) type Tie = (i64, u64);

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
    times: Vec<i64>,
    places: Vec<Place>,
}

impl Block {
    fn new(start: usize, capacity: usize) -> Self {
        Self { start, times: Vec::with_capacity(capacity), places: Vec::with_capacity(capacity) }
    }

    fn bytes(&self) -> usize {
        self.times.capacity() * size_of::<i64>() + self.places.capacity() * size_of::<Place>()
    }

    fn push(&mut self, entry: Entry) {
        self.times.push(entry.timestamp);
        self.places.push(entry.place);
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
        let block = &self.blocks[self.blocks.partition_point(|block| block.start <= at).checked_sub(1)?];
        let at = at - block.start;
        Some(Entry { timestamp: *block.times.get(at)?, place: *block.places.get(at)? })
    }

    /// The entries from `at` on.
    pub(super) fn iter_from(&self, at: usize) -> impl Iterator<Item = Entry> {
        let at = at + self.skipped;
        let first = self.blocks.partition_point(|block| block.start <= at).saturating_sub(1);
        self.blocks.range(first.min(self.blocks.len())..).flat_map(move |block| {
            let from = at.saturating_sub(block.start).min(block.times.len());
            block.times[from..]
                .iter()
                .zip(&block.places[from..])
                .map(|(&timestamp, &place)| Entry { timestamp, place })
        })
    }

    /// How many entries come before (`or_equal`: or are equal to) a key. `tie` tells an entry's tie-breaker.
    pub(super) fn rank(
        &self,
        timestamp: i64,
        tie: Tie,
        or_equal: bool,
        tie_of: &impl Fn(Entry) -> Tie,
    ) -> usize {
        let before = |entry: Entry| {
            entry.timestamp < timestamp
                || entry.timestamp == timestamp && {
                    let other = tie_of(entry);
                    other < tie || or_equal && other == tie
                }
        };
        // Most rows are the newest.
        match self.len.checked_sub(1).and_then(|last| self.get(last)) {
            None => return 0,
            Some(last) if before(last) => return self.len,
            Some(_) => {}
        }
        let (mut low, mut high) = (0, self.len - 1);
        while low < high {
            let middle = low.midpoint(high);
            match self.get(middle) {
                Some(entry) if before(entry) => low = middle + 1,
                _ => high = middle,
            }
        }
        low
    }

    /// Puts an entry at a position, before what is there.
    pub(super) fn insert(&mut self, at: usize, entry: Entry) {
        let at = at.min(self.len) + self.skipped;
        self.len += 1;
        let mut index = self.blocks.partition_point(|block| block.start <= at).saturating_sub(1);
        let is_last = index + 1 == self.blocks.len();
        let Some(block) = self.blocks.get_mut(index) else {
            let mut block = Block::new(0, BLOCK);
            block.push(entry);
            self.bytes += block.bytes();
            self.blocks.push_back(block);
            return;
        };
        if block.times.len() == BLOCK {
            let in_block = at - block.start;
            if in_block == BLOCK && is_last {
                // Rows that come in order fill block after block.
                let mut next = Block::new(block.start + BLOCK, BLOCK);
                next.push(entry);
                self.bytes += next.bytes();
                self.blocks.push_back(next);
                return;
            }
            let before = block.bytes();
            let mut upper = Block::new(block.start + BLOCK / 2, BLOCK / 2 + SPARE);
            upper.times.extend(block.times.drain(BLOCK / 2..));
            upper.places.extend(block.places.drain(BLOCK / 2..));
            block.times.shrink_to(BLOCK / 2 + SPARE);
            block.places.shrink_to(BLOCK / 2 + SPARE);
            self.bytes = self.bytes - before + block.bytes() + upper.bytes();
            self.blocks.insert(index + 1, upper);
            index += usize::from(in_block > BLOCK / 2);
        }
        let block = &mut self.blocks[index];
        let before = block.bytes();
        if block.times.len() == block.times.capacity() {
            block.times.reserve_exact(SPARE);
            block.places.reserve_exact(SPARE);
        }
        let in_block = at - block.start;
        block.times.insert(in_block, entry.timestamp);
        block.places.insert(in_block, entry.place);
        self.bytes += block.bytes() - before;
        for later in self.blocks.range_mut(index + 1..) {
            later.start += 1;
        }
    }

    /// Puts entries, which are in order, before all others.
    pub(super) fn prepend(&mut self, entries: &[Entry]) {
        if entries.is_empty() {
            return;
        }
        if let Some(first) = self.blocks.front_mut() {
            first.times.drain(..self.skipped);
            first.places.drain(..self.skipped);
        }
        let skipped = std::mem::take(&mut self.skipped);
        for block in &mut self.blocks {
            block.start = block.start.saturating_sub(skipped) + entries.len();
        }
        let mut start = entries.len();
        for part in entries.rchunks(BLOCK) {
            start -= part.len();
            let mut block = Block::new(start, part.len());
            for entry in part {
                block.push(*entry);
            }
            self.bytes += block.bytes();
            self.blocks.push_front(block);
        }
        self.len += entries.len();
    }

    pub(super) fn pop_front(&mut self) -> Option<Entry> {
        let entry = self.get(0)?;
        self.len -= 1;
        self.skipped += 1;
        self.drop_skipped();
        Some(entry)
    }

    /// Takes the entry at a position away.
    pub(super) fn remove(&mut self, at: usize) {
        if at == 0 || at >= self.len {
            if at == 0 {
                self.pop_front();
            }
            return;
        }
        let at = at + self.skipped;
        let index = self.blocks.partition_point(|block| block.start <= at).saturating_sub(1);
        let Some(block) = self.blocks.get_mut(index) else { return };
        let in_block = at - block.start;
        block.times.remove(in_block);
        block.places.remove(in_block);
        self.len -= 1;
        for later in self.blocks.range_mut(index + 1..) {
            later.start -= 1;
        }
        if let Some(block) = self.blocks.get(index)
            && block.times.is_empty()
        {
            self.bytes -= block.bytes();
            self.blocks.remove(index);
        }
        self.drop_skipped();
    }

    /// Drops the first blocks, as far as all of their rows were taken away.
    fn drop_skipped(&mut self) {
        while let Some(front) = self.blocks.front()
            && self.skipped >= front.times.len()
        {
            let gone = front.times.len();
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
        Insert { timestamp: i64, tie: u64 },
        Pop(usize),
        Prepend(i64),
        Remove(prop::sample::Index, usize),
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            8 => (0..2_000_i64, 0..3_u64).prop_map(|(timestamp, tie)| Op::Insert { timestamp, tie }),
            1 => (0..60_usize).prop_map(Op::Pop),
            1 => (0..80_i64).prop_map(Op::Prepend),
            1 => (any::<prop::sample::Index>(), 0..60_usize).prop_map(|(at, count)| Op::Remove(at, count)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]
        #[test]
        fn it_behaves_as_a_sorted_list(bulk in 0..6_000_i64, ops in prop::collection::vec(op(), 0..400)) {
            let mut index = Index::default();
            let mut model: Vec<Entry> = Vec::new();
            // The place holds the tie-breaker, so that the test has it at hand.
            let tie_of = |entry: Entry| (0, u64::from(entry.place % 8));
            let bulk = (0..bulk).map(|n| Op::Insert { timestamp: n / 3, tie: 0 });
            let mut serial = 0;
            let mut lowest = 0;
            for op in bulk.chain(ops) {
                match op {
                    Op::Insert { timestamp, tie } => {
                        serial += 8;
                        let entry = Entry { timestamp, place: serial + u32::try_from(tie).unwrap() };
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
                    Op::Prepend(count) => {
                        lowest -= 1_000;
                        let entries: Vec<_> =
                            (0..count).map(|n| Entry { timestamp: lowest + n, place: 0 }).collect();
                        index.prepend(&entries);
                        model.splice(0..0, entries);
                    }
                    Op::Remove(at, count) => {
                        for _ in 0..count.min(model.len()) {
                            let at = at.index(model.len());
                            index.remove(at);
                            model.remove(at);
                        }
                    }
                }
                prop_assert_eq!(index.len(), model.len());
            }
            let all: Vec<_> = (0..index.len()).map(|at| index.get(at).unwrap()).collect();
            prop_assert_eq!(&all, &model);
            prop_assert_eq!(index.get(model.len()), None);
            let from = model.len() / 3;
            prop_assert_eq!(index.iter_from(from).collect::<Vec<_>>(), &model[from..]);
        }
    }
}
