//! Two functions, versions or aliases side by side.

use ratatui::buffer::Buffer;

use super::{Theme, paint};
use crate::app::{
    compare::Comparing,
    layout::{self, Size},
};

pub(super) fn draw(comparing: &Comparing, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let _ = comparing;
    paint::frame(buffer, layout::page(size).frame, "Compare", theme);
}
