//! Which environment gets an event: a warm one, a new one, or none because concurrency is used up.

use std::{
    collections::HashMap,
    convert::Infallible,
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    Event, ExecError, FunctionSpec, Outcome,
    environment::{Environment, Job},
    layers::Opts,
    runtimes::Runtimes,
    stream::{Reader, Streaming},
};
use crate::local::{
    logs::Store,
    metrics::{Place, Recorder},
    scratch::Ledger,
};

/// How long an environment stays warm without an event.
const IDLE_AFTER: Duration = Duration::from_mins(5);
/// Idle environments of a function that isolates its tenants, of whom there can be any number.
const MOST_IDLE: usize = 50;
/// Provisioned environments that are initialised at the same time: each of them is a process, on one machine.
const INITS_AT_ONCE: usize = 4;

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
    /// Where invocations are recorded.
    pub metrics: Arc<Recorder>,
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
    pub(super) opts: Opts,
    pub(super) ledger: Ledger,
    pub(super) idle_after: Duration,
    pub(super) stop: CancellationToken,
    /// Held by provisioned environments while they initialise.
    pub(super) inits: Semaphore,
    state: Mutex<State>,
}

struct State {
    pools: HashMap<String, Pool>,
    /// On-demand environments that have an event.
    busy: u32,
    next_id: u64,
    /// Held by every environment. `None` when the executor is stopping.
    alive: Option<mpsc::Sender<Infallible>>,
}

/// The environments of one function, all versions.
#[derive(Default)]
struct Pool {
    idle: Vec<Warm>,
    /// On-demand environments that have an event.
    busy: u32,
    /// Counts up when the function is retired: what was busy then is not taken back.
    generation: u64,
    /// The same for single versions.
    retired: HashMap<String, u64>,
    /// The revision that each version had when it was last invoked.
    revisions: HashMap<String, String>,
    /// Provisioned concurrency, by version.
    provisions: HashMap<String, Provision>,
}

/// Provisioned concurrency of one version: environments that are initialised before any event comes, and stay.
struct Provision {
    /// Tells it from an earlier one of the same version.
    id: u64,
    requested: u32,
    /// Environments that are being initialised.
    starting: u32,
    /// Environments that are initialised, with and without an event.
    ready: u32,
    /// Whether the initialisation of one failed.
    failed: bool,
}

/// How far provisioned concurrency has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Provisioned {
    /// Environments that are initialised.
    pub ready: u32,
    /// Nothing is under way any more, and not all could be initialised.
    pub failed: bool,
}

/// A place in the pool: the only way to an environment, which ends when it is dropped.
struct Warm {
    id: u64,
    version: String,
    revision: String,
    /// Whose events it serves, where tenants are isolated.
    tenant_id: Option<String>,
    jobs: mpsc::Sender<Job>,
    /// The id of the [`Provision`] that it belongs to; none for one that was started on demand.
    provision: Option<u64>,
}

/// One unit of concurrency, held while an event is under way.
pub(super) struct Lease {
    shared: Arc<Shared>,
    name: String,
    generation: u64,
    /// Whether it counts against what is left of the concurrency.
    on_demand: bool,
    /// For the metrics.
    place: Place,
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
        let opts = Opts::new(&options.root);
        let ledger = Ledger::new(&options.root);
        let state = State { pools: HashMap::new(), busy: 0, next_id: 0, alive: Some(alive) };
        let shared = Shared {
            options,
            runtimes,
            opts,
            ledger,
            idle_after,
            stop: stop.clone(),
            inits: Semaphore::new(INITS_AT_ONCE),
            state: Mutex::new(state),
        };
        Arc::new(Self { shared: Arc::new(shared), gone: gone.into(), _stop: stop.drop_guard() })
    }

    /// Runs one event to its end. When the caller goes away meanwhile, the function goes on, as on AWS.
    ///
    /// Every line of the event is in the log store when it returns.
    ///
    /// # Errors
    /// [`ExecError::Throttled`] when no provisioned environment of the version is free, and `reserved` (the function's
    /// reserved concurrency) or the account's concurrency is used up, each without what is provisioned of it;
    /// [`ExecError::Stopping`] when the engine stops. A function that fails is an [`Outcome`].
    pub async fn invoke(
        &self,
        spec: &Arc<FunctionSpec>,
        reserved: Option<u32>,
        event: Event,
    ) -> Result<Outcome, ExecError> {
        let outcome = self.hand_over(spec, reserved, event, None).await?;
        outcome.await.map_err(|_| ExecError::Stopping)
    }

    /// As [`Executor::invoke`], but returns as soon as there is an environment for the event; the response is read while
    /// the function writes it.
    ///
    /// # Errors
    /// As [`Executor::invoke`]. Where the engine stops later, [`Streaming::outcome`] never comes.
    pub async fn invoke_streaming(
        &self,
        spec: &Arc<FunctionSpec>,
        reserved: Option<u32>,
        event: Event,
    ) -> Result<Streaming, ExecError> {
        let (reader, chunks, content_type) = Reader::new();
        let outcome = self.hand_over(spec, reserved, event, Some(reader)).await?;
        Ok(Streaming { chunks, content_type, outcome })
    }

    async fn hand_over(
        &self,
        spec: &Arc<FunctionSpec>,
        reserved: Option<u32>,
        event: Event,
        reader: Option<Reader>,
    ) -> Result<oneshot::Receiver<Outcome>, ExecError> {
        let metrics = &self.shared.options.metrics;
        // What was invoked: `arn:aws:lambda:REGION:ACCOUNT:function:NAME:QUALIFIER`.
        let qualifier = spec.arn.split(':').nth(7);
        let acquired = self.shared.acquire(spec, reserved, event.tenant_id.as_deref());
        if let Err(ExecError::Throttled { .. }) = &acquired {
            metrics.throttled(&spec.name, qualifier, &spec.version);
        }
        let (jobs, lease) = acquired?;
        let running = metrics.begin(&spec.name, qualifier, &spec.version, reserved.is_some(), lease.place);
        let (reply, outcome) = oneshot::channel();
        // There is always room: an environment has one event at a time.
        jobs.send(Job { event, spec: Arc::clone(spec), reader, reply, running, lease })
            .await
            .map_err(|_| ExecError::Stopping)?;
        Ok(outcome)
    }

    /// Stops the environments of a function that was deleted, of every version and the provisioned ones, too: idle
    /// ones at once, busy ones after their event.
    pub fn retire(&self, name: &str) {
        let mut state = self.shared.state();
        if let Some(pool) = state.pools.get_mut(name) {
            pool.generation += 1;
            pool.idle.clear();
            pool.revisions.clear();
            pool.provisions.clear();
            state.tidy(name);
        }
    }

    /// As [`Executor::retire`], for one version that was changed or deleted.
    pub fn retire_version(&self, name: &str, version: &str) {
        let mut state = self.shared.state();
        if let Some(pool) = state.pools.get_mut(name) {
            *pool.retired.entry(version.to_owned()).or_default() += 1;
            pool.idle.retain(|warm| warm.version != version);
            pool.revisions.remove(version);
            pool.provisions.remove(version);
            state.tidy(name);
        }
    }

    /// Gives a version `count` provisioned environments: more are started, those too many are stopped. They are
    /// ready some time later ([`Executor::provisioned`]), and take the version's events first.
    pub fn provision(&self, spec: &Arc<FunctionSpec>, count: u32) {
        self.shared.provision(spec, count);
    }

    /// How far a version's provisioned concurrency has come; `None` where it has none.
    #[must_use]
    pub fn provisioned(&self, name: &str, version: &str) -> Option<Provisioned> {
        let state = self.shared.state();
        let provision = state.pools.get(name)?.provisions.get(version)?;
        let ready = provision.ready.min(provision.requested);
        let failed = provision.failed && provision.starting == 0 && ready < provision.requested;
        Some(Provisioned { ready, failed })
    }

    /// Ends a version's provisioned concurrency: idle environments stop at once, busy ones after their event.
    pub fn deprovision(&self, name: &str, version: &str) {
        let mut state = self.shared.state();
        if let Some(pool) = state.pools.get_mut(name)
            && let Some(gone) = pool.provisions.remove(version)
        {
            pool.idle.retain(|warm| warm.provision != Some(gone.id));
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

    /// An environment for an event: a provisioned one, the one that was used last, or a new one.
    fn acquire(
        self: &Arc<Self>,
        spec: &Arc<FunctionSpec>,
        reserved: Option<u32>,
        tenant_id: Option<&str>,
    ) -> Result<(mpsc::Sender<Job>, Lease), ExecError> {
        let mut state = self.state();
        let alive = state.alive.clone().ok_or(ExecError::Stopping)?;
        let provisioned: u32 = state.pools.values().map(Pool::provisioned).sum();
        let account_is_full = state.busy >= self.options.account_concurrency.saturating_sub(provisioned);
        let pool = state.pools.entry(spec.name.clone()).or_default();
        pool.revisions.insert(spec.version.clone(), spec.revision.clone());
        pool.idle.retain(|warm| {
            !warm.jobs.is_closed() && (warm.version != spec.version || warm.revision == spec.revision)
        });
        let generation = pool.generation_of(&spec.version);
        let find = |provisioned: bool| {
            move |warm: &Warm| {
                warm.version == spec.version
                    && warm.provision.is_some() == provisioned
                    && warm.tenant_id.as_deref() == tenant_id
            }
        };
        if let Some(at) = pool.idle.iter().rposition(find(true)) {
            let warm = pool.idle.remove(at);
            return Ok(self.lease(&spec.name, generation, warm, Place::Provisioned));
        }
        let reason = if reserved.is_some_and(|all| pool.busy >= all.saturating_sub(pool.provisioned())) {
            Some("ReservedFunctionConcurrentInvocationLimitExceeded")
        } else {
            account_is_full.then_some("ConcurrentInvocationLimitExceeded")
        };
        if let Some(reason) = reason {
            state.tidy(&spec.name);
            return Err(ExecError::Throttled { reason });
        }
        pool.busy += 1;
        let spills = pool.provisions.contains_key(&spec.version);
        let place = if spills { Place::Spillover } else { Place::OnDemand };
        let idle = pool.idle.iter().rposition(find(false)).map(|at| pool.idle.remove(at));
        if idle.is_none() && tenant_id.is_some() && pool.idle.len() >= MOST_IDLE {
            // A new tenant takes the place of the one that was served longest ago.
            pool.idle.remove(0);
        }
        state.busy += 1;
        let warm = idle.unwrap_or_else(|| {
            let (jobs, receiver) = mpsc::channel(1);
            let id = state.next_id();
            let environment =
                Environment::new(id, Arc::clone(self), Arc::clone(spec), false, tenant_id.map(str::to_owned));
            tokio::spawn(async move {
                environment.run(receiver).await;
                drop(alive);
            });
            Warm { tenant_id: tenant_id.map(str::to_owned), ..Warm::new(id, spec, jobs, None) }
        });
        Ok(self.lease(&spec.name, generation, warm, place))
    }

    fn lease(
        self: &Arc<Self>,
        name: &str,
        generation: u64,
        warm: Warm,
        place: Place,
    ) -> (mpsc::Sender<Job>, Lease) {
        let (jobs, on_demand) = (warm.jobs.clone(), warm.provision.is_none());
        let (shared, name) = (Arc::clone(self), name.to_owned());
        (jobs, Lease { shared, name, generation, on_demand, place, warm: Some(warm) })
    }

    fn provision(self: &Arc<Self>, spec: &Arc<FunctionSpec>, count: u32) {
        let mut state = self.state();
        let Some(alive) = state.alive.clone() else { return };
        let new_id = state.next_id();
        let pool = state.pools.entry(spec.name.clone()).or_default();
        let provision = pool.provisions.entry(spec.version.clone()).or_insert(Provision {
            id: new_id,
            requested: 0,
            starting: 0,
            ready: 0,
            failed: false,
        });
        provision.requested = count;
        provision.failed = false;
        let missing = count.saturating_sub(provision.ready + provision.starting);
        provision.starting += missing;
        let id = provision.id;
        // Those too many that have an event go when it is over.
        let mut surplus = provision.ready.saturating_sub(count);
        pool.idle.retain(|warm| {
            let goes = warm.provision == Some(id) && surplus > 0;
            if goes {
                surplus -= 1;
                provision.ready -= 1;
            }
            !goes
        });
        for _ in 0..missing {
            let environment =
                Environment::new(state.next_id(), Arc::clone(self), Arc::clone(spec), true, None);
            let alive = alive.clone();
            tokio::spawn(async move {
                environment.run_provisioned(id).await;
                drop(alive);
            });
        }
    }

    /// Takes a provisioned environment into the pool once it is initialised; none where that failed. `None` when it is
    /// no longer wanted.
    pub(super) fn admit(
        &self,
        spec: &FunctionSpec,
        id: u64,
        provision: u64,
        initialised: bool,
    ) -> Option<mpsc::Receiver<Job>> {
        let mut state = self.state();
        let pool = state.pools.get_mut(&spec.name)?;
        let wanted = pool.provisions.get_mut(&spec.version).filter(|wanted| wanted.id == provision)?;
        wanted.starting -= 1;
        wanted.failed |= !initialised;
        if !initialised || wanted.ready >= wanted.requested {
            return None;
        }
        wanted.ready += 1;
        let (jobs, receiver) = mpsc::channel(1);
        pool.idle.push(Warm::new(id, spec, jobs, Some(provision)));
        Some(receiver)
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
    fn next_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// Forgets a function that has no environment.
    fn tidy(&mut self, name: &str) {
        let none = |pool: &Pool| pool.busy == 0 && pool.idle.is_empty() && pool.provisions.is_empty();
        if self.pools.get(name).is_some_and(none) {
            self.pools.remove(name);
        }
    }
}

impl Pool {
    /// Changes when the version is retired, alone or with the whole function.
    fn generation_of(&self, version: &str) -> u64 {
        self.generation + self.retired.get(version).copied().unwrap_or_default()
    }

    /// The concurrency that is set aside for provisioned environments.
    fn provisioned(&self) -> u32 {
        self.provisions.values().map(|provision| provision.requested).sum()
    }

    /// The provision that an environment belongs to, while there is one.
    fn provision_of(&mut self, warm: &Warm) -> Option<&mut Provision> {
        self.provisions.get_mut(&warm.version).filter(|provision| warm.provision == Some(provision.id))
    }
}

impl Warm {
    fn new(id: u64, spec: &FunctionSpec, jobs: mpsc::Sender<Job>, provision: Option<u64>) -> Self {
        let (version, revision) = (spec.version.clone(), spec.revision.clone());
        Self { id, version, revision, tenant_id: None, jobs, provision }
    }
}

impl Lease {
    /// The environment is ready for another event. It is let go instead when its function was changed meanwhile.
    pub(super) fn give_back(mut self) {
        let warm = self.warm.take();
        let mut state = self.shared.state();
        if let (Some(pool), Some(warm)) = (state.pools.get_mut(&self.name), warm) {
            let kept = if warm.provision.is_some() {
                // Where it is not wanted any more, it is dropped, and counted out if it was one too many.
                match pool.provision_of(&warm) {
                    Some(provision) if provision.ready > provision.requested => {
                        provision.ready -= 1;
                        false
                    }
                    provision => provision.is_some(),
                }
            } else {
                let revision = pool.revisions.get(&warm.version);
                pool.generation_of(&warm.version) == self.generation
                    && revision.is_none_or(|revision| *revision == warm.revision)
            };
            if kept {
                pool.idle.push(warm);
            }
        }
        // Dropping `self` frees the concurrency.
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let warm = self.warm.take();
        let mut state = self.shared.state();
        if self.on_demand {
            state.busy = state.busy.saturating_sub(1);
        }
        if let Some(pool) = state.pools.get_mut(&self.name) {
            if self.on_demand {
                pool.busy = pool.busy.saturating_sub(1);
            }
            // It ended with its event.
            if let Some(provision) = warm.as_ref().and_then(|warm| pool.provision_of(warm)) {
                provision.ready = provision.ready.saturating_sub(1);
            }
        }
        state.tidy(&self.name);
    }
}
