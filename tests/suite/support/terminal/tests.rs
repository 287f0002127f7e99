//! The harness is proven on simple programs before it is trusted with lambdeck.

use std::time::Duration;

use rustix::process::Signal;

use super::{Exit, Launch, PATIENCE, Switches, Terminal, key};

fn sh(script: &str) -> Terminal {
    Launch::program("/bin/sh", ["-c", script]).start()
}

#[test]
fn what_is_typed_reaches_the_program_and_its_output_the_screen() {
    let terminal = Launch::program("cat", Vec::<String>::new()).start();
    terminal.send("hello\r");
    // Once by the terminal's echo, once by cat.
    terminal.wait_for(|screen| screen.contents() == "hello\nhello", PATIENCE);
    terminal.send("\x04");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    terminal.assert_left_in_order();
}

#[test]
fn the_environment_is_clean_and_the_size_as_asked() {
    let launch = Launch::program("/bin/sh", ["-c", "env | sort; stty size; pwd"]);
    let terminal = launch.env("GIVEN", "yes").size(40, 200).start();
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    let screen = terminal.screen();
    let names: Vec<&str> = screen.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    // PWD, OLDPWD, SHLVL and _ are the shell's own; SHELL is portable-pty's.
    let own = ["PWD", "OLDPWD", "SHLVL", "_", "SHELL"];
    let given: Vec<&str> = names.iter().copied().filter(|name| !own.contains(name)).collect();
    assert_eq!(given, ["GIVEN", "HOME", "LANG", "PATH", "TERM"], "{screen}");
    assert!(screen.contains("\n40 200\n"), "{screen}");
    assert!(screen.ends_with(terminal.home().file_name().unwrap().to_str().unwrap()), "{screen}");
}

#[test]
fn the_end_is_told_by_status_and_signal_and_no_output_is_lost() {
    let many = sh("i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done; exit 7");
    assert_eq!(many.wait_exit(), Exit::Code(7));
    assert!(many.screen().ends_with("line 2999"), "{}", many.screen());
    let raw = many.raw();
    assert!(raw.ends_with(b"line 2999\r\n"), "{:?}", String::from_utf8_lossy(&raw[raw.len() - 40..]));

    let killed = sh("echo ready; read x");
    killed.wait_text("ready");
    killed.signal(Signal::KILL);
    assert_eq!(killed.wait_exit(), Exit::Signal("Killed".into()));
}

#[test]
#[should_panic(expected = "no \"done\", and the program has ended (Code(3)):\nalmost")]
fn waiting_ends_with_the_program() {
    sh("echo almost; exit 3").wait_text("done");
}

#[test]
#[should_panic(expected = "the screen is not as wanted after 20ms:\nalmost")]
fn waiting_ends_with_the_time() {
    let terminal = sh("echo almost; read x");
    terminal.wait_text("almost");
    terminal.wait_for(|screen| screen.contents() == "done", Duration::from_millis(20));
}

#[test]
#[should_panic(expected = "the program has not read what was typed within 20ms; the screen:\nready")]
fn typing_ends_with_the_time() {
    let terminal = sh("stty raw -echo; echo ready; exec sleep 60");
    terminal.wait_text("ready");
    // More than a terminal holds.
    terminal.send_within(&"x".repeat(1024 * 1024), Duration::from_millis(20));
}

#[test]
#[should_panic(expected = "its output has not come to an end within 20ms; the screen:\nready")]
fn waiting_for_the_end_of_output_that_is_stopped_ends_with_the_time() {
    let terminal = sh("echo ready; read x");
    terminal.wait_text("ready");
    // As ctrl-s does.
    rustix::termios::tcflow(&terminal.tty, rustix::termios::Action::OOff).unwrap();
    terminal.signal(Signal::KILL);
    assert!(terminal.shared.wait(PATIENCE, |state| state.exit.is_some()).is_ok());
    terminal.wait_exit_within(Duration::from_millis(20));
}

#[test]
fn modes_are_compared() {
    let terminal = sh("stty raw -echo; echo ready; read x; exit 0");
    terminal.wait_text("ready");
    assert_ne!(terminal.modes().local, terminal.modes_before().local);
    terminal.send("\n");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    // Still there after the program's end.
    assert_ne!(&terminal.modes(), terminal.modes_before());

    let tidy = sh("old=$(stty -g); stty raw -echo; stty $old");
    tidy.wait_exit();
    tidy.assert_left_in_order();
}

#[test]
fn switches_are_seen_on_and_off() {
    let on = r"\033[?1049h\033[?25l\033[?2004h\033[?1000h\033[?1006h\033[?1004h\033[?1h\033[>1u\033[31m";
    let off = r"\033[0m\033[<1u\033[?1l\033[?1004l\033[?1006l\033[?1000l\033[?2004l\033[?25h\033[?1049l";
    let terminal = sh(&format!("printf '{on}busy'; read x; printf '{off}'"));
    terminal.wait_text("busy");
    let all = Switches {
        alternate_screen: true,
        cursor_hidden: true,
        bracketed_paste: true,
        mouse: true,
        focus_events: true,
        application_keys: true,
        keyboard_levels: 1,
        text_attributes: true,
    };
    assert_eq!(terminal.switches(), all);
    terminal.send("\n");
    terminal.wait_exit();
    terminal.assert_left_in_order();
}

#[test]
fn a_resize_is_told() {
    let terminal = sh("trap 'stty size' WINCH; echo ready; while read x; do :; done");
    terminal.wait_text("ready");
    terminal.resize(10, 33);
    // The shell runs its trap after the line that it reads.
    terminal.send("\n");
    terminal.wait_text("10 33");
    assert_eq!(terminal.look(vt100::Screen::size), (10, 33));
}

#[test]
fn the_terminal_answers_what_it_is_asked() {
    let script = r"stty raw -echo; printf '\033[3;5H\033[6n'; c=$(dd bs=1 count=6 2>/dev/null); stty sane
                   printf '\033[H%s' $c | od -c -An; printf '\033]2;the title\007\033]52;c;aGVsbG8=\007'";
    let terminal = sh(script);
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    assert!(terminal.screen().contains("[   3   ;   5   R"), "{}", terminal.screen());
    assert_eq!(terminal.title(), "the title");
    assert_eq!(terminal.clipboard().as_deref(), Some("hello"));
}

#[test]
fn a_closed_terminal_hangs_up_on_the_program() {
    let script =
        r#"trap 'echo hup >"$HOME/got"; exit 9' HUP; echo ready; read x; echo "typed $x" >"$HOME/got""#;
    let mut terminal = sh(script);
    terminal.wait_text("ready");
    terminal.hang_up();
    assert_eq!(terminal.wait_exit(), Exit::Code(9));
    assert_eq!(std::fs::read_to_string(terminal.home().join("got")).unwrap(), "hup\n");
}

#[test]
fn a_program_under_a_shell_is_suspended_and_continued() {
    let script = "echo ready; while read x; do echo got $x; [ $x = end ] && exit 5; done";
    let terminal = Launch::program("/bin/sh", ["-c", script]).under_shell().start();
    terminal.wait_text("ready");
    terminal.send(key::CTRL_Z);
    terminal.wait_text("<148>");
    terminal.send(key::ENTER);
    terminal.send("end\r");
    terminal.wait_text("got end");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    assert!(terminal.screen().trim_end().ends_with("<5>"), "{}", terminal.screen());
}

#[test]
fn silence_is_seen() {
    let terminal = sh("echo one; read x; echo two; read x");
    terminal.wait_text("one");
    assert_eq!(terminal.output_during(Duration::from_millis(30)), b"");
    terminal.send("\n");
    terminal.wait_text("two");
    assert!(terminal.raw().starts_with(b"one\r\n"));
}

#[test]
fn a_paste_is_bracketed() {
    let terminal = Launch::program("cat", ["-v"]).start();
    terminal.paste("text");
    terminal.send("\r");
    terminal.wait_text("^[[200~text^[[201~");
}

#[test]
fn a_dropped_terminal_takes_its_program_along() {
    let terminal = sh("echo $$; read x");
    terminal.wait_for(|screen| screen.contents().ends_with(|last: char| last.is_ascii_digit()), PATIENCE);
    let shared = std::sync::Arc::clone(&terminal.shared);
    drop(terminal);
    let state = shared.wait(PATIENCE, |state| state.exit.is_some()).map_err(drop).expect("the program ends");
    assert_eq!(state.exit, Some(Exit::Signal("Killed".into())));
}
