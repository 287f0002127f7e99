//! The filters of a log.

use lambdeck::{
    app::logs::{
        LogsPane,
        filters::{Filters, Typing},
    },
    domain::{log_event::LogEvent, secret::Secret},
    tail::{Arrival, Kind, Update},
};
use rstest::rstest;
use tui_textarea::{Input, Key};

use super::*;

const GROUP: &str = "/aws/lambda/checkout-api";
const ID: &str = "8f5c6d2e-0000-4000-8000-000000000001";

/// The Logs tab of checkout-api with these rows, a second apart.
fn at_logs(messages: &[&str]) -> (App, Ticket) {
    let mut app = with_functions(SIZE, three());
    let effects = act(&mut app, Action::Logs);
    let ticket = follow(&effects).0;
    tell(&mut app, ticket, messages);
    (app, ticket)
}

fn tell(app: &mut App, ticket: Ticket, messages: &[&str]) {
    let batch = (0..)
        .zip(messages)
        .map(|(nth, message)| {
            let event = LogEvent {
                group: GROUP.into(),
                stream: "2026/11/20/[$LATEST]0123".into(),
                id: format!("{nth:06}"),
                timestamp: nth * 1000,
                ingestion_time: nth * 1000,
                message: (*message).to_owned(),
            };
            Arrival::new(event, None)
        })
        .collect();
    app.update(moment(), Msg::Tail(ticket, Update::Events { group: GROUP.into(), batch }));
}

/// The follow that begins, and what the service is asked for.
fn follow(effects: &[Effect]) -> (Ticket, Option<String>) {
    let begun = effects.iter().find_map(|effect| match effect {
        Effect::FollowLogs { ticket, pattern, .. } => Some((*ticket, pattern.clone())),
        _ => None,
    });
    begun.unwrap_or_else(|| panic!("{effects:?}"))
}

const SOME: [&str; 6] = [
    "[INFO]\torder 1 done",
    "[ERROR]\torder 2 failed",
    "health ok",
    r#"{"level":"INFO","message":"order 3","user":{"id":42}}"#,
    "order 4: timeout",
    "[ERROR]\ttimeout of the cache",
];

fn pane(app: &App) -> &LogsPane {
    app.log().unwrap()
}

fn filters(app: &App) -> &Filters {
    &pane(app).filters
}

fn shown(app: &App) -> Vec<usize> {
    let rows = (0..pane(app).len()).map(|at| pane(app).get(at).unwrap().message);
    rows.map(|message| SOME.iter().position(|one| *one == message).unwrap()).collect()
}

fn kept(app: &App) -> Vec<(Kind, &str, bool)> {
    filters(app).kept.iter().map(|kept| (kept.kind, kept.query.text(), kept.on)).collect()
}

/// Opens a field, types, and keeps what was typed.
fn keep(app: &mut App, action: Action, text: &str) {
    act(app, action);
    type_text(app, text);
    act(app, Action::Open);
}

#[rstest]
#[case("order -failed", &[0, 3, 4])]
#[case("/order \\d (done|failed)/", &[0, 1])]
#[case("level:error", &[1, 5])]
#[case("$.user.id=42", &[3])]
#[case("fn:checkout* timeout", &[4, 5])]
#[case("fn:other", &[])]
fn what_is_typed_is_in_force_at_once(#[case] text: &str, #[case] expected: &[usize]) {
    let (mut app, _) = at_logs(&SOME);
    act(&mut app, Action::Filter);
    assert_eq!(type_text(&mut app, text), []);
    assert_eq!(shown(&app), expected);
    assert_eq!(app.contexts(), [lambdeck::app::Context::LogFilter]);
    act(&mut app, Action::Open);
    assert_eq!((shown(&app).as_slice(), filters(&app).live().text()), (expected, text));
    // esc drops the filter first, then it leaves.
    act(&mut app, Action::Back);
    assert_eq!(shown(&app).len(), SOME.len());
    assert!(app.log().is_some());
    act(&mut app, Action::Back);
    assert!(app.log().is_none());
}

#[test]
fn esc_in_the_field_drops_what_was_typed() {
    let (mut app, _) = at_logs(&SOME);
    act(&mut app, Action::Filter);
    type_text(&mut app, "order");
    act(&mut app, Action::Back);
    assert!(filters(&app).typing.is_none() && filters(&app).live().is_empty());
    assert_eq!((shown(&app).len(), filters(&app).field.text()), (6, ""));
}

#[test]
fn while_what_is_typed_is_broken_the_last_that_was_understood_stays() {
    let (mut app, _) = at_logs(&SOME);
    act(&mut app, Action::Filter);
    type_text(&mut app, "order ms");
    assert_eq!(shown(&app), [] as [usize; 0]);
    type_text(&mut app, ":x");
    assert_eq!(filters(&app).error.as_ref().unwrap().at, 9..10);
    // `order ms:` asks for orders.
    assert_eq!(shown(&app), [0, 1, 3, 4]);
    // It can't be kept so.
    act(&mut app, Action::Open);
    assert_eq!(filters(&app).typing, Some(Typing::Live));
    act(&mut app, Action::Text(Input { key: Key::Backspace, ..Input::default() }));
    assert!(filters(&app).error.is_none());
    act(&mut app, Action::Clear);
    assert_eq!((shown(&app).len(), filters(&app).field.text()), (6, ""));
    act(&mut app, Action::Paste(Secret::new("time\u{1b}out\n")));
    assert!(!filters(&app).field.text().contains('\u{1b}'));
    act(&mut app, Action::Clear);
    act(&mut app, Action::Paste(Secret::new("timeout\n")));
    assert_eq!(shown(&app), [4, 5]);
}

#[test]
fn filters_are_stacked() {
    let (mut app, ticket) = at_logs(&SOME);
    keep(&mut app, Action::Include, "order");
    assert_eq!(shown(&app), [0, 1, 3, 4]);
    act(&mut app, Action::Exclude);
    type_text(&mut app, "failed");
    // In force while it is typed.
    assert_eq!(shown(&app), [0, 3, 4]);
    act(&mut app, Action::Open);
    keep(&mut app, Action::Highlight, "timeout");
    assert_eq!(shown(&app), [0, 3, 4]);
    let expected =
        [(Kind::Include, "order", true), (Kind::Exclude, "failed", true), (Kind::Highlight, "timeout", true)];
    assert_eq!(kept(&app), expected);
    // The same once more is no other one; nothing is none; what is dropped is not kept.
    keep(&mut app, Action::Include, "order");
    keep(&mut app, Action::Include, "");
    act(&mut app, Action::Include);
    type_text(&mut app, "done");
    assert_eq!(shown(&app), [0]);
    act(&mut app, Action::Back);
    assert_eq!((kept(&app).len(), shown(&app)), (3, vec![0, 3, 4]));
    // The live one stands beside them, and what is typed of another one does not touch it.
    act(&mut app, Action::Filter);
    type_text(&mut app, "done");
    act(&mut app, Action::Open);
    keep(&mut app, Action::Highlight, "x");
    assert_eq!(
        (shown(&app), filters(&app).field.text(), filters(&app).live().text()),
        (vec![0], "done", "done")
    );
    // They survive new rows, only errors, older ones, and leaving the tab.
    act(&mut app, Action::ErrorsOnly);
    tell(&mut app, ticket, &["[ERROR]\torder 9 failed"]);
    let (_, pattern) = follow(&act(&mut app, Action::Older));
    assert_eq!(pattern, None);
    act(&mut app, Action::Tab(1));
    act(&mut app, Action::Logs);
    assert_eq!(kept(&app).len(), 4);
    assert!(filters(&app).errors_only && filters(&app).live().text() == "done");
    act(&mut app, Action::ErrorsOnly);
    assert_eq!(shown(&app), [0]);
}

#[test]
fn the_list_switches_edits_and_removes() {
    let (mut app, _) = at_logs(&SOME);
    keep(&mut app, Action::Include, "order");
    keep(&mut app, Action::Exclude, "failed");
    act(&mut app, Action::Filters);
    assert!(matches!(app.overlay, Some(Overlay::LogFilters(_))));
    act(&mut app, Action::Mark);
    assert_eq!((kept(&app)[0].2, shown(&app)), (false, vec![0, 2, 3, 4, 5]));
    act(&mut app, Action::Mark);
    act(&mut app, Action::Down);
    act(&mut app, Action::Open);
    assert_eq!((filters(&app).typing, filters(&app).field.text()), (Some(Typing::Kept(1)), "failed"));
    assert!(app.overlay.is_none());
    act(&mut app, Action::Clear);
    type_text(&mut app, "done");
    assert_eq!(shown(&app), [1, 3, 4]);
    // Dropped, it is as it was.
    act(&mut app, Action::Back);
    assert_eq!((shown(&app), kept(&app)[1]), (vec![0, 3, 4], (Kind::Exclude, "failed", true)));
    act(&mut app, Action::Filters);
    act(&mut app, Action::Down);
    act(&mut app, Action::Open);
    act(&mut app, Action::Clear);
    type_text(&mut app, "timeout");
    act(&mut app, Action::Open);
    assert_eq!((shown(&app), kept(&app)[1]), (vec![0, 1, 3], (Kind::Exclude, "timeout", true)));
    act(&mut app, Action::Filters);
    act(&mut app, Action::Delete);
    assert_eq!((shown(&app), kept(&app).len()), (vec![0, 1, 2, 3], 1));
    act(&mut app, Action::Delete);
    act(&mut app, Action::Delete);
    act(&mut app, Action::Open);
    assert_eq!(kept(&app), []);
    act(&mut app, Action::Include);
    assert_eq!((filters(&app).typing, app.overlay.is_none()), (Some(Typing::New(Kind::Include)), true));
    act(&mut app, Action::Back);
    act(&mut app, Action::Filters);
    act(&mut app, Action::Back);
    assert!(app.overlay.is_none() && app.log().is_some());
}

#[test]
fn what_was_typed_before_comes_back_in_every_log() {
    let (mut app, _) = at_logs(&SOME);
    let recalled = |app: &mut App, action: Action| {
        act(app, action);
        filters(app).field.text().to_owned()
    };
    act(&mut app, Action::Filter);
    assert_eq!(recalled(&mut app, Action::Up), "");
    type_text(&mut app, "order");
    act(&mut app, Action::Open);
    keep(&mut app, Action::Include, "timeout");
    keep(&mut app, Action::Exclude, "order");
    act(&mut app, Action::Filter);
    act(&mut app, Action::Clear);
    type_text(&mut app, "hea");
    // No text twice, the newest first, and at last what stood there.
    assert_eq!(recalled(&mut app, Action::Up), "order");
    assert_eq!(recalled(&mut app, Action::Up), "timeout");
    assert_eq!(recalled(&mut app, Action::Up), "timeout");
    assert_eq!(filters(&app).live().text(), "timeout");
    assert_eq!(recalled(&mut app, Action::Down), "order");
    assert_eq!(recalled(&mut app, Action::Down), "hea");
    assert_eq!(recalled(&mut app, Action::Down), "hea");
    act(&mut app, Action::Back);
    // Another function's log has its own filters.
    act(&mut app, Action::Back);
    act(&mut app, Action::Back);
    act(&mut app, Action::Down);
    act(&mut app, Action::Logs);
    assert_eq!((kept(&app), filters(&app).live().is_empty()), (vec![], true));
    act(&mut app, Action::Filter);
    assert_eq!(recalled(&mut app, Action::Up), "order");
    for debug in [format!("{:?}", app.typed_filters), format!("{:?}", filters(&app))] {
        assert!(!debug.contains("order"), "{debug}");
    }
}

#[test]
fn only_the_last_hundred_are_kept_in_mind() {
    let (mut app, _) = at_logs(&[]);
    for number in 0..120 {
        act(&mut app, Action::Filter);
        act(&mut app, Action::Clear);
        type_text(&mut app, &format!("n{number}"));
        act(&mut app, Action::Open);
    }
    act(&mut app, Action::Filter);
    for _ in 0..150 {
        act(&mut app, Action::Up);
    }
    assert_eq!(filters(&app).field.text(), "n20");
}

#[test]
fn a_whole_request_id_shows_all_lines_of_the_request() {
    let start = format!("START RequestId: {ID} Version: 1");
    let report = format!(
        "REPORT RequestId: {ID}\tDuration: 1 ms\tBilled Duration: 1 ms\tMemory Size: 1 MB\tMax Memory Used: 1 MB"
    );
    let (mut app, ticket) =
        at_logs(&["the init phase", &start, "its line", "another boom", &report, "after"]);
    act(&mut app, Action::Filter);
    type_text(&mut app, &format!("rid:{}", &ID[..35]));
    assert_eq!(pane(&app).len(), 2);
    type_text(&mut app, &ID[35..]);
    assert_eq!(pane(&app).len(), 5);
    type_text(&mut app, " boom");
    assert_eq!(pane(&app).len(), 1);
    // One that comes late is the request's, too.
    act(&mut app, Action::Clear);
    type_text(&mut app, &format!("rid:{ID}"));
    let late = LogEvent {
        group: GROUP.into(),
        stream: "2026/11/20/[$LATEST]0123".into(),
        id: "late".into(),
        timestamp: 2500,
        ingestion_time: 2500,
        message: "late".into(),
    };
    let batch = vec![Arrival::new(late, None)];
    app.update(moment(), Msg::Tail(ticket, Update::Events { group: GROUP.into(), batch }));
    assert_eq!(pane(&app).len(), 6);
    act(&mut app, Action::Back);
    assert_eq!(pane(&app).len(), 7);
}

#[test]
fn the_service_is_asked_for_what_matches_alone_and_for_all_again() {
    let (mut app, first) = at_logs(&SOME);
    act(&mut app, Action::Up);
    // There is nothing to ask for, or nothing that can be asked for: nothing changes.
    assert_eq!(act(&mut app, Action::ServerFilter), []);
    keep(&mut app, Action::Include, "level:error");
    assert_eq!(act(&mut app, Action::ServerFilter), []);
    assert!(app.messages.log.front().unwrap().text.starts_with("the service can't filter this"));
    assert!(filters(&app).asked().is_none() && !filters(&app).on_server);
    assert_eq!(pane(&app).ticket, Some(first));
    // What can be asked for is: the rest is filtered here.
    keep(&mut app, Action::Exclude, "Health");
    let effects = act(&mut app, Action::ServerFilter);
    assert_eq!(effects[0], Effect::StopLogs(first));
    let (second, pattern) = follow(&effects);
    assert_eq!((pattern.as_deref(), pane(&app).len()), (Some("-\"Health\""), 0));
    assert!(filters(&app).asked().unwrap().is_wider() && !filters(&app).is_asked_otherwise());
    // Older ones are asked for so, too.
    let (third, pattern) = follow(&act(&mut app, Action::Older));
    assert_eq!(pattern.as_deref(), Some("-\"Health\""));
    assert_ne!(second, third);
    // The filters changed: it is asked anew, then for all.
    keep(&mut app, Action::Include, "Order");
    assert!(filters(&app).is_asked_otherwise());
    let (_, pattern) = follow(&act(&mut app, Action::ServerFilter));
    assert_eq!(pattern.as_deref(), Some("\"Order\" -\"Health\""));
    let (_, pattern) = follow(&act(&mut app, Action::ServerFilter));
    assert_eq!(pattern, None);
    assert!(filters(&app).asked().is_none() && !filters(&app).on_server);
    // Without filters it is asked for all.
    act(&mut app, Action::ServerFilter);
    for _ in 0..3 {
        act(&mut app, Action::Filters);
        act(&mut app, Action::Delete);
        act(&mut app, Action::Back);
    }
    assert!(filters(&app).is_asked_otherwise());
    assert_eq!(follow(&act(&mut app, Action::ServerFilter)).1, None);
    assert!(!format!("{:?}", filters(&app)).contains("Health"));
}

#[test]
fn the_lines_have_a_row_less_while_there_are_filters_and_the_place_stays() {
    let many: Vec<String> = (0..100).map(|n| format!("row {n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let (mut app, _) = at_logs(&many);
    let height = app.log_height();
    let selected = |app: &App| pane(app).get(pane(app).cursor.at).unwrap().message.to_owned();
    act(&mut app, Action::Filter);
    assert_eq!(app.log_height(), height - 1);
    assert_eq!((selected(&app), pane(&app).cursor.at - pane(&app).cursor.top), ("row 99".into(), height - 2));
    act(&mut app, Action::Back);
    assert_eq!((app.log_height(), pane(&app).cursor.at - pane(&app).cursor.top), (height, height - 1));
}
