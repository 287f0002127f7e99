//! An engine that ends in good order, and the next one on the same folder.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use aws_sdk_cloudwatchlogs::types::{FilteredLogEvent, InputLogEvent};
use aws_sdk_lambda::{
    primitives::Blob,
    types::{AliasRoutingConfiguration, LogFormat, LoggingConfig, ProvisionedConcurrencyStatusEnum, State},
};
use lambdeck::local::Options;
use serde_json::json;

use super::*;
use crate::support::zip_of;

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis().try_into().unwrap()
}

/// Everything that is shown of the functions, but the addresses of their code, which differ at each call.
async fn shown(clients: &Clients) -> Vec<String> {
    let lambda = &clients.lambda;
    let mut out = Vec::new();
    let all = lambda.list_functions().function_version("ALL".into()).send().await.unwrap();
    for version in all.functions() {
        // The SDK shows no values, and its maps have no order.
        let variables = version.environment().and_then(|it| it.variables()).into_iter().flatten();
        out.push(format!("{version:?} {:?}", variables.collect::<BTreeMap<_, _>>()));
    }
    for function in lambda.list_functions().send().await.unwrap().functions() {
        let name = function.function_name().unwrap();
        let got = lambda.get_function().function_name(name).send().await.unwrap();
        let tags: BTreeMap<_, _> = got.tags().into_iter().flatten().collect();
        out.push(format!("{tags:?} {:?} {:?}", got.concurrency(), got.configuration()));
        let configs = lambda.list_function_event_invoke_configs().function_name(name).send().await.unwrap();
        out.push(format!("{:?}", configs.function_event_invoke_configs()));
        let aliases = lambda.list_aliases().function_name(name).send().await.unwrap();
        out.extend(aliases.aliases().iter().map(|alias| format!("{alias:?}")));
    }
    out
}

async fn events(clients: &Clients, group: &str) -> Vec<FilteredLogEvent> {
    clients.logs.filter_log_events().log_group_name(group).send().await.unwrap().events().to_vec()
}

/// A function with everything that a function can have.
async fn make(clients: &Clients) {
    let lambda = &clients.lambda;
    creation(clients, "one", &[("VALUE", "first"), ("SECRET", "s e c \" r \\ é t")])
        .tags("team", "blue")
        .send()
        .await
        .unwrap();
    lambda.publish_version().function_name("one").description("the first").send().await.unwrap();
    lambda
        .update_function_configuration()
        .function_name("one")
        .environment(environment(&[("VALUE", "second")]))
        .send()
        .await
        .unwrap();
    lambda.publish_version().function_name("one").send().await.unwrap();
    let other = Blob::new(zip_of(&[("bootstrap", BOOTSTRAP), ("other", "file")]));
    lambda.update_function_code().function_name("one").zip_file(other).send().await.unwrap();
    let logging = LoggingConfig::builder().log_format(LogFormat::Json).log_group("/own/group").build();
    lambda
        .update_function_configuration()
        .function_name("one")
        .logging_config(logging)
        .timeout(7)
        .memory_size(256)
        .send()
        .await
        .unwrap();
    let weights = AliasRoutingConfiguration::builder().additional_version_weights("2", 0.3).build();
    lambda
        .create_alias()
        .function_name("one")
        .name("live")
        .function_version("1")
        .routing_config(weights)
        .send()
        .await
        .unwrap();
    lambda.create_alias().function_name("one").name("ready").function_version("2").send().await.unwrap();
    lambda
        .put_function_concurrency()
        .function_name("one")
        .reserved_concurrent_executions(7)
        .send()
        .await
        .unwrap();
    lambda
        .put_function_event_invoke_config()
        .function_name("one")
        .qualifier("live")
        .maximum_retry_attempts(1)
        .maximum_event_age_in_seconds(99)
        .send()
        .await
        .unwrap();
    lambda
        .put_provisioned_concurrency_config()
        .function_name("one")
        .qualifier("ready")
        .provisioned_concurrent_executions(1)
        .send()
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_are_as_they_were_and_run() {
    let folder = tempfile::tempdir().unwrap();
    let first = engine(folder.path()).await;
    let clients = Clients::of(&first);
    let lambda = &clients.lambda;
    make(&clients).await;
    creation(&clients, "gone", &[]).send().await.unwrap();
    lambda.delete_function().function_name("gone").send().await.unwrap();
    assert_eq!(clients.invoke("one:1").await, json!("first"));
    let before = shown(&clients).await;
    let location = lambda.get_function().function_name("one").send().await.unwrap();
    let (account, key) = (first.account_id().to_owned(), first.access_key_id().to_owned());
    first.shutdown().await;

    let second = engine(folder.path()).await;
    let clients = Clients::of(&second);
    let lambda = &clients.lambda;
    assert_eq!(shown(&clients).await, before);
    let text = before.join("\n");
    for part in ["s e c \\\" r \\\\ é t", "\"team\": \"blue\"", "\"2\": 0.3", "Some(99)", "Some(7)"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!((second.account_id(), second.access_key_id()), (account.as_str(), key.as_str()));
    assert_eq!(clients.invoke("one:1").await, json!("first"));
    assert_eq!(clients.invoke("one").await, json!("second"));
    until("the provisioned environment starts", async || {
        let get = lambda.get_provisioned_concurrency_config().function_name("one").qualifier("ready");
        let status = get.send().await.unwrap().status().cloned();
        (status == Some(ProvisionedConcurrencyStatusEnum::Ready)).then_some(())
    })
    .await;
    let again = lambda.get_function().function_name("one").send().await.unwrap();
    let sha = |got: &aws_sdk_lambda::operation::get_function::GetFunctionOutput| {
        got.configuration().unwrap().code_sha256().map(str::to_owned)
    };
    assert_eq!(sha(&again), sha(&location));
    // No number is used twice.
    let third = lambda.publish_version().function_name("one").send().await.unwrap();
    assert_eq!(third.version(), Some("3"));
    lambda.delete_function().function_name("one").send().await.unwrap();
    second.shutdown().await;

    // Neither what was deleted, nor its code.
    let third = engine(folder.path()).await;
    assert_eq!(Clients::of(&third).lambda.list_functions().send().await.unwrap().functions().len(), 0);
    assert_eq!(zips(folder.path()), Vec::<PathBuf>::new());
    third.shutdown().await;
}

/// What was settling when the engine ended has settled.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_pending_is_active() {
    let folder = tempfile::tempdir().unwrap();
    let never = Options { settle_ms: 3_600_000, ..keeping(folder.path()) };
    let first = Engine::start(never.clone()).await.unwrap();
    let clients = Clients::of(&first);
    let made = creation(&clients, "one", &[("VALUE", "first")]).send().await.unwrap();
    assert_eq!(made.state().map(State::as_str), Some("Pending"));
    first.shutdown().await;
    let second = Engine::start(never.clone()).await.unwrap();
    let clients = Clients::of(&second);
    let got = clients.lambda.get_function_configuration().function_name("one").send().await.unwrap();
    assert_eq!(got.state().map(State::as_str), Some("Active"));
    assert_ne!(got.revision_id(), made.revision_id());
    assert_eq!(clients.invoke("one").await, json!("first"));
    let update = clients.lambda.update_function_configuration().function_name("one");
    update.environment(environment(&[("VALUE", "second")])).send().await.unwrap();
    assert_eq!(clients.invoke("one").await, json!("first"));
    second.shutdown().await;
    let third = Engine::start(never).await.unwrap();
    assert_eq!(Clients::of(&third).invoke("one").await, json!("second"));
    third.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_are_the_same_with_the_same_ids() {
    let folder = tempfile::tempdir().unwrap();
    let first = engine(folder.path()).await;
    let clients = Clients::of(&first);
    let logs = &clients.logs;
    creation(&clients, "one", &[]).send().await.unwrap();
    clients.invoke("one").await;
    for group in ["kept", "short", "gone"] {
        logs.create_log_group().log_group_name(group).tags("team", group).send().await.unwrap();
        for stream in ["a", "b", "empty"] {
            logs.create_log_stream().log_group_name(group).log_stream_name(stream).send().await.unwrap();
        }
        for (stream, texts) in [("a", ["one", "two \u{1f600} \"x\""]), ("b", ["three", "four"])] {
            let event = |text| InputLogEvent::builder().timestamp(now_ms()).message(text).build().unwrap();
            let put = logs.put_log_events().log_group_name(group).log_stream_name(stream);
            put.set_log_events(Some(texts.map(event).to_vec())).send().await.unwrap();
        }
    }
    logs.put_retention_policy().log_group_name("short").retention_in_days(3).send().await.unwrap();
    logs.delete_log_group().log_group_name("gone").send().await.unwrap();
    logs.delete_log_stream().log_group_name("kept").log_stream_name("b").send().await.unwrap();
    let groups = ["kept", "short", "/aws/lambda/one"];
    let look = async |clients: &Clients| {
        let described = clients.logs.describe_log_groups().send().await.unwrap().log_groups().to_vec();
        let mut all = vec![format!("{described:?}")];
        for group in groups {
            let streams = clients.logs.describe_log_streams().log_group_name(group).send().await.unwrap();
            all.push(format!("{:?} {:?}", events(clients, group).await, streams.log_streams()));
        }
        let tags = clients.logs.list_tags_for_resource();
        let arn = described.iter().find(|it| it.log_group_name() == Some("kept")).unwrap();
        all.push(format!(
            "{:?}",
            tags.resource_arn(arn.log_group_arn().unwrap()).send().await.unwrap().tags()
        ));
        all
    };
    let before = look(&clients).await;
    assert_eq!(events(&clients, "kept").await.len(), 2);
    assert!(events(&clients, "/aws/lambda/one").await.len() >= 3);
    first.shutdown().await;

    let second = engine(folder.path()).await;
    let clients = Clients::of(&second);
    assert_eq!(look(&clients).await, before);
    let event = InputLogEvent::builder().timestamp(now_ms()).message("later").build().unwrap();
    clients
        .logs
        .put_log_events()
        .log_group_name("kept")
        .log_stream_name("a")
        .log_events(event)
        .send()
        .await
        .unwrap();
    let ids: Vec<_> =
        events(&clients, "kept").await.iter().map(|event| event.event_id().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 3);
    assert!(ids.is_sorted(), "{ids:?}");
    second.shutdown().await;
    let third = engine(folder.path()).await;
    let again: Vec<_> = events(&Clients::of(&third), "kept")
        .await
        .iter()
        .map(|it| it.event_id().unwrap().to_owned())
        .collect();
    assert_eq!(again, ids);
    third.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shareable_events_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let content = |title: &str| {
        json!({ "openapi": "3.0.0", "info": { "title": title, "version": "1" }, "paths": {} }).to_string()
    };
    let first = engine(folder.path()).await;
    let schemas = Clients::of(&first).schemas;
    schemas.create_registry().registry_name("r").tags("team", "blue").send().await.unwrap();
    for name in ["kept", "gone"] {
        let create = schemas.create_schema().registry_name("r").schema_name(name);
        create.r#type("OpenApi3".into()).content(content("one")).send().await.unwrap();
    }
    schemas
        .update_schema()
        .registry_name("r")
        .schema_name("kept")
        .content(content("two"))
        .send()
        .await
        .unwrap();
    schemas.delete_schema().registry_name("r").schema_name("gone").send().await.unwrap();
    first.shutdown().await;

    let second = engine(folder.path()).await;
    let schemas = Clients::of(&second).schemas;
    let list = schemas.list_schemas().registry_name("r").send().await.unwrap();
    assert_eq!(list.schemas().iter().filter_map(|it| it.schema_name()).collect::<Vec<_>>(), ["kept"]);
    for (version, title) in [("1", "one"), ("2", "two")] {
        let got = schemas.describe_schema().registry_name("r").schema_name("kept").schema_version(version);
        assert_eq!(got.send().await.unwrap().content(), Some(content(title).as_str()));
    }
    let registries = schemas.list_registries().send().await.unwrap();
    assert_eq!(registries.registries()[0].tags().unwrap()["team"], "blue");
    second.shutdown().await;
}

/// A sample comes once: neither does a deleted one come back, nor is a changed one put back.
#[tokio::test(flavor = "multi_thread")]
async fn samples_are_created_once() {
    let folder = tempfile::tempdir().unwrap();
    let with_samples =
        |program: &str| Options { samples: true, program: program.into(), ..keeping(folder.path()) };
    let first = Engine::start(with_samples("/one/lambdeck")).await.unwrap();
    let clients = Clients::of(&first);
    let names = async |clients: &Clients| -> Vec<String> {
        let list = clients.lambda.list_functions().send().await.unwrap();
        list.functions().iter().map(|it| it.function_name().unwrap().to_owned()).collect()
    };
    let mut all = names(&clients).await;
    clients.lambda.delete_function().function_name("greeter").send().await.unwrap();
    clients
        .lambda
        .update_function_configuration()
        .function_name("checkout-api")
        .timeout(9)
        .send()
        .await
        .unwrap();
    clients
        .lambda
        .update_function_code()
        .function_name("env-inspector")
        .zip_file(Blob::new(zip_of(&[("bootstrap", BOOTSTRAP)])))
        .send()
        .await
        .unwrap();
    first.shutdown().await;

    // The program has moved since: what it serves is looked for where it is now.
    let second = Engine::start(with_samples(env!("CARGO_BIN_EXE_lambdeck"))).await.unwrap();
    let clients = Clients::of(&second);
    all.retain(|name| name != "greeter");
    assert_eq!(names(&clients).await, all);
    let changed =
        clients.lambda.get_function_configuration().function_name("checkout-api").send().await.unwrap();
    assert_eq!(changed.timeout(), Some(9));
    let answer = clients
        .lambda
        .invoke()
        .function_name("order-events")
        .payload(Blob::new("{\"Records\":[]}"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.function_error(), None);
    assert_eq!(clients.invoke("env-inspector").await, json!(""));
    second.shutdown().await;
}

/// An event that was accepted and has not run when the engine ends runs at the next one.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_under_way_at_the_end_runs_again() {
    let folder = tempfile::tempdir().unwrap();
    let (runs, hold) = (folder.path().join("runs"), folder.path().join("hold"));
    let kept = folder.path().join("kept");
    let first = engine(&kept).await;
    let clients = Clients::of(&first);
    let variables = [("RUNS", runs.to_str().unwrap()), ("HOLD", hold.to_str().unwrap())];
    creation(&clients, "one", &variables).send().await.unwrap();
    let lines = || std::fs::read_to_string(&runs).unwrap_or_default().lines().count();
    let invoke = clients.lambda.invoke().function_name("one").invocation_type("Event".into());
    assert_eq!(invoke.send().await.unwrap().status_code(), 202);
    until("it runs", async || (lines() == 1).then_some(())).await;
    first.shutdown().await;
    std::fs::write(&hold, "").unwrap();
    let second = engine(&kept).await;
    until("it runs again", async || (lines() == 2).then_some(())).await;
    let clients = Clients::of(&second);
    let reported = async |clients: &Clients| {
        let all = events(clients, "/aws/lambda/one").await;
        all.iter().filter(|event| event.message().unwrap().starts_with("REPORT")).count()
    };
    until("it is over", async || (reported(&clients).await > 0).then_some(())).await;
    second.shutdown().await;
    // It is concluded.
    let third = engine(&kept).await;
    Clients::of(&third).invoke("one").await;
    assert_eq!(lines(), 3);
    let ids = std::fs::read_to_string(&runs).unwrap();
    let ids: Vec<_> = ids.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert!(ids[0] == ids[1] && ids[1] != ids[2], "{ids:?}");
    third.shutdown().await;
}
