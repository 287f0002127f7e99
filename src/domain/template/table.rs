//! Every template there is: what is not in this list is not in the program.

use super::Template;

/// Service by service: id, title, description.
macro_rules! templates {
    ($($service:literal { $($id:literal, $title:literal, $about:literal;)+ })+) => {
        pub(super) static ALL: &[Template] = &[$($(Template {
            id: $id,
            title: $title,
            service: $service,
            about: $about,
            source: include_str!(concat!("../../../assets/events/", $id, ".json")),
        },)+)+];
    };
}

templates! {
    "AWS Lambda" {
        "hello", "Hello", "a few members, for functions that take any event";
        "empty", "Empty object", "{}, for functions that look at no event";
        "warm-up", "Warm-up call", "what warm-up plug-ins send so that an environment stays alive";
        "function-url", "Function URL request", "payload 2.0, open to everybody (NONE)";
        "function-url-iam", "Function URL request, signed", "payload 2.0 with the caller that IAM knows";
        "lambda-destination", "Asynchronous invocation failed", "what an on-failure destination receives";
    }
    "Amazon API Gateway" {
        "apigateway-rest", "REST API request", "proxy integration, behind a Cognito authorizer";
        "apigateway-http-v1", "HTTP API request, payload 1.0", "the shape of REST APIs, for an HTTP API";
        "apigateway-http-v2", "HTTP API request, payload 2.0", "behind a JWT authorizer; cookies apart, repeated parameters joined";
        "apigateway-websocket-connect", "WebSocket connect", "route $connect, with the headers of the handshake";
        "apigateway-websocket-message", "WebSocket message", "a message to a custom route, with a body";
        "apigateway-websocket-disconnect", "WebSocket disconnect", "route $disconnect, with code and reason";
        "apigateway-authorizer-token", "REST API authorizer, TOKEN", "a token and the method's ARN";
        "apigateway-authorizer-request", "REST API authorizer, REQUEST", "the whole request, for a policy to be answered";
        "apigateway-http-authorizer", "HTTP API authorizer, payload 2.0", "for a simple response or a policy";
        "apigateway-http-authorizer-v1", "HTTP API authorizer, payload 1.0", "for a policy to be answered";
    }
    "Elastic Load Balancing" {
        "alb", "Application Load Balancer request", "a target group's request, single values";
        "alb-multi-value", "Application Load Balancer request, multi-value", "with the target group's multi-value headers on";
    }
    "Amazon VPC Lattice" {
        "vpc-lattice", "VPC Lattice request", "event structure 2.0, from a caller that IAM knows";
    }
    "Amazon S3" {
        "s3-put", "Object created", "notification ObjectCreated:Put; the key is URL-encoded";
        "s3-delete", "Object removed", "notification ObjectRemoved:Delete; neither size nor tag";
        "s3-eventbridge", "Object created, by EventBridge", "the same as an EventBridge event; the key is as it is";
        "s3-batch", "Batch operation", "one task of a job, schema 1.0 with the bucket's ARN";
        "s3-batch-v2", "Batch operation, schema 2.0", "one task with the bucket's name and the job's arguments";
        "s3-object-lambda", "Object Lambda GetObject", "a GET through an Object Lambda access point";
    }
    "Amazon SQS" {
        "sqs", "Messages of a standard queue", "two messages, one of them with attributes";
        "sqs-fifo", "Messages of a FIFO queue", "two messages of one group, in order";
        "sqs-s3", "S3 notification through a queue", "the body is the notification as JSON";
        "sqs-sns", "SNS notification through a queue", "the body is SNS's envelope, without raw delivery";
    }
    "Amazon SNS" {
        "sns", "Notification", "one message with attributes";
        "sns-alarm", "CloudWatch alarm through a topic", "the message is the alarm as JSON";
    }
    "Amazon DynamoDB" {
        "dynamodb-stream", "Stream records", "an insert, a change, and a removal by time to live";
    }
    "Amazon Kinesis" {
        "kinesis", "Stream records", "two records: JSON and plain text, in base64";
    }
    "Amazon Data Firehose" {
        "firehose", "Transformation", "records to be transformed: JSON and a line of a log, in base64";
    }
    "Amazon MSK" {
        "msk", "Kafka records", "two records of one partition; keys and values in base64";
    }
    "Apache Kafka" {
        "kafka", "Records of a self-managed cluster", "one record, found by its bootstrap servers";
    }
    "Amazon MQ" {
        "activemq", "ActiveMQ messages", "a text and a bytes message of a queue";
        "rabbitmq", "RabbitMQ messages", "a message of a queue on the virtual host /";
    }
    "Amazon DocumentDB" {
        "documentdb", "Change stream", "an insert and an update of a collection";
    }
    "Amazon EventBridge" {
        "eventbridge-scheduled", "Rule on a schedule", "what a rule with rate() or cron() sends";
        "eventbridge-scheduler", "EventBridge Scheduler", "a schedule's own event, where no input was set; detail is a text";
        "eventbridge-custom", "Custom event", "an event of one's own, from PutEvents";
        "eventbridge-pipe", "Pipe", "a batch from a queue: a list, not an object";
        "eventbridge-ec2-state", "EC2 instance changes its state", "an event of an AWS service";
        "eventbridge-cloudtrail", "API call via CloudTrail", "a change that somebody made, as CloudTrail records it";
    }
    "Amazon EC2 Auto Scaling" {
        "autoscaling-lifecycle", "Lifecycle action", "an instance waits to be terminated";
    }
    "Amazon CloudWatch" {
        "cloudwatch-logs", "Log subscription", "log lines of the function, in gzip and base64";
        "cloudwatch-alarm", "Alarm of a metric", "a direct Lambda action: OK to ALARM";
        "cloudwatch-alarm-composite", "Composite alarm", "a direct Lambda action, with what triggered it";
    }
    "Amazon CloudFront" {
        "cloudfront-viewer-request", "Viewer request", "Lambda@Edge, before the cache";
        "cloudfront-origin-request", "Origin request", "Lambda@Edge, on the way to an S3 origin";
        "cloudfront-origin-response", "Origin response", "Lambda@Edge, on the way into the cache";
        "cloudfront-viewer-response", "Viewer response", "Lambda@Edge, on the way to the viewer";
    }
    "Amazon Cognito" {
        "cognito-pre-signup", "Pre sign-up", "accept, confirm or refuse a new user";
        "cognito-post-confirmation", "Post confirmation", "a user has confirmed";
        "cognito-pre-authentication", "Pre authentication", "allow or refuse a sign-in";
        "cognito-post-authentication", "Post authentication", "a user has signed in";
        "cognito-pre-token-generation", "Pre token generation", "change claims of the ID token, version 1";
        "cognito-pre-token-generation-v2", "Pre token generation, version 2", "change claims and scopes of the access token, too";
        "cognito-custom-message", "Custom message", "word the message with the code";
        "cognito-custom-email-sender", "Custom email sender", "send the mail oneself; the code is encrypted";
        "cognito-define-auth-challenge", "Define auth challenge", "which challenge comes next";
        "cognito-create-auth-challenge", "Create auth challenge", "make a challenge and its answer";
        "cognito-verify-auth-challenge", "Verify auth challenge", "compare an answer";
        "cognito-migrate-user", "Migrate user", "a user signs in for the first time, with a password";
    }
    "AWS CloudFormation" {
        "cloudformation-create", "Custom resource, create", "to be answered at ResponseURL";
        "cloudformation-update", "Custom resource, update", "with the properties from before";
        "cloudformation-delete", "Custom resource, delete", "with the physical id that create gave";
        "cloudformation-macro", "Macro", "a template, or a part of one, to be transformed";
    }
    "AWS CodePipeline" {
        "codepipeline-job", "Job of an Invoke action", "artifacts, and keys made up for the job";
    }
    "AWS CodeCommit" {
        "codecommit", "Push to a repository", "a branch moved to a commit";
    }
    "AWS CodeBuild" {
        "codebuild-state", "Build succeeded", "an EventBridge event, with the build's phases";
    }
    "AWS CodeDeploy" {
        "codedeploy-hook", "Lifecycle hook", "to be answered with PutLifecycleEventHookExecutionStatus";
    }
    "AWS Config" {
        "config-rule", "Rule on a change", "a bucket's configuration has changed";
        "config-rule-periodic", "Rule on a schedule", "no configuration item: the function looks itself";
    }
    "Amazon SES" {
        "ses-receipt", "Received mail", "headers and verdicts of a mail, not its body";
    }
    "AWS IoT" {
        "iot-rule", "Rule", "a device's message, as SELECT *, topic(), timestamp() makes it";
        "iot-button", "Button", "a click of an AWS IoT button";
        "iot-authorizer", "Custom authorizer", "a device connects with a token";
    }
    "Amazon Lex" {
        "lex-v2", "Dialog code hook", "Lex V2 asks what comes next in a dialog";
    }
    "Amazon Connect" {
        "connect", "Contact flow", "a call, with the contact's attributes";
    }
    "Amazon Alexa" {
        "alexa-launch", "Skill opened", "LaunchRequest of a new session";
        "alexa-intent", "Intent", "IntentRequest with a slot";
        "alexa-smart-home", "Smart home directive", "turn a lamp on";
    }
    "Amazon Bedrock" {
        "bedrock-agent", "Agent's API call", "an action group with an OpenAPI schema";
        "bedrock-agent-function", "Agent's function call", "an action group with function details";
    }
    "AWS AppSync" {
        "appsync-resolver", "Direct resolver", "the whole context of a query's field";
        "appsync-authorizer", "Authorizer", "a token, and the query it is for";
    }
    "AWS Step Functions" {
        "stepfunctions-task", "Task", "a state's input, with the context object";
        "stepfunctions-callback", "Task with a callback", "waits until its task token is sent back";
        "stepfunctions-map-batch", "Batch of a distributed map", "items, and the input that all batches share";
    }
    "AWS Secrets Manager" {
        "secretsmanager-rotation", "Rotation", "step createSecret; the others differ in Step alone";
    }
}
