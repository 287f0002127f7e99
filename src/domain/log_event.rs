//! One event of a CloudWatch log group.

use std::fmt;

/// A log event as CloudWatch Logs tells it.
#[derive(Clone, PartialEq, Eq)]
pub struct LogEvent {
    /// The log group it was read from.
    pub group: String,
    /// The stream within the group.
    pub stream: String,
    /// The service's id of the event. Unique on AWS; some emulators number events 0, 1, 2 in every stream.
    pub id: String,
    /// When the event happened, in milliseconds since the epoch, as its writer said.
    pub timestamp: i64,
    /// When the service took it in, in milliseconds since the epoch.
    pub ingestion_time: i64,
    /// The message as it was written: its tabs separate fields, and `--output json` gives it back unchanged. Whoever
    /// shows it does so through [`super::text`].
    pub message: String,
}

impl fmt::Debug for LogEvent {
    // A message may hold a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogEvent")
            .field("group", &self.group)
            .field("stream", &self.stream)
            .field("id", &self.id)
            .field("timestamp", &self.timestamp)
            .field("bytes", &self.message.len())
            .finish_non_exhaustive()
    }
}
