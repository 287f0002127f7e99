//! The commands, run as people and scripts run them: the whole program, from outside.

mod basics;
mod changing;
mod events;
mod invoking;
mod listing;
mod local;
mod logs;
mod saved;

use std::ffi::OsStr;
use std::io::{Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::fault_server::FaultServer;

/// How long a run may take before it counts as hanging.
const PATIENCE: Duration = Duration::from_mins(1);

/// A run of the program that is being put together: nothing of the tests' environment, and a HOME of its own.
struct Run {
    command: Command,
    home: tempfile::TempDir,
    stdin: Option<Vec<u8>>,
}

/// How a run ended.
#[derive(Debug)]
struct Ended {
    /// The exit code; none when a signal ended it.
    code: Option<i32>,
    stdout: Vec<u8>,
    stderr: String,
    home: tempfile::TempDir,
}

/// A run with keys, a region and this endpoint.
fn run_on<A: AsRef<OsStr>>(server: &FaultServer, args: impl IntoIterator<Item = A>) -> Run {
    run(args)
        .env("AWS_ENDPOINT_URL", &server.endpoint())
        .env("AWS_ACCESS_KEY_ID", "AKIDENVIRONMENT")
        .env("AWS_SECRET_ACCESS_KEY", "secret-of-the-environment")
        .env("AWS_REGION", "eu-west-1")
}

/// A run that knows of no AWS at all.
fn run<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Run {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_lambdeck"));
    command
        .args(args)
        .env_clear()
        .env("HOME", home.path())
        .env("TZ", "UTC")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .current_dir(home.path());
    Run { command, home, stdin: None }
}

impl Run {
    fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// With this text on stdin.
    fn stdin(mut self, text: &str) -> Self {
        self.stdin = Some(text.into());
        self
    }

    /// With this file in HOME, which is the working directory, too.
    fn file(self, path: &str, text: &str) -> Self {
        let path = self.home.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// Starts it and goes on.
    fn start(mut self) -> Started {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let text = self.stdin.take().unwrap_or_default();
        // It may end without reading.
        std::thread::spawn(move || drop(stdin.write_all(&text)));
        Started { child, home: Some(self.home) }
    }

    /// Runs it to its end.
    #[track_caller]
    fn end(self) -> Ended {
        self.start().end()
    }
}

/// A run under way. Dropping it ends it.
struct Started {
    child: Child,
    home: Option<tempfile::TempDir>,
}

impl Drop for Started {
    fn drop(&mut self) {
        // Fails where it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Started {
    fn home(&self) -> &Path {
        self.home.as_ref().unwrap().path()
    }

    fn signal(&self, signal: Signal) {
        kill_process(pid(&self.child), signal).unwrap();
    }

    /// Waits for its end; ends it when that takes too long.
    #[track_caller]
    fn end(mut self) -> Ended {
        let pid = pid(&self.child);
        let (done, waiting) = mpsc::channel::<()>();
        let watchdog = std::thread::spawn(move || {
            let hangs = waiting.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout);
            if hangs {
                let _ = kill_process(pid, Signal::KILL);
            }
            hangs
        });
        let stdout = self.child.stdout.take().map(|stdout| std::thread::spawn(|| read_all(stdout)));
        let stderr = self.child.stderr.take().map(read_all).unwrap_or_default();
        let stdout = stdout.map(|reading| reading.join().unwrap()).unwrap_or_default();
        let status = self.child.wait().unwrap();
        drop(done);
        let stderr = String::from_utf8(stderr).unwrap();
        assert!(!watchdog.join().unwrap(), "it hangs; stderr: {stderr}");
        Ended { code: status.code(), stdout, stderr, home: self.home.take().unwrap() }
    }
}

fn read_all(mut pipe: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    pipe.read_to_end(&mut bytes).unwrap();
    bytes
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id().try_into().unwrap()).unwrap()
}

impl Ended {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// It went well, and said nothing beside its output.
    #[track_caller]
    fn quietly(self) -> Self {
        assert_eq!(self.stderr, "", "{self:?}");
        self.well()
    }

    /// It went well.
    #[track_caller]
    fn well(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }

    /// It failed with this code and said why in one line, with nothing on stdout.
    #[track_caller]
    fn failed(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(self.stdout.is_empty(), "{self:?}");
        assert_eq!(self.stderr.lines().filter(|line| line.starts_with("error: ")).count(), 1, "{self:?}");
        self
    }
}
