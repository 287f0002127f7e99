//! Without credentials: the start screen, at once, and what it offers.

use std::time::Duration;

use super::engine::processes_below;
use crate::support::fault_server::canned::{function_name, serve_functions, serve_identity};
use crate::support::fault_server::{Fault, FaultServer, Reply};
use crate::support::terminal::{Exit, Launch, PATIENCE, key};

/// The instance metadata service is what is asked last; on most machines it never answers.
fn without_credentials(metadata: &FaultServer) -> Launch {
    Launch::lambdeck(Vec::<String>::new())
        .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.endpoint())
        .env("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv4")
}

fn hanging() -> FaultServer {
    let server = FaultServer::start();
    server.always("*", Fault::Hang);
    server
}

#[test]
fn the_start_screen_waits_for_nobody() {
    let metadata = hanging();
    let terminal = without_credentials(&metadata).start();
    terminal.wait_text("No AWS credentials were found");
    terminal.wait_text("Start the local engine");
    // It hangs at this moment, and the screen was there all the same.
    terminal.wait_text("The instance metadata service is still being asked");
    metadata.wait_arrived("*", 1, PATIENCE);
    terminal.send("?");
    terminal.wait_text("Keys of this place");
    terminal.send("q");
    terminal.wait_gone("Keys of this place");
    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    terminal.assert_left_in_order();
}

#[test]
fn the_local_engine_is_one_key_away() {
    let metadata = hanging();
    let folder = tempfile::tempdir().unwrap();
    let terminal = without_credentials(&metadata).env("TMPDIR", folder.path()).start();
    terminal.wait_text("> Start the local engine");
    terminal.send(key::ENTER);
    terminal.wait_text("checkout-api");
    terminal.wait_text("● Active");
    terminal.wait_text(" local ");
    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    terminal.assert_left_in_order();
    assert_eq!(processes_below(folder.path()), [0; 0]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn an_endpoint_can_be_typed() {
    let (metadata, server) = (hanging(), FaultServer::start());
    serve_functions(&server, 3, Duration::ZERO);
    let terminal = without_credentials(&metadata).start();
    terminal.wait_text("> Start the local engine");
    terminal.send("jj");
    terminal.wait_text("> Connect to an endpoint");
    terminal.send(key::ENTER);
    terminal.wait_text(":endpoint http://127.0.0.1:");
    let endpoint = server.endpoint();
    terminal.send(endpoint.rsplit_once(':').unwrap().1);
    terminal.send(key::ENTER);
    terminal.wait_text(&function_name(2));
    terminal.wait_text(endpoint.strip_prefix("http://").unwrap());
    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
}

#[test]
fn without_any_profile_the_choice_of_one_says_so() {
    let metadata = hanging();
    let terminal = without_credentials(&metadata).start();
    terminal.wait_text("> Start the local engine");
    terminal.send("j");
    terminal.send(key::ENTER);
    terminal.wait_text("There is none.");
    terminal.send(key::ESC);
    terminal.wait_text("> Choose a profile");
    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
}

#[test]
fn a_metadata_service_that_knows_no_role_leaves_the_start_screen() {
    let metadata = FaultServer::start();
    metadata.always("*", Fault::Answer(Reply::new(404, "text/plain", "")));
    let terminal = without_credentials(&metadata).start();
    metadata.wait_arrived("*", 1, PATIENCE);
    terminal.wait_text("or an instance's role");
    terminal.wait_gone("still being asked");
    terminal.wait_text("> Start the local engine");
    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
}

#[test]
fn on_an_instance_with_a_role_it_goes_on_by_itself() {
    let (metadata, server) = (FaultServer::start(), FaultServer::start());
    serve_functions(&server, 3, Duration::ZERO);
    metadata.answer("*", |request| {
        let text = |text: &str| {
            let reply = Reply::new(200, "text/plain", text.to_owned());
            Fault::Answer(reply.header("x-aws-ec2-metadata-token-ttl-seconds", "21600"))
        };
        match request.path.as_str() {
            "/latest/api/token" => text("token"),
            "/latest/meta-data/iam/security-credentials/" => text("the-role"),
            "/latest/meta-data/iam/security-credentials/the-role" => text(
                r#"{ "Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2026-11-20T10:00:00Z",
                     "AccessKeyId": "AKIDrole", "SecretAccessKey": "secret-of-the-role", "Token": "token",
                     "Expiration": "2126-11-20T10:00:00Z" }"#,
            ),
            _ => Fault::Answer(Reply::new(404, "text/plain", "")),
        }
    });
    // Not 127.0.0.1: an endpoint on this machine needs no credentials.
    let endpoint = server.endpoint().replace("127.0.0.1", "0.0.0.0");
    let terminal = without_credentials(&metadata).env("AWS_ENDPOINT_URL", endpoint).start();
    terminal.wait_text(&function_name(2));
    terminal.wait_text("123456789012");
    for request in server.requests("ListFunctions") {
        assert!(request.header("authorization").is_some_and(|signed| signed.contains("AKIDrole")));
    }
    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
}

#[test]
fn an_endpoint_of_a_services_block_is_shown_and_called() {
    let server = FaultServer::start();
    serve_functions(&server, 3, Duration::ZERO);
    serve_identity(&server, "123456789012");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    let config = format!(
        "[profile svc]\nregion = eu-west-1\nservices = mine\naws_access_key_id = a\naws_secret_access_key = b\n\
         [services mine]\nlambda =\n  endpoint_url = {0}\nsts =\n  endpoint_url = {0}\n",
        server.endpoint()
    );
    std::fs::write(&file, config).unwrap();
    let terminal = Launch::lambdeck(["--profile", "svc"]).env("AWS_CONFIG_FILE", file.as_os_str()).start();
    terminal.wait_text(&function_name(0));
    terminal.wait_text(server.endpoint().strip_prefix("http://").unwrap());
    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
}
