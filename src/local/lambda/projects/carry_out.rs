//! Carrying out a plan. What has an operation of its own goes through it, as a client's request would.

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyper::HeaderMap;
use serde_json::{Map, Value, json};
use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

use super::{
    Done, Followed, FollowedFunction, FunctionState, Lambda, TemplateState, Warning, blocking, file_name,
    lock, pack, settings_digest, shown, target, triggers,
};
use crate::local::{
    http::{Reply, Request},
    lambda::operations::Operation,
    projects::{FunctionPlan, FunctionUrl, LayerPlan, Plan, VersionRef},
};

/// Why an operation was refused.
struct Refusal {
    status: u16,
    text: String,
}

impl Lambda {
    /// Carries out a plan. What can't be done is a warning.
    ///
    /// Boxed: operations lead to invocations, which lead back here.
    pub(super) fn carry_out(
        self: Arc<Self>,
        owner: Arc<Followed>,
        mut state: OwnedMutexGuard<TemplateState>,
        plan: Plan,
    ) -> Done {
        Box::pin(async move {
            let mut warnings = Vec::new();
            let path = owner.project.path().to_owned();
            let mut warn = |line: Option<usize>, text: String| {
                warnings.push(Warning { path: path.clone(), line, text });
            };
            make_buckets(&plan).await;
            let mut arns = BTreeMap::new();
            state.layers.clear();
            for layer in &plan.layers {
                match self.publish_planned_layer(layer, &mut state).await {
                    Ok(arn) => {
                        arns.insert(layer.arn.clone(), arn);
                    }
                    Err(text) => {
                        arns.insert(layer.arn.clone(), String::new());
                        warn(Some(layer.line), format!("the layer {} is left out: {text}", layer.name));
                    }
                }
            }
            for function in &plan.functions {
                for text in self.carry_out_function(&owner, function, &arns).await {
                    warn(function.line, format!("{}: {text}", function.name));
                }
            }
            for version in &plan.versions {
                if !state.versions.contains_key(&version.id) {
                    let body = version
                        .description
                        .as_ref()
                        .map_or_else(|| json!({}), |it| json!({ "Description": it }));
                    match self.ask("PublishVersion", &[&version.function], &[], &body).await {
                        Ok(out) => {
                            let number = out["Version"].as_str().unwrap_or_default().to_owned();
                            state.versions.insert(version.id.clone(), number);
                        }
                        Err(refusal) => warn(Some(version.line), format!("{}: {}", version.id, refusal.text)),
                    }
                }
            }
            for alias in &plan.aliases {
                let version = match &alias.version {
                    VersionRef::Known(version) => Some(version),
                    VersionRef::Planned(id) => state.versions.get(id),
                };
                let Some(version) = version else { continue };
                let description = alias.description.clone().unwrap_or_default();
                let done = self.put_alias(&alias.function, &alias.name, version, &description).await;
                let done = match (done, alias.provisioned) {
                    (Ok(()), Some(count)) => self.put_provisioned(&alias.function, &alias.name, count).await,
                    (done, _) => done,
                };
                if let Err(text) = done {
                    warn(Some(alias.line), format!("the alias {}: {text}", alias.name));
                }
            }
            for config in &plan.event_configs {
                let qualifier = config.qualifier.as_deref().unwrap_or("$LATEST");
                let body = Value::Object(config.settings.clone());
                let query = [("Qualifier", qualifier)];
                let done = self.ask("PutFunctionEventInvokeConfig", &[&config.function], &query, &body).await;
                if let Err(refusal) = done {
                    warn(
                        Some(config.line),
                        format!("EventInvokeConfig of {}: {}", config.function, refusal.text),
                    );
                }
            }
            for permission in &plan.permissions {
                let body = Value::Object(permission.statement.clone());
                let query: Vec<_> =
                    permission.qualifier.iter().map(|it| ("Qualifier", it.as_str())).collect();
                match self.ask("AddPermission", &[&permission.function], &query, &body).await {
                    Err(refusal) if refusal.status != 409 => {
                        let text = format!(
                            "the permission for {} is left out: {}",
                            permission.function, refusal.text
                        );
                        warn(Some(permission.line), text);
                    }
                    _ => {}
                }
            }
            for url in &plan.urls {
                if let Err(text) = self.put_url(url).await {
                    warn(Some(url.line), format!("the URL of {} is left out: {text}", url.function));
                }
            }
            state.triggers.clone_from(&plan.triggers);
            (state, warnings)
        })
    }

    /// A function of a plan. Gives what could not be done.
    async fn carry_out_function(
        self: &Arc<Self>,
        owner: &Arc<Followed>,
        plan: &FunctionPlan,
        arns: &BTreeMap<String, String>,
    ) -> Vec<String> {
        let mut troubles = Vec::new();
        let followed = lock(&self.projects.functions).get(&plan.name).cloned();
        let followed = followed.unwrap_or_else(|| {
            Arc::new(FollowedFunction { owner: Arc::clone(owner), begun: 0.into(), state: Arc::default() })
        });
        let mut state = followed.state.lock().await;
        let present = self.with_function(&target(&plan.name), |it| Ok(it.latest.code.clone())).ok();
        let mut code = None;
        if present.is_none() || state.source.as_ref() != Some(&plan.code) {
            let (package, zip) = match pack(plan.code.clone()).await {
                Ok(packed) => packed,
                Err(text) => return vec![format!("it is left out: {text}")],
            };
            for link in &package.left_out {
                troubles.push(format!("the link {} leads out of the folder and is left out", link.display()));
            }
            state.source = Some(plan.code.clone());
            state.look = Some(package.look);
            let held = present.as_ref().is_some_and(|code| code.sha256() == STANDARD.encode(zip));
            if !held {
                match self.unpack_package(package.zip, plan.architecture.clone()).await {
                    Ok(unpacked) => code = Some(unpacked),
                    Err(error) => return vec![format!("it is left out: {}", shown(&error))],
                }
            }
            state.zip = zip;
        }
        let settings = settings_digest(plan);
        let has_settings = settings != state.settings || present.is_none();
        let is_changed = code.is_some() || has_settings;
        if is_changed && let Err(error) = self.put_function(plan, code, has_settings) {
            let kept = if present.is_some() { "it stays as it was" } else { "it is left out" };
            // Its code is not in use, either: it is packed again when the template is mended.
            state.source = None;
            troubles.push(format!("{kept}: {}", shown(&error)));
            return troubles;
        }
        state.settings = settings;
        lock(&self.projects.functions).insert(plan.name.clone(), Arc::clone(&followed));
        let layers = self.layers_of(plan, arns, &mut troubles);
        if layers != state.layers {
            match self.put_layers(&plan.name, &layers).await {
                Ok(()) => state.layers.clone_from(&layers),
                Err(text) => troubles.push(format!("its layers are left out: {text}")),
            }
        }
        if let Some(reserved) = plan.reserved {
            let body = json!({ "ReservedConcurrentExecutions": reserved });
            if let Err(refusal) = self.ask("PutFunctionConcurrency", &[&plan.name], &[], &body).await {
                troubles.push(format!("ReservedConcurrentExecutions is left out: {}", refusal.text));
            }
        }
        let moved = (&state.alias, state.provisioned) != (&plan.alias, plan.provisioned);
        state.alias.clone_from(&plan.alias);
        state.provisioned = plan.provisioned;
        if (is_changed || moved)
            && let Err(text) = self.publish_alias(&plan.name, &mut state).await
        {
            troubles.push(text);
        }
        troubles
    }

    /// The ARNs of a function's layers as they were published here.
    fn layers_of(
        &self,
        plan: &FunctionPlan,
        arns: &BTreeMap<String, String>,
        troubles: &mut Vec<String>,
    ) -> Vec<String> {
        let own = format!(":{}:layer:", self.place().account_id);
        let mut layers = Vec::new();
        for arn in &plan.layers {
            match arns.get(arn) {
                // One of the template's own that could not be published has its warning already.
                Some(published) if published.is_empty() => {}
                Some(published) => layers.push(published.clone()),
                None if arn.contains(&own) => layers.push(arn.clone()),
                None => troubles.push(format!(
                    "the layer {arn} is left out: it is on AWS; put its content beside the template as an \
                     AWS::Serverless::LayerVersion"
                )),
            }
        }
        layers
    }

    async fn put_layers(self: &Arc<Self>, name: &str, layers: &[String]) -> Result<(), String> {
        let body = json!({ "Layers": layers });
        let done = self.ask("UpdateFunctionConfiguration", &[name], &[], &body).await;
        done.map_err(|refusal| refusal.text)?;
        let settled = self.with_function(&target(name), |function| {
            self.take_effect(function);
            Ok(())
        });
        settled.map_err(|error| error.to_string())
    }

    /// Publishes a layer version, unless the last one is the same. Gives its ARN.
    async fn publish_planned_layer(
        self: &Arc<Self>,
        layer: &LayerPlan,
        state: &mut TemplateState,
    ) -> Result<String, String> {
        let (package, zip) = pack(layer.code.clone()).await?;
        let versions = self.ask("ListLayerVersions", &[&layer.name], &[], &Value::Null).await;
        let versions = versions.map_err(|refusal| refusal.text)?;
        state.layers.push((layer.code.clone(), package.look.clone()));
        if let Some(number) = versions["LayerVersions"][0]["Version"].as_u64() {
            let last =
                self.ask("GetLayerVersion", &[&layer.name, &number.to_string()], &[], &Value::Null).await;
            if let Ok(last) = last
                && last["Content"]["CodeSha256"] == STANDARD.encode(zip)
                && let Some(arn) = last["LayerVersionArn"].as_str()
            {
                return Ok(arn.to_owned());
            }
        }
        let mut body = json!({ "Content": { "ZipFile": STANDARD.encode(&package.zip) } });
        if let Some(description) = &layer.description {
            body["Description"] = json!(description);
        }
        if let Some(license) = &layer.license {
            body["LicenseInfo"] = json!(license);
        }
        if !layer.runtimes.is_empty() {
            body["CompatibleRuntimes"] = json!(layer.runtimes);
        }
        let published = self.ask("PublishLayerVersion", &[&layer.name], &[], &body).await;
        let published = published.map_err(|refusal| refusal.text)?;
        Ok(published["LayerVersionArn"].as_str().unwrap_or_default().to_owned())
    }

    /// Publishes `$LATEST` and moves the alias of `AutoPublishAlias` to it.
    pub(super) async fn publish_alias(
        self: &Arc<Self>,
        name: &str,
        state: &mut FunctionState,
    ) -> Result<(), String> {
        let Some(alias) = state.alias.clone() else { return Ok(()) };
        let published = self.ask("PublishVersion", &[name], &[], &json!({})).await;
        let published = published.map_err(|refusal| format!("AutoPublishAlias: {}", refusal.text))?;
        let version = published["Version"].as_str().unwrap_or_default();
        self.put_alias(name, &alias, version, "")
            .await
            .map_err(|text| format!("AutoPublishAlias: {text}"))?;
        match state.provisioned {
            Some(count) => self.put_provisioned(name, &alias, count).await,
            None => Ok(()),
        }
    }

    async fn put_alias(
        self: &Arc<Self>,
        function: &str,
        name: &str,
        version: &str,
        description: &str,
    ) -> Result<(), String> {
        let body = json!({ "Name": name, "FunctionVersion": version, "Description": description });
        let done = match self.ask("CreateAlias", &[function], &[], &body).await {
            Err(refusal) if refusal.status == 409 => {
                let body = json!({ "FunctionVersion": version });
                self.ask("UpdateAlias", &[function, name], &[], &body).await
            }
            done => done,
        };
        done.map(drop).map_err(|refusal| refusal.text)
    }

    async fn put_provisioned(
        self: &Arc<Self>,
        function: &str,
        alias: &str,
        count: i64,
    ) -> Result<(), String> {
        let body = json!({ "ProvisionedConcurrentExecutions": count });
        let query = [("Qualifier", alias)];
        let done = self.ask("PutProvisionedConcurrencyConfig", &[function], &query, &body).await;
        done.map(drop)
            .map_err(|refusal| format!("ProvisionedConcurrencyConfig is left out: {}", refusal.text))
    }

    async fn put_url(self: &Arc<Self>, url: &FunctionUrl) -> Result<(), String> {
        let mut body = Map::new();
        body.insert("AuthType".to_owned(), json!(url.auth_type));
        if let Some(mode) = &url.invoke_mode {
            body.insert("InvokeMode".to_owned(), json!(mode));
        }
        if let Some(cors) = &url.cors {
            body.insert("Cors".to_owned(), cors.clone());
        }
        let body = Value::Object(body);
        let query: Vec<_> = url.qualifier.iter().map(|it| ("Qualifier", it.as_str())).collect();
        let done = match self.ask("CreateFunctionUrlConfig", &[&url.function], &query, &body).await {
            Err(refusal) if refusal.status == 409 => {
                self.ask("UpdateFunctionUrlConfig", &[&url.function], &query, &body).await
            }
            done => done,
        };
        done.map_err(|refusal| refusal.text)?;
        if url.public {
            let permission = json!({
                "StatementId": "FunctionURLAllowPublicAccess",
                "Action": "lambda:InvokeFunctionUrl",
                "Principal": "*",
                "FunctionUrlAuthType": "NONE",
            });
            match self.ask("AddPermission", &[&url.function], &query, &permission).await {
                // It is there already.
                Err(refusal) if refusal.status != 409 => return Err(refusal.text),
                _ => {}
            }
        }
        Ok(())
    }

    /// An operation as a client would ask for it.
    async fn ask(
        self: &Arc<Self>,
        name: &'static str,
        labels: &[&str],
        query: &[(&str, &str)],
        body: &Value,
    ) -> Result<Value, Refusal> {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        let changes = !name.starts_with("Get") && !name.starts_with("List");
        let operation = Operation { name, labels, changes };
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let request = Request {
            query: query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            headers: HeaderMap::new(),
            body: body.into(),
            id: Uuid::new_v4().to_string(),
        };
        let Reply::Whole(answer) = self.handle(&operation, &request).await else { return Ok(Value::Null) };
        let out: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status < 300 {
            return Ok(out);
        }
        let text = out["message"].as_str().or(out["Message"].as_str()).unwrap_or("it was refused").to_owned();
        Err(Refusal { status: answer.status, text })
    }
}

/// The folders that stand for the buckets of a plan.
async fn make_buckets(plan: &Plan) {
    let folders: Vec<_> = plan
        .triggers
        .iter()
        .filter_map(|trigger| match &trigger.source {
            triggers::Source::Bucket(notification) => Some(notification.folder.clone()),
            triggers::Source::Schedule(_) => None,
        })
        .collect();
    if folders.is_empty() {
        return;
    }
    // What watches them says what is wrong with a folder that is not there.
    blocking(move || {
        for folder in folders {
            if let Err(error) = std::fs::create_dir_all(&folder) {
                tracing::warn!(%error, bucket = %file_name(&folder), "a bucket's folder could not be made");
            }
        }
    })
    .await;
}
