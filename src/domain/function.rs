//! A function and its configuration, as the Lambda API tells them.
//!
//! All texts here come from outside and were sanitised on their way in ([`super::text::sanitise`]), except the values
//! of environment variables, which stay as they are inside a [`Secret`].

use std::{collections::BTreeMap, sync::Arc};

use serde::{Serialize, Serializer};

use super::secret::Secret;

/// What a list row needs of a function. Kept small: a dashboard may hold ten thousand of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Function name.
    pub name: Box<str>,
    /// Unqualified ARN.
    pub arn: Box<str>,
    /// Runtime identifier; none for container images. Shared between rows.
    pub runtime: Option<Arc<str>>,
    /// Architecture, `x86_64` or `arm64`. Shared between rows.
    pub architecture: Arc<str>,
    /// Memory in MB.
    pub memory_mb: u32,
    /// Time-out in seconds.
    pub timeout_s: u32,
    /// Size of the code in bytes; 0 for container images.
    pub code_size: u64,
    /// Last change, in milliseconds since the epoch.
    pub modified_ms: Option<i64>,
    /// Description, possibly empty.
    pub description: Box<str>,
    /// The log group where it is not `/aws/lambda/NAME`.
    pub custom_log_group: Option<Box<str>>,
    /// ListFunctions leaves the state out: it is fetched for the rows that are looked at.
    pub state: Option<State>,
}

impl Summary {
    /// The log group its output goes to.
    pub fn log_group(&self) -> String {
        self.custom_log_group.as_deref().map_or_else(|| default_log_group(&self.name), str::to_owned)
    }

    /// Takes over what a later read of the same function tells.
    pub fn follow(&mut self, now: &Function) {
        if self.runtime.as_deref() != now.runtime.as_deref() {
            self.runtime = now.runtime.as_deref().map(Into::into);
        }
        if let Some(architecture) = now.architectures.first().filter(|one| ***one != *self.architecture) {
            self.architecture = architecture.as_str().into();
        }
        self.memory_mb = now.memory_mb.unwrap_or(self.memory_mb);
        self.timeout_s = now.timeout_s.unwrap_or(self.timeout_s);
        self.code_size = now.code_size;
        let modified = now.last_modified.as_deref().and_then(super::format::parse_last_modified);
        self.modified_ms = modified.map(jiff::Timestamp::as_millisecond).or(self.modified_ms);
        self.description = now.description.as_deref().unwrap_or_default().into();
        let group = now.log_group();
        self.custom_log_group =
            Some(group).filter(|group| *group != default_log_group(&self.name)).map(Into::into);
        self.state = Some(now.state.clone());
    }
}

/// What the names of functions' log groups begin with.
pub const FUNCTION_GROUPS: &str = "/aws/lambda/";

/// The log group of a function that has none configured.
pub fn default_log_group(name: &str) -> String {
    format!("{FUNCTION_GROUPS}{name}")
}

/// A function's state and that of its last update. Values AWS may add later are kept as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct State {
    /// `Pending`, `Active`, `Inactive`, `Failed`, ...
    #[serde(rename = "State", skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Why, in AWS's words.
    #[serde(rename = "StateReason", skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why, as a code.
    #[serde(rename = "StateReasonCode", skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<String>,
    /// `Successful`, `Failed`, `InProgress`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_update_status: Option<String>,
    /// Why, in AWS's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_update_status_reason: Option<String>,
    /// Why, as a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_update_status_reason_code: Option<String>,
}

/// How a state is shown: its shape and its word say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Ready to be invoked.
    Good,
    /// On its way to another state.
    Changing,
    /// Failed, or its last update did.
    Bad,
    /// Not running, but not broken either.
    Idle,
    /// A word this program does not know.
    Unknown,
}

impl State {
    /// Whether a change is under way, so that the state will be another one soon.
    pub fn is_settling(&self) -> bool {
        self.health() == Health::Changing
    }

    /// The state as a kind of health. A failed update counts, though the old code still serves.
    pub fn health(&self) -> Health {
        match (self.state.as_deref(), self.last_update_status.as_deref()) {
            (Some("Failed"), _) | (_, Some("Failed")) => Health::Bad,
            (Some("Pending" | "Deactivating" | "Deleting"), _) | (_, Some("InProgress")) => Health::Changing,
            (Some("Inactive" | "Deactivated" | "ActiveNonInvocable"), _) => Health::Idle,
            (Some("Active") | None, _) => Health::Good,
            _ => Health::Unknown,
        }
    }

    /// The word to show: the state, or what its last update is doing where that says more.
    pub fn word(&self) -> &str {
        match (self.state.as_deref(), self.last_update_status.as_deref()) {
            (Some("Active") | None, Some("InProgress")) => "Updating",
            (Some("Active") | None, Some("Failed")) => "Update failed",
            (Some(state), _) => state,
            (None, _) => "Active",
        }
    }
}

/// The whole configuration of a function or of one of its versions.
///
/// Serialises with the API's own member names. Environment values serialise as `null`: showing them is a deliberate
/// act of the caller ([`Environment::reveal`]).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Function {
    /// Function name.
    #[serde(rename = "FunctionName")]
    pub name: String,
    /// ARN, with the qualifier where one was asked for.
    #[serde(rename = "FunctionArn")]
    pub arn: String,
    /// Runtime identifier; none for container images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime: Option<String>,
    /// Execution role's ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Handler; none for container images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handler: Option<String>,
    /// Size of the code in bytes.
    pub code_size: u64,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Time-out in seconds.
    #[serde(rename = "Timeout", skip_serializing_if = "Option::is_none")]
    pub timeout_s: Option<u32>,
    /// Memory in MB.
    #[serde(rename = "MemorySize", skip_serializing_if = "Option::is_none")]
    pub memory_mb: Option<u32>,
    /// Last change, as AWS writes it: `2026-11-20T08:00:00.000+0000`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// SHA-256 of the code, base64.
    #[serde(rename = "CodeSha256", skip_serializing_if = "Option::is_none")]
    pub code_sha256: Option<String>,
    /// `$LATEST` or a version number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// VPC, where it is attached to one.
    #[serde(rename = "VpcConfig", skip_serializing_if = "Option::is_none")]
    pub vpc: Option<Vpc>,
    /// Dead-letter queue or topic.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "dead_letter")]
    #[serde(rename = "DeadLetterConfig")]
    pub dead_letter_arn: Option<String>,
    /// Environment variables; none where the function has no such block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// Customer-managed key for the environment.
    #[serde(rename = "KMSKeyArn", skip_serializing_if = "Option::is_none")]
    pub kms_key_arn: Option<String>,
    /// X-Ray: `Active` or `PassThrough`.
    #[serde(rename = "TracingConfig", skip_serializing_if = "Option::is_none", serialize_with = "mode")]
    pub tracing: Option<String>,
    /// For Lambda@Edge: the main function's ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub master_arn: Option<String>,
    /// Changes with every change of the function.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision_id: Option<String>,
    /// Layers in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<Layer>,
    /// State and last update.
    #[serde(flatten)]
    pub state: State,
    /// EFS or S3 file systems.
    #[serde(rename = "FileSystemConfigs", skip_serializing_if = "Vec::is_empty")]
    pub file_systems: Vec<FileSystem>,
    /// Signing profile version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_profile_version_arn: Option<String>,
    /// Signing job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_job_arn: Option<String>,
    /// `Zip` or `Image`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package_type: Option<String>,
    /// Container image settings.
    #[serde(
        rename = "ImageConfigResponse",
        skip_serializing_if = "Option::is_none",
        serialize_with = "image_config"
    )]
    pub image: Option<Image>,
    /// `x86_64` or `arm64`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub architectures: Vec<String>,
    /// Size of `/tmp` in MB.
    #[serde(rename = "EphemeralStorage", skip_serializing_if = "Option::is_none", serialize_with = "size")]
    pub ephemeral_storage_mb: Option<u32>,
    /// SnapStart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snap_start: Option<SnapStart>,
    /// The exact runtime version in use.
    #[serde(
        rename = "RuntimeVersionConfig",
        skip_serializing_if = "Option::is_none",
        serialize_with = "runtime_version"
    )]
    pub runtime_version_arn: Option<String>,
    /// Log group, format and levels.
    #[serde(rename = "LoggingConfig", skip_serializing_if = "Option::is_none")]
    pub logging: Option<Logging>,
    /// Tenant isolation mode.
    #[serde(rename = "TenancyConfig", skip_serializing_if = "Option::is_none", serialize_with = "tenancy")]
    pub tenant_isolation_mode: Option<String>,
    /// Managed-instances capacity provider.
    #[serde(
        rename = "CapacityProviderConfig",
        skip_serializing_if = "Option::is_none",
        serialize_with = "capacity_provider"
    )]
    pub capacity_provider_arn: Option<String>,
}

impl Function {
    /// The log group its output goes to.
    pub fn log_group(&self) -> String {
        self.logging
            .as_ref()
            .and_then(|logging| logging.log_group.clone())
            .unwrap_or_else(|| default_log_group(&self.name))
    }
}

fn wrap<S: Serializer, T: Serialize>(serializer: S, key: &str, value: Option<&T>) -> Result<S::Ok, S::Error> {
    serializer.collect_map(value.map(|value| (key, value)))
}

#[allow(clippy::ref_option, reason = "the signature is serde's")]
fn dead_letter<S: Serializer>(value: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    wrap(serializer, "TargetArn", value.as_ref())
}

#[allow(clippy::ref_option, reason = "the signature is serde's")]
fn mode<S: Serializer>(value: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    wrap(serializer, "Mode", value.as_ref())
}

#[allow(clippy::ref_option, reason = "the signature is serde's")]
fn image_config<S: Serializer>(value: &Option<Image>, serializer: S) -> Result<S::Ok, S::Error> {
    wrap(serializer, "ImageConfig", value.as_ref())
}

#[allow(clippy::ref_option, reason = "the signature is serde's")]
fn runtime_version<S: Serializer>(value: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    wrap(serializer, "RuntimeVersionArn", value.as_ref())
}

#[allow(clippy::ref_option, reason = "the signature is serde's")]
fn tenancy<S: Serializer>(value: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    wrap(serializer, "TenantIsolationMode", value.as_ref())
}

#[allow(clippy::ref_option, reason = "the signature is serde's")]
fn capacity_provider<S: Serializer>(value: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    let provider = value.as_ref().map(|arn| BTreeMap::from([("CapacityProviderArn", arn)]));
    wrap(serializer, "LambdaManagedInstancesCapacityProviderConfig", provider.as_ref())
}

#[allow(clippy::ref_option, reason = "the signature is serde's")]
fn error_code<S: Serializer>(value: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    wrap(serializer, "ErrorCode", value.as_ref())
}

#[allow(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn size<S: Serializer>(value: &Option<u32>, serializer: S) -> Result<S::Ok, S::Error> {
    wrap(serializer, "Size", value.as_ref())
}

/// Environment variables.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Environment {
    /// Key and value. Empty where `error` is set: then the values are not readable.
    #[serde(serialize_with = "masked")]
    pub variables: BTreeMap<String, Secret>,
    /// Why the values could not be read, as AWS's error code. Saving would then wipe them.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "error_code")]
    pub error: Option<String>,
}

impl Environment {
    /// The variables with their values, for an output that was asked to reveal them.
    pub fn reveal(&self) -> BTreeMap<&str, &str> {
        self.variables.iter().map(|(key, value)| (key.as_str(), value.reveal())).collect()
    }
}

fn masked<S: Serializer>(variables: &BTreeMap<String, Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(variables.keys().map(|key| (key, ())))
}

/// A VPC attachment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Vpc {
    /// The VPC.
    pub vpc_id: String,
    /// Its subnets.
    pub subnet_ids: Vec<String>,
    /// Its security groups.
    pub security_group_ids: Vec<String>,
    /// Whether outbound IPv6 is allowed in dual-stack subnets.
    #[serde(rename = "Ipv6AllowedForDualStack")]
    pub ipv6: bool,
}

/// A layer of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Layer {
    /// ARN with the layer's version.
    pub arn: String,
    /// Size in bytes.
    pub code_size: u64,
}

/// A file system of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct FileSystem {
    /// Access point's ARN.
    pub arn: String,
    /// Where it is mounted, below `/mnt/`.
    pub local_mount_path: String,
}

/// Settings of a container image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Image {
    /// Overrides the image's entry point.
    pub entry_point: Vec<String>,
    /// Overrides the image's command.
    pub command: Vec<String>,
    /// Overrides the image's working directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_directory: Option<String>,
}

/// SnapStart settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SnapStart {
    /// `PublishedVersions` or `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apply_on: Option<String>,
    /// `On` or `Off`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optimization_status: Option<String>,
}

/// Log settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Logging {
    /// `Text` or `JSON`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_format: Option<String>,
    /// Least level of the function's own lines (JSON format only).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_log_level: Option<String>,
    /// Least level of the platform's lines (JSON format only).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_log_level: Option<String>,
    /// Log group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_group: Option<String>,
}

/// A function with what GetFunction tells beside the configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Details {
    /// The configuration.
    pub configuration: Function,
    /// Where the code lies: `S3`, `ECR`. The link itself grants access and is not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository_type: Option<String>,
    /// Container image's URI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_uri: Option<String>,
    /// Tags.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Why the tags could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags_error: Option<String>,
    /// Reserved concurrency; 0 means that every invocation is throttled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reserved_concurrency: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serialises_with_the_apis_names_and_without_values() {
        let function = Function {
            name: "checkout".into(),
            memory_mb: Some(512),
            tracing: Some("Active".into()),
            environment: Some(Environment {
                variables: BTreeMap::from([("TOKEN".to_owned(), Secret::new("canary"))]),
                error: None,
            }),
            state: State { state: Some("Active".into()), ..State::default() },
            ..Function::default()
        };
        let json = serde_json::to_value(&function).unwrap();
        assert_eq!(json["FunctionName"], "checkout");
        assert_eq!(json["MemorySize"], 512);
        assert_eq!(json["TracingConfig"]["Mode"], "Active");
        assert_eq!(json["State"], "Active");
        assert_eq!(json["Environment"]["Variables"]["TOKEN"], serde_json::Value::Null);
        assert!(!json.to_string().contains("canary"));
        assert!(!format!("{function:?}").contains("canary"));
    }

    #[test]
    fn an_update_shows_through_an_active_state() {
        let state = |state: &str, update: &str| State {
            state: Some(state.into()),
            last_update_status: Some(update.into()),
            ..State::default()
        };
        assert_eq!(state("Active", "InProgress").word(), "Updating");
        assert_eq!(state("Active", "InProgress").health(), Health::Changing);
        assert_eq!(state("Active", "Failed").health(), Health::Bad);
        assert_eq!(state("Pending", "InProgress").word(), "Pending");
        assert_eq!(state("SomethingNew", "Successful").health(), Health::Unknown);
        assert_eq!(state("SomethingNew", "Successful").word(), "SomethingNew");
    }
}
