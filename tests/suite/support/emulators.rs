//! Python for the tests, and the AWS emulators that others wrote: moto and ministack.
//!
//! What needs Python is skipped where there is none, visibly; with `CI=true` that is a failure.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use lambdeck::cloud::Spec;
use lambdeck::domain::secret::Secret;
use sha2::{Digest, Sha256};

const REQUIREMENTS: &str = include_str!("../../requirements.txt");

/// The Python of the tests' virtual environment, in which `tests/requirements.txt` is installed: boto3, moto,
/// ministack, and on Linux awslambdaric. The environment is made under `target/` by the first test that asks, once
/// for all test processes; that takes about 15 s.
///
/// `None`: there is no usable python3, or no package registry to install from. The caller returns; the notice that it
/// was skipped is already on standard error.
///
/// # Panics
/// Instead of answering `None`, when `CI=true`.
pub fn python() -> Option<PathBuf> {
    static PYTHON: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match PYTHON.get_or_init(make_virtual_environment) {
        Ok(python) => Some(python.clone()),
        Err(why) => {
            skipped(why);
            None
        }
    }
}

/// One running emulator, shared by all tests of this binary.
///
/// Tests run at the same time, so each uses names of its own, or better a region of its own: both emulators keep
/// regions apart.
pub struct Emulator {
    endpoint: String,
    /// moto's is 123456789012, ministack's 000000000000.
    account: &'static str,
    /// Its standard input: the emulator ends when this closes, at the latest with this process.
    _lifeline: Child,
}

impl Emulator {
    /// The endpoint URL, such as `http://127.0.0.1:40123`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The account that its STS names.
    pub fn account(&self) -> &'static str {
        self.account
    }

    /// The ARN of an execution role that it accepts.
    pub fn role(&self) -> String {
        format!("arn:aws:iam::{}:role/lambda", self.account)
    }

    /// What a session with this emulator in `region` is made of.
    pub fn spec(&self, region: &str) -> Spec {
        Spec {
            region: Some(region.to_owned()),
            endpoint_url: Some(self.endpoint.clone()),
            keys: Some(("test".to_owned(), Secret::new("test"))),
            ..Spec::default()
        }
    }

    /// An SDK configuration for this emulator in `region`, with credentials that it accepts (any): for what lambdeck
    /// itself does not do, such as making functions.
    pub fn sdk_config(&self, region: &'static str) -> SdkConfig {
        let credentials = Credentials::new("test", "test", None, None, "tests");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .endpoint_url(&self.endpoint)
            .region(Region::from_static(region))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build()
    }
}

/// moto, started by the first test that asks. Blocks until it answers; `None` as for [`python`].
///
/// What it can't do (5.2.5, without Docker):
/// - A function never runs: Invoke answers with the payload it was given, there is no log, no
///   FunctionError, no LogResult and no ExecutedVersion.
/// - ListFunctions ignores MaxItems and Marker: all functions come in one page.
/// - States settle at once: a new function is Active in the very answer to CreateFunction.
/// - Invoke does not look whether the function exists, either: an unknown name is answered like a known one.
/// - The role must exist in its IAM: only [`Emulator::role`] does.
/// - Credentials and signatures are not checked.
pub fn moto() -> Option<&'static Emulator> {
    static MOTO: OnceLock<Emulator> = OnceLock::new();
    shared(&MOTO, "moto", "123456789012")
}

/// ministack, started by the first test that asks. Blocks until it answers; `None` as for [`python`].
///
/// What it can't do (1.5.33, without Docker):
/// - Python and Node.js functions run as plain processes of the machine's interpreter, whatever version is asked for.
/// - The payload it answers with is parsed and written again: its spacing changes.
/// - An exception's type is lost: `errorType` is always `Runtime.HandlerError`.
/// - Its log result holds what the function printed, without START, END and REPORT lines (its log group has them).
/// - Credentials and signatures are not checked; the account is always 000000000000.
pub fn ministack() -> Option<&'static Emulator> {
    static MINISTACK: OnceLock<Emulator> = OnceLock::new();
    shared(&MINISTACK, "ministack", "000000000000")
}

fn shared(cell: &'static OnceLock<Emulator>, name: &str, account: &'static str) -> Option<&'static Emulator> {
    let python = python()?;
    Some(cell.get_or_init(|| start(&python, name, account)))
}

/// Starts an emulator under `emulator.py` and waits for the port that it prints once it answers.
fn start(python: &Path, name: &str, account: &'static str) -> Emulator {
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.log"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/support/emulator.py");
    let mut child = Command::new(python)
        .arg(script)
        .arg(name)
        // Nothing of the developer's AWS configuration may reach an emulator, or a function that it runs.
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(File::create(&log).unwrap())
        .spawn()
        .unwrap();

    let stdout = child.stdout.take().unwrap();
    let (port, first_line) = mpsc::channel();
    std::thread::spawn(move || {
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        let _ = stdout.read_line(&mut line);
        let _ = port.send(line);
        // Whatever else it prints must not fill the pipe and stop it.
        let _ = io::copy(&mut stdout, &mut io::sink());
    });
    let line = first_line.recv_timeout(Duration::from_mins(2)).unwrap_or_default();
    let Ok(port) = line.trim().parse::<u16>() else {
        let _ = child.kill();
        panic!("{name} did not start; its output:\n{}", fs::read_to_string(&log).unwrap_or_default());
    };
    Emulator { endpoint: format!("http://127.0.0.1:{port}"), account, _lifeline: child }
}

/// Says that the current test was skipped, where libtest does not capture it.
fn skipped(why: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "{test} needs Python, and with CI=true nothing is skipped: {why}"
    );
    let _ = writeln!(io::stderr(), "SKIPPED {test}: {why}");
}

/// Makes the virtual environment if it isn't there yet, and answers with its interpreter.
fn make_virtual_environment() -> Result<PathBuf, String> {
    let found =
        "import sys; assert sys.version_info >= (3, 10), 'needs 3.10'; print(sys.version, sys.base_prefix)";
    let version = run(Command::new("python3").args(["-c", found]))
        .map_err(|error| format!("no python3 of version 3.10 or newer: {error}"))?;

    // A new list of packages, or another Python, is another environment.
    let key = Sha256::new().chain_update(REQUIREMENTS).chain_update(&version).finalize();
    let key = key[..6].iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let venv = target.join(format!("test-venv-{key}"));
    let python = venv.join("bin/python");
    let complete = venv.join("complete");
    if complete.exists() {
        return Ok(python);
    }

    // Other test processes may be at it as well: the first to get the lock makes it, the others find it made.
    let lock =
        File::create(target.join(format!("test-venv-{key}.lock"))).map_err(|error| error.to_string())?;
    lock.lock().map_err(|error| error.to_string())?;
    if complete.exists() {
        return Ok(python);
    }
    let _ = writeln!(io::stderr(), "making the tests' Python environment, once: {}", venv.display());
    if venv.exists() {
        fs::remove_dir_all(&venv).map_err(|error| error.to_string())?;
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv))
        .map_err(|error| format!("python3 -m venv failed: {error}"))?;
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/requirements.txt");
    run(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"])
        .args(["--retries", "2", "--timeout", "20", "--requirement"])
        .arg(requirements))
    .map_err(|error| format!("the packages of tests/requirements.txt can't be installed: {error}"))?;
    File::create(&complete).map_err(|error| error.to_string())?;
    Ok(python)
}

/// Runs a command to its end: what it printed, or why it failed.
fn run(command: &mut Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(format!("{}: {}", output.status, stderr.trim().lines().last().unwrap_or("no message")))
}
