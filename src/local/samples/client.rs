//! A small blocking Runtime API client: no runtime, no heap of crates to initialise, up in a few milliseconds.

use std::{
    collections::BTreeMap,
    env,
    fmt::Display,
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
    panic::Location,
    process::ExitCode,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The code of a sample.
#[derive(Clone, Copy)]
pub(super) enum Handler {
    /// It returns its response.
    Whole(fn(&Value, &Context) -> Result<Value, Failure>),
    /// It writes its response piece by piece.
    Streaming(fn(&Value, &Context, &mut ResponseStream<'_>) -> Result<(), Failure>),
}

const API: &str = "/2018-06-01/runtime";
/// The trailers of a response that broke off.
const ERROR_TYPE: &str = "Lambda-Runtime-Function-Error-Type";
const ERROR_BODY: &str = "Lambda-Runtime-Function-Error-Body";

/// What a sample knows besides its event.
pub(super) struct Context {
    /// Request id.
    pub(super) request_id: String,
    /// Whom the event is for; empty where tenants are not isolated.
    tenant_id: String,
    /// How many events this process had before.
    pub(super) earlier: u64,
    deadline_ms: u128,
    json_logs: bool,
    variables: BTreeMap<String, String>,
}

impl Context {
    /// The value of an environment variable, or nothing.
    pub(super) fn variable(&self, name: &str) -> &str {
        self.variables.get(name).map_or("", String::as_str)
    }

    /// All environment variables, by name.
    pub(super) fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// How long the function may still take.
    pub(super) fn remaining(&self) -> Duration {
        let left = self.deadline_ms.saturating_sub(now_ms());
        Duration::from_millis(u64::try_from(left).unwrap_or(u64::MAX))
    }

    pub(super) fn debug(&self, message: impl Display) {
        self.log("DEBUG", &message, json!({}));
    }

    pub(super) fn info(&self, message: impl Display) {
        self.log("INFO", &message, json!({}));
    }

    pub(super) fn warn(&self, message: impl Display) {
        self.log("WARN", &message, json!({}));
    }

    /// One line, in the form in which AWS's own clients write it, unless it is below the function's log level.
    /// `fields` only show in JSON.
    pub(super) fn log(&self, level: &str, message: &dyn Display, fields: Value) {
        const LEVELS: [&str; 6] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
        let rank = |level: &str| LEVELS.iter().position(|name| *name == level);
        if rank(level) < rank(self.variable("AWS_LAMBDA_LOG_LEVEL")) {
            return;
        }
        let timestamp = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        let line = if self.json_logs {
            let (request_id, message) = (&self.request_id, message.to_string());
            let tenant_id = &self.tenant_id;
            let fields = if let Value::Object(fields) = fields { fields } else { Map::new() };
            serde_json::to_string(&Line { timestamp, level, request_id, tenant_id, message, fields })
                .unwrap_or_default()
        } else {
            // Line breaks inside a message become carriage returns, as in AWS's clients: one message, one event.
            let message = message.to_string().replace('\n', "\r");
            format!("{timestamp}\t{}\t{level}\t{message}", self.request_id)
        };
        let _ = writeln!(io::stdout(), "{line}");
    }

    #[cfg(test)]
    pub(super) fn for_tests(variables: &[(&str, &str)]) -> Self {
        Self {
            request_id: "test".to_owned(),
            tenant_id: String::new(),
            earlier: 0,
            deadline_ms: now_ms() + 60_000,
            json_logs: false,
            variables: variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    timestamp: String,
    level: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    tenant_id: &'a str,
    message: String,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

/// A sample's way to fail.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Failure {
    pub(super) error_type: &'static str,
    #[serde(rename = "errorMessage")]
    pub(super) message: String,
    stack_trace: Vec<String>,
}

impl Failure {
    /// An error that came up in the function `from`, where this is called.
    #[track_caller]
    pub(super) fn new(from: &str, error_type: &'static str, message: impl Into<String>) -> Self {
        Self { error_type, message: message.into(), stack_trace: vec![frame(from)] }
    }

    /// The same error, passed on by the function `through`.
    #[track_caller]
    pub(super) fn via(mut self, through: &str) -> Self {
        self.stack_trace.push(frame(through));
        self
    }
}

#[track_caller]
fn frame(function: &str) -> String {
    let place = Location::caller();
    format!("{function} ({}:{})", place.file(), place.line())
}

/// Serves a sample until the engine hangs up.
pub(super) fn serve(handler: Handler) -> ExitCode {
    let Ok(address) = env::var("AWS_LAMBDA_RUNTIME_API") else {
        let _ = writeln!(io::stderr(), "A sample is started by the local engine, not by hand.");
        return ExitCode::FAILURE;
    };
    match Connection::open(&address).and_then(|mut connection| work(&mut connection, handler)) {
        Ok(()) => ExitCode::SUCCESS,
        // The engine has closed the connection: nothing is left to be done, and nobody reads what would be said.
        Err(_) => ExitCode::FAILURE,
    }
}

fn work(connection: &mut Connection, handler: Handler) -> io::Result<()> {
    // Not `vars`, which panics on a value that is no UTF-8.
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    let variables: BTreeMap<_, _> = env::vars_os().map(|(name, value)| (text(name), text(value))).collect();
    let json_logs = variables.get("AWS_LAMBDA_LOG_FORMAT").is_some_and(|format| format == "JSON");
    let mut context = Context {
        request_id: String::new(),
        tenant_id: String::new(),
        earlier: 0,
        deadline_ms: 0,
        json_logs,
        variables,
    };
    loop {
        let event = connection.call("GET", &format!("{API}/invocation/next"), &[])?;
        let header = |name: &str| event.headers.get(name).cloned().unwrap_or_default();
        context.request_id = header("lambda-runtime-aws-request-id");
        context.tenant_id = header("lambda-runtime-aws-tenant-id");
        context.deadline_ms = header("lambda-runtime-deadline-ms").parse().unwrap_or(0);
        let path = format!("{API}/invocation/{}", context.request_id);
        let failure = match handler {
            Handler::Whole(handler) => match answer(&event.body, &context, handler) {
                Ok(response) => {
                    connection.call("POST", &format!("{path}/response"), &response)?;
                    None
                }
                Err(failure) => Some(failure),
            },
            Handler::Streaming(handler) => stream(connection, &event.body, &context, &path, handler)?,
        };
        if let Some(failure) = failure {
            log_failure(&failure, &context);
            connection.call("POST", &format!("{path}/error"), &serde_json::to_vec(&failure)?)?;
        }
        context.earlier += 1;
    }
}

fn log_failure(failure: &Failure, context: &Context) {
    let Failure { error_type, message, stack_trace } = failure;
    let fields = json!({ "errorType": error_type, "errorMessage": message, "stackTrace": stack_trace });
    let trace = stack_trace.join("\n    at ");
    context.log("ERROR", &format_args!("{error_type}: {message}\n    at {trace}"), fields);
}

fn answer(
    event: &[u8],
    context: &Context,
    handler: fn(&Value, &Context) -> Result<Value, Failure>,
) -> Result<Vec<u8>, Failure> {
    let event = serde_json::from_slice(event).map_err(unreadable)?;
    let response = handler(&event, context).map_err(|failure| failure.via("answer"))?;
    serde_json::to_vec(&response).map_err(unreadable)
}

#[allow(clippy::needless_pass_by_value, reason = "so that it can be given as it is")]
#[track_caller]
fn unreadable(error: serde_json::Error) -> Failure {
    Failure::new("answer", "InvalidEventError", error.to_string())
}

/// Streams a response to its end. A failure before its first piece is given back, to be reported.
fn stream(
    connection: &mut Connection,
    event: &[u8],
    context: &Context,
    path: &str,
    handler: fn(&Value, &Context, &mut ResponseStream<'_>) -> Result<(), Failure>,
) -> io::Result<Option<Failure>> {
    let head = format!(
        "POST {path}/response HTTP/1.1\r\nHost: {}\r\nContent-Type: application/octet-stream\r\n\
         Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n\
         Trailer: {ERROR_TYPE}, {ERROR_BODY}\r\n\r\n",
        connection.address
    );
    let mut response = ResponseStream::new(head, connection.stream.get_mut());
    let result = match serde_json::from_slice(event) {
        Ok(event) => handler(&event, context, &mut response).map_err(|failure| failure.via("stream")),
        Err(error) => Err(unreadable(error)),
    };
    let trailers = match result {
        Err(failure) if !response.has_begun() => return Ok(Some(failure)),
        Err(failure) => {
            log_failure(&failure, context);
            let body = STANDARD.encode(serde_json::to_vec(&failure)?);
            format!("{ERROR_TYPE}: {}\r\n{ERROR_BODY}: {body}\r\n", failure.error_type)
        }
        Ok(()) => String::new(),
    };
    response.end(&trailers)?;
    connection.read()?;
    Ok(None)
}

/// A response that is sent piece by piece.
pub(super) struct ResponseStream<'a> {
    /// The request's, until it is sent.
    head: String,
    out: &'a mut dyn Write,
    failed: Option<io::Error>,
}

impl<'a> ResponseStream<'a> {
    pub(super) fn new(head: String, out: &'a mut dyn Write) -> Self {
        Self { head, out, failed: None }
    }

    /// Sends one piece. Where that fails, the engine is gone, which shows at the end.
    pub(super) fn write(&mut self, text: &str) {
        // An empty chunk would end the response.
        if self.failed.is_none() && !text.is_empty() {
            let head = std::mem::take(&mut self.head);
            let piece = format!("{head}{:x}\r\n{text}\r\n", text.len());
            self.failed = self.out.write_all(piece.as_bytes()).err();
        }
    }

    fn has_begun(&self) -> bool {
        self.head.is_empty()
    }

    fn end(self, trailers: &str) -> io::Result<()> {
        match self.failed {
            Some(error) => Err(error),
            None => self.out.write_all(format!("{}0\r\n{trailers}\r\n", self.head).as_bytes()),
        }
    }
}

fn now_ms() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}

/// A connection that is kept open. It knows as much of HTTP as the engine's Runtime API answers with.
struct Connection {
    address: String,
    stream: BufReader<TcpStream>,
}

struct Reply {
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Connection {
    fn open(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { address: address.to_owned(), stream: BufReader::new(stream) })
    }

    fn call(&mut self, method: &str, path: &str, body: &[u8]) -> io::Result<Reply> {
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        self.stream.get_mut().write_all(&request)?;
        self.read()
    }

    /// Reads the answer to what was sent.
    fn read(&mut self) -> io::Result<Reply> {
        let mut headers = BTreeMap::new();
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(Reply { headers, body })
    }
}
