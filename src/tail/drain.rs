//! Reading a time range to its end, page by page, and the tiers that do so again and again.

use std::{collections::HashSet, time::Duration};

use tokio::time::Instant;

/// A restart goes back this far behind the newest event read, in milliseconds.
const RESTART_OVERLAP_MS: i64 = 5_000;

/// A range that is being read.
#[derive(Debug)]
pub(super) struct Drain {
    pub(super) start: i64,
    pub(super) end: Option<i64>,
    pub(super) token: Option<String>,
    used: HashSet<String>,
    /// Pages read so far.
    pub(super) pages: u32,
    /// When it began.
    pub(super) begun: Instant,
    /// The follower's reference (see [`Tier::mark`]) when it began.
    pub(super) reference: i64,
    newest: i64,
    /// Restarts since there was progress.
    pub(super) restarts: u32,
}

impl Drain {
    pub(super) fn new(start: i64, end: Option<i64>, reference: i64) -> Self {
        Self {
            start,
            end,
            token: None,
            used: HashSet::new(),
            pages: 0,
            begun: Instant::now(),
            reference,
            newest: start,
            restarts: 0,
        }
    }

    /// Takes note of a page: its newest timestamp, its token, and how many of its events were not known. True where
    /// it was the last.
    pub(super) fn take(&mut self, newest: Option<i64>, token: Option<String>, fresh: usize) -> bool {
        self.pages += 1;
        if let Some(newest) = newest
            && newest > self.newest
        {
            self.newest = newest;
            self.restarts = 0;
        }
        let Some(token) = token else { return true };
        // A token that comes again leads to nothing: some emulators end a reading so.
        let looping = !self.used.insert(token.clone()) && fresh == 0;
        self.token = Some(token);
        looping
    }

    /// Goes on without the token, which is no longer good.
    pub(super) fn restart(&mut self) {
        self.start = self.start.max(self.newest.saturating_sub(RESTART_OVERLAP_MS));
        self.token = None;
        self.used.clear();
        self.restarts += 1;
    }
}

/// A range behind the newest event that is read again at intervals.
#[derive(Debug)]
pub(super) struct Tier {
    every: Duration,
    /// How many pages a reading may take before the next looks back less far.
    pages: u32,
    longest_ms: i64,
    shortest_ms: i64,
    /// How far it looks back now, in milliseconds.
    pub(super) lookback_ms: i64,
    /// Lower bound of the newest timestamp there was when the last complete reading began. The next one starts a
    /// lookback before it: what became visible since, and was not more than a lookback behind, is in its range.
    pub(super) mark: i64,
    pub(super) due: Instant,
    pub(super) drain: Option<Drain>,
}

impl Tier {
    pub(super) fn new(every: Duration, pages: u32, longest_ms: i64, shortest_ms: i64) -> Self {
        Self {
            every,
            pages,
            longest_ms,
            shortest_ms,
            lookback_ms: longest_ms,
            mark: i64::MIN,
            due: Instant::now() + every,
            drain: None,
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        self.drain.is_some() || Instant::now() >= self.due
    }

    /// Whether a reading is under way that should be complete by now.
    pub(super) fn is_behind(&self) -> bool {
        self.drain.as_ref().is_some_and(|drain| drain.begun.elapsed() > self.every)
    }

    /// Where a reading starts.
    pub(super) fn start(&self) -> i64 {
        self.mark.saturating_sub(self.lookback_ms)
    }

    /// The earliest time any reading to come may start at.
    pub(super) fn earliest(&self) -> i64 {
        self.mark.saturating_sub(self.longest_ms)
    }

    /// Counts the time to the next reading from now.
    pub(super) fn restart_clock(&mut self) {
        self.due = Instant::now() + self.every;
    }

    /// A reading is complete: moves the mark, and looks back less far if it took too many pages.
    pub(super) fn complete(&mut self, mark: i64, pages: u32, begun: Instant) {
        self.mark = self.mark.max(mark);
        self.due = begun + self.every;
        if pages > self.pages {
            let scaled = self.lookback_ms * i64::from(self.pages) / i64::from(pages);
            self.lookback_ms = scaled.max(self.shortest_ms);
        } else if pages.saturating_mul(2) <= self.pages {
            self.lookback_ms = (self.lookback_ms * 3 / 2).min(self.longest_ms);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(drain: &mut Drain, newest: i64, token: &str, fresh: usize) -> bool {
        drain.take(Some(newest), Some(token.to_owned()), fresh)
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_repeats_ends_the_reading_once_it_brings_nothing_new() {
        let mut drain = Drain::new(0, None, 0);
        assert!(!take(&mut drain, 1, "a", 1));
        assert!(!take(&mut drain, 1, "b", 0), "a page of known events is no end");
        assert!(!take(&mut drain, 1, "a", 1));
        assert!(take(&mut drain, 1, "b", 0));
        assert!(drain.take(Some(1), None, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_restart_goes_on_shortly_before_what_was_read() {
        let mut drain = Drain::new(1_000, None, 0);
        take(&mut drain, 60_000, "a", 1);
        drain.restart();
        assert_eq!((drain.start, drain.token.as_deref(), drain.restarts), (55_000, None, 1));
        take(&mut drain, 70_000, "a", 1);
        assert_eq!(drain.restarts, 0, "there was progress");
    }

    #[tokio::test(start_paused = true)]
    async fn the_lookback_shrinks_with_its_cost_and_recovers() {
        let mut tier = Tier::new(Duration::from_mins(1), 30, 300_000, 120_000);
        tier.complete(1_000_000, 40, Instant::now());
        assert_eq!((tier.lookback_ms, tier.start(), tier.earliest()), (225_000, 775_000, 700_000));
        tier.complete(900_000, 1_000, Instant::now());
        assert_eq!((tier.lookback_ms, tier.mark), (120_000, 1_000_000));
        for _ in 0..3 {
            tier.complete(1_000_000, 15, Instant::now());
        }
        assert_eq!(tier.lookback_ms, 300_000);
    }
}
