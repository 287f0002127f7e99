//! The server: one loopback listener in front of every service, and the answers they give it.

use bytes::Bytes;
use serde_json::Value;

/// What a service answers; the server adds `x-amzn-requestid` and the date.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers beside the ones the server adds. Names are lower-case.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Bytes,
}

impl Answer {
    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new() }
    }

    /// A JSON body of the restJson1 kind (`application/json`).
    pub fn json(status: u16, value: &Value) -> Self {
        Self::typed(status, "application/json", value.to_string())
    }

    /// A JSON body of the awsJson1.1 kind (`application/x-amz-json-1.1`).
    pub fn json11(status: u16, value: &Value) -> Self {
        Self::typed(status, "application/x-amz-json-1.1", value.to_string())
    }

    /// An awsJson1.1 error: `{"__type": code, "message": message}` and `x-amzn-errortype`.
    pub fn error_json11(status: u16, code: &str, message: &str) -> Self {
        Self::json11(status, &serde_json::json!({ "__type": code, "message": message }))
            .with_header("x-amzn-errortype", code)
    }

    /// A body of any content type.
    pub fn typed(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.into(),
        }
    }

    /// The same answer with one header more.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}
