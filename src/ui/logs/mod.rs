//! The Logs tab: whose log it is, how following goes, the filter, how much there was when, then the events.

mod empty;
pub(super) mod filters;
mod histogram;
mod lines;
pub(super) mod sources;
mod status;

use jiff::{SignedDuration, tz::TimeZone};
use ratatui::{buffer::Buffer, style::Style};

use super::{
    Theme, invocation,
    paint::{Row, note},
};
use crate::{
    app::{
        App,
        function::View,
        layout::{self, Area, Size},
        logs::{LogsPane, RequestLog, geometry::Look},
    },
    domain::{format, text::sanitise},
    tail::Reported,
};

/// The logs of several functions, as one.
pub(super) fn many(app: &App, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let mut row = Row::new(buffer, layout::frame(size).title, 0);
    row.skip(1).put("Logs", theme.title);
    sources::title(app, theme, &mut row);
    if let Some(pane) = app.log() {
        sources::chips(pane, theme, Row::new(buffer, layout::tab(size).tabs, 0));
    }
    draw(app, None, size, theme, buffer);
}

pub(super) fn draw(app: &App, view: Option<&View>, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let Some(pane) = app.log() else { return };
    let areas = layout::logs(size, Some(pane));
    let zone = app.zone();
    if let (Some(request), Some(view)) = (&pane.request, view) {
        heading(app, view, request, theme, buffer, areas.heading);
    }
    status::draw(pane, app.now, theme, &zone, Row::new(buffer, areas.status, 0));
    filters::draw_chips(pane, theme, buffer, areas.filters);
    if pane.sources.is_empty() && view.is_none() {
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

/// Whose log it is, and what of it is there. Where there are two rows the second one has that.
fn heading(app: &App, view: &View, request: &RequestLog, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let sent = || format::date_time(request.sent, &app.zone());
    let title = match &request.id {
        Some(id) => format!("Request {}", sanitise(id)),
        None => format!("Log from {} on, when it was sent", sent()),
    };
    let parts = told(app, view, request, theme);
    let mut row = Row::new(buffer, area, 0);
    row.skip(1).put(&title, theme.title);
    if area.rows > 1 {
        row.put_right(" ", theme.text);
        row.put_right("esc shows all lines", theme.dim);
        row = Row::new(buffer, area, 1);
        row.put(" ", theme.text);
    } else {
        row.skip(2);
    }
    for (nth, (text, style)) in parts.iter().enumerate() {
        if nth == 0 {
            row.put(text, *style);
        } else {
            row.skip(2).put_whole(text, *style);
        }
    }
}

/// What of a request's log is there.
fn told(app: &App, view: &View, request: &RequestLog, theme: &Theme) -> Vec<(String, Style)> {
    let pane = &view.logs;
    let one = |text: &str, style| vec![(text.to_owned(), style)];
    if request.id.is_none() {
        return if request.ended.is_none() {
            one("◐ its answer, which tells its request id, has not come yet", theme.warning)
        } else {
            one("? no request id is known: these are the lines of all", theme.warning)
        };
    }
    let over = pane.is_over();
    match (pane.reported(), pane.unfiltered()) {
        (Reported::Figures(report), _) => {
            let mut parts = Vec::new();
            if report.is_failure() {
                let error = report.error_type.as_deref().or(report.status.as_deref()).unwrap_or_default();
                parts.push((format!("✗ {}", sanitise(error)), theme.error));
            }
            invocation::measured(app, &view.name, report, theme, &mut parts);
            parts
        }
        (Reported::Bare, _) => one("● its REPORT has come; it has no figures", theme.good),
        (Reported::NotYet, 0) if pane.is_scanning() => one("◐ looking for its lines", theme.warning),
        (Reported::NotYet, 0) if over => one("? none of its lines is there", theme.warning),
        (Reported::NotYet, 0) if request.queued => {
            one("◐ waiting for its lines: it was queued and starts when its turn comes", theme.warning)
        }
        (Reported::NotYet, 0) => one("◐ waiting for its lines", theme.warning),
        (Reported::NotYet, _) if is_without_reports(view) => {
            one("no REPORT comes: the function's system log level is WARN", theme.dim)
        }
        (Reported::NotYet, _) if over => one("? its REPORT is not there", theme.warning),
        (Reported::NotYet, _) => one("◐ its REPORT has not come yet", theme.warning),
    }
}

/// Whether the function's configuration keeps START and REPORT out of the log.
fn is_without_reports(view: &View) -> bool {
    let logging = view.details.value.as_ref().and_then(|details| details.configuration.logging.as_ref());
    logging.is_some_and(|logging| {
        logging.log_format.as_deref() == Some("JSON") && logging.system_log_level.as_deref() == Some("WARN")
    })
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
