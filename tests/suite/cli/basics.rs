//! What holds for every command: arguments, configuration, errors.

use rstest::rstest;

use super::{run, run_on};
use crate::support::fault_server::canned::serve_functions;
use crate::support::fault_server::{Fault, FaultServer};
use std::time::Duration;

#[rstest]
#[case(&["--help"], "Commands:")]
#[case(&["local", "--help"], "--serve")]
#[case(&["list", "--help"], "[FILTER]")]
#[case(&["get", "--help"], "NAME[:QUALIFIER]")]
#[case(&["invoke", "--help"], "--payload")]
#[case(&["logs", "--help"], "--since")]
#[case(&["env", "set", "--help"], "--from-file")]
#[case(&["versions", "--help"], "--output")]
#[case(&["publish", "--help"], "--description")]
#[case(&["alias", "set", "--help"], "--weight")]
#[case(&["rollback", "--help"], "--to")]
#[case(&["--version"], "lambdeck")]
fn help_goes_to_stdout(#[case] args: &[&str], #[case] expected: &str) {
    let ended = run(args).end().quietly();
    assert!(ended.text().contains(expected), "{}", ended.text());
}

#[rstest]
#[case(&["frobnicate"])]
#[case(&["list", "--output", "yaml"])]
#[case(&["list", "--region", ""])]
#[case(&["list", "--endpoint-url", "localhost:4566"])]
#[case(&["list", "--theme", "no-such-theme"])]
#[case(&["list", "--config", "missing.toml"])]
#[case(&["get"])]
#[case(&["get", "a b"])]
#[case(&["get", "name:qualifier:more"])]
#[case(&["invoke", "f", "--async", "--dry-run"])]
#[case(&["invoke", "f", "--async", "--tail"])]
#[case(&["invoke", "f", "--payload", "@missing.json"])]
#[case(&["logs"])]
#[case(&["logs", "f", "--since", "yesterday"])]
#[case(&["logs", "f", "--since", "1h", "--until", "2h"])]
#[case(&["logs", "f", "-f", "--until", "1h"])]
#[case(&["logs", "f", "--grep", "("])]
#[case(&["local", "--account-id", "123"])]
#[case(&["local", "--port", "65536"])]
#[case(&["local", "--profile", "dev"])]
#[case(&[])]
fn what_makes_no_sense_is_a_usage_error(#[case] args: &[&str]) {
    let server = FaultServer::start();
    run_on(&server, args).end().failed(2);
    assert_eq!(server.count("*"), 0);
}

#[test]
fn a_usage_error_repeats_no_payload_and_no_key() {
    let ended = run(["invoke", "f", r#"{"token":"canary"}"#]).end().failed(2);
    assert!(!ended.stderr.contains("canary"), "{}", ended.stderr);
    assert!(ended.stderr.contains("--payload"), "{}", ended.stderr);
    let ended = run(["local", "--serve", "--access-key", "canary"]).end().failed(2);
    assert!(!ended.stderr.contains("canary"), "{}", ended.stderr);
}

#[test]
fn a_usage_error_cannot_steer_the_terminal() {
    let ended = run(["list", "--\u{1b}]0;owned\u{7}"]).end().failed(2);
    assert!(!ended.stderr.contains('\u{1b}'), "{:?}", ended.stderr);
}

#[rstest]
#[case(Fault::function_not_found("f"), 3)]
#[case(Fault::access_denied(), 4)]
#[case(Fault::expired_token(), 4)]
#[case(
    Fault::error(
        403,
        "UnrecognizedClientException",
        "The security token included in the request is invalid."
    ),
    4
)]
#[case(Fault::conflict("f"), 5)]
#[case(Fault::precondition_failed(), 5)]
#[case(Fault::throttled(1), 6)]
#[case(Fault::concurrency_exceeded(1), 6)]
#[case(Fault::error(400, "InvalidParameterValueException", "No."), 1)]
#[case(Fault::error(501, "NotImplementedException", "No."), 1)]
#[case(Fault::internal_error(), 8)]
#[case(Fault::html_bad_gateway(), 8)]
#[case(Fault::Reset, 8)]
#[case(Fault::Close, 8)]
fn each_kind_of_failure_has_its_exit_code(#[case] fault: Fault, #[case] code: i32) {
    let server = FaultServer::start();
    server.always("Invoke", fault);
    let ended = run_on(&server, ["invoke", "f", "--payload", r#"{"card":"canary"}"#]).end().failed(code);
    assert!(!ended.stderr.contains("canary"), "{}", ended.stderr);
    assert_eq!(server.count("Invoke"), 1);
    // All of it is one line, and at most one of what to do.
    assert!(ended.stderr.lines().count() <= 2, "{}", ended.stderr);
    assert!(ended.stderr.lines().skip(1).all(|line| line.starts_with("hint: ")), "{}", ended.stderr);
}

#[test]
fn an_error_names_the_request() {
    let server = FaultServer::start();
    server.always("GetFunction", Fault::function_not_found("f"));
    let ended = run_on(&server, ["get", "f"]).end().failed(3);
    assert!(ended.stderr.contains("request id 00000000-0000-4000-8000-"), "{}", ended.stderr);
}

#[test]
fn nothing_to_sign_with_is_a_matter_of_credentials() {
    let ended = run(["list", "--region", "eu-west-1"]).end().failed(4);
    assert!(ended.stderr.contains("hint: "), "{}", ended.stderr);
}

#[test]
fn an_unknown_profile_is_named_with_those_there_are() {
    let ended = run(["list", "--profile", "prod"])
        .file(".aws/config", "[profile dev]\nregion = eu-west-1\n")
        .end()
        .failed(4);
    assert!(ended.stderr.contains("prod") && ended.stderr.contains("dev"), "{}", ended.stderr);
}

/// The access key id and the region that a request was signed with.
fn signed_with(server: &FaultServer) -> (String, String) {
    let requests = server.requests("ListFunctions");
    let authorization = requests.last().unwrap().header("authorization").unwrap();
    let credential = authorization.split("Credential=").nth(1).unwrap();
    let mut parts = credential.split('/');
    (parts.next().unwrap().to_owned(), parts.nth(1).unwrap().to_owned())
}

const CREDENTIALS: &str = "[dev]\naws_access_key_id = AKIDDEV\naws_secret_access_key = s\n\
                           [file]\naws_access_key_id = AKIDFILE\naws_secret_access_key = s\n";
const CONFIG: &str = "[profile dev]\nregion = us-west-2\n[profile file]\nregion = ap-south-1\n";

#[test]
fn a_chosen_profile_beats_keys_in_the_environment_and_those_the_configuration_file() {
    let server = FaultServer::start();
    serve_functions(&server, 1, Duration::ZERO);
    let endpoint = server.endpoint();
    let run = |args: &[&str]| {
        run([&["list"], args].concat())
            .env("AWS_ENDPOINT_URL", &endpoint)
            .file(".aws/credentials", CREDENTIALS)
            .file(".aws/config", CONFIG)
            .file(".config/lambdeck/config.toml", "profile = 'file'\nregion = 'eu-central-1'\n")
    };
    let keys =
        |run: super::Run| run.env("AWS_ACCESS_KEY_ID", "AKIDENVIRONMENT").env("AWS_SECRET_ACCESS_KEY", "s");
    run(&[]).end().quietly();
    assert_eq!(signed_with(&server), ("AKIDFILE".into(), "eu-central-1".into()));
    keys(run(&[])).end().quietly();
    assert_eq!(signed_with(&server), ("AKIDENVIRONMENT".into(), "eu-central-1".into()));
    run(&[]).env("AWS_PROFILE", "dev").end().quietly();
    assert_eq!(signed_with(&server), ("AKIDDEV".into(), "us-west-2".into()));
    keys(run(&["--profile", "dev"])).env("AWS_REGION", "sa-east-1").end().quietly();
    assert_eq!(signed_with(&server), ("AKIDDEV".into(), "sa-east-1".into()));
    keys(run(&["--profile", "dev", "--region", "ca-central-1"]))
        .env("AWS_REGION", "sa-east-1")
        .end()
        .quietly();
    assert_eq!(signed_with(&server), ("AKIDDEV".into(), "ca-central-1".into()));
}

#[test]
fn the_configuration_file_warns_and_goes_on() {
    let server = FaultServer::start();
    serve_functions(&server, 1, Duration::ZERO);
    let config = format!("endpoint_url = '{}'\nreigon = 'x'\nutc = 'maybe'\n", server.endpoint());
    let ended = run(["list"])
        .env("AWS_ACCESS_KEY_ID", "A")
        .env("AWS_SECRET_ACCESS_KEY", "s")
        .env("LAMBDECK_CONFIG_DIR", "settings")
        .file("settings/config.toml", &config)
        .end()
        .well();
    assert_eq!(server.count("ListFunctions"), 1);
    let warnings: Vec<&str> = ended.stderr.lines().collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].starts_with("warning: settings/config.toml:2:1: unknown key `reigon`"));
    assert!(warnings[1].starts_with("warning: settings/config.toml:3:7: utc: "));
}

#[test]
fn a_read_only_session_sends_no_change() {
    let server = FaultServer::start();
    run_on(&server, ["invoke", "f", "--read-only"]).end().failed(4);
    run_on(&server, ["invoke", "f"]).file("c.toml", "read_only = true").end();
    assert_eq!(server.count("*"), 1);
    run_on(&server, ["invoke", "f", "--config", "c.toml"]).file("c.toml", "read_only = true").end().failed(4);
    assert_eq!(server.count("*"), 1);
}

#[test]
fn the_log_file_is_private_and_holds_no_values() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = FaultServer::start();
    server.always("Invoke", Fault::access_denied());
    let args = ["invoke", "f", "--payload", r#"{"card":"canary"}"#, "--log-file", "own.log"];
    let ended = run_on(&server, args).file("own.log", "from before\n").end().failed(4);
    let path = ended.home.path().join("own.log");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("from before\n") && text.contains("invoke"), "{text}");
    assert!(!text.contains("canary") && !text.contains("secret-of-the-environment"), "{text}");
}

#[test]
fn the_dashboard_wants_a_terminal() {
    let ended = run::<&str>([]).end().failed(2);
    assert!(ended.stderr.contains("terminal") && ended.stderr.contains("lambdeck list"), "{}", ended.stderr);
}

#[rstest]
#[case::region_only("[default]\nregion = eu-west-3\n", true)]
#[case::keys("[default]\naws_access_key_id = AKIDFILE\naws_secret_access_key = secret\n", false)]
#[case::a_process("[default]\ncredential_process = /bin/false\n", false)]
fn an_emulator_needs_no_credentials_where_the_default_profile_has_none(
    #[case] file: &str,
    #[case] test: bool,
) {
    let server = FaultServer::start();
    serve_functions(&server, 1, Duration::ZERO);
    let ended = run(["list"]).env("AWS_ENDPOINT_URL", &server.endpoint()).file(".aws/config", file).end();
    let signed_by_test = server.requests("ListFunctions").iter().any(|request| {
        request.header("authorization").is_some_and(|header| header.contains("Credential=test/"))
    });
    assert_eq!(signed_by_test, test, "{ended:?}");
}

#[test]
fn a_configuration_file_that_cannot_be_read_is_named_with_its_line_and_nothing_of_it() {
    let file = "[default]\nregion = eu-west-1\naws_secret_access_key: canary\n";
    let ended = run(["list", "--profile", "default"]).file(".aws/config", file).end().failed(1);
    assert!(ended.stderr.contains(".aws/config on line 3"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("canary"), "{}", ended.stderr);
}

#[test]
fn the_log_file_quotes_no_line_of_the_configuration() {
    let file = "[default]\nregion = eu-west-1\ns3 =\n  aws_secret_access_key: canary\n";
    let ended = run(["list", "--log-file", "log", "--profile", "default"]).file(".aws/config", file).end();
    let log = std::fs::read_to_string(ended.home.path().join("log")).unwrap();
    assert!(log.contains("started") && !log.contains("canary"), "{log}");
}

#[test]
fn a_region_that_could_be_another_host_is_refused() {
    let server = FaultServer::start();
    let ended = run_on(&server, ["list", "--region", "evil.com/#"]).end().failed(1);
    assert!(ended.stderr.contains("can't be a region") && ended.stderr.contains("eu-west-1"), "{ended:?}");
    assert_eq!(server.count("*"), 0);
}
