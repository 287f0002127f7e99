//! The emulators that others wrote serve what lambdeck asks of AWS.

use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{Environment, FunctionCode, LogType, Runtime, State};
use base64::Engine as _;

use crate::support::emulators::{Emulator, ministack, moto, python};
use crate::support::zip_of;

/// What each test of an emulator starts from: the services' clients in a region of the test's own.
struct Clients {
    lambda: aws_sdk_lambda::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
    sts: aws_sdk_sts::Client,
}

impl Clients {
    fn new(emulator: &Emulator, region: &'static str) -> Self {
        let config = emulator.sdk_config(region);
        Self {
            lambda: aws_sdk_lambda::Client::new(&config),
            logs: aws_sdk_cloudwatchlogs::Client::new(&config),
            sts: aws_sdk_sts::Client::new(&config),
        }
    }

    async fn create(&self, emulator: &Emulator, name: &str, handler: &str) {
        self.lambda
            .create_function()
            .function_name(name)
            .runtime(Runtime::Python313)
            .handler("index.handler")
            .role(emulator.role())
            .code(FunctionCode::builder().zip_file(Blob::new(zip_of(&[("index.py", handler)]))).build())
            .environment(Environment::builder().variables("STAGE", "test").build())
            .send()
            .await
            .unwrap();
    }

    /// Until the function is Active. The time-out is the test's failure; a real one needs a few polls.
    async fn active(&self, name: &str) {
        let settled = async {
            loop {
                let answer =
                    self.lambda.get_function_configuration().function_name(name).send().await.unwrap();
                if answer.state() == Some(&State::Active) {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), settled)
            .await
            .expect("the function gets active");
    }

    async fn names(&self) -> Vec<String> {
        let answer = self.lambda.list_functions().send().await.unwrap();
        answer.functions().iter().filter_map(|function| function.function_name().map(str::to_owned)).collect()
    }
}

#[test]
fn the_python_environment_has_what_the_tests_need() {
    let Some(python) = python() else { return };
    let mut script = "import boto3, cbor2, ministack, moto.server".to_owned();
    if cfg!(target_os = "linux") {
        script.push_str(", awslambdaric");
    }
    let status = std::process::Command::new(python).args(["-c", &script]).status().unwrap();
    assert!(status.success());
}

#[tokio::test]
async fn moto_serves_functions() {
    let Some(moto) = moto() else { return };
    let clients = Clients::new(moto, "eu-west-1");

    clients.create(moto, "checkout", "def handler(event, context): return 1").await;
    clients.create(moto, "billing", "def handler(event, context): return 2").await;

    let mut names = clients.names().await;
    names.sort();
    assert_eq!(names, ["billing", "checkout"]);

    let checkout = clients.lambda.get_function().function_name("checkout").send().await.unwrap();
    let configuration = checkout.configuration().unwrap();
    assert_eq!(configuration.handler(), Some("index.handler"));
    assert_eq!(configuration.state(), Some(&State::Active));
    assert_eq!(configuration.environment().unwrap().variables().unwrap()["STAGE"], "test");

    // Without Docker nothing runs: the payload comes back.
    let answer = clients
        .lambda
        .invoke()
        .function_name("checkout")
        .payload(Blob::new(r#"{"a":1}"#))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status_code(), 200);
    assert_eq!(answer.payload().unwrap().as_ref(), br#"{"a":1}"#);

    let unknown = clients.lambda.get_function().function_name("nothing").send().await.unwrap_err();
    assert!(unknown.into_service_error().is_resource_not_found_exception());
}

#[tokio::test]
async fn moto_keeps_logs_and_knows_its_account() {
    let Some(moto) = moto() else { return };
    let clients = Clients::new(moto, "eu-west-2");
    assert_eq!(clients.sts.get_caller_identity().send().await.unwrap().account(), Some(moto.account()));

    let (group, stream) = ("/aws/lambda/checkout", "2026/11/20/[$LATEST]0123456789abcdef");
    let now = jiff::Timestamp::now().as_millisecond();
    clients.logs.create_log_group().log_group_name(group).send().await.unwrap();
    clients.logs.create_log_stream().log_group_name(group).log_stream_name(stream).send().await.unwrap();
    let put = clients.logs.put_log_events().log_group_name(group).log_stream_name(stream);
    put.log_events(InputLogEvent::builder().timestamp(now - 1000).message("first").build().unwrap())
        .log_events(InputLogEvent::builder().timestamp(now).message("second").build().unwrap())
        .send()
        .await
        .unwrap();

    let found = clients.logs.filter_log_events().log_group_name(group).start_time(now).send().await.unwrap();
    let messages: Vec<_> = found.events().iter().filter_map(|event| event.message()).collect();
    assert_eq!(messages, ["second"]);
}

#[tokio::test]
async fn ministack_runs_functions_and_keeps_their_logs() {
    let Some(ministack) = ministack() else { return };
    let clients = Clients::new(ministack, "eu-west-1");
    let handler = r#"
import os
def handler(event, context):
    print("stage", os.environ["STAGE"])
    if event.get("fail"):
        raise ValueError("asked to fail")
    return {"twice": event["n"] * 2}
"#;
    clients.create(ministack, "doubler", handler).await;
    assert_eq!(clients.names().await, ["doubler"]);
    clients.active("doubler").await;

    let invoke = |payload: &str| {
        clients
            .lambda
            .invoke()
            .function_name("doubler")
            .log_type(LogType::Tail)
            .payload(Blob::new(payload))
            .send()
    };
    let answer = invoke(r#"{"n": 21}"#).await.unwrap();
    assert_eq!(answer.function_error(), None);
    let payload: serde_json::Value = serde_json::from_slice(answer.payload().unwrap().as_ref()).unwrap();
    assert_eq!(payload, serde_json::json!({"twice": 42}));
    let log = base64::engine::general_purpose::STANDARD.decode(answer.log_result().unwrap()).unwrap();
    assert!(String::from_utf8_lossy(&log).contains("stage test"));

    let failed = invoke(r#"{"fail": true}"#).await.unwrap();
    assert_eq!(failed.function_error(), Some("Unhandled"));
    let payload: serde_json::Value = serde_json::from_slice(failed.payload().unwrap().as_ref()).unwrap();
    assert_eq!(payload["errorMessage"], "asked to fail");

    let group = "/aws/lambda/doubler";
    let found = clients.logs.filter_log_events().log_group_name(group).send().await.unwrap();
    let messages: Vec<_> = found.events().iter().filter_map(|event| event.message()).collect();
    assert!(messages.contains(&"stage test"), "{messages:?}");
    assert!(messages.iter().any(|message| message.starts_with("REPORT RequestId: ")), "{messages:?}");
}

#[tokio::test]
async fn ministack_pages_its_functions_and_knows_its_account() {
    let Some(ministack) = ministack() else { return };
    let clients = Clients::new(ministack, "eu-west-2");
    assert_eq!(clients.sts.get_caller_identity().send().await.unwrap().account(), Some(ministack.account()));

    for name in ["a", "b", "c"] {
        clients.create(ministack, name, "def handler(event, context): pass").await;
    }
    let first = clients.lambda.list_functions().max_items(2).send().await.unwrap();
    assert_eq!(first.functions().len(), 2);
    let second = clients.lambda.list_functions().marker(first.next_marker().unwrap()).send().await.unwrap();
    assert_eq!(second.functions().len(), 1);
    assert_eq!(second.next_marker(), None);

    let unknown = clients.lambda.invoke().function_name("nothing").send().await.unwrap_err();
    assert!(unknown.into_service_error().is_resource_not_found_exception());
}
