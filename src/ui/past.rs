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
    domain::{
        format,
        invocation::Record,
        text::{sanitise, width},
    },
};

pub(super) fn draw(app: &App, pane: &PastPane, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let areas = layout::page(size);
    let of =
        pane.function.as_deref().map_or_else(|| "all functions".into(), |name| sanitise(name).into_owned());
    let failed = if pane.failed_only { ", failed only" } else { "" };
    paint::frame(buffer, areas.frame, &format!("Invocations of {of}, newest first{failed}"), theme);
    let entries = pane.entries(&app.invocations);
    let rows = usize::from(areas.text.rows);
    let status = layout::Area {
        row: areas.text.row.saturating_add(areas.text.rows.saturating_sub(1)),
        rows: areas.text.rows.min(1),
        ..areas.text
    };
    let mut below = Row::new(buffer, status, 0);
    match (&pane.error, pane.pending) {
        (Some(error), _) => {
            below.put("✗ earlier ones can't be read: ", theme.error).put(&sanitise(error), theme.text);
        }
        (None, Some(_)) => _ = below.put("Reading earlier ones…", theme.dim),
        (None, None) => {}
    }
    if entries.is_empty() {
        if pane.pending.is_none() {
            let text = if pane.failed_only { "None has failed." } else { "Nothing was sent yet." };
            note(buffer, areas.text, 0, &[(text, theme.dim)]);
        }
        return;
    }
    let height = layout::past_height(size);
    let top = pane.cursor.top.max((pane.cursor.at + 1).saturating_sub(height));
    let list = layout::Area { rows: areas.text.rows.saturating_sub(1), ..areas.text };
    for (nth, entry) in entries.iter().skip(top).take(height.min(rows)).enumerate() {
        let selected = top + nth == pane.cursor.at;
        let marked = pane.marked.as_ref() == Some(&entry.key());
        let mut row = Row::new(buffer, list, nth);
        row.put(if selected { ">" } else { " " }, theme.accent)
            .put(if marked { "*" } else { " " }, theme.accent);
        let area = layout::Area {
            column: list.column.saturating_add(2),
            columns: list.columns.saturating_sub(2),
            ..list
        };
        match entry {
            Entry::Now(one) => {
                let name = pane.function.is_none().then_some(one.request.function.as_str());
                let taken = function(name, theme, buffer, area, nth);
                let area = layout::Area {
                    column: area.column.saturating_add(taken),
                    columns: area.columns.saturating_sub(taken),
                    ..area
                };
                invocation::row(app, one, false, theme, buffer, area, nth);
            }
            Entry::Earlier(record) => {
                let name = pane.function.is_none().then_some(record.function.as_str());
                let taken = function(name, theme, buffer, area, nth);
                let area = layout::Area {
                    column: area.column.saturating_add(taken),
                    columns: area.columns.saturating_sub(taken),
                    ..area
                };
                earlier(app, record, theme, Row::new(buffer, area, nth));
            }
        }
    }
    more(top + height < entries.len(), areas.frame, theme, buffer);
}

/// The function's name, where there are several; answers the columns that it took.
fn function(name: Option<&str>, theme: &Theme, buffer: &mut Buffer, area: layout::Area, nth: usize) -> u16 {
    const NAME: u16 = 22;
    let Some(name) = name else { return 0 };
    let mut row = Row::new(buffer, layout::Area { columns: NAME.min(area.columns), ..area }, nth);
    row.put(&sanitise(name), theme.text);
    NAME.min(area.columns)
}

fn earlier(app: &App, record: &Record, theme: &Theme, mut row: Row<'_>) {
    row.skip(1);
    row.put(&format::date_time(record.at, &app.zone()), theme.dim).skip(1);
    let qualifier = sanitise(record.qualifier.as_deref().unwrap_or("$LATEST")).into_owned();
    row.cell(&qualifier, width(&qualifier).clamp(7, 12), Align::Left, theme.text).back(1);
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
        row.skip(2).put("with event", theme.dim);
    }
}
