//! How fast logs are, and how little they take: the release program in front of a loopback server with a log group of
//! many events, beside version 2 of the AWS CLI where that is installed (`apt install awscli`, or its path in `AWS_CLI`).
//!
//! `cargo bench --bench logs` prints every figure, with what is aimed at; words behind `--` choose figures
//! (`cargo bench --bench logs -- history memory`). Nothing is asserted about time: machines differ.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr, missing_docs)]

#[path = "../suite/support/mod.rs"]
#[allow(unused_imports, reason = "shared with the tests, which use more of it")]
mod support;

#[allow(dead_code, reason = "shared between the benches")]
mod measure;

#[path = "logs/service.rs"]
mod service;

use std::{
    collections::HashMap,
    env,
    ffi::OsStr,
    fs,
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use rustix::process::{Pid, Signal, kill_process};
use vt100::Screen;

use self::{
    measure::{Times, Usage, heading, mb, ms, row, spread},
    service::{GROUP, Service},
    support::{
        fault_server::{FaultServer, canned},
        terminal::{Exit, Launch, PATIENCE, Terminal, key},
    },
};

fn main() {
    // Cargo adds `--bench`.
    let chosen: Vec<String> = env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let figures: [(&str, fn()); 5] =
        [("history", history), ("follow", follow), ("late", late), ("memory", memory), ("idle", idle)];
    heading("Logs");
    for (name, figure) in figures {
        if chosen.is_empty() || chosen.iter().any(|word| word == name) {
            figure();
        }
    }
}

fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

/// What every client gets.
fn environment(server: &FaultServer) -> [(&'static str, String); 5] {
    [
        ("AWS_ENDPOINT_URL", server.endpoint()),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE".into()),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into()),
        ("AWS_REGION", "eu-west-1".into()),
        ("AWS_EC2_METADATA_DISABLED", "true".into()),
    ]
}

fn account() -> (FaultServer, Service) {
    let server = FaultServer::start();
    canned::serve_functions(&server, 50, Duration::ZERO);
    (server, Service::default())
}

/// The dashboard on function-00009, which has that log group.
fn on_function(server: &FaultServer) -> Terminal {
    let mut launch = Launch::lambdeck::<&str>([]).size(40, 120);
    for (name, value) in environment(server) {
        launch = launch.env(name, value);
    }
    let terminal = launch.start();
    terminal.wait_for(|screen| screen.contents().contains("Functions 50 "), PATIENCE);
    terminal.send("/00009\r");
    terminal.wait_for(|screen| cursor(screen).is_some_and(|row| row.contains("00009")), PATIENCE);
    terminal
}

fn quit(terminal: &Terminal) {
    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0), "{}", terminal.screen());
}

fn cursor(screen: &Screen) -> Option<String> {
    screen.contents().lines().find(|line| line.trim_start().starts_with('>')).map(str::to_owned)
}

/// How many events are shown, as the status line tells it: `12 events`, or `12 of 34 events`.
fn events(screen: &Screen) -> usize {
    let contents = screen.contents();
    let words: Vec<&str> = contents.split_whitespace().collect();
    let number = |word: &str| word.replace(',', "").parse::<usize>().ok();
    let told = words.iter().enumerate().find_map(|(at, word)| {
        let all = number(words.get(at.checked_sub(1)?)?).filter(|_| *word == "events")?;
        let is_part = at >= 3 && words[at - 2] == "of";
        Some(if is_part { number(words[at - 3])? } else { all })
    });
    told.unwrap_or(0)
}

/// The highest number of a `line N of` on the screen.
fn newest_line(screen: &Screen) -> usize {
    let contents = screen.contents();
    let numbers = contents.split("line ").skip(1).filter_map(|rest| rest.split(' ').next()?.parse().ok());
    numbers.max().unwrap_or(0)
}

/// Version 2 of the AWS CLI, and what it calls itself.
fn aws_cli() -> Option<(String, String)> {
    let named = env::var("AWS_CLI").ok();
    let candidates = named.into_iter().chain(["aws", "/usr/bin/aws", "/usr/local/bin/aws"].map(String::from));
    candidates.into_iter().find_map(|program| {
        let output = Command::new(&program).arg("--version").output().ok()?;
        let version = String::from_utf8_lossy(&output.stdout).split(' ').next()?.to_owned();
        version.starts_with("aws-cli/2").then_some((program, version))
    })
}

/// Its command; older ones of version 2 don't read AWS_ENDPOINT_URL.
fn aws_tail(endpoint: &str, since: &str, follow: bool) -> Vec<String> {
    let words = ["--endpoint-url", endpoint, "logs", "tail", GROUP, "--since", since];
    words.into_iter().chain(follow.then_some("--follow")).map(String::from).collect()
}

/// A client that prints a log, and its arguments.
fn client(program: &str, server: &FaultServer, args: &[impl AsRef<OsStr>]) -> Command {
    let home = env::temp_dir();
    let mut command = Command::new(program);
    command.args(args).env_clear().env("PATH", env::var_os("PATH").unwrap()).env("HOME", &home);
    command.envs(environment(server)).env("AWS_DEFAULT_REGION", "eu-west-1").stderr(Stdio::null());
    command
}

/// How long a client takes from its start to its end, and how many lines it printed.
fn run(mut command: Command) -> (Duration, usize) {
    let started = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().count();
    child.wait().unwrap();
    (started.elapsed(), lines)
}

/// 100,000 events of the last ten minutes in ten pages of 28 ms each: the pages alone take 0.28 s.
fn history() {
    const EVENTS: i64 = 100_000;
    let (server, service) = account();
    let (start, now) = (now_ms() - 600_000, Instant::now());
    service
        .add((0..EVENTS).map(|n| (start + n * 5, now, format!("line {n} of a history that is quite long"))));
    service.serve(&server, Duration::from_millis(28));

    let shown = (0..7).map(|_| {
        let terminal = on_function(&server);
        let time = terminal.time_to("l", |screen| events(screen) >= 100_000 && newest_line(screen) == 99_999);
        quit(&terminal);
        time
    });
    let shown = Times::of(shown);
    row("100,000 events of history on the screen", spread(&shown), "<= 600 ms (pages: 280 ms)");
    let program = env!("CARGO_BIN_EXE_lambdeck");
    let printed: Vec<_> =
        (0..5).map(|_| run(client(program, &server, &["logs", GROUP, "--since", "1h"]))).collect();
    assert!(printed.iter().all(|(_, lines)| *lines == 100_000), "{printed:?}");
    row("  lambdeck logs, printed", spread(&Times::of(printed.iter().map(|run| run.0))), "");
    match aws_cli() {
        Some((aws, version)) => {
            let runs: Vec<_> = (0..3)
                .map(|_| run(client(&aws, &server, &aws_tail(&server.endpoint(), "1h", false))))
                .collect();
            let what = format!("{} ({} lines)", spread(&Times::of(runs.iter().map(|run| run.0))), runs[0].1);
            row(&format!("  {version} logs tail, printed"), what, "");
        }
        None => row("  AWS CLI v2", "not installed", ""),
    }
}

/// Says stop when it is dropped, also by a panic.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Writes so many events a second until it is told to stop; answers when each became visible.
fn write(service: &Service, per_second: usize, stop: &AtomicBool) -> Vec<Instant> {
    let started = Instant::now();
    let mut visible = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        // All that is due by now, fifty times a second.
        let due = usize::try_from(started.elapsed().as_millis()).unwrap() * per_second / 1000;
        let (at, first, now) = (now_ms(), visible.len(), Instant::now());
        service.add(
            (first..due).map(|n| (at, now, format!("line {n} of a busy log, with some text behind it"))),
        );
        visible.resize(due, now);
        thread::sleep(Duration::from_millis(20));
    }
    visible
}

/// 5,000 events a second: what is lost, how soon the others show, and how soon keys are answered meanwhile.
fn follow() {
    const PER_SECOND: usize = 5_000;
    const SECONDS: u64 = 20;
    let (server, service) = account();
    service.add([(now_ms() - 1000, Instant::now(), "the first line".to_owned())]);
    service.serve(&server, Duration::from_millis(20));
    let stop = AtomicBool::new(false);
    let (visible, frames, keys, shown) = thread::scope(|scope| {
        let ends_with_this = Stop(&stop);
        let terminal = on_function(&server);
        terminal.send("l");
        terminal.wait_text("the first line");
        let writer = scope.spawn(|| write(&service, PER_SECOND, &stop));
        let mut frames = Vec::new();
        let until = Instant::now() + Duration::from_secs(SECONDS);
        while Instant::now() < until {
            frames.push((Instant::now(), terminal.look(newest_line)));
            thread::sleep(Duration::from_millis(4));
        }
        let mut keys = Vec::new();
        let until = Instant::now() + Duration::from_secs(8);
        while Instant::now() < until {
            let before = terminal.look(cursor);
            keys.push(terminal.time_to("k", |screen| cursor(screen) != before));
            thread::sleep(Duration::from_millis(15));
        }
        drop(ends_with_this);
        let visible = writer.join().unwrap();
        let wanted = visible.len() + 1;
        terminal.send("f");
        terminal.wait_for(|screen| events(screen) >= wanted, Duration::from_secs(30));
        let shown = terminal.look(events);
        quit(&terminal);
        (visible, frames, keys, shown)
    });
    let mut frames = frames.into_iter().peekable();
    let delays: Vec<Duration> = visible
        .iter()
        .enumerate()
        .map_while(|(n, since)| {
            while frames.next_if(|(_, newest)| *newest < n).is_some() {}
            frames.peek().map(|(at, _)| at.saturating_duration_since(*since))
        })
        .collect();
    let lost = visible.len() + 1 - shown.min(visible.len() + 1);
    let twice = shown.saturating_sub(visible.len() + 1);
    row("5,000 events a second: lost, shown twice", format!("{lost}, {twice} of {}", visible.len()), "0, 0");
    let delays = Times::of(delays);
    let text = format!("p50 {}, p99 {}", ms(delays.median()), ms(delays.percentile(99)));
    row("  visible to shown", text, "p50 <= 600 ms, p99 <= 1.2 s");
    row("  key to frame meanwhile", spread(&Times::of(keys)), "p99 <= 16 ms");
}

/// Follows with a client for a while; answers how often it printed each line.
fn followed(mut command: Command, until: Instant) -> HashMap<usize, usize> {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let output = child.stdout.take().unwrap();
    let pid = Pid::from_child(&child);
    let ender = thread::spawn(move || {
        thread::sleep(until.saturating_duration_since(Instant::now()));
        let _ = kill_process(pid, Signal::INT);
    });
    let mut printed = HashMap::new();
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        let number = line.split("line ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
        if let Some(number) = number {
            *printed.entry(number).or_insert(0) += 1;
        }
    }
    child.wait().unwrap();
    ender.join().unwrap();
    printed
}

/// 50 events a second, every fourth of which becomes visible up to 90 s after it happened.
fn late() {
    const SECONDS: usize = 60;
    const PER_SECOND: usize = 50;
    let (server, service) = account();
    let (start, now) = (now_ms() + 2000, Instant::now() + Duration::from_secs(2));
    // A plain generator, so that every run has the same delays.
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    service.add([(now_ms() - 1000, Instant::now(), "the first line".to_owned())]);
    service.add((0..SECONDS * PER_SECOND).map(|n| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let happened = u64::try_from(n * 1000 / PER_SECOND).unwrap();
        let delay = if n % 4 == 0 { (random >> 33) % 90_000 } else { 200 };
        let timestamp = start + i64::try_from(happened).unwrap();
        (timestamp, now + Duration::from_millis(happened + delay), format!("line {n} of a log"))
    }));
    service.serve(&server, Duration::from_millis(20));
    let until = now + Duration::from_secs(SECONDS as u64 + 90 + 25);
    let lambdeck = env!("CARGO_BIN_EXE_lambdeck").to_owned();
    let words = ["logs", GROUP, "-f", "--since", "5m"].map(String::from);
    let mut clients = vec![("lambdeck logs -f".to_owned(), lambdeck, words.to_vec())];
    clients.extend(aws_cli().map(|(aws, version)| {
        (format!("{version} logs tail --follow"), aws, aws_tail(&server.endpoint(), "5m", true))
    }));
    let followers: Vec<_> = clients
        .into_iter()
        .map(|(name, program, args)| {
            let command = client(&program, &server, &args);
            (name, thread::spawn(move || followed(command, until)))
        })
        .collect();
    for (nth, (name, follower)) in followers.into_iter().enumerate() {
        let printed = follower.join().unwrap();
        let all = SECONDS * PER_SECOND;
        let missed = (0..all).filter(|n| !printed.contains_key(n)).count();
        let twice = printed.values().filter(|times| **times > 1).count();
        let late = all.div_ceil(4);
        let what = format!("{missed}, {twice} of {all} ({late} late)");
        let title = if nth == 0 { "late by up to 90 s: missed, twice" } else { "" };
        row(&format!("{title}  {name}"), what, if nth == 0 { "0, 0" } else { "" });
    }
}

/// 1,000,000 lines of 120 bytes: what they take, and how soon a filter finds something in them.
fn memory() {
    const LINES: usize = 1_000_000;
    let (server, service) = account();
    let (start, now) = (now_ms() - 800_000, Instant::now());
    let lines = (0..LINES).map(|n| {
        let line = format!("line {n} of very many, request 8f5c6d2e-0000-4000-8000-{:012}", n * 7919 % LINES);
        (start + i64::try_from(n / 2).unwrap(), now, format!("{line:.<120}"))
    });
    service.add(lines);
    service.serve(&server, Duration::ZERO);
    let terminal = on_function(&server);
    terminal.send("l");
    terminal.wait_for(|screen| events(screen) >= LINES, Duration::from_mins(2));
    terminal.output_during(Duration::from_secs(2));
    row(
        "resident memory with 1,000,000 lines of 120 bytes",
        mb(Usage::of(terminal.pid()).resident),
        "<= 150 MB",
    );

    let (mut first, mut whole) = (Vec::new(), Vec::new());
    for _ in 0..9 {
        terminal.send("/");
        let pasted = Instant::now();
        // All at once: what counts is the last letter.
        terminal.paste(r"/8000-0+4[24]\d*7\.+/");
        terminal.wait_for(|screen| (1..LINES).contains(&events(screen)), Duration::from_secs(20));
        first.push(pasted.elapsed());
        terminal.wait_for(|screen| !screen.contents().contains("searching"), Duration::from_secs(20));
        whole.push(pasted.elapsed());
        terminal.send(key::ESC);
        terminal.wait_for(|screen| events(screen) >= LINES, Duration::from_secs(20));
    }
    row("  regex filter: first results", spread(&Times::of(first)), "<= 150 ms");
    row("  regex filter: all of them", spread(&Times::of(whole)), "");
    let with_filter = Usage::of(terminal.pid());
    row("  resident memory after it", mb(with_filter.resident), "");
    quit(&terminal);
}

/// Following a log in which nothing happens.
fn idle() {
    const SECONDS: u64 = 20;
    let (server, service) = account();
    service.add([(now_ms() - 100_000, Instant::now(), "the first line".to_owned())]);
    service.serve(&server, Duration::from_millis(20));
    let terminal = on_function(&server);
    terminal.send("l");
    terminal.wait_text("the first line");
    terminal.output_during(Duration::from_secs(70));
    let before = Usage::of(terminal.pid());
    let output = terminal.output_during(Duration::from_secs(SECONDS));
    let after = Usage::of(terminal.pid());
    quit(&terminal);
    #[allow(clippy::cast_precision_loss, reason = "small numbers")]
    let percent = (after.cpu - before.cpu) as f64 / SECONDS as f64;
    row("following a log that is idle: CPU", format!("{percent:.1} %"), "<= 1 %");
    row("  bytes written in 20 s", output.len(), "");
    let _ = fs::metadata(terminal.home());
}
