//! One change of many functions: planned, confirmed once, applied one after the other.

use std::fmt::Write as _;

mod change;

pub(super) use change::stack_note;
pub use change::{BulkChange, RETENTION_DAYS};

use super::{Ticket, field::Field, list::Cursor};
use crate::domain::{
    change::{Consent, DiffLine, Mark, Order, bulk_phrase},
    place::{Place, Protected},
    text::{self, width},
};

/// What became of one function.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Being read.
    Reading,
    /// It has that already.
    Nothing,
    /// It can't be: why.
    Refused(String),
    /// It can't be just now: why. It may be tried again.
    Unready(String),
    /// To be done.
    Planned(Box<Order>),
    /// On its way.
    Sending(Box<Order>),
    /// Somebody else changed the function since it was read: it is read again.
    Rereading(Box<Order>),
    /// Done.
    Done(Box<Order>),
    /// Not done: why. It may be tried again.
    Failed(Box<Order>, String),
    /// It may have been done. It is not tried again by itself.
    Unknown(Box<Order>, String),
}

impl Step {
    /// Its shape and its word.
    pub fn word(&self) -> (&'static str, &'static str) {
        match self {
            Self::Reading => ("…", "reading"),
            Self::Nothing => ("=", "already so"),
            Self::Refused(_) => ("○", "left out"),
            Self::Unready(_) => ("○", "not now"),
            Self::Planned(_) => ("~", ""),
            Self::Sending(_) => ("◐", "sending"),
            Self::Rereading(_) => ("◐", "reading again"),
            Self::Done(_) => ("●", "done"),
            Self::Failed(..) => ("✗", "failed"),
            Self::Unknown(..) => ("?", "outcome unknown"),
        }
    }

    /// The change, where there is one.
    pub fn order(&self) -> Option<&Order> {
        match self {
            Self::Planned(order)
            | Self::Sending(order)
            | Self::Rereading(order)
            | Self::Done(order)
            | Self::Failed(order, _)
            | Self::Unknown(order, _) => Some(order),
            _ => None,
        }
    }

    /// Why it is as it is.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Refused(why) | Self::Unready(why) | Self::Failed(_, why) | Self::Unknown(_, why) => {
                Some(why)
            }
            _ => None,
        }
    }

    /// Whether another try is worth it: it failed, was not sent, or nobody knows.
    fn is_open(&self) -> bool {
        matches!(self, Self::Unready(_) | Self::Planned(_) | Self::Failed(..) | Self::Unknown(..))
    }

    /// What is to be changed first, what can't be next, what is so already last.
    fn rank(&self) -> u8 {
        match self {
            Self::Refused(_) | Self::Unready(_) => 1,
            Self::Nothing => 2,
            Self::Done(_) => 3,
            _ => 0,
        }
    }
}

/// One function of the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Function name.
    pub name: Box<str>,
    /// What became of it.
    pub step: Step,
    /// What one should know of it.
    pub notes: Vec<String>,
    /// Its log group, while that is read.
    pub group: Option<String>,
    /// What was sent before, where nobody knows whether it was done.
    pub sent: Option<Box<Order>>,
    /// Whether it was changed and has not settled yet, as far as is known.
    pub settling: bool,
}

impl Row {
    /// A function that is going to be read.
    pub fn new(name: Box<str>) -> Self {
        Self { name, step: Step::Reading, notes: Vec::new(), group: None, sent: None, settling: false }
    }

    /// What is told of it: `512 MB → 1024 MB`, `failed: ...`. Fit to be shown: values are told by their length.
    pub fn text(&self, stage: Stage) -> String {
        let (_, word) = self.step.word();
        let unsent = stage == Stage::Over && matches!(self.step, Step::Planned(_));
        let word = match (unsent, self.settling) {
            (true, _) => "not sent",
            (_, true) => "done, settling",
            _ => word,
        };
        let mut text = word.to_owned();
        if let Some(order) = self.step.order() {
            let changes: Vec<String> = order.change.diff().iter().map(before_and_after).collect();
            let changes = changes.join(", ");
            text = if text.is_empty() { changes } else { format!("{text}  {changes}") };
        }
        if let Some(why) = self.step.why() {
            text.push_str(": ");
            text.push_str(why);
        }
        for note in &self.notes {
            text.push_str("  ! ");
            text.push_str(note);
        }
        text
    }
}

fn before_and_after(line: &DiffLine) -> String {
    match line.mark {
        Mark::Added => format!("(none) → {}", line.after),
        Mark::Removed => format!("{} → (none)", line.before),
        Mark::Changed => format!("{} → {}", line.before, line.after),
    }
}

/// Where the whole is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Functions are read.
    Reading,
    /// The plan is there; the count is to be typed.
    Planned,
    /// Under way.
    Applying,
    /// Ends after the one that is on its way.
    Stopping,
    /// Over.
    Over,
}

/// How many functions stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Not read yet.
    pub reading: usize,
    /// To be done.
    pub planned: usize,
    /// They have it already.
    pub nothing: usize,
    /// They can't be, or not just now.
    pub refused: usize,
    /// On their way.
    pub sending: usize,
    /// Done.
    pub done: usize,
    /// Not done.
    pub failed: usize,
    /// Nobody knows.
    pub unknown: usize,
}

/// A change of many functions.
#[derive(Debug)]
pub struct Bulk {
    /// The request of the reads, then of the write on its way.
    pub ticket: Ticket,
    /// The session's epoch: with another one nothing is sent.
    pub epoch: u32,
    /// Account, region, endpoint.
    pub place: Place,
    /// Whether the configuration file protects the place or one of the functions.
    pub protected: bool,
    /// The change.
    pub change: BulkChange,
    /// Function by function.
    pub rows: Vec<Row>,
    /// Where it is.
    pub stage: Stage,
    /// What must be typed.
    pub phrase: String,
    /// What was typed.
    pub field: Field,
    /// Whether something else was typed.
    pub mistyped: bool,
    /// How it was agreed to.
    pub consent: Option<Consent>,
    /// How many functions were agreed to.
    pub agreed: usize,
    /// Functions that are still to be read to see whether they have settled, and how often that was done.
    pub(super) watch: (usize, u32),
    /// Scroll position of the rows.
    pub cursor: Cursor,
    /// Whether the screen stays with the function that is being changed.
    pub follows: bool,
}

impl Bulk {
    /// Rows of the overlay above the functions: place, counts, a rule.
    pub const HEAD: u16 = 3;
    /// Rows below them: a rule, what can be done, the text field.
    pub const FOOT: u16 = 3;

    /// A plan of functions that are going to be read.
    pub fn new(ticket: Ticket, place: Place, change: BulkChange, names: Vec<Box<str>>) -> Self {
        Self {
            ticket,
            epoch: ticket.epoch,
            place,
            protected: false,
            change,
            rows: names.into_iter().map(Row::new).collect(),
            stage: Stage::Reading,
            phrase: String::new(),
            field: Field::default(),
            mistyped: false,
            consent: None,
            agreed: 0,
            watch: (0, 0),
            cursor: Cursor::default(),
            follows: true,
        }
    }

    /// Whether the number of functions is to be typed now.
    pub fn takes_text(&self) -> bool {
        self.stage == Stage::Planned
    }

    /// Whether functions are being changed.
    pub fn is_under_way(&self) -> bool {
        matches!(self.stage, Stage::Applying | Stage::Stopping)
    }

    /// How many functions stand where.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for row in &self.rows {
            *match row.step {
                Step::Reading => &mut counts.reading,
                Step::Nothing => &mut counts.nothing,
                Step::Refused(_) | Step::Unready(_) => &mut counts.refused,
                Step::Planned(_) => &mut counts.planned,
                Step::Sending(_) | Step::Rereading(_) => &mut counts.sending,
                Step::Done(_) => &mut counts.done,
                Step::Failed(..) => &mut counts.failed,
                Step::Unknown(..) => &mut counts.unknown,
            } += 1;
        }
        counts
    }

    /// How many of those that were agreed to are behind it.
    pub fn behind(&self) -> usize {
        let counts = self.counts();
        self.agreed.saturating_sub(counts.planned + counts.sending)
    }

    /// Where it is, in one line: `12 of 40, 1 failed`.
    pub fn progress(&self) -> String {
        let counts = self.counts();
        let mut text = format!("{} of {}", self.behind(), self.agreed);
        push_count(&mut text, counts.failed, "failed");
        push_count(&mut text, counts.unknown, "unknown");
        text
    }

    /// What it came to: `11 done, 1 failed, 2 not sent`.
    pub fn outcome(&self) -> String {
        let counts = self.counts();
        let mut text = String::new();
        if counts.done > 0 || self.agreed > 0 {
            push_count_even_none(&mut text, counts.done, "done");
        }
        push_count(&mut text, counts.failed, "failed");
        push_count(&mut text, counts.unknown, "unknown");
        push_count(&mut text, counts.planned, "not sent");
        push_count(&mut text, counts.nothing, "already so");
        push_count(&mut text, counts.refused, "left out");
        text
    }

    /// Whether there is something to be tried again.
    pub fn is_open(&self) -> bool {
        self.rows.iter().any(|row| row.step.is_open())
    }

    /// All functions are read: what is to be typed, or that there is nothing to do.
    pub(super) fn planned(&mut self, protected: &Protected) {
        self.rows.sort_by_key(|row| row.step.rank());
        self.field.set("");
        self.mistyped = false;
        self.cursor = Cursor::default();
        let planned = || self.rows.iter().filter(|row| matches!(row.step, Step::Planned(_)));
        let count = planned().count();
        let place = protected.covers_place(&self.place);
        self.protected = place || planned().any(|row| protected.covers(&self.place, &row.name));
        self.phrase = bulk_phrase(count, &self.place, self.protected);
        for row in self.rows.iter_mut().filter(|row| matches!(row.step, Step::Planned(_))) {
            if !place && protected.covers(&self.place, &row.name) {
                row.notes.push("its name is protected".into());
            }
        }
        self.agreed = 0;
        self.stage = if count == 0 { Stage::Over } else { Stage::Planned };
    }

    /// Begins anew with those that may be tried again; answers with their names.
    pub(super) fn reopen(&mut self, ticket: Ticket) -> Vec<Box<str>> {
        self.ticket = ticket;
        self.stage = Stage::Reading;
        self.consent = None;
        self.follows = true;
        self.cursor = Cursor::default();
        self.rows.iter_mut().for_each(|row| row.settling = false);
        for row in self.rows.iter_mut().filter(|row| row.step.is_open()) {
            row.sent = match std::mem::replace(&mut row.step, Step::Reading) {
                Step::Unknown(order, _) => Some(order),
                _ => None,
            };
            row.notes.clear();
            row.group = None;
        }
        self.rows.iter().filter(|row| row.step == Step::Reading).map(|row| row.name.clone()).collect()
    }

    /// Columns of a row: the mark, the name, what is told.
    pub fn columns(&self, columns: usize) -> [usize; 3] {
        let longest = self.rows.iter().map(|row| width(&row.name)).max().unwrap_or_default();
        let name = longest.clamp(8, (columns / 3).max(8));
        [1, name, columns.saturating_sub(name + 4).max(1)]
    }

    /// The rows of the screen that each function takes where there are so many columns.
    pub fn heights(&self, columns: usize) -> impl Iterator<Item = usize> {
        let [_, name, told] = self.columns(columns);
        self.rows
            .iter()
            .map(move |row| text::rows(&row.name, name).max(text::rows(&row.text(self.stage), told)))
    }

    /// Scrolls so that the function that is being changed is on the screen.
    pub(super) fn follow(&mut self, columns: usize, height: usize) {
        let at = self.rows.iter().position(|row| matches!(row.step, Step::Sending(_) | Step::Rereading(_)));
        let Some(at) = at.filter(|_| self.follows) else { return };
        let heights: Vec<usize> = self.heights(columns).collect();
        let above: usize = heights[..at].iter().sum();
        let last = heights.iter().sum::<usize>().saturating_sub(height);
        // In the middle: what comes next shows as well.
        self.cursor.top = above.saturating_sub(height / 2).min(last);
    }
}

fn push_count(text: &mut String, count: usize, word: &str) {
    if count > 0 {
        push_count_even_none(text, count, word);
    }
}

fn push_count_even_none(text: &mut String, count: usize, word: &str) {
    if !text.is_empty() {
        text.push_str(", ");
    }
    let _ = write!(text, "{count} {word}");
}
