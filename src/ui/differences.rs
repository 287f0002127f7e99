//! Two answers compared.

use ratatui::buffer::Buffer;

use super::{
    Theme,
    overlay::more,
    paint::{self, Row, note},
};
use crate::{
    app::{
        differences::{DifferencesPane, ROWS_EACH},
        layout::{self, Area, Size},
    },
    domain::document::diff::{Difference, Mark},
};

pub(super) fn draw(pane: &DifferencesPane, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let areas = layout::page(size);
    paint::frame(buffer, areas.frame, &title(pane), theme);
    let heading = DifferencesPane::heading(areas.text.rows);
    let named = Area { rows: heading, ..areas.text };
    let mut row = Row::new(buffer, named, 0);
    row.put("- ", theme.error).put(&pane.titles[0], theme.text);
    let mut row = Row::new(buffer, named, 1);
    row.put("+ ", theme.good).put(&pane.titles[1], theme.text);
    let rest = Area {
        row: areas.text.row.saturating_add(heading),
        rows: areas.text.rows.saturating_sub(heading),
        ..areas.text
    };
    let (text, style) = match &pane.result {
        None => ("Comparing…", theme.dim),
        Some(Err(problem)) => (problem.as_str(), theme.warning),
        Some(Ok(_)) => ("Both say the same: layout and the order of keys don't count.", theme.good),
    };
    let Some(Ok(found)) = pane.result.as_ref().filter(|_| !pane.is_empty()) else {
        note(buffer, rest, 0, &[(text, style)]);
        return;
    };
    let height = DifferencesPane::height(usize::from(rest.rows));
    let top = pane.cursor.top.max((pane.cursor.at + 1).saturating_sub(height));
    for (nth, difference) in found.list.iter().skip(top).take(height).enumerate() {
        let area = Area {
            row: rest.row.saturating_add(u16::try_from(nth * ROWS_EACH).unwrap_or(u16::MAX)),
            rows: rest.rows.saturating_sub(u16::try_from(nth * ROWS_EACH).unwrap_or(u16::MAX)),
            ..rest
        };
        one(difference, top + nth == pane.cursor.at, theme, buffer, area);
    }
    more(top + height < found.list.len(), areas.frame, theme, buffer);
}

fn title(pane: &DifferencesPane) -> String {
    let Some(Ok(found)) = &pane.result else { return "Two answers".into() };
    match (found.list.len() + found.more, found.more) {
        (0, _) => "Two answers".into(),
        (1, _) => "Two answers, 1 difference".into(),
        (all, 0) => format!("Two answers, {all} differences"),
        (all, _) => format!("Two answers, {all} differences, the first {}", found.list.len()),
    }
}

fn one(difference: &Difference, selected: bool, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let word = match difference.mark {
        Mark::Added => "added",
        Mark::Removed => "removed",
        Mark::Changed => "changed",
    };
    let mut row = Row::new(buffer, area, 0);
    row.put(if selected { "> " } else { "  " }, theme.accent);
    row.put(&difference.path, theme.title).skip(2).put(word, theme.dim);
    let mut nth = 1;
    for (sign, text, style) in
        [("- ", &difference.before, theme.error), ("+ ", &difference.after, theme.good)]
    {
        if let Some(text) = text {
            Row::new(buffer, area, nth).skip(4).put(sign, style).put(text, theme.text);
            nth += 1;
        }
    }
}
