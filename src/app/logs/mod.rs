//! Logs: the history of one or more log groups, then what comes; all of it, or what is one request's. The Logs tab of
//! a function is one of these, the screen of several functions' logs another.

mod copying;
mod event;
pub mod export;
pub mod filters;
mod following;
pub mod geometry;
pub mod histogram;
pub mod invocations;
pub mod jumps;
mod known;
pub mod older;
pub mod rates;
mod request;
pub mod rules;
mod scanning;
pub mod sources;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

pub(in crate::app) use self::copying::Copying;
pub use self::request::{Around, RequestLog};
use self::{
    filters::Filters,
    invocations::InvocationsPane,
    known::Known,
    older::{Older, Read},
    rates::Rates,
    request::BEFORE_SENT,
    sources::Source,
};
use crate::{
    app::{Action, Context, Effect, Lead, Ticket, list::Cursor},
    tail::{Filter, GapKind, Reported, Row, RowKey, State, Status, Store, Update, View},
};

/// Memory for the lines of one log, in bytes. The oldest make room.
const STORE_BYTES: usize = 256 << 20;

/// Columns that one step scrolls sideways.
const SIDEWAYS: usize = 8;

/// The most gaps that are told of; anyone may write lines that look like what makes one.
const MOST_GAPS: usize = 500;

/// What Lambda dropped so near is one gap, in milliseconds.
const DROPS_MS: u64 = 60_000;

/// How far back the history goes at first.
const FIRST_HISTORY: SignedDuration = SignedDuration::from_mins(15);

/// How a row's time is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Times {
    /// The time of day, in the zone that the program shows.
    #[default]
    Clock,
    /// The time of day in UTC.
    Utc,
    /// How long ago it was.
    Ago,
    /// How long after the row above it.
    Gap,
}

impl Times {
    /// The next way of writing them.
    fn next(self) -> Self {
        match self {
            Self::Clock => Self::Utc,
            Self::Utc => Self::Ago,
            Self::Ago => Self::Gap,
            Self::Gap => Self::Clock,
        }
    }
}

/// What a line is typed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The moment to go to.
    Moment,
    /// The path of a file for what is shown.
    Export,
}

/// A stretch of time in which events may be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The log group.
    pub group: String,
    /// What made it.
    pub kind: GapKind,
    /// Where it starts, in milliseconds since the epoch.
    pub from_ms: i64,
    /// Where it ends; none while it goes on.
    pub to_ms: Option<i64>,
}

/// Logs, and where one is in them.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct LogsPane {
    /// The log groups that are followed, in the order in which they were added.
    pub sources: Vec<Source>,
    /// Which were asked for, and how far finding them is.
    pub finding: sources::Finding,
    /// The follow under way.
    pub ticket: Option<Ticket>,
    /// How far back the history goes.
    pub history: SignedDuration,
    /// From when on the log is read.
    begun_at: Timestamp,
    /// The time that is read, where it is not the last while up to now.
    pub around: Option<Around>,
    /// The invocation whose log is looked at.
    pub request: Option<RequestLog>,
    /// Where to be until one moves: a row, and how far below the top of the screen.
    aim: Option<(RowKey, usize)>,
    /// The same until a filter has looked at all rows.
    held: Option<(RowKey, usize)>,
    /// The rows that are being looked at on another thread.
    scan: Option<Ticket>,
    /// Whether all of the history is there.
    pub history_done: bool,
    /// Reading what was before.
    pub older: Older,
    /// When it was left, where all of it was there then.
    left_at: Option<Timestamp>,
    /// What may be told a second time, once it is followed again.
    known: Option<Box<Known>>,
    /// All that came.
    pub store: Store,
    view: View,
    /// Stretches in which events may be missing.
    pub gaps: Vec<Gap>,
    /// What is shown of it.
    pub filters: Filters,
    /// Rows that one wants to find again.
    pub bookmarks: BTreeSet<RowKey>,
    /// How times are written.
    pub times: Times,
    /// Whether the histogram is shown, where there is room.
    pub histogram: bool,
    /// The invocations that its lines tell of, where these are looked at.
    pub invocations: Option<Box<InvocationsPane>>,
    /// Whether Live Tail is used beside polling.
    pub live_tail: bool,
    /// Long lines are wrapped.
    pub wrap: bool,
    /// The leftmost column on the screen.
    pub left: usize,
    /// Whether the screen stays at the newest row.
    pub following: bool,
    /// Rows that came below while it did not.
    pub new: usize,
    /// How much comes, and what reading it takes.
    pub rates: Rates,
    /// Rows that came late, above the reader's place, while it did not.
    pub late_above: usize,
    /// The selected row, counted in what the filter leaves.
    pub cursor: Cursor,
}

impl Default for LogsPane {
    fn default() -> Self {
        let store = Store::new(STORE_BYTES);
        Self {
            sources: Vec::new(),
            finding: sources::Finding::default(),
            ticket: None,
            history: FIRST_HISTORY,
            begun_at: Timestamp::UNIX_EPOCH,
            around: None,
            request: None,
            aim: None,
            held: None,
            scan: None,
            history_done: false,
            older: Older::default(),
            left_at: None,
            known: None,
            view: View::new(&store, Filter::all()),
            store,
            gaps: Vec::new(),
            filters: Filters::default(),
            bookmarks: BTreeSet::new(),
            times: Times::default(),
            histogram: true,
            invocations: None,
            live_tail: false,
            wrap: false,
            left: 0,
            following: true,
            new: 0,
            rates: Rates::default(),
            late_above: 0,
            cursor: Cursor::default(),
        }
    }
}

impl LogsPane {
    /// Where its keys are looked up; `outer` are the places that it is in.
    pub(in crate::app) fn contexts(&self, lead: Option<Lead>, outer: &[Context]) -> Vec<Context> {
        if self.filters.takes_text() {
            return vec![Context::LogFilter];
        }
        let inner = if self.table().is_some() { Context::LogInvocations } else { Context::Logs };
        let lead = lead.map(|lead| match lead {
            Lead::Next => Context::LogNext,
            Lead::Previous => Context::LogPrevious,
        });
        lead.into_iter().chain([inner]).chain(outer.iter().copied()).collect()
    }

    /// When the screen changes by itself next.
    pub(in crate::app) fn wake_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.is_searching().then_some(now)
    }

    /// How many rows the filter leaves.
    pub fn len(&self) -> usize {
        self.view.len()
    }

    /// Whether the filter leaves none.
    pub fn is_empty(&self) -> bool {
        self.view.is_empty()
    }

    /// A row of what the filter leaves, oldest first.
    pub fn get(&self, at: usize) -> Option<Row<'_>> {
        self.view.get(&self.store, at)
    }

    /// How many rows there are to be filtered: the request's, or all.
    pub fn unfiltered(&self) -> usize {
        self.view.unfiltered(&self.store)
    }

    /// What is known of the REPORT of the request whose log is looked at.
    pub fn reported(&self) -> Reported<'_> {
        self.view.reported()
    }

    /// Whether all that is to be read has been read, and nothing is followed.
    pub fn is_over(&self) -> bool {
        self.history_done && self.around.is_some_and(|around| around.until.is_some())
    }

    /// The filter that is applied.
    pub fn applied(&self) -> &Filter {
        self.view.filter()
    }

    /// Begins to follow these groups. What came before goes: a new follow tells it again. What is under way is to be
    /// ended first ([`LogsPane::stop`]).
    pub(in crate::app) fn begin(&mut self, ticket: Ticket, sources: Vec<Source>, now: Timestamp) -> Effect {
        let last = || now.checked_sub(self.history).unwrap_or(Timestamp::UNIX_EPOCH);
        let since = self.around.as_ref().map_or_else(last, Around::since);
        let until = self.around.and_then(|around| around.until);
        let aim = self.aim.take();
        *self = Self {
            sources: sources::anew(sources),
            finding: self.finding.anew(),
            history: self.history,
            begun_at: since,
            around: self.around,
            request: self.request.take(),
            following: aim.is_none(),
            aim,
            filters: std::mem::take(&mut self.filters),
            times: self.times,
            histogram: self.histogram,
            invocations: self.invocations.take(),
            live_tail: self.live_tail,
            wrap: self.wrap,
            ..Self::default()
        };
        self.restart_invocations();
        self.look_at_request();
        let pattern = self.filters.ask_service(self.request.is_some());
        self.followed(ticket, since, until, pattern)
    }

    /// Looks at the log of a request, or around the time it was sent. A follow that does not reach back to it, or that
    /// has dropped rows, is ended: it has to begin anew.
    pub(in crate::app) fn ask(&mut self, request: RequestLog, now: Timestamp, height: usize) -> Vec<Effect> {
        if self.ticket.is_some() && self.request.as_ref() == Some(&request) {
            return Vec::new();
        }
        self.close_invocations();
        let around = Around { moment: request.sent, before: BEFORE_SENT, until: request.complete_at(now) };
        let covered = self.ticket.is_some()
            && self.around.and_then(|around| around.until).is_none()
            && self.begun_at <= around.since()
            && self.filters.asked().is_none()
            && self.store.evicted() == 0;
        self.filters.leave_field();
        self.new = 0;
        self.late_above = 0;
        self.following = request.id.is_some();
        self.aim = request.id.is_none().then(|| (RowKey::at(request.sent.as_millisecond()), 0));
        self.request = Some(request);
        if covered {
            self.look_at_request();
            self.restore(self.place(), height);
            return Vec::new();
        }
        self.around = Some(around);
        self.left_at = None;
        self.stop()
    }

    /// The answer of an invocation told its id: where one waits for it, its lines are all that is shown.
    pub(in crate::app) fn answered(&mut self, number: u64, id: Option<&str>, now: Timestamp, height: usize) {
        let Some(request) = self.request.as_mut().filter(|request| request.number == Some(number)) else {
            return;
        };
        request.ended = Some(now);
        if request.id.is_none() && id.is_some() {
            request.id = id.map(str::to_owned);
            self.aim = None;
            self.following = true;
            self.new = 0;
            self.late_above = 0;
            self.look_at_request();
            self.restore(None, height);
        }
    }

    /// Back to all lines, at the row that is selected.
    fn leave_request(&mut self, height: usize) {
        let place = self.place().filter(|_| !self.following || !self.is_at_newest());
        self.request = None;
        self.aim = place;
        self.following = place.is_none();
        self.new = 0;
        self.late_above = 0;
        self.look_at_request();
        self.restore(self.place(), height);
    }

    /// Whether the selected row is the newest of all.
    fn is_at_newest(&self) -> bool {
        let newest = self.store.len().checked_sub(1).and_then(|at| self.store.get(at));
        self.get(self.cursor.at).map(|row| row.key) == newest.map(|row| row.key)
    }

    fn look_at_request(&mut self) {
        self.view = self.new_view();
        self.begin_scan();
    }

    /// News of the follow, or of older events: answers with what became of these once they are through.
    pub(in crate::app) fn receive(&mut self, ticket: Ticket, update: Update, height: usize) -> Option<Read> {
        if self.older.ticket() == Some(ticket) {
            return self.receive_older(update, height);
        }
        if self.ticket != Some(ticket) {
            return None;
        }
        match update {
            Update::Events { group, mut batch } => {
                self.count(&group, &batch);
                self.take(&mut batch, height);
            }
            Update::Status(status) => {
                if let Some(source) = self.source_mut(&status.group) {
                    source.status = Some(status);
                }
            }
            Update::HistoryDone { group } => {
                if let Some(source) = self.source_mut(&group) {
                    source.history_done = true;
                }
                self.history_done = self.sources.iter().all(|source| source.history_done);
                if self.history_done {
                    self.known = None;
                }
            }
            Update::Gap { group, kind, from_ms, to_ms, repaired } => {
                self.gaps.retain(|gap| (&gap.group, gap.kind, gap.from_ms) != (&group, kind, from_ms));
                if !repaired {
                    self.take_gap(Gap { group, kind, from_ms, to_ms });
                }
            }
        }
        None
    }

    /// Takes note of a gap. What Lambda dropped within a minute of the same is one gap: a function that writes too fast
    /// is told so each second.
    fn take_gap(&mut self, gap: Gap) {
        if gap.kind == GapKind::Dropped {
            let near = |other: &&mut Gap| {
                other.kind == gap.kind
                    && other.group == gap.group
                    && gap.from_ms.saturating_sub(other.to_ms.unwrap_or(other.from_ms)).unsigned_abs()
                        < DROPS_MS
            };
            if let Some(other) = self.gaps.iter_mut().rev().find(near) {
                other.from_ms = other.from_ms.min(gap.from_ms);
                other.to_ms = other.to_ms.max(gap.to_ms);
                return;
            }
        }
        if self.gaps.len() < MOST_GAPS {
            self.gaps.push(gap);
        }
    }

    /// Whether a request is one of this log's.
    pub(in crate::app) fn awaits(&self, ticket: Ticket) -> bool {
        self.ticket == Some(ticket) || self.older.ticket() == Some(ticket)
    }

    /// Looks for the request's rows a step further, where that is to be done.
    pub(in crate::app) fn tick(&mut self, height: usize) {
        if self.is_searching() {
            let place = self.place();
            self.search();
            self.restore(place, height);
        }
    }

    /// The selected row, and how far below the top of the screen it is.
    fn place(&self) -> Option<(RowKey, usize)> {
        if let Some(place) = self.aim.or(self.held) {
            return Some(place);
        }
        let row = self.get(self.cursor.at)?;
        Some((row.key, self.cursor.at.saturating_sub(self.cursor.top)))
    }

    /// Rows came or went: the selected one stays where it is on the screen.
    fn restore(&mut self, place: Option<(RowKey, usize)>, height: usize) {
        let len = self.view.len();
        if self.following {
            self.cursor.go(usize::MAX, len, height);
        } else if let Some((key, below_top)) = place {
            let at = self.view.position(&self.store, &key).unwrap_or_else(|next| next);
            self.cursor.top = at.saturating_sub(below_top);
            self.cursor.go(at, len, height);
        }
    }

    /// The source of a log group.
    pub fn source(&self, group: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.group == group)
    }

    fn source_mut(&mut self, group: &str) -> Option<&mut Source> {
        self.sources.iter_mut().find(|source| source.group == group)
    }

    /// How it is doing: the state of the group that is doing worst.
    pub fn status(&self) -> Option<&Status> {
        let badness = |status: &&Status| match status.state {
            State::Waiting => 0,
            State::Live => 1,
            State::CatchingUp => 2,
            State::Throttled { .. } => 3,
            State::Unsupported { .. } => 4,
            State::Offline { .. } => 5,
            State::Failed { .. } => 6,
            State::Denied { .. } => 7,
            State::Credentials { .. } => 8,
        };
        self.sources.iter().filter_map(|source| source.status.as_ref()).max_by_key(badness)
    }

    /// What is wanted of all lines, whatever request is looked at.
    fn wanted_of_all(&self) -> Filter {
        self.filters.filter().without_groups(self.hidden_groups())
    }

    fn wanted(&self) -> Filter {
        let filter = self.wanted_of_all();
        match self.wanted_request() {
            Some(id) => filter.within_request(&id),
            None => filter,
        }
    }

    /// What is shown has changed.
    pub(in crate::app) fn refilter(&mut self, height: usize) {
        let place = self.place();
        self.take_filters();
        self.begin_scan();
        self.held = if self.following || !self.is_scanning() { None } else { place };
        self.restore(place, height);
        let len = self.view.len();
        self.cursor.go(self.cursor.at, len, height);
    }

    /// Handles what concerns the tab alone. Answers whether it did.
    pub(in crate::app) fn handle(&mut self, action: &Action, height: usize) -> bool {
        if self.filters.takes_text() {
            return false;
        }
        match action {
            Action::Bottom | Action::Follow => self.follow(true, height),
            Action::Pause => self.follow(!self.following, height),
            Action::Wrap => {
                self.wrap = !self.wrap;
                self.left = 0;
            }
            Action::Left => self.left = self.left.saturating_sub(SIDEWAYS),
            Action::Right if !self.wrap => self.left += SIDEWAYS,
            Action::Times => self.times = self.times.next(),
            Action::Histogram => self.histogram = !self.histogram,
            Action::Bookmark => self.bookmark(),
            Action::Back if self.request.is_some() => self.leave_request(height),
            _ => {
                let len = self.len();
                let was_last = self.cursor.at + 1 >= len;
                if !self.cursor.handle(action, len, height) {
                    return false;
                }
                (self.aim, self.held) = (None, None);
                // Whoever moves up reads: the screen stays where it is until it is let go.
                self.following = self.following && was_last && self.cursor.at + 1 >= len;
            }
        }
        true
    }

    /// How the group is doing, in a word or two.
    pub fn state_word(&self) -> &'static str {
        match self.status().map(|status| &status.state) {
            None | Some(State::CatchingUp) if self.is_over() => "all read",
            None | Some(State::CatchingUp) => "reading",
            Some(State::Live) => "live",
            Some(State::Waiting) => "waiting for the log group",
            Some(State::Throttled { .. }) => "throttled",
            Some(State::Offline { .. }) => "offline",
            Some(State::Credentials { .. }) => "no credentials",
            Some(State::Denied { .. }) => "denied",
            Some(State::Unsupported { .. }) => "can't be followed",
            Some(State::Failed { .. }) => "failed",
        }
    }
}
