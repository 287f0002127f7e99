//! `list` and `get`.

use std::io::{BufRead as _, BufReader};
use std::time::Duration;

use rstest::rstest;
use serde_json::{Value, json};

use super::{Started, run_on};
use crate::support::fault_server::canned::{function_name, serve_functions};
use crate::support::fault_server::{Fault, FaultServer, Reply};
use crate::support::terminal::{Exit, Launch};

fn account(count: usize) -> FaultServer {
    let server = FaultServer::start();
    serve_functions(&server, count, Duration::ZERO);
    server
}

#[test]
fn text_is_tab_separated_by_name_and_without_a_heading() {
    let server = account(120);
    let ended = run_on(&server, ["list"]).end().quietly();
    let lines: Vec<&str> = ended.text().lines().collect();
    assert_eq!(lines.len(), 120);
    assert_eq!(lines[1], "function-00001\tnodejs22.x\tx86_64\t256\t4\t1037\t2026-02-02T12:00:00.000+0000");
    assert!(lines.is_sorted());
    assert_eq!(server.count("ListFunctions"), 3);
}

#[test]
fn json_has_the_apis_names_and_no_values_of_the_environment() {
    let server = account(2);
    let ended = run_on(&server, ["list", "--output", "json"]).end().quietly();
    let functions = ended.json();
    assert_eq!(functions.as_array().unwrap().len(), 2);
    assert_eq!(functions[0]["FunctionName"], function_name(0));
    assert_eq!(functions[0]["Environment"]["Variables"], json!({ "STAGE": null, "TABLE_NAME": null }));
    assert_eq!(functions[1]["LoggingConfig"]["LogGroup"], "/aws/lambda/function-00001");
    assert!(!ended.text().contains("prod"), "{}", ended.text());
}

#[test]
fn nothing_to_list_is_no_error() {
    let server = account(0);
    let ended = run_on(&server, ["list"]).end().well();
    assert_eq!((ended.text(), ended.stderr.as_str()), ("", "no functions in eu-west-1\n"));
    let ended = run_on(&server, ["list", "--output", "json"]).end().quietly();
    assert_eq!(ended.json(), json!([]));
}

#[rstest]
#[case(&["rt:java", "mem:>128"], &[3, 13, 18])]
#[case(&["00007"], &[7])]
#[case(&["rt:java", "!00003"], &[8, 13, 18])]
#[case(&["nothing-like-it"], &[])]
fn a_filter_is_the_dashboards(#[case] filter: &[&str], #[case] expected: &[usize]) {
    let server = account(20);
    let ended = run_on(&server, [&["list"], filter].concat()).end().well();
    let names: Vec<&str> = ended.text().lines().map(|line| line.split('\t').next().unwrap()).collect();
    let expected: Vec<String> = expected.iter().map(|index| function_name(*index)).collect();
    assert_eq!(names, expected);
}

#[test]
fn a_filter_by_state_reads_the_states_of_those_that_fit_otherwise() {
    let server = account(20);
    let ended = run_on(&server, ["list", "rt:java", "state:active"]).end().quietly();
    assert_eq!(ended.text().lines().count(), 4);
    assert_eq!(server.count("GetFunction"), 4);
    let ended = run_on(&server, ["list", "rt:java", "!state:active"]).end().well();
    assert_eq!(ended.text(), "");
}

#[test]
fn what_a_name_hides_is_shown() {
    let server = FaultServer::start();
    let functions = json!({ "Functions": [{ "FunctionName": "a\u{1b}[2J\tb\u{202e}", "CodeSize": 1 }] });
    server.always("ListFunctions", Fault::Answer(Reply::json(&functions)));
    for output in ["text", "table", "json"] {
        let ended = run_on(&server, ["list", "--output", output]).end().quietly();
        assert!(!ended.text().contains(['\u{1b}', '\u{202e}']), "{}", ended.text());
        assert!(ended.text().contains("[2J"), "{}", ended.text());
    }
}

/// Reads a line and closes the pipe, as `head -1` does.
fn read_one_line(started: &mut Started) -> String {
    let mut line = String::new();
    BufReader::new(started.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    line
}

#[rstest]
#[case("text")]
#[case("json")]
fn a_reader_that_goes_away_ends_it_quietly(#[case] output: &str) {
    // More than a pipe holds.
    let server = account(3000);
    let mut started = run_on(&server, ["list", "--output", output]).start();
    assert!(!read_one_line(&mut started).is_empty());
    started.end().quietly();
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let server = account(1);
    let mut run = run_on(&server, ["list"]);
    run.command.stdout(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    run.command.stdin(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
    let output = run.command.spawn().unwrap().wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.starts_with("error: can't write the output: "), "{stderr}");
}

fn on_a_terminal(server: &FaultServer, args: &[&str]) -> Launch {
    Launch::lambdeck(args.iter().copied())
        .env("AWS_ENDPOINT_URL", server.endpoint())
        .env("AWS_ACCESS_KEY_ID", "A")
        .env("AWS_SECRET_ACCESS_KEY", "s")
        .env("TZ", "UTC")
        .size(30, 100)
}

#[test]
fn on_a_terminal_it_is_a_table_that_fits() {
    let server = account(3);
    let terminal = on_a_terminal(&server, &["list"]).start();
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    let screen = terminal.screen();
    let lines: Vec<&str> = screen.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), 4, "{screen}");
    assert!(lines[0].starts_with("NAME            RUNTIME          ARCH    MEM  TIMEOUT"), "{screen}");
    assert!(lines[1].starts_with("function-00000  python3.13       arm64   128       3s"), "{screen}");
    assert!(lines[1].ends_with('…'), "{screen}");
    let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
    assert!(raw.contains("\u{1b}["), "{raw:?}");
}

#[test]
fn no_color_is_respected() {
    let server = account(3);
    for args in [&["list"][..], &["get", "function-00001"], &["get", "no-such-function"]] {
        let terminal = on_a_terminal(&server, args).env("NO_COLOR", "1").start();
        terminal.wait_exit();
        let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
        assert!(raw.contains("function-0000") || raw.contains("no-such-function"), "{raw:?}");
        assert!(!raw.contains('\u{1b}'), "{raw:?}");
    }
}

#[test]
fn get_tells_everything_but_the_values() {
    let server = account(5);
    let ended = run_on(&server, ["get", "function-00004"]).end().quietly();
    let text = ended.text();
    for line in [
        "General\tName\tfunction-00004",
        "Resources\tMemory\t128 MB",
        "Logs and errors\tLog group\t/aws/lambda/function-00004",
        "Tags\tteam\ta",
        "Environment variables\tSTAGE\t********",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    assert!(text.contains("(deprecated since "), "{text}");
    assert!(!text.contains("table-4"), "{text}");
    let revealed = run_on(&server, ["get", "function-00004", "--reveal"]).end().quietly();
    assert!(revealed.text().contains("Environment variables\tTABLE_NAME\ttable-4\n"), "{}", revealed.text());
}

#[test]
fn get_as_json_is_the_apis_answer() {
    let server = FaultServer::start();
    let mut answer = json!({
        "Configuration": {
            "FunctionName": "f",
            "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:f",
            "CodeSize": 7,
            "Environment": { "Variables": { "TOKEN": "can\u{202e}ary" } },
            "DeadLetterConfig": { "TargetArn": "arn:aws:sqs:eu-west-1:123456789012:q" },
            "RuntimeVersionConfig": { "RuntimeVersionArn": "arn:aws:lambda:eu-west-1::runtime:x" },
        },
        "Code": { "RepositoryType": "S3", "Location": "https://example.com/grants-access" },
        "Tags": { "team": "a" },
        "Concurrency": { "ReservedConcurrentExecutions": 0 },
    });
    server.always("GetFunction", Fault::Answer(Reply::json(&answer)));
    let get = |args: &[&str]| -> Value {
        let ended = run_on(&server, [&["get", "f:live", "--output", "json"], args].concat()).end().quietly();
        assert!(!ended.text().contains('\u{202e}'), "{}", ended.text());
        ended.json()
    };
    answer["Code"] = json!({ "RepositoryType": "S3" });
    assert_eq!(get(&["--reveal"]), answer);
    answer["Configuration"]["Environment"]["Variables"]["TOKEN"] = Value::Null;
    assert_eq!(get(&[]), answer);
    assert_eq!(server.requests("GetFunction")[0].parameter("Qualifier"), Some("live"));
}
