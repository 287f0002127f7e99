//! CloudWatch metrics of `AWS/Lambda`: what is recorded of invocations, and the wire that reads it (rpc-v2-cbor,
//! awsJson and query).

use std::time::Duration;

/// How an invocation ended, as the metrics count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The function ran, and how long: its Duration.
    Ran {
        /// What the REPORT line says as Duration.
        duration: Duration,
        /// Whether the function failed: it counts under Errors.
        error: bool,
    },
    /// Concurrency was used up.
    Throttled,
}

/// What was measured so far.
#[derive(Debug, Default)]
pub(super) struct Recorder {}

impl Recorder {
    /// Records an invocation of a function. `resource` is its name with the alias or version that was invoked
    /// (`checkout:live`), without one its name alone; `version` the version that ran.
    pub fn record(&self, _function: &str, _resource: &str, _version: &str, _ended: Ended) {}
}
