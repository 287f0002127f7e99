//! The invocations of this run and of earlier ones.

use ratatui::{buffer::Buffer, style::Style};

use super::{
    Theme, invocation,
    overlay::more,
    paint::{self, Align, Row, note},
};
use crate::{
    app::{
        App,
        layout::{self, Size},
        past::{Entry, PastPane},
    },
    domain::{format, invocation::Record, text::sanitise},
};

pub(super) fn draw(app: &App, pane: &PastPane, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let areas = layout::page(size);
    let of =
        pane.function.as_deref().map_or_else(|| "all functions".into(), |name| sanitise(name).into_owned());
    let failed = if pane.failed_only { ", failed only" } else { "" };
    paint::frame(buffer, areas.frame, &format!("Invocations of {of}, newest first{failed}"), theme);
    let entries = pane.entries(&app.invocations);
    status(pane, areas.frame, theme, buffer);
    if entries.is_empty() {
        if pane.pending.is_none() {
            let text = if pane.failed_only { "None has failed." } else { "Nothing was sent yet." };
            note(buffer, areas.text, 0, &[(text, theme.dim)]);
        }
        return;
    }
    let height = usize::from(areas.text.rows);
    // A frame of another size than the state knows must show the selected one all the same.
    let top = pane.cursor.top.max((pane.cursor.at + 1).saturating_sub(height.max(1)));
    let here = app.place();
    for (nth, entry) in entries.iter().skip(top).take(height).enumerate() {
        let selected = top + nth == pane.cursor.at;
        let marked = pane.marked.as_ref() == Some(&entry.key());
        let mut row = Row::new(buffer, areas.text, nth);
        row.put(if selected { ">" } else { " " }, theme.accent)
            .put(if marked { "*" } else { " " }, theme.accent);
        let mut taken = 2;
        if pane.function.is_none() {
            row.cell(&sanitise(entry.function()), NAME, Align::Left, theme.text).back(1);
            taken += NAME + 1;
        }
        let is_here = here.as_ref().is_some_and(|here| here.is_same(entry.place()));
        let mut columns = usize::from(areas.text.columns).saturating_sub(taken);
        if !is_here && row.put_right("! elsewhere", theme.warning) {
            columns = columns.saturating_sub(12);
        }
        match entry {
            Entry::Now(one) => {
                // As wide as the date that one of an earlier run has, so that the rest stands below each other.
                let shift = if columns > 70 { DATE } else { 0 };
                let part = |columns: usize| u16::try_from(columns).unwrap_or(u16::MAX);
                let area = layout::Area {
                    column: areas.text.column.saturating_add(part(taken + shift)),
                    columns: part(columns.saturating_sub(shift)),
                    ..areas.text
                };
                invocation::row(app, one, false, theme, buffer, area, nth);
            }
            Entry::Earlier(record) => earlier(app, record, theme, row),
        }
    }
    more(top + height < entries.len(), areas.frame, theme, buffer);
}

/// Columns of a function's name.
const NAME: usize = 22;
/// Columns that a date takes more than the number of one of this run.
const DATE: usize = 6;

/// In the lower edge: whether those of earlier runs are there.
fn status(pane: &PastPane, area: layout::Area, theme: &Theme, buffer: &mut Buffer) {
    // The corners are left alone, and so is what says that there is more.
    let inside = layout::Area {
        column: area.column.saturating_add(1),
        columns: area.columns.saturating_sub(12),
        ..area
    };
    let mut edge = Row::new(buffer, inside, usize::from(area.rows.saturating_sub(1)));
    match (&pane.error, pane.pending) {
        (Some(error), _) => {
            edge.put(" ✗ earlier ones can't be read: ", theme.error).put(&sanitise(error), theme.text);
            edge.put(" ", theme.text);
        }
        (None, Some(_)) => _ = edge.put(" Reading earlier ones… ", theme.dim),
        (None, None) => {}
    }
}

fn earlier(app: &App, record: &Record, theme: &Theme, mut row: Row<'_>) {
    row.skip(1);
    row.put(&format::date_time(record.at, &app.zone()), theme.dim).skip(1);
    let qualifier = sanitise(record.qualifier.as_deref().unwrap_or("$LATEST")).into_owned();
    row.cell(&qualifier, 8, Align::Left, theme.text).back(1);
    let (word, style): (String, Style) = invocation::ending(&record.ending, record.status, theme);
    row.put(&word, style).skip(2);
    match &record.measured {
        Some(measured) => {
            row.put(&format::duration_ms(measured.duration_ms), theme.text).skip(2);
            if let Some(init) = measured.init_ms {
                row.put(&format!("init {}", format::duration_ms(init)), theme.dim).skip(2);
            }
        }
        None => _ = row.put(&format!("took {} ms", record.elapsed_ms), theme.text).skip(2),
    }
    row.put(&format::bytes(record.response_bytes), theme.dim);
    if record.payload.is_some() {
        row.skip(2).put_whole("with event", theme.dim);
    }
}
