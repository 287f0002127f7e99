//! Which log groups are meant: functions by name, a tag, a CloudFormation stack, groups by name; as it is typed.

use std::{collections::BTreeMap, fmt};

use super::{glob::Glob, text::sanitise};

/// The tag that CloudFormation gives all that it makes, with the name of the stack.
pub const STACK_TAG: &str = "aws:cloudformation:stack-name";

/// From this many seconds between two readings of a log group on one should know of it.
const SLOW_S: u32 = 5;

/// A word of what is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The functions with these names.
    Functions(Glob),
    /// A log group.
    Group(String),
    /// What takes asking AWS.
    Asked(SourceQuery),
}

/// What takes asking AWS to know which log groups are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceQuery {
    /// Those of the functions that have a tag, with a value or with any.
    Tag(String, Option<String>),
    /// Those of the functions of a CloudFormation stack.
    Stack(String),
    /// Log groups whose names match.
    Groups(Glob),
}

impl Wanted {
    /// Reads a word.
    ///
    /// # Errors
    /// What is wrong with it, in a line.
    pub fn parse(word: &str) -> Result<Self, String> {
        if word.starts_with('/') {
            return Self::group(word);
        }
        let Some((kind, rest)) = word.split_once(':') else { return Self::functions(word) };
        if rest.is_empty() {
            return Err(format!("\"{}\" needs a name behind it", sanitise(word)));
        }
        match kind {
            "fn" => Self::functions(rest),
            "group" => Self::group(rest),
            "stack" => Ok(Self::Asked(SourceQuery::Stack(checked(rest, "a stack's name", "-")?))),
            "tag" => {
                let (key, value) =
                    rest.split_once('=').map_or((rest, None), |(key, value)| (key, Some(value)));
                if key.is_empty() {
                    return Err("tag: needs a key: tag:team or tag:team=a".into());
                }
                Ok(Self::Asked(SourceQuery::Tag(key.to_owned(), value.map(str::to_owned))))
            }
            _ => Err(format!(
                "there is no \"{}:\"; a name, fn:, tag:, stack:, group: or /... is one",
                sanitise(kind)
            )),
        }
    }

    fn functions(name: &str) -> Result<Self, String> {
        checked(name, "a function's name", "-_.*?").map(|name| Self::Functions(Glob::new(name)))
    }

    fn group(name: &str) -> Result<Self, String> {
        let name = Glob::new(checked(name, "a log group's name", "-_./#*?")?);
        Ok(if name.is_name() {
            Self::Group(name.text().to_owned())
        } else {
            Self::Asked(SourceQuery::Groups(name))
        })
    }

    /// Whether it is the name of a function or of a log group.
    pub fn is_name(&self) -> bool {
        match self {
            Self::Functions(name) => name.is_name(),
            Self::Group(_) => true,
            Self::Asked(_) => false,
        }
    }

    /// Whether it takes the list of functions to know what is meant.
    pub fn is_of_functions(&self) -> bool {
        match self {
            Self::Functions(_) => true,
            Self::Asked(query) => query.is_of_functions(),
            Self::Group(_) => false,
        }
    }
}

/// The text, where it has letters, digits and these characters only.
fn checked(text: &str, what: &str, others: &str) -> Result<String, String> {
    match text.chars().find(|c| !c.is_ascii_alphanumeric() && !others.contains(*c)) {
        None => Ok(text.to_owned()),
        Some(bad) => Err(format!("\"{}\" can't be in {what}", sanitise(bad.encode_utf8(&mut [0; 4])))),
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Functions(name) => f.write_str(name.text()),
            Self::Group(name) if name.starts_with('/') => f.write_str(name),
            Self::Group(name) => write!(f, "group:{name}"),
            Self::Asked(query) => query.fmt(f),
        }
    }
}

impl SourceQuery {
    /// Whether functions have to be looked at.
    pub fn is_of_functions(&self) -> bool {
        !matches!(self, Self::Groups(_))
    }

    /// Whether the log group of a function with these tags is meant.
    fn wants(&self, tags: &BTreeMap<String, String>) -> bool {
        match self {
            Self::Tag(key, None) => tags.contains_key(key),
            Self::Tag(key, Some(value)) => tags.get(key) == Some(value),
            Self::Stack(name) => tags.get(STACK_TAG) == Some(name),
            Self::Groups(_) => false,
        }
    }
}

impl fmt::Display for SourceQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(key, None) => write!(f, "tag:{}", sanitise(key)),
            Self::Tag(key, Some(value)) => write!(f, "tag:{}={}", sanitise(key), sanitise(value)),
            Self::Stack(name) => write!(f, "stack:{name}"),
            Self::Groups(name) if name.text().starts_with('/') => f.write_str(name.text()),
            Self::Groups(name) => write!(f, "group:{}", name.text()),
        }
    }
}

/// What AWS is asked for: all at once, so that no function is looked at twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// What is meant.
    pub queries: Vec<SourceQuery>,
    /// The functions to look at; none where no query is about functions.
    pub functions: Vec<Candidate>,
}

/// A function that may be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// The log group that its output goes to.
    pub group: String,
}

impl Search {
    /// The patterns of log groups' names that are looked for.
    pub fn patterns(&self) -> impl Iterator<Item = &Glob> {
        self.queries.iter().filter_map(|query| match query {
            SourceQuery::Groups(name) => Some(name),
            _ => None,
        })
    }

    /// Whether the log group of a function with these tags is meant.
    pub fn wants(&self, tags: &BTreeMap<String, String>) -> bool {
        self.queries.iter().any(|query| query.wants(tags))
    }
}

/// What a [`Search`] found since it last told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Log groups that are meant.
    pub groups: Vec<FoundGroup>,
    /// How many functions have been looked at so far.
    pub looked: usize,
    /// How many of them could not be looked at.
    pub unread: usize,
    /// Whether that was all.
    pub last: bool,
}

/// A log group that is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundGroup {
    /// The function whose it is; none where it was found by its own name.
    pub function: Option<String>,
    /// Its name.
    pub group: String,
}

/// Seconds between two readings of the same log group where so many are read with so many requests a second, if that
/// is longer than one would think.
pub fn slow_reading(groups: usize, per_second: f64) -> Option<u32> {
    let seconds = f64::from(u32::try_from(groups).unwrap_or(u32::MAX)) / per_second.max(0.01);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of floats saturates")]
    let seconds = seconds.ceil() as u32;
    (seconds > SLOW_S).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn tag(key: &str, value: Option<&str>) -> Wanted {
        Wanted::Asked(SourceQuery::Tag(key.into(), value.map(str::to_owned)))
    }

    #[rstest]
    #[case("checkout-api", Wanted::Functions(Glob::new("checkout-api")))]
    #[case("fn:team-a*", Wanted::Functions(Glob::new("team-a*")))]
    #[case("/aws/lambda/x", Wanted::Group("/aws/lambda/x".into()))]
    #[case("group:shared", Wanted::Group("shared".into()))]
    #[case("/team/*", Wanted::Asked(SourceQuery::Groups(Glob::new("/team/*"))))]
    #[case("stack:shop-prod", Wanted::Asked(SourceQuery::Stack("shop-prod".into())))]
    #[case("tag:team", tag("team", None))]
    #[case("tag:aws:x=a=b", tag("aws:x", Some("a=b")))]
    #[case("tag:team=", tag("team", Some("")))]
    fn words_are_read_and_written(#[case] word: &str, #[case] expected: Wanted) {
        let read = Wanted::parse(word).unwrap();
        assert_eq!(read, expected);
        assert_eq!(read.to_string(), word.trim_start_matches("fn:"));
    }

    #[rstest]
    #[case("fn:", "\"fn:\" needs a name behind it")]
    #[case("tag:=a", "tag: needs a key: tag:team or tag:team=a")]
    #[case("rt:python", "there is no \"rt:\"; a name, fn:, tag:, stack:, group: or /... is one")]
    #[case("a\u{1b}b", "\"␛\" can't be in a function's name")]
    #[case("/aws/a b", "\" \" can't be in a log group's name")]
    #[case("stack:a_b", "\"_\" can't be in a stack's name")]
    fn what_is_wrong_is_said(#[case] word: &str, #[case] expected: &str) {
        assert_eq!(Wanted::parse(word).unwrap_err(), expected);
    }

    #[test]
    fn tags_decide() {
        let tags =
            [("team", "a"), (STACK_TAG, "shop")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        let tags = BTreeMap::from(tags);
        let wants = |word: &str| match Wanted::parse(word).unwrap() {
            Wanted::Asked(query) => Search { queries: vec![query], functions: Vec::new() }.wants(&tags),
            other => panic!("{other:?}"),
        };
        assert!(wants("tag:team") && wants("tag:team=a") && wants("stack:shop"));
        assert!(!wants("tag:tea") && !wants("tag:team=b") && !wants("stack:sho") && !wants("/team/*"));
    }

    #[test]
    fn many_groups_on_few_requests_are_slow() {
        assert_eq!(slow_reading(40, 2.0), Some(20));
        assert_eq!(slow_reading(10, 2.0), None);
        assert_eq!(slow_reading(11, 2.0), Some(6));
    }
}
