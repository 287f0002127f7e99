//! One table of key bindings ([`bindings`]): looked up by the loop, shown by footer, help and README.
//!
//! Nothing here does anything: what an [`Action`] means is the affair of `app`.

mod table;

use crokey::{KeyCombination, OneToThree};
use std::fmt::Write as _;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tui_textarea::{Input, Key};

use crate::app::{Action, Context};

pub use table::{Binding, bindings};

/// What a key means where `contexts` are the places, innermost first.
///
/// With `takes_text` a text field has the focus: plain characters are text, unless the field itself binds them, and
/// so are the editing keys that nothing binds. Ending the program and putting it into the background work in every
/// place. A key that the terminal repeats because it is held down never sends an event and never says yes.
pub fn lookup(contexts: &[Context], takes_text: bool, event: KeyEvent) -> Option<Action> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let key = normalised(event);
    let found = find(contexts, key).or_else(|| find_everywhere(key));
    if let Some(binding) = found {
        let held = event.kind == KeyEventKind::Repeat;
        let acts = matches!(binding.action, Action::Send | Action::SendAgain | Action::Invoke | Action::Yes);
        return (!(held && acts)).then(|| binding.action.clone());
    }
    if !takes_text {
        return None;
    }
    let input = Input::from(event);
    (!matches!(input.key, Key::Null | Key::F(_) | Key::Esc)).then_some(Action::Text(input))
}

fn find(contexts: &[Context], key: KeyCombination) -> Option<&'static Binding> {
    contexts.iter().find_map(|context| {
        bindings().find(|binding| binding.contexts.contains(context) && binding.keys.contains(&key))
    })
}

/// The control keys that work even in overlays and text fields.
fn find_everywhere(key: KeyCombination) -> Option<&'static Binding> {
    let binding = find(&[Context::Global], key)?;
    let everywhere = matches!(binding.action, Action::Quit | Action::Suspend)
        && key.modifiers.contains(KeyModifiers::CONTROL);
    everywhere.then_some(binding)
}

/// Terminals differ in what they report: `?` with or without the shift it takes, shift-tab by two names.
fn normalised(event: KeyEvent) -> KeyCombination {
    let mut key = KeyCombination::from(event);
    match key.codes {
        OneToThree::One(KeyCode::Char(character)) if !character.is_alphabetic() => {
            key.modifiers.remove(KeyModifiers::SHIFT);
        }
        OneToThree::One(KeyCode::Tab) if key.modifiers.contains(KeyModifiers::SHIFT) => {
            key.codes = OneToThree::One(KeyCode::BackTab);
        }
        OneToThree::One(KeyCode::BackTab) => key.modifiers.insert(KeyModifiers::SHIFT),
        _ => {}
    }
    key
}

/// A key as it is written for people: `j`, `G`, `ctrl-c`, `shift-tab`, `PgUp`.
pub fn label(key: KeyCombination) -> String {
    let OneToThree::One(code) = key.codes else { return key.to_string() };
    let control = if key.modifiers.contains(KeyModifiers::CONTROL) { "ctrl-" } else { "" };
    let alt = if key.modifiers.contains(KeyModifiers::ALT) { "alt-" } else { "" };
    let name = match code {
        KeyCode::Char(' ') => "space".to_owned(),
        // An upper-case letter says shift by itself.
        KeyCode::Char(character) => character.to_string(),
        KeyCode::BackTab => "shift-tab".to_owned(),
        KeyCode::PageUp => "PgUp".to_owned(),
        KeyCode::PageDown => "PgDn".to_owned(),
        KeyCode::F(number) => format!("f{number}"),
        other => format!("{other:?}").to_lowercase(),
    };
    format!("{control}{alt}{name}")
}

/// What the footer shows for a place: the key and a word, most important first; help comes last.
pub fn hints(contexts: &[Context]) -> Vec<(String, &'static str)> {
    let mut hints: Vec<(String, &'static str)> = Vec::new();
    for binding in reachable(contexts) {
        if let (Some(hint), Some(key)) = (binding.hint, binding.keys.first()) {
            hints.push((label(*key), hint));
        }
    }
    hints
}

/// The bindings that a place reaches: where an inner place takes the first key of an outer one, the outer one is
/// not shown with it.
fn reachable(contexts: &[Context]) -> impl Iterator<Item = &'static Binding> {
    bindings().filter(move |binding| {
        binding
            .keys
            .first()
            .and_then(|key| find(contexts, *key))
            .is_some_and(|found| std::ptr::eq(found, *binding))
    })
}

/// Bindings of one place, for the help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The place.
    pub title: &'static str,
    /// Keys and what they do.
    pub rows: Vec<(String, &'static str)>,
}

/// All keys that do something where `contexts` are the places, grouped by place, innermost first.
pub fn help(contexts: &[Context]) -> Vec<Group> {
    let mut groups = Vec::new();
    for context in contexts {
        let bindings =
            bindings().filter(|binding| binding.contexts.contains(context)).filter_map(|binding| {
                let keys: Vec<KeyCombination> = binding
                    .keys
                    .iter()
                    .copied()
                    .filter(|key| find(contexts, *key).is_some_and(|found| std::ptr::eq(found, binding)))
                    .collect();
                (!keys.is_empty()).then_some((keys, binding.help))
            });
        let rows = rows(bindings);
        if !rows.is_empty() {
            groups.push(Group { title: title(*context), rows });
        }
    }
    if !contexts.contains(&Context::Global) {
        let everywhere = bindings().filter_map(|binding| {
            let keys: Vec<KeyCombination> = binding
                .keys
                .iter()
                .copied()
                .filter(|key| find_everywhere(*key).is_some_and(|found| std::ptr::eq(found, binding)))
                .collect();
            (!keys.is_empty()).then_some((keys, binding.help))
        });
        groups.push(Group { title: title(Context::Global), rows: rows(everywhere) });
    }
    groups
}

/// Neighbours that do the same become one row: `1-9`.
fn rows(bindings: impl Iterator<Item = (Vec<KeyCombination>, &'static str)>) -> Vec<(String, &'static str)> {
    let mut merged: Vec<(Vec<KeyCombination>, &'static str)> = Vec::new();
    for (keys, help) in bindings {
        match merged.last_mut() {
            Some((previous, same)) if *same == help => previous.extend(keys),
            _ => merged.push((keys, help)),
        }
    }
    merged.into_iter().map(|(keys, help)| (labels(&keys), help)).collect()
}

fn labels(keys: &[KeyCombination]) -> String {
    match keys {
        [first, _, .., last] if keys.len() > 4 => format!("{}-{}", label(*first), label(*last)),
        _ => keys.iter().map(|key| label(*key)).collect::<Vec<_>>().join(" "),
    }
}

fn title(context: Context) -> &'static str {
    match context {
        Context::Global => "Everywhere",
        Context::Start => "Start",
        Context::Functions => "Functions",
        Context::Filter => "Filter of the list",
        Context::Function => "Function",
        Context::Details => "Details",
        Context::Environment => "Environment",
        Context::Field => "Field",
        Context::VariableFilter => "Filter of the variables",
        Context::Configuration => "Configuration",
        Context::Versions => "Versions",
        Context::Test => "Test",
        Context::Editor => "Event editor",
        Context::Logs => "Logs",
        Context::LogNext => "Logs, after ]",
        Context::LogPrevious => "Logs, after [",
        Context::LogInvocations => "Invocations of a log",
        Context::LogFilter => "Filter of a log",
        Context::LogFilters => "Filters of a log",
        Context::LogSources => "Log groups",
        Context::Insights => "Logs Insights",
        Context::InsightsQuery => "Query of Logs Insights",
        Context::CommandLine => "Command line",
        Context::Picker => "Choice",
        Context::Dialog => "Question",
        Context::Page => "Page",
        Context::Confirm => "Typed confirmation",
        Context::Prompt => "Prompt",
        Context::TextEditor => "Text editor",
        Context::Merge => "Merge",
        Context::Weights => "Weights",
        Context::Compare => "Comparison",
        Context::Bulk => "Bulk change",
        Context::BulkConfirm => "Plan of a bulk change",
        Context::History => "History",
        Context::Answer => "Answer",
        Context::AnswerField => "Search or filter of an answer",
        Context::Invocations => "Invocations",
        Context::Differences => "Differences",
        Context::Events => "Events",
        Context::RepeatForm => "Sending many times",
        Context::Repeat => "Many invocations",
    }
}

/// The chains of places that [`crate::app::App::contexts`] answers with.
#[cfg(test)]
pub(crate) const CHAINS: [&[Context]; 44] = [
    &[Context::Start, Context::Global],
    &[Context::Functions, Context::Global],
    &[Context::Filter],
    &[Context::Details, Context::Function, Context::Global],
    &[Context::Environment, Context::Function, Context::Global],
    &[Context::Configuration, Context::Function, Context::Global],
    &[Context::Versions, Context::Function, Context::Global],
    &[Context::Test, Context::Function, Context::Global],
    &[Context::Logs, Context::Function, Context::Global],
    &[Context::Logs, Context::Global],
    &[Context::LogNext, Context::Logs, Context::Function, Context::Global],
    &[Context::LogPrevious, Context::Logs, Context::Function, Context::Global],
    &[Context::LogNext, Context::Logs, Context::Global],
    &[Context::LogPrevious, Context::Logs, Context::Global],
    &[Context::LogInvocations, Context::Function, Context::Global],
    &[Context::LogInvocations, Context::Global],
    &[Context::LogFilters],
    &[Context::LogSources],
    &[Context::Insights],
    &[Context::InsightsQuery],
    &[Context::Editor],
    &[Context::LogFilter],
    &[Context::CommandLine],
    &[Context::Picker],
    &[Context::Dialog],
    &[Context::Page],
    &[Context::Field],
    &[Context::VariableFilter],
    &[Context::Answer],
    &[Context::AnswerField],
    &[Context::Invocations],
    &[Context::Differences],
    &[Context::Events],
    &[Context::RepeatForm],
    &[Context::Repeat],
    &[Context::Confirm],
    &[Context::Prompt],
    &[Context::TextEditor],
    &[Context::Merge],
    &[Context::Weights],
    &[Context::Compare],
    &[Context::Bulk],
    &[Context::BulkConfirm],
    &[Context::History],
];

/// The places in the order in which the README shows them.
const PLACES: [Context; 41] = [
    Context::Global,
    Context::Start,
    Context::Functions,
    Context::Filter,
    Context::Function,
    Context::Environment,
    Context::VariableFilter,
    Context::Configuration,
    Context::Field,
    Context::TextEditor,
    Context::Versions,
    Context::Weights,
    Context::Test,
    Context::Editor,
    Context::Events,
    Context::Answer,
    Context::AnswerField,
    Context::Invocations,
    Context::Differences,
    Context::RepeatForm,
    Context::Repeat,
    Context::Logs,
    Context::LogNext,
    Context::LogPrevious,
    Context::LogFilter,
    Context::LogFilters,
    Context::LogInvocations,
    Context::LogSources,
    Context::Insights,
    Context::InsightsQuery,
    Context::CommandLine,
    Context::Picker,
    Context::Dialog,
    Context::Confirm,
    Context::Prompt,
    Context::Merge,
    Context::Compare,
    Context::BulkConfirm,
    Context::Bulk,
    Context::History,
    Context::Page,
];

/// The whole table in Markdown, as the README shows it.
pub fn markdown() -> String {
    let mut text = String::from("| place | key | does |\n|---|---|---|\n");
    for context in PLACES {
        let bindings = bindings()
            .filter(|binding| binding.contexts.contains(&context))
            .map(|binding| (binding.keys.to_vec(), binding.help));
        let mut place = title(context);
        for (keys, help) in rows(bindings) {
            let keys: Vec<String> =
                keys.split(' ').map(|key| format!("`{}`", key.replace('|', "\\|"))).collect();
            // Writing to a String can't fail.
            let _ = writeln!(text, "| {place} | {} | {help} |", keys.join(" "));
            place = "";
        }
    }
    text
}

#[cfg(test)]
mod tests;
