//! The `aws` command that does the same. Values of variables and free texts are placeholders.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{Additional, Change, Place, Settings, shareable};
use crate::domain::shell::quoted;

impl Change {
    /// The equivalent `aws` command. Values of variables and free texts are placeholders.
    #[must_use]
    pub fn aws_command(&self, function: &str, place: &Place) -> String {
        if matches!(self, Self::ShareableEvent { .. }) {
            return schemas_command(self.operation(), function, place);
        }
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
        place_arguments(place, &mut command);
        command
    }
}

/// The command of an operation on the shareable events of a function, or on their registry.
pub(in crate::domain) fn schemas_command(operation: &str, function: &str, place: &Place) -> String {
    let mut command = format!("aws schemas {} --registry-name {}", kebab(operation), shareable::REGISTRY);
    if operation.ends_with("Schema") {
        let _ = write!(command, " --schema-name {}", quoted(&shareable::schema_name(function)));
    }
    if matches!(operation, "CreateSchema" | "UpdateSchema") {
        // The whole document, with all events of the function.
        command.push_str(" --type OpenApi3 --content VALUE");
    }
    place_arguments(place, &mut command);
    command
}

fn place_arguments(place: &Place, command: &mut String) {
    let _ = write!(command, " --region {}", place.region);
    if let Some(profile) = &place.profile {
        let _ = write!(command, " --profile {}", quoted(profile));
    }
    if let Some(endpoint) = &place.endpoint {
        let _ = write!(command, " --endpoint-url {}", quoted(endpoint));
    }
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
pub(super) fn kebab(name: &str) -> String {
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
