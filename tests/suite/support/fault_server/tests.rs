//! The server does what its scripts say: without that, the tests that stand on it prove nothing.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

use super::canned::{LogScript, function_name, serve_functions, serve_identity};
use super::{ConnectionFault, Fault, FaultServer, Reply, refused_endpoint};

fn sdk(endpoint: &str, attempts: u32) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .endpoint_url(endpoint)
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "id", "secret", None, None, "tests",
        )))
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(attempts)
                .with_initial_backoff(Duration::from_millis(1)),
        )
        .timeout_config(TimeoutConfig::builder().operation_timeout(Duration::from_secs(20)).build())
        .build()
}

fn lambda(server: &FaultServer, attempts: u32) -> aws_sdk_lambda::Client {
    aws_sdk_lambda::Client::new(&sdk(&server.endpoint(), attempts))
}

const LIST: &str = "GET /2015-03-31/functions?MaxItems=50 HTTP/1.1\r\nHost: x\r\n\r\n";
const INVOKE: &str =
    "POST /2015-03-31/functions/f/invocations HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";

fn connect(server: &FaultServer) -> TcpStream {
    let stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

/// Sends this; what came back, and how reading ended: `None` with the end of the stream.
fn exchange(stream: &mut TcpStream, request: &str) -> (String, Option<ErrorKind>) {
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let end = stream.read_to_end(&mut answer).err().map(|error| error.kind());
    (String::from_utf8_lossy(&answer).into_owned(), end)
}

/// Nothing at all arrives for a moment, and the connection is still open.
#[track_caller]
fn assert_silent(stream: &mut TcpStream) {
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let mut outcome = Err(ErrorKind::Interrupted);
    while outcome == Err(ErrorKind::Interrupted) {
        outcome = stream.read(&mut [0]).map_err(|error| error.kind());
    }
    assert!(matches!(outcome, Err(ErrorKind::WouldBlock | ErrorKind::TimedOut)), "{outcome:?}");
}

#[test]
fn a_reset_is_a_reset_and_a_close_is_a_close() {
    let server = FaultServer::start();
    server.script("Invoke", [Fault::Reset, Fault::Close]);
    assert_eq!(exchange(&mut connect(&server), INVOKE), (String::new(), Some(ErrorKind::ConnectionReset)));
    assert_eq!(exchange(&mut connect(&server), INVOKE), (String::new(), None));
    assert_eq!(server.count("Invoke"), 2);
    assert_eq!(server.requests("Invoke")[0].body, b"{}");
}

#[test]
fn a_body_is_cut_reset_or_stalled_in_its_middle() {
    let server = FaultServer::start();
    let reply = || Reply::new(200, "text/plain", "0123456789");
    server
        .script("ListFunctions", [Fault::Cut(reply()), Fault::ResetMidBody(reply()), Fault::Stall(reply())]);

    let (cut, end) = exchange(&mut connect(&server), LIST);
    assert!(cut.contains("content-length: 10\r\n") && cut.ends_with("\r\n\r\n01234"), "{cut}");
    assert_eq!(end, None);

    let (cut, end) = exchange(&mut connect(&server), LIST);
    assert!(cut.ends_with("\r\n\r\n01234"), "{cut}");
    assert_eq!(end, Some(ErrorKind::ConnectionReset));

    let mut stream = connect(&server);
    stream.write_all(LIST.as_bytes()).unwrap();
    let mut seen = String::new();
    while !seen.ends_with("01234") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        seen.push(char::from(byte[0]));
    }
    assert_silent(&mut stream);
}

#[test]
fn a_hang_never_answers_and_a_dropped_server_ends_it() {
    let server = FaultServer::start();
    server.always("ListFunctions", Fault::Hang);
    let mut stream = connect(&server);
    stream.write_all(LIST.as_bytes()).unwrap();
    server.wait_arrived("ListFunctions", 1, Duration::from_secs(10));
    assert_silent(&mut stream);
    drop(server);
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let ended = stream.read(&mut [0]);
    assert!(!matches!(&ended, Err(error) if error.kind() == ErrorKind::WouldBlock), "{ended:?}");
}

#[test]
fn connections_are_reset_or_left_hanging_before_anything_is_read() {
    let server = FaultServer::start();
    server.always("*", Fault::empty());
    server.script_connections([ConnectionFault::Reset, ConnectionFault::Hang, ConnectionFault::Serve]);

    let mut first = connect(&server);
    assert_eq!(first.read(&mut [0]).map_err(|error| error.kind()), Err(ErrorKind::ConnectionReset));
    let mut second = connect(&server);
    second.write_all(LIST.as_bytes()).unwrap();
    assert_silent(&mut second);
    assert_eq!(server.count("*"), 0);

    let mut third = connect(&server);
    third.write_all(LIST.as_bytes()).unwrap();
    assert!(third.read(&mut [0]).is_ok_and(|read| read == 1));
    assert_eq!((server.count("*"), server.connections()), (1, 3));
}

#[test]
fn scripts_run_out_and_answers_stay_until_healed() {
    let server = FaultServer::start();
    // Each answer is a cut one, so that the end of the connection ends the exchange.
    let status = |server: &FaultServer| {
        let (answer, _) = exchange(&mut connect(server), LIST);
        answer.split(' ').nth(1).map(str::to_owned)
    };
    server.script("ListFunctions", [Fault::Cut(Reply::new(418, "text/plain", ""))]);
    server.always("*", Fault::Cut(Reply::new(200, "text/plain", "")));
    assert_eq!(status(&server).as_deref(), Some("418"));
    assert_eq!(status(&server).as_deref(), Some("200"));
    server.heal();
    server.script("*", [Fault::Cut(Reply::new(204, "text/plain", ""))]);
    assert_eq!(status(&server).as_deref(), Some("204"));
    assert_eq!(server.count("ListFunctions"), 3);
}

#[test]
fn a_delay_comes_before_the_fault() {
    let server = FaultServer::start();
    server.always("*", Fault::Close.after(Duration::from_millis(60)));
    let before = Instant::now();
    assert_eq!(exchange(&mut connect(&server), LIST), (String::new(), None));
    assert!(before.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn the_sdk_reads_every_error_as_the_service_spells_it() {
    let server = FaultServer::start();
    let lambda = lambda(&server, 1);
    let cases = [
        (Fault::throttled(3), "TooManyRequestsException", 429),
        (Fault::concurrency_exceeded(3), "TooManyRequestsException", 429),
        (Fault::expired_token(), "ExpiredTokenException", 403),
        (Fault::access_denied(), "AccessDeniedException", 403),
        (Fault::function_not_found("f"), "ResourceNotFoundException", 404),
        (Fault::conflict("f"), "ResourceConflictException", 409),
        (Fault::precondition_failed(), "PreconditionFailedException", 412),
        (Fault::internal_error(), "ServiceException", 500),
    ];
    for (fault, code, status) in cases {
        server.script("Invoke", [fault]);
        let error = lambda.invoke().function_name("f").send().await.unwrap_err();
        assert_eq!(error.code(), Some(code));
        assert!(
            error.message().is_some_and(|message| !message.contains('{')),
            "{code}: {:?}",
            error.message()
        );
        assert_eq!(error.raw_response().unwrap().status().as_u16(), status);
    }

    server.script("Invoke", [Fault::access_denied()]);
    let denied = lambda.invoke().function_name("f").send().await.unwrap_err();
    assert!(
        denied.message().unwrap().contains("is not authorized to perform: lambda:InvokeFunction on resource")
    );

    server.script("Invoke", [Fault::throttled(7)]);
    let throttled = lambda.invoke().function_name("f").send().await.unwrap_err().into_service_error();
    let aws_sdk_lambda::operation::invoke::InvokeError::TooManyRequestsException(throttled) = throttled
    else {
        panic!("{throttled:?}");
    };
    assert_eq!(throttled.retry_after_seconds(), Some("7"));
    assert_eq!(
        throttled.reason().map(aws_sdk_lambda::types::ThrottleReason::as_str),
        Some("CallerRateLimitExceeded")
    );

    server.script("FilterLogEvents", [Fault::expired_token()]);
    let logs = aws_sdk_cloudwatchlogs::Client::new(&sdk(&server.endpoint(), 1));
    let error = logs.filter_log_events().log_group_name("g").send().await.unwrap_err();
    assert_eq!(
        (error.code(), error.raw_response().unwrap().status().as_u16()),
        (Some("ExpiredTokenException"), 400)
    );

    server.script("GetCallerIdentity", [Fault::expired_token()]);
    let sts = aws_sdk_sts::Client::new(&sdk(&server.endpoint(), 1));
    let error = sts.get_caller_identity().send().await.unwrap_err();
    assert_eq!((error.code(), error.raw_response().unwrap().status().as_u16()), (Some("ExpiredToken"), 403));
}

#[tokio::test]
async fn the_sdk_fails_on_what_is_no_answer() {
    let server = FaultServer::start();
    let lambda = lambda(&server, 1);
    let list = Reply::json(&serde_json::json!({ "Functions": [] }));
    let faults = [
        Fault::unavailable(),
        Fault::html_bad_gateway(),
        Fault::malformed_json(),
        Fault::Reset,
        Fault::Close,
        Fault::Cut(list.clone()),
        Fault::ResetMidBody(list.clone()),
        Fault::giant_header(1 << 20),
    ];
    let count = faults.len();
    for fault in faults {
        server.script("ListFunctions", [fault.clone()]);
        let answer = lambda.list_functions().send().await;
        assert!(answer.is_err(), "{fault:?}: {answer:?}");
        assert!(answer.unwrap_err().code().is_none());
    }
    assert_eq!(server.count("ListFunctions"), count);
    // An empty body is an empty list to the SDK.
    server.script("ListFunctions", [Fault::empty()]);
    assert!(lambda.list_functions().send().await.unwrap().functions().is_empty());
    server.script("ListFunctions", [Fault::Answer(list)]);
    assert!(lambda.list_functions().send().await.unwrap().functions().is_empty());
}

#[tokio::test]
async fn retries_are_counted() {
    let server = FaultServer::start();
    serve_functions(&server, 3, Duration::ZERO);
    server.script("ListFunctions", [Fault::internal_error(), Fault::Reset]);
    let answer = lambda(&server, 3).list_functions().send().await.unwrap();
    assert_eq!(answer.functions().len(), 3);
    assert_eq!(server.count("ListFunctions"), 3);
    let attempts: Vec<_> = server
        .requests("ListFunctions")
        .iter()
        .map(|request| request.header("AMZ-SDK-Request").map(str::to_owned))
        .collect();
    assert_eq!(attempts[2].as_deref(), Some("attempt=3; max=3"));
}

#[tokio::test]
async fn functions_come_in_pages_each_with_its_latency() {
    let server = FaultServer::start();
    serve_functions(&server, 120, Duration::from_millis(20));
    let lambda = lambda(&server, 1);
    let before = Instant::now();
    let mut pages = lambda.list_functions().into_paginator().send();
    let mut sizes = Vec::new();
    let mut last = None;
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        sizes.push(page.functions().len());
        last = page.functions().last().and_then(|function| function.function_name()).map(str::to_owned);
    }
    assert_eq!(sizes, [50, 50, 20]);
    assert_eq!(last, Some(function_name(119)));
    assert!(before.elapsed() >= Duration::from_millis(60));

    let one = lambda.get_function().function_name(function_name(7)).send().await.unwrap();
    assert_eq!(one.configuration().unwrap().state(), Some(&aws_sdk_lambda::types::State::Active));
    let none =
        lambda.get_function_configuration().function_name(function_name(120)).send().await.unwrap_err();
    assert_eq!(none.code(), Some("ResourceNotFoundException"));
    let sts = aws_sdk_sts::Client::new(&sdk(&server.endpoint(), 1));
    assert_eq!(sts.get_caller_identity().send().await.unwrap().account(), Some("123456789012"));
}

#[tokio::test]
async fn log_events_are_filtered_by_time_and_paged() {
    let server = FaultServer::start();
    let script = LogScript::default();
    script.serve(&server, 2, Duration::ZERO);
    for time in [30, 10, 20, 40] {
        script.push("/aws/lambda/f", "s", time, &format!("at {time}"));
    }
    let logs = aws_sdk_cloudwatchlogs::Client::new(&sdk(&server.endpoint(), 1));
    let filter = |from: i64| logs.filter_log_events().log_group_name("/aws/lambda/f").start_time(from);
    let messages = |events: &[aws_sdk_cloudwatchlogs::types::FilteredLogEvent]| {
        events.iter().filter_map(|event| event.message().map(str::to_owned)).collect::<Vec<_>>()
    };

    let first = filter(20).send().await.unwrap();
    assert_eq!(messages(first.events()), ["at 20", "at 30"]);
    let second = filter(20).next_token(first.next_token().unwrap()).send().await.unwrap();
    assert_eq!((messages(second.events()), second.next_token()), (vec!["at 40".to_owned()], None));
    assert_eq!(messages(filter(0).end_time(10).send().await.unwrap().events()), ["at 10"]);

    // A late event keeps an id of its own.
    script.push("/aws/lambda/f", "s", 20, "late");
    let late = filter(20).end_time(20).send().await.unwrap();
    assert_eq!(messages(late.events()), ["at 20", "late"]);
    assert_ne!(late.events()[0].event_id(), late.events()[1].event_id());

    let unknown = logs.filter_log_events().log_group_name("/none").send().await.unwrap_err();
    assert_eq!(unknown.code(), Some("ResourceNotFoundException"));
}

#[tokio::test]
async fn what_is_not_scripted_passes_through() {
    let behind = FaultServer::start();
    serve_functions(&behind, 60, Duration::ZERO);
    let server = FaultServer::forwarding(&behind.endpoint());
    let client = lambda(&server, 1);

    assert_eq!(client.list_functions().send().await.unwrap().functions().len(), 50);
    assert_eq!(client.list_functions().marker("1").send().await.unwrap().functions().len(), 10);
    assert_eq!(server.connections(), 1, "the connection is used again");
    let (here, there) = (server.requests("*"), behind.requests("*"));
    assert_eq!(
        here.iter().map(|request| &request.raw).collect::<Vec<_>>(),
        there.iter().map(|request| &request.raw).collect::<Vec<_>>()
    );

    // The request took effect behind, and the client can't know.
    server.script("ListFunctions", [Fault::PassThenReset]);
    assert!(client.list_functions().send().await.is_err());
    assert_eq!(behind.count("ListFunctions"), 3);
}

#[test]
fn chunked_bodies_and_bodies_without_a_length_pass_through() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = format!("http://{}", listener.local_addr().unwrap());
    let chunked =
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\na: b\r\n\r\n";
    let endless = "HTTP/1.1 200 OK\r\n\r\nuntil the end";
    let answers = [chunked, chunked, endless];
    let thread = std::thread::spawn(move || {
        // Kept until all are answered: only the framing tells where a chunked body ends.
        let mut kept = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = vec![0; LIST.len()];
            stream.read_exact(&mut request).unwrap();
            for part in answer.as_bytes().chunks(7) {
                stream.write_all(part).unwrap();
            }
            if answer == chunked {
                kept.push(stream);
            }
        }
    });
    let server = FaultServer::forwarding(&upstream);
    let mut stream = connect(&server);
    for _ in 0..2 {
        stream.write_all(LIST.as_bytes()).unwrap();
        let mut answer = vec![0; chunked.len()];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(String::from_utf8_lossy(&answer), chunked);
    }
    // A body that ends with its connection takes the client's along.
    stream.write_all(LIST.as_bytes()).unwrap();
    let mut answer = vec![0; endless.len()];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), endless);
    thread.join().unwrap();
}

#[tokio::test]
async fn nothing_listens_at_the_refused_endpoint() {
    let error =
        aws_sdk_lambda::Client::new(&sdk(&refused_endpoint(), 1)).list_functions().send().await.unwrap_err();
    assert!(error.as_service_error().is_none());
}

#[tokio::test]
async fn identity_is_whose_it_is_told() {
    let server = FaultServer::start();
    serve_identity(&server, "111122223333");
    let sts = aws_sdk_sts::Client::new(&sdk(&server.endpoint(), 1));
    assert_eq!(sts.get_caller_identity().send().await.unwrap().account(), Some("111122223333"));
    tokio::time::timeout(Duration::from_secs(10), server.arrived("GetCallerIdentity", 1)).await.unwrap();
}

/// Does this on a thread of its own, so that a test of what may block for ever fails instead.
fn in_time<T: Send + 'static>(what: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, waiting) = mpsc::channel();
    std::thread::spawn(move || done.send(work()));
    waiting.recv_timeout(Duration::from_secs(10)).unwrap_or_else(|_| panic!("{what} has no end"))
}

#[test]
fn who_waits_for_requests_and_requests_that_arrive_do_not_block_each_other() {
    const CLIENTS: usize = 4;
    const EACH: usize = 500;
    let server = Arc::new(FaultServer::start());
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let mut stream = connect(&server);
            std::thread::spawn(move || {
                // One after another, each as soon as the server has taken the one before.
                let mut answers = [0; 4096];
                for _ in 0..EACH {
                    stream.write_all(LIST.as_bytes()).unwrap();
                    assert!(stream.read(&mut answers).unwrap() > 0);
                }
            })
        })
        .collect();
    in_time("waiting", move || {
        for count in 1..=CLIENTS * EACH {
            server.wait_arrived("ListFunctions", count, Duration::from_secs(10));
        }
    });
    for client in clients {
        client.join().unwrap();
    }
}

#[test]
fn a_closure_that_takes_its_time_holds_up_nobody_who_looks_or_waits() {
    let server = Arc::new(FaultServer::start());
    let ((entered, entering), (go_on, waiting)) = (mpsc::channel(), mpsc::channel::<()>());
    server.answer("ListFunctions", move |_| {
        entered.send(()).unwrap();
        let _ = waiting.recv_timeout(Duration::from_secs(20));
        Fault::empty()
    });
    let mut stream = connect(&server);
    stream.write_all(LIST.as_bytes()).unwrap();
    entering.recv_timeout(Duration::from_secs(10)).unwrap();

    let asked = Arc::clone(&server);
    assert_eq!(in_time("a look", move || asked.count("ListFunctions")), 0);
    let asked = Arc::clone(&server);
    let waited = in_time("a wait", move || {
        std::panic::catch_unwind(|| asked.wait_arrived("ListFunctions", 1, Duration::from_millis(10)))
    });
    let message = *waited.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("1 of ListFunctions expected, 0 arrived"), "{message}");

    go_on.send(()).unwrap();
    server.wait_arrived("ListFunctions", 1, Duration::from_secs(10));
}

#[test]
fn a_closure_that_panics_fails_the_test() {
    let server = FaultServer::start();
    server.answer("ListFunctions", |_| panic!("as this test wants it"));
    let mut stream = connect(&server);
    assert_eq!(exchange(&mut stream, LIST), (String::new(), None));
    let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(server)));
    assert!(dropped.is_err());
}
