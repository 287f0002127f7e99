//! The Logs tab on functions that run: what they write appears, and the screen is the reader's.

use std::time::Duration;

use jiff::Timestamp;
use lambdeck::{
    cloud::Session,
    domain::{invocation::Request, secret::Secret},
    local::Engine,
};

use super::{SIZE, at, engine, on};
use crate::support::{
    fault_server::{
        Fault, FaultServer,
        canned::{LogScript, serve_functions},
    },
    harness::Harness,
};

/// Traffic as another client makes it.
async fn invoke(engine: &Engine, function: &str, event: &str) {
    let session = Session::open(&on(engine)).await.unwrap();
    let request = Request {
        function: function.into(),
        payload: std::sync::Arc::new(Secret::new(event)),
        timeout_s: Some(10),
        ..Request::default()
    };
    session.invoke(&request, None).await.unwrap();
}

async fn greet(engine: &Engine, name: &str) {
    invoke(engine, "greeter", &format!(r#"{{"name":"{name}","language":"de"}}"#)).await;
}

/// The rows of the log on a screen, below its histogram.
fn lines(screen: &str) -> Vec<&str> {
    screen.lines().skip(6).take(23).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn new_lines_appear_and_a_pause_keeps_its_place() {
    let engine = engine().await;
    for number in 0..8 {
        greet(&engine, &format!("early-{number}")).await;
    }
    let mut dashboard = Harness::start(on(&engine), SIZE);
    dashboard.wait_text("greeter").await;
    dashboard.press("/greeter<enter>l");
    dashboard.wait_text("Greeting early-7 in de").await;
    // More rows than the screen has: it shows the end.
    let screen = dashboard.wait_text("● live").await;
    assert!(!screen.contains("early-0"), "{screen}");
    greet(&engine, "first-new").await;
    dashboard.wait_text("Greeting first-new in de").await;

    dashboard.press("<space>");
    let held = dashboard.wait_text("paused").await;
    greet(&engine, "second-new").await;
    let after = dashboard.wait_text("4 new below").await;
    assert_eq!(lines(&held), lines(&after));

    dashboard.press("<space>");
    let screen = dashboard.wait_text("Greeting second-new in de").await;
    assert!(!screen.contains("paused"), "{screen}");

    // Whoever moves up reads: nothing moves under the eyes.
    dashboard.press("kkkkkkkkkk");
    let selected = |screen: &str| screen.lines().find(|line| line.starts_with('>')).map(str::to_owned);
    let held = dashboard
        .wait_for("ten rows up", |screen| selected(screen).is_some_and(|row| row.contains("early-7")))
        .await;
    greet(&engine, "third-new").await;
    let after = dashboard.wait_text("4 new below").await;
    assert_eq!(selected(&held), selected(&after));
    assert_eq!(lines(&held), lines(&after));
    dashboard.press("g");
    dashboard.wait_text("early-0").await;
    dashboard.press("f");
    dashboard.wait_text("Greeting third-new in de").await;
    dashboard.press("q");
    assert_eq!(dashboard.exit().await, 0);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_filtered_and_errors_are_found() {
    let engine = engine().await;
    let basket = r#"{"customer":"good","basket":[{"sku":"tea","unitPrice":"7.90","quantity":1}]}"#;
    invoke(&engine, "checkout-api", basket).await;
    invoke(&engine, "checkout-api", r#"{"customer":"bad","basket":[]}"#).await;
    let mut dashboard = Harness::start(on(&engine), (140, 40));
    dashboard.wait_text("checkout-api").await;
    dashboard.press("/checkout<enter>l");
    dashboard.wait_text("Pricing 1 lines for good").await;
    dashboard.wait_text("EmptyBasketError").await;

    dashboard.press("!");
    let screen = dashboard.wait_text("errors only").await;
    assert!(screen.contains("EmptyBasketError") && !screen.contains("Pricing"), "{screen}");
    assert!(!screen.contains("START RequestId"), "{screen}");
    // New ones that are no errors stay out, those that are come in.
    invoke(&engine, "checkout-api", basket).await;
    invoke(&engine, "checkout-api", r#"{"basket":[{"sku":"kettle","unitPrice":"1","quantity":-7}]}"#).await;
    let screen = dashboard.wait_text("Quantity of kettle is -7").await;
    assert!(!screen.contains("Pricing"), "{screen}");
    dashboard.press("!");
    dashboard.wait_text("Pricing 1 lines for good").await;

    dashboard.press("/pricing");
    let screen = dashboard.wait_for("two rows", |screen| screen.contains("2 of ")).await;
    assert_eq!(screen.matches("Pricing 1 lines").count(), 2, "{screen}");
    dashboard.press("<enter>");
    invoke(&engine, "checkout-api", basket).await;
    dashboard.wait_for("three rows", |screen| screen.contains("3 of ")).await;
    // Letters are text in the field and keys outside of it.
    dashboard.press("/ for nobody<enter>");
    dashboard.wait_text("No event that holds \"pricing for nobody\"").await;
    dashboard.press("<esc>");
    dashboard.wait_text("EmptyBasketError").await;

    // The whole event.
    dashboard.press("/emptybasket<enter>g<enter>");
    dashboard.wait_text("Log event").await;
    dashboard.wait_text("group     /aws/lambda/checkout-api").await;
    dashboard.press("qq");
    assert_eq!(dashboard.exit().await, 0);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_in_trouble_is_told_and_no_line_is_lost_or_shown_twice() {
    let server = FaultServer::start();
    serve_functions(&server, 1, Duration::ZERO);
    let log = LogScript::default();
    let group = "/aws/lambda/function-00000";
    let now = Timestamp::now().as_millisecond();
    log.push(group, "a", now - 3000, "before");
    log.serve(&server, 100, Duration::ZERO);
    let mut dashboard = Harness::start(at(&server.endpoint()), SIZE);
    dashboard.wait_text("function-00000").await;
    dashboard.press("l");
    dashboard.wait_text("before").await;
    dashboard.wait_text("● live").await;

    // What is written while the log can't be read comes when it can again.
    server.script("FilterLogEvents", [Fault::access_denied()]);
    dashboard.wait_text("denied").await;
    log.push(group, "a", Timestamp::now().as_millisecond(), "meanwhile");
    dashboard.wait_text("meanwhile").await;
    let screen = dashboard.wait_text("● live").await;
    assert_eq!(screen.matches("before").count(), 1, "{screen}");
    assert_eq!(screen.matches("meanwhile").count(), 1, "{screen}");
    dashboard.press("q");
    assert_eq!(dashboard.exit().await, 0);
}
