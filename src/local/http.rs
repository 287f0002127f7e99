//! The server: one loopback listener in front of every service, and the answers they give it.
//!
//! The engine runs code, so a request is looked at in this order: a loopback `Host` and no foreign `Origin` (a web page
//! must not reach it), a known key, the size of the body, the signature. Only then is it given to its service, which
//! is told by the request's shape.

use std::{convert::Infallible, io, sync::Arc, time::SystemTime};

use bytes::{Bytes, BytesMut};

use futures_util::{
    StreamExt as _,
    stream::{BoxStream, Map},
};
use http_body_util::{BodyExt, Either, Full, StreamBody};
use hyper::{
    HeaderMap, Method, Response, StatusCode, Uri,
    body::{Frame, Incoming},
    header::{self, HeaderName, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    auth::{Credentials, Refusal},
    keep::{Keeper, NotKept},
    lambda::{Lambda, not_kept, operations},
    logs,
    metrics::{self, Recorder, wire::Call},
    schemas::{self, Schemas},
    sts,
};

/// Most bytes of a request for CloudWatch Logs: PutLogEvents takes 1 MB of text, which JSON's escapes can multiply.
const LOGS_LIMIT: usize = 10 * 1024 * 1024;
/// Most bytes of a query-protocol form.
const FORM_LIMIT: usize = 64 * 1024;
/// How much of a body that is too large is read and thrown away, so that the client reads the answer and not a reset.
const DRAIN_LIMIT: usize = 256 * 1024 * 1024;

/// What a service answers; the server adds `x-amzn-requestid` and the date.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers beside the ones the server adds. Names are lower-case.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Bytes,
}

impl Answer {
    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new() }
    }

    /// A JSON body of the restJson1 kind (`application/json`).
    pub fn json(status: u16, value: &Value) -> Self {
        Self::typed(status, "application/json", value.to_string())
    }

    /// A JSON body of the awsJson1.1 kind (`application/x-amz-json-1.1`).
    pub fn json11(status: u16, value: &Value) -> Self {
        Self::typed(status, "application/x-amz-json-1.1", value.to_string())
    }

    /// An awsJson1.1 error: `{"__type": code, "message": message}` and `x-amzn-errortype`.
    pub fn error_json11(status: u16, code: &str, message: &str) -> Self {
        Self::json11(status, &serde_json::json!({ "__type": code, "message": message }))
            .with_header("x-amzn-errortype", code)
    }

    /// A body of any content type.
    pub fn typed(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.into(),
        }
    }

    /// The same answer with one header more.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// What is sent back: an answer, or the head of one whose body follows piece by piece.
pub(super) enum Reply {
    Whole(Answer),
    /// Each piece is sent as it comes; an error cuts the connection off. When the client hangs up, the stream is dropped.
    Streamed(Answer, BoxStream<'static, io::Result<Bytes>>),
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self::Whole(answer)
    }
}

/// The body of a [`Reply`].
pub(super) type Body = Either<Full<Bytes>, StreamBody<Pieces>>;
type Pieces = Map<BoxStream<'static, io::Result<Bytes>>, fn(io::Result<Bytes>) -> io::Result<Frame<Bytes>>>;

/// A request as the services see it: whole, and known to come from the holder of the key. It has no `Debug`: payloads
/// and environment values are in it.
pub(super) struct Request {
    /// Query parameters, decoded, in their order.
    pub query: Vec<(String, String)>,
    /// Headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    /// Request id, a UUID. It is the invocation's id too, as with AWS.
    pub id: String,
}

impl Request {
    /// The first query parameter of that name.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Everything behind the listener.
#[derive(Debug)]
pub(super) struct Gateway {
    pub credentials: Arc<Credentials>,
    pub account_id: String,
    pub region: String,
    pub partition: &'static str,
    pub lambda: Arc<Lambda>,
    pub logs: Arc<logs::Store>,
    pub schemas: Schemas,
    pub metrics: Arc<Recorder>,
    pub keeper: Keeper,
    /// Cancelled when the engine stops: what is streamed ends then.
    pub stop: CancellationToken,
}

/// Serves the engine's services until `stop`. Dropping the future closes every connection.
pub(super) async fn serve(listener: TcpListener, gateway: Arc<Gateway>, stop: CancellationToken) {
    let respond = move |request| {
        let gateway = Arc::clone(&gateway);
        async move { gateway.respond(request).await }
    };
    let mut connections = accept(listener, stop, respond).await;
    while connections.join_next().await.is_some() {}
}

/// Accepts connections until `stop`, then closes the listener and gives what is still being answered.
pub(super) async fn accept<F, R>(listener: TcpListener, stop: CancellationToken, respond: F) -> JoinSet<()>
where
    F: Fn(hyper::Request<Incoming>) -> R + Clone + Send + 'static,
    R: Future<Output = Response<Body>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of descriptors, or the peer is gone already: neither is a reason to stop, or to spin.
                    tracing::debug!(%error, "accepting a connection failed");
                    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                    continue;
                }
            },
        };
        // Without this a small answer waits for the peer's delayed acknowledgement, 40 ms.
        if stream.set_nodelay(true).is_err() {
            continue;
        }
        let (respond, stop) = (respond.clone(), stop.clone());
        connections.spawn(async move {
            let service = service_fn(move |request| {
                let answer = respond(request);
                async move { Ok::<_, Infallible>(answer.await) }
            });
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            let mut connection = std::pin::pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "connection ended");
            }
        });
    }
    connections
}

/// A reply as hyper sends it.
pub(super) fn response(reply: Reply, id: String) -> Response<Body> {
    let (answer, body) = match reply {
        Reply::Whole(mut answer) => {
            let body = Full::new(std::mem::take(&mut answer.body));
            (answer, Either::Left(body))
        }
        Reply::Streamed(head, pieces) => {
            let frame: fn(_) -> _ = |piece: io::Result<Bytes>| piece.map(Frame::data);
            (head, Either::Right(StreamBody::new(pieces.map(frame))))
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    if let Ok(id) = HeaderValue::try_from(id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

/// Which wire protocol a request speaks, and for which service.
enum Wire {
    /// restJson1: Lambda.
    Rest,
    /// restJson1 with errors of its own shape: EventBridge Schemas.
    Schemas,
    /// awsJson: the whole `X-Amz-Target`.
    Json(String),
    /// Query: a form body. STS, unless it is signed for CloudWatch.
    Query,
    /// CloudWatch, in any of its three protocols.
    Metrics(Call),
}

impl Wire {
    fn of(method: &Method, path: &str, headers: &HeaderMap) -> Self {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        if let Some(call) = Call::of(method, path, headers) {
            Self::Metrics(call)
        } else if let Some(target) = text(HeaderName::from_static("x-amz-target")) {
            Self::Json(target.to_owned())
        } else if method == Method::POST
            && path == "/"
            && text(header::CONTENT_TYPE)
                .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
        {
            Self::Query
        } else if schemas::is_path(path) {
            Self::Schemas
        } else {
            Self::Rest
        }
    }

    /// An error in the protocol's own shape.
    fn error(&self, status: u16, code: &str, message: &str, request_id: &str) -> Answer {
        match self {
            Self::Rest => {
                Answer::json(status, &json!({ "message": message })).with_header("x-amzn-errortype", code)
            }
            Self::Schemas => schemas::error(status, code, message),
            Self::Json(_) => Answer::error_json11(status, code, message),
            Self::Query => sts::error(status, code, message, request_id),
            Self::Metrics(call) => call.error(status, code, message, request_id),
        }
    }

    fn refuse(&self, refusal: &Refusal, request_id: &str) -> Answer {
        let (rest, query) = match refusal {
            Refusal::Missing => ("MissingAuthenticationTokenException", "MissingAuthenticationToken"),
            Refusal::Incomplete(_) => ("IncompleteSignatureException", "IncompleteSignature"),
            Refusal::UnknownKey => ("UnrecognizedClientException", "InvalidClientTokenId"),
            Refusal::Mismatch(_) => ("InvalidSignatureException", "SignatureDoesNotMatch"),
        };
        // The awsJson services answer 400 to these, the others 403.
        let (status, code) = match self {
            Self::Rest | Self::Schemas => (403, rest),
            Self::Json(_) => (400, rest),
            Self::Query | Self::Metrics(_) => (403, query),
        };
        self.error(status, code, &refusal.to_string(), request_id)
    }
}

impl Gateway {
    async fn respond(&self, request: hyper::Request<Incoming>) -> Response<Body> {
        let id = Uuid::new_v4().to_string();
        response(self.answer(request, &id).await, id)
    }

    async fn answer(&self, request: hyper::Request<Incoming>, id: &str) -> Reply {
        let (head, body) = request.into_parts();
        let path = head.uri.path();
        let wire = Wire::of(&head.method, path, &head.headers);
        if let Err(message) = check_sender(&head.headers) {
            return wire.error(403, "AccessDeniedException", message, id).into();
        }
        let query = parse_form(head.uri.query().unwrap_or_default());
        if head.method == Method::GET
            && let Some(sha256) = path.strip_prefix("/code/")
        {
            let (uri, now) = (&head.uri, SystemTime::now());
            return match self.credentials.verify_presigned(uri, &head.headers, &query, now) {
                Ok(()) => self.lambda.code_archive(sha256).await.into(),
                Err(refusal) => wire.refuse(&refusal, id).into(),
            };
        }
        let authorization = match self.credentials.authorize(&head.headers) {
            Ok(authorization) => authorization,
            Err(refusal) => return wire.refuse(&refusal, id).into(),
        };
        let wire = match wire {
            Wire::Query if authorization.service() == metrics::wire::SERVICE => Wire::Metrics(Call::query()),
            wire => wire,
        };
        let operation = match &wire {
            Wire::Schemas => schemas::find(&head.method, path),
            _ => operations::find(&head.method, path, &query),
        };
        let limit = match &wire {
            Wire::Rest => operations::body_limit(operation.as_ref().map(|it| it.name), &head.headers),
            Wire::Schemas => schemas::BODY_LIMIT,
            Wire::Json(_) => LOGS_LIMIT,
            Wire::Query => FORM_LIMIT,
            Wire::Metrics(_) => metrics::wire::BODY_LIMIT,
        };
        let body = match read(body, limit).await {
            Ok(body) => body,
            Err(Unread::TooLarge) => {
                return too_large(&wire, operation.map(|it| it.name), limit, id).into();
            }
            Err(Unread::Broken) => {
                return wire.error(400, "IncompleteBody", "The body ended early.", id).into();
            }
        };
        let verified = self.credentials.verify(
            &authorization,
            head.method.as_str(),
            &head.uri,
            &head.headers,
            &body,
            SystemTime::now(),
        );
        if let Err(refusal) = verified {
            return wire.refuse(&refusal, id).into();
        }
        if let Some(expected) = wire.service()
            && expected != authorization.service()
        {
            let refusal =
                Refusal::Mismatch(format!("Credential should be scoped to correct service: '{expected}'."));
            return wire.refuse(&refusal, id).into();
        }
        match &wire {
            Wire::Rest | Wire::Schemas => {
                let Some(operation) = operation else {
                    let what = unknown_operation(&head.method, &head.uri);
                    return wire.error(501, "NotImplementedException", &what, id).into();
                };
                let change = operations::is_change(&operation, &head.headers);
                let request = Request { query, headers: head.headers, body, id: id.to_owned() };
                let reply = match wire {
                    Wire::Schemas => Reply::Whole(self.schemas.handle(&operation, &request)),
                    _ => self.lambda.handle(&operation, &request).await,
                };
                if change {
                    // An event was noted when it was accepted, and changes nothing else.
                    if !operation.name.starts_with("Invoke") {
                        self.lambda.keep();
                    }
                    self.acknowledge(&wire, reply).await
                } else {
                    reply
                }
            }
            Wire::Json(target) => {
                let reply = self.logs(target, body, id).await;
                if logs::wire::is_change(target) { self.acknowledge(&wire, reply).await } else { reply }
            }
            Wire::Query => sts::handle(
                &parse_form(&String::from_utf8_lossy(&body)),
                &self.account_id,
                self.partition,
                id,
            )
            .into(),
            Wire::Metrics(call) => self.metrics(call, body, id).await.into(),
        }
    }

    async fn metrics(&self, call: &Call, body: Bytes, id: &str) -> Answer {
        let context = metrics::Context {
            account_id: self.account_id.clone(),
            now_ms: Timestamp::now().as_millisecond(),
        };
        // Many queries over many days take their time: not on a thread that others wait for.
        let (recorder, own, request_id) = (Arc::clone(&self.metrics), call.clone(), id.to_owned());
        let read = move || own.answer(&recorder, &body, &context, &request_id);
        tokio::task::spawn_blocking(read).await.unwrap_or_else(|error| {
            tracing::error!(%error, "a request for metrics failed");
            call.error(500, "InternalServiceError", "The local engine failed to answer.", id)
        })
    }

    /// Gives a good answer to a change only once that is kept. Without `--persist` it has nothing to wait for.
    async fn acknowledge(&self, wire: &Wire, reply: Reply) -> Reply {
        if matches!(&reply, Reply::Whole(answer) if answer.status >= 300) {
            return reply;
        }
        match self.keeper.settled().await {
            Ok(()) => reply,
            Err(error) => wire.not_kept(&error).into(),
        }
    }

    async fn logs(&self, target: &str, body: Bytes, id: &str) -> Reply {
        let context = logs::wire::Context {
            account_id: self.account_id.clone(),
            region: self.region.clone(),
            now_ms: Timestamp::now().as_millisecond(),
        };
        let reply = match target.strip_prefix("Logs_20140328.") {
            Some("StartLiveTail") => {
                let stop = self.stop.clone();
                Some(logs::wire::start_live_tail(&self.logs, &body, &context, id, stop))
            }
            Some(operation) => {
                // A search may go through the whole store: not on a thread that others wait for.
                let (store, operation) = (Arc::clone(&self.logs), operation.to_owned());
                let search = move || logs::wire::handle(&store, &operation, &body, &context);
                let answer = tokio::task::spawn_blocking(search).await.unwrap_or_else(|error| {
                    tracing::error!(%error, "a request for logs failed");
                    let message = "The local engine failed to answer.";
                    Some(Answer::error_json11(500, "InternalFailure", message))
                });
                answer.map(Reply::Whole)
            }
            None => None,
        };
        reply.unwrap_or_else(|| {
            let name = target.rsplit('.').next().unwrap_or(target);
            let message = format!("The local engine has no operation '{name}'.");
            Answer::error_json11(501, "NotImplementedException", &message).into()
        })
    }
}

impl Wire {
    /// The answer to a change that is made, but not kept.
    fn not_kept(&self, error: &NotKept) -> Answer {
        let message = format!(
            "The change is made, but the local engine could not keep it, and it is lost when the engine ends: {error}"
        );
        match self {
            Self::Rest => not_kept(message),
            Self::Schemas => schemas::error(500, "InternalServerErrorException", &message),
            Self::Json(_) | Self::Query | Self::Metrics(_) => {
                Answer::error_json11(500, "InternalFailure", &message)
            }
        }
    }

    /// The service that a signature's scope must name; unknown for services the engine does not have.
    fn service(&self) -> Option<&'static str> {
        match self {
            Self::Rest => Some("lambda"),
            Self::Schemas => Some("schemas"),
            Self::Json(target) => target.starts_with("Logs_20140328.").then_some("logs"),
            Self::Query => Some("sts"),
            Self::Metrics(_) => Some(metrics::wire::SERVICE),
        }
    }
}

fn too_large(wire: &Wire, operation: Option<&str>, limit: usize, id: &str) -> Answer {
    match wire {
        Wire::Rest => operations::too_large(operation.unwrap_or("unknown"), limit),
        _ => wire.error(
            413,
            "RequestEntityTooLargeException",
            &format!("Request must be smaller than {limit} bytes"),
            id,
        ),
    }
}

fn unknown_operation(method: &Method, uri: &Uri) -> String {
    // Smithy's RPC protocols name the operation in the path.
    match uri.path().split_once("/operation/") {
        Some((_, name)) => format!("The local engine has no operation '{name}'."),
        None => format!("The local engine has no operation at {method} {}.", uri.path()),
    }
}

/// Only a program on this machine that meant to talk to the engine: no page that a browser shows (`Origin`), no name
/// that only resolves to loopback (`Host`).
fn check_sender(headers: &HeaderMap) -> Result<(), &'static str> {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let host = text(header::HOST).unwrap_or_default();
    if !is_loopback(host) {
        return Err("The Host header must name a loopback address.");
    }
    match text(header::ORIGIN) {
        Some(origin) if origin.strip_prefix("http://") != Some(host) => {
            Err("Requests from web pages are refused.")
        }
        _ => Ok(()),
    }
}

/// Whether a `Host` names loopback. Clients put `stream-` before the host for StartLiveTail, whatever the host is; no
/// name that begins so can be made to resolve to anything by somebody else.
pub(super) fn is_loopback(host: &str) -> bool {
    let host = host.strip_prefix("stream-").unwrap_or(host);
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    matches!(name, "127.0.0.1" | "[::1]") || name.eq_ignore_ascii_case("localhost")
}

/// Why a body was not read.
pub(super) enum Unread {
    TooLarge,
    Broken,
}

/// Reads a whole body of at most `limit` bytes. A larger one is still read to its end, but not kept.
pub(super) async fn read(mut body: Incoming, limit: usize) -> Result<Bytes, Unread> {
    use hyper::body::Body as _;
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let mut whole = BytesMut::with_capacity(if announced <= limit { announced } else { 0 });
    let mut total = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
        total = total.saturating_add(data.len());
        if total > DRAIN_LIMIT {
            return Err(Unread::TooLarge);
        }
        if total <= limit && announced <= limit {
            whole.extend_from_slice(&data);
        } else {
            whole = BytesMut::new();
        }
    }
    if total > limit { Err(Unread::TooLarge) } else { Ok(whole.freeze()) }
}

/// Splits `a=1&b=2` and decodes both sides.
pub(super) fn parse_form(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(&name.replace('+', " ")), decode(&value.replace('+', " ")))
        })
        .collect()
}

/// Undoes percent-encoding. What is no valid escape stays as it is; what is no UTF-8 is replaced.
pub(super) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%').then(|| hex_pair(text.get(at + 1..at + 3))).flatten();
        out.push(escaped.unwrap_or(bytes[at]));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn hex_pair(digits: Option<&str>) -> Option<u8> {
    let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u8::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::{decode, is_loopback, parse_form};

    #[test]
    fn only_loopback_names_pass() {
        for host in [
            "127.0.0.1",
            "127.0.0.1:4566",
            "localhost:80",
            "LOCALHOST",
            "[::1]:1",
            "[::1]",
            "stream-127.0.0.1:4566",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "stream-",
            "stream-evil.example",
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil",
            "127.0.0.1:x",
            "0.0.0.0:80",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn forms_and_paths_are_decoded() {
        assert_eq!(decode("arn%3Aaws%3a%24LATEST"), "arn:aws:$LATEST");
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("%zz%4"), "%zz%4");
        assert_eq!(
            parse_form("a=1&b=x+y%2B&&c"),
            [("a", "1"), ("b", "x y+"), ("c", "")].map(|(a, b)| (a.to_owned(), b.to_owned()))
        );
    }
}
