//! A log group behind FilterLogEvents that costs little to serve: its events are JSON beforehand, and may become
//! visible later than they happened, as those of CloudWatch Logs do.

use std::{
    fmt::Write as _,
    sync::{Arc, RwLock},
    time::{Duration, Instant},
};

use serde_json::json;

use crate::support::fault_server::{Fault, FaultServer, Reply};

/// FilterLogEvents' own limit of a page.
pub const PAGE: usize = 10_000;

/// The log group that is served.
pub const GROUP: &str = "/aws/lambda/function-00009";

/// A log group. Clones share it.
#[derive(Clone, Default)]
pub struct Service(Arc<RwLock<Vec<Event>>>);

struct Event {
    timestamp: i64,
    visible: Instant,
    json: String,
}

impl Service {
    /// Adds events of `(timestamp in ms, when it becomes visible, message)`. The timestamps of all come in order, but
    /// for those that are late, which are put where they belong.
    pub fn add(&self, events: impl IntoIterator<Item = (i64, Instant, String)>) {
        let mut all = self.0.write().unwrap();
        for (timestamp, visible, message) in events {
            let id = format!("{:056}", all.len());
            let json = json!({
                "logStreamName": "2026/11/20/[$LATEST]0123456789abcdef0123456789abcdef",
                "timestamp": timestamp,
                "ingestionTime": timestamp + 20,
                "message": message,
                "eventId": id,
            })
            .to_string();
            let at = all.partition_point(|event| event.timestamp <= timestamp);
            all.insert(at, Event { timestamp, visible, json });
        }
    }

    /// Answers FilterLogEvents, each page after `latency`. A token names the place to go on by its timestamp and how
    /// many of that timestamp were given, so that events that turn up meanwhile shift nothing.
    pub fn serve(&self, server: &FaultServer, latency: Duration) {
        let service = self.clone();
        server.answer("FilterLogEvents", move |request| {
            let input = request.json();
            let start = input["startTime"].as_i64().unwrap_or(0);
            let end = input["endTime"].as_i64().unwrap_or(i64::MAX);
            let from = input["nextToken"].as_str().and_then(|token| {
                let (timestamp, skip) = token.split_once('.')?;
                Some((timestamp.parse::<i64>().ok()?, skip.parse::<usize>().ok()?))
            });
            Fault::Answer(Reply::new(200, "application/x-amz-json-1.1", service.page(start, end, from)))
                .after(latency)
        });
    }

    fn page(&self, start: i64, end: i64, from: Option<(i64, usize)>) -> String {
        let all = self.0.read().unwrap();
        let now = Instant::now();
        let (first, skip) = from.unwrap_or((start, 0));
        let at = all.partition_point(|event| event.timestamp < first);
        let mut found =
            all[at..].iter().take_while(|event| event.timestamp <= end).filter(|event| event.visible <= now);
        if skip > 0 {
            found.by_ref().take(skip).for_each(drop);
        }
        let mut body = String::from("{\"events\":[");
        let (mut count, mut last) = (0, (first, skip));
        for event in found.by_ref().take(PAGE) {
            if count > 0 {
                body.push(',');
            }
            body.push_str(&event.json);
            last = if event.timestamp == last.0 { (last.0, last.1 + 1) } else { (event.timestamp, 1) };
            count += 1;
        }
        let more = found.next().is_some();
        body.push_str("],\"searchedLogStreams\":[]");
        if more {
            let _ = write!(body, ",\"nextToken\":\"{}.{}\"", last.0, last.1);
        }
        body.push('}');
        body
    }
}
