//! The Overview tab.

use ratatui::buffer::Buffer;

use super::{
    Theme,
    function::nothing_yet,
    paint::{Align, Row, pieces, scrolled},
};
use crate::app::{
    App,
    function::{
        View,
        overview::{Line, lines, value_columns},
    },
    layout::Area,
};

pub(super) fn draw(app: &App, view: &View, theme: &Theme, buffer: &mut Buffer, area: Area) {
    let Some(details) = &view.details.value else {
        nothing_yet(view, theme, buffer, area);
        return;
    };
    let lines = lines(details, app.now, &app.zone());
    let columns = usize::from(area.columns);
    let height = usize::from(area.rows);
    let (shown, _) = scrolled(lines.iter(), view.overview.top, height, |line| line.rows(columns));
    let values = value_columns(columns);
    for shown in shown {
        match shown.item {
            Line::Group(title) => {
                let mut row = Row::new(buffer, area, shown.nth);
                row.skip(1).put(title, theme.title).skip(1).rule("─", theme.dim);
            }
            Line::Field { label, value, warn } => {
                let style = if *warn { theme.warning } else { theme.text };
                let pieces = pieces(value, values).enumerate().skip(shown.hidden);
                for (nth, (piece_nth, piece)) in (shown.nth..height).zip(pieces) {
                    let mut row = Row::new(buffer, area, nth);
                    let labels = columns - values - 5;
                    row.skip(3).cell(if piece_nth == 0 { label } else { "" }, labels, Align::Left, theme.dim);
                    row.back(2).put(if *warn && piece_nth == 0 { "! " } else { "  " }, theme.warning);
                    row.put(piece, style);
                }
            }
        }
    }
}
