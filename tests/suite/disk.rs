//! What the dashboard's executor keeps on disk: saved events by their effects, and a line for each invocation that ended.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use jiff::Timestamp;
use lambdeck::{
    app::{
        Effect, Msg, Ticket,
        msg::{EventToExport, EventToRename, EventToSave},
    },
    cloud::{self, Kind, Spec},
    disk::{Disk, Events, Invocations, Over, SaveError},
    domain::{
        invocation::{Ending, Mode, Record, Request},
        place::Place,
        saved_event::{Fingerprint, Owner},
        secret::Secret,
    },
    runtime::Executor,
};
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::support::fault_server::{Fault, FaultServer, Reply};

/// How long something may take: only a failing test waits for it.
const WAIT: Duration = Duration::from_secs(20);
/// In payloads and responses.
const CANARY: &str = "canary-d0a1";

/// An executor with files of its own.
struct Stage {
    home: TempDir,
    executor: Executor,
    messages: mpsc::Receiver<Msg>,
}

impl Stage {
    fn new(payloads: bool) -> Self {
        let home = tempfile::tempdir().unwrap();
        let disk = Disk {
            events: Some(Events::new(home.path().join("events"))),
            invocations: Some(Invocations::new(home.path().join("state/invocations.jsonl"), payloads)),
        };
        let (executor, messages) = executor(disk);
        Self { home, executor, messages }
    }

    /// With a session of epoch 1.
    async fn on(server: &FaultServer, payloads: bool) -> Self {
        let mut stage = Self::new(payloads);
        let spec = Spec {
            region: Some("eu-west-1".into()),
            endpoint_url: Some(server.endpoint()),
            keys: Some(("AKID".into(), "secret".into())),
            ..Spec::default()
        };
        stage.executor.execute(Effect::Connect { epoch: 1, spec, verify: false });
        assert!(matches!(stage.next().await, Msg::Connected(1, Ok(_))));
        stage
    }

    async fn next(&mut self) -> Msg {
        tokio::time::timeout(WAIT, self.messages.recv()).await.expect("a message comes").expect("one is left")
    }

    fn history(&self) -> PathBuf {
        self.home.path().join("state/invocations.jsonl")
    }

    /// What is in the history when the program has ended.
    async fn records(&mut self) -> Vec<Record> {
        assert!(self.executor.finish(WAIT).await);
        Invocations::new(self.history(), false).read(usize::MAX).unwrap()
    }

    async fn stored(&mut self, effect: Effect) -> Result<String, SaveError> {
        self.executor.execute(effect);
        match self.next().await {
            Msg::EventStored(_, stored) => stored,
            other => panic!("{other:?}"),
        }
    }

    async fn listed(&mut self, function: &str) -> Vec<(Owner, String)> {
        self.executor.execute(Effect::ListEvents(ticket(1, 90), function.into()));
        match self.next().await {
            Msg::Events(of, Ok(events)) if of == ticket(1, 90) => {
                events.into_iter().map(|event| (event.owner, event.name)).collect()
            }
            other => panic!("{other:?}"),
        }
    }
}

fn executor(disk: Disk) -> (Executor, mpsc::Receiver<Msg>) {
    let (sender, messages) = mpsc::channel(64);
    let local = || async { Err(cloud::Error::new(Kind::Unsupported, "not in this test")) };
    (Executor::new(sender, Arc::new(move || Box::pin(local()) as _), disk), messages)
}

fn ticket(epoch: u32, number: u64) -> Ticket {
    Ticket { epoch, number }
}

fn place() -> Place {
    Place {
        profile: Some("prod".into()),
        account: Some("123456789012".into()),
        region: "eu-west-1".into(),
        endpoint: None,
    }
}

fn invoke(epoch: u32, number: u64) -> Effect {
    let payload = format!("{{\"token\": \"{CANARY}\"}}");
    Effect::Invoke {
        ticket: ticket(epoch, number),
        at: Timestamp::now(),
        request: Box::new(Request {
            function: "checkout".into(),
            qualifier: Some("live".into()),
            payload: Arc::new(Secret::new(payload)),
            client_context: Some(Arc::new(Secret::new(format!("{{\"custom\": \"{CANARY}\"}}")))),
            timeout_s: Some(60),
            ..Request::default()
        }),
        place: Box::new(place()),
        event: Some("order".into()),
    }
}

fn save(owner: &Owner, name: &str, content: &str, over: Over) -> Effect {
    let (owner, name, content) = (owner.clone(), name.into(), Arc::new(content.into()));
    Effect::SaveEvent(ticket(1, 91), Box::new(EventToSave { owner, name, content, over }))
}

/// The function answers with a canary.
fn answering() -> FaultServer {
    let server = FaultServer::start();
    let reply = Reply::new(200, "application/json", format!("\"{CANARY}\""));
    server.always("Invoke", Fault::Answer(reply.header("x-amz-executed-version", "7")));
    server
}

#[tokio::test]
async fn an_invocation_that_ended_is_recorded_without_its_payloads() {
    let server = answering();
    let mut stage = Stage::on(&server, false).await;
    stage.executor.execute(invoke(1, 1));
    let Msg::Invoked(of, Ok(_)) = stage.next().await else { panic!("it answers") };
    assert_eq!(of, ticket(1, 1));
    server.always("Invoke", Fault::throttled(1));
    stage.executor.execute(invoke(1, 2));
    let Msg::Invoked(_, Err(error)) = stage.next().await else { panic!("it is throttled") };
    let records = stage.records().await;
    let [done, throttled] = &records[..] else { panic!("{records:?}") };
    assert_eq!(
        (&done.place, done.function.as_str(), done.mode),
        (&place(), "checkout", Mode::RequestResponse)
    );
    assert_eq!((done.qualifier.as_deref(), done.event.as_deref()), (Some("live"), Some("order")));
    assert_eq!(
        (&done.ending, done.status, done.executed_version.as_deref()),
        (&Ending::Ok, Some(200), Some("7"))
    );
    assert_eq!((done.payload_bytes, done.response_bytes), (24, 13));
    assert!(done.request_id.is_some());
    assert_eq!((&throttled.ending, throttled.status), (&Ending::Throttled, None));
    assert_eq!(throttled.request_id, error.request_id);
    assert!(!fs::read_to_string(stage.history()).unwrap().contains(CANARY));
    // As the dashboard reads it.
    stage.executor.execute(Effect::ReadInvocations(ticket(1, 3)));
    let Msg::InvocationsRead(of, Ok(read)) = stage.next().await else { panic!("it is read") };
    assert_eq!((of, read), (ticket(1, 3), records));
}

#[tokio::test]
async fn payloads_are_recorded_where_that_is_wanted() {
    let server = answering();
    let mut stage = Stage::on(&server, true).await;
    stage.executor.execute(invoke(1, 1));
    stage.next().await;
    let record = stage.records().await.remove(0);
    assert_eq!(record.payload.unwrap().reveal(), format!("{{\"token\": \"{CANARY}\"}}"));
    assert_eq!(record.response.unwrap().reveal(), format!("\"{CANARY}\""));
}

#[tokio::test]
async fn what_outlives_its_session_is_recorded_as_well() {
    let server = answering();
    let slow = Reply::new(200, "application/json", "1");
    server.always("Invoke", Fault::Answer(slow).after(Duration::from_millis(100)));
    let mut stage = Stage::on(&server, false).await;
    stage.executor.execute(invoke(1, 1));
    server.arrived("Invoke", 1).await;
    // The next session's first read ends the old one.
    stage.executor.execute(Effect::Observe {
        ticket: ticket(2, 2),
        names: Vec::new(),
        after: Duration::ZERO,
    });
    stage.executor.execute(invoke(1, 3));
    let Msg::Invoked(of, Err(_)) = stage.next().await else { panic!("nothing is sent for it any more") };
    assert_eq!(of, ticket(1, 3));
    let Msg::Invoked(of, Ok(_)) = stage.next().await else { panic!("it is answered") };
    assert_eq!(of, ticket(1, 1));
    let records = stage.records().await;
    let endings: Vec<_> = records.iter().map(|record| record.ending.clone()).collect();
    assert_eq!(endings, [Ending::NotSent, Ending::Ok]);
    assert!(records.iter().all(|record| record.place == place()));
}

#[tokio::test]
async fn what_is_under_way_at_the_end_may_have_run() {
    let server = answering();
    server.script("Invoke", [Fault::Hang]);
    let mut stage = Stage::on(&server, false).await;
    stage.executor.execute(invoke(1, 1));
    server.arrived("Invoke", 1).await;
    stage.executor.execute(invoke(1, 2));
    stage.next().await;
    let endings: Vec<_> = stage.records().await.into_iter().map(|record| record.ending).collect();
    assert_eq!(endings, [Ending::Ok, Ending::Unknown]);
    // Once, however often the end comes.
    assert_eq!(stage.records().await.len(), 2);
}

#[tokio::test]
async fn a_history_that_cannot_be_written_is_said_once_and_stops_nothing() {
    let server = answering();
    let mut stage = Stage::on(&server, false).await;
    fs::create_dir_all(stage.history()).unwrap();
    let mut troubles = Vec::new();
    for number in 1..=3 {
        stage.executor.execute(invoke(1, number));
        loop {
            match stage.next().await {
                Msg::Invoked(of, Ok(_)) if of == ticket(1, number) => break,
                Msg::Trouble(text) => troubles.push(text),
                other => panic!("{other:?}"),
            }
        }
    }
    assert!(stage.executor.finish(WAIT).await);
    while let Ok(Msg::Trouble(text)) = stage.messages.try_recv() {
        troubles.push(text);
    }
    let [said] = &troubles[..] else { panic!("{troubles:?}") };
    assert!(said.contains("history of invocations") && said.contains("invocations.jsonl"), "{said}");
    stage.executor.execute(Effect::ReadInvocations(ticket(1, 9)));
    assert!(matches!(stage.next().await, Msg::InvocationsRead(_, Err(_))));
}

#[tokio::test]
async fn events_are_saved_listed_read_renamed_exported_imported_and_deleted() {
    // No session is needed.
    let mut stage = Stage::new(false);
    let (own, shared) = (Owner::Function("checkout".into()), Owner::Shared);
    assert_eq!(stage.listed("checkout").await, []);
    let saved = stage.stored(save(&own, "order", "{\"n\": 1.0}", Over::Never)).await;
    assert_eq!(saved.as_deref(), Ok("saved: order for checkout"));
    let taken = stage.stored(save(&own, "order", "2", Over::Never)).await;
    assert_eq!(taken, Err(SaveError::Exists("order".into())));

    stage.executor.execute(Effect::ReadEvent(ticket(1, 2), own.clone(), "order".into()));
    let Msg::EventRead(of, Ok((name, content))) = stage.next().await else { panic!("it is read") };
    assert_eq!((of, name.as_str(), content.reveal()), (ticket(1, 2), "order", "{\"n\": 1.0}"));
    let read = Over::If(Fingerprint::of(content.reveal()));
    assert!(stage.stored(save(&own, "order", "2", read)).await.is_ok());
    assert_eq!(stage.stored(save(&own, "order", "3", read)).await, Err(SaveError::Changed("order".into())));

    let rename = EventToRename {
        owner: own.clone(),
        name: "order".into(),
        to_owner: shared.clone(),
        to: "any order".into(),
    };
    let renamed = stage.stored(Effect::RenameEvent(ticket(1, 3), Box::new(rename))).await;
    assert_eq!(renamed.as_deref(), Ok("order is any order for all functions now"));
    assert_eq!(stage.listed("checkout").await, [(shared.clone(), "any order".to_owned())]);

    let path = stage.home.path().join("out.json").to_str().unwrap().to_owned();
    let export = |event, overwrite| Effect::ExportEvent {
        ticket: ticket(1, 4),
        event: Box::new(event),
        path: path.clone(),
        overwrite,
    };
    let from_disk = || EventToExport::Saved(Owner::Shared, "any order".into());
    assert!(stage.stored(export(from_disk(), false)).await.unwrap().contains("out.json"));
    assert!(matches!(stage.stored(export(from_disk(), false)).await, Err(SaveError::Exists(_))));
    let text = EventToExport::Text(Arc::new("[3]".into()));
    assert!(stage.stored(export(text, true)).await.is_ok());
    stage.executor.execute(Effect::ImportEvent(ticket(1, 5), path.clone()));
    let Msg::EventRead(_, Ok((name, content))) = stage.next().await else { panic!("it is read") };
    assert_eq!((name.as_str(), content.reveal()), ("out", "[3]"));

    let deleted = stage.stored(Effect::DeleteEvent(ticket(1, 6), shared, "any order".into())).await;
    assert_eq!(deleted.as_deref(), Ok("deleted: any order for all functions"));
    stage.executor.execute(Effect::ReadEvent(ticket(1, 7), Owner::Shared, "any order".into()));
    assert!(matches!(stage.next().await, Msg::EventRead(_, Err(_))));
}

#[tokio::test]
async fn what_is_asked_for_together_happens_in_this_order() {
    let mut stage = Stage::new(false);
    for number in 0..20 {
        stage.executor.execute(save(&Owner::Shared, "x", &number.to_string(), Over::Always));
        stage.executor.execute(Effect::ReadEvent(ticket(1, number), Owner::Shared, "x".into()));
    }
    for number in 0..20 {
        assert!(matches!(stage.next().await, Msg::EventStored(_, Ok(_))));
        let Msg::EventRead(of, Ok((_, content))) = stage.next().await else { panic!("it is read") };
        assert_eq!((of, content.reveal()), (ticket(1, number), number.to_string().as_str()));
    }
}

#[tokio::test]
async fn a_save_goes_on_when_its_session_and_the_executor_are_gone() {
    let mut stage = Stage::new(false);
    stage.executor.execute(save(&Owner::Shared, "x", "1", Over::Never));
    stage.executor.execute(Effect::Observe {
        ticket: ticket(2, 1),
        names: Vec::new(),
        after: Duration::ZERO,
    });
    let (gone, _) = executor(Disk::none());
    drop(std::mem::replace(&mut stage.executor, gone));
    assert!(matches!(stage.next().await, Msg::EventStored(_, Ok(_))));
    let events = Events::new(stage.home.path().join("events"));
    assert_eq!(events.read(&Owner::Shared, "x").unwrap().reveal(), "1");
}

#[tokio::test]
async fn what_is_no_saved_event_is_said_once() {
    let mut stage = Stage::new(false);
    assert!(stage.stored(save(&Owner::Shared, "x", "1", Over::Never)).await.is_ok());
    fs::write(stage.home.path().join("events/shared/My Own.json"), "1").unwrap();
    stage.executor.execute(Effect::ListEvents(ticket(1, 1), "f".into()));
    let Msg::Trouble(said) = stage.next().await else { panic!("it is said") };
    assert!(said.contains("My Own.json"), "{said}");
    assert!(matches!(stage.next().await, Msg::Events(_, Ok(events)) if events.len() == 1));
    assert_eq!(stage.listed("f").await.len(), 1);
}

#[tokio::test]
async fn without_a_place_nothing_is_kept() {
    let (mut executor, mut messages) = executor(Disk::none());
    let mut next = async |effect| {
        executor.execute(effect);
        tokio::time::timeout(WAIT, messages.recv()).await.unwrap().unwrap()
    };
    assert!(
        matches!(next(Effect::ListEvents(ticket(1, 1), "f".into())).await, Msg::Events(_, Ok(events)) if events.is_empty())
    );
    assert!(
        matches!(next(Effect::ReadInvocations(ticket(1, 2))).await, Msg::InvocationsRead(_, Ok(records)) if records.is_empty())
    );
    let refused = next(save(&Owner::Shared, "x", "1", Over::Never)).await;
    assert!(matches!(&refused, Msg::EventStored(_, Err(error)) if error.to_string().contains("no place")));
}
