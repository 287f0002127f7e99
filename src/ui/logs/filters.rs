//! The filters of a log.

use ratatui::buffer::Buffer;

use crate::{
    app::{App, layout::Size},
    ui::Theme,
};

pub(in crate::ui) fn draw(_app: &App, _size: Size, _theme: &Theme, _buffer: &mut Buffer) {}
