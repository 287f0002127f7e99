//! Execution environments: one process each, one event at a time, reused while warm.

use std::{collections::BTreeMap, fmt, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;

use crate::domain::secret::Secret;

mod code;
mod end;
mod environment;
mod executor;
mod layers;
mod memory;
mod platform;
mod process;
mod runtime_api;
mod runtimes;
mod stream;
mod variables;

pub use code::{CodeError, MAX_UNZIPPED_BYTES};
pub use executor::{Executor, Options, Provisioned};
pub use runtimes::{interpreters, runtime_version_arn};
pub use stream::Streaming;

/// The unpacked code of a function, shared by its environments. The folder is removed when the last user is gone.
#[derive(Debug)]
pub struct CodeFolder {
    /// Where the zip was unpacked (`LAMBDA_TASK_ROOT`).
    pub path: PathBuf,
    /// Bytes of its files.
    pub size: u64,
    _guard: Option<tempfile::TempDir>,
    later: Option<code::Later>,
}

/// Everything an environment needs to know of the function it runs: code and configuration, frozen.
#[derive(Clone, Debug)]
pub struct FunctionSpec {
    /// Function name.
    pub name: String,
    /// `$LATEST` or a version number.
    pub version: String,
    /// ARN as invoked (`AWS_LAMBDA_FUNCTION_...`, the context's `invoked_function_arn`).
    pub arn: String,
    /// Changes with every change of code or configuration: environments of an older one are retired.
    pub revision: String,
    /// Runtime identifier, such as `provided.al2023` or `python3.13`.
    pub runtime: String,
    /// Handler, such as `app.handler`.
    pub handler: String,
    /// Memory in MB.
    pub memory_mb: u32,
    /// Time-out in seconds.
    pub timeout_s: u32,
    /// The function's own environment variables.
    pub variables: BTreeMap<String, Secret>,
    /// The unpacked code.
    pub code: Arc<CodeFolder>,
    /// Log group that its output goes to.
    pub log_group: String,
    /// Whether the log format is JSON (else Text).
    pub json_logs: bool,
    /// What is written of it, in JSON.
    pub log_levels: LogLevels,
    /// The function's layers, in the order in which they are put over each other: what is `/opt` on AWS.
    pub layers: Vec<Arc<CodeFolder>>,
}

/// From which level on lines are written, where the log format is JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogLevels {
    /// `ApplicationLogLevel`; INFO where it is absent. The runtime's client keeps to it.
    pub application: Option<String>,
    /// `SystemLogLevel`: DEBUG, INFO or WARN; INFO where it is absent.
    pub system: Option<String>,
}

/// One event for a function.
#[derive(Clone)]
pub struct Event {
    /// Request id, a UUID.
    pub request_id: String,
    /// The payload's bytes.
    pub payload: Bytes,
    /// Base64-decoded `X-Amz-Client-Context`, JSON.
    pub client_context: Option<String>,
    /// Whom it is for, where the function isolates its tenants: environments are not shared between them.
    pub tenant_id: Option<String>,
    /// What the engine has to say in the log before the event, such as of files that it can't read.
    pub note: Option<String>,
}

impl Event {
    /// An event with an id, without a client context or a tenant.
    #[must_use]
    pub fn new(request_id: impl Into<String>, payload: impl Into<Bytes>) -> Self {
        let (request_id, payload) = (request_id.into(), payload.into());
        Self { request_id, payload, client_context: None, tenant_id: None, note: None }
    }
}

// Payloads and logs are nobody's business but the function's.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("request_id", &self.request_id).finish_non_exhaustive()
    }
}

/// How an invocation ended, once an environment took the event.
#[derive(Clone)]
pub struct Outcome {
    /// The response, or the error object where `function_error` is set. Empty where the response was streamed.
    pub payload: Bytes,
    /// `Unhandled` (or `Handled`) where the function failed.
    pub function_error: Option<&'static str>,
    /// The error's type where it came up in a streamed response that had begun.
    pub broke_off: Option<String>,
    /// The last 4 KB of this request's log.
    pub log_tail: Vec<u8>,
    /// How long the function took, as its REPORT line says.
    pub duration: Duration,
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outcome").field("function_error", &self.function_error).finish_non_exhaustive()
    }
}

/// Why no environment could take the event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExecError {
    /// Concurrency is used up. The text is AWS's `Reason`.
    #[error("Rate Exceeded.")]
    Throttled {
        /// `ReservedFunctionConcurrentInvocationLimitExceeded` or `ConcurrentInvocationLimitExceeded`.
        reason: &'static str,
    },
    /// The engine is stopping.
    #[error("The engine is stopping.")]
    Stopping,
}
