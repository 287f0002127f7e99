//! What is copied of a row.

use super::*;

const ID: &str = "11111111-1111-4111-8111-111111111111";
const TRACE: &str = "1-6a502f4e-0123456789abcdef01234567";

fn copied(effects: &[Effect]) -> &str {
    let [Effect::Copy(text)] = effects else { panic!("{effects:?}") };
    text
}

/// What can be chosen, with the note of each.
fn choices(app: &mut App) -> Vec<(String, String)> {
    act(app, Action::CopyAs);
    let Some(Overlay::Picker(picker)) = &app.overlay else { panic!("no choice") };
    picker.items.iter().map(|item| (item.name.clone(), item.note.clone())).collect()
}

fn choose(app: &mut App, name: &str) -> String {
    let items = choices(app);
    let at = items.iter().position(|(item, _)| item == name).unwrap_or_else(|| panic!("{items:?}"));
    for _ in 0..at {
        act(app, Action::Down);
    }
    copied(&act(app, Action::Open)).to_owned()
}

#[test]
fn the_message_and_the_line_are_copied_without_control_characters() {
    let (mut app, _) = at_lines(&["a\tb\x1b]52;c;AAAA\x07\r  at c\n"]);
    let message = "a\tb␛]52;c;AAAA␇\n  at c";
    assert_eq!(copied(&act(&mut app, Action::CopyMessage)), message);
    assert_eq!(told(&app), "copied the message (26B)");
    let time = "2026-11-20T14:03:22.000Z\tcheckout-api\t";
    assert_eq!(copied(&act(&mut app, Action::CopyLine)), format!("{time}a\tb␛]52;c;AAAA␇\n{time}  at c"));
}

#[test]
fn what_no_clipboard_takes_is_refused_with_its_size() {
    let long = "x".repeat(1_000_000);
    let (mut app, _) = at_lines(&[&long]);
    assert_eq!(act(&mut app, Action::CopyMessage), []);
    assert_eq!(told(&app), "1.0MB are too large for a terminal's clipboard");
    assert_eq!(act(&mut app, Action::CopyLine), []);
}

#[test]
fn an_empty_log_has_nothing_to_copy() {
    let (mut app, _) = at_lines(&[]);
    for action in [Action::CopyMessage, Action::CopyLine, Action::CopyAs, Action::Open, Action::Bookmark] {
        assert_eq!(act(&mut app, action), []);
        assert!(app.overlay.is_none());
    }
}

#[test]
fn the_request_and_its_trace_are_found_in_the_stream() {
    let start = format!("START RequestId: {ID} Version: $LATEST\n");
    let report = format!(
        "REPORT RequestId: {ID}\tDuration: 3.10 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 95 MB\t\n\
         XRAY TraceId: {TRACE}\tSegmentId: d002\tSampled: true\t\n"
    );
    let (mut app, ticket) = at_lines(&[
        "INIT_START Runtime Version: python:3.13.v7",
        &start,
        "its own line",
        &report,
        "after it",
    ]);
    // Another stream's rows between do not count.
    let mut other = lines([(0, "START RequestId: 22222222-2222-4222-8222-222222222222 Version: 1")]);
    if let Update::Events { batch, .. } = &mut other {
        batch[0].event.stream = "other".into();
        batch[0].event.timestamp += 1500;
    }
    app.update(moment(), Msg::Tail(ticket, other));
    let names = |app: &mut App| -> Vec<String> {
        let names = choices(app).into_iter().map(|(name, _)| name).collect();
        act(app, Action::Back);
        names
    };
    assert_eq!(selected(&app), "after it");
    assert_eq!(names(&mut app), ["log stream", "event as JSON", "aws command"]);
    act(&mut app, Action::Up);
    act(&mut app, Action::Up);
    assert_eq!(selected(&app), "its own line");
    assert_eq!(names(&mut app), ["request id", "trace id", "log stream", "event as JSON", "aws command"]);
    assert_eq!(choose(&mut app, "request id"), ID);
    assert_eq!(choose(&mut app, "trace id"), TRACE);
    assert_eq!(choose(&mut app, "log stream"), "2026/11/20/[$LATEST]0123");
    // The init phase is the next one's.
    act(&mut app, Action::Top);
    assert_eq!(choose(&mut app, "request id"), ID);
}

#[test]
fn an_event_is_json_with_the_members_of_the_api_and_a_command_finds_it() {
    let (mut app, _) = at_lines(&["a \"b\"\n"]);
    assert_eq!(
        choose(&mut app, "event as JSON"),
        "{\"logGroupName\":\"/aws/lambda/checkout-api\",\"logStreamName\":\"2026/11/20/[$LATEST]0123\",\
         \"timestamp\":1795183402000,\"ingestionTime\":1795183402040,\"message\":\"a \\\"b\\\"\\n\"}"
    );
    assert_eq!(
        choose(&mut app, "aws command"),
        "aws logs filter-log-events --log-group-name /aws/lambda/checkout-api --log-stream-names \
         '2026/11/20/[$LATEST]0123' --start-time 1795183402000 --end-time 1795183402001 --region eu-west-1 \
         --profile prod"
    );
}

#[test]
fn the_row_that_was_chosen_is_copied_whatever_comes_meanwhile() {
    let (mut app, ticket) = at_lines(&["first"]);
    let items = choices(&mut app);
    assert_eq!(items[1].0, "event as JSON");
    app.update(moment(), Msg::Tail(ticket, lines([(5, "second")])));
    act(&mut app, Action::Down);
    assert!(copied(&act(&mut app, Action::Open)).contains("\"message\":\"first\""));
    assert_eq!(selected(&app), "second", "the log was followed meanwhile");
}
