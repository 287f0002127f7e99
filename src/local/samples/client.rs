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

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The code of a sample.
pub(super) type Handler = fn(&Value, &Context) -> Result<Value, Failure>;

const API: &str = "/2018-06-01/runtime";

/// What a sample knows besides its event.
pub(super) struct Context {
    /// Request id.
    pub(super) request_id: String,
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
            let fields = if let Value::Object(fields) = fields { fields } else { Map::new() };
            serde_json::to_string(&Line { timestamp, level, request_id, message, fields }).unwrap_or_default()
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
    let mut context = Context { request_id: String::new(), earlier: 0, deadline_ms: 0, json_logs, variables };
    loop {
        let event = connection.call("GET", &format!("{API}/invocation/next"), &[])?;
        let header = |name: &str| event.headers.get(name).cloned().unwrap_or_default();
        context.request_id = header("lambda-runtime-aws-request-id");
        context.deadline_ms = header("lambda-runtime-deadline-ms").parse().unwrap_or(0);
        let (kind, body) = match answer(&event.body, &context, handler) {
            Ok(response) => ("response", response),
            Err(failure) => {
                let Failure { error_type, message, stack_trace } = &failure;
                let fields =
                    json!({ "errorType": error_type, "errorMessage": message, "stackTrace": stack_trace });
                let trace = stack_trace.join("\n    at ");
                context.log("ERROR", &format_args!("{error_type}: {message}\n    at {trace}"), fields);
                ("error", serde_json::to_vec(&failure)?)
            }
        };
        connection.call("POST", &format!("{API}/invocation/{}/{kind}", context.request_id), &body)?;
        context.earlier += 1;
    }
}

fn answer(event: &[u8], context: &Context, handler: Handler) -> Result<Vec<u8>, Failure> {
    let unreadable =
        |error: serde_json::Error| Failure::new("answer", "InvalidEventError", error.to_string());
    let event = serde_json::from_slice(event).map_err(unreadable)?;
    let response = handler(&event, context).map_err(|failure| failure.via("answer"))?;
    serde_json::to_vec(&response).map_err(unreadable)
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
