//! From JSON text to values and back, without losing a digit, the order of keys or half a surrogate pair.

use std::{fmt::Write as _, sync::Arc};

use jaq_json::{Map, Num, Val};

use super::{DEEPEST_INPUT, value::Value};
use crate::domain::json;

/// Integers of more digits are kept as text: beyond this not even their parsing is quick. Such a number is compared and
/// calculated with as a floating point number.
const LONGEST_INTEGER: usize = 1000;

enum Open {
    Array(Vec<Val>),
    Object(Map, Option<Val>),
}

/// Reads one JSON text. Nothing in it recurses.
///
/// # Errors
/// What is wrong with it, quoting nothing of it.
pub(super) fn read(text: &str) -> Result<Value, String> {
    json::check(text).map_err(|problem| format!("not JSON: {problem}"))?;
    let bytes = text.as_bytes();
    let mut stack: Vec<Open> = Vec::new();
    let (mut at, mut deepest) = (0, 0);
    while let Some(&first) = bytes.get(at) {
        let start = at;
        at += 1;
        let value = match first {
            b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' => continue,
            b'[' | b'{' => {
                let empty =
                    if first == b'[' { Open::Array(Vec::new()) } else { Open::Object(Map::default(), None) };
                stack.push(empty);
                deepest = deepest.max(stack.len());
                if deepest > DEEPEST_INPUT {
                    return Err(format!("the value has more than {DEEPEST_INPUT} levels"));
                }
                continue;
            }
            b']' | b'}' => match stack.pop() {
                Some(Open::Array(items)) => Val::Arr(Arc::new(items)),
                Some(Open::Object(members, _)) => Val::obj(members),
                None => continue,
            },
            b'"' => {
                at = start + json::string_end(&text[start..]);
                let string = Val::utf8_str(unescaped(text.get(start + 1..at - 1).unwrap_or_default()));
                if let Some(Open::Object(_, key @ None)) = stack.last_mut() {
                    *key = Some(string);
                    continue;
                }
                string
            }
            _ => {
                let ends = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b']' | b'}');
                at = bytes[start..].iter().position(ends).map_or(bytes.len(), |length| start + length);
                match &text[start..at] {
                    "null" => Val::Null,
                    "true" => Val::Bool(true),
                    "false" => Val::Bool(false),
                    digits => Val::Num(number(digits)),
                }
            }
        };
        match stack.last_mut() {
            None => return Ok(Value::with_depth(value, u32::try_from(deepest).unwrap_or(u32::MAX))),
            Some(Open::Array(items)) => items.push(value),
            Some(Open::Object(members, key)) => _ = members.insert(key.take().unwrap_or_default(), value),
        }
    }
    Err("not JSON: it ends too early".to_owned())
}

fn number(digits: &str) -> Num {
    let integer = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'-'));
    let exact = integer && digits.len() <= LONGEST_INTEGER && digits != "-0";
    exact
        .then(|| Num::from_str_radix(digits, 10))
        .flatten()
        .unwrap_or_else(|| Num::Dec(Arc::new(digits.to_owned())))
}

/// The inner text of a JSON string. Half a surrogate pair becomes the three bytes that UTF-8 would have for it.
fn unescaped(inner: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        let mut buffer = [0; 4];
        let escape = rest.as_bytes().get(at + 1).copied().unwrap_or_default();
        let mut length = 2;
        match escape {
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'u' => {
                length = 6;
                let unit = code_unit(rest, at).unwrap_or_default();
                let low = code_unit(rest, at + 6).filter(|low| (0xdc00..0xe000).contains(low));
                match (char::from_u32(unit), low) {
                    (Some(character), _) => {
                        out.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
                    }
                    (None, Some(low)) if unit < 0xdc00 => {
                        length = 12;
                        let code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                        let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                        out.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
                    }
                    (None, _) => out.extend(surrogate(unit)),
                }
            }
            other => out.push(other),
        }
        rest = rest.get(at + length..).unwrap_or_default();
    }
    out.extend_from_slice(rest.as_bytes());
    out
}

/// The code unit of the escape `\u` with four hexadecimal digits that begins at a place.
fn code_unit(text: &str, at: usize) -> Option<u32> {
    let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
    u32::from_str_radix(digits, 16).ok()
}

#[allow(clippy::cast_possible_truncation, reason = "each is six bits at most, the first four")]
fn surrogate(unit: u32) -> [u8; 3] {
    [0xe0 | (unit >> 12) as u8, 0x80 | (unit >> 6 & 0x3f) as u8, 0x80 | (unit & 0x3f) as u8]
}

/// The value as JSON without white space; `None` where that takes more than `limit` bytes.
pub(super) fn write(value: &Val, limit: usize) -> Option<String> {
    let mut out = String::new();
    put(value, limit, &mut out).then_some(out).filter(|out| out.len() <= limit)
}

fn put(value: &Val, limit: usize, out: &mut String) -> bool {
    if out.len() > limit {
        return false;
    }
    match value {
        Val::Null => out.push_str("null"),
        Val::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Val::Num(number) => put_number(number, out),
        Val::BStr(bytes) | Val::TStr(bytes) => put_string(bytes, out),
        Val::Arr(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                if !put(item, limit, out) {
                    return false;
                }
            }
            out.push(']');
        }
        Val::Obj(members) => {
            out.push('{');
            for (at, (key, member)) in members.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                put(key, limit, out);
                out.push(':');
                if !put(member, limit, out) {
                    return false;
                }
            }
            out.push('}');
        }
    }
    true
}

fn put_number(number: &Num, out: &mut String) {
    match number {
        Num::Float(float) if float.is_nan() => out.push_str("null"),
        Num::Float(float) if float.is_infinite() => {
            out.push_str(if *float < 0.0 { "-1.7976931348623157e308" } else { "1.7976931348623157e308" });
        }
        Num::Float(float) => {
            let text = format!("{float:?}");
            out.push_str(text.strip_suffix(".0").unwrap_or(&text));
        }
        Num::Int(_) | Num::BigInt(_) | Num::Dec(_) => _ = write!(out, "{number}"),
    }
}

fn put_string(mut bytes: &[u8], out: &mut String) {
    out.push('"');
    loop {
        let valid = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
        };
        put_characters(valid, out);
        bytes = &bytes[valid.len()..];
        match bytes {
            [] => break,
            [0xed, second @ 0xa0..=0xbf, third @ 0x80..=0xbf, rest @ ..] => {
                let unit = 0xd000 | u32::from(second & 0x3f) << 6 | u32::from(third & 0x3f);
                let _ = write!(out, "\\u{unit:04x}");
                bytes = rest;
            }
            [_, rest @ ..] => {
                out.push(char::REPLACEMENT_CHARACTER);
                bytes = rest;
            }
        }
    }
    out.push('"');
}

fn put_characters(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(|c| matches!(c, '"' | '\\' | '\0'..='\u{1f}')) {
        out.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            other => _ = write!(out, "\\u{other:04x}"),
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}
