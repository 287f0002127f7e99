//! Sending an event many times: what is asked before, what leaves, and how it ends.

use jiff::ToSpan;
use lambdeck::{
    app::{Action, App, Context, Effect, Msg, Ticket, overlay::Overlay, repeat::Stage},
    cloud::{Error, Kind, repeat::Why},
    domain::{
        invocation::{Ending, Measured, Mode, Reply, Request},
        place::Protected,
        repeat::{Plan, Shot, Tally},
        report::parse_report,
    },
};
use rstest::rstest;

use super::{answer, at_test};
use crate::support::app::{act, moment, session, type_text};

/// The form, with these numbers typed.
fn form(app: &mut App, times: &str, at_once: &str) {
    assert_eq!(act(app, Action::Repeat), []);
    assert!(matches!(app.overlay, Some(Overlay::RepeatForm(_))), "{:?}", app.overlay);
    type_text(app, times);
    act(app, Action::NextTab);
    type_text(app, at_once);
}

/// What is sent many times.
fn sent(effects: &[Effect]) -> (Ticket, Request, Plan) {
    let [Effect::Repeat(ticket, request, plan)] = effects else { panic!("{effects:?}") };
    (*ticket, (**request).clone(), *plan)
}

fn start(app: &mut App, times: &str, at_once: &str) -> Ticket {
    form(app, times, at_once);
    sent(&act(app, Action::Open)).0
}

fn tally(plan: Plan, ended: u32, begun: u32) -> Box<Tally> {
    let mut tally = Tally::new(plan);
    (0..begun).for_each(|_| tally.begin());
    for number in 0..ended {
        let ending = if number % 10 == 9 { Ending::Throttled } else { Ending::Ok };
        let measured =
            Measured { duration_ms: 12.0, billed_ms: 13, init_ms: None, memory_mb: 512, max_memory_mb: 64 };
        let measured = (ending == Ending::Ok).then_some(measured);
        tally.end(&Shot { ending, reason: None, round_trip_ms: 20.0, measured });
    }
    Box::new(tally)
}

fn plan(times: u32, at_once: u32) -> Plan {
    Plan::new(times, at_once).unwrap()
}

fn said(app: &App) -> &str {
    app.messages.shown().map_or("", |message| message.text.as_str())
}

fn protect(app: &mut App) {
    app.session.spec.protected = Protected { names: vec!["checkout-*".into()], ..Protected::default() };
}

#[test]
fn it_is_sent_as_the_form_says_once() {
    let mut app = at_test();
    form(&mut app, "40", "4");
    let (ticket, request, plan) = sent(&act(&mut app, Action::Open));
    assert_eq!((plan.times, plan.at_once), (40, 4));
    assert_eq!((request.function.as_str(), request.mode), ("checkout-api", Mode::RequestResponse));
    assert_eq!((request.payload.reveal(), request.timeout_s), ("{\n  \"key\": \"value\"\n}", Some(30)));
    assert_eq!(app.contexts(), [Context::Repeat]);
    // Whatever is pressed then starts no other one.
    for action in [Action::Open, Action::Yes, Action::Repeat, Action::Send, Action::Open] {
        assert_eq!(act(&mut app, action), []);
    }
    assert_eq!(app.repeating.as_ref().unwrap().ticket, ticket);
    // It is none of the invocations.
    assert_eq!(app.invocations.iter().count(), 0);
}

#[test]
fn without_typing_it_is_the_plan_that_nobody_asks_for() {
    let mut app = at_test();
    assert_eq!(act(&mut app, Action::Repeat), []);
    assert_eq!(sent(&act(&mut app, Action::Open)).2, plan(100, 10));
}

#[rstest]
#[case("0", "1", "from 1 to 10000")]
#[case("10001", "1", "from 1 to 10000")]
#[case("99999999999999", "1", "from 1 to 10000")]
#[case("10", "0", "from 1 to 100")]
#[case("10", "101", "from 1 to 100")]
fn numbers_out_of_bounds_send_nothing(#[case] times: &str, #[case] at_once: &str, #[case] problem: &str) {
    let mut app = at_test();
    form(&mut app, times, at_once);
    assert_eq!(act(&mut app, Action::Open), []);
    assert!(said(&app).contains(problem), "{}", said(&app));
    assert!(matches!(app.overlay, Some(Overlay::RepeatForm(_))));
    // It can be put right.
    act(&mut app, Action::Clear);
    type_text(&mut app, "2");
    act(&mut app, Action::PreviousTab);
    type_text(&mut app, "7x-");
    assert_eq!(sent(&app.update(moment() + 5.seconds(), Msg::Action(Action::Open))).2, plan(7, 2));
}

#[test]
fn no_number_and_a_pasted_text_send_nothing() {
    let mut app = at_test();
    form(&mut app, "5", "1");
    for text in ["", "1e3", "-1", "ten"] {
        act(&mut app, Action::Clear);
        act(&mut app, Action::Paste(text.into()));
        app.update(app.now + 5.seconds(), Msg::Tick);
        assert_eq!(act(&mut app, Action::Open), [], "{text:?}");
        assert!(said(&app).contains("a number is needed"), "{text:?}: {}", said(&app));
    }
}

#[rstest]
#[case("101", "1")]
#[case("100", "11")]
#[case("10000", "100")]
fn beyond_the_caps_only_a_yes_sends(#[case] times: &str, #[case] at_once: &str) {
    for no in [Action::Open, Action::No, Action::Back, Action::Quit] {
        let mut app = at_test();
        form(&mut app, times, at_once);
        assert_eq!(act(&mut app, Action::Open), []);
        let Some(Overlay::Question(question)) = &app.overlay else { panic!("{:?}", app.overlay) };
        assert!(question.text.contains(&format!("{times} times, {at_once} at a time")), "{question:?}");
        assert_eq!(act(&mut app, no.clone()), []);
        if no == Action::Open {
            act(&mut app, Action::No);
        }
        assert!(app.repeating.is_none());
        // The form is there again, as it was.
        assert!(matches!(app.overlay, Some(Overlay::RepeatForm(_))), "{:?}", app.overlay);
        assert_eq!(act(&mut app, Action::Back), []);
        assert!(app.overlay.is_none());
    }
    let mut app = at_test();
    form(&mut app, times, at_once);
    act(&mut app, Action::Open);
    let effects = act(&mut app, Action::Yes);
    assert_eq!(sent(&effects).2, plan(times.parse().unwrap(), at_once.parse().unwrap()));
    assert_eq!(act(&mut app, Action::Yes), []);
    assert_eq!(act(&mut app, Action::Back), []);
    assert!(app.overlay.is_none() && app.beneath.is_empty());
}

#[rstest]
#[case("1", "1")]
#[case("500", "20")]
fn what_is_protected_takes_its_name_whatever_the_numbers(#[case] times: &str, #[case] at_once: &str) {
    let mut app = at_test();
    protect(&mut app);
    form(&mut app, times, at_once);
    // A slip of the finger, a Yes, a paste and half a name are none.
    assert_eq!(act(&mut app, Action::Open), []);
    assert_eq!(act(&mut app, Action::Yes), []);
    assert_eq!(act(&mut app, Action::Paste("checkout-api".into())), []);
    for typed in ["", "checkout-ap", "i2"] {
        type_text(&mut app, typed);
        assert_eq!(app.update(app.now + 5.seconds(), Msg::Action(Action::Open)), [], "{typed}");
    }
    let Some(Overlay::RepeatForm(form)) = &app.overlay else { panic!("{:?}", app.overlay) };
    assert!(form.protected && form.mistyped, "{form:?}");
    act(&mut app, Action::Clear);
    type_text(&mut app, "checkout-api");
    let effects = app.update(app.now + 5.seconds(), Msg::Action(Action::Open));
    assert_eq!(sent(&effects).2.times, times.parse::<u32>().unwrap());
}

#[test]
fn a_key_that_is_held_starts_one() {
    let mut app = at_test();
    form(&mut app, "0", "1");
    let mut effects = Vec::new();
    for step in 0..40 {
        let now = moment() + (step * 33).milliseconds();
        effects.extend(app.update(now, Msg::Action(Action::Open)));
        if step == 3 {
            // The number becomes right while the key is down.
            act(&mut app, Action::PreviousTab);
            act(&mut app, Action::Clear);
            type_text(&mut app, "5");
        }
    }
    assert_eq!(effects.len(), 1, "{effects:?}");
}

#[test]
fn a_read_only_session_and_an_event_that_is_not_json_have_no_form() {
    let mut app = at_test();
    app.session.current.as_mut().unwrap().spec.read_only = true;
    assert_eq!(act(&mut app, Action::Repeat), []);
    assert!(app.overlay.is_none() && said(&app).contains("read-only"), "{}", said(&app));

    let mut app = at_test();
    app.function.as_mut().unwrap().test.set_event("{");
    assert_eq!(act(&mut app, Action::Repeat), []);
    assert!(app.overlay.is_none() && said(&app).contains("not JSON"), "{}", said(&app));
}

#[test]
fn a_session_that_became_read_only_sends_nothing() {
    let mut app = at_test();
    form(&mut app, "5", "1");
    app.session.current.as_mut().unwrap().spec.read_only = true;
    assert_eq!(act(&mut app, Action::Open), []);
    assert!(app.repeating.is_none() && said(&app).contains("read-only"), "{}", said(&app));
}

#[test]
fn stopping_begins_no_further_one_and_waits_for_the_others() {
    let mut app = at_test();
    let ticket = start(&mut app, "50", "5");
    app.update(moment() + 1.seconds(), Msg::Repeated(ticket, tally(plan(50, 5), 10, 15)));
    assert_eq!(act(&mut app, Action::Stop), [Effect::StopRepeat(ticket)]);
    assert_eq!(act(&mut app, Action::Stop), []);
    app.update(moment() + 2.seconds(), Msg::Repeated(ticket, tally(plan(50, 5), 14, 15)));
    let repeating = app.repeating.as_ref().unwrap();
    assert_eq!((repeating.stage.clone(), repeating.tally.on_their_way()), (Stage::Stopping, 1));
    let end = Msg::RepeatEnded(ticket, tally(plan(50, 5), 15, 15), Box::new(Why::Stopped));
    assert_eq!(app.update(moment() + 3.seconds(), end), []);
    let repeating = app.repeating.as_ref().unwrap();
    assert_eq!(repeating.stage, Stage::Over(Why::Stopped));
    assert_eq!((repeating.tally.ended, repeating.elapsed_ms(moment() + 99.seconds())), (15, 3000));
    assert_eq!(act(&mut app, Action::Stop), []);
}

#[test]
fn it_goes_on_while_something_else_is_looked_at() {
    let mut app = at_test();
    let ticket = start(&mut app, "50", "5");
    assert_eq!(act(&mut app, Action::Back), []);
    assert!(app.overlay.is_none());
    // No clock of it is on the screen.
    app.update(app.now + 60.seconds(), Msg::Tick);
    assert_eq!(app.wake_at(), None);
    app.update(app.now, Msg::Repeated(ticket, tally(plan(50, 5), 30, 35)));
    assert_eq!(app.repeating.as_ref().unwrap().progress(), "30 of 50");
    // Another one can't be begun: the key leads back to this one.
    assert_eq!(act(&mut app, Action::Repeat), []);
    assert!(matches!(app.overlay, Some(Overlay::Repeat)));
    assert_eq!(app.wake_at(), Some(app.now + 100.milliseconds()));
    act(&mut app, Action::Back);
    let end = Msg::RepeatEnded(ticket, tally(plan(50, 5), 50, 50), Box::new(Why::Done));
    app.update(app.now, end);
    assert!(said(&app).contains("50 of 50 sent: 45 OK, 5 THROTTLED"), "{}", said(&app));
    act(&mut app, Action::CommandLine);
    type_text(&mut app, "repeat");
    act(&mut app, Action::Open);
    assert!(matches!(app.overlay, Some(Overlay::Repeat)));
    assert_eq!(app.wake_at().filter(|at| *at <= app.now + 1.seconds()), None);
}

#[test]
fn news_of_another_one_change_nothing() {
    let mut app = at_test();
    let ticket = start(&mut app, "5", "5");
    let other = Ticket { number: ticket.number + 1, ..ticket };
    app.update(moment(), Msg::Repeated(other, tally(plan(5, 5), 3, 5)));
    app.update(moment(), Msg::RepeatEnded(other, tally(plan(5, 5), 5, 5), Box::new(Why::Done)));
    let repeating = app.repeating.as_ref().unwrap();
    assert_eq!((repeating.tally.ended, &repeating.stage), (0, &Stage::Running));
    app.update(moment(), Msg::RepeatEnded(ticket, tally(plan(5, 5), 5, 5), Box::new(Why::Done)));
    app.update(moment(), Msg::Repeated(ticket, tally(plan(5, 5), 1, 5)));
    assert_eq!(app.repeating.as_ref().unwrap().tally.ended, 5);
}

#[test]
fn another_session_stops_it_and_its_end_is_still_told() {
    let mut app = at_test();
    let ticket = start(&mut app, "50", "5");
    app.update(moment(), Msg::Repeated(ticket, tally(plan(50, 5), 10, 15)));
    act(&mut app, Action::Back);
    let connect = {
        act(&mut app, Action::CommandLine);
        type_text(&mut app, "region us-east-1");
        act(&mut app, Action::Open)
    };
    let [Effect::Connect { epoch, .. }] = connect[..] else { panic!("{connect:?}") };
    let effects = app.update(moment(), Msg::Connected(epoch, Ok(session("prod", "us-east-1"))));
    assert!(effects.contains(&Effect::StopRepeat(ticket)), "{effects:?}");
    assert!(said(&app).contains("session has changed"), "{}", said(&app));
    let end = Msg::RepeatEnded(ticket, tally(plan(50, 5), 15, 15), Box::new(Why::Stopped));
    app.update(moment(), end);
    assert!(said(&app).contains("(of the session before): 15 of 50 sent"), "{}", said(&app));
    // It is not sent again to somewhere else.
    app.overlay = Some(Overlay::Repeat);
    assert_eq!(act(&mut app, Action::Repeat), []);
    assert!(matches!(app.overlay, Some(Overlay::Repeat)) && said(&app).contains("connect there"));
}

#[test]
fn a_form_does_not_outlive_its_session() {
    let mut app = at_test();
    form(&mut app, "5", "1");
    let Some(Overlay::RepeatForm(form)) = app.overlay.take() else { panic!() };
    let epoch = app.session.epoch + 1;
    app.session.connecting = Some((epoch, app.session.spec.clone()));
    app.update(moment(), Msg::Connected(epoch, Ok(session("prod", "us-east-1"))));
    assert!(app.overlay.is_none());
    app.overlay = Some(Overlay::RepeatForm(form));
    assert_eq!(act(&mut app, Action::Open), []);
    assert!(app.repeating.is_none() && said(&app).contains("session has changed"), "{}", said(&app));
}

#[test]
fn quitting_asks_while_it_is_under_way() {
    let mut app = at_test();
    let ticket = start(&mut app, "50", "5");
    app.update(moment(), Msg::Repeated(ticket, tally(plan(50, 5), 10, 15)));
    act(&mut app, Action::Back);
    act(&mut app, Action::Quit);
    let Some(Overlay::Question(question)) = &app.overlay else { panic!("{:?}", app.overlay) };
    assert!(question.detail.contains("15 of 50 are sent"), "{question:?}");
    act(&mut app, Action::No);
    assert_eq!(app.exit, None);
    app.update(moment(), Msg::RepeatEnded(ticket, tally(plan(50, 5), 50, 50), Box::new(Why::Done)));
    act(&mut app, Action::Quit);
    assert_eq!(app.exit, Some(0));
}

#[test]
fn again_begins_with_what_was_sent_before() {
    let mut app = at_test();
    let ticket = start(&mut app, "7", "3");
    let error = Error::new(Kind::Denied, "not allowed");
    let end = Msg::RepeatEnded(ticket, tally(plan(7, 3), 3, 3), Box::new(Why::Pointless(error)));
    app.update(moment() + 1.seconds(), end);
    // What the Test tab holds by now is something else.
    app.function.as_mut().unwrap().test.set_event("{}");
    assert_eq!(act(&mut app, Action::Repeat), []);
    act(&mut app, Action::Back);
    // What came is still there.
    assert!(matches!(app.overlay, Some(Overlay::Repeat)), "{:?}", app.overlay);
    act(&mut app, Action::Repeat);
    let (again, request, plan) = sent(&app.update(moment() + 9.seconds(), Msg::Action(Action::Open)));
    assert!(again != ticket && (plan.times, plan.at_once) == (7, 3));
    assert_eq!(request.payload.reveal(), "{\n  \"key\": \"value\"\n}");
    act(&mut app, Action::Back);
    assert!(app.overlay.is_none() && app.beneath.is_empty());
}

#[test]
fn what_came_is_copied_as_text() {
    let mut app = at_test();
    let ticket = start(&mut app, "50", "5");
    app.update(moment() + 2.seconds(), Msg::Repeated(ticket, tally(plan(50, 5), 20, 25)));
    let effects = act(&mut app, Action::CopyName);
    let [Effect::Copy(text)] = &effects[..] else { panic!("{effects:?}") };
    for wanted in ["checkout-api\n", "20 of 50 done", "OK", "18", "THROTTLED", "p95", "12.0 ms", "234 ms"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    assert!(!text.contains("value"), "{text}");
}

#[test]
fn the_estimate_is_of_the_last_answer_and_only_where_something_is_billed() {
    let mut app = at_test();
    act(&mut app, Action::Repeat);
    let note = |app: &App| {
        let Some(Overlay::RepeatForm(form)) = &app.overlay else { panic!("{:?}", app.overlay) };
        form.cost_note(form.plan().unwrap())
    };
    assert!(note(&app).unwrap().contains("can be estimated once"));
    act(&mut app, Action::Back);
    let effects = app.update(moment() + 5.seconds(), Msg::Action(Action::Send));
    let [Effect::Invoke { ticket, .. }] = effects[..] else { panic!("{effects:?}") };
    let mut told = answer(None);
    told.report = parse_report(
        "REPORT RequestId: r\tDuration: 99.50 ms\tBilled Duration: 100 ms\tMemory Size: 1024 MB\tMax Memory \
         Used: 64 MB\t",
    );
    assert!(told.report.is_some());
    app.update(app.now, Msg::Invoked(ticket, Ok(Box::new(Reply::read(told)))));
    act(&mut app, Action::Repeat);
    // 100 times 0.1 GB-seconds on arm64, and 100 requests.
    assert!(note(&app).unwrap().starts_with("est. $0.00015 in all"), "{:?}", note(&app));
    act(&mut app, Action::Back);
    app.session.current.as_mut().unwrap().endpoint = Some("http://127.0.0.1:4566".into());
    act(&mut app, Action::Repeat);
    assert_eq!(note(&app), None);
    act(&mut app, Action::Back);
    app.function.as_mut().unwrap().test.target.mode = Mode::DryRun;
    act(&mut app, Action::Repeat);
    assert!(note(&app).unwrap().contains("costs nothing"));
}
