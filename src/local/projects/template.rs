//! A SAM or CloudFormation template: its sections, and its resources one after the other.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy.html>

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde_json::Value as Json;

use super::{
    ProjectError, Warning,
    intrinsics::{Resolved, Resolver, Value},
    plan::Plan,
    references::{References, types},
    tree::{self, Kind, Node},
};
use crate::local::lambda::names::Place;

/// Reads a template's text. `without` are folders that belong to no code, such as the one of `--persist`.
///
/// # Errors
/// When it is no template. What the engine can't do of it is a warning in the plan.
pub(in crate::local) fn read(
    path: &Path,
    text: &str,
    place: &Place,
    without: &[PathBuf],
) -> Result<Plan, ProjectError> {
    let error = |line, column, text| ProjectError { path: path.to_owned(), line, column, text };
    let tree = tree::parse(text).map_err(|it| error(Some(it.line), Some(it.column), it.why))?;
    let Some(resources) = tree.get("Resources") else {
        let why = "it has no section Resources: a SAM or CloudFormation template names its functions there";
        return Err(error(None, None, why.to_owned()));
    };
    if !matches!(resources.kind, Kind::Map(_)) {
        return Err(error(
            Some(resources.line),
            None,
            "Resources must hold resources by their names".to_owned(),
        ));
    }
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
    let shown = folder.canonicalize().unwrap_or_else(|_| folder.clone());
    let resolver = Resolver::new(&tree, References::new(&tree, place, &shown));
    let mut without = without.to_owned();
    without.push(folder.join(super::BUCKETS));
    let mut reader =
        Reader { path, folder, without, resolver, globals: tree.get("Globals"), plan: Plan::default() };
    reader.parameters(&tree);
    for (id, resource) in resources.entries() {
        reader.resource(id, resource);
    }
    if reader.plan.functions.is_empty() {
        reader.warn(resources.line, "there is no function in it that can be run");
    }
    Ok(reader.plan)
}

/// A template that is being read.
pub(super) struct Reader<'t> {
    pub path: &'t Path,
    /// Where the template lies: its paths begin there.
    pub folder: PathBuf,
    pub without: Vec<PathBuf>,
    pub resolver: Resolver<'t>,
    pub globals: Option<&'t Node>,
    pub plan: Plan,
}

impl Reader<'_> {
    pub fn warn(&mut self, line: usize, text: impl Into<String>) {
        self.plan.warnings.push(Warning { path: self.path.to_owned(), line: Some(line), text: text.into() });
    }

    /// What was resolved; else a warning that `what` is left out.
    pub fn kept<T>(&mut self, what: &str, resolved: Resolved<T>) -> Option<T> {
        resolved
            .map_err(|problem| self.warn(problem.line, format!("{what} is left out: {}", problem.why)))
            .ok()
    }

    /// A text among the properties of a resource.
    pub fn text(&mut self, id: &str, properties: &Node, key: &str) -> Option<String> {
        match self.value(id, properties, key)? {
            Value::Text(text) => Some(text),
            Value::Nothing => None,
            _ => {
                self.expected(id, properties, key, "a text");
                None
            }
        }
    }

    /// A number among them.
    pub fn number(&mut self, id: &str, properties: &Node, key: &str) -> Option<i64> {
        let number = match self.value(id, properties, key)? {
            Value::Text(text) => text.trim().parse().ok(),
            Value::Nothing => return None,
            _ => None,
        };
        if number.is_none() {
            self.expected(id, properties, key, "a whole number");
        }
        number
    }

    /// Any value among them.
    pub fn value(&mut self, id: &str, properties: &Node, key: &str) -> Option<Value> {
        let node = properties.get(key)?;
        let resolved = self.resolver.resolve(node);
        self.kept(&format!("{key} of {id}"), resolved)
    }

    fn expected(&mut self, id: &str, properties: &Node, key: &str, what: &str) {
        let line = properties.get(key).map_or(properties.line, |node| node.line);
        self.warn(line, format!("{key} of {id} is left out: it must be {what}"));
    }

    /// The name of the function that a property means: its name, an ARN of it, or a reference. None where the
    /// template has no such function.
    pub fn function_name(&mut self, id: &str, properties: &Node, key: &str) -> Option<String> {
        let text = self.text(id, properties, key)?;
        let name = function_of(&text).to_owned();
        if self.known_function(&name) {
            return Some(name);
        }
        let line = properties.get(key).map_or(properties.line, |node| node.line);
        self.warn(line, format!("{id} is left out: its function is not in this template"));
        None
    }

    /// Whether the template has a function of this name.
    pub fn known_function(&self, name: &str) -> bool {
        let resources = self.resolver.references.resources();
        resources.iter().any(|(id, node)| {
            let kind = node.get("Type").and_then(Node::text).unwrap_or_default();
            types::FUNCTIONS.contains(&kind)
                && References::name(&self.resolver, id, node, kind).is_ok_and(|it| it == name)
        })
    }

    fn parameters(&mut self, tree: &Node) {
        for (name, parameter) in tree.get("Parameters").map(Node::entries).unwrap_or_default() {
            if parameter.get("Default").is_none() {
                let text = format!(
                    "the parameter '{name}' has no Default, so what refers to it can't be resolved: give it one"
                );
                self.warn(parameter.line, text);
            }
        }
    }

    fn resource(&mut self, id: &str, resource: &Node) {
        if id.starts_with("Fn::ForEach") {
            self.warn(resource.line, format!("'{id}' is left out: the local engine does no Fn::ForEach"));
            return;
        }
        let Some(kind) = resource.get("Type").and_then(Node::text) else {
            self.warn(resource.line, format!("'{id}' is left out: it has no Type"));
            return;
        };
        if let Some(node) = resource.get("Condition")
            && let Some(name) = node.text()
        {
            match self.resolver.named_condition(name, node.line) {
                Ok(true) => {}
                Ok(false) => return,
                Err(problem) => {
                    let text = format!("'{id}' is taken in all the same: {}", problem.why);
                    self.warn(problem.line, text);
                }
            }
        }
        let void = Node { line: resource.line, kind: Kind::Map(Vec::new()) };
        let properties = resource.get("Properties").unwrap_or(&void);
        match kind {
            kind if types::FUNCTIONS.contains(&kind) => self.function(id, resource, properties, kind),
            kind if types::LAYERS.contains(&kind) => self.layer(id, properties, kind),
            types::BUCKET => self.bucket(id, properties),
            types::VERSION => self.version(id, properties),
            types::ALIAS => self.alias(id, properties),
            "AWS::Lambda::Permission" => self.permission(id, properties),
            "AWS::Lambda::Url" => self.url_resource(id, properties),
            "AWS::Lambda::EventInvokeConfig" => self.event_config_resource(id, properties),
            "AWS::Events::Rule" => self.rule(id, properties),
            "AWS::Scheduler::Schedule" => self.scheduler(id, properties),
            // There is no IAM here: everything is allowed.
            kind if kind.starts_with("AWS::IAM::") => {}
            "AWS::Serverless::Api" | "AWS::Serverless::HttpApi" | "AWS::ApiGateway::RestApi" | "AWS::ApiGatewayV2::Api" => {
                self.warn(
                    resource.line,
                    format!("'{id}' ({kind}) is not run: call a function over HTTP by its URL (--url FUNCTION)"),
                );
            }
            _ => self.warn(
                resource.line,
                format!("'{id}' ({kind}) is not run: the local engine has functions, layers, buckets and schedules"),
            ),
        }
    }
}

/// The function of an ARN, or of a name with or without a qualifier.
pub(super) fn function_of(text: &str) -> &str {
    let name = text.split_once(":function:").map_or(text, |(_, name)| name);
    name.split(':').next().unwrap_or_default()
}

/// A value as JSON; every scalar in it is a text.
pub(super) fn json(value: &Value) -> Json {
    match value {
        Value::Nothing => Json::Null,
        Value::Text(text) => Json::String(text.clone()),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(entries) => entries.iter().map(|(key, value)| (key.clone(), json(value))).collect(),
    }
}

/// The texts of a map.
pub(super) fn texts(value: &Value) -> BTreeMap<String, String> {
    match value {
        Value::Map(entries) => entries
            .iter()
            .filter_map(|(key, value)| value.text().map(|text| (key.clone(), text.to_owned())))
            .collect(),
        _ => BTreeMap::new(),
    }
}
