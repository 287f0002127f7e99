//! Layers: their versions, their policies, and functions that use them.

use std::io::Read as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rstest::rstest;

use super::*;

const LAYERS: &str = "/2018-10-31/layers";
const LAYER: &str = "arn:aws:lambda:eu-central-1:123456789012:layer";

/// A zip of one file, in base64.
fn zip64(name: &str, content: &str) -> String {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let executable = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    zip.start_file(name, executable).unwrap();
    zip.write_all(content.as_bytes()).unwrap();
    STANDARD.encode(zip.finish().unwrap().into_inner())
}

fn publication(more: &Value) -> Value {
    let mut body = json!({ "Content": { "ZipFile": zip64("lib/x", "x") } });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn publish_layer(engine: &Engine, name: &str, more: &Value) -> Value {
    ask(engine, "POST", &format!("{LAYERS}/{name}/versions"), &publication(more)).ok(201)
}

fn get(engine: &Engine, path: &str) -> Reply {
    ask(engine, "GET", &format!("{LAYERS}{path}"), &Value::Null)
}

fn delete(engine: &Engine, path: &str) -> Reply {
    ask(engine, "DELETE", &format!("{LAYERS}{path}"), &Value::Null)
}

/// The code at an address that the engine gave out.
fn download(address: &str) -> Vec<u8> {
    let (authority, path) = address.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(authority).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n").unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    let head = reply.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    reply.split_off(head + 4)
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_shown_as_aws_shows_it() {
    let engine = engine().await;
    let told = json!({
        "Description": "shared", "LicenseInfo": "MIT", "CompatibleRuntimes": ["python3.13", "provided"],
        "CompatibleArchitectures": ["arm64", "x86_64"],
    });
    let made = publish_layer(&engine, "shared", &told);
    for (key, value) in told.as_object().unwrap() {
        assert_eq!(&made[key], value);
    }
    assert_eq!(made["LayerArn"], format!("{LAYER}:shared"));
    assert_eq!(made["LayerVersionArn"], format!("{LAYER}:shared:1"));
    assert_eq!(made["Version"], 1);
    let zip = STANDARD.decode(zip64("lib/x", "x")).unwrap();
    assert_eq!(made["Content"]["CodeSize"], zip.len());
    assert_eq!(download(made["Content"]["Location"].as_str().unwrap()), zip);

    // What is not told is absent, but for the description; an empty list stays one.
    let made = publish_layer(&engine, "shared", &json!({}));
    assert_eq!(
        keys(&made),
        ["Content", "CreatedDate", "Description", "LayerArn", "LayerVersionArn", "Version"]
    );
    assert_eq!((&made["Version"], &made["Description"]), (&json!(2), &json!("")));
    assert_eq!(
        publish_layer(&engine, "x", &json!({ "CompatibleRuntimes": [] }))["CompatibleRuntimes"],
        json!([])
    );

    // By name, by ARN, and by its own ARN it is the same.
    let without_address = |mut value: Value| {
        value["Content"].as_object_mut().unwrap().remove("Location").unwrap();
        value
    };
    let by_name = without_address(get(&engine, "/shared/versions/2").ok(200));
    assert_eq!(by_name, without_address(made));
    assert_eq!(without_address(get(&engine, &format!("/{LAYER}:shared/versions/2")).ok(200)), by_name);
    let by_arn = get(&engine, &format!("?find=LayerVersion&Arn={LAYER}:shared:2"));
    assert_eq!(without_address(by_arn.ok(200)), by_name);
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_and_layers_are_listed_in_pages_and_filtered() {
    let engine = engine().await;
    publish_layer(
        &engine,
        "a",
        &json!({ "CompatibleRuntimes": ["python3.13"], "CompatibleArchitectures": ["arm64"] }),
    );
    publish_layer(&engine, "a", &json!({ "CompatibleRuntimes": ["nodejs22.x"] }));
    publish_layer(&engine, "a", &json!({}));
    publish_layer(&engine, "b", &json!({ "CompatibleRuntimes": ["nodejs22.x"] }));
    let versions = |path: &str| {
        let got = get(&engine, path).ok(200);
        let list = got["LayerVersions"].as_array().unwrap().clone();
        (list.iter().map(|it| it["Version"].as_u64().unwrap()).collect::<Vec<_>>(), got)
    };
    assert_eq!(versions("/a/versions").0, [3, 2, 1]);
    assert_eq!(versions("/a/versions?CompatibleRuntime=python3.13").0, [1]);
    assert_eq!(versions("/a/versions?CompatibleArchitecture=arm64").0, [1]);
    assert!(versions("/a/versions?CompatibleArchitecture=arm64&CompatibleRuntime=nodejs22.x").0.is_empty());
    let (first, page) = versions("/a/versions?MaxItems=2");
    assert_eq!(first, [3, 2]);
    let marker = page["NextMarker"].as_str().unwrap();
    let (second, page) = versions(&format!("/a/versions?MaxItems=2&Marker={marker}"));
    assert_eq!((second, page.get("NextMarker")), (vec![1], None));
    assert_eq!(get(&engine, "/unknown/versions").ok(200), json!({ "LayerVersions": [] }));
    for (most, good) in [(0, false), (1, true), (50, true), (51, false)] {
        assert_eq!(get(&engine, &format!("?MaxItems={most}")).status == 200, good, "{most}");
    }

    let layers = |query: &str| {
        let got = get(&engine, query).ok(200);
        let shown = |it: &Value| {
            assert_eq!(it["LayerArn"], format!("{LAYER}:{}", it["LayerName"].as_str().unwrap()));
            format!("{} {}", it["LayerName"].as_str().unwrap(), it["LatestMatchingVersion"]["Version"])
        };
        got["Layers"].as_array().unwrap().iter().map(shown).collect::<Vec<_>>()
    };
    assert_eq!(layers(""), ["a 3", "b 1"]);
    assert_eq!(layers("?CompatibleRuntime=nodejs22.x"), ["a 2", "b 1"]);
    assert_eq!(layers("?CompatibleArchitecture=arm64"), ["a 1"]);
    get(&engine, "?CompatibleRuntime=cobol").assert(400, MODEL, "'cobol' at 'compatibleRuntime'");

    // A number is never used twice, and what is not there can be deleted all the same.
    for _ in 0..2 {
        for number in 1..4 {
            assert_eq!(delete(&engine, &format!("/a/versions/{number}")).ok(204), Value::Null);
        }
    }
    delete(&engine, "/unknown/versions/1").ok(204);
    assert_eq!(layers(""), ["b 1"]);
    get(&engine, "/a/versions/3").refused(404, MISSING, "The resource you requested does not exist.");
    assert_eq!(publish_layer(&engine, "a", &json!({}))["Version"], 4);
}

#[rstest]
#[case::runtimes(json!({ "CompatibleRuntimes": vec!["provided"; 14] }), json!({ "CompatibleRuntimes": vec!["provided"; 15] }), json!({ "CompatibleRuntimes": vec!["provided"; 16] }), "compatibleRuntimes")]
#[case::architectures(json!({ "CompatibleArchitectures": ["arm64"] }), json!({ "CompatibleArchitectures": ["arm64", "x86_64"] }), json!({ "CompatibleArchitectures": ["arm64", "x86_64", "arm64"] }), "compatibleArchitectures")]
#[case::description(json!({ "Description": "d".repeat(255) }), json!({ "Description": "d".repeat(256) }), json!({ "Description": "d".repeat(257) }), "description")]
#[case::license(json!({ "LicenseInfo": "l".repeat(511) }), json!({ "LicenseInfo": "l".repeat(512) }), json!({ "LicenseInfo": "l".repeat(513) }), "licenseInfo")]
#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_a_version_is_where_aws_has_it(
    #[case] inside: Value,
    #[case] at: Value,
    #[case] beyond: Value,
    #[case] member: &str,
) {
    let engine = engine().await;
    publish_layer(&engine, "l", &inside);
    publish_layer(&engine, "l", &at);
    let path = format!("{LAYERS}/l/versions");
    ask(&engine, "POST", &path, &publication(&beyond)).assert(400, MODEL, &format!("at '{member}'"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_published_is_refused() {
    let engine = engine().await;
    let path = format!("{LAYERS}/l/versions");
    let refused = |content: Value| ask(&engine, "POST", &path, &json!({ "Content": content }));
    refused(json!({ "S3Bucket": "b", "S3Key": "k" })).assert(400, INVALID, "The local engine has no S3");
    let no_zip = "Could not unzip uploaded file. Please check your file, then try to upload again.";
    refused(json!({ "ZipFile": STANDARD.encode("no zip") })).refused(400, INVALID, no_zip);
    refused(json!({ "ZipFile": "" })).refused(400, INVALID, "Uploaded file must be a non-empty zip");
    refused(json!({})).assert(400, INVALID, "ZipFile");
    ask(&engine, "POST", &path, &json!({})).assert(400, MODEL, "Value null at 'content'");
    let odd = publication(&json!({ "CompatibleRuntimes": ["cobol"], "CompatibleArchitectures": ["z80"] }));
    let odd = ask(&engine, "POST", &path, &odd);
    odd.assert(400, MODEL, "2 validation errors detected: Value '[cobol]' at 'compatibleRuntimes'");
    odd.assert(400, MODEL, "Value '[z80]' at 'compatibleArchitectures'");
    get(&engine, "/l/versions/0").refused(400, INVALID, "Layer Version Cannot be less than 1.");
    get(&engine, "/l/versions/x").assert(400, MODEL, "'versionNumber'");
    get(&engine, &format!("?find=LayerVersion&Arn={LAYER}:l")).assert(400, MODEL, "at 'arn'");
    assert_eq!(get(&engine, "").ok(200), json!({ "Layers": [] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_lives_as_recorded() {
    let engine = engine().await;
    let arn = publish_layer(&engine, "l", &json!({}))["LayerVersionArn"].as_str().unwrap().to_owned();
    let path = format!("{LAYERS}/l/versions/1/policy");
    let policy = || get(&engine, "/l/versions/1/policy");
    let allowed =
        |id: &str| json!({ "StatementId": id, "Action": "lambda:GetLayerVersion", "Principal": "*" });
    let add = |body: &Value| ask(&engine, "POST", &path, body);
    policy().refused(404, MISSING, "No policy is associated with the given resource.");

    let first = add(&allowed("s1")).ok(201);
    let shown = format!(
        r#"{{"Sid":"s1","Effect":"Allow","Principal":"*","Action":"lambda:GetLayerVersion","Resource":"{arn}"}}"#
    );
    assert_eq!(first["Statement"], shown);
    let got = policy().ok(200);
    assert_eq!(got["RevisionId"], first["RevisionId"]);
    assert_eq!(got["Policy"], format!(r#"{{"Version":"2012-10-17","Id":"default","Statement":[{shown}]}}"#));

    let twice = "The statement id (s1) provided already exists. Please provide a new statement id, or remove the existing statement.";
    add(&allowed("s1")).refused(409, CONFLICT, twice);
    let stale = "The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API to retrieve the latest Revision Id";
    let precondition = "PreconditionFailedException";
    ask(&engine, "POST", &format!("{path}?RevisionId=wrong"), &allowed("s2")).refused(
        412,
        precondition,
        stale,
    );
    ask(&engine, "DELETE", &format!("{path}/s1?RevisionId=wrong"), &Value::Null).refused(
        412,
        precondition,
        stale,
    );
    let mut organisation = allowed("s2");
    organisation["OrganizationId"] = json!("o-0123456789");
    let revision = first["RevisionId"].as_str().unwrap();
    let second = ask(&engine, "POST", &format!("{path}?RevisionId={revision}"), &organisation).ok(201);
    assert_ne!(second["RevisionId"], first["RevisionId"]);
    let statement: Value = serde_json::from_str(second["Statement"].as_str().unwrap()).unwrap();
    assert_eq!(statement["Condition"], json!({ "StringEquals": { "aws:PrincipalOrgID": "o-0123456789" } }));
    let mut account = allowed("s3");
    account["Principal"] = json!("210987654321");
    let third = add(&account).ok(201);
    assert!(third["Statement"].as_str().unwrap().contains(r#"{"AWS":"arn:aws:iam::210987654321:root"}"#));

    delete(&engine, "/l/versions/1/policy/none").refused(
        404,
        MISSING,
        "Statement none is not found in resource policy.",
    );
    for id in ["s1", "s2", "s3"] {
        policy().ok(200);
        delete(&engine, &format!("/l/versions/1/policy/{id}")).ok(204);
    }
    policy().refused(404, MISSING, "No policy is associated with the given resource.");

    let mut any = allowed("s");
    any["Action"] = json!("*");
    let rule = "1 validation error detected: Value '*' at 'action' failed to satisfy constraint: Member must satisfy regular expression pattern: lambda:GetLayerVersion";
    add(&any).refused(400, MODEL, rule);
    for (length, good) in [(99, true), (100, true), (101, false)] {
        assert_eq!(add(&allowed(&"s".repeat(length))).status == 201, good, "{length}");
    }
    let absent = format!("Layer version {LAYER}:l:2 does not exist.");
    for (method, path) in [("POST", ""), ("GET", ""), ("DELETE", "/s")] {
        let path = format!("{LAYERS}/l/versions/2/policy{path}");
        let body = if method == "POST" { allowed("s") } else { Value::Null };
        ask(&engine, method, &path, &body).refused(404, MISSING, &absent);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_have_up_to_five_layers_of_this_account_and_region() {
    let engine = engine().await;
    let arns: Vec<String> = (0..6)
        .map(|at| {
            publish_layer(&engine, &format!("l{at}"), &json!({}))["LayerVersionArn"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    publish_layer(&engine, "l0", &json!({}));
    make(&engine, "fn", &[]);
    let configuration = format!("{FUNCTIONS}/fn/configuration");
    let update = |layers: &[String]| ask(&engine, "PUT", &configuration, &json!({ "Layers": layers }));
    let size = STANDARD.decode(zip64("lib/x", "x")).unwrap().len();
    for count in [4, 5] {
        let got = change(&engine, "fn", &json!({ "Layers": arns[..count] }));
        let shown: Vec<_> = arns[..count].iter().map(|arn| json!({ "Arn": arn, "CodeSize": size })).collect();
        assert_eq!(got["Layers"], json!(shown));
    }
    update(&arns).refused(400, INVALID, "Cannot reference more than 5 layers.");
    let two = format!("{LAYER}:l0:2");
    let both = format!(
        "Two different versions of the same layer are not allowed to be referenced in the same function. {} and {two} are versions of the same layer.",
        arns[0]
    );
    update(&[arns[0].clone(), two]).refused(400, INVALID, &both);
    for absent in
        [format!("{LAYER}:l0:9"), format!("{LAYER}:none:1"), format!("{LAYER}:l0:99999999999999999999")]
    {
        update(std::slice::from_ref(&absent)).refused(
            400,
            INVALID,
            &format!("Layer version {absent} does not exist."),
        );
    }
    let region = "Layers are not in the same region as the function. Layers are expected to be in region eu-central-1.";
    update(&[arns[0].replace("eu-central-1", "eu-west-1")]).refused(400, INVALID, region);
    for foreign in [
        arns[0].replace("123456789012", "210987654321"),
        "arn:aws:lambda:::awslayer:AmazonLinux1803".to_owned(),
    ] {
        let why = update(std::slice::from_ref(&foreign));
        why.assert(403, "AccessDeniedException", "the local engine has no other account's layers");
        assert!(why.body.contains(&foreign));
    }
    update(&[format!("{LAYER}:l0")]).assert(400, MODEL, "at 'layers'");

    // A version keeps its layers, and none at all are not shown.
    let version = publish(&engine, "fn", &[("VALUE", "1")]);
    assert_eq!(change(&engine, "fn", &json!({ "Layers": [] })).get("Layers"), None);
    let path = format!("{FUNCTIONS}/fn/configuration?Qualifier={version}");
    let kept = ask(&engine, "GET", &path, &Value::Null).ok(200);
    assert_eq!(kept["Layers"].as_array().unwrap().len(), 5);

    let image = json!({
        "FunctionName": "image", "PackageType": "Image", "Code": { "ImageUri": "x/y:z" }, "Layers": [arns[0]],
        "Role": "arn:aws:iam::123456789012:role/test",
    });
    ask(&engine, "POST", FUNCTIONS, &image).assert(400, INVALID, "Handler or Runtime or Layer");
}

#[tokio::test(flavor = "multi_thread")]
async fn code_of_layers_counts_until_they_are_deleted() {
    let engine = engine().await;
    let used = || {
        let got = ask(&engine, "GET", "/2016-08-19/account-settings", &Value::Null).ok(200);
        got["AccountUsage"]["TotalCodeSize"].as_u64().unwrap()
    };
    let size = STANDARD.decode(zip64("lib/x", "x")).unwrap().len() as u64;
    assert_eq!(used(), 0);
    for count in 1..3 {
        publish_layer(&engine, "l", &json!({}));
        assert_eq!(used(), count * size);
    }
    delete(&engine, "/l/versions/1").ok(204);
    assert_eq!(used(), size);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_keeps_a_layer_that_is_deleted() {
    let engine = engine().await;
    let content = json!({ "Content": { "ZipFile": zip64("bootstrap", BOOTSTRAP) } });
    let layer = ask(&engine, "POST", &format!("{LAYERS}/runtime/versions"), &content).ok(201);
    let made = json!({
        "FunctionName": "fn", "Runtime": "provided.al2023", "Handler": "x", "Layers": [layer["LayerVersionArn"]],
        "Role": "arn:aws:iam::123456789012:role/test", "Code": { "ZipFile": zip64("nothing", "") },
    });
    let made = ask(&engine, "POST", FUNCTIONS, &made).ok(201);
    assert_eq!(made["Layers"][0]["Arn"], layer["LayerVersionArn"]);
    settled(&engine, "fn");
    let invoke = || ask(&engine, "POST", &format!("{FUNCTIONS}/fn/invocations"), &json!(1)).ok(200);
    assert_eq!(invoke()["event"], 1);
    delete(&engine, "/runtime/versions/1").ok(204);
    // It starts anew, with what it has kept.
    change(&engine, "fn", &json!({ "Environment": { "Variables": { "VALUE": "later" } } }));
    assert_eq!(invoke()["value"], "later");
    let again = json!({ "Layers": [layer["LayerVersionArn"]] });
    let path = format!("{FUNCTIONS}/fn/configuration");
    ask(&engine, "PUT", &path, &again).assert(400, INVALID, "layer:runtime:1 does not exist.");
}
