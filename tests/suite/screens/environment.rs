//! The Environment tab: edits before they are saved, what is said of them, the editor of several lines, the merge.

use std::collections::BTreeMap;

use jiff::ToSpan;
use lambdeck::{
    app::{Action, Effect, Msg, draft::Draft, layout::Size},
    domain::{
        change::Written,
        function::{Environment, State},
        secret::Secret,
        settings::{Setting, Settings},
    },
    ui::{self, Theme},
};
use ratatui::{
    Terminal,
    backend::TestBackend,
    crossterm::event::{KeyCode, KeyEvent, KeyModifiers},
};

use super::{everywhere::style_of, fixtures::*};

fn control(character: char) -> KeyEvent {
    KeyEvent::new(KeyCode::Char(character), KeyModifiers::CONTROL)
}

/// The Environment tab of a function.
fn tab() -> Screen {
    let mut screen = Screen::opened();
    screen.keys("E");
    screen
}

/// Added, changed, removed and renamed, none of it saved.
fn edited() -> Screen {
    let mut screen = tab();
    screen.keys("+NEW_FLAG");
    screen.key(KeyCode::Enter);
    screen.keys("on");
    screen.key(KeyCode::Enter);
    screen.keys("gje");
    screen.keys("now with a value");
    screen.key(KeyCode::Enter);
    screen.keys("gR_2");
    screen.key(KeyCode::Enter);
    screen.keys("G");
    screen.press(control('d'));
    screen.wait(20.0);
    screen
}

/// What the merge of these two edits is shown with.
fn merge() -> Screen {
    let mut screen = tab();
    screen.keys("Ge");
    screen.press(control('u'));
    screen.keys("mine-now");
    screen.key(KeyCode::Enter);
    screen.keys("gj");
    screen.press(control('d'));
    screen.keys("+ONLY_MINE");
    screen.key(KeyCode::Enter);
    screen.keys("x");
    screen.key(KeyCode::Enter);
    let effects = screen.keys("r");
    let mut details = details();
    details.configuration.revision_id = Some("rev-2".into());
    let variables = &mut details.configuration.environment.as_mut().unwrap().variables;
    variables.insert("STAGE".into(), Secret::new("theirs-1"));
    variables.insert("EMPTY".into(), Secret::new(CANARY));
    variables.insert("ONLY_THEIRS".into(), Secret::new("1"));
    screen.answer_function(&effects, details);
    screen.wait(20.0);
    screen
}

#[test]
fn edits_are_marked_by_shape_and_word_until_they_are_saved() {
    let mut screen = edited();
    screen.check("environment_edited");
    screen.press(control('s'));
    screen.check("environment_review");
}

#[test]
fn a_value_is_edited_in_its_row() {
    let mut screen = tab();
    screen.keys("je");
    screen.keys("visible while it is typed");
    screen.check("environment_value");
    screen.send(Msg::Focus(false));
    screen.check("environment_value_masked");
    assert!(!screen.text(80, 24).contains("visible"));
    screen.key(KeyCode::Left);
    assert!(screen.text(80, 24).contains("visible while it is typed"));
}

#[test]
fn names_are_checked_as_they_are_typed() {
    let mut screen = tab();
    screen.keys("+");
    screen.check("environment_name");
    for (typed, problem) in [
        ("A", "has 1 character: at least 2 are needed"),
        ("PI_KEY", "API_KEY exists already"),
        ("-", "has `-` at position 8"),
    ] {
        screen.keys(typed);
        let shown = screen.text(80, 24);
        assert!(shown.contains(problem), "{shown}");
    }
    screen.press(control('u'));
    screen.keys("AWS_REGION");
    assert!(screen.text(80, 24).contains("AWS_REGION is reserved: Lambda sets it itself"));
    screen.key(KeyCode::Enter);
    screen.check("environment_name_reserved");
}

#[test]
fn the_filter_narrows_down_as_typed() {
    let mut screen = tab();
    screen.keys("/stg");
    screen.check("environment_filter");
    screen.keys("zzz");
    screen.check("environment_filter_fits_none");
}

#[test]
fn nothing_there_says_how_to_add() {
    let mut screen = Screen::listed();
    let effects = screen.keys("E");
    let mut details = details();
    details.configuration.environment = None;
    screen.answer_function(&effects, details);
    screen.check("environment_none");
    screen.keys("+AB");
    screen.key(KeyCode::Enter);
    screen.check("environment_first_value");
}

#[test]
fn the_meter_warns_and_counts_what_is_too_much() {
    let mut screen = tab();
    let empty = r#"{"BIG":""}"#.len();
    let effects = screen.keys("r");
    let mut details = details();
    details.configuration.environment = Some(Environment { variables: BTreeMap::new(), error: None });
    screen.answer_function(&effects, details);
    screen.keys("+BIG");
    screen.key(KeyCode::Enter);
    for (bytes, said) in [
        (3686, "3,686 of 4,096 bytes"),
        (3687, "! nearly full, 409 left"),
        (4096, "! nearly full, 0 left"),
        (4097, "✗ 1 byte too many"),
        (6000, "✗ 1,904 bytes too many"),
    ] {
        screen.press(control('u'));
        screen.send(Msg::Action(Action::Paste(Secret::new("x".repeat(bytes - empty)))));
        let shown = screen.text(80, 24);
        assert!(shown.contains(said), "{shown}");
        assert_eq!(shown.contains("nearly"), (3687..=4096).contains(&bytes), "{shown}");
    }
    screen.check("environment_too_large");
    let buffer = screen.buffer(80, 24, &Theme::DEFAULT);
    assert_eq!(style_of(&buffer, "6,000 of").fg, Theme::DEFAULT.error.fg);
    let effects = screen.press(control('s'));
    assert_eq!(effects, []);
    assert!(screen.app.overlay.is_none());
    screen.check("environment_too_large_to_save");
}

#[test]
fn a_change_on_its_way_is_seen_live() {
    let mut screen = edited();
    screen.press(control('s'));
    let effects = screen.keys("y");
    let [Effect::Write(ticket, ..)] = effects[..] else { panic!("{effects:?}") };
    screen.check("environment_sending");
    let effects = screen.send(Msg::Written(ticket, Ok(Box::new(Written::default()))));
    let [Effect::Observe { ticket, .. }] = effects[..] else { panic!("{effects:?}") };
    let mut details = details();
    details.configuration.state = State {
        state: Some("Active".into()),
        last_update_status: Some("InProgress".into()),
        ..State::default()
    };
    screen.send(Msg::Observed(ticket, "checkout-api".into(), Ok(Box::new(details))));
    screen.wait(3.0);
    assert!(screen.text(80, 24).contains("◐ updating, 3 s"));
    let next = screen.app.wake_at().unwrap();
    assert_eq!((next - screen.now).get_milliseconds() + (next - screen.now).get_seconds() * 1000, 1000);
    screen.wait(10.0);
    screen.check("environment_updating");
}

#[test]
fn somebody_elses_change_is_said_before_saving() {
    merge().check("environment_stale");
}

#[test]
fn three_sides_stand_side_by_side() {
    let mut screen = merge();
    screen.press(control('s'));
    screen.check("merge");
    screen.key(KeyCode::Enter);
    screen.check("merge_not_decided");
    screen.keys("t");
    // What is left to decide is gone to.
    screen.key(KeyCode::Enter);
    screen.keys("m");
    screen.check("merge_decided");
    screen.key(KeyCode::Enter);
    screen.check("merge_review");
}

#[test]
fn the_three_values_of_a_merge_are_shown_when_asked_for_and_for_thirty_seconds() {
    let mut screen = merge();
    screen.press(control('s'));
    assert!(!screen.text(80, 24).contains(CANARY));
    screen.keys("x");
    let shown = screen.text(80, 24);
    assert_eq!(shown.matches(CANARY).count(), 1, "{shown}");
    assert!(shown.contains("theirs  hunter2-canary"), "{shown}");
    // Another row's values were not asked for.
    screen.keys("j");
    screen.keys("k");
    assert!(!screen.text(80, 24).contains(CANARY));
    screen.keys("x");
    screen.send(Msg::Focus(false));
    assert!(!screen.text(80, 24).contains(CANARY));
    screen.keys("x");
    assert_eq!(screen.app.wake_at(), Some(screen.now + 30.seconds()));
    screen.wait(30.0);
    assert!(!screen.text(80, 24).contains(CANARY));
}

#[test]
fn settings_are_merged_in_clear() {
    let mut screen = Screen::opened();
    let view = screen.app.function.as_mut().unwrap();
    let configuration = &view.details.value.as_ref().unwrap().configuration;
    let read = Settings::of(configuration);
    let mut draft = Draft::new(read.as_map().clone(), configuration.revision_id.clone());
    draft.mine.insert(Setting::Memory, "1024".into());
    draft.mine.insert(Setting::Layers, "arn:aws:lambda:eu-west-1:123456789012:layer:shared:8\nsecond".into());
    view.configuration.draft = Some(draft);
    let effects = screen.keys("r");
    let mut details = details();
    details.configuration.memory_mb = Some(2048);
    details.configuration.handler = Some("app.other".into());
    details.configuration.revision_id = Some("rev-2".into());
    screen.answer_function(&effects, details);
    screen.keys("3");
    screen.press(control('s'));
    screen.check("merge_settings");
    screen.keys("m");
    let shown = screen.text(80, 24);
    assert!(shown.contains("All is decided"), "{shown}");
}

#[test]
fn several_lines_are_edited_over_the_screen() {
    let mut screen = tab();
    screen.keys("p");
    screen.check("env_text_empty");
    screen.send(Msg::Action(Action::Paste(Secret::new("# staging\r\nSTAGE=test\r\nnonsense\r\nFLAG='a b'"))));
    screen.check("env_text");
    screen.key(KeyCode::Esc);
    screen.check("env_text_problem");
    screen.send(Msg::Focus(false));
    screen.check("env_text_masked");
    assert!(!screen.text(80, 24).contains("nonsense"));
}

#[test]
fn a_value_of_several_lines_is_shown_as_it_is() {
    let mut screen = tab();
    screen.keys("jt");
    let text = "-----BEGIN-----\n\tabc\u{7}\u{202e}\n-----END-----\n";
    screen.send(Msg::Action(Action::Paste(Secret::new(text))));
    screen.check("env_value_lines");
}

/// All states of the tab and of what it opens.
fn all() -> Vec<Screen> {
    let mut screens = vec![tab(), edited(), merge()];
    let mut add = |mut screen: Screen, keys: &str, control_key: Option<char>| {
        screen.keys(keys);
        if let Some(character) = control_key {
            screen.press(control(character));
        }
        screens.push(screen);
    };
    for keys in ["e", "jea value\u{202e}世", "+", "+AB", "R", "/", "/st", "/zzz", "p", "pA=\u{7}世", "jt"] {
        add(tab(), keys, None);
    }
    add(edited(), "", Some('s'));
    add(merge(), "", Some('s'));
    add(edited(), "Gx", None);
    let mut masked = tab();
    masked.keys("e");
    masked.send(Msg::Focus(false));
    screens.push(masked);
    let mut problem = tab();
    problem.keys("pnonsense");
    problem.key(KeyCode::Esc);
    screens.push(problem);
    screens
}

#[test]
fn all_of_it_draws_at_every_size() {
    let rows = [1, 5, 6, 7, 8, 9, 10, 11, 13, 24];
    let sizes = rows
        .into_iter()
        .flat_map(|rows| [1, 24, 31, 57, 80].map(|columns| (columns, rows)))
        .chain([(300, 6), (24, 100)]);
    let mut screens = all();
    for (columns, rows) in sizes {
        for screen in &mut screens {
            let buffer = screen.buffer(columns, rows, &Theme::MONO.with_ascii(true));
            assert!(buffer.content.iter().all(|cell| cell.symbol().is_ascii()));
            screen.send(Msg::Resize(Size { columns: 1, rows: 1 }));
            let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
            terminal.draw(|frame| ui::draw(&screen.app, &Theme::DEFAULT, frame)).unwrap();
        }
    }
}

#[test]
fn on_a_low_screen_the_selected_row_stays_in_view() {
    for rows in 6..24 {
        for keys in ["G", "Ge", "GR", "gjj"] {
            let mut screen = edited();
            screen.keys(keys);
            let shown = screen.text(80, rows);
            assert!(shown.contains("\n > "), "{rows} rows, {keys}:\n{shown}");
        }
    }
}
