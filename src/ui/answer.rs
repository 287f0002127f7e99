//! An answer over the whole screen.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{
    Theme, invocation, json,
    overlay::more,
    paint::{self, Row, Shown, json_line, note, pieces},
};
use crate::{
    app::{
        App,
        answer::{AnswerPane, ErrorText, Level, Typing, View},
        layout::{self, Area, Size},
        list::Cursor,
        pager::{Lined as _, Pager},
    },
    domain::{
        document::{Document, Kind, folds::Folds},
        lines::Lines,
        needle::Needle,
        text::{self, sanitise, width, wrap},
    },
};

/// Characters of a value that a row of the tree shows.
const VALUE: usize = 400;
/// Columns that a level of the tree is indented by, and the most that are.
const INDENT: usize = 2;
const DEEPEST: usize = 20;

pub(super) fn draw(app: &App, pane: &AnswerPane, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let areas = layout::answer(size);
    let invocation = app.invocations.get(pane.number);
    let target = invocation.map(|invocation| sanitise(&invocation.request.target()).into_owned());
    let title = format!("#{} {}", pane.number, target.unwrap_or_default());
    paint::frame(buffer, areas.frame, &title, theme);
    if let Some(invocation) = invocation {
        invocation::heading(app, invocation, theme, buffer, areas.heading);
    }
    views(pane, theme, buffer, areas.views);
    let needle = pane.searched.as_deref().and_then(Needle::new);
    let needle = needle.as_ref();
    let below = match (pane.view, pane.level()) {
        (View::Error, _) => pane
            .error
            .as_ref()
            .is_some_and(|error| self::error(error, pane.pagers[0], needle, theme, buffer, areas.text)),
        (View::Headers, _) => plain(&pane.headers, pane.pagers[1], needle, theme, buffer, areas.text),
        (View::Log, _) => plain(&pane.log, pane.pagers[2], needle, theme, buffer, areas.text),
        (View::Tree, Some(level)) => match level.tree() {
            Some((document, folds)) => tree(document, folds, level.cursor, needle, theme, buffer, areas.text),
            None => false,
        },
        (View::Raw, Some(level)) => plain(level.body.raw(), level.raw, needle, theme, buffer, areas.text),
        (View::Pretty, Some(level)) => pretty(level, needle, theme, buffer, areas.text),
        (_, None) => false,
    };
    more(below, areas.frame, theme, buffer);
    line(pane, theme, buffer, areas.line);
}

fn views(pane: &AnswerPane, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let mut row = Row::new(buffer, area, 0);
    for view in pane.views() {
        if view == pane.view {
            row.put(&format!("[{}]", view.label()), theme.accent);
        } else {
            row.put(&format!(" {} ", view.label()), theme.dim);
        }
    }
    for level in pane.levels.iter().skip(1) {
        row.skip(1).put("> ", theme.dim).put(&sanitise(&level.title), theme.title);
    }
}

/// What is typed, what is wrong, or where one is.
fn line(pane: &AnswerPane, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let mut row = Row::new(buffer, area, 0);
    row.skip(1);
    if let Some((typing, field)) = &pane.typing {
        row.put(if *typing == Typing::Search { "/" } else { "jq " }, theme.accent).field(field, true, theme);
    } else if pane.pending.is_some() {
        row.put("◐ working, esc stops", theme.warning);
    } else if let Some(problem) = &pane.problem {
        row.put("✗ ", theme.error).put(problem, theme.text);
    } else if let Some(path) = pane.path() {
        row.put(&sanitise(&path), theme.dim);
    } else if let Some(searched) = &pane.searched {
        row.put("/", theme.dim)
            .put(&sanitise(searched), theme.dim)
            .skip(2)
            .put("n next  N before", theme.dim);
    }
}

/// Draws lines from where one is; answers whether there are more below.
fn each(lines: &Lines, pager: Pager, area: Area, mut draw: impl FnMut(usize, &Shown<&str>)) -> bool {
    let (columns, height) = (usize::from(area.columns), usize::from(area.rows));
    let (mut row, mut hidden) = (0, pager.hidden);
    for nth in pager.line..lines.count() {
        if row >= height {
            return true;
        }
        let text = lines.line(nth);
        draw(nth, &Shown { item: text, hidden, nth: row });
        row += text::rows(text, columns).max(1).saturating_sub(hidden).max(1);
        hidden = 0;
    }
    row > height
}

fn plain(
    lines: &Lines,
    pager: Pager,
    needle: Option<&Needle>,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Area,
) -> bool {
    if lines.is_empty() {
        note(buffer, area, 0, &[("There is none.", theme.dim)]);
        return false;
    }
    each(lines, pager, area, |_, shown| {
        text_line(shown, theme.text, buffer, area);
        mark(shown, needle, theme, buffer, area);
    })
}

fn text_line(shown: &Shown<&str>, style: Style, buffer: &mut Buffer, area: Area) {
    let rows = shown.nth..usize::from(area.rows);
    for (nth, piece) in rows.zip(pieces(shown.item, usize::from(area.columns)).skip(shown.hidden)) {
        Row::new(buffer, area, nth).put(piece, style);
    }
}

fn pretty(level: &Level, needle: Option<&Needle>, theme: &Theme, buffer: &mut Buffer, area: Area) -> bool {
    let lines = level.body.pretty();
    if lines.is_empty() {
        note(buffer, area, 0, &[("The response is empty.", theme.dim)]);
        return false;
    }
    let is_json = level.body.document().is_some();
    each(lines, level.pretty, area, |_, shown| {
        if is_json {
            json_line(buffer, area, shown, theme);
        } else {
            text_line(shown, theme.text, buffer, area);
        }
        mark(shown, needle, theme, buffer, area);
    })
}

fn error(
    error: &ErrorText,
    pager: Pager,
    needle: Option<&Needle>,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Area,
) -> bool {
    each(&error.lines, pager, area, |nth, shown| {
        let style = if error.hint == Some(nth) {
            theme.accent
        } else if error.own.contains(&nth) {
            theme.title
        } else if nth == 0 {
            theme.error
        } else {
            theme.text
        };
        text_line(shown, style, buffer, area);
        mark(shown, needle, theme, buffer, area);
    })
}

/// Marks what was searched in a line that is drawn.
fn mark(shown: &Shown<&str>, needle: Option<&Needle>, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let Some(needle) = needle else { return };
    let line = shown.item;
    let found: Vec<_> = needle.matches(line).collect();
    if found.is_empty() {
        return;
    }
    let rows = shown.nth..usize::from(area.rows);
    for (nth, piece) in rows.zip(wrap(line, usize::from(area.columns)).skip(shown.hidden)) {
        for found in &found {
            let (from, to) = (found.start.max(piece.start), found.end.min(piece.end));
            let (Some(before), Some(inside)) = (line.get(piece.start..from), line.get(from..to)) else {
                continue;
            };
            highlight(nth, width(before), width(inside), theme, buffer, area);
        }
    }
}

fn highlight(nth: usize, column: usize, columns: usize, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let cells = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
    let x = area.column.saturating_add(cells(column));
    let right = area.column.saturating_add(area.columns);
    let wide = cells(columns).min(right.saturating_sub(x));
    let place = Rect { x, y: area.row.saturating_add(cells(nth)), width: wide, height: 1 };
    buffer.set_style(place.intersection(buffer.area), theme.cursor);
}

fn tree(
    document: &Document,
    folds: &Folds,
    cursor: Cursor,
    needle: Option<&Needle>,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Area,
) -> bool {
    let height = usize::from(area.rows);
    // A frame of another size than the state knows must show the selected one all the same.
    let top = cursor.top.max((cursor.at + 1).saturating_sub(height.max(1)));
    for (nth, node) in folds.rows().iter().skip(top).take(height).enumerate() {
        let node = *node as usize;
        let mut row = Row::new(buffer, area, nth);
        let selected = top + nth == cursor.at;
        row.put(if selected { ">" } else { " " }, theme.accent);
        row.skip(document.depth(node).min(DEEPEST) * INDENT);
        let kind = document.kind(node);
        let is_open = matches!(kind, Kind::Object | Kind::Array) && document.children(node) > 0;
        let shape = match (is_open, folds.is_closed(node)) {
            (true, true) => "▸ ",
            (true, false) => "▾ ",
            (false, _) => "  ",
        };
        row.put(shape, theme.dim);
        if let Some(key) = document.key(node) {
            row.put(&sanitise(&key), theme.key).put(": ", theme.dim);
        } else if let Some(index) = document.index(node) {
            row.put(&index.to_string(), theme.dim).put(": ", theme.dim);
        }
        value(document, node, folds.is_closed(node), theme, &mut row);
        if selected {
            row.rule(" ", theme.text);
        }
        if let Some(needle) = needle {
            mark_row(nth, needle, theme, buffer, area);
        }
    }
    top + height < folds.rows().len()
}

fn value(document: &Document, node: usize, closed: bool, theme: &Theme, row: &mut Row<'_>) {
    let count = document.children(node);
    let (open, close, word) = match document.kind(node) {
        Kind::Object => ("{", "}", if count == 1 { "member" } else { "members" }),
        Kind::Array => ("[", "]", if count == 1 { "item" } else { "items" }),
        kind => {
            let raw = document.raw(node);
            let cut = raw.char_indices().nth(VALUE).map_or(raw.len(), |(at, _)| at);
            let style = if kind == Kind::String {
                theme.json(json::Part::String)
            } else {
                theme.json(json::Part::Literal)
            };
            row.put(&sanitise(&raw[..cut]), style);
            return;
        }
    };
    match (count, closed) {
        (0, _) => row.put(open, theme.dim).put(close, theme.dim),
        (_, true) => row.put(&format!("{open}…{close}  {count} {word}"), theme.dim),
        (_, false) => row.put(&format!("{count} {word}"), theme.dim),
    };
}

/// Marks what was searched in a row as it stands on the screen.
fn mark_row(nth: usize, needle: &Needle, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let y = area.row.saturating_add(u16::try_from(nth).unwrap_or(u16::MAX));
    let columns = area.column..area.column.saturating_add(area.columns).min(buffer.area.right());
    if y >= buffer.area.bottom() {
        return;
    }
    let line: String = columns.filter_map(|x| buffer.cell((x, y))).map(|cell| cell.symbol()).collect();
    let found: Vec<_> = needle.matches(&line).collect();
    for found in found {
        highlight(nth, width(&line[..found.start]), width(&line[found]), theme, buffer, area);
    }
}
