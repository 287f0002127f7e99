//! The table of invocations of a log.

use lambdeck::{
    app::logs::{
        LogsPane, Times,
        invocations::{Column, InvocationsPane, divide},
        sources::Source,
    },
    domain::log_event::LogEvent,
    tail::{Arrival, Update, invocations::Status},
};
use rstest::rstest;

use super::*;

const GROUP: &str = "/aws/lambda/checkout-api";

fn id(nth: u32) -> String {
    format!("{nth:08x}-0000-4000-8000-000000000000")
}

/// A line so many milliseconds before the moment; the number tells streams apart.
fn line(before_ms: i64, stream: u32, message: &str) -> Arrival {
    let timestamp = moment().as_millisecond() - before_ms;
    Arrival::new(
        LogEvent {
            group: GROUP.into(),
            stream: format!("2026/11/20/[$LATEST]{stream:032x}"),
            id: format!("{timestamp}{stream:03}{:05}", message.len()),
            timestamp,
            ingestion_time: timestamp + 40,
            message: message.into(),
        },
        None,
    )
}

fn start(nth: u32) -> String {
    format!("START RequestId: {} Version: $LATEST\n", id(nth))
}

fn report(nth: u32, duration: u32, used: u32, rest: &str) -> String {
    format!(
        "REPORT RequestId: {}\tDuration: {duration}.00 ms\tBilled Duration: {duration} ms\tMemory Size: 512 MB\tMax Memory Used: {used} MB\t{rest}\n",
        id(nth)
    )
}

fn batch(lines: Vec<Arrival>) -> Update {
    Update::Events { group: GROUP.into(), batch: lines }
}

/// Four invocations that are over and one that runs, oldest first.
fn five() -> Update {
    batch(vec![
        line(60_000, 1, "INIT_START Runtime Version: python:3.13.v7\n"),
        line(59_800, 1, &start(1)),
        line(
            59_700,
            1,
            &report(
                1,
                100,
                71,
                "Init Duration: 184.91 ms\t\nXRAY TraceId: 1-6a50-ab\tSegmentId: d\tSampled: true\t",
            ),
        ),
        line(50_000, 1, &start(2)),
        line(49_000, 1, "[ERROR] no luck"),
        line(47_000, 1, &report(2, 3_000, 80, "Status: timeout")),
        line(40_000, 1, &start(3)),
        line(39_980, 1, &report(3, 20, 500, "")),
        line(30_000, 2, "RESTORE_START Runtime Version: java:21.v38\n"),
        line(29_500, 2, &start(4)),
        line(29_400, 2, &report(4, 90, 300, "Restore Duration: 511.25 ms\t")),
        line(12_000, 1, &start(5)),
        line(11_000, 1, "working"),
    ])
}

/// The Logs tab of checkout-api.
fn at_logs() -> (App, Ticket) {
    let mut app = with_functions(SIZE, three());
    let effects = act(&mut app, Action::Logs);
    let [_, Effect::FollowLogs { ticket, .. }] = effects[..] else { panic!("{effects:?}") };
    app.update(moment(), Msg::Tail(ticket, five()));
    (app, ticket)
}

/// Reads the rows that are asked for, until there are no more.
fn read(app: &mut App, mut effects: Vec<Effect>) {
    while let Some(Effect::FoldLogs(ticket, scan)) = effects.pop() {
        assert!(effects.is_empty(), "{effects:?}");
        effects = app.update(app.now, Msg::LogsFolded(ticket, Box::new(scan.run())));
    }
}

fn at_table() -> (App, Ticket) {
    let (mut app, ticket) = at_logs();
    let effects = act(&mut app, Action::Invocations);
    assert!(matches!(effects[..], [Effect::FoldLogs(..)]), "{effects:?}");
    read(&mut app, effects);
    (app, ticket)
}

fn pane(app: &App) -> &LogsPane {
    &app.function.as_ref().unwrap().logs
}

fn table(app: &App) -> &InvocationsPane {
    pane(app).table().unwrap()
}

fn ids(app: &App) -> Vec<String> {
    (0..table(app).len()).map(|at| table(app).get(at).unwrap().id.to_owned()).collect()
}

fn order(app: &App) -> Vec<u32> {
    let number = |id: &String| u32::from_str_radix(&id[..8], 16).unwrap();
    ids(app).iter().map(number).collect()
}

fn selected(app: &App) -> String {
    table(app).selected().unwrap().id.to_owned()
}

fn messages(app: &App) -> Vec<String> {
    (0..pane(app).len()).map(|at| pane(app).get(at).unwrap().message.trim_end().to_owned()).collect()
}

#[test]
fn what_is_there_is_read_elsewhere_and_what_comes_shows_at_once() {
    let (mut app, ticket) = at_logs();
    let effects = act(&mut app, Action::Invocations);
    assert_eq!(app.contexts()[0], lambdeck::app::Context::LogInvocations);
    assert!(table(&app).is_empty());
    let [Effect::FoldLogs(fold, scan)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(scan.len(), 13);
    // What comes meanwhile is not read twice.
    app.update(moment(), Msg::Tail(ticket, batch(vec![line(1_000, 3, &start(6))])));
    assert_eq!(order(&app), [6]);
    assert_eq!(app.update(moment(), Msg::LogsFolded(*fold, Box::new(scan.run()))), []);
    assert_eq!(order(&app), [6, 5, 4, 3, 2, 1]);
    app.update(moment(), Msg::Tail(ticket, batch(vec![line(100, 1, &report(5, 11_900, 60, ""))])));
    assert_eq!(table(&app).get(1).unwrap().status, Status::Ok);
    // An answer that nobody waits for any more.
    assert_eq!(app.update(moment(), Msg::LogsFolded(*fold, Box::new(scan.run()))), []);
    assert_eq!(table(&app).summary.count, 6);
}

#[test]
fn without_the_table_nothing_is_read() {
    let (mut app, ticket) = at_logs();
    assert_eq!(app.update(moment(), Msg::Tail(ticket, batch(vec![line(1, 3, &start(6))]))), []);
    assert!(pane(&app).invocations.is_none());
}

#[test]
fn large_logs_are_read_in_slices_newest_first() {
    let (mut app, ticket) = at_logs();
    for part in 0..7 {
        let lines = (0..1_000).map(|nth| {
            let at = part * 1_000 + nth;
            line(5_000_000 - i64::from(at), 3, &start(100 + at))
        });
        app.update(moment(), Msg::Tail(ticket, batch(lines.collect())));
    }
    let effects = act(&mut app, Action::Invocations);
    let [Effect::FoldLogs(fold, scan)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(scan.len(), 4_000);
    let effects = app.update(moment(), Msg::LogsFolded(*fold, Box::new(scan.run())));
    assert_eq!(order(&app)[..5], [5, 4, 3, 2, 1]);
    assert_eq!(pane(&app).table().unwrap().fold.scanned(), 4_000);
    let [Effect::FoldLogs(_, scan)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(scan.len(), 3_013);
    read(&mut app, effects);
    assert_eq!(table(&app).len(), 7_005);
}

#[test]
fn sums() {
    let (app, _) = at_table();
    let sums = table(&app).summary;
    assert_eq!((sums.count, sums.failed, sums.cold, sums.memory_share), (5, 1, 1, Some(97)));
    assert_eq!(sums.durations_ms, Some([90.0, 3_000.0, 3_000.0]));
}

#[rstest]
#[case(&[], Column::Start, &[5, 4, 3, 2, 1])]
#[case(&[Action::ReverseSort], Column::Start, &[1, 2, 3, 4, 5])]
#[case(&[Action::Sort], Column::Duration, &[2, 1, 4, 3, 5])]
#[case(&[Action::Sort, Action::ReverseSort], Column::Duration, &[3, 4, 1, 2, 5])]
#[case(&[Action::Sort, Action::Sort], Column::Errors, &[2, 5, 4, 3, 1])]
#[case(&[Action::Sort, Action::Sort, Action::Sort], Column::Memory, &[3, 4, 2, 1, 5])]
#[case(&[Action::Sort, Action::Sort, Action::Sort, Action::Sort], Column::Init, &[4, 1, 5, 3, 2])]
#[case(&[Action::Sort, Action::Sort, Action::Sort, Action::Sort, Action::Sort], Column::Start, &[5, 4, 3, 2, 1])]
#[case(&[Action::ErrorsOnly], Column::Start, &[2])]
#[case(&[Action::ErrorsOnly, Action::ErrorsOnly], Column::Start, &[5, 4, 3, 2, 1])]
fn orders(#[case] keys: &[Action], #[case] sort: Column, #[case] expected: &[u32]) {
    let (mut app, _) = at_table();
    for key in keys {
        assert_eq!(act(&mut app, key.clone()), []);
    }
    assert_eq!((table(&app).sort, &order(&app)[..]), (sort, expected));
    assert_eq!(table(&app).summary.count, 5, "the sums are of all");
}

#[test]
fn the_selected_row_stays_on_its_invocation_and_the_top_follows_the_newest() {
    let (mut app, ticket) = at_table();
    app.update(moment(), Msg::Tail(ticket, batch(vec![line(900, 3, &start(6))])));
    assert_eq!(selected(&app), id(6));
    act(&mut app, Action::Down);
    act(&mut app, Action::Down);
    assert_eq!(selected(&app), id(4));
    app.update(moment(), Msg::Tail(ticket, batch(vec![line(800, 4, &start(7)), line(700, 5, &start(8))])));
    assert_eq!((selected(&app), table(&app).cursor.at), (id(4), 4));
    act(&mut app, Action::Sort);
    assert_eq!((selected(&app), table(&app).cursor.at), (id(4), 2));
    // Not in what is shown now; when it is again, so is the selection.
    act(&mut app, Action::ErrorsOnly);
    assert_eq!(selected(&app), id(2));
    act(&mut app, Action::ErrorsOnly);
    assert_eq!(selected(&app), id(4));
    act(&mut app, Action::Top);
    assert_eq!(selected(&app), id(2));
    act(&mut app, Action::Bottom);
    assert_eq!(table(&app).cursor.at, 7);
}

#[test]
fn enter_shows_the_lines_of_one_and_esc_leads_back_twice() {
    let (mut app, ticket) = at_logs();
    act(&mut app, Action::Times);
    for _ in 0..4 {
        act(&mut app, Action::Up);
    }
    let times = pane(&app).times;
    let came_from = pane(&app).get(pane(&app).cursor.at).unwrap().key;
    let effects = act(&mut app, Action::Invocations);
    read(&mut app, effects);
    for _ in 0..3 {
        act(&mut app, Action::Down);
    }
    assert_eq!(act(&mut app, Action::Open), [], "its lines are there");
    assert_eq!(app.contexts()[0], lambdeck::app::Context::Logs);
    assert_eq!(
        messages(&app),
        [start(2).trim(), "[ERROR] no luck", report(2, 3_000, 80, "Status: timeout").trim()]
    );
    assert_eq!((pane(&app).times, pane(&app).cursor.at, pane(&app).following), (Times::Gap, 0, false));
    let (invocation, neighbours) = pane(&app).opened().unwrap();
    assert_eq!(invocation.status, Status::Timeout);
    assert_eq!((neighbours.after_previous_ms, neighbours.before_next_ms), (Some(9_700), Some(7_000)));
    // A late line of it comes into it, others go on in the table.
    let late = batch(vec![line(48_500, 1, "late"), line(500, 6, &start(9))]);
    app.update(moment(), Msg::Tail(ticket, late));
    assert_eq!(messages(&app).len(), 4);
    assert_eq!(act(&mut app, Action::Back), []);
    assert_eq!((selected(&app), pane(&app).times), (id(2), times));
    assert_eq!(table(&app).selected().unwrap().rows, 4);
    assert_eq!(order(&app)[0], 9);
    assert_eq!(act(&mut app, Action::Back), []);
    assert!(pane(&app).invocations.is_none());
    assert_eq!(messages(&app).len(), 15);
    assert_eq!(pane(&app).get(pane(&app).cursor.at).unwrap().key, came_from);
}

#[test]
fn the_lines_of_one_that_runs_are_followed() {
    let (mut app, ticket) = at_table();
    act(&mut app, Action::Open);
    assert_eq!(messages(&app), [start(5).trim(), "working"]);
    assert!(pane(&app).following);
    app.update(moment(), Msg::Tail(ticket, batch(vec![line(1_000, 1, "still working")])));
    assert_eq!((messages(&app).len(), pane(&app).cursor.at), (3, 2));
    // The key that opens the table leads back to it as well.
    act(&mut app, Action::Invocations);
    assert_eq!(selected(&app), id(5));
}

#[test]
fn what_leaves_the_log_closes_the_table() {
    let (mut app, _) = at_table();
    act(&mut app, Action::Open);
    // Another tab and back: it is still there.
    act(&mut app, Action::Invoke);
    act(&mut app, Action::Logs);
    assert!(pane(&app).is_opened());
    act(&mut app, Action::Back);
    act(&mut app, Action::Back);
    act(&mut app, Action::Invocations);
    act(&mut app, Action::Open);
    let (mut app, ticket) = at_table();
    act(&mut app, Action::Back);
    assert_eq!(act(&mut app, Action::Back), [Effect::StopLogs(ticket)]);
    assert!(pane(&app).invocations.is_none());
}

#[test]
fn a_muted_source_and_the_filter_hide_invocations() {
    let (mut app, _) = at_logs();
    act(&mut app, Action::Filter);
    type_text(&mut app, "no luck");
    act(&mut app, Action::Open);
    let effects = act(&mut app, Action::Invocations);
    read(&mut app, effects);
    assert_eq!(order(&app), [2]);
    let source: &mut Source = &mut app.function.as_mut().unwrap().logs.sources[0];
    source.muted = true;
    let effects = app.update(app.now, Msg::Tick);
    assert!(table(&app).is_empty());
    read(&mut app, effects);
    assert!(table(&app).is_empty());
    app.function.as_mut().unwrap().logs.sources[0].muted = false;
    let effects = app.update(app.now, Msg::Tick);
    read(&mut app, effects);
    assert_eq!(order(&app), [2]);
}

#[test]
fn a_clock_runs_while_one_runs_on_the_screen() {
    let (mut app, ticket) = at_table();
    assert_eq!(app.wake_at(), Some(moment() + 1.seconds()));
    app.update(moment(), Msg::Tail(ticket, batch(vec![line(100, 1, &report(5, 11_900, 60, ""))])));
    assert_eq!(app.wake_at(), None);
    app.update(moment(), Msg::Tail(ticket, batch(vec![line(99, 1, &start(6))])));
    assert!(app.wake_at().is_some());
    act(&mut app, Action::Invoke);
    assert_eq!(app.wake_at(), None, "another tab is on the screen");
    act(&mut app, Action::Logs);
    act(&mut app, Action::Back);
    assert_eq!(app.wake_at(), None);
}

#[rstest]
#[case("request id", Some("00000001-0000-4000-8000-000000000000".to_owned()))]
#[case("X-Ray trace id", Some("1-6a50-ab".to_owned()))]
#[case(
    "REPORT line",
    Some(report(1, 100, 71, "Init Duration: 184.91 ms\t\nXRAY TraceId: 1-6a50-ab\tSegmentId: d\tSampled: true\t").trim_end().to_owned())
)]
fn copies(#[case] what: &str, #[case] expected: Option<String>) {
    let (mut app, _) = at_table();
    act(&mut app, Action::Bottom);
    assert_eq!(act(&mut app, Action::CopyLine), [Effect::Copy(id(1))]);
    act(&mut app, Action::CopyAs);
    type_text(&mut app, what);
    assert_eq!(act(&mut app, Action::Open), expected.map(Effect::Copy).into_iter().collect::<Vec<_>>());
    assert!(app.overlay.is_none());
}

#[test]
fn the_command_that_reads_its_lines() {
    let (mut app, _) = at_table();
    act(&mut app, Action::Bottom);
    act(&mut app, Action::CopyAs);
    type_text(&mut app, "aws");
    let effects = act(&mut app, Action::Open);
    let (from, to) = (moment().as_millisecond() - 60_000, moment().as_millisecond() - 59_699);
    let expected = format!(
        "aws logs filter-log-events --log-group-name {GROUP} --log-stream-names \
         '2026/11/20/[$LATEST]00000000000000000000000000000001' --start-time {from} --end-time {to} --region eu-west-1 \
         --profile prod"
    );
    assert_eq!(effects, [Effect::Copy(expected)]);
    // What is not there can't be chosen.
    act(&mut app, Action::Top);
    act(&mut app, Action::CopyAs);
    let Some(Overlay::Picker(picker)) = &app.overlay else { panic!("a choice") };
    let names: Vec<&str> = picker.items.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(names, ["request id", "aws command"]);
}

#[test]
fn the_mouse_selects_and_opens() {
    let (mut app, _) = at_table();
    let rows = divide(app.size).rows;
    act(&mut app, Action::Click(3, rows.row + 2));
    assert_eq!(selected(&app), id(3));
    act(&mut app, Action::Click(3, rows.row + 9));
    act(&mut app, Action::Click(3, rows.row - 1));
    assert_eq!(selected(&app), id(3));
    act(&mut app, Action::DoubleClick(3, rows.row + 1));
    assert_eq!(messages(&app)[1], start(4).trim());
}
