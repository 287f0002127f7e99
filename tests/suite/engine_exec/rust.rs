//! A function on the official Rust client, the crate `lambda_runtime`: `tests/functions/rust.rs`.

use std::{
    path::PathBuf,
    process::Command,
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use lambdeck::local::exec::{Event, FunctionSpec};
use serde_json::json;

use super::harness::{Lab, assert_lines};

/// The function's program. `cargo test` has built it, `cargo test --test suite` has not.
fn program() -> PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let build = || {
        let deps = std::env::current_exe().unwrap().parent().unwrap().to_owned();
        let profile = deps.parent().unwrap();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--offline", "--example", "function"]);
        cargo.current_dir(env!("CARGO_MANIFEST_DIR")).arg("--target-dir").arg(profile.parent().unwrap());
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        assert!(cargo.status().unwrap().success());
        profile.join("examples/function")
    };
    PROGRAM.get_or_init(build).clone()
}

fn function(lab: &Lab) -> FunctionSpec {
    FunctionSpec { memory_mb: 256, timeout_s: 20, ..lab.script(&format!("exec '{}'", program().display())) }
}

#[tokio::test]
async fn the_official_client_gets_its_event_and_all_that_is_known_of_it() {
    let lab = Lab::new();
    let spec = Arc::new(function(&lab));
    let event = Event {
        client_context: Some(r#"{"custom":{"team":"a"}}"#.to_owned()),
        ..Event::new("8f4f5d3c-2c4f-4d55-9c5e-6d9c1f1b6b11", r#"{"deep":[1,{"x":null}],"ü":"€"}"#)
    };
    let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let outcome = lab.executor.invoke(&spec, None, event).await.unwrap();
    assert_eq!(outcome.function_error, None, "{:?}", outcome.payload);
    let mut answer: serde_json::Value = serde_json::from_slice(&outcome.payload).unwrap();
    let deadline = answer.as_object_mut().unwrap().remove("deadlineMs").unwrap();
    let left = Duration::from_millis(deadline.as_u64().unwrap()).saturating_sub(before);
    assert!((19..90).contains(&left.as_secs()), "{left:?} of {deadline}");
    let expected = json!({
        "event": { "deep": [1, { "x": null }], "ü": "€" },
        "requestId": "8f4f5d3c-2c4f-4d55-9c5e-6d9c1f1b6b11",
        "arn": spec.arn,
        "function": "thing",
        "memoryMb": 256,
        "version": "$LATEST",
        "logGroup": "/aws/lambda/thing",
        "client": { "team": "a" },
    });
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn it_fails_and_panics_and_goes_on_in_the_same_process() {
    let lab = Lab::new();
    let spec = Arc::new(function(&lab));
    let error = lab.run(&spec, json!("fail")).await.error();
    assert_eq!(error["errorMessage"], "it fails on request");
    let error = lab.run(&spec, json!("panic")).await.error();
    assert!(error["errorMessage"].as_str().unwrap().contains("it panics on request"), "{error}");
    for nth in 0..20 {
        assert_eq!(lab.run(&spec, json!({ "nth": nth })).await.ok()["event"]["nth"], nth);
    }
    lab.await_processes(1).await;
    let lines: Vec<_> = lab.lines(&spec).into_iter().filter(|line| line.starts_with("INIT_START")).collect();
    assert_lines(&lines, "", &["INIT_START .*"]);
}
