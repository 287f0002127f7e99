//! Resource policies: who may invoke a function, version or alias.

use aws_sdk_lambda::{error::ProvideErrorMetadata as _, types::FunctionUrlAuthType};
use lambdeck::local::Engine;
use serde_json::{Value, json};

use super::{ARN, CONFLICT, FUNCTIONS, INVALID, MISSING, MODEL, Reply, ask, client, engine, make, publish};

fn path(name: &str, query: &str) -> String {
    format!("{FUNCTIONS}/{name}/policy{query}")
}

fn add(engine: &Engine, name: &str, query: &str, body: &Value) -> Reply {
    ask(engine, "POST", &path(name, query), body)
}

/// A permission for S3.
fn s3(id: &str) -> Value {
    json!({
        "StatementId": id, "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com",
        "SourceArn": "arn:aws:s3:::bucket",
    })
}

fn remove(engine: &Engine, name: &str, id: &str, query: &str) -> Reply {
    ask(engine, "DELETE", &format!("{FUNCTIONS}/{name}/policy/{id}{query}"), &Value::Null)
}

fn get(engine: &Engine, name: &str, query: &str) -> Reply {
    ask(engine, "GET", &path(name, query), &Value::Null)
}

fn configuration(engine: &Engine, name: &str) -> Value {
    ask(engine, "GET", &format!("{FUNCTIONS}/{name}/configuration"), &Value::Null).ok(200)
}

const NO_POLICY: &str = "The resource you requested does not exist.";

#[tokio::test(flavor = "multi_thread")]
async fn statements_read_as_aws_writes_them() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    let arn = format!("{ARN}:fn");
    let with = |principal: &str, more: Value| {
        let id = format!("s{}", uuid::Uuid::new_v4().simple());
        let mut body =
            json!({ "StatementId": id, "Action": "lambda:InvokeFunction", "Principal": principal });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = add(&engine, "fn", "", &body).ok(201);
        let mut statement: Value = serde_json::from_str(answer["Statement"].as_str().unwrap()).unwrap();
        let members = statement.as_object_mut().unwrap();
        assert_eq!(members.remove("Sid"), Some(json!(id)));
        assert_eq!(members.remove("Effect"), Some(json!("Allow")));
        assert_eq!(members.remove("Resource"), Some(json!(arn)));
        statement
    };
    let invoke = "lambda:InvokeFunction";
    let account = json!({ "SourceAccount": "111111111111" });
    let from_account = json!({ "StringEquals": { "AWS:SourceAccount": "111111111111" } });
    for (given, principal) in [
        ("*", json!("*")),
        ("lambda.amazonaws.com", json!({ "Service": "lambda.amazonaws.com" })),
        ("arn:aws:iam::111111111111:user/jo", json!({ "AWS": "arn:aws:iam::111111111111:user/jo" })),
        ("111111111111", json!({ "AWS": "arn:aws:iam::111111111111:root" })),
    ] {
        let wanted = json!({ "Action": invoke, "Principal": principal, "Condition": from_account });
        assert_eq!(with(given, account.clone()), wanted);
    }
    assert_eq!(with("*", json!({})), json!({ "Action": invoke, "Principal": "*" }));
    let optional = with(
        "*",
        json!({
            "Action": "lambda:InvokeFunctionUrl", "SourceArn": "arn:aws:s3:::b", "SourceAccount": "111111111111",
            "PrincipalOrgID": "o-1234567890", "FunctionUrlAuthType": "NONE",
        }),
    );
    let wanted = json!({
        "ArnLike": { "AWS:SourceArn": "arn:aws:s3:::b" },
        "StringEquals": {
            "AWS:SourceAccount": "111111111111", "aws:PrincipalOrgID": "o-1234567890",
            "lambda:FunctionUrlAuthType": "NONE",
        },
    });
    assert_eq!((&optional["Condition"], &optional["Action"]), (&wanted, &json!("lambda:InvokeFunctionUrl")));
    let alexa = with("*", json!({ "EventSourceToken": "amzn1.ask.skill.x" }));
    let wanted = json!({ "StringEquals": { "lambda:EventSourceToken": "amzn1.ask.skill.x" } });
    assert_eq!(alexa["Condition"], wanted);
    let by_url = with("*", json!({ "InvokedViaFunctionUrl": true }));
    assert_eq!(by_url["Condition"], json!({ "Bool": { "lambda:InvokedViaFunctionUrl": "true" } }));

    // The order of the members is AWS's, too.
    make(&engine, "other", &[]);
    let made = add(&engine, "other", "", &s3("one")).ok(201);
    let statement = format!(
        r#"{{"Sid":"one","Effect":"Allow","Principal":{{"Service":"s3.amazonaws.com"}},"Action":"lambda:InvokeFunction","Resource":"{ARN}:other","Condition":{{"ArnLike":{{"AWS:SourceArn":"arn:aws:s3:::bucket"}}}}}}"#
    );
    assert_eq!(made["Statement"], statement.as_str());
    let policy = format!(r#"{{"Version":"2012-10-17","Id":"default","Statement":[{statement}]}}"#);
    assert_eq!(get(&engine, "other", "").ok(200)["Policy"], policy.as_str());
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_belongs_to_one_qualifier_and_goes_with_it() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    publish(&engine, "fn", &[("VALUE", "one")]);
    let alias = json!({ "Name": "live", "FunctionVersion": "1" });
    ask(&engine, "POST", &format!("{FUNCTIONS}/fn/aliases"), &alias).ok(201);
    for (query, resource) in [
        ("", format!("{ARN}:fn")),
        ("?Qualifier=1", format!("{ARN}:fn:1")),
        ("?Qualifier=live", format!("{ARN}:fn:live")),
    ] {
        get(&engine, "fn", query).refused(404, MISSING, NO_POLICY);
        remove(&engine, "fn", "s3", query).refused(
            404,
            MISSING,
            "No policy is associated with the given resource.",
        );
        add(&engine, "fn", query, &s3("s3")).ok(201);
        add(&engine, "fn", query, &s3("s3_2")).ok(201);
        let policy: Value =
            serde_json::from_str(get(&engine, "fn", query).ok(200)["Policy"].as_str().unwrap()).unwrap();
        let all = policy["Statement"].as_array().unwrap();
        assert_eq!(all.iter().map(|it| &it["Resource"]).collect::<Vec<_>>(), [&json!(resource); 2]);
        assert_eq!((&all[0]["Sid"], &all[1]["Sid"]), (&json!("s3"), &json!("s3_2")));
    }
    // Of the next version nothing is known.
    publish(&engine, "fn", &[("VALUE", "two")]);
    get(&engine, "fn", "?Qualifier=2").refused(404, MISSING, NO_POLICY);

    remove(&engine, "fn", "none", "").refused(
        404,
        MISSING,
        "Statement none is not found in resource policy.",
    );
    remove(&engine, "fn", "s3", "").ok(204);
    get(&engine, "fn", "").ok(200);
    remove(&engine, "fn", "s3_2", "").ok(204);
    get(&engine, "fn", "").refused(404, MISSING, NO_POLICY);
    get(&engine, "fn", "?Qualifier=live").ok(200);

    ask(&engine, "DELETE", &format!("{FUNCTIONS}/fn/aliases/live"), &Value::Null).ok(204);
    ask(&engine, "DELETE", &format!("{FUNCTIONS}/fn?Qualifier=1"), &Value::Null).ok(204);
    let alias = json!({ "Name": "live", "FunctionVersion": "2" });
    ask(&engine, "POST", &format!("{FUNCTIONS}/fn/aliases"), &alias).ok(201);
    get(&engine, "fn", "?Qualifier=live").refused(404, MISSING, NO_POLICY);
    get(&engine, "fn", "?Qualifier=1").refused(404, MISSING, NO_POLICY);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_a_revision_of_what_it_is_made_to() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    publish(&engine, "fn", &[("VALUE", "one")]);
    let latest = || configuration(&engine, "fn")["RevisionId"].clone();
    let first = configuration(&engine, "fn:1")["RevisionId"].clone();
    let with = |id: &str, revision: &Value| {
        let mut body = s3(id);
        body["RevisionId"] = revision.clone();
        body
    };
    let stale = "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to \
                 retrieve the latest Revision Id";
    let before = latest();
    add(&engine, "fn", "", &with("a", &json!("wrong"))).refused(412, "PreconditionFailedException", stale);
    add(&engine, "fn", "", &with("a", &before)).ok(201);
    let after = latest();
    assert_ne!(before, after);
    assert_eq!(get(&engine, "fn", "").ok(200)["RevisionId"], after);
    assert_eq!(configuration(&engine, "fn:1")["RevisionId"], first);
    add(&engine, "fn", "?Qualifier=1", &with("a", &first)).ok(201);
    assert_eq!(latest(), after);
    assert_ne!(configuration(&engine, "fn:1")["RevisionId"], first);
    remove(&engine, "fn", "a", "?RevisionId=wrong").refused(412, "PreconditionFailedException", stale);
    remove(&engine, "fn", "a", &format!("?RevisionId={}", after.as_str().unwrap())).ok(204);
    assert_ne!(latest(), after);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_in_aws_words() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    let change = |member: &str, value: Value| {
        let mut body = s3("new");
        body[member] = value;
        add(&engine, "fn", "", &body)
    };
    change("StatementId", json!("example.com")).refused(
        400,
        MODEL,
        "1 validation error detected: Value 'example.com' at 'statementId' failed to satisfy constraint: Member must \
         satisfy regular expression pattern: ([a-zA-Z0-9-_]+)",
    );
    change("StatementId", Value::Null).assert(400, MODEL, "Value null at 'statementId'");
    for (member, shown) in [
        ("Action", "action"),
        ("Principal", "principal"),
        ("SourceArn", "sourceArn"),
        ("SourceAccount", "sourceAccount"),
        ("PrincipalOrgID", "principalOrgID"),
        ("EventSourceToken", "eventSourceToken"),
        ("FunctionUrlAuthType", "functionUrlAuthType"),
    ] {
        let text = format!("Value 'a b' at '{shown}' failed to satisfy constraint");
        change(member, json!("a b")).assert(400, MODEL, &text);
    }
    let long = |length: usize| change("StatementId", json!("i".repeat(length)));
    long(99).ok(201);
    long(100).ok(201);
    long(101).assert(400, MODEL, "less than or equal to 100");
    let organization = |length: usize| {
        let mut body = s3(&format!("org{length}"));
        body["PrincipalOrgID"] = json!(format!("o-{}", "a".repeat(length)));
        add(&engine, "fn", "", &body)
    };
    for length in [10, 11, 31, 32] {
        organization(length).ok(201);
    }
    for length in [9, 33] {
        organization(length).assert(400, MODEL, "'principalOrgID'");
    }
    for bad in ["invalid.nonaws.com", "jo"] {
        let text = "The provided principal was invalid. Please check the principal and try again.";
        change("Principal", json!(bad)).refused(400, INVALID, text);
    }
    change("FunctionUrlAuthType", json!("NONE")).assert(400, INVALID, "lambda:InvokeFunctionUrl");

    let cannot = format!("Cannot find alias arn: {ARN}:fn:none");
    add(&engine, "fn", "?Qualifier=none", &s3("x")).refused(404, MISSING, &cannot);
    remove(&engine, "fn", "x", "?Qualifier=none").refused(404, MISSING, &cannot);
    add(&engine, "fn", "?Qualifier=42", &s3("x")).refused(
        404,
        MISSING,
        &format!("Function not found: {ARN}:fn:42"),
    );
    let odd = add(&engine, "fn", "?Qualifier=valid-with-%24-but", &s3("x"));
    odd.refused(404, MISSING, &format!("Function not found: {ARN}:fn:valid-with-$-but"));
    add(&engine, "fn", "?Qualifier=a%3F", &s3("x")).assert(400, MODEL, "Value 'a?' at 'qualifier'");
    let latest = "We currently do not support adding policies for $LATEST.";
    add(&engine, "fn", "?Qualifier=%24LATEST", &s3("x")).refused(400, INVALID, latest);
    let mismatch = "The derived qualifier from the function name does not match the specified qualifier.";
    add(&engine, "fn:1", "?Qualifier=2", &s3("x")).refused(400, INVALID, mismatch);
    add(&engine, "none", "", &s3("x")).refused(404, MISSING, &format!("Function not found: {ARN}:none"));
    get(&engine, "none", "").refused(404, MISSING, NO_POLICY);
    get(&engine, "fn", "?Qualifier=42").refused(404, MISSING, NO_POLICY);
    get(&engine, "fn", "?Qualifier=%24LATEST").refused(404, MISSING, NO_POLICY);
    remove(&engine, "none", "x", "").refused(404, MISSING, &format!("No policy found for: {ARN}:none"));
    remove(&engine, "fn", "a,b", "").assert(400, MODEL, "([a-zA-Z0-9-_.]+)");

    make(&engine, "full", &[]);
    add(&engine, "full", "", &s3("s3")).ok(201);
    add(&engine, "full", "", &s3("s3")).refused(
        409,
        CONFLICT,
        "The statement id (s3) provided already exists. Please provide a new statement id, or remove the existing \
         statement.",
    );
    // Up to exactly 20 KB: the source's ARN fills what is left.
    let size = || get(&engine, "full", "").ok(200)["Policy"].as_str().unwrap().len();
    let grown = |id: &str, length: usize| {
        let mut body = s3(id);
        body["SourceArn"] = json!(format!("arn:aws:s3:::{}", "b".repeat(length - 13)));
        add(&engine, "full", "", &body)
    };
    let start = size();
    grown("a", 1000).ok(201);
    let each = size() - start - 1000;
    grown("b", 9000).ok(201);
    let left = 20_480 - size() - each;
    grown("c", left + 1).refused(
        400,
        "PolicyLengthExceededException",
        "The final policy size (20481) is bigger than the limit (20480).",
    );
    grown("c", left).ok(201);
    assert_eq!(size(), 20_480);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sdk_adds_reads_and_removes_permissions() {
    let engine = engine().await;
    let client = client(&engine);
    make(&engine, "fn", &[]);
    let added = client
        .add_permission()
        .function_name("fn")
        .statement_id("url")
        .action("lambda:InvokeFunctionUrl")
        .principal("*")
        .function_url_auth_type(FunctionUrlAuthType::None)
        .send()
        .await
        .unwrap();
    assert!(added.statement().unwrap().contains(r#""lambda:FunctionUrlAuthType":"NONE""#));
    let policy = client.get_policy().function_name("fn").send().await.unwrap();
    assert!(policy.policy().unwrap().contains(r#""Sid":"url""#) && policy.revision_id().is_some());
    client.remove_permission().function_name("fn").statement_id("url").send().await.unwrap();
    let error = client.get_policy().function_name("fn").send().await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Some(MISSING), Some(NO_POLICY)));
    engine.shutdown().await;
}
