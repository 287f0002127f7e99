//! What lambdeck asks of AWS, asked of the emulators that others wrote.
//!
//! The functions and log events are made with the SDK alone; everything that is asserted came through `cloud`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{Environment, FunctionCode, Runtime};
use lambdeck::cloud::logs::EventQuery;
use lambdeck::cloud::{Error, Identity, Kind, Session};
use lambdeck::domain::change::{Change, Consent, Order, Permit, Variables, Written};
use lambdeck::domain::invocation::{Answer, Ending, Mode, Request};
use lambdeck::domain::release::{Additional, Alias};
use lambdeck::domain::secret::Secret;
use lambdeck::domain::settings::{Setting, Settings};
use serde_json::{Value, json};

use crate::support::emulators::{Emulator, ministack, moto, python};
use crate::support::zip_of;

const WAIT: Duration = Duration::from_secs(20);

async fn create(emulator: &Emulator, region: &'static str, name: &str, handler: &str) {
    let lambda = aws_sdk_lambda::Client::new(&emulator.sdk_config(region));
    let code = FunctionCode::builder().zip_file(Blob::new(zip_of(&[("index.py", handler)]))).build();
    lambda
        .create_function()
        .function_name(name)
        .description("made by a test")
        .runtime(Runtime::Python313)
        .handler("index.handler")
        .role(emulator.role())
        .memory_size(256)
        .timeout(7)
        .code(code)
        .environment(Environment::builder().variables("STAGE", "test").build())
        .send()
        .await
        .unwrap();
}

async fn open(emulator: &Emulator, region: &str) -> Session {
    Session::open(&emulator.spec(region)).await.unwrap()
}

/// All names, page by page, sorted.
async fn names(session: &Session) -> Vec<String> {
    let (mut names, mut marker) = (Vec::new(), None);
    loop {
        let page = session.list_functions(marker).await.unwrap();
        names.extend(page.items.iter().map(|function| function.name.to_string()));
        marker = page.next;
        if marker.is_none() {
            names.sort();
            return names;
        }
    }
}

async fn invoke(session: &Session, function: &str, payload: Value) -> Answer {
    let request = Request {
        function: function.into(),
        payload: Arc::new(Secret::new(payload.to_string())),
        timeout_s: None,
        ..Request::default()
    };
    session.invoke(&request, None).await.unwrap()
}

/// Until the function has settled.
async fn active(session: &Session, name: &str) {
    let settled = async {
        while session.function_state(name).await.unwrap().state.as_deref() != Some("Active") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(WAIT, settled).await.expect("the function gets active");
}

fn parsed(payload: &[u8]) -> Value {
    serde_json::from_slice(payload).unwrap()
}

#[test]
fn the_python_environment_has_what_the_tests_need() {
    let Some(python) = python() else { return };
    let mut script = "import boto3, cbor2, ministack, moto.server".to_owned();
    if cfg!(target_os = "linux") {
        script.push_str(", awslambdaric");
    }
    let status = std::process::Command::new(python).args(["-c", &script]).status().unwrap();
    assert!(status.success());
}

/// The same on every emulator: a list, one function in full, one that is not there, who is asking.
async fn shows_functions(emulator: &Emulator, region: &'static str) {
    let session = open(emulator, region).await;
    assert_eq!(names(&session).await, Vec::<String>::new());
    create(emulator, region, "checkout", "def handler(event, context): return 1").await;
    create(emulator, region, "billing", "def handler(event, context): return 2").await;
    assert_eq!(names(&session).await, ["billing", "checkout"]);

    let page = session.list_functions(None).await.unwrap();
    let row = page.items.iter().find(|function| &*function.name == "checkout").unwrap();
    assert_eq!((row.memory_mb, row.timeout_s, row.runtime.as_deref()), (256, 7, Some("python3.13")));
    assert_eq!((&*row.description, row.log_group().as_str()), ("made by a test", "/aws/lambda/checkout"));
    assert!(row.code_size > 0);
    let now = jiff::Timestamp::now().as_millisecond();
    assert!(row.modified_ms.is_some_and(|modified| (now - modified).abs() < 60_000), "{:?}", row.modified_ms);

    active(&session, "checkout").await;
    let function = session.get_function("checkout", None).await.unwrap().configuration;
    assert_eq!(function.arn, format!("arn:aws:lambda:{region}:{}:function:checkout", emulator.account()));
    assert_eq!(function.role, Some(emulator.role()));
    assert_eq!(function.handler.as_deref(), Some("index.handler"));
    assert_eq!(function.environment.unwrap().reveal(), BTreeMap::from([("STAGE", "test")]));

    let unknown = session.get_function("nothing", None).await.unwrap_err();
    assert_eq!(unknown.kind, Kind::NotFound, "{unknown:?}");

    let Identity { account, arn } = session.identity().await.unwrap();
    assert_eq!(account.as_deref(), Some(emulator.account()));
    assert!(arn.is_some_and(|arn| arn.starts_with("arn:aws:")));
}

/// The same on every emulator: events by time, and a group that is not there.
async fn reads_logs(emulator: &Emulator, region: &'static str) {
    let logs = aws_sdk_cloudwatchlogs::Client::new(&emulator.sdk_config(region));
    let session = open(emulator, region).await;
    let (group, stream) = ("/aws/lambda/checkout", "2026/11/20/[$LATEST]0123456789abcdef");
    let query = EventQuery { group: group.into(), ..EventQuery::default() };
    let missing = session.filter_log_events(&query).await.unwrap_err();
    assert_eq!(missing.kind, Kind::NotFound, "{missing:?}");

    let now = jiff::Timestamp::now().as_millisecond();
    logs.create_log_group().log_group_name(group).send().await.unwrap();
    logs.create_log_stream().log_group_name(group).log_stream_name(stream).send().await.unwrap();
    let mut put = logs.put_log_events().log_group_name(group).log_stream_name(stream);
    for (time, message) in [(now - 2000, "first"), (now - 1000, "tab\tand \u{1b}[31mred"), (now, "third")] {
        put = put.log_events(InputLogEvent::builder().timestamp(time).message(message).build().unwrap());
    }
    put.send().await.unwrap();

    let later = EventQuery { start_ms: Some(now - 1000), ..query };
    let mut events = Vec::new();
    let mut token = None;
    loop {
        let page = session.filter_log_events(&EventQuery { token, ..later.clone() }).await.unwrap();
        events.extend(page.events);
        token = page.next;
        if token.is_none() {
            break;
        }
    }
    let seen: Vec<_> = events.iter().map(|event| (event.timestamp, event.message.as_str())).collect();
    assert_eq!(seen, [(now - 1000, "tab\tand \u{1b}[31mred"), (now, "third")]);
    assert!(events.iter().all(|event| event.group == group && event.stream == stream));
    assert_ne!(events[0].id, events[1].id);
}

#[tokio::test]
async fn moto_shows_its_functions() {
    let Some(moto) = moto() else { return };
    shows_functions(moto, "eu-west-1").await;
}

#[tokio::test]
async fn ministack_shows_its_functions() {
    let Some(ministack) = ministack() else { return };
    shows_functions(ministack, "eu-west-1").await;
}

#[tokio::test]
async fn moto_gives_its_log_events() {
    let Some(moto) = moto() else { return };
    reads_logs(moto, "eu-west-2").await;
}

#[tokio::test]
async fn ministack_gives_its_log_events() {
    let Some(ministack) = ministack() else { return };
    reads_logs(ministack, "eu-west-2").await;
}

#[tokio::test]
async fn moto_answers_an_invocation() {
    let Some(moto) = moto() else { return };
    create(moto, "eu-west-3", "echo", "def handler(event, context): return event").await;
    let session = open(moto, "eu-west-3").await;
    // Without Docker nothing runs: the payload comes back, and nothing else.
    let answer = invoke(&session, "echo", json!({ "a": 1 })).await;
    assert_eq!((answer.status, answer.function_error.as_deref()), (200, None));
    assert_eq!(parsed(&answer.payload), json!({ "a": 1 }));
    assert_eq!((answer.log_tail.as_str(), answer.report), ("", None));
}

#[tokio::test]
async fn ministack_runs_functions_and_keeps_their_logs() {
    let Some(ministack) = ministack() else { return };
    let handler = r#"
import os
def handler(event, context):
    print("stage", os.environ["STAGE"])
    if event.get("fail"):
        raise ValueError("asked to fail")
    return {"twice": event["n"] * 2}
"#;
    create(ministack, "eu-west-3", "doubler", handler).await;
    let session = open(ministack, "eu-west-3").await;
    active(&session, "doubler").await;

    let answer = invoke(&session, "doubler", json!({ "n": 21 })).await;
    assert_eq!((answer.status, answer.function_error.as_deref()), (200, None));
    assert_eq!(parsed(&answer.payload), json!({ "twice": 42 }));
    assert_eq!(answer.executed_version.as_deref(), Some("$LATEST"));
    assert!(answer.log_tail.contains("stage test"), "{}", answer.log_tail);
    assert!(answer.request_id.is_some());

    let failed = invoke(&session, "doubler", json!({ "fail": true })).await;
    assert_eq!((failed.status, failed.function_error.as_deref()), (200, Some("Unhandled")));
    assert_eq!(parsed(&failed.payload)["errorMessage"], "asked to fail");

    let query = EventQuery { group: "/aws/lambda/doubler".into(), ..EventQuery::default() };
    let page = session.filter_log_events(&query).await.unwrap();
    let messages: Vec<_> = page.events.iter().map(|event| event.message.trim_end()).collect();
    assert!(messages.contains(&"stage test"), "{messages:?}");
    assert!(messages.iter().any(|message| message.starts_with("REPORT RequestId: ")), "{messages:?}");
}

/// The same on every emulator: a version and an alias, a queued event, a dry run. Answers with what streaming came to.
async fn invokes_in_each_mode(emulator: &Emulator, region: &'static str) -> Result<Answer, Error> {
    create(
        emulator,
        region,
        "modes",
        "def handler(event, context): return {'version': context.function_version}",
    )
    .await;
    let session = open(emulator, region).await;
    active(&session, "modes").await;
    let lambda = aws_sdk_lambda::Client::new(&emulator.sdk_config(region));
    lambda.publish_version().function_name("modes").send().await.unwrap();
    lambda.create_alias().function_name("modes").name("live").function_version("1").send().await.unwrap();
    let send = async |mode, qualifier: Option<&str>| {
        let request = Request {
            function: "modes".into(),
            qualifier: qualifier.map(str::to_owned),
            mode,
            payload: Arc::new(Secret::new("{}")),
            client_context: Some(Arc::new(Secret::new(r#"{"custom":{}}"#))),
            ..Request::default()
        };
        session.invoke(&request, None).await
    };
    for qualifier in [None, Some("1"), Some("live")] {
        let answer = send(Mode::RequestResponse, qualifier).await.unwrap();
        assert_eq!((answer.status, answer.ending()), (200, Ending::Ok), "{qualifier:?}");
        assert!(answer.headers.is_sorted() && !answer.headers.is_empty(), "{:?}", answer.headers);
        let queued = send(Mode::Event, qualifier).await.unwrap();
        // moto answers with a payload.
        assert_eq!((queued.status, queued.ending()), (202, Ending::Queued));
        let allowed = send(Mode::DryRun, qualifier).await.unwrap();
        assert_eq!((allowed.status, allowed.ending(), allowed.payload.len()), (204, Ending::Allowed, 0));
    }
    send(Mode::ResponseStream, Some("live")).await
}

#[tokio::test]
async fn moto_takes_invocations_in_each_mode() {
    let Some(moto) = moto() else { return };
    let error = Box::pin(invokes_in_each_mode(moto, "eu-north-1")).await.unwrap_err();
    assert_eq!(error.kind, Kind::Unsupported, "{error:?}");
    assert!(error.to_string().contains("does not offer response streaming"), "{error}");
}

#[tokio::test]
async fn ministack_takes_invocations_in_each_mode() {
    let Some(ministack) = ministack() else { return };
    let answer = Box::pin(invokes_in_each_mode(ministack, "eu-north-1")).await.unwrap();
    assert_eq!(parsed(&answer.payload), json!({ "version": "1" }));
    assert!(answer.first_byte_ms.is_some_and(|first| first <= answer.elapsed_ms), "{answer:?}");
}

#[tokio::test]
async fn ministack_gives_its_functions_in_pages() {
    let Some(ministack) = ministack() else { return };
    // One more than a page of AWS holds.
    let mut expected = Vec::new();
    for index in 0..51 {
        expected.push(format!("function-{index:02}"));
        create(ministack, "us-west-2", &expected[index], "def handler(event, context): pass").await;
    }
    let session = open(ministack, "us-west-2").await;
    let first = session.list_functions(None).await.unwrap();
    assert_eq!((first.items.len(), first.next.is_some()), (50, true));
    assert_eq!(names(&session).await, expected);
}

/// A change of `checkout` at this revision, agreed to.
async fn write(session: &Session, revision_id: Option<String>, change: Change) -> Result<Written, Error> {
    let order = Order { function: "checkout".into(), revision_id, change };
    let typed = order.change.typed_consent("checkout", false);
    let consent = typed.map_or(Consent::Yes, Consent::Typed);
    session.write(&order, &Permit { place: session.place(), function: order.function.clone(), consent }).await
}

/// The revision, variables and settings of `checkout`, once it has settled.
async fn checkout(session: &Session) -> (Option<String>, Variables, Settings) {
    let settled = async {
        loop {
            let function = session.get_function("checkout", None).await.unwrap().configuration;
            if !function.state.is_settling() {
                let settings = Settings::of(&function);
                return (function.revision_id, function.environment.unwrap_or_default().variables, settings);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(WAIT, settled).await.expect("the function settles")
}

fn variables(pairs: &[(&str, &str)]) -> Variables {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), Secret::new(*value))).collect()
}

fn alias(version: &str, additional: Option<(&str, f64)>) -> Alias {
    Alias {
        name: "live".into(),
        version: version.into(),
        additional: additional.map(|(version, weight)| Additional { version: version.into(), weight }),
        ..Alias::default()
    }
}

/// The same on every emulator: each kind of change, done and taken back.
async fn changes_functions(emulator: &Emulator, region: &'static str) {
    let session = open(emulator, region).await;
    create(emulator, region, "checkout", "def handler(event, context): return 1").await;

    let (revision, before, _) = checkout(&session).await;
    assert_eq!(before, variables(&[("STAGE", "test")]));
    let change =
        Change::Environment { before, after: variables(&[("STAGE", "other"), ("NEW", "\u{e9} \"x\"")]) };
    write(&session, revision, change.clone()).await.unwrap();
    let (revision, now, _) = checkout(&session).await;
    assert_eq!(now, variables(&[("STAGE", "other"), ("NEW", "\u{e9} \"x\"")]));
    write(&session, revision, change.inverse().unwrap()).await.unwrap();
    let (revision, now, before) = checkout(&session).await;
    assert_eq!(now, variables(&[("STAGE", "test")]));

    let mut after = before.clone();
    for (setting, text) in
        [(Setting::Memory, "512"), (Setting::Timeout, "9"), (Setting::Description, "changed")]
    {
        after.set(setting, text);
    }
    let change = Change::Settings { before: before.clone(), after: after.clone() };
    write(&session, revision, change.clone()).await.unwrap();
    let (revision, _, now) = checkout(&session).await;
    assert_eq!(now, after);
    write(&session, revision, change.inverse().unwrap()).await.unwrap();
    let (revision, _, now) = checkout(&session).await;
    assert_eq!(now, before);

    let publish = |description: &str| Change::Publish { description: description.into(), code_sha256: None };
    let first = write(&session, revision, publish("first")).await.unwrap();
    assert_eq!(first.version.as_deref(), Some("1"));
    let (revision, _, before) = checkout(&session).await;
    let mut after = before.clone();
    after.set(Setting::Memory, "1024");
    write(&session, revision, Change::Settings { before, after }).await.unwrap();
    let (revision, ..) = checkout(&session).await;
    let second = write(&session, revision, publish("second")).await.unwrap();
    assert_eq!(second.version.as_deref(), Some("2"));

    let mut steps = [alias("1", None), alias("2", Some(("1", 0.25))), alias("1", None)].map(Some).to_vec();
    steps.insert(0, None);
    steps.push(None);
    for pair in steps.windows(2) {
        let change = Change::Alias { name: "live".into(), before: pair[0].clone(), after: pair[1].clone() };
        write(&session, None, change.clone()).await.unwrap();
        let releases = session.releases("checkout").await.unwrap();
        assert_eq!(change.is_released(&releases), Some(true), "{change:?} {:?}", releases.aliases);
    }
    let releases = session.releases("checkout").await.unwrap();
    let versions: Vec<_> =
        releases.versions.iter().filter_map(|version| version.version.as_deref()).collect();
    assert_eq!(versions, ["$LATEST", "2", "1"]);

    for (before, after) in [(None, Some(5)), (Some(5), None)] {
        let change = Change::ReservedConcurrency { before, after };
        write(&session, None, change.clone()).await.unwrap();
        assert_eq!(change.is_done(&session.observe("checkout").await.unwrap()), Some(true));
    }
    for (before, after) in [(None, Some("a".to_owned())), (Some("a".to_owned()), None)] {
        let change = Change::Tag { key: "team".into(), before, after };
        write(&session, None, change.clone()).await.unwrap();
        assert_eq!(change.is_done(&session.observe("checkout").await.unwrap()), Some(true));
    }

    let group = "/aws/lambda/checkout";
    let logs = aws_sdk_cloudwatchlogs::Client::new(&emulator.sdk_config(region));
    // ministack has made it when the function was created.
    let _ = logs.create_log_group().log_group_name(group).send().await;
    for (before, after) in [(None, Some(7)), (Some(7), None)] {
        write(&session, None, Change::LogRetention { group: group.into(), before, after }).await.unwrap();
        assert_eq!(session.log_retention(group).await.unwrap(), after);
    }
}

/// The same on every emulator, whether it looks at the RevisionId or not: whoever is late is told, and what the other
/// one saved stays.
async fn loses_no_change_of_two(emulator: &Emulator, region: &'static str) {
    let (one, two) = (open(emulator, region).await, open(emulator, region).await);
    create(emulator, region, "checkout", "def handler(event, context): return 1").await;
    let (revision, before, settings) = checkout(&one).await;
    let mine = Change::Environment { before: before.clone(), after: variables(&[("STAGE", "mine")]) };
    let theirs = Change::Environment { before, after: variables(&[("STAGE", "test"), ("THEIRS", "x")]) };
    write(&two, revision.clone(), theirs).await.unwrap();
    let late = write(&one, revision.clone(), mine.clone()).await.unwrap_err();
    assert_eq!(late.kind, Kind::Stale, "{late}");
    assert!(late.message.contains("THEIRS"), "{late}");
    // Also where the revision is not known.
    assert_eq!(write(&one, None, mine).await.unwrap_err().kind, Kind::Stale);
    let (now, kept, _) = checkout(&one).await;
    assert_eq!(kept, variables(&[("STAGE", "test"), ("THEIRS", "x")]));

    let memory = |text: &str| {
        let mut after = settings.clone();
        after.set(Setting::Memory, text);
        Change::Settings { before: settings.clone(), after }
    };
    write(&two, now.clone(), memory("512")).await.unwrap();
    assert_eq!(write(&one, now, memory("1024")).await.unwrap_err().kind, Kind::Stale);
    let (revision, _, kept) = checkout(&one).await;
    assert_eq!(kept.get(Setting::Memory), Some("512"));

    for description in ["first", "second"] {
        let publish = Change::Publish { description: description.into(), code_sha256: None };
        write(&one, revision.clone(), publish).await.unwrap();
    }
    let live = |before, after| Change::Alias { name: "live".into(), before, after };
    write(&one, None, live(None, Some(alias("$LATEST", None)))).await.unwrap();
    write(&two, None, live(Some(alias("$LATEST", None)), Some(alias("1", None)))).await.unwrap();
    for late in [
        live(Some(alias("$LATEST", None)), None),
        live(Some(alias("$LATEST", None)), Some(alias("$LATEST", Some(("1", 0.5))))),
        live(None, Some(alias("$LATEST", None))),
    ] {
        assert_eq!(write(&one, None, late).await.unwrap_err().kind, Kind::Stale);
    }
    assert_eq!(one.releases("checkout").await.unwrap().alias("live").unwrap().version, "1");
}

#[tokio::test]
async fn moto_is_changed_and_changed_back() {
    let Some(moto) = moto() else { return };
    Box::pin(changes_functions(moto, "ap-south-1")).await;
}

#[tokio::test]
async fn ministack_is_changed_and_changed_back() {
    let Some(ministack) = ministack() else { return };
    Box::pin(changes_functions(ministack, "ap-south-1")).await;
}

/// moto does not look at the RevisionId.
#[tokio::test]
async fn on_moto_no_change_of_two_is_lost() {
    let Some(moto) = moto() else { return };
    Box::pin(loses_no_change_of_two(moto, "ap-south-2")).await;
}

#[tokio::test]
async fn on_ministack_no_change_of_two_is_lost() {
    let Some(ministack) = ministack() else { return };
    Box::pin(loses_no_change_of_two(ministack, "ap-south-2")).await;
}

/// ministack looks at the RevisionId of configurations and aliases: it refuses where nothing that was read differs.
#[tokio::test]
async fn ministack_refuses_a_stale_revision() {
    let Some(ministack) = ministack() else { return };
    create(ministack, "ap-east-1", "checkout", "def handler(event, context): return 1").await;
    let session = open(ministack, "ap-east-1").await;
    let (stale, variables, settings) = checkout(&session).await;
    let with = |setting, text: &str| {
        let mut after = settings.clone();
        after.set(setting, text);
        Change::Settings { before: settings.clone(), after }
    };
    write(&session, stale.clone(), with(Setting::Memory, "512")).await.unwrap();
    let late = write(&session, stale.clone(), with(Setting::Timeout, "9")).await.unwrap_err();
    assert_eq!(late.kind, Kind::Stale);
    assert!(late.message.contains("RevisionId"), "{late}");
    let change = Change::Environment { before: variables, after: Variables::new() };
    assert_eq!(write(&session, stale, change).await.unwrap_err().kind, Kind::Stale);
}
