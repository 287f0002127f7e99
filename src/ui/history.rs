//! The journal of changes.

use ratatui::{buffer::Buffer, style::Style};

use super::{
    Theme,
    overlay::more,
    paint::{self, Align, Cell, Row, Shown, cells, note, scrolled},
};
use crate::{
    app::{
        App,
        history::{self, HistoryPane, LABEL, told_columns},
        layout::{self, Area, Size},
    },
    domain::{
        format,
        journal::{Entry, Outcome},
        text::{self, sanitise},
    },
};

/// Columns of the time, and of the outcome with its shape.
const TIME: usize = 19;
const OUTCOME: usize = 11;

pub(super) fn draw(app: &App, pane: &HistoryPane, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let areas = layout::page(size);
    let title = if pane.open { "A change" } else { "Changes, newest first" };
    paint::frame(buffer, areas.frame, title, theme);
    if let (true, Some(entry)) = (pane.open, pane.selected()) {
        return whole(app, pane, entry, theme, buffer, areas);
    }
    if pane.entries.is_empty() {
        let (text, style) = match (&pane.error, pane.pending) {
            (Some(error), _) => (format!("✗ the journal can't be read: {}", sanitise(error)), theme.error),
            (None, Some(_)) => ("Reading…".into(), theme.dim),
            (None, None) => ("Nothing was changed from here yet.".into(), theme.text),
        };
        note(buffer, areas.text, 0, &[(&text, style)]);
        return;
    }
    let columns = usize::from(areas.text.columns);
    let each = HistoryPane::rows_each(columns);
    let rows = usize::from(areas.text.rows).saturating_sub(1);
    let height = (rows / each).max(1);
    // A frame of another size than the state knows must show the selected one all the same.
    let top = pane.cursor.top.max((pane.cursor.at + 1).saturating_sub(height));
    let here = app.place();
    for (nth, entry) in pane.entries.iter().skip(top).take(height).enumerate() {
        let selected = top + nth == pane.cursor.at;
        let elsewhere = here.as_ref().is_none_or(|here| !here.is_same(&entry.place));
        let area = Area { rows: areas.text.rows.saturating_sub(1), ..areas.text };
        if each == 1 {
            wide(app, entry, selected, elsewhere, theme, Row::new(buffer, area, nth));
        } else {
            narrow(app, entry, selected, elsewhere, theme, buffer, area, nth * 2);
        }
    }
    more(top + height < pane.entries.len(), areas.frame, theme, buffer);
    status(pane, theme, Row::new(buffer, areas.text, rows));
}

/// What is under way, or where the selected change was made.
fn status(pane: &HistoryPane, theme: &Theme, mut row: Row) {
    if pane.taking_back.is_some() {
        row.put("reading what is there now…", theme.warning);
    } else if let Some(error) = &pane.error {
        row.put(&format!("✗ not read again: {}", sanitise(error)), theme.error);
    } else if let Some(entry) = pane.selected() {
        row.put(&format!("in {}", sanitise(&entry.place.to_string())), theme.dim);
    }
}

fn style(entry: &Entry, theme: &Theme) -> Style {
    match entry.outcome {
        Outcome::Done => theme.good,
        Outcome::Begun | Outcome::Unknown => theme.warning,
        Outcome::Refused => theme.error,
    }
}

fn begin(app: &App, entry: &Entry, selected: bool, theme: &Theme, row: &mut Row) {
    let (shape, word) = history::outcome(&entry.outcome);
    row.put(if selected { ">" } else { " " }, theme.accent).skip(1);
    row.cell(&format::date_time(entry.at, &app.zone()), TIME, Align::Left, theme.dim);
    row.cell(&format!("{shape} {word}"), OUTCOME, Align::Left, style(entry, theme));
}

fn wide(app: &App, entry: &Entry, selected: bool, elsewhere: bool, theme: &Theme, mut row: Row) {
    begin(app, entry, selected, theme, &mut row);
    let base = if selected { theme.selected } else { theme.text };
    row.cell(&sanitise(&entry.function), 32, Align::Left, base);
    let place = where_from(entry, elsewhere);
    row.cell(&place, 38, Align::Left, if elsewhere { theme.warning } else { theme.dim });
    row.put(&sanitise(&entry.summary), theme.text);
}

#[allow(clippy::too_many_arguments, reason = "a row and what it shows")]
fn narrow(
    app: &App,
    entry: &Entry,
    selected: bool,
    elsewhere: bool,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Area,
    nth: usize,
) {
    let mut row = Row::new(buffer, area, nth);
    begin(app, entry, selected, theme, &mut row);
    row.put(&sanitise(&entry.function), if selected { theme.selected } else { theme.text });
    let mut row = Row::new(buffer, area, nth + 1);
    row.skip(4);
    if elsewhere {
        row.put(&where_from(entry, true), theme.warning).skip(2);
    }
    row.put(&sanitise(&entry.summary), theme.text);
}

/// Account and region, marked where they are not the session's.
fn where_from(entry: &Entry, elsewhere: bool) -> String {
    let account = entry.place.account.as_deref().or(entry.place.profile.as_deref());
    let place: Vec<&str> = account.into_iter().chain([entry.place.region.as_str()]).collect();
    let place = sanitise(&place.join(" ")).into_owned();
    if elsewhere { format!("! elsewhere: {place}") } else { place }
}

fn whole(
    app: &App,
    pane: &HistoryPane,
    entry: &Entry,
    theme: &Theme,
    buffer: &mut Buffer,
    areas: layout::PageLayout,
) {
    let columns = told_columns(usize::from(areas.text.columns));
    let lines = history::details(entry, &app.zone());
    let height = usize::from(areas.text.rows);
    let (shown, below) =
        scrolled(lines.iter(), pane.detail.top, height, |(_, told)| text::rows(told, columns));
    for Shown { item: (label, told), nth, hidden } in shown {
        let told = sanitise(told);
        let style = if *label == "Outcome" { style(entry, theme) } else { theme.text };
        let line = [
            Cell { column: 0, columns: LABEL - 1, text: label, style: theme.dim },
            Cell { column: LABEL, columns, text: &told, style },
        ];
        cells(buffer, areas.text, nth, hidden, &line);
    }
    more(below, areas.frame, theme, buffer);
}
