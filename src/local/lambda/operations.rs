//! Which operation a request is: every operation of the Lambda API by method and path (service model of 2026-11), so
//! that one the engine does not have can be refused by its name.

use hyper::{HeaderMap, Method};

use super::error::Error;
use crate::local::http::{Answer, decode};

/// Most bytes of a payload for a synchronous invocation, and of any request that has no limit of its own.
pub(in crate::local) const SYNC_LIMIT: usize = 6 * 1024 * 1024;
/// Most bytes of a payload for an asynchronous invocation.
pub(in crate::local) const ASYNC_LIMIT: usize = 1024 * 1024;
/// Most bytes of a request that carries a zip: 50 MB in base64 and the rest of the request.
const CODE_LIMIT: usize = 70_167_211;
/// Most bytes of an UpdateFunctionConfiguration request.
const CONFIGURATION_LIMIT: usize = 5120;

/// An operation and the parts of its path that vary, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::local) struct Operation {
    /// AWS's name.
    pub name: &'static str,
    /// What stood in the path's places, in order.
    pub labels: Vec<String>,
    /// Whether it may change something. A read is a GET, in this and in every service of the kind.
    pub changes: bool,
}

impl Operation {
    /// The path's first varying part, such as the function's name.
    pub fn label(&self) -> &str {
        self.labels.first().map_or("", String::as_str)
    }

    /// The path's second varying part, such as the alias's name.
    pub fn second_label(&self) -> &str {
        self.labels.get(1).map_or("", String::as_str)
    }
}

/// Finds the operation of a request.
pub(in crate::local) fn find(method: &Method, path: &str, query: &[(String, String)]) -> Option<Operation> {
    find_in(OPERATIONS, method, path, query)
}

/// The same in any service's table, which is written as [`OPERATIONS`] is.
pub(in crate::local) fn find_in(
    table: &[(&str, &str, &'static str)],
    method: &Method,
    path: &str,
    query: &[(String, String)],
) -> Option<Operation> {
    let path = path.strip_suffix('/').unwrap_or(path);
    table.iter().filter(|(verb, ..)| *verb == method.as_str()).find_map(|(_, template, name)| {
        let (template, condition) = template.split_once('?').unwrap_or((template, ""));
        if let Some((key, value)) = condition.split_once('=')
            && !query.iter().any(|(k, v)| k == key && v == value)
        {
            return None;
        }
        let (mut wanted, mut given) = (template.split('/'), path.split('/'));
        let mut labels = Vec::new();
        loop {
            match (wanted.next(), given.next()) {
                (None, None) => return Some(Operation { name, labels, changes: method != Method::GET }),
                (Some("{}"), Some(part)) if !part.is_empty() => labels.push(decode(part)),
                (Some(a), Some(b)) if a == b => {}
                _ => return None,
            }
        }
    })
}

/// Whether a request changes something, so that it is acknowledged only once that is kept. Invoking a function is no
/// change of the engine's, but taking an event into the queue is.
pub(in crate::local) fn is_change(operation: &Operation, headers: &HeaderMap) -> bool {
    match operation.name {
        "Invoke" => is_event(headers),
        "InvokeWithResponseStream" => false,
        _ => operation.changes,
    }
}

fn is_event(headers: &HeaderMap) -> bool {
    headers.get("x-amz-invocation-type").is_some_and(|kind| kind == "Event")
}

/// Most bytes that a request for this operation may have.
pub(in crate::local) fn body_limit(operation: Option<&str>, headers: &HeaderMap) -> usize {
    match operation {
        Some("CreateFunction" | "UpdateFunctionCode" | "PublishLayerVersion") => CODE_LIMIT,
        Some("UpdateFunctionConfiguration") => CONFIGURATION_LIMIT,
        Some("InvokeAsync") => ASYNC_LIMIT,
        Some("Invoke") if is_event(headers) => ASYNC_LIMIT,
        _ => SYNC_LIMIT,
    }
}

/// The answer to a request beyond [`body_limit`].
pub(in crate::local) fn too_large(operation: &str, limit: usize) -> Answer {
    if let Some(known_as) = match operation {
        // Its message speaks of the operation's older name.
        "Invoke" => Some("InvokeFunction"),
        "InvokeAsync" | "InvokeWithResponseStream" => Some(operation),
        _ => None,
    } {
        let message = format!("Request must be smaller than {limit} bytes for the {known_as} operation");
        return Error::new(413, "RequestTooLargeException", message).answer();
    }
    Error::entity_too_large(format!(
        "Request must be smaller than {limit} bytes for the {operation} operation"
    ))
    .answer()
}

/// Method, path with `{}` for its labels and `?name=value` where the query decides, and name.
#[rustfmt::skip]
const OPERATIONS: &[(&str, &str, &str)] = &[
    ("POST", "/2014-11-13/functions/{}/invoke-async", "InvokeAsync"),
    ("GET", "/2015-03-31/event-source-mappings", "ListEventSourceMappings"),
    ("POST", "/2015-03-31/event-source-mappings", "CreateEventSourceMapping"),
    ("DELETE", "/2015-03-31/event-source-mappings/{}", "DeleteEventSourceMapping"),
    ("GET", "/2015-03-31/event-source-mappings/{}", "GetEventSourceMapping"),
    ("PUT", "/2015-03-31/event-source-mappings/{}", "UpdateEventSourceMapping"),
    ("GET", "/2015-03-31/functions", "ListFunctions"),
    ("POST", "/2015-03-31/functions", "CreateFunction"),
    ("DELETE", "/2015-03-31/functions/{}", "DeleteFunction"),
    ("GET", "/2015-03-31/functions/{}", "GetFunction"),
    ("GET", "/2015-03-31/functions/{}/aliases", "ListAliases"),
    ("POST", "/2015-03-31/functions/{}/aliases", "CreateAlias"),
    ("DELETE", "/2015-03-31/functions/{}/aliases/{}", "DeleteAlias"),
    ("GET", "/2015-03-31/functions/{}/aliases/{}", "GetAlias"),
    ("PUT", "/2015-03-31/functions/{}/aliases/{}", "UpdateAlias"),
    ("PUT", "/2015-03-31/functions/{}/code", "UpdateFunctionCode"),
    ("GET", "/2015-03-31/functions/{}/configuration", "GetFunctionConfiguration"),
    ("PUT", "/2015-03-31/functions/{}/configuration", "UpdateFunctionConfiguration"),
    ("POST", "/2015-03-31/functions/{}/invocations", "Invoke"),
    ("GET", "/2015-03-31/functions/{}/policy", "GetPolicy"),
    ("POST", "/2015-03-31/functions/{}/policy", "AddPermission"),
    ("DELETE", "/2015-03-31/functions/{}/policy/{}", "RemovePermission"),
    ("GET", "/2015-03-31/functions/{}/versions", "ListVersionsByFunction"),
    ("POST", "/2015-03-31/functions/{}/versions", "PublishVersion"),
    ("GET", "/2016-08-19/account-settings", "GetAccountSettings"),
    ("DELETE", "/2017-03-31/tags/{}", "UntagResource"),
    ("GET", "/2017-03-31/tags/{}", "ListTags"),
    ("POST", "/2017-03-31/tags/{}", "TagResource"),
    ("DELETE", "/2017-10-31/functions/{}/concurrency", "DeleteFunctionConcurrency"),
    ("PUT", "/2017-10-31/functions/{}/concurrency", "PutFunctionConcurrency"),
    ("GET", "/2018-10-31/layers?find=LayerVersion", "GetLayerVersionByArn"),
    ("GET", "/2018-10-31/layers", "ListLayers"),
    ("GET", "/2018-10-31/layers/{}/versions", "ListLayerVersions"),
    ("POST", "/2018-10-31/layers/{}/versions", "PublishLayerVersion"),
    ("DELETE", "/2018-10-31/layers/{}/versions/{}", "DeleteLayerVersion"),
    ("GET", "/2018-10-31/layers/{}/versions/{}", "GetLayerVersion"),
    ("GET", "/2018-10-31/layers/{}/versions/{}/policy", "GetLayerVersionPolicy"),
    ("POST", "/2018-10-31/layers/{}/versions/{}/policy", "AddLayerVersionPermission"),
    ("DELETE", "/2018-10-31/layers/{}/versions/{}/policy/{}", "RemoveLayerVersionPermission"),
    ("DELETE", "/2019-09-25/functions/{}/event-invoke-config", "DeleteFunctionEventInvokeConfig"),
    ("GET", "/2019-09-25/functions/{}/event-invoke-config", "GetFunctionEventInvokeConfig"),
    ("POST", "/2019-09-25/functions/{}/event-invoke-config", "UpdateFunctionEventInvokeConfig"),
    ("PUT", "/2019-09-25/functions/{}/event-invoke-config", "PutFunctionEventInvokeConfig"),
    ("GET", "/2019-09-25/functions/{}/event-invoke-config/list", "ListFunctionEventInvokeConfigs"),
    ("GET", "/2019-09-30/functions/{}/concurrency", "GetFunctionConcurrency"),
    ("GET", "/2019-09-30/functions/{}/provisioned-concurrency?List=ALL", "ListProvisionedConcurrencyConfigs"),
    ("DELETE", "/2019-09-30/functions/{}/provisioned-concurrency", "DeleteProvisionedConcurrencyConfig"),
    ("GET", "/2019-09-30/functions/{}/provisioned-concurrency", "GetProvisionedConcurrencyConfig"),
    ("PUT", "/2019-09-30/functions/{}/provisioned-concurrency", "PutProvisionedConcurrencyConfig"),
    ("GET", "/2020-04-22/code-signing-configs", "ListCodeSigningConfigs"),
    ("POST", "/2020-04-22/code-signing-configs", "CreateCodeSigningConfig"),
    ("DELETE", "/2020-04-22/code-signing-configs/{}", "DeleteCodeSigningConfig"),
    ("GET", "/2020-04-22/code-signing-configs/{}", "GetCodeSigningConfig"),
    ("PUT", "/2020-04-22/code-signing-configs/{}", "UpdateCodeSigningConfig"),
    ("GET", "/2020-04-22/code-signing-configs/{}/functions", "ListFunctionsByCodeSigningConfig"),
    ("DELETE", "/2020-06-30/functions/{}/code-signing-config", "DeleteFunctionCodeSigningConfig"),
    ("GET", "/2020-06-30/functions/{}/code-signing-config", "GetFunctionCodeSigningConfig"),
    ("PUT", "/2020-06-30/functions/{}/code-signing-config", "PutFunctionCodeSigningConfig"),
    ("GET", "/2021-07-20/functions/{}/runtime-management-config", "GetRuntimeManagementConfig"),
    ("PUT", "/2021-07-20/functions/{}/runtime-management-config", "PutRuntimeManagementConfig"),
    ("DELETE", "/2021-10-31/functions/{}/url", "DeleteFunctionUrlConfig"),
    ("GET", "/2021-10-31/functions/{}/url", "GetFunctionUrlConfig"),
    ("POST", "/2021-10-31/functions/{}/url", "CreateFunctionUrlConfig"),
    ("PUT", "/2021-10-31/functions/{}/url", "UpdateFunctionUrlConfig"),
    ("GET", "/2021-10-31/functions/{}/urls", "ListFunctionUrlConfigs"),
    ("POST", "/2021-11-15/functions/{}/response-streaming-invocations", "InvokeWithResponseStream"),
    ("GET", "/2024-08-31/functions/{}/recursion-config", "GetFunctionRecursionConfig"),
    ("PUT", "/2024-08-31/functions/{}/recursion-config", "PutFunctionRecursionConfig"),
    ("GET", "/2025-11-30/capacity-providers", "ListCapacityProviders"),
    ("POST", "/2025-11-30/capacity-providers", "CreateCapacityProvider"),
    ("DELETE", "/2025-11-30/capacity-providers/{}", "DeleteCapacityProvider"),
    ("GET", "/2025-11-30/capacity-providers/{}", "GetCapacityProvider"),
    ("PUT", "/2025-11-30/capacity-providers/{}", "UpdateCapacityProvider"),
    ("GET", "/2025-11-30/capacity-providers/{}/function-versions", "ListFunctionVersionsByCapacityProvider"),
    ("GET", "/2025-11-30/functions/{}/function-scaling-config", "GetFunctionScalingConfig"),
    ("PUT", "/2025-11-30/functions/{}/function-scaling-config", "PutFunctionScalingConfig"),
    ("POST", "/2025-12-01/durable-execution-callbacks/{}/fail", "SendDurableExecutionCallbackFailure"),
    ("POST", "/2025-12-01/durable-execution-callbacks/{}/heartbeat", "SendDurableExecutionCallbackHeartbeat"),
    ("POST", "/2025-12-01/durable-execution-callbacks/{}/succeed", "SendDurableExecutionCallbackSuccess"),
    ("DELETE", "/2025-12-01/durable-executions/{}", "DeleteDurableExecution"),
    ("GET", "/2025-12-01/durable-executions/{}", "GetDurableExecution"),
    ("POST", "/2025-12-01/durable-executions/{}/checkpoint", "CheckpointDurableExecution"),
    ("GET", "/2025-12-01/durable-executions/{}/history", "GetDurableExecutionHistory"),
    ("POST", "/2025-12-01/durable-executions/{}/pause", "PauseDurableExecution"),
    ("POST", "/2025-12-01/durable-executions/{}/resume", "ResumeDurableExecution"),
    ("GET", "/2025-12-01/durable-executions/{}/state", "GetDurableExecutionState"),
    ("POST", "/2025-12-01/durable-executions/{}/stop", "StopDurableExecution"),
    ("GET", "/2025-12-01/functions/{}/durable-executions", "ListDurableExecutionsByFunction"),
    ("DELETE", "/2026-07-09/resource-policy/{}", "DeleteResourcePolicy"),
    ("GET", "/2026-07-09/resource-policy/{}", "GetResourcePolicy"),
    ("PUT", "/2026-07-09/resource-policy/{}", "PutResourcePolicy"),
];

#[cfg(test)]
mod tests {
    use hyper::{HeaderMap, Method, header::HeaderValue};

    use super::{Operation, body_limit, find, is_change};

    fn name(method: &Method, path: &str, query: &[(&str, &str)]) -> Option<Operation> {
        let query: Vec<_> = query.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        find(method, path, &query)
    }

    #[test]
    fn operations_are_told_by_method_path_and_query() {
        let found = name(&Method::GET, "/2015-03-31/functions/arn%3Aaws/aliases/%24x", &[]).unwrap();
        assert_eq!(
            found,
            Operation { name: "GetAlias", labels: vec!["arn:aws".into(), "$x".into()], changes: false }
        );
        assert_eq!(name(&Method::GET, "/2015-03-31/functions/", &[]).unwrap().name, "ListFunctions");
        assert_eq!(name(&Method::GET, "/2018-10-31/layers", &[]).unwrap().name, "ListLayers");
        let by_arn =
            name(&Method::GET, "/2018-10-31/layers", &[("find", "LayerVersion"), ("Arn", "x")]).unwrap();
        assert_eq!(by_arn.name, "GetLayerVersionByArn");
        assert_eq!(name(&Method::PATCH, "/2015-03-31/functions", &[]), None);
        assert_eq!(name(&Method::GET, "/2015-03-31/functions//configuration", &[]), None);
    }

    #[test]
    fn reads_and_synchronous_invocations_are_no_changes() {
        let change = |method: &Method, path: &str, kind: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-amz-invocation-type", HeaderValue::from_static(kind));
            is_change(&name(method, path, &[]).unwrap(), &headers)
        };
        let (get, post) = (&Method::GET, &Method::POST);
        assert!(!change(get, "/2015-03-31/functions/f", "") && !change(get, "/2018-10-31/layers", ""));
        assert!(
            change(post, "/2015-03-31/functions", "") && change(&Method::DELETE, "/2017-03-31/tags/a", "")
        );
        let invocations = "/2015-03-31/functions/f/invocations";
        assert!(change(post, invocations, "Event"));
        assert!(!change(post, invocations, "RequestResponse") && !change(post, invocations, "DryRun"));
        assert!(!change(post, "/2021-11-15/functions/f/response-streaming-invocations", "RequestResponse"));
        assert!(change(post, "/2014-11-13/functions/f/invoke-async", ""));
    }

    #[test]
    fn a_body_may_be_as_long_as_its_operation_allows() {
        let (sync, mut asynchronous) = (HeaderMap::new(), HeaderMap::new());
        asynchronous.insert("x-amz-invocation-type", HeaderValue::from_static("Event"));
        assert_eq!(body_limit(Some("Invoke"), &sync), 6_291_456);
        assert_eq!(body_limit(Some("Invoke"), &asynchronous), 1_048_576);
        assert_eq!(body_limit(Some("CreateFunction"), &sync), 70_167_211);
        assert_eq!(body_limit(Some("UpdateFunctionConfiguration"), &sync), 5120);
        assert_eq!(body_limit(None, &asynchronous), 6_291_456);
    }
}
