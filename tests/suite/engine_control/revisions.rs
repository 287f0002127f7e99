//! When a function's RevisionId changes, and what is refused because of it or of an update under way.

use lambdeck::local::{Engine, Options};
use serde_json::{Value, json};

use super::{ARN, CONFLICT, FUNCTIONS, archive64, ask, change, engine, make, options, publish, settled};

fn revision(engine: &Engine) -> String {
    settled(engine, "fn")["RevisionId"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_changes_with_the_function_its_state_and_its_tags() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    let mut seen = vec![revision(&engine)];
    let mut changes = |what: &str, changed: bool| {
        let now = revision(&engine);
        assert_eq!(!seen.contains(&now), changed, "{what}");
        if changed {
            seen.push(now);
        }
    };
    changes("a read", false);
    let updated =
        ask(&engine, "PUT", &format!("{FUNCTIONS}/fn/configuration"), &json!({ "Timeout": 5 })).ok(200);
    changes("UpdateFunctionConfiguration", true);
    assert_ne!(updated["RevisionId"], json!(revision(&engine)), "it settles with another revision");
    let code = json!({ "ZipFile": archive64() });
    let dry = json!({ "ZipFile": archive64(), "DryRun": true });
    ask(&engine, "PUT", &format!("{FUNCTIONS}/fn/code"), &dry).ok(200);
    changes("a dry run", false);
    ask(&engine, "PUT", &format!("{FUNCTIONS}/fn/code"), &code).ok(200);
    changes("UpdateFunctionCode", true);
    ask(&engine, "POST", &format!("{FUNCTIONS}/fn/versions"), &Value::Null).ok(201);
    changes("PublishVersion", false);

    let tags = format!("/2017-03-31/tags/{ARN}:fn");
    ask(&engine, "POST", &tags, &json!({ "Tags": { "a": "1", "b": "2" } })).ok(204);
    changes("TagResource", true);
    ask(&engine, "DELETE", &format!("{tags}?tagKeys=none"), &Value::Null).ok(204);
    changes("UntagResource of nothing", false);
    ask(&engine, "DELETE", &format!("{tags}?tagKeys=a&tagKeys=b"), &Value::Null).ok(204);
    changes("UntagResource", true);

    let aliases = format!("{FUNCTIONS}/fn/aliases");
    ask(&engine, "POST", &aliases, &json!({ "Name": "live", "FunctionVersion": "1" })).ok(201);
    ask(&engine, "PUT", &format!("{aliases}/live"), &json!({ "Description": "d" })).ok(200);
    ask(&engine, "DELETE", &format!("{aliases}/live"), &Value::Null).ok(204);
    changes("aliases", false);
    let concurrency = "/2017-10-31/functions/fn/concurrency";
    ask(&engine, "PUT", concurrency, &json!({ "ReservedConcurrentExecutions": 5 })).ok(200);
    ask(&engine, "DELETE", concurrency, &Value::Null).ok(204);
    let events = "/2019-09-25/functions/fn/event-invoke-config";
    ask(&engine, "PUT", events, &json!({ "MaximumRetryAttempts": 1 })).ok(200);
    let provisioned = "/2019-09-30/functions/fn/provisioned-concurrency?Qualifier=1";
    ask(&engine, "PUT", provisioned, &json!({ "ProvisionedConcurrentExecutions": 1 })).ok(202);
    ask(&engine, "DELETE", provisioned, &Value::Null).ok(204);
    changes("concurrency and asynchronous settings", false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_revision_changes_nothing() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    let old = revision(&engine);
    publish(&engine, "fn", &[("VALUE", "one")]);
    let before = settled(&engine, "fn");
    for (method, path, body) in [
        ("PUT", "configuration", json!({ "Timeout": 9, "RevisionId": old })),
        ("PUT", "code", json!({ "ZipFile": archive64(), "RevisionId": old })),
        ("POST", "versions", json!({ "RevisionId": old })),
    ] {
        let stale = ask(&engine, method, &format!("{FUNCTIONS}/fn/{path}"), &body);
        stale.assert(412, "PreconditionFailedException", r#""Type":"User""#);
        stale.assert(412, "PreconditionFailedException", "Call the GetFunction/GetAlias API");
    }
    assert_eq!(settled(&engine, "fn"), before);
    let now = json!({ "Timeout": 9, "RevisionId": before["RevisionId"] });
    assert_eq!(change(&engine, "fn", &now)["Timeout"], 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_changes_the_function_while_an_update_is_under_way() {
    // The samples are Active from the start, so one can be caught in an update that never ends.
    let engine = Engine::start(Options { settle_ms: 3_600_000, samples: true, ..options() }).await.unwrap();
    let path = |rest: &str| format!("{FUNCTIONS}/greeter/{rest}");
    ask(&engine, "POST", &path("versions"), &Value::Null).ok(201);
    ask(&engine, "PUT", &path("configuration"), &json!({ "Timeout": 9 })).ok(200);
    let text = format!(
        "The operation cannot be performed at this time. An update is in progress for resource: {ARN}:greeter"
    );
    for (method, rest, body) in [
        ("PUT", "configuration", json!({ "Timeout": 10 })),
        ("PUT", "code", json!({ "ZipFile": archive64() })),
        ("POST", "versions", json!({})),
    ] {
        ask(&engine, method, &path(rest), &body).refused(409, CONFLICT, &text);
    }
    // What is not of the function's own configuration goes on.
    ask(&engine, "POST", &path("aliases"), &json!({ "Name": "live", "FunctionVersion": "1" })).ok(201);
    let concurrency = "/2017-10-31/functions/greeter/concurrency";
    ask(&engine, "PUT", concurrency, &json!({ "ReservedConcurrentExecutions": 0 })).ok(200);
    let throttled = ask(&engine, "POST", &path("invocations"), &Value::Null);
    throttled.assert(
        429,
        "TooManyRequestsException",
        r#""Reason":"ReservedFunctionConcurrentInvocationLimitExceeded""#,
    );
    ask(&engine, "POST", &path("invocations?Qualifier=live"), &Value::Null).assert(
        429,
        "TooManyRequestsException",
        r#""message":"Rate Exceeded.""#,
    );
    ask(&engine, "DELETE", concurrency, &Value::Null).ok(204);
    ask(&engine, "POST", &path("invocations"), &Value::Null).ok(200);
    engine.shutdown().await;
}
