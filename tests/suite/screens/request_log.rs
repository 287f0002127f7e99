//! The Logs tab with one request's log.

use lambdeck::{
    app::{Effect, Msg, Ticket},
    cloud::{Error, Kind},
    domain::invocation::{Answer, Reply},
    tail::{State, Update},
};
use ratatui::crossterm::event::KeyCode;

use super::{
    fixtures::*,
    logs::{log_status, some_events},
};

/// The log of an invocation that ended so, or is still on its way.
fn request_log(result: Option<Result<Answer, Error>>) -> (Screen, Ticket) {
    let mut screen = Screen::opened();
    let ticket = invoked(&mut screen);
    if let Some(result) = result {
        let result = result.map(|answer| Box::new(Reply::read(answer)));
        screen.send(Msg::Invoked(ticket, result));
    }
    let effects = screen.keys("L");
    let ticket = effects
        .iter()
        .find_map(|effect| if let Effect::FollowLogs { ticket, .. } = effect { Some(*ticket) } else { None });
    (screen, ticket.expect("it is followed at once"))
}

fn done() -> Update {
    Update::HistoryDone { group: "/aws/lambda/checkout-api".into() }
}

/// Some of the events.
fn some(which: std::ops::Range<usize>) -> Update {
    match some_events() {
        Update::Events { group, batch } => Update::Events { group, batch: batch[which].to_vec() },
        other => other,
    }
}

#[test]
fn log_of_a_request_as_it_comes() {
    let (mut screen, ticket) = request_log(Some(Ok(answer())));
    screen.check("request_log_reading");
    screen.send(Msg::Tail(ticket, log_status(State::Live)));
    screen.send(Msg::Tail(ticket, done()));
    screen.send(Msg::Tail(ticket, some(0..1)));
    screen.check("request_log_waiting");
    screen.send(Msg::Tail(ticket, some(1..4)));
    screen.check("request_log_without_report");
    assert!(screen.text(80, 24).contains("no REPORT comes: the function's system log level is WARN"));
    let details = screen.app.function.as_mut().and_then(|view| view.details.value.as_mut());
    details.unwrap().configuration.logging = None;
    assert!(screen.text(80, 24).contains("◐ its REPORT has not come yet"));
    screen.send(Msg::Tail(ticket, some(4..10)));
    screen.check("request_log_complete");
    screen.keys("/no such text");
    screen.key(KeyCode::Enter);
    screen.check("request_log_filter_matches_none");
    screen.key(KeyCode::Esc);
    screen.check("request_log_left");
}

#[test]
fn log_of_an_invocation_whose_id_nobody_knows() {
    let unknown = Error::new(Kind::OutcomeUnknown, "the connection broke");
    let (mut screen, ticket) = request_log(Some(Err(unknown)));
    screen.send(Msg::Tail(ticket, log_status(State::Live)));
    screen.send(Msg::Tail(ticket, some_events()));
    screen.check("request_log_without_id");
    let (mut screen, _) = request_log(None);
    screen.check("request_log_before_the_answer");
}

#[test]
fn the_heading_leaves_the_lines_their_rows_on_a_low_screen() {
    let (mut screen, ticket) = request_log(Some(Ok(answer())));
    screen.send(Msg::Tail(ticket, some_events()));
    for rows in 1..16 {
        for columns in [1, 20, 60, 120] {
            screen.text(columns, rows);
        }
    }
    assert!(screen.text(120, 12).contains("Request 8f5c6d2e-0000-4000-8000-000000000001  12.3"), "one row");
    assert!(!screen.text(120, 7).contains("Request 8f5c6d2e"), "none");
}
