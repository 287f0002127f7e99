//! Where a change goes: account, region and endpoint, and how much of a promise it takes to go there.

use std::{borrow::Cow, fmt};

use regex::Regex;
use serde::{Deserialize, Serialize};

/// One account in one region behind one endpoint, as one profile reaches it. What a confirmation is frozen to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Profile, where one was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Account, where the session knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Region.
    pub region: String,
    /// Endpoint, where it is not AWS's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
}

impl Place {
    /// Whether both are the same account, region and endpoint, as far as both know their account. The profile is only
    /// a way to get there.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let accounts = match (&self.account, &other.account) {
            (Some(one), Some(other)) => one == other,
            // Without an account only the way there tells two places apart.
            _ => self.profile == other.profile,
        };
        accounts && self.region == other.region && self.endpoint == other.endpoint
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts =
            [self.profile.as_deref(), self.account.as_deref(), Some(&*self.region), self.endpoint.as_deref()];
        let mut parts = parts.into_iter().flatten();
        f.write_str(parts.next().unwrap_or_default())?;
        parts.try_for_each(|part| write!(f, " · {part}"))
    }
}

/// What the configuration file protects: there every change takes a typed name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protected {
    /// Profiles, as patterns: `*` stands for any characters.
    pub profiles: Vec<String>,
    /// Accounts, as patterns.
    pub accounts: Vec<String>,
    /// Function names, as patterns.
    pub names: Vec<String>,
}

impl Protected {
    /// Whether all that happens in a place is protected.
    #[must_use]
    pub fn covers_place(&self, place: &Place) -> bool {
        let one = |patterns: &[String], text: Option<&str>| {
            text.is_some_and(|text| patterns.iter().any(|pattern| fits(pattern, text)))
        };
        one(&self.profiles, place.profile.as_deref())
            || one(&self.accounts, place.account.as_deref())
            // Nobody can say that it is not one of those accounts.
            || (place.account.is_none() && place.endpoint.is_none() && !self.accounts.is_empty())
    }

    /// Whether a change of this function is protected.
    #[must_use]
    pub fn covers(&self, place: &Place, function: &str) -> bool {
        self.covers_place(place) || self.names.iter().any(|pattern| fits(pattern, function))
    }
}

/// Whether the whole text fits a pattern in which `*` stands for any characters. Case does not matter, so that a typing
/// error protects too much and not too little.
fn fits(pattern: &str, text: &str) -> bool {
    let escaped: Vec<Cow<'_, str>> = pattern.split('*').map(|part| regex::escape(part).into()).collect();
    Regex::new(&format!("(?is)^{}$", escaped.join(".*"))).is_ok_and(|regex| regex.is_match(text))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("prod", "prod", true)]
    #[case("prod", "preprod", false)]
    #[case("prod*", "Prod-eu", true)]
    #[case("*prod*", "my-prod-eu", true)]
    #[case("a.c", "abc", false)]
    #[case("*", "", true)]
    fn patterns(#[case] pattern: &str, #[case] text: &str, #[case] expected: bool) {
        assert_eq!(fits(pattern, text), expected);
    }

    #[test]
    fn an_account_that_is_not_known_counts_as_protected_where_accounts_are() {
        let protected = Protected { accounts: vec!["123456789012".into()], ..Protected::default() };
        let mut place = Place { region: "eu-west-1".into(), ..Place::default() };
        assert!(protected.covers_place(&place));
        place.account = Some("210987654321".into());
        assert!(!protected.covers_place(&place));
        place.account = Some("123456789012".into());
        assert!(protected.covers_place(&place));
        assert!(!Protected::default().covers_place(&place));
    }

    #[test]
    fn a_place_is_the_same_by_its_account_whatever_the_profile() {
        let place = |profile: &str, account: Option<&str>| Place {
            profile: Some(profile.into()),
            account: account.map(str::to_owned),
            region: "eu-west-1".into(),
            endpoint: None,
        };
        assert!(place("a", Some("1")).is_same(&place("b", Some("1"))));
        assert!(!place("a", Some("1")).is_same(&place("a", Some("2"))));
        assert!(!place("a", None).is_same(&place("b", Some("1"))));
        assert!(place("a", None).is_same(&place("a", Some("1"))));
    }
}
