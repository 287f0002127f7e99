//! What becomes of a save, and of the draft with it.

use std::time::Duration;

use jiff::ToSpan;
use lambdeck::{
    app::{Ticket, review::Phase},
    cloud::{Error, Kind},
    domain::{change::Written, function::State},
};

use super::*;

/// Saves what is drafted; answers with the write's ticket.
pub(super) fn save(app: &mut App) -> Ticket {
    press(app, "<ctrl-s>");
    let effects = press(app, "y");
    match effects[..] {
        [Effect::Write(ticket, ..)] => ticket,
        _ => panic!("{effects:?}"),
    }
}

/// Answers a write; answers with the ticket of the read that follows.
pub(super) fn written(app: &mut App, ticket: Ticket, result: Result<(), Error>) -> Option<Ticket> {
    let result = result.map(|()| Box::new(Written::default()));
    let effects = app.update(app.now, Msg::Written(ticket, result));
    effects.iter().find_map(|effect| match effect {
        Effect::Observe { ticket, .. } => Some(*ticket),
        _ => None,
    })
}

pub(super) fn observed(app: &mut App, ticket: Ticket, details: Details) -> Vec<Effect> {
    app.update(app.now, Msg::Observed(ticket, "checkout-api".into(), Ok(Box::new(details))))
}

#[test]
fn a_save_is_watched_until_it_is_in_use() {
    let mut app = tab();
    press(&mut app, "e2<enter>");
    let after = mine(&app);
    let write = save(&mut app);
    // Nothing ticks while the request is on its way.
    assert_eq!(app.wake_at(), None);
    let read = written(&mut app, write, Ok(())).unwrap();
    assert_eq!(draft(&app), None);
    let mut details = with(after.clone(), "r2");
    details.configuration.state = State { last_update_status: Some("InProgress".into()), ..State::default() };
    let effects = observed(&mut app, read, details.clone());
    let [Effect::Observe { ticket, after: wait, .. }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(*wait, Duration::from_secs(1));
    assert_eq!(app.writing[0].phase, Phase::Settling);
    // A clock runs, a second at a time.
    app.messages.dismiss();
    assert_eq!(app.wake_at(), Some(moment() + 1.seconds()));
    app.update(moment() + 1500.milliseconds(), Msg::Tick);
    app.messages.dismiss();
    assert_eq!(app.wake_at(), Some(moment() + 2.seconds()));
    details.configuration.state.last_update_status = Some("Successful".into());
    observed(&mut app, *ticket, details);
    assert!(app.writing.is_empty());
    assert_eq!(mine(&app), after);
    assert!(said(&app).contains("saved and in use"));
}

#[rstest]
#[case(Kind::Network)]
#[case(Kind::Credentials)]
#[case(Kind::Denied)]
#[case(Kind::Throttled)]
#[case(Kind::Conflict)]
fn a_save_that_fails_keeps_the_draft(#[case] kind: Kind) {
    let mut app = tab();
    press(&mut app, "e2<enter>");
    let kept = draft(&app).cloned();
    let write = save(&mut app);
    assert_eq!(written(&mut app, write, Err(Error::new(kind, "no"))), None);
    assert_eq!(draft(&app).cloned(), kept);
    // It can be saved again.
    save(&mut app);
}

#[test]
fn without_an_answer_it_is_looked_what_was_done() {
    for done in [true, false] {
        let mut app = tab();
        press(&mut app, "e2<enter>");
        let after = mine(&app);
        let write = save(&mut app);
        let error = Error::new(Kind::OutcomeUnknown, "no answer");
        let read = written(&mut app, write, Err(error)).unwrap();
        let (variables, revision) = if done { (after.clone(), "r2") } else { (base(), "r1") };
        observed(&mut app, read, with(variables, revision));
        assert_eq!(draft(&app).is_none(), done);
        assert_eq!(mine(&app), after);
    }
}

#[test]
fn what_is_typed_while_a_save_is_on_its_way_stays_a_draft_of_what_was_saved() {
    let mut app = tab();
    press(&mut app, "e2<enter>");
    let saved = mine(&app);
    let write = save(&mut app);
    press(&mut app, "e3<enter>");
    let read = written(&mut app, write, Ok(())).unwrap();
    observed(&mut app, read, with(saved.clone(), "r2"));
    let details = app.function.as_ref().unwrap().details.value.as_ref();
    assert!(!pane(&app).is_stale(details));
    press(&mut app, "<ctrl-s>");
    let (before, after) = proposed(&app);
    assert_eq!((before, after["DB_HOST"].reveal()), (saved, "db.internal23"));
    assert_eq!(review(&app).order.revision_id.as_deref(), Some("r2"));
}

/// A save of `DB_HOST`, done and settled.
fn saved() -> App {
    let mut app = tab();
    press(&mut app, "e2<enter>");
    let after = mine(&app);
    let write = save(&mut app);
    let read = written(&mut app, write, Ok(())).unwrap();
    let effects = observed(&mut app, read, with(after.clone(), "r2"));
    answer(&mut app, &effects, with(after, "r2"));
    app
}

#[test]
fn undo_puts_back_what_was_there_before_the_last_save() {
    let mut app = saved();
    let after = mine(&app);
    press(&mut app, "U");
    assert_eq!(proposed(&app), (after.clone(), base()));
    assert_eq!(review(&app).order.revision_id.as_deref(), Some("r2"));
    // No keeps it as a draft; the same key asks again, and a row's change can be taken back.
    press(&mut app, "nU");
    assert_eq!(proposed(&app).1, base());
    press(&mut app, "n");
    assert_eq!(pane(&app).changes(), 1);
    press(&mut app, "u");
    assert_eq!(draft(&app), None);
    // Once more, and done: then the key does it again.
    press(&mut app, "U");
    let effects = press(&mut app, "y");
    let [Effect::Write(ticket, ..)] = effects[..] else { panic!("{effects:?}") };
    let read = written(&mut app, ticket, Ok(())).unwrap();
    observed(&mut app, read, with(base(), "r3"));
    press(&mut app, "U");
    assert_eq!(proposed(&app), (base(), after));
}

#[test]
fn undo_keeps_what_others_did_since_and_asks_where_it_collides() {
    let mut app = saved();
    let mut theirs = mine(&app);
    theirs.insert("THEIRS".into(), "1".into());
    refreshed(&mut app, theirs.clone(), "r3");
    press(&mut app, "U");
    let mut expected = base();
    expected.insert("THEIRS".into(), "1".into());
    assert_eq!(proposed(&app), (theirs, expected));

    let mut app = saved();
    let mut theirs = mine(&app);
    theirs.insert("DB_HOST".into(), "elsewhere".into());
    refreshed(&mut app, theirs, "r3");
    press(&mut app, "U");
    assert_eq!(merge(&app).undecided().count(), 1);
}

#[test]
fn undo_never_drops_unsaved_edits_and_says_when_there_is_nothing_to_undo() {
    let mut app = tab();
    press(&mut app, "U");
    assert_eq!(said(&app), "nothing was saved from here that could be taken back");
    let mut app = saved();
    press(&mut app, "+NEW<enter>1<enter>U");
    assert!(app.overlay.is_none() && said(&app).contains("unsaved changes"));
    assert_eq!(mine(&app)["NEW"].reveal(), "1");
}

#[test]
fn undo_is_known_after_a_look_elsewhere_but_not_for_other_functions_or_places() {
    let mut app = saved();
    press(&mut app, "<esc>jE");
    press(&mut app, "U");
    assert!(app.overlay.is_none());
    press(&mut app, "<esc>k");
    let effects = press(&mut app, "E");
    let mut after = base();
    after.insert("DB_HOST".into(), "db.internal2".into());
    answer(&mut app, &effects, with(after, "r2"));
    press(&mut app, "U");
    assert_eq!(proposed(&app).1, base());
    press(&mut app, "n");
    app.session.current.as_mut().unwrap().region = "us-east-1".into();
    app.function.as_mut().unwrap().environment.draft = None;
    press(&mut app, "U");
    assert!(app.overlay.is_none());
}

#[test]
fn a_draft_that_is_too_large_is_kept_and_not_sent() {
    let mut app = tab();
    press(&mut app, "e<ctrl-u>");
    paste(&mut app, &"x".repeat(5000));
    press(&mut app, "<ctrl-s>");
    assert!(app.overlay.is_none());
    assert!(said(&app).contains("bytes too many"), "{}", said(&app));
    assert_eq!(mine(&app)["DB_HOST"].len(), 5000);
    press(&mut app, "u<ctrl-s>");
    assert_eq!(said(&app), "nothing is changed");
}

#[test]
fn a_protected_function_takes_its_name_and_a_pasted_name_is_none() {
    let mut app = tab();
    app.session.spec.protected.names = vec!["checkout-*".into()];
    press(&mut app, "e2<ctrl-s>");
    assert_eq!(review(&app).typed.as_deref(), Some("checkout-api"));
    paste(&mut app, "checkout-api");
    assert_eq!(press(&mut app, "<enter>"), []);
    assert_eq!(press(&mut app, "checkout-ap<enter>"), []);
    let effects = press(&mut app, "i<enter>");
    assert!(matches!(effects[..], [Effect::Write(..)]), "{effects:?}");
}
