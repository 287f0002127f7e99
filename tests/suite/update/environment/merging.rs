//! Somebody else was faster.

use lambdeck::{
    app::{Ticket, draft::Draft, function::Tab},
    cloud::{Error, Kind},
    domain::{
        change::Written,
        settings::{Setting, Settings},
    },
};

use super::{
    saving::{observed, save, written},
    *,
};

/// Mine: another host, no stage, a new flag.
fn edited() -> App {
    let mut app = tab();
    press(&mut app, "e<ctrl-u>mine<enter>j<ctrl-d>+FLAG<enter>on<enter>");
    app
}

fn theirs() -> Variables {
    map(&[("DB_HOST", "theirs"), ("EXTRA", "1"), ("STAGE", "live"), ("TOKEN", "old-token")])
}

/// The write was refused, and the function is read again.
fn refused(app: &mut App) -> Ticket {
    let write = save(app);
    written(app, write, Err(Error::new(Kind::Stale, "412"))).unwrap()
}

#[test]
fn a_refused_save_is_merged_reviewed_and_saved_with_the_new_revision() {
    let mut app = edited();
    let read = refused(&mut app);
    let kept = mine(&app);
    assert_eq!(observed(&mut app, read, with(theirs(), "r2")), []);
    // Only what collides is asked for.
    assert_eq!(merge(&app).undecided().collect::<Vec<_>>(), [0]);
    assert_eq!(press(&mut app, "<ctrl-s>"), []);
    assert!(merge(&app).incomplete);
    // Later is no decision: the draft is as it was, and the choice is asked for again.
    press(&mut app, "t<esc>");
    assert!(app.overlay.is_none());
    assert_eq!(mine(&app), kept);
    press(&mut app, "<ctrl-s>");
    assert_eq!(merge(&app).undecided().count(), 1);
    press(&mut app, "m<enter>");
    let (before, after) = proposed(&app);
    assert_eq!(before, theirs());
    let expected = map(&[("DB_HOST", "mine"), ("EXTRA", "1"), ("FLAG", "on"), ("TOKEN", "old-token")]);
    assert_eq!(after, expected);
    let effects = press(&mut app, "y");
    let [Effect::Write(_, order, _)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(order.revision_id.as_deref(), Some("r2"));
    assert_eq!(order.change, Change::Environment { before: theirs(), after: expected });
}

#[test]
fn their_side_can_be_taken() {
    let mut app = edited();
    let read = refused(&mut app);
    observed(&mut app, read, with(theirs(), "r2"));
    press(&mut app, "t<ctrl-s>");
    assert_eq!(proposed(&app).1["DB_HOST"].reveal(), "theirs");
    // Nothing of mine is left to save.
    let mut app = tab();
    press(&mut app, "e<ctrl-u>mine<enter>");
    refreshed(&mut app, theirs(), "r2");
    press(&mut app, "<ctrl-s>t<enter>");
    assert!(app.overlay.is_none());
    assert_eq!(said(&app), "nothing is changed");
    assert_eq!((pane(&app).changes(), mine(&app)), (0, theirs()));
}

#[test]
fn a_row_that_only_one_side_changed_is_not_to_decide() {
    let mut app = edited();
    refreshed(&mut app, theirs(), "r2");
    press(&mut app, "<ctrl-s>jm");
    assert_eq!(merge(&app).choices.len(), 0);
    press(&mut app, "kmk");
    assert_eq!(merge(&app).choices.len(), 1);
}

#[test]
fn what_does_not_collide_is_put_together_and_said() {
    let mut app = edited();
    let read = refused(&mut app);
    let mut theirs = base();
    theirs.insert("EXTRA".into(), "1".into());
    observed(&mut app, read, with(theirs.clone(), "r2"));
    let (before, after) = proposed(&app);
    assert_eq!(before, theirs);
    assert_eq!(after, map(&[("DB_HOST", "mine"), ("EXTRA", "1"), ("FLAG", "on"), ("TOKEN", "old-token")]));
    assert!(review(&app).beside.warnings[0].contains("1 other change was made by somebody else"));
}

#[test]
fn no_question_comes_up_below_the_fingers_of_who_is_typing() {
    for keys in ["e", "+", "/"] {
        for collides in [true, false] {
            let mut app = edited();
            let read = refused(&mut app);
            press(&mut app, keys);
            let theirs = if collides { theirs() } else { base() };
            observed(&mut app, read, with(theirs, "r2"));
            assert!(app.overlay.is_none(), "{keys}");
            assert_eq!(press(&mut app, "y"), []);
            assert!(said(&app).contains("your changes are kept"));
        }
    }
}

#[test]
fn an_edit_is_of_what_was_there_when_it_began() {
    // Somebody else's change that is read while a field is open is not overwritten without being asked for.
    let mut app = tab();
    let effects = press(&mut app, "r");
    press(&mut app, "e<ctrl-u>mine");
    answer(&mut app, &effects, with(theirs(), "r2"));
    let details = app.function.as_ref().unwrap().details.value.as_ref();
    assert!(pane(&app).is_stale(details));
    press(&mut app, "<ctrl-s>");
    assert_eq!(merge(&app).undecided().count(), 1);
    // So it is with the editor of several lines, and with a name.
    for keys in ["t<enter>", "pDB_HOST=mine"] {
        let mut app = tab();
        let effects = press(&mut app, "r");
        press(&mut app, keys);
        answer(&mut app, &effects, with(theirs(), "r2"));
        press(&mut app, "<ctrl-s>");
        assert_eq!(merge(&app).undecided().count(), 1, "{keys}");
    }
}

#[test]
fn a_change_of_something_else_only_moves_the_revision() {
    let mut app = edited();
    refreshed(&mut app, base(), "r2");
    let details = app.function.as_ref().unwrap().details.value.as_ref();
    assert!(!pane(&app).is_stale(details));
    press(&mut app, "<ctrl-s>");
    assert_eq!(review(&app).order.revision_id.as_deref(), Some("r2"));
    assert!(review(&app).beside.warnings.is_empty());
}

#[test]
fn a_merge_is_refused_when_the_session_has_changed_meanwhile() {
    let mut app = edited();
    refreshed(&mut app, theirs(), "r2");
    press(&mut app, "<ctrl-s>m");
    app.session.current.as_mut().unwrap().region = "us-east-1".into();
    assert_eq!(press(&mut app, "<enter>"), []);
    assert!(app.overlay.is_none());
    assert!(said(&app).contains("the session has changed meanwhile"));
}

#[test]
fn settings_are_merged_the_same_way() {
    let mut app = tab();
    let view = app.function.as_mut().unwrap();
    view.tab = Tab::Configuration;
    let configuration = view.details.value.as_ref().unwrap().configuration.clone();
    let mut draft = Draft::new(Settings::of(&configuration).as_map().clone(), Some("r1".into()));
    draft.mine.insert(Setting::Memory, "1024".into());
    draft.mine.insert(Setting::Timeout, "60".into());
    view.configuration.draft = Some(draft);
    let effects = press(&mut app, "r");
    let mut theirs = with(base(), "r2");
    theirs.configuration.memory_mb = Some(2048);
    theirs.configuration.description = Some("theirs".into());
    answer(&mut app, &effects, theirs);
    press(&mut app, "<ctrl-s>");
    assert_eq!(merge(&app).undecided().count(), 1);
    // They are no secrets: nothing is to reveal.
    press(&mut app, "x");
    assert_eq!(merge(&app).revealed, None);
    press(&mut app, "t<ctrl-s>");
    let order = review(&app).order.clone();
    let Change::Settings { before, after } = &order.change else { panic!("{order:?}") };
    assert_eq!(before.changed(after), [Setting::Timeout]);
    assert_eq!(after.get(Setting::Memory), Some("2048"));
    assert_eq!(after.get(Setting::Description), Some("theirs"));
    assert_eq!(order.revision_id.as_deref(), Some("r2"));
    let effects = press(&mut app, "y");
    let [Effect::Write(ticket, ..)] = effects[..] else { panic!("{effects:?}") };
    app.update(moment(), Msg::Written(ticket, Ok(Box::new(Written::default()))));
    assert_eq!(app.function.as_ref().unwrap().configuration.draft, None);
}
