//! Invocations folded from lines: whatever the order in which the lines come, and whoever reads them in whatever parts,
//! they are what reading in order gives.

use std::fmt::Write as _;

use std::collections::BTreeMap;

use lambdeck::{
    domain::log_event::LogEvent,
    tail::{
        Arrival, Filter, Invocations, OneRequest, Store,
        invocations::{Invocation, Neighbours, Status},
    },
};
use proptest::prelude::*;
use rstest::rstest;

use super::{
    request::{OTHERS, OURS, event, events},
    same_every_time,
};

/// All that is known of an invocation, but for where its rows are in memory.
fn told(invocation: &Invocation) -> String {
    let mut text = format!(
        "{:?}",
        Invocation { report: None, first: lambdeck::tail::RowKey::at(0), ..invocation.clone() }
    );
    let _ = write!(text, " first {}", invocation.first.timestamp_ms());
    let _ = write!(text, " report {:?}", invocation.report.map(|key| key.timestamp_ms()));
    text
}

fn all(fold: &Invocations) -> BTreeMap<&'static str, (String, Neighbours)> {
    let ids = [OURS, OTHERS[0], OTHERS[1]];
    let found = ids.into_iter().filter_map(|id| Some((id, fold.find(id)?)));
    found.filter_map(|(id, number)| Some((id, (told(&fold.get(number)?), fold.neighbours(number))))).collect()
}

fn insert(store: &mut Store, fold: &mut Invocations, event: &LogEvent) {
    let inserted = store.insert(&Arrival::new(event.clone(), None));
    fold.apply(store, &inserted);
}

/// Reads what is left, so many rows at a time.
fn complete(store: &Store, fold: &mut Invocations, rows: usize) {
    while let Some(scan) = fold.scan(store, rows) {
        assert!(scan.len() <= rows);
        assert!(fold.take(store, scan.run()));
    }
    assert!(fold.is_complete(store));
}

fn sorted(events: &[LogEvent]) -> Vec<LogEvent> {
    let mut sorted = events.to_vec();
    sorted.sort_by(|one, other| (one.timestamp, &one.id).cmp(&(other.timestamp, &other.id)));
    sorted
}

/// The lines of a request, by the other reading of the rules.
fn lines_of(id: &str, in_order: &[LogEvent]) -> Vec<LogEvent> {
    let mut request = OneRequest::new(id);
    in_order.iter().flat_map(|event| request.wanted(event)).collect()
}

proptest! {
    #![proptest_config(same_every_time(400))]
    #[test]
    fn any_order_and_any_slices_give_what_reading_in_order_gives(
        (events, shuffled) in events(),
        scans in prop::collection::vec(prop::option::of(1..40_usize), 128),
        opened_at in 0..150_usize,
        late in 0..6_usize,
    ) {
        let in_order = sorted(&events);
        let mut expected = Invocations::new(&Store::default(), Filter::all());
        let mut store = Store::default();
        for event in &in_order {
            insert(&mut store, &mut expected, event);
        }
        let mut store = Store::default();
        let mut fold = Invocations::new(&store, Filter::all());
        let mut under_way = None;
        for (nth, event) in shuffled.iter().enumerate() {
            if nth == opened_at % shuffled.len() {
                fold = Invocations::new(&store, Filter::all());
                under_way = None;
            }
            insert(&mut store, &mut fold, event);
            // What is read comes back some rows later.
            if nth % (late + 1) == 0 && let Some(found) = under_way.take() {
                prop_assert!(fold.take(&store, found));
            }
            if let Some(rows) = scans[nth % scans.len()] && under_way.is_none() {
                under_way = fold.scan(&store, rows).map(|scan| scan.run());
            }
        }
        if let Some(found) = under_way {
            prop_assert!(fold.take(&store, found));
        }
        complete(&store, &mut fold, 7);
        prop_assert_eq!(all(&fold), all(&expected));
        for id in [OURS, OTHERS[0], OTHERS[1]] {
            let rows = fold.find(id).and_then(|number| fold.get(number)).map_or(0, |invocation| invocation.rows);
            prop_assert_eq!(rows as usize, lines_of(id, &in_order).len(), "{}", id);
        }
    }
}

proptest! {
    #![proptest_config(same_every_time(24))]
    #[test]
    fn rows_that_made_room_are_counted_no_more_and_what_they_told_stays(
        (events, shuffled) in events(),
        paddings in prop::collection::vec(0..700_000_usize, 16),
        in_order in any::<bool>(),
    ) {
        let events = sorted(&events);
        let mut whole = Invocations::new(&Store::default(), Filter::all());
        let mut unbounded = Store::default();
        let mut store = Store::new(4 << 20);
        let mut fold = Invocations::new(&store, Filter::all());
        for (nth, event) in if in_order { &events } else { &shuffled }.iter().enumerate() {
            insert(&mut unbounded, &mut whole, event);
            // Blanks at the end change nothing of what a line says.
            let message = event.message.clone() + &" ".repeat(paddings[nth % paddings.len()]);
            insert(&mut store, &mut fold, &LogEvent { message, ..event.clone() });
        }
        let there: Vec<String> = (0..store.len()).map(|at| store.get(at).unwrap().message.trim_end().to_owned()).collect();
        for id in [OURS, OTHERS[0], OTHERS[1]] {
            let invocation = fold.find(id).and_then(|number| fold.get(number));
            let rows = invocation.as_ref().map_or(0, |invocation| invocation.rows as usize);
            let named = there.iter().filter(|message| message.contains(id)).count();
            prop_assert!(rows >= named && rows <= there.len(), "{} of {}", rows, named);
            if in_order {
                let kept = &events[events.len() - store.len()..];
                let stored = lines_of(id, &events).iter().filter(|event| kept.contains(event)).count();
                prop_assert_eq!(rows, stored);
                if let Some(invocation) = invocation {
                    let whole = whole.get(whole.find(id).unwrap()).unwrap();
                    prop_assert_eq!(invocation.status, whole.status);
                    prop_assert_eq!(invocation.duration_ms, whole.duration_ms);
                }
            }
        }
    }
}

/// Lines a second after each other, of one stream.
fn folded(lines: &[String]) -> (Store, Invocations) {
    let mut store = Store::default();
    let mut fold = Invocations::new(&store, Filter::all());
    for (nth, line) in lines.iter().enumerate() {
        let at = i64::try_from(nth).unwrap() * 1000;
        insert(&mut store, &mut fold, &event(0, nth, at, line.clone()));
    }
    (store, fold)
}

fn one<'a>(fold: &'a Invocations, id: &str) -> Invocation<'a> {
    fold.get(fold.find(id).unwrap()).unwrap()
}

fn start(id: &str) -> String {
    format!("START RequestId: {id} Version: 7")
}

fn report(id: &str, rest: &str) -> String {
    format!(
        "REPORT RequestId: {id}\tDuration: 12.50 ms\tBilled Duration: 13 ms\tMemory Size: 512 MB\tMax Memory Used: 71 MB\t{rest}"
    )
}

fn crashed(id: &str) -> String {
    format!("RequestId: {id} Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n")
}

fn timed_out(id: &str) -> String {
    format!("2026-11-20T14:00:03.500Z {id} Task timed out after 3.00 seconds")
}

const TRACEBACK: &str =
    "[ERROR] KeyError: 'price'\rTraceback (most recent call last):\r  File \"/var/task/app.py\"";

#[rstest]
#[case::ok(vec![start(OURS), report(OURS, "")], Status::Ok, None)]
#[case::running(vec![start(OURS), "working".into()], Status::Running, None)]
#[case::an_error_of_its_own_is_no_failure(vec![start(OURS), "[ERROR] order 5 failed".into(), report(OURS, "")], Status::Ok, None)]
#[case::raised(vec![start(OURS), TRACEBACK.into(), report(OURS, "")], Status::Error, Some("KeyError"))]
#[case::reported(vec![start(OURS), report(OURS, "Status: error\tError Type: Runtime.Unknown")], Status::Error, Some("Runtime.Unknown"))]
#[case::timed_out(vec![start(OURS), timed_out(OURS)], Status::Timeout, None)]
#[case::timeout(vec![start(OURS), report(OURS, "Status: timeout")], Status::Timeout, None)]
#[case::crashed(vec![start(OURS), crashed(OURS), report(OURS, "Status: error\tError Type: Runtime.ExitError")], Status::Crashed, Some("Runtime.ExitError"))]
#[case::out_of_memory(vec![start(OURS), report(OURS, "Status: error\tError Type: Runtime.OutOfMemory")], Status::Crashed, Some("Runtime.OutOfMemory"))]
#[case::start_is_not_there(vec![report(OURS, "")], Status::Unknown, None)]
#[case::start_is_not_there_but_it_failed(vec![report(OURS, "Status: timeout")], Status::Timeout, None)]
#[case::another_one_runs_where_its_report_should_be(vec![start(OURS), start(OTHERS[0])], Status::Unknown, None)]
#[case::only_named(vec![format!("[INFO]\t2026-11-20T14:00:00.190Z\t{OURS}\thello")], Status::Unknown, None)]
#[case::import_failed(
    vec![
        "INIT_START Runtime Version: python:3.13.v7".into(),
        "[ERROR] Runtime.ImportModuleError: Unable to import module 'app'".into(),
        "INIT_REPORT Init Duration: 120.00 ms\tPhase: init\tStatus: error\tError Type: Runtime.Unknown".into(),
        start(OURS),
        report(OURS, "Status: error"),
    ],
    Status::Error,
    Some("Runtime.ImportModuleError")
)]
#[case::tried_again_and_well(
    vec![start(OURS), timed_out(OURS), report(OURS, "Status: timeout"), start(OURS), report(OURS, "")],
    Status::Ok,
    None
)]
#[case::trying_again(vec![start(OURS), TRACEBACK.into(), report(OURS, ""), start(OURS)], Status::Running, None)]
fn how_it_ended(#[case] lines: Vec<String>, #[case] status: Status, #[case] error_type: Option<&str>) {
    let (_, fold) = folded(&lines);
    let invocation = one(&fold, OURS);
    assert_eq!((invocation.status, invocation.error_type), (status, error_type));
}

fn json(kind: &str, record: &str) -> String {
    format!(r#"{{"time":"2026-11-20T14:00:00Z","type":"platform.{kind}","record":{{{record}}}}}"#)
}

#[rstest]
#[case::ok(&["start", "report success"], Status::Ok)]
#[case::done(&["start", "done success"], Status::Ok)]
#[case::done_badly(&["start", "done timeout"], Status::Timeout)]
#[case::error(&["start", "report error"], Status::Error)]
#[case::well_although_it_logged_an_error(&["start", "raised", "report success"], Status::Ok)]
#[case::report_alone(&["report success"], Status::Ok)]
#[case::managed_instance(&["start", "bare success"], Status::Ok)]
fn how_it_ended_as_json(#[case] lines: &[&str], #[case] status: Status) {
    let metrics =
        r#""metrics":{"durationMs":3.5,"billedDurationMs":4,"memorySizeMB":128,"maxMemoryUsedMB":30}"#;
    let lines = lines.iter().map(|line| match line.split_once(' ') {
        None if *line == "start" => json("start", &format!(r#""requestId":"{OURS}","version":"3""#)),
        None => {
            format!(r#"{{"level":"ERROR","requestId":"{OURS}","errorType":"TypeError","errorMessage":"x"}}"#)
        }
        Some(("done", status)) => {
            json("runtimeDone", &format!(r#""requestId":"{OURS}","status":"{status}""#))
        }
        Some(("bare", status)) => json(
            "report",
            &format!(r#""requestId":"{OURS}","status":"{status}","metrics":{{"durationMs":3.5}}"#),
        ),
        Some((_, status)) => {
            json("report", &format!(r#""requestId":"{OURS}","status":"{status}",{metrics}"#))
        }
    });
    let lines: Vec<String> = lines.collect();
    let (_, fold) = folded(&lines);
    let invocation = one(&fold, OURS);
    assert_eq!(invocation.status, status);
    if lines.last().unwrap().contains("platform.report") {
        assert_eq!(invocation.duration_ms, Some(3.5));
    }
}

#[test]
fn figures_of_a_cold_start() {
    let (store, fold) = folded(&[
        "INIT_START Runtime Version: python:3.13.v7".into(),
        "loading".into(),
        start(OURS),
        "[ERROR] order 5 failed".into(),
        report(OURS, "Init Duration: 184.91 ms\t\nXRAY TraceId: 1-6a50-ab\tSegmentId: d002\tSampled: true\t"),
        start(OTHERS[0]),
        report(OTHERS[0], "Restore Duration: 511.25 ms\tBilled Restore Duration: 303 ms\t"),
    ]);
    let invocation = one(&fold, OURS);
    assert_eq!(
        (invocation.group, invocation.function, invocation.version),
        ("/shared", Some("f"), Some("7"))
    );
    assert_eq!((invocation.first.timestamp_ms(), invocation.at_ms()), (0, 2_000));
    assert_eq!((invocation.started_ms, invocation.ended_ms), (Some(2_000), Some(4_000)));
    assert_eq!((invocation.duration_ms, invocation.billed_ms), (Some(12.5), Some(13)));
    assert_eq!(
        (invocation.max_memory_mb, invocation.memory_mb, invocation.memory_share()),
        (Some(71), Some(512), Some(13))
    );
    assert_eq!((invocation.cold, invocation.init_ms), (true, Some(184.91)));
    assert_eq!((invocation.rows, invocation.errors, invocation.attempts), (5, 1, 1));
    assert_eq!(invocation.trace_id, Some("1-6a50-ab"));
    let at = store.position(&invocation.report.unwrap()).unwrap();
    assert!(store.get(at).unwrap().message.starts_with("REPORT"));
    let next = one(&fold, OTHERS[0]);
    assert_eq!((next.cold, next.restore_ms, next.trace_id), (false, Some(511.25), None));
}

#[test]
fn neighbours_in_its_environment() {
    let (_, fold) = folded(&[
        "INIT_START Runtime Version: python:3.13.v7".into(),
        start(OURS),
        report(OURS, ""),
        start(OTHERS[0]),
        "working".into(),
        start(OTHERS[1]),
    ]);
    let of = |id: &str| fold.neighbours(fold.find(id).unwrap());
    assert_eq!(of(OURS), Neighbours { after_previous_ms: None, before_next_ms: Some(1_000), is_first: true });
    assert_eq!(
        of(OTHERS[0]),
        Neighbours { after_previous_ms: Some(1_000), before_next_ms: Some(1_000), is_first: false }
    );
    assert_eq!(
        of(OTHERS[1]),
        Neighbours { after_previous_ms: Some(1_000), before_next_ms: None, is_first: false }
    );
}

#[test]
fn what_was_tried_again_counts_its_attempts_and_has_the_last_figures() {
    let (_, fold) = folded(&[
        start(OURS),
        TRACEBACK.into(),
        report(OURS, "Init Duration: 1.00 ms\t"),
        start(OURS),
        report(OURS, "").replace("12.50", "3.00"),
    ]);
    let invocation = one(&fold, OURS);
    assert_eq!((invocation.attempts, invocation.duration_ms, invocation.rows), (2, Some(3.0), 5));
    assert_eq!((invocation.started_ms, invocation.init_ms, invocation.error_type), (Some(3_000), None, None));
}

#[test]
fn one_whose_start_made_room_before_it_was_read_is_unknown() {
    let mut store = Store::new(4 << 20);
    let line =
        |nth: usize, text: String| Arrival::new(event(0, nth, i64::try_from(nth).unwrap(), text), None);
    let _ = store.insert(&line(0, start(OURS)));
    for nth in 1..12 {
        let _ = store.insert(&line(nth, "x".repeat(500_000)));
    }
    let _ = store.insert(&line(20, report(OURS, "")));
    assert!(store.evicted() > 0);
    let mut fold = Invocations::new(&store, Filter::all());
    complete(&store, &mut fold, 3);
    assert_eq!((one(&fold, OURS).status, one(&fold, OURS).rows), (Status::Unknown, 1));
}

#[test]
fn rows_that_make_room_while_they_are_read_are_not_taken() {
    let mut store = Store::new(4 << 20);
    let line =
        |stream, nth: usize, text| Arrival::new(event(stream, nth, i64::try_from(nth).unwrap(), text), None);
    // Memory is given back by the megabyte.
    let first = [start(OURS), "working".into(), report(OURS, ""), "x".repeat(1 << 20)];
    for (nth, text) in first.into_iter().enumerate() {
        let _ = store.insert(&line(0, nth, text));
    }
    let _ = store.insert(&line(1, 5, start(OTHERS[0])));
    let mut fold = Invocations::new(&store, Filter::all());
    let scan = fold.scan(&store, 9).unwrap();
    for nth in 10..20 {
        if store.evicted() == 0 {
            insert(&mut store, &mut fold, &line(2, nth, "x".repeat(500_000)).event);
        }
    }
    assert!((1..5).contains(&store.evicted()), "{}", store.evicted());
    assert!(fold.take(&store, scan.run()));
    assert_eq!(fold.find(OURS), None);
    assert_eq!(one(&fold, OTHERS[0]).rows, 1);
    assert!(fold.is_complete(&store));
}

#[test]
fn one_that_began_longer_ago_than_any_takes_is_not_running() {
    let (_, fold) = folded(&[start(OURS)]);
    assert_eq!(one(&fold, OURS).status_at(900_000), Status::Running);
    assert_eq!(one(&fold, OURS).status_at(1_800_000), Status::Unknown);
}

#[test]
fn it_is_shown_where_the_filter_shows_one_of_its_rows() {
    let (store, mut fold) = folded(&[start(OURS), "order 17".into(), report(OURS, ""), start(OTHERS[0])]);
    assert_eq!((one(&fold, OURS).shown, one(&fold, OTHERS[0]).shown), (3, 1));
    let scan = fold.scan(&store, 9);
    assert!(scan.is_none(), "all was read as it came");
    fold.restart(&store, Filter::query("order").unwrap());
    let scan = fold.scan(&store, 9).unwrap();
    fold.restart(&store, Filter::query("order 17").unwrap());
    assert!(!fold.take(&store, scan.run()), "that was for another filter");
    complete(&store, &mut fold, 2);
    assert_eq!((one(&fold, OURS).shown, one(&fold, OTHERS[0]).shown), (1, 0));
    fold.restart(&store, Filter::all().without_groups(vec!["/shared".into()]));
    complete(&store, &mut fold, 2);
    assert_eq!(one(&fold, OURS).shown, 0);
}

#[test]
fn requests_that_are_gone_are_forgotten() {
    let mut store = Store::new(4 << 20);
    let mut fold = Invocations::new(&store, Filter::all());
    for nth in 0..2_000_usize {
        let id = format!("{nth:08x}-0000-4000-8000-000000000000");
        let at = i64::try_from(nth).unwrap();
        for (line, text) in [start(&id), "x".repeat(20_000), report(&id, "")].into_iter().enumerate() {
            insert(&mut store, &mut fold, &event(nth % 7, nth * 3 + line, at, text));
        }
    }
    let kept = (0..2_000)
        .filter(|nth| fold.find(&format!("{nth:08x}-0000-4000-8000-000000000000")).is_some())
        .count();
    assert!((100..400).contains(&kept), "{kept}");
    let rows: usize = (0..2_000_u32).filter_map(|number| fold.get(number)).map(|one| one.rows as usize).sum();
    assert_eq!(rows, store.len());
}

#[test]
fn a_busy_log_costs_little() {
    let mut store = Store::default();
    let mut fold = Invocations::new(&store, Filter::all());
    let before = std::time::Instant::now();
    for nth in 0..50_000_usize {
        let at = i64::try_from(nth).unwrap();
        insert(
            &mut store,
            &mut fold,
            &event(nth % 50, nth, at, format!("order {nth} done, 3 items for 12.50 EUR")),
        );
    }
    // Ten seconds of 5,000 lines each: a small part of a second where it is optimised.
    assert!(before.elapsed() < std::time::Duration::from_secs(5), "{:?}", before.elapsed());
}
