//! What stands around a function's configuration: aliases, concurrency, asynchronous invocation.

use serde::{Deserialize, Serialize};

use super::{
    change::{DiffLine, Variables, environment_diff},
    format::parse_last_modified,
    function::Function,
    settings::{Setting, Settings},
};

/// An alias: a name that points to a version, or to two of them with a weight.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Alias {
    /// Its name.
    pub name: String,
    /// The version that it points to.
    #[serde(rename = "FunctionVersion")]
    pub version: String,
    /// The additional version and its share of the invocations, 0.0 to 1.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional: Option<Additional>,
    /// Description.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Changes with every change of the alias.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision_id: Option<String>,
}

impl Alias {
    /// Where it points, in words: `7`, or `7 90 %, 8 10 %`.
    #[must_use]
    pub fn target(&self) -> String {
        match &self.additional {
            None => self.version.clone(),
            Some(additional) => format!(
                "{} {} %, {} {} %",
                self.version,
                percent(1.0 - additional.weight),
                additional.version,
                percent(additional.weight)
            ),
        }
    }

    /// The share of its invocations that a version serves, 0.0 to 1.0; none where it serves none by its name.
    #[must_use]
    pub fn share(&self, version: &str) -> Option<f64> {
        match &self.additional {
            Some(additional) if additional.version == version => Some(additional.weight),
            Some(additional) if self.version == version => Some(1.0 - additional.weight),
            None if self.version == version => Some(1.0),
            _ => None,
        }
    }

    /// Whether a version serves any of its invocations.
    #[must_use]
    pub fn uses(&self, version: &str) -> bool {
        self.version == version
            || self.additional.as_ref().is_some_and(|additional| additional.version == version)
    }
}

/// A share from 0.0 to 1.0 as percent, without digits that say nothing.
#[must_use]
pub fn percent(weight: f64) -> String {
    let text = format!("{:.2}", weight * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The additional version of an alias.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Additional {
    /// Version.
    pub version: String,
    /// Its share, 0.0 to 1.0.
    pub weight: f64,
}

/// Provisioned concurrency of a version or an alias.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Provisioned {
    /// Version or alias.
    pub qualifier: String,
    /// What was asked for.
    pub requested: u32,
    /// What can serve.
    pub available: u32,
    /// What is set up.
    pub allocated: u32,
    /// `IN_PROGRESS`, `READY`, `FAILED`.
    pub status: String,
    /// Why, where it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How asynchronous invocations are retried, and where their results go. What is not set is Lambda's default: 2
/// retries, 21,600 seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct EventInvoke {
    /// Retries, 0 to 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_retry_attempts: Option<u32>,
    /// Seconds that an event waits at most, 60 to 21,600.
    #[serde(rename = "MaximumEventAgeInSeconds", skip_serializing_if = "Option::is_none")]
    pub maximum_event_age_s: Option<u32>,
    /// ARN that successes are sent to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_success: Option<String>,
    /// ARN that failures are sent to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<String>,
}

/// The account's concurrency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AccountConcurrency {
    /// What all functions together may use.
    pub limit: u32,
    /// What no function has reserved. A part of it must stay so; how much differs by account (10, 50 or 100).
    pub unreserved: u32,
}

/// A function's versions and aliases.
#[derive(Clone, Debug, PartialEq)]
pub struct Releases {
    /// `$LATEST` and the published versions, newest first.
    pub versions: Vec<Function>,
    /// The aliases by name.
    pub aliases: Vec<Alias>,
    /// Their provisioned concurrency; the error's text where it could not be read.
    pub provisioned: Result<Vec<Provisioned>, String>,
}

impl Releases {
    /// The version of that number.
    #[must_use]
    pub fn version(&self, number: &str) -> Option<&Function> {
        self.versions.iter().find(|version| version.version.as_deref() == Some(number))
    }

    /// `$LATEST`.
    #[must_use]
    pub fn latest(&self) -> Option<&Function> {
        self.version(LATEST)
    }

    /// The published versions in their order: newest first.
    pub fn published(&self) -> impl Iterator<Item = &Function> {
        self.versions.iter().filter(|version| number(version).is_some())
    }

    /// The published version of the highest number.
    #[must_use]
    pub fn newest(&self) -> Option<&Function> {
        self.versions.iter().filter(|version| number(version).is_some()).max_by_key(|version| number(version))
    }

    /// How `$LATEST` differs from the newest version; none where one of them is not there.
    #[must_use]
    pub fn drift(&self) -> Option<Drift> {
        Some(Drift::between(self.newest()?, self.latest()?))
    }

    /// The nearest older version with the very same code.
    #[must_use]
    pub fn same_code(&self, version: &Function) -> Option<&str> {
        let hash = version.code_sha256.as_deref().filter(|hash| !hash.is_empty())?;
        // Everything published is older than what is not.
        let below = number(version).unwrap_or(u64::MAX);
        self.versions
            .iter()
            .filter(|other| other.code_sha256.as_deref() == Some(hash))
            .filter(|other| number(other).is_some_and(|other| other < below))
            .max_by_key(|other| number(other))?
            .version
            .as_deref()
    }

    /// The provisioned concurrency of a version or an alias, where it is known.
    #[must_use]
    pub fn provisioned_for(&self, qualifier: &str) -> Option<&Provisioned> {
        self.provisioned.as_ref().ok()?.iter().find(|one| one.qualifier == qualifier)
    }

    /// The alias of that name.
    #[must_use]
    pub fn alias(&self, name: &str) -> Option<&Alias> {
        self.aliases.iter().find(|alias| alias.name == name)
    }

    /// The names of the aliases that use a version: it can't be deleted meanwhile.
    #[must_use]
    pub fn users(&self, version: &str) -> Vec<&str> {
        self.aliases.iter().filter(|alias| alias.uses(version)).map(|alias| alias.name.as_str()).collect()
    }

    /// The highest published version below this one.
    #[must_use]
    pub fn previous(&self, version: &str) -> Option<&str> {
        let number: u64 = version.parse().ok()?;
        self.versions
            .iter()
            .filter_map(|version| version.version.as_deref())
            .filter_map(|version| Some((version.parse::<u64>().ok()?, version)))
            .filter(|(other, _)| *other < number)
            .max_by_key(|(other, _)| *other)
            .map(|(_, version)| version)
    }
}

/// What is not published yet.
pub const LATEST: &str = "$LATEST";

fn number(version: &Function) -> Option<u64> {
    version.version.as_deref()?.parse().ok()
}

/// The beginning of a code hash, enough to tell two of them apart.
#[must_use]
pub fn short_hash(hash: &str) -> &str {
    hash.get(..8).unwrap_or(hash)
}

/// How `$LATEST` differs from a version: what publishing would put into a new one. Values of variables are compared and
/// not kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drift {
    /// The version.
    pub version: String,
    /// What differs, masked: code, settings, variables.
    pub lines: Vec<DiffLine>,
    /// How many of the lines are variables; they come last.
    pub variables: usize,
    /// Whether the variables of a side can't be read, so that nobody knows whether they differ.
    pub unreadable: bool,
    /// Whether nothing differs but the description, and `$LATEST` was changed since the version was made. A version may
    /// have been given a description of its own, so that this may be a change or none.
    pub described: bool,
}

impl Drift {
    /// Compares `$LATEST` with a version.
    #[must_use]
    pub fn between(version: &Function, latest: &Function) -> Self {
        let mut lines: Vec<DiffLine> = DiffLine::of(
            "Code",
            hash_of(version, latest.code_sha256.as_deref()),
            hash_of(latest, version.code_sha256.as_deref()),
        )
        .into_iter()
        .chain(DiffLine::of("Architecture", architecture(version), architecture(latest)))
        .chain(DiffLine::of("Package type", package(version), package(latest)))
        .collect();
        let (mut before, mut after) = (Settings::of(version), Settings::of(latest));
        for settings in [&mut before, &mut after] {
            // A version has the description that it was published with.
            settings.set(Setting::Description, "");
        }
        lines.extend(super::change::settings_diff(&before, &after));
        let unreadable = [version, latest]
            .into_iter()
            .any(|side| side.environment.as_ref().is_some_and(|environment| environment.error.is_some()));
        let mut variables = 0;
        if !unreadable {
            let diff = environment_diff(&variables_of(version), &variables_of(latest));
            variables = diff.len();
            lines.extend(diff);
        }
        let text = |side: &Function| side.description.clone().unwrap_or_default();
        let moment = |side: &Function| side.last_modified.as_deref().and_then(parse_last_modified);
        let since = match (moment(version), moment(latest)) {
            (Some(version), Some(latest)) => latest > version,
            _ => true,
        };
        Self {
            version: version.version.clone().unwrap_or_default(),
            described: lines.is_empty() && !unreadable && since && text(version) != text(latest),
            lines,
            variables,
            unreadable,
        }
    }

    /// Whether a publication would make no new version.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.lines.is_empty() && !self.unreadable && !self.described
    }

    /// What differs, in a few words: `Code, Memory, 2 variables`.
    #[must_use]
    pub fn words(&self) -> String {
        let named = self.lines.len() - self.variables;
        let mut words: Vec<String> = self.lines[..named].iter().map(|line| line.name.clone()).collect();
        match self.variables {
            0 => {}
            1 => words.push("1 variable".into()),
            many => words.push(format!("{many} variables")),
        }
        if self.unreadable {
            words.push("variables that can't be read".into());
        }
        if self.described {
            words.push("the description".into());
        }
        words.join(", ")
    }
}

/// The short hash, or the whole one where the short one is that of the other side too.
fn hash_of(side: &Function, other: Option<&str>) -> Option<String> {
    let hash = side.code_sha256.as_deref()?;
    let short = short_hash(hash);
    let ambiguous = other.is_some_and(|other| other != hash && short_hash(other) == short);
    Some(if ambiguous { hash } else { short }.to_owned())
}

fn architecture(side: &Function) -> Option<String> {
    (!side.architectures.is_empty()).then(|| side.architectures.join(", "))
}

fn package(side: &Function) -> Option<String> {
    side.package_type.clone()
}

fn variables_of(side: &Function) -> Variables {
    side.environment.as_ref().map(|environment| environment.variables.clone()).unwrap_or_default()
}

/// What the Configuration tab shows beside the configuration. Each part may be denied on its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Extras {
    /// The account's concurrency.
    pub account: Result<AccountConcurrency, String>,
    /// Settings of asynchronous invocation by qualifier; `$LATEST` for the function itself.
    pub event_invoke: Result<Vec<(String, EventInvoke)>, String>,
    /// Provisioned concurrency.
    pub provisioned: Result<Vec<Provisioned>, String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{function::Environment, secret::Secret};

    fn releases(versions: &[&str]) -> Releases {
        Releases {
            versions: versions
                .iter()
                .map(|version| Function { version: Some((*version).into()), ..Function::default() })
                .collect(),
            aliases: vec![Alias {
                name: "live".into(),
                version: "7".into(),
                additional: Some(Additional { version: "10".into(), weight: 0.1 }),
                ..Alias::default()
            }],
            provisioned: Ok(Vec::new()),
        }
    }

    #[test]
    fn the_previous_version_is_the_next_lower_number_that_is_there() {
        let releases = releases(&["$LATEST", "10", "9", "7", "2"]);
        assert_eq!(releases.previous("10"), Some("9"));
        assert_eq!(releases.previous("9"), Some("7"));
        assert_eq!(releases.previous("2"), None);
        assert_eq!(releases.previous("$LATEST"), None);
    }

    fn function(version: &str, hash: &str) -> Function {
        Function {
            version: Some(version.into()),
            code_sha256: Some(hash.into()),
            last_modified: Some("2026-11-20T12:00:00.000+0000".into()),
            ..Function::default()
        }
    }

    #[test]
    fn latest_tells_what_publishing_would_bring() {
        let version = function("7", "aaaaaaaa1");
        let mut latest = function(LATEST, "aaaaaaaa1");
        assert!(Drift::between(&version, &latest).is_none());
        latest.memory_mb = Some(512);
        latest.code_sha256 = Some("bbbbbbbb1".into());
        latest.environment = Some(Environment {
            variables: [("TOKEN".to_owned(), Secret::new("canary"))].into(),
            error: None,
        });
        let drift = Drift::between(&version, &latest);
        assert_eq!(drift.words(), "Code, Memory, 1 variable");
        let texts: Vec<String> = drift.lines.iter().map(DiffLine::text).collect();
        assert_eq!(texts, ["~ Code  aaaaaaaa → bbbbbbbb", "+ Memory  512 MB", "+ TOKEN  (6 bytes)"]);
        assert!(!format!("{drift:?}").contains("canary"));
        // Hashes that begin alike are told in full.
        latest.code_sha256 = Some("aaaaaaaa2".into());
        let drift = Drift::between(&version, &latest);
        assert_eq!(drift.lines[0].text(), "~ Code  aaaaaaaa1 → aaaaaaaa2");
    }

    #[test]
    fn values_of_the_same_length_differ_too() {
        let with = |number: &str, value: &str| Function {
            environment: Some(Environment {
                variables: [("K1".to_owned(), Secret::new(value))].into(),
                error: None,
            }),
            ..function(number, "h")
        };
        assert!(!Drift::between(&with("7", "one"), &with(LATEST, "two")).is_none());
        assert!(Drift::between(&with("7", "one"), &with(LATEST, "one")).is_none());
        let mut hidden = with("7", "one");
        hidden.environment =
            Some(Environment { error: Some("AccessDenied".into()), ..Environment::default() });
        let drift = Drift::between(&hidden, &with(LATEST, "one"));
        assert!(drift.unreadable && !drift.is_none() && drift.lines.is_empty());
    }

    #[test]
    fn a_versions_own_description_is_no_change_unless_latest_was_changed_since() {
        let mut version = function("7", "h");
        version.description = Some("the first".into());
        let mut latest = function(LATEST, "h");
        assert!(Drift::between(&version, &latest).is_none());
        latest.last_modified = Some("2026-11-20T12:00:01.000+0000".into());
        let drift = Drift::between(&version, &latest);
        assert!(drift.described && !drift.is_none());
    }

    #[test]
    fn the_same_code_is_found_below() {
        let mut releases = releases(&[]);
        releases.versions =
            vec![function(LATEST, "b"), function("10", "b"), function("9", "a"), function("2", "b")];
        let same = |at: usize| releases.same_code(&releases.versions[at]);
        assert_eq!([same(0), same(1), same(2), same(3)], [Some("10"), Some("2"), None, None]);
        assert_eq!(releases.newest().and_then(|newest| newest.version.as_deref()), Some("10"));
        assert_eq!(releases.published().count(), 3);
    }

    #[test]
    fn shares_add_up() {
        let alias = &releases(&[]).aliases[0];
        assert_eq!((alias.share("7"), alias.share("10"), alias.share("9")), (Some(0.9), Some(0.1), None));
    }

    #[test]
    fn an_alias_uses_both_its_versions() {
        let releases = releases(&["10", "7"]);
        assert_eq!(releases.users("10"), ["live"]);
        assert_eq!(releases.users("7"), ["live"]);
        assert!(releases.users("9").is_empty());
        assert_eq!(releases.aliases[0].target(), "7 90 %, 10 10 %");
    }
}
