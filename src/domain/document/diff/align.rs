//! Which elements of two arrays are the same ones.

use std::ops::Range;

/// How much work is left for the arrays of two texts together, in elements and pairs of equal elements.
pub(super) struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        // Each takes up to about 200 ns and 50 bytes.
        Self(2_000_000)
    }
}

impl Budget {
    /// Takes `work`, or nothing where that is too much.
    fn take(&mut self, work: usize) -> bool {
        let left = self.0.checked_sub(work);
        self.0 = left.unwrap_or(self.0);
        left.is_some()
    }
}

/// Pairs of indices of equal elements, both ascending: as many as there can be, or only those at the beginning and at
/// the end where so many are equal to each other that the budget doesn't do.
pub(super) fn equal_pairs(a: &[u64], b: &[u64], budget: &mut Budget) -> Vec<(usize, usize)> {
    let prefix = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (middle_a, middle_b) = (&a[prefix..], &b[prefix..]);
    let suffix = middle_a.iter().rev().zip(middle_b.iter().rev()).take_while(|(a, b)| a == b).count();
    let middle_a = &middle_a[..middle_a.len() - suffix];
    let middle_b = &middle_b[..middle_b.len() - suffix];
    let mut pairs: Vec<_> = (0..prefix).map(|n| (n, n)).collect();
    pairs.extend(longest(middle_a, middle_b, budget).into_iter().map(|(i, j)| (prefix + i, prefix + j)));
    pairs.extend((0..suffix).rev().map(|n| (a.len() - 1 - n, b.len() - 1 - n)));
    pairs
}

/// The longest common subsequence after Hunt and Szymanski: the longest ascending chain of pairs of equal elements.
/// Takes time for each such pair, which is little where most elements are unique, as records are.
fn longest(a: &[u64], b: &[u64], budget: &mut Budget) -> Vec<(usize, usize)> {
    if a.is_empty() || b.is_empty() || !budget.take(a.len() + b.len()) {
        return Vec::new();
    }
    let places = sorted(b);
    let equal = equal_ranges(a, &places);
    if !budget.take(equal.iter().map(Range::len).sum()) {
        return Vec::new();
    }
    // A chain's last pair, and the link before it.
    let mut links: Vec<(usize, usize, Option<usize>)> = Vec::new();
    // For each length of a chain: where in `b` the one that ends earliest there does, and its link.
    let mut ends: Vec<(usize, usize)> = Vec::new();
    for (i, range) in equal.into_iter().enumerate() {
        // The last one first, so that no chain takes two of them.
        for (_, j) in places[range].iter().rev() {
            let length = match ends.last() {
                Some((end, _)) if end >= j => ends.partition_point(|(end, _)| end < j),
                _ => ends.len(),
            };
            let before = length.checked_sub(1).map(|shorter| ends[shorter].1);
            match ends.get_mut(length) {
                Some((end, _)) if end == j => continue,
                Some(end) => *end = (*j, links.len()),
                None => ends.push((*j, links.len())),
            }
            links.push((i, *j, before));
        }
    }
    let mut pairs = Vec::with_capacity(ends.len());
    let mut link = ends.last().map(|(_, link)| *link);
    while let Some(at) = link {
        let (i, j, before) = links[at];
        pairs.push((i, j));
        link = before;
    }
    pairs.reverse();
    pairs
}

fn sorted(prints: &[u64]) -> Vec<(u64, usize)> {
    let mut sorted: Vec<_> = prints.iter().enumerate().map(|(n, print)| (*print, n)).collect();
    sorted.sort_unstable();
    sorted
}

/// For each element of `a` the part of `places` that is equal to it.
fn equal_ranges(a: &[u64], places: &[(u64, usize)]) -> Vec<Range<usize>> {
    let mut ranges = vec![0..0; a.len()];
    let mut start = 0;
    for same in sorted(a).chunk_by(|one, other| one.0 == other.0) {
        let print = same[0].0;
        let skip = |start: usize, is_before: &dyn Fn(u64) -> bool| {
            start + places[start..].iter().take_while(|(other, _)| is_before(*other)).count()
        };
        start = skip(start, &|other| other < print);
        let end = skip(start, &|other| other == print);
        for (_, i) in same {
            ranges[*i] = start..end;
        }
        start = end;
    }
    ranges
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// The length of the longest common subsequence, by the book.
    fn length(a: &[u64], b: &[u64]) -> usize {
        let mut row = vec![0; b.len() + 1];
        for x in a {
            let mut diagonal = 0;
            for (j, y) in b.iter().enumerate() {
                let above = row[j + 1];
                row[j + 1] = if x == y { diagonal + 1 } else { above.max(row[j]) };
                diagonal = above;
            }
        }
        row[b.len()]
    }

    #[test]
    fn beyond_the_budget_only_beginning_and_end_are_aligned() {
        let a = [vec![1, 2], vec![0; 2000], vec![3]].concat();
        let b = [vec![1, 4], vec![0; 1999], vec![5, 3]].concat();
        let mut budget = Budget::default();
        assert_eq!(equal_pairs(&a, &b, &mut budget), [(0, 0), (2002, 2002)]);
        assert_eq!(equal_pairs(&vec![1; 2_000_000], &[2], &mut budget), []);
    }

    #[test]
    fn the_budget_is_one_for_all() {
        // Six elements and a pair, eight elements and four pairs.
        let mut budget = Budget(7 + 11);
        assert_eq!(equal_pairs(&[7, 1, 8], &[9, 1, 6], &mut budget), [(1, 1)]);
        assert_eq!(equal_pairs(&[7, 1, 1, 8], &[9, 1, 1, 6], &mut budget), []);
        assert_eq!(budget.0, 3);
    }

    proptest! {
        #[test]
        fn finds_as_many_as_there_are(a in vec(0..5_u64, 0..20), b in vec(0..5_u64, 0..20)) {
            let pairs = equal_pairs(&a, &b, &mut Budget::default());
            prop_assert!(pairs.iter().all(|(i, j)| a[*i] == b[*j]));
            prop_assert!(pairs.windows(2).all(|two| two[0].0 < two[1].0 && two[0].1 < two[1].1));
            prop_assert_eq!(pairs.len(), length(&a, &b));
        }
    }
}
