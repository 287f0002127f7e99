//! Invocations on a bad day: whatever happens, exactly one request leaves, and nobody is told that it failed where it
//! may have run.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use lambdeck::domain::invocation::Ending;
use lambdeck::local::Engine;
use rstest::rstest;
use tokio::time::Instant;

use super::*;
use crate::support::engine;
use crate::support::fault_server::Stream;

/// What an operation answers where nothing is wrong.
fn good(mode: Mode) -> Fault {
    match mode {
        Mode::RequestResponse => Fault::Answer(Reply::json(&json!({ "done": true }))),
        Mode::ResponseStream => Fault::Stream(Stream::new().piece("done").complete(&json!({}))),
        Mode::Event => Fault::Answer(Reply::new(202, "application/json", "")),
        Mode::DryRun => Fault::Answer(Reply::new(204, "application/json", "")),
    }
}

fn operation(mode: Mode) -> &'static str {
    if mode == Mode::ResponseStream { "InvokeWithResponseStream" } else { "Invoke" }
}

async fn send(server: &FaultServer, request: &Request) -> Result<Answer, Error> {
    open(&server.endpoint()).await.invoke(request, None).await
}

/// A dry run never runs anything, so its failure leaves nothing open.
#[track_caller]
fn assert_unknown(mode: Mode, error: &Error) {
    if mode == Mode::DryRun {
        assert!(matches!(error.kind, Kind::Network | Kind::Service | Kind::Timeout), "{error:?}");
        assert!(!error.to_string().contains("outcome unknown"), "{error}");
    } else {
        assert_eq!((error.kind, error.ending()), (Kind::OutcomeUnknown, Ending::Unknown), "{error:?}");
        assert!(error.to_string().contains("outcome unknown: it may have run"), "{error}");
    }
    assert_presentable(error);
}

#[tokio::test]
async fn without_an_answer_it_was_sent_once_and_its_outcome_is_unknown() {
    let answer = || Reply::json(&json!({ "done": true }));
    for mode in Mode::ALL {
        let mut faults = vec![
            Fault::Reset,
            Fault::Close,
            Fault::unavailable(),
            Fault::html_bad_gateway(),
            Fault::internal_error(),
            Fault::error(503, "ServiceUnavailableException", "busy"),
            Fault::error(502, "SomethingNewException", "who knows when"),
            Fault::giant_header(1 << 20),
        ];
        if mode == Mode::RequestResponse {
            faults.extend([Fault::Cut(answer()), Fault::ResetMidBody(answer())]);
        }
        for fault in faults {
            let server = FaultServer::start();
            server.always("*", fault.clone());
            let error = send(&server, &request(mode)).await.unwrap_err();
            assert_unknown(mode, &error);
            assert_eq!((server.count("*"), server.count(operation(mode))), (1, 1), "{mode} {fault:?}");
        }
    }
}

#[tokio::test]
async fn a_connection_that_breaks_before_or_in_the_request_is_not_tried_again() {
    // More than a socket's buffers hold.
    let large = Arc::new(Secret::new(format!("\"{}\"", "x".repeat(6 * 1024 * 1024 - 2))));
    for mode in Mode::ALL {
        for fault in
            [ConnectionFault::Reset, ConnectionFault::ResetAfter(100), ConnectionFault::ResetAfter(200_000)]
        {
            let server = FaultServer::start();
            server.always("*", good(mode));
            server.script_connections([fault]);
            let request = Request { payload: Arc::clone(&large), client_context: None, ..request(mode) };
            let error = send(&server, &request).await.unwrap_err();
            assert_unknown(mode, &error);
            assert_eq!((server.count("*"), server.connections()), (0, 1), "{mode} {fault:?}");
        }
    }
}

/// The time of this program's clock that a call took.
async fn taking<T>(call: impl Future<Output = T>) -> (T, Duration) {
    let started = Instant::now();
    (call.await, started.elapsed())
}

#[tokio::test]
async fn what_is_never_answered_was_sent_once_and_is_waited_for_as_long_as_it_may_run() {
    for mode in Mode::ALL {
        let mut faults = vec![Fault::Hang];
        match mode {
            Mode::RequestResponse => faults.push(Fault::Stall(Reply::json(&json!({ "done": true })))),
            Mode::ResponseStream => faults.push(Fault::Stream(Stream::new().hanging())),
            Mode::Event | Mode::DryRun => {}
        }
        for fault in faults {
            let server = FaultServer::start();
            server.always("*", fault.clone());
            let session = open(&server.endpoint()).await;
            let request = request(mode);
            let call = taking(session.invoke(&request, None));
            let (result, waited) = timed_out(&server, "*", call).await;
            assert_unknown(mode, &result.unwrap_err());
            // Whatever the function's own time-out was when it was read: 3 s here.
            let limit = if mode.responds() { 15 * 60 + 30 } else { 60 };
            assert!((limit..limit + 5).contains(&waited.as_secs()), "{mode} {fault:?} {waited:?}");
            assert_eq!(server.count("*"), 1, "{mode} {fault:?}");
        }
    }
}

/// Once its request has arrived the clock jumps by almost 15 minutes; then the answer comes.
#[rstest]
#[case(Mode::RequestResponse)]
#[case(Mode::ResponseStream)]
#[tokio::test]
async fn a_function_that_takes_its_15_minutes_is_answered(#[case] mode: Mode) {
    let server = FaultServer::start();
    server.always("*", good(mode).after(Duration::from_millis(200)));
    let session = open(&server.endpoint()).await;
    let jump = async {
        server.arrived("*", 1).await;
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(15 * 60 - 1)).await;
        tokio::time::resume();
    };
    let request = request(mode);
    let (answer, ()) = tokio::join!(session.invoke(&request, None), jump);
    let answer = answer.unwrap();
    assert!((899_000..930_000).contains(&answer.elapsed_ms), "{}", answer.elapsed_ms);
    assert_eq!((answer.ending(), server.count("*")), (Ending::Ok, 1));
}

#[tokio::test]
async fn though_its_answer_was_lost_one_that_ran_is_not_called_failed() {
    for mode in [Mode::RequestResponse, Mode::ResponseStream, Mode::Event] {
        let behind = FaultServer::start();
        behind.always("*", good(mode));
        let server = FaultServer::forwarding(&behind.endpoint());
        server.script("*", [Fault::PassThenReset]);
        let session = open(&server.endpoint()).await;
        let lost = session.invoke(&request(mode), None).await.unwrap_err();
        assert_eq!((lost.kind, behind.count("*")), (Kind::OutcomeUnknown, 1), "{mode}");
        // The session goes on.
        let answer = session.invoke(&request(mode), None).await.unwrap();
        assert!(answer.ending().is_good(), "{mode} {answer:?}");
        assert_eq!(behind.count("*"), 2, "{mode}");
    }
}

#[tokio::test]
async fn behind_the_fault_server_the_local_engine_runs_what_is_sent_just_once() {
    let engine =
        Engine::start(lambdeck::local::Options { samples: true, ..engine::options() }).await.unwrap();
    // Requests pass unchanged, so the engine finds their signatures good.
    let server = FaultServer::forwarding(&engine.endpoint_url());
    let spec = Spec { endpoint_url: Some(server.endpoint()), ..engine::spec(&engine) };
    let session = Session::open(&spec).await.unwrap();
    let request =
        Request { function: "greeter".into(), payload: Arc::new(Secret::new("{}")), ..Request::default() };
    server.script("Invoke", [Fault::PassThenReset]);
    assert_eq!(session.invoke(&request, None).await.unwrap_err().kind, Kind::OutcomeUnknown);
    assert_eq!(session.invoke(&request, None).await.unwrap().function_error, None);
    assert_eq!(server.count("Invoke"), 2);

    // It ran twice: once without telling, once with.
    let query = EventQuery { group: "/aws/lambda/greeter".into(), ..EventQuery::default() };
    let events = session.filter_log_events(&query).await.unwrap().events;
    let starts = events.iter().filter(|event| event.message.starts_with("START RequestId: ")).count();
    assert_eq!(starts, 2, "{events:?}");
    engine.shutdown().await;
}

#[tokio::test]
async fn six_megabytes_go_in_and_come_out() {
    let engine =
        Engine::start(lambdeck::local::Options { samples: true, ..engine::options() }).await.unwrap();
    let session = Session::open(&engine::spec(&engine)).await.unwrap();
    let name = "é".repeat(3 * 1024 * 1024 - 100);
    let send = async |payload: String| {
        let payload = Arc::new(Secret::new(payload));
        let request = Request { function: "greeter".into(), payload, ..Request::default() };
        session.invoke(&request, None).await
    };
    let answer = send(json!({ "name": name }).to_string()).await.unwrap();
    assert_eq!(answer.function_error, None);
    let greeting: serde_json::Value = serde_json::from_slice(&answer.payload).unwrap();
    assert!(greeting["greeting"].as_str().unwrap().contains(&name));
    // What is too much is refused in words about the event.
    let error = send(json!({ "name": name.repeat(2) }).to_string()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Invalid, "{error:?}");
    assert!(error.to_string().contains("shorten the event: 6 MB at most"), "{error}");
    engine.shutdown().await;
}

/// Errors that Lambda answers an invocation with: status, code and message, then the kind, how it ended, and words of
/// what to do.
const REFUSALS: [(u16, &str, &str, Kind, Ending, &str); 30] = [
    (
        400,
        "InvalidParameterValueException",
        "Add a valid tenant ID in your request.",
        Kind::Invalid,
        Ending::Refused,
        "",
    ),
    (400, "InvalidRequestContentException", "Could not parse", Kind::Invalid, Ending::Refused, ""),
    (400, "RecursiveInvocationException", "loop", Kind::Invalid, Ending::Refused, "stopped a loop"),
    (400, "SnapStartException", "no", Kind::Service, Ending::Refused, "snapshot could not be restored"),
    (401, "UnrecognizedClientException", "who", Kind::Credentials, Ending::Denied, "renew the credentials"),
    (403, "AccessDeniedException", "no", Kind::Denied, Ending::Denied, "permission that the message names"),
    (403, "EFSMountFailureException", "no", Kind::Service, Ending::Refused, "file system"),
    (403, "ExpiredTokenException", "old", Kind::Credentials, Ending::Denied, "renew the credentials"),
    (
        404,
        "ResourceNotFoundException",
        "Function not found",
        Kind::NotFound,
        Ending::NotFound,
        "check the name",
    ),
    (408, "EFSMountTimeoutException", "slow", Kind::Service, Ending::Refused, "file system"),
    (408, "EFSMountConnectivityException", "no", Kind::Service, Ending::Refused, "file system"),
    (
        408,
        "SnapStartTimeoutException",
        "no",
        Kind::Service,
        Ending::Refused,
        "snapshot could not be restored",
    ),
    (409, "SnapStartNotReadyException", "wait", Kind::Conflict, Ending::Refused, "SnapStart still prepares"),
    (
        409,
        "ResourceConflictException",
        "is Pending",
        Kind::Conflict,
        Ending::Refused,
        "wait until it is Active",
    ),
    (409, "DurableExecutionAlreadyStartedException", "x", Kind::Conflict, Ending::Refused, "another event"),
    (410, "EFSIOException", "no", Kind::Service, Ending::Refused, "file system"),
    (413, "RequestTooLargeException", "6291556 bytes", Kind::Invalid, Ending::Refused, "shorten the event"),
    (415, "UnsupportedMediaTypeException", "no", Kind::Invalid, Ending::Refused, ""),
    (429, "TooManyRequestsException", "Rate Exceeded.", Kind::Throttled, Ending::Throttled, "slow down"),
    (502, "KMSAccessDeniedException", "no", Kind::Service, Ending::Refused, "kms:Decrypt"),
    (502, "KMSDisabledException", "no", Kind::Service, Ending::Refused, "KMS key"),
    (502, "ENILimitReachedException", "no", Kind::Service, Ending::Refused, "VPC has no room"),
    (502, "SubnetIPAddressLimitReachedException", "no", Kind::Service, Ending::Refused, "VPC has no room"),
    (502, "EC2AccessDeniedException", "no", Kind::Service, Ending::Refused, "network interfaces"),
    (502, "EC2UnexpectedException", "no", Kind::Service, Ending::Refused, "EC2 failed"),
    (502, "InvalidSubnetIDException", "no", Kind::Service, Ending::Refused, "VPC settings"),
    (502, "InvalidZipFileException", "no", Kind::Service, Ending::Refused, "deploy it again"),
    (502, "InvalidRuntimeException", "no", Kind::Service, Ending::Refused, "runtime"),
    (502, "ResourceNotReadyException", "no", Kind::Conflict, Ending::Refused, "VPC is being set up"),
    (501, "NotImplementedException", "not here", Kind::Unsupported, Ending::Refused, "does not offer"),
];

#[tokio::test]
async fn what_was_refused_is_a_plain_failure_and_was_sent_once() {
    for (status, code, message, kind, ending, says) in REFUSALS {
        for mode in Mode::ALL {
            let server = FaultServer::start();
            server.always("*", Fault::error(status, code, message));
            let error = send(&server, &request(mode)).await.unwrap_err();
            assert_eq!((error.kind, error.ending()), (kind, ending.clone()), "{error:?}");
            assert!(error.to_string().contains(says), "{code}: {error}");
            let begins = format!("could not invoke checkout: {message} ({code}");
            assert!(error.message.starts_with(&begins), "{error}");
            assert!(error.request_id.is_some());
            assert_presentable(&error);
            assert_eq!(server.count("*"), 1, "{code} {mode}");
        }
    }
}

#[tokio::test]
async fn throttling_says_by_whose_fault() {
    let cases = [
        ("CallerRateLimitExceeded", "too many API calls"),
        ("ReservedFunctionConcurrentInvocationLimitExceeded", "reserved concurrency is used up"),
        (
            "ReservedFunctionInvocationRateLimitExceeded",
            "too many requests for the function's reserved concurrency",
        ),
        ("ConcurrentInvocationLimitExceeded", "the account's concurrency is used up"),
        ("FunctionInvocationRateLimitExceeded", "too many requests for the account's concurrency"),
        ("ConcurrentSnapshotCreateLimitExceeded", "SnapStart snapshots"),
        ("SomethingNewExceeded", "for the reason in the message"),
    ];
    for (reason, says) in cases {
        for mode in Mode::ALL {
            let server = FaultServer::start();
            server.always("*", Fault::too_many_requests(reason, 7));
            let error = send(&server, &request(mode)).await.unwrap_err();
            assert_eq!((error.kind, error.ending()), (Kind::Throttled, Ending::Throttled), "{error:?}");
            assert_eq!(error.reason.as_deref(), Some(reason));
            assert!(error.message.contains(reason), "{error}");
            let hint = error.hint.as_deref().unwrap();
            assert!(hint.contains(says) && hint.ends_with("AWS asks to wait 7 s"), "{hint}");
            assert_presentable(&error);
            assert_eq!(server.count("*"), 1);
        }
    }
}

#[tokio::test]
async fn credentials_that_run_out_are_told_and_nothing_is_tried_again() {
    let server = FaultServer::start();
    server.script("Invoke", [good(Mode::RequestResponse), Fault::expired_token()]);
    let session = open(&server.endpoint()).await;
    assert_eq!(invoke(&session).await.unwrap().ending(), Ending::Ok);
    let error = invoke(&session).await.unwrap_err();
    assert_eq!((error.kind, error.ending()), (Kind::Credentials, Ending::Denied), "{error:?}");
    assert!(error.message.contains("The security token included in the request is expired"), "{error}");
    assert_presentable(&error);
    assert_eq!(server.count("Invoke"), 2);
}

#[tokio::test]
async fn a_qualifier_that_is_not_there_is_named() {
    let server = FaultServer::start();
    server.always("Invoke", Fault::function_not_found("checkout:live"));
    let request = Request { qualifier: Some("live".into()), ..request(Mode::RequestResponse) };
    let error = send(&server, &request).await.unwrap_err();
    assert_eq!(error.kind, Kind::NotFound);
    assert!(error.message.starts_with("could not invoke checkout:live: Function not found"), "{error}");
    assert!(error.to_string().contains("version or alias"), "{error}");
}

#[tokio::test]
async fn an_error_quotes_nothing_of_what_was_sent() {
    let payload = json!({ "card": SECRET }).to_string();
    let context = STANDARD.encode(json!({ "custom": { "who": CONTEXT } }).to_string());
    let quotes = [
        format!("Could not parse payload into json: [Source: (byte[])\"{payload}\"; line: 1]"),
        format!("Could not parse {payload}"),
        format!("Unrecognized token '{SECRET}': was expecting"),
        format!("bad context {context}"),
        format!("bad context, who is \"{CONTEXT}\""),
        // Cut in its middle.
        format!("bad {}", &payload[..payload.len() / 2]),
        serde_json::to_string(&payload).unwrap(),
    ];
    for quote in quotes {
        for (status, code) in
            [(400, "InvalidRequestContentException"), (400, "NewException"), (500, "ServiceException")]
        {
            let server = FaultServer::start();
            server.always("Invoke", Fault::error(status, code, &quote));
            let error = send(&server, &request(Mode::RequestResponse)).await.unwrap_err();
            assert_presentable(&error);
            for part in [&SECRET[..12], CONTEXT, &context] {
                assert!(!format!("{error:?}").contains(part), "{error:?}");
            }
        }
    }
}

#[tokio::test]
async fn everything_of_a_request_is_on_the_wire() {
    for mode in Mode::ALL {
        let server = FaultServer::start();
        server.always("*", good(mode));
        let request =
            Request { qualifier: Some("live".into()), tenant_id: Some("tenant a/1".into()), ..request(mode) };
        send(&server, &request).await.unwrap();
        let sent = server.requests(operation(mode)).remove(0);
        assert_eq!(sent.parameter("Qualifier"), Some("live"));
        assert_eq!(sent.header("x-amz-tenant-id"), Some("tenant a/1"));
        assert_eq!(sent.body, request.payload.reveal().as_bytes());
        let context = STANDARD.decode(sent.header("x-amz-client-context").unwrap()).unwrap();
        assert_eq!(context, request.client_context.as_ref().unwrap().reveal().as_bytes());
        let expected = (mode != Mode::ResponseStream).then(|| mode.as_str());
        assert_eq!(sent.header("x-amz-invocation-type"), expected);
        assert_eq!(sent.header("x-amz-log-type"), mode.responds().then_some("Tail"));
        assert_eq!(sent.header("amz-sdk-request"), Some("attempt=1; max=1"));
    }
}

#[tokio::test]
async fn an_answer_has_its_headers_sorted_and_neutralised() {
    let server = FaultServer::start();
    let reply = Reply::json(&json!(1))
        .header("X-Second", "b\u{9b}2J")
        .header("x-amz-log-result", &STANDARD.encode("a log"))
        .header("x-first", "2")
        .header("x-first", "1");
    server.always("Invoke", Fault::Answer(reply));
    let answer = invoke(&open(&server.endpoint()).await).await.unwrap();
    let names: Vec<&str> = answer.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["content-length", "content-type", "x-amzn-requestid", "x-first", "x-first", "x-second"]
    );
    assert_eq!((answer.headers[3].1.as_str(), answer.headers[4].1.as_str()), ("2", "1"));
    assert!(!answer.headers[5].1.contains('\u{9b}'), "{:?}", answer.headers);
    assert_eq!(answer.log_tail, "a log");
}

#[rstest]
#[case(Mode::Event, 202, Ending::Queued)]
#[case(Mode::DryRun, 204, Ending::Allowed)]
#[case(Mode::RequestResponse, 200, Ending::Ok)]
#[tokio::test]
async fn each_mode_ends_in_its_own_word(#[case] mode: Mode, #[case] status: u16, #[case] ending: Ending) {
    let server = FaultServer::start();
    server.always("Invoke", good(mode));
    let answer = send(&server, &request(mode)).await.unwrap();
    assert_eq!((answer.status, answer.ending()), (status, ending));
}

#[tokio::test]
async fn a_late_answer_is_no_failure() {
    let server = FaultServer::start();
    let answer = Fault::Answer(Reply::json(&json!({ "late": true })));
    server.always("Invoke", answer.after(Duration::from_millis(300)));
    let answer = invoke(&open(&server.endpoint()).await).await.unwrap();
    assert_eq!(answer.payload, br#"{"late":true}"#);
    assert!(answer.elapsed_ms >= 300, "{}", answer.elapsed_ms);
}

#[tokio::test]
async fn a_function_that_failed_is_an_answer() {
    let server = FaultServer::start();
    let failure = json!({ "errorMessage": "no", "errorType": "ValueError" });
    server.always("Invoke", Fault::Answer(Reply::json(&failure).header("x-amz-function-error", "Unhandled")));
    let answer = invoke(&open(&server.endpoint()).await).await.unwrap();
    assert_eq!((answer.status, answer.function_error.as_deref()), (200, Some("Unhandled")));
}

#[tokio::test]
async fn a_read_only_session_sends_none() {
    for mode in Mode::ALL {
        let server = FaultServer::start();
        server.always("*", good(mode));
        let session = session(&server.endpoint(), true).await;
        let error = session.invoke(&request(mode), None).await.unwrap_err();
        assert_eq!((error.kind, error.ending()), (Kind::ReadOnly, Ending::Refused), "{error:?}");
        assert_presentable(&error);
        assert_eq!((server.count("*"), server.connections()), (0, 0));
    }
}
