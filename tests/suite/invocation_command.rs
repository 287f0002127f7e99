//! Invocations copied as commands: what a real shell makes of them, and that the real curl gets them through.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
    sync::Arc,
};

use lambdeck::{
    domain::{
        invocation::{Mode, Request},
        invocation_command::{aws, curl},
        secret::Secret,
    },
    local::{Engine, Options},
};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::engine::options;

/// Writes down its arguments, each ended by a zero byte.
const STUB: &str = "#!/bin/sh\nfor word in \"$@\"; do printf '%s\\0' \"$word\"; done > \"$WORDS\"\n";

/// A folder with stubs for `aws` and `curl`, and nothing else on PATH.
fn stubs() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["aws", "curl"] {
        let path = folder.path().join(name);
        fs::write(&path, STUB).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

/// The arguments that the stub got from the command. Nothing else may have happened in the folder.
fn words(folder: &Path, command: &str, token: Option<&str>) -> Vec<String> {
    let words = folder.join("words");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]).current_dir(folder).env_clear().env("PATH", folder).env("WORDS", &words);
    shell.env("AWS_ACCESS_KEY_ID", "AKID").env("AWS_SECRET_ACCESS_KEY", "the secret");
    shell.envs(token.map(|token| ("AWS_SESSION_TOKEN", token)));
    let output = shell.output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{command}\n{}", text(&output.stderr));
    assert_eq!(fs::read_dir(folder).unwrap().count(), 3, "{command}");
    let written = fs::read_to_string(&words).unwrap();
    fs::remove_file(words).unwrap();
    written.split_terminator('\0').map(str::to_owned).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What follows an option, or is tied to it.
fn value<'a>(words: &'a [String], option: &str) -> &'a str {
    let tied = words.iter().find_map(|word| word.strip_prefix(option)?.strip_prefix('='));
    let place = words.iter().position(|word| word == option);
    tied.or_else(|| place.and_then(|at| words.get(at + 1)).map(String::as_str)).unwrap()
}

fn headers(words: &[String]) -> Vec<&str> {
    words.windows(2).filter(|pair| pair[0] == "-H").map(|pair| pair[1].as_str()).collect()
}

fn request(payload: &str) -> Request {
    Request {
        function: "checkout".into(),
        payload: Arc::new(Secret::new(payload)),
        timeout_s: Some(3),
        ..Request::default()
    }
}

#[rstest]
#[case(r#"{"a":1}"#)]
#[case(r#"{"quote":"it's \"here\""}"#)]
#[case("\"'; touch harm; echo '\"")]
#[case("\"$(touch harm) `touch harm` ${HOME} $HOME\"")]
#[case(r#""\\ \n \u0041 !! !x *? ~ [a] #c & ; | < > ( )""#)]
#[case("\"äöü 😀 \u{202e}\"")]
#[case("-1")]
#[case("not JSON: -- @file\n'\\''\n\t")]
#[case("@/etc/passwd")]
#[case("''''")]
fn a_shell_takes_the_event_as_it_is(#[case] payload: &str) {
    let folder = stubs();
    let aws = words(folder.path(), &aws(&request(payload), "eu-west-1", None, None), None);
    assert_eq!(value(&aws, "--payload"), payload);
    assert_eq!(aws[..2], ["lambda", "invoke"]);
    assert_eq!(aws.last().unwrap(), "/dev/stdout");
    let curl = words(folder.path(), &curl(&request(payload), "eu-west-1", None), None);
    assert_eq!(value(&curl, "--data-raw"), payload);
}

#[test]
fn every_other_part_is_a_word_of_its_own_too() {
    let hostile = "x'; touch harm; $(touch harm) `touch harm` \"\n-";
    let request = Request {
        function: hostile.into(),
        qualifier: Some(hostile.into()),
        tenant_id: Some(hostile.into()),
        client_context: Some(Arc::new(Secret::new(hostile))),
        ..request("{}")
    };
    let folder = stubs();
    let aws = words(folder.path(), &aws(&request, hostile, Some(hostile), Some(hostile)), None);
    for option in ["--function-name", "--qualifier", "--tenant-id", "--region", "--profile", "--endpoint-url"]
    {
        assert_eq!(value(&aws, option), hostile, "{option}");
    }
    let curl = words(folder.path(), &curl(&request, hostile, Some("http://h/$(touch harm)/")), None);
    assert_eq!(value(&curl, "--aws-sigv4"), format!("aws:amz:{hostile}:lambda"));
    assert!(headers(&curl).contains(&format!("x-amz-tenant-id: {hostile}").as_str()));
    let address = curl.last().unwrap();
    assert!(address.starts_with("http://h/$(touch harm)/2015-03-31/functions/x%27%3B%20touch"), "{address}");
    assert!(address.bytes().filter(|byte| *byte == b'?').count() == 1 && address.contains("?Qualifier=x%27"));
}

#[test]
fn curls_keys_are_the_environments_and_in_no_command() {
    let folder = stubs();
    let command = curl(&request("{}"), "eu-west-1", None);
    for (token, header) in
        [(None, "accept: application/json"), (Some("t o'k\"n"), "x-amz-security-token: t o'k\"n")]
    {
        let words = words(folder.path(), &command, token);
        assert_eq!(value(&words, "--user"), "AKID:the secret");
        assert_eq!(headers(&words)[0], header);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_event_and_any_name(payload in "[^\0]{1,60}", name in "[^\0]{1,20}") {
        let folder = stubs();
        let request = Request { function: name.clone(), ..request(&payload) };
        let aws = words(folder.path(), &aws(&request, "eu-west-1", None, None), None);
        prop_assert_eq!(value(&aws, "--function-name"), name);
        let same = value(&aws, "--payload");
        if same != payload {
            // JSON without its line breaks.
            let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            prop_assert_eq!(read(same), read(&payload));
        }
        let curl = words(folder.path(), &curl(&request, "eu-west-1", None), None);
        prop_assert_eq!(value(&curl, "--data-raw"), same);
    }
}

/// Runs the command as one does in a terminal. `None` where there is no curl that signs, which is said.
fn in_a_shell(engine: &Engine, folder: &Path, command: &str) -> Option<Output> {
    let help = Command::new("curl").args(["--help", "all"]).output();
    if !help.is_ok_and(|help| text(&help.stdout).contains("--aws-sigv4")) {
        let text = "SKIPPED: there is no curl on PATH that signs";
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{text}");
        let _ = writeln!(io::stderr(), "{text}");
        return None;
    }
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(folder).env_remove("AWS_SESSION_TOKEN");
    shell.env("AWS_ACCESS_KEY_ID", engine.access_key_id());
    shell.env("AWS_SECRET_ACCESS_KEY", engine.secret_access_key().reveal());
    Some(shell.output().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_gets_through_to_an_engine_that_checks_signatures() {
    let engine = Engine::start(Options { samples: true, ..options() }).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let bogus = r#"{"basket":[{"sku":"it's a mug","unitPrice":"1.00","quantity":1}],"coupon":"BOGUS"}"#;
    for (request, status, body) in [
        (request(bogus), "200", "UnknownCouponError"),
        (Request { qualifier: Some("$LATEST".into()), ..request(bogus) }, "200", "UnknownCouponError"),
        (Request { mode: Mode::DryRun, ..request("{}") }, "204", ""),
        (Request { mode: Mode::DryRun, ..request("") }, "204", ""),
    ] {
        let request = Request { function: "checkout-api".into(), ..request };
        let command = curl(&request, engine.region(), Some(&engine.endpoint_url()));
        let Some(output) = in_a_shell(&engine, folder.path(), &command) else { return };
        let answer = text(&output.stdout);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{command}\n{answer}");
        assert!(answer.contains(body), "{answer}");
    }
    let large = format!("{{\"basket\":[],\"pad\":\"{}\"}}", "x".repeat(200_000));
    fs::write(folder.path().join("event.json"), &large).unwrap();
    let request = Request { function: "checkout-api".into(), mode: Mode::Event, ..request(&large) };
    let command = curl(&request, engine.region(), Some(&engine.endpoint_url()));
    let output = in_a_shell(&engine, folder.path(), &command).unwrap();
    assert!(text(&output.stdout).contains("HTTP/1.1 202 "), "{}", text(&output.stdout));
    engine.shutdown().await;
}
