//! A function from creation to deletion, invocations, lists, and everything again by boto3.

use std::{process::Command, time::Duration};

use aws_sdk_lambda::{
    error::ProvideErrorMetadata as _,
    primitives::Blob,
    types::{Environment, InvocationType, LastUpdateStatus, LogType, State},
};
use lambdeck::local::{Engine, Options};

use super::{archive, client, creation, engine, logs_client, options, value};
use crate::support::emulators::python;

#[tokio::test(flavor = "multi_thread")]
async fn a_function_lives_from_pending_to_deleted() {
    let engine = engine().await;
    let client = client(&engine);
    let made = creation(&client, "fn").environment(value("one")).send().await.unwrap();
    assert_eq!((made.state(), made.last_update_status()), (Some(&State::Pending), None));
    assert_eq!(made.function_arn(), Some("arn:aws:lambda:eu-central-1:123456789012:function:fn"));
    let active = client.get_function_configuration().function_name("fn").send().await.unwrap();
    assert_eq!(active.state(), Some(&State::Active));

    let invoked = client
        .invoke()
        .function_name("fn")
        .payload(Blob::new("[1]"))
        .log_type(LogType::Tail)
        .send()
        .await
        .unwrap();
    assert_eq!((invoked.status_code(), invoked.executed_version()), (200, Some("$LATEST")));
    assert_eq!(invoked.function_error(), None);
    let payload: serde_json::Value = serde_json::from_slice(invoked.payload().unwrap().as_ref()).unwrap();
    assert_eq!(
        payload,
        serde_json::json!({ "event": [1], "value": "one", "version": "$LATEST", "start": "on-demand" })
    );
    assert!(invoked.log_result().is_some());

    let update = client.update_function_configuration().function_name("fn").environment(value("two"));
    let changed = update.revision_id(active.revision_id().unwrap()).send().await.unwrap();
    assert_eq!(changed.last_update_status(), Some(&LastUpdateStatus::InProgress));
    let settled = client.get_function().function_name("fn").send().await.unwrap();
    let settled = settled.configuration().unwrap();
    assert_eq!(settled.last_update_status(), Some(&LastUpdateStatus::Successful));
    let mut revisions =
        vec![made.revision_id(), active.revision_id(), changed.revision_id(), settled.revision_id()];
    revisions.sort_unstable();
    revisions.dedup();
    assert_eq!(revisions.len(), 4);

    let stale = client.update_function_configuration().function_name("fn").timeout(7);
    let stale =
        stale.revision_id(active.revision_id().unwrap()).send().await.unwrap_err().into_service_error();
    assert!(stale.is_precondition_failed_exception(), "{stale:?}");
    let invoked = client.invoke().function_name("fn").send().await.unwrap();
    let payload: serde_json::Value = serde_json::from_slice(invoked.payload().unwrap().as_ref()).unwrap();
    assert_eq!(payload["value"], "two");

    client.delete_function().function_name("fn").send().await.unwrap();
    let gone = client.get_function().function_name("fn").send().await.unwrap_err().into_service_error();
    assert!(gone.is_resource_not_found_exception());
    assert_eq!(
        gone.message(),
        Some("Function not found: arn:aws:lambda:eu-central-1:123456789012:function:fn")
    );
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_done_while_a_function_is_pending() {
    let engine = Engine::start(Options { settle_ms: 3_600_000, ..options() }).await.unwrap();
    let client = client(&engine);
    creation(&client, "fn").send().await.unwrap();
    let text = "The operation cannot be performed at this time. The function is currently in the following state: Pending";
    let update = client.update_function_configuration().function_name("fn").timeout(7).send().await;
    let update = update.unwrap_err().into_service_error();
    assert!(update.is_resource_conflict_exception());
    assert_eq!(update.message(), Some(text));
    let invoke = client.invoke().function_name("fn").send().await.unwrap_err().into_service_error();
    assert!(invoke.is_resource_conflict_exception());
    let publish = client.publish_version().function_name("fn").send().await.unwrap_err().into_service_error();
    assert!(publish.is_resource_conflict_exception());
    let state = client.get_function_configuration().function_name("fn").send().await.unwrap();
    assert_eq!(state.state(), Some(&State::Pending));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_configuration_serves_while_an_update_settles() {
    // The samples are Active from the start, so a function can be caught between two updates.
    let engine = Engine::start(Options { settle_ms: 3_600_000, samples: true, ..options() }).await.unwrap();
    let client = client(&engine);
    let before = client.get_function_configuration().function_name("greeter").send().await.unwrap();
    assert_eq!(before.last_update_status(), Some(&LastUpdateStatus::Successful));
    let french = Environment::builder().variables("DEFAULT_LANGUAGE", "fr").build();
    let update = client.update_function_configuration().function_name("greeter").environment(french);
    let changed = update.revision_id(before.revision_id().unwrap()).send().await.unwrap();
    assert_eq!(changed.last_update_status(), Some(&LastUpdateStatus::InProgress));
    assert_eq!(changed.environment().unwrap().variables().unwrap()["DEFAULT_LANGUAGE"], "fr");

    let arn = format!("arn:aws:lambda:eu-central-1:{}:function:greeter", engine.account_id());
    let text = format!(
        "The operation cannot be performed at this time. An update is in progress for resource: {arn}"
    );
    let again = client.update_function_configuration().function_name("greeter").timeout(9).send().await;
    let again = again.unwrap_err().into_service_error();
    assert!(again.is_resource_conflict_exception());
    assert_eq!(again.message(), Some(text.as_str()));
    let code = client.update_function_code().function_name("greeter").zip_file(archive()).send().await;
    assert!(code.unwrap_err().into_service_error().is_resource_conflict_exception());

    let invoked = client.invoke().function_name("greeter").payload(Blob::new("{}")).send().await.unwrap();
    let payload: serde_json::Value = serde_json::from_slice(invoked.payload().unwrap().as_ref()).unwrap();
    assert_eq!(payload["greeting"], "Hello, world!");
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asynchronous_event_is_accepted_and_run() {
    let engine = engine().await;
    let client = client(&engine);
    creation(&client, "fn").send().await.unwrap();
    let dry =
        client.invoke().function_name("fn").invocation_type(InvocationType::DryRun).send().await.unwrap();
    assert_eq!(dry.status_code(), 204);
    let event =
        client.invoke().function_name("fn").invocation_type(InvocationType::Event).send().await.unwrap();
    assert_eq!((event.status_code(), event.executed_version()), (202, None));
    let group = "/aws/lambda/fn";
    let logs = logs_client(&engine);
    let ran = async {
        loop {
            let found = logs.filter_log_events().log_group_name(group).filter_pattern("REPORT").send().await;
            if found.is_ok_and(|found| !found.events().is_empty()) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), ran).await.expect("the event's REPORT in the log");
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_splits_its_invocations_by_weight() {
    let engine = engine().await;
    let client = client(&engine);
    creation(&client, "fn").environment(value("one")).publish(true).send().await.unwrap();
    let update = client.update_function_configuration().function_name("fn").environment(value("two"));
    update.send().await.unwrap();
    client.get_function().function_name("fn").send().await.unwrap();
    let second = client.publish_version().function_name("fn").send().await.unwrap();
    assert_eq!(second.version(), Some("2"));
    let routing =
        aws_sdk_lambda::types::AliasRoutingConfiguration::builder().additional_version_weights("2", 0.5);
    let alias = client.create_alias().function_name("fn").name("live").function_version("1");
    alias.routing_config(routing.build()).send().await.unwrap();
    let mut seen = std::collections::BTreeMap::<String, u32>::new();
    for _ in 0..100 {
        let invoked = client.invoke().function_name("fn").qualifier("live").send().await.unwrap();
        *seen.entry(invoked.executed_version().unwrap().to_owned()).or_default() += 1;
    }
    // Ten standard deviations would be 50 off; fewer than 10 of 100 on one side has a chance of 10^-17.
    assert!(seen.len() == 2 && seen.values().all(|count| *count >= 10), "{seen:?}");
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paginator_walks_all_functions() {
    let engine = engine().await;
    let client = client(&engine);
    for at in 0..51 {
        creation(&client, &format!("fn-{at:02}")).send().await.unwrap();
    }
    let pages = client.list_functions().into_paginator().send();
    let pages: Vec<_> = pages.collect::<Result<_, _>>().await.unwrap();
    assert_eq!(pages.iter().map(|page| page.functions().len()).collect::<Vec<_>>(), [50, 1]);
    assert!(
        pages
            .iter()
            .flat_map(aws_sdk_lambda::operation::list_functions::ListFunctionsOutput::functions)
            .all(|function| function.state().is_none())
    );
}

/// Every operation, row by row: see tests/python/conformance. What it leaves out is on standard output.
#[tokio::test(flavor = "multi_thread")]
async fn boto3_gets_what_aws_gives() {
    let Some(python) = tokio::task::spawn_blocking(python).await.unwrap() else { return };
    let region = || "us-east-1".to_owned();
    let engine = Engine::start(Options { region: region(), ..options() }).await.unwrap();
    // Long enough for the requests that must find it unsettled, also on a busy machine.
    let settling = Engine::start(Options { region: region(), settle_ms: 1000, ..options() }).await.unwrap();
    let mut command = Command::new(python);
    command
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/conformance"))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("AWS_ENDPOINT_URL", engine.endpoint_url())
        .env("AWS_ACCESS_KEY_ID", engine.access_key_id())
        .env("AWS_SECRET_ACCESS_KEY", engine.secret_access_key().reveal())
        .env("AWS_DEFAULT_REGION", engine.region())
        .env("SETTLING_ENDPOINT_URL", settling.endpoint_url())
        .env("SETTLING_ACCESS_KEY_ID", settling.access_key_id())
        .env("SETTLING_SECRET_ACCESS_KEY", settling.secret_access_key().reveal())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    print!("{}", String::from_utf8_lossy(&output.stdout));
    engine.shutdown().await;
    settling.shutdown().await;
}
