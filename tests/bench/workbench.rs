//! How long a key takes in the test workbench with the largest events and responses: the state's update and the frame
//! after it, in this process, on a screen of 200 columns and 60 rows.
//!
//! `cargo bench --bench workbench` prints every figure, with what is aimed at. Nothing is asserted about time: machines
//! differ.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr, missing_docs)]

#[path = "../suite/support/mod.rs"]
#[allow(unused_imports, reason = "shared with the tests, which use more of it")]
mod support;

#[allow(dead_code, reason = "shared between the benches")]
mod measure;

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use lambdeck::{
    app::{Action, App, Effect, Msg, Ticket},
    domain::invocation::{Answer, Reply},
    ui::{self, Theme},
};
use ratatui::{Terminal, backend::TestBackend};
use tui_textarea::{Input, Key};

use self::{
    measure::{Times, heading, row, spread},
    support::app::{act, details, moment, summary, type_text, with_functions},
};

const SIZE: (u16, u16) = (200, 60);
const AIM: &str = "max <= 16 ms";
/// Bytes of the largest payload.
const LARGEST: usize = 6 * 1024 * 1024;

fn main() {
    heading("Test workbench");
    for (name, event) in [("200,000 lines", lines()), ("one line", one_line())] {
        editor(name, &event);
    }
    for (name, response) in [("records", records()), ("one line", one_line())] {
        answer(name, response.into_bytes());
    }
}

/// A dashboard on the Test tab, with the terminal that it is drawn to.
struct Desk {
    app: App,
    terminal: Terminal<TestBackend>,
}

impl Desk {
    fn open() -> Self {
        let mut app = with_functions(SIZE, vec![summary("checkout-api", "python3.13", 512, 1)]);
        let effects = act(&mut app, Action::Invoke);
        let [Effect::GetFunction { ticket, .. }] = effects[..] else { panic!("{effects:?}") };
        app.update(moment(), Msg::Function(ticket, Ok(Box::new(details("checkout-api")))));
        Self { app, terminal: Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).unwrap() }
    }

    /// One key: what it changes, and the frame.
    fn time(&mut self, action: Action) -> Duration {
        let started = Instant::now();
        self.app.update(moment(), Msg::Action(action));
        self.draw();
        started.elapsed()
    }

    fn draw(&mut self) {
        let app = &self.app;
        self.terminal.draw(|frame| ui::draw(app, &Theme::DEFAULT, frame)).unwrap();
    }

    fn times(&mut self, name: &str, actions: impl IntoIterator<Item = Action>) {
        let times = Times::of(actions.into_iter().map(|action| self.time(action)));
        row(name, spread(&times), AIM);
    }

    fn answered(&mut self, payload: Vec<u8>) {
        let effects = self.app.update(moment(), Msg::Action(Action::Send));
        let [Effect::Invoke { ticket, .. }] = effects[..] else { panic!("{effects:?}") };
        let ticket: Ticket = ticket;
        let answer = Answer { status: 200, payload, elapsed_ms: 12, ..Answer::default() };
        // Beside the loop, as in the program.
        let started = Instant::now();
        let reply = Box::new(Reply::read(answer));
        row("  reading it, beside the loop", measure::ms(started.elapsed()), "");
        self.app.update(moment(), Msg::Invoked(ticket, Ok(reply)));
        self.draw();
    }
}

fn typed(key: Key) -> Action {
    Action::Text(Input { key, ctrl: false, alt: false, shift: false })
}

/// An array of numbers, one in a line.
fn lines() -> String {
    let mut text = String::from("[\n");
    while text.len() < LARGEST - 64 {
        text.push_str("  \"0123456789012345678901\",\n");
    }
    text + "  null\n]"
}

/// The same without a line break.
fn one_line() -> String {
    let mut text = String::from("[");
    while text.len() < LARGEST - 64 {
        text.push_str("\"0123456789012345678901234\",");
    }
    text + "null]"
}

/// Records as a table scan would give them.
fn records() -> String {
    let mut text = String::from("{\"Items\":[");
    let mut number = 0;
    while text.len() < LARGEST - 256 {
        number += 1;
        let _ = write!(
            text,
            "{{\"id\":{{\"S\":\"item-{number}\"}},\"price\":{{\"N\":\"{number}.50\"}},\"tags\":[\"a\",\"b\"],\"ok\":true}},"
        );
    }
    text + "{}]}"
}

fn editor(name: &str, event: &str) {
    println!("an event of 6 MB, {name}");
    let mut desk = Desk::open();
    desk.app.function.as_mut().unwrap().test.set_event(event);
    desk.time(Action::Edit);
    desk.times("  typing at its beginning", (0..100).map(|_| typed(Key::Char('x'))));
    desk.times("  deleting that", (0..100).map(|_| typed(Key::Backspace)));
    desk.times(
        "  moving down and to the right",
        (0..100).flat_map(|_| [typed(Key::Down), typed(Key::Right)]),
    );
    desk.times("  a page down", (0..50).map(|_| Action::PageDown));
    desk.times(
        "  to the end of the line, typing there",
        [typed(Key::End)].into_iter().chain((0..50).map(|_| typed(Key::Char('x')))),
    );
}

fn answer(name: &str, response: Vec<u8>) {
    println!("a response of 6 MB, {name}");
    let mut desk = Desk::open();
    desk.answered(response);
    desk.times("  below the event: down, a page, to the end", scrolling());
    let opened = desk.time(Action::OpenAnswer);
    row("  opening it", measure::ms(opened), AIM);
    desk.times("  pretty: down, a page, to the end", scrolling());
    desk.times("  as a tree: down, a page, to the end", [Action::NextView].into_iter().chain(scrolling()));
    desk.times("  as a tree: open and close", (0..20).map(|_| Action::Fold));
    desk.times("  as a tree: open and close all", (0..6).map(|_| Action::FoldAll));
    desk.time(Action::Filter);
    type_text(&mut desk.app, "item-2");
    desk.times(
        "  as a tree: search, next match",
        [Action::Open].into_iter().chain((0..50).map(|_| Action::NextMatch)),
    );
    desk.times("  raw: down, a page, to the end", [Action::NextView].into_iter().chain(scrolling()));
    desk.times("  raw: next match", (0..50).map(|_| Action::NextMatch));
}

fn scrolling() -> impl Iterator<Item = Action> {
    let down = (0..100).map(|_| Action::Down);
    let pages = (0..50).map(|_| Action::PageDown);
    let ends = (0..10).flat_map(|_| [Action::Bottom, Action::PageUp, Action::Top]);
    down.chain(pages).chain(ends)
}
