//! The engine's temporary folder, and the sweep of those that killed engines left.
//!
//! An engine holds a lock on a file in its folder for as long as it lives; the lock goes with the engine, however it
//! ends. A folder of this user's whose lock is free is thus a dead engine's: what still runs of its functions is ended,
//! and the folder removed. It notes its functions' processes with the time at which they started, so that no process
//! which got a number anew is ever taken for one of them (that time is known on Linux only; elsewhere just the folders
//! are removed).

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

use rustix::{
    fs::{FlockOperation, OFlags, flock},
    process::{Pid, Signal, geteuid, kill_process_group, test_kill_process_group},
};
use tempfile::TempDir;

/// What the folders' names begin with.
const PREFIX: &str = "lambdeck-";
/// The file whose lock its engine holds.
const LOCK: &str = "lock";
/// The processes of its functions: the id of the system's start, then `PID START` in lines.
const PROCESSES: &str = "processes";

/// A temporary folder with its lock. It is removed when it is dropped.
#[derive(Debug)]
pub(super) struct Scratch {
    // Before the lock in the order of dropping: who gets the lock finds nothing more.
    folder: TempDir,
    _lock: File,
}

impl Scratch {
    /// Makes a folder in the system's place for temporary ones.
    ///
    /// # Errors
    /// When the folder or its lock can't be made.
    pub fn new() -> io::Result<Self> {
        Self::in_place(&std::env::temp_dir())
    }

    fn in_place(place: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(place)?;
        // It has its name only once it is locked: a sweep never finds it free.
        let unnamed = folder.path().join("lock.new");
        let lock = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unnamed)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        fs::rename(unnamed, folder.path().join(LOCK))?;
        Ok(Self { folder, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Notes the processes of an engine's functions in its folder.
#[derive(Debug)]
pub(super) struct Ledger {
    path: PathBuf,
    file: Mutex<Option<File>>,
}

impl Ledger {
    /// For an engine with this folder.
    pub fn new(folder: &Path) -> Self {
        Self { path: folder.join(PROCESSES), file: Mutex::default() }
    }

    /// Notes a process that has just been started and leads a group of its own. It costs microseconds, and what can't
    /// be noted runs all the same.
    pub fn add(&self, process: Option<u32>) {
        let Some((process, started)) = process.and_then(|it| Some((it, started(it)?))) else { return };
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = self.write(&mut file, &format!("{process} {started}\n")) {
            tracing::debug!(%error, "a process could not be noted");
        }
    }

    fn write(&self, file: &mut Option<File>, line: &str) -> io::Result<()> {
        if let Some(file) = file {
            return file.write_all(line.as_bytes());
        }
        let mut new = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)?;
        new.write_all(format!("{}\n{line}", boot()).as_bytes())?;
        *file = Some(new);
        Ok(())
    }
}

/// Removes what killed engines of this user left, on a thread of its own.
pub(super) fn sweep() {
    let place = std::env::temp_dir();
    let thread = thread::Builder::new().name("sweep".to_owned());
    if let Err(error) = thread.spawn(move || sweep_in(&place)) {
        tracing::debug!(%error, "no sweep");
    }
}

fn sweep_in(place: &Path) {
    let Ok(entries) = fs::read_dir(place) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if !name.to_str().is_some_and(|name| name.starts_with(PREFIX)) {
            continue;
        }
        let folder = entry.path();
        if let Some(lock) = abandoned(&folder) {
            end_processes(&folder);
            match fs::remove_dir_all(&folder) {
                Ok(()) => tracing::info!(folder = %folder.display(), "removed what a killed engine left"),
                Err(error) => {
                    tracing::warn!(folder = %folder.display(), %error, "a killed engine's folder stays");
                }
            }
            drop(lock);
        }
    }
}

/// The lock of a dead engine's folder. None for anything else: what is another user's, a link, has no lock, or is in
/// use.
fn abandoned(folder: &Path) -> Option<File> {
    let own = |metadata: &fs::Metadata| metadata.uid() == geteuid().as_raw();
    let metadata = fs::symlink_metadata(folder).ok()?;
    if !metadata.is_dir() || !own(&metadata) {
        return None;
    }
    let no_link = i32::try_from(OFlags::NOFOLLOW.bits()).ok()?;
    let lock = OpenOptions::new().write(true).custom_flags(no_link).open(folder.join(LOCK)).ok()?;
    if !lock.metadata().is_ok_and(|metadata| metadata.is_file() && own(&metadata)) {
        return None;
    }
    flock(&lock, FlockOperation::NonBlockingLockExclusive).ok()?;
    Some(lock)
}

/// Ends the noted processes that still run, with all that they started, and waits a moment until they are gone.
fn end_processes(folder: &Path) {
    let noted = fs::read_to_string(folder.join(PROCESSES)).unwrap_or_default();
    let mut lines = noted.lines();
    if lines.next() != Some(boot().as_str()) {
        return;
    }
    let groups: Vec<Pid> = lines
        .filter_map(|line| {
            let (process, start) = line.split_once(' ')?;
            let process: u32 = process.parse().ok()?;
            (started(process)?.to_string() == start)
                .then(|| Pid::from_raw(i32::try_from(process).ok()?))
                .flatten()
        })
        .collect();
    for group in &groups {
        let _ = kill_process_group(*group, Signal::KILL);
    }
    for _ in 0..200 {
        if groups.iter().all(|group| test_kill_process_group(*group).is_err()) {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// When a process started, in ticks since the system did: field 22 of `/proc/PID/stat`. None where there is no such
/// process, or no `/proc`.
fn started(process: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field is the program's name in parentheses, which can hold anything.
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split(' ').nth(19)?.parse().ok()
}

/// Differs from one start of the system to the next.
fn boot() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    id.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::{
        os::unix::{fs::symlink, process::CommandExt},
        process::{Child, Command},
        time::Instant,
    };

    use super::*;

    /// A process with one of its own. Both end with it, whatever comes.
    struct Sleeper(Child);

    impl Sleeper {
        fn new() -> Self {
            let mut command = Command::new("/bin/sh");
            Self(command.args(["-c", "sleep 1000 & wait"]).process_group(0).spawn().unwrap())
        }

        fn id(&self) -> u32 {
            self.0.id()
        }
    }

    impl Drop for Sleeper {
        fn drop(&mut self) {
            if let Ok(None) = self.0.try_wait() {
                let group = Pid::from_raw(i32::try_from(self.id()).unwrap()).unwrap();
                let _ = kill_process_group(group, Signal::KILL);
                let _ = self.0.wait();
            }
        }
    }

    /// As an engine leaves it that is killed.
    fn abandon(scratch: Scratch) -> PathBuf {
        let Scratch { folder, _lock } = scratch;
        folder.keep()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_dead_engines_folder_and_processes_go_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        let live = Scratch::in_place(place.path()).unwrap();
        let dead = Scratch::in_place(place.path()).unwrap();
        let (mut ends, mut stays, mut reused) = (Sleeper::new(), Sleeper::new(), Sleeper::new());
        Ledger::new(live.path()).add(Some(stays.id()));
        let ledger = Ledger::new(dead.path());
        ledger.add(Some(ends.id()));
        ledger.add(None);
        // Its number is given to another process meanwhile.
        let wrong = format!("{} 1\n", reused.id());
        OpenOptions::new()
            .append(true)
            .open(dead.path().join(PROCESSES))
            .unwrap()
            .write_all(wrong.as_bytes())
            .unwrap();
        let dead = abandon(dead);

        // Not an engine's: no lock, a link, another name.
        let bare = place.path().join("lambdeck-bare");
        let other = place.path().join("other");
        for folder in [&bare, &other] {
            fs::create_dir(folder).unwrap();
        }
        fs::write(other.join(LOCK), "").unwrap();
        symlink(&other, place.path().join("lambdeck-link")).unwrap();
        let linked = place.path().join("lambdeck-linked-lock");
        fs::create_dir(&linked).unwrap();
        symlink(other.join(LOCK), linked.join(LOCK)).unwrap();

        // Another test that is just starting a process holds, in that process, the lock until it calls exec.
        let deadline = Instant::now() + Duration::from_mins(1);
        while dead.exists() {
            assert!(Instant::now() < deadline, "it stays");
            sweep_in(place.path());
        }
        while ends.0.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "it runs on");
            thread::yield_now();
        }
        assert!(live.path().join(LOCK).exists() && bare.exists() && other.join(LOCK).exists());
        assert!(linked.exists() && place.path().join("lambdeck-link").exists());
        for alive in [&mut stays, &mut reused] {
            assert!(alive.0.try_wait().unwrap().is_none());
        }
    }

    #[test]
    fn a_folder_goes_with_its_engine() {
        let place = tempfile::tempdir().unwrap();
        let scratch = Scratch::in_place(place.path()).unwrap();
        assert!(abandoned(scratch.path()).is_none());
        drop(scratch);
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    }
}
