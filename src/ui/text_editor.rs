//! Several lines to be typed, over the whole screen.

use ratatui::buffer::Buffer;

use super::{
    Theme, editor,
    paint::{self, Row, note},
};
use crate::{
    app::{
        layout::{self, Size},
        text_editor::TextEditor,
    },
    domain::text::sanitise,
};

pub(super) fn draw(shown: &TextEditor, size: Size, theme: &Theme, buffer: &mut Buffer) {
    paint::frame(buffer, layout::page(size).frame, &sanitise(&shown.title), theme);
    let areas = layout::text_editor(size);
    let text = shown.text();
    let length = if text.len() == 1 { "1 byte".to_owned() } else { format!("{} bytes", text.len()) };
    let mut hint = Row::new(buffer, areas.hint, 0);
    hint.put_right(&format!("{length} "), theme.dim);
    if shown.problem.is_some() {
        hint.put("esc again drops the text, ctrl-s tries again", theme.warning);
    } else {
        hint.put(&sanitise(&shown.hint), theme.dim);
    }
    if shown.masked {
        let text = "•••••••• hidden while nobody looked; any key shows it again";
        note(buffer, areas.lines, 0, &[(text, theme.dim)]);
    } else {
        let lines = editor::Shown {
            editor: &shown.editor,
            scroll: shown.scroll,
            focused: true,
            bad_line: shown.bad_line(),
            json: false,
        };
        editor::draw(lines, theme, buffer, areas.lines);
    }
    let mut row = Row::new(buffer, areas.problem, 0);
    if let Some(problem) = &shown.problem {
        row.put("✗ ", theme.error).put(&sanitise(problem), theme.error);
    }
}
