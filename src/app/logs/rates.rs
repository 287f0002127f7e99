//! How much comes and what reading it takes: over the last seconds, and right now.

use std::collections::{HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp, ToSpan};

use super::{LogsPane, Times};
use crate::tail::{State, Status, Transport, Update};

/// Over so many seconds rates are told.
const SECONDS: i64 = 10;

/// Up to here it is the events' own lag that is told, in milliseconds.
const BEHIND: i64 = 3_000;

/// What came, second by second.
#[derive(Debug, Default)]
pub struct Rates {
    /// A second since the epoch, events in it, requests in it; in order.
    seconds: VecDeque<(i64, u64, u64)>,
    /// The requests and the events of each group, as it told them last.
    told: HashMap<String, (u64, u64)>,
    /// How old the newest events were when they came, in milliseconds.
    lag_ms: Option<i64>,
    /// Since when it is counted.
    since: Option<i64>,
}

impl Rates {
    fn add(&mut self, now: Timestamp, events: u64, calls: u64) {
        let second = now.as_second();
        self.since.get_or_insert(second);
        match self.seconds.back_mut() {
            Some((last, all, sent)) if *last >= second => {
                *all += events;
                *sent += calls;
            }
            _ => self.seconds.push_back((second, events, calls)),
        }
        while self.seconds.front().is_some_and(|(first, ..)| *first < second - SECONDS) {
            self.seconds.pop_front();
        }
    }

    /// Events and requests a second, over the last ten whole seconds or since it is counted.
    pub fn per_second(&self, now: Timestamp) -> (f64, f64) {
        let now = now.as_second();
        let counted = self.seconds.iter().filter(|(second, ..)| (now - SECONDS..now).contains(second));
        let (events, calls) =
            counted.fold((0, 0), |(events, calls), (_, more, sent)| (events + more, calls + sent));
        let over = self.since.map_or(SECONDS, |since| now - since).clamp(1, SECONDS);
        #[allow(clippy::cast_precision_loss, reason = "numbers of a few seconds, shown with one decimal")]
        let rate = |count: u64| count as f64 / over as f64;
        (rate(events), rate(calls))
    }

    /// Whether what it tells changes with time alone.
    fn is_moving(&self, now: Timestamp) -> bool {
        self.seconds.iter().any(|(second, events, calls)| {
            events + calls > 0 && (0..=SECONDS).contains(&(now.as_second() - second))
        })
    }
}

impl LogsPane {
    /// Counts what a follow tells, before it is taken in.
    pub(in crate::app) fn note(&mut self, now: Timestamp, update: &Update) {
        match update {
            Update::Events { batch, .. } => {
                // What there was before is no rate at which anything comes.
                let events = if self.history_done { batch.len() } else { 0 };
                self.rates.add(now, u64::try_from(events).unwrap_or_default(), 0);
            }
            Update::Status(status) => {
                let told = (status.calls, status.events);
                let (calls, events) = self.rates.told.insert(status.group.clone(), told).unwrap_or_default();
                self.rates.add(now, 0, status.calls.saturating_sub(calls));
                if status.events > events {
                    self.rates.lag_ms = status.lag_ms.or(self.rates.lag_ms);
                }
            }
            Update::HistoryDone { .. } | Update::Gap { .. } => {}
        }
    }

    fn statuses(&self) -> impl Iterator<Item = &Status> {
        self.sources.iter().filter_map(|source| source.status.as_ref())
    }

    /// How long ago the newest was last read to its end, in the group where that is longest, in milliseconds. None
    /// where all were read just now.
    pub fn behind_ms(&self, now: Timestamp) -> Option<i64> {
        let read =
            self.statuses().filter(|status| matches!(status.state, State::Live)).filter_map(|status| {
                let slow = matches!(status.transport, Transport::Insights);
                status.head_at_ms.filter(|_| !slow)
            });
        let behind = now.as_millisecond().saturating_sub(read.min()?);
        (behind >= BEHIND).then_some(behind)
    }

    /// How old the events that came last were when they did, in milliseconds.
    pub fn lag_ms(&self) -> Option<i64> {
        self.rates.lag_ms
    }

    /// The sum of something over all groups.
    pub fn total(&self, of: fn(&Status) -> u64) -> u64 {
        self.statuses().map(of).sum()
    }

    /// The requests a second that all readers may send together, where that is limited.
    pub fn budget_per_s(&self) -> Option<f64> {
        self.statuses().find_map(|status| status.budget_per_s)
    }

    /// How long Live Tail has run, in seconds, all sessions together; none where it is not used.
    pub fn live_tail_seconds(&self) -> Option<u64> {
        let seconds = self.statuses().filter_map(|status| match status.transport {
            Transport::LiveTail { seconds } => Some(seconds),
            Transport::Polling | Transport::Insights => None,
        });
        seconds.max()
    }

    /// Whether one of the groups is read by queries now and then.
    pub fn any_not_live(&self) -> bool {
        self.statuses().any(|status| matches!(status.transport, Transport::Insights))
    }

    /// How far back late events are still found, in milliseconds, where that is less than five minutes.
    pub fn short_lookback_ms(&self) -> Option<i64> {
        let live = self.statuses().filter(|status| matches!(status.state, State::Live));
        live.map(|status| status.lookback_ms).filter(|back| *back > 0 && *back < 300_000).min()
    }

    /// When a number on the screen changes though nothing comes. At most once a second.
    pub(in crate::app) fn clock_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.ticket?;
        let next = || Timestamp::from_second(now.as_second() + 1).ok();
        let ages = self.times == Times::Ago && !self.is_empty();
        if ages || self.rates.is_moving(now) || self.behind_ms(now).is_some() {
            return next();
        }
        // When it begins to be behind.
        let live = self.statuses().filter(|status| matches!(status.state, State::Live));
        let read = live.filter(|status| status.transport != Transport::Insights);
        let read = read.filter_map(|status| status.head_at_ms).min()?;
        let due = Timestamp::from_millisecond(read).ok()?.checked_add(BEHIND.milliseconds()).ok()?;
        (due.duration_since(now) > SignedDuration::ZERO).then_some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_183_402 + second).unwrap()
    }

    fn close(told: (f64, f64), expected: (f64, f64)) {
        assert!((told.0 - expected.0).abs() < 0.01 && (told.1 - expected.1).abs() < 0.01, "{told:?}");
    }

    #[test]
    fn rates_are_of_the_last_ten_whole_seconds() {
        let mut rates = Rates::default();
        close(rates.per_second(at(0)), (0.0, 0.0));
        rates.add(at(0), 100, 2);
        close(rates.per_second(at(0)), (0.0, 0.0));
        close(rates.per_second(at(2)), (50.0, 1.0));
        rates.add(at(4), 100, 2);
        close(rates.per_second(at(10)), (20.0, 0.4));
        close(rates.per_second(at(12)), (10.0, 0.2));
        assert!(rates.is_moving(at(14)));
        close(rates.per_second(at(15)), (0.0, 0.0));
        assert!(!rates.is_moving(at(15)));
        for second in 0..100 {
            rates.add(at(second), 1, 1);
        }
        assert!(rates.seconds.len() <= 12);
    }
}
