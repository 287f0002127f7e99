//! The status line: how the log is read, how far behind it is, what comes and what that takes. The parts have their
//! order; where they don't all fit, the least important ones go.

use jiff::{Timestamp, tz::TimeZone};
use ratatui::style::Style;

use super::{Row, Theme, lines::count, reach};
use crate::{
    app::logs::LogsPane,
    domain::{
        format,
        text::{sanitise, width},
    },
    tail::{GapKind, State},
};

/// What a minute of Live Tail costs, in US cents. The first 1,800 minutes of a month are free.
/// <https://aws.amazon.com/cloudwatch/pricing/>
const CENTS_PER_MINUTE: u64 = 1;

/// Blanks between two parts.
const BETWEEN: usize = 2;

/// A part of the line.
struct Part {
    /// Parts with a lower number stay longer.
    rank: u8,
    text: String,
    style: Style,
}

pub(super) fn draw(pane: &LogsPane, now: Timestamp, theme: &Theme, zone: &TimeZone, mut row: Row) {
    let mut parts = parts(pane, now, theme, zone);
    let left = parts.len();
    parts.extend(rates(pane, now, theme));
    row.skip(1);
    let room = row.room().saturating_sub(1);
    let mut ranks: Vec<(u8, usize)> = parts.iter().enumerate().map(|(nth, part)| (part.rank, nth)).collect();
    ranks.sort_unstable();
    // The first part is always there, cut where it must be.
    let mut kept = vec![false; parts.len()];
    let mut taken = 0;
    for (_, nth) in ranks {
        let with = taken + width(&parts[nth].text) + if taken > 0 { BETWEEN } else { 0 };
        if with > room && taken > 0 {
            break;
        }
        taken = with;
        kept[nth] = true;
    }
    // Numbers that change by the second stand at the right end, where none moves the others far.
    for (part, _) in parts[left..].iter().zip(&kept[left..]).rev().filter(|(_, kept)| **kept) {
        row.put_right(" ", theme.text);
        row.put_right(&part.text, part.style);
    }
    for (nth, (part, _)) in parts[..left].iter().zip(&kept).filter(|(_, kept)| **kept).enumerate() {
        if nth > 0 {
            row.skip(BETWEEN);
        }
        row.put(&part.text, part.style);
    }
}

/// What stands at the right end: what comes, what that takes, and whose log it is.
fn rates(pane: &LogsPane, now: Timestamp, theme: &Theme) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut add = |rank: u8, text: String| parts.push(Part { rank, text, style: theme.dim });
    if pane.ticket.is_some() && pane.history_done && !pane.is_over() {
        let (events, calls) = pane.rates.per_second(now);
        add(7, format!("{} events/s", rate(events)));
        let budget = pane.budget_per_s().map(|budget| format!(" of {}", rate(budget))).unwrap_or_default();
        add(8, format!("{:>3}{budget} calls/s", rate(calls)));
    }
    add(
        9,
        match &pane.sources[..] {
            [source] => sanitise(&source.group).into_owned(),
            sources => format!("{} log groups", sources.len()),
        },
    );
    parts
}

fn parts(pane: &LogsPane, now: Timestamp, theme: &Theme, zone: &TimeZone) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut add = |rank: u8, text: String, style: Style| parts.push(Part { rank, text, style });
    let (text, style) = state(pane, now, theme);
    add(0, text, style);
    if let Some(seconds) = pane.live_tail_seconds() {
        add(2, cost(seconds), theme.warning);
        add(7, "first 1,800 min a month are free".into(), theme.dim);
    }
    let missing = pane.gaps.iter().filter(|gap| {
        gap.kind != GapKind::NotLive && pane.source(&gap.group).is_none_or(|source| !source.muted)
    });
    if let Some(from) = missing.map(|gap| gap.from_ms).min() {
        let text = format!("! may be incomplete since {}", format::clock(format::from_millis(from), zone));
        add(1, text, theme.warning);
    }
    if !pane.following {
        add(1, paused(pane), theme.warning);
    }
    if pane.filters.errors_only {
        add(2, "errors only".into(), theme.warning);
    }
    let (shown, all) = (pane.len() as u64, pane.unfiltered() as u64);
    add(
        3,
        match all {
            _ if !pane.applied().is_all() => format!("{} of {} events", count(shown), count(all)),
            1 => "1 event".into(),
            _ => format!("{} events", count(all)),
        },
        theme.dim,
    );
    if pane.is_scanning() {
        add(3, "searching…".into(), theme.dim);
    }
    let reading = !pane.history_done && pane.state_word() != "reading";
    add(5, format!("{}{}", reach(pane, zone), if reading { ", still reading" } else { "" }), theme.dim);
    if pane.store.evicted() > 0 {
        add(4, format!("{} oldest dropped", count(pane.store.evicted())), theme.warning);
    }
    match pane.total(|status| status.sampled) {
        0 => {}
        sampled => add(4, format!("{} sampled out", count(sampled)), theme.warning),
    }
    if let Some(back) = pane.short_lookback_ms() {
        add(4, format!("late ones found up to {} s back", back / 1000), theme.warning);
    }
    if let Some(lag) = pane.lag_ms().filter(|_| pane.behind_ms(now).is_none()) {
        add(6, format!("lag {}", seconds(lag)), theme.dim);
    }
    match pane.total(|status| status.late) {
        0 => {}
        late => add(8, format!("{} late", count(late)), theme.dim),
    }
    parts
}

fn state(pane: &LogsPane, now: Timestamp, theme: &Theme) -> (String, Style) {
    let state = pane.status().map(|status| &status.state);
    let (shape, style) = match state {
        Some(State::Live) if pane.any_not_live() => ("◐", theme.warning),
        Some(State::Live) => ("●", theme.good),
        None | Some(State::CatchingUp) if pane.is_over() => ("●", theme.dim),
        None | Some(State::CatchingUp | State::Throttled { .. }) => ("◐", theme.warning),
        Some(State::Waiting) => ("○", theme.dim),
        Some(_) => ("✗", theme.error),
    };
    let word = match state {
        Some(State::Live) if pane.any_not_live() => "not live",
        Some(State::Live) if pane.live_tail_seconds().is_some() => "live tail",
        _ => pane.state_word(),
    };
    let behind = match state {
        Some(State::Throttled { behind_ms } | State::Offline { behind_ms, .. }) => Some(*behind_ms),
        Some(State::Live) => pane.behind_ms(now),
        _ => None,
    };
    match behind.filter(|behind| *behind >= 1000) {
        Some(behind) => (
            format!("{shape} {word}, {} s behind", behind / 1000),
            if style == theme.good { theme.warning } else { style },
        ),
        None => (format!("{shape} {word}"), style),
    }
}

fn paused(pane: &LogsPane) -> String {
    let counted = |rows: usize, what: &str| {
        if rows > 0 { format!(", {} {what}", count(rows as u64)) } else { String::new() }
    };
    format!("paused{}{}", counted(pane.new, "new below"), counted(pane.late_above, "late above"))
}

/// What Live Tail has cost so far, where nothing is free any more.
fn cost(seconds: u64) -> String {
    let cents = seconds.div_ceil(60) * CENTS_PER_MINUTE;
    format!("about ${}.{:02}", cents / 100, cents % 100)
}

/// `0.8 s`, `12 s`.
fn seconds(milliseconds: i64) -> String {
    match milliseconds.max(0) {
        lag @ ..10_000 => format!("{}.{} s", lag / 1000, lag % 1000 / 100),
        lag => format!("{} s", lag / 1000),
    }
}

/// `0`, `1.2`, `34`, `5,000`.
fn rate(per_second: f64) -> String {
    if per_second < 0.05 {
        return "0".into();
    }
    if per_second < 9.95 {
        let text = format!("{per_second:.1}");
        return text.strip_suffix(".0").map(str::to_owned).unwrap_or(text);
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast saturates")]
    let whole = per_second.round() as u64;
    count(whole)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0.0, "0")]
    #[case(0.1, "0.1")]
    #[case(2.0, "2")]
    #[case(9.94, "9.9")]
    #[case(9.96, "10")]
    #[case(5000.4, "5,000")]
    fn rates(#[case] per_second: f64, #[case] expected: &str) {
        assert_eq!(rate(per_second), expected);
    }

    #[rstest]
    #[case(0, "about $0.00")]
    #[case(1, "about $0.01")]
    #[case(180, "about $0.03")]
    #[case(36_000, "about $6.00")]
    fn costs(#[case] seconds: u64, #[case] expected: &str) {
        assert_eq!(cost(seconds), expected);
    }

    #[rstest]
    #[case(-5, "0.0 s")]
    #[case(840, "0.8 s")]
    #[case(12_900, "12 s")]
    fn lags(#[case] milliseconds: i64, #[case] expected: &str) {
        assert_eq!(seconds(milliseconds), expected);
    }
}
