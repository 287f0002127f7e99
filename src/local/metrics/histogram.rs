//! Counts of values, exact in count, sum, minimum and maximum, and within half a percent in percentiles.

use serde::{Deserialize, Serialize};

/// Values below this are counted one by one. Above it, each power of two is cut into as many bins, so that the middle
/// of a bin is at most 1/256 away from any value in it.
const EXACT: u64 = 1 << EXACT_BITS;
const EXACT_BITS: u32 = 7;

/// How often which values came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Histogram {
    count: u64,
    sum: u64,
    min: u64,
    max: u64,
    /// The bins that are not empty, in the order of their values.
    bins: Vec<(u16, u64)>,
}

impl Histogram {
    /// Bytes of one bin in memory.
    pub const BIN_BYTES: usize = size_of::<(u16, u64)>();

    /// Counts a value so many times; how many bins are new.
    pub fn add(&mut self, value: u64, times: u64) -> usize {
        if times == 0 {
            return 0;
        }
        self.min = if self.count == 0 { value } else { self.min.min(value) };
        self.max = self.max.max(value);
        self.count += times;
        self.sum = self.sum.saturating_add(value.saturating_mul(times));
        self.put(index(value), times)
    }

    /// Counts everything that another one has counted.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        self.min = if self.count == 0 { other.min } else { self.min.min(other.min) };
        self.max = self.max.max(other.max);
        self.count += other.count;
        self.sum = self.sum.saturating_add(other.sum);
        for (bin, times) in &other.bins {
            self.put(*bin, *times);
        }
    }

    fn put(&mut self, bin: u16, times: u64) -> usize {
        match self.bins.binary_search_by_key(&bin, |(bin, _)| *bin) {
            Ok(at) => {
                self.bins[at].1 += times;
                0
            }
            Err(at) => {
                self.bins.insert(at, (bin, times));
                1
            }
        }
    }

    /// How many values were counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// All of them together.
    pub fn sum(&self) -> u64 {
        self.sum
    }

    /// The smallest; 0 where there is none.
    pub fn min(&self) -> u64 {
        self.min
    }

    /// The largest; 0 where there is none.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// How many bins there are.
    pub fn bins(&self) -> usize {
        self.bins.len()
    }

    /// The value that so many hundredths of a percent of the values do not exceed, by the nearest rank.
    pub fn percentile(&self, hundredths: u32) -> u64 {
        let rank = (u128::from(self.count) * u128::from(hundredths)).div_ceil(10_000).max(1);
        if rank >= u128::from(self.count) {
            return self.max;
        }
        let mut seen = 0_u128;
        for (bin, times) in &self.bins {
            seen += u128::from(*times);
            if seen >= rank {
                return middle(*bin).clamp(self.min, self.max);
            }
        }
        self.max
    }
}

/// The bin of a value.
fn index(value: u64) -> u16 {
    let index = if value < EXACT {
        value
    } else {
        let shift = value.ilog2() - EXACT_BITS;
        EXACT * u64::from(shift) + (value >> shift)
    };
    // At most 57 * 128 + 255.
    u16::try_from(index).unwrap_or(u16::MAX)
}

/// The middle of a bin.
fn middle(bin: u16) -> u64 {
    let bin = u64::from(bin);
    if bin < EXACT {
        return bin;
    }
    let shift = bin / EXACT - 1;
    let low = (EXACT + bin % EXACT) << shift;
    low + ((1 << shift) - 1) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        for value in values {
            histogram.add(*value, 1);
        }
        histogram
    }

    #[test]
    fn bins_follow_each_other_without_a_gap() {
        let mut last = 0;
        for value in 0..1_000_000_u64 {
            let bin = index(value);
            assert!(bin == last || bin == last + 1, "{value}");
            last = bin;
        }
        for value in [0, 127, 128, 129, 255, 256, 90_000_000, u64::MAX / 3, u64::MAX] {
            let off = middle(index(value)).abs_diff(value);
            assert!(off <= value / 256, "{value}: {off}");
        }
    }

    #[test]
    fn percentiles_are_within_one_percent_of_what_sorting_says() {
        // Latencies as they are: most are quick, a few are not; in units of 10 us.
        let mut state = 7_u64;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        for size in [1_usize, 2, 3, 10, 99, 100, 101, 5_000] {
            let mut values: Vec<u64> = (0..size)
                .map(|n| if n % 20 == 0 { draw() % 90_000_000 } else { 50 + draw() % 3_000 })
                .collect();
            let histogram = of(&values);
            values.sort_unstable();
            for hundredths in [0_u32, 1, 1_000, 5_000, 9_000, 9_500, 9_900, 9_950, 9_990, 9_999, 10_000] {
                let rank = (size as u64 * u64::from(hundredths)).div_ceil(10_000).max(1);
                let exact = values[usize::try_from(rank).unwrap() - 1];
                let off = histogram.percentile(hundredths).abs_diff(exact);
                assert!(off * 100 <= exact, "p{hundredths} of {size}: {exact}, off by {off}");
            }
        }
    }

    #[test]
    fn count_sum_least_and_most_are_exact_also_of_two_together() {
        let (left, right) = (of(&[1_000_003, 5]), of(&[77_777_777]));
        let mut both = Histogram::default();
        both.merge(&right);
        both.merge(&left);
        both.merge(&Histogram::default());
        assert_eq!(both, of(&[5, 77_777_777, 1_000_003]));
        assert_eq!((both.count(), both.sum(), both.min(), both.max()), (3, 78_777_785, 5, 77_777_777));
        assert_eq!(both.percentile(10_000), 77_777_777);
    }
}
