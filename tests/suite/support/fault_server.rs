//! A loopback HTTP server that misbehaves as a test scripts it: the network and AWS on a bad day.
//!
//! A request is known by the name of its AWS operation (`ListFunctions`, `FilterLogEvents`, `GetCallerIdentity`);
//! `*` stands for all of them. What is not scripted is answered 501, or passed byte for byte to another endpoint
//! when the server was started with [`FaultServer::forwarding`].
//!
//! The server runs on a thread and in the real time of its own: tests may be synchronous, or pause their clock.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

pub mod canned;
mod http;
mod reply;
mod stream;
#[cfg(test)]
mod tests;

pub use http::Request;
pub use reply::Reply;
pub use stream::Stream;

/// What the server does with one request, which it has read to the end.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Passes it on and the answer back, as if the server were not there.
    Pass,
    /// Passes it on, so that it takes effect, then resets the connection instead of answering.
    PassThenReset,
    /// Answers with this.
    Answer(Reply),
    /// Answers with an error as the request's service spells it.
    Error(AwsError),
    /// Never answers, and keeps the connection open.
    Hang,
    /// Resets the connection (RST) without an answer.
    Reset,
    /// Closes the connection (FIN) without an answer.
    Close,
    /// Sends the head and the first half of the body, then closes: fewer bytes than `content-length` says.
    Cut(Reply),
    /// Sends the head and the first half of the body, then resets the connection.
    ResetMidBody(Reply),
    /// Sends the head and the first half of the body, then nothing more, and keeps the connection open.
    Stall(Reply),
    /// Answers InvokeWithResponseStream, event by event.
    Stream(Stream),
    /// Waits, then does this.
    Delay(Duration, Box<Fault>),
}

/// An error that AWS answers, see [`Fault::error`].
#[derive(Debug, Clone)]
pub struct AwsError {
    status: u16,
    code: String,
    message: String,
    reason: Option<&'static str>,
    headers: Vec<(String, String)>,
}

impl Fault {
    /// An error by status, code and message. JSON services (Logs) answer every client error with 400, so their status
    /// is adapted; STS has XML, and its own names for the codes of access and token.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let (code, message) = (code.to_owned(), message.to_owned());
        Self::Error(AwsError { status, code, message, reason: None, headers: Vec::new() })
    }

    /// 429 as Lambda answers when its API is called too often, with `Retry-After` in seconds.
    pub fn throttled(retry_after: u32) -> Self {
        Self::too_many_requests("CallerRateLimitExceeded", retry_after)
    }

    /// 429 as Invoke answers when all of the function's reserved concurrency is in use.
    pub fn concurrency_exceeded(retry_after: u32) -> Self {
        Self::too_many_requests("ReservedFunctionConcurrentInvocationLimitExceeded", retry_after)
    }

    /// 429 for this reason.
    pub fn too_many_requests(reason: &'static str, retry_after: u32) -> Self {
        Self::Error(AwsError {
            status: 429,
            code: "TooManyRequestsException".into(),
            message: "Rate Exceeded.".into(),
            reason: Some(reason),
            headers: vec![("Retry-After".into(), retry_after.to_string())],
        })
    }

    /// The session's credentials have run out.
    pub fn expired_token() -> Self {
        Self::error(403, "ExpiredTokenException", "The security token included in the request is expired")
    }

    /// The caller may not do this operation; `{action}` in AWS's sentence becomes such as `lambda:ListFunctions`.
    pub fn access_denied() -> Self {
        let message = "User: arn:aws:iam::123456789012:user/alice is not authorized to perform: {action} on \
                       resource: * because no identity-based policy allows the {action} action";
        Self::error(403, "AccessDeniedException", message)
    }

    /// 404: there is no such function.
    pub fn function_not_found(name: &str) -> Self {
        let message = format!("Function not found: arn:aws:lambda:eu-west-1:123456789012:function:{name}");
        Self::error(404, "ResourceNotFoundException", &message)
    }

    /// 409: another update of the function is still under way.
    pub fn conflict(name: &str) -> Self {
        let message = format!(
            "The operation cannot be performed at this time. An update is in progress for resource: \
             arn:aws:lambda:eu-west-1:123456789012:function:{name}"
        );
        Self::error(409, "ResourceConflictException", &message)
    }

    /// 412: the function was changed since its RevisionId was read.
    pub fn precondition_failed() -> Self {
        let message = "The RevisionId provided does not match the latest RevisionId. Call the \
                       GetFunction/GetAlias API to retrieve the latest RevisionId";
        Self::error(412, "PreconditionFailedException", message)
    }

    /// 500 as the service itself answers it.
    pub fn internal_error() -> Self {
        Self::error(500, "ServiceException", "An error occurred and the request cannot be processed.")
    }

    /// 503 as a load balancer answers it: no code, no JSON.
    pub fn unavailable() -> Self {
        Self::Answer(Reply::new(503, "text/plain", "Service Unavailable"))
    }

    /// 502 with a web page, as a proxy on the way answers it.
    pub fn html_bad_gateway() -> Self {
        let page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad \
                    Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
        Self::Answer(Reply::new(502, "text/html", page))
    }

    /// 200 whose body ends in the middle of its JSON, though all bytes that were announced are there.
    pub fn malformed_json() -> Self {
        Self::Answer(Reply::new(200, "application/json", r#"{"Functions": [{"FunctionName": "che"#))
    }

    /// 200 without a body.
    pub fn empty() -> Self {
        Self::Answer(Reply::new(200, "application/json", ""))
    }

    /// 200 with one header of so many bytes.
    pub fn giant_header(bytes: usize) -> Self {
        Self::Answer(Reply::new(200, "application/json", "{}").header("x-giant", &"x".repeat(bytes)))
    }

    /// This, but only after a while.
    #[must_use]
    pub fn after(self, delay: Duration) -> Self {
        if delay.is_zero() { self } else { Self::Delay(delay, Box::new(self)) }
    }
}

/// What the server does with one connection before it reads anything from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionFault {
    /// Resets it at once.
    Reset,
    /// Reads so many bytes, then resets it.
    ResetAfter(usize),
    /// Accepts it and never reads.
    Hang,
    /// Serves it.
    Serve,
}

/// How long a request may take to arrive: only a failing test waits for it.
const PATIENCE: Duration = Duration::from_mins(1);

type Handler = Box<dyn FnMut(&Request) -> Fault + Send>;

#[derive(Default)]
struct Script {
    connections: VecDeque<ConnectionFault>,
    next: HashMap<String, VecDeque<Fault>>,
    handlers: HashMap<String, Arc<Mutex<Handler>>>,
    requests: Vec<Request>,
}

impl Script {
    fn requests(&self, operation: &str) -> impl Iterator<Item = &Request> {
        self.requests.iter().filter(move |request| operation == "*" || request.operation == operation)
    }

    /// A closure's assertion that failed is the test's failure, though it happened on a thread of the server.
    #[track_caller]
    fn assert_no_closure_panicked(&self) {
        for (operation, handler) in &self.handlers {
            assert!(!handler.is_poisoned(), "the script's closure for {operation} panicked, see above");
        }
    }
}

struct Shared {
    /// Held for moments only: neither while a closure runs nor while anybody waits.
    script: Mutex<Script>,
    /// A request was added to the script's.
    arrived: Condvar,
    accepted: AtomicUsize,
    answered: AtomicUsize,
    upstream: Option<String>,
}

impl Shared {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    /// Chooses what is done with the request, then takes it down: who waits for it finds done what its closure does.
    fn fault_for(&self, request: &Request) -> Fault {
        let names = [request.operation.as_str(), "*"];
        let (next, handler) = {
            let mut script = self.script();
            let next = names.iter().find_map(|name| script.next.get_mut(*name)?.pop_front());
            (next, names.iter().find_map(|name| script.handlers.get(*name).cloned()))
        };
        let chosen = next.or_else(|| Some(handler?.lock().unwrap()(request)));
        self.script().requests.push(request.clone());
        self.arrived.notify_all();
        chosen.unwrap_or_else(|| match self.upstream {
            Some(_) => Fault::Pass,
            None => Fault::error(
                501,
                "NotImplementedException",
                &format!("{} is not scripted", request.operation),
            ),
        })
    }

    /// Waits until `count` requests of this operation have arrived; where they do not in time, a text says so. The
    /// time is the caller's own: the server's runtime may be kept busy by a closure, and the test's clock may stand.
    fn wait(&self, operation: &str, count: usize, timeout: Duration) -> Result<(), String> {
        let missing = |script: &mut Script| script.requests(operation).count() < count;
        let (script, _) = self.arrived.wait_timeout_while(self.script(), timeout, missing).unwrap();
        let arrived = script.requests(operation).count();
        if arrived >= count {
            return Ok(());
        }
        let all: Vec<&str> = script.requests.iter().map(|request| request.operation.as_str()).collect();
        Err(format!(
            "{count} of {operation} expected, {arrived} arrived within {timeout:?}; all that did: {all:?}"
        ))
    }
}

/// The server. It ends, with all its connections, when this is dropped.
pub struct FaultServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
}

impl FaultServer {
    /// Starts a server on a free port that answers 501 to what is not scripted.
    pub fn start() -> Self {
        Self::serve(None)
    }

    /// Starts a server on a free port that passes what is not scripted to `endpoint` (`http://host:port`), unchanged:
    /// signatures stay valid, since they cover this server's own Host header.
    pub fn forwarding(endpoint: &str) -> Self {
        let upstream = endpoint.strip_prefix("http://").expect("an http endpoint").trim_end_matches('/');
        Self::serve(Some(upstream.to_owned()))
    }

    fn serve(upstream: Option<String>) -> Self {
        let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            script: Mutex::default(),
            arrived: Condvar::new(),
            accepted: AtomicUsize::new(0),
            answered: AtomicUsize::new(0),
            upstream,
        });
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.spawn(accept(listener, Arc::clone(&shared)));
        Self { address, shared, runtime: Some(runtime) }
    }

    /// The endpoint URL to give to a client.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Lets the next requests of this operation meet these, in turn; later ones are treated as before.
    pub fn script(&self, operation: &str, faults: impl IntoIterator<Item = Fault>) {
        self.shared.script().next.entry(operation.to_owned()).or_default().extend(faults);
    }

    /// Lets every request of this operation meet the same.
    pub fn always(&self, operation: &str, fault: Fault) {
        self.answer(operation, move |_| fault.clone());
    }

    /// Lets every request of this operation be answered by a closure. It replaces the operation's earlier one. While it
    /// runs the server does nothing else; the test fails when it panics.
    pub fn answer(&self, operation: &str, handler: impl FnMut(&Request) -> Fault + Send + 'static) {
        let handler: Handler = Box::new(handler);
        self.shared.script().handlers.insert(operation.to_owned(), Arc::new(Mutex::new(handler)));
    }

    /// Lets the next connections meet these, in turn; later ones are served.
    pub fn script_connections(&self, faults: impl IntoIterator<Item = ConnectionFault>) {
        self.shared.script().connections.extend(faults);
    }

    /// Forgets all scripts; the count of requests stays.
    pub fn heal(&self) {
        let mut script = self.shared.script();
        script.assert_no_closure_panicked();
        script.connections.clear();
        script.next.clear();
        script.handlers.clear();
    }

    /// The requests of this operation so far, in the order in which they arrived.
    pub fn requests(&self, operation: &str) -> Vec<Request> {
        self.shared.script().requests(operation).cloned().collect()
    }

    /// How many requests of this operation arrived so far, retries included.
    pub fn count(&self, operation: &str) -> usize {
        self.shared.script().requests(operation).count()
    }

    /// How many connections were accepted so far.
    pub fn connections(&self) -> usize {
        self.shared.accepted.load(Ordering::Relaxed)
    }

    /// Resolves once `count` requests of this operation have arrived, and what the script's closure does about them is
    /// done.
    ///
    /// # Panics
    /// When they have not arrived in a minute of real time, whatever the test's clock says.
    pub async fn arrived(&self, operation: &str, count: usize) {
        let (shared, operation) = (Arc::clone(&self.shared), operation.to_owned());
        let (tell, told) = oneshot::channel();
        std::thread::spawn(move || tell.send(shared.wait(&operation, count, PATIENCE)));
        told.await.unwrap().unwrap_or_else(|problem| panic!("{problem}"));
    }

    /// [`Self::arrived`] for a synchronous test.
    ///
    /// # Panics
    /// When they have not arrived in time.
    #[track_caller]
    pub fn wait_arrived(&self, operation: &str, count: usize, timeout: Duration) {
        self.shared.wait(operation, count, timeout).unwrap_or_else(|problem| panic!("{problem}"));
    }
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        // Not the runtime's own drop: it would block, which is not allowed in an async test.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        if !std::thread::panicking() {
            let mut script = self.shared.script();
            script.assert_no_closure_panicked();
            // What they hold goes here, not on a thread of the server whenever that ends.
            let handlers = std::mem::take(&mut script.handlers);
            drop(script);
            drop(handlers);
        }
    }
}

/// An endpoint where nothing listens: connections to it are refused.
pub fn refused_endpoint() -> String {
    let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

async fn accept(listener: StdListener, shared: Arc<Shared>) {
    let listener = TcpListener::from_std(listener).unwrap();
    while let Ok((stream, _)) = listener.accept().await {
        shared.accepted.fetch_add(1, Ordering::Relaxed);
        let fault = shared.script().connections.pop_front().unwrap_or(ConnectionFault::Serve);
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            match fault {
                // An error is the client's going away, which is no concern of the script's.
                ConnectionFault::Serve => drop(serve_connection(stream, &shared).await),
                ConnectionFault::Reset => reset(stream),
                ConnectionFault::ResetAfter(bytes) => {
                    let mut stream = stream;
                    // Fewer where the client gave up.
                    let _ = stream.read_exact(&mut vec![0; bytes]).await;
                    reset(stream);
                }
                ConnectionFault::Hang => {
                    std::future::pending::<()>().await;
                    drop(stream);
                }
            }
        });
    }
}

/// Closes with RST instead of FIN.
fn reset(stream: TcpStream) {
    let _ = stream.set_zero_linger();
    drop(stream);
}

/// Keeps the connection open until the client closes it.
async fn hold(mut stream: TcpStream) {
    let mut sink = [0; 1024];
    while stream.read(&mut sink).await.is_ok_and(|read| read > 0) {}
}

async fn serve_connection(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    while let Some(request) = http::read_request(&mut stream, &mut buffer).await? {
        let mut fault = shared.fault_for(&request);
        while let Fault::Delay(delay, then) = fault {
            tokio::time::sleep(delay).await;
            fault = *then;
        }
        let number = shared.answered.fetch_add(1, Ordering::Relaxed);
        match fault {
            Fault::Delay(..) => unreachable!("unwrapped above"),
            Fault::Pass => {
                let upstream = shared.upstream.as_deref().expect("Pass needs a server that forwards");
                if !http::forward(&request, upstream, Some(&mut stream)).await? {
                    return Ok(());
                }
            }
            Fault::PassThenReset => {
                let upstream =
                    shared.upstream.as_deref().expect("PassThenReset needs a server that forwards");
                http::forward(&request, upstream, None).await?;
                reset(stream);
                return Ok(());
            }
            Fault::Answer(reply) => stream.write_all(&reply.whole(number)).await?,
            Fault::Error(error) => stream.write_all(&error.reply(&request).whole(number)).await?,
            Fault::Stream(events) => match events.send(&mut stream, number).await? {
                stream::End::Whole => {}
                stream::End::Close => return stream.shutdown().await,
                stream::End::Reset => {
                    reset(stream);
                    return Ok(());
                }
                stream::End::Hang => {
                    hold(stream).await;
                    return Ok(());
                }
            },
            Fault::Hang => {
                hold(stream).await;
                return Ok(());
            }
            Fault::Reset => {
                reset(stream);
                return Ok(());
            }
            Fault::Close => return Ok(()),
            Fault::Cut(reply) => {
                stream.write_all(&reply.half(number)).await?;
                return stream.shutdown().await;
            }
            Fault::ResetMidBody(reply) => {
                stream.write_all(&reply.half(number)).await?;
                // What was sent is already in the client's buffer: loopback delivers within the write.
                reset(stream);
                return Ok(());
            }
            Fault::Stall(reply) => {
                stream.write_all(&reply.half(number)).await?;
                hold(stream).await;
                return Ok(());
            }
        }
    }
    Ok(())
}
