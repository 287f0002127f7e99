//! One table of key bindings, from which everything about keys derives: what a key does, the footer's hints, the help
//! pages and the README's table.
//!
//! No behaviour lives here: a key becomes an [`Action`], and `app` decides what that does.

mod table;

use std::fmt::Write as _;

use crokey::{KeyCombination, OneToThree};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::app::{Action, Context};
use table::TABLE;

/// One row of the table: in any of these places, any of these keys does this.
#[derive(Debug)]
pub struct Binding {
    /// Where.
    pub contexts: &'static [Context],
    /// The keys.
    pub keys: &'static [KeyCombination],
    /// What they do.
    pub action: Action,
    /// What the help says, in the imperative. Neighbours with the same text are shown as one.
    pub help: &'static str,
    /// The footer's word for it. Empty where the footer leaves it out.
    pub hint: &'static str,
}

/// A key and a word for the footer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The key as it is written, such as `ctrl-s`.
    pub key: String,
    /// What it does, in a word or two.
    pub label: &'static str,
}

/// The keys of one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The place's name.
    pub title: &'static str,
    /// Keys and what they do, in the table's order.
    pub rows: Vec<(String, &'static str)>,
}

/// Tells what a key does in a chain of places, the innermost first.
///
/// A focused text field (`takes_text`) takes plain characters before the table, and gets every other key that the
/// table has no use for.
#[must_use]
pub fn lookup(contexts: &[Context], takes_text: bool, event: KeyEvent) -> Option<Action> {
    let key = normal(event);
    if !(takes_text && is_character(key)) {
        let bound = contexts.iter().find_map(|context| find(*context, key));
        if let Some(binding) = bound {
            return Some(binding.action.clone());
        }
    }
    takes_text.then(|| Action::Text(event.into()))
}

/// The footer's hints for a chain of places, the innermost first, without those that an inner place takes over.
#[must_use]
pub fn hints(contexts: &[Context]) -> Vec<Hint> {
    let reachable = reachable(contexts).filter(|(_, binding, _)| !binding.hint.is_empty());
    let mut hints: Vec<Hint> = Vec::new();
    for (_, binding, keys) in reachable {
        // The same word of an inner place is enough.
        if hints.iter().all(|hint| hint.label != binding.hint) {
            hints.push(Hint { key: key_name(keys[0]), label: binding.hint });
        }
    }
    hints
}

/// What the help shows for a chain of places, the innermost first.
#[must_use]
pub fn help(contexts: &[Context]) -> Vec<Section> {
    contexts
        .iter()
        .map(|context| {
            let here = reachable(contexts).filter(|(place, ..)| place == context);
            Section { title: title(*context), rows: rows(here.map(|(_, binding, keys)| (binding, keys))) }
        })
        .filter(|section| !section.rows.is_empty())
        .collect()
}

/// The whole table in Markdown, for the README.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::from("| where | key | does |\n|---|---|---|\n");
    for context in table::PLACES {
        let mut place = title(context);
        for (keys, help) in rows(bindings(context).map(|binding| (binding, binding.keys.to_vec()))) {
            let keys: Vec<String> =
                keys.split(' ').map(|key| format!("`{}`", key.replace('|', "\\|"))).collect();
            // Writing to a String can't fail.
            let _ = writeln!(text, "| {place} | {} | {help} |", keys.join(" "));
            place = "";
        }
    }
    text
}

/// How a key is written: `j`, `G`, `ctrl-s`, `shift-tab`, `enter`, `space`, `f5`.
#[must_use]
pub fn key_name(key: KeyCombination) -> String {
    let OneToThree::One(code) = key.codes else {
        // No such key is in the table: most terminals can't send it.
        return key.to_string().to_lowercase();
    };
    let mut name = String::new();
    for (modifier, prefix) in [(KeyModifiers::CONTROL, "ctrl-"), (KeyModifiers::ALT, "alt-")] {
        if key.modifiers.contains(modifier) {
            name.push_str(prefix);
        }
    }
    // A capital letter says so by itself.
    if key.modifiers.contains(KeyModifiers::SHIFT) && !matches!(code, KeyCode::Char(_)) {
        name.push_str("shift-");
    }
    match code {
        KeyCode::Char(' ') => name.push_str("space"),
        KeyCode::Char(character) => name.push(character),
        KeyCode::F(number) => {
            let _ = write!(name, "f{number}");
        }
        KeyCode::BackTab => name.push_str("tab"),
        KeyCode::PageUp => name.push_str("pgup"),
        KeyCode::PageDown => name.push_str("pgdn"),
        other => name.push_str(&format!("{other:?}").to_lowercase()),
    }
    name
}

fn bindings(context: Context) -> impl Iterator<Item = &'static Binding> {
    TABLE.iter().filter(move |binding| binding.contexts.contains(&context))
}

fn find(context: Context, key: KeyCombination) -> Option<&'static Binding> {
    bindings(context).find(|binding| binding.keys.contains(&key))
}

/// The bindings of a chain, each with those of its keys that no inner place takes over.
fn reachable(contexts: &[Context]) -> impl Iterator<Item = (Context, &'static Binding, Vec<KeyCombination>)> {
    contexts.iter().enumerate().flat_map(move |(depth, context)| {
        bindings(*context).filter_map(move |binding| {
            let free =
                |key: &&KeyCombination| contexts[..depth].iter().all(|inner| find(*inner, **key).is_none());
            let keys: Vec<KeyCombination> = binding.keys.iter().filter(free).copied().collect();
            (!keys.is_empty()).then_some((*context, binding, keys))
        })
    })
}

/// Help rows. Neighbours with one text become one row: the tabs' `1` to `9` are `1-9`.
fn rows(
    bindings: impl Iterator<Item = (&'static Binding, Vec<KeyCombination>)>,
) -> Vec<(String, &'static str)> {
    let mut rows: Vec<(Vec<KeyCombination>, &'static str)> = Vec::new();
    for (binding, keys) in bindings {
        match rows.last_mut() {
            Some((above, help)) if *help == binding.help => above.extend(keys),
            _ => rows.push((keys, binding.help)),
        }
    }
    let names = |keys: Vec<KeyCombination>| match keys.as_slice() {
        [first, .., last] if keys.len() > 4 => format!("{}-{}", key_name(*first), key_name(*last)),
        keys => keys.iter().map(|key| key_name(*key)).collect::<Vec<_>>().join(" "),
    };
    rows.into_iter().map(|(keys, help)| (names(keys), help)).collect()
}

/// One form for what terminals report differently: `?` comes with or without shift, `G` too.
fn normal(event: KeyEvent) -> KeyCombination {
    let mut key = KeyCombination::from(event);
    if let OneToThree::One(KeyCode::Char(character)) = key.codes
        && !character.is_alphabetic()
    {
        key.modifiers.remove(KeyModifiers::SHIFT);
    }
    if key.codes == OneToThree::One(KeyCode::Tab) && key.modifiers.contains(KeyModifiers::SHIFT) {
        key.codes = OneToThree::One(KeyCode::BackTab);
    } else if key.codes == OneToThree::One(KeyCode::BackTab) {
        key.modifiers.insert(KeyModifiers::SHIFT);
    }
    key
}

/// Whether the key types a character.
fn is_character(key: KeyCombination) -> bool {
    matches!(key.codes, OneToThree::One(KeyCode::Char(_))) && KeyModifiers::SHIFT.contains(key.modifiers)
}

/// What a place is called.
fn title(context: Context) -> &'static str {
    match context {
        Context::Global => "Everywhere",
        Context::Start => "Start",
        Context::Functions => "Functions",
        Context::Filter => "Filter",
        Context::Function => "Function",
        Context::Details => "Overview",
        Context::Environment => "Environment",
        Context::Test => "Test",
        Context::Editor => "Event editor",
        Context::Logs => "Logs",
        Context::LogFilter => "Log filter",
        Context::CommandLine => "Command line",
        Context::Picker => "Picker",
        Context::Dialog => "Question",
        Context::Page => "Page",
    }
}

#[cfg(test)]
mod tests;
