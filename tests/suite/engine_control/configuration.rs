//! UpdateFunctionConfiguration: what is kept and shown, the limits, and what AWS says beyond them. Tags, too.

use lambdeck::local::Engine;
use rstest::rstest;
use serde_json::{Value, json};

use super::{ARN, FUNCTIONS, INVALID, MODEL, Reply, archive64, ask, change, engine, make, publish, settled};

fn update(engine: &Engine, body: &Value) -> Reply {
    ask(engine, "PUT", &format!("{FUNCTIONS}/fn/configuration"), body)
}

const QUEUE: &str = "arn:aws:sqs:eu-central-1:123456789012:dead";
const ACCESS_POINT: &str =
    "arn:aws:elasticfilesystem:eu-central-1:123456789012:access-point/fsap-0123456789abcdef0";
const KEY: &str = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn vpc(subnets: usize, groups: usize) -> Value {
    let ids = |prefix: &str, count: usize| (0..count).map(|n| format!("{prefix}-{n}")).collect::<Vec<_>>();
    json!({ "SubnetIds": ids("subnet", subnets), "SecurityGroupIds": ids("sg", groups) })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_setting_is_kept_shown_and_removed() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    let before = settled(&engine, "fn");
    for absent in ["DeadLetterConfig", "VpcConfig", "FileSystemConfigs", "KMSKeyArn", "Layers"] {
        assert_eq!(before.get(absent), None, "{absent}");
    }
    let all = json!({
        "Description": "d", "Timeout": 9, "MemorySize": 256, "Handler": "y", "Runtime": "python3.13",
        "Role": "arn:aws:iam::123456789012:role/other", "EphemeralStorage": { "Size": 1024 },
        "TracingConfig": { "Mode": "Active" }, "SnapStart": { "ApplyOn": "PublishedVersions" },
        "LoggingConfig": { "LogFormat": "JSON", "ApplicationLogLevel": "WARN", "LogGroup": "mine" },
        "DeadLetterConfig": { "TargetArn": QUEUE }, "KMSKeyArn": KEY, "VpcConfig": vpc(2, 1),
        "FileSystemConfigs": [{ "Arn": ACCESS_POINT, "LocalMountPath": "/mnt/data" }],
        "Environment": { "Variables": { "VALUE": "x" } },
    });
    update(&engine, &all).ok(200);
    let got = settled(&engine, "fn");
    for member in [
        "Description",
        "Timeout",
        "MemorySize",
        "Handler",
        "Runtime",
        "Role",
        "EphemeralStorage",
        "TracingConfig",
        "DeadLetterConfig",
        "KMSKeyArn",
        "FileSystemConfigs",
        "Environment",
    ] {
        assert_eq!(got[member], all[member], "{member}");
    }
    assert_eq!(got["SnapStart"], json!({ "ApplyOn": "PublishedVersions", "OptimizationStatus": "Off" }));
    let logging = json!({
        "LogFormat": "JSON", "ApplicationLogLevel": "WARN", "SystemLogLevel": "INFO", "LogGroup": "mine",
    });
    assert_eq!(got["LoggingConfig"], logging);
    let shown = json!({
        "SubnetIds": ["subnet-0", "subnet-1"], "SecurityGroupIds": ["sg-0"], "VpcId": "vpc-local",
        "Ipv6AllowedForDualStack": false,
    });
    assert_eq!(got["VpcConfig"], shown);

    // What a request does not name stays; a list is replaced as a whole.
    let got = change(&engine, "fn", &json!({ "Timeout": 10 }));
    assert_eq!((&got["VpcConfig"], &got["KMSKeyArn"]), (&shown, &json!(KEY)));
    let mut ipv6 = vpc(1, 1);
    ipv6["Ipv6AllowedForDualStack"] = json!(true);
    let got = change(&engine, "fn", &json!({ "VpcConfig": ipv6 }));
    assert_eq!(
        (&got["VpcConfig"]["SubnetIds"], &got["VpcConfig"]["Ipv6AllowedForDualStack"]),
        (&json!(["subnet-0"]), &json!(true))
    );

    let needs = format!(
        "Function must be configured to execute in a VPC to reference access point {ACCESS_POINT}. Please update the function configuration to include VPC subnets and security groups."
    );
    update(&engine, &json!({ "VpcConfig": vpc(0, 0) })).refused(400, INVALID, &needs);
    let nothing = json!({
        "DeadLetterConfig": { "TargetArn": "" }, "KMSKeyArn": "", "VpcConfig": vpc(0, 0), "FileSystemConfigs": [],
        "Layers": [], "SnapStart": { "ApplyOn": "None" }, "Environment": { "Variables": {} },
    });
    let got = change(&engine, "fn", &nothing);
    for absent in ["DeadLetterConfig", "FileSystemConfigs", "KMSKeyArn", "Layers"] {
        assert_eq!(got.get(absent), None, "{absent}");
    }
    let void =
        json!({ "SubnetIds": [], "SecurityGroupIds": [], "VpcId": "", "Ipv6AllowedForDualStack": false });
    assert_eq!(got["VpcConfig"], void);
    assert_eq!(got["Environment"], json!({ "Variables": {} }));
}

#[rstest]
#[case::subnets(json!({ "VpcConfig": vpc(15, 1) }), json!({ "VpcConfig": vpc(16, 1) }), json!({ "VpcConfig": vpc(17, 1) }), "vpcConfig.subnetIds")]
#[case::groups(json!({ "VpcConfig": vpc(1, 4) }), json!({ "VpcConfig": vpc(1, 5) }), json!({ "VpcConfig": vpc(1, 6) }), "vpcConfig.securityGroupIds")]
#[case::timeout_low(json!({ "Timeout": 2 }), json!({ "Timeout": 1 }), json!({ "Timeout": 0 }), "timeout")]
#[case::timeout_high(json!({ "Timeout": 899 }), json!({ "Timeout": 900 }), json!({ "Timeout": 901 }), "timeout")]
#[case::memory(json!({ "MemorySize": 129 }), json!({ "MemorySize": 128 }), json!({ "MemorySize": 127 }), "memorySize")]
#[case::storage(json!({ "EphemeralStorage": { "Size": 10239 } }), json!({ "EphemeralStorage": { "Size": 10240 } }), json!({ "EphemeralStorage": { "Size": 10241 } }), "ephemeralStorage.size")]
#[case::description(json!({ "Description": "d".repeat(255) }), json!({ "Description": "d".repeat(256) }), json!({ "Description": "d".repeat(257) }), "description")]
#[case::handler(json!({ "Handler": "h".repeat(127) }), json!({ "Handler": "h".repeat(128) }), json!({ "Handler": "h".repeat(129) }), "handler")]
#[case::group(json!({ "LoggingConfig": { "LogGroup": "g".repeat(511) } }), json!({ "LoggingConfig": { "LogGroup": "g".repeat(512) } }), json!({ "LoggingConfig": { "LogGroup": "g".repeat(513) } }), "loggingConfig.logGroup")]
#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_where_aws_has_it(
    #[case] inside: Value,
    #[case] at: Value,
    #[case] beyond: Value,
    #[case] member: &str,
) {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    change(&engine, "fn", &inside);
    let good = change(&engine, "fn", &at);
    update(&engine, &beyond).assert(400, MODEL, &format!("at '{member}' failed to satisfy constraint"));
    assert_eq!(settled(&engine, "fn"), good);
}

#[rstest]
#[case(json!({ "VpcConfig": { "SubnetIds": ["bad"], "SecurityGroupIds": ["sg-1"] } }), MODEL, "1 validation error detected: Value '[bad]' at 'vpcConfig.subnetIds' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 0, Member must satisfy regular expression pattern: subnet-[0-9a-z]*]")]
#[case(json!({ "VpcConfig": { "SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg_1"] } }), MODEL, "1 validation error detected: Value '[sg_1]' at 'vpcConfig.securityGroupIds' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 0, Member must satisfy regular expression pattern: sg-[0-9a-zA-Z]*]")]
#[case(json!({ "VpcConfig": { "SubnetIds": ["subnet-1"] } }), INVALID, "SubnetIds and SecurityIds must coexist or be both empty list.")]
#[case(json!({ "VpcConfig": { "SubnetIds": [], "SecurityGroupIds": ["sg-1"] } }), INVALID, "SubnetIds and SecurityIds must coexist or be both empty list.")]
#[case(json!({ "FileSystemConfigs": [{ "Arn": ACCESS_POINT, "LocalMountPath": "/mnt/x" }] }), INVALID, "Function must be configured to execute in a VPC to reference access point arn:aws:elasticfilesystem:eu-central-1:123456789012:access-point/fsap-0123456789abcdef0. Please update the function configuration to include VPC subnets and security groups.")]
#[case(json!({ "FileSystemConfigs": [{ "Arn": ACCESS_POINT, "LocalMountPath": "/tmp/x" }] }), MODEL, "1 validation error detected: Value '/tmp/x' at 'fileSystemConfigs.1.member.localMountPath' failed to satisfy constraint: Member must satisfy regular expression pattern: /mnt/[a-zA-Z0-9-_.]+")]
#[case(json!({ "FileSystemConfigs": [{ "Arn": ACCESS_POINT }] }), MODEL, "1 validation error detected: Value null at 'fileSystemConfigs.1.member.localMountPath' failed to satisfy constraint: Member must not be null")]
#[case(json!({ "DeadLetterConfig": { "TargetArn": "dead" } }), MODEL, "1 validation error detected: Value 'dead' at 'deadLetterConfig.targetArn' failed to satisfy constraint: Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()")]
#[case(json!({ "DeadLetterConfig": { "TargetArn": "arn:aws:events:eu-central-1:123456789012:event-bus/x" } }), INVALID, "Invalid dead letter queue ARN: The service specified by the TargetArn is not supported for dead letter configuration.")]
#[case(json!({ "DeadLetterConfig": { "TargetArn": "arn:aws:sqs:us-east-1:123456789012:x" } }), INVALID, "Invalid dead letter queue ARN: The resource specified by the TargetArn must be in the same region as the Lambda function it's associated with.")]
#[case(json!({ "DeadLetterConfig": { "TargetArn": "arn:aws:sqs:eu-central-1:123456789012:x.fifo" } }), INVALID, "Invalid dead letter queue ARN: FIFO SQS queue is not supported for dead letter configuration")]
#[case(json!({ "KMSKeyArn": "key" }), MODEL, "1 validation error detected: Value 'key' at 'kMSKeyArn' failed to satisfy constraint: Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()")]
#[case(json!({ "SnapStart": { "ApplyOn": "PublishedVersions" } }), INVALID, "provided.al2023 is not supported for SnapStart enabled functions.")]
#[case(json!({ "ImageConfig": { "Command": ["x"] } }), INVALID, "Please don't provide ImageConfig when updating a function with packageType Zip.")]
#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_refused_in_awss_words(#[case] body: Value, #[case] code: &str, #[case] message: &str) {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    let before = settled(&engine, "fn");
    update(&engine, &body).refused(400, code, message);
    assert_eq!(settled(&engine, "fn"), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_have_4_kb_and_the_request_5_kb() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    let map = |length: usize| json!({ "AA": "\"".to_owned() + &"v".repeat(length - 11) });
    for length in [4095, 4096] {
        assert_eq!(map(length).to_string().len(), length);
        change(&engine, "fn", &json!({ "Environment": { "Variables": map(length) } }));
    }
    let text = format!(
        "Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: {}",
        map(4097)
    );
    update(&engine, &json!({ "Environment": { "Variables": map(4097) } })).refused(400, INVALID, &text);
    assert_eq!(settled(&engine, "fn")["Environment"]["Variables"], map(4096));

    let padded = |length: usize| {
        let empty = json!({ "Role": "arn:aws:iam::123456789012:role/" }).to_string().len();
        json!({ "Role": format!("arn:aws:iam::123456789012:role/{}", "r".repeat(length - empty)) })
    };
    for length in [5119, 5120] {
        assert_eq!(padded(length).to_string().len(), length);
        change(&engine, "fn", &padded(length));
    }
    let text = "Request must be smaller than 5120 bytes for the UpdateFunctionConfiguration operation";
    update(&engine, &padded(5121)).refused(413, "RequestEntityTooLargeException", text);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_has_settings_of_its_own() {
    let engine = engine().await;
    let image = json!({
        "FunctionName": "fn", "PackageType": "Image", "Role": "arn:aws:iam::123456789012:role/x",
        "Code": { "ImageUri": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/a:latest" },
        "ImageConfig": { "EntryPoint": ["sh"], "Command": ["-c", "x"], "WorkingDirectory": "/app" },
    });
    ask(&engine, "POST", FUNCTIONS, &image).ok(201);
    assert_eq!(settled(&engine, "fn")["ImageConfigResponse"]["ImageConfig"], image["ImageConfig"]);
    let part = json!({ "Command": ["y"], "EntryPoint": [], "WorkingDirectory": "" });
    let got = change(&engine, "fn", &json!({ "ImageConfig": part }));
    assert_eq!(got["ImageConfigResponse"]["ImageConfig"], json!({ "Command": ["y"] }));
    let got = change(&engine, "fn", &json!({ "ImageConfig": {} }));
    assert_eq!(got.get("ImageConfigResponse"), None);
    let directory = |length: usize| json!({ "ImageConfig": { "WorkingDirectory": "d".repeat(length) } });
    change(&engine, "fn", &directory(999));
    change(&engine, "fn", &directory(1000));
    update(&engine, &directory(1001)).assert(400, MODEL, "at 'imageConfig.workingDirectory'");
    let text =
        "Please don't provide Handler or Runtime or Layer when updating a function with packageType Image.";
    update(&engine, &json!({ "Handler": "x" })).refused(400, INVALID, text);
    let snap = json!({ "SnapStart": { "ApplyOn": "PublishedVersions" } });
    update(&engine, &snap).refused(
        400,
        INVALID,
        "ContainerImage is not supported for SnapStart enabled functions.",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_made_of_published_versions_only() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    change(
        &engine,
        "fn",
        &json!({ "Runtime": "python3.13", "SnapStart": { "ApplyOn": "PublishedVersions" } }),
    );
    let made = ask(&engine, "POST", &format!("{FUNCTIONS}/fn/versions"), &Value::Null).ok(201);
    let off = json!({ "ApplyOn": "PublishedVersions", "OptimizationStatus": "Off" });
    assert_eq!((&made["State"], &made["SnapStart"]), (&json!("Pending"), &off));
    let settled_version = settled(&engine, "fn:1");
    assert_eq!(settled_version["SnapStart"]["OptimizationStatus"], "On");
    assert_eq!(settled(&engine, "fn")["SnapStart"], off);
    let refused = "python3.11 is not supported for SnapStart enabled functions.";
    update(&engine, &json!({ "Runtime": "python3.11" })).refused(400, INVALID, refused);
    let path = "/2019-09-30/functions/fn/provisioned-concurrency?Qualifier=1";
    let both = ask(&engine, "PUT", path, &json!({ "ProvisionedConcurrentExecutions": 1 }));
    both.assert(400, INVALID, "not supported for SnapStart enabled functions");
    assert_eq!(publish(&engine, "fn", &[("VALUE", "x")]), "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_is_checked_when_a_function_is_created() {
    let engine = engine().await;
    let create = |more: &Value| {
        let mut body = json!({
            "FunctionName": "fn", "Runtime": "provided.al2023", "Handler": "x",
            "Role": "arn:aws:iam::123456789012:role/test", "Code": { "ZipFile": archive64() },
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ask(&engine, "POST", FUNCTIONS, &body)
    };
    let systems = json!([{ "Arn": ACCESS_POINT, "LocalMountPath": "/mnt/data" }]);
    create(&json!({ "FileSystemConfigs": systems })).assert(
        400,
        INVALID,
        "must be configured to execute in a VPC",
    );
    create(&json!({ "SnapStart": { "ApplyOn": "PublishedVersions" } })).assert(
        400,
        INVALID,
        "SnapStart enabled",
    );
    create(&json!({ "VpcConfig": vpc(1, 0) })).assert(400, INVALID, "must coexist");
    let made = create(&json!({
        "FileSystemConfigs": systems, "VpcConfig": vpc(1, 1), "DeadLetterConfig": { "TargetArn": QUEUE },
    }));
    let made = made.ok(201);
    assert_eq!(
        (&made["FileSystemConfigs"], &made["DeadLetterConfig"]["TargetArn"]),
        (&systems, &json!(QUEUE))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_have_their_limits() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    let path = format!("/2017-03-31/tags/{ARN}:fn");
    let tag = |tags: &Value| ask(&engine, "POST", &path, &json!({ "Tags": tags }));
    for (good, bad, kind) in [
        (json!({ "k".repeat(127): "", "k".repeat(128): "" }), json!({ "k".repeat(129): "" }), "Map keys"),
        (json!({ "a": "v".repeat(255), "b": "v".repeat(256) }), json!({ "a": "v".repeat(257) }), "Map value"),
        (json!({ "é +-=._:/@9": "ü" }), json!({ "a#": "" }), "Map keys"),
        (json!({ "a": "" }), json!({ "": "" }), "Map keys"),
        (json!({ "a": "x y" }), json!({ "a": "x\ty" }), "Map value"),
    ] {
        tag(&good).ok(204);
        tag(&bad).assert(400, MODEL, &format!("at 'tags' failed to satisfy constraint: {kind} must satisfy"));
    }
    let reserved = "aws: prefixed tag key names are not allowed for external use.";
    for key in ["aws:x", "AWS:x", "aws:"] {
        tag(&json!({ key: "" })).refused(400, INVALID, reserved);
    }
    tag(&json!({ "awsx": "", "x": "aws:" })).ok(204);
    let held = ask(&engine, "GET", &path, &Value::Null).ok(200)["Tags"].as_object().unwrap().len();
    let many = |count: usize| Value::Object((0..count).map(|n| (format!("n{n}"), json!(""))).collect());
    tag(&many(49 - held)).ok(204);
    tag(&many(50 - held)).ok(204);
    tag(&many(51 - held)).refused(400, INVALID, "Number of tags exceeds resource tag limit.");
}
