//! Live Tail and Logs Insights on the wire, through the dashboard's executor.

use jiff::Timestamp;
use lambdeck::app::{Effect, Msg, Ticket};
use lambdeck::domain::insights::{Progress, Query, Results};
use lambdeck::runtime::Executor;
use lambdeck::tail::{Control, GapKind, Status, Transport, Update};
use tokio::sync::mpsc;

use super::*;
use crate::support::fault_server::Stream;

const WAIT: Duration = Duration::from_secs(20);
const TICKET: Ticket = Ticket { epoch: 1, number: 9 };
const GROUP: &str = "/aws/lambda/checkout";

async fn connected(server: &FaultServer, read_only: bool) -> (Executor, mpsc::Receiver<Msg>) {
    let (sender, mut messages) = mpsc::channel(64);
    let local = || async { Err(Error::new(Kind::Unsupported, "not in this test")) };
    let mut executor =
        Executor::new(sender, Arc::new(move || Box::pin(local())), lambdeck::disk::Disk::none());
    let spec = session(&server.endpoint(), read_only).await.spec().clone();
    executor.execute(Effect::Connect { epoch: 1, spec, verify: false });
    assert!(matches!(next(&mut messages).await, Msg::Connected(1, Ok(_))));
    (executor, messages)
}

async fn next(messages: &mut mpsc::Receiver<Msg>) -> Msg {
    tokio::time::timeout(WAIT, messages.recv()).await.expect("a message comes").expect("one is left")
}

/// What the follow tells until this is so of an update.
async fn until(messages: &mut mpsc::Receiver<Msg>, mut is_so: impl FnMut(&Update) -> bool) -> Vec<Update> {
    let mut updates = Vec::new();
    loop {
        let Msg::Tail(TICKET, update) = next(messages).await else { panic!("the follow tells") };
        let last = is_so(&update);
        updates.push(update);
        if last {
            return updates;
        }
    }
}

fn json_answer(value: &serde_json::Value) -> Fault {
    Fault::Answer(Reply::json(value))
}

fn knows_account(server: &FaultServer) {
    let xml = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
               <Arn>arn:aws:iam::123456789012:user/alice</Arn><UserId>AIDA</UserId><Account>123456789012</Account>\
               </GetCallerIdentityResult></GetCallerIdentityResponse>";
    server.always("GetCallerIdentity", Fault::Answer(Reply::new(200, "text/xml", xml)));
}

fn follow(live_tail: bool) -> Effect {
    Effect::FollowLogs {
        ticket: TICKET,
        groups: vec![GROUP.into()],
        since: Timestamp::now(),
        until: None,
        pattern: None,
        live_tail,
    }
}

fn is_status(update: &Update, is_so: impl Fn(&Status) -> bool) -> bool {
    matches!(update, Update::Status(status) if is_so(status))
}

#[tokio::test]
async fn a_live_tail_session_is_opened_on_the_endpoint_itself_and_told_as_it_comes() {
    let server = FaultServer::start();
    knows_account(&server);
    server.always("FilterLogEvents", json_answer(&json!({ "events": [] })));
    let now = Timestamp::now().as_millisecond();
    let event = json!({
        "logStreamName": "s", "logGroupIdentifier": format!("123456789012:{GROUP}"), "message": "hello\n",
        "timestamp": now, "ingestionTime": now + 5,
    });
    let update = json!({ "sessionMetadata": { "sampled": false }, "sessionResults": [event] }).to_string();
    let start = json!({ "sessionId": "x", "logGroupIdentifiers": [] }).to_string();
    let events = Stream::new()
        .event("initial-response", "application/x-amz-json-1.1", b"{}")
        .event("sessionStart", "application/json", start.as_bytes())
        .event("sessionUpdate", "application/json", update.as_bytes())
        .hanging();
    server.always("StartLiveTail", Fault::Stream(events));
    let (mut executor, mut messages) = connected(&server, false).await;
    executor.execute(follow(false));
    executor.execute(Effect::SteerLogs(TICKET, Control::LiveTail(true)));
    let told = until(&mut messages, |update| matches!(update, Update::Events { .. })).await;
    let Some(Update::Events { group, batch }) = told.last() else { panic!("{told:?}") };
    assert_eq!((group.as_str(), batch[0].event.message.as_str()), (GROUP, "hello\n"));
    assert_eq!((batch[0].event.timestamp, batch[0].event.ingestion_time), (now, now + 5));
    let live = |status: &Status| matches!(status.transport, Transport::LiveTail { .. });
    assert!(told.iter().any(|update| is_status(update, live)), "{told:?}");
    let requests = server.requests("StartLiveTail");
    let body: serde_json::Value = serde_json::from_slice(&requests[0].body).unwrap();
    let arn = format!("arn:aws:logs:eu-west-1:123456789012:log-group:{GROUP}");
    assert_eq!(body, json!({ "logGroupIdentifiers": [arn] }));
    executor.execute(Effect::SteerLogs(TICKET, Control::LiveTail(false)));
    until(&mut messages, |update| is_status(update, |status| status.transport == Transport::Polling)).await;
}

#[tokio::test]
async fn what_keeps_live_tail_away_is_told_and_polling_goes_on() {
    let server = FaultServer::start();
    knows_account(&server);
    server.always("FilterLogEvents", json_answer(&json!({ "events": [] })));
    server.always("StartLiveTail", Fault::access_denied());
    let (mut executor, mut messages) = connected(&server, false).await;
    executor.execute(follow(true));
    let told =
        until(&mut messages, |update| is_status(update, |status| status.not_live_tail.is_some())).await;
    let Some(Update::Status(status)) = told.last() else { panic!("{told:?}") };
    let why = status.not_live_tail.as_deref().unwrap();
    assert!(why.contains("logs:StartLiveTail"), "{why}");
    assert_eq!(status.transport, Transport::Polling);
    assert_eq!(server.count("StartLiveTail"), 1);
}

#[tokio::test]
async fn a_group_of_infrequent_access_is_read_by_queries() {
    let server = FaultServer::start();
    let message = "This operation is not supported for log groups with the INFREQUENT_ACCESS log group class";
    server.always("FilterLogEvents", Fault::error(400, "InvalidOperationException", message));
    server.always("StartQuery", json_answer(&json!({ "queryId": "q" })));
    let now = Timestamp::now();
    let field = |field: &str, value: &str| json!({ "field": field, "value": value });
    let row = json!([
        field("@timestamp", &now.strftime("%Y-%m-%d %H:%M:%S.%3f").to_string()),
        field("@logStream", "s"),
        field("@message", "hello"),
        field("@ptr", "p"),
    ]);
    server.script("GetQueryResults", [json_answer(&json!({ "status": "Running", "results": [row] }))]);
    server.always("GetQueryResults", json_answer(&json!({ "status": "Complete", "results": [row, row] })));
    let (mut executor, mut messages) = connected(&server, false).await;
    let since = now.checked_sub(jiff::SignedDuration::from_mins(1)).unwrap();
    executor.execute(Effect::FollowLogs {
        ticket: TICKET,
        groups: vec![GROUP.into()],
        since,
        until: None,
        pattern: None,
        live_tail: false,
    });
    let told =
        until(&mut messages, |update| is_status(update, |status| status.transport == Transport::Insights))
            .await;
    let events: Vec<_> = told
        .iter()
        .filter_map(|update| match update {
            Update::Events { batch, .. } => Some(batch),
            _ => None,
        })
        .flatten()
        .collect();
    assert_eq!(events.len(), 1, "the same pointer is the same event: {told:?}");
    assert_eq!((&*events[0].event.message, events[0].event.timestamp), ("hello", now.as_millisecond()));
    assert!(
        told.iter().any(|update| matches!(update, Update::Gap { kind: GapKind::NotLive, .. })),
        "{told:?}"
    );
}

fn query() -> Effect {
    let text = "fields @message | filter @message like 'a secret that no error may repeat'".into();
    let from = Timestamp::from_second(1_790_000_000).unwrap();
    let until = Timestamp::from_second(1_790_000_100).unwrap();
    Effect::StartInsights(TICKET, Box::new(Query { groups: vec![GROUP.into()], text, from, until }))
}

async fn results(messages: &mut mpsc::Receiver<Msg>) -> Result<Box<Results>, Error> {
    let Msg::Insights(TICKET, results) = next(messages).await else { panic!("the query tells") };
    results
}

#[tokio::test]
async fn a_query_tells_running_results_until_it_is_over_and_one_lost_look_is_nothing() {
    let server = FaultServer::start();
    server.always("StartQuery", json_answer(&json!({ "queryId": "q" })));
    let answer = |status: &str, rows: usize| {
        let row = json!([{ "field": "@message", "value": "x" }, { "field": "@ptr", "value": "p" }]);
        let statistics = json!({ "recordsMatched": 2.0, "recordsScanned": 30.0, "bytesScanned": 400.0 });
        json_answer(&json!({ "status": status, "results": vec![row; rows], "statistics": statistics }))
    };
    server.script(
        "GetQueryResults",
        [
            answer("Running", 1),
            Fault::error(400, "InvalidParameterException", "not yet"),
            answer("Complete", 2),
        ],
    );
    let (mut executor, mut messages) = connected(&server, false).await;
    executor.execute(query());
    let running = results(&mut messages).await.unwrap();
    assert_eq!((running.progress, running.rows.len()), (Progress::Running, 1));
    let complete = results(&mut messages).await.unwrap();
    assert_eq!((complete.progress, complete.rows.len()), (Progress::Complete, 2));
    assert_eq!(complete.columns, ["@message"]);
    assert!((complete.matched - 2.0).abs() < 0.1 && (complete.bytes - 400.0).abs() < 0.1);
    let body: serde_json::Value = serde_json::from_slice(&server.requests("StartQuery")[0].body).unwrap();
    assert_eq!((&body["startTime"], &body["endTime"]), (&json!(1_790_000_000), &json!(1_790_000_100)));
    assert_eq!(body["logGroupNames"], json!([GROUP]));
    executor.finish(WAIT).await;
    assert_eq!(server.count("StopQuery"), 0, "one that is over is not stopped");
}

#[tokio::test]
async fn a_query_that_nobody_waits_for_is_stopped() {
    let server = FaultServer::start();
    server.always("StartQuery", json_answer(&json!({ "queryId": "q" })));
    server.always("GetQueryResults", json_answer(&json!({ "status": "Running" })));
    server.always("StopQuery", json_answer(&json!({ "success": true })));
    let (mut executor, mut messages) = connected(&server, false).await;
    executor.execute(query());
    results(&mut messages).await.unwrap();
    executor.execute(Effect::StopInsights(Ticket { number: 8, ..TICKET }));
    executor.execute(Effect::StopInsights(TICKET));
    server.arrived("StopQuery", 1).await;
    // A newer one takes the place of the one before; the end of the program, of the last.
    executor.execute(query());
    executor.execute(query());
    server.arrived("StartQuery", 3).await;
    executor.finish(WAIT).await;
    assert_eq!(server.count("StopQuery"), 3);
}

#[tokio::test]
async fn a_query_that_is_refused_says_why_also_in_a_session_that_only_reads() {
    let server = FaultServer::start();
    server.always("StartQuery", Fault::error(400, "MalformedQueryException", "unexpected symbol found"));
    let (mut executor, mut messages) = connected(&server, false).await;
    executor.execute(query());
    let error = results(&mut messages).await.unwrap_err();
    assert_eq!(error.kind, Kind::Invalid);
    assert!(error.message.contains("unexpected symbol found"), "{error}");
    assert_presentable(&error);
    let (mut executor, mut messages) = connected(&server, true).await;
    executor.execute(query());
    assert_eq!(results(&mut messages).await.unwrap_err().kind, Kind::Invalid);
    assert_eq!(server.count("StartQuery"), 2);
}

#[tokio::test]
async fn answers_tell_the_time_of_the_service() {
    let server = FaultServer::start();
    let two_hours_ago = Timestamp::now().checked_sub(jiff::SignedDuration::from_hours(2)).unwrap();
    let date = two_hours_ago.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let reply = Reply::json(&json!({ "events": [] })).header("date", &date);
    server.always("FilterLogEvents", Fault::Answer(reply));
    let session = open(&server.endpoint()).await;
    assert_eq!(session.log_clock_ahead_ms(), None);
    session.filter_log_events(&EventQuery { group: GROUP.into(), ..EventQuery::default() }).await.unwrap();
    let ahead = session.log_clock_ahead_ms().unwrap();
    assert!((7_199_000..7_230_000).contains(&ahead), "{ahead}");
}
