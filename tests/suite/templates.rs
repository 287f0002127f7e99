//! The test event templates: that each is what its service sends, as far as a type of `aws_lambda_events` knows it.

mod shapes;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lambdeck::domain::template::{self, NAMES, Template, Values};
use rstest::rstest;
use serde_json::{Value, json};

const NOW: &str = "2026-11-20T14:03:22.123Z";

fn values(region: &str) -> Values {
    Values::new(region, NOW.parse().unwrap(), 17)
}

#[track_caller]
fn rendered(template: &Template, values: &Values) -> Value {
    let text = template.render(values);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}: {text}", template.id))
}

#[track_caller]
fn event(id: &str) -> Value {
    rendered(template::find(id).unwrap(), &values("eu-west-1"))
}

/// Every text in a value, names of members included, and those in encoded ones.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            found.push(text.clone());
            for inner in decoded(text) {
                match serde_json::from_str(&inner) {
                    Ok(value @ (Value::Object(_) | Value::Array(_))) => texts(&value, found),
                    _ => found.push(inner),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => {
            for (name, value) in members {
                found.push(name.clone());
                texts(value, found);
            }
        }
        _ => {}
    }
}

/// What a text may hold: JSON as it is, or text in base64, or in gzip and base64.
fn decoded(text: &str) -> Vec<String> {
    let mut found = vec![];
    if text.starts_with(['{', '[']) {
        found.push(text.to_owned());
    }
    if let Ok(bytes) = STANDARD.decode(text) {
        let mut unpacked = String::new();
        if flate2::read::GzDecoder::new(&*bytes).read_to_string(&mut unpacked).is_ok() {
            found.push(unpacked);
        } else if let Ok(plain) = String::from_utf8(bytes) {
            found.push(plain);
        }
    }
    found
}

fn all_texts(template: &Template, values: &Values) -> Vec<String> {
    let mut found = vec![];
    texts(&rendered(template, values), &mut found);
    found
}

#[test]
fn every_file_is_a_template_and_every_template_a_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/events");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| name.strip_suffix(".json").unwrap_or_else(|| panic!("what is {name}?")).to_owned())
        .collect();
    let ids: BTreeSet<String> = template::all().iter().map(|template| template.id.to_owned()).collect();
    assert_eq!(files, ids);
    assert_eq!(ids.len(), template::all().len(), "no id twice");
    assert!(ids.len() >= 45, "{}", ids.len());
}

#[test]
fn every_template_is_told_of_in_one_line() {
    for template in template::all() {
        let plain = |text: &str| {
            !text.is_empty()
                && text.trim() == text
                && !text.contains(char::is_control)
                && !text.ends_with('.')
        };
        let Template { id, title, service, about, .. } = *template;
        assert!(id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')), "{id}");
        assert!(plain(title) && plain(service) && plain(about), "{template:?}");
        assert!(id.len() + service.len() + title.len() <= 90 && about.len() <= 80, "{id}");
    }
}

#[rstest]
#[case("AWS Lambda", &["hello", "empty", "warm-up", "function-url"])]
#[case("Amazon S3", &["s3-put", "s3-delete", "s3-eventbridge", "s3-batch", "s3-object-lambda"])]
#[case("Amazon SQS", &["sqs", "sqs-fifo"])]
#[case("Amazon SNS", &["sns"])]
#[case("Amazon DynamoDB", &["dynamodb-stream"])]
#[case("Amazon Kinesis", &["kinesis"])]
#[case("Amazon Data Firehose", &["firehose"])]
#[case("Amazon EventBridge", &["eventbridge-scheduled", "eventbridge-scheduler", "eventbridge-custom"])]
#[case("Amazon API Gateway", &[
    "apigateway-rest", "apigateway-http-v1", "apigateway-http-v2", "apigateway-websocket-connect",
    "apigateway-websocket-message", "apigateway-authorizer-token", "apigateway-authorizer-request",
    "apigateway-http-authorizer",
])]
#[case("Elastic Load Balancing", &["alb", "alb-multi-value"])]
#[case("Amazon Cognito", &[
    "cognito-pre-signup", "cognito-post-confirmation", "cognito-pre-token-generation", "cognito-custom-message",
    "cognito-define-auth-challenge", "cognito-create-auth-challenge", "cognito-verify-auth-challenge",
    "cognito-migrate-user",
])]
#[case("Amazon CloudWatch", &["cloudwatch-logs", "cloudwatch-alarm"])]
#[case("Amazon CloudFront", &["cloudfront-viewer-request", "cloudfront-origin-response"])]
#[case("AWS CodePipeline", &["codepipeline-job"])]
#[case("AWS CodeCommit", &["codecommit"])]
#[case("AWS CloudFormation", &["cloudformation-create", "cloudformation-update", "cloudformation-delete"])]
#[case("AWS Config", &["config-rule"])]
#[case("Amazon SES", &["ses-receipt"])]
#[case("AWS IoT", &["iot-rule", "iot-button"])]
#[case("Amazon Lex", &["lex-v2"])]
#[case("Amazon MSK", &["msk"])]
#[case("Apache Kafka", &["kafka"])]
#[case("Amazon MQ", &["activemq", "rabbitmq"])]
#[case("Amazon DocumentDB", &["documentdb"])]
#[case("AWS Step Functions", &["stepfunctions-task", "stepfunctions-callback"])]
#[case("Amazon Alexa", &["alexa-launch", "alexa-intent"])]
#[case("AWS Secrets Manager", &["secretsmanager-rotation"])]
#[case("Amazon Connect", &["connect"])]
#[case("AWS AppSync", &["appsync-resolver"])]
fn every_service_that_matters_is_there(#[case] service: &str, #[case] ids: &[&str]) {
    for id in ids {
        let template = template::find(id).unwrap_or_else(|| panic!("{id} is missing"));
        assert_eq!(template.service, service);
    }
}

#[rstest]
#[case("eu-west-1", "aws", "amazonaws.com")]
#[case("cn-north-1", "aws-cn", "amazonaws.com.cn")]
#[case("us-gov-west-1", "aws-us-gov", "amazonaws.com")]
fn nothing_is_left_over_and_arns_are_the_partitions(
    #[case] region: &str,
    #[case] partition: &str,
    #[case] domain: &str,
) {
    let values =
        Values { function: Some("f".into()), account: Some("210987654321".into()), ..values(region) };
    for template in template::all() {
        for text in all_texts(template, &values) {
            // JSON has no place for two of them.
            assert!(!text.contains("{{"), "{}: {text}", template.id);
            for (at, _) in text.match_indices("arn:") {
                let partition = format!("arn:{partition}:");
                assert!(text[at..].starts_with(&partition), "{}: {text}", template.id);
            }
            let host = format!(".{region}.amazonaws.com");
            for (at, _) in text.match_indices(&host) {
                let rest = &text[at + region.len() + 2..];
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(rest.len());
                assert_eq!(&rest[..end], domain, "{}: {text}", template.id);
            }
            assert!(!text.contains("123456789012"), "{}: {text}", template.id);
        }
    }
}

/// JSON, a terminal, a template and a URL each take something here for their own.
const HOSTILE: &str = "a\"b\\c\u{1b}[2J\n{{bucket}}}}',]}é漢\u{0}\u{202e}%41";

#[rstest]
#[case("eu-west-1")]
#[case("cn-north-1")]
#[case("us-gov-west-1")]
#[case("\"},\u{7}{{account}}")]
fn whatever_was_typed_the_event_is_json(#[case] region: &str) {
    let chosen = NAMES.iter().map(|(name, ..)| ((*name).to_owned(), format!("{HOSTILE}{name}"))).collect();
    let values = Values { function: Some(HOSTILE.into()), names: chosen, ..values(region) };
    for template in template::all() {
        let texts = all_texts(template, &values);
        for name in template.names().filter(|name| *name != "key") {
            let chosen = format!("{HOSTILE}{name}");
            assert!(texts.iter().any(|text| text.contains(&chosen)), "{}: {name}", template.id);
        }
    }
    let event = rendered(template::find("hello").unwrap(), &values);
    assert_eq!(event["message"], format!("Hello, {HOSTILE}!"));
}

#[test]
fn the_same_values_make_the_same_event_and_another_seed_other_ids() {
    let other = Values { seed: 18, ..values("eu-west-1") };
    for template in template::all() {
        assert_eq!(
            template.render(&values("eu-west-1")),
            template.render(&values("eu-west-1")),
            "{}",
            template.id
        );
    }
    let sqs = template::find("sqs").unwrap();
    let (one, two) = (event("sqs"), rendered(sqs, &other));
    assert_ne!(one["Records"][0]["messageId"], two["Records"][0]["messageId"]);
    assert_ne!(one["Records"][0]["messageId"], one["Records"][1]["messageId"]);
    assert_eq!(one["Records"][0]["body"], two["Records"][0]["body"]);
}

#[test]
fn what_belongs_together_is_the_same_within_an_event() {
    let kinesis = event("kinesis");
    let record = &kinesis["Records"][0];
    let number = record["kinesis"]["sequenceNumber"].as_str().unwrap();
    assert_eq!(record["eventID"], format!("shardId-000000000000:{number}"));
    let create = event("cloudformation-create");
    assert_eq!(create["ServiceToken"], create["ResourceProperties"]["ServiceToken"]);
    let stack = create["StackId"].as_str().unwrap().rsplit('/').next().unwrap();
    assert!(create["ResponseURL"].as_str().unwrap().contains(stack));
    let http = event("apigateway-http-v2");
    assert_eq!(http["headers"]["host"], http["requestContext"]["domainName"]);
}

#[test]
fn a_chosen_name_is_where_it_belongs() {
    let names = BTreeMap::from([("bucket", "photos"), ("key", "a b/ü+1.txt")]);
    let names = names.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let values = Values { names, ..values("cn-north-1") };
    let put = rendered(template::find("s3-put").unwrap(), &values);
    let s3 = &put["Records"][0]["s3"];
    assert_eq!(s3["bucket"]["name"], "photos");
    assert_eq!(s3["bucket"]["arn"], "arn:aws-cn:s3:::photos");
    // S3 encodes keys in notifications, and in no other event.
    assert_eq!(s3["object"]["key"], "a+b/%C3%BC%2B1.txt");
    let event = rendered(template::find("s3-eventbridge").unwrap(), &values);
    assert_eq!(event["detail"]["object"]["key"], "a b/ü+1.txt");
    assert_eq!(template::find("s3-put").unwrap().names().collect::<Vec<_>>(), ["bucket", "key"]);
    assert_eq!(template::find("s3-eventbridge").unwrap().names().collect::<Vec<_>>(), ["bucket", "key"]);
    assert_eq!(template::find("empty").unwrap().names().count(), 0);
}

#[test]
fn every_name_that_can_be_chosen_has_a_place() {
    for (name, ..) in NAMES {
        assert!(template::all().iter().any(|template| template.names().any(|known| known == name)), "{name}");
    }
}

#[test]
fn times_are_of_now() {
    assert_eq!(event("s3-put")["Records"][0]["eventTime"], NOW);
    let scheduled = event("eventbridge-scheduled");
    assert_eq!(scheduled["time"], "2026-11-20T14:03:22Z");
    assert_eq!(scheduled["detail"], json!({}));
    assert_eq!(event("eventbridge-scheduler")["detail"], "{}");
    let context = &event("apigateway-rest")["requestContext"];
    assert_eq!(context["requestTime"], "20/Nov/2026:14:03:22 +0000");
    assert_eq!(context["requestTimeEpoch"], 1_795_183_402_123_i64);
    assert_eq!(event("kinesis")["Records"][0]["kinesis"]["approximateArrivalTimestamp"], 1_795_183_401.123);
    let mail = &event("ses-receipt")["Records"][0]["ses"]["mail"];
    assert_eq!(mail["commonHeaders"]["date"], "Fri, 20 Nov 2026 14:03:17 +0000");
    assert_eq!(event("cloudwatch-alarm")["time"], "2026-11-20T14:03:22.123+0000");
    let rabbit = &event("rabbitmq")["rmqMessagesByQueue"]["example-queue::/"][0];
    assert_eq!(rabbit["basicProperties"]["timestamp"], "Nov 20, 2026, 2:03:21 PM");
    // At the start of a second, and at the ends of what a timestamp can be.
    for now in
        ["2026-11-20T14:03:00Z", "1969-12-31T23:59:59.5Z", "-009999-01-02T01:59:59Z", "9999-12-30T22:00:00Z"]
    {
        let values = Values { now: now.parse().unwrap(), ..values("eu-west-1") };
        for template in template::all() {
            let texts = all_texts(template, &values);
            assert!(!texts.iter().any(|text| text.contains("{{")), "{} at {now}", template.id);
        }
    }
}

#[test]
fn log_lines_are_packed_as_cloudwatch_packs_them() {
    let values = Values { function: Some("checkout".into()), ..values("eu-west-1") };
    let event = rendered(template::find("cloudwatch-logs").unwrap(), &values);
    let packed = STANDARD.decode(event["awslogs"]["data"].as_str().unwrap()).unwrap();
    let document: Value = serde_json::from_reader(flate2::read::GzDecoder::new(&*packed)).unwrap();
    assert_eq!(document["messageType"], "DATA_MESSAGE");
    assert_eq!(document["logGroup"], "/aws/lambda/checkout");
    assert!(document["logStream"].as_str().unwrap().starts_with("2026/11/20/[$LATEST]"));
    let lines = document["logEvents"].as_array().unwrap();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["timestamp"], 1_795_183_399_123_i64);
    assert!(lines.iter().all(|line| line["id"].as_str().unwrap().len() == 56));
}

/// Members keep the order of the file, which is the order in which AWS's documentation has them.
#[test]
fn members_keep_their_order() {
    let text = template::find("eventbridge-custom").unwrap().render(&values("eu-west-1"));
    let places: Vec<usize> = ["\"version\"", "\"id\"", "\"detail-type\"", "\"account\"", "\"detail\""]
        .iter()
        .map(|name| text.find(name).unwrap())
        .collect();
    assert!(places.is_sorted(), "{text}");
    assert!(text.starts_with("{\n  \"version\": \"0\",\n") && text.ends_with("\n}"), "{text}");
}

#[rstest]
#[case("", None)]
#[case("s3-put", Some("s3-put"))]
#[case("SQS fifo", Some("sqs-fifo"))]
#[case("kafka", Some("kafka"))]
#[case("lex", Some("lex-v2"))]
#[case("token generation 2", Some("cognito-pre-token-generation-v2"))]
#[case("apigwrest", Some("apigateway-rest"))]
#[case("scheduler", Some("eventbridge-scheduler"))]
fn the_search_has_the_best_first(#[case] words: &str, #[case] first: Option<&str>) {
    let found = template::search(words);
    match first {
        Some(first) => {
            assert_eq!(found[0].id, first, "{:?}", found.iter().map(|one| one.id).collect::<Vec<_>>());
        }
        None => assert_eq!(found.len(), template::all().len()),
    }
}

#[test]
fn the_search_knows_when_there_is_nothing() {
    assert!(template::search("sqs xyzzy").is_empty());
    assert!(template::nearest("xyzzy").is_empty());
    assert!(template::nearest("").is_empty());
}

#[rstest]
#[case("sqs-fiffo", "sqs-fifo")]
#[case("kinesys", "kinesis")]
#[case("S3_PUT", "s3-put")]
#[case("cloudwatch", "cloudwatch-logs")]
fn what_is_near_is_named(#[case] typed: &str, #[case] expected: &str) {
    let near: Vec<&str> = template::nearest(typed).iter().map(|template| template.id).collect();
    assert!(near.contains(&expected), "{near:?}");
    assert!(near.len() <= 3, "{near:?}");
}
