//! A change of a function: one request, with what was there before and what is to be there after.
//!
//! From one [`Change`] come the request, the diff that is confirmed, the entry in the journal, its inverse and the
//! equivalent `aws` command. Values of environment variables appear in none of them but the request.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{
    function::{Details, Function, default_log_group},
    place::Place,
    release::{Additional, Alias, EventInvoke, Releases},
    secret::Secret,
    settings::{Setting, Settings},
};

/// Environment variables, all of them: an update replaces the whole map.
pub type Variables = BTreeMap<String, Secret>;

/// One change. Where both sides stand, `before` is what was read and shown, so that somebody else's change in between
/// is noticed.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The environment variables.
    Environment {
        /// As they were.
        before: Variables,
        /// As they are to be.
        after: Variables,
    },
    /// Settings of the configuration.
    Settings {
        /// As they were.
        before: Settings,
        /// As they are to be. Only what differs is sent.
        after: Settings,
    },
    /// Reserved concurrency; none: the function shares what is unreserved.
    ReservedConcurrency {
        /// As it was.
        before: Option<u32>,
        /// As it is to be. 0 throttles every invocation.
        after: Option<u32>,
    },
    /// Provisioned concurrency of a version or an alias.
    ProvisionedConcurrency {
        /// Version or alias.
        qualifier: String,
        /// As it was.
        before: Option<u32>,
        /// As it is to be.
        after: Option<u32>,
    },
    /// Settings of asynchronous invocation.
    EventInvoke {
        /// Version or alias; none for the function itself.
        qualifier: Option<String>,
        /// As they were.
        before: Option<EventInvoke>,
        /// As they are to be; none: Lambda's defaults.
        after: Option<EventInvoke>,
    },
    /// One tag.
    Tag {
        /// Its key.
        key: String,
        /// As it was.
        before: Option<String>,
        /// As it is to be; none: removed.
        after: Option<String>,
    },
    /// A new version of `$LATEST`.
    Publish {
        /// Its description.
        description: String,
        /// The code that is to be published, so that nothing else is.
        code_sha256: Option<String>,
    },
    /// An alias: created, pointed elsewhere, or deleted.
    Alias {
        /// Its name.
        name: String,
        /// As it was; none: it is created.
        before: Option<Alias>,
        /// As it is to be; none: it is deleted.
        after: Option<Alias>,
    },
    /// A published version goes.
    DeleteVersion {
        /// Its number.
        version: String,
    },
    /// How long CloudWatch keeps the log.
    LogRetention {
        /// Log group.
        group: String,
        /// Days, as it was; none: for ever.
        before: Option<u32>,
        /// Days, as it is to be.
        after: Option<u32>,
    },
}

/// A change of one function, ready to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// Function name.
    pub function: String,
    /// The revision that `before` was read at: of the function, or of the alias. The service refuses a stale one.
    pub revision_id: Option<String>,
    /// The change.
    pub change: Change,
}

/// What a request that was done tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Written {
    /// The revision after it.
    pub revision_id: Option<String>,
    /// The version that was published.
    pub version: Option<String>,
    /// The configuration as it was answered.
    pub function: Option<Box<Function>>,
    /// Why the journal has no line of it, where it could not be written.
    pub journal_problem: Option<String>,
}

/// How somebody agreed to a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Yes.
    Yes,
    /// By typing this.
    Typed(String),
    /// To a plan over many functions, by typing [`bulk_phrase`].
    Bulk {
        /// How many functions.
        count: usize,
        /// What was typed.
        typed: String,
    },
}

/// A confirmation, frozen to where it was given for. The door to AWS asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    /// Account, region, endpoint.
    pub place: Place,
    /// Function name.
    pub function: String,
    /// What was given.
    pub consent: Consent,
}

/// What must be typed to agree to a plan: the number of functions, and where all of the place is protected whose they
/// are.
#[must_use]
pub fn bulk_phrase(count: usize, place: &Place, protected: bool) -> String {
    match place.profile.as_deref().or(place.account.as_deref()).filter(|_| protected) {
        Some(whose) => format!("{count} {whose}"),
        None => count.to_string(),
    }
}

/// How a line of a diff differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It comes.
    Added,
    /// It goes.
    Removed,
    /// It becomes something else.
    Changed,
}

/// A line of a diff. Texts are fit to be shown: values of variables are told by their length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffLine {
    /// How.
    pub mark: Mark,
    /// What: a variable, a setting.
    pub name: String,
    /// What it was; empty where it comes.
    pub before: String,
    /// What it is to be; empty where it goes.
    pub after: String,
    /// Whether the journal may hold both texts.
    pub recorded: bool,
}

impl DiffLine {
    /// A line of what differs; none where nothing does.
    #[must_use]
    pub fn of(name: impl Into<String>, before: Option<String>, after: Option<String>) -> Option<Self> {
        if before == after {
            return None;
        }
        let mark = match (&before, &after) {
            (None, _) => Mark::Added,
            (_, None) => Mark::Removed,
            _ => Mark::Changed,
        };
        let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
        Some(Self { mark, name: name.into(), before, after, recorded: true })
    }

    fn unrecorded(mut self) -> Self {
        self.recorded = false;
        self
    }

    /// The line as a text: `~ Memory  512 MB → 1024 MB`.
    #[must_use]
    pub fn text(&self) -> String {
        match self.mark {
            Mark::Added => format!("+ {}  {}", self.name, self.after),
            Mark::Removed => format!("- {}  {}", self.name, self.before),
            Mark::Changed => format!("~ {}  {} → {}", self.name, self.before, self.after),
        }
    }
}

/// A value by its length.
#[must_use]
pub fn masked(value: &Secret) -> String {
    match value.len() {
        0 => "(empty)".into(),
        1 => "(1 byte)".into(),
        length => format!("({length} bytes)"),
    }
}

/// The masked diff of two environments, by key.
#[must_use]
pub fn environment_diff(before: &Variables, after: &Variables) -> Vec<DiffLine> {
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let line = |key: &String| {
        let (old, new) = (before.get(key), after.get(key));
        if old == new {
            return None;
        }
        let mut line = DiffLine::of(key, old.map(masked), new.map(masked)).unwrap_or_else(|| DiffLine {
            mark: Mark::Changed,
            name: key.clone(),
            before: old.map(masked).unwrap_or_default(),
            after: "(another value of the same length)".into(),
            recorded: false,
        });
        if old.is_none()
            && let Some(new) = new
            && let Some((from, _)) = before
                .iter()
                .find(|(key, value)| *value == new && !new.is_empty() && after.get(*key).is_none())
        {
            let _ = write!(line.after, " renamed from {from}");
        }
        Some(line.unrecorded())
    };
    keys.into_iter().filter_map(line).collect()
}

/// The diff of two configurations, in the form's order.
#[must_use]
pub fn settings_diff(before: &Settings, after: &Settings) -> Vec<DiffLine> {
    let line = |setting: Setting| {
        let text = |settings: &Settings| {
            let text = settings.get(setting).filter(|text| !text.is_empty())?;
            Some(match setting.unit() {
                Some(unit) => format!("{text} {unit}"),
                None => text.replace('\n', ", "),
            })
        };
        let line = DiffLine::of(setting.label(), text(before), text(after))?;
        Some(if setting.is_recorded() { line } else { line.unrecorded() })
    };
    before.changed(after).into_iter().filter_map(line).collect()
}

fn count(value: Option<u32>, none: &str) -> String {
    value.map_or_else(|| none.to_owned(), |value| value.to_string())
}

impl Change {
    /// AWS's operation.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        match self {
            Self::Environment { .. } | Self::Settings { .. } => "UpdateFunctionConfiguration",
            Self::ReservedConcurrency { after: Some(_), .. } => "PutFunctionConcurrency",
            Self::ReservedConcurrency { after: None, .. } => "DeleteFunctionConcurrency",
            Self::ProvisionedConcurrency { after: Some(_), .. } => "PutProvisionedConcurrencyConfig",
            Self::ProvisionedConcurrency { after: None, .. } => "DeleteProvisionedConcurrencyConfig",
            Self::EventInvoke { after: Some(_), .. } => "PutFunctionEventInvokeConfig",
            Self::EventInvoke { after: None, .. } => "DeleteFunctionEventInvokeConfig",
            Self::Tag { after: Some(_), .. } => "TagResource",
            Self::Tag { after: None, .. } => "UntagResource",
            Self::Publish { .. } => "PublishVersion",
            Self::Alias { before: None, .. } => "CreateAlias",
            Self::Alias { after: Some(_), .. } => "UpdateAlias",
            Self::Alias { after: None, .. } => "DeleteAlias",
            Self::DeleteVersion { .. } => "DeleteFunction",
            Self::LogRetention { after: Some(_), .. } => "PutRetentionPolicy",
            Self::LogRetention { after: None, .. } => "DeleteRetentionPolicy",
        }
    }

    /// What must be typed before it is done; none where a Yes is enough. `protected` as the configuration file has it.
    #[must_use]
    pub fn typed_consent(&self, function: &str, protected: bool) -> Option<String> {
        match self {
            // The kill switch.
            Self::ReservedConcurrency { after: Some(0), .. } => Some(function.to_owned()),
            Self::Alias { name, after: None, .. } => Some(format!("{function}:{name}")),
            Self::DeleteVersion { version } => Some(format!("{function}:{version}")),
            _ => protected.then(|| function.to_owned()),
        }
    }

    /// Whether the function settles after it (`LastUpdateStatus`).
    #[must_use]
    pub fn settles(&self) -> bool {
        matches!(self, Self::Environment { .. } | Self::Settings { .. })
    }

    /// The diff that is confirmed, masked.
    #[must_use]
    pub fn diff(&self) -> Vec<DiffLine> {
        match self {
            Self::Environment { before, after } => environment_diff(before, after),
            Self::Settings { before, after } => settings_diff(before, after),
            Self::ReservedConcurrency { before, after } => {
                let none = "unreserved";
                DiffLine::of("Reserved concurrency", Some(count(*before, none)), Some(count(*after, none)))
                    .into_iter()
                    .collect()
            }
            Self::ProvisionedConcurrency { qualifier, before, after } => DiffLine::of(
                format!("Provisioned concurrency of {qualifier}"),
                Some(count(*before, "none")),
                Some(count(*after, "none")),
            )
            .into_iter()
            .collect(),
            Self::EventInvoke { before, after, .. } => event_invoke_diff(before.as_ref(), after.as_ref()),
            Self::Tag { key, before, after } => {
                DiffLine::of(format!("Tag {key}"), before.clone(), after.clone())
                    .map(DiffLine::unrecorded)
                    .into_iter()
                    .collect()
            }
            Self::Publish { description, .. } => {
                let text = if description.is_empty() { "of $LATEST".into() } else { description.clone() };
                DiffLine::of("New version", None, Some(text)).map(DiffLine::unrecorded).into_iter().collect()
            }
            Self::Alias { name, before, after } => alias_diff(name, before.as_ref(), after.as_ref()),
            Self::DeleteVersion { version } => {
                DiffLine::of(format!("Version {version}"), Some("published".into()), None)
                    .into_iter()
                    .collect()
            }
            Self::LogRetention { group, before, after } => {
                let days = |days: Option<u32>| {
                    days.map_or_else(|| "never expire".to_owned(), |days| format!("{days} days"))
                };
                DiffLine::of(format!("Retention of {group}"), Some(days(*before)), Some(days(*after)))
                    .into_iter()
                    .collect()
            }
        }
    }

    /// What it does, in a few words without values: `3 environment variables`, `Memory 512 MB → 1024 MB`.
    #[must_use]
    pub fn summary(&self) -> String {
        let diff = self.diff();
        match (self, diff.as_slice()) {
            (_, []) => "no change".into(),
            (Self::Environment { .. }, [one]) => format!("environment variable {}", one.name),
            (Self::Environment { .. }, several) => format!("{} environment variables", several.len()),
            (_, [one]) if one.recorded => one.text()[2..].replace("  ", " "),
            (_, [one]) => one.name.clone(),
            (_, several) => {
                let names: Vec<&str> = several.iter().map(|line| line.name.as_str()).collect();
                names.join(", ")
            }
        }
    }

    /// That something became of it: `Memory, Timeout are saved`.
    #[must_use]
    pub fn said(&self, what: &str) -> String {
        let verb = if self.diff().len() > 1 { "are" } else { "is" };
        format!("{} {verb} {what}", self.summary())
    }

    /// What takes it back; none where nothing can: a version that was published stays, one that was deleted is gone.
    #[must_use]
    pub fn inverse(&self) -> Option<Self> {
        Some(match self.clone() {
            Self::Environment { before, after } => Self::Environment { before: after, after: before },
            Self::Settings { before, after } => Self::Settings { before: after, after: before },
            Self::ReservedConcurrency { before, after } => {
                Self::ReservedConcurrency { before: after, after: before }
            }
            Self::ProvisionedConcurrency { qualifier, before, after } => {
                Self::ProvisionedConcurrency { qualifier, before: after, after: before }
            }
            Self::EventInvoke { qualifier, before, after } => {
                Self::EventInvoke { qualifier, before: after, after: before }
            }
            Self::Tag { key, before, after } => Self::Tag { key, before: after, after: before },
            Self::Alias { name, before, after } => Self::Alias { name, before: after, after: before },
            Self::LogRetention { group, before, after } => {
                Self::LogRetention { group, before: after, after: before }
            }
            Self::Publish { .. } | Self::DeleteVersion { .. } => return None,
        })
    }

    /// Whether what was read shows the change done; none where it does not tell.
    #[must_use]
    pub fn is_done(&self, details: &Details) -> Option<bool> {
        let configuration = &details.configuration;
        match self {
            Self::Environment { after, .. } => {
                let environment = configuration.environment.clone().unwrap_or_default();
                environment.error.is_none().then(|| environment.variables == *after)
            }
            Self::Settings { before, after } => {
                let now = Settings::of(configuration);
                let wanted = |setting| match after.get(setting) {
                    // Nothing takes the default.
                    Some("") if setting == Setting::LogGroup => Some(default_log_group(&configuration.name)),
                    text => text.map(str::to_owned),
                };
                let holds = |setting| now.get(setting).map(str::to_owned) == wanted(setting);
                Some(before.changed(after).into_iter().all(holds))
            }
            Self::ReservedConcurrency { after, .. } => Some(details.reserved_concurrency == *after),
            Self::Tag { key, after, .. } => {
                details.tags_error.is_none().then(|| details.tags.get(key) == after.as_ref())
            }
            _ => None,
        }
    }

    /// As [`Self::is_done`], by the versions and aliases.
    #[must_use]
    pub fn is_released(&self, releases: &Releases) -> Option<bool> {
        match self {
            Self::Alias { name, after, .. } => Some(match (releases.alias(name), after) {
                (None, None) => true,
                (Some(now), Some(after)) => {
                    now.version == after.version && now.additional == after.additional
                }
                _ => false,
            }),
            Self::DeleteVersion { version } => Some(releases.version(version).is_none()),
            Self::ProvisionedConcurrency { qualifier, after, .. } => {
                let provisioned = releases.provisioned.as_ref().ok()?;
                let now = provisioned.iter().find(|one| one.qualifier == *qualifier).map(|one| one.requested);
                Some(now == *after)
            }
            _ => None,
        }
    }

    /// The equivalent `aws` command. Values of variables and free texts are placeholders.
    #[must_use]
    pub fn aws_command(&self, function: &str, place: &Place) -> String {
        let service = if matches!(self, Self::LogRetention { .. }) { "logs" } else { "lambda" };
        let mut command = format!("aws {service} ");
        command.push_str(&kebab(self.operation()));
        match self {
            Self::Tag { key, after, .. } => {
                let account = place.account.as_deref().unwrap_or("ACCOUNT");
                let _ = write!(
                    command,
                    " --resource arn:aws:lambda:{}:{account}:function:{function}",
                    place.region
                );
                match after {
                    Some(_) => _ = write!(command, " --tags {}=VALUE", quoted(key)),
                    None => _ = write!(command, " --tag-keys {}", quoted(key)),
                }
            }
            Self::LogRetention { group, after, .. } => {
                let _ = write!(command, " --log-group-name {}", quoted(group));
                if let Some(days) = after {
                    let _ = write!(command, " --retention-in-days {days}");
                }
            }
            _ => _ = write!(command, " --function-name {}", quoted(function)),
        }
        match self {
            Self::Environment { after, .. } => {
                let variables: Vec<String> = after.keys().map(|key| format!("{key}=VALUE")).collect();
                let _ = write!(command, " --environment 'Variables={{{}}}'", variables.join(","));
            }
            Self::Settings { before, after } => settings_arguments(before, after, &mut command),
            Self::ReservedConcurrency { after: Some(count), .. } => {
                let _ = write!(command, " --reserved-concurrent-executions {count}");
            }
            Self::ProvisionedConcurrency { qualifier, after, .. } => {
                let _ = write!(command, " --qualifier {}", quoted(qualifier));
                if let Some(count) = after {
                    let _ = write!(command, " --provisioned-concurrent-executions {count}");
                }
            }
            Self::EventInvoke { qualifier, after, .. } => {
                if let Some(qualifier) = qualifier {
                    let _ = write!(command, " --qualifier {}", quoted(qualifier));
                }
                let after = after.clone().unwrap_or_default();
                if let Some(retries) = after.maximum_retry_attempts {
                    let _ = write!(command, " --maximum-retry-attempts {retries}");
                }
                if let Some(age) = after.maximum_event_age_s {
                    let _ = write!(command, " --maximum-event-age-in-seconds {age}");
                }
                if after.on_success.is_some() || after.on_failure.is_some() {
                    command.push_str(" --destination-config VALUE");
                }
            }
            Self::Publish { code_sha256, .. } => {
                command.push_str(" --description VALUE");
                if let Some(hash) = code_sha256 {
                    let _ = write!(command, " --code-sha256 {}", quoted(hash));
                }
            }
            Self::Alias { name, before, after } => {
                let _ = write!(command, " --name {}", quoted(name));
                if let Some(after) = after {
                    let _ = write!(command, " --function-version {}", quoted(&after.version));
                    match &after.additional {
                        Some(Additional { version, weight }) => {
                            let _ = write!(
                                command,
                                " --routing-config 'AdditionalVersionWeights={{{version}={weight}}}'"
                            );
                        }
                        None if before.as_ref().is_some_and(|before| before.additional.is_some()) => {
                            command.push_str(" --routing-config 'AdditionalVersionWeights={}'");
                        }
                        None => {}
                    }
                }
            }
            Self::DeleteVersion { version } => _ = write!(command, " --qualifier {version}"),
            _ => {}
        }
        let _ = write!(command, " --region {}", place.region);
        if let Some(profile) = &place.profile {
            let _ = write!(command, " --profile {}", quoted(profile));
        }
        if let Some(endpoint) = &place.endpoint {
            let _ = write!(command, " --endpoint-url {}", quoted(endpoint));
        }
        command
    }

    /// All values that no text may hold.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let maps = match self {
            Self::Environment { before, after } => vec![before, after],
            _ => Vec::new(),
        };
        maps.into_iter().flat_map(BTreeMap::values)
    }
}

fn event_invoke_diff(before: Option<&EventInvoke>, after: Option<&EventInvoke>) -> Vec<DiffLine> {
    let number = |of: fn(&EventInvoke) -> Option<u32>, default: &str, unit: &str| {
        let text = |side: Option<&EventInvoke>| {
            let value = side.and_then(of);
            Some(value.map_or_else(|| format!("{default} (default)"), |value| format!("{value}{unit}")))
        };
        (text(before), text(after))
    };
    let arn =
        |of: fn(&EventInvoke) -> Option<&String>| (before.and_then(of).cloned(), after.and_then(of).cloned());
    let (retries, age) = (
        number(|it| it.maximum_retry_attempts, "2", ""),
        number(|it| it.maximum_event_age_s, "21600 s", " s"),
    );
    let (success, failure) = (arn(|it| it.on_success.as_ref()), arn(|it| it.on_failure.as_ref()));
    [
        DiffLine::of("Retry attempts", retries.0, retries.1),
        DiffLine::of("Maximum event age", age.0, age.1),
        DiffLine::of("On success", success.0, success.1).map(DiffLine::unrecorded),
        DiffLine::of("On failure", failure.0, failure.1).map(DiffLine::unrecorded),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn alias_diff(name: &str, before: Option<&Alias>, after: Option<&Alias>) -> Vec<DiffLine> {
    let description = |side: Option<&Alias>| {
        side.map(|alias| alias.description.clone()).filter(|description| !description.is_empty())
    };
    [
        DiffLine::of(format!("Alias {name}"), before.map(Alias::target), after.map(Alias::target)),
        DiffLine::of("Description", description(before), description(after)).map(DiffLine::unrecorded),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn settings_arguments(before: &Settings, after: &Settings, command: &mut String) {
    let mut blocks: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for setting in before.changed(after) {
        let text = after.get(setting).unwrap_or_default();
        let value = if setting.is_recorded() { text.to_owned() } else { "VALUE".to_owned() };
        match setting.member().split_once('.') {
            Some((block, member)) => blocks.entry(block).or_default().push(format!("{member}={value}")),
            None => _ = write!(command, " --{} {}", kebab(setting.member()), quoted(&value)),
        }
    }
    for (block, members) in blocks {
        let _ = write!(command, " --{} {}", kebab(block), quoted(&members.join(",")));
    }
}

/// `PutFunctionConcurrency` as the command line writes it: `put-function-concurrency`. Several capitals are one word.
fn kebab(name: &str) -> String {
    let mut text = String::new();
    let letters: Vec<char> = name.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let begins = letter.is_ascii_uppercase()
            && at > 0
            && (!letters[at - 1].is_ascii_uppercase()
                || letters.get(at + 1).is_some_and(char::is_ascii_lowercase));
        if begins {
            text.push('-');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::function::Logging;

    fn variables(pairs: &[(&str, &str)]) -> Variables {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), Secret::new(*value))).collect()
    }

    fn place() -> Place {
        Place { region: "eu-west-1".into(), account: Some("123456789012".into()), ..Place::default() }
    }

    #[test]
    fn an_environment_shows_lengths_and_never_values() {
        let change = Change::Environment {
            before: variables(&[
                ("OLD", "canary-1"),
                ("SAME", "canary-2"),
                ("A1", "canary-3"),
                ("B1", "canary-4"),
            ]),
            after: variables(&[
                ("NEW", "canary-1"),
                ("SAME", "canary-2"),
                ("A1", "canary-55"),
                ("B1", "canary-6"),
            ]),
        };
        let texts: Vec<String> = change.diff().iter().map(DiffLine::text).collect();
        assert_eq!(
            texts,
            [
                "~ A1  (8 bytes) → (9 bytes)",
                "~ B1  (8 bytes) → (another value of the same length)",
                "+ NEW  (8 bytes) renamed from OLD",
                "- OLD  (8 bytes)",
            ]
        );
        let told = format!("{texts:?}{}{}{change:?}", change.summary(), change.aws_command("f", &place()));
        assert!(!told.contains("canary"), "{told}");
        assert_eq!(
            change.aws_command("f", &place()),
            "aws lambda update-function-configuration --function-name f --environment \
             'Variables={A1=VALUE,B1=VALUE,NEW=VALUE,SAME=VALUE}' --region eu-west-1"
        );
    }

    #[test]
    fn settings_show_what_changes() {
        let before = Settings::of(&Function { memory_mb: Some(512), ..Function::default() });
        let mut after = before.clone();
        after.set(Setting::Memory, "1024");
        let change = Change::Settings { before: before.clone(), after: after.clone() };
        assert_eq!(change.summary(), "Memory 512 MB → 1024 MB");
        assert_eq!(change.said("saved"), "Memory 512 MB → 1024 MB is saved");
        after.set(Setting::LogFormat, "JSON");
        after.set(Setting::Description, "it's new");
        let change = Change::Settings { before, after };
        assert_eq!(change.summary(), "Description, Memory, Log format");
        assert_eq!(change.said("saved and in use"), "Description, Memory, Log format are saved and in use");
        assert_eq!(
            change.aws_command("f", &place()),
            "aws lambda update-function-configuration --function-name f --description VALUE --memory-size 1024 \
             --logging-config LogFormat=JSON --region eu-west-1"
        );
    }

    #[test]
    fn an_empty_log_group_is_the_default_one() {
        let custom = Logging { log_group: Some("/custom".into()), ..Logging::default() };
        let function = |logging| Function { name: "f".into(), logging, ..Function::default() };
        let before = Settings::of(&function(Some(custom.clone())));
        let mut after = before.clone();
        after.set(Setting::LogGroup, "");
        let change = Change::Settings { before, after };
        let read = |logging| Details { configuration: function(logging), ..Details::default() };
        assert_eq!(change.is_done(&read(None)), Some(true));
        assert_eq!(change.is_done(&read(Some(custom))), Some(false));
    }

    #[test]
    fn what_stops_a_function_or_deletes_something_takes_its_name() {
        let kill = Change::ReservedConcurrency { before: Some(5), after: Some(0) };
        assert_eq!(kill.typed_consent("f", false).as_deref(), Some("f"));
        assert_eq!(kill.inverse(), Some(Change::ReservedConcurrency { before: Some(0), after: Some(5) }));
        assert_eq!(kill.inverse().and_then(|back| back.typed_consent("f", false)), None);
        let delete = Change::Alias { name: "live".into(), before: Some(Alias::default()), after: None };
        assert_eq!(delete.typed_consent("f", false).as_deref(), Some("f:live"));
        let tag = Change::Tag { key: "team".into(), before: None, after: Some("a".into()) };
        assert_eq!(tag.typed_consent("f", false), None);
        assert_eq!(tag.typed_consent("f", true).as_deref(), Some("f"));
    }

    #[test]
    fn an_alias_tells_its_weights() {
        let alias = |version: &str, additional: Option<(&str, f64)>| Alias {
            name: "live".into(),
            version: version.into(),
            additional: additional.map(|(version, weight)| Additional { version: version.into(), weight }),
            ..Alias::default()
        };
        let change = Change::Alias {
            name: "live".into(),
            before: Some(alias("7", None)),
            after: Some(alias("7", Some(("8", 0.1)))),
        };
        assert_eq!(change.summary(), "Alias live 7 → 7 90 %, 8 10 %");
        assert!(
            change.aws_command("f", &place()).contains("--routing-config 'AdditionalVersionWeights={8=0.1}'")
        );
    }

    #[test]
    fn names_of_operations_as_commands() {
        assert_eq!(kebab("KMSKeyArn"), "kms-key-arn");
        assert_eq!(kebab("PutProvisionedConcurrencyConfig"), "put-provisioned-concurrency-config");
    }
}
