//! What `App::update` answers to messages: whole vectors of effects.

mod answer;
mod bulk;
mod bulk_random;
mod change;
mod compare;
mod configuration;
mod environment;
mod event_editor;
mod events;
mod history;
mod insights;
mod log_filters;
mod log_invocations;
mod log_scans;
mod log_sources;
mod logs;
mod past;
mod repeat;
mod request_log;
mod test;
mod versions;

use std::time::Duration;

use jiff::ToSpan;
use lambdeck::{
    app::{Action, App, Effect, Msg, Screen, Ticket, function::Tab, messages::Severity, overlay::Overlay},
    cloud::{Error, Identity, Kind, Spec, profiles::Profile},
    domain::{
        function::State,
        invocation::{Answer, Reply, Request},
        place::Place,
        secret::Secret,
    },
};

use crate::support::app::{
    act, active, connected, details, fresh, moment, session, summary, type_text, with_functions,
};

const SIZE: (u16, u16) = (80, 24);

fn three() -> Vec<lambdeck::domain::function::Summary> {
    vec![
        summary("checkout-api", "python3.13", 512, 1),
        summary("checkout-worker", "nodejs22.x", 256, 48),
        summary("image-resizer", "provided.al2023", 1024, 24),
    ]
}

fn names(app: &App) -> Vec<String> {
    (0..app.functions.len()).filter_map(|row| app.functions.get(row)).map(|f| f.name.to_string()).collect()
}

fn ticket(number: u64) -> Ticket {
    Ticket { epoch: 1, number }
}

fn answer(function_error: Option<&str>) -> Answer {
    Answer {
        status: 200,
        function_error: function_error.map(str::to_owned),
        executed_version: Some("$LATEST".into()),
        payload: br#"{"ok":true}"#.to_vec(),
        elapsed_ms: 12,
        ..Answer::default()
    }
}

/// The first event, sent `after` so many milliseconds.
fn invoke_effect(number: u64, after: i64) -> Effect {
    Effect::Invoke {
        ticket: ticket(number),
        at: moment() + after.milliseconds(),
        request: Box::new(Request {
            function: "checkout-api".into(),
            payload: std::sync::Arc::new(Secret::new("{\n  \"key\": \"value\"\n}")),
            timeout_s: Some(30),
            ..Request::default()
        }),
        place: Box::new(Place {
            profile: Some("prod".into()),
            account: Some("123456789012".into()),
            region: "eu-west-1".into(),
            endpoint: None,
        }),
        event: None,
    }
}

/// The Test tab of checkout-api, with its configuration read.
fn at_test() -> App {
    let mut app = with_functions(SIZE, three());
    let effects = act(&mut app, Action::Invoke);
    let [Effect::GetFunction { ticket, .. }] = effects[..] else { panic!("{effects:?}") };
    app.update(moment(), Msg::Function(ticket, Ok(Box::new(details("checkout-api")))));
    app
}

#[test]
fn the_start_connects_and_lists_at_once_and_asks_who_is_calling_beside_it() {
    let mut app = fresh(SIZE);
    assert_eq!(app.start(), [Effect::Connect { epoch: 1, spec: Spec::default(), verify: false }]);
    let mut connected = session("prod", "eu-west-1");
    connected.identity = None;
    assert_eq!(
        app.update(moment(), Msg::Connected(1, Ok(connected))),
        [Effect::ListFunctions(ticket(1)), Effect::Identify(ticket(2))]
    );
    let identity = Identity { account: Some("123456789012".into()), arn: None };
    assert_eq!(app.update(moment(), Msg::Identity(ticket(2), Ok(identity.clone()))), []);
    assert_eq!(app.session.identity.value, Some(identity));
}

#[test]
fn states_are_asked_for_visible_rows_only_and_once() {
    let (mut app, list) = connected(SIZE);
    let many: Vec<_> = (0..100).map(|n| summary(&format!("f-{n:03}"), "python3.13", 128, n)).collect();
    let effects = app.update(moment(), Msg::FunctionsPage { ticket: list, functions: many, last: true });
    let height = app.list_height();
    let expected: Vec<Box<str>> = (0..height).map(|n| format!("f-{n:03}").into()).collect();
    assert_eq!(effects, [Effect::FetchStates(ticket(2), expected.clone())]);
    // Moving within the screen asks for nothing more.
    assert_eq!(act(&mut app, Action::Down), []);
    for name in &expected {
        assert_eq!(app.update(moment(), Msg::FunctionState(ticket(2), name.clone(), Ok(active()))), []);
    }
    // A page further: what was not seen yet.
    act(&mut app, Action::Top);
    let effects = act(&mut app, Action::Bottom);
    let expected: Vec<Box<str>> = (100 - height..100).map(|n| format!("f-{n:03}").into()).collect();
    assert_eq!(effects, [Effect::FetchStates(ticket(3), expected)]);
}

#[test]
fn states_under_way_are_not_cut_by_the_pages_of_a_list_that_is_loading() {
    let (mut app, list) = connected(SIZE);
    let page = |from: i64, last| Msg::FunctionsPage {
        ticket: list,
        functions: (from..from + 50)
            .map(|n| summary(&format!("f-{n:03}"), "python3.13", 128, 200 - n))
            .collect(),
        last,
    };
    assert!(matches!(app.update(moment(), page(0, false))[..], [Effect::FetchStates(..)]));
    assert_eq!(app.update(moment(), page(50, false)), []);
    // Whoever filters looks at what is left: that is wanted at once.
    act(&mut app, Action::Filter);
    let effects = type_text(&mut app, "f-07");
    assert!(matches!(effects.last(), Some(Effect::FetchStates(..))), "{effects:?}");
    act(&mut app, Action::Back);
    // With the last page the rows stay, and theirs are wanted.
    let effects = app.update(moment(), page(100, true));
    assert!(matches!(&effects[..], [Effect::FetchStates(_, names)] if &*names[0] == "f-149"), "{effects:?}");
}

#[test]
fn a_failed_state_is_not_asked_for_again_until_a_refresh() {
    let mut app = with_functions(SIZE, vec![summary("a", "python3.13", 128, 1)]);
    let denied = Err(Error::new(Kind::Denied, "no"));
    assert_eq!(app.update(moment(), Msg::FunctionState(ticket(2), "a".into(), denied)), []);
    assert_eq!(act(&mut app, Action::Down), []);
    assert_eq!(act(&mut app, Action::Refresh), [Effect::ListFunctions(ticket(3))]);
    let page = Msg::FunctionsPage {
        ticket: ticket(3),
        functions: vec![summary("a", "python3.13", 128, 1)],
        last: true,
    };
    assert_eq!(app.update(moment(), page), [Effect::FetchStates(ticket(4), vec!["a".into()])]);
}

#[test]
fn a_settling_state_is_read_again_after_two_seconds() {
    let mut app = with_functions(SIZE, vec![summary("a", "python3.13", 128, 1)]);
    let pending = State { state: Some("Pending".into()), ..State::default() };
    app.update(moment(), Msg::FunctionState(ticket(2), "a".into(), Ok(pending)));
    let later = moment() + 2.seconds();
    assert_eq!(app.wake_at(), Some(later));
    assert_eq!(app.update(later, Msg::Tick), [Effect::FetchStates(ticket(3), vec!["a".into()])]);
    app.update(later, Msg::FunctionState(ticket(3), "a".into(), Ok(active())));
    assert_eq!(app.wake_at(), None);
}

#[test]
fn a_refresh_keeps_the_old_rows_until_the_last_page() {
    let mut app = with_functions(SIZE, three());
    act(&mut app, Action::Refresh);
    let refresh = app.functions.pending.unwrap();
    let page = |functions, last| Msg::FunctionsPage { ticket: refresh, functions, last };
    app.update(moment(), page(vec![summary("new", "python3.13", 128, 0)], false));
    assert_eq!(names(&app), ["checkout-api", "image-resizer", "checkout-worker"]);
    app.update(moment(), page(three(), true));
    assert_eq!(names(&app), ["new", "checkout-api", "image-resizer", "checkout-worker"]);
}

#[test]
fn a_failed_refresh_keeps_the_old_rows_and_says_why() {
    let mut app = with_functions(SIZE, three());
    act(&mut app, Action::Refresh);
    let refresh = app.functions.pending.unwrap();
    app.update(moment(), Msg::FunctionsFailed(refresh, Error::new(Kind::Throttled, "slow down")));
    assert_eq!(app.functions.total(), 3);
    assert_eq!(app.functions.error.as_ref().map(|error| error.kind), Some(Kind::Throttled));
    assert_eq!(app.messages.shown().map(|message| message.text.as_str()), Some("slow down"));
}

#[test]
fn pages_of_a_list_that_was_asked_for_again_are_dropped() {
    let (mut app, list) = connected(SIZE);
    let stale = Ticket { number: list.number + 100, ..list };
    app.update(moment(), Msg::FunctionsPage { ticket: stale, functions: three(), last: true });
    assert_eq!(app.functions.total(), 0);
}

#[test]
fn the_chosen_row_stays_chosen_when_rows_come() {
    let (mut app, list) = connected(SIZE);
    app.update(moment(), Msg::FunctionsPage { ticket: list, functions: three(), last: false });
    act(&mut app, Action::Down);
    assert_eq!(&*app.functions.selected().unwrap().name, "image-resizer");
    let newer = vec![summary("brand-new", "python3.13", 128, 0)];
    app.update(moment(), Msg::FunctionsPage { ticket: list, functions: newer, last: true });
    assert_eq!(&*app.functions.selected().unwrap().name, "image-resizer");
    // Without a choice the cursor stays on top.
    let (mut app, list) = connected(SIZE);
    app.update(moment(), Msg::FunctionsPage { ticket: list, functions: three(), last: false });
    let newer = vec![summary("brand-new", "python3.13", 128, 0)];
    app.update(moment(), Msg::FunctionsPage { ticket: list, functions: newer, last: true });
    assert_eq!(&*app.functions.selected().unwrap().name, "brand-new");
}

#[rstest::rstest]
#[case("check", &["checkout-api", "checkout-worker"])]
#[case("ckwrk", &["checkout-worker"])]
#[case("rt:python", &["checkout-api"])]
#[case("mem:>256 !api", &["image-resizer"])]
#[case("mem:>", &["checkout-api", "image-resizer", "checkout-worker"])]
#[case("!rt:python !rt:node", &["image-resizer"])]
#[case("timeout:30 mem:<=256", &["checkout-worker"])]
#[case("nothing-like-it", &[])]
fn the_filter_works_as_typed(#[case] filter: &str, #[case] expected: &[&str]) {
    let mut app = with_functions(SIZE, three());
    act(&mut app, Action::Filter);
    assert!(app.takes_text());
    type_text(&mut app, filter);
    assert_eq!(names(&app), expected);
    // Enter keeps it, esc drops it.
    act(&mut app, Action::Open);
    assert!(!app.takes_text());
    assert_eq!(names(&app), expected);
    act(&mut app, Action::Back);
    assert_eq!(names(&app).len(), 3);
}

#[test]
fn sorting_goes_round_and_turns_around() {
    let mut app = with_functions(SIZE, three());
    assert_eq!(names(&app), ["checkout-api", "image-resizer", "checkout-worker"]);
    act(&mut app, Action::ReverseSort);
    assert_eq!(names(&app), ["checkout-worker", "image-resizer", "checkout-api"]);
    act(&mut app, Action::Sort);
    assert_eq!(names(&app), ["checkout-api", "checkout-worker", "image-resizer"]);
    act(&mut app, Action::Sort);
    act(&mut app, Action::Sort);
    assert_eq!(names(&app), ["image-resizer", "checkout-api", "checkout-worker"]);
}

#[rstest::rstest]
#[case(Action::Open, Tab::Overview)]
#[case(Action::Environment, Tab::Environment)]
#[case(Action::Invoke, Tab::Test)]
#[case(Action::Versions, Tab::Versions)]
#[case(Action::Monitor, Tab::Monitor)]
fn a_function_opens_on_the_tab_that_was_asked_for(#[case] action: Action, #[case] tab: Tab) {
    let mut app = with_functions(SIZE, three());
    let effects = act(&mut app, action);
    let mut expected = vec![Effect::GetFunction {
        ticket: ticket(3),
        name: "checkout-api".into(),
        qualifier: None,
        after: Duration::ZERO,
    }];
    if tab == Tab::Versions {
        expected.push(Effect::GetReleases(ticket(4), "checkout-api".into()));
        expected.push(Effect::ReadJournal(ticket(5)));
    }
    assert_eq!(effects, expected);
    assert_eq!(app.screen, Screen::Function);
    assert_eq!(app.function.as_ref().unwrap().tab, tab);
    assert_eq!(act(&mut app, Action::Back), []);
    assert_eq!(app.screen, Screen::Functions);
}

#[test]
fn a_function_that_is_settling_is_read_again() {
    let mut app = with_functions(SIZE, three());
    act(&mut app, Action::Open);
    let mut settling = details("checkout-api");
    settling.configuration.state.last_update_status = Some("InProgress".into());
    assert_eq!(
        app.update(moment(), Msg::Function(ticket(3), Ok(Box::new(settling)))),
        [Effect::GetFunction {
            ticket: ticket(4),
            name: "checkout-api".into(),
            qualifier: None,
            after: Duration::from_secs(1)
        }]
    );
    assert_eq!(app.update(moment(), Msg::Function(ticket(4), Ok(Box::new(details("checkout-api"))))), []);

    // Not while nobody looks.
    assert_eq!(act(&mut app, Action::Refresh).len(), 1);
    act(&mut app, Action::Back);
    let mut settling = details("checkout-api");
    settling.configuration.state.last_update_status = Some("InProgress".into());
    assert_eq!(app.update(moment(), Msg::Function(ticket(5), Ok(Box::new(settling)))), []);
}

#[test]
fn a_value_is_readable_for_30_seconds_and_masked_by_leaving_blur_and_suspend() {
    let reveal = || {
        let mut app = with_functions(SIZE, three());
        act(&mut app, Action::Environment);
        app.update(moment(), Msg::Function(ticket(3), Ok(Box::new(details("checkout-api")))));
        assert_eq!(act(&mut app, Action::Reveal), []);
        assert!(app.function.as_ref().unwrap().environment.is_revealed("STAGE"));
        app
    };
    let revealed = |app: &App| app.function.as_ref().unwrap().environment.revealed.is_some();

    let mut app = reveal();
    assert_eq!(app.wake_at(), Some(moment() + 30.seconds()));
    app.update(moment() + 29.seconds(), Msg::Tick);
    assert!(revealed(&app));
    app.update(moment() + 30.seconds(), Msg::Tick);
    assert!(!revealed(&app));

    for hide in [Action::Reveal, Action::NextTab, Action::Back] {
        let mut app = reveal();
        act(&mut app, hide);
        assert!(!revealed(&app));
    }
    let mut app = reveal();
    app.update(moment(), Msg::Focus(false));
    assert!(!revealed(&app));
    let mut app = reveal();
    assert_eq!(act(&mut app, Action::Suspend), [Effect::Suspend]);
    assert!(!revealed(&app));
}

#[test]
fn one_press_sends_one_request_and_a_held_key_no_second() {
    let mut app = at_test();
    assert_eq!(act(&mut app, Action::Send), [invoke_effect(4, 0)]);
    // It is answered at once, and the key is still down: repeats come every 30 ms.
    app.update(moment(), Msg::Invoked(ticket(4), Ok(Box::new(Reply::read(answer(None))))));
    assert_eq!(app.invocations.running().count(), 0);
    let mut now = moment();
    for pause in std::iter::once(660).chain([30; 100]) {
        now += pause.milliseconds();
        assert_eq!(app.update(now, Msg::Action(Action::Send)), []);
    }
    let said = "a held key does not send: let it go, then press it again";
    assert_eq!(app.messages.log.iter().filter(|message| message.text == said).count(), 1);
    now += 1.seconds();
    assert_eq!(app.update(now, Msg::Action(Action::Send)), [invoke_effect(5, 4660)]);
}

#[test]
fn the_key_that_leads_to_the_test_does_not_send_it() {
    let mut app = at_test();
    assert_eq!(act(&mut app, Action::Invoke), []);
    assert_eq!(app.invocations.running().count(), 0);
    assert_eq!(app.messages.shown().unwrap().text, "enter sends the event");
}

#[test]
fn an_event_that_is_not_json_is_not_sent_and_the_place_is_told() {
    let mut app = at_test();
    act(&mut app, Action::Edit);
    type_text(&mut app, "x");
    act(&mut app, Action::Back);
    assert_eq!(act(&mut app, Action::Send), []);
    let said = app.messages.shown().unwrap().text.clone();
    assert!(said.starts_with("the event is not JSON:") && said.ends_with("at line 1 column 1"), "{said}");
    assert_eq!(app.invocations.running().count(), 0);
}

#[test]
fn plain_keys_are_text_in_the_editor() {
    let mut app = at_test();
    act(&mut app, Action::Edit);
    assert!(app.takes_text());
    type_text(&mut app, "qi1 ");
    assert!(app.function.as_ref().unwrap().test.event().starts_with("qi1 {"));
    assert_eq!(app.exit, None);
    act(&mut app, Action::Paste("{\"a\":1}\r\n".into()));
    assert!(app.function.as_ref().unwrap().test.event().starts_with("qi1 {\"a\":1}\n{"));
}

#[test]
fn a_read_only_session_sends_nothing() {
    let mut app = fresh(SIZE);
    app.start();
    let mut read_only = session("prod", "eu-west-1");
    read_only.spec.read_only = true;
    app.update(moment(), Msg::Connected(1, Ok(read_only)));
    app.update(moment(), Msg::FunctionsPage { ticket: ticket(1), functions: three(), last: true });
    act(&mut app, Action::Invoke);
    assert_eq!(act(&mut app, Action::Send), []);
    assert!(app.messages.shown().unwrap().text.contains("read-only"));
}

#[test]
fn a_function_error_is_said_as_a_failure() {
    let mut app = at_test();
    act(&mut app, Action::Send);
    act(&mut app, Action::Back);
    app.update(moment(), Msg::Invoked(ticket(4), Ok(Box::new(Reply::read(answer(Some("Unhandled")))))));
    let said = app.messages.shown().unwrap();
    assert_eq!(said.text, "checkout-api failed: Unhandled function error");
    // The view was left, not lost: it has the answer.
    assert!(app.looked_at().unwrap().reply().is_some());
}

#[test]
fn quitting_asks_while_an_invocation_is_under_way() {
    let mut app = at_test();
    act(&mut app, Action::Send);
    act(&mut app, Action::Quit);
    assert!(matches!(app.overlay, Some(Overlay::Question(_))));
    assert_eq!(app.exit, None);
    act(&mut app, Action::No);
    assert_eq!((app.exit, app.overlay.is_none()), (None, true));
    act(&mut app, Action::Quit);
    act(&mut app, Action::Yes);
    assert_eq!(app.exit, Some(0));
    // A signal does not ask.
    let mut app = at_test();
    act(&mut app, Action::Send);
    app.update(moment(), Msg::Terminate(143));
    assert_eq!(app.exit, Some(143));
}

#[test]
fn esc_never_quits() {
    let mut app = with_functions(SIZE, three());
    for _ in 0..5 {
        act(&mut app, Action::Back);
    }
    assert_eq!((app.exit, app.screen), (None, Screen::Functions));
}

fn switch_to(app: &mut App, profile: &str) -> Vec<Effect> {
    act(app, Action::CommandLine);
    type_text(app, &format!("profile {profile}"));
    act(app, Action::Open)
}

#[test]
fn a_switch_changes_nothing_until_the_new_session_has_answered() {
    let mut app = with_functions(SIZE, three());
    let spec = Spec { profile: Some("dev".into()), ..Spec::default() };
    assert_eq!(switch_to(&mut app, "dev"), [Effect::Connect { epoch: 2, spec, verify: true }]);
    assert_eq!(app.session.profile(), Some("prod"));
    assert_eq!(app.functions.total(), 3);
    // It fails: all stays as it was.
    app.update(moment(), Msg::Connected(2, Err(Error::new(Kind::Credentials, "expired"))));
    assert_eq!((app.session.profile(), app.functions.total()), (Some("prod"), 3));
    assert_eq!(app.session.connecting, None);
    assert_eq!(app.messages.shown().unwrap().text, "expired");
    // What was said of this session is not said any more in the next.
    switch_to(&mut app, "test");
    app.update(moment(), Msg::Connected(3, Ok(session("test", "eu-west-1"))));
    assert_eq!((app.session.profile(), app.messages.shown()), (Some("test"), None));
}

#[test]
fn after_a_switch_nothing_of_the_old_session_appears() {
    let mut app = at_test();
    act(&mut app, Action::Send);
    act(&mut app, Action::Back);
    act(&mut app, Action::Refresh);
    let old_list = app.functions.pending.unwrap();
    switch_to(&mut app, "dev");
    let effects = app.update(moment(), Msg::Connected(2, Ok(session("dev", "us-east-1"))));
    let [Effect::ListFunctions(new_list)] = effects[..] else { panic!("{effects:?}") };
    assert_eq!(new_list.epoch, 2);
    assert_eq!((app.session.profile(), app.functions.total()), (Some("dev"), 0));
    assert!(app.function.is_none());
    app.update(moment(), Msg::FunctionsPage { ticket: old_list, functions: three(), last: true });
    app.update(moment(), Msg::FunctionState(ticket(2), "checkout-api".into(), Ok(active())));
    app.update(moment(), Msg::Function(ticket(3), Ok(Box::new(details("checkout-api")))));
    app.update(moment(), Msg::Identity(ticket(1), Ok(Identity { account: None, arn: None })));
    assert_eq!(app.functions.total(), 0);
    assert!(app.function.is_none());
    assert_eq!(app.session.identity.value.as_ref().unwrap().account.as_deref(), Some("123456789012"));
    // An invocation of the old session is told, for it happened, but fills no view.
    app.update(moment(), Msg::Invoked(ticket(4), Ok(Box::new(Reply::read(answer(None))))));
    let said = "checkout-api (of the session before) answered after 12 ms";
    assert_eq!(app.messages.shown().unwrap().text, said);
}

#[test]
fn an_invocation_of_the_old_session_is_not_the_one_of_a_namesake() {
    let mut app = at_test();
    assert_eq!(act(&mut app, Action::Send), [invoke_effect(4, 0)]);
    switch_to(&mut app, "dev");
    let effects = app.update(moment(), Msg::Connected(2, Ok(session("dev", "us-east-1"))));
    let [Effect::ListFunctions(list)] = effects[..] else { panic!("{effects:?}") };
    app.update(moment(), Msg::FunctionsPage { ticket: list, functions: three(), last: true });
    act(&mut app, Action::Invoke);
    assert_eq!(app.running("checkout-api").count(), 0);
    let effects = act(&mut app, Action::Send);
    assert!(matches!(&effects[..], [Effect::Invoke { ticket, .. }] if ticket.epoch == 2), "{effects:?}");
    assert_eq!(app.invocations.running().count(), 2);
    // The old one ends: the new one goes on.
    let unknown = Error::new(Kind::OutcomeUnknown, "no answer");
    app.update(moment(), Msg::Invoked(ticket(4), Err(unknown)));
    assert_eq!(app.messages.shown().unwrap().text, "checkout-api (of the session before): no answer");
    assert_eq!(app.running("checkout-api").count(), 1);
    assert!(app.looked_at().unwrap().is_running());
}

#[test]
fn without_a_session_no_command_leads_to_an_empty_place() {
    for command in ["open checkout-api", "functions"] {
        let mut app = fresh(SIZE);
        app.start();
        app.update(moment(), Msg::NoCredentials(1));
        act(&mut app, Action::CommandLine);
        type_text(&mut app, command);
        assert_eq!(act(&mut app, Action::Open), [], "{command}");
        assert_eq!(app.screen, Screen::Start, "{command}");
        assert!(app.messages.shown().unwrap().text.contains("no connection"), "{command}");
    }
}

#[test]
fn only_the_last_of_two_switches_counts() {
    let mut app = with_functions(SIZE, three());
    switch_to(&mut app, "dev");
    switch_to(&mut app, "test");
    assert_eq!(app.update(moment(), Msg::Connected(2, Ok(session("dev", "us-east-1")))), []);
    assert_eq!(app.session.profile(), Some("prod"));
    app.update(moment(), Msg::Connected(3, Ok(session("test", "us-east-1"))));
    assert_eq!(app.session.profile(), Some("test"));
}

#[test]
fn choosing_a_profile_leaves_the_local_engine() {
    let mut app = fresh(SIZE);
    app.start();
    let mut local = session("ignored", "us-east-1");
    local.spec = Spec {
        endpoint_url: Some("http://127.0.0.1:4000".into()),
        keys: Some(("AKIA".into(), Secret::new("key"))),
        ..Spec::default()
    };
    app.update(moment(), Msg::Connected(1, Ok(local)));
    assert!(app.session.is_local());
    let spec = Spec { profile: Some("dev".into()), ..Spec::default() };
    assert_eq!(switch_to(&mut app, "dev"), [Effect::Connect { epoch: 2, spec, verify: true }]);
}

#[test]
fn without_credentials_the_start_screen_offers_what_can_be_done() {
    let mut app = fresh(SIZE);
    app.start();
    assert_eq!(app.update(moment(), Msg::NoCredentials(1)), []);
    assert_eq!(app.screen, Screen::Start);
    assert_eq!(act(&mut app, Action::Open), [Effect::StartLocal { epoch: 2 }]);

    let mut app = fresh(SIZE);
    app.start();
    app.update(moment(), Msg::NoCredentials(1));
    act(&mut app, Action::Down);
    let effects = act(&mut app, Action::Open);
    assert_eq!(effects, [Effect::LoadProfiles(Ticket { epoch: 0, number: 1 })]);
    let profile =
        Profile { name: "dev".into(), region: Some("eu-west-1".into()), sso: true, credentials: true };
    app.update(moment(), Msg::Profiles(Ticket { epoch: 0, number: 1 }, Ok(vec![profile])));
    let spec = Spec { profile: Some("dev".into()), ..Spec::default() };
    assert_eq!(act(&mut app, Action::Open), [Effect::Connect { epoch: 2, spec, verify: false }]);
}

#[test]
fn trying_again_tries_what_was_chosen_last() {
    let mut app = fresh(SIZE);
    app.start();
    app.update(moment(), Msg::NoCredentials(1));
    let spec = Spec { profile: Some("dev".into()), ..Spec::default() };
    assert_eq!(switch_to(&mut app, "dev"), [Effect::Connect { epoch: 2, spec: spec.clone(), verify: false }]);
    app.update(moment(), Msg::Connected(2, Err(Error::new(Kind::Network, "no way"))));
    assert_eq!(app.screen, Screen::Start);
    assert_eq!(act(&mut app, Action::Refresh), [Effect::Connect { epoch: 3, spec, verify: false }]);
}

#[test]
fn an_instance_role_that_is_not_there_is_no_error() {
    let mut app = fresh(SIZE);
    app.start();
    app.update(moment(), Msg::NoCredentials(1));
    let none = Error::new(Kind::Credentials, "the metadata service did not answer");
    assert_eq!(app.update(moment(), Msg::Connected(1, Err(none))), []);
    assert_eq!((app.screen, app.session.error.is_none()), (Screen::Start, true));
    assert!(app.messages.shown().is_none());
}

#[test]
fn a_session_that_answers_late_still_replaces_the_start_screen() {
    let mut app = fresh(SIZE);
    app.start();
    app.update(moment(), Msg::NoCredentials(1));
    let effects = app.update(moment(), Msg::Connected(1, Ok(session("prod", "eu-west-1"))));
    assert_eq!(effects, [Effect::ListFunctions(ticket(1))]);
    assert_eq!(app.screen, Screen::Functions);
}

#[test]
fn a_wrong_command_stays_on_the_line_with_its_problem() {
    let mut app = with_functions(SIZE, three());
    act(&mut app, Action::CommandLine);
    type_text(&mut app, "profil prod extra");
    assert_eq!(act(&mut app, Action::Open), []);
    let Some(Overlay::CommandLine(line)) = &app.overlay else { panic!("{:?}", app.overlay) };
    assert_eq!(line.problem.as_deref(), Some("\"extra\" is one word too many"));
}

#[test]
fn copying_copies_what_is_selected() {
    let mut app = with_functions(SIZE, three());
    assert_eq!(act(&mut app, Action::CopyName), [Effect::Copy("checkout-api".into())]);
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:checkout-api";
    assert_eq!(act(&mut app, Action::CopyArn), [Effect::Copy(arn.into())]);
}

#[test]
fn nothing_wakes_the_program_while_nothing_moves() {
    let mut app = with_functions(SIZE, three());
    let names: Vec<Box<str>> = names(&app).iter().map(|name| name.as_str().into()).collect();
    for name in names {
        app.update(moment(), Msg::FunctionState(ticket(2), name, Ok(active())));
    }
    assert_eq!(app.wake_at(), None);
}

#[test]
fn what_the_engine_says_is_in_the_message_log_and_warnings_come_last() {
    let mut app = with_functions(SIZE, three());
    let before = app.messages.log.len();
    let info = |text: &str| (Severity::Info, text.to_owned());
    let warning = |text: &str| (Severity::Warning, text.to_owned());
    let notes = vec![warning("a.yaml:3: no"), info("Function URL of a"), warning("a.yaml:9: no")];
    assert_eq!(app.update(moment(), Msg::EngineNotes(notes)), []);
    let said: Vec<_> =
        app.messages.log.iter().skip(before).map(|said| (said.severity, said.text.as_str())).collect();
    assert_eq!(
        said,
        [
            (Severity::Info, "Function URL of a"),
            (Severity::Warning, "a.yaml:3: no"),
            (Severity::Warning, "a.yaml:9: no"),
            (Severity::Warning, "2 things of the projects can't be done here: :messages shows them"),
        ]
    );
    assert_eq!(app.update(moment(), Msg::EngineNotes(vec![warning("b: no")])), []);
    assert_eq!(app.messages.log.back().unwrap().text, "b: no");
}
