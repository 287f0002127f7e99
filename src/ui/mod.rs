//! Drawing: [`draw`] reads the state and fills a frame. One file for each pane.
//!
//! Nothing here changes the state or asks anyone for anything. Geometry is `app::layout`'s; texts are cut and padded
//! by [`paint`]; only rows that are on the screen are looked at.

mod answer;
mod bulk;
mod compare;
mod configuration;
mod differences;
mod editor;
mod environment;
mod footer;
mod function;
mod functions;
mod guard;
mod header;
mod history;
mod insights;
mod invocation;
mod json;
mod logs;
mod merging;
mod overlay;
mod overview;
mod paint;
mod past;
mod preview;
mod repeat;
mod review;
mod start;
mod test;
mod text_editor;
pub mod theme;
mod versions;
mod weights;

pub use theme::Theme;

use ratatui::{Frame, buffer::Buffer};

use self::paint::{Row, note};
use crate::app::{
    App, Screen,
    layout::{self, Size},
};

/// Fills the frame with what the state is.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame) {
    let area = frame.area();
    let size = Size { columns: area.width, rows: area.height };
    let buffer = frame.buffer_mut();
    if size.columns < layout::LEAST.columns || size.rows < layout::LEAST.rows {
        too_small(size, theme, buffer);
    } else {
        screen(app, size, theme, buffer);
    }
    guard::guard(buffer, theme.ascii);
}

fn screen(app: &App, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let areas = layout::frame(size);
    header::draw(app, theme, Row::new(buffer, areas.header, 0));
    match (app.screen, &app.function) {
        (Screen::Start, _) => start::draw(app, size, theme, buffer),
        (Screen::Function, Some(view)) => function::draw(app, view, size, theme, buffer),
        (Screen::Logs, _) => logs::many(app, size, theme, buffer),
        (Screen::Functions | Screen::Function, _) => functions::draw(app, size, theme, buffer),
    }
    footer::draw(app, theme, Row::new(buffer, areas.footer, 0));
    // What lies below shows around a question or a choice.
    for overlay in app.beneath.iter().chain(&app.overlay) {
        overlay::draw(app, overlay, size, theme, buffer);
    }
}

fn too_small(size: Size, theme: &Theme, buffer: &mut Buffer) {
    let area = layout::Area { column: 0, row: 0, columns: size.columns, rows: size.rows };
    let least = layout::LEAST;
    let text =
        format!("too small: {}x{} of at least {}x{}", size.columns, size.rows, least.columns, least.rows);
    note(buffer, area, 0, &[(&text, theme.warning)]);
}
