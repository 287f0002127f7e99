//! Publishing, deleting versions, and aliases.

use serde_json::{Value, json};

use super::{ARN, CONFLICT, FUNCTIONS, INVALID, MISSING, ask, change, engine, make, publish, settled};

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_published_only_when_something_has_changed() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    let publish = |body: &Value| ask(&engine, "POST", &format!("{FUNCTIONS}/fn/versions"), body);
    let first = publish(&json!({ "Description": "first" })).ok(201);
    assert_eq!((&first["Version"], &first["Description"]), (&json!("1"), &json!("first")));
    let latest = settled(&engine, "fn");
    // Not even another description makes a version.
    let again = publish(&json!({ "Description": "second", "RevisionId": latest["RevisionId"] })).ok(201);
    assert_eq!((&again["Version"], &again["Description"]), (&json!("1"), &json!("first")));
    assert_eq!(again["RevisionId"], first["RevisionId"]);
    assert_eq!(settled(&engine, "fn"), latest);

    // A change there and back again is none; one that stays is one. Each of these makes a difference.
    change(&engine, "fn", &json!({ "Timeout": 7 }));
    change(&engine, "fn", &json!({ "Timeout": 3 }));
    assert_eq!(publish(&Value::Null).ok(201)["Version"], "1");
    for (at, to) in [
        json!({ "Environment": { "Variables": { "VALUE": "x" } } }),
        json!({ "Description": "d" }),
        json!({ "KMSKeyArn": "arn:aws:kms:eu-central-1:123456789012:key/x" }),
        json!({ "DeadLetterConfig": { "TargetArn": "arn:aws:sns:eu-central-1:123456789012:t" } }),
        json!({ "VpcConfig": { "SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"] } }),
    ]
    .iter()
    .enumerate()
    {
        change(&engine, "fn", to);
        assert_eq!(publish(&Value::Null).ok(201)["Version"], (at + 2).to_string(), "{to}");
        assert_eq!(publish(&Value::Null).ok(201)["Version"], (at + 2).to_string(), "{to}");
    }
    // A version's number is never used twice.
    ask(&engine, "DELETE", &format!("{FUNCTIONS}/fn?Qualifier=6"), &Value::Null).ok(204);
    assert_eq!(publish(&Value::Null).ok(201)["Version"], "7");

    let stale = "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id";
    publish(&json!({ "RevisionId": "old" })).refused(412, "PreconditionFailedException", stale);
    let sha = latest["CodeSha256"].as_str().unwrap();
    publish(&json!({ "CodeSha256": sha })).ok(201);
    let text = format!(
        "CodeSHA256 (no) is different from current CodeSHA256 in $LATEST ({sha}). Please try again with the CodeSHA256 in $LATEST."
    );
    publish(&json!({ "CodeSha256": "no" })).refused(400, INVALID, &text);
    publish(&json!({ "Description": "d".repeat(257) })).assert(400, super::MODEL, "at 'description'");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_aliases_use_is_not_deleted() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    for value in ["one", "two", "three"] {
        publish(&engine, "fn", &[("VALUE", value)]);
    }
    let aliases = format!("{FUNCTIONS}/fn/aliases");
    let routing = json!({ "AdditionalVersionWeights": { "2": 0.0 } });
    for body in [
        json!({ "Name": "live", "FunctionVersion": "1", "RoutingConfig": routing }),
        json!({ "Name": "canary", "FunctionVersion": "1" }),
    ] {
        ask(&engine, "POST", &aliases, &body).ok(201);
    }
    let delete = |query: &str| ask(&engine, "DELETE", &format!("{FUNCTIONS}/fn{query}"), &Value::Null);
    let held = |names: &str| {
        format!("Unable to delete version because the following aliases reference it: [{names}]")
    };
    delete("?Qualifier=1").refused(409, CONFLICT, &held("canary, live"));
    // Also where it only has a weight, even one of 0.
    delete("?Qualifier=2").refused(409, CONFLICT, &held("live"));
    delete("?Qualifier=3").ok(204);
    delete("?Qualifier=3").ok(204);
    let latest = "$LATEST version cannot be deleted without deleting the function.";
    delete("?Qualifier=$LATEST").refused(400, INVALID, latest);
    delete("?Qualifier=live").refused(400, INVALID, "Deletion of aliases is not currently supported.");
    ask(&engine, "PUT", &format!("{aliases}/live"), &json!({ "RoutingConfig": {} })).ok(200);
    delete("?Qualifier=2").ok(204);
    let gone = ask(&engine, "GET", &format!("{FUNCTIONS}/fn?Qualifier=2"), &Value::Null);
    gone.refused(404, MISSING, &format!("Function not found: {ARN}:fn:2"));
    // With the function everything goes.
    delete("").ok(204);
    make(&engine, "fn", &[]);
    assert_eq!(ask(&engine, "GET", &aliases, &Value::Null).ok(200)["Aliases"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_changes_by_its_own_revision() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    publish(&engine, "fn", &[("VALUE", "one")]);
    publish(&engine, "fn", &[("VALUE", "two")]);
    let function = settled(&engine, "fn");
    let body = json!({ "Name": "live", "FunctionVersion": "1", "Description": "d" });
    let made = ask(&engine, "POST", &format!("{FUNCTIONS}/fn/aliases"), &body).ok(201);
    let path = format!("{FUNCTIONS}/fn/aliases/live");
    let update = |body: &Value| ask(&engine, "PUT", &path, body);
    let moved = update(&json!({ "FunctionVersion": "2", "RevisionId": made["RevisionId"] })).ok(200);
    assert_eq!((&moved["FunctionVersion"], &moved["Description"]), (&json!("2"), &json!("d")));
    assert_ne!(moved["RevisionId"], made["RevisionId"]);
    let stale = update(&json!({ "FunctionVersion": "1", "RevisionId": made["RevisionId"] }));
    stale.assert(412, "PreconditionFailedException", "does not match the latest Revision Id");
    assert_eq!(ask(&engine, "GET", &path, &Value::Null).ok(200), moved);

    let weights = |of: &Value| json!({ "RoutingConfig": { "AdditionalVersionWeights": of } });
    for weight in [0.0, 0.001, 1.0] {
        let got = update(&weights(&json!({ "1": weight }))).ok(200);
        assert_eq!(got["RoutingConfig"]["AdditionalVersionWeights"], json!({ "1": weight }));
    }
    for weight in [-0.001, 1.001] {
        let text = format!("Value '{{1={weight}}}' at 'routingConfig.additionalVersionWeights' failed");
        update(&weights(&json!({ "1": weight }))).assert(400, super::MODEL, &text);
    }
    update(&weights(&json!({ "2": 0.5 }))).assert(400, INVALID, "already included in routing configuration");
    update(&weights(&json!({ "9": 0.5 }))).refused(404, MISSING, &format!("Function not found: {ARN}:fn:9"));
    update(&weights(&json!({ "$LATEST": 0.5 }))).assert(400, super::MODEL, "Map keys must satisfy");
    update(&weights(&json!({ "1": 0.5, "2": 0.1 }))).assert(400, INVALID, "cannot be greater than 1");
    let latest = update(&json!({ "FunctionVersion": "$LATEST" }));
    latest.assert(400, INVALID, "$LATEST is not supported for an alias pointing to more than 1 version");
    update(&json!({ "FunctionVersion": "$LATEST", "RoutingConfig": {} })).ok(200);
    let name = |length: usize| json!({ "Name": "n".repeat(length), "FunctionVersion": "1" });
    for length in [127, 128] {
        ask(&engine, "POST", &format!("{FUNCTIONS}/fn/aliases"), &name(length)).ok(201);
    }
    ask(&engine, "POST", &format!("{FUNCTIONS}/fn/aliases"), &name(129)).assert(
        400,
        super::MODEL,
        "at 'name'",
    );
    // The function itself was not changed by any of this.
    assert_eq!(settled(&engine, "fn"), function);
}
