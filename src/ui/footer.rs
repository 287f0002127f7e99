//! The last row: the newest message, else the keys of this place.

use super::{Theme, paint::Row};
use crate::{
    app::{App, messages::Severity},
    domain::text::width,
    keys,
};
use ratatui::style::Style;

pub(super) fn draw(app: &App, theme: &Theme, mut row: Row) {
    row.skip(1);
    if let Some(message) = app.messages.shown() {
        let (sign, style) = severity(message.severity, theme);
        row.put(sign, style).skip(1).put(&message.text, theme.text);
        return;
    }
    let mut hints = keys::hints(&app.contexts());
    // Help comes last and always fits; of the others as many as there is room for.
    let last = hints.pop();
    let columns = |key: &str, word: &str| width(key) + 1 + width(word);
    let kept = last.as_ref().map_or(0, |(key, word)| columns(key, word));
    for (key, word) in &hints {
        if columns(key, word) + 2 + kept > row.room() {
            break;
        }
        row.put(key, theme.accent).skip(1).put(word, theme.text).skip(2);
    }
    if let Some((key, word)) = last {
        row.put(&key, theme.accent).skip(1).put(word, theme.text);
    }
}

/// The sign of a severity: a word where it matters.
pub(super) fn severity(severity: Severity, theme: &Theme) -> (&'static str, Style) {
    match severity {
        Severity::Info => ("•", theme.good),
        Severity::Warning => ("! warning:", theme.warning),
        Severity::Error => ("✗ error:", theme.error),
    }
}
