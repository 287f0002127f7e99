//! What a change does, line by line and masked: values of variables are told by their length.

use std::fmt::Write as _;

use super::{Alias, EventInvoke, Secret, Setting, Settings, Variables};

/// How a line of a diff differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It comes.
    Added,
    /// It goes.
    Removed,
    /// It becomes something else.
    Changed,
}

/// A line of a diff. Texts are fit to be shown: values of variables are told by their length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffLine {
    /// How.
    pub mark: Mark,
    /// What: a variable, a setting.
    pub name: String,
    /// What it was; empty where it comes.
    pub before: String,
    /// What it is to be; empty where it goes.
    pub after: String,
    /// Whether the journal may hold both texts.
    pub recorded: bool,
}

impl DiffLine {
    /// A line of what differs; none where nothing does.
    #[must_use]
    pub fn of(name: impl Into<String>, before: Option<String>, after: Option<String>) -> Option<Self> {
        if before == after {
            return None;
        }
        let mark = match (&before, &after) {
            (None, _) => Mark::Added,
            (_, None) => Mark::Removed,
            _ => Mark::Changed,
        };
        let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
        Some(Self { mark, name: name.into(), before, after, recorded: true })
    }

    pub(super) fn unrecorded(mut self) -> Self {
        self.recorded = false;
        self
    }

    /// The line as a text: `~ Memory  512 MB → 1024 MB`.
    #[must_use]
    pub fn text(&self) -> String {
        match self.mark {
            Mark::Added => format!("+ {}  {}", self.name, self.after),
            Mark::Removed => format!("- {}  {}", self.name, self.before),
            Mark::Changed => format!("~ {}  {} → {}", self.name, self.before, self.after),
        }
    }
}

/// A value by its length.
#[must_use]
pub fn masked(value: &Secret) -> String {
    match value.len() {
        0 => "(empty)".into(),
        1 => "(1 byte)".into(),
        length => format!("({length} bytes)"),
    }
}

/// A masked line of what differs, which the journal may not hold; none where nothing does.
pub(super) fn masked_line(name: &str, before: Option<&Secret>, after: Option<&Secret>) -> Option<DiffLine> {
    if before == after {
        return None;
    }
    let line = DiffLine::of(name, before.map(masked), after.map(masked)).unwrap_or_else(|| DiffLine {
        mark: Mark::Changed,
        name: name.to_owned(),
        before: before.map(masked).unwrap_or_default(),
        after: "(another value of the same length)".into(),
        recorded: false,
    });
    Some(line.unrecorded())
}

/// The masked diff of two environments, by key.
#[must_use]
pub fn environment_diff(before: &Variables, after: &Variables) -> Vec<DiffLine> {
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let line = |key: &String| {
        let (old, new) = (before.get(key), after.get(key));
        let mut line = masked_line(key, old, new)?;
        if old.is_none()
            && let Some(new) = new
            && let Some((from, _)) = before
                .iter()
                .find(|(key, value)| *value == new && !new.is_empty() && after.get(*key).is_none())
        {
            let _ = write!(line.after, " renamed from {from}");
        }
        Some(line)
    };
    keys.into_iter().filter_map(line).collect()
}

/// The diff of two configurations, in the form's order.
#[must_use]
pub fn settings_diff(before: &Settings, after: &Settings) -> Vec<DiffLine> {
    let line = |setting: Setting| {
        let text = |settings: &Settings| {
            let text = settings.get(setting).filter(|text| !text.is_empty())?;
            Some(match setting.unit() {
                Some(unit) => format!("{text} {unit}"),
                None => text.replace('\n', ", "),
            })
        };
        let line = DiffLine::of(setting.label(), text(before), text(after))?;
        Some(if setting.is_recorded() { line } else { line.unrecorded() })
    };
    before.changed(after).into_iter().filter_map(line).collect()
}

pub(super) fn count(value: Option<u32>, none: &str) -> String {
    value.map_or_else(|| none.to_owned(), |value| value.to_string())
}

pub(super) fn event_invoke_diff(before: Option<&EventInvoke>, after: Option<&EventInvoke>) -> Vec<DiffLine> {
    let number = |of: fn(&EventInvoke) -> Option<u32>, default: &str, unit: &str| {
        let text = |side: Option<&EventInvoke>| {
            let value = side.and_then(of);
            Some(value.map_or_else(|| format!("{default} (default)"), |value| format!("{value}{unit}")))
        };
        (text(before), text(after))
    };
    let arn =
        |of: fn(&EventInvoke) -> Option<&String>| (before.and_then(of).cloned(), after.and_then(of).cloned());
    let (retries, age) = (
        number(|it| it.maximum_retry_attempts, "2", ""),
        number(|it| it.maximum_event_age_s, "21600 s", " s"),
    );
    let (success, failure) = (arn(|it| it.on_success.as_ref()), arn(|it| it.on_failure.as_ref()));
    [
        DiffLine::of("Retry attempts", retries.0, retries.1),
        DiffLine::of("Maximum event age", age.0, age.1),
        DiffLine::of("On success", success.0, success.1).map(DiffLine::unrecorded),
        DiffLine::of("On failure", failure.0, failure.1).map(DiffLine::unrecorded),
    ]
    .into_iter()
    .flatten()
    .collect()
}

pub(super) fn alias_diff(name: &str, before: Option<&Alias>, after: Option<&Alias>) -> Vec<DiffLine> {
    let description = |side: Option<&Alias>| {
        side.map(|alias| alias.description.clone()).filter(|description| !description.is_empty())
    };
    [
        DiffLine::of(format!("Alias {name}"), before.map(Alias::target), after.map(Alias::target)),
        DiffLine::of("Description", description(before), description(after)).map(DiffLine::unrecorded),
    ]
    .into_iter()
    .flatten()
    .collect()
}
