//! The events that can be chosen, and what is asked about them.

use lambdeck::{
    app::{Effect, Msg, Ticket},
    cloud::{Error, Kind},
    disk::SaveError,
    domain::{
        saved_event::{Owner, SavedEvent},
        shareable::Shareable,
    },
};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::fixtures::*;

fn saved(screen: &Screen) -> Vec<SavedEvent> {
    let event = |owner: Owner, name: &str, bytes| SavedEvent {
        owner,
        name: name.into(),
        bytes,
        modified: screen.now,
    };
    let of = |name: &str| Owner::Function(name.into());
    vec![
        event(of("checkout-api"), "one tea", 48),
        event(of("checkout-api"), "日本語の名前", 1_234_567),
        event(Owner::Shared, "empty", 2),
    ]
}

fn shareable() -> Shareable {
    Shareable {
        events: vec![
            ("smoke-test".into(), "{\"sku\": \"tea\"}".into()),
            (HOSTILE.into(), format!("{{\"token\": \"{CANARY}\"}}").into()),
        ],
        version: Some("3".into()),
        others: 1,
    }
}

/// The list, and the requests for what is on disk and for the console's.
fn asked() -> (Screen, Ticket, Ticket) {
    let mut screen = Screen::opened();
    let effects = screen.keys("5t");
    let [.., Effect::ListEvents(listing, of), Effect::GetShareable(sharing, _)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(of, "checkout-api");
    (screen, *listing, *sharing)
}

fn listed() -> Screen {
    let (mut screen, listing, sharing) = asked();
    let events = saved(&screen);
    screen.send(Msg::Events(listing, Ok(events)));
    screen.send(Msg::Shareable(sharing, Ok(Box::new(shareable()))));
    screen
}

fn denied() -> Screen {
    let (mut screen, listing, sharing) = asked();
    screen.send(Msg::Events(listing, Err("the folder can't be read: permission denied".into())));
    screen.send(Msg::Shareable(sharing, Err(Error::new(Kind::Denied, "not authorized"))));
    screen
}

fn control(screen: &mut Screen, character: char) -> Vec<Effect> {
    screen.press(KeyEvent::new(KeyCode::Char(character), KeyModifiers::CONTROL))
}

/// An event is saved under a name that there is already.
fn there_already() -> Screen {
    let mut screen = Screen::opened();
    screen.keys("5");
    control(&mut screen, 's');
    screen.keys("one tea");
    let effects = screen.key(KeyCode::Enter);
    let [Effect::SaveEvent(ticket, _)] = effects[..] else { panic!("{effects:?}") };
    let error = SaveError::Exists("one tea for checkout-api".into());
    screen.send(Msg::EventStored(ticket, Err(error)));
    screen
}

/// One of the console's is about to be written.
fn proposed() -> Screen {
    let mut screen = Screen::opened();
    screen.keys("5");
    control(&mut screen, 's');
    screen.keys("console/smoke-test");
    let effects = screen.key(KeyCode::Enter);
    let [Effect::GetShareable(ticket, _)] = effects[..] else { panic!("{effects:?}") };
    screen.send(Msg::Shareable(ticket, Ok(Box::new(shareable()))));
    screen
}

/// All that there is to draw of it.
pub(super) fn all() -> Vec<Screen> {
    let mut screens = vec![asked().0, listed(), denied(), there_already(), proposed()];
    for (keys, then) in [("one", 'd'), ("one", 'r'), ("tea", 's'), ("", 'o'), ("zzz", 'd'), ("apig", 'd')] {
        let mut screen = listed();
        screen.keys(keys);
        control(&mut screen, then);
        screens.push(screen);
    }
    let mut unsupported = asked();
    unsupported.0.send(Msg::Shareable(unsupported.2, Err(Error::new(Kind::Unsupported, "no such service"))));
    screens.push(unsupported.0);
    screens
}

#[test]
fn the_events() {
    let (mut screen, ..) = asked();
    assert!(screen.text(80, 24).contains("reading…"));
    let mut screen = listed();
    screen.check("events");
    screen.keys("sqs");
    screen.check("events_narrowed");
}

#[test]
fn without_permission_there_is_a_note_and_no_error() {
    denied().check("events_denied");
    let shown = all().pop().unwrap().text(80, 24);
    assert!(shown.contains("this endpoint has no registry of shareable events"), "{shown}");
}

#[test]
fn deleting_renaming_and_saving_over_is_asked() {
    let mut screen = listed();
    screen.keys("one");
    control(&mut screen, 'd');
    screen.check("event_delete");
    // The list is there again behind it.
    assert!(screen.key(KeyCode::Enter).is_empty());
    assert!(screen.text(80, 24).contains("Events for checkout-api"));
    control(&mut screen, 'r');
    screen.check("event_rename");
    there_already().check("event_there_already");
}

#[test]
fn a_shareable_event_is_proposed_by_its_sizes() {
    proposed().check("event_shared");
}

#[test]
fn the_marked_one_shows_in_the_lowest_screen() {
    for (columns, rows) in [(24, 6), (40, 8), (80, 10)] {
        let mut screen = listed();
        for _ in 0..9 {
            let shown = screen.text(columns, rows);
            assert!(
                shown.lines().any(|line| line.contains("│ > ") && !line.contains("│ >  ")),
                "{columns}x{rows}:\n{shown}"
            );
            screen.key(KeyCode::Down);
        }
    }
}
