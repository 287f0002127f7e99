//! What the server answers, and how each AWS protocol spells an error.

use std::fmt::{self, Write as _};

use serde_json::json;

use super::AwsError;
use super::http::{Protocol, Request};

/// One HTTP response. The server adds `content-length`, and an `x-amzn-requestid` that counts up.
#[derive(Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: bytes::Bytes,
}

impl Reply {
    /// A response with this body as it is.
    pub fn new(status: u16, content_type: &str, body: impl Into<bytes::Bytes>) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Self { status, headers, body: body.into() }
    }

    /// 200 with JSON.
    pub fn json(value: &serde_json::Value) -> Self {
        Self::new(200, "application/json", value.to_string())
    }

    /// This with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// All of it on the wire, in one piece: a head and a body in two packets would wait for each other's
    /// acknowledgement. `number` makes the request id.
    pub(super) fn whole(&self, number: usize) -> Vec<u8> {
        [&self.head(number), self.body.as_ref()].concat()
    }

    /// The head and the first half of the body.
    pub(super) fn half(&self, number: usize) -> Vec<u8> {
        [&self.head(number), &self.body[..self.body.len() / 2]].concat()
    }

    fn head(&self, number: usize) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} -\r\ncontent-length: {}\r\n", self.status, self.body.len());
        let request_id = ("x-amzn-requestid".to_owned(), format!("00000000-0000-4000-8000-{number:012}"));
        for (name, value) in self.headers.iter().chain([&request_id]) {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        head += "\r\n";
        head.into_bytes()
    }
}

/// Without headers and most of the body, which may be megabytes.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let begin = String::from_utf8_lossy(&self.body[..self.body.len().min(60)]);
        write!(f, "Reply({}, {begin:?})", self.status)
    }
}

impl AwsError {
    /// The error in the protocol of the request.
    pub(super) fn reply(&self, request: &Request) -> Reply {
        let message = self.message.replace("{action}", &request.action());
        let reply = match request.protocol() {
            Protocol::RestJson => self.rest_json(&message),
            Protocol::AwsJson => self.aws_json(&message),
            Protocol::Query => self.query(&message),
        };
        self.headers.iter().fold(reply, |reply, (name, value)| reply.header(name, value))
    }

    fn rest_json(&self, message: &str) -> Reply {
        let by = if self.status < 500 { "User" } else { "Service" };
        // 404 alone has a capital letter: recorded on AWS.
        let member = if self.status == 404 { "Message" } else { "message" };
        let mut body = json!({ "Type": by, member: message });
        if let Some(reason) = self.reason {
            body["Reason"] = json!(reason);
        }
        Reply::new(self.status, "application/json", body.to_string()).header("x-amzn-errortype", &self.code)
    }

    fn aws_json(&self, message: &str) -> Reply {
        let code = match self.code.as_str() {
            "TooManyRequestsException" => "ThrottlingException",
            "ServiceException" => "ServiceUnavailableException",
            code => code,
        };
        let status = if self.status < 500 { 400 } else { self.status };
        let body = json!({ "__type": code, "message": message });
        Reply::new(status, "application/x-amz-json-1.1", body.to_string())
    }

    fn query(&self, message: &str) -> Reply {
        let code = match self.code.as_str() {
            "TooManyRequestsException" => "Throttling",
            "ExpiredTokenException" => "ExpiredToken",
            "AccessDeniedException" => "AccessDenied",
            "ServiceException" => "InternalFailure",
            code => code,
        };
        let by = if self.status < 500 { "Sender" } else { "Receiver" };
        let status = if self.status == 429 { 400 } else { self.status };
        let body = format!(
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>{by}</Type>\
             <Code>{code}</Code><Message>{message}</Message></Error>\
             <RequestId>00000000-0000-4000-8000-000000000000</RequestId></ErrorResponse>"
        );
        Reply::new(status, "text/xml", body)
    }
}
