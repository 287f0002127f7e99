//! From an invocation to its request's log.

use jiff::{SignedDuration, Timestamp};
use lambdeck::{
    app::logs::LogsPane,
    domain::{
        function::Logging,
        invocation::{Ending, Mode, Record},
        log_event::LogEvent,
    },
    tail::{Arrival, Reported, Update},
};
use rstest::rstest;

use super::*;

const ID: &str = "11111111-1111-4111-8111-111111111111";
const OTHER: &str = "22222222-2222-4222-8222-222222222222";

/// Lines of one stream, seconds after the moment; `stream` tells streams apart.
fn lines(stream: u8, lines: &[(i64, String)]) -> Update {
    let group = "/aws/lambda/checkout-api".to_owned();
    let batch = lines.iter().map(|(second, message)| {
        let timestamp = moment().as_millisecond() + second * 1000;
        Arrival::new(
            LogEvent {
                group: group.clone(),
                stream: format!("2026/11/20/[$LATEST]{stream:032x}"),
                id: format!("{timestamp}{stream:03}"),
                timestamp,
                ingestion_time: timestamp + 40,
                message: message.clone(),
            },
            None,
        )
    });
    Update::Events { batch: batch.collect(), group }
}

fn start(id: &str) -> String {
    format!("START RequestId: {id} Version: $LATEST\n")
}

fn report(id: &str) -> String {
    format!(
        "REPORT RequestId: {id}\tDuration: 12.34 ms\tBilled Duration: 198 ms\tMemory Size: 512 MB\tMax Memory Used: 71 MB\t\n"
    )
}

fn with_id() -> Answer {
    Answer { request_id: Some(ID.into()), ..answer(None) }
}

/// The Test tab with an event that was sent, and answered where there is a result.
fn sent(result: Option<Result<Answer, Error>>) -> (App, Ticket) {
    let mut app = at_test();
    let effects = act(&mut app, Action::Send);
    let [Effect::Invoke { ticket, .. }] = effects[..] else { panic!("{effects:?}") };
    if let Some(result) = result {
        let result = result.map(|answer| Box::new(Reply::read(answer)));
        app.update(moment() + 1.seconds(), Msg::Invoked(ticket, result));
    }
    (app, ticket)
}

fn pane(app: &App) -> &LogsPane {
    &app.function.as_ref().unwrap().logs
}

fn messages(app: &App) -> Vec<String> {
    (0..pane(app).len()).map(|at| pane(app).get(at).unwrap().message.trim_end().to_owned()).collect()
}

fn followed(effects: &[Effect]) -> (Ticket, Timestamp, Option<Timestamp>) {
    let found = effects.iter().find_map(|effect| match effect {
        Effect::FollowLogs { ticket, since, until, .. } => Some((*ticket, *since, *until)),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("{effects:?}"))
}

fn told(app: &App) -> String {
    app.messages.log.back().map(|message| message.text.clone()).unwrap_or_default()
}

#[rstest]
#[case::from_the_tab(&[])]
#[case::from_the_answer(&[Action::OpenAnswer])]
#[case::from_the_list(&[Action::Invocations])]
#[case::from_the_answer_above_the_list(&[Action::Invocations, Action::Open])]
fn one_key_leads_to_the_requests_lines(#[case] way: &[Action]) {
    let (mut app, _) = sent(Some(Ok(with_id())));
    for action in way {
        act(&mut app, action.clone());
    }
    let effects = act(&mut app, Action::RequestLog);
    assert!(app.overlay.is_none() && app.beneath.is_empty());
    assert_eq!(app.function.as_ref().unwrap().tab, Tab::Logs);
    let (ticket, since, until) = followed(&effects);
    assert_eq!(effects.len(), 1, "{effects:?}");
    assert_eq!((since, until), (moment() - SignedDuration::from_mins(5), None));

    // Others' lines first; then its own, the first ones last.
    let others = [(0, start(OTHER)), (1, "theirs".into()), (2, report(OTHER))];
    app.update(app.now, Msg::Tail(ticket, lines(1, &others)));
    assert_eq!((messages(&app).len(), pane(&app).reported()), (0, Reported::NotYet));
    app.update(app.now, Msg::Tail(ticket, lines(2, &[(4, "ours".into())])));
    assert!(messages(&app).is_empty());
    let init = "INIT_START Runtime Version: python:3.13.v7".to_owned();
    app.update(app.now, Msg::Tail(ticket, lines(2, &[(1, init.clone()), (3, start(ID))])));
    assert_eq!(messages(&app), [init.clone(), start(ID).trim().into(), "ours".into()]);
    app.update(app.now, Msg::Tail(ticket, lines(2, &[(6, report(ID)), (7, "after it".into())])));
    assert_eq!(messages(&app).len(), 4);
    assert!(matches!(pane(&app).reported(), Reported::Figures(report) if report.billed_ms == 198));

    // The first esc leads to all lines, at the row that was selected; the next one back.
    act(&mut app, Action::Up);
    let selected = pane(&app).get(pane(&app).cursor.at).unwrap().key;
    assert_eq!(act(&mut app, Action::Back), []);
    assert_eq!((messages(&app).len(), &pane(&app).request), (8, &None));
    assert_eq!(pane(&app).get(pane(&app).cursor.at).unwrap().key, selected);
    assert_eq!(act(&mut app, Action::Back), [Effect::StopLogs(ticket)]);
}

#[test]
fn filter_and_errors_only_apply_within_it() {
    let (mut app, _) = sent(Some(Ok(with_id())));
    let (ticket, ..) = followed(&act(&mut app, Action::RequestLog));
    let own = [(0, start(ID)), (1, "[ERROR] ours failed".into()), (2, "ours".into()), (3, report(ID))];
    app.update(app.now, Msg::Tail(ticket, lines(1, &own)));
    app.update(app.now, Msg::Tail(ticket, lines(2, &[(0, start(OTHER)), (1, "[ERROR] theirs".into())])));
    act(&mut app, Action::ErrorsOnly);
    assert_eq!(messages(&app), ["[ERROR] ours failed"]);
    act(&mut app, Action::ErrorsOnly);
    act(&mut app, Action::Filter);
    type_text(&mut app, "ours");
    act(&mut app, Action::Open);
    assert_eq!((messages(&app).len(), pane(&app).unfiltered()), (2, 4));
    // A late line of it comes into what is filtered.
    app.update(app.now, Msg::Tail(ticket, lines(1, &[(1, "ours, late".into())])));
    assert_eq!((messages(&app).len(), pane(&app).unfiltered()), (3, 5));
    act(&mut app, Action::Back);
    assert_eq!(messages(&app).len(), 3, "the filter stays");
    act(&mut app, Action::Back);
    assert_eq!(messages(&app).len(), 7);
}

#[test]
fn a_log_that_is_there_already_is_not_read_again() {
    let mut app = at_test();
    let (ticket, ..) = followed(&act(&mut app, Action::Logs));
    act(&mut app, Action::Invoke);
    let effects = act(&mut app, Action::Send);
    let [Effect::Invoke { ticket: invocation, .. }] = effects[..] else { panic!("{effects:?}") };
    app.update(moment(), Msg::Tail(ticket, lines(1, &[(0, start(ID)), (1, "ours".into())])));
    app.update(moment(), Msg::Tail(ticket, lines(2, &[(0, start(OTHER)), (1, "theirs".into())])));
    app.update(moment(), Msg::Invoked(invocation, Ok(Box::new(Reply::read(with_id())))));
    assert_eq!(act(&mut app, Action::RequestLog), []);
    assert_eq!(messages(&app), [start(ID).trim(), "ours"]);
    // Another tab and back: it is still the request's.
    act(&mut app, Action::Invoke);
    assert_eq!(act(&mut app, Action::Logs), []);
    assert_eq!(messages(&app).len(), 2);
    assert_eq!(act(&mut app, Action::Invoke), []);
    assert_eq!(act(&mut app, Action::RequestLog), []);
    act(&mut app, Action::Back);
    assert_eq!(messages(&app).len(), 4);
}

#[test]
fn the_log_group_is_the_configured_one() {
    let (mut app, _) = sent(Some(Ok(with_id())));
    let mut moved = details("checkout-api");
    moved.configuration.logging = Some(Logging { log_group: Some("/shared".into()), ..Logging::default() });
    act(&mut app, Action::Refresh);
    let read = app.function.as_ref().unwrap().details.pending.unwrap();
    followed(&act(&mut app, Action::RequestLog));
    // The configuration names another group than was known: the request's log is looked for there.
    let effects = app.update(app.now, Msg::Function(read, Ok(Box::new(moved))));
    assert!(
        matches!(&effects[..], [Effect::StopLogs(_), Effect::FollowLogs { groups, since, .. }]
            if groups[..] == ["/shared"] && *since == moment() - SignedDuration::from_mins(5)),
        "{effects:?}"
    );
    assert_eq!(pane(&app).request.as_ref().and_then(|request| request.id.as_deref()), Some(ID));
}

#[test]
fn further_back_is_further_before_it_was_sent() {
    let (mut app, _) = sent(Some(Ok(with_id())));
    let (ticket, ..) = followed(&act(&mut app, Action::RequestLog));
    app.update(app.now, Msg::Tail(ticket, lines(1, &[(1, "ours".into())])));
    let (older, since, until) = followed(&act(&mut app, Action::Older));
    let before = |minutes: i64| moment() - SignedDuration::from_mins(minutes);
    assert_eq!((since, until), (before(20), Some(before(5))));
    app.update(app.now, Msg::Tail(older, lines(1, &[(-400, start(ID))])));
    assert_eq!(messages(&app), [start(ID).trim(), "ours"]);
    app.update(app.now, Msg::Tail(older, Update::HistoryDone { group: "/aws/lambda/checkout-api".into() }));
    assert_eq!(pane(&app).around.map(|around| around.since()), Some(before(20)));
    // The plain log of another time is as long as it was.
    act(&mut app, Action::Back);
    act(&mut app, Action::Back);
    let (_, since, _) = followed(&act(&mut app, Action::Logs));
    assert_eq!(app.now - SignedDuration::from_mins(15), since);
}

#[test]
fn without_an_id_it_is_the_log_from_the_time_it_was_sent() {
    let (mut app, _) = sent(Some(Err(Error::new(Kind::OutcomeUnknown, "the connection broke"))));
    let (ticket, since, _) = followed(&act(&mut app, Action::RequestLog));
    assert_eq!(since, moment() - SignedDuration::from_mins(5));
    let many: Vec<(i64, String)> = (-90..90).map(|second| (second, format!("line {second}"))).collect();
    app.update(app.now, Msg::Tail(ticket, lines(1, &many)));
    let top = |app: &App| pane(app).get(pane(app).cursor.top).unwrap().message.to_owned();
    assert_eq!((messages(&app).len(), top(&app)), (180, "line 0".into()));
    assert!(!pane(&app).following);
    // What comes late above does not move it; a movement of one's own does.
    app.update(app.now, Msg::Tail(ticket, lines(2, &[(-5, "late".into())])));
    assert_eq!(top(&app), "line 0");
    act(&mut app, Action::Up);
    let selected = pane(&app).get(pane(&app).cursor.at).unwrap().message.to_owned();
    assert_eq!(selected, "line -1");
    act(&mut app, Action::Back);
    assert_eq!((&pane(&app).request, messages(&app).len()), (&None, 181));
}

#[test]
fn the_id_that_an_answer_brings_is_taken_up() {
    let (mut app, invocation) = sent(None);
    let (ticket, ..) = followed(&act(&mut app, Action::RequestLog));
    app.update(app.now, Msg::Tail(ticket, lines(1, &[(0, start(ID)), (1, "ours".into())])));
    app.update(app.now, Msg::Tail(ticket, lines(2, &[(0, start(OTHER)), (1, "theirs".into())])));
    assert_eq!(messages(&app).len(), 4);
    app.update(app.now + 1.seconds(), Msg::Invoked(invocation, Ok(Box::new(Reply::read(with_id())))));
    assert_eq!(messages(&app), [start(ID).trim(), "ours"]);
    assert!(pane(&app).following);
    // Whoever went on to all lines is left there.
    act(&mut app, Action::Invoke);
    let effects = app.update(app.now + 2.seconds(), Msg::Action(Action::Send));
    let [Effect::Invoke { ticket: second, .. }] = effects[..] else { panic!("{effects:?}") };
    act(&mut app, Action::RequestLog);
    act(&mut app, Action::Back);
    app.update(app.now, Msg::Invoked(second, Ok(Box::new(Reply::read(with_id())))));
    assert_eq!((messages(&app).len(), &pane(&app).request), (4, &None));
}

#[test]
fn what_never_ran_has_no_log() {
    for kind in [Kind::Throttled, Kind::Denied, Kind::NotFound] {
        let mut error = Error::new(kind, "no");
        error.request_id = Some(ID.into());
        let (mut app, _) = sent(Some(Err(error)));
        assert_eq!(act(&mut app, Action::RequestLog), []);
        assert_eq!(told(&app), "it never ran: it has no log", "{kind:?}");
    }
    let mut app = at_test();
    assert_eq!(act(&mut app, Action::RequestLog), []);
    assert_eq!(told(&app), "nothing was sent yet");
}

fn record(hours_ago: i64, mode: Mode) -> Record {
    let request = Request { function: "image-resizer".into(), mode, ..Request::default() };
    let at = moment() - hours_ago.hours();
    let place =
        Place { account: Some("123456789012".into()), region: "eu-west-1".into(), ..Place::default() };
    Record::of(at, place, &request, None, Ending::Ok).unanswered(Some(ID.into()), 2000)
}

/// The list of all invocations, with one of an earlier run.
fn at_past(record: Record) -> App {
    let mut app = with_functions(SIZE, three());
    act(&mut app, Action::CommandLine);
    type_text(&mut app, "invocations");
    let effects = act(&mut app, Action::Open);
    let [Effect::ReadInvocations(ticket)] = effects[..] else { panic!("{effects:?}") };
    app.update(moment(), Msg::InvocationsRead(ticket, Ok(vec![record])));
    app
}

#[rstest]
#[case::just_now(0, Mode::RequestResponse, None)]
#[case::yesterday(24, Mode::RequestResponse, Some(SignedDuration::new(15 * 60 + 2, 0)))]
#[case::queued_an_hour_ago(1, Mode::Event, None)]
#[case::queued_yesterday(24, Mode::Event, Some(SignedDuration::from_mins(6 * 60 + 30)))]
fn one_of_an_earlier_run_is_read_as_far_as_its_lines_can_be(
    #[case] hours_ago: i64,
    #[case] mode: Mode,
    #[case] expected: Option<SignedDuration>,
) {
    let record = record(hours_ago, mode);
    let at = record.at;
    let mut app = at_past(record);
    let effects = act(&mut app, Action::RequestLog);
    assert!(
        matches!(&effects[..], [Effect::GetFunction { name, .. }, Effect::FollowLogs { groups, .. }]
            if name == "image-resizer" && groups[..] == ["/aws/lambda/image-resizer"]),
        "{effects:?}"
    );
    let (ticket, since, until) = followed(&effects);
    assert_eq!(since, at - SignedDuration::from_mins(5));
    assert_eq!(until, expected.map(|after| at + after));
    assert_eq!((app.screen, pane(&app).is_over()), (Screen::Function, false));
    app.update(
        moment(),
        Msg::Tail(ticket, Update::HistoryDone { group: "/aws/lambda/image-resizer".into() }),
    );
    assert_eq!(pane(&app).is_over(), expected.is_some());
    assert_eq!(pane(&app).state_word() == "all read", expected.is_some());
}

#[test]
fn the_log_of_another_account_is_not_looked_for_in_this_one() {
    let mut elsewhere = record(1, Mode::RequestResponse);
    elsewhere.place.account = Some("210987654321".into());
    let mut app = at_past(elsewhere);
    assert_eq!(act(&mut app, Action::RequestLog), []);
    assert!(told(&app).contains("connect there to read its log"), "{}", told(&app));
    assert!(matches!(app.overlay, Some(Overlay::Past(_))));
}

#[test]
fn a_dry_run_has_no_log_and_an_arn_names_its_function() {
    let mut app = at_past(record(1, Mode::DryRun));
    assert_eq!(act(&mut app, Action::RequestLog), []);
    assert!(told(&app).contains("dry run"), "{}", told(&app));
    let mut named = record(1, Mode::RequestResponse);
    named.function = "arn:aws:lambda:eu-west-1:123456789012:function:image-resizer:live".into();
    let mut app = at_past(named);
    let effects = act(&mut app, Action::RequestLog);
    assert!(
        matches!(&effects[0], Effect::GetFunction { name, .. } if name == "image-resizer"),
        "{effects:?}"
    );
    let mut foreign = record(1, Mode::RequestResponse);
    foreign.function = "arn:aws:lambda:eu-west-1:210987654321:function:image-resizer".into();
    let mut app = at_past(foreign);
    assert_eq!(act(&mut app, Action::RequestLog), []);
    assert!(told(&app).contains("another account"), "{}", told(&app));
}
