//! A function's settings: what they begin as, how a request changes them, and what it may ask for.

use super::{
    code_signing,
    error::Error,
    names::Place,
    state::{FileSystem, Logging, Settings, Vpc},
    validate::{self, Violations},
    wire::{self, SettingsInput, VpcInput},
};
use crate::domain::secret::Secret;

impl Logging {
    /// Switches the format. The levels exist with JSON only, where INFO is what AWS begins with.
    pub fn set_json(&mut self, json: bool) {
        let level = |present: Option<String>| json.then(|| present.unwrap_or_else(|| "INFO".to_owned()));
        self.application_level = level(self.application_level.take());
        self.system_level = level(self.system_level.take());
        self.json = json;
    }
}

impl Settings {
    /// What a new function has where the request says nothing.
    pub fn initial(name: &str) -> Self {
        Self {
            role: String::new(),
            runtime: None,
            handler: None,
            description: String::new(),
            timeout_s: 3,
            memory_mb: 128,
            ephemeral_mb: 512,
            variables: None,
            tracing: "PassThrough".to_owned(),
            snap_start: "None".to_owned(),
            kms_key: None,
            logging: Logging {
                json: false,
                application_level: None,
                system_level: None,
                group: format!("/aws/lambda/{name}"),
            },
            image_config: None,
            dead_letter: None,
            vpc: None,
            file_systems: Vec::new(),
            layers: Vec::new(),
            per_tenant: false,
        }
    }
}

/// The settings with what a request changes of them, its layers apart. The request is known to be valid.
pub(super) fn apply(mut settings: Settings, input: &SettingsInput, name: &str) -> Settings {
    let number = |value: i64| u32::try_from(value).unwrap_or_default();
    if let Some(role) = &input.role {
        settings.role.clone_from(role);
    }
    if input.runtime.is_some() {
        settings.runtime.clone_from(&input.runtime);
    }
    if input.handler.is_some() {
        settings.handler.clone_from(&input.handler);
    }
    if let Some(description) = &input.description {
        settings.description.clone_from(description);
    }
    if let Some(timeout) = input.timeout {
        settings.timeout_s = number(timeout);
    }
    if let Some(memory) = input.memory_size {
        settings.memory_mb = number(memory);
    }
    if let Some(size) = input.ephemeral_storage.as_ref().and_then(|storage| storage.size) {
        settings.ephemeral_mb = number(size);
    }
    // The map is replaced as a whole.
    if let Some(environment) = &input.environment {
        let variables = environment.variables.iter().flatten();
        settings.variables =
            Some(variables.map(|(key, value)| (key.clone(), Secret::from(value.as_str()))).collect());
    }
    if let Some(mode) = input.tracing_config.as_ref().and_then(|config| config.mode.as_ref()) {
        settings.tracing.clone_from(mode);
    }
    if let Some(apply_on) = input.snap_start.as_ref().and_then(|config| config.apply_on.as_ref()) {
        settings.snap_start.clone_from(apply_on);
    }
    if let Some(key) = &input.kms_key_arn {
        settings.kms_key = (!key.is_empty()).then(|| key.clone());
    }
    if let Some(config) = &input.image_config {
        settings.image_config = config.clone().without_voids();
    }
    if let Some(config) = &input.dead_letter_config {
        settings.dead_letter = config.target_arn.clone().filter(|arn| !arn.is_empty());
    }
    if let Some(vpc) = &input.vpc_config {
        settings.vpc = vpc_of(vpc, settings.vpc.as_ref());
    }
    if let Some(systems) = &input.file_system_configs {
        let system = |it: &wire::FileSystemInput| FileSystem {
            arn: it.arn.clone().unwrap_or_default(),
            mount_path: it.local_mount_path.clone().unwrap_or_default(),
        };
        settings.file_systems = systems.iter().map(system).collect();
    }
    if let Some(logging) = &input.logging_config {
        let present = &mut settings.logging;
        if logging.application_log_level.is_some() {
            present.application_level.clone_from(&logging.application_log_level);
        }
        if logging.system_log_level.is_some() {
            present.system_level.clone_from(&logging.system_log_level);
        }
        present.set_json(logging.log_format.as_deref().map_or(present.json, |format| format == "JSON"));
        if let Some(group) = &logging.log_group {
            present.group = if group.is_empty() { format!("/aws/lambda/{name}") } else { group.clone() };
        }
    }
    settings
}

/// `VpcConfig` is replaced as a whole. Empty lists remove it, and then show where it was.
fn vpc_of(input: &VpcInput, present: Option<&Vpc>) -> Option<Vpc> {
    let list = |list: &Option<Vec<String>>| list.clone().unwrap_or_default();
    let (subnets, security_groups) = (list(&input.subnet_ids), list(&input.security_group_ids));
    if subnets.is_empty() {
        return present.map(|_| Vpc::default());
    }
    Some(Vpc { subnets, security_groups, ipv6: input.ipv6_allowed_for_dual_stack == Some(true) })
}

/// What the service model says of a function's settings.
pub(super) fn check_model(input: &SettingsInput, violations: &mut Violations) {
    validate::check_role(input.role.as_deref(), violations);
    validate::check_handler(input.handler.as_deref(), violations);
    if let Some(description) = &input.description {
        violations.at_most(description, "description", 256);
    }
    violations.between(input.timeout, "timeout", 1, 900);
    violations.between(input.memory_size, "memorySize", 128, 32_768);
    let size = input.ephemeral_storage.as_ref().and_then(|storage| storage.size);
    violations.between(size, "ephemeralStorage.size", 512, 10_240);
    if let Some(variables) = input.environment.as_ref().and_then(|environment| environment.variables.as_ref())
    {
        validate::check_variable_names(variables, violations);
    }
    if let Some(vpc) = &input.vpc_config {
        validate::check_vpc(vpc, violations);
    }
    let target = input.dead_letter_config.as_ref().and_then(|config| config.target_arn.as_deref());
    validate::check_resource_arn(target, "deadLetterConfig.targetArn", violations);
    validate::check_resource_arn(input.kms_key_arn.as_deref(), "kMSKeyArn", violations);
    if let Some(systems) = &input.file_system_configs {
        validate::check_file_systems(systems, violations);
    }
    if let Some(directory) = input.image_config.as_ref().and_then(|config| config.working_directory.as_ref())
    {
        violations.at_most(directory, "imageConfig.workingDirectory", 1000);
    }
    if let Some(layers) = &input.layers {
        validate::check_layer_arns(layers, violations);
    }
    let tracing = input.tracing_config.as_ref().and_then(|config| config.mode.as_deref());
    let signing = input.code_signing_config_arn.as_deref().filter(|arn| !arn.is_empty());
    code_signing::check_config_arn(signing, violations);
    violations.one_of(tracing, "tracingConfig.mode", &["Active", "PassThrough"]);
    let apply_on = input.snap_start.as_ref().and_then(|config| config.apply_on.as_deref());
    violations.one_of(apply_on, "snapStart.applyOn", &["PublishedVersions", "None"]);
    if let Some(logging) = &input.logging_config {
        violations.one_of(logging.log_format.as_deref(), "loggingConfig.logFormat", &["JSON", "Text"]);
        violations.one_of(
            logging.application_log_level.as_deref(),
            "loggingConfig.applicationLogLevel",
            &["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"],
        );
        let levels = ["DEBUG", "INFO", "WARN"];
        violations.one_of(logging.system_log_level.as_deref(), "loggingConfig.systemLogLevel", &levels);
        if let Some(group) = &logging.log_group {
            violations.at_most(group, "loggingConfig.logGroup", 512);
            if !group.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_/#".contains(&byte)) {
                let rule = r"Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+";
                violations.add(group, "loggingConfig.logGroup", rule);
            }
        }
    }
}

/// What the service says beyond its model.
pub(super) fn check_service(input: &SettingsInput, place: &Place) -> Result<(), Error> {
    validate::check_runtime(input.runtime.as_deref())?;
    if input.memory_size.is_some_and(|memory| memory > 10_240) {
        // The model goes further, for managed instances.
        return Err(Error::invalid(
            "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 10240",
        ));
    }
    if let Some(variables) = input.environment.as_ref().and_then(|environment| environment.variables.as_ref())
    {
        validate::check_variables(variables)?;
    }
    if let Some(vpc) = &input.vpc_config {
        let void = |list: &Option<Vec<String>>| list.as_ref().is_none_or(Vec::is_empty);
        if void(&vpc.subnet_ids) != void(&vpc.security_group_ids) {
            return Err(Error::invalid("SubnetIds and SecurityIds must coexist or be both empty list."));
        }
    }
    let target = input.dead_letter_config.as_ref().and_then(|config| config.target_arn.as_deref());
    validate::check_dead_letter(target, place)?;
    let text_format = input.logging_config.as_ref().is_some_and(|logging| {
        logging.log_format.as_deref() == Some("Text")
            && (logging.application_log_level.is_some() || logging.system_log_level.is_some())
    });
    if text_format {
        return Err(Error::invalid("Log levels can be set only with the JSON log format."));
    }
    let foreign = [
        ("CapacityProviderConfig", &input.capacity_provider_config),
        ("DurableConfig", &input.durable_config),
        ("PublishTo", &input.publish_to),
    ];
    match foreign.iter().find(|(_, value)| value.as_ref().is_some_and(|value| !wire::is_void(value))) {
        Some((member, _)) => Err(Error::invalid(format!("{member} is not supported by the local engine."))),
        None => Ok(()),
    }
}

/// What the service says of the settings as a whole, however they came about.
pub(super) fn check_whole(settings: &Settings, image: bool) -> Result<(), Error> {
    let in_vpc = settings.vpc.as_ref().is_some_and(|vpc| !vpc.subnets.is_empty());
    if let Some(system) = settings.file_systems.first().filter(|_| !in_vpc) {
        return Err(Error::invalid(format!(
            "Function must be configured to execute in a VPC to reference access point {}. Please update the function \
             configuration to include VPC subnets and security groups.",
            system.arn
        )));
    }
    if settings.per_tenant && settings.snap_start_on() {
        return Err(Error::invalid("SnapStart is not supported for functions with tenant isolation."));
    }
    if settings.snap_start_on() {
        let runtime = settings.runtime.as_deref().unwrap_or_default();
        let what = if image { "ContainerImage" } else { runtime };
        if !SNAP_START_RUNTIMES.contains(&what) {
            return Err(Error::invalid(format!("{what} is not supported for SnapStart enabled functions.")));
        }
    }
    Ok(())
}

/// Runtimes that AWS makes snapshots of.
const SNAP_START_RUNTIMES: &[&str] = &[
    "java11",
    "java17",
    "java21",
    "java25",
    "python3.12",
    "python3.13",
    "python3.14",
    "dotnet8",
    "dotnet10",
];

/// What may not be set on a package of the other kind. AWS's words are known for code only; these follow them.
pub(super) fn check_package_of_update(input: &SettingsInput, image: bool) -> Result<(), Error> {
    let layers = input.layers.as_ref().is_some_and(|layers| !layers.is_empty());
    if image && (input.runtime.is_some() || input.handler.is_some() || layers) {
        return Err(Error::invalid(
            "Please don't provide Handler or Runtime or Layer when updating a function with packageType Image.",
        ));
    }
    if !image && input.image_config.is_some() {
        return Err(Error::invalid(
            "Please don't provide ImageConfig when updating a function with packageType Zip.",
        ));
    }
    Ok(())
}

/// What a zip must have and an image must not.
pub(super) fn check_package(input: &SettingsInput, image: bool) -> Result<(), Error> {
    let void = |text: &Option<String>| text.as_deref().is_none_or(str::is_empty);
    let layers = input.layers.as_ref().is_some_and(|layers| !layers.is_empty());
    if image && (layers || !(void(&input.runtime) && void(&input.handler))) {
        return Err(Error::invalid(
            "Please don't provide Handler or Runtime or Layer when the intent is to create a function with packageType \
             Image.",
        ));
    }
    if !image && (void(&input.runtime) || void(&input.handler)) {
        return Err(Error::invalid(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
        ));
    }
    Ok(())
}
