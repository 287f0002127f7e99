//! Logs Insights: the query, and its results as a table.

use ratatui::buffer::Buffer;

use super::Theme;
use crate::app::{App, layout::Size};

pub(super) fn draw(_app: &App, _size: Size, _theme: &Theme, _buffer: &mut Buffer) {}
