//! Events that are there already and may be told a second time.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use crate::tail::{Arrival, Row};

/// How many rows there are of each event that may be told again. Nothing but its group, stream, time and message tells
/// an event from another one here, so equal ones are counted: of three that are told where two are there, one is new.
#[derive(Debug, Default)]
pub(super) struct Known(HashMap<u64, u32>);

impl Known {
    pub(super) fn of<'r>(rows: impl Iterator<Item = Row<'r>>) -> Self {
        let mut known = HashMap::new();
        for row in rows {
            *known.entry(hash(row.group, row.stream, row.timestamp, row.message)).or_default() += 1;
        }
        Self(known)
    }

    /// Whether an event is new. One that is there already counts once.
    pub(super) fn is_new(&mut self, arrival: &Arrival) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let event = &arrival.event;
        let key = hash(&event.group, &event.stream, event.timestamp, &event.message);
        let Some(count) = self.0.get_mut(&key) else { return true };
        *count -= 1;
        if *count == 0 {
            self.0.remove(&key);
        }
        false
    }
}

fn hash(group: &str, stream: &str, timestamp: i64, message: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (group, stream, timestamp, message).hash(&mut hasher);
    hasher.finish()
}
