//! CloudWatch on the wire: the same operations in three protocols.

mod cbor;
mod json;
mod query;

use hyper::{HeaderMap, Method, header};
use serde_json::Value;

use super::{
    fault::Fault,
    model::Node,
    operations::{self, Context},
    recorder::Recorder,
};
use crate::local::http::Answer;

/// Most bytes of a request.
pub(in crate::local) const BODY_LIMIT: usize = 1024 * 1024;
/// The service that a signature's scope must name.
pub(in crate::local) const SERVICE: &str = "monitoring";
/// The service's name in targets and paths.
const TARGET: &str = "GraniteServiceVersion20100801";

/// How a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Cbor,
    /// awsJson of this content type.
    Json(&'static str),
    Query,
}

/// A request for CloudWatch, told by its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::local) struct Call {
    protocol: Protocol,
    /// Where it is not in the body.
    operation: String,
}

impl Call {
    /// A request of rpc-v2-cbor or awsJson, if it is one.
    pub fn of(method: &Method, path: &str, headers: &HeaderMap) -> Option<Self> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        if let Some(target) = text("x-amz-target") {
            let operation = target.strip_prefix(TARGET)?.strip_prefix('.')?.to_owned();
            let kind = text(header::CONTENT_TYPE.as_str()).unwrap_or_default();
            let kind = if kind.starts_with(json::TYPE_11) { json::TYPE_11 } else { json::TYPE_10 };
            return Some(Self { protocol: Protocol::Json(kind), operation });
        }
        let operation = path.strip_prefix("/service/")?.strip_prefix(TARGET)?.strip_prefix("/operation/")?;
        let speaks = method == Method::POST && text(cbor::HEADER) == Some(cbor::PROTOCOL);
        let operation = operation.to_owned();
        (speaks && !operation.contains('/')).then_some(Self { protocol: Protocol::Cbor, operation })
    }

    /// A request of the query protocol.
    pub fn query() -> Self {
        Self { protocol: Protocol::Query, operation: String::new() }
    }

    /// Answers it.
    pub fn answer(&self, recorder: &Recorder, body: &[u8], ctx: &Context, request_id: &str) -> Answer {
        let read = match self.protocol {
            Protocol::Cbor => cbor::read(body).map(|input| (self.operation.clone(), input)),
            Protocol::Json(_) => json::read(body).map(|input| (self.operation.clone(), input)),
            Protocol::Query => query::read(body),
        };
        let (operation, reply) = match read {
            Ok((operation, input)) => {
                let reply = operations::handle(recorder, &operation, input, ctx);
                (operation, reply)
            }
            Err(fault) => (String::new(), Err(fault)),
        };
        match reply {
            Ok(node) => self.good(&operation, &node, request_id),
            Err(fault) => self.error(fault.status, fault.code, &fault.message, request_id),
        }
    }

    fn good(&self, operation: &str, node: &Node, request_id: &str) -> Answer {
        match self.protocol {
            Protocol::Cbor => cbor::answer(200, node),
            Protocol::Json(kind) => json::answer(200, kind, node),
            Protocol::Query => query::answer(operation, node, request_id),
        }
    }

    /// An error. `code` is the query protocol's; the others name the exception and carry the code in a header.
    pub fn error(&self, status: u16, code: &str, message: &str, request_id: &str) -> Answer {
        if self.protocol == Protocol::Query {
            return query::error(status, code, message, request_id);
        }
        let exception = Fault::exception(code);
        let node = Node::Struct(vec![
            ("__type", Node::Text(format!("com.amazonaws.cloudwatch#{exception}"))),
            ("message", Node::text(message)),
        ]);
        let answer = match self.protocol {
            Protocol::Json(kind) => json::answer(status, kind, &node),
            _ => cbor::answer(status, &node),
        };
        let kind = if status < 500 { "Sender" } else { "Receiver" };
        answer
            .with_header("x-amzn-errortype", exception)
            .with_header("x-amzn-query-error", format!("{code};{kind}"))
    }
}

/// An input is a structure.
fn object(input: Value) -> Result<Value, Fault> {
    if input.is_object() { Ok(input) } else { Err(Fault::malformed("The body is not a structure.")) }
}

#[cfg(test)]
#[path = "wire/tests.rs"]
mod tests;
