//! The settings that UpdateFunctionConfiguration can change, each as a text with its rule. One table, [`Setting`], is
//! what the form, the diff, the journal and the request derive from.
//!
//! Environment variables are not among them: their values are secrets and have a type of their own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    function::Function,
    name::{
        MAX_LAYERS, check_description, check_ephemeral_storage, check_handler, check_layers, check_memory,
        check_timeout,
    },
};

/// A setting. The order is that of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Setting {
    /// Description.
    Description,
    /// Memory in MB.
    Memory,
    /// Time-out in seconds.
    Timeout,
    /// Size of `/tmp` in MB.
    EphemeralStorage,
    /// Runtime identifier.
    Runtime,
    /// Handler.
    Handler,
    /// Layer version ARNs in order, one in a line.
    Layers,
    /// SnapStart.
    SnapStart,
    /// Container image: entry point, one word in a line.
    ImageEntryPoint,
    /// Container image: command, one word in a line.
    ImageCommand,
    /// Container image: working directory.
    ImageWorkingDirectory,
    /// Execution role's ARN.
    Role,
    /// Key for the environment variables.
    KmsKey,
    /// Subnets, one in a line.
    Subnets,
    /// Security groups, one in a line.
    SecurityGroups,
    /// Outbound IPv6 in dual-stack subnets.
    Ipv6,
    /// File systems, `ARN PATH` in a line.
    FileSystems,
    /// Log format.
    LogFormat,
    /// Least level of the function's own lines.
    ApplicationLogLevel,
    /// Least level of the platform's lines.
    SystemLogLevel,
    /// Log group.
    LogGroup,
    /// X-Ray.
    Tracing,
    /// Queue or topic for events that failed.
    DeadLetter,
}

/// How a setting is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text of one line.
    Text,
    /// A whole number.
    Number,
    /// One of these. Others that AWS may know by now can be typed.
    Choice(&'static [&'static str]),
    /// Several lines.
    Lines,
}

impl Setting {
    /// All settings in the form's order.
    pub const ALL: [Self; 23] = [
        Self::Description,
        Self::Memory,
        Self::Timeout,
        Self::EphemeralStorage,
        Self::Runtime,
        Self::Handler,
        Self::Layers,
        Self::SnapStart,
        Self::ImageEntryPoint,
        Self::ImageCommand,
        Self::ImageWorkingDirectory,
        Self::Role,
        Self::KmsKey,
        Self::Subnets,
        Self::SecurityGroups,
        Self::Ipv6,
        Self::FileSystems,
        Self::LogFormat,
        Self::ApplicationLogLevel,
        Self::SystemLogLevel,
        Self::LogGroup,
        Self::Tracing,
        Self::DeadLetter,
    ];

    /// Its name for people: the console's.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Description => "Description",
            Self::Memory => "Memory",
            Self::Timeout => "Timeout",
            Self::EphemeralStorage => "Ephemeral storage",
            Self::Runtime => "Runtime",
            Self::Handler => "Handler",
            Self::Layers => "Layers",
            Self::SnapStart => "SnapStart",
            Self::ImageEntryPoint => "Entry point",
            Self::ImageCommand => "Command",
            Self::ImageWorkingDirectory => "Working directory",
            Self::Role => "Execution role",
            Self::KmsKey => "KMS key",
            Self::Subnets => "Subnets",
            Self::SecurityGroups => "Security groups",
            Self::Ipv6 => "IPv6 in dual-stack subnets",
            Self::FileSystems => "File systems",
            Self::LogFormat => "Log format",
            Self::ApplicationLogLevel => "Application log level",
            Self::SystemLogLevel => "System log level",
            Self::LogGroup => "Log group",
            Self::Tracing => "Tracing",
            Self::DeadLetter => "Dead-letter queue",
        }
    }

    /// Its member of the UpdateFunctionConfiguration request.
    #[must_use]
    pub fn member(self) -> &'static str {
        match self {
            Self::Description => "Description",
            Self::Memory => "MemorySize",
            Self::Timeout => "Timeout",
            Self::EphemeralStorage => "EphemeralStorage.Size",
            Self::Runtime => "Runtime",
            Self::Handler => "Handler",
            Self::Layers => "Layers",
            Self::SnapStart => "SnapStart.ApplyOn",
            Self::ImageEntryPoint => "ImageConfig.EntryPoint",
            Self::ImageCommand => "ImageConfig.Command",
            Self::ImageWorkingDirectory => "ImageConfig.WorkingDirectory",
            Self::Role => "Role",
            Self::KmsKey => "KMSKeyArn",
            Self::Subnets => "VpcConfig.SubnetIds",
            Self::SecurityGroups => "VpcConfig.SecurityGroupIds",
            Self::Ipv6 => "VpcConfig.Ipv6AllowedForDualStack",
            Self::FileSystems => "FileSystemConfigs",
            Self::LogFormat => "LoggingConfig.LogFormat",
            Self::ApplicationLogLevel => "LoggingConfig.ApplicationLogLevel",
            Self::SystemLogLevel => "LoggingConfig.SystemLogLevel",
            Self::LogGroup => "LoggingConfig.LogGroup",
            Self::Tracing => "TracingConfig.Mode",
            Self::DeadLetter => "DeadLetterConfig.TargetArn",
        }
    }

    /// What may be entered, in words.
    #[must_use]
    pub fn rule(self) -> &'static str {
        match self {
            Self::Description => "at most 256 characters",
            Self::Memory => "128 to 10,240 MB",
            Self::Timeout => "1 to 900 seconds",
            Self::EphemeralStorage => "512 to 10,240 MB",
            Self::Runtime => "a runtime identifier, such as python3.13",
            Self::Handler => "at most 128 characters, no white space",
            Self::Layers => "at most 5 layer version ARNs, one in a line",
            Self::SnapStart => "PublishedVersions or None",
            Self::ImageEntryPoint | Self::ImageCommand => "one word in a line; empty: what the image has",
            Self::ImageWorkingDirectory => "at most 1,000 characters; empty: what the image has",
            Self::Role => "the ARN of a role that Lambda may assume",
            Self::KmsKey => "the ARN of a key; empty: the one that AWS manages",
            Self::Subnets => "at most 16 subnet ids, one in a line; empty: no VPC",
            Self::SecurityGroups => "at most 5 security group ids, one in a line",
            Self::Ipv6 => "true or false",
            Self::FileSystems => "an access point's ARN and a path below /mnt/, at most one",
            Self::LogFormat => "Text or JSON",
            Self::ApplicationLogLevel => {
                "TRACE, DEBUG, INFO, WARN, ERROR or FATAL; with the JSON format only"
            }
            Self::SystemLogLevel => "DEBUG, INFO or WARN; with the JSON format only",
            Self::LogGroup => "letters, digits and ._-/#, at most 512; empty: /aws/lambda/NAME",
            Self::Tracing => "Active or PassThrough",
            Self::DeadLetter => "the ARN of an SQS queue or SNS topic; empty: none",
        }
    }

    /// How it is entered.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Memory | Self::Timeout | Self::EphemeralStorage => Kind::Number,
            Self::SnapStart => Kind::Choice(&["None", "PublishedVersions"]),
            Self::Ipv6 => Kind::Choice(&["false", "true"]),
            Self::LogFormat => Kind::Choice(&["Text", "JSON"]),
            Self::ApplicationLogLevel => Kind::Choice(&["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]),
            Self::SystemLogLevel => Kind::Choice(&["DEBUG", "INFO", "WARN"]),
            Self::Tracing => Kind::Choice(&["PassThrough", "Active"]),
            Self::Layers
            | Self::ImageEntryPoint
            | Self::ImageCommand
            | Self::Subnets
            | Self::SecurityGroups
            | Self::FileSystems => Kind::Lines,
            _ => Kind::Text,
        }
    }

    /// The unit that its number is in.
    #[must_use]
    pub fn unit(self) -> Option<&'static str> {
        match self {
            Self::Memory | Self::EphemeralStorage => Some("MB"),
            Self::Timeout => Some("s"),
            _ => None,
        }
    }

    /// Whether its values may be written into the journal: numbers and words of AWS's own, no free texts.
    #[must_use]
    pub fn is_recorded(self) -> bool {
        matches!(self.kind(), Kind::Number | Kind::Choice(_)) || self == Self::Runtime
    }

    /// Whether the function's kind has this setting: container images have no runtime, zip files no entry point.
    #[must_use]
    pub fn applies_to(self, function: &Function) -> bool {
        let image = function.package_type.as_deref() == Some("Image");
        match self {
            Self::Runtime | Self::Handler | Self::Layers | Self::SnapStart => !image,
            Self::ImageEntryPoint | Self::ImageCommand | Self::ImageWorkingDirectory => image,
            _ => true,
        }
    }

    /// Checks a text by the setting's rule.
    ///
    /// # Errors
    /// What is wrong and what to do, without the text itself.
    pub fn check(self, text: &str) -> Result<(), String> {
        let said = |result: Result<(), super::name::RuleError>| result.map_err(|error| error.to_string());
        let number = || {
            text.trim().parse::<i64>().map_err(|_| {
                let label = self.label().to_lowercase();
                format!("the {label} is no whole number: {}; type digits only", self.rule())
            })
        };
        match self {
            Self::Description => said(check_description(text)),
            Self::Memory => said(check_memory(number()?)),
            Self::Timeout => said(check_timeout(number()?)),
            Self::EphemeralStorage => said(check_ephemeral_storage(number()?)),
            Self::Handler => said(check_handler(text)),
            Self::Runtime if text.is_empty() => Err("the runtime is empty: type an identifier".into()),
            Self::Runtime => no_space(self, text),
            Self::Layers => {
                said(check_layers(lines(text).count()))?;
                lines(text).try_for_each(|line| arn(self, line, "lambda"))
            }
            Self::Role if text.is_empty() => Err("the execution role is empty: a function needs one".into()),
            Self::Role => arn(self, text, "iam"),
            Self::KmsKey | Self::DeadLetter if text.is_empty() => Ok(()),
            Self::KmsKey => arn(self, text, "kms"),
            Self::DeadLetter => arn(self, text, "sqs").or_else(|_| arn(self, text, "sns")).map_err(|_| {
                "the dead-letter queue is no ARN of SQS or SNS: type arn:aws:sqs:REGION:ACCOUNT:NAME".into()
            }),
            Self::Subnets => ids(self, text, "subnet-", 16),
            Self::SecurityGroups => ids(self, text, "sg-", 5),
            Self::FileSystems => file_systems(text),
            Self::LogGroup => log_group(text),
            Self::ImageWorkingDirectory if text.chars().count() > 1000 => {
                Err("the working directory has more than 1,000 characters: shorten it".into())
            }
            Self::ImageWorkingDirectory | Self::ImageEntryPoint | Self::ImageCommand => Ok(()),
            Self::SnapStart
            | Self::Ipv6
            | Self::LogFormat
            | Self::ApplicationLogLevel
            | Self::SystemLogLevel
            | Self::Tracing => self.choice(text),
        }
    }

    fn choice(self, text: &str) -> Result<(), String> {
        let Kind::Choice(choices) = self.kind() else { return Ok(()) };
        // The levels are absent with the Text format.
        let absent = text.is_empty() && matches!(self, Self::ApplicationLogLevel | Self::SystemLogLevel);
        if absent || choices.contains(&text) {
            return Ok(());
        }
        Err(format!("the {} is not one of {}", self.label().to_lowercase(), choices.join(", ")))
    }
}

/// The lines of a text that hold something, without white space around.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

fn no_space(setting: Setting, text: &str) -> Result<(), String> {
    if text.chars().any(char::is_whitespace) {
        return Err(format!("the {} has white space: remove it", setting.label().to_lowercase()));
    }
    Ok(())
}

fn arn(setting: Setting, text: &str, service: &str) -> Result<(), String> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let holds = matches!(parts.as_slice(), ["arn", partition, of, _, _, rest]
        if partition.starts_with("aws") && *of == service && !rest.is_empty())
        && !text.chars().any(char::is_whitespace);
    if holds {
        return Ok(());
    }
    let label = setting.label().to_lowercase();
    Err(format!("{label}: this is no ARN of {service}; type arn:aws:{service}:..."))
}

fn ids(setting: Setting, text: &str, prefix: &str, most: usize) -> Result<(), String> {
    let label = setting.label().to_lowercase();
    let count = lines(text).count();
    if count > most {
        return Err(format!("the {label} are {count}: at most {most} are allowed; remove some"));
    }
    match lines(text).position(|line| !line.starts_with(prefix) || line.chars().any(char::is_whitespace)) {
        Some(at) => Err(format!("{label}: line {} is no id; it begins with {prefix}", at + 1)),
        None => Ok(()),
    }
}

fn file_systems(text: &str) -> Result<(), String> {
    let count = lines(text).count();
    if count > 1 {
        return Err(format!("the file systems are {count}: at most 1 is allowed; remove some"));
    }
    for line in lines(text) {
        let mut words = line.split_whitespace();
        let (system, path, more) = (words.next().unwrap_or_default(), words.next(), words.next());
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let mounts = |path: &str| {
            let name = path.strip_prefix("/mnt/").unwrap_or_default();
            !name.is_empty() && path.len() <= 160 && name.bytes().all(allowed)
        };
        let holds = more.is_none() && path.is_some_and(mounts);
        if !holds || !system.starts_with("arn:aws") {
            return Err("a file system is an access point's ARN, a space, and a path below /mnt/".into());
        }
    }
    Ok(())
}

fn log_group(text: &str) -> Result<(), String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_/#".contains(&byte);
    if text.len() > 512 {
        return Err(format!("the log group has {} characters: at most 512 are allowed", text.len()));
    }
    if text.bytes().all(allowed) {
        return Ok(());
    }
    Err("the log group has a character that is not allowed: only letters, digits and ._-/#".into())
}

/// The settings of a function as texts. A setting that the function does not have is an empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings(BTreeMap<Setting, String>);

impl Settings {
    /// The settings that a function has.
    #[must_use]
    pub fn of(function: &Function) -> Self {
        let text = |value: Option<&String>| value.cloned().unwrap_or_default();
        let number = |value: Option<u32>| value.map(|value| value.to_string()).unwrap_or_default();
        let vpc = function.vpc.as_ref();
        let logging = function.logging.as_ref();
        let image = function.image.as_ref();
        let of = |setting: Setting| match setting {
            Setting::Description => text(function.description.as_ref()),
            Setting::Memory => number(function.memory_mb),
            Setting::Timeout => number(function.timeout_s),
            Setting::EphemeralStorage => number(function.ephemeral_storage_mb),
            Setting::Runtime => text(function.runtime.as_ref()),
            Setting::Handler => text(function.handler.as_ref()),
            Setting::Layers => {
                let layers: Vec<&str> = function.layers.iter().map(|layer| layer.arn.as_str()).collect();
                layers.join("\n")
            }
            Setting::SnapStart => {
                let apply_on = function.snap_start.as_ref().and_then(|snap| snap.apply_on.clone());
                apply_on.unwrap_or_else(|| "None".into())
            }
            Setting::ImageEntryPoint => image.map(|image| image.entry_point.join("\n")).unwrap_or_default(),
            Setting::ImageCommand => image.map(|image| image.command.join("\n")).unwrap_or_default(),
            Setting::ImageWorkingDirectory => text(image.and_then(|image| image.working_directory.as_ref())),
            Setting::Role => text(function.role.as_ref()),
            Setting::KmsKey => text(function.kms_key_arn.as_ref()),
            Setting::Subnets => vpc.map(|vpc| vpc.subnet_ids.join("\n")).unwrap_or_default(),
            Setting::SecurityGroups => vpc.map(|vpc| vpc.security_group_ids.join("\n")).unwrap_or_default(),
            Setting::Ipv6 => vpc.is_some_and(|vpc| vpc.ipv6).to_string(),
            Setting::FileSystems => {
                let systems: Vec<String> = function
                    .file_systems
                    .iter()
                    .map(|system| format!("{} {}", system.arn, system.local_mount_path))
                    .collect();
                systems.join("\n")
            }
            Setting::LogFormat => {
                let format = logging.and_then(|logging| logging.log_format.clone());
                format.unwrap_or_else(|| "Text".into())
            }
            Setting::ApplicationLogLevel => {
                text(logging.and_then(|logging| logging.application_log_level.as_ref()))
            }
            Setting::SystemLogLevel => text(logging.and_then(|logging| logging.system_log_level.as_ref())),
            Setting::LogGroup => function.log_group(),
            Setting::Tracing => function.tracing.clone().unwrap_or_else(|| "PassThrough".into()),
            Setting::DeadLetter => text(function.dead_letter_arn.as_ref()),
        };
        Self(
            Setting::ALL
                .into_iter()
                .filter(|setting| setting.applies_to(function))
                .map(|it| (it, of(it)))
                .collect(),
        )
    }

    /// The text of a setting; none where the function has no such setting.
    #[must_use]
    pub fn get(&self, setting: Setting) -> Option<&str> {
        self.0.get(&setting).map(String::as_str)
    }

    /// Changes a setting. The text is taken as it is: [`Setting::check`] is the caller's affair.
    pub fn set(&mut self, setting: Setting, text: impl Into<String>) {
        let text = text.into();
        // Lines that say nothing would make a difference where there is none.
        let text = match setting.kind() {
            Kind::Lines => lines(&text).collect::<Vec<_>>().join("\n"),
            // So would zeros in front.
            Kind::Number => match text.trim().parse::<u32>() {
                Ok(number) => number.to_string(),
                Err(_) => text.trim().to_owned(),
            },
            Kind::Choice(_) | Kind::Text => text,
        };
        self.0.insert(setting, text);
    }

    /// All of them.
    #[must_use]
    pub fn as_map(&self) -> &BTreeMap<Setting, String> {
        &self.0
    }

    /// The settings that differ, in the form's order.
    #[must_use]
    pub fn changed(&self, other: &Self) -> Vec<Setting> {
        Setting::ALL.into_iter().filter(|setting| self.get(*setting) != other.get(*setting)).collect()
    }

    /// Checks the settings that differ from `before`, and those that must fit each other.
    ///
    /// # Errors
    /// The first setting whose rule is not kept, and what is wrong.
    pub fn check(&self, before: &Self) -> Result<(), (Setting, String)> {
        for setting in self.changed(before) {
            setting.check(self.get(setting).unwrap_or_default()).map_err(|problem| (setting, problem))?;
        }
        let given = |setting| self.get(setting).is_some_and(|text| !text.is_empty());
        for level in [Setting::ApplicationLogLevel, Setting::SystemLogLevel] {
            if self.get(level) != before.get(level)
                && given(level)
                && self.get(Setting::LogFormat) == Some("Text")
            {
                return Err((level, "log levels exist with the JSON format only: choose that first".into()));
            }
        }
        if given(Setting::Subnets) != given(Setting::SecurityGroups) {
            let missing = if given(Setting::Subnets) { Setting::SecurityGroups } else { Setting::Subnets };
            return Err((missing, "a VPC needs subnets and security groups; to leave it, empty both".into()));
        }
        if given(Setting::FileSystems) && !given(Setting::Subnets) && !before.changed(self).is_empty() {
            let problem = "a file system needs a VPC: give subnets and security groups, or remove it";
            return Err((Setting::FileSystems, problem.into()));
        }
        Ok(())
    }
}

impl From<BTreeMap<Setting, String>> for Settings {
    fn from(map: BTreeMap<Setting, String>) -> Self {
        Self(map)
    }
}

/// The most layers, for the form.
pub const LAYERS: usize = MAX_LAYERS;

#[cfg(test)]
mod tests;
