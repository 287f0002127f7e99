//! Event source mappings: stored, with their rules and states.

use aws_sdk_lambda::{error::ProvideErrorMetadata as _, types::EventSourcePosition};
use lambdeck::local::{Engine, Options};
use serde_json::{Value, json};

use super::{
    ARN, CONFLICT, FUNCTIONS, INVALID, MISSING, MODEL, Reply, ask, client, engine, make, publish, until,
};
use crate::support::engine::options;

const MAPPINGS: &str = "/2015-03-31/event-source-mappings";
const QUEUE: &str = "arn:aws:sqs:eu-central-1:123456789012:queue";
const FIFO: &str = "arn:aws:sqs:eu-central-1:123456789012:queue.fifo";
const STREAM: &str = "arn:aws:kinesis:eu-central-1:123456789012:stream/clicks";
const TABLE: &str = "arn:aws:dynamodb:eu-central-1:123456789012:table/t/stream/2026-01-01T00:00:00.000";
const MSK: &str = "arn:aws:kafka:eu-central-1:123456789012:cluster/c/id";
const BROKER: &str = "arn:aws:mq:eu-central-1:123456789012:broker:b:b-1";
const CLUSTER: &str = "arn:aws:rds:eu-central-1:123456789012:cluster:docs";
const UNKNOWN: &str = "The resource you requested does not exist.";
const NOBODY: &str = "14e0db71-5d35-4eb5-b481-8945cf9d10c2";

/// What a mapping of this source takes at least.
fn least(source: &str) -> Value {
    let access =
        json!([{ "Type": "BASIC_AUTH", "URI": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:s" }]);
    let mut body = json!({ "FunctionName": "fn", "EventSourceArn": source });
    match source {
        STREAM | TABLE => body["StartingPosition"] = json!("TRIM_HORIZON"),
        MSK => body["Topics"] = json!(["topic"]),
        BROKER => {
            body["Queues"] = json!(["jobs"]);
            body["SourceAccessConfigurations"] = access;
        }
        CLUSTER => {
            body["StartingPosition"] = json!("LATEST");
            body["SourceAccessConfigurations"] = access;
            body["DocumentDBEventSourceConfig"] = json!({ "DatabaseName": "d" });
        }
        "kafka" => {
            body.as_object_mut().unwrap().remove("EventSourceArn");
            body["SelfManagedEventSource"] =
                json!({ "Endpoints": { "KAFKA_BOOTSTRAP_SERVERS": ["kafka:1000"] } });
            body["Topics"] = json!(["topic"]);
            body["SourceAccessConfigurations"] = access;
        }
        _ => {}
    }
    body
}

fn with(source: &str, more: &Value) -> Value {
    let mut body = least(source);
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn create(engine: &Engine, body: &Value) -> Reply {
    ask(engine, "POST", MAPPINGS, body)
}

fn one(engine: &Engine, method: &str, uuid: &str, body: &Value) -> Reply {
    ask(engine, method, &format!("{MAPPINGS}/{uuid}"), body)
}

fn uuid(made: &Value) -> String {
    made["UUID"].as_str().unwrap().to_owned()
}

/// Without what changes from run to run, which is checked.
fn shown(mut made: Value) -> Value {
    let members = made.as_object_mut().unwrap();
    let uuid = members.remove("UUID").unwrap();
    let arn = members.remove("EventSourceMappingArn").unwrap();
    let uuid = uuid.as_str().unwrap();
    assert_eq!(arn, format!("arn:aws:lambda:eu-central-1:123456789012:event-source-mapping:{uuid}"));
    assert!(members.remove("LastModified").unwrap().as_f64().is_some_and(|it| (1e9..1e10).contains(&it)));
    let result = members.remove("LastProcessingResult").unwrap();
    assert!(result.as_str().unwrap().starts_with("PROBLEM: Nothing feeds this mapping"), "{result}");
    for config in ["SelfManagedKafkaEventSourceConfig", "AmazonManagedKafkaEventSourceConfig"] {
        if let Some(config) = members.get_mut(config).filter(|it| it["ConsumerGroupId"] == uuid) {
            config["ConsumerGroupId"] = json!("its own");
        }
    }
    made
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_source_has_its_defaults() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    let function = format!("{ARN}:fn");
    let stream = |source: &str| {
        json!({
            "BatchSize": 100, "BisectBatchOnFunctionError": false, "DestinationConfig": { "OnFailure": {} },
            "EventSourceArn": source, "FunctionArn": function, "FunctionResponseTypes": [],
            "MaximumBatchingWindowInSeconds": 0, "MaximumRecordAgeInSeconds": -1, "MaximumRetryAttempts": -1,
            "ParallelizationFactor": 1, "StartingPosition": "TRIM_HORIZON", "State": "Creating",
            "StateTransitionReason": "User action", "TumblingWindowInSeconds": 0,
        })
    };
    let queue = |source: &str| {
        json!({
            "BatchSize": 10, "EventSourceArn": source, "FunctionArn": function, "FunctionResponseTypes": [],
            "MaximumBatchingWindowInSeconds": 0, "State": "Creating", "StateTransitionReason": "USER_INITIATED",
        })
    };
    let rest = |source: &str, more: Value| {
        let mut wanted = json!({
            "BatchSize": 100, "FunctionArn": function, "State": "Creating",
            "StateTransitionReason": "USER_INITIATED",
        });
        let mut given = least(source);
        given.as_object_mut().unwrap().remove("FunctionName");
        wanted.as_object_mut().unwrap().extend(given.as_object().unwrap().clone());
        wanted.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        wanted
    };
    let own = json!({ "ConsumerGroupId": "its own" });
    for (source, wanted) in [
        (STREAM, stream(STREAM)),
        (TABLE, stream(TABLE)),
        (QUEUE, queue(QUEUE)),
        (FIFO, queue(FIFO)),
        (
            MSK,
            rest(
                MSK,
                json!({ "AmazonManagedKafkaEventSourceConfig": own, "StartingPosition": "TRIM_HORIZON" }),
            ),
        ),
        (
            "kafka",
            rest(
                "kafka",
                json!({ "SelfManagedKafkaEventSourceConfig": own, "StartingPosition": "TRIM_HORIZON" }),
            ),
        ),
        (BROKER, rest(BROKER, json!({}))),
        (CLUSTER, rest(CLUSTER, json!({}))),
    ] {
        assert_eq!(shown(create(&engine, &least(source)).ok(202)), wanted, "{source}");
    }
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_lives_through_its_states() {
    let engine = Engine::start(Options { settle_ms: 200, ..options() }).await.unwrap();
    make_slowly(&engine).await;
    let made = create(&engine, &with(QUEUE, &json!({ "Tags": { "a": "b" } }))).ok(202);
    assert_eq!(made["State"], "Creating");
    let id = uuid(&made);
    let busy = |what: &str| format!("Cannot {what} the event source mapping because it is in use.");
    one(&engine, "PUT", &id, &json!({ "BatchSize": 1 })).refused(
        400,
        "ResourceInUseException",
        &busy("update"),
    );
    one(&engine, "DELETE", &id, &Value::Null).refused(400, "ResourceInUseException", &busy("delete"));
    let state = |wanted: &'static str| {
        let (engine, id) = (&engine, &id);
        until(wanted, move || {
            let got = one(engine, "GET", id, &Value::Null).ok(200);
            (got["State"] == wanted).then_some(got)
        })
    };
    state("Enabled").await;
    for (change, during, after) in [
        (json!({ "Enabled": false }), "Disabling", "Disabled"),
        (json!({ "BatchSize": 7 }), "Updating", "Disabled"),
        (json!({ "Enabled": true }), "Enabling", "Enabled"),
    ] {
        let changed = one(&engine, "PUT", &id, &change).ok(202);
        assert_eq!((&changed["State"], &changed["UUID"]), (&json!(during), &json!(id)));
        assert_eq!(state(after).await["FunctionArn"], format!("{ARN}:fn"));
    }
    assert_eq!(one(&engine, "GET", &id, &Value::Null).ok(200)["BatchSize"], 7);
    let deleted = one(&engine, "DELETE", &id, &Value::Null).ok(202);
    assert_eq!((&deleted["State"], &deleted["BatchSize"]), (&json!("Deleting"), &json!(7)));
    until("its end", || (one(&engine, "GET", &id, &Value::Null).status == 404).then_some(())).await;
    for method in ["GET", "PUT", "DELETE"] {
        one(&engine, method, &id, &Value::Null).refused(404, MISSING, UNKNOWN);
    }
    // Disabled from the beginning.
    let made = create(&engine, &with(QUEUE, &json!({ "Enabled": false }))).ok(202);
    let id = uuid(&made);
    until("Disabled", || {
        (one(&engine, "GET", &id, &Value::Null).ok(200)["State"] == "Disabled").then_some(())
    })
    .await;
    engine.shutdown().await;
}

/// A function in an engine that takes its time.
async fn make_slowly(engine: &Engine) {
    let client = client(engine);
    super::creation(&client, "fn").send().await.unwrap();
    until("Active", || {
        let got = ask(engine, "GET", &format!("{FUNCTIONS}/fn/configuration"), &Value::Null).ok(200);
        (got["State"] == "Active").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_outlives_its_function() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    let id = uuid(&create(&engine, &least(STREAM)).ok(202));
    ask(&engine, "DELETE", &format!("{FUNCTIONS}/fn"), &Value::Null).ok(204);
    let got = one(&engine, "GET", &id, &Value::Null).ok(200);
    assert_eq!((&got["State"], &got["FunctionArn"]), (&json!("Enabled"), &json!(format!("{ARN}:fn"))));
    one(&engine, "DELETE", &id, &Value::Null).ok(202);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_named_in_many_ways() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    publish(&engine, "fn", &[("VALUE", "one")]);
    let alias = json!({ "Name": "live", "FunctionVersion": "1" });
    ask(&engine, "POST", &format!("{FUNCTIONS}/fn/aliases"), &alias).ok(201);
    for (given, qualifier) in [
        ("fn".to_owned(), ""),
        ("123456789012:function:fn:$LATEST".to_owned(), ":$LATEST"),
        (format!("{ARN}:fn:1"), ":1"),
        ("123456789012:function:fn:live".to_owned(), ":live"),
    ] {
        let made = create(&engine, &with(QUEUE, &json!({ "FunctionName": given }))).ok(202);
        assert_eq!(made["FunctionArn"], format!("{ARN}:fn{qualifier}"));
    }
    for given in ["none", "fn:7", "fn:dead"] {
        let body = with(QUEUE, &json!({ "FunctionName": given }));
        create(&engine, &body).refused(400, INVALID, "Function does not exist");
    }
    create(&engine, &json!({ "EventSourceArn": QUEUE })).assert(400, MODEL, "Value null at 'functionName'");
    let odd = with(QUEUE, &json!({ "FunctionName": "f!" }));
    create(&engine, &odd).assert(400, MODEL, "Value 'f!' at 'functionName'");

    // Listed by the function or by the source.
    create(&engine, &least(STREAM)).ok(202);
    let list = |query: &str| {
        let got = ask(&engine, "GET", &format!("{MAPPINGS}{query}"), &Value::Null).ok(200);
        got["EventSourceMappings"].as_array().unwrap().len()
    };
    assert_eq!((list(""), list("?FunctionName=fn"), list("?FunctionName=fn:live")), (5, 3, 1));
    assert_eq!(list("?FunctionName=none"), 0);
    assert_eq!(list(&format!("?EventSourceArn={}", STREAM.replace(':', "%3A").replace('/', "%2F"))), 1);
    // An update may point elsewhere, but not to where another mapping is.
    let made = create(&engine, &with(TABLE, &json!({ "FunctionName": "fn:1" }))).ok(202);
    let moved = one(&engine, "PUT", &uuid(&made), &json!({ "FunctionName": "fn:live" })).ok(202);
    assert_eq!(moved["FunctionArn"], format!("{ARN}:fn:live"));
    create(&engine, &least(TABLE)).ok(202);
    one(&engine, "PUT", &uuid(&made), &json!({ "FunctionName": "fn" })).assert(
        409,
        CONFLICT,
        "already exists",
    );
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_has_pages_of_a_hundred() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    for at in 0..101 {
        create(&engine, &json!({ "FunctionName": "fn", "EventSourceArn": format!("{QUEUE}{at}") })).ok(202);
    }
    let page = |query: &str| {
        let got = ask(&engine, "GET", &format!("{MAPPINGS}{query}"), &Value::Null).ok(200);
        let next = got["NextMarker"].as_str().map(str::to_owned);
        (got["EventSourceMappings"].as_array().unwrap().len(), next)
    };
    let (first, next) = page("");
    assert_eq!(first, 100);
    assert_eq!(page(&format!("?Marker={}", next.unwrap())), (1, None));
    assert_eq!((page("?MaxItems=99").0, page("?MaxItems=10000").0), (99, 100));
    for bad in ["0", "10001"] {
        let reply = ask(&engine, "GET", &format!("{MAPPINGS}?MaxItems={bad}"), &Value::Null);
        reply.assert(400, MODEL, &format!("Value '{bad}' at 'maxItems'"));
    }
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_hold_for_creation_and_update() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    for (source, member, good, bad, code) in [
        (STREAM, "BatchSize", &[1, 2, 9999, 10_000][..], &[0, 10_001][..], MODEL),
        (QUEUE, "BatchSize", &[1, 9, 10], &[0, 10_001], MODEL),
        (FIFO, "BatchSize", &[1, 9, 10], &[11], INVALID),
        (QUEUE, "MaximumBatchingWindowInSeconds", &[0, 1, 299, 300], &[-1, 301], MODEL),
        (STREAM, "MaximumBatchingWindowInSeconds", &[0, 300], &[-1, 301], MODEL),
        (STREAM, "ParallelizationFactor", &[1, 2, 9, 10], &[0, 11], MODEL),
        (TABLE, "MaximumRetryAttempts", &[-1, 0, 9999, 10_000], &[-2, 10_001], MODEL),
        (TABLE, "MaximumRecordAgeInSeconds", &[-1, 60, 61, 604_799, 604_800], &[-2, 604_801], MODEL),
        (TABLE, "MaximumRecordAgeInSeconds", &[-1, 60], &[0, 1, 59], INVALID),
        (STREAM, "TumblingWindowInSeconds", &[0, 1, 899, 900], &[-1, 901], MODEL),
    ] {
        let mut made: Option<String> = None;
        for value in good {
            let reply = match &made {
                None => create(&engine, &with(source, &json!({ member: value }))),
                Some(id) => one(&engine, "PUT", id, &json!({ member: value })),
            };
            let got = reply.ok(202);
            assert_eq!(got[member], *value, "{source}");
            made = Some(uuid(&got));
        }
        let id = made.unwrap();
        for value in bad {
            one(&engine, "PUT", &id, &json!({ member: value })).assert(400, code, "");
            one(&engine, "GET", &id, &Value::Null).ok(200);
        }
        one(&engine, "DELETE", &id, &Value::Null).ok(202);
        for value in bad {
            create(&engine, &with(source, &json!({ member: value }))).assert(400, code, "");
        }
    }
    let concurrency = |value: i64| {
        let body = with(QUEUE, &json!({ "ScalingConfig": { "MaximumConcurrency": value } }));
        let reply = create(&engine, &body);
        if reply.status == 202 {
            one(&engine, "DELETE", &uuid(&reply.ok(202)), &Value::Null).ok(202);
        }
        reply
    };
    for value in [2, 3, 999, 1000] {
        assert_eq!(concurrency(value).ok(202)["ScalingConfig"]["MaximumConcurrency"], value);
    }
    for value in [1, 1001] {
        concurrency(value).assert(
            400,
            MODEL,
            &format!("Value '{value}' at 'scalingConfig.maximumConcurrency'"),
        );
    }
    let window =
        "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10";
    create(&engine, &with(QUEUE, &json!({ "BatchSize": 11 }))).refused(400, INVALID, window);
    let both = json!({ "BatchSize": 11, "MaximumBatchingWindowInSeconds": 1 });
    let made = create(&engine, &with(QUEUE, &both)).ok(202);
    let zero = json!({ "MaximumBatchingWindowInSeconds": 0 });
    one(&engine, "PUT", &uuid(&made), &zero).refused(400, INVALID, window);
    let fifo = with(FIFO, &json!({ "MaximumBatchingWindowInSeconds": 1 }));
    create(&engine, &fifo).refused(400, INVALID, "Batching window is not supported for FIFO queues");
    let pollers = |min: i64, max: i64| json!({ "ProvisionedPollerConfig": { "MinimumPollers": min, "MaximumPollers": max } });
    create(&engine, &with(MSK, &pollers(3, 2))).assert(400, INVALID, "MinimumPollers");
    create(&engine, &with(MSK, &pollers(201, 300))).assert(
        400,
        MODEL,
        "'provisionedPollerConfig.minimumPollers'",
    );
    create(&engine, &with(MSK, &pollers(2, 2))).ok(202);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_begins_where_the_source_allows() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    let at = |source: &str, position: Value| {
        create(&engine, &with(source, &json!({ "StartingPosition": position })))
    };
    for source in [STREAM, TABLE] {
        at(source, Value::Null).refused(
            400,
            INVALID,
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not \
             be null.",
        );
        at(source, json!("invalid")).refused(
            400,
            MODEL,
            "1 validation error detected: Value 'invalid' at 'startingPosition' failed to satisfy constraint: Member \
             must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]",
        );
    }
    let unsupported = format!("Unsupported starting position for arn type: {TABLE}");
    at(TABLE, json!("AT_TIMESTAMP")).refused(400, INVALID, &unsupported);
    at(TABLE, json!("LATEST")).ok(202);
    at(STREAM, json!("AT_TIMESTAMP")).assert(400, INVALID, "timestamp");
    let timed = |seconds: f64| {
        let body = json!({ "StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": seconds });
        create(&engine, &with(STREAM, &body))
    };
    timed(9e9).assert(400, INVALID, "cannot be in the future");
    assert_eq!(timed(1_700_000_000.5).ok(202)["StartingPositionTimestamp"], 1_700_000_000.5);
    at(QUEUE, json!("LATEST")).refused(400, INVALID, "StartingPosition is not valid for SQS event sources.");
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_source_does_not_have_is_refused_and_what_it_needs_is_missed() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    let batched = json!({ "ParallelizationFactor": 1 });
    let failures = json!({ "DestinationConfig": { "OnFailure": { "Destination": QUEUE } } });
    for (source, body, member) in [
        (QUEUE, &batched, "ParallelizationFactor"),
        (MSK, &batched, "ParallelizationFactor"),
        (QUEUE, &json!({ "MaximumRetryAttempts": 1 }), "MaximumRetryAttempts"),
        (QUEUE, &failures, "DestinationConfig"),
        (BROKER, &failures, "DestinationConfig"),
        (STREAM, &json!({ "ScalingConfig": { "MaximumConcurrency": 2 } }), "ScalingConfig"),
        (STREAM, &json!({ "Topics": ["topic"] }), "Topics"),
        (STREAM, &json!({ "Queues": ["q"] }), "Queues"),
        (BROKER, &json!({ "FunctionResponseTypes": [] }), "FunctionResponseTypes"),
        (
            STREAM,
            &json!({ "DestinationConfig": { "OnSuccess": { "Destination": QUEUE } } }),
            "DestinationConfig",
        ),
    ] {
        let text = format!("Unsupported {member} parameter for given event source mapping type.");
        create(&engine, &with(source, body)).refused(400, INVALID, &text);
    }
    for (source, member, text) in [
        (
            "kafka",
            "SourceAccessConfigurations",
            "Required 'sourceAccessConfigurations' parameter is missing.",
        ),
        (BROKER, "SourceAccessConfigurations", "Required 'sourceAccessConfigurations' parameter is missing."),
        (MSK, "Topics", "Required 'topics' parameter is missing."),
        (BROKER, "Queues", "Required 'queues' parameter is missing."),
        (CLUSTER, "DocumentDBEventSourceConfig", "Required 'databaseName' parameter is missing."),
        ("kafka", "SelfManagedEventSource", "Unrecognized event source."),
        (QUEUE, "EventSourceArn", "Unrecognized event source."),
    ] {
        let mut body = least(source);
        body.as_object_mut().unwrap().remove(member);
        create(&engine, &body).refused(400, INVALID, text);
    }
    for arn in
        ["arn:aws:sns:eu-central-1:123456789012:t", "arn:aws:dynamodb:eu-central-1:123456789012:table/t"]
    {
        create(&engine, &least(arn)).refused(400, INVALID, "Unrecognized event source.");
    }
    create(&engine, &least("queue")).assert(400, MODEL, "Value 'queue' at 'eventSourceArn'");
    let to =
        |arn: &str| with(STREAM, &json!({ "DestinationConfig": { "OnFailure": { "Destination": arn } } }));
    create(&engine, &to(&format!("{ARN}:fn"))).assert(400, INVALID, "The provided destination config");
    create(&engine, &to("nothing")).assert(400, MODEL, "'destinationConfig.onFailure.destination'");
    let made = create(&engine, &to(QUEUE)).ok(202);
    assert_eq!(made["DestinationConfig"], json!({ "OnFailure": { "Destination": QUEUE } }));
    let none = json!({ "DestinationConfig": { "OnFailure": { "Destination": "" } } });
    let changed = one(&engine, "PUT", &uuid(&made), &none).ok(202);
    assert_eq!(changed["DestinationConfig"], json!({ "OnFailure": {} }));
    one(&engine, "GET", "short", &Value::Null).assert(400, MODEL, "at 'uUID'");
    one(&engine, "GET", NOBODY, &Value::Null).refused(404, MISSING, UNKNOWN);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_are_patterns_and_at_most_five() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    let pattern = r#"{"body":{"kind":["order"]}}"#;
    let filters = |patterns: &[&str]| {
        let filters: Vec<_> = patterns.iter().map(|pattern| json!({ "Pattern": pattern })).collect();
        json!({ "FilterCriteria": { "Filters": filters } })
    };
    let made = create(&engine, &with(STREAM, &filters(&[]))).ok(202);
    assert_eq!(made.get("FilterCriteria"), None);
    let id = uuid(&made);
    for count in [1, 4, 5] {
        let all = filters(&vec![pattern; count]);
        assert_eq!(one(&engine, "PUT", &id, &all).ok(202)["FilterCriteria"], all["FilterCriteria"]);
    }
    one(&engine, "PUT", &id, &filters(&[pattern; 6])).assert(400, INVALID, "limit of 5");
    for bad in ["simple string", r#"{"a":"b"}"#, "[]", ""] {
        one(&engine, "PUT", &id, &filters(&[bad])).refused(
            400,
            INVALID,
            "Invalid filter pattern definition.",
        );
    }
    let long = |length: usize| {
        let text = format!(r#"{{"a":["{}"]}}"#, "x".repeat(length - 10));
        assert_eq!(text.len(), length);
        one(&engine, "PUT", &id, &filters(&[&text]))
    };
    long(4095).ok(202);
    long(4096).ok(202);
    long(4097).assert(400, MODEL, "less than or equal to 4096");
    let gone = one(&engine, "PUT", &id, &json!({ "FilterCriteria": {} })).ok(202);
    assert_eq!(gone.get("FilterCriteria"), None);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_mapping_is_not_made_twice() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    make(&engine, "other", &[]);
    let twice = |body: &Value| {
        let id = uuid(&create(&engine, body).ok(202));
        (id, create(&engine, body))
    };
    let advice =
        |id: &str| format!("already exists. Please update or delete the existing mapping with UUID {id}");
    let (id, again) = twice(&least(QUEUE));
    let text = format!(
        "An event source mapping with SQS arn (\" {QUEUE} \") and function (\" fn \") {}",
        advice(&id)
    );
    again.refused(409, CONFLICT, &text);
    let (id, again) = twice(&least(STREAM));
    let text = format!(
        "The event source arn (\" {STREAM} \") and function (\" fn \") provided mapping {}",
        advice(&id)
    );
    again.refused(409, CONFLICT, &text);
    let (id, again) = twice(&least("kafka"));
    let text = |servers: &str| {
        format!(
            "An event source mapping with event source (\"{servers}\"), function (\"{ARN}:fn\"), topics (\"topic\") {}",
            advice(&id)
        )
    };
    again.refused(409, CONFLICT, &text("kafka:1000"));
    let servers = json!({ "SelfManagedEventSource": { "Endpoints": {
        "KAFKA_BOOTSTRAP_SERVERS": ["kafka:1000", "kafka:2000"],
    } } });
    create(&engine, &with("kafka", &servers)).refused(409, CONFLICT, &text("kafka:1000,kafka:2000"));
    create(&engine, &with("kafka", &json!({ "Topics": ["topic_2"] }))).ok(202);
    create(&engine, &with(QUEUE, &json!({ "FunctionName": "other" }))).ok(202);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_has_tags() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    let made = create(&engine, &with(QUEUE, &json!({ "Tags": { "testtag": "x" } }))).ok(202);
    let path = |arn: &str| format!("/2017-03-31/tags/{}", arn.replace(':', "%3A"));
    let arn = path(made["EventSourceMappingArn"].as_str().unwrap());
    let tags = || ask(&engine, "GET", &arn, &Value::Null).ok(200)["Tags"].clone();
    assert_eq!(tags(), json!({ "testtag": "x" }));
    ask(&engine, "POST", &arn, &json!({ "Tags": { "A": "a", "testtag": "y" } })).ok(204);
    assert_eq!(tags(), json!({ "A": "a", "testtag": "y" }));
    ask(&engine, "DELETE", &format!("{arn}?tagKeys=testtag&tagKeys=none"), &Value::Null).ok(204);
    assert_eq!(tags(), json!({ "A": "a" }));
    let many = |from: usize, to: usize| {
        let tags: serde_json::Map<_, _> = (from..to).map(|at| (format!("k{at}"), json!("v"))).collect();
        ask(&engine, "POST", &arn, &json!({ "Tags": tags }))
    };
    many(0, 50).refused(400, INVALID, "Number of tags exceeds resource tag limit.");
    many(0, 48).ok(204);
    many(48, 49).ok(204);
    many(49, 50).refused(400, INVALID, "Number of tags exceeds resource tag limit.");
    let gone = path(&format!("arn:aws:lambda:eu-central-1:123456789012:event-source-mapping:{NOBODY}"));
    ask(&engine, "GET", &gone, &Value::Null).refused(404, MISSING, UNKNOWN);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sdk_maps_a_stream() {
    let engine = engine().await;
    let client = client(&engine);
    make(&engine, "fn", &[]);
    let made = client
        .create_event_source_mapping()
        .function_name("fn")
        .event_source_arn(STREAM)
        .starting_position(EventSourcePosition::Latest)
        .bisect_batch_on_function_error(true)
        .send()
        .await
        .unwrap();
    assert_eq!((made.state(), made.bisect_batch_on_function_error()), (Some("Creating"), Some(true)));
    let id = made.uuid().unwrap();
    let got = client.get_event_source_mapping().uuid(id).send().await.unwrap();
    assert_eq!((got.state(), got.starting_position()), (Some("Enabled"), Some(&EventSourcePosition::Latest)));
    let changed = client.update_event_source_mapping().uuid(id).batch_size(5).send().await.unwrap();
    assert_eq!((changed.batch_size(), changed.bisect_batch_on_function_error()), (Some(5), Some(true)));
    let listed = client.list_event_source_mappings().function_name("fn").send().await.unwrap();
    assert_eq!(listed.event_source_mappings().len(), 1);
    client.delete_event_source_mapping().uuid(id).send().await.unwrap();
    let error = client.get_event_source_mapping().uuid(id).send().await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Some(MISSING), Some(UNKNOWN)));
    engine.shutdown().await;
}
