//! The bindings. These tables are the only place that names a key: lookup, footer, help and the README's table derive
//! from them.

use crokey::KeyCombination;

use crate::app::{Action, Context};

mod logs;
mod overlays;
mod tabs;

/// What some keys do in some places.
#[derive(Debug)]
pub struct Binding {
    /// The places.
    pub contexts: &'static [Context],
    /// The keys, the one to show first.
    pub keys: &'static [KeyCombination],
    /// What they do.
    pub action: Action,
    /// What they do, in words.
    pub help: &'static str,
    /// The word for it on the footer; none where it does not show there.
    pub hint: Option<&'static str>,
}

const fn binding(
    contexts: &'static [Context],
    keys: &'static [KeyCombination],
    action: Action,
    help: &'static str,
    hint: Option<&'static str>,
) -> Binding {
    Binding { contexts, keys, action, help, hint }
}

/// All bindings, in the order in which they are shown.
pub fn bindings() -> impl Iterator<Item = &'static Binding> + Clone {
    [tabs::BINDINGS, logs::BINDINGS, overlays::BINDINGS].into_iter().flatten()
}
