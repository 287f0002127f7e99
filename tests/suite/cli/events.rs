//! `events list` and `events show`.

use rstest::rstest;
use serde_json::Value;

use super::{run, run_on};
use crate::support::fault_server::FaultServer;
use crate::support::terminal::{Exit, Launch};

#[test]
fn text_is_tab_separated_and_without_a_heading() {
    let ended = run(["events", "list"]).end().quietly();
    let lines: Vec<Vec<&str>> = ended.text().lines().map(|line| line.split('\t').collect()).collect();
    assert!(lines.len() >= 45, "{}", lines.len());
    assert!(lines.iter().all(|fields| fields.len() == 4), "{}", ended.text());
    let put = lines.iter().find(|fields| fields[0] == "s3-put").unwrap();
    assert_eq!(put[1..3], ["Amazon S3", "Object created"]);
}

#[test]
fn json_has_what_can_be_set() {
    let ended = run(["events", "list", "--output", "json", "s3-put"]).end().quietly();
    let first = ended.json()[0].clone();
    assert_eq!(first["id"], "s3-put");
    assert_eq!(first["service"], "Amazon S3");
    assert_eq!(first["names"], serde_json::json!(["bucket", "key"]));
    assert!(first["title"].is_string() && first["description"].is_string());
}

#[rstest]
#[case(&["fifo"], "sqs-fifo")]
#[case(&["token", "generation"], "cognito-pre-token-generation")]
#[case(&["Data Firehose"], "firehose")]
#[case(&["cwlogs"], "cloudwatch-logs")]
fn a_filter_has_the_best_first(#[case] filter: &[&str], #[case] first: &str) {
    let ended = run([&["events", "list"], filter].concat()).end().quietly();
    assert!(ended.text().starts_with(&format!("{first}\t")), "{}", ended.text());
    assert!(ended.text().lines().count() < 45, "{}", ended.text());
}

#[test]
fn no_template_that_fits_is_no_error() {
    let ended = run(["events", "list", "no-such-service"]).end().well();
    assert_eq!((ended.text(), ended.stderr.as_str()), ("", "no template fits the filter\n"));
    let ended = run(["events", "list", "no-such-service", "--output", "json"]).end().quietly();
    assert_eq!(ended.text(), "[]\n");
}

#[test]
fn on_a_terminal_it_is_a_table_that_fits() {
    let terminal = Launch::lambdeck(["events", "list", "queue"]).env("TZ", "UTC").size(30, 60).start();
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    let screen = terminal.screen();
    let mut lines = screen.lines().map(str::trim_end).filter(|line| !line.is_empty());
    assert!(lines.next().unwrap().starts_with("ID "), "{screen}");
    let first = lines.next().unwrap();
    assert!(first.starts_with("sqs"), "{screen}");
    assert!(first.contains("  Amazon SQS  ") && first.ends_with('…'), "{screen}");
}

#[test]
fn an_event_is_filled_in_from_the_session_and_nothing_is_sent() {
    let server = FaultServer::start();
    let args = ["events", "show", "cloudformation-create", "--function", "checkout"];
    let event = run_on(&server, args).end().quietly().json();
    assert_eq!(event["ServiceToken"], "arn:aws:lambda:eu-west-1:123456789012:function:checkout");
    let args = [&args[..], &["--region", "us-gov-west-1", "--account", "210987654321"]].concat();
    let event = run_on(&server, &args).end().quietly().json();
    assert_eq!(event["ServiceToken"], "arn:aws-us-gov:lambda:us-gov-west-1:210987654321:function:checkout");
    assert_eq!(server.count("*"), 0);
}

#[test]
fn the_region_is_that_of_flag_environment_profile_or_configuration() {
    let region = |run: super::Run| run.end().quietly().json()["Records"][0]["awsRegion"].clone();
    let args = ["events", "show", "sqs"];
    assert_eq!(region(run(args)), "us-east-1");
    let config = || run(args).file(".config/lambdeck/config.toml", "region = \"eu-west-3\"\n");
    assert_eq!(region(config()), "eu-west-3");
    assert_eq!(region(config().env("AWS_REGION", "ap-south-1")), "ap-south-1");
    let profile = ["events", "show", "sqs", "--profile", "dev"];
    let profile = run(profile).file(".aws/config", "[profile dev]\nregion = sa-east-1\n");
    assert_eq!(region(profile), "sa-east-1");
    assert_eq!(region(run([&args[..], &["--region", "eu-central-1"]].concat())), "eu-central-1");
}

#[test]
fn an_arn_says_where_the_function_is() {
    let arn = "arn:aws-cn:lambda:cn-north-1:210987654321:function:checkout:live";
    let args = ["events", "show", "lambda-destination", "--function", arn, "--region", "eu-west-1"];
    let event = run(args).end().quietly().json();
    assert_eq!(
        event["requestContext"]["functionArn"],
        "arn:aws-cn:lambda:cn-north-1:210987654321:function:checkout:$LATEST"
    );
}

#[test]
fn ids_are_new_each_time() {
    let id =
        || run(["events", "show", "sns"]).end().quietly().json()["Records"][0]["Sns"]["MessageId"].clone();
    assert_ne!(id(), id());
}

#[test]
fn names_can_be_chosen() {
    let args = ["events", "show", "S3-Put", "--set", "bucket=photos", "--set", "key=a=b c.jpg"];
    let s3 = run(args).end().quietly().json()["Records"][0]["s3"].clone();
    assert_eq!(s3["bucket"]["arn"], "arn:aws:s3:::photos");
    assert_eq!(s3["object"]["key"], "a%3Db+c.jpg");
}

#[test]
fn what_a_name_hides_is_shown() {
    let name = "queue=\u{1b}[2J\u{202e}\"\u{9b}";
    let ended = run(["events", "show", "sqs", "--set", name]).end().quietly();
    assert!(
        !ended.text().contains(|c: char| c != '\n' && c.is_control() || c == '\u{202e}'),
        "{}",
        ended.text()
    );
    let arn = ended.json()["Records"][0]["eventSourceARN"].clone();
    assert_eq!(arn, "arn:aws:sqs:us-east-1:123456789012:\u{1b}[2J\u{202e}\"\u{9b}");
}

#[rstest]
#[case("sqs-fiffo", "sqs-fifo")]
#[case("s3", "s3-put")]
#[case("kinesys", "kinesis")]
#[case("no\u{1b}[2Jthing", "events list")]
fn an_unknown_template_is_not_found_with_what_may_be_meant(#[case] id: &str, #[case] hint: &str) {
    let ended = run(["events", "show", id]).end().failed(3);
    assert!(ended.stderr.contains("hint: ") && ended.stderr.contains(hint), "{}", ended.stderr);
    assert!(!ended.stderr.contains('\u{1b}'), "{}", ended.stderr);
}

#[rstest]
#[case(&["events"], 2)]
#[case(&["events", "show"], 2)]
#[case(&["events", "list", "--output", "yaml"], 2)]
#[case(&["events", "show", "sqs", "--account", "1234"], 2)]
#[case(&["events", "show", "sqs", "--function", "a b"], 2)]
#[case(&["events", "show", "sqs", "--set", "queue"], 2)]
#[case(&["events", "show", "sqs", "--set", "=x"], 2)]
#[case(&["events", "show", "sqs", "--set", "bucket=x"], 2)]
#[case(&["events", "show", "empty", "--set", "bucket=x"], 2)]
#[case(&["events", "show", "sqs", "--region", "not a region"], 1)]
#[case(&["events", "show", "sqs", "--profile", "no-such-profile"], 4)]
fn what_makes_no_sense_is_refused(#[case] args: &[&str], #[case] code: i32) {
    let ended = run(args).end();
    assert_eq!(ended.code, Some(code), "{ended:?}");
    assert!(ended.stdout.is_empty() && !ended.stderr.is_empty(), "{ended:?}");
}

#[test]
fn a_name_that_has_no_place_is_told_with_those_that_have() {
    let ended = run(["events", "show", "s3-put", "--set", "queue=x"]).end().failed(2);
    assert!(ended.stderr.contains("hint: it has a place for bucket, key\n"), "{}", ended.stderr);
}

#[test]
fn every_template_that_is_listed_can_be_shown() {
    let listed = run(["events", "list", "--output", "json"]).end().quietly().json();
    // Each is a process; the others are rendered in tests/suite/templates.rs.
    for template in listed.as_array().unwrap().iter().step_by(9) {
        let id = template["id"].as_str().unwrap();
        let ended = run(["events", "show", id]).end().quietly();
        assert!(matches!(ended.json(), Value::Object(_) | Value::Array(_)), "{id}");
        assert!(ended.text().ends_with("}\n") || ended.text().ends_with("]\n"), "{id}");
    }
}
