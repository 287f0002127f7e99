//! The journal's file: a line of JSON for the beginning and one for the end of each change, readable by its owner only.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::{
    disk::jsonl::Jsonl,
    domain::{
        change::Order,
        journal::{Entry, Outcome},
        place::Place,
    },
};

/// With more bytes the older half is dropped.
const MAX_BYTES: u64 = 1024 * 1024;

/// The journal of changes. Clones write to the same file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    file: Jsonl,
}

impl Journal {
    /// A journal in this file. It is made at the first change.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { file: Jsonl::new(path, MAX_BYTES, "journal", "change") }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// All changes, oldest first; none where there is no file yet. Lines that can't be read are left out.
    ///
    /// # Errors
    /// Why the file can't be read, or that nothing in it is a line of a journal.
    pub fn read(&self) -> Result<Vec<Entry>, String> {
        let mut entries: Vec<Entry> = Vec::new();
        for entry in self.file.read::<Entry>(usize::MAX)? {
            match entries.iter_mut().rev().find(|known| known.id == entry.id) {
                Some(known) => *known = entry,
                None => entries.push(entry),
            }
        }
        Ok(entries)
    }
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
        let added = tokio::task::spawn_blocking(move || journal.file.append(&entry)).await;
        match added {
            Ok(Ok(said)) => self.problem = self.problem.take().or(said),
            Ok(Err(problem)) => self.problem = Some(problem),
            Err(error) => self.problem = Some(error.to_string()),
        }
    }
}
