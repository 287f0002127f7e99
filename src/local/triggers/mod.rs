//! What invokes functions by itself: a folder that is watched as a bucket, and schedules.
//!
//! - `bucket`: a folder as an S3 bucket, and its `ObjectCreated` and `ObjectRemoved` events
//! - `schedule`: `rate()` and `cron()` expressions, and EventBridge's scheduled event

use std::path::PathBuf;

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The rule's name.
    pub name: String,
    /// `rate(5 minutes)` or `cron(0 12 * * ? *)`.
    pub expression: String,
    /// What the function gets instead of the scheduled event: JSON.
    pub input: Option<String>,
}
