//! Two functions, versions or aliases side by side.

use ratatui::buffer::Buffer;

use super::{
    Theme,
    overlay::more,
    paint::{self, Cell, Row, Shown, cells, note, scrolled},
};
use crate::{
    app::{
        compare::{Comparing, GAP, Line, Widths, cell},
        layout::{self, Area, Size},
    },
    domain::{
        compare,
        text::{self, sanitise},
    },
};

pub(super) fn draw(comparing: &Comparing, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let areas = layout::page(size);
    paint::frame(buffer, areas.frame, "Compare", theme);
    let columns = usize::from(areas.text.columns);
    let widths = comparing.widths(columns);
    let used = titles(comparing, &widths, theme, buffer, areas.text);
    counts(comparing, theme, Row::new(buffer, areas.text, used));
    let head = u16::try_from(comparing.head_rows(columns)).unwrap_or(u16::MAX);
    let body = Area {
        row: areas.text.row.saturating_add(head),
        rows: areas.text.rows.saturating_sub(head),
        ..areas.text
    };
    if comparing.result.value.is_none() {
        match &comparing.result.error {
            Some(error) => {
                let hint = error.hint.clone().unwrap_or_default();
                let paragraphs = [
                    (format!("✗ {}", error.message), theme.error),
                    (hint, theme.accent),
                    ("r reads both again.".to_owned(), theme.dim),
                ];
                let paragraphs: Vec<_> = paragraphs.iter().map(|(text, style)| (&**text, *style)).collect();
                note(buffer, body, 1, &paragraphs);
            }
            None => _ = note(buffer, body, 1, &[("Reading both sides…", theme.dim)]),
        }
        return;
    }
    let lines = comparing.lines();
    if lines.is_empty() {
        note(buffer, body, 1, &[("Nothing differs. ! shows all.", theme.text)]);
        return;
    }
    let height = usize::from(body.rows);
    let (shown, below) = scrolled(lines.iter(), comparing.cursor.top, height, |line| widths.rows(line));
    for Shown { item, hidden, nth } in shown {
        match item {
            Line::Group(name, differing, all) => {
                let mut row = Row::new(buffer, body, nth);
                row.put(name, theme.title).skip(GAP).put(&format!("{differing} of {all} differ"), theme.dim);
            }
            Line::Row(item) => row(item, &widths, theme, buffer, body, nth, hidden),
        }
    }
    more(below, areas.frame, theme, buffer);
}

/// Which side is which. Answers how many rows that took.
fn titles(comparing: &Comparing, widths: &Widths, theme: &Theme, buffer: &mut Buffer, area: Area) -> usize {
    let titles = comparing.titles().map(|title| sanitise(&title).into_owned());
    let mut used = 0;
    for (nth, title) in titles.iter().enumerate() {
        let rows = text::rows(title, widths.side).min(3);
        let first = if widths.stacked { used } else { 0 };
        let column = match (widths.stacked, nth) {
            (true, _) => 2,
            (false, 0) => left(widths),
            (false, _) => right(widths),
        };
        if widths.stacked {
            Row::new(buffer, area, first).put(if nth == 0 { "<" } else { ">" }, theme.dim);
        }
        let area = Area { rows: area.rows.min(u16::try_from(first + rows).unwrap_or(u16::MAX)), ..area };
        let cell = Cell { column, columns: widths.side, text: title, style: theme.title };
        cells(buffer, area, first, 0, &[cell]);
        used = if widths.stacked { used + rows } else { used.max(rows) };
    }
    used
}

fn counts(comparing: &Comparing, theme: &Theme, mut row: Row) {
    let (differing, all) = comparing.counts();
    if comparing.result.value.is_some() {
        let style = if differing > 0 { theme.warning } else { theme.good };
        row.put(&format!("{differing} of {all} differ"), style);
        if comparing.differences_only {
            row.skip(GAP).put("only what differs is shown", theme.dim);
        }
        match (&comparing.result.error, comparing.result.pending) {
            (_, Some(_)) => _ = row.skip(GAP).put("reading…", theme.warning),
            (Some(_), None) => _ = row.skip(GAP).put("✗ not read again, this is older", theme.error),
            (None, None) => {}
        }
        row.skip(1);
    }
    row.rule("─", theme.dim);
}

fn left(widths: &Widths) -> usize {
    widths.mark + widths.name + 2 * GAP
}

fn right(widths: &Widths) -> usize {
    left(widths) + widths.side + GAP
}

fn row(
    row: &compare::Row,
    widths: &Widths,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Area,
    nth: usize,
    hidden: usize,
) {
    let (mark, style) = if row.equal { ("= equal", theme.dim) } else { ("≠ differs", theme.warning) };
    let mark = if widths.mark == 1 { mark.split(' ').next().unwrap_or(mark) } else { mark };
    let text = if row.equal { theme.dim } else { theme.text };
    let side = |side: &Option<String>| sanitise(cell(side.as_deref())).into_owned();
    let (one, other) = (side(&row.left), side(&row.right));
    let name = sanitise(&row.name);
    let at = |column: usize, columns: usize, text, style| Cell { column, columns, text, style };
    if !widths.stacked {
        let line = [
            at(0, widths.mark, mark, style),
            at(widths.mark + GAP, widths.name, &name, text),
            at(left(widths), widths.side, &one, text),
            at(right(widths), widths.side, &other, text),
        ];
        cells(buffer, area, nth, hidden, &line);
        return;
    }
    let column = widths.mark + GAP;
    let same = row.equal && row.left == row.right;
    let mut parts = vec![("", &*name, 0)];
    parts.push((if same { "=" } else { "<" }, &one, 2));
    if !same {
        parts.push((">", &other, 2));
    }
    let (mut above, mut first) = (0, true);
    for (sign, text_of, indent) in parts {
        let columns = if indent == 0 { widths.name } else { widths.side };
        let rows = text::rows(text_of, columns);
        let (from, skipped) = (nth + above.max(hidden) - hidden, hidden.saturating_sub(above));
        if skipped < rows {
            let mut line = vec![at(column + indent, columns, text_of, text)];
            if skipped == 0 {
                line.push(at(column, 1, sign, theme.dim));
                if first {
                    line.push(at(0, widths.mark, mark, style));
                }
            }
            for cell in line {
                cells(buffer, area, from, if cell.columns == columns { skipped } else { 0 }, &[cell]);
            }
        }
        above += rows;
        first = false;
    }
}
