//! The table of invocations of a log, and the lines of one of them.

use jiff::Timestamp;
use lambdeck::{
    app::{Effect, Msg, logs::sources::Source},
    domain::log_event::LogEvent,
    tail::{Arrival, State, Update},
};
use ratatui::crossterm::event::KeyCode;

use super::{
    fixtures::*,
    logs::{log_status, logs},
};

fn id(nth: u32) -> String {
    format!("{nth:08x}-0000-4000-8000-000000000000")
}

fn line(group: &str, stream: &str, at: &str, message: &str) -> Arrival {
    let timestamp = format!("2026-11-20T{at}Z").parse::<Timestamp>().unwrap().as_millisecond();
    let event = LogEvent {
        group: group.into(),
        stream: stream.into(),
        id: format!("event-{timestamp}"),
        timestamp,
        ingestion_time: timestamp + 40,
        message: message.into(),
    };
    Arrival::new(event, None)
}

fn start(nth: u32) -> String {
    format!("START RequestId: {} Version: $LATEST\n", id(nth))
}

fn report(nth: u32, duration: &str, used: u32, rest: &str) -> String {
    format!(
        "REPORT RequestId: {}\tDuration: {duration} ms\tBilled Duration: 13 ms\tMemory Size: 512 MB\tMax Memory Used: {used} MB\t{rest}\n",
        id(nth)
    )
}

const GROUP: &str = "/aws/lambda/checkout-api";
const STREAM: &str = "2026/11/20/[$LATEST]0123456789abcdef";

fn some() -> Update {
    let other = "2026/11/20/[$LATEST]fedcba9876543210";
    let lines = [
        (
            STREAM,
            "14:00:00.000",
            "INIT_START Runtime Version: python:3.13.v7\tRuntime Version ARN: arn:x\n".to_owned(),
        ),
        (STREAM, "14:00:00.185", start(1)),
        (STREAM, "14:00:00.190", "priced 3 items".to_owned()),
        (STREAM, "14:00:00.199", report(1, "12.34", 71, "Init Duration: 184.91 ms\t")),
        (STREAM, "14:00:03.400", start(2)),
        (
            STREAM,
            "14:00:04.100",
            "[ERROR] KeyError: 'price'\rTraceback (most recent call last):\r  File \"/var/task/app.py\""
                .to_owned(),
        ),
        (STREAM, "14:00:04.102", report(2, "702.11", 72, "")),
        (STREAM, "14:00:04.500", start(3)),
        (
            STREAM,
            "14:00:07.500",
            format!("2026-11-20T14:00:07.500Z {} Task timed out after 3.00 seconds\n\n", id(3)),
        ),
        (STREAM, "14:00:07.501", report(3, "3000.00", 90, "Status: timeout")),
        (other, "14:01:00.000", "RESTORE_START Runtime Version: java:21.v38\n".to_owned()),
        (other, "14:01:00.511", start(4)),
        (
            other,
            "14:01:00.700",
            format!(
                "RequestId: {} Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n",
                id(4)
            ),
        ),
        (
            other,
            "14:01:00.702",
            report(
                4,
                "190.02",
                512,
                "Restore Duration: 511.25 ms\tStatus: error\tError Type: Runtime.ExitError",
            ),
        ),
        (other, "14:02:00.000", start(5)),
        (
            STREAM,
            "14:02:59.000",
            format!("[INFO]\t2026-11-20T14:02:59.000Z\t{}\tfrom before START came\n", id(6)),
        ),
        (STREAM, "14:03:10.000", start(7)),
        (STREAM, "14:03:11.000", "working".to_owned()),
        (other, "14:03:20.000", start(8)),
        (other, "14:03:20.003", report(8, "3.10", 40, "")),
    ];
    let batch = lines.iter().map(|(stream, at, message)| line(GROUP, stream, at, message)).collect();
    Update::Events { group: GROUP.into(), batch }
}

/// Reads the rows that are asked for, until there are no more.
fn read(screen: &mut Screen, effects: Vec<Effect>) {
    let mut effects: Vec<Effect> =
        effects.into_iter().filter(|effect| matches!(effect, Effect::FoldLogs(..))).collect();
    while let Some(Effect::FoldLogs(ticket, scan)) = effects.pop() {
        effects = screen.send(Msg::LogsFolded(ticket, Box::new(scan.run())));
    }
}

fn table() -> Screen {
    let (mut screen, ticket) = logs();
    screen.send(Msg::Tail(ticket, log_status(State::Live)));
    screen.send(Msg::Tail(ticket, Update::HistoryDone { group: GROUP.into() }));
    screen.send(Msg::Tail(ticket, some()));
    let details = screen.app.function.as_mut().and_then(|view| view.details.value.as_mut());
    details.unwrap().configuration.logging = None;
    let effects = screen.keys("g");
    read(&mut screen, effects);
    screen
}

#[test]
fn table_of_invocations() {
    let mut screen = table();
    screen.check("log_invocations");
    screen.keys("jjsS");
    screen.check("log_invocations_by_duration_reversed");
    screen.keys("S!");
    screen.check("log_invocations_failed");
    screen.keys("!C");
    screen.check("log_invocations_copy");
}

#[test]
fn the_age_of_one_that_runs_goes_on() {
    let mut screen = table();
    assert!(screen.text(80, 24).contains("◐ running 12s"));
    screen.wait(1.0);
    assert!(screen.text(80, 24).contains("◐ running 13s"));
    screen.wait(1_200.0);
    let shown = screen.text(80, 24);
    assert!(!shown.contains("running") && shown.matches("? no REPORT").count() == 2, "{shown}");
}

#[test]
fn lines_of_one_invocation() {
    let mut screen = table();
    screen.keys("jjjjjj");
    screen.key(KeyCode::Enter);
    screen.check("log_invocation_opened");
    screen.key(KeyCode::Esc);
    assert!(screen.text(80, 24).contains("> 14:00:03"), "{}", screen.text(80, 24));
}

#[test]
fn nothing_to_show() {
    let (mut screen, ticket) = logs();
    let effects = screen.keys("g");
    assert_eq!(effects, []);
    screen.check("log_invocations_none");
    screen.send(Msg::Tail(
        ticket,
        Update::Events { group: GROUP.into(), batch: vec![line(GROUP, STREAM, "14:00:00.000", "plain")] },
    ));
    assert!(screen.text(80, 24).contains("The one line that is there names no invocation."));
    screen.send(Msg::Tail(ticket, some()));
    screen.key(KeyCode::Esc);
    screen.keys("g");
    assert!(screen.text(80, 24).contains("Reading the lines"));
}

#[test]
fn a_log_without_reports_says_why() {
    let (mut screen, ticket) = logs();
    screen.send(Msg::Tail(ticket, some()));
    let effects = screen.keys("g");
    read(&mut screen, effects);
    assert!(
        screen.text(120, 24).contains("no START or REPORT comes: the function's system log level is WARN")
    );
}

#[test]
fn invocations_of_a_shared_group() {
    let mut screen = table();
    let pane = &mut screen.app.function.as_mut().unwrap().logs;
    pane.sources =
        vec![Source::of_group("/shared".into()), Source::of_function("checkout-api", GROUP.into())];
    let ticket = pane.ticket.unwrap();
    let stream = "2026/11/20/invoice-render[42]0123456789abcdef";
    let batch = vec![
        line("/shared", stream, "14:03:21.000", &start(9)),
        line("/shared", stream, "14:03:21.100", &report(9, "99.00", 300, "")),
        line("/shared", HOSTILE, "14:03:21.500", &start(10)),
    ];
    screen.send(Msg::Tail(ticket, Update::Events { group: "/shared".into(), batch }));
    screen.check("log_invocations_of_several");
}

#[test]
fn it_draws_at_every_size() {
    let mut screen = table();
    for rows in 1..16 {
        for columns in [1, 10, 24, 40, 60, 79, 120, 300] {
            screen.text(columns, rows);
        }
    }
    assert!(screen.text(40, 7).contains("> 14:03:20"), "{}", screen.text(40, 7));
    screen.key(KeyCode::Enter);
    for rows in 1..16 {
        screen.text(80, rows);
    }
}
