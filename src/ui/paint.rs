//! Small tools for writing text into cells: a row that knows how much room is left, and paragraphs of a few lines.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};
use unicode_segmentation::UnicodeSegmentation;

use super::{json, theme::Theme};
use crate::{
    app::{field::Field, layout::Area},
    domain::text::{fit, slice_columns, width, wrap},
};

/// Where a cell's text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// One row of the screen, written from both ends. What does not fit is cut and marked; nothing is ever written
/// outside.
pub(super) struct Row<'b> {
    buffer: &'b mut Buffer,
    y: u16,
    at: u16,
    end: u16,
}

impl<'b> Row<'b> {
    /// The row `nth` of an area, counted from 0. Outside of it there is no room.
    pub(super) fn new(buffer: &'b mut Buffer, area: Area, nth: usize) -> Self {
        let y =
            u16::try_from(nth).ok().filter(|nth| *nth < area.rows).map(|nth| area.row.saturating_add(nth));
        let bounds = buffer.area;
        let (at, end) = match y {
            Some(y) if y < bounds.bottom() => (
                area.column.min(bounds.right()),
                (area.column.saturating_add(area.columns)).min(bounds.right()),
            ),
            _ => (0, 0),
        };
        Self { buffer, y: y.unwrap_or_default(), at, end }
    }

    /// The columns that are left.
    pub(super) fn room(&self) -> usize {
        usize::from(self.end.saturating_sub(self.at))
    }

    /// Writes a text.
    pub(super) fn put(&mut self, text: &str, style: Style) -> &mut Self {
        let room = self.room();
        if room > 0 {
            let shown = fit(text, room);
            self.at = self.buffer.set_stringn(self.at, self.y, &shown, room, style).0;
        }
        self
    }

    /// Writes a text, or nothing where it does not fit as a whole.
    pub(super) fn put_whole(&mut self, text: &str, style: Style) -> bool {
        let fits = width(text) <= self.room();
        if fits {
            self.put(text, style);
        }
        fits
    }

    /// Leaves columns empty.
    pub(super) fn skip(&mut self, columns: usize) -> &mut Self {
        self.at = self.at.saturating_add(columns_u16(columns)).min(self.end);
        self
    }

    /// Goes back over columns that were left empty.
    pub(super) fn back(&mut self, columns: usize) -> &mut Self {
        self.at = self.at.saturating_sub(columns_u16(columns));
        self
    }

    /// Writes a text into a cell of `columns`, with two columns of room behind it.
    pub(super) fn cell(&mut self, text: &str, columns: usize, align: Align, style: Style) -> &mut Self {
        let columns = columns.min(self.room());
        let shown = fit(text, columns);
        let rest = columns - width(&shown).min(columns);
        match align {
            Align::Left => self.put(&shown, style).skip(rest),
            Align::Right => self.skip(rest).put(&shown, style),
        };
        self.skip(2)
    }

    /// Writes a text at the right end, if it fits as a whole with a column before it, and takes its room away.
    pub(super) fn put_right(&mut self, text: &str, style: Style) -> bool {
        let wide = width(text);
        if wide == 0 || wide + 1 > self.room() {
            return false;
        }
        let start = self.end - columns_u16(wide);
        self.buffer.set_stringn(start, self.y, text, wide, style);
        self.end = start - 1;
        true
    }

    /// Writes a text field with its cursor where it has the focus. A long text scrolls so that the cursor shows.
    pub(super) fn field(&mut self, field: &Field, focused: bool, theme: &Theme) -> &mut Self {
        let text = field.text();
        if !focused {
            return self.put(text, theme.text);
        }
        let room = self.room();
        if room == 0 {
            return self;
        }
        let before_end = text.char_indices().nth(field.cursor()).map_or(text.len(), |(at, _)| at);
        let (before, rest) = text.split_at(before_end);
        let under = rest.graphemes(true).next().unwrap_or(" ");
        let used = width(before) + width(under);
        let from = used.saturating_sub(room);
        let shown = slice_columns(before, from, room);
        self.put(&shown, theme.text).put(under, theme.cursor);
        let after = rest.get(under.len()..).unwrap_or_default();
        self.put(after, theme.text)
    }

    /// Fills what is left with one character.
    pub(super) fn rule(&mut self, symbol: &str, style: Style) {
        while self.room() > 0 {
            self.put(symbol, style);
        }
    }
}

fn columns_u16(columns: usize) -> u16 {
    u16::try_from(columns).unwrap_or(u16::MAX)
}

/// Makes an area empty.
pub(super) fn clear(buffer: &mut Buffer, area: Area) {
    let area = rect(area).intersection(buffer.area);
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            buffer[(x, y)].reset();
        }
    }
}

fn rect(area: Area) -> Rect {
    Rect::new(area.column, area.row, area.columns, area.rows)
}

/// A frame around an area, with a title in its upper edge. Answers what is inside.
pub(super) fn frame(buffer: &mut Buffer, area: Area, title: &str, theme: &Theme) -> Area {
    clear(buffer, area);
    let last = usize::from(area.rows.saturating_sub(1));
    for nth in 0..usize::from(area.rows) {
        let edge = nth == 0 || nth == last;
        let (left, right) = match nth {
            0 => ("┌", "┐"),
            _ if nth == last => ("└", "┘"),
            _ => ("│", "│"),
        };
        let mut row = Row::new(buffer, area, nth);
        row.put(left, theme.dim);
        let (start, end) = (row.at, row.end);
        row.end = row.end.saturating_sub(1);
        if nth == 0 {
            row.put(" ", theme.dim).put(title, theme.title).put(" ", theme.dim);
        }
        if edge {
            row.rule("─", theme.dim);
        }
        (row.at, row.end) = (end.saturating_sub(1).max(start), end);
        row.put(right, theme.dim);
    }
    Area {
        column: area.column.saturating_add(1),
        row: area.row.saturating_add(1),
        columns: area.columns.saturating_sub(2),
        rows: area.rows.saturating_sub(2),
    }
}

/// The pieces of a line that fit into `columns` columns each.
pub(super) fn pieces(line: &str, columns: usize) -> impl Iterator<Item = &str> {
    wrap(line, columns).map(|range| &line[range])
}

/// An item of several rows, as far as it is on the screen.
pub(super) struct Shown<T> {
    pub(super) item: T,
    /// Its rows above the screen.
    pub(super) hidden: usize,
    /// The row of the screen that it begins on.
    pub(super) nth: usize,
}

/// The items on a screen of `height` rows that is scrolled to row `top`, where `rows` tells the rows of an item. Also
/// answers whether there is more below. A screen is never scrolled beyond the last row.
pub(super) fn scrolled<I>(
    items: I,
    top: usize,
    height: usize,
    rows: impl Fn(&I::Item) -> usize,
) -> (Vec<Shown<I::Item>>, bool)
where
    I: Iterator + Clone,
{
    let total: usize = items.clone().map(|item| rows(&item)).sum();
    let top = top.min(total.saturating_sub(height));
    let (mut above, mut shown) = (0, Vec::new());
    for item in items {
        let end = above + rows(&item);
        if end > top {
            let nth = above.saturating_sub(top);
            if nth >= height {
                break;
            }
            shown.push(Shown { item, hidden: top.saturating_sub(above), nth });
        }
        above = end;
    }
    (shown, top + height < total)
}

/// One cell of a line of several rows: its first column, its columns, its text.
pub(super) struct Cell<'t> {
    pub(super) column: usize,
    pub(super) columns: usize,
    pub(super) text: &'t str,
    pub(super) style: Style,
}

/// Writes cells beside each other, each wrapped into its columns, from a row of the area on. The first `hidden` rows
/// are above the screen.
pub(super) fn cells(buffer: &mut Buffer, area: Area, from: usize, hidden: usize, cells: &[Cell]) {
    for cell in cells {
        let rows = from..usize::from(area.rows);
        for (nth, piece) in rows.zip(pieces(cell.text, cell.columns).skip(hidden)) {
            Row::new(buffer, area, nth).skip(cell.column).put(piece, cell.style);
        }
    }
}

/// Up to this length in bytes a line is read for its colours.
const COLOURED: usize = 8 * 1024;

/// Writes what is shown of a line of JSON.
pub(super) fn json_line(buffer: &mut Buffer, area: Area, shown: &Shown<&str>, theme: &Theme) {
    let line = shown.item;
    let mut spans = Vec::new();
    if line.len() <= COLOURED {
        let mut at = 0;
        for (part, text) in json::parts(line) {
            spans.push((at..at + text.len(), theme.json(part)));
            at += text.len();
        }
    } else {
        spans.push((0..line.len(), theme.text));
    }
    let pieces = wrap(line, usize::from(area.columns)).skip(shown.hidden);
    for (nth, piece) in (shown.nth..usize::from(area.rows)).zip(pieces) {
        let mut row = Row::new(buffer, area, nth);
        for (span, style) in &spans {
            let text = line.get(span.start.max(piece.start)..span.end.min(piece.end));
            row.put(text.unwrap_or_default(), *style);
        }
    }
}

fn margin(area: Area) -> usize {
    if area.columns > 40 { 3 } else { usize::from(area.columns > 10) }
}

/// The columns of a paragraph in an area: not more than can be read well.
pub(super) fn note_columns(area: Area) -> usize {
    usize::from(area.columns).saturating_sub(2 * margin(area)).clamp(1, 100)
}

/// Paragraphs with a margin, each wrapped, from a row on. Answers the row behind them.
pub(super) fn note(buffer: &mut Buffer, area: Area, from: usize, paragraphs: &[(&str, Style)]) -> usize {
    let (margin, columns) = (margin(area), note_columns(area));
    let mut nth = from;
    for (text, style) in paragraphs {
        for piece in text.lines().flat_map(|line| pieces(line, columns)) {
            if nth >= usize::from(area.rows) {
                return nth;
            }
            Row::new(buffer, area, nth).skip(margin).put(piece, *style);
            nth += 1;
        }
    }
    nth
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_never_writes_outside() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 2));
        let area = Area { column: 4, row: 0, columns: 40, rows: 9 };
        Row::new(&mut buffer, area, 0).put("abcdef", Style::new()).put("x", Style::new());
        Row::new(&mut buffer, area, 5).put("abcdef", Style::new());
        assert!(!Row::new(&mut buffer, area, 1).put_right("xyz", Style::new()));
        assert_eq!(buffer, Buffer::with_lines(["    a…", "      "]));
    }

    #[test]
    fn scrolling_goes_by_rows_and_stops_at_the_last_one() {
        let rows = [1, 5, 1];
        let show = |top: usize| {
            let (shown, more) = scrolled(rows.iter(), top, 3, |rows| **rows);
            (shown.iter().map(|shown| (*shown.item, shown.hidden, shown.nth)).collect::<Vec<_>>(), more)
        };
        assert_eq!(show(0), (vec![(1, 0, 0), (5, 0, 1)], true));
        assert_eq!(show(2), (vec![(5, 1, 0)], true));
        assert_eq!(show(4), (vec![(5, 3, 0), (1, 0, 2)], false));
        assert_eq!(show(99), show(4));
    }
}
