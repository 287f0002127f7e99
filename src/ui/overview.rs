//! The Overview tab.

use ratatui::buffer::Buffer;

use super::{Theme, function::nothing_yet, paint::Row};
use crate::app::{
    App,
    function::{
        View,
        overview::{Line, lines},
    },
    layout::Area,
};

const LABEL: usize = 24;

pub(super) fn draw(app: &App, view: &View, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let Some(details) = &view.details.value else {
        nothing_yet(view, theme, buffer, area);
        return;
    };
    let lines = lines(details, app.now, &app.zone());
    let height = usize::from(area.rows);
    let top = view.overview.top.min(lines.len().saturating_sub(height));
    for (nth, line) in lines.iter().skip(top).take(height).enumerate() {
        let mut row = Row::new(buffer, area, nth);
        match line {
            Line::Group(title) => {
                row.skip(1).put(title, theme.title).skip(1).rule("─", theme.dim);
            }
            Line::Field { label, value, warn } => {
                let labels = LABEL.min(row.room() / 2);
                row.skip(3).cell(label, labels.saturating_sub(3), super::paint::Align::Left, theme.dim);
                if *warn {
                    row.put("! ", theme.warning).put(value, theme.warning);
                } else {
                    row.put(value, theme.text);
                }
            }
        }
    }
}
