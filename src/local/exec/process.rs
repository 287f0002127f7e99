//! One process of a function: started, read, measured and killed with everything it started.

use std::{
    ffi::OsString,
    io::{self, PipeReader},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
#[cfg(target_os = "linux")]
use rustix::process::{Resource, Rlimit, prlimit};
use tokio::{
    net::unix::pipe::Receiver,
    process::{Child, Command},
};

/// The longest line that stays one log event, in bytes.
const MAX_LINE_BYTES: usize = 256 * 1024;
/// The most that is read in one go: as much as a pipe can hold, so that a process that never stops writing can't
/// keep its environment from anything else.
const MAX_DRAIN_BYTES: usize = 1024 * 1024;

/// How to start a function.
#[derive(Clone, Debug)]
pub(super) struct Launch {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<OsString>,
    /// The interpreter, where there is one.
    pub(super) interpreter: Option<PathBuf>,
}

/// A running process, the leader of its own group. The whole group is killed when it is dropped.
pub(super) struct Process {
    child: Child,
    group: Option<Pid>,
}

impl Process {
    /// Starts a function in `folder` with exactly these environment variables.
    pub(super) async fn start(
        launch: &Launch,
        folder: &Path,
        variables: impl IntoIterator<Item = (String, String)> + Clone,
    ) -> io::Result<(Self, Output)> {
        // One pipe for both, so that their lines keep the order in which they were written.
        let (reader, writer) = io::pipe()?;
        let mut command = Command::new(&launch.program);
        command
            .args(&launch.arguments)
            .current_dir(folder)
            .env_clear()
            .envs(variables)
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .process_group(0)
            .kill_on_drop(true);
        let mut tries = 0;
        let child = loop {
            match command.spawn() {
                // The program was unpacked a moment ago, and a process forked meanwhile by another thread still
                // holds the descriptor it was written with, until it calls exec.
                Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && tries < 50 => {
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                other => break other?,
            }
        };
        // Else the command's copies of the writer would keep the pipe open.
        drop(command);
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(process) = group {
            limit(process);
        }
        Ok((Self { child, group }, Output::new(reader)?))
    }

    /// Whether the process has ended.
    pub(super) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for the process to end, and ends what it left running.
    pub(super) async fn exit(&mut self) -> ExitStatus {
        let status = self.child.wait().await;
        self.kill_group();
        // Only a process that was waited for already has none, and then it is gone.
        status.unwrap_or_else(|_| ExitStatus::from_raw(0))
    }

    /// Kills the whole group and waits until it is gone.
    pub(super) async fn kill(&mut self) {
        let group = self.group;
        self.kill_group();
        let _ = self.child.wait().await;
        // Of what the process started, the system says only whether any of it is left. That which nobody collects
        // stays for ever in the system's list: the wait has an end.
        for _ in 0..100 {
            if group.is_none_or(|group| test_kill_process_group(group).is_err()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn kill_group(&mut self) {
        if let Some(group) = self.group.take() {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    /// Its id, until it was waited for.
    pub(super) fn id(&self) -> Option<u32> {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill_group();
    }
}

/// Sets the limits that processes have on AWS, where another process's can be set (on Linux): open files and locked
/// memory. It does so right after the start, before a runtime has come to the function's code. Not that of processes
/// (AWS's is 742), which would count all of the user's; and a core that is dumped here is the user's to ask for.
fn limit(process: Pid) {
    #[cfg(target_os = "linux")]
    for (resource, most) in [(Resource::Nofile, 1024), (Resource::Memlock, 65_536)] {
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        // A user's own limit may be lower, and only root may raise it: then that one stays.
        let _ = prlimit(Some(process), resource, limit);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = process;
}

/// Why a process is gone, as AWS words it.
pub(super) fn describe(status: ExitStatus) -> String {
    if let Some(signal) = status.signal() {
        let core = if status.core_dumped() { " (core dumped)" } else { "" };
        return format!("Runtime exited with error: signal: {}{core}", signal_name(signal));
    }
    match status.code() {
        Some(0) | None => "Runtime exited without providing a reason".to_owned(),
        Some(code) => format!("Runtime exited with error: exit status {code}"),
    }
}

/// The names that Go, in which AWS's supervisor is written, gives them.
fn signal_name(signal: i32) -> String {
    let name = match Signal::from_named_raw(signal) {
        Some(Signal::HUP) => "hangup",
        Some(Signal::INT) => "interrupt",
        Some(Signal::QUIT) => "quit",
        Some(Signal::ILL) => "illegal instruction",
        Some(Signal::TRAP) => "trace/breakpoint trap",
        Some(Signal::ABORT) => "aborted",
        Some(Signal::BUS) => "bus error",
        Some(Signal::FPE) => "floating point exception",
        Some(Signal::KILL) => "killed",
        Some(Signal::SEGV) => "segmentation fault",
        Some(Signal::PIPE) => "broken pipe",
        Some(Signal::ALARM) => "alarm clock",
        Some(Signal::TERM) => "terminated",
        _ => return format!("signal {signal}"),
    };
    name.to_owned()
}

/// What a process writes to stdout and stderr, cut into lines.
pub(super) struct Output {
    pipe: Receiver,
    /// The line that has no end yet.
    partial: Vec<u8>,
    ended: bool,
}

impl Output {
    fn new(reader: PipeReader) -> io::Result<Self> {
        let pipe = Receiver::from_owned_fd(reader.into())?;
        Ok(Self { pipe, partial: Vec::new(), ended: false })
    }

    /// Waits until there is something to read. It never ends once the other side is closed.
    pub(super) async fn readable(&self) {
        // `drain` clears the readiness once it has seen the bottom.
        if self.ended || self.pipe.readable().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// The lines that were written up to now.
    ///
    /// It asks the system and not the event loop: what a process wrote before it posted its response is in the
    /// pipe when the response arrives.
    pub(super) fn drain(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut buffer = [0; 16 * 1024];
        let mut total = 0;
        while total < MAX_DRAIN_BYTES {
            let read = match self.pipe.try_read(&mut buffer) {
                // Empty, or the event loop has not been told yet.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    rustix::io::read(&self.pipe, &mut buffer).map_err(io::Error::from)
                }
                other => other,
            };
            match read {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(count) => {
                    total += count;
                    self.take(&buffer[..count], &mut lines);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        lines
    }

    /// The line that was begun and has no end, once there is nothing more to wait for.
    pub(super) fn flush(&mut self) -> Option<String> {
        if self.partial.is_empty() { None } else { Some(text(&std::mem::take(&mut self.partial))) }
    }

    fn take(&mut self, bytes: &[u8], lines: &mut Vec<String>) {
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            let (piece, ends) = piece.strip_suffix(b"\n").map_or((piece, false), |piece| (piece, true));
            self.partial.extend_from_slice(piece);
            while self.partial.len() > MAX_LINE_BYTES {
                let mut cut = MAX_LINE_BYTES;
                // Not through a character: its further bytes begin with the bits 10.
                while cut > MAX_LINE_BYTES - 4 && self.partial[cut] & 0xC0 == 0x80 {
                    cut -= 1;
                }
                let rest = self.partial.split_off(cut);
                lines.push(text(&std::mem::replace(&mut self.partial, rest)));
            }
            if ends {
                lines.push(text(&self.partial));
                self.partial.clear();
            }
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_worded_as_aws_words_it() {
        let words = |raw| describe(ExitStatus::from_raw(raw));
        assert_eq!(words(0), "Runtime exited without providing a reason");
        assert_eq!(words(3 << 8), "Runtime exited with error: exit status 3");
        assert_eq!(words(9), "Runtime exited with error: signal: killed");
        assert_eq!(words(0x80 | 0x0b), "Runtime exited with error: signal: segmentation fault (core dumped)");
    }

    #[tokio::test]
    async fn output_is_cut_into_lines_and_long_lines_between_characters() {
        let (reader, writer) = io::pipe().unwrap();
        let mut output = Output::new(reader).unwrap();
        let mut lines = Vec::new();
        output.take(b"one\r\n\ntw", &mut lines);
        output.take(b"o\nrest", &mut lines);
        assert_eq!(lines, ["one\r", "", "two"]);
        assert_eq!(output.flush().as_deref(), Some("rest"));
        assert_eq!(output.flush(), None);

        // Each character has two bytes, and the limit falls on the middle of one.
        let long = format!("x{}\n", "é".repeat(MAX_LINE_BYTES / 2));
        lines.clear();
        output.take(long.as_bytes(), &mut lines);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].len(), MAX_LINE_BYTES - 1);
        assert_eq!(lines.concat(), long.trim_end());
        drop(writer);
    }
}
