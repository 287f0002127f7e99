//! `--repeat`: the same request many times.

use std::time::Duration;

use rstest::rstest;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::super::{PATIENCE, run_on};
use super::{LOG, answering, base64, reply};
use crate::support::fault_server::canned::serve_identity;
use crate::support::fault_server::{Fault, FaultServer, Reply};
use crate::support::terminal::{Exit, Launch, key};

const REPEAT: [&str; 6] = ["invoke", "f:live", "--repeat", "20", "--concurrency", "4"];

/// Every fourth one fails, every fifth one of the rest is throttled.
fn mixed() -> FaultServer {
    let server = FaultServer::start();
    let mut number = 0;
    server.answer("Invoke", move |_| {
        number += 1;
        match number {
            _ if number % 4 == 0 => Fault::Answer(reply("{}").header("x-amz-function-error", "Unhandled")),
            _ if number % 5 == 0 => Fault::concurrency_exceeded(1),
            _ => Fault::Answer(reply("{}")),
        }
    });
    server
}

#[test]
fn what_came_of_them_stands_on_stderr() {
    let server = mixed();
    let ended = run_on(&server, REPEAT).end().failed(7);
    let lines: Vec<&str> = ended.stderr.lines().collect();
    assert!(lines[0].starts_with("f:live: 20 of 20 ended in "), "{}", ended.stderr);
    let has =
        |parts: [&str; 2]| lines.iter().any(|line| line.starts_with(parts[0]) && line.ends_with(parts[1]));
    for parts in [
        ["OK ", " 12"],
        ["FUNCTION ERROR (Unhandled) ", " 5"],
        ["THROTTLED (ReservedFunctionConcurrentInvocationLimitExceeded) ", " 3"],
        ["duration ", " 12.3 ms"],
        ["cold starts 17, billed 221 ms", ""],
    ] {
        assert!(has(parts), "{parts:?}: {}", ended.stderr);
    }
    assert!(ended.stderr.contains("error: f:live failed 5 of 20 times"), "{}", ended.stderr);
    // An emulator has no price, and nobody shows progress to a file.
    assert!(!ended.stderr.contains(['$', '\r', '\u{1b}']), "{:?}", ended.stderr);
    assert_eq!((server.count("*"), server.count("Invoke")), (20, 20));
}

#[test]
fn json_is_one_object() {
    let server = mixed();
    let ended = run_on(&server, [&REPEAT[..], &["--output", "json"]].concat()).end();
    assert_eq!(ended.code, Some(7), "{ended:?}");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    let mut whole = ended.json();
    assert!(whole["ElapsedMs"].take().is_u64());
    let trips = whole["RoundTripMs"].take();
    assert!(trips["P50"].as_f64() <= trips["P95"].as_f64() && trips["P95"].as_f64() <= trips["Max"].as_f64());
    let expected = json!({
        "FunctionName": "f",
        "Qualifier": "live",
        "Times": 20,
        "Concurrency": 4,
        "Begun": 20,
        "Ended": 20,
        "Endings": { "Ok": 12, "FunctionError": 5, "Throttled": 3 },
        "FunctionErrors": { "Unhandled": 5 },
        "ThrottleReasons": { "ReservedFunctionConcurrentInvocationLimitExceeded": 3 },
        "ColdStarts": 17,
        "DurationMs": { "P50": 12.34, "P95": 12.34, "Max": 12.34 },
        "RoundTripMs": null,
        "BilledDurationMs": 221,
        "ElapsedMs": null,
    });
    assert_eq!(whole, expected);
}

#[rstest]
#[case(&[], 0, "")]
#[case(&[Fault::throttled(1), Fault::Reset], 8, "f: 1 of 5 may have run, outcome unknown")]
#[case(&[Fault::throttled(1), Fault::conflict("f")], 6, "f: 2 of 5 did not go through; the first: ")]
#[case(&[Fault::conflict("f"), Fault::throttled(1)], 5, "f: 2 of 5 did not go through; the first: ")]
#[case(&[Fault::access_denied()], 4, "stopped, for it is no use to go on: could not invoke f: ")]
#[case(&[Fault::function_not_found("f")], 3, "stopped, for it is no use to go on: could not invoke f: ")]
fn the_exit_code_is_that_of_the_worst(#[case] faults: &[Fault], #[case] code: i32, #[case] says: &str) {
    let server = answering("1");
    server.script("Invoke", faults.to_vec());
    let ended = run_on(&server, ["invoke", "f", "--repeat", "5", "--concurrency", "1"]).end();
    assert_eq!(ended.code, Some(code), "{ended:?}");
    assert_eq!(ended.text(), "");
    assert!(ended.stderr.contains(says), "{}", ended.stderr);
    let sent = if matches!(code, 3 | 4) { 1 } else { 5 };
    assert_eq!(server.count("*"), sent);
}

#[rstest]
#[case(&["--repeat", "101"], 101)]
#[case(&["--repeat", "20", "--concurrency", "11"], 20)]
fn many_take_a_flag_where_there_is_no_terminal(#[case] flags: &[&str], #[case] count: usize) {
    let server = answering("1");
    let run = |more: &[&str]| run_on(&server, [&["invoke", "f"], flags, more].concat()).stdin("y\n").end();
    let ended = run(&[]).failed(2);
    assert!(ended.stderr.contains("needs --yes") && ended.stderr.contains("nothing was sent"), "{ended:?}");
    assert_eq!(server.count("*"), 0);
    run(&["--yes"]).well();
    assert_eq!(server.count("*"), count);
}

const PROTECTED: &str = "[protected]\nnames = ['chec*']\n";

#[test]
fn what_is_protected_takes_its_name_however_few_they_are() {
    let server = answering("1");
    let run = |arguments: &[&str], config: &str| {
        run_on(&server, [arguments, &["--repeat", "2", "--config", "c.toml"]].concat())
            .file("c.toml", config)
            .end()
    };
    let checkout = ["invoke", "checkout:live", "--yes"];
    let ended = run(&checkout, PROTECTED).failed(2);
    assert!(ended.stderr.contains("PROD: 2 invocations, 2 at once"), "{ended:?}");
    assert!(
        ended.stderr.contains("needs --confirm checkout") && ended.stderr.contains("--yes does not"),
        "{ended:?}"
    );
    let wrong = run(&["invoke", "checkout", "--confirm", "check"], PROTECTED).failed(2);
    assert!(wrong.stderr.contains("takes --confirm checkout"), "{wrong:?}");
    assert_eq!(server.count("*"), 0);
    run(&["invoke", "checkout:live", "--confirm", "checkout"], PROTECTED).well();
    run(&["invoke", "other", "--yes"], PROTECTED).well();
    // A single one takes no name.
    run_on(&server, ["invoke", "checkout", "--config", "c.toml"]).file("c.toml", PROTECTED).end().well();
    assert_eq!((server.count("*"), server.count("Invoke")), (5, 5));
}

#[test]
fn an_account_may_be_protected() {
    for (account, asks) in [("123456789012", true), ("210987654321", false)] {
        let server = answering("1");
        serve_identity(&server, account);
        let config = "[protected]\naccounts = ['1234*']\n";
        let run =
            run_on(&server, ["invoke", "f", "--repeat", "2", "--config", "c.toml"]).file("c.toml", config);
        if asks {
            let ended = run.end().failed(2);
            assert!(ended.stderr.contains("needs --confirm f"), "{ended:?}");
        } else {
            run.end().well();
        }
        assert_eq!(server.count("Invoke"), if asks { 0 } else { 2 });
    }
}

fn on_terminal(server: &FaultServer, arguments: &[&str]) -> Launch {
    Launch::lambdeck(arguments.iter().copied())
        .env("AWS_ENDPOINT_URL", server.endpoint())
        .env("AWS_ACCESS_KEY_ID", "A")
        .env("AWS_SECRET_ACCESS_KEY", "s")
        .env("NO_COLOR", "1")
}

#[rstest]
#[case("y\r", 101)]
#[case("n\r", 0)]
#[case(key::ENTER, 0)]
fn on_a_terminal_many_are_asked_for_and_the_default_is_no(#[case] answer: &str, #[case] sent: usize) {
    let server = answering("1");
    let terminal = on_terminal(&server, &["invoke", "f", "--repeat", "101"]).start();
    terminal.wait_text("Send this series? [y/N]");
    assert!(terminal.screen().contains("101 invocations, 10 at once"), "{}", terminal.screen());
    terminal.send(answer);
    assert_eq!(terminal.wait_exit(), Exit::Code(u32::from(sent == 0)), "{}", terminal.screen());
    let says = if sent == 0 { "nothing was sent" } else { "f: 101 of 101 ended in" };
    assert!(terminal.screen().contains(says), "{}", terminal.screen());
    assert_eq!(server.count("*"), sent);
}

#[test]
fn ctrl_c_at_the_question_sends_nothing() {
    let server = answering("1");
    let terminal = on_terminal(&server, &["invoke", "f", "--repeat", "101"]).start();
    terminal.wait_text("[y/N]");
    terminal.send(key::CTRL_C);
    assert_eq!(terminal.wait_exit(), Exit::Code(130), "{}", terminal.screen());
    assert!(terminal.screen().contains("nothing was sent"), "{}", terminal.screen());
    assert_eq!(server.count("*"), 0);
}

#[test]
fn progress_is_shown_on_a_terminal_and_taken_away() {
    let server = FaultServer::start();
    server.answer("Invoke", |_| Fault::Answer(reply("1")).after(Duration::from_millis(150)));
    let terminal = on_terminal(&server, &["invoke", "f", "--repeat", "30", "--concurrency", "3"]).start();
    terminal.wait_text(" of 30, p50 ");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    let screen = terminal.screen();
    assert!(screen.lines().next().unwrap().starts_with("f: 30 of 30 ended in"), "{screen}");
    assert!(!screen.contains(", p50"), "{screen}");
}

#[test]
fn ctrl_c_begins_no_further_one_and_prints_what_came() {
    let server = FaultServer::start();
    let mut number = 0;
    server.answer("Invoke", move |_| {
        number += 1;
        // Those on their way when it is stopped.
        if number > 5 {
            Fault::Answer(reply("1")).after(Duration::from_millis(300))
        } else {
            Fault::Answer(reply("1"))
        }
    });
    let started = run_on(&server, ["invoke", "f", "--repeat", "100", "--concurrency", "2"]).start();
    server.wait_arrived("Invoke", 7, PATIENCE);
    started.signal(Signal::INT);
    let ended = started.end().failed(130);
    let count = server.count("Invoke");
    assert!(ended.stderr.contains("on their way are waited for"), "{}", ended.stderr);
    assert!(ended.stderr.contains(&format!("f: {count} of 100 ended in")), "{count}: {}", ended.stderr);
    assert!(
        ended.stderr.contains(&format!("error: stopped: {count} of 100 were sent\n")),
        "{}",
        ended.stderr
    );
    assert!(count < 12, "{count}");
}

#[rstest]
#[case(&[Signal::INT, Signal::INT], 130)]
#[case(&[Signal::TERM], 143)]
#[case(&[Signal::HUP], 129)]
fn those_that_are_left_are_told(#[case] signals: &[Signal], #[case] code: i32) {
    let server = answering("1");
    server.script("Invoke", [Fault::Answer(reply("1")), Fault::Hang, Fault::Hang, Fault::Hang]);
    let arguments = ["invoke", "f", "--repeat", "100", "--concurrency", "3", "--output", "json"];
    let mut started = run_on(&server, arguments).start();
    server.wait_arrived("Invoke", 4, PATIENCE);
    for (number, signal) in signals.iter().enumerate() {
        if number > 0 {
            // The second one comes once the first one was taken.
            started.wait_said("\n");
        }
        started.signal(*signal);
    }
    let ended = started.end();
    assert_eq!(ended.code, Some(code), "{ended:?}");
    assert!(ended.stderr.contains("3 of them were not waited for, outcome unknown"), "{ended:?}");
    let whole = ended.json();
    assert_eq!(
        (&whole["Begun"], &whole["Ended"], &whole["Stopped"]),
        (&json!(4), &json!(1), &json!("a signal"))
    );
    assert_eq!(server.count("*"), 4);
}

#[test]
fn each_mode_can_be_repeated() {
    for (flag, status, name) in [("--async", 202, "Queued"), ("--dry-run", 204, "Allowed")] {
        let server = FaultServer::start();
        server.always("Invoke", Fault::Answer(Reply::new(status, "application/json", "")));
        let ended =
            run_on(&server, ["invoke", "f", flag, "--repeat", "3", "--output", "json"]).end().quietly();
        assert_eq!(ended.json()["Endings"], json!({ name: 3 }));
        assert_eq!(ended.json()["DurationMs"]["P50"], Value::Null);
    }
    let server = FaultServer::start();
    let complete = json!({ "LogResult": base64(LOG) });
    let events = crate::support::fault_server::Stream::new().piece("x").complete(&complete);
    server.always("InvokeWithResponseStream", Fault::Stream(events));
    let ended =
        run_on(&server, ["invoke", "f", "--stream", "--repeat", "3", "--output", "json"]).end().quietly();
    assert_eq!(
        (&ended.json()["Endings"], &ended.json()["BilledDurationMs"]),
        (&json!({ "Ok": 3 }), &json!(39))
    );
}
