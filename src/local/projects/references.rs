//! What `Ref` and `Fn::GetAtt` stand for: parameters, pseudo parameters, and resources by the names they would have.

use std::{cell::Cell, path::Path};

use super::{
    intrinsics::{Problem, Resolved, Resolver, Value},
    tree::{Kind, Node},
};
use crate::local::lambda::names::Place;

/// How many references may lead to each other.
const MAX_HOPS: u8 = 20;

/// The kinds of resources that the resolver knows something of.
pub(super) mod types {
    pub const FUNCTIONS: [&str; 2] = ["AWS::Serverless::Function", "AWS::Lambda::Function"];
    pub const LAYERS: [&str; 2] = ["AWS::Serverless::LayerVersion", "AWS::Lambda::LayerVersion"];
    pub const BUCKET: &str = "AWS::S3::Bucket";
    pub const VERSION: &str = "AWS::Lambda::Version";
    pub const ALIAS: &str = "AWS::Lambda::Alias";
}

/// What a template can refer to.
pub(super) struct References<'t> {
    place: &'t Place,
    stack: String,
    parameters: Option<&'t Node>,
    resources: Option<&'t Node>,
    hops: Cell<u8>,
}

impl<'t> References<'t> {
    /// `folder` is where the template lies: the stack has its name.
    pub fn new(template: &'t Node, place: &'t Place, folder: &Path) -> Self {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let stack: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let stack = stack.trim_matches('-');
        Self {
            place,
            stack: if stack.is_empty() { "local".to_owned() } else { stack.to_owned() },
            parameters: template.get("Parameters"),
            resources: template.get("Resources"),
            hops: Cell::new(0),
        }
    }

    /// A resource and its type.
    pub fn resource(&self, id: &str) -> Option<(&'t Node, &'t str)> {
        let node = self.resources?.get(id)?;
        Some((node, node.get("Type").and_then(Node::text).unwrap_or_default()))
    }

    /// All resources.
    pub fn resources(&self) -> &'t [(String, Node)] {
        self.resources.map(Node::entries).unwrap_or_default()
    }

    /// What `Ref` gives for a name.
    pub fn value(&self, resolver: &Resolver<'_>, name: &str, line: usize) -> Resolved<Value> {
        if let Some(pseudo) = name.strip_prefix("AWS::") {
            return self.pseudo(pseudo, line);
        }
        if let Some(parameter) = self.parameters.and_then(|parameters| parameters.get(name)) {
            return parameter_value(name, parameter, line);
        }
        let text = self.hop(name, line, || match name.split_once('.') {
            // SAM's own: what AutoPublishAlias makes of a function.
            Some((function, part @ ("Alias" | "Version"))) => self.published(resolver, function, part, line),
            _ => self.resource_name(resolver, name, line),
        });
        text.map(Value::Text)
    }

    /// One reference further; refused where they go round in circles.
    fn hop<T>(&self, name: &str, line: usize, follow: impl FnOnce() -> Resolved<T>) -> Resolved<T> {
        let hops = self.hops.get();
        if hops >= MAX_HOPS {
            return Err(Problem { line, why: format!("what '{name}' refers to leads back to itself") });
        }
        self.hops.set(hops + 1);
        let found = follow();
        self.hops.set(hops);
        found
    }

    fn resource_name(&self, resolver: &Resolver<'_>, id: &str, line: usize) -> Resolved<String> {
        let Some((node, kind)) = self.resource(id) else {
            let why = format!("there is no parameter and no resource '{id}'");
            return Err(Problem { line, why });
        };
        let name = Self::name(resolver, id, node, kind)?;
        Ok(match kind {
            kind if types::LAYERS.contains(&kind) => self.arn("lambda", &format!("layer:{name}:1")),
            types::VERSION | types::ALIAS => {
                let function = node.get("Properties").and_then(|properties| properties.get("FunctionName"));
                let function = function.map(|node| resolver.text(node)).transpose()?.unwrap_or_default();
                let function = function.rsplit(':').next().unwrap_or_default();
                let qualifier = if kind == types::ALIAS { &name } else { "1" };
                self.arn("lambda", &format!("function:{function}:{qualifier}"))
            }
            "AWS::SNS::Topic" => self.arn("sns", &name),
            "AWS::SQS::Queue" => {
                let Place { region, account_id, .. } = self.place;
                format!("https://sqs.{region}.{}/{account_id}/{name}", self.url_suffix())
            }
            "AWS::StepFunctions::StateMachine" | "AWS::Serverless::StateMachine" => {
                self.arn("states", &format!("stateMachine:{name}"))
            }
            _ => name,
        })
    }

    /// The name that a resource has, or would have: its own, else its logical id.
    pub fn name(resolver: &Resolver<'_>, id: &str, node: &Node, kind: &str) -> Resolved<String> {
        let member = match kind {
            kind if types::FUNCTIONS.contains(&kind) => "FunctionName",
            kind if types::LAYERS.contains(&kind) => "LayerName",
            types::BUCKET => "BucketName",
            "AWS::DynamoDB::Table" | "AWS::Serverless::SimpleTable" => "TableName",
            "AWS::SQS::Queue" => "QueueName",
            "AWS::SNS::Topic" => "TopicName",
            "AWS::IAM::Role" => "RoleName",
            "AWS::Logs::LogGroup" => "LogGroupName",
            "AWS::StepFunctions::StateMachine" => "StateMachineName",
            _ => "Name",
        };
        let given = node.get("Properties").and_then(|properties| properties.get(member));
        match given.map(|node| resolver.resolve(node)).transpose()? {
            Some(Value::Text(name)) if !name.is_empty() => Ok(name),
            // Buckets have lower-case names only.
            _ if kind == types::BUCKET => Ok(id.to_ascii_lowercase()),
            _ => Ok(id.to_owned()),
        }
    }

    /// What `Fn::GetAtt` gives.
    pub fn attribute(
        &self,
        resolver: &Resolver<'_>,
        id: &str,
        attribute: &str,
        line: usize,
    ) -> Resolved<String> {
        let Some((node, kind)) = self.resource(id) else {
            return Err(Problem { line, why: format!("there is no resource '{id}'") });
        };
        let name = self.hop(id, line, || Self::name(resolver, id, node, kind))?;
        let arn = |service: &str, resource: &str| Ok(self.arn(service, resource));
        let partition = self.place.partition;
        match (kind, attribute) {
            (kind, "Arn") if types::FUNCTIONS.contains(&kind) => arn("lambda", &format!("function:{name}")),
            (kind, "LayerVersionArn" | "Arn") if types::LAYERS.contains(&kind) => {
                arn("lambda", &format!("layer:{name}:1"))
            }
            (types::ALIAS | types::VERSION, "AliasArn" | "FunctionArn") => {
                self.resource_name(resolver, id, line)
            }
            (types::VERSION, "Version") => Ok("1".to_owned()),
            (types::BUCKET, "Arn") => Ok(format!("arn:{partition}:s3:::{name}")),
            (types::BUCKET, "DomainName") => Ok(format!("{name}.s3.{}", self.url_suffix())),
            (types::BUCKET, "RegionalDomainName") => {
                Ok(format!("{name}.s3.{}.{}", self.place.region, self.url_suffix()))
            }
            ("AWS::DynamoDB::Table" | "AWS::Serverless::SimpleTable", "Arn") => {
                arn("dynamodb", &format!("table/{name}"))
            }
            ("AWS::SQS::Queue", "Arn") => arn("sqs", &name),
            ("AWS::SQS::Queue", "QueueName") | ("AWS::SNS::Topic", "TopicName") => Ok(name),
            ("AWS::SQS::Queue", "QueueUrl") => self.resource_name(resolver, id, line),
            ("AWS::SNS::Topic", "TopicArn") => arn("sns", &name),
            ("AWS::IAM::Role", "Arn") => {
                Ok(format!("arn:{partition}:iam::{}:role/{name}", self.place.account_id))
            }
            ("AWS::Logs::LogGroup", "Arn") => arn("logs", &format!("log-group:{name}:*")),
            ("AWS::StepFunctions::StateMachine" | "AWS::Serverless::StateMachine", "Arn") => {
                arn("states", &format!("stateMachine:{name}"))
            }
            _ => {
                let why = format!("'{attribute}' of '{id}' ({kind}) is known on AWS only");
                Err(Problem { line, why })
            }
        }
    }

    /// `Function.Alias` and `Function.Version`.
    fn published(&self, resolver: &Resolver<'_>, id: &str, part: &str, line: usize) -> Resolved<String> {
        let function = self.resource(id).filter(|(_, kind)| types::FUNCTIONS.contains(kind));
        let Some((node, kind)) = function else {
            return Err(Problem { line, why: format!("there is no function '{id}'") });
        };
        let name = Self::name(resolver, id, node, kind)?;
        let alias = node.get("Properties").and_then(|properties| properties.get("AutoPublishAlias"));
        let qualifier = match (part, alias) {
            ("Alias", Some(alias)) => resolver.text(alias)?,
            (_, Some(_)) => "1".to_owned(),
            _ => return Err(Problem { line, why: format!("the function '{id}' has no AutoPublishAlias") }),
        };
        Ok(self.arn("lambda", &format!("function:{name}:{qualifier}")))
    }

    fn pseudo(&self, name: &str, line: usize) -> Resolved<Value> {
        let Place { partition, region, account_id } = self.place;
        Ok(Value::Text(match name {
            "AccountId" => account_id.clone(),
            "Region" => region.clone(),
            "Partition" => (*partition).to_owned(),
            "URLSuffix" => self.url_suffix().to_owned(),
            "StackName" => self.stack.clone(),
            "StackId" => self.arn("cloudformation", &format!("stack/{}/local", self.stack)),
            "NoValue" => return Ok(Value::Nothing),
            "NotificationARNs" => return Ok(Value::List(Vec::new())),
            _ => return Err(Problem { line, why: format!("there is no pseudo parameter 'AWS::{name}'") }),
        }))
    }

    fn url_suffix(&self) -> &'static str {
        if self.place.partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" }
    }

    fn arn(&self, service: &str, resource: &str) -> String {
        let Place { partition, region, account_id } = self.place;
        format!("arn:{partition}:{service}:{region}:{account_id}:{resource}")
    }
}

/// A parameter's default, as what its type says it is.
fn parameter_value(name: &str, parameter: &Node, line: usize) -> Resolved<Value> {
    let kind = parameter.get("Type").and_then(Node::text).unwrap_or("String");
    if kind.starts_with("AWS::SSM::") {
        let why = format!("the parameter '{name}' has its value in AWS's parameter store");
        return Err(Problem { line, why });
    }
    let default = match parameter.get("Default").map(|node| &node.kind) {
        Some(Kind::Text(text)) => text.clone(),
        Some(Kind::Null) => String::new(),
        _ => return Err(Problem { line, why: format!("the parameter '{name}' has no Default") }),
    };
    if kind == "CommaDelimitedList" || kind.starts_with("List<") {
        let items = default.split(',').map(|item| Value::Text(item.trim().to_owned()));
        return Ok(Value::List(items.collect()));
    }
    Ok(Value::Text(default))
}
