//! `logs`.

use std::io::{BufRead as _, BufReader};
use std::time::Duration;

use jiff::Timestamp;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::{PATIENCE, Run, Started, run_on};
use crate::support::fault_server::canned::{LogScript, serve_functions};
use crate::support::fault_server::{Fault, FaultServer, Reply};
use crate::support::terminal::{Exit, Launch};

const GROUP: &str = "/aws/lambda/function-00000";
const OTHER: &str = "/aws/lambda/function-00001";
const ONE: &str = "11111111-1111-4111-8111-111111111111";

/// A server with three functions and these events, which happened so many seconds ago.
fn with_events(events: &[(&str, i64, &str)]) -> (FaultServer, LogScript, i64) {
    let server = FaultServer::start();
    serve_functions(&server, 3, Duration::ZERO);
    let script = LogScript::default();
    let now = Timestamp::now().as_millisecond();
    for (group, ago, message) in events {
        script.push(group, "stream", now - ago * 1000, message);
    }
    script.serve(&server, 2, Duration::ZERO);
    (server, script, now)
}

fn logs(server: &FaultServer, args: &[&str]) -> Run {
    run_on(server, [&["logs"], args].concat())
}

fn at(milliseconds: i64) -> String {
    let time = Timestamp::from_millisecond(milliseconds).unwrap();
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[test]
fn the_history_of_a_function_is_read_to_its_end() {
    let (server, _, now) = with_events(&[
        (GROUP, 900 - 1, "one\n"),
        (GROUP, 20, "two\twith tab\u{1b}[31m\nand a second line"),
        (GROUP, 10, "three"),
        (GROUP, 1000, "too old"),
    ]);
    let ended = logs(&server, &["function-00000"]).end().quietly();
    assert_eq!(
        ended.text(),
        format!(
            "{}\tone\n{}\ttwo    with tab␛[31m\n\tand a second line\n{}\tthree\n",
            at(now - 899_000),
            at(now - 20_000),
            at(now - 10_000)
        )
    );
    assert_eq!(server.count("FilterLogEvents"), 2);
}

#[test]
fn several_sources_are_one_stream_with_names() {
    let (server, ..) = with_events(&[
        (GROUP, 50, "a"),
        (GROUP, 40, "b"),
        (GROUP, 10, "f"),
        (OTHER, 45, "c"),
        (OTHER, 30, "d"),
        (OTHER, 20, "e"),
    ]);
    let ended = logs(&server, &["function-00000", OTHER, GROUP]).end().quietly();
    let lines: Vec<Vec<&str>> = ended.text().lines().map(|line| line.split('\t').skip(1).collect()).collect();
    let (one, two) = ("function-00000", OTHER);
    assert_eq!(lines, [[one, "a"], [two, "c"], [one, "b"], [two, "d"], [two, "e"], [one, "f"]]);
}

#[test]
fn patterns_tags_and_stacks_stand_for_functions() {
    let (server, ..) =
        with_events(&[(GROUP, 50, "a"), (OTHER, 40, "b"), ("/aws/lambda/function-00002", 30, "c")]);
    server.answer("ListTags", |request| {
        let tags = if request.path.ends_with("function-00001") {
            json!({ "team": "a", "aws:cloudformation:stack-name": "shop" })
        } else {
            json!({ "team": "b" })
        };
        Fault::Answer(Reply::json(&json!({ "Tags": tags })))
    });
    server.answer("DescribeLogGroups", |_| {
        let groups = [GROUP, OTHER, "/other"].map(|name| json!({ "logGroupName": name }));
        Fault::Answer(Reply::json(&json!({ "logGroups": groups })))
    });
    let messages = |args: &[&str]| -> Vec<String> {
        let ended = logs(&server, args).end().quietly();
        ended.text().lines().map(|line| line.rsplit('\t').next().unwrap().to_owned()).collect()
    };
    assert_eq!(messages(&["--tag", "team=a"]), ["b"]);
    assert_eq!(messages(&["function-*"]), ["a", "b", "c"]);
    assert_eq!(messages(&["function-0000?", "--tag", "team=b"]), ["a", "b", "c"]);
    assert_eq!(messages(&["--tag", "team=b", "--stack", "shop"]), ["a", "b", "c"]);
    assert_eq!(messages(&["--stack", "shop", GROUP]), ["a", "b"]);
    assert_eq!(messages(&["/aws/lambda/*1"]), ["b"]);
    let named = logs(&server, &["/aws/*"]).end().quietly();
    assert!(named.text().contains("\tfunction-00000\ta\n"), "{}", named.text());

    let nothing = logs(&server, &["no-*"]).end().failed(3);
    assert!(nothing.stderr.contains("no function fits no-*"), "{}", nothing.stderr);
    let nothing = logs(&server, &["--tag", "team=c"]).end().failed(3);
    assert!(nothing.stderr.contains("no function fits tag:team=c"), "{}", nothing.stderr);
    logs(&server, &["/x*"]).end().failed(3);
    logs(&server, &["--tag", "=a"]).end().failed(2);
    logs(&server, &[]).end().failed(2);
    server.always("ListTags", Fault::access_denied());
    let denied = logs(&server, &["--tag", "team"]).end().failed(4);
    assert!(denied.stderr.contains("lambda:ListTags"), "{}", denied.stderr);
}

#[test]
fn more_groups_than_can_be_read_well_are_refused() {
    let server = FaultServer::start();
    serve_functions(&server, 120, Duration::ZERO);
    let ended = logs(&server, &["function-*"]).end().failed(2);
    assert!(ended.stderr.contains("120 log groups; at most 100"), "{}", ended.stderr);
    assert_eq!(server.count("FilterLogEvents"), 0);
}

#[test]
fn json_is_an_object_in_a_line_for_each_event() {
    let (server, _, now) = with_events(&[(GROUP, 20, "a\u{202e}\n"), (GROUP, 10, "b")]);
    let ended = logs(&server, &["function-00000", "--output", "json"]).end().quietly();
    assert!(!ended.text().contains('\u{202e}'), "{}", ended.text());
    let lines: Vec<Value> = ended.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        lines[0],
        json!({
            "timestamp": now - 20_000,
            "ingestionTime": now - 20_000 + 20,
            "logGroupName": GROUP,
            "logStreamName": "stream",
            "eventId": format!("{:056}", 0),
            "message": "a\u{202e}\n",
        })
    );
}

#[test]
fn times_and_the_pattern_are_the_services_business() {
    let (server, ..) = with_events(&[(GROUP, 1, "x")]);
    let args = [GROUP, "--since", "2026-01-01", "--until", "2026-01-01T12:00:00.5Z", "--filter", "?a -b"];
    logs(&server, &args).end().well();
    let request = server.requests("FilterLogEvents")[0].json();
    assert_eq!(request["startTime"], 1_767_225_600_000_i64);
    assert_eq!(request["endTime"], 1_767_268_800_500_i64);
    assert_eq!(request["filterPattern"], "?a -b");
}

#[test]
fn a_regular_expression_and_a_request_id_choose_lines() {
    let start = format!("START RequestId: {ONE} Version: 1");
    let (server, ..) = with_events(&[
        (GROUP, 50, "before"),
        (GROUP, 40, &start),
        (GROUP, 30, "card 12 charged"),
        (GROUP, 20, "card x charged"),
        (GROUP, 10, "START RequestId: 22222222-2222-4222-8222-222222222222 Version: 1"),
        (GROUP, 9, "card 99 charged"),
    ]);
    let messages = |args: &[&str]| -> Vec<String> {
        let ended = logs(&server, &[&[GROUP], args].concat()).end().quietly();
        ended.text().lines().map(|line| line.split('\t').nth(1).unwrap().to_owned()).collect()
    };
    assert_eq!(messages(&["--grep", r"card \d+"]), ["card 12 charged", "card 99 charged"]);
    assert_eq!(messages(&["--request-id", ONE]), ["before", &start, "card 12 charged", "card x charged"]);
    assert_eq!(messages(&["--request-id", ONE, "--grep", r"card \d+"]), ["card 12 charged"]);
}

#[test]
fn a_page_may_be_empty_and_the_log_group_another_one() {
    let server = FaultServer::start();
    let configuration =
        json!({ "FunctionName": "f", "LoggingConfig": { "LogFormat": "JSON", "LogGroup": "/shared" } });
    server.always("GetFunction", Fault::Answer(Reply::json(&json!({ "Configuration": configuration }))));
    let event =
        json!({ "logStreamName": "s", "timestamp": 1, "ingestionTime": 2, "message": "m", "eventId": "0" });
    let pages = [
        json!({ "events": [], "nextToken": "1" }),
        json!({ "nextToken": "2" }),
        json!({ "events": [event] }),
    ];
    server.script("FilterLogEvents", pages.iter().map(|page| Fault::Answer(Reply::json(page))));
    let ended = logs(&server, &["f"]).end().quietly();
    assert_eq!(ended.text(), "1970-01-01T00:00:00.001Z\tm\n");
    let requests = server.requests("FilterLogEvents");
    assert_eq!(requests[0].json()["logGroupName"], "/shared");
    assert_eq!(requests[2].json()["nextToken"], "2");
}

#[test]
fn a_function_that_never_ran_has_no_logs_yet() {
    let (server, ..) = with_events(&[(GROUP, 1, "x")]);
    let ended = logs(&server, &["function-00002"]).end().well();
    assert_eq!(ended.text(), "");
    assert!(ended.stderr.contains("no invocations yet"), "{}", ended.stderr);
    logs(&server, &["/no/such/group"]).end().failed(3);
    logs(&server, &["no-such-function"]).end().failed(3);
    let ended = logs(&server, &[GROUP, "--since", "0s"]).end().well();
    assert_eq!(ended.stderr, "no events since 0s\n");
}

#[test]
fn whoever_may_only_read_logs_has_those_of_the_usual_group() {
    let (server, ..) = with_events(&[(GROUP, 1, "x")]);
    server.always("GetFunction", Fault::access_denied());
    let ended = logs(&server, &["function-00000"]).end().well();
    assert!(ended.text().ends_with("\tx\n"), "{}", ended.text());
    assert!(ended.stderr.contains(GROUP), "{}", ended.stderr);
    server.always("FilterLogEvents", Fault::access_denied());
    logs(&server, &[GROUP]).end().failed(4);
    logs(&server, &[GROUP, "-f"]).end().failed(4);
}

fn lines(started: &mut Started) -> impl Iterator<Item = String> + use<> {
    BufReader::new(started.child.stdout.take().unwrap()).lines().map(|line| line.unwrap())
}

#[test]
fn following_prints_history_and_what_comes_and_ends_with_ctrl_c() {
    let (server, script, now) = with_events(&[(GROUP, 20, "one"), (GROUP, 10, "two")]);
    let mut started = logs(&server, &["function-00000", "-f"]).start();
    let mut lines = lines(&mut started);
    assert!(lines.next().unwrap().ends_with("\tone"));
    assert!(lines.next().unwrap().ends_with("\ttwo"));
    script.push(GROUP, "stream", now, "three");
    assert_eq!(lines.next().unwrap(), format!("{}\tthree", at(now)));
    started.signal(Signal::INT);
    assert_eq!(lines.next(), None);
    let ended = started.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(130), ""));
}

#[test]
fn following_waits_for_a_group_that_is_not_there_yet() {
    let (server, script, now) = with_events(&[(GROUP, 1, "x")]);
    let mut started = logs(&server, &["function-00002", "-f"]).start();
    let mut lines = lines(&mut started);
    started.wait_said("waiting for the log group /aws/lambda/function-00002");
    script.push("/aws/lambda/function-00002", "stream", now, "first");
    assert!(lines.next().unwrap().ends_with("\tfirst"));
    started.signal(Signal::TERM);
    assert_eq!(started.end().code, Some(143));
}

#[test]
fn following_writes_json_line_by_line_and_marks_what_is_late_in_text() {
    let (server, script, now) = with_events(&[(GROUP, 20, "one"), (OTHER, 10, "two")]);
    let mut json = logs(&server, &["function-00000", "function-00001", "-f", "--output", "json"]).start();
    let mut text = logs(&server, &["function-0000*", "-f"]).start();
    let (mut objects, mut texts) = (lines(&mut json), lines(&mut text));
    let mut message = || {
        let line: Value = serde_json::from_str(&objects.next().unwrap()).unwrap();
        line["message"].as_str().unwrap().to_owned()
    };
    assert_eq!([message(), message()], ["one", "two"]);
    assert!(texts.next().unwrap().ends_with("\tfunction-00000\tone"));
    assert!(texts.next().unwrap().ends_with("\tfunction-00001\ttwo"));
    text.wait_said("waiting for the log group /aws/lambda/function-00002");
    script.push(OTHER, "stream", now, "three");
    assert_eq!(message(), "three");
    assert!(texts.next().unwrap().ends_with("\tfunction-00001\tthree"));
    // Behind the newest of its group by more than a second.
    script.push(OTHER, "stream", now - 3_500, "four");
    assert_eq!(message(), "four");
    assert_eq!(texts.next().unwrap(), format!("{}\tfunction-00001\tlate +3 s  four", at(now - 3_500)));
    for started in [json, text] {
        started.signal(Signal::INT);
        assert_eq!(started.end().code, Some(130));
    }
}

#[test]
fn live_tail_says_what_it_costs_and_is_for_following() {
    let (server, ..) = with_events(&[(GROUP, 10, "one")]);
    logs(&server, &[GROUP, "--live-tail"]).end().failed(2);
    let mut started = logs(&server, &[GROUP, "-f", "--live-tail"]).start();
    started.wait_said("Live Tail costs about $0.01 a minute");
    assert!(lines(&mut started).next().unwrap().ends_with("\tone"));
    started.signal(Signal::INT);
    assert_eq!(started.end().code, Some(130));
}

#[test]
fn following_ends_quietly_when_nobody_reads_any_more() {
    let (server, script, now) = with_events(&[(GROUP, 10, "one")]);
    let mut started = logs(&server, &[GROUP, "-f"]).start();
    let mut lines = lines(&mut started);
    assert!(lines.next().unwrap().ends_with("\tone"));
    drop(lines);
    let count = server.count("FilterLogEvents");
    server.wait_arrived("FilterLogEvents", count + 1, PATIENCE);
    script.push(GROUP, "stream", now, "two");
    started.end().quietly();
}

#[test]
fn on_a_terminal_no_line_of_a_message_passes_for_an_event() {
    let forged = "one\n2026-11-20T14:00:00.000Z  function-00000  forged\u{1b}[2J";
    let (server, ..) = with_events(&[(GROUP, 20, forged), (OTHER, 10, "two")]);
    let terminal = Launch::lambdeck(["logs", "function-00000", "function-00001"])
        .env("AWS_ENDPOINT_URL", server.endpoint())
        .env("AWS_ACCESS_KEY_ID", "A")
        .env("AWS_SECRET_ACCESS_KEY", "s")
        .env("NO_COLOR", "1")
        .size(24, 120)
        .start();
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
    assert!(!raw.contains('\u{1b}'), "{raw:?}");
    let screen = terminal.screen();
    let lines: Vec<&str> = screen.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), 3, "{screen}");
    assert!(lines[0].ends_with("Z  function-00000  one"), "{screen}");
    assert!(lines[1].starts_with("                         "), "{screen}");
    assert!(lines[2].ends_with("Z  function-00001  two"), "{screen}");
}
