//! Following a group that FilterLogEvents does not serve: Logs Insights queries, again and again.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

use super::group::{Gap, Group, Halt};
use crate::{
    domain::log_event::LogEvent,
    tail::{
        source::{Clock, Found, RangeRequest, Source, SourceErrorKind, Streams},
        update::{GapKind, State, Transport},
    },
};

/// How often the newest is asked for: each query is billed by what it looks at.
const QUERY_EVERY: Duration = Duration::from_secs(30);
/// Queries take whole seconds.
const SECOND_MS: i64 = 1_000;

impl<S: Source, C: Clock> Group<'_, S, C> {
    /// Follows by queries until that ends; `why` it has to be so. Where queries are not offered either, or a filter
    /// pattern is wanted, which they don't know, the group can't be followed.
    pub(super) async fn query(&mut self, why: String) -> Halt {
        match self.query_on(why).await {
            Ok(()) => Halt::GivenUp,
            Err(halt) => halt,
        }
    }

    /// Ends where only history is wanted.
    async fn query_on(&mut self, why: String) -> Result<(), Halt> {
        let options = &self.shared.options;
        if options.filter_pattern.is_some() {
            let message = format!("{why}; it is read by queries, which know no filter pattern");
            self.tell_state(State::Unsupported { message }).await?;
            return Err(Halt::GivenUp);
        }
        self.correct_since();
        let mut told = false;
        let mut since = self.since_ms;
        let mut mark = self.reference();
        loop {
            let begun = Instant::now();
            let reference = self.reference();
            // What is being written now is the next round's, but for the second that has begun.
            let ahead = self.now().saturating_add(SECOND_MS).max(reference.saturating_add(SECOND_MS));
            let end = options.until_ms.unwrap_or(ahead).max(since.saturating_add(1));
            match self.query_range(since, end).await? {
                Queried::Read => {}
                Queried::Missing => {
                    self.missing().await?;
                    continue;
                }
                Queried::Refused => {
                    self.tell_state(State::Unsupported { message: why }).await?;
                    return Err(Halt::GivenUp);
                }
            }
            self.status.transport = Transport::Insights;
            self.status.head_at_ms = Some(self.shared.clock.now_ms());
            mark = mark.max(reference);
            self.head_mark = mark;
            (self.short.mark, self.long.mark) = (mark, mark);
            self.tell_history_done().await?;
            if !options.live {
                return Ok(());
            }
            if !told {
                told = true;
                let from_ms = self.served_until();
                let gap = Gap { kind: GapKind::NotLive, from_ms, to_ms: None, ended: None };
                self.tell_gap(&gap, false).await?;
            }
            if self.broken.as_ref().is_some_and(|gap| gap.ended.is_none()) {
                self.mended().await?;
            }
            self.swept(begun, true).await?;
            self.tell_state(State::Live).await?;
            since = self.bounded(self.long.start());
            let next = begun + QUERY_EVERY;
            while Instant::now() < next {
                let pause = next.min(Instant::now() + Duration::from_secs(5));
                self.meanwhile(sleep_until(pause)).await?;
                self.tell_if_new().await?;
            }
        }
    }

    /// Tells what is new in a range. Where there is more than a query gives, each half of it is asked for.
    async fn query_range(&mut self, start_ms: i64, end_ms: i64) -> Result<Queried, Halt> {
        let shared = self.shared;
        let mut ranges = vec![(start_ms, end_ms)];
        while let Some((start_ms, end_ms)) = ranges.pop() {
            self.meanwhile(shared.budget.acquire()).await?;
            let request = RangeRequest { group: self.name.to_owned(), start_ms, end_ms };
            let found = match self.meanwhile(shared.source.query(request)).await? {
                Ok(found) => found,
                Err(error) => {
                    self.status.calls += 1;
                    match error.kind {
                        SourceErrorKind::NotFound => {
                            self.recovered().await?;
                            return Ok(Queried::Missing);
                        }
                        SourceErrorKind::Unsupported => return Ok(Queried::Refused),
                        _ => {
                            self.failed(error).await?;
                            ranges.push((start_ms, end_ms));
                        }
                    }
                    continue;
                }
            };
            self.recovered().await?;
            let Found { mut events, full, calls } = found;
            self.status.calls += calls;
            name_nameless(&mut events);
            events.retain(|event| is_wanted(&shared.options.streams, event));
            self.take(events).await?;
            if full && end_ms - start_ms > 1 {
                let half = start_ms + half(end_ms - start_ms);
                ranges.extend([(half, end_ms), (start_ms, half)]);
            } else if full {
                // No query tells the rest of a millisecond.
                let gap = Gap { kind: GapKind::Sampled, from_ms: start_ms, to_ms: Some(end_ms), ended: None };
                self.tell_gap(&gap, false).await?;
            }
        }
        Ok(Queried::Read)
    }
}

enum Queried {
    Read,
    Missing,
    /// Queries are not offered.
    Refused,
}

/// Half of a range, in whole seconds where it has some.
fn half(range_ms: i64) -> i64 {
    let half = range_ms / 2;
    if half > SECOND_MS { half - half % SECOND_MS } else { half }
}

fn is_wanted(streams: &Streams, event: &LogEvent) -> bool {
    match streams {
        Streams::All => true,
        Streams::Named(names) => names.contains(&event.stream),
        Streams::Prefixed(prefix) => event.stream.starts_with(prefix.as_str()),
    }
}

/// Gives ids to events that have none: what they are, and how many of their like came before them in the answer.
fn name_nameless(events: &mut [LogEvent]) {
    let mut alike: HashMap<u64, u32> = HashMap::new();
    for event in events.iter_mut().filter(|event| event.id.is_empty()) {
        let mut hasher = DefaultHasher::new();
        (&event.stream, event.timestamp, event.ingestion_time, &event.message).hash(&mut hasher);
        let hash = hasher.finish();
        let nth = alike.entry(hash).or_default();
        event.id = format!("{hash:016x}-{nth}");
        *nth += 1;
    }
}
