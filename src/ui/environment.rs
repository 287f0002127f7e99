//! The Environment tab: keys, lengths, values masked until one is asked for, and what was edited and not saved.

use ratatui::{buffer::Buffer, style::Style};

use super::{
    Theme,
    function::nothing_yet,
    paint::{Align, Row, clear, note, note_columns},
};
use crate::{
    app::{
        App,
        field::Field,
        function::{
            View,
            environment::{Editing, EnvironmentPane, Mark, Row as Variable, bytes, thousands},
        },
        layout::{self, Area, EnvironmentLayout},
        messages::Severity,
    },
    domain::{
        format,
        function::{Details, Environment},
        name::MAX_ENVIRONMENT,
        secret::Secret,
        text::{self, sanitise, width},
    },
};

/// Always the same, whatever the value's length.
const MASK: &str = "••••••••";

/// Columns before a key: the cursor, the mark.
const BEFORE: usize = 5;

/// Columns of the meter's bar.
const BAR: usize = 16;

/// From this share of the limit on the meter warns, in percent.
const NEARLY_FULL: usize = 90;

pub(super) fn draw(app: &App, view: &View, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let Some(details) = &view.details.value else {
        nothing_yet(view, theme, buffer, area);
        if let Some(field) = &view.environment.filter {
            filter(field, None, theme, Row::new(buffer, area, 0));
        }
        return;
    };
    let pane = &view.environment;
    if let Some(Environment { error: Some(error), .. }) = &details.configuration.environment {
        let text = format!("✗ The values could not be read: {error}");
        let hint = "Their KMS key refuses this session, or is disabled. Saving now would wipe them.";
        let kept = match pane.changes() {
            0 => "",
            _ => "What was edited before is kept, unsaved.",
        };
        note(buffer, area, 1, &[(&text, theme.error), (hint, theme.text), (kept, theme.text)]);
        return;
    }
    let notes = pane.notes(Some(details), app.writing(&view.name), app.now);
    let areas = layout::environment(area, notes.len());
    let table = Table::new(app, view, details, areas, theme);
    table.heading(buffer);
    if table.rows.is_empty() && pane.editing.is_none() {
        table.empty(buffer);
    } else {
        table.draw(buffer);
    }
    for (nth, (severity, text)) in notes.iter().enumerate() {
        let style = match severity {
            Severity::Info => theme.text,
            Severity::Warning => theme.warning,
            Severity::Error => theme.error,
        };
        Row::new(buffer, areas.notes, nth).skip(3).put(text, style);
    }
    table.total(Row::new(buffer, areas.total, 0));
}

/// What is needed for every row.
struct Table<'a> {
    app: &'a App,
    pane: &'a EnvironmentPane,
    details: &'a Details,
    rows: Vec<Variable<'a>>,
    areas: EnvironmentLayout,
    /// Columns of the keys.
    keys: usize,
    /// Columns of the lengths.
    lengths: usize,
    theme: &'a Theme,
}

impl<'a> Table<'a> {
    fn new(
        app: &'a App,
        view: &'a View,
        details: &'a Details,
        areas: EnvironmentLayout,
        theme: &'a Theme,
    ) -> Self {
        let pane = &view.environment;
        let rows = pane.rows(Some(details));
        let most = (usize::from(areas.rows.columns) * 2 / 5).max(3);
        let typed = match &pane.editing {
            // The cursor stands behind the name.
            Some(Editing::Name { field, .. }) => width(&sanitise(field.text())) + 1,
            Some(Editing::Value { key, .. }) => width(&sanitise(key)),
            None => 0,
        };
        let longest = rows.iter().map(|row| width(&sanitise(row.key))).max().unwrap_or_default();
        let keys = longest.max(typed).clamp(3, most);
        let typed = match &pane.editing {
            Some(Editing::Value { key, field, .. }) => {
                let row = rows.iter().find(|row| row.key == key);
                width(&typed_length(row, field))
            }
            _ => 0,
        };
        let lengths = rows.iter().map(|row| width(&length(row))).max().unwrap_or_default().max(typed).max(10);
        Self { app, pane, details, rows, areas, keys, lengths, theme }
    }

    /// The names of the columns, or the filter while it is being typed.
    fn heading(&self, buffer: &mut Buffer) {
        let theme = self.theme;
        let mut row = Row::new(buffer, self.areas.heading, 0);
        if let Some(field) = &self.pane.filter {
            filter(field, Some(self.rows.len()), theme, row);
            return;
        }
        row.skip(BEFORE).cell("KEY", self.keys, Align::Left, theme.dim);
        row.cell("LENGTH", self.lengths, Align::Right, theme.dim).put("VALUE", theme.dim);
    }

    fn empty(&self, buffer: &mut Buffer) {
        if self.pane.filter.is_some() {
            note(
                buffer,
                self.areas.rows,
                1,
                &[("No variable fits the filter. esc drops it.", self.theme.dim)],
            );
            return;
        }
        let how = "+ adds one; p takes a .env text, which may also be pasted right here.";
        let paragraphs = [("No environment variables.", self.theme.dim), (how, self.theme.text)];
        note(buffer, self.areas.rows, 1, &paragraphs);
    }

    fn draw(&self, buffer: &mut Buffer) {
        let area = self.areas.rows;
        let typing = self.pane.typing_rows(Some(self.details));
        let height = usize::from(area.rows).saturating_sub(typing);
        let cursor = self.pane.placed(&self.rows, height);
        let mut nth = 0;
        if typing == 2 {
            self.new_variable(buffer);
            nth = 2;
        }
        let mut long = None;
        for at in cursor.visible(self.rows.len(), height) {
            let variable = &self.rows[at];
            let row = Row::new(buffer, area, nth);
            if self.is_typed(variable.key) {
                self.typed(variable, row);
                nth += 1;
                self.below_field(Row::new(buffer, area, nth));
            } else {
                let selected = at == cursor.at && typing == 0;
                if let Some(value) = self.variable(variable, selected, row) {
                    long = Some((nth, variable.key, value));
                }
            }
            nth += 1;
        }
        if let Some((nth, key, (value, until))) = long {
            let title = format!("{}, {until}", sanitise(key));
            whole(nth, &title, &value, self.theme, buffer, area);
        }
    }

    fn is_typed(&self, key: &str) -> bool {
        match &self.pane.editing {
            Some(Editing::Name { of, .. }) => of.as_deref() == Some(key),
            Some(Editing::Value { key: edited, .. }) => edited == key,
            None => false,
        }
    }

    /// A row as it is. Answers with a revealed value that the row can't hold, and until when it is shown.
    fn variable(&self, variable: &Variable<'_>, selected: bool, mut row: Row) -> Option<(String, String)> {
        let theme = self.theme;
        let (sign, word, style) = look(variable.mark, theme);
        row.skip(1).put(if selected { "> " } else { "  " }, theme.accent).put(sign, style).skip(1);
        let key = if selected { theme.selected } else { theme.text };
        row.cell(&sanitise(variable.key), self.keys, Align::Left, key);
        row.cell(&length(variable), self.lengths, Align::Right, theme.dim);
        let revealed = self.pane.revealed.as_ref().filter(|_| self.pane.is_revealed(variable.key));
        let (Some((_, until)), Some(value)) = (revealed, variable.value()) else {
            row.put(MASK, theme.dim).skip(2).put(&word, style);
            return None;
        };
        let until = format!("shown until {}", format::clock(*until, &self.app.zone()));
        row.put_right(&until, theme.warning);
        let text = sanitise(value.reveal());
        if text.is_empty() {
            row.put("(empty)", theme.dim).skip(2).put(&word, style);
            return None;
        }
        if row.put_whole(&text, theme.text) {
            row.skip(2).put_whole(&word, style);
            return None;
        }
        row.put("in the box", theme.dim).skip(2).put(&word, style);
        Some((text.into_owned(), until))
    }

    /// A row in which a name or a value is being typed.
    fn typed(&self, variable: &Variable<'_>, mut row: Row) {
        let theme = self.theme;
        let (sign, _, style) = look(variable.mark, theme);
        row.skip(1).put("> ", theme.accent).put(sign, style).skip(1);
        match &self.pane.editing {
            Some(Editing::Name { field, .. }) => _ = row.field(field, true, theme),
            Some(Editing::Value { field, masked, .. }) => {
                row.cell(&sanitise(variable.key), self.keys, Align::Left, theme.selected);
                let length = typed_length(Some(variable), field);
                row.cell(&length, self.lengths, Align::Right, theme.dim);
                self.value(field, *masked, row);
            }
            None => {}
        }
    }

    /// The row of a variable that is not there yet, and what is said below it.
    fn new_variable(&self, buffer: &mut Buffer) {
        let theme = self.theme;
        let mut row = Row::new(buffer, self.areas.rows, 0);
        row.skip(1).put("> ", theme.accent).put("+", theme.good).skip(1);
        match &self.pane.editing {
            Some(Editing::Name { field, .. }) => _ = row.field(field, true, theme),
            Some(Editing::Value { key, field, masked }) => {
                row.cell(&sanitise(key), self.keys, Align::Left, theme.selected);
                row.cell(&typed_length(None, field), self.lengths, Align::Right, theme.dim);
                self.value(field, *masked, row);
            }
            None => {}
        }
        self.below_field(Row::new(buffer, self.areas.rows, 1));
    }

    fn value(&self, field: &Field, masked: bool, mut row: Row) {
        if masked {
            row.put(MASK, self.theme.dim).skip(2).put("any key shows it", self.theme.dim);
        } else {
            row.field(field, true, self.theme);
        }
    }

    /// What is wrong with what is being typed, or the rule for it.
    fn below_field(&self, mut row: Row) {
        let theme = self.theme;
        row.skip(BEFORE);
        if let Some(problem) = self.pane.name_problem(Some(self.details)) {
            row.put("✗ ", theme.error).put(&problem, theme.error);
            return;
        }
        match &self.pane.editing {
            Some(Editing::Name { field, .. }) if field.text() == "TZ" => {
                _ = row.put("! Lambda may refuse TZ: it sets the time zone itself", theme.warning);
            }
            Some(Editing::Name { of: None, .. }) => {
                let rule = "the name: letters, digits and _, a letter first; enter goes on to the value";
                row.put(rule, theme.dim);
            }
            Some(Editing::Name { .. }) => _ = row.put("letters, digits and _, a letter first", theme.dim),
            Some(Editing::Value { .. }) => {
                let over = self.pane.size(Some(self.details)).saturating_sub(MAX_ENVIRONMENT);
                if over > 0 {
                    let word = bytes(over);
                    let text = format!("✗ {} {word} too many for all variables together", thousands(over));
                    row.put(&text, theme.error);
                } else {
                    let rule = "enter and esc keep it, unsaved; ctrl-s shows the diff; ctrl-u empties it";
                    row.put(rule, theme.dim);
                }
            }
            None => {}
        }
    }

    /// How many variables there are, and how much of what Lambda allows they take.
    fn total(&self, mut row: Row) {
        let theme = self.theme;
        let count = self.pane.variables(Some(self.details)).map_or(0, std::collections::BTreeMap::len);
        let size = self.pane.size(Some(self.details));
        let word = if count == 1 { "variable" } else { "variables" };
        let over = size.saturating_sub(MAX_ENVIRONMENT);
        let (style, said) = if over > 0 {
            (theme.error, format!(" ✗ {} {} too many", thousands(over), bytes(over)))
        } else if size * 100 >= MAX_ENVIRONMENT * NEARLY_FULL {
            (theme.warning, format!(" ! nearly full, {} left", thousands(MAX_ENVIRONMENT - size)))
        } else {
            (theme.dim, String::new())
        };
        row.skip(3).put(&format!("{count} {word}  "), theme.dim);
        let text = format!("{} of {} bytes", thousands(size), thousands(MAX_ENVIRONMENT));
        if row.room() > BAR + 2 + text.len() + width(&said) + 1 {
            let filled = (size * BAR).div_ceil(MAX_ENVIRONMENT).min(BAR);
            row.put("[", theme.dim).put(&"=".repeat(filled), style);
            row.put(&"-".repeat(BAR - filled), theme.dim).put("] ", theme.dim);
        }
        row.put(&text, style).put(&said, style);
    }
}

/// The filter while it is being typed, and how many variables fit.
fn filter(field: &Field, fitting: Option<usize>, theme: &Theme, mut row: Row) {
    if let Some(count) = fitting {
        row.put_right(&format!("{count} {} ", if count == 1 { "fits" } else { "fit" }), theme.dim);
    }
    row.skip(3).put("/", theme.accent).field(field, true, theme);
}

/// The sign, the word and the style of what becomes of a variable.
fn look(mark: Mark<'_>, theme: &Theme) -> (&'static str, String, Style) {
    match mark {
        Mark::Same => (" ", String::new(), theme.text),
        Mark::Added => ("+", "added".into(), theme.good),
        Mark::Removed => ("-", "removed, u keeps it".into(), theme.error),
        Mark::Changed => ("~", "changed".into(), theme.warning),
        Mark::RenamedFrom(from) => ("+", format!("renamed from {}", sanitise(from)), theme.good),
        Mark::RenamedTo(to) => ("-", format!("renamed to {}", sanitise(to)), theme.error),
    }
}

/// The length of a value; of one that changes both.
fn length(variable: &Variable<'_>) -> String {
    let (before, after) = (variable.before.map(Secret::len), variable.after.map(Secret::len));
    match variable.mark {
        Mark::Changed => lengths(before, after),
        _ => lengths(None, after.or(before)),
    }
}

/// The length of a value that is being typed.
fn typed_length(variable: Option<&Variable<'_>>, field: &Field) -> String {
    let before = variable.and_then(|variable| variable.before);
    lengths(before.map(Secret::len), Some(field.text().len()))
}

fn lengths(before: Option<usize>, after: Option<usize>) -> String {
    let after = after.unwrap_or_default();
    match before {
        Some(before) => format!("{before} → {after} {}", bytes(after)),
        None => format!("{after} {}", bytes(after)),
    }
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
