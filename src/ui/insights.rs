//! Logs Insights: the query, how far it is and what it costs, and its results as a table.

use ratatui::{
    buffer::Buffer,
    style::{Modifier, Style},
};

use super::{
    Theme, editor,
    overlay::more,
    paint::{self, Align, Row, note},
};
use crate::{
    app::{
        App,
        insights::InsightsPane,
        layout::{self, Area, Size},
    },
    domain::{
        cost, format,
        insights::{Progress, Results},
        text::{sanitise, width},
    },
};

/// The widest that a column gets while there are others, in columns of the screen.
const WIDEST: usize = 40;

/// What of a value is looked at: no screen is wider.
const READ: usize = 2000;

pub(super) fn draw(app: &App, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let Some(pane) = &app.insights else { return };
    let areas = layout::insights(size, pane.editor.line_count());
    let asked = match &pane.groups[..] {
        [] => "no log group".to_owned(),
        [group] => sanitise(group).into_owned(),
        groups => format!("{} log groups", groups.len()),
    };
    let title = format!("Logs Insights: {asked}, {}", pane.reach.label(&app.zone()));
    paint::frame(buffer, areas.frame, &title, theme);
    query(pane, theme, buffer, areas.query);
    status(app, pane, theme, buffer, areas.status);
    match (&pane.results, &pane.error) {
        (_, Some(error)) => {
            let hint = error.hint.as_deref().unwrap_or_default();
            let text = format!("✗ {}", sanitise(&error.message));
            note(buffer, areas.rows, 0, &[(&text, theme.error), (hint, theme.dim)]);
        }
        (Some(results), None) if !results.rows.is_empty() => {
            table(pane, results, theme, buffer, areas.heading, areas.rows);
            let below = pane.cursor.top + usize::from(areas.rows.rows) < pane.order.len();
            more(below, areas.frame, theme, buffer);
        }
        (Some(results), None) => {
            let text = if results.progress.is_over() { "No rows." } else { "No rows yet." };
            note(buffer, areas.rows, 0, &[(text, theme.dim)]);
        }
        (None, None) if pane.is_running() => {}
        (None, None) => {
            let texts = [
                ("ctrl-r asks, ctrl-t offers queries, e writes one, @ chooses the time.", theme.text),
                (
                    "AWS bills what is looked at, about $0.005 a GB: a shorter time and fewer log groups cost less.",
                    theme.dim,
                ),
            ];
            note(buffer, areas.rows, 0, &texts);
        }
    }
}

fn query(pane: &InsightsPane, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let rows = usize::from(area.rows);
    let (line, _) = pane.editor.place(pane.editor.cursor());
    // Where it is not edited it is shown from its beginning.
    let top = if pane.editing { (line + 1).saturating_sub(rows) } else { 0 };
    let shown = editor::Shown {
        editor: &pane.editor,
        scroll: (top, 0),
        focused: pane.editing,
        bad_line: None,
        json: false,
    };
    editor::draw(shown, theme, buffer, area);
}

/// How far the query is, and what it looked at.
fn status(app: &App, pane: &InsightsPane, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let Some(asked) = &pane.asked else { return };
    let mut row = Row::new(buffer, area, 0);
    let progress = pane.results.as_ref().map(|results| results.progress);
    let (text, style) = match progress {
        _ if pane.error.is_some() => ("✗ failed", theme.error),
        None if !pane.is_running() => ("● stopped", theme.dim),
        None | Some(Progress::Scheduled) => ("◐ waiting for its turn", theme.warning),
        Some(Progress::Running) => ("◐ running", theme.warning),
        Some(Progress::Complete) => ("● complete", theme.good),
        Some(Progress::Cancelled) => ("● stopped: these are not all rows", theme.warning),
        Some(Progress::Failed) => ("✗ AWS gave up", theme.error),
        Some(Progress::TimedOut) => ("✗ it took longer than AWS allows: ask about less", theme.error),
    };
    row.put(text, style);
    let took = asked.over.unwrap_or(app.now).duration_since(asked.at);
    row.put(&format!(", {:.1} s", took.as_secs_f64()), style);
    if let Some(results) = &pane.results {
        row.skip(2).put_whole(&format!("{} rows", count(results.rows.len() as u64)), theme.text);
    }
    if pane.editor.text().trim() != asked.query.text {
        row.skip(2).put_whole("the query above is another one", theme.warning);
    }
    let Some(results) = &pane.results else { return };
    // What it costs has a row of its own where there is one.
    let mut row = Row::new(buffer, area, 1);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts")]
    let [matched, scanned, bytes] =
        [results.matched, results.scanned, results.bytes].map(|number| number.max(0.0) as u64);
    let cost = cost::usd(results.cost_usd());
    row.put(&format!("{} looked at, about {cost} at AWS", format::bytes(bytes)), theme.dim);
    row.skip(2).put_whole(&format!("{} of {} events match", count(matched), count(scanned)), theme.dim);
}

/// A number with its thousands apart.
fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A value as it is shown in its cell: one line.
fn shown(cell: &str) -> String {
    let end = cell.char_indices().nth(READ).map_or(cell.len(), |(at, _)| at);
    sanitise(cell[..end].trim_end_matches(['\n', '\r'])).into_owned()
}

fn table(
    pane: &InsightsPane,
    results: &Results,
    theme: &Theme,
    buffer: &mut Buffer,
    heading: Area,
    rows: Area,
) {
    let height = usize::from(rows.rows);
    // A frame of another size than the state knows must show the selected one all the same.
    let top = pane.cursor.top.max((pane.cursor.at + 1).saturating_sub(height.max(1)));
    let columns: Vec<usize> =
        (pane.left.min(results.columns.len().saturating_sub(1))..results.columns.len()).collect();
    let visible: Vec<Vec<String>> = (top..pane.order.len())
        .take(height)
        .filter_map(|at| pane.row(at))
        .map(|row| {
            let cell = |column: &usize| {
                row.get(*column).and_then(|cell| cell.as_deref()).map_or_else(String::new, shown)
            };
            columns.iter().map(cell).collect()
        })
        .collect();
    let titles: Vec<String> = columns
        .iter()
        .map(|column| {
            let sign = match pane.sort {
                Some((sorted, false)) if sorted == *column => " ↑",
                Some((sorted, true)) if sorted == *column => " ↓",
                _ => "",
            };
            format!("{}{sign}", shown(&results.columns[*column]))
        })
        .collect();
    let last = columns.len().saturating_sub(1);
    let widths: Vec<usize> = titles
        .iter()
        .enumerate()
        .map(|(nth, title)| {
            let widest =
                visible.iter().map(|row| width(&row[nth])).max().unwrap_or_default().max(width(title));
            if nth == last { widest } else { widest.min(WIDEST) }
        })
        .collect();
    let aligns: Vec<Align> = (0..columns.len())
        .map(|nth| {
            let mut cells =
                visible.iter().map(|row| row[nth].as_str()).filter(|cell| !cell.is_empty()).peekable();
            let numbers = cells.peek().is_some() && cells.all(|cell| cell.parse::<f64>().is_ok());
            if numbers { Align::Right } else { Align::Left }
        })
        .collect();
    let mut row = Row::new(buffer, heading, 0);
    row.put(if pane.left > 0 { "<" } else { " " }, theme.accent);
    for (nth, title) in titles.iter().enumerate() {
        row.cell(title, widths[nth], aligns[nth], theme.dim);
    }
    for (nth, cells) in visible.iter().enumerate() {
        let selected = top + nth == pane.cursor.at;
        let mut row = Row::new(buffer, rows, nth);
        row.put(if selected { ">" } else { " " }, theme.accent);
        let style: Style = if selected { theme.text.add_modifier(Modifier::BOLD) } else { theme.text };
        for (column, cell) in cells.iter().enumerate() {
            row.cell(cell, widths[column], aligns[column], style);
        }
    }
}
