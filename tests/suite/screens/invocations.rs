//! The invocations of this run and of earlier ones, and two answers compared.

use std::sync::Arc;

use jiff::ToSpan;
use lambdeck::{
    app::{Effect, Msg, Ticket},
    cloud::{Error, Kind},
    domain::{
        document::{Document, diff},
        invocation::{Answer, Ending, Measured, Mode, Record, Reply, Request},
        place::Place,
        secret::Secret,
    },
};
use ratatui::crossterm::event::KeyCode;

use super::fixtures::*;

fn here() -> Place {
    Place {
        profile: Some("prod".into()),
        account: Some("123456789012".into()),
        region: "eu-west-1".into(),
        endpoint: None,
    }
}

/// What the history on disk tells.
fn records(screen: &Screen) -> Vec<Record> {
    let elsewhere = Place { account: Some("210987654321".into()), ..here() };
    let record = |hours: i64, place: Place, function: &str, ending| {
        let request = Request {
            function: function.into(),
            payload: Arc::new(Secret::new(CANARY)),
            ..Request::default()
        };
        let mut record =
            Record::of(screen.now - hours.hours(), place, &request, Some("order".into()), ending);
        (record.status, record.elapsed_ms, record.response_bytes) = (Some(200), 231, 1234);
        record
    };
    let mut first = record(50, here(), "checkout-api", Ending::Ok);
    first.measured = Some(Measured {
        duration_ms: 12.3,
        billed_ms: 198,
        init_ms: Some(184.9),
        memory_mb: 512,
        max_memory_mb: 71,
    });
    first.payload = Some(Arc::new(Secret::new("{\"basket\":[{\"sku\":\"tea\"}]}")));
    first.response =
        Some(Arc::new(Secret::new("{\"total\":7.90,\"lines\":[{\"sku\":\"tea\",\"price\":\"7.90\"}]}")));
    let mut second = record(49, elsewhere, "checkout-api", Ending::FunctionError("Unhandled".into()));
    second.qualifier = Some("a-long-alias-name".into());
    second.tenant_id = Some("blue".into());
    let mut third = record(26, here(), HOSTILE, Ending::Unknown);
    (third.status, third.mode, third.event) = (None, Mode::ResponseStream, Some(HOSTILE.into()));
    let mut fourth = record(3, here(), "checkout-worker", Ending::Throttled);
    (fourth.status, fourth.request_id) = (None, Some("8f5c6d2e-0000-4000-8000-000000000009".into()));
    vec![first, second, third, fourth]
}

/// Sends the event; it is answered so.
fn send(screen: &mut Screen, result: Result<Answer, Error>) {
    screen.wait(60.0);
    let ticket = invoked(screen);
    screen.wait(0.3);
    screen.send(Msg::Invoked(ticket, result.map(|answer| Box::new(Reply::read(answer)))));
}

fn three_sent() -> Screen {
    let mut screen = Screen::opened();
    send(&mut screen, Ok(answer()));
    let payload = br#"{"statusCode":200,"body":{"price":12.5,"currency":"USD","items":[1,3],"express":true,"gift":{}}}"#;
    send(&mut screen, Ok(Answer { payload: payload.to_vec(), ..answer() }));
    send(&mut screen, Err(Error::new(Kind::Denied, "could not invoke checkout-api: not authorized")));
    screen.wait(60.0);
    invoked(&mut screen);
    screen
}

fn opened(screen: &mut Screen, effects: &[Effect]) -> Ticket {
    let [Effect::ReadInvocations(ticket)] = effects else { panic!("{effects:?}") };
    let records = records(screen);
    screen.send(Msg::InvocationsRead(*ticket, Ok(records)));
    *ticket
}

/// Those of one function.
fn of_function() -> Screen {
    let mut screen = three_sent();
    let effects = screen.keys("h");
    opened(&mut screen, &effects);
    screen
}

/// Those of all.
fn of_all() -> Screen {
    let mut screen = three_sent();
    screen.keys(":invocations");
    let effects = screen.key(KeyCode::Enter);
    opened(&mut screen, &effects);
    screen
}

/// The two answers that were compared.
fn compared() -> (Screen, Ticket, [Document; 2]) {
    let mut screen = of_function();
    screen.keys("jj");
    let effects = screen.keys("c");
    let [Effect::Diff(ticket, before, after)] = &effects[..] else { panic!("{effects:?}") };
    let documents = [before, after].map(|body| body.document().unwrap().clone());
    (screen, *ticket, documents)
}

fn differences() -> Screen {
    let (mut screen, ticket, [before, after]) = compared();
    screen.send(Msg::Diffed(ticket, Ok(diff::diff(&before, &after, 100))));
    screen
}

/// All that there is to draw of it.
pub(super) fn all() -> Vec<Screen> {
    let mut screens = vec![of_function(), of_all(), compared().0, differences()];
    for keys in ["G", "!", "jj ", "jjc", "C", "@", "j\n", "jjj@", "G\n", "Gc"] {
        let mut screen = of_all();
        for key in keys.chars() {
            screen.key(if key == '\n' { KeyCode::Enter } else { KeyCode::Char(key) });
        }
        screens.push(screen);
    }
    let mut unread = three_sent();
    unread.keys("h");
    screens.push(unread);
    let mut none = Screen::opened();
    none.keys("5h");
    screens.push(none);
    let mut failed = Screen::opened();
    let effects = failed.keys("5h");
    let Some(Effect::ReadInvocations(ticket)) = effects.last() else { panic!("{effects:?}") };
    failed.send(Msg::InvocationsRead(*ticket, Err("permission denied (os error 13)".into())));
    screens.push(failed);
    let (mut same, ticket, _) = compared();
    same.send(Msg::Diffed(ticket, Ok(diff::Differences::default())));
    screens.push(same);
    let (mut none, ticket, _) = compared();
    none.send(Msg::Diffed(ticket, Err("They differ. One of them is no JSON.".into())));
    screens.push(none);
    let (mut many, ticket, _) = compared();
    let numbers = |from: i32| {
        let numbers: Vec<String> = (from..from + 100).map(|number| number.to_string()).collect();
        Document::read(format!("[{}]", numbers.join(","))).unwrap()
    };
    many.send(Msg::Diffed(ticket, Ok(diff::diff(&numbers(0), &numbers(1000), 30))));
    many.keys("G");
    screens.push(many);
    screens
}

#[test]
fn the_invocations_of_a_function_and_of_all() {
    of_function().check("invocations");
    let mut screen = of_all();
    screen.keys("G");
    screen.check("invocations_of_all");
    screen.keys("!");
    let shown = screen.text(80, 24);
    assert!(shown.contains("failed only") && !shown.contains("● OK"), "{shown}");
}

#[test]
fn one_of_an_earlier_run_shows_what_is_known_of_it() {
    let mut screen = of_function();
    screen.keys("G");
    screen.key(KeyCode::Enter);
    screen.check("invocation_of_an_earlier_run");
    screen.key(KeyCode::Esc);
    screen.keys("k");
    screen.key(KeyCode::Enter);
    let shown = screen.text(80, 24);
    assert!(shown.contains("payloads = true") && shown.contains("blue"), "{shown}");
}

#[test]
fn two_answers_compared() {
    let (mut screen, ..) = compared();
    assert!(screen.text(80, 24).contains("Comparing…"));
    let mut screen = differences();
    screen.check("answers_compared");
    let mut screen = all().pop().unwrap();
    let shown = screen.text(80, 24);
    assert!(shown.contains("100 differences, the first 30") && shown.contains("> .[29]"), "{shown}");
}

#[test]
fn the_history_may_be_empty_or_unreadable() {
    let mut screens = all();
    let shown: Vec<String> = screens.iter_mut().map(|screen| screen.text(80, 24)).collect();
    for text in [
        "Reading earlier ones…",
        "✗ earlier ones can't be read: permission denied (os error 13)",
        "Both say the same",
        "One of them is no JSON",
    ] {
        assert!(shown.iter().any(|shown| shown.contains(text)), "{text}");
    }
}

#[test]
fn the_selected_one_shows_in_the_lowest_screen() {
    for (columns, rows) in [(24, 6), (40, 8), (80, 10)] {
        let mut screen = of_all();
        for _ in 0..8 {
            let shown = screen.text(columns, rows);
            assert!(shown.lines().any(|line| line.contains("│ >")), "{columns}x{rows}:\n{shown}");
            screen.keys("j");
        }
        let mut screen = differences();
        for _ in 0..4 {
            let shown = screen.text(columns, rows);
            assert!(shown.lines().any(|line| line.contains("│ > .")), "{columns}x{rows}:\n{shown}");
            screen.keys("j");
        }
    }
}

#[test]
fn a_clock_runs_while_one_that_is_listed_runs() {
    let mut screen = of_all();
    let wake = screen.app.wake_at().unwrap();
    assert_eq!(wake, screen.now + 100.milliseconds());
    let before = screen.text(80, 24);
    screen.wait(0.1);
    assert_ne!(screen.text(80, 24), before);
}
