//! A change to be agreed to: where it goes, what it does, what one should know; and prompts of one line.

use ratatui::{buffer::Buffer, style::Style};

use super::{
    Theme,
    overlay::{middle, more},
    paint::{self, Row, note},
};
use crate::{
    app::{
        layout::{self, Area, Size},
        prompt::Prompt,
        review::Review,
    },
    domain::{
        change::{DiffLine, Mark},
        text::{self, sanitise, width},
    },
};

pub(super) fn draw(review: &Review, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let outer = layout::page(size).frame;
    let columns = usize::from(outer.columns).min(100);
    let lines: Vec<(String, Style)> = review
        .diff
        .iter()
        .map(|line| (sanitise(&line.text()).into_owned(), style(line, theme)))
        .chain(review.warnings.iter().map(|warning| (format!("! {}", sanitise(warning)), theme.warning)))
        .collect();
    let inner_columns = columns.saturating_sub(4);
    let needed: usize = lines.iter().map(|(line, _)| text::rows(line, inner_columns)).sum();
    let area = middle(size, columns, needed + 8);
    let inner = paint::frame(buffer, area, "Save this change?", theme);
    place(review, theme, buffer, inner);
    let height = usize::from(inner.rows);
    // Place, function, a rule above; what is to be given, below.
    let body = Area {
        column: inner.column + 1,
        row: inner.row + 3,
        columns: inner.columns.saturating_sub(2),
        rows: u16::try_from(height.saturating_sub(6)).unwrap_or(u16::MAX),
    };
    let top = review.cursor.top.min(lines.len().saturating_sub(1));
    let mut nth = 0;
    let mut below = false;
    for (line, style) in &lines[top..] {
        let rows = text::rows(line, usize::from(body.columns));
        if nth + rows > usize::from(body.rows) {
            below = true;
            break;
        }
        for piece in paint::pieces(line, usize::from(body.columns)) {
            Row::new(buffer, body, nth).put(piece, *style);
            nth += 1;
        }
    }
    more(below, area, theme, buffer);
    consent(review, theme, buffer, inner);
}

/// Where it goes, in words. `PROD` is one of them.
fn place(review: &Review, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let mut row = Row::new(buffer, area, 0);
    row.skip(1);
    if review.protected {
        row.put(" PROD ", theme.error).skip(1);
    }
    row.put(&sanitise(&review.place.to_string()), theme.text);
    let mut row = Row::new(buffer, area, 1);
    row.skip(1).put(&sanitise(&review.order.function), theme.title).skip(2);
    row.put(review.order.change.operation(), theme.dim);
    Row::new(buffer, area, 2).rule("─", theme.dim);
}

fn consent(review: &Review, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let height = usize::from(area.rows);
    Row::new(buffer, area, height.saturating_sub(3)).rule("─", theme.dim);
    let mut row = Row::new(buffer, area, height.saturating_sub(2));
    row.skip(1);
    match &review.typed {
        None => {
            row.put("y", theme.accent).put(" sends it   ", theme.text);
            row.put("n", theme.accent).put(" or enter sends nothing", theme.text);
        }
        Some(wanted) => {
            row.put("Type ", theme.text).put(&sanitise(wanted), theme.warning);
            row.put(" and press enter; esc sends nothing", theme.text);
            let mut row = Row::new(buffer, area, height.saturating_sub(1));
            row.skip(1).put("> ", theme.accent);
            let used = width(review.field.text()) + 3;
            row.field(&review.field, true, theme);
            if review.mistyped {
                let mut row = Row::new(buffer, area, height.saturating_sub(1));
                row.skip(used + 2).put("✗ this is something else; nothing was sent", theme.error);
            }
        }
    }
}

fn style(line: &DiffLine, theme: &Theme) -> Style {
    match line.mark {
        Mark::Added => theme.good,
        Mark::Removed => theme.error,
        Mark::Changed => theme.warning,
    }
}

pub(super) fn prompt(prompt: &Prompt, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let area = middle(size, 70, 6);
    let inner = paint::frame(buffer, area, &prompt.title, theme);
    Row::new(buffer, inner, 0).skip(1).put("> ", theme.accent).field(&prompt.field, true, theme);
    let below = Area { row: inner.row.saturating_add(1), rows: inner.rows.saturating_sub(1), ..inner };
    match &prompt.problem {
        Some(problem) => note(buffer, below, 0, &[(&format!("✗ {}", sanitise(problem)), theme.error)]),
        None => note(buffer, below, 0, &[(&prompt.rule, theme.dim)]),
    };
}
