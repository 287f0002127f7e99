//! The workbench, against the local engine: an answer looked through, two compared, an event kept and taken up again.

use std::{fs, path::Path};

use lambdeck::{
    cloud::journal::Journal,
    disk::{Disk, Events, Invocations},
};

use super::{SIZE, engine, on};
use crate::support::harness::Harness;

/// In the event, and so in the response.
const CANARY: &str = "canary-1b7e";

fn disk(home: &Path) -> Disk {
    Disk {
        events: Some(Events::new(home.join("events"))),
        invocations: Some(Invocations::new(home.join("invocations.jsonl"), false)),
    }
}

/// The files below a folder that hold a text.
fn holding(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, text));
        } else if String::from_utf8_lossy(&fs::read(&path).unwrap()).contains(text) {
            found.push(path.to_string_lossy().into_owned());
        }
    }
    found
}

async fn at_test(dashboard: &mut Harness) {
    dashboard.wait_text("greeter").await;
    dashboard.press("/greeter<enter>i");
    dashboard.wait_text("\"key\": \"value\"").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_sent_its_answers_looked_through_and_compared_and_the_event_kept() {
    let (home, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let engine = engine().await;
    let mut spec = on(&engine);
    spec.journal = Some(Journal::new(home.path().join("journal.jsonl")));
    let file = elsewhere.path().join("ada.json");
    fs::write(&file, format!("{{\"name\": \"{CANARY}\"}}")).unwrap();

    let mut dashboard = Harness::start_on(spec.clone(), SIZE, disk(home.path()));
    at_test(&mut dashboard).await;
    dashboard.press("t");
    dashboard.wait_text("Events for greeter").await;
    dashboard.wait_for("all that can be chosen", |screen| !screen.contains("reading…")).await;
    dashboard.press(&format!("<ctrl-o>{}<enter>", file.display()));
    dashboard.wait_text(CANARY).await;
    dashboard.press("J<enter>");
    dashboard.wait_text("● OK 200").await;

    dashboard.press("o");
    dashboard.wait_text("[Pretty]").await;
    dashboard.press("|.greeting | @base64<enter>");
    dashboard.wait_text("> jq .greeting | @base64").await;
    dashboard.press("x");
    dashboard.wait_text(">> base64").await;
    dashboard.wait_text(&format!("Hello, {CANARY}!")).await;
    dashboard.press("<esc><esc>/before<enter>");
    dashboard.wait_text("\"greetedBefore\": 0").await;
    dashboard.press("|.[<enter>");
    dashboard.wait_text("✗").await;
    dashboard.press("<esc>");
    dashboard.wait_for("the Test tab", |screen| !screen.contains("[Pretty]")).await;

    dashboard.press("<enter>");
    dashboard.wait_text("#2").await;
    dashboard.wait_for("the second answer", |screen| screen.matches("● OK 200").count() >= 2).await;
    dashboard.press("h");
    dashboard.wait_text("Invocations of greeter").await;
    let listed = dashboard.wait_for("the history", |screen| !screen.contains("Reading earlier ones")).await;
    assert_eq!(listed.matches("● OK 200").count(), 2, "each is listed once:\n{listed}");
    dashboard.press("c");
    dashboard.wait_text(".greetedBefore  changed").await;
    dashboard.press("<esc><esc><ctrl-s>");
    dashboard.wait_text("Save the event as").await;
    dashboard.press("<ctrl-u>Ada Lovelace<enter>");
    dashboard.wait_text("saved: Ada Lovelace for greeter").await;
    dashboard.press("q");
    assert_eq!(dashboard.exit().await, 0);

    // Another run knows the event and what was sent, and has no event but the saved one.
    let mut dashboard = Harness::start_on(spec, SIZE, disk(home.path()));
    at_test(&mut dashboard).await;
    dashboard.press("t");
    dashboard.wait_text("> Ada Lovelace").await;
    dashboard.press("lovel<enter>");
    dashboard.wait_text(CANARY).await;
    dashboard.press("h");
    let listed = dashboard.wait_for("the history", |screen| screen.matches("● OK 200").count() == 2).await;
    assert!(!listed.contains("elsewhere"), "{listed}");
    dashboard.press("i");
    dashboard.wait_text("its event was not kept").await;
    dashboard.press("J<enter>");
    dashboard.wait_text("payloads = true").await;
    dashboard.press("<esc><esc>q");
    assert_eq!(dashboard.exit().await, 0);
    engine.shutdown().await;

    let holding = holding(home.path(), CANARY);
    assert!(holding.len() == 1 && holding[0].contains("events"), "{holding:?}");
}
