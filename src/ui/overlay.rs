//! What lies over the screen: help, command line, pickers, questions, pages to read.

use ratatui::buffer::Buffer;

use super::{
    Theme, answer, bulk, compare, differences, footer, history, insights, logs, merging,
    paint::{self, Align, Row, Shown, clear, json_line, note, pieces, scrolled},
    past, repeat, review, text_editor, weights,
};
use crate::{
    app::{
        App, Context,
        events::EventsPane,
        functions::filter,
        layout::{self, Area, Size},
        list::Cursor,
        messages::Messages,
        overlay::{CommandLine, Overlay, Page, Picker, Question},
    },
    domain::{
        format, log_query,
        text::{self, width},
    },
    keys,
};

pub(super) fn draw(app: &App, overlay: &Overlay, size: Size, theme: &Theme, buffer: &mut Buffer) {
    match overlay {
        Overlay::Help { contexts, cursor } => help(contexts, *cursor, size, theme, buffer),
        Overlay::CommandLine(line) => command_line(line, size, theme, buffer),
        Overlay::Picker(picker) => self::picker(picker, size, theme, buffer),
        Overlay::Question(question) => self::question(question, size, theme, buffer),
        Overlay::Page(page) => self::page(page, size, theme, buffer),
        Overlay::Messages { cursor } => messages(app, *cursor, size, theme, buffer),
        Overlay::Review(review) => review::draw(review, size, theme, buffer),
        Overlay::Prompt(prompt) => review::prompt(prompt, size, theme, buffer),
        Overlay::TextEditor(editor) => text_editor::draw(editor, size, theme, buffer),
        Overlay::Merge(merging) => merging::draw(app, merging, size, theme, buffer),
        Overlay::Weights(weights) => weights::draw(weights, size, theme, buffer),
        Overlay::Compare(comparing) => compare::draw(comparing, size, theme, buffer),
        Overlay::Bulk => bulk::draw(app, size, theme, buffer),
        Overlay::History(pane) => history::draw(app, pane, size, theme, buffer),
        Overlay::Events(pane) => events(pane, size, theme, buffer),
        Overlay::Past(pane) => past::draw(app, pane, size, theme, buffer),
        Overlay::Differences(pane) => differences::draw(pane, size, theme, buffer),
        Overlay::RepeatForm(form) => repeat::form(form, size, theme, buffer),
        Overlay::Repeat => repeat::draw(app, size, theme, buffer),
        Overlay::LogFilters(_) => logs::filters::draw(app, size, theme, buffer),
        Overlay::LogSources(cursor) => logs::sources::draw(app, *cursor, size, theme, buffer),
        Overlay::Insights => insights::draw(app, size, theme, buffer),
        Overlay::Answer(pane) => answer::draw(app, pane, size, theme, buffer),
    }
}

/// An area in the middle, not larger than the screen between header and footer.
pub(super) fn middle(size: Size, columns: usize, rows: usize) -> Area {
    let whole = layout::page(size).frame;
    let columns = u16::try_from(columns).unwrap_or(u16::MAX).min(whole.columns);
    let rows = u16::try_from(rows).unwrap_or(u16::MAX).min(whole.rows);
    Area { column: (whole.columns - columns) / 2, row: whole.row + (whole.rows - rows) / 3, columns, rows }
}

/// The keys of a place, and what else can be typed there.
fn help_groups(contexts: &[Context]) -> Vec<keys::Group> {
    let mut groups = keys::help(contexts);
    if contexts.iter().any(|context| matches!(context, Context::Functions | Context::Filter)) {
        let rows = filter::FIELDS.iter().map(|(field, help)| ((*field).to_owned(), *help));
        let inverted = [("!word".to_owned(), "all but those whose name has the word")];
        groups.push(keys::Group { title: "In the filter", rows: rows.chain(inverted).collect() });
    }
    let of_log = [Context::Logs, Context::LogFilter, Context::LogFilters];
    if contexts.iter().any(|context| of_log.contains(context)) {
        let rows = log_query::FIELDS.iter().map(|(field, help)| ((*field).to_owned(), *help));
        groups.push(keys::Group { title: "In the filter of a log", rows: rows.collect() });
    }
    groups
}

fn help(contexts: &[Context], cursor: Cursor, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let groups = help_groups(contexts);
    let keys =
        groups.iter().flat_map(|group| &group.rows).map(|(key, _)| width(key)).max().unwrap_or_default();
    let areas = layout::page(size);
    paint::frame(buffer, areas.frame, "Keys of this place", theme);
    let lines = groups.iter().flat_map(|group| {
        std::iter::once((None, group.title)).chain(group.rows.iter().map(|(key, help)| (Some(key), *help)))
    });
    let (shown, below) = scrolled(lines, cursor.top, usize::from(areas.text.rows), |_| 1);
    for Shown { item: (key, text), nth, .. } in shown {
        let mut row = Row::new(buffer, areas.text, nth);
        match key {
            None => _ = row.put(text, theme.title),
            Some(key) => _ = row.skip(2).cell(key, keys, Align::Left, theme.accent).put(text, theme.text),
        }
    }
    more(below, areas.frame, theme, buffer);
}

/// Says in the lower edge of a frame that there is more below.
pub(super) fn more(below: bool, area: Area, theme: &Theme, buffer: &mut Buffer) {
    if below {
        let mut edge = Row::new(buffer, area, usize::from(area.rows.saturating_sub(1)));
        edge.skip(edge.room().saturating_sub(10)).put_whole(" more ↓ ", theme.accent);
    }
}

fn command_line(line: &CommandLine, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let frame = layout::frame(size);
    let suggestions = line.suggestions();
    // A blank on the left, the sign and a blank.
    let room = usize::from(frame.body.columns).saturating_sub(3);
    let problem: Vec<&str> = line.problem.iter().flat_map(|problem| pieces(problem, room)).collect();
    let wanted = u16::try_from(suggestions.len() + problem.len() + 1).unwrap_or(u16::MAX);
    let rows = wanted.min(frame.body.rows);
    let area = Area { row: frame.footer.row - rows, rows, ..frame.footer };
    clear(buffer, area);
    clear(buffer, frame.footer);
    Row::new(buffer, area, 0).rule("─", theme.dim);
    for (nth, help) in suggestions.iter().enumerate() {
        let marked = nth == line.marked;
        let mut row = Row::new(buffer, area, nth + 1);
        row.skip(1).put(if marked { "> " } else { "  " }, theme.accent);
        let style = if marked { theme.selected } else { theme.text };
        let command = format!("{} {}", help.name, help.argument);
        row.cell(command.trim_end(), 18, Align::Left, style).put(help.text, theme.dim);
    }
    let first = usize::from(rows).saturating_sub(problem.len());
    for (nth, piece) in problem.into_iter().enumerate() {
        let mut row = Row::new(buffer, area, first + nth);
        row.skip(1).put(if nth == 0 { "✗ " } else { "  " }, theme.error).put(piece, theme.text);
    }
    let mut row = Row::new(buffer, frame.footer, 0);
    row.put(":", theme.accent).field(&line.field, true, theme);
}

/// The events: a picker, and below it what could not be read.
fn events(pane: &EventsPane, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let area = middle(size, 100, Picker::HEIGHT + 3 + pane.notes.len());
    let title = format!("Events for {}", text::sanitise(&pane.function));
    let mut inner = paint::frame(buffer, area, &title, theme);
    let reading = (pane.listing.is_some() || pane.sharing.is_some()).then_some("reading…");
    let notes = pane.notes.iter().map(String::as_str).chain(reading);
    for note in notes {
        if inner.rows > 2 {
            inner.rows -= 1;
            let below = Area { row: inner.row.saturating_add(inner.rows), rows: 1, ..inner };
            Row::new(buffer, below, 0).skip(1).put(note, theme.dim);
        }
    }
    choices(&pane.picker, inner, area, theme, buffer);
}

fn picker(picker: &Picker, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let title = picker.kind.title();
    let area = middle(size, 60, Picker::HEIGHT + 3);
    let inner = paint::frame(buffer, area, title, theme);
    choices(picker, inner, area, theme, buffer);
}

/// The typed text and what fits it.
fn choices(picker: &Picker, inner: Area, area: Area, theme: &Theme, buffer: &mut Buffer) {
    Row::new(buffer, inner, 0).skip(1).put("> ", theme.accent).field(&picker.field, true, theme);
    let rows = Area { row: inner.row.saturating_add(1), rows: inner.rows.saturating_sub(1), ..inner };
    if picker.shown.is_empty() {
        let typed = picker.field.text().trim();
        let (text, style) = match (&picker.error, picker.pending) {
            (Some(error), _) => (format!("✗ {error}"), theme.error),
            (None, Some(_)) => ("Reading…".to_owned(), theme.dim),
            (None, None) if picker.items.is_empty() => ("There is none.".to_owned(), theme.dim),
            (None, None) if picker.kind.takes_typed() => {
                (format!("enter takes \"{typed}\" as it is"), theme.text)
            }
            (None, None) => (format!("Nothing fits \"{typed}\"."), theme.dim),
        };
        note(buffer, rows, 0, &[(&text, style)]);
        return;
    }
    let height = usize::from(rows.rows);
    // Where the screen is lower than the picker is made for, the marked row must show all the same.
    let top = picker.cursor.top.max((picker.cursor.at + 1).saturating_sub(height.max(1)));
    let names =
        picker.shown.iter().skip(top).take(height).map(|index| width(&picker.items[*index].name)).max();
    for (nth, index) in picker.shown.iter().skip(top).take(height).enumerate() {
        let item = &picker.items[*index];
        let marked = top + nth == picker.cursor.at;
        let mut row = Row::new(buffer, rows, nth);
        row.skip(1).put(if marked { "> " } else { "  " }, theme.accent);
        let style = if marked { theme.selected } else { theme.text };
        row.cell(&item.name, names.unwrap_or_default().clamp(14, 40), Align::Left, style);
        row.put(&item.note, theme.dim);
    }
    more(top + height < picker.shown.len(), area, theme, buffer);
}

fn question(question: &Question, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let columns = 64.min(usize::from(size.columns));
    let room = columns.saturating_sub(8);
    let rows = [&question.text, &question.detail].into_iter().map(|text| text::rows(text, room));
    let area = middle(size, columns, rows.sum::<usize>() + 5);
    let inner = paint::frame(buffer, area, "Question", theme);
    let nth = note(buffer, inner, 0, &[(&question.text, theme.title), (&question.detail, theme.text)]);
    let mut row = Row::new(buffer, inner, (nth + 1).min(usize::from(inner.rows.saturating_sub(1))));
    row.skip(3);
    for (key, word) in keys::hints(&[Context::Dialog]) {
        row.put(&key, theme.accent).skip(1).put(word, theme.text).skip(4);
    }
}

fn page(page: &Page, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let areas = layout::page(size);
    paint::frame(buffer, areas.frame, &page.title, theme);
    let columns = usize::from(areas.text.columns);
    let lines = page.lines.iter().map(String::as_str);
    let height = usize::from(areas.text.rows);
    let (shown, below) = scrolled(lines, page.cursor.top, height, |line| text::rows(line, columns));
    for line in shown {
        json_line(buffer, areas.text, &line, theme);
    }
    more(below, areas.frame, theme, buffer);
}

fn messages(app: &App, cursor: Cursor, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let areas = layout::page(size);
    paint::frame(buffer, areas.frame, "Messages", theme);
    let log = &app.messages.log;
    if log.is_empty() {
        note(buffer, areas.text, 0, &[("Nothing was said yet.", theme.dim)]);
    }
    let height = usize::from(areas.text.rows);
    let columns = usize::from(areas.text.columns).saturating_sub(Messages::INDENT);
    let (shown, below) =
        scrolled(log.iter(), cursor.top, height, |message| text::rows(&message.text, columns));
    for Shown { item, hidden, nth } in shown {
        let pieces = pieces(&item.text, columns).enumerate().skip(hidden);
        for (nth, (piece_nth, piece)) in (nth..height).zip(pieces) {
            let mut row = Row::new(buffer, areas.text, nth);
            if piece_nth == 0 {
                let (sign, style) = footer::severity(item.severity, theme);
                row.put(&format::clock(item.at, &app.zone()), theme.dim).skip(1).cell(
                    sign,
                    9,
                    Align::Left,
                    style,
                );
            } else {
                row.skip(Messages::INDENT);
            }
            row.put(piece, theme.text);
        }
    }
    more(below, areas.frame, theme, buffer);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::overlay::HELP_ROWS;

    #[test]
    fn the_state_knows_how_long_the_longest_help_is() {
        let longest = keys::CHAINS
            .iter()
            .map(|chain| help_groups(chain).iter().map(|group| group.rows.len() + 1).sum::<usize>())
            .max();
        assert_eq!(longest, Some(HELP_ROWS));
    }
}
