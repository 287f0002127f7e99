//! Every screen and overlay as text, at 80x24 and at 200x60, made by real messages through `update`.
//!
//! The snapshots are under `tests/suite/snapshots`. To take changed ones over: `INSTA_UPDATE=always cargo test --test
//! suite screens`, then read the diff.

mod answer;
mod bulk;
mod compare;
mod configuration;
mod environment;
mod events;
mod everywhere;
mod fixtures;
mod history;
mod hostile_logs;
mod insights;
mod invocations;
mod log_filters;
mod log_invocations;
mod log_sources;
mod logs;
mod repeat;
mod request_log;
mod versions;

use std::collections::BTreeMap;

use lambdeck::{
    app::{Action, Effect, Msg, msg::Connected},
    cloud::{self, Kind, Spec, profiles::Profile},
    domain::{
        function::Environment,
        invocation::{Answer, Mode, Reply},
    },
};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use fixtures::*;

#[test]
fn functions_list() {
    Screen::listed().check("functions");
}

#[test]
fn functions_moved_and_sorted() {
    let mut screen = Screen::listed();
    screen.keys("sjj");
    screen.check("functions_by_name");
    screen.keys("Sp");
    screen.check("functions_reversed_without_preview");
}

#[test]
fn functions_filtered() {
    let mut screen = Screen::listed();
    screen.keys("/check");
    screen.check("functions_filter_typed");
    screen.key(KeyCode::Enter);
    screen.check("functions_filter_kept");
    screen.keys("/ nothing");
    screen.check("functions_filter_matches_none");
}

#[test]
fn functions_before_the_first_page() {
    Screen::new(prod()).check("connecting");
    let (mut screen, ticket) = Screen::connected();
    screen.check("functions_loading");
    screen.send(Msg::FunctionsPage { ticket, functions: functions(), last: false });
    screen.check("functions_first_page");
}

#[test]
fn functions_none() {
    let (mut screen, ticket) = Screen::connected();
    screen.send(Msg::FunctionsPage { ticket, functions: Vec::new(), last: true });
    screen.check("functions_none");
}

#[test]
fn functions_failed() {
    let (mut screen, ticket) = Screen::connected();
    screen.send(Msg::FunctionsFailed(ticket, expired()));
    screen.check("functions_failed");
}

#[test]
fn functions_refreshed_in_vain() {
    let mut screen = Screen::listed();
    let effects = screen.key(KeyCode::Char('r'));
    let Some(Effect::ListFunctions(ticket)) = effects.first() else { panic!("{effects:?}") };
    let ticket = *ticket;
    screen.send(Msg::FunctionsPage { ticket, functions: functions(), last: false });
    screen.check("functions_refreshing");
    screen.send(Msg::FunctionsFailed(ticket, expired()));
    screen.wait(20.0);
    screen.check("functions_not_refreshed");
}

#[test]
fn function_tabs() {
    let mut screen = Screen::opened();
    screen.check("overview");
    screen.text(80, 24);
    screen.key(KeyCode::Char('G'));
    screen.check("overview_end");
    screen.keys("3");
    screen.check("configuration");
}

#[test]
fn function_being_read_and_failing() {
    let mut screen = Screen::listed();
    let effects = screen.key(KeyCode::Enter);
    screen.check("overview_loading");
    let Some(Effect::GetFunction { ticket, .. }) = effects.first() else { panic!("{effects:?}") };
    let error = cloud::Error::new(
        Kind::Denied,
        "could not read checkout-api: not authorized to perform lambda:GetFunction",
    )
    .with_hint("ask for the permission that the message names, or switch with :profile");
    screen.send(Msg::Function(*ticket, Err(error)));
    screen.check("overview_failed");
}

#[test]
fn environment_is_masked() {
    let mut screen = Screen::opened();
    screen.keys("Ej");
    screen.check("environment");
    // The second one is empty: its value can be shown here.
    screen.keys("x");
    screen.check("environment_revealed");
}

#[test]
fn environment_reveals_only_what_was_asked_for_and_for_thirty_seconds() {
    let mut screen = Screen::opened();
    screen.keys("Ex");
    let shown = screen.text(120, 30);
    assert_eq!(shown.matches(CANARY).count(), 1, "{shown}");
    assert!(shown.contains("shown until 14:03:52"), "{shown}");
    screen.wait(30.0);
    assert!(!screen.text(120, 30).contains(CANARY));
}

#[test]
fn a_long_value_is_shown_to_its_end() {
    let mut screen = Screen::long_value();
    screen.keys("Ejjx");
    for (columns, rows) in [(80, 24), (40, 60)] {
        let shown = screen.text(columns, rows);
        assert_eq!(shown.matches(CANARY).count(), 30, "{shown}");
        assert!(shown.contains("shown until 14:03:52"), "{shown}");
    }
}

#[test]
fn environment_that_is_not_readable() {
    let mut screen = Screen::listed();
    let effects = screen.keys("E");
    let mut details = details();
    details.configuration.environment = Some(Environment {
        variables: BTreeMap::new(),
        error: Some("AccessDeniedException: Lambda was unable to decrypt your environment variables".into()),
    });
    screen.answer_function(&effects, details);
    screen.check("environment_unreadable");
}

#[test]
fn test_tab() {
    let mut screen = Screen::opened();
    screen.keys("5");
    screen.check("test_nothing_sent");
    let ticket = invoked(&mut screen);
    screen.wait(3.2);
    screen.check("test_running");
    screen.send(Msg::Invoked(ticket, Ok(Box::new(Reply::read(answer())))));
    screen.wait(20.0);
    screen.check("test_answered");
}

#[test]
fn test_tab_with_a_function_error() {
    let mut screen = Screen::opened();
    let ticket = invoked(&mut screen);
    let answer = Answer {
        function_error: Some("Unhandled".into()),
        payload: br#"{"errorMessage":"no price for \u001b[31m9","errorType":"KeyError","stackTrace":["  File \"/var/task/app.py\", line 7, in handler\n"]}"#.to_vec(),
        ..answer()
    };
    screen.send(Msg::Invoked(ticket, Ok(Box::new(Reply::read(answer)))));
    screen.wait(20.0);
    screen.check("test_function_error");
}

#[test]
fn test_tab_with_an_unknown_outcome() {
    let mut screen = Screen::opened();
    let ticket = invoked(&mut screen);
    let error = cloud::Error::new(
        Kind::OutcomeUnknown,
        "could not invoke checkout-api: the connection broke (connection reset)",
    )
    .with_hint("outcome unknown: it may have run. Look at its logs before sending it again");
    screen.send(Msg::Invoked(ticket, Err(error)));
    screen.wait(20.0);
    screen.check("test_outcome_unknown");
}

#[test]
fn test_tab_being_edited() {
    let mut screen = Screen::opened();
    screen.keys("ie");
    screen.press(KeyEvent::new(KeyCode::Char('a'), KeyModifiers::CONTROL));
    screen.key(KeyCode::Down);
    screen.keys("世\u{202e}x");
    screen.send(Msg::Action(Action::Paste("\u{1b}[2J\ttab".into())));
    screen.check("test_editing");
}

#[test]
fn test_tab_with_events_that_one_should_look_at() {
    let mut screen = Screen::opened();
    screen.keys("i");
    screen.test().replace("{\n  \"世界\": 1,\n  \"a\": 2, \"世界\": 3\n}", Some("evil\u{1b}[31m".into()));
    screen.check("test_duplicate_name");

    screen.test().target.mode = Mode::Event;
    screen.test().replace(&format!("[{}1]", "1234567,".repeat(125_000)), None);
    screen.check("test_nearly_full");
    screen.test().replace(&format!("[{}1]", "1234567,".repeat(160_000)), Some("saved".into()));
    screen.send(Msg::Action(Action::Edit));
    screen.press(KeyEvent::new(KeyCode::End, KeyModifiers::CONTROL));
    screen.send(Msg::Action(Action::Format));
    screen.check("test_too_large");
}

#[test]
fn what_is_below_the_cursor_shows_in_the_largest_event() {
    for line_end in ["", "\n"] {
        let mut screen = Screen::opened();
        screen.keys("ie");
        let item = format!("\"世é{line_end}").replace('\n', "\",\n");
        let event = format!("{}\"the end", item.repeat(6_000_000 / item.len()));
        screen.send(Msg::Action(Action::Paste(event.into())));
        screen.keys("!");
        let shown = screen.text(80, 24);
        assert!(shown.contains("the end!") && shown.contains("5.7MB of 6MB nearly full"), "{shown}");
        screen.send(Msg::Action(Action::Undo));
        screen.send(Msg::Action(Action::Undo));
        let shown = screen.text(80, 24);
        assert!(shown.contains("\"key\": \"value\""), "{shown}");
    }
}

#[test]
fn start_screen() {
    let mut screen = Screen::new(Spec::default());
    screen.send(Msg::NoCredentials(1));
    screen.check("start");
    // The metadata service has answered no: there is nothing more to say than before.
    let error = cloud::Error::new(Kind::Credentials, "no credentials were found");
    screen.send(Msg::Connected(1, Err(error)));
    screen.keys("j");
    screen.check("start_without_credentials");

    let mut screen = Screen::new(prod());
    let error = cloud::Error::new(Kind::Network, "could not ask who is calling: no connection")
        .with_hint("check the network and the endpoint, then try again");
    screen.send(Msg::Connected(1, Err(error)));
    screen.wait(20.0);
    screen.check("start_failed");
}

#[test]
fn help_overlay() {
    let mut screen = Screen::listed();
    screen.keys("?");
    screen.check("help_functions");
    let mut screen = Screen::opened();
    screen.keys("5?");
    screen.check("help_test");
}

#[test]
fn command_line() {
    let mut screen = Screen::listed();
    screen.keys(":");
    screen.check("command_line");
    screen.keys("pro");
    screen.check("command_line_typed");
    screen.keys("x");
    screen.key(KeyCode::Enter);
    screen.check("command_line_problem");
}

#[test]
fn pickers() {
    let mut screen = Screen::listed();
    screen.keys(":region");
    screen.key(KeyCode::Enter);
    screen.keys("eu");
    screen.key(KeyCode::Down);
    screen.check("picker_region");
    screen.keys("-moon-1");
    screen.check("picker_region_typed");
    screen.key(KeyCode::Esc);
    screen.keys(":profile");
    let effects = screen.key(KeyCode::Enter);
    screen.check("picker_profile_loading");
    let Some(Effect::LoadProfiles(ticket)) = effects.first() else { panic!("{effects:?}") };
    let profile = |name: &str, region: Option<&str>, sso| Profile {
        name: name.into(),
        region: region.map(Into::into),
        sso,
        credentials: true,
    };
    let profiles = vec![profile("default", None, false), profile("prod", Some("eu-west-1"), true)];
    screen.send(Msg::Profiles(*ticket, Ok(profiles)));
    screen.check("picker_profile");
    screen.key(KeyCode::Enter);
    screen.check("switching");
}

#[test]
fn question() {
    let mut screen = Screen::opened();
    invoked(&mut screen);
    screen.key(KeyCode::Char('q'));
    screen.check("question_quit");
}

#[test]
fn pages() {
    let mut screen = Screen::opened();
    screen.keys("d");
    screen.check("raw_json");
    screen.key(KeyCode::Esc);
    screen.send(Msg::Trouble("the log file could not be written: no space left on device".into()));
    screen.wait(1.0);
    screen.keys("y");
    screen.check("message");
    screen.keys(":messages");
    screen.key(KeyCode::Enter);
    screen.check("messages");
}

/// Everything that shows while it is scrolled from the top to the end with one key.
fn scrolled_through(screen: &mut Screen, columns: u16, rows: u16) -> String {
    let mut seen = String::new();
    screen.text(columns, rows);
    screen.keys("g");
    for _ in 0..130 {
        seen.push_str(&screen.text(columns, rows).replace(['\n', '│', ' '], ""));
        screen.keys("j");
    }
    // Whoever is at the end is one key away from seeing something else.
    let end = screen.text(columns, rows);
    screen.keys("k");
    assert_ne!(screen.text(columns, rows), end);
    seen
}

#[test]
fn long_lines_are_readable_to_their_end() {
    let words: Vec<String> = (0..300).map(|number| format!("w{number:03}")).collect();
    let long = words.join(" ");
    let assert_all = |seen: &str| {
        for word in &words {
            assert!(seen.contains(word), "{word} is nowhere");
        }
    };

    let mut screen = Screen::opened();
    let ticket = invoked(&mut screen);
    let payload = format!(r#"{{"first":"{long}","last":[1,2,3,4,5,6,7,8,9]}}"#).into_bytes();
    screen.send(Msg::Invoked(ticket, Ok(Box::new(Reply::read(Answer { payload, ..answer() })))));
    assert_all(&scrolled_through(&mut screen, 60, 20));

    let mut screen = Screen::listed();
    let effects = screen.key(KeyCode::Enter);
    let mut details = details();
    details.tags.insert("words".into(), long.clone());
    screen.answer_function(&effects, details);
    assert_all(&scrolled_through(&mut screen, 60, 20));
    screen.keys("d");
    assert_all(&scrolled_through(&mut screen, 60, 20));

    let mut screen = Screen::listed();
    screen.send(Msg::Trouble(long.clone()));
    screen.keys(":messages");
    screen.key(KeyCode::Enter);
    assert_all(&scrolled_through(&mut screen, 60, 20));
}

#[test]
fn a_state_that_settles_is_shown_until_the_next_one_is_known() {
    let mut screen = Screen::listed();
    assert!(screen.text(120, 30).contains("◐ Updating"));
    screen.wait(2.0);
    let effects = screen.send(Msg::Tick);
    assert!(screen.text(120, 30).contains("◐ Updating"), "{effects:?}");
}

#[test]
fn endpoint_and_read_only_are_badges() {
    let spec =
        Spec { endpoint_url: Some("http://127.0.0.1:4566".into()), read_only: true, ..Spec::default() };
    let mut screen = Screen::new(spec.clone());
    let connected = Connected {
        spec: spec.clone(),
        region: "us-east-1".into(),
        endpoint: spec.endpoint_url.clone(),
        identity: None,
    };
    screen.send(Msg::Connected(1, Ok(Box::new(connected))));
    screen.check("endpoint_read_only");
}
