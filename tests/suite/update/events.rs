//! Choosing events, keeping them, and writing them to the console's shareable ones.

use std::sync::Arc;

use jiff::ToSpan;
use lambdeck::{
    app::{
        Action, App, Effect, FromDisk, Msg, Ticket,
        events::{Choice, EventsPane},
        msg::{EventToExport, EventToRename, EventToSave},
        overlay::{Overlay, Then},
    },
    cloud::{Error, Kind},
    disk::{Over, SaveError},
    domain::{
        change::{Change, Order},
        saved_event::{Fingerprint, Owner, SavedEvent},
        secret::Secret,
        shareable::Shareable,
    },
    keys,
};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use rstest::rstest;

use super::at_test;
use crate::support::app::{act, look, moment, session, type_text};

const FUNCTION: &str = "checkout-api";

fn of_function() -> Owner {
    Owner::Function(FUNCTION.into())
}

fn saved(owner: Owner, name: &str) -> SavedEvent {
    SavedEvent { owner, name: name.into(), bytes: 12, modified: moment() }
}

#[allow(clippy::unnecessary_box_returns, reason = "a message takes it so")]
fn shareable(events: &[(&str, &str)]) -> Box<Shareable> {
    let events = events.iter().map(|(name, event)| ((*name).to_owned(), Secret::new(*event))).collect();
    Box::new(Shareable { events, version: Some("3".into()), others: 0 })
}

/// Something that is done.
type Done<'d> = &'d dyn Fn(&mut App) -> Vec<Effect>;

/// The list, and the requests for what is on disk and for the console's.
fn open(app: &mut App) -> (Ticket, Ticket) {
    let effects = act(app, Action::Events);
    match &effects[..] {
        [Effect::ListEvents(listing, one), Effect::GetShareable(sharing, other)] => {
            assert_eq!((one.as_str(), other.as_str()), (FUNCTION, FUNCTION));
            (*listing, *sharing)
        }
        other => panic!("both are asked for: {other:?}"),
    }
}

/// The list with two saved events and one of the console's.
fn listed() -> App {
    let mut app = at_test();
    let (listing, sharing) = open(&mut app);
    let events = vec![saved(of_function(), "order"), saved(Owner::Shared, "empty")];
    assert_eq!(app.update(moment(), Msg::Events(listing, Ok(events))), []);
    assert_eq!(app.update(moment(), Msg::Shareable(sharing, Ok(shareable(&[("smoke", "{\"a\":1}")])))), []);
    app
}

fn pane(app: &App) -> &EventsPane {
    match &app.overlay {
        Some(Overlay::Events(pane)) => pane,
        other => panic!("the events are open: {other:?}"),
    }
}

fn event(app: &App) -> String {
    app.function.as_ref().unwrap().test.event()
}

fn event_name(app: &App) -> Option<&str> {
    app.function.as_ref().unwrap().test.event_name.as_deref()
}

fn said(app: &App) -> &str {
    app.messages.shown().map_or("", |message| message.text.as_str())
}

fn logged(app: &App, text: &str) -> bool {
    app.messages.log.iter().any(|message| message.text.contains(text))
}

fn press(app: &mut App, code: KeyCode, modifiers: KeyModifiers) -> Vec<Effect> {
    let key = KeyEvent::new(code, modifiers);
    let action = keys::lookup(&app.contexts(), app.takes_text(), key).expect("it means something");
    act(app, action)
}

/// Loads the saved event `order`.
fn load(app: &mut App, content: &str) {
    type_text(app, "order saved");
    let effects = act(app, Action::Open);
    let [Effect::ReadEvent(ticket, Owner::Function(_), name)] = &effects[..] else { panic!("{effects:?}") };
    let read = Ok((name.clone(), Secret::new(content)));
    assert_eq!(app.update(app.now, Msg::EventRead(*ticket, read)), []);
}

/// Types a name to save the event under.
fn save_as(app: &mut App, name: &str) -> Vec<Effect> {
    assert_eq!(act(app, Action::Save), []);
    act(app, Action::Clear);
    type_text(app, name);
    act(app, Action::Open)
}

fn question(app: &App) -> &Then {
    match &app.overlay {
        Some(Overlay::Question(question)) => &question.then,
        other => panic!("one is asked: {other:?}"),
    }
}

#[test]
fn a_saved_event_takes_the_place_of_what_was_typed_until_that_is_undone() {
    let mut app = listed();
    let before = event(&app);
    load(&mut app, "{\"order\":7}");
    assert!(app.overlay.is_none());
    assert_eq!((event(&app), event_name(&app)), ("{\"order\":7}".into(), Some("order")));
    press(&mut app, KeyCode::Char('e'), KeyModifiers::NONE);
    for _ in 0..2 {
        press(&mut app, KeyCode::Char('u'), KeyModifiers::CONTROL);
    }
    assert_eq!(event(&app), before);
}

#[test]
fn a_template_is_filled_in_for_the_session_and_new_each_time() {
    let mut app = at_test();
    let mut seen = Vec::new();
    for _ in 0..2 {
        open(&mut app);
        type_text(&mut app, "sqs-fifo");
        assert_eq!(act(&mut app, Action::Open), []);
        assert_eq!((app.overlay.is_none(), event_name(&app)), (true, Some("sqs-fifo")));
        let text = event(&app);
        assert!(text.contains("eu-west-1") && text.contains("123456789012"), "{text}");
        seen.push(text);
    }
    assert_ne!(seen[0], seen[1]);
}

#[test]
fn a_shareable_event_is_taken_as_it_was_read() {
    let mut app = at_test();
    let (_, sharing) = open(&mut app);
    let hostile = "evil\u{202e}\u{1b}[31m";
    let events = shareable(&[(hostile, "{\"n\":12345678901234567890.10,\"n\":1}")]);
    app.update(moment(), Msg::Shareable(sharing, Ok(events)));
    type_text(&mut app, "evil");
    assert_eq!(act(&mut app, Action::Open), []);
    assert_eq!(event(&app), "{\n  \"n\": 12345678901234567890.10,\n  \"n\": 1\n}");
    assert_eq!(event_name(&app), Some("console/evil⟨U+202E⟩␛[31m"));
}

#[test]
fn what_is_marked_stays_marked_when_more_come() {
    let mut app = at_test();
    let (listing, sharing) = open(&mut app);
    app.update(moment(), Msg::Events(listing, Ok(vec![saved(of_function(), "order")])));
    // Nothing was looked for yet: the first one is the first one.
    assert_eq!(pane(&app).chosen(), Some(&Choice::Saved(saved(of_function(), "order"))));
    act(&mut app, Action::Down);
    let marked = pane(&app).chosen().unwrap().clone();
    app.update(moment(), Msg::Shareable(sharing, Ok(shareable(&[("a", "1"), ("b", "2")]))));
    assert_eq!(pane(&app).chosen(), Some(&marked));
    assert_eq!(pane(&app).picker.cursor.at, 3);

    let mut app = at_test();
    let (listing, sharing) = open(&mut app);
    type_text(&mut app, "sqs");
    act(&mut app, Action::Down);
    let marked = pane(&app).chosen().unwrap().clone();
    app.update(
        moment(),
        Msg::Events(listing, Ok(vec![saved(of_function(), "sqs"), saved(Owner::Shared, "sqs")])),
    );
    app.update(moment(), Msg::Shareable(sharing, Ok(shareable(&[("sqs", "1")]))));
    assert_eq!((pane(&app).chosen(), pane(&app).choices.len() > 40), (Some(&marked), true));
}

#[rstest]
#[case(Kind::Denied, "the console's shareable events may not be read with these credentials")]
#[case(Kind::Unsupported, "this endpoint has no registry of shareable events")]
#[case(Kind::Network, "the console's shareable events: it failed")]
fn the_console_may_have_none_to_show(#[case] kind: Kind, #[case] note: &str) {
    let mut app = at_test();
    let (listing, sharing) = open(&mut app);
    assert_eq!(app.update(moment(), Msg::Shareable(sharing, Err(Error::new(kind, "it failed")))), []);
    assert_eq!(app.update(moment(), Msg::Events(listing, Err("no\u{1b}[2J".into()))), []);
    assert_eq!(pane(&app).notes, [note, "saved events can't be read: no␛[2J"]);
    // No message, no error: the templates are there.
    assert!(app.messages.log.is_empty() && pane(&app).choices.len() > 40);
}

#[test]
fn what_was_asked_for_is_not_taken_elsewhere() {
    let left = |app: &mut App, leave: &dyn Fn(&mut App)| {
        type_text(app, "order saved");
        let effects = act(app, Action::Open);
        let [Effect::ReadEvent(ticket, ..)] = effects[..] else { panic!("{effects:?}") };
        leave(app);
        let before = app.function.as_ref().map(|view| view.test.event());
        let overlay = format!("{:?}", app.overlay);
        app.update(app.now, Msg::EventRead(ticket, Ok(("order".into(), "{\"late\":1}".into()))));
        assert_eq!(app.function.as_ref().map(|view| view.test.event()), before);
        assert_eq!(format!("{:?}", app.overlay), overlay);
    };
    // The list was closed.
    left(&mut listed(), &|app| assert_eq!(act(app, Action::Back), []));
    // Another function was opened.
    left(&mut listed(), &|app| {
        act(app, Action::Back);
        act(app, Action::Back);
        act(app, Action::Down);
        act(app, Action::Invoke);
        assert_ne!(app.function.as_ref().unwrap().name, FUNCTION);
        act(app, Action::Events);
    });
    // Another session began.
    left(&mut listed(), &|app| {
        app.session.connecting = Some((2, app.session.spec.clone()));
        app.update(app.now, Msg::Connected(2, Ok(session("dev", "eu-west-1"))));
        assert!(app.overlay.is_none() && app.beneath.is_empty());
    });
}

#[test]
fn what_can_not_be_read_is_said_and_the_list_stays() {
    let mut app = listed();
    type_text(&mut app, "order saved");
    let effects = act(&mut app, Action::Open);
    let [Effect::ReadEvent(ticket, ..)] = effects[..] else { panic!("{effects:?}") };
    app.update(moment(), Msg::EventRead(ticket, Err("order is\u{1b}[2J gone".into())));
    assert_eq!(said(&app), "order is␛[2J gone");
    pane(&app);
}

#[test]
fn saving_again_goes_over_what_was_read_and_nothing_else() {
    let mut app = listed();
    load(&mut app, "{\"order\":7}");
    let content = Arc::new(Secret::new("{\"order\":7}"));
    let to_save = |name: &str, owner: Owner, over: Over| {
        Box::new(EventToSave { owner, name: name.into(), content: Arc::clone(&content), over })
    };
    let saving = |effects: Vec<Effect>| match &effects[..] {
        [Effect::SaveEvent(ticket, event)] => (*ticket, event.clone()),
        other => panic!("it is saved: {other:?}"),
    };
    let (ticket, sent) = saving(save_as(&mut app, "order"));
    let read = Fingerprint::of("{\"order\":7}");
    assert_eq!(sent, to_save("order", of_function(), Over::If(read)));
    assert_eq!(app.update(moment(), Msg::EventStored(ticket, Ok("saved again: order".into()))), []);
    assert_eq!(said(&app), "saved again: order");

    // Another name is another event.
    let (ticket, sent) = saving(save_as(&mut app, "shared/two"));
    assert_eq!(sent, to_save("two", Owner::Shared, Over::Never));
    let exists = SaveError::Exists("two for all functions".into());
    assert_eq!(app.update(moment(), Msg::EventStored(ticket, Err(exists))), []);
    assert_eq!(*question(&app), Then::SaveOver(to_save("two", Owner::Shared, Over::Never)));
    // The answer is no unless yes is said.
    assert_eq!(press(&mut app, KeyCode::Enter, KeyModifiers::NONE), []);
    assert!(app.overlay.is_none());

    let (ticket, _) = saving(save_as(&mut app, "shared/two"));
    app.update(moment(), Msg::EventStored(ticket, Err(SaveError::Changed("two".into()))));
    // It came up by itself: a yes at once was meant for something else.
    assert_eq!(press(&mut app, KeyCode::Char('y'), KeyModifiers::NONE), []);
    look(&mut app);
    let (ticket, sent) = saving(press(&mut app, KeyCode::Char('y'), KeyModifiers::NONE));
    assert_eq!(sent, to_save("two", Owner::Shared, Over::Always));
    app.update(moment(), Msg::EventStored(ticket, Ok("saved".into())));
    // From now on it is the one that is edited.
    let test = &app.function.as_ref().unwrap().test;
    let from = FromDisk { owner: Owner::Shared, name: "two".into(), fingerprint: read };
    assert_eq!((test.from_disk.clone(), test.event_name.as_deref()), (Some(from), Some("two")));
    act(&mut app, Action::Save);
    let Some(Overlay::Prompt(prompt)) = &app.overlay else { panic!("{:?}", app.overlay) };
    assert_eq!(prompt.field.text(), "shared/two");
}

#[rstest]
#[case("", "a name is wanted")]
#[case("shared/", "a name is wanted")]
#[case("a\u{202e}b", "doesn't show")]
#[case("console/", "the event has no name")]
#[case("console/a b", "letters, digits, dots")]
fn a_name_that_can_not_be_is_told(#[case] name: &str, #[case] problem: &str) {
    let mut app = at_test();
    let effects = save_as(&mut app, name);
    assert_eq!(effects, []);
    let Some(Overlay::Prompt(prompt)) = &app.overlay else { panic!("{:?}", app.overlay) };
    assert!(prompt.problem.as_ref().unwrap().contains(problem), "{prompt:?}");
}

#[test]
fn deleting_is_asked_and_the_list_is_read_again() {
    let mut app = listed();
    type_text(&mut app, "order saved");
    assert_eq!(act(&mut app, Action::Delete), []);
    assert_eq!(*question(&app), Then::DeleteEvent(of_function(), "order".into()));
    for key in [KeyCode::Enter, KeyCode::Esc, KeyCode::Char('n')] {
        assert_eq!(press(&mut app, key, KeyModifiers::NONE), []);
        pane(&app);
        act(&mut app, Action::Delete);
    }
    let effects = act(&mut app, Action::Yes);
    let [Effect::DeleteEvent(ticket, owner, name)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((owner, name.as_str()), (&of_function(), "order"));
    let effects = app.update(moment(), Msg::EventStored(*ticket, Ok("deleted: order".into())));
    let [Effect::ListEvents(listing, function)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((said(&app), function.as_str()), ("deleted: order", FUNCTION));
    app.update(moment(), Msg::Events(*listing, Ok(Vec::new())));
    assert!(!pane(&app).choices.iter().any(|choice| matches!(choice, Choice::Saved(_))));
    // A template stays.
    act(&mut app, Action::Back);
    open(&mut app);
    assert_eq!(act(&mut app, Action::Delete), []);
    assert_eq!(said(&app), "a template can't be deleted");
}

#[test]
fn renaming_may_give_it_to_all_functions() {
    let mut app = listed();
    type_text(&mut app, "order saved");
    act(&mut app, Action::Rename);
    act(&mut app, Action::Clear);
    type_text(&mut app, "shared/two");
    let effects = act(&mut app, Action::Open);
    let [Effect::RenameEvent(ticket, rename)] = &effects[..] else { panic!("{effects:?}") };
    let expected = EventToRename {
        owner: of_function(),
        name: "order".into(),
        to_owner: Owner::Shared,
        to: "two".into(),
    };
    assert_eq!(**rename, expected);
    // It failed: the list is read again all the same.
    let effects = app.update(moment(), Msg::EventStored(*ticket, Err(SaveError::Gone("order".into()))));
    assert!(matches!(effects[..], [Effect::ListEvents(..)]), "{effects:?}");
    assert_eq!(said(&app), "order is not there any more");
    type_text(&mut app, "zzz");
    assert_eq!(act(&mut app, Action::Rename), []);
    assert_eq!(said(&app), "only a saved event can be renamed");
}

#[test]
fn a_shared_one_becomes_one_of_the_function_whose_list_is_open() {
    let mut app = listed();
    type_text(&mut app, "empty all");
    act(&mut app, Action::Rename);
    let Some(Overlay::Prompt(prompt)) = &app.overlay else { panic!("{:?}", app.overlay) };
    assert_eq!(prompt.field.text(), "shared/empty");
    act(&mut app, Action::Clear);
    type_text(&mut app, "mine");
    let effects = act(&mut app, Action::Open);
    let [Effect::RenameEvent(_, rename)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((rename.to_owner.clone(), rename.to.as_str()), (of_function(), "mine"));
}

#[test]
fn an_event_is_taken_from_a_file() {
    let mut app = listed();
    act(&mut app, Action::Import);
    assert_eq!(act(&mut app, Action::Open), []);
    type_text(&mut app, "~/event.json");
    let effects = act(&mut app, Action::Open);
    let [Effect::ImportEvent(ticket, path)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(path, "~/event.json");
    app.update(moment(), Msg::EventRead(*ticket, Ok(("event".into(), "[1]".into()))));
    assert_eq!((event(&app), event_name(&app), app.overlay.is_none()), ("[1]".into(), Some("event"), true));
    // It is no saved one yet.
    assert_eq!(app.function.as_ref().unwrap().test.from_disk, None);
}

#[test]
fn an_event_is_written_to_a_file_and_one_that_is_there_is_replaced_only_after_a_question() {
    let mut app = listed();
    let cases = [
        ("order saved", EventToExport::Saved(of_function(), "order".into()), "order.json"),
        ("smoke", EventToExport::Text(Arc::new("{\"a\":1}".into())), "smoke.json"),
    ];
    for (typed, export, proposed) in cases {
        type_text(&mut app, typed);
        act(&mut app, Action::Export);
        let Some(Overlay::Prompt(prompt)) = &app.overlay else { panic!("{:?}", app.overlay) };
        assert_eq!(prompt.field.text(), proposed);
        let effects = act(&mut app, Action::Open);
        let [Effect::ExportEvent { ticket, event, path, overwrite: false }] = &effects[..] else {
            panic!("{effects:?}")
        };
        assert_eq!((&**event, path.as_str()), (&export, proposed));
        app.update(moment(), Msg::EventStored(*ticket, Err(SaveError::Exists(proposed.into()))));
        assert_eq!(*question(&app), Then::ExportOver(export.clone(), proposed.into()));
        assert_eq!(act(&mut app, Action::No), []);
        pane(&app);
        act(&mut app, Action::Export);
        let effects = act(&mut app, Action::Open);
        let [Effect::ExportEvent { ticket, .. }] = effects[..] else { panic!("{effects:?}") };
        app.update(moment(), Msg::EventStored(ticket, Err(SaveError::Exists(proposed.into()))));
        assert_eq!(act(&mut app, Action::Yes), []);
        look(&mut app);
        let effects = act(&mut app, Action::Yes);
        assert!(matches!(&effects[..], [Effect::ExportEvent { overwrite: true, .. }]), "{effects:?}");
        act(&mut app, Action::Back);
        let (listing, sharing) = open(&mut app);
        app.update(moment(), Msg::Events(listing, Ok(vec![saved(of_function(), "order")])));
        app.update(moment(), Msg::Shareable(sharing, Ok(shareable(&[("smoke", "{\"a\":1}")]))));
    }
    // A template is written as it would be taken.
    type_text(&mut app, "sqs-fifo");
    act(&mut app, Action::Export);
    let effects = act(&mut app, Action::Open);
    let [Effect::ExportEvent { event, path, .. }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(path, "sqs-fifo.json");
    assert!(matches!(&**event, EventToExport::Text(text) if text.reveal().contains("eu-west-1")));
}

#[test]
fn the_name_of_a_file_leads_nowhere_else() {
    let mut app = at_test();
    let (listing, _) = open(&mut app);
    app.update(moment(), Msg::Events(listing, Ok(vec![saved(of_function(), "../~/a\\b")])));
    type_text(&mut app, "saved");
    act(&mut app, Action::Export);
    let Some(Overlay::Prompt(prompt)) = &app.overlay else { panic!("{:?}", app.overlay) };
    assert_eq!(prompt.field.text(), "a-b.json");
}

/// The event is to be shared; what is there is read first.
fn sharing(app: &mut App, name: &str) -> Ticket {
    let effects = save_as(app, &format!("console/{name}"));
    match &effects[..] {
        [Effect::GetShareable(ticket, function)] if function == FUNCTION => *ticket,
        other => panic!("it is read first: {other:?}"),
    }
}

fn proposed(app: &App) -> &Order {
    match &app.overlay {
        Some(Overlay::Review(review)) => &review.order,
        other => panic!("it is to be agreed to: {other:?}"),
    }
}

#[test]
fn sharing_is_a_change_that_is_agreed_to_and_guarded() {
    let mut app = at_test();
    let ticket = sharing(&mut app, "smoke");
    let there = shareable(&[("smoke", "{\"a\":1}"), ("other", "2")]);
    assert_eq!(app.update(moment(), Msg::Shareable(ticket, Ok(there))), []);
    let expected = Order {
        function: FUNCTION.into(),
        revision_id: Some("3".into()),
        change: Change::ShareableEvent {
            name: "smoke".into(),
            before: Some("{\"a\":1}".into()),
            after: Some("{\n  \"key\": \"value\"\n}".into()),
        },
    };
    assert_eq!(*proposed(&app), expected);
    // It came up by itself: it has to be seen before yes counts.
    assert_eq!(act(&mut app, Action::Yes), []);
    look(&mut app);
    let effects = act(&mut app, Action::Yes);
    let [Effect::Write(written, order, _)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(**order, expected);
    let stale = Error::new(Kind::Stale, "nothing was sent: it changed meanwhile");
    // What is shown of the function is read again.
    let effects = app.update(app.now, Msg::Written(*written, Err(stale)));
    assert!(matches!(effects[..], [Effect::GetFunction { .. }]), "{effects:?}");
    assert!(logged(&app, "it changed meanwhile") && app.writing.is_empty());
}

#[test]
fn a_new_one_and_a_deleted_one_are_changes_too() {
    let mut app = at_test();
    let ticket = sharing(&mut app, "new");
    app.update(moment(), Msg::Shareable(ticket, Ok(shareable(&[]))));
    let Change::ShareableEvent { before: None, after: Some(_), .. } = &proposed(&app).change else {
        panic!("{:?}", proposed(&app))
    };
    assert_eq!(act(&mut app, Action::No), []);

    let mut app = listed();
    type_text(&mut app, "smoke");
    let effects = act(&mut app, Action::Delete);
    let [Effect::GetShareable(ticket, _)] = effects[..] else { panic!("{effects:?}") };
    app.update(moment(), Msg::Shareable(ticket, Ok(shareable(&[("smoke", "{\"a\":1}")]))));
    let Change::ShareableEvent { before: Some(_), after: None, .. } = &proposed(&app).change else {
        panic!("{:?}", proposed(&app))
    };
    // The list is gone: it would show what was before.
    assert_eq!(act(&mut app, Action::No), []);
    assert!(app.overlay.is_none());
}

#[test]
fn what_is_proposed_hides_nothing_for_good() {
    let mut app = at_test();
    let ticket = sharing(&mut app, "smoke");
    act(&mut app, Action::SendAs);
    app.update(moment(), Msg::Shareable(ticket, Ok(shareable(&[]))));
    proposed(&app);
    look(&mut app);
    act(&mut app, Action::No);
    assert!(matches!(app.overlay, Some(Overlay::Picker(_))), "{:?}", app.overlay);
    act(&mut app, Action::Back);

    // Nothing is changed: nothing is hidden.
    let ticket = sharing(&mut app, "smoke");
    act(&mut app, Action::SendAs);
    app.update(moment(), Msg::Shareable(ticket, Ok(shareable(&[("smoke", "{\n  \"key\": \"value\"\n}")]))));
    assert!(matches!(app.overlay, Some(Overlay::Picker(_))), "{:?}", app.overlay);
    assert!(logged(&app, "nothing is changed"));
}

#[test]
fn what_can_not_be_shared_is_said() {
    let mut app = at_test();
    let ticket = sharing(&mut app, "smoke");
    let error = Error::new(Kind::Denied, "not authorized");
    assert_eq!(app.update(moment(), Msg::Shareable(ticket, Err(error))), []);
    assert_eq!(said(&app), "nothing was shared: not authorized");

    app.session.current.as_mut().unwrap().spec.read_only = true;
    app.session.spec.read_only = true;
    let ticket = sharing(&mut app, "smoke");
    app.update(moment(), Msg::Shareable(ticket, Ok(shareable(&[]))));
    assert!(app.overlay.is_none());
    assert_eq!(said(&app), "this session is read-only: nothing is changed from here");
}

#[test]
fn what_was_to_be_shared_stays_in_its_session() {
    let mut app = at_test();
    let ticket = sharing(&mut app, "smoke");
    app.session.connecting = Some((2, app.session.spec.clone()));
    app.update(app.now, Msg::Connected(2, Ok(session("dev", "eu-west-1"))));
    assert_eq!(app.update(app.now, Msg::Shareable(ticket, Ok(shareable(&[])))), []);
    assert!(app.overlay.is_none());
}

#[test]
fn several_may_be_waited_for() {
    let mut app = at_test();
    let first = sharing(&mut app, "smoke");
    let effects = save_as(&mut app, "order");
    let [Effect::SaveEvent(second, _)] = effects[..] else { panic!("{effects:?}") };
    let (listing, _) = open(&mut app);
    app.update(moment(), Msg::Events(listing, Ok(vec![saved(of_function(), "other")])));
    type_text(&mut app, "other");
    let effects = act(&mut app, Action::Open);
    let [Effect::ReadEvent(third, ..)] = effects[..] else { panic!("{effects:?}") };
    app.update(moment(), Msg::EventStored(second, Ok("saved".into())));
    assert_eq!(event_name(&app), Some("order"));
    app.update(moment(), Msg::EventRead(third, Ok(("other".into(), "1".into()))));
    assert_eq!(event(&app), "1");
    app.update(moment(), Msg::Shareable(first, Ok(shareable(&[]))));
    proposed(&app);
    // Each is answered once.
    app.update(moment() + 1.seconds(), Msg::EventRead(third, Ok(("other".into(), "2".into()))));
    assert_eq!(event(&app), "1");
}

#[test]
fn no_event_shows_in_debug_or_messages() {
    let canary = "canary-77aa";
    let content = format!("{{\"{canary}\":1}}");
    let mut app = listed();
    load(&mut app, &content);
    let steps: [Done<'_>; 3] =
        [&|app| save_as(app, "order"), &|app| save_as(app, "console/smoke"), &|app| act(app, Action::Save)];
    for step in steps {
        let effects = step(&mut app);
        assert!(!format!("{effects:?}{app:?}").contains(canary));
    }
    act(&mut app, Action::Back);
    let ticket = sharing(&mut app, "smoke");
    app.update(moment(), Msg::Shareable(ticket, Ok(shareable(&[("smoke", &content.replace('1', "2"))]))));
    proposed(&app);
    assert!(!format!("{app:?}").contains(canary));
}
