//! Telling events, once each, and how a group is doing.

use std::time::Duration;

use tokio::time::Instant;

use super::group::{Gap, Group, Halt, OVERLAP_MS, QUIET_MS};
use crate::{
    domain::log_event::LogEvent,
    tail::{
        source::{Clock, Source},
        update::{Arrival, GapKind, State, Status, Transport, Update},
    },
};

/// An event this far behind the newest is told to be late, in milliseconds.
const LATE_MS: i64 = 1_000;
/// How often a status is sent that only counts, while events come.
const STATUS_EVERY: Duration = Duration::from_secs(1);
/// How often it is while nothing comes: with each reading of the newest, so that nobody takes quiet for being behind.
const QUIET_STATUS_EVERY: Duration = Duration::from_millis(1_500);
/// The most events in an update.
const BATCH: usize = 1_000;

impl<S: Source, C: Clock> Group<'_, S, C> {
    /// Tells the events that polling reads for the first time and nobody told; answers how many it had not read.
    pub(super) async fn take(&mut self, events: Vec<LogEvent>) -> Result<usize, Halt> {
        let mut fresh: Vec<_> = events.into_iter().filter(|event| self.seen.is_new(event)).collect();
        if fresh.is_empty() {
            return Ok(0);
        }
        let count = fresh.len();
        let now_ms = self.now();
        for event in &fresh {
            self.ingested = self.ingested.max(event.ingestion_time);
        }
        if let Some(merge) = &mut self.merge {
            // What a session told is polled now: it counts for where polling reads from now on.
            let newest = &mut self.newest;
            fresh.retain(|event| {
                let untold = merge.polled(event);
                if !untold {
                    *newest = (*newest).max(Some(newest_of(event, now_ms)));
                }
                untold
            });
        }
        if !fresh.is_empty() {
            self.tell_events(fresh, false).await?;
        }
        let next_head = self.head_mark.saturating_sub(OVERLAP_MS);
        self.seen.forget_before(next_head.min(self.short.earliest()).min(self.long.earliest()));
        if let Some(merge) = &mut self.merge {
            merge.forget_before(self.seen.floor());
            if merge.is_over() {
                self.merge = None;
            }
        }
        Ok(count)
    }

    /// Tells events that were not told. Those of a Live Tail session don't count for where polling reads.
    pub(super) async fn tell_events(&mut self, mut fresh: Vec<LogEvent>, lived: bool) -> Result<(), Halt> {
        let now_ms = self.now();
        fresh.sort_by_key(|event| (event.timestamp, event.ingestion_time));
        let newest_before = self.newest.max(self.newest_live).filter(|_| self.history_told);
        let mut ingested = 0;
        let mut dropped = Vec::new();
        let mut newest = if lived { self.newest_live } else { self.newest };
        for event in &fresh {
            let ingestion = if event.ingestion_time > 0 { event.ingestion_time } else { now_ms };
            ingested = ingested.max(ingestion);
            newest = newest.max(Some(newest_of(event, now_ms)));
            if tells_of_drops(&event.message) {
                dropped.push(event.timestamp);
            }
        }
        if lived {
            self.newest_live = newest;
        } else {
            self.newest = newest;
        }
        self.last_event = Instant::now();
        let lag_ms = now_ms.saturating_sub(ingested).max(0);
        // What was there before one looked says nothing of how soon things show.
        self.status.lag_ms = Some(lag_ms).filter(|_| self.history_told);
        self.least_lag_ms = Some(self.least_lag_ms.map_or(lag_ms, |least| least.min(lag_ms)));
        let mut arrivals = fresh.into_iter().map(|event| {
            let behind = newest_before.map(|newest| newest.saturating_sub(event.timestamp));
            Arrival::new(event, behind.filter(|behind| *behind >= LATE_MS))
        });
        loop {
            let batch: Vec<_> = arrivals.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                break;
            }
            self.status.events += batch.len() as u64;
            self.status.late += batch.iter().filter(|arrival| arrival.late_by_ms.is_some()).count() as u64;
            self.send(Update::Events { group: self.name.to_owned(), batch }).await?;
        }
        for at in dropped {
            let gap = Gap { kind: GapKind::Dropped, from_ms: at, to_ms: Some(at), ended: None };
            self.tell_gap(&gap, false).await?;
        }
        if self.told.as_ref().is_none_or(|(_, at)| at.elapsed() >= STATUS_EVERY) {
            self.tell_status().await?;
        }
        Ok(())
    }

    pub(super) async fn tell_state(&mut self, state: State) -> Result<(), Halt> {
        self.status.state = state;
        self.tell_if_new().await
    }

    /// Tells the status where it says something new, or has not been told for a while.
    pub(super) async fn tell_if_new(&mut self) -> Result<(), Halt> {
        let new = self.told.as_ref().is_none_or(|(told, at)| {
            told.state != self.status.state
                || told.lookback_ms != self.status.lookback_ms
                || told.not_live_tail != self.status.not_live_tail
                || std::mem::discriminant(&told.transport) != std::mem::discriminant(&self.status.transport)
                || at.elapsed() >= QUIET_STATUS_EVERY
        });
        if new { self.tell_status().await } else { Ok(()) }
    }

    pub(super) async fn tell_status(&mut self) -> Result<(), Halt> {
        if self.status.is_live_tail() {
            self.transport_is(true);
        }
        self.told = Some((self.status.clone(), Instant::now()));
        self.send(Update::Status(self.status.clone())).await
    }

    /// Whether there is a Live Tail session beside polling.
    pub(super) fn transport_is(&mut self, live_tail: bool) {
        self.status.transport = match self.status.transport {
            Transport::Insights => Transport::Insights,
            _ if live_tail => Transport::LiveTail { seconds: self.shared.meter.seconds() },
            _ => Transport::Polling,
        };
    }

    pub(super) async fn tell_history_done(&mut self) -> Result<(), Halt> {
        if self.history_told {
            return Ok(());
        }
        self.history_told = true;
        self.send(Update::HistoryDone { group: self.name.to_owned() }).await
    }

    pub(super) async fn tell_gap(&self, gap: &Gap, repaired: bool) -> Result<(), Halt> {
        let group = self.name.to_owned();
        let Gap { kind, from_ms, to_ms, .. } = *gap;
        self.send(Update::Gap { group, kind, from_ms, to_ms, repaired }).await
    }

    async fn send(&self, update: Update) -> Result<(), Halt> {
        self.shared.out.send(update).await.map_err(|_| Halt::Closed)
    }
}

impl Status {
    pub(super) fn is_live_tail(&self) -> bool {
        matches!(self.transport, Transport::LiveTail { .. })
    }
}

/// What an event says of how new events can be: no event is newer than its ingestion, and a writer's clock that is
/// ahead doesn't count.
fn newest_of(event: &LogEvent, now_ms: i64) -> i64 {
    let ingestion = if event.ingestion_time > 0 { event.ingestion_time } else { now_ms };
    event.timestamp.min(ingestion.min(now_ms.saturating_add(QUIET_MS)))
}

/// Whether a message is Lambda's, that some of what the function wrote was dropped.
fn tells_of_drops(message: &str) -> bool {
    const TYPE: &[u8] = b"\"platform.logsDropped\"";
    /// The type comes after the time.
    const WITHIN: usize = 200;
    let message = message.as_bytes();
    message.first() == Some(&b'{')
        && memchr::memmem::find(&message[..message.len().min(WITHIN)], TYPE).is_some_and(|at| {
            let before = message[..at].trim_ascii_end();
            before.strip_suffix(b":").is_some_and(|before| before.trim_ascii_end().ends_with(b"\"type\""))
        })
}

#[cfg(test)]
mod tests {
    use super::tells_of_drops;

    #[test]
    fn drops_are_told_by_lambda_alone() {
        let line = r#"{"time":"2026-11-20T18:00:00.000Z","type":"platform.logsDropped","record":{"reason":"slow","droppedRecords":123,"droppedBytes":12345}}"#;
        assert!(tells_of_drops(line));
        assert!(tells_of_drops(r#"{ "type" : "platform.logsDropped" }"#));
        for other in [
            "",
            "{",
            "platform.logsDropped",
            r#"{"message":"platform.logsDropped"}"#,
            r#"{"type":"platform.report"}"#,
        ] {
            assert!(!tells_of_drops(other), "{other}");
        }
    }
}
