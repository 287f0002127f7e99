//! What was measured, minute by minute.
//!
//! An invocation is recorded once, under the function, qualifier and version that it ran as; what the account, a
//! function or an alias has is added up when it is asked for. It counts in the minute in which it began.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{
    catalog::{Gauge, Metric, Scope},
    histogram::Histogram,
    minute::{Cell, ENTRY_BYTES, Key, Minute},
};

/// How long a minute is kept, in minutes: 15 days, as AWS keeps data of this resolution.
const KEPT: u32 = 15 * 24 * 60;
/// How much is kept at most, in bytes; beyond it, the oldest minutes go early. It is enough for five functions that are
/// never idle.
const MAX_BYTES: usize = 32 * 1024 * 1024;
/// Minutes that are read under one lock.
const READ_AT_ONCE: usize = 512;

/// How many environments have an event now.
#[derive(Debug)]
struct Level {
    now: u64,
    /// The last minute that has it.
    noted: u32,
}

#[derive(Debug, Default)]
struct State {
    /// By minutes since the epoch.
    minutes: BTreeMap<u32, Minute>,
    levels: HashMap<(Gauge, Scope), Level>,
    bytes: usize,
    /// Minutes that changed since they were last taken to be kept, those that are gone included. `None` until that is
    /// asked for the first time.
    changed: Option<BTreeSet<u32>>,
}

/// What happens to an event in the asynchronous queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::local) enum Queued {
    /// It was taken.
    Received,
    /// It was given up without the function having run well.
    Dropped,
    /// Its outcome could not be sent to its destination.
    Undelivered,
}

/// In what kind of environment an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::local) enum Place {
    /// One that was started on demand.
    OnDemand,
    /// A provisioned one.
    Provisioned,
    /// One that was started on demand because all provisioned ones are busy.
    Spillover,
}

/// A key of `--persist` with its value; none where the row is gone.
pub(in crate::local) type Change = (Vec<u8>, Option<Vec<u8>>);

/// What was measured so far: 15 days, or less where that takes more than 32 MB.
#[derive(Default)]
pub struct Recorder {
    state: Mutex<State>,
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("minutes", &self.state().minutes.len()).finish_non_exhaustive()
    }
}

/// An invocation under way. It counts as concurrency until it is dropped, and as an invocation once it has
/// [ended](Running::ended).
#[must_use]
pub(in crate::local) struct Running {
    recorder: Arc<Recorder>,
    key: Key,
    began: u32,
    place: Place,
    /// What it raised.
    gauges: Vec<(Gauge, Scope)>,
}

impl Recorder {
    /// An event has been given to an environment. `reserved`: whether the function has concurrency of its own.
    pub(in crate::local) fn begin(
        self: &Arc<Self>,
        function: &str,
        qualifier: Option<&str>,
        version: &str,
        reserved: bool,
        place: Place,
    ) -> Running {
        let began = this_minute();
        let key = Key::new(function, qualifier, version);
        let gauges = key.gauges(reserved, place);
        let mut state = self.state();
        for gauge in &gauges {
            state.raise(gauge, began);
        }
        drop(state);
        Running { recorder: Arc::clone(self), key, began, place, gauges }
    }

    /// An event was refused for want of concurrency.
    pub(in crate::local) fn throttled(&self, function: &str, qualifier: Option<&str>, version: &str) {
        self.count(Key::new(function, qualifier, version), |cell| cell.throttles += 1);
    }

    /// Something happened to an event in the asynchronous queue.
    pub(in crate::local) fn queued(&self, function: &str, qualifier: Option<&str>, what: Queued) {
        self.count(Key::new(function, qualifier, ""), |cell| match what {
            Queued::Received => cell.received += 1,
            Queued::Dropped => cell.dropped += 1,
            Queued::Undelivered => cell.undelivered += 1,
        });
    }

    fn count(&self, key: Key, count: impl FnOnce(&mut Cell)) {
        self.state().cell(this_minute(), key, |cell| {
            count(cell);
            0
        });
    }

    /// What changed since this was last called: each minute is a row. The first call has all of them.
    pub(in crate::local) fn changes(&self) -> Vec<Change> {
        let minutes: Vec<(u32, Option<Minute>)> = {
            let mut state = self.state();
            let changed = state.changed.replace(BTreeSet::new());
            let changed = changed.unwrap_or_else(|| state.minutes.keys().copied().collect());
            changed.into_iter().map(|at| (at, state.minutes.get(&at).cloned())).collect()
        };
        let row = |(at, minute): (u32, Option<Minute>)| {
            let value = minute.map(|minute| {
                let mut bytes = Vec::new();
                // Writing to memory fails for nothing that a minute is made of.
                let _ = ciborium::into_writer(&minute, &mut bytes);
                bytes
            });
            (at.to_be_bytes().to_vec(), value)
        };
        minutes.into_iter().map(row).collect()
    }

    /// Takes the rows of an earlier run. Those that can't be read are left out.
    pub(in crate::local) fn load(&self, rows: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) {
        let mut state = self.state();
        for (key, value) in rows {
            let at = <[u8; 4]>::try_from(key.as_slice()).map(u32::from_be_bytes);
            let minute: Result<Minute, _> = ciborium::from_reader(value.as_slice());
            let (Ok(at), Ok(mut minute)) = (at, minute) else {
                tracing::warn!("a minute of metrics could not be read");
                continue;
            };
            minute.bytes = minute.measure();
            state.bytes += minute.bytes;
            state.minutes.insert(at, minute);
        }
        state.changed = Some(BTreeSet::new());
        state.make_room(this_minute());
    }

    /// A metric from minute to minute, for those that have any of it; `to` is not included.
    pub(super) fn read(&self, metric: Metric, scope: &Scope, from: u32, to: u32) -> Vec<(u32, Histogram)> {
        self.state().note_levels(this_minute());
        let (mut out, mut next) = (Vec::new(), Some(from));
        while let Some(begin) = next.take().filter(|begin| *begin < to) {
            // Between the pieces, invocations can be recorded.
            let state = self.state();
            let mut piece = state.minutes.range(begin..to);
            for (at, minute) in piece.by_ref().take(READ_AT_ONCE) {
                let found = minute.read(metric, scope);
                if found.count() > 0 {
                    out.push((*at, found));
                }
            }
            next = piece.next().map(|(at, _)| *at);
        }
        out
    }

    /// The metrics that there are since a minute, with what they are of.
    pub(super) fn list(&self, since: u32) -> BTreeSet<(Metric, Scope)> {
        self.state().note_levels(this_minute());
        let (mut out, mut next) = (BTreeSet::new(), Some(since));
        while let Some(begin) = next.take() {
            let state = self.state();
            let mut piece = state.minutes.range(begin..);
            for (_, minute) in piece.by_ref().take(READ_AT_ONCE) {
                minute.list(&mut out);
            }
            next = piece.next().map(|(at, _)| *at);
        }
        out
    }

    /// An invocation of a minute, for tests.
    #[cfg(test)]
    pub(super) fn put(&self, at: u32, key: (&str, Option<&str>, &str), ms: u64, error: bool) {
        self.state().put(at, key, ms, error);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    /// It ended: how long it took, as its REPORT line says, and whether the function failed.
    pub fn ended(mut self, took: Duration, error: bool) {
        // As REPORT lines have it: two decimals of a millisecond.
        let duration = u64::try_from((took.as_nanos() + 5_000) / 10_000).unwrap_or(u64::MAX);
        let key = std::mem::take(&mut self.key);
        self.recorder.state().cell(self.began, key, |cell| {
            cell.errors += u64::from(error);
            cell.provisioned += u64::from(self.place == Place::Provisioned);
            cell.spillover += u64::from(self.place == Place::Spillover);
            cell.duration.add(duration, 1)
        });
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let now = this_minute();
        let mut state = self.recorder.state();
        for gauge in &self.gauges {
            state.lower(gauge, now);
        }
    }
}

impl State {
    /// One environment more has an event.
    fn raise(&mut self, gauge: &(Gauge, Scope), now: u32) {
        self.note_level(gauge, now);
        if !self.levels.contains_key(gauge) {
            self.levels.insert(gauge.clone(), Level { now: 0, noted: now });
        }
        if let Some(level) = self.levels.get_mut(gauge) {
            level.now += 1;
            let (height, noted) = (level.now, level.noted);
            self.sample(noted, gauge, height);
        }
    }

    /// One environment less has an event.
    fn lower(&mut self, gauge: &(Gauge, Scope), now: u32) {
        self.note_level(gauge, now);
        if let Some(level) = self.levels.get_mut(gauge) {
            level.now = level.now.saturating_sub(1);
        }
    }

    /// Events that began earlier count in each minute in which they are under way.
    fn note_level(&mut self, gauge: &(Gauge, Scope), now: u32) {
        let Some(level) = self.levels.get_mut(gauge).filter(|level| level.noted < now) else { return };
        let (height, first) = (level.now, level.noted.saturating_add(1).max(now.saturating_sub(KEPT)));
        level.noted = now;
        if height > 0 {
            for minute in first..=now {
                self.sample(minute, gauge, height);
            }
        }
    }

    fn note_levels(&mut self, now: u32) {
        let old = self.levels.iter().filter(|(_, level)| level.noted < now);
        let old: Vec<_> = old.map(|(gauge, _)| gauge.clone()).collect();
        for gauge in old {
            self.note_level(&gauge, now);
        }
    }

    fn sample(&mut self, at: u32, gauge: &(Gauge, Scope), height: u64) {
        self.change(at, |minute| {
            if let Some(samples) = minute.gauges.get_mut(gauge) {
                return samples.add(height, 1) * Histogram::BIN_BYTES;
            }
            let samples = minute.gauges.entry(gauge.clone()).or_default();
            ENTRY_BYTES + gauge.1.len() + samples.add(height, 1) * Histogram::BIN_BYTES
        });
    }

    /// Changes a cell; `with` says how many bins are new.
    fn cell(&mut self, at: u32, key: Key, with: impl FnOnce(&mut Cell) -> usize) {
        self.change(at, |minute| {
            if let Some(cell) = minute.cells.get_mut(&key) {
                return with(cell) * Histogram::BIN_BYTES;
            }
            let bytes = ENTRY_BYTES + key.len();
            bytes + with(minute.cells.entry(key).or_default()) * Histogram::BIN_BYTES
        });
    }

    #[cfg(test)]
    fn put(
        &mut self,
        at: u32,
        (function, qualifier, version): (&str, Option<&str>, &str),
        ms: u64,
        error: bool,
    ) {
        self.cell(at, Key::new(function, qualifier, version), |cell| {
            cell.errors += u64::from(error);
            cell.duration.add(ms * 100, 1)
        });
    }

    /// Changes a minute; `with` says by how many bytes it grows.
    fn change(&mut self, at: u32, with: impl FnOnce(&mut Minute) -> usize) {
        let is_new = !self.minutes.contains_key(&at);
        let minute = self.minutes.entry(at).or_default();
        let grown = with(minute);
        minute.bytes += grown;
        self.bytes += grown;
        if let Some(changed) = &mut self.changed {
            changed.insert(at);
        }
        if is_new || self.bytes > MAX_BYTES {
            self.make_room(at);
            self.levels.retain(|_, level| level.now > 0 || level.noted >= at);
        }
    }

    /// Lets minutes go that are too old, or too much.
    fn make_room(&mut self, now: u32) {
        while let Some(oldest) = self.minutes.first_entry()
            && (*oldest.key() < now.saturating_sub(KEPT) || self.bytes > MAX_BYTES)
        {
            let (at, gone) = oldest.remove_entry();
            self.bytes = self.bytes.saturating_sub(gone.bytes);
            if let Some(changed) = &mut self.changed {
                changed.insert(at);
            }
        }
    }
}

/// The minute of the clock, since the epoch.
pub(super) fn this_minute() -> u32 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u32::try_from(since.as_secs() / 60).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "recorder_tests.rs"]
mod tests;
