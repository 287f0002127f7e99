//! Somebody else writes, too: before, in between, and at the same moment.

use serde_json::json;

use super::*;
use crate::support::fault_server::Reply;

#[tokio::test]
async fn of_two_who_change_the_same_event_the_second_is_told() {
    let stage = Stage::new().await;
    stage.share("one", None, Some("1")).await.unwrap();
    let other = Session::open(stage.session.spec()).await.unwrap();
    write(&other, "one", Some("1"), Some("2")).await.unwrap();
    let before = stage.writes();
    for after in [Some("3"), None] {
        let error = stage.share("one", Some("1"), after).await.unwrap_err();
        assert_eq!(error.kind, Kind::Stale);
        assert!(error.message.contains("the shareable event one of checkout changed meanwhile"), "{error}");
        assert!(error.message.contains("it is now another one"), "{error}");
    }
    let error = stage.share("one", None, Some("3")).await.unwrap_err();
    assert!(error.kind == Kind::Stale && error.message.contains("there already"), "{error}");
    write(&other, "one", Some("2"), None).await.unwrap();
    let error = stage.share("one", Some("2"), Some("3")).await.unwrap_err();
    assert!(error.kind == Kind::Stale && error.message.contains("it is now gone"), "{error}");
    let error = stage.share("one", Some("2"), None).await.unwrap_err();
    assert_eq!(error.kind, Kind::Stale);
    assert_eq!(stage.writes(), [before[0], before[1], before[2], before[3] + 1]);
    // What was not sent is not in the journal.
    assert!(stage.recorded().iter().all(|(_, outcome, _)| *outcome == Outcome::Done));
}

#[tokio::test]
async fn of_two_who_change_different_events_both_stay() {
    let stage = Stage::new().await;
    let other = Session::open(stage.session.spec()).await.unwrap();
    stage.share("one", None, Some("1")).await.unwrap();
    write(&other, "two", None, Some("2")).await.unwrap();
    stage.share("one", Some("1"), Some("10")).await.unwrap();
    write(&other, "two", Some("2"), Some("20")).await.unwrap();
    let both = [("one", "10"), ("two", "20")].map(|(name, event)| (name.to_owned(), event.to_owned()));
    assert_eq!(stage.events().await, both);
}

/// UpdateSchema takes no revision: what came in between is replaced, and that is told.
#[tokio::test]
async fn who_wrote_between_read_and_change_is_told_of_and_stays_in_the_history() {
    let stage = Stage::new().await;
    stage.share("one", None, Some("1")).await.unwrap();
    let theirs = document(r#""one":{"value":1},"th\u001beirs":{"value":"canary-91d2"}"#);
    let content = theirs.clone();
    just_before(&stage, "UpdateSchema", 1, move |console| {
        let content = content.clone();
        async move { store(&console, &content).await }
    });
    let written = stage.share("one", Some("1"), Some("2")).await.unwrap();
    assert_eq!(written.revision_id.as_deref(), Some("3"));
    let warning = written.warning.unwrap();
    assert_eq!(
        warning,
        "somebody else wrote at the same moment, and version 3 has replaced it: version 2 (event th␛eirs). It stays in \
         the registry's history, nothing of it was restored"
    );
    // Nothing was restored by itself, and one request was sent.
    assert_eq!(stage.events().await, [("one".to_owned(), "2".to_owned())]);
    assert_eq!(stage.writes(), [1, 1, 1, 0]);
    let console = client(&stage.engine);
    let kept = console.describe_schema().registry_name(REGISTRY).schema_name(SCHEMA).schema_version("2");
    assert_eq!(kept.send().await.unwrap().content.unwrap(), theirs);
    assert_eq!(stage.recorded().last().unwrap(), &("UpdateSchema".into(), Outcome::Done, Some("3".into())));
}

#[tokio::test]
async fn of_many_who_wrote_in_between_some_are_named_and_the_rest_counted() {
    let stage = Stage::new().await;
    stage.share("one", None, Some("1")).await.unwrap();
    just_before(&stage, "UpdateSchema", 1, |console| async move {
        for number in 0..5 {
            store(&console, &document(&format!(r#""one":{{"value":1}},"e{number}":{{"value":0}}"#))).await;
        }
    });
    // And one more, before it is looked at.
    just_before(&stage, "DescribeSchema", 5, |console| async move {
        store(&console, &document(r#""one":{"value":3}"#)).await;
    });
    let warning = stage.share("one", Some("1"), Some("2")).await.unwrap().warning.unwrap();
    assert!(
        warning.contains(
            "version 2 (event e0), version 3 (events e0, e1), version 4 (events e1, e2), and 2 more."
        ),
        "{warning}"
    );
    assert!(warning.ends_with("; yet another one was written since"), "{warning}");
}

#[tokio::test]
async fn a_version_that_can_not_be_read_is_told_as_such() {
    let stage = Stage::new().await;
    stage.share("one", None, Some("1")).await.unwrap();
    just_before(&stage, "UpdateSchema", 1, |console| async move {
        store(&console, &document(r#""one":{"value":1},"theirs":{"value":2}"#)).await;
    });
    stage.server.script("DescribeSchema", [Fault::Pass, Fault::access_denied(), Fault::access_denied()]);
    let written = stage.share("one", Some("1"), Some("2")).await.unwrap();
    let warning = written.warning.unwrap();
    assert!(warning.contains("version 2 (unreadable: could not read the shareable events"), "{warning}");
}

#[tokio::test]
async fn who_made_the_schema_anew_in_between_is_told_of() {
    let stage = Stage::new().await;
    stage.share("one", None, Some("1")).await.unwrap();
    stage.share("one", Some("1"), Some("2")).await.unwrap();
    just_before(&stage, "UpdateSchema", 1, |console| async move {
        console.delete_schema().registry_name(REGISTRY).schema_name(SCHEMA).send().await.unwrap();
        store(&console, &document(r#""theirs":{"value":1}"#)).await;
    });
    let written = stage.share("one", Some("2"), Some("3")).await.unwrap();
    let warning = written.warning.unwrap();
    assert!(warning.contains("version 2 was read, and version 2 was written"), "{warning}");
}

#[tokio::test]
async fn without_versions_nobody_can_tell_and_that_is_said() {
    let server = FaultServer::start();
    let stored = json!({ "Content": document(r#""one":{"value":1}"#) });
    server.always("DescribeSchema", Fault::Answer(Reply::json(&stored)));
    server.always("UpdateSchema", Fault::Answer(Reply::json(&json!({}))));
    let stage = Stage::new().await;
    let spec = Spec { endpoint_url: Some(server.endpoint()), journal: None, ..stage.session.spec().clone() };
    let session = Session::open(&spec).await.unwrap();
    let written = write(&session, "one", Some("1"), Some("2")).await.unwrap();
    assert!(written.warning.unwrap().contains("tells no versions"));
    assert_eq!(server.count("UpdateSchema"), 1);

    // A registry that makes no new version accuses nobody.
    let stored = json!({ "Content": document(r#""one":{"value":1}"#), "SchemaVersion": "7" });
    server.always("DescribeSchema", Fault::Answer(Reply::json(&stored)));
    server.always("UpdateSchema", Fault::Answer(Reply::json(&json!({ "SchemaVersion": "7" }))));
    let warning = write(&session, "one", Some("1"), Some("2")).await.unwrap().warning.unwrap();
    assert!(warning.contains("or the registry made no new version"), "{warning}");
}

#[tokio::test]
async fn who_was_faster_with_the_first_event_is_not_overwritten() {
    let stage = Stage::new().await;
    let theirs = document(r#""theirs":{"value":1}"#);
    let content = theirs.clone();
    just_before(&stage, "CreateSchema", 1, move |console| {
        let content = content.clone();
        async move { store(&console, &content).await }
    });
    let error = stage.share("one", None, Some("1")).await.unwrap_err();
    assert_eq!((error.kind, stage.writes()), (Kind::Stale, [1, 1, 0, 0]), "{error}");
    assert!(error.message.contains("somebody else has made shareable events of checkout"), "{error}");
    assert_eq!(stage.content().await, theirs);
}

#[tokio::test]
async fn a_registry_that_somebody_else_has_just_made_is_as_good() {
    let stage = Stage::new().await;
    just_before(&stage, "CreateRegistry", 1, |console| async move {
        console.create_registry().registry_name(REGISTRY).send().await.unwrap();
    });
    stage.share("one", None, Some("1")).await.unwrap();
    assert_eq!(stage.writes(), [1, 1, 0, 0]);
    let outcomes: Vec<Outcome> = stage.recorded().into_iter().map(|(_, outcome, _)| outcome).collect();
    assert_eq!(outcomes, [Outcome::Refused, Outcome::Done]);
}

#[tokio::test]
async fn a_schema_that_somebody_else_has_just_deleted_is_not_made_anew() {
    let stage = Stage::new().await;
    stage.share("one", None, Some("1")).await.unwrap();
    for operation in ["UpdateSchema", "DeleteSchema"] {
        just_before(&stage, operation, 1, |console| async move {
            console.delete_schema().registry_name(REGISTRY).schema_name(SCHEMA).send().await.unwrap();
        });
        let after = (operation == "UpdateSchema").then_some("2");
        let error = stage.share("one", Some("1"), after).await.unwrap_err();
        assert_eq!(error.kind, Kind::Stale);
        assert!(error.message.contains("has deleted all shareable events of checkout"), "{error}");
        assert_eq!(stage.read().await, Shareable::default());
        store(&client(&stage.engine), &document(r#""one":{"value":1}"#)).await;
    }
}

/// With a schema all its versions go, so it is looked at once more.
#[tokio::test]
async fn what_somebody_else_has_just_added_is_not_deleted_with_the_last_event() {
    let stage = Stage::new().await;
    stage.share("one", None, Some("1")).await.unwrap();
    just_before(&stage, "DescribeSchema", 2, |console| async move {
        store(&console, &document(r#""one":{"value":1},"theirs":{"value":2}"#)).await;
    });
    let error = stage.share("one", Some("1"), None).await.unwrap_err();
    assert_eq!((error.kind, stage.writes()[3]), (Kind::Stale, 0), "{error}");
    assert!(error.message.contains("has changed the shareable events of checkout"), "{error}");
    assert_eq!(stage.events().await.len(), 2);
}
