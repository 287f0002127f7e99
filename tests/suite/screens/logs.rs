//! The Logs tab.

use jiff::Timestamp;
use lambdeck::{
    app::{
        self, Effect, Msg, Ticket,
        logs::{
            LogsPane, Times,
            filters::Kept,
            histogram::{Bar, Histogram},
            sources::Source,
        },
    },
    domain::{log_event::LogEvent, log_query::Query},
    tail::{self, Kind},
    ui::Theme,
};
use ratatui::{crossterm::event::KeyCode, style::Modifier};

use super::{everywhere::style_of, fixtures::*};

/// The Logs tab of a function, and the ticket of its follow.
pub(super) fn logs() -> (Screen, Ticket) {
    let mut screen = Screen::opened();
    let effects = screen.keys("l");
    let ticket = effects
        .iter()
        .find_map(|effect| if let Effect::FollowLogs { ticket, .. } = effect { Some(*ticket) } else { None });
    (screen, ticket.expect("the tab follows at once"))
}

pub(super) fn log_status(state: tail::State) -> tail::Update {
    tail::Update::Status(tail::Status {
        state,
        calls: 9,
        events: 12,
        late: 1,
        lag_ms: Some(800),
        lookback_ms: 300_000,
        ..tail::Status::new("/aws/lambda/checkout-api")
    })
}

fn events(messages: &[(i64, Option<i64>, &str)]) -> tail::Update {
    let start = "2026-11-20T14:00:00Z".parse::<Timestamp>().unwrap().as_millisecond();
    let batch = messages
        .iter()
        .map(|(after_ms, late_by_ms, message)| {
            tail::Arrival::new(
                LogEvent {
                    group: "/aws/lambda/checkout-api".into(),
                    stream: "2026/11/20/[$LATEST]0123456789abcdef".into(),
                    id: format!("event-{after_ms:08}"),
                    timestamp: start + after_ms,
                    ingestion_time: start + after_ms + 40,
                    message: (*message).into(),
                },
                *late_by_ms,
            )
        })
        .collect();
    tail::Update::Events { group: "/aws/lambda/checkout-api".into(), batch }
}

const TRACEBACK: &str = "[ERROR] KeyError: 'price'\rTraceback (most recent call last):\r  File \"/var/task/app.py\", \
    line 7, in handler\r    return basket['items'][0]['product']['price'] * basket['items'][0]['quantity'] + shipping(basket)\n";

pub(super) fn some_events() -> tail::Update {
    let id = "8f5c6d2e-0000-4000-8000-000000000001";
    let report = format!(
        "REPORT RequestId: {id}\tDuration: 12.34 ms\tBilled Duration: 198 ms\tMemory Size: 512 MB\tMax Memory Used: 71 MB\tInit Duration: 184.91 ms\t\n"
    );
    events(&[
        (
            0,
            None,
            "INIT_START Runtime Version: python:3.13.v7\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:abc\n",
        ),
        (185, None, &format!("START RequestId: {id} Version: $LATEST\n")),
        (190, None, &format!("[INFO]\t2026-11-20T14:00:00.190Z\t{id}\tpriced 3 items for 12.50 EUR\n")),
        (192, Some(6_000), &format!("[WARNING]\t2026-11-20T14:00:00.192Z\t{id}\tthe cache is cold\n")),
        (
            195,
            None,
            r#"{"timestamp":"2026-11-20T14:00:00.195Z","level":"INFO","message":"as JSON","requestId":"8f5c6d2e"}"#,
        ),
        (196, None, HOSTILE),
        (197, None, TRACEBACK),
        (198, None, &format!("END RequestId: {id}\n")),
        (199, None, &report),
        (
            3_500,
            None,
            "2026-11-20T14:00:03.500Z 8f5c6d2e-0000-4000-8000-000000000002 Task timed out after 3.00 seconds\n\n",
        ),
    ])
}

#[test]
fn log_tab() {
    let (mut screen, ticket) = logs();
    screen.check("logs_reading");
    screen.send(Msg::Tail(ticket, log_status(tail::State::Live)));
    screen.send(Msg::Tail(ticket, tail::Update::HistoryDone { group: "/aws/lambda/checkout-api".into() }));
    screen.check("logs_none");
    screen.send(Msg::Tail(ticket, some_events()));
    screen.check("logs_live");
    screen.keys("w");
    screen.check("logs_wrapped");
    screen.keys("wkk ");
    screen.keys("k");
    screen.send(Msg::Tail(ticket, events(&[(9_000, None, "one more"), (9_100, None, "and another")])));
    screen.check("logs_paused");
    screen.key(KeyCode::Right);
    screen.key(KeyCode::Right);
    screen.check("logs_sideways");
}

#[test]
fn log_tab_filtered() {
    let (mut screen, ticket) = logs();
    screen.send(Msg::Tail(ticket, log_status(tail::State::Live)));
    screen.send(Msg::Tail(ticket, some_events()));
    screen.keys("!");
    screen.check("logs_errors_only");
    screen.keys("!/PRICED");
    screen.check("logs_filter_matches_none");
    for _ in 0..6 {
        screen.key(KeyCode::Backspace);
    }
    screen.keys("priced");
    screen.key(KeyCode::Enter);
    screen.check("logs_filtered");
    let buffer = screen.buffer(120, 30, &Theme::DEFAULT);
    assert!(
        style_of(&buffer, "priced 3 items").add_modifier.contains(Modifier::REVERSED),
        "the find is marked"
    );
    screen.key(KeyCode::Enter);
    screen.check("logs_event");
}

#[test]
fn log_tab_in_trouble() {
    let (mut screen, ticket) = logs();
    screen.send(Msg::Tail(ticket, log_status(tail::State::Waiting)));
    screen.check("logs_waiting");
    let message =
        "User: arn:aws:iam::123456789012:user/x is not authorized to perform: logs:FilterLogEvents".into();
    screen.send(Msg::Tail(ticket, log_status(tail::State::Denied { message })));
    screen.check("logs_denied");
    screen.send(Msg::Tail(ticket, some_events()));
    let offline = tail::State::Offline { behind_ms: 6_200, message: "no connection".into() };
    screen.send(Msg::Tail(ticket, log_status(offline)));
    let group = "/aws/lambda/checkout-api".into();
    let from_ms = "2026-11-20T14:02:00Z".parse::<Timestamp>().unwrap().as_millisecond();
    let kind = tail::GapKind::Disconnected;
    screen.send(Msg::Tail(ticket, tail::Update::Gap { group, kind, from_ms, to_ms: None, repaired: false }));
    screen.check("logs_offline");
}

#[test]
fn a_wrapped_log_shows_the_newest_event_to_its_end_and_the_selected_one() {
    let (mut screen, ticket) = logs();
    let long = format!("{} the very end", "word ".repeat(200));
    let lines: Vec<(i64, Option<i64>, &str)> = (0..30).map(|n| (n, None, long.as_str())).collect();
    screen.text(80, 24);
    screen.send(Msg::Tail(ticket, events(&lines)));
    screen.keys("w");
    let shown = screen.text(80, 24);
    let last = shown.lines().rev().nth(1).unwrap();
    assert!(last.ends_with("the very end"), "{shown}");
    for _ in 0..30 {
        screen.keys("k");
        let shown = screen.text(80, 24);
        assert!(shown.lines().any(|line| line.starts_with('>')), "{shown}");
    }
}

/// Events of a source, `after` 14:00 on 2026-11-20 in milliseconds.
fn lines_of(group: &str, lines: &[(i64, &str)]) -> tail::Update {
    let mut update = events(&lines.iter().map(|(after, text)| (*after, None, *text)).collect::<Vec<_>>());
    if let tail::Update::Events { group: named, batch } = &mut update {
        group.clone_into(named);
        for arrival in batch {
            group.clone_into(&mut arrival.event.group);
        }
    }
    update
}

fn gap(kind: tail::GapKind, from: &str, to: Option<&str>) -> tail::Update {
    let ms = |clock: &str| format!("2026-11-20T{clock}Z").parse::<Timestamp>().unwrap().as_millisecond();
    let group = "/aws/lambda/checkout-api".into();
    tail::Update::Gap { group, kind, from_ms: ms(from), to_ms: to.map(ms), repaired: false }
}

const ORDERS: &str = "/aws/lambda/orders";
const RESIZER: &str = "/aws/lambda/image-resizer-for-the-shop";

/// The logs of three functions, merged.
fn many() -> (Screen, Ticket) {
    let (mut screen, ticket) = logs();
    let mut pane = std::mem::take(&mut screen.app.function.as_mut().unwrap().logs);
    for (name, group) in [("orders", ORDERS), ("image-resizer-for-the-shop", RESIZER)] {
        pane.sources.push(Source::of_function(name, group.into()));
    }
    (screen.app.logs, screen.app.screen) = (Some(pane), app::Screen::Logs);
    screen.send(Msg::Tail(ticket, log_status(tail::State::Live)));
    for (group, state) in [(ORDERS, tail::State::Live), (RESIZER, tail::State::Throttled { behind_ms: 0 })] {
        screen.send(Msg::Tail(
            ticket,
            tail::Update::Status(tail::Status { state, ..tail::Status::new(group) }),
        ));
    }
    screen.send(Msg::Tail(ticket, some_events()));
    screen.send(Msg::Tail(
        ticket,
        lines_of(
            ORDERS,
            &[
                (-57_600_000, "{\"level\":\"info\",\"msg\":\"order placed\",\"order\":{\"id\":41,\"items\":3}}"),
                (1_000, "{\"level\":\"info\",\"msg\":\"order placed\",\"order\":{\"id\":42,\"items\":1}}"),
                (2_000, "{\"level\":\"error\",\"msg\":\"no stock\",\"err\":{\"type\":\"StockError\",\"message\":\"none left\",\"stack\":\"StockError: none left\\n    at take (/var/task/stock.js:12:9)\"}}"),
            ],
        ),
    ));
    screen.send(Msg::Tail(ticket, lines_of(RESIZER, &[(1_500, "resized 3 images")])));
    (screen, ticket)
}

#[test]
fn logs_of_many_functions() {
    let (mut screen, ticket) = many();
    screen.check("logs_many");
    screen.send(Msg::Tail(ticket, gap(tail::GapKind::Disconnected, "14:00:01.600", Some("14:00:01.900"))));
    let pane = screen.app.logs.as_mut().unwrap();
    pane.sources[2].muted = true;
    let bookmarked = pane.get(3).unwrap().key;
    pane.bookmarks.insert(bookmarked);
    pane.filters.kept = [("placed", Kind::Highlight), ("EXTENSION", Kind::Exclude)]
        .map(|(text, kind)| Kept { kind, query: Query::parse(text).unwrap().into(), on: true })
        .to_vec();
    screen.keys("!!");
    screen.check("logs_many_marked");
    let buffer = screen.buffer(120, 30, &Theme::DEFAULT);
    assert!(style_of(&buffer, "placed order.id").add_modifier.contains(Modifier::UNDERLINED));
    assert_eq!(style_of(&buffer, "order.id=").add_modifier, Modifier::DIM);
    for source in &screen.app.logs.as_ref().unwrap().sources[..2] {
        let colours = Theme::DEFAULT.sources;
        let style = style_of(&buffer, &format!("{:16}", source.label));
        assert_eq!(style.fg, colours[source.colour % colours.len()].fg, "{}", source.label);
    }
}

#[test]
fn times_of_the_log() {
    let (mut screen, ticket) = logs();
    screen.send(Msg::Tail(ticket, log_status(tail::State::Live)));
    screen.send(Msg::Tail(ticket, lines_of("/aws/lambda/checkout-api", &[(-60_000_000, "yesterday")])));
    screen.send(Msg::Tail(ticket, some_events()));
    for (times, name) in [(Times::Utc, "utc"), (Times::Ago, "ago"), (Times::Gap, "gap")] {
        screen.app.function.as_mut().unwrap().logs.times = times;
        screen.check(&format!("logs_times_{name}"));
        let ticks = screen.app.wake_at() == Some("2026-11-20T14:03:23Z".parse().unwrap());
        // Requests were counted just now: that alone changes with each second.
        screen.wait(20.0);
        let still = screen.app.wake_at() == Some("2026-11-20T14:03:43Z".parse().unwrap());
        assert_eq!((ticks, still), (true, times == Times::Ago), "{name}");
        screen.now = "2026-11-20T14:03:22Z".parse().unwrap();
    }
}

/// News of a follow with Live Tail that has sent so many requests.
fn live_tail(now: Timestamp, calls: u64) -> tail::Update {
    tail::Update::Status(tail::Status {
        state: tail::State::Live,
        transport: tail::Transport::LiveTail { seconds: 170 },
        head_at_ms: Some(now.as_millisecond()),
        budget_per_s: Some(10.0),
        sampled: 1_200,
        calls,
        late: 34,
        lag_ms: Some(800),
        lookback_ms: 60_000,
        ..tail::Status::new("/aws/lambda/checkout-api")
    })
}

/// A log with much in it, after 20 seconds.
fn busy() -> (Screen, Ticket) {
    let (mut screen, ticket) = logs();
    screen.send(Msg::Tail(ticket, tail::Update::HistoryDone { group: "/aws/lambda/checkout-api".into() }));
    screen.send(Msg::Tail(ticket, live_tail(screen.now, 0)));
    for second in 0..20_u32 {
        let count = i64::from(40 + second % 7 * 30);
        let lines: Vec<(i64, String)> = (0..count)
            .map(|n| {
                let failed = second == 12 && n % 3 == 0;
                let text =
                    if failed { format!("[ERROR] order {n} failed") } else { format!("order {n} done") };
                (180_000 + i64::from(second) * 1000 + n, text)
            })
            .collect();
        let lines: Vec<(i64, &str)> = lines.iter().map(|(at, text)| (*at, text.as_str())).collect();
        screen.send(Msg::Tail(ticket, lines_of("/aws/lambda/checkout-api", &lines)));
        screen.wait(1.0);
        screen.send(Msg::Tail(ticket, live_tail(screen.now, u64::from(second + 1) * 2)));
    }
    (screen, ticket)
}

/// All that there is to draw of logs.
pub(super) fn all() -> Vec<Screen> {
    let mut wrapped = many().0;
    wrapped.app.logs.as_mut().unwrap().wrap = true;
    vec![many().0, wrapped]
}

#[test]
fn a_busy_log_tells_what_it_takes() {
    let (mut screen, ticket) = busy();
    let pane = &screen.app.function.as_ref().unwrap().logs;
    let histogram = Histogram::of(pane, 60).unwrap();
    let sum = |of: fn(&Bar) -> usize| histogram.bars.iter().map(of).sum::<usize>();
    assert_eq!((sum(|bar| bar.events), sum(|bar| bar.errors)), (pane.len(), 64));
    assert_eq!((histogram.step_ms, histogram.bars.len(), histogram.peak()), (500, 39, 220));
    assert_eq!(histogram.bars[24], Bar { events: 190, errors: 64 });
    assert_eq!(Histogram::of(&LogsPane::default(), 60), None);
    screen.check("logs_busy");
    screen.keys("kkkk");
    screen.send(Msg::Tail(
        ticket,
        lines_of("/aws/lambda/checkout-api", &[(181_500, "a late one"), (202_000, "a new one")]),
    ));
    screen.wait(12.0);
    screen.send(Msg::Tail(ticket, gap(tail::GapKind::NotLive, "14:03:30", None)));
    screen.check("logs_busy_behind");
    assert!(screen.text(200, 60).contains("live tail, 12 s behind  about $0.03  first 1,800"));
}

#[test]
fn in_ascii_nothing_is_a_question_mark() {
    let (mut screen, _) = many();
    screen.send(Msg::Resize(lambdeck::app::layout::Size { columns: 120, rows: 60 }));
    let buffer = screen.buffer(120, 60, &Theme::DEFAULT.with_ascii(true));
    let text = text(&buffer);
    assert!(text.is_ascii(), "{text}");
    assert!(text.lines().skip(2).take(7).all(|line| !line.contains('?')), "{text}");
}

#[test]
fn hostile_lines_draw_at_every_width() {
    let (mut screen, ticket) = logs();
    let long = [
        "x".repeat(1 << 20),
        format!("e{}", "\u{301}".repeat(500)),
        "\u{202e}abc".repeat(20_000),
        String::from_utf8_lossy(&[0xff; 4000]).into_owned(),
        "\u{1b}]0;title\u{7}\u{9b}31m".repeat(1000),
        "世界".repeat(50_000),
        format!("{{\"message\":\"{}\"}}", "y".repeat(1 << 20)),
    ];
    let lines: Vec<(i64, Option<i64>, &str)> =
        (0..).zip(&long).map(|(n, line)| (n, (n == 3).then_some(90_000), line.as_str())).collect();
    screen.send(Msg::Tail(ticket, events(&lines)));
    for wrap in [false, true] {
        for (columns, rows) in [(24, 6), (31, 9), (80, 24), (200, 60)] {
            for _ in 0..8 {
                let shown = screen.text(columns, rows);
                assert!(shown.lines().any(|line| line.starts_with('>')), "{wrap} {columns}x{rows}\n{shown}");
                assert!(!shown.contains(['\u{1b}', '\u{202e}', '\u{9b}', '\u{7}']), "{shown}");
                screen.keys("k");
            }
            screen.key(KeyCode::Right);
            screen.keys("f");
        }
        screen.keys("w");
    }
}
