//! Sending an event to a function, and what came of it.

use std::{fmt, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{body::Body, json, place::Place, report::Report, secret::Secret};

/// How an invocation is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Mode {
    /// Waits for the response (Invoke, `RequestResponse`).
    #[default]
    RequestResponse,
    /// Shows the response as it comes (InvokeWithResponseStream).
    ResponseStream,
    /// Queues the event; there is no response (Invoke, `Event`).
    Event,
    /// Checks parameters and permissions without running the function (Invoke, `DryRun`).
    DryRun,
}

impl Mode {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::RequestResponse, Self::ResponseStream, Self::Event, Self::DryRun];

    /// AWS's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RequestResponse => "RequestResponse",
            Self::ResponseStream => "ResponseStream",
            Self::Event => "Event",
            Self::DryRun => "DryRun",
        }
    }

    /// What it does, in a few words.
    pub fn about(self) -> &'static str {
        match self {
            Self::RequestResponse => "wait for the response",
            Self::ResponseStream => "show the response as it comes",
            Self::Event => "queue the event, no response",
            Self::DryRun => "check parameters and permissions, run nothing",
        }
    }

    /// The largest payload in bytes: 6 MB, asynchronous 1 MB.
    pub fn payload_limit(self) -> usize {
        match self {
            Self::Event => 1024 * 1024,
            Self::RequestResponse | Self::ResponseStream | Self::DryRun => 6 * 1024 * 1024,
        }
    }

    /// Whether the function's response comes back.
    pub fn responds(self) -> bool {
        matches!(self, Self::RequestResponse | Self::ResponseStream)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is to be sent. Payload and client context are [`Secret`]s: they show in no log and no error. Clones share the
/// payload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Function name or ARN.
    pub function: String,
    /// Version or alias.
    pub qualifier: Option<String>,
    /// Whose environment it runs in, for a function with tenant isolation.
    pub tenant_id: Option<String>,
    /// How.
    pub mode: Mode,
    /// The event, JSON.
    pub payload: Arc<Secret>,
    /// The client context, a JSON object; at most [`CLIENT_CONTEXT_LIMIT`] bytes of base64.
    pub client_context: Option<Arc<Secret>>,
    /// The function's time-out in seconds where it is known: what the elapsed time is shown against. It may be another
    /// by now, or for this version, so nobody gives up by it: the answer is waited for as long as any function may run.
    pub timeout_s: Option<u32>,
}

/// Most bytes of a client context, after base64 (Invoke's documentation).
pub const CLIENT_CONTEXT_LIMIT: usize = 3583;

/// Most bytes of a streamed response that are kept; Lambda streams up to 200 MB.
pub const STREAM_KEPT: usize = 6 * 1024 * 1024;

impl Request {
    /// How it is sent, and with what: `Event, tenant blue, with client context`.
    pub fn sent_as(&self) -> String {
        let tenant = self.tenant_id.as_ref().map(|tenant| format!(", tenant {tenant}"));
        let context = if self.client_context.is_some() { ", with client context" } else { "" };
        format!("{}{}{context}", self.mode, tenant.unwrap_or_default())
    }

    /// The function and whatever of it runs, as it is written in commands: `checkout:live`.
    pub fn target(&self) -> String {
        match &self.qualifier {
            Some(qualifier) => format!("{}:{qualifier}", self.function),
            None => self.function.clone(),
        }
    }
}

/// Whether a text can be a tenant's id (`X-Amz-Tenant-Id` in the service model).
///
/// # Errors
/// The rule.
pub fn check_tenant_id(id: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || " _.:/=+-@".contains(c);
    if (1..=256).contains(&id.len()) && id.chars().all(allowed) {
        Ok(())
    } else {
        Err("a tenant id has at most 256 characters of a-z A-Z 0-9 space _ . : / = + - @".into())
    }
}

/// A client context as it may be sent.
///
/// # Errors
/// It is no JSON object, or too long.
pub fn client_context(text: &str) -> Result<Secret, String> {
    json::check(text).map_err(|problem| format!("the client context is not JSON: {problem}"))?;
    if !text.trim_start().starts_with('{') {
        return Err("the client context must be a JSON object".into());
    }
    if text.len().div_ceil(3) * 4 > CLIENT_CONTEXT_LIMIT {
        return Err(format!(
            "the client context is too long: {CLIENT_CONTEXT_LIMIT} bytes in base64 at most"
        ));
    }
    Ok(Secret::new(text))
}

/// How an invocation that AWS answered ended.
#[derive(Clone, Default, PartialEq)]
pub struct Answer {
    /// HTTP status: 200, 202 (queued), 204 (dry run).
    pub status: u16,
    /// `Handled` or `Unhandled` where the function failed, or the code that a response stream ended with. The HTTP
    /// status is 200 all the same.
    pub function_error: Option<String>,
    /// What a response stream said of its error.
    pub error_details: Option<String>,
    /// The version that ran.
    pub executed_version: Option<String>,
    /// The response's bytes, or the error object.
    pub payload: Vec<u8>,
    /// Bytes of a streamed response beyond [`STREAM_KEPT`], which were counted and not kept.
    pub payload_left_out: u64,
    /// The last 4 KB of the log.
    pub log_tail: String,
    /// From the log tail's REPORT line.
    pub report: Option<Report>,
    /// AWS's request id.
    pub request_id: Option<String>,
    /// The answer's headers, sorted by name, sanitised.
    pub headers: Vec<(String, String)>,
    /// Time from sending to the whole answer, in milliseconds, as seen here.
    pub elapsed_ms: u64,
    /// Time from sending to the first byte of a streamed response, in milliseconds.
    pub first_byte_ms: Option<u64>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("function_error", &self.function_error)
            .field("payload_bytes", &self.payload.len())
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}

impl Answer {
    /// How it ended.
    pub fn ending(&self) -> Ending {
        match (&self.function_error, self.status) {
            (Some(error), _) => Ending::FunctionError(error.clone()),
            (None, 202) => Ending::Queued,
            (None, 204) => Ending::Allowed,
            (None, _) => Ending::Ok,
        }
    }
}

/// A piece of a response that is being streamed. Its `Debug` shows sizes.
#[derive(Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Milliseconds since it was sent.
    pub at_ms: u64,
}

impl fmt::Debug for Chunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Chunk({} bytes at {} ms)", self.bytes.len(), self.at_ms)
    }
}

/// An answer and its payload, read for being looked at. `answer.payload` is empty: the bytes are the body's.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The answer.
    pub answer: Answer,
    /// Its payload.
    pub body: Arc<Body>,
}

impl Reply {
    /// Reads the payload. A large one takes tens of milliseconds: not for the thread that draws.
    pub fn read(mut answer: Answer) -> Self {
        let body = Arc::new(Body::read(std::mem::take(&mut answer.payload)));
        Self { answer, body }
    }
}

/// How an invocation ended, in one word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// The function answered.
    Ok,
    /// The event is queued.
    Queued,
    /// A dry run would have been accepted.
    Allowed,
    /// The function failed: `Handled`, `Unhandled`, or the code that a response stream ended with.
    FunctionError(String),
    /// Too many at a time; nothing ran.
    Throttled,
    /// Not allowed, or without valid credentials; nothing ran.
    Denied,
    /// There is no such function, version or alias.
    NotFound,
    /// AWS or this program refused it for another reason; nothing ran.
    Refused,
    /// There was no connection; nothing ran.
    NotSent,
    /// It left and no whole answer came: it may have run.
    Unknown,
}

impl Ending {
    /// The word that a screen shows.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Queued => "QUEUED",
            Self::Allowed => "ALLOWED",
            Self::FunctionError(_) => "FUNCTION ERROR",
            Self::Throttled => "THROTTLED",
            Self::Denied => "DENIED",
            Self::NotFound => "NOT FOUND",
            Self::Refused => "REFUSED",
            Self::NotSent => "NOT SENT",
            Self::Unknown => "OUTCOME UNKNOWN",
        }
    }

    /// Whether all went well.
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Ok | Self::Queued | Self::Allowed)
    }
}

/// One invocation that ended, as the history on disk keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Version of the format: [`Record::FORMAT`].
    pub v: u32,
    /// When it was sent.
    pub at: Timestamp,
    /// Where.
    pub place: Place,
    /// Function name.
    pub function: String,
    /// Version or alias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qualifier: Option<String>,
    /// Tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// How it was sent.
    pub mode: Mode,
    /// Whether a client context went with it, which is not kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub client_context: bool,
    /// Name of the template or saved event it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// How it ended.
    pub ending: Ending,
    /// HTTP status, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The version that ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executed_version: Option<String>,
    /// AWS's request id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Milliseconds from sending to the whole answer.
    pub elapsed_ms: u64,
    /// The numbers of the REPORT line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
    /// Bytes of the event.
    pub payload_bytes: u64,
    /// Bytes of the response.
    pub response_bytes: u64,
    /// The event, where the configuration file lets it be kept.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "kept")]
    pub payload: Option<Arc<Secret>>,
    /// The response as text, where the configuration file lets it be kept.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "kept")]
    pub response: Option<Arc<Secret>>,
}

/// The numbers of a REPORT line.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// Milliseconds the handler ran.
    pub duration_ms: f64,
    /// Milliseconds that are billed.
    pub billed_ms: u64,
    /// Milliseconds of a cold start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init_ms: Option<f64>,
    /// Memory as configured, in MB.
    pub memory_mb: u32,
    /// Most memory used, in MB.
    pub max_memory_mb: u32,
}

impl From<&Report> for Measured {
    fn from(report: &Report) -> Self {
        Self {
            duration_ms: report.duration_ms,
            billed_ms: report.billed_ms,
            init_ms: report.init_ms,
            memory_mb: report.memory_mb,
            max_memory_mb: report.max_memory_mb,
        }
    }
}

impl Record {
    /// The version of the format.
    pub const FORMAT: u32 = 1;

    /// The record of an invocation without its payload and response.
    pub fn of(at: Timestamp, place: Place, request: &Request, event: Option<String>, ending: Ending) -> Self {
        Self {
            v: Self::FORMAT,
            at,
            place,
            function: request.function.clone(),
            qualifier: request.qualifier.clone(),
            tenant_id: request.tenant_id.clone(),
            mode: request.mode,
            client_context: request.client_context.is_some(),
            event,
            ending,
            status: None,
            executed_version: None,
            request_id: None,
            elapsed_ms: 0,
            measured: None,
            payload_bytes: request.payload.len() as u64,
            response_bytes: 0,
            payload: None,
            response: None,
        }
    }

    /// Adds what the answer tells; `response_bytes` as its payload may have been taken out of it.
    #[must_use]
    pub fn answered(mut self, answer: &Answer, response_bytes: usize) -> Self {
        self.status = Some(answer.status);
        self.executed_version.clone_from(&answer.executed_version);
        self.request_id.clone_from(&answer.request_id);
        self.elapsed_ms = answer.elapsed_ms;
        self.measured = answer.report.as_ref().map(Measured::from);
        self.response_bytes = response_bytes as u64 + answer.payload_left_out;
        self
    }

    /// Adds what is known where there is no answer.
    #[must_use]
    pub fn unanswered(mut self, request_id: Option<String>, elapsed_ms: u64) -> Self {
        self.request_id = request_id;
        self.elapsed_ms = elapsed_ms;
        self
    }
}

/// A [`Secret`] in the history's file: written only where it was put there on purpose.
mod kept {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Secret;

    #[allow(clippy::ref_option, reason = "serde's `with` calls it so")]
    pub(super) fn serialize<S: Serializer>(secret: &Option<Arc<Secret>>, to: S) -> Result<S::Ok, S::Error> {
        secret.as_ref().map(|secret| secret.reveal()).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Arc<Secret>>, D::Error> {
        Ok(Option::<String>::deserialize(from)?.map(|text| Arc::new(Secret::new(text))))
    }
}
