//! Following one group.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use tokio::{
    sync::mpsc,
    time::{Instant, sleep, sleep_until},
};

use super::Options;
use crate::cloud::Budget;
use crate::tail::{
    backoff::Backoff,
    drain::{Drain, Tier},
    seen::Seen,
    source::{Clock, Page, PageRequest, Source, SourceError, SourceErrorKind},
    update::{Arrival, GapKind, State, Status, Update},
};

/// How often the newest is read.
const HEAD_EVERY: Duration = Duration::from_secs(1);
/// How often it is when nothing comes.
const IDLE_EVERY: Duration = Duration::from_secs(2);
/// How long nothing must have come for that.
const IDLE_AFTER: Duration = Duration::from_mins(1);
/// How far behind the newest event the newest is read from, in milliseconds. Less where that takes more than a page:
/// the sweeps find the rest.
const OVERLAP_MS: i64 = 5_000;
const MIN_OVERLAP_MS: i64 = 1_000;
/// How much of a second sweeps may take at most, so that the next head is in time.
const SWEEP_UNTIL: Duration = Duration::from_millis(800);
/// In a long reading of the newest, sweeps have every fifth request.
const HEAD_PAGES_PER_SWEEP: u32 = 4;
/// How old the newest event may get before the readings stop starting at it, in milliseconds; and how wrong the local
/// clock may be. AWS refuses the requests of a clock that is further off.
const QUIET_MS: i64 = 15 * 60_000;
/// How often a missing group is asked for.
const WAIT_EVERY: Duration = Duration::from_secs(2);
/// An event this far behind the newest is told to be late, in milliseconds.
const LATE_MS: i64 = 1_000;
/// An interruption this long makes a gap.
const GAP_AFTER: Duration = Duration::from_secs(5);
/// How often a status is sent that only counts.
const STATUS_EVERY: Duration = Duration::from_secs(1);
/// The most events in an update.
const BATCH: usize = 1_000;

/// Why following ends.
pub(super) enum Halt {
    /// Nobody listens.
    Closed,
    /// It makes no sense to go on.
    GivenUp,
}

enum Fetched {
    Page(Page),
    Missing,
    /// The token is no longer good.
    Stale,
}

enum Step {
    More,
    Complete,
    Missing,
}

/// An interruption that was told.
struct Gap {
    from_ms: i64,
    /// When the newest had been read again.
    ended: Option<Instant>,
}

#[derive(Clone, Copy)]
enum Sweep {
    Short,
    Long,
}

pub(super) struct Group<'a, S, C> {
    name: &'a str,
    source: &'a S,
    options: &'a Options,
    budget: &'a Budget,
    clock: &'a C,
    out: &'a mpsc::Sender<Update>,
    seen: Seen,
    /// The newest timestamp seen. A writer whose clock is ahead doesn't count: no event is newer than its ingestion.
    newest: Option<i64>,
    head_mark: i64,
    overlap_ms: i64,
    short: Tier,
    long: Tier,
    last_sweep: Sweep,
    backoff: Backoff,
    last_good: Instant,
    last_event: Instant,
    history_told: bool,
    gap: Option<Gap>,
    status: Status,
    told: Option<(Status, Instant)>,
}

impl<'a, S: Source, C: Clock> Group<'a, S, C> {
    pub(super) fn new(
        name: &'a str,
        source: &'a S,
        options: &'a Options,
        budget: &'a Budget,
        clock: &'a C,
        out: &'a mpsc::Sender<Update>,
        cap: usize,
    ) -> Self {
        let long = Tier::new(Duration::from_mins(1), 60, 300_000, 120_000);
        let mut seed = DefaultHasher::new();
        (name, clock.now_ms()).hash(&mut seed);
        let status = Status { lookback_ms: long.lookback_ms, ..Status::new(name) };
        Self {
            name,
            source,
            options,
            budget,
            clock,
            out,
            seen: Seen::new(cap),
            newest: None,
            head_mark: i64::MIN,
            overlap_ms: OVERLAP_MS,
            short: Tier::new(Duration::from_secs(10), 10, 60_000, 20_000),
            long,
            last_sweep: Sweep::Long,
            backoff: Backoff::new(seed.finish()),
            last_good: Instant::now(),
            last_event: Instant::now(),
            history_told: false,
            gap: None,
            status,
            told: None,
        }
    }

    pub(super) async fn run(mut self) {
        let halt = match self.history().await {
            Ok(()) if self.options.live => self.live().await,
            Ok(()) => return,
            Err(halt) => halt,
        };
        if matches!(halt, Halt::GivenUp) {
            // Nobody listens any more where this fails, which ends everything anyway.
            let _ = self.tell_history_done().await;
        }
    }

    /// Tells what there is.
    async fn history(&mut self) -> Result<(), Halt> {
        self.tell_state(State::CatchingUp).await?;
        loop {
            let mut drain = Drain::new(self.options.since_ms, self.options.until_ms, self.reference());
            let complete = loop {
                match self.read(&mut drain).await? {
                    Step::More => {}
                    Step::Complete => break true,
                    Step::Missing => break false,
                }
            };
            if complete {
                let mark = self.mark_of(&drain);
                self.head_mark = mark;
                for tier in [&mut self.short, &mut self.long] {
                    tier.mark = mark;
                    tier.restart_clock();
                }
                self.tell_history_done().await?;
                return if self.options.live { self.tell_state(State::Live).await } else { Ok(()) };
            }
            self.missing().await?;
        }
    }

    async fn live(&mut self) -> Halt {
        loop {
            let begun = Instant::now();
            if let Err(halt) = self.cycle(begun).await {
                return halt;
            }
            let sweeping = self.short.drain.is_some() || self.long.drain.is_some();
            let idle = !sweeping && self.last_event.elapsed() >= IDLE_AFTER;
            sleep_until(begun + if idle { IDLE_EVERY } else { HEAD_EVERY }).await;
        }
    }

    /// Reads the newest to its end, and a page of a sweep where one is due. Where a sweep takes longer than it should,
    /// it gets as many pages as there is time for, and no fewer than the newest had.
    async fn cycle(&mut self, begun: Instant) -> Result<(), Halt> {
        let start = self.bounded(self.head_mark.saturating_sub(self.overlap_ms));
        let mut drain = Drain::new(start, None, self.reference());
        loop {
            match self.read(&mut drain).await? {
                Step::More if drain.pages.is_multiple_of(HEAD_PAGES_PER_SWEEP) => self.sweep().await?,
                Step::More => {}
                Step::Complete => break,
                Step::Missing => return self.missing().await,
            }
        }
        self.head_mark = self.head_mark.max(self.mark_of(&drain));
        self.overlap_ms = if drain.pages > 1 {
            (self.overlap_ms / 2).max(MIN_OVERLAP_MS)
        } else {
            (self.overlap_ms + 500).min(OVERLAP_MS)
        };
        if let Some(gap @ Gap { ended: None, .. }) = &mut self.gap {
            gap.ended = Some(Instant::now());
            self.long.due = Instant::now();
        }
        self.tell_state(State::Live).await?;
        self.sweep().await?;
        let mut pages = 1;
        while (self.short.is_behind() || self.long.is_behind())
            && (begun.elapsed() < SWEEP_UNTIL || pages < drain.pages)
        {
            self.sweep().await?;
            pages += 1;
        }
        Ok(())
    }

    /// Reads one page of a sweep, if one is due; where both are, they take turns.
    async fn sweep(&mut self) -> Result<(), Halt> {
        let sweep = match (self.short.is_ready(), self.long.is_ready(), self.last_sweep) {
            (false, false, _) => return Ok(()),
            (true, false, _) | (true, true, Sweep::Long) => Sweep::Short,
            (false, true, _) | (true, true, Sweep::Short) => Sweep::Long,
        };
        self.last_sweep = sweep;
        let started = self.tier(sweep).drain.take();
        let mut drain = started.unwrap_or_else(|| {
            // What is newer than the newest event now, the next reading of the newest finds.
            let end = self.newest.unwrap_or(i64::MIN);
            let start = self.tier(sweep).start();
            Drain::new(self.bounded(start), Some(end), self.reference())
        });
        if drain.end.is_none_or(|end| drain.start < end) {
            match self.read(&mut drain).await? {
                Step::Complete => {}
                Step::More => {
                    self.tier(sweep).drain = Some(drain);
                    return Ok(());
                }
                // The next reading of the newest says so.
                Step::Missing => return Ok(()),
            }
        }
        self.tier(sweep).complete(drain.reference, drain.pages, drain.begun);
        if matches!(sweep, Sweep::Long) {
            self.swept(&drain).await?;
        }
        Ok(())
    }

    /// The long sweep is complete: what an interruption kept away has been told.
    async fn swept(&mut self, drain: &Drain) -> Result<(), Halt> {
        self.status.lookback_ms = self.long.lookback_ms.min(self.long.mark.saturating_sub(self.seen.floor()));
        self.tell_if_new().await?;
        if let Some(Gap { from_ms, ended: Some(ended) }) = self.gap {
            if drain.begun < ended {
                self.long.due = Instant::now();
                return Ok(());
            }
            self.gap = None;
            self.tell_gap(from_ms, true).await?;
        }
        Ok(())
    }

    fn tier(&mut self, sweep: Sweep) -> &mut Tier {
        match sweep {
            Sweep::Short => &mut self.short,
            Sweep::Long => &mut self.long,
        }
    }

    /// A start that is neither before what is wanted nor before what is remembered.
    fn bounded(&self, start: i64) -> i64 {
        start.max(self.options.since_ms).max(self.seen.floor()).max(0)
    }

    /// A lower bound of the newest timestamp there is: the newest that was seen, or a time so long ago that neither
    /// the local clock's error nor a writer's delay matters.
    fn reference(&self) -> i64 {
        let long_ago = self.clock.now_ms().saturating_sub(QUIET_MS);
        self.newest.map_or(long_ago, |newest| newest.max(long_ago))
    }

    /// The reference of when a reading that is now complete began. It has seen newer events since; the newest of
    /// them, less the time it took, is a bound as well, and the better one where the reading began with nothing.
    fn mark_of(&self, drain: &Drain) -> i64 {
        let took = i64::try_from(drain.begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        let seen = self.newest.map_or(i64::MIN, |newest| newest.saturating_sub(took));
        drain.reference.max(seen)
    }

    /// Reads the next page of a range and tells what is new in it.
    async fn read(&mut self, drain: &mut Drain) -> Result<Step, Halt> {
        match self.fetch(drain).await? {
            Fetched::Missing => Ok(Step::Missing),
            Fetched::Stale => {
                if !self.options.live && drain.restarts >= 3 {
                    return Err(Halt::GivenUp);
                }
                sleep(Duration::from_secs(drain.restarts.min(8).into())).await;
                drain.restart();
                Ok(Step::More)
            }
            Fetched::Page(page) => {
                let next_token = page.next_token.clone();
                let newest = page.events.iter().map(|event| event.timestamp).max();
                let fresh = self.take(page).await?;
                Ok(if drain.take(newest, next_token, fresh) { Step::Complete } else { Step::More })
            }
        }
    }

    /// Asks for the next page until there is an answer.
    async fn fetch(&mut self, drain: &Drain) -> Result<Fetched, Halt> {
        loop {
            self.budget.acquire().await;
            self.status.calls += 1;
            let request = PageRequest {
                group: self.name.to_owned(),
                start_ms: drain.start,
                end_ms: drain.end,
                token: drain.token.clone(),
                streams: self.options.streams.clone(),
                filter_pattern: self.options.filter_pattern.clone(),
                limit: self.options.page_limit,
            };
            let error = match self.source.page(request).await {
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
                    self.tell_state(State::Unsupported { message: error.message }).await?;
                    return Err(Halt::GivenUp);
                }
                _ => self.failed(error).await?,
            }
        }
    }

    /// Says what is wrong and waits before the next try.
    async fn failed(&mut self, error: SourceError) -> Result<(), Halt> {
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
            self.budget.empty().await;
        }
        self.tell_state(state).await?;
        if !self.options.live && self.backoff.failures() >= patience {
            return Err(Halt::GivenUp);
        }
        match &mut self.gap {
            Some(gap) => gap.ended = None,
            None if self.history_told && behind >= GAP_AFTER => {
                let from_ms = self.newest.unwrap_or_else(|| self.clock.now_ms().saturating_sub(behind_ms));
                self.gap = Some(Gap { from_ms, ended: None });
                self.tell_gap(from_ms, false).await?;
            }
            None => {}
        }
        sleep(self.backoff.next()).await;
        Ok(())
    }

    /// There was an answer.
    async fn recovered(&mut self) -> Result<(), Halt> {
        self.last_good = Instant::now();
        if self.backoff.failures() == 0 {
            return Ok(());
        }
        self.backoff.reset();
        self.tell_state(State::CatchingUp).await
    }

    /// The group does not exist: there is no history, and nothing to read for a while.
    async fn missing(&mut self) -> Result<(), Halt> {
        self.tell_state(State::Waiting).await?;
        self.tell_history_done().await?;
        if !self.options.live {
            return Err(Halt::GivenUp);
        }
        sleep(WAIT_EVERY).await;
        Ok(())
    }

    /// Tells the events of a page that are new; answers how many there were.
    async fn take(&mut self, page: Page) -> Result<usize, Halt> {
        let now_ms = self.clock.now_ms();
        let mut fresh: Vec<_> = page.events.into_iter().filter(|event| self.seen.is_new(event)).collect();
        if fresh.is_empty() {
            return Ok(0);
        }
        fresh.sort_by_key(|event| (event.timestamp, event.ingestion_time));
        let newest_before = self.newest.filter(|_| self.history_told);
        let mut ingested = 0;
        for event in &fresh {
            let ingestion = if event.ingestion_time > 0 { event.ingestion_time } else { now_ms };
            ingested = ingested.max(ingestion);
            let bound = ingestion.min(now_ms.saturating_add(QUIET_MS));
            self.newest = self.newest.max(Some(event.timestamp.min(bound)));
        }
        let next_head = self.head_mark.saturating_sub(OVERLAP_MS);
        self.seen.forget_before(next_head.min(self.short.earliest()).min(self.long.earliest()));
        let count = fresh.len();
        self.last_event = Instant::now();
        self.status.lag_ms = Some(now_ms.saturating_sub(ingested).max(0));
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
        if self.told.as_ref().is_none_or(|(_, at)| at.elapsed() >= STATUS_EVERY) {
            self.tell_status().await?;
        }
        Ok(count)
    }

    async fn tell_state(&mut self, state: State) -> Result<(), Halt> {
        self.status.state = state;
        self.tell_if_new().await
    }

    async fn tell_if_new(&mut self) -> Result<(), Halt> {
        let new = self.told.as_ref().is_none_or(|(told, _)| {
            told.state != self.status.state || told.lookback_ms != self.status.lookback_ms
        });
        if new { self.tell_status().await } else { Ok(()) }
    }

    async fn tell_status(&mut self) -> Result<(), Halt> {
        self.told = Some((self.status.clone(), Instant::now()));
        self.send(Update::Status(self.status.clone())).await
    }

    async fn tell_history_done(&mut self) -> Result<(), Halt> {
        if self.history_told {
            return Ok(());
        }
        self.history_told = true;
        self.send(Update::HistoryDone { group: self.name.to_owned() }).await
    }

    async fn tell_gap(&mut self, from_ms: i64, repaired: bool) -> Result<(), Halt> {
        let group = self.name.to_owned();
        self.send(Update::Gap { group, kind: GapKind::Disconnected, from_ms, to_ms: None, repaired }).await
    }

    async fn send(&self, update: Update) -> Result<(), Halt> {
        self.out.send(update).await.map_err(|_| Halt::Closed)
    }
}
