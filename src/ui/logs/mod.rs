//! The Logs tab: whose log it is, how following goes, the filter, how much there was when, then the events.

mod empty;
pub(super) mod filters;
mod histogram;
mod invocations;
mod lines;
mod request;
pub(super) mod sources;
mod status;

use jiff::{SignedDuration, tz::TimeZone};
use ratatui::buffer::Buffer;

use super::{
    Theme,
    paint::{Row, note},
};
use crate::{
    app::{
        App, Screen,
        layout::{self, Size},
        logs::{LogsPane, geometry::Look},
    },
    domain::format,
};

/// The logs of several functions, as one.
pub(super) fn many(app: &App, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let mut row = Row::new(buffer, layout::frame(size).title, 0);
    row.skip(1).put("Logs", theme.title);
    sources::title(app, theme, &mut row);
    if let Some(pane) = app.log() {
        sources::chips(pane, theme, Row::new(buffer, layout::tab(size).tabs, 0));
    }
    draw(app, size, theme, buffer);
}

pub(super) fn draw(app: &App, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let Some(pane) = app.log() else { return };
    let areas = layout::logs(size, Some(pane));
    let zone = app.zone();
    if let Some(request) = &pane.request {
        request::heading(app, pane, request, theme, buffer, areas.heading);
    }
    status::draw(pane, app.now, theme, &zone, Row::new(buffer, areas.status, 0));
    filters::draw_chips(pane, theme, buffer, areas.filters);
    if let Some(table) = pane.table() {
        return invocations::draw(app, pane, table, size, theme, buffer);
    }
    if pane.sources.is_empty() && app.screen == Screen::Logs {
        sources::none(app, pane, theme, buffer, areas.lines);
        return;
    }
    if pane.is_empty() {
        empty::draw(pane, theme, &zone, buffer, areas.lines);
        return;
    }
    let look = Look::new(areas.lines, zone, app.now);
    let screen = pane.screen(&look);
    histogram::draw(pane, &screen, &look, theme, buffer, areas.histogram);
    lines::draw(pane, &screen, &look, theme, buffer, areas.lines);
}

/// The time that is read.
fn reach(pane: &LogsPane, zone: &TimeZone) -> String {
    match &pane.around {
        None => format!("last {}", span(pane.history)),
        Some(around) => match around.until {
            None => format!("since {}", format::clock(around.since(), zone)),
            Some(until) => {
                format!("{} to {}", format::date_time(around.since(), zone), format::date_time(until, zone))
            }
        },
    }
}

/// A length of time in its largest unit: `15m`, `4h`, `10d`.
fn span(length: SignedDuration) -> String {
    match (length.as_mins(), length.as_hours()) {
        (minutes, 0) => format!("{minutes}m"),
        (_, hours @ ..48) => format!("{hours}h"),
        (_, hours) => format!("{}d", hours / 24),
    }
}
