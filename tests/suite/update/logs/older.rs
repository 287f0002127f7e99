//! History backwards.

use lambdeck::tail::{GapKind, Store};
use rstest::rstest;

use super::*;

/// What a key begins.
fn window(effects: &[Effect]) -> (Ticket, Timestamp, Timestamp) {
    let [effect] = effects else { panic!("{effects:?}") };
    let (ticket, groups, since, until) = followed(effect);
    assert_eq!(groups, [GROUP]);
    (ticket, since, until.expect("it ends where the log begins"))
}

/// Seconds of the moment so many minutes before.
fn seconds_before(before: i64) -> i64 {
    (moment() - minutes(before)).as_second()
}

#[test]
fn windows_end_where_the_log_begins_and_nothing_else_changes() {
    let (mut app, live) = at_logs();
    for _ in 0..30 {
        act(&mut app, Action::Up);
    }
    let (row, below_top) = (selected(&app), pane(&app).cursor.at - pane(&app).cursor.top);
    let (first, since, until) = window(&act(&mut app, Action::Older));
    assert_eq!((since, until), (moment() - minutes(30), moment() - minutes(15)));
    assert_eq!(pane(&app).len(), 100);
    let reading = pane(&app).older.window().unwrap();
    assert_eq!(reading.told(moment(), &app.zone()), "13:33 to 13:48");

    // Both come on: what is older above, what is new below. (The 100 rows are of 1970, so all of it is below them.)
    app.update(moment(), Msg::Tail(live, arrivals(100..103)));
    app.update(moment(), Msg::Tail(first, arrivals(-20..-10)));
    assert_eq!((pane(&app).len(), pane(&app).new, pane(&app).late_above), (113, 3, 0));
    assert_eq!((selected(&app), pane(&app).cursor.at - pane(&app).cursor.top), (row.clone(), below_top));
    assert_eq!(act(&mut app, Action::Older), []);
    assert_eq!(told(&app), "older events are being read: wait for them");

    app.update(moment(), Msg::Tail(first, history_done()));
    assert_eq!((pane(&app).older.window(), pane(&app).begun()), (None, since));
    let (second, since, until) = window(&act(&mut app, Action::Older));
    assert_eq!((since, until), (moment() - minutes(90), moment() - minutes(30)));
    // Of a window that is through nothing is expected any more.
    app.update(moment(), Msg::Tail(first, arrivals([-5])));
    assert_eq!(pane(&app).len(), 113);
    app.update(moment(), Msg::Tail(second, history_done()));
    assert_eq!(told(&app), "no events from 12:33 to 13:33: o reads further back");
    // The follow was never touched.
    app.update(moment(), Msg::Tail(live, arrivals(103..104)));
    assert_eq!((pane(&app).len(), pane(&app).new, selected(&app)), (114, 4, row));
}

#[rstest]
#[case(Action::Up)]
#[case(Action::PageUp)]
#[case(Action::Top)]
#[case(Action::Scroll(-3))]
fn moving_above_the_first_row_reads_older_ones(#[case] action: Action) {
    let (mut app, _) = at_logs();
    assert_eq!(act(&mut app, Action::Top), [], "it only leads there");
    assert_eq!(act(&mut app, Action::Down), []);
    assert_eq!(act(&mut app, Action::Up), []);
    let (ticket, _, until) = window(&act(&mut app, action.clone()));
    assert_eq!(until, moment() - minutes(15));
    // A key that is held asks once.
    assert_eq!(act(&mut app, action.clone()), []);
    assert_eq!(told(&app), "");
    app.update(moment(), Msg::Tail(ticket, arrivals(-50..0)));
    assert_eq!((selected(&app).as_str(), pane(&app).cursor.at), ("[ERROR] order 0 failed", 50));
    app.update(moment(), Msg::Tail(ticket, history_done()));
    assert_eq!(act(&mut app, action), []);
    assert!(pane(&app).cursor.at < 50);
}

#[test]
fn all_of_thirty_days_is_read_once_and_no_more() {
    let (mut app, _) = at_logs();
    let mut begun = moment() - minutes(15);
    let mut lengths = Vec::new();
    loop {
        let effects = act(&mut app, Action::Older);
        if effects.is_empty() {
            break;
        }
        let (ticket, since, until) = window(&effects);
        assert_eq!(until, begun);
        lengths.push(until.duration_since(since).as_mins());
        begun = since;
        app.update(moment(), Msg::Tail(ticket, history_done()));
    }
    let hours = |hours: i64| hours * 60;
    let rest = hours(24 * 30) - 15 - 15 - hours(1 + 4 + 16 + 64 + 256);
    assert_eq!(lengths, [15, hours(1), hours(4), hours(16), hours(64), hours(256), rest]);
    assert_eq!(begun, moment() - SignedDuration::from_hours(24 * 30));
    assert_eq!(told(&app), "the history goes back 30 days already");
}

#[test]
fn a_window_that_fails_is_told_and_read_again_and_nothing_is_shown_twice() {
    let (mut app, _) = at_logs();
    let (ticket, since, until) = window(&act(&mut app, Action::Older));
    let at = seconds_before(20);
    // Two of the same millisecond that nothing tells apart are two.
    app.update(moment(), Msg::Tail(ticket, arrivals([at, at, at + 1])));
    app.update(moment(), Msg::Tail(ticket, status(LogState::Denied { message: "no".into() })));
    assert_eq!(pane(&app).older.trouble(), Some("no"));
    app.update(moment(), Msg::Tail(ticket, history_done()));
    assert_eq!(told(&app), "13:33 to 13:48 was not read, o tries again: no");
    assert_eq!(pane(&app).older.failed().map(|(_, why)| why), Some("no"));
    assert_eq!(pane(&app).begun(), until, "what is there is not all there was");
    let gap = &pane(&app).gaps[0];
    assert_eq!((gap.kind, gap.from_ms, gap.to_ms), {
        (GapKind::Disconnected, since.as_millisecond(), Some(until.as_millisecond()))
    });

    let (again, since_again, until_again) = window(&act(&mut app, Action::Older));
    assert_eq!((since_again, until_again), (since, until));
    app.update(moment(), Msg::Tail(again, arrivals([at, at, at, at + 1, at + 2])));
    app.update(moment(), Msg::Tail(again, history_done()));
    assert_eq!(pane(&app).len(), 105);
    assert!(pane(&app).gaps.is_empty() && pane(&app).older.failed().is_none());
    assert_eq!(pane(&app).begun(), since);
}

#[test]
fn trouble_that_passes_is_none() {
    let (mut app, _) = at_logs();
    let (ticket, since, _) = window(&act(&mut app, Action::Older));
    for state in [LogState::Throttled { behind_ms: 9 }, LogState::CatchingUp] {
        app.update(moment(), Msg::Tail(ticket, status(state)));
    }
    // It is no news of the follow.
    assert!(pane(&app).status().is_none());
    app.update(moment(), Msg::Tail(ticket, history_done()));
    assert_eq!((pane(&app).begun(), pane(&app).gaps.len()), (since, 0));
}

#[test]
fn what_does_not_fit_is_said() {
    let (mut app, live) = at_logs();
    // Room for a few MB only.
    app.function.as_mut().unwrap().logs.store = Store::new(0);
    let long = "x".repeat(500_000);
    app.update(moment(), Msg::Tail(live, lines((0..6).map(|second| (second, &*long)))));
    let (ticket, ..) = window(&act(&mut app, Action::Older));
    app.update(moment(), Msg::Tail(ticket, lines((-1200..-1190).map(|second| (second, &*long)))));
    app.update(moment(), Msg::Tail(ticket, history_done()));
    assert!(pane(&app).store.evicted() > 0);
    // What is left is without a hole: the newest of what was read, and all that is newer.
    let first = pane(&app).store.get(0).unwrap().timestamp;
    assert!(first > (moment() - 1200.seconds()).as_millisecond());
    let newest = pane(&app).store.get(pane(&app).store.len() - 1).unwrap().timestamp;
    assert_eq!(newest, (moment() + 5.seconds()).as_millisecond());
    let no_room = "older events no longer fit: what is newer takes all the memory that a log gets";
    assert_eq!(told(&app), no_room);
    let said = app.messages.log.len();
    assert_eq!(act(&mut app, Action::Older), []);
    assert_eq!((told(&app).as_str(), app.messages.log.len()), (no_room, said + 1));
}

#[test]
fn leaving_ends_both_and_what_is_there_in_part_is_read_again() {
    let (mut app, live) = at_logs();
    let (ticket, since, until) = window(&act(&mut app, Action::Older));
    app.update(moment(), Msg::Tail(ticket, arrivals([seconds_before(20)])));
    assert_eq!(act(&mut app, Action::Back), [Effect::StopLogs(live), Effect::StopLogs(ticket)]);
    let effects = act(&mut app, Action::Logs);
    assert!(matches!(&effects[..], [Effect::GetFunction { .. }, Effect::FollowLogs { .. }]), "{effects:?}");
    assert_eq!(pane(&app).older.failed().map(|(_, why)| why), Some("it was stopped"));
    let (again, since_again, until_again) = window(&act(&mut app, Action::Older));
    assert_eq!((since_again, until_again), (since, until));
    app.update(moment(), Msg::Tail(again, arrivals([seconds_before(20), seconds_before(20) + 1])));
    assert_eq!(pane(&app).len(), 102);
}

#[test]
fn another_log_group_ends_what_was_read_of_the_one_before() {
    let (mut app, live) = at_logs();
    let (older, ..) = window(&act(&mut app, Action::Older));
    act(&mut app, Action::Refresh);
    let read = app.function.as_ref().unwrap().details.pending.unwrap();
    let mut moved = details("checkout-api");
    moved.configuration.logging =
        Some(lambdeck::domain::function::Logging { log_group: Some("/shared".into()), ..Default::default() });
    let effects = app.update(moment(), Msg::Function(read, Ok(Box::new(moved))));
    assert_eq!(effects[..2], [Effect::StopLogs(live), Effect::StopLogs(older)]);
    assert!(matches!(&effects[2..], [Effect::FollowLogs { .. }]), "{effects:?}");
}

#[test]
fn a_group_that_may_not_be_read_holds_up_no_other_one() {
    let (mut app, ticket) = at_logs();
    let other = "/aws/lambda/other";
    let log = &mut app.function.as_mut().unwrap().logs;
    log.sources.push(lambdeck::app::logs::sources::Source::of_function("other", other.into()));
    let state = LogState::Denied { message: "no".into() };
    app.update(moment(), Msg::Tail(ticket, Update::Status(Status { state, ..Status::new(other) })));
    let (first, since, _) = window(&act(&mut app, Action::Older));
    assert!(pane(&app).gaps.iter().any(|gap| gap.group == other && gap.from_ms == since.as_millisecond()));
    app.update(moment(), Msg::Tail(first, history_done()));
    assert_eq!(pane(&app).begun(), since);
    let (_, _, until) = window(&act(&mut app, Action::Older));
    assert_eq!(until, since, "it goes further back");
}

#[test]
fn a_failed_window_of_a_group_that_is_gone_is_not_read_again() {
    let (mut app, ticket) = at_logs();
    let other = "/aws/lambda/other";
    let source = lambdeck::app::logs::sources::Source::of_function("other", other.into());
    app.function.as_mut().unwrap().logs.sources.push(source);
    let effects = act(&mut app, Action::Older);
    let (older, _, since, _) = followed(&effects[0]);
    let state = LogState::Failed { message: "no".into() };
    app.update(moment(), Msg::Tail(older, Update::Status(Status { state, ..Status::new(other) })));
    app.update(moment(), Msg::Tail(older, history_done()));
    app.update(moment(), Msg::Tail(older, Update::HistoryDone { group: other.into() }));
    assert!(pane(&app).older.failed().is_some());
    app.function.as_mut().unwrap().logs.sources.pop();
    let (_, _, until) = window(&act(&mut app, Action::Older));
    assert_eq!(until, since, "the next window begins before the one that failed");
    app.update(moment(), Msg::Tail(ticket, arrivals(100..101)));
}
