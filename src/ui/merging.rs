//! Base, mine and theirs side by side. Values of variables are told by their length, those of settings as they are.

use ratatui::{buffer::Buffer, style::Style};

use super::{
    Theme,
    overlay::more,
    paint::{self, Align, Row, pieces},
};
use crate::{
    app::{
        App,
        function::environment::bytes,
        layout::{self, Area, Size},
        merging::{Merging, Subject},
    },
    domain::{
        format,
        merge::{self, Side},
        secret::Secret,
        text::{self, sanitise, width},
    },
};

/// Columns of the word for what is taken.
const TAKEN: usize = 6;

/// A row as texts: its name, and its three sides, shortened where one is as another.
struct Texts {
    name: String,
    sides: [String; 3],
}

pub(super) fn draw(app: &App, merging: &Merging, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let frame = layout::page(size).frame;
    let what = match merging.subject {
        Subject::Environment { .. } => "Environment",
        Subject::Settings { .. } => "Configuration",
    };
    paint::frame(buffer, frame, &format!("{what} of {}: two changes", sanitise(&merging.function)), theme);
    let areas = layout::merge(size);
    heading(merging, theme, Row::new(buffer, areas.heading, 0));
    table(merging, theme, buffer, areas.rows, frame);
    detail(app, merging, theme, buffer, areas.detail);
}

fn heading(merging: &Merging, theme: &Theme, mut row: Row) {
    let left = merging.undecided().count();
    if left == 0 {
        row.put("All is decided: ", theme.good).put("enter shows the diff of what comes of it", theme.text);
        return;
    }
    let style = if merging.incomplete { theme.error } else { theme.warning };
    let sign = if merging.incomplete { "✗ " } else { "" };
    row.put(&format!("{sign}{left} of {} to decide: ", merging.subject.len()), style);
    row.put("m", theme.accent).put(" takes mine, ", theme.text);
    row.put("t", theme.accent).put(" takes what somebody else made of it", theme.text);
}

fn table(merging: &Merging, theme: &Theme, buffer: &mut Buffer, area: Area, frame: Area) {
    let rows = texts(&merging.subject);
    let height = usize::from(area.rows).saturating_sub(1);
    let mut cursor = merging.cursor;
    cursor.go(cursor.at, rows.len(), height);
    let columns = usize::from(area.columns);
    // The cursor, four gaps, and the word take their columns first; the name takes at most a third of the rest.
    let rest = columns.saturating_sub(2 + 4 * 2 + TAKEN);
    let names = rows.iter().map(|row| width(&row.name)).max().unwrap_or_default().clamp(4, (rest / 3).max(4));
    let side = (rest.saturating_sub(names) / 3).max(1);
    let mut top = Row::new(buffer, area, 0);
    top.skip(2).cell("NAME", names, Align::Left, theme.dim).cell("TAKE", TAKEN, Align::Left, theme.dim);
    for name in ["BASE", "MINE", "THEIRS"] {
        top.cell(name, side, Align::Left, theme.dim);
    }
    for (nth, at) in cursor.visible(rows.len(), height).enumerate() {
        let selected = at == cursor.at;
        let mut row = Row::new(buffer, area, nth + 1);
        row.put(if selected { "> " } else { "  " }, theme.accent);
        let style = if selected { theme.selected } else { theme.text };
        row.cell(&rows[at].name, names, Align::Left, style);
        let (word, style) = taken(merging, at, theme);
        row.cell(word, TAKEN, Align::Left, style);
        let [base, mine, theirs] = &rows[at].sides;
        let taken = merging.side(at);
        let weight = |of: Side| match taken {
            Some(side) if side != of => theme.dim,
            _ => theme.text,
        };
        row.cell(base, side, Align::Left, theme.dim);
        row.cell(mine, side, Align::Left, weight(Side::Mine));
        row.cell(theirs, side, Align::Left, weight(Side::Theirs));
    }
    more(cursor.top + height < rows.len(), frame, theme, buffer);
}

/// The word for what is taken. Where nothing collides it is said without being asked.
fn taken(merging: &Merging, row: usize, theme: &Theme) -> (&'static str, Style) {
    match merging.side(row) {
        None => ("decide", theme.warning),
        Some(_) if same(&merging.subject, row) => ("both", theme.dim),
        Some(Side::Mine) => ("mine", theme.good),
        Some(Side::Theirs) => ("theirs", theme.good),
    }
}

fn same(subject: &Subject, row: usize) -> bool {
    match subject {
        Subject::Environment { rows, .. } => rows.get(row).is_some_and(|row| row.mine == row.theirs),
        Subject::Settings { rows, .. } => rows.get(row).is_some_and(|row| row.mine == row.theirs),
    }
}

fn texts(subject: &Subject) -> Vec<Texts> {
    match subject {
        Subject::Environment { rows, .. } => rows
            .iter()
            .map(|row| Texts {
                name: sanitise(&row.key).into_owned(),
                sides: sides(row, |value: &Secret| format!("{} {}", value.len(), bytes(value.len()))),
            })
            .collect(),
        Subject::Settings { rows, .. } => rows
            .iter()
            .map(|row| Texts {
                name: row.key.label().to_owned(),
                sides: sides(row, |value: &String| match row.key.unit() {
                    _ if value.is_empty() => "(empty)".to_owned(),
                    Some(unit) => format!("{value} {unit}"),
                    None => sanitise(&value.replace('\n', ", ")).into_owned(),
                }),
            })
            .collect(),
    }
}

/// Base, mine and theirs in a word or a length. Two values of the same length are told apart in words.
fn sides<K, V: PartialEq>(row: &merge::Row<K, V>, text: impl Fn(&V) -> String) -> [String; 3] {
    let base = row.base.as_ref().map_or_else(|| "not there".to_owned(), &text);
    let side = |value: Option<&V>, is_theirs: bool| {
        if value == row.base.as_ref() {
            return "same".to_owned();
        }
        if is_theirs && value == row.mine.as_ref() {
            return "as mine".to_owned();
        }
        let Some(value) = value else { return "removed".to_owned() };
        let told = text(value);
        let twin = told == base || (is_theirs && row.mine.as_ref().map(&text).as_ref() == Some(&told));
        if twin { format!("other {told}") } else { told }
    };
    let (mine, theirs) = (side(row.mine.as_ref(), false), side(row.theirs.as_ref(), true));
    [base, mine, theirs]
}

/// The selected row's three sides in full, or, of a variable that is masked, how to see them.
fn detail(app: &App, merging: &Merging, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let at = merging.cursor.at;
    let values: [Option<String>; 3] = match &merging.subject {
        Subject::Environment { rows, .. } => {
            let Some(row) = rows.get(at) else { return };
            let shown = merging.is_revealed();
            [&row.base, &row.mine, &row.theirs].map(|value| {
                value.as_ref().map(|value| match (shown, value.is_empty()) {
                    (true, false) => sanitise(value.reveal()).into_owned(),
                    (_, true) => "(empty)".to_owned(),
                    (false, false) => "••••••••".to_owned(),
                })
            })
        }
        Subject::Settings { rows, .. } => {
            let Some(row) = rows.get(at) else { return };
            [&row.base, &row.mine, &row.theirs].map(|value| {
                value.as_ref().map(|value| match value.as_str() {
                    "" => "(empty)".to_owned(),
                    value => sanitise(&value.replace('\n', ", ")).into_owned(),
                })
            })
        }
    };
    let mut rule = Row::new(buffer, area, 0);
    rule.put("──", theme.dim);
    match (&merging.subject, merging.revealed) {
        (Subject::Environment { .. }, Some((_, until))) if merging.is_revealed() => {
            let until = format!(" shown until {} ", format::clock(until, &app.zone()));
            rule.put(&until, theme.warning);
        }
        (Subject::Environment { .. }, _) => _ = rule.put(" x shows the three values for 30 s ", theme.dim),
        (Subject::Settings { .. }, _) => {}
    }
    rule.rule("─", theme.dim);
    let columns = usize::from(area.columns).saturating_sub(8).max(1);
    let room = usize::from(area.rows).saturating_sub(1);
    let mut nth = 1;
    let mut left: usize = values.len();
    for (label, value) in ["base", "mine", "theirs"].iter().zip(&values) {
        Row::new(buffer, area, nth).cell(label, 6, Align::Left, theme.dim);
        let Some(value) = value else {
            Row::new(buffer, area, nth).skip(8).put("not there", theme.dim);
            nth += 1;
            left -= 1;
            continue;
        };
        // Each of those that follow keeps a row.
        let most = (room + 1).saturating_sub(nth + left - 1).max(1);
        left -= 1;
        let cut = text::rows(value, columns) > most;
        for (piece_nth, piece) in pieces(value, columns).take(most).enumerate() {
            let mut row = Row::new(buffer, area, nth);
            row.skip(8);
            if cut && piece_nth + 1 == most {
                row.put_right("… cut", theme.error);
            }
            row.put(piece, theme.text);
            nth += 1;
        }
    }
}
