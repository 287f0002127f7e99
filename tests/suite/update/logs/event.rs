//! One event over the whole screen.

use lambdeck::{
    app::{
        answer::{AnswerPane, View},
        msg::Look,
    },
    domain::body::Body,
};
use rstest::rstest;

use super::*;

fn viewer(app: &App) -> &AnswerPane {
    match &app.overlay {
        Some(Overlay::Answer(pane)) => pane,
        other => panic!("{other:?}"),
    }
}

/// Opens the selected event, and reads it as the program does.
fn open(app: &mut App) {
    let effects = act(app, Action::Open);
    let [Effect::Look(ticket, Look::Message(message))] = &effects[..] else { panic!("{effects:?}") };
    assert!(viewer(app).levels.is_empty(), "it is read on another thread");
    let body = Body::read_message(message.clone());
    app.update(app.now, Msg::Looked(*ticket, Ok(Box::new((String::new(), body)))));
}

#[rstest]
#[case::json("{\"level\":\"INFO\",\"a\":1}", View::Tree)]
#[case::node("2026-11-20T14:00:00.190Z\tid\tINFO\t{\"a\":1}\n", View::Tree)]
#[case::words("priced 3 items\n", View::Pretty)]
#[case::nothing("", View::Pretty)]
fn it_is_a_tree_where_it_holds_json_and_text_otherwise(#[case] message: &str, #[case] view: View) {
    let (mut app, _) = at_lines(&[message]);
    open(&mut app);
    let pane = viewer(&app);
    assert_eq!(pane.view, view);
    assert_eq!(pane.level().unwrap().body.bytes(), message.as_bytes());
    let views: Vec<_> = pane.views().into_iter().map(|view| pane.label(view)).collect();
    let expected: &[_] = match view {
        View::Tree => &["Pretty", "Tree", "Raw", "Details"],
        _ => &["Pretty", "Raw", "Details"],
    };
    assert_eq!(views, expected);
}

#[test]
fn it_tells_where_it_is_from_and_leads_back_to_its_row() {
    let id = "11111111-1111-4111-8111-111111111111";
    let start = format!("START RequestId: {id} Version: $LATEST\n");
    let (mut app, ticket) = at_lines(&[&start, "one", "two"]);
    act(&mut app, Action::Follow);
    open(&mut app);
    let head = viewer(&app).event().unwrap();
    assert_eq!(head.title, "Log event  checkout-api");
    assert_eq!(
        head.details,
        [
            "time        2026-11-20T14:03:24.000Z",
            "ingested    2026-11-20T14:03:24.040Z, 40 ms after that",
            "group       /aws/lambda/checkout-api",
            "stream      2026/11/20/[$LATEST]0123",
            "request id  11111111-1111-4111-8111-111111111111",
            "size        3B",
        ]
    );
    app.update(moment(), Msg::Tail(ticket, lines([(10, "three")])));
    assert_eq!(act(&mut app, Action::Back), []);
    assert!(app.overlay.is_none());
    assert_eq!((selected(&app).as_str(), pane(&app).following, pane(&app).new), ("two", false, 1));
}

#[test]
fn what_is_done_to_an_answer_is_done_to_it() {
    let (mut app, _) = at_lines(&["[INFO]\tid\t{\"a\":{\"b\":\"deep\"}}"]);
    open(&mut app);
    act(&mut app, Action::Filter);
    type_text(&mut app, "deep");
    act(&mut app, Action::Open);
    let effects = act(&mut app, Action::CopyName);
    assert_eq!(effects, [Effect::Copy("deep".into())]);
    assert_eq!(act(&mut app, Action::CopyPath), [Effect::Copy(".a.b".into())]);
    act(&mut app, Action::Query);
    type_text(&mut app, ".a");
    let effects = act(&mut app, Action::Open);
    assert!(
        matches!(&effects[..], [Effect::Look(_, Look::Filter { program, .. })] if program == ".a"),
        "{effects:?}"
    );
    // It is no invocation: there is no log of it to go to, and what is copied of it is a row's.
    assert_eq!(act(&mut app, Action::RequestLog), []);
    act(&mut app, Action::CopyAs);
    let Some(Overlay::Picker(picker)) = &app.overlay else { panic!("no choice") };
    assert_eq!(picker.items[0].name, "log stream");
    act(&mut app, Action::Back);
    assert!(viewer(&app).event().is_some());
}
