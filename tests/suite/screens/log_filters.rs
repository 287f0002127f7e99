//! The filters of a log: the row of chips, the field, the list.

use lambdeck::{
    app::{Action, Msg},
    tail,
    ui::Theme,
};
use ratatui::{
    crossterm::event::{KeyCode, KeyEvent, KeyModifiers},
    style::Modifier,
};

use super::{
    everywhere::style_of,
    fixtures::*,
    logs::{log_status, logs, some_events},
};

fn with_events() -> Screen {
    let (mut screen, ticket) = logs();
    screen.send(Msg::Tail(ticket, log_status(tail::State::Live)));
    screen.send(Msg::Tail(ticket, some_events()));
    screen
}

fn keep(screen: &mut Screen, text: &str) {
    screen.keys(text);
    screen.key(KeyCode::Enter);
}

#[test]
fn chips_and_what_is_typed() {
    let mut screen = with_events();
    keep(&mut screen, "+8f5c6d2e");
    keep(&mut screen, "\\cold");
    keep(&mut screen, "*42");
    screen.check("log_filters_kept");
    screen.keys("/priced ms:>x");
    screen.check("log_filters_broken");
    let buffer = screen.buffer(80, 24, &Theme::MONO);
    assert!(style_of(&buffer, "x ").add_modifier.contains(Modifier::UNDERLINED), "the wrong part is marked");
    screen.key(KeyCode::Backspace);
    screen.key(KeyCode::Enter);
    screen.check("log_filters_live");
}

#[test]
fn more_filters_than_there_is_room_for() {
    let mut screen = with_events();
    for nth in 0..9 {
        keep(&mut screen, &format!("\\never-there-and-rather-long-{nth} with more of it"));
    }
    let shown = screen.text(80, 24);
    assert!(shown.contains("and 7 more"), "{shown}");
    screen.keys("/");
    screen.keys(&"what is typed is longer than the row ".repeat(4));
    screen.keys("its end");
    let shown = screen.text(80, 24);
    assert!(shown.contains("and 8 more") && shown.contains("its end"), "{shown}");
}

#[test]
fn the_list_of_filters() {
    let mut screen = with_events();
    screen.keys("F");
    screen.check("log_filters_none");
    keep(&mut screen, "+Request");
    keep(&mut screen, "\\cold");
    keep(&mut screen, "*42");
    keep(&mut screen, "/level:<error");
    screen.keys("!PFj ");
    screen.check("log_filters_list");
}

#[test]
fn the_service_filters() {
    let mut screen = with_events();
    keep(&mut screen, "+Request");
    screen.keys("P");
    screen.check("log_filters_on_server");
    keep(&mut screen, "+Order");
    let shown = screen.text(80, 24);
    assert!(shown.contains("! the service still filters"), "{shown}");
    keep(&mut screen, "+level:error");
    screen.keys("P");
    assert!(screen.text(120, 24).contains("the rest is filtered here"));
}

#[test]
fn the_field_says_what_can_be_typed() {
    let mut screen = with_events();
    screen.keys("/");
    screen.press(KeyEvent::new(KeyCode::F(1), KeyModifiers::NONE));
    screen.check("log_filters_help");
}

#[test]
fn no_filter_breaks_the_screen() {
    let mut screen = with_events();
    keep(&mut screen, "+Request");
    screen.send(Msg::Action(Action::Include));
    screen.send(Msg::Action(Action::Paste(lambdeck::domain::secret::Secret::new(HOSTILE))));
    assert!(!screen.text(80, 24).contains('\u{1b}'));
    screen.key(KeyCode::Enter);
    screen.keys("P/$.a~((");
    for columns in [1, 2, 3, 8, 21, 40] {
        for rows in 1..12 {
            screen.text(columns, rows);
        }
    }
    screen.key(KeyCode::Esc);
    screen.keys("F");
    for columns in [1, 2, 3, 8, 21, 40] {
        for rows in 1..12 {
            screen.text(columns, rows);
        }
    }
}
