//! rpc-v2-cbor.
//! <https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>

use ciborium::Value as Cbor;
use serde_json::{Map, Value};

use super::object;
use crate::local::{
    http::Answer,
    metrics::{fault::Fault, model::Node},
};

/// The header that names the protocol, in requests and answers.
pub(super) const HEADER: &str = "smithy-protocol";
pub(super) const PROTOCOL: &str = "rpc-v2-cbor";
/// The tag of seconds since the epoch.
const EPOCH: u64 = 1;

pub(super) fn read(body: &[u8]) -> Result<Value, Fault> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let mut rest = body;
    let value: Cbor =
        ciborium::from_reader(&mut rest).map_err(|_| Fault::malformed("The body is not CBOR."))?;
    if !rest.is_empty() {
        return Err(Fault::malformed("There is more in the body than one structure."));
    }
    object(plain(value)?)
}

/// As JSON has it: a time is its seconds.
fn plain(value: Cbor) -> Result<Value, Fault> {
    let wrong = || Fault::malformed("A member of the request has the wrong type.");
    Ok(match value {
        Cbor::Null => Value::Null,
        Cbor::Bool(flag) => Value::Bool(flag),
        Cbor::Text(text) => Value::String(text),
        Cbor::Integer(number) => i64::try_from(number).map_err(|_| wrong())?.into(),
        Cbor::Float(number) => serde_json::Number::from_f64(number).ok_or_else(wrong)?.into(),
        Cbor::Tag(EPOCH, inner) if matches!(*inner, Cbor::Integer(_) | Cbor::Float(_)) => plain(*inner)?,
        Cbor::Array(items) => Value::Array(items.into_iter().map(plain).collect::<Result<_, _>>()?),
        Cbor::Map(entries) => {
            let entry = |(key, value)| match key {
                Cbor::Text(key) => Ok((key, plain(value)?)),
                _ => Err(wrong()),
            };
            Value::Object(entries.into_iter().map(entry).collect::<Result<_, _>>()?)
        }
        _ => return Err(wrong()),
    })
}

pub(super) fn answer(status: u16, node: &Node) -> Answer {
    let mut body = Vec::new();
    // Writing to memory fails for nothing that an answer is made of.
    let _ = ciborium::into_writer(&written(node), &mut body);
    Answer::typed(status, "application/cbor", body).with_header(HEADER, PROTOCOL)
}

fn written(node: &Node) -> Cbor {
    match node {
        Node::Text(text) => Cbor::Text(text.clone()),
        Node::Number(number) => Cbor::Float(*number),
        Node::Time(seconds) => Cbor::Tag(EPOCH, Box::new(Cbor::Integer((*seconds).into()))),
        Node::List(items) => Cbor::Array(items.iter().map(written).collect()),
        Node::Struct(members) => Cbor::Map(
            members.iter().map(|(name, value)| (Cbor::Text((*name).into()), written(value))).collect(),
        ),
        Node::Map(entries) => {
            Cbor::Map(entries.iter().map(|(key, value)| (Cbor::Text(key.clone()), written(value))).collect())
        }
    }
}
