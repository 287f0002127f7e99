//! Sending an event to a function, and what came of it.

use super::{report::Report, secret::Secret};

/// How an invocation is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InvocationType {
    /// Waits for the response.
    #[default]
    RequestResponse,
    /// Queues the event; there is no response.
    Event,
    /// Checks parameters and permissions without running the function.
    DryRun,
}

impl InvocationType {
    /// AWS's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RequestResponse => "RequestResponse",
            Self::Event => "Event",
            Self::DryRun => "DryRun",
        }
    }

    /// The largest payload in bytes: 6 MB, asynchronous 1 MB.
    pub fn payload_limit(self) -> usize {
        match self {
            Self::Event => 1024 * 1024,
            Self::RequestResponse | Self::DryRun => 6 * 1024 * 1024,
        }
    }
}

/// What is to be sent. The payload is a [`Secret`]: it shows in no log and no error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Function name or ARN.
    pub function: String,
    /// Version or alias.
    pub qualifier: Option<String>,
    /// How.
    pub invocation_type: InvocationType,
    /// The event, JSON.
    pub payload: Secret,
    /// The function's time-out in seconds where it is known; the client waits 30 s longer than that.
    pub timeout_s: Option<u32>,
}

/// How an invocation that AWS answered ended.
#[derive(Clone, PartialEq)]
pub struct Answer {
    /// HTTP status: 200, 202 (queued), 204 (dry run).
    pub status: u16,
    /// `Handled` or `Unhandled` where the function failed. The HTTP status is 200 all the same.
    pub function_error: Option<String>,
    /// The version that ran.
    pub executed_version: Option<String>,
    /// The response's bytes, or the error object.
    pub payload: Vec<u8>,
    /// The last 4 KB of the log.
    pub log_tail: String,
    /// From the log tail's REPORT line.
    pub report: Option<Report>,
    /// AWS's request id.
    pub request_id: Option<String>,
    /// Time from sending to the whole answer, in milliseconds, as seen here.
    pub elapsed_ms: u64,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("function_error", &self.function_error)
            .field("payload_bytes", &self.payload.len())
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}
