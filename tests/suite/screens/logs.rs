//! The Logs tab.

use jiff::Timestamp;
use lambdeck::{
    app::{Effect, Msg, Ticket},
    domain::log_event::LogEvent,
    tail,
    ui::Theme,
};
use ratatui::{crossterm::event::KeyCode, style::Modifier};

use super::{everywhere::style_of, fixtures::*};

/// The Logs tab of a function, and the ticket of its follow.
pub(super) fn logs() -> (Screen, Ticket) {
    let mut screen = Screen::opened();
    let effects = screen.keys("l");
    let ticket = effects
        .iter()
        .find_map(|effect| if let Effect::FollowLogs { ticket, .. } = effect { Some(*ticket) } else { None });
    (screen, ticket.expect("the tab follows at once"))
}

pub(super) fn log_status(state: tail::State) -> tail::Update {
    tail::Update::Status(tail::Status {
        state,
        calls: 9,
        events: 12,
        late: 1,
        lag_ms: Some(800),
        lookback_ms: 300_000,
        ..tail::Status::new("/aws/lambda/checkout-api")
    })
}

fn events(messages: &[(i64, Option<i64>, &str)]) -> tail::Update {
    let start = "2026-11-20T14:00:00Z".parse::<Timestamp>().unwrap().as_millisecond();
    let batch = messages
        .iter()
        .map(|(after_ms, late_by_ms, message)| {
            tail::Arrival::new(
                LogEvent {
                    group: "/aws/lambda/checkout-api".into(),
                    stream: "2026/11/20/[$LATEST]0123456789abcdef".into(),
                    id: format!("event-{after_ms:08}"),
                    timestamp: start + after_ms,
                    ingestion_time: start + after_ms + 40,
                    message: (*message).into(),
                },
                *late_by_ms,
            )
        })
        .collect();
    tail::Update::Events { group: "/aws/lambda/checkout-api".into(), batch }
}

const TRACEBACK: &str = "[ERROR] KeyError: 'price'\rTraceback (most recent call last):\r  File \"/var/task/app.py\", \
    line 7, in handler\r    return basket['items'][0]['product']['price'] * basket['items'][0]['quantity'] + shipping(basket)\n";

pub(super) fn some_events() -> tail::Update {
    let id = "8f5c6d2e-0000-4000-8000-000000000001";
    let report = format!(
        "REPORT RequestId: {id}\tDuration: 12.34 ms\tBilled Duration: 198 ms\tMemory Size: 512 MB\tMax Memory Used: 71 MB\tInit Duration: 184.91 ms\t\n"
    );
    events(&[
        (
            0,
            None,
            "INIT_START Runtime Version: python:3.13.v7\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:abc\n",
        ),
        (185, None, &format!("START RequestId: {id} Version: $LATEST\n")),
        (190, None, &format!("[INFO]\t2026-11-20T14:00:00.190Z\t{id}\tpriced 3 items for 12.50 EUR\n")),
        (192, Some(6_000), &format!("[WARNING]\t2026-11-20T14:00:00.192Z\t{id}\tthe cache is cold\n")),
        (
            195,
            None,
            r#"{"timestamp":"2026-11-20T14:00:00.195Z","level":"INFO","message":"as JSON","requestId":"8f5c6d2e"}"#,
        ),
        (196, None, HOSTILE),
        (197, None, TRACEBACK),
        (198, None, &format!("END RequestId: {id}\n")),
        (199, None, &report),
        (
            3_500,
            None,
            "2026-11-20T14:00:03.500Z 8f5c6d2e-0000-4000-8000-000000000002 Task timed out after 3.00 seconds\n\n",
        ),
    ])
}

#[test]
fn log_tab() {
    let (mut screen, ticket) = logs();
    screen.check("logs_reading");
    screen.send(Msg::Tail(ticket, log_status(tail::State::Live)));
    screen.send(Msg::Tail(ticket, tail::Update::HistoryDone { group: "/aws/lambda/checkout-api".into() }));
    screen.check("logs_none");
    screen.send(Msg::Tail(ticket, some_events()));
    screen.check("logs_live");
    screen.keys("w");
    screen.check("logs_wrapped");
    screen.keys("wkk ");
    screen.keys("k");
    screen.send(Msg::Tail(ticket, events(&[(9_000, None, "one more"), (9_100, None, "and another")])));
    screen.check("logs_paused");
    screen.key(KeyCode::Right);
    screen.key(KeyCode::Right);
    screen.check("logs_sideways");
}

#[test]
fn log_tab_filtered() {
    let (mut screen, ticket) = logs();
    screen.send(Msg::Tail(ticket, log_status(tail::State::Live)));
    screen.send(Msg::Tail(ticket, some_events()));
    screen.keys("!");
    screen.check("logs_errors_only");
    screen.keys("!/PRICED");
    screen.check("logs_filter_matches_none");
    for _ in 0..6 {
        screen.key(KeyCode::Backspace);
    }
    screen.keys("priced");
    screen.key(KeyCode::Enter);
    screen.check("logs_filtered");
    let buffer = screen.buffer(120, 30, &Theme::DEFAULT);
    assert!(
        style_of(&buffer, "priced 3 items").add_modifier.contains(Modifier::REVERSED),
        "the find is marked"
    );
    screen.key(KeyCode::Enter);
    screen.check("logs_event");
}

#[test]
fn log_tab_in_trouble() {
    let (mut screen, ticket) = logs();
    screen.send(Msg::Tail(ticket, log_status(tail::State::Waiting)));
    screen.check("logs_waiting");
    let message =
        "User: arn:aws:iam::123456789012:user/x is not authorized to perform: logs:FilterLogEvents".into();
    screen.send(Msg::Tail(ticket, log_status(tail::State::Denied { message })));
    screen.check("logs_denied");
    screen.send(Msg::Tail(ticket, some_events()));
    let offline = tail::State::Offline { behind_ms: 6_200, message: "no connection".into() };
    screen.send(Msg::Tail(ticket, log_status(offline)));
    let group = "/aws/lambda/checkout-api".into();
    let from_ms = "2026-11-20T14:02:00Z".parse::<Timestamp>().unwrap().as_millisecond();
    let kind = tail::GapKind::Disconnected;
    screen.send(Msg::Tail(ticket, tail::Update::Gap { group, kind, from_ms, to_ms: None, repaired: false }));
    screen.check("logs_offline");
}

#[test]
fn a_wrapped_log_shows_the_newest_event_to_its_end_and_the_selected_one() {
    let (mut screen, ticket) = logs();
    let long = format!("{} the very end", "word ".repeat(200));
    let lines: Vec<(i64, Option<i64>, &str)> = (0..30).map(|n| (n, None, long.as_str())).collect();
    screen.text(80, 24);
    screen.send(Msg::Tail(ticket, events(&lines)));
    screen.keys("w");
    let shown = screen.text(80, 24);
    let last = shown.lines().rev().nth(1).unwrap();
    assert!(last.ends_with("the very end"), "{shown}");
    for _ in 0..30 {
        screen.keys("k");
        let shown = screen.text(80, 24);
        assert!(shown.lines().any(|line| line.starts_with('>')), "{shown}");
    }
}

#[test]
fn a_log_line_of_a_megabyte_costs_what_is_shown_of_it() {
    let (mut screen, ticket) = logs();
    let long = "x".repeat(1 << 20);
    let lines: Vec<(i64, Option<i64>, &str)> = (0..40).map(|n| (n, None, long.as_str())).collect();
    screen.send(Msg::Tail(ticket, events(&lines)));
    let start = std::time::Instant::now();
    screen.text(200, 60);
    screen.keys("w");
    screen.text(200, 60);
    // Reading 40 MB would take minutes without optimisation.
    assert!(start.elapsed() < std::time::Duration::from_secs(10));
}
