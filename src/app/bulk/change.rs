//! What is changed on each function: read from what was typed, and turned into the change of one function.

use std::fmt;

use super::Step;
use crate::{
    app::command,
    domain::{
        change::{Change, Order, masked},
        function::Details,
        name::{MAX_ENVIRONMENT, check_environment, check_variable_name},
        secret::Secret,
        settings::{Setting, Settings},
    },
};

/// The days that CloudWatch may keep a log group, as PutRetentionPolicy's documentation lists them.
pub const RETENTION_DAYS: [u32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// The most tags of a function. Lambda's own limit is not documented firmly: more is warned of, not refused.
const TAGS: usize = 50;

/// The tag by which CloudFormation says that it owns something.
const STACK_TAG: &str = "aws:cloudformation:stack-name";

/// What is changed on each function.
#[derive(Clone, PartialEq, Eq)]
pub enum BulkChange {
    /// Memory in MB.
    Memory(u32),
    /// Time-out in seconds.
    Timeout(u32),
    /// Runtime identifier.
    Runtime(String),
    /// A variable, set or (none) removed.
    Variable(String, Option<Secret>),
    /// A tag, set or removed.
    Tag(String, Option<String>),
    /// Days that the log group is kept; none: for ever.
    LogRetention(Option<u32>),
}

impl fmt::Debug for BulkChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BulkChange({})", self.title())
    }
}

impl BulkChange {
    /// Reads what was typed behind `bulk`. A value goes to the end of the line, as it is: no quotes are taken off.
    ///
    /// # Errors
    /// What is wrong and what to type. No error repeats a value.
    pub fn parse(typed: &str) -> Result<Self, String> {
        let typed = typed.trim();
        let (word, rest) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
        let rest = rest.trim();
        let help = command::named(&command::BULK, word).map_err(|several| {
            let all = command::BULK.map(|help| help.name).join(", ");
            several.unwrap_or_else(|| format!("there is no such change: it is one of {all}"))
        })?;
        let needed = || format!("bulk {} needs {}", help.name, help.argument);
        if rest.is_empty() {
            return Err(needed());
        }
        let pair = || rest.split_once('=').ok_or_else(needed);
        match help.name {
            "memory" => number(Setting::Memory, rest).map(Self::Memory),
            "timeout" => number(Setting::Timeout, rest).map(Self::Timeout),
            "runtime" => Setting::Runtime.check(rest).map(|()| Self::Runtime(rest.to_owned())),
            "env" => {
                let (key, value) = pair()?;
                check_variable(key)?;
                check_value(key, value)?;
                Ok(Self::Variable(key.to_owned(), Some(Secret::new(value))))
            }
            "unset" => check_variable(rest).map(|()| Self::Variable(rest.to_owned(), None)),
            "tag" => {
                let (key, value) = pair()?;
                check_tag(key, value)?;
                Ok(Self::Tag(key.to_owned(), Some(value.to_owned())))
            }
            "untag" => check_tag(rest, "").map(|()| Self::Tag(rest.to_owned(), None)),
            _ => retention(rest).map(Self::LogRetention),
        }
    }

    /// What it does, without values of variables: `Memory 1024 MB`, `variable STAGE (4 bytes)`.
    pub fn title(&self) -> String {
        match self {
            Self::Memory(megabytes) => format!("Memory {megabytes} MB"),
            Self::Timeout(seconds) => format!("Timeout {seconds} s"),
            Self::Runtime(runtime) => format!("Runtime {runtime}"),
            Self::Variable(key, Some(value)) => format!("variable {key} {}", masked(value)),
            Self::Variable(key, None) => format!("variable {key} removed"),
            Self::Tag(key, Some(value)) => format!("tag {key}={value}"),
            Self::Tag(key, None) => format!("tag {key} removed"),
            Self::LogRetention(Some(1)) => "log retention 1 day".into(),
            Self::LogRetention(Some(days)) => format!("log retention {days} days"),
            Self::LogRetention(None) => "log retention never expire".into(),
        }
    }

    /// Whether it changes what the list shows.
    pub fn is_listed(&self) -> bool {
        matches!(self, Self::Memory(_) | Self::Timeout(_) | Self::Runtime(_) | Self::Variable(..))
    }

    /// What it means for a function that was read. Log groups are planned by [`Self::plan_retention`].
    pub fn plan(&self, details: &Details) -> Step {
        let function = &details.configuration;
        let change = match self {
            Self::Memory(_) | Self::Timeout(_) | Self::Runtime(_) => {
                let (setting, text) = match self {
                    Self::Memory(megabytes) => (Setting::Memory, megabytes.to_string()),
                    Self::Timeout(seconds) => (Setting::Timeout, seconds.to_string()),
                    Self::Runtime(runtime) => (Setting::Runtime, runtime.clone()),
                    _ => return Step::Reading,
                };
                let before = Settings::of(function);
                match before.get(setting) {
                    None => return Step::Refused("a container image has no runtime".into()),
                    Some(now) if now == text => return Step::Nothing,
                    Some(_) => {}
                }
                let mut after = before.clone();
                after.set(setting, text);
                Change::Settings { before, after }
            }
            Self::Variable(key, value) => {
                let environment = function.environment.clone().unwrap_or_default();
                if let Some(error) = &environment.error {
                    let text = format!("its variables can't be read ({error}): saving would wipe them");
                    return Step::Refused(text);
                }
                let before = environment.variables;
                if before.get(key) == value.as_ref() {
                    return Step::Nothing;
                }
                let mut after = before.clone();
                match value {
                    Some(value) => _ = after.insert(key.clone(), value.clone()),
                    None => _ = after.remove(key),
                }
                if let Err(problem) = check_environment(&after) {
                    return Step::Refused(problem.to_string());
                }
                Change::Environment { before, after }
            }
            Self::Tag(key, value) => {
                if let Some(error) = &details.tags_error {
                    return Step::Refused(format!("its tags can't be read ({error})"));
                }
                let before = details.tags.get(key).cloned();
                if before == *value {
                    return Step::Nothing;
                }
                Change::Tag { key: key.clone(), before, after: value.clone() }
            }
            Self::LogRetention(_) => return Step::Reading,
        };
        if change.settles() && function.state.is_settling() {
            return Step::Unready(format!("it is {} just now", function.state.word().to_lowercase()));
        }
        Step::Planned(Box::new(Order {
            function: function.name.clone(),
            revision_id: function.revision_id.clone(),
            change,
        }))
    }

    /// What it means for a log group that is kept for so many days now.
    pub fn plan_retention(&self, function: &str, group: &str, before: Option<u32>) -> Step {
        match self {
            Self::LogRetention(after) if *after != before => Step::Planned(Box::new(Order {
                function: function.to_owned(),
                revision_id: None,
                change: Change::LogRetention { group: group.to_owned(), before, after: *after },
            })),
            _ => Step::Nothing,
        }
    }

    /// What one should know of a function before agreeing.
    pub fn notes(&self, details: &Details) -> Vec<String> {
        let function = &details.configuration;
        let mut notes: Vec<String> = stack_note(details).into_iter().collect();
        match (self, &function.runtime) {
            (Self::Runtime(wanted), Some(now)) if family(wanted) != family(now) => {
                notes.push(format!("{now} is another language: its code may not run"));
            }
            (Self::Tag(key, Some(_)), _) if details.tags.len() >= TAGS && !details.tags.contains_key(key) => {
                notes.push(format!("it has {} tags, and AWS may allow no more", details.tags.len()));
            }
            _ => {}
        }
        notes
    }

    /// Whether two changes begin from the same: what others did beside it does not matter.
    pub fn fits(&self, planned: &Change, now: &Change) -> bool {
        match (self, planned, now) {
            (
                Self::Variable(key, _),
                Change::Environment { before: one, .. },
                Change::Environment { before: other, .. },
            ) => one.get(key) == other.get(key),
            (_, Change::Settings { before: one, after }, Change::Settings { before: other, .. }) => {
                one.changed(after).into_iter().all(|setting| one.get(setting) == other.get(setting))
            }
            _ => planned == now,
        }
    }
}

/// That CloudFormation owns a function, where it does.
pub(in crate::app) fn stack_note(details: &Details) -> Option<String> {
    let stack = details.tags.get(STACK_TAG)?;
    Some(format!("CloudFormation stack {stack} owns it: the change makes it drift"))
}

/// `python` of `python3.13`.
fn family(runtime: &str) -> &str {
    runtime.split(|c: char| c.is_ascii_digit() || c == '.').next().unwrap_or_default()
}

fn number(setting: Setting, text: &str) -> Result<u32, String> {
    setting.check(text)?;
    text.parse().map_err(|_| format!("type {}", setting.rule()))
}

fn retention(text: &str) -> Result<Option<u32>, String> {
    if text == "never" {
        return Ok(None);
    }
    let days = text.parse().ok().filter(|days| RETENTION_DAYS.contains(days));
    days.map(Some).ok_or_else(|| {
        let days = RETENTION_DAYS.map(|days| days.to_string());
        format!("CloudWatch keeps a log for {} days or never deletes it: type one of them", days.join(", "))
    })
}

fn check_variable(key: &str) -> Result<(), String> {
    check_variable_name(key).map_err(|error| error.to_string())
}

/// A text field shows marks in place of line breaks and control characters: a value of such marks is not what was
/// pasted.
fn check_value(key: &str, value: &str) -> Result<(), String> {
    if value.contains(|c: char| ('\u{2400}'..='\u{2426}').contains(&c)) || value.contains("⟨U+") {
        return Err("the value has a line break or a control character: set it in the Environment tab".into());
    }
    let alone = [(key.to_owned(), Secret::new(value))].into();
    check_environment(&alone).map_err(|_| {
        format!("the value is too long: all variables together take at most {MAX_ENVIRONMENT} bytes")
    })
}

/// The rules of tags: a key of 1 to 128 and a value of at most 256 characters; letters, digits, spaces and
/// `_.:/=+-@`; `aws:` is AWS's own.
fn check_tag(key: &str, value: &str) -> Result<(), String> {
    let bad = |text: &str| text.chars().any(|c| !(c.is_alphanumeric() || " _.:/=+-@".contains(c)));
    let too_long = |text: &str, most: usize| text.chars().count() > most;
    let problem = if key.is_empty() {
        "the tag's key is empty: type KEY=VALUE"
    } else if too_long(key, 128) {
        "the tag's key has more than 128 characters: shorten it"
    } else if key.to_lowercase().starts_with("aws:") {
        "the tag's key begins with aws:, which is AWS's own: choose another key"
    } else if too_long(value, 256) {
        "the tag's value has more than 256 characters: shorten it"
    } else if bad(key) || bad(value) {
        "the tag has a character that is not allowed: only letters, digits, spaces and _.:/=+-@"
    } else {
        return Ok(());
    };
    Err(problem.into())
}

#[cfg(test)]
mod tests;
