//! The weights of an alias.

use ratatui::buffer::Buffer;

use super::{
    Theme,
    overlay::middle,
    paint::{self, Align, Row, note},
    versions::bar,
};
use crate::{
    app::{
        layout::{Area, Size},
        weights::{RULE, STEPS, Weights, percent},
    },
    domain::text::width,
};

pub(super) fn draw(weights: &Weights, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let area = middle(size, 76, 14);
    let inner = paint::frame(buffer, area, &format!("Weights of {}", weights.alias.name), theme);
    let inner =
        Area { column: inner.column.saturating_add(1), columns: inner.columns.saturating_sub(2), ..inner };
    // The number is what must be seen, however low the screen.
    let height = usize::from(inner.rows);
    if height < 8 {
        number(weights, theme, Row::new(buffer, inner, 0));
        problem(
            weights,
            theme,
            buffer,
            Area { row: inner.row + 1, rows: inner.rows.saturating_sub(1), ..inner },
        );
        return;
    }
    let share = weights.share();
    let wide = [weights.alias.version.as_str(), weights.version()].map(width).into_iter().max();
    let wide = wide.unwrap_or_default().max(3);
    let rest = share.map(|share| percent(10_000 - share.min(10_000)));
    let now = share.map(percent);
    for (nth, (version, share, what)) in [
        (weights.alias.version.as_str(), rest, weights.note.clone()),
        (weights.version(), now, chosen(weights)),
    ]
    .into_iter()
    .enumerate()
    {
        let mut row = Row::new(buffer, inner, nth);
        row.put("Version ", theme.dim).cell(version, wide, Align::Left, theme.title);
        let share = share.map_or_else(|| "? %".to_owned(), |share| format!("{share} %"));
        row.cell(&share, 7, Align::Right, theme.accent).put(&what, theme.dim);
    }
    slider(share.unwrap_or_default(), theme, buffer, inner);
    number(weights, theme, Row::new(buffer, inner, 6));
    let below = Area { row: inner.row + 8, rows: inner.rows - 8, ..inner };
    problem(weights, theme, buffer, below);
}

fn chosen(weights: &Weights) -> String {
    let note = weights.others.get(weights.chosen).map_or("", |(_, note)| note.as_str());
    match weights.others.len() {
        0 | 1 => note.to_owned(),
        several => format!("(tab: {} of {several}) {note}", weights.chosen + 1),
    }
}

/// A bar of the whole width, and the canary steps below it where they are on it.
fn slider(share: u32, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let cells = usize::from(area.columns);
    let (second, main) = bar(f64::from(share) / 10_000.0, cells);
    Row::new(buffer, area, 3).put(&second, theme.warning).put(&main, theme.dim);
    let mut row = Row::new(buffer, area, 4);
    let mut at = 0;
    for step in STEPS {
        let text = step.to_string();
        let place = usize::try_from(step).unwrap_or_default() * cells / 100;
        let from = place.saturating_sub(text.len());
        // Where two of them would touch, the smaller one stands alone.
        if from < at {
            continue;
        }
        let style = if share == step * 100 { theme.selected } else { theme.dim };
        row.skip(from - at).put(&text, style).skip(1);
        at = from + text.len() + 1;
    }
}

fn number(weights: &Weights, theme: &Theme, mut row: Row) {
    let label = format!("{} gets ", weights.version());
    row.put(&label, theme.text).put("> ", theme.accent);
    row.field(&weights.field, true, theme).put(" %", theme.text);
}

fn problem(weights: &Weights, theme: &Theme, buffer: &mut Buffer, area: Area) {
    if let Some(problem) = &weights.problem {
        note(buffer, area, 0, &[(&format!("✗ {problem}"), theme.error)]);
        return;
    }
    let text = match weights.share() {
        Some(0) => format!("0: {} alone serves all invocations", weights.alias.version),
        Some(10_000) => format!("100: {} is promoted, it serves all invocations", weights.version()),
        _ => RULE.to_owned(),
    };
    let keys = "← → one percent, ↑ ↓ canary steps, enter shows the diff";
    note(buffer, area, 0, &[(&text, theme.dim), (keys, theme.dim)]);
}
