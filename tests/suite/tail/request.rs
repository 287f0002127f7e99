//! The log of one request: whatever the order in which its lines and others come, it is what it would be in order.

use lambdeck::{
    domain::{log_event::LogEvent, log_query},
    tail::{Arrival, Filter, OneRequest, Reported, Store, View},
};
use proptest::prelude::*;
use rstest::rstest;

use super::same_every_time;

pub(super) const OURS: &str = "11111111-1111-4111-8111-111111111111";
pub(super) const OTHERS: [&str; 2] =
    ["22222222-2222-4222-8222-222222222222", "33333333-3333-4333-8333-333333333333"];

/// One line that an execution environment may write.
#[derive(Clone, Debug)]
enum Line {
    Init,
    Start(usize),
    Plain(usize),
    Named(usize, usize),
    End(usize),
    Report(usize),
}

fn id(of: usize) -> &'static str {
    [OURS, OTHERS[0], OTHERS[1]][of % 3]
}

fn text(line: &Line, json: bool) -> String {
    match (line, json) {
        (Line::Init, false) => {
            "INIT_START Runtime Version: python:3.13.v1\tRuntime Version ARN: arn:x".into()
        }
        (Line::Start(of), false) => format!("START RequestId: {} Version: $LATEST", id(*of)),
        (Line::Plain(nth), false) => format!("plain {nth}"),
        (Line::Named(of, nth), false) => format!("2026-11-20T14:00:00.000Z\t{}\tINFO\tnamed {nth}", id(*of)),
        (Line::End(of), false) => format!("END RequestId: {}", id(*of)),
        (Line::Report(of), false) => format!(
            "REPORT RequestId: {}\tDuration: 1.00 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 30 MB\t",
            id(*of)
        ),
        (Line::Init, true) => r#"{"type":"platform.initStart","record":{"runtimeVersion":"x"}}"#.into(),
        (Line::Start(of), true) => {
            format!(r#"{{"type":"platform.start","record":{{"requestId":"{}","version":"1"}}}}"#, id(*of))
        }
        (Line::Plain(nth), true) => format!(r#"{{"level":"INFO","message":"plain {nth}"}}"#),
        (Line::Named(of, nth), true) => {
            format!(r#"{{"level":"INFO","requestId":"{}","message":"named {nth}"}}"#, id(*of))
        }
        (Line::End(of), true) => {
            format!(
                r#"{{"type":"platform.runtimeDone","record":{{"requestId":"{}","status":"success"}}}}"#,
                id(*of)
            )
        }
        (Line::Report(of), true) => format!(
            r#"{{"type":"platform.report","record":{{"requestId":"{}","metrics":{{"durationMs":1.0,"billedDurationMs":2,"memorySizeMB":128,"maxMemoryUsedMB":30}},"status":"success"}}}}"#,
            id(*of)
        ),
    }
}

fn line() -> impl Strategy<Value = Line> {
    prop_oneof![
        1 => Just(Line::Init),
        3 => (0..3_usize).prop_map(Line::Start),
        6 => (0..4_usize).prop_map(Line::Plain),
        2 => (0..3_usize, 0..4_usize).prop_map(|(of, nth)| Line::Named(of, nth)),
        1 => (0..3_usize).prop_map(Line::End),
        3 => (0..3_usize).prop_map(Line::Report),
    ]
}

/// What a stream holds: an invocation after the other, as AWS has it, or any lines at all.
fn stream() -> impl Strategy<Value = Vec<Line>> {
    let invocation =
        (0..3_usize, any::<bool>(), 0..4_usize, 0..3_usize).prop_map(|(of, cold, plain, after)| {
            let mut lines = Vec::new();
            if cold {
                lines.extend([Line::Init, Line::Plain(90)]);
            }
            lines.push(Line::Start(of));
            lines.extend((0..plain).map(Line::Plain));
            lines.extend([Line::Named(of, 7), Line::End(of), Line::Report(of)]);
            lines.extend((0..after).map(|nth| Line::Plain(50 + nth)));
            lines
        });
    prop_oneof![
        2 => prop::collection::vec(invocation, 0..6).prop_map(|parts| parts.concat()),
        1 => prop::collection::vec(line(), 0..24),
    ]
}

pub(super) fn event(stream: usize, nth: usize, timestamp: i64, message: String) -> LogEvent {
    LogEvent {
        group: "/shared".into(),
        stream: format!("2026/11/20/f[$LATEST]{stream}"),
        id: format!("{nth:08}"),
        timestamp,
        ingestion_time: timestamp + 5,
        message,
    }
}

/// The lines of the request, out of events in their order.
fn in_order(events: &[LogEvent]) -> Vec<(i64, String, String)> {
    let mut sorted = events.to_vec();
    sorted.sort_by(|one, other| (one.timestamp, &one.id).cmp(&(other.timestamp, &other.id)));
    let mut request = OneRequest::new(OURS);
    let mut picked: Vec<LogEvent> = sorted.iter().flat_map(|event| request.wanted(event)).collect();
    picked.sort_by(|one, other| (one.timestamp, &one.id).cmp(&(other.timestamp, &other.id)));
    picked.into_iter().map(|event| (event.timestamp, event.stream, event.message)).collect()
}

fn shown(store: &Store, view: &View) -> Vec<(i64, String, String)> {
    (0..view.len())
        .map(|at| {
            let row = view.get(store, at).unwrap();
            (row.timestamp, row.stream.to_owned(), row.message.to_owned())
        })
        .collect()
}

fn insert(store: &mut Store, view: &mut View, event: &LogEvent) {
    let inserted = store.insert(&Arrival::new(event.clone(), None));
    view.apply(store, &inserted);
}

fn complete(store: &Store, view: &mut View, rows: usize) {
    for _ in 0..100_000 {
        if view.scan(store, rows) {
            return;
        }
    }
    panic!("a scan ends");
}

/// Events of some streams, and an order in which they come.
pub(super) fn events() -> impl Strategy<Value = (Vec<LogEvent>, Vec<LogEvent>)> {
    (prop::collection::vec(stream(), 1..5), any::<bool>(), prop::collection::vec(0..3_i64, 128))
        .prop_map(|(streams, json, steps)| {
            let mut all = Vec::new();
            for (number, lines) in streams.iter().enumerate() {
                let mut timestamp = 0;
                for (nth, line) in lines.iter().enumerate() {
                    // Some lines of a stream share their millisecond.
                    timestamp += steps[(number * 31 + nth) % steps.len()];
                    all.push(event(number, all.len(), timestamp, text(line, json)));
                }
            }
            all
        })
        .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))
}

proptest! {
    #![proptest_config(same_every_time(400))]
    #[test]
    fn any_order_of_arrival_gives_the_lines_that_the_right_order_gives(
        (all, shuffled) in events(),
        scans in prop::collection::vec(prop::option::of(1..40_usize), 128),
        known_at in 0..150_usize,
        refilter_at in 0..150_usize,
    ) {
        let mut store = Store::default();
        let filter = Filter::query("plain").unwrap();
        let mut view = View::new(&store, Filter::all());
        let mut filtered = View::of_request(&store, Filter::all(), OURS);
        for (nth, event) in shuffled.iter().enumerate() {
            // The id may be known only after some of the lines have come.
            if nth == known_at % shuffled.len() {
                view = View::of_request(&store, Filter::all(), OURS);
            }
            if nth == refilter_at % shuffled.len() {
                filtered.refilter(filter.clone());
            }
            let inserted = store.insert(&Arrival::new(event.clone(), None));
            view.apply(&store, &inserted);
            filtered.apply(&store, &inserted);
            if let Some(rows) = scans[nth % scans.len()] {
                view.scan(&store, rows);
                filtered.scan(&store, rows);
            }
        }
        if !shuffled.is_empty() {
            complete(&store, &mut view, 3);
            complete(&store, &mut filtered, 3);
            let expected = in_order(&all);
            prop_assert_eq!(shown(&store, &view), expected.clone());
            prop_assert_eq!(view.unfiltered(&store), expected.len());
            let reported = expected.iter().any(|line| line.2.contains("REPORT") || line.2.contains("platform.report"));
            prop_assert_eq!(view.reported() != Reported::NotYet, reported);
            let matching: Vec<_> = expected.into_iter().filter(|line| filter.matches(&log_query::Line { message: &line.2, group: "", stream: "", error: false })).collect();
            prop_assert_eq!(shown(&store, &filtered), matching);
        }
    }
}

proptest! {
    #![proptest_config(same_every_time(40))]
    #[test]
    fn rows_that_had_to_go_are_gone_and_all_that_name_the_request_stay(
        (_, shuffled) in events(),
        paddings in prop::collection::vec(0..700_000_usize, 16),
        scans in prop::collection::vec(prop::option::of(1..40_usize), 16),
    ) {
        let mut store = Store::new(4 << 20);
        let mut view = View::of_request(&store, Filter::all(), OURS);
        for (nth, event) in shuffled.iter().enumerate() {
            // Blanks at the end change nothing of what a line says.
            let message = event.message.clone() + &" ".repeat(paddings[nth % paddings.len()]);
            insert(&mut store, &mut view, &LogEvent { message, ..event.clone() });
            if let Some(rows) = scans[nth % scans.len()] {
                view.scan(&store, rows);
            }
            // A place in memory that was another row's is not taken for it.
            let mut before = None;
            for at in 0..view.len() {
                let position = store.position(&view.get(&store, at).unwrap().key);
                prop_assert!(position.is_ok() && before.is_none_or(|before| Some(before) < position.ok()));
                before = position.ok();
            }
        }
        complete(&store, &mut view, 7);
        let named = |message: &str| message[..message.len().min(400)].contains(OURS);
        let stored: Vec<_> = (0..store.len()).filter_map(|at| store.get(at)).filter(|row| named(row.message)).collect();
        let shown: Vec<_> = (0..view.len()).filter_map(|at| view.get(&store, at)).filter(|row| named(row.message)).collect();
        prop_assert_eq!(stored, shown);
        prop_assert_eq!(view.len(), view.unfiltered(&store));
    }
}

/// Lines of one stream, a millisecond after each other.
fn stream_of(lines: &[Line]) -> Vec<LogEvent> {
    (0..)
        .zip(lines)
        .map(|(nth, line)| event(0, usize::try_from(nth).unwrap(), nth, text(line, false)))
        .collect()
}

#[rstest]
#[case::start_comes_last(&[Line::Init, Line::Plain(1), Line::Start(0), Line::Plain(2), Line::Report(0)], &[4, 3, 1, 0, 2], &[0, 1, 2, 3, 4])]
#[case::after_the_report_nothing(&[Line::Start(0), Line::Report(0), Line::Plain(1), Line::Start(1)], &[0, 2, 3, 1], &[0, 1])]
#[case::the_report_before_comes_late(&[Line::Start(1), Line::Report(1), Line::Plain(1), Line::Start(0)], &[0, 2, 3, 1], &[2, 3])]
#[case::another_start_comes_late(&[Line::Plain(1), Line::Start(1), Line::Plain(2), Line::Start(0), Line::Plain(3)], &[0, 2, 3, 4, 1], &[3, 4])]
#[case::tried_again(&[Line::Start(0), Line::Report(0), Line::Init, Line::Start(0), Line::Plain(1)], &[4, 3, 2, 1, 0], &[0, 1, 2, 3, 4])]
fn late_lines_find_their_place(#[case] lines: &[Line], #[case] order: &[usize], #[case] expected: &[i64]) {
    let events = stream_of(lines);
    let mut store = Store::default();
    let mut view = View::of_request(&store, Filter::all(), OURS);
    for at in order {
        insert(&mut store, &mut view, &events[*at]);
        complete(&store, &mut view, 1);
    }
    let times: Vec<i64> = shown(&store, &view).into_iter().map(|line| line.0).collect();
    assert_eq!(times, expected);
    assert_eq!(times, in_order(&events).into_iter().map(|line| line.0).collect::<Vec<_>>());
}

#[test]
fn the_figures_are_those_of_the_last_report() {
    let mut store = Store::default();
    let mut view = View::of_request(&store, Filter::all(), OURS);
    assert_eq!(view.reported(), Reported::NotYet);
    let report = |nth: i64, ms: u32| {
        let text = text(&Line::Report(0), false).replace("1.00 ms", &format!("{ms}.00 ms"));
        event(0, usize::try_from(nth).unwrap(), nth, text)
    };
    insert(&mut store, &mut view, &report(9, 9));
    insert(&mut store, &mut view, &report(3, 3));
    let Reported::Figures(last) = view.reported() else { panic!("{:?}", view.reported()) };
    assert!((last.duration_ms - 9.0).abs() < f64::EPSILON);
    // That of a managed instance says that it is over, and no more.
    let bare = format!(
        r#"{{"type":"platform.report","record":{{"requestId":"{OURS}","metrics":{{"durationMs":1.0}},"status":"success"}}}}"#
    );
    insert(&mut store, &mut view, &event(0, 99, 99, bare));
    assert_eq!(view.reported(), Reported::Bare);
}

#[test]
fn nobody_has_an_empty_id() {
    let mut store = Store::default();
    let mut view = View::of_request(&store, Filter::all(), "");
    insert(&mut store, &mut view, &event(0, 0, 0, "plain".into()));
    assert_eq!((view.request(), view.len()), (None, 1));
}

#[test]
fn a_busy_log_costs_little_for_each_batch() {
    // 200,000 lines of a thousand streams, and one stream of the request among them: what is left to look at after a
    // batch is bounded by the batch.
    let mut store = Store::default();
    let mut view = View::of_request(&store, Filter::all(), OURS);
    let mut serial = 0;
    let mut busy = |store: &mut Store, view: &mut View, count: usize| {
        for _ in 0..count {
            serial += 1;
            let at = i64::try_from(serial).unwrap();
            insert(store, view, &event(1 + serial % 1_000, serial, at, format!("order {serial} done")));
        }
        i64::try_from(serial).unwrap()
    };
    let now = busy(&mut store, &mut view, 100_000);
    assert!(view.scan(&store, 1), "what came was looked at as it came");
    insert(&mut store, &mut view, &event(0, 900_000, now, text(&Line::Start(0), false)));
    let mut steps = 0;
    while !view.scan(&store, 1_000) {
        steps += 1;
    }
    assert!((90..110).contains(&steps), "{steps} steps of a thousand rows");
    for nth in 0..100 {
        let now = busy(&mut store, &mut view, 1_000);
        insert(&mut store, &mut view, &event(0, 900_001 + nth, now, text(&Line::Plain(nth), false)));
        assert!(view.scan(&store, 1), "nothing is left to look at");
    }
    assert_eq!(view.len(), 101);
}
