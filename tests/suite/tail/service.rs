//! A scripted CloudWatch Logs: events become visible when the script says, pages come as awkwardly as AWS's.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt, stream};

use lambdeck::{
    cloud::Budget,
    domain::log_event::LogEvent,
    tail::{
        Arrival, Clock, Control, Found, GapKind, LiveTail, LiveTailRequest, LiveUpdate, Options, Page,
        PageRequest, RangeRequest, Source, SourceError, SourceErrorKind, State, Status, Store, Streams,
        Update, follow,
    },
};
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;

pub use crate::support::random::Random;

/// The service's time when a test starts, in milliseconds since the epoch.
pub const T0: i64 = 1_790_000_000_000;

/// An event and when it can be read first, in milliseconds after [`T0`].
#[derive(Clone)]
pub struct Scripted {
    pub event: LogEvent,
    pub visible: i64,
}

/// An event of group `g`; times are in milliseconds after [`T0`], and it is ingested when it becomes visible.
pub fn scripted(stream: &str, id: &str, timestamp: i64, visible: i64) -> Scripted {
    let event = LogEvent {
        group: "g".to_owned(),
        stream: stream.to_owned(),
        id: id.to_owned(),
        timestamp: T0 + timestamp,
        ingestion_time: T0 + visible,
        message: format!("{stream} {id} at {timestamp}"),
    };
    Scripted { event, visible }
}

/// A stretch of time, in milliseconds after [`T0`], in which every request fails so.
#[derive(Clone)]
pub struct Trouble {
    pub from: i64,
    pub to: i64,
    pub kind: SourceErrorKind,
}

/// How a service ends a reading.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Without a token.
    Plain,
    /// With the token of the request, again and again.
    LastTokenAgain,
    /// With two tokens in turn.
    TokensInTurn,
}

/// What Live Tail does.
#[derive(Clone, Default)]
pub struct Live {
    /// How much sooner than polling it has an event, in milliseconds; never before it happened.
    pub lead: i64,
    /// In percent: events that it never tells.
    pub lost: i64,
    /// The most events in an update; 500 where it is 0.
    pub most: usize,
    /// After so many updates a session ends.
    pub updates: Option<usize>,
    /// No session is opened.
    pub refused: Option<SourceErrorKind>,
}

#[derive(Clone)]
pub struct Script {
    pub events: Vec<Scripted>,
    pub troubles: Vec<Trouble>,
    pub page: usize,
    /// In percent: pages that hold less than they could, and pages that hold nothing.
    pub partial: i64,
    pub empty: i64,
    pub latency_ms: i64,
    pub ending: Ending,
    /// Requests after which a token is no longer good.
    pub token_life: Option<u64>,
    pub live: Option<Live>,
    /// Queries are offered, and give so many events at most.
    pub query: Option<usize>,
    pub seed: u64,
}

impl Script {
    pub fn new(events: Vec<Scripted>) -> Self {
        Self {
            events,
            troubles: Vec::new(),
            page: 10_000,
            partial: 0,
            empty: 0,
            latency_ms: 80,
            ending: Ending::Plain,
            token_life: None,
            live: None,
            query: None,
            seed: 1,
        }
    }
}

/// One request that the service got, in milliseconds after [`T0`].
#[derive(Clone, Debug)]
pub struct Call {
    pub at: i64,
    pub request: PageRequest,
}

/// The service. Clones share the log of calls.
#[derive(Clone)]
pub struct Service {
    /// How far the local clock is ahead of its own, which its answers tell.
    pub ahead: Arc<AtomicI64>,
    pub sessions: Arc<Mutex<Vec<(i64, LiveTailRequest)>>>,
    pub queries: Arc<Mutex<Vec<(i64, RangeRequest)>>>,
    script: Arc<Script>,
    /// For every event, when the first of it and those after it becomes visible.
    first_visible: Arc<[i64]>,
    start: Instant,
    state: Arc<Mutex<(Random, Vec<Call>)>>,
}

impl Service {
    pub fn new(mut script: Script) -> Self {
        let order = |e: &LogEvent| (e.timestamp, e.ingestion_time, e.stream.clone(), e.id.clone());
        script.events.sort_by_cached_key(|scripted| order(&scripted.event));
        let state = Arc::new(Mutex::new((Random(script.seed), Vec::new())));
        let mut first_visible: Vec<_> = script.events.iter().map(|scripted| scripted.visible).collect();
        for at in (1..first_visible.len()).rev() {
            first_visible[at - 1] = first_visible[at - 1].min(first_visible[at]);
        }
        Self {
            ahead: Arc::default(),
            sessions: Arc::default(),
            queries: Arc::default(),
            script: Arc::new(script),
            first_visible: first_visible.into(),
            start: Instant::now(),
            state,
        }
    }

    pub fn calls(&self) -> Vec<Call> {
        self.state.lock().unwrap().1.clone()
    }

    fn now(&self) -> i64 {
        i64::try_from(self.start.elapsed().as_millis()).unwrap()
    }

    fn wanted(request: &PageRequest, event: &LogEvent) -> bool {
        event.timestamp >= request.start_ms
            && request.end_ms.is_none_or(|end| event.timestamp < end)
            && match &request.streams {
                Streams::All => true,
                Streams::Named(names) => names.contains(&event.stream),
                Streams::Prefixed(prefix) => event.stream.starts_with(prefix.as_str()),
            }
    }

    fn answer(&self, request: &PageRequest) -> Result<Page, SourceError> {
        let mut state = self.state.lock().unwrap();
        let now = self.now();
        state.1.push(Call { at: now, request: request.clone() });
        let calls = state.1.len() as u64;
        let random = &mut state.0;
        if let Some(trouble) = self.script.troubles.iter().find(|t| (t.from..t.to).contains(&now)) {
            return Err(SourceError { kind: trouble.kind, message: "scripted".to_owned() });
        }
        let (from, flag) = match &request.token {
            None => (0, "a"),
            Some(token) => {
                let mut parts = token.split(':');
                let mut number = || parts.next().unwrap().parse::<u64>().unwrap();
                let (from, made) = (usize::try_from(number()).unwrap(), number());
                if self.script.token_life.is_some_and(|life| calls - made > life) {
                    let message = "The specified nextToken is invalid.".to_owned();
                    return Err(SourceError { kind: SourceErrorKind::Other, message });
                }
                (from, if token.ends_with('a') { "b" } else { "a" })
            }
        };
        let size = match (random.chance(self.script.empty), random.chance(self.script.partial)) {
            (true, _) => 0,
            (_, true) => usize::try_from(random.below(i64::try_from(self.script.page).unwrap())).unwrap(),
            _ => self.script.page,
        };
        let size = request.limit.map_or(size, |limit| size.min(limit as usize));
        let all = &self.script.events;
        // A token counts events of the script, visible or not, so that it stays good when one becomes visible.
        let first = all.partition_point(|scripted| scripted.event.timestamp < request.start_ms).max(from);
        let mut events = Vec::new();
        let mut next = None;
        for (at, scripted) in all.iter().enumerate().skip(first) {
            if self.first_visible[at] > now
                || request.end_ms.is_some_and(|end| scripted.event.timestamp >= end)
            {
                break;
            }
            if scripted.visible <= now && Self::wanted(request, &scripted.event) {
                if events.len() == size {
                    next = Some(at);
                    break;
                }
                events.push(scripted.event.clone());
            }
        }
        let made = calls;
        let next_token = match (next, self.script.ending) {
            (Some(at), _) => Some(format!("{at}:{made}:{flag}")),
            (None, Ending::Plain) => None,
            (None, Ending::LastTokenAgain) => {
                Some(request.token.clone().unwrap_or_else(|| format!("{}:0:b", all.len())))
            }
            (None, Ending::TokensInTurn) => Some(format!("{}:0:{flag}", all.len())),
        };
        Ok(Page { events, next_token })
    }
}

impl Source for Service {
    async fn page(&self, request: PageRequest) -> Result<Page, SourceError> {
        tokio::time::sleep(Duration::from_millis(self.script.latency_ms.unsigned_abs())).await;
        self.answer(&request)
    }

    async fn live_tail(&self, request: LiveTailRequest) -> Result<LiveTail, SourceError> {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let live = self.script.live.clone().unwrap_or_default();
        self.sessions.lock().unwrap().push((self.now(), request.clone()));
        if let Some(kind) = live.refused {
            return Err(SourceError { kind, message: "no session".to_owned() });
        }
        let most = if live.most == 0 { 500 } else { live.most };
        let (service, begun) = (self.clone(), self.now());
        let updates = stream::unfold((begun, 0), move |(from, number)| {
            let (service, live, groups) = (service.clone(), live.clone(), request.groups.clone());
            async move {
                if live.updates == Some(number) {
                    return None;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
                let until = service.now();
                let told_at =
                    |scripted: &Scripted| (scripted.visible - live.lead).max(scripted.event.timestamp - T0);
                let mut random = Random(scripted_seed(from));
                let all = &service.script.events;
                let before = |at: i64| all.partition_point(|s| s.event.timestamp - T0 < at);
                let mut events: Vec<_> = all[before(from - 100_000)..before(until)]
                    .iter()
                    .filter(|scripted| groups.contains(&scripted.event.group))
                    .filter(|scripted| (from..until).contains(&told_at(scripted)))
                    .filter(|_| !random.chance(live.lost))
                    .map(|scripted| LogEvent { id: String::new(), ..scripted.event.clone() })
                    .collect();
                let sampled = events.len() > most;
                if sampled {
                    let every = events.len().div_ceil(most);
                    events = events.into_iter().step_by(every).collect();
                }
                // In no order.
                events.reverse();
                Some((Ok(LiveUpdate { events, sampled }), (until, number + 1)))
            }
        });
        Ok(updates.boxed())
    }

    async fn query(&self, request: RangeRequest) -> Result<Found, SourceError> {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        self.queries.lock().unwrap().push((self.now(), request.clone()));
        let Some(most) = self.script.query else {
            let message = "no queries".to_owned();
            return Err(SourceError { kind: SourceErrorKind::Unsupported, message });
        };
        let now = self.now();
        let events: Vec<_> = self
            .script
            .events
            .iter()
            .filter(|scripted| scripted.visible <= now)
            .map(|scripted| scripted.event.clone())
            .filter(|event| (request.start_ms..request.end_ms).contains(&event.timestamp))
            .take(most)
            .collect();
        Ok(Found { full: events.len() == most, events, calls: 2 })
    }

    fn clock_ahead_ms(&self) -> Option<i64> {
        let answered = !self.state.lock().unwrap().1.is_empty();
        answered.then(|| self.ahead.load(Ordering::Relaxed))
    }
}

fn scripted_seed(at: i64) -> u64 {
    at.unsigned_abs().wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1
}

/// The local clock: the service's, and so many milliseconds more.
pub struct TestClock {
    pub start: Instant,
    pub ahead: i64,
}

impl Clock for TestClock {
    fn now_ms(&self) -> i64 {
        T0 + self.ahead + i64::try_from(self.start.elapsed().as_millis()).unwrap()
    }
}

/// What a follower told, each with when, in milliseconds after the start.
pub struct Told {
    pub updates: Vec<(i64, Update)>,
    pub calls: Vec<Call>,
    /// Whether it ended by itself.
    pub ended: bool,
}

/// Runs a follower for so long, at the service's time [`T0`], with a local clock that is so far ahead.
pub async fn run(script: Script, options: Options, budget: Budget, seconds: u64, ahead: i64) -> Told {
    run_with(Service::new(script), options, budget, seconds, ahead, 64, Duration::ZERO).await
}

/// The same, with a listener that takes its time for every update.
pub async fn run_with(
    service: Service,
    options: Options,
    budget: Budget,
    seconds: u64,
    ahead: i64,
    channel: usize,
    pause: Duration,
) -> Told {
    service.ahead.store(ahead, Ordering::Relaxed);
    run_on(service, options, budget, seconds, Vec::new(), (channel, pause)).await
}

/// Runs a follower that is told something after so many seconds.
pub async fn run_steered(
    service: Service,
    options: Options,
    budget: Budget,
    seconds: u64,
    steps: Vec<(u64, Control)>,
) -> Told {
    run_on(service, options, budget, seconds, steps, (64, Duration::ZERO)).await
}

async fn run_on(
    service: Service,
    options: Options,
    budget: Budget,
    seconds: u64,
    steps: Vec<(u64, Control)>,
    (channel, pause): (usize, Duration),
) -> Told {
    let start = Instant::now();
    let (out, mut news) = mpsc::channel(channel);
    let (steer, control) = mpsc::channel(1);
    let cancel = CancellationToken::new();
    let clock = TestClock { start, ahead: service.ahead.load(Ordering::Relaxed) };
    let task = tokio::spawn(follow(service.clone(), options, budget, clock, out, control, cancel.clone()));
    let stop = tokio::spawn(async move {
        for (at, control) in steps {
            tokio::time::sleep_until(start + Duration::from_secs(at)).await;
            steer.send(control).await.unwrap();
        }
        drop(steer);
        tokio::time::sleep_until(start + Duration::from_secs(seconds)).await;
        cancel.cancel();
    });
    let mut updates = Vec::new();
    while let Some(update) = news.recv().await {
        updates.push((i64::try_from(start.elapsed().as_millis()).unwrap(), update));
        tokio::time::sleep(pause).await;
    }
    task.await.unwrap();
    let ended = start.elapsed() < Duration::from_secs(seconds);
    stop.abort();
    Told { updates, calls: service.calls(), ended }
}

impl Told {
    pub fn arrivals(&self) -> impl Iterator<Item = (i64, &Arrival)> {
        self.updates.iter().flat_map(|(at, update)| match update {
            Update::Events { batch, .. } => batch.iter().map(|arrival| (*at, arrival)).collect::<Vec<_>>(),
            _ => Vec::new(),
        })
    }

    pub fn statuses(&self) -> impl Iterator<Item = (i64, &Status)> {
        self.updates.iter().filter_map(|(at, update)| match update {
            Update::Status(status) => Some((*at, status)),
            _ => None,
        })
    }

    /// The states, without repetitions.
    pub fn states(&self) -> Vec<State> {
        let mut states: Vec<State> = self.statuses().map(|(_, status)| status.state.clone()).collect();
        states.dedup_by(|a, b| std::mem::discriminant(a) == std::mem::discriminant(b));
        states
    }

    /// The gaps of a kind: when they were told, where they start and end, and whether they are repaired.
    pub fn gaps(&self, wanted: GapKind) -> Vec<(i64, i64, Option<i64>, bool)> {
        let gap = |(at, update): &(i64, Update)| match update {
            Update::Gap { kind, from_ms, to_ms, repaired, .. } if *kind == wanted => {
                Some((*at, *from_ms - T0, to_ms.map(|to_ms| to_ms - T0), *repaired))
            }
            _ => None,
        };
        self.updates.iter().filter_map(gap).collect()
    }

    pub fn history_done(&self) -> Vec<i64> {
        let done = |update: &Update| matches!(update, Update::HistoryDone { .. });
        self.updates.iter().filter(|(_, update)| done(update)).map(|(at, _)| *at).collect()
    }

    /// Every event that was visible by `until` (in milliseconds after [`T0`]) and is wanted was told exactly once, no
    /// other was, and a store has them in order.
    pub fn assert_complete(&self, script: &Script, since: i64, until: i64) {
        let key = |event: &LogEvent| (event.stream.clone(), event.id.clone(), event.timestamp);
        let mut told = HashMap::new();
        let mut store = Store::new(512 << 20);
        for (_, arrival) in self.arrivals() {
            *told.entry(key(&arrival.event)).or_insert(0) += 1;
            let _ = store.insert(arrival);
        }
        let doubled: Vec<_> = told.iter().filter(|(_, count)| **count > 1).take(5).collect();
        assert!(doubled.is_empty(), "told more than once: {doubled:?}");
        let wanted = |scripted: &&Scripted| scripted.event.timestamp >= since;
        let script_keys: BTreeSet<_> = script.events.iter().filter(wanted).map(|s| key(&s.event)).collect();
        let foreign: Vec<_> = told.keys().filter(|key| !script_keys.contains(*key)).take(5).collect();
        assert!(foreign.is_empty(), "told and not wanted: {foreign:?}");
        let missed: Vec<_> = script
            .events
            .iter()
            .filter(wanted)
            .filter(|s| s.visible <= until && !told.contains_key(&key(&s.event)))
            .map(|s| (s.event.timestamp - T0, s.visible, &s.event.stream))
            .collect();
        assert!(missed.is_empty(), "{} missed: {:?}", missed.len(), &missed[..missed.len().min(10)]);
        let rows: Vec<_> = (0..store.len()).map(|at| store.get(at).unwrap()).collect();
        assert!(rows.is_sorted_by_key(|row| (row.timestamp, row.ingestion)));
        assert_eq!(rows.len(), told.len());
    }

    /// The same, where rows of Live Tail have no ids: of every line there are as many as there were.
    pub fn assert_lines(&self, script: &Script, since: i64, until: i64) {
        let key = |event: &LogEvent| (event.stream.clone(), event.timestamp, event.message.clone());
        let mut left = HashMap::new();
        for (_, arrival) in self.arrivals() {
            *left.entry(key(&arrival.event)).or_insert(0) += 1;
        }
        let mut missed = Vec::new();
        for scripted in script.events.iter().filter(|scripted| scripted.event.timestamp >= since) {
            let count = left.entry(key(&scripted.event)).or_insert(0);
            if *count > 0 {
                *count -= 1;
            } else if scripted.visible <= until {
                missed.push((scripted.event.timestamp - T0, scripted.visible, &scripted.event.stream));
            }
        }
        assert!(missed.is_empty(), "{} missed: {:?}", missed.len(), &missed[..missed.len().min(10)]);
        let more: Vec<_> = left.iter().filter(|(_, count)| **count > 0).take(5).collect();
        assert!(more.is_empty(), "told more often than there are: {more:?}");
    }

    /// How long after it became visible an event was told, in milliseconds, for the 95th of a hundred; of the events
    /// that were not late.
    pub fn p95_delay(&self) -> i64 {
        let mut delays: Vec<i64> = self
            .arrivals()
            .filter(|(_, arrival)| arrival.late_by_ms.is_none())
            .map(|(at, arrival)| at - (arrival.event.ingestion_time - T0))
            .collect();
        delays.sort_unstable();
        delays[delays.len() * 95 / 100]
    }

    pub fn calls_per_second(&self, from: i64, to: i64) -> f64 {
        let calls = self.calls.iter().filter(|call| (from..to).contains(&call.at)).count();
        f64::from(u32::try_from(calls).unwrap()) * 1_000.0 / f64::from(i32::try_from(to - from).unwrap())
    }
}
