//! AWS and the network on a bad day: every failure ends, in time, in one error that says what happened and what to do,
//! and what changes something is never sent twice.

mod executor;
mod invocations;
mod log_sources;
mod logs;
mod repeats;
mod streams;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use lambdeck::cloud::logs::EventQuery;
use lambdeck::cloud::{Error, Kind, Session, Spec};
use lambdeck::domain::invocation::{Answer, Mode, Request};
use lambdeck::domain::secret::Secret;
use serde_json::json;

use crate::support::fault_server::canned::{function_name, serve_functions};
use crate::support::fault_server::{ConnectionFault, Fault, FaultServer, Reply, refused_endpoint};

const SECRET: &str = "a secret that no error may repeat";
const CONTEXT: &str = "a context that no error may repeat";

async fn open(endpoint: &str) -> Session {
    session(endpoint, false).await
}

async fn session(endpoint: &str, read_only: bool) -> Session {
    let spec = Spec {
        region: Some("eu-west-1".into()),
        endpoint_url: Some(endpoint.into()),
        keys: Some(("AKIDEXAMPLE".into(), Secret::new("the-secret-key"))),
        read_only,
        ..Spec::default()
    };
    Session::open(&spec).await.unwrap()
}

/// A request with secrets in its event and its client context.
fn request(mode: Mode) -> Request {
    Request {
        function: "checkout".into(),
        mode,
        payload: Arc::new(Secret::new(json!({ "card": SECRET }).to_string())),
        client_context: Some(Arc::new(Secret::new(json!({ "custom": { "who": CONTEXT } }).to_string()))),
        timeout_s: Some(3),
        ..Request::default()
    }
}

async fn invoke(session: &Session) -> Result<Answer, Error> {
    session.invoke(&request(Mode::RequestResponse), None).await
}

/// Runs a call whose answer never comes. Once its request has arrived the clock jumps from time-out to time-out.
async fn timed_out<T>(server: &FaultServer, operation: &str, call: impl Future<Output = T>) -> T {
    let jump = async {
        server.arrived(operation, 1).await;
        tokio::time::pause();
    };
    let (outcome, ()) = tokio::join!(call, jump);
    tokio::time::resume();
    outcome
}

/// What holds for every error that is shown.
#[track_caller]
fn assert_presentable(error: &Error) {
    for text in [format!("{error}"), format!("{error:?}")] {
        for never in [SECRET, CONTEXT, "the-secret-key", "<html", "Response {", "SdkError"] {
            assert!(!text.contains(never), "{text}");
        }
    }
    assert!(!error.message.is_empty() && error.message.lines().count() == 1, "{error:?}");
    assert!(error.hint.is_some() || error.kind == Kind::Invalid, "{error:?}");
}

/// Faults that AWS's own retry rules call final, and those that they call worth another try.
fn read_faults() -> Vec<(Fault, Kind, &'static str, usize)> {
    let list = || Reply::json(&json!({ "Functions": [], "NextMarker": null }));
    vec![
        (
            Fault::expired_token(),
            Kind::Credentials,
            "The security token included in the request is expired",
            1,
        ),
        (Fault::access_denied(), Kind::Denied, "is not authorized to perform: lambda:ListFunctions", 1),
        (Fault::function_not_found("f"), Kind::NotFound, "Function not found: arn:aws", 1),
        (Fault::conflict("f"), Kind::Conflict, "An update is in progress", 1),
        (Fault::precondition_failed(), Kind::Stale, "does not match the latest RevisionId", 1),
        (Fault::error(501, "NotImplementedException", "not here"), Kind::Unsupported, "not here", 1),
        (Fault::malformed_json(), Kind::Service, "the answer was cut or made no sense", 1),
        (Fault::throttled(1), Kind::Throttled, "Rate Exceeded.", 3),
        (Fault::internal_error(), Kind::Service, "(ServiceException)", 3),
        (Fault::unavailable(), Kind::Service, "HTTP 503 without an AWS error", 3),
        (Fault::html_bad_gateway(), Kind::Service, "HTTP 502 without an AWS error", 3),
        (Fault::Reset, Kind::Network, "the connection broke", 3),
        (Fault::Close, Kind::Network, "the connection broke", 3),
        (Fault::Cut(list()), Kind::Service, "the answer was cut or made no sense", 3),
        (Fault::ResetMidBody(list()), Kind::Service, "the answer was cut or made no sense", 3),
        (Fault::giant_header(1 << 20), Kind::Network, "the connection broke", 1),
    ]
}

#[tokio::test]
async fn every_failure_of_a_read_says_what_happened_and_what_to_do() {
    // All at the same time: the SDK waits between its attempts.
    let cases = read_faults().into_iter().map(|(fault, kind, message, attempts)| async move {
        let server = FaultServer::start();
        server.always("ListFunctions", fault.clone());
        let error = open(&server.endpoint()).await.list_functions(None).await.unwrap_err();
        assert_eq!(error.kind, kind, "{fault:?}: {error:?}");
        assert!(error.message.starts_with("could not list functions: "), "{error:?}");
        assert!(error.message.contains(message), "{fault:?}: {error:?}");
        assert_presentable(&error);
        assert_eq!(server.count("ListFunctions"), attempts, "{fault:?}");
    });
    join_all(cases).await;
}

#[tokio::test]
async fn a_read_outlives_a_moment_of_trouble() {
    let cases = [Fault::throttled(1), Fault::internal_error(), Fault::html_bad_gateway(), Fault::Reset];
    let cases = cases.into_iter().map(|fault| async move {
        let server = FaultServer::start();
        serve_functions(&server, 2, Duration::ZERO);
        server.script("ListFunctions", [fault]);
        let page = open(&server.endpoint()).await.list_functions(None).await.unwrap();
        assert_eq!(page.items.len(), 2);
        assert_eq!(server.count("ListFunctions"), 2);
    });
    join_all(cases).await;
}

#[tokio::test]
async fn a_read_that_is_never_answered_ends() {
    let stalled = Fault::Stall(Reply::json(&json!({ "Functions": [] })));
    for fault in [Fault::Hang, stalled] {
        let server = FaultServer::start();
        server.always("ListFunctions", fault.clone());
        let session = open(&server.endpoint()).await;
        let error = timed_out(&server, "ListFunctions", session.list_functions(None)).await.unwrap_err();
        assert_eq!(error.kind, Kind::Timeout, "{fault:?}: {error:?}");
        assert!(error.message.starts_with("could not list functions: no "), "{fault:?}: {error:?}");
        assert_presentable(&error);
    }
}

#[tokio::test]
async fn a_listener_that_never_reads_ends_in_a_time_out() {
    let server = FaultServer::start();
    server.script_connections([ConnectionFault::Hang; 16]);
    let session = open(&server.endpoint()).await;
    // Nothing arrives, so there is nothing to wait for: the connection is made by the kernel alone.
    tokio::time::pause();
    let error = session.list_functions(None).await.unwrap_err();
    assert_eq!(error.kind, Kind::Timeout, "{error:?}");
    assert_presentable(&error);
}

#[tokio::test]
async fn nobody_listening_is_told_from_a_broken_connection() {
    let endpoint = refused_endpoint();
    let session = open(&endpoint).await;
    let (listed, invoked) = tokio::join!(session.list_functions(None), invoke(&session));
    for error in [listed.unwrap_err(), invoked.unwrap_err()] {
        // Nothing left, so nothing can have run.
        assert_eq!(error.kind, Kind::Network, "{error:?}");
        assert!(error.message.contains("no connection ("), "{error:?}");
        assert_presentable(&error);
    }
}

#[tokio::test]
async fn a_connection_that_never_opens_carried_nothing() {
    // The system lets no connection in once this many wait to be accepted.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let waiting: Vec<_> = (0..2).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
    let session = open(&format!("http://{address}")).await;
    tokio::time::pause();
    let error = invoke(&session).await.unwrap_err();
    assert_eq!(error.kind, Kind::Timeout, "{error:?}");
    assert!(error.message.contains("no connection in time"), "{error:?}");
    assert_presentable(&error);
    drop(waiting);
}

#[tokio::test]
async fn the_other_services_fail_as_clearly() {
    let server = FaultServer::start();
    let session = open(&server.endpoint()).await;
    let query = EventQuery { group: "/aws/lambda/checkout".into(), ..EventQuery::default() };

    for (fault, kind) in [
        (Fault::expired_token(), Kind::Credentials),
        (Fault::access_denied(), Kind::Denied),
        (
            Fault::error(400, "ResourceNotFoundException", "The specified log group does not exist."),
            Kind::NotFound,
        ),
    ] {
        server.script("FilterLogEvents", [fault]);
        let error = session.filter_log_events(&query).await.unwrap_err();
        assert_eq!(error.kind, kind, "{error:?}");
        assert!(
            error.message.starts_with("could not read the log group /aws/lambda/checkout: "),
            "{error:?}"
        );
        assert_presentable(&error);
    }

    // STS has XML and other names for the same; an emulator may not have it at all.
    let missing = Fault::Answer(Reply::new(404, "text/html", "<html>Not Found</html>"));
    for (fault, kind) in [
        (Fault::expired_token(), Kind::Credentials),
        (Fault::access_denied(), Kind::Denied),
        (missing, Kind::NotFound),
    ] {
        server.script("GetCallerIdentity", [fault]);
        let error = session.identity().await.unwrap_err();
        assert_eq!(error.kind, kind, "{error:?}");
        assert_presentable(&error);
    }
}

#[tokio::test]
async fn a_request_id_is_kept_for_the_support() {
    let server = FaultServer::start();
    server.always("ListFunctions", Fault::access_denied());
    let error = open(&server.endpoint()).await.list_functions(None).await.unwrap_err();
    assert_eq!(error.request_id.as_deref(), Some("00000000-0000-4000-8000-000000000000"));
}

#[tokio::test]
async fn a_read_only_session_reads_and_sends_no_write() {
    let server = FaultServer::start();
    serve_functions(&server, 1, Duration::ZERO);
    let session = session(&server.endpoint(), true).await;
    assert_eq!(session.list_functions(None).await.unwrap().items.len(), 1);
    let error = invoke(&session).await.unwrap_err();
    assert_eq!(error.kind, Kind::ReadOnly, "{error:?}");
    assert_presentable(&error);
    assert_eq!(server.count("Invoke"), 0);
}

#[tokio::test]
async fn what_the_other_side_says_cannot_write_to_the_terminal() {
    let server = FaultServer::start();
    server.always(
        "ListFunctions",
        Fault::error(400, "InvalidParameterValueException", "a\u{1b}[2Jb\u{202e}c\r\nd"),
    );
    let error = open(&server.endpoint()).await.list_functions(None).await.unwrap_err();
    let text = error.to_string();
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\r', '\n']), "{text:?}");
}

#[tokio::test]
async fn many_pages_come_whole_and_in_their_order() {
    let server = FaultServer::start();
    serve_functions(&server, 120, Duration::ZERO);
    let session = open(&server.endpoint()).await;
    let (mut names, mut marker) = (Vec::new(), None);
    loop {
        let page = session.list_functions(marker).await.unwrap();
        names.extend(page.items.iter().map(|function| function.name.to_string()));
        marker = page.next;
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(names, (0..120).map(function_name).collect::<Vec<_>>());
    assert_eq!((server.count("ListFunctions"), server.connections()), (3, 1));
}
