//! The Test tab: the event, where it is sent, and what came of sending it.

use ratatui::buffer::Buffer;

use super::{
    Theme, answer, editor, invocation,
    paint::{Row, Shown, json_line, note, pieces},
};
use crate::{
    app::{
        App,
        function::{
            View,
            test::{Preview, PreviewLine, Target, TestPane},
        },
        invocations::Invocation,
        layout::{self, Area, Size},
        pager::{Lined as _, Pager},
    },
    domain::{
        invocation::Mode,
        text::{sanitise, width},
    },
};

pub(super) fn draw(app: &App, view: &View, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let areas = layout::test(size, app.invocation_rows());
    event(view, theme, buffer, areas.event);
    // Beside the event there is a rule; above the answer its heading is enough.
    if areas.answer.column > areas.event.column {
        let rows = areas.invocations.rows + areas.answer.rows;
        let rule = Area { column: areas.answer.column - 1, columns: 1, rows, ..areas.invocations };
        for nth in 0..usize::from(rows) {
            Row::new(buffer, rule, nth).put("│", theme.dim);
        }
    }
    let looked_at = app.looked_at();
    list(app, view, looked_at, theme, buffer, areas.invocations);
    if let Some(looked_at) = looked_at {
        preview(app, looked_at, view.test.pager, theme, buffer, areas.answer);
    } else {
        Row::new(buffer, areas.answer, 0).skip(1).put("Answer", theme.title);
        let text = "Nothing was sent yet. enter sends the event, e edits it, t offers others.";
        note(buffer, areas.answer, 1, &[(text, theme.dim)]);
    }
}

fn event(view: &View, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let pane = &view.test;
    // The last column is left to the rule, the last row to what is wrong with the event.
    let columns = area.columns.saturating_sub(1);
    let mut heading = Row::new(buffer, Area { columns, ..area }, 0);
    heading.skip(1).put("Event", theme.title).skip(2);
    let details = [
        // Where it goes must be on the screen, whatever else is not.
        target(&pane.target).map(|target| (sanitise(&target).into_owned(), theme.accent)),
        pane.editing.then(|| ("editing".to_owned(), theme.accent)),
        pane.under_way().map(|what| (what.to_owned(), theme.accent)),
        pane.event_name.as_deref().map(|name| (sanitise(name).into_owned(), theme.dim)),
    ];
    let details: Vec<_> = details.into_iter().flatten().collect();
    let taken: usize = details.iter().map(|(text, _)| width(text) + 2).sum();
    meter(pane, theme, &mut heading, taken);
    for (text, style) in details {
        heading.skip(2).put(&text, style);
    }
    let text = Area { row: area.row.saturating_add(1), rows: area.rows.saturating_sub(2), columns, ..area };
    let shown = editor::Shown {
        editor: &pane.editor,
        scroll: pane.scroll,
        focused: pane.editing,
        bad_line: pane.problem.as_ref().map(|problem| problem.line),
        json: true,
    };
    editor::draw(shown, theme, buffer, text);
    let mut row = Row::new(buffer, Area { columns, ..area }, usize::from(area.rows.saturating_sub(1)));
    if let Some(problem) = &pane.problem {
        // The place first: it is there where the rest does not fit.
        let place = format!("line {} column {}: ", problem.line, problem.column);
        row.skip(1)
            .put("✗ not JSON, ", theme.error)
            .put(&place, theme.error)
            .put(&problem.message, theme.text);
    } else if let Some(duplicate) = &pane.duplicate {
        row.skip(1).put("! ", theme.warning).put(&duplicate.to_string(), theme.text);
    }
}

/// The event's size, and what Lambda takes where that is near or fits beside `taken` columns.
fn meter(pane: &TestPane, theme: &Theme, row: &mut Row, taken: usize) {
    let (size, limit) = (pane.size(), pane.target.mode.payload_limit());
    let used = counted(size);
    let whole = format!("{used} of {}MB", limit >> 20);
    if size > limit {
        row.put(&whole, theme.error).put(" too large", theme.error);
    } else if size >= limit / 10 * 9 {
        row.put(&whole, theme.warning).put(" nearly full", theme.warning);
    } else if width(&whole) + taken <= row.room() {
        row.put(&whole, theme.dim);
    } else {
        row.put(&used, theme.dim);
    }
}

/// A size as Lambda counts it: 1 MB is 1024 kB.
fn counted(size: usize) -> String {
    let tenths = |unit: usize| (size * 10 + unit / 2) / unit;
    match size {
        0..1024 => format!("{size}B"),
        1024..1_048_576 => format!("{}kB", (tenths(1024) + 5) / 10),
        _ => format!("{}.{}MB", tenths(1 << 20) / 10, tenths(1 << 20) % 10),
    }
}

/// Where the event goes, as far as that is not the usual.
fn target(target: &Target) -> Option<String> {
    let mut parts = Vec::new();
    if let Some(qualifier) = &target.qualifier {
        parts.push(format!("to {qualifier}"));
    }
    if target.mode != Mode::RequestResponse {
        parts.push(format!("as {}", target.mode));
    }
    if let Some(tenant) = &target.tenant_id {
        parts.push(format!("tenant {tenant}"));
    }
    if target.client_context.is_some() {
        parts.push("with client context".into());
    }
    (!parts.is_empty()).then(|| parts.join("  "))
}

/// The invocations of the function: the newest at the bottom, the one that is looked at among them.
fn list(
    app: &App,
    view: &View,
    looked_at: Option<&Invocation>,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Area,
) {
    let all: Vec<&Invocation> = app.invocations.of(&view.name, app.session.epoch).collect();
    let rows = usize::from(area.rows);
    let looked_at = looked_at.map(|one| one.number);
    let at = all.iter().position(|one| Some(one.number) == looked_at).unwrap_or_default();
    let from = all.len().saturating_sub(rows).min(at);
    for (nth, one) in all.into_iter().skip(from).take(rows).enumerate() {
        invocation::row(app, one, Some(one.number) == looked_at, theme, buffer, area, nth);
    }
}

fn preview(app: &App, looked_at: &Invocation, pager: Pager, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let taken = invocation::heading(app, looked_at, theme, buffer, area);
    // A response that broke off is shown below what is said of it.
    let taken = u16::try_from(taken.max(2)).unwrap_or(u16::MAX).min(area.rows);
    let text = Area {
        column: area.column.saturating_add(1),
        row: area.row.saturating_add(taken),
        columns: area.columns.saturating_sub(1),
        rows: area.rows.saturating_sub(taken),
    };
    let preview = Preview::of(looked_at);
    let height = usize::from(text.rows);
    let pager = if looked_at.is_running() {
        // What comes is followed.
        Pager::bottom(&preview, (height, usize::from(text.columns)))
    } else {
        pager
    };
    lines(&preview, pager, theme, buffer, text);
}

fn lines(preview: &Preview<'_>, pager: Pager, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let (columns, height) = (usize::from(area.columns), usize::from(area.rows));
    let (mut nth, mut hidden) = (0, pager.hidden);
    for at in pager.line..preview.count() {
        if nth >= height {
            break;
        }
        let rows = crate::domain::text::rows(preview.line(at), columns);
        match preview.get(at) {
            Some(PreviewLine::Title(title)) => {
                Row::new(buffer, area, nth).put(title, theme.title).skip(1).rule("─", theme.dim);
            }
            Some(PreviewLine::Error(text, part)) => {
                let style = answer::error_style(part, theme);
                for (nth, piece) in (nth..height).zip(pieces(text, columns).skip(hidden)) {
                    Row::new(buffer, area, nth).put(piece, style);
                }
            }
            Some(PreviewLine::Response(text)) => {
                json_line(buffer, area, &Shown { item: text, hidden, nth }, theme);
            }
            Some(PreviewLine::Log(text)) => {
                for (nth, piece) in (nth..height).zip(pieces(text, columns).skip(hidden)) {
                    Row::new(buffer, area, nth).put(piece, theme.text);
                }
            }
            None => {}
        }
        nth += rows.max(1) - hidden.min(rows.max(1) - 1);
        hidden = 0;
    }
}
