//! `local --serve`, and the other commands on it.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};

use rstest::rstest;
use rustix::process::Signal;

use super::{Run, Started, run};

/// A served engine, and what its line exports.
struct Served {
    started: Started,
    variables: HashMap<String, String>,
}

fn serve(args: &[&str]) -> Served {
    Served::of(run([&["local", "--serve"], args].concat()).start())
}

impl Served {
    fn of(mut started: Started) -> Self {
        // Where it never comes the run is ended, and the line is empty.
        let mut line = String::new();
        BufReader::new(started.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let assignments = line.strip_prefix("export ").unwrap_or_else(|| panic!("{line:?}")).trim_end();
        let variables = assignments
            .split(' ')
            .map(|assignment| assignment.split_once('=').unwrap())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Self { started, variables }
    }

    /// A command on it.
    fn run(&self, args: &[&str]) -> Run {
        self.variables.iter().fold(run(args), |run, (name, value)| run.env(name, value))
    }

    fn end(self, signal: Signal) -> super::Ended {
        self.started.signal(signal);
        self.started.end()
    }
}

#[test]
fn the_samples_can_be_listed_read_invoked_and_their_logs_read() {
    let served = serve(&["--no-traffic"]);
    let list = served.run(&["list"]).end().quietly();
    let names: Vec<&str> = list.text().lines().map(|line| line.split('\t').next().unwrap()).collect();
    assert!(names.contains(&"greeter"), "{names:?}");

    let get = served.run(&["get", "greeter", "--output", "json"]).end().quietly();
    assert_eq!(get.json()["Configuration"]["FunctionName"], "greeter");

    let logs = served.run(&["logs", "greeter"]).end().well();
    assert!(logs.stderr.contains("no invocations yet"), "{}", logs.stderr);
    let event = r#"{"name":"Ada","language":"en"}"#;
    let invoke = served.run(&["invoke", "greeter", "--payload", event, "--tail"]).end().well();
    assert!(invoke.text().contains("Ada"), "{}", invoke.text());
    assert!(invoke.stderr.contains("REPORT RequestId: "), "{}", invoke.stderr);
    assert!(invoke.stderr.contains("billed "), "{}", invoke.stderr);
    let logs = served.run(&["logs", "greeter"]).end().quietly();
    assert!(logs.text().lines().any(|line| line.contains("\tSTART RequestId: ")), "{}", logs.text());

    served.run(&["invoke", "greeter", "--payload", "{", "--async"]).end().failed(2);
    served.run(&["get", "no-such-function"]).end().failed(3);
    served.run(&["list"]).env("AWS_SECRET_ACCESS_KEY", "another").end().failed(4);
    assert_eq!(served.end(Signal::INT).code, Some(130));
}

#[test]
fn a_function_is_called_at_its_url() {
    use std::io::{Read as _, Write as _};
    let mut served = serve(&["--no-traffic", "--url", "greeter"]);
    let text = "Function URL of greeter: http://";
    served.started.wait_said(text);
    let url = served.started.said.lines().find_map(|line| line.strip_prefix(text)).unwrap().to_owned();
    let authority = url.strip_suffix('/').unwrap();
    let mut stream = std::net::TcpStream::connect(authority).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n").unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 200 OK\r\n") && reply.contains("Hello, world!"), "{reply}");
    assert_eq!(served.end(Signal::TERM).code, Some(143));

    let nobody = run(["local", "--serve", "--url", "nobody"]).end().failed(1);
    assert!(nobody.stderr.contains("the function 'nobody' can't have a URL"), "{}", nobody.stderr);
}

#[rstest]
#[case(Signal::HUP, 129)]
#[case(Signal::TERM, 143)]
fn signals_end_it_in_good_order(#[case] signal: Signal, #[case] code: i32) {
    let served = serve(&["--no-samples"]);
    let endpoint = served.variables["AWS_ENDPOINT_URL"].trim_start_matches("http://").to_owned();
    assert!(std::net::TcpStream::connect(&endpoint).is_ok());
    assert_eq!(served.end(signal).code, Some(code));
    assert!(std::net::TcpStream::connect(&endpoint).is_err());
}

/// As `nohup` starts it.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_was_ignored_at_start_stays_so() {
    let mut run = run::<&str>([]);
    let mut shell = std::process::Command::new("/bin/sh");
    shell.args(["-c", "trap '' HUP; exec \"$0\" local --serve --no-samples", env!("CARGO_BIN_EXE_lambdeck")]);
    shell.env_clear().env("HOME", run.home.path());
    run.command = shell;
    let served = Served::of(run.start());
    served.started.signal(Signal::HUP);
    served.run(&["list", "--output", "json"]).end().quietly();
    assert_eq!(served.end(Signal::TERM).code, Some(143));
}

#[test]
fn keys_account_and_region_can_be_fixed() {
    let args = ["--no-samples", "--access-key", "AKID:se/c+ret", "--account-id", "123456789012"];
    let served = serve(&[&args[..], &["--region", "eu-west-1"]].concat());
    let expected = [
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "se/c+ret"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_DEFAULT_REGION", "eu-west-1"),
    ];
    for (name, value) in expected {
        assert_eq!(served.variables[name], value);
    }
    let list = served.run(&["list", "--output", "json"]).end().quietly();
    assert_eq!(list.json(), serde_json::json!([]));
    let get = served.run(&["get", "f"]).end().failed(3);
    assert!(get.stderr.contains("eu-west-1:123456789012:function:f"), "{}", get.stderr);
}

#[test]
fn the_file_of_exports_is_private_and_works_in_a_shell() {
    use std::os::unix::fs::PermissionsExt as _;
    let served = serve(&["--no-samples", "--env-file", "local.env"]);
    let path = served.started.home().join("local.env");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let script = ". ./local.env && exec \"$0\" list --output json";
    let mut run = run::<&str>([]);
    run.command = std::process::Command::new("/bin/sh");
    run.command
        .args(["-c", script, env!("CARGO_BIN_EXE_lambdeck")])
        .current_dir(served.started.home())
        .env_clear()
        .env("HOME", served.started.home());
    let ended = run.end();
    assert_eq!(ended.text(), "[]\n", "{ended:?}");
}

#[test]
fn a_port_that_is_taken_is_an_error_with_a_hint() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = run(["local", "--serve", "--port", &port]).end().failed(1);
    assert!(ended.stderr.contains(&port) && ended.stderr.contains("--port 0"), "{}", ended.stderr);
}

#[test]
fn what_a_template_asks_for_in_vain_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let template = folder.path().join("template.yaml");
    let code = "exports.handler = async () => 1";
    let text = format!(
        "Resources:\n  Web: {{Type: AWS::Serverless::HttpApi}}\n  Fn:\n    Type: AWS::Serverless::Function\n    \
         Properties: {{Runtime: nodejs22.x, Handler: index.handler, InlineCode: '{code}'}}\n"
    );
    std::fs::write(&template, text).unwrap();
    let path = template.to_str().unwrap();
    let served = serve(&[path]);
    let list = served.run(&["list"]).end().quietly();
    assert!(list.text().starts_with("Fn\t") && list.text().lines().count() == 1, "{}", list.text());
    let ended = served.end(Signal::INT);
    let said = format!("{path}:2: 'Web' (AWS::Serverless::HttpApi) is not run");
    assert!(ended.stderr.contains(&said), "{}", ended.stderr);

    std::fs::write(&template, "Resources:\n\tFn: 1\n").unwrap();
    let broken = run(["local", "--serve", path]).end().failed(1);
    let said = format!("{path}:2:");
    assert!(broken.stderr.contains(&said) && broken.stderr.contains("spaces"), "{}", broken.stderr);
}

#[test]
fn a_file_in_a_buckets_folder_is_in_the_functions_log_within_a_second() {
    let args = ["--no-traffic", "--bucket", "greeter=photos", "--schedule", "greeter=rate(5 minutes)"];
    let mut served = serve(&args);
    served.started.wait_said("Schedule schedule-1: rate(5 minutes) invokes greeter");
    let folder = served.started.home().join("photos");
    let said =
        format!("Bucket photos: files in {} invoke greeter\n", folder.canonicalize().unwrap().display());
    assert!(served.started.said.contains(&said), "{}", served.started.said);
    let follow = served.run(&["logs", "greeter", "--follow", "--output", "json"]);
    let mut follow = follow.start();
    let mut lines = BufReader::new(follow.child.stdout.take().unwrap()).lines();
    // By the log's own times: it is asked for once a second. The best of three: others may be using the machine.
    let took = (0..3).map(|number| {
        let begun = jiff::Timestamp::now();
        std::fs::write(folder.join(number.to_string()), "abc").unwrap();
        let start =
            lines.by_ref().map(Result::unwrap).find(|line| line.contains("START RequestId: ")).unwrap();
        let start: serde_json::Value = serde_json::from_str(&start).unwrap();
        start["timestamp"].as_i64().unwrap() - begun.as_millisecond()
    });
    let took: Vec<i64> = took.collect();
    println!("milliseconds from the file to the function's log: {took:?}");
    assert!(took.iter().any(|took| (0..1000).contains(took)), "{took:?}");
    follow.signal(Signal::INT);
    drop(lines);
    follow.end();
    assert_eq!(served.end(Signal::INT).code, Some(130));
}

#[rstest]
#[case(&["--bucket", "nobody=photos"], 1, "there is no function 'nobody' for the bucket photos")]
#[case(&["--bucket", "greeter"], 2, "--bucket greeter: it is not FUNCTION=DIR")]
#[case(&["--schedule", "greeter=rate(30 seconds)"], 2, "those are minutes, hours and days")]
fn triggers_that_make_no_sense_are_said_at_once(
    #[case] args: &[&str],
    #[case] code: i32,
    #[case] said: &str,
) {
    let ended = run([&["local", "--serve"], args].concat()).end().failed(code);
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
}
