//! Answers of a large account, made beforehand: what the speed of lambdeck is measured against.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Fault, FaultServer, Reply};

/// The page size of AWS's ListFunctions, whatever MaxItems asks for.
pub const PAGE: usize = 50;

/// The name of the function at this place of [`serve_functions`]' list.
pub fn function_name(index: usize) -> String {
    format!("function-{index:05}")
}

/// Serves `count` functions in pages of [`PAGE`], each page after `latency`, and answers for each of them, and for
/// who is asking, at once.
pub fn serve_functions(server: &FaultServer, count: usize, latency: Duration) {
    let pages: Vec<Bytes> = (0..count.div_ceil(PAGE).max(1)).map(|page| list_page(page, count)).collect();
    server.answer("ListFunctions", move |request| {
        let page: usize =
            request.parameter("Marker").map_or(0, |marker| marker.parse().unwrap_or(usize::MAX));
        let fault = match pages.get(page) {
            Some(body) => Fault::Answer(Reply::new(200, "application/json", body.clone())),
            None => Fault::error(400, "InvalidParameterValueException", "The marker is not valid."),
        };
        fault.after(latency)
    });
    for (operation, wrap) in [("GetFunctionConfiguration", false), ("GetFunction", true)] {
        server.answer(operation, move |request| {
            let name = request.path.split('/').nth(3).unwrap_or_default();
            let index = name.strip_prefix("function-").and_then(|index| index.parse::<usize>().ok());
            let Some(index) = index.filter(|index| *index < count) else {
                return Fault::function_not_found(name);
            };
            let mut function = function(index);
            function["State"] = json!("Active");
            function["LastUpdateStatus"] = json!("Successful");
            let body =
                if wrap { json!({ "Configuration": function, "Tags": { "team": "a" } }) } else { function };
            Fault::Answer(Reply::json(&body))
        });
    }
    serve_identity(server, "123456789012");
}

/// Answers GetCallerIdentity with a user of this account.
pub fn serve_identity(server: &FaultServer, account: &str) {
    server.always("GetCallerIdentity", Fault::Answer(identity(account)));
}

/// STS's answer to who a user of this account is.
pub fn identity(account: &str) -> Reply {
    let body = format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
         <Arn>arn:aws:iam::{account}:user/alice</Arn><UserId>AIDACKCEVSQ6C2EXAMPLE</UserId>\
         <Account>{account}</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>\
         00000000-0000-4000-8000-000000000000</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
    );
    Reply::new(200, "text/xml", body)
}

fn list_page(page: usize, count: usize) -> Bytes {
    let end = ((page + 1) * PAGE).min(count);
    let functions: Vec<Value> = (page * PAGE..end).map(function).collect();
    let mut body = json!({ "Functions": functions });
    if end < count {
        body["NextMarker"] = json!((page + 1).to_string());
    }
    body.to_string().into()
}

/// A configuration as ListFunctions gives it: without State and LastUpdateStatus, which only the single reads have.
fn function(index: usize) -> Value {
    let runtimes = ["python3.13", "nodejs22.x", "provided.al2023", "java21", "python3.9"];
    let name = function_name(index);
    let mut sha = String::new();
    let _ = write!(sha, "{index:043}=");
    json!({
        "FunctionName": name,
        "FunctionArn": format!("arn:aws:lambda:eu-west-1:123456789012:function:{name}"),
        "Runtime": runtimes[index % runtimes.len()],
        "Role": "arn:aws:iam::123456789012:role/service-role/lambda",
        "Handler": "index.handler",
        "CodeSize": 1000 + index * 37,
        "Description": format!("The function number {index} of a large account"),
        "Timeout": 3 + index % 60,
        "MemorySize": 128 << (index % 4),
        "LastModified": format!("2026-{:02}-{:02}T12:00:00.000+0000", 1 + index % 10, 1 + index % 28),
        "CodeSha256": sha,
        "Version": "$LATEST",
        "Environment": { "Variables": { "STAGE": "prod", "TABLE_NAME": format!("table-{index}") } },
        "TracingConfig": { "Mode": "PassThrough" },
        "RevisionId": format!("00000000-0000-4000-8000-{index:012}"),
        "PackageType": "Zip",
        "Architectures": [if index.is_multiple_of(3) { "arm64" } else { "x86_64" }],
        "EphemeralStorage": { "Size": 512 },
        "SnapStart": { "ApplyOn": "None", "OptimizationStatus": "Off" },
        "LoggingConfig": { "LogFormat": "Text", "LogGroup": format!("/aws/lambda/{name}") },
    })
}

/// The log events behind a scripted FilterLogEvents. Clones share them, so a test can add some at any time, late
/// ones too.
#[derive(Clone, Default)]
pub struct LogScript(Arc<Mutex<Vec<LogEvent>>>);

struct LogEvent {
    group: String,
    stream: String,
    timestamp: i64,
    message: String,
}

impl LogScript {
    /// Adds an event, as if it were ingested now. `timestamp`: milliseconds since 1970.
    pub fn push(&self, group: &str, stream: &str, timestamp: i64, message: &str) {
        let (group, stream, message) = (group.to_owned(), stream.to_owned(), message.to_owned());
        self.0.lock().unwrap().push(LogEvent { group, stream, timestamp, message });
    }

    /// Answers FilterLogEvents from these events: those of the group from `startTime` to `endTime`, both included,
    /// by time, in pages of `page` (or `limit`, where that is less), each after `latency`. A filter pattern is not
    /// applied. A group without events does not exist.
    pub fn serve(&self, server: &FaultServer, page: usize, latency: Duration) {
        let script = self.clone();
        server.answer("FilterLogEvents", move |request| script.filter(&request.json(), page).after(latency));
    }

    fn filter(&self, input: &Value, page: usize) -> Fault {
        let events = self.0.lock().unwrap();
        let group =
            input["logGroupName"].as_str().or(input["logGroupIdentifier"].as_str()).unwrap_or_default();
        if !events.iter().any(|event| event.group == group) {
            return Fault::error(400, "ResourceNotFoundException", "The specified log group does not exist.");
        }
        let start = input["startTime"].as_i64().unwrap_or(i64::MIN);
        let end = input["endTime"].as_i64().unwrap_or(i64::MAX);
        let streams = input["logStreamNames"].as_array();
        let wanted = |event: &LogEvent| {
            event.group == group
                && (start..=end).contains(&event.timestamp)
                && streams.is_none_or(|streams| streams.iter().any(|stream| stream == event.stream.as_str()))
        };
        let mut found: Vec<(usize, &LogEvent)> =
            events.iter().enumerate().filter(|(_, event)| wanted(event)).collect();
        found.sort_by_key(|(_, event)| event.timestamp);

        let from: usize = input["nextToken"].as_str().and_then(|token| token.parse().ok()).unwrap_or(0);
        let limit =
            input["limit"].as_u64().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(page).min(page);
        let rows: Vec<Value> = found
            .iter()
            .skip(from)
            .take(limit)
            .map(|(index, event)| {
                json!({
                    "logStreamName": event.stream,
                    "timestamp": event.timestamp,
                    "ingestionTime": event.timestamp + 20,
                    "message": event.message,
                    "eventId": format!("{index:056}"),
                })
            })
            .collect();
        let mut body = json!({ "events": rows, "searchedLogStreams": [] });
        if from + limit < found.len() {
            body["nextToken"] = json!((from + limit).to_string());
        }
        Fault::Answer(Reply::new(200, "application/x-amz-json-1.1", body.to_string()))
    }
}
