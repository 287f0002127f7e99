//! What `--persist` keeps: tables of keys and values in one file that survives `kill -9` at any moment.
//!
//! Whoever changes something notes it with [`Keeper::note`], in the order of the changes; a thread of its own (`writer`)
//! writes what has come together in one transaction. Before a change is acknowledged, the server waits for
//! [`Keeper::settled`]. Without `--persist` a [`Keeper`] does nothing.
//!
//! - `mirror`: collections of records, of which only what differs is noted
//! - `identity`: account, region and key pair
//!
//! Beside the file are the zips of functions, in a folder of their own: see `lambda::shelf`.

use std::{
    fmt, fs, io,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread,
};

use redb::{
    Database, DatabaseError, ReadableDatabase, ReadableTable, StorageError, TableDefinition, TableError,
};
use tokio::sync::oneshot;

use writer::Note;

pub(super) mod identity;
pub(super) mod mirror;
mod writer;

pub(super) use mirror::Mirror;

/// The file in the folder of `--persist`.
const FILE: &str = "engine.redb";
/// The folder for zips in it.
const CODE: &str = "lambdeck-code";
/// The layout of what is kept. A newer one is refused, not guessed at.
const VERSION: &[u8] = b"1";
const META: Table = Table("meta");
const VERSION_KEY: &[u8] = b"version";

/// A table by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Table(pub &'static str);

impl Table {
    fn definition(self) -> TableDefinition<'static, &'static [u8], &'static [u8]> {
        TableDefinition::new(self.0)
    }
}

/// Why what was kept can't be read, or nothing be kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The folder can't be made.
    #[error("the folder {} can't be made: {source}", folder.display())]
    Folder {
        /// The folder of `--persist`.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another engine has it open.
    #[error("another engine uses the folder {}", .0.display())]
    InUse(PathBuf),
    /// It was written by a newer lambdeck.
    #[error("the folder {} was written by a newer lambdeck", .0.display())]
    Newer(PathBuf),
    /// It was begun for another account or region, which the ARNs in it name.
    #[error("the folder {} is of the {what} {kept}, not {wanted}", folder.display())]
    Other {
        /// The folder of `--persist`.
        folder: PathBuf,
        /// `account` or `region`.
        what: &'static str,
        /// Which one it is of.
        kept: String,
        /// Which one was asked for.
        wanted: String,
    },
    /// The file is damaged, or the disk fails.
    #[error("the file {} can't be used: {why}", file.display())]
    Unusable {
        /// The file.
        file: PathBuf,
        /// What was wrong.
        why: String,
    },
}

/// A row: key and value.
pub(super) type Row = (Vec<u8>, Vec<u8>);

/// What was kept, open.
pub(super) struct Kept {
    database: Arc<Database>,
    folder: PathBuf,
}

impl Kept {
    /// Opens what a folder holds, or begins with nothing. The folder is its owner's alone. It blocks.
    ///
    /// # Errors
    /// A [`KeepError`].
    pub fn open(folder: &Path) -> Result<Self, KeepError> {
        let file = folder.join(FILE);
        make_private(folder, &file)
            .map_err(|source| KeepError::Folder { folder: folder.to_owned(), source })?;
        let database = writer::open(&file).map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => KeepError::InUse(folder.to_owned()),
            error => KeepError::Unusable { file, why: error.to_string() },
        })?;
        let kept = Self { database: Arc::new(database), folder: folder.to_owned() };
        match kept.rows(META)?.into_iter().find(|(key, _)| key == VERSION_KEY) {
            Some((_, version)) if version == VERSION => {}
            Some(_) => return Err(KeepError::Newer(folder.to_owned())),
            None => kept.write(&[Change::put(META, VERSION_KEY, VERSION)])?,
        }
        Ok(kept)
    }

    /// The folder of `--persist`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder for zips.
    pub fn code(&self) -> PathBuf {
        self.folder.join(CODE)
    }

    /// The rows of a table in the order of their keys. A table that was never written to has none.
    ///
    /// # Errors
    /// [`KeepError::Unusable`].
    pub fn rows(&self, table: Table) -> Result<Vec<Row>, KeepError> {
        let mut rows = Vec::new();
        self.each(table, |key, value| {
            rows.push((key.to_vec(), value.to_vec()));
            Ok(())
        })?;
        Ok(rows)
    }

    /// Calls `with` on each row of a table, in the order of the keys. What it says is wrong with one ends it.
    ///
    /// # Errors
    /// [`KeepError::Unusable`].
    pub fn each(
        &self,
        table: Table,
        with: impl FnMut(&[u8], &[u8]) -> Result<(), String>,
    ) -> Result<(), KeepError> {
        match self.read(table, with) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(why)) => Err(self.unusable(format!("the table {}: {why}", table.0))),
            Err(error) => Err(self.unusable(error.to_string())),
        }
    }

    fn read(
        &self,
        table: Table,
        mut with: impl FnMut(&[u8], &[u8]) -> Result<(), String>,
    ) -> Result<Result<(), String>, redb::Error> {
        let transaction = self.database.begin_read()?;
        let table = match transaction.open_table(table.definition()) {
            Ok(table) => table,
            Err(TableError::TableDoesNotExist(_)) => return Ok(Ok(())),
            Err(error) => return Err(error.into()),
        };
        for row in table.iter()? {
            let (key, value) = row.map_err(|error: StorageError| error)?;
            if let Err(why) = with(key.value(), value.value()) {
                return Ok(Err(why));
            }
        }
        Ok(Ok(()))
    }

    /// Writes before there is a [`Keeper`]. It blocks until the disk has it.
    ///
    /// # Errors
    /// [`KeepError::Unusable`].
    pub fn write(&self, changes: &[Change]) -> Result<(), KeepError> {
        writer::write(&self.database, changes).map_err(|error| self.unusable(error.to_string()))
    }

    fn unusable(&self, why: String) -> KeepError {
        KeepError::Unusable { file: self.folder.join(FILE), why }
    }

    /// Begins to write. What was kept can be read as it is until `self` is dropped, which should be soon: after a failure
    /// the file can't be opened again before.
    pub fn keeper(&self) -> Keeper {
        let (notes, inbox) = mpsc::channel();
        let file = writer::File::new(self.folder.join(FILE), Arc::clone(&self.database));
        let thread = thread::Builder::new().name("keeper".to_owned());
        if let Err(error) = thread.spawn(move || writer::work(file, &inbox)) {
            // The inbox is gone with it: every change is then refused.
            tracing::error!(%error, folder = %self.folder.display(), "nothing can be kept");
        }
        Keeper { notes: Some(notes) }
    }
}

/// Makes the folder, for its owner alone. One that is there with something else in it stays as it is: the files in it
/// are their owner's alone anyway.
fn make_private(folder: &Path, file: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let metadata = fs::metadata(folder)?;
    let own = metadata.uid() == rustix::process::geteuid().as_raw();
    if own && metadata.mode() & 0o077 != 0 && (file.exists() || fs::read_dir(folder)?.next().is_none()) {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder.join(CODE))
}

/// One change of a table.
#[derive(Clone)]
pub(super) struct Change {
    table: Table,
    key: Vec<u8>,
    /// None removes the row.
    value: Option<Vec<u8>>,
}

impl Change {
    /// A row that is new or has another value now.
    pub fn put(table: Table, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        Self { table, key: key.into(), value: Some(value.into()) }
    }

    /// A row that is gone.
    pub fn remove(table: Table, key: impl Into<Vec<u8>>) -> Self {
        Self { table, key: key.into(), value: None }
    }

    /// Bytes.
    fn size(&self) -> usize {
        self.key.len() + self.value.as_ref().map_or(0, Vec::len)
    }
}

/// A change is not on the disk.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct NotKept(Arc<str>);

/// Takes note of changes; without `--persist` of none. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Keeper {
    notes: Option<mpsc::Sender<Note>>,
}

impl Keeper {
    /// Whether anything is kept: where not, what it takes to note a change can be spared.
    pub fn keeps(&self) -> bool {
        self.notes.is_some()
    }

    /// Notes changes that belong together: all of them are kept, or none. Call it in the order of the changes, that
    /// is, under the lock that they are made under. It does not wait.
    pub fn note(&self, changes: Vec<Change>) {
        if let Some(notes) = &self.notes
            && !changes.is_empty()
        {
            // A writer that is gone shows in `settled`.
            let _ = notes.send(Note::Changes(changes));
        }
    }

    /// Returns once everything noted so far is on the disk.
    ///
    /// # Errors
    /// [`NotKept`] when the disk does not take it. The changes are tried again with the next ones.
    pub async fn settled(&self) -> Result<(), NotKept> {
        let Some(notes) = &self.notes else { return Ok(()) };
        let (reply, answer) = oneshot::channel();
        let gone = || NotKept("its writer has ended".into());
        notes.send(Note::Settle(reply)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?.map_err(NotKept)
    }

    /// Writes what was noted so far and closes the file. Nothing can be kept after that.
    pub async fn close(&self) {
        let Some(notes) = &self.notes else { return };
        let (reply, closed) = oneshot::channel();
        if notes.send(Note::Close(reply)).is_ok() {
            let _ = closed.await;
        }
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").field("keeps", &self.keeps()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRUIT: Table = Table("fruit");
    const TREES: Table = Table("trees");

    fn text(rows: Vec<Row>) -> Vec<(String, String)> {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        rows.into_iter().map(|(key, value)| (text(key), text(value))).collect()
    }

    #[tokio::test]
    async fn what_is_settled_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("deep/er");
        let keeper = Kept::open(&folder).unwrap().keeper();
        keeper.note(vec![Change::put(FRUIT, "pear", "1"), Change::put(TREES, "oak", "2")]);
        keeper.note(vec![Change::put(FRUIT, "apple", "3"), Change::remove(FRUIT, "pear")]);
        keeper.settled().await.unwrap();
        assert!(matches!(Kept::open(&folder), Err(KeepError::InUse(_))));
        keeper.note(vec![Change::put(TREES, "elm", "4")]);
        keeper.close().await;
        let kept = Kept::open(&folder).unwrap();
        assert_eq!(text(kept.rows(FRUIT).unwrap()), [("apple".into(), "3".into())]);
        assert_eq!(text(kept.rows(TREES).unwrap()), [("elm".into(), "4".into()), ("oak".into(), "2".into())]);
        assert_eq!(kept.rows(Table("none")).unwrap(), []);
        keeper.note(vec![Change::put(FRUIT, "plum", "5")]);
        assert!(keeper.settled().await.is_err());
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_kept_as_well() {
        let folder = tempfile::tempdir().unwrap();
        let keeper = Kept::open(folder.path()).unwrap().keeper();
        keeper.note(vec![Change::put(FRUIT, "pear", "1")]);
        drop(keeper);
        let kept = loop {
            // The writer closes the file a moment after its last keeper is gone.
            match Kept::open(folder.path()) {
                Err(KeepError::InUse(_)) => tokio::task::yield_now().await,
                kept => break kept.unwrap(),
            }
        };
        assert_eq!(text(kept.rows(FRUIT).unwrap()), [("pear".into(), "1".into())]);
    }

    #[tokio::test]
    async fn without_a_folder_nothing_is_kept_and_nothing_waits() {
        let keeper = Keeper::default();
        keeper.note(vec![Change::put(FRUIT, "pear", "1")]);
        assert!(!keeper.keeps());
        assert_eq!(keeper.settled().await, Ok(()));
        keeper.close().await;
    }

    #[test]
    fn a_newer_layout_and_a_damaged_file_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::open(folder.path()).unwrap();
        kept.write(&[Change::put(META, VERSION_KEY, "2")]).unwrap();
        drop(kept);
        assert!(matches!(Kept::open(folder.path()), Err(KeepError::Newer(_))));
        fs::write(folder.path().join(FILE), "no database").unwrap();
        assert!(matches!(Kept::open(folder.path()), Err(KeepError::Unusable { .. })));
    }

    #[test]
    fn folder_and_files_are_their_owners_alone() {
        let outer = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        let new = outer.path().join("new");
        let open_to_all = outer.path().join("empty");
        fs::create_dir(&open_to_all).unwrap();
        fs::set_permissions(&open_to_all, fs::Permissions::from_mode(0o777)).unwrap();
        for folder in [&new, &open_to_all] {
            drop(Kept::open(folder).unwrap());
            assert_eq!((mode(folder), mode(&folder.join(CODE))), (0o700, 0o700));
            assert_eq!(mode(&folder.join(FILE)), 0o600);
        }
    }
}
