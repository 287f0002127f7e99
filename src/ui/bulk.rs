//! One change of many functions: the plan, what must be typed, and what became of each.

use std::fmt::Write as _;

use ratatui::{buffer::Buffer, style::Style};

use super::{
    Theme,
    overlay::more,
    paint::{self, Cell, Row, Shown, cells, scrolled},
};
use crate::{
    app::{
        App,
        bulk::{self, Bulk, Stage, Step},
        layout::{self, Area, Size},
    },
    domain::text::{sanitise, width},
};

pub(super) fn draw(app: &App, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let areas = layout::page(size);
    let Some(bulk) = &app.bulk else { return };
    let title = format!("Bulk change: {}", sanitise(&bulk.change.title()));
    paint::frame(buffer, areas.frame, &title, theme);
    head(app, bulk, theme, buffer, areas.text);
    let text = areas.text;
    // Where there is little room the functions are what gives way: what is agreed to must show.
    let foot = Bulk::FOOT.min(text.rows.saturating_sub(1));
    let top = Bulk::HEAD.min(text.rows.saturating_sub(foot));
    let body = Area { row: text.row + top, rows: text.rows.saturating_sub(top + foot), ..text };
    rows(bulk, theme, buffer, body, areas.frame);
    let below = Area { row: text.row + text.rows.saturating_sub(foot), rows: foot, ..text };
    consent(app, bulk, theme, buffer, below);
}

/// Where it goes and how many there are.
fn head(app: &App, bulk: &Bulk, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let mut row = Row::new(buffer, area, 0);
    if bulk.protected {
        row.put(" PROD ", theme.error).skip(1);
    }
    row.put(&sanitise(&bulk.place.to_string()), theme.text);
    if bulk.epoch != app.session.epoch {
        row.put("  ! another session", theme.warning);
    }
    let counts = bulk.counts();
    let all = bulk.rows.len();
    let (text, style) = match bulk.stage {
        Stage::Reading => (format!("reading {} of {all}…", all - counts.reading), theme.warning),
        Stage::Planned => {
            let mut text = format!("{} to change", counts.planned);
            for (count, word) in
                [(counts.done, "done before"), (counts.nothing, "already so"), (counts.refused, "left out")]
            {
                if count > 0 {
                    let _ = write!(text, ", {count} {word}");
                }
            }
            (text, theme.text)
        }
        Stage::Applying => (format!("◐ changing: {}", bulk.progress()), theme.warning),
        Stage::Stopping => (format!("◐ stopping: {}", bulk.progress()), theme.warning),
        Stage::Over if bulk.agreed == 0 && counts.done == 0 => {
            (format!("nothing to do: {}", bulk.outcome()), theme.text)
        }
        Stage::Over => {
            let whole = counts.failed + counts.unknown + counts.planned == 0;
            (format!("over: {}", bulk.outcome()), if whole { theme.good } else { theme.warning })
        }
    };
    Row::new(buffer, area, 1).put(&text, style);
    Row::new(buffer, area, 2).rule("─", theme.dim);
}

fn rows(bulk: &Bulk, theme: &Theme, buffer: &mut Buffer, area: Area, frame: Area) {
    let columns = usize::from(area.columns);
    let [mark, name, told] = bulk.columns(columns);
    let heights: Vec<usize> = bulk.heights(columns).collect();
    let lines = bulk.rows.iter().zip(heights);
    let height = usize::from(area.rows);
    let (shown, below) = scrolled(lines, bulk.cursor.top, height, |(_, rows)| *rows);
    for Shown { item: (row, _), nth, hidden } in shown {
        let (shape, _) = row.step.word();
        let style = style(row, theme);
        let (text, title) = (sanitise(&row.text(bulk.stage)).into_owned(), sanitise(&row.name));
        let at = |column, columns, text, style| Cell { column, columns, text, style };
        let line = [
            at(0, mark, shape, style),
            at(mark + 1, name, &title, theme.text),
            at(mark + name + 3, told, &text, style),
        ];
        cells(buffer, area, nth, hidden, &line);
    }
    more(below, frame, theme, buffer);
}

fn style(row: &bulk::Row, theme: &Theme) -> Style {
    match row.step {
        Step::Planned(_) if row.notes.is_empty() => theme.text,
        Step::Planned(_) | Step::Sending(_) | Step::Rereading(_) | Step::Unknown(..) => theme.warning,
        Step::Done(_) => theme.good,
        Step::Failed(..) => theme.error,
        Step::Reading | Step::Nothing | Step::Refused(_) | Step::Unready(_) => theme.dim,
    }
}

/// What can be done now.
fn consent(app: &App, bulk: &Bulk, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let ruled = usize::from(area.rows >= Bulk::FOOT);
    if ruled == 1 {
        Row::new(buffer, area, 0).rule("─", theme.dim);
    }
    let mut row = Row::new(buffer, area, ruled);
    match bulk.stage {
        Stage::Planned => {
            row.put("Type ", theme.text).put(&sanitise(&bulk.phrase), theme.warning);
            row.put(" and press enter; esc drops the plan", theme.text);
            let mut row = Row::new(buffer, area, ruled + 1);
            row.put("> ", theme.accent).field(&bulk.field, true, theme);
            if bulk.mistyped {
                let used = width(bulk.field.text()) + 4;
                let mut row = Row::new(buffer, area, ruled + 1);
                row.skip(used).put("✗ this is something else; nothing was sent", theme.error);
            }
        }
        Stage::Reading => _ = row.put("esc", theme.accent).put(" drops the plan", theme.text),
        Stage::Applying => {
            row.put("s", theme.accent).put(" stops after the one under way   ", theme.text);
            row.put("esc", theme.accent).put(" closes, it goes on", theme.text);
        }
        Stage::Stopping => {
            row.put("It stops after the one under way.   ", theme.text);
            row.put("esc", theme.accent).put(" closes", theme.text);
        }
        Stage::Over => {
            if bulk.is_open() && bulk.epoch == app.session.epoch {
                row.put("r", theme.accent).put(" plans what was not done again   ", theme.text);
            }
            row.put("esc", theme.accent).put(" closes", theme.text);
        }
    }
}
