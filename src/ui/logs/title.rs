//! Whose logs these are, where there are several: their names, and each with its colour and how it is doing.

use super::{Row, Theme};
use crate::{
    app::logs::{LogsPane, sources::Source},
    domain::text::{sanitise, width},
    tail::State,
};

/// So many are named in the title.
const NAMED: usize = 3;

pub(super) fn draw(pane: &LogsPane, theme: &Theme, mut row: Row) {
    row.skip(1).put("Logs", theme.title).skip(2);
    let (labels, room) = (pane.sources.iter().map(|source| sanitise(&source.label)), row.room());
    let mut named = String::new();
    let mut count = 0;
    for label in labels.take(NAMED) {
        let next = if named.is_empty() { label.into_owned() } else { format!("{named}, {label}") };
        if count > 0 && width(&next) + " and 100 more".len() > room {
            break;
        }
        named = next;
        count += 1;
    }
    row.put(&named, theme.text);
    match pane.sources.len() - count {
        0 => {}
        more => _ = row.put(&format!(" and {more} more"), theme.dim),
    }
    let muted = pane.sources.iter().filter(|source| source.muted).count();
    if muted > 0 {
        row.skip(2).put(&format!("{muted} muted"), theme.warning);
    }
}

/// Each source with its colour, as many as fit.
pub(super) fn sources(pane: &LogsPane, theme: &Theme, mut row: Row) {
    row.skip(1);
    let mut left = pane.sources.len();
    for source in &pane.sources {
        let (shape, word) = state(source);
        let label = sanitise(&source.label);
        let text = format!("{shape} {label}{word}");
        let more = if left > 1 { format!("  and {} more", left - 1) } else { String::new() };
        if width(&text) + more.len() > row.room() {
            row.put(&format!("and {left} more"), theme.dim);
            return;
        }
        row.put(&text, if source.muted { theme.dim } else { theme.source(source.colour) }).skip(2);
        left -= 1;
    }
}

fn state(source: &Source) -> (&'static str, &'static str) {
    let state = source.status.as_ref().map(|status| &status.state);
    match state {
        _ if source.muted => ("○", " (muted)"),
        Some(State::Live) => ("●", ""),
        None | Some(State::CatchingUp) if source.history_done => ("●", ""),
        None | Some(State::CatchingUp) => ("◐", ""),
        Some(State::Throttled { .. }) => ("◐", " (throttled)"),
        Some(State::Waiting) => ("○", " (no group yet)"),
        Some(State::Offline { .. }) => ("✗", " (offline)"),
        Some(State::Credentials { .. }) => ("✗", " (no credentials)"),
        Some(State::Denied { .. }) => ("✗", " (denied)"),
        Some(State::Unsupported { .. }) => ("✗", " (can't be followed)"),
        Some(State::Failed { .. }) => ("✗", " (failed)"),
    }
}
