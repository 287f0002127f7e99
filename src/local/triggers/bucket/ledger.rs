//! What is known of a bucket's objects, and which changes are ripe to be announced.
//!
//! A file is announced once it has been the same for [`QUIET`], so that one that is half written is not; a file that
//! was moved in is whole at once. What is gone must stay away as long: an editor that replaces a file takes it away for
//! a moment.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use tokio::time::Instant;

use super::scan::{Listing, Signature};

/// How long a file must not have changed.
pub(super) const QUIET: Duration = Duration::from_millis(150);

/// The objects of a bucket, and what changes.
#[derive(Debug)]
pub(super) struct Ledger {
    /// As they were announced, or there at the start.
    objects: BTreeMap<String, Signature>,
    changes: BTreeMap<String, Change>,
}

#[derive(Clone, Copy, Debug)]
struct Change {
    /// None: it is gone.
    to: Option<Signature>,
    /// When it is ripe, unless it changes again.
    ripe: Instant,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Waiting,
    /// It was given out, and is not settled yet.
    Out,
    /// As `Out`, and meanwhile it has changed again.
    Stale,
}

/// Something to be announced: a key, and what is there now.
pub(super) type Ripe = (String, Option<Signature>);

impl Ledger {
    /// What is there at the start is known.
    pub(super) fn new(listing: Listing) -> Self {
        Self { objects: listing.objects, changes: BTreeMap::new() }
    }

    /// Notes what a look at the folder shows. `moved` are files and folders that were moved to where they are.
    pub(super) fn observe(&mut self, listing: &Listing, moved: &HashSet<String>, now: Instant) {
        for (key, signature) in &listing.objects {
            if self.objects.get(key) != Some(signature) || self.changes.contains_key(key) {
                self.note(key, Some(*signature), is_moved(key, moved), now);
            }
        }
        let unseen = |key: &String| !listing.objects.contains_key(key) && !listing.hides(key);
        let gone: Vec<String> =
            self.objects.keys().chain(self.changes.keys()).filter(|key| unseen(key)).cloned().collect();
        for key in gone {
            self.note(&key, None, false, now);
        }
    }

    fn note(&mut self, key: &str, seen: Option<Signature>, moved: bool, now: Instant) {
        let known = self.objects.get(key).copied();
        let ripe = if moved { now } else { now + QUIET };
        match self.changes.get_mut(key) {
            Some(change) if change.stage != Stage::Waiting => {
                change.stage = if change.to == seen { Stage::Out } else { Stage::Stale };
            }
            _ if seen == known => {
                self.changes.remove(key);
            }
            Some(change) if change.to == seen => change.ripe = change.ripe.min(ripe),
            _ => {
                self.changes.insert(key.to_owned(), Change { to: seen, ripe, stage: Stage::Waiting });
            }
        }
    }

    /// Gives out what is ripe; each comes back with [`Ledger::settle`].
    pub(super) fn ripe(&mut self, now: Instant) -> Vec<Ripe> {
        let waiting = |change: &Change| change.stage == Stage::Waiting && change.ripe <= now;
        let due = self.changes.iter_mut().filter(|(_, change)| waiting(change));
        due.map(|(key, change)| {
            change.stage = Stage::Out;
            (key.clone(), change.to)
        })
        .collect()
    }

    /// Ends what was given out: it was announced, or, where it was not (it changed while it was read), it waits again.
    /// Says whether it has changed meanwhile, so that the folder must be looked at again.
    pub(super) fn settle(&mut self, (key, to): Ripe, announced: bool, now: Instant) -> bool {
        let stale = self.changes.remove(&key).is_some_and(|change| change.stage == Stage::Stale);
        if !announced {
            self.changes.insert(key, Change { to, ripe: now + QUIET, stage: Stage::Waiting });
            return true;
        }
        match to {
            Some(signature) => self.objects.insert(key, signature),
            None => self.objects.remove(&key),
        };
        stale
    }

    /// When the next change is ripe.
    pub(super) fn next(&self) -> Option<Instant> {
        let waiting = self.changes.values().filter(|change| change.stage == Stage::Waiting);
        waiting.map(|change| change.ripe).min()
    }
}

/// Whether the file or a folder that it is in was moved.
fn is_moved(key: &str, moved: &HashSet<String>) -> bool {
    !moved.is_empty()
        && (moved.contains(key) || key.match_indices('/').any(|(at, _)| moved.contains(&key[..at])))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A folder whose looks go into a ledger, on a clock of its own.
    struct Book {
        ledger: Ledger,
        folder: tempfile::TempDir,
        start: Instant,
    }

    impl Book {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("old"), "old").unwrap();
            let listing = super::super::scan::list(folder.path()).unwrap();
            Self { ledger: Ledger::new(listing), folder, start: Instant::now() }
        }

        fn write(&self, name: &str, text: &str) {
            fs::write(self.folder.path().join(name), text).unwrap();
        }

        /// Looks at this time (ms) and gives what is ripe: `+key` and `-key`.
        fn look(&mut self, at: u64, moved: &[&str]) -> Vec<String> {
            let now = self.start + Duration::from_millis(at);
            let moved = moved.iter().map(|key| (*key).to_owned()).collect();
            self.ledger.observe(&super::super::scan::list(self.folder.path()).unwrap(), &moved, now);
            let ripe = self.ledger.ripe(now);
            let shown = ripe.iter().map(|(key, to)| format!("{}{key}", if to.is_some() { '+' } else { '-' }));
            let shown = shown.collect();
            for it in ripe {
                assert!(!self.ledger.settle(it, true, now));
            }
            shown
        }
    }

    const NOTHING: [&str; 0] = [];

    #[tokio::test(start_paused = true)]
    async fn a_file_is_announced_once_it_is_quiet_and_only_once() {
        let mut book = Book::new();
        assert_eq!(book.look(0, &[]), NOTHING);
        assert_eq!(book.ledger.next(), None);
        book.write("new", "1");
        assert_eq!(book.look(10, &[]), NOTHING);
        assert_eq!(book.ledger.next(), Some(book.start + Duration::from_millis(160)));
        book.write("new", "22");
        assert_eq!(book.look(100, &[]), NOTHING);
        assert_eq!(book.look(249, &[]), NOTHING);
        assert_eq!(book.look(250, &[]), ["+new"]);
        assert_eq!(book.look(500, &[]), NOTHING);
        book.write("new", "333");
        assert_eq!(book.look(600, &[]), NOTHING);
        assert_eq!(book.look(750, &[]), ["+new"]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_moved_in_is_whole_at_once_also_with_its_folder() {
        let mut book = Book::new();
        book.write("a", "a");
        fs::create_dir_all(book.folder.path().join("sub/deep")).unwrap();
        book.write("sub/deep/b", "b");
        book.write("subtle", "c");
        assert_eq!(book.look(0, &["a", "sub"]), ["+a", "+sub/deep/b"]);
        // Word of the move may come after the first look.
        assert_eq!(book.look(50, &["subtle"]), ["+subtle"]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_back_was_never_gone() {
        let mut book = Book::new();
        let (old, away) =
            (book.folder.path().join("old"), book.folder.path().parent().unwrap().join("lambdeck-away"));
        let away = away.with_extension(book.folder.path().file_name().unwrap());
        fs::rename(&old, &away).unwrap();
        assert_eq!(book.look(0, &[]), NOTHING);
        fs::rename(&away, &old).unwrap();
        assert_eq!(book.look(100, &[]), NOTHING);
        assert_eq!(book.ledger.next(), None);
        // Replaced: written, not removed and written.
        fs::remove_file(&old).unwrap();
        assert_eq!(book.look(200, &[]), NOTHING);
        book.write("old", "replaced");
        assert_eq!(book.look(300, &[]), NOTHING);
        assert_eq!(book.look(450, &[]), ["+old"]);
        fs::remove_file(&old).unwrap();
        assert_eq!(book.look(500, &[]), NOTHING);
        assert_eq!(book.look(650, &[]), ["-old"]);
        assert_eq!(book.look(900, &[]), NOTHING);
        // Here for a moment only: nobody hears of it.
        book.write("brief", "");
        assert_eq!(book.look(1000, &[]), NOTHING);
        fs::remove_file(book.folder.path().join("brief")).unwrap();
        assert_eq!(book.look(1100, &[]), NOTHING);
        assert_eq!((book.look(1400, &[]), book.ledger.next()), (vec![], None));
    }

    #[tokio::test(start_paused = true)]
    async fn what_changes_while_it_is_read_comes_again() {
        let mut book = Book::new();
        book.write("new", "1");
        let moved = HashSet::from(["new".to_owned()]);
        let list = |book: &Book| super::super::scan::list(book.folder.path()).unwrap();
        book.ledger.observe(&list(&book), &moved, book.start);
        let [first] = book.ledger.ripe(book.start).try_into().unwrap();
        book.write("new", "22");
        book.ledger.observe(&list(&book), &moved, book.start);
        assert!(book.ledger.ripe(book.start).is_empty(), "it is out already");
        assert!(book.ledger.settle(first.clone(), true, book.start), "it has changed meanwhile");
        book.ledger.observe(&list(&book), &moved, book.start);
        let [second] = book.ledger.ripe(book.start).try_into().unwrap();
        assert_eq!((second.0.as_str(), second.1.unwrap().size, first.1.unwrap().size), ("new", 2, 1));
        // Not announced: it waits again.
        assert!(book.ledger.settle(second.clone(), false, book.start));
        assert_eq!(book.ledger.next(), Some(book.start + QUIET));
        assert_eq!(book.ledger.ripe(book.start + QUIET), [second]);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_gone_that_cannot_be_seen() {
        let mut book = Book::new();
        let blind = Listing { unread: vec!["ol".to_owned()], ..Listing::default() };
        let later = book.start + QUIET;
        book.ledger.observe(&blind, &HashSet::new(), book.start);
        assert!(book.ledger.ripe(later).is_empty());
        book.ledger.observe(&Listing::default(), &HashSet::new(), book.start);
        assert_eq!(book.ledger.ripe(later), [("old".to_owned(), None)]);
    }
}
