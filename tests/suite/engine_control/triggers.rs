//! Buckets and schedules on a running engine.

use std::{fs, path::Path};

use lambdeck::local::{
    Engine, Note, Options,
    triggers::{Notification, Rule, Source, Trigger},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{FUNCTIONS, archive64, ask, change, logs_client, options, settled};

fn bucket(function: &str, folder: &Path) -> Trigger {
    let notification = Notification::of_folder(folder).unwrap();
    Trigger { function: function.into(), source: Source::Bucket(notification) }
}

fn schedule(function: &str, expression: &str) -> Trigger {
    let rule = Rule { name: "nightly".into(), expression: expression.into(), input: None };
    Trigger { function: function.into(), source: Source::Schedule(rule) }
}

/// With the samples, which are there before triggers are.
fn with(triggers: Vec<Trigger>) -> Options {
    Options { samples: true, triggers, ..options() }
}

/// Why it doesn't start.
async fn refused(triggers: Vec<Trigger>) -> String {
    match Engine::start(with(triggers)).await {
        Ok(_) => panic!("it has started"),
        Err(error) => error.to_string(),
    }
}

fn folder() -> TempDir {
    tempfile::Builder::new().prefix("photos-").tempdir().unwrap()
}

/// Makes a sample a function that writes its events to its log.
fn let_echo(engine: &Engine, name: &str, variables: &Value) {
    let code = json!({ "ZipFile": archive64() });
    ask(engine, "PUT", &format!("{FUNCTIONS}/{name}/code"), &code).ok(200);
    settled(engine, name);
    change(engine, name, &json!({ "Environment": { "Variables": variables } }));
}

/// What a function has written, once there are so many lines that begin so.
async fn written(engine: &Engine, name: &str, start: &str, count: usize) -> Vec<String> {
    let request = logs_client(engine).filter_log_events().log_group_name(format!("/aws/lambda/{name}"));
    let found = async {
        loop {
            let answer = request.clone().send().await;
            let events = answer.ok().and_then(|answer| answer.events).unwrap_or_default();
            let messages = events.into_iter().filter_map(|event| event.message);
            let lines: Vec<String> = messages.filter(|line| line.starts_with(start)).collect();
            if lines.len() >= count {
                return lines;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let what = format!("{count} lines of {name} that begin with {start}");
    tokio::time::timeout(std::time::Duration::from_mins(1), found).await.expect(&what)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_invokes_the_function_that_finds_it_in_its_event() {
    let folder = folder();
    fs::write(folder.path().join("old"), "was there before").unwrap();
    let engine = Engine::start(with(vec![bucket("greeter:$LATEST", folder.path())])).await.unwrap();
    let name = folder.path().file_name().unwrap().to_str().unwrap().to_lowercase();
    let path = folder.path().canonicalize().unwrap();
    let line = format!("Bucket {name}: files in {} invoke greeter:$LATEST", path.display());
    assert_eq!(engine.notes(), [Note::Open(line)]);
    let_echo(&engine, "greeter", &json!({}));

    fs::create_dir(folder.path().join("in")).unwrap();
    fs::write(folder.path().join("in/my cat.jpg"), "abc").unwrap();
    let [line] = written(&engine, "greeter", "event ", 1).await.try_into().unwrap();
    let event: Value = serde_json::from_str(line.strip_prefix("event ").unwrap()).unwrap();
    let record = &event["Records"][0];
    assert_eq!(
        (&record["eventName"], &record["awsRegion"]),
        (&json!("ObjectCreated:Put"), &json!("eu-central-1"))
    );
    assert_eq!(record["s3"]["bucket"]["name"], name.as_str());
    let object = &record["s3"]["object"];
    assert_eq!((&object["key"], &object["size"]), (&json!("in/my+cat.jpg"), &json!(3)));
    assert_eq!(object["eTag"], "900150983cd24fb0d6963f7d28e17f72");

    fs::remove_file(folder.path().join("in/my cat.jpg")).unwrap();
    let lines = written(&engine, "greeter", "event ", 2).await;
    assert!(lines[1].contains("\"ObjectRemoved:Delete\"") && lines.len() == 2, "{lines:?}");
    engine.shutdown().await;
    // Nobody watches any more.
    fs::write(folder.path().join("late"), "").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_tried_again_and_its_end_goes_to_its_destination() {
    let folder = folder();
    let engine = Engine::start(with(vec![bucket("greeter", folder.path())])).await.unwrap();
    let_echo(&engine, "greeter", &json!({ "FAIL": "1" }));
    let_echo(&engine, "env-inspector", &json!({}));
    let arn = format!("{}:env-inspector", super::ARN);
    let config =
        json!({ "MaximumRetryAttempts": 1, "DestinationConfig": { "OnFailure": { "Destination": arn } } });
    ask(&engine, "PUT", "/2019-09-25/functions/greeter/event-invoke-config", &config).ok(200);
    fs::write(folder.path().join("file"), "abc").unwrap();
    let [line] = written(&engine, "env-inspector", "event ", 1).await.try_into().unwrap();
    let record: Value = serde_json::from_str(line.strip_prefix("event ").unwrap()).unwrap();
    assert_eq!(record["requestContext"]["condition"], "RetriesExhausted");
    assert_eq!(record["requestContext"]["approximateInvokeCount"], 2);
    assert_eq!(record["requestPayload"]["Records"][0]["s3"]["object"]["key"], "file");
    let starts = written(&engine, "greeter", "START RequestId: ", 2).await;
    assert_eq!((starts.len(), &starts[0]), (2, &starts[1]));
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_is_deleted_takes_nothing_and_the_others_go_on() {
    let folder = folder();
    let triggers = vec![bucket("greeter", folder.path()), bucket("env-inspector", folder.path())];
    let engine = Engine::start(with(triggers)).await.unwrap();
    // S3 would not have both.
    let warnings = engine.notes().iter().filter(|note| matches!(note, Note::Undone(_)));
    let Some(Note::Undone(text)) = warnings.clone().next() else { panic!("no warning") };
    assert!(text.contains("greeter and env-inspector are both told of the same objects"), "{text}");
    assert_eq!((warnings.count(), engine.notes().len()), (1, 3));
    ask(&engine, "DELETE", &format!("{FUNCTIONS}/greeter"), &Value::Null).ok(204);
    let_echo(&engine, "env-inspector", &json!({}));
    for name in ["one", "two"] {
        fs::write(folder.path().join(name), "").unwrap();
    }
    let mut lines = written(&engine, "env-inspector", "event ", 2).await;
    lines.sort_by_key(|line| line.contains("\"two\""));
    assert!(lines.len() == 2 && lines[0].contains("\"key\":\"one\"") && lines[1].contains("\"key\":\"two\""));
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_made_and_kinds_that_never_come_are_spoken_of() {
    let parent = folder();
    let path = parent.path().join("deep/photos");
    let mut trigger = bucket("greeter", &path);
    let Source::Bucket(notification) = &mut trigger.source else { panic!() };
    notification.events = vec!["s3:ObjectCreated:Put".into(), "s3:ObjectRestore:*".into()];
    let engine =
        Engine::start(with(vec![trigger, schedule("greeter", "cron(0 0 1 1 ? 2020)")])).await.unwrap();
    assert!(path.is_dir());
    let notes: Vec<&str> = engine
        .notes()
        .iter()
        .map(|note| match note {
            Note::Open(text) | Note::Undone(text) => text.as_str(),
        })
        .collect();
    assert_eq!(notes[1], "Schedule nightly: cron(0 0 1 1 ? 2020) invokes greeter");
    assert!(notes[2].contains("so it never runs"), "{notes:?}");
    assert!(notes[3].starts_with("Bucket photos: s3:ObjectRestore:* never invokes greeter: "), "{notes:?}");
    assert_eq!(notes.len(), 4);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn triggers_that_make_no_sense_are_refused_at_the_start() {
    let parent = folder();
    let (one, two) = (parent.path().join("one/photos"), parent.path().join("two/photos"));
    for function in ["resize", "greeter:live", "greeter:7"] {
        let why = refused(vec![bucket(function, &one)]).await;
        assert!(
            why.starts_with(&format!("there is no function '{function}' for the bucket photos: ")),
            "{why}"
        );
        let why = refused(vec![schedule(function, "rate(1 day)")]).await;
        assert!(
            why.starts_with(&format!("there is no function '{function}' for the schedule nightly: ")),
            "{why}"
        );
    }
    let why = refused(vec![bucket("greeter", &one), bucket("greeter", &two)]).await;
    assert!(why.contains("the bucket photos can't be both ") && why.contains("one/photos"), "{why}");
    let why = refused(vec![schedule("greeter", "rate(1 days)")]).await;
    assert!(why.contains("with 1 the unit is 'day'"), "{why}");
    let file = parent.path().join("file");
    fs::write(&file, "").unwrap();
    let why = refused(vec![bucket("greeter", &file)]).await;
    assert!(why.contains("can't be a bucket: "), "{why}");
    // The engine's own files come and go there.
    let mut all = bucket("greeter", &one);
    let Source::Bucket(notification) = &mut all.source else { panic!() };
    notification.folder = std::env::temp_dir();
    let why = refused(vec![all]).await;
    assert!(why.contains("the engine keeps files of its own in it"), "{why}");
}
