//! Responses that are streamed: piece by piece, and broken off in every way.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use lambdeck::domain::invocation::{Chunk, Ending, STREAM_KEPT};
use tokio::sync::mpsc;

use super::*;
use crate::support::engine;
use crate::support::fault_server::Stream;

const LOG: &str = "REPORT RequestId: r\tDuration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\t\
                   Max Memory Used: 64 MB\t\n";

/// Sends one and takes down its pieces.
async fn stream(server: &FaultServer) -> (Result<Answer, Error>, Vec<Chunk>) {
    let session = open(&server.endpoint()).await;
    let (sender, mut pieces) = mpsc::channel(1);
    let take = async {
        let mut taken = Vec::new();
        while let Some(piece) = pieces.recv().await {
            taken.push(piece);
        }
        taken
    };
    let request = request(Mode::ResponseStream);
    tokio::join!(session.invoke(&request, Some(sender)), take)
}

fn answering(events: Stream) -> FaultServer {
    let server = FaultServer::start();
    server.always("InvokeWithResponseStream", Fault::Stream(events));
    server
}

fn texts(pieces: &[Chunk]) -> Vec<String> {
    pieces.iter().map(|piece| String::from_utf8_lossy(&piece.bytes).into_owned()).collect()
}

#[tokio::test]
async fn pieces_come_as_they_are_sent() {
    let pause = Duration::from_millis(60);
    let complete = json!({ "LogResult": STANDARD.encode(LOG) });
    let events = Stream::new()
        .pause(pause)
        .piece("one ")
        .piece("")
        .event("SomethingNew", "application/json", b"{}")
        .pause(pause)
        .piece("two \u{e9}")
        .complete(&complete);
    let server = answering(events);
    let (answer, pieces) = stream(&server).await;
    let answer = answer.unwrap();
    assert_eq!(texts(&pieces), ["one ", "two \u{e9}"]);
    assert!(pieces[0].at_ms >= 60 && pieces[1].at_ms >= pieces[0].at_ms + 60, "{pieces:?}");
    assert_eq!(answer.first_byte_ms, Some(pieces[0].at_ms));
    assert!(answer.elapsed_ms >= pieces[1].at_ms);
    assert_eq!(answer.payload, "one two \u{e9}".as_bytes());
    assert_eq!((answer.ending(), answer.status, answer.payload_left_out), (Ending::Ok, 200, 0));
    assert_eq!(answer.executed_version.as_deref(), Some("7"));
    assert!(answer.request_id.is_some());
    assert_eq!(answer.log_tail, LOG);
    assert_eq!(answer.report.map(|report| report.billed_ms), Some(13));
    assert!(answer.headers.iter().any(|(name, _)| name == "x-amz-executed-version"), "{:?}", answer.headers);
}

#[tokio::test]
async fn the_local_engine_streams_and_fails_in_the_stream() {
    let options = lambdeck::local::Options { samples: true, ..engine::options() };
    let engine = lambdeck::local::Engine::start(options).await.unwrap();
    let session = Session::open(&engine::spec(&engine)).await.unwrap();
    let send = async |function: &str, event: serde_json::Value| {
        let request = Request {
            function: function.into(),
            mode: Mode::ResponseStream,
            payload: Arc::new(Secret::new(event.to_string())),
            ..Request::default()
        };
        let (sender, mut pieces) = mpsc::channel(64);
        let answer = session.invoke(&request, Some(sender)).await.unwrap();
        let mut told = Vec::new();
        while let Some(piece) = pieces.recv().await {
            told.push(piece);
        }
        (answer, told)
    };
    let (answer, pieces) = send("story-teller", json!({ "loseThreadAfter": 3 })).await;
    assert_eq!(answer.payload, b"Once upon a ");
    assert_eq!(texts(&pieces).concat(), "Once upon a ");
    assert!(pieces.len() > 1 && answer.first_byte_ms == Some(pieces[0].at_ms), "{pieces:?}");
    assert_eq!(answer.ending(), Ending::FunctionError("LostThreadError".into()));
    assert!(answer.error_details.unwrap().contains("3 words already"));
    assert!(answer.log_tail.contains("Paragraph 1"), "{}", answer.log_tail);
    assert!(answer.report.is_some() && answer.executed_version.as_deref() == Some("$LATEST"));
    // What does not stream comes in one piece.
    let (answer, pieces) = send("greeter", json!({ "name": "Ada" })).await;
    assert_eq!((answer.ending(), pieces.len()), (Ending::Ok, 1));
    assert!(texts(&pieces)[0].contains("Hello, Ada!"), "{pieces:?}");
    engine.shutdown().await;
}

#[tokio::test]
async fn an_empty_response_is_an_answer() {
    let server = answering(Stream::new().complete(&json!({})));
    let (answer, pieces) = stream(&server).await;
    let answer = answer.unwrap();
    assert_eq!((answer.payload.len(), answer.first_byte_ms, pieces.len()), (0, None, 0));
}

#[tokio::test]
async fn a_function_that_fails_in_the_stream_is_an_answer() {
    let complete = json!({
        "ErrorCode": "Runtime.Unhandled\u{1b}",
        "ErrorDetails": "{\"errorType\":\"ValueError\",\n\"errorMessage\":\"no\"}",
        "LogResult": STANDARD.encode(LOG),
    });
    let server = answering(Stream::new().piece("half of").complete(&complete));
    let (answer, pieces) = stream(&server).await;
    let answer = answer.unwrap();
    assert!(matches!(answer.ending(), Ending::FunctionError(code) if code.starts_with("Runtime.Unhandled")));
    let details = answer.error_details.unwrap();
    assert!(details.contains("ValueError") && !details.contains(['\u{1b}', '\n']), "{details:?}");
    assert_eq!((answer.payload, texts(&pieces)), (b"half of".to_vec(), vec!["half of".to_owned()]));
}

#[tokio::test]
async fn a_stream_that_breaks_off_has_an_unknown_outcome_and_was_sent_once() {
    let begun = || Stream::new().piece("begun");
    let cases = [
        ("ended before its end was announced", begun()),
        ("unexpected end of stream", begun().half(b"never whole")),
        ("the connection broke", begun().closed()),
        ("the connection broke", begun().half(b"never whole").closed()),
        ("the connection broke", begun().reset()),
        ("makes no sense", begun().bytes(b"no event at all, but long enough to be one")),
        ("makes no sense", begun().event("PayloadChunk", "text/plain", b"x").complete(&json!({}))),
        ("makes no sense", begun().event("InvokeComplete", "application/json", b"{\"ErrorCode\":")),
        ("busy \u{241b}", begun().exception("ServiceException", "busy \u{1b}")),
    ];
    for (says, events) in cases {
        let server = answering(events.clone());
        let (result, pieces) = stream(&server).await;
        let error = result.unwrap_err();
        assert_eq!(
            (error.kind, error.ending()),
            (Kind::OutcomeUnknown, Ending::Unknown),
            "{events:?} {error:?}"
        );
        assert!(error.message.starts_with("could not invoke checkout: the response broke off ("), "{error}");
        assert!(error.message.contains(says), "{says}: {error}");
        assert!(error.to_string().contains("it may have run"), "{error}");
        assert!(error.request_id.is_some());
        assert_presentable(&error);
        // What came was told.
        assert_eq!(texts(&pieces), ["begun"], "{events:?}");
        assert_eq!(server.count("*"), 1);
    }
}

#[tokio::test]
async fn an_answer_that_is_no_stream_has_an_unknown_outcome() {
    let server = FaultServer::start();
    let reply = Reply::json(&json!({ "this": "is what an endpoint without streaming may answer" }));
    server.always("InvokeWithResponseStream", Fault::Answer(reply));
    let (result, pieces) = stream(&server).await;
    let error = result.unwrap_err();
    assert_eq!((error.kind, pieces.len(), server.count("*")), (Kind::OutcomeUnknown, 0, 1), "{error:?}");
    assert_presentable(&error);
}

#[tokio::test]
async fn an_endpoint_without_streaming_says_so() {
    for status in [404, 405] {
        let server = FaultServer::start();
        server.always("*", Fault::Answer(Reply::new(status, "text/html", "<html>what?</html>")));
        let error = stream(&server).await.0.unwrap_err();
        assert_eq!(error.kind, Kind::Unsupported, "{error:?}");
        assert!(error.to_string().contains("does not offer response streaming"), "{error}");
        assert_presentable(&error);
    }
}

/// The function may be silent as long as it runs; what comes later than that is on its way already.
#[tokio::test]
async fn a_stream_may_pause_while_its_function_may_run() {
    let server = answering(
        Stream::new().piece("one").pause(Duration::from_millis(200)).piece("two").complete(&json!({})),
    );
    let session = open(&server.endpoint()).await;
    let (sender, mut pieces) = mpsc::channel::<Chunk>(8);
    let jump = async {
        assert_eq!(pieces.recv().await.unwrap().bytes, b"one");
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(14 * 60 + 55)).await;
        tokio::time::resume();
        assert_eq!(pieces.recv().await.unwrap().bytes, b"two");
    };
    let request = request(Mode::ResponseStream);
    let (answer, ()) = tokio::join!(session.invoke(&request, Some(sender)), jump);
    assert_eq!(answer.unwrap().payload, b"onetwo");
    assert_eq!(server.count("*"), 1);
}

#[tokio::test]
async fn a_stream_that_stops_is_waited_for_as_long_as_its_function_may_run() {
    let server = answering(Stream::new().piece("one").hanging());
    let session = open(&server.endpoint()).await;
    let (sender, mut pieces) = mpsc::channel::<Chunk>(8);
    let started = tokio::time::Instant::now();
    let jump = async {
        assert_eq!(pieces.recv().await.unwrap().bytes, b"one");
        tokio::time::pause();
    };
    let request = request(Mode::ResponseStream);
    let (result, ()) = tokio::join!(session.invoke(&request, Some(sender)), jump);
    let waited = started.elapsed().as_secs();
    tokio::time::resume();
    let error = result.unwrap_err();
    assert_eq!(error.kind, Kind::OutcomeUnknown);
    assert!(error.message.contains("nothing more came in time"), "{error}");
    assert!((930..935).contains(&waited), "{waited}");
}

#[tokio::test]
async fn more_than_is_kept_is_counted_and_told() {
    const PIECE: usize = 1 << 20;
    let events = (0..8_u8).fold(Stream::new(), |stream, byte| stream.piece(vec![byte; PIECE]));
    let server = answering(events.complete(&json!({})));
    let (answer, pieces) = stream(&server).await;
    let answer = answer.unwrap();
    assert_eq!(pieces.iter().map(|piece| piece.bytes.len()).sum::<usize>(), 8 * PIECE);
    assert_eq!((answer.payload.len(), answer.payload_left_out), (STREAM_KEPT, 2 * PIECE as u64));
    assert_eq!((answer.payload[0], answer.payload.last()), (0, Some(&5)));
}

#[tokio::test]
async fn nobody_has_to_take_the_pieces() {
    let events = (0..100).fold(Stream::new(), |stream, _| stream.piece("x")).complete(&json!({}));
    let server = answering(events);
    let session = open(&server.endpoint()).await;
    let (sender, pieces) = mpsc::channel(1);
    drop(pieces);
    for chunks in [None, Some(sender)] {
        let answer = session.invoke(&request(Mode::ResponseStream), chunks).await.unwrap();
        assert_eq!(answer.payload.len(), 100);
    }
}
