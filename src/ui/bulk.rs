//! One change of many functions.

use ratatui::buffer::Buffer;

use super::{Theme, paint};
use crate::app::{
    App,
    layout::{self, Size},
};

pub(super) fn draw(app: &App, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let _ = app;
    paint::frame(buffer, layout::page(size).frame, "Bulk", theme);
}
