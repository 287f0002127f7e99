//! The Test tab: the event, and what came of sending it.

use ratatui::{buffer::Buffer, style::Style};

use super::{
    Theme, editor,
    paint::{Row, Shown, json_line, note, pieces, scrolled},
};
use crate::{
    app::{
        App,
        function::{
            View,
            test::{AnswerLine, Outcome},
        },
        layout::{self, Area, Size},
    },
    cloud::{self, Kind},
    domain::{cost, format, invocation::Answer, report::Report, text::width},
};

pub(super) fn draw(app: &App, view: &View, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let areas = layout::test(size);
    event(view, theme, buffer, areas.event);
    // Beside the event there is a rule; above the answer its heading is enough.
    let beside = areas.answer.column > areas.event.column;
    let answer = if beside {
        for nth in 0..usize::from(areas.answer.rows) {
            let rule = Area { column: areas.answer.column.saturating_sub(1), columns: 1, ..areas.answer };
            Row::new(buffer, rule, nth).put("│", theme.dim);
        }
        areas.answer
    } else {
        Area { columns: areas.answer.columns, ..areas.answer }
    };
    outcome(app, view, theme, buffer, answer);
}

fn event(view: &View, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let pane = &view.test;
    let mut heading = Row::new(buffer, area, 0);
    heading.skip(1).put("Event", theme.title).skip(2).put(&format::bytes(pane.size() as u64), theme.dim);
    if pane.editing {
        heading.skip(2).put("editing", theme.accent);
    }
    // The last column is left to the rule, the last row to what is wrong with the event.
    let columns = area.columns.saturating_sub(1);
    let text = Area { row: area.row.saturating_add(1), rows: area.rows.saturating_sub(2), columns, ..area };
    let shown = editor::Shown {
        editor: &pane.editor,
        scroll: pane.scroll,
        focused: pane.editing,
        bad_line: pane.problem.as_ref().map(|problem| problem.line),
        json: true,
    };
    editor::draw(shown, theme, buffer, text);
    if let Some(problem) = &pane.problem {
        let mut row = Row::new(buffer, Area { columns, ..area }, usize::from(area.rows.saturating_sub(1)));
        row.skip(1).put("✗ not JSON: ", theme.error).put(&problem.to_string(), theme.text);
    }
}

fn outcome(app: &App, view: &View, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let running = app.running(&view.name);
    if let Some(running) = running {
        let seconds = app.now.duration_since(running.since).as_millis().max(0);
        let elapsed = format!("{}.{} s", seconds / 1000, seconds % 1000 / 100);
        let limit = running.timeout_s.map(|timeout| format!(" of {timeout} s")).unwrap_or_default();
        let mut row = Row::new(buffer, area, 0);
        row.skip(1).put("◐ running ", theme.warning).put(&format!("{elapsed}{limit}"), theme.text);
        if let Some(old) = &view.test.outcome {
            let text = format!("below: the answer of {}", format::clock(old.at, &app.zone()));
            Row::new(buffer, area, 1).skip(1).put(&text, theme.dim);
            lines(view, old, theme, buffer, area);
        }
        return;
    }
    let Some(outcome) = &view.test.outcome else {
        Row::new(buffer, area, 0).skip(1).put("Answer", theme.title);
        note(buffer, area, 1, &[("Nothing was sent yet. enter sends the event, e edits it.", theme.dim)]);
        return;
    };
    match &outcome.result {
        Ok(answer) => {
            heading(app, view, outcome, answer, theme, buffer, area);
            lines(view, outcome, theme, buffer, area);
        }
        Err(error) => failed(app, outcome, error, theme, buffer, area),
    }
}

/// Two rows: how it ended and what it took, then what identifies it. What does not fit on the first goes to the
/// second.
fn heading(
    app: &App,
    view: &View,
    outcome: &Outcome,
    answer: &Answer,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Area,
) {
    let (word, style) = status(answer, theme);
    let mut parts: Vec<(String, Style)> = Vec::new();
    match &answer.report {
        Some(report) => measured(app, view, report, theme, &mut parts),
        #[allow(clippy::cast_precision_loss, reason = "no invocation takes 2^53 ms")]
        None => parts.push((format!("took {}", format::duration_ms(answer.elapsed_ms as f64)), theme.text)),
    }
    if let Some(version) = &answer.executed_version {
        parts.push((format!("version {version}"), theme.dim));
    }
    if let Some(id) = &answer.request_id {
        parts.push((format!("request {id}"), theme.dim));
    }
    parts.push((format!("at {}", format::clock(outcome.at, &app.zone())), theme.dim));
    let mut nth = 0;
    let mut row = Row::new(buffer, area, nth);
    row.skip(1).put(&word, style);
    for (text, style) in parts {
        if width(&text) + 2 > row.room() && nth == 0 {
            nth = 1;
            row = Row::new(buffer, area, nth);
            row.put(" ", theme.text);
        } else {
            row.skip(2);
        }
        row.put_whole(&text, style);
    }
}

fn measured(app: &App, view: &View, report: &Report, theme: &Theme, parts: &mut Vec<(String, Style)>) {
    parts.push((format::duration_ms(report.duration_ms), theme.text));
    parts.push((format!("billed {} ms", report.billed_ms), theme.text));
    if let Some(init) = report.init_ms {
        parts.push((format!("init {}", format::duration_ms(init)), theme.text));
    }
    if let Some(restore) = report.restore_ms {
        parts.push((format!("restore {}", format::duration_ms(restore)), theme.text));
    }
    parts.push((format!("{} of {} MB", report.max_memory_mb, report.memory_mb), theme.text));
    let configuration = view.details.value.as_ref().map(|details| &details.configuration);
    // An emulator bills nothing, and managed instances are billed by the instance.
    let billed = app.session.current.as_ref().is_some_and(|current| current.endpoint.is_none())
        && configuration.is_some_and(|function| function.capacity_provider_arn.is_none());
    let architecture = configuration.and_then(|function| function.architectures.first());
    let architecture = architecture.map_or("x86_64", String::as_str);
    if billed && let Some(cost) = cost::estimate(report.billed_ms, report.memory_mb, architecture) {
        parts.push((format!("est. {}", cost::usd(cost)), theme.text));
    }
}

fn status(answer: &Answer, theme: &Theme) -> (String, Style) {
    match (&answer.function_error, answer.status) {
        (Some(error), _) => (format!("✗ FUNCTION ERROR {error}"), theme.error),
        (None, 202) => ("● QUEUED 202".into(), theme.good),
        (None, 204) => ("● ALLOWED 204".into(), theme.good),
        (None, status @ 200..300) => (format!("● OK {status}"), theme.good),
        (None, status) => (format!("? STATUS {status}"), theme.warning),
    }
}

fn failed(
    app: &App,
    outcome: &Outcome,
    error: &cloud::Error,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Area,
) {
    let style = if error.kind == Kind::OutcomeUnknown { theme.warning } else { theme.error };
    let shape = if error.kind == Kind::OutcomeUnknown { "?" } else { "✗" };
    let mut row = Row::new(buffer, area, 0);
    row.skip(1).put(&format!("{shape} {}", word(error.kind)), style);
    row.skip(2).put(&format!("at {}", format::clock(outcome.at, &app.zone())), theme.dim);
    let mut nth = note(buffer, area, 2, &[(&error.message, theme.text)]);
    if let Some(hint) = &error.hint {
        nth = note(buffer, area, nth, &[(hint, theme.accent)]);
    }
    if let Some(id) = &error.request_id {
        note(buffer, area, nth, &[(&format!("request id {id}"), theme.dim)]);
    }
}

/// The word for a failure. Whether the function may have run is what matters most.
fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::NotFound => "NOT FOUND",
        Kind::Denied => "DENIED",
        Kind::Credentials => "NO VALID CREDENTIALS",
        Kind::Throttled => "THROTTLED",
        Kind::Conflict => "CONFLICT",
        Kind::Stale => "CHANGED MEANWHILE",
        Kind::Invalid => "REFUSED",
        Kind::Timeout => "NO ANSWER",
        Kind::Network => "NO CONNECTION",
        Kind::Unsupported => "NOT SUPPORTED",
        Kind::Service => "SERVICE FAILED",
        Kind::OutcomeUnknown => "OUTCOME UNKNOWN",
        Kind::ReadOnly => "READ-ONLY",
    }
}

fn lines(view: &View, outcome: &Outcome, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let area = Area {
        column: area.column.saturating_add(1),
        row: area.row.saturating_add(2),
        columns: area.columns.saturating_sub(1),
        rows: area.rows.saturating_sub(2),
    };
    let (columns, height) = (usize::from(area.columns), usize::from(area.rows));
    let (shown, _) = scrolled(outcome.lines.iter(), view.test.cursor.top, height, |line| line.rows(columns));
    for Shown { item, hidden, nth } in shown {
        match item {
            AnswerLine::Title(title) => {
                Row::new(buffer, area, nth).put(title, theme.title).skip(1).rule("─", theme.dim);
            }
            AnswerLine::Response(text) => {
                json_line(buffer, area, &Shown { item: text.as_str(), hidden, nth }, theme);
            }
            AnswerLine::Log(text) => {
                for (nth, piece) in (nth..height).zip(pieces(text, columns).skip(hidden)) {
                    Row::new(buffer, area, nth).put(piece, theme.text);
                }
            }
        }
    }
}
