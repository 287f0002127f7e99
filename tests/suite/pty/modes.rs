//! The terminal's modes: set while lambdeck runs, as before on every way out, and all painted again where something
//! else wrote to it.

use std::time::{Duration, Instant};

use rstest::rstest;
use rustix::process::{Signal, kill_process};

use super::engine::{Local, processes_below, wait_until};
use crate::support::terminal::{Exit, Launch, PATIENCE, Switches, Terminal, key};

/// The switches of a dashboard that runs.
fn running() -> Switches {
    Switches {
        alternate_screen: true,
        cursor_hidden: true,
        bracketed_paste: true,
        mouse: true,
        focus_events: true,
        ..Switches::default()
    }
}

/// What is switched on now. Colours are as the last cell of a frame that may be half read.
fn switched_on(terminal: &Terminal) -> Switches {
    Switches { text_attributes: false, ..terminal.switches() }
}

/// What a user can do to end it.
enum Way {
    Keys(&'static str),
    Signal(Signal),
}

#[rstest]
#[case::q(Way::Keys("q"), 0)]
#[case::ctrl_c(Way::Keys(key::CTRL_C), 0)]
#[case::command(Way::Keys(":quit\r"), 0)]
#[case::terminate(Way::Signal(Signal::TERM), 143)]
#[case::interrupt(Way::Signal(Signal::INT), 130)]
#[case::hang_up(Way::Signal(Signal::HUP), 129)]
fn every_way_out_leaves_the_terminal_in_order_and_nothing_behind(#[case] way: Way, #[case] code: u32) {
    let local = Local::start().ready();
    local.warm_up();
    assert_eq!(switched_on(&local.terminal), running());
    assert_ne!(&local.terminal.modes(), local.terminal.modes_before());
    match way {
        Way::Keys(keys) => local.terminal.send(keys),
        Way::Signal(signal) => local.terminal.signal(signal),
    }
    assert_eq!(local.terminal.wait_exit(), Exit::Code(code));
    local.terminal.assert_left_in_order();
    local.assert_nothing_left();
}

#[test]
fn a_signal_does_not_wait_for_an_invocation() {
    let local = Local::start().ready();
    local.select("report-builder");
    local.terminal.send("i");
    local.terminal.wait_text("\"shops\": 4");
    local.terminal.send(key::ENTER);
    local.terminal.wait_text("◐ running");
    local.terminal.signal(Signal::TERM);
    assert_eq!(local.terminal.wait_exit(), Exit::Code(143));
    local.terminal.assert_left_in_order();
    local.assert_nothing_left();
}

#[test]
fn a_terminal_that_is_closed_ends_it_whatever_it_is_doing() {
    let mut local = Local::start().ready();
    local.select("report-builder");
    local.terminal.send("i");
    local.terminal.wait_text("\"shops\": 4");
    // The clock of what runs draws ten frames a second.
    local.terminal.send(key::ENTER);
    local.terminal.wait_text("◐ running");
    local.terminal.hang_up();
    assert_eq!(local.terminal.wait_exit(), Exit::Code(129));
    local.assert_nothing_left();
}

#[test]
fn a_terminal_that_is_closed_ends_a_suspended_one_too() {
    let mut local = Local::start_as(Launch::under_shell).ready();
    local.warm_up();
    local.terminal.send(key::CTRL_Z);
    local.terminal.wait_text("<148>");
    // The shell ends, and the system wakes what it leaves behind.
    local.terminal.hang_up();
    local.wait_nothing_left();
    wait_until("the dashboard is gone", || processes_below(local.terminal.home()).is_empty());
}

// Only Linux tells of a process that is gone.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_that_takes_no_output_does_not_hold_up_a_signal() {
    let local = Local::start_as(|launch| launch.size(60, 200)).ready();
    let terminal = &local.terminal;
    terminal.send("?");
    terminal.wait_text("Keys of this place");
    let sent = terminal.look(|_| {
        // Nobody reads while a test looks. Each size asks for a whole frame, until the terminal takes no more.
        for step in 0..200 {
            terminal.tell_size(60, 199 + step % 2);
            std::thread::sleep(Duration::from_millis(5));
        }
        kill_process(terminal.pid(), Signal::TERM).unwrap();
        let sent = Instant::now();
        wait_until("it is gone", || processes_below(terminal.home()).is_empty());
        sent
    });
    // It was held up, and did not wait for ever.
    assert!(sent.elapsed() > Duration::from_secs(4), "{:?}", sent.elapsed());
    assert_eq!(terminal.wait_exit(), Exit::Code(143));
}

#[cfg(debug_assertions)]
#[rstest]
#[case::before_the_first_session("connect")]
#[case::in_a_task_with_a_function_running("invoke")]
#[case::on_the_thread_that_draws("loop")]
fn a_panic_restores_the_terminal_says_where_it_was_and_leaves_nothing_behind(#[case] place: &str) {
    let local = Local::start_as(|launch| launch.env("LAMBDECK_PANIC", place));
    if place == "invoke" {
        let local = local.ready();
        local.select("greeter");
        local.terminal.send("i");
        local.terminal.wait_text("Nothing was sent yet");
        local.terminal.send(key::ENTER);
        assert_crashed(&local);
    } else {
        assert_crashed(&local);
    }
}

#[cfg(debug_assertions)]
#[track_caller]
fn assert_crashed(local: &Local) {
    assert_eq!(local.terminal.wait_exit(), Exit::Code(101));
    local.terminal.assert_left_in_order();
    let screen = local.terminal.screen();
    assert!(screen.contains("lambdeck crashed at src/runtime/"), "{screen}");
    assert!(screen.contains("please report this line"), "{screen}");
    // The panic's own message may hold a value.
    assert!(!screen.contains("asked for"), "{screen}");
    local.assert_nothing_left();
}

#[test]
fn a_suspended_dashboard_gives_the_terminal_back_and_repaints_all_of_it() {
    let local = Local::start_as(Launch::under_shell).ready();
    let terminal = &local.terminal;
    let before = terminal.screen();
    terminal.send(key::CTRL_Z);
    terminal.wait_text("<148>");
    terminal.assert_left_in_order();

    // Meanwhile the window is made larger, of which a stopped program is not told.
    terminal.resize(30, 100);
    terminal.send(key::ENTER);
    terminal.wait_for(|screen| screen.alternate_screen() && screen.contents().contains("● Active"), PATIENCE);
    terminal.wait_for(|screen| last_row(screen).contains("? help"), PATIENCE);
    terminal.wait_gone("<148>");
    assert_eq!(switched_on(terminal), running());
    assert_ne!(&terminal.modes(), terminal.modes_before());
    terminal.resize(24, 80);
    terminal.wait_for(|screen| screen.contents() == before, PATIENCE);

    terminal.send("q");
    terminal.wait_text("<0>");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    terminal.assert_left_in_order();
    local.assert_nothing_left();
}

#[test]
fn a_dashboard_that_was_stopped_from_outside_sets_its_modes_again() {
    let local = Local::start_as(Launch::under_shell).ready();
    let terminal = &local.terminal;
    let before = terminal.screen();
    terminal.signal(Signal::STOP);
    terminal.wait_text("<147>");
    // Its modes are still set: the shell reads a line that ends as lines do.
    terminal.send("\n");
    terminal.wait_for(|screen| screen.contents() == before, PATIENCE);
    assert_eq!(switched_on(terminal), running());
    terminal.send("q");
    terminal.wait_text("<0>");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    terminal.assert_left_in_order();
}

#[test]
fn without_a_shell_there_is_nothing_to_suspend_to() {
    let local = Local::start().ready();
    let terminal = &local.terminal;
    terminal.send(key::CTRL_Z);
    terminal.send("?");
    terminal.wait_text("Keys of this place");
    assert_eq!(switched_on(terminal), running());
    terminal.send("qq");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    terminal.assert_left_in_order();
}

#[test]
fn a_storm_of_sizes_leaves_a_whole_screen() {
    let local = Local::start().ready();
    let terminal = &local.terminal;
    let before = terminal.screen();
    // Not smaller: what is still drawn for another size wraps, on which the tests' terminal fails in a single row.
    for step in 0..150u16 {
        terminal.resize(2 + step * 3 % 65, 2 + step * 7 % 210);
    }
    terminal.resize(24, 80);
    terminal.wait_for(|screen| screen.contents() == before, PATIENCE);
    // Back to the same size before it could look: what the terminal cut off is drawn again.
    terminal.resize(2, 5);
    terminal.resize(24, 80);
    terminal.wait_for(|screen| screen.contents() == before, PATIENCE);
    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    terminal.assert_left_in_order();
    local.assert_nothing_left();
}

#[test]
fn keys_come_from_the_terminal_wherever_the_input_comes_from() {
    let script = format!("exec '{}' --no-mouse </dev/null", env!("CARGO_BIN_EXE_lambdeck"));
    let terminal =
        Launch::program("/bin/sh", ["-c", &script]).env("AWS_EC2_METADATA_DISABLED", "true").start();
    terminal.wait_text("Start the local engine");
    terminal.send("?");
    terminal.wait_text("Keys of this place");
    terminal.send("qq");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    terminal.assert_left_in_order();
}

#[test]
fn a_terminal_without_a_size_gets_a_screen_once_it_has_one() {
    let script = format!("stty rows 0 cols 0; exec '{}'", env!("CARGO_BIN_EXE_lambdeck"));
    let terminal =
        Launch::program("/bin/sh", ["-c", &script]).env("AWS_EC2_METADATA_DISABLED", "true").start();
    terminal.wait_for(vt100::Screen::alternate_screen, PATIENCE);
    terminal.send("?q");
    terminal.resize(24, 80);
    terminal.wait_text("Start the local engine");
    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    terminal.assert_left_in_order();
}

#[rstest]
#[case(1, 1, "t")]
#[case(3, 10, "too small:")]
#[case(2, 40, "too small: 40x2")]
#[case(12, 40, "greeter")]
#[case(60, 200, "│ Log group     /aws/lambda/")]
fn every_size_is_drawn(#[case] rows: u16, #[case] cols: u16, #[case] shown: &str) {
    let local = Local::start_as(|launch| launch.size(rows, cols));
    let terminal = &local.terminal;
    terminal.wait_for(|screen| screen.contents().contains(shown), PATIENCE);
    // All keys work all the same. Not esc: with more behind it, it reads as alt.
    for keys in [
        "?q",
        ":profile\r\x03",
        "/e\r",
        "s\r",
        "123456789",
        "E",
        "x",
        "l",
        "!",
        "i",
        "d",
        "q",
        ":functions\r",
    ] {
        terminal.send(keys);
    }
    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    terminal.assert_left_in_order();
    local.assert_nothing_left();
}

#[test]
fn the_mouse_is_left_alone_where_that_is_asked_for() {
    let terminal = Launch::lambdeck(["--no-mouse"]).env("AWS_EC2_METADATA_DISABLED", "true").start();
    terminal.wait_text("Start the local engine");
    assert_eq!(switched_on(&terminal), Switches { mouse: false, ..running() });
    for mode in [b"\x1b[?1000h", b"\x1b[?1002h", b"\x1b[?1003h", b"\x1b[?1006h"] {
        assert!(!contains(&terminal.raw(), mode));
    }
    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    terminal.assert_left_in_order();
}

#[test]
fn a_plain_terminal_gets_no_colour_and_no_more_than_ascii() {
    let local = Local::start_as(|launch| launch.env("NO_COLOR", "1").env("LANG", "C"));
    let terminal = &local.terminal;
    terminal.wait_text("checkout-api");
    terminal.wait_text("* Active");
    terminal.send(key::ENTER);
    terminal.wait_text("Functions > ");
    terminal.wait_text("Handler");
    let raw = terminal.raw();
    assert!(raw.is_ascii());
    let colour = regex::bytes::Regex::new(r"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7])[;m]").unwrap();
    let found = colour.find(&raw).map(|found| String::from_utf8_lossy(found.as_bytes()).into_owned());
    assert_eq!(found, None);
    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
}

#[test]
fn what_fails_before_the_first_frame_leaves_the_terminal_in_order() {
    let terminal = Launch::lambdeck(["--endpoint-url", "nonsense"]).start();
    assert_eq!(terminal.wait_exit(), Exit::Code(2));
    terminal.assert_left_in_order();
    assert!(!contains(&terminal.raw(), b"\x1b[?1049h"));
}

#[test]
fn the_engine_alone_ends_on_a_signal_and_takes_its_functions_along() {
    let folder = tempfile::tempdir().unwrap();
    let terminal: Terminal = Launch::lambdeck(["local", "--serve"]).env("TMPDIR", folder.path()).start();
    terminal.wait_text("ctrl-c ends it");
    // Its traffic starts functions by itself.
    #[cfg(target_os = "linux")]
    wait_until("a function runs", || !processes_below(folder.path()).is_empty());
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.wait_exit(), Exit::Code(143));
    terminal.assert_left_in_order();
    assert_eq!(processes_below(folder.path()), [0; 0]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

fn last_row(screen: &vt100::Screen) -> String {
    let (rows, columns) = screen.size();
    screen.rows(0, columns).nth(usize::from(rows) - 1).unwrap_or_default()
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
