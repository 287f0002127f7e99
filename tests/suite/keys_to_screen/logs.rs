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
    dashboard.press("<home>");
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
    dashboard.press("/emptybasket<enter><home><enter>");
    dashboard.wait_text("Log event").await;
    dashboard.wait_text("EmptyBasketError").await;
    dashboard.press("<tab><tab>");
    dashboard.wait_text("group       /aws/lambda/checkout-api").await;
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

/// A log of function-00000 with a row for each of these times, in minutes before now.
fn script(server: &FaultServer, rows: impl IntoIterator<Item = (i64, String)>) -> LogScript {
    serve_functions(server, 1, Duration::ZERO);
    let log = LogScript::default();
    let now = Timestamp::now().as_millisecond();
    for (nth, (minutes, message)) in (0..).zip(rows) {
        log.push(GROUP, "a", now - minutes * 60_000 + nth, &message);
    }
    log.serve(server, 100, Duration::ZERO);
    log
}

const GROUP: &str = "/aws/lambda/function-00000";

#[tokio::test(flavor = "multi_thread")]
async fn one_scrolls_into_the_past_while_the_log_goes_on() {
    let server = FaultServer::start();
    let old = (0..30).map(|nth| (40, format!("old {nth:02}.")));
    let older = (0..30).map(|nth| (20, format!("older {nth:02}.")));
    let recent = (0..30).map(|nth| (5, format!("recent {nth:02}.")));
    let log = script(&server, old.chain(older).chain(recent));
    let mut dashboard = Harness::start(at(&server.endpoint()), SIZE);
    dashboard.wait_text("function-00000").await;
    dashboard.press("l");
    dashboard.wait_text("recent 29.").await;
    dashboard.wait_text("● live").await;

    // The first row stays where it is; what is older is above it.
    dashboard.press("<home>");
    dashboard.wait_for("the first row", |screen| lines(screen)[0].contains("recent 00.")).await;
    dashboard.press("k");
    dashboard.wait_text("60 events").await;
    log.push(GROUP, "a", Timestamp::now().as_millisecond(), "brand new.");
    let screen = dashboard.wait_text("1 new").await;
    assert!(lines(&screen)[0].contains("recent 00."), "{screen}");
    dashboard.press("k");
    dashboard.wait_for("a row before", |screen| lines(screen)[0].contains("older 29.")).await;
    dashboard.press("<home>");
    dashboard.wait_for("the window's first row", |screen| lines(screen)[0].contains("older 00.")).await;

    // The next window is longer, and one that fails is read when it is asked for again.
    server.always("FilterLogEvents", Fault::access_denied());
    dashboard.press("o");
    dashboard.wait_text("o tries again").await;
    log.serve(&server, 100, Duration::ZERO);
    dashboard.press("o");
    dashboard.wait_text("91 events").await;
    dashboard.press("<home>");
    dashboard.wait_for("the oldest", |screen| lines(screen)[0].contains("old 00.")).await;
    dashboard.press("f");
    dashboard.wait_text("brand new.").await;
    dashboard.press("q");
    assert_eq!(dashboard.exit().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shown_is_copied_and_written_to_a_file() {
    let server = FaultServer::start();
    let messages =
        ["priced 3 items\n", "\tINFO\t{\"basket\":{\"sku\":\"tea\"}}", "\u{1b}]0;owned\u{7} priced 4 items"];
    script(&server, messages.map(|message| (1, message.to_owned())));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.ndjson");
    let mut dashboard = Harness::start(at(&server.endpoint()), (140, 30));
    dashboard.wait_text("function-00000").await;
    dashboard.press("l");
    dashboard.wait_text("priced 4 items").await;

    dashboard.press("y");
    dashboard.wait_text("copied the message").await;
    assert_eq!(dashboard.terminal.copied.lock().unwrap()[..], ["␛]0;owned␇ priced 4 items"]);

    // The JSON in a message is a tree; back leads to its row.
    dashboard.press("k<enter>");
    dashboard.wait_text("[Tree]").await;
    let screen = dashboard.wait_text("sku: \"tea\"").await;
    assert!(!screen.contains("INFO"), "{screen}");
    dashboard.press("<esc>");
    let screen = dashboard.wait_text("priced 3 items").await;
    assert!(screen.lines().any(|line| line.starts_with('>') && line.contains("basket")), "{screen}");

    dashboard.press("/priced<enter>");
    dashboard.wait_text("2 of 3 events").await;
    dashboard.press("<ctrl-s>");
    dashboard.wait_text("Write what is shown to a file").await;
    dashboard.press("<ctrl-u>");
    dashboard.press(path.to_str().unwrap());
    dashboard.press("<enter>");
    dashboard.wait_text("2 events written to").await;
    let written = std::fs::read_to_string(&path).unwrap();
    let messages_of: Vec<String> = written
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["message"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(messages_of, [messages[0], messages[2]]);

    // Once more to the same place: not without being asked.
    dashboard.press("<ctrl-s><ctrl-u>");
    dashboard.press(path.to_str().unwrap());
    dashboard.press("<enter>");
    dashboard.wait_text("is there already").await;
    dashboard.press("n");
    dashboard.wait_for("no question", |screen| !screen.contains("is there already")).await;
    assert_eq!(std::fs::read_to_string(&path).unwrap(), written);
    dashboard.press("q");
    assert_eq!(dashboard.exit().await, 0);
}
