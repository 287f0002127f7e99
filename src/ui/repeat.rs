//! Sending a request many times: the form, and what comes of it.

use ratatui::{buffer::Buffer, style::Style};

use super::{
    Theme,
    overlay::{middle, more},
    paint::{self, Align, Row, pieces, scrolled},
};
use crate::{
    app::{
        App,
        layout::{self, Area, Size},
        repeat::{Focus, Line, RepeatForm, Repeating, Tone},
    },
    domain::{
        format,
        text::{sanitise, width},
    },
};

/// A row of the form.
enum Piece {
    Text(String, Style),
    Field(Focus),
    Blank,
}

/// Columns of a field's label.
const LABEL: usize = 12;

pub(super) fn form(form: &RepeatForm, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let columns = 72.min(usize::from(size.columns));
    // The frame, and a column on both sides.
    let room = columns.saturating_sub(4).max(1);
    let title = format!("Send {} many times", sanitise(&form.request.target()));
    let most = usize::from(layout::page(size).frame.rows.saturating_sub(2));
    let rows = fitting(form, theme, room, most);
    let area = middle(size, columns, rows.len() + 2);
    let inner = paint::frame(buffer, area, &title, theme);
    let inner =
        Area { column: inner.column.saturating_add(1), columns: inner.columns.saturating_sub(2), ..inner };
    // Whatever the size, the field that takes the keys is on the screen.
    let focused = rows.iter().position(|row| matches!(row, Piece::Field(field) if *field == form.focus));
    let height = usize::from(inner.rows);
    let top = focused.map_or(0, |at| (at + 1).saturating_sub(height.max(1)));
    for (nth, piece) in rows.iter().skip(top).enumerate() {
        let mut row = Row::new(buffer, inner, nth);
        match piece {
            Piece::Text(text, style) => _ = row.put(text, *style),
            Piece::Field(field) => self::field(form, *field, theme, row),
            Piece::Blank => {}
        }
    }
}

/// The rows of the form: all of them, or where there is no room for that those that matter most.
fn fitting(form: &RepeatForm, theme: &Theme, columns: usize, most: usize) -> Vec<Piece> {
    for sparing in 0..3 {
        let rows = rows(form, theme, columns, sparing);
        if rows.len() <= most {
            return rows;
        }
    }
    rows(form, theme, columns, 3)
}

fn rows(form: &RepeatForm, theme: &Theme, columns: usize, sparing: u8) -> Vec<Piece> {
    let mut rows: Vec<Piece> = Vec::new();
    let text = |rows: &mut Vec<Piece>, mark: &str, text: &str, style: Style| {
        for (nth, piece) in pieces(text, columns.saturating_sub(width(mark)).max(1)).enumerate() {
            let mark = if nth == 0 { mark.to_owned() } else { " ".repeat(width(mark)) };
            rows.push(Piece::Text(format!("{mark}{piece}"), style));
        }
    };
    let alarm = if form.protected { "PROD  " } else { "" };
    let place = format!("{alarm}{}", sanitise(&form.place.to_string()));
    let style = if form.protected { theme.error } else { theme.text };
    if sparing < 3 {
        text(&mut rows, "", &place, style);
    }
    if sparing < 2 {
        let size = format::bytes(form.request.payload.len() as u64);
        let event = form.event.as_deref().map(|event| format!(", {}", sanitise(event)));
        let what = format!("{}, {size}{}", sanitise(&form.request.sent_as()), event.unwrap_or_default());
        text(&mut rows, "", &what, theme.dim);
        rows.push(Piece::Blank);
    }
    rows.extend([Piece::Field(Focus::Times), Piece::Field(Focus::AtOnce)]);
    if form.protected {
        let then = if sparing < 2 { ", then enter sends" } else { "" };
        let wanted = format!("Type {}{then}", sanitise(&form.request.function));
        if sparing < 2 {
            rows.push(Piece::Blank);
        }
        let (mark, wanted, style) = if form.mistyped {
            let name = sanitise(&form.request.function);
            let then = if sparing < 2 { ", nothing was sent: type " } else { ": type " };
            ("✗ ", format!("this is something else{then}{name}"), theme.error)
        } else {
            ("", wanted, theme.warning)
        };
        text(&mut rows, mark, &wanted, style);
        rows.push(Piece::Field(Focus::Name));
    }
    if sparing < 2 {
        rows.push(Piece::Blank);
    }
    match form.plan() {
        Err(problem) => text(&mut rows, "✗ ", &problem, theme.error),
        Ok(plan) if sparing < 3 => {
            for warning in form.warnings() {
                text(&mut rows, "! ", &warning, theme.warning);
            }
            if let Some(cost) = form.cost_note(plan) {
                text(&mut rows, "", &cost, theme.text);
            }
        }
        Ok(_) => {}
    }
    if sparing < 1 {
        for note in form.notes() {
            text(&mut rows, "", &note, theme.dim);
        }
    }
    rows
}

fn field(form: &RepeatForm, field: Focus, theme: &Theme, mut row: Row) {
    let focused = form.focus == field;
    let label = match field {
        Focus::Times => "Times",
        Focus::AtOnce => "At a time",
        Focus::Name => "Its name",
    };
    row.cell(label, LABEL.min(row.room() / 2), Align::Left, if focused { theme.title } else { theme.dim });
    row.put(if focused { "> " } else { "  " }, theme.accent).field(form.field(field), focused, theme);
}

pub(super) fn draw(app: &App, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let areas = layout::page(size);
    let Some(repeating) = &app.repeating else { return };
    let title = format!("Many invocations of {}", sanitise(&repeating.request.target()));
    paint::frame(buffer, areas.frame, &title, theme);
    let (columns, height) = Repeating::room(size);
    let head = areas.text.rows - u16::try_from(height).unwrap_or(areas.text.rows).min(areas.text.rows);
    let above = Area { rows: head, ..areas.text };
    for (nth, pieces) in repeating.head(app.now, columns).iter().enumerate() {
        let mut row = Row::new(buffer, above, nth);
        if nth == 2 && repeating.ticket.epoch != app.session.epoch {
            row.put_right("! another session", theme.warning);
        }
        line(pieces, theme, row);
    }
    Row::new(buffer, above, 3).rule("─", theme.dim);
    let body = Area { row: areas.text.row + head, rows: areas.text.rows - head, ..areas.text };
    let table = repeating.table(app.now, columns);
    let (shown, below) = scrolled(table.iter(), repeating.cursor.top, height, |_| 1);
    for shown in shown {
        line(shown.item, theme, Row::new(buffer, body, shown.nth));
    }
    more(below, areas.frame, theme, buffer);
}

fn line(pieces: &Line, theme: &Theme, mut row: Row) {
    for (text, tone) in pieces {
        row.put(text, style(*tone, theme));
    }
}

fn style(tone: Tone, theme: &Theme) -> Style {
    match tone {
        Tone::Plain => theme.text,
        Tone::Dim => theme.dim,
        Tone::Title => theme.title,
        Tone::Good => theme.good,
        Tone::Warning => theme.warning,
        Tone::Error | Tone::Alarm => theme.error,
        Tone::Bar => theme.accent,
    }
}
