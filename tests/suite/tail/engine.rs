//! Following what the local engine's CloudWatch Logs answer, without a server between them.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use lambdeck::{
    cloud::Budget,
    domain::log_event::LogEvent,
    local::logs::{InputEvent, Store, wire},
    tail::{Clock, Options, Page, PageRequest, Source, SourceError, SourceErrorKind, State, Update, follow},
};
use serde_json::{Value, json};
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;

use super::service::{Random, T0, TestClock};

struct Engine {
    store: Arc<Store>,
    clock: TestClock,
}

impl Source for Engine {
    async fn page(&self, request: PageRequest) -> Result<Page, SourceError> {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let mut input = json!({ "logGroupName": request.group, "startTime": request.start_ms });
        for (member, value) in [
            ("endTime", json!(request.end_ms)),
            ("nextToken", json!(request.token)),
            ("limit", json!(request.limit)),
            ("filterPattern", json!(request.filter_pattern)),
        ] {
            if !value.is_null() {
                input[member] = value;
            }
        }
        let (account_id, region) = ("123456789012".to_owned(), "eu-west-1".to_owned());
        let context = wire::Context { account_id, region, now_ms: self.clock.now_ms() };
        let body = input.to_string();
        let answer = wire::handle(&self.store, "FilterLogEvents", body.as_bytes(), &context).unwrap();
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        let text = |value: &Value, member: &str| value[member].as_str().unwrap().to_owned();
        if answer.status != 200 {
            let kind = match body["__type"].as_str() {
                Some("ResourceNotFoundException") => SourceErrorKind::NotFound,
                _ => SourceErrorKind::Other,
            };
            return Err(SourceError { kind, message: text(&body, "message") });
        }
        let events = body["events"].as_array().unwrap().iter().map(|event| LogEvent {
            group: request.group.clone(),
            stream: text(event, "logStreamName"),
            id: text(event, "eventId"),
            timestamp: event["timestamp"].as_i64().unwrap(),
            ingestion_time: event["ingestionTime"].as_i64().unwrap(),
            message: text(event, "message"),
        });
        Ok(Page { events: events.collect(), next_token: body["nextToken"].as_str().map(str::to_owned) })
    }
}

#[tokio::test(start_paused = true)]
async fn what_functions_write_is_told_once_however_late_and_whatever_the_pages() {
    let store = Arc::new(Store::new(64 << 20));
    let start = Instant::now();
    let clock = move || TestClock { start, ahead: 0 };
    let (out, mut news) = mpsc::channel(64);
    let cancel = CancellationToken::new();
    let options = Options {
        filter_pattern: Some("-skipped".to_owned()),
        page_limit: Some(500),
        ..Options::live("/aws/lambda/f", T0)
    };
    let source = Engine { store: Arc::clone(&store), clock: clock() };
    let (_steer, control) = mpsc::channel(1);
    tokio::spawn(follow(source, options, Budget::unlimited(), clock(), out, control, cancel.clone()));

    let writer = tokio::spawn(async move {
        let mut random = Random(5);
        let mut written = BTreeSet::new();
        // The group appears with the first event.
        tokio::time::sleep(Duration::from_secs(5)).await;
        for n in 0..6_000 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let now_ms = clock().now_ms();
            let late = if random.chance(5) { random.below(88_000).min(now_ms - T0) } else { 0 };
            let skipped = random.chance(10);
            let message = format!("{}{n}", if skipped { "skipped " } else { "line " });
            let event = InputEvent { timestamp: now_ms - late, message: message.clone() };
            store.append("/aws/lambda/f", &format!("stream-{}", n % 3), &[event], now_ms);
            if !skipped {
                written.insert(message);
            }
        }
        tokio::time::sleep(Duration::from_secs(150)).await;
        cancel.cancel();
        written
    });
    let (mut told, mut doing) = (Vec::new(), Vec::new());
    while let Some(update) = news.recv().await {
        match update {
            Update::Events { batch, .. } => {
                told.extend(batch.into_iter().map(|arrival| arrival.event.message));
            }
            Update::Status(status) => doing.push(status.state),
            Update::HistoryDone { .. } | Update::Gap { .. } => {}
        }
    }
    doing.dedup();
    assert_eq!(doing, [State::CatchingUp, State::Waiting, State::Live]);
    let count = told.len();
    let told: BTreeSet<_> = told.into_iter().collect();
    assert_eq!(told.len(), count, "told more than once");
    assert_eq!(told, writer.await.unwrap());
}
