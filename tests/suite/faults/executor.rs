//! The dashboard's executor: pieces and counts become messages, and nothing of it is cancelled.

use lambdeck::app::{Effect, Msg, Ticket};
use lambdeck::cloud::repeat::Why;
use lambdeck::domain::invocation::Ending;
use lambdeck::domain::repeat::{Plan, Tally};
use lambdeck::runtime::Executor;
use tokio::sync::mpsc;

use super::*;
use crate::support::fault_server::Stream;

const WAIT: Duration = Duration::from_secs(20);

async fn next(messages: &mut mpsc::Receiver<Msg>) -> Msg {
    tokio::time::timeout(WAIT, messages.recv()).await.expect("a message comes").expect("one is left")
}

/// An executor with a session of epoch 1, whose messages wait in a queue of this length.
async fn connected(server: &FaultServer, queue: usize) -> (Executor, mpsc::Receiver<Msg>) {
    let (sender, mut messages) = mpsc::channel(queue);
    let local = || async { Err(Error::new(Kind::Unsupported, "not in this test")) };
    let mut executor =
        Executor::new(sender, Arc::new(move || Box::pin(local())), lambdeck::disk::Disk::none());
    let spec = open(&server.endpoint()).await.spec().clone();
    executor.execute(Effect::Connect { epoch: 1, spec, verify: false });
    assert!(matches!(next(&mut messages).await, Msg::Connected(1, Ok(_))));
    (executor, messages)
}

const TICKET: Ticket = Ticket { epoch: 1, number: 7 };

fn stream() -> Effect {
    Effect::Invoke {
        ticket: TICKET,
        at: jiff::Timestamp::UNIX_EPOCH,
        request: Box::new(request(Mode::ResponseStream)),
        place: Box::default(),
        event: None,
    }
}

#[tokio::test]
async fn pieces_are_told_as_they_come_and_then_the_end() {
    let pause = Duration::from_millis(30);
    let events = Stream::new().piece("one").pause(pause).piece("two").complete(&json!({}));
    let server = FaultServer::start();
    server.always("InvokeWithResponseStream", Fault::Stream(events));
    let (mut executor, mut messages) = connected(&server, 64).await;
    executor.execute(stream());
    for expected in ["one", "two"] {
        let Msg::Streamed(TICKET, chunk) = next(&mut messages).await else { panic!("a piece comes") };
        assert_eq!(chunk.bytes, expected.as_bytes());
    }
    let Msg::Invoked(TICKET, Ok(reply)) = next(&mut messages).await else { panic!("it ends") };
    assert_eq!(reply.body.bytes(), b"onetwo");
    assert!(reply.answer.payload.is_empty());
    assert_eq!(server.count("*"), 1);
}

#[tokio::test]
async fn what_came_of_a_stream_that_breaks_off_was_told() {
    let server = FaultServer::start();
    server.always("InvokeWithResponseStream", Fault::Stream(Stream::new().piece("one").closed()));
    let (mut executor, mut messages) = connected(&server, 64).await;
    executor.execute(stream());
    let Msg::Streamed(TICKET, chunk) = next(&mut messages).await else { panic!("a piece comes") };
    assert_eq!(chunk.bytes, b"one");
    let Msg::Invoked(TICKET, Err(error)) = next(&mut messages).await else { panic!("it ends") };
    assert_eq!(error.kind, Kind::OutcomeUnknown);
}

/// The tallies until the end, and the end.
async fn told(messages: &mut mpsc::Receiver<Msg>) -> (Vec<Tally>, Tally, Why) {
    let mut tallies = Vec::new();
    loop {
        match next(messages).await {
            Msg::Repeated(TICKET, tally) => tallies.push(*tally),
            Msg::RepeatEnded(TICKET, tally, why) => return (tallies, *tally, *why),
            other => panic!("{other:?}"),
        }
    }
}

fn repeat(times: u32, at_once: u32) -> Effect {
    let plan = Plan::new(times, at_once).unwrap();
    Effect::Repeat(TICKET, Box::new(request(Mode::RequestResponse)), plan)
}

#[tokio::test]
async fn a_series_is_told_in_paced_messages() {
    let server = FaultServer::start();
    server.always("Invoke", Fault::Answer(Reply::json(&json!(1))).after(Duration::from_millis(5)));
    let (mut executor, mut messages) = connected(&server, 64).await;
    let started = tokio::time::Instant::now();
    executor.execute(repeat(300, 5));
    let (tallies, last, why) = told(&mut messages).await;
    let most = started.elapsed().as_millis() / 100 + 1;
    assert!(tallies.len() as u128 <= most, "{} messages, at most {most}", tallies.len());
    assert!(tallies.windows(2).all(|pair| pair[0].ended <= pair[1].ended && pair[0].begun <= pair[1].begun));
    assert!(tallies[0].ended < 300, "the first one does not wait for the last");
    assert_eq!((why, last.ended, last.good()), (Why::Done, 300, 300));
    assert_eq!(server.count("*"), 300);
}

#[tokio::test]
async fn a_series_that_is_stopped_ends_with_those_on_their_way() {
    let server = FaultServer::start();
    server.script("Invoke", vec![Fault::Answer(Reply::json(&json!(1))); 5]);
    server.always("Invoke", Fault::Answer(Reply::json(&json!(1))).after(Duration::from_millis(200)));
    let (mut executor, mut messages) = connected(&server, 64).await;
    executor.execute(repeat(1000, 3));
    server.arrived("Invoke", 8).await;
    // Of another series: nothing happens.
    executor.execute(Effect::StopRepeat(Ticket { epoch: 1, number: 8 }));
    executor.execute(Effect::StopRepeat(TICKET));
    let (_, last, why) = told(&mut messages).await;
    assert_eq!((why, last.on_their_way()), (Why::Stopped, 0));
    assert_eq!(last.endings(), [(Ending::Ok, last.begun)]);
    assert_eq!(server.count("*"), last.begun as usize);
    assert!(last.begun < 15, "{}", last.begun);
}

#[tokio::test]
async fn a_series_outlives_its_session_and_the_end_of_the_executor_begins_no_more() {
    let server = FaultServer::start();
    server.always("Invoke", Fault::Answer(Reply::json(&json!(1))).after(Duration::from_millis(50)));
    let (mut executor, mut messages) = connected(&server, 64).await;
    executor.execute(repeat(1000, 2));
    server.arrived("Invoke", 2).await;
    // A read of the next session ends those of the old one.
    executor.execute(Effect::Observe {
        ticket: Ticket { epoch: 2, number: 9 },
        names: Vec::new(),
        after: Duration::ZERO,
    });
    server.arrived("Invoke", 6).await;
    drop(executor);
    let (_, last, why) = told(&mut messages).await;
    assert_eq!((why, last.on_their_way()), (Why::Stopped, 0));
    assert!((6..20).contains(&last.begun), "{}", last.begun);
    assert_eq!(server.count("*"), last.begun as usize);
}

#[tokio::test]
async fn without_its_session_nothing_is_sent() {
    let server = FaultServer::start();
    let (mut executor, mut messages) = connected(&server, 64).await;
    executor.execute(Effect::Observe {
        ticket: Ticket { epoch: 2, number: 1 },
        names: Vec::new(),
        after: Duration::ZERO,
    });
    executor.execute(repeat(10, 2));
    let (tallies, last, why) = told(&mut messages).await;
    assert!(matches!(why, Why::Pointless(error) if error.message.contains("nothing was sent")));
    assert_eq!((tallies.len(), last.begun, server.count("*")), (0, 0, 0));
}
