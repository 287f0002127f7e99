//! What invokes functions by itself: a folder that is watched as a bucket, and schedules.
//!
//! - `bucket`: a folder as an S3 bucket, and its `ObjectCreated` and `ObjectRemoved` events
//! - `schedule`: `rate()` and `cron()` expressions, and EventBridge's scheduled event
//!
//! Events go into the functions' asynchronous queue, so retries, maximum age and destinations hold for them. On AWS, S3
//! and EventBridge need a permission in the function's resource policy; here the trigger itself is the permission.
//! Triggers are no state: they are given at each start, and what happened in between is no event.

pub(super) mod bucket;
mod schedule;

use std::{collections::BTreeMap, fmt, io, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

use self::bucket::{Bucket, Listener};
use super::{
    engine::Note,
    lambda::{Lambda, names::Place, triggered::NotTaken},
};

/// Events that may wait for their turn to be queued.
const EVENTS_WAITING: usize = 64;
/// When an event that could not be queued is tried again.
const TRY_AGAIN: Duration = Duration::from_millis(50);

/// A function that is invoked by something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// Function name, with `:ALIAS` where it is one.
    pub function: String,
    /// What invokes it.
    pub source: Source,
}

/// What invokes a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Files that come and go in a folder.
    Bucket(Notification),
    /// The time.
    Schedule(Rule),
}

/// An event notification of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The bucket's name.
    pub bucket: String,
    /// The folder that stands for it. A key is a path in it, with `/`.
    pub folder: PathBuf,
    /// Kinds of events, such as `s3:ObjectCreated:*`.
    pub events: Vec<String>,
    /// Keys begin so.
    pub prefix: String,
    /// Keys end so.
    pub suffix: String,
}

/// A rule of EventBridge with a schedule.
#[derive(Clone, PartialEq, Eq)]
pub struct Rule {
    /// The rule's name.
    pub name: String,
    /// `rate(5 minutes)` or `cron(0 12 * * ? *)`.
    pub expression: String,
    /// What the function gets instead of the scheduled event: JSON.
    pub input: Option<String>,
}

// The input is a payload.
impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, expression, .. } = self;
        f.debug_struct("Rule").field("name", name).field("expression", expression).finish_non_exhaustive()
    }
}

/// What triggers work with.
pub(super) struct Setup {
    pub lambda: Arc<Lambda>,
    pub place: Place,
    /// Folders of the engine's own, whose files are no objects: a bucket that held them would never be quiet.
    pub private: Vec<PathBuf>,
    pub stop: CancellationToken,
}

/// Why triggers can't be started.
#[derive(Debug, thiserror::Error)]
pub enum TriggerError {
    /// Nobody to invoke.
    #[error(
        "there is no function '{function}' for the {what}: correct the name, or have it created (a project's folder, a \
         template, --persist)"
    )]
    NoFunction {
        /// NAME or NAME:ALIAS.
        function: String,
        /// Such as `bucket photos`.
        what: String,
    },
    /// A bucket's name, a rule's name, expression or input. The text says all.
    #[error("{0}")]
    Invalid(String),
    /// A bucket has one folder.
    #[error("the bucket {bucket} can't be both {} and {}: rename one of the folders", .folders[0].display(), .folders[1].display())]
    TwoFolders {
        /// The bucket's name.
        bucket: String,
        /// Its folders.
        folders: [PathBuf; 2],
    },
    /// Everything that the engine writes would be an event.
    #[error("the folder {} can't be a bucket: the engine keeps files of its own in it ({})", .folder.display(), .private.display())]
    Private {
        /// The bucket's folder.
        folder: PathBuf,
        /// The engine's folder.
        private: PathBuf,
    },
    /// The folder can't be made or read.
    #[error("the folder {} can't be a bucket: {source}", .folder.display())]
    Folder {
        /// The bucket's folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Triggers that are under way. Dropping it stops them.
#[derive(Debug, Default)]
pub(super) struct Running {
    tasks: JoinSet<()>,
}

/// An event for a function: NAME or NAME:ALIAS.
struct Firing {
    function: String,
    payload: Bytes,
}

/// Starts triggers; gives what is to be said of them, a line each, too. The functions must be there, though they may be Pending. Folders that are not there are made.
///
/// When it returns the folders are watched: files that were there are no events, files that come are.
///
/// # Errors
/// One of them can't be started; then none is.
pub(super) async fn start(
    triggers: Vec<Trigger>,
    setup: Setup,
) -> Result<(Running, Vec<Note>), TriggerError> {
    let (mut running, mut notes) = (Running::default(), Vec::new());
    if triggers.is_empty() {
        return Ok((running, notes));
    }
    let (events, taken) = mpsc::channel(EVENTS_WAITING);
    let mut folders: BTreeMap<PathBuf, Vec<Listener>> = BTreeMap::new();
    let mut rules = Vec::new();
    for Trigger { function, source } in triggers {
        let what = match &source {
            Source::Bucket(notification) => format!("bucket {}", notification.bucket),
            Source::Schedule(rule) => format!("schedule {}", rule.name),
        };
        if !setup.lambda.has(&function) {
            return Err(TriggerError::NoFunction { function, what });
        }
        match source {
            Source::Bucket(notification) => {
                bucket::check_bucket(&notification.bucket).map_err(TriggerError::Invalid)?;
                let folder = prepare(notification.folder.clone(), setup.private.clone()).await?;
                let line = format!(
                    "Bucket {}: files in {} invoke {function}",
                    notification.bucket,
                    folder.display()
                );
                notes.push(Note::Open(line));
                folders.entry(folder).or_default().push(Listener { function, notification });
            }
            Source::Schedule(rule) => {
                rule.check_whole().map_err(TriggerError::Invalid)?;
                notes.push(Note::Open(format!(
                    "Schedule {}: {} invokes {function}",
                    rule.name, rule.expression
                )));
                if !rule.has_future(Timestamp::now()) {
                    let why = "no time fits it any more, so it never runs";
                    notes.push(Note::Undone(format!("Schedule {}: {}: {why}", rule.name, rule.expression)));
                }
                rules.push((rule, function));
            }
        }
    }
    check_folders(&folders)?;
    notes.extend(folders.values().flat_map(|listeners| warnings(listeners)).map(Note::Undone));
    for (folder, listeners) in folders {
        let (place, events, stop) = (setup.place.clone(), events.clone(), setup.stop.clone());
        let path = folder.clone();
        let begun = blocking(move || Bucket::begin(path, listeners, place, events, stop)).await;
        let bucket = begun.map_err(|source| TriggerError::Folder { folder, source })?;
        running.tasks.spawn(bucket.run());
    }
    for (rule, function) in rules {
        let (place, events) = (setup.place.clone(), events.clone());
        running.tasks.spawn(schedule::run(rule, function, place, events, Timestamp::now));
    }
    running.tasks.spawn(hand_over(setup.lambda, taken, setup.stop));
    Ok((running, notes))
}

/// Makes a bucket's folder, where it is not there, and gives its true path.
async fn prepare(folder: PathBuf, private: Vec<PathBuf>) -> Result<PathBuf, TriggerError> {
    let given = folder.clone();
    let made = blocking(move || {
        std::fs::create_dir_all(&folder)?;
        let private: Vec<PathBuf> = private.iter().filter_map(|path| path.canonicalize().ok()).collect();
        Ok((folder.canonicalize()?, private))
    });
    let (folder, private) = made.await.map_err(|source| TriggerError::Folder { folder: given, source })?;
    match private.into_iter().find(|private| private.starts_with(&folder)) {
        Some(private) => Err(TriggerError::Private { folder, private }),
        None => Ok(folder),
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// Refuses a bucket that has two folders.
fn check_folders(folders: &BTreeMap<PathBuf, Vec<Listener>>) -> Result<(), TriggerError> {
    let mut buckets: BTreeMap<&str, &PathBuf> = BTreeMap::new();
    for (folder, listeners) in folders {
        for listener in listeners {
            let bucket = listener.notification.bucket.as_str();
            let first = *buckets.entry(bucket).or_insert(folder);
            if first != folder {
                let folders = [first.clone(), folder.clone()];
                return Err(TriggerError::TwoFolders { bucket: bucket.to_owned(), folders });
            }
        }
    }
    Ok(())
}

/// What of a folder's notifications is not as the user may think.
fn warnings(listeners: &[Listener]) -> Vec<String> {
    let mut all = Vec::new();
    for (at, Listener { function, notification }) in listeners.iter().enumerate() {
        let bucket = &notification.bucket;
        for event in notification.silent() {
            all.push(format!(
                "Bucket {bucket}: {event} never invokes {function}: a folder has s3:ObjectCreated:Put and \
                 s3:ObjectRemoved:Delete only"
            ));
        }
        if let Some(other) = listeners[..at].iter().find(|other| other.notification.overlaps(notification)) {
            all.push(format!(
                "Bucket {bucket}: {} and {function} are both told of the same objects, which S3 refuses: there, tell \
                 them by prefix or suffix",
                other.function
            ));
        }
    }
    all
}

/// Puts events into the functions' queue. One that can't be taken now is tried again, with the others behind it.
async fn hand_over(lambda: Arc<Lambda>, mut events: mpsc::Receiver<Firing>, stop: CancellationToken) {
    let all = async {
        while let Some(Firing { function, payload }) = events.recv().await {
            loop {
                match lambda.trigger(&function, payload.clone()) {
                    Ok(()) => break,
                    Err(NotTaken::Yet) => tokio::time::sleep(TRY_AGAIN).await,
                    Err(NotTaken::Ever(why)) => {
                        tracing::warn!(%function, %why, "an event of a bucket or a schedule was given up");
                        break;
                    }
                }
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = all => {}
    }
}
