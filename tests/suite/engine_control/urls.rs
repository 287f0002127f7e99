//! Function URLs: their configuration. What answers at them is tested in `engine_urls`.

use lambdeck::local::Engine;
use serde_json::{Value, json};

use super::{ARN, CONFLICT, FUNCTIONS, MISSING, MODEL, Reply, ask, engine, make};

const GONE: &str = "The resource you requested does not exist.";
const NO_FUNCTION: &str = "Function does not exist";

fn path(name: &str, rest: &str) -> String {
    format!("/2021-10-31/functions/{name}/url{rest}")
}

fn create(engine: &Engine, name: &str, rest: &str, body: &Value) -> Reply {
    ask(engine, "POST", &path(name, rest), body)
}

fn get(engine: &Engine, name: &str, rest: &str) -> Reply {
    ask(engine, "GET", &path(name, rest), &Value::Null)
}

/// Publishes version 1 and gives it an alias.
fn alias(engine: &Engine, name: &str, alias: &str) {
    ask(engine, "POST", &format!("{FUNCTIONS}/{name}/versions"), &Value::Null).ok(201);
    let made = json!({ "Name": alias, "FunctionVersion": "1" });
    ask(engine, "POST", &format!("{FUNCTIONS}/{name}/aliases"), &made).ok(201);
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_is_made_shown_changed_and_deleted() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    get(&engine, "fn", "").refused(404, MISSING, GONE);
    let made = create(&engine, "fn", "", &json!({ "AuthType": "NONE" })).ok(201);
    assert_eq!(keys(&made), ["AuthType", "CreationTime", "FunctionArn", "FunctionUrl"]);
    assert_eq!(made["FunctionArn"], format!("{ARN}:fn"));
    let url = made["FunctionUrl"].as_str().unwrap();
    let port = url.strip_prefix("http://127.0.0.1:").and_then(|url| url.strip_suffix('/'));
    assert!(port.is_some_and(|port| port.parse::<u16>().is_ok()), "{url}");
    let time = regex::Regex::new(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$").unwrap();
    assert!(time.is_match(made["CreationTime"].as_str().unwrap()), "{made}");

    let shown = get(&engine, "fn", "").ok(200);
    assert_eq!(shown["InvokeMode"], "BUFFERED");
    assert_eq!(
        (&shown["FunctionUrl"], &shown["CreationTime"]),
        (&made["FunctionUrl"], &made["CreationTime"])
    );
    let second = create(&engine, "fn", "", &json!({ "AuthType": "AWS_IAM" }));
    let message = format!(
        "Failed to create function url config for [functionArn = {ARN}:fn]. Error message:  FunctionUrlConfig exists for \
         this Lambda function"
    );
    second.refused(409, CONFLICT, &message);

    let update = |body: Value| ask(&engine, "PUT", &path("fn", ""), &body).ok(200);
    let changed = update(json!({ "AuthType": "AWS_IAM" }));
    assert_eq!(
        keys(&changed),
        ["AuthType", "CreationTime", "FunctionArn", "FunctionUrl", "LastModifiedTime"]
    );
    assert_eq!((&changed["AuthType"], &changed["FunctionUrl"]), (&json!("AWS_IAM"), &made["FunctionUrl"]));
    assert!(changed["LastModifiedTime"].as_str() > shown["LastModifiedTime"].as_str());
    let cors = json!({ "AllowOrigins": ["https://a.example"], "AllowMethods": ["*"], "MaxAge": 5 });
    update(json!({ "InvokeMode": "RESPONSE_STREAM", "Cors": cors }));
    let kept = update(json!({}));
    assert_eq!((&kept["InvokeMode"], &kept["Cors"]), (&json!("RESPONSE_STREAM"), &cors));
    assert_eq!(get(&engine, "fn", "").ok(200)["Cors"], cors);
    assert_eq!(update(json!({ "Cors": {} })).get("Cors"), None);

    assert_eq!(ask(&engine, "DELETE", &path("fn", ""), &Value::Null).ok(204), Value::Null);
    get(&engine, "fn", "").refused(404, MISSING, GONE);
    ask(&engine, "DELETE", &path("fn", ""), &Value::Null).refused(404, MISSING, GONE);
    ask(&engine, "PUT", &path("fn", ""), &json!({})).refused(404, MISSING, GONE);
    let explicit = json!({ "AuthType": "NONE", "InvokeMode": "BUFFERED", "Cors": cors });
    let again = create(&engine, "fn", "", &explicit).ok(201);
    assert_eq!((&again["InvokeMode"], &again["Cors"]), (&json!("BUFFERED"), &cors));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_and_its_aliases_have_urls_of_their_own() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    alias(&engine, "fn", "live");
    let list =
        |query: &str| ask(&engine, "GET", &format!("/2021-10-31/functions/fn/urls{query}"), &Value::Null);
    assert_eq!(list("").ok(200), json!({ "FunctionUrlConfigs": [] }));
    let none = json!({ "AuthType": "NONE" });
    let of_alias = create(&engine, "fn", "?Qualifier=live", &none).ok(201);
    assert_eq!(of_alias["FunctionArn"], format!("{ARN}:fn:live"));
    let own = create(&engine, "fn", "", &none).ok(201);
    assert_ne!(own["FunctionUrl"], of_alias["FunctionUrl"]);
    let whole = list("").ok(200);
    let arns = whole["FunctionUrlConfigs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["FunctionArn"].as_str().unwrap());
    assert_eq!(arns.collect::<Vec<_>>(), [format!("{ARN}:fn"), format!("{ARN}:fn:live")]);
    assert_eq!(whole["FunctionUrlConfigs"][1], get(&engine, "fn:live", "").ok(200));

    let page = list("?MaxItems=1").ok(200);
    assert_eq!(page["FunctionUrlConfigs"].as_array().unwrap().len(), 1);
    let marker = page["NextMarker"].as_str().unwrap();
    let second = list(&format!("?MaxItems=1&Marker={marker}")).ok(200);
    assert_eq!(
        (&second["FunctionUrlConfigs"][0]["FunctionArn"], second.get("NextMarker")),
        (&of_alias["FunctionArn"], None)
    );
    for (items, status) in [(0, 400), (1, 200), (50, 200), (51, 400)] {
        assert_eq!(list(&format!("?MaxItems={items}")).status, status, "{items}");
    }

    ask(&engine, "DELETE", &path("fn", ""), &Value::Null).ok(204);
    get(&engine, "fn", "").refused(404, MISSING, GONE);
    get(&engine, "fn", "?Qualifier=live").ok(200);
    assert_eq!(
        engine.function_urls(),
        [("fn:live".to_owned(), of_alias["FunctionUrl"].as_str().unwrap().to_owned())]
    );
    ask(&engine, "DELETE", &format!("{FUNCTIONS}/fn"), &Value::Null).ok(204);
    assert_eq!(engine.function_urls(), []);
    list("").refused(404, MISSING, NO_FUNCTION);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_have_no_url_is_refused() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    alias(&engine, "fn", "live");
    let none = json!({ "AuthType": "NONE" });
    create(&engine, "no", "", &none).refused(404, MISSING, NO_FUNCTION);
    create(&engine, "fn", "?Qualifier=no", &none).refused(404, MISSING, NO_FUNCTION);
    for version in ["1", "%24LATEST"] {
        let refused = create(&engine, "fn", &format!("?Qualifier={version}"), &none);
        refused.assert(400, MODEL, "at 'qualifier' failed to satisfy constraint");
        get(&engine, "fn", &format!("?Qualifier={version}")).assert(400, MODEL, "at 'qualifier'");
    }
    create(&engine, "fn%3A1", "", &none).assert(400, MODEL, "at 'functionName'");
    get(&engine, "no", "").refused(404, MISSING, GONE);
    ask(&engine, "PUT", &path("no", ""), &none).refused(404, MISSING, NO_FUNCTION);
    let foreign = "arn:aws:lambda:us-west-2:123456789012:function:fn";
    let message = "Functions from 'us-west-2' are not reachable in this region ('eu-central-1')";
    get(&engine, foreign, "").refused(404, MISSING, message);

    let model = |body: Value, what: &str| {
        let message = format!("1 validation error detected: Value {what}");
        create(&engine, "fn", "", &body).refused(400, MODEL, &message);
    };
    let at = "failed to satisfy constraint: Member must";
    model(json!({}), &format!("null at 'authType' {at} not be null"));
    model(
        json!({ "AuthType": "X" }),
        &format!("'X' at 'authType' {at} satisfy enum value set: [NONE, AWS_IAM]"),
    );
    let mode = json!({ "AuthType": "NONE", "InvokeMode": "UNKNOWN" });
    model(
        mode,
        &format!("'UNKNOWN' at 'invokeMode' {at} satisfy enum value set: [RESPONSE_STREAM, BUFFERED]"),
    );
    let age = json!({ "AuthType": "NONE", "Cors": { "MaxAge": 86_401 } });
    model(age, &format!("'86401' at 'cors.maxAge' {at} have value less than or equal to 86400"));
    assert_eq!(engine.function_urls(), []);
}
