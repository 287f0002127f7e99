//! A file that grows by lines of JSON, readable by its owner only.
//!
//! Several may write into it at a time; what a crash tore costs one line; when it is full the older half goes; and what
//! this program did not write is kept beside it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

use super::files::{self, beside, restrict, shown};

/// A file with more than so many times its limit was not written by this program.
const ABSURD: u64 = 64;

/// The file. Clones write into the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jsonl {
    path: PathBuf,
    limit: u64,
    what: &'static str,
    of: &'static str,
}

impl Jsonl {
    /// A file of lines in this place. It is made with the first line. With more than `limit` bytes the older half is
    /// dropped. `what` it is and what a line of it is `of` is said where something is wrong, as in "journal" and
    /// "change".
    pub fn new(path: impl Into<PathBuf>, limit: u64, what: &'static str, of: &'static str) -> Self {
        Self { path: path.into(), limit, what, of }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The newest lines, at most so many, oldest first; none where there is no file yet. What can't be read is left
    /// out.
    ///
    /// # Errors
    /// Why the file can't be read, or that nothing in it is a line of JSON.
    pub fn read<T: DeserializeOwned>(&self, most: usize) -> Result<Vec<T>, String> {
        let said = |error: &io::Error| format!("can't read {}: {error}", shown(&self.path));
        // Opening a pipe would not end. It may be gone until then: that tells the opening.
        if fs::metadata(&self.path).is_ok_and(|found| !found.is_file()) {
            return Err(format!("can't read {}: it is no file", shown(&self.path)));
        }
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(said(&error)),
        };
        let bytes = self.content(&mut file).map_err(|error| said(&error))?;
        if is_corrupt(&bytes) {
            let (path, Self { what, of, .. }) = (shown(&self.path), self);
            return Err(format!("{path} is no {what}; the next {of} keeps it as .bak"));
        }
        let newest = lines(&bytes).rev().filter_map(|line| serde_json::from_slice(line).ok());
        let mut read: Vec<T> = newest.take(most).collect();
        read.reverse();
        Ok(read)
    }

    /// Adds a line. What could be done but should be known is the text in `Ok`.
    ///
    /// # Errors
    /// Why there is no such line now.
    pub fn append(&self, line: &impl Serialize) -> Result<Option<String>, String> {
        self.try_append(line).map_err(|error| format!("{}: {error}", shown(&self.path)))
    }

    fn try_append(&self, entry: &impl Serialize) -> io::Result<Option<String>> {
        if let Some(directory) = self.path.parent().filter(|path| !path.as_os_str().is_empty()) {
            files::make_directory(directory)?;
        }
        // A file of its own: the one with the lines may be replaced. Where it can't be had, the line is added without.
        let _lock = files::lock(&beside(&self.path, ".lock"));
        let mut file = self.open()?;
        let mut said = None;
        let before = match self.content(&mut file) {
            Ok(bytes) if !is_corrupt(&bytes) => bytes,
            _ => {
                let kept = self.keep_as_bak()?;
                said = Some(format!(
                    "{} was no {} and is kept as {}",
                    shown(&self.path),
                    self.what,
                    shown(&kept)
                ));
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
        if length <= self.limit || self.replace(&self.newer_half(&before), &line).is_err() {
            // In one go: several may write at a time.
            file.write_all(&line)?;
            // Without the lock somebody may have put another file in its place: the line would be gone with the old.
            if !self.is_here(&file) {
                self.open()?.write_all(&line)?;
            }
        }
        Ok(said)
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

    /// Whether this is still the file.
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

    /// Moves a file that is none of ours out of the way, to a name that is free.
    fn keep_as_bak(&self) -> io::Result<PathBuf> {
        let names = std::iter::once(".bak".to_owned()).chain((1..100).map(|number| format!(".bak.{number}")));
        let free = names.map(|ending| beside(&self.path, &ending)).find(|path| !path.exists());
        let kept = free.ok_or_else(|| io::Error::other("there are too many .bak files beside it"))?;
        fs::rename(&self.path, &kept)?;
        Ok(kept)
    }

    /// Puts a file with these lines in its place, in one go.
    fn replace(&self, older: &[u8], newest: &[u8]) -> io::Result<()> {
        // A link stays one.
        files::write(&fs::canonicalize(&self.path)?, &[older, newest], true)
    }

    fn content(&self, file: &mut File) -> io::Result<Vec<u8>> {
        if file.metadata()?.len() > ABSURD * self.limit {
            let text = format!("it is far larger than a {} gets", self.what);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
        }
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(0))?;
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The lines of the newer half, whole, with a line's end behind the last.
    fn newer_half(&self, bytes: &[u8]) -> Vec<u8> {
        let most = usize::try_from(self.limit / 2).unwrap_or(usize::MAX);
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
