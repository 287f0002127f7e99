//! Environments: cold, warm, several, retired, idle, gone.

use std::sync::Arc;
use std::time::Duration;

use lambdeck::local::exec::ExecError;
use serde_json::{Value, json};

use super::harness::{Lab, assert_lines, curl_loop, event_of, eventually, have};

#[tokio::test]
async fn a_warm_environment_is_used_again_and_the_log_says_what_aws_would() {
    let lab = Lab::new();
    let spec = Arc::new(lab.sample("greeter"));
    let first = lab.run(&spec, json!({ "name": "Ada" })).await;
    assert_eq!(first.ok()["greetedBefore"], 0);
    let cold = lab.lines(&spec);
    assert_lines(
        &cold,
        &first.id,
        &[
            r"INIT_START Runtime Version: provided:al2023\.v0\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:[0-9a-f]{64}",
            r"START RequestId: @id Version: \$LATEST",
            r"@time\t@id\tINFO\tGreeting Ada in en",
            r"END RequestId: @id",
            r"REPORT RequestId: @id\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\tInit Duration: \d+\.\d\d ms\t",
        ],
    );
    // The tail of the log begins with START, and each line of it ends as on AWS.
    assert_eq!(first.tail(), cold[1..].join("\n") + "\n");

    let second = lab.run(&spec, json!({ "name": "Grace" })).await;
    assert_eq!(second.ok()["greetedBefore"], 1);
    let both = lab.lines(&spec);
    assert_lines(
        &both[cold.len()..],
        &second.id,
        &[
            r"START RequestId: @id Version: \$LATEST",
            r"@time\t@id\tINFO\tGreeting Grace in en",
            r"END RequestId: @id",
            r"REPORT RequestId: @id\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\t",
        ],
    );
    let streams: Vec<_> = lab.log_of(&spec.log_group).into_iter().map(|(stream, _)| stream).collect();
    assert_lines(&streams[..1], "", &[r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}"]);
    assert!(streams.iter().all(|stream| *stream == streams[0]));
}

#[tokio::test]
async fn in_a_group_of_its_own_the_stream_names_the_function() {
    let lab = Lab::new();
    let mut spec = lab.sample("greeter");
    spec.log_group = "/shared/all".to_owned();
    spec.version = "7".to_owned();
    let spec = Arc::new(spec);
    lab.run(&spec, json!({})).await.ok();
    let log = lab.log_of("/shared/all");
    assert_lines(&[log[0].0.clone()], "", &[r"\d{4}/\d\d/\d\d/greeter\[7\][0-9a-f]{32}"]);
    assert!(log.iter().any(|(_, message)| message.ends_with(" Version: 7\n")));
}

#[tokio::test]
async fn concurrent_events_get_environments_of_their_own_up_to_the_limits() {
    let lab = Lab::with(2, Duration::from_mins(5));
    let mut spec = lab.sample("report-builder");
    spec.variables.insert("MS_PER_SHOP".to_owned(), "1000".into());
    let slow = Arc::new(spec);
    let event = json!({ "shops": 1 });
    let throttled = |reason| Err(ExecError::Throttled { reason });

    let reserved = "ReservedFunctionConcurrentInvocationLimitExceeded";
    let (_, none) = lab.try_run(&slow, Some(0), event.clone()).await;
    assert_eq!(none.map(|_| ()), throttled(reserved));

    let (one, two, third) = tokio::join!(
        lab.try_run(&slow, Some(2), event.clone()),
        lab.try_run(&slow, Some(2), event.clone()),
        async {
            // Both are under way: they were polled first.
            let (_, more) = lab.try_run(&slow, Some(2), event.clone()).await;
            assert_eq!(more.map(|_| ()), throttled(reserved));
            let other = Arc::new(lab.sample("greeter"));
            lab.try_run(&other, None, json!({})).await.1
        }
    );
    assert_eq!(third.map(|_| ()), throttled("ConcurrentInvocationLimitExceeded"));
    assert!(one.1.unwrap().function_error.is_none() && two.1.unwrap().function_error.is_none());
    let mut streams: Vec<_> = lab.log_of(&slow.log_group).into_iter().map(|(stream, _)| stream).collect();
    streams.sort();
    streams.dedup();
    assert_eq!(streams.len(), 2);
    // What was held is free again, and both environments are warm.
    lab.await_processes(2).await;
    lab.run(&slow, event).await.ok();
    assert_eq!(lab.lines(&slow).iter().filter(|line| line.starts_with("INIT_START")).count(), 2);
}

#[tokio::test]
async fn a_changed_function_gets_new_environments_and_versions_are_kept_apart() {
    let lab = Lab::new();
    let old = Arc::new(lab.sample("greeter"));
    lab.run(&old, json!({})).await.ok();
    let mut changed = lab.sample("greeter");
    changed.revision = "r2".to_owned();
    let changed = Arc::new(changed);
    assert_eq!(lab.run(&changed, json!({})).await.ok()["greetedBefore"], 0);
    lab.await_processes(1).await;

    let mut version = lab.sample("greeter");
    version.version = "1".to_owned();
    let version = Arc::new(version);
    assert_eq!(lab.run(&version, json!({})).await.ok()["greetedBefore"], 0);
    assert_eq!(lab.run(&changed, json!({})).await.ok()["greetedBefore"], 1);
    assert_eq!(lab.run(&version, json!({})).await.ok()["greetedBefore"], 1);
    lab.await_processes(2).await;

    lab.executor.retire("greeter");
    lab.await_processes(0).await;
    assert_eq!(lab.run(&version, json!({})).await.ok()["greetedBefore"], 0);
}

#[tokio::test]
async fn what_is_busy_when_its_function_changes_ends_after_its_event() {
    let lab = Lab::new();
    let slow = Arc::new(lab.sample("report-builder"));
    let under_way = lab.run(&slow, json!({ "shops": 1 }));
    let retire = async {
        lab.await_processes(1).await;
        lab.executor.retire("report-builder");
    };
    let (run, ()) = tokio::join!(under_way, retire);
    run.ok();
    lab.await_processes(0).await;
}

#[tokio::test]
async fn an_idle_environment_is_stopped_after_a_while() {
    let lab = Lab::with(1000, Duration::from_millis(100));
    let spec = Arc::new(lab.sample("env-inspector"));
    let first = lab.run(&spec, json!({})).await.ok();
    lab.await_processes(0).await;
    let tmp = first["tmp"]["folder"].as_str().unwrap().to_owned();
    eventually("its /tmp is removed", || !std::path::Path::new(&tmp).exists()).await;
    assert_eq!(lab.run(&spec, json!({})).await.ok()["environment"]["visitsInTmp"], 1);
}

#[tokio::test]
async fn the_function_goes_on_when_its_caller_is_gone() {
    let lab = Lab::new();
    let slow = Arc::new(lab.sample("report-builder"));
    let event = event_of(json!({ "shops": 1 }));
    let (executor, spec) = (Arc::clone(&lab.executor), Arc::clone(&slow));
    let caller = tokio::spawn(async move { executor.invoke(&spec, Some(1), event).await });
    lab.await_processes(1).await;
    caller.abort();
    eventually("it reports", || lab.lines(&slow).iter().any(|line| line.starts_with("REPORT"))).await;
    assert!(lab.own_lines(&slow).iter().any(|line| line.contains("Shop 1 of 1")));
    lab.run(&slow, json!({ "shops": 1 })).await.ok();
}

#[tokio::test]
async fn shutdown_leaves_no_process_not_even_a_child_of_one() {
    if !have("curl") {
        return;
    }
    let lab = Lab::new();
    let idle = Arc::new(lab.sample("greeter"));
    lab.run(&idle, json!({})).await.ok();
    let mut busy = lab.script(&curl_loop("sleep 60"));
    busy.name = "busy".to_owned();
    let busy = Arc::new(busy);
    let under_way = lab.try_run(&busy, None, json!({}));
    let stop = async {
        // The sample, the shell, and sleep.
        lab.await_processes(3).await;
        lab.executor.shutdown().await;
        assert_eq!(lab.processes(), Vec::<u32>::new());
    };
    let ((_, outcome), ()) = tokio::join!(under_way, stop);
    assert_eq!(outcome.map(|_| ()), Err(ExecError::Stopping));
    let (_, outcome) = lab.try_run(&idle, None, json!({})).await;
    assert_eq!(outcome.map(|_| ()), Err(ExecError::Stopping));
    // Once more does no harm.
    lab.executor.shutdown().await;
}

#[tokio::test]
async fn dropping_the_executor_kills_its_processes() {
    let lab = Lab::new();
    lab.run(&Arc::new(lab.sample("greeter")), json!({})).await.ok();
    lab.await_processes(1).await;
    let Lab { executor, logs, root } = lab;
    drop(executor);
    // Only to ask for its processes.
    let options = lambdeck::local::exec::Options {
        program: "/none".into(),
        account_id: String::new(),
        region: String::new(),
        logs: Arc::clone(&logs),
        root: root.path().to_owned(),
        account_concurrency: 1,
        metrics: Arc::default(),
    };
    let lab = Lab { executor: lambdeck::local::exec::Executor::new(options), logs, root };
    lab.await_processes(0).await;
}

#[test]
fn the_end_of_the_runtime_kills_processes_too() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let lab = Lab::new();
    runtime.block_on(async {
        lab.run(&Arc::new(lab.sample("greeter")), json!({})).await.ok();
        lab.await_processes(1).await;
    });
    runtime.shutdown_timeout(Duration::from_secs(5));
    tokio::runtime::Runtime::new().unwrap().block_on(lab.await_processes(0));
}

#[tokio::test]
async fn tenants_have_environments_of_their_own() {
    let lab = Lab::new();
    let spec = Arc::new(lab.sample("env-inspector"));
    let visit = async |tenant: Option<&str>| {
        let mut event = event_of(json!({}));
        event.tenant_id = tenant.map(str::to_owned);
        let outcome = lab.executor.invoke(&spec, None, event).await.unwrap();
        serde_json::from_slice::<Value>(&outcome.payload).unwrap()["environment"].clone()
    };
    for (tenant, before) in [("blue", 0), ("green", 0), ("blue", 1), ("green", 1), ("Blue", 0), ("blue", 2)] {
        let seen = visit(Some(tenant)).await;
        assert_eq!(
            (&seen["eventsBefore"], &seen["visitsInTmp"]),
            (&json!(before), &json!(before + 1)),
            "{tenant}"
        );
    }
    assert_eq!(visit(None).await["eventsBefore"], 0);
    lab.await_processes(4).await;
}

#[tokio::test]
async fn a_new_tenant_takes_the_place_of_the_one_that_was_served_longest_ago() {
    let lab = Lab::new();
    let spec = Arc::new(lab.sample("greeter"));
    let greet = async |tenant: usize| {
        let mut event = event_of(json!({}));
        event.tenant_id = Some(format!("tenant-{tenant}"));
        let outcome = lab.executor.invoke(&spec, None, event).await.unwrap();
        serde_json::from_slice::<Value>(&outcome.payload).unwrap()["greetedBefore"].clone()
    };
    for tenant in 0..50 {
        assert_eq!(greet(tenant).await, 0);
    }
    assert_eq!(greet(0).await, 1);
    assert_eq!(greet(50).await, 0);
    lab.await_processes(50).await;
    // It was tenant 1 that had to go.
    assert_eq!((greet(0).await, greet(2).await, greet(1).await), (json!(2), json!(1), json!(0)));
}

/// The types of the records that Lambda writes around one good event and one that fails.
async fn records_at(level: Option<&str>) -> Vec<String> {
    let lab = Lab::new();
    let mut spec = lab.sample("checkout-api");
    spec.json_logs = true;
    spec.log_levels.system = level.map(str::to_owned);
    let spec = Arc::new(spec);
    let basket = json!([{ "sku": "mug-blue", "unitPrice": "12.50", "quantity": 1 }]);
    lab.run(&spec, json!({ "customer": "c", "basket": basket })).await.ok();
    lab.run(&spec, json!({ "customer": "c", "basket": [] })).await.error();
    let lines = lab.lines(&spec);
    let records = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let types = records.filter_map(|record| {
        let kind = record["type"].as_str()?.strip_prefix("platform.")?.to_owned();
        Some(format!("{kind} {}", record["record"]["status"].as_str().unwrap_or("-")))
    });
    types.collect()
}

#[tokio::test]
async fn system_events_in_json_are_written_from_the_functions_level_on() {
    let info = ["initStart -", "start -", "report success", "start -", "runtimeDone error", "report error"];
    assert_eq!(records_at(None).await, info);
    assert_eq!(records_at(Some("INFO")).await, info);
    assert_eq!(records_at(Some("WARN")).await, ["runtimeDone error", "report error"]);
    assert_eq!(
        records_at(Some("DEBUG")).await,
        [
            "initStart -",
            "initRuntimeDone success",
            "initReport success",
            "start -",
            "runtimeDone success",
            "report success",
            "start -",
            "runtimeDone error",
            "report error",
        ]
    );
}

#[tokio::test]
async fn the_runtime_is_told_the_functions_level() {
    for (level, said) in [(None, "INFO"), (Some("TRACE"), "TRACE"), (Some("ERROR"), "ERROR")] {
        let lab = Lab::new();
        let mut spec = lab.sample("env-inspector");
        spec.json_logs = true;
        spec.log_levels.application = level.map(str::to_owned);
        let answer = lab.run(&Arc::new(spec), json!({})).await.ok();
        assert_eq!(answer["variables"]["AWS_LAMBDA_LOG_LEVEL"], said);
    }
}
