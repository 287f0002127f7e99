//! Marks in the list, and one change of many functions.

use lambdeck::{
    app::{Effect, Msg, Ticket},
    cloud::{self, Kind},
    domain::{function::Details, place::Protected},
};
use ratatui::crossterm::event::KeyCode;

use super::fixtures::*;

/// Three are marked, one of them is hidden by the filter.
fn marked() -> Screen {
    let mut screen = Screen::listed();
    screen.keys(" jj jj ");
    screen
}

fn command(screen: &mut Screen, line: &str) -> Vec<Effect> {
    screen.keys(":");
    screen.keys(line);
    screen.key(KeyCode::Enter)
}

fn observing(effects: &[Effect]) -> (Ticket, Vec<Box<str>>) {
    match effects {
        [Effect::Observe { ticket, names, .. }] => (*ticket, names.clone()),
        other => panic!("functions are read: {other:?}"),
    }
}

/// What each of the functions is when it is read for a plan.
fn read(name: &str) -> Result<Box<Details>, cloud::Error> {
    let mut details = details();
    name.clone_into(&mut details.configuration.name);
    match name {
        "checkout-worker" => {
            details.configuration.state.last_update_status = Some("InProgress".into());
        }
        "invoice-render" => {
            details.configuration.package_type = Some("Image".into());
            details.tags.insert("aws:cloudformation:stack-name".into(), "invoices-production".into());
        }
        "nightly-cleanup" => details.configuration.memory_mb = Some(1024),
        "legacy-report" => {
            return Err(cloud::Error::new(
                Kind::Denied,
                "could not read legacy-report: User: arn:aws:iam::123456789012:user/ops is not authorized to \
                 perform lambda:GetFunction",
            ));
        }
        _ => {}
    }
    Ok(Box::new(details))
}

/// All functions, read for a change.
fn planned(line: &str) -> Screen {
    let mut screen = Screen::listed();
    screen.keys("*");
    plan(&mut screen, line);
    screen
}

fn plan(screen: &mut Screen, line: &str) {
    let (ticket, names) = observing(&command(screen, line));
    for name in names {
        let result = read(&name);
        screen.send(Msg::Observed(ticket, name, result));
    }
}

fn agree(screen: &mut Screen, phrase: &str) -> Ticket {
    screen.keys(phrase);
    let effects = screen.key(KeyCode::Enter);
    sent(&effects)
}

fn sent(effects: &[Effect]) -> Ticket {
    match effects {
        [Effect::Write(ticket, ..)] => *ticket,
        other => panic!("one change is sent: {other:?}"),
    }
}

/// Some done, one failed, one of which nobody knows; the next is on its way.
fn applying() -> (Screen, Ticket) {
    let mut screen = planned("bulk memory 1024");
    let mut ticket = agree(&mut screen, "5");
    for kind in [None, Some(Kind::Conflict), Some(Kind::OutcomeUnknown)] {
        let result = match kind {
            None => Ok(Box::default()),
            Some(kind) => Err(cloud::Error::new(
                kind,
                "could not update the configuration: the function is being changed by somebody else",
            )),
        };
        ticket = sent(&screen.send(Msg::Written(ticket, result)));
    }
    (screen, ticket)
}

fn over() -> Screen {
    let (mut screen, ticket) = applying();
    screen.keys("s");
    screen.send(Msg::Written(ticket, Ok(Box::default())));
    screen
}

/// All that there is to draw of it.
pub(super) fn all() -> Vec<Screen> {
    let mut reading = Screen::listed();
    reading.keys("*");
    command(&mut reading, "bulk memory 1024");
    let mut line = Screen::listed();
    line.keys("B");
    let mut wrong = Screen::listed();
    command(&mut wrong, "bulk retention 2");
    let mut mistyped = planned("bulk memory 1024");
    mistyped.keys("99");
    mistyped.key(KeyCode::Enter);
    vec![marked(), reading, line, wrong, mistyped, planned("bulk env STAGE=x"), applying().0, over()]
}

#[test]
fn marks() {
    let mut screen = marked();
    screen.check("marks");
    screen.keys("/check");
    screen.key(KeyCode::Enter);
    let shown = screen.text(80, 24);
    assert!(shown.contains("3 marked (2 not shown)"), "{shown}");
}

#[test]
fn the_line_offers_the_changes_and_says_what_is_wrong() {
    let mut screen = Screen::listed();
    screen.keys("B");
    screen.check("bulk_line");
    screen.keys("retention 2");
    screen.key(KeyCode::Enter);
    screen.check("bulk_line_problem");
}

#[test]
fn a_plan() {
    let mut screen = Screen::listed();
    screen.keys("*");
    let (ticket, names) = observing(&command(&mut screen, "bulk memory 1024"));
    for name in &names[..2] {
        screen.send(Msg::Observed(ticket, name.clone(), read(name)));
    }
    screen.check("bulk_reading");
    for name in &names[2..] {
        screen.send(Msg::Observed(ticket, name.clone(), read(name)));
    }
    screen.check("bulk_planned");
    screen.keys("7");
    screen.key(KeyCode::Enter);
    let shown = screen.text(80, 24);
    assert!(shown.contains("this is something else; nothing was sent"), "{shown}");
}

#[test]
fn a_plan_in_a_protected_place() {
    let mut screen = Screen::listed();
    screen.app.session.spec.protected = Protected { profiles: vec!["prod".into()], ..Protected::default() };
    screen.keys("*");
    plan(&mut screen, "bulk env STAGE=live");
    screen.check("bulk_protected");
}

#[test]
fn a_plan_with_nothing_to_do() {
    let mut screen = Screen::listed();
    plan(&mut screen, "bulk memory 512");
    let shown = screen.text(80, 24);
    assert!(shown.contains("nothing to do: 1 already so") && !shown.contains("Type "), "{shown}");
}

#[test]
fn under_way_and_over() {
    let (mut screen, _) = applying();
    screen.check("bulk_applying");
    screen.key(KeyCode::Esc);
    screen.wait(20.0);
    let shown = screen.text(80, 24);
    assert!(shown.contains("◐ changing 3 of 5, 1 failed, 1 unknown"), "{shown}");
    let mut screen = over();
    screen.wait(20.0);
    screen.check("bulk_over");
}

#[test]
fn the_function_that_is_being_changed_stays_on_the_screen() {
    let mut screen = Screen::listed();
    let many: Vec<_> = (0..100)
        .map(|number| summary(&format!("f-{number:02}"), Some("python3.13"), 512, 3, 1, number))
        .collect();
    let effects = screen.keys("r");
    let Some(Effect::ListFunctions(ticket)) = effects.first() else { panic!("{effects:?}") };
    screen.send(Msg::FunctionsPage { ticket: *ticket, functions: many, last: true });
    screen.text(80, 24);
    screen.keys("*");
    plan(&mut screen, "bulk memory 1024");
    let mut ticket = agree(&mut screen, "100");
    for number in 0..99 {
        let shown = screen.text(80, 24);
        let line = shown.lines().find(|line| line.contains("◐ f-")).unwrap_or_else(|| panic!("{shown}"));
        assert!(line.contains(&format!("f-{number:02}")), "{line}");
        ticket = sent(&screen.send(Msg::Written(ticket, Ok(Box::default()))));
    }
    // Whoever scrolls by hand looks at something else.
    screen.keys("g");
    assert!(!screen.text(80, 24).contains("f-99"));
}

#[test]
fn each_function_can_be_read_in_a_low_and_narrow_screen() {
    let mut screen = over();
    let mut seen = String::new();
    screen.text(40, 12);
    screen.keys("g");
    for _ in 0..60 {
        seen.push_str(&screen.text(40, 12));
        screen.keys("j");
    }
    for word in ["done", "✗", "failed", "outcome", "not sent", "already so", "not now"] {
        assert!(seen.contains(word), "{word}: {seen}");
    }
}

#[test]
fn what_must_be_typed_shows_in_the_lowest_screen() {
    let mut screen = planned("bulk memory 1024");
    for (columns, rows) in [(24, 6), (24, 7), (40, 8), (80, 9)] {
        let shown = screen.text(columns, rows);
        assert!(shown.contains("Type 5"), "{columns}x{rows}: {shown}");
    }
}
