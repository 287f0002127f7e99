//! The weights of an alias.

use ratatui::buffer::Buffer;

use super::{Theme, paint};
use crate::app::{
    layout::{self, Size},
    weights::Weights,
};

pub(super) fn draw(weights: &Weights, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let _ = weights;
    paint::frame(buffer, layout::page(size).frame, "Weights", theme);
}
