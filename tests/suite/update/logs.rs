//! The Logs tab.

use jiff::SignedDuration;
use lambdeck::{
    domain::log_event::LogEvent,
    tail::{Arrival, State as LogState, Status, Update},
};

use super::*;

fn arrivals(seconds: impl IntoIterator<Item = i64>) -> Update {
    let batch = seconds
        .into_iter()
        .map(|second| {
            Arrival::new(
                LogEvent {
                    group: "/aws/lambda/checkout-api".into(),
                    stream: "2026/11/20/[$LATEST]0123".into(),
                    id: format!("{second:06}"),
                    timestamp: second * 1000,
                    ingestion_time: second * 1000,
                    message: if second % 5 == 0 {
                        format!("[ERROR] order {second} failed\n")
                    } else {
                        format!("order {second} done\n")
                    },
                },
                None,
            )
        })
        .collect();
    Update::Events { group: "/aws/lambda/checkout-api".into(), batch }
}

/// The Logs tab of checkout-api with 100 rows.
fn at_logs() -> (App, Ticket) {
    let mut app = with_functions(SIZE, three());
    let effects = act(&mut app, Action::Logs);
    let [_, Effect::FollowLogs { ticket, .. }] = effects[..] else { panic!("{effects:?}") };
    app.update(moment(), Msg::Tail(ticket, arrivals(0..100)));
    (app, ticket)
}

fn pane(app: &App) -> &lambdeck::app::logs::LogsPane {
    &app.function.as_ref().unwrap().logs
}

fn selected(app: &App) -> String {
    pane(app).get(pane(app).cursor.at).unwrap().message.trim().to_owned()
}

#[test]
fn opening_reads_the_function_and_follows_its_group_from_15_minutes_back() {
    let mut app = with_functions(SIZE, three());
    let effects = act(&mut app, Action::Logs);
    let since = moment() - SignedDuration::from_mins(15);
    assert_eq!(
        effects,
        [
            Effect::GetFunction {
                ticket: ticket(3),
                name: "checkout-api".into(),
                qualifier: None,
                after: Duration::ZERO
            },
            Effect::FollowLogs {
                ticket: ticket(4),
                groups: vec!["/aws/lambda/checkout-api".into()],
                since,
                until: None,
                pattern: None,
                live_tail: false,
            },
        ]
    );
    // The same group in the configuration: nothing begins anew. Another one: it does.
    assert_eq!(app.update(moment(), Msg::Function(ticket(3), Ok(Box::new(details("checkout-api"))))), []);
    act(&mut app, Action::Refresh);
    let mut moved = details("checkout-api");
    moved.configuration.logging =
        Some(lambdeck::domain::function::Logging { log_group: Some("/shared".into()), ..Default::default() });
    let read = app.function.as_ref().unwrap().details.pending.unwrap();
    let effects = app.update(moment(), Msg::Function(read, Ok(Box::new(moved))));
    assert!(
        matches!(&effects[..], [Effect::FollowLogs { groups, .. }] if groups[..] == ["/shared"]),
        "{effects:?}"
    );
}

#[test]
fn the_newest_row_stays_in_view_until_one_moves_up() {
    let (mut app, ticket) = at_logs();
    assert_eq!(selected(&app), "order 99 done");
    app.update(moment(), Msg::Tail(ticket, arrivals(100..110)));
    assert_eq!(selected(&app), "order 109 done");
    act(&mut app, Action::Up);
    assert!(!pane(&app).following);
    let (row, top) = (selected(&app), pane(&app).get(pane(&app).cursor.top).unwrap().key);
    app.update(moment(), Msg::Tail(ticket, arrivals(110..150)));
    assert_eq!((selected(&app), pane(&app).new), (row.clone(), 40));
    assert_eq!(pane(&app).get(pane(&app).cursor.top).unwrap().key, top);
    act(&mut app, Action::Follow);
    assert_eq!((selected(&app), pane(&app).new), ("order 149 done".into(), 0));
}

#[test]
fn a_late_row_above_does_not_move_the_readers_place() {
    let (mut app, ticket) = at_logs();
    for _ in 0..30 {
        act(&mut app, Action::Up);
    }
    let (row, below_top) = (selected(&app), pane(&app).cursor.at - pane(&app).cursor.top);
    let mut late = arrivals([3]);
    if let Update::Events { batch, .. } = &mut late {
        batch[0].event.id = "late".into();
    }
    app.update(moment(), Msg::Tail(ticket, late));
    assert_eq!(pane(&app).len(), 101);
    assert_eq!((selected(&app), pane(&app).cursor.at - pane(&app).cursor.top), (row, below_top));
}

#[test]
fn filter_and_errors_only_survive_new_rows() {
    let (mut app, ticket) = at_logs();
    act(&mut app, Action::ErrorsOnly);
    assert_eq!(pane(&app).len(), 20);
    act(&mut app, Action::Filter);
    type_text(&mut app, "order 1");
    // 10, 15.
    assert_eq!(pane(&app).len(), 2);
    act(&mut app, Action::Open);
    app.update(moment(), Msg::Tail(ticket, arrivals(100..120)));
    // 100, 105, 110, 115 as well.
    assert_eq!(pane(&app).len(), 6);
    act(&mut app, Action::Back);
    assert_eq!(pane(&app).len(), 24);
    act(&mut app, Action::ErrorsOnly);
    assert_eq!(pane(&app).len(), 120);
}

#[test]
fn older_events_are_read_from_four_times_as_far_back() {
    let (mut app, _) = at_logs();
    let effects = act(&mut app, Action::Older);
    let since = moment() - SignedDuration::from_mins(60);
    assert_eq!(
        effects,
        [Effect::FollowLogs {
            ticket: ticket(5),
            groups: vec!["/aws/lambda/checkout-api".into()],
            since,
            until: None,
            pattern: None,
            live_tail: false,
        }]
    );
    assert_eq!(pane(&app).len(), 0);
}

#[test]
fn leaving_the_function_stops_the_follow_and_drops_what_still_comes() {
    let (mut app, ticket) = at_logs();
    assert_eq!(act(&mut app, Action::Back), [Effect::StopLogs(ticket)]);
    app.update(moment(), Msg::Tail(ticket, arrivals(100..110)));
    assert_eq!(pane(&app).len(), 100);
}

#[test]
fn the_state_of_the_follow_is_kept() {
    let (mut app, ticket) = at_logs();
    let status = Status {
        state: LogState::Throttled { behind_ms: 6000 },
        calls: 3,
        events: 100,
        late: 0,
        lag_ms: Some(800),
        lookback_ms: 300_000,
        ..Status::new("/aws/lambda/checkout-api")
    };
    app.update(moment(), Msg::Tail(ticket, Update::Status(status)));
    assert_eq!(pane(&app).state_word(), "throttled");
}
