//! Environment variables from the keys to the function and back, also with somebody else at work.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use lambdeck::{
    cloud::Session,
    domain::{
        change::{Change, Consent, Order, Permit},
        secret::Secret,
    },
};

use super::*;

const CANARY: &str = "canary-5c1e";

/// Somebody else gives a variable a value, behind the dashboard's back.
async fn elsewhere(session: &Session, key: &str, value: &str) {
    let details = session.get_function("greeter", None).await.unwrap();
    let before = details.configuration.environment.clone().unwrap_or_default().variables;
    let mut after = before.clone();
    after.insert(key.into(), Secret::new(value));
    let order = Order {
        function: "greeter".into(),
        revision_id: details.configuration.revision_id.clone(),
        change: Change::Environment { before, after },
    };
    let permit = Permit { place: session.place(), function: "greeter".into(), consent: Consent::Yes };
    session.write(&order, &permit).await.unwrap();
}

async fn value(session: &Session, key: &str) -> Option<String> {
    let details = session.get_function("greeter", None).await.unwrap();
    let variables = details.configuration.environment.clone().unwrap_or_default().variables;
    variables.get(key).map(|value| value.reveal().to_owned())
}

/// Opens the tab of `greeter`, whose variables are read.
async fn opened(spec: Spec) -> Harness {
    let mut dashboard = Harness::start(spec, SIZE);
    dashboard.wait_text("greeter").await;
    dashboard.press("/greeter<enter>E");
    dashboard.wait_text("of 4,096 bytes").await;
    dashboard
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_is_changed_saved_and_put_back() {
    let engine = engine().await;
    let session = Session::open(&on(&engine)).await.unwrap();
    elsewhere(&session, "E2E_TOKEN", "first").await;
    let mut dashboard = opened(on(&engine)).await;
    let shown = dashboard.wait_text("E2E_TOKEN").await;
    assert!(!shown.contains("first"), "{shown}");
    // Eight keys beside the text, two of which have brought us here.
    dashboard.press(&format!("/e2e<enter><ctrl-u>{CANARY}<ctrl-s>"));
    let review = dashboard.wait_text("Save this change?").await;
    assert!(review.contains("~ E2E_TOKEN  (5 bytes) → (11 bytes)") && !review.contains(CANARY), "{review}");
    dashboard.press("y");
    dashboard.wait_text("is saved and in use").await;
    assert_eq!(value(&session, "E2E_TOKEN").await.as_deref(), Some(CANARY));
    dashboard.press("U");
    dashboard.wait_text("(11 bytes) → (5 bytes)").await;
    dashboard.press("y");
    let settled = |screen: &str| {
        let row = screen.lines().find(|line| line.contains("E2E_TOKEN")).unwrap_or_default();
        row.contains("5 bytes") && !row.contains("→") && !screen.contains('◐') && !screen.contains("unsaved")
    };
    let shown = dashboard.wait_for("the value of before", settled).await;
    assert_eq!(value(&session, "E2E_TOKEN").await.as_deref(), Some("first"));
    assert!(!shown.contains(CANARY), "{shown}");
    dashboard.press("<esc>q");
    assert_eq!(dashboard.exit().await, 0);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_change_is_merged_and_never_overwritten_unasked() {
    let engine = engine().await;
    let session = Session::open(&on(&engine)).await.unwrap();
    elsewhere(&session, "E2E_SHARED", "base").await;
    let mut dashboard = opened(on(&engine)).await;
    dashboard.wait_text("E2E_SHARED").await;
    dashboard.press("/shared<enter><ctrl-u>mine<enter>+E2E_MINE<enter>1<enter>");
    dashboard.wait_text("2 unsaved changes").await;
    elsewhere(&session, "E2E_SHARED", "theirs").await;
    elsewhere(&session, "E2E_THEIRS", "2").await;
    dashboard.press("<ctrl-s>");
    dashboard.wait_text("Save this change?").await;
    dashboard.press("y");
    // Refused by its revision, read again, and laid side by side.
    let merge = dashboard.wait_text("1 of 3 to decide").await;
    assert!(!merge.contains("theirs-"), "{merge}");
    assert_eq!(value(&session, "E2E_SHARED").await.as_deref(), Some("theirs"));
    dashboard.press("m<enter>");
    dashboard.wait_text("Save this change?").await;
    dashboard.press("y");
    dashboard.wait_text("saved and in use").await;
    for (key, expected) in [("E2E_SHARED", "mine"), ("E2E_MINE", "1"), ("E2E_THEIRS", "2")] {
        assert_eq!(value(&session, key).await.as_deref(), Some(expected), "{key}");
    }
    dashboard.press("<esc>q");
    assert_eq!(dashboard.exit().await, 0);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_into_a_network_that_is_gone_keeps_what_was_typed() {
    let engine = engine().await;
    let server = FaultServer::forwarding(&engine.endpoint_url());
    let mut spec = on(&engine);
    spec.endpoint_url = Some(server.endpoint());
    let mut dashboard = opened(spec).await;
    dashboard.press("+E2E_KEPT<enter>1<enter>");
    dashboard.wait_text("1 unsaved change").await;
    server.always("UpdateFunctionConfiguration", Fault::expired_token());
    dashboard.press("<ctrl-s>");
    dashboard.wait_text("Save this change?").await;
    dashboard.press("y");
    dashboard.wait_text("✗ error").await;
    dashboard.wait_text("1 unsaved change").await;
    let session = Session::open(&on(&engine)).await.unwrap();
    assert_eq!(value(&session, "E2E_KEPT").await, None);
    server.always("UpdateFunctionConfiguration", Fault::Pass);
    dashboard.press("<ctrl-s>");
    dashboard.wait_text("Save this change?").await;
    dashboard.press("y");
    dashboard.wait_text("saved and in use").await;
    assert_eq!(value(&session, "E2E_KEPT").await.as_deref(), Some("1"));
    dashboard.press("<esc>q");
    assert_eq!(dashboard.exit().await, 0);
    engine.shutdown().await;
}

/// Whatever befalls the request: it is sent once, what is known is said, and what was not done is still a draft.
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_at_the_save_loses_nothing_and_sends_nothing_twice() {
    let engine = engine().await;
    let session = Session::open(&on(&engine)).await.unwrap();
    let faults = [
        (Fault::access_denied(), "(AccessDeniedException)"),
        (Fault::throttled(1), "too many API calls"),
        (Fault::conflict("greeter"), "(ResourceConflictException)"),
        (Fault::internal_error(), "so far;"),
        (Fault::html_bad_gateway(), "so far;"),
        (Fault::Reset, "so far;"),
        (Fault::Close, "so far;"),
        (Fault::PassThenReset, "saved and in use"),
    ];
    for (number, (fault, told)) in faults.into_iter().enumerate() {
        let is_done = matches!(fault, Fault::PassThenReset);
        let server = FaultServer::forwarding(&engine.endpoint_url());
        let mut dashboard = opened(Spec { endpoint_url: Some(server.endpoint()), ..on(&engine) }).await;
        let key = format!("E2E_FAULT_{number}");
        dashboard.press(&format!("+{key}<enter>1<enter>"));
        dashboard.wait_text("1 unsaved change").await;
        server.script("UpdateFunctionConfiguration", [fault]);
        dashboard.press("<ctrl-s>");
        dashboard.wait_text("Save this change?").await;
        dashboard.press("y");
        dashboard.wait_for(told, |screen| !screen.contains("Save this change?")).await;
        dashboard.press(":messages<enter>");
        dashboard.wait_text(told).await;
        dashboard.press("<esc>");
        if !is_done {
            dashboard.wait_text("1 unsaved change").await;
        }
        assert_eq!(server.count("UpdateFunctionConfiguration"), 1, "{told}");
        assert_eq!(value(&session, &key).await.is_some(), is_done, "{told}");
        dashboard.press(":quit<enter>");
        if !is_done {
            dashboard.wait_text("Quit without saving?").await;
            dashboard.press("y");
        }
        assert_eq!(dashboard.exit().await, 0);
    }
    engine.shutdown().await;
}

/// The request was taken, and then nothing can be read any more: neither is it called failed, nor is it sent again.
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_behind_the_save_says_what_is_known() {
    let engine = engine().await;
    let session = Session::open(&on(&engine)).await.unwrap();
    let cases = [
        // The save was answered; it can't be seen settle.
        (Fault::Pass, "it is saved, but whether it is in use is not known", false),
        // The save was done without an answer; it can't be seen either.
        (Fault::PassThenReset, "whether it was done is not known", true),
    ];
    for (number, (save, told, keeps_draft)) in cases.into_iter().enumerate() {
        let server = FaultServer::forwarding(&engine.endpoint_url());
        let mut dashboard = opened(Spec { endpoint_url: Some(server.endpoint()), ..on(&engine) }).await;
        let key = format!("E2E_BEHIND_{number}");
        dashboard.press(&format!("+{key}<enter>1<enter>"));
        dashboard.wait_text("1 unsaved change").await;
        // All reads behind the save are refused. They can't be counted: the list may still be reading its states.
        let saved = Arc::new(AtomicBool::new(false));
        let saving = Arc::clone(&saved);
        server.answer("UpdateFunctionConfiguration", move |_| {
            saving.store(true, Ordering::Relaxed);
            save.clone()
        });
        server.answer("GetFunction", move |_| {
            if saved.load(Ordering::Relaxed) { Fault::access_denied() } else { Fault::Pass }
        });
        dashboard.press("<ctrl-s>");
        dashboard.wait_text("Save this change?").await;
        dashboard.press("y");
        dashboard.wait_for(told, |screen| !screen.contains("Save this change?")).await;
        dashboard.press(":messages<enter>");
        dashboard.wait_text(told).await;
        dashboard.press("<esc>");
        assert_eq!(server.count("UpdateFunctionConfiguration"), 1, "{told}");
        assert_eq!(value(&session, &key).await.as_deref(), Some("1"), "{told}");
        dashboard.press(":quit<enter>");
        if keeps_draft {
            dashboard.wait_text("Quit without saving?").await;
            dashboard.press("y");
        }
        assert_eq!(dashboard.exit().await, 0);
        assert_eq!(server.count("UpdateFunctionConfiguration"), 1, "{told}");
    }
    engine.shutdown().await;
}
