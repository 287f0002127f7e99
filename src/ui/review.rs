//! A change to be agreed to: where it goes, what it does, what one should know; and prompts of one line.

use ratatui::{buffer::Buffer, style::Style};

use super::{
    Theme,
    overlay::{middle, more},
    paint::{self, Row, note, note_columns},
};
use crate::{
    app::{
        layout::{Area, Size},
        prompt::Prompt,
        review::{self, Layout, Review, Tone},
    },
    domain::{
        change::Change,
        text::{self, sanitise},
    },
};

pub(super) fn draw(review: &Review, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let layout = review.layout(size);
    let Layout { outer, framed, ruled, head, inner, body, rows, foot } = &layout;
    if *framed {
        paint::frame(buffer, *outer, title(review), theme);
    } else {
        paint::clear(buffer, *outer);
    }
    for (nth, row) in head.iter().enumerate() {
        put(row, theme, Row::new(buffer, *inner, nth));
    }
    let height = usize::from(body.rows);
    let top = review.cursor.top.min(rows.len().saturating_sub(height));
    for (nth, row) in rows.iter().skip(top).take(height).enumerate() {
        put(row, theme, Row::new(buffer, *body, nth));
    }
    let below = rows.len() > top + height;
    if *ruled {
        Row::new(buffer, *inner, head.len()).rule("─", theme.dim);
        let nth = head.len() + height + 1;
        let mut rule = Row::new(buffer, *inner, nth);
        if below {
            rule.put("── ", theme.dim)
                .put(&format!("{} more rows ↓ ", rows.len() - top - height), theme.accent);
        }
        rule.rule("─", theme.dim);
    } else if *framed {
        more(below, *outer, theme, buffer);
    } else if below && height > 0 {
        let mut last = Row::new(buffer, *body, height - 1);
        last.skip(last.room().saturating_sub(2)).put(" ↓", theme.accent);
    }
    let field = usize::from(review.typed.is_some());
    let from = usize::from(inner.rows).saturating_sub(foot.len() + field);
    for (nth, row) in foot.iter().enumerate() {
        put(row, theme, Row::new(buffer, *inner, from + nth));
    }
    if review.typed.is_some() {
        let mut row = Row::new(buffer, *inner, usize::from(inner.rows.saturating_sub(1)));
        row.put("> ", theme.accent).field(&review.field, true, theme);
    }
}

/// What is asked.
fn title(review: &Review) -> &'static str {
    match &review.order.change {
        Change::Publish { .. } => "Publish a version?",
        Change::Alias { before: None, .. } => "Create this alias?",
        Change::Alias { after: None, .. } => "Delete this alias?",
        Change::Alias { .. } => "Change this alias?",
        Change::DeleteVersion { .. } => "Delete this version?",
        Change::ShareableEvent { before: None, .. } => "Share this event?",
        Change::ShareableEvent { after: None, .. } => "Delete this shareable event?",
        Change::ReservedConcurrency { after: Some(0), .. } => "Stop this function?",
        _ => "Save this change?",
    }
}

fn put(row: &review::Row, theme: &Theme, mut at: Row) {
    for (text, tone) in row {
        at.put(text, style(*tone, theme));
    }
}

fn style(tone: Tone, theme: &Theme) -> Style {
    match tone {
        Tone::Plain => theme.text,
        Tone::Dim => theme.dim,
        Tone::Title => theme.title,
        Tone::Key => theme.accent,
        Tone::Alarm => theme.badge.patch(theme.error),
        Tone::Added => theme.good,
        Tone::Removed => theme.error,
        Tone::Changed | Tone::Warning => theme.warning,
    }
}

pub(super) fn prompt(prompt: &Prompt, size: Size, theme: &Theme, buffer: &mut Buffer) {
    const COLUMNS: usize = 70;
    let problem = prompt.problem.as_ref().map(|problem| format!("✗ {}", sanitise(problem)));
    let below = problem.as_deref().unwrap_or(&prompt.rule);
    let inside = middle(size, COLUMNS, 3).columns.saturating_sub(2);
    let columns = note_columns(Area { columns: inside, ..Area::default() });
    let area = middle(size, COLUMNS, text::rows(below, columns).max(2) + 4);
    let inner = paint::frame(buffer, area, &sanitise(&prompt.title), theme);
    Row::new(buffer, inner, 0).skip(1).put("> ", theme.accent).field(&prompt.field, true, theme);
    // A blank row between, where there is room for one.
    let gap = u16::from(usize::from(inner.rows) > text::rows(below, columns) + 1);
    let rest =
        Area { row: inner.row.saturating_add(1 + gap), rows: inner.rows.saturating_sub(1 + gap), ..inner };
    let style = if problem.is_some() { theme.error } else { theme.dim };
    note(buffer, rest, 0, &[(below, style)]);
}
