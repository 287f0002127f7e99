//! Events that were accepted and are not concluded: kept, so that an engine that ends before them does not lose them.
//!
//! AWS, too, promises that an event runs at least once: where the engine is killed, one that was under way runs again.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Chain, Event, Rounds, Target};
use crate::local::keep::{Change, KeepError, Keeper, Kept, Table, mirror};

/// What is known of each event, by its request id.
const EVENTS: Table = Table("events");
/// Their payloads, which do not change.
const PAYLOADS: Table = Table("event_payloads");

/// An event in the queue.
#[derive(Debug)]
pub(in crate::local) struct Accepted {
    pub(super) target: Target,
    pub(super) event: Event,
    /// How often functions had run in its chain when it was accepted.
    pub(super) rounds: BTreeMap<String, Rounds>,
    /// When it was accepted.
    at: SystemTime,
    /// How often it has run.
    pub(super) runs: u32,
}

#[derive(Serialize, Deserialize)]
struct Record {
    function: String,
    qualifier: Option<String>,
    tenant_id: Option<String>,
    rounds: BTreeMap<String, Rounds>,
    at: SystemTime,
    runs: u32,
}

impl Accepted {
    /// An event that comes in.
    pub(super) fn new(target: Target, event: Event, chain: &Chain) -> Self {
        Self { target, event, rounds: chain.rounds(), at: SystemTime::now(), runs: 0 }
    }

    /// How long ago it came in.
    pub(super) fn age(&self) -> Duration {
        self.at.elapsed().unwrap_or_default()
    }

    /// Notes that it is there.
    pub(super) fn note(&self, keeper: &Keeper) {
        if keeper.keeps() {
            let payload = Change::put(PAYLOADS, self.event.request_id.as_str(), &self.event.payload[..]);
            keeper.note(vec![payload, self.record(self.runs)]);
        }
    }

    /// Notes how often it has run.
    pub(super) fn note_runs(&self, keeper: &Keeper, runs: u32) {
        if keeper.keeps() {
            keeper.note(vec![self.record(runs)]);
        }
    }

    /// Notes that it is concluded.
    pub(super) fn note_end(&self, keeper: &Keeper) {
        if keeper.keeps() {
            let id = self.event.request_id.as_str();
            keeper.note(vec![Change::remove(EVENTS, id), Change::remove(PAYLOADS, id)]);
        }
    }

    fn record(&self, runs: u32) -> Change {
        let record = Record {
            function: self.target.name.clone(),
            qualifier: self.target.qualifier.clone(),
            tenant_id: self.event.tenant_id.clone(),
            rounds: self.rounds.clone(),
            at: self.at,
            runs,
        };
        Change::put(EVENTS, self.event.request_id.as_str(), serde_json::to_vec(&record).unwrap_or_default())
    }
}

/// The events that were not concluded, in the order in which they came.
///
/// # Errors
/// When the file can't be read.
pub(in crate::local::lambda) fn load(kept: &Kept) -> Result<Vec<Accepted>, KeepError> {
    let mut payloads = kept.rows(PAYLOADS)?.into_iter().collect::<std::collections::HashMap<_, _>>();
    let mut events = Vec::new();
    kept.each(EVENTS, |id, record| {
        let record: Record = mirror::read(record)?;
        // Both were noted at once.
        let payload = payloads.remove(id).map(Bytes::from).unwrap_or_default();
        let event = Event {
            tenant_id: record.tenant_id,
            ..Event::new(String::from_utf8_lossy(id).into_owned(), payload)
        };
        let target = Target { name: record.function, qualifier: record.qualifier };
        events.push(Accepted { target, event, rounds: record.rounds, at: record.at, runs: record.runs });
        Ok(())
    })?;
    events.sort_by_key(|event| event.at);
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_event_is_kept_with_its_runs_until_it_is_concluded() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::open(folder.path()).unwrap();
        let keeper = kept.keeper();
        let target = |name: &str| Target { name: name.into(), qualifier: Some("live".into()) };
        let event = |id: &str| Event { tenant_id: Some("blue".into()), ..Event::new(id, &b"{\"a\": 1}"[..]) };
        let chain = Chain::default();
        chain.round("one");
        let first = Accepted::new(target("one"), event("z"), &chain);
        let second = Accepted::new(target("two"), event("a"), &Chain::default());
        for accepted in [&first, &second] {
            accepted.note(&keeper);
        }
        first.note_runs(&keeper, 2);
        keeper.settled().await.unwrap();
        let loaded = load(&kept).unwrap();
        assert_eq!(loaded.iter().map(|it| it.event.request_id.as_str()).collect::<Vec<_>>(), ["z", "a"]);
        let again = &loaded[0];
        assert_eq!(
            (again.runs, &again.rounds, again.at, &again.target),
            (2, &first.rounds, first.at, &first.target)
        );
        assert_eq!(
            (&again.event.payload, &again.event.tenant_id),
            (&first.event.payload, &Some("blue".into()))
        );
        for accepted in loaded {
            accepted.note_end(&keeper);
        }
        keeper.settled().await.unwrap();
        assert_eq!((kept.rows(EVENTS).unwrap(), kept.rows(PAYLOADS).unwrap()), (vec![], vec![]));
    }
}
