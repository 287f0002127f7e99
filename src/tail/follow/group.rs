//! Following one group.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

use super::Shared;
use crate::tail::{
    backoff::Backoff,
    drain::{Drain, Tier},
    live::{Batch, Call, Inbox, LiveState, Member, merge::Merge},
    seen::Seen,
    source::{Clock, Source},
    update::{GapKind, State, Status},
};

/// How often the newest is read.
const HEAD_EVERY: Duration = Duration::from_secs(1);
/// How often it is when nothing comes.
const IDLE_EVERY: Duration = Duration::from_secs(2);
/// How long nothing must have come for that.
const IDLE_AFTER: Duration = Duration::from_mins(1);
/// How far behind the newest event the newest is read from, in milliseconds. Less where that takes more than a page:
/// the sweeps find the rest.
pub(super) const OVERLAP_MS: i64 = 5_000;
const MIN_OVERLAP_MS: i64 = 1_000;
/// How much of a second sweeps may take at most, so that the next head is in time.
const SWEEP_UNTIL: Duration = Duration::from_millis(800);
/// In a long reading of the newest, sweeps have every fifth request.
const HEAD_PAGES_PER_SWEEP: u32 = 4;
/// How old the newest event may get before the readings stop starting at it, in milliseconds; and how wrong what is
/// known of the time may be.
pub(super) const QUIET_MS: i64 = 15 * 60_000;
/// A local clock that is less wrong than this is taken for right, in milliseconds: answers tell the second only, and
/// take their time.
const CLOCK_ERROR_MS: u64 = 5_000;
/// What a session left out may become visible so much later than what it told.
const SAMPLED_AFTER: Duration = Duration::from_secs(5);

/// Why following ends.
pub(super) enum Halt {
    /// Nobody listens.
    Closed,
    /// It makes no sense to go on.
    GivenUp,
}

pub(super) enum Step {
    More,
    Complete,
    Missing,
}

/// A stretch in which events may be missing, that was told.
#[derive(Clone, Debug)]
pub(super) struct Gap {
    pub(super) kind: GapKind,
    pub(super) from_ms: i64,
    pub(super) to_ms: Option<i64>,
    /// From when on a sweep finds all that was missing; none while it goes on.
    pub(super) ended: Option<Instant>,
}

#[derive(Clone, Copy)]
enum Sweep {
    Short,
    Long,
}

pub(super) struct Group<'a, S, C> {
    pub(super) name: &'a str,
    pub(super) since_ms: i64,
    pub(super) shared: &'a Shared<S, C>,
    pub(super) seen: Seen,
    /// The newest timestamp that polling saw. A writer whose clock is ahead doesn't count: no event is newer than its
    /// ingestion.
    pub(super) newest: Option<i64>,
    /// The newest that Live Tail told, in the same way. Readings don't start there.
    pub(super) newest_live: Option<i64>,
    /// The newest ingestion time that polling saw.
    pub(super) ingested: i64,
    /// The least time between ingestion and telling, in milliseconds: what is certain of the service's clock.
    pub(super) least_lag_ms: Option<i64>,
    pub(super) head_mark: i64,
    overlap_ms: i64,
    pub(super) short: Tier,
    pub(super) long: Tier,
    last_sweep: Sweep,
    pub(super) backoff: Backoff,
    pub(super) last_good: Instant,
    pub(super) last_event: Instant,
    pub(super) history_told: bool,
    /// An interruption.
    pub(super) broken: Option<Gap>,
    /// A stretch that Live Tail told a sample of.
    pub(super) sampled: Option<Gap>,
    member: Arc<Member>,
    inbox: Inbox,
    joined: bool,
    /// While Live Tail is wanted, and until nothing that it told is read again.
    pub(super) merge: Option<Merge>,
    pub(super) status: Status,
    pub(super) told: Option<(Status, Instant)>,
}

impl<'a, S: Source, C: Clock> Group<'a, S, C> {
    pub(super) fn new(name: &'a str, since_ms: i64, shared: &'a Shared<S, C>) -> Self {
        let long = Tier::new(Duration::from_mins(1), 60, 300_000, 120_000);
        let mut seed = DefaultHasher::new();
        (name, shared.clock.now_ms()).hash(&mut seed);
        let (member, inbox) = Member::new(name);
        let status = Status {
            lookback_ms: long.lookback_ms,
            budget_per_s: shared.budget.per_second(),
            ..Status::new(name)
        };
        Self {
            name,
            since_ms,
            shared,
            seen: Seen::new(&shared.memory),
            newest: None,
            newest_live: None,
            ingested: i64::MIN,
            least_lag_ms: None,
            head_mark: i64::MIN,
            overlap_ms: OVERLAP_MS,
            short: Tier::new(Duration::from_secs(10), 10, 60_000, 20_000),
            long,
            last_sweep: Sweep::Long,
            backoff: Backoff::new(seed.finish()),
            last_good: Instant::now(),
            last_event: Instant::now(),
            history_told: false,
            broken: None,
            sampled: None,
            member,
            inbox,
            joined: false,
            merge: None,
            status,
            told: None,
        }
    }

    pub(super) async fn run(mut self) {
        let halt = match self.history().await {
            Ok(()) if self.shared.options.live => self.live().await,
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
            let mut drain = Drain::new(self.since_ms, self.shared.options.until_ms, self.reference());
            let complete = loop {
                match self.read(&mut drain).await? {
                    Step::More => {}
                    Step::Complete => break true,
                    Step::Missing => break false,
                }
            };
            if !complete {
                self.missing().await?;
                continue;
            }
            if self.correct_since() {
                continue;
            }
            let mark = self.mark_of(&drain);
            self.head_mark = mark;
            self.status.head_at_ms = Some(self.shared.clock.now_ms());
            for tier in [&mut self.short, &mut self.long] {
                tier.mark = mark;
                tier.restart_clock();
            }
            self.tell_history_done().await?;
            if self.shared.options.live {
                self.tell_state(State::Live).await?;
                self.join();
            }
            return Ok(());
        }
    }

    async fn live(&mut self) -> Halt {
        loop {
            let begun = Instant::now();
            let cycle = self.cycle(begun).await;
            let sweeping = self.short.drain.is_some() || self.long.drain.is_some();
            let idle = !sweeping && self.last_event.elapsed() >= IDLE_AFTER;
            let next = begun + if idle { IDLE_EVERY } else { HEAD_EVERY };
            let cycle = match cycle {
                Ok(()) => self.meanwhile(sleep_until(next)).await,
                Err(halt) => Err(halt),
            };
            if let Err(halt) = cycle {
                return halt;
            }
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
        self.status.head_at_ms = Some(self.shared.clock.now_ms());
        if self.broken.as_ref().is_some_and(|gap| gap.ended.is_none()) {
            self.mended().await?;
            self.long.due = Instant::now();
        }
        self.tell_state(State::Live).await?;
        self.join();
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
            self.status.lookback_ms =
                self.long.lookback_ms.min(self.long.mark.saturating_sub(self.seen.floor()));
            self.tell_if_new().await?;
        }
        self.swept(drain.begun, matches!(sweep, Sweep::Long)).await
    }

    /// A sweep that began then is complete: it found what a gap before it kept away. After an interruption that is as
    /// much as a long one finds.
    pub(super) async fn swept(&mut self, begun: Instant, long: bool) -> Result<(), Halt> {
        let found = |gap: &mut Gap| gap.ended.is_some_and(|ended| begun >= ended);
        if let Some(gap) = self.sampled.take_if(found) {
            if let Some(merge) = &self.merge {
                self.status.sampled += merge.left_out(gap.from_ms, gap.to_ms.unwrap_or(gap.from_ms));
            }
            self.tell_gap(&gap, true).await?;
            self.tell_status().await?;
        }
        if long && self.broken.as_ref().is_some_and(|gap| gap.ended.is_some()) {
            match self.broken.take_if(found) {
                Some(gap) => self.tell_gap(&gap, true).await?,
                None => self.long.due = Instant::now(),
            }
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
    pub(super) fn bounded(&self, start: i64) -> i64 {
        start.max(self.since_ms).max(self.seen.floor()).max(0)
    }

    /// A start that the service's clock has not reached was reckoned by a local one that is ahead. Whether it was.
    pub(super) fn correct_since(&mut self) -> bool {
        let wrong = self.shared.options.live && self.since_ms > self.now();
        if wrong {
            self.since_ms = self.since_ms.saturating_sub(self.clock_ahead()).min(self.now());
        }
        wrong
    }

    fn clock_ahead(&self) -> i64 {
        let ahead = self.shared.source.clock_ahead_ms().unwrap_or_default();
        if ahead.unsigned_abs() > CLOCK_ERROR_MS { ahead } else { 0 }
    }

    /// The service's time, as far as it is known; else the local one. In milliseconds since the epoch.
    pub(super) fn now(&self) -> i64 {
        self.shared.clock.now_ms().saturating_sub(self.clock_ahead())
    }

    /// A lower bound of the newest timestamp there is: the newest that was seen, or a time so long ago that neither
    /// the clock's error nor a writer's delay matters.
    pub(super) fn reference(&self) -> i64 {
        let long_ago = self.now().saturating_sub(QUIET_MS);
        self.newest.map_or(long_ago, |newest| newest.max(long_ago))
    }

    /// The reference of when a reading that is now complete began. It has seen newer events since; the newest of
    /// them, less the time it took, is a bound as well, and the better one where the reading began with nothing.
    fn mark_of(&self, drain: &Drain) -> i64 {
        let took = i64::try_from(drain.begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        let seen = self.newest.map_or(i64::MIN, |newest| newest.saturating_sub(took));
        // What it began with may have been reckoned before the first answer told the service's time.
        drain.reference.min(self.reference()).max(seen)
    }

    /// It can be read: it may have a Live Tail session.
    fn join(&mut self) {
        if !self.joined {
            self.joined = true;
            self.shared.call(Call::Join(Arc::clone(&self.member)));
        }
    }

    /// It can't be read any more: a session of it and others can't be opened.
    pub(super) fn leave(&mut self) {
        if self.joined {
            self.joined = false;
            self.shared.call(Call::Leave(self.name.to_owned()));
        }
    }

    /// Waits, and tells meanwhile what Live Tail brings.
    pub(super) async fn meanwhile<T>(&mut self, wait: impl Future<Output = T>) -> Result<T, Halt> {
        let mut wait = pin!(wait);
        loop {
            tokio::select! {
                biased;
                done = &mut wait => return Ok(done),
                Ok(()) = self.inbox.state.changed() => self.live_tail_is().await?,
                Some(batch) = self.inbox.batches.recv() => self.lived(batch).await?,
            }
        }
    }

    /// It is otherwise with Live Tail than it was.
    async fn live_tail_is(&mut self) -> Result<(), Halt> {
        let state = self.inbox.state.borrow_and_update().clone();
        match (&mut self.merge, &state) {
            (Some(merge), LiveState::Off) => merge.suspend(),
            (Some(merge), _) => merge.resume(self.ingested),
            (None, LiveState::Off) => {}
            (None, _) => self.merge = Some(Merge::new(self.ingested)),
        }
        self.transport_is(state == LiveState::Open);
        self.status.not_live_tail = match state {
            LiveState::Refused(reason) => Some(reason),
            // It is tried: until that is known, the reason holds.
            LiveState::Opening => self.status.not_live_tail.take(),
            LiveState::Off | LiveState::Open => None,
        };
        if !self.status.is_live_tail() {
            self.sampling_ended(None).await?;
        }
        self.tell_if_new().await
    }

    /// A session told something.
    async fn lived(&mut self, batch: Batch) -> Result<(), Halt> {
        let Batch { session, mut events, sampled } = batch;
        let Some(merge) = &mut self.merge else { return Ok(()) };
        let times = events.iter().map(|event| event.timestamp);
        let (from, to) = (times.clone().min(), times.max());
        let floor = self.seen.floor();
        events.retain(|event| event.timestamp >= floor && merge.lived(session, event));
        if !events.is_empty() {
            self.tell_events(events, true).await?;
        }
        if sampled { self.sampling(from).await } else { self.sampling_ended(to).await }
    }

    /// Events were left out, of about this time.
    async fn sampling(&mut self, from: Option<i64>) -> Result<(), Halt> {
        let from_ms = from.unwrap_or_else(|| self.served_until());
        let gap = match self.sampled.take() {
            Some(gap) if gap.ended.is_none() => {
                self.sampled = Some(gap);
                return Ok(());
            }
            Some(gap) => Gap { to_ms: None, ended: None, ..gap },
            None => Gap { kind: GapKind::Sampled, from_ms, to_ms: None, ended: None },
        };
        self.sampled = Some(gap.clone());
        self.tell_gap(&gap, false).await
    }

    async fn sampling_ended(&mut self, to: Option<i64>) -> Result<(), Halt> {
        let until = self.served_until();
        let Some(gap) = self.sampled.as_mut().filter(|gap| gap.ended.is_none()) else { return Ok(()) };
        gap.to_ms = Some(to.unwrap_or(until).max(gap.from_ms));
        gap.ended = Some(Instant::now() + SAMPLED_AFTER);
        let gap = gap.clone();
        self.tell_gap(&gap, false).await
    }

    /// An interruption is over: from now on a sweep finds what it kept away.
    pub(super) async fn mended(&mut self) -> Result<(), Halt> {
        let until = self.served_until();
        let Some(gap) = &mut self.broken else { return Ok(()) };
        gap.ended = Some(Instant::now());
        gap.to_ms = Some(until.max(gap.from_ms));
        let gap = gap.clone();
        self.tell_gap(&gap, false).await
    }

    /// A time that the service's clock has passed, in milliseconds since the epoch: now, less how long events take at
    /// least.
    pub(super) fn served_until(&self) -> i64 {
        let served = self.now().saturating_sub(self.least_lag_ms.unwrap_or_default());
        self.newest.max(self.newest_live).map_or(served, |newest| newest.max(served))
    }
}
