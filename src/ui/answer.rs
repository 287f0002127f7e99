//! An answer over the whole screen.

use ratatui::{
    buffer::{Buffer, Cell},
    layout::Rect,
    style::{Modifier, Style},
};

use super::{
    Theme, invocation, json,
    overlay::more,
    paint::{self, Row, Shown, json_line, note, pieces},
};
use crate::{
    app::{
        App,
        answer::{AnswerPane, ErrorPart, ErrorText, Subject, Typing, View},
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
/// Bytes of a key that a row of the tree shows.
const KEY: usize = 400;
/// Bytes that a character has at most, with those that combine with it left aside.
const LONGEST_CHARACTER: usize = 4;
/// Columns that a level of the tree is indented by, and the most that are.
const INDENT: usize = 2;
const DEEPEST: usize = 20;

/// What is searched, and the match that one is at.
struct Searched {
    needle: Needle,
    /// Its line, and its first byte there.
    at: Option<(usize, usize)>,
}

pub(super) fn draw(app: &App, pane: &AnswerPane, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let areas = layout::answer(size);
    match &pane.subject {
        Subject::Invocation(number) => {
            let invocation = app.invocations.get(*number);
            let target = invocation.map(|invocation| sanitise(&invocation.request.target()).into_owned());
            let title = format!("#{number} {}", target.unwrap_or_default());
            paint::frame(buffer, areas.frame, &title, theme);
            if let Some(invocation) = invocation {
                invocation::heading(app, invocation, theme, buffer, areas.heading);
            }
        }
        Subject::LogEvent(event) => {
            paint::frame(buffer, areas.frame, &event.title, theme);
            note(buffer, areas.heading, 0, &[(&event.time, theme.text), (&event.stream, theme.dim)]);
        }
    }
    let empty = if pane.event().is_some() { "The message is empty." } else { "The response is empty." };
    views(pane, theme, buffer, areas.views);
    let needle = pane.searched.as_deref().and_then(Needle::new);
    let searched = needle.map(|needle| Searched { needle, at: pane.found });
    let searched = searched.as_ref();
    let text = |lines, pager| Text { lines, pager, searched, area: areas.text };
    let below = match (pane.view, pane.level()) {
        (View::Error, _) => pane
            .error
            .as_ref()
            .is_some_and(|error| self::error(error, &text(&error.lines, pane.pagers[0]), theme, buffer)),
        (View::Headers, _) => plain(&text(&pane.headers, pane.pagers[1]), "There are none.", theme, buffer),
        (View::Log, _) => {
            let none = "None came: it comes with an answer that is waited for.";
            plain(&text(&pane.log, pane.pagers[2]), none, theme, buffer)
        }
        (View::Tree, Some(level)) => level
            .tree()
            .is_some_and(|tree| self::tree(tree, level.cursor, searched, theme, buffer, areas.text)),
        (View::Raw, Some(level)) => plain(&text(level.body.raw(), level.raw), empty, theme, buffer),
        (View::Pretty, Some(level)) if level.body.document().is_some() => {
            let text = text(level.body.pretty(), level.pretty);
            text.each(theme, buffer, |_, shown, buffer| json_line(buffer, areas.text, shown, theme))
        }
        (View::Pretty, Some(level)) => plain(&text(level.body.pretty(), level.pretty), empty, theme, buffer),
        (_, None) => {
            let text = if pane.event().is_some() { "Reading it…" } else { "Reading what came of it…" };
            note(buffer, areas.text, 0, &[(text, theme.dim)]);
            false
        }
    };
    more(below, areas.frame, theme, buffer);
    line(pane, theme, buffer, areas.line);
}

fn views(pane: &AnswerPane, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let mut row = Row::new(buffer, area, 0);
    for view in pane.views() {
        if view == pane.view {
            row.put(&format!("[{}]", pane.label(view)), theme.accent);
        } else {
            row.put(&format!(" {} ", pane.label(view)), theme.dim);
        }
    }
    if let Some(level) = pane.levels.iter().skip(1).last() {
        // What is below shows by its number only: the last is what one looks at.
        let signs = ">".repeat((pane.levels.len() - 1).min(9));
        row.skip(1).put(&signs, theme.dim).skip(1).put(&sanitise(&level.title), theme.title);
    }
}

/// What is typed, what is wrong, or where one is.
fn line(pane: &AnswerPane, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let mut row = Row::new(buffer, area, 0);
    row.skip(1);
    if let Some(typed) = &pane.typed {
        if pane.problem.is_some() {
            row.put_right("✗ not there", theme.error);
        }
        row.put(if typed.what == Typing::Search { "/" } else { "jq " }, theme.accent);
        row.field(&typed.field, true, theme);
    } else if pane.pending.is_some() {
        let stops = if pane.levels.is_empty() { "" } else { ", esc stops" };
        row.put(&format!("◐ working{stops}"), theme.warning);
    } else if let Some(problem) = &pane.problem {
        row.put("✗ ", theme.error).put(&sanitise(problem), theme.text);
    } else if let Some(path) = pane.path_end(usize::from(area.columns) * LONGEST_CHARACTER) {
        // Its end tells more than its beginning.
        row.put(&text::fit_start(&sanitise(&path), row.room()), theme.dim);
    } else if let Some(searched) = &pane.searched {
        row.put_right("n next  N before", theme.dim);
        row.put("/", theme.dim).put(&sanitise(searched), theme.dim);
    }
}

/// A text, from where one is.
struct Text<'t> {
    lines: &'t Lines,
    pager: Pager,
    searched: Option<&'t Searched>,
    area: Area,
}

impl Text<'_> {
    /// Draws each line that is on the screen, then marks what is searched; answers whether there are more below.
    fn each(
        &self,
        theme: &Theme,
        buffer: &mut Buffer,
        mut draw: impl FnMut(usize, &Shown<&str>, &mut Buffer),
    ) -> bool {
        let (height, columns) = (usize::from(self.area.rows), usize::from(self.area.columns));
        let pager = self.pager.within(self.lines, (height, columns));
        let (mut row, mut hidden) = (0, pager.hidden);
        for nth in pager.line..self.lines.count() {
            if row >= height {
                return true;
            }
            let line = self.lines.line(nth);
            let shown = Shown { item: line, hidden, nth: row };
            draw(nth, &shown, buffer);
            self.mark(nth, &shown, theme, buffer);
            row += text::rows(line, columns).max(1).saturating_sub(hidden).max(1);
            hidden = 0;
        }
        row > height
    }

    fn mark(&self, line: usize, shown: &Shown<&str>, theme: &Theme, buffer: &mut Buffer) {
        let Some(Searched { needle, at }) = self.searched else { return };
        let found = self.lines.marks(line, needle);
        if found.is_empty() {
            return;
        }
        let rows = shown.nth..usize::from(self.area.rows);
        for (nth, piece) in rows.zip(wrap(shown.item, usize::from(self.area.columns)).skip(shown.hidden)) {
            for found in &found {
                let (from, to) = (found.start.max(piece.start), found.end.min(piece.end));
                let (Some(before), Some(inside)) =
                    (shown.item.get(piece.start..from), shown.item.get(from..to))
                else {
                    continue;
                };
                let style = match_style(*at == Some((line, found.start)), theme);
                highlight(nth, width(before), width(inside), style, buffer, self.area);
            }
        }
    }
}

/// The match that one is at, and the others.
fn match_style(is_at: bool, theme: &Theme) -> Style {
    let here = if is_at { theme.cursor } else { Style::new() };
    here.add_modifier(Modifier::UNDERLINED)
}

fn plain(text: &Text<'_>, none: &str, theme: &Theme, buffer: &mut Buffer) -> bool {
    if text.lines.is_empty() {
        note(buffer, text.area, 0, &[(none, theme.dim)]);
        return false;
    }
    text.each(theme, buffer, |_, shown, buffer| text_line(shown, theme.text, buffer, text.area))
}

fn text_line(shown: &Shown<&str>, style: Style, buffer: &mut Buffer, area: Area) {
    let rows = shown.nth..usize::from(area.rows);
    for (nth, piece) in rows.zip(pieces(shown.item, usize::from(area.columns)).skip(shown.hidden)) {
        Row::new(buffer, area, nth).put(piece, style);
    }
}

fn error(error: &ErrorText, text: &Text<'_>, theme: &Theme, buffer: &mut Buffer) -> bool {
    text.each(theme, buffer, |nth, shown, buffer| {
        text_line(shown, error_style(error.part(nth), theme), buffer, text.area);
    })
}

/// How a line of an error is shown.
pub(super) fn error_style(part: ErrorPart, theme: &Theme) -> Style {
    match part {
        ErrorPart::Message => theme.error,
        ErrorPart::Hint => theme.accent,
        ErrorPart::Own => theme.title,
        ErrorPart::Other => theme.text,
    }
}

fn highlight(nth: usize, column: usize, columns: usize, style: Style, buffer: &mut Buffer, area: Area) {
    let cells = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
    let x = area.column.saturating_add(cells(column));
    let right = area.column.saturating_add(area.columns);
    let wide = cells(columns).min(right.saturating_sub(x));
    let place = Rect { x, y: area.row.saturating_add(cells(nth)), width: wide, height: 1 };
    buffer.set_style(place.intersection(buffer.area), style);
}

fn tree(
    (document, folds): (&Document, &Folds),
    cursor: Cursor,
    searched: Option<&Searched>,
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
        let is_open = kind.is_container() && document.children(node) > 0;
        let shape = match (is_open, folds.is_closed(node)) {
            (true, true) => "▸ ",
            (true, false) => "▾ ",
            (false, _) => "  ",
        };
        row.put(shape, theme.dim);
        if let Some(key) = document.key_head(node, KEY) {
            let style = if selected { theme.key.add_modifier(Modifier::BOLD) } else { theme.key };
            // A key of nothing must be seen, too.
            let key = if key.is_empty() { "\"\"".into() } else { sanitise(&key) };
            row.put(&key, style).put(": ", theme.dim);
        } else if let Some(index) = document.index(node) {
            row.put(&index.to_string(), theme.dim).put(": ", theme.dim);
        }
        value(document, node, folds.is_closed(node), theme, &mut row);
        if let Some(Searched { needle, .. }) = searched {
            mark_row(nth, selected, needle, theme, buffer, area);
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
            let mark = if cut < raw.len() { "…" } else { "" };
            let style = if kind == Kind::String {
                theme.json(json::Part::String)
            } else {
                theme.json(json::Part::Literal)
            };
            row.put(&sanitise(&raw[..cut]), style).put(mark, theme.dim);
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
fn mark_row(nth: usize, selected: bool, needle: &Needle, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let y = area.row.saturating_add(u16::try_from(nth).unwrap_or(u16::MAX));
    let columns = area.column..area.column.saturating_add(area.columns).min(buffer.area.right());
    if y >= buffer.area.bottom() {
        return;
    }
    let line: String = columns.filter_map(|x| buffer.cell((x, y))).map(Cell::symbol).collect();
    for found in needle.matches(&line) {
        let style = match_style(selected, theme);
        highlight(nth, width(&line[..found.start]), width(&line[found]), style, buffer, area);
    }
}
