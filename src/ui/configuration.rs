//! The Configuration tab: a form.

use ratatui::buffer::Buffer;

use super::{Theme, function::nothing_yet};
use crate::app::{App, function::View, layout::Area};

pub(super) fn draw(app: &App, view: &View, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let _ = app;
    nothing_yet(view, theme, buffer, area);
}
