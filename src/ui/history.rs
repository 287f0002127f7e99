//! The journal of changes.

use ratatui::buffer::Buffer;

use super::{Theme, paint};
use crate::app::{
    App,
    history::HistoryPane,
    layout::{self, Size},
};

pub(super) fn draw(app: &App, pane: &HistoryPane, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let _ = (app, pane);
    paint::frame(buffer, layout::page(size).frame, "History", theme);
}
