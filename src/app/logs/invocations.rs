//! The invocations that the lines of a log tell of, a row each; and one of them, with its lines alone.

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp, ToSpan};

use super::{LogsPane, RequestLog, Times};
use crate::{
    app::{
        Action, Ticket,
        layout::{self, Area, Size},
        list::Cursor,
    },
    domain::format,
    tail::{
        FoldScan, Folded, Invocations, RowKey,
        invocations::{Invocation, Neighbours, Status},
    },
};

/// The rows that are read at first, so that something shows at once, and then at a time.
const FIRST_SLICE: usize = 4_000;
const SLICE: usize = 20_000;

/// Up to so many rows are brought into order with every line that comes; more of them only so often.
const AT_ONCE: usize = 5_000;
const PAUSE: SignedDuration = SignedDuration::from_millis(200);

/// What the table is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Column {
    /// When they began, newest first.
    #[default]
    Start,
    /// How long they took, slowest first.
    Duration,
    /// Those that failed first.
    Errors,
    /// How much of their memory they used, most first.
    Memory,
    /// How long their init phase took, longest first.
    Init,
}

impl Column {
    const ALL: [Self; 5] = [Self::Start, Self::Duration, Self::Errors, Self::Memory, Self::Init];

    fn next(self) -> Self {
        let at = Self::ALL.iter().position(|column| *column == self).unwrap_or_default();
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    /// What an invocation is sorted by; those that have none come last.
    fn value(self, invocation: &Invocation) -> Option<i64> {
        #[allow(clippy::cast_possible_truncation, reason = "as saturates, and a microsecond less is none")]
        let micros = |ms: f64| (ms * 1000.0) as i64;
        match self {
            Self::Start => Some(invocation.at_ms()),
            Self::Duration => invocation.duration_ms.map(micros),
            Self::Errors => Some(i64::from(invocation.status.is_failure())),
            Self::Memory => invocation.memory_share().map(i64::from),
            Self::Init => invocation.init_ms.or(invocation.restore_ms).map(micros),
        }
    }
}

/// What the table shows of an invocation's order and of the sums above it.
#[derive(Clone, Copy, Debug)]
struct Row {
    number: u32,
    value: Option<i64>,
    at_ms: i64,
    duration_ms: Option<f64>,
    memory_share: Option<u32>,
    is_failure: bool,
    is_cold: bool,
}

/// What the invocations come to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    /// How many there are.
    pub count: usize,
    /// Those that failed.
    pub failed: usize,
    /// Those whose environment was made for them.
    pub cold: usize,
    /// The median of the durations, their 95th percentile, and the longest, in milliseconds.
    pub durations_ms: Option<[f64; 3]>,
    /// The largest share of the configured memory that one used, in per cent.
    pub memory_share: Option<u32>,
}

/// Where one comes back to from the lines of one invocation.
#[derive(Debug)]
struct Back {
    times: Times,
    place: Option<(RowKey, usize)>,
    following: bool,
    new: usize,
}

/// The table of invocations.
#[derive(Debug)]
pub struct InvocationsPane {
    /// What is known of them.
    pub fold: Invocations,
    /// The rows that are being read.
    pending: Option<Ticket>,
    /// When the rows were brought into order.
    arranged_at: Option<Timestamp>,
    /// All that the filter shows, in order.
    rows: Vec<Row>,
    /// The numbers of those that the table shows, in order.
    shown: Vec<u32>,
    /// What they are sorted by.
    pub sort: Column,
    /// Whether the order is turned around.
    pub reversed: bool,
    /// Only those that failed.
    pub failed_only: bool,
    /// What they come to.
    pub summary: Summary,
    /// The selected row.
    pub cursor: Cursor,
    /// The request that was selected. At the top it is whatever comes there.
    chosen: Option<Box<str>>,
    /// Where one comes back to, while the lines of one invocation are looked at.
    back: Option<Back>,
}

impl InvocationsPane {
    fn new(fold: Invocations) -> Self {
        Self {
            fold,
            pending: None,
            arranged_at: None,
            rows: Vec::new(),
            shown: Vec::new(),
            sort: Column::default(),
            reversed: false,
            failed_only: false,
            summary: Summary::default(),
            cursor: Cursor::default(),
            chosen: None,
            back: None,
        }
    }

    /// How many rows the table has.
    pub fn len(&self) -> usize {
        self.shown.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// The invocation in a row.
    pub fn get(&self, at: usize) -> Option<Invocation<'_>> {
        self.fold.get(*self.shown.get(at)?)
    }

    /// The selected one.
    pub fn selected(&self) -> Option<Invocation<'_>> {
        self.get(self.cursor.at)
    }

    /// Brings what has changed into the table. The selected row stays on its invocation.
    fn arrange(&mut self, height: usize) {
        let changes = self.fold.changes();
        self.rows.retain(|row| !changes.contains(&row.number));
        for number in changes {
            let invocation = self.fold.get(number).filter(|invocation| invocation.shown > 0);
            self.rows.extend(invocation.map(|invocation| row_of(number, &invocation, self.sort)));
        }
        self.order(height);
    }

    /// Sorts and sums up.
    fn order(&mut self, height: usize) {
        let reversed = self.reversed;
        // What did not change is in order: a sort that is stable takes that as a run.
        self.rows.sort_by(|one, other| compare(one, other, reversed));
        let failed_only = self.failed_only;
        let shown = self.rows.iter().filter(|row| !failed_only || row.is_failure);
        self.shown = shown.map(|row| row.number).collect();
        self.summary = sum_up(&self.rows);
        self.stay(height);
    }

    fn stay(&mut self, height: usize) {
        let below_top = self.cursor.at.saturating_sub(self.cursor.top);
        let number = self.chosen.as_deref().and_then(|id| self.fold.find(id));
        let at = number.and_then(|number| self.shown.iter().position(|shown| *shown == number));
        if let Some(at) = at {
            self.cursor.top = at.saturating_sub(below_top);
        }
        self.cursor.go(at.unwrap_or(self.cursor.at), self.shown.len(), height);
        if at.is_none() && self.chosen.is_some() && number.is_none() {
            self.choose();
        }
    }

    /// The row that is selected is meant, wherever it goes.
    fn choose(&mut self) {
        let id = self.selected().map(|invocation| invocation.id.into());
        self.chosen = id.filter(|_| self.cursor.at > 0);
    }

    fn sort_again(&mut self, height: usize) {
        let (fold, sort) = (&self.fold, self.sort);
        for row in &mut self.rows {
            row.value = fold.get(row.number).and_then(|invocation| sort.value(&invocation));
        }
        self.order(height);
    }

    /// Handles what concerns the table alone. Answers whether it did.
    pub(in crate::app) fn handle(&mut self, action: &Action, height: usize) -> bool {
        match action {
            Action::Sort => {
                self.sort = self.sort.next();
                self.reversed = false;
                self.sort_again(height);
            }
            Action::ReverseSort => {
                self.reversed = !self.reversed;
                self.order(height);
            }
            Action::ErrorsOnly => {
                self.failed_only = !self.failed_only;
                self.order(height);
            }
            _ => {
                let moved = self.cursor.handle(action, self.shown.len(), height);
                if moved {
                    self.choose();
                }
                return moved;
            }
        }
        true
    }

    /// Selects a row of the screen. Answers whether there is one.
    pub(in crate::app) fn click(&mut self, nth: usize, height: usize) -> bool {
        let at = self.cursor.top + nth;
        let is_there = at < self.shown.len();
        if is_there {
            self.cursor.go(at, self.shown.len(), height);
            self.choose();
        }
        is_there
    }
}

fn row_of(number: u32, invocation: &Invocation, sort: Column) -> Row {
    Row {
        number,
        value: sort.value(invocation),
        at_ms: invocation.at_ms(),
        duration_ms: invocation.duration_ms,
        memory_share: invocation.memory_share(),
        is_failure: invocation.status.is_failure(),
        is_cold: invocation.cold,
    }
}

/// The largest value first, or last; of equals the newest; without a value behind all others.
fn compare(one: &Row, other: &Row, reversed: bool) -> Ordering {
    let by_value = match (one.value, other.value) {
        (Some(one), Some(other)) if reversed => one.cmp(&other),
        (one, other) => other.cmp(&one),
    };
    let by_time = other.at_ms.cmp(&one.at_ms).then(other.number.cmp(&one.number));
    by_value.then(if reversed { by_time.reverse() } else { by_time })
}

fn sum_up(rows: &[Row]) -> Summary {
    let mut durations: Vec<f64> = rows.iter().filter_map(|row| row.duration_ms).collect();
    let last = durations.len().checked_sub(1);
    // The nearest rank: of 20 durations the 95th percentile is the 19th.
    let mut rank = |percent: usize| {
        let at = (durations.len() * percent).div_ceil(100).saturating_sub(1);
        *durations.select_nth_unstable_by(at, f64::total_cmp).1
    };
    Summary {
        count: rows.len(),
        failed: rows.iter().filter(|row| row.is_failure).count(),
        cold: rows.iter().filter(|row| row.is_cold).count(),
        durations_ms: last.map(|_| [50, 95, 100].map(&mut rank)),
        memory_share: rows.iter().filter_map(|row| row.memory_share).max(),
    }
}

/// The table: how the log is doing, what the invocations come to, the names of the columns, the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableLayout {
    /// How the log is doing.
    pub status: Area,
    /// What the invocations come to.
    pub summary: Area,
    /// The names of the columns.
    pub heading: Area,
    /// The rows.
    pub rows: Area,
}

/// Divides the content of a log for the table. On a low screen the rows stay.
pub fn divide(size: Size) -> TableLayout {
    let content = layout::tab(size).content;
    let status = u16::from(content.rows > 1);
    let heading = u16::from(content.rows > 3);
    let summary = u16::from(content.rows > 5);
    let part = |row: u16, rows: u16| Area { row: content.row + row, rows, ..content };
    let above = status + summary + heading;
    TableLayout {
        status: part(0, status),
        summary: part(status, summary),
        heading: part(status + summary, heading),
        rows: part(above, content.rows - above),
    }
}

impl LogsPane {
    /// The table of invocations, where it is on the screen.
    pub fn table(&self) -> Option<&InvocationsPane> {
        self.invocations.as_deref().filter(|_| self.request.is_none())
    }

    pub(in crate::app) fn table_mut(&mut self) -> Option<&mut InvocationsPane> {
        self.invocations.as_deref_mut().filter(|_| self.request.is_none())
    }

    /// Whether the lines on the screen are those of an invocation that was opened from the table.
    pub fn is_opened(&self) -> bool {
        self.request.is_some() && self.invocations.as_ref().is_some_and(|table| table.back.is_some())
    }

    /// What is known of the invocation whose lines are looked at, where it was opened from the table.
    pub fn opened(&self) -> Option<(Invocation<'_>, Neighbours)> {
        let table = self.invocations.as_ref().filter(|table| table.back.is_some())?;
        let number = table.fold.find(self.request.as_ref()?.id.as_deref()?)?;
        Some((table.fold.get(number)?, table.fold.neighbours(number)))
    }

    /// Shows the table in the place of the lines.
    pub(in crate::app) fn open_invocations(&mut self, height: usize) {
        if self.request.is_some() {
            self.leave_request(height);
        }
        let fold = Invocations::new(&self.store, self.wanted_of_all());
        self.invocations = Some(Box::new(InvocationsPane::new(fold)));
    }

    /// Back to the lines.
    pub(in crate::app) fn close_invocations(&mut self) {
        if let Some(back) = self.invocations.take().and_then(|table| table.back) {
            self.times = back.times;
        }
    }

    /// The store is another one.
    pub(super) fn restart_invocations(&mut self) {
        let filter = self.wanted_of_all();
        if let Some(table) = &mut self.invocations {
            table.fold.restart(&self.store, filter);
            table.rows.clear();
        }
    }

    /// The lines of the selected invocation alone, from its first one on. They are there already.
    pub(in crate::app) fn open_selected(&mut self, now: Timestamp, height: usize) {
        let Some(invocation) = self.table().and_then(InvocationsPane::selected) else { return };
        let is_running = invocation.status_at(now.as_millisecond()) == Status::Running;
        let first = invocation.first;
        let request = RequestLog {
            number: None,
            id: Some(invocation.id.to_owned()),
            sent: format::from_millis(invocation.at_ms()),
            ended: invocation.ended_ms.map(format::from_millis),
            queued: false,
        };
        let back = Back { times: self.times, place: self.place(), following: self.following, new: self.new };
        if let Some(table) = &mut self.invocations {
            table.chosen = request.id.as_deref().map(Into::into);
            table.back = Some(back);
        }
        self.request = Some(request);
        self.times = Times::Gap;
        self.following = is_running;
        self.aim = (!is_running).then_some((first, 0));
        self.new = 0;
        self.look_at_request();
        self.restore(self.place(), height);
    }

    /// Back to the table, at the same row.
    pub(in crate::app) fn leave_opened(&mut self, height: usize) {
        let Some(back) = self.invocations.as_mut().and_then(|table| table.back.take()) else { return };
        self.request = None;
        self.times = back.times;
        self.following = back.following;
        self.aim = back.place.filter(|_| !back.following);
        self.new = back.new;
        self.look_at_request();
        self.restore(self.place(), height);
        if let Some(table) = &mut self.invocations {
            table.choose();
        }
    }

    /// Brings the table up to date; answers with the rows that are to be read for it next.
    pub(in crate::app) fn settle_invocations(&mut self, now: Timestamp, height: usize) -> Option<FoldScan> {
        self.invocations.as_ref()?;
        let filter = self.wanted_of_all();
        let table = self.invocations.as_mut()?;
        if *table.fold.filter() != filter {
            table.fold.restart(&self.store, filter);
            table.rows.clear();
            table.order(height);
        }
        let rows = if table.fold.scanned() == 0 { FIRST_SLICE } else { SLICE };
        let scan = table.fold.scan(&self.store, rows);
        // A large table is brought into order a few times a second: it takes a look at all of its rows.
        let is_due =
            table.rows.len() < AT_ONCE || table.arranged_at.is_none_or(|at| now.duration_since(at) >= PAUSE);
        if table.fold.has_changes() && is_due {
            table.arrange(height);
            table.arranged_at = Some(now);
        } else {
            let len = table.shown.len();
            table.cursor.go(table.cursor.at, len, height);
        }
        scan
    }

    /// Rows are being read.
    pub(in crate::app) fn fold_asked(&mut self, ticket: Ticket) {
        if let Some(table) = &mut self.invocations {
            table.pending = Some(ticket);
        }
    }

    /// Whether it is for this log that rows are being read.
    pub(in crate::app) fn awaits_fold(&self, ticket: Ticket) -> bool {
        self.invocations.as_ref().is_some_and(|table| table.pending == Some(ticket))
    }

    /// Rows were read.
    pub(in crate::app) fn folded(&mut self, folded: Folded) {
        if let Some(table) = &mut self.invocations {
            table.pending = None;
            table.fold.take(&self.store, folded);
        }
    }

    /// The next second of an invocation that runs on the screen.
    pub(in crate::app) fn invocations_clock(&self, now: Timestamp, height: usize) -> Option<Timestamp> {
        let table = self.table()?;
        if table.fold.has_changes() {
            return now.checked_add(PAUSE).ok();
        }
        let mut visible = table.cursor.visible(table.len(), height).filter_map(|at| table.get(at));
        let runs = visible.any(|invocation| invocation.status_at(now.as_millisecond()) == Status::Running);
        let next = now.checked_add(1.seconds()).ok().filter(|_| runs)?;
        // On the second, so that it ticks evenly.
        let over = SignedDuration::from_nanos(i64::from(next.subsec_nanosecond().max(0)));
        next.checked_sub(over).ok().filter(|at| *at > now).or(Some(next))
    }
}
