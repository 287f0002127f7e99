//! What the system says of a folder: that something has changed in it, and what was moved there.

use std::{
    collections::HashSet,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use notify::{
    Config, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _,
    event::{ModifyKind, RenameMode},
};
use tokio::sync::Notify;

use super::scan;

/// Names of what was moved that are remembered between two looks. More than these are looked at as if they were
/// written, which takes a moment longer.
const MOST_MOVED: usize = 10_000;

/// What is heard between two looks.
#[derive(Debug, Default)]
pub(super) struct Bell {
    rung: Notify,
    moved: Mutex<HashSet<PathBuf>>,
    /// Not everything is heard: the system's limit of watches is reached, for example.
    deaf: AtomicBool,
}

impl Bell {
    /// Waits until something has changed.
    pub(super) async fn rung(&self) {
        self.rung.notified().await;
    }

    /// Takes the keys of what was moved to where it is.
    pub(super) fn moved(&self, folder: &Path) -> HashSet<String> {
        let moved = std::mem::take(&mut *self.moved.lock().unwrap_or_else(PoisonError::into_inner));
        moved
            .iter()
            .filter_map(|path| {
                let parts: Option<Vec<_>> =
                    path.strip_prefix(folder).ok()?.iter().map(std::ffi::OsStr::to_str).collect();
                parts.map(|parts| parts.join("/"))
            })
            .collect()
    }

    fn hear(&self, event: notify::Result<Event>) {
        match event {
            // Reading a file is no change.
            Ok(Event { kind: EventKind::Access(_), .. }) => return,
            Ok(event) => {
                if let EventKind::Modify(ModifyKind::Name(how)) = event.kind
                    && how != RenameMode::From
                {
                    let mut moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
                    if moved.len() < MOST_MOVED {
                        // Where there are two, the second is where it is now.
                        moved.extend(event.paths.into_iter().next_back());
                    }
                }
            }
            Err(error) => {
                if !self.deaf.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, "not all changes of a bucket's folder are heard of: it is looked at each second");
                }
            }
        }
        self.rung.notify_one();
    }
}

/// A folder that is listened to, until it is dropped.
#[derive(Debug)]
pub(super) struct Watch {
    /// Which folder it was.
    identity: (u64, u64),
    /// None where the system can't tell.
    watcher: Option<RecommendedWatcher>,
}

impl Watch {
    /// Listens to a folder and what is below it. Where the system can't, only looking helps.
    ///
    /// # Errors
    /// The folder is not there, or may not be read.
    pub(super) fn on(folder: &Path, bell: &Arc<Bell>) -> io::Result<Self> {
        let identity = scan::identity(folder)?;
        bell.deaf.store(false, Ordering::Relaxed);
        let watcher = watcher(folder, bell);
        if let Err(error) = &watcher {
            let folder = folder.display();
            tracing::warn!(%error, %folder, "a bucket's folder can't be watched: it is looked at each second");
        }
        Ok(Self { identity, watcher: watcher.ok() })
    }

    /// Whether it listens to the folder that is there now.
    pub(super) fn is_on(&self, folder: &Path) -> io::Result<bool> {
        scan::identity(folder).map(|identity| identity == self.identity)
    }

    /// Whether it hears everything.
    pub(super) fn hears(&self, bell: &Bell) -> bool {
        self.watcher.is_some() && !bell.deaf.load(Ordering::Relaxed)
    }
}

fn watcher(folder: &Path, bell: &Arc<Bell>) -> notify::Result<RecommendedWatcher> {
    let bell = Arc::clone(bell);
    let config = Config::default().with_follow_symlinks(false);
    let mut watcher = RecommendedWatcher::new(move |event| bell.hear(event), config)?;
    watcher.watch(folder, RecursiveMode::Recursive)?;
    Ok(watcher)
}
