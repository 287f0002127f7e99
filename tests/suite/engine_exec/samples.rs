//! The built-in samples, through the very path of any other function.

use std::sync::Arc;

use lambdeck::local::samples;
use serde_json::{Value, json};

use super::harness::{Lab, assert_lines, program};

#[tokio::test]
async fn every_sample_handles_its_example_event() {
    let lab = Lab::new();
    for sample in samples::all(program()) {
        let mut spec = lab.sample(sample.name);
        spec.variables.insert("MS_PER_WORD".to_owned(), "0".into());
        let spec = Arc::new(spec);
        let event: Value = serde_json::from_str(samples::example_event(sample.name).unwrap()).unwrap();
        let run = lab.run(&spec, event).await;
        if sample.name == "story-teller" {
            assert_eq!(run.outcome.function_error, None);
            assert!(run.outcome.payload.starts_with(b"Once upon a time"), "{:?}", run.outcome.payload);
        } else {
            assert!(run.ok().is_object(), "{}", sample.name);
        }
        assert!(!lab.own_lines(&spec).is_empty(), "{} logs nothing", sample.name);
    }
    lab.executor.shutdown().await;
}

#[tokio::test]
async fn a_sample_that_fails_gives_type_message_and_stack() {
    let lab = Lab::new();
    let spec = Arc::new(lab.sample("checkout-api"));
    let event =
        json!({ "basket": [{ "sku": "mug", "unitPrice": "1.00", "quantity": 1 }], "coupon": "BOGUS" });
    let run = lab.run(&spec, event).await;
    let error = run.error();
    assert_eq!(error["errorType"], "UnknownCouponError");
    assert_eq!(error["errorMessage"], "No such coupon: \"BOGUS\"");
    let stack: Vec<_> =
        error["stackTrace"].as_array().unwrap().iter().map(|frame| frame.as_str().unwrap()).collect();
    assert!(stack[0].starts_with("checkout::discount (src/local/samples/checkout.rs:"), "{stack:?}");
    assert_lines(
        &lab.own_lines(&spec),
        &run.id,
        &[
            "@time\t@id\tINFO\tPricing 1 lines for guest",
            "@time\t@id\tERROR\tUnknownCouponError: No such coupon: .*\r    at .*",
        ],
    );
    // It goes on with the next event.
    let good = serde_json::from_str(samples::example_event("checkout-api").unwrap()).unwrap();
    assert_eq!(lab.run(&spec, good).await.ok()["total"], "48.73");
}

#[tokio::test]
async fn a_sample_with_json_logs_writes_objects() {
    let lab = Lab::new();
    let spec = Arc::new(lab.sample("order-events"));
    let event: Value = serde_json::from_str(samples::example_event("order-events").unwrap()).unwrap();
    let run = lab.run(&spec, event).await;
    let lines: Vec<Value> = lab.lines(&spec).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<_> = lines.iter().filter_map(|line| line["type"].as_str()).collect();
    assert_eq!(kinds, ["platform.initStart", "platform.start", "platform.report"]);
    let own: Vec<_> = lines.iter().filter(|line| line["type"].is_null()).collect();
    assert!(own.iter().all(|line| line["requestId"] == run.id.as_str() && line["timestamp"].is_string()));
    // The level of a function with JSON logs is INFO.
    assert!(own.iter().all(|line| line["level"] != "DEBUG"));
    assert!(
        own.iter().any(|line| line["level"] == "WARN" && line["message"] == "large order: held for review")
    );
    let record = &lines.last().unwrap()["record"];
    assert_eq!(record["status"], "success");
    assert_eq!(record["metrics"]["memorySizeMB"], 192);
    assert!(record["metrics"]["initDurationMs"].as_f64().unwrap() > 0.0);
}

#[tokio::test]
async fn what_a_function_sees_of_its_environment_is_lambdas_and_its_own() {
    let lab = Lab::new();
    let mut spec = lab.sample("env-inspector");
    spec.variables.insert("PATH".to_owned(), "/bin:/usr/bin".into());
    let spec = Arc::new(spec);
    // Of the environment that this test has from cargo, nothing may show.
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some() && std::env::var_os("PATH").is_some());
    let answer = lab.run(&spec, json!({ "reveal": true })).await.ok();
    let variables = answer["variables"].as_object().unwrap();
    let mut names: Vec<_> = variables.keys().map(String::as_str).collect();
    // The shell's own doing.
    names.retain(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name));
    assert_eq!(
        names,
        [
            "API_SECRET",
            "AWS_ACCESS_KEY_ID",
            "AWS_DEFAULT_REGION",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            "AWS_LAMBDA_FUNCTION_NAME",
            "AWS_LAMBDA_FUNCTION_VERSION",
            "AWS_LAMBDA_INITIALIZATION_TYPE",
            "AWS_LAMBDA_LOG_GROUP_NAME",
            "AWS_LAMBDA_LOG_STREAM_NAME",
            "AWS_LAMBDA_RUNTIME_API",
            "AWS_REGION",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_XRAY_CONTEXT_MISSING",
            "AWS_XRAY_DAEMON_ADDRESS",
            "GREETING",
            "LAMBDA_RUNTIME_DIR",
            "LAMBDA_TASK_ROOT",
            "LANG",
            "LD_LIBRARY_PATH",
            "PATH",
            "TMPDIR",
            "TZ",
            "_HANDLER",
        ]
    );
    assert_eq!(variables["AWS_ACCESS_KEY_ID"], "lambdeck-local");
    assert_eq!(variables["TZ"], ":UTC");
    assert_eq!(variables["PATH"], "/bin:/usr/bin");
    assert_eq!(variables["AWS_REGION"], "eu-west-1");
    assert_eq!(variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "128");
    let same = |left: &Value, right: &Value| {
        let real = |value: &Value| std::fs::canonicalize(value.as_str().unwrap()).unwrap();
        assert_eq!(real(left), real(right));
    };
    same(&answer["folder"], &variables["LAMBDA_TASK_ROOT"]);
    same(&answer["tmp"]["folder"], &variables["TMPDIR"]);
    assert_eq!(answer["code"], json!(["bootstrap"]));
    assert_eq!(answer["tmp"]["holds"], json!(["visits"]));
}

#[tokio::test]
async fn a_program_with_blanks_and_quotes_in_its_path_serves_samples() {
    let lab = Lab::new();
    let folder = lab.root.path().join("it's a \"place\"");
    std::fs::create_dir(&folder).unwrap();
    let copy = folder.join("lambdeck");
    std::os::unix::fs::symlink(program(), &copy).unwrap();
    let zip = samples::all(&copy).remove(2).zip;
    let mut spec = lab.sample("greeter");
    spec.code = Arc::new(lambdeck::local::exec::CodeFolder::unpack(&zip, lab.root.path()).unwrap());
    let answer = lab.run(&Arc::new(spec), json!({ "name": "Ada", "language": "fr" })).await.ok();
    assert_eq!(answer["greeting"], "Bonjour, Ada!");
}

#[tokio::test]
async fn a_sample_ends_when_the_engine_is_gone() {
    let lab = Lab::new();
    let command = [program().to_str().unwrap(), "sample", "greeter"];
    super::node::assert_ends_with_the_engine(&lab, &Arc::new(lab.sample("greeter")), &command).await;
}
