//! Each change as the one request that it is. Only [`Session::write`] calls it.

use std::{collections::HashMap, time::Duration};

use aws_sdk_cloudwatchlogs::config::Builder as LogsSettings;
use aws_sdk_lambda::{
    config::Builder as LambdaSettings,
    error::BuildError,
    operation::update_function_configuration::builders::UpdateFunctionConfigurationFluentBuilder,
    types::{
        AliasRoutingConfiguration, ApplicationLogLevel, DeadLetterConfig, DestinationConfig,
        Environment as SdkEnvironment, EphemeralStorage, FileSystemConfig, ImageConfig, LogFormat,
        LoggingConfig, OnFailure, OnSuccess, Runtime, SnapStart, SnapStartApplyOn, SystemLogLevel,
        TracingConfig, TracingMode, VpcConfig,
    },
};
use aws_sdk_schemas::{config::Builder as SchemasSettings, types::Type as SchemaType};

use super::{
    Error, Kind, Session, convert,
    guard::Admit,
    recheck::Known,
    redact::Redaction,
    schemas::{Sharing, meanwhile, without_values},
    session::Patient,
};
use crate::domain::{
    change::{Change, Order, Variables, Written},
    function::default_log_group,
    release::{Additional, Alias, EventInvoke},
    settings::{Setting, Settings, lines},
    shareable::{REGISTRY, schema_name},
    text::sanitise,
};

/// Lambda answers a change in seconds; publishing large code takes longer.
const LIMIT: Duration = Duration::from_mins(1);

/// Sends a request of a client with these settings: once, with the mark that lets it pass.
macro_rules! once {
    ($session:expr, $settings:ty, $request:expr, $sent:expr) => {{
        let patient = Patient::of(LIMIT);
        let Sent { operation, what, redaction } = $sent;
        $request
            .customize()
            .config_override(
                <$settings>::new()
                    .retry_config(patient.retry)
                    .timeout_config(patient.timeout)
                    .stalled_stream_protection(patient.stalled),
            )
            .interceptor(Admit(operation))
            .send()
            .await
            .map_err(|error| $session.write_error(what, redaction, &error))
    }};
}

/// What a request is for.
#[derive(Clone, Copy)]
struct Sent<'a> {
    operation: &'static str,
    what: &'a str,
    redaction: &'a Redaction,
}

impl Session {
    /// Sends the request of a change that was agreed to and checked.
    pub(super) async fn send(
        &self,
        order: &Order,
        known: &Known,
        redaction: &Redaction,
    ) -> Result<Written, Error> {
        let (name, lambda) = (order.function.as_str(), self.lambda());
        let what = intent(order);
        let sent = Sent { operation: order.change.operation(), what: &what, redaction };
        let done = Written::default();
        Ok(match &order.change {
            Change::Environment { after, .. } => {
                let request = lambda.update_function_configuration().environment(environment(after));
                self.update(name, known, request, sent).await?
            }
            Change::Settings { before, after } => {
                let request = settings(name, before, after, lambda.update_function_configuration())
                    .map_err(|why| unsendable(&why))?;
                self.update(name, known, request, sent).await?
            }
            Change::ReservedConcurrency { after: Some(count), .. } => {
                let request = lambda
                    .put_function_concurrency()
                    .function_name(name)
                    .reserved_concurrent_executions(signed(*count));
                once!(self, LambdaSettings, request, sent).map(|_| done)?
            }
            Change::ReservedConcurrency { after: None, .. } => {
                let request = lambda.delete_function_concurrency().function_name(name);
                once!(self, LambdaSettings, request, sent).map(|_| done)?
            }
            Change::ProvisionedConcurrency { qualifier, after: Some(count), .. } => {
                let request = lambda
                    .put_provisioned_concurrency_config()
                    .function_name(name)
                    .qualifier(qualifier)
                    .provisioned_concurrent_executions(signed(*count));
                once!(self, LambdaSettings, request, sent).map(|_| done)?
            }
            Change::ProvisionedConcurrency { qualifier, after: None, .. } => {
                let request =
                    lambda.delete_provisioned_concurrency_config().function_name(name).qualifier(qualifier);
                once!(self, LambdaSettings, request, sent).map(|_| done)?
            }
            Change::EventInvoke { qualifier, after: Some(after), .. } => {
                let request = lambda
                    .put_function_event_invoke_config()
                    .function_name(name)
                    .set_qualifier(qualifier.clone())
                    .set_maximum_retry_attempts(after.maximum_retry_attempts.map(signed))
                    .set_maximum_event_age_in_seconds(after.maximum_event_age_s.map(signed))
                    .set_destination_config(destinations(after));
                once!(self, LambdaSettings, request, sent).map(|_| done)?
            }
            Change::EventInvoke { qualifier, after: None, .. } => {
                let request = lambda
                    .delete_function_event_invoke_config()
                    .function_name(name)
                    .set_qualifier(qualifier.clone());
                once!(self, LambdaSettings, request, sent).map(|_| done)?
            }
            Change::Tag { key, after: Some(value), .. } => {
                let request = lambda.tag_resource().set_resource(known.arn.clone()).tags(key, value);
                once!(self, LambdaSettings, request, sent).map(|_| done)?
            }
            Change::Tag { key, after: None, .. } => {
                let request = lambda.untag_resource().set_resource(known.arn.clone()).tag_keys(key);
                once!(self, LambdaSettings, request, sent).map(|_| done)?
            }
            Change::Publish { description, code_sha256 } => {
                let request = lambda
                    .publish_version()
                    .function_name(name)
                    .set_code_sha256(code_sha256.clone())
                    // Without one the version takes the function's.
                    .set_description((!description.is_empty()).then(|| description.clone()))
                    .set_revision_id(known.revision_id.clone());
                let function = convert::published(&once!(self, LambdaSettings, request, sent)?);
                Written { version: function.version.clone(), ..written(function) }
            }
            Change::Alias { name: alias, before, after } => {
                self.send_alias(name, alias, before.as_ref(), after.as_ref(), known, sent).await?
            }
            Change::DeleteVersion { version } => {
                let request = lambda.delete_function().function_name(name).qualifier(version);
                once!(self, LambdaSettings, request, sent).map(|_| done)?
            }
            Change::LogRetention { group, after: Some(days), .. } => {
                let request =
                    self.logs().put_retention_policy().log_group_name(group).retention_in_days(signed(*days));
                once!(self, LogsSettings, request, sent).map(|_| done)?
            }
            Change::LogRetention { group, after: None, .. } => {
                let request = self.logs().delete_retention_policy().log_group_name(group);
                once!(self, LogsSettings, request, sent).map(|_| done)?
            }
            Change::ShareableEvent { .. } => match &known.sharing {
                Some(sharing) => self.send_sharing(name, sharing, sent).await?,
                None => return Err(unsendable("the shareable events were not read")),
            },
        })
    }

    async fn update(
        &self,
        name: &str,
        known: &Known,
        request: UpdateFunctionConfigurationFluentBuilder,
        sent: Sent<'_>,
    ) -> Result<Written, Error> {
        let request = request.function_name(name).set_revision_id(known.revision_id.clone());
        Ok(written(convert::updated(&once!(self, LambdaSettings, request, sent)?)))
    }

    async fn send_alias(
        &self,
        function: &str,
        name: &str,
        before: Option<&Alias>,
        after: Option<&Alias>,
        known: &Known,
        sent: Sent<'_>,
    ) -> Result<Written, Error> {
        let lambda = self.lambda();
        let revision_id = match (before, after) {
            (None, Some(after)) => {
                let request = lambda
                    .create_alias()
                    .function_name(function)
                    .name(name)
                    .function_version(&after.version)
                    .set_description((!after.description.is_empty()).then(|| after.description.clone()))
                    .set_routing_config(after.additional.as_ref().map(|it| routing(Some(it))));
                once!(self, LambdaSettings, request, sent)?.revision_id
            }
            (Some(before), Some(after)) => {
                let changed = |differs: bool, text: &String| differs.then(|| text.clone());
                let request = lambda
                    .update_alias()
                    .function_name(function)
                    .name(name)
                    .set_function_version(changed(before.version != after.version, &after.version))
                    .set_description(changed(before.description != after.description, &after.description))
                    .set_routing_config(
                        (before.additional != after.additional).then(|| routing(after.additional.as_ref())),
                    )
                    .set_revision_id(known.revision_id.clone());
                once!(self, LambdaSettings, request, sent)?.revision_id
            }
            (_, None) => {
                let request = lambda.delete_alias().function_name(function).name(name);
                once!(self, LambdaSettings, request, sent)?;
                None
            }
        };
        Ok(Written { revision_id, ..Written::default() })
    }
}

impl Session {
    /// Makes the registry of shareable events.
    pub(super) async fn send_registry(&self, redaction: &Redaction) -> Result<Written, Error> {
        let what = format!("make the registry {REGISTRY}");
        let sent = Sent { operation: "CreateRegistry", what: &what, redaction };
        let request = self.schemas().create_registry().registry_name(REGISTRY);
        once!(self, SchemasSettings, request, sent).map(|_| Written::default())
    }

    async fn send_sharing(
        &self,
        function: &str,
        sharing: &Sharing,
        sent: Sent<'_>,
    ) -> Result<Written, Error> {
        let (schemas, schema) = (self.schemas(), schema_name(function));
        let sent = Sent { operation: sharing.operation(), ..sent };
        let version = match sharing {
            Sharing::Create { document, .. } => {
                let request = schemas
                    .create_schema()
                    .registry_name(REGISTRY)
                    .schema_name(schema)
                    .r#type(SchemaType::OpenApi3)
                    .content(document.content().reveal());
                match once!(self, SchemasSettings, request, sent) {
                    Ok(answer) => answer.schema_version,
                    // Somebody else has made it since it was looked for.
                    Err(error) if error.kind == Kind::Conflict => {
                        return Err(meanwhile(function, "made shareable events of"));
                    }
                    Err(error) => return Err(without_values(error, sent.what, document)),
                }
            }
            Sharing::Update { document, .. } => {
                let request = schemas
                    .update_schema()
                    .registry_name(REGISTRY)
                    .schema_name(schema)
                    .r#type(SchemaType::OpenApi3)
                    .content(document.content().reveal());
                match once!(self, SchemasSettings, request, sent) {
                    Ok(answer) => answer.schema_version,
                    Err(error) if error.kind == Kind::NotFound => {
                        return Err(meanwhile(function, "deleted all shareable events of"));
                    }
                    Err(error) => return Err(without_values(error, sent.what, document)),
                }
            }
            Sharing::Delete { base } => {
                // All versions go with it, also one that somebody else has written since: looked at once more.
                match self.stored_schema(function, None).await? {
                    Some(now) if now.document == *base => {}
                    Some(_) => return Err(meanwhile(function, "changed the shareable events of")),
                    None => return Err(meanwhile(function, "deleted all shareable events of")),
                }
                let request = schemas.delete_schema().registry_name(REGISTRY).schema_name(schema);
                match once!(self, SchemasSettings, request, sent) {
                    Ok(_) => None,
                    Err(error) if error.kind == Kind::NotFound => {
                        return Err(meanwhile(function, "deleted all shareable events of"));
                    }
                    Err(error) => return Err(without_values(error, sent.what, base)),
                }
            }
        };
        let revision_id = version.map(|version| sanitise(&version).into_owned());
        Ok(Written { revision_id, ..Written::default() })
    }
}

/// What was to be done, without a value: the beginning of an error.
fn intent(order: &Order) -> String {
    let name = &order.function;
    match &order.change {
        Change::Environment { .. } => format!("change the environment variables of {name}"),
        Change::Settings { .. } => format!("change the configuration of {name}"),
        Change::ReservedConcurrency { .. } => format!("change the reserved concurrency of {name}"),
        Change::ProvisionedConcurrency { qualifier, .. } => {
            format!("change the provisioned concurrency of {name}:{qualifier}")
        }
        Change::EventInvoke { .. } => format!("change the asynchronous invocation of {name}"),
        Change::Tag { key, after: Some(_), .. } => format!("set the tag {key} of {name}"),
        Change::Tag { key, after: None, .. } => format!("remove the tag {key} of {name}"),
        Change::Publish { .. } => format!("publish a version of {name}"),
        Change::Alias { name: alias, before: None, .. } => format!("create the alias {alias} of {name}"),
        Change::Alias { name: alias, after: Some(_), .. } => format!("change the alias {alias} of {name}"),
        Change::Alias { name: alias, .. } => format!("delete the alias {alias} of {name}"),
        Change::DeleteVersion { version } => format!("delete version {version} of {name}"),
        Change::LogRetention { group, .. } => format!("change the retention of {group}"),
        Change::ShareableEvent { name: event, before, after } => {
            let verb = match (before, after) {
                (None, _) => "share",
                (_, None) => "delete",
                _ => "change",
            };
            format!("{verb} the shareable event {} of {name}", sanitise(event))
        }
    }
}

fn written(function: crate::domain::function::Function) -> Written {
    Written {
        revision_id: function.revision_id.clone(),
        function: Some(Box::new(function)),
        ..Written::default()
    }
}

fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn unsendable(why: &str) -> Error {
    Error::new(Kind::Invalid, format!("nothing was sent: {why}"))
}

/// The whole map: an update replaces it.
fn environment(variables: &Variables) -> SdkEnvironment {
    let map: HashMap<String, String> =
        variables.iter().map(|(key, value)| (key.clone(), value.reveal().to_owned())).collect();
    SdkEnvironment::builder().set_variables(Some(map)).build()
}

/// Weights; an empty map takes them away.
fn routing(additional: Option<&Additional>) -> AliasRoutingConfiguration {
    let weights = additional.map(|it| (it.version.clone(), it.weight)).into_iter().collect();
    AliasRoutingConfiguration::builder().set_additional_version_weights(Some(weights)).build()
}

fn destinations(settings: &EventInvoke) -> Option<DestinationConfig> {
    let (success, failure) = (&settings.on_success, &settings.on_failure);
    (success.is_some() || failure.is_some()).then(|| {
        DestinationConfig::builder()
            .set_on_success(success.as_ref().map(|arn| OnSuccess::builder().destination(arn).build()))
            .set_on_failure(failure.as_ref().map(|arn| OnFailure::builder().destination(arn).build()))
            .build()
    })
}

/// The request's members of which a setting differs. A member that holds several settings is sent whole: what it leaves
/// out would fall back to its default.
///
/// # Errors
/// What can't be sent, in words; no value in it.
fn settings(
    function: &str,
    before: &Settings,
    after: &Settings,
    mut request: UpdateFunctionConfigurationFluentBuilder,
) -> Result<UpdateFunctionConfigurationFluentBuilder, String> {
    let changed: Vec<Setting> =
        before.changed(after).into_iter().filter(|setting| after.get(*setting).is_some()).collect();
    if changed.is_empty() {
        return Err("nothing is to be changed".into());
    }
    let mut blocks: Vec<&str> = Vec::new();
    for setting in changed {
        let text = after.get(setting).unwrap_or_default();
        let number = || {
            text.parse::<i32>()
                .map_err(|_| format!("the {} is no whole number", setting.label().to_lowercase()))
        };
        request = match setting {
            Setting::Description => request.description(text),
            Setting::Memory => request.memory_size(number()?),
            Setting::Timeout => request.timeout(number()?),
            Setting::EphemeralStorage => {
                let storage =
                    EphemeralStorage::builder().size(number()?).build().map_err(|error| whole(&error))?;
                request.ephemeral_storage(storage)
            }
            Setting::Runtime => request.runtime(Runtime::from(text)),
            Setting::Handler => request.handler(text),
            Setting::Layers => request.set_layers(Some(words(text))),
            Setting::SnapStart => {
                request.snap_start(SnapStart::builder().apply_on(SnapStartApplyOn::from(text)).build())
            }
            Setting::Role => request.role(text),
            Setting::KmsKey => request.kms_key_arn(text),
            Setting::Tracing => {
                request.tracing_config(TracingConfig::builder().mode(TracingMode::from(text)).build())
            }
            Setting::DeadLetter => {
                request.dead_letter_config(DeadLetterConfig::builder().target_arn(text).build())
            }
            Setting::FileSystems => request.set_file_system_configs(Some(file_systems(text)?)),
            Setting::ImageEntryPoint
            | Setting::ImageCommand
            | Setting::ImageWorkingDirectory
            | Setting::Subnets
            | Setting::SecurityGroups
            | Setting::Ipv6
            | Setting::LogFormat
            | Setting::ApplicationLogLevel
            | Setting::SystemLogLevel
            | Setting::LogGroup => {
                let block = setting.member().split_once('.').map_or(setting.member(), |(block, _)| block);
                if !blocks.contains(&block) {
                    blocks.push(block);
                }
                request
            }
        };
    }
    for block in blocks {
        request = match block {
            "ImageConfig" => request.image_config(image(after)),
            "VpcConfig" => request.vpc_config(vpc(after)),
            _ => request.logging_config(logging(function, after)),
        };
    }
    Ok(request)
}

fn whole(error: &BuildError) -> String {
    error.to_string()
}

fn words(text: &str) -> Vec<String> {
    lines(text).map(str::to_owned).collect()
}

fn file_systems(text: &str) -> Result<Vec<FileSystemConfig>, String> {
    lines(text)
        .map(|line| {
            let (arn, path) =
                line.split_once(char::is_whitespace).ok_or("a file system has an ARN and a path")?;
            FileSystemConfig::builder()
                .arn(arn)
                .local_mount_path(path.trim())
                .build()
                .map_err(|error| whole(&error))
        })
        .collect()
}

/// Empty lists and an empty text take what the image has.
fn image(after: &Settings) -> ImageConfig {
    let of = |setting| after.get(setting).unwrap_or_default();
    ImageConfig::builder()
        .set_entry_point(Some(words(of(Setting::ImageEntryPoint))))
        .set_command(Some(words(of(Setting::ImageCommand))))
        .working_directory(of(Setting::ImageWorkingDirectory))
        .build()
}

/// Empty lists leave the VPC.
fn vpc(after: &Settings) -> VpcConfig {
    let of = |setting| words(after.get(setting).unwrap_or_default());
    let subnets = of(Setting::Subnets);
    let ipv6 = (!subnets.is_empty()).then(|| after.get(Setting::Ipv6) == Some("true"));
    VpcConfig::builder()
        .set_subnet_ids(Some(subnets))
        .set_security_group_ids(Some(of(Setting::SecurityGroups)))
        .set_ipv6_allowed_for_dual_stack(ipv6)
        .build()
}

/// The levels exist with the JSON format only.
fn logging(function: &str, after: &Settings) -> LoggingConfig {
    let of = |setting| after.get(setting).filter(|text| !text.is_empty());
    let is_json = of(Setting::LogFormat) == Some("JSON");
    let level = |setting| of(setting).filter(|_| is_json);
    let group = of(Setting::LogGroup).map_or_else(|| default_log_group(function), str::to_owned);
    LoggingConfig::builder()
        .set_log_format(of(Setting::LogFormat).map(LogFormat::from))
        .set_application_log_level(level(Setting::ApplicationLogLevel).map(ApplicationLogLevel::from))
        .set_system_log_level(level(Setting::SystemLogLevel).map(SystemLogLevel::from))
        .log_group(group)
        .build()
}
