//! An engine that is killed at any moment.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use rustix::process::{kill_process_group, test_kill_process};
use serde_json::json;

use super::*;
use crate::support::random::Random;

/// What was acknowledged to a client, and what may have been done or not.
#[derive(Default)]
struct Acknowledged {
    /// Each function with its tag; None where it was deleted.
    functions: BTreeMap<String, Option<String>>,
    messages: Vec<String>,
    schemas: Vec<String>,
    /// The function of the request under way: it may be in either state.
    unsure: Option<String>,
}

/// Changes one thing after another until a request fails, which is when the engine is killed.
async fn change(
    clients: Clients,
    name: String,
    count: Arc<AtomicU64>,
    acknowledged: Arc<Mutex<Acknowledged>>,
) {
    let known = |with: &dyn Fn(&mut Acknowledged)| {
        with(&mut acknowledged.lock().unwrap());
        count.fetch_add(1, Ordering::SeqCst);
    };
    let lambda = &clients.lambda;
    if clients.logs.create_log_group().log_group_name(&name).send().await.is_err()
        || clients.logs.create_log_stream().log_group_name(&name).log_stream_name("s").send().await.is_err()
        || clients.schemas.create_registry().registry_name(&name).send().await.is_err()
    {
        return;
    }
    for step in 0.. {
        let function = format!("{name}-{step}");
        acknowledged.lock().unwrap().unsure = Some(function.clone());
        if creation(&clients, &function, &[("VALUE", &function)]).tags("step", "none").send().await.is_err() {
            return;
        }
        known(&|it| _ = it.functions.insert(function.clone(), Some("none".into())));
        let arn = |engine: &str| format!("arn:aws:lambda:eu-central-1:{engine}:function:{function}");
        let got = lambda.get_function_configuration().function_name(&function).send().await;
        let Some(account) = got.ok().and_then(|it| it.function_arn()?.split(':').nth(4).map(str::to_owned))
        else {
            return;
        };
        let tag = lambda.tag_resource().resource(arn(&account)).tags("step", &function);
        if tag.send().await.is_err() {
            return;
        }
        known(&|it| _ = it.functions.insert(function.clone(), Some(function.clone())));
        let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
        let event =
            InputLogEvent::builder().timestamp(time.try_into().unwrap()).message(&function).build().unwrap();
        let put = clients.logs.put_log_events().log_group_name(&name).log_stream_name("s").log_events(event);
        if put.send().await.is_err() {
            return;
        }
        known(&|it| it.messages.push(function.clone()));
        let content =
            json!({ "openapi": "3.0.0", "info": { "title": function, "version": "1" }, "paths": {} });
        let schema = clients.schemas.create_schema().registry_name(&name).schema_name(&function);
        if schema.r#type("OpenApi3".into()).content(content.to_string()).send().await.is_err() {
            return;
        }
        known(&|it| it.schemas.push(function.clone()));
        if step % 3 == 0 {
            if lambda.delete_function().function_name(&function).send().await.is_err() {
                return;
            }
            known(&|it| _ = it.functions.insert(function.clone(), None));
        }
        acknowledged.lock().unwrap().unsure = None;
    }
}

async fn check(clients: &Clients, name: &str, acknowledged: &Acknowledged) {
    for (function, tag) in &acknowledged.functions {
        if acknowledged.unsure.as_ref() == Some(function) {
            continue;
        }
        let got = clients.lambda.get_function().function_name(function).send().await;
        match tag {
            None => assert!(got.is_err(), "{function} was deleted"),
            Some(tag) => {
                let got = got.unwrap_or_else(|error| panic!("{function} is lost: {error:?}"));
                assert_eq!(got.tags().unwrap()["step"], *tag, "{function}");
            }
        }
    }
    if !acknowledged.messages.is_empty() {
        let found =
            clients.logs.get_log_events().log_group_name(name).log_stream_name("s").start_from_head(true);
        let found = found.send().await.unwrap();
        let found: Vec<_> = found.events().iter().filter_map(|event| event.message()).collect();
        for message in &acknowledged.messages {
            assert!(found.contains(&message.as_str()), "{message} is lost");
        }
    }
    for schema in &acknowledged.schemas {
        let got = clients.schemas.describe_schema().registry_name(name).schema_name(schema).send().await;
        assert!(got.is_ok(), "{schema} is lost");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_change_is_lost() {
    const CLIENTS: usize = 4;
    let outer = tempfile::tempdir().unwrap();
    let (folder, temporary) = (outer.path().join("kept"), outer.path().join("tmp"));
    std::fs::create_dir(&temporary).unwrap();
    let mut random = Random(20_261_120);
    let mut all: BTreeMap<String, Arc<Mutex<Acknowledged>>> = BTreeMap::new();
    for round in 0..5 {
        let served = Served::start(&folder, &temporary);
        for (name, acknowledged) in &all {
            let acknowledged = std::mem::take(&mut *acknowledged.lock().unwrap());
            check(&served.clients, name, &acknowledged).await;
        }
        all.clear();
        let count = Arc::new(AtomicU64::new(0));
        let running: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let name = format!("r{round}c{client}");
                let acknowledged = Arc::clone(all.entry(name.clone()).or_default());
                tokio::spawn(change(served.clients.clone(), name, Arc::clone(&count), acknowledged))
            })
            .collect();
        let enough = 5 + random.next() % 60;
        until("changes are acknowledged", async || (count.load(Ordering::SeqCst) >= enough).then_some(()))
            .await;
        served.kill();
        for client in running {
            client.await.unwrap();
        }
        assert!(count.load(Ordering::SeqCst) >= enough);
    }
    let last = Served::start(&folder, &temporary);
    for (name, acknowledged) in &all {
        let acknowledged = std::mem::take(&mut *acknowledged.lock().unwrap());
        check(&last.clients, name, &acknowledged).await;
    }
    let folders = || std::fs::read_dir(&temporary).unwrap().count();
    until("what the killed ones left is swept", async || (folders() == 1).then_some(())).await;
    last.end();
    assert_eq!(folders(), 0);
}

/// The process of the killed engine's function goes on and on; the next engine ends it, removes its folder, and runs the
/// event again. A living engine's folder stays.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_event_runs_after_a_kill_and_what_is_left_is_swept() {
    let outer = tempfile::tempdir().unwrap();
    let (folder, temporary) = (outer.path().join("kept"), outer.path().join("tmp"));
    std::fs::create_dir(&temporary).unwrap();
    let (runs, hold) = (outer.path().join("runs"), outer.path().join("hold"));
    let folders = || std::fs::read_dir(&temporary).unwrap().map(|it| it.unwrap().path()).collect::<Vec<_>>();
    let live = Served::start(&outer.path().join("other"), &temporary);
    let of_live = folders();
    creation(&live.clients, "live", &[("VALUE", "alive")]).send().await.unwrap();

    let first = Served::start(&folder, &temporary);
    let variables = [("RUNS", runs.to_str().unwrap()), ("HOLD", hold.to_str().unwrap())];
    creation(&first.clients, "one", &variables).send().await.unwrap();
    let lines = || -> Vec<(String, u32)> {
        let text = std::fs::read_to_string(&runs).unwrap_or_default();
        text.lines()
            .map(|line| line.split_once(' ').unwrap())
            .map(|(id, pid)| (id.into(), pid.parse().unwrap()))
            .collect()
    };
    until("the function is there", async || {
        let invoke = first.clients.lambda.invoke().function_name("one").invocation_type("Event".into());
        invoke.send().await.ok()
    })
    .await;
    until("it runs", async || (lines().len() == 1).then_some(())).await;
    let abandoned: Vec<_> = folders().into_iter().filter(|folder| !of_live.contains(folder)).collect();
    assert_eq!((of_live.len(), abandoned.len()), (1, 1));
    first.kill();
    let orphan = pid(lines()[0].1);
    assert!(test_kill_process(orphan).is_ok(), "it has to outlive its engine here");

    let second = Served::start(&folder, &temporary);
    until("it runs again", async || (lines().len() == 2).then_some(())).await;
    assert_eq!(lines()[0].0, lines()[1].0);
    let gone = || {
        let stat =
            std::fs::read_to_string(format!("/proc/{}/stat", orphan.as_raw_nonzero())).unwrap_or_default();
        // Where the tests' first process collects nobody, it stays as a zombie.
        stat.is_empty() || stat.rsplit_once(") ").unwrap().1.starts_with('Z')
    };
    until("the orphan is ended", async || gone().then_some(())).await;
    until("its folder is removed", async || (!abandoned[0].exists()).then_some(())).await;
    assert!(of_live[0].exists());
    until("the other engine is not touched", async || {
        (live.clients.invoke("live").await == json!("alive")).then_some(())
    })
    .await;
    std::fs::write(&hold, "").unwrap();
    second.end();
    live.end();
    let _ = kill_process_group(orphan, Signal::KILL);
}
