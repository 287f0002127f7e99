//! What the control plane knows of a call at a function URL: whether it may be made, and how it is run.

use std::sync::Arc;

use serde_json::Value;

use super::{Auth, UNQUALIFIED, UrlConfig};
use crate::local::{
    auth::Credentials,
    exec::{Event, Outcome, Streaming},
    lambda::{
        Lambda,
        error::Error,
        invoke::exec_error,
        names::{Place, Target},
        policy::Policy,
    },
    urls::Site,
};

/// What a resource policy must allow.
pub(super) const ACTION: &str = "lambda:InvokeFunctionUrl";
/// The condition key that says for which kind of URL it is allowed.
pub(super) const AUTH_TYPE: &str = "lambda:FunctionUrlAuthType";

/// A function URL at the time of a call.
pub(in crate::local) struct UrlView {
    pub config: UrlConfig,
    /// Whether what it leads to exists, and a caller without a signature may call it where none is asked for.
    pub allowed: bool,
}

impl Lambda {
    /// The URL with this id, as long as it is there.
    pub(in crate::local) fn url_view(&self, site: &Site, id: &str) -> Option<UrlView> {
        let key = site.qualifier.as_deref().unwrap_or(UNQUALIFIED);
        let functions = self.functions();
        let function = functions.get(&site.function)?;
        let config = function.urls.get(key).filter(|config| config.id == id)?.clone();
        let exists = site.qualifier.as_ref().is_none_or(|alias| function.aliases.contains_key(alias));
        // The engine's key is the account's: what it signs needs no permission of the resource.
        let permitted = config.auth_type == Auth::Iam
            || function.policies.get(key).is_some_and(|policy| allows_url(policy, config.auth_type));
        Some(UrlView { config, allowed: exists && permitted })
    }

    /// Runs an event for a whole response.
    ///
    /// # Errors
    /// As Invoke.
    pub(in crate::local) async fn call_url(
        self: &Arc<Self>,
        site: &Site,
        event: Event,
    ) -> Result<Outcome, Error> {
        let chosen = self.choose(&site.target()).await?;
        chosen.check_tenant(None)?;
        self.run(&chosen, event).await.map_err(|error| exec_error(&error))
    }

    /// Runs an event for a response that is read as it comes.
    ///
    /// # Errors
    /// As InvokeWithResponseStream.
    pub(in crate::local) async fn call_url_streaming(
        self: &Arc<Self>,
        site: &Site,
        mut event: Event,
    ) -> Result<Streaming, Error> {
        let chosen = self.choose(&site.target()).await?;
        chosen.check_tenant(None)?;
        event.note.clone_from(&chosen.note);
        let streaming = self.setup.executor.invoke_streaming(&chosen.spec, chosen.reserved, event).await;
        streaming.map_err(|error| exec_error(&error))
    }

    /// Where the engine claims to be, and the key that calls are signed with.
    pub(in crate::local) fn url_identity(&self) -> (&Place, &Credentials) {
        (self.place(), &self.setup.credentials)
    }
}

impl Site {
    fn target(&self) -> Target {
        Target { name: self.function.clone(), qualifier: self.qualifier.clone() }
    }
}

/// Whether a resource policy lets everybody call a function URL of this kind.
///
/// Only what AddPermission can put into a policy is understood; a statement with another condition allows nothing here.
pub(super) fn allows_url(policy: &Policy, auth: Auth) -> bool {
    let applies = |statement: &&Value| {
        any(&statement["Action"], |action| matches!(action, ACTION | "lambda:*" | "*"))
            && (any(&statement["Principal"], |who| who == "*")
                || any(&statement["Principal"]["AWS"], |who| who == "*"))
            && statement.get("Condition").is_none_or(|condition| is_for(condition, auth))
    };
    let mut effects =
        policy.statements.iter().filter(applies).map(|statement| &statement["Effect"]).peekable();
    effects.peek().is_some() && effects.all(|effect| effect == "Allow")
}

/// Whether the value, or one of a list, fits.
fn any(value: &Value, fits: impl Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => fits(text),
        Value::Array(list) => list.iter().filter_map(Value::as_str).any(fits),
        _ => false,
    }
}

/// Whether a condition asks for nothing but this kind of URL.
fn is_for(condition: &Value, auth: Auth) -> bool {
    let word = match auth {
        Auth::None => "NONE",
        Auth::Iam => "AWS_IAM",
    };
    condition.as_object().is_some_and(|operators| {
        operators.iter().all(|(operator, keys)| {
            operator == "StringEquals"
                && keys.as_object().is_some_and(|keys| {
                    keys.iter().all(|(key, value)| key == AUTH_TYPE && any(value, |it| it == word))
                })
        })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn statement() -> Value {
        json!({
            "Sid": "url", "Effect": "Allow", "Principal": "*", "Action": ACTION,
            "Resource": "arn:aws:lambda:us-east-1:123456789012:function:fn",
            "Condition": { "StringEquals": { AUTH_TYPE: "NONE" } },
        })
    }

    fn allows(statements: Vec<Value>) -> bool {
        allows_url(&Policy { statements, ..Policy::default() }, Auth::None)
    }

    fn with(member: &str, value: Value) -> Value {
        let mut statement = statement();
        statement[member] = value;
        statement
    }

    #[test]
    fn everybody_must_be_allowed_for_this_kind_of_url() {
        assert!(allows(vec![statement()]));
        assert!(allows(vec![with("Principal", json!({ "AWS": "*" }))]));
        assert!(allows(vec![with("Action", json!("lambda:Invoke")), statement()]));
        assert!(!allows(vec![]));
        let iam = json!({ "StringEquals": { AUTH_TYPE: "AWS_IAM" } });
        let also = json!({ "StringEquals": { AUTH_TYPE: "NONE", "aws:PrincipalOrgID": "o-1" } });
        let address = json!({ "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } });
        for refused in [
            with("Action", json!("lambda:InvokeFunction")),
            with("Principal", json!({ "Service": "s3.amazonaws.com" })),
            with("Principal", json!({ "AWS": "arn:aws:iam::123456789012:root" })),
            with("Condition", iam),
            with("Condition", also),
            with("Condition", address),
            with("Effect", json!("Deny")),
        ] {
            assert!(!allows(vec![refused.clone()]), "{refused}");
        }
        assert!(!allows(vec![statement(), with("Effect", json!("Deny"))]));
        let policy = Policy { statements: vec![statement()], ..Policy::default() };
        assert!(!allows_url(&policy, Auth::Iam));
    }
}
