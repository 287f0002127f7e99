//! What the log store keeps across restarts: groups, streams, and events in the batches in which they came.
//!
//! A batch is one row, by the number of its first event; it goes when the last of its events has gone. Of a batch that is
//! evicted in part, all of it comes back, and what is too much is evicted again.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::store::{Group, InputEvent, Stream};
use crate::local::keep::{Change, KeepError, Keeper, Kept, Mirror, Table, mirror};

const GROUPS: Table = Table("log_groups");
/// By group and name, with a NUL between them.
const STREAMS: Table = Table("log_streams");
/// By the number of the first event, in eight bytes.
const BATCHES: Table = Table("log_batches");
const COUNTERS: Table = Table("log_counters");
/// The number of the newest event, where no batch says it.
const SEQ: &[u8] = b"seq";

/// Events of one stream that came together.
#[derive(Deserialize)]
pub(super) struct Batch {
    pub(super) group: String,
    pub(super) stream: String,
    pub(super) ingestion: i64,
    pub(super) events: Vec<InputEvent>,
}

#[derive(Serialize)]
struct BatchRow<'a> {
    group: &'a str,
    stream: &'a str,
    ingestion: i64,
    events: &'a [InputEvent],
}

/// A stream without its events.
#[derive(Serialize, Deserialize)]
pub(super) struct StreamRow {
    pub(super) created: i64,
    pub(super) last_ingestion: Option<i64>,
    pub(super) automatic: bool,
}

/// What of the store is kept, and how far it has been noted. Without `--persist` it does nothing.
pub(super) struct Keeping {
    keeper: Keeper,
    groups: Mirror,
    /// How many events of each batch are left, by the number of its first one.
    batches: BTreeMap<u64, usize>,
    /// Not noted yet.
    changes: Vec<Change>,
}

impl Default for Keeping {
    fn default() -> Self {
        Self {
            keeper: Keeper::default(),
            groups: Mirror::new(GROUPS),
            batches: BTreeMap::new(),
            changes: Vec::new(),
        }
    }
}

impl fmt::Debug for Keeping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeping").field("keeper", &self.keeper).finish_non_exhaustive()
    }
}

/// What was kept.
pub(super) struct Loaded {
    pub(super) keeping: Keeping,
    pub(super) groups: Vec<(String, Group)>,
    /// With the names of their groups.
    pub(super) streams: Vec<(String, String, StreamRow)>,
    /// With the numbers of their first events, in that order.
    pub(super) batches: Vec<(u64, Batch)>,
    /// The number of the newest event.
    pub(super) seq: u64,
}

impl Keeping {
    /// Reads what was kept.
    pub(super) fn load(kept: &Kept, keeper: Keeper) -> Result<Loaded, KeepError> {
        let mut keeping = Self { keeper, ..Self::default() };
        let groups = keeping.groups.load(kept)?;
        let (mut streams, mut batches, mut seq) = (Vec::new(), Vec::new(), 0);
        kept.each(STREAMS, |key, value| {
            let key = std::str::from_utf8(key).ok().and_then(|key| key.split_once('\0'));
            let (group, stream) = key.ok_or("a key is no stream's")?;
            streams.push((group.to_owned(), stream.to_owned(), mirror::read(value)?));
            Ok(())
        })?;
        kept.each(BATCHES, |key, value| {
            let first = u64::from_be_bytes(key.try_into().map_err(|_| "a key is no number")?);
            let batch: Batch = mirror::read(value)?;
            keeping.batches.insert(first, batch.events.len());
            seq = seq.max(last(first, batch.events.len()));
            batches.push((first, batch));
            Ok(())
        })?;
        kept.each(COUNTERS, |_, value| {
            seq = seq.max(mirror::read(value)?);
            Ok(())
        })?;
        Ok(Loaded { keeping, groups, streams, batches, seq })
    }

    pub(super) fn keeps(&self) -> bool {
        self.keeper.keeps()
    }

    /// Notes what has come together; and the groups, where they may have changed.
    pub(super) fn note(&mut self, groups: Option<&BTreeMap<String, Group>>) {
        if let Some(groups) = groups
            && self.keeps()
        {
            self.changes.extend(self.groups.changes(groups));
        }
        self.keeper.note(std::mem::take(&mut self.changes));
    }

    pub(super) fn stream(&mut self, group: &str, stream: &Stream) {
        if self.keeps() {
            let row = StreamRow {
                created: stream.created,
                last_ingestion: stream.last_ingestion,
                automatic: stream.is_automatic(),
            };
            let row = serde_json::to_vec(&row).unwrap_or_default();
            self.changes.push(Change::put(STREAMS, stream_key(group, &stream.name), row));
        }
    }

    pub(super) fn stream_gone(&mut self, group: &str, stream: &str) {
        if self.keeps() {
            self.changes.push(Change::remove(STREAMS, stream_key(group, stream)));
        }
    }

    /// `first` is the number of the first event.
    pub(super) fn batch(
        &mut self,
        first: u64,
        group: &str,
        stream: &str,
        ingestion: i64,
        events: &[InputEvent],
    ) {
        if self.keeps() && !events.is_empty() {
            let row = BatchRow { group, stream, ingestion, events };
            let row = serde_json::to_vec(&row).unwrap_or_default();
            self.batches.insert(first, events.len());
            self.changes.push(Change::put(BATCHES, first.to_be_bytes(), row));
        }
    }

    /// Notes that an event is gone; says whether its batch is, with it.
    pub(super) fn event_gone(&mut self, seq: u64) -> bool {
        let Some((&first, left)) = self.batches.range_mut(..=seq).next_back() else { return false };
        *left = left.saturating_sub(1);
        if *left > 0 {
            return false;
        }
        self.batches.remove(&first);
        self.changes.push(Change::remove(BATCHES, first.to_be_bytes()));
        true
    }

    /// Notes the number of the newest event where there is no batch any more to say it.
    pub(super) fn seq(&mut self, seq: u64) {
        if self.keeps() && self.batches.is_empty() {
            self.changes.push(Change::put(COUNTERS, SEQ, seq.to_string()));
        }
    }
}

fn stream_key(group: &str, stream: &str) -> String {
    format!("{group}\0{stream}")
}

/// The number of the last event of a batch.
fn last(first: u64, events: usize) -> u64 {
    first + u64::try_from(events).unwrap_or_default().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::{super::Store, *};

    fn event(timestamp: i64, message: &str) -> InputEvent {
        InputEvent { timestamp, message: message.to_owned() }
    }

    /// Loads a store; also the keeper, and how many rows there are of streams and batches.
    fn load(folder: &std::path::Path, bytes: usize) -> (Store, Keeper, (usize, usize)) {
        let kept = Kept::open(folder).unwrap();
        let rows = (kept.rows(STREAMS).unwrap().len(), kept.rows(BATCHES).unwrap().len());
        let (store, keeper) = (Store::new(bytes), kept.keeper());
        store.load(&kept, keeper.clone(), 0).unwrap();
        (store, keeper, rows)
    }

    /// Every event with its id, group and stream.
    fn all(store: &Store) -> Vec<(String, String, String, String)> {
        let state = store.read();
        let events = state.groups.iter().flat_map(|(name, group)| {
            group.events.iter().map(move |(key, event)| {
                (key.id(), name.clone(), event.stream.to_string(), event.message.to_string())
            })
        });
        events.collect()
    }

    #[tokio::test]
    async fn what_was_evicted_or_removed_is_gone_and_the_rest_is_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let (store, keeper, _) = load(folder.path(), 60_000);
        for n in 0..400 {
            let stream = format!("s{}", n / 10);
            let batch: Vec<_> = (0..n % 4).map(|it| event(n, &format!("message {n} {it}"))).collect();
            store.append(if n % 2 == 0 { "even" } else { "odd" }, &stream, &batch, n);
        }
        assert!(store.evicted() > 100, "{}", store.evicted());
        {
            let mut state = store.write();
            state.remove_stream("even", "s39");
            state.add_stream("even", "own", 7, false);
            state.insert("even", "own", &[event(500, "own")], 501);
            state.groups.get_mut("odd").unwrap().tags.insert("team".into(), "blue".into());
        }
        let (before, bytes) = (all(&store), store.bytes());
        keeper.close().await;
        let (again, keeper, (streams, batches)) = load(folder.path(), 60_000);
        assert_eq!(all(&again), before);
        assert_eq!((again.bytes(), again.read().last_seq()), (bytes, store.read().last_seq()));
        assert_eq!(again.read().groups["odd"].tags["team"], "blue");
        let own = |store: &Store| {
            let state = store.read();
            let stream = &state.groups["even"].streams["own"];
            (stream.created, stream.last_ingestion, stream.is_automatic())
        };
        assert_eq!(own(&again), (7, Some(501), false));
        assert!(streams < 60 && batches <= before.len(), "{streams} {batches}");
        // A stream of its own stays when its events have expired, and knows when the last one came.
        {
            let mut state = again.write();
            state.groups.get_mut("even").unwrap().retention_days = Some(1);
            state.expire("even", 2 * super::super::store::DAY_MS);
            state.remove_group("odd");
        }
        let last = again.read().last_seq();
        keeper.close().await;
        let (third, _, rows) = load(folder.path(), 60_000);
        assert_eq!((all(&third).len(), rows, third.read().last_seq()), (0, (1, 0), last));
        assert_eq!(own(&third), (7, Some(501), false));
    }
}
