//! The Lambda Runtime API: what a function's process asks for its next event and hands its answer to.
//!
//! One listener for each environment, on loopback. It only speaks HTTP; what a call means is decided by the
//! environment, one call after the other. Statuses and bodies as AWS gives them:
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use base64::Engine as _;
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::Incoming,
    header::{CONTENT_TYPE, HOST, ORIGIN},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
    task::JoinSet,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::stream::Piece;

/// The longest response that is not streamed: 6 MB and 100 bytes, as AWS counts it.
pub(super) const MAX_RESPONSE_BYTES: usize = 6 * 1024 * 1024 + 100;
/// The official Python client sends up to 1 MB of X-Ray cause as a header.
const MAX_HEAD_BYTES: usize = 2 * 1024 * 1024;

/// An answer to a call.
pub(super) type Answer = Response<Full<Bytes>>;
/// Where the answer to a call goes. It is closed once the caller has hung up.
pub(super) type Reply = oneshot::Sender<Answer>;

/// What a runtime client asks or says.
pub(super) enum Call {
    /// It wants an event.
    Next,
    /// It is done with an event.
    Response { request_id: String, body: Body },
    /// The handler failed.
    Error { request_id: String, error_type: Option<String>, body: Bytes },
    /// The function could not be started.
    InitError { error_type: Option<String>, body: Bytes },
}

/// A response as it comes.
pub(super) enum Body {
    /// Whole.
    Whole(Bytes),
    /// Longer than [`MAX_RESPONSE_BYTES`].
    TooLarge,
    /// Streamed: it has only begun. With its `Content-Type`.
    Streamed(mpsc::Receiver<Piece>, Option<String>),
}

/// A running server. Its listener and connections are closed when it is dropped.
pub(super) struct RuntimeApi {
    /// Where it listens: the value of `AWS_LAMBDA_RUNTIME_API`.
    pub(super) address: SocketAddr,
    calls: mpsc::Receiver<(Call, Reply)>,
    _stop: DropGuard,
}

impl RuntimeApi {
    /// Listens on a free port of the loopback interface.
    pub(super) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (sender, calls) = mpsc::channel(8);
        let stop = CancellationToken::new();
        tokio::spawn(stop.clone().run_until_cancelled_owned(accept(listener, address, sender)));
        Ok(Self { address, calls, _stop: stop.drop_guard() })
    }

    /// The next call. It never ends while the server is up.
    pub(super) async fn call(&mut self) -> (Call, Reply) {
        match self.calls.recv().await {
            Some(call) => call,
            None => std::future::pending().await,
        }
    }
}

async fn accept(listener: TcpListener, address: SocketAddr, calls: mpsc::Sender<(Call, Reply)>) {
    let host = address.to_string();
    // Aborts the connections when this future is dropped: clients notice, and exit.
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, say: wait rather than spin.
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            continue;
        };
        while connections.try_join_next().is_some() {}
        connections.spawn(serve(stream, host.clone(), calls.clone()));
    }
}

async fn serve(stream: TcpStream, host: String, calls: mpsc::Sender<(Call, Reply)>) {
    // Without it a small answer waits for the client's delayed acknowledgement: 40 ms for each event.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let calls = calls.clone();
        let host = &host;
        async move { Ok::<_, std::convert::Infallible>(handle(request, host, calls).await) }
    });
    // Head and body leave in one write: hyper gathers both before it flushes.
    let _ = http1::Builder::new()
        .max_buf_size(MAX_HEAD_BYTES)
        .auto_date_header(false)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn handle(request: Request<Incoming>, host: &str, calls: mpsc::Sender<(Call, Reply)>) -> Answer {
    // A web page may reach loopback, too; it can't leave these out.
    if request.headers().contains_key(ORIGIN)
        || request.headers().get(HOST).is_none_or(|value| value.as_bytes() != host.as_bytes())
    {
        return error(StatusCode::FORBIDDEN, "Forbidden", "Host or Origin is not this environment's.");
    }
    let (head, body) = request.into_parts();
    let Some(path) = head.uri.path().strip_prefix("/2018-06-01/runtime/") else {
        return not_found();
    };
    let error_type = header(&head.headers, "lambda-runtime-function-error-type");
    let call = match (&head.method, path.split('/').collect::<Vec<_>>().as_slice()) {
        (&Method::GET, ["invocation", "next"]) => Call::Next,
        (&Method::POST, ["invocation", id, "response"]) => {
            match header(&head.headers, "lambda-runtime-function-response-mode") {
                None => {}
                Some(mode) if mode == "streaming" => {
                    let content_type = header(&head.headers, CONTENT_TYPE.as_str());
                    return stream((*id).to_owned(), body, content_type, calls).await;
                }
                Some(_) => {
                    let text = "Invalid function response mode";
                    return error(StatusCode::BAD_REQUEST, "InvalidFunctionResponseMode", text);
                }
            }
            match read(body).await {
                Some(body) => Call::Response { request_id: (*id).to_owned(), body },
                None => return truncated(),
            }
        }
        (&Method::POST, ["invocation", id, "error"]) => match read(body).await {
            Some(body) => Call::Error { request_id: (*id).to_owned(), error_type, body: body.or_empty() },
            None => return truncated(),
        },
        (&Method::POST, ["init", "error"]) => match read(body).await {
            Some(body) => Call::InitError { error_type, body: body.or_empty() },
            None => return truncated(),
        },
        _ => return not_found(),
    };
    let (reply, answer) = oneshot::channel();
    if calls.send((call, reply)).await.is_err() {
        return gone();
    }
    answer.await.unwrap_or_else(|_| gone())
}

/// Takes a streamed response, which may be answered before all of it is there.
async fn stream(
    request_id: String,
    body: Incoming,
    content_type: Option<String>,
    calls: mpsc::Sender<(Call, Reply)>,
) -> Answer {
    let (pieces, receiver) = mpsc::channel(1);
    let (reply, answer) = oneshot::channel();
    let body_to_come = Body::Streamed(receiver, content_type);
    if calls.send((Call::Response { request_id, body: body_to_come }, reply)).await.is_err() {
        return gone();
    }
    // A task of its own: a process may end once it has written all, and hyper forgets who asked when they hang up.
    let read = tokio::spawn(pass_on(body, pieces));
    let answer = answer.await.unwrap_or_else(|_| gone());
    let _ = read.await;
    answer
}

/// Passes a streamed response on as it comes. It is read to its end even when nobody wants it, so that the answer finds
/// a client that listens.
async fn pass_on(mut body: Incoming, pieces: mpsc::Sender<Piece>) {
    let mut last = Piece::End;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            last = Piece::Broken;
            break;
        };
        match frame.into_data() {
            Ok(data) => {
                let _ = pieces.send(Piece::Data(data)).await;
            }
            Err(frame) => {
                if let Ok(trailers) = frame.into_trailers()
                    && let Some(error_type) = header(&trailers, "lambda-runtime-function-error-type")
                {
                    let text = header(&trailers, "lambda-runtime-function-error-body").unwrap_or_default();
                    let body = base64::engine::general_purpose::STANDARD.decode(text).unwrap_or_default();
                    last = Piece::Failed { error_type, body: body.into() };
                }
            }
        }
    }
    let _ = pieces.send(last).await;
}

/// Reads a body to its end, so that the answer finds a client that listens; keeps it up to [`MAX_RESPONSE_BYTES`]. `None`
/// when the client broke off.
async fn read(mut body: Incoming) -> Option<Body> {
    let mut whole = BytesMut::new();
    let mut too_large = false;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.ok()?.into_data() else { continue };
        if too_large || whole.len() + data.len() > MAX_RESPONSE_BYTES {
            too_large = true;
            whole = BytesMut::new();
        } else {
            whole.extend_from_slice(&data);
        }
    }
    Some(if too_large { Body::TooLarge } else { Body::Whole(whole.freeze()) })
}

impl Body {
    fn or_empty(self) -> Bytes {
        match self {
            Self::Whole(body) => body,
            Self::TooLarge | Self::Streamed(..) => Bytes::new(),
        }
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn answer(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json"));
    answer
}

/// What a runtime client gets for a response or error that was taken.
pub(super) fn accepted() -> Answer {
    answer(StatusCode::ACCEPTED, r#"{"status":"OK"}"#.as_bytes())
}

/// What it gets for an error.
pub(super) fn error(status: StatusCode, error_type: &str, message: &str) -> Answer {
    answer(status, json!({ "errorMessage": message, "errorType": error_type }).to_string())
}

/// A response longer than [`MAX_RESPONSE_BYTES`].
pub(super) fn too_large() -> Answer {
    let text = format!("Exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes).");
    error(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &text)
}

/// A response for a request that is not the one under way.
pub(super) fn unknown_request() -> Answer {
    error(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID")
}

/// A call that has no place where the environment stands.
pub(super) fn not_allowed(from: &str, to: &str) -> Answer {
    let text = format!(
        "State transition from {from} to {to} failed for runtime. Error: State transition is not allowed"
    );
    error(StatusCode::FORBIDDEN, "InvalidStateTransition", &text)
}

fn truncated() -> Answer {
    error(StatusCode::BAD_REQUEST, "TruncatedHTTPRequest", "HTTP request detected as truncated")
}

fn gone() -> Answer {
    error(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", "The environment is stopping.")
}

fn not_found() -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from_static(b"404 page not found\n")));
    *answer.status_mut() = StatusCode::NOT_FOUND;
    answer
}
