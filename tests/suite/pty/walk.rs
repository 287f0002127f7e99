//! What people do with it, on the samples of the local engine.

use std::time::Duration;

use super::engine::Local;
use crate::support::terminal::{Exit, key};

#[test]
fn list_filter_open_invoke_and_quit() {
    let local = Local::start().ready();
    let terminal = &local.terminal;
    terminal.wait_text("Functions 7");
    terminal.wait_text("enter open");
    assert!(terminal.look(vt100::Screen::alternate_screen));

    terminal.send("/check");
    terminal.wait_text("Functions 1 of 7");
    terminal.wait_gone("greeter");
    terminal.send(key::ENTER);
    terminal.wait_text("enter open");
    terminal.send(key::ENTER);
    terminal.wait_text("Functions > checkout-api");
    terminal.wait_text("Runtime                provided.al2023");

    // The sample brings an event that it answers to.
    terminal.send("i");
    terminal.wait_text("SPRING10");
    terminal.send(key::ENTER);
    terminal.wait_text("● OK 200");
    terminal.wait_text("billed ");
    terminal.wait_text("\"currency\": \"EUR\"");
    terminal.send("G");
    terminal.wait_text("REPORT RequestId: ");

    // Back keeps the filter, once more drops it.
    terminal.send(key::ESC);
    terminal.wait_text("Functions 1 of 7");
    terminal.send(key::ESC);
    terminal.wait_text("greeter");
    terminal.send("?");
    terminal.wait_text("Keys of this place");
    terminal.send(key::ESC);
    terminal.wait_gone("Keys of this place");

    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    terminal.assert_left_in_order();
    local.assert_nothing_left();
}

#[test]
fn a_function_that_fails_is_shown_as_failing() {
    let local = Local::start().ready();
    let terminal = &local.terminal;
    local.select("checkout-api");
    terminal.send("i");
    terminal.wait_text("SPRING10");
    terminal.send("e");
    terminal.wait_text("editing");
    // Another event, pasted in place of the one that is there; the newline in it sends nothing.
    terminal.send("\x01");
    for _ in 0..10 {
        terminal.send("\x0b\x0b");
    }
    terminal.paste("{ \"basket\": [],\n  \"x\": \"q\" }");
    terminal.wait_text("\"x\": \"q\"");
    terminal.send(key::ESC);
    terminal.wait_gone("editing");
    terminal.send(key::ENTER);
    terminal.wait_text("✗ FUNCTION ERROR");
    terminal.wait_text("EmptyBasketError");
    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
}

#[test]
fn what_another_program_makes_a_function_log_appears() {
    let local = Local::start().ready();
    let terminal = &local.terminal;
    local.select("greeter");
    terminal.send("l");
    terminal.wait_text("waiting for the log group");

    local.command(["invoke", "greeter", "--payload", r#"{"name":"Barbara","language":"sv"}"#]);
    terminal.wait_text("Greeting Barbara in sv");
    terminal.wait_text("live");
    terminal.wait_text("REPORT");

    // Held, the screen stays and says what waits below.
    terminal.send(" ");
    terminal.wait_text("paused");
    local.command(["invoke", "greeter", "--payload", r#"{"name":"Dennis","language":"eo"}"#]);
    terminal.wait_text("5 new below");
    terminal.send("f");
    terminal.wait_text("Greeting Dennis in en");

    terminal.send("/falling back\r");
    terminal.wait_text("1 of ");
    terminal.wait_gone("Greeting Barbara");
    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    local.assert_nothing_left();
}

#[test]
fn a_value_is_written_to_the_terminal_only_while_it_is_revealed() {
    const VALUE: &str = "not-to-be-shown";
    let local = Local::start().ready();
    let terminal = &local.terminal;
    let written = || String::from_utf8_lossy(&terminal.raw()).matches(VALUE).count();
    local.select("env-inspector");
    terminal.send(key::ENTER);
    terminal.wait_text("General");
    // As JSON, on every tab, and copied: never the value.
    terminal.send("d");
    terminal.wait_text("values of variables left out");
    terminal.send("G");
    terminal.send("q");
    for tab in ["1", "2", "3", "4", "5", "6", "7", "8", "9"] {
        terminal.send(tab);
        terminal.wait_text(&format!("[{tab} "));
    }
    terminal.send("E");
    terminal.wait_text("API_SECRET");
    terminal.wait_text("••••••••");
    assert_eq!(written(), 0);

    terminal.send("x");
    terminal.wait_text(VALUE);
    terminal.send("x");
    terminal.wait_gone(VALUE);

    // Leaving the tab masks it, and so does the loss of the focus.
    terminal.send("x");
    terminal.wait_text(VALUE);
    terminal.send("1");
    terminal.wait_text("General");
    terminal.send("2");
    terminal.wait_text("••••••••");
    terminal.send("x");
    terminal.wait_text(VALUE);
    terminal.send("\x1b[O");
    terminal.wait_gone(VALUE);
    assert_eq!(written(), 3);
    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    assert_eq!(written(), 3);
}

#[test]
fn quitting_while_an_invocation_is_under_way_asks() {
    let local = Local::start().ready();
    let terminal = &local.terminal;
    local.select("report-builder");
    terminal.send("i");
    terminal.wait_text("\"shops\": 4");
    terminal.send(key::ENTER);
    terminal.wait_text("◐ running");
    terminal.send("q");
    terminal.wait_text("Quit while an invocation is under way?");
    // Enter is No.
    terminal.send(key::ENTER);
    terminal.wait_gone("Quit while");
    terminal.wait_text("● OK 200");
    terminal.wait_text("bestShop");

    terminal.send(key::ENTER);
    terminal.wait_text("◐ running");
    terminal.send(key::CTRL_C);
    terminal.wait_text("report-builder goes on at AWS");
    terminal.send("y");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    terminal.assert_left_in_order();
    local.assert_nothing_left();
}

#[test]
fn a_paste_is_no_command_and_the_mouse_points() {
    let local = Local::start().ready();
    let terminal = &local.terminal;
    terminal.paste("q:quit\rq");
    terminal.send("?");
    terminal.wait_text("Keys of this place");
    terminal.send(key::ESC);
    terminal.wait_gone("Keys of this place");

    let row_of = |name: &str| terminal.screen().lines().position(|line| line.contains(name)).unwrap();
    let greeter = row_of("greeter");
    terminal.send(&format!("\x1b[<0;10;{row}M\x1b[<0;10;{row}m", row = greeter + 1));
    terminal.wait_text("> greeter");
    terminal.send(&format!("\x1b[<0;10;{row}M\x1b[<0;10;{row}m", row = greeter + 1));
    terminal.wait_text("Functions > greeter");
    terminal.send("y");
    terminal.wait_text("copied greeter");
    assert_eq!(terminal.clipboard().as_deref(), Some("greeter"));
    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
}

#[test]
fn nothing_is_written_while_nothing_happens() {
    let local = Local::start().ready();
    let terminal = &local.terminal;
    terminal.send("?");
    terminal.wait_text("Keys of this place");
    // Its last bytes may still be on their way.
    let _ = terminal.output_during(Duration::from_millis(50));
    let written = terminal.output_during(Duration::from_millis(300));
    assert!(written.is_empty(), "{:?}", String::from_utf8_lossy(&written));
    terminal.send("qq");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
}
