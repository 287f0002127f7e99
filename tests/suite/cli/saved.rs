//! What `invoke` has to do with the program's own files: saved events, and the history of invocations.

use std::path::{Path, PathBuf};

use lambdeck::{
    disk::{Events, Invocations, Over},
    domain::{
        invocation::{Ending, Mode, Record},
        saved_event::Owner,
    },
};
use rstest::rstest;
use rustix::process::Signal;

use super::{Ended, PATIENCE, Run, run_on};
use crate::support::fault_server::{Fault, FaultServer, Reply};

const CANARY: &str = "canary-5ad0";

fn answering(payload: &str) -> FaultServer {
    let server = FaultServer::start();
    server.always("Invoke", Fault::Answer(Reply::new(200, "application/json", payload.to_owned())));
    server
}

fn events(home: &Path) -> Events {
    Events::new(home.join(".local/share/lambdeck/events"))
}

impl Run {
    fn saved(self, owner: &Owner, name: &str, content: &str) -> Self {
        events(self.home.path()).save(owner, name, &content.into(), Over::Never).unwrap();
        self
    }
}

impl Ended {
    fn history(&self) -> PathBuf {
        self.home.path().join(".local/state/lambdeck/invocations.jsonl")
    }

    fn records(&self) -> Vec<Record> {
        Invocations::new(self.history(), false).read(usize::MAX).unwrap()
    }
}

fn of(function: &str) -> Owner {
    Owner::Function(function.into())
}

fn sent(server: &FaultServer) -> String {
    String::from_utf8(server.requests("Invoke").last().unwrap().body.clone()).unwrap()
}

#[test]
fn a_saved_event_is_sent_as_it_was_saved_the_functions_own_first() {
    let server = answering("1");
    let content = "{\"b\": 1.0, \"a\":\n[1e400], \"a\": 2}";
    let run = |function: &str| {
        run_on(&server, ["invoke", function, "--saved", "Order 1"])
            .saved(&of("f"), "Order 1", content)
            .saved(&of("g"), "order 1", "\"of another\"")
            .saved(&Owner::Shared, "Order 1", "\"shared\"")
            .end()
            .well()
    };
    run("f");
    assert_eq!(sent(&server), content);
    run("arn:aws:lambda:eu-west-1:123456789012:function:f:live");
    assert_eq!(sent(&server), content);
    let ended = run("g");
    assert_eq!(sent(&server), "\"shared\"");
    assert_eq!(ended.records()[0].event.as_deref(), Some("Order 1"));
}

#[test]
fn a_name_that_is_none_is_told_those_that_come_close() {
    let server = answering("1");
    let run = |name: &str| {
        run_on(&server, ["invoke", "f", "--saved", name])
            .saved(&of("f"), "checkout ok", "1")
            .saved(&Owner::Shared, "checkout empty", "1")
            .saved(&Owner::Shared, "refund", "1")
            .saved(&of("g"), "chkout", "1")
            .end()
            .failed(3)
    };
    let close = run("chkout\u{1b}").stderr;
    assert!(!close.contains('\u{1b}'), "{close}");
    let close = run("chkout").stderr;
    assert!(close.contains("did you mean: checkout empty, checkout ok\n"), "{close}");
    assert!(!close.contains("refund"), "{close}");
    let none = run("xyz").stderr;
    assert!(none.contains("there are: checkout empty, checkout ok, refund"), "{none}");
    let nothing = run_on(&server, ["invoke", "f", "--saved", "x"]).end().failed(3).stderr;
    assert!(nothing.contains("hint: "), "{nothing}");
    assert_eq!(server.count("*"), 0);
}

#[test]
fn a_saved_event_is_sent_only_where_it_may_be_one() {
    let server = answering("1");
    run_on(&server, ["invoke", "f", "--saved", "x", "--payload", "1"]).end().failed(2);
    run_on(&server, ["invoke", "f", "--saved", ""]).end().failed(2);
    let megabyte = format!("\"{}\"", "x".repeat(1024 * 1024));
    let queued = run_on(&server, ["invoke", "f", "--saved", "x", "--async"]);
    queued.saved(&Owner::Shared, "x", &megabyte).end().failed(2);
    // Somebody spoiled it.
    let spoiled = run_on(&server, ["invoke", "f", "--saved", "x"])
        .file(".local/share/lambdeck/events/shared/x.json", &format!("{{ {CANARY}"))
        .end()
        .failed(2);
    assert!(spoiled.stderr.contains("line 1 column 3") && !spoiled.stderr.contains(CANARY), "{spoiled:?}");
    assert_eq!(server.count("*"), 0);
    assert!(!spoiled.history().exists());
}

#[test]
fn invocations_are_in_the_history_without_their_payloads() {
    let server = answering(&format!("\"{CANARY}\""));
    let payload = format!("\"{CANARY}\"");
    let ended = run_on(&server, ["invoke", "f:live", "--payload", &payload]).end().well();
    let record = ended.records().remove(0);
    assert_eq!((record.function.as_str(), record.qualifier.as_deref()), ("f", Some("live")));
    assert_eq!((record.ending, record.status, record.mode), (Ending::Ok, Some(200), Mode::RequestResponse));
    assert_eq!((record.payload_bytes, record.response_bytes), (13, 13));
    assert_eq!((record.place.region.as_str(), record.place.endpoint), ("eu-west-1", Some(server.endpoint())));
    let text = std::fs::read_to_string(ended.history()).unwrap();
    assert!(!text.contains(CANARY) && text.lines().count() == 1, "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let history = ended.history();
        assert_eq!((mode(&history), mode(history.parent().unwrap())), (0o600, 0o700));
    }
}

#[rstest]
#[case("[invocations]\npayloads = true\n", true, true)]
#[case("[invocations]\nhistory = false\npayloads = true\n", false, false)]
#[case("[invocations]\npayloads = 'yes'\n", false, false)]
#[case("", true, false)]
fn the_configuration_file_says_what_is_kept(
    #[case] config: &str,
    #[case] history: bool,
    #[case] payloads: bool,
) {
    let server = answering(&format!("\"{CANARY}\""));
    let ended = run_on(&server, ["invoke", "f", "--payload", "\"sent\""])
        .file(".config/lambdeck/config.toml", config)
        .end()
        .well();
    assert_eq!(ended.history().exists(), history);
    let record = history.then(|| ended.records().remove(0));
    let kept = record.and_then(|record| Some((record.payload?, record.response?)));
    let kept = kept.map(|(payload, response)| (payload.reveal().to_owned(), response.reveal().to_owned()));
    assert_eq!(kept, payloads.then(|| ("\"sent\"".into(), format!("\"{CANARY}\""))));
}

#[test]
fn what_failed_and_what_nobody_waited_for_is_in_the_history() {
    let server = FaultServer::start();
    let failing = Reply::new(200, "application/json", "{}").header("x-amz-function-error", "Unhandled");
    server.script("Invoke", [Fault::Answer(failing), Fault::access_denied(), Fault::Hang]);
    let failed = run_on(&server, ["invoke", "f"]).end();
    assert_eq!(failed.code, Some(7));
    assert_eq!(failed.records()[0].ending, Ending::FunctionError("Unhandled".into()));
    let denied = run_on(&server, ["invoke", "f"]).end().failed(4);
    assert_eq!(denied.records()[0].ending, Ending::Denied);
    assert!(denied.records()[0].request_id.is_some());
    let started = run_on(&server, ["invoke", "f"]).start();
    server.wait_arrived("Invoke", 3, PATIENCE);
    started.signal(Signal::INT);
    assert_eq!(started.end().failed(130).records()[0].ending, Ending::Unknown);
}

#[test]
fn a_history_that_cannot_be_written_is_a_warning() {
    let server = answering("1");
    let ended = run_on(&server, ["invoke", "f"]).file(".local/state/lambdeck", "in the way").end().well();
    assert_eq!(ended.text(), "1");
    let warning = ended.stderr.lines().next().unwrap();
    assert!(warning.starts_with("warning: the history of invocations can't be written: "), "{warning}");
}

/// Several processes write into one, also while the older half goes.
#[test]
fn several_processes_lose_no_invocation() {
    const PROCESSES: usize = 6;
    let server = answering("1");
    let shared = run_on(&server, ["invoke", "old"]).end().well();
    let line = std::fs::read_to_string(shared.history()).unwrap();
    // The first few cross the limit.
    std::fs::write(shared.history(), line.repeat(1024 * 1024 / line.len() - 1)).unwrap();
    let started: Vec<_> = (0..PROCESSES)
        .map(|number| {
            let run = run_on(&server, ["invoke", &format!("new-{number}")]);
            run.env("HOME", shared.home.path().to_str().unwrap()).start()
        })
        .collect();
    for one in started {
        one.end().well();
    }
    let mut new: Vec<_> = shared.records().into_iter().map(|record| record.function).collect();
    assert!(new.len() < 1024 * 1024 / line.len(), "the older half has gone");
    new.retain(|function| function.starts_with("new-"));
    new.sort();
    assert_eq!(new, (0..PROCESSES).map(|number| format!("new-{number}")).collect::<Vec<_>>());
}
