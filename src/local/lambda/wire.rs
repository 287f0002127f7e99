//! Lambda's JSON: what requests bring and how functions, versions and aliases are shown. What is absent is left out.

use std::{
    collections::BTreeMap,
    time::{Duration, UNIX_EPOCH},
};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use super::{
    error::Error,
    layers::LayerUse,
    names::Place,
    state::{Alias, EventConfig, FileSystem, ImageConfig, Phase, Release},
};
use crate::local::exec::runtime_version_arn;

// None of the inputs has `Debug`: environment values are in them.

/// CreateFunction.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateFunction {
    pub function_name: Option<String>,
    pub code: Option<CodeInput>,
    pub package_type: Option<String>,
    pub publish: Option<bool>,
    pub tags: Option<BTreeMap<String, String>>,
    pub architectures: Option<Vec<String>>,
    pub tenancy_config: Option<TenancyInput>,
    #[serde(flatten)]
    pub settings: SettingsInput,
}

/// `TenancyConfig`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TenancyInput {
    pub tenant_isolation_mode: Option<String>,
}

/// UpdateFunctionConfiguration.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UpdateConfiguration {
    pub revision_id: Option<String>,
    #[serde(flatten)]
    pub settings: SettingsInput,
}

/// UpdateFunctionCode.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UpdateCode {
    #[serde(flatten)]
    pub code: CodeInput,
    pub architectures: Option<Vec<String>>,
    pub publish: Option<bool>,
    pub dry_run: Option<bool>,
    pub revision_id: Option<String>,
}

/// Where code comes from.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CodeInput {
    /// Base64.
    pub zip_file: Option<String>,
    pub s3_bucket: Option<String>,
    pub s3_key: Option<String>,
    pub image_uri: Option<String>,
}

/// What CreateFunction and UpdateFunctionConfiguration share.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SettingsInput {
    pub role: Option<String>,
    pub runtime: Option<String>,
    pub handler: Option<String>,
    pub description: Option<String>,
    pub timeout: Option<i64>,
    pub memory_size: Option<i64>,
    pub environment: Option<EnvironmentInput>,
    pub ephemeral_storage: Option<SizeInput>,
    pub tracing_config: Option<TracingInput>,
    pub snap_start: Option<SnapStartInput>,
    #[serde(rename = "KMSKeyArn")]
    pub kms_key_arn: Option<String>,
    pub logging_config: Option<LoggingInput>,
    pub layers: Option<Vec<String>>,
    pub image_config: Option<ImageConfig>,
    pub vpc_config: Option<VpcInput>,
    pub dead_letter_config: Option<DeadLetterInput>,
    pub file_system_configs: Option<Vec<FileSystemInput>>,
    /// Of CreateFunction only.
    pub code_signing_config_arn: Option<String>,
    // What the engine has no counterpart for. Refused unless empty.
    pub capacity_provider_config: Option<Value>,
    pub durable_config: Option<Value>,
    pub publish_to: Option<Value>,
}

/// `Environment`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct EnvironmentInput {
    pub variables: Option<BTreeMap<String, String>>,
}

/// `VpcConfig`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct VpcInput {
    pub subnet_ids: Option<Vec<String>>,
    pub security_group_ids: Option<Vec<String>>,
    pub ipv6_allowed_for_dual_stack: Option<bool>,
}

/// `DeadLetterConfig`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeadLetterInput {
    pub target_arn: Option<String>,
}

/// An entry of `FileSystemConfigs`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct FileSystemInput {
    pub arn: Option<String>,
    pub local_mount_path: Option<String>,
}

/// `EphemeralStorage`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SizeInput {
    pub size: Option<i64>,
}

/// `TracingConfig`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TracingInput {
    pub mode: Option<String>,
}

/// `SnapStart`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SnapStartInput {
    pub apply_on: Option<String>,
}

/// `LoggingConfig`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct LoggingInput {
    pub log_format: Option<String>,
    pub application_log_level: Option<String>,
    pub system_log_level: Option<String>,
    pub log_group: Option<String>,
}

/// PublishVersion.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PublishVersion {
    pub code_sha256: Option<String>,
    pub description: Option<String>,
    pub revision_id: Option<String>,
}

/// CreateAlias and UpdateAlias.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AliasInput {
    pub name: Option<String>,
    pub function_version: Option<String>,
    pub description: Option<String>,
    pub routing_config: Option<RoutingInput>,
    pub revision_id: Option<String>,
}

/// `RoutingConfig`.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RoutingInput {
    pub additional_version_weights: Option<BTreeMap<String, f64>>,
}

/// PutFunctionConcurrency.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Concurrency {
    pub reserved_concurrent_executions: Option<i64>,
}

/// PutProvisionedConcurrencyConfig.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PutProvisioned {
    pub provisioned_concurrent_executions: Option<i64>,
}

/// PutFunctionEventInvokeConfig and UpdateFunctionEventInvokeConfig.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct EventConfigInput {
    pub maximum_retry_attempts: Option<i64>,
    pub maximum_event_age_in_seconds: Option<i64>,
    pub destination_config: Option<DestinationsInput>,
}

/// `DestinationConfig`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DestinationsInput {
    pub on_success: Option<DestinationInput>,
    pub on_failure: Option<DestinationInput>,
}

/// `OnSuccess` or `OnFailure`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DestinationInput {
    pub destination: Option<String>,
}

impl DestinationsInput {
    /// The ARN for successes; an empty one is none.
    pub fn success(&self) -> Option<&str> {
        self.on_success.as_ref()?.destination.as_deref().filter(|arn| !arn.is_empty())
    }

    /// The ARN for failures; an empty one is none.
    pub fn failure(&self) -> Option<&str> {
        self.on_failure.as_ref()?.destination.as_deref().filter(|arn| !arn.is_empty())
    }
}

/// TagResource.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagResource {
    pub tags: Option<BTreeMap<String, String>>,
}

/// Reads a request's body; an empty one is an empty object. The error says where it went wrong, not with which value.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| {
        let what =
            if error.is_data() { "a member has another type than expected" } else { "it is no valid JSON" };
        Error::content(format!(
            "Could not parse request body into json: {what} (line {}, column {})",
            error.line(),
            error.column()
        ))
    })
}

/// Whether a member says nothing: null, empty, or made of such.
pub(super) fn is_void(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.iter().all(is_void),
        Value::Object(members) => members.values().all(is_void),
        Value::Bool(flag) => !flag,
        Value::Number(_) => false,
    }
}

/// The VPC of every subnet. No real one is called so: the engine knows subnets by name only.
const VPC_ID: &str = "vpc-local";

/// How much of a version's state an answer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Show {
    /// Everything.
    Whole,
    /// As lists do: no State, LastUpdateStatus, RuntimeVersionConfig.
    Listed,
}

/// `FunctionConfiguration`.
pub(super) fn configuration(name: &str, arn: &str, release: &Release, place: &Place, show: Show) -> Value {
    let settings = &release.settings;
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| out.insert(key.to_owned(), value);
    put("FunctionName", json!(name));
    put("FunctionArn", json!(arn));
    put("Role", json!(settings.role));
    put("CodeSize", json!(release.code.size()));
    put("CodeSha256", json!(release.code.sha256()));
    put("Description", json!(settings.description));
    put("Timeout", json!(settings.timeout_s));
    put("MemorySize", json!(settings.memory_mb));
    put("LastModified", json!(release.last_modified));
    put("Version", json!(release.version));
    put("TracingConfig", json!({ "Mode": settings.tracing }));
    put("RevisionId", json!(release.revision_id));
    put("PackageType", json!(if release.code.image_uri().is_some() { "Image" } else { "Zip" }));
    put("Architectures", json!([release.code.architecture]));
    put("EphemeralStorage", json!({ "Size": settings.ephemeral_mb }));
    let optimized =
        settings.snap_start_on() && release.version != "$LATEST" && release.phase == Phase::Active;
    let optimization = if optimized { "On" } else { "Off" };
    put("SnapStart", json!({ "ApplyOn": settings.snap_start, "OptimizationStatus": optimization }));
    put("LoggingConfig", logging(release));
    if let Some(variables) = &settings.variables {
        let variables: BTreeMap<&str, &str> =
            variables.iter().map(|(key, value)| (key.as_str(), value.reveal())).collect();
        put("Environment", json!({ "Variables": variables }));
    }
    for (key, value) in
        [("Runtime", &settings.runtime), ("Handler", &settings.handler), ("KMSKeyArn", &settings.kms_key)]
    {
        if let Some(value) = value {
            put(key, json!(value));
        }
    }
    if settings.per_tenant {
        put("TenancyConfig", json!({ "TenantIsolationMode": "PER_TENANT" }));
    }
    if let Some(arn) = &settings.dead_letter {
        put("DeadLetterConfig", json!({ "TargetArn": arn }));
    }
    if let Some(vpc) = &settings.vpc {
        put(
            "VpcConfig",
            json!({
                "SubnetIds": vpc.subnets,
                "SecurityGroupIds": vpc.security_groups,
                "VpcId": if vpc.subnets.is_empty() { "" } else { VPC_ID },
                "Ipv6AllowedForDualStack": vpc.ipv6,
            }),
        );
    }
    if !settings.layers.is_empty() {
        let shown = |it: &LayerUse| json!({ "Arn": it.arn, "CodeSize": it.content.size() });
        put("Layers", settings.layers.iter().map(shown).collect());
    }
    if !settings.file_systems.is_empty() {
        let shown = |it: &FileSystem| json!({ "Arn": it.arn, "LocalMountPath": it.mount_path });
        put("FileSystemConfigs", settings.file_systems.iter().map(shown).collect());
    }
    if let Some(config) = &settings.image_config {
        put("ImageConfigResponse", json!({ "ImageConfig": config }));
    }
    if show == Show::Whole {
        if let Some(runtime) = settings.runtime.as_ref().filter(|_| release.code.image_uri().is_none()) {
            let arn = runtime_version_arn(&place.region, runtime);
            put("RuntimeVersionConfig", json!({ "RuntimeVersionArn": arn }));
        }
        put_state(&mut out, release.phase);
    }
    Value::Object(out)
}

fn logging(release: &Release) -> Value {
    let logging = &release.settings.logging;
    let mut out =
        json!({ "LogFormat": if logging.json { "JSON" } else { "Text" }, "LogGroup": logging.group });
    for (key, level) in
        [("ApplicationLogLevel", &logging.application_level), ("SystemLogLevel", &logging.system_level)]
    {
        if let Some(level) = level {
            out[key] = json!(level);
        }
    }
    out
}

fn put_state(out: &mut Map<String, Value>, phase: Phase) {
    let mut put = |key: &str, value: &str| out.insert(key.to_owned(), json!(value));
    // "created" is AWS's wording for an update, too.
    let reason = "The function is being created.";
    match phase {
        Phase::Pending(_) => {
            put("State", "Pending");
            put("StateReason", reason);
            put("StateReasonCode", "Creating");
        }
        Phase::Active => {
            put("State", "Active");
            put("LastUpdateStatus", "Successful");
        }
        Phase::InProgress(_) => {
            put("State", "Active");
            put("LastUpdateStatus", "InProgress");
            put("LastUpdateStatusReason", reason);
            put("LastUpdateStatusReasonCode", "Creating");
        }
    }
}

/// `AliasConfiguration`.
pub(super) fn alias(function: &str, alias: &Alias, place: &Place) -> Value {
    let mut out = json!({
        "AliasArn": place.arn(function, Some(&alias.name)),
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RevisionId": alias.revision_id,
    });
    if let Some((version, weight)) = &alias.second {
        out["RoutingConfig"] = json!({ "AdditionalVersionWeights": { version: weight } });
    }
    out
}

/// `FunctionEventInvokeConfig`.
pub(super) fn event_config(arn: &str, config: &EventConfig) -> Value {
    let since = config.last_modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    let since = Duration::from_millis(u64::try_from(since.as_millis()).unwrap_or_default());
    let destination = |arn: &Option<String>| match arn {
        Some(arn) => json!({ "Destination": arn }),
        None => json!({}),
    };
    let mut out = json!({
        "FunctionArn": arn,
        "LastModified": since.as_secs_f64(),
        "DestinationConfig": {
            "OnSuccess": destination(&config.on_success),
            "OnFailure": destination(&config.on_failure),
        },
    });
    for (key, value) in
        [("MaximumRetryAttempts", config.retries), ("MaximumEventAgeInSeconds", config.max_age_s)]
    {
        if let Some(value) = value {
            out[key] = json!(value);
        }
    }
    out
}
