//! The first row: program, profile, endpoint, account, region, what may be done, and the age of what is shown.

use super::{Theme, paint::Row};
use crate::{
    app::{App, Screen},
    cloud::Spec,
    domain::{format, text::width},
};
use ratatui::style::Style;

/// A part of the header. Where room is short the least important ones go first.
struct Part {
    text: String,
    style: Style,
    /// 0 stays longest.
    rank: u8,
    right: bool,
}

pub(super) fn draw(app: &App, theme: &Theme, mut row: Row) {
    let mut parts = parts(app, theme);
    let room = row.room();
    let needed = |parts: &[Part]| parts.iter().map(|part| width(&part.text) + 2).sum::<usize>() + 1;
    while needed(&parts) > room && parts.len() > 1 {
        let least = parts.iter().enumerate().max_by_key(|(_, part)| part.rank).map(|(at, _)| at);
        if let Some(at) = least {
            parts.remove(at);
        }
    }
    row.skip(1);
    for part in parts.iter().rev().filter(|part| part.right) {
        row.put_right(" ", theme.text);
        row.put_right(&part.text, part.style);
    }
    for part in parts.iter().filter(|part| !part.right) {
        row.put(&part.text, part.style).skip(2);
    }
}

fn parts(app: &App, theme: &Theme) -> Vec<Part> {
    let left = |text: String, style, rank| Part { text, style, rank, right: false };
    let right = |text: String, style, rank| Part { text, style, rank, right: true };
    let mut parts = vec![left("lambdeck".into(), theme.title, 6)];
    let session = &app.session;
    if let Some(current) = &session.current {
        if session.is_local() {
            parts.push(left(" local ".into(), theme.badge, 0));
        } else {
            match (session.profile(), &current.endpoint) {
                (Some(profile), _) => parts.push(left(profile.to_owned(), theme.accent, 0)),
                (None, None) => parts.push(left("environment".into(), theme.accent, 0)),
                (None, Some(_)) => {}
            }
            if let Some(endpoint) = &current.endpoint {
                parts.push(left(format!(" {} ", host(endpoint)), theme.badge, 1));
            }
        }
        let account = session.identity.value.as_ref().and_then(|identity| identity.account.as_deref());
        parts.push(left(account.unwrap_or("–").to_owned(), theme.text, 3));
        parts.push(left(current.region.clone(), theme.text, 2));
    }
    if app.is_protected() {
        parts.push(left(" PROD ".into(), theme.badge, 0));
    }
    match &session.connecting {
        Some((_, spec)) if session.current.is_some() => {
            parts.push(right(format!("→ switching to {}…", target(app, spec)), theme.warning, 1));
        }
        Some(_) => parts.push(right("connecting…".into(), theme.warning, 4)),
        None => {}
    }
    if session.read_only() {
        parts.push(right(" READ-ONLY ".into(), theme.badge, 1));
    } else if session.current.is_some() {
        parts.push(right("R/W".into(), theme.dim, 5));
    }
    if let Some(repeating) = app.repeating.as_ref().filter(|repeating| repeating.is_running()) {
        parts.push(right(format!("◐ repeat {}", repeating.progress()), theme.warning, 1));
    }
    if let Some(age) = age(app) {
        parts.push(right(age, theme.dim, 4));
    }
    parts
}

/// When what is shown was read to its end, or how far reading it has come.
fn age(app: &App) -> Option<String> {
    let (pending, loaded_at, count) = match (app.screen, &app.function) {
        (Screen::Start | Screen::Logs, _) => return None,
        (Screen::Function, Some(view)) => (view.details.pending.is_some(), view.details.loaded_at, None),
        _ => {
            let list = &app.functions;
            (list.pending.is_some(), list.loaded_at, Some(list.gathered().unwrap_or(list.total())))
        }
    };
    if pending {
        return Some(count.filter(|count| *count > 0).map_or("↻ …".into(), |count| format!("↻ {count}…")));
    }
    loaded_at.map(|at| format!("↻ {}", format::clock_with_zone(at, &app.zone())))
}

/// What the session that is being made differs in.
fn target(app: &App, spec: &Spec) -> String {
    let current = app.session.current.as_ref().map(|current| &current.spec);
    let differs = |of: fn(&Spec) -> &Option<String>| {
        of(spec).clone().filter(|value| current.and_then(|current| of(current).as_ref()) != Some(value))
    };
    if spec.keys.is_some() && current.is_none_or(|current| current.keys != spec.keys) {
        return "the local engine".into();
    }
    differs(|spec| &spec.profile)
        .or_else(|| differs(|spec| &spec.region))
        .or_else(|| differs(|spec| &spec.endpoint_url))
        .or_else(|| (*spec == Spec::default()).then(|| "the local engine".into()))
        .or_else(|| spec.profile.clone())
        .or_else(|| spec.region.clone())
        .unwrap_or_else(|| "the session of the environment".into())
}

/// The endpoint without its scheme.
pub(super) fn host(endpoint: &str) -> &str {
    endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest).trim_end_matches('/')
}
