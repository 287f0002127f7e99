//! What stands around a function's configuration: aliases, concurrency, asynchronous invocation.

use serde::{Deserialize, Serialize};

use super::function::Function;

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

    /// Whether a version serves any of its invocations.
    #[must_use]
    pub fn uses(&self, version: &str) -> bool {
        self.version == version
            || self.additional.as_ref().is_some_and(|additional| additional.version == version)
    }
}

/// A share as percent, without digits that say nothing.
fn percent(weight: f64) -> String {
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

    #[test]
    fn an_alias_uses_both_its_versions() {
        let releases = releases(&["10", "7"]);
        assert_eq!(releases.users("10"), ["live"]);
        assert_eq!(releases.users("7"), ["live"]);
        assert!(releases.users("9").is_empty());
        assert_eq!(releases.aliases[0].target(), "7 90 %, 10 10 %");
    }
}
