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
    keep::{Identity, KeepError, Kept},
    lambda::{self, Lambda, Setup},
    logs,
    metrics::Recorder,
    projects::{Installed, ProjectError, Warning},
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
    stop: CancellationToken,
    server: Option<JoinHandle<()>>,
    traffic: Option<JoinHandle<()>>,
    installed: Box<Installed>,
    _triggers: triggers::Running,
    // After the tasks above in the order of dropping: it removes the functions' files.
    _folder: TempDir,
}

impl Engine {
    /// Starts an engine and returns when it accepts requests. It runs on the caller's tokio runtime.
    ///
    /// # Errors
    /// When the port cannot be bound, there is no temporary folder, a path is no project, or a sample, a URL or a
    /// trigger cannot be started.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let kept = options.persist.as_deref().map(Kept::open).transpose()?;
        let (account_id, credentials) = identity(&options, kept.as_ref())?;
        let credentials = Arc::new(credentials);
        let keeper = kept.as_ref().map(Kept::keeper).unwrap_or_default();
        let bind_error = |source| StartError::Bind { port: options.port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await.map_err(bind_error)?;
        let address = listener.local_addr().map_err(bind_error)?;
        let folder = tempfile::Builder::new().prefix("lambdeck-").tempdir().map_err(StartError::Folder)?;
        let logs = Arc::new(match &kept {
            Some(kept) => logs::Store::restored(LOGS_MAX_BYTES, kept, keeper.clone())?,
            None => logs::Store::new(LOGS_MAX_BYTES),
        });
        let metrics = Arc::new(Recorder::default());
        let executor = Executor::new(exec::Options {
            program: options.program.clone(),
            account_id: account_id.clone(),
            region: options.region.clone(),
            logs: Arc::clone(&logs),
            root: folder.path().to_owned(),
            account_concurrency: lambda::ACCOUNT_CONCURRENCY,
            metrics: Arc::clone(&metrics),
        });
        let stop = CancellationToken::new();
        let partition = lambda::names::partition(&options.region);
        let schemas = Schemas::new(partition, &options.region, &account_id, keeper.clone());
        if let Some(kept) = &kept {
            schemas.restore(kept)?;
            keeper.note(vec![kept_identity(&account_id, &options.region, &credentials).change()]);
        }
        let place = lambda::names::Place {
            partition,
            region: options.region.clone(),
            account_id: account_id.clone(),
        };
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
        lambda.open_kept_urls().map_err(StartError::UrlPort)?;
        let mut installed = lambda.install_projects(options.projects, options.persist.clone()).await?;
        installed.triggers.splice(0..0, options.triggers);
        for function in options.open_urls {
            lambda
                .open_url(&function)
                .map_err(|error| StartError::Url { function, why: error.to_string() })?;
        }
        let (triggers, opened) = triggers::start(
            installed.triggers.clone(),
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
            schemas,
            account_id: account_id.clone(),
            region: options.region.clone(),
            partition,
            lambda: Arc::clone(&lambda),
            logs,
            metrics,
            keeper,
            stop: stop.clone(),
        });
        let url =
            |(function, url): (String, String)| Note::Open(format!("Function URL of {function}: {url}"));
        let undone = installed.warnings.iter().map(|warning| Note::Undone(warning.to_string()));
        let notes = lambda.function_urls().into_iter().map(url).chain(opened).chain(undone).collect();
        let server = tokio::spawn(http::serve(listener, gateway, stop.clone()));
        Ok(Self {
            address,
            region: options.region,
            account_id,
            credentials,
            notes,
            executor,
            lambda,
            stop,
            server: Some(server),
            traffic,
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
    /// one second.
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

/// Account and key pair: as given, else as kept, else made now.
fn identity(options: &Options, kept: Option<&Kept>) -> Result<(String, Credentials), StartError> {
    let was = kept.map(Kept::identity).transpose()?.flatten();
    let given = options.account_id.clone();
    let account_id = given.or_else(|| Some(was.as_ref()?.account_id.clone())).unwrap_or_else(random_account);
    if account_id.len() != 12 || !account_id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(StartError::AccountId(account_id));
    }
    if let (Some(was), Some(folder)) = (&was, &options.persist)
        && (was.account_id != account_id || was.region != options.region)
    {
        let (folder, account_id, region) = (folder.clone(), was.account_id.clone(), was.region.clone());
        return Err(KeepError::Elsewhere { folder, account_id, region }.into());
    }
    let of = |(access_key_id, secret_access_key)| Credentials { access_key_id, secret_access_key };
    let was = was.map(|was| (was.access_key_id, Secret::from(was.secret_access_key)));
    Ok((account_id, options.access_key.clone().or(was).map_or_else(Credentials::random, of)))
}

fn kept_identity(account_id: &str, region: &str, credentials: &Credentials) -> Identity {
    Identity {
        account_id: account_id.to_owned(),
        region: region.to_owned(),
        access_key_id: credentials.access_key_id.clone(),
        secret_access_key: credentials.secret_access_key.reveal().to_owned(),
    }
}

/// Twelve digits, the first of them no zero.
fn random_account() -> String {
    let (high, low) = Uuid::new_v4().as_u64_pair();
    format!("{:012}", 100_000_000_000 + (high ^ low) % 900_000_000_000)
}
