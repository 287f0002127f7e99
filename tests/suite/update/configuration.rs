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

mod random;

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
fn a_number_is_checked_as_typed_taken_over_by_enter_and_saved_as_one_request() {
    let mut app = at_tab(function(), extras(), Vec::new());
    setting(&mut app, Setting::Memory);
    press(&mut app, "<enter>");
    assert_eq!(editing(&app), Some(("512", None)));
    press(&mut app, "<ctrl-u>64");
    let told = "the memory is 64 MB: at least 128 MB are needed; raise it";
    assert_eq!(editing(&app), Some(("64", Some(told))));
    // What is wrong can't be taken over.
    assert_eq!(press(&mut app, "<enter><ctrl-s>"), []);
    assert_eq!(editing(&app), Some(("64", Some(told))));
    press(&mut app, "0");
    assert_eq!(editing(&app), Some(("640", None)));
    assert_eq!(press(&mut app, "<enter>"), []);
    assert_eq!((editing(&app), mine(&app, Setting::Memory)), (None, Some("640")));
    // Another one, in the same request.
    setting(&mut app, Setting::Timeout);
    assert_eq!(press(&mut app, "e<ctrl-u>31<ctrl-s>"), []);
    let order = settings_order(&[(Setting::Memory, "640"), (Setting::Timeout, "31")]);
    assert_eq!(review(&app).order, order);
    let lines: Vec<String> = review(&app).diff.iter().map(lambdeck::domain::change::DiffLine::text).collect();
    assert_eq!(lines, ["~ Memory  512 MB → 640 MB", "~ Timeout  30 s → 31 s"]);
    // Enter is No.
    assert_eq!(press(&mut app, "<enter>"), []);
    assert_eq!(said(&app), "nothing was sent");
    assert_eq!(mine(&app, Setting::Memory), Some("640"));
    press(&mut app, "<ctrl-s>");
    let effects = press(&mut app, "y");
    let permit = Permit { place: place(), function: NAME.into(), consent: Consent::Yes };
    assert!(
        matches!(&effects[..], [Effect::Write(_, sent, by)] if **sent == order && **by == permit),
        "{effects:?}"
    );
    // The draft goes when it is done, and not before.
    let Effect::Write(ticket, ..) = effects[0] else { unreachable!() };
    assert!(app.function.as_ref().unwrap().is_unsaved());
    app.update(moment(), Msg::Written(ticket, Ok(Box::new(Written::default()))));
    assert!(!app.function.as_ref().unwrap().is_unsaved());
}

#[test]
fn esc_keeps_what_is_valid_and_drops_what_is_not_the_second_time() {
    let mut app = at_tab(function(), extras(), Vec::new());
    setting(&mut app, Setting::Timeout);
    press(&mut app, "e<ctrl-u>45<esc>");
    assert_eq!((editing(&app), mine(&app, Setting::Timeout)), (None, Some("45")));
    press(&mut app, "e<ctrl-u>901<esc>");
    assert!(editing(&app).is_some_and(|(text, problem)| text == "901" && problem.is_some()));
    press(&mut app, "<esc>");
    assert_eq!((editing(&app), mine(&app, Setting::Timeout)), (None, Some("45")));
    // Typing in between begins anew.
    press(&mut app, "e<ctrl-u>901<esc>2<esc>");
    assert!(editing(&app).is_some());
}

#[test]
fn plain_keys_are_text_in_the_field() {
    let mut app = at_tab(function(), extras(), Vec::new());
    setting(&mut app, Setting::Description);
    press(&mut app, "equK+?: 3");
    assert_eq!(editing(&app), Some(("quK+?: 3", None)));
    app.update(moment(), Msg::Action(Action::Paste("\u{1b}[2J\npasted".into())));
    let (text, _) = editing(&app).unwrap();
    assert!(text.starts_with("quK+?: 3") && text.ends_with("pasted") && !text.contains('\u{1b}'), "{text:?}");
    assert_eq!(app.exit, None);
}

#[test]
fn a_choice_is_made_with_up_and_down_or_typed() {
    let mut app = at_tab(function(), extras(), Vec::new());
    setting(&mut app, Setting::LogFormat);
    press(&mut app, "e<down>");
    assert_eq!(editing(&app), Some(("JSON", None)));
    press(&mut app, "<down>");
    assert_eq!(editing(&app), Some(("Text", None)));
    press(&mut app, "<up><enter>");
    assert_eq!(mine(&app, Setting::LogFormat), Some("JSON"));
    setting(&mut app, Setting::SystemLogLevel);
    press(&mut app, "eWARN");
    assert_eq!(editing(&app), Some(("WARN", None)));
    press(&mut app, "<ctrl-u>LOUD");
    assert!(editing(&app).unwrap().1.is_some());
    // Neither typed nor chosen: up and down go to the list's ends.
    press(&mut app, "<up>");
    assert_eq!(editing(&app), Some(("WARN", None)));
    press(&mut app, "<ctrl-s>");
    let changes = [(Setting::LogFormat, "JSON"), (Setting::SystemLogLevel, "WARN")];
    assert_eq!(review(&app).order, settings_order(&changes));
}

#[test]
fn settings_that_do_not_fit_each_other_are_not_proposed() {
    let mut app = at_tab(function(), extras(), Vec::new());
    setting(&mut app, Setting::ApplicationLogLevel);
    press(&mut app, "eINFO<ctrl-s>");
    assert!(app.overlay.is_none());
    assert!(said(&app).contains("JSON format only"), "{}", said(&app));
    assert_eq!(mine(&app, Setting::ApplicationLogLevel), Some("INFO"));
}

#[test]
fn several_lines_have_an_editor() {
    let mut app = at_tab(function(), extras(), Vec::new());
    setting(&mut app, Setting::Layers);
    press(&mut app, "e");
    assert!(matches!(&app.overlay, Some(Overlay::TextEditor(_))));
    press(&mut app, "<enter>nothing<esc>");
    assert!(problem(&app).contains("no ARN of lambda"), "{}", problem(&app));
    // A second esc leaves what can't be taken.
    press(&mut app, "<esc>");
    assert!(app.overlay.is_none());
    assert_eq!(mine(&app, Setting::Layers), None);

    let more = "arn:aws:lambda:eu-west-1:123456789012:layer:more:1";
    press(&mut app, &format!("e<enter><enter>{more}<esc>"));
    let both = format!("arn:aws:lambda:eu-west-1:123456789012:layer:shared:7\n{more}");
    assert_eq!(mine(&app, Setting::Layers), Some(both.as_str()));
    press(&mut app, "u");
    press(&mut app, &format!("e<enter>{more}<ctrl-s>"));
    assert_eq!(review(&app).order, settings_order(&[(Setting::Layers, &both)]));
}

#[test]
fn the_runtime_is_picked_or_typed() {
    let mut app = at_tab(function(), extras(), Vec::new());
    setting(&mut app, Setting::Runtime);
    press(&mut app, "e");
    let Some(Overlay::Picker(picker)) = &app.overlay else { panic!("{:?}", app.overlay) };
    let items: Vec<(&str, &str)> =
        picker.items.iter().map(|item| (item.name.as_str(), item.note.as_str())).take(3).collect();
    assert_eq!(
        items,
        [
            ("python3.13", "as it is; supported until 2029-06-30"),
            ("python3.14", "supported until 2029-06-30"),
            ("python3.12", "supported until 2028-10-31"),
        ]
    );
    assert!(
        picker
            .items
            .iter()
            .any(|item| item.name == "python3.8" && item.note == "! deprecated since 2024-10-14")
    );
    assert_eq!(picker.items.iter().filter(|item| item.name == "python3.13").count(), 1);
    press(&mut app, "<down><enter>");
    assert_eq!(mine(&app, Setting::Runtime), Some("python3.14"));
    // One that is not listed: its digits fit dates of others, which must not count.
    press(&mut app, "epython3.15<enter>");
    assert_eq!(mine(&app, Setting::Runtime), Some("python3.15"));
    press(&mut app, "ehas white space<enter>");
    assert_eq!(mine(&app, Setting::Runtime), Some("python3.15"));
    assert!(said(&app).contains("white space"));
    press(&mut app, "e<esc>");
    assert_eq!(mine(&app, Setting::Runtime), Some("python3.15"));
}

#[test]
fn u_takes_back_one_row_and_the_last_one_leaves_no_draft() {
    let mut app = at_tab(function(), extras(), Vec::new());
    setting(&mut app, Setting::Memory);
    press(&mut app, "e<ctrl-u>1024<enter>je<ctrl-u>9<enter>");
    assert_eq!((mine(&app, Setting::Memory), mine(&app, Setting::Timeout)), (Some("1024"), Some("9")));
    press(&mut app, "u");
    assert_eq!((mine(&app, Setting::Memory), mine(&app, Setting::Timeout)), (Some("1024"), Some("30")));
    press(&mut app, "u");
    assert_eq!(said(&app), "nothing is unsaved in this row");
    press(&mut app, "ku");
    assert!(app.function.as_ref().unwrap().configuration.draft.is_none());
    press(&mut app, "<ctrl-s>");
    assert_eq!(said(&app), "nothing is changed");
    // What is typed back to what it was is no change.
    press(&mut app, "e<ctrl-u>1024<enter>e<ctrl-u>512<enter>");
    assert!(app.function.as_ref().unwrap().configuration.draft.is_none());
}

#[test]
fn deleting_a_setting_empties_it_where_it_may_be_empty() {
    let mut details = function();
    details.configuration.dead_letter_arn = Some(QUEUE.into());
    details.configuration.logging =
        Some(lambdeck::domain::function::Logging { log_group: Some("/mine".into()), ..Default::default() });
    let mut app = at_tab(details, extras(), Vec::new());
    setting(&mut app, Setting::DeadLetter);
    press(&mut app, "<ctrl-d>");
    assert_eq!(mine(&app, Setting::DeadLetter), Some(""));
    setting(&mut app, Setting::LogGroup);
    press(&mut app, "<ctrl-d>");
    // Lambda's own choice, by its name: so it is answered.
    assert_eq!(mine(&app, Setting::LogGroup), Some("/aws/lambda/checkout-api"));
    setting(&mut app, Setting::Role);
    press(&mut app, "<ctrl-d>");
    assert!(said(&app).contains("a function needs one"), "{}", said(&app));
    setting(&mut app, Setting::Layers);
    press(&mut app, "<ctrl-d><ctrl-s>");
    let names: Vec<&str> = review(&app).diff.iter().map(|line| line.name.as_str()).collect();
    assert_eq!(names, ["Layers", "Log group", "Dead-letter queue"]);
}

/// Saves a memory of 1024 MB; the function has settled.
fn saved() -> App {
    let mut app = at_tab(function(), extras(), Vec::new());
    setting(&mut app, Setting::Memory);
    let effects = press(&mut app, "e<ctrl-u>1024<ctrl-s>y");
    let [Effect::Write(ticket, ..)] = effects[..] else { panic!("{effects:?}") };
    let effects = app.update(moment(), Msg::Written(ticket, Ok(Box::new(Written::default()))));
    let [Effect::Observe { ticket, .. }] = effects[..] else { panic!("{effects:?}") };
    let mut now = function();
    now.configuration.memory_mb = Some(1024);
    now.configuration.revision_id = Some("r2".into());
    let effects = app.update(moment(), Msg::Observed(ticket, NAME.into(), Ok(Box::new(now.clone()))));
    let [Effect::GetFunction { ticket, .. }, Effect::GetExtras(read, _), Effect::ReadJournal(journal)] =
        effects[..]
    else {
        panic!("{effects:?}")
    };
    answer(&mut app, [ticket, read, journal], now, extras(), Vec::new());
    app
}

#[test]
fn the_settings_before_the_last_save_can_be_put_back() {
    let mut app = at_tab(function(), extras(), Vec::new());
    press(&mut app, "U");
    assert_eq!(said(&app), "nothing was saved from here yet");

    let mut app = saved();
    press(&mut app, "U");
    let after = with(&[(Setting::Memory, "1024")]);
    let order = Order {
        function: NAME.into(),
        revision_id: Some("r2".into()),
        change: Change::Settings { before: after.clone(), after: with(&[]) },
    };
    assert_eq!(review(&app).order, order);
    let effects = press(&mut app, "y");
    let [Effect::Write(ticket, ..)] = effects[..] else { panic!("{effects:?}") };
    app.update(moment(), Msg::Written(ticket, Ok(Box::new(Written::default()))));
    // And once more, the other way round.
    let saved = app.function.as_ref().unwrap().configuration.saved.clone().unwrap();
    assert_eq!((saved.before, saved.after), (after, with(&[])));

    // A save that was refused is none.
    let mut app = at_tab(function(), extras(), Vec::new());
    setting(&mut app, Setting::Memory);
    let effects = press(&mut app, "e<ctrl-u>1024<ctrl-s>y");
    let [Effect::Write(ticket, ..)] = effects[..] else { panic!("{effects:?}") };
    app.update(moment(), Msg::Written(ticket, Err(Error::new(Kind::Denied, "no"))));
    assert_eq!(mine(&app, Setting::Memory), Some("1024"));
    press(&mut app, "U");
    assert_eq!(said(&app), "nothing was saved from here yet");
}

#[test]
fn a_second_change_waits_for_the_first() {
    let mut app = at_tab(function(), extras(), Vec::new());
    setting(&mut app, Setting::Memory);
    assert_eq!(press(&mut app, "e<ctrl-u>1024<ctrl-s>y").len(), 1);
    assert_eq!(press(&mut app, "<ctrl-s>K"), []);
    assert!(app.overlay.is_none());
    assert!(said(&app).contains("a change of it is on its way"), "{}", said(&app));
}

#[test]
fn somebody_elses_change_of_another_setting_is_kept() {
    let mut app = at_tab(function(), extras(), Vec::new());
    setting(&mut app, Setting::Memory);
    press(&mut app, "e<ctrl-u>1024<enter>");
    let effects = press(&mut app, "r");
    let [Effect::GetFunction { ticket, .. }, ..] = effects[..] else { panic!("{effects:?}") };
    let mut theirs = function();
    theirs.configuration.timeout_s = Some(60);
    theirs.configuration.revision_id = Some("r2".into());
    app.update(moment(), Msg::Function(ticket, Ok(Box::new(theirs))));
    press(&mut app, "<ctrl-s>");
    let review = review(&app);
    assert_eq!(review.order.revision_id.as_deref(), Some("r2"));
    let (before, after) =
        (with(&[(Setting::Timeout, "60")]), with(&[(Setting::Timeout, "60"), (Setting::Memory, "1024")]));
    assert_eq!(review.order.change, Change::Settings { before, after });
    assert_eq!(review.warnings.len(), 1);
}

#[rstest]
#[case("45", Ok(Some(45)))]
#[case("", Ok(None))]
#[case("0", Ok(Some(0)))]
#[case("899", Ok(Some(899)))]
#[case("900", Ok(Some(900)))]
#[case("901", Err("only 900 are free"))]
#[case("-1", Err("no whole number"))]
#[case("many", Err("no whole number"))]
fn reserved_concurrency_is_asked_for(#[case] typed: &str, #[case] expected: Result<Option<u32>, &str>) {
    let mut app = at_tab(reserved(Some(20)), extras(), Vec::new());
    go_to(&mut app, &Key::Reserved);
    press(&mut app, &format!("<enter><ctrl-u>{typed}<enter>"));
    match expected {
        Ok(after) => {
            assert_eq!(*proposed(&app), Change::ReservedConcurrency { before: Some(20), after });
            let stops = after == Some(0);
            assert_eq!(review(&app).typed.is_some(), stops);
            // What leaves little to all others is said.
            assert_eq!(review(&app).warnings.len(), usize::from(after > Some(800)));
        }
        Err(told) => {
            assert!(problem(&app).contains(told), "{}", problem(&app));
            press(&mut app, "<esc>");
            assert!(app.overlay.is_none());
        }
    }
}

#[test]
fn the_reservation_is_dropped_or_left_as_it_is() {
    let mut app = at_tab(reserved(Some(20)), extras(), Vec::new());
    go_to(&mut app, &Key::Reserved);
    press(&mut app, "<ctrl-d>");
    assert_eq!(*proposed(&app), Change::ReservedConcurrency { before: Some(20), after: None });
    press(&mut app, "ne<enter>");
    assert_eq!(said(&app), "nothing is changed");
    // Without the account's figures the number is sent as it is.
    let mut app = at_tab(reserved(None), denied(), Vec::new());
    go_to(&mut app, &Key::Reserved);
    press(&mut app, "e5000<enter>");
    assert_eq!(*proposed(&app), Change::ReservedConcurrency { before: None, after: Some(5000) });
}

#[test]
fn the_kill_switch_takes_the_typed_name() {
    let mut app = at_tab(reserved(Some(20)), extras(), Vec::new());
    press(&mut app, "K");
    assert_eq!(*proposed(&app), Change::ReservedConcurrency { before: Some(20), after: Some(0) });
    assert_eq!(review(&app).typed.as_deref(), Some(NAME));
    assert_eq!(press(&mut app, "y<enter>checkout<enter>"), []);
    assert!(review(&app).mistyped);
    app.update(moment(), Msg::Action(Action::Paste(NAME.into())));
    assert_eq!(press(&mut app, "<enter><esc>K"), []);
    let effects = press(&mut app, &format!("{NAME}<enter>"));
    let consent = Consent::Typed(NAME.into());
    let permit = Permit { place: place(), function: NAME.into(), consent };
    let [Effect::Write(ticket, _, by)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(**by, permit);
    // It is done: what is shown is read again, and stays on the screen meanwhile.
    let effects = app.update(moment(), Msg::Written(*ticket, Ok(Box::new(Written::default()))));
    let [Effect::GetFunction { ticket, after, .. }, Effect::GetExtras(..), Effect::ReadJournal(journal)] =
        &effects[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!(*after, Duration::ZERO);
    let (function, journal) = (*ticket, *journal);
    assert!(app.function.as_ref().unwrap().configuration.extras.value.is_some());
    app.update(moment(), Msg::Function(function, Ok(Box::new(reserved(Some(0))))));
    // What to restore is not known before the journal is read.
    press(&mut app, "K");
    assert_eq!(said(&app), "the journal is still being read: press it again");
    assert!(app.overlay.is_none());
    app.update(moment(), Msg::Journal(journal, Ok(vec![stopped(Some(20))])));
    press(&mut app, "K");
    assert_eq!(*proposed(&app), Change::ReservedConcurrency { before: Some(0), after: Some(20) });
    assert_eq!(review(&app).typed, None);
    assert!(matches!(press(&mut app, "y")[..], [Effect::Write(..)]));
}

#[test]
fn what_was_unreserved_is_unreserved_again() {
    let mut app = at_tab(reserved(Some(0)), extras(), vec![stopped(Some(20)), stopped(None)]);
    assert_eq!(app.restorable_concurrency(), Restorable::Known(None));
    press(&mut app, "K");
    assert_eq!(*proposed(&app), Change::ReservedConcurrency { before: Some(0), after: None });
}

#[test]
fn what_nobody_knows_is_asked_for() {
    let mut app = at_tab(reserved(Some(0)), extras(), Vec::new());
    assert_eq!(app.restorable_concurrency(), Restorable::Unknown);
    press(&mut app, "K");
    assert!(said(&app).contains("does not know"), "{}", said(&app));
    press(&mut app, "<ctrl-u>7<enter>");
    assert_eq!(*proposed(&app), Change::ReservedConcurrency { before: Some(0), after: Some(7) });
}

fn provisioned(qualifier: &str, before: Option<u32>, after: Option<u32>) -> Change {
    Change::ProvisionedConcurrency { qualifier: qualifier.into(), before, after }
}

#[test]
fn provisioned_concurrency_is_added_edited_and_removed() {
    let mut app = at_tab(reserved(Some(20)), extras(), Vec::new());
    go_to(&mut app, &Key::Provisioned("live".into()));
    press(&mut app, "e<ctrl-u>6<enter>");
    assert_eq!(*proposed(&app), provisioned("live", Some(5), Some(6)));
    press(&mut app, "n<ctrl-d>");
    assert_eq!(*proposed(&app), provisioned("live", Some(5), None));
    press(&mut app, "n+beta 3<enter>");
    assert_eq!(*proposed(&app), provisioned("beta", None, Some(3)));
    assert!(review(&app).warnings.is_empty());
    // 5 and 2 are there: 13 make 20, 14 are more than is reserved.
    press(&mut app, "n+beta 13<enter>");
    assert!(review(&app).warnings.is_empty());
    press(&mut app, "n+beta 14<enter>");
    assert_eq!(review(&app).warnings.len(), 1);
    // One that is there is changed, not added.
    press(&mut app, "n+7 4<enter>");
    assert_eq!(*proposed(&app), provisioned("7", Some(2), Some(4)));
    press(&mut app, "n");
    for (typed, told) in [
        ("$LATEST 5", "$LATEST can't have it"),
        ("live", "a space, and a number"),
        ("live 0", "at least 1 is needed"),
        ("li:ve 1", "the qualifier has `:`"),
        ("", "a space, and a number"),
    ] {
        press(&mut app, &format!("+{typed}<enter>"));
        assert!(problem(&app).contains(told), "{typed}: {}", problem(&app));
        press(&mut app, "<esc>");
    }
    go_to(&mut app, &Key::Provisioned("7".into()));
    press(&mut app, "e<ctrl-u>0<enter>");
    assert!(problem(&app).contains("at least 1"), "{}", problem(&app));
}

#[test]
fn without_any_provisioned_concurrency_there_is_a_row_to_add_it() {
    let none = Extras { provisioned: Ok(Vec::new()), ..extras() };
    let mut app = at_tab(function(), none, Vec::new());
    go_to(&mut app, &Key::NoProvisioned);
    press(&mut app, "elive 5<enter>");
    assert_eq!(*proposed(&app), provisioned("live", None, Some(5)));
    press(&mut app, "n<ctrl-d>");
    assert_eq!(said(&app), "there is nothing to delete here");
}

fn event(qualifier: Option<&str>, before: Option<EventInvoke>, after: Option<EventInvoke>) -> Change {
    Change::EventInvoke { qualifier: qualifier.map(str::to_owned), before, after }
}

#[rstest]
#[case(EventPart::Retries, "2", EventInvoke { maximum_retry_attempts: Some(2), ..live() })]
#[case(EventPart::Retries, "", EventInvoke { maximum_retry_attempts: None, ..live() })]
#[case(EventPart::Age, "60", EventInvoke { maximum_event_age_s: Some(60), ..live() })]
#[case(EventPart::OnSuccess, QUEUE, EventInvoke { on_success: Some(QUEUE.into()), ..live() })]
#[case(EventPart::OnFailure, "", EventInvoke { on_failure: None, ..live() })]
fn asynchronous_invocation_is_edited_by_its_parts(
    #[case] part: EventPart,
    #[case] typed: &str,
    #[case] after: EventInvoke,
) {
    let mut app = at_tab(function(), extras(), Vec::new());
    go_to(&mut app, &Key::Event("live".into(), part));
    press(&mut app, &format!("e<ctrl-u>{typed}<enter>"));
    assert_eq!(*proposed(&app), event(Some("live"), Some(live()), Some(after)));
}

#[rstest]
#[case(EventPart::Retries, "3")]
#[case(EventPart::Age, "59")]
#[case(EventPart::Age, "21601")]
#[case(EventPart::OnFailure, "queue")]
fn asynchronous_invocation_has_limits(#[case] part: EventPart, #[case] typed: &str) {
    let mut app = at_tab(function(), extras(), Vec::new());
    go_to(&mut app, &Key::Event(LATEST.into(), part));
    press(&mut app, &format!("e{typed}<enter>"));
    assert!(!problem(&app).is_empty());
}

#[test]
fn asynchronous_invocation_is_begun_and_taken_away() {
    let mut app = at_tab(function(), extras(), Vec::new());
    // The function itself has no qualifier.
    go_to(&mut app, &Key::Event(LATEST.into(), EventPart::Retries));
    press(&mut app, "<ctrl-d>");
    assert!(said(&app).contains("Lambda's defaults"));
    press(&mut app, "e0<enter>");
    let retries = |count| EventInvoke { maximum_retry_attempts: Some(count), ..EventInvoke::default() };
    assert_eq!(*proposed(&app), event(None, None, Some(retries(0))));
    press(&mut app, "n+7 1<enter>");
    assert_eq!(*proposed(&app), event(Some("7"), None, Some(retries(1))));
    press(&mut app, "n+7 3<enter>");
    assert!(problem(&app).contains("at most 2"));
    press(&mut app, "<esc>");
    go_to(&mut app, &Key::Event("live".into(), EventPart::Age));
    press(&mut app, "<ctrl-d>");
    assert_eq!(*proposed(&app), event(Some("live"), Some(live()), None));
    // With the last one all of it goes.
    let one = Extras { event_invoke: Ok(vec![(LATEST.into(), retries(1))]), ..extras() };
    let mut app = at_tab(function(), one, Vec::new());
    go_to(&mut app, &Key::Event(LATEST.into(), EventPart::Retries));
    press(&mut app, "e<ctrl-u><enter>");
    assert_eq!(*proposed(&app), event(None, Some(retries(1)), None));
}

fn tag(key: &str, before: Option<&str>, after: Option<&str>) -> Change {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Change::Tag { key: key.into(), before: owned(before), after: owned(after) }
}

#[test]
fn tags_are_added_edited_and_removed() {
    let mut app = at_tab(function(), extras(), Vec::new());
    go_to(&mut app, &Key::Tag("team".into()));
    press(&mut app, "e<ctrl-u>orders<enter>");
    assert_eq!(*proposed(&app), tag("team", Some("shop"), Some("orders")));
    press(&mut app, "n<ctrl-d>");
    assert_eq!(*proposed(&app), tag("team", Some("shop"), None));
    press(&mut app, "n+stage=live=1<enter>");
    assert_eq!(*proposed(&app), tag("stage", None, Some("live=1")));
    press(&mut app, "n+team=a b<enter>");
    assert_eq!(*proposed(&app), tag("team", Some("shop"), Some("a b")));
    press(&mut app, "n");
    for typed in
        ["", "stage", "=x", "aws:x=y", &format!("{}=x", "k".repeat(129)), &format!("k={}", "v".repeat(257))]
    {
        press(&mut app, &format!("+{typed}<enter>"));
        assert!(!problem(&app).is_empty(), "{typed}");
        press(&mut app, "<esc>");
    }
    go_to(&mut app, &Key::Tag("aws:cloudformation:logical-id".into()));
    press(&mut app, "e");
    assert!(said(&app).contains("AWS's own"));
    press(&mut app, "<ctrl-d>");
    assert!(app.overlay.is_none());
}

#[test]
fn the_last_tags_come_with_a_warning() {
    let mut details = function();
    details.tags = (0..50).map(|n| (format!("k{n}"), "v".into())).collect();
    let mut app = at_tab(details, extras(), Vec::new());
    press(&mut app, "G+more=1<enter>");
    assert_eq!(review(&app).warnings.len(), 1);
    press(&mut app, "n+k1=2<enter>");
    assert!(review(&app).warnings.is_empty());
    let mut details = function();
    details.tags.clear();
    let mut app = at_tab(details, extras(), Vec::new());
    go_to(&mut app, &Key::NoTags);
    press(&mut app, "ea=<enter>");
    assert_eq!(*proposed(&app), tag("a", None, Some("")));
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
