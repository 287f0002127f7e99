//! Functions of a template.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html>

use serde_json::{Map, Value as Json, json};

use super::{
    globals::merged,
    intrinsics::Value,
    packages,
    plan::{AliasPlan, EventConfigPlan, FunctionPlan, FunctionUrl, Source},
    references::References,
    template::{Reader, function_of, json, texts},
    tree::{Kind, Node},
};

/// Properties of a function that are taken in, or mean nothing on this machine.
const KNOWN: &[&str] = &[
    "Architectures",
    "AssumeRolePolicyDocument",
    "AutoPublishAlias",
    "AutoPublishAliasAllProperties",
    "AutoPublishCodeSha256",
    "Code",
    "CodeSigningConfigArn",
    "CodeUri",
    "DeadLetterConfig",
    "DeadLetterQueue",
    "DeploymentPreference",
    "Description",
    "Environment",
    "EphemeralStorage",
    "EventInvokeConfig",
    "Events",
    "FunctionName",
    "FunctionUrlConfig",
    "Handler",
    "ImageConfig",
    "ImageUri",
    "InlineCode",
    "KmsKeyArn",
    "Layers",
    "LoggingConfig",
    "MemorySize",
    "PackageType",
    "PermissionsBoundary",
    "Policies",
    "PropagateTags",
    "ProvisionedConcurrencyConfig",
    "ReservedConcurrentExecutions",
    "Role",
    "RolePath",
    "Runtime",
    "RuntimeManagementConfig",
    "SnapStart",
    "SourceKMSKeyArn",
    "Tags",
    "Timeout",
    "Tracing",
    "TracingConfig",
    "VersionDeletionPolicy",
    "VersionDescription",
];
/// Properties that a function has on AWS, and not here.
const NOT_DONE: &[&str] = &[
    "CapacityProviderConfig",
    "DurableConfig",
    "FileSystemConfigs",
    "FunctionScalingConfig",
    "PublishToLatestPublished",
    "RecursiveLoop",
    "TenancyConfig",
    "VpcConfig",
];

impl Reader<'_> {
    pub(super) fn function(&mut self, id: &str, resource: &Node, own: &Node, kind: &str) {
        let serverless = kind == "AWS::Serverless::Function";
        let global = self.globals.filter(|_| serverless).and_then(|globals| globals.get("Function"));
        let properties = match global {
            Some(global) => Node { line: own.line, ..merged(global, own) },
            None => own.clone(),
        };
        let properties = &properties;
        let line = resource.line;
        let named = References::name(&self.resolver, id, resource, kind);
        let name = named.unwrap_or_else(|problem| {
            self.warn(problem.line, format!("the name of {id} is its logical id: {}", problem.why));
            id.to_owned()
        });
        if self.text(id, properties, "PackageType").as_deref() == Some("Image") {
            let text =
                format!("{id} is left out: the local engine runs no container images (PackageType Image)");
            self.warn(line, text);
            return;
        }
        let (Some(handler), Some(runtime)) = (
            self.essential(id, properties, "Handler", line),
            self.essential(id, properties, "Runtime", line),
        ) else {
            return;
        };
        let Some(code) = self.code(id, properties, &runtime, line) else { return };
        self.look_at_code(id, resource, &code, &runtime, line);
        let mut settings = Map::new();
        settings.insert("Handler".to_owned(), Json::String(handler));
        settings.insert("Runtime".to_owned(), Json::String(runtime));
        self.settings(id, properties, &mut settings);
        let architecture = self.architecture(id, properties);
        let layers = self.layers(id, properties);
        let tags = self.tags(id, properties);
        let alias = self.text(id, properties, "AutoPublishAlias");
        let provisioned = properties
            .get("ProvisionedConcurrencyConfig")
            .and_then(|config| self.number(id, config, "ProvisionedConcurrentExecutions"));
        if let (None, Some(config), true) =
            (&alias, properties.get("ProvisionedConcurrencyConfig"), provisioned.is_some())
        {
            let text =
                format!("ProvisionedConcurrencyConfig of {id} is left out: it takes an AutoPublishAlias");
            self.warn(config.line, text);
        }
        if let Some(config) = properties.get("EventInvokeConfig") {
            self.event_config(id, name.clone(), alias.clone(), config);
        }
        if let Some(config) = properties.get("FunctionUrlConfig") {
            self.url(id, (name.clone(), alias.clone()), config, true);
        }
        let target = alias.as_ref().map_or_else(|| name.clone(), |alias| format!("{name}:{alias}"));
        for (event, node) in properties.get("Events").map(Node::entries).unwrap_or_default() {
            self.event(id, &target, event, node);
        }
        self.unknown_properties(id, properties);
        let reserved = self.number(id, properties, "ReservedConcurrentExecutions");
        self.plan.functions.push(FunctionPlan {
            name,
            line: Some(line),
            settings,
            code,
            architecture,
            layers,
            tags,
            reserved,
            provisioned: provisioned.filter(|_| alias.is_some()),
            alias,
        });
    }

    /// A property without which there is no function.
    fn essential(&mut self, id: &str, properties: &Node, key: &str, line: usize) -> Option<String> {
        let Some(node) = properties.get(key) else {
            self.warn(line, format!("{id} is left out: it has no {key}"));
            return None;
        };
        let resolved = self.resolver.text(node);
        resolved
            .map_err(|problem| {
                let text = format!("{id} is left out: its {key} can't be resolved: {}", problem.why);
                self.warn(problem.line, text);
            })
            .ok()
    }

    /// `CodeUri`, `InlineCode` and `Code`.
    fn code(&mut self, id: &str, properties: &Node, runtime: &str, line: usize) -> Option<Source> {
        let inline = properties.get("InlineCode").or_else(|| properties.get("Code")?.get("ZipFile"));
        if let Some(node) = inline {
            let file = if runtime.starts_with("nodejs") {
                "index.js"
            } else if runtime.starts_with("python") {
                "index.py"
            } else {
                self.warn(
                    node.line,
                    format!("{id} is left out: code in a template is for Python and Node.js only"),
                );
                return None;
            };
            let text = self.resolver.text(node);
            return self.kept(id, text).map(|text| Source::Inline { file, text });
        }
        let Some(node) = properties.get("CodeUri").or_else(|| properties.get("Code")) else {
            return self.place_of_code(id, ".", line);
        };
        match self.resolver.resolve(node) {
            Ok(Value::Text(path)) if !path.starts_with("s3://") => self.place_of_code(id, &path, node.line),
            Ok(_) => {
                let text = format!(
                    "{id} is left out: its code is in S3 or an image; name the folder or zip on this machine"
                );
                self.warn(node.line, text);
                None
            }
            Err(problem) => {
                let text = format!("{id} is left out: where its code is can't be resolved: {}", problem.why);
                self.warn(problem.line, text);
                None
            }
        }
    }

    /// A folder or zip that a template names.
    pub(super) fn place_of_code(&mut self, id: &str, path: &str, line: usize) -> Option<Source> {
        let root = if path == "." { self.folder.clone() } else { self.folder.join(path) };
        match std::fs::metadata(&root) {
            Ok(found) if found.is_dir() => Some(Source::Folder { root, without: self.without.clone() }),
            Ok(found) if found.is_file() => {
                if root
                    .extension()
                    .is_none_or(|it| !it.eq_ignore_ascii_case("zip") && !it.eq_ignore_ascii_case("jar"))
                {
                    self.warn(
                        line,
                        format!("{id} is left out: {} is neither a folder nor a zip", root.display()),
                    );
                    return None;
                }
                Some(Source::Zip(root))
            }
            _ => {
                self.warn(line, format!("{id} is left out: there is no {}", root.display()));
                None
            }
        }
    }

    /// Tells of code that must be built or whose packages must be installed first.
    fn look_at_code(&mut self, id: &str, resource: &Node, code: &Source, runtime: &str, line: usize) {
        let Source::Folder { root, .. } = code else { return };
        let built = resource.get("Metadata").and_then(|it| it.get("BuildMethod")).is_some();
        for text in packages::missing(root, runtime, built) {
            self.warn(line, format!("{id}: {text}"));
        }
    }

    fn settings(&mut self, id: &str, properties: &Node, settings: &mut Map<String, Json>) {
        if let Some(text) = self.text(id, properties, "Description") {
            settings.insert("Description".to_owned(), json!(text));
        }
        for key in ["MemorySize", "Timeout"] {
            if let Some(number) = self.number(id, properties, key) {
                settings.insert(key.to_owned(), json!(number));
            }
        }
        if let Some(node) = properties.get("EphemeralStorage")
            && let Some(size) = self.number(id, node, "Size")
        {
            settings.insert("EphemeralStorage".to_owned(), json!({ "Size": size }));
        }
        if let Some(value) = self.value(id, properties, "LoggingConfig").filter(|it| *it != Value::Nothing) {
            settings.insert("LoggingConfig".to_owned(), json(&value));
        }
        if let Some(value) = self.value(id, properties, "SnapStart").filter(|it| *it != Value::Nothing) {
            settings.insert("SnapStart".to_owned(), json(&value));
        }
        let tracing = self
            .text(id, properties, "Tracing")
            .or_else(|| properties.get("TracingConfig").and_then(|node| self.text(id, node, "Mode")))
            .filter(|mode| mode != "Disabled");
        if let Some(mode) = tracing {
            settings.insert("TracingConfig".to_owned(), json!({ "Mode": mode }));
        }
        for key in ["DeadLetterQueue", "DeadLetterConfig"] {
            if let Some(node) = properties.get(key)
                && let Some(arn) = self.text(id, node, "TargetArn")
            {
                if !arn.contains(":function:") {
                    let text = "is kept and shown, but nothing is sent there: there is no SQS and no SNS";
                    self.warn(node.line, format!("{key} of {id} {text}"));
                }
                settings.insert("DeadLetterConfig".to_owned(), json!({ "TargetArn": arn }));
            }
        }
        if let Some(variables) = properties.get("Environment").and_then(|node| node.get("Variables")) {
            let variables = self.variables(id, variables);
            settings.insert("Environment".to_owned(), json!({ "Variables": variables }));
        }
    }

    /// Environment variables. One that can't be resolved is there all the same, empty.
    fn variables(&mut self, id: &str, node: &Node) -> Map<String, Json> {
        let mut variables = Map::new();
        let whole = node.intrinsic().map(|_| self.resolver.resolve(node));
        if let Some(resolved) = whole {
            if let Some(value) = self.kept(&format!("Environment of {id}"), resolved) {
                variables.extend(texts(&value).into_iter().map(|(key, text)| (key, json!(text))));
            }
            return variables;
        }
        for (name, node) in node.entries() {
            let text = match self.resolver.resolve(node) {
                Ok(Value::Text(text)) => text,
                Ok(Value::Nothing) => continue,
                Ok(Value::List(_) | Value::Map(_)) => {
                    self.warn(node.line, format!("the variable {name} of {id} is empty: it must be a text"));
                    String::new()
                }
                Err(problem) => {
                    self.warn(problem.line, format!("the variable {name} of {id} is empty: {}", problem.why));
                    String::new()
                }
            };
            variables.insert(name.clone(), json!(text));
        }
        variables
    }

    fn architecture(&mut self, id: &str, properties: &Node) -> String {
        let native = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
        let value = self.value(id, properties, "Architectures");
        let Some(wanted) = value.as_ref().and_then(|value| value.texts().last().map(|it| (*it).to_owned()))
        else {
            return native.to_owned();
        };
        if wanted != native {
            let line = properties.get("Architectures").map_or(properties.line, |node| node.line);
            let text = format!("{id} is for {wanted}; it is run on this machine's {native} all the same");
            self.warn(line, text);
        }
        if wanted == "arm64" { "arm64" } else { "x86_64" }.to_owned()
    }

    fn layers(&mut self, id: &str, properties: &Node) -> Vec<String> {
        let Some(node) = properties.get("Layers") else { return Vec::new() };
        if node.intrinsic().is_some() || node.items().is_empty() {
            let value = self.value(id, properties, "Layers").unwrap_or(Value::Nothing);
            return value.texts().into_iter().map(str::to_owned).collect();
        }
        let mut layers = Vec::new();
        for item in node.items() {
            let resolved = self.resolver.resolve(item);
            match self.kept(&format!("a layer of {id}"), resolved) {
                Some(Value::Text(arn)) => layers.push(arn),
                Some(Value::Map(_) | Value::List(_)) => {
                    self.warn(item.line, format!("a layer of {id} is left out: it must be an ARN"));
                }
                Some(Value::Nothing) | None => {}
            }
        }
        layers
    }

    /// SAM writes tags as a map, CloudFormation as a list of `Key` and `Value`.
    fn tags(&mut self, id: &str, properties: &Node) -> std::collections::BTreeMap<String, String> {
        match self.value(id, properties, "Tags") {
            Some(Value::List(items)) => items
                .iter()
                .filter_map(|item| {
                    Some((item.get("Key")?.text()?.to_owned(), item.get("Value")?.text()?.to_owned()))
                })
                .collect(),
            Some(value) => texts(&value),
            None => std::collections::BTreeMap::new(),
        }
    }

    /// `EventInvokeConfig`: where the outcome goes to functions of this template, it goes there.
    pub(super) fn event_config(
        &mut self,
        id: &str,
        function: String,
        qualifier: Option<String>,
        node: &Node,
    ) {
        let mut settings = Map::new();
        for key in ["MaximumRetryAttempts", "MaximumEventAgeInSeconds"] {
            if let Some(number) = self.number(id, node, key) {
                settings.insert(key.to_owned(), json!(number));
            }
        }
        let mut destinations = Map::new();
        for (key, inner) in node.get("DestinationConfig").map(Node::entries).unwrap_or_default() {
            let Some(arn) = self.text(id, inner, "Destination") else {
                if inner.get("Destination").is_none() {
                    self.warn(
                        inner.line,
                        format!("{key} of {id} is left out: it needs a queue or topic of AWS"),
                    );
                }
                continue;
            };
            if arn.contains(":function:") && self.known_function(function_of(&arn)) {
                destinations.insert(key.clone(), json!({ "Destination": arn }));
            } else {
                let text =
                    format!("{key} of {id} is left out: outcomes go to functions of this template only");
                self.warn(inner.line, text);
            }
        }
        if !destinations.is_empty() {
            settings.insert("DestinationConfig".to_owned(), Json::Object(destinations));
        }
        if !settings.is_empty() {
            self.plan.event_configs.push(EventConfigPlan { function, qualifier, line: node.line, settings });
        }
    }

    /// `FunctionUrlConfig`, which is `sams`, and `AWS::Lambda::Url`.
    pub(super) fn url(
        &mut self,
        id: &str,
        (function, qualifier): (String, Option<String>),
        node: &Node,
        sams: bool,
    ) {
        let Some(auth_type) = self.text(id, node, "AuthType") else {
            self.warn(
                node.line,
                format!("the URL of {id} is left out: it has no AuthType (NONE or AWS_IAM)"),
            );
            return;
        };
        let invoke_mode = self.text(id, node, "InvokeMode");
        let cors = self.value(id, node, "Cors").filter(|it| matches!(it, Value::Map(_))).map(|it| cors(&it));
        let line = node.line;
        let public = sams && auth_type == "NONE";
        self.plan.urls.push(FunctionUrl { function, qualifier, auth_type, public, invoke_mode, cors, line });
    }

    /// An alias with what belongs to it, for `AWS::Lambda::Alias`.
    pub(super) fn push_alias(&mut self, alias: AliasPlan) {
        self.plan.aliases.push(alias);
    }

    fn unknown_properties(&mut self, id: &str, properties: &Node) {
        for (key, node) in properties.entries() {
            if KNOWN.contains(&key.as_str()) || matches!(node.kind, Kind::Null) {
                continue;
            }
            if NOT_DONE.contains(&key.as_str()) {
                self.warn(
                    node.line,
                    format!("{key} of {id} is left out: the local engine has nothing like it"),
                );
                continue;
            }
            let near = KNOWN.iter().map(|known| (strsim::jaro_winkler(known, key), *known));
            let near = near.filter(|(likeness, _)| *likeness > 0.8).max_by(|a, b| a.0.total_cmp(&b.0));
            let advice = near.map(|(_, known)| format!(": is it {known}?")).unwrap_or_default();
            self.warn(
                node.line,
                format!("{key} of {id} is left out: functions have no such property{advice}"),
            );
        }
    }
}

/// `Cors` with its number and flag as such.
fn cors(value: &Value) -> Json {
    let mut out = json(value);
    if let Some(number) = out["MaxAge"].as_str().and_then(|text| text.parse::<i64>().ok()) {
        out["MaxAge"] = json!(number);
    }
    if let Some(flag) = out["AllowCredentials"].as_str().map(|text| text.eq_ignore_ascii_case("true")) {
        out["AllowCredentials"] = json!(flag);
    }
    out
}
