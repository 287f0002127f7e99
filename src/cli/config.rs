//! `config.toml`: what somebody always wants so. Nothing in it is fatal: what can't be used is said and left out.

use std::{
    io,
    path::{Path, PathBuf},
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::failure::Failure;
use crate::{
    domain::{place::Protected, text::sanitise},
    ui::Theme,
};

/// The file's name in lambdeck's configuration directory.
const FILE: &str = "config.toml";
/// More than this is no configuration file.
const MAX_BYTES: u64 = 1024 * 1024;
/// The keys, as a warning names them.
const KEYS: [&str; 8] =
    ["profile", "region", "endpoint_url", "read_only", "theme", "utc", "protected", "invocations"];
/// The keys of `[protected]`.
const PROTECTED_KEYS: [&str; 3] = ["profiles", "accounts", "names"];
/// The keys of `[invocations]`.
const INVOCATIONS_KEYS: [&str; 2] = ["history", "payloads"];

/// The settings of the file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Profile.
    pub profile: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Endpoint for all services.
    pub endpoint_url: Option<String>,
    /// Refuse writes.
    pub read_only: bool,
    /// The dashboard's colours.
    pub theme: Option<String>,
    /// Times in UTC.
    pub utc: bool,
    /// Where every change takes a typed name.
    pub protected: Protected,
    /// What is kept of invocations.
    pub invocations: Kept,
    /// What could not be used, a line for each: `FILE:LINE:COLUMN: why`.
    pub warnings: Vec<String>,
}

/// What the history on disk keeps of invocations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kept {
    /// There is no history: `history = false`.
    Nothing,
    /// What was invoked, how it ended, and its numbers.
    #[default]
    Outcomes,
    /// Events and responses, too: `payloads = true`.
    Payloads,
}

/// lambdeck's configuration directory: `LAMBDECK_CONFIG_DIR`, else the system's place for such directories.
pub fn directory() -> Option<PathBuf> {
    match std::env::var_os("LAMBDECK_CONFIG_DIR").filter(|directory| !directory.is_empty()) {
        Some(directory) => Some(directory.into()),
        None => Some(directories::ProjectDirs::from("", "", "lambdeck")?.config_dir().to_owned()),
    }
}

/// Reads the file that was asked for, or the one in [`directory`] where there is one.
///
/// # Errors
/// The file that was asked for can't be read: going on without it could mean another account than the one meant.
pub fn load(chosen: Option<&Path>) -> Result<Config, Failure> {
    let Some(path) = chosen.map(Path::to_owned).or_else(|| Some(directory()?.join(FILE))) else {
        return Ok(Config::default());
    };
    match read(&path) {
        Ok(text) => Ok(Config::parse(&text, &path.to_string_lossy())),
        Err(error) if chosen.is_some() => {
            Err(Failure::usage(format!("can't read the configuration file {}: {error}", path.display())))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Config::default()),
        Err(error) => {
            let warning = format!("{}: can't be read: {error}; {EVERYTHING}", path.display());
            let warnings = vec![sanitise(&warning).into_owned()];
            let invocations = Kept::Nothing;
            Ok(Config { warnings, protected: everything(), invocations, ..Config::default() })
        }
    }
}

fn read(path: &Path) -> io::Result<String> {
    if std::fs::metadata(path)?.len() > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MB"));
    }
    std::fs::read_to_string(path)
}

impl Config {
    /// Reads the text of a file; `name` is the file's name for warnings.
    fn parse(text: &str, name: &str) -> Self {
        let mut config = Self::default();
        // Where in the text and why: reported in the order of the text.
        let mut problems: Vec<(usize, String)> = Vec::new();
        let (table, errors) = DeTable::parse_recoverable(text);
        let broken = !errors.is_empty();
        problems.extend(errors.iter().map(|error| {
            (error.span().map_or(0, |span| span.start), format!("no TOML: {}", error.message()))
        }));
        let mut says_read_only = false;
        for (key, value) in table.get_ref() {
            let name: &str = key.get_ref();
            let problem = match name {
                "profile" => set_text(&mut config.profile, value),
                "region" => set_text(&mut config.region, value),
                "theme" => set_theme(&mut config.theme, value),
                "endpoint_url" => set_endpoint(&mut config.endpoint_url, value),
                "utc" => set_flag(&mut config.utc, value),
                "read_only" => {
                    says_read_only = true;
                    set_flag(&mut config.read_only, value).map_err(|problem| {
                        config.read_only = true;
                        format!("{problem}; taken as true")
                    })
                }
                "protected" => {
                    set_protected(&mut config.protected, value, &mut problems);
                    Ok(())
                }
                "invocations" => {
                    set_invocations(&mut config.invocations, value, &mut problems);
                    Ok(())
                }
                unknown => {
                    let known = KEYS.join(", ");
                    problems.push((key.span().start, format!("unknown key `{unknown}`; there are {known}")));
                    Ok(())
                }
            };
            if let Err(problem) = problem {
                problems.push((value.span().start, format!("{name}: {problem}")));
            }
        }
        // Whoever wanted to be kept from writing must not lose that to a typing error elsewhere.
        if broken && !says_read_only && text.contains("read_only") {
            config.read_only = true;
        }
        // The same for what was to be protected. Which part of it the mistake swallowed nobody can tell.
        if broken && text.contains("protected") {
            config.protected = everything();
            if let Some((_, problem)) = problems.first_mut() {
                *problem = format!("{problem}; {EVERYTHING}");
            }
        }
        // The same for what was not to be kept.
        if broken && text.contains("invocations") {
            config.invocations = Kept::Nothing;
            if let Some((_, problem)) = problems.first_mut() {
                *problem = format!("{problem}; {NOTHING_KEPT}");
            }
        }
        problems.sort_by_key(|(at, _)| *at);
        let mut placed: Vec<_> =
            problems.into_iter().map(|(at, problem)| (position(text, at), problem)).collect();
        // What else is wrong with a line follows from the first thing.
        placed.dedup_by_key(|((line, _), _)| *line);
        config.warnings = placed
            .into_iter()
            .map(|((line, column), problem)| {
                sanitise(&format!("{name}:{line}:{column}: {problem}")).into_owned()
            })
            .collect();
        config
    }
}

fn set_text(setting: &mut Option<String>, value: &Spanned<DeValue>) -> Result<(), String> {
    match value.get_ref() {
        DeValue::String(text) if !text.is_empty() => {
            *setting = Some(text.clone().into_owned());
            Ok(())
        }
        DeValue::String(_) => Err("an empty text".into()),
        other => Err(format!("a text is wanted here, not {}", article(other))),
    }
}

fn set_endpoint(setting: &mut Option<String>, value: &Spanned<DeValue>) -> Result<(), String> {
    let mut url = None;
    set_text(&mut url, value)?;
    if let Some(url) = &url {
        crate::cloud::session::check_endpoint(url).map_err(|error| error.to_string())?;
    }
    *setting = url;
    Ok(())
}

fn set_theme(setting: &mut Option<String>, value: &Spanned<DeValue>) -> Result<(), String> {
    let mut theme = None;
    set_text(&mut theme, value)?;
    if let Some(name) = &theme
        && Theme::named(name).is_none()
    {
        return Err(format!("there is no theme `{name}`; there are {}", Theme::NAMES.join(", ")));
    }
    *setting = theme;
    Ok(())
}

/// What a warning says where the file does not tell what is protected.
const EVERYTHING: &str = "every change takes the function's name until that is mended";

fn everything() -> Protected {
    let all = || vec!["*".to_owned()];
    Protected { profiles: all(), accounts: all(), names: all() }
}

/// Reads `[protected]`. A mistake in it protects too much and not too little.
fn set_protected(protected: &mut Protected, value: &Spanned<DeValue>, problems: &mut Vec<(usize, String)>) {
    let before = problems.len();
    let mut problem = |at: usize, text: String| problems.push((at, format!("protected{text}; {EVERYTHING}")));
    if let DeValue::Table(table) = value.get_ref() {
        for (key, value) in table {
            let name: &str = key.get_ref();
            let patterns = match name {
                "profiles" => &mut protected.profiles,
                "accounts" => &mut protected.accounts,
                "names" => &mut protected.names,
                unknown => {
                    let known = PROTECTED_KEYS.join(", ");
                    problem(key.span().start, format!(": unknown key `{unknown}`; there are {known}"));
                    continue;
                }
            };
            let values = match value.get_ref() {
                DeValue::Array(values) => values.iter().collect(),
                _ => vec![value],
            };
            for value in values {
                let mut pattern = None;
                match set_text(&mut pattern, value) {
                    Ok(()) => patterns.extend(pattern),
                    Err(why) => problem(value.span().start, format!(".{name}: {why}")),
                }
            }
        }
    } else {
        let found = article(value.get_ref());
        problem(value.span().start, format!(": a table is wanted here, not {found}"));
    }
    if problems.len() > before {
        *protected = everything();
    }
}

/// What a warning says where the file does not tell what is kept of invocations.
const NOTHING_KEPT: &str = "no invocation is kept until that is mended";

/// Reads `[invocations]`. A mistake in it keeps too little and not too much.
fn set_invocations(kept: &mut Kept, value: &Spanned<DeValue>, problems: &mut Vec<(usize, String)>) {
    let before = problems.len();
    let mut problem =
        |at: usize, text: String| problems.push((at, format!("invocations{text}; {NOTHING_KEPT}")));
    let (mut history, mut payloads) = (true, false);
    if let DeValue::Table(table) = value.get_ref() {
        for (key, value) in table {
            let name: &str = key.get_ref();
            let flag = match name {
                "history" => &mut history,
                "payloads" => &mut payloads,
                unknown => {
                    let known = INVOCATIONS_KEYS.join(", ");
                    problem(key.span().start, format!(": unknown key `{unknown}`; there are {known}"));
                    continue;
                }
            };
            if let Err(why) = set_flag(flag, value) {
                problem(value.span().start, format!(".{name}: {why}"));
            }
        }
    } else {
        let found = article(value.get_ref());
        problem(value.span().start, format!(": a table is wanted here, not {found}"));
    }
    *kept = match (history, payloads) {
        _ if problems.len() > before => Kept::Nothing,
        (false, _) => Kept::Nothing,
        (true, true) => Kept::Payloads,
        (true, false) => Kept::Outcomes,
    };
}

fn set_flag(setting: &mut bool, value: &Spanned<DeValue>) -> Result<(), String> {
    match value.get_ref() {
        DeValue::Boolean(flag) => {
            *setting = *flag;
            Ok(())
        }
        other => Err(format!("true or false is wanted here, not {}", article(other))),
    }
}

fn article(value: &DeValue) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

/// Line and column of a byte, both from 1, the column in characters.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn every_key_is_read() {
        let text = "profile = 'dev'\nregion = 'eu-west-1'\nendpoint_url = 'http://127.0.0.1:4566'\n\
                    read_only = true\ntheme = 'mono'\nutc = true\n[protected]\nprofiles = ['prod*', 'live']\n\
                    accounts = '123456789012'\nnames = []\n[invocations]\npayloads = true\n";
        let config = Config::parse(text, "c");
        assert_eq!(
            config,
            Config {
                profile: Some("dev".into()),
                region: Some("eu-west-1".into()),
                endpoint_url: Some("http://127.0.0.1:4566".into()),
                read_only: true,
                theme: Some("mono".into()),
                utc: true,
                protected: Protected {
                    profiles: vec!["prod*".into(), "live".into()],
                    accounts: vec!["123456789012".into()],
                    names: Vec::new(),
                },
                invocations: Kept::Payloads,
                warnings: Vec::new(),
            }
        );
    }

    #[test]
    fn what_cannot_be_used_is_named_with_its_place_and_the_rest_holds() {
        let text = "regoin = 'x'\nutc = 'yes'\nprofile = 'dev'\n  theme = 7\n[keys]\nq = 1\n";
        let config = Config::parse(text, "c.toml");
        assert_eq!(config.profile.as_deref(), Some("dev"));
        assert!(!config.utc);
        assert_eq!(
            config.warnings,
            [
                "c.toml:1:1: unknown key `regoin`; there are profile, region, endpoint_url, read_only, theme, utc, protected, invocations",
                "c.toml:2:7: utc: true or false is wanted here, not a text",
                "c.toml:4:11: theme: a text is wanted here, not a number",
                "c.toml:5:2: unknown key `keys`; there are profile, region, endpoint_url, read_only, theme, utc, protected, invocations",
            ]
        );
    }

    #[test]
    fn an_endpoint_that_is_none_is_left_out() {
        let config = Config::parse("endpoint_url = 'localhost:4566'", "c");
        assert_eq!(config.endpoint_url, None);
        assert_eq!(config.warnings.len(), 1);
    }

    #[test]
    fn a_broken_line_costs_only_itself() {
        let config = Config::parse("profile = 'dev'\nregion = \nutc = true\n", "c");
        assert_eq!(config.profile.as_deref(), Some("dev"));
        assert!(config.utc);
        assert_eq!(config.warnings.len(), 1);
        assert!(config.warnings[0].starts_with("c:2:"), "{:?}", config.warnings);
    }

    #[rstest]
    #[case("read_only = 'yes'")]
    #[case("read_only = ")]
    #[case("read_only true")]
    fn read_only_is_never_lost_to_a_mistake(#[case] text: &str) {
        let config = Config::parse(text, "c");
        assert!(config.read_only, "{:?}", config.warnings);
        assert!(!config.warnings.is_empty());
    }

    #[rstest]
    #[case(
        "[protected]\naccounts = 123456789012",
        "c:2:12: protected.accounts: a text is wanted here, not a number"
    )]
    #[case("[protected]\nnames = ['a', '']", "c:2:15: protected.names: an empty text")]
    #[case("[protected]\nprofile = 'prod'", "c:2:1: protected: unknown key `profile`; there are profiles,")]
    #[case("protected = ['prod']", "c:1:13: protected: a table is wanted here, not an array")]
    #[case("[protected\nprofiles = 'prod'", "c:1:")]
    #[case("[protected]\nprofiles = ['prod", "c:2:")]
    #[case("[protected]\nprofiles = 'prod'\nprofiles = 'dev'", "c:3:")]
    fn a_mistake_protects_too_much_and_not_too_little(#[case] text: &str, #[case] says: &str) {
        let config = Config::parse(text, "c");
        assert_eq!(config.protected, everything(), "{:?}", config.warnings);
        assert!(config.warnings[0].starts_with(says), "{:?}", config.warnings);
        assert!(config.warnings[0].ends_with(EVERYTHING), "{:?}", config.warnings);
    }

    #[test]
    fn a_mistake_elsewhere_leaves_what_is_protected() {
        let config = Config::parse("utc = 7\n[protected]\nnames = '*prod*'\n", "c");
        assert_eq!(config.protected.names, ["*prod*"]);
        assert!(config.protected.profiles.is_empty() && config.warnings.len() == 1);
    }

    #[rstest]
    #[case("", Kept::Outcomes)]
    #[case("[invocations]", Kept::Outcomes)]
    #[case("[invocations]\nhistory = true\npayloads = false", Kept::Outcomes)]
    #[case("invocations.payloads = true", Kept::Payloads)]
    #[case("[invocations]\nhistory = false", Kept::Nothing)]
    #[case("[invocations]\nhistory = false\npayloads = true", Kept::Nothing)]
    fn what_is_kept_of_invocations(#[case] text: &str, #[case] kept: Kept) {
        let config = Config::parse(text, "c");
        assert_eq!((config.invocations, config.warnings), (kept, Vec::new()));
    }

    #[rstest]
    #[case("[invocations]\nhistory = 'no'", "c:2:11: invocations.history: true or false is wanted here, not")]
    #[case("[invocations]\npayload = true", "c:2:1: invocations: unknown key `payload`; there are history,")]
    #[case("invocations = true", "c:1:15: invocations: a table is wanted here, not true or false")]
    #[case("[invocations\nhistory = false", "c:1:")]
    fn a_mistake_keeps_too_little_of_invocations_and_not_too_much(#[case] text: &str, #[case] says: &str) {
        let config = Config::parse(text, "c");
        assert_eq!(config.invocations, Kept::Nothing, "{:?}", config.warnings);
        assert!(config.warnings[0].starts_with(says), "{:?}", config.warnings);
        assert!(config.warnings[0].ends_with(NOTHING_KEPT), "{:?}", config.warnings);
    }

    #[test]
    fn warnings_cannot_reach_the_terminal() {
        let config = Config::parse("\"\\u001b]0;x\" = 1", "c");
        assert!(!config.warnings[0].contains('\u{1b}'));
    }
}
