//! How the screen is divided. The state needs it to page and to answer the mouse, `ui` to draw: both ask here.

use super::logs::LogsPane;

/// A size in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
}

impl Default for Size {
    fn default() -> Self {
        Self { columns: 80, rows: 24 }
    }
}

/// A rectangle of cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Area {
    /// Leftmost column.
    pub column: u16,
    /// Topmost row.
    pub row: u16,
    /// Columns.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
}

impl Area {
    /// Whether a cell lies in it.
    pub fn contains(&self, column: u16, row: u16) -> bool {
        (self.column..self.column + self.columns).contains(&column)
            && (self.row..self.row + self.rows).contains(&row)
    }
}

/// Below this nothing can be read; the screen says so.
pub const LEAST: Size = Size { columns: 24, rows: 6 };

/// From this width on the list has a preview beside it.
pub const PREVIEW_FROM: u16 = 130;

/// The rows of the frame around everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Program, profile, account, region.
    pub header: Area,
    /// Where one is: title of the list, breadcrumb and tabs.
    pub title: Area,
    /// What is shown.
    pub body: Area,
    /// Messages and keys.
    pub footer: Area,
}

/// Divides the screen.
pub fn frame(size: Size) -> Frame {
    let row = |row: u16, rows: u16| Area { column: 0, row, columns: size.columns, rows };
    let body = size.rows.saturating_sub(3);
    Frame {
        header: row(0, 1),
        title: row(1, 1),
        body: row(2, body),
        footer: row(size.rows.saturating_sub(1), 1),
    }
}

/// The body of the list: rows on the left, below a heading line; the preview on the right where there is room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListLayout {
    /// Column names.
    pub heading: Area,
    /// The rows.
    pub rows: Area,
    /// The preview.
    pub preview: Option<Area>,
}

/// Divides the body of the list.
pub fn list(size: Size, preview: bool) -> ListLayout {
    let body = frame(size).body;
    let (left, preview) = if preview && size.columns >= PREVIEW_FROM {
        let width = size.columns * 2 / 5;
        let left = size.columns - width;
        (left, Some(Area { column: left, columns: width, ..body }))
    } else {
        (size.columns, None)
    };
    ListLayout {
        heading: Area { columns: left, rows: body.rows.min(1), ..body },
        rows: Area { columns: left, row: body.row + 1, rows: body.rows.saturating_sub(1), ..body },
        preview,
    }
}

/// The body of a tab: its first row is the row of tabs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TabLayout {
    /// The names of the tabs.
    pub tabs: Area,
    /// What the tab shows.
    pub content: Area,
}

/// Divides the body of one function.
pub fn tab(size: Size) -> TabLayout {
    let body = frame(size).body;
    TabLayout {
        tabs: Area { rows: body.rows.min(1), ..body },
        content: Area { row: body.row + 1, rows: body.rows.saturating_sub(1), ..body },
    }
}

/// The Test tab: the event on the left and the answer on the right, or one above the other; above the answer the
/// invocations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TestLayout {
    /// The event, with a heading line of its own.
    pub event: Area,
    /// The list of invocations, newest at the bottom; it may have no row.
    pub invocations: Area,
    /// The answer, with two heading lines of its own.
    pub answer: Area,
}

/// Divides the content of the Test tab, where so many invocations are to be listed.
pub fn test(size: Size, invocations: usize) -> TestLayout {
    let content = tab(size).content;
    let (event, right) = if content.columns >= 100 {
        let left = content.columns / 2;
        (Area { columns: left, ..content }, Area { column: left, columns: content.columns - left, ..content })
    } else {
        let top = content.rows / 2;
        (Area { rows: top, ..content }, Area { row: content.row + top, rows: content.rows - top, ..content })
    };
    // A fifth for the list: what one came for is the answer.
    let rows = u16::try_from(invocations).unwrap_or(u16::MAX).min((right.rows / 5).max(2)).min(right.rows);
    TestLayout {
        event,
        invocations: Area { rows, ..right },
        answer: Area { row: right.row + rows, rows: right.rows - rows, ..right },
    }
}

/// An answer over the whole screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerLayout {
    /// With its edges.
    pub frame: Area,
    /// How it ended and what identifies it.
    pub heading: Area,
    /// The views.
    pub views: Area,
    /// The text.
    pub text: Area,
    /// What is typed, or what is wrong with it.
    pub line: Area,
}

/// The topmost rows of an area, and the rest.
fn split_top(area: Area, rows: u16) -> (Area, Area) {
    let rows = rows.min(area.rows);
    (Area { rows, ..area }, Area { row: area.row + rows, rows: area.rows - rows, ..area })
}

/// With a column of margin on the left.
fn page_text(area: Area) -> Area {
    let margin = area.columns.min(1);
    Area { column: area.column + margin, columns: area.columns - margin, ..area }
}

/// Divides what lies between header and footer for an answer.
pub fn answer(size: Size) -> AnswerLayout {
    let page = page(size);
    let inside = Area {
        column: page.text.column.saturating_sub(1),
        columns: page.text.columns.saturating_add(1),
        ..page.text
    };
    // On a low screen the text keeps a row.
    let (heading, views, line) = match inside.rows {
        0 | 1 => (0, 0, 0),
        2 => (0, 1, 0),
        3 | 4 => (0, 1, 1),
        5..=8 => (1, 1, 1),
        _ => (2, 1, 1),
    };
    let (heading, rest) = split_top(inside, heading);
    let (views, rest) = split_top(rest, views);
    let (text, line) = split_top(rest, rest.rows.saturating_sub(line));
    AnswerLayout { frame: page.frame, heading, views, text: page_text(text), line }
}

/// A page that lies over all between header and footer: its frame, and the text inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageLayout {
    /// With its edges.
    pub frame: Area,
    /// Inside, with a column of margin on the left.
    pub text: Area,
}

/// Rows of the list of invocations.
pub fn past_height(size: Size) -> usize {
    usize::from(page(size).text.rows).max(1)
}

/// Divides what lies between header and footer for a page.
pub fn page(size: Size) -> PageLayout {
    let areas = frame(size);
    let outer = Area { rows: areas.body.rows.saturating_add(1), ..areas.title };
    PageLayout {
        frame: outer,
        text: Area {
            column: outer.column + 2,
            row: outer.row + 1,
            columns: outer.columns.saturating_sub(3),
            rows: outer.rows.saturating_sub(2),
        },
    }
}

/// Logs Insights: the query, what is known of it, column names, rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InsightsLayout {
    /// With its edges.
    pub frame: Area,
    /// The query.
    pub query: Area,
    /// Log groups, time, how far it is, what it costs.
    pub status: Area,
    /// Names of the columns.
    pub heading: Area,
    /// The results.
    pub rows: Area,
}

/// Divides the page of Logs Insights, where the query has so many lines. It has a third of the page at most.
pub fn insights(size: Size, lines: usize) -> InsightsLayout {
    let page = page(size);
    let inside = page.text;
    let most = (inside.rows / 3).max(1);
    let (query, rest) = split_top(inside, u16::try_from(lines).unwrap_or(u16::MAX).clamp(1, most));
    let (status, rest) = split_top(rest, if rest.rows > 3 { 2 } else { 1 });
    let (heading, rows) = split_top(rest, u16::from(rest.rows > 1));
    InsightsLayout { frame: page.frame, query, status, heading, rows }
}

/// The Logs tab: whose log it is, a status line, the filters, how much there was when, then lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogsLayout {
    /// The request whose log it is; no row where it is all of the log.
    pub heading: Area,
    /// Transport, counts, rates.
    pub status: Area,
    /// The filters in force, and what the service is asked for; no row where there are none.
    pub filters: Area,
    /// Events over time: bars, and a row below them; no row where there is no room.
    pub histogram: Area,
    /// The lines.
    pub lines: Area,
}

/// From this width on there is room for the histogram.
const HISTOGRAM_FROM: u16 = 50;

/// As [`logs`], where it is one request's.
pub fn request_log(size: Size) -> LogsLayout {
    divide_logs(size, 2, None)
}

/// Divides the content of the Logs tab. On a low screen the lines keep the rows.
pub fn logs(size: Size, pane: Option<&LogsPane>) -> LogsLayout {
    let of_request = |pane: &LogsPane| if pane.is_opened() { 3 } else { 2 };
    divide_logs(size, pane.filter(|pane| pane.request.is_some()).map_or(0, of_request), pane)
}

/// Where there are rows for it the heading has so many.
fn divide_logs(size: Size, heading: u16, pane: Option<&LogsPane>) -> LogsLayout {
    // A request's few lines are seen at a glance.
    let histogram = heading == 0 && pane.is_some_and(|pane| pane.histogram && !pane.is_empty());
    let content = tab(size).content;
    let heading = match content.rows {
        0..4 => 0,
        4..10 => heading.min(1),
        _ => heading,
    };
    let histogram = match content.rows {
        _ if !histogram || content.columns < HISTOGRAM_FROM => 0,
        0..16 => 0,
        16..40 => 2,
        _ => 4,
    };
    let (heading, rest) = split_top(content, heading);
    let typing = pane.is_some_and(|pane| pane.filters.takes_text());
    // Where there is room for little what is typed must be seen.
    let status = if typing && rest.rows < 3 { 0 } else { rest.rows.min(1) };
    let (status, rest) = split_top(rest, status);
    let least = if typing { rest.rows.min(1) } else { 0 };
    let filters = pane.map_or(0, LogsPane::filter_rows).min(rest.rows.saturating_sub(3)).max(least);
    let (filters, rest) = split_top(rest, filters);
    let (histogram, lines) = split_top(rest, histogram);
    LogsLayout { heading, status, filters, histogram, lines }
}

/// The Environment tab: a heading line, the variables, what there is to say, the line of totals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnvironmentLayout {
    /// Column names, or the filter.
    pub heading: Area,
    /// The variables.
    pub rows: Area,
    /// What there is to say, a line each.
    pub notes: Area,
    /// Count and bytes.
    pub total: Area,
}

/// Divides the content of the Environment tab, where there are so many lines to say. Where there are few rows, the
/// variables keep them.
pub fn environment(content: Area, notes: usize) -> EnvironmentLayout {
    let heading = u16::from(content.rows > 3);
    let total = u16::from(content.rows > 2);
    let room = content.rows.saturating_sub(heading + total + 3);
    let notes = u16::try_from(notes).unwrap_or(u16::MAX).min(room);
    let rows = content.rows - heading - total - notes;
    let part = |row: u16, rows: u16| Area { row: content.row + row, rows, ..content };
    EnvironmentLayout {
        heading: part(0, heading),
        rows: part(heading, rows),
        notes: part(heading + rows, notes),
        total: part(heading + rows + notes, total),
    }
}

/// An editor of several lines over the whole screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextEditorLayout {
    /// What one should know.
    pub hint: Area,
    /// The lines with their numbers.
    pub lines: Area,
    /// What is wrong.
    pub problem: Area,
}

impl TextEditorLayout {
    /// Lines and columns of text. Line numbers take five columns; the cursor may stand behind the last one.
    pub fn room(&self) -> (usize, usize) {
        (usize::from(self.lines.rows), usize::from(self.lines.columns).saturating_sub(6))
    }
}

/// Divides the page of an editor. On a low screen its lines keep the rows.
pub fn text_editor(size: Size) -> TextEditorLayout {
    let text = page(size).text;
    let hint = u16::from(text.rows > 3);
    let problem = u16::from(text.rows > 1);
    let lines = text.rows - hint - problem;
    TextEditorLayout {
        hint: Area { rows: hint, ..text },
        lines: Area { row: text.row + hint, rows: lines, ..text },
        problem: Area { row: text.row + hint + lines, rows: problem, ..text },
    }
}

/// Base, mine and theirs: what it is about, a row for each that differs, the selected one in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MergeLayout {
    /// What it is about, and what is left to decide.
    pub heading: Area,
    /// The rows; the first line is their heading.
    pub rows: Area,
    /// The selected row's three sides.
    pub detail: Area,
}

/// Divides the page of a merge.
pub fn merge(size: Size) -> MergeLayout {
    let text = page(size).text;
    let heading = u16::from(text.rows > 3);
    let detail = if text.rows > 10 { (text.rows / 3).max(5) } else { 0 };
    let rows = text.rows - heading - detail;
    MergeLayout {
        heading: Area { rows: heading, ..text },
        rows: Area { row: text.row + heading, rows, ..text },
        detail: Area { row: text.row + heading + rows, rows: detail, ..text },
    }
}
