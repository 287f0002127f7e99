//! The same request many times: as often as planned and no more, stopped at once, and counted to the last one.

use lambdeck::cloud::repeat::{Step, Why};
use lambdeck::domain::invocation::Ending;
use lambdeck::domain::repeat::{Plan, Tally};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::*;

/// Repeats and counts; `seen` is told the tally after each step.
async fn repeat(
    server: &FaultServer,
    plan: Plan,
    stop: &CancellationToken,
    mut seen: impl FnMut(&Tally),
) -> (Tally, Why) {
    let session = open(&server.endpoint()).await;
    let (sender, mut steps) = mpsc::channel::<Step>(4);
    let count = async {
        let mut tally = Tally::new(plan);
        while let Some(step) = steps.recv().await {
            step.count(&mut tally);
            seen(&tally);
        }
        tally
    };
    let request = request(Mode::RequestResponse);
    let (why, tally) = tokio::join!(session.repeat(&request, plan, stop, sender), count);
    (tally, why)
}

fn plan(times: u32, at_once: u32) -> Plan {
    Plan::new(times, at_once).unwrap()
}

fn answer() -> Fault {
    Fault::Answer(Reply::json(&json!({ "done": true })))
}

#[tokio::test]
async fn it_is_sent_as_often_as_planned_each_once() {
    let server = FaultServer::start();
    let mut number = 0;
    server.answer("Invoke", move |_| {
        number += 1;
        let log = format!(
            "REPORT RequestId: r\tDuration: {number}.00 ms\tBilled Duration: {number} ms\tMemory Size: 128 MB\t\
             Max Memory Used: 64 MB\t{}\n",
            if number <= 2 { "Init Duration: 9.00 ms\t" } else { "" }
        );
        let reply = Reply::json(&json!(number)).header("x-amz-log-result", &base64(&log));
        Fault::Answer(if number % 10 == 0 { reply.header("x-amz-function-error", "Unhandled") } else { reply })
    });
    let mut most = 0;
    let (tally, why) = repeat(&server, plan(40, 3), &CancellationToken::new(), |tally| {
        most = most.max(tally.on_their_way());
    })
    .await;
    assert_eq!((why, tally.begun, tally.ended, tally.on_their_way()), (Why::Done, 40, 40, 0));
    assert_eq!(tally.endings(), [(Ending::Ok, 36), (Ending::FunctionError("Unhandled".into()), 4)]);
    assert_eq!((tally.cold_starts, tally.measured, tally.billed_ms), (2, 40, 820));
    assert_eq!(tally.durations.percentile(50), Some(20.0));
    assert_eq!((tally.durations.percentile(95), tally.durations.max()), (Some(38.0), Some(40.0)));
    assert_eq!(tally.round_trips.count(), 40);
    assert_eq!((server.count("*"), server.connections()), (40, 3));
    assert_eq!(most, 3);
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

#[tokio::test]
async fn as_many_as_planned_are_on_their_way_at_once() {
    let server = FaultServer::start();
    server.always("Invoke", Fault::Hang);
    let stop = CancellationToken::new();
    let running = repeat(&server, plan(100, 50), &stop, |_| ());
    let arrived = async {
        server.arrived("Invoke", 50).await;
        stop.cancel();
    };
    tokio::select! {
        _ = running => panic!("none of them is answered"),
        () = arrived => {}
    }
    assert_eq!(server.count("Invoke"), 50);
}

#[tokio::test]
async fn once_stopped_no_further_one_is_begun_and_those_on_their_way_are_counted() {
    let server = FaultServer::start();
    server.always("Invoke", answer().after(Duration::from_millis(100)));
    let stop = CancellationToken::new();
    let mut begun_when_stopped = 0;
    let (tally, why) = repeat(&server, plan(1000, 5), &stop, |tally| {
        if tally.ended == 7 && !stop.is_cancelled() {
            stop.cancel();
            begun_when_stopped = tally.begun;
        }
    })
    .await;
    assert_eq!(why, Why::Stopped);
    // Steps are told in turn: one may have been begun before this one was counted.
    assert!((begun_when_stopped..=begun_when_stopped + 5).contains(&tally.begun), "{tally:?}");
    assert_eq!((tally.ended, tally.good()), (tally.begun, tally.begun));
    assert_eq!(server.count("Invoke"), tally.begun as usize);
}

#[tokio::test]
async fn stopped_before_it_began_it_sends_nothing() {
    let server = FaultServer::start();
    let stop = CancellationToken::new();
    stop.cancel();
    let (tally, why) = repeat(&server, plan(10, 2), &stop, |_| ()).await;
    assert_eq!((why, tally, server.count("*")), (Why::Stopped, Tally::new(plan(10, 2)), 0));
}

#[tokio::test]
async fn where_it_is_no_use_it_stops_by_itself_and_says_why() {
    let cases = [
        (Fault::access_denied(), Kind::Denied),
        (Fault::expired_token(), Kind::Credentials),
        (Fault::function_not_found("checkout"), Kind::NotFound),
        (Fault::error(400, "InvalidRequestContentException", "no"), Kind::Invalid),
        (Fault::error(501, "NotImplementedException", "no"), Kind::Unsupported),
    ];
    for (fault, kind) in cases {
        let server = FaultServer::start();
        server.script("Invoke", [answer(), answer()]);
        server.always("Invoke", fault);
        let (tally, why) = repeat(&server, plan(1000, 4), &CancellationToken::new(), |_| ()).await;
        let Why::Pointless(error) = why else { panic!("{why:?}") };
        assert_eq!(error.kind, kind);
        assert_presentable(&error);
        assert_eq!((tally.ended, tally.good()), (tally.begun, 2));
        assert!(tally.begun <= 6, "{tally:?}");
        assert_eq!(server.count("Invoke"), tally.begun as usize);
    }
}

#[tokio::test]
async fn neither_throttling_nor_the_network_stops_it() {
    let server = FaultServer::start();
    let faults = [
        Fault::throttled(1),
        Fault::Reset,
        Fault::concurrency_exceeded(1),
        Fault::throttled(1),
        Fault::html_bad_gateway(),
        Fault::conflict("checkout"),
        answer(),
    ];
    let count = u32::try_from(faults.len()).unwrap();
    server.script("Invoke", faults);
    let (tally, why) = repeat(&server, plan(count, 1), &CancellationToken::new(), |_| ()).await;
    assert_eq!((why, tally.ended), (Why::Done, count));
    let expected = [(Ending::Ok, 1), (Ending::Unknown, 2), (Ending::Throttled, 3), (Ending::Refused, 1)];
    assert_eq!(tally.endings(), expected);
    let throttles: Vec<_> = tally.throttles().collect();
    assert_eq!(
        throttles,
        [("CallerRateLimitExceeded", 2), ("ReservedFunctionConcurrentInvocationLimitExceeded", 1)]
    );
    assert_eq!(server.count("*"), count as usize);
}

#[tokio::test]
async fn a_read_only_session_sends_none() {
    let server = FaultServer::start();
    let session = session(&server.endpoint(), true).await;
    let (sender, mut steps) = mpsc::channel(100);
    let stop = CancellationToken::new();
    let why = session.repeat(&request(Mode::RequestResponse), plan(10, 2), &stop, sender).await;
    assert!(matches!(why, Why::Pointless(error) if error.kind == Kind::ReadOnly));
    let mut tally = Tally::new(plan(10, 2));
    while let Some(step) = steps.recv().await {
        step.count(&mut tally);
    }
    assert!(tally.begun <= 2 && tally.count_of(&Ending::Refused) == tally.begun, "{tally:?}");
    assert_eq!((server.count("*"), server.connections()), (0, 0));
}

#[tokio::test]
async fn where_nobody_counts_no_further_one_is_begun() {
    let server = FaultServer::start();
    server.always("Invoke", answer());
    let session = open(&server.endpoint()).await;
    let (sender, steps) = mpsc::channel(4);
    drop(steps);
    let stop = CancellationToken::new();
    let why = session.repeat(&request(Mode::RequestResponse), plan(100, 10), &stop, sender).await;
    assert_eq!((why, server.count("*")), (Why::Stopped, 0));
}
