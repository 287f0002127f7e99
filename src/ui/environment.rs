//! The Environment tab: keys, lengths, and values masked until one is asked for.

use std::io;

use ratatui::buffer::Buffer;

use super::{
    Theme,
    function::nothing_yet,
    paint::{Align, Row, clear, note, note_columns},
};
use crate::{
    app::{
        App,
        function::{View, environment::EnvironmentPane},
        layout::Area,
    },
    domain::{
        format,
        function::Environment,
        text::{self, sanitise, width},
    },
};

/// Always the same, whatever the value's length.
const MASK: &str = "••••••••";

/// The bytes that Lambda allows for all variables, counted as a JSON map.
const LIMIT: usize = 4096;

pub(super) fn draw(app: &App, view: &View, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let Some(details) = &view.details.value else {
        nothing_yet(view, theme, buffer, area);
        return;
    };
    let environment = match &details.configuration.environment {
        Some(Environment { error: Some(error), .. }) => {
            let text = format!("✗ The values could not be read: {error}");
            let hint = "Their KMS key refuses this session, or is disabled. Saving now would wipe them.";
            note(buffer, area, 1, &[(&text, theme.error), (hint, theme.text)]);
            return;
        }
        Some(environment) if !environment.variables.is_empty() => environment,
        _ => {
            note(buffer, area, 1, &[("No environment variables.", theme.dim)]);
            return;
        }
    };
    let pane = &view.environment;
    let variables = EnvironmentPane::variables(Some(details));
    let rows = Area { row: area.row.saturating_add(1), rows: area.rows.saturating_sub(2), ..area };
    let visible = pane.cursor.visible(variables.len(), usize::from(rows.rows));
    let keys = variables[visible.clone()].iter().map(|(key, _)| width(key)).max().unwrap_or_default();
    let keys = keys.clamp(3, (usize::from(area.columns) * 2 / 5).max(3));

    let mut heading = Row::new(buffer, area, 0);
    heading.skip(3).cell("KEY", keys, Align::Left, theme.dim).cell("LENGTH", 10, Align::Right, theme.dim);
    heading.put("VALUE", theme.dim);
    let mut long = None;
    for (nth, at) in visible.enumerate() {
        let (key, value) = variables[at];
        let selected = at == pane.cursor.at;
        let mut row = Row::new(buffer, rows, nth);
        row.skip(1).put(if selected { "> " } else { "  " }, theme.accent);
        row.cell(key, keys, Align::Left, if selected { theme.selected } else { theme.text });
        let unit = if value.len() == 1 { "byte" } else { "bytes" };
        row.cell(&format!("{} {unit}", value.len()), 10, Align::Right, theme.dim);
        match &pane.revealed {
            Some((_, until)) if pane.is_revealed(key) => {
                let until = format!("shown until {}", format::clock(*until, &app.zone()));
                row.put_right(&until, theme.warning);
                let text = sanitise(value.reveal());
                if text.is_empty() {
                    row.put("(empty)", theme.dim);
                } else if !row.put_whole(&text, theme.text) {
                    row.put("in the box", theme.dim);
                    long = Some((nth, key, text, until));
                }
            }
            _ => _ = row.put(MASK, theme.dim),
        }
    }
    if let Some((nth, key, text, until)) = long {
        whole(nth, &format!("{key}, {until}"), &text, theme, buffer, rows);
    }
    totals(environment, theme, Row::new(buffer, area, usize::from(area.rows.saturating_sub(1))));
}

/// A value that its row can't hold, over other rows; where those do not do, over all of them.
fn whole(nth: usize, title: &str, text: &str, theme: &Theme, buffer: &mut Buffer, rows: Area) {
    let needed = text::rows(text, note_columns(rows)) + 2;
    let rows_left = usize::from(rows.rows);
    let below = rows_left.saturating_sub(nth + 1);
    let (start, room) = match () {
        () if below >= needed => (nth + 1, below),
        () if nth >= needed => (0, nth),
        () => (0, rows_left),
    };
    let height = needed.min(room);
    let cut = if needed > height { ", cut: the screen is too small" } else { "" };
    let area = Area {
        row: rows.row.saturating_add(u16::try_from(start).unwrap_or(u16::MAX)),
        rows: u16::try_from(height).unwrap_or(u16::MAX),
        ..rows
    };
    clear(buffer, area);
    Row::new(buffer, area, 0)
        .put("── ", theme.dim)
        .put(title, theme.warning)
        .put(cut, theme.error)
        .skip(1)
        .rule("─", theme.dim);
    note(buffer, area, 1, &[(text, theme.text)]);
    Row::new(buffer, area, height.saturating_sub(1).max(1)).rule("─", theme.dim);
}

fn totals(environment: &Environment, theme: &Theme, mut row: Row) {
    let count = environment.variables.len();
    let size = size(environment);
    let variables = if count == 1 { "variable" } else { "variables" };
    let style = if size * 10 >= LIMIT * 9 { theme.warning } else { theme.dim };
    row.skip(3).put(&format!("{count} {variables}, {} of 4,096 bytes", thousands(size)), style);
    if size * 10 >= LIMIT * 9 {
        row.put(" ! nearly full", theme.warning);
    }
}

/// The bytes of the variables as Lambda counts them: a JSON map. Nothing is copied.
fn size(environment: &Environment) -> usize {
    struct Count(usize);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Counting can't fail, and the keys are strings.
    let _ = serde_json::to_writer(&mut count, &environment.reveal());
    count.0
}

fn thousands(number: usize) -> String {
    if number < 1000 { number.to_string() } else { format!("{},{:03}", number / 1000, number % 1000) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::secret::Secret;

    #[test]
    fn the_size_is_that_of_a_json_map() {
        let mut environment = Environment::default();
        assert_eq!(size(&environment), 2);
        environment.variables.insert("A".into(), Secret::new("x"));
        environment.variables.insert("B".into(), Secret::new("\"\n"));
        assert_eq!(size(&environment), r#"{"A":"x","B":"\"\n"}"#.len());
    }
}
