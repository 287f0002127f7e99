//! Templates: every intrinsic function, Globals, events, and what is said of the rest, with its line.

mod values;

use std::{fs, path::Path};

use rstest::rstest;
use serde_json::{Value as Json, json};

use super::{FunctionUrl, Plan, Source, VersionRef, Warning, template};
use crate::local::{
    lambda::names::Place,
    triggers::{self, Notification, Rule, Trigger},
};

fn place() -> Place {
    Place { partition: "aws", region: "eu-west-1".into(), account_id: "123456789012".into() }
}

/// Reads a template that lies beside a folder `src`.
fn plan(text: &str) -> Result<Plan, String> {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("shop");
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(folder.join("code.zip"), "").unwrap();
    let mut plan =
        template::read(&folder.join("template.yaml"), text, &place(), &[]).map_err(|it| it.to_string())?;
    // What is compared below knows nothing of the temporary folder.
    let short = |path: &Path| path.strip_prefix(&folder).unwrap_or(path).to_owned();
    for warning in &mut plan.warnings {
        warning.path = short(&warning.path);
        warning.text = warning.text.replace(&format!("{}/", folder.display()), "");
    }
    for trigger in &mut plan.triggers {
        if let triggers::Source::Bucket(notification) = &mut trigger.source {
            notification.folder = short(&notification.folder);
        }
    }
    Ok(plan)
}

fn said(plan: &Plan) -> Vec<String> {
    plan.warnings.iter().map(ToString::to_string).collect()
}

const WHOLE: &str = "\
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Runtime: python3.13
    Timeout: 20
    MemorySize: 256
    Layers: [!Ref Shared]
    Environment:
      Variables: {STAGE: prod, LEVEL: info}
    Tags: {team: shop}
Resources:
  Shared:
    Type: AWS::Serverless::LayerVersion
    Properties:
      LayerName: shared
      ContentUri: src
      CompatibleRuntimes: [python3.13]
  Uploads:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: shop-uploads
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: orders
      Handler: app.handler
      CodeUri: ./src
      Timeout: '40'
      Layers:
        - arn:aws:lambda:eu-west-1:111122223333:layer:foreign:3
      Environment:
        Variables: {LEVEL: debug, NEXT: !GetAtt Mailer.Arn}
      Policies: [AmazonS3FullAccess]
      Role: !GetAtt Missing.Arn
      ReservedConcurrentExecutions: 5
      AutoPublishAlias: live
      ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 1}
      FunctionUrlConfig:
        AuthType: NONE
        InvokeMode: RESPONSE_STREAM
        Cors: {AllowOrigins: ['*'], MaxAge: 60}
      EventInvokeConfig:
        MaximumRetryAttempts: 1
        DestinationConfig:
          OnSuccess: {Type: Lambda, Destination: !GetAtt Mailer.Arn}
          OnFailure: {Type: SQS}
      LoggingConfig: {LogFormat: JSON}
      Events:
        Files:
          Type: S3
          Properties:
            Bucket: !Ref Uploads
            Events: s3:ObjectCreated:*
            Filter:
              S3Key:
                Rules:
                  - {Name: prefix, Value: in/}
                  - {Name: suffix, Value: .jpg}
        Nightly:
          Type: Schedule
          Properties: {Schedule: cron(0 3 * * ? *), Input: '{\"job\": 1}'}
        Off:
          Type: Schedule
          Properties: {Schedule: rate(1 minute), Enabled: false}
        Soon:
          Type: ScheduleV2
          Properties: {ScheduleExpression: rate(5 minutes), Name: soon}
        Web:
          Type: HttpApi
        Stream:
          Type: Kinesis
          Properties: {Stream: x}
  Mailer:
    Type: AWS::Lambda::Function
    Properties:
      Handler: index.handler
      Runtime: nodejs22.x
      Code: {ZipFile: 'exports.handler = async () => 1'}
      TracingConfig: {Mode: Active}
      Tags: [{Key: a, Value: b}]
      VpcConfig: {SubnetIds: [subnet-1]}
      TimeOut: 3
  Site:
    Type: AWS::Serverless::HttpApi
  Version1:
    Type: AWS::Lambda::Version
    Properties: {FunctionName: !Ref Mailer}
  Alias1:
    Type: AWS::Lambda::Alias
    Properties: {FunctionName: !Ref Mailer, FunctionVersion: !GetAtt Version1.Version, Name: stable}
  Allow:
    Type: AWS::Lambda::Permission
    Properties: {FunctionName: !GetAtt Orders.Arn, Action: lambda:InvokeFunction, Principal: s3.amazonaws.com, SourceArn: !GetAtt Uploads.Arn}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: rate(2 hours)
      Targets: [{Id: a, Arn: !GetAtt Mailer.Arn, Input: '2'}, {Id: b, Arn: 'arn:aws:sqs:eu-west-1:1:q'}]
";

#[test]
fn a_whole_template_becomes_a_plan() {
    let plan = plan(WHOLE).unwrap();
    let [orders, mailer] = plan.functions.as_slice() else { panic!("{:?}", said(&plan)) };
    assert_eq!((orders.name.as_str(), orders.line), ("orders", Some(23)));
    assert_eq!(
        Json::Object(orders.settings.clone()),
        json!({
            "Handler": "app.handler", "Runtime": "python3.13", "Timeout": 40, "MemorySize": 256,
            "LoggingConfig": { "LogFormat": "JSON" },
            "Environment": { "Variables": {
                "STAGE": "prod", "LEVEL": "debug", "NEXT": "arn:aws:lambda:eu-west-1:123456789012:function:Mailer",
            } },
        })
    );
    let own = "arn:aws:lambda:eu-west-1:123456789012:layer:shared:1";
    assert_eq!(orders.layers, [own, "arn:aws:lambda:eu-west-1:111122223333:layer:foreign:3"]);
    assert_eq!(
        (orders.reserved, orders.alias.as_deref(), orders.provisioned),
        (Some(5), Some("live"), Some(1))
    );
    assert_eq!(orders.tags["team"], "shop");
    assert!(matches!(&orders.code, Source::Folder { root, .. } if root.ends_with("src")));
    assert_eq!(
        mailer.code,
        Source::Inline { file: "index.js", text: "exports.handler = async () => 1".into() }
    );
    // Globals are SAM's: they say nothing of a function of CloudFormation's.
    assert_eq!(
        Json::Object(mailer.settings.clone()),
        json!({ "Handler": "index.handler", "Runtime": "nodejs22.x", "TracingConfig": { "Mode": "Active" } })
    );
    assert_eq!(mailer.tags["a"], "b");
    assert_eq!((plan.layers[0].name.as_str(), plan.layers[0].arn.as_str()), ("shared", own));
    assert_eq!(plan.versions[0].function, "Mailer");
    assert_eq!(
        (plan.aliases[0].name.as_str(), &plan.aliases[0].version),
        ("stable", &VersionRef::Planned("Version1".into()))
    );
    assert_eq!(
        Json::Object(plan.permissions[0].statement.clone()),
        json!({ "StatementId": "Allow", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com",
                "SourceArn": "arn:aws:s3:::shop-uploads" })
    );
    assert_eq!(
        (plan.event_configs[0].qualifier.as_deref(), Json::Object(plan.event_configs[0].settings.clone())),
        (
            Some("live"),
            json!({
                "MaximumRetryAttempts": 1,
                "DestinationConfig": { "OnSuccess": { "Destination": "arn:aws:lambda:eu-west-1:123456789012:function:Mailer" } },
            })
        )
    );
    let url = FunctionUrl {
        function: "orders".into(),
        qualifier: Some("live".into()),
        auth_type: "NONE".into(),
        public: true,
        invoke_mode: Some("RESPONSE_STREAM".into()),
        cors: Some(json!({ "AllowOrigins": ["*"], "MaxAge": 60 })),
        line: 39,
    };
    assert_eq!(plan.urls, [url]);
    let rule = |function: &str, name: &str, expression: &str, input: Option<&str>| Trigger {
        function: function.into(),
        source: triggers::Source::Schedule(Rule {
            name: name.into(),
            expression: expression.into(),
            input: input.map(str::to_owned),
        }),
    };
    let bucket = Notification {
        bucket: "shop-uploads".into(),
        folder: "buckets/shop-uploads".into(),
        events: vec!["s3:ObjectCreated:*".into()],
        prefix: "in/".into(),
        suffix: ".jpg".into(),
    };
    assert_eq!(
        plan.triggers,
        [
            Trigger { function: "orders:live".into(), source: triggers::Source::Bucket(bucket) },
            rule("orders:live", "OrdersNightly", "cron(0 3 * * ? *)", Some("{\"job\": 1}")),
            rule("orders:live", "soon", "rate(5 minutes)", None),
            rule("Mailer", "Rule", "rate(2 hours)", Some("2")),
        ]
    );
    let said = said(&plan);
    let wanted = [
        (47, "OnFailure of Orders is left out"),
        (70, "the event Web of Orders (HttpApi) is left out"),
        (72, "the event Stream of Orders (Kinesis) is left out"),
        (82, "VpcConfig of Mailer is left out"),
        (83, "TimeOut of Mailer is left out: functions have no such property: is it Timeout?"),
        (84, "'Site' (AWS::Serverless::HttpApi) is not run"),
        (99, "a target of Rule is left out"),
    ];
    for (at, (line, text)) in wanted.iter().enumerate() {
        let begins = format!("template.yaml:{line}: {text}");
        assert!(said.get(at).is_some_and(|it| it.starts_with(&begins)), "{begins}\n{said:#?}");
    }
    assert_eq!(said.len(), wanted.len(), "{said:#?}");
}

/// One function with these lines among its properties, from line 4 on.
fn function(lines: &str) -> Plan {
    plan(&format!("Resources:\n  F:\n    Properties:\n{lines}    Type: AWS::Serverless::Function\n")).unwrap()
}

#[rstest]
#[case::no_handler("      Runtime: python3.13\n      CodeUri: src\n", "2: F is left out: it has no Handler")]
#[case::no_runtime("      Handler: a.b\n      CodeUri: src\n", "2: F is left out: it has no Runtime")]
#[case::unresolved(
    "      Runtime: !ImportValue x\n      Handler: a.b\n",
    "4: F is left out: its Runtime can't be resolved"
)]
#[case::image("      PackageType: Image\n", "2: F is left out: the local engine runs no container images")]
#[case::no_folder(
    "      Runtime: python3.13\n      Handler: a.b\n      CodeUri: nowhere/\n",
    "6: F is left out: there is no nowhere/"
)]
#[case::s3(
    "      Runtime: python3.13\n      Handler: a.b\n      CodeUri: s3://b/k\n",
    "6: F is left out: its code is in S3"
)]
#[case::s3_map(
    "      Runtime: python3.13\n      Handler: a.b\n      CodeUri: {Bucket: b, Key: k}\n",
    "6: F is left out: its code is in S3"
)]
#[case::inline(
    "      Runtime: java21\n      Handler: a.b\n      InlineCode: x\n",
    "6: F is left out: code in a template is for Python and Node.js only"
)]
fn a_function_without_its_essentials_is_left_out(#[case] lines: &str, #[case] why: &str) {
    let plan = function(lines);
    assert!(plan.functions.is_empty());
    assert!(said(&plan)[0].starts_with(&format!("template.yaml:{why}")), "{:?}", said(&plan));
    assert!(said(&plan)[1].starts_with("template.yaml:1: there is no function in it"), "{:?}", said(&plan));
}

#[rstest]
#[case::memory("MemorySize: lots", "6: MemorySize of F is left out: it must be a whole number")]
#[case::timeout("Timeout: !GetAtt X.Y", "6: Timeout of F is left out: there is no resource 'X'")]
#[case::name(
    "FunctionName: !Ref X",
    "6: the name of F is its logical id: there is no parameter and no resource 'X'"
)]
#[case::provisioned(
    "ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 1}",
    "6: ProvisionedConcurrencyConfig of F is left out: it takes an AutoPublishAlias"
)]
#[case::queue(
    "DeadLetterQueue: {Type: SQS, TargetArn: 'arn:aws:sqs:eu-west-1:123456789012:q'}",
    "6: DeadLetterQueue of F is kept and shown, but nothing is sent there"
)]
#[case::url("FunctionUrlConfig: {InvokeMode: BUFFERED}", "6: the URL of F is left out: it has no AuthType")]
#[case::file_system("FileSystemConfigs: [x]", "6: FileSystemConfigs of F is left out")]
#[case::event(
    "Events: {A: {Type: S3, Properties: {Events: x}}}",
    "6: the event A of F is left out: it has no Bucket"
)]
#[case::bucket(
    "Events: {A: {Type: S3, Properties: {Bucket: ../x, Events: 's3:ObjectCreated:*'}}}",
    "6: the event A of F is left out: '../x' is no bucket's name"
)]
#[case::foreign_event(
    "Events: {A: {Type: S3, Properties: {Bucket: photos, Events: 's3:ReducedRedundancyLostObject'}}}",
    "6: the event A of F: 's3:ReducedRedundancyLostObject' does not happen here"
)]
#[case::once(
    "Events: {A: {Type: ScheduleV2, Properties: {ScheduleExpression: 'at(2026-01-01T00:00:00)'}}}",
    "6: the event A of F is left out: schedules are"
)]
#[case::zone(
    "Events: {A: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 hour), ScheduleExpressionTimezone: Europe/Berlin}}}",
    "6: the event A of F is run in UTC"
)]
#[case::sqs("Events: {A: {Type: SQS, Properties: {Queue: x}}}", "6: the event A of F (SQS) is left out")]
fn what_is_left_out_of_a_function_is_said_with_its_line(#[case] line: &str, #[case] why: &str) {
    let plan = function(&format!("      Runtime: python3.13\n      Handler: a.b\n      {line}\n"));
    assert_eq!(plan.functions.len(), 1);
    assert!(
        said(&plan).iter().any(|it| it.starts_with(&format!("template.yaml:{why}"))),
        "{:?}",
        said(&plan)
    );
}

#[test]
fn a_foreign_architecture_is_run_all_the_same() {
    let foreign = if cfg!(target_arch = "aarch64") { "x86_64" } else { "arm64" };
    let plan = function(&format!(
        "      Runtime: python3.13\n      Handler: a.b\n      Architectures: [{foreign}]\n"
    ));
    assert_eq!(plan.functions[0].architecture, foreign);
    assert!(
        said(&plan)[0].contains(&format!("F is for {foreign}; it is run on this machine's")),
        "{:?}",
        said(&plan)
    );
}

#[test]
fn code_that_must_be_built_first_is_said() {
    let plan = function("      Runtime: provided.al2023\n      Handler: x\n      CodeUri: src\n");
    assert!(said(&plan)[0].contains("template.yaml:2: F: the code must be built first"), "{:?}", said(&plan));
    let plan = function("      Runtime: java21\n      Handler: x\n      CodeUri: code.zip\n");
    assert!(matches!(&plan.functions[0].code, Source::Zip(_)) && said(&plan).is_empty());
}

#[test]
fn conditions_and_parameters_decide_what_is_there() {
    let plan = plan(
        "Parameters:\n  Size:\n    Type: Number\n  Stage: {Type: String, Default: dev}\n\
         Conditions: {Prod: !Equals [!Ref Stage, prod], Unknown: !Equals [!Ref Size, 1]}\n\
         Resources:\n  A: {Type: AWS::SQS::Queue, Condition: Prod}\n  B: {Type: AWS::SQS::Queue, Condition: Unknown}\n  \
         C: {Type: AWS::Lambda::Function, Properties: {Runtime: nodejs22.x, Handler: a.b, Code: src, MemorySize: !Ref Size}}\n",
    )
    .unwrap();
    let wanted = [
        "template.yaml:2: the parameter 'Size' has no Default, so what refers to it can't be resolved: give it one",
        "template.yaml:5: 'B' is taken in all the same: the parameter 'Size' has no Default",
        "template.yaml:8: 'B' (AWS::SQS::Queue) is not run: the local engine has functions, layers, buckets and schedules",
        "template.yaml:9: MemorySize of C is left out: the parameter 'Size' has no Default",
    ];
    assert_eq!(said(&plan), wanted);
    assert_eq!(plan.functions[0].settings.get("MemorySize"), None);
}

#[test]
fn a_bucket_tells_functions_of_its_objects() {
    let plan = plan(
        "Resources:\n  Inbox:\n    Type: AWS::S3::Bucket\n    Properties:\n      NotificationConfiguration:\n        \
         LambdaConfigurations: [{Event: 's3:ObjectRemoved:*', Function: !GetAtt F.Arn, Filter: {S3Key: {Rules: [{Name: Suffix, Value: x}]}}}]\n        \
         QueueConfigurations: [{Event: x}]\n  \
         F: {Type: AWS::Lambda::Function, Properties: {Runtime: nodejs22.x, Handler: a.b, Code: src}}\n",
    )
    .unwrap();
    let triggers::Source::Bucket(notification) = &plan.triggers[0].source else { panic!() };
    assert_eq!(
        (plan.triggers[0].function.as_str(), notification.bucket.as_str(), notification.suffix.as_str()),
        ("F", "inbox", "x")
    );
    assert_eq!(
        said(&plan),
        ["template.yaml:7: QueueConfigurations of Inbox is left out: the local engine has functions only"]
    );
}

#[rstest]
#[case("A: [1\n", "template.yaml:2:1: ")]
#[case("", "template.yaml: it has no section Resources")]
#[case("just a text", "template.yaml: it has no section Resources")]
#[case("Resources: 3", "template.yaml:1: Resources must hold resources")]
#[case("Resources:\n  A:\n  - b\n   c: d\n", "template.yaml:4:")]
fn what_is_no_template_is_an_error(#[case] text: &str, #[case] begins: &str) {
    let error = plan(text).err().unwrap();
    let at = error.find("template.yaml").unwrap();
    assert!(error[at..].starts_with(begins), "{error}");
}

#[test]
fn a_warning_reads_as_compilers_write_theirs() {
    let warning = Warning { path: "a/t.yaml".into(), line: Some(3), text: "x".into() };
    assert_eq!(warning.to_string(), "a/t.yaml:3: x");
    assert_eq!(Warning { line: None, ..warning }.to_string(), "a/t.yaml: x");
}

#[test]
fn what_has_no_end_is_given_up() {
    // Each condition asks twice for the next one: 2^60 questions, were they not remembered.
    let twice = |n| format!("  C{n}: !Or [!Condition C{}, !Condition C{}]\n", n + 1, n + 1);
    let mut text = String::from("Conditions:\n") + &(0..40).map(twice).collect::<String>();
    text += "  C40: !Equals [a, b]\nResources:\n  F:\n    Type: AWS::Serverless::Function\n    Condition: C0\n    \
             Properties: {Runtime: python3.13, Handler: a.b, InlineCode: x}\n";
    assert!(plan(&text).unwrap().functions.is_empty());

    // Too many below each other.
    let next = |n| format!("  C{n}: !Not [!Condition C{}]\n", n + 1);
    let mut deep = String::from("Conditions:\n") + &(0..5_000).map(next).collect::<String>();
    deep += "  C5000: !Equals [a, b]\nResources:\n  F:\n    Type: AWS::Serverless::Function\n    Condition: C0\n    \
             Properties: {Runtime: python3.13, Handler: a.b, InlineCode: x}\n";
    let plan = plan(&deep).unwrap();
    assert!(said(&plan).iter().any(|text| text.contains("depends on too many others")), "{:?}", said(&plan));
}

#[test]
fn a_text_that_doubles_itself_is_given_up() {
    let mut value = "x".to_owned();
    for _ in 0..40 {
        value = format!("!Sub ['${{a}}${{a}}', {{a: {value}}}]");
    }
    let text = format!(
        "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      Runtime: python3.13\n      \
         Handler: a.b\n      InlineCode: x\n      Description: {value}\n"
    );
    let plan = plan(&text).unwrap();
    assert!(
        said(&plan).iter().any(|text| text.contains("too many steps") || text.contains("too long")),
        "{:?}",
        said(&plan)
    );
}

#[test]
fn a_schedule_that_is_none_is_named_with_its_line() {
    let plan = plan(
        "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      Runtime: python3.13\n      Handler: a.b\n      \
         InlineCode: x\n      Events:\n        A: {Type: Schedule, Properties: {Schedule: rate(5 minute)}}\n",
    )
    .unwrap();
    assert!(plan.triggers.is_empty());
    let said = said(&plan);
    assert!(
        said.len() == 1 && said[0].starts_with("template.yaml:9: the event A of F is left out: "),
        "{said:?}"
    );
}
