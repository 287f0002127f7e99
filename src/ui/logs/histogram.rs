//! How many events there were when: a bar for each stretch of time, its errors at its foot; below them what is on the
//! screen, where the cursor is, and where errors are.

use jiff::tz::TimeZone;
use ratatui::{buffer::Buffer, style::Style};

use super::{Row, Theme};
use crate::{
    app::{
        layout::Area,
        logs::{
            LogsPane, Times,
            geometry::{Look, Screen},
            histogram::{Bar, Histogram},
        },
    },
    domain::format,
};

/// Columns before the bars and behind them, each with a blank on both sides.
const LEFT: usize = 10;
const RIGHT: usize = 18;

/// From this step on times are told to the minute.
const MINUTE_MS: i64 = 60_000;

/// From this length on it is days that are told.
const DATED_MS: i64 = 48 * 60 * MINUTE_MS;

const EIGHTHS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

pub(super) fn draw(
    pane: &LogsPane,
    screen: &Screen<'_>,
    look: &Look,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Area,
) {
    let rows = usize::from(area.rows);
    if rows < 2 {
        return;
    }
    let room = usize::from(area.columns).saturating_sub(LEFT + RIGHT);
    let Some(histogram) = Histogram::of(pane, room) else { return };
    let zone = if pane.times == Times::Utc { &TimeZone::UTC } else { &look.zone };
    // Nothing lies ahead, though the last bar may end there.
    let to_ms = histogram.to_ms().min(look.now.as_millisecond().max(histogram.from_ms));
    let written = match (histogram.step_ms, to_ms.saturating_sub(histogram.from_ms)) {
        (_, DATED_MS..) => "%m-%d",
        (MINUTE_MS.., _) => "%H:%M",
        _ => "%H:%M:%S",
    };
    let moment = |ms: i64| zone.to_datetime(format::from_millis(ms)).strftime(written).to_string();
    // A bar is as many columns wide as all can be.
    let wide = (room / histogram.bars.len().max(1)).clamp(1, 4);
    let heights: Vec<(usize, usize)> =
        histogram.bars.iter().map(|bar| heights(*bar, histogram.peak(), (rows - 1) * 8)).collect();
    for nth in 0..rows - 1 {
        let mut row = Row::new(buffer, area, nth);
        // Times stand beside the foot of the bars.
        let foot = nth + 2 == rows;
        let left = if foot { moment(histogram.from_ms) } else { String::new() };
        row.put(&format!("{left:>9}"), theme.dim).skip(1);
        for (all, errors) in &heights {
            let (symbol, style) = cell(*all, *errors, (rows - 2 - nth) * 8, theme);
            for _ in 0..wide {
                row.put(symbol, style);
            }
        }
        if foot {
            row.skip(1).put(&moment(to_ms), theme.dim);
        }
    }
    let mut row = Row::new(buffer, area, rows - 1);
    row.put(&format!("{:>9}", format!("max {}", short(histogram.peak()))), theme.dim).skip(1);
    let on_screen = screen.span().map(|(first, last)| histogram.bar_at(first)..=histogram.bar_at(last));
    let cursor = pane.get(pane.cursor.at).map(|row| histogram.bar_at(row.timestamp));
    for (nth, bar) in histogram.bars.iter().enumerate() {
        let inside = on_screen.as_ref().is_some_and(|bars| bars.contains(&nth));
        let rule = if inside { ("━", theme.text) } else { ("─", theme.dim) };
        let marks = [
            (cursor == Some(nth)).then_some(("▲", theme.selected)),
            (bar.errors > 0).then_some(("!", theme.error)),
        ];
        for (symbol, style) in marks.into_iter().flatten().chain([rule; 4]).take(wide) {
            row.put(symbol, style);
        }
    }
    let errors: usize = histogram.bars.iter().map(|bar| bar.errors).sum();
    row.skip(1).put(&format!("per {}", stretch(histogram.step_ms)), theme.dim);
    if errors > 0 {
        row.put(", ", theme.dim).put("!", theme.error).put(" error", theme.dim);
    }
}

/// How high a bar is and its errors in it, in eighths of a row. What is there is seen.
fn heights(bar: Bar, peak: usize, room: usize) -> (usize, usize) {
    let scaled = |number: usize| {
        if number == 0 { 0 } else { (number.saturating_mul(room) / peak.max(1)).clamp(1, room) }
    };
    (scaled(bar.events), scaled(bar.errors).min(scaled(bar.events)))
}

/// What of a bar is in a cell that begins so many eighths above its foot.
fn cell(all: usize, errors: usize, from: usize, theme: &Theme) -> (&'static str, Style) {
    let filled = all.saturating_sub(from).min(8);
    if errors > from {
        // Where errors are the whole cell, it has a shape of its own.
        let whole = filled == 8 && errors - from >= 4;
        return (if whole { "▓" } else { EIGHTHS[filled] }, theme.error);
    }
    (EIGHTHS[filled], theme.accent)
}

/// At most four columns: `12`, `1.2k`, `34k`, `1.2M`.
fn short(number: usize) -> String {
    match number {
        0..1000 => number.to_string(),
        1000..10_000 => format!("{}.{}k", number / 1000, number % 1000 / 100),
        10_000..1_000_000 => format!("{}k", number / 1000),
        _ => format!("{}M", number / 1_000_000),
    }
}

/// `100 ms`, `15 s`, `5 min`, `3 h`, `1 d`.
fn stretch(milliseconds: i64) -> String {
    match milliseconds {
        ..1000 => format!("{milliseconds} ms"),
        1000..60_000 => format!("{} s", milliseconds / 1000),
        60_000..3_600_000 => format!("{} min", milliseconds / 60_000),
        3_600_000..86_400_000 => format!("{} h", milliseconds / 3_600_000),
        _ => format!("{} d", milliseconds / 86_400_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_seen_and_errors_are_part_of_it() {
        let bar = |events, errors| heights(Bar { events, errors }, 1_000_000, 8);
        assert_eq!(bar(0, 0), (0, 0));
        assert_eq!(bar(1, 0), (1, 0));
        assert_eq!(bar(1, 1), (1, 1));
        assert_eq!(bar(1_000_000, 500_000), (8, 4));
        assert_eq!(heights(Bar::default(), 0, 24), (0, 0));
    }

    #[test]
    fn a_bar_goes_over_rows() {
        let theme = Theme::DEFAULT;
        let column: Vec<&str> = [16, 8, 0].map(|from| cell(18, 9, from, &theme).0).to_vec();
        assert_eq!(column, ["▂", "█", "▓"]);
        assert_eq!(cell(18, 9, 8, &theme).1, theme.error);
        assert_eq!(cell(18, 8, 8, &theme).1, theme.accent);
    }
}
