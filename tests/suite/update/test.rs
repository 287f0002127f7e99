//! The Test tab: where and how an event is sent, several at once, and which of them is looked at.

use jiff::ToSpan;
use lambdeck::{
    app::{Action, App, Effect, Msg, Ticket, function::Tab, invocations::Outcome, overlay::Overlay},
    cloud::{Error, Kind},
    domain::{
        function::Function,
        invocation::{Chunk, Ending, Mode, Reply, Request},
        release::{Alias, Releases},
    },
};
use rstest::rstest;

use super::{answer, at_test};
use crate::support::app::{act, moment, session, type_text};

/// Sends the event so many seconds after the start, and answers the request.
fn send_at(app: &mut App, seconds: i64) -> (Ticket, Request) {
    let effects = app.update(moment() + seconds.seconds(), Msg::Action(Action::Send));
    let [Effect::Invoke { ticket, request, .. }] = &effects[..] else { panic!("{effects:?}") };
    (*ticket, (**request).clone())
}

fn answered(app: &mut App, ticket: Ticket, function_error: Option<&str>) {
    let reply = Reply::read(answer(function_error));
    assert_eq!(app.update(app.now, Msg::Invoked(ticket, Ok(Box::new(reply)))), []);
}

fn releases() -> Releases {
    let version = |number: &str| Function { version: Some(number.into()), ..Function::default() };
    let live = Alias { name: "live".into(), version: "2".into(), ..Alias::default() };
    Releases {
        versions: vec![version("$LATEST"), version("2"), version("1")],
        aliases: vec![live],
        provisioned: Ok(Vec::new()),
    }
}

/// The choices of the picker that is open.
fn choices(app: &App) -> Vec<&str> {
    let Some(Overlay::Picker(picker)) = &app.overlay else { panic!("{:?}", app.overlay) };
    picker.shown.iter().map(|index| picker.items[*index].name.as_str()).collect()
}

fn choose(app: &mut App, text: &str) {
    type_text(app, text);
    assert_eq!(act(app, Action::Open), []);
}

#[test]
fn an_event_goes_to_the_alias_that_was_chosen() {
    let mut app = at_test();
    let effects = act(&mut app, Action::Qualifier);
    let [Effect::GetReleases(read, name)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(name, "checkout-api");
    // They are typed for before they are there.
    assert!(choices(&app).is_empty());
    app.update(moment(), Msg::Releases(*read, Ok(Box::new(releases()))));
    assert_eq!(choices(&app), ["$LATEST", "live", "2", "1"]);
    choose(&mut app, "live");
    assert_eq!(app.overlay.is_none().then(|| send_at(&mut app, 1).1.target()).unwrap(), "checkout-api:live");
    // Known now: nothing is read again.
    assert_eq!(app.update(moment() + 9.seconds(), Msg::Action(Action::Qualifier)), []);
    choose(&mut app, "LATEST");
    assert_eq!(send_at(&mut app, 10).1.qualifier, None);
}

#[test]
fn a_qualifier_can_be_typed_where_the_versions_may_not_be_read() {
    let mut app = at_test();
    let effects = act(&mut app, Action::Qualifier);
    let [Effect::GetReleases(read, _)] = effects[..] else { panic!("{effects:?}") };
    app.update(moment(), Msg::Releases(read, Err(Error::new(Kind::Denied, "not allowed"))));
    choose(&mut app, "canary");
    assert_eq!(send_at(&mut app, 1).1.target(), "checkout-api:canary");
}

#[rstest]
#[case("RequestResponse", Mode::RequestResponse)]
#[case("stream", Mode::ResponseStream)]
#[case("queue", Mode::Event)]
#[case("dry", Mode::DryRun)]
fn an_event_is_sent_as_was_chosen(#[case] typed: &str, #[case] mode: Mode) {
    let mut app = at_test();
    assert_eq!(act(&mut app, Action::SendAs), []);
    choose(&mut app, typed);
    assert_eq!(send_at(&mut app, 1).1.mode, mode);
}

#[test]
fn tenant_and_client_context_are_sent_along_once_they_are_right() {
    let mut app = at_test();
    act(&mut app, Action::SendAs);
    choose(&mut app, "tenant");
    type_text(&mut app, "blue{}");
    act(&mut app, Action::Open);
    let Some(Overlay::Prompt(prompt)) = &app.overlay else { panic!("{:?}", app.overlay) };
    assert!(prompt.problem.as_ref().unwrap().contains("tenant id"), "{prompt:?}");
    act(&mut app, Action::Clear);
    type_text(&mut app, "blue-1");
    act(&mut app, Action::Open);
    for (typed, problem) in [("[1]", "JSON object"), ("{x", "not JSON"), ("{\"custom\":{\"a\":1}}", "")] {
        act(&mut app, Action::SendAs);
        choose(&mut app, "client context");
        type_text(&mut app, typed);
        act(&mut app, Action::Open);
        if let Some(Overlay::Prompt(prompt)) = &app.overlay {
            assert!(prompt.problem.as_ref().unwrap().contains(problem) && !problem.is_empty(), "{prompt:?}");
            act(&mut app, Action::Back);
        } else {
            assert_eq!(problem, "");
        }
    }
    let (_, request) = send_at(&mut app, 1);
    assert_eq!(request.tenant_id.as_deref(), Some("blue-1"));
    assert_eq!(request.client_context.unwrap().reveal(), "{\"custom\":{\"a\":1}}");
}

#[test]
fn an_event_for_the_queue_has_a_smaller_limit() {
    let mut app = at_test();
    act(&mut app, Action::SendAs);
    choose(&mut app, "queue");
    act(&mut app, Action::Edit);
    let text = format!("\"{}\"", "x".repeat(1024 * 1024));
    app.function.as_mut().unwrap().test.set_event(&text);
    assert_eq!(act(&mut app, Action::Send), []);
    let said = &app.messages.shown().unwrap().text;
    assert_eq!(*said, "the event has 1048578 bytes, Lambda asynchronously takes 1048576");
    app.function.as_mut().unwrap().test.target.mode = Mode::RequestResponse;
    send_at(&mut app, 5);
}

#[test]
fn several_run_at_once_and_each_answer_finds_its_row() {
    let mut app = at_test();
    let tickets: Vec<Ticket> = (0..3).map(|nth| send_at(&mut app, nth * 2).0).collect();
    assert_eq!(app.running("checkout-api").count(), 3);
    assert_eq!(app.invocation_rows(), 3);
    answered(&mut app, tickets[1], Some("Unhandled"));
    answered(&mut app, tickets[0], None);
    let endings: Vec<Option<Ending>> =
        app.invocations.iter().map(|one| one.outcome.as_ref().map(Outcome::ending)).collect();
    assert_eq!(endings, [Some(Ending::Ok), Some(Ending::FunctionError("Unhandled".into())), None]);
    // The newest is looked at until another one is chosen.
    assert_eq!(app.looked_at().unwrap().number, 3);
    act(&mut app, Action::PreviousInvocation);
    assert_eq!(app.looked_at().unwrap().number, 2);
    act(&mut app, Action::PreviousInvocation);
    act(&mut app, Action::PreviousInvocation);
    assert_eq!(app.looked_at().unwrap().number, 1);
    act(&mut app, Action::NextInvocation);
    act(&mut app, Action::NextInvocation);
    assert_eq!(app.looked_at().unwrap().number, 3);
    // Back at the newest one, the next takes its place.
    send_at(&mut app, 20);
    assert_eq!(app.looked_at().unwrap().number, 4);
}

#[test]
fn no_more_than_ten_are_on_their_way() {
    let mut app = at_test();
    for nth in 0..10 {
        send_at(&mut app, nth * 2);
    }
    assert_eq!(app.update(moment() + 60.seconds(), Msg::Action(Action::Send)), []);
    assert_eq!(app.messages.shown().unwrap().text, "10 invocations are on their way: wait for an answer");
}

#[test]
fn what_is_streamed_is_there_before_the_end_and_stays_when_it_breaks_off() {
    let mut app = at_test();
    let (sent, _) = send_at(&mut app, 0);
    for (at_ms, text) in [(40, "{\"a\":"), (90, "1")] {
        let chunk = Chunk { bytes: text.as_bytes().to_vec(), at_ms };
        assert_eq!(app.update(moment(), Msg::Streamed(sent, chunk)), []);
    }
    let stream = &app.looked_at().unwrap().stream;
    assert_eq!((stream.chunks, stream.bytes, stream.first_byte_ms), (2, 6, Some(40)));
    let broken = Error::new(Kind::OutcomeUnknown, "the stream broke off");
    app.update(moment(), Msg::Invoked(sent, Err(broken)));
    assert_eq!(app.looked_at().unwrap().stream.kept, b"{\"a\":1");
    // What comes after the end belongs to nothing.
    app.update(moment(), Msg::Streamed(sent, Chunk { bytes: vec![0], at_ms: 99 }));
    assert_eq!(app.looked_at().unwrap().stream.chunks, 2);
}

#[test]
fn the_event_of_a_function_is_there_again_when_one_comes_back() {
    let mut app = at_test();
    act(&mut app, Action::Edit);
    type_text(&mut app, " ");
    act(&mut app, Action::Back);
    let event = app.function.as_ref().unwrap().test.event();
    act(&mut app, Action::SendAs);
    choose(&mut app, "dry");
    for _ in 0..2 {
        act(&mut app, Action::Back);
        act(&mut app, Action::Down);
        act(&mut app, Action::Invoke);
        assert_ne!(app.function.as_ref().unwrap().name, "checkout-api");
        assert_ne!(app.function.as_ref().unwrap().test.event(), event);
        act(&mut app, Action::Back);
        act(&mut app, Action::Up);
        act(&mut app, Action::Invoke);
        let view = app.function.as_ref().unwrap();
        assert_eq!(
            (view.name.as_str(), view.tab, view.test.event()),
            ("checkout-api", Tab::Test, event.clone())
        );
        assert_eq!(view.test.target.mode, Mode::DryRun);
    }
}

#[test]
fn the_event_of_another_session_is_not_taken_up() {
    let mut app = at_test();
    act(&mut app, Action::SendAs);
    choose(&mut app, "dry");
    super::switch_to(&mut app, "dev");
    let effects = app.update(moment(), Msg::Connected(2, Ok(session("dev", "us-east-1"))));
    let Some(Effect::ListFunctions(list)) = effects.last() else { panic!("{effects:?}") };
    app.update(moment(), Msg::FunctionsPage { ticket: *list, functions: super::three(), last: true });
    act(&mut app, Action::Invoke);
    assert_eq!(app.function.as_ref().unwrap().test.target.mode, Mode::RequestResponse);
    assert_eq!(app.looked_at().map(|one| one.number), None);
}

#[test]
fn a_key_that_closes_a_picker_and_is_held_sends_nothing() {
    let mut app = at_test();
    app.function.as_mut().unwrap().versions.releases.value = Some(releases());
    act(&mut app, Action::Qualifier);
    type_text(&mut app, "live");
    let mut now = moment();
    assert_eq!(app.update(now, Msg::Action(Action::Open)), []);
    for pause in std::iter::once(600).chain([30; 40]) {
        now += pause.milliseconds();
        assert_eq!(app.update(now, Msg::Action(Action::Send)), []);
        // A trackpad that rolls on is no other key.
        app.update(now, Msg::Action(Action::Scroll(1)));
    }
    now += 1.seconds();
    assert!(matches!(app.update(now, Msg::Action(Action::Send))[..], [Effect::Invoke { .. }]));
}

#[test]
fn who_types_a_whole_version_means_that_one() {
    let mut app = at_test();
    let mut many = releases();
    many.versions.extend(["11", "12"].map(|n| Function { version: Some(n.into()), ..Function::default() }));
    app.function.as_mut().unwrap().versions.releases.value = Some(many);
    for version in ["1", "2", "11", "12"] {
        act(&mut app, Action::Qualifier);
        choose(&mut app, version);
        assert_eq!(app.function.as_ref().unwrap().test.target.qualifier.as_deref(), Some(version));
    }
    // The alias points to version 2: its note is nothing that a version is typed for.
    act(&mut app, Action::Qualifier);
    type_text(&mut app, "2");
    assert_eq!(choices(&app)[0], "2");
    assert!(!choices(&app).contains(&"live"));
}

#[test]
fn an_event_outlives_the_session_that_it_was_written_in() {
    let mut app = at_test();
    act(&mut app, Action::Edit);
    type_text(&mut app, " ");
    act(&mut app, Action::Back);
    let event = app.function.as_ref().unwrap().test.event();
    for (epoch, profile, region) in [(2, "dev", "us-east-1"), (3, "prod", "eu-west-1")] {
        super::switch_to(&mut app, profile);
        let effects = app.update(moment(), Msg::Connected(epoch, Ok(session(profile, region))));
        let list = effects.iter().find_map(|effect| match effect {
            Effect::ListFunctions(list) => Some(*list),
            _ => None,
        });
        let functions = super::three();
        app.update(moment(), Msg::FunctionsPage { ticket: list.unwrap(), functions, last: true });
        act(&mut app, Action::Invoke);
        let same = app.function.as_ref().unwrap().test.event() == event;
        assert_eq!(same, epoch == 3, "{profile}");
        act(&mut app, Action::Back);
    }
}
