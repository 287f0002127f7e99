//! History backwards: what was before all that is there is read in windows that end where it begins, while the follow
//! goes on.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{Gap, LogsPane, known::Known, sources::Source};
use crate::{
    app::{Effect, Ticket},
    domain::format,
    tail::{Arrival, GapKind, State, Status, Update},
};

/// How long the first window is. Each one after that is four times as long.
const FIRST_WINDOW: SignedDuration = SignedDuration::from_mins(15);

/// How far back it goes at most: the longest that one would wait for.
const LONGEST_HISTORY: SignedDuration = SignedDuration::from_hours(24 * 30);

/// A stretch of time. Both ends are whole milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment behind it.
    pub to: Timestamp,
}

impl Window {
    /// As it is told: `13:03 to 13:48`, with dates where it is not of today.
    pub fn told(&self, now: Timestamp, zone: &TimeZone) -> String {
        let date = |time: Timestamp| zone.to_datetime(time).date();
        let form = if date(self.from) == date(now) { "%H:%M" } else { "%Y-%m-%d %H:%M" };
        let time = |time: Timestamp| zone.to_datetime(time).strftime(form).to_string();
        format!("{} to {}", time(self.from), time(self.to))
    }
}

/// Reading what is older than all that is there.
#[derive(Debug, Default)]
pub struct Older {
    reading: Option<Box<Reading>>,
    failed: Option<Failed>,
    /// Windows that were begun so far.
    windows: u32,
}

#[derive(Debug)]
struct Reading {
    ticket: Ticket,
    window: Window,
    /// The log groups that are read.
    groups: BTreeSet<String>,
    /// Those that are not through.
    waiting: BTreeSet<String>,
    /// What keeps those from being read that are in trouble.
    troubles: BTreeMap<String, String>,
    found: usize,
    /// What came of the same window before it failed.
    known: Known,
}

/// A window that was not read to its end.
#[derive(Debug)]
struct Failed {
    window: Window,
    groups: BTreeMap<String, String>,
}

/// What became of a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::app) enum Read {
    /// All of it is there.
    All(Window),
    /// There was nothing in it.
    Nothing(Window),
    /// It was more than there is room for: of what is older nothing is kept.
    Full,
    /// Why it was not read to its end.
    Failed(Window, String),
}

/// Why nothing older is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) enum NotOlder {
    /// It is being read already.
    Reading,
    /// All of it is there.
    AllThere,
    /// There is no room for it.
    Full,
}

impl Older {
    /// What is being read now.
    pub fn window(&self) -> Option<Window> {
        self.reading.as_ref().map(|reading| reading.window)
    }

    /// Why that does not come on, where something is in its way.
    pub fn trouble(&self) -> Option<&str> {
        self.reading.as_ref()?.troubles.values().next().map(String::as_str)
    }

    /// The window that was not read to its end, and why. The next try reads it again.
    pub fn failed(&self) -> Option<(Window, &str)> {
        let failed = self.failed.as_ref().filter(|_| self.reading.is_none())?;
        Some((failed.window, failed.groups.values().next().map_or("", String::as_str)))
    }

    /// The request under way.
    pub(in crate::app) fn ticket(&self) -> Option<Ticket> {
        self.reading.as_ref().map(|reading| reading.ticket)
    }
}

impl LogsPane {
    /// From when on all of the log is there, as far as it has been read.
    pub fn begun(&self) -> Timestamp {
        self.begun_at
    }

    /// How far back it is read at most.
    pub(in crate::app) fn earliest(&self, now: Timestamp) -> Timestamp {
        let about = self.around.map_or(now, |around| around.moment.min(now));
        about.checked_sub(LONGEST_HISTORY).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Whether nothing older is ever read.
    pub fn is_all_there(&self, now: Timestamp) -> bool {
        self.begun_at <= self.earliest(now)
    }

    /// Whether the first row is selected, so that moving up reads older ones.
    pub(in crate::app) fn is_at_top(&self) -> bool {
        self.cursor.at == 0 && !self.is_scanning()
    }

    /// Begins to read what is before all that is there: back to a moment, or a window that is longer each time. One that
    /// failed is read again first.
    ///
    /// # Errors
    /// Why it does not.
    pub(in crate::app) fn read_older(
        &mut self,
        ticket: Ticket,
        back_to: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Effect, NotOlder> {
        if self.older.reading.is_some() {
            return Err(NotOlder::Reading);
        }
        if self.store.evicted() > 0 {
            return Err(NotOlder::Full);
        }
        let failed = self.older.failed.take().and_then(|failed| {
            let groups: BTreeSet<String> =
                failed.groups.into_keys().filter(|group| self.is_worth_reading(group)).collect();
            if groups.is_empty() {
                // Nothing will come of those that are left; the line that says so stays.
                self.reach_back(failed.window);
            }
            (!groups.is_empty()).then_some((failed.window, groups))
        });
        let (window, groups, known) = if let Some((window, groups)) = failed {
            let known = self.known_of(window, &groups);
            (window, groups, known)
        } else {
            let window = self.before(back_to, now).ok_or(NotOlder::AllThere)?;
            let (groups, others): (BTreeSet<String>, BTreeSet<String>) = self
                .sources
                .iter()
                .map(|source| source.group.clone())
                .partition(|group| self.is_worth_reading(group));
            self.gaps.extend(others.into_iter().map(|group| gap_of(window, group)));
            (window, groups, Known::default())
        };
        let effect = Effect::FollowLogs {
            ticket,
            groups: groups.iter().cloned().collect(),
            since: window.from,
            until: Some(window.to),
            pattern: self.filters.asked_pattern(),
            live_tail: false,
        };
        let reading = Reading {
            ticket,
            window,
            groups: groups.clone(),
            waiting: groups,
            troubles: BTreeMap::new(),
            found: 0,
            known,
        };
        self.older.reading = Some(Box::new(reading));
        Ok(effect)
    }

    /// Whether a group is followed and may be read. Where none may, all are tried.
    fn is_worth_reading(&self, group: &str) -> bool {
        let may_be_read = |source: &Source| {
            let state = source.status.as_ref().map(|status| &status.state);
            !matches!(state, Some(State::Denied { .. } | State::Unsupported { .. }))
        };
        self.source(group).is_some_and(|source| may_be_read(source) || !self.sources.iter().any(may_be_read))
    }

    /// All that is to be read of a window has been.
    fn reach_back(&mut self, window: Window) {
        self.history += window.to.duration_since(window.from);
        if let Some(around) = &mut self.around {
            around.before = around.moment.duration_since(window.from);
        }
        self.begun_at = window.from;
    }

    /// The window before all that is there; none where it goes back as far as it may.
    fn before(&mut self, back_to: Option<Timestamp>, now: Timestamp) -> Option<Window> {
        let to = whole_ms(self.begun_at);
        let length = FIRST_WINDOW.saturating_mul(4_i32.saturating_pow(self.older.windows));
        let from = back_to.or_else(|| to.checked_sub(length).ok()).unwrap_or(Timestamp::UNIX_EPOCH);
        let window = Window { from: whole_ms(from.max(self.earliest(now))), to };
        if back_to.is_none() {
            self.older.windows = self.older.windows.saturating_add(1);
        }
        (window.from < window.to).then_some(window)
    }

    /// What is there of a window that was not read to its end.
    fn known_of(&self, window: Window, groups: &BTreeSet<String>) -> Known {
        let from = self.store.position_at(window.from.as_millisecond());
        let to = self.store.position_at(window.to.as_millisecond());
        let rows = (from..to).filter_map(|at| self.store.get(at));
        Known::of(rows.filter(|row| groups.contains(row.group)))
    }

    /// News of older events. Answers with what became of their window once that is over.
    pub(super) fn receive_older(&mut self, update: Update, height: usize) -> Option<Read> {
        match update {
            Update::Events { mut batch, .. } => {
                let reading = self.older.reading.as_mut()?;
                batch.retain(|arrival| reading.known.is_new(arrival));
                reading.found += batch.len();
                self.take_older(&batch, height);
                None
            }
            Update::Status(Status { group, state, .. }) => {
                let troubles = &mut self.older.reading.as_mut()?.troubles;
                match trouble(state) {
                    Some(trouble) => _ = troubles.insert(group, trouble),
                    None => _ = troubles.remove(&group),
                }
                None
            }
            Update::HistoryDone { group } => {
                let waiting = &mut self.older.reading.as_mut()?.waiting;
                waiting.remove(&group);
                if waiting.is_empty() { self.end_older() } else { None }
            }
            Update::Gap {
                group,
                kind: kind @ (GapKind::Dropped | GapKind::Sampled),
                from_ms,
                to_ms,
                repaired: false,
            } => {
                self.take_gap(Gap { group, kind, from_ms, to_ms });
                None
            }
            // What else is missing of a window is told at its end.
            Update::Gap { .. } => None,
        }
    }

    /// Puts older rows where they belong: the reader's place stays.
    fn take_older(&mut self, batch: &[Arrival], height: usize) {
        let place = self.place();
        self.insert(batch);
        self.restore(place, height);
    }

    /// All groups are through, or in trouble for good.
    fn end_older(&mut self) -> Option<Read> {
        let Reading { window, troubles, found, groups, .. } = *self.older.reading.take()?;
        let from_ms = window.from.as_millisecond();
        self.gaps.retain(|gap| {
            (gap.kind, gap.from_ms) != (GapKind::Disconnected, from_ms) || !groups.contains(&gap.group)
        });
        if let Some(trouble) = troubles.values().next().cloned() {
            self.missing(window, troubles);
            return Some(Read::Failed(window, trouble));
        }
        self.reach_back(window);
        Some(match found {
            _ if self.store.evicted() > 0 => Read::Full,
            0 => Read::Nothing(window),
            _ => Read::All(window),
        })
    }

    /// Nobody waits for older events any more. Of their window there may be a part.
    pub(super) fn stop_older(&mut self) -> Option<Ticket> {
        let Reading { ticket, window, waiting, mut troubles, .. } = *self.older.reading.take()?;
        troubles.extend(waiting.into_iter().map(|group| (group, "it was stopped".to_owned())));
        self.missing(window, troubles);
        Some(ticket)
    }

    fn missing(&mut self, window: Window, groups: BTreeMap<String, String>) {
        self.gaps.extend(groups.keys().map(|group| gap_of(window, group.clone())));
        self.older.failed = Some(Failed { window, groups });
    }
}

/// A window of which nothing, or not all, was read.
fn gap_of(window: Window, group: String) -> Gap {
    let (from_ms, to_ms) = (window.from.as_millisecond(), Some(window.to.as_millisecond()));
    Gap { group, kind: GapKind::Disconnected, from_ms, to_ms }
}

/// The milliseconds that the service counts in.
fn whole_ms(time: Timestamp) -> Timestamp {
    format::from_millis(time.as_millisecond())
}

/// What keeps a group from being read.
fn trouble(state: State) -> Option<String> {
    match state {
        State::CatchingUp | State::Live | State::Waiting => None,
        State::Throttled { .. } => Some("too many requests".into()),
        State::Offline { message, .. }
        | State::Credentials { message }
        | State::Denied { message }
        | State::Unsupported { message }
        | State::Failed { message } => Some(message),
    }
}
