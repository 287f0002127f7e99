//! Which rows of a log are on the screen: events take as many rows as they have lines, and between them stand rules
//! that say what is missing, or that another day begins. The state asks here to page and to answer the mouse, `ui` to
//! draw. Only events that are on the screen are read, and of each no more than [`READ`] bytes.

use std::{borrow::Cow, collections::VecDeque, ops::Range};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{LogsPane, Times, rules::Rule};
use crate::{
    app::{App, layout},
    domain::{
        format,
        log_line::{Folded, READ, fold},
        text::{width, wrap},
    },
    tail::Row,
};

/// An event has at most so many rows, and not more than the screen.
const MOST_ROWS: usize = 200;

/// From this width on times have their milliseconds.
const WIDE: usize = 60;

/// The most columns of a source's label.
const LABEL: usize = 16;

/// What decides, beside the log itself, what is on the screen.
#[derive(Clone, Debug)]
pub struct Look {
    /// Columns there are.
    pub columns: usize,
    /// Rows there are.
    pub rows: usize,
    /// The zone of what is shown.
    pub zone: TimeZone,
    /// The moment.
    pub now: Timestamp,
}

impl Look {
    /// Into an area, at a moment.
    pub fn new(area: layout::Area, zone: TimeZone, now: Timestamp) -> Self {
        Self { columns: usize::from(area.columns), rows: usize::from(area.rows), zone, now }
    }

    /// The zone in which days begin.
    fn days(&self, times: Times) -> TimeZone {
        if times == Times::Utc { TimeZone::UTC } else { self.zone.clone() }
    }
}

/// The columns that stand before an event's text, each with the blank behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// Which one is selected, and where there are any, bookmarks.
    pub marks: usize,
    /// The time.
    pub time: usize,
    /// The source, where there are several.
    pub source: usize,
    /// The level.
    pub level: usize,
    /// Whether times have their milliseconds.
    pub milliseconds: bool,
}

impl Columns {
    /// Where the text begins.
    pub fn text(&self) -> usize {
        self.marks + self.time + self.source + self.level
    }
}

/// An event that is on the screen.
#[derive(Debug)]
pub struct Shown<'a> {
    /// Its number in what the filter leaves.
    pub at: usize,
    /// The event.
    pub row: Row<'a>,
    /// What it says.
    pub folded: Folded<'a>,
    /// The bytes of the text that say how late it came.
    pub late: usize,
    /// Its rows: the bytes of the text on each.
    pub rows: Vec<Range<usize>>,
    /// What stands on one more row, where it has more lines than there is room for.
    pub more: Option<String>,
    /// Whether it goes on with the event above it, so that it needs no time of its own.
    pub joined: bool,
}

impl Shown<'_> {
    /// How many rows it takes.
    pub fn height(&self) -> usize {
        self.rows.len() + usize::from(self.more.is_some())
    }
}

/// A row of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A rule between events.
    Rule(Rule),
    /// A row of an event: its number in [`Screen::events`], and the row's in it.
    Event(usize, usize),
}

/// What is on the screen.
#[derive(Debug, Default)]
pub struct Screen<'a> {
    /// What stands before the texts.
    pub columns: Columns,
    /// The events, in order.
    pub events: Vec<Shown<'a>>,
    /// The rows, from the top.
    pub lines: Vec<Line>,
    /// Bytes of messages that were read for it.
    pub read: usize,
}

impl Screen<'_> {
    /// The first event that is on the screen from its first row on.
    pub fn first(&self) -> Option<usize> {
        self.lines.iter().find_map(|line| match line {
            Line::Event(event, 0) => Some(self.events.get(*event)?.at),
            _ => None,
        })
    }

    /// How many events begin on the screen.
    pub fn begun(&self) -> usize {
        self.lines.iter().filter(|line| matches!(line, Line::Event(_, 0))).count()
    }

    /// The event on a row.
    pub fn event_at(&self, row: usize) -> Option<usize> {
        match self.lines.get(row)? {
            Line::Event(event, _) => Some(self.events.get(*event)?.at),
            Line::Rule(_) => None,
        }
    }

    /// When the oldest and the newest event on it happened, in milliseconds since the epoch.
    pub fn span(&self) -> Option<(i64, i64)> {
        Some((self.events.first()?.row.timestamp, self.events.last()?.row.timestamp))
    }
}

/// An event with the rules around it.
struct Block<'a> {
    before: Vec<Rule>,
    event: Shown<'a>,
    after: Vec<Rule>,
}

impl Block<'_> {
    fn height(&self) -> usize {
        self.before.len() + self.event.height() + self.after.len()
    }
}

impl LogsPane {
    /// The columns before the texts.
    pub fn columns(&self, columns: usize) -> Columns {
        let milliseconds = columns >= WIDE;
        let time = match (self.times, milliseconds) {
            (Times::Clock, true) => 12,
            (Times::Utc, true) => 13,
            (Times::Utc, false) => 9,
            (Times::Clock | Times::Ago, _) => 8,
            (Times::Gap, _) => 10,
        };
        let labels = self.sources.iter().map(|source| width(&source.label)).max().unwrap_or_default();
        let source = match labels.min(LABEL).min(columns.saturating_sub(20) / 4) {
            _ if self.sources.len() < 2 => 0,
            0..4 => 0,
            source => source + 1,
        };
        let marks = 1 + usize::from(!self.bookmarks.is_empty());
        Columns { marks, time: time + 1, source, level: 6, milliseconds }
    }

    /// What is on the screen: the selected event in any case, else as [`super::Cursor::top`] has it; while following
    /// the newest one ends on the last row.
    pub fn screen(&self, look: &Look) -> Screen<'_> {
        let mut arranging = Arranging::new(self, look);
        let blocks = arranging.blocks();
        arranging.lines(blocks)
    }

    /// Before a key moves anything: the cursor is told where the screen begins. Answers how many events that one has.
    pub(in crate::app) fn settle(&mut self, look: &Look) -> usize {
        let screen = self.screen(look);
        let (first, begun) = (screen.first(), screen.begun());
        if let Some(first) = first {
            self.cursor.top = first.min(self.cursor.at);
        }
        begun.max(1)
    }
}

impl App {
    /// How the log that fills the screen is looked at.
    pub fn log_look(&self) -> Look {
        Look::new(layout::logs(self.size, self.log()).lines, self.zone(), self.now)
    }
}

/// The work on one screen.
struct Arranging<'p> {
    pane: &'p LogsPane,
    columns: Columns,
    height: usize,
    /// Columns of text.
    room: usize,
    days: TimeZone,
    today: Date,
    /// What stands between events, each with the number of the event below it.
    rules: Vec<(usize, Rule)>,
    read: usize,
}

impl<'p> Arranging<'p> {
    fn new(pane: &'p LogsPane, look: &Look) -> Self {
        let columns = pane.columns(look.columns);
        let days = look.days(pane.times);
        Self {
            pane,
            columns,
            height: look.rows,
            room: look.columns.saturating_sub(columns.text()).max(1),
            today: days.to_datetime(look.now).date(),
            days,
            rules: pane.rules(),
            read: 0,
        }
    }

    fn day(&self, timestamp: i64) -> Date {
        self.days.to_datetime(format::from_millis(timestamp)).date()
    }

    fn block(&mut self, at: usize) -> Option<Block<'p>> {
        let row = self.pane.get(at)?;
        let above = at.checked_sub(1).and_then(|at| self.pane.get(at));
        let mut before: Vec<Rule> = self.rules_at(at).collect();
        let day = self.day(row.timestamp);
        if day != above.map_or(self.today, |above| self.day(above.timestamp)) {
            before.push(Rule::Day(day));
        }
        let after = if at + 1 == self.pane.len() { self.rules_at(at + 1).collect() } else { Vec::new() };
        let joined = row.marks.continues
            && before.is_empty()
            && above.is_some_and(|above| (above.group, above.stream) == (row.group, row.stream));
        Some(Block { before, event: self.event(at, row, joined), after })
    }

    fn rules_at(&self, at: usize) -> impl Iterator<Item = Rule> {
        self.rules.iter().filter(move |(below, _)| *below == at).map(|(_, rule)| rule.clone())
    }

    fn event(&mut self, at: usize, row: Row<'p>, joined: bool) -> Shown<'p> {
        // Whoever scrolled far to the right wants to see what is there.
        let limit = READ.max(if self.pane.wrap { 0 } else { (self.pane.left + self.room) * 4 });
        self.read += row.message.len().min(limit);
        let mut folded = fold(row.message, limit);
        let late = row.late_by_ms.map(|late| format!("late +{} s ", late / 1000)).unwrap_or_default();
        if !late.is_empty() {
            folded.text = Cow::Owned(format!("{late}{}", folded.text));
            for key in &mut folded.keys {
                *key = key.start + late.len()..key.end + late.len();
            }
        }
        let most = self.height.clamp(1, MOST_ROWS);
        let mut rows = self.rows_of(&folded, most + 1);
        let mut more = None;
        if rows.len() > most {
            // The last row says so, where there is more than one.
            rows.truncate(most.saturating_sub(1).max(1));
            let behind = &folded.text[rows.last().map_or(0, |row| row.end)..];
            let lines = memchr::memchr_iter(b'\n', behind.as_bytes()).count();
            more = (most > 1).then(|| match lines {
                lines if folded.cut || lines == 0 => "… goes on, enter shows all".to_owned(),
                1 => "… 1 more line, enter shows all".to_owned(),
                lines => format!("… {lines} more lines, enter shows all"),
            });
        } else if folded.cut {
            folded.text.to_mut().push('…');
            if let Some(last) = rows.last_mut() {
                last.end = folded.text.len();
            }
        }
        Shown { at, row, folded, late: late.len(), rows, more, joined }
    }

    /// The first rows of a text: its lines, or the pieces that fit.
    fn rows_of(&self, folded: &Folded<'_>, most: usize) -> Vec<Range<usize>> {
        if !self.pane.wrap {
            return folded.lines().take(most).collect();
        }
        let pieces = folded.lines().flat_map(|line| {
            let pieces = wrap(&folded.text[line.clone()], self.room);
            pieces.map(move |piece| line.start + piece.start..line.start + piece.end)
        });
        pieces.take(most).collect()
    }

    /// Whether the day is to be told above an event that comes first on the screen.
    fn is_undated(&self, block: &Block) -> bool {
        self.day(block.event.row.timestamp) != self.today
            && !block.before.iter().any(|rule| matches!(rule, Rule::Day(_)))
    }

    /// The events that are on the screen, the first and the last of them not always as a whole.
    fn blocks(&mut self) -> VecDeque<Block<'p>> {
        let pane = self.pane;
        let mut blocks = VecDeque::new();
        let Some(last) = pane.len().checked_sub(1) else { return blocks };
        if self.height == 0 {
            return blocks;
        }
        let selected = pane.cursor.at.min(last);
        let Some(block) = self.block(selected) else { return blocks };
        let mut taken = block.height();
        blocks.push_back(block);
        let topmost = if pane.following { 0 } else { pane.cursor.top.min(selected) };
        taken = self.upward(&mut blocks, taken, topmost);
        let mut at = selected;
        while taken < self.height && at < last {
            at += 1;
            let Some(block) = self.block(at) else { break };
            taken += block.height();
            blocks.push_back(block);
        }
        // No empty rows at the end while there are events above.
        taken = self.upward(&mut blocks, taken, 0);
        if pane.following
            && taken < self.height
            && let Some(first) = blocks.front().and_then(|block| block.event.at.checked_sub(1))
            && let Some(block) = self.block(first)
        {
            blocks.push_front(block);
        }
        blocks
    }

    /// Takes events above the first one, as many as fit as a whole.
    fn upward(&mut self, blocks: &mut VecDeque<Block<'p>>, mut taken: usize, topmost: usize) -> usize {
        while let Some(first) = blocks.front().map(|block| block.event.at)
            && first > topmost
            && taken < self.height
        {
            let Some(block) = self.block(first - 1) else { break };
            let with = taken + block.height();
            if with + usize::from(self.is_undated(&block)) > self.height {
                break;
            }
            taken = with;
            blocks.push_front(block);
        }
        taken
    }

    /// Lays the events out in rows.
    fn lines(self, blocks: VecDeque<Block<'p>>) -> Screen<'p> {
        let height = self.height;
        let undated = blocks.front().filter(|block| self.is_undated(block));
        let undated = undated.map(|block| Rule::Day(self.day(block.event.row.timestamp)));
        let selected = self.pane.cursor.at.min(self.pane.len().saturating_sub(1));
        let (mut lines, mut events): (Vec<Line>, Vec<Shown>) = (Vec::new(), Vec::new());
        lines.extend(undated.map(Line::Rule));
        let (mut start, mut end) = (0, 0);
        for Block { before, event, after } in blocks {
            lines.extend(before.into_iter().map(Line::Rule));
            if event.at == selected {
                (start, end) = (lines.len(), lines.len() + event.height());
            }
            lines.extend((0..event.height()).map(|row| Line::Event(events.len(), row)));
            lines.extend(after.into_iter().map(Line::Rule));
            events.push(event);
        }
        let beyond = if self.pane.following { lines.len() } else { end }.saturating_sub(height).min(start);
        lines.drain(..beyond);
        lines.truncate(height);
        // A day's rule that was pushed off the screen is still told.
        if let (true, Some(Line::Event(event, _))) = (beyond > 0, lines.first())
            && let Some(shown) = events.get(*event)
            && shown.at != selected
            && self.day(shown.row.timestamp) != self.today
        {
            lines[0] = Line::Rule(Rule::Day(self.day(shown.row.timestamp)));
        }
        Screen { columns: self.columns, events, lines, read: self.read }
    }
}

#[cfg(test)]
mod tests;
