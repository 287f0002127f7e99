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
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Once, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::fault_server::FaultServer;

/// How long something may take on a busy machine before the test fails; nothing waits as long when all is well.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long a run may take, whatever a test does with it meanwhile, before it counts as hanging and is ended.
const LIFETIME: Duration = Duration::from_mins(2);

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
        heed_signals();
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let text = self.stdin.take().unwrap_or_default();
        // It may end without reading.
        std::thread::spawn(move || drop(stdin.write_all(&text)));
        let stderr = child.stderr.take().map(BufReader::new);
        let watchdog = Some(Watchdog::on(pid(&child)));
        Started { child, stderr, said: String::new(), watchdog, home: Some(self.home) }
    }

    /// Runs it to its end.
    #[track_caller]
    fn end(self) -> Ended {
        self.start().end()
    }
}

/// Ends a program that hangs, and with it whatever waits for its output.
struct Watchdog {
    done: mpsc::Sender<()>,
    watching: JoinHandle<bool>,
}

impl Watchdog {
    fn on(pid: Pid) -> Self {
        let (done, waiting) = mpsc::channel();
        let watching = std::thread::spawn(move || {
            let hangs = waiting.recv_timeout(LIFETIME) == Err(mpsc::RecvTimeoutError::Timeout);
            if hangs {
                eprintln!("a run has not ended within {LIFETIME:?}, and is killed");
                let _ = kill_process(pid, Signal::KILL);
            }
            hangs
        });
        Self { done, watching }
    }

    /// The program has ended; whether that was the watchdog's doing.
    fn had_to_bite(self) -> bool {
        drop(self.done);
        self.watching.join().unwrap()
    }
}

/// A run under way. Dropping it ends it.
struct Started {
    child: Child,
    stderr: Option<BufReader<ChildStderr>>,
    /// What was read from stderr so far.
    said: String,
    watchdog: Option<Watchdog>,
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

    /// Waits until it has said this in a line on stderr.
    #[track_caller]
    fn wait_said(&mut self, text: &str) {
        let from = self.said.len();
        while !self.said[from..].contains(text) {
            let read = self.stderr.as_mut().unwrap().read_line(&mut self.said).unwrap();
            assert!(
                read > 0,
                "it ended, or hung until it was killed, without saying {text:?}: {}",
                self.said
            );
        }
    }

    /// Waits for its end; ends it when that takes too long.
    #[track_caller]
    fn end(mut self) -> Ended {
        let stdout = read_all(self.child.stdout.take());
        let stderr = read_all(self.stderr.take());
        let status = self.child.wait().unwrap();
        let hung = self.watchdog.take().unwrap().had_to_bite();
        let all_of = |name: &str, pipe: mpsc::Receiver<Vec<u8>>| {
            let open = |_| panic!("it has ended, and something that it started still holds its {name}");
            pipe.recv_timeout(PATIENCE).unwrap_or_else(open)
        };
        let (stdout, stderr) = (all_of("stdout", stdout), all_of("stderr", stderr));
        let stderr = std::mem::take(&mut self.said) + &String::from_utf8(stderr).unwrap();
        assert!(!hung, "it hangs; stderr: {stderr}");
        Ended { code: status.code(), stdout, stderr, home: self.home.take().unwrap() }
    }
}

/// Reads a pipe to its end, on a thread of its own.
fn read_all(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut bytes).unwrap();
        }
        // Nobody waits for it any more where the test has failed.
        let _ = tell.send(bytes);
    });
    told
}

/// Lets programs that are started from here on heed the signals that the tests send, even where the tests were started
/// with some of them ignored, as `nohup` and a shell's `&` do: a program keeps to that. What is caught, though, is not
/// ignored in a program that is started.
fn heed_signals() {
    use tokio::signal::unix::{SignalKind, signal};
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let ignored = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let _inside = runtime.enter();
        for kind in [SignalKind::hangup(), SignalKind::interrupt(), SignalKind::terminate()] {
            if ignored & (1 << (kind.as_raw_value() - 1)) != 0 {
                // Stays in place for good.
                drop(signal(kind).unwrap());
            }
        }
    });
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

/// The tests of signals hold however the tests themselves were started.
#[cfg(target_os = "linux")]
#[test]
fn runs_heed_a_signal_that_the_tests_ignore() {
    let mut tests = run::<&str>([]);
    tests.command = Command::new("/bin/sh");
    tests
        .command
        .args(["-c", "trap '' INT; exec \"$0\" --exact \"$1\""])
        .arg(std::env::current_exe().unwrap())
        .arg("cli::invoking::a_signal_before_anything_was_sent_ends_it_quietly");
    let ended = tests.end();
    assert!(ended.code == Some(0) && ended.text().contains("1 passed"), "{}", ended.text());
}
