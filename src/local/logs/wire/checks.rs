//! The service model's constraints, told as AWS tells them: all that are broken, in one message.

use std::fmt::{Debug, Display};

use super::Fault;

/// The longest name of a group or stream.
const MAX_NAME: usize = 512;

#[derive(Default)]
pub(super) struct Checks(Vec<String>);

impl Checks {
    fn broken(&mut self, value: impl Display, member: &str, rule: impl Display) {
        self.0.push(format!("Value {value} at '{member}' failed to satisfy constraint: Member must {rule}"));
    }

    pub(super) fn required<T>(&mut self, member: &str, value: Option<&T>) -> &mut Self {
        if value.is_none() {
            self.broken("null", member, "not be null");
        }
        self
    }

    pub(super) fn length(&mut self, member: &str, value: Option<&str>, min: usize, max: usize) -> &mut Self {
        if let Some(value) = value {
            let length = value.chars().count();
            if length < min {
                self.broken(quote(value), member, format_args!("have length greater than or equal to {min}"));
            }
            if length > max {
                self.broken(quote(value), member, format_args!("have length less than or equal to {max}"));
            }
        }
        self
    }

    pub(super) fn pattern(
        &mut self,
        member: &str,
        value: Option<&str>,
        pattern: &str,
        allowed: impl Fn(char) -> bool,
    ) -> &mut Self {
        if let Some(value) = value
            && !value.chars().all(allowed)
        {
            self.broken(quote(value), member, format_args!("satisfy regular expression pattern: {pattern}"));
        }
        self
    }

    pub(super) fn range(&mut self, member: &str, value: Option<i64>, min: i64, max: i64) -> &mut Self {
        if let Some(value) = value {
            if value < min {
                self.broken(
                    quote(&value.to_string()),
                    member,
                    format_args!("have value greater than or equal to {min}"),
                );
            }
            if value > max {
                self.broken(
                    quote(&value.to_string()),
                    member,
                    format_args!("have value less than or equal to {max}"),
                );
            }
        }
        self
    }

    /// The number of entries of a list or map.
    pub(super) fn size(&mut self, member: &str, size: Option<usize>, min: usize, max: usize) -> &mut Self {
        if let Some(size) = size {
            if size < min {
                self.broken("'[]'", member, format_args!("have length greater than or equal to {min}"));
            }
            if size > max {
                self.broken("'[...]'", member, format_args!("have length less than or equal to {max}"));
            }
        }
        self
    }

    pub(super) fn one_of<T: Debug + PartialEq>(
        &mut self,
        member: &str,
        value: Option<&T>,
        set: &[T],
        shown: impl Display,
    ) -> &mut Self {
        if value.is_some_and(|value| !set.contains(value)) {
            self.broken(format_args!("'{shown}'"), member, format_args!("satisfy enum value set: {set:?}"));
        }
        self
    }

    pub(super) fn group_name(&mut self, value: Option<&str>) -> &mut Self {
        self.length("logGroupName", value, 1, usize::MAX).pattern(
            "logGroupName",
            value,
            r"[\.\-_/#A-Za-z0-9]+",
            is_group_char,
        )
    }

    pub(super) fn group_identifier(&mut self, value: Option<&str>) -> &mut Self {
        self.length("logGroupIdentifier", value, 1, 2048).pattern(
            "logGroupIdentifier",
            value,
            r"[\w#+=/:,.@-]*",
            |c| c.is_ascii_alphanumeric() || "_#+=/:,.@-".contains(c),
        )
    }

    pub(super) fn stream_name(&mut self, member: &str, value: Option<&str>) -> &mut Self {
        self.length(member, value, 1, usize::MAX).pattern(member, value, "[^:*]*", |c| c != ':' && c != '*')
    }

    pub(super) fn done(&mut self) -> Result<(), Fault> {
        match self.0.as_slice() {
            [] => Ok(()),
            [one] => Err(Fault::parameter(format!("1 validation error detected: {one}"))),
            more => Err(Fault::parameter(format!(
                "{} validation errors detected: {}",
                more.len(),
                more.join("; ")
            ))),
        }
    }
}

pub(super) fn is_group_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || ".-_/#".contains(c)
}

/// AWS has words of its own for names that are too long.
pub(super) fn short_enough(names: &[Option<&str>]) -> Result<(), Fault> {
    if names.iter().flatten().any(|name| name.chars().count() > MAX_NAME) {
        return Err(Fault::parameter(format!(
            "Invalid LogGroup or LogStream, both must have length less than or equal to {MAX_NAME}."
        )));
    }
    Ok(())
}

/// A value as an error shows it; a long one is cut.
fn quote(value: &str) -> String {
    const SHOWN: usize = 128;
    if value.chars().count() <= SHOWN {
        return format!("'{value}'");
    }
    let start: String = value.chars().take(SHOWN).collect();
    format!("'{start}...'")
}
