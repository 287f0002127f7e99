//! The logs of several functions, and the list of their log groups.

use jiff::Timestamp;
use lambdeck::{
    app::{Effect, Msg, Ticket},
    domain::{
        log_event::LogEvent,
        log_sources::{Found, FoundGroup},
    },
    tail::{Arrival, State, Status, Update},
    ui::Theme,
};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{everywhere::style_of, fixtures::*};

fn follow(effects: &[Effect]) -> Ticket {
    let found = effects.iter().find_map(|effect| match effect {
        Effect::FollowLogs { ticket, .. } => Some(*ticket),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("nothing is followed: {effects:?}"))
}

fn status(group: &str, state: State, events: u64) -> Update {
    Update::Status(Status { state, events, budget_per_s: Some(2.0), ..Status::new(group) })
}

fn event(group: &str, before_s: i64, message: &str) -> Update {
    let now = "2026-11-20T14:03:22Z".parse::<Timestamp>().unwrap().as_millisecond();
    let event = LogEvent {
        group: group.into(),
        stream: "2026/11/20/[$LATEST]0123456789abcdef".into(),
        id: format!("{before_s:08}"),
        timestamp: now - before_s * 1000,
        ingestion_time: now - before_s * 1000 + 40,
        message: message.into(),
    };
    Update::Events { group: group.into(), batch: vec![Arrival::new(event, None)] }
}

fn command(screen: &mut Screen, text: &str) -> Vec<Effect> {
    screen.keys(&format!(":{text}"));
    screen.key(KeyCode::Enter)
}

/// Three log groups, one of which is read.
fn three() -> (Screen, Ticket) {
    let mut screen = Screen::listed();
    let ticket = follow(&command(
        &mut screen,
        "logs /shop/checkout-api-prod /shop/checkout-worker-prod /shop/checkout-mail-prod",
    ));
    let denied = State::Denied { message: "not authorized to perform logs:FilterLogEvents".into() };
    let updates = [
        status("/shop/checkout-api-prod", State::Live, 1234),
        event("/shop/checkout-api-prod", 70, "[INFO] long ago"),
        event("/shop/checkout-api-prod", 20, "[INFO] priced 3 items"),
        event("/shop/checkout-worker-prod", 15, "[ERROR] the queue is full"),
        event("/shop/checkout-api-prod", 10, "[INFO] priced 1 item"),
        status("/shop/checkout-worker-prod", State::Throttled { behind_ms: 6000 }, 17),
        status("/shop/checkout-mail-prod", denied, 0),
    ];
    for update in updates {
        screen.send(Msg::Tail(ticket, update));
    }
    (screen, ticket)
}

#[test]
fn several_logs() {
    let (mut screen, _) = three();
    screen.check("many_logs");
    screen.keys("S");
    screen.check("log_sources");
    screen.keys("j j");
    screen.check("log_sources_muted");
    screen.keys("+tag");
    screen.check("log_sources_add");
    screen.key(KeyCode::Esc);
    screen.press(KeyEvent::new(KeyCode::Char('d'), KeyModifiers::CONTROL));
    screen.key(KeyCode::Esc);
    screen.check("many_logs_muted");
    screen.keys("?");
    screen.check("many_logs_help");
}

#[test]
fn several_logs_being_looked_for() {
    let (mut screen, list) = Screen::connected();
    command(&mut screen, "logs checkout-* tag:team=shop");
    screen.check("many_logs_waiting_for_the_list");
    let effects = screen.send(Msg::FunctionsPage { ticket: list, functions: functions(), last: true });
    let search = effects.iter().find_map(|effect| match effect {
        Effect::FindSources(ticket, search) => Some((*ticket, search.functions.len())),
        _ => None,
    });
    let (search, _) = search.unwrap();
    screen.check("many_logs_looking");
    let groups = vec![FoundGroup { function: Some("mailer".into()), group: "/aws/lambda/mailer".into() }];
    screen.send(Msg::SourcesFound(search, Ok(Found { groups, looked: 4, ..Found::default() })));
    screen.keys("S");
    screen.check("log_sources_looking");
}

#[test]
fn several_logs_of_which_there_is_none() {
    let mut screen = Screen::listed();
    let effects = command(&mut screen, "logs tag:team=none");
    let Some(Effect::FindSources(search, _)) = effects.first() else { panic!("{effects:?}") };
    screen.send(Msg::SourcesFound(*search, Ok(Found { last: true, ..Found::default() })));
    screen.check("many_logs_none");
    screen.keys("S");
    screen.check("log_sources_none");
}

#[test]
fn many_groups_are_slow_and_so_it_says() {
    let mut screen = Screen::listed();
    let words: Vec<String> = (0..24).map(|n| format!("/team/service-{n:02}")).collect();
    let ticket = follow(&command(&mut screen, &format!("logs {}", words.join(" "))));
    for word in &words {
        screen.send(Msg::Tail(ticket, status(word, State::Live, 5)));
    }
    screen.keys("SG");
    screen.check("log_sources_slow");
}

#[test]
fn the_command_line_helps_with_what_can_be_followed() {
    let mut screen = Screen::listed();
    screen.keys(":logs checkout-api ");
    screen.check("command_logs");
}

#[test]
fn names_tell_sources_apart_without_colours() {
    let (mut screen, _) = three();
    screen.keys("S");
    let coloured = screen.buffer(80, 24, &Theme::DEFAULT);
    assert_ne!(style_of(&coloured, "worker").fg, style_of(&coloured, "mail").fg);
    let plain = screen.buffer(80, 24, &Theme::MONO);
    assert_eq!(style_of(&plain, "worker").fg, style_of(&plain, "mail").fg);
}

#[test]
fn what_is_typed_and_found_is_neutralised() {
    let mut screen = Screen::listed();
    command(&mut screen, "logs /shop/x");
    let effects = command(&mut screen, "logs tag:team");
    let Some(Effect::FindSources(search, _)) = effects
        .iter()
        .find(|effect| matches!(effect, Effect::FindSources(_, search) if !search.queries.is_empty()))
    else {
        panic!("{effects:?}")
    };
    let groups = vec![FoundGroup { function: Some(HOSTILE.into()), group: HOSTILE.into() }];
    let effects =
        screen.send(Msg::SourcesFound(*search, Ok(Found { groups, last: true, ..Found::default() })));
    let ticket = follow(&effects);
    let message = HOSTILE.to_owned();
    let state = State::Failed { message };
    screen.send(Msg::Tail(ticket, Update::Status(Status { state, ..Status::new(HOSTILE) })));
    screen.keys("S");
    let shown = screen.text(120, 30);
    assert!(!shown.contains(['\u{1b}', '\u{202e}', '\u{200b}']), "{shown}");
}

/// The screen of several logs and the list of their log groups, to be drawn at every size.
pub(super) fn screens() -> Vec<Screen> {
    let mut screens = Vec::new();
    for keys in ["", "S", "Sj +tag:", "S!"] {
        let (mut screen, _) = three();
        screen.keys(keys);
        screens.push(screen);
    }
    for keys in ["", "S"] {
        let (mut screen, _) = Screen::connected();
        command(&mut screen, "logs checkout-* tag:team=shop");
        screen.keys(keys);
        screens.push(screen);
    }
    screens
}
