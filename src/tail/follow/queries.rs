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
/// Every so many times a query goes back as far as the long sweep of polling, else as far as the short one.
const LONG_EVERY: u32 = 10;
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
        let mut since = self.since_ms;
        let (mut round, mut long, mut mark) = (0, true, self.reference());
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
                Queried::Refused(message) => {
                    let message = format!("{why}; {message}");
                    self.tell_state(State::Unsupported { message }).await?;
                    return Err(Halt::GivenUp);
                }
            }
            self.status.transport = Transport::Insights;
            self.status.head_at_ms = Some(self.shared.clock.now_ms());
            mark = mark.max(reference);
            self.head_mark = mark;
            self.short.mark = mark;
            if long {
                self.long.mark = mark;
            }
            self.tell_history_done().await?;
            if !options.live {
                return Ok(());
            }
            if round == 0 {
                let from_ms = self.served_until();
                let gap = Gap { kind: GapKind::NotLive, from_ms, to_ms: None, ended: None };
                self.tell_gap(&gap, false).await?;
            }
            if self.broken.as_ref().is_some_and(|gap| gap.ended.is_none()) {
                self.mended().await?;
            }
            self.swept(begun, long).await?;
            self.tell_state(State::Live).await?;
            round += 1;
            long = round % LONG_EVERY == 0 || self.broken.is_some();
            since = self.bounded(if long { self.long.start() } else { self.short.start() });
            let next = begun + QUERY_EVERY;
            while Instant::now() < next {
                let pause = next.min(Instant::now() + Duration::from_secs(5));
                self.meanwhile(sleep_until(pause)).await?;
                self.tell_if_new().await?;
            }
        }
    }

    /// Tells what is new in a range. Where there is more than a query gives, each half of the rest is asked for.
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
                        SourceErrorKind::Unsupported => return Ok(Queried::Refused(error.message)),
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
            // The answer is complete up to its last millisecond.
            let given = events.last().map_or(start_ms, |last| last.timestamp.clamp(start_ms, end_ms - 1));
            name_nameless(&mut events);
            events.retain(|event| is_wanted(&shared.options.streams, event));
            self.take(events).await?;
            if full && end_ms - given > 1 {
                let half = given + half(end_ms - given);
                ranges.extend([(half, end_ms), (given, half)]);
            } else if full {
                // No query tells the rest of a millisecond.
                let gap = Gap { kind: GapKind::Sampled, from_ms: given, to_ms: Some(end_ms), ended: None };
                self.tell_gap(&gap, false).await?;
            }
        }
        Ok(Queried::Read)
    }
}

enum Queried {
    Read,
    Missing,
    /// Queries are not offered, for this reason.
    Refused(String),
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
