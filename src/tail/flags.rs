//! A byte for each row of a store, in its order: what is known of the rows, counted so that the nth one of a kind and
//! how many come before a row are found without looking at all of them.

use std::{collections::VecDeque, ops::Range};

/// Rows of a block. A row that is put between others moves a part of one block only.
const BLOCK: usize = 1024;

/// Whether it is shown has been found out.
pub(super) const JUDGED: u8 = 1;
/// By itself it is shown; a row that was not judged yet was handed out to be.
pub(super) const MATCHES: u8 = 1 << 1;
/// By itself it is not to be seen.
pub(super) const EXCLUDED: u8 = 1 << 2;
/// It is shown.
pub(super) const SHOWN: u8 = 1 << 3;
/// It is not to be seen.
pub(super) const KEPT_OUT: u8 = 1 << 4;
/// It goes on with the row before it in its stream.
pub(super) const CONTINUES: u8 = 1 << 5;
/// It tells of an error.
pub(super) const ERROR: u8 = 1 << 6;
/// Something in it is to be marked.
pub(super) const MARKED: u8 = 1 << 7;

/// A kind of rows that is counted.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Those that are to be judged, and were not handed out.
    Waiting,
    /// Those that were handed out to be judged.
    HandedOut,
    /// Those that are shown.
    Shown,
    /// Those that are shown and tell of an error.
    Errors,
    /// Those that are shown and have something to be marked.
    Marked,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Waiting, Self::HandedOut, Self::Shown, Self::Errors, Self::Marked];

    /// The bits that are looked at, and what they have to be.
    const fn bits(self) -> (u8, u8) {
        match self {
            Self::Waiting => (JUDGED | MATCHES, 0),
            Self::HandedOut => (JUDGED | MATCHES, MATCHES),
            Self::Shown => (SHOWN, SHOWN),
            Self::Errors => (SHOWN | ERROR, SHOWN | ERROR),
            Self::Marked => (SHOWN | MARKED, SHOWN | MARKED),
        }
    }

    /// Whether a row is of this kind.
    pub(super) const fn has(self, byte: u8) -> bool {
        let (mask, value) = self.bits();
        byte & mask == value
    }
}

type Counts<T> = [T; Kind::ALL.len()];

#[derive(Default)]
pub(super) struct Flags {
    blocks: VecDeque<Block>,
    /// Rows of the first block that were taken away already. They are not counted.
    skipped: usize,
    len: usize,
    counts: Counts<usize>,
}

struct Block {
    rows: Vec<u8>,
    counts: Counts<u16>,
}

impl Block {
    fn new(rows: Vec<u8>) -> Self {
        let counts = Kind::ALL.map(|kind| u16::try_from(count(&rows, kind)).unwrap_or(u16::MAX));
        Self { rows, counts }
    }

    fn count(&self, kind: Kind) -> usize {
        usize::from(self.counts[kind as usize])
    }

    fn add(&mut self, byte: u8) {
        for kind in Kind::ALL {
            self.counts[kind as usize] += u16::from(kind.has(byte));
        }
    }

    fn take(&mut self, byte: u8) {
        for kind in Kind::ALL {
            self.counts[kind as usize] -= u16::from(kind.has(byte));
        }
    }
}

/// How many rows are of a kind: eight at a time.
fn count(rows: &[u8], kind: Kind) -> usize {
    const LOW: u64 = u64::MAX / 255;
    const SEVEN: u64 = LOW * 0x7f;
    let (mask, value) = kind.bits();
    let (mask, value) = (LOW * u64::from(mask), LOW * u64::from(value));
    let (words, rest) = rows.as_chunks::<8>();
    let of_words: u32 = words
        .iter()
        .map(|word| {
            let other = u64::from_le_bytes(*word) & mask ^ value;
            // The high bit of each byte that is not zero.
            let other = (((other & SEVEN) + SEVEN) | other) & !SEVEN;
            8 - other.count_ones()
        })
        .sum();
    of_words as usize + rest.iter().filter(|byte| kind.has(**byte)).count()
}

impl Flags {
    /// Those of the rows whose bytes these are, in parts.
    pub(super) fn of<'a>(parts: impl Iterator<Item = &'a [u8]>, byte: impl Fn(u8) -> u8) -> Self {
        let mut flags = Self::default();
        for part in parts.flat_map(|part| part.chunks(BLOCK)) {
            let mut rows = Vec::with_capacity(BLOCK);
            rows.extend(part.iter().map(|row| byte(*row)));
            flags.len += rows.len();
            flags.push_block(Block::new(rows));
        }
        flags
    }

    fn push_block(&mut self, block: Block) {
        for kind in Kind::ALL {
            self.counts[kind as usize] += block.count(kind);
        }
        self.blocks.push_back(block);
    }

    /// Bytes taken from the allocator.
    pub(super) fn bytes(&self) -> usize {
        self.blocks.iter().map(|block| size_of::<Block>() + block.rows.capacity()).sum()
    }

    /// How many rows are of a kind.
    pub(super) fn count(&self, kind: Kind) -> usize {
        self.counts[kind as usize]
    }

    /// The block of a position, and where in it that is.
    fn locate(&self, at: usize) -> Option<(usize, usize)> {
        if at >= self.len {
            return None;
        }
        if at >= self.len / 2 {
            // Most is asked about the newest.
            let mut back = self.len - at;
            for (nth, block) in self.blocks.iter().enumerate().rev() {
                if back <= block.rows.len() {
                    return Some((nth, block.rows.len() - back));
                }
                back -= block.rows.len();
            }
            return None;
        }
        let mut at = at + self.skipped;
        for (nth, block) in self.blocks.iter().enumerate() {
            if at < block.rows.len() {
                return Some((nth, at));
            }
            at -= block.rows.len();
        }
        None
    }

    pub(super) fn get(&self, at: usize) -> Option<u8> {
        let (nth, in_block) = self.locate(at)?;
        self.blocks.get(nth)?.rows.get(in_block).copied()
    }

    pub(super) fn set(&mut self, at: usize, byte: u8) {
        let Some((nth, in_block)) = self.locate(at) else { return };
        let Some(block) = self.blocks.get_mut(nth) else { return };
        let old = std::mem::replace(&mut block.rows[in_block], byte);
        block.take(old);
        block.add(byte);
        self.recount(old, byte);
    }

    fn recount(&mut self, old: u8, new: u8) {
        for kind in Kind::ALL {
            let count = &mut self.counts[kind as usize];
            *count = *count + usize::from(kind.has(new)) - usize::from(kind.has(old));
        }
    }

    fn note(&mut self, byte: u8) {
        self.len += 1;
        for kind in Kind::ALL {
            self.counts[kind as usize] += usize::from(kind.has(byte));
        }
    }

    /// Puts a row at a position, before what is there.
    pub(super) fn insert(&mut self, at: usize, byte: u8) {
        let Some((mut nth, mut in_block)) = self.locate(at) else {
            match self.blocks.back_mut() {
                Some(last) if last.rows.len() < BLOCK => {
                    last.rows.push(byte);
                    last.add(byte);
                }
                _ => {
                    let mut rows = Vec::with_capacity(BLOCK);
                    rows.push(byte);
                    self.blocks.push_back(Block::new(rows));
                }
            }
            self.note(byte);
            return;
        };
        if nth == 0 && self.skipped > 0 {
            if let Some(front) = self.blocks.front_mut() {
                front.rows.drain(..self.skipped);
            }
            in_block -= self.skipped;
            self.skipped = 0;
        }
        let Some(block) = self.blocks.get_mut(nth) else { return };
        if block.rows.len() >= BLOCK {
            let mut upper = Vec::with_capacity(BLOCK);
            upper.extend(block.rows.drain(BLOCK / 2..));
            *block = Block::new(std::mem::take(&mut block.rows));
            self.blocks.insert(nth + 1, Block::new(upper));
            if in_block > BLOCK / 2 {
                (nth, in_block) = (nth + 1, in_block - BLOCK / 2);
            }
        }
        if let Some(block) = self.blocks.get_mut(nth) {
            block.rows.insert(in_block, byte);
            block.add(byte);
        }
        self.note(byte);
    }

    pub(super) fn pop_front(&mut self) -> Option<u8> {
        let front = self.blocks.front_mut()?;
        let byte = *front.rows.get(self.skipped)?;
        front.take(byte);
        self.skipped += 1;
        self.len -= 1;
        if self.skipped == front.rows.len() {
            self.blocks.pop_front();
            self.skipped = 0;
        }
        for kind in Kind::ALL {
            self.counts[kind as usize] -= usize::from(kind.has(byte));
        }
        Some(byte)
    }

    /// How many rows of a kind come before a position.
    pub(super) fn rank(&self, kind: Kind, at: usize) -> usize {
        if self.count(kind) == self.len { at.min(self.len) } else { self.ranks([kind], [at])[0][0] }
    }

    /// How many rows of each of these kinds come before each of these positions, which are in order.
    pub(super) fn ranks<const N: usize>(
        &self,
        kinds: [Kind; N],
        positions: impl IntoIterator<Item = usize>,
    ) -> Vec<[usize; N]> {
        let (mut nth, mut start, mut before) = (0, 0, [0; N]);
        let mut at_position = |at: usize| {
            if at >= self.len {
                return kinds.map(|kind| self.count(kind));
            }
            while let Some(block) = self.blocks.get(nth) {
                let skipped = if nth == 0 { self.skipped } else { 0 };
                let end = start + block.rows.len() - skipped;
                if at < end {
                    let rows = &block.rows[skipped..skipped + at.saturating_sub(start)];
                    return std::array::from_fn(|n| before[n] + count(rows, kinds[n]));
                }
                for (before, kind) in before.iter_mut().zip(kinds) {
                    *before += block.count(kind);
                }
                (nth, start) = (nth + 1, end);
            }
            before
        };
        positions.into_iter().map(&mut at_position).collect()
    }

    /// The position of the nth row of a kind.
    pub(super) fn select(&self, kind: Kind, nth: usize) -> Option<usize> {
        if nth >= self.count(kind) {
            return None;
        }
        if self.count(kind) == self.len {
            return Some(nth);
        }
        let (mut left, mut start) = (nth, 0);
        for (n, block) in self.blocks.iter().enumerate() {
            let rows = if n == 0 { &block.rows[self.skipped..] } else { &block.rows[..] };
            if left >= block.count(kind) {
                left -= block.count(kind);
                start += rows.len();
                continue;
            }
            for part in rows.chunks(64) {
                let here = count(part, kind);
                if left >= here {
                    left -= here;
                    start += part.len();
                    continue;
                }
                let mut of_kind = (0..).zip(part).filter(|(_, byte)| kind.has(**byte));
                return of_kind.nth(left).map(|(offset, _): (usize, _)| start + offset);
            }
        }
        None
    }

    /// The first row in a range that has all of these bits.
    pub(super) fn find(&self, bits: u8, range: Range<usize>) -> Option<usize> {
        let mut left = range.len();
        let (first, mut in_block) = self.locate(range.start)?;
        for block in self.blocks.range(first..) {
            let rows = &block.rows[in_block..block.rows.len().min(in_block.saturating_add(left))];
            if let Some(offset) = rows.iter().position(|byte| byte & bits == bits) {
                return Some(range.end - left + offset);
            }
            left -= rows.len();
            if left == 0 {
                break;
            }
            in_block = 0;
        }
        None
    }

    /// The rows from a position on.
    pub(super) fn iter_from(&self, at: usize) -> impl Iterator<Item = u8> {
        let (first, in_block) = self.locate(at).unwrap_or((self.blocks.len(), 0));
        self.blocks.range(first..).flat_map(|block| &block.rows).skip(in_block).copied()
    }

    /// Changes the rows from a position on, until there is nothing to make of one.
    pub(super) fn change(&mut self, from: usize, mut change: impl FnMut(usize, u8) -> Option<u8>) {
        let Some((first, in_block)) = self.locate(from) else { return };
        let (mut at, mut in_block) = (from, in_block);
        for nth in first..self.blocks.len() {
            let Some(block) = self.blocks.get_mut(nth) else { return };
            let mut ended = false;
            for row in &mut block.rows[in_block..] {
                let Some(byte) = change(at, *row) else {
                    ended = true;
                    break;
                };
                *row = byte;
                at += 1;
            }
            let before = block.counts;
            let skipped = if nth == 0 { self.skipped } else { 0 };
            for kind in Kind::ALL {
                let now = count(&block.rows[skipped..], kind);
                block.counts[kind as usize] = u16::try_from(now).unwrap_or(u16::MAX);
                let count = &mut self.counts[kind as usize];
                *count = *count + now - usize::from(before[kind as usize]);
            }
            if ended {
                return;
            }
            in_block = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, test_runner::RngSeed};

    use super::*;

    #[derive(Clone, Debug)]
    enum Op {
        Insert(prop::sample::Index, u8),
        Push(Vec<u8>),
        Pop(usize),
        Set(prop::sample::Index, u8),
        Change(prop::sample::Index, usize, u8),
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            8 => (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, byte)| Op::Insert(at, byte)),
            2 => prop::collection::vec(any::<u8>(), 0..700).prop_map(Op::Push),
            2 => (0..400_usize).prop_map(Op::Pop),
            2 => (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, byte)| Op::Set(at, byte)),
            1 => (any::<prop::sample::Index>(), 0..3_000_usize, any::<u8>())
                .prop_map(|(at, count, bits)| Op::Change(at, count, bits)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]
        #[test]
        fn they_behave_as_a_list_of_bytes(first in prop::collection::vec(any::<u8>(), 0..5_000), ops in prop::collection::vec(op(), 0..80)) {
            let mut flags = Flags::of(first.chunks(1_500), |byte| byte);
            let mut model = first;
            for op in ops {
                match op {
                    Op::Insert(at, byte) => {
                        let at = at.index(model.len() + 1);
                        flags.insert(at, byte);
                        model.insert(at, byte);
                    }
                    Op::Push(bytes) => {
                        for byte in bytes {
                            flags.insert(model.len(), byte);
                            model.push(byte);
                        }
                    }
                    Op::Pop(count) => {
                        for _ in 0..count {
                            let expected = if model.is_empty() { None } else { Some(model.remove(0)) };
                            prop_assert_eq!(flags.pop_front(), expected);
                        }
                    }
                    Op::Set(at, byte) if !model.is_empty() => {
                        let at = at.index(model.len());
                        flags.set(at, byte);
                        model[at] = byte;
                    }
                    Op::Change(at, count, bits) if !model.is_empty() => {
                        let from = at.index(model.len());
                        let end = model.len().min(from + count);
                        flags.change(from, |at, byte| (at < end).then_some(byte ^ bits));
                        model[from..end].iter_mut().for_each(|byte| *byte ^= bits);
                    }
                    Op::Set(..) | Op::Change(..) => {}
                }
            }
            prop_assert_eq!(flags.len, model.len());
            prop_assert_eq!(flags.iter_from(0).collect::<Vec<_>>(), &model[..]);
            prop_assert_eq!(flags.iter_from(model.len() / 3).collect::<Vec<_>>(), &model[model.len() / 3..]);
            for kind in Kind::ALL {
                let of_kind: Vec<usize> = (0..model.len()).filter(|at| kind.has(model[*at])).collect();
                prop_assert_eq!(flags.count(kind), of_kind.len());
                for nth in (0..=of_kind.len()).step_by(7) {
                    prop_assert_eq!(flags.select(kind, nth), of_kind.get(nth).copied());
                }
                let positions: Vec<usize> = (0..model.len() + 2).step_by(5).collect();
                let ranks = flags.ranks([kind], positions.iter().copied());
                for (at, [rank]) in positions.into_iter().zip(ranks) {
                    prop_assert_eq!(rank, of_kind.partition_point(|of_kind| *of_kind < at));
                    prop_assert_eq!(flags.rank(kind, at), rank);
                }
            }
            for from in (0..model.len()).step_by(97) {
                prop_assert_eq!(flags.get(from), Some(model[from]));
                let bits = CONTINUES | JUDGED | KEPT_OUT;
                let end = model.len().min(from + 33);
                let expected = (from..end).find(|at| model[*at] & bits == bits);
                prop_assert_eq!(flags.find(bits, from..from + 33), expected);
            }
        }
    }
}
