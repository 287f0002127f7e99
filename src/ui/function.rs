//! One function: where one is, the tabs, and what the tab in front shows.

use ratatui::buffer::Buffer;

use super::{
    Theme, configuration, environment, functions, logs, overview,
    paint::{Row, note},
    test, versions,
};
use crate::app::{
    App,
    function::{Tab, View},
    layout::{self, Area, Size},
};

pub(super) fn draw(app: &App, view: &View, size: Size, theme: &Theme, buffer: &mut Buffer) {
    title(view, theme, Row::new(buffer, layout::frame(size).title, 0));
    let areas = layout::tab(size);
    tabs(view.tab, theme, Row::new(buffer, areas.tabs, 0));
    match view.tab {
        Tab::Overview => overview::draw(app, view, theme, buffer, areas.content),
        Tab::Environment => environment::draw(app, view, theme, buffer, areas.content),
        Tab::Configuration => configuration::draw(app, view, theme, buffer, areas.content),
        Tab::Versions => versions::draw(app, view, theme, buffer, areas.content),
        Tab::Test => test::draw(app, view, size, theme, buffer),
        Tab::Logs => logs::draw(app, size, theme, buffer),
        planned => {
            let title = format!("{} is not built yet", planned.label());
            let text = planned.planned().unwrap_or_default();
            note(buffer, areas.content, 1, &[(&title, theme.title), (text, theme.text)]);
        }
    }
}

fn title(view: &View, theme: &Theme, mut row: Row) {
    row.skip(1).put("Functions > ", theme.dim).put(&view.name, theme.title).skip(2);
    let details = &view.details;
    if let Some(value) = &details.value {
        let state = &value.configuration.state;
        let (style, shape) = theme.health(state.health());
        row.put(&format!("{shape} {}", state.word()), style).skip(2);
        if value.reserved_concurrency == Some(0) {
            row.put("✗ STOPPED", theme.error).skip(2);
        }
    }
    match (&details.error, details.pending, &details.value) {
        (_, Some(_), None) => _ = row.put("loading…", theme.warning),
        (Some(_), None, Some(_)) => _ = row.put("✗ not refreshed, this is older", theme.error),
        _ => {}
    }
}

/// Names that fit into 80 columns.
fn short(tab: Tab) -> &'static str {
    match tab {
        Tab::Environment => "Env",
        Tab::Configuration => "Config",
        Tab::Versions => "Vers",
        other => other.label(),
    }
}

/// The row of tabs in the longest form that fits. The one in front stands in brackets.
fn tabs(front: Tab, theme: &Theme, mut row: Row) {
    let room = row.room();
    let length =
        |label: fn(Tab) -> &'static str| Tab::ALL.iter().map(|tab| label(*tab).len() + 3).sum::<usize>();
    let label: fn(Tab) -> &'static str = if length(Tab::label) < room {
        Tab::label
    } else if length(short) < room {
        short
    } else {
        |_| ""
    };
    let mut before_front = true;
    row.put(if front == Tab::Overview { "[" } else { " " }, theme.accent);
    for tab in Tab::ALL {
        let in_front = tab == front;
        let name = if in_front && label(tab).is_empty() { tab.label() } else { label(tab) };
        let text =
            if name.is_empty() { tab.number().to_string() } else { format!("{} {name}", tab.number()) };
        row.put(&text, if in_front { theme.selected } else { theme.dim });
        before_front &= !in_front;
        let next_in_front = before_front && tab.number() + 1 == front.number();
        row.put(
            if in_front {
                "]"
            } else if next_in_front {
                "["
            } else {
                " "
            },
            theme.accent,
        );
    }
}

/// What stands in a tab that has nothing to show yet. Answers whether there was something to say.
pub(super) fn nothing_yet(view: &View, theme: &Theme, buffer: &mut Buffer, area: Area) {
    match &view.details.error {
        Some(error) if view.details.pending.is_none() => functions::problem(error, theme, buffer, area),
        _ => _ = note(buffer, area, 1, &[(&format!("Reading {}…", view.name), theme.dim)]),
    }
}
