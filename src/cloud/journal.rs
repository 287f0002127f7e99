//! The journal's file: a line of JSON for the beginning and one for the end of each change, readable by its owner only.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;

use crate::domain::{
    change::Order,
    journal::{Entry, Outcome},
    place::Place,
};

/// With more bytes the older half is dropped.
const MAX_BYTES: u64 = 1024 * 1024;
/// What is larger was not written by this program.
const ABSURD_BYTES: u64 = 64 * MAX_BYTES;
/// How long another lambdeck may hold the file. It takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(1);

/// The journal of changes. Clones write to the same file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    path: PathBuf,
}

impl Journal {
    /// A journal in this file. It is made at the first change.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All changes, oldest first; none where there is no file yet. Lines that can't be read are left out.
    ///
    /// # Errors
    /// Why the file can't be read, or that nothing in it is a line of a journal.
    pub fn read(&self) -> Result<Vec<Entry>, String> {
        let said = |error: &io::Error| format!("can't read {}: {error}", self.path.display());
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(said(&error)),
        };
        let bytes = content(&mut file).map_err(|error| said(&error))?;
        if is_corrupt(&bytes) {
            return Err(format!("{} is no journal; the next change keeps it as .bak", self.path.display()));
        }
        let mut entries: Vec<Entry> = Vec::new();
        for entry in lines(&bytes).filter_map(|line| serde_json::from_slice::<Entry>(line).ok()) {
            match entries.iter_mut().rev().find(|known| known.id == entry.id) {
                Some(known) => *known = entry,
                None => entries.push(entry),
            }
        }
        Ok(entries)
    }

    /// Adds a line. What could be done but should be known is the text in `Ok`.
    fn append(&self, entry: &Entry) -> Result<Option<String>, String> {
        self.try_append(entry).map_err(|error| format!("{}: {error}", self.path.display()))
    }

    fn try_append(&self, entry: &Entry) -> io::Result<Option<String>> {
        self.make_directory()?;
        let _lock = self.lock();
        let mut file = self.open()?;
        let mut said = None;
        let before = match content(&mut file) {
            Ok(bytes) if !is_corrupt(&bytes) => bytes,
            _ => {
                let kept = self.keep_as_bak()?;
                said =
                    Some(format!("{} was no journal and is kept as {}", self.path.display(), kept.display()));
                file = self.open()?;
                Vec::new()
            }
        };
        let mut line = Vec::new();
        // A line that was torn by a crash must not tear this one, too.
        if before.last().is_some_and(|last| *last != b'\n') {
            line.push(b'\n');
        }
        serde_json::to_writer(&mut line, entry)?;
        line.push(b'\n');
        let length = (before.len() + line.len()) as u64;
        // Where there is no room or no right for another file, it grows on.
        if length <= MAX_BYTES || self.replace(&newer_half(&before), &line).is_err() {
            // In one go: several may write at a time.
            file.write_all(&line)?;
            // Without the lock somebody may have put another file in its place: the line would be gone with the old.
            if !self.is_here(&file) {
                self.open()?.write_all(&line)?;
            }
        }
        Ok(said)
    }

    fn make_directory(&self) -> io::Result<()> {
        let Some(directory) = self.path.parent().filter(|path| !path.as_os_str().is_empty()) else {
            return Ok(());
        };
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(directory)?;
        restrict(directory, 0o700)
    }

    fn open(&self) -> io::Result<File> {
        // Reading a pipe or a device would not end.
        if fs::metadata(&self.path).is_ok_and(|found| !found.is_file()) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
        }
        let mut options = OpenOptions::new();
        options.create(true).append(true).read(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&self.path)?;
        restrict(&self.path, 0o600)?;
        Ok(file)
    }

    /// Whether this is still the journal's file.
    fn is_here(&self, file: &File) -> bool {
        #[cfg(unix)]
        if let (Ok(one), Ok(other)) = (file.metadata(), fs::metadata(&self.path)) {
            use std::os::unix::fs::MetadataExt as _;
            return (one.dev(), one.ino()) == (other.dev(), other.ino());
        }
        #[cfg(not(unix))]
        let _ = file;
        true
    }

    /// Held while a line is added. A file of its own: the journal's own may be replaced. Where it can't be had, the
    /// line is added without it.
    fn lock(&self) -> Option<File> {
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(self.beside(".lock")).ok()?;
        let end = std::time::Instant::now() + PATIENCE;
        while file.try_lock().is_err() {
            if std::time::Instant::now() > end {
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Some(file)
    }

    /// Moves a file that is none of ours out of the way, to a name that is free.
    fn keep_as_bak(&self) -> io::Result<PathBuf> {
        let names = std::iter::once(".bak".to_owned()).chain((1..100).map(|number| format!(".bak.{number}")));
        let free = names.map(|ending| self.beside(&ending)).find(|path| !path.exists());
        let kept = free.ok_or_else(|| io::Error::other("there are too many .bak files beside it"))?;
        fs::rename(&self.path, &kept)?;
        Ok(kept)
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(ending);
        name.into()
    }

    /// Puts a file with these lines in the journal's place, in one go.
    fn replace(&self, older: &[u8], newest: &[u8]) -> io::Result<()> {
        // A link stays one.
        let path = fs::canonicalize(&self.path)?;
        let directory = path.parent().unwrap_or(Path::new("."));
        // Made with mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        file.write_all(older)?;
        file.write_all(newest)?;
        file.as_file().sync_all()?;
        file.persist(&path)?;
        Ok(())
    }
}

/// Takes away what others may do with a file or a directory.
#[cfg(unix)]
fn restrict(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let others = fs::metadata(path)?.permissions().mode() & 0o077;
    if others == 0 {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn restrict(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

fn content(file: &mut File) -> io::Result<Vec<u8>> {
    if file.metadata()?.len() > ABSURD_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is far larger than a journal gets"));
    }
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn lines(bytes: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty())
}

/// Whether there is something, and not one line of it is an object of JSON: lines of a later format count.
fn is_corrupt(bytes: &[u8]) -> bool {
    let readable =
        |line: &[u8]| serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(line).is_ok();
    lines(bytes).next().is_some() && !lines(bytes).rev().any(readable)
}

/// The lines of the newer half, whole, with a line's end behind the last.
fn newer_half(bytes: &[u8]) -> Vec<u8> {
    let most = usize::try_from(MAX_BYTES / 2).unwrap_or(usize::MAX);
    let from = bytes.len().saturating_sub(most);
    let from = match bytes.get(from..).and_then(|rest| rest.iter().position(|byte| *byte == b'\n')) {
        Some(at) if from > 0 => from + at + 1,
        _ if from > 0 => bytes.len(),
        _ => 0,
    };
    let mut newer = bytes.get(from..).unwrap_or_default().to_vec();
    if newer.last().is_some_and(|last| *last != b'\n') {
        newer.push(b'\n');
    }
    newer
}

/// One change on its way into the journal: its beginning, then its end.
pub(super) struct Record {
    journal: Option<Journal>,
    entry: Entry,
    problem: Option<String>,
}

impl Record {
    /// Writes down that a change is about to be sent. Where that fails, the change goes on without.
    pub(super) async fn begin(
        journal: Option<Journal>,
        place: &Place,
        order: &Order,
        operation: &str,
    ) -> Self {
        let id = uuid::Uuid::new_v4().to_string();
        Self::of(journal, Entry::begin(id, Timestamp::now(), place, order).sent_as(operation)).await
    }

    /// The same of a registry, which comes before the change itself.
    pub(super) async fn begin_registry(journal: Option<Journal>, place: &Place, order: &Order) -> Self {
        let id = uuid::Uuid::new_v4().to_string();
        Self::of(journal, Entry::of_registry(id, Timestamp::now(), place, order)).await
    }

    async fn of(journal: Option<Journal>, entry: Entry) -> Self {
        let mut record = Self { journal, entry, problem: None };
        record.add().await;
        record
    }

    /// Writes down what became of it; gives why the journal does not tell of it, where it does not.
    pub(super) async fn end(mut self, outcome: Outcome, revision_after: Option<String>) -> Option<String> {
        self.entry.outcome = outcome;
        self.entry.revision_after = revision_after;
        self.add().await;
        self.problem
    }

    async fn add(&mut self) {
        let Some(journal) = self.journal.clone() else { return };
        let entry = self.entry.clone();
        let added = tokio::task::spawn_blocking(move || journal.append(&entry)).await;
        match added {
            Ok(Ok(said)) => self.problem = self.problem.take().or(said),
            Ok(Err(problem)) => self.problem = Some(problem),
            Err(error) => self.problem = Some(error.to_string()),
        }
    }
}
