//! The Logs tab.

mod coming_back;
mod copying;
mod event;
mod export;
mod jumps;
mod older;

use jiff::{SignedDuration, Timestamp};
use lambdeck::{
    app::logs::{LogsPane, Times},
    domain::log_event::LogEvent,
    tail::{Arrival, Control, State as LogState, Status, Update},
};

use super::*;

const GROUP: &str = "/aws/lambda/checkout-api";

/// Events at moments counted in seconds since the epoch.
fn arrivals(seconds: impl IntoIterator<Item = i64>) -> Update {
    let batch = seconds
        .into_iter()
        .map(|second| {
            Arrival::new(
                LogEvent {
                    group: GROUP.into(),
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
    Update::Events { group: GROUP.into(), batch }
}

/// Events of one stream with these messages, seconds after the moment.
fn lines<'m>(lines: impl IntoIterator<Item = (i64, &'m str)>) -> Update {
    let batch = lines.into_iter().map(|(second, message)| {
        let timestamp = (moment() + second.seconds()).as_millisecond();
        Arrival::new(
            LogEvent {
                group: GROUP.into(),
                stream: "2026/11/20/[$LATEST]0123".into(),
                id: format!("{timestamp}"),
                timestamp,
                ingestion_time: timestamp + 40,
                message: message.to_owned(),
            },
            None,
        )
    });
    Update::Events { group: GROUP.into(), batch: batch.collect() }
}

fn history_done() -> Update {
    Update::HistoryDone { group: GROUP.into() }
}

fn status(state: LogState) -> Update {
    Update::Status(Status { state, ..Status::new(GROUP) })
}

/// The Logs tab of checkout-api with 100 rows.
fn at_logs() -> (App, Ticket) {
    let mut app = with_functions(SIZE, three());
    let effects = act(&mut app, Action::Logs);
    let [_, Effect::FollowLogs { ticket, .. }] = effects[..] else { panic!("{effects:?}") };
    app.update(moment(), Msg::Tail(ticket, arrivals(0..100)));
    app.update(moment(), Msg::Tail(ticket, history_done()));
    (app, ticket)
}

/// The Logs tab of checkout-api with these messages, a second between them, the last one selected.
fn at_lines(messages: &[&str]) -> (App, Ticket) {
    let mut app = with_functions(SIZE, three());
    let effects = act(&mut app, Action::Logs);
    let [_, Effect::FollowLogs { ticket, .. }] = effects[..] else { panic!("{effects:?}") };
    app.update(moment(), Msg::Tail(ticket, lines((0..).zip(messages.iter().copied()))));
    app.update(moment(), Msg::Tail(ticket, history_done()));
    (app, ticket)
}

fn pane(app: &App) -> &LogsPane {
    &app.function.as_ref().unwrap().logs
}

fn told(app: &App) -> String {
    app.messages.log.back().map(|message| message.text.clone()).unwrap_or_default()
}

fn messages(app: &App) -> Vec<String> {
    (0..pane(app).len()).map(|at| pane(app).get(at).unwrap().message.trim_end().to_owned()).collect()
}

/// A follow that begins: its ticket, its groups, its time.
fn followed(effect: &Effect) -> (Ticket, &[String], Timestamp, Option<Timestamp>) {
    match effect {
        Effect::FollowLogs { ticket, groups, since, until, live_tail: false, .. } => {
            (*ticket, groups, *since, *until)
        }
        other => panic!("{other:?}"),
    }
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
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
        matches!(&effects[..], [Effect::StopLogs(before), Effect::FollowLogs { groups, .. }]
            if *before == ticket(4) && groups[..] == ["/shared"]),
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
    assert_eq!((pane(&app).new, pane(&app).late_above), (0, 1));
    assert_eq!((selected(&app), pane(&app).cursor.at - pane(&app).cursor.top), (row, below_top));
    // What comes below is counted apart.
    app.update(moment(), Msg::Tail(ticket, arrivals([100, 101])));
    assert_eq!((pane(&app).new, pane(&app).late_above), (2, 1));
    act(&mut app, Action::Pause);
    assert_eq!((pane(&app).following, pane(&app).new, pane(&app).late_above), (true, 0, 0));
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

#[test]
fn reading_the_function_again_keeps_the_log() {
    let (mut app, _) = at_logs();
    act(&mut app, Action::ErrorsOnly);
    act(&mut app, Action::Up);
    let row = selected(&app);
    let effects = act(&mut app, Action::Refresh);
    let [Effect::GetFunction { ticket, .. }] = effects[..] else { panic!("{effects:?}") };
    assert_eq!(app.update(moment(), Msg::Function(ticket, Ok(Box::new(details("checkout-api"))))), []);
    assert_eq!((pane(&app).len(), selected(&app)), (20, row));
}

#[test]
fn times_and_histogram_are_switched() {
    let (mut app, _) = at_logs();
    for times in [Times::Utc, Times::Ago, Times::Gap, Times::Clock] {
        act(&mut app, Action::Times);
        assert_eq!(pane(&app).times, times);
    }
    assert!(pane(&app).histogram);
    act(&mut app, Action::Histogram);
    assert!(!pane(&app).histogram);
}

#[test]
fn live_tail_is_used_after_a_question_about_its_cost_only() {
    let (mut app, ticket) = at_logs();
    assert_eq!(act(&mut app, Action::LiveTail), []);
    let Some(Overlay::Question(question)) = &app.overlay else { panic!("no question") };
    assert!(question.detail.contains("$0.01 a minute"), "{}", question.detail);
    assert_eq!(act(&mut app, Action::No), []);
    assert!(!pane(&app).live_tail);
    act(&mut app, Action::LiveTail);
    assert_eq!(act(&mut app, Action::Yes), [Effect::SteerLogs(ticket, Control::LiveTail(true))]);
    assert!(pane(&app).live_tail);
    // Without it nothing is lost: that takes no question.
    assert_eq!(act(&mut app, Action::LiveTail), [Effect::SteerLogs(ticket, Control::LiveTail(false))]);
    assert!(app.overlay.is_none() && !pane(&app).live_tail);
}

#[test]
fn lines_that_lambda_dropped_each_second_are_one_gap_and_gaps_have_an_end() {
    let (mut app, ticket) = at_logs();
    let mut drop = |from_ms: i64| {
        let kind = lambdeck::tail::GapKind::Dropped;
        let group = "/aws/lambda/checkout-api".to_owned();
        let gap = Update::Gap { group, kind, from_ms, to_ms: Some(from_ms), repaired: false };
        app.update(moment(), Msg::Tail(ticket, gap));
        (pane(&app).gaps.len(), pane(&app).gaps[0].to_ms)
    };
    for second in 0..100 {
        drop(second * 1_000);
    }
    assert_eq!(drop(100_000), (1, Some(100_000)));
    for minute in 10..2_000 {
        drop(minute * 120_000);
    }
    assert_eq!(drop(0).0, 500);
}

#[test]
fn live_tail_ends_where_nobody_sees_what_it_costs() {
    let (mut app, ticket) = at_logs();
    act(&mut app, Action::LiveTail);
    act(&mut app, Action::Yes);
    assert!(pane(&app).live_tail);
    let effects = act(&mut app, Action::Tab(1));
    let off = Effect::SteerLogs(ticket, lambdeck::tail::Control::LiveTail(false));
    assert!(effects.contains(&off), "{effects:?}");
    assert!(!pane(&app).live_tail);
}
