//! The logs of several functions that run, as one.

use std::time::Duration;

use lambdeck::{
    cloud::Session,
    domain::{invocation::Request, secret::Secret},
    local::Engine,
};

use super::{SIZE, engine, on};
use crate::support::{engine::client, harness::Harness};

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

#[tokio::test(flavor = "multi_thread")]
async fn two_functions_and_those_of_a_tag_are_followed_as_one() {
    let engine = engine().await;
    invoke(&engine, "greeter", r#"{"name":"Ada","language":"de"}"#).await;
    invoke(&engine, "order-events", r#"{"Records":[]}"#).await;
    let mut dashboard = Harness::start(on(&engine), SIZE);
    dashboard.wait_text("greeter").await;
    dashboard.press(":logs greet* order-events<enter>");
    let screen = dashboard.wait_text("Greeting Ada in de").await;
    assert!(screen.contains("greet*  greeter, order-events"), "{screen}");
    // What both wrote is there: a REPORT of each.
    dashboard.wait_for("both reports", |screen| screen.matches("REPORT RequestId").count() >= 2).await;
    // Only one of them is shown.
    dashboard.press("S<down><enter><esc>");
    dashboard
        .wait_for("order-events alone", |screen| screen.contains("1 muted") && !screen.contains("Ada"))
        .await;
    dashboard.press("S<enter><esc>");
    dashboard.wait_for("greeter alone", |screen| screen.contains("Ada") && screen.contains("1 muted")).await;
    dashboard.press("<esc>");
    dashboard.wait_text("Functions").await;

    let greeter = client(&engine).get_function().function_name("greeter").send().await.unwrap();
    let arn = greeter.configuration().and_then(|function| function.function_arn()).unwrap().to_owned();
    client(&engine).tag_resource().resource(arn).tags("team", "a").send().await.unwrap();
    dashboard.press(":logs tag:team=a<enter>");
    let screen = dashboard.wait_text("Greeting Ada in de").await;
    assert!(screen.contains("tag:team=a  greeter"), "{screen}");
    invoke(&engine, "greeter", r#"{"name":"Grace","language":"de"}"#).await;
    tokio::time::timeout(Duration::from_mins(1), dashboard.wait_text("Greeting Grace in de")).await.unwrap();
    dashboard.press(":logs tag:team=b<enter>");
    dashboard.wait_text("nothing fits tag:team=b").await;
}
