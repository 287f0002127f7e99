//! Code signing configurations, and the functions that use them.

use std::time::Duration;

use aws_sdk_lambda::{
    error::ProvideErrorMetadata as _,
    types::{AllowedPublishers, CodeSigningPolicies, CodeSigningPolicy},
};
use lambdeck::local::Engine;
use serde_json::{Value, json};

use super::{
    ARN, CONFLICT, FUNCTIONS, INVALID, MISSING, MODEL, Reply, archive, archive64, ask, client, creation,
    engine, make,
};

const CONFIGS: &str = "/2020-04-22/code-signing-configs";
const PROFILE: &str = "arn:aws:signer:eu-central-1:123456789012:/signing-profiles/test";
const NOBODY: &str = "arn:aws:lambda:eu-central-1:123456789012:code-signing-config:csc-00000000000000000";
const NOT_FOUND: &str = "CodeSigningConfigNotFoundException";

fn create(engine: &Engine, body: &Value) -> Reply {
    ask(engine, "POST", CONFIGS, body)
}

fn config(policy: &str) -> Value {
    json!({
        "AllowedPublishers": { "SigningProfileVersionArns": [PROFILE] },
        "CodeSigningPolicies": { "UntrustedArtifactOnDeployment": policy },
        "Description": "for tests",
    })
}

/// Makes a configuration and gives its ARN.
fn made(engine: &Engine, policy: &str) -> String {
    let made = create(engine, &config(policy)).ok(201);
    made["CodeSigningConfig"]["CodeSigningConfigArn"].as_str().unwrap().to_owned()
}

fn path(arn: &str, rest: &str) -> String {
    format!("{CONFIGS}/{}{rest}", arn.replace(':', "%3A"))
}

fn of_function(engine: &Engine, method: &str, name: &str, arn: Option<&str>) -> Reply {
    let body = arn.map_or(Value::Null, |arn| json!({ "CodeSigningConfigArn": arn }));
    ask(engine, method, &format!("/2020-06-30/functions/{name}/code-signing-config"), &body)
}

#[tokio::test(flavor = "multi_thread")]
async fn configurations_are_created_changed_listed_and_deleted() {
    let engine = engine().await;
    let first = create(&engine, &config("Enforce")).ok(201)["CodeSigningConfig"].clone();
    let (arn, id) =
        (first["CodeSigningConfigArn"].as_str().unwrap(), first["CodeSigningConfigId"].as_str().unwrap());
    assert_eq!(arn, format!("arn:aws:lambda:eu-central-1:123456789012:code-signing-config:{id}"));
    assert_eq!(first["AllowedPublishers"], json!({ "SigningProfileVersionArns": [PROFILE] }));
    assert_eq!(first["CodeSigningPolicies"], json!({ "UntrustedArtifactOnDeployment": "Enforce" }));
    assert_eq!(first["Description"], "for tests");
    assert!(first["LastModified"].is_string());
    assert_eq!(ask(&engine, "GET", &path(arn, ""), &Value::Null).ok(200)["CodeSigningConfig"], first);
    let warn = json!({ "CodeSigningPolicies": { "UntrustedArtifactOnDeployment": "Warn" } });
    let changed = ask(&engine, "PUT", &path(arn, ""), &warn).ok(200)["CodeSigningConfig"].clone();
    assert_eq!(changed["CodeSigningPolicies"], json!({ "UntrustedArtifactOnDeployment": "Warn" }));
    assert_eq!(
        (&changed["Description"], &changed["AllowedPublishers"]),
        (&first["Description"], &first["AllowedPublishers"])
    );
    let plain = json!({ "AllowedPublishers": { "SigningProfileVersionArns": [PROFILE] } });
    let second = create(&engine, &plain).ok(201)["CodeSigningConfig"].clone();
    assert_eq!(second["CodeSigningPolicies"], json!({ "UntrustedArtifactOnDeployment": "Warn" }));

    let list = |query: &str| ask(&engine, "GET", &format!("{CONFIGS}{query}"), &Value::Null).ok(200);
    assert_eq!(list("")["CodeSigningConfigs"].as_array().unwrap().len(), 2);
    let page = list("?MaxItems=1");
    assert_eq!(page["CodeSigningConfigs"].as_array().unwrap().len(), 1);
    let rest = list(&format!("?Marker={}", page["NextMarker"].as_str().unwrap()));
    assert_eq!(rest["CodeSigningConfigs"].as_array().unwrap().len(), 1);
    assert_ne!(rest["CodeSigningConfigs"], page["CodeSigningConfigs"]);

    ask(&engine, "DELETE", &path(arn, ""), &Value::Null).ok(204);
    for (method, rest) in [("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/functions")] {
        let gone = ask(&engine, method, &path(arn, rest), &Value::Null);
        gone.refused(404, MISSING, &format!("The Lambda code signing configuration {arn} can not be found."));
        assert_eq!(serde_json::from_str::<Value>(&gone.body).unwrap().get("Type"), None);
    }
    ask(&engine, "GET", &path("arn:x", ""), &Value::Null).assert(
        400,
        MODEL,
        "Value 'arn:x' at 'codeSigningConfigArn'",
    );
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_model_is_kept() {
    let engine = engine().await;
    create(&engine, &json!({})).assert(400, MODEL, "Value null at 'allowedPublishers'");
    create(&engine, &json!({ "AllowedPublishers": {} })).assert(
        400,
        MODEL,
        "Value null at 'allowedPublishers.signingProfileVersionArns'",
    );
    let with = |count: usize| {
        create(
            &engine,
            &json!({ "AllowedPublishers": { "SigningProfileVersionArns": vec![PROFILE; count] } }),
        )
    };
    with(0).assert(400, MODEL, "greater than or equal to 1");
    for count in [1, 19, 20] {
        with(count).ok(201);
    }
    with(21).assert(400, MODEL, "less than or equal to 20");
    let odd = json!({ "AllowedPublishers": { "SigningProfileVersionArns": ["test"] } });
    create(&engine, &odd).assert(400, MODEL, "regular expression pattern: arn:");
    create(&engine, &config("Ignore")).assert(
        400,
        MODEL,
        "Member must satisfy enum value set: [Warn, Enforce]",
    );
    let described = |length: usize| {
        let mut body = config("Warn");
        body["Description"] = json!("d".repeat(length));
        create(&engine, &body)
    };
    described(255).ok(201);
    described(256).ok(201);
    described(257).assert(400, MODEL, "'description'");
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_uses_one_until_it_is_taken_away() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    let arn = made(&engine, "Warn");
    // Where there is none, there is nothing to show and nothing to delete.
    assert_eq!(of_function(&engine, "GET", "fn", None).ok(200), json!({}));
    of_function(&engine, "DELETE", "fn", None).ok(204);
    let used = json!({ "CodeSigningConfigArn": arn, "FunctionName": "fn" });
    assert_eq!(of_function(&engine, "PUT", "fn", Some(&arn)).ok(200), used);
    assert_eq!(of_function(&engine, "GET", "fn", None).ok(200), used);
    let users = || ask(&engine, "GET", &path(&arn, "/functions"), &Value::Null).ok(200);
    assert_eq!(users(), json!({ "FunctionArns": [format!("{ARN}:fn")] }));
    ask(&engine, "DELETE", &path(&arn, ""), &Value::Null).assert(409, CONFLICT, &format!("{ARN}:fn"));
    of_function(&engine, "DELETE", "fn", None).ok(204);
    assert_eq!(users(), json!({ "FunctionArns": [] }));
    ask(&engine, "DELETE", &path(&arn, ""), &Value::Null).ok(204);

    let deleted = format!(
        "The code signing configuration cannot be found. Check that the provided configuration is not deleted: {NOBODY}."
    );
    for name in ["fn", "none"] {
        let refused = of_function(&engine, "PUT", name, Some(NOBODY));
        refused.assert(404, NOT_FOUND, &deleted);
        let body: Value = serde_json::from_str(&refused.body).unwrap();
        assert_eq!((&body["Message"], &body["Type"]), (&json!(deleted), &json!("User")));
    }
    let arn = made(&engine, "Warn");
    let missing = format!("Function not found: {ARN}:none");
    of_function(&engine, "PUT", "none", Some(&arn)).refused(404, MISSING, &missing);
    of_function(&engine, "GET", "none", None).refused(404, MISSING, &missing);
    of_function(&engine, "DELETE", "none", None).refused(404, MISSING, &missing);
    of_function(&engine, "PUT", "fn", None).assert(400, MODEL, "Value null at 'codeSigningConfigArn'");

    let image = json!({
        "FunctionName": "image", "PackageType": "Image", "Role": "arn:aws:iam::123456789012:role/test",
        "Code": { "ImageUri": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/app:1" },
    });
    ask(&engine, "POST", FUNCTIONS, &image).ok(201);
    let on_image = "Code signing is not supported for functions created with container images.";
    of_function(&engine, "GET", "image", None).refused(400, INVALID, on_image);
    of_function(&engine, "PUT", "image", Some(&arn)).refused(400, INVALID, on_image);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unsigned_code_passes_with_warn_and_not_with_enforce() {
    let engine = engine().await;
    let client = client(&engine);
    let publishers = AllowedPublishers::builder().signing_profile_version_arns(PROFILE).build().unwrap();
    let policy = |policy: CodeSigningPolicy| {
        CodeSigningPolicies::builder().untrusted_artifact_on_deployment(policy).build()
    };
    let made = client.create_code_signing_config().allowed_publishers(publishers);
    let made = made.code_signing_policies(policy(CodeSigningPolicy::Warn)).send().await.unwrap();
    let arn = made.code_signing_config().unwrap().code_signing_config_arn().to_owned();
    creation(&client, "fn").code_signing_config_arn(&arn).send().await.unwrap();
    let used = client.get_function_code_signing_config().function_name("fn").send().await.unwrap();
    assert_eq!((used.code_signing_config_arn(), used.function_name()), (arn.as_str(), "fn"));
    let update = || client.update_function_code().function_name("fn").zip_file(archive()).send();
    // It settles at once, on the next look.
    client.get_function().function_name("fn").send().await.unwrap();
    update().await.unwrap();
    client.get_function().function_name("fn").send().await.unwrap();

    let enforce = client.update_code_signing_config().code_signing_config_arn(&arn);
    enforce.code_signing_policies(policy(CodeSigningPolicy::Enforce)).send().await.unwrap();
    let text = |name: &str| {
        format!(
            "Lambda cannot deploy the function. The function or layer might be signed using a signature that the client is \
         not configured to accept. Check the provided signature for {name}."
        )
    };
    let error = update().await.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (Some("CodeVerificationFailedException"), Some(text("fn").as_str()))
    );
    let error = creation(&client, "new").code_signing_config_arn(&arn).send().await.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (Some("CodeVerificationFailedException"), Some(text("new").as_str()))
    );
    let create = |arn: &str| {
        let body = json!({
            "FunctionName": "new", "Runtime": "python3.13", "Handler": "x", "CodeSigningConfigArn": arn,
            "Role": "arn:aws:iam::123456789012:role/test", "Code": { "ZipFile": archive64() },
        });
        ask(&engine, "POST", FUNCTIONS, &body)
    };
    create(NOBODY).assert(404, NOT_FOUND, "cannot be found");
    create("arn").assert(400, MODEL, "'codeSigningConfigArn'");
    // Without it, code changes as ever.
    client.delete_function_code_signing_config().function_name("fn").send().await.unwrap();
    tokio::time::timeout(Duration::from_secs(20), update()).await.unwrap().unwrap();
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_has_tags() {
    let engine = engine().await;
    let mut body = config("Warn");
    body["Tags"] = json!({ "team": "red" });
    let made = create(&engine, &body).ok(201);
    let arn = made["CodeSigningConfig"]["CodeSigningConfigArn"].as_str().unwrap();
    let tags = |method: &str, query: &str, body: &Value| {
        ask(&engine, method, &format!("/2017-03-31/tags/{}{query}", arn.replace(':', "%3A")), body)
    };
    assert_eq!(tags("GET", "", &Value::Null).ok(200), json!({ "Tags": { "team": "red" } }));
    tags("POST", "", &json!({ "Tags": { "stage": "test" } })).ok(204);
    tags("DELETE", "?tagKeys=team", &Value::Null).ok(204);
    assert_eq!(tags("GET", "", &Value::Null).ok(200), json!({ "Tags": { "stage": "test" } }));
    let gone = format!("/2017-03-31/tags/{}", NOBODY.replace(':', "%3A"));
    ask(&engine, "GET", &gone, &Value::Null).assert(404, MISSING, "can not be found");
    engine.shutdown().await;
}
