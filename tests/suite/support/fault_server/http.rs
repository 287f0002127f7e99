//! HTTP/1.1 by hand, so that a test decides about every byte: reading a request, naming its operation, passing it on.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Request {
    /// The name of the AWS operation; of what isn't one, method and path: `GET /health`.
    pub operation: String,
    /// `GET`, `POST`, ...
    pub method: String,
    /// The path, still percent-encoded, without the query.
    pub path: String,
    /// What follows `?`, still percent-encoded.
    pub query: String,
    /// The body.
    pub body: Vec<u8>,
    headers: Vec<(String, String)>,
    /// All of it, byte for byte.
    pub raw: Vec<u8>,
}

/// How a service spells its requests and errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// Lambda.
    RestJson,
    /// CloudWatch Logs.
    AwsJson,
    /// STS.
    Query,
}

impl Request {
    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// A parameter of the query, decoded only as far as AWS's own markers need: `+` and `%` are left alone.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }

    /// The body as JSON; null where it isn't.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(super) fn protocol(&self) -> Protocol {
        if self.header("x-amz-target").is_some() {
            Protocol::AwsJson
        } else if self.form_action().is_some() {
            Protocol::Query
        } else {
            Protocol::RestJson
        }
    }

    /// The action as IAM names it, such as `lambda:InvokeFunction`.
    pub(super) fn action(&self) -> String {
        match (self.protocol(), self.operation.as_str()) {
            (Protocol::AwsJson, operation) => format!("logs:{operation}"),
            (Protocol::Query, operation) => format!("sts:{operation}"),
            (Protocol::RestJson, "Invoke" | "InvokeWithResponseStream") => "lambda:InvokeFunction".to_owned(),
            (Protocol::RestJson, operation) if self.schemas_operation().is_some() => {
                format!("schemas:{operation}")
            }
            (Protocol::RestJson, operation) => format!("lambda:{operation}"),
        }
    }

    fn form_action(&self) -> Option<&str> {
        let is_form = self.header("content-type")?.starts_with("application/x-www-form-urlencoded");
        let body = std::str::from_utf8(&self.body).ok().filter(|_| is_form)?;
        body.split('&').find_map(|pair| pair.strip_prefix("Action="))
    }

    fn name(&self) -> String {
        let target = self.header("x-amz-target").and_then(|target| target.rsplit('.').next());
        let by_path = || self.lambda_operation().or_else(|| self.schemas_operation());
        if let Some(operation) = target.or(self.form_action()).or_else(by_path) {
            return operation.to_owned();
        }
        format!("{} {}", self.method, self.path)
    }

    /// Lambda's routes: `/<date of the API>/functions/<name>/<what>/...`.
    fn lambda_operation(&self) -> Option<&'static str> {
        let mut segments = self.path.trim_matches('/').split('/');
        let date = segments.next()?;
        if date.len() != 10 || !date.starts_with("20") {
            return None;
        }
        let rest: Vec<&str> = segments.collect();
        let operation = match (self.method.as_str(), rest.as_slice()) {
            ("GET", ["functions"]) => "ListFunctions",
            ("POST", ["functions"]) => "CreateFunction",
            ("GET", ["functions", _]) => "GetFunction",
            ("DELETE", ["functions", _]) => "DeleteFunction",
            ("GET", ["functions", _, "configuration"]) => "GetFunctionConfiguration",
            ("PUT", ["functions", _, "configuration"]) => "UpdateFunctionConfiguration",
            ("PUT", ["functions", _, "code"]) => "UpdateFunctionCode",
            ("POST", ["functions", _, "invocations"]) => "Invoke",
            ("POST", ["functions", _, "response-streaming-invocations"]) => "InvokeWithResponseStream",
            ("GET", ["functions", _, "versions"]) => "ListVersionsByFunction",
            ("POST", ["functions", _, "versions"]) => "PublishVersion",
            ("GET", ["functions", _, "aliases"]) => "ListAliases",
            ("POST", ["functions", _, "aliases"]) => "CreateAlias",
            ("GET", ["functions", _, "aliases", _]) => "GetAlias",
            ("PUT", ["functions", _, "aliases", _]) => "UpdateAlias",
            ("DELETE", ["functions", _, "aliases", _]) => "DeleteAlias",
            ("GET", ["functions", _, "concurrency"]) => "GetFunctionConcurrency",
            ("PUT", ["functions", _, "concurrency"]) => "PutFunctionConcurrency",
            ("DELETE", ["functions", _, "concurrency"]) => "DeleteFunctionConcurrency",
            ("GET", ["functions", _, "policy"]) => "GetPolicy",
            ("GET", ["functions", _, "url"]) => "GetFunctionUrlConfig",
            ("GET", ["functions", _, "event-invoke-config"]) => "GetFunctionEventInvokeConfig",
            ("PUT", ["functions", _, "event-invoke-config"]) => "PutFunctionEventInvokeConfig",
            ("DELETE", ["functions", _, "event-invoke-config"]) => "DeleteFunctionEventInvokeConfig",
            ("GET", ["functions", _, "event-invoke-config", "list"]) => "ListFunctionEventInvokeConfigs",
            ("GET", ["functions", _, "provisioned-concurrency"]) if self.parameter("List").is_some() => {
                "ListProvisionedConcurrencyConfigs"
            }
            ("GET", ["functions", _, "provisioned-concurrency"]) => "GetProvisionedConcurrencyConfig",
            ("PUT", ["functions", _, "provisioned-concurrency"]) => "PutProvisionedConcurrencyConfig",
            ("DELETE", ["functions", _, "provisioned-concurrency"]) => "DeleteProvisionedConcurrencyConfig",
            ("GET", ["event-source-mappings"]) => "ListEventSourceMappings",
            ("GET", ["account-settings"]) => "GetAccountSettings",
            ("GET", ["tags", _]) => "ListTags",
            ("POST", ["tags", _]) => "TagResource",
            ("DELETE", ["tags", _]) => "UntagResource",
            _ => return None,
        };
        Some(operation)
    }
}

impl Request {
    /// The routes of EventBridge Schemas that lambdeck knows: `/v1/registries/...`.
    fn schemas_operation(&self) -> Option<&'static str> {
        let segments: Vec<&str> = self.path.trim_matches('/').split('/').collect();
        let operation = match (self.method.as_str(), segments.as_slice()) {
            ("GET", ["v1", "registries", "name", _]) => "DescribeRegistry",
            ("POST", ["v1", "registries", "name", _]) => "CreateRegistry",
            ("GET", ["v1", "registries", "name", _, "schemas", "name", _]) => "DescribeSchema",
            ("POST", ["v1", "registries", "name", _, "schemas", "name", _]) => "CreateSchema",
            ("PUT", ["v1", "registries", "name", _, "schemas", "name", _]) => "UpdateSchema",
            ("DELETE", ["v1", "registries", "name", _, "schemas", "name", _]) => "DeleteSchema",
            _ => return None,
        };
        Some(operation)
    }
}

/// Status or request line, headers, and how many bytes they take together.
struct Head {
    first_line: String,
    headers: Vec<(String, String)>,
    length: usize,
}

impl Head {
    fn parse(buffer: &[u8]) -> Option<Self> {
        let length = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
        let text = String::from_utf8_lossy(&buffer[..length - 4]).into_owned();
        let mut lines = text.split("\r\n");
        let first_line = lines.next()?.to_owned();
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_owned(), value.trim().to_owned()))
        };
        Some(Self { first_line, headers: lines.filter_map(header).collect(), length })
    }

    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    fn content_length(&self) -> Option<usize> {
        self.header("content-length")?.parse().ok()
    }
}

/// Reads one request to its end; what follows it stays in `buffer`. `None`: the client closed the connection.
///
/// Bodies have a `content-length`, as the SDKs' for these services do.
pub(super) async fn read_request(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
) -> io::Result<Option<Request>> {
    let head = loop {
        if let Some(head) = Head::parse(buffer) {
            break head;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let end = head.length + head.content_length().unwrap_or(0);
    while buffer.len() < end {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
    let rest = buffer.split_off(end);
    let raw = std::mem::replace(buffer, rest);
    let mut first = head.first_line.split(' ');
    let method = first.next().unwrap_or_default().to_owned();
    let target = first.next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        operation: String::new(),
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        body: raw[head.length..].to_vec(),
        headers: head.headers,
        raw,
    };
    request.operation = request.name();
    Ok(Some(request))
}

/// Sends the request to `upstream` as it arrived and streams the answer to `client` as it comes; without a client
/// the answer is read to its end and thrown away. True: the connection to the client can serve another request.
pub(super) async fn forward(
    request: &Request,
    upstream: &str,
    mut client: Option<&mut TcpStream>,
) -> io::Result<bool> {
    let mut server = TcpStream::connect(upstream).await?;
    server.set_nodelay(true)?;
    server.write_all(&request.raw).await?;

    let mut buffer = Vec::new();
    let head = loop {
        if let Some(head) = Head::parse(&buffer) {
            break head;
        }
        if server.read_buf(&mut buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let mut framing = Framing::of(&head);
    let mut ended = framing.consume(&buffer[head.length..]);
    loop {
        if let Some(client) = client.as_deref_mut() {
            client.write_all(&buffer).await?;
        }
        if ended {
            return Ok(!matches!(framing, Framing::UntilClosed));
        }
        buffer.clear();
        if server.read_buf(&mut buffer).await? == 0 {
            return Ok(false);
        }
        ended = framing.consume(&buffer);
    }
}

/// Where a response's body ends.
#[derive(Debug)]
enum Framing {
    Length(usize),
    Chunked(Chunk),
    UntilClosed,
}

/// The part of a chunked body that comes next.
#[derive(Debug)]
enum Chunk {
    /// The line with the size, as far as it has come.
    Size(Vec<u8>),
    /// So many bytes, the CRLF after the data included.
    Data(usize),
    /// After the last chunk; how long the current line is.
    Trailer(usize),
    End,
}

impl Framing {
    fn of(head: &Head) -> Self {
        let status = head.first_line.split(' ').nth(1).unwrap_or_default();
        if matches!(status, "204" | "304") {
            Self::Length(0)
        } else if head
            .header("transfer-encoding")
            .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
        {
            Self::Chunked(Chunk::Size(Vec::new()))
        } else {
            head.content_length().map_or(Self::UntilClosed, Self::Length)
        }
    }

    /// Counts these bytes of the body. True: it is complete.
    fn consume(&mut self, bytes: &[u8]) -> bool {
        match self {
            Self::UntilClosed => false,
            Self::Length(left) => {
                *left = left.saturating_sub(bytes.len());
                *left == 0
            }
            Self::Chunked(chunk) => {
                for &byte in bytes {
                    chunk.consume(byte);
                }
                matches!(chunk, Chunk::End)
            }
        }
    }
}

impl Chunk {
    fn consume(&mut self, byte: u8) {
        match self {
            Self::Size(line) if byte == b'\n' => {
                let line = String::from_utf8_lossy(line);
                let digits = line.trim().split(';').next().unwrap_or_default();
                *self = match usize::from_str_radix(digits, 16) {
                    Ok(0) | Err(_) => Self::Trailer(0),
                    Ok(size) => Self::Data(size + 2),
                };
            }
            Self::Size(line) => line.push(byte),
            Self::Data(1) => *self = Self::Size(Vec::new()),
            Self::Data(left) => *left -= 1,
            Self::Trailer(0) if byte == b'\n' => *self = Self::End,
            Self::Trailer(length) if byte == b'\n' => *length = 0,
            Self::Trailer(length) => *length += usize::from(byte != b'\r'),
            Self::End => {}
        }
    }
}
