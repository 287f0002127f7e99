//! Starting and stopping the engine.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    auth::Credentials,
    exec::{self, Executor},
    http::{self, Gateway},
    keep::{KeepError, Keeper, Kept},
    lambda::{self, Lambda, Setup},
    logs,
    metrics::Recorder,
    samples,
    schemas::Schemas,
    traffic,
    triggers::{self, Trigger, TriggerError},
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
    stop: CancellationToken,
    server: Option<JoinHandle<()>>,
    traffic: Option<JoinHandle<()>>,
    _triggers: triggers::Running,
    // After the tasks above in the order of dropping: it removes the functions' files.
    _folder: TempDir,
}

impl Engine {
    /// Starts an engine and returns when it accepts requests. It runs on the caller's tokio runtime.
    ///
    /// # Errors
    /// When the port cannot be bound, there is no temporary folder, or a sample or a trigger cannot be started.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let account_id = options.account_id.unwrap_or_else(random_account);
        if account_id.len() != 12 || !account_id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(StartError::AccountId(account_id));
        }
        let keeper = match &options.persist {
            Some(folder) => Kept::open(folder)?.keeper(),
            None => Keeper::default(),
        };
        let bind_error = |source| StartError::Bind { port: options.port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await.map_err(bind_error)?;
        let address = listener.local_addr().map_err(bind_error)?;
        let folder = tempfile::Builder::new().prefix("lambdeck-").tempdir().map_err(StartError::Folder)?;
        let credentials = Arc::new(options.access_key.map_or_else(Credentials::random, |(id, secret)| {
            Credentials { access_key_id: id, secret_access_key: secret }
        }));
        let logs = Arc::new(logs::Store::new(LOGS_MAX_BYTES));
        let executor = Executor::new(exec::Options {
            program: options.program.clone(),
            account_id: account_id.clone(),
            region: options.region.clone(),
            logs: Arc::clone(&logs),
            root: folder.path().to_owned(),
            account_concurrency: lambda::ACCOUNT_CONCURRENCY,
        });
        let metrics = Arc::new(Recorder::default());
        let stop = CancellationToken::new();
        let partition = lambda::names::partition(&options.region);
        let place =
            lambda::names::Place { partition, region: options.region.clone(), account_id: account_id.clone() };
        let lambda = Arc::new(Lambda::new(Setup {
            place: place.clone(),
            settle: Duration::from_millis(options.settle_ms),
            root: folder.path().to_owned(),
            authority: address.to_string(),
            credentials: Arc::clone(&credentials),
            executor: Arc::clone(&executor),
            keeper: keeper.clone(),
            metrics: Arc::clone(&metrics),
            stop: stop.clone(),
        }));
        if options.samples {
            for sample in samples::all(&options.program) {
                let name = sample.name.to_string();
                let failed =
                    |error: &dyn std::fmt::Display| StartError::Sample { name, why: error.to_string() };
                lambda.install(sample).await.map_err(|error| failed(&error))?;
            }
        }
        let (triggers, notes) = triggers::start(
            options.triggers,
            triggers::Setup {
                lambda: Arc::clone(&lambda),
                place: place.clone(),
                private: std::iter::once(folder.path().to_owned()).chain(options.persist).collect(),
                stop: stop.clone(),
            },
        )
        .await?;
        let traffic = options.traffic.then(|| {
            let lambda = Arc::clone(&lambda);
            tokio::spawn(traffic::run(move |function: String, payload| {
                let lambda = Arc::clone(&lambda);
                async move { lambda.invoke_quietly(function, payload).await }
            }))
        });
        let gateway = Arc::new(Gateway {
            credentials: Arc::clone(&credentials),
            schemas: Schemas::new(partition, &options.region, &account_id),
            account_id: account_id.clone(),
            region: options.region.clone(),
            partition,
            lambda,
            logs,
            metrics,
            keeper,
            stop: stop.clone(),
        });
        let server = tokio::spawn(http::serve(listener, gateway, stop.clone()));
        Ok(Self {
            address,
            region: options.region,
            account_id,
            credentials,
            notes,
            executor,
            stop,
            server: Some(server),
            traffic,
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

    /// Stops accepting requests, ends the functions' processes and waits until they are gone. Answers under way have
    /// one second.
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

/// Twelve digits, the first of them no zero.
fn random_account() -> String {
    let (high, low) = Uuid::new_v4().as_u64_pair();
    format!("{:012}", 100_000_000_000 + (high ^ low) % 900_000_000_000)
}
