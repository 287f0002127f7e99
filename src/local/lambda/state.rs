//! What the engine keeps of a function: its unpublished state, versions, aliases, tags.
//!
//! A write is answered at once with Pending or InProgress; [`Release::settle`] ends that when its time has come, on
//! the next look at the function. Until then the code from before serves.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use jiff::Timestamp;
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    code::Code, layers::LayerUse, management::RuntimeManagement, names::Place, policy::Policy,
    urls::UrlConfig,
};
use crate::{
    domain::secret::Secret,
    local::exec::{FunctionSpec, LogLevels},
};

/// `LoggingConfig`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Logging {
    /// `JSON`, else `Text`.
    pub json: bool,
    /// `ApplicationLogLevel`, with JSON only.
    pub application_level: Option<String>,
    /// `SystemLogLevel`, with JSON only.
    pub system_level: Option<String>,
    /// `LogGroup`.
    pub group: String,
}

/// `ImageConfig`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ImageConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_point: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_directory: Option<String>,
}

impl ImageConfig {
    /// Nothing where a member is empty: that removes it.
    pub fn without_voids(self) -> Option<Self> {
        let full = |list: Option<Vec<String>>| list.filter(|list| !list.is_empty());
        let config = Self {
            entry_point: full(self.entry_point),
            command: full(self.command),
            working_directory: self.working_directory.filter(|directory| !directory.is_empty()),
        };
        let void =
            config.entry_point.is_none() && config.command.is_none() && config.working_directory.is_none();
        (!void).then_some(config)
    }
}

/// `VpcConfig`. It is kept and shown; the function runs on this machine's network all the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Vpc {
    pub subnets: Vec<String>,
    pub security_groups: Vec<String>,
    pub ipv6: bool,
}

/// An entry of `FileSystemConfigs`. It is kept and shown; nothing is mounted.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct FileSystem {
    pub arn: String,
    pub mount_path: String,
}

/// What UpdateFunctionConfiguration can change.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Settings {
    pub role: String,
    pub runtime: Option<String>,
    pub handler: Option<String>,
    pub description: String,
    pub timeout_s: u32,
    pub memory_mb: u32,
    pub ephemeral_mb: u32,
    #[serde(with = "revealed")]
    pub variables: Option<BTreeMap<String, Secret>>,
    pub tracing: String,
    pub snap_start: String,
    pub kms_key: Option<String>,
    pub logging: Logging,
    pub image_config: Option<ImageConfig>,
    /// `DeadLetterConfig`'s `TargetArn`. There is no SQS and no SNS here to send to, but there are functions.
    pub dead_letter: Option<String>,
    /// Present with empty lists, as on AWS, once it was there and has been removed.
    pub vpc: Option<Vpc>,
    pub file_systems: Vec<FileSystem>,
    /// In the order in which they are unpacked over each other.
    pub layers: Vec<LayerUse>,
    /// Whether tenants have environments of their own. Fixed at creation.
    pub per_tenant: bool,
}

impl Settings {
    /// Whether published versions are snapshots, which take time to make.
    pub fn snap_start_on(&self) -> bool {
        self.snap_start == "PublishedVersions"
    }
}

/// Environment values as they are kept, in a file that its owner alone can read.
mod revealed {
    use std::collections::BTreeMap;

    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    use crate::domain::secret::Secret;

    type Variables<T> = Option<BTreeMap<String, T>>;

    #[allow(clippy::ref_option, reason = "serde's form")]
    pub fn serialize<S: Serializer>(values: &Variables<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
        let reveal = |(name, value): (&String, &Secret)| (name.clone(), value.reveal().to_owned());
        let revealed: Variables<String> = values.as_ref().map(|values| values.iter().map(reveal).collect());
        revealed.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Variables<Secret>, D::Error> {
        let revealed = Variables::<String>::deserialize(deserializer)?;
        let hide = |(name, value): (String, String)| (name, Secret::new(value));
        Ok(revealed.map(|values| values.into_iter().map(hide).collect()))
    }
}

/// Where a version stands. What is read back settles at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) enum Phase {
    /// Being created, until then.
    Pending(#[serde(skip, default = "Instant::now")] Instant),
    /// Settled.
    Active,
    /// Being changed, until then.
    InProgress(#[serde(skip, default = "Instant::now")] Instant),
}

/// One version: `$LATEST` or a published one.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Release {
    pub version: String,
    pub settings: Settings,
    pub code: Code,
    pub last_modified: String,
    pub revision_id: String,
    pub phase: Phase,
    /// What runs now. None for an image, and while Pending.
    #[serde(skip)]
    pub serving: Option<Arc<FunctionSpec>>,
}

impl Release {
    /// A version that is being created, or Active at once where `settles` is None.
    pub fn new(version: String, settings: Settings, code: Code, settles: Option<Instant>) -> Self {
        Self {
            version,
            settings,
            code,
            last_modified: timestamp(),
            revision_id: revision(),
            phase: settles.map_or(Phase::Active, Phase::Pending),
            serving: None,
        }
    }

    /// Notes a change of settings or code.
    pub fn changed(&mut self, settles: Instant) {
        self.last_modified = timestamp();
        self.revision_id = revision();
        self.phase = Phase::InProgress(settles);
    }

    /// Ends Pending or InProgress where its time has come: another revision, and the new code serves. Says whether
    /// environments of older code are out of date now.
    pub fn settle(&mut self, name: &str, place: &Place, now: Instant) -> bool {
        let Some(was_serving) = (match self.phase {
            Phase::Pending(until) | Phase::InProgress(until) if until <= now => Some(self.serving.is_some()),
            _ => None,
        }) else {
            return false;
        };
        self.phase = Phase::Active;
        self.revision_id = revision();
        self.serve(name, place);
        was_serving
    }

    /// Puts the present settings and code into service.
    pub fn serve(&mut self, name: &str, place: &Place) {
        let settings = &self.settings;
        self.serving = self.code.folder().map(|folder| {
            let qualifier = (self.version != "$LATEST").then_some(self.version.as_str());
            Arc::new(FunctionSpec {
                name: name.to_owned(),
                version: self.version.clone(),
                arn: place.arn(name, qualifier),
                revision: revision(),
                runtime: settings.runtime.clone().unwrap_or_default(),
                handler: settings.handler.clone().unwrap_or_default(),
                memory_mb: settings.memory_mb,
                timeout_s: settings.timeout_s,
                variables: settings.variables.clone().unwrap_or_default(),
                code: folder,
                log_group: settings.logging.group.clone(),
                json_logs: settings.logging.json,
                log_levels: LogLevels {
                    application: settings.logging.application_level.clone(),
                    system: settings.logging.system_level.clone(),
                },
                layers: settings.layers.iter().map(|layer| layer.content.folder()).collect(),
            })
        });
    }
}

/// A name for a version, or for two of them.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct Alias {
    pub name: String,
    pub version: String,
    pub description: String,
    /// A second version, and the part of the invocations that goes to it, 0-1.
    pub second: Option<(String, f64)>,
    pub revision_id: String,
    /// The version that still serves while provisioned concurrency moves to the new one.
    pub moving_from: Option<String>,
}

impl Alias {
    /// Whether it sends invocations to this version.
    pub fn uses(&self, version: &str) -> bool {
        self.version == version || self.second.as_ref().is_some_and(|(second, _)| second == version)
    }

    /// The version for one invocation. `draw` is a random number, 0 <= draw < 1.
    pub fn pick(&self, draw: f64) -> &str {
        match &self.second {
            Some((version, weight)) if draw < *weight => version,
            _ => &self.version,
        }
    }
}

/// Provisioned concurrency, as asked for.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct ProvisionedConfig {
    pub requested: u32,
    /// What was ready before the last change.
    pub before: u32,
    pub last_modified: String,
    /// Until then it is `IN_PROGRESS`, however fast the environments start.
    #[serde(skip, default = "Instant::now")]
    pub settles: Instant,
}

/// Settings of asynchronous invocations.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct EventConfig {
    /// `MaximumRetryAttempts`.
    pub retries: Option<u32>,
    /// `MaximumEventAgeInSeconds`.
    pub max_age_s: Option<u32>,
    /// ARNs.
    pub on_success: Option<String>,
    pub on_failure: Option<String>,
    pub last_modified: SystemTime,
}

/// A function.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Function {
    pub name: String,
    pub latest: Release,
    /// Kept apart, as rows of their own: they do not change.
    #[serde(skip)]
    pub versions: BTreeMap<u64, Release>,
    /// The highest version number ever given: none is used twice.
    pub last_version: u64,
    /// What `$LATEST` was when the last version was published.
    pub published: Option<(Settings, Code)>,
    pub aliases: BTreeMap<String, Alias>,
    pub tags: BTreeMap<String, String>,
    /// Reserved concurrency.
    pub reserved: Option<u32>,
    /// Provisioned concurrency, by version or alias.
    pub provisioned: BTreeMap<String, ProvisionedConfig>,
    /// Settings of asynchronous invocations, by qualifier.
    pub event_configs: BTreeMap<String, EventConfig>,
    /// Resource policies, by version or alias; that of the function itself under `$LATEST`.
    pub policies: BTreeMap<String, Policy>,
    /// Function URLs, by alias; that of the function itself under `$LATEST`.
    pub urls: BTreeMap<String, UrlConfig>,
    /// The ARN of its code signing configuration.
    pub code_signing: Option<String>,
    /// Runtime management, by version; only where it is not `Auto`.
    pub runtime_management: BTreeMap<String, RuntimeManagement>,
    /// Whether a loop of functions may go on (`RecursiveLoop: Allow`).
    pub recursion_allowed: bool,
}

impl Function {
    /// A function whose unpublished version is Pending, or Active at once where `settles` is None.
    pub fn new(
        name: &str,
        settings: Settings,
        code: Code,
        settles: Option<Instant>,
        tags: BTreeMap<String, String>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            latest: Release::new("$LATEST".to_owned(), settings, code, settles),
            versions: BTreeMap::new(),
            last_version: 0,
            published: None,
            aliases: BTreeMap::new(),
            tags,
            reserved: None,
            provisioned: BTreeMap::new(),
            event_configs: BTreeMap::new(),
            policies: BTreeMap::new(),
            urls: BTreeMap::new(),
            code_signing: None,
            runtime_management: BTreeMap::new(),
            recursion_allowed: false,
        }
    }

    /// What it takes out of the account's concurrency: its reservation, of which what is provisioned is a part.
    pub fn committed(&self) -> u32 {
        self.reserved.unwrap_or_else(|| self.total_provisioned())
    }

    /// Provisioned concurrency of all versions and aliases.
    pub fn total_provisioned(&self) -> u32 {
        self.provisioned.values().map(|config| config.requested).sum()
    }

    /// Settles every version that is due; says whether environments of older code are out of date now.
    pub fn settle(&mut self, place: &Place, now: Instant) -> bool {
        let name = &self.name;
        self.versions.values_mut().for_each(|release| {
            release.settle(name, place, now);
        });
        self.latest.settle(name, place, now)
    }

    /// `$LATEST` or a published version.
    pub fn release(&self, version: &str) -> Option<&Release> {
        if version == "$LATEST" { Some(&self.latest) } else { self.versions.get(&version.parse().ok()?) }
    }

    /// Publishes `$LATEST`; the last version again where nothing has changed since.
    pub fn publish(
        &mut self,
        description: Option<String>,
        settles: Option<Instant>,
        place: &Place,
    ) -> &Release {
        let unchanged = self
            .published
            .as_ref()
            .is_some_and(|(settings, code)| *settings == self.latest.settings && *code == self.latest.code);
        if !unchanged || !self.versions.contains_key(&self.last_version) {
            self.last_version += 1;
            self.published = Some((self.latest.settings.clone(), self.latest.code.clone()));
            let mut settings = self.latest.settings.clone();
            if let Some(description) = description {
                settings.description = description;
            }
            let mut release =
                Release::new(self.last_version.to_string(), settings, self.latest.code.clone(), settles);
            if settles.is_none() {
                release.serve(&self.name, place);
            }
            self.versions.insert(self.last_version, release);
        }
        // Present: looked up or inserted above; `$LATEST` keeps this total.
        self.versions.get(&self.last_version).unwrap_or(&self.latest)
    }
}

/// Whether a qualifier is a version's number.
pub(super) fn is_version(qualifier: &str) -> bool {
    !qualifier.is_empty() && qualifier.bytes().all(|byte| byte.is_ascii_digit())
}

/// A new RevisionId.
pub(super) fn revision() -> String {
    Uuid::new_v4().to_string()
}

/// Now, as a function's `LastModified` has it.
pub(super) fn timestamp() -> String {
    now("%Y-%m-%dT%H:%M:%S%.3f+0000")
}

/// Now, as the `LastModified` of provisioned concurrency has it: in whole seconds.
pub(super) fn timestamp_in_seconds() -> String {
    now("%Y-%m-%dT%H:%M:%S+0000")
}

fn now(format: &str) -> String {
    Timestamp::try_from(SystemTime::now()).unwrap_or_default().strftime(format).to_string()
}

/// A random number, 0 <= draw < 1.
pub(super) fn draw() -> f64 {
    let (high, _) = Uuid::new_v4().as_u64_pair();
    // The upper 32 bits of a version 4 UUID are random, and exact in an f64.
    f64::from((high >> 32) as u32) / (f64::from(u32::MAX) + 1.0)
}

/// When something that begins now settles.
pub(super) fn settles(settle: Duration) -> Instant {
    Instant::now() + settle
}

#[cfg(test)]
mod tests {
    use super::{Alias, draw};

    #[test]
    fn an_alias_sends_its_weight_to_the_second_version() {
        let mut alias = Alias {
            name: "live".into(),
            version: "1".into(),
            description: String::new(),
            second: Some(("2".into(), 0.1)),
            revision_id: String::new(),
            moving_from: None,
        };
        assert_eq!(
            (alias.pick(0.0), alias.pick(0.0999), alias.pick(0.1), alias.pick(0.999)),
            ("2", "2", "1", "1")
        );
        alias.second = Some(("2".into(), 0.0));
        assert_eq!(alias.pick(0.0), "1");
        alias.second = Some(("2".into(), 1.0));
        assert_eq!(alias.pick(0.999_999), "2");
        alias.second = None;
        assert_eq!(alias.pick(0.0), "1");
    }

    #[test]
    fn draws_are_spread_over_zero_to_one() {
        let mut tenths = [0_u32; 10];
        for draw in std::iter::repeat_with(draw).take(10_000) {
            let tenth = (1..10).take_while(|n| draw >= f64::from(*n) / 10.0).count();
            tenths[tenth] += 1;
        }
        // 1000 each on average; 800-1200 is six standard deviations.
        assert!(tenths.iter().all(|count| (800..1200).contains(count)), "{tenths:?}");
    }
}
