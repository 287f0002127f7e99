//! Base, mine and theirs side by side.

use ratatui::buffer::Buffer;

use super::{Theme, paint};
use crate::app::{
    layout::{self, Size},
    merging::Merging,
};

pub(super) fn draw(merging: &Merging, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let _ = merging;
    paint::frame(buffer, layout::page(size).frame, "Merge", theme);
}
