//! awsJson1.0, which the service model names, and awsJson1.1.

use serde_json::{Map, Value};

use super::object;
use crate::local::{
    http::Answer,
    metrics::{fault::Fault, model::Node},
};

pub(super) const TYPE_10: &str = "application/x-amz-json-1.0";
pub(super) const TYPE_11: &str = "application/x-amz-json-1.1";

pub(super) fn read(body: &[u8]) -> Result<Value, Fault> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    object(serde_json::from_slice(body).map_err(|_| Fault::malformed("The body is not JSON."))?)
}

pub(super) fn answer(status: u16, kind: &str, node: &Node) -> Answer {
    Answer::typed(status, kind, written(node).to_string())
}

fn written(node: &Node) -> Value {
    match node {
        Node::Text(text) => Value::String(text.clone()),
        Node::Number(number) => (*number).into(),
        Node::Time(seconds) => (*seconds).into(),
        Node::List(items) => items.iter().map(written).collect(),
        Node::Struct(members) => {
            Value::Object(members.iter().map(|(name, value)| ((*name).to_owned(), written(value))).collect())
        }
        Node::Map(entries) => {
            Value::Object(entries.iter().map(|(key, value)| (key.clone(), written(value))).collect())
        }
    }
}
