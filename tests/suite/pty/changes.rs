//! Changes in a real terminal: how few keys they take, and that a value is nowhere but where it was asked for.

use std::{fs, path::Path, time::Duration};

use aws_sdk_lambda::{
    Client,
    primitives::Blob,
    types::{Environment, FunctionCode, Runtime},
};
use lambdeck::local::Engine;

use crate::support::{
    engine::{client, options},
    terminal::{Exit, Launch, Terminal, key},
    zip_of,
};

/// How long a question that came up by itself takes no answer, and a little more.
pub(super) const UNREAD: Duration = Duration::from_millis(600);

pub(super) const CANARY: &str = "canary-d41d8cd9";

/// An engine within the test, with functions of its own, and lambdeck on it in a terminal.
struct Desk {
    runtime: tokio::runtime::Runtime,
    sdk: Client,
    terminal: Terminal,
    folder: tempfile::TempDir,
    _engine: Engine,
    /// Keys that were pressed beside the text itself.
    keys: std::cell::Cell<usize>,
}

impl Desk {
    fn start(functions: usize) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let engine = runtime.block_on(Engine::start(options())).unwrap();
        let (id, secret) = (engine.access_key_id(), engine.secret_access_key().reveal());
        let sdk = client(&engine);
        runtime.block_on(async {
            let zip = Blob::new(zip_of(&[("bootstrap", "#!/bin/sh\n")]));
            for number in 0..functions {
                create(&sdk, &format!("function-{number:04}"), zip.clone()).await;
            }
        });
        let folder = tempfile::tempdir().unwrap();
        let terminal = Launch::lambdeck(["--log-file".into(), folder.path().join("log").into_os_string()])
            .env("AWS_ENDPOINT_URL", engine.endpoint_url())
            .env("AWS_ACCESS_KEY_ID", id)
            .env("AWS_SECRET_ACCESS_KEY", secret)
            .env("AWS_REGION", engine.region())
            .env("XDG_STATE_HOME", folder.path().join("state"))
            .env("TMPDIR", folder.path())
            .start();
        Self { runtime, sdk, terminal, folder, _engine: engine, keys: std::cell::Cell::new(0) }
    }

    /// Presses one key.
    fn press(&self, key: &str) {
        self.keys.set(self.keys.get() + 1);
        self.terminal.send(key);
    }

    /// Agrees to what came up by itself, once it can have been read.
    fn agree(&self) {
        self.terminal.output_during(UNREAD);
        self.press("y");
    }

    fn variable(&self, function: &str, name: &str) -> Option<String> {
        let answer =
            self.runtime.block_on(self.sdk.get_function_configuration().function_name(function).send());
        let answer = answer.unwrap();
        answer.environment()?.variables()?.get(name).cloned()
    }

    fn quit(&self) {
        self.terminal.send("q");
        assert_eq!(self.terminal.wait_exit(), Exit::Code(0));
        self.terminal.assert_left_in_order();
    }
}

pub(super) async fn create(sdk: &Client, name: &str, zip: Blob) {
    let variables = [("API_SECRET", CANARY), ("LOG_LEVEL", "info"), ("ZONE", CANARY)];
    let variables = variables.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    sdk.create_function()
        .function_name(name)
        .runtime(Runtime::Providedal2023)
        .handler("bootstrap")
        .role("arn:aws:iam::123456789012:role/test")
        .code(FunctionCode::builder().zip_file(zip).build())
        .environment(Environment::builder().set_variables(Some(variables)).build())
        .send()
        .await
        .unwrap();
}

/// The text of every file below a folder.
pub(super) fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), fs::read(&path).unwrap_or_default()));
        }
    }
    found
}

pub(super) fn holds(text: &[u8], part: &str) -> bool {
    text.windows(part.len()).any(|window| window == part.as_bytes())
}

#[test]
fn one_variable_of_one_function_out_of_a_thousand_takes_eight_keys_at_most() {
    let desk = Desk::start(1000);
    let terminal = &desk.terminal;
    terminal.wait_text("Functions 1000");

    desk.press("/");
    terminal.send("function-0737");
    terminal.wait_text("Functions 1 of 1000");
    desk.press(key::ENTER);
    terminal.wait_text("enter open");
    desk.press("E");
    terminal.wait_text("LOG_LEVEL");
    desk.press("/");
    terminal.send("level");
    terminal.wait_gone("API_SECRET");
    desk.press(key::ENTER);
    terminal.wait_text("info");
    desk.press("\x15");
    terminal.wait_gone("info");
    terminal.send("debug");
    terminal.wait_text("debug");
    desk.press("\x13");
    terminal.wait_text("Save this change?");
    terminal.wait_text("123456789012");
    terminal.wait_gone("debug");
    desk.press("y");
    terminal.wait_text("saved and in use");
    assert_eq!(desk.variable("function-0737", "LOG_LEVEL").as_deref(), Some("debug"));
    assert_eq!(desk.variable("function-0737", "API_SECRET").as_deref(), Some(CANARY));
    assert_eq!(desk.variable("function-0736", "LOG_LEVEL").as_deref(), Some("info"));
    assert!(desk.keys.get() <= 8, "{} keys", desk.keys.get());

    desk.quit();
    // No byte of it, anywhere.
    assert!(!holds(&terminal.raw(), CANARY));
    let files = files(desk.folder.path());
    assert!(files.iter().any(|(path, text)| path.ends_with("journal.jsonl") && holds(text, "LOG_LEVEL")));
    for (path, text) in files {
        assert!(!holds(&text, CANARY) && !holds(&text, "debug\""), "{path}");
    }
}

#[test]
fn an_alias_is_rolled_back_with_two_keys_and_a_confirmation() {
    let desk = Desk::start(1);
    desk.runtime.block_on(async {
        let name = "function-0000";
        for memory in [256, 512] {
            desk.sdk
                .update_function_configuration()
                .function_name(name)
                .memory_size(memory)
                .send()
                .await
                .unwrap();
            desk.sdk.publish_version().function_name(name).send().await.unwrap();
        }
        desk.sdk.create_alias().function_name(name).name("live").function_version("2").send().await.unwrap();
    });
    let terminal = &desk.terminal;
    terminal.wait_text("Functions 1");
    terminal.wait_text("function-0000");

    desk.press("a");
    desk.press("b");
    terminal.wait_text("Change this alias?");
    terminal.wait_text("live");
    assert_eq!(desk.keys.get(), 2);
    desk.agree();
    terminal.wait_text("is saved");
    let alias =
        desk.runtime.block_on(desk.sdk.get_alias().function_name("function-0000").name("live").send());
    assert_eq!(alias.unwrap().function_version(), Some("1"));

    // What this machine did is what the next rollback goes by.
    terminal.wait_text("live");
    desk.press("b");
    terminal.wait_text("Change this alias?");
    terminal.wait_text("journal");
    desk.press("n");
    desk.quit();
    assert!(!holds(&terminal.raw(), CANARY));
}

#[test]
fn stopping_a_function_takes_its_name_and_restoring_finds_what_was_reserved() {
    let desk = Desk::start(1);
    let put = desk.sdk.put_function_concurrency().function_name("function-0000");
    desk.runtime.block_on(put.reserved_concurrent_executions(7).send()).unwrap();
    let reserved = || {
        let read = desk.sdk.get_function_concurrency().function_name("function-0000").send();
        desk.runtime.block_on(read).unwrap().reserved_concurrent_executions()
    };
    let terminal = &desk.terminal;
    terminal.wait_text("function-0000");
    terminal.send(key::ENTER);
    terminal.wait_text("General");
    terminal.send("3");
    terminal.wait_text("Memory");
    terminal.send("K");
    terminal.wait_text("Type function-0000");
    terminal.send("function-000\r");
    terminal.wait_text("something else");
    assert_eq!(reserved(), Some(7));
    terminal.send("0\r");
    terminal.wait_text("is saved");
    assert_eq!(reserved(), Some(0));
    terminal.wait_text("STOPPED");
    terminal.send("K");
    terminal.wait_text("Save this change?");
    terminal.send("y");
    terminal.wait_gone("STOPPED");
    assert_eq!(reserved(), Some(7));
    desk.quit();
}
