use proptest::{prelude::*, test_runner::RngSeed};
use rstest::rstest;

use super::*;
use crate::{
    app::{Ticket, logs::sources::Source},
    domain::log_event::LogEvent,
    tail::{Arrival, GapKind, Update},
};

const GROUP: &str = "/aws/lambda/checkout-api";
const TICKET: Ticket = Ticket { epoch: 1, number: 1 };

fn start() -> Timestamp {
    "2026-11-20T14:00:00Z".parse().unwrap()
}

fn look(columns: usize, rows: usize) -> Look {
    Look { columns, rows, zone: TimeZone::UTC, now: start() }
}

fn tell(pane: &mut LogsPane, messages: &[(i64, &str)]) {
    let batch = messages
        .iter()
        .map(|(after_ms, message)| {
            let timestamp = start().as_millisecond() + after_ms;
            let event = LogEvent {
                group: GROUP.into(),
                stream: "s".into(),
                id: format!("{timestamp}"),
                timestamp,
                ingestion_time: timestamp,
                message: (*message).into(),
            };
            Arrival::new(event, None)
        })
        .collect();
    pane.receive(TICKET, Update::Events { group: GROUP.into(), batch }, 1);
}

fn pane(messages: &[(i64, &str)]) -> LogsPane {
    let mut pane = LogsPane::default();
    let _ = pane.begin(TICKET, vec![Source::of_function("checkout-api", GROUP.into())], start());
    tell(&mut pane, messages);
    pane
}

fn gap(pane: &mut LogsPane, kind: GapKind, from: i64, to: Option<i64>) {
    let start = start().as_millisecond();
    let update = Update::Gap {
        group: GROUP.into(),
        kind,
        from_ms: start + from,
        to_ms: to.map(|to| start + to),
        repaired: false,
    };
    pane.receive(TICKET, update, 1);
}

/// The rows of a screen: `3.0` is the first row of event 3, a word a rule.
fn told(pane: &LogsPane, look: &Look) -> Vec<String> {
    let screen = pane.screen(look);
    let line = |line: &Line| match line {
        Line::Event(event, row) => format!("{}.{row}", screen.events[*event].at),
        Line::Rule(Rule::Day(day)) => day.strftime("%d").to_string(),
        Line::Rule(Rule::Evicted(_)) => "evicted".into(),
        Line::Rule(Rule::Reading(_) | Rule::NotRead(..)) => "older".into(),
        Line::Rule(Rule::Gap(missing)) => format!("{:?}", missing.kind).to_lowercase(),
    };
    screen.lines.iter().map(line).collect()
}

fn hold(pane: &mut LogsPane, at: usize, top: usize) {
    pane.following = false;
    (pane.cursor.at, pane.cursor.top) = (at, top);
}

#[test]
fn the_newest_event_ends_on_the_last_row() {
    let pane = pane(&[(0, "a\nb\nc"), (1, "d"), (2, "e\rf\n")]);
    assert_eq!(told(&pane, &look(80, 9)), ["0.0", "0.1", "0.2", "1.0", "2.0", "2.1"]);
    assert_eq!(told(&pane, &look(80, 6)), ["0.0", "0.1", "0.2", "1.0", "2.0", "2.1"]);
    // An event that does not fit as a whole shows its end.
    assert_eq!(told(&pane, &look(80, 5)), ["0.1", "0.2", "1.0", "2.0", "2.1"]);
    assert_eq!(told(&pane, &look(80, 2)), ["2.0", "2.1"]);
    assert_eq!(told(&pane, &look(80, 1)), ["2.0"]);
    assert_eq!(told(&pane, &look(80, 0)), Vec::<String>::new());
}

#[test]
fn a_held_screen_begins_where_the_cursor_says_and_shows_what_is_selected() {
    let mut pane = pane(&[(0, "a\nb\nc"), (1, "d"), (2, "e\nf"), (3, "g"), (4, "h")]);
    hold(&mut pane, 1, 0);
    assert_eq!(told(&pane, &look(80, 5)), ["0.0", "0.1", "0.2", "1.0", "2.0"]);
    // What is selected is there as a whole, though the screen has to scroll for it.
    hold(&mut pane, 2, 0);
    assert_eq!(told(&pane, &look(80, 5)), ["1.0", "2.0", "2.1", "3.0", "4.0"]);
    hold(&mut pane, 2, 2);
    assert_eq!(told(&pane, &look(80, 3)), ["2.0", "2.1", "3.0"]);
    // No empty rows at the end.
    hold(&mut pane, 4, 4);
    assert_eq!(told(&pane, &look(80, 4)), ["2.0", "2.1", "3.0", "4.0"]);
}

#[test]
fn before_a_key_the_cursor_learns_where_the_screen_begins() {
    let mut pane = pane(&[(0, "a\nb\nc"), (1, "d"), (2, "e\nf"), (3, "g"), (4, "h")]);
    hold(&mut pane, 4, 0);
    assert_eq!(pane.settle(&look(80, 5)), 4);
    assert_eq!(pane.cursor.top, 1);
    let before = told(&pane, &look(80, 5));
    pane.cursor.step(-1, 5, 4);
    assert_eq!(told(&pane, &look(80, 5)), before, "the screen stays while the cursor moves on it");
}

#[test]
fn gaps_and_days_take_their_rows_and_are_nobodys() {
    let day = 86_400_000;
    let mut pane = pane(&[(-day, "a"), (-day + 1, "b"), (0, "c"), (5000, "d")]);
    gap(&mut pane, GapKind::Disconnected, 1000, Some(4000));
    assert_eq!(told(&pane, &look(80, 20)), ["19", "0.0", "1.0", "20", "2.0", "disconnected", "3.0"]);
    let screen = pane.screen(&look(80, 20));
    assert_eq!(
        (screen.event_at(0), screen.event_at(1), screen.event_at(5), screen.event_at(6)),
        (None, Some(0), None, Some(3))
    );
    // A day of the past is told on the first row, wherever one is.
    hold(&mut pane, 1, 1);
    assert_eq!(told(&pane, &look(80, 3)), ["19", "1.0", "20"]);
    hold(&mut pane, 2, 2);
    assert_eq!(told(&pane, &look(80, 3)), ["20", "2.0", "disconnected"]);
    // A gap at the end has its row there.
    gap(&mut pane, GapKind::Disconnected, 9000, None);
    pane.following = true;
    pane.cursor.at = 3;
    assert_eq!(told(&pane, &look(80, 3)), ["disconnected", "3.0", "disconnected"]);
    assert_eq!(told(&pane, &look(80, 1)), ["3.0"]);
    // One of a log group that is muted is not told.
    pane.sources[0].muted = true;
    assert!(!told(&pane, &look(80, 20)).contains(&"disconnected".to_owned()));
}

#[test]
fn gaps_of_several_groups_between_the_same_events_are_one() {
    let mut pane = pane(&[(0, "a"), (5000, "b")]);
    pane.sources.push(Source::of_group("/other".into()));
    gap(&mut pane, GapKind::Disconnected, 1000, Some(4000));
    let start = start().as_millisecond();
    let (from_ms, to_ms) = (start + 900, Some(start + 4500));
    let kind = GapKind::Disconnected;
    pane.receive(TICKET, Update::Gap { group: "/other".into(), kind, from_ms, to_ms, repaired: false }, 1);
    let rules = pane.rules();
    let [(1, Rule::Gap(missing))] = &rules[..] else { panic!("{rules:?}") };
    assert_eq!((missing.from_ms, missing.to_ms, missing.groups.len()), (from_ms, to_ms, 2));
}

#[test]
fn an_event_of_many_lines_says_how_many_there_are() {
    let long = (0..50).map(|n| n.to_string()).collect::<Vec<_>>().join("\n");
    let mut pane = pane(&[(0, &long)]);
    let screen = pane.screen(&look(80, 10));
    assert_eq!(screen.lines.len(), 10);
    assert_eq!(screen.events[0].more.as_deref(), Some("… 41 more lines, enter shows all"));
    pane.wrap = true;
    assert_eq!(
        pane.screen(&look(80, 10)).events[0].more.as_deref(),
        Some("… 41 more lines, enter shows all")
    );
    drop(pane);
    let pane = self::pane(&[(0, &"line\n".repeat(100_000))]);
    let screen = pane.screen(&look(80, 10));
    assert_eq!(screen.events[0].more.as_deref(), Some("… goes on, enter shows all"));
}

#[test]
fn a_frame_of_a_trace_that_was_written_line_by_line_needs_no_time() {
    let mut pane = LogsPane::default();
    let _ = pane.begin(TICKET, vec![Source::of_function("checkout-api", GROUP.into())], start());
    let mut batch = Vec::new();
    for (nth, (stream, message)) in
        [("s", "Traceback"), ("s", "  File a"), ("other", "x"), ("s", "  File b")].into_iter().enumerate()
    {
        let timestamp = start().as_millisecond() + i64::try_from(nth).unwrap();
        let event = LogEvent {
            group: GROUP.into(),
            stream: stream.into(),
            id: nth.to_string(),
            timestamp,
            ingestion_time: timestamp,
            message: message.into(),
        };
        let mut arrival = Arrival::new(event, None);
        arrival.marks.continues = message.starts_with(' ');
        batch.push(arrival);
    }
    pane.receive(TICKET, Update::Events { group: GROUP.into(), batch }, 1);
    let joined: Vec<bool> = pane.screen(&look(80, 10)).events.iter().map(|shown| shown.joined).collect();
    assert_eq!(joined, [false, true, false, false]);
}

#[rstest]
#[case::plain("x")]
#[case::marks("e\u{301}\u{302}\u{303}")]
#[case::overrides("\u{202e}abc")]
#[case::no_utf8("\u{fffd}")]
#[case::escapes("\u{1b}[31m")]
#[case::json("{\"a\":")]
#[case::lines("a\n")]
fn a_megabyte_costs_what_is_shown_of_it(#[case] part: &str) {
    let long = part.repeat((1 << 20) / part.len());
    let lines: Vec<(i64, &str)> = (0..40).map(|n| (n, long.as_str())).collect();
    let mut pane = pane(&lines);
    for wrap in [false, true] {
        pane.wrap = wrap;
        for following in [true, false] {
            hold(&mut pane, 20, 10);
            pane.following = following;
            let screen = pane.screen(&look(200, 60));
            assert_eq!(screen.lines.len(), if wrap || part == "a\n" { 60 } else { 40 });
            assert!(screen.read <= 45 * READ, "{} bytes were read", screen.read);
            let texts: usize = screen.events.iter().map(|shown| shown.folded.text.len()).sum();
            assert!(texts <= 45 * 12 * READ, "{texts} bytes are shown");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]
    #[test]
    fn what_is_selected_is_on_the_screen_and_nothing_is_wasted(
        heights in prop::collection::vec((1..9_usize, 0..3_i64), 1..40),
        gaps in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..4),
        (at, top) in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
        (columns, rows) in (1..90_usize, 1..30_usize),
        (wrap, following) in (any::<bool>(), any::<bool>()),
    ) {
        let mut time = -4 * 86_400_000;
        let texts: Vec<(i64, String)> = heights
            .iter()
            .map(|(lines, days)| {
                time += days / 2 * 86_400_000 + 10;
                (time, vec!["some words in a row"; *lines].join("\n"))
            })
            .collect();
        let messages: Vec<(i64, &str)> = texts.iter().map(|(at, text)| (*at, text.as_str())).collect();
        let mut pane = pane(&messages);
        for (which, kind) in gaps {
            let kind = if kind { GapKind::Sampled } else { GapKind::Disconnected };
            gap(&mut pane, kind, messages[which.index(messages.len())].0 - 5, None);
        }
        let len = pane.len();
        hold(&mut pane, at.index(len), top.index(len));
        if following {
            (pane.following, pane.cursor.at) = (true, len - 1);
        }
        pane.wrap = wrap;
        let look = look(columns, rows);
        let screen = pane.screen(&look);
        prop_assert!(screen.lines.len() <= rows);
        let selected = screen.lines.iter().position(|line| {
            matches!(line, Line::Event(event, 0) if screen.events[*event].at == pane.cursor.at)
        });
        let Some(first_row) = selected else { panic!("the selected event is not on the screen") };
        let event = screen.events.iter().find(|shown| shown.at == pane.cursor.at).unwrap();
        let rows_of_it = screen.lines.iter().filter(|line| matches!(line, Line::Event(n, _) if screen.events[*n].at == pane.cursor.at));
        prop_assert_eq!(rows_of_it.count(), event.height().min(rows), "as a whole, from row {}", first_row);
        // Rows stay empty only where everything is on the screen, or the next event above would not fit.
        if following && screen.lines.len() < rows {
            prop_assert_eq!(screen.events.first().unwrap().at, 0);
        }
        // Settling changes nothing on the screen.
        let before = told(&pane, &look);
        let first = screen.first();
        pane.settle(&look);
        if !following {
            prop_assert_eq!(Some(pane.cursor.top), first);
            prop_assert_eq!(told(&pane, &look), before);
        }
    }
}
