//! What a template says of functions beside them: layers, versions, aliases, permissions, URLs.

use serde_json::{Map, json};

use super::{
    intrinsics::Value,
    plan::{AliasPlan, LayerPlan, PermissionPlan, VersionPlan, VersionRef},
    references::types,
    template::{Reader, function_of},
    tree::{Kind, Node},
};

impl Reader<'_> {
    /// `AWS::Serverless::LayerVersion` (`ContentUri`) and `AWS::Lambda::LayerVersion` (`Content`).
    pub(super) fn layer(&mut self, id: &str, properties: &Node, _kind: &str) {
        let Some(node) = properties.get("ContentUri").or_else(|| properties.get("Content")) else {
            self.warn(properties.line, format!("the layer {id} is left out: it has no ContentUri"));
            return;
        };
        let resolved = self.resolver.resolve(node);
        let code = match self.kept(&format!("the layer {id}"), resolved) {
            Some(Value::Text(path)) if !path.starts_with("s3://") => self.place_of_code(id, &path, node.line),
            Some(_) => {
                self.warn(
                    node.line,
                    format!("the layer {id} is left out: it is in S3; name the folder on this machine"),
                );
                None
            }
            None => None,
        };
        let Some(code) = code else { return };
        let reference = Node {
            line: node.line,
            kind: Kind::Map(vec![(
                "Ref".to_owned(),
                Node { line: node.line, kind: Kind::Text(id.to_owned()) },
            )]),
        };
        let resolved = self.resolver.text(&reference);
        let Some(arn) = self.kept(&format!("the layer {id}"), resolved) else { return };
        let name = arn.rsplit(':').nth(1).unwrap_or(id).to_owned();
        let description = self.text(id, properties, "Description");
        let runtimes = self.value(id, properties, "CompatibleRuntimes");
        let runtimes = runtimes.as_ref().map(Value::texts).unwrap_or_default();
        let runtimes = runtimes.into_iter().map(str::to_owned).collect();
        let license = self.text(id, properties, "LicenseInfo");
        let line = node.line;
        self.plan.layers.push(LayerPlan { name, line, arn, code, description, runtimes, license });
    }

    /// `AWS::Lambda::Version`.
    pub(super) fn version(&mut self, id: &str, properties: &Node) {
        let Some(function) = self.function_name(id, properties, "FunctionName") else { return };
        let description = self.text(id, properties, "Description");
        self.plan.versions.push(VersionPlan {
            id: id.to_owned(),
            line: properties.line,
            function,
            description,
        });
    }

    /// `AWS::Lambda::Alias`.
    pub(super) fn alias(&mut self, id: &str, properties: &Node) {
        let Some(function) = self.function_name(id, properties, "FunctionName") else { return };
        let Some(name) = self.text(id, properties, "Name") else {
            self.warn(properties.line, format!("the alias {id} is left out: it has no Name"));
            return;
        };
        let Some(node) = properties.get("FunctionVersion") else {
            self.warn(properties.line, format!("the alias {id} is left out: it has no FunctionVersion"));
            return;
        };
        let version = match self.planned_version(node) {
            Some(version) => VersionRef::Planned(version),
            None => match self.text(id, properties, "FunctionVersion") {
                Some(version) => VersionRef::Known(version),
                None => return,
            },
        };
        if let Some(node) = properties.get("RoutingConfig") {
            self.warn(node.line, format!("RoutingConfig of {id} is left out: here all goes to one version"));
        }
        let description = self.text(id, properties, "Description");
        let provisioned = properties
            .get("ProvisionedConcurrencyConfig")
            .and_then(|node| self.number(id, node, "ProvisionedConcurrentExecutions"));
        let line = properties.line;
        self.push_alias(AliasPlan { name, line, function, version, description, provisioned });
    }

    /// The `AWS::Lambda::Version` whose `Version` this is.
    fn planned_version(&self, node: &Node) -> Option<String> {
        let ("Fn::GetAtt", argument) = node.intrinsic()? else { return None };
        let (id, attribute) = match &argument.kind {
            Kind::Text(text) => text.split_once('.')?,
            Kind::List(items) => (items.first()?.text()?, items.get(1)?.text()?),
            _ => return None,
        };
        let (_, kind) = self.resolver.references.resource(id)?;
        (kind == types::VERSION && attribute == "Version").then(|| id.to_owned())
    }

    /// `AWS::Lambda::Permission`.
    pub(super) fn permission(&mut self, id: &str, properties: &Node) {
        let Some(function) = self.function_name(id, properties, "FunctionName") else { return };
        let mut statement = Map::new();
        statement.insert("StatementId".to_owned(), json!(id));
        for key in [
            "Action",
            "Principal",
            "SourceArn",
            "SourceAccount",
            "EventSourceToken",
            "FunctionUrlAuthType",
            "PrincipalOrgID",
        ] {
            // A source that is known on AWS only changes nothing: there is nobody here who would be refused.
            if let Some(node) = properties.get(key)
                && let Ok(text) = self.resolver.text(node)
            {
                statement.insert(key.to_owned(), json!(text));
            }
        }
        let qualifier = self.text(id, properties, "FunctionName").as_deref().and_then(qualifier_of);
        self.plan.permissions.push(PermissionPlan { function, qualifier, line: properties.line, statement });
    }

    /// `AWS::Lambda::Url`.
    pub(super) fn url_resource(&mut self, id: &str, properties: &Node) {
        if let Some(function) = self.function_name(id, properties, "TargetFunctionArn") {
            let qualifier = self
                .text(id, properties, "Qualifier")
                .or_else(|| self.text(id, properties, "TargetFunctionArn").as_deref().and_then(qualifier_of));
            self.url(id, (function, qualifier), properties, false);
        }
    }

    /// `AWS::Lambda::EventInvokeConfig`.
    pub(super) fn event_config_resource(&mut self, id: &str, properties: &Node) {
        let Some(function) = self.text(id, properties, "FunctionName") else { return };
        let function = function_of(&function).to_owned();
        if !self.known_function(&function) {
            self.warn(properties.line, format!("'{id}' is left out: its function is not in this template"));
            return;
        }
        let qualifier = self.text(id, properties, "Qualifier").filter(|it| it != "$LATEST");
        self.event_config(id, function, qualifier, properties);
    }
}

/// The alias or version at the end of a function's ARN.
fn qualifier_of(arn: &str) -> Option<String> {
    let (_, name) = arn.split_once(":function:")?;
    name.split_once(':').map(|(_, qualifier)| qualifier.to_owned())
}
