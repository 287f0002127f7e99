//! Rolling an alias back: where to, and that two keys are enough, however fast.

use super::*;
use crate::support::app::look;

#[test]
fn rolling_back_goes_where_the_journal_says() {
    let (one, entries) = one_alias();
    let mut app = at_versions_of(one, entries);
    assert_eq!(act(&mut app, Action::Rollback), []);
    assert_eq!(
        review(&app).beside.facts,
        [
            "It pointed to 6 before, until 14m ago, by this machine's journal.",
            "Version 6: code aAaAaAaA, 16d ago, \"The one that worked all summer\""
        ]
    );
    let ticket = agree(&mut app, &back_to("6"));
    let effects = app.update(moment(), Msg::Written(ticket, Ok(Box::default())));
    assert_eq!(effects.len(), 3, "{effects:?}");
    assert_eq!(said(&app), "checkout-api: Alias live 9 → 6 is saved");
}

#[test]
fn without_a_journal_it_is_the_previous_number() {
    let (one, _) = one_alias();
    let mut app = at_versions_of(one.clone(), Vec::new());
    // With one alias only it works from everywhere.
    go_to(&mut app, "7");
    act(&mut app, Action::Rollback);
    let facts = &review(&app).beside.facts;
    assert_eq!(
        facts[0],
        "8 is the previous number; this machine's journal knows of no change that pointed it to 9."
    );
    agree(&mut app, &back_to("8"));

    let (mut app, ticket, journal) = opened(Action::Aliases);
    app.update(moment(), Msg::Releases(ticket, Ok(Box::new(one))));
    app.update(moment(), Msg::Journal(journal, Err("it is no text".into())));
    act(&mut app, Action::Rollback);
    let facts = &review(&app).beside.facts;
    assert_eq!(facts[0], "8 is the previous number; the journal can't be read: it is no text.");
}

#[test]
fn a_rollback_goes_nowhere_where_nothing_is() {
    let (mut one, entries) = one_alias();
    one.versions.retain(|version| version.version.as_deref() != Some("6"));
    let mut app = at_versions_of(one.clone(), entries);
    assert_eq!(act(&mut app, Action::Rollback), []);
    assert!(app.overlay.is_none());
    assert!(said(&app).contains("pointed to version 6 before 9, but that does not exist"), "{}", said(&app));
    one.aliases = vec![alias("live", "7", None)];
    let mut app = at_versions_of(one, Vec::new());
    act(&mut app, Action::Rollback);
    assert!(said(&app).contains("no version before 7 is known"), "{}", said(&app));
    // Of several aliases one has to be chosen.
    let mut app = at_versions();
    go_to(&mut app, "9");
    act(&mut app, Action::Rollback);
    assert!(said(&app).starts_with("go to the alias to roll back"), "{}", said(&app));
}

#[test]
fn a_rollback_during_a_canary_says_what_else_could_be_done() {
    let mut app = at_versions();
    go_to(&mut app, "live");
    act(&mut app, Action::Rollback);
    let warning = &review(&app).beside.warnings[0];
    assert!(warning.contains("version 9 gets 10 % now") && warning.contains("stay on 8"), "{warning}");
    let after = Alias { version: "7".into(), additional: None, ..live() };
    agree(&mut app, &order(Some(live()), Some(after)));
}

#[test]
fn two_keys_pressed_at_once_are_a_rollback_as_soon_as_all_is_read() {
    for journal_first in [true, false] {
        let (one, entries) = one_alias();
        let (mut app, ticket, journal) = opened(Action::Aliases);
        assert_eq!(act(&mut app, Action::Rollback), []);
        assert!(app.overlay.is_none() && pane(&app).waiting);
        let mut messages = vec![Msg::Journal(journal, Ok(entries)), Msg::Releases(ticket, Ok(Box::new(one)))];
        if !journal_first {
            messages.reverse();
        }
        let second = messages.pop().unwrap();
        assert_eq!(app.update(moment(), messages.pop().unwrap()), []);
        assert!(app.overlay.is_none() && pane(&app).waiting);
        assert_eq!(app.update(moment(), second), []);
        assert!(!pane(&app).waiting);
        look(&mut app);
        agree(&mut app, &back_to("6"));
    }
}

#[rstest::rstest]
#[case(Action::CopyName, 0)]
#[case(Action::Back, 0)]
#[case(Action::Down, 0)]
#[case(Action::Help, 0)]
#[case(Action::Tab(1), 0)]
#[case(Action::Refresh, 3)]
fn another_key_drops_the_rollback_that_waits(#[case] key: Action, #[case] effects: usize) {
    let (one, entries) = one_alias();
    let (mut app, ticket, journal) = opened(Action::Aliases);
    act(&mut app, Action::Rollback);
    // In a hurry the y of the question comes before the question: it does not copy the name either.
    assert_eq!(act(&mut app, key.clone()).len(), effects);
    assert!(!pane(&app).waiting);
    let dropped = "the rollback was dropped by another key; nothing was sent";
    assert!(app.messages.log.iter().any(|message| message.text == dropped), "{:?}", app.messages.log);
    let had_overlay = app.overlay.is_some();
    app.update(moment(), Msg::Journal(journal, Ok(entries)));
    app.update(moment(), Msg::Releases(ticket, Ok(Box::new(one))));
    assert_eq!(app.overlay.is_some(), had_overlay);
    assert!(!matches!(app.overlay, Some(Overlay::Review(_))));
}

#[test]
fn a_rollback_that_waits_in_vain_says_why() {
    let (mut app, ticket, journal) = opened(Action::Aliases);
    act(&mut app, Action::Rollback);
    app.update(moment(), Msg::Journal(journal, Ok(Vec::new())));
    app.update(moment(), Msg::Releases(ticket, Err(Error::new(Kind::Network, "no connection"))));
    assert!(app.overlay.is_none() && !pane(&app).waiting);
    assert!(said(&app).contains("no connection"), "{}", said(&app));
}
