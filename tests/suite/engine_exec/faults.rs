//! Functions that take too long, use too much, end, or can't be started.

use std::sync::Arc;

use serde_json::{Value, json};

use super::harness::{Lab, assert_lines, curl_loop, have};

const INIT_START: &str = r"INIT_START Runtime Version: .*";
const START: &str = r"START RequestId: @id Version: \$LATEST";
const END: &str = r"END RequestId: @id";
/// Up to where the status follows.
const REPORT: &str = r"REPORT RequestId: @id\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: \d+ MB(\tMax Memory Used: \d+ MB)?";

fn report(rest: &str) -> String {
    format!("{REPORT}{rest}\t")
}

#[tokio::test]
async fn a_time_out_kills_the_process_and_the_next_event_finds_the_same_tmp() {
    let lab = Lab::new();
    let mut spec = lab.sample("report-builder");
    spec.timeout_s = 1;
    let spec = Arc::new(spec);
    let run = lab.run(&spec, json!({ "shops": 9 })).await;
    let text = format!("RequestId: {} Error: Task timed out after 1.00 seconds", run.id);
    assert_eq!(run.error(), json!({ "errorType": "Sandbox.Timedout", "errorMessage": text }));
    assert_eq!(run.outcome.payload, format!(r#"{{"errorType":"Sandbox.Timedout","errorMessage":"{text}"}}"#));
    assert_eq!(lab.processes(), Vec::<u32>::new());
    let lines = lab.lines(&spec);
    let at = lines.iter().position(|line| line.contains("timed out")).unwrap();
    assert_lines(
        &lines[at..],
        &run.id,
        &[
            r"@time @id Task timed out after 1\.00 seconds",
            END,
            r"REPORT RequestId: @id\tDuration: 1000\.00 ms\tBilled Duration: 1\d\d\d ms\tMemory Size: 512 MB\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms\tStatus: timeout\t",
        ],
    );
    lab.run(&spec, json!({ "shops": 1 })).await.ok();
    let mut streams: Vec<_> = lab.log_of(&spec.log_group).into_iter().map(|(stream, _)| stream).collect();
    streams.dedup();
    assert_eq!(streams.len(), 1, "the environment was reset, not replaced");
}

#[tokio::test]
async fn a_time_out_in_json_logs_is_a_status() {
    let lab = Lab::new();
    let mut spec = lab.sample("report-builder");
    spec.timeout_s = 1;
    spec.json_logs = true;
    let spec = Arc::new(spec);
    let run = lab.run(&spec, json!({ "shops": 9 })).await;
    assert_eq!(run.error()["errorType"], "Sandbox.Timedout");
    let records: Vec<Value> =
        lab.lines(&spec).iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let find = |kind: &str| &records.iter().find(|record| record["type"] == kind).unwrap()["record"];
    assert_eq!(find("platform.runtimeDone")["status"], "timeout");
    assert_eq!(find("platform.report")["status"], "timeout");
    assert_eq!(find("platform.report")["metrics"]["durationMs"], 1000.0);
    assert_eq!(find("platform.start"), &json!({ "requestId": run.id, "version": "$LATEST" }));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn more_memory_than_the_function_has_kills_it() {
    let lab = Lab::new();
    let mut spec = lab.sample("picture-resizer");
    spec.memory_mb = 128;
    let spec = Arc::new(spec);
    let run = lab.run(&spec, json!({ "width": 5000, "height": 5000 })).await;
    let text = format!("RequestId: {} Error: Runtime exited with error: signal: killed", run.id);
    assert_eq!(run.error(), json!({ "errorType": "Runtime.OutOfMemory", "errorMessage": text }));
    assert_eq!(lab.processes(), Vec::<u32>::new());
    let lines = lab.lines(&spec);
    assert_lines(
        &lines[lines.len() - 3..],
        &run.id,
        &[
            r"RequestId: @id Error: Runtime exited with error: signal: killed\nRuntime\.OutOfMemory",
            END,
            r"REPORT RequestId: @id\t.*\tMemory Size: 128 MB\tMax Memory Used: 128 MB\tInit Duration: [\d.]+ ms\tStatus: error\tError Type: Runtime.OutOfMemory\t",
        ],
    );
    let small = lab.run(&spec, json!({ "width": 1000, "height": 1000 })).await;
    let used: u64 =
        small.tail().split("Max Memory Used: ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    // 12 MB of pixels and the program itself.
    assert!((12..=64).contains(&used), "{used} MB");
    small.ok();
}

#[tokio::test]
async fn a_process_that_ends_during_an_event_is_named_with_its_reason() {
    if !have("curl") {
        return;
    }
    let lab = Lab::new();
    for (how, why) in [
        ("exit 0", "Runtime exited without providing a reason"),
        ("exit 3", "Runtime exited with error: exit status 3"),
        ("kill -9 $$", "Runtime exited with error: signal: killed"),
        ("kill -15 $$", "Runtime exited with error: signal: terminated"),
    ] {
        let mut spec =
            lab.script(&curl_loop(&format!("echo about to end; case $event in *die*) {how};; esac")));
        spec.revision = how.to_owned();
        spec.log_group = format!("/ends/{}", how.replace([' ', '$', '-'], ""));
        let spec = Arc::new(spec);
        let run = lab.run(&spec, json!({ "please": "die" })).await;
        let text = format!("RequestId: {} Error: {why}", run.id);
        assert_eq!(run.error(), json!({ "errorType": "Runtime.ExitError", "errorMessage": text }));
        assert_lines(
            &lab.lines(&spec),
            &run.id,
            &[
                INIT_START,
                START,
                "about to end",
                &format!("RequestId: @id Error: {why}\nRuntime\\.ExitError"),
                END,
                &report(r"\tInit Duration: [\d.]+ ms\tStatus: error\tError Type: Runtime\.ExitError"),
            ],
        );
        lab.run(&spec, json!({})).await.ok();
    }
}

#[tokio::test]
async fn a_process_that_ends_in_init_is_started_once_more_for_the_event() {
    let lab = Lab::new();
    let spec = Arc::new(lab.script("echo starting; exit 7"));
    let run = lab.run(&spec, json!({})).await;
    let text = format!("RequestId: {} Error: Runtime exited with error: exit status 7", run.id);
    assert_eq!(run.error(), json!({ "errorType": "Runtime.ExitError", "errorMessage": text }));
    let failed = |phase| {
        format!(
            r"INIT_REPORT Init Duration: [\d.]+ ms\tPhase: {phase}\tStatus: error\tError Type: Runtime\.ExitError"
        )
    };
    assert_lines(
        &lab.lines(&spec),
        &run.id,
        &[
            INIT_START,
            "starting",
            &failed("init"),
            "starting",
            &failed("invoke"),
            START,
            "RequestId: @id Error: Runtime exited with error: exit status 7\nRuntime\\.ExitError",
            END,
            &report(r"\tStatus: error\tError Type: Runtime\.ExitError"),
        ],
    );
}

#[tokio::test]
async fn an_init_that_hangs_uses_up_the_functions_time_out() {
    if !have("curl") {
        return;
    }
    let lab = Lab::new();
    // The first start fails at once; the second, which is part of the event, hangs.
    let mut spec =
        lab.script("if [ -e \"$TMPDIR/once\" ]; then sleep 60; else touch \"$TMPDIR/once\"; exit 1; fi");
    spec.timeout_s = 1;
    let spec = Arc::new(spec);
    let run = lab.run(&spec, json!({})).await;
    assert_eq!(run.error()["errorType"], "Sandbox.Timedout");
    assert_eq!(lab.processes(), Vec::<u32>::new());
    assert_lines(
        &lab.lines(&spec),
        &run.id,
        &[
            INIT_START,
            r"INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: error\tError Type: Runtime\.ExitError",
            r"INIT_REPORT Init Duration: 10\d\d\.\d\d ms\tPhase: invoke\tStatus: timeout",
            START,
            r"@time @id Task timed out after 1\.00 seconds",
            END,
            &report(r"\tStatus: timeout"),
        ],
    );
}

#[tokio::test]
async fn a_process_that_ended_between_two_events_is_replaced_without_loss() {
    if !have("curl") {
        return;
    }
    let lab = Lab::new();
    let one_event = curl_loop("echo got it").replace("done\n", "exit 0; done\n");
    let spec = Arc::new(lab.script(&one_event));
    for _ in 0..5 {
        lab.run(&spec, json!({})).await.ok();
    }
    assert_eq!(lab.own_lines(&spec), ["got it"; 5]);
}

#[tokio::test]
async fn what_cannot_be_started_says_why() {
    let lab = Lab::new();
    let cases = [
        (
            "provided.al2023",
            "notes.txt",
            "",
            r"Couldn't find valid bootstrap\(s\): \[/var/task/bootstrap /opt/bootstrap\]",
        ),
        (
            "provided.al2",
            "bootstrap",
            "#!/no/such/shell\n",
            "fork/exec .*/bootstrap: no such file or directory",
        ),
        ("java21", "notes.txt", "", "The local engine has no runtime client for java21: the program java .*"),
        ("ruby3.4", "notes.txt", "", ".*the program ruby alone .*"),
        ("dotnet8", "notes.txt", "", ".*the program dotnet alone .*"),
    ];
    for (runtime, file, text, why) in cases {
        let mut spec = lab.function(runtime, "app.handler", &[(file, text)]);
        spec.revision = runtime.to_owned();
        spec.log_group = format!("/cannot/{runtime}");
        let spec = Arc::new(spec);
        let run = lab.run(&spec, json!({})).await;
        assert_eq!(run.error()["errorType"], "Runtime.InvalidEntrypoint");
        let message = run.error()["errorMessage"].as_str().unwrap().to_owned();
        assert_lines(&[message], &run.id, &[&format!("RequestId: @id Error: {why}")]);
        assert_lines(
            &lab.lines(&spec),
            &run.id,
            &[
                INIT_START,
                r"INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: error\tError Type: Runtime\.InvalidEntrypoint",
                START,
                &format!("RequestId: @id Error: {why}\nRuntime\\.InvalidEntrypoint"),
                END,
                &report(r"\tStatus: error\tError Type: Runtime\.InvalidEntrypoint"),
            ],
        );
    }
}

#[tokio::test]
async fn a_bootstrap_that_may_not_be_executed_says_so() {
    let lab = Lab::new();
    let zip = super::harness::zip_of(&[("bootstrap", b"#!/bin/sh\n", 0o644)]);
    let mut spec = lab.script("");
    spec.code = Arc::new(lambdeck::local::exec::CodeFolder::unpack(&zip, lab.root.path()).unwrap());
    let run = lab.run(&Arc::new(spec), json!({})).await;
    let message = run.error()["errorMessage"].as_str().unwrap().to_owned();
    assert!(message.ends_with("/bootstrap: permission denied"), "{message}");
}
