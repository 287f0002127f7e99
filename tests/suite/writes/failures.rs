//! What is told of a change that went wrong: never that it failed where it may have been done, and never a value.

use lambdeck::cloud::Kind;
use serde_json::json;

use super::*;
use crate::support::fault_server::{Fault, Reply};

/// What the reads before a change find: everything as the changes of the table have it.
fn serve_reads(server: &FaultServer, change: &Change) {
    let arn = format!("arn:aws:lambda:{REGION}:123456789012:function:{FUNCTION}");
    let mut function =
        json!({ "FunctionName": FUNCTION, "FunctionArn": arn, "RevisionId": "r", "MemorySize": 128 });
    let mut answer = json!({});
    match change {
        Change::Environment { before, .. } => {
            let map: BTreeMap<_, _> = before.iter().map(|(key, value)| (key, value.reveal())).collect();
            function["Environment"] = json!({ "Variables": map });
        }
        Change::ReservedConcurrency { before: Some(before), .. } => {
            answer["Concurrency"] = json!({ "ReservedConcurrentExecutions": before });
        }
        Change::Tag { key, before: Some(before), .. } => answer["Tags"] = json!({ key: before }),
        Change::ProvisionedConcurrency { before: Some(before), .. } => {
            let found = json!({ "RequestedProvisionedConcurrentExecutions": before });
            server.always("GetProvisionedConcurrencyConfig", Fault::Answer(Reply::json(&found)));
        }
        Change::EventInvoke { before: Some(before), .. } => {
            let found = json!({ "MaximumRetryAttempts": before.maximum_retry_attempts });
            server.always("GetFunctionEventInvokeConfig", Fault::Answer(Reply::json(&found)));
        }
        Change::Alias { before: Some(before), .. } => {
            let found = json!({ "Name": before.name, "FunctionVersion": before.version, "RevisionId": "r" });
            server.always("GetAlias", Fault::Answer(Reply::json(&found)));
        }
        Change::LogRetention { group, before, .. } => {
            let found = json!({ "logGroups": [{ "logGroupName": group, "retentionInDays": before }] });
            server.always("DescribeLogGroups", Fault::Answer(Reply::json(&found)));
        }
        Change::ShareableEvent { name, before: Some(before), .. } => {
            let content =
                format!(r#"{{"components":{{"examples":{{"{name}":{{"value":{}}}}}}}}}"#, before.reveal());
            let found = json!({ "Content": content, "SchemaVersion": "1", "Type": "OpenApi3" });
            server.always("DescribeSchema", Fault::Answer(Reply::json(&found)));
        }
        _ => {}
    }
    answer["Configuration"] = function;
    server.always("GetFunction", Fault::Answer(Reply::json(&answer)));
    let none = Fault::error(404, "ResourceNotFoundException", "not there");
    if !matches!(change, Change::ProvisionedConcurrency { before: Some(_), .. }) {
        let code = "ProvisionedConcurrencyConfigNotFoundException";
        server.always("GetProvisionedConcurrencyConfig", Fault::error(404, code, "not there"));
    }
    if !matches!(change, Change::EventInvoke { before: Some(_), .. }) {
        server.always("GetFunctionEventInvokeConfig", none.clone());
    }
    if !matches!(change, Change::Alias { before: Some(_), .. }) {
        server.always("GetAlias", none);
    }
    server.always("ListAliases", Fault::Answer(Reply::json(&json!({ "Aliases": [] }))));
}

/// A change that meets a fault on its way.
async fn met(change: Change, fault: Fault) -> (Error, FaultServer) {
    let server = FaultServer::start();
    serve_reads(&server, &change);
    server.always(change.operation(), fault);
    let session = Session::open(&spec(&server.endpoint())).await.unwrap();
    let error = write(&session, &order(change)).await.unwrap_err();
    (error, server)
}

#[track_caller]
fn assert_presentable(error: &Error) {
    for text in [format!("{error}"), format!("{error:?}")] {
        for never in [CANARY, "the-secret-key", "<html", "Response {", "SdkError"] {
            assert!(!text.contains(never), "{text}");
        }
    }
    assert!(error.message.lines().count() == 1, "{error:?}");
    assert!(error.hint.is_some() || error.kind == Kind::Invalid, "{error:?}");
}

#[tokio::test]
async fn without_an_answer_nothing_is_sent_twice_and_the_outcome_is_unknown() {
    let faults = || {
        [
            Fault::Reset,
            Fault::Close,
            Fault::Cut(Reply::json(&json!({ "done": true }))),
            Fault::html_bad_gateway(),
            Fault::Answer(Reply::new(408, "text/html", "<html>Request Timeout</html>")),
            Fault::error(500, "SomethingNewException", "it broke"),
            Fault::unavailable(),
            Fault::internal_error(),
        ]
    };
    for change in changes() {
        for fault in faults() {
            let (error, server) = met(change.clone(), fault.clone()).await;
            assert_eq!(error.kind, Kind::OutcomeUnknown, "{change:?} {fault:?}: {error:?}");
            assert!(error.to_string().contains("it may have been done"), "{error}");
            assert!(!error.to_string().contains("logs"), "{error}");
            assert_presentable(&error);
            assert_eq!(changing(&server), 1, "{change:?} {fault:?}");
        }
    }
}

#[tokio::test]
async fn what_is_never_answered_ends_in_time_and_its_outcome_is_unknown() {
    for change in changes() {
        let server = FaultServer::start();
        serve_reads(&server, &change);
        server.always(change.operation(), Fault::Hang);
        let session = Session::open(&spec(&server.endpoint())).await.unwrap();
        let order = order(change);
        // Once it has arrived the clock jumps from time-out to time-out.
        let jump = async {
            server.arrived(order.change.operation(), 1).await;
            tokio::time::pause();
        };
        let (written, ()) = tokio::join!(write(&session, &order), jump);
        tokio::time::resume();
        let error = written.unwrap_err();
        assert_eq!(error.kind, Kind::OutcomeUnknown, "{order:?}: {error:?}");
        assert_presentable(&error);
        assert_eq!(changing(&server), 1, "{order:?}");
    }
}

#[tokio::test]
async fn what_was_refused_is_a_plain_failure_and_was_sent_once() {
    let invalid = |code: &str| Fault::error(400, code, "no");
    let cases = [
        (Fault::access_denied(), Kind::Denied, "ask for the permission"),
        (Fault::expired_token(), Kind::Credentials, "renew the credentials"),
        (Fault::function_not_found(FUNCTION), Kind::NotFound, "check the name"),
        (Fault::conflict(FUNCTION), Kind::Conflict, "until its last change has settled"),
        (Fault::precondition_failed(), Kind::Stale, "read it again"),
        (Fault::throttled(1), Kind::Throttled, "too many API calls"),
        (invalid("InvalidParameterValueException"), Kind::Invalid, "no (InvalidParameterValueException)"),
        (invalid("CodeStorageExceededException"), Kind::Invalid, "delete versions"),
        (Fault::error(413, "RequestTooLargeException", "no"), Kind::Invalid, "5,120 bytes"),
        (Fault::error(502, "KMSDisabledException", "no"), Kind::Service, "KMS key"),
        (Fault::error(502, "ENILimitReachedException", "no"), Kind::Service, "the VPC has no room"),
    ];
    for (fault, kind, says) in cases {
        let (error, server) = met(changes().remove(0), fault.clone()).await;
        assert_eq!(error.kind, kind, "{fault:?}: {error:?}");
        assert!(error.to_string().contains(says), "{error}");
        assert!(
            error.message.starts_with("could not change the environment variables of checkout: "),
            "{error}"
        );
        assert!(error.request_id.is_some(), "{error:?}");
        assert_presentable(&error);
        assert_eq!(changing(&server), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn nobody_listening_and_a_read_that_fails_changed_nothing() {
    let endpoint = crate::support::fault_server::refused_endpoint();
    let session = Session::open(&spec(&endpoint)).await.unwrap();
    // All at the same time: the SDK waits between its attempts to read.
    let orders: Vec<Order> = changes().into_iter().map(order).collect();
    for written in futures_util::future::join_all(orders.iter().map(|order| write(&session, order))).await {
        let error = written.unwrap_err();
        assert_eq!(error.kind, Kind::Network, "{error:?}");
        assert_presentable(&error);
    }

    let server = FaultServer::start();
    server.always("GetFunction", Fault::html_bad_gateway());
    let session = Session::open(&spec(&server.endpoint())).await.unwrap();
    let error = write(&session, &order(changes().remove(0))).await.unwrap_err();
    assert_eq!((error.kind, changing(&server)), (Kind::Service, 0), "{error:?}");
}

#[tokio::test]
async fn what_was_done_though_its_answer_was_lost_is_not_called_failed() {
    let stage = Stage::new().await;
    let change = Change::Environment { before: Variables::new(), after: variables(&[("TOKEN", CANARY)]) };
    let order = stage.order(change.clone()).await;
    stage.server.script("UpdateFunctionConfiguration", [Fault::PassThenReset]);
    let error = write(&stage.session, &order).await.unwrap_err();
    assert_eq!(error.kind, Kind::OutcomeUnknown);
    // Reading it again tells.
    assert_eq!(change.is_done(&stage.settled().await), Some(true));
    // Doing it again on the old revision is refused before it leaves.
    let again = write(&stage.session, &order).await.unwrap_err();
    assert_eq!((again.kind, stage.server.count("UpdateFunctionConfiguration")), (Kind::Stale, 1));
}

#[tokio::test]
async fn an_error_repeats_no_value_however_it_is_quoted() {
    let value = format!("{CANARY}\"é\n\\end");
    let escaped = serde_json::to_string(&value).unwrap();
    let messages = [
        format!("exceeded the 4KB limit. String measured: {{\"TOKEN\":{escaped},\"OTHER\":\"{CANARY}\"}}"),
        format!("Value '{value}' at 'environment.variables.TOKEN.member' failed to satisfy constraint"),
        format!("could not parse {{\"TOKEN\":{escaped}}}"),
        format!("{{TOKEN={value}}}"),
    ];
    for message in messages {
        for side in 0..2 {
            let (old, new) = if side == 0 { (value.as_str(), "x") } else { ("x", value.as_str()) };
            let change = Change::Environment {
                before: variables(&[("TOKEN", old)]),
                after: variables(&[("TOKEN", new)]),
            };
            let fault = Fault::error(400, "InvalidParameterValueException", &message);
            let (error, _) = met(change, fault).await;
            assert_eq!(error.kind, Kind::Invalid);
            assert_presentable(&error);
            assert!(!error.message.contains("end'") && error.message.contains('…'), "{error}");
            assert!(error.request_id.is_some());
        }
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_not_wiped() {
    let server = FaultServer::start();
    let unreadable = json!({ "Configuration": {
        "FunctionName": FUNCTION,
        "RevisionId": "r",
        "Environment": { "Error": { "ErrorCode": "AccessDeniedException", "Message": CANARY } },
    } });
    server.always("GetFunction", Fault::Answer(Reply::json(&unreadable)));
    let session = Session::open(&spec(&server.endpoint())).await.unwrap();
    let change = Change::Environment { before: Variables::new(), after: variables(&[("A1", "x")]) };
    let error = write(&session, &order(change)).await.unwrap_err();
    assert_eq!((error.kind, changing(&server)), (Kind::Denied, 0), "{error}");
    assert!(error.message.contains("saving would wipe them"), "{error}");
    assert_presentable(&error);

    let tags = json!({ "Configuration": { "FunctionName": FUNCTION }, "TagsError": { "ErrorCode": "AccessDeniedException", "Message": "no" } });
    server.always("GetFunction", Fault::Answer(Reply::json(&tags)));
    let change = Change::Tag { key: "team".into(), before: None, after: Some("a".into()) };
    let error = write(&session, &order(change)).await.unwrap_err();
    assert_eq!((error.kind, changing(&server)), (Kind::Denied, 0), "{error}");
}

/// Empty is how AWS is told to remove something.
#[tokio::test]
async fn what_is_removed_is_sent_as_empty() {
    let all = |filled: bool| {
        let text = |text: &'static str| if filled { text } else { "" };
        settings(&[
            (Setting::Description, text("x")),
            (Setting::Layers, text("arn:aws:lambda:eu-west-1:1:layer:a:1")),
            (Setting::ImageEntryPoint, text("/bin/x")),
            (Setting::ImageCommand, text("a\nb")),
            (Setting::ImageWorkingDirectory, text("/x")),
            (Setting::KmsKey, text("arn:aws:kms:eu-west-1:1:key/x")),
            (Setting::Subnets, text("subnet-1")),
            (Setting::SecurityGroups, text("sg-1")),
            (Setting::FileSystems, text("arn:aws:elasticfilesystem:eu-west-1:1:access-point/x /mnt/x")),
            (Setting::LogGroup, text("/x")),
            (Setting::DeadLetter, text("arn:aws:sqs:eu-west-1:1:x")),
        ])
    };
    let image = json!({
        "EntryPoint": ["/bin/x"], "Command": ["a", "b"], "WorkingDirectory": "/x",
    });
    let function = json!({ "Configuration": {
        "FunctionName": FUNCTION, "RevisionId": "r", "Description": "x", "PackageType": "Image",
        "Layers": [{ "Arn": "arn:aws:lambda:eu-west-1:1:layer:a:1" }],
        "ImageConfigResponse": { "ImageConfig": image },
        "KMSKeyArn": "arn:aws:kms:eu-west-1:1:key/x",
        "VpcConfig": { "VpcId": "vpc-1", "SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"] },
        "FileSystemConfigs": [{ "Arn": "arn:aws:elasticfilesystem:eu-west-1:1:access-point/x", "LocalMountPath": "/mnt/x" }],
        "LoggingConfig": { "LogGroup": "/x" },
        "DeadLetterConfig": { "TargetArn": "arn:aws:sqs:eu-west-1:1:x" },
    } });
    let server = FaultServer::start();
    server.always("GetFunction", Fault::Answer(Reply::json(&function)));
    server.always("UpdateFunctionConfiguration", Fault::Answer(Reply::json(&json!({ "RevisionId": "s" }))));
    let session = Session::open(&spec(&server.endpoint())).await.unwrap();
    // Layers are no setting of an image: they are tried by themselves.
    let without = |settings: &Settings, layers: bool| -> Settings {
        let map = settings.as_map().iter().filter(|(setting, _)| (**setting == Setting::Layers) == layers);
        map.map(|(setting, text)| (*setting, text.clone())).collect::<BTreeMap<_, _>>().into()
    };
    let change = Change::Settings { before: without(&all(true), false), after: without(&all(false), false) };
    let written = write(&session, &order(change)).await.unwrap();
    assert_eq!(written.revision_id.as_deref(), Some("s"));
    let sent = server.requests("UpdateFunctionConfiguration")[0].json();
    assert_eq!(
        sent,
        json!({
            "Description": "",
            "ImageConfig": { "EntryPoint": [], "Command": [], "WorkingDirectory": "" },
            "KMSKeyArn": "",
            "VpcConfig": { "SubnetIds": [], "SecurityGroupIds": [] },
            "FileSystemConfigs": [],
            "LoggingConfig": { "LogGroup": "/aws/lambda/checkout" },
            "DeadLetterConfig": { "TargetArn": "" },
            "RevisionId": "r",
        })
    );

    let mut zip = function.clone();
    zip["Configuration"]["PackageType"] = json!("Zip");
    server.always("GetFunction", Fault::Answer(Reply::json(&zip)));
    let change = Change::Settings { before: without(&all(true), true), after: without(&all(false), true) };
    write(&session, &order(change)).await.unwrap();
    assert_eq!(
        server.requests("UpdateFunctionConfiguration")[1].json(),
        json!({ "Layers": [], "RevisionId": "r" })
    );

    let weighted = json!({
        "Name": "live", "FunctionVersion": "1", "RevisionId": "r",
        "RoutingConfig": { "AdditionalVersionWeights": { "2": 0.1 } },
    });
    server.always("GetAlias", Fault::Answer(Reply::json(&weighted)));
    server.always("UpdateAlias", Fault::Answer(Reply::json(&json!({ "RevisionId": "s" }))));
    let change =
        Change::Alias { name: "live".into(), before: alias("1", Some(("2", 0.1))), after: alias("1", None) };
    write(&session, &order(change)).await.unwrap();
    assert_eq!(
        server.requests("UpdateAlias")[0].json(),
        json!({ "RoutingConfig": { "AdditionalVersionWeights": {} }, "RevisionId": "r" })
    );
}

#[tokio::test]
async fn what_cannot_be_sent_is_told_and_not_sent() {
    let server = FaultServer::start();
    let function =
        json!({ "Configuration": { "FunctionName": FUNCTION, "RevisionId": "r", "MemorySize": 128 } });
    server.always("GetFunction", Fault::Answer(Reply::json(&function)));
    let session = Session::open(&spec(&server.endpoint())).await.unwrap();
    for after in ["", "much", "99999999999"] {
        let (before, after) = (settings(&[(Setting::Memory, "128")]), settings(&[(Setting::Memory, after)]));
        let error = write(&session, &order(Change::Settings { before, after })).await.unwrap_err();
        assert_eq!((error.kind, changing(&server)), (Kind::Invalid, 0), "{error}");
    }
    let same = settings(&[(Setting::Memory, "128")]);
    let error =
        write(&session, &order(Change::Settings { before: same.clone(), after: same })).await.unwrap_err();
    assert_eq!((error.kind, changing(&server)), (Kind::Invalid, 0), "{error}");
}
