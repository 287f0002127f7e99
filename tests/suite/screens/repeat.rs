//! Sending an event many times: the form, what comes of it, and what is asked.

use lambdeck::{
    app::{Effect, Msg, Ticket},
    cloud::{Error, Kind, repeat::Why},
    domain::{
        invocation::{Ending, Measured},
        place::Protected,
        repeat::{Plan, Shot, Tally},
    },
};
use ratatui::crossterm::event::KeyCode;

use super::fixtures::*;

fn form() -> Screen {
    let mut screen = Screen::opened();
    screen.keys("5R");
    screen
}

fn protected() -> Screen {
    let mut screen = Screen::opened();
    screen.app.session.spec.protected = Protected { profiles: vec!["prod".into()], ..Protected::default() };
    screen.keys("5R500");
    screen.key(KeyCode::Tab);
    screen.keys("20");
    screen
}

fn asked() -> Screen {
    let mut screen = form();
    screen.keys("500");
    screen.key(KeyCode::Enter);
    screen
}

fn started() -> (Screen, Ticket) {
    let mut screen = form();
    let effects = screen.key(KeyCode::Enter);
    let [Effect::Repeat(ticket, ..)] = effects[..] else { panic!("{effects:?}") };
    (screen, ticket)
}

/// Some of them good, some not, each ending that there is.
fn tally(begun: u32, ended: u32) -> Box<Tally> {
    let mut tally = Tally::new(Plan::default());
    (0..begun).for_each(|_| tally.begin());
    for number in 0..ended {
        let (ending, reason) = match number {
            20..24 => (Ending::FunctionError("Unhandled".into()), None),
            24 => (Ending::FunctionError(HOSTILE.into()), None),
            25..30 => (Ending::Throttled, Some("ReservedFunctionConcurrentInvocationLimitExceeded")),
            30 => (Ending::Throttled, None),
            31 => (Ending::Unknown, None),
            _ => (Ending::Ok, None),
        };
        let ran = matches!(ending, Ending::Ok | Ending::FunctionError(_));
        let duration_ms = 12.0 + f64::from(number * 7 % 31) + if number == 40 { 900.0 } else { 0.0 };
        let measured = ran.then(|| Measured {
            duration_ms,
            billed_ms: 60,
            init_ms: (number < 3).then_some(200.0),
            memory_mb: 512,
            max_memory_mb: 64,
        });
        let reason = reason.map(str::to_owned);
        tally.end(&Shot { ending, reason, round_trip_ms: duration_ms + 8.5, measured });
    }
    Box::new(tally)
}

fn running() -> (Screen, Ticket) {
    let (mut screen, ticket) = started();
    screen.now += jiff::SignedDuration::from_millis(2345);
    screen.send(Msg::Repeated(ticket, tally(62, 52)));
    (screen, ticket)
}

fn over(why: Why, begun: u32) -> Screen {
    let (mut screen, ticket) = running();
    screen.wait(1.0);
    screen.send(Msg::RepeatEnded(ticket, tally(begun, begun), Box::new(why)));
    screen
}

fn denied() -> Why {
    let error = Error::new(
        Kind::Denied,
        "could not invoke checkout-api: User: arn:aws:iam::123456789012:user/ops is not authorized to perform \
         lambda:InvokeFunction",
    )
    .with_hint("ask for the permission that the message names, or switch with :profile");
    Why::Pointless(error)
}

pub(super) fn all() -> Vec<Screen> {
    let mut stopping = running().0;
    stopping.keys("s");
    let mut behind = running().0;
    behind.key(KeyCode::Esc);
    let mut quitting = running().0;
    quitting.key(KeyCode::Esc);
    quitting.keys("q");
    vec![
        form(),
        protected(),
        asked(),
        started().0,
        running().0,
        stopping,
        behind,
        quitting,
        over(Why::Done, 100),
        over(Why::Stopped, 62),
        over(denied(), 1),
    ]
}

#[test]
fn the_form_says_what_is_sent_and_what_is_asked() {
    let mut screen = form();
    screen.check("repeat_form");
    screen.keys("5000");
    screen.check("repeat_form_beyond");
    screen.keys("0");
    screen.check("repeat_form_wrong");
    asked().check("repeat_question");
}

#[test]
fn a_protected_place_takes_the_name() {
    let mut screen = protected();
    screen.check("repeat_protected");
    screen.key(KeyCode::Tab);
    screen.keys("checkout");
    screen.key(KeyCode::Enter);
    screen.check("repeat_protected_mistyped");
}

#[test]
fn what_comes_is_counted_as_it_comes() {
    started().0.check("repeat_started");
    let (mut screen, ticket) = running();
    screen.check("repeat_running");
    screen.keys("s");
    screen.check("repeat_stopping");
    screen.key(KeyCode::Esc);
    screen.wait(20.0);
    screen.check("repeat_behind");
    screen.send(Msg::RepeatEnded(ticket, tally(62, 62), Box::new(Why::Stopped)));
    screen.check("repeat_told");
}

#[test]
fn it_says_how_it_ended() {
    over(Why::Done, 100).check("repeat_over");
    over(Why::Stopped, 62).check("repeat_stopped");
    over(denied(), 1).check("repeat_given_up");
}

#[test]
fn all_of_it_can_be_read_where_there_is_little_room() {
    let mut screen = over(Why::Done, 100);
    let mut seen = String::new();
    screen.text(34, 9);
    screen.keys("g");
    for _ in 0..60 {
        seen.push_str(&screen.text(34, 9));
        screen.keys("j");
    }
    for word in ["p95", "Cold starts", "Est. cost", "OUTCOME UNKNOWN", "Durations", "none of", "100%"] {
        assert!(seen.contains(word), "{word}: {seen}");
    }
    assert!(screen.text(34, 9).contains("over: all 100"));
}

#[test]
fn the_fields_show_on_the_lowest_screen() {
    let mut screen = form();
    assert!(screen.text(24, 6).contains("> 100"));
    screen.key(KeyCode::Tab);
    assert!(screen.text(24, 6).contains("> 10"));
    let mut screen = protected();
    screen.key(KeyCode::Tab);
    screen.keys("chec");
    let shown = screen.text(24, 6);
    assert!(shown.contains("> chec") && shown.contains("Type check"), "{shown}");
}
