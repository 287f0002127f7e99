//! The thread that writes what was noted.

use std::{
    collections::HashSet,
    io,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use redb::{Database, DatabaseError};
use tokio::sync::oneshot;

use super::Change;

/// Changes in one transaction, about at most.
const BATCH: usize = 4096;
/// Bytes in one transaction, about at most.
const BATCH_BYTES: usize = 16 << 20;
/// How long changes gather for which nobody waits, such as functions' log lines.
const LINGER: Duration = Duration::from_millis(100);
/// What redb may hold of the file in memory, in bytes.
const CACHE_BYTES: usize = 8 << 20;

/// What reaches the writer, in this order.
pub(super) enum Note {
    Changes(Vec<Change>),
    Settle(oneshot::Sender<Result<(), Arc<str>>>),
    /// Nothing follows.
    Close(oneshot::Sender<()>),
}

/// Opens the file, or begins one.
pub(super) fn open(file: &Path) -> Result<Database, DatabaseError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(file).map_err(|error: io::Error| DatabaseError::Storage(error.into()))?;
    Database::builder().set_cache_size(CACHE_BYTES).create_file(file)
}

/// The file that is written to.
pub(super) struct File {
    path: PathBuf,
    /// None after a failure: redb takes no more changes then, until the file is opened again.
    database: Option<Arc<Database>>,
}

impl File {
    pub(super) fn new(path: PathBuf, database: Arc<Database>) -> Self {
        Self { path, database: Some(database) }
    }

    fn write(&mut self, changes: &[Change]) -> Result<(), redb::Error> {
        let database = match self.database.take() {
            Some(database) => database,
            None => Arc::new(open(&self.path)?),
        };
        write(&database, changes)?;
        self.database = Some(database);
        Ok(())
    }
}

/// What the disk has not taken yet.
#[derive(Default)]
struct Pending {
    changes: Vec<Change>,
    bytes: usize,
}

impl Pending {
    fn add(&mut self, more: Vec<Change>) {
        self.bytes += more.iter().map(Change::size).sum::<usize>();
        self.changes.extend(more);
    }

    fn is_full(&self) -> bool {
        self.changes.len() >= BATCH || self.bytes >= BATCH_BYTES
    }

    /// Keeps the last change of each row only, so that a disk that refuses for long does not fill the memory.
    fn condense(&mut self) {
        let mut seen = HashSet::new();
        self.changes.reverse();
        self.changes.retain(|change| seen.insert((change.table.0, change.key.clone())));
        self.changes.reverse();
        self.bytes = self.changes.iter().map(Change::size).sum();
    }

    fn flush(&mut self, file: &mut File) -> Result<(), Arc<str>> {
        if self.changes.is_empty() {
            return Ok(());
        }
        match file.write(&self.changes) {
            Ok(()) => {
                *self = Self::default();
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, "changes could not be kept");
                self.condense();
                Err(error.to_string().into())
            }
        }
    }
}

/// Writes until it is told to close, or the last [`super::Keeper`] is gone.
pub(super) fn work(mut file: File, inbox: &mpsc::Receiver<Note>) {
    let mut pending = Pending::default();
    while let Ok(first) = inbox.recv() {
        let (mut waiting, mut closing) = (Vec::new(), None);
        let deadline = Instant::now() + LINGER;
        let mut next = Some(first);
        while let Some(note) = next {
            match note {
                Note::Changes(more) => pending.add(more),
                Note::Settle(reply) => waiting.push(reply),
                Note::Close(reply) => closing = Some(reply),
            }
            next = if closing.is_some() || pending.is_full() {
                None
            } else if waiting.is_empty() {
                inbox.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
            } else {
                inbox.try_recv().ok()
            };
        }
        let result = pending.flush(&mut file);
        for reply in waiting {
            let _ = reply.send(result.clone());
        }
        if let Some(reply) = closing {
            drop(file);
            let _ = reply.send(());
            return;
        }
    }
}

/// Writes changes in one transaction.
pub(super) fn write(database: &Database, changes: &[Change]) -> Result<(), redb::Error> {
    let mut transaction = database.begin_write()?;
    // Else a file of a killed engine is searched through as a whole when it is opened.
    transaction.set_quick_repair(true);
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
    use super::{super::Table, *};

    #[test]
    fn what_waits_for_the_disk_is_the_last_change_of_each_row() {
        let (one, two) = (Table("one"), Table("two"));
        let mut pending = Pending::default();
        pending.add(vec![Change::put(one, "a", "1"), Change::put(two, "a", "2"), Change::put(one, "b", "3")]);
        pending.add(vec![Change::remove(one, "a"), Change::put(one, "b", "4")]);
        pending.condense();
        let rows: Vec<_> =
            pending.changes.iter().map(|it| (it.table.0, it.key.clone(), it.value.clone())).collect();
        let text = |text: &str| text.as_bytes().to_vec();
        assert_eq!(
            rows,
            [
                ("two", text("a"), Some(text("2"))),
                ("one", text("a"), None),
                ("one", text("b"), Some(text("4")))
            ]
        );
        assert_eq!(pending.bytes, 5);
    }
}
