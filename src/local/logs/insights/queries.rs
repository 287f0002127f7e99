//! The queries of a store: each runs on a thread of its own, slice by slice, and can be asked and stopped meanwhile.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use super::{
    discover::Found,
    pipeline::{Results, Run},
    program::Program,
};
use crate::local::logs::{
    Store,
    read::{self, Range},
};

/// The most queries that run at a time.
pub(in crate::local::logs) const MAX_CONCURRENT: usize = 100;
/// How many events are looked at before others may write, and somebody may ask or stop.
const SLICE: usize = 2_000;
/// How many queries are remembered.
const KEPT: usize = 1_000;
/// How much the results of them may take, in bytes. The newest results are kept whatever they take.
const KEPT_BYTES: usize = 64 << 20;

/// How far a query is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::local::logs) enum Status {
    Scheduled,
    Running,
    Complete,
    Cancelled,
    Failed,
}

impl Status {
    /// The service model's name.
    pub(in crate::local::logs) fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "Scheduled",
            Self::Running => "Running",
            Self::Complete => "Complete",
            Self::Cancelled => "Cancelled",
            Self::Failed => "Failed",
        }
    }

    fn is_over(self) -> bool {
        !matches!(self, Self::Scheduled | Self::Running)
    }
}

/// What is to be queried.
pub(in crate::local::logs) struct Order {
    /// As DescribeQueries shows it.
    pub(in crate::local::logs) text: String,
    pub(in crate::local::logs) program: Program,
    /// Log groups, and `account:group` of each.
    pub(in crate::local::logs) groups: Vec<(String, Arc<str>)>,
    pub(in crate::local::logs) range: Range,
    /// Now, in milliseconds since the epoch.
    pub(in crate::local::logs) created: i64,
}

/// A query.
pub(in crate::local::logs) struct Query {
    pub(in crate::local::logs) id: String,
    pub(in crate::local::logs) text: String,
    pub(in crate::local::logs) groups: Vec<String>,
    /// In milliseconds since the epoch.
    pub(in crate::local::logs) created: i64,
    stopped: AtomicBool,
    /// Somebody waits for what there is so far.
    asked: AtomicBool,
    progress: Mutex<Progress>,
}

/// What is known of a query.
#[derive(Clone)]
pub(in crate::local::logs) struct Progress {
    pub(in crate::local::logs) status: Status,
    pub(in crate::local::logs) results: Arc<Results>,
    pub(in crate::local::logs) matched: u64,
    pub(in crate::local::logs) scanned: u64,
    pub(in crate::local::logs) bytes: u64,
    /// How long it took, in milliseconds.
    pub(in crate::local::logs) duration: Option<u64>,
}

impl Query {
    /// How far it is. What it has found so far is there the next time one asks.
    pub(in crate::local::logs) fn progress(&self) -> Progress {
        let progress = self.lock().clone();
        if !progress.status.is_over() {
            self.asked.store(true, Ordering::Relaxed);
        }
        progress
    }

    pub(in crate::local::logs) fn status(&self) -> Status {
        self.lock().status
    }

    /// Stops it; false where it is over.
    pub(in crate::local::logs) fn stop(&self) -> bool {
        let mut progress = self.lock();
        if progress.status.is_over() {
            return false;
        }
        progress.status = Status::Cancelled;
        self.stopped.store(true, Ordering::Relaxed);
        true
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All queries that are remembered, the oldest first.
#[derive(Default)]
pub(in crate::local::logs) struct Queries(Mutex<VecDeque<Arc<Query>>>);

impl Queries {
    /// Starts a query of the store that these are the queries of; `None` where too many run. It ends with the store.
    pub(in crate::local::logs) fn start(&self, store: &Arc<Store>, order: Order) -> Option<Arc<Query>> {
        let Order { text, program, groups, range, created } = order;
        let query = Arc::new(Query {
            id: uuid::Uuid::new_v4().to_string(),
            text,
            groups: groups.iter().map(|(name, _)| name.clone()).collect(),
            created,
            stopped: AtomicBool::default(),
            asked: AtomicBool::default(),
            progress: Mutex::new(Progress {
                status: Status::Scheduled,
                results: Arc::default(),
                matched: 0,
                scanned: 0,
                bytes: 0,
                duration: None,
            }),
        });
        {
            let mut all = self.lock();
            if all.iter().filter(|query| !query.status().is_over()).count() >= MAX_CONCURRENT {
                return None;
            }
            all.push_back(Arc::clone(&query));
        }
        self.trim();
        let task = Task {
            store: Arc::downgrade(store),
            query: Arc::clone(&query),
            run: Run::new(Arc::new(program)),
            groups,
            range,
        };
        let thread = std::thread::Builder::new().name("logs-insights".to_owned()).spawn(move || task.run());
        if let Err(error) = thread {
            tracing::error!(%error, "a query could not be started");
            query.lock().status = Status::Failed;
        }
        Some(query)
    }

    pub(in crate::local::logs) fn get(&self, id: &str) -> Option<Arc<Query>> {
        self.lock().iter().find(|query| query.id == id).cloned()
    }

    /// All of them, the newest first.
    pub(in crate::local::logs) fn all(&self) -> Vec<Arc<Query>> {
        self.lock().iter().rev().cloned().collect()
    }

    /// Forgets the oldest queries that are over.
    fn trim(&self) {
        let mut all = self.lock();
        let mut bytes: usize = all.iter().map(|query| query.lock().results.bytes).sum();
        while all.len() > 1 && (all.len() > KEPT || bytes > KEPT_BYTES) {
            let newest = all.len() - 1;
            let Some(at) = all.iter().take(newest).position(|query| query.status().is_over()) else { return };
            if let Some(query) = all.remove(at) {
                bytes -= query.lock().results.bytes;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Query>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A query's work.
struct Task {
    store: Weak<Store>,
    query: Arc<Query>,
    run: Run,
    groups: Vec<(String, Arc<str>)>,
    range: Range,
}

impl Task {
    fn run(mut self) {
        let started = Instant::now();
        {
            let mut progress = self.query.lock();
            if progress.status == Status::Scheduled {
                progress.status = Status::Running;
            }
        }
        for (group, log) in std::mem::take(&mut self.groups) {
            if !self.search(&group, &log) {
                break;
            }
        }
        let matched = self.run.matched();
        let results = Arc::new(self.run.finish());
        {
            let mut progress = self.query.lock();
            if !progress.status.is_over() {
                progress.status = Status::Complete;
            }
            progress.matched = matched;
            progress.results = results;
            progress.duration = u64::try_from(started.elapsed().as_millis()).ok();
        }
        if let Some(store) = self.store.upgrade() {
            store.queries().trim();
        }
    }

    /// Searches a group, the newest events first; false where the query is to end.
    fn search(&mut self, group: &str, log: &Arc<str>) -> bool {
        let mut before = None;
        loop {
            if self.query.stopped.load(Ordering::Relaxed) {
                return false;
            }
            let Some(store) = self.store.upgrade() else { return false };
            let slice = {
                let state = store.read();
                let Some(group) = state.groups.get(group) else { return true };
                read::backwards(group, self.range, before, SLICE)
            };
            drop(store);
            let Some(last) = slice.last() else { return true };
            before = Some(last.key);
            let mut bytes = 0;
            for found in &slice {
                bytes += found.message.len() as u64;
                let found = Found { key: found.key, log, stream: &found.stream, message: &found.message };
                self.run.take(&found);
                if self.run.has_enough() {
                    break;
                }
            }
            self.report(slice.len() as u64, bytes);
            if self.run.has_enough() {
                return false;
            }
        }
    }

    fn report(&self, events: u64, bytes: u64) {
        let results =
            self.query.asked.swap(false, Ordering::Relaxed).then(|| Arc::new(self.run.clone().finish()));
        let mut progress = self.query.lock();
        progress.scanned += events;
        progress.bytes += bytes;
        progress.matched = self.run.matched();
        if let Some(results) = results {
            progress.results = results;
        }
    }
}
