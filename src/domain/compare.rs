//! Two functions, versions or aliases side by side. Values of variables are compared and not kept.

use std::{borrow::Cow, collections::BTreeMap};

use super::{
    change::masked,
    format,
    function::{Details, Environment, default_log_group},
    name::FunctionRef,
    settings::{Setting, Settings},
};

/// Groups of rows, in their order.
pub const GROUPS: [&str; 3] = [CONFIGURATION, VARIABLES, TAGS];
const CONFIGURATION: &str = "Configuration";
const VARIABLES: &str = "Environment variables";
const TAGS: &str = "Tags";

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// Profile; none: the session's own.
    pub profile: Option<String>,
    /// Region; none: the session's own, or the profile's.
    pub region: Option<String>,
    /// Function, with a version or an alias.
    pub function: FunctionRef,
}

/// What was compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The names of the two sides.
    pub titles: [String; 2],
    /// Row by row, aligned.
    pub rows: Vec<Row>,
}

/// One thing on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The group that it belongs to: `Configuration`, `Environment variables`, `Tags`.
    pub group: &'static str,
    /// Setting, variable or tag.
    pub name: String,
    /// What is on the left; none where it is not there. Values of variables are told by their length.
    pub left: Option<String>,
    /// What is on the right.
    pub right: Option<String>,
    /// Whether both are the same.
    pub equal: bool,
}

/// Two functions row by row: first the configuration in the form's order, then variables and tags by name. What is on
/// neither side has no row.
#[must_use]
pub fn rows(left: &Details, right: &Details) -> Vec<Row> {
    let mut rows = configuration(left, right);
    rows.extend(variables(left, right));
    rows.extend(tags(left, right));
    rows
}

fn row(group: &'static str, name: impl Into<String>, left: Option<String>, right: Option<String>) -> Row {
    Row { equal: left == right, group, name: name.into(), left, right }
}

fn configuration(left: &Details, right: &Details) -> Vec<Row> {
    let settings = [Settings::of(&left.configuration), Settings::of(&right.configuration)];
    let text = |side: usize, setting: Setting| {
        let text = settings[side].get(setting).filter(|text| !text.is_empty())?;
        Some(match setting.unit() {
            Some(unit) => format!("{text} {unit}"),
            None => text.replace('\n', ", "),
        })
    };
    let mut rows: Vec<Row> = Setting::ALL
        .into_iter()
        .map(|setting| {
            let mut row = row(CONFIGURATION, setting.label(), text(0, setting), text(1, setting));
            // Each function has a group of its own where nobody chose one: that is no difference.
            if setting == Setting::LogGroup {
                let is_default = |side: &Details| {
                    side.configuration.log_group() == default_log_group(&side.configuration.name)
                };
                row.equal |= is_default(left) && is_default(right);
            }
            row
        })
        .collect();
    let mut add = |name: &str, of: &dyn Fn(&Details) -> Option<String>| {
        rows.push(row(CONFIGURATION, name, of(left), of(right)));
    };
    add("Architecture", &|it| {
        Some(it.configuration.architectures.join(", ")).filter(|text| !text.is_empty())
    });
    add("Package type", &|it| it.configuration.package_type.clone());
    add("Image", &|it| it.image_uri.clone());
    add("Code SHA-256", &|it| it.configuration.code_sha256.clone());
    add("Code size", &|it| Some(it.configuration.code_size).filter(|size| *size > 0).map(format::bytes));
    add("Runtime version", &|it| it.configuration.runtime_version_arn.clone());
    add("State", &|it| {
        it.configuration.state.state.as_ref().map(|_| it.configuration.state.word().to_owned())
    });
    add("Reserved concurrency", &|it| {
        Some(it.reserved_concurrency.map_or_else(|| "unreserved".into(), |count| count.to_string()))
    });
    rows.retain(|row| row.left.is_some() || row.right.is_some());
    rows
}

/// By key. A side that can't be read says so in one row: nothing can be compared then.
fn variables(left: &Details, right: &Details) -> Vec<Row> {
    let of = |side: &Details| -> Environment { side.configuration.environment.clone().unwrap_or_default() };
    let sides = [of(left), of(right)];
    let told = |side: &Environment| match &side.error {
        Some(code) => format!("can't be read ({code})"),
        None => format!("{} variables", side.variables.len()),
    };
    if sides.iter().any(|side| side.error.is_some()) {
        let mut unreadable = row(VARIABLES, "All", Some(told(&sides[0])), Some(told(&sides[1])));
        unreadable.equal = false;
        return vec![unreadable];
    }
    let [left, right] = sides.each_ref().map(|side| &side.variables);
    keys(left, right)
        .map(|key| {
            let (left, right) = (left.get(key), right.get(key));
            let mut row = row(VARIABLES, key, left.map(masked), right.map(masked));
            // The same length is not the same value.
            row.equal = left == right;
            row
        })
        .collect()
}

fn tags(left: &Details, right: &Details) -> Vec<Row> {
    if left.tags_error.is_some() || right.tags_error.is_some() {
        let told = |side: &Details| match &side.tags_error {
            Some(error) => Cow::Owned(format!("can't be read ({error})")),
            None => Cow::Borrowed("readable"),
        };
        let mut unreadable = row(TAGS, "All", Some(told(left).into_owned()), Some(told(right).into_owned()));
        unreadable.equal = false;
        return vec![unreadable];
    }
    let (left, right) = (&left.tags, &right.tags);
    keys(left, right).map(|key| row(TAGS, key, left.get(key).cloned(), right.get(key).cloned())).collect()
}

/// The keys of both, in order, each once.
fn keys<'m, V>(
    left: &'m BTreeMap<String, V>,
    right: &'m BTreeMap<String, V>,
) -> impl Iterator<Item = &'m String> {
    let mut keys: Vec<&String> = left.keys().chain(right.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{function::Function, secret::Secret};

    fn side(name: &str, memory_mb: u32, variables: &[(&str, &str)], tags: &[(&str, &str)]) -> Details {
        Details {
            configuration: Function {
                name: name.into(),
                memory_mb: Some(memory_mb),
                environment: Some(Environment {
                    variables: variables
                        .iter()
                        .map(|(key, value)| ((*key).to_owned(), Secret::new(*value)))
                        .collect(),
                    error: None,
                }),
                ..Function::default()
            },
            tags: tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            ..Details::default()
        }
    }

    fn told<'r>(rows: &'r [Row], group: &str) -> Vec<(&'r str, Option<&'r str>, Option<&'r str>, bool)> {
        rows.iter()
            .filter(|row| row.group == group)
            .map(|row| (row.name.as_str(), row.left.as_deref(), row.right.as_deref(), row.equal))
            .collect()
    }

    #[test]
    fn rows_are_aligned_by_name() {
        let left =
            side("a", 512, &[("A1", "canary-1"), ("B1", "canary-2"), ("C1", "canary-3")], &[("team", "x")]);
        let right =
            side("b", 1024, &[("B1", "canary-2"), ("C1", "canary-4"), ("D1", "canary")], &[("team", "x")]);
        let rows = rows(&left, &right);
        assert_eq!(
            told(&rows, "Environment variables"),
            [
                ("A1", Some("(8 bytes)"), None, false),
                ("B1", Some("(8 bytes)"), Some("(8 bytes)"), true),
                ("C1", Some("(8 bytes)"), Some("(8 bytes)"), false),
                ("D1", None, Some("(6 bytes)"), false),
            ]
        );
        assert_eq!(told(&rows, "Tags"), [("team", Some("x"), Some("x"), true)]);
        let configuration = told(&rows, "Configuration");
        assert!(configuration.contains(&("Memory", Some("512 MB"), Some("1024 MB"), false)));
        // Nobody chose a log group.
        assert!(configuration.contains(&("Log group", Some("/aws/lambda/a"), Some("/aws/lambda/b"), true)));
        assert!(!configuration.iter().any(|(name, ..)| *name == "Dead-letter queue"));
        assert!(!format!("{rows:?}").contains("canary"));
        let order: Vec<usize> =
            rows.iter().filter_map(|row| GROUPS.iter().position(|group| *group == row.group)).collect();
        assert!(order.is_sorted() && order.len() == rows.len());
    }

    #[test]
    fn a_function_equals_itself() {
        let one = side("a", 512, &[("A1", "x")], &[("team", "x")]);
        assert!(rows(&one, &one).iter().all(|row| row.equal));
    }

    #[test]
    fn what_cannot_be_read_is_not_called_equal() {
        let mut left = side("a", 512, &[], &[]);
        left.configuration.environment =
            Some(Environment { error: Some("AccessDeniedException".into()), ..Environment::default() });
        left.tags_error = Some("AccessDeniedException".into());
        for (left, right) in [(&left, &side("a", 512, &[("A1", "x")], &[])), (&left, &left.clone())] {
            let rows = rows(left, right);
            let unreadable: Vec<_> = rows.iter().filter(|row| row.group != "Configuration").collect();
            assert_eq!(unreadable.len(), 2);
            assert!(unreadable.iter().all(|row| !row.equal && row.name == "All"), "{unreadable:?}");
        }
    }
}
