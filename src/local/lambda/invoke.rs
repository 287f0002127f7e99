//! Invoke: synchronous, asynchronous and dry.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use uuid::Uuid;

use super::{
    Lambda,
    error::Error,
    functions::pending,
    names::{self, Naming, Target},
    payload::check_json,
    state::{self, Phase},
    validate::Violations,
};
use crate::local::{
    exec::{Event, ExecError, FunctionSpec, Outcome},
    http::{Answer, Request},
};

/// Most bytes of `X-Amz-Client-Context`.
const CLIENT_CONTEXT_LIMIT: usize = 3583;

/// Most characters of `X-Amz-Tenant-Id`.
const TENANT_ID_LIMIT: usize = 256;

/// A function chosen for one event.
pub(super) struct Chosen {
    pub spec: Arc<FunctionSpec>,
    pub reserved: Option<u32>,
    per_tenant: bool,
    /// What is wrong with the files that the function is made of: a line for its log.
    pub note: Option<String>,
}

impl Chosen {
    /// Refuses an event for nobody where tenants are isolated, and one for a tenant where they are not.
    pub fn check_tenant(&self, tenant_id: Option<&str>) -> Result<(), Error> {
        match (self.per_tenant, tenant_id) {
            (true, None) => Err(Error::invalid(
                "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request and \
                 try again.",
            )),
            (false, Some(_)) => Err(Error::invalid(
                "The invoked function is not enabled with tenancy configuration. Remove the tenant ID from your \
                 request and try again.",
            )),
            _ => Ok(()),
        }
    }
}

/// An invocation that is in order.
pub(super) struct Invocation<'r> {
    /// `X-Amz-Invocation-Type`.
    pub kind: &'r str,
    pub target: Target,
    pub chosen: Chosen,
    pub event: Event,
    /// Whether the answer has the end of the log.
    pub tail: bool,
}

impl Lambda {
    pub(super) async fn invoke(self: &Arc<Self>, name: &str, request: &Request) -> Result<Answer, Error> {
        let Invocation { kind, mut target, chosen, mut event, tail } =
            self.invocation(name, request, &["Event", "RequestResponse", "DryRun"]).await?;
        match kind {
            "DryRun" => Ok(Answer::empty(204)),
            "Event" => {
                target.qualifier.get_or_insert_with(|| "$LATEST".to_owned());
                // As the service model says, it goes to functions that are invoked synchronously only.
                event.client_context = None;
                self.enqueue(target, event)?;
                Ok(Answer::empty(202))
            }
            _ => {
                let outcome = self.run(&chosen, event).await.map_err(|error| exec_error(&error))?;
                Ok(answer(&outcome, &chosen.spec.version, tail))
            }
        }
    }

    /// Reads and checks an invocation of one of these types.
    pub(super) async fn invocation<'r>(
        self: &Arc<Self>,
        name: &str,
        request: &'r Request,
        kinds: &[&str],
    ) -> Result<Invocation<'r>, Error> {
        let target = names::target(self.place(), name, request.query("Qualifier"), Naming::Namespaced)?;
        let kind = request.header("x-amz-invocation-type").unwrap_or("RequestResponse");
        let log_type = request.header("x-amz-log-type").unwrap_or("None");
        let tenant_id = request.header("x-amz-tenant-id");
        let mut violations = Violations::default();
        violations.one_of(Some(kind), "invocationType", kinds);
        violations.one_of(Some(log_type), "logType", &["None", "Tail"]);
        if let Some(tenant_id) = tenant_id {
            check_tenant_id(tenant_id, &mut violations);
        }
        violations.finish()?;
        let client_context = request.header("x-amz-client-context").map(client_context).transpose()?;
        let chosen = self.choose(&target).await?;
        chosen.check_tenant(tenant_id)?;
        let payload = if request.body.is_empty() { Bytes::from_static(b"{}") } else { request.body.clone() };
        check_json(&payload)?;
        let tenant_id = tenant_id.map(str::to_owned);
        let note = chosen.note.clone();
        let event = Event { client_context, tenant_id, note, ..Event::new(request.id.clone(), payload) };
        Ok(Invocation { kind, target, chosen, event, tail: log_type == "Tail" })
    }

    /// Invokes one of the engine's own functions, for background traffic. The outcome is in its log.
    pub(in crate::local) async fn invoke_quietly(self: &Arc<Self>, function: String, payload: Bytes) {
        let target = Target { name: function, qualifier: None };
        let event = Event::new(Uuid::new_v4().to_string(), payload);
        if let Ok(chosen) = self.choose(&target).await
            && let Err(error) = self.run(&chosen, event).await
        {
            tracing::debug!(%error, "background traffic was not taken");
        }
    }

    pub(super) async fn run(&self, chosen: &Chosen, mut event: Event) -> Result<Outcome, ExecError> {
        event.note.clone_from(&chosen.note);
        self.setup.executor.invoke(&chosen.spec, chosen.reserved, event).await
    }

    /// The version for one event, an alias's weights applied; a project's function as its files are now.
    pub(super) async fn choose(self: &Arc<Self>, target: &Target) -> Result<Chosen, Error> {
        let note = self.keep_up(&target.name).await;
        self.chosen(target).map(|chosen| Chosen { note, ..chosen })
    }

    pub(super) fn chosen(&self, target: &Target) -> Result<Chosen, Error> {
        let qualifier = target.qualifier.as_deref().unwrap_or("$LATEST");
        let functions = self.functions();
        let missing = || Error::function_not_found(&self.place().arn(&target.name, Some(qualifier)));
        let function = functions.get(&target.name).ok_or_else(missing)?;
        let version = function.aliases.get(qualifier).map_or(qualifier, |alias| alias.pick(state::draw()));
        let release = function.release(version).ok_or_else(missing)?;
        if release.code.image_uri().is_some() {
            return Err(unrunnable_image(&target.name));
        }
        let spec = match (&release.serving, release.phase) {
            (Some(spec), _) => spec,
            (None, Phase::Pending(_)) => return Err(pending()),
            (None, _) => return Err(missing()),
        };
        // The context shows the ARN that was invoked: with its qualifier, where there was one.
        let arn = target.arn(self.place());
        let spec = if spec.arn == arn {
            Arc::clone(spec)
        } else {
            Arc::new(FunctionSpec { arn, ..spec.as_ref().clone() })
        };
        Ok(Chosen { spec, reserved: function.reserved, per_tenant: release.settings.per_tenant, note: None })
    }
}

/// The refusal to run a container image.
pub(super) fn unrunnable_image(name: &str) -> Error {
    let message = format!("The local engine runs zip packages only: {name} has package type Image.");
    Error::new(502, "InvalidRuntimeException", message)
}

fn answer(outcome: &Outcome, version: &str, tail: bool) -> Answer {
    let mut answer = Answer::typed(200, "application/json", outcome.payload.clone())
        .with_header("x-amz-executed-version", version)
        .with_header("x-amzn-remapped-content-length", "0");
    if let Some(kind) = outcome.function_error {
        answer = answer.with_header("x-amz-function-error", kind);
    }
    if tail {
        answer = answer.with_header("x-amz-log-result", STANDARD.encode(&outcome.log_tail));
    }
    answer
}

pub(super) fn exec_error(error: &ExecError) -> Error {
    match error {
        ExecError::Throttled { reason } => Error::throttled(reason),
        ExecError::Stopping => Error::new(503, "ServiceUnavailableException", error.to_string()),
    }
}

/// `X-Amz-Tenant-Id`.
fn check_tenant_id(tenant_id: &str, violations: &mut Violations) {
    if tenant_id.is_empty() {
        violations.add(tenant_id, "tenantId", "Member must have length greater than or equal to 1");
    }
    violations.at_most(tenant_id, "tenantId", TENANT_ID_LIMIT);
    if !tenant_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:/=+-@ ".contains(&byte)) {
        let rule = r"Member must satisfy regular expression pattern: [a-zA-Z0-9\._:\/=+\-@ ]+";
        violations.add(tenant_id, "tenantId", rule);
    }
}

/// `X-Amz-Client-Context`: JSON in base64.
fn client_context(header: &str) -> Result<String, Error> {
    let invalid = || Error::content("Client context must be a valid Base64-encoded JSON object.");
    if header.len() > CLIENT_CONTEXT_LIMIT {
        return Err(Error::content(format!(
            "Client context must be no more than {CLIENT_CONTEXT_LIMIT} bytes."
        )));
    }
    let text =
        STANDARD.decode(header).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(invalid)?;
    match serde_json::from_str(&text) {
        Ok(serde_json::Value::Object(_)) => Ok(text),
        _ => Err(invalid()),
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    use super::client_context;

    #[test]
    fn client_context_is_a_json_object_in_base64() {
        assert_eq!(client_context("eyJhIjoxfQ==").unwrap(), r#"{"a":1}"#);
        let text = |length: usize| STANDARD.encode(format!("{{}}{}", " ".repeat(length - 2)));
        // Base64 comes in fours, so 3580 is the longest that fits 3583.
        assert_eq!(text(2685).len(), 3580);
        assert!(client_context(&text(2685)).is_ok());
        for bad in ["x", "MQ==", "e30", &text(2686)] {
            assert!(client_context(bad).is_err(), "{bad}");
        }
    }
}
