//! The Configuration tab: a form.

use ratatui::{buffer::Buffer, style::Style};

use super::{
    Theme,
    function::nothing_yet,
    paint::{Align, Row, pieces, scrolled},
};
use crate::{
    app::{
        App,
        draft::Draft,
        function::{
            View,
            configuration::{Editing, Line, Look, Restorable, areas, label_columns, value_columns},
        },
        layout::Area,
        review::Phase,
    },
    domain::{settings::Kind, text::sanitise},
};

pub(super) fn draw(app: &App, view: &View, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let Some(details) = &view.details.value else {
        nothing_yet(view, theme, buffer, area);
        return;
    };
    let pane = &view.configuration;
    let areas = areas(area, details.reserved_concurrency == Some(0));
    stopped(app, theme, Row::new(buffer, areas.banner, 0));

    let lines = pane.lines(details, app.now);
    let (columns, height) = (usize::from(areas.form.columns), usize::from(areas.form.rows));
    let selected = pane.at(&lines);
    let top = pane.top(&lines, columns, height);
    let (shown, _) = scrolled(lines.iter().enumerate(), top, height, |(_, line)| line.rows(columns));
    for shown in shown {
        let (at, line) = shown.item;
        match line {
            Line::Group(group) => {
                let mut row = Row::new(buffer, areas.form, shown.nth);
                row.skip(1).put(group.title(), theme.title).skip(1).rule("─", theme.dim);
            }
            Line::Row(form_row) => {
                let selected = at == selected;
                let (sign, style) = look(form_row.look, theme);
                let values = pieces(&form_row.value, value_columns(columns)).enumerate().skip(shown.hidden);
                for (nth, (piece_nth, piece)) in (shown.nth..height).zip(values) {
                    let mut row = Row::new(buffer, areas.form, nth);
                    let first = piece_nth == 0;
                    row.skip(1).put(if selected && first { "> " } else { "  " }, theme.accent);
                    let label = if first { form_row.label.as_str() } else { "" };
                    let label_style = if selected { theme.selected } else { theme.dim };
                    row.cell(label, label_columns(columns), Align::Left, label_style);
                    match pane.editing.as_ref().filter(|_| selected) {
                        Some(editing) if first => _ = row.put("  ", style).field(&editing.field, true, theme),
                        // What is typed takes the place of the value, however long that is.
                        Some(_) => {}
                        None => _ = row.put(if first { sign } else { "  " }, style).put(piece, style),
                    }
                }
            }
        }
    }
    rule(view, &lines, theme, Row::new(buffer, areas.rule, 0));
    status(app, view, theme, Row::new(buffer, areas.status, 0));
}

fn look(look: Look, theme: &Theme) -> (&'static str, Style) {
    match look {
        Look::Plain => ("  ", theme.text),
        Look::Dim => ("  ", theme.dim),
        Look::Changed => ("~ ", theme.warning),
        Look::Warning => ("! ", theme.warning),
        Look::Bad => ("✗ ", theme.error),
    }
}

fn stopped(app: &App, theme: &Theme, mut row: Row) {
    let restores = match app.restorable_concurrency() {
        Restorable::Known(Some(count)) => format!("K restores {count}"),
        Restorable::Known(None) => "K restores unreserved".to_owned(),
        Restorable::Unknown => "K asks what to reserve".to_owned(),
        Restorable::Reading => "reading what there was before…".to_owned(),
    };
    row.skip(1).put("✗ STOPPED", theme.error);
    row.put(": every invocation is throttled; ", theme.text).put(&restores, theme.warning);
}

/// What may be entered in the selected row, or what is wrong with what is typed there.
fn rule(view: &View, lines: &[Line], theme: &Theme, mut row: Row) {
    let pane = &view.configuration;
    row.skip(3);
    let Some(selected) = pane.row(lines) else { return };
    match &pane.editing {
        Some(Editing { problem: Some(problem), warned, .. }) => {
            row.put(if *warned { "✗ esc again drops it: " } else { "✗ " }, theme.error);
            row.put(&sanitise(problem), theme.text);
        }
        Some(Editing { setting, .. }) if matches!(setting.kind(), Kind::Choice(_)) => {
            row.put(&selected.rule, theme.dim).put("; ↑ ↓ choose", theme.dim);
        }
        _ => _ = row.put(&selected.rule, theme.dim),
    }
}

/// What is on its way, what is not saved, what is being read.
fn status(app: &App, view: &View, theme: &Theme, mut row: Row) {
    row.skip(1);
    if view.details.pending.is_some() || view.configuration.extras.pending.is_some() {
        row.put_right("reading… ", theme.dim);
    }
    if let Some(writing) = app.writing(&view.name) {
        let seconds = app.now.duration_since(writing.since).as_secs().max(0);
        let text = match writing.phase {
            Phase::Sending => "sending…".to_owned(),
            Phase::Settling => format!("saved, updating {seconds} s"),
            Phase::Checking => "no answer came: looking whether it was done…".to_owned(),
            Phase::Rereading => "somebody else changed it: reading it again…".to_owned(),
        };
        row.put("◐ ", theme.warning).put(&text, theme.text).skip(2);
    }
    match view.configuration.draft.as_ref().map_or(0, Draft::changes) {
        0 => {}
        1 => _ = row.put("~ ", theme.warning).put("1 unsaved change, ctrl-s saves", theme.warning),
        count => {
            let text = format!("{count} unsaved changes, ctrl-s saves");
            row.put("~ ", theme.warning).put(&text, theme.warning);
        }
    }
}
