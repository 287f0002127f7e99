//! The Logs tab.

use ratatui::buffer::Buffer;

use super::{Theme, paint::Row};
use crate::app::{
    App,
    function::View,
    layout::{self, Size},
};

pub(super) fn draw(_app: &App, view: &View, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let areas = layout::logs(size);
    let mut row = Row::new(buffer, areas.status, 0);
    row.skip(1).put("/", theme.dim).field(&view.logs.filter, view.logs.filter_focused, theme);
}
