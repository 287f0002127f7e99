//! The filters of a log: those in force as a row of chips above the lines, and all of them in a list.

use ratatui::{
    buffer::Buffer,
    style::{Modifier, Style},
};
use unicode_segmentation::UnicodeSegmentation;

use crate::{
    app::{
        App,
        layout::{self, Area, Size},
        logs::{
            LogsPane,
            filters::{Filters, Typing},
        },
        overlay::Overlay,
    },
    domain::text::{fit, sanitise, slice_columns, width},
    tail::Kind,
    ui::{
        Theme,
        overlay::more,
        paint::{self, Align, Row, note},
    },
};

/// The most columns that one filter takes among others.
const CHIP: usize = 32;

/// The sign of what a filter does, and the word for it.
fn kind(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Include => ("+", "only what matches"),
        Kind::Exclude => ("-", "not what matches"),
        Kind::Highlight => ("*", "marked"),
    }
}

fn style(kind: Kind, theme: &Theme) -> Style {
    match kind {
        Kind::Include => theme.accent,
        Kind::Exclude => theme.warning,
        Kind::Highlight => theme.good,
    }
}

/// The filters in force with what is being typed, and below them what the service is asked for.
pub(super) fn draw_chips(pane: &LogsPane, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let filters = &pane.filters;
    let mut nth = 0;
    if filters.takes_text() || !filters.kept.is_empty() || !filters.live().is_empty() {
        let mut row = Row::new(buffer, area, 0);
        chips(filters, theme, row.skip(1));
        nth = 1;
    }
    if let Some(asked) = filters.asked() {
        let mut row = Row::new(buffer, area, nth);
        let (says, does) = match (filters.is_asked_otherwise(), asked.is_wider()) {
            (true, _) => ("! the service still filters: ", "P asks for what matches now"),
            (false, true) => ("the service filters: ", "the rest is filtered here; P asks for all"),
            (false, false) => ("the service filters: ", "P asks for all"),
        };
        let pattern = sanitise(asked.pattern());
        row.skip(1);
        let room = row.room();
        if width(says) + 8 + width(does) < room {
            row.put_right(" ", theme.text);
            row.put_right(does, theme.dim);
        }
        row.put(says, theme.warning).put(&pattern, theme.text);
    }
}

fn chips(filters: &Filters, theme: &Theme, row: &mut Row) {
    let typing = filters.typing;
    // Whoever types has half of the row at least, and more where there is something to be said of it.
    let mut room = match (typing, &filters.error) {
        (None, _) => row.room(),
        (Some(_), None) => row.room() / 2,
        (Some(_), Some(_)) => row.room() / 3,
    };
    let mut hidden = 0;
    let mut chip = |text: String, style: Style, row: &mut Row| {
        let shown = fit(&text, CHIP);
        let columns = width(&shown) + 2;
        if hidden > 0 || columns > room {
            hidden += 1;
            return;
        }
        room -= columns;
        row.put(&shown, style).skip(2);
    };
    for (number, kept) in filters.kept.iter().enumerate() {
        if typing == Some(Typing::Kept(number)) {
            continue;
        }
        let (sign, _) = kind(kept.kind);
        let text = sanitise(kept.query.text());
        if kept.on {
            chip(format!("{sign}{text}"), style(kept.kind, theme), row);
        } else {
            chip(format!("{sign}{text} (off)"), theme.dim, row);
        }
    }
    if typing != Some(Typing::Live) && !filters.live().is_empty() {
        chip(format!("/{}", sanitise(filters.live().text())), theme.accent, row);
    }
    if hidden > 0 {
        row.put(&format!("and {hidden} more"), theme.dim).skip(2);
    }
    let Some(typing) = typing else { return };
    let (sign, style) = match typing {
        Typing::Live => ("/", theme.accent),
        Typing::New(new) => (kind(new).0, style(new, theme)),
        Typing::Kept(number) => {
            let kept = filters.kept.get(number).map_or(Kind::Include, |kept| kept.kind);
            (kind(kept).0, style(kept, theme))
        }
    };
    row.put(sign, style);
    if let Some(error) = &filters.error {
        let reason = format!("✗ {}", sanitise(&error.message));
        let beside = row.room().saturating_sub(width(filters.field.text()) + 3);
        row.put_right(" ", theme.text);
        row.put_right(&fit(&reason, beside.max(row.room() / 2)), theme.error);
    }
    field(filters, theme, row);
}

/// The field, with its cursor and what can't be understood underlined. A long text scrolls so that the cursor shows.
fn field(filters: &Filters, theme: &Theme, row: &mut Row) {
    let (before, _) = filters.field.around_cursor();
    let cursor = before.len();
    let wrong = filters.error.as_ref().map_or(0..0, |error| error.at.clone());
    let text = format!("{} ", filters.field.text());
    let room = row.room();
    let under = text[cursor..].graphemes(true).next().unwrap_or(" ");
    let mut skip = (width(before) + width(under)).saturating_sub(room);
    for (at, grapheme) in text.grapheme_indices(true) {
        if row.room() == 0 {
            return;
        }
        let columns = width(grapheme);
        if skip > 0 {
            skip = skip.saturating_sub(columns);
            continue;
        }
        let style = if at == cursor {
            theme.cursor
        } else if wrong.contains(&at) {
            theme.error.add_modifier(Modifier::UNDERLINED)
        } else {
            theme.text
        };
        row.put(&slice_columns(grapheme, 0, row.room()), style);
    }
}

/// What of the filters keeps rows from being shown, to be said where none is left.
pub(super) fn lacking(pane: &LogsPane) -> String {
    let filters = &pane.filters;
    let live = filters.live();
    let alone = filters.kept.iter().all(|kept| !kept.on || kept.kind == Kind::Highlight);
    if !filters.is_hiding() {
        String::new()
    } else if alone && matches!(filters.typing, None | Some(Typing::Live)) {
        let verb = if live.is_of_message() { "holds" } else { "matches" };
        format!(" that {verb} \"{}\"", sanitise(live.text()))
    } else {
        " that the filters leave".to_owned()
    }
}

/// The list of filters.
pub(in crate::ui) fn draw(app: &App, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let (Some(pane), Some(Overlay::LogFilters(cursor))) = (app.log(), &app.overlay) else { return };
    let areas = layout::page(size);
    paint::frame(buffer, areas.frame, "Filters", theme);
    let filters = &pane.filters;
    let mut notes = Vec::new();
    if !filters.live().is_empty() {
        notes.push(("/", sanitise(filters.live().text()).into_owned(), "as it is typed"));
    }
    if filters.errors_only {
        notes.push(("!", "errors only".to_owned(), ""));
    }
    if let Some(asked) = filters.asked() {
        notes.push(("P", sanitise(asked.pattern()).into_owned(), "the service filters"));
    }
    if filters.kept.is_empty() {
        let below = note(
            buffer,
            areas.text,
            0,
            &[
                ("No filter was kept.", theme.text),
                (
                    "+ adds one that shows only what matches, \\ one that hides it, * one that marks it.",
                    theme.dim,
                ),
            ],
        );
        draw_notes(&notes, below + 1, theme, buffer, areas.text);
        return;
    }
    let height = usize::from(areas.text.rows);
    // A frame of another size than the state knows must show the selected one all the same.
    let top = cursor.top.max((cursor.at + 1).saturating_sub(height.max(1)));
    for (nth, (number, kept)) in filters.kept.iter().enumerate().skip(top).take(height).enumerate() {
        let selected = number == cursor.at;
        let mut row = Row::new(buffer, areas.text, nth);
        row.put(if selected { "> " } else { "  " }, theme.accent);
        row.cell(
            if kept.on { "on" } else { "off" },
            3,
            Align::Left,
            if kept.on { theme.good } else { theme.dim },
        );
        let (sign, word) = kind(kept.kind);
        let look = if kept.on { style(kept.kind, theme) } else { theme.dim };
        row.put(sign, look).skip(1).cell(word, 17, Align::Left, look);
        let look = if selected { theme.selected } else { theme.text };
        row.put(&sanitise(kept.query.text()), look);
    }
    more(top + height < filters.kept.len(), areas.frame, theme, buffer);
    draw_notes(&notes, filters.kept.len() - top + 1, theme, buffer, areas.text);
}

/// What else decides which rows are shown.
fn draw_notes(notes: &[(&str, String, &str)], from: usize, theme: &Theme, buffer: &mut Buffer, area: Area) {
    for (nth, (sign, text, word)) in notes.iter().enumerate() {
        let mut row = Row::new(buffer, area, from + nth);
        row.skip(7).put(sign, theme.accent).skip(1);
        row.cell(if word.is_empty() { text } else { word }, 19, Align::Left, theme.dim);
        if !word.is_empty() {
            row.put(text, theme.dim);
        }
    }
}
