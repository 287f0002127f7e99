//! The answer over the whole screen: searched, filtered, decoded, copied.

use std::sync::Arc;

use jiff::ToSpan;
use lambdeck::{
    app::{
        Action, App, Effect, Msg, Ticket,
        answer::{AnswerPane, Level, Subject, View},
        layout,
        msg::Look,
        overlay::Overlay,
    },
    cloud::{Error, Kind},
    domain::{
        body::Body,
        invocation::{Answer, Chunk, Reply},
    },
};
use rstest::rstest;

use super::{answer, at_test};
use crate::support::app::{act, moment, session, type_text};

const JSON: &str =
    r#"{"token":"first line\nsecond","list":[1,2.50,{"odd key":"b2s="}],"nested":"{\"a\":[1,2]}"}"#;

/// Sends the event; it is not answered yet.
fn sent(app: &mut App) -> Ticket {
    let now = app.now + 5.seconds();
    let effects = app.update(now, Msg::Action(Action::Send));
    let [Effect::Invoke { ticket, .. }] = effects[..] else { panic!("{effects:?}") };
    ticket
}

fn ended(app: &mut App, ticket: Ticket, result: Result<Answer, Error>) {
    let result = result.map(|answer| Box::new(Reply::read(answer)));
    assert_eq!(app.update(app.now, Msg::Invoked(ticket, result)), []);
}

/// An answer with this payload, open.
fn open(payload: impl Into<Vec<u8>>) -> App {
    let mut app = at_test();
    let ticket = sent(&mut app);
    ended(&mut app, ticket, Ok(Answer { payload: payload.into(), ..answer(None) }));
    assert_eq!(act(&mut app, Action::OpenAnswer), []);
    app
}

fn pane(app: &App) -> &AnswerPane {
    match &app.overlay {
        Some(Overlay::Answer(pane)) => pane,
        other => panic!("an answer is open: {other:?}"),
    }
}

fn said(app: &App) -> &str {
    app.messages.shown().map_or("", |message| message.text.as_str())
}

fn to(app: &mut App, view: View) {
    for _ in 0..6 {
        if pane(app).view != view {
            act(app, Action::NextView);
        }
    }
    assert_eq!(pane(app).view, view);
}

/// The value with this path is the selected one.
fn select(app: &mut App, path: &str) {
    to(app, View::Tree);
    act(app, Action::Top);
    for _ in 0..50 {
        if pane(app).path().as_deref() == Some(path) {
            return;
        }
        act(app, Action::Down);
    }
    panic!("{path} is not in the tree");
}

fn type_search(app: &mut App, text: &str) {
    act(app, Action::Filter);
    assert_eq!(type_text(app, text), []);
}

/// The text of the topmost line.
fn topmost(app: &App) -> String {
    let level = pane(app).level().unwrap();
    level.body.pretty().get(level.pretty.line).trim().to_owned()
}

#[test]
fn an_answer_opens_once_it_is_there() {
    let mut app = at_test();
    assert_eq!(act(&mut app, Action::OpenAnswer), []);
    assert_eq!(said(&app), "nothing was sent yet");
    let ticket = sent(&mut app);
    assert_eq!(act(&mut app, Action::OpenAnswer), []);
    assert_eq!((said(&app), app.overlay.is_none()), ("its answer has not come yet", true));
    ended(&mut app, ticket, Ok(answer(None)));
    assert_eq!(act(&mut app, Action::OpenAnswer), []);
    assert_eq!((&pane(&app).subject, pane(&app).view), (&Subject::Invocation(1), View::Pretty));
    assert_eq!(pane(&app).views(), [View::Pretty, View::Tree, View::Raw, View::Headers, View::Log]);
    act(&mut app, Action::PreviousView);
    assert_eq!(pane(&app).view, View::Log);
    act(&mut app, Action::NextView);
    assert_eq!(pane(&app).view, View::Pretty);
    act(&mut app, Action::Back);
    assert!(app.overlay.is_none());
}

#[test]
fn what_failed_opens_on_its_error() {
    let mut app = at_test();
    for (result, first) in [
        (
            Ok(Answer {
                payload: br#"{"errorType":"KeyError","errorMessage":"'sku'"}"#.to_vec(),
                ..answer(Some("Unhandled"))
            }),
            "KeyError: 'sku'",
        ),
        (Err(Error::new(Kind::Throttled, "too many at a time")), "too many at a time"),
    ] {
        let ticket = sent(&mut app);
        ended(&mut app, ticket, result);
        act(&mut app, Action::OpenAnswer);
        assert_eq!(pane(&app).view, View::Error);
        assert_eq!(pane(&app).error.as_ref().unwrap().lines.get(0), first);
        act(&mut app, Action::Back);
    }
    // What is no error object is shown as it is.
    let ticket = sent(&mut app);
    ended(&mut app, ticket, Ok(Answer { payload: b"gone".to_vec(), ..answer(Some("Unhandled")) }));
    act(&mut app, Action::OpenAnswer);
    assert_eq!((pane(&app).view, pane(&app).views().contains(&View::Error)), (View::Pretty, false));
}

#[test]
fn own_frames_and_all_causes_are_told() {
    let payload = r#"{"errorType":"com.shop.Failed","errorMessage":"no","stackTrace":
        ["java.base/java.util.Optional.orElseThrow(Unknown Source)","com.shop.Handler.price(Handler.java:42)"],
        "cause":{"errorType":"java.io.IOException","errorMessage":"disk","stackTrace":[],
        "cause":{"errorType":"com.shop.Deep","errorMessage":"root","stackTrace":["com.shop.Disk.read(Disk.java:7)"]}}}"#;
    let mut app = at_test();
    let ticket = sent(&mut app);
    ended(&mut app, ticket, Ok(Answer { payload: payload.into(), ..answer(Some("Unhandled")) }));
    act(&mut app, Action::OpenAnswer);
    let error = pane(&app).error.as_ref().unwrap();
    let lines: Vec<&str> = (0..error.lines.len()).map(|nth| error.lines.get(nth)).collect();
    let at = |text: &str| {
        lines.iter().position(|line| line.contains(text)).unwrap_or_else(|| panic!("{text}: {lines:?}"))
    };
    assert!(at("Handler.java:42") < at("Optional.orElseThrow"));
    assert!(at("java.io.IOException: disk") < at("com.shop.Deep: root"));
    assert!(
        error.own.contains(&at("Handler.java:42")) && !error.own.contains(&at("orElseThrow")),
        "{lines:?}"
    );
}

#[test]
fn a_search_goes_from_where_one_is_as_it_is_typed() {
    let lines: Vec<String> =
        (0..200).map(|nth| format!("\"line {nth} {}\"", if nth % 50 == 7 { "Match" } else { "" })).collect();
    let mut app = open(format!("[{}]", lines.join(",")));
    for _ in 0..20 {
        act(&mut app, Action::Down);
    }
    let before = topmost(&app);
    type_search(&mut app, "mat");
    // Line 58 of the text is the next one that fits; it shows at the bottom.
    assert_eq!(
        pane(&app).found,
        Some((58, pane(&app).level().unwrap().body.pretty().get(58).find("Match").unwrap()))
    );
    type_text(&mut app, "cx");
    assert!(pane(&app).problem.is_some());
    assert_eq!(topmost(&app), before);
    act(&mut app, Action::Back);
    assert_eq!(
        (topmost(&app), pane(&app).searched.clone(), pane(&app).problem.clone()),
        (before, None, None)
    );

    type_search(&mut app, "match");
    act(&mut app, Action::Open);
    let found = |app: &App| pane(app).found.map(|(line, _)| line);
    let mut seen = vec![found(&app)];
    for action in [Action::NextMatch, Action::NextMatch, Action::NextMatch, Action::PreviousMatch] {
        act(&mut app, action);
        seen.push(found(&app));
    }
    assert_eq!(seen, [Some(58), Some(108), Some(158), Some(8), Some(158)]);
    // One that is left by scrolling is not where the next search begins.
    act(&mut app, Action::Top);
    act(&mut app, Action::NextMatch);
    assert_eq!(found(&app), Some(8));
    // A capital is meant.
    type_search(&mut app, "MATCH");
    act(&mut app, Action::Open);
    assert_eq!(pane(&app).problem.as_deref(), Some("MATCH is not in it"));
}

#[test]
fn every_match_of_a_line_without_a_break_is_found_and_seen() {
    let text = format!("\"{}\"", vec!["a needle"; 5000].join(&"-".repeat(90)));
    let mut app = open(text);
    to(&mut app, View::Raw);
    type_search(&mut app, "needle");
    act(&mut app, Action::Open);
    let area = layout::answer(app.size).text;
    let mut last = None;
    for _ in 0..200 {
        let (line, byte) = pane(&app).found.unwrap();
        assert!(Some((line, byte)) > last, "{last:?}");
        last = Some((line, byte));
        let (raw, pager) = (pane(&app).level().unwrap().body.raw(), pane(&app).level().unwrap().raw);
        // The row of the match, counted from the top of the screen.
        let rows = |line: usize| lambdeck::domain::text::rows(raw.get(line), usize::from(area.columns));
        let above: usize = (pager.line..line).map(rows).sum();
        let row = above + byte / usize::from(area.columns);
        assert!((pager.hidden..pager.hidden + usize::from(area.rows) + 1).contains(&row), "{row} {pager:?}");
        act(&mut app, Action::NextMatch);
    }
    act(&mut app, Action::PreviousMatch);
    assert_eq!(pane(&app).found, last);
}

#[test]
fn a_search_in_the_tree_opens_what_hides_it_and_leaving_closes_it_again() {
    let items: Vec<String> = (0..1500).map(|nth| format!("{{\"id\":{{\"n\":{nth}}}}}")).collect();
    let mut app = open(format!("{{\"items\":[{}],\"last\":\"needle\"}}", items.join(",")));
    to(&mut app, View::Tree);
    let rows = |app: &App| pane(app).level().unwrap().folds.as_ref().unwrap().rows().len();
    let before = rows(&app);
    type_search(&mut app, "1234");
    assert_eq!(pane(&app).path().as_deref(), Some(".items[1234].id.n"));
    assert!(rows(&app) > before);
    act(&mut app, Action::Back);
    assert_eq!((rows(&app), pane(&app).path().as_deref()), (before, Some(".")));
    type_search(&mut app, "needle");
    act(&mut app, Action::Open);
    assert_eq!(pane(&app).path().as_deref(), Some(".last"));
}

#[rstest]
#[case::tree_text(View::Tree, Some(".token"), "first line\nsecond", "the value")]
#[case::tree_number(View::Tree, Some(".list[1]"), "2.50", "the value")]
#[case::tree_list(View::Tree, Some(".list"), "[1,2.50,{\"odd key\":\"b2s=\"}]", "the value")]
#[case::raw(View::Raw, None, JSON, "all of it")]
fn what_is_copied_is_what_came(
    #[case] view: View,
    #[case] path: Option<&str>,
    #[case] copied: &str,
    #[case] what: &str,
) {
    let mut app = open(JSON);
    match path {
        Some(path) => select(&mut app, path),
        None => to(&mut app, view),
    }
    assert_eq!(act(&mut app, Action::CopyName), [Effect::Copy(copied.into())]);
    assert_eq!(said(&app), format!("copied {what} ({}B)", copied.len()));
}

#[test]
fn a_path_is_copied_as_jq_has_it_and_not_repeated() {
    let mut app = open(JSON);
    assert_eq!(act(&mut app, Action::CopyPath), []);
    assert!(said(&app).contains("of the tree"));
    select(&mut app, ".list[2].\"odd key\"");
    assert_eq!(act(&mut app, Action::CopyPath), [Effect::Copy(".list[2].\"odd key\"".into())]);
    assert_eq!(said(&app), "copied the path (18B)");
}

#[test]
fn what_no_clipboard_holds_is_not_made() {
    let large = format!("[\"{}\"]", "\\u00e9".repeat(120_000));
    let mut app = open(large);
    for view in [View::Pretty, View::Raw, View::Tree] {
        to(&mut app, view);
        act(&mut app, Action::Down);
        assert_eq!(act(&mut app, Action::CopyName), [], "{view:?}");
        assert!(said(&app).contains("too large for a terminal's clipboard"), "{}", said(&app));
    }
    act(&mut app, Action::CopyAs);
    type_text(&mut app, "response");
    assert_eq!(act(&mut app, Action::Open), []);
    assert_eq!(said(&app), "720kB are too large for a terminal's clipboard");
}

#[test]
fn bytes_that_are_no_text_are_copied_in_base64() {
    let mut app = open(vec![0xff, 0x00, 0xfe]);
    assert_eq!(act(&mut app, Action::CopyName), [Effect::Copy("/wD+".into())]);
    assert_eq!(said(&app), "copied all of it in base64, for it is no text (4B)");
}

#[test]
fn pretty_copies_what_it_shows_without_marks() {
    let mut app = open("{\"turned\":\"\u{202e}x\"}");
    assert_eq!(act(&mut app, Action::CopyName), [Effect::Copy("{\n  \"turned\": \"\u{202e}x\"\n}".into())]);
}

#[test]
fn a_command_is_copied_for_the_place_it_was_sent_to() {
    let mut app = open(JSON);
    for (typed, begin, end) in [
        ("aws", "aws lambda invoke --function-name checkout-api", "/dev/stdout"),
        ("curl", "# keys come from the environment", "/2015-03-31/functions/checkout-api/invocations"),
    ] {
        act(&mut app, Action::CopyAs);
        type_text(&mut app, typed);
        let effects = act(&mut app, Action::Open);
        let [Effect::Copy(text)] = &effects[..] else { panic!("{effects:?}") };
        assert!(text.starts_with(begin) && text.contains("eu-west-1"), "{text}");
        assert!(text.trim_end_matches('\'').ends_with(end), "{text}");
        assert_eq!(pane(&app).subject, Subject::Invocation(1));
    }
    act(&mut app, Action::CopyAs);
    type_text(&mut app, "request id");
    assert_eq!(act(&mut app, Action::Open), []);
    assert_eq!(said(&app), "request id: there is none");
}

#[test]
fn a_filter_is_run_outside_and_what_it_gives_lies_above() {
    let mut app = open(JSON);
    let body = Arc::clone(&pane(&app).level().unwrap().body);
    act(&mut app, Action::Query);
    type_text(&mut app, ".list");
    let look = Look::Filter { program: ".list".into(), body };
    let effects = act(&mut app, Action::Open);
    let [Effect::Look(ticket, asked)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((asked, pane(&app).pending), (&look, Some(*ticket)));
    let ticket = *ticket;
    // Keys are taken meanwhile, and a choice may lie over it.
    act(&mut app, Action::NextView);
    act(&mut app, Action::CopyAs);
    let made = (String::from("jq .list"), Body::read(b"[1,2.50]".to_vec()));
    assert_eq!(app.update(moment(), Msg::Looked(ticket, Ok(Box::new(made)))), []);
    act(&mut app, Action::Back);
    assert_eq!((pane(&app).levels.len(), pane(&app).view, pane(&app).pending), (2, View::Tree, None));
    act(&mut app, Action::Back);
    assert_eq!((pane(&app).levels.len(), pane(&app).view), (1, View::Tree));
    // It is there to be changed.
    act(&mut app, Action::Query);
    assert_eq!(pane(&app).typed.as_ref().unwrap().field.text(), ".list");
    act(&mut app, Action::Clear);
    assert_eq!(act(&mut app, Action::Open), []);
    assert_eq!(pane(&app).query, "");
}

#[test]
fn what_takes_long_can_be_dropped() {
    let mut app = open(JSON);
    act(&mut app, Action::Query);
    type_text(&mut app, ".");
    let effects = act(&mut app, Action::Open);
    let [Effect::Look(ticket, _)] = effects[..] else { panic!("{effects:?}") };
    act(&mut app, Action::Back);
    assert_eq!((pane(&app).pending, pane(&app).levels.len()), (None, 1));
    let late = |app: &mut App| {
        let made = (String::new(), Body::read(b"1".to_vec()));
        assert_eq!(app.update(moment(), Msg::Looked(ticket, Ok(Box::new(made)))), []);
    };
    late(&mut app);
    assert_eq!(pane(&app).levels.len(), 1);
    act(&mut app, Action::Back);
    late(&mut app);
    assert!(app.overlay.is_none());
    // Another answer is not the one that it was of.
    act(&mut app, Action::OpenAnswer);
    late(&mut app);
    assert_eq!(pane(&app).levels.len(), 1);
    app.session.connecting = Some((2, app.session.spec.clone()));
    app.update(moment(), Msg::Connected(2, Ok(session("dev", "eu-west-1"))));
    late(&mut app);
    assert!(app.overlay.is_none() && app.beneath.is_empty());
}

#[rstest]
#[case::text_in_the_tree(JSON, Some(".list[2].\"odd key\""), true)]
#[case::number(JSON, Some(".list[0]"), false)]
#[case::object(JSON, Some("."), false)]
#[case::one_string("\"b2s=\"", None, true)]
#[case::no_json("b2s=", None, true)]
fn only_texts_are_decoded(#[case] payload: &str, #[case] path: Option<&str>, #[case] decodes: bool) {
    let mut app = open(payload);
    if let Some(path) = path {
        select(&mut app, path);
    }
    let node = pane(&app).level().and_then(Level::selected).filter(|_| path.is_some());
    let body = Arc::clone(&pane(&app).level().unwrap().body);
    let effects = act(&mut app, Action::Decode);
    if decodes {
        let node = node.or(body.document().map(|_| 0));
        let [Effect::Look(_, look)] = &effects[..] else { panic!("{effects:?}") };
        assert_eq!(*look, Look::Decode { body, node });
    } else {
        assert_eq!(effects, []);
        assert_eq!(pane(&app).problem.as_deref(), Some("only a text can be decoded: choose one in the tree"));
    }
}

#[test]
fn a_filter_is_for_json() {
    let mut app = open("no json");
    act(&mut app, Action::Query);
    type_text(&mut app, ".");
    assert_eq!(act(&mut app, Action::Open), []);
    assert_eq!(pane(&app).problem.as_deref(), Some("a filter is for JSON, and this is none"));
}

#[test]
fn what_came_before_it_broke_off_is_read_outside() {
    let mut app = at_test();
    let ticket = sent(&mut app);
    let bytes = b"[1,2".to_vec();
    app.update(app.now, Msg::Streamed(ticket, Chunk { bytes: bytes.clone(), at_ms: 3 }));
    ended(
        &mut app,
        ticket,
        Err(Error::new(Kind::OutcomeUnknown, "it broke off").with_hint("look at the log")),
    );
    let effects = act(&mut app, Action::OpenAnswer);
    let [Effect::Look(read, look)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((look, pane(&app).levels.len()), (&Look::Read(bytes.clone()), 0));
    let read = *read;
    for action in
        [Action::NextView, Action::Down, Action::Fold, Action::CopyName, Action::CopyPath, Action::Decode]
    {
        assert_eq!(act(&mut app, action), []);
    }
    app.update(app.now, Msg::Looked(read, Ok(Box::new((String::new(), Body::read(bytes))))));
    to(&mut app, View::Raw);
    assert_eq!(act(&mut app, Action::CopyName), [Effect::Copy("[1,2".into())]);
    act(&mut app, Action::CopyAs);
    type_text(&mut app, "response");
    assert_eq!(act(&mut app, Action::Open), [Effect::Copy("[1,2".into())]);
}

#[test]
fn nothing_that_came_or_was_typed_shows_in_debug_or_messages() {
    let canary = "canary-51c0";
    let payload =
        format!("{{\"{canary}\":\"{canary}\",\"errorType\":\"{canary}\",\"errorMessage\":\"{canary}\"}}");
    let mut app = at_test();
    let ticket = sent(&mut app);
    ended(&mut app, ticket, Ok(Answer { payload: payload.into(), ..answer(Some("Unhandled")) }));
    act(&mut app, Action::OpenAnswer);
    type_search(&mut app, canary);
    act(&mut app, Action::Open);
    select(&mut app, &format!(".\"{canary}\""));
    act(&mut app, Action::CopyPath);
    act(&mut app, Action::CopyName);
    act(&mut app, Action::Query);
    type_text(&mut app, &format!(".\"{canary}\""));
    let effects = act(&mut app, Action::Open);
    let [Effect::Look(ticket, look)] = &effects[..] else { panic!("{effects:?}") };
    assert!(!format!("{look:?}").contains(canary));
    app.update(moment(), Msg::Looked(*ticket, Err(format!("{canary} is wrong"))));
    assert!(!format!("{app:?}").contains(canary));
}
