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
        KeepError, Keeper, Kept,
        identity::{self, Identity},
    },
    lambda::{self, Lambda, Setup, shelf::Shelf},
    logs,
    metrics::Recorder,
    samples,
    schemas::Schemas,
    scratch::{self, Scratch},
    traffic,
    triggers::Trigger,
};
use crate::domain::secret::Secret;

/// What the log store may hold.
const LOGS_MAX_BYTES: usize = 64 * 1024 * 1024;
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
    /// A built-in sample could not be created.
    #[error("the sample '{name}' could not be created: {why}")]
    Sample {
        /// The sample's name.
        name: String,
        /// What was wrong.
        why: String,
    },
}

/// A running engine. Dropping it stops the server and every function process.
#[derive(Debug)]
pub struct Engine {
    address: SocketAddr,
    region: String,
    account_id: String,
    credentials: Arc<Credentials>,
    executor: Arc<Executor>,
    lambda: Arc<Lambda>,
    keeper: Keeper,
    stop: CancellationToken,
    server: Option<JoinHandle<()>>,
    traffic: Option<JoinHandle<()>>,
    // After the tasks above in the order of dropping: it removes the functions' files.
    _folder: Scratch,
}

impl Engine {
    /// Starts an engine and returns when it accepts requests. It runs on the caller's tokio runtime.
    ///
    /// # Errors
    /// When what was kept cannot be used, the port cannot be bound, there is no temporary folder, or a sample cannot be
    /// created.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        if let Some(id) = &options.account_id
            && (id.len() != 12 || !id.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return Err(StartError::AccountId(id.clone()));
        }
        let (persist, asked) = (options.persist.clone(), options.clone());
        let (kept, identity) = blocking(move || {
            let kept = persist.as_deref().map(Kept::open).transpose()?;
            let Options { account_id, region, access_key, .. } = asked;
            let identity = Identity::of(kept.as_ref(), account_id, region, access_key)?;
            Ok((kept, identity))
        })
        .await?;
        let Identity { account_id, region, credentials } = identity;
        let keeper = kept.as_ref().map(Kept::keeper).unwrap_or_default();
        let bind_error = |source| StartError::Bind { port: options.port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await.map_err(bind_error)?;
        let address = listener.local_addr().map_err(bind_error)?;
        let folder = Scratch::new().map_err(StartError::Folder)?;
        let credentials = Arc::new(credentials);
        let logs = Arc::new(logs::Store::new(LOGS_MAX_BYTES));
        let executor = Executor::new(exec::Options {
            program: options.program.clone(),
            account_id: account_id.clone(),
            region: region.clone(),
            logs: Arc::clone(&logs),
            root: folder.path().to_owned(),
            account_concurrency: lambda::ACCOUNT_CONCURRENCY,
        });
        let metrics = Arc::new(Recorder::default());
        let stop = CancellationToken::new();
        let partition = lambda::names::partition(&region);
        let lambda = Arc::new(Lambda::new(Setup {
            place: lambda::names::Place { partition, region: region.clone(), account_id: account_id.clone() },
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
            place: (partition, region.clone(), account_id.clone()),
        };
        // The file is closed to readers with this.
        let Loaded { events, schemas, samples } = blocking(move || loading.load()).await?;
        if options.samples {
            install_samples(&lambda, &keeper, &options.program, samples).await?;
        }
        lambda.keep();
        let traffic = options.traffic.then(|| {
            let lambda = Arc::clone(&lambda);
            tokio::spawn(traffic::run(move |function: String, payload| {
                let lambda = Arc::clone(&lambda);
                async move { lambda.invoke_quietly(function, payload).await }
            }))
        });
        let gateway = Arc::new(Gateway {
            credentials: Arc::clone(&credentials),
            schemas,
            account_id: account_id.clone(),
            region: region.clone(),
            partition,
            lambda: Arc::clone(&lambda),
            logs,
            metrics,
            keeper: keeper.clone(),
            stop: stop.clone(),
        });
        let server = tokio::spawn(http::serve(listener, gateway, stop.clone()));
        lambda.go_on(events);
        scratch::sweep();
        Ok(Self {
            address,
            region,
            account_id,
            credentials,
            executor,
            lambda,
            keeper,
            stop,
            server: Some(server),
            traffic,
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

    /// Stops accepting requests, ends the functions' processes and waits until they are gone. Answers under way have
    /// one second. With `--persist`, everything is kept when it returns.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        if let Some(traffic) = self.traffic.take() {
            traffic.abort();
        }
        if let Some(mut server) = self.server.take()
            && tokio::time::timeout(GRACE, &mut server).await.is_err()
        {
            server.abort();
        }
        self.executor.shutdown().await;
        // What settled in the meantime.
        self.lambda.keep();
        self.keeper.close().await;
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop.cancel();
        for task in [self.server.take(), self.traffic.take()].into_iter().flatten() {
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
            Some(known) if *known != sha256 => lambda.renew(sample, known).await,
            Some(_) => Ok(()),
        };
        installed.map_err(|error| StartError::Sample { name: name.clone(), why: error.to_string() })?;
        now.insert(name, sha256);
    }
    if keeper.keeps() && now != before {
        keeper.note(vec![identity::samples_change(&now)]);
    }
    Ok(())
}

/// Runs what blocks where that is allowed.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, KeepError> + Send + 'static,
) -> Result<T, StartError> {
    let done = tokio::task::spawn_blocking(work).await;
    let failed = |error| StartError::Folder(std::io::Error::other(error));
    Ok(done.map_err(failed)??)
}
