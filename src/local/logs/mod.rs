//! CloudWatch Logs: the byte-bounded store, filter patterns and the wire.
//!
//! [`Store`] is shared by the wire handlers and by `exec`, which writes what functions print.

/// One event to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputEvent {
    /// Milliseconds since the epoch.
    pub timestamp: i64,
    /// The raw message.
    pub message: String,
}

/// All log groups of the engine.
#[derive(Debug, Default)]
pub struct Store {}

impl Store {
    /// Appends what a function wrote; group and stream are made where they do not exist yet.
    pub fn append(&self, _group: &str, _stream: &str, _events: &[InputEvent], _now_ms: i64) {}
}
