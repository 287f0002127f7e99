//! Every intrinsic function, right and wrong.

use rstest::rstest;
use serde_json::{Value as Json, json};

use super::{plan, said};

/// The value of one environment variable, and what was said.
fn variable(value: &str) -> (Json, Vec<String>) {
    let text = format!(
        "Parameters:
  Stage: {{Type: String, Default: prod}}
  Names: {{Type: CommaDelimitedList, Default: 'a, b,c'}}
  Secret: {{Type: 'AWS::SSM::Parameter::Value<String>', Default: /shop/key}}
  Nothing: {{Type: String, Default: ''}}
Mappings:
  Sizes: {{prod: {{memory: 512}}, dev: {{memory: 128}}}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsDev: !Not [Condition: IsProd]
  Both: !And [!Condition IsProd, !Condition IsDev]
  Either: !Or [!Condition IsProd, !Condition Missing]
  Circle: !Not [!Condition Circle]
Resources:
  Other: {{Type: AWS::Serverless::Function, Properties: {{FunctionName: !Sub 'other-${{Stage}}', Runtime: python3.13, Handler: a.b, CodeUri: src, AutoPublishAlias: live}}}}
  Table: {{Type: AWS::DynamoDB::Table, Properties: {{TableName: orders}}}}
  Unnamed: {{Type: AWS::DynamoDB::Table}}
  Queue: {{Type: AWS::SQS::Queue}}
  Topic: {{Type: AWS::SNS::Topic}}
  Uploads: {{Type: AWS::S3::Bucket}}
  Role: {{Type: AWS::IAM::Role}}
  Loop: {{Type: AWS::S3::Bucket, Properties: {{BucketName: !Ref Loop}}}}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      CodeUri: src
      Environment:
        Variables:
          VALUE: {value}
"
    );
    let plan = plan(&text).unwrap();
    let function = plan.functions.iter().find(|it| it.name == "Fn").unwrap();
    let said = said(&plan).into_iter().filter(|it| it.contains("VALUE")).collect();
    (function.settings["Environment"]["Variables"]["VALUE"].clone(), said)
}

#[rstest]
#[case::text("plain", "plain")]
#[case::number("007", "007")]
#[case::flag("true", "true")]
#[case::float("1.10", "1.10")]
#[case::parameter("!Ref Stage", "prod")]
#[case::parameter_long("{Ref: Stage}", "prod")]
#[case::empty_default("!Ref Nothing", "")]
#[case::region("!Ref AWS::Region", "eu-west-1")]
#[case::account("!Sub '${AWS::AccountId}-${AWS::Partition}-${AWS::StackName}'", "123456789012-aws-shop")]
#[case::function("!Ref Other", "other-prod")]
#[case::alias("!Ref Other.Alias", "arn:aws:lambda:eu-west-1:123456789012:function:other-prod:live")]
#[case::table("!Ref Table", "orders")]
#[case::unnamed("!Ref Unnamed", "Unnamed")]
#[case::queue("!Ref Queue", "https://sqs.eu-west-1.amazonaws.com/123456789012/Queue")]
#[case::topic("!Ref Topic", "arn:aws:sns:eu-west-1:123456789012:Topic")]
#[case::bucket("!Ref Uploads", "uploads")]
#[case::function_arn("!GetAtt Other.Arn", "arn:aws:lambda:eu-west-1:123456789012:function:other-prod")]
#[case::get_att_list("!GetAtt [Table, Arn]", "arn:aws:dynamodb:eu-west-1:123456789012:table/orders")]
#[case::get_att_long("{'Fn::GetAtt': [Uploads, Arn]}", "arn:aws:s3:::uploads")]
#[case::role("!GetAtt Role.Arn", "arn:aws:iam::123456789012:role/Role")]
#[case::sub(
    "!Sub 'a-${Stage}-${Table.Arn}-${!Literal}'",
    "a-prod-arn:aws:dynamodb:eu-west-1:123456789012:table/orders-${Literal}"
)]
#[case::sub_map("!Sub ['${X}/${Stage}', {X: !Ref Table}]", "orders/prod")]
#[case::sub_long("{'Fn::Sub': '${Stage}'}", "prod")]
#[case::join("!Join ['-', [a, !Ref Stage, !Sub '${Table}']]", "a-prod-orders")]
#[case::join_of_list("!Join [':', !Ref Names]", "a:b:c")]
#[case::select("!Select [1, !Ref Names]", "b")]
#[case::select_split("!Select ['2', !Split ['/', 'x/y/z']]", "z")]
#[case::find("!FindInMap [Sizes, !Ref Stage, memory]", "512")]
#[case::find_default("!FindInMap [Sizes, none, memory, {DefaultValue: '1'}]", "1")]
#[case::yes("!If [IsProd, yes, !ImportValue never]", "yes")]
#[case::no("!If [IsDev, yes, !If [Both, a, b]]", "b")]
#[case::or_stops("!If [Either, yes, no]", "yes")]
#[case::base64("!Base64 hello", "aGVsbG8=")]
#[case::nested("!Join ['', !Split ['-', !Sub ['${A}', {A: !Select [0, [!Join ['-', [x, y]]]]}]]]", "xy")]
fn a_value_is_resolved(#[case] given: &str, #[case] resolved: &str) {
    assert_eq!(variable(given), (json!(resolved), Vec::new()));
}

#[rstest]
#[case("!Ref Missing", "there is no parameter and no resource 'Missing'")]
#[case("!Ref AWS::Nonsense", "no pseudo parameter")]
#[case("!Ref Secret", "parameter store")]
#[case("!Ref Names", "it must be a text")]
#[case("!Ref Loop", "leads back to itself")]
#[case("!GetAtt Missing.Arn", "there is no resource 'Missing'")]
#[case("!GetAtt Table.StreamArn", "known on AWS only")]
#[case("!GetAtt Table", "takes a resource and its attribute")]
#[case("!Sub '${Missing}'", "'Missing'")]
#[case("!Sub '${Stage'", "without its '}'")]
#[case("!Sub [a]", "a text and a map")]
#[case("!Join [a]", "takes a delimiter and a list")]
#[case("!Join ['', text]", "a list is expected")]
#[case("!Select [9, !Ref Names]", "no item with this index")]
#[case("!Select [x, !Ref Names]", "no item with this index")]
#[case("!Split ['', a]", "is empty")]
#[case("!FindInMap [Sizes, none, memory]", "the mapping 'Sizes' has no value")]
#[case("!If [Missing, a, b]", "there is no condition 'Missing'")]
#[case("!If [Circle, a, b]", "depends on itself")]
#[case("!If [IsProd, a]", "a condition and two values")]
#[case("!ImportValue x", "outputs of another stack")]
#[case("!GetAZs ''", "availability zones")]
#[case("!Cidr [a, 1, 2]", "Fn::Cidr is not done")]
#[case("{'Fn::Transform': {Name: 'AWS::Include'}}", "Fn::Transform is not done")]
#[case("'{{resolve:ssm:/shop/key}}'", "kept on AWS")]
#[case("{a: b}", "it must be a text")]
fn what_cannot_be_resolved_is_empty_and_said(#[case] given: &str, #[case] why: &str) {
    let (value, said) = variable(given);
    assert_eq!(value, json!(""), "{said:?}");
    assert!(said.len() == 1 && said[0].contains(why), "{said:?}");
    // What goes round in circles does so elsewhere.
    let line = match given {
        "!Ref Loop" => 22,
        "!If [Circle, a, b]" => 13,
        _ => 31,
    };
    let begins = format!("template.yaml:{line}: the variable VALUE of Fn is empty: ");
    assert!(said[0].starts_with(&begins), "{said:?}");
}

#[test]
fn nothing_is_no_variable() {
    assert_eq!(variable("!Ref AWS::NoValue"), (Json::Null, Vec::new()));
    assert_eq!(variable("!If [IsDev, x, !Ref AWS::NoValue]"), (Json::Null, Vec::new()));
}
