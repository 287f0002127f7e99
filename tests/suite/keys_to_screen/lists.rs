//! The list: slow, large, refreshed, and where it can't be read.

use std::time::Duration;

use rstest::rstest;
use serde_json::json;

use super::{SIZE, at};
use crate::support::{
    fault_server::{
        Fault, FaultServer, Reply,
        canned::{function_name, serve_functions},
    },
    harness::Harness,
};

/// The header's sign of a list that is being read.
fn is_loading(screen: &str) -> bool {
    screen.lines().next().is_some_and(|header| header.contains("↻") && header.contains('…'))
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_come_page_by_page_and_keys_are_answered_meanwhile() {
    let server = FaultServer::start();
    serve_functions(&server, 250, Duration::from_millis(150));
    let mut dashboard = Harness::start(at(&server.endpoint()), SIZE);
    let screen = dashboard.wait_text("function-000").await;
    assert!(is_loading(&screen), "{screen}");
    dashboard.press("?");
    let screen = dashboard.wait_text("Keys of this place").await;
    assert!(is_loading(&screen), "{screen}");
    dashboard.press("<esc>/00049");
    let screen = dashboard.wait_text("Functions 1 of").await;
    assert!(is_loading(&screen), "{screen}");
    // The filter holds for pages that come later, too.
    dashboard.press("<esc>/249");
    dashboard.wait_text(&function_name(249)).await;
    dashboard.press("<esc>");
    dashboard.wait_text("Functions 250").await;
    dashboard.press("q");
    assert_eq!(dashboard.exit().await, 0);
    assert_eq!(server.count("ListFunctions"), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_functions_stay_usable() {
    let server = FaultServer::start();
    serve_functions(&server, 10_000, Duration::ZERO);
    let mut dashboard = Harness::start(at(&server.endpoint()), SIZE);
    // In the midst of loading.
    dashboard.wait_text("function-0").await;
    dashboard.press("jjj");
    dashboard.press("?");
    let screen = dashboard.wait_text("Keys of this place").await;
    assert!(is_loading(&screen), "{screen}");
    dashboard.press("q");
    dashboard.wait_text("Functions 10000").await;

    dashboard.press("g/09876");
    dashboard.wait_text("Functions 1 of 10000").await;
    dashboard.wait_text(&function_name(9876)).await;
    dashboard.press("<esc>");
    // By name, the last one.
    dashboard.press("s");
    for _ in 0..6 {
        if dashboard.screen().contains("sort: name") {
            break;
        }
        let before = dashboard.frames();
        dashboard.press("s");
        dashboard.wait_frames(before + 1).await;
    }
    dashboard.press("G");
    dashboard.wait_text(&format!("> {}", function_name(9999))).await;
    dashboard.press("<enter>");
    dashboard.wait_text(&format!("Functions > {}", function_name(9999))).await;
    dashboard.press("<esc>");
    dashboard.wait_text(&format!("> {}", function_name(9999))).await;
    dashboard.press("q");
    assert_eq!(dashboard.exit().await, 0);
    // States are asked for what is looked at, not for all.
    let states = server.count("GetFunctionConfiguration");
    assert!(states < 150, "{states} states");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_keeps_the_old_rows_until_the_new_are_there_or_it_fails() {
    let server = FaultServer::start();
    serve_functions(&server, 60, Duration::ZERO);
    let mut dashboard = Harness::start(at(&server.endpoint()), SIZE);
    dashboard.wait_text("Functions 60").await;
    dashboard.wait_for("loaded", |screen| !is_loading(screen)).await;

    let only = json!({ "Functions": [{ "FunctionName": "the-only-one" }] });
    server.script("ListFunctions", [Fault::Answer(Reply::json(&only)).after(Duration::from_millis(200))]);
    dashboard.press("r");
    let screen = dashboard.wait_for("reading again", is_loading).await;
    assert!(screen.contains("Functions 60") && screen.contains("function-000"), "{screen}");
    let screen = dashboard.wait_text("the-only-one").await;
    assert!(screen.contains("Functions 1 ") && !screen.contains("function-000"), "{screen}");

    server.script("ListFunctions", [Fault::access_denied()]);
    dashboard.press("r");
    let screen = dashboard.wait_text("not authorized").await;
    assert!(screen.contains("the-only-one"), "{screen}");
    dashboard.press("r");
    dashboard.wait_text("Functions 60").await;
    dashboard.press("q");
    assert_eq!(dashboard.exit().await, 0);
}

#[rstest]
#[case::denied(Fault::access_denied(), "is not authorized to perform: lambda:ListFunctions")]
#[case::throttled(Fault::throttled(1), "too many API calls")]
#[case::failed(Fault::internal_error(), "ServiceException")]
#[case::proxy(Fault::html_bad_gateway(), "HTTP 502 without an AWS error")]
#[case::reset(Fault::Reset, "the connection broke")]
#[case::cut(Fault::malformed_json(), "the answer was cut or made no sense")]
#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_cannot_be_read_says_why_and_can_be_tried_again(
    #[case] fault: Fault,
    #[case] says: &str,
) {
    let server = FaultServer::start();
    server.always("*", fault);
    let mut dashboard = Harness::start(at(&server.endpoint()), (140, 30));
    // Where the sentence is longer than a row it is wrapped.
    let in_one_line = |screen: &str| screen.split_whitespace().collect::<Vec<_>>().join(" ");
    dashboard.wait_for(says, |screen| in_one_line(screen).contains(says)).await;
    let screen = dashboard.wait_text("✗").await;
    assert!(!screen.contains("<html"), "{screen}");
    server.heal();
    serve_functions(&server, 3, Duration::ZERO);
    dashboard.press("r");
    dashboard.wait_text("Functions 3").await;
    dashboard.press("q");
    assert_eq!(dashboard.exit().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_whose_next_page_is_always_the_same_comes_to_an_end() {
    let server = FaultServer::start();
    let page = json!({
        "Functions": [{ "FunctionName": "again", "FunctionArn": "arn:again" }],
        "NextMarker": "same",
    });
    server.always("ListFunctions", Fault::Answer(Reply::json(&page)));
    let mut dashboard = Harness::start(at(&server.endpoint()), SIZE);
    dashboard.wait_for("the end of the list", |screen| screen.contains("again") && !is_loading(screen)).await;
    dashboard.press("q");
    assert_eq!(dashboard.exit().await, 0);
    assert_eq!(server.count("ListFunctions"), 2);
}
