//! What was changed, when and where: entries of the journal. They hold names, numbers and revision ids; no values of
//! variables, no free texts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    change::{Change, Order, schemas_command},
    place::Place,
    shareable,
};

/// The version of the format.
pub const FORMAT: u32 = 1;

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The request was about to leave. An entry that stays so: the program ended before the answer came.
    Begun,
    /// AWS did it.
    Done,
    /// AWS or this program refused it; nothing was changed.
    Refused,
    /// It left and no answer came: it may have been done.
    Unknown,
}

/// What changed of one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// A setting, a variable, an alias.
    pub name: String,
    /// What it was; absent where it was not there, or where it may not be recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What it was to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// One change. The line of its beginning and the line of its end have the same id; the later line counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Version of the format.
    pub v: u32,
    /// Names the change.
    pub id: String,
    /// When it was sent.
    pub at: Timestamp,
    /// Where.
    pub place: Place,
    /// Function name.
    pub function: String,
    /// AWS's operation.
    pub operation: String,
    /// What it did, in a few words.
    pub summary: String,
    /// What changed, field by field.
    pub fields: Vec<Field>,
    /// The concurrency, versions and weights before it, exactly: enough to take it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<Back>,
    /// Revision before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision_before: Option<String>,
    /// Revision after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision_after: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// What takes it back, in words; absent where nothing can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inverse: Option<String>,
    /// The equivalent `aws` command, values as placeholders.
    pub command: String,
}

/// What was there before, for the changes that are taken back in a hurry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Back {
    /// Reserved concurrency.
    ReservedConcurrency {
        /// What it was; absent: unreserved.
        count: Option<u32>,
        /// What it is since; absent: unreserved.
        now: Option<u32>,
    },
    /// An alias that was pointed elsewhere.
    Alias {
        /// Its name.
        name: String,
        /// The version it pointed to.
        version: String,
        /// Its additional version, and the share as a text.
        additional: Option<(String, String)>,
        /// The version it points to since.
        now: Option<String>,
    },
}

impl Entry {
    /// The entry of a change that is about to be sent.
    #[must_use]
    pub fn begin(id: String, at: Timestamp, place: &Place, order: &Order) -> Self {
        let change = &order.change;
        let fields = change
            .diff()
            .into_iter()
            .map(|line| {
                let text = |text: String| Some(text).filter(|text| line.recorded && !text.is_empty());
                Field { before: text(line.before.clone()), after: text(line.after.clone()), name: line.name }
            })
            .collect();
        let back = match change {
            Change::ReservedConcurrency { before, after } => {
                Some(Back::ReservedConcurrency { count: *before, now: *after })
            }
            Change::Alias { name, before: Some(before), after } => Some(Back::Alias {
                name: name.clone(),
                version: before.version.clone(),
                additional: before.additional.as_ref().map(|it| (it.version.clone(), it.weight.to_string())),
                now: after.as_ref().map(|after| after.version.clone()),
            }),
            _ => None,
        };
        Self {
            v: FORMAT,
            id,
            at,
            place: place.clone(),
            function: order.function.clone(),
            operation: change.operation().to_owned(),
            summary: match change {
                // Their texts are free.
                Change::Publish { .. } => "new version".into(),
                _ => change.summary(),
            },
            fields,
            back,
            revision_before: order.revision_id.clone(),
            revision_after: None,
            outcome: Outcome::Begun,
            inverse: change.inverse().map(|inverse| inverse.aws_command(&order.function, place)),
            command: change.aws_command(&order.function, place),
        }
    }

    /// The same entry, sent by this operation: which one a shareable event takes shows late.
    #[must_use]
    pub fn sent_as(mut self, operation: &str) -> Self {
        if self.operation != operation {
            operation.clone_into(&mut self.operation);
            self.command = schemas_command(operation, &self.function, &self.place);
        }
        self
    }

    /// The entry of the registry, which is made before the first shareable event of all.
    #[must_use]
    pub fn of_registry(id: String, at: Timestamp, place: &Place, order: &Order) -> Self {
        Self {
            summary: format!("registry {}", shareable::REGISTRY),
            fields: Vec::new(),
            inverse: None,
            ..Self::begin(id, at, place, order).sent_as("CreateRegistry")
        }
    }

    /// Whether it concerns this function in this place, and was done or may have been.
    fn concerns(&self, place: &Place, function: &str) -> bool {
        self.function == function && self.place.is_same(place) && self.outcome != Outcome::Refused
    }
}

/// The version that an alias pointed to before it was pointed to `now`, as the newest entry that knows tells. `entries`
/// are in the order in which they were written.
#[must_use]
pub fn previous_version(
    entries: &[Entry],
    place: &Place,
    function: &str,
    alias: &str,
    now: &str,
) -> Option<String> {
    moved_from(entries, place, function, alias, now).map(|(version, _)| version.to_owned())
}

/// As [`previous_version`], with the moment at which the alias left that version.
#[must_use]
pub fn moved_from<'a>(
    entries: &'a [Entry],
    place: &Place,
    function: &str,
    alias: &str,
    now: &str,
) -> Option<(&'a str, Timestamp)> {
    entries.iter().rev().filter(|entry| entry.concerns(place, function)).find_map(|entry| match &entry.back {
        Some(Back::Alias { name, version, now: since, .. })
            if name == alias && version != now && since.as_deref() == Some(now) =>
        {
            Some((version.as_str(), entry.at))
        }
        _ => None,
    })
}

/// The reserved concurrency before the function was stopped: what the newest change to 0 found. The outer option: an
/// entry tells; the inner one: it was reserved at all.
#[must_use]
pub fn concurrency_before_stop(entries: &[Entry], place: &Place, function: &str) -> Option<Option<u32>> {
    entries.iter().rev().filter(|entry| entry.concerns(place, function)).find_map(|entry| match &entry.back {
        Some(Back::ReservedConcurrency { count, now: Some(0) }) if *count != Some(0) => Some(*count),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{release::Alias, secret::Secret};

    fn place() -> Place {
        Place { region: "eu-west-1".into(), account: Some("123456789012".into()), ..Place::default() }
    }

    fn entry(change: Change) -> Entry {
        let order = Order { function: "f".into(), revision_id: Some("r".into()), change };
        let mut entry = Entry::begin("1".into(), Timestamp::UNIX_EPOCH, &place(), &order);
        entry.outcome = Outcome::Done;
        entry
    }

    fn moved(from: &str, to: &str) -> Entry {
        let alias =
            |version: &str| Some(Alias { name: "live".into(), version: version.into(), ..Alias::default() });
        entry(Change::Alias { name: "live".into(), before: alias(from), after: alias(to) })
    }

    #[test]
    fn no_value_of_a_variable_is_written() {
        let variables = |value: &str| [("KEY".to_owned(), Secret::new(value))].into();
        let entry =
            entry(Change::Environment { before: variables("canary-1"), after: variables("canary-2") });
        let text = serde_json::to_string(&entry).unwrap();
        assert!(text.contains("KEY") && !text.contains("canary"), "{text}");
        assert_eq!(serde_json::from_str::<Entry>(&text).unwrap(), entry);
    }

    #[test]
    fn an_alias_goes_back_to_where_it_pointed_before() {
        let entries = [moved("5", "9"), moved("9", "6"), moved("6", "9")];
        let before = |now| previous_version(&entries, &place(), "f", "live", now);
        assert_eq!(before("9").as_deref(), Some("6"));
        assert_eq!(before("6").as_deref(), Some("9"));
        // Somebody else pointed it there.
        assert_eq!(before("7"), None);
        assert_eq!(previous_version(&entries, &place(), "g", "live", "9"), None);
        let elsewhere = Place { region: "us-east-1".into(), ..place() };
        assert_eq!(previous_version(&entries, &elsewhere, "f", "live", "9"), None);
    }

    #[test]
    fn a_refused_change_tells_nothing() {
        let mut refused = moved("5", "9");
        refused.outcome = Outcome::Refused;
        assert_eq!(previous_version(&[refused], &place(), "f", "live", "9"), None);
    }

    #[test]
    fn the_concurrency_before_a_stop() {
        let stop = |before| entry(Change::ReservedConcurrency { before, after: Some(0) });
        let before = |entries: &[Entry]| concurrency_before_stop(entries, &place(), "f");
        assert_eq!(before(&[stop(Some(7))]), Some(Some(7)));
        assert_eq!(before(&[stop(None)]), Some(None));
        // Stopped twice: the second one found nothing that could be restored.
        assert_eq!(before(&[stop(Some(7)), stop(Some(0))]), Some(Some(7)));
        assert_eq!(before(&[]), None);
        // Somebody else stopped it.
        let other = entry(Change::ReservedConcurrency { before: Some(5), after: Some(10) });
        assert_eq!(before(&[other]), None);
    }
}
