//! Logs Insights.

use jiff::SignedDuration;
use lambdeck::{
    app::{insights::InsightsPane, msg::EventToExport, overlay::Overlay},
    cloud,
    domain::{
        insights::{Progress, Query, Results, TEMPLATES},
        secret::Secret,
    },
};

use super::*;

/// The query box over the Logs tab of checkout-api.
fn opened() -> App {
    let mut app = with_functions(SIZE, three());
    act(&mut app, Action::Logs);
    assert_eq!(act(&mut app, Action::Insights), []);
    assert!(matches!(app.overlay, Some(Overlay::Insights)));
    app
}

fn pane(app: &App) -> &InsightsPane {
    app.insights.as_ref().unwrap()
}

fn asked(effects: &[Effect]) -> (Ticket, Query) {
    match effects {
        [Effect::StartInsights(ticket, query)] => (*ticket, (**query).clone()),
        other => panic!("{other:?}"),
    }
}

fn results(progress: Progress, values: &[&str]) -> Results {
    Results {
        progress,
        columns: vec!["ms".into()],
        rows: values.iter().map(|value| vec![Some((*value).to_owned())]).collect(),
        ..Results::default()
    }
}

fn shown(app: &App) -> Vec<&str> {
    (0..pane(app).order.len()).map(|at| pane(app).row(at).unwrap()[0].as_deref().unwrap()).collect()
}

#[test]
fn it_asks_about_the_groups_that_are_followed_and_the_time_that_was_chosen() {
    let mut app = opened();
    let (_, query) = asked(&act(&mut app, Action::Send));
    assert_eq!(query.groups, ["/aws/lambda/checkout-api"]);
    assert_eq!(query.text, TEMPLATES[0].query);
    assert_eq!((query.from, query.until), (moment() - SignedDuration::from_hours(1), moment()));

    act(&mut app, Action::Range);
    act(&mut app, Action::Clear);
    type_text(&mut app, "3h to 1h");
    act(&mut app, Action::Open);
    act(&mut app, Action::Stop);
    app.now += SignedDuration::from_secs(2);
    let later = app.now;
    let (_, query) = asked(&app.update(later, Msg::Action(Action::Send)));
    assert_eq!(query.from, moment() - SignedDuration::from_hours(3));
    assert_eq!(query.until, moment() - SignedDuration::from_hours(1));
}

#[test]
fn what_was_typed_is_asked_and_a_held_key_asks_once() {
    let mut app = opened();
    act(&mut app, Action::Edit);
    assert!(app.takes_text());
    act(&mut app, Action::Paste(Secret::new("fields @message\n| limit 1")));
    let typed = pane(&app).editor.text().trim().to_owned();
    assert!(typed.starts_with("fields @message\n| limit 1"));
    let (ticket, query) = asked(&act(&mut app, Action::Send));
    assert_eq!(query.text, typed);
    assert!(!pane(&app).editing);
    for _ in 0..5 {
        assert_eq!(act(&mut app, Action::Send), []);
    }
    app.update(app.now, Msg::Insights(ticket, Ok(Box::new(results(Progress::Complete, &["1"])))));
    assert_eq!(act(&mut app, Action::Send), [], "answered at once, and the key is still held");
    app.now += SignedDuration::from_secs(1);
    let later = app.now;
    asked(&app.update(later, Msg::Action(Action::Send)));
}

#[test]
fn rows_show_as_they_come_and_stay_in_the_chosen_order() {
    let mut app = opened();
    let (ticket, _) = asked(&act(&mut app, Action::Send));
    app.update(app.now, Msg::Insights(ticket, Ok(Box::new(results(Progress::Running, &["9", "100"])))));
    assert_eq!(shown(&app), ["9", "100"]);
    act(&mut app, Action::Sort);
    act(&mut app, Action::ReverseSort);
    assert_eq!(shown(&app), ["100", "9"]);
    app.update(
        app.now,
        Msg::Insights(ticket, Ok(Box::new(results(Progress::Complete, &["9", "100", "20"])))),
    );
    assert_eq!(shown(&app), ["100", "20", "9"]);
    assert!(!pane(&app).is_running());
    // What comes after the end, or for another query, is nobody's.
    app.update(app.now, Msg::Insights(ticket, Ok(Box::new(results(Progress::Complete, &[])))));
    assert_eq!(shown(&app).len(), 3);
    act(&mut app, Action::Down);
    assert!(matches!(&act(&mut app, Action::CopyLine)[..], [Effect::Copy(text)] if text == "ms: 20"));
}

#[test]
fn a_query_is_stopped_and_what_there_is_of_it_stays() {
    let mut app = opened();
    assert_eq!(act(&mut app, Action::Stop), []);
    let (ticket, _) = asked(&act(&mut app, Action::Send));
    app.update(app.now, Msg::Insights(ticket, Ok(Box::new(results(Progress::Running, &["9"])))));
    assert_eq!(act(&mut app, Action::Stop), [Effect::StopInsights(ticket)]);
    assert_eq!(shown(&app), ["9"]);
    assert_eq!(pane(&app).results.as_ref().unwrap().progress, Progress::Cancelled);
    app.update(app.now, Msg::Insights(ticket, Ok(Box::new(results(Progress::Complete, &[])))));
    assert_eq!(shown(&app), ["9"]);
}

#[test]
fn it_goes_on_when_nobody_looks_and_says_when_it_is_done() {
    let mut app = opened();
    let (ticket, _) = asked(&act(&mut app, Action::Send));
    assert_eq!(act(&mut app, Action::Back), []);
    assert!(app.overlay.is_none());
    app.update(app.now, Msg::Insights(ticket, Ok(Box::new(results(Progress::Complete, &["1", "2"])))));
    assert!(app.messages.shown().unwrap().text.contains("2 rows"), "{}", app.messages.shown().unwrap().text);
    act(&mut app, Action::Insights);
    assert_eq!(shown(&app), ["1", "2"]);
}

#[test]
fn a_failure_is_shown_and_the_query_kept() {
    let mut app = opened();
    let (ticket, _) = asked(&act(&mut app, Action::Send));
    let error = cloud::Error::new(cloud::Kind::Invalid, "unexpected symbol found | at line 1");
    app.update(app.now, Msg::Insights(ticket, Err(error.clone())));
    assert_eq!(pane(&app).error, Some(error));
    assert!(!pane(&app).is_running());
    assert!(!pane(&app).editor.text().is_empty());
}

#[test]
fn a_template_takes_the_place_of_the_query_and_can_be_taken_back() {
    let mut app = opened();
    act(&mut app, Action::Templates);
    type_text(&mut app, "slowest");
    act(&mut app, Action::Open);
    assert_eq!(pane(&app).editor.text(), TEMPLATES[1].query);
    act(&mut app, Action::Edit);
    act(&mut app, Action::Undo);
    assert_eq!(pane(&app).editor.text(), TEMPLATES[0].query);
}

#[test]
fn results_are_written_as_csv_or_json() {
    let mut app = opened();
    act(&mut app, Action::Export);
    assert!(matches!(app.overlay, Some(Overlay::Insights)), "there is nothing to be written");
    let (ticket, _) = asked(&act(&mut app, Action::Send));
    app.update(app.now, Msg::Insights(ticket, Ok(Box::new(results(Progress::Complete, &["1,5"])))));
    for (path, content) in [("a.csv", "ms\n\"1,5\"\n"), ("a.ndjson", "{\"ms\":\"1,5\"}\n")] {
        act(&mut app, Action::Export);
        act(&mut app, Action::Clear);
        type_text(&mut app, path);
        let effects = act(&mut app, Action::Open);
        let [Effect::ExportEvent { event, path: to, overwrite: false, .. }] = &effects[..] else {
            panic!("{effects:?}")
        };
        assert_eq!(to, path);
        assert!(matches!(&**event, EventToExport::Text(text) if text.reveal() == content));
    }
}

#[test]
fn a_switch_of_sessions_stops_it() {
    let mut app = opened();
    let (ticket, _) = asked(&act(&mut app, Action::Send));
    act(&mut app, Action::Back);
    switch_to(&mut app, "dev");
    let effects = app.update(moment(), Msg::Connected(2, Ok(session("dev", "us-east-1"))));
    assert!(effects.contains(&Effect::StopInsights(ticket)), "{effects:?}");
    assert!(app.insights.is_none());
}
