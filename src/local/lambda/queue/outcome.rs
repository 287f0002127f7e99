//! What is sent of an event that has ended: the record for a destination, and the dead letter.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Conclusion, LOOP};
use crate::local::{exec::Event, lambda::names::Place};

/// Most bytes of a dead letter's `ErrorMessage`.
const MESSAGE_LIMIT: usize = 1024;

/// The record of an outcome, as AWS sends it.
pub(super) fn record(arn: &str, event: &Event, conclusion: &Conclusion) -> Value {
    let json_or_text = |bytes: &[u8]| {
        serde_json::from_slice(bytes)
            .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(bytes).into_owned()))
    };
    let mut out = json!({
        "version": "1.0",
        "timestamp": Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": arn,
            "condition": conclusion.condition,
            "approximateInvokeCount": conclusion.runs,
        },
        "requestPayload": json_or_text(&event.payload),
    });
    if let Some(run) = &conclusion.last {
        out["responseContext"] = json!({ "statusCode": 200, "executedVersion": run.version });
        if let Some(error) = run.function_error {
            out["responseContext"]["functionError"] = json!(error);
        }
        out["responsePayload"] = json_or_text(&run.payload);
    }
    out
}

/// A dead letter, as a function behind an SQS queue gets it: the event itself as the body, and AWS's three attributes.
/// `arn` is the function that failed, which stands for the queue that is not there.
pub(super) fn dead_letter(arn: &str, place: &Place, event: &Event, conclusion: &Conclusion) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_millis();
    let (code, message) = error(conclusion);
    let attribute = |kind: &str, value: &str| json!({ "stringValue": value, "stringListValues": [], "binaryListValues": [], "dataType": kind });
    let id = Uuid::new_v4().to_string();
    json!({ "Records": [{
        "messageId": id,
        "receiptHandle": id,
        "body": String::from_utf8_lossy(&event.payload),
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": now.to_string(),
            "SenderId": place.account_id,
            "ApproximateFirstReceiveTimestamp": now.to_string(),
        },
        "messageAttributes": {
            "RequestID": attribute("String", &event.request_id),
            "ErrorCode": attribute("Number", code),
            "ErrorMessage": attribute("String", &message),
        },
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": place.region,
    }] })
}

/// The status and the message that the last try would have been answered with.
fn error(conclusion: &Conclusion) -> (&'static str, String) {
    let text = match &conclusion.last {
        Some(run) => {
            let error: Option<Value> = serde_json::from_slice(&run.payload).ok();
            let message = error.as_ref().and_then(|error| error["errorMessage"].as_str()).map(str::to_owned);
            message.unwrap_or_else(|| String::from_utf8_lossy(&run.payload).into_owned())
        }
        None if conclusion.condition == LOOP => {
            return (
                "400",
                "Lambda detected the function being invoked in a recursive loop with other Amazon Web Services \
                 resources and stopped your function's invocation."
                    .to_owned(),
            );
        }
        None => return ("429", "Rate Exceeded.".to_owned()),
    };
    let end = text.floor_char_boundary(MESSAGE_LIMIT);
    ("200", text[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::json;

    use super::{Conclusion, Event, LOOP, Place, dead_letter, record};
    use crate::local::lambda::queue::Run;

    fn place() -> Place {
        Place { partition: "aws", region: "eu-west-1".into(), account_id: "123456789012".into() }
    }

    fn failed(payload: &str) -> Conclusion {
        let payload = Bytes::copy_from_slice(payload.as_bytes());
        let run = Run { version: "2".into(), function_error: Some("Unhandled"), payload };
        Conclusion { condition: "RetriesExhausted", runs: 3, last: Some(run) }
    }

    #[test]
    fn an_outcome_is_recorded_as_aws_does() {
        let event = Event::new("id", Bytes::from_static(b"{\"a\":1}"));
        let mut out = record("arn:x:live", &event, &failed("no json"));
        let time = out.as_object_mut().unwrap().remove("timestamp").unwrap();
        assert!(time.as_str().is_some_and(|time| time.len() == 24 && time.ends_with('Z')), "{time}");
        let wanted = json!({
            "version": "1.0",
            "requestContext": {
                "requestId": "id", "functionArn": "arn:x:live", "condition": "RetriesExhausted",
                "approximateInvokeCount": 3,
            },
            "requestPayload": { "a": 1 },
            "responseContext": { "statusCode": 200, "executedVersion": "2", "functionError": "Unhandled" },
            "responsePayload": "no json",
        });
        assert_eq!(out, wanted);
        let blocked = Conclusion { condition: "ZeroReservedConcurrency", runs: 0, last: None };
        let out = record("arn:x:live", &event, &blocked);
        assert!(out.get("responseContext").is_none() && out.get("responsePayload").is_none());
    }

    #[test]
    fn a_dead_letter_is_what_a_queue_would_bring() {
        let event = Event::new("id", Bytes::from_static(b"{\"a\":1}"));
        let out = dead_letter("arn:x", &place(), &event, &failed(r#"{"errorMessage":"no","errorType":"E"}"#));
        let letter = &out["Records"][0];
        assert_eq!((&letter["body"], &letter["eventSource"]), (&json!("{\"a\":1}"), &json!("aws:sqs")));
        assert_eq!((&letter["eventSourceARN"], &letter["awsRegion"]), (&json!("arn:x"), &json!("eu-west-1")));
        let parsed: aws_lambda_events::sqs::SqsEvent = serde_json::from_value(out.clone()).unwrap();
        let attributes = &parsed.records[0].message_attributes;
        let value = |name: &str| attributes[name].string_value.clone().unwrap();
        assert_eq!((value("RequestID"), value("ErrorCode")), ("id".into(), "200".into()));
        assert_eq!(value("ErrorMessage"), "no");

        // 1 KB of the message at most, and never half a character.
        let message = |length: usize| {
            let out =
                dead_letter("arn:x", &place(), &event, &failed(&("é".to_owned() + &"a".repeat(length))));
            out["Records"][0]["messageAttributes"]["ErrorMessage"]["stringValue"].as_str().unwrap().len()
        };
        assert_eq!([message(1021), message(1022), message(1023)], [1023, 1024, 1024]);
        let cut = dead_letter("arn:x", &place(), &event, &failed(&("a".repeat(1023) + "é")));
        let cut =
            cut["Records"][0]["messageAttributes"]["ErrorMessage"]["stringValue"].as_str().unwrap().len();
        assert_eq!(cut, 1023);
        for (condition, code) in [("ZeroReservedConcurrency", "429"), (LOOP, "400")] {
            let ended = Conclusion { condition, runs: 0, last: None };
            let out = dead_letter("arn:x", &place(), &event, &ended);
            assert_eq!(out["Records"][0]["messageAttributes"]["ErrorCode"]["stringValue"], code);
        }
    }
}
