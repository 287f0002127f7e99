//! How fast the dashboard is, and how little it takes: the release program in a real pseudo-terminal, in front of a
//! loopback server that answers as a large account would.
//!
//! `cargo bench --bench dashboard` prints every figure, with what is aimed at; words behind `--` choose figures
//! (`cargo bench --bench dashboard -- start memory`). Nothing is asserted about time: machines differ.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr, missing_docs)]

#[path = "../suite/support/mod.rs"]
#[allow(unused_imports, reason = "shared with the tests, which use more of it")]
mod support;

#[allow(dead_code, reason = "shared between the benches")]
mod measure;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use vt100::Screen;

use self::{
    measure::{Connection, Times, Usage, heading, mb, ms, row, spread},
    support::{
        fault_server::{
            FaultServer,
            canned::{self, LogScript},
        },
        terminal::{Exit, Launch, PATIENCE, Terminal, key},
    },
};

fn main() {
    // Cargo adds `--bench`.
    let chosen: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let figures: [(&str, fn()); 7] = [
        ("start", start),
        ("credentials", no_credentials),
        ("row", first_row),
        ("list", whole_list),
        ("keys", keys),
        ("idle", idle),
        ("memory", memory),
    ];
    heading("Dashboard");
    for (name, figure) in figures {
        if chosen.is_empty() || chosen.iter().any(|word| word == name) {
            figure();
        }
    }
}

/// The dashboard in a terminal of 40 rows and 120 columns, on this server.
fn dashboard(server: &FaultServer) -> Terminal {
    Launch::lambdeck::<&str>([])
        .env("AWS_ENDPOINT_URL", server.endpoint())
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
        .env("AWS_REGION", "eu-west-1")
        .size(40, 120)
        .start()
}

fn quit(terminal: &Terminal) {
    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0), "{}", terminal.screen());
}

fn account(functions: usize, latency: Duration) -> FaultServer {
    let server = FaultServer::start();
    canned::serve_functions(&server, functions, latency);
    server
}

fn has(text: &str) -> impl Fn(&Screen) -> bool {
    move |screen| screen.contents().contains(text)
}

/// The list is there to its end, and it has so many functions.
fn is_whole(count: usize) -> impl Fn(&Screen) -> bool {
    move |screen| {
        let contents = screen.contents();
        contents.contains(&format!("Functions {count} ")) && !contents.contains("loading")
    }
}

/// From the start of the process to the first frame with anything in it.
fn start() {
    let server = account(50, Duration::ZERO);
    let runs = (0..40).map(|_| {
        let terminal = dashboard(&server);
        terminal.wait_text("function-");
        let time = terminal.first(|screen| !screen.contents().trim().is_empty());
        quit(&terminal);
        time.expect("a frame")
    });
    row("start to first frame", spread(&Times::of(runs)), "<= 10 ms");
}

/// From the start of the process to the screen that says what was looked for.
fn no_credentials() {
    let runs = (0..20).map(|_| {
        let terminal = Launch::lambdeck::<&str>([]).size(40, 120).start();
        terminal.wait_text("Start the local engine");
        let time = terminal.first(has("Start the local engine"));
        quit(&terminal);
        time.expect("the start screen")
    });
    row("no credentials: start to start screen", spread(&Times::of(runs)), "<= 100 ms");
}

/// From the start of the process to the first function on the screen, beside the one page that it takes.
fn first_row() {
    const LATENCY: Duration = Duration::from_millis(100);
    let server = account(50, LATENCY);
    let runs = (0..25).map(|_| {
        let terminal = dashboard(&server);
        terminal.wait_text("function-");
        let time = terminal.first(has("function-"));
        quit(&terminal);
        time.expect("a row").saturating_sub(LATENCY)
    });
    row("start to first function, less the page's 100 ms", spread(&Times::of(runs)), "<= 30 ms");
}

/// 10,000 functions in pages of 50: from the start of the process to all of them on the screen, beside what a client
/// that does nothing with them takes.
fn whole_list() {
    const COUNT: usize = 10_000;
    const LATENCY: Duration = Duration::from_millis(20);
    let server = account(COUNT, LATENCY);
    let bare = Times::of((0..3).map(|_| {
        let started = Instant::now();
        let mut connection = Connection::to(&server.endpoint());
        for page in 0..COUNT / canned::PAGE {
            let (status, _) =
                connection.send("GET", &format!("/2015-03-31/functions?Marker={page}"), &[], &[]);
            assert_eq!(status, 200);
        }
        started.elapsed()
    }));
    let whole = Times::of((0..5).map(|_| {
        let terminal = dashboard(&server);
        terminal.wait_for(is_whole(COUNT), PATIENCE);
        let time = terminal.first(is_whole(COUNT));
        quit(&terminal);
        time.expect("the whole list")
    }));
    let ratio = whole.median().as_secs_f64() / bare.median().as_secs_f64();
    row("10,000 functions, 200 pages of 20 ms", ms(whole.median()), "");
    row("  the same pages, read by a bare client", ms(bare.median()), "");
    row("  ratio", format!("{ratio:.3}"), "<= 1.03");
}

/// The row that the cursor is on.
fn selected(screen: &Screen) -> Option<String> {
    let contents = screen.contents();
    contents.lines().find(|line| line.starts_with(" > ")).map(|line| line[3..].to_owned())
}

/// From a key typed to the frame that shows it.
fn keys() {
    keys_while_loading();
    keys_while_logs_stream();
}

fn keys_while_loading() {
    let server = account(10_000, Duration::from_millis(20));
    let terminal = dashboard(&server);
    terminal.wait_text("function-");
    let mut moved = Vec::new();
    let mut typed = Vec::new();
    while terminal.look(has("loading")) {
        let before = terminal.look(selected);
        moved.push(terminal.time_to("j", |screen| selected(screen) != before));
        if moved.len() % 10 == 0 {
            typed.extend(type_filter(&terminal, "function-0"));
        }
    }
    quit(&terminal);
    row("key to frame while 10,000 functions load: moving", spread(&Times::of(moved)), "p99 <= 16 ms");
    row("  typing a filter", spread(&Times::of(typed)), "p99 <= 16 ms");
}

/// Types a filter, letter by letter, and clears it again.
fn type_filter(terminal: &Terminal, text: &str) -> Vec<Duration> {
    terminal.time_to("/", |screen| filter(screen).is_some());
    let times = (1..=text.len())
        .map(|end| {
            let wanted = &text[..end];
            terminal
                .time_to(&text[end - 1..end], |screen| filter(screen).is_some_and(|shown| shown == wanted))
        })
        .collect();
    terminal.time_to(key::ESC, |screen| filter(screen).is_none());
    times
}

/// The filter as it stands behind its slash, in one of the first rows.
fn filter(screen: &Screen) -> Option<String> {
    let contents = screen.contents();
    let behind =
        contents.lines().take(6).find_map(|line| line.split_once(" /").map(|(_, text)| text.to_owned()));
    behind
        .filter(|text| !text.starts_with("aws/"))
        .map(|text| text.split("  ").next().unwrap_or_default().trim_end().to_owned())
}

struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn keys_while_logs_stream() {
    const PER_SECOND: u64 = 500;
    let server = account(50, Duration::ZERO);
    let script = LogScript::default();
    script.serve(&server, 10_000, Duration::from_millis(20));
    let group = "/aws/lambda/function-00009";
    let stop = AtomicBool::new(false);
    let (moved, typed, shown) = std::thread::scope(|scope| {
        // Also after a panic, which would else wait for the thread for ever.
        let _ends_with_this = Stop(&stop);
        scope.spawn(|| {
            let started = Instant::now();
            let mut written = 0;
            while !stop.load(Ordering::Relaxed) {
                // All that is due by now, ten times a second.
                let due = u64::try_from(started.elapsed().as_millis()).unwrap() * PER_SECOND / 1000;
                while written < due {
                    written += 1;
                    let at = Timestamp::now().as_millisecond();
                    script.push(group, "2026/11/20/[$LATEST]1", at, &format!("line {written} of a busy log"));
                }
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        let terminal = dashboard(&server);
        terminal.wait_for(is_whole(50), PATIENCE);
        type_filter(&terminal, "");
        terminal.send("/00009\r");
        terminal.wait_for(|screen| selected(screen).is_some_and(|row| row.contains("00009")), PATIENCE);
        terminal.send("l");
        terminal.wait_text("of a busy log");
        let (mut moved, mut typed) = (Vec::new(), Vec::new());
        let until = Instant::now() + Duration::from_secs(8);
        while Instant::now() < until {
            let cursor = |screen: &Screen| {
                screen.contents().lines().find(|line| line.starts_with('>')).map(str::to_owned)
            };
            let before = terminal.look(cursor);
            moved.push(terminal.time_to("k", |screen| cursor(screen) != before));
            if moved.len() % 10 == 0 {
                typed.extend(type_filter(&terminal, "busy"));
                terminal.send("f");
            }
        }
        let shown = terminal.look(|screen| {
            let contents = screen.contents();
            let line = contents.lines().find(|line| line.contains(" events")).unwrap_or_default().to_owned();
            line.split_whitespace().take_while(|word| *word != "events").last().unwrap_or_default().to_owned()
        });
        quit(&terminal);
        (moved, typed, shown)
    });
    row("key to frame while 500 log events/s stream: moving", spread(&Times::of(moved)), "p99 <= 16 ms");
    row("  typing a filter", spread(&Times::of(typed)), "p99 <= 16 ms");
    row("  events held at the end", shown, "");
}

/// What a dashboard that is looked at does while nothing changes.
fn idle() {
    const SECONDS: u64 = 5;
    let server = account(1_000, Duration::ZERO);
    let terminal = dashboard(&server);
    settle(&terminal, 1_000);
    let before = Usage::of(terminal.pid());
    let output = terminal.output_during(Duration::from_secs(SECONDS));
    let after = Usage::of(terminal.pid());
    quit(&terminal);
    row("nothing changes for 5 s: bytes written", output.len(), "0");
    row("  wake-ups of all threads", after.wakes - before.wakes, "0");
    row("  CPU time", format!("{} ms", (after.cpu - before.cpu) * 10), "0 ms");
}

/// Waits until the list and the states of all rows on the screen are there.
fn settle(terminal: &Terminal, count: usize) {
    terminal.wait_for(is_whole(count), PATIENCE);
    terminal.wait_for(
        |screen| {
            let contents = screen.contents();
            let rows: Vec<&str> = contents.lines().filter(|line| line.contains(" function-")).collect();
            rows.len() > 10 && rows.iter().filter(|row| row.contains("Active")).count() >= 36
        },
        PATIENCE,
    );
    terminal.output_during(Duration::from_millis(500));
}

/// Resident memory with a list of functions and its states loaded.
fn memory() {
    for (count, target) in [(1_000, "<= 16 MB"), (10_000, "<= 25 MB")] {
        let server = account(count, Duration::ZERO);
        let terminal = dashboard(&server);
        settle(&terminal, count);
        let usage = Usage::of(terminal.pid());
        quit(&terminal);
        let of_which = format!("{} ({} heap and stacks)", mb(usage.resident), mb(usage.anonymous));
        row(&format!("resident memory, {count} functions"), of_which, target);
        row("  threads", usage.threads, "");
    }
}
