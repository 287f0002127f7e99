//! The list of functions.

use jiff::{civil::Date, tz::TimeZone};
use ratatui::{buffer::Buffer, style::Style};

use super::{
    Theme,
    paint::{Align, Row, note},
    preview,
};
use crate::{
    app::{
        App,
        functions::{Column, FunctionsPane},
        layout::{self, Area, Size},
    },
    domain::{
        format,
        function::Summary,
        runtimes,
        text::{fit, width},
    },
};

/// The columns that a name keeps before another column has to shrink.
const NAME: usize = 18;

pub(super) fn draw(app: &App, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let list = &app.functions;
    title(app, theme, Row::new(buffer, layout::frame(size).title, 0));
    let areas = layout::list(size, list.preview);
    if list.is_empty() {
        empty(app, theme, buffer, areas.rows);
        return;
    }
    let today = app.now.to_zoned(TimeZone::UTC).date();
    let visible = list.cursor.visible(list.len(), usize::from(areas.rows.rows));
    let cells: Vec<Cells> = visible
        .clone()
        .filter_map(|row| list.get(row))
        .map(|row| Cells::new(app, row, today, theme))
        .collect();
    let columns = Columns::new(usize::from(areas.rows.columns), &cells, list.sort);
    columns.heading(list, theme, Row::new(buffer, areas.heading, 0));
    for (nth, (row, cells)) in visible.zip(&cells).enumerate() {
        let marks = (row == list.cursor.at, list.is_marked(cells.name));
        columns.row(cells, marks, theme, Row::new(buffer, areas.rows, nth));
    }
    if let (Some(area), Some(function)) = (areas.preview, list.selected()) {
        preview::draw(app, function, today, theme, buffer, area);
    }
}

fn title(app: &App, theme: &Theme, mut row: Row) {
    let list = &app.functions;
    row.skip(1).put("Functions", theme.title).skip(1);
    let filtered = !list.filter.text().trim().is_empty();
    let count =
        if filtered { format!("{} of {}", list.len(), list.total()) } else { list.total().to_string() };
    if list.total() > 0 || list.loaded_at.is_some() {
        row.put(&count, theme.text);
    }
    let (marked, hidden) = list.marks();
    if marked > 0 {
        row.skip(2).put(&format!("* {marked} marked"), theme.accent);
        if hidden > 0 {
            row.put(&format!(" ({hidden} not shown)"), theme.warning);
        }
    }
    let unsaved = app.unsaved().len();
    if unsaved > 0 {
        row.skip(2).put(&format!("~ {unsaved} unsaved"), theme.warning);
    }
    if let Some(bulk) = app.bulk.as_ref().filter(|bulk| bulk.is_under_way()) {
        row.skip(2).put(&format!("◐ changing {}", bulk.progress()), theme.warning);
    }
    match (&list.error, list.pending) {
        (_, Some(_)) => {
            let so_far = list.gathered().filter(|gathered| *gathered > 0);
            let text = so_far.map_or("  loading…".to_owned(), |gathered| format!("  loading… {gathered}"));
            row.put(&text, theme.warning);
        }
        (Some(_), None) if list.total() > 0 => {
            row.put("  ✗ not refreshed, these are older", theme.error);
        }
        _ => {}
    }
    let arrow = if descends(list) { "↓" } else { "↑" };
    row.put_right(" ", theme.text);
    if row.room() > 36 && list.total() > 0 {
        row.put_right(&format!("sort: {} {arrow}", list.sort.label()), theme.dim);
    }
    if list.filter_focused || !list.filter.text().is_empty() {
        row.skip(2).put("/", theme.accent).field(&list.filter, list.filter_focused, theme);
    }
}

/// Whether the largest, latest or last comes first.
fn descends(list: &FunctionsPane) -> bool {
    !matches!(list.sort, Column::Name | Column::Runtime) ^ list.reversed
}

fn empty(app: &App, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let list = &app.functions;
    let Some(current) = &app.session.current else {
        match &app.session.error {
            Some(error) => problem(error, theme, buffer, area),
            None => _ = note(buffer, area, 1, &[("Connecting…", theme.dim)]),
        }
        return;
    };
    let region = &current.region;
    if list.total() > 0 {
        let text = format!("No function matches \"{}\".", list.filter.text().trim());
        note(
            buffer,
            area,
            1,
            &[(&text, theme.text), ("esc clears the filter, f1 lists its fields.", theme.dim)],
        );
    } else if list.pending.is_some() {
        note(buffer, area, 1, &[(&format!("Reading the functions of {region}…"), theme.dim)]);
    } else if let Some(error) = &list.error {
        problem(error, theme, buffer, area);
    } else {
        let text = format!("No functions in {region}.");
        let hint = ":region looks elsewhere, :profile in another account, r reads again.";
        note(buffer, area, 1, &[(&text, theme.text), (hint, theme.dim)]);
    }
}

/// An error in place of what could not be read.
pub(super) fn problem(error: &crate::cloud::Error, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let first = format!("✗ {}", error.message);
    let mut nth = note(buffer, area, 1, &[(&first, theme.error)]);
    if let Some(hint) = &error.hint {
        nth = note(buffer, area, nth, &[(hint, theme.accent)]);
    }
    if let Some(id) = &error.request_id {
        nth = note(buffer, area, nth, &[(&format!("request id {id}"), theme.dim)]);
    }
    note(buffer, area, nth + 1, &[("r tries again.", theme.dim)]);
}

/// A row's texts.
struct Cells<'a> {
    name: &'a str,
    runtime: String,
    deprecated: bool,
    memory: String,
    timeout: String,
    size: String,
    modified: String,
    state: String,
    state_style: Style,
}

impl<'a> Cells<'a> {
    fn new(app: &App, function: &'a Summary, today: Date, theme: &Theme) -> Self {
        let runtime = function.runtime.as_deref().unwrap_or("image");
        let deprecated = matches!(runtimes::status(runtime, today), runtimes::Status::Deprecated { .. });
        let (state, state_style) = state(app, function, theme);
        Self {
            name: &function.name,
            runtime: if deprecated { format!("{runtime} !") } else { runtime.to_owned() },
            deprecated,
            memory: function.memory_mb.to_string(),
            timeout: format::timeout(function.timeout_s),
            size: if function.code_size == 0 { "-".to_owned() } else { format::bytes(function.code_size) },
            modified: function
                .modified_ms
                .map_or("-".to_owned(), |at| format::age(app.now, format::from_millis(at))),
            state,
            state_style,
        }
    }
}

/// Shape and word of a function's state, as far as it is known.
pub(super) fn state(app: &App, function: &Summary, theme: &Theme) -> (String, Style) {
    match &function.state {
        Some(state) => {
            let (style, shape) = theme.health(state.health());
            (format!("{shape} {}", state.word()), style)
        }
        None if app.functions.state_is_coming(&function.name) => ("…".to_owned(), theme.dim),
        None => ("- unknown".to_owned(), theme.dim),
    }
}

/// The columns that are shown, with their widths.
struct Columns {
    name: usize,
    /// None where there is no room for the column.
    runtime: Option<usize>,
    memory: Option<usize>,
    timeout: Option<usize>,
    size: Option<usize>,
    modified: Option<usize>,
    state: usize,
}

impl Columns {
    /// Which columns there are depends on the width alone, so that none comes and goes with the rows; how wide they
    /// are depends on what they hold.
    fn new(room: usize, cells: &[Cells], sort: Column) -> Self {
        // The heading of the column that is sorted by is longer by an arrow.
        let longest = |least: usize, column: Option<Column>, text: for<'c> fn(&'c Cells) -> &'c str| {
            let least = column
                .filter(|column| *column == sort)
                .map_or(least, |column| least.max(column.label().len() + 1));
            cells.iter().map(|cells| width(text(cells))).max().unwrap_or_default().max(least)
        };
        let from = |enough: usize, columns: usize| (room >= enough).then_some(columns);
        let mut columns = Self {
            name: 0,
            runtime: from(56, longest(10, Some(Column::Runtime), |cells| &cells.runtime)),
            memory: from(63, longest(4, None, |cells| &cells.memory)),
            timeout: from(72, longest(7, Some(Column::Timeout), |cells| &cells.timeout)),
            size: from(79, longest(5, Some(Column::Size), |cells| &cells.size)),
            modified: from(42, longest(8, Some(Column::Modified), |cells| &cells.modified)),
            state: longest(8, None, |cells| &cells.state),
        };
        if room < 32 {
            // The shape alone.
            columns.state = 1;
        }
        let others = |columns: &Self| {
            let optional = [columns.runtime, columns.memory, columns.timeout, columns.size, columns.modified];
            optional.into_iter().flatten().map(|columns| columns + 2).sum::<usize>() + columns.state + 2
        };
        // Two columns are the marker's, one is left at the end.
        let longest_name = cells.iter().map(|cells| width(cells.name)).max().unwrap_or_default();
        let missing = (others(&columns) + longest_name.min(NAME) + 4).saturating_sub(room);
        let taken = match &mut columns.runtime {
            Some(runtime) => {
                let taken = missing.min(runtime.saturating_sub(10));
                *runtime -= taken;
                taken
            }
            None => 0,
        };
        columns.state -= (missing - taken).min(columns.state.saturating_sub(8));
        columns.name = room.saturating_sub(others(&columns) + 4);
        columns
    }

    fn heading(&self, list: &FunctionsPane, theme: &Theme, mut row: Row) {
        let arrow = if descends(list) { "↓" } else { "↑" };
        let mut cell = |columns: Option<usize>, label: &str, align: Align, sorted: Option<Column>| {
            let Some(columns) = columns else { return };
            let marked = sorted == Some(list.sort);
            let text = if marked { format!("{label}{arrow}") } else { label.to_owned() };
            let style = if marked { theme.title } else { theme.dim };
            row.cell(&text, columns, align, style);
        };
        cell(Some(1), "", Align::Left, None);
        cell(Some(self.name), "NAME", Align::Left, Some(Column::Name));
        cell(self.runtime, "RUNTIME", Align::Left, Some(Column::Runtime));
        cell(self.memory, "MEM", Align::Right, Some(Column::Memory));
        cell(self.timeout, "TIMEOUT", Align::Right, Some(Column::Timeout));
        cell(self.size, "SIZE", Align::Right, Some(Column::Size));
        cell(self.modified, "MODIFIED", Align::Left, Some(Column::Modified));
        cell(Some(self.state), "STATE", Align::Left, None);
    }

    fn row(&self, cells: &Cells, (selected, marked): (bool, bool), theme: &Theme, mut row: Row) {
        let base = if selected { theme.selected } else { theme.text };
        row.put(if marked { "*" } else { " " }, theme.accent);
        row.put(if selected { ">" } else { " " }, theme.accent).skip(1);
        row.cell(cells.name, self.name, Align::Left, base);
        if let Some(columns) = self.runtime {
            let style = if cells.deprecated { theme.warning } else { base };
            // The mark stays where the identifier has to be cut.
            let identifier = cells.runtime.trim_end_matches(" !");
            let text = if cells.deprecated && width(&cells.runtime) > columns {
                format!("{} !", fit(identifier, columns.saturating_sub(2)))
            } else {
                cells.runtime.clone()
            };
            row.cell(&text, columns, Align::Left, style);
        }
        for (columns, text) in
            [(self.memory, &cells.memory), (self.timeout, &cells.timeout), (self.size, &cells.size)]
        {
            if let Some(columns) = columns {
                row.cell(text, columns, Align::Right, base);
            }
        }
        if let Some(columns) = self.modified {
            row.cell(&cells.modified, columns, Align::Left, base);
        }
        row.put(&fit(&cells.state, self.state), cells.state_style);
    }
}
