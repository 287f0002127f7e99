//! The test workbench on the emulators that others wrote, in a terminal.

use aws_sdk_lambda::client::Waiters as _;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{FunctionCode, Runtime};

use crate::support::emulators::{Emulator, ministack, moto};
use crate::support::terminal::{Exit, Launch, PATIENCE, Terminal, key};
use crate::support::zip_of;

const REGION: &str = "me-central-1";

/// What fails says so in its answer; all else comes back as it is.
const HANDLER: &str = r#"
def handler(event, context):
    if event.get("fail"):
        raise ValueError("asked to fail")
    return {"echo": event}
"#;

/// The dashboard in the Test tab of a function `echo` that is made anew, with this editor; the event was sent once.
fn at_test(emulator: &Emulator, editor: &str) -> Terminal {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let lambda = aws_sdk_lambda::Client::new(&emulator.sdk_config(REGION));
    let code = FunctionCode::builder().zip_file(Blob::new(zip_of(&[("index.py", HANDLER)]))).build();
    runtime.block_on(async {
        let creation = lambda.create_function().function_name("echo").runtime(Runtime::Python313);
        creation.handler("index.handler").role(emulator.role()).code(code).send().await.unwrap();
        let active = lambda.wait_until_function_active_v2().function_name("echo");
        active.wait(PATIENCE).await.unwrap();
    });
    let terminal = Launch::lambdeck::<&str>([])
        .env("AWS_ENDPOINT_URL", emulator.endpoint())
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_REGION", REGION)
        .env("EDITOR", editor)
        .start();
    terminal.wait_text("● Active");
    terminal.send("i");
    terminal.wait_text("Nothing was sent yet");
    terminal.send(key::ENTER);
    terminal.wait_text("● OK 200");
    terminal
}

fn quit(terminal: &Terminal) {
    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0), "{}", terminal.screen());
    terminal.assert_left_in_order();
}

#[test]
fn an_event_is_sent_to_moto_and_its_answer_is_filtered() {
    let Some(moto) = moto() else { return };
    let terminal = at_test(moto, "true");
    terminal.send("o");
    terminal.wait_text("[Pretty]");
    // Nothing runs there: the event comes back.
    terminal.send("|.key\r");
    terminal.wait_text("> jq .key");
    terminal.send("q");
    terminal.wait_gone("> jq .key");
    terminal.send("q");
    terminal.wait_gone("[Pretty]");
    quit(&terminal);
}

#[test]
fn ministack_runs_the_event_again_and_a_failure_is_one() {
    let Some(ministack) = ministack() else { return };
    let folder = tempfile::tempdir().unwrap();
    let failing = folder.path().join("failing.json");
    std::fs::write(&failing, "{\"fail\": true}").unwrap();
    let terminal = at_test(ministack, &format!("cp {}", failing.display()));
    terminal.wait_text("\"echo\"");
    terminal.send("h");
    terminal.wait_text("Invocations of echo");
    terminal.send("i");
    terminal.wait_text("#2");
    terminal.send("q");
    terminal.wait_gone("Invocations of echo");
    // The editor saves another event.
    terminal.send("\x0f");
    terminal.wait_text("\"fail\"");
    terminal.send("J");
    terminal.send(key::ENTER);
    terminal.wait_text("FUNCTION ERROR");
    // It does not tell the type.
    terminal.wait_text(": asked to fail");
    quit(&terminal);
}
