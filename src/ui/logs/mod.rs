//! The Logs tab: whose log it is, how following goes, then one event a row, or wrapped.

pub(super) mod filters;
mod invocations;
mod request;
pub(super) mod sources;

use std::borrow::Cow;

use jiff::{SignedDuration, tz::TimeZone};
use ratatui::{
    buffer::Buffer,
    style::{Modifier, Style},
};

use super::{
    Theme,
    paint::{self, Row, note},
};
use crate::{
    app::{
        App,
        layout::{self, Area, Size},
        logs::LogsPane,
    },
    domain::{
        format,
        report::{Level, LineKind, classify},
        text::{sanitise, sanitise_lines, slice_columns, width},
    },
    tail::{self, State, is_error},
};

/// Up to this many bytes a message is read for its meaning; a larger one is shown as it begins.
const READ: usize = 16 * 1024;

/// From this width on the time has its milliseconds.
const WIDE: usize = 60;

/// The logs of several functions, as one.
pub(super) fn many(app: &App, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let mut row = Row::new(buffer, layout::frame(size).title, 0);
    row.skip(1).put("Logs", theme.title);
    draw(app, size, theme, buffer);
}

pub(super) fn draw(app: &App, size: Size, theme: &Theme, buffer: &mut Buffer) {
    let Some(pane) = app.log() else { return };
    let areas = layout::logs(size, Some(pane));
    if let Some(request) = &pane.request {
        request::heading(app, pane, request, theme, buffer, areas.heading);
    }
    status(pane, theme, &app.zone(), Row::new(buffer, areas.status, 0));
    if let Some(table) = pane.table() {
        return invocations::draw(app, pane, table, size, theme, buffer);
    }
    if pane.is_empty() {
        empty(pane, theme, &app.zone(), buffer, areas.lines);
    } else if pane.wrap {
        wrapped(pane, theme, &app.zone(), buffer, areas.lines);
    } else {
        cut(pane, theme, &app.zone(), buffer, areas.lines);
    }
}

fn status(pane: &LogsPane, theme: &Theme, zone: &TimeZone, mut row: Row) {
    let (shape, style) = match pane.status().map(|status| &status.state) {
        Some(State::Live) => ("●", theme.good),
        None | Some(State::CatchingUp) if pane.is_over() => ("●", theme.dim),
        None | Some(State::CatchingUp | State::Throttled { .. }) => ("◐", theme.warning),
        Some(State::Waiting) => ("○", theme.dim),
        Some(_) => ("✗", theme.error),
    };
    row.skip(1).put(&format!("{shape} {}", pane.state_word()), style);
    if let Some(State::Throttled { behind_ms } | State::Offline { behind_ms, .. }) =
        pane.status().map(|status| &status.state)
    {
        row.put(&format!(", {} s behind", behind_ms / 1000), style);
    }
    if let Some(from) = pane.gaps.iter().map(|gap| gap.from_ms).min() {
        let text = format!("! may be incomplete since {}", format::clock(format::from_millis(from), zone));
        row.skip(2);
        row.put_whole(&text, theme.warning);
    }
    if !pane.following {
        let new = if pane.new > 0 { format!(", {} new below", pane.new) } else { String::new() };
        row.skip(2).put(&format!("paused{new}"), theme.warning);
    }
    if pane.filters.errors_only {
        row.skip(2).put("errors only", theme.warning);
    }
    if pane.filters.takes_text() || !pane.filters.field.text().is_empty() {
        row.skip(2).put("/", theme.accent).field(&pane.filters.field, pane.filters.takes_text(), theme);
    }
    let mut facts = vec![if pane.applied().is_all() {
        format!("{} events", pane.len())
    } else {
        format!("{} of {} events", pane.len(), pane.unfiltered())
    }];
    if pane.is_scanning() {
        facts.push("searching…".into());
    }
    let reading = !pane.history_done && pane.state_word() != "reading";
    facts.push(format!("{}{}", reach(pane, zone), if reading { ", still reading" } else { "" }));
    if pane.store.evicted() > 0 {
        facts.push(format!("{} oldest dropped", pane.store.evicted()));
    }
    for fact in facts {
        row.skip(2);
        row.put_whole(&fact, theme.dim);
    }
    if let [source] = &pane.sources[..] {
        row.put_right(" ", theme.text);
        row.put_right(&source.group, theme.dim);
    }
}

/// The time that is read.
fn reach(pane: &LogsPane, zone: &TimeZone) -> String {
    match &pane.around {
        None => format!("last {}", span(pane.history)),
        Some(around) => match around.until {
            None => format!("since {}", format::clock(around.since(), zone)),
            Some(until) => {
                format!("{} to {}", format::date_time(around.since(), zone), format::date_time(until, zone))
            }
        },
    }
}

/// A length of time in its largest unit: `15m`, `4h`, `10d`.
fn span(length: SignedDuration) -> String {
    match (length.as_mins(), length.as_hours()) {
        (minutes, 0) => format!("{minutes}m"),
        (_, hours @ ..48) => format!("{hours}h"),
        (_, hours) => format!("{}d", hours / 24),
    }
}

fn empty(pane: &LogsPane, theme: &Theme, zone: &TimeZone, buffer: &mut Buffer, area: Area) {
    let group = pane.sources.first().map_or("the log groups", |source| &source.group);
    let reach = match reach(pane, zone) {
        last if pane.around.is_none() => format!("of the {last}"),
        since => since,
    };
    if !pane.store.is_empty() && pane.is_scanning() {
        note(buffer, area, 1, &[("Searching…", theme.dim)]);
        return;
    }
    if pane.unfiltered() > 0 {
        let what = if pane.filters.errors_only { "No error" } else { "No event" };
        let filter = pane.filters.field.text();
        let holds = if filter.is_empty() { String::new() } else { format!(" that holds \"{filter}\"") };
        if pane.request.as_ref().is_some_and(|request| request.id.is_some()) {
            let text = format!("{what}{holds} among the request's {} events.", pane.unfiltered());
            note(buffer, area, 1, &[(&text, theme.text)]);
        } else {
            let text = format!("{what}{holds} among {} events {reach}.", pane.store.len());
            note(buffer, area, 1, &[(&text, theme.text), ("o reads older ones.", theme.dim)]);
        }
        return;
    }
    let awaited = pane.request.as_ref().is_some_and(|request| request.id.is_some());
    if awaited && (!pane.store.is_empty() || pane.history_done) && !is_in_trouble(pane) {
        let others = match pane.store.len() {
            0 => format!("No events in {group} {reach}."),
            1 => format!("One event in {group} {reach}, of another request."),
            count => format!("{count} events in {group} {reach}, all of other requests."),
        };
        let (text, more) = if pane.is_over() {
            ("None of its lines is there.", "o reads older ones.")
        } else {
            ("Waiting for its lines.", "Lines come some seconds after they were written, sometimes minutes.")
        };
        note(buffer, area, 1, &[(text, theme.text), (&others, theme.dim), (more, theme.dim)]);
        return;
    }
    let (text, style, more) = match pane.status().map(|status| &status.state) {
        Some(State::Waiting) => (
            format!("{group} does not exist yet."),
            theme.text,
            "The first invocation makes it; this goes on then.",
        ),
        Some(State::Denied { message }) => {
            (failure(message), theme.error, "It needs logs:FilterLogEvents on this log group.")
        }
        Some(State::Unsupported { message } | State::Failed { message }) => {
            (failure(message), theme.error, "")
        }
        Some(State::Offline { message, .. } | State::Credentials { message }) => {
            (failure(message), theme.error, "Nothing is lost: reading goes on from where it stopped.")
        }
        _ if pane.history_done && pane.around.is_none() => (
            format!("No events in the last {}.", span(pane.history)),
            theme.text,
            "New ones appear here; o reads older ones.",
        ),
        _ if pane.history_done => {
            (format!("No events {reach}."), theme.text, "New ones appear here; o reads older ones.")
        }
        _ if pane.around.is_none() => {
            (format!("Reading the last {} of {group}…", span(pane.history)), theme.dim, "")
        }
        _ => (format!("Reading {group} {reach}…"), theme.dim, ""),
    };
    note(buffer, area, 1, &[(&text, style), (more, theme.dim)]);
}

/// Whether the group can't be read now, or is not there.
fn is_in_trouble(pane: &LogsPane) -> bool {
    let state = pane.status().map(|status| &status.state);
    !matches!(state, None | Some(State::CatchingUp | State::Live | State::Throttled { .. }))
}

fn failure(message: &str) -> String {
    format!("✗ {}", sanitise(message))
}

/// An event as it is shown.
struct Event<'a> {
    level: Option<Level>,
    text: Cow<'a, str>,
    style: Style,
}

impl<'a> Event<'a> {
    /// Reads an event, as far as `characters` of it can be on the screen.
    fn new(message: &'a str, characters: usize, theme: &Theme) -> Self {
        let message = message.trim_end_matches(['\n', '\r']);
        if message.len() > READ {
            let end = message.char_indices().nth(characters).map_or(message.len(), |(at, _)| at);
            return Self { level: None, text: Cow::Borrowed(&message[..end]), style: theme.text };
        }
        let kind = classify(message);
        let failed = kind.is_error() || is_error(message);
        let (level, platform) = (kind.level(), kind.is_platform());
        let text = match kind {
            LineKind::Application { message, .. } => message,
            // The same words whether the log's format is Text or JSON.
            LineKind::Report(report) => Cow::Owned(report.to_string()),
            LineKind::Start { request_id, version, .. } => {
                let version = version.map(|version| format!(" Version: {version}")).unwrap_or_default();
                Cow::Owned(format!("START RequestId: {request_id}{version}"))
            }
            LineKind::TimedOut { request_id, seconds } => {
                Cow::Owned(format!("Task timed out after {seconds:.2} seconds RequestId: {request_id}"))
            }
            LineKind::End { request_id, status: None, .. } => Cow::Owned(format!("END RequestId: {request_id}")),
            _ => Cow::Borrowed(message),
        };
        // A level of its own says it already.
        Self { level, text, style: style(failed && level.is_none(), platform, theme) }
    }
}

fn style(failed: bool, platform: bool, theme: &Theme) -> Style {
    match (failed, platform) {
        (true, _) => theme.error,
        (false, true) => theme.dim,
        _ => theme.text,
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

/// What stands before the text: marker, time, level, lateness.
fn begin(event: &tail::Row, shown: &Event, selected: bool, theme: &Theme, zone: &TimeZone, row: &mut Row) {
    let at = format::from_millis(event.timestamp);
    let time = if row.room() >= WIDE { format::clock_ms(at, zone) } else { format::clock(at, zone) };
    row.put(if selected { ">" } else { " " }, theme.accent);
    row.put(&time, if selected { theme.selected } else { theme.dim }).skip(1);
    match shown.level {
        Some(level) => row.put(&format!("{:5}", level.name()), level_style(level, theme)).skip(1),
        None => row.skip(6),
    };
    if let Some(late) = event.late_by_ms {
        row.put(&format!("late +{} s ", late / 1000), theme.warning);
    }
}

/// Writes text with what the filter found in it marked, from a column on. What does not fit is cut and marked.
fn text(pane: &LogsPane, text: &str, left: usize, style: Style, row: &mut Row) {
    let mut skip = left;
    let mut at = 0;
    let found = pane.applied().highlights(text);
    let ends = found.iter().flat_map(|(range, _)| [(range.start, false), (range.end, true)]);
    for (end, marked) in ends.chain([(text.len(), false)]) {
        if row.room() == 0 {
            return;
        }
        let Some(piece) = text.get(at..end) else { continue };
        at = end;
        let columns = width(piece);
        if columns <= skip {
            skip -= columns;
            continue;
        }
        let style = if marked { style.add_modifier(Modifier::REVERSED) } else { style };
        row.put(&slice_columns(piece, skip, row.room() + 1), style);
        skip = 0;
    }
}

/// One event a row.
fn cut(pane: &LogsPane, theme: &Theme, zone: &TimeZone, buffer: &mut Buffer, area: Area) {
    let height = usize::from(area.rows);
    let characters = (pane.left + usize::from(area.columns) + 1) * 2;
    // The selected row shows whatever size the screen has.
    let top = pane.cursor.top.max((pane.cursor.at + 1).saturating_sub(height));
    for (nth, at) in (top..pane.len()).take(height).enumerate() {
        let Some(event) = pane.get(at) else { return };
        let shown = Event::new(event.message, characters, theme);
        let mut row = Row::new(buffer, area, nth);
        begin(&event, &shown, at == pane.cursor.at, theme, zone, &mut row);
        // Tabs separate, so they stay blanks; a line's end shows as a mark.
        let lines = sanitise_lines(&shown.text);
        let line = if lines.contains('\n') { Cow::Owned(lines.replace('\n', "␊")) } else { lines };
        text(pane, &line, pane.left, shown.style, &mut row);
    }
}

/// Events in as many rows as they take. While following the newest one ends on the last row.
fn wrapped(pane: &LogsPane, theme: &Theme, zone: &TimeZone, buffer: &mut Buffer, area: Area) {
    let height = usize::from(area.rows);
    let time = if usize::from(area.columns) >= WIDE { 12 } else { 8 };
    let indent = 1 + time + 1 + 6;
    let columns = usize::from(area.columns).saturating_sub(indent).max(1);
    let characters = columns * height * 2;
    let rows = |at: usize| {
        pane.get(at).map_or(0, |event| {
            let shown = Event::new(event.message, characters, theme);
            // Lateness stands before the first line, and takes its room.
            let late = usize::from(event.late_by_ms.is_some());
            pieces(&sanitise_lines(&shown.text), columns).take(height).count() + late
        })
    };
    let selected = pane.cursor.at.min(pane.len() - 1);
    // As many events above the selected one as fit, but none above the topmost one of the state.
    let topmost = if pane.following { 0 } else { pane.cursor.top.min(selected) };
    let (mut first, mut taken) = (selected, rows(selected));
    while first > topmost {
        let above = rows(first - 1);
        if taken + above > height {
            break;
        }
        first -= 1;
        taken += above;
    }
    let mut nth = if pane.following && first > 0 { height.saturating_sub(taken) } else { 0 };
    for at in first..pane.len() {
        let Some(event) = pane.get(at) else { return };
        if nth >= height {
            return;
        }
        let shown = Event::new(event.message, characters, theme);
        let mut row = Row::new(buffer, area, nth);
        begin(&event, &shown, at == pane.cursor.at, theme, zone, &mut row);
        if event.late_by_ms.is_some() {
            nth += 1;
        }
        for piece in pieces(&sanitise_lines(&shown.text), columns).take(height) {
            let mut row = Row::new(buffer, area, nth);
            row.skip(indent);
            text(pane, piece, 0, shown.style, &mut row);
            nth += 1;
        }
    }
}

fn pieces(text: &str, columns: usize) -> impl Iterator<Item = &str> {
    let end = text.is_empty().then_some("");
    text.lines().flat_map(move |line| paint::pieces(line, columns)).chain(end)
}
