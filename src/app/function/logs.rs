//! The Logs tab: a log group's history, then what comes.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{
    app::{Action, Effect, Ticket, field::Field, list::Cursor, overlay::Page},
    domain::{
        format, json,
        text::{sanitise, sanitise_lines},
    },
    tail::{Filter, GapKind, Row, RowKey, State, Status, Store, Update, View},
};

/// Memory for the lines of one log, in bytes. The oldest make room.
const STORE_BYTES: usize = 256 << 20;

/// Rows that a new filter looks at before a key is looked for again.
const SCAN: usize = 50_000;

/// Columns that one step scrolls sideways.
const SIDEWAYS: usize = 8;

/// How far back the history goes at first.
const FIRST_HISTORY: SignedDuration = SignedDuration::from_mins(15);

/// How far back it goes at most: the longest that one would wait for.
const LONGEST_HISTORY: SignedDuration = SignedDuration::from_hours(24 * 30);

/// The tab's part of the state.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct LogsPane {
    /// The log group that is followed.
    pub group: Option<String>,
    /// The follow under way.
    pub ticket: Option<Ticket>,
    /// How far back the history goes.
    pub history: SignedDuration,
    /// Whether all of the history is there.
    pub history_done: bool,
    /// All that came.
    pub store: Store,
    view: View,
    /// How the group is doing.
    pub status: Option<Status>,
    /// Stretches in which events may be missing: what made them, and from when on.
    pub gaps: Vec<(GapKind, i64)>,
    /// The filter as it is typed.
    pub filter: Field,
    /// Whether the filter is being typed.
    pub filter_focused: bool,
    /// Only errors.
    pub errors_only: bool,
    /// Long lines are wrapped.
    pub wrap: bool,
    /// The leftmost column on the screen.
    pub left: usize,
    /// Whether the screen stays at the newest row.
    pub following: bool,
    /// Rows that came while it did not.
    pub new: usize,
    /// The selected row, counted in what the filter leaves.
    pub cursor: Cursor,
}

impl Default for LogsPane {
    fn default() -> Self {
        let store = Store::new(STORE_BYTES);
        Self {
            group: None,
            ticket: None,
            history: FIRST_HISTORY,
            history_done: false,
            view: View::new(&store, Filter::all()),
            store,
            status: None,
            gaps: Vec::new(),
            filter: Field::default(),
            filter_focused: false,
            errors_only: false,
            wrap: false,
            left: 0,
            following: true,
            new: 0,
            cursor: Cursor::default(),
        }
    }
}

impl LogsPane {
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

    /// The filter that is applied.
    pub fn applied(&self) -> &Filter {
        self.view.filter()
    }

    /// Whether the filter still has rows to look at.
    pub fn is_scanning(&self) -> bool {
        !self.view.is_complete(&self.store)
    }

    /// Begins to follow a group. What came before goes: a new follow tells it again.
    pub(in crate::app) fn begin(&mut self, ticket: Ticket, group: String, now: Timestamp) -> Effect {
        let since = now.checked_sub(self.history).unwrap_or(Timestamp::UNIX_EPOCH);
        *self = Self {
            group: Some(group.clone()),
            ticket: Some(ticket),
            history: self.history,
            filter: std::mem::take(&mut self.filter),
            errors_only: self.errors_only,
            wrap: self.wrap,
            ..Self::default()
        };
        self.apply_filter();
        Effect::FollowLogs { ticket, group, since }
    }

    /// News of the follow.
    pub(in crate::app) fn receive(&mut self, ticket: Ticket, update: Update, height: usize) {
        if self.ticket != Some(ticket) {
            return;
        }
        match update {
            Update::Events { batch, .. } => {
                let place = self.place();
                let before = self.view.len();
                for arrival in &batch {
                    let inserted = self.store.insert(arrival);
                    self.view.apply(&self.store, &inserted);
                }
                if !self.following {
                    self.new += self.view.len().saturating_sub(before);
                }
                self.restore(place, height);
            }
            Update::Status(status) => self.status = Some(status),
            Update::HistoryDone { .. } => self.history_done = true,
            Update::Gap { kind, from_ms, repaired, .. } => {
                self.gaps.retain(|gap| *gap != (kind, from_ms));
                if !repaired {
                    self.gaps.push((kind, from_ms));
                }
            }
        }
    }

    /// Looks at some more rows, where the filter still has some to look at.
    pub(in crate::app) fn tick(&mut self, height: usize) {
        if self.is_scanning() {
            let place = self.place();
            self.view.scan(&self.store, SCAN);
            self.restore(place, height);
        }
    }

    /// The selected row, and how far below the top of the screen it is.
    fn place(&self) -> Option<(RowKey, usize)> {
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

    fn apply_filter(&mut self) {
        let filter = Filter::text(self.filter.text()).errors_only(self.errors_only);
        self.view = View::new(&self.store, filter);
        self.view.scan(&self.store, SCAN);
    }

    fn refilter(&mut self, height: usize) {
        let place = self.place();
        self.apply_filter();
        self.restore(place, height);
        let len = self.view.len();
        self.cursor.go(self.cursor.at, len, height);
    }

    /// Handles what concerns the tab alone. Answers whether it did.
    pub(in crate::app) fn handle(&mut self, action: &Action, height: usize) -> bool {
        if self.filter_focused {
            return self.handle_filter(action, height);
        }
        match action {
            Action::Bottom | Action::Follow => self.follow(true, height),
            Action::Pause => self.follow(!self.following, height),
            Action::Filter => self.filter_focused = true,
            Action::Wrap => {
                self.wrap = !self.wrap;
                self.left = 0;
            }
            Action::ErrorsOnly => {
                self.errors_only = !self.errors_only;
                self.refilter(height);
            }
            Action::Left => self.left = self.left.saturating_sub(SIDEWAYS),
            Action::Right if !self.wrap => self.left += SIDEWAYS,
            Action::Back if !self.filter.text().is_empty() => {
                self.filter.set("");
                self.refilter(height);
            }
            _ => {
                let len = self.len();
                let was_last = self.cursor.at + 1 >= len;
                if !self.cursor.handle(action, len, height) {
                    return false;
                }
                // Whoever moves up reads: the screen stays where it is until it is let go.
                self.following = self.following && was_last && self.cursor.at + 1 >= len;
            }
        }
        true
    }

    fn handle_filter(&mut self, action: &Action, height: usize) -> bool {
        let changed = match action {
            Action::Open => {
                self.filter_focused = false;
                return true;
            }
            Action::Back => {
                self.filter_focused = false;
                self.filter.set("");
                true
            }
            Action::Text(input) => self.filter.input(input.clone()),
            Action::Paste(text) => self.filter.paste(text.reveal()),
            _ => return false,
        };
        if changed {
            self.refilter(height);
        }
        true
    }

    fn follow(&mut self, following: bool, height: usize) {
        self.following = following;
        self.new = 0;
        self.restore(self.place(), height);
    }

    /// Goes further back next time. Answers whether it can.
    pub(in crate::app) fn lengthen(&mut self) -> bool {
        let longer = self.history.saturating_mul(4).min(LONGEST_HISTORY);
        let can = longer > self.history;
        self.history = longer;
        can
    }

    /// The selected event in full.
    pub(in crate::app) fn page(&self, zone: &TimeZone) -> Option<Page> {
        let row = self.get(self.cursor.at)?;
        let at = format::from_millis(row.timestamp);
        let mut lines = vec![
            format!("time      {}", format::iso(at, zone)),
            format!("ingested  {}", format::iso(format::from_millis(row.ingestion), zone)),
            format!("group     {}", sanitise(row.group)),
            format!("stream    {}", sanitise(row.stream)),
            String::new(),
        ];
        let message = json::pretty(row.message).unwrap_or_else(|| row.message.to_owned());
        lines.extend(sanitise_lines(&message).lines().map(str::to_owned));
        Some(Page { title: "Log event".into(), lines, cursor: Cursor::default() })
    }

    /// How the group is doing, in a word or two.
    pub fn state_word(&self) -> &'static str {
        match self.status.as_ref().map(|status| &status.state) {
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
