//! A folder as an S3 bucket: functions are told of files that come, change and go.
//!
//! - `watch`: what the system says of the folder, which is only a reason to look
//! - `scan`: a look at the folder, which is the truth
//! - `ledger`: what is known of the objects, and which changes are ripe
//! - `event`, `md5`, `name`: S3's notifications, an object's eTag, names of buckets
//!
//! A folder that has vanished is one whose changes are not known: when it is back, what differs from before is told.

mod event;
mod ledger;
mod md5;
mod name;
mod scan;
#[cfg(test)]
mod tests;
mod watch;

use std::{
    collections::{HashSet, VecDeque},
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use self::{
    event::{Happening, Writer},
    ledger::{Ledger, QUIET, Ripe},
    md5::Md5,
    scan::{Listing, Signature},
    watch::{Bell, Watch},
};
use super::{Firing, Notification};
use crate::local::lambda::names::Place;

pub(in crate::local) use name::check_bucket;

/// Files that are read at the same time.
const READERS: usize = 4;
/// The least time between two looks.
const PAUSE: Duration = Duration::from_millis(25);
/// How often a folder is looked at that can't be watched, or is not there.
const POLL: Duration = Duration::from_secs(1);
/// How often one is looked at that is watched: some file systems tell nothing, and nothing of it.
const REASSURANCE: Duration = Duration::from_secs(2);

/// Who is told of a bucket's objects.
#[derive(Clone, Debug)]
pub(super) struct Listener {
    /// NAME or NAME:ALIAS.
    pub function: String,
    pub notification: Notification,
}

/// A folder that is watched.
#[derive(Debug)]
pub(super) struct Bucket {
    folder: PathBuf,
    listeners: Vec<Listener>,
    place: Place,
    events: mpsc::Sender<Firing>,
    writer: Writer,
    bell: Arc<Bell>,
    /// None while the folder is not there.
    watch: Option<Watch>,
    ledger: Ledger,
    /// Ripe, and not being read yet.
    waiting: VecDeque<(String, Signature)>,
    reading: JoinSet<(String, Signature, io::Result<Read>)>,
    stop: CancellationToken,
    /// Files whose names can't be keys, or that can't be read: they are spoken of once.
    blamed: HashSet<PathBuf>,
}

/// What came of reading a file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Read {
    /// Its eTag.
    Whole(String),
    /// It was changed meanwhile, is gone, or the engine stops.
    Broken,
}

impl Bucket {
    /// Begins to watch a folder; what is in it now is no event. It blocks.
    ///
    /// # Errors
    /// The folder can't be read.
    pub(super) fn begin(
        folder: PathBuf,
        listeners: Vec<Listener>,
        place: Place,
        events: mpsc::Sender<Firing>,
        stop: CancellationToken,
    ) -> io::Result<Self> {
        let bell = Arc::new(Bell::default());
        // First: what comes while it is looked at is heard.
        let watch = Watch::on(&folder, &bell)?;
        let ledger = Ledger::new(scan::list(&folder)?);
        Ok(Self {
            folder,
            listeners,
            place,
            events,
            writer: Writer::new(),
            bell,
            watch: Some(watch),
            ledger,
            waiting: VecDeque::new(),
            reading: JoinSet::new(),
            stop,
            blamed: HashSet::new(),
        })
    }

    /// Tells of what happens until the engine stops, or nobody takes it any more.
    pub(super) async fn run(mut self) {
        let mut last = Instant::now();
        let mut next = last;
        // A folder that is new is watched a moment after the system has told of it: what came into it meanwhile is
        // seen by a second look.
        let mut again: Option<Instant> = None;
        let mut pause = PAUSE;
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return,
                Some(read) = self.reading.join_next() => {
                    let Ok((key, signature, read)) = read else { continue };
                    let Some(stale) = self.read(key, signature, read).await else { return };
                    if stale {
                        next = next.min(last + pause);
                    }
                }
                () = self.bell.rung() => {
                    next = next.min(last + pause);
                    again = Some(Instant::now() + 2 * QUIET);
                }
                () = sleep_until(next) => {
                    let began = Instant::now();
                    if self.look().await.is_none() {
                        return;
                    }
                    last = Instant::now();
                    let took = last - began;
                    // One look in six at most, so that a large folder that changes all the time costs no core.
                    pause = (took * 5).max(PAUSE);
                    again = again.filter(|at| *at > began);
                    let ripe = self.ledger.next().map(|at| at.max(last + pause));
                    next = [ripe, again].into_iter().flatten().fold(last + self.patience(took), Instant::min);
                }
            }
        }
    }

    /// How long nothing may be heard until it is looked at all the same. `look` is how long a look takes.
    fn patience(&self, look: Duration) -> Duration {
        match &self.watch {
            Some(watch) if watch.hears(&self.bell) => (look * 200).max(REASSURANCE),
            _ => (look * 20).max(POLL),
        }
    }

    /// Looks at the folder and tells of what is ripe. None when nobody takes it any more.
    async fn look(&mut self) -> Option<()> {
        let moved = self.bell.moved(&self.folder);
        let (folder, bell, watch) = (self.folder.clone(), Arc::clone(&self.bell), self.watch.take());
        let was_there = watch.is_some();
        let looked = tokio::task::spawn_blocking(move || look(&folder, watch, &bell)).await.ok()?;
        let shown = self.folder.display();
        let listing = match looked {
            Ok((watch, listing)) => {
                if !was_there {
                    tracing::info!(folder = %shown, "a bucket's folder is back");
                }
                self.watch = Some(watch);
                listing
            }
            Err(error) => {
                if was_there {
                    tracing::warn!(folder = %shown, %error, "a bucket's folder can't be read: nothing is told of it until it is back");
                }
                return Some(());
            }
        };
        for path in &listing.unnamed {
            if self.blamed.insert(path.clone()) {
                tracing::warn!(file = %path.display(), "a file is no object: its name is not UTF-8, or its key is over 1024 bytes");
            }
        }
        let now = Instant::now();
        self.ledger.observe(&listing, &moved, now);
        for (key, to) in self.ledger.ripe(now) {
            match to {
                Some(signature) if self.wanted(true, &key) => self.waiting.push_back((key, signature)),
                Some(_) => {
                    self.ledger.settle((key, to), true, now);
                }
                None => {
                    self.tell(&key, &Happening::Removed).await?;
                    self.ledger.settle((key, None), true, now);
                }
            }
        }
        self.feed();
        Some(())
    }

    fn wanted(&self, created: bool, key: &str) -> bool {
        self.listeners.iter().any(|listener| listener.notification.wants(created, key))
    }

    /// Reads what is ripe, some files at a time.
    fn feed(&mut self) {
        while self.reading.len() < READERS
            && let Some((key, signature)) = self.waiting.pop_front()
        {
            let (path, stop) = (self.folder.join(&key), self.stop.clone());
            self.reading.spawn_blocking(move || {
                let read = read(&path, signature, &stop);
                (key, signature, read)
            });
        }
    }

    /// A file was read. Says whether the folder must be looked at again; None when nobody takes it any more.
    async fn read(&mut self, key: String, signature: Signature, read: io::Result<Read>) -> Option<bool> {
        let announced = match read {
            Ok(Read::Whole(etag)) => {
                self.tell(&key, &Happening::Created { size: signature.size, etag }).await?;
                true
            }
            Ok(Read::Broken) => false,
            Err(error) => {
                let path = self.folder.join(&key);
                if self.blamed.insert(path.clone()) {
                    tracing::warn!(file = %path.display(), %error, "a file can't be read, and is not told of until it changes");
                }
                true
            }
        };
        let ripe: Ripe = (key, Some(signature));
        let stale = self.ledger.settle(ripe, announced, Instant::now());
        self.feed();
        Some(stale)
    }

    /// Tells everyone who wants to hear of it. None when nobody takes it any more.
    async fn tell(&mut self, key: &str, happening: &Happening) -> Option<()> {
        let created = matches!(happening, Happening::Created { .. });
        for Listener { function, notification } in &self.listeners {
            if notification.wants(created, key) {
                let payload = self.writer.event(&self.place, function, notification, key, happening);
                self.events.send(Firing { function: function.clone(), payload }).await.ok()?;
            }
        }
        Some(())
    }
}

/// Watches the folder, where it is not watched yet or another one is in its place, and looks at it.
fn look(folder: &Path, watch: Option<Watch>, bell: &Arc<Bell>) -> io::Result<(Watch, Listing)> {
    let watch = match watch {
        Some(watch) if watch.is_on(folder)? => watch,
        _ => Watch::on(folder, bell)?,
    };
    Ok((watch, scan::list(folder)?))
}

/// Reads a file for its eTag, which must be the one that was seen, from its beginning to its end.
fn read(path: &Path, seen: Signature, stop: &CancellationToken) -> io::Result<Read> {
    let mut file = match open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Read::Broken),
        Err(error) => return Err(error),
    };
    let mut hash = Md5::new();
    let mut piece = vec![0; usize::try_from(seen.size).unwrap_or(usize::MAX).clamp(1, 256 * 1024)];
    let mut length = 0;
    while length <= seen.size && !stop.is_cancelled() && Signature::of(&file.metadata()?) == seen {
        match file.read(&mut piece) {
            Ok(0) if length == seen.size => return Ok(Read::Whole(hash.finish())),
            Ok(0) => break,
            Ok(count) => {
                hash.update(&piece[..count]);
                length += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Read::Broken)
}

/// Opens a file for reading: no link, and without waiting where it is a pipe by now.
fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        options.custom_flags(i32::try_from(flags.bits()).unwrap_or_default());
    }
    options.open(path)
}
