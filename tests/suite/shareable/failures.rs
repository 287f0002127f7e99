//! What is told when it goes wrong.

use jiff::ToSpan;
use lambdeck::{
    app::{Action, App, Effect, Msg, Ticket, field::Field, list::Cursor, overlay::Overlay, review},
    runtime::Executor,
};

use super::*;
use crate::support::{
    app::{act, connected, moment},
    emulators::{Emulator, ministack, moto},
    fault_server::{Reply, refused_endpoint},
};

fn plain(status: u16, body: &str) -> Fault {
    Fault::Answer(Reply::new(status, "text/html", body.to_owned()))
}

#[tokio::test]
async fn without_permission_it_is_denied_and_not_empty() {
    let stage = Stage::new().await;
    for code in ["ForbiddenException", "AccessDeniedException"] {
        let message = "User is not authorized to perform: schemas:DescribeSchema";
        stage.server.always("DescribeSchema", Fault::error(403, code, message));
        let error = stage.session.shareable_events(FUNCTION).await.unwrap_err();
        assert_eq!(error.kind, Kind::Denied);
        assert!(error.message.contains("schemas:DescribeSchema") && error.hint.is_some(), "{error:?}");
        let error = stage.share("one", None, Some("1")).await.unwrap_err();
        assert_eq!((error.kind, stage.writes()), (Kind::Denied, [0; 4]));
    }
    stage.server.heal();
    stage.server.always("DescribeRegistry", Fault::access_denied());
    let error = stage.share("one", None, Some("1")).await.unwrap_err();
    assert_eq!((error.kind, stage.writes()), (Kind::Denied, [0; 4]));
}

#[tokio::test]
async fn an_endpoint_without_the_service_is_told_as_such() {
    let stage = Stage::new().await;
    let faults = [
        plain(404, "<html>404</html>"),
        plain(405, ""),
        plain(400, r#"{"error": "Unsupported service: schemas"}"#),
        plain(501, ""),
        Fault::error(404, "UnknownOperationException", "no"),
        Fault::error(404, "NoSuchBucket", "no"),
        Fault::error(400, "UnknownOperationException", "no"),
        Fault::error(501, "InternalFailure", "API for service 'schemas' not yet implemented"),
    ];
    for fault in faults {
        stage.server.always("DescribeSchema", fault.clone());
        let error = stage.session.shareable_events(FUNCTION).await.unwrap_err();
        assert_eq!(error.kind, Kind::Unsupported, "{fault:?}: {error}");
        assert!(error.hint.as_ref().is_some_and(|hint| hint.contains("EventBridge Schemas")), "{error:?}");
        let error = stage.share("one", None, Some("1")).await.unwrap_err();
        assert_eq!((error.kind, stage.writes()), (Kind::Unsupported, [0; 4]), "{fault:?}");
    }
    // What is only not there, is.
    for message in ["Registry with name x does not exist.", "Schema with name x does not exist."] {
        stage.server.always("DescribeSchema", Fault::error(404, "NotFoundException", message));
        assert_eq!(stage.read().await, Shareable::default());
    }
}

async fn does_not_have_it(emulator: &Emulator) {
    let session = Session::open(&emulator.spec("eu-west-1")).await.unwrap();
    let error = session.shareable_events(FUNCTION).await.unwrap_err();
    assert_eq!(error.kind, Kind::Unsupported, "{error}");
    let error = write(&session, "one", None, Some("1")).await.unwrap_err();
    assert_eq!(error.kind, Kind::Unsupported, "{error}");
}

#[tokio::test]
async fn moto_does_not_have_it() {
    let Some(moto) = moto() else { return };
    Box::pin(does_not_have_it(moto)).await;
}

#[tokio::test]
async fn ministack_does_not_have_it() {
    let Some(ministack) = ministack() else { return };
    Box::pin(does_not_have_it(ministack)).await;
}

#[tokio::test]
async fn what_is_stored_and_is_no_document_is_told_without_a_quote() {
    let stage = Stage::new().await;
    for content in
        [CANARY.to_owned(), format!("[\"{CANARY}\"]"), format!("{{\"a\": {CANARY}}}"), String::new()]
    {
        let stored = serde_json::json!({ "Content": content, "SchemaVersion": "1" });
        stage.server.always("DescribeSchema", Fault::Answer(Reply::json(&stored)));
        let error = stage.session.shareable_events(FUNCTION).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid);
        assert!(error.message.contains("the schema can't be understood"), "{error}");
        assert_quiet(&error);
    }
    let error = stage.session.shareable_events("no name").await.unwrap_err();
    assert_eq!(error.kind, Kind::Invalid);
}

/// Each request that changes something: done though its answer was lost, and not done.
#[tokio::test]
async fn without_an_answer_nothing_is_sent_twice_and_reading_again_tells() {
    for lost in [Fault::PassThenReset, Fault::Reset] {
        let was_done = matches!(lost, Fault::PassThenReset);
        for (nth, operation) in WRITES.into_iter().enumerate() {
            let stage = Stage::new().await;
            let (before, after) = match operation {
                "UpdateSchema" => (Some("1"), Some("2")),
                "DeleteSchema" => (Some("1"), None),
                _ => (None, Some("1")),
            };
            if before.is_some() {
                store(&client(&stage.engine), &document(r#""one":{"value":1}"#)).await;
            }
            stage.server.always(operation, lost.clone());
            let error = stage.share("one", before, after).await.unwrap_err();
            assert_eq!(error.kind, Kind::OutcomeUnknown, "{operation}: {error}");
            let mut expected = [0; 4];
            expected[nth] = 1;
            if operation == "CreateSchema" {
                expected[0] = 1;
            }
            assert_eq!(stage.writes(), expected, "{operation}");
            assert_eq!(stage.recorded().last().unwrap().1, Outcome::Unknown);
            let now = stage.read().await;
            let done = order("one", before, after).change.is_shared(&now);
            // Behind a registry that may be there comes no event.
            assert_eq!(done, Some(was_done && operation != "CreateRegistry"), "{operation}");
            if operation == "CreateRegistry" {
                assert!(error.message.ends_with("the event itself was not sent"), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn a_registry_that_was_made_for_nothing_is_told() {
    let stage = Stage::new().await;
    stage.server.always("CreateSchema", Fault::access_denied());
    let error = stage.share("one", None, Some("1")).await.unwrap_err();
    assert_eq!((error.kind, stage.writes()), (Kind::Denied, [1, 1, 0, 0]));
    assert!(
        error.message.starts_with(
            "nothing was shared, but the registry lambda-testevent-schemas was made and stays: "
        ),
        "{error}"
    );
    assert!(error.message.contains("schemas:CreateSchema"), "{error}");
    let outcomes: Vec<Outcome> = stage.recorded().into_iter().map(|(_, outcome, _)| outcome).collect();
    assert_eq!(outcomes, [Outcome::Done, Outcome::Refused]);
}

#[tokio::test]
async fn a_refusal_repeats_no_value_of_any_event() {
    let stage = Stage::new().await;
    let theirs = format!(r#""theirs":{{"value":{{"pin":"{CANARY}-x","long":"{CANARY}\n\u00e9"}}}}"#);
    store(&client(&stage.engine), &document(&theirs)).await;
    let mine = format!(r#"{{"card":4929123412341234,"key":"{CANARY}-mine","checkout":"checkout"}}"#);
    let quotes = [
        format!("Unexpected value '{CANARY}-mine' at examples.one"),
        format!("Unexpected value {CANARY}-x"),
        "Not a valid number: 4929123412341234".to_owned(),
        format!("bad string \"{CANARY}\\n\\u00e9\""),
        format!("can't take {mine}"),
    ];
    for quote in quotes {
        stage.server.always("UpdateSchema", Fault::error(400, "BadRequestException", &quote));
        let error = stage.share("one", None, Some(&mine)).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid);
        assert_quiet(&error);
        assert!(!error.message.contains("4929"), "{error}");
        assert!(
            error.message.starts_with("could not share the shareable event one of checkout: ")
                && error.message.contains("(BadRequestException)"),
            "{error}"
        );
    }
    assert_eq!(stage.writes()[2], 5);
}

#[tokio::test]
async fn nobody_listening_changed_nothing() {
    let stage = Stage::new().await;
    let spec = Spec { endpoint_url: Some(refused_endpoint()), ..stage.session.spec().clone() };
    let session = Session::open(&spec).await.unwrap();
    let (read, written) =
        tokio::join!(session.shareable_events(FUNCTION), write(&session, "one", None, Some("1")));
    assert_eq!((read.unwrap_err().kind, written.unwrap_err().kind), (Kind::Network, Kind::Network));
}

/// The dashboard with a change that was agreed to; answers with its ticket.
fn agreed(change: Change) -> (App, Ticket) {
    let (mut app, _) = connected((80, 24));
    let order = Order { function: FUNCTION.into(), revision_id: None, change };
    app.overlay = Some(Overlay::Review(Box::new(review::Review {
        place: app.place().unwrap(),
        epoch: app.session.epoch,
        protected: false,
        diff: order.change.diff(),
        order,
        beside: review::Beside::default(),
        typed: None,
        field: Field::default(),
        mistyped: false,
        cursor: Cursor::default(),
        came_up: None,
    })));
    let effects = act(&mut app, Action::Yes);
    let [Effect::Write(ticket, ..)] = effects[..] else { panic!("{effects:?}") };
    (app, ticket)
}

fn said(app: &App) -> Vec<&str> {
    app.messages.log.iter().map(|message| message.text.as_str()).collect()
}

#[test]
fn the_dashboard_reads_the_events_again_where_no_answer_came() {
    let replace = || order("one", Some("1"), Some(r#"{"a":1}"#)).change;
    let now =
        |event: &str| Shareable { events: vec![("one".into(), Secret::new(event))], ..Shareable::default() };
    for (read, says) in [
        (Ok(now(r#"{ "a": 1 }"#)), "no answer came, but it was done"),
        (Ok(now("1")), "it was not done so far"),
        (Err(Error::new(Kind::Network, "no connection")), "whether it was done is not known"),
    ] {
        let (mut app, ticket) = agreed(replace());
        let unknown = Error::new(Kind::OutcomeUnknown, "the connection broke");
        let effects = app.update(moment(), Msg::Written(ticket, Err(unknown)));
        let [Effect::GetShareable(ticket, name)] = &effects[..] else { panic!("{effects:?}") };
        assert_eq!(name, FUNCTION);
        app.update(moment() + 1.seconds(), Msg::Shareable(*ticket, read.map(Box::new)));
        assert!(said(&app).iter().any(|text| text.contains(says)), "{says}: {:?}", said(&app));
        assert!(app.writing.is_empty());
        assert!(!format!("{app:?}").contains(r#""a":1"#));
    }
}

#[test]
fn the_dashboard_tells_what_became_of_it() {
    let done = |change: Change, warning: Option<&str>| {
        let (mut app, ticket) = agreed(change);
        let written = Written { warning: warning.map(str::to_owned), ..Written::default() };
        let effects = app.update(moment(), Msg::Written(ticket, Ok(Box::new(written))));
        assert!(effects.is_empty() && app.writing.is_empty(), "{effects:?}");
        said(&app).join("\n")
    };
    let text = done(order("one", None, Some("1")).change, Some("somebody else wrote"));
    assert!(text.contains("checkout: Shareable event one is saved"), "{text}");
    assert!(text.contains("checkout: somebody else wrote"), "{text}");
    let text = done(order("one", Some("1"), None).change, None);
    assert!(text.contains("checkout: Shareable event one is deleted"), "{text}");

    let (mut app, ticket) = agreed(order("one", Some("1"), Some("2")).change);
    let stale = Error::new(Kind::Stale, "nothing was sent: it changed meanwhile");
    assert!(app.update(moment(), Msg::Written(ticket, Err(stale))).is_empty());
    assert!(app.writing.is_empty() && said(&app).iter().any(|text| text.contains("it changed meanwhile")));
}

#[tokio::test]
async fn the_executor_reads_and_writes_them() {
    let stage = Stage::new().await;
    let (sender, mut messages) = tokio::sync::mpsc::channel(8);
    let local = || async { Err(Error::new(Kind::Unsupported, "not in this test")) };
    let mut executor =
        Executor::new(sender, Arc::new(move || Box::pin(local())), lambdeck::disk::Disk::none());
    let spec = stage.session.spec().clone();
    executor.execute(Effect::Connect { epoch: 1, spec, verify: false });
    assert!(matches!(messages.recv().await, Some(Msg::Connected(1, Ok(_)))));
    let ticket = |number| Ticket { epoch: 1, number };
    let permit = permit(&stage.session, Consent::Yes);
    executor.execute(Effect::Write(ticket(1), Box::new(order("one", None, Some("1"))), Box::new(permit)));
    let Some(Msg::Written(_, Ok(_))) = messages.recv().await else { panic!("it is done") };
    executor.execute(Effect::GetShareable(ticket(2), FUNCTION.into()));
    let Some(Msg::Shareable(of, Ok(shareable))) = messages.recv().await else { panic!("they are read") };
    assert_eq!((of, shareable.event("one").map(Secret::reveal)), (ticket(2), Some("1")));
}
