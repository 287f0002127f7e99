//! Editors of several lines, drawn from the text area's lines: line numbers, JSON colours, selection, and a cursor that
//! is a reversed cell. What is typed or pasted is shown neutralised; it is sent as it is.

use ratatui::{buffer::Buffer, style::Modifier};
use tui_textarea::{DataCursor, TextArea};
use unicode_segmentation::UnicodeSegmentation;

use super::{Theme, json, paint::Row};
use crate::{
    app::layout::Area,
    domain::text::{sanitise, width},
};

/// Columns of the line numbers and the blank behind them.
const GUTTER: usize = 5;

/// What of an editor is drawn.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    pub(super) editor: &'a TextArea<'static>,
    /// The topmost line and the leftmost column.
    pub(super) scroll: (usize, usize),
    pub(super) focused: bool,
    /// The line, from 1, in which something is wrong.
    pub(super) bad_line: Option<usize>,
    /// Whether it is JSON, which has colours.
    pub(super) json: bool,
}

pub(super) fn draw(shown: Shown<'_>, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let lines = shown.editor.lines();
    let room = usize::from(area.columns).saturating_sub(GUTTER);
    let left = leftmost(shown, room);
    for (nth, at) in (shown.scroll.0..lines.len()).take(usize::from(area.rows)).enumerate() {
        let mut row = Row::new(buffer, area, nth);
        let number = (at + 1).to_string();
        let digits = &number[number.len().saturating_sub(4)..];
        let bad = shown.bad_line == Some(at + 1);
        let style = if bad { theme.error } else { theme.dim };
        row.skip(4 - digits.len()).put(digits, style).put(if bad { "!" } else { " " }, style);
        line(shown, at, left, theme, row);
    }
}

fn line(shown: Shown<'_>, at: usize, left: usize, theme: &Theme, mut row: Row) {
    let DataCursor(cursor_line, cursor) = shown.editor.cursor();
    let has_cursor = shown.focused && cursor_line == at;
    let selected = shown.editor.selection_range();
    let is_selected = |character: usize| {
        shown.focused
            && selected.is_some_and(|(start, end)| start <= (at, character) && (at, character) < end)
    };
    let mut first = 0;
    let whole = &shown.editor.lines()[at];
    let coloured = shown.json.then(|| json::parts(whole)).into_iter().flatten();
    let plain = (!shown.json).then_some((json::Part::Plain, whole.as_str()));
    for (part, text) in coloured.chain(plain) {
        let base = theme.json(part);
        for cluster in text.graphemes(true) {
            let behind = first + cluster.chars().count();
            if first >= left {
                let under_cursor = has_cursor && (first..behind).contains(&cursor);
                let style = match (under_cursor, is_selected(first)) {
                    (true, _) => base.patch(theme.cursor),
                    (false, true) => base.add_modifier(Modifier::UNDERLINED),
                    (false, false) => base,
                };
                row.put(&sanitise(cluster), style);
                if row.room() == 0 {
                    return;
                }
            }
            first = behind;
        }
    }
    if has_cursor && cursor >= first {
        row.put(" ", theme.cursor);
    }
}

/// The first character that is shown of each line. The state counts characters; where some of them take more than a
/// column it has to be further right for the cursor to be seen.
fn leftmost(editor: Shown<'_>, room: usize) -> usize {
    let DataCursor(at, cursor) = editor.editor.cursor();
    let left = editor.scroll.1;
    let Some(line) = editor.editor.lines().get(at) else { return left };
    let from = line.char_indices().nth(left).map_or(line.len(), |(at, _)| at);
    let mut shown = Vec::new();
    let mut first = left;
    for cluster in line[from..].graphemes(true) {
        let characters = cluster.chars().count();
        shown.push((characters, width(&sanitise(cluster))));
        first += characters;
        if first > cursor {
            break;
        }
    }
    if first <= cursor {
        // The cursor stands behind the end.
        shown.push((1, 1));
    }
    let mut needed: usize = shown.iter().map(|(_, columns)| columns).sum();
    let mut left = left;
    for (characters, columns) in shown {
        if needed <= room {
            break;
        }
        needed -= columns;
        left += characters;
    }
    left
}
