//! `lambdeck local` in a terminal, with a folder of its own, so that what it leaves behind is seen.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::terminal::{Launch, PATIENCE, Terminal, key};

/// The dashboard on a local engine without background traffic.
pub struct Local {
    pub terminal: Terminal,
    folder: TempDir,
}

impl Local {
    /// Starts it in a terminal of 24 rows and 80 columns.
    pub fn start() -> Self {
        Self::start_as(|launch| launch)
    }

    /// Starts it in a terminal that `change` makes different.
    pub fn start_as(change: impl FnOnce(Launch) -> Launch) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let temporary = folder.path().join("tmp");
        std::fs::create_dir(&temporary).unwrap();
        let arguments = ["local", "--no-traffic", "--utc", "--env-file"].map(Into::into);
        let launch =
            Launch::lambdeck(arguments.into_iter().chain([folder.path().join("env").into_os_string()]))
                .env("TMPDIR", temporary);
        Self { terminal: change(launch).start(), folder }
    }

    /// Waits until all samples are there, with their states.
    #[track_caller]
    pub fn ready(self) -> Self {
        self.terminal.wait_for(|screen| screen.contents().matches("● Active").count() >= 7, PATIENCE);
        self
    }

    /// Filters the list down to one function.
    #[track_caller]
    pub fn select(&self, name: &str) {
        self.terminal.send(&format!("/{name}\r"));
        self.terminal.wait_text("Functions 1 of 7");
        self.terminal.wait_text(&format!("> {name}"));
    }

    /// Invokes a function once from its Test tab, so that its process is there.
    #[track_caller]
    pub fn warm_up(&self) {
        self.select("greeter");
        self.terminal.send("i");
        self.terminal.wait_text("Nothing was sent yet");
        self.terminal.send(key::ENTER);
        self.terminal.wait_text("● OK 200");
        #[cfg(target_os = "linux")]
        assert_eq!(self.processes().len(), 1);
    }

    /// Runs lambdeck beside it, on the same engine.
    #[track_caller]
    pub fn command<const N: usize>(&self, arguments: [&str; N]) -> Output {
        let exports = std::fs::read_to_string(self.folder.path().join("env")).unwrap();
        let variables = exports.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
        let mut command = Command::new(env!("CARGO_BIN_EXE_lambdeck"));
        command.args(arguments).env_clear().env("HOME", self.terminal.home()).envs(variables);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        output
    }

    /// The functions' processes, by their ids. Only Linux tells.
    pub fn processes(&self) -> Vec<u32> {
        processes_below(self.folder.path())
    }

    /// Waits until no process and no file of the engine is left, where the terminal can't tell the end any more.
    #[track_caller]
    pub fn wait_nothing_left(&self) {
        wait_until("nothing is left", || self.processes().is_empty() && self.files().is_empty());
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.path().join("tmp")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// Asserts that no process and no file of the engine is left.
    #[track_caller]
    pub fn assert_nothing_left(&self) {
        assert_eq!(self.processes(), [0; 0], "processes");
        let files = self.files();
        assert!(files.is_empty(), "temporary files: {files:?}");
    }
}

/// Processes that work in a folder, or below it, though it may be gone by now.
pub fn processes_below(folder: &Path) -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|id| {
            std::fs::read_link(format!("/proc/{id}/cwd")).is_ok_and(|works_in| works_in.starts_with(folder))
        })
        .collect()
}

/// Waits for what does not show in a terminal: the system has to be asked again and again.
#[track_caller]
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "not so after {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
