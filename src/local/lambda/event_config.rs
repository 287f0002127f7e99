//! Settings of asynchronous invocations: retries, maximum age, destinations.

use std::time::SystemTime;

use super::{
    Lambda,
    error::Error,
    functions::list_with,
    names::{self, Naming, PATTERNS, Target},
    provisioned::sorting_key,
    state::{EventConfig, Function},
    validate::Violations,
    wire::{self, DestinationsInput, EventConfigInput},
};
use crate::local::http::{Answer, Request};

/// Most items on a page.
const MAX_ITEMS: i64 = 50;
const DESTINATION_PATTERN: &str = r"$|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)";

impl Lambda {
    pub(super) fn put_function_event_invoke_config(
        &self,
        name: &str,
        request: &Request,
    ) -> Result<Answer, Error> {
        self.set_event_config(name, request, |_, _| {
            Ok(EventConfig {
                retries: None,
                max_age_s: None,
                on_success: None,
                on_failure: None,
                last_modified: SystemTime::now(),
            })
        })
    }

    pub(super) fn update_function_event_invoke_config(
        &self,
        name: &str,
        request: &Request,
    ) -> Result<Answer, Error> {
        self.set_event_config(name, request, |present, arn| {
            present.cloned().ok_or_else(|| no_event_config(arn))
        })
    }

    /// Changes what `begin` gives for the present configuration and its ARN.
    fn set_event_config(
        &self,
        name: &str,
        request: &Request,
        begin: impl FnOnce(Option<&EventConfig>, &str) -> Result<EventConfig, Error>,
    ) -> Result<Answer, Error> {
        let input: EventConfigInput = wire::read(&request.body)?;
        let (retries, age) = (input.maximum_retry_attempts, input.maximum_event_age_in_seconds);
        let mut violations = Violations::default();
        violations.between(retries, "maximumRetryAttempts", 0, 2);
        violations.between(age, "maximumEventAgeInSeconds", 60, 21_600);
        if let Some(destinations) = &input.destination_config {
            check_arn(destinations.success(), "onSuccess", &mut violations);
            check_arn(destinations.failure(), "onFailure", &mut violations);
        }
        violations.finish()?;
        let target = self.event_config_target(name, request)?;
        if retries.is_none() && age.is_none() && input.destination_config.is_none() {
            return Err(Error::invalid(
                "You must specify at least one of error handling or destination setting.",
            ));
        }
        let (arn, qualifier) = self.event_config_key(&target);
        let mut functions = self.functions();
        let known = |function: &Function| {
            function.release(&qualifier).is_some() || function.aliases.contains_key(&qualifier)
        };
        if !functions.get(&target.name).is_some_and(known) {
            return Err(Error::not_found("The function doesn't exist."));
        }
        if let Some(destinations) = &input.destination_config {
            let exists = |name: &str| functions.contains_key(name);
            self.check_destinations(destinations, &target.name, exists)?;
        }
        let Some(function) = functions.get_mut(&target.name) else {
            return Err(Error::not_found("The function doesn't exist."));
        };
        let mut config = begin(function.event_configs.get(&qualifier), &arn)?;
        let number = |value: i64| u32::try_from(value).ok();
        config.retries = retries.and_then(number).or(config.retries);
        config.max_age_s = age.and_then(number).or(config.max_age_s);
        if let Some(destinations) = &input.destination_config {
            config.on_success = destinations.success().map(str::to_owned);
            config.on_failure = destinations.failure().map(str::to_owned);
        }
        config.last_modified = SystemTime::now();
        let answer = Answer::json(200, &wire::event_config(&arn, &config));
        function.event_configs.insert(qualifier, config);
        Ok(answer)
    }

    pub(super) fn get_function_event_invoke_config(
        &self,
        name: &str,
        request: &Request,
    ) -> Result<Answer, Error> {
        let target = self.event_config_target(name, request)?;
        let (arn, qualifier) = self.event_config_key(&target);
        let functions = self.functions();
        match functions.get(&target.name).and_then(|function| function.event_configs.get(&qualifier)) {
            Some(config) => Ok(Answer::json(200, &wire::event_config(&arn, config))),
            None => Err(no_event_config(&arn)),
        }
    }

    pub(super) fn delete_function_event_invoke_config(
        &self,
        name: &str,
        request: &Request,
    ) -> Result<Answer, Error> {
        let target = self.event_config_target(name, request)?;
        let (arn, qualifier) = self.event_config_key(&target);
        let mut functions = self.functions();
        match functions.get_mut(&target.name).and_then(|it| it.event_configs.remove(&qualifier)) {
            Some(_) => Ok(Answer::empty(204)),
            None => Err(no_event_config(&arn)),
        }
    }

    pub(super) fn list_function_event_invoke_configs(
        &self,
        name: &str,
        request: &Request,
    ) -> Result<Answer, Error> {
        let target = names::target(self.place(), name, None, Naming::Namespaced)?;
        let mut items: Vec<_> = match self.functions().get(&target.name) {
            None => return Err(Error::not_found("The function doesn't exist.")),
            Some(function) => function
                .event_configs
                .iter()
                .map(|(qualifier, config)| {
                    let arn = self.place().arn(&function.name, Some(qualifier));
                    (sorting_key(qualifier), wire::event_config(&arn, config))
                })
                .collect(),
        };
        items.sort_by(|(a, _), (b, _)| a.cmp(b));
        list_with("FunctionEventInvokeConfigs", request, items, MAX_ITEMS)
    }

    fn event_config_target(&self, name: &str, request: &Request) -> Result<Target, Error> {
        names::target(self.place(), name, request.query("Qualifier"), Naming::Namespaced)
    }

    /// The ARN that is shown, and the qualifier that a configuration is kept under.
    fn event_config_key(&self, target: &Target) -> (String, String) {
        let qualifier = target.qualifier.as_deref().unwrap_or("$LATEST");
        (self.place().arn(&target.name, Some(qualifier)), qualifier.to_owned())
    }

    /// What the service says of destinations: queues, topics, event buses, other functions that exist, and buckets for
    /// failures.
    fn check_destinations(
        &self,
        destinations: &DestinationsInput,
        name: &str,
        exists: impl Fn(&str) -> bool,
    ) -> Result<(), Error> {
        let (success, failure) = (destinations.success(), destinations.failure());
        for (arn, fails) in [(failure, true), (success, false)] {
            let Some(arn) = arn else { continue };
            match arn.split(':').nth(2) {
                Some("sqs" | "sns" | "events") => {}
                Some("s3") if fails => {}
                Some("lambda") => {
                    let function = names::resolve(self.place(), arn, Naming::Plain).ok();
                    match function {
                        Some(function) if function.name == name => {
                            return Err(Error::invalid(
                                "You can't specify the function as a destination for itself.",
                            ));
                        }
                        Some(function) if exists(&function.name) => {}
                        _ => return Err(Error::invalid(format!("The destination ARN {arn} is invalid."))),
                    }
                }
                _ => {
                    let part = |kind: &str, arn: Option<&str>| {
                        arn.map_or_else(|| "null".to_owned(), |arn| format!("{kind}(destination={arn})"))
                    };
                    return Err(Error::invalid(format!(
                        "The provided destination config DestinationConfig(onSuccess={}, onFailure={}) is invalid.",
                        part("OnSuccess", success),
                        part("OnFailure", failure)
                    )));
                }
            }
        }
        Ok(())
    }
}

fn no_event_config(arn: &str) -> Error {
    Error::not_found(format!("The function {arn} doesn't have an EventInvokeConfig"))
}

/// The ARN of a destination, by the model.
pub(super) fn check_arn(arn: Option<&str>, which: &str, violations: &mut Violations) {
    if let Some(arn) = arn {
        let member = format!("destinationConfig.{which}.destination");
        violations.at_most(arn, &member, 350);
        if !PATTERNS.destination.is_match(arn) {
            let rule = format!("Member must satisfy regular expression pattern: {DESTINATION_PATTERN}");
            violations.add(arn, &member, &rule);
        }
    }
}
