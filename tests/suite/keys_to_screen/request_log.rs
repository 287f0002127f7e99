//! From an invocation to its log, on functions that run while others invoke them too.

use std::{sync::Arc, time::Duration};

use lambdeck::{
    cloud::Session,
    domain::{invocation::Request, secret::Secret},
};
use tokio_util::sync::CancellationToken;

use super::{SIZE, engine, on};
use crate::support::harness::Harness;

/// The rows of the log on a screen: each begins with a time.
fn lines(screen: &str) -> Vec<&str> {
    let is_event = |line: &&str| line.get(1..3).is_some_and(|hour| hour.bytes().all(|b| b.is_ascii_digit()));
    screen.lines().filter(is_event).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_shows_exactly_the_lines_of_ones_own_invocation() {
    let engine = engine().await;
    // Traffic before, meanwhile and after.
    let session = Session::open(&on(&engine)).await.unwrap();
    let stop = CancellationToken::new();
    let others: Vec<_> = (0..3)
        .map(|client| {
            let (session, stop) = (session.clone(), stop.clone());
            tokio::spawn(async move {
                let mut sent = 0;
                while !stop.is_cancelled() {
                    sent += 1;
                    let event = format!(r#"{{"name":"other-{client}-{sent}","language":"de"}}"#);
                    let payload = Arc::new(Secret::new(&*event));
                    let request = Request { function: "greeter".into(), payload, ..Request::default() };
                    session.invoke(&request, None).await.unwrap();
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            })
        })
        .collect();

    let mut dashboard = Harness::start(on(&engine), SIZE);
    dashboard.wait_text("greeter").await;
    dashboard.press("/greeter<enter>i");
    dashboard.wait_text("\"key\": \"value\"").await;
    dashboard.press("e<ctrl-a>");
    for _ in 0..5 {
        dashboard.press("<ctrl-k><ctrl-k>");
    }
    dashboard.press(r#"{"name":"mine","language":"fr"}"#);
    dashboard.press("<f5>");
    dashboard.wait_text("Bonjour, mine").await;
    dashboard.press("L");
    dashboard.wait_text("Request ").await;
    let screen = dashboard.wait_for("its REPORT", |screen| screen.contains("REPORT RequestId")).await;
    assert!(screen.contains("esc shows all lines"), "{screen}");
    let rows = lines(&screen);
    let has = |text: &str| rows.iter().filter(|row| row.contains(text)).count();
    assert_eq!(
        (has("START"), has("Greeting mine in fr"), has("END"), has("REPORT")),
        (1, 1, 1, 1),
        "{screen}"
    );
    assert!(!screen.contains("other-"), "{screen}");
    // Its figures stand in the heading, and no line of another one comes in while they go on.
    assert!(screen.contains("billed "), "{screen}");
    dashboard.wait_for("more of others' lines", |screen| !lines(screen).is_empty()).await;
    tokio::time::timeout(Duration::from_secs(20), async {
        let before = dashboard.frames();
        dashboard.wait_frames(before + 5).await;
    })
    .await
    .unwrap();
    let later = dashboard.screen();
    assert_eq!(lines(&later), rows, "{later}");

    // All lines, and back to the list.
    dashboard.press("<esc>");
    let screen = dashboard.wait_text("Greeting other-").await;
    assert!(!screen.contains("esc shows all lines"), "{screen}");
    stop.cancel();
    for other in others {
        other.await.unwrap();
    }
    dashboard.press("<esc>q");
    assert_eq!(dashboard.exit().await, 0);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_a_queued_event_comes_when_its_turn_does() {
    let engine = engine().await;
    let mut dashboard = Harness::start(on(&engine), SIZE);
    dashboard.wait_text("greeter").await;
    dashboard.press("/greeter<enter>i");
    dashboard.wait_text("\"key\": \"value\"").await;
    dashboard.press("s");
    dashboard.wait_text("queue the event").await;
    dashboard.press("Event<enter>");
    dashboard.wait_text("as Event").await;
    dashboard.press("J<enter>");
    dashboard.wait_text("QUEUED").await;
    dashboard.press("L");
    dashboard.wait_text("Request ").await;
    let screen = dashboard.wait_for("its REPORT", |screen| screen.contains("REPORT RequestId")).await;
    assert!(screen.contains("START RequestId") && screen.contains("billed "), "{screen}");
    dashboard.press("<esc><esc>q");
    assert_eq!(dashboard.exit().await, 0);
    engine.shutdown().await;
}
