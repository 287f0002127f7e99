//! The weights of an alias, and promoting.

use super::*;

#[test]
fn the_weights_are_typed_or_stepped_and_agreed_to() {
    let mut app = at_versions();
    go_to(&mut app, "live");
    act(&mut app, Action::Weights);
    assert_eq!((weights(&app).version(), weights(&app).field.text()), ("9", "10"));
    assert!(app.takes_text());
    act(&mut app, Action::Up);
    assert_eq!(weights(&app).field.text(), "25");
    // What is typed replaces the number.
    type_text(&mut app, "12.5x");
    assert_eq!(weights(&app).field.text(), "12.5");
    assert_eq!(act(&mut app, Action::Open), []);
    let additional = Some(Additional { version: "9".into(), weight: 0.125 });
    agree(&mut app, &order(Some(live()), Some(Alias { additional, ..live() })));
}

#[test]
fn tab_takes_another_additional_version() {
    let mut app = at_versions();
    go_to(&mut app, "test");
    act(&mut app, Action::Weights);
    // The newest one besides its own.
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(weights(&app).version().to_owned());
        act(&mut app, Action::NextTab);
    }
    assert_eq!(seen, ["8", "7", "6", "8"]);
    type_text(&mut app, "1");
    act(&mut app, Action::Open);
    let before = alias("test", "9", None);
    let additional = Some(Additional { version: "7".into(), weight: 0.01 });
    agree(&mut app, &order(Some(before.clone()), Some(Alias { additional, ..before })));
}

#[rstest::rstest]
#[case("0", "8")]
#[case("100", "9")]
fn no_share_and_all_of_it_leave_one_version(#[case] typed: &str, #[case] alone: &str) {
    let mut app = at_versions();
    go_to(&mut app, "live");
    act(&mut app, Action::Weights);
    type_text(&mut app, typed);
    act(&mut app, Action::Open);
    let after = Alias { version: alone.into(), additional: None, ..live() };
    agree(&mut app, &order(Some(live()), Some(after)));
}

#[test]
fn a_wrong_weight_stays_with_its_problem() {
    let mut app = at_versions();
    go_to(&mut app, "live");
    act(&mut app, Action::Weights);
    for typed in ["101", "1.234", "."] {
        act(&mut app, Action::Left);
        type_text(&mut app, typed);
        assert_eq!(act(&mut app, Action::Open), [], "{typed}");
        assert!(weights(&app).problem.is_some(), "{typed}");
    }
    act(&mut app, Action::Back);
    assert!(app.overlay.is_none());
    // As they are: there is nothing to send.
    act(&mut app, Action::Weights);
    assert_eq!(act(&mut app, Action::Open), []);
    assert_eq!(said(&app), "nothing is changed");
}

#[test]
fn weights_are_for_aliases_of_versions() {
    let mut app = at_versions();
    act(&mut app, Action::Weights);
    assert!(app.overlay.is_none());
    assert!(said(&app).contains("dev points to $LATEST"), "{}", said(&app));
    go_to(&mut app, "7");
    act(&mut app, Action::Weights);
    assert!(said(&app).starts_with("go to the alias"), "{}", said(&app));
    let mut one = releases();
    one.versions.truncate(2);
    one.aliases = vec![alias("live", "9", None)];
    let mut app = at_versions_of(one, Vec::new());
    act(&mut app, Action::Weights);
    assert!(said(&app).contains("no version besides 9"), "{}", said(&app));
}

#[test]
fn versions_of_different_roles_share_nothing() {
    let mut uneven = releases();
    uneven.versions[3].role = Some("arn:aws:iam::123456789012:role/other".into());
    let mut app = at_versions_of(uneven, Vec::new());
    go_to(&mut app, "test");
    act(&mut app, Action::Weights);
    act(&mut app, Action::NextTab);
    type_text(&mut app, "5");
    act(&mut app, Action::Open);
    let warnings = &review(&app).beside.warnings;
    assert!(warnings[0].contains("different execution roles"), "{warnings:?}");
}

#[test]
fn promoting_gives_the_additional_version_everything() {
    let mut app = at_versions();
    go_to(&mut app, "live");
    assert_eq!(act(&mut app, Action::Promote), []);
    let after = Alias { version: "9".into(), additional: None, ..live() };
    agree(&mut app, &order(Some(live()), Some(after)));
    let mut app = at_versions();
    go_to(&mut app, "test");
    act(&mut app, Action::Promote);
    assert!(app.overlay.is_none());
    assert_eq!(said(&app), "test points to 9 alone: there is nothing to promote");
}
