//! A template's JSON. Members keep their order, which `serde_json::Value` does not: people read these events.

use std::{fmt, io::Write as _};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use serde::{
    Deserialize, Serialize,
    de::{Deserializer, MapAccess, SeqAccess, Visitor},
    ser::Serializer,
};
use serde_json::Number;

use super::values::Values;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    /// The value with all placeholders filled in.
    pub fn filled(&self, values: &Values) -> Self {
        match self {
            Self::Text(text) => Self::Text(values.fill(text)),
            Self::List(items) => Self::List(items.iter().map(|item| item.filled(values)).collect()),
            Self::Object(members) => {
                if let [(name, value)] = members.as_slice()
                    && let Some(made) = made(name, value.filled(values))
                {
                    return made;
                }
                let member = |(name, value): &(String, Self)| (values.fill(name), value.filled(values));
                Self::Object(members.iter().map(member).collect())
            }
            Self::Null | Self::Bool(_) | Self::Number(_) => self.clone(),
        }
    }

    /// JSON with line breaks and two blanks for each level.
    pub fn pretty(&self) -> String {
        // Neither the names nor the values can be what JSON does not know.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// JSON on one line.
    fn compact(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// A text as it is, anything else as JSON.
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            other => other.compact(),
        }
    }
}

/// What the member of this name stands for, once its value is filled in; none where it is a member like any other.
fn made(name: &str, value: Node) -> Option<Node> {
    Some(match name {
        "{{json}}" => Node::Text(value.compact()),
        "{{base64}}" => Node::Text(STANDARD.encode(value.into_text())),
        "{{gzip}}" => Node::Text(STANDARD.encode(gzip(value.into_text().as_bytes()))),
        "{{bytes}}" => Node::List(value.into_text().bytes().map(|byte| Node::Number(byte.into())).collect()),
        "{{number}}" => {
            let text = value.into_text();
            text.parse().map_or(Node::Text(text), Node::Number)
        }
        _ => return None,
    })
}

/// The same bytes always give the same: the header holds no time.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Memory takes what it is given.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(members) => {
                serializer.collect_map(members.iter().map(|(name, value)| (name, value)))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Number::from_f64(value).map_or(Node::Null, Node::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Node::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn filled(json: &str) -> String {
        let values = Values::new("eu-west-1", "2026-11-20T14:03:22Z".parse().unwrap(), 1);
        serde_json::from_str::<Node>(json).unwrap().filled(&values).compact()
    }

    #[rstest]
    #[case(r#"{"z":1,"a":[null,true,-1,1.5,42.0,18446744073709551615,{}]}"#, None)]
    #[case(r#"{"{{region}}":"{{region}}"}"#, Some(r#"{"eu-west-1":"eu-west-1"}"#))]
    #[case(r#"{"{{json}}":{"b":"{{region}}","a":1}}"#, Some(r#""{\"b\":\"eu-west-1\",\"a\":1}""#))]
    #[case(r#"{"{{json}}":"text"}"#, Some(r#""\"text\"""#))]
    #[case(r#"{"{{json}}":{"{{json}}":[]}}"#, Some(r#""\"[]\"""#))]
    #[case(r#"{"{{base64}}":"hello"}"#, Some(r#""aGVsbG8=""#))]
    #[case(r#"{"{{base64}}":[1]}"#, Some(r#""WzFd""#))]
    #[case(r#"{"{{bytes}}":"az"}"#, Some("[97,122]"))]
    #[case(r#"{"{{number}}":"{{epoch_s}}"}"#, Some("1795183402"))]
    #[case(r#"{"{{number}}":"{{region}}"}"#, Some(r#""eu-west-1""#))]
    // Only where it is alone.
    #[case(r#"{"{{json}}":1,"a":2}"#, None)]
    fn made(#[case] json: &str, #[case] expected: Option<&str>) {
        assert_eq!(filled(json), expected.unwrap_or(json));
    }

    #[test]
    fn gzip_is_undone() {
        use std::io::Read as _;
        let packed: String = serde_json::from_str(&filled(r#"{"{{gzip}}":{"at":"{{region}}"}}"#)).unwrap();
        let packed = STANDARD.decode(packed).unwrap();
        let mut text = String::new();
        flate2::read::GzDecoder::new(&*packed).read_to_string(&mut text).unwrap();
        assert_eq!(text, r#"{"at":"eu-west-1"}"#);
    }
}
