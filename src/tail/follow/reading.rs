//! Asking for pages until there is an answer.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::group::{Gap, Group, Halt, Step};
use crate::tail::{
    drain::Drain,
    source::{Clock, Page, PageRequest, Source, SourceError, SourceErrorKind},
    update::{GapKind, State},
};

/// How often a missing group is asked for.
const WAIT_EVERY: Duration = Duration::from_secs(2);
/// An interruption this long makes a gap.
const GAP_AFTER: Duration = Duration::from_secs(5);

enum Fetched {
    Page(Page),
    Missing,
    /// The token is no longer good.
    Stale,
}

impl<S: Source, C: Clock> Group<'_, S, C> {
    /// Reads the next page of a range and tells what is new in it.
    pub(super) async fn read(&mut self, drain: &mut Drain) -> Result<Step, Halt> {
        match self.fetch(drain).await? {
            Fetched::Missing => Ok(Step::Missing),
            Fetched::Stale => {
                if !self.shared.options.live && drain.restarts >= 3 {
                    let message = "the service does not go on with the reading".to_owned();
                    self.tell_state(State::Failed { message }).await?;
                    return Err(Halt::GivenUp);
                }
                self.meanwhile(sleep(Duration::from_secs(drain.restarts.min(8).into()))).await?;
                drain.restart();
                Ok(Step::More)
            }
            Fetched::Page(page) => {
                let newest = page.events.iter().map(|event| event.timestamp).max();
                let fresh = self.take(page.events).await?;
                Ok(if drain.take(newest, page.next_token, fresh) { Step::Complete } else { Step::More })
            }
        }
    }

    /// Asks for the next page until there is an answer.
    async fn fetch(&mut self, drain: &Drain) -> Result<Fetched, Halt> {
        let shared = self.shared;
        loop {
            self.meanwhile(shared.budget.acquire()).await?;
            self.status.calls += 1;
            let request = PageRequest {
                group: self.name.to_owned(),
                start_ms: drain.start,
                end_ms: drain.end,
                token: drain.token.clone(),
                streams: shared.options.streams.clone(),
                filter_pattern: shared.options.filter_pattern.clone(),
                limit: shared.options.page_limit,
            };
            let error = match self.meanwhile(shared.source.page(request)).await? {
                Ok(page) => {
                    self.recovered().await?;
                    return Ok(Fetched::Page(page));
                }
                Err(error) => error,
            };
            match error.kind {
                SourceErrorKind::NotFound => {
                    self.recovered().await?;
                    return Ok(Fetched::Missing);
                }
                SourceErrorKind::Other if drain.token.is_some() => return Ok(Fetched::Stale),
                SourceErrorKind::Unsupported => {
                    self.leave();
                    return Err(self.query(error.message).await);
                }
                _ => self.failed(error).await?,
            }
        }
    }

    /// Says what is wrong and waits before the next try.
    pub(super) async fn failed(&mut self, error: SourceError) -> Result<(), Halt> {
        let SourceError { kind, message } = error;
        let behind = self.last_good.elapsed();
        let behind_ms = i64::try_from(behind.as_millis()).unwrap_or(i64::MAX);
        // Someone waits for an end of history alone.
        let patience = match kind {
            SourceErrorKind::Throttled => 20,
            SourceErrorKind::Offline => 3,
            _ => 0,
        };
        let state = match kind {
            SourceErrorKind::Throttled => State::Throttled { behind_ms },
            SourceErrorKind::Offline => State::Offline { behind_ms, message },
            SourceErrorKind::Credentials => State::Credentials { message },
            SourceErrorKind::Denied => State::Denied { message },
            _ => State::Failed { message },
        };
        if kind == SourceErrorKind::Throttled {
            self.shared.budget.empty().await;
        }
        self.tell_state(state).await?;
        if !self.shared.options.live && self.backoff.failures() >= patience {
            return Err(Halt::GivenUp);
        }
        let gap = match self.broken.take() {
            Some(gap) if gap.ended.is_none() => {
                self.broken = Some(gap);
                None
            }
            // It is broken again before all of it was found.
            Some(gap) => Some(Gap { to_ms: None, ended: None, ..gap }),
            None if self.history_told && behind >= GAP_AFTER => {
                let good = self.served_until().saturating_sub(behind_ms);
                let from_ms = self.newest.map_or(good, |newest| newest.max(good));
                Some(Gap { kind: GapKind::Disconnected, from_ms, to_ms: None, ended: None })
            }
            None => None,
        };
        if let Some(gap) = gap {
            self.broken = Some(gap.clone());
            self.tell_gap(&gap, false).await?;
        }
        let wait = self.backoff.next();
        self.meanwhile(sleep(wait)).await
    }

    /// There was an answer.
    pub(super) async fn recovered(&mut self) -> Result<(), Halt> {
        self.last_good = Instant::now();
        if self.backoff.failures() == 0 {
            return Ok(());
        }
        self.backoff.reset();
        self.tell_state(State::CatchingUp).await
    }

    /// The group does not exist: there is no history, and nothing to read for a while.
    pub(super) async fn missing(&mut self) -> Result<(), Halt> {
        self.leave();
        self.tell_state(State::Waiting).await?;
        self.tell_history_done().await?;
        if !self.shared.options.live {
            return Err(Halt::GivenUp);
        }
        self.meanwhile(sleep(WAIT_EVERY)).await
    }
}
