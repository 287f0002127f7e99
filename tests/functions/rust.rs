//! A function on Lambda's official Rust client, which the tests run on the local engine.
#![allow(missing_docs)]

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(answer)).await
}

/// Says what it was given. The events "fail" and "panic" do so.
async fn answer(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let (event, context) = event.into_parts();
    match event.as_str() {
        Some("fail") => return Err("it fails on request".into()),
        Some("panic") => panic!("it panics on request"),
        _ => {}
    }
    Ok(json!({
        "event": event,
        "requestId": context.request_id,
        "arn": context.invoked_function_arn,
        "deadlineMs": context.deadline,
        "function": context.env_config.function_name,
        "memoryMb": context.env_config.memory,
        "version": context.env_config.version,
        "logGroup": context.env_config.log_group,
        "client": context.client_context.map(|client| client.custom),
    }))
}
