//! Profiles and their files: which session comes up, and switching from one to another.

use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use crate::support::fault_server::canned::serve_identity;
use crate::support::fault_server::{Fault, FaultServer, Reply};
use crate::support::terminal::{Exit, Launch, PATIENCE, key};

/// An account with one function.
fn account(id: &str, function: &'static str) -> FaultServer {
    let server = FaultServer::start();
    serve_identity(&server, id);
    let configuration = json!({
        "FunctionName": function,
        "FunctionArn": format!("arn:aws:lambda:eu-west-1:{id}:function:{function}"),
        "Runtime": "python3.13",
        "State": "Active",
        "LastUpdateStatus": "Successful",
    });
    server.always(
        "ListFunctions",
        Fault::Answer(Reply::json(&json!({ "Functions": [configuration.clone()] }))),
    );
    server.always("GetFunctionConfiguration", Fault::Answer(Reply::json(&configuration)));
    server.always("GetFunction", Fault::Answer(Reply::json(&json!({ "Configuration": configuration }))));
    server
}

/// The files of two profiles, each with an account of its own.
fn files(red: &FaultServer, blue: &FaultServer) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let profile = |name: &str, region: &str, server: &FaultServer| {
        format!(
            "[profile {name}]\nregion = {region}\nendpoint_url = {}\naws_access_key_id = AKID{name}\n\
             aws_secret_access_key = secret-of-{name}\n",
            server.endpoint()
        )
    };
    let text = profile("red", "eu-west-1", red) + &profile("blue", "us-west-2", blue);
    std::fs::write(folder.path().join("config"), text).unwrap();
    std::fs::write(folder.path().join("credentials"), "").unwrap();
    folder
}

fn with_files(folder: &Path, arguments: &[&str]) -> Launch {
    Launch::lambdeck(arguments.iter().copied())
        .size(24, 120)
        .env("AWS_CONFIG_FILE", folder.join("config"))
        .env("AWS_SHARED_CREDENTIALS_FILE", folder.join("credentials"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
}

#[test]
fn a_switch_of_profiles_leaves_nothing_of_the_old_one() {
    let red = account("111111111111", "red-function");
    let blue = account("222222222222", "blue-function");
    let files = files(&red, &blue);
    let terminal = with_files(files.path(), &["--profile", "red"]).start();
    terminal.wait_text("111111111111");
    terminal.wait_text("eu-west-1");
    terminal.wait_text("● Active");
    terminal.send(key::ENTER);
    terminal.wait_text("Functions > red-function");

    terminal.send(":profile\r");
    terminal.wait_text("us-west-2");
    terminal.send("blue\r");
    terminal.wait_text("blue-function");
    terminal.wait_text("222222222222");
    terminal.wait_for(|screen| !screen.contents().contains("red"), PATIENCE);
    for old in ["111111111111", "eu-west-1", "AKIDred"] {
        assert!(!terminal.screen().contains(old), "{}", terminal.screen());
    }
    // Each account was asked with its own key.
    for (server, key, other) in [(&red, "AKIDred", "AKIDblue"), (&blue, "AKIDblue", "AKIDred")] {
        for request in server.requests("*") {
            let signed = request.header("authorization").unwrap_or_default();
            assert!(signed.contains(key) && !signed.contains(other), "{signed}");
        }
    }
    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    let written = String::from_utf8_lossy(&terminal.raw()).into_owned();
    assert!(!written.contains("secret-of-"));
}

#[test]
fn a_switch_that_fails_leaves_all_as_it_was() {
    let red = account("111111111111", "red-function");
    let blue = FaultServer::start();
    blue.always("*", Fault::expired_token());
    let files = files(&red, &blue);
    let terminal = with_files(files.path(), &["--profile", "red"]).start();
    terminal.wait_text("red-function");
    terminal.wait_text("111111111111");
    terminal.send(":profile blue\r");
    terminal.wait_text("expired");
    terminal.wait_text("red-function");
    terminal.wait_text("111111111111");
    terminal.send(":profile nobody\r");
    terminal.wait_text("there is no profile");
    terminal.wait_text("red-function");
    terminal.send(key::ENTER);
    terminal.wait_text("Functions > red-function");
    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
}

#[test]
fn a_chosen_profile_beats_keys_in_the_environment() {
    let red = account("111111111111", "red-function");
    let blue = account("222222222222", "blue-function");
    let files = files(&red, &blue);
    let terminal = with_files(files.path(), &["--profile", "blue"])
        .env("AWS_ACCESS_KEY_ID", "AKIDenvironment")
        .env("AWS_SECRET_ACCESS_KEY", "secret-of-environment")
        .start();
    terminal.wait_text("blue-function");
    terminal.wait_text("222222222222");
    for request in blue.requests("*") {
        let signed = request.header("authorization").unwrap_or_default();
        assert!(signed.contains("AKIDblue"), "{signed}");
    }
    assert_eq!(red.count("*"), 0);
    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
}
