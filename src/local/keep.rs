//! What `--persist` keeps: tables of keys and values in one file that survives `kill -9` at any moment.
//!
//! Whoever changes something notes it with [`Keeper::note`], in the order of the changes; a thread of its own writes
//! what has come together in one transaction. Before a change is acknowledged, the server waits for
//! [`Keeper::settled`]. Without `--persist` a [`Keeper`] does nothing.

use std::{
    fmt, fs, io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread,
};

use redb::{
    Database, DatabaseError, ReadableDatabase, ReadableTable, StorageError, TableDefinition, TableError,
};
use tokio::sync::oneshot;

/// The file in the folder of `--persist`.
const FILE: &str = "engine.redb";
/// The layout of what is kept. A newer one is refused, not guessed at.
const VERSION: &[u8] = b"1";
const META: Table = Table("meta");
const VERSION_KEY: &[u8] = b"version";
/// Changes in one transaction, at most.
const BATCH: usize = 4096;

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

/// What was kept, open and not yet written to.
pub(super) struct Kept {
    database: Database,
    file: PathBuf,
}

impl Kept {
    /// Opens what a folder holds, or begins with nothing. The folder is its owner's alone.
    ///
    /// # Errors
    /// A [`KeepError`].
    pub fn open(folder: &Path) -> Result<Self, KeepError> {
        let file = folder.join(FILE);
        let unusable = |why: String| KeepError::Unusable { file: folder.join(FILE), why };
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|source| KeepError::Folder { folder: folder.to_owned(), source })?;
        let options = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&file);
        let database = Database::builder().create_file(options.map_err(|error| unusable(error.to_string()))?);
        let database = database.map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => KeepError::InUse(folder.to_owned()),
            error => unusable(error.to_string()),
        })?;
        let kept = Self { database, file };
        match kept.rows(META)?.into_iter().find(|(key, _)| key == VERSION_KEY) {
            Some((_, version)) if version == VERSION => {}
            Some(_) => return Err(KeepError::Newer(folder.to_owned())),
            None => {
                let first = Change::put(META, VERSION_KEY, VERSION);
                write(&kept.database, &[first]).map_err(|error| unusable(error.to_string()))?;
            }
        }
        Ok(kept)
    }

    /// The rows of a table in the order of their keys. A table that was never written to has none.
    ///
    /// # Errors
    /// [`KeepError::Unusable`].
    pub fn rows(&self, table: Table) -> Result<Vec<Row>, KeepError> {
        self.read(table)
            .map_err(|error| KeepError::Unusable { file: self.file.clone(), why: error.to_string() })
    }

    fn read(&self, table: Table) -> Result<Vec<Row>, redb::Error> {
        let transaction = self.database.begin_read()?;
        let table = match transaction.open_table(table.definition()) {
            Ok(table) => table,
            Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let row =
            |row: Result<(redb::AccessGuard<'_, &[u8]>, redb::AccessGuard<'_, &[u8]>), StorageError>| {
                let (key, value) = row?;
                Ok((key.value().to_vec(), value.value().to_vec()))
            };
        table.iter()?.map(row).collect()
    }

    /// Begins to write.
    pub fn keeper(self) -> Keeper {
        let (notes, inbox) = mpsc::channel();
        let file = self.file;
        let database = self.database;
        let thread = thread::Builder::new().name("keeper".to_owned());
        if let Err(error) = thread.spawn(move || work(&database, &inbox)) {
            // The inbox is gone with it: every change is then refused.
            tracing::error!(%error, file = %file.display(), "nothing can be kept");
        }
        Keeper { notes: Some(notes) }
    }
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
}

enum Note {
    Changes(Vec<Change>),
    Settle(oneshot::Sender<Result<(), Arc<str>>>),
}

/// A change is not on the disk.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The local engine could not keep this: {0}")]
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
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").field("keeps", &self.keeps()).finish()
    }
}

/// Writes until the last [`Keeper`] is gone.
fn work(database: &Database, inbox: &mpsc::Receiver<Note>) {
    // What the disk has not taken yet.
    let mut changes = Vec::new();
    while let Ok(first) = inbox.recv() {
        let mut waiting = Vec::new();
        let mut next = Some(first);
        while let Some(note) = next {
            match note {
                Note::Changes(more) => changes.extend(more),
                Note::Settle(reply) => waiting.push(reply),
            }
            next = if changes.len() < BATCH { inbox.try_recv().ok() } else { None };
        }
        let result = if changes.is_empty() { Ok(()) } else { write(database, &changes) };
        let result = match result {
            Ok(()) => {
                changes.clear();
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, "changes could not be kept");
                Err(Arc::from(error.to_string()))
            }
        };
        for reply in waiting {
            let _ = reply.send(result.clone());
        }
    }
}

fn write(database: &Database, changes: &[Change]) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    let mut rest = changes;
    while let Some(first) = rest.first() {
        // A run of changes of one table: opening it costs.
        let run = rest.iter().take_while(|change| change.table == first.table).count();
        let mut table = transaction.open_table(first.table.definition())?;
        for change in &rest[..run] {
            match &change.value {
                Some(value) => table.insert(change.key.as_slice(), value.as_slice())?,
                None => table.remove(change.key.as_slice())?,
            };
        }
        rest = &rest[run..];
    }
    transaction.commit()?;
    Ok(())
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
        drop(keeper);
        let kept = loop {
            // The writer closes the file a moment after its last keeper is gone.
            match Kept::open(&folder) {
                Err(KeepError::InUse(_)) => tokio::task::yield_now().await,
                kept => break kept.unwrap(),
            }
        };
        assert_eq!(text(kept.rows(FRUIT).unwrap()), [("apple".into(), "3".into())]);
        assert_eq!(text(kept.rows(TREES).unwrap()), [("oak".into(), "2".into())]);
        assert_eq!(kept.rows(Table("none")).unwrap(), []);
    }

    #[tokio::test]
    async fn without_a_folder_nothing_is_kept_and_nothing_waits() {
        let keeper = Keeper::default();
        keeper.note(vec![Change::put(FRUIT, "pear", "1")]);
        assert!(!keeper.keeps());
        assert_eq!(keeper.settled().await, Ok(()));
    }

    #[test]
    fn a_newer_layout_and_a_damaged_file_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::open(folder.path()).unwrap();
        write(&kept.database, &[Change::put(META, VERSION_KEY, "2")]).unwrap();
        drop(kept);
        assert!(matches!(Kept::open(folder.path()), Err(KeepError::Newer(_))));
        fs::write(folder.path().join(FILE), "no database").unwrap();
        assert!(matches!(Kept::open(folder.path()), Err(KeepError::Unusable { .. })));
    }
}
