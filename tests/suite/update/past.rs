//! The invocations of this run and of earlier ones: opened, sent again, compared, kept.

use std::sync::Arc;

use jiff::{Timestamp, ToSpan};
use lambdeck::{
    app::{
        Action, App, Effect, Msg, Ticket,
        overlay::Overlay,
        past::{Entry, Key, PastPane},
    },
    cloud::{Error, Kind},
    disk::Over,
    domain::{
        function::Function,
        invocation::{Answer, Ending, Record, Reply, Request},
        place::Place,
        release::{Alias, Releases},
        saved_event::Owner,
    },
};

use super::{answer, at_test};
use crate::support::app::{act, moment, session, type_text};

fn here() -> Place {
    Place {
        profile: Some("prod".into()),
        account: Some("123456789012".into()),
        region: "eu-west-1".into(),
        endpoint: None,
    }
}

/// One of an earlier run, so many minutes ago. With an event, a response is kept too.
fn record(minutes: i64, place: Place, event: Option<&str>) -> Record {
    let request = Request { function: "checkout-api".into(), ..Request::default() };
    let mut record =
        Record::of(moment() - minutes.minutes(), place, &request, Some("order".into()), Ending::Ok);
    record.payload = event.map(|event| Arc::new(event.into()));
    record.response = event.map(|_| Arc::new("{\"ok\":false}".into()));
    record
}

/// Sends the event, so many seconds after the start.
fn sent(app: &mut App, seconds: i64) -> Ticket {
    let effects = app.update(moment() + seconds.seconds(), Msg::Action(Action::Send));
    let [Effect::Invoke { ticket, .. }] = effects[..] else { panic!("{effects:?}") };
    ticket
}

fn answered(app: &mut App, ticket: Ticket, payload: &str) {
    let answer = Answer { payload: payload.into(), ..answer(None) };
    app.update(app.now, Msg::Invoked(ticket, Ok(Box::new(Reply::read(answer)))));
}

/// The list of the function, with these of earlier runs.
fn list(app: &mut App, records: Vec<Record>) {
    let effects = act(app, Action::Invocations);
    let [Effect::ReadInvocations(ticket)] = effects[..] else { panic!("{effects:?}") };
    assert_eq!(app.update(app.now, Msg::InvocationsRead(ticket, Ok(records))), []);
}

fn pane(app: &App) -> &PastPane {
    match &app.overlay {
        Some(Overlay::Past(pane)) => pane,
        other => panic!("the list is open: {other:?}"),
    }
}

fn keys(app: &App) -> Vec<Key> {
    pane(app).entries(&app.invocations).iter().map(Entry::key).collect()
}

fn selected(app: &App) -> Key {
    pane(app).selected(&app.invocations).unwrap().key()
}

fn said(app: &App) -> &str {
    app.messages.shown().map_or("", |message| message.text.as_str())
}

fn earlier(minutes: i64) -> Key {
    Key::Earlier(moment() - minutes.minutes(), "checkout-api".into())
}

/// What is sent, without its ticket.
fn request(effects: &[Effect]) -> (&Request, Timestamp, &Place, Option<&str>) {
    match effects {
        [Effect::Invoke { at, request, place, event, .. }] => (request, *at, place, event.as_deref()),
        other => panic!("one is sent: {other:?}"),
    }
}

#[test]
fn one_that_is_in_memory_and_on_disk_is_listed_once() {
    let mut app = at_test();
    let ticket = sent(&mut app, 0);
    answered(&mut app, ticket, "1");
    // As the history on disk has it: by the moment that the effect tells.
    let request = Request { function: "checkout-api".into(), ..Request::default() };
    let same = Record::of(moment(), here(), &request, None, Ending::Ok);
    let other = Record { function: "checkout-worker".into(), ..record(2, here(), None) };
    list(&mut app, vec![record(3, here(), None), other, same]);
    assert_eq!(keys(&app), [Key::Now(1), earlier(3)]);
}

#[test]
fn what_is_selected_stays_selected_when_others_come() {
    let mut app = at_test();
    let first = sent(&mut app, 0);
    let second = sent(&mut app, 2);
    let denied = || Err(Error::new(Kind::Denied, "no"));
    app.update(app.now, Msg::Invoked(first, denied()));
    list(&mut app, Vec::new());
    act(&mut app, Action::ErrorsOnly);
    assert_eq!((keys(&app), selected(&app)), (vec![Key::Now(1)], Key::Now(1)));
    // It comes in above the selected one.
    app.update(app.now, Msg::Invoked(second, denied()));
    assert_eq!((keys(&app), selected(&app)), (vec![Key::Now(2), Key::Now(1)], Key::Now(1)));
    act(&mut app, Action::ErrorsOnly);
    assert_eq!(selected(&app), Key::Now(1));
    act(&mut app, Action::Up);
    let effects = act(&mut app, Action::Refresh);
    let [Effect::ReadInvocations(ticket)] = effects[..] else { panic!("{effects:?}") };
    app.update(app.now, Msg::InvocationsRead(ticket, Ok(vec![record(3, here(), None)])));
    assert_eq!((keys(&app).len(), selected(&app)), (3, Key::Now(2)));
}

#[test]
fn sending_again_sends_the_same_once_for_a_held_key() {
    let mut app = at_test();
    sent(&mut app, 0);
    let ticket = sent(&mut app, 5);
    answered(&mut app, ticket, "1");
    list(&mut app, Vec::new());
    act(&mut app, Action::Down);
    let now = moment() + 9.seconds();
    let effects = app.update(now, Msg::Action(Action::SendAgain));
    let (again, at, place, event) = request(&effects);
    assert_eq!((again.target().as_str(), at, place.clone(), event), ("checkout-api", now, here(), None));
    assert_eq!(again.payload.reveal(), "{\n  \"key\": \"value\"\n}");
    // The newest is on top, and selected.
    assert_eq!(selected(&app), Key::Now(3));
    for nth in 1..40 {
        let held = now + (nth * 30).milliseconds();
        assert_eq!(app.update(held, Msg::Action(Action::SendAgain)), []);
    }
    assert!(said(&app).contains("held key"), "{}", said(&app));
    let later = now + 5.seconds();
    request(&app.update(later, Msg::Action(Action::SendAgain)));
}

#[test]
fn an_event_of_an_earlier_run_is_sent_where_it_was_sent_before() {
    let mut app = at_test();
    let elsewhere = |change: fn(&mut Place)| {
        let mut place = here();
        change(&mut place);
        place
    };
    let records = vec![
        record(50, elsewhere(|place| place.account = Some("210987654321".into())), Some("1")),
        record(40, elsewhere(|place| place.region = "us-east-1".into()), Some("1")),
        record(30, elsewhere(|place| place.endpoint = Some("http://127.0.0.1:4566".into())), Some("1")),
        record(20, elsewhere(|place| place.profile = Some("other".into())), Some("{\"kept\":1}")),
        record(10, here(), None),
    ];
    list(&mut app, records);
    let mut now = moment();
    let mut press = |app: &mut App, action: Action| {
        now += 5.seconds();
        app.update(now, Msg::Action(action))
    };
    for action in [Action::SendAgain, Action::SendElsewhere, Action::Pin] {
        assert_eq!(press(&mut app, action), []);
        assert_eq!(said(&app), "its event was not kept");
    }
    press(&mut app, Action::Down);
    // Another profile to the same account is the same place.
    let effects = press(&mut app, Action::SendAgain);
    assert_eq!(request(&effects).0.payload.reveal(), "{\"kept\":1}");
    assert_eq!(request(&effects).3, Some("order"));
    press(&mut app, Action::Bottom);
    for _ in 0..3 {
        for action in [Action::SendAgain, Action::SendElsewhere] {
            assert_eq!(press(&mut app, action), []);
            assert!(said(&app).contains("connect there to send it again"), "{}", said(&app));
            pane(&app);
        }
        press(&mut app, Action::Up);
    }
}

#[test]
fn one_of_the_session_before_is_not_sent_to_the_next() {
    let mut app = at_test();
    sent(&mut app, 0);
    super::switch_to(&mut app, "dev");
    app.update(app.now, Msg::Connected(2, Ok(session("dev", "us-east-1"))));
    act(&mut app, Action::CommandLine);
    type_text(&mut app, "invocations");
    let effects = act(&mut app, Action::Open);
    assert!(matches!(effects[..], [Effect::ReadInvocations(_)]), "{effects:?}");
    assert_eq!(keys(&app), [Key::Now(1)]);
    assert_eq!(app.update(moment() + 9.seconds(), Msg::Action(Action::SendAgain)), []);
    assert_eq!(said(&app), "it was sent to prod · 123456789012 · eu-west-1: connect there to send it again");
}

#[test]
fn a_session_that_becomes_another_closes_the_list() {
    let mut app = at_test();
    list(&mut app, Vec::new());
    act(&mut app, Action::Refresh);
    let Some(pending) = pane(&app).pending else { panic!("it is read") };
    app.session.connecting = Some((2, app.session.spec.clone()));
    app.update(app.now, Msg::Connected(2, Ok(session("dev", "us-east-1"))));
    assert!(app.overlay.is_none() && app.beneath.is_empty());
    assert_eq!(app.update(app.now, Msg::InvocationsRead(pending, Ok(vec![record(1, here(), None)]))), []);
    assert!(app.overlay.is_none());
}

#[test]
fn a_read_only_session_sends_nothing_again() {
    let mut app = at_test();
    list(&mut app, vec![record(1, here(), Some("1"))]);
    app.session.current.as_mut().unwrap().spec.read_only = true;
    assert_eq!(app.update(moment() + 9.seconds(), Msg::Action(Action::SendAgain)), []);
    assert_eq!(said(&app), "this session is read-only: nothing was sent");
}

#[test]
fn another_version_is_typed_or_picked() {
    let mut app = at_test();
    sent(&mut app, 0);
    list(&mut app, Vec::new());
    assert_eq!(act(&mut app, Action::SendElsewhere), []);
    assert!(matches!(app.overlay, Some(Overlay::Prompt(_))), "{:?}", app.overlay);
    assert_eq!(act(&mut app, Action::Open), []);
    let Some(Overlay::Prompt(prompt)) = &app.overlay else { panic!("{:?}", app.overlay) };
    assert!(prompt.problem.is_some());
    type_text(&mut app, "7");
    let effects = act(&mut app, Action::Open);
    assert_eq!(request(&effects).0.target(), "checkout-api:7");
    assert_eq!(selected(&app), Key::Now(2));

    let version = Function { version: Some("3".into()), ..Function::default() };
    let live = Alias { name: "live".into(), version: "3".into(), ..Alias::default() };
    let releases = Releases { versions: vec![version], aliases: vec![live], provisioned: Ok(Vec::new()) };
    app.function.as_mut().unwrap().versions.releases.value = Some(releases);
    act(&mut app, Action::SendElsewhere);
    type_text(&mut app, "live");
    let effects = act(&mut app, Action::Open);
    assert_eq!(request(&effects).0.target(), "checkout-api:live");
    act(&mut app, Action::SendElsewhere);
    type_text(&mut app, "LATEST");
    let effects = act(&mut app, Action::Open);
    assert_eq!(request(&effects).0.qualifier, None);
    // A choice that is left sends nothing, and the list is there again.
    act(&mut app, Action::SendElsewhere);
    assert_eq!(act(&mut app, Action::Back), []);
    assert_eq!(keys(&app).len(), 4);
}

#[test]
fn two_answers_are_compared_the_older_one_first() {
    let mut app = at_test();
    for (seconds, payload) in [(0, "{\"n\":1}"), (5, "{\"n\":2}"), (10, "{\"n\":3}")] {
        let ticket = sent(&mut app, seconds);
        answered(&mut app, ticket, payload);
    }
    sent(&mut app, 15);
    list(&mut app, vec![record(3, here(), Some("1")), record(2, here(), None)]);
    let texts = |effects: &[Effect]| match effects {
        [Effect::Diff(_, before, after)] => {
            [before, after].map(|body| String::from_utf8(body.bytes().to_vec()).unwrap())
        }
        other => panic!("two are compared: {other:?}"),
    };
    // It has no answer yet.
    assert_eq!(act(&mut app, Action::Diff), []);
    assert!(said(&app).contains("an answer is missing"), "{}", said(&app));
    act(&mut app, Action::Down);
    let effects = act(&mut app, Action::Diff);
    assert_eq!(texts(&effects), ["{\"n\":2}", "{\"n\":3}"]);
    let [Effect::Diff(ticket, ..)] = effects[..] else { panic!("{effects:?}") };
    // It is told although a page lies over it, and dropped once it is closed.
    app.update(app.now, Msg::Diffed(ticket, Err("they differ".into())));
    let Some(Overlay::Differences(differences)) = &app.overlay else { panic!("{:?}", app.overlay) };
    assert_eq!(differences.result, Some(Err("they differ".into())));
    act(&mut app, Action::Back);
    app.update(app.now, Msg::Diffed(ticket, Err("again".into())));
    assert_eq!(selected(&app), Key::Now(3));

    act(&mut app, Action::Mark);
    act(&mut app, Action::Bottom);
    // The last one is of an earlier run; its response was kept.
    assert_eq!(selected(&app), earlier(3));
    let effects = act(&mut app, Action::Diff);
    assert_eq!(texts(&effects), ["{\"ok\":false}", "{\"n\":3}"]);
    act(&mut app, Action::Back);
    act(&mut app, Action::Up);
    assert_eq!(act(&mut app, Action::Diff), []);
    assert!(said(&app).contains("it was not kept"), "{}", said(&app));
}

#[test]
fn an_event_that_is_kept_takes_no_place_unasked() {
    let mut app = at_test();
    let ticket = sent(&mut app, 0);
    answered(&mut app, ticket, "1");
    list(&mut app, vec![record(3, here(), Some("{\"earlier\":true}"))]);
    // What is edited was read from disk under that very name.
    let view = app.function.as_mut().unwrap();
    view.test.event_name = Some("order".into());
    view.test.from_disk = Some(lambdeck::app::FromDisk {
        owner: Owner::Function("checkout-api".into()),
        name: "order".into(),
        fingerprint: lambdeck::domain::saved_event::Fingerprint::of("{}"),
    });
    act(&mut app, Action::Bottom);
    assert_eq!(act(&mut app, Action::Pin), []);
    let Some(Overlay::Prompt(prompt)) = &app.overlay else { panic!("{:?}", app.overlay) };
    assert_eq!(prompt.field.text(), "order");
    let effects = act(&mut app, Action::Open);
    let [Effect::SaveEvent(_, event)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((event.over, event.content.reveal()), (Over::Never, "{\"earlier\":true}"));
    assert_eq!(event.owner, Owner::Function("checkout-api".into()));
    pane(&app);
}

#[test]
fn what_was_forgotten_is_neither_sent_nor_copied() {
    let mut app = at_test();
    let ticket = sent(&mut app, 0);
    answered(&mut app, ticket, "1");
    // Two of 40 MB make the first one go.
    for seconds in [5, 10] {
        let ticket = sent(&mut app, seconds);
        answered(&mut app, ticket, &format!("\"{}\"", "x".repeat(40 << 20)));
    }
    list(&mut app, Vec::new());
    act(&mut app, Action::Bottom);
    assert_eq!(selected(&app), Key::Now(1));
    for action in [Action::SendAgain, Action::Pin, Action::SendElsewhere] {
        assert_eq!(app.update(moment() + 20.seconds(), Msg::Action(action)), []);
        assert_eq!(said(&app), "its event was not kept");
    }
    act(&mut app, Action::CopyAs);
    type_text(&mut app, "response");
    assert_eq!(act(&mut app, Action::Open), []);
    assert_eq!(said(&app), "response: it was not kept");
}

#[test]
fn nothing_of_an_event_shows_in_debug_or_messages() {
    let canary = "canary-2f9e";
    let mut app = at_test();
    list(&mut app, vec![record(3, here(), Some(&format!("{{\"{canary}\":1}}")))]);
    for action in [Action::Open, Action::Back, Action::Pin, Action::Back, Action::SendElsewhere, Action::Back]
    {
        act(&mut app, action);
        let shown = format!("{app:?}");
        assert!(!shown.contains(canary), "{shown}");
    }
    let effects = app.update(moment() + 9.seconds(), Msg::Action(Action::SendAgain));
    assert!(!format!("{effects:?}{app:?}").contains(canary));
}
