//! Which environment gets an event: a warm one, a new one, or none because concurrency is used up.

use std::{
    collections::HashMap,
    convert::Infallible,
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    Event, ExecError, FunctionSpec, Outcome,
    environment::{Environment, Job},
    runtimes::Runtimes,
};
use crate::local::logs::Store;

/// How long an environment stays warm without an event.
const IDLE_AFTER: Duration = Duration::from_mins(5);

/// What an [`Executor`] is made with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The lambdeck program itself.
    pub program: PathBuf,
    /// The account that the engine claims to be.
    pub account_id: String,
    /// The region that the engine claims to be in.
    pub region: String,
    /// Where functions' output goes.
    pub logs: Arc<Store>,
    /// A folder of the engine's own, for what functions write to `/tmp`.
    pub root: PathBuf,
    /// Environments that may be busy at the same time, in all.
    pub account_concurrency: u32,
}

/// Runs functions. Dropping it kills every process.
pub struct Executor {
    shared: Arc<Shared>,
    /// Ends once the last environment is gone.
    gone: tokio::sync::Mutex<mpsc::Receiver<Infallible>>,
    _stop: DropGuard,
}

/// What environments share.
pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) runtimes: Runtimes,
    pub(super) idle_after: Duration,
    pub(super) stop: CancellationToken,
    state: Mutex<State>,
}

struct State {
    pools: HashMap<String, Pool>,
    busy: u32,
    next_id: u64,
    /// Held by every environment. `None` when the executor is stopping.
    alive: Option<mpsc::Sender<Infallible>>,
}

/// The environments of one function, all versions.
#[derive(Default)]
struct Pool {
    idle: Vec<Warm>,
    busy: u32,
    /// Counts up when the function is retired: what was busy then is not taken back.
    generation: u64,
    /// The revision that each version had when it was last invoked.
    revisions: HashMap<String, String>,
}

/// A place in the pool: the only way to an environment, which ends when it is dropped.
struct Warm {
    id: u64,
    version: String,
    revision: String,
    jobs: mpsc::Sender<Job>,
}

/// One unit of concurrency, held while an event is under way.
pub(super) struct Lease {
    shared: Arc<Shared>,
    name: String,
    generation: u64,
    warm: Option<Warm>,
}

impl Executor {
    /// An executor without environments: they start with the events.
    #[must_use]
    pub fn new(options: Options) -> Arc<Self> {
        Self::with_idle_after(options, IDLE_AFTER)
    }

    /// As [`Executor::new`], with another time after which an idle environment is stopped.
    #[must_use]
    pub fn with_idle_after(options: Options, idle_after: Duration) -> Arc<Self> {
        let (alive, gone) = mpsc::channel(1);
        let stop = CancellationToken::new();
        let runtimes = Runtimes::new(&options.root);
        let state = State { pools: HashMap::new(), busy: 0, next_id: 0, alive: Some(alive) };
        let shared = Shared { options, runtimes, idle_after, stop: stop.clone(), state: Mutex::new(state) };
        Arc::new(Self { shared: Arc::new(shared), gone: gone.into(), _stop: stop.drop_guard() })
    }

    /// Runs one event to its end. When the caller goes away meanwhile, the function goes on, as on AWS.
    ///
    /// Every line of the event is in the log store when it returns.
    ///
    /// # Errors
    /// [`ExecError::Throttled`] when `reserved` (the function's reserved concurrency) or the account's concurrency
    /// is used up; [`ExecError::Stopping`] when the engine stops. A function that fails is an [`Outcome`].
    pub async fn invoke(
        &self,
        spec: &Arc<FunctionSpec>,
        reserved: Option<u32>,
        event: Event,
    ) -> Result<Outcome, ExecError> {
        let (jobs, lease) = self.shared.acquire(spec, reserved)?;
        let (reply, outcome) = oneshot::channel();
        // There is always room: an environment has one event at a time.
        jobs.send(Job { event, spec: Arc::clone(spec), reply, lease })
            .await
            .map_err(|_| ExecError::Stopping)?;
        outcome.await.map_err(|_| ExecError::Stopping)
    }

    /// Stops the environments of a function that was changed or deleted: idle ones at once, busy ones after their
    /// event.
    pub fn retire(&self, name: &str) {
        let mut state = self.shared.state();
        if let Some(pool) = state.pools.get_mut(name) {
            pool.generation += 1;
            pool.idle.clear();
            pool.revisions.clear();
            state.tidy(name);
        }
    }

    /// Kills every process and waits until they are gone. Events under way end with [`ExecError::Stopping`].
    pub async fn shutdown(&self) {
        self.shared.state().alive = None;
        self.shared.stop.cancel();
        let _ = self.gone.lock().await.recv().await;
    }
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor").field("busy", &self.shared.state().busy).finish_non_exhaustive()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An environment for an event: the one that was used last, or a new one.
    fn acquire(
        self: &Arc<Self>,
        spec: &Arc<FunctionSpec>,
        reserved: Option<u32>,
    ) -> Result<(mpsc::Sender<Job>, Lease), ExecError> {
        let mut state = self.state();
        let alive = state.alive.clone().ok_or(ExecError::Stopping)?;
        let account_is_full = state.busy >= self.options.account_concurrency;
        let id = state.next_id;
        let pool = state.pools.entry(spec.name.clone()).or_default();
        let reason = if reserved.is_some_and(|reserved| pool.busy >= reserved) {
            Some("ReservedFunctionConcurrentInvocationLimitExceeded")
        } else {
            account_is_full.then_some("ConcurrentInvocationLimitExceeded")
        };
        if let Some(reason) = reason {
            state.tidy(&spec.name);
            return Err(ExecError::Throttled { reason });
        }
        pool.revisions.insert(spec.version.clone(), spec.revision.clone());
        pool.idle.retain(|warm| {
            !warm.jobs.is_closed() && (warm.version != spec.version || warm.revision == spec.revision)
        });
        let warm = if let Some(at) = pool.idle.iter().rposition(|warm| warm.version == spec.version) {
            pool.idle.remove(at)
        } else {
            let (jobs, receiver) = mpsc::channel(1);
            let environment = Environment::new(id, Arc::clone(self), Arc::clone(spec));
            tokio::spawn(async move {
                environment.run(receiver).await;
                drop(alive);
            });
            Warm { id, version: spec.version.clone(), revision: spec.revision.clone(), jobs }
        };
        pool.busy += 1;
        let (jobs, generation) = (warm.jobs.clone(), pool.generation);
        state.busy += 1;
        state.next_id += 1;
        let lease = Lease { shared: Arc::clone(self), name: spec.name.clone(), generation, warm: Some(warm) };
        Ok((jobs, lease))
    }

    /// Takes an idle environment out of the pool; false when it is not there, because it has just been given an
    /// event.
    pub(super) fn forget(&self, name: &str, id: u64) -> bool {
        let mut state = self.state();
        let Some(pool) = state.pools.get_mut(name) else { return false };
        let Some(at) = pool.idle.iter().position(|warm| warm.id == id) else { return false };
        let warm = pool.idle.remove(at);
        state.tidy(name);
        drop(state);
        drop(warm);
        true
    }
}

impl State {
    /// Forgets a function that has no environment.
    fn tidy(&mut self, name: &str) {
        if self.pools.get(name).is_some_and(|pool| pool.busy == 0 && pool.idle.is_empty()) {
            self.pools.remove(name);
        }
    }
}

impl Lease {
    /// The environment is ready for another event. It is let go instead when its function was changed meanwhile.
    pub(super) fn give_back(mut self) {
        let warm = self.warm.take();
        let mut state = self.shared.state();
        if let (Some(pool), Some(warm)) = (state.pools.get_mut(&self.name), warm) {
            let current = pool.revisions.get(&warm.version).is_none_or(|revision| *revision == warm.revision);
            if pool.generation == self.generation && current {
                pool.idle.push(warm);
            }
        }
        // Dropping `self` frees the concurrency.
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.busy = state.busy.saturating_sub(1);
        if let Some(pool) = state.pools.get_mut(&self.name) {
            pool.busy = pool.busy.saturating_sub(1);
        }
        state.tidy(&self.name);
    }
}
