//! What the keys of the Configuration tab do.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use lambdeck::{
    app::{
        Action, App, Effect, Msg, Screen, Ticket,
        function::{
            Tab,
            configuration::{EventPart, Key, LATEST, Restorable},
        },
        layout,
        overlay::Overlay,
        review::Review,
    },
    cloud::{Error, Kind},
    domain::{
        change::{Change, Consent, Order, Permit, Written},
        function::{Details, Layer},
        journal::{Entry, Outcome},
        place::Place,
        release::{AccountConcurrency, EventInvoke, Extras, Provisioned},
        settings::{Setting, Settings},
    },
    keys,
};
use rstest::rstest;

use super::{SIZE, three};
use crate::support::app::{details, fresh, moment, session, with_functions};

mod around;
mod random;
mod settings;

const NAME: &str = "checkout-api";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:123456789012:failed";

fn extras() -> Extras {
    let one = |qualifier: &str, requested| Provisioned {
        qualifier: qualifier.into(),
        requested,
        available: requested,
        allocated: requested,
        status: "READY".into(),
        reason: None,
    };
    Extras {
        account: Ok(AccountConcurrency { limit: 1000, unreserved: 880 }),
        event_invoke: Ok(vec![("live".into(), live())]),
        provisioned: Ok(vec![one("live", 5), one("7", 2)]),
    }
}

fn live() -> EventInvoke {
    EventInvoke { maximum_retry_attempts: Some(1), on_failure: Some(QUEUE.into()), ..EventInvoke::default() }
}

fn denied() -> Extras {
    Extras {
        account: Err("denied".into()),
        event_invoke: Err("denied".into()),
        provisioned: Err("denied".into()),
    }
}

fn function() -> Details {
    let mut details = details(NAME);
    details.configuration.revision_id = Some("r1".into());
    details.configuration.layers =
        vec![Layer { arn: "arn:aws:lambda:eu-west-1:123456789012:layer:shared:7".into(), code_size: 1 }];
    details.tags.insert("aws:cloudformation:logical-id".into(), "Checkout".into());
    details
}

fn reserved(count: Option<u32>) -> Details {
    Details { reserved_concurrency: count, ..function() }
}

fn place() -> Place {
    Place {
        profile: Some("prod".into()),
        account: Some("123456789012".into()),
        region: "eu-west-1".into(),
        endpoint: None,
    }
}

fn stopped(before: Option<u32>) -> Entry {
    let change = Change::ReservedConcurrency { before, after: Some(0) };
    let order = Order { function: NAME.into(), revision_id: None, change };
    Entry { outcome: Outcome::Done, ..Entry::begin("1".into(), moment(), &place(), &order) }
}

/// The tab, asked for and not answered yet: the tickets of the function, of what is around it, of the journal.
fn opening(app: &mut App) -> [Ticket; 3] {
    app.update(moment(), Msg::Action(Action::Open));
    let function = app.function.as_ref().unwrap().details.pending.unwrap();
    let effects = app.update(moment(), Msg::Action(Action::Tab(3)));
    match effects[..] {
        [Effect::GetExtras(extras, _), Effect::ReadJournal(journal)] => [function, extras, journal],
        _ => panic!("{effects:?}"),
    }
}

fn at_tab(details: Details, extras: Extras, journal: Vec<Entry>) -> App {
    let mut app = with_functions(SIZE, three());
    let tickets = opening(&mut app);
    answer(&mut app, tickets, details, extras, journal);
    app
}

fn answer(app: &mut App, tickets: [Ticket; 3], details: Details, extras: Extras, journal: Vec<Entry>) {
    app.update(moment(), Msg::Function(tickets[0], Ok(Box::new(details))));
    app.update(moment(), Msg::Extras(tickets[1], Box::new(extras)));
    app.update(moment(), Msg::Journal(tickets[2], Ok(journal)));
}

/// Presses keys as a terminal reports them: `<enter>`, `<ctrl-s>` and the like, and characters.
fn press(app: &mut App, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut rest = keys;
    while let Some(first) = rest.chars().next() {
        let (key, after) = match rest.strip_prefix('<').and_then(|inside| inside.split_once('>')) {
            Some((name, after)) => (named(name), after),
            None => (KeyEvent::new(KeyCode::Char(first), KeyModifiers::NONE), &rest[first.len_utf8()..]),
        };
        rest = after;
        if let Some(action) = keys::lookup(&app.contexts(), app.takes_text(), key) {
            effects.extend(app.update(app.now, Msg::Action(action)));
        }
    }
    effects
}

fn named(name: &str) -> KeyEvent {
    let plain = |code| KeyEvent::new(code, KeyModifiers::NONE);
    match name {
        "enter" => plain(KeyCode::Enter),
        "esc" => plain(KeyCode::Esc),
        "up" => plain(KeyCode::Up),
        "down" => plain(KeyCode::Down),
        _ => match name.strip_prefix("ctrl-").and_then(|key| key.chars().next()) {
            Some(key) => KeyEvent::new(KeyCode::Char(key), KeyModifiers::CONTROL),
            None => panic!("{name}"),
        },
    }
}

fn selected(app: &App) -> Option<Key> {
    let view = app.function.as_ref()?;
    let lines = view.configuration.lines(view.details.value.as_ref()?, app.now);
    view.configuration.row(&lines).map(|row| row.key.clone())
}

fn go_to(app: &mut App, key: &Key) {
    press(app, "g");
    for _ in 0..60 {
        if selected(app).as_ref() == Some(key) {
            return;
        }
        press(app, "j");
    }
    panic!("no row {key:?}");
}

fn setting(app: &mut App, setting: Setting) {
    go_to(app, &Key::Setting(setting));
}

fn mine(app: &App, setting: Setting) -> Option<&str> {
    app.function.as_ref()?.configuration.draft.as_ref()?.mine.get(&setting).map(String::as_str)
}

fn editing(app: &App) -> Option<(&str, Option<&str>)> {
    let editing = app.function.as_ref()?.configuration.editing.as_ref()?;
    Some((editing.field.text(), editing.problem.as_deref()))
}

fn review(app: &App) -> &Review {
    match &app.overlay {
        Some(Overlay::Review(review)) => review,
        other => panic!("no review: {other:?}; {:?}", said(app)),
    }
}

fn problem(app: &App) -> String {
    match &app.overlay {
        Some(Overlay::Prompt(prompt)) => prompt.problem.clone().unwrap_or_default(),
        Some(Overlay::TextEditor(editor)) => editor.problem.clone().unwrap_or_default(),
        other => panic!("nothing to type in: {other:?}"),
    }
}

fn said(app: &App) -> String {
    app.messages.shown().map(|message| message.text.clone()).unwrap_or_default()
}

/// The settings with some of them changed.
fn with(changes: &[(Setting, &str)]) -> Settings {
    let mut settings = Settings::of(&function().configuration);
    for (setting, text) in changes {
        settings.set(*setting, *text);
    }
    settings
}

fn settings_order(changes: &[(Setting, &str)]) -> Order {
    let change = Change::Settings { before: with(&[]), after: with(changes) };
    Order { function: NAME.into(), revision_id: Some("r1".into()), change }
}

fn proposed(app: &App) -> &Change {
    let review = review(app);
    assert_eq!(review.order.function, NAME);
    assert_eq!(review.order.revision_id, None);
    &review.order.change
}

#[test]
fn what_could_not_be_read_is_not_edited_and_the_rest_is() {
    let mut details = function();
    details.tags.clear();
    details.tags_error = Some("denied".into());
    let mut app = at_tab(details, denied(), Vec::new());
    press(&mut app, "G");
    for keys in ["e", "+", "<ctrl-d>"] {
        press(&mut app, keys);
        assert!(app.overlay.is_none(), "{keys}");
        assert!(!said(&app).is_empty());
    }
    for group in ["Provisioned", "Settings"] {
        press(&mut app, "k");
        press(&mut app, "+e");
        assert!(app.overlay.is_none(), "{group}");
    }
    setting(&mut app, Setting::Memory);
    press(&mut app, "e<ctrl-u>1024<ctrl-s>");
    assert_eq!(review(&app).order, settings_order(&[(Setting::Memory, "1024")]));
}

#[test]
fn before_anything_is_read_no_key_does_harm() {
    let mut app = with_functions(SIZE, three());
    let tickets = opening(&mut app);
    for keys in ["e", "<enter>", "+", "<ctrl-d>", "u", "U", "<ctrl-s>", "K", "j", "G"] {
        assert_eq!(press(&mut app, keys), [], "{keys}");
        assert!(app.overlay.is_none(), "{keys}");
    }
    // The function is there, what is around it is not.
    app.update(moment(), Msg::Function(tickets[0], Ok(Box::new(function()))));
    go_to(&mut app, &Key::Reserved);
    for _ in 0..20 {
        press(&mut app, "j+");
        if app.overlay.is_some() {
            assert!(problem(&app).is_empty());
            press(&mut app, "<esc>");
        }
    }
    press(&mut app, "K");
    assert_eq!(*proposed(&app), Change::ReservedConcurrency { before: None, after: Some(0) });
}

#[test]
fn what_the_api_does_not_change_is_told() {
    let mut app = at_tab(function(), extras(), Vec::new());
    for (label, why) in
        [("Architecture", "UpdateFunctionCode"), ("Account", "Service Quotas"), ("State", "own")]
    {
        go_to(&mut app, &Key::Fixed(label));
        for keys in ["e", "<enter>"] {
            press(&mut app, keys);
            assert!(said(&app).starts_with(&format!("{label} can't be changed here")), "{}", said(&app));
            assert!(said(&app).contains(why), "{}", said(&app));
        }
        assert!(app.overlay.is_none());
    }
    press(&mut app, "g+");
    assert!(said(&app).contains("go there first"));
}

#[test]
fn a_read_only_session_edits_nothing() {
    let mut app = fresh(SIZE);
    app.start();
    let mut read_only = session("prod", "eu-west-1");
    read_only.spec.read_only = true;
    app.update(moment(), Msg::Connected(1, Ok(read_only)));
    let list = app.functions.pending.unwrap();
    app.update(moment(), Msg::FunctionsPage { ticket: list, functions: three(), last: true });
    let tickets = opening(&mut app);
    answer(&mut app, tickets, reserved(Some(20)), extras(), Vec::new());
    let mut rows = 0;
    press(&mut app, "g");
    loop {
        let at = selected(&app);
        for keys in ["e", "+", "<ctrl-d>", "u", "U", "K", "<ctrl-s>"] {
            assert_eq!(press(&mut app, keys), [], "{keys} at {at:?}");
            assert!(app.overlay.is_none() && editing(&app).is_none(), "{keys} at {at:?}");
        }
        rows += 1;
        press(&mut app, "j");
        if selected(&app) == at {
            break;
        }
    }
    assert!(rows > 30, "{rows}");
    assert!(app.function.as_ref().unwrap().configuration.draft.is_none());
}

#[test]
fn r_reads_all_that_the_tab_shows() {
    let mut app = at_tab(function(), extras(), Vec::new());
    let effects = press(&mut app, "r");
    assert!(
        matches!(&effects[..], [Effect::GetFunction { .. }, Effect::GetExtras(_, name), Effect::ReadJournal(_)]
            if name == NAME),
        "{effects:?}"
    );
}

#[test]
fn quitting_asks_while_anything_is_unsaved() {
    let mut app = at_tab(function(), extras(), Vec::new());
    setting(&mut app, Setting::Memory);
    // What is typed counts.
    press(&mut app, "e<ctrl-u>1024<ctrl-c>");
    assert!(matches!(app.overlay, Some(Overlay::Question(_))));
    assert_eq!(app.exit, None);
    press(&mut app, "n");
    assert_eq!(mine(&app, Setting::Memory), Some("1024"));
    // What can't be taken over is lost with the second one only.
    let mut app = at_tab(function(), extras(), Vec::new());
    setting(&mut app, Setting::Memory);
    press(&mut app, "e<ctrl-u>1<ctrl-c>");
    assert_eq!((app.exit, editing(&app).is_some()), (None, true));
    press(&mut app, "<ctrl-c>");
    assert_eq!(app.exit, Some(0));
}

#[test]
fn edits_wait_for_the_function_to_be_opened_again() {
    let mut app = at_tab(function(), extras(), Vec::new());
    setting(&mut app, Setting::Memory);
    press(&mut app, "e<ctrl-u>1024<enter><esc>");
    assert_eq!(app.screen, Screen::Functions);
    press(&mut app, "j<enter><esc>k");
    let tickets = opening(&mut app);
    answer(&mut app, tickets, function(), extras(), Vec::new());
    assert_eq!(mine(&app, Setting::Memory), Some("1024"));
    assert_eq!(app.function.as_ref().unwrap().tab, Tab::Configuration);
}

#[test]
fn the_mouse_selects_and_edits() {
    let mut app = at_tab(function(), extras(), Vec::new());
    let form = layout::tab(app.size).content;
    let click = |app: &mut App, action: fn(u16, u16) -> Action, nth: u16| {
        app.update(moment(), Msg::Action(action(5, form.row + nth)))
    };
    // The title of a group can't be selected.
    click(&mut app, Action::Click, 2);
    assert_eq!(selected(&app), Some(Key::Setting(Setting::Memory)));
    click(&mut app, Action::Click, 0);
    assert_eq!(selected(&app), Some(Key::Setting(Setting::Memory)));
    click(&mut app, Action::DoubleClick, 3);
    assert_eq!(editing(&app), Some(("30", None)));
    // Another row takes over what was typed, unless that is wrong.
    press(&mut app, "0");
    click(&mut app, Action::Click, 2);
    assert_eq!((editing(&app), mine(&app, Setting::Timeout)), (None, Some("300")));
    assert_eq!(selected(&app), Some(Key::Setting(Setting::Memory)));
    press(&mut app, "e0000");
    click(&mut app, Action::Click, 1);
    assert!(editing(&app).is_some());
    press(&mut app, "<esc><esc>");
    app.update(moment(), Msg::Action(Action::Scroll(3)));
    assert_eq!(selected(&app), Some(Key::Fixed("State")));
}
