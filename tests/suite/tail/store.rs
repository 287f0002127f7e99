//! The store of what was told, its filters and its views.

use lambdeck::{
    domain::{log_event::LogEvent, log_query::Line},
    tail::{Arrival, Filter, Kind, RowKey, Store, View, is_error},
};
use rstest::rstest;

fn arrival(stream: &str, id: &str, timestamp: i64, ingestion_time: i64, message: &str) -> Arrival {
    let event = LogEvent {
        group: "/aws/lambda/f".to_owned(),
        stream: stream.to_owned(),
        id: id.to_owned(),
        timestamp,
        ingestion_time,
        message: message.to_owned(),
    };
    Arrival::new(event, None)
}

fn text(query: &str) -> Filter {
    Filter::query(query).unwrap()
}

fn line(message: &str) -> Line<'_> {
    Line { message, group: "/aws/lambda/f", stream: "s", error: is_error(message) }
}

fn messages(store: &Store) -> Vec<String> {
    (0..store.len()).map(|at| store.get(at).unwrap().message.to_owned()).collect()
}

#[test]
fn a_row_is_the_event_that_came() {
    let mut store = Store::default();
    let mut late = arrival("s", "7", 1_000, 9_000, "first\nsecond\n");
    late.late_by_ms = Some(6_000);
    assert_eq!(store.insert(&late).at, Some(0));
    let row = store.get(0).unwrap();
    assert_eq!((row.timestamp, row.ingestion, row.late_by_ms), (1_000, 9_000, Some(6_000)));
    assert_eq!((row.group, row.stream, row.message), ("/aws/lambda/f", "s", "first\nsecond\n"));
    assert_eq!(row.lines().collect::<Vec<_>>(), ["first", "second"]);
    assert_eq!(store.get(1), None);
    let _ = store.insert(&arrival("s", "8", i64::MIN, i64::MAX, ""));
    let row = store.get(0).unwrap();
    assert_eq!((row.timestamp, row.ingestion, row.message), (i64::MIN, i64::MAX, ""));
    assert_eq!(row.lines().collect::<Vec<_>>(), [""]);
}

#[test]
fn rows_are_in_the_order_of_timestamp_ingestion_and_id() {
    let mut store = Store::default();
    for (id, timestamp, ingestion) in
        [("10", 5, 9), ("2", 5, 9), ("3", 5, 8), ("1", 6, 7), ("4", 4, 9), ("2", 5, 9)]
    {
        let _ = store.insert(&arrival("s", id, timestamp, ingestion, id));
    }
    assert_eq!(messages(&store), ["4", "3", "2", "2", "10", "1"]);
    assert_eq!(store.position_at(5), 1);
    assert_eq!(store.position_at(6), 5);
    assert_eq!(store.position_at(7), 6);
}

#[test]
fn a_readers_place_stays_while_rows_come_and_go() {
    let mut store = Store::new(4 << 20);
    let message = "m".repeat(1_000);
    let mut keys: Vec<RowKey> = Vec::new();
    for n in 0..2_000 {
        let inserted = store.insert(&arrival("s", "0", 2 * n, 2 * n, &message));
        keys.push(store.get(inserted.at.unwrap()).unwrap().key);
    }
    let reader = keys[1_500];
    let at = store.position(&reader).unwrap();
    assert_eq!(store.insert(&arrival("late", "0", 2_001, 5_000, "late")).at, Some(1_001));
    assert_eq!(store.position(&reader), Ok(at + 1));
    while store.position(&reader).is_ok() {
        let n = i64::try_from(keys.len()).unwrap();
        let inserted = store.insert(&arrival("s", "0", 2 * n, 2 * n, &message));
        keys.push(store.get(inserted.at.unwrap()).unwrap().key);
        if let Ok(at) = store.position(&reader) {
            assert_eq!(store.get(at).unwrap().timestamp, 3_000);
        }
    }
    assert_eq!(store.position(&reader), Err(0), "a row that has gone is where the oldest is");
    assert!(store.evicted() > 1_500);
    assert_eq!(store.evicted() + store.len() as u64, keys.len() as u64 + 1);
}

#[test]
fn memory_is_bounded_and_a_line_costs_little_beside_its_text() {
    let mut store = Store::new(64 << 20);
    let mut most = 0;
    for n in 0..300_000_i64 {
        let id = format!("3195310660696698337880902507980421114328961542{n:010}");
        let stream = format!("2026/11/20/[$LATEST]{:032x}", n / 5_000);
        let line = format!("{n:0120}");
        let _ = store.insert(&arrival(&stream, &id, 1_790_000_000_000 + n, 1_790_000_000_700 + n, &line));
        most = most.max(store.bytes());
    }
    assert_eq!((store.len(), store.evicted()), (300_000, 0));
    assert!(most <= 300_000 * 150, "{} bytes a line", most / 300_000);

    let mut store = Store::new(8 << 20);
    for n in 0..100_000_i64 {
        // A stream for every row: what is known of streams may not grow either.
        let line = arrival(&format!("stream-{n}"), "0", n, n, &"m".repeat(usize::try_from(n % 300).unwrap()));
        let _ = store.insert(&line);
        assert!(store.bytes() <= 8 << 20, "{}", store.bytes());
    }
    assert!(store.len() > 10_000 && store.evicted() > 0);
}

#[test]
fn what_is_older_than_all_there_is_room_for_is_not_kept() {
    let mut store = Store::new(4 << 20);
    let message = "m".repeat(10_000);
    let mut n = 0;
    while store.evicted() == 0 {
        n += 1;
        let _ = store.insert(&arrival("s", "0", n, n, &message));
    }
    let mut view = View::new(&store, Filter::all());
    view.scan(&store, usize::MAX);
    let mut refused = 0;
    for _ in 0..1_000 {
        let inserted = store.insert(&arrival("s", "0", 0, 0, &message));
        view.apply(&store, &inserted);
        refused += usize::from(inserted.at.is_none());
        assert_eq!(view.len(), store.len());
    }
    assert!(refused > 0);
}

#[test]
fn debug_shows_no_message() {
    let mut store = Store::default();
    let _ = store.insert(&arrival("s", "0", 1, 1, "password=hunter2"));
    let view = View::new(&store, Filter::all());
    assert!(!format!("{store:?} {:?} {view:?}", store.get(0)).contains("hunter2"));
}

#[test]
fn oldest_and_newest_are_known() {
    let mut store = Store::default();
    assert_eq!((store.oldest(), store.newest()), (None, None));
    for at in [5, 3, 9] {
        let _ = store.insert(&arrival("s", "0", at, at, ""));
    }
    assert_eq!((store.oldest(), store.newest()), (Some(3), Some(9)));
}

#[test]
fn a_line_of_120_bytes_takes_less_than_20_beside_it_with_its_view() {
    let mut store = Store::new(64 << 20);
    let mut view = View::new(&store, text("1"));
    for n in 0..200_000_i64 {
        let id = format!("3195310660696698337880902507980421114328961542{n:010}");
        let stream = format!("2026/11/20/[$LATEST]{:032x}", n % 50);
        let at = 1_790_000_000_000 + n / 3;
        let inserted = store.insert(&arrival(&stream, &id, at, at + 700, &format!("{n:0120}")));
        view.apply(&store, &inserted);
    }
    assert_eq!((store.len(), store.evicted()), (200_000, 0));
    assert!(view.len() > 100_000, "most rows are shown");
    // But for the megabyte that is being filled.
    let bytes = store.bytes() + view.bytes() - (1 << 20);
    assert!(bytes < 200_000 * 140, "{} bytes a row", bytes / 200_000);
}

#[test]
fn an_export_sees_what_is_shown_now_whatever_comes() {
    let mut store = Store::new(4 << 20);
    for n in 0..1_000 {
        let message = format!("{} {}", if n % 2 == 0 { "even" } else { "odd" }, "m".repeat(1_000));
        let _ = store.insert(&arrival("s", "0", n, n, &message));
    }
    let mut view = View::new(&store, text("even"));
    view.scan(&store, usize::MAX);
    let snapshot = view.snapshot(&store);
    for n in 0..10_000 {
        let _ = store.insert(&arrival("t", "0", 1_000 + n, n, &"x".repeat(1_000)));
    }
    assert!(store.oldest() > Some(1_000), "all of them have gone from the store");
    assert_eq!(snapshot.len(), 500);
    assert!(snapshot.rows().all(|row| row.message.starts_with("even") && row.stream == "s"));
    assert_eq!(
        snapshot.rows().map(|row| row.timestamp).collect::<Vec<_>>(),
        (0..1_000).step_by(2).collect::<Vec<_>>()
    );
}

#[test]
fn a_view_that_missed_an_insertion_begins_anew() {
    let mut store = Store::default();
    let mut view = View::new(&store, text("x"));
    assert!(view.scan(&store, 10));
    let _ = store.insert(&arrival("s", "0", 1, 1, "x"));
    let second = store.insert(&arrival("s", "0", 2, 2, "x"));
    view.apply(&store, &second);
    assert_eq!(view.len(), 0);
    assert!(!view.is_complete(&store));
    assert!(view.scan(&store, 10));
    assert_eq!(view.len(), 2);
}

#[test]
fn a_view_is_filled_from_the_newest_row_back() {
    let mut store = Store::default();
    for n in 0..100 {
        let _ = store.insert(&arrival("s", "0", n, n, if n % 2 == 0 { "even" } else { "odd" }));
    }
    let mut view = View::new(&store, text("even"));
    assert!(!view.scan(&store, 10));
    assert_eq!(view.len(), 5);
    assert_eq!(view.get(&store, 0).unwrap().timestamp, 90);
    // What comes meanwhile is looked at as it comes, wherever it is.
    for at in [50, 95] {
        let inserted = store.insert(&arrival("s", "0", at, at + 1, "even"));
        view.apply(&store, &inserted);
    }
    assert_eq!(view.len(), 7);
    assert!(view.scan(&store, 1_000));
    assert_eq!(view.len(), 52);
    let hidden = store.get(store.position_at(51)).unwrap().key;
    assert_eq!(
        view.position(&store, &hidden),
        Err(27),
        "where it would be: after 0, 2 to 50 and the second 50"
    );
}

#[rstest]
#[case(Filter::all(), "anything", true)]
#[case(text(""), "anything", true)]
#[case(text("time"), "Task TIMED out", true)]
#[case(text("Time"), "Task timed out", false)]
#[case(text("a.b"), "a.b", true)]
#[case(text("a.b"), "axb", false)]
#[case(text("(["), "x ([", true)]
#[case(text("stra\u{df}e"), "STRA\u{df}E", true)]
#[case(text(r"/took \d+ ms/"), "it TOOK 12 ms", true)]
#[case(text("x").errors_only(true), "x", false)]
#[case(text("x").errors_only(true), "[ERROR] x", true)]
fn filters(#[case] filter: Filter, #[case] message: &str, #[case] expected: bool) {
    assert_eq!(filter.matches(&line(message)), expected);
}

#[test]
fn highlights_are_where_the_text_is() {
    assert_eq!(text("ab").highlights("xAB\u{e9}ab"), [(1..3, Kind::Include), (5..7, Kind::Include)]);
    assert_eq!(text("/b*/").highlights("abba abb"), [(1..3, Kind::Include), (6..8, Kind::Include)]);
    assert!(Filter::all().highlights("abba").is_empty());
}

#[test]
fn a_broken_expression_is_explained_in_a_line() {
    for broken in ["(", "[a", "a{100000}{100000}", "*"] {
        let error = Filter::query(&format!("/{broken}/")).unwrap_err().to_string();
        assert!(!error.is_empty() && !error.contains('\n'), "{broken}: {error}");
    }
    assert_eq!(Filter::query("/(/").unwrap_err().to_string(), "unclosed group");
}

#[rstest]
#[case("2023-12-05T22:14:43.862Z\t8f1c\tERROR\tInvoke Error", true)]
#[case("[ERROR]\t2024-03-05T23:01:23.306Z\t8f1c\tboom", true)]
#[case("[ERROR] KeyError: 'x'\rTraceback (most recent call last):", true)]
#[case("ERROR: boom", true)]
#[case(r#"{"timestamp":"2024","level":"ERROR","message":"boom"}"#, true)]
#[case(r#"{"level": "critical", "msg": "boom"}"#, true)]
#[case(r#"{"level":"INFO","message":"no ERRORs"}"#, false)]
#[case("2020-06-09T15:02:26.150Z 8f1c Task timed out after 3.00 seconds", true)]
#[case("RequestId: 8f1c Error: Runtime exited with error: signal: killed\nRuntime.ExitError", true)]
#[case(
    "REPORT RequestId: 8f1c\tDuration: 3.10 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB\tStatus: timeout",
    true
)]
#[case(
    "REPORT RequestId: 8f1c\tDuration: 3.10 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB\t",
    false
)]
#[case(r#"{"time":"2024","type":"platform.report","record":{"requestId":"8f1c","status":"success"}}"#, false)]
#[case(r#"{"time":"2024","type":"platform.report","record":{"requestId":"8f1c","status":"timeout"}}"#, true)]
#[case(r#"{"errorType":"KeyError","errorMessage":"x"}"#, true)]
#[case("START RequestId: 8f1c Version: $LATEST", false)]
#[case("ERROR_COUNT=0", false)]
#[case("INFO no error here", false)]
fn errors_are_recognised(#[case] message: &str, #[case] expected: bool) {
    assert_eq!(is_error(message), expected);
}

#[test]
fn older_rows_that_come_beside_newer_ones_make_room_a_part_at_a_time() {
    let mut store = Store::new(8 << 20);
    let message = "m".repeat(200);
    let mut most = 0;
    for n in 0..60_000 {
        for timestamp in [1_000_000 + n, 1_000_000 - n] {
            let inserted = store.insert(&arrival("s", "0", timestamp, timestamp, &message));
            most = most.max(inserted.evicted);
        }
    }
    assert!(store.evicted() > 0);
    // The oldest are in the chunk that came last, which may be followed by one more.
    assert!(most <= 12_000, "two chunks of rows at most make room at once: {most}");
    assert!(store.len() > 25_000, "what is there fills the memory: {}", store.len());
}
