//! Switching the session: the old one holds until the new one has answered, then nothing of it is left.

use std::time::Duration;

use serde_json::json;

use super::{SIZE, at};
use crate::support::{
    fault_server::{
        Fault, FaultServer, Reply, Request,
        canned::{identity, serve_identity},
    },
    harness::Harness,
};

/// The region that a request was signed for.
fn region(request: &Request) -> String {
    let signed = request.header("authorization").unwrap_or_default();
    signed.split('/').nth(2).unwrap_or_default().to_owned()
}

/// One endpoint for all regions; each has a function with its name.
fn server() -> FaultServer {
    let server = FaultServer::start();
    serve_identity(&server, "123456789012");
    let function = |region: &str| {
        json!({
            "FunctionName": format!("in-{region}"),
            "FunctionArn": format!("arn:aws:lambda:{region}:123456789012:function:in-{region}"),
            "State": "Active",
            "LastUpdateStatus": "Successful",
        })
    };
    server.answer("ListFunctions", move |request| {
        let functions = json!({ "Functions": [function(&region(request))] });
        Fault::Answer(Reply::json(&functions))
    });
    server.answer("GetFunctionConfiguration", move |request| {
        Fault::Answer(Reply::json(&function(&region(request))))
    });
    server.answer("GetFunction", move |request| {
        Fault::Answer(Reply::json(&json!({ "Configuration": function(&region(request)) })))
    });
    let missing = Fault::error(400, "ResourceNotFoundException", "The specified log group does not exist.");
    server.always("FilterLogEvents", missing);
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_region_holds_until_the_new_one_has_answered_and_then_is_gone() {
    let server = server();
    let mut dashboard = Harness::start(at(&server.endpoint()), SIZE);
    dashboard.wait_text("in-us-east-1").await;
    dashboard.wait_text("123456789012").await;
    // From deep inside: a log is followed.
    dashboard.press("l");
    dashboard.wait_text("waiting for the log group").await;

    let slow = Fault::Answer(identity("999999999999")).after(Duration::from_millis(200));
    server.script("GetCallerIdentity", [slow]);
    dashboard.press(":region<enter>");
    dashboard.wait_text("N. Virginia").await;
    dashboard.press("frankf<enter>");
    let screen = dashboard.wait_text("switching to eu-central-1").await;
    let header = screen.lines().next().unwrap();
    assert!(header.contains("us-east-1") && header.contains("123456789012"), "{screen}");
    assert!(screen.contains("Functions > in-us-east-1"), "{screen}");

    let screen = dashboard.wait_text("in-eu-central-1").await;
    assert!(!screen.contains("us-east-1") && !screen.contains("switching"), "{screen}");
    assert!(screen.contains("999999999999") && !screen.contains("123456789012"), "{screen}");

    // The view of the old function is gone as well.
    dashboard.press("<enter>");
    let screen = dashboard.wait_text("Functions > in-eu-central-1").await;
    assert!(!screen.contains("us-east-1"), "{screen}");
    dashboard.press("q");
    assert_eq!(dashboard.exit().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_switches_the_last_one_counts() {
    let server = server();
    let mut dashboard = Harness::start(at(&server.endpoint()), SIZE);
    dashboard.wait_text("in-us-east-1").await;
    server.script("GetCallerIdentity", [Fault::Hang]);
    dashboard.press(":region eu-west-1<enter>");
    server.arrived("GetCallerIdentity", 2).await;
    dashboard.press(":region eu-west-2<enter>");
    dashboard.wait_text("in-eu-west-2").await;
    let screen = dashboard.wait_text("123456789012").await;
    assert!(!screen.contains("eu-west-1"), "{screen}");
    dashboard.press("q");
    assert_eq!(dashboard.exit().await, 0);
    assert!(server.requests("ListFunctions").iter().all(|request| region(request) != "eu-west-1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_that_is_not_answered_leaves_all_as_it_was() {
    let server = server();
    let mut dashboard = Harness::start(at(&server.endpoint()), SIZE);
    dashboard.wait_text("in-us-east-1").await;
    dashboard.wait_text("123456789012").await;
    server.script("GetCallerIdentity", [Fault::expired_token()]);
    dashboard.press(":region eu-west-1<enter>");
    let screen = dashboard.wait_text("expired").await;
    assert!(screen.contains("in-us-east-1") && !screen.contains("switching"), "{screen}");
    // It goes on as before.
    dashboard.press("<enter>");
    dashboard.wait_text("Functions > in-us-east-1").await;
    dashboard.press("q");
    assert_eq!(dashboard.exit().await, 0);
    assert!(server.requests("GetFunction").iter().all(|request| region(request) == "us-east-1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_of_an_invocation_is_told_whatever_session_it_comes_into() {
    let server = server();
    let answer = Fault::Answer(Reply::json(&json!("late-answer"))).after(Duration::from_millis(400));
    server.always("Invoke", answer);
    let mut dashboard = Harness::start(at(&server.endpoint()), SIZE);
    dashboard.wait_text("in-us-east-1").await;
    dashboard.press("i<enter>");
    dashboard.wait_text("◐ running").await;
    dashboard.press(":region eu-west-1<enter>");
    dashboard.wait_text("in-eu-west-1").await;
    // It holds up quitting, here too.
    dashboard.press("q");
    dashboard.wait_text("Quit while an invocation is under way?").await;
    dashboard.press("n");
    let screen = dashboard.wait_text("in-us-east-1 (of the session before) answered after").await;
    // The answer itself belongs to what is gone.
    assert!(!screen.contains("late-answer"), "{screen}");
    dashboard.press("q");
    assert_eq!(dashboard.exit().await, 0);
    assert_eq!(server.count("Invoke"), 1);
}
