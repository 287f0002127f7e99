//! The commands that change a function: `env`, `publish`, `alias`, `rollback`, and `versions`, on the local engine.

mod asking;
mod env;
mod releases;

use std::ffi::OsStr;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{Environment, FunctionCode, Runtime as FunctionRuntime};
use lambdeck::local::{Engine, Options};
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use super::{Ended, PATIENCE, Run, run};
use crate::support::fault_server::FaultServer;
use crate::support::terminal::Launch;
use crate::support::zip_of;

const ACCOUNT: &str = "123456789012";

/// The local engine with one function `f`, a network to it that may fail, and somebody else who works there, too.
struct Account {
    engine: Option<Engine>,
    client: Client,
    server: FaultServer,
    runtime: Arc<Runtime>,
    /// Where lambdeck keeps its journal, over all runs.
    home: tempfile::TempDir,
}

impl Drop for Account {
    fn drop(&mut self) {
        let engine = self.engine.take().unwrap();
        let stopped = self.runtime.block_on(async { timeout(PATIENCE, engine.shutdown()).await });
        assert!(
            stopped.is_ok() || std::thread::panicking(),
            "the engine has not stopped within {PATIENCE:?}"
        );
    }
}

impl Account {
    /// A function with these variables.
    fn with(variables: &[(&str, &str)]) -> Self {
        Self::settling(variables, 0)
    }

    /// Changes of the function take so many milliseconds.
    fn settling(variables: &[(&str, &str)], settle_ms: u64) -> Self {
        let account = Self::start(variables, settle_ms);
        account.settled();
        account
    }

    /// The function is just being made.
    fn start(variables: &[(&str, &str)], settle_ms: u64) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let options = Options {
            account_id: Some(ACCOUNT.into()),
            region: "eu-west-1".into(),
            settle_ms,
            samples: false,
            ..Options::new(env!("CARGO_BIN_EXE_lambdeck").into())
        };
        let engine = in_time(&runtime, Engine::start(options)).unwrap();
        let secret = engine.secret_access_key().reveal();
        let config = aws_sdk_lambda::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("eu-west-1"))
            .endpoint_url(engine.endpoint_url())
            .credentials_provider(Credentials::new(engine.access_key_id(), secret, None, None, "test"))
            .build();
        let client = Client::from_conf(config);
        let server = FaultServer::forwarding(&engine.endpoint_url());
        let home = tempfile::tempdir().unwrap();
        let account = Self { engine: Some(engine), client, server, runtime: Arc::new(runtime), home };
        let creation = account
            .client
            .create_function()
            .function_name("f")
            .runtime(FunctionRuntime::Providedal2023)
            .handler("x")
            .role("arn:aws:iam::123456789012:role/test")
            .code(code("one"))
            .environment(environment(variables));
        account.now(async { creation.send().await }).unwrap();
        account
    }

    /// Waits until the last change is in use.
    fn settled(&self) {
        use aws_sdk_lambda::client::Waiters as _;
        let waiting = self.client.wait_until_function_updated_v2().function_name("f");
        self.now(async { waiting.wait(std::time::Duration::from_secs(20)).await }).unwrap();
    }

    /// Does something as somebody else.
    #[track_caller]
    fn now<T>(&self, work: impl Future<Output = T>) -> T {
        in_time(&self.runtime, work)
    }

    /// As somebody else, from inside the server: it works on threads of its own.
    fn somebody_else(&self) -> SomebodyElse {
        SomebodyElse { client: self.client.clone(), runtime: Arc::clone(&self.runtime) }
    }

    /// A run of the program on this account.
    fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Run {
        self.variables().iter().fold(run(args), |run, (name, value)| run.env(name, value))
    }

    fn variables(&self) -> [(&'static str, String); 5] {
        let engine = self.engine.as_ref().unwrap();
        [
            ("AWS_ENDPOINT_URL", self.server.endpoint()),
            ("AWS_ACCESS_KEY_ID", engine.access_key_id().to_owned()),
            ("AWS_SECRET_ACCESS_KEY", engine.secret_access_key().reveal().to_owned()),
            ("AWS_REGION", "eu-west-1".to_owned()),
            ("HOME", self.home.path().to_str().unwrap().to_owned()),
        ]
    }

    /// A run on a terminal.
    fn on_terminal(&self, args: &[&str]) -> Launch {
        self.variables()
            .into_iter()
            .fold(Launch::lambdeck(args.iter().copied()), |launch, (name, value)| launch.env(name, value))
            .env("NO_COLOR", "1")
    }

    /// The variables as they are.
    fn environment(&self) -> Vec<(String, String)> {
        let answer = self
            .now(async { self.client.get_function_configuration().function_name("f").send().await.unwrap() });
        let variables = answer.environment().and_then(|it| it.variables().cloned()).unwrap_or_default();
        let mut variables: Vec<_> = variables.into_iter().collect();
        variables.sort();
        variables
    }

    /// They are these.
    #[track_caller]
    fn assert_environment(&self, expected: &[(&str, &str)]) {
        let expected: Vec<(String, String)> =
            expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        assert_eq!(self.environment(), expected);
    }

    /// Where an alias points; none where it is not there.
    fn alias(&self, name: &str) -> Option<String> {
        let answer =
            self.now(async { self.client.get_alias().function_name("f").name(name).send().await }).ok()?;
        answer.function_version().map(str::to_owned)
    }

    /// Requests that change something.
    fn writes(&self) -> usize {
        ["UpdateFunctionConfiguration", "PublishVersion", "CreateAlias", "UpdateAlias", "DeleteAlias"]
            .iter()
            .map(|operation| self.server.count(operation))
            .sum()
    }

    /// Publishes so many versions, each of other code, as somebody else.
    fn publish(&self, count: usize) {
        for number in 0..count {
            self.now(async {
                let code = code(&format!("version {number}"));
                let zip = code.zip_file().unwrap().clone();
                self.client.update_function_code().function_name("f").zip_file(zip).send().await.unwrap();
            });
            self.settled();
            self.now(async { self.client.publish_version().function_name("f").send().await }).unwrap();
        }
    }

    /// The journal's entries, the last line of each.
    fn journal(&self) -> Vec<Value> {
        let path = journal_file(self.home.path()).expect("a journal");
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Somebody else, who may be asked from any thread.
#[derive(Clone)]
struct SomebodyElse {
    client: Client,
    runtime: Arc<Runtime>,
}

impl SomebodyElse {
    fn now<T: Send>(&self, work: impl Future<Output = T> + Send) -> T {
        std::thread::scope(|scope| scope.spawn(|| in_time(&self.runtime, work)).join().unwrap())
    }

    /// Makes these the variables.
    fn set(&self, variables: &[(&str, &str)]) {
        use aws_sdk_lambda::client::Waiters as _;
        let environment = environment(variables);
        self.now(async {
            let update = self.client.update_function_configuration().function_name("f");
            update.environment(environment).send().await.unwrap();
            let waiting = self.client.wait_until_function_updated_v2().function_name("f");
            waiting.wait(std::time::Duration::from_secs(20)).await.unwrap();
        });
    }

    /// Points an alias to a version.
    fn point(&self, alias: &str, version: &str) {
        self.now(async {
            let update = self.client.update_alias().function_name("f").name(alias);
            update.function_version(version).send().await.unwrap();
        });
    }
}

/// Does something that may not take for ever.
#[track_caller]
fn in_time<T>(runtime: &Runtime, work: impl Future<Output = T>) -> T {
    let done = runtime.block_on(async { timeout(PATIENCE, work).await });
    done.unwrap_or_else(|_| panic!("no answer of the engine within {PATIENCE:?}"))
}

fn code(content: &str) -> FunctionCode {
    FunctionCode::builder().zip_file(Blob::new(zip_of(&[("bootstrap", content)]))).build()
}

fn environment(variables: &[(&str, &str)]) -> Environment {
    variables
        .iter()
        .fold(Environment::builder(), |builder, (key, value)| builder.variables(*key, *value))
        .build()
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found
}

fn journal_file(home: &Path) -> Option<PathBuf> {
    files(home).into_iter().find(|path| path.to_string_lossy().ends_with("journal.jsonl"))
}

impl Ended {
    /// It said this on stderr.
    #[track_caller]
    fn said(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no {text:?} in: {}", self.stderr);
        self
    }

    /// Nothing that it wrote holds this.
    #[track_caller]
    fn without(self, secret: &str) -> Self {
        assert!(!self.stderr.contains(secret) && !self.text().contains(secret), "{self:?}");
        self
    }
}

/// The mode of a file.
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
