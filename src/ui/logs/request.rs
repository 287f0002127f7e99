//! The heading of one request's log: whose it is, and what of it is there.

use ratatui::{buffer::Buffer, style::Style};

use crate::{
    app::{
        App, Screen,
        function::View,
        layout::Area,
        logs::{LogsPane, RequestLog},
    },
    domain::{format, text::sanitise},
    tail::{
        Reported,
        invocations::{Invocation, Neighbours},
    },
    ui::{Theme, invocation, paint::Row},
};

/// Whose log it is, and what of it is there. Where there is a row for it the second one has that; the third one has the
/// neighbours of an invocation that was opened from the table.
pub(super) fn heading(
    app: &App,
    pane: &LogsPane,
    request: &RequestLog,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Area,
) {
    let sent = || format::date_time(request.sent, &app.zone());
    let title = match &request.id {
        Some(id) => format!("Request {}", sanitise(id)),
        None => format!("Log from {} on, when it was sent", sent()),
    };
    let opened = pane.opened();
    let parts = told(app, pane, request, opened.as_ref().map(|(invocation, _)| invocation), theme);
    let mut row = Row::new(buffer, area, 0);
    row.skip(1).put(&title, theme.title);
    if area.rows > 1 {
        row.put_right(" ", theme.text);
        row.put_right(
            if opened.is_some() { "esc shows all invocations" } else { "esc shows all lines" },
            theme.dim,
        );
        row = Row::new(buffer, area, 1);
        row.put(" ", theme.text);
    } else {
        row.skip(2);
    }
    put_parts(&mut row, &parts);
    if let Some((_, neighbours)) = opened {
        let mut row = Row::new(buffer, area, 2);
        row.skip(1).put(&gaps(neighbours), theme.dim);
    }
}

/// Writes parts beside each other; behind the first one those that fit.
pub(super) fn put_parts(row: &mut Row, parts: &[(String, Style)]) {
    for (nth, (text, style)) in parts.iter().enumerate() {
        if nth == 0 {
            row.put(text, *style);
        } else {
            row.skip(2).put_whole(text, *style);
        }
    }
}

/// How long its environment waited before it and after it.
fn gaps(neighbours: Neighbours) -> String {
    #[allow(clippy::cast_precision_loss, reason = "2^53 ms are enough")]
    let long = |ms: i64| format::duration_ms(ms.max(0) as f64);
    let Neighbours { after_previous_ms, before_next_ms, is_first } = neighbours;
    let before = match after_previous_ms {
        Some(ms) => format!("{} after the previous one in this environment", long(ms)),
        None if is_first => "the first one in this environment".into(),
        None => "nothing is known of the one before it in this environment".into(),
    };
    match before_next_ms {
        Some(ms) => format!("{before}, {} before the next", long(ms)),
        None => format!("{before}, the last one so far"),
    }
}

/// What of a request's log is there.
fn told(
    app: &App,
    pane: &LogsPane,
    request: &RequestLog,
    opened: Option<&Invocation>,
    theme: &Theme,
) -> Vec<(String, Style)> {
    let one = |text: &str, style| vec![(text.to_owned(), style)];
    if request.id.is_none() {
        return if request.ended.is_none() {
            one("◐ its answer, which tells its request id, has not come yet", theme.warning)
        } else {
            one("? no request id is known: these are the lines of all", theme.warning)
        };
    }
    let over = pane.is_over();
    let view = app.function.as_ref().filter(|_| app.screen == Screen::Function);
    match (pane.reported(), pane.unfiltered()) {
        (Reported::Figures(report), _) => {
            let mut parts = Vec::new();
            let raised = opened.filter(|invocation| invocation.status.is_failure());
            let raised = raised.and_then(|invocation| invocation.error_type);
            if report.is_failure() {
                let error = report.error_type.as_deref().or(raised).or(report.status.as_deref());
                parts.push((format!("✗ {}", sanitise(error.unwrap_or_default())), theme.error));
            } else if let Some(error) = raised {
                parts.push((format!("✗ {}", sanitise(error)), theme.error));
            }
            let name = view.map(|view| view.name.as_str());
            let name = name.or(opened.and_then(|invocation| invocation.function)).unwrap_or_default();
            invocation::measured(app, name, report, theme, &mut parts);
            parts
        }
        (Reported::Bare, _) => one("● its REPORT has come; it has no figures", theme.good),
        (Reported::NotYet, 0) if pane.is_scanning() => one("◐ looking for its lines", theme.warning),
        (Reported::NotYet, 0) if over => one("? none of its lines is there", theme.warning),
        (Reported::NotYet, 0) if request.queued => {
            one("◐ waiting for its lines: it was queued and starts when its turn comes", theme.warning)
        }
        (Reported::NotYet, 0) => one("◐ waiting for its lines", theme.warning),
        (Reported::NotYet, _) if view.is_some_and(is_without_reports) => {
            one("no REPORT comes: the function's system log level is WARN", theme.dim)
        }
        (Reported::NotYet, _) if over => one("? its REPORT is not there", theme.warning),
        (Reported::NotYet, _) => one("◐ its REPORT has not come yet", theme.warning),
    }
}

/// Whether the function's configuration keeps START and REPORT out of the log.
pub(super) fn is_without_reports(view: &View) -> bool {
    let logging = view.details.value.as_ref().and_then(|details| details.configuration.logging.as_ref());
    logging.is_some_and(|logging| {
        logging.log_format.as_deref() == Some("JSON") && logging.system_log_level.as_deref() == Some("WARN")
    })
}
