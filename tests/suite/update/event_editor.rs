//! The event's editor: what is one step, what is known of the event while it is typed, and the user's own editor.

use std::sync::Arc;

use jiff::{SignedDuration, ToSpan};
use lambdeck::{
    app::{
        Action, App, Effect, Msg, Ticket,
        function::test::TestPane,
        messages::Severity,
        msg::{EditedOutside, Examined, Examining},
    },
    domain::{
        json::{Duplicate, Problem},
        secret::Secret,
    },
};
use rstest::rstest;
use tui_textarea::{Input, Key};

use super::{answer, at_test, details};
use crate::support::app::{act, moment, type_text};

fn pane(app: &mut App) -> &mut TestPane {
    &mut app.function.as_mut().unwrap().test
}

fn event(app: &App) -> String {
    app.function.as_ref().unwrap().test.event()
}

fn said(app: &App) -> (Severity, &str) {
    let message = app.messages.shown().expect("something is said");
    (message.severity, &message.text)
}

/// In the editor, with this event.
fn editing(text: &str) -> App {
    let mut app = at_test();
    pane(&mut app).set_event(text);
    act(&mut app, Action::Edit);
    app
}

fn key(app: &mut App, key: Key) -> Vec<Effect> {
    act(app, Action::Text(Input { key, ctrl: false, alt: false, shift: false }))
}

/// A list that is larger than what is checked as it is typed.
fn large() -> String {
    format!("[{}1]", "1234567,\n".repeat(40_000))
}

fn outside(app: &mut App) -> (Ticket, Arc<Secret>) {
    let effects = act(app, Action::EditOutside);
    let [Effect::EditOutside(ticket, event)] = &effects[..] else { panic!("{effects:?}") };
    (*ticket, Arc::clone(event))
}

fn saved(text: &str) -> EditedOutside {
    EditedOutside { text: Some(text.into()), ending: None, at_once: false }
}

#[test]
fn each_way_to_replace_the_event_is_one_step() {
    let mut app = editing("{\"b\": [1.10, 1e400]}");
    act(&mut app, Action::Format);
    assert_eq!(event(&app), "{\n  \"b\": [\n    1.10,\n    1e400\n  ]\n}");
    act(&mut app, Action::Minify);
    assert_eq!(event(&app), "{\"b\":[1.10,1e400]}");
    pane(&mut app).replace("{\"a\": 1}\n", Some("sqs".into()));
    let (ticket, given) = outside(&mut app);
    assert_eq!(given.reveal(), "{\"a\": 1}");
    app.update(moment(), Msg::EditedOutside(ticket, Ok(saved("[\r\n2]\n"))));
    act(&mut app, Action::Paste("\r\n".into()));
    let mut seen = Vec::new();
    for _ in 0..7 {
        seen.push((event(&app), app.function.as_ref().unwrap().test.event_name.clone()));
        act(&mut app, Action::Undo);
    }
    let sqs = Some("sqs".to_owned());
    assert_eq!(
        seen,
        [
            ("\n[\n2]".to_owned(), sqs.clone()),
            ("[\n2]".to_owned(), sqs.clone()),
            ("{\"a\": 1}".to_owned(), sqs),
            ("{\"b\":[1.10,1e400]}".to_owned(), None),
            ("{\n  \"b\": [\n    1.10,\n    1e400\n  ]\n}".to_owned(), None),
            ("{\"b\": [1.10, 1e400]}".to_owned(), None),
            ("{\"b\": [1.10, 1e400]}".to_owned(), None),
        ]
    );
    for _ in 0..9 {
        act(&mut app, Action::Redo);
    }
    assert_eq!(event(&app), "\n[\n2]");
    assert_eq!(pane(&mut app).event_name.as_deref(), Some("sqs"));
}

#[test]
fn the_tab_takes_back_and_makes_again_without_the_editor() {
    let mut app = at_test();
    let first = event(&app);
    act(&mut app, Action::Minify);
    assert_eq!(event(&app), "{\"key\":\"value\"}");
    act(&mut app, Action::Undo);
    assert_eq!((event(&app), pane(&mut app).editing), (first, false));
    act(&mut app, Action::Redo);
    assert_eq!(event(&app), "{\"key\":\"value\"}");
}

#[test]
fn a_name_that_was_taken_back_does_not_come_again_behind_another_change() {
    let mut app = editing("1");
    pane(&mut app).replace("2", Some("two".into()));
    act(&mut app, Action::Undo);
    type_text(&mut app, "9");
    assert_eq!((event(&app).as_str(), pane(&mut app).event_name.as_deref()), ("91", None));
    act(&mut app, Action::Undo);
    act(&mut app, Action::Redo);
    assert_eq!((event(&app).as_str(), pane(&mut app).event_name.as_deref()), ("91", None));
}

#[test]
fn what_is_wrong_is_told_where_people_count_it_and_one_key_goes_there() {
    let mut app = at_test();
    pane(&mut app).set_event("{\n  \"世界\": 1,\n  \"é\": x\n}");
    assert_eq!(pane(&mut app).problem, Some(Problem { line: 3, column: 8, message: "no JSON value".into() }));
    act(&mut app, Action::GoToProblem);
    assert!(pane(&mut app).editing);
    key(&mut app, Key::Delete);
    type_text(&mut app, "2");
    assert_eq!((event(&app).as_str(), &pane(&mut app).problem), ("{\n  \"世界\": 1,\n  \"é\": 2\n}", &None));
}

#[test]
fn a_name_that_is_there_twice_is_a_warning_and_is_sent() {
    let mut app = editing("{\"a\": 1, \"b\": {\"a\": 2}}");
    assert_eq!(pane(&mut app).duplicate, None);
    act(&mut app, Action::Text(Input { key: Key::Home, ctrl: true, alt: false, shift: false }));
    key(&mut app, Key::Right);
    act(&mut app, Action::Paste("\"b\": 0,\n".into()));
    assert_eq!(pane(&mut app).duplicate, Some(Duplicate { line: 2, column: 9, first_line: 1 }));
    act(&mut app, Action::GoToProblem);
    let editor = &pane(&mut app).editor;
    assert_eq!(editor.place(editor.cursor()), (1, 8));
    let effects = act(&mut app, Action::Send);
    assert!(matches!(&effects[..], [Effect::Invoke { .. }]), "{effects:?}");
}

#[test]
fn a_large_event_is_checked_elsewhere_once_nothing_is_typed() {
    let mut app = editing("1");
    let text = large();
    assert_eq!(key(&mut app, Key::Delete), []);
    assert_eq!(act(&mut app, Action::Paste(text.as_str().into())), []);
    let due = |app: &App| app.wake_at().map(|at| at.duration_since(app.now));
    assert_eq!(due(&app), Some(SignedDuration::from_millis(300)));
    // Each key puts it off.
    let later = app.now + 200.milliseconds();
    assert_eq!(app.update(later, Msg::Action(Action::Paste("x".into()))), []);
    assert_eq!(app.update(moment() + 300.milliseconds(), Msg::Tick), []);
    let effects = app.update(moment() + 500.milliseconds(), Msg::Tick);
    let [Effect::Examine(ticket, Examining::Check, given)] = &effects[..] else { panic!("{effects:?}") };
    assert!(given.reveal() == format!("{text}x"));
    assert!(!format!("{effects:?}").contains("1234567"));
    // One at a time, and no timer while it is under way.
    assert_eq!(app.update(moment() + 900.milliseconds(), Msg::Tick), []);
    assert_eq!(app.wake_at(), None);
    let problem =
        Problem { line: 40_001, column: 3, message: "something behind the end of the value".into() };
    app.update(app.now, Msg::Examined(*ticket, Err(problem.clone())));
    assert_eq!(pane(&mut app).problem, Some(problem));
    assert_eq!(app.update(moment() + 2.seconds(), Msg::Tick), []);
    act(&mut app, Action::GoToProblem);
    key(&mut app, Key::Delete);
    assert!(event(&app) == text && pane(&mut app).problem.is_none());
}

#[test]
fn what_was_found_out_of_an_event_that_is_another_one_by_now_is_dropped() {
    let mut app = editing(&large());
    app.update(moment(), Msg::Tick);
    let effects = app.update(moment() + 400.milliseconds(), Msg::Tick);
    let [Effect::Examine(ticket, ..)] = effects[..] else { panic!("{effects:?}") };
    type_text(&mut app, " ");
    let problem = Problem { line: 1, column: 1, message: "stale".into() };
    app.update(app.now, Msg::Examined(ticket, Err(problem)));
    assert_eq!(pane(&mut app).problem, None);
    // It is asked again, of what is there now.
    let effects = app.update(moment() + 800.milliseconds(), Msg::Tick);
    let [Effect::Examine(_, Examining::Check, given)] = &effects[..] else { panic!("{effects:?}") };
    assert!(given.reveal() == event(&app));
}

#[rstest]
#[case(Action::Format, Examining::Format)]
#[case(Action::Minify, Examining::Minify)]
fn a_large_event_is_written_anew_elsewhere(#[case] action: Action, #[case] what: Examining) {
    let mut app = editing(&large());
    let before = event(&app);
    let effects = act(&mut app, action.clone());
    let [Effect::Examine(ticket, asked, _)] = effects[..] else { panic!("{effects:?}") };
    assert_eq!(asked, what);
    assert!(pane(&mut app).under_way().is_some());
    let written = Examined { written: Some("[2]".into()), duplicate: None };
    app.update(app.now, Msg::Examined(ticket, Ok(written)));
    assert_eq!((event(&app).as_str(), pane(&mut app).under_way()), ("[2]", None));
    act(&mut app, Action::Undo);
    assert!(event(&app) == before);
    // What is typed meanwhile counts more.
    let effects = act(&mut app, action);
    let [Effect::Examine(ticket, ..)] = effects[..] else { panic!("{effects:?}") };
    type_text(&mut app, "9");
    let written = Examined { written: Some("[2]".into()), duplicate: None };
    app.update(app.now, Msg::Examined(ticket, Ok(written)));
    assert!(event(&app) == format!("9{before}"));
    assert!(said(&app).1.starts_with("the event was changed meanwhile"), "{:?}", said(&app));
}

#[test]
fn a_large_event_that_is_not_checked_yet_is_checked_when_it_is_sent() {
    let mut app = editing(&format!("{}x", large()));
    assert_eq!(act(&mut app, Action::Send), []);
    assert!(said(&app).1.contains("something behind the end of the value at line 40001 column 3"));
}

#[rstest]
#[case::emptied(saved(" \n"), "{}", Severity::Warning, "the event is kept")]
#[case::as_it_was(EditedOutside { text: None, ending: None, at_once: false }, "{}", Severity::Info, "as it was")]
#[case::forked(EditedOutside { text: None, ending: None, at_once: true }, "{}", Severity::Warning, "--wait")]
#[case::a_fast_script(EditedOutside { at_once: true, ..saved("[]\n") }, "[]", Severity::Info, "what the editor saved")]
#[case::failed(
    EditedOutside { text: None, ending: Some("vi ended with exit code 1".into()), at_once: true },
    "{}",
    Severity::Warning,
    "vi ended with exit code 1; the event is as it was"
)]
#[case::killed(
    EditedOutside { ending: Some("vi was ended by signal 9".into()), ..saved("[]") },
    "[]",
    Severity::Warning,
    "vi was ended by signal 9; the event is what the editor saved"
)]
#[case::other_line_ends(saved("{}\r\n"), "{}", Severity::Info, "as it was")]
fn what_comes_of_the_own_editor_is_said(
    #[case] edited: EditedOutside,
    #[case] expected: &str,
    #[case] severity: Severity,
    #[case] words: &str,
) {
    let mut app = editing("{}");
    let (ticket, _) = outside(&mut app);
    let steps = pane(&mut app).editor.steps();
    app.update(moment(), Msg::EditedOutside(ticket, Ok(edited)));
    assert_eq!(event(&app), expected);
    assert_eq!(pane(&mut app).editor.steps() - steps, u64::from(expected != "{}"));
    let (how, text) = said(&app);
    assert!(how == severity && text.contains(words), "{how:?} {text}");
}

#[test]
fn no_editor_is_an_error_and_changes_nothing() {
    let mut app = editing("{}");
    let (ticket, _) = outside(&mut app);
    app.update(moment(), Msg::EditedOutside(ticket, Err("nano can't be started: not found".into())));
    assert_eq!(said(&app), (Severity::Error, "nano can't be started: not found"));
    assert_eq!(event(&app), "{}");
}

#[test]
fn an_event_comes_back_to_the_function_it_is_of() {
    let mut app = editing("{}");
    let (ticket, _) = outside(&mut app);
    // While the editor has the terminal nobody presses keys, but answers come in.
    let effects = {
        act(&mut app, Action::Back);
        act(&mut app, Action::Back);
        act(&mut app, Action::Down);
        act(&mut app, Action::Invoke)
    };
    let [Effect::GetFunction { ticket: read, .. }] = effects[..] else { panic!("{effects:?}") };
    app.update(moment(), Msg::Function(read, Ok(Box::new(details("checkout-worker")))));
    let other = event(&app);
    app.update(moment(), Msg::EditedOutside(ticket, Ok(saved("[1]\n"))));
    assert_eq!(event(&app), other);
    act(&mut app, Action::Back);
    act(&mut app, Action::Up);
    act(&mut app, Action::Invoke);
    assert_eq!(event(&app), "[1]");
    // A second time nobody asked for it.
    app.update(moment(), Msg::EditedOutside(ticket, Ok(saved("[2]\n"))));
    assert_eq!(event(&app), "[1]");
}

#[test]
fn an_answer_that_comes_meanwhile_is_there_afterwards() {
    use lambdeck::domain::invocation::Reply;
    let mut app = at_test();
    let effects = act(&mut app, Action::Send);
    let [Effect::Invoke { ticket: sent, .. }] = effects[..] else { panic!("{effects:?}") };
    let (ticket, _) = outside(&mut app);
    app.update(moment(), Msg::Invoked(sent, Ok(Box::new(Reply::read(answer(None))))));
    app.update(moment(), Msg::EditedOutside(ticket, Ok(saved("[1]\n"))));
    assert!(app.looked_at().unwrap().reply().is_some());
    assert_eq!(event(&app), "[1]");
}

#[test]
fn pages_keep_the_column_and_the_screen_follows() {
    let mut app = editing(&"abcdefgh\n".repeat(100));
    for _ in 0..4 {
        key(&mut app, Key::Right);
    }
    act(&mut app, Action::PageDown);
    act(&mut app, Action::PageDown);
    let pane = pane(&mut app);
    let (line, column) = pane.editor.place(pane.editor.cursor());
    assert!(line > 10 && column == 4, "{line} {column}");
    assert!(pane.scroll.0 <= line && line < pane.scroll.0 + 24, "{:?}", pane.scroll);
}
