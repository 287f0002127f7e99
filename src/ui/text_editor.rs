//! Several lines to be typed, over the whole screen.

use ratatui::buffer::Buffer;

use super::{Theme, paint};
use crate::app::{
    layout::{self, Size},
    text_editor::TextEditor,
};

pub(super) fn draw(editor: &TextEditor, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let _ = editor;
    paint::frame(buffer, layout::page(size).frame, "Text", theme);
}
