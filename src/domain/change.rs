//! A change of a function: one request, with what was there before and what is to be there after.
//!
//! From one [`Change`] come the request, the diff that is confirmed, the entry in the journal, its inverse and the
//! equivalent `aws` command. Values of environment variables appear in none of them but the request.

mod command;
mod diff;

use std::collections::BTreeMap;

use super::{
    function::{Details, Function, default_log_group},
    place::Place,
    release::{Additional, Alias, EventInvoke, Releases},
    secret::Secret,
    settings::{Setting, Settings},
    shareable::{self, Shareable},
    text::sanitise,
};

pub(super) use command::schemas_command;
pub use diff::{DiffLine, Mark, environment_diff, masked, settings_diff};
use diff::{alias_diff, count, event_invoke_diff, masked_line};

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
    /// A shareable test event of the console: created, replaced, or deleted.
    ShareableEvent {
        /// Its name.
        name: String,
        /// Its JSON text as it was; none: there was none.
        before: Option<Secret>,
        /// Its JSON text as it is to be; none: it is deleted.
        after: Option<Secret>,
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
    /// What one should know, though it was done: somebody else wrote at the same moment.
    pub warning: Option<String>,
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

impl Change {
    /// AWS's operation. Of a shareable event it is the usual one: whether its schema is there before and after shows
    /// only when it is sent.
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
            Self::ShareableEvent { .. } => "UpdateSchema",
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
            Self::ShareableEvent { name, before, after } => {
                let name = format!("Shareable event {}", sanitise(name));
                masked_line(&name, before.as_ref(), after.as_ref()).into_iter().collect()
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
        if let Self::ShareableEvent { after: None, .. } = self {
            return format!("{} is deleted", self.summary());
        }
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
            Self::ShareableEvent { name, before, after } => {
                Self::ShareableEvent { name, before: after, after: before }
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

    /// As [`Self::is_done`], by the shareable events.
    #[must_use]
    pub fn is_shared(&self, now: &Shareable) -> Option<bool> {
        let Self::ShareableEvent { name, after, .. } = self else { return None };
        Some(match (now.event(name), after) {
            (None, None) => true,
            (Some(now), Some(after)) => shareable::same(now.reveal(), after.reveal()),
            _ => false,
        })
    }

    /// All values that no text may hold.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let (maps, events) = match self {
            Self::Environment { before, after } => (vec![before, after], Vec::new()),
            Self::ShareableEvent { before, after, .. } => (Vec::new(), vec![before, after]),
            _ => (Vec::new(), Vec::new()),
        };
        maps.into_iter().flat_map(BTreeMap::values).chain(events.into_iter().flatten())
    }
}

#[cfg(test)]
mod tests;
