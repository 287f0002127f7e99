//! The logs of several functions as one: what is followed, found, added, muted and removed.

use jiff::{SignedDuration, Timestamp};
use lambdeck::{
    app::logs::{LogsPane, sources::MAX_SOURCES},
    domain::{
        function::Summary,
        log_event::LogEvent,
        log_sources::{Candidate, Found, FoundGroup, Search, SourceQuery},
    },
    tail::{Arrival, Control, Update},
};
use tui_textarea::{Input, Key};

use super::*;

fn pane(app: &App) -> &LogsPane {
    app.logs.as_ref().unwrap()
}

fn groups(app: &App) -> Vec<&str> {
    pane(app).sources.iter().map(|source| source.group.as_str()).collect()
}

fn labels(app: &App) -> Vec<&str> {
    pane(app).sources.iter().map(|source| source.label.as_str()).collect()
}

fn group(name: &str) -> String {
    format!("/aws/lambda/{name}")
}

fn since() -> Timestamp {
    moment() - SignedDuration::from_mins(15)
}

/// Types a command and sends it.
fn command(app: &mut App, text: &str) -> Vec<Effect> {
    act(app, Action::CommandLine);
    type_text(app, text);
    act(app, Action::Open)
}

fn said(app: &App) -> &str {
    app.messages.log.back().map_or("", |message| message.text.as_str())
}

fn event(function: &str, second: i64) -> Update {
    let event = LogEvent {
        group: group(function),
        stream: "s".into(),
        id: format!("{second:06}"),
        timestamp: moment().as_millisecond() + second * 1000,
        ingestion_time: moment().as_millisecond() + second * 1000,
        message: format!("{function} {second}"),
    };
    Update::Events { group: group(function), batch: vec![Arrival::new(event, None)] }
}

fn messages(app: &App) -> Vec<String> {
    (0..pane(app).len()).map(|at| pane(app).get(at).unwrap().message.to_owned()).collect()
}

/// The effect that follows, and its ticket.
fn follows(effects: &[Effect]) -> (Ticket, Vec<String>) {
    let found = effects.iter().find_map(|effect| match effect {
        Effect::FollowLogs { ticket, groups, .. } => Some((*ticket, groups.clone())),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("nothing is followed: {effects:?}"))
}

fn searches(effects: &[Effect]) -> (Ticket, Search) {
    let found = effects.iter().find_map(|effect| match effect {
        Effect::FindSources(ticket, search) => Some((*ticket, (**search).clone())),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("nothing is looked for: {effects:?}"))
}

fn found(app: &mut App, ticket: Ticket, names: &[&str], last: bool) -> Vec<Effect> {
    let groups = names.iter().map(|name| FoundGroup { function: Some((*name).into()), group: group(name) });
    let found = Found { groups: groups.collect(), looked: 3, unread: 0, last };
    app.update(moment(), Msg::SourcesFound(ticket, Ok(found)))
}

/// The logs of checkout-api and checkout-worker, and the ticket of their follow.
fn two() -> (App, Ticket) {
    let mut app = with_functions(SIZE, three());
    let effects = command(&mut app, "logs checkout-*");
    let (ticket, _) = follows(&effects);
    (app, ticket)
}

#[test]
fn the_marked_functions_are_one_log() {
    let mut app = with_functions(SIZE, three());
    act(&mut app, Action::Mark);
    act(&mut app, Action::Down);
    // One mark is none: the log of the selected function.
    let effects = act(&mut app, Action::Logs);
    assert_eq!((app.screen, follows(&effects).1), (Screen::Function, vec![group("image-resizer")]));
    act(&mut app, Action::Back);
    act(&mut app, Action::Mark);
    let effects = act(&mut app, Action::Logs);
    assert_eq!(
        effects,
        [Effect::FollowLogs {
            ticket: ticket(6),
            groups: vec![group("checkout-api"), group("image-resizer")],
            since: since(),
            until: None,
            pattern: None,
            live_tail: false,
        }]
    );
    assert_eq!(app.screen, Screen::Logs);
    assert_eq!(labels(&app), ["checkout-api", "image-resizer"]);
    // Back to the list, marks and all.
    assert_eq!(act(&mut app, Action::Back), [Effect::StopLogs(ticket(6))]);
    assert_eq!((app.screen, app.functions.marks()), (Screen::Functions, (2, 0)));
}

#[test]
fn names_and_patterns_are_found_in_the_list() {
    let (mut app, _) = two();
    assert_eq!(groups(&app), [group("checkout-api"), group("checkout-worker")]);
    assert_eq!(labels(&app), ["api", "worker"]);
    // What is typed anew takes its place.
    let effects = command(&mut app, "logs image-resizer /ecs/web fn:image-*");
    assert!(matches!(effects[0], Effect::StopLogs(_)), "{effects:?}");
    assert_eq!(groups(&app), [&group("image-resizer"), "/ecs/web"]);
    command(&mut app, "logs nope checkout-x*");
    assert_eq!(
        said(&app),
        "there is no function nope; of a deleted one take /aws/lambda/nope; no function fits checkout-x*"
    );
    assert!(pane(&app).sources.is_empty() && app.screen == Screen::Logs);
}

#[test]
fn what_is_typed_wrongly_is_said_where_it_is_typed() {
    let mut app = with_functions(SIZE, three());
    assert_eq!(command(&mut app, "logs rt:python"), []);
    let Some(Overlay::CommandLine(line)) = &app.overlay else { panic!() };
    assert!(line.problem.as_ref().unwrap().starts_with("there is no \"rt:\""), "{:?}", line.problem);
}

#[test]
fn the_command_line_completes_the_last_word() {
    let mut app = with_functions(SIZE, three());
    act(&mut app, Action::CommandLine);
    type_text(&mut app, "log");
    act(&mut app, Action::Complete);
    type_text(&mut app, "a  t");
    act(&mut app, Action::Complete);
    let Some(Overlay::CommandLine(line)) = &app.overlay else { panic!() };
    assert_eq!(line.field.text(), "logs a  tag:");
}

#[test]
fn a_list_that_is_still_being_read_is_waited_for() {
    let (mut app, list) = connected(SIZE);
    let some = vec![summary("checkout-api", "python3.13", 512, 1)];
    app.update(moment(), Msg::FunctionsPage { ticket: list, functions: some, last: false });
    // A log group needs no list.
    let effects = command(&mut app, "logs checkout-* /ecs/web");
    let (follow, first) = follows(&effects);
    assert_eq!(first, ["/ecs/web"]);
    assert_eq!(
        pane(&app).finding.progress(app.functions.total()).as_deref(),
        Some("waiting for the list of functions, 1 so far")
    );
    let rest = vec![summary("checkout-worker", "nodejs22.x", 256, 48)];
    let effects = app.update(moment(), Msg::FunctionsPage { ticket: list, functions: rest, last: true });
    let add = |name| {
        Effect::SteerLogs(follow, Control::Add { group: group(name), since_ms: since().as_millisecond() })
    };
    assert_eq!(effects, [add("checkout-api"), add("checkout-worker")]);
    assert!(!pane(&app).finding.is_under_way());
}

#[test]
fn without_a_list_names_stand_for_the_usual_groups() {
    let (mut app, list) = connected(SIZE);
    command(&mut app, "logs checkout-api tag:team");
    let denied = Error::new(Kind::Denied, "not authorized to perform lambda:ListFunctions");
    let effects = app.update(moment(), Msg::FunctionsFailed(list, denied));
    assert_eq!(follows(&effects).1, [group("checkout-api")]);
    assert_eq!(said(&app), "tag:team can't be found: the list of functions could not be read");
}

#[test]
fn tags_and_stacks_are_asked_for_once_and_followed_as_they_are_found() {
    let mut app = with_functions(SIZE, three());
    let effects = command(&mut app, "logs tag:team=a stack:shop");
    let (search, asked) = searches(&effects);
    let candidate = |name: &str| Candidate {
        name: name.into(),
        arn: format!("arn:aws:lambda:eu-west-1:123456789012:function:{name}"),
        group: group(name),
    };
    assert_eq!(
        asked.queries,
        [SourceQuery::Tag("team".into(), Some("a".into())), SourceQuery::Stack("shop".into())]
    );
    assert_eq!(asked.functions, ["checkout-api", "checkout-worker", "image-resizer"].map(candidate));
    assert_eq!(effects.len(), 1, "nothing is known to follow: {effects:?}");
    assert_eq!(found(&mut app, search, &[], false), []);
    let effects = found(&mut app, search, &["checkout-worker"], false);
    let (follow, first) = follows(&effects);
    assert_eq!(first, [group("checkout-worker")]);
    let effects = found(&mut app, search, &["checkout-worker", "image-resizer"], true);
    let since_ms = since().as_millisecond();
    assert_eq!(
        effects,
        [Effect::SteerLogs(follow, Control::Add { group: group("image-resizer"), since_ms })]
    );
    assert!(!pane(&app).finding.is_under_way());
    // It is over: what still comes is nobody's.
    assert_eq!(found(&mut app, search, &["checkout-api"], true), []);
    assert_eq!(pane(&app).sources.len(), 2);
}

#[test]
fn groups_by_pattern_need_no_functions() {
    let mut app = with_functions(SIZE, three());
    let (search, asked) = searches(&command(&mut app, "logs /aws/lambda/check*"));
    assert!(asked.functions.is_empty());
    let groups = vec![FoundGroup { function: None, group: group("checkout-api") }];
    let found = Found { groups, last: true, ..Found::default() };
    let effects = app.update(moment(), Msg::SourcesFound(search, Ok(found)));
    assert_eq!(follows(&effects).1, [group("checkout-api")]);
    assert_eq!(pane(&app).sources[0].function.as_deref(), Some("checkout-api"));
}

#[test]
fn what_is_found_while_nobody_looks_is_there_the_next_time() {
    let mut app = with_functions(SIZE, three());
    let (search, _) = searches(&command(&mut app, "logs tag:team"));
    act(&mut app, Action::Back);
    assert_eq!(found(&mut app, search, &["checkout-api"], true), []);
    let effects = command(&mut app, "logs");
    assert_eq!((app.screen, follows(&effects).1), (Screen::Logs, vec![group("checkout-api")]));
}

#[test]
fn a_search_ends_with_the_next_and_with_what_is_missing() {
    let mut app = with_functions(SIZE, three());
    let (old, _) = searches(&command(&mut app, "logs tag:team"));
    let effects = command(&mut app, "logs checkout-api");
    assert_eq!(searches(&effects).1, Search::default());
    assert_eq!(found(&mut app, old, &["image-resizer"], true), []);

    let (search, _) = searches(&command(&mut app, "logs tag:team=b"));
    found(&mut app, search, &[], true);
    assert_eq!(said(&app), "nothing fits tag:team=b");

    let (search, _) = searches(&command(&mut app, "logs tag:team"));
    let denied = Error::new(Kind::Denied, "could not list the tags: not authorized")
        .with_hint("ask for the permission lambda:ListTags");
    app.update(moment(), Msg::SourcesFound(search, Err(denied)));
    assert_eq!(said(&app), "could not list the tags: not authorized; ask for the permission lambda:ListTags");

    let (search, _) = searches(&command(&mut app, "logs tag:team"));
    let partly = Found { unread: 2, looked: 3, last: true, ..Found::default() };
    app.update(moment(), Msg::SourcesFound(search, Ok(partly)));
    assert_eq!(said(&app), "the tags of 2 functions can't be read; that takes lambda:ListTags");
}

#[test]
fn how_long_many_tags_take_is_said() {
    let many: Vec<Summary> = (0..600).map(|n| summary(&format!("f-{n:03}"), "python3.13", 128, 1)).collect();
    let mut app = with_functions(SIZE, many);
    command(&mut app, "logs tag:team");
    assert_eq!(
        said(&app),
        "reading the tags of 600 functions takes about 2 min; what is found is added as it comes"
    );
    let effects = command(&mut app, "logs f-*");
    assert_eq!(follows(&effects).1.len(), MAX_SOURCES);
    assert_eq!(said(&app), "100 log groups are followed, 500 more are not: ask for fewer");
}

#[test]
fn the_last_ones_come_back() {
    let mut app = with_functions(SIZE, three());
    assert_eq!(command(&mut app, "logs"), []);
    assert!(said(&app).starts_with("type which ones"), "{}", said(&app));
    let (mut app, follow) = two();
    assert_eq!(act(&mut app, Action::Back), [Effect::StopLogs(follow)]);
    act(&mut app, Action::Open);
    let effects = command(&mut app, "logs");
    assert_eq!(follows(&effects).1, [group("checkout-api"), group("checkout-worker")]);
    // Now one came from a function.
    act(&mut app, Action::Back);
    assert_eq!(app.screen, Screen::Function);
}

#[test]
fn leaving_for_a_function_stops_the_follow() {
    let (mut app, follow) = two();
    let effects = command(&mut app, "open checkout-api");
    assert!(effects.contains(&Effect::StopLogs(follow)), "{effects:?}");
    assert_eq!(app.screen, Screen::Function);
}

#[test]
fn another_session_drops_it() {
    let (mut app, follow) = two();
    command(&mut app, "region us-east-1");
    let effects = app.update(moment(), Msg::Connected(2, Ok(session("prod", "us-east-1"))));
    assert!(effects.contains(&Effect::StopLogs(follow)), "{effects:?}");
    assert!(app.logs.is_none() && app.screen == Screen::Functions);
}

#[test]
fn a_muted_group_is_read_and_not_shown() {
    let (mut app, follow) = two();
    app.update(moment(), Msg::Tail(follow, event("checkout-api", -9)));
    app.update(moment(), Msg::Tail(follow, event("checkout-worker", -8)));
    act(&mut app, Action::Sources);
    assert_eq!(act(&mut app, Action::Mark), []);
    assert_eq!((messages(&app), pane(&app).muted()), (vec!["checkout-worker -8".into()], 1));
    app.update(moment(), Msg::Tail(follow, event("checkout-api", -7)));
    assert_eq!(messages(&app), ["checkout-worker -8"]);
    assert_eq!(pane(&app).sources[0].per_minute(moment()), 2);
    act(&mut app, Action::Mark);
    assert_eq!(messages(&app), ["checkout-api -9", "checkout-worker -8", "checkout-api -7"]);
    // One alone, then all again.
    act(&mut app, Action::Down);
    act(&mut app, Action::Solo);
    assert_eq!(messages(&app), ["checkout-worker -8"]);
    act(&mut app, Action::Solo);
    assert_eq!(messages(&app).len(), 3);
    act(&mut app, Action::Back);
    assert!(app.overlay.is_none() && app.screen == Screen::Logs);
}

#[test]
fn a_removed_group_is_followed_no_more_and_begins_anew_when_it_comes_back() {
    let (mut app, follow) = two();
    app.update(moment(), Msg::Tail(follow, event("checkout-api", -9)));
    app.update(moment(), Msg::Tail(follow, event("checkout-worker", -8)));
    act(&mut app, Action::Sources);
    assert_eq!(
        act(&mut app, Action::Delete),
        [Effect::SteerLogs(follow, Control::Remove(group("checkout-api")))]
    );
    // What was on its way is not shown either.
    app.update(moment(), Msg::Tail(follow, event("checkout-api", -7)));
    assert_eq!((messages(&app), labels(&app)), (vec!["checkout-worker -8".into()], vec!["checkout-worker"]));
    act(&mut app, Action::Add);
    type_text(&mut app, "checkout-api");
    let effects = act(&mut app, Action::Open);
    assert_eq!(effects[0], Effect::StopLogs(follow));
    let (follow, all) = follows(&effects);
    assert_eq!(all, [group("checkout-worker"), group("checkout-api")]);
    assert!(matches!(app.overlay, Some(Overlay::LogSources(_))), "the list is there again");
    app.update(moment(), Msg::Tail(follow, event("checkout-api", -9)));
    assert_eq!(messages(&app), ["checkout-api -9"]);
    // The last one.
    act(&mut app, Action::Delete);
    assert_eq!(act(&mut app, Action::Delete), [Effect::StopLogs(follow)]);
    assert!(pane(&app).sources.is_empty() && pane(&app).is_empty());
}

#[test]
fn groups_are_added_while_others_are_followed() {
    let (mut app, follow) = two();
    app.update(moment(), Msg::Tail(follow, Update::HistoryDone { group: group("checkout-api") }));
    app.update(moment(), Msg::Tail(follow, Update::HistoryDone { group: group("checkout-worker") }));
    assert!(pane(&app).history_done);
    act(&mut app, Action::Sources);
    act(&mut app, Action::Add);
    type_text(&mut app, "/ecs/web image-resizer");
    let since_ms = since().as_millisecond();
    let add = |group: &str| Effect::SteerLogs(follow, Control::Add { group: group.into(), since_ms });
    assert_eq!(act(&mut app, Action::Open), [add("/ecs/web"), add(&group("image-resizer"))]);
    assert!(!pane(&app).history_done, "theirs is still to come");
    // Nonsense stays to be corrected.
    act(&mut app, Action::Add);
    type_text(&mut app, "x y:z");
    assert_eq!(act(&mut app, Action::Open), []);
    assert!(matches!(&app.overlay, Some(Overlay::Prompt(prompt)) if prompt.problem.is_some()));
}

#[test]
fn a_functions_own_log_becomes_one_of_several() {
    let mut app = with_functions(SIZE, three());
    let (own, _) = follows(&act(&mut app, Action::Logs));
    act(&mut app, Action::Sources);
    assert_eq!(act(&mut app, Action::Delete), [], "it is the function's");
    act(&mut app, Action::Add);
    type_text(&mut app, "checkout-worker");
    let effects = act(&mut app, Action::Open);
    assert_eq!(effects[0], Effect::StopLogs(own));
    let (follow, first) = follows(&effects);
    assert_eq!(first, [group("checkout-api")]);
    let since_ms = since().as_millisecond();
    assert_eq!(
        effects[2..],
        [Effect::SteerLogs(follow, Control::Add { group: group("checkout-worker"), since_ms })]
    );
    assert_eq!((app.screen, labels(&app)), (Screen::Logs, vec!["api", "worker"]));
    // Back in the tab its own log begins again.
    act(&mut app, Action::Back);
    let effects = act(&mut app, Action::Back);
    assert_eq!(effects[0], Effect::StopLogs(follow));
    assert_eq!((app.screen, follows(&effects).1), (Screen::Function, vec![group("checkout-api")]));
}

#[test]
fn functions_that_share_a_log_group_are_followed_once() {
    let mut shared = three();
    for function in &mut shared[..2] {
        function.custom_log_group = Some("/shop/all".into());
    }
    let mut app = with_functions(SIZE, shared);
    let effects = command(&mut app, "logs *");
    assert_eq!(follows(&effects).1, ["/shop/all".to_owned(), group("image-resizer")]);
    assert_eq!(labels(&app), ["checkout-api + checkout-worker", "image-resizer"]);
}

#[test]
fn a_key_that_the_prompt_takes_is_text() {
    let (mut app, _) = two();
    act(&mut app, Action::Sources);
    act(&mut app, Action::Add);
    act(&mut app, Action::Text(Input { key: Key::Char('q'), ctrl: false, alt: false, shift: false }));
    act(&mut app, Action::Back);
    assert!(matches!(app.overlay, Some(Overlay::LogSources(_))));
}
