//! The row of the filter: what is typed, the filters that were kept, what can't be understood.

use super::{Row, Theme};
use crate::{
    app::logs::{
        LogsPane,
        filters::{Kept, Typing},
    },
    domain::text::sanitise,
    tail::Kind,
};

pub(super) fn draw(pane: &LogsPane, theme: &Theme, mut row: Row) {
    let filters = &pane.filters;
    row.skip(1);
    if filters.takes_text() || !filters.field.text().is_empty() {
        let sign = match filters.typing {
            Some(Typing::New(kind)) => sign(kind),
            Some(Typing::Kept(nth)) => filters.kept.get(nth).map_or("/", |kept| sign(kept.kind)),
            Some(Typing::Live) | None => "/",
        };
        row.put(sign, theme.accent).field(&filters.field, filters.takes_text(), theme).skip(3);
    }
    if let Some(error) = &filters.error {
        row.put(&format!("✗ {}", sanitise(&error.message)), theme.error);
        return;
    }
    if filters.on_server {
        row.put("asked of the service", theme.warning).skip(3);
    }
    for Kept { kind, query, on } in &filters.kept {
        let text = sanitise(query.text());
        let text = if *on { format!("{}{text}", sign(*kind)) } else { format!("({}{text})", sign(*kind)) };
        let style = match kind {
            _ if !on => theme.dim,
            Kind::Highlight => theme.marked,
            Kind::Include | Kind::Exclude => theme.accent,
        };
        row.put(&text, style).skip(2);
    }
}

/// The key that adds a filter of the kind.
fn sign(kind: Kind) -> &'static str {
    match kind {
        Kind::Include => "+",
        Kind::Exclude => "\\",
        Kind::Highlight => "*",
    }
}
