//! Flags, environment and `config.toml`, in this order, become what a command works with.

use std::path::PathBuf;

use jiff::tz::TimeZone;

use super::{
    args::Global,
    config::{Config, Kept},
};
use crate::{
    cloud::{Journal, Spec, profiles::profiles},
    disk::{Disk, Events, Invocations},
};

/// What a command works with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the session is to be made of.
    pub spec: Spec,
    /// Whether times are written in UTC.
    pub utc: bool,
    /// The zone times are written in and read in.
    pub zone: TimeZone,
    /// The dashboard's colours.
    pub theme: Option<String>,
    /// Whether the dashboard listens to the mouse.
    pub mouse: bool,
    /// Where lambdeck's own log goes.
    pub log_file: Option<PathBuf>,
    /// What is kept on disk.
    pub disk: Disk,
}

/// The variables that name credentials beside a profile. Keys beat `AWS_PROFILE`, as with every AWS tool; of the
/// others the SDK decides, which knows the profile's content.
const OTHER_CREDENTIALS: [&str; 4] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];
const REGION: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];
const ENDPOINT: [&str; 3] =
    ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"];

/// Joins the three. `environment` gives the value of a variable.
pub async fn settings(
    flags: Global,
    config: Config,
    environment: impl Fn(&str) -> Option<String>,
) -> Settings {
    let variable = |name: &str| environment(name).filter(|value| !value.is_empty());
    let any = |names: &[&str]| names.iter().any(|name| variable(name).is_some());

    let other_credentials = any(&OTHER_CREDENTIALS);
    let of_environment = variable("AWS_PROFILE").or_else(|| variable("AWS_DEFAULT_PROFILE"));
    let (profile, profile_is_configured) = match (flags.profile, of_environment) {
        (Some(profile), _) => (Some(profile), false),
        (None, Some(profile)) => ((!other_credentials).then_some(profile), false),
        (None, None) if other_credentials => (None, false),
        (None, None) => (config.profile, true),
    };
    let region = match (flags.region, config.region) {
        (Some(region), _) => Some(region),
        (None, Some(_)) if any(&REGION) => None,
        // Whoever chooses a profile for this run means its region, too.
        (None, Some(region)) if !profile_is_configured => match &profile {
            Some(profile) if has_region(profile).await => None,
            _ => Some(region),
        },
        (None, region) => region,
    };
    let endpoint_url = flags.endpoint_url.or_else(|| if any(&ENDPOINT) { None } else { config.endpoint_url });
    let utc = flags.utc || config.utc;
    let directories = directories::ProjectDirs::from("", "", "lambdeck");
    // For state, or for data on systems that have none for state.
    let state = directories.as_ref().map(|of| of.state_dir().unwrap_or_else(|| of.data_local_dir()));
    let in_state = |file: &str| state.map(|directory| directory.join(file));
    Settings {
        spec: Spec {
            profile,
            region,
            endpoint_url,
            keys: None,
            read_only: flags.read_only || config.read_only,
            protected: config.protected,
            journal: in_state("journal.jsonl").map(Journal::new),
        },
        utc,
        zone: if utc { TimeZone::UTC } else { TimeZone::system() },
        // A flag asks for colours in particular, NO_COLOR for none in general.
        theme: flags.theme.or_else(|| variable("NO_COLOR").map(|_| "mono".to_owned())).or(config.theme),
        mouse: !flags.no_mouse,
        log_file: flags.log_file,
        disk: Disk {
            events: directories.as_ref().map(|of| Events::new(of.data_dir().join("events"))),
            invocations: in_state("invocations.jsonl")
                .filter(|_| config.invocations != Kept::Nothing)
                .map(|path| Invocations::new(path, config.invocations == Kept::Payloads)),
        },
    }
}

/// Whether the profile itself names a region.
async fn has_region(name: &str) -> bool {
    profiles()
        .await
        .is_ok_and(|profiles| profiles.iter().any(|profile| profile.name == name && profile.region.is_some()))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::{cli::args::Arguments, domain::place::Protected};

    async fn joined(flags: &[&str], config: Config, environment: &[(&str, &str)]) -> Settings {
        let arguments = Arguments::try_parse_from([&["lambdeck"], flags].concat()).unwrap();
        let of_environment = |name: &str| {
            environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        settings(arguments.global, config, of_environment).await
    }

    fn config() -> Config {
        Config {
            profile: Some("configured".into()),
            region: Some("eu-west-3".into()),
            endpoint_url: Some("http://127.0.0.1:1".into()),
            ..Config::default()
        }
    }

    #[tokio::test]
    async fn flags_beat_the_environment_and_the_environment_the_file() {
        let file = joined(&[], config(), &[]).await.spec;
        assert_eq!(file.profile.as_deref(), Some("configured"));
        assert_eq!(file.region.as_deref(), Some("eu-west-3"));
        assert_eq!(file.endpoint_url.as_deref(), Some("http://127.0.0.1:1"));

        let environment =
            [("AWS_PROFILE", "dev"), ("AWS_REGION", "us-west-2"), ("AWS_ENDPOINT_URL_LAMBDA", "http://e")];
        let of_environment = joined(&[], config(), &environment).await.spec;
        assert_eq!(of_environment.profile.as_deref(), Some("dev"));
        // The SDK reads these two itself.
        assert_eq!((of_environment.region, of_environment.endpoint_url), (None, None));

        let flags = ["--profile", "p", "--region", "r", "--endpoint-url", "http://f"];
        let of_flags = joined(&flags, config(), &environment).await.spec;
        assert_eq!(of_flags.profile.as_deref(), Some("p"));
        assert_eq!(of_flags.region.as_deref(), Some("r"));
        assert_eq!(of_flags.endpoint_url.as_deref(), Some("http://f"));
    }

    #[tokio::test]
    async fn keys_in_the_environment_beat_a_profile_that_no_flag_chose() {
        let keys = [("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_PROFILE", "dev")];
        assert_eq!(joined(&[], config(), &keys).await.spec.profile, None);
        assert_eq!(joined(&[], config(), &keys[..1]).await.spec.profile, None);
        let chosen = joined(&["--profile", "p"], config(), &keys).await.spec;
        assert_eq!(chosen.profile.as_deref(), Some("p"));
        // An empty variable is none.
        let empty = [("AWS_ACCESS_KEY_ID", ""), ("AWS_PROFILE", "dev")];
        assert_eq!(joined(&[], config(), &empty).await.spec.profile.as_deref(), Some("dev"));
    }

    #[tokio::test]
    async fn switches_add_up() {
        let settings = joined(&["list", "--utc", "--no-mouse"], Config::default(), &[]).await;
        assert!(settings.utc && !settings.mouse && !settings.spec.read_only);
        assert_eq!(settings.zone, TimeZone::UTC);
        let read_only = Config { read_only: true, utc: true, ..Config::default() };
        let settings = joined(&[], read_only, &[]).await;
        assert!(settings.spec.read_only && settings.utc && settings.mouse);
    }

    #[tokio::test]
    async fn what_is_protected_and_where_changes_are_recorded() {
        let protected = Protected { names: vec!["*prod*".into()], ..Protected::default() };
        let config = Config { protected: protected.clone(), ..Config::default() };
        let spec = joined(&["--profile", "dev"], config, &[]).await.spec;
        assert_eq!(spec.protected, protected);
        let journal = spec.journal.unwrap();
        assert!(journal.path().ends_with("lambdeck/journal.jsonl"), "{:?}", journal.path());
    }

    #[tokio::test]
    async fn what_is_kept_of_invocations_and_where() {
        let kept = async |invocations| {
            let config = Config { invocations, ..Config::default() };
            joined(&[], config, &[]).await
        };
        let settings = kept(Kept::Outcomes).await;
        let history = settings.disk.invocations.unwrap();
        assert!(settings.disk.events.is_some());
        assert_eq!(history.path().parent(), settings.spec.journal.unwrap().path().parent());
        assert_eq!(history, Invocations::new(history.path(), false));
        let with_payloads = kept(Kept::Payloads).await.disk.invocations.unwrap();
        assert_eq!(with_payloads, Invocations::new(history.path(), true));
        assert_eq!(kept(Kept::Nothing).await.disk.invocations, None);
    }
}
