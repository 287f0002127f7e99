//! The input rules of Lambda's service model, and those that the service adds, in AWS's wording.

use std::{collections::BTreeMap, fmt};

use super::{
    error::Error,
    names::{PATTERNS, Place},
    wire::{FileSystemInput, VpcInput},
};
use crate::domain::name::RESERVED_VARIABLES;

const ROLE_PATTERN: &str = r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+";
pub(super) const LAYER_PATTERN: &str = r"(arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)";
const RESOURCE_PATTERN: &str = "(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()";
const SUBNET_PATTERN: &str = "subnet-[0-9a-z]*";
const SECURITY_GROUP_PATTERN: &str = "sg-[0-9a-zA-Z]*";
const FILE_SYSTEM_PATTERN: &str = r"arn:aws[a-zA-Z-]*:elasticfilesystem:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:access-point/fsap-[a-f0-9]{17}$|^arn:aws[-a-z]*:s3files:[0-9a-z-:]+:file-system/fs-[0-9a-f]{17,40}/access-point/fsap-[0-9a-f]{17,40}";
const MOUNT_PATTERN: &str = "/mnt/[a-zA-Z0-9-_.]+";
const TAG_PATTERN: &str = r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)";
const ALIAS_PATTERN: &str = "(?!^[0-9]+$)([a-zA-Z0-9-_]+)";

/// Collects what the service model refuses, so that one answer names it all.
#[derive(Debug, Default)]
pub(super) struct Violations(Vec<String>);

impl Violations {
    /// Notes one. `value` is shown, so it must be no secret.
    pub fn add(&mut self, value: &str, member: &str, constraint: &str) {
        self.0.push(format!("Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"));
    }

    /// A member that may not be absent.
    pub fn required<T>(&mut self, value: Option<&T>, member: &str) {
        if value.is_none() {
            self.0.push(format!(
                "Value null at '{member}' failed to satisfy constraint: Member must not be null"
            ));
        }
    }

    /// At most `max` characters.
    pub fn at_most(&mut self, value: &str, member: &str, max: usize) {
        if value.chars().count() > max {
            self.add(value, member, &format!("Member must have length less than or equal to {max}"));
        }
    }

    /// A number between `min` and `max`, both allowed.
    pub fn between(&mut self, value: Option<i64>, member: &str, min: i64, max: i64) {
        match value {
            Some(value) if value < min => {
                self.add(
                    &value.to_string(),
                    member,
                    &format!("Member must have value greater than or equal to {min}"),
                );
            }
            Some(value) if value > max => {
                self.add(
                    &value.to_string(),
                    member,
                    &format!("Member must have value less than or equal to {max}"),
                );
            }
            _ => {}
        }
    }

    /// One of a few words.
    pub fn one_of(&mut self, value: Option<&str>, member: &str, words: &[&str]) {
        if let Some(value) = value.filter(|value| !words.contains(value)) {
            self.add(value, member, &format!("Member must satisfy enum value set: [{}]", words.join(", ")));
        }
    }

    /// Whether nothing was noted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Ends with an error when anything was noted.
    pub fn finish(self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::validation(self.to_string())) }
    }
}

/// The service model's wording for what it found wrong.
impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0.len() == 1 { "" } else { "s" };
        write!(f, "{} validation error{plural} detected: {}", self.0.len(), self.0.join("; "))
    }
}

/// `Role`.
pub(super) fn check_role(role: Option<&str>, violations: &mut Violations) {
    if let Some(role) = role.filter(|role| !PATTERNS.role.is_match(role)) {
        violations.add(
            role,
            "role",
            &format!("Member must satisfy regular expression pattern: {ROLE_PATTERN}"),
        );
    }
}

/// `Handler`: 128 characters, no whitespace.
pub(super) fn check_handler(handler: Option<&str>, violations: &mut Violations) {
    if let Some(handler) = handler {
        violations.at_most(handler, "handler", 128);
        if handler.is_empty() || handler.chars().any(char::is_whitespace) {
            violations.add(handler, "handler", r"Member must satisfy regular expression pattern: [^\s]+");
        }
    }
}

/// The architectures there are.
pub(super) const ARCHITECTURES: [&str; 2] = ["x86_64", "arm64"];

/// `Architectures`: exactly one.
pub(super) fn check_architectures(architectures: Option<&[String]>, violations: &mut Violations) {
    let Some(list) = architectures else { return };
    let shown = format!("[{}]", list.join(", "));
    if list.is_empty() {
        violations.add(&shown, "architectures", "Member must have length greater than or equal to 1");
    } else if list.len() > 1 {
        violations.add(&shown, "architectures", "Member must have length less than or equal to 1");
    } else if !ARCHITECTURES.contains(&list[0].as_str()) {
        violations.add(
            &shown,
            "architectures",
            "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]",
        );
    }
}

/// `Environment.Variables`: the keys' form. The value is not shown: the model marks it as sensitive.
pub(super) fn check_variable_names(variables: &BTreeMap<String, String>, violations: &mut Violations) {
    let valid = |key: &str| {
        key.len() > 1
            && key.as_bytes()[0].is_ascii_alphabetic()
            && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if !variables.keys().all(|key| valid(key)) {
        violations.0.push(
            "Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: [Member \
             must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+, Member must not be null]"
                .to_owned(),
        );
    }
}

/// Most bytes of all environment variables together, as JSON.
const VARIABLES_LIMIT: usize = 4096;

/// What the service refuses of environment variables: reserved names, and more than 4 KB. Like AWS's, the answer to
/// the latter repeats the whole map to the client that sent it.
pub(super) fn check_variables(variables: &BTreeMap<String, String>) -> Result<(), Error> {
    let reserved: Vec<&str> =
        variables.keys().map(String::as_str).filter(|key| RESERVED_VARIABLES.contains(key)).collect();
    if !reserved.is_empty() {
        return Err(Error::invalid(format!(
            "Lambda was unable to configure your environment variables because the environment variables you have \
             provided contains reserved keys that are currently not supported for modification. Reserved keys used in \
             this request: {}",
            reserved.join(", ")
        )));
    }
    let measured = serde_json::json!(variables).to_string();
    if measured.len() > VARIABLES_LIMIT {
        return Err(Error::invalid(format!(
            "Lambda was unable to configure your environment variables because the environment variables you have \
             provided exceeded the 4KB limit. String measured: {measured}"
        )));
    }
    Ok(())
}

/// Runtimes that a function may be created with, or changed to.
const RUNTIMES: &[&str] = &[
    "nodejs24.x",
    "nodejs22.x",
    "nodejs20.x",
    "nodejs18.x",
    "nodejs16.x",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
    "python3.9",
    "python3.8",
    "java25",
    "java21",
    "java17",
    "java11",
    "java8.al2",
    "dotnet10",
    "dotnet8",
    "dotnet6",
    "ruby4.0",
    "ruby3.4",
    "ruby3.3",
    "ruby3.2",
    "provided.al2023",
    "provided.al2",
];
const RETIRED_RUNTIMES: &[&str] = &[
    "nodejs",
    "nodejs4.3",
    "nodejs4.3-edge",
    "nodejs6.10",
    "nodejs8.10",
    "nodejs10.x",
    "nodejs12.x",
    "nodejs14.x",
    "java8",
    "python2.7",
    "python3.6",
    "python3.7",
    "dotnetcore1.0",
    "dotnetcore2.0",
    "dotnetcore2.1",
    "dotnetcore3.1",
    "dotnet5.0",
    "dotnet7",
    "go1.x",
    "ruby2.5",
    "ruby2.7",
    "provided",
];

/// Every runtime there is or was: a layer may be for any of them.
pub(super) fn known_runtimes() -> Vec<&'static str> {
    RUNTIMES.iter().chain(RETIRED_RUNTIMES).copied().collect()
}

/// `Runtime`.
pub(super) fn check_runtime(runtime: Option<&str>) -> Result<(), Error> {
    match runtime {
        Some(runtime) if RETIRED_RUNTIMES.contains(&runtime) => Err(Error::invalid(format!(
            "The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda functions. We \
             recommend you use a supported runtime while creating or updating functions."
        ))),
        Some(runtime) if !RUNTIMES.contains(&runtime) => Err(Error::invalid(format!(
            "Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [{}] or be \
             a valid ARN",
            RUNTIMES.join(", ")
        ))),
        _ => Ok(()),
    }
}

/// `Layers`, by the model.
pub(super) fn check_layer_arns(layers: &[String], violations: &mut Violations) {
    if layers.iter().any(|arn| !PATTERNS.layer.is_match(arn)) {
        violations.add(
            &format!("[{}]", layers.join(", ")),
            "layers",
            &format!(
                "Member must satisfy constraint: [Member must have length less than or equal to 2048, Member must have \
                 length greater than or equal to 1, Member must satisfy regular expression pattern: {LAYER_PATTERN}, \
                 Member must not be null]"
            ),
        );
    }
}

/// `Layers`, by the service: at most five, of this region, and no two versions of one.
pub(super) fn check_layers(layers: &[String], place: &Place) -> Result<(), Error> {
    if layers.len() > 5 {
        return Err(Error::invalid("Cannot reference more than 5 layers."));
    }
    let region =
        |arn: &str| PATTERNS.layer.captures(arn).and_then(|it| it.get(1)).map(|it| it.as_str().to_owned());
    if layers.iter().any(|arn| region(arn).is_some_and(|region| region != place.region)) {
        return Err(Error::invalid(format!(
            "Layers are not in the same region as the function. Layers are expected to be in region {}.",
            place.region
        )));
    }
    let layer = |arn: &str| arn.rsplit_once(':').map(|(layer, _)| layer.to_owned());
    for (at, second) in layers.iter().enumerate() {
        if let Some(first) = layers[..at].iter().find(|first| layer(first) == layer(second)) {
            return Err(Error::invalid(format!(
                "Two different versions of the same layer are not allowed to be referenced in the same function. {first} \
                 and {second} are versions of the same layer."
            )));
        }
    }
    Ok(())
}

/// `VpcConfig`: at most 16 subnets and 5 security groups.
pub(super) fn check_vpc(vpc: &VpcInput, violations: &mut Violations) {
    let id = |text: &str, prefix: &str, fits: fn(&u8) -> bool| {
        text.len() <= 1024 && text.strip_prefix(prefix).is_some_and(|rest| rest.as_bytes().iter().all(fits))
    };
    let lower: fn(&u8) -> bool = |byte| byte.is_ascii_digit() || byte.is_ascii_lowercase();
    for (list, member, max, prefix, fits, pattern) in [
        (&vpc.subnet_ids, "vpcConfig.subnetIds", 16, "subnet-", lower, SUBNET_PATTERN),
        (
            &vpc.security_group_ids,
            "vpcConfig.securityGroupIds",
            5,
            "sg-",
            u8::is_ascii_alphanumeric as fn(&u8) -> bool,
            SECURITY_GROUP_PATTERN,
        ),
    ] {
        let list = list.as_deref().unwrap_or_default();
        let shown = format!("[{}]", list.join(", "));
        if list.len() > max {
            violations.add(&shown, member, &format!("Member must have length less than or equal to {max}"));
        }
        if !list.iter().all(|text| id(text, prefix, fits)) {
            violations.add(
                &shown,
                member,
                &format!(
                    "Member must satisfy constraint: [Member must have length less than or equal to 1024, Member must \
                     have length greater than or equal to 0, Member must satisfy regular expression pattern: {pattern}]"
                ),
            );
        }
    }
}

/// An ARN of any kind, or nothing.
pub(super) fn check_resource_arn(arn: Option<&str>, member: &str, violations: &mut Violations) {
    if let Some(arn) = arn.filter(|arn| !PATTERNS.resource.is_match(arn)) {
        violations.add(
            arn,
            member,
            &format!("Member must satisfy regular expression pattern: {RESOURCE_PATTERN}"),
        );
    }
}

/// `DeadLetterConfig`: a standard queue of SQS, a topic of SNS or, here, a function, of this region. An empty ARN removes
/// it.
pub(super) fn check_dead_letter(target: Option<&str>, place: &Place) -> Result<(), Error> {
    let Some(arn) = target.filter(|arn| !arn.is_empty()) else { return Ok(()) };
    let refuse = |why: &str| Err(Error::invalid(format!("Invalid dead letter queue ARN: {why}")));
    let mut parts = arn.split(':').skip(2);
    let (service, region) = (parts.next(), parts.next());
    if !matches!(service, Some("sqs" | "sns" | "lambda")) {
        return refuse(
            "The service specified by the TargetArn is not supported for dead letter configuration.",
        );
    }
    if region != Some(place.region.as_str()) {
        return refuse(
            "The resource specified by the TargetArn must be in the same region as the Lambda function it's associated \
             with.",
        );
    }
    if service == Some("sqs") && arn.strip_suffix(".fifo").is_some() {
        return refuse("FIFO SQS queue is not supported for dead letter configuration");
    }
    Ok(())
}

/// `FileSystemConfigs`: at most one.
pub(super) fn check_file_systems(systems: &[FileSystemInput], violations: &mut Violations) {
    if systems.len() > 1 {
        let shown = format!("{} entries", systems.len());
        violations.add(&shown, "fileSystemConfigs", "Member must have length less than or equal to 1");
    }
    for (at, system) in systems.iter().enumerate() {
        // AWS counts from one here.
        let (arn, path) = (
            format!("fileSystemConfigs.{}.member.arn", at + 1),
            format!("fileSystemConfigs.{}.member.localMountPath", at + 1),
        );
        violations.required(system.arn.as_ref(), &arn);
        violations.required(system.local_mount_path.as_ref(), &path);
        if let Some(given) = system.arn.as_ref().filter(|given| !PATTERNS.file_system.is_match(given)) {
            let rule = format!("Member must satisfy regular expression pattern: {FILE_SYSTEM_PATTERN}");
            violations.add(given, &arn, &rule);
        }
        if let Some(given) = &system.local_mount_path {
            violations.at_most(given, &path, 160);
            let word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            if !given.strip_prefix("/mnt/").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(word)) {
                let rule = format!("Member must satisfy regular expression pattern: {MOUNT_PATTERN}");
                violations.add(given, &path, &rule);
            }
        }
    }
}

/// An alias's name: not a number.
pub(super) fn check_alias(name: &str, violations: &mut Violations) {
    violations.at_most(name, "name", 128);
    let word =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if !word || name.bytes().all(|byte| byte.is_ascii_digit()) {
        violations.add(
            name,
            "name",
            &format!("Member must satisfy regular expression pattern: {ALIAS_PATTERN}"),
        );
    }
}

/// `FunctionVersion` of an alias.
pub(super) fn check_version(version: Option<&str>, violations: &mut Violations) {
    if let Some(version) = version
        && version != "$LATEST"
        && (version.is_empty() || !version.bytes().all(|byte| byte.is_ascii_digit()))
    {
        violations.add(
            version,
            "functionVersion",
            r"Member must satisfy regular expression pattern: (\$LATEST(\.PUBLISHED)?|[0-9]+)",
        );
    }
}

/// `AdditionalVersionWeights`, by the model.
pub(super) fn check_weights(weights: &BTreeMap<String, f64>, violations: &mut Violations) {
    let shown: Vec<String> =
        weights.iter().map(|(version, weight)| format!("{version}={weight:?}")).collect();
    let shown = format!("{{{}}}", shown.join(", "));
    let number =
        |key: &str| !key.is_empty() && key.len() <= 1024 && key.bytes().all(|byte| byte.is_ascii_digit());
    if !weights.keys().all(|key| number(key)) {
        violations.add(
            &shown,
            "routingConfig.additionalVersionWeights",
            "Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have \
             length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]",
        );
    }
    if !weights.values().all(|weight| (0.0..=1.0).contains(weight)) {
        violations.add(
            &shown,
            "routingConfig.additionalVersionWeights",
            "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have \
             value greater than or equal to 0.0, Member must not be null]",
        );
    }
}

/// A function's tags: keys of 1-128 characters and values of at most 256, of letters, digits, spaces and a few signs,
/// and no key that begins as AWS's own do.
pub(super) fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), Error> {
    let shown: Vec<String> = tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let shown = format!("{{{}}}", shown.join(", "));
    let fits = |text: &str, min: usize, max: usize| {
        (min..=max).contains(&text.chars().count()) && PATTERNS.tag.is_match(text)
    };
    let mut violations = Violations::default();
    for (what, min, max, good) in [
        ("Map keys", 1, 128, tags.keys().all(|key| fits(key, 1, 128))),
        ("Map value", 0, 256, tags.values().all(|value| fits(value, 0, 256))),
    ] {
        if !good {
            violations.add(
                &shown,
                "tags",
                &format!(
                    "{what} must satisfy constraint: [Member must have length less than or equal to {max}, Member must \
                     have length greater than or equal to {min}, Member must satisfy regular expression pattern: \
                     {TAG_PATTERN}, Member must not be null]"
                ),
            );
        }
    }
    violations.finish()?;
    if tags.keys().any(|key| key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"))) {
        return Err(Error::invalid("aws: prefixed tag key names are not allowed for external use."));
    }
    Ok(())
}

/// The number of tags that a function would have.
pub(super) fn check_tag_count(count: usize) -> Result<(), Error> {
    if count > 50 { Err(Error::invalid("Number of tags exceeds resource tag limit.")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::{Place, Violations, check_alias, check_layer_arns, check_layers};

    fn place() -> Place {
        Place { partition: "aws", region: "us-east-1".into(), account_id: "123456789012".into() }
    }

    #[test]
    fn layers_are_checked_by_form_number_and_region() {
        let arn = |name: &str| format!("arn:aws:lambda:us-east-1:123456789012:layer:{name}:1");
        let layers = |count: usize| (0..count).map(|at| arn(&format!("l{at}"))).collect::<Vec<_>>();
        assert!(check_layers(&[], &place()).is_ok());
        assert!(check_layers(&layers(4), &place()).is_ok());
        assert!(check_layers(&layers(5), &place()).is_ok());
        assert!(check_layers(&layers(6), &place()).unwrap_err().to_string().contains("more than 5"));
        assert!(
            check_layers(&[arn("a"), arn("a")], &place()).unwrap_err().to_string().contains("same layer")
        );
        let mut violations = Violations::default();
        check_layer_arns(&[arn("a").replace(":1", "")], &mut violations);
        assert!(violations.finish().is_err());
    }

    #[test]
    fn aliases_are_words_and_no_numbers() {
        for (name, good) in
            [("live", true), ("2024-01-02", true), ("2024", false), ("", false), ("a b", false)]
        {
            let mut violations = Violations::default();
            check_alias(name, &mut violations);
            assert_eq!(violations.finish().is_ok(), good, "{name}");
        }
    }
}
