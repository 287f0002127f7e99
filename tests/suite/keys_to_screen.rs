//! Keys in, screen out: the real loop and the real SDK, against the local engine or an endpoint that fails.

use std::time::Duration;

use crossterm::event::Event;
use lambdeck::{
    app::Msg,
    cloud::Spec,
    local::{Engine, Options},
};

use crate::support::{
    engine::{options, spec as on},
    fault_server::{Fault, FaultServer, refused_endpoint},
    harness::Harness,
};

mod answers;
mod environment;
mod lists;
mod log_sources;
mod logs;
mod repeat;
mod request_log;
mod sessions;
mod versions;

const SIZE: (u16, u16) = (100, 30);

async fn engine() -> Engine {
    Engine::start(Options { samples: true, ..options() }).await.unwrap()
}

fn at(endpoint: &str) -> Spec {
    Spec {
        region: Some("us-east-1".into()),
        endpoint_url: Some(endpoint.into()),
        keys: Some(("test".into(), "test".into())),
        ..Spec::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn list_filter_open_invoke_and_back() {
    let engine = engine().await;
    let mut dashboard = Harness::start(on(&engine), SIZE);
    dashboard.wait_text("checkout-api").await;
    dashboard.wait_text("● Active").await;
    dashboard.wait_text("123456789012").await;

    dashboard.press("/checkout<enter>");
    dashboard.wait_for("only checkout-api", |screen| !screen.contains("greeter")).await;
    dashboard.press("<enter>");
    dashboard.wait_text("Reserved concurrency").await;
    dashboard.press("i");
    dashboard.wait_text("\"key\": \"value\"").await;
    dashboard.press("e");
    dashboard.wait_text("editing").await;
    dashboard.press("<ctrl-a>");
    for _ in 0..5 {
        dashboard.press("<ctrl-k><ctrl-k>");
    }
    dashboard.press(r#"{"basket":[{"sku":"tea","unitPrice":"7.90","quantity":1}]}"#);
    dashboard.press("<f5>");
    dashboard.wait_text("● OK 200").await;
    dashboard.wait_text("\"total\": \"12.80\"").await;
    dashboard.press("<esc>");
    dashboard.wait_text("1 of").await;
    // Esc drops the filter, and never ends the program.
    dashboard.press("<esc>");
    dashboard.wait_text("greeter").await;
    dashboard.press("<esc><esc>");
    dashboard.press("q");
    assert_eq!(dashboard.exit().await, 0);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_masked_until_revealed() {
    let engine = engine().await;
    let mut dashboard = Harness::start(on(&engine), SIZE);
    dashboard.wait_text("checkout-api").await;
    dashboard.press("/checkout<enter>E");
    let masked = dashboard.wait_text("••••").await;
    dashboard.press("x");
    let revealed =
        dashboard.wait_for("a revealed value", |screen| screen != masked && screen.contains("shown")).await;
    dashboard.press("x");
    dashboard.wait_for("a masked value", |screen| !screen.contains("shown")).await;
    assert_ne!(masked, revealed);
    dashboard.press("<esc>q");
    assert_eq!(dashboard.exit().await, 0);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_drawn_while_nothing_happens() {
    let engine = engine().await;
    let mut dashboard = Harness::start(on(&engine), SIZE);
    dashboard
        .wait_for("all states", |screen| {
            let rows = screen.lines().filter(|line| line.contains("provided")).count();
            rows >= 4 && screen.matches("● Active").count() == rows
        })
        .await;
    let before = dashboard.frames();
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(dashboard.frames(), before);
    dashboard.press("q");
    dashboard.exit().await;
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_size_is_drawn_and_a_storm_of_them_survived() {
    let engine = engine().await;
    let mut dashboard = Harness::start(on(&engine), SIZE);
    dashboard.wait_text("checkout-api").await;
    for step in 0..200u16 {
        dashboard.resize(1 + step * 7 % 210, 1 + step * 3 % 65);
    }
    dashboard.resize(SIZE.0, SIZE.1);
    dashboard.wait_text("checkout-api").await;
    dashboard.press("q");
    assert_eq!(dashboard.exit().await, 0);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_endpoint_freezes_nothing() {
    let server = FaultServer::start();
    server.always("ListFunctions", Fault::Hang);
    server.always("GetCallerIdentity", Fault::Hang);
    let mut dashboard = Harness::start(at(&server.endpoint()), SIZE);
    server.arrived("ListFunctions", 1).await;
    dashboard.press("?");
    dashboard.wait_text("Keys of this place").await;
    dashboard.press("<esc>q");
    assert_eq!(dashboard.exit().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_connection_says_so_and_what_to_do() {
    let mut dashboard = Harness::start(at(&refused_endpoint()), SIZE);
    dashboard.wait_text("no connection").await;
    dashboard.wait_text("check the network and the endpoint").await;
    dashboard.press("q");
    assert_eq!(dashboard.exit().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_credentials_name_the_command_that_renews_them() {
    let server = FaultServer::start();
    server.always("ListFunctions", Fault::expired_token());
    server.always("GetCallerIdentity", Fault::expired_token());
    let mut dashboard = Harness::start(at(&server.endpoint()), SIZE);
    dashboard.wait_text("aws sso login").await;
    dashboard.press("q");
    assert_eq!(dashboard.exit().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoke_that_is_reset_was_sent_once_and_reads_outcome_unknown() {
    let engine = engine().await;
    let server = FaultServer::forwarding(&engine.endpoint_url());
    server.always("Invoke", Fault::PassThenReset);
    let mut spec = on(&engine);
    spec.endpoint_url = Some(server.endpoint());
    let mut dashboard = Harness::start(spec, SIZE);
    dashboard.wait_text("checkout-api").await;
    dashboard.press("i");
    dashboard.wait_text("\"key\": \"value\"").await;
    dashboard.press("<enter>");
    dashboard.wait_text("OUTCOME UNKNOWN").await;
    assert_eq!(server.count("Invoke"), 1);
    dashboard.press("<esc>q");
    assert_eq!(dashboard.exit().await, 0);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_answered_while_a_list_is_loading() {
    let server = FaultServer::start();
    server.always("ListFunctions", Fault::Hang);
    let mut dashboard = Harness::start(at(&server.endpoint()), SIZE);
    server.arrived("ListFunctions", 1).await;
    dashboard.press(":");
    dashboard.wait_text("connect with another profile").await;
    dashboard.press("<esc>");
    dashboard.send(Event::Paste("q".into()));
    dashboard.press("/chec");
    dashboard.wait_text("/chec").await;
    dashboard.press("<esc>q");
    assert_eq!(dashboard.exit().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_results_starves_neither_keys_nor_the_screen() {
    let server = FaultServer::start();
    server.always("*", Fault::Hang);
    let mut dashboard = Harness::start(at(&server.endpoint()), SIZE);
    let results = dashboard.results.clone();
    let flood =
        tokio::spawn(async move { while results.send(Msg::Trouble("trouble".into())).await.is_ok() {} });
    dashboard.wait_text("error: trouble").await;
    let before = dashboard.frames();
    dashboard.wait_frames(before + 10).await;
    dashboard.press("?");
    dashboard.wait_text("Keys of this place").await;
    dashboard.press("qq");
    assert_eq!(dashboard.exit().await, 0);
    flood.await.unwrap();
}
