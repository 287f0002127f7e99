//! Each template is read with its type and written again. A member that is lost on the way is one that the type does
//! not know: mistyped in the template, or missing in the type, which [`UNKNOWN`] lists.

use std::collections::BTreeSet;

use aws_lambda_events::event::{
    activemq::ActiveMqEvent,
    alb::AlbTargetGroupRequest,
    apigw::{
        ApiGatewayCustomAuthorizerRequest, ApiGatewayCustomAuthorizerRequestTypeRequest,
        ApiGatewayProxyRequest, ApiGatewayV2CustomAuthorizerV1Request, ApiGatewayV2CustomAuthorizerV2Request,
        ApiGatewayV2httpRequest, ApiGatewayWebsocketProxyRequest,
    },
    appsync::{AppSyncCognitoIdentity, AppSyncDirectResolverEvent, AppSyncLambdaAuthorizerRequest},
    autoscaling::AutoScalingEvent,
    bedrock_agent_runtime::AgentEvent,
    cloudformation::CloudFormationCustomResourceRequest,
    cloudwatch_alarms::{CloudWatchAlarmStateReasonData, CloudWatchCompositeAlarm, CloudWatchMetricAlarm},
    cloudwatch_events::{CloudWatchEvent, cloudtrail::AWSAPICall, ec2::InstanceStateChange},
    cloudwatch_logs::LogsEvent,
    code_commit::CodeCommitEvent,
    codebuild::CodeBuildEvent,
    codedeploy::CodeDeployLifecycleEvent,
    codepipeline_job::CodePipelineJobEvent,
    cognito::{
        CognitoEventUserPoolsCreateAuthChallenge, CognitoEventUserPoolsCustomMessage,
        CognitoEventUserPoolsDefineAuthChallenge, CognitoEventUserPoolsMigrateUser,
        CognitoEventUserPoolsPostAuthentication, CognitoEventUserPoolsPostConfirmation,
        CognitoEventUserPoolsPreAuthentication, CognitoEventUserPoolsPreSignup,
        CognitoEventUserPoolsPreTokenGen, CognitoEventUserPoolsPreTokenGenV2,
        CognitoEventUserPoolsVerifyAuthChallenge,
    },
    config::ConfigEvent,
    connect::ConnectEvent,
    documentdb::DocumentDbEvent,
    dynamodb,
    eventbridge::EventBridgeEvent,
    firehose::KinesisFirehoseEvent,
    iot::IoTCoreCustomAuthorizerRequest,
    iot_button::IoTButtonEvent,
    kafka::KafkaEvent,
    kinesis::KinesisEvent,
    lambda_function_urls::LambdaFunctionUrlRequest,
    rabbitmq::RabbitMqEvent,
    s3::{S3Event, batch_job::S3BatchJobEvent, object_lambda::S3ObjectLambdaEvent},
    secretsmanager::SecretsManagerSecretRotationEvent,
    ses::SimpleEmailEvent,
    sns::{CloudWatchAlarmPayload, SnsEvent, SnsEventObj},
    sqs::{SqsEvent, SqsEventObj, SqsMessage},
    vpc_lattice::VpcLatticeRequestV2,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use lambdeck::domain::template;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::values;

/// Reads a text as a type and writes it again.
type Round = fn(&str) -> Result<Value, String>;

fn round<T: DeserializeOwned + Serialize>(text: &str) -> Result<Value, String> {
    let read: T = serde_json::from_str(text).map_err(|error| error.to_string())?;
    serde_json::to_value(read).map_err(|error| error.to_string())
}

const TYPES: &[(&str, Round)] = &[
    ("activemq", round::<ActiveMqEvent>),
    ("alb", round::<AlbTargetGroupRequest>),
    ("alb-multi-value", round::<AlbTargetGroupRequest>),
    ("apigateway-authorizer-request", round::<ApiGatewayCustomAuthorizerRequestTypeRequest>),
    ("apigateway-authorizer-token", round::<ApiGatewayCustomAuthorizerRequest>),
    ("apigateway-http-authorizer", round::<ApiGatewayV2CustomAuthorizerV2Request>),
    ("apigateway-http-authorizer-v1", round::<ApiGatewayV2CustomAuthorizerV1Request>),
    ("apigateway-http-v1", round::<ApiGatewayProxyRequest>),
    ("apigateway-http-v2", round::<ApiGatewayV2httpRequest>),
    ("apigateway-rest", round::<ApiGatewayProxyRequest>),
    ("apigateway-websocket-connect", round::<ApiGatewayWebsocketProxyRequest>),
    ("apigateway-websocket-disconnect", round::<ApiGatewayWebsocketProxyRequest>),
    ("apigateway-websocket-message", round::<ApiGatewayWebsocketProxyRequest>),
    ("appsync-authorizer", round::<AppSyncLambdaAuthorizerRequest>),
    ("appsync-resolver", round::<AppSyncDirectResolverEvent>),
    ("autoscaling-lifecycle", round::<AutoScalingEvent>),
    ("bedrock-agent", round::<AgentEvent>),
    ("cloudformation-create", round::<CloudFormationCustomResourceRequest>),
    ("cloudformation-delete", round::<CloudFormationCustomResourceRequest>),
    ("cloudformation-update", round::<CloudFormationCustomResourceRequest>),
    ("cloudwatch-alarm", round::<CloudWatchMetricAlarm>),
    ("cloudwatch-alarm-composite", round::<CloudWatchCompositeAlarm>),
    ("cloudwatch-logs", round::<LogsEvent>),
    ("codebuild-state", round::<CodeBuildEvent>),
    ("codecommit", round::<CodeCommitEvent>),
    ("codedeploy-hook", round::<CodeDeployLifecycleEvent>),
    ("codepipeline-job", round::<CodePipelineJobEvent>),
    ("cognito-create-auth-challenge", round::<CognitoEventUserPoolsCreateAuthChallenge>),
    ("cognito-custom-message", round::<CognitoEventUserPoolsCustomMessage>),
    ("cognito-define-auth-challenge", round::<CognitoEventUserPoolsDefineAuthChallenge>),
    ("cognito-migrate-user", round::<CognitoEventUserPoolsMigrateUser>),
    ("cognito-post-authentication", round::<CognitoEventUserPoolsPostAuthentication>),
    ("cognito-post-confirmation", round::<CognitoEventUserPoolsPostConfirmation>),
    ("cognito-pre-authentication", round::<CognitoEventUserPoolsPreAuthentication>),
    ("cognito-pre-signup", round::<CognitoEventUserPoolsPreSignup>),
    ("cognito-pre-token-generation", round::<CognitoEventUserPoolsPreTokenGen>),
    ("cognito-pre-token-generation-v2", round::<CognitoEventUserPoolsPreTokenGenV2>),
    ("cognito-verify-auth-challenge", round::<CognitoEventUserPoolsVerifyAuthChallenge>),
    ("config-rule", round::<ConfigEvent>),
    ("config-rule-periodic", round::<ConfigEvent>),
    ("connect", round::<ConnectEvent>),
    ("documentdb", round::<DocumentDbEvent>),
    ("dynamodb-stream", round::<dynamodb::Event>),
    ("eventbridge-cloudtrail", round::<CloudWatchEvent<AWSAPICall>>),
    ("eventbridge-custom", round::<EventBridgeEvent>),
    ("eventbridge-ec2-state", round::<CloudWatchEvent<InstanceStateChange>>),
    ("eventbridge-pipe", round::<Vec<SqsMessage>>),
    ("eventbridge-scheduled", round::<EventBridgeEvent>),
    ("eventbridge-scheduler", round::<EventBridgeEvent<String>>),
    ("firehose", round::<KinesisFirehoseEvent>),
    ("function-url", round::<LambdaFunctionUrlRequest>),
    ("function-url-iam", round::<LambdaFunctionUrlRequest>),
    ("iot-authorizer", round::<IoTCoreCustomAuthorizerRequest>),
    ("iot-button", round::<IoTButtonEvent>),
    ("kafka", round::<KafkaEvent>),
    ("kinesis", round::<KinesisEvent>),
    ("msk", round::<KafkaEvent>),
    ("rabbitmq", round::<RabbitMqEvent>),
    ("s3-batch", round::<S3BatchJobEvent>),
    ("s3-batch-v2", round::<S3BatchJobEvent>),
    ("s3-delete", round::<S3Event>),
    ("s3-eventbridge", round::<EventBridgeEvent>),
    ("s3-object-lambda", round::<S3ObjectLambdaEvent>),
    ("s3-put", round::<S3Event>),
    ("secretsmanager-rotation", round::<SecretsManagerSecretRotationEvent>),
    ("ses-receipt", round::<SimpleEmailEvent>),
    ("sns", round::<SnsEvent>),
    ("sns-alarm", round::<SnsEventObj<CloudWatchAlarmPayload>>),
    ("sqs", round::<SqsEvent>),
    ("sqs-fifo", round::<SqsEvent>),
    ("sqs-s3", round::<SqsEventObj<S3Event>>),
    ("sqs-sns", round::<SqsEvent>),
    ("vpc-lattice", round::<VpcLatticeRequestV2>),
];

/// Services that the crate has no type for, or one of another version.
const WITHOUT_TYPE: &[&str] = &[
    "alexa-intent",
    "alexa-launch",
    "alexa-smart-home",
    "bedrock-agent-function",
    "cloudformation-macro",
    "cloudfront-origin-request",
    "cloudfront-origin-response",
    "cloudfront-viewer-request",
    "cloudfront-viewer-response",
    "cognito-custom-email-sender",
    "empty",
    "hello",
    "iot-rule",
    "lambda-destination",
    "lex-v2",
    "stepfunctions-callback",
    "stepfunctions-map-batch",
    "stepfunctions-task",
    "warm-up",
];

/// What AWS documents and the type does not have.
const UNKNOWN: &[(&str, &[&str])] = &[
    ("apigateway-authorizer-request", AUTHORIZER_CONTEXT),
    ("apigateway-http-authorizer-v1", AUTHORIZER_CONTEXT),
    ("apigateway-http-v1", &["/requestcontext/extendedrequestid", "/version"]),
    ("apigateway-rest", &["/requestcontext/extendedrequestid"]),
    ("appsync-authorizer", &["/requestheaders"]),
    // Any identity reads as one of IAM's, the first that the type tries.
    (
        "appsync-resolver",
        &[
            "/identity/claims",
            "/identity/defaultauthstrategy",
            "/identity/groups",
            "/identity/issuer",
            "/identity/sub",
        ],
    ),
    (
        "codepipeline-job",
        &[
            "/codepipeline.job/data/artifactcredentials/expirationtime",
            "/codepipeline.job/data/encryptionkey",
        ],
    ),
    ("cognito-custom-message", &["/request/linkparameter"]),
    ("cognito-pre-authentication", &["/request/usernotfound"]),
    ("connect", &["/details/contactdata/languagecode", "/details/contactdata/mediastreams"]),
    ("documentdb", &["/events/event/fulldocument"]),
    (
        "eventbridge-cloudtrail",
        &[
            "/detail/eventcategory",
            "/detail/managementevent",
            "/detail/readonly",
            "/detail/recipientaccountid",
            "/detail/resources",
            "/detail/useridentity/accesskeyid",
        ],
    ),
    ("function-url", &["/requestcontext/routekey", "/requestcontext/stage", "/routekey"]),
    (
        "function-url-iam",
        &[
            "/requestcontext/authorizer/iam/principalorgid",
            "/requestcontext/routekey",
            "/requestcontext/stage",
            "/routekey",
        ],
    ),
    // The type is that of schema 1.0.
    ("s3-batch-v2", &["/job/userarguments", "/tasks/s3bucket"]),
];

const AUTHORIZER_CONTEXT: &[&str] = &[
    "/requestcontext/domainname",
    "/requestcontext/domainprefix",
    "/requestcontext/extendedrequestid",
    "/requestcontext/identity/useragent",
    "/requestcontext/protocol",
    "/requestcontext/requesttime",
    "/requestcontext/requesttimeepoch",
];

/// The members of a value that say something, as paths without the places in lists. In lower case: the names of
/// headers come back so.
fn paths(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let path = format!("{path}/{}", name.to_lowercase());
                let says_nothing = value.is_null()
                    || value.as_array().is_some_and(Vec::is_empty)
                    || value.as_object().is_some_and(serde_json::Map::is_empty);
                if !says_nothing {
                    found.insert(path.clone());
                }
                paths(value, &path, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| paths(item, path, found)),
        _ => {}
    }
}

/// Of paths in order those that are not within another one of them.
fn outermost<'p>(paths: impl Iterator<Item = &'p str>) -> Vec<&'p str> {
    let mut found: Vec<&str> = vec![];
    for path in paths {
        let within = |outer: &&str| path.strip_prefix(*outer).is_some_and(|rest| rest.starts_with('/'));
        if !found.iter().any(within) {
            found.push(path);
        }
    }
    found
}

#[test]
fn every_template_reads_as_its_type_which_loses_nothing() {
    let mut wrong = vec![];
    for (id, round) in TYPES {
        let template = template::find(id).unwrap_or_else(|| panic!("{id} is missing"));
        for region in ["eu-west-1", "cn-north-1"] {
            let text = template.render(&values(region));
            let written = match round(&text) {
                Ok(written) => written,
                Err(why) => {
                    wrong.push(format!("{id}: {why}"));
                    continue;
                }
            };
            let (mut before, mut after) = (BTreeSet::new(), BTreeSet::new());
            paths(&serde_json::from_str(&text).unwrap(), "", &mut before);
            paths(&written, "", &mut after);
            let lost = outermost(before.difference(&after).map(String::as_str));
            let unknown = UNKNOWN.iter().find(|(known, _)| known == id).map_or(&[][..], |(_, paths)| paths);
            if lost != unknown {
                wrong.push(format!("{id}: lost {lost:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_template_has_a_type_or_is_known_to_have_none() {
    let typed: BTreeSet<&str> = TYPES.iter().map(|(id, _)| *id).chain(WITHOUT_TYPE.iter().copied()).collect();
    let ids: BTreeSet<&str> = template::all().iter().map(|template| template.id).collect();
    assert_eq!(typed, ids);
}

#[track_caller]
fn read<T: DeserializeOwned>(id: &str) -> T {
    serde_json::from_str(&template::find(id).unwrap().render(&values("eu-west-1"))).unwrap()
}

fn text(value: Option<&String>) -> &str {
    value.map_or("", String::as_str)
}

#[test]
fn messages_are_read() {
    let sqs: SqsEvent = read("sqs");
    let [first, second] = sqs.records.as_slice() else { panic!("{sqs:?}") };
    assert_eq!(text(first.event_source_arn.as_ref()), "arn:aws:sqs:eu-west-1:123456789012:example-queue");
    let body: Value = serde_json::from_str(text(first.body.as_ref())).unwrap();
    assert_eq!(body["orderId"], "A-1042");
    assert_eq!(text(second.message_attributes["Source"].string_value.as_ref()), "web-shop");
    // What md5sum says; of the attributes as the SQS developer guide has it.
    assert_eq!(
        text(second.body.as_ref()),
        r#"{"orderId":"A-1043","customer":"john.roe","total":7,"currency":"EUR"}"#
    );
    assert_eq!(text(second.md5_of_body.as_ref()), "61e1269b517351b60073703cf134420c");
    assert_eq!(text(second.md5_of_message_attributes.as_ref()), "2df3c177227ecb85db418ed5bd9a5a7c");
    let fifo: SqsEvent = read("sqs-fifo");
    let groups = fifo.records.iter().map(|record| record.attributes["MessageGroupId"].as_str());
    assert_eq!(groups.collect::<Vec<_>>(), ["jane.doe"; 2]);
    assert!(fifo.records.is_sorted_by_key(|record| record.attributes["SequenceNumber"].clone()));
    let through: SqsEventObj<S3Event> = read("sqs-s3");
    assert_eq!(text(through.records[0].body.records[0].s3.bucket.name.as_ref()), "example-bucket");
    let sns: SnsEvent = read("sns");
    assert_eq!(sns.records[0].sns.message_attributes["state"].value, "SHIPPED");
    let alarm: SnsEventObj<CloudWatchAlarmPayload> = read("sns-alarm");
    assert_eq!(alarm.records[0].sns.message.trigger.dimensions[0].name, "FunctionName");
    let rabbit: RabbitMqEvent = read("rabbitmq");
    let message = &rabbit.messages_by_queue["example-queue::/"][0];
    let data = STANDARD.decode(text(message.data.as_ref())).unwrap();
    assert_eq!(data.len() as u64, message.basic_properties.body_size);
    let kafka: KafkaEvent = read("msk");
    let record = &kafka.records["example-topic-0"][0];
    assert_eq!(STANDARD.decode(text(record.key.as_ref())).unwrap(), b"A-1042");
    let header: Vec<u8> = record.headers[0]["source"].iter().map(|byte| byte.cast_unsigned()).collect();
    assert_eq!(header, b"web-shop");
}

#[test]
fn streams_are_read() {
    let kinesis: KinesisEvent = read("kinesis");
    let data: Value = serde_json::from_slice(&kinesis.records[0].kinesis.data).unwrap();
    assert_eq!(data["device"], "device-17");
    assert_eq!(data["at"], "2026-11-20T14:03:21.123Z");
    assert_eq!(
        kinesis.records[0].kinesis.approximate_arrival_timestamp.0.timestamp_millis(),
        1_795_183_401_123
    );
    let firehose: KinesisFirehoseEvent = read("firehose");
    assert!(std::str::from_utf8(&firehose.records[1].data).unwrap().contains("20/Nov/2026:14:03:21 +0000"));
    let dynamodb: dynamodb::Event = read("dynamodb-stream");
    let names: Vec<&str> = dynamodb.records.iter().map(|record| record.event_name.as_str()).collect();
    assert_eq!(names, ["INSERT", "MODIFY", "REMOVE"]);
    assert!(dynamodb.records[1].change.old_image.get("paid").is_some());
    assert_eq!(
        text(dynamodb.records[2].user_identity.as_ref().map(|who| &who.principal_id)),
        "dynamodb.amazonaws.com"
    );
    let logs: LogsEvent = read("cloudwatch-logs");
    assert_eq!(logs.aws_logs.data.log_group, "/aws/lambda/my-function");
    assert_eq!(logs.aws_logs.data.log_events.len(), 3);
}

#[test]
fn requests_are_read() {
    let rest: ApiGatewayProxyRequest = read("apigateway-rest");
    assert_eq!(rest.http_method, "POST");
    assert_eq!(rest.path_parameters["orderId"], "A-1042");
    assert_eq!(rest.multi_value_query_string_parameters.all("notify").unwrap(), ["mail", "sms"]);
    let http: ApiGatewayV2httpRequest = read("apigateway-http-v2");
    let jwt = http.request_context.authorizer.unwrap().jwt.unwrap();
    assert_eq!(jwt.claims["scope"], "orders/write");
    assert_eq!(http.headers["content-length"], http.body.unwrap().len().to_string());
    let connect: ApiGatewayWebsocketProxyRequest = read("apigateway-websocket-connect");
    let message: ApiGatewayWebsocketProxyRequest = read("apigateway-websocket-message");
    assert_eq!(text(connect.request_context.route_key.as_ref()), "$connect");
    assert!(message.request_context.message_id.is_some() && message.body.is_some());
    let url: LambdaFunctionUrlRequest = read("function-url-iam");
    let iam = url.request_context.authorizer.unwrap().iam.unwrap();
    assert_eq!(text(iam.user_arn.as_ref()), "arn:aws:sts::123456789012:assumed-role/Developer/jane.doe");
    let alb: AlbTargetGroupRequest = read("alb-multi-value");
    assert_eq!(alb.multi_value_headers.get_all("cookie").iter().count(), 2);
    let token: ApiGatewayCustomAuthorizerRequest = read("apigateway-authorizer-token");
    assert!(text(token.method_arn.as_ref()).starts_with("arn:aws:execute-api:eu-west-1:123456789012:"));
    let resolver = super::event("appsync-resolver");
    let identity: AppSyncCognitoIdentity = serde_json::from_value(resolver["identity"].clone()).unwrap();
    assert_eq!(text(identity.username.as_ref()), "jane.doe");
}

#[test]
fn what_services_tell_of_is_read() {
    let put: S3Event = read("s3-put");
    assert_eq!(text(put.records[0].event_name.as_ref()), "ObjectCreated:Put");
    assert_eq!(text(put.records[0].s3.object.key.as_ref()), "photos/2026/sunset+over+sea.jpg");
    let delete: S3Event = read("s3-delete");
    assert_eq!(delete.records[0].s3.object.size, None);
    let alarm: CloudWatchMetricAlarm = read("cloudwatch-alarm");
    let reason = alarm.alarm_data.state.unwrap().reason_data.unwrap();
    let CloudWatchAlarmStateReasonData::Metric(data) = reason else { panic!("{reason:?}") };
    assert!(data.recent_datapoints[0] > data.threshold);
    assert!(data.start_date < data.query_date);
    let composite: CloudWatchCompositeAlarm = read("cloudwatch-alarm-composite");
    let reason = composite.alarm_data.state.unwrap().reason_data.unwrap();
    assert!(matches!(reason, CloudWatchAlarmStateReasonData::Composite(_)), "{reason:?}");
    let update: CloudFormationCustomResourceRequest = read("cloudformation-update");
    let CloudFormationCustomResourceRequest::Update(update) = update else { panic!("{update:?}") };
    assert_ne!(update.resource_properties, update.old_resource_properties);
    let rule: ConfigEvent = read("config-rule");
    let invoking: Value = serde_json::from_str(text(rule.invoking_event.as_ref())).unwrap();
    assert_eq!(invoking["configurationItem"]["resourceName"], "example-bucket");
    let job: CodePipelineJobEvent = read("codepipeline-job");
    let configuration = job.code_pipeline_job.data.action_configuration.configuration;
    assert_eq!(text(configuration.function_name.as_ref()), "my-function");
    let build: CodeBuildEvent = read("codebuild-state");
    assert_eq!(
        build.detail.additional_information.build_start_time.to_rfc3339(),
        "2026-11-20T14:00:22+00:00"
    );
    let signup: CognitoEventUserPoolsPreSignup = read("cognito-pre-signup");
    assert_eq!(text(signup.cognito_event_user_pools_header.user_name.as_ref()), "jane.doe");
    assert!(!signup.response.auto_confirm_user);
}
