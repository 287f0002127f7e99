//! The Configuration tab: every group, edits, prompts, what is stopped and what can't be read.

use jiff::ToSpan;
use lambdeck::{
    app::{Effect, Msg},
    domain::{
        change::{Change, Order, Written},
        function::{Details, Image},
        journal::{Entry, Outcome},
        place::Place,
        release::{AccountConcurrency, EventInvoke, Extras, Provisioned},
    },
};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::fixtures::*;

fn extras() -> Extras {
    let provisioned = |qualifier: &str, status: &str, reason: Option<&str>| Provisioned {
        qualifier: qualifier.into(),
        requested: 5,
        available: 3,
        allocated: 4,
        status: status.into(),
        reason: reason.map(str::to_owned),
    };
    let live = EventInvoke {
        maximum_retry_attempts: Some(0),
        on_failure: Some("arn:aws:sqs:eu-west-1:123456789012:failed-orders".into()),
        ..EventInvoke::default()
    };
    Extras {
        account: Ok(AccountConcurrency { limit: 1000, unreserved: 880 }),
        event_invoke: Ok(vec![("live".into(), live)]),
        provisioned: Ok(vec![
            provisioned("live", "IN_PROGRESS", None),
            provisioned("7", "FAILED", Some("the function has no free concurrency")),
        ]),
    }
}

fn unread() -> Extras {
    let denied = |action: &str| Err(format!("not authorized to perform lambda:{action}"));
    Extras {
        account: Err("not authorized to perform lambda:GetAccountSettings".into()),
        event_invoke: denied("ListFunctionEventInvokeConfigs").map(|()| Vec::new()),
        provisioned: denied("ListProvisionedConcurrencyConfigs").map(|()| Vec::new()),
    }
}

fn place() -> Place {
    Place {
        profile: Some("prod".into()),
        account: Some("123456789012".into()),
        region: "eu-west-1".into(),
        endpoint: None,
    }
}

/// A line of the journal: the function was stopped while so much was reserved.
fn stopped(before: Option<u32>) -> Entry {
    let change = Change::ReservedConcurrency { before, after: Some(0) };
    let order = Order { function: "checkout-api".into(), revision_id: None, change };
    let at = "2026-11-20T13:00:00Z".parse().unwrap();
    Entry { outcome: Outcome::Done, ..Entry::begin("1".into(), at, &place(), &order) }
}

fn running() -> Details {
    Details { reserved_concurrency: Some(20), ..details() }
}

fn image() -> Details {
    let mut details = running();
    let function = &mut details.configuration;
    function.package_type = Some("Image".into());
    function.runtime = None;
    function.handler = None;
    function.layers.clear();
    function.image = Some(Image {
        entry_point: vec!["/usr/bin/python3".into(), "-m".into(), "awslambdaric".into()],
        ..Image::default()
    });
    details.image_uri = Some("123456789012.dkr.ecr.eu-west-1.amazonaws.com/checkout:2026-11-19".into());
    details
}

/// The tab with all that it shows, read.
fn at_configuration(details: Details, extras: Extras, journal: Vec<Entry>) -> Screen {
    let mut screen = Screen::listed();
    let effects = screen.key(KeyCode::Enter);
    screen.answer_function(&effects, details);
    let effects = screen.keys("3");
    let [Effect::GetExtras(read, _), Effect::ReadJournal(ticket)] = effects[..] else {
        panic!("{effects:?}")
    };
    screen.send(Msg::Extras(read, Box::new(extras)));
    screen.send(Msg::Journal(ticket, Ok(journal)));
    screen
}

fn control(screen: &mut Screen, character: char) -> Vec<Effect> {
    screen.press(KeyEvent::new(KeyCode::Char(character), KeyModifiers::CONTROL))
}

/// Moves to the row of that label.
fn go_to(screen: &mut Screen, label: &str) {
    screen.keys("g");
    for _ in 0..60 {
        if screen.text(200, 60).lines().any(|line| line.starts_with(&format!(" > {label} "))) {
            return;
        }
        screen.keys("j");
    }
    panic!("no row {label}:\n{}", screen.text(200, 60));
}

/// Some of what there is to draw, for the tests of every size.
pub(super) fn screens() -> Vec<Screen> {
    let mut screens = vec![
        at_configuration(running(), extras(), Vec::new()),
        at_configuration(details(), extras(), vec![stopped(Some(20))]),
        at_configuration(image(), unread(), Vec::new()),
    ];
    for keys in ["G", "jjjj", "je1", "jjjjjje\u{202e}世", "K", "je\u{8}1024"] {
        let mut screen = at_configuration(running(), extras(), Vec::new());
        screen.keys(keys);
        screens.push(screen);
    }
    for label in ["Runtime", "Layers", "Reserved", "Provisioned live", "live: on failure", "team"] {
        let mut screen = at_configuration(running(), extras(), Vec::new());
        go_to(&mut screen, label);
        screen.keys("e");
        screens.push(screen);
    }
    let mut saving = at_configuration(running(), extras(), Vec::new());
    save_memory(&mut saving);
    screens.push(saving);
    screens
}

/// Changes the memory and sends that.
fn save_memory(screen: &mut Screen) -> Vec<Effect> {
    go_to(screen, "Memory");
    screen.keys("e");
    control(screen, 'u');
    screen.keys("1024");
    control(screen, 's');
    screen.keys("y")
}

#[test]
fn configuration_of_a_zip_function() {
    let mut screen = at_configuration(running(), extras(), Vec::new());
    screen.check("configuration_zip");
    screen.text(80, 24);
    screen.keys("G");
    screen.check("configuration_zip_end");
}

#[test]
fn configuration_of_a_container_image() {
    let mut screen = at_configuration(image(), extras(), Vec::new());
    go_to(&mut screen, "Image");
    screen.check("configuration_image");
}

#[test]
fn configuration_of_a_stopped_function() {
    let mut screen = at_configuration(details(), extras(), vec![stopped(Some(20))]);
    go_to(&mut screen, "Reserved");
    screen.check("configuration_stopped");
    screen.keys("K");
    screen.check("configuration_restoring");
    for (journal, text) in
        [(vec![stopped(None)], "K restores unreserved"), (Vec::new(), "K asks what to reserve")]
    {
        let mut screen = at_configuration(details(), extras(), journal);
        assert!(screen.text(80, 24).contains(text));
    }
}

#[test]
fn configuration_being_edited() {
    let mut screen = at_configuration(running(), extras(), Vec::new());
    go_to(&mut screen, "Memory");
    screen.keys("e");
    control(&mut screen, 'u');
    screen.keys("64");
    screen.check("configuration_editing_wrong");
    control(&mut screen, 'u');
    screen.keys("1024");
    screen.key(KeyCode::Enter);
    go_to(&mut screen, "Log format");
    screen.keys("e");
    screen.check("configuration_editing_choice");
    screen.key(KeyCode::Down);
    screen.key(KeyCode::Esc);
    go_to(&mut screen, "Memory");
    screen.check("configuration_unsaved");
}

#[test]
fn configuration_saved_and_settling() {
    let mut screen = at_configuration(running(), extras(), Vec::new());
    let effects = save_memory(&mut screen);
    let [Effect::Write(ticket, ..)] = effects[..] else { panic!("{effects:?}") };
    assert!(screen.text(80, 24).contains("◐ sending…"));
    screen.send(Msg::Written(ticket, Ok(Box::new(Written::default()))));
    screen.wait(5.0);
    screen.check("configuration_settling");
}

#[test]
fn configuration_with_a_deprecated_runtime_and_the_picker() {
    let mut details = running();
    details.configuration.runtime = Some("python3.8".into());
    let mut screen = at_configuration(details, extras(), Vec::new());
    go_to(&mut screen, "Runtime");
    assert!(screen.text(80, 24).contains("! python3.8 (deprecated since 2024-10-14)"));
    screen.keys("e");
    screen.check("configuration_runtime");
    screen.keys("python3.15");
    assert!(screen.text(80, 24).contains("enter takes \"python3.15\" as it is"));
    control(&mut screen, 'u');
    for _ in 0..10 {
        screen.key(KeyCode::Backspace);
    }
    screen.keys("python313");
    screen.key(KeyCode::Enter);
    let shown = screen.text(100, 24);
    assert!(shown.contains("~ python3.8 → python3.13 (supported until 2029-06-30)"), "{shown}");
}

#[test]
fn configuration_of_which_parts_are_not_readable() {
    let mut details = running();
    details.tags.clear();
    details.tags_error = Some("not authorized to perform lambda:ListTags".into());
    let mut screen = at_configuration(details, unread(), Vec::new());
    screen.text(80, 24);
    screen.keys("G");
    screen.check("configuration_unread");
}

#[test]
fn configuration_prompts() {
    let mut screen = at_configuration(running(), extras(), Vec::new());
    go_to(&mut screen, "Reserved");
    screen.keys("e");
    screen.check("configuration_prompt_reserved");
    screen.keys("00");
    screen.key(KeyCode::Enter);
    assert!(screen.text(80, 24).contains("only 900 are free"));
    screen.key(KeyCode::Esc);
    go_to(&mut screen, "Provisioned live");
    screen.keys("+");
    screen.check("configuration_prompt_provisioned");
}

#[test]
fn a_function_of_cloudformation_warns_of_drift() {
    let mut details = running();
    for (key, value) in [("aws:cloudformation:stack-name", "shop"), ("aws:cloudformation:stack-id", "arn")] {
        details.tags.insert(key.into(), value.into());
    }
    let mut screen = at_configuration(details, extras(), Vec::new());
    screen.keys("K");
    screen.check("configuration_stop_with_drift");
}

#[test]
fn a_long_value_wraps_and_stays_in_view() {
    let mut details = running();
    let arn = |name: &str| format!("arn:aws:lambda:eu-west-1:123456789012:layer:{name}:7");
    details.configuration.layers = (0..5)
        .map(|n| lambdeck::domain::function::Layer { arn: arn(&format!("layer-number-{n}")), code_size: 1 })
        .collect();
    let mut screen = at_configuration(details, extras(), Vec::new());
    go_to(&mut screen, "Layers");
    for (columns, rows) in [(80, 24), (60, 20), (100, 30)] {
        let shown = screen.text(columns, rows).replace(['\n', ' '], "");
        for n in 0..5 {
            assert!(shown.contains(&format!("{n}:7")), "{columns}x{rows}: {shown}");
        }
    }
}

#[test]
fn while_a_change_settles_its_seconds_are_told() {
    let mut screen = at_configuration(running(), extras(), Vec::new());
    let effects = save_memory(&mut screen);
    let [Effect::Write(ticket, ..)] = effects[..] else { panic!("{effects:?}") };
    let effects = screen.send(Msg::Written(ticket, Ok(Box::new(Written::default()))));
    let [Effect::Observe { ticket, .. }] = effects[..] else { panic!("{effects:?}") };
    let mut updating = running();
    updating.configuration.state.last_update_status = Some("InProgress".into());
    screen.now += 3.seconds();
    screen.send(Msg::Observed(ticket, "checkout-api".into(), Ok(Box::new(updating))));
    assert!(screen.text(80, 24).contains("saved, updating 3 s"));
}

#[test]
fn on_a_small_screen_the_selected_row_shows_and_what_is_typed_in_it() {
    let mut screen = at_configuration(details(), extras(), vec![stopped(Some(20))]);
    go_to(&mut screen, "Timeout");
    screen.keys("e0");
    for (columns, rows) in [(24, 6), (30, 8), (40, 10), (60, 12)] {
        let shown = screen.text(columns, rows);
        assert!(
            shown.lines().any(|line| line.starts_with(" > Timeout") && line.ends_with("  300")),
            "{shown}"
        );
        if rows >= 8 {
            assert!(shown.contains("✗ STOPPED"), "{shown}");
        }
    }
    screen.keys("0");
    assert!(screen.text(40, 10).contains("✗ the timeout is 3000 seconds"));
    screen.key(KeyCode::Esc);
    assert!(screen.text(60, 12).contains("✗ esc again drops it: the timeout is"));
}
