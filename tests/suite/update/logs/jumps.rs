//! From row to row.

use std::sync::Arc;

use lambdeck::{
    app::logs::filters::Kept,
    domain::log_query::Query,
    tail::{GapKind, Kind as LayerKind},
};
use rstest::rstest;

use super::*;

/// The second whose row is selected.
fn at(app: &App) -> i64 {
    pane(app).get(pane(app).cursor.at).unwrap().timestamp / 1000
}

/// A key that leads nowhere: what is said.
fn nowhere(app: &mut App, action: Action) -> String {
    let before = (pane(app).cursor.at, pane(app).following);
    assert_eq!(act(app, action), []);
    assert_eq!((pane(app).cursor.at, pane(app).following), before);
    told(app)
}

#[test]
fn errors_are_found_in_both_directions_and_the_follow_stops() {
    let (mut app, ticket) = at_logs();
    assert_eq!(nowhere(&mut app, Action::NextError), "no error below; [e looks above");
    assert!(pane(&app).following);
    act(&mut app, Action::PreviousError);
    assert_eq!((at(&app), pane(&app).following), (95, false));
    act(&mut app, Action::PreviousError);
    assert_eq!(at(&app), 90);
    // What is far away comes with some rows above it.
    for _ in 0..10 {
        act(&mut app, Action::PreviousError);
    }
    assert_eq!(at(&app), 40);
    assert!(pane(&app).cursor.at > pane(&app).cursor.top);
    act(&mut app, Action::NextError);
    assert_eq!(at(&app), 45);
    app.update(moment(), Msg::Tail(ticket, arrivals(100..105)));
    assert_eq!((at(&app), pane(&app).new), (45, 5));
    act(&mut app, Action::Top);
    let said = nowhere(&mut app, Action::PreviousError);
    assert_eq!(said, "no error above; ]e looks below, o reads older events");
}

#[test]
fn only_shown_errors_count() {
    let (mut app, _) = at_logs();
    act(&mut app, Action::Filter);
    type_text(&mut app, "\"order 5\"");
    act(&mut app, Action::Open);
    act(&mut app, Action::PreviousError);
    assert_eq!(at(&app), 55);
    act(&mut app, Action::PreviousError);
    assert_eq!(at(&app), 50);
}

#[test]
fn bookmarks_are_put_and_taken_away_and_found_while_rows_come() {
    let (mut app, ticket) = at_logs();
    assert_eq!(nowhere(&mut app, Action::PreviousBookmark), "there is no bookmark: b puts one");
    for back in [0, 20, 30] {
        for _ in 0..back {
            act(&mut app, Action::Up);
        }
        act(&mut app, Action::Bookmark);
    }
    assert_eq!(pane(&app).bookmarks.len(), 3);
    app.update(moment(), Msg::Tail(ticket, arrivals(-10..0)));
    let mut found = Vec::new();
    for _ in 0..2 {
        act(&mut app, Action::NextBookmark);
        found.push(at(&app));
    }
    assert_eq!(found, [79, 99]);
    assert_eq!(nowhere(&mut app, Action::NextBookmark), "no bookmark below; [b looks above");
    act(&mut app, Action::Bookmark);
    act(&mut app, Action::PreviousBookmark);
    // One whose row is not shown is passed over.
    act(&mut app, Action::Up);
    assert_eq!(at(&app), 78);
    act(&mut app, Action::ErrorsOnly);
    assert_eq!(nowhere(&mut app, Action::NextBookmark), "no bookmark below; [b looks above");
    act(&mut app, Action::ErrorsOnly);
    act(&mut app, Action::PreviousBookmark);
    act(&mut app, Action::PreviousBookmark);
    assert_eq!(at(&app), 49);
    assert_eq!(nowhere(&mut app, Action::PreviousBookmark), "no bookmark above; ]b looks below");
}

#[test]
fn gaps_are_found_where_events_may_be_missing() {
    let (mut app, ticket) = at_logs();
    assert_eq!(nowhere(&mut app, Action::NextGap), "there is no gap: nothing is known to be missing");
    for from_ms in [20_000, 60_500] {
        let gap = Update::Gap {
            group: GROUP.into(),
            kind: GapKind::Disconnected,
            from_ms,
            to_ms: None,
            repaired: false,
        };
        app.update(moment(), Msg::Tail(ticket, gap));
    }
    act(&mut app, Action::PreviousGap);
    assert_eq!(at(&app), 61);
    act(&mut app, Action::PreviousGap);
    assert_eq!(at(&app), 21);
    assert_eq!(nowhere(&mut app, Action::PreviousGap), "no gap above; ]g looks below");
    act(&mut app, Action::NextGap);
    assert_eq!(at(&app), 61);
    assert_eq!(nowhere(&mut app, Action::NextGap), "no gap below; [g looks above");
}

#[test]
fn marked_lines_are_found() {
    let (mut app, _) = at_logs();
    assert_eq!(nowhere(&mut app, Action::NextMatch), "nothing is marked: * marks");
    let query = Arc::new(Query::parse("\"order 7\"").unwrap());
    let kept = Kept { kind: LayerKind::Highlight, query, on: true };
    app.function.as_mut().unwrap().logs.filters.kept.push(kept);
    act(&mut app, Action::ErrorsOnly);
    act(&mut app, Action::ErrorsOnly);
    assert_eq!(pane(&app).len(), 100, "it hides nothing");
    act(&mut app, Action::PreviousMatch);
    act(&mut app, Action::PreviousMatch);
    assert_eq!(at(&app), 78);
    act(&mut app, Action::NextMatch);
    assert_eq!(at(&app), 79);
    assert_eq!(nowhere(&mut app, Action::NextMatch), "nothing marked below; N looks above");
    act(&mut app, Action::Top);
    assert_eq!(nowhere(&mut app, Action::PreviousMatch), "nothing marked above; n looks below");
}

/// Types a moment.
fn go_to(app: &mut App, moment: &str) -> Vec<Effect> {
    act(app, Action::GoToTime);
    type_text(app, moment);
    act(app, Action::Open)
}

#[rstest]
#[case("14:03:24", 2)]
#[case("14:03:22", 0)]
#[case("now", 0)]
#[case("2026-11-20T14:03:25Z", 3)]
#[case("2026-11-20T15:00Z", 4)]
#[case("14:03", 0)]
fn a_moment_is_gone_to(#[case] typed: &str, #[case] row: usize) {
    let (mut app, ticket) = at_lines(&["a", "b", "c", "d", "e"]);
    let later = moment() + 1.minutes();
    app.update(later, Msg::Tick);
    let expected = if typed == "now" { 4 } else { row };
    assert_eq!(go_to(&mut app, typed), []);
    assert_eq!((pane(&app).cursor.at, pane(&app).following), (expected, false));
    // Rows that come above or below do not move it.
    let there = selected(&app);
    app.update(later, Msg::Tail(ticket, lines([(-30, "before"), (30, "behind")])));
    if expected < 4 {
        assert_eq!(selected(&app), there);
    }
}

#[test]
fn a_moment_before_all_that_is_there_is_read_back_to() {
    let (mut app, _) = at_lines(&["a", "b", "c"]);
    let effects = go_to(&mut app, "-2h");
    let [effect] = &effects[..] else { panic!("{effects:?}") };
    let (ticket, _, since, until) = followed(effect);
    assert_eq!((since, until), (moment() - minutes(120), Some(moment() - minutes(15))));
    app.update(moment(), Msg::Tail(ticket, lines([(-7100, "there"), (-5000, "later")])));
    app.update(moment(), Msg::Tail(ticket, history_done()));
    assert_eq!(selected(&app), "there");
    // That was no step of the windows that grow.
    let effects = act(&mut app, Action::Older);
    assert_eq!(followed(&effects[0]).3, Some(moment() - minutes(120)));
}

#[test]
fn what_is_no_moment_stays_in_the_prompt() {
    let (mut app, _) = at_logs();
    for (typed, problem) in [
        ("soon", "a time is wanted, such as 14:03, 14:03:22, -10m or 2026-11-20T14:03Z"),
        ("-31d", "the history goes back 30 days at most"),
    ] {
        assert_eq!(go_to(&mut app, typed), []);
        let Some(Overlay::Prompt(prompt)) = &app.overlay else { panic!("no prompt") };
        assert_eq!(prompt.problem.as_deref(), Some(problem));
        act(&mut app, Action::Back);
    }
    assert!(pane(&app).following);
}
