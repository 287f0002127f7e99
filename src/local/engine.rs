//! Starting and stopping the engine.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{
    auth::{Credentials, hex},
    exec::{self, Executor},
    http::{self, Gateway},
    keep::{
        Change, KeepError, Keeper, Kept, Table,
        identity::{self, Identity},
    },
    lambda::{self, Lambda, Setup, shelf::Shelf},
    logs,
    metrics::Recorder,
    projects::{Installed, ProjectError, Warning},
    samples,
    schemas::Schemas,
    scratch::{self, Scratch},
    traffic,
    triggers::{self, Source, Trigger, TriggerError},
};
use crate::domain::secret::Secret;

/// What the log store may hold.
const LOGS_MAX_BYTES: usize = 64 * 1024 * 1024;
/// How often the metrics are kept: nobody was promised them.
const METRICS_EVERY: Duration = Duration::from_secs(5);
const METRICS: Table = Table("metrics");
/// How long answers under way may take when the engine stops.
const GRACE: Duration = Duration::from_secs(1);

/// What the engine is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Port on 127.0.0.1; 0 lets the system choose.
    pub port: u16,
    /// The key pair that requests must be signed with; made at start when absent.
    pub access_key: Option<(String, Secret)>,
    /// The account id, 12 digits; made at start when absent.
    pub account_id: Option<String>,
    /// The region the engine claims to be.
    pub region: String,
    /// How long a function stays Pending and an update InProgress, in milliseconds. AWS takes seconds.
    pub settle_ms: u64,
    /// Whether the built-in sample functions are created.
    pub samples: bool,
    /// Whether the samples are invoked now and then, so that there are logs to look at.
    pub traffic: bool,
    /// Where everything is kept across restarts; nowhere when absent.
    pub persist: Option<PathBuf>,
    /// The user's functions: folders with a handler, and SAM or CloudFormation templates.
    pub projects: Vec<PathBuf>,
    /// What invokes functions by itself, beside what the templates say.
    pub triggers: Vec<Trigger>,
    /// Functions that get a function URL which needs no signature.
    pub open_urls: Vec<String>,
    /// The lambdeck program itself, which serves the built-in samples as their `bootstrap`.
    pub program: PathBuf,
}

impl Options {
    /// An engine on any free port, with the samples and without traffic, that keeps nothing. `program` is the lambdeck
    /// program itself.
    pub fn new(program: PathBuf) -> Self {
        Self {
            port: 0,
            access_key: None,
            account_id: None,
            region: "us-east-1".to_owned(),
            settle_ms: 100,
            samples: true,
            traffic: false,
            persist: None,
            projects: Vec::new(),
            triggers: Vec::new(),
            open_urls: Vec::new(),
            program,
        }
    }
}

/// Why the engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is taken, or may not be used.
    #[error("port {port} on 127.0.0.1 cannot be used: {source}")]
    Bind {
        /// The port asked for.
        port: u16,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is no place for the functions' files.
    #[error("no temporary folder for the engine: {0}")]
    Folder(std::io::Error),
    /// What was kept can't be read, or nothing be kept.
    #[error(transparent)]
    Keep(#[from] KeepError),
    /// An account id is 12 digits.
    #[error("'{0}' is no account id: it takes 12 digits")]
    AccountId(String),
    /// A folder or template of the user's is none.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// A function can't be given the URL that was asked for.
    #[error("the function '{function}' can't have a URL: {why}")]
    Url {
        /// The function that was named.
        function: String,
        /// What was wrong.
        why: String,
    },
    /// A URL that was kept has no port to listen at.
    #[error("no port on 127.0.0.1 for a function URL: {0}")]
    UrlPort(std::io::Error),
    /// A built-in sample could not be created.
    #[error("the sample '{name}' could not be created: {why}")]
    Sample {
        /// The sample's name.
        name: String,
        /// What was wrong.
        why: String,
    },
    /// A bucket or a schedule can't be started.
    #[error(transparent)]
    Trigger(#[from] TriggerError),
}

/// What is to be said of a running engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// Something that is open now: a function URL, a bucket's folder, a schedule.
    Open(String),
    /// Something in a project that is not done, and where it stands.
    Undone(String),
}

/// A running engine. Dropping it stops the server and every function process.
#[derive(Debug)]
pub struct Engine {
    address: SocketAddr,
    region: String,
    account_id: String,
    credentials: Arc<Credentials>,
    notes: Vec<Note>,
    executor: Arc<Executor>,
    lambda: Arc<Lambda>,
    keeper: Keeper,
    stop: CancellationToken,
    server: Option<JoinHandle<()>>,
    traffic: Option<JoinHandle<()>>,
    metrics: Arc<Recorder>,
    metrics_keeper: Option<JoinHandle<()>>,
    installed: Box<Installed>,
    _triggers: triggers::Running,
    // After the tasks above in the order of dropping: it removes the functions' files.
    _folder: Scratch,
}

impl Engine {
    /// Starts an engine and returns when it accepts requests. It runs on the caller's tokio runtime.
    ///
    /// # Errors
    /// When what was kept cannot be used, the port cannot be bound, there is no temporary folder, a path is no project, or
    /// a sample, a URL or a trigger cannot be started.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let (kept, identity) = identify(&options).await?;
        let Identity { account_id, region, credentials } = identity;
        let keeper = kept.as_ref().map(Kept::keeper).unwrap_or_default();
        let bind_error = |source| StartError::Bind { port: options.port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await.map_err(bind_error)?;
        let address = listener.local_addr().map_err(bind_error)?;
        let folder = Scratch::new().map_err(StartError::Folder)?;
        // Early: what a killed engine's functions still do shall not meet what is begun again.
        scratch::sweep();
        let credentials = Arc::new(credentials);
        let logs = Arc::new(logs::Store::new(LOGS_MAX_BYTES));
        let metrics = Arc::new(Recorder::default());
        let executor = Executor::new(exec::Options {
            program: options.program.clone(),
            account_id: account_id.clone(),
            region: region.clone(),
            logs: Arc::clone(&logs),
            root: folder.path().to_owned(),
            account_concurrency: lambda::ACCOUNT_CONCURRENCY,
            metrics: Arc::clone(&metrics),
        });
        let stop = CancellationToken::new();
        // Where the start fails, whatever has begun by then ends.
        let unfinished = stop.clone().drop_guard();
        let partition = lambda::names::partition(&region);
        let place =
            lambda::names::Place { partition, region: region.clone(), account_id: account_id.clone() };
        let lambda = Arc::new(Lambda::new(Setup {
            place: place.clone(),
            settle: Duration::from_millis(options.settle_ms),
            root: Shelf { root: folder.path().to_owned(), kept: kept.as_ref().map(Kept::code) },
            authority: address.to_string(),
            credentials: Arc::clone(&credentials),
            executor: Arc::clone(&executor),
            keeper: keeper.clone(),
            metrics: Arc::clone(&metrics),
            stop: stop.clone(),
        }));
        let loading = Loading {
            kept,
            keeper: keeper.clone(),
            lambda: Arc::clone(&lambda),
            logs: Arc::clone(&logs),
            metrics: Arc::clone(&metrics),
            place: (partition, region.clone(), account_id.clone()),
        };
        // The file is closed to readers with this.
        let Loaded { events, schemas, samples } = blocking(move || loading.load()).await?;
        if options.samples {
            install_samples(&lambda, &keeper, &options.program, samples).await?;
        }
        let asked = Asked {
            projects: options.projects,
            triggers: options.triggers,
            open_urls: options.open_urls,
            persist: options.persist,
        };
        let (installed, triggers, notes) = open(&lambda, asked, folder.path(), &place, &stop).await?;
        lambda.keep();
        let traffic = options.traffic.then(|| begin_traffic(&lambda));
        let gateway = Arc::new(Gateway {
            credentials: Arc::clone(&credentials),
            schemas,
            account_id: account_id.clone(),
            region: region.clone(),
            partition,
            lambda: Arc::clone(&lambda),
            logs,
            metrics: Arc::clone(&metrics),
            keeper: keeper.clone(),
            stop: stop.clone(),
        });
        let server = tokio::spawn(http::serve(listener, gateway, stop.clone()));
        let metrics_keeper = keeper
            .keeps()
            .then(|| tokio::spawn(keep_metrics_regularly(Arc::clone(&metrics), keeper.clone())));
        lambda.go_on(events);
        unfinished.disarm();
        Ok(Self {
            address,
            region,
            account_id,
            credentials,
            notes,
            executor,
            lambda,
            keeper,
            stop,
            server: Some(server),
            traffic,
            metrics,
            metrics_keeper,
            installed: Box::new(installed),
            _triggers: triggers,
            _folder: folder,
        })
    }

    /// The address for AWS clients, such as `http://127.0.0.1:4566`.
    pub fn endpoint_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The access key id that requests must be signed with.
    pub fn access_key_id(&self) -> &str {
        &self.credentials.access_key_id
    }

    /// The secret access key that requests must be signed with.
    pub fn secret_access_key(&self) -> &Secret {
        &self.credentials.secret_access_key
    }

    /// The region the engine claims to be.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The account id the engine claims to be, 12 digits.
    pub fn account_id(&self) -> &str {
        &self.account_id
    }

    /// What is to be said of it, in the order in which it came up.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// What can't be done of the projects that it was started with.
    pub fn warnings(&self) -> &[Warning] {
        &self.installed.warnings
    }

    /// What invokes functions by itself: of the options, then of the templates.
    pub fn triggers(&self) -> &[Trigger] {
        &self.installed.triggers
    }

    /// The function URLs there are: `NAME` or `NAME:ALIAS`, and the address.
    pub fn function_urls(&self) -> Vec<(String, String)> {
        self.lambda.function_urls()
    }

    /// Stops accepting requests, ends the functions' processes and waits until they are gone. Answers under way have
    /// one second. With `--persist`, everything is kept when it returns.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        if let Some(traffic) = self.traffic.take() {
            traffic.abort();
        }
        let lambda = Arc::clone(&self.lambda);
        let urls = tokio::time::timeout(GRACE, lambda.urls_ended());
        let server = async {
            if let Some(mut server) = self.server.take()
                && tokio::time::timeout(GRACE, &mut server).await.is_err()
            {
                server.abort();
            }
        };
        let _ = tokio::join!(urls, server);
        self.executor.shutdown().await;
        // What settled in the meantime.
        self.lambda.keep();
        if let Some(task) = self.metrics_keeper.take() {
            task.abort();
            keep_metrics(&self.metrics, &self.keeper);
        }
        self.keeper.close().await;
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop.cancel();
        let tasks = [self.server.take(), self.traffic.take(), self.metrics_keeper.take()];
        for task in tasks.into_iter().flatten() {
            task.abort();
        }
    }
}

/// What was kept, to be read by those whom it concerns.
struct Loading {
    kept: Option<Kept>,
    keeper: Keeper,
    lambda: Arc<Lambda>,
    logs: Arc<logs::Store>,
    metrics: Arc<Recorder>,
    /// Partition, region, account id.
    place: (&'static str, String, String),
}

/// What was read of it.
struct Loaded {
    events: Vec<lambda::Accepted>,
    schemas: Schemas,
    /// See [`identity::samples`].
    samples: BTreeMap<String, String>,
}

impl Loading {
    /// It blocks.
    fn load(self) -> Result<Loaded, KeepError> {
        let (partition, region, account_id) = self.place;
        let with_keeper = self.kept.as_ref().map(|kept| (kept, self.keeper.clone()));
        let schemas = Schemas::new(partition, &region, &account_id, with_keeper)?;
        let Some(kept) = &self.kept else {
            return Ok(Loaded { events: Vec::new(), schemas, samples: BTreeMap::new() });
        };
        self.metrics.load(kept.rows(METRICS)?);
        self.logs.load(kept, self.keeper, Timestamp::now().as_millisecond())?;
        Ok(Loaded { events: self.lambda.load(kept)?, schemas, samples: identity::samples(kept)? })
    }
}

/// Creates the samples, each of them once: one that was deleted stays away. `before` are those that were created by
/// earlier starts, which are brought up to date.
async fn install_samples(
    lambda: &Arc<Lambda>,
    keeper: &Keeper,
    program: &Path,
    before: BTreeMap<String, String>,
) -> Result<(), StartError> {
    let mut now = before.clone();
    for sample in samples::all(program) {
        let name = sample.name.to_owned();
        let sha256 = hex(&<[u8; 32]>::from(Sha256::digest(&sample.zip)));
        let installed = match before.get(&name) {
            // A function of the user's own that was there first.
            None if lambda.has(&name) => continue,
            None => lambda.install(sample).await,
            Some(known) if *known != sha256 => lambda.renew_sample(sample, known).await,
            Some(_) => Ok(()),
        };
        installed.map_err(|error| StartError::Sample { name: name.clone(), why: error.to_string() })?;
        now.insert(name, sha256);
    }
    if keeper.keeps() && now != before {
        // The functions first: without them the note would say that they were deleted.
        lambda.keep();
        keeper.note(vec![identity::samples_change(&now)]);
    }
    Ok(())
}

/// Opens what was kept, and settles who the engine is.
async fn identify(options: &Options) -> Result<(Option<Kept>, Identity), StartError> {
    if let Some(id) = &options.account_id
        && (id.len() != 12 || !id.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return Err(StartError::AccountId(id.clone()));
    }
    let asked = options.clone();
    blocking(move || {
        let kept = asked.persist.as_deref().map(Kept::open).transpose()?;
        let Options { account_id, region, access_key, .. } = asked;
        let identity = Identity::of(kept.as_ref(), account_id, region, access_key)?;
        Ok((kept, identity))
    })
    .await
}

/// Invokes the samples now and then.
fn begin_traffic(lambda: &Arc<Lambda>) -> JoinHandle<()> {
    let lambda = Arc::clone(lambda);
    tokio::spawn(traffic::run(move |function: String, payload| {
        let lambda = Arc::clone(&lambda);
        async move { lambda.invoke_quietly(function, payload).await }
    }))
}

/// What of the options is opened once the functions are there.
struct Asked {
    projects: Vec<PathBuf>,
    triggers: Vec<Trigger>,
    open_urls: Vec<String>,
    persist: Option<PathBuf>,
}

/// Opens function URLs, installs projects and starts triggers, in this order: each may need what is before it. Gives what
/// is to be said of them, too.
async fn open(
    lambda: &Arc<Lambda>,
    asked: Asked,
    folder: &Path,
    place: &lambda::names::Place,
    stop: &CancellationToken,
) -> Result<(Installed, triggers::Running, Vec<Note>), StartError> {
    lambda.open_kept_urls().map_err(StartError::UrlPort)?;
    // What the engine itself writes, and what buckets hold, is no code.
    let buckets = asked.triggers.iter().filter_map(|trigger| match &trigger.source {
        Source::Bucket(notification) => Some(notification.folder.clone()),
        Source::Schedule(_) => None,
    });
    let without = std::iter::once(folder.to_owned()).chain(asked.persist.clone()).chain(buckets).collect();
    let mut installed = lambda.install_projects(asked.projects, without).await?;
    installed.triggers.splice(0..0, asked.triggers.iter().cloned());
    for function in asked.open_urls {
        lambda.open_url(&function).map_err(|error| StartError::Url { function, why: error.to_string() })?;
    }
    // A function that was left out has its warning; what would invoke it goes with it.
    let mut idle = Vec::new();
    let of_options = asked.triggers.len();
    let mut at = 0;
    installed.triggers.retain(|trigger| {
        at += 1;
        let there = at <= of_options || lambda.has(&trigger.function);
        if !there {
            idle.push(Note::Undone(format!(
                "There is no function '{}': what invokes it is left out",
                trigger.function
            )));
        }
        there
    });
    let setup = triggers::Setup {
        lambda: Arc::clone(lambda),
        place: place.clone(),
        private: std::iter::once(folder.to_owned()).chain(asked.persist).collect(),
        stop: stop.clone(),
    };
    let (triggers, opened) = triggers::start(installed.triggers.clone(), setup).await?;
    let url = |(function, url): (String, String)| Note::Open(format!("Function URL of {function}: {url}"));
    let undone = installed.warnings.iter().map(|warning| Note::Undone(warning.to_string()));
    let notes = lambda.function_urls().into_iter().map(url).chain(opened).chain(undone).chain(idle).collect();
    Ok((installed, triggers, notes))
}

/// Keeps the metrics for ever. Stop it by dropping it.
async fn keep_metrics_regularly(metrics: Arc<Recorder>, keeper: Keeper) {
    loop {
        tokio::time::sleep(METRICS_EVERY).await;
        keep_metrics(&metrics, &keeper);
    }
}

/// Notes the minutes that have changed.
fn keep_metrics(metrics: &Recorder, keeper: &Keeper) {
    let change = |(key, value): (Vec<u8>, Option<Vec<u8>>)| match value {
        Some(value) => Change::put(METRICS, key, value),
        None => Change::remove(METRICS, key),
    };
    keeper.note(metrics.changes().into_iter().map(change).collect());
}

/// Runs what blocks where that is allowed.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, KeepError> + Send + 'static,
) -> Result<T, StartError> {
    let done = tokio::task::spawn_blocking(work).await;
    let failed = |error| StartError::Folder(std::io::Error::other(error));
    Ok(done.map_err(failed)??)
}
