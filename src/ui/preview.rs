//! What is known of the selected function without opening it, beside a wide list.

use jiff::civil::Date;
use ratatui::{buffer::Buffer, style::Style};

use super::{
    Theme, functions,
    paint::{Row, pieces},
};
use crate::{
    app::{App, layout::Area},
    domain::{format, function::Summary, runtimes},
};

const LABEL: usize = 14;

pub(super) fn draw(
    app: &App,
    function: &Summary,
    today: Date,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Area,
) {
    for nth in 0..usize::from(area.rows) {
        Row::new(buffer, area, nth).put("│", theme.dim);
    }
    let inner =
        Area { column: area.column.saturating_add(2), columns: area.columns.saturating_sub(3), ..area };
    let mut lines = Lines { buffer, area: inner, nth: 0, theme };
    lines.text(&function.name, theme.title);
    if !function.description.is_empty() {
        lines.text(&function.description, theme.text);
    }
    lines.nth += 1;
    let (state, style) = functions::state(app, function, theme);
    lines.field("State", &state, style);
    let details = function.state.as_ref();
    for (label, reason) in [
        ("Reason", details.and_then(|state| state.reason.as_deref())),
        ("Last update", details.and_then(|state| state.last_update_status_reason.as_deref())),
    ] {
        if let Some(reason) = reason {
            lines.field(label, reason, theme.warning);
        }
    }
    let runtime = function.runtime.as_deref().unwrap_or("container image");
    match runtimes::status(runtime, today) {
        runtimes::Status::Deprecated { since } => {
            lines.field("Runtime", &format!("{runtime} ! deprecated since {since}"), theme.warning);
        }
        runtimes::Status::Supported { until: Some(until) } => {
            lines.field("Runtime", &format!("{runtime} (supported until {until})"), theme.text);
        }
        _ => lines.field("Runtime", runtime, theme.text),
    }
    lines.field("Architecture", &function.architecture, theme.text);
    lines.field("Memory", &format!("{} MB", function.memory_mb), theme.text);
    lines.field("Timeout", &format::timeout(function.timeout_s), theme.text);
    if function.code_size > 0 {
        lines.field("Code size", &format::bytes(function.code_size), theme.text);
    }
    if let Some(modified) = function.modified_ms {
        let at = format::from_millis(modified);
        let text = format!("{} ({})", format::date_time(at, &app.zone()), format::age(app.now, at));
        lines.field("Last modified", &text, theme.text);
    }
    lines.field("Log group", &function.log_group(), theme.text);
    lines.field("ARN", &function.arn, theme.text);
}

struct Lines<'b> {
    buffer: &'b mut Buffer,
    area: Area,
    nth: usize,
    theme: &'b Theme,
}

impl Lines<'_> {
    fn text(&mut self, text: &str, style: Style) {
        for piece in pieces(text, usize::from(self.area.columns)).take(4) {
            Row::new(self.buffer, self.area, self.nth).put(piece, style);
            self.nth += 1;
        }
    }

    fn field(&mut self, label: &str, value: &str, style: Style) {
        let columns = usize::from(self.area.columns).saturating_sub(LABEL);
        for (at, piece) in pieces(value, columns).take(4).enumerate() {
            let mut row = Row::new(self.buffer, self.area, self.nth);
            if at == 0 {
                row.put(label, self.theme.dim).skip(LABEL.saturating_sub(label.len()));
            } else {
                row.skip(LABEL);
            }
            row.put(piece, style);
            self.nth += 1;
        }
    }
}
