//! The log groups that are followed together.

use crate::{domain::function::FUNCTION_GROUPS, tail::Status};

/// A log group that is followed, and what it is called.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Log group.
    pub group: String,
    /// The function whose log group it is; none where it was given by hand.
    pub function: Option<String>,
    /// What stands before its rows where there are several.
    pub label: String,
    /// Which of the colours for sources it has. It depends on the group's name alone.
    pub colour: usize,
    /// Its rows are read, and not shown.
    pub muted: bool,
    /// How it is doing.
    pub status: Option<Status>,
    /// Whether all of its history is there.
    pub history_done: bool,
}

impl Source {
    /// A function's log group.
    pub fn of_function(function: &str, group: String) -> Self {
        Self { function: Some(function.to_owned()), label: function.to_owned(), ..Self::of_group(group) }
    }

    /// A log group.
    pub fn of_group(group: String) -> Self {
        let label = group.strip_prefix(FUNCTION_GROUPS).unwrap_or(&group).to_owned();
        Self {
            colour: group.bytes().fold(0, |hash: usize, byte| hash.wrapping_mul(31) ^ usize::from(byte)),
            function: None,
            label,
            group,
            muted: false,
            status: None,
            history_done: false,
        }
    }
}

/// Which log groups are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceQuery {
    /// Those of the functions that have a tag, with a value or with any.
    Tag(String, Option<String>),
    /// Those of the functions of a CloudFormation stack.
    Stack(String),
    /// Log groups whose names match a pattern of `*` and `?`.
    Groups(String),
}
