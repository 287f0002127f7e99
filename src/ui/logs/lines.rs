//! The events: marks, time, source and level before the first row of each, and rules between them.

use jiff::tz::TimeZone;
use ratatui::{
    buffer::Buffer,
    style::{Modifier, Style},
};

use super::{Row, Theme};
use crate::{
    app::{
        layout::Area,
        logs::{
            LogsPane, Times,
            geometry::{Columns, Line, Look, Screen, Shown},
            rules::{Missing, Rule},
        },
    },
    domain::{
        format,
        report::Level,
        text::{fit, sanitise, slice_columns, width},
    },
    tail::{GapKind, Kind},
};

pub(super) fn draw(
    pane: &LogsPane,
    screen: &Screen<'_>,
    look: &Look,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Area,
) {
    let painted: Vec<Painted> = screen.events.iter().map(|shown| Painted::new(pane, shown, theme)).collect();
    for (nth, line) in screen.lines.iter().enumerate() {
        let mut row = Row::new(buffer, area, nth);
        match line {
            Line::Rule(rule) => self::rule(pane, rule, look, theme, &mut row),
            Line::Event(event, nth) => {
                if let Some(painted) = painted.get(*event) {
                    painted.before(pane, *nth, &screen.columns, look, theme, &mut row);
                    painted.text(pane, *nth, theme, &mut row);
                }
            }
        }
    }
}

/// Numbers with their thousands apart: `12,345`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let mut out = digits[..first].to_owned();
    for at in (first..digits.len()).step_by(3) {
        if !out.is_empty() {
            out.push(',');
        }
        out.push_str(&digits[at..at + 3]);
    }
    out
}

fn rule(pane: &LogsPane, rule: &Rule, look: &Look, theme: &Theme, row: &mut Row) {
    let (text, style) = match rule {
        Rule::Day(day) => (day.strftime("%A, %Y-%m-%d").to_string(), theme.dim),
        Rule::Evicted(1) => {
            (format!("1 older event dropped to stay within {} MB", LogsPane::STORE_MB), theme.warning)
        }
        Rule::Evicted(events) => (
            format!("{} older events dropped to stay within {} MB", count(*events), LogsPane::STORE_MB),
            theme.warning,
        ),
        Rule::Reading(window) => match pane.older.trouble() {
            None => (format!("reading {}…", window.told(look.now, &look.zone)), theme.warning),
            Some(why) => {
                let when = window.told(look.now, &look.zone);
                (format!("reading {when}…, not yet: {}", sanitise(why)), theme.warning)
            }
        },
        Rule::NotRead(window, why) => {
            let when = window.told(look.now, &look.zone);
            (format!("✗ {when} was not read, o tries again: {}", sanitise(why)), theme.error)
        }
        Rule::Gap(missing) => (gap(pane, missing, look), theme.warning),
    };
    row.skip(1).put("── ", theme.dim).put(&text, style).put(" ", theme.dim);
    row.rule("─", theme.dim);
}

fn gap(pane: &LogsPane, missing: &Missing, look: &Look) -> String {
    let zone = if pane.times == Times::Utc { &TimeZone::UTC } else { &look.zone };
    let day = |ms: i64| zone.to_datetime(format::from_millis(ms)).date();
    let today = zone.to_datetime(look.now).date();
    let at = |ms: i64| {
        let time = format::from_millis(ms);
        if day(ms) == today { format::clock(time, zone) } else { format::date_time(time, zone) }
    };
    let when = match missing.to_ms {
        Some(to_ms) => format!("{} to {}", at(missing.from_ms), at(to_ms)),
        None => format!("since {}", at(missing.from_ms)),
    };
    let whose = match &missing.groups[..] {
        _ if pane.sources.len() < 2 => String::new(),
        [group] => {
            let label = pane.source(group).map_or(group.as_str(), |source| source.label.as_str());
            format!(" ({})", sanitise(label))
        }
        groups => format!(" ({} log groups)", groups.len()),
    };
    match missing.kind {
        GapKind::Disconnected => format!("{when} disconnected{whose}: events may be missing"),
        GapKind::Sampled => format!("{when} Live Tail showed a sample{whose}: events may be missing"),
        GapKind::Dropped => format!("{when} Lambda dropped lines{whose}: they are in no log"),
        GapKind::NotLive => {
            format!("{when} not live{whose} (Infrequent Access): read by queries every 30 s")
        }
    }
}

fn level_style(level: Level, theme: &Theme) -> Style {
    match level {
        level if level.is_error() => theme.error,
        Level::Warn => theme.warning,
        Level::Trace | Level::Debug => theme.dim,
        _ => theme.text,
    }
}

/// An event with the looks of its parts.
struct Painted<'s> {
    shown: &'s Shown<'s>,
    /// Where a look begins, in bytes of the text.
    looks: Vec<(usize, Style)>,
}

impl<'s> Painted<'s> {
    fn new(pane: &LogsPane, shown: &'s Shown<'s>, theme: &Theme) -> Self {
        let folded = &shown.folded;
        // A level of its own says it already.
        let failed = folded.level.is_none() && (folded.failed || shown.row.marks.error);
        let plain = match (failed, folded.platform) {
            (true, _) => theme.error,
            (false, true) => theme.dim,
            _ => theme.text,
        };
        let found = pane.applied().highlights(&folded.text);
        let ranges = folded.keys.iter().map(|range| (range.start, range.end));
        let mut ends: Vec<usize> = ranges
            .chain([(0, shown.late)])
            .chain(found.iter().map(|(range, _)| (range.start, range.end)))
            .flat_map(|(start, end)| [start, end])
            .collect();
        ends.sort_unstable();
        ends.dedup();
        let (mut keys, mut marks) = (folded.keys.iter().peekable(), &found[..]);
        let looks = ends.into_iter().map(|at| {
            while keys.next_if(|key| key.end <= at).is_some() {}
            while let Some(((range, _), rest)) = marks.split_first()
                && range.end <= at
            {
                marks = rest;
            }
            let mut style = if at < shown.late {
                theme.warning
            } else if keys.peek().is_some_and(|key| key.contains(&at)) {
                theme.dim
            } else {
                plain
            };
            for (range, kind) in marks.iter().take_while(|(range, _)| range.start <= at) {
                if range.contains(&at) {
                    let mark = if *kind == Kind::Highlight { theme.marked } else { theme.found };
                    style = style.remove_modifier(Modifier::DIM).patch(mark);
                }
            }
            (at, style)
        });
        Self { shown, looks: looks.collect() }
    }

    /// What stands before a row's text.
    fn before(
        &self,
        pane: &LogsPane,
        nth: usize,
        columns: &Columns,
        look: &Look,
        theme: &Theme,
        row: &mut Row,
    ) {
        let shown = self.shown;
        let selected = shown.at == pane.cursor.at.min(pane.len().saturating_sub(1));
        row.put(
            match (selected, nth) {
                (true, 0) => ">",
                (true, _) => "│",
                (false, _) => " ",
            },
            theme.accent,
        );
        let room = |row: &mut Row, text: &str, style: Style, wide: usize| {
            let text = fit(text, wide);
            row.put(&text, style).skip(wide - width(&text).min(wide));
        };
        if columns.marks > 1 {
            let bookmarked = nth == 0 && pane.bookmarks.contains(&shown.row.key);
            row.put(if bookmarked { "◆" } else { " " }, theme.accent);
        }
        if nth > 0 || shown.joined && !selected {
            row.skip(columns.time + columns.source + columns.level);
            return;
        }
        let time = time(pane, shown, columns, look);
        let style = if selected { theme.selected } else { theme.dim };
        room(row, &time, style, columns.time - 1);
        row.skip(1);
        if columns.source > 0 {
            let source = pane.source(shown.row.group);
            let label = source.map_or(shown.row.group, |source| source.label.as_str());
            let style = source.map_or(theme.text, |source| theme.source(source.colour));
            room(row, &sanitise(label), style, columns.source - 1);
            row.skip(1);
        }
        match shown.folded.level {
            Some(level) => room(row, level.name(), level_style(level, theme), columns.level - 1),
            None => _ = row.skip(columns.level - 1),
        }
        row.skip(1);
    }

    /// A row's text, with what the filter found in it marked.
    fn text(&self, pane: &LogsPane, nth: usize, theme: &Theme, row: &mut Row) {
        let Some(bytes) = self.shown.rows.get(nth) else {
            row.put(self.shown.more.as_deref().unwrap_or_default(), theme.dim);
            return;
        };
        let mut skip = if pane.wrap { 0 } else { pane.left };
        let first = self.looks.partition_point(|(at, _)| *at <= bytes.start).saturating_sub(1);
        for (nth, (at, style)) in self.looks.iter().enumerate().skip(first) {
            let end = self.looks.get(nth + 1).map_or(bytes.end, |(next, _)| (*next).min(bytes.end));
            if row.room() == 0 || *at >= bytes.end {
                return;
            }
            let Some(piece) = self.shown.folded.text.get((*at).max(bytes.start)..end) else { continue };
            // Of what is skipped it counts how wide it is, of the rest only what fits.
            if skip > 0 {
                let columns = width(piece);
                if columns <= skip {
                    skip -= columns;
                    continue;
                }
            }
            row.put(&slice_columns(piece, skip, row.room() + 1), *style);
            skip = 0;
        }
    }
}

/// The time of an event, as wide as its column at most.
fn time(pane: &LogsPane, shown: &Shown<'_>, columns: &Columns, look: &Look) -> String {
    let at = format::from_millis(shown.row.timestamp);
    let clock = |zone: &TimeZone| {
        if columns.milliseconds { format::clock_ms(at, zone) } else { format::clock(at, zone) }
    };
    let right = |text: String| format!("{text:>0$}", columns.time - 1);
    match pane.times {
        Times::Clock => clock(&look.zone),
        Times::Utc => format!("{}Z", clock(&TimeZone::UTC)),
        Times::Ago => right(format::age(look.now, at)),
        Times::Gap => {
            let above = shown.at.checked_sub(1).and_then(|at| pane.get(at));
            right(above.map_or_else(
                || "-".to_owned(),
                |above| since(shown.row.timestamp.saturating_sub(above.timestamp)),
            ))
        }
    }
}

/// `+120 ms`, `+1.25 s`, `+2m 05s`.
fn since(milliseconds: i64) -> String {
    match milliseconds {
        0..1000 => format!("+{milliseconds} ms"),
        #[allow(clippy::cast_precision_loss, reason = "longer than any log, and rounded")]
        longer => format!("+{}", format::duration_ms(longer as f64)),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0, "0")]
    #[case(999, "999")]
    #[case(1000, "1,000")]
    #[case(56_789, "56,789")]
    #[case(1_234_567, "1,234,567")]
    fn counts(#[case] number: u64, #[case] expected: &str) {
        assert_eq!(count(number), expected);
    }

    #[rstest]
    #[case(0, "+0 ms")]
    #[case(120, "+120 ms")]
    #[case(1250, "+1.25 s")]
    #[case(125_000, "+2m 05s")]
    fn times_since_the_row_above(#[case] milliseconds: i64, #[case] expected: &str) {
        assert_eq!(since(milliseconds), expected);
    }
}
