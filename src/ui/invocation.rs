//! An invocation in one row, and the heading above its answer.

use ratatui::{buffer::Buffer, style::Style};

use super::{
    Theme,
    paint::{Align, Row, note},
};
use crate::{
    app::{
        App,
        invocations::{Invocation, Outcome},
        layout::Area,
    },
    cloud,
    domain::{
        cost, format,
        invocation::{Answer, Ending, Mode, Reply},
        report::Report,
        text::width,
    },
};

/// The shape and word for how it ended, and their colour.
pub(super) fn ending(ending: &Ending, status: Option<u16>, theme: &Theme) -> (String, Style) {
    let (shape, style) = match ending {
        Ending::Ok | Ending::Queued | Ending::Allowed => ("●", theme.good),
        Ending::Unknown => ("?", theme.warning),
        _ => ("✗", theme.error),
    };
    let word = ending.word();
    let text = match (ending, status) {
        (Ending::FunctionError(error), _) => format!("{shape} {word} {error}"),
        (_, Some(status)) => format!("{shape} {word} {status}"),
        (_, None) => format!("{shape} {word}"),
    };
    (text, style)
}

fn of_outcome(outcome: &Outcome, theme: &Theme) -> (String, Style) {
    match &outcome.result {
        // An emulator may answer with a status that Lambda never gives.
        Ok(Reply { answer: Answer { status, function_error: None, .. }, .. })
            if !(200..300).contains(status) =>
        {
            (format!("? STATUS {status}"), theme.warning)
        }
        Ok(reply) => ending(&outcome.ending(), Some(reply.answer.status), theme),
        Err(error) if matches!(error.kind, cloud::Kind::ReadOnly) => ("✗ READ-ONLY".into(), theme.error),
        Err(_) => ending(&outcome.ending(), None, theme),
    }
}

/// The time since it was sent, and the time-out.
fn clock(app: &App, invocation: &Invocation) -> String {
    let elapsed = app.now.duration_since(invocation.since).as_millis().max(0);
    let limit = invocation.request.timeout_s.map(|timeout| format!(" of {timeout} s")).unwrap_or_default();
    format!("{}.{} s{limit}", elapsed / 1000, elapsed % 1000 / 100)
}

/// What has come of a response that is streamed.
fn progress(invocation: &Invocation) -> Option<String> {
    let stream = &invocation.stream;
    let first = stream.first_byte_ms?;
    let pieces = if stream.chunks == 1 { "chunk" } else { "chunks" };
    Some(format!("first byte {first} ms  {} {pieces}  {}", stream.chunks, format::bytes(stream.bytes)))
}

/// One row of a list.
pub(super) fn row(
    app: &App,
    invocation: &Invocation,
    selected: bool,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Area,
    nth: usize,
) {
    let mut row = Row::new(buffer, area, nth);
    row.put(if selected { ">" } else { " " }, theme.accent);
    row.cell(&format!("#{}", invocation.number), 4, Align::Right, theme.dim).back(1);
    row.put(&format::clock(invocation.since, &app.zone()), theme.dim).skip(1);
    let qualifier = invocation.request.qualifier.as_deref().unwrap_or("$LATEST");
    row.cell(qualifier, 8, Align::Left, theme.text).back(1);
    let Some(outcome) = &invocation.outcome else {
        row.put("◐ running ", theme.warning).put(&clock(app, invocation), theme.text);
        if let Some(progress) = progress(invocation) {
            row.skip(2).put(&progress, theme.dim);
        }
        return;
    };
    let (word, style) = of_outcome(outcome, theme);
    row.put(&word, style).skip(2);
    match &outcome.result {
        Ok(Reply { answer, body }) => {
            if let Some(report) = &answer.report {
                row.put(&format::duration_ms(report.duration_ms), theme.text).skip(2);
                if let Some(init) = report.init_ms {
                    row.put(&format!("init {}", format::duration_ms(init)), theme.dim).skip(2);
                }
            } else {
                row.put(&took(answer), theme.text).skip(2);
            }
            row.put(&format::bytes(body.bytes().len() as u64), theme.dim);
        }
        Err(error) => {
            row.put(&error.message, theme.dim);
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "no invocation takes 2^53 ms")]
fn took(answer: &Answer) -> String {
    format!("took {}", format::duration_ms(answer.elapsed_ms as f64))
}

/// The heading above an answer, and where there is none, all that is to be said. Two rows: how it ended and what it
/// took, then what identifies it. What does not fit on the first goes to the second. Answers the rows that it took.
pub(super) fn heading(
    app: &App,
    invocation: &Invocation,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Area,
) -> usize {
    let Some(outcome) = &invocation.outcome else {
        let mut row = Row::new(buffer, area, 0);
        row.skip(1).put("◐ running ", theme.warning).put(&clock(app, invocation), theme.text);
        if let Some(progress) = progress(invocation) {
            Row::new(buffer, area, 1).skip(1).put(&progress, theme.text);
        }
        return 2;
    };
    let mut parts: Vec<(String, Style)> = Vec::new();
    match &outcome.result {
        Err(error) => return failed(app, outcome, error, theme, buffer, area),
        Ok(reply) => told(app, invocation, reply, theme, &mut parts),
    }
    parts.push((format!("at {}", format::clock(outcome.at, &app.zone())), theme.dim));
    let (word, style) = of_outcome(outcome, theme);
    let mut nth = 0;
    let mut row = Row::new(buffer, area, nth);
    row.skip(1).put(&word, style);
    for (text, style) in parts {
        if width(&text) + 2 <= row.room() {
            row.skip(2).put(&text, style);
        } else if nth == 0 {
            nth = 1;
            row = Row::new(buffer, area, nth);
            row.skip(1).put_whole(&text, style);
        }
    }
    2
}

fn told(app: &App, invocation: &Invocation, reply: &Reply, theme: &Theme, parts: &mut Vec<(String, Style)>) {
    let answer = &reply.answer;
    match &answer.report {
        Some(report) => measured(app, &invocation.request.function, report, theme, parts),
        None => parts.push((took(answer), theme.text)),
    }
    if let Some(first) = answer.first_byte_ms {
        parts.push((format!("first byte {first} ms"), theme.text));
    }
    if answer.payload_left_out > 0 {
        parts.push((format!("{} not kept", format::bytes(answer.payload_left_out)), theme.warning));
    }
    if invocation.forgotten {
        parts.push(("response not kept".into(), theme.warning));
    }
    // What there is no room for is left out: the request's id is what is asked for most.
    if let Some(id) = &answer.request_id {
        parts.push((format!("request {id}"), theme.dim));
    }
    if let Some(version) = &answer.executed_version {
        parts.push((format!("version {version}"), theme.dim));
    }
    if invocation.request.mode != Mode::RequestResponse {
        parts.push((invocation.request.mode.as_str().into(), theme.dim));
    }
}

/// The figures of a REPORT.
pub(super) fn measured(
    app: &App,
    function: &str,
    report: &Report,
    theme: &Theme,
    parts: &mut Vec<(String, Style)>,
) {
    parts.push((format::duration_ms(report.duration_ms), theme.text));
    parts.push((format!("billed {} ms", report.billed_ms), theme.text));
    if let Some(init) = report.init_ms {
        parts.push((format!("init {}", format::duration_ms(init)), theme.text));
    }
    if let Some(restore) = report.restore_ms {
        parts.push((format!("restore {}", format::duration_ms(restore)), theme.text));
    }
    parts.push((format!("{} of {} MB", report.max_memory_mb, report.memory_mb), theme.text));
    if let Some(cost) = estimated_cost(app, function, report.billed_ms, report.memory_mb) {
        parts.push((format!("est. {}", cost::usd(cost)), theme.text));
    }
}

/// What an invocation of a function cost in USD, where that can be estimated: an emulator bills nothing, and managed
/// instances are billed by the instance.
pub(super) fn estimated_cost(app: &App, function: &str, billed_ms: u64, memory_mb: u32) -> Option<f64> {
    cost::estimate(billed_ms, memory_mb, &app.priced_as(function)?)
}

fn failed(
    app: &App,
    outcome: &Outcome,
    error: &cloud::Error,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Area,
) -> usize {
    let (word, style) = of_outcome(outcome, theme);
    let mut row = Row::new(buffer, area, 0);
    row.skip(1).put(&word, style);
    row.skip(2).put(&format!("at {}", format::clock(outcome.at, &app.zone())), theme.dim);
    let mut nth = note(buffer, area, 2, &[(&error.message, theme.text)]);
    if let Some(hint) = &error.hint {
        nth = note(buffer, area, nth, &[(hint, theme.accent)]);
    }
    if let Some(id) = &error.request_id {
        nth = note(buffer, area, nth, &[(&format!("request id {id}"), theme.dim)]);
    }
    nth
}
