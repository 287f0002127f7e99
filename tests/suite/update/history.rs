//! The journal of changes: reading it, and taking changes back.

use std::time::Duration;

use jiff::ToSpan;
use lambdeck::{
    app::{Action, App, Effect, Msg, Ticket, draft::Draft, overlay::Overlay},
    cloud::{Error, Kind},
    domain::{
        change::{Change, Order},
        function::{Details, Function},
        journal::{Entry, Outcome},
        place::Place,
        release::{Additional, Alias, Releases},
        settings::{Setting, Settings},
    },
};

use crate::support::app::{CANARY, act, details, look, moment, session, summary, type_text, with_functions};

const SIZE: (u16, u16) = (80, 24);

fn place() -> Place {
    Place {
        profile: Some("prod".into()),
        account: Some("123456789012".into()),
        region: "eu-west-1".into(),
        endpoint: None,
    }
}

fn entry(id: i64, change: Change) -> Entry {
    let order = Order { function: "checkout-api".into(), revision_id: Some("r1".into()), change };
    let mut entry = Entry::begin(id.to_string(), moment() + id.minutes(), &place(), &order);
    entry.outcome = Outcome::Done;
    entry
}

fn alias(version: &str, additional: Option<(&str, f64)>) -> Alias {
    Alias {
        name: "live".into(),
        version: version.into(),
        additional: additional.map(|(version, weight)| Additional { version: version.into(), weight }),
        description: "what customers get".into(),
        revision_id: Some("a9".into()),
    }
}

fn moved() -> Entry {
    let change = Change::Alias {
        name: "live".into(),
        before: Some(alias("7", Some(("6", 0.25)))),
        after: Some(alias("8", None)),
    };
    entry(1, change)
}

fn stopped() -> Entry {
    entry(2, Change::ReservedConcurrency { before: Some(5), after: Some(0) })
}

fn settings(pairs: &[(Setting, &str, &str)]) -> Change {
    let before = Settings::of(&details("checkout-api").configuration);
    let (mut one, mut other) = (before.clone(), before);
    for (setting, was, became) in pairs {
        one.set(*setting, *was);
        other.set(*setting, *became);
    }
    Change::Settings { before: one, after: other }
}

fn more_memory() -> Entry {
    entry(3, settings(&[(Setting::Memory, "256", "512")]))
}

/// The journal on the screen.
fn history(entries: Vec<Entry>) -> App {
    let mut app = with_functions(SIZE, vec![summary("checkout-api", "python3.13", 512, 1)]);
    act(&mut app, Action::CommandLine);
    type_text(&mut app, "history");
    let effects = act(&mut app, Action::Open);
    let [Effect::ReadJournal(ticket)] = effects[..] else { panic!("{effects:?}") };
    assert_eq!(app.update(moment(), Msg::Journal(ticket, Ok(entries))), []);
    app
}

fn said(app: &App) -> &str {
    app.messages.shown().map_or("", |message| message.text.as_str())
}

fn observing(effects: &[Effect]) -> Ticket {
    match effects {
        [Effect::Observe { ticket, names, after: Duration::ZERO }] => {
            assert_eq!(*names, [Box::<str>::from("checkout-api")]);
            *ticket
        }
        other => panic!("the function is read: {other:?}"),
    }
}

fn observed(app: &mut App, ticket: Ticket, details: Details) -> Vec<Effect> {
    app.update(moment(), Msg::Observed(ticket, "checkout-api".into(), Ok(Box::new(details))))
}

fn reviewed(app: &App) -> (&Order, &[String]) {
    match &app.overlay {
        Some(Overlay::Review(review)) => (&review.order, &review.beside.warnings),
        other => panic!("a change is to be agreed to: {other:?}"),
    }
}

#[test]
fn the_newest_comes_first_and_is_shown_whole_on_demand() {
    let mut app = history(vec![moved(), stopped(), more_memory()]);
    let pane = |app: &App| match &app.overlay {
        Some(Overlay::History(pane)) => (pane.selected().map(|entry| entry.id.clone()), pane.open),
        other => panic!("{other:?}"),
    };
    assert_eq!(pane(&app), (Some("3".into()), false));
    act(&mut app, Action::Down);
    assert_eq!(act(&mut app, Action::Open), []);
    assert_eq!(pane(&app), (Some("2".into()), true));
    // Esc leads back to the list first.
    act(&mut app, Action::Back);
    assert_eq!(pane(&app), (Some("2".into()), false));
    // Read again, with a new one on top: the selected one stays selected.
    let effects = act(&mut app, Action::Refresh);
    let [Effect::ReadJournal(ticket)] = effects[..] else { panic!("{effects:?}") };
    let newer = entry(9, Change::DeleteVersion { version: "1".into() });
    app.update(moment(), Msg::Journal(ticket, Ok(vec![moved(), stopped(), more_memory(), newer])));
    assert_eq!(pane(&app), (Some("2".into()), false));
    let copied = stopped().command;
    assert_eq!(act(&mut app, Action::CopyName), [Effect::Copy(copied)]);
    assert_eq!(act(&mut app, Action::Back), []);
    assert!(app.overlay.is_none());
}

#[test]
fn a_journal_that_is_empty_or_not_readable_does_no_harm() {
    let mut app = history(Vec::new());
    for action in [Action::Open, Action::CopyName, Action::Restore, Action::Down, Action::Bottom] {
        assert_eq!(act(&mut app, action), []);
    }
    let effects = act(&mut app, Action::Refresh);
    let [Effect::ReadJournal(ticket)] = effects[..] else { panic!("{effects:?}") };
    app.update(moment(), Msg::Journal(ticket, Err("permission denied".into())));
    let Some(Overlay::History(pane)) = &app.overlay else { panic!() };
    assert_eq!(pane.error.as_deref(), Some("permission denied"));
}

#[test]
fn reserved_concurrency_goes_back_to_what_it_was() {
    let mut app = history(vec![stopped()]);
    let ticket = observing(&act(&mut app, Action::Restore));
    // Pressed again while it is read.
    assert_eq!(act(&mut app, Action::Restore), []);
    let now = Details { reserved_concurrency: Some(0), ..details("checkout-api") };
    assert_eq!(observed(&mut app, ticket, now), []);
    let (order, warnings) = reviewed(&app);
    assert_eq!(order.change, Change::ReservedConcurrency { before: Some(0), after: Some(5) });
    assert!(warnings.is_empty());
    // Nothing left without a yes, and none was given before it was there to be read.
    assert_eq!(act(&mut app, Action::Yes), []);
    look(&mut app);
    let effects = act(&mut app, Action::Yes);
    assert!(matches!(&effects[..], [Effect::Write(..)]), "{effects:?}");

    // Somebody changed it since: that is told.
    let mut app = history(vec![stopped()]);
    let ticket = observing(&act(&mut app, Action::Restore));
    let mut now = Details { reserved_concurrency: Some(3), ..details("checkout-api") };
    now.tags.insert("aws:cloudformation:stack-name".into(), "shop".into());
    observed(&mut app, ticket, now);
    let (order, warnings) = reviewed(&app);
    assert_eq!(order.change, Change::ReservedConcurrency { before: Some(3), after: Some(5) });
    assert!(warnings[0].contains("since") && warnings[1].contains("stack shop"), "{warnings:?}");

    // It is so already.
    let mut app = history(vec![stopped()]);
    let ticket = observing(&act(&mut app, Action::Restore));
    let now = Details { reserved_concurrency: Some(5), ..details("checkout-api") };
    observed(&mut app, ticket, now);
    assert!(said(&app).contains("as it was before already"), "{}", said(&app));
}

#[test]
fn settings_go_back_as_far_as_they_are_recorded() {
    let change = settings(&[
        (Setting::Memory, "256", "512"),
        (Setting::LogFormat, "JSON", "Text"),
        (Setting::Description, "old text", "new text"),
    ]);
    let mut app = history(vec![entry(1, change)]);
    let ticket = observing(&act(&mut app, Action::Restore));
    let mut now = details("checkout-api");
    now.configuration.memory_mb = Some(2048);
    now.configuration.revision_id = Some("r5".into());
    let before = Settings::of(&now.configuration);
    observed(&mut app, ticket, now);
    let (order, warnings) = reviewed(&app);
    let mut after = before.clone();
    after.set(Setting::Memory, "256");
    after.set(Setting::LogFormat, "JSON");
    assert_eq!(
        *order,
        Order {
            function: "checkout-api".into(),
            revision_id: Some("r5".into()),
            change: Change::Settings { before, after }
        }
    );
    assert_eq!(
        warnings,
        [
            "somebody has changed Memory since",
            "the journal holds no values of Description: that stays as it is"
        ]
    );
}

/// The function is open with a draft of its memory, and its time-out is taken back by the journal.
fn taken_back_beside_a_draft() -> (App, Ticket) {
    let mut app = with_functions(SIZE, vec![summary("checkout-api", "python3.13", 512, 1)]);
    let effects = act(&mut app, Action::Open);
    let [Effect::GetFunction { ticket, .. }] = effects[..] else { panic!("{effects:?}") };
    app.update(moment(), Msg::Function(ticket, Ok(Box::new(details("checkout-api")))));
    let base = Settings::of(&details("checkout-api").configuration).as_map().clone();
    let mut draft = Draft::new(base, Some("r1".into()));
    draft.mine.insert(Setting::Memory, "1024".into());
    app.function.as_mut().unwrap().configuration.draft = Some(draft);
    act(&mut app, Action::CommandLine);
    type_text(&mut app, "history");
    let effects = act(&mut app, Action::Open);
    let [Effect::ReadJournal(ticket)] = effects[..] else { panic!("{effects:?}") };
    let entry = entry(1, settings(&[(Setting::Timeout, "5", "30")]));
    app.update(moment(), Msg::Journal(ticket, Ok(vec![entry])));
    let ticket = observing(&act(&mut app, Action::Restore));
    observed(&mut app, ticket, details("checkout-api"));
    look(&mut app);
    let effects = act(&mut app, Action::Yes);
    let [Effect::Write(ticket, ..)] = &effects[..] else { panic!("{effects:?}") };
    let ticket = *ticket;
    (app, ticket)
}

#[test]
fn what_is_taken_back_is_not_in_the_draft_beside_it() {
    let (mut app, ticket) = taken_back_beside_a_draft();
    app.update(moment(), Msg::Written(ticket, Ok(Box::default())));
    let draft = app.function.as_ref().unwrap().configuration.draft.as_ref().unwrap();
    // Saving it would otherwise undo what was just taken back.
    assert_eq!((&*draft.mine[&Setting::Timeout], &*draft.mine[&Setting::Memory]), ("5", "1024"));
    assert_eq!(draft.changes(), 1);
}

#[test]
fn where_somebody_else_was_faster_the_draft_is_not_proposed_in_its_place() {
    let (mut app, ticket) = taken_back_beside_a_draft();
    let effects = app.update(moment(), Msg::Written(ticket, Err(Error::new(Kind::Stale, "stale"))));
    let ticket = observing(&effects);
    observed(&mut app, ticket, details("checkout-api"));
    assert!(app.overlay.is_none() && app.writing.is_empty(), "{:?}", app.overlay);
    assert!(said(&app).contains("look at what is there now"), "{}", said(&app));
}

#[test]
fn a_variable_named_like_a_setting_is_none() {
    let variables = |value: &str| [("Memory".to_owned(), value.into())].into();
    let change = Change::Environment { before: variables(CANARY), after: variables("x") };
    let mut app = history(vec![entry(1, change)]);
    assert_eq!(act(&mut app, Action::Restore), []);
    assert!(said(&app).contains("no values of variables"), "{}", said(&app));
}

fn releases(alias: Option<Alias>, versions: &[&str]) -> Releases {
    let version = |number: &&str| Function { version: Some((*number).into()), ..Function::default() };
    Releases {
        versions: versions.iter().map(version).collect(),
        aliases: alias.into_iter().collect(),
        provisioned: Ok(Vec::new()),
    }
}

fn undo_alias(entry: Entry, releases: Releases) -> App {
    let mut app = history(vec![entry]);
    let effects = act(&mut app, Action::Restore);
    let [Effect::GetReleases(ticket, name)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(name, "checkout-api");
    assert_eq!(app.update(moment(), Msg::Releases(*ticket, Ok(Box::new(releases)))), []);
    app
}

#[test]
fn an_alias_goes_back_to_where_it_pointed_with_its_weights() {
    let app = undo_alias(moved(), releases(Some(alias("8", None)), &["8", "7", "6"]));
    let (order, warnings) = reviewed(&app);
    assert_eq!(
        *order,
        Order {
            function: "checkout-api".into(),
            // The alias's, as it was just read.
            revision_id: Some("a9".into()),
            change: Change::Alias {
                name: "live".into(),
                before: Some(alias("8", None)),
                after: Some(alias("7", Some(("6", 0.25)))),
            },
        }
    );
    assert!(warnings.is_empty(), "{warnings:?}");

    let app = undo_alias(moved(), releases(Some(alias("9", None)), &["9", "8", "7", "6"]));
    assert_eq!(reviewed(&app).1, ["somebody has changed the alias since: live points to 9 by now"]);

    let app = undo_alias(moved(), releases(Some(alias("8", None)), &["8", "7"]));
    assert!(said(&app).contains("version 6, which alias live pointed to, is gone"), "{}", said(&app));

    let already = alias("7", Some(("6", 0.25)));
    let app = undo_alias(moved(), releases(Some(already), &["8", "7", "6"]));
    assert!(said(&app).contains("already"), "{}", said(&app));
}

#[test]
fn a_deleted_alias_comes_back_without_its_description() {
    let change = Change::Alias { name: "live".into(), before: Some(alias("7", None)), after: None };
    let app = undo_alias(entry(1, change), releases(None, &["7"]));
    let (order, warnings) = reviewed(&app);
    let Change::Alias { before: None, after: Some(after), .. } = &order.change else { panic!("{order:?}") };
    assert_eq!((after.name.as_str(), after.version.as_str(), after.description.as_str()), ("live", "7", ""));
    assert_eq!((order.revision_id.as_deref(), warnings.len()), (None, 1));
}

#[test]
fn what_can_not_be_taken_back_says_why() {
    let mut elsewhere = stopped();
    elsewhere.place.region = "us-east-1".into();
    let mut refused = stopped();
    refused.outcome = Outcome::Refused;
    let tag = Change::Tag { key: "team".into(), before: None, after: Some("a".into()) };
    let publish = Change::Publish { description: String::new(), code_sha256: None };
    let created = Change::Alias { name: "live".into(), before: None, after: Some(alias("7", None)) };
    let days = Change::LogRetention { group: "/g".into(), before: None, after: Some(7) };
    let provisioned =
        Change::ProvisionedConcurrency { qualifier: "live".into(), before: None, after: Some(2) };
    let shared = Change::ShareableEvent { name: "paid".into(), before: None, after: Some("1".into()) };
    for (entry, told) in [
        (elsewhere, "switch there first"),
        (refused, "nothing to take back"),
        (entry(1, tag), "no values of tags"),
        (entry(1, publish), "stays"),
        (entry(1, Change::DeleteVersion { version: "7".into() }), "is gone"),
        (entry(1, created), "no such alias before"),
        (entry(1, days), "bulk retention"),
        (entry(1, provisioned), "Configuration tab"),
        (entry(1, shared.clone()).sent_as("DeleteSchema"), "holds no events"),
        (entry(1, shared), "holds no events"),
    ] {
        let mut app = history(vec![entry]);
        assert_eq!(act(&mut app, Action::Restore), []);
        assert!(said(&app).starts_with("not taken back: ") && said(&app).contains(told), "{}", said(&app));
        assert!(matches!(&app.overlay, Some(Overlay::History(_))));
    }
}

#[test]
fn an_answer_for_a_journal_that_was_closed_proposes_nothing() {
    let mut app = history(vec![stopped()]);
    let ticket = observing(&act(&mut app, Action::Restore));
    act(&mut app, Action::Back);
    let now = Details { reserved_concurrency: Some(0), ..details("checkout-api") };
    assert_eq!(observed(&mut app, ticket, now), []);
    assert!(app.overlay.is_none());

    // Nor in another session, or where the function can't be read.
    let mut app = history(vec![stopped()]);
    let ticket = observing(&act(&mut app, Action::Restore));
    let denied = Err(Error::new(Kind::Denied, "not yours"));
    assert_eq!(app.update(moment(), Msg::Observed(ticket, "checkout-api".into(), denied)), []);
    assert_eq!(said(&app), "not taken back: not yours");
    let mut app = history(vec![stopped()]);
    let ticket = observing(&act(&mut app, Action::Restore));
    let epoch = app.session.epoch + 1;
    app.session.connecting = Some((epoch, session("dev", "us-east-1").spec));
    app.update(moment(), Msg::Connected(epoch, Ok(session("dev", "us-east-1"))));
    let now = Details { reserved_concurrency: Some(0), ..details("checkout-api") };
    assert_eq!(observed(&mut app, ticket, now), []);
    assert!(app.overlay.is_none());
}
