//! An event sent many times, against the local engine, counted on the way there.

use std::time::Duration;

use lambdeck::local::Engine;

use super::{SIZE, engine, on};
use crate::support::{
    fault_server::{Fault, FaultServer},
    harness::Harness,
};

/// The form for the greeter, with these numbers. All requests go through the server, which counts them.
async fn form(engine: &Engine, times: u32, at_once: u32) -> (FaultServer, Harness) {
    let server = FaultServer::forwarding(&engine.endpoint_url());
    let mut spec = on(engine);
    spec.endpoint_url = Some(server.endpoint());
    let mut dashboard = Harness::start(spec, SIZE);
    dashboard.wait_text("greeter").await;
    dashboard.press("/greeter<enter><enter>");
    dashboard.wait_text("Reserved concurrency").await;
    dashboard.press("i");
    dashboard.wait_text("\"key\": \"value\"").await;
    dashboard.press(&format!("R{times}<tab>{at_once}"));
    dashboard
        .wait_for("the numbers", |screen| {
            screen.contains(&format!("> {at_once}")) && screen.contains("Times")
        })
        .await;
    (server, dashboard)
}

/// What the view says were sent.
fn sent(screen: &str) -> usize {
    let state = screen.lines().find(|line| line.contains("were sent")).unwrap();
    let words: Vec<&str> = state.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "of").unwrap();
    words[at - 1].parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_as_were_typed_arrive_and_all_of_them_are_counted() {
    let engine = engine().await;
    let (server, mut dashboard) = form(&engine, 40, 4).await;
    assert_eq!(server.count("Invoke"), 0);
    dashboard.press("<enter>");
    let screen = dashboard.wait_text("over: all 40 were sent and went well").await;
    assert_eq!(server.count("Invoke"), 40);
    for wanted in ["● OK", "100%", "Duration", "Round trip", "requests/s", "Billed", "Durations"] {
        assert!(screen.contains(wanted), "{wanted}: {screen}");
    }
    // An endpoint that bills nothing has no cost.
    assert!(!screen.contains("Est. cost"), "{screen}");
    // None of them is one of the invocations.
    dashboard.press("<esc>");
    dashboard.wait_text("Nothing was sent yet").await;
    dashboard.press("q");
    assert_eq!(dashboard.exit().await, 0);
    assert_eq!(server.count("Invoke"), 40);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_caps_nothing_leaves_without_a_yes() {
    let engine = engine().await;
    let (server, mut dashboard) = form(&engine, 101, 10).await;
    dashboard.press("<enter>");
    dashboard.wait_text("Send greeter 101 times, 10 at a time?").await;
    dashboard.press("n");
    dashboard.wait_text("more than 100 times").await;
    assert_eq!(server.count("Invoke"), 0);
    // Another key between: enter is not the one that may have been held.
    dashboard.press("<tab><tab><enter>");
    dashboard.wait_text("Send greeter 101 times").await;
    dashboard.press("y");
    dashboard.wait_text("all 101 were sent").await;
    assert_eq!(server.count("Invoke"), 101);
    dashboard.press("<esc>q");
    assert_eq!(dashboard.exit().await, 0);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn once_stopped_no_further_one_leaves_and_those_on_their_way_are_counted() {
    let engine = engine().await;
    let (server, mut dashboard) = form(&engine, 100, 5).await;
    server.always("Invoke", Fault::Pass.after(Duration::from_millis(500)));
    dashboard.press("<enter>");
    server.arrived("Invoke", 5).await;
    dashboard.press("s");
    dashboard.wait_text("are waited for").await;
    let screen = dashboard.wait_text("○ stopped:").await;
    let count = sent(&screen);
    assert!((5..100).contains(&count), "{screen}");
    assert_eq!(server.count("Invoke"), count);
    assert!(screen.contains(&format!("{count} 100%")), "{screen}");
    dashboard.press("<esc>q");
    assert_eq!(dashboard.exit().await, 0);
    assert_eq!(server.count("Invoke"), count);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_left_and_come_back_to_while_it_goes_on_and_quitting_asks() {
    let engine = engine().await;
    let (server, mut dashboard) = form(&engine, 100, 2).await;
    server.always("Invoke", Fault::Pass.after(Duration::from_millis(300)));
    dashboard.press("<enter>");
    dashboard.wait_text("sending:").await;
    dashboard.press("<esc>");
    dashboard.wait_text("◐ repeat").await;
    dashboard.press("R");
    dashboard.wait_text("sending:").await;
    dashboard.press("<esc>q");
    dashboard.wait_text("Quit while an event is being sent many times?").await;
    dashboard.press("y");
    assert_eq!(dashboard.exit().await, 0);
    // Nothing is begun after the end.
    let count = server.count("Invoke");
    assert!(count < 100);
    engine.shutdown().await;
}
