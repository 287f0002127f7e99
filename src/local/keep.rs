//! What `--persist` keeps: tables of keys and values in one file that survives `kill -9` at any moment.
//!
//! Whoever changes something notes it with [`Keeper::note`], in the order of the changes; a thread of its own writes
//! what has come together in one transaction. Before a change is acknowledged, the server waits for
//! [`Keeper::settled`]. Without `--persist` a [`Keeper`] does nothing.

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread,
};

use redb::{
    Database, DatabaseError, ReadableDatabase, ReadableTable, StorageError, TableDefinition, TableError,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

/// The file in the folder of `--persist`.
const FILE: &str = "engine.redb";
/// The layout of what is kept. A newer one is refused, not guessed at.
const VERSION: &[u8] = b"1";
const META: Table = Table("meta");
const VERSION_KEY: &[u8] = b"version";
const IDENTITY_KEY: &[u8] = b"identity";
/// Changes in one transaction, at most.
const BATCH: usize = 4096;

/// Whether an operation of any service changes something, by AWS's verbs. What it changes is on the disk before it is
/// answered.
pub(super) fn is_change(operation: &str) -> bool {
    const READS: [&str; 9] =
        ["Describe", "Export", "Filter", "Get", "InvokeWith", "List", "Search", "Start", "Stop"];
    // A synchronous invocation leaves its log, which nobody was promised; an asynchronous one is asked about itself.
    operation != "Invoke" && !READS.iter().any(|read| operation.starts_with(read))
}

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
    /// It is the folder of another account or region: its ARNs would be wrong.
    #[error("the folder {} belongs to account {account_id} in {region}", folder.display())]
    Elsewhere {
        /// The folder.
        folder: PathBuf,
        /// The account it belongs to.
        account_id: String,
        /// The region it belongs to.
        region: String,
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

/// What was kept, open and not yet written to.
pub(super) struct Kept {
    database: Arc<Database>,
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
        let kept = Self { database: Arc::new(database), file };
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

    /// Who the engine was when it was last here.
    ///
    /// # Errors
    /// [`KeepError::Unusable`].
    pub fn identity(&self) -> Result<Option<Identity>, KeepError> {
        let rows = self.rows(META)?;
        let identity = rows.iter().find(|(key, _)| key == IDENTITY_KEY);
        Ok(identity.and_then(|(_, value)| serde_json::from_slice(value).ok()))
    }

    /// Begins to write. Nothing may be read any more that the keeper is to change.
    pub fn keeper(&self) -> Keeper {
        let (notes, inbox) = mpsc::channel();
        let (file, database) = (self.file.clone(), Arc::clone(&self.database));
        let thread = thread::Builder::new().name("keeper".to_owned());
        if let Err(error) = thread.spawn(move || work(&database, &inbox)) {
            // The inbox is gone with it: every change is then refused.
            tracing::error!(%error, file = %file.display(), "nothing can be kept");
        }
        Keeper { notes: Some(notes) }
    }
}

/// Who the engine is: what clients and ARNs depend on. It has no `Debug`: the secret key is in it.
#[derive(Serialize, Deserialize)]
pub(super) struct Identity {
    pub account_id: String,
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: String,
}

impl Identity {
    /// The change that keeps it.
    pub fn change(&self) -> Change {
        Change::put(META, IDENTITY_KEY, serde_json::to_vec(self).unwrap_or_default())
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

/// What is kept of a collection, so that only what differs from it is noted.
#[derive(Debug)]
pub(super) struct Book {
    table: Table,
    /// Hashes of the rows by their keys.
    rows: BTreeMap<String, [u8; 32]>,
}

impl Book {
    /// The rows of a table as they were kept, and the book of them. A row that can't be read is left out, and said; it
    /// goes with the next change.
    ///
    /// # Errors
    /// [`KeepError::Unusable`].
    pub fn open<T: DeserializeOwned>(
        kept: &Kept,
        table: Table,
    ) -> Result<(Self, BTreeMap<String, T>), KeepError> {
        let (mut book, mut items) = (Self::new(table), BTreeMap::new());
        for (key, value) in kept.rows(table)? {
            let key = String::from_utf8_lossy(&key).into_owned();
            match serde_json::from_slice(&value) {
                Ok(item) => {
                    items.insert(key.clone(), item);
                }
                // serde's message may quote what it read.
                Err(error) => {
                    tracing::error!(table = table.0, %key, line = error.line(), "a row can't be read")
                }
            }
            book.rows.insert(key, Sha256::digest(&value).into());
        }
        Ok((book, items))
    }

    /// The book of a table without rows.
    pub fn new(table: Table) -> Self {
        Self { table, rows: BTreeMap::new() }
    }

    /// What has changed since the last time. Call it under the lock of the collection.
    pub fn changes<'a, T: Serialize + 'a>(
        &mut self,
        items: impl Iterator<Item = (&'a str, &'a T)>,
    ) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut present = BTreeMap::new();
        for (key, item) in items {
            let Ok(value) = serde_json::to_vec(item) else {
                tracing::error!(table = self.table.0, key, "a row can't be written");
                continue;
            };
            let hash: [u8; 32] = Sha256::digest(&value).into();
            if self.rows.get(key) != Some(&hash) {
                changes.push(Change::put(self.table, key, value));
            }
            present.insert(key.to_owned(), hash);
        }
        let gone = self.rows.keys().filter(|key| !present.contains_key(*key));
        changes.extend(gone.map(|key| Change::remove(self.table, key.as_str())));
        self.rows = present;
        changes
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
    fn only_what_differs_is_noted() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::open(folder.path()).unwrap();
        let mut book = Book::new(FRUIT);
        let mut items = BTreeMap::from([("apple".to_owned(), 1), ("pear".to_owned(), 2)]);
        let note = |book: &mut Book, items: &BTreeMap<String, i32>| {
            let changes = book.changes(items.iter().map(|(key, item)| (key.as_str(), item)));
            let keys: Vec<_> = changes
                .iter()
                .map(|it| (String::from_utf8_lossy(&it.key).into_owned(), it.value.is_some()))
                .collect();
            write(&kept.database, &changes).unwrap();
            keys
        };
        assert_eq!(note(&mut book, &items), [("apple".to_owned(), true), ("pear".to_owned(), true)]);
        assert_eq!(note(&mut book, &items), []);
        items.remove("apple");
        items.insert("pear".into(), 3);
        assert_eq!(note(&mut book, &items), [("pear".to_owned(), true), ("apple".to_owned(), false)]);
        let (mut book, read) = Book::open::<i32>(&kept, FRUIT).unwrap();
        assert_eq!(read, items);
        assert_eq!(note(&mut book, &items), []);
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
