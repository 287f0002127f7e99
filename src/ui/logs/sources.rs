//! The log groups that are followed together.

use ratatui::{buffer::Buffer, style::Style};

use crate::{
    app::{
        App,
        layout::{self, Area, Size},
        list::Cursor,
        logs::{
            LogsPane,
            sources::{FOOT, HEAD, Source},
        },
    },
    domain::text::{fit_start, sanitise, width},
    tail::State,
    ui::{
        Theme,
        overlay::more,
        paint::{self, Align, Row, note, pieces},
    },
};

/// Columns of a state with its shape, of a count, and of whether it is shown.
const STATE: usize = 16;
const COUNT: usize = 8;
const SHOWN: usize = 5;

/// The style of a source's label.
pub(in crate::ui) fn style(source: &Source, theme: &Theme) -> Style {
    theme.source(source.colour)
}

/// Behind the word "Logs": of what, and how finding it goes.
pub(super) fn title(app: &App, theme: &Theme, row: &mut Row) {
    let Some(pane) = app.logs.as_ref() else { return };
    let finding = &pane.finding;
    if let Some(progress) = finding.progress(app.functions.total()) {
        row.put_right(" ", theme.text);
        row.put_right(&format!("◐ {progress}"), theme.warning);
    }
    row.skip(2);
    let rules = finding.rules();
    if !rules.is_empty() {
        row.put(&rules, theme.accent).skip(2);
    }
    let of = match &pane.sources[..] {
        [] => String::new(),
        [only] => sanitise(&only.name()).into_owned(),
        few @ ([_, _] | [_, _, _]) => {
            let labels: Vec<&str> = few.iter().map(|source| source.label.as_str()).collect();
            sanitise(&labels.join(", ")).into_owned()
        }
        many => format!("{} log groups", many.len()),
    };
    row.put(&of, theme.text);
    if pane.muted() > 0 {
        row.skip(2).put_whole(&format!("{} muted", pane.muted()), theme.warning);
    }
    if let Some((seconds, _)) = pane.slowness() {
        row.skip(2).put_whole(&format!("each read every {seconds} s"), theme.warning);
    }
}

/// Where nothing is followed yet.
pub(super) fn none(app: &App, pane: &LogsPane, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let finding = &pane.finding;
    let asked = finding.asked();
    let (text, style) = match (finding.progress(app.functions.total()), &finding.error) {
        (Some(progress), _) => (format!("◐ {asked}: {progress}."), theme.warning),
        (None, Some(error)) => (format!("✗ {}", sanitise(&error.to_string())), theme.error),
        (None, None) if asked.is_empty() => ("No log group is followed.".into(), theme.text),
        (None, None) => (format!("No log group is followed: nothing fits {asked}."), theme.text),
    };
    let more = if finding.is_under_way() {
        "What is found is followed at once."
    } else {
        "S then + adds some: names, team-a-*, tag:team=a, stack:NAME, /aws/..."
    };
    note(buffer, area, 1, &[(&text, style), (more, theme.dim)]);
}

/// The list of log groups.
pub(in crate::ui) fn draw(app: &App, cursor: Cursor, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let areas = layout::page(size);
    let Some(pane) = app.log() else { return };
    paint::frame(buffer, areas.frame, "Log groups", theme);
    let text = areas.text;
    // Where there is little room the list keeps it.
    let foot = FOOT.min(text.rows.saturating_sub(HEAD + 1));
    let head = HEAD.min(text.rows.saturating_sub(1));
    let list = Area { row: text.row + head, rows: text.rows.saturating_sub(head + foot), ..text };
    let below = Area { row: list.row + list.rows, rows: foot, ..text };
    let labels = pane.sources.iter().map(|source| width(&source.label)).max().unwrap_or_default();
    let labels = labels.clamp(4, usize::from(text.columns) / 4);
    if head > 0 {
        heading(labels, theme, Row::new(buffer, text, 0));
    }
    if pane.sources.is_empty() {
        note(buffer, list, 0, &[("There is none; + adds some.", theme.dim)]);
    }
    let height = usize::from(list.rows);
    // A frame of another size than the state knows must show the selected one all the same.
    let at = cursor.at.min(pane.sources.len().saturating_sub(1));
    let top = cursor.top.max((at + 1).saturating_sub(height.max(1)));
    for (nth, source) in pane.sources.iter().skip(top).take(height).enumerate() {
        let row = Row::new(buffer, list, nth);
        one(app, pane, source, top + nth == at, labels, theme, row);
    }
    more(top + height < pane.sources.len(), areas.frame, theme, buffer);
    told(app, pane, pane.sources.get(at), theme, buffer, below);
}

fn heading(labels: usize, theme: &Theme, mut row: Row) {
    row.skip(4)
        .cell("NAME", labels, Align::Left, theme.dim)
        .cell("STATE", STATE, Align::Left, theme.dim)
        .cell("EVENTS", COUNT, Align::Right, theme.dim)
        .cell("PER MIN", COUNT, Align::Right, theme.dim)
        .cell("", SHOWN, Align::Left, theme.dim)
        .put("LOG GROUP", theme.dim);
}

fn one(
    app: &App,
    pane: &LogsPane,
    source: &Source,
    selected: bool,
    labels: usize,
    theme: &Theme,
    mut row: Row,
) {
    let colour = style(source, theme);
    row.put(if selected { ">" } else { " " }, theme.accent).skip(1).put("█", colour).skip(1);
    let name = if selected { theme.selected } else { colour };
    row.cell(&sanitise(&source.label), labels, Align::Left, name);
    let (shape, state) = match source.status.as_ref().map(|status| &status.state) {
        _ if pane.is_not_live(&source.group) => ("○", theme.warning),
        Some(State::Live) => ("●", theme.good),
        None | Some(State::CatchingUp | State::Throttled { .. }) => ("◐", theme.warning),
        Some(State::Waiting) => ("○", theme.dim),
        Some(_) => ("✗", theme.error),
    };
    let word = if pane.is_not_live(&source.group) { "not live" } else { source.state_word() };
    row.cell(&format!("{shape} {word}"), STATE, Align::Left, state);
    row.cell(&source.events().to_string(), COUNT, Align::Right, theme.text);
    row.cell(&source.per_minute(app.now).to_string(), COUNT, Align::Right, theme.text);
    row.cell(if source.muted { "muted" } else { "" }, SHOWN, Align::Left, theme.warning);
    // Names differ at their ends.
    let room = row.room();
    row.put(&fit_start(&sanitise(&source.group), room), theme.dim);
}

/// Below the list: the selected one in full, what is wrong with it, and what concerns all.
fn told(
    app: &App,
    pane: &LogsPane,
    selected: Option<&Source>,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Area,
) {
    let mut lines: Vec<(String, Style)> = Vec::new();
    if let Some(source) = selected {
        let functions =
            source.function.as_ref().map(|_| format!("{} in ", source.name())).unwrap_or_default();
        lines.push((sanitise(&format!("{functions}{}", source.group)).into_owned(), theme.dim));
        if let Some((trouble, style)) = trouble(source, theme) {
            lines.push((trouble, style));
        }
    }
    let finding = &pane.finding;
    if let Some(progress) = finding.progress(app.functions.total()) {
        lines.push((format!("◐ {}: {progress}", finding.asked()), theme.warning));
    } else if let Some(error) = &finding.error {
        lines.push((format!("✗ {}", sanitise(&error.to_string())), theme.error));
    }
    if let Some((seconds, per_second)) = pane.slowness() {
        let text = format!(
            "! {} log groups on {per_second} calls/s: each is read every {seconds} s. Live Tail (L) is faster for up to 10, and billed",
            pane.sources.len()
        );
        lines.push((text, theme.warning));
    }
    if finding.left_out > 0 {
        lines.push((format!("! {} more log groups are not followed", finding.left_out), theme.warning));
    }
    let columns = usize::from(area.columns);
    let pieces =
        lines.iter().flat_map(|(text, style)| pieces(text, columns).map(move |piece| (piece, *style)));
    for (nth, (piece, style)) in pieces.take(usize::from(area.rows)).enumerate() {
        Row::new(buffer, area, nth).put(piece, style);
    }
}

/// Why a source is not live.
fn trouble(source: &Source, theme: &Theme) -> Option<(String, Style)> {
    let message = |message: &str| (format!("✗ {}", sanitise(message)), theme.error);
    Some(match &source.status.as_ref()?.state {
        State::CatchingUp | State::Live => return None,
        State::Waiting => ("○ it comes with the first invocation".into(), theme.dim),
        State::Throttled { behind_ms } => {
            (format!("◐ AWS asks to slow down: {} s behind", behind_ms / 1000), theme.warning)
        }
        State::Offline { message: text, .. }
        | State::Credentials { message: text }
        | State::Denied { message: text }
        | State::Unsupported { message: text }
        | State::Failed { message: text } => message(text),
    })
}

/// Each source with its colour, as many as fit.
pub(super) fn chips(pane: &LogsPane, theme: &Theme, mut row: Row) {
    row.skip(1);
    let mut left = pane.sources.len();
    for source in &pane.sources {
        let (shape, word) = shape_and_word(source);
        let label = sanitise(&source.label);
        let text = format!("{shape} {label}{word}");
        let more = if left > 1 { format!("  and {} more", left - 1) } else { String::new() };
        if width(&text) + more.len() > row.room() {
            row.put(&format!("and {left} more"), theme.dim);
            return;
        }
        row.put(&text, if source.muted { theme.dim } else { style(source, theme) }).skip(2);
        left -= 1;
    }
}

fn shape_and_word(source: &Source) -> (&'static str, &'static str) {
    let state = source.status.as_ref().map(|status| &status.state);
    match state {
        _ if source.muted => ("○", " (muted)"),
        Some(State::Live) => ("●", ""),
        None | Some(State::CatchingUp) if source.history_done => ("●", ""),
        None | Some(State::CatchingUp) => ("◐", ""),
        Some(State::Throttled { .. }) => ("◐", " (throttled)"),
        Some(State::Waiting) => ("○", " (no group yet)"),
        Some(State::Offline { .. }) => ("✗", " (offline)"),
        Some(State::Credentials { .. }) => ("✗", " (no credentials)"),
        Some(State::Denied { .. }) => ("✗", " (denied)"),
        Some(State::Unsupported { .. }) => ("✗", " (can't be followed)"),
        Some(State::Failed { .. }) => ("✗", " (failed)"),
    }
}
