//! Settings of asynchronous invocations, and the queue that obeys them.

use lambdeck::local::Engine;
use serde_json::{Value, json};

use super::{ARN, FUNCTIONS, INVALID, MISSING, MODEL, Raw, Reply, ask, engine, make, publish, until};

fn path(name: &str, qualifier: Option<&str>) -> String {
    let qualifier = qualifier.map(|it| format!("?Qualifier={it}")).unwrap_or_default();
    format!("/2019-09-25/functions/{name}/event-invoke-config{qualifier}")
}

pub(super) fn put(engine: &Engine, name: &str, body: &Value) -> Reply {
    ask(engine, "PUT", &path(name, None), body)
}

fn update(engine: &Engine, name: &str, body: &Value) -> Reply {
    ask(engine, "POST", &path(name, None), body)
}

fn get(engine: &Engine, name: &str, qualifier: Option<&str>) -> Reply {
    ask(engine, "GET", &path(name, qualifier), &Value::Null)
}

/// Without the time, which is checked.
fn shown(reply: &Reply) -> Value {
    let mut got = reply.ok(200);
    let modified = got.as_object_mut().unwrap().remove("LastModified").unwrap();
    assert!(modified.as_f64().is_some_and(|seconds| (1e9..1e10).contains(&seconds)), "{modified}");
    got
}

fn none(arn: &str) -> String {
    format!("The function {arn} doesn't have an EventInvokeConfig")
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_put_changed_and_removed_by_qualifier() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    publish(&engine, "fn", &[("VALUE", "one")]);
    let alias = json!({ "Name": "live", "FunctionVersion": "1" });
    ask(&engine, "POST", &format!("{FUNCTIONS}/fn/aliases"), &alias).ok(201);
    let latest = format!("{ARN}:fn:$LATEST");
    get(&engine, "fn", None).refused(404, MISSING, &none(&latest));
    update(&engine, "fn", &json!({ "MaximumRetryAttempts": 1 })).refused(404, MISSING, &none(&latest));

    let empty = json!({ "OnSuccess": {}, "OnFailure": {} });
    let made = put(&engine, "fn", &json!({ "MaximumRetryAttempts": 0 }));
    let wanted = json!({ "FunctionArn": latest, "MaximumRetryAttempts": 0, "DestinationConfig": empty });
    assert_eq!(shown(&made), wanted);
    // Put replaces all, Update keeps what it does not name.
    let made = put(&engine, "fn", &json!({ "MaximumEventAgeInSeconds": 60 }));
    let wanted = json!({ "FunctionArn": latest, "MaximumEventAgeInSeconds": 60, "DestinationConfig": empty });
    assert_eq!(shown(&made), wanted);
    let changed = update(&engine, "fn", &json!({ "MaximumRetryAttempts": 1 }));
    let wanted = json!({
        "FunctionArn": latest, "MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 60,
        "DestinationConfig": empty,
    });
    assert_eq!(shown(&changed), wanted);
    assert_eq!(shown(&get(&engine, "fn", None)), wanted);
    assert_eq!(shown(&get(&engine, "fn", Some("$LATEST"))), wanted);
    let queue = json!({ "OnFailure": { "Destination": "arn:aws:sqs:eu-central-1:123456789012:q" } });
    let changed = update(&engine, "fn", &json!({ "DestinationConfig": queue })).ok(200);
    assert_eq!(changed["DestinationConfig"]["OnFailure"], queue["OnFailure"]);
    let changed = update(&engine, "fn", &json!({ "MaximumEventAgeInSeconds": 61 })).ok(200);
    assert_eq!(changed["MaximumRetryAttempts"], 1);
    assert_eq!(changed["DestinationConfig"]["OnFailure"], queue["OnFailure"]);

    for qualifier in ["live", "1"] {
        let arn = format!("{ARN}:fn:{qualifier}");
        get(&engine, "fn", Some(qualifier)).refused(404, MISSING, &none(&arn));
        let made = ask(&engine, "PUT", &path("fn", Some(qualifier)), &json!({ "MaximumRetryAttempts": 2 }));
        assert_eq!(made.ok(200)["FunctionArn"], arn);
    }
    let list = |query: &str| {
        ask(
            &engine,
            "GET",
            &format!("/2019-09-25/functions/fn/event-invoke-config/list{query}"),
            &Value::Null,
        )
    };
    let arns = |got: &Value| -> Vec<String> {
        let all = got["FunctionEventInvokeConfigs"].as_array().unwrap();
        all.iter()
            .map(|it| it["FunctionArn"].as_str().unwrap().rsplit(':').next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(arns(&list("").ok(200)), ["$LATEST", "1", "live"]);
    let first = list("?MaxItems=2").ok(200);
    assert_eq!(arns(&first), ["$LATEST", "1"]);
    let marker = first["NextMarker"].as_str().unwrap();
    assert_eq!(arns(&list(&format!("?Marker={marker}")).ok(200)), ["live"]);
    list("?MaxItems=50").ok(200);
    list("?MaxItems=51").assert(400, MODEL, "Value '51' at 'maxItems' failed to satisfy constraint");
    list("?MaxItems=0").assert(400, MODEL, "Value '0' at 'maxItems' failed to satisfy constraint");

    ask(&engine, "DELETE", &path("fn", Some("1")), &Value::Null).ok(204);
    ask(&engine, "DELETE", &path("fn", Some("1")), &Value::Null).refused(
        404,
        MISSING,
        &none(&format!("{ARN}:fn:1")),
    );
    ask(&engine, "DELETE", &format!("{FUNCTIONS}/fn/aliases/live"), &Value::Null).ok(204);
    assert_eq!(arns(&list("").ok(200)), ["$LATEST"]);
    let gone = "The function doesn't exist.";
    let body = json!({ "MaximumRetryAttempts": 1 });
    ask(&engine, "PUT", &path("fn", Some("live")), &body).refused(404, MISSING, gone);
    put(&engine, "none", &body).refused(404, MISSING, gone);
    update(&engine, "none", &body).refused(404, MISSING, gone);
    ask(&engine, "GET", "/2019-09-25/functions/none/event-invoke-config/list", &Value::Null)
        .refused(404, MISSING, gone);
    get(&engine, "none", None).refused(404, MISSING, &none(&format!("{ARN}:none:$LATEST")));
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_and_destinations_are_checked() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    make(&engine, "other", &[]);
    put(&engine, "fn", &json!({})).refused(
        400,
        INVALID,
        "You must specify at least one of error handling or destination setting.",
    );
    for (member, shown, good, bad) in [
        ("MaximumRetryAttempts", "maximumRetryAttempts", [0, 2], [-1, 3]),
        ("MaximumEventAgeInSeconds", "maximumEventAgeInSeconds", [60, 21_600], [59, 21_601]),
    ] {
        for value in good {
            put(&engine, "fn", &json!({ member: value })).ok(200);
        }
        for value in bad {
            let text = format!("1 validation error detected: Value '{value}' at '{shown}' failed");
            put(&engine, "fn", &json!({ member: value })).assert(400, MODEL, &text);
        }
    }

    let on = |which: &str, arn: &str| json!({ "DestinationConfig": { which: { "Destination": arn } } });
    for arn in [
        "arn:aws:sqs:eu-central-1:123456789012:queue",
        "arn:aws:sns:eu-central-1:123456789012:topic",
        "arn:aws:events:eu-central-1:123456789012:event-bus/default",
        &format!("{ARN}:other"),
        &format!("{ARN}:other:7"),
    ] {
        for which in ["OnSuccess", "OnFailure"] {
            let got = put(&engine, "fn", &on(which, arn)).ok(200);
            assert_eq!(got["DestinationConfig"][which], json!({ "Destination": arn }));
        }
    }
    put(&engine, "fn", &on("OnFailure", "arn:aws:s3:::bucket")).ok(200);
    let got = put(&engine, "fn", &on("OnSuccess", "")).ok(200);
    assert_eq!(got["DestinationConfig"], json!({ "OnSuccess": {}, "OnFailure": {} }));

    let refused = |which: &str, arn: &str, text: &str| {
        put(&engine, "fn", &on(which, arn)).refused(400, INVALID, text);
    };
    let config = "The provided destination config DestinationConfig(onSuccess=";
    refused(
        "OnSuccess",
        "arn:aws:iam:eu-central-1:123456789012:x",
        &format!(
            "{config}OnSuccess(destination=arn:aws:iam:eu-central-1:123456789012:x), onFailure=null) is invalid."
        ),
    );
    refused(
        "OnSuccess",
        "arn:aws:s3:::b",
        &format!("{config}OnSuccess(destination=arn:aws:s3:::b), onFailure=null) is invalid."),
    );
    refused(
        "OnFailure",
        "arn:aws:ec2:::b",
        &format!("{config}null, onFailure=OnFailure(destination=arn:aws:ec2:::b)) is invalid."),
    );
    let none = format!("{ARN}:none");
    refused("OnSuccess", &none, &format!("The destination ARN {none} is invalid."));
    refused("OnFailure", &format!("{ARN}:fn"), "You can't specify the function as a destination for itself.");
    for bad in ["arn:aws:_-/!lambda:eu-central-1:123456789012:function:fn", "queue"] {
        let text = format!(
            "Value '{bad}' at 'destinationConfig.onFailure.destination' failed to satisfy constraint: Member must satisfy regular expression pattern: $|kafka://"
        );
        put(&engine, "fn", &on("OnFailure", bad)).assert(400, MODEL, &text);
    }
    let long = |length: usize| format!("arn:aws:sqs:::{}", "q".repeat(length - 14));
    put(&engine, "fn", &on("OnSuccess", &long(349))).ok(200);
    put(&engine, "fn", &on("OnSuccess", &long(350))).ok(200);
    put(&engine, "fn", &on("OnSuccess", &long(351))).assert(400, MODEL, "length less than or equal to 350");
}

/// The events that a function of [`super::BOOTSTRAP`] was given, as its log has them.
pub(super) fn events(engine: &Engine, name: &str) -> Vec<Value> {
    logged(engine, name, "event ")
}

/// What is behind this word in a function's log.
fn logged(engine: &Engine, name: &str, word: &str) -> Vec<Value> {
    let body = json!({ "logGroupName": format!("/aws/lambda/{name}") });
    let asked = Raw::new(engine, "POST", "/").service("logs");
    let asked = asked.header("x-amz-target", "Logs_20140328.FilterLogEvents");
    let found: Value = serde_json::from_str(&asked.body(body.to_string()).send().body).unwrap();
    let messages = found["events"].as_array().into_iter().flatten();
    messages
        .filter_map(|event| event["message"].as_str()?.strip_prefix(word))
        .map(|event| serde_json::from_str(event).unwrap())
        .collect()
}

pub(super) fn send(engine: &Engine, function: &str, event: &Value) {
    let path = format!("{FUNCTIONS}/{function}/invocations");
    let asked = Raw::new(engine, "POST", &path).header("x-amz-invocation-type", "Event");
    asked.body(event.to_string()).send().ok(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn outcomes_go_to_other_functions_once_the_retries_are_used_up() {
    let engine = engine().await;
    make(&engine, "good", &[("VALUE", "one")]);
    make(&engine, "bad", &[("FAIL", "1")]);
    make(&engine, "glad", &[]);
    make(&engine, "sorry", &[]);
    let to = |name: &str| json!({ "Destination": format!("{ARN}:{name}") });
    let both = json!({
        "MaximumRetryAttempts": 0, "DestinationConfig": { "OnSuccess": to("glad"), "OnFailure": to("sorry") },
    });
    for name in ["good", "bad"] {
        put(&engine, name, &both).ok(200);
        send(&engine, name, &json!({ "n": [1] }));
    }
    let good = until("a success", || events(&engine, "glad").into_iter().next()).await;
    assert_eq!((&good["version"], &good["requestPayload"]), (&json!("1.0"), &json!({ "n": [1] })));
    assert_eq!(good["requestContext"]["condition"], "Success");
    assert_eq!(good["requestContext"]["functionArn"], format!("{ARN}:good:$LATEST"));
    assert_eq!(good["responseContext"], json!({ "executedVersion": "$LATEST", "statusCode": 200 }));
    let answer = &good["responsePayload"];
    assert_eq!((&answer["value"], &answer["event"]), (&json!("one"), &json!({ "n": [1] })));

    let bad = until("a failure", || events(&engine, "sorry").into_iter().next()).await;
    assert_eq!(bad["requestContext"]["functionArn"], format!("{ARN}:bad:$LATEST"));
    assert_eq!(bad["requestContext"]["condition"], "RetriesExhausted");
    assert_eq!(bad["requestContext"]["approximateInvokeCount"], 1);
    let context = json!({ "executedVersion": "$LATEST", "functionError": "Unhandled", "statusCode": 200 });
    assert_eq!(bad["responseContext"], context);
    assert_eq!(bad["responsePayload"]["errorType"], "Oops");
    assert_eq!(events(&engine, "bad").len(), 1);

    // A function that may not run is not waited for.
    let zero = json!({ "ReservedConcurrentExecutions": 0 });
    ask(&engine, "PUT", "/2017-10-31/functions/good/concurrency", &zero).ok(200);
    send(&engine, "good", &json!({ "n": [2] }));
    let blocked = until("another failure", || events(&engine, "sorry").into_iter().nth(1)).await;
    assert_eq!(blocked["requestPayload"]["n"], json!([2]));
    assert_eq!(blocked["requestContext"]["condition"], "ZeroReservedConcurrency");
    assert_eq!(blocked["requestContext"]["approximateInvokeCount"], 0);
    assert_eq!((blocked.get("responseContext"), blocked.get("responsePayload")), (None, None));
    assert_eq!(events(&engine, "glad").len(), 1);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_that_send_their_outcomes_to_each_other_come_to_an_end() {
    let engine = engine().await;
    make(&engine, "ping", &[("QUIET", "1")]);
    make(&engine, "pong", &[("QUIET", "1")]);
    make(&engine, "end", &[]);
    for (from, to) in [("ping", "pong"), ("pong", "ping")] {
        let body = json!({ "DestinationConfig": { "OnSuccess": { "Destination": format!("{ARN}:{to}") } } });
        put(&engine, from, &body).ok(200);
    }
    send(&engine, "ping", &json!(0));
    // Each function runs sixteen times because of one event.
    let all = || (events(&engine, "ping").len(), events(&engine, "pong").len());
    until("the last round", || (all() == (16, 16)).then_some(())).await;
    // Each record holds the one before: 31 outcomes are all in the last.
    let depth =
        |record: &Value| std::iter::successors(Some(record), |it| it.get("requestPayload")).count() - 1;
    assert_eq!(events(&engine, "pong").iter().map(depth).max(), Some(31));
    // And it stays so while other things happen.
    for _ in 0..5 {
        ask(&engine, "POST", &format!("{FUNCTIONS}/end/invocations"), &json!(0)).ok(200);
    }
    assert_eq!(all(), (16, 16));
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_context_goes_to_who_is_invoked_synchronously() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    let path = format!("{FUNCTIONS}/fn/invocations");
    for (at, kind) in ["Event", "RequestResponse"].into_iter().enumerate() {
        // {"custom":{"a":1}}
        let asked =
            Raw::new(&engine, "POST", &path).header("x-amz-client-context", "eyJjdXN0b20iOnsiYSI6MX19");
        asked.header("x-amz-invocation-type", kind).body("{}").send();
        until("the event", || (events(&engine, "fn").len() == at + 1).then_some(())).await;
        let contexts = vec![json!({ "custom": { "a": 1 } }); at];
        assert_eq!(logged(&engine, "fn", "context "), contexts, "{kind}");
    }
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_goes_where_its_qualifier_points_to() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    publish(&engine, "fn", &[("VALUE", "one")]);
    publish(&engine, "fn", &[("VALUE", "two")]);
    make(&engine, "glad", &[]);
    let path = |what: &str| format!("{FUNCTIONS}/fn/{what}");
    let all = json!({ "AdditionalVersionWeights": { "2": 1.0 } });
    let alias = json!({ "Name": "live", "FunctionVersion": "1", "RoutingConfig": all });
    ask(&engine, "POST", &path("aliases"), &alias).ok(201);
    let to_glad = json!({ "DestinationConfig": { "OnSuccess": { "Destination": format!("{ARN}:glad") } } });
    for (at, (qualifier, version)) in
        [("live", "2"), ("1", "1"), ("$LATEST", "$LATEST")].into_iter().enumerate()
    {
        ask(&engine, "PUT", &self::path("fn", Some(qualifier)), &to_glad).ok(200);
        let invocations = path(&format!("invocations?Qualifier={}", qualifier.replace('$', "%24")));
        for kind in ["DryRun", "Event"] {
            let asked = Raw::new(&engine, "POST", &invocations).header("x-amz-invocation-type", kind);
            asked.body("{}").send().ok(if kind == "Event" { 202 } else { 204 });
        }
        let outcome = until("an outcome", || events(&engine, "glad").into_iter().nth(at)).await;
        assert_eq!(outcome["responseContext"]["executedVersion"], version);
        assert_eq!(outcome["requestContext"]["functionArn"], format!("{ARN}:fn:{qualifier}"));
    }
    for kind in ["DryRun", "Event", "RequestResponse"] {
        let asked = Raw::new(&engine, "POST", "/2015-03-31/functions/fn/invocations?Qualifier=none");
        let refused = asked.header("x-amz-invocation-type", kind).body("{}").send();
        refused.refused(404, MISSING, &format!("Function not found: {ARN}:fn:none"));
    }
    // The dry runs did not run.
    assert_eq!(events(&engine, "fn").len(), 3);
    engine.shutdown().await;
}
