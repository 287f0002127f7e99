//! A filter over more rows of a log than are looked at on the spot.

use lambdeck::{
    app::logs::LogsPane,
    domain::log_event::LogEvent,
    tail::{Arrival, Scan, Update},
};

use super::*;

fn arrivals(seconds: std::ops::Range<i64>) -> Update {
    let arrival = |second: i64| {
        let message = if second % 5 == 0 { "[ERROR] order failed" } else { "order done" };
        let event = LogEvent {
            group: "/aws/lambda/checkout-api".into(),
            stream: "2026/11/20/[$LATEST]0123".into(),
            id: second.to_string(),
            timestamp: second * 1000,
            ingestion_time: second * 1000,
            message: message.into(),
        };
        Arrival::new(event, None)
    };
    Update::Events { group: "/aws/lambda/checkout-api".into(), batch: seconds.map(arrival).collect() }
}

/// The Logs tab of checkout-api with so many rows, every fifth of which tells of an error.
fn with_rows(rows: i64) -> (App, Ticket) {
    let mut app = with_functions(SIZE, three());
    let effects = act(&mut app, Action::Logs);
    let [_, Effect::FollowLogs { ticket, .. }] = effects[..] else { panic!("{effects:?}") };
    assert_eq!(app.update(moment(), Msg::Tail(ticket, arrivals(0..rows))), []);
    (app, ticket)
}

fn pane(app: &App) -> &LogsPane {
    &app.function.as_ref().unwrap().logs
}

fn selected(app: &App) -> i64 {
    pane(app).get(pane(app).cursor.at).unwrap().timestamp / 1000
}

fn scan(effects: Vec<Effect>) -> (Ticket, Box<Scan>) {
    match effects.into_iter().next() {
        Some(Effect::ScanLogs(ticket, scan)) => (ticket, scan),
        other => panic!("{other:?}"),
    }
}

fn scanned(app: &mut App, (ticket, scan): &(Ticket, Box<Scan>)) -> Vec<Effect> {
    app.update(moment(), Msg::LogsScanned(*ticket, Box::new(scan.run())))
}

#[test]
fn a_short_log_is_filtered_at_once() {
    let (mut app, _) = with_rows(2_000);
    assert_eq!(act(&mut app, Action::ErrorsOnly), []);
    assert_eq!((pane(&app).len(), pane(&app).is_scanning()), (400, false));
    assert_eq!(act(&mut app, Action::ErrorsOnly), []);
    assert_eq!(pane(&app).len(), 2_000);
}

#[test]
fn a_long_log_is_filtered_elsewhere_and_the_newest_rows_are_there_at_once() {
    let (mut app, ticket) = with_rows(30_000);
    let first = scan(act(&mut app, Action::ErrorsOnly));
    assert_eq!((pane(&app).len(), pane(&app).is_scanning(), first.1.len()), (400, true, 20_000));
    assert_eq!(selected(&app), 29_995);
    assert_eq!(app.wake_at(), None, "nothing is to be done here meanwhile");
    // One at a time; and what comes meanwhile is there at once.
    assert_eq!(app.update(moment(), Msg::Tail(ticket, arrivals(30_000..30_010))), []);
    assert_eq!((pane(&app).len(), selected(&app)), (402, 30_005));
    let second = scan(scanned(&mut app, &first));
    assert_eq!((pane(&app).len(), second.1.len()), (4_402, 8_000));
    assert_eq!(scanned(&mut app, &second), []);
    assert_eq!((pane(&app).len(), pane(&app).is_scanning(), selected(&app)), (6_002, false, 30_005));
    assert_eq!((pane(&app).errors(), pane(&app).previous_error(6_001)), (6_002, Some(6_000)));
}

#[test]
fn the_reader_stays_at_his_row_while_a_filter_gets_to_it() {
    let (mut app, _) = with_rows(30_000);
    act(&mut app, Action::Top);
    for _ in 0..500 {
        act(&mut app, Action::PageDown);
    }
    let reader = selected(&app);
    assert!((1_000..20_000).contains(&reader), "{reader}");
    let mut effects = act(&mut app, Action::ErrorsOnly);
    while pane(&app).is_scanning() {
        effects = scanned(&mut app, &scan(effects));
    }
    assert!((reader..reader + 5).contains(&selected(&app)), "{reader}: {}", selected(&app));
    // Whoever moves meanwhile is where he went.
    act(&mut app, Action::ErrorsOnly);
    let mut effects = act(&mut app, Action::ErrorsOnly);
    assert!(pane(&app).is_scanning());
    let begun = scan(std::mem::take(&mut effects));
    act(&mut app, Action::Top);
    let moved = selected(&app);
    let next = scan(scanned(&mut app, &begun));
    scanned(&mut app, &next);
    assert_eq!((selected(&app), pane(&app).is_scanning()), (moved, false));
}

#[test]
fn what_was_found_by_a_filter_that_is_no_more_is_dropped() {
    let (mut app, _) = with_rows(10_000);
    let old = scan(act(&mut app, Action::ErrorsOnly));
    assert_eq!(act(&mut app, Action::ErrorsOnly), []);
    let now = scan(act(&mut app, Action::ErrorsOnly));
    assert_ne!(old.0, now.0);
    assert_eq!(scanned(&mut app, &old), []);
    assert_eq!(pane(&app).len(), 400);
    scanned(&mut app, &now);
    assert_eq!((pane(&app).len(), pane(&app).is_scanning()), (2_000, false));
    // Nor does it come to the log of another function.
    act(&mut app, Action::ErrorsOnly);
    let old = scan(act(&mut app, Action::ErrorsOnly));
    act(&mut app, Action::Back);
    act(&mut app, Action::Down);
    act(&mut app, Action::Logs);
    assert_eq!(scanned(&mut app, &old), []);
    assert!(pane(&app).is_empty());
}
