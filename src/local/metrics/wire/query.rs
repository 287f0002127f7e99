//! The query protocol: a form comes in, XML goes out.

use std::{collections::BTreeMap, fmt::Write as _};

use jiff::Timestamp;
use serde_json::Value;

use crate::local::{
    http::{Answer, parse_form},
    metrics::{fault::Fault, model::Node},
};

const NAMESPACE: &str = "http://monitoring.amazonaws.com/doc/2010-08-01/";
const VERSION: &str = "2010-08-01";
/// How deep members may be nested.
const MAX_DEPTH: usize = 16;

/// The operation and its input.
pub(super) fn read(body: &[u8]) -> Result<(String, Value), Fault> {
    let text = std::str::from_utf8(body)
        .map_err(|_| Fault::new("MalformedQueryString", "The body is not UTF-8."))?;
    let (mut action, mut version, mut root) = (None, None, Branch::default());
    for (name, value) in parse_form(text) {
        match name.as_str() {
            "Action" => action = Some(value),
            "Version" => version = Some(value),
            name => root.put(name, value)?,
        }
    }
    let action = action.filter(|action| !action.is_empty()).ok_or_else(|| {
        Fault::new("MissingAction", "The request is missing an action or a required parameter.")
    })?;
    match version.as_deref() {
        Some(VERSION) => Ok((action, root.value())),
        _ => Err(Fault::new(
            "InvalidAction",
            format!(
                "Could not find operation {action} for version {}",
                version.as_deref().unwrap_or("NO_VERSION_SPECIFIED")
            ),
        )),
    }
}

/// The names that begin alike: `A.B=1&A.C=2` is a structure, `A.member.1=x` a list.
#[derive(Default)]
struct Branch {
    text: Option<String>,
    parts: BTreeMap<String, Branch>,
}

impl Branch {
    fn put(&mut self, name: &str, value: String) -> Result<(), Fault> {
        let mut at = self;
        for (depth, part) in name.split('.').enumerate() {
            if depth == MAX_DEPTH || part.is_empty() {
                return Err(malformed(name));
            }
            at = at.parts.entry(part.to_owned()).or_default();
        }
        at.text = Some(value);
        Ok(())
    }

    fn value(mut self) -> Value {
        if let Some(text) = self.text.filter(|_| self.parts.is_empty()) {
            return Value::String(text);
        }
        if self.parts.len() == 1
            && let Some(items) = self.parts.remove("member")
        {
            let items = items.parts.into_iter().map(|(n, item)| (n.parse::<u32>().unwrap_or(u32::MAX), item));
            let items: BTreeMap<u32, Branch> = items.collect();
            return items.into_values().map(Branch::value).collect();
        }
        Value::Object(self.parts.into_iter().map(|(name, part)| (name, part.value())).collect())
    }
}

fn malformed(name: &str) -> Fault {
    Fault::new("MalformedQueryString", format!("The parameter name '{name}' can't be read."))
}

pub(super) fn answer(operation: &str, node: &Node, request_id: &str) -> Answer {
    let mut body = format!("<{operation}Response xmlns=\"{NAMESPACE}\"><{operation}Result>");
    write(&mut body, node);
    // Writing to a text can't fail.
    let _ = write!(
        body,
        "</{operation}Result><ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
    );
    Answer::typed(200, "text/xml", body)
}

pub(super) fn error(status: u16, code: &str, message: &str, request_id: &str) -> Answer {
    let kind = if status < 500 { "Sender" } else { "Receiver" };
    let (code_text, message) = (escape(code), escape(message));
    let body = format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>{kind}</Type><Code>{code_text}</Code><Message>{message}\
         </Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    );
    Answer::typed(status, "text/xml", body).with_header("x-amzn-errortype", code)
}

fn write(out: &mut String, node: &Node) {
    match node {
        Node::Text(text) => out.push_str(&escape(text)),
        Node::Number(number) => {
            let _ = write!(out, "{number:?}");
        }
        Node::Time(seconds) => match Timestamp::from_second(*seconds) {
            Ok(time) => {
                let _ = write!(out, "{time}");
            }
            Err(_) => {
                let _ = write!(out, "{seconds}");
            }
        },
        Node::List(items) => items.iter().for_each(|item| element(out, "member", item)),
        Node::Struct(members) => members.iter().for_each(|(name, value)| element(out, name, value)),
        Node::Map(entries) => {
            for (key, value) in entries {
                out.push_str("<entry>");
                element(out, "key", &Node::text(key.as_str()));
                element(out, "value", value);
                out.push_str("</entry>");
            }
        }
    }
}

fn element(out: &mut String, name: &str, node: &Node) {
    let _ = write!(out, "<{name}>");
    write(out, node);
    let _ = write!(out, "</{name}>");
}

/// For XML; characters that XML can't hold are replaced.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            '\n' | '\t' => out.push(char),
            char if char.is_control() || matches!(char, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            char => out.push(char),
        }
    }
    out
}
