//! Lambda's errors on the wire. Their bodies differ by kind: a not-found has `Message`, the others `message`;
//! a validation error and a 413 have no `Type` (recorded on AWS).

use serde_json::{Map, Value, json};

use crate::local::http::Answer;

/// An error as AWS answers it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {}", message.as_deref().unwrap_or_default())]
pub(in crate::local) struct Error {
    status: u16,
    code: &'static str,
    message: Option<String>,
    typed: bool,
    reason: Option<&'static str>,
}

impl Error {
    /// An error with `Type`.
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: Some(message.into()), typed: true, reason: None }
    }

    /// 400: a value that the service, not its model, refuses.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidParameterValueException", message)
    }

    /// 400: values that the service model refuses, in its wording.
    pub fn validation(message: impl Into<String>) -> Self {
        Self { typed: false, ..Self::new(400, "ValidationException", message) }
    }

    /// 400: a body that is no JSON, or JSON of another shape.
    pub fn content(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidRequestContentException", message)
    }

    /// 404 for a function, version or alias.
    pub fn function_not_found(arn: &str) -> Self {
        Self::not_found(format!("Function not found: {arn}"))
    }

    /// 404.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, "ResourceNotFoundException", message)
    }

    /// 409.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(409, "ResourceConflictException", message)
    }

    /// 412: the RevisionId is not the latest.
    pub fn stale_revision() -> Self {
        Self::new(
            412,
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to \
             retrieve the latest Revision Id",
        )
    }

    /// 403 for another account's function. AWS says nothing more.
    pub fn access_denied() -> Self {
        Self { message: None, typed: false, ..Self::new(403, "AccessDeniedException", "") }
    }

    /// 413.
    pub fn entity_too_large(message: impl Into<String>) -> Self {
        Self { typed: false, ..Self::new(413, "RequestEntityTooLargeException", message) }
    }

    /// 429. `reason` is AWS's name of the limit.
    pub fn throttled(reason: &'static str) -> Self {
        Self { reason: Some(reason), ..Self::new(429, "TooManyRequestsException", "Rate Exceeded.") }
    }

    /// 501: an operation of AWS's that the engine does not have.
    pub fn not_implemented(operation: &str) -> Self {
        let message = format!("The local engine has no operation '{operation}'.");
        Self { typed: false, ..Self::new(501, "NotImplementedException", message) }
    }

    /// The same error without `Type`: some come from a part of AWS that leaves it out.
    #[must_use]
    pub fn untyped(self) -> Self {
        Self { typed: false, ..self }
    }

    /// The error as an answer.
    pub fn answer(&self) -> Answer {
        let mut body = Map::new();
        let capital = matches!(self.status, 403 | 502)
            || matches!(self.code, "ResourceNotFoundException" | "CodeSigningConfigNotFoundException");
        let key = if capital { "Message" } else { "message" };
        body.insert(key.to_owned(), json!(self.message));
        if self.typed {
            body.insert("Type".to_owned(), json!(if self.status < 500 { "User" } else { "Service" }));
        }
        if let Some(reason) = self.reason {
            body.insert("Reason".to_owned(), json!(reason));
        }
        Answer::json(self.status, &Value::Object(body)).with_header("x-amzn-errortype", self.code)
    }
}
