//! A mapping: what is kept of it, its states, and how it is shown.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    arn,
    settings::{self, Kind, Settings},
};
use crate::local::lambda::{
    error::Error,
    names::{Place, Target},
};

/// What `LastProcessingResult` says of every mapping.
const NOT_FED: &str = "PROBLEM: Nothing feeds this mapping: the local engine has no queues or streams. Invoke the function \
                       with an event of its source instead.";

/// What is under way with a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Transition {
    Creating,
    Updating,
    Enabling,
    Disabling,
    Deleting,
}

/// An event source mapping.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::local::lambda) struct Mapping {
    pub(super) uuid: String,
    pub(super) kind: Kind,
    /// The function's name. It need not exist any more.
    pub(super) function: String,
    pub(super) qualifier: Option<String>,
    /// `EventSourceArn`; a cluster of one's own has none.
    pub(super) source: Option<String>,
    /// `SelfManagedEventSource`.
    pub(super) endpoints: Option<Endpoints>,
    pub(super) topics: Option<Vec<String>>,
    pub(super) queues: Option<Vec<String>>,
    pub(super) starting_position: Option<String>,
    /// In seconds since 1970.
    pub(super) starting_timestamp: Option<f64>,
    pub(super) enabled: bool,
    pub(super) settings: Settings,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    pub(super) last_modified: SystemTime,
    pub(super) transition: Option<Transition>,
    /// When the transition ends. One that an earlier run of the engine began has ended.
    #[serde(skip)]
    pub(super) settles: Option<Instant>,
}

impl Mapping {
    pub(super) fn begin(&mut self, transition: Transition, settles: Instant) {
        self.transition = Some(transition);
        self.settles = Some(settles);
        self.last_modified = SystemTime::now();
    }

    /// Ends what is under way and due. Says whether the mapping is still there.
    pub(super) fn settle(&mut self, now: Instant) -> bool {
        if self.settles.is_some_and(|settles| settles > now) {
            return true;
        }
        self.settles = None;
        self.transition.take() != Some(Transition::Deleting)
    }

    fn state(&self) -> &'static str {
        match self.transition {
            Some(Transition::Creating) => "Creating",
            Some(Transition::Updating) => "Updating",
            Some(Transition::Enabling) => "Enabling",
            Some(Transition::Disabling) => "Disabling",
            Some(Transition::Deleting) => "Deleting",
            None if self.enabled => "Enabled",
            None => "Disabled",
        }
    }

    pub(super) fn target(&self) -> Target {
        Target { name: self.function.clone(), qualifier: self.qualifier.clone() }
    }

    /// `EventSourceMappingConfiguration`.
    pub(super) fn shown(&self, place: &Place) -> Value {
        let since = self.last_modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        let since = Duration::from_millis(u64::try_from(since.as_millis()).unwrap_or_default());
        let mut out = settings::shown(&self.settings);
        out["UUID"] = json!(self.uuid);
        out["EventSourceMappingArn"] = json!(arn(place, &self.uuid));
        out["FunctionArn"] = json!(self.target().arn(place));
        out["LastModified"] = json!(since.as_secs_f64());
        out["LastProcessingResult"] = json!(NOT_FED);
        out["State"] = json!(self.state());
        out["StateTransitionReason"] = json!(self.kind.reason());
        for (key, value) in [
            ("EventSourceArn", json!(self.source)),
            ("Topics", json!(self.topics)),
            ("Queues", json!(self.queues)),
            ("StartingPosition", json!(self.starting_position)),
            ("StartingPositionTimestamp", json!(self.starting_timestamp)),
        ] {
            if !value.is_null() {
                out[key] = value;
            }
        }
        if let Some(endpoints) = &self.endpoints {
            out["SelfManagedEventSource"] = json!({ "Endpoints": endpoints });
        }
        out
    }

    /// Whether another mapping brings the same records to the same function.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let common = |a: &Option<Vec<String>>, b: &Option<Vec<String>>| match (a, b) {
            (Some(a), Some(b)) => a.iter().any(|it| b.contains(it)),
            (None, None) => true,
            _ => false,
        };
        let servers = |mapping: &Self| {
            mapping.endpoints.as_ref().map(|it| it.values().flatten().cloned().collect::<Vec<_>>())
        };
        self.target() == other.target()
            && self.source == other.source
            && common(&servers(self), &servers(other))
            && common(&self.topics, &other.topics)
            && common(&self.queues, &other.queues)
    }

    /// The refusal of a mapping that is like one that is there.
    pub(super) fn duplicate(&self, uuid: &str, place: &Place) -> Error {
        let advice = format!("Please update or delete the existing mapping with UUID {uuid}");
        let source = self.source.as_deref().unwrap_or_default();
        let function = &self.function;
        Error::conflict(if self.kind.is_sqs() {
            format!(
                "An event source mapping with SQS arn (\" {source} \") and function (\" {function} \") already exists. \
                 {advice}"
            )
        } else if self.kind.is_stream() {
            format!(
                "The event source arn (\" {source} \") and function (\" {function} \") provided mapping already exists. \
                 {advice}"
            )
        } else {
            let servers = self.endpoints.iter().flat_map(|it| it.values().flatten());
            let servers: Vec<&str> = servers.map(String::as_str).collect();
            let source = if servers.is_empty() { source.to_owned() } else { servers.join(",") };
            let part = |what: &str, list: &Option<Vec<String>>| {
                list.as_ref().map(|list| format!(", {what} (\"{}\")", list.join(","))).unwrap_or_default()
            };
            format!(
                "An event source mapping with event source (\"{source}\"), function (\"{}\"){}{} already exists. {advice}",
                self.target().arn(place),
                part("topics", &self.topics),
                part("queues", &self.queues),
            )
        })
    }
}

/// `Endpoints`: lists of servers.
pub(super) type Endpoints = BTreeMap<String, Vec<String>>;

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeMap,
        time::{Duration, UNIX_EPOCH},
    };

    use super::{Instant, Kind, Mapping, Settings, Transition};

    #[test]
    fn what_was_under_way_has_ended_after_a_restart() {
        let mut mapping = Mapping {
            uuid: "id".into(),
            kind: Kind::Kinesis,
            function: "fn".into(),
            qualifier: None,
            source: Some("arn".into()),
            endpoints: None,
            topics: None,
            queues: None,
            starting_position: Some("LATEST".into()),
            starting_timestamp: None,
            enabled: false,
            settings: Settings::initial(Kind::Kinesis, "id"),
            tags: BTreeMap::new(),
            last_modified: UNIX_EPOCH,
            transition: None,
            settles: None,
        };
        let now = Instant::now();
        let later = now + Duration::from_secs(1);
        let kept = |mapping: &Mapping| -> Mapping {
            serde_json::from_str(&serde_json::to_string(mapping).unwrap()).unwrap()
        };
        assert_eq!(kept(&mapping), mapping);
        mapping.begin(Transition::Creating, later);
        assert!(mapping.settle(now) && mapping.state() == "Creating");
        let mut again = kept(&mapping);
        assert!(again.settle(now) && again.state() == "Disabled");
        assert!(mapping.settle(later) && mapping.state() == "Disabled");
        mapping.begin(Transition::Deleting, later);
        assert!(mapping.settle(now) && mapping.state() == "Deleting");
        assert!(!kept(&mapping).settle(now));
        assert!(!mapping.settle(later));
    }
}
