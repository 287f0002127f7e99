//! The dashboard's executor: a change that has left goes on, whatever becomes of the session and of the dashboard.

use lambdeck::app::{Effect, Msg, Ticket};
use lambdeck::cloud::{self, Kind};
use lambdeck::disk::Disk;
use lambdeck::runtime::Executor;
use tokio::sync::mpsc;

use super::*;
use crate::support::fault_server::{Fault, Reply};

const WAIT: Duration = Duration::from_secs(20);

async fn next(messages: &mut mpsc::Receiver<Msg>) -> Msg {
    tokio::time::timeout(WAIT, messages.recv()).await.expect("a message comes").expect("one is left")
}

/// An executor with a session of epoch 1.
async fn connected(spec: Spec) -> (Executor, mpsc::Receiver<Msg>) {
    let (sender, mut messages) = mpsc::channel(64);
    let local = || async { Err(cloud::Error::new(Kind::Unsupported, "not in this test")) };
    let local = std::sync::Arc::new(move || Box::pin(local()) as _);
    let mut executor = Executor::new(sender, local, Disk::none());
    executor.execute(Effect::Connect { epoch: 1, spec, verify: false });
    assert!(matches!(next(&mut messages).await, Msg::Connected(1, Ok(_))));
    (executor, messages)
}

fn ticket(epoch: u32, number: u64) -> Ticket {
    Ticket { epoch, number }
}

#[tokio::test]
async fn a_change_under_way_outlives_its_session_and_the_executor() {
    let server = FaultServer::start();
    let function = serde_json::json!({ "Configuration": { "FunctionName": FUNCTION } });
    server.always("GetFunction", Fault::Answer(Reply::json(&function)));
    let done = Fault::Answer(Reply::json(&serde_json::json!({ "ReservedConcurrentExecutions": 5 })));
    server.always("PutFunctionConcurrency", done.after(Duration::from_millis(200)));
    let (mut executor, mut messages) = connected(spec(&server.endpoint())).await;
    let session = Session::open(&spec(&server.endpoint())).await.unwrap();
    let order = order(Change::ReservedConcurrency { before: None, after: Some(5) });
    let permit = permit(&session, &order);
    executor.execute(Effect::Write(ticket(1, 1), Box::new(order.clone()), Box::new(permit.clone())));
    // A read of the next session ends those of the old one.
    executor.execute(Effect::Observe { ticket: ticket(2, 2), names: Vec::new(), after: Duration::ZERO });
    drop(executor);
    let Msg::Written(of, Ok(_)) = next(&mut messages).await else { panic!("the change is done") };
    assert_eq!(of, ticket(1, 1));
    assert_eq!(server.count("PutFunctionConcurrency"), 1);
}

#[tokio::test]
async fn a_change_for_a_session_that_is_gone_is_not_sent() {
    let server = FaultServer::start();
    let (mut executor, mut messages) = connected(spec(&server.endpoint())).await;
    let session = Session::open(&spec(&server.endpoint())).await.unwrap();
    let order = order(Change::ReservedConcurrency { before: None, after: Some(5) });
    let permit = permit(&session, &order);
    executor.execute(Effect::Observe { ticket: ticket(2, 1), names: Vec::new(), after: Duration::ZERO });
    executor.execute(Effect::Write(ticket(1, 2), Box::new(order), Box::new(permit)));
    let Msg::Written(_, Err(error)) = next(&mut messages).await else { panic!("nothing can be done") };
    assert!(error.message.contains("nothing was sent"), "{error}");
    assert_eq!(server.count("*"), 0);
}

#[tokio::test]
async fn the_reads_around_a_change_tell_what_they_found() {
    let stage = Stage::new().await;
    let home = tempfile::tempdir().unwrap();
    let journal = cloud::Journal::new(home.path().join("journal.jsonl"));
    let spec = Spec { journal: Some(journal), ..stage.session.spec().clone() };
    let (mut executor, mut messages) = connected(spec).await;
    let order = order(Change::ReservedConcurrency { before: None, after: Some(5) });
    let permit = permit(&stage.session, &order);
    executor.execute(Effect::Write(ticket(1, 1), Box::new(order), Box::new(permit)));
    let Msg::Written(_, Ok(written)) = next(&mut messages).await else { panic!("it is done") };
    assert_eq!(written.journal_problem, None);

    let name: Box<str> = FUNCTION.into();
    executor.execute(Effect::Observe {
        ticket: ticket(1, 2),
        names: vec![FUNCTION.into(), "nothing".into()],
        after: Duration::ZERO,
    });
    let Msg::Observed(_, of, Ok(details)) = next(&mut messages).await else { panic!("it is there") };
    assert_eq!((&*of, details.reserved_concurrency), (FUNCTION, Some(5)));
    let Msg::Observed(_, _, Err(error)) = next(&mut messages).await else { panic!("it is not there") };
    assert_eq!(error.kind, Kind::NotFound);

    executor.execute(Effect::GetReleases(ticket(1, 3), FUNCTION.into()));
    let Msg::Releases(_, Ok(releases)) = next(&mut messages).await else { panic!("they are read") };
    assert_eq!(releases.versions.len(), 1);

    executor.execute(Effect::GetExtras(ticket(1, 4), FUNCTION.into()));
    let Msg::Extras(_, extras) = next(&mut messages).await else { panic!("they are read") };
    assert_eq!(extras.account.map(|account| account.unreserved), Ok(95));
    assert_eq!((extras.event_invoke, extras.provisioned), (Ok(Vec::new()), Ok(Vec::new())));

    executor.execute(Effect::GetLogRetention(ticket(1, 5), vec![(name, "/aws/lambda/checkout".into())]));
    let Msg::LogRetention(_, _, Err(error)) = next(&mut messages).await else { panic!("there is none") };
    assert_eq!(error.kind, Kind::NotFound);

    executor.execute(Effect::ReadJournal(ticket(1, 6)));
    let Msg::Journal(_, Ok(entries)) = next(&mut messages).await else { panic!("it is read") };
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].place.account.as_deref(), Some("123456789012"));
}
