//! Editors of several lines, drawn from the text area's lines: line numbers, JSON colours, selection, and a cursor that
//! is a reversed cell. What is typed or pasted is shown neutralised; it is sent as it is.

use std::ops::Range;

use ratatui::{buffer::Buffer, style::Modifier};
use unicode_segmentation::UnicodeSegmentation;

use super::{Theme, json, paint::Row};
use crate::{
    app::{
        editor::{Editor, skip},
        layout::Area,
    },
    domain::text::{sanitise, width},
};

/// Columns of the line numbers, at least; a blank is behind them.
const NUMBER: usize = 4;

/// Up to this length in bytes a line has colours: they take reading it from its beginning.
const COLOURED: usize = 16 * 1024;

/// What of an editor is drawn.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    pub(super) editor: &'a Editor,
    /// The topmost line and the leftmost column.
    pub(super) scroll: (usize, usize),
    pub(super) focused: bool,
    /// The line, from 1, in which something is wrong.
    pub(super) bad_line: Option<usize>,
    /// Whether it is JSON, which has colours.
    pub(super) json: bool,
}

pub(super) fn draw(shown: Shown<'_>, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let digits = shown.editor.line_count().to_string().len().max(NUMBER);
    let room = usize::from(area.columns).saturating_sub(digits + 1);
    let left = leftmost(shown, room);
    let lines = shown.scroll.0..shown.editor.line_count();
    for (nth, at) in lines.take(usize::from(area.rows)).enumerate() {
        let mut row = Row::new(buffer, area, nth);
        let number = format!("{:digits$}", at + 1);
        let bad = shown.bad_line == Some(at + 1);
        let style = if bad { theme.error } else { theme.dim };
        row.put(&number, style).put(if bad { "!" } else { " " }, style);
        line(shown, at, left, theme, row);
    }
}

fn line(shown: Shown<'_>, at: usize, left: usize, theme: &Theme, mut row: Row) {
    let Range { start, end } = shown.editor.line_range(at);
    let whole = shown.editor.line(at);
    let cursor = Some(shown.editor.cursor()).filter(|_| shown.focused);
    let selected = shown.editor.selection().filter(|_| shown.focused).unwrap_or_default();
    let first = start + skip(whole, left);
    let coloured = shown.json && whole.len() <= COLOURED;
    let plain = (!coloured).then_some((json::Part::Plain, whole)).into_iter();
    let mut part_at = start;
    for (part, text) in coloured.then(|| json::parts(whole)).into_iter().flatten().chain(plain) {
        let base = theme.json(part);
        // What is left of the screen may be most of 6 MB.
        let hidden = first.saturating_sub(part_at).min(text.len());
        let mut cluster_at = part_at + hidden;
        for cluster in text[hidden..].graphemes(true) {
            let behind = cluster_at + cluster.len();
            let under_cursor = cursor.is_some_and(|cursor| (cluster_at..behind).contains(&cursor));
            let style = match (under_cursor, selected.contains(&cluster_at)) {
                (true, _) => base.patch(theme.cursor),
                (false, true) => base.add_modifier(Modifier::UNDERLINED),
                (false, false) => base,
            };
            row.put(&sanitise(cluster), style);
            if row.room() == 0 {
                return;
            }
            cluster_at = behind;
        }
        part_at += text.len();
    }
    if cursor == Some(end) {
        row.put(" ", theme.cursor);
    }
}

/// The first character that is shown of each line. The state counts characters; where some of them take more than a
/// column it has to be further right for the cursor to be seen.
fn leftmost(shown: Shown<'_>, room: usize) -> usize {
    let editor = shown.editor;
    let mut left = shown.scroll.1;
    let (at, _) = editor.place(editor.cursor());
    let line = editor.line_range(at);
    let from = line.start + skip(editor.line(at), left);
    let Some(before) = editor.text().get(from..editor.cursor()) else { return left };
    // What is under the cursor, or the blank behind the end.
    let under = editor.text()[editor.cursor()..line.end].graphemes(true).next().unwrap_or(" ");
    let columns = |cluster: &str| width(&sanitise(cluster));
    let mut needed = before.graphemes(true).map(columns).sum::<usize>() + columns(under);
    for cluster in before.graphemes(true) {
        if needed <= room {
            break;
        }
        needed -= columns(cluster);
        left += cluster.chars().count();
    }
    left
}
