//! From the SDK's types to `domain`'s. Texts are sanitised here, on their way in.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use aws_sdk_lambda::{
    operation::{
        get_function::GetFunctionOutput, publish_version::PublishVersionOutput,
        update_function_configuration::UpdateFunctionConfigurationOutput,
    },
    types::{AliasRoutingConfiguration, DestinationConfig, EnvironmentResponse, FunctionConfiguration},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::domain::{
    format,
    function::{
        Details, Environment, FileSystem, Function, Image, Layer, Logging, SnapStart, State, Summary, Vpc,
        default_log_group,
    },
    log_event::LogEvent,
    release::{Additional, Alias, EventInvoke},
    secret::Secret,
    text::sanitise,
};

/// Keeps one copy of texts that many rows share.
#[derive(Debug, Default)]
pub(super) struct Interner(HashSet<Arc<str>>);

impl Interner {
    fn get(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = Arc::from(text);
        self.0.insert(Arc::clone(&new));
        new
    }
}

fn clean(text: &str) -> String {
    sanitise(text).into_owned()
}

fn optional(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(clean)
}

fn all(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| clean(text)).collect()
}

fn positive<T>(number: T) -> u32
where
    u32: TryFrom<T>,
{
    u32::try_from(number).unwrap_or_default()
}

pub(super) fn summary(function: &FunctionConfiguration, names: &mut Interner) -> Summary {
    let name = clean(function.function_name().unwrap_or_default());
    let log_group = function.logging_config().and_then(|logging| optional(logging.log_group()));
    Summary {
        custom_log_group: log_group.filter(|group| *group != default_log_group(&name)).map(Into::into),
        name: name.into(),
        arn: clean(function.function_arn().unwrap_or_default()).into(),
        runtime: function.runtime().map(|runtime| names.get(&sanitise(runtime.as_str()))),
        architecture: names
            .get(&sanitise(function.architectures().first().map_or("x86_64", |found| found.as_str()))),
        memory_mb: function.memory_size().map_or(128, positive),
        timeout_s: function.timeout().map_or(3, positive),
        code_size: u64::try_from(function.code_size()).unwrap_or_default(),
        modified_ms: function
            .last_modified()
            .and_then(format::parse_last_modified)
            .map(jiff::Timestamp::as_millisecond),
        description: clean(function.description().unwrap_or_default()).into(),
        state: function.state().is_some().then(|| state(function)),
    }
}

/// The SDK has one type for a function's configuration in lists and one for each operation that answers it, all with
/// the same members.
macro_rules! configurations {
    ($($name:ident $state:ident $from:ty;)*) => {$(
        fn $state(function: &$from) -> State {
    State {
        state: function.state().map(|state| clean(state.as_str())),
        reason: optional(function.state_reason()),
        reason_code: function.state_reason_code().map(|code| clean(code.as_str())),
        last_update_status: function.last_update_status().map(|status| clean(status.as_str())),
        last_update_status_reason: optional(function.last_update_status_reason()),
        last_update_status_reason_code: function
            .last_update_status_reason_code()
            .map(|code| clean(code.as_str())),
    }
        }

        pub(super) fn $name(function: &$from) -> Function {
    Function {
        name: clean(function.function_name().unwrap_or_default()),
        arn: clean(function.function_arn().unwrap_or_default()),
        runtime: function.runtime().map(|runtime| clean(runtime.as_str())),
        role: optional(function.role()),
        handler: optional(function.handler()),
        code_size: u64::try_from(function.code_size()).unwrap_or_default(),
        description: optional(function.description()),
        timeout_s: function.timeout().map(positive),
        memory_mb: function.memory_size().map(positive),
        last_modified: optional(function.last_modified()),
        code_sha256: optional(function.code_sha256()),
        version: optional(function.version()),
        vpc: function.vpc_config().filter(|vpc| vpc.vpc_id().is_some_and(|id| !id.is_empty())).map(|vpc| {
            Vpc {
                vpc_id: clean(vpc.vpc_id().unwrap_or_default()),
                subnet_ids: all(vpc.subnet_ids()),
                security_group_ids: all(vpc.security_group_ids()),
                ipv6: vpc.ipv6_allowed_for_dual_stack().unwrap_or_default(),
            }
        }),
        dead_letter_arn: function.dead_letter_config().and_then(|letters| optional(letters.target_arn())),
        environment: function.environment().map(environment),
        kms_key_arn: optional(function.kms_key_arn()),
        tracing: function
            .tracing_config()
            .and_then(|tracing| tracing.mode())
            .map(|mode| clean(mode.as_str())),
        master_arn: optional(function.master_arn()),
        revision_id: optional(function.revision_id()),
        layers: function
            .layers()
            .iter()
            .map(|layer| Layer {
                arn: clean(layer.arn().unwrap_or_default()),
                code_size: u64::try_from(layer.code_size()).unwrap_or_default(),
            })
            .collect(),
        state: $state(function),
        file_systems: function
            .file_system_configs()
            .iter()
            .map(|system| FileSystem {
                arn: clean(system.arn()),
                local_mount_path: clean(system.local_mount_path()),
            })
            .collect(),
        signing_profile_version_arn: optional(function.signing_profile_version_arn()),
        signing_job_arn: optional(function.signing_job_arn()),
        package_type: function.package_type().map(|package| clean(package.as_str())),
        image: function.image_config_response().and_then(|image| image.image_config()).map(|image| Image {
            entry_point: all(image.entry_point()),
            command: all(image.command()),
            working_directory: optional(image.working_directory()),
        }),
        architectures: function.architectures().iter().map(|found| clean(found.as_str())).collect(),
        ephemeral_storage_mb: function.ephemeral_storage().map(|storage| positive(storage.size())),
        snap_start: function.snap_start().map(|snap| SnapStart {
            apply_on: snap.apply_on().map(|on| clean(on.as_str())),
            optimization_status: snap.optimization_status().map(|status| clean(status.as_str())),
        }),
        runtime_version_arn: function
            .runtime_version_config()
            .and_then(|version| optional(version.runtime_version_arn())),
        logging: function.logging_config().map(|logging| Logging {
            log_format: logging.log_format().map(|format| clean(format.as_str())),
            application_log_level: logging.application_log_level().map(|level| clean(level.as_str())),
            system_log_level: logging.system_log_level().map(|level| clean(level.as_str())),
            log_group: optional(logging.log_group()),
        }),
        tenant_isolation_mode: function
            .tenancy_config()
            .map(|tenancy| clean(tenancy.tenant_isolation_mode().as_str())),
        capacity_provider_arn: function
            .capacity_provider_config()
            .and_then(|provider| provider.lambda_managed_instances_capacity_provider_config())
            .map(|provider| clean(provider.capacity_provider_arn())),
    }
        }
    )*};
}

configurations! {
    function state FunctionConfiguration;
    updated updated_state UpdateFunctionConfigurationOutput;
    published published_state PublishVersionOutput;
}

fn environment(environment: &EnvironmentResponse) -> Environment {
    Environment {
        variables: environment
            .variables()
            .into_iter()
            .flatten()
            .map(|(key, value)| (clean(key), Secret::new(value.as_str())))
            .collect(),
        // The message may quote values; the code says enough.
        error: environment
            .error()
            .map(|error| optional(error.error_code()).unwrap_or_else(|| "unreadable".into())),
    }
}

pub(super) fn details(answer: &GetFunctionOutput) -> Details {
    let tags: Option<&HashMap<String, String>> = answer.tags();
    Details {
        configuration: answer.configuration().map(function).unwrap_or_default(),
        repository_type: answer.code().and_then(|code| optional(code.repository_type())),
        image_uri: answer.code().and_then(|code| optional(code.image_uri())),
        tags: tags
            .into_iter()
            .flatten()
            .map(|(key, value)| (clean(key), clean(value)))
            .collect::<BTreeMap<_, _>>(),
        tags_error: answer
            .tags_error()
            .map(|error| format!("{}: {}", clean(error.error_code()), clean(error.message()))),
        reserved_concurrency: answer
            .concurrency()
            .and_then(aws_sdk_lambda::types::Concurrency::reserved_concurrent_executions)
            .map(positive),
    }
}

/// An alias of its parts: each operation answers them in a type of its own.
pub(super) fn alias(
    name: Option<&str>,
    version: Option<&str>,
    description: Option<&str>,
    routing: Option<&AliasRoutingConfiguration>,
    revision_id: Option<&str>,
) -> Alias {
    let weights = routing.and_then(AliasRoutingConfiguration::additional_version_weights);
    Alias {
        name: clean(name.unwrap_or_default()),
        version: clean(version.unwrap_or_default()),
        // AWS has at most one.
        additional: weights
            .into_iter()
            .flatten()
            .next()
            .map(|(version, weight)| Additional { version: clean(version), weight: *weight }),
        description: clean(description.unwrap_or_default()),
        revision_id: optional(revision_id),
    }
}

/// Settings of asynchronous invocation of their parts.
pub(super) fn event_invoke(
    retries: Option<i32>,
    age_s: Option<i32>,
    destinations: Option<&DestinationConfig>,
) -> EventInvoke {
    EventInvoke {
        maximum_retry_attempts: retries.map(positive),
        maximum_event_age_s: age_s.map(positive),
        on_success: destinations
            .and_then(DestinationConfig::on_success)
            .and_then(|success| optional(success.destination())),
        on_failure: destinations
            .and_then(DestinationConfig::on_failure)
            .and_then(|failure| optional(failure.destination())),
    }
}

/// Decodes `LogResult`. AWS may cut the 4 KB in the middle of a character.
pub(super) fn log_tail(log_result: Option<&str>) -> String {
    log_result
        .and_then(|encoded| STANDARD.decode(encoded).ok())
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}

pub(super) fn log_event(group: &str, event: FilteredLogEvent) -> LogEvent {
    let timestamp = event.timestamp.unwrap_or_default();
    LogEvent {
        group: group.to_owned(),
        stream: clean(event.log_stream_name.as_deref().unwrap_or_default()),
        id: event.event_id.unwrap_or_default(),
        timestamp,
        ingestion_time: event.ingestion_time.unwrap_or(timestamp),
        message: event.message.unwrap_or_default(),
    }
}
