//! Saved test events: a file of JSON each, for one function or shared by all.
//!
//! `events/functions/FUNCTION/NAME.json` and `events/shared/NAME.json`, the content as it was typed. Functions are known
//! by their name alone: an event is there for the function in every account and region. A name that does not fit into
//! a file's name is in a file `.name` beside it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::{
    export::{failed, typed},
    files::{self, Lock, shown},
    names,
};
use crate::domain::{
    json,
    saved_event::{Fingerprint, MAX_BYTES, Owner, SavedEvent, check_name, name_of},
    secret::Secret,
    text::sanitise,
};

/// Ending of an event's file.
const EVENT: &str = ".json";
/// Ending of the file that holds a name which does not fit.
const NAME: &str = ".name";
/// More bytes are no name.
const NAME_BYTES: usize = 1024;
/// Files that a note names.
const NAMED: usize = 3;

/// The saved events. Clones share the same files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Events {
    folder: PathBuf,
}

/// What a function may be tested with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The function's own, then the shared ones, each by name.
    pub events: Vec<SavedEvent>,
    /// A line for each folder in which there are things that are no saved events.
    pub left_out: Vec<String>,
}

/// What may be in the place of an event that is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Nothing: it is a new one.
    Never,
    /// What was there when it was read, so that nobody's change is lost.
    If(Fingerprint),
    /// Anything.
    Always,
}

/// How an event was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// As a new one.
    Added,
    /// In place of what was there.
    Replaced,
}

/// Why nothing was saved, renamed, deleted or exported. Each variant but the last two holds what it is about: the name
/// of an event, or a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SaveError {
    /// It would take the place of another one.
    #[error("{0} is there already")]
    Exists(String),
    /// Somebody else saved it since it was read.
    #[error("{0} was changed since it was read")]
    Changed(String),
    /// Somebody else removed it.
    #[error("{0} is not there any more")]
    Gone(String),
    /// A name, a content or a path that can't be.
    #[error("{0}")]
    Refused(String),
    /// The disk did not take it.
    #[error("{0}")]
    Failed(String),
}

impl Events {
    /// The events in this folder. It is made when the first one is saved.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The events of a function, and the shared ones. Content is not read.
    ///
    /// # Errors
    /// Why a folder can't be read.
    pub fn list(&self, function: Option<&str>) -> Result<Listing, String> {
        let mut listing = Listing::default();
        let own = function.map(|function| Owner::Function(function.to_owned()));
        for owner in own.into_iter().chain([Owner::Shared]) {
            self.list_folder(&owner, &mut listing)?;
        }
        Ok(listing)
    }

    fn list_folder(&self, owner: &Owner, listing: &mut Listing) -> Result<(), String> {
        let folder = self.folder_of(owner);
        let said = |error: &io::Error| format!("can't read {}: {error}", shown(&folder));
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(said(&error)),
        };
        let (mut events, mut foreign) = (Vec::new(), Vec::new());
        for entry in entries {
            let entry = entry.map_err(|error| said(&error))?;
            let file = entry.file_name().to_string_lossy().into_owned();
            // Locks, files being written, and what file managers leave.
            if file.starts_with('.') || file.ends_with(NAME) {
                continue;
            }
            match self.listed(owner, &file) {
                Some(event) => events.push(event),
                // Removed since.
                None if fs::symlink_metadata(entry.path()).is_err() => {}
                None => foreign.push(sanitise(&file).into_owned()),
            }
        }
        events.sort_by_cached_key(|event| (event.name.to_lowercase(), event.name.clone()));
        listing.events.extend(events);
        listing.left_out.extend(left_out(&folder, foreign));
        Ok(())
    }

    /// One file of a folder as an event, where it is one.
    fn listed(&self, owner: &Owner, file: &str) -> Option<SavedEvent> {
        let encoded = file.strip_suffix(EVENT)?;
        let folder = self.folder_of(owner);
        let name = if names::is_cut(encoded) {
            let bytes = files::read(&folder.join(format!("{encoded}{NAME}")), NAME_BYTES).ok()?;
            String::from_utf8(bytes).ok().filter(|name| names::encode(name) == encoded)?
        } else {
            names::decode(encoded)?
        };
        check_name(&name).ok()?;
        // A link is none of ours: saving would put a file in its place.
        let found = fs::symlink_metadata(folder.join(file)).ok().filter(fs::Metadata::is_file)?;
        let modified = found.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
        Some(SavedEvent {
            owner: owner.clone(),
            name,
            bytes: found.len(),
            modified: modified.unwrap_or(Timestamp::UNIX_EPOCH),
        })
    }

    /// The content of an event, as it was saved.
    ///
    /// # Errors
    /// It is gone, or why it can't be read.
    pub fn read(&self, owner: &Owner, name: &str) -> Result<Secret, String> {
        let path = self.path_of(owner, name);
        let said = |why: &dyn std::fmt::Display| format!("can't read {}: {why}", shown(&path));
        let link = fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink());
        if link {
            return Err(said(&"it is a link"));
        }
        match files::read(&path, MAX_BYTES) {
            Ok(bytes) => String::from_utf8(bytes).map(Secret::new).map_err(|_| said(&"it is not UTF-8 text")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(SaveError::Gone(sanitise(name).into_owned()).to_string())
            }
            Err(error) => Err(said(&error)),
        }
    }

    /// Saves an event.
    ///
    /// # Errors
    /// [`SaveError::Exists`], [`SaveError::Changed`] and [`SaveError::Gone`] as `over` has it; a name or a content that
    /// is refused: it must be JSON of at most 6 MB; the disk.
    pub fn save(&self, owner: &Owner, name: &str, content: &Secret, over: Over) -> Result<Saved, SaveError> {
        check_name(name).map_err(SaveError::Refused)?;
        check_content(content)?;
        let path = self.path_of(owner, name);
        let _lock = self.lock()?;
        self.make_folder(owner)?;
        let there = fs::symlink_metadata(&path).is_ok();
        let shown_name = || sanitise(name).into_owned();
        match over {
            Over::Never if there => return Err(SaveError::Exists(shown_name())),
            Over::If(_) if !there => return Err(SaveError::Gone(shown_name())),
            Over::If(read) if self.read(owner, name).map(|now| Fingerprint::of(now.reveal())) != Ok(read) => {
                return Err(SaveError::Changed(shown_name()));
            }
            _ => {}
        }
        self.keep_name(&path, name)?;
        let written = files::write(&path, &[content.reveal().as_bytes()], there);
        written.map_err(|error| match error.kind() {
            // Where there are no locks somebody may have been faster.
            io::ErrorKind::AlreadyExists => SaveError::Exists(shown_name()),
            _ => failed(&path, &error),
        })?;
        Ok(if there { Saved::Replaced } else { Saved::Added })
    }

    /// Gives an event another name, or to another owner. It never takes the place of another one.
    ///
    /// # Errors
    /// [`SaveError::Gone`], [`SaveError::Exists`], a name that can't be, the disk.
    pub fn rename(&self, owner: &Owner, from: &str, to_owner: &Owner, to: &str) -> Result<(), SaveError> {
        check_name(to).map_err(SaveError::Refused)?;
        let (before, after) = (self.path_of(owner, from), self.path_of(to_owner, to));
        let _lock = self.lock()?;
        if fs::symlink_metadata(&before).is_err() {
            return Err(SaveError::Gone(sanitise(from).into_owned()));
        }
        if before == after {
            return Ok(());
        }
        self.make_folder(to_owner)?;
        if fs::symlink_metadata(&after).is_ok() {
            return Err(SaveError::Exists(sanitise(to).into_owned()));
        }
        self.keep_name(&after, to)?;
        fs::rename(&before, &after).map_err(|error| failed(&after, &error))?;
        self.clear_up(owner, &before);
        Ok(())
    }

    /// Deletes an event.
    ///
    /// # Errors
    /// [`SaveError::Gone`], the disk.
    pub fn delete(&self, owner: &Owner, name: &str) -> Result<(), SaveError> {
        let path = self.path_of(owner, name);
        let gone = || SaveError::Gone(sanitise(name).into_owned());
        // Nothing is made for what is not there.
        if fs::symlink_metadata(&path).is_err() {
            return Err(gone());
        }
        let _lock = self.lock()?;
        fs::remove_file(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => gone(),
            _ => failed(&path, &error),
        })?;
        self.clear_up(owner, &path);
        Ok(())
    }

    fn folder_of(&self, owner: &Owner) -> PathBuf {
        match owner {
            Owner::Function(function) => self.folder.join("functions").join(names::encode(function)),
            Owner::Shared => self.folder.join("shared"),
        }
    }

    fn path_of(&self, owner: &Owner, name: &str) -> PathBuf {
        self.folder_of(owner).join(format!("{}{EVENT}", names::encode(name)))
    }

    /// Held by whoever changes something: what was looked at stays so until it is changed.
    fn lock(&self) -> Result<Lock, SaveError> {
        files::make_directory(&self.folder).map_err(|error| failed(&self.folder, &error))?;
        let lock = files::lock(&self.folder.join(".lock"));
        if matches!(lock, Lock::Busy) {
            let text = format!("{}: another lambdeck is writing there; try again", shown(&self.folder));
            return Err(SaveError::Failed(text));
        }
        if matches!(lock, Lock::Held(_)) {
            self.sweep();
        }
        Ok(lock)
    }

    /// Removes what crashes left. Whoever holds the lock is the only one who writes.
    fn sweep(&self) {
        let functions = fs::read_dir(self.folder.join("functions")).into_iter().flatten().flatten();
        let folders = functions.map(|entry| entry.path()).chain([self.folder.join("shared")]);
        for file in folders.filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten() {
            let (path, name) = (file.path(), file.file_name());
            let name = name.to_string_lossy();
            let alone = |name: &str| !path.with_file_name(format!("{name}{EVENT}")).exists();
            if name.starts_with(files::TEMPORARY) || name.strip_suffix(NAME).is_some_and(alone) {
                // The next one tries again.
                let _ = fs::remove_file(&path);
            }
        }
    }

    fn make_folder(&self, owner: &Owner) -> Result<(), SaveError> {
        let folder = self.folder_of(owner);
        let made = match owner {
            Owner::Function(_) => files::make_directory(&self.folder.join("functions")),
            Owner::Shared => Ok(()),
        };
        made.and_then(|()| files::make_directory(&folder)).map_err(|error| failed(&folder, &error))
    }

    /// Writes down a name that the file's own does not tell. It comes first: alone it means nothing.
    fn keep_name(&self, path: &Path, name: &str) -> Result<(), SaveError> {
        match name_file(path) {
            Some(file) => {
                files::write(&file, &[name.as_bytes()], true).map_err(|error| failed(&self.folder, &error))
            }
            None => Ok(()),
        }
    }

    /// Removes what an event that has gone leaves behind.
    fn clear_up(&self, owner: &Owner, path: &Path) {
        if let Some(file) = name_file(path) {
            let _ = fs::remove_file(file);
        }
        let folder = self.folder_of(owner);
        files::sync_directory(&folder);
        if matches!(owner, Owner::Function(_)) {
            // Where it is empty now.
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Reads a file that somebody made, to be saved as an event; answers with a name for it, made of the file's, and its
/// content. A path that begins with `~/` is in the home directory.
///
/// # Errors
/// It can't be read, is larger than 6 MB, or is not JSON: where and why. The text quotes nothing of the content.
pub fn import(path: &str) -> Result<(String, Secret), String> {
    let path = typed(path)?;
    let said = |why: String| format!("{}: {why}", shown(&path));
    let mut bytes = files::read(&path, MAX_BYTES).map_err(|error| said(error.to_string()))?;
    // A byte order mark, as Windows' editors write it, is no JSON.
    if bytes.starts_with("\u{feff}".as_bytes()) {
        bytes.drain(..3);
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        said(format!("it is not UTF-8 text: byte {}", error.utf8_error().valid_up_to() + 1))
    })?;
    let content = Secret::new(text);
    json::check(content.reveal()).map_err(|problem| said(format!("it is not JSON: {problem}")))?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    Ok((name_of(&stem), content))
}

/// Writes an event to a file outside, byte by byte as it is, with mode 0600; answers where. Only a file is ever
/// replaced, and only with `replace`: no link is followed or replaced, no device written to.
///
/// # Errors
/// [`SaveError::Exists`] where there is a file and `replace` is not given; a path that can't be; the disk.
pub fn export(content: &Secret, path: &str, replace: bool) -> Result<PathBuf, SaveError> {
    let written = super::export::write(path, replace, |out| out.write_all(content.reveal().as_bytes()));
    written.map(|(path, ())| path)
}

fn check_content(content: &Secret) -> Result<(), SaveError> {
    if content.len() > MAX_BYTES {
        let most = MAX_BYTES / (1024 * 1024);
        return Err(SaveError::Refused(format!("the event is larger than {most} MB")));
    }
    let checked = json::check(content.reveal());
    checked.map_err(|problem| SaveError::Refused(format!("the event is not JSON: {problem}")))
}

/// Where the name of an event is written down whose file's name does not tell it.
fn name_file(path: &Path) -> Option<PathBuf> {
    let encoded = path.file_stem()?.to_str().filter(|encoded| names::is_cut(encoded))?;
    Some(path.with_file_name(format!("{encoded}{NAME}")))
}

/// A line about things in a folder that are no events.
fn left_out(folder: &Path, mut foreign: Vec<String>) -> Option<String> {
    foreign.sort();
    let more = foreign.len().saturating_sub(NAMED);
    foreign.truncate(NAMED);
    let which = foreign.join(", ");
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!which.is_empty()).then(|| {
        format!("left out in {}: {which}{more}; lambdeck reads what it saved or imported", shown(folder))
    })
}

#[cfg(test)]
mod tests;
