//! Runtime management, recursion settings and InvokeAsync.

use aws_sdk_lambda::{
    error::ProvideErrorMetadata as _,
    types::{RecursiveLoop, UpdateRuntimeOn},
};
use lambdeck::local::Engine;
use serde_json::{Value, json};

use super::{
    ARN, FUNCTIONS, INVALID, MISSING, MODEL, Raw, Reply, ask,
    asynchronous::{events, put, send},
    client, engine, make, publish, until,
};

fn runtime(engine: &Engine, method: &str, name: &str, body: &Value) -> Reply {
    ask(engine, method, &format!("/2021-07-20/functions/{name}/runtime-management-config"), body)
}

fn recursion(engine: &Engine, method: &str, name: &str, body: &Value) -> Reply {
    ask(engine, method, &format!("/2024-08-31/functions/{name}/recursion-config"), body)
}

const VERSION: &str = "arn:aws:lambda:eu-central-1::runtime:0123";

#[tokio::test(flavor = "multi_thread")]
async fn runtime_management_is_kept_for_each_version() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    publish(&engine, "fn", &[("VALUE", "one")]);
    let latest = format!("{ARN}:fn:$LATEST");
    let auto = json!({ "FunctionArn": latest, "UpdateRuntimeOn": "Auto", "RuntimeVersionArn": null });
    assert_eq!(runtime(&engine, "GET", "fn", &Value::Null).ok(200), auto);
    let manual = json!({ "UpdateRuntimeOn": "Manual", "RuntimeVersionArn": VERSION });
    let wanted = json!({ "FunctionArn": latest, "UpdateRuntimeOn": "Manual", "RuntimeVersionArn": VERSION });
    assert_eq!(runtime(&engine, "PUT", "fn", &manual).ok(200), wanted);
    assert_eq!(runtime(&engine, "GET", "fn", &Value::Null).ok(200), wanted);
    assert_eq!(runtime(&engine, "GET", "fn:1", &Value::Null).ok(200)["UpdateRuntimeOn"], "Auto");
    let update = json!({ "UpdateRuntimeOn": "FunctionUpdate" });
    assert_eq!(runtime(&engine, "PUT", "fn:1", &update).ok(200)["FunctionArn"], format!("{ARN}:fn:1"));
    assert_eq!(runtime(&engine, "PUT", "fn", &json!({ "UpdateRuntimeOn": "Auto" })).ok(200), auto);
    assert_eq!(runtime(&engine, "GET", "fn:1", &Value::Null).ok(200)["UpdateRuntimeOn"], "FunctionUpdate");

    let refused = |body: Value, code: &str, text: &str| {
        runtime(&engine, "PUT", "fn", &body).assert(400, code, text);
    };
    refused(json!({}), MODEL, "Value null at 'updateRuntimeOn'");
    refused(
        json!({ "UpdateRuntimeOn": "Never" }),
        MODEL,
        "Value 'Never' at 'updateRuntimeOn' failed to satisfy constraint: Member must satisfy enum value set: [Auto, \
         Manual, FunctionUpdate]",
    );
    refused(json!({ "UpdateRuntimeOn": "Manual" }), INVALID, "RuntimeVersionArn is required");
    refused(json!({ "UpdateRuntimeOn": "Auto", "RuntimeVersionArn": VERSION }), INVALID, "can only be set");
    refused(json!({ "UpdateRuntimeOn": "Manual", "RuntimeVersionArn": "x" }), MODEL, "'runtimeVersionArn'");
    let foreign = VERSION.replace("eu-central-1", "us-east-1");
    refused(
        json!({ "UpdateRuntimeOn": "Manual", "RuntimeVersionArn": foreign }),
        INVALID,
        "not in the region",
    );
    let long = |length: usize| {
        let arn = format!("{VERSION}{}", "a".repeat(length - VERSION.len()));
        runtime(&engine, "PUT", "fn", &json!({ "UpdateRuntimeOn": "Manual", "RuntimeVersionArn": arn }))
    };
    long(2047).ok(200);
    long(2048).ok(200);
    long(2049).assert(400, MODEL, "less than or equal to 2048");
    for name in ["none", "fn:7"] {
        let arn = if name == "none" { format!("{ARN}:none:$LATEST") } else { format!("{ARN}:fn:7") };
        let text = format!("Function not found: {arn}");
        runtime(&engine, "GET", name, &Value::Null).refused(404, MISSING, &text);
        runtime(&engine, "PUT", name, &update).refused(404, MISSING, &text);
    }
    let client = client(&engine);
    let put = client.put_runtime_management_config().function_name("fn").qualifier("1");
    let put = put.update_runtime_on(UpdateRuntimeOn::Auto).send().await.unwrap();
    assert_eq!((put.update_runtime_on().as_str(), put.runtime_version_arn()), ("Auto", None));
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recursion_settings_are_allow_or_terminate() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    let client = client(&engine);
    let get = || client.get_function_recursion_config().function_name("fn").send();
    assert_eq!(get().await.unwrap().recursive_loop(), Some(&RecursiveLoop::Terminate));
    let put = client.put_function_recursion_config().function_name("fn").recursive_loop(RecursiveLoop::Allow);
    assert_eq!(put.send().await.unwrap().recursive_loop(), Some(&RecursiveLoop::Allow));
    assert_eq!(get().await.unwrap().recursive_loop(), Some(&RecursiveLoop::Allow));
    recursion(&engine, "PUT", "fn", &json!({ "RecursiveLoop": "Terminate" })).ok(200);
    assert_eq!(get().await.unwrap().recursive_loop(), Some(&RecursiveLoop::Terminate));
    recursion(&engine, "PUT", "fn", &json!({})).assert(400, MODEL, "Value null at 'recursiveLoop'");
    let odd = recursion(&engine, "PUT", "fn", &json!({ "RecursiveLoop": "Maybe" }));
    odd.assert(400, MODEL, "Member must satisfy enum value set: [Allow, Terminate]");
    recursion(&engine, "GET", "fn:1", &Value::Null).assert(400, MODEL, "Value 'fn:1' at 'functionName'");
    let missing = client.get_function_recursion_config().function_name("none").send().await.unwrap_err();
    assert_eq!(missing.message(), Some(format!("Function not found: {ARN}:none").as_str()));
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_that_is_allowed_goes_on() {
    let engine = engine().await;
    for name in ["ping", "pong", "sorry"] {
        make(&engine, name, &[("QUIET", "1")]);
        recursion(&engine, "PUT", name, &json!({ "RecursiveLoop": "Allow" })).ok(200);
    }
    let to = |name: &str| json!({ "Destination": format!("{ARN}:{name}") });
    for (from, next) in [("ping", "pong"), ("pong", "ping")] {
        let body = json!({ "DestinationConfig": { "OnSuccess": to(next), "OnFailure": to("sorry") } });
        put(&engine, from, &body).ok(200);
    }
    send(&engine, "ping", &json!(0));
    until("more rounds than a loop has", || (events(&engine, "ping").len() > 20).then_some(())).await;
    // It ends like any loop once it may not go on.
    recursion(&engine, "PUT", "ping", &json!({ "RecursiveLoop": "Terminate" })).ok(200);
    let told = until("the end of the loop", || events(&engine, "sorry").into_iter().next()).await;
    assert_eq!(told["requestContext"]["functionArn"], format!("{ARN}:ping:$LATEST"));
    assert_eq!(events(&engine, "ping").len(), events(&engine, "pong").len());
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_that_is_stopped_tells_the_destination_for_failures() {
    let engine = engine().await;
    make(&engine, "sorry", &[]);
    make(&engine, "ping", &[("QUIET", "1")]);
    make(&engine, "pong", &[("QUIET", "1")]);
    let to = |name: &str| json!({ "Destination": format!("{ARN}:{name}") });
    for (from, next) in [("ping", "pong"), ("pong", "ping")] {
        let body = json!({ "DestinationConfig": { "OnSuccess": to(next), "OnFailure": to("sorry") } });
        put(&engine, from, &body).ok(200);
    }
    send(&engine, "ping", &json!(0));
    let told = until("the end of the loop", || events(&engine, "sorry").into_iter().next()).await;
    assert_eq!(told["requestContext"]["functionArn"], format!("{ARN}:ping:$LATEST"));
    assert_eq!(told["requestContext"]["condition"], "RecursiveLoopDetected");
    assert_eq!(told["requestContext"]["approximateInvokeCount"], 0);
    assert_eq!((events(&engine, "ping").len(), events(&engine, "pong").len()), (16, 16));
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_older_asynchronous_invocation_goes_through_the_queue() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    let path = |name: &str| format!("/2014-11-13/functions/{name}/invoke-async");
    let invoke = |name: &str, body: &str| {
        let path = path(name);
        Raw::new(&engine, "POST", &path).body(body).send()
    };
    let accepted = invoke("fn", r#"{"a":1}"#);
    assert_eq!((accepted.status, accepted.body.as_str()), (202, ""));
    assert_eq!(until("the event", || events(&engine, "fn").into_iter().next()).await, json!({ "a": 1 }));
    invoke("fn", "no json").assert(
        400,
        "InvalidRequestContentException",
        "Could not parse request body into json",
    );
    invoke("none", "{}").refused(404, MISSING, &format!("Function not found: {ARN}:none:$LATEST"));
    let text = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
    invoke("fn", &text(1_048_576)).ok(202);
    invoke("fn", &text(1_048_577)).assert(
        413,
        "RequestTooLargeException",
        "1048576 bytes for the InvokeAsync operation",
    );
    ask(&engine, "GET", &format!("{FUNCTIONS}/fn"), &Value::Null).ok(200);
    engine.shutdown().await;
}
