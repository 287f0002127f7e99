//! The profiles of the AWS configuration files.

use super::{Error, Kind};
use crate::domain::text::sanitise;

/// One profile of `~/.aws/config` or `~/.aws/credentials`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Its region, where it names one.
    pub region: Option<String>,
    /// Whether it signs in through SSO, so that `aws sso login` renews it.
    pub sso: bool,
    /// Whether it names a source of credentials, of any kind: one that sets only a region does not.
    pub credentials: bool,
}

/// The settings of which each names a source of credentials.
const SOURCES: [&str; 7] = [
    "aws_access_key_id",
    "role_arn",
    "sso_session",
    "sso_start_url",
    "credential_process",
    "web_identity_token_file",
    "login_session",
];

/// All profiles, by name.
///
/// # Errors
/// A configuration file that can't be read or parsed.
#[allow(clippy::default_trait_access, reason = "the types are in crates that the SDK calls internal")]
pub async fn profiles() -> Result<Vec<Profile>, Error> {
    let set = aws_config::profile::load(&Default::default(), &Default::default(), &Default::default(), None)
        .await
        .map_err(|error| {
            let why = causes(&error);
            Error::new(Kind::Invalid, format!("the AWS configuration files can't be read: {why}"))
                .with_hint("mend the file that the message names")
        })?;
    let mut profiles: Vec<Profile> = set
        .profiles()
        .filter_map(|name| {
            let profile = set.get_profile(name)?;
            Some(Profile {
                name: sanitise(name).into_owned(),
                region: profile.get("region").map(|region| sanitise(region).into_owned()),
                sso: profile.get("sso_session").or_else(|| profile.get("sso_start_url")).is_some(),
                credentials: SOURCES.iter().any(|source| profile.get(source).is_some()),
            })
        })
        .collect();
    profiles.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(profiles)
}

/// An error with all its causes in one line: only the last of them names the file and the line. None quotes a value.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let all = std::iter::successors(Some(error), |error| (*error).source());
    let words: Vec<String> =
        all.map(|error| error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    sanitise(&words.join(": ")).into_owned()
}
