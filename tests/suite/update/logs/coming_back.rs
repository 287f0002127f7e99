//! Leaving a log and coming back to it.

use lambdeck::tail::GapKind;
use rstest::rstest;

use super::*;

/// Opens the function's log again, so long after the moment: what is followed from then on.
fn back_after(app: &mut App, seconds: i64) -> (Ticket, Timestamp) {
    let effects = app.update(moment() + seconds.seconds(), Msg::Action(Action::Logs));
    let [Effect::GetFunction { .. }, effect] = &effects[..] else { panic!("{effects:?}") };
    let (ticket, groups, since, until) = followed(effect);
    assert_eq!((groups, until), (&[GROUP.to_owned()][..], None));
    (ticket, since)
}

#[test]
fn what_was_there_is_there_at_once_and_nothing_is_shown_twice() {
    let (mut app, _) = at_lines(&["a", "b", "b", "c"]);
    act(&mut app, Action::Up);
    act(&mut app, Action::Bookmark);
    app.update(moment() + 10.seconds(), Msg::Action(Action::Back));
    let (ticket, since) = back_after(&mut app, 600);
    // From the newest event, less the time within which late ones are found.
    assert_eq!(since, moment() + 3.seconds() - minutes(5));
    assert_eq!((messages(&app).len(), selected(&app).as_str()), (4, "b"));
    assert_eq!((pane(&app).bookmarks.len(), pane(&app).history_done), (1, false));

    // All of it is told again, with one that had come late, and what came since.
    let again = [(-20, "late"), (0, "a"), (1, "b"), (1, "b"), (2, "b"), (3, "c"), (400, "d")];
    app.update(app.now, Msg::Tail(ticket, lines(again)));
    app.update(app.now, Msg::Tail(ticket, history_done()));
    assert_eq!(messages(&app), ["late", "a", "b", "b", "b", "c", "d"]);
    assert_eq!(selected(&app), "b");
    // From now on nothing is told twice: the same words again are another event.
    app.update(app.now, Msg::Tail(ticket, lines([(3, "c")])));
    assert_eq!(messages(&app).len(), 8);
}

#[test]
fn a_log_that_was_read_back_goes_on_with_all_of_it() {
    let (mut app, _) = at_lines(&["a"]);
    let effects = act(&mut app, Action::Older);
    let (older, ..) = followed(&effects[0]);
    app.update(moment(), Msg::Tail(older, lines([(-1000, "old")])));
    app.update(moment(), Msg::Tail(older, history_done()));
    act(&mut app, Action::Back);
    back_after(&mut app, 60);
    assert_eq!(messages(&app), ["old", "a"]);
    assert_eq!(pane(&app).begun(), moment() - minutes(30));
}

#[test]
fn the_log_of_another_tab_goes_on_as_it_was() {
    let (mut app, _) = at_lines(&["a"]);
    act(&mut app, Action::Invoke);
    assert_eq!(act(&mut app, Action::Logs), []);
}

#[rstest]
#[case::too_long_ago(900, None)]
#[case::reading(0, Some(Update::Status(Status::new(GROUP))))]
#[case::missing(0, Some(Update::Gap { group: GROUP.into(), kind: GapKind::Disconnected, from_ms: 0, to_ms: None, repaired: false }))]
fn what_is_not_all_there_is_begun_anew(#[case] after: i64, #[case] update: Option<Update>) {
    let mut app = with_functions(SIZE, three());
    let effects = act(&mut app, Action::Logs);
    let [_, Effect::FollowLogs { ticket, .. }] = effects[..] else { panic!("{effects:?}") };
    app.update(moment(), Msg::Tail(ticket, lines([(0, "a")])));
    // Without the end of its history it is only begun.
    if !matches!(update, Some(Update::Status(_))) {
        app.update(moment(), Msg::Tail(ticket, history_done()));
    }
    if let Some(update) = update {
        app.update(moment(), Msg::Tail(ticket, update));
    }
    act(&mut app, Action::Back);
    let (_, since) = back_after(&mut app, after);
    assert_eq!(since, app.now - minutes(15));
    assert!(messages(&app).is_empty());
}

#[test]
fn live_tail_is_not_taken_up_again_by_itself() {
    let (mut app, _) = at_lines(&["a"]);
    act(&mut app, Action::LiveTail);
    act(&mut app, Action::Yes);
    act(&mut app, Action::Back);
    assert!(!pane(&app).live_tail);
    back_after(&mut app, 10);
}
