//! Comparing two functions, versions or aliases.

use lambdeck::{
    app::{Action, App, Effect, Msg, Ticket, overlay::Overlay},
    cloud::{Error, Kind},
    domain::compare::{Comparison, Row, Side},
};

use crate::support::app::{act, fresh, moment, summary, type_text, with_functions};

const SIZE: (u16, u16) = (80, 24);

fn listed() -> App {
    let names = ["checkout-api", "checkout-worker", "image-resizer"];
    with_functions(
        SIZE,
        (0i64..).zip(names).map(|(age, name)| summary(name, "python3.13", 512, age)).collect(),
    )
}

fn side(text: &str) -> Side {
    text.parse().unwrap()
}

fn compared(effects: &[Effect]) -> (Ticket, [Side; 2]) {
    match effects {
        [Effect::Compare(ticket, sides)] => (*ticket, (**sides).clone()),
        other => panic!("two sides are read: {other:?}"),
    }
}

fn line(app: &App) -> &str {
    match &app.overlay {
        Some(Overlay::CommandLine(line)) => line.field.text(),
        other => panic!("{other:?}"),
    }
}

fn command(app: &mut App, line: &str) -> Vec<Effect> {
    act(app, Action::CommandLine);
    type_text(app, line);
    act(app, Action::Open)
}

#[test]
fn two_marked_functions_are_compared_at_once() {
    let mut app = listed();
    act(&mut app, Action::Mark);
    act(&mut app, Action::Bottom);
    act(&mut app, Action::Mark);
    act(&mut app, Action::Up);
    let (_, sides) = compared(&act(&mut app, Action::Compare));
    assert_eq!(sides, [side("checkout-api"), side("image-resizer")]);
    assert!(matches!(&app.overlay, Some(Overlay::Compare(_))));
}

#[test]
fn the_marked_one_is_compared_with_the_selected_one() {
    let mut app = listed();
    act(&mut app, Action::Mark);
    act(&mut app, Action::Down);
    let (_, sides) = compared(&act(&mut app, Action::Compare));
    assert_eq!(sides, [side("checkout-api"), side("checkout-worker")]);
}

#[test]
fn else_the_other_side_is_typed() {
    // Nothing is marked.
    let mut app = listed();
    assert_eq!(act(&mut app, Action::Compare), []);
    assert_eq!(line(&app), "compare checkout-api ");
    type_text(&mut app, "checkout-api:live");
    let (_, sides) = compared(&act(&mut app, Action::Open));
    assert_eq!(sides, [side("checkout-api"), side("checkout-api:live")]);
    // The marked one is the selected one; three are marked.
    let mut app = listed();
    act(&mut app, Action::Mark);
    assert_eq!(act(&mut app, Action::Compare), []);
    assert_eq!(line(&app), "compare checkout-api ");
    let mut app = listed();
    act(&mut app, Action::MarkAll);
    assert_eq!(act(&mut app, Action::Compare), []);
    assert_eq!(line(&app), "compare checkout-api ");
    // In a function's view marks don't count.
    let mut app = listed();
    act(&mut app, Action::Mark);
    act(&mut app, Action::Down);
    act(&mut app, Action::Open);
    assert_eq!(act(&mut app, Action::Compare), []);
    assert_eq!(line(&app), "compare checkout-worker ");
}

#[test]
fn without_a_second_side_the_function_that_is_open_or_selected_is_one() {
    let mut app = listed();
    let (_, sides) = compared(&command(&mut app, "compare checkout-api:7"));
    assert_eq!(sides, [side("checkout-api"), side("checkout-api:7")]);
    act(&mut app, Action::Back);
    act(&mut app, Action::Down);
    act(&mut app, Action::Open);
    let (_, sides) = compared(&command(&mut app, "compare dev@us-east-1/checkout-worker"));
    assert_eq!(sides, [side("checkout-worker"), side("dev@us-east-1/checkout-worker")]);
}

#[test]
fn what_names_the_place_one_is_in_takes_no_other_session() {
    let mut app = listed();
    let (_, sides) = compared(&command(&mut app, "compare prod@eu-west-1/a @eu-west-1/b"));
    assert_eq!(sides, [side("a"), side("b")]);
    act(&mut app, Action::Back);
    // A profile without a region: the profile's own, which may be another one.
    let (_, sides) = compared(&command(&mut app, "compare prod@/a @us-east-1/a"));
    assert_eq!(sides, [side("prod@/a"), side("@us-east-1/a")]);
    act(&mut app, Action::Back);
    assert_eq!(command(&mut app, "compare a prod@eu-west-1/a"), []);
    assert!(app.overlay.is_none() && app.messages.shown().unwrap().text.contains("the same on both sides"));
}

#[test]
fn what_is_wrong_with_a_side_is_said_on_the_line() {
    for (typed, told) in [
        ("compare prod@eu-west-1", "no / before the function"),
        ("compare a b c", "one word too many"),
        ("compare", "compare needs A [B]"),
    ] {
        let mut app = listed();
        assert_eq!(command(&mut app, typed), []);
        let Some(Overlay::CommandLine(line)) = &app.overlay else { panic!("{:?}", app.overlay) };
        assert!(line.problem.as_ref().is_some_and(|problem| problem.contains(told)), "{line:?}");
    }
}

#[test]
fn an_answer_is_shown_and_a_late_one_dropped() {
    let row = |name: &str, equal| Row {
        group: "Configuration",
        name: name.into(),
        left: Some("1".into()),
        right: Some("2".into()),
        equal,
    };
    let comparison = Comparison {
        titles: ["a".into(), "b".into()],
        rows: vec![row("Memory", true), row("Timeout", false)],
    };
    let mut app = listed();
    let (ticket, sides) = compared(&command(&mut app, "compare a b"));
    let counts = |app: &App| match &app.overlay {
        Some(Overlay::Compare(comparing)) => comparing.counts(),
        other => panic!("{other:?}"),
    };
    app.update(moment(), Msg::Compared(ticket, Err(Error::new(Kind::NotFound, "a is not there"))));
    assert_eq!(counts(&app), (0, 0));
    // Read again; while that is under way once.
    let (again, same) = compared(&act(&mut app, Action::Refresh));
    assert_eq!(same, sides);
    assert_eq!(act(&mut app, Action::Refresh), []);
    app.update(moment(), Msg::Compared(ticket, Ok(Box::new(Comparison::default()))));
    app.update(moment(), Msg::Compared(again, Ok(Box::new(comparison.clone()))));
    assert_eq!(counts(&app), (1, 2));
    act(&mut app, Action::ErrorsOnly);
    let Some(Overlay::Compare(comparing)) = &app.overlay else { panic!() };
    assert_eq!((comparing.differences_only, comparing.lines().len()), (true, 2));
    assert_eq!(act(&mut app, Action::Back), []);
    assert_eq!(app.update(moment(), Msg::Compared(again, Ok(Box::new(comparison)))), []);
    assert!(app.overlay.is_none());
}

#[test]
fn without_a_session_nothing_is_compared() {
    let mut app = fresh(SIZE);
    app.start();
    assert_eq!(command(&mut app, "compare a b"), []);
    assert!(app.messages.shown().unwrap().text.contains("no connection"));
    assert_eq!(act(&mut app, Action::Compare), []);
    assert!(app.overlay.is_none());
}
