//! Which elements of two arrays are the same ones.

/// How much work is left for the arrays of two texts together, in pairs of equal elements that are looked at.
pub(super) struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        // Each takes some 50 ns and at most 12 bytes.
        Self(2_000_000)
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
    let mut places: Vec<(u64, usize)> = b.iter().enumerate().map(|(j, print)| (*print, j)).collect();
    places.sort_unstable();
    let equal = |print: u64| {
        let start = places.partition_point(|(other, _)| *other < print);
        let length = places[start..].partition_point(|(other, _)| *other == print);
        &places[start..start + length]
    };
    let places_of: Vec<&[(u64, usize)]> = a.iter().map(|print| equal(*print)).collect();
    let Some(left) = budget.0.checked_sub(places_of.iter().map(|places| places.len()).sum()) else {
        return Vec::new();
    };
    budget.0 = left;
    // A chain's last pair, and the link before it.
    let mut links: Vec<(usize, usize, Option<usize>)> = Vec::new();
    // For each length of a chain: the link of the one that ends earliest in `b`.
    let mut ends: Vec<usize> = Vec::new();
    for (i, places) in places_of.into_iter().enumerate() {
        // The last one first, so that no chain takes two of them.
        for (_, j) in places.iter().rev() {
            let length = ends.partition_point(|link| links[*link].1 < *j);
            if ends.get(length).is_some_and(|link| links[*link].1 == *j) {
                continue;
            }
            let before = length.checked_sub(1).map(|shorter| ends[shorter]);
            match ends.get_mut(length) {
                Some(end) => *end = links.len(),
                None => ends.push(links.len()),
            }
            links.push((i, *j, before));
        }
    }
    let mut pairs = Vec::with_capacity(ends.len());
    let mut link = ends.last().copied();
    while let Some(at) = link {
        let (i, j, before) = links[at];
        pairs.push((i, j));
        link = before;
    }
    pairs.reverse();
    pairs
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
        assert_eq!(budget.0, Budget::default().0, "nothing was done, nothing is taken");
    }

    #[test]
    fn the_budget_is_one_for_all() {
        let mut budget = Budget(4);
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
