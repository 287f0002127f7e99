//! How long to wait after a failure: full jitter over a cap that doubles from 1 s to 8 s.

use std::time::Duration;

const FIRST_MS: u64 = 1_000;
const MAX_MS: u64 = 8_000;
/// Below this a retry would not be a wait.
const MIN_MS: u64 = 100;

#[derive(Debug)]
pub(super) struct Backoff {
    failures: u32,
    random: u64,
}

impl Backoff {
    /// Clients that fail together are spread by their seeds.
    pub(super) fn new(seed: u64) -> Self {
        Self { failures: 0, random: seed | 1 }
    }

    /// Failures since the last success.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    pub(super) fn next(&mut self) -> Duration {
        let cap = (FIRST_MS << self.failures.min(3)).min(MAX_MS);
        self.failures = self.failures.saturating_add(1);
        // xorshift64: spreading clients needs no better.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        Duration::from_millis(MIN_MS + self.random % (cap - MIN_MS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cap_doubles_to_eight_seconds_and_success_resets_it() {
        let mut longest = [0; 6];
        for seed in 0..2_000_u64 {
            let mut backoff = Backoff::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            for longest in &mut longest {
                let wait = backoff.next().as_millis();
                assert!(wait >= 100);
                *longest = wait.max(*longest);
            }
            backoff.reset();
            assert!(backoff.next().as_millis() < 1_000);
        }
        let mut backoff = Backoff::new(7);
        for _ in 0..1_000 {
            assert!(backoff.next().as_millis() < 8_000);
        }
        for (longest, cap) in longest.into_iter().zip([1_000, 2_000, 4_000, 8_000, 8_000, 8_000]) {
            assert!(longest < cap && longest > cap * 9 / 10, "{longest} of {cap}");
        }
    }
}
