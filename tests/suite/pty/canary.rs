//! A value that is in every variable is in no byte that leaves the program: not in a file, a title, the clipboard, nor
//! in what is written to the terminal. A value that was typed may be shown where it is typed, and nowhere else.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use aws_sdk_lambda::{Client, primitives::Blob, types::Environment};
use lambdeck::local::Engine;

use super::changes::{CANARY, UNREAD, create, files, holds};
use crate::support::{
    engine::{client, options},
    fault_server::{Fault, FaultServer},
    terminal::{Exit, Launch, PATIENCE, Terminal, key},
    zip_of,
};

/// What is typed on a line, and seen there.
const TYPED: &str = "typed-8f14e45f";
/// In a payload.
const PAYLOAD: &str = "payload-c9f0f895";

/// Two functions on an engine, and a network to it that may fail.
struct Stage {
    sdk: Client,
    server: FaultServer,
    folder: tempfile::TempDir,
    keys: (String, String),
    _engine: Engine,
    runtime: tokio::runtime::Runtime,
}

impl Stage {
    fn new() -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let engine = runtime.block_on(Engine::start(options())).unwrap();
        let keys = (engine.access_key_id().to_owned(), engine.secret_access_key().reveal().to_owned());
        let sdk = client(&engine);
        runtime.block_on(async {
            let zip = Blob::new(zip_of(&[("bootstrap", "#!/bin/sh\n")]));
            create(&sdk, "alpha", zip.clone()).await;
            create(&sdk, "beta", zip).await;
        });
        let server = FaultServer::forwarding(&engine.endpoint_url());
        Self { sdk, server, folder: tempfile::tempdir().unwrap(), keys, _engine: engine, runtime }
    }

    fn environment(&self) -> Vec<(&'static str, OsString)> {
        let state = self.folder.path().join("state");
        vec![
            ("AWS_ENDPOINT_URL", self.server.endpoint().into()),
            ("AWS_ACCESS_KEY_ID", self.keys.0.clone().into()),
            ("AWS_SECRET_ACCESS_KEY", self.keys.1.clone().into()),
            ("AWS_REGION", "eu-central-1".into()),
            ("XDG_STATE_HOME", state.into()),
            ("TMPDIR", self.folder.path().into()),
            ("RUST_LOG", "trace".into()),
            ("RUST_BACKTRACE", "full".into()),
        ]
    }

    fn log(&self) -> [OsString; 2] {
        ["--log-file".into(), self.folder.path().join("log").into_os_string()]
    }

    fn launch(&self, prepare: impl FnOnce(Launch) -> Launch) -> Terminal {
        let launch = self
            .environment()
            .into_iter()
            .fold(Launch::lambdeck(self.log()), |launch, (name, value)| launch.env(name, value));
        prepare(launch.size(40, 120)).start()
    }

    /// Runs a command; answers with all that it wrote.
    fn run(&self, arguments: &[&str]) -> Vec<u8> {
        let output = Command::new(env!("CARGO_BIN_EXE_lambdeck"))
            .args(arguments)
            .args(self.log())
            .env_clear()
            .env("HOME", self.folder.path())
            .envs(self.environment())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        [output.stdout, output.stderr].concat()
    }

    /// Somebody else changes the environment.
    fn somebody_else_adds(&self, key: &str) {
        self.runtime.block_on(async {
            let read = self.sdk.get_function_configuration().function_name("alpha").send().await.unwrap();
            let mut variables = read.environment().unwrap().variables().unwrap().clone();
            variables.insert(key.into(), CANARY.into());
            self.sdk
                .update_function_configuration()
                .function_name("alpha")
                .environment(Environment::builder().set_variables(Some(variables)).build())
                .send()
                .await
                .unwrap();
        });
    }

    /// What holds of everything that was written.
    #[track_caller]
    fn assert_clean(&self, home: &Path) {
        let mut all = files(self.folder.path());
        all.extend(files(home));
        assert!(all.iter().any(|(path, _)| path.ends_with("journal.jsonl")), "there is a journal to look at");
        assert!(all.iter().any(|(path, _)| path.ends_with("/log")), "there is a log to look at");
        for (path, content) in all {
            for secret in [CANARY, TYPED, PAYLOAD, &self.keys.1] {
                assert!(!holds(&content, secret), "{secret} is in {path}");
            }
        }
    }
}

/// What AWS answers when it repeats the whole map.
fn echo(status: u16, code: &str) -> Fault {
    let message = format!(
        "Lambda was unable to configure your environment variables because the environment variables you have provided \
         exceeded the 4KB limit. String measured: {{\"API_SECRET\":\"{CANARY}\",\"LOG_LEVEL\":\"{TYPED}\"}}"
    );
    Fault::error(status, code, &message)
}

/// Saves, and agrees to what is asked.
fn save_and_no_more(terminal: &Terminal) {
    terminal.send("\x13");
    terminal.wait_text("Save this change?");
    terminal.send("y");
}

/// As that, and waits until it is no longer asked.
fn save(terminal: &Terminal) {
    save_and_no_more(terminal);
    terminal.wait_gone("Save this change?");
}

#[test]
fn a_canary_is_in_no_byte_that_a_session_leaves() {
    let stage = Stage::new();
    let terminal = stage.launch(|launch| launch);
    terminal.wait_text("Functions 2");
    terminal.send("/alpha");
    terminal.wait_text("Functions 1 of 2");
    terminal.send(key::ENTER);
    terminal.wait_text("enter open");
    terminal.send("E");
    terminal.wait_text("LOG_LEVEL");
    terminal.send("/level");
    terminal.wait_gone("API_SECRET");
    terminal.send(key::ENTER);
    terminal.wait_text("info");
    terminal.send("\x15");
    terminal.send(TYPED);
    terminal.wait_text(TYPED);

    // AWS repeats what it was sent.
    for (fault, told) in [
        (echo(400, "InvalidParameterValueException"), "measured"),
        (echo(413, "RequestTooLargeException"), "5,120"),
        (Fault::error(400, "ValidationException", &format!("'{CANARY}' and {TYPED} at x")), "and … at x"),
    ] {
        stage.server.script("UpdateFunctionConfiguration", [fault]);
        save(&terminal);
        terminal.send(":messages\r");
        terminal.wait_text(told);
        assert!(!terminal.screen().contains(TYPED));
        terminal.send(key::ESC);
        terminal.wait_text("unsaved change");
    }

    // Somebody else is faster: it is read again, merged, and asked for again.
    stage.somebody_else_adds("ADDED");
    terminal.send("\x13");
    terminal.wait_text("Save this change?");
    terminal.send("y");
    terminal.wait_text("1 other change was");
    terminal.send("y");
    terminal.wait_text("only just come up");
    terminal.output_during(UNREAD);
    terminal.send("y");
    terminal.wait_text("saved and in use");

    // All that shows a function.
    for (keys, text) in [
        (":history\r", "Changes, newest first"),
        (":messages\r", "saved and in use"),
        ("d", "\"FunctionName\""),
        (":compare alpha beta\r", "beta"),
    ] {
        terminal.send(keys);
        terminal.wait_text(text);
        terminal.send(key::ESC);
        terminal.wait_gone(text);
        terminal.wait_text("LOG_LEVEL");
    }

    // Typed on a line, and sent to both.
    terminal.send(":functions\r");
    terminal.wait_text("enter open");
    terminal.send(key::ESC);
    terminal.wait_text("Functions 2");
    terminal.send("*");
    terminal.send(&format!(":bulk env EXTRA={TYPED}\r"));
    terminal.wait_text("Type 2");
    assert!(!terminal.screen().contains(TYPED));
    stage.server.script("UpdateFunctionConfiguration", [echo(400, "InvalidParameterValueException")]);
    terminal.send("2\r");
    terminal.wait_text("1 done");
    terminal.send(":messages\r");
    assert!(!terminal.screen().contains(TYPED));

    assert!(!terminal.title().contains(CANARY) && !terminal.title().contains(TYPED));
    assert!(terminal.clipboard().is_none_or(|text| !text.contains(CANARY) && !text.contains(TYPED)));
    terminal.signal(rustix::process::Signal::TERM);
    assert_eq!(terminal.wait_exit(), Exit::Code(143));
    assert!(!holds(&terminal.raw(), CANARY));
    stage.assert_clean(terminal.home());
}

#[cfg(debug_assertions)]
#[test]
fn a_canary_is_in_no_byte_of_a_crash() {
    for place in ["write", "loop"] {
        let stage = Stage::new();
        // The journal is there in both.
        stage.run(&["env", "set", "alpha", &format!("LOG_LEVEL={TYPED}"), "--yes"]);
        let terminal = stage.launch(|launch| launch.env("LAMBDECK_PANIC", place));
        if place == "write" {
            terminal.wait_text("Functions 2");
            terminal.send(":open alpha\r");
            terminal.wait_text("General");
            terminal.send("E");
            terminal.wait_text("LOG_LEVEL");
            terminal.send("+KEY\r");
            terminal.send(TYPED);
            terminal.wait_text(TYPED);
            save_and_no_more(&terminal);
        }
        assert_eq!(terminal.wait_exit(), Exit::Code(101));
        assert!(!holds(&terminal.raw(), CANARY));
        assert!(!terminal.screen().contains(TYPED), "{}", terminal.screen());
        stage.assert_clean(terminal.home());
    }
}

#[test]
fn a_canary_is_in_no_byte_that_commands_write() {
    let stage = Stage::new();
    let typed = format!("LOG_LEVEL={TYPED}");
    let payload = format!("{{\"card\":\"{PAYLOAD}\"}}");
    // Where the files are not the ones that are looked at.
    let secrets = tempfile::tempdir().unwrap();
    let file = secrets.path().join("secrets.env");
    std::fs::write(&file, format!("OTHER={TYPED}\nBROKEN \"{TYPED}\n")).unwrap();
    let file = file.to_str().unwrap();
    for fault in [
        None,
        Some(echo(400, "InvalidParameterValueException")),
        Some(echo(413, "RequestTooLargeException")),
        Some(echo(500, "ServiceException")),
        Some(Fault::PassThenReset),
    ] {
        for arguments in [
            &["env", "set", "alpha", &typed, "--yes"][..],
            &["env", "unset", "alpha", "LOG_LEVEL", "--yes"],
            &["env", "import", "alpha", file, "--yes"],
            &["env", "diff", "alpha", "--from-file", file],
            &["env", "diff", "alpha", "beta"],
            &["env", "get", "alpha"],
            &["env", "get", "alpha", "--output", "json"],
            &["get", "alpha"],
            &["publish", "alpha", "--yes"],
            &["versions", "alpha"],
            &["invoke", "alpha", "--payload", &payload],
            &["env", "set", "alpha", &format!("A B={TYPED}"), "--yes"],
            &["env", "set", "alpha", TYPED, "--yes"],
        ] {
            if let Some(fault) = &fault {
                stage.server.script("UpdateFunctionConfiguration", [fault.clone()]);
            }
            let output = stage.run(arguments);
            for secret in [CANARY, TYPED, PAYLOAD] {
                let text = String::from_utf8_lossy(&output);
                assert!(!holds(&output, secret), "{:?}: {text}", &arguments[..2]);
            }
        }
    }
    stage.assert_clean(stage.folder.path());
}

#[test]
fn a_signal_waits_a_moment_for_the_answer_of_a_change_or_says_that_it_is_unknown() {
    use std::time::Duration;
    for (fault, outcome, told) in
        [(Fault::Pass.after(Duration::from_millis(500)), "done", false), (Fault::Hang, "begun", true)]
    {
        let stage = Stage::new();
        stage.server.script("UpdateFunctionConfiguration", [fault]);
        let terminal = stage.launch(|launch| launch);
        terminal.wait_text("Functions 2");
        terminal.send(":open alpha\r");
        terminal.wait_text("General");
        terminal.send("E");
        terminal.wait_text("LOG_LEVEL");
        terminal.send("+KEY\r");
        terminal.send(TYPED);
        terminal.wait_text(TYPED);
        save(&terminal);
        stage.server.wait_arrived("UpdateFunctionConfiguration", 1, PATIENCE);
        terminal.signal(rustix::process::Signal::TERM);
        assert_eq!(terminal.wait_exit(), Exit::Code(143));
        let journal = files(stage.folder.path());
        let (_, journal) = journal.iter().find(|(path, _)| path.ends_with("journal.jsonl")).unwrap();
        let last = String::from_utf8_lossy(journal).trim_end().lines().last().unwrap().to_owned();
        assert!(last.contains(&format!("\"outcome\":\"{outcome}\"")), "{last}");
        let screen = terminal.screen();
        assert_eq!(screen.contains("alpha: no answer came before the end"), told, "{screen}");
        assert_eq!(stage.server.count("UpdateFunctionConfiguration"), 1);
        stage.assert_clean(terminal.home());
    }
}
