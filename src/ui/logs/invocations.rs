//! The invocations that a log tells of: what they come to, then a row each.

use ratatui::{buffer::Buffer, style::Style};

use super::request::{is_without_reports, put_parts};
use crate::{
    app::{
        App, Screen,
        layout::{Area, Size},
        logs::{
            LogsPane,
            invocations::{self, Column, InvocationsPane},
        },
    },
    domain::{format, function::FUNCTION_GROUPS, text::sanitise},
    tail::invocations::{Invocation, Status},
    ui::{
        Theme,
        paint::{Align, Row, note},
    },
};

/// From this width on the time has its milliseconds.
const WIDE: usize = 120;

pub(super) fn draw(
    app: &App,
    pane: &LogsPane,
    table: &InvocationsPane,
    size: Size,
    theme: &Theme,
    buffer: &mut Buffer,
) {
    let areas = invocations::divide(size);
    summary(app, pane, table, theme, Row::new(buffer, areas.summary, 0));
    if table.is_empty() {
        return empty(pane, table, theme, buffer, areas.rows);
    }
    let columns = Columns::new(usize::from(areas.rows.columns), has_functions(pane));
    columns.heading(table, theme, Row::new(buffer, areas.heading, 0));
    let height = usize::from(areas.rows.rows);
    // The selected row shows whatever size the screen has.
    let top = table.cursor.top.max((table.cursor.at + 1).saturating_sub(height));
    for (nth, at) in (top..table.len()).take(height).enumerate() {
        // One may have gone since the table was brought into order.
        let Some(invocation) = table.get(at) else { continue };
        let cells = Cells::new(app, pane, &invocation, columns.start, theme);
        columns.row(&cells, at == table.cursor.at, theme, Row::new(buffer, areas.rows, nth));
    }
}

/// Whether rows may be of several functions.
fn has_functions(pane: &LogsPane) -> bool {
    pane.sources.len() > 1 || pane.sources.iter().any(|source| !source.group.starts_with(FUNCTION_GROUPS))
}

/// What they come to.
fn summary(app: &App, pane: &LogsPane, table: &InvocationsPane, theme: &Theme, mut row: Row) {
    let sums = table.summary;
    let what = if sums.count == 1 { "invocation" } else { "invocations" };
    let mut parts = vec![(format!("{} {what}", sums.count), theme.text)];
    if !table.fold.is_complete(&pane.store) {
        let text = format!("◐ {} of {} lines read", table.fold.scanned(), pane.store.len());
        parts.push((text, theme.warning));
    }
    if table.failed_only {
        parts.push(("failed only".into(), theme.warning));
    }
    match sums.failed {
        0 if sums.count > 0 => parts.push(("none failed".into(), theme.text)),
        0 => {}
        failed => parts.push((format!("✗ {failed} failed"), theme.error)),
    }
    let view = app.function.as_ref().filter(|_| app.screen == Screen::Function);
    if view.is_some_and(is_without_reports) {
        let text = "no START or REPORT comes: the function's system log level is WARN";
        parts.push((text.into(), theme.warning));
    }
    if sums.cold > 0 {
        parts.push((format!("{} cold", sums.cold), theme.text));
    }
    if let Some([median, high, longest]) = sums.durations_ms.map(|three| three.map(format::duration_ms)) {
        parts.push((format!("p50 {median}"), theme.text));
        parts.push((format!("p95 {high}"), theme.text));
        parts.push((format!("max {longest}"), theme.text));
    }
    if let Some(share) = sums.memory_share {
        parts.push((format!("memory up to {share} %"), theme.text));
    }
    row.skip(1);
    if row.room() > 60 {
        row.put_right(" ", theme.text);
        row.put_right(&format!("sort: {} {}", sorted_by(table.sort), arrow(table)), theme.dim);
    }
    put_parts(&mut row, &parts);
}

fn arrow(table: &InvocationsPane) -> &'static str {
    if table.reversed { "↑" } else { "↓" }
}

fn sorted_by(column: Column) -> &'static str {
    match column {
        Column::Start => "start",
        Column::Duration => "duration",
        Column::Errors => "errors",
        Column::Memory => "memory",
        Column::Init => "cold start",
    }
}

fn empty(pane: &LogsPane, table: &InvocationsPane, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let lines = pane.store.len();
    let (text, more) = if !table.fold.is_complete(&pane.store) {
        ("Reading the lines…".to_owned(), "")
    } else if table.failed_only && table.summary.count > 0 {
        (format!("None of the {} invocations failed.", table.summary.count), "! shows all.")
    } else if lines == 0 {
        ("No lines yet.".into(), "Invocations appear here as their lines come.")
    } else if table.fold.filter().is_all() {
        let text = match lines {
            1 => "The one line that is there names no invocation.".into(),
            _ => format!("None of the {lines} lines names an invocation."),
        };
        (text, "New ones appear here.")
    } else {
        ("No invocation has a line that the filter shows.".into(), "esc leads to the lines and their filter.")
    };
    note(buffer, area, 1, &[(&text, theme.text), (more, theme.dim)]);
}

/// A row's texts.
struct Cells {
    start: String,
    function: String,
    status: String,
    status_style: Style,
    duration: String,
    billed: String,
    memory: String,
    cold: String,
    error: String,
    lines: String,
    id: String,
}

impl Cells {
    fn new(app: &App, pane: &LogsPane, invocation: &Invocation, start: usize, theme: &Theme) -> Self {
        let at = format::from_millis(invocation.at_ms());
        let time = if start > 8 { format::clock_ms(at, &app.zone()) } else { format::clock(at, &app.zone()) };
        let (status, status_style) = status(app, invocation, theme);
        let dash = || "-".to_owned();
        let duration = |ms: Option<f64>| ms.map_or_else(dash, format::duration_ms);
        let memory = invocation.max_memory_mb.zip(invocation.memory_mb);
        Self {
            start: time,
            function: function(pane, invocation),
            status,
            status_style,
            duration: duration(invocation.duration_ms),
            billed: invocation.billed_ms.map_or_else(dash, billed),
            memory: memory.map_or_else(dash, |(used, of)| format!("{used}/{of}")),
            cold: cold(invocation),
            error: error(invocation),
            lines: invocation.rows.to_string(),
            id: sanitise(invocation.id).into_owned(),
        }
    }
}

/// Shape and word for how it ended.
fn status(app: &App, invocation: &Invocation, theme: &Theme) -> (String, Style) {
    let text = |text: &str, style| (text.to_owned(), style);
    match invocation.status_at(app.now.as_millisecond()) {
        Status::Ok => text("● ok", theme.good),
        Status::Error => text("✗ error", theme.error),
        Status::Timeout => text("✗ timeout", theme.error),
        Status::Crashed => text("✗ crashed", theme.error),
        Status::Running => {
            let age = format::short_age(app.now, format::from_millis(invocation.at_ms()));
            (format!("◐ running {age}"), theme.warning)
        }
        Status::Unknown if invocation.started_ms.is_none() => text("? no START", theme.warning),
        Status::Unknown => text("? no REPORT", theme.warning),
    }
}

/// Whole milliseconds, as they are billed, where there is room for them.
fn billed(ms: u64) -> String {
    #[allow(clippy::cast_precision_loss, reason = "no invocation takes 2^53 ms")]
    let long = || format::duration_ms(ms as f64);
    if ms < 100_000 { format!("{ms} ms") } else { long() }
}

/// How long its environment took to be made, or to come from a snapshot.
fn cold(invocation: &Invocation) -> String {
    match (invocation.restore_ms, invocation.init_ms) {
        (Some(restore), _) => format!("snap {}", format::duration_ms(restore)),
        (None, Some(init)) => format::duration_ms(init),
        (None, None) if invocation.cold => "yes".into(),
        (None, None) => "-".into(),
    }
}

fn error(invocation: &Invocation) -> String {
    let kind = invocation.error_type.map(|kind| sanitise(kind).into_owned());
    let errors = (invocation.errors > 0 && kind.is_none() && !invocation.status.is_failure())
        .then(|| format!("{} in its lines", invocation.errors));
    let attempts = (invocation.attempts > 1).then(|| format!("{} attempts", invocation.attempts));
    let parts: Vec<String> = kind.into_iter().chain(errors).chain(attempts).collect();
    if parts.is_empty() { "-".into() } else { parts.join(", ") }
}

/// The function, as far as it is known, with its version where that is a published one.
fn function(pane: &LogsPane, invocation: &Invocation) -> String {
    let source = pane.source(invocation.group);
    let of_source = source.map_or(invocation.group, |source| &source.label);
    let name = sanitise(invocation.function.unwrap_or(of_source));
    match invocation.version {
        Some(version) if version != "$LATEST" => format!("{name}:{}", sanitise(version)),
        _ => name.into_owned(),
    }
}

/// The columns that are shown, with their widths; 0 where there is no room for one. That depends on the width of the
/// screen alone, so that none comes and goes with the rows.
#[derive(Default)]
struct Columns {
    start: usize,
    function: usize,
    status: usize,
    duration: usize,
    billed: usize,
    memory: usize,
    cold: usize,
    error: usize,
    lines: usize,
    id: usize,
}

impl Columns {
    fn new(room: usize, several: bool) -> Self {
        let mut columns = Self::default();
        // The marker is the first one's.
        let mut left = room.saturating_sub(2);
        let mut take = |column: &mut usize, width: usize| {
            let first = *column == 0;
            let fits = width <= left;
            if fits {
                *column += width;
                left = left.saturating_sub(width + if first { 2 } else { 0 });
            }
            fits
        };
        // The most important ones first; behind one that has no room there is no other.
        let all = take(&mut columns.start, 8)
            && take(&mut columns.status, 13)
            && take(&mut columns.duration, 9)
            && take(&mut columns.error, 17)
            && (!several || take(&mut columns.function, 16))
            && take(&mut columns.memory, 10)
            && take(&mut columns.cold, 11)
            && take(&mut columns.id, 8)
            && take(&mut columns.lines, 6)
            && take(&mut columns.billed, 8)
            && take(&mut columns.id, 28);
        if all {
            if room >= WIDE {
                take(&mut columns.start, 4);
            }
            take(&mut columns.error, 16);
            if several {
                take(&mut columns.function, 16);
            }
        }
        columns
    }

    fn heading(&self, table: &InvocationsPane, theme: &Theme, mut row: Row) {
        row.skip(2);
        let mut cell = |columns: usize, label: &str, align: Align, sorted: Option<Column>| {
            if columns == 0 {
                return;
            }
            let marked = sorted == Some(table.sort);
            let text = if marked { format!("{label}{}", arrow(table)) } else { label.to_owned() };
            row.cell(&text, columns, align, if marked { theme.title } else { theme.dim });
        };
        cell(self.start, "START", Align::Left, Some(Column::Start));
        cell(self.function, "FUNCTION", Align::Left, None);
        cell(self.status, "STATUS", Align::Left, None);
        cell(self.duration, "DURATION", Align::Right, Some(Column::Duration));
        cell(self.billed, "BILLED", Align::Right, None);
        cell(self.memory, "MEMORY MB", Align::Right, Some(Column::Memory));
        cell(self.cold, "COLD START", Align::Left, Some(Column::Init));
        cell(self.error, "ERROR", Align::Left, Some(Column::Errors));
        cell(self.lines, "LINES", Align::Right, None);
        cell(self.id, if self.id > 10 { "REQUEST ID" } else { "REQUEST" }, Align::Left, None);
    }

    fn row(&self, cells: &Cells, selected: bool, theme: &Theme, mut row: Row) {
        let base = if selected { theme.selected } else { theme.text };
        row.put(if selected { ">" } else { " " }, theme.accent).skip(1);
        let mut cell = |columns: usize, text: &str, align: Align, style: Style| {
            if columns > 0 {
                row.cell(text, columns, align, style);
            }
        };
        cell(self.start, &cells.start, Align::Left, base);
        cell(self.function, &cells.function, Align::Left, base);
        cell(self.status, &cells.status, Align::Left, cells.status_style);
        cell(self.duration, &cells.duration, Align::Right, base);
        cell(self.billed, &cells.billed, Align::Right, base);
        cell(self.memory, &cells.memory, Align::Right, base);
        cell(self.cold, &cells.cold, Align::Left, base);
        cell(self.error, &cells.error, Align::Left, base);
        cell(self.lines, &cells.lines, Align::Right, base);
        // What of it has room is enough to tell it from others.
        let id = cells.id.get(..self.id).unwrap_or(&cells.id);
        cell(self.id, id, Align::Left, theme.dim);
    }
}
