//! Event source mappings: stored, and honest about that nothing feeds them.
//!
//! - `mapping`: a mapping, its states and how it is shown
//! - `settings`, `rules`: what a mapping may be set to, by the kind of its source
//! - `filter`: filter patterns

use std::{
    collections::BTreeMap,
    sync::{Arc, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    Lambda,
    error::Error,
    names::{self, Naming, Place, Target},
    operations::Operation,
    page_of,
    policy::{ARN_PATTERN, is_arn},
    validate::{self, Violations},
    wire,
};
use crate::local::http::{Answer, Request};
pub(super) use mapping::Mapping;
use mapping::{Endpoints, Transition};
use rules::unsupported;
use settings::{Kind, Settings};

mod filter;
mod mapping;
mod rules;
mod settings;

/// Items on a page of the list.
const PAGE: usize = 100;
/// `SelfManagedEventSource`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SelfManaged {
    endpoints: Option<Endpoints>,
}

/// CreateEventSourceMapping.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateMapping {
    event_source_arn: Option<String>,
    function_name: Option<String>,
    enabled: Option<bool>,
    starting_position: Option<String>,
    starting_position_timestamp: Option<f64>,
    topics: Option<Vec<String>>,
    queues: Option<Vec<String>>,
    self_managed_event_source: Option<SelfManaged>,
    tags: Option<BTreeMap<String, String>>,
    #[serde(flatten)]
    settings: Settings,
}

/// UpdateEventSourceMapping.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateMapping {
    function_name: Option<String>,
    enabled: Option<bool>,
    #[serde(flatten)]
    settings: Settings,
}

impl CreateMapping {
    fn check_model(&self, violations: &mut Violations) {
        violations.required(self.function_name.as_ref(), "functionName");
        if let Some(name) = &self.function_name {
            names::check_name(name, Naming::Namespaced, violations);
        }
        check_source_arn(self.event_source_arn.as_deref(), violations);
        let positions = ["LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"];
        violations.one_of(self.starting_position.as_deref(), "startingPosition", &positions);
        for (list, member, max) in [(&self.topics, "topics", 249), (&self.queues, "queues", 1000)] {
            let Some(list) = list else { continue };
            let shown = format!("[{}]", list.join(", "));
            if list.is_empty() {
                violations.add(&shown, member, "Member must have length greater than or equal to 1");
            } else if list.len() > 1 {
                violations.add(&shown, member, "Member must have length less than or equal to 1");
            } else {
                violations.at_most(&list[0], member, max);
            }
        }
        self.settings.check_model(violations);
    }

    /// The kind of the source.
    fn kind(&self) -> Result<Kind, Error> {
        let unknown = || Error::invalid("Unrecognized event source.");
        match (&self.event_source_arn, &self.self_managed_event_source) {
            (None, Some(source)) => {
                let servers = source.endpoints.as_ref().and_then(|it| it.get("KAFKA_BOOTSTRAP_SERVERS"));
                let some = servers.is_some_and(|servers| !servers.is_empty());
                if some { Ok(Kind::SelfManagedKafka) } else { Err(unknown()) }
            }
            (Some(arn), None) => Kind::of(arn).ok_or_else(unknown),
            (None, None) | (Some(_), Some(_)) => Err(unknown()),
        }
    }

    /// Where reading begins, by the rules of the source.
    fn position(&self, kind: Kind) -> Result<Option<String>, Error> {
        let given = self.starting_position.as_deref();
        if matches!(kind, Kind::Sqs | Kind::SqsFifo | Kind::Mq) {
            if given.is_none() && self.starting_position_timestamp.is_none() {
                return Ok(None);
            }
            let what = if kind == Kind::Mq { "MQ" } else { "SQS" };
            return Err(Error::invalid(format!("StartingPosition is not valid for {what} event sources.")));
        }
        if given.is_none() && (kind.is_stream() || kind == Kind::DocumentDb) {
            // Here AWS's service says what its model would.
            return Err(Error::invalid(
                "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must \
                 not be null.",
            ));
        }
        let at_timestamp = given == Some("AT_TIMESTAMP");
        if at_timestamp && kind == Kind::DynamoDb {
            let arn = self.event_source_arn.as_deref().unwrap_or_default();
            return Err(Error::invalid(format!("Unsupported starting position for arn type: {arn}")));
        }
        // The rules of the timestamp are documented; the wording is believed.
        match self.starting_position_timestamp {
            None if at_timestamp => Err(Error::invalid("Need to specify a timestamp")),
            Some(_) if !at_timestamp => Err(Error::invalid(
                "StartingPositionTimestamp is only valid with StartingPosition AT_TIMESTAMP.",
            )),
            Some(seconds) if seconds > now() => {
                Err(Error::invalid("StartingPositionTimestamp cannot be in the future."))
            }
            _ => Ok(Some(given.unwrap_or("TRIM_HORIZON").to_owned())),
        }
    }

    /// Topics belong to Kafka and queues to MQ, and there they are needed.
    fn check_names(&self, kind: Kind) -> Result<(), Error> {
        for (member, given, fits) in [
            ("topics", self.topics.is_some(), kind.is_kafka()),
            ("queues", self.queues.is_some(), kind == Kind::Mq),
        ] {
            if fits && !given {
                return Err(Error::invalid(format!("Required '{member}' parameter is missing.")));
            }
            if given && !fits {
                return Err(unsupported(if member == "topics" { "Topics" } else { "Queues" }));
            }
        }
        Ok(())
    }
}

impl Lambda {
    /// The mappings by their UUIDs, everything settled that is due. Whoever needs the functions, too, takes those first.
    pub(super) fn mappings(&self) -> MutexGuard<'_, BTreeMap<String, Mapping>> {
        let mut mappings = self.mappings.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        mappings.retain(|_, mapping| mapping.settle(now));
        mappings
    }

    pub(super) fn create_event_source_mapping(
        self: &Arc<Self>,
        _operation: &Operation,
        request: &Request,
    ) -> Result<Answer, Error> {
        let input: CreateMapping = wire::read(&request.body)?;
        let mut violations = Violations::default();
        input.check_model(&mut violations);
        violations.finish()?;
        let kind = input.kind()?;
        let starting_position = input.position(kind)?;
        input.check_names(kind)?;
        input.settings.check_request(kind)?;
        let uuid = Uuid::new_v4().to_string();
        let settings = Settings::initial(kind, &uuid).changed(input.settings);
        settings.check_whole(kind)?;
        let tags = input.tags.unwrap_or_default();
        validate::check_tags(&tags)?;
        validate::check_tag_count(tags.len())?;
        let target = self.mapped_function(&input.function_name.unwrap_or_default())?;
        let mut mapping = Mapping {
            uuid: uuid.clone(),
            kind,
            function: target.name,
            qualifier: target.qualifier,
            source: input.event_source_arn,
            endpoints: input.self_managed_event_source.and_then(|source| source.endpoints),
            topics: input.topics,
            queues: input.queues,
            starting_position,
            starting_timestamp: input.starting_position_timestamp,
            enabled: input.enabled.unwrap_or(true),
            settings,
            tags,
            last_modified: SystemTime::now(),
            transition: None,
            settles: None,
        };
        let mut mappings = self.mappings();
        refuse_duplicate(&mappings, &mapping, self.place())?;
        mapping.begin(Transition::Creating, self.settles());
        let answer = Answer::json(202, &mapping.shown(self.place()));
        mappings.insert(uuid, mapping);
        Ok(answer)
    }

    pub(super) fn get_event_source_mapping(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        let uuid = uuid(operation)?;
        let mappings = self.mappings();
        let mapping = mappings.get(uuid).ok_or_else(unknown)?;
        Ok(Answer::json(200, &mapping.shown(self.place())))
    }

    pub(super) fn update_event_source_mapping(
        self: &Arc<Self>,
        operation: &Operation,
        request: &Request,
    ) -> Result<Answer, Error> {
        let input: UpdateMapping = wire::read(&request.body)?;
        let mut violations = Violations::default();
        if let Some(name) = &input.function_name {
            names::check_name(name, Naming::Namespaced, &mut violations);
        }
        input.settings.check_model(&mut violations);
        violations.finish()?;
        let uuid = uuid(operation)?;
        let present = self.mappings().get(uuid).cloned().ok_or_else(unknown)?;
        input.settings.check_request(present.kind)?;
        let target = match &input.function_name {
            Some(name) => self.mapped_function(name)?,
            None => present.target(),
        };
        let mut mappings = self.mappings();
        let mut changed = mappings.get(uuid).cloned().ok_or_else(unknown)?;
        refuse_busy(&changed, "update")?;
        changed.settings = changed.settings.changed(input.settings);
        changed.settings.check_whole(changed.kind)?;
        (changed.function, changed.qualifier) = (target.name, target.qualifier);
        refuse_duplicate(&mappings, &changed, self.place())?;
        let enabled = input.enabled.unwrap_or(changed.enabled);
        let transition = match (changed.enabled, enabled) {
            (false, true) => Transition::Enabling,
            (true, false) => Transition::Disabling,
            _ => Transition::Updating,
        };
        changed.enabled = enabled;
        changed.begin(transition, self.settles());
        let answer = Answer::json(202, &changed.shown(self.place()));
        mappings.insert(uuid.to_owned(), changed);
        Ok(answer)
    }

    pub(super) fn delete_event_source_mapping(
        self: &Arc<Self>,
        operation: &Operation,
        _request: &Request,
    ) -> Result<Answer, Error> {
        let uuid = uuid(operation)?;
        let mut mappings = self.mappings();
        let mapping = mappings.get_mut(uuid).ok_or_else(unknown)?;
        refuse_busy(mapping, "delete")?;
        mapping.begin(Transition::Deleting, self.settles());
        Ok(Answer::json(202, &mapping.shown(self.place())))
    }

    pub(super) fn list_event_source_mappings(
        self: &Arc<Self>,
        _operation: &Operation,
        request: &Request,
    ) -> Result<Answer, Error> {
        let (source, name) = (request.query("EventSourceArn"), request.query("FunctionName"));
        let mut violations = Violations::default();
        check_source_arn(source, &mut violations);
        violations.finish()?;
        let target = name.map(|name| names::target(self.place(), name, None, Naming::Namespaced));
        let target = target.transpose()?;
        let fits = |mapping: &Mapping| {
            let latest = |qualifier: &Option<String>| qualifier.clone().filter(|it| it != "$LATEST");
            source.is_none_or(|source| mapping.source.as_deref() == Some(source))
                && target.as_ref().is_none_or(|target| {
                    mapping.function == target.name && latest(&mapping.qualifier) == latest(&target.qualifier)
                })
        };
        let mappings = self.mappings();
        let items = mappings.iter().filter(|(_, mapping)| fits(mapping));
        let items = items.map(|(uuid, mapping)| (uuid.clone(), mapping.shown(self.place()))).collect();
        let (items, next) = page_of(request, items, 10_000, PAGE)?;
        let mut out = json!({ "EventSourceMappings": items });
        if let Some(next) = next {
            out["NextMarker"] = json!(next);
        }
        Ok(Answer::json(200, &out))
    }

    /// The function that a mapping is to invoke, which must exist.
    fn mapped_function(&self, name: &str) -> Result<Target, Error> {
        let target = names::target(self.place(), name, None, Naming::Namespaced)?;
        let qualifier = target.qualifier.as_deref().unwrap_or("$LATEST");
        let exists = self.functions().get(&target.name).is_some_and(|function| {
            function.release(qualifier).is_some() || function.aliases.contains_key(qualifier)
        });
        if exists { Ok(target) } else { Err(Error::invalid("Function does not exist")) }
    }
}

/// The ARN of a mapping.
pub(super) fn arn(place: &Place, uuid: &str) -> String {
    format!(
        "arn:{}:lambda:{}:{}:event-source-mapping:{uuid}",
        place.partition, place.region, place.account_id
    )
}

/// The answer for a mapping that is not there.
pub(super) fn unknown() -> Error {
    Error::not_found("The resource you requested does not exist.")
}

fn refuse_duplicate(
    mappings: &BTreeMap<String, Mapping>,
    mapping: &Mapping,
    place: &Place,
) -> Result<(), Error> {
    let alike = mappings.values().find(|other| other.uuid != mapping.uuid && other.is_like(mapping));
    alike.map_or(Ok(()), |other| Err(mapping.duplicate(&other.uuid, place)))
}

/// Refuses a change while another is under way.
fn refuse_busy(mapping: &Mapping, what: &str) -> Result<(), Error> {
    if mapping.transition.is_none() {
        return Ok(());
    }
    let message = format!("Cannot {what} the event source mapping because it is in use.");
    Err(Error::new(400, "ResourceInUseException", message))
}

/// The mapping that the path names.
fn uuid(operation: &Operation) -> Result<&str, Error> {
    let uuid = operation.label();
    let mut violations = Violations::default();
    violations.at_most(uuid, "uUID", 36);
    if uuid.chars().count() < 36 {
        violations.add(uuid, "uUID", "Member must have length greater than or equal to 36");
    }
    violations.finish()?;
    Ok(uuid)
}

fn check_source_arn(arn: Option<&str>, violations: &mut Violations) {
    if let Some(arn) = arn.filter(|arn| !is_arn(arn)) {
        let rule = format!("Member must satisfy regular expression pattern: {ARN_PATTERN}");
        violations.add(arn, "eventSourceArn", &rule);
    }
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
