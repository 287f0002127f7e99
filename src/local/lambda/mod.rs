//! The Lambda control plane and Invoke's wire (restJson1).
//!
//! - `operations`: which operation a request is
//! - `names`, `validate`, `settings`: names and ARNs, the service model's input rules, what a function may be
//! - `state`, `code`: what is kept of a function; `kept`, `shelf`: how that outlives the engine
//! - `wire`, `error`: the JSON in and out
//! - `layers`: layers, and what functions have of them
//! - `urls`: function URLs, which `local::urls` answers at; `policy`: who may invoke
//! - `mappings`, `code_signing`, `management`: event source mappings, code signing, runtime management and recursion
//! - `triggered`: events of buckets and schedules
//! - `functions`, `versions`, `extras`, `provisioned`, `event_config`: the operations
//! - `projects`: functions of the user's folders and templates, kept up with the files
//! - `invoke`: Invoke; `payload`: what it says of a payload that is no JSON; `streaming`: InvokeWithResponseStream
//! - `queue`: the asynchronous queue, its retries, destinations and dead letters

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use tokio::{sync::Semaphore, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    auth::Credentials,
    exec::Executor,
    http::{Answer, Reply, Request},
    keep::Keeper,
    metrics::Recorder,
    urls::Doors,
};
use error::Error;
use names::{Place, Target};
use operations::Operation;
pub(super) use queue::accepted::Accepted;
use shelf::Shelf;
use state::Function;

mod code;
mod code_signing;
mod error;
mod event_config;
mod extras;
mod functions;
mod invoke;
pub(super) mod kept;
mod layers;
mod management;
mod mappings;
pub(super) mod names;
pub(super) mod operations;
mod payload;
mod policy;
mod projects;
mod provisioned;
mod queue;
mod settings;
pub(super) mod shelf;
mod state;
mod streaming;
pub(super) mod triggered;
pub(super) mod urls;
mod validate;
mod versions;
mod wire;

/// Concurrent executions of the whole account. AWS gives a new account 10, others 1000; every one is a process here.
pub(super) const ACCOUNT_CONCURRENCY: u32 = 100;
/// What must stay unreserved of it.
const UNRESERVED_FLOOR: u32 = 10;
/// Items on a page of a list, whatever `MaxItems` says beyond.
const PAGE: usize = 50;

/// What the control plane is made with.
#[derive(Debug)]
pub(super) struct Setup {
    pub place: Place,
    /// How long a write takes to settle.
    pub settle: Duration,
    /// Where code is.
    pub root: Shelf,
    /// `127.0.0.1:port`, for addresses that the engine gives out.
    pub authority: String,
    pub credentials: Arc<Credentials>,
    pub executor: Arc<Executor>,
    pub keeper: Keeper,
    pub metrics: Arc<Recorder>,
    /// Ends the asynchronous queue.
    pub stop: CancellationToken,
}

/// The Lambda service.
#[derive(Debug)]
pub(super) struct Lambda {
    setup: Setup,
    functions: Mutex<BTreeMap<String, Function>>,
    layers: Mutex<BTreeMap<String, layers::Layer>>,
    mirrors: Mutex<kept::Mirrors>,
    /// What is left of the asynchronous queue, in KB.
    queue: Arc<Semaphore>,
    /// What listens for function URLs.
    doors: Doors,
    projects: projects::Projects,
    code_signing: Mutex<BTreeMap<String, code_signing::CodeSigningConfig>>,
    mappings: Mutex<BTreeMap<String, mappings::Mapping>>,
}

impl Lambda {
    pub fn new(setup: Setup) -> Self {
        Self {
            setup,
            functions: Mutex::default(),
            layers: Mutex::default(),
            mirrors: Mutex::default(),
            queue: Arc::new(Semaphore::new(queue::QUEUE_KB)),
            doors: Doors::default(),
            projects: projects::Projects::default(),
            code_signing: Mutex::default(),
            mappings: Mutex::default(),
        }
    }

    /// Answers a request whose sender is known.
    pub async fn handle(self: &Arc<Self>, operation: &Operation, request: &Request) -> Reply {
        let name = operation.label();
        if operation.name == "InvokeWithResponseStream" {
            let reply = self.invoke_with_response_stream(name, request).await;
            return reply.unwrap_or_else(|error| error.answer().into());
        }
        let answer = match operation.name {
            "CreateFunction" => self.create_function(&request.body).await,
            "GetFunction" => self.get_function(name, request),
            "GetFunctionConfiguration" => self.get_function_configuration(name, request),
            "ListFunctions" => self.list_functions(request),
            "DeleteFunction" => self.delete_function(name, request),
            "UpdateFunctionConfiguration" => self.update_function_configuration(name, &request.body),
            "UpdateFunctionCode" => self.update_function_code(name, &request.body).await,
            "Invoke" => self.invoke(name, request).await,
            "InvokeAsync" => self.invoke_async(operation, request).await,
            "PublishVersion" => self.publish_version(name, &request.body),
            "ListVersionsByFunction" => self.list_versions_by_function(name, request),
            "CreateAlias" => self.create_alias(name, &request.body),
            "GetAlias" => self.get_alias(name, operation.second_label()),
            "UpdateAlias" => self.update_alias(name, operation.second_label(), &request.body),
            "DeleteAlias" => self.delete_alias(name, operation.second_label()),
            "ListAliases" => self.list_aliases(name, request),
            "PutFunctionConcurrency" => self.put_function_concurrency(name, &request.body),
            "GetFunctionConcurrency" => self.get_function_concurrency(name),
            "DeleteFunctionConcurrency" => self.delete_function_concurrency(name),
            "PutProvisionedConcurrencyConfig" => self.put_provisioned_concurrency_config(name, request),
            "GetProvisionedConcurrencyConfig" => self.get_provisioned_concurrency_config(name, request),
            "DeleteProvisionedConcurrencyConfig" => self.delete_provisioned_concurrency_config(name, request),
            "ListProvisionedConcurrencyConfigs" => self.list_provisioned_concurrency_configs(name, request),
            "PutFunctionEventInvokeConfig" => self.put_function_event_invoke_config(name, request),
            "UpdateFunctionEventInvokeConfig" => self.update_function_event_invoke_config(name, request),
            "GetFunctionEventInvokeConfig" => self.get_function_event_invoke_config(name, request),
            "DeleteFunctionEventInvokeConfig" => self.delete_function_event_invoke_config(name, request),
            "ListFunctionEventInvokeConfigs" => self.list_function_event_invoke_configs(name, request),
            "GetAccountSettings" => Ok(self.get_account_settings()),
            "ListTags" => self.list_tags(name),
            "TagResource" => self.tag_resource(name, &request.body),
            "UntagResource" => self.untag_resource(name, request),
            "AddPermission" => self.add_permission(operation, request),
            "RemovePermission" => self.remove_permission(operation, request),
            "GetPolicy" => self.get_policy(operation, request),
            "PublishLayerVersion" => self.publish_layer_version(operation, request).await,
            "GetLayerVersion" => self.get_layer_version(operation, request),
            "GetLayerVersionByArn" => self.get_layer_version_by_arn(operation, request),
            "ListLayerVersions" => self.list_layer_versions(operation, request),
            "ListLayers" => self.list_layers(operation, request),
            "DeleteLayerVersion" => self.delete_layer_version(operation, request),
            "AddLayerVersionPermission" => self.add_layer_version_permission(operation, request),
            "RemoveLayerVersionPermission" => self.remove_layer_version_permission(operation, request),
            "GetLayerVersionPolicy" => self.get_layer_version_policy(operation, request),
            "CreateFunctionUrlConfig" => self.create_function_url_config(operation, request),
            "GetFunctionUrlConfig" => self.get_function_url_config(operation, request),
            "UpdateFunctionUrlConfig" => self.update_function_url_config(operation, request),
            "DeleteFunctionUrlConfig" => self.delete_function_url_config(operation, request).await,
            "ListFunctionUrlConfigs" => self.list_function_url_configs(operation, request),
            "CreateEventSourceMapping" => self.create_event_source_mapping(operation, request),
            "GetEventSourceMapping" => self.get_event_source_mapping(operation, request),
            "UpdateEventSourceMapping" => self.update_event_source_mapping(operation, request),
            "DeleteEventSourceMapping" => self.delete_event_source_mapping(operation, request),
            "ListEventSourceMappings" => self.list_event_source_mappings(operation, request),
            "CreateCodeSigningConfig" => self.create_code_signing_config(operation, request),
            "GetCodeSigningConfig" => self.get_code_signing_config(operation, request),
            "UpdateCodeSigningConfig" => self.update_code_signing_config(operation, request),
            "DeleteCodeSigningConfig" => self.delete_code_signing_config(operation, request),
            "ListCodeSigningConfigs" => self.list_code_signing_configs(operation, request),
            "ListFunctionsByCodeSigningConfig" => {
                self.list_functions_by_code_signing_config(operation, request)
            }
            "PutFunctionCodeSigningConfig" => self.put_function_code_signing_config(operation, request),
            "GetFunctionCodeSigningConfig" => self.get_function_code_signing_config(operation, request),
            "DeleteFunctionCodeSigningConfig" => self.delete_function_code_signing_config(operation, request),
            "PutRuntimeManagementConfig" => self.put_runtime_management_config(operation, request),
            "GetRuntimeManagementConfig" => self.get_runtime_management_config(operation, request),
            "PutFunctionRecursionConfig" => self.put_function_recursion_config(operation, request),
            "GetFunctionRecursionConfig" => self.get_function_recursion_config(operation, request),
            other => Err(Error::not_implemented(other)),
        };
        answer.unwrap_or_else(|error| error.answer()).into()
    }

    fn place(&self) -> &Place {
        &self.setup.place
    }

    fn settles(&self) -> Instant {
        state::settles(self.setup.settle)
    }

    /// The functions, everything settled that is due.
    fn functions(&self) -> MutexGuard<'_, BTreeMap<String, Function>> {
        let mut functions = self.functions.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        for function in functions.values_mut() {
            if function.settle(&self.setup.place, now) {
                self.setup.executor.retire_version(&function.name, "$LATEST");
            }
            self.settle_moves(function, now);
        }
        functions
    }

    /// Calls `with` on one function.
    fn with_function<T>(
        &self,
        target: &Target,
        with: impl FnOnce(&mut Function) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match self.functions().get_mut(&target.name) {
            Some(function) => with(function),
            None => Err(Error::function_not_found(&target.arn(self.place()))),
        }
    }

    /// A zip by its hash, for the addresses that GetFunction gives out.
    pub async fn code_archive(&self, sha256: &str) -> Answer {
        let file = self.functions().values().find_map(|function| {
            std::iter::once(&function.latest)
                .chain(function.versions.values())
                .find(|release| release.code.sha256_hex() == sha256)
                .and_then(|release| release.code.file().map(std::path::Path::to_owned))
        });
        let bytes = match file.or_else(|| self.layer_archive(sha256)) {
            Some(file) => tokio::fs::read(file).await.ok(),
            None => None,
        };
        match bytes {
            Some(bytes) => Answer::typed(200, "application/zip", bytes),
            None => Error::not_found("This code is no longer here.").answer(),
        }
    }

    /// An address for the zip, good for ten minutes.
    fn code_location(&self, sha256: &str) -> String {
        let setup = &self.setup;
        let path = format!("/code/{sha256}");
        setup
            .credentials
            .presign(&setup.authority, &path, &setup.place.region, SystemTime::now())
            .unwrap_or_default()
    }
}

/// The answer to a change that is made, but not kept.
pub(super) fn not_kept(message: String) -> Answer {
    Error::new(500, "ServiceException", message).answer()
}

/// One page of a list. The marker names the last item of the page before.
fn page<T>(
    request: &Request,
    items: Vec<(String, T)>,
    max_items: i64,
) -> Result<(Vec<T>, Option<String>), Error> {
    page_of(request, items, max_items, PAGE)
}

/// As [`page`], of `most` items at most.
fn page_of<T>(
    request: &Request,
    items: Vec<(String, T)>,
    max_items: i64,
    most: usize,
) -> Result<(Vec<T>, Option<String>), Error> {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let mut violations = validate::Violations::default();
    let size = match request.query("MaxItems") {
        None => most,
        Some(text) => {
            let number = text.parse::<i64>().map_err(|_| Error::invalid("MaxItems must be a number."))?;
            violations.between(Some(number), "maxItems", 1, max_items);
            usize::try_from(number).unwrap_or(most).min(most)
        }
    };
    violations.finish()?;
    let after = match request.query("Marker").filter(|marker| !marker.is_empty()) {
        None => None,
        Some(marker) => {
            let bytes = URL_SAFE_NO_PAD.decode(marker).ok();
            let key = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
            Some(key.ok_or_else(|| Error::invalid("Invalid marker: it was not given out by this endpoint."))?)
        }
    };
    let mut rest =
        items.into_iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key > after)).peekable();
    let (mut page, mut last) = (Vec::new(), String::new());
    while page.len() < size
        && let Some((key, item)) = rest.next()
    {
        page.push(item);
        last = key;
    }
    let next = rest.peek().is_some().then(|| URL_SAFE_NO_PAD.encode(last));
    Ok((page, next))
}
