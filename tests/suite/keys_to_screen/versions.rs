//! Versions and aliases, against the local engine: published, pointed to, weighed, rolled back, deleted.

use lambdeck::{
    cloud::{Session, journal::Journal},
    domain::{
        change::{Change, Consent, Order, Permit},
        place::Place,
        settings::{Setting, Settings},
    },
};

use super::{SIZE, engine, on};
use crate::support::harness::Harness;

/// Changes the memory as somebody else would.
async fn change_memory(session: &Session, name: &str, memory: &str) {
    let details = session.get_function(name, None).await.unwrap();
    let before = Settings::of(&details.configuration);
    let mut after = before.clone();
    after.set(Setting::Memory, memory);
    let order = Order {
        function: name.into(),
        revision_id: details.configuration.revision_id,
        change: Change::Settings { before, after },
    };
    let place = Place {
        profile: None,
        account: session.identity().await.unwrap().account,
        region: session.region().into(),
        endpoint: session.endpoint().map(str::to_owned),
    };
    let permit = Permit { place, function: name.into(), consent: Consent::Yes };
    session.write(&order, &permit).await.unwrap();
}

async fn publish(dashboard: &mut Harness, description: &str, version: &str) {
    dashboard.press("p");
    dashboard.wait_text("Description of the new version").await;
    dashboard.press(&format!("{description}<enter>"));
    dashboard.wait_text("Publish a version?").await;
    dashboard.press("y");
    dashboard.wait_text(&format!(", {version} version")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_first_version_to_a_rollback_in_two_keys() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine().await;
    let mut spec = on(&engine);
    spec.journal = Some(Journal::new(folder.path().join("journal.jsonl")));
    let session = Session::open(&spec).await.unwrap();
    let mut dashboard = Harness::start(spec.clone(), SIZE);
    dashboard.wait_text("greeter").await;
    dashboard.press("/greeter<enter>v");
    dashboard.wait_text("not published yet").await;
    publish(&mut dashboard, "the first", "1").await;
    dashboard.wait_text("nothing to publish").await;
    dashboard.press("p");
    dashboard.wait_text("AWS would make no new version").await;

    // An alias of version 1, and then of version 2.
    dashboard.press("j+live<enter>");
    dashboard.wait_text("Create this alias?").await;
    dashboard.press("y");
    dashboard.wait_text("1 alias").await;
    change_memory(&session, "greeter", "512").await;
    dashboard.press("r");
    dashboard.wait_text("differs from 1: Memory").await;
    publish(&mut dashboard, "more memory", "2").await;
    dashboard.press("aw10<enter>");
    dashboard.wait_text("1 → 1 90 %, 2 10 %").await;
    dashboard.press("y");
    dashboard.wait_text("1 90 % █").await;
    dashboard.press("P");
    dashboard.wait_text("1 90 %, 2 10 % → 2").await;
    dashboard.press("y");
    dashboard.wait_text("Alias live 1 90 %, 2 10 % → 2 is saved").await;
    dashboard.wait_for("no bar", |screen| !screen.contains('█')).await;

    // Another terminal, in a hurry.
    dashboard.press("q");
    assert_eq!(dashboard.exit().await, 0);
    let mut dashboard = Harness::start(spec.clone(), SIZE);
    dashboard.wait_text("greeter").await;
    dashboard.press("/greeter<enter>");
    dashboard.wait_for("one row", |screen| !screen.contains("checkout-api")).await;
    dashboard.press("ab");
    let screen = dashboard.wait_text("Change this alias?").await;
    assert!(screen.contains("Alias live  2 → 1"), "{screen}");
    assert!(screen.contains("It pointed to 1 before") && screen.contains("\"the first\""), "{screen}");
    // It came up by itself, with what was read: nobody can have read it at once.
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    dashboard.press("y");
    dashboard.wait_text("Alias live 2 → 1 is saved").await;
    let releases = session.releases("greeter").await.unwrap();
    assert_eq!(releases.alias("live").unwrap().target(), "1");

    // What is used can't be deleted; the rest takes its name.
    dashboard.wait_text("1 alias, 2 versions").await;
    dashboard.press("G<ctrl-d>");
    dashboard.wait_text("version 1 is used by the alias live").await;
    dashboard.press("k<ctrl-d>");
    dashboard.wait_text("Delete this version?").await;
    dashboard.press("greeter:2<enter>");
    dashboard.wait_for("it is gone", |screen| !screen.contains("1 alias, 2 versions")).await;
    dashboard.press("a<ctrl-d>");
    dashboard.wait_text("Delete this alias?").await;
    dashboard.press("greeter:live<enter>");
    dashboard.wait_text("No aliases").await;
    let releases = session.releases("greeter").await.unwrap();
    assert_eq!((releases.aliases.len(), releases.versions.len()), (0, 2));
    dashboard.press("q");
    assert_eq!(dashboard.exit().await, 0);
}
