//! Dead letters: where an event goes that failed too often.

use aws_lambda_events::sqs::SqsEvent;
use serde_json::{Value, json};

use super::{
    ARN, FUNCTIONS, INVALID, ask,
    asynchronous::{events, put, send},
    change, engine, make, publish, until,
};

fn letters(target: &str) -> Value {
    json!({ "DeadLetterConfig": { "TargetArn": target } })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_event_goes_to_a_function_as_a_queue_would_bring_it() {
    let engine = engine().await;
    make(&engine, "bad", &[("FAIL", "1")]);
    make(&engine, "undertaker", &[]);
    make(&engine, "sorry", &[]);
    let arn = format!("{ARN}:undertaker");
    let changed = change(&engine, "bad", &letters(&arn));
    assert_eq!(changed["DeadLetterConfig"]["TargetArn"], arn);
    let none_again = json!({ "Destination": format!("{ARN}:sorry") });
    put(
        &engine,
        "bad",
        &json!({ "MaximumRetryAttempts": 0, "DestinationConfig": { "OnFailure": none_again } }),
    )
    .ok(200);
    send(&engine, "bad", &json!({ "n": [1] }));
    let letter = until("a dead letter", || events(&engine, "undertaker").into_iter().next()).await;
    let letter: SqsEvent = serde_json::from_value(letter).unwrap();
    let message = &letter.records[0];
    assert_eq!(message.body.as_deref(), Some(r#"{"n":[1]}"#));
    assert_eq!(message.event_source.as_deref(), Some("aws:sqs"));
    assert_eq!(message.event_source_arn, Some(format!("{ARN}:bad:$LATEST")));
    assert_eq!(message.aws_region.as_deref(), Some("eu-central-1"));
    let attribute = |name: &str| message.message_attributes[name].string_value.clone().unwrap();
    assert_eq!((attribute("ErrorCode").as_str(), attribute("ErrorMessage").as_str()), ("200", "it fails"));
    // The destination for failures has its record all the same, of the same request.
    let record = until("an outcome", || events(&engine, "sorry").into_iter().next()).await;
    assert_eq!(record["requestContext"]["requestId"], attribute("RequestID").as_str());
    assert_eq!(record["requestContext"]["condition"], "RetriesExhausted");

    // What may not run at all dies, too; what runs well does not.
    let zero = json!({ "ReservedConcurrentExecutions": 0 });
    ask(&engine, "PUT", "/2017-10-31/functions/bad/concurrency", &zero).ok(200);
    send(&engine, "bad", &json!(2));
    let letter = until("another dead letter", || events(&engine, "undertaker").into_iter().nth(1)).await;
    assert_eq!(letter["Records"][0]["body"], "2");
    assert_eq!(letter["Records"][0]["messageAttributes"]["ErrorCode"]["stringValue"], "429");
    ask(&engine, "DELETE", "/2017-10-31/functions/bad/concurrency", &Value::Null).ok(204);
    change(&engine, "bad", &json!({ "Environment": { "Variables": {} } }));
    send(&engine, "bad", &json!(3));
    until("the event", || events(&engine, "bad").contains(&json!(3)).then_some(())).await;
    assert_eq!(events(&engine, "undertaker").len(), 2);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_a_setting_of_the_version() {
    let engine = engine().await;
    for name in ["one", "two"] {
        make(&engine, name, &[]);
    }
    make(&engine, "bad", &[]);
    change(&engine, "bad", &letters(&format!("{ARN}:one")));
    publish(&engine, "bad", &[("FAIL", "1")]);
    change(&engine, "bad", &letters(&format!("{ARN}:two")));
    for qualifier in ["$LATEST", "1"] {
        let path = format!(
            "/2019-09-25/functions/bad/event-invoke-config?Qualifier={}",
            qualifier.replace('$', "%24")
        );
        ask(&engine, "PUT", &path, &json!({ "MaximumRetryAttempts": 0 })).ok(200);
        send(&engine, &format!("bad:{}", qualifier.replace('$', "%24")), &json!(qualifier));
    }
    for (name, body) in [("one", "\"1\""), ("two", "\"$LATEST\"")] {
        let letter = until("a dead letter", || events(&engine, name).into_iter().next()).await;
        assert_eq!(letter["Records"][0]["body"], body);
    }
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_is_a_queue_a_topic_or_another_function() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    make(&engine, "other", &[]);
    let path = format!("{FUNCTIONS}/fn/configuration");
    for target in ["arn:aws:sqs:eu-central-1:123456789012:q", "arn:aws:sns:eu-central-1:123456789012:t"] {
        assert_eq!(change(&engine, "fn", &letters(target))["DeadLetterConfig"]["TargetArn"], target);
    }
    change(&engine, "fn", &letters(&format!("{ARN}:other")));
    assert_eq!(change(&engine, "fn", &letters("")).get("DeadLetterConfig"), None);
    for (target, why) in [
        (format!("{ARN}:fn"), "cannot take its dead letters"),
        (format!("{ARN}:fn:1"), "cannot take its dead letters"),
        (format!("{ARN}:none"), "has no function"),
        (format!("{ARN}:other:7"), "has no function"),
        ("arn:aws:lambda:us-east-1:123456789012:function:other".into(), "same region"),
        ("arn:aws:s3:::bucket".into(), "not supported for dead letter"),
        ("arn:aws:sqs:eu-central-1:123456789012:q.fifo".into(), "FIFO"),
    ] {
        ask(&engine, "PUT", &path, &letters(&target)).assert(400, INVALID, why);
    }
    // What goes to a queue that is not there is given up, and nothing else suffers.
    change(
        &engine,
        "fn",
        &json!({ "Environment": { "Variables": { "FAIL": "1" } },
        "DeadLetterConfig": { "TargetArn": "arn:aws:sqs:eu-central-1:123456789012:q" } }),
    );
    let to_other = json!({ "OnFailure": { "Destination": format!("{ARN}:other") } });
    put(&engine, "fn", &json!({ "MaximumRetryAttempts": 0, "DestinationConfig": to_other })).ok(200);
    send(&engine, "fn", &json!(1));
    until("the outcome", || events(&engine, "other").into_iter().next()).await;
    engine.shutdown().await;
}
