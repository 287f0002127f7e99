//! What stands where the lines would: why there are none, and what to do.

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;

use super::{Theme, filters, note, reach, span};
use crate::{
    app::{layout::Area, logs::LogsPane},
    domain::text::sanitise,
    tail::State,
};

pub(super) fn draw(pane: &LogsPane, theme: &Theme, zone: &TimeZone, buffer: &mut Buffer, area: Area) {
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
        let holds = filters::lacking(pane);
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
