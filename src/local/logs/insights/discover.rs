//! The fields that Insights finds in an event: its own, Lambda's, and those of JSON.

use std::sync::Arc;

use serde_json::Value as Json;

use super::{program::Slot, value::Value};
use crate::{domain::report::parse_report, local::logs::store::Key};

/// Insights counts memory in bytes, 1,000 to the kB.
const MB: f64 = 1e6;
/// How deep JSON is looked into.
const MAX_DEPTH: usize = 32;

/// An event, as a query finds it.
pub(in crate::local::logs) struct Found<'e> {
    pub(in crate::local::logs) key: Key,
    /// `account:group`.
    pub(in crate::local::logs) log: &'e Arc<str>,
    pub(in crate::local::logs) stream: &'e Arc<str>,
    pub(in crate::local::logs) message: &'e Arc<str>,
}

impl Found<'_> {
    /// Whether Lambda wrote it: to its own group, or to a stream that is named as only Lambda's are.
    fn is_lambda(&self) -> bool {
        let group = self.log.split_once(':').map_or(&**self.log, |(_, group)| group);
        group.starts_with("/aws/lambda/") || (self.stream.contains('[') && self.stream.contains(']'))
    }

    /// The JSON of the event: the whole message, or what a line of Lambda's first holds.
    fn json(&self) -> Option<Json> {
        let start = match self.message.find('{')? {
            start if self.message[..start].trim().is_empty() => start,
            start if self.is_lambda() => start,
            _ => return None,
        };
        let mut values = serde_json::Deserializer::from_str(&self.message[start..]).into_iter::<Json>();
        let value = values.next()?.ok()?;
        let rest = &self.message[start + values.byte_offset()..];
        (rest.trim().is_empty() || self.is_lambda()).then_some(value)
    }
}

/// Where the value of a field comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Timestamp,
    IngestionTime,
    Message,
    LogStream,
    Log,
    Pointer,
    Lambda(Lambda),
    Json(String),
}

/// A field that is found in Lambda's lines of the Text format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lambda {
    Type,
    RequestId,
    Duration,
    BilledDuration,
    InitDuration,
    MaxMemoryUsed,
    MemorySize,
    XrayTraceId,
    XraySegmentId,
}

const LAMBDA: [(&str, Lambda); 9] = [
    ("@type", Lambda::Type),
    ("@requestId", Lambda::RequestId),
    ("@duration", Lambda::Duration),
    ("@billedDuration", Lambda::BilledDuration),
    ("@initDuration", Lambda::InitDuration),
    ("@maxMemoryUsed", Lambda::MaxMemoryUsed),
    ("@memorySize", Lambda::MemorySize),
    ("@xrayTraceId", Lambda::XrayTraceId),
    ("@xraySegmentId", Lambda::XraySegmentId),
];

impl Source {
    /// The source of a field's name; none where no event has such a field.
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "@timestamp" => Self::Timestamp,
            "@ingestionTime" => Self::IngestionTime,
            "@message" => Self::Message,
            "@logStream" => Self::LogStream,
            "@log" => Self::Log,
            "@ptr" => Self::Pointer,
            _ => match name.strip_prefix('@') {
                // JSON's own names that begin with @ get another one.
                Some(rest) if rest.starts_with('@') => Self::Json(rest.to_owned()),
                Some(_) => Self::Lambda(LAMBDA.into_iter().find(|(known, _)| *known == name)?.1),
                None => Self::Json(name.to_owned()),
            },
        })
    }
}

/// The fields of a row: what the query reads of the event.
pub(super) fn load(found: &Found<'_>, loads: &[(Slot, Source)], slots: usize) -> Vec<Value> {
    let mut row = vec![Value::Missing; slots];
    let mut line: Option<Option<Line<'_>>> = None;
    let mut json: Option<Option<Json>> = None;
    for (slot, source) in loads {
        row[*slot] = match source {
            Source::Timestamp => Value::Time(found.key.timestamp),
            Source::IngestionTime => Value::Time(found.key.ingestion),
            Source::Message => Value::Text(Arc::clone(found.message)),
            Source::LogStream => Value::Text(Arc::clone(found.stream)),
            Source::Log => Value::Text(Arc::clone(found.log)),
            Source::Pointer => Value::text(pointer(found.log, found.key)),
            Source::Lambda(field) => {
                let line = line.get_or_insert_with(|| found.is_lambda().then(|| Line::of(found.message)));
                line.as_ref().map(|line| line.value(*field)).unwrap_or_default()
            }
            Source::Json(name) => {
                let json = json.get_or_insert_with(|| found.json());
                json.as_ref().and_then(|json| lookup(json, name)).map(leaf).unwrap_or_default()
            }
        };
    }
    row
}

/// All fields of an event with their values, as GetLogRecord gives them.
pub(in crate::local::logs) fn names(found: &Found<'_>) -> Vec<(String, String)> {
    let mut fields = vec![
        ("@timestamp".to_owned(), found.key.timestamp.to_string()),
        ("@ingestionTime".to_owned(), found.key.ingestion.to_string()),
        ("@message".to_owned(), found.message.to_string()),
        ("@logStream".to_owned(), found.stream.to_string()),
        ("@log".to_owned(), found.log.to_string()),
        ("@ptr".to_owned(), pointer(found.log, found.key)),
    ];
    if found.is_lambda() {
        let line = Line::of(found.message);
        for (name, field) in LAMBDA {
            fields.extend(line.value(field).shown().map(|value| (name.to_owned(), value.into_owned())));
        }
    }
    if let Some(json) = found.json() {
        flatten(&json, String::new(), 0, &mut fields);
    }
    fields
}

/// What a line says, as much of it as fields are made of.
enum Line<'m> {
    Start(&'m str),
    End(&'m str),
    Report(&'m str),
    Other(&'m str),
}

impl<'m> Line<'m> {
    fn of(message: &'m str) -> Self {
        if let Some(rest) = message.strip_prefix("START RequestId: ") {
            Self::Start(rest)
        } else if let Some(rest) = message.strip_prefix("END RequestId: ") {
            Self::End(rest)
        } else if message.starts_with("REPORT RequestId: ") {
            Self::Report(message)
        } else {
            Self::Other(message)
        }
    }

    fn value(&self, field: Lambda) -> Value {
        match (self, field) {
            (Self::Start(_), Lambda::Type) => Value::text("START"),
            (Self::End(_), Lambda::Type) => Value::text("END"),
            (Self::Report(_), Lambda::Type) => Value::text("REPORT"),
            (Self::Start(rest) | Self::End(rest), Lambda::RequestId) => {
                rest.split_whitespace().next().map(Value::text).unwrap_or_default()
            }
            (Self::Other(line), Lambda::RequestId) => {
                // `time<tab>id<tab>level`, `[level]<tab>time<tab>id`, `time id Task timed out`, `RequestId: id Error`
                line.split_whitespace()
                    .take(3)
                    .find(|word| is_uuid(word))
                    .map(Value::text)
                    .unwrap_or_default()
            }
            (Self::Report(line), field) => report(line, field).unwrap_or_default(),
            _ => Value::Missing,
        }
    }
}

fn report(line: &str, field: Lambda) -> Option<Value> {
    if field == Lambda::XraySegmentId {
        let (_, rest) = line.split_once("SegmentId: ")?;
        return rest.split_whitespace().next().map(Value::text);
    }
    let report = parse_report(line)?;
    Some(match field {
        Lambda::RequestId => Value::text(report.request_id),
        Lambda::Duration => Value::Number(report.duration_ms),
        #[allow(clippy::cast_precision_loss, reason = "milliseconds of one invocation")]
        Lambda::BilledDuration => Value::Number(report.billed_ms as f64),
        Lambda::InitDuration => Value::Number(report.init_ms?),
        Lambda::MaxMemoryUsed => Value::Number(f64::from(report.max_memory_mb) * MB),
        Lambda::MemorySize => Value::Number(f64::from(report.memory_mb) * MB),
        Lambda::XrayTraceId => Value::text(report.trace_id?),
        Lambda::Type | Lambda::XraySegmentId => return None,
    })
}

fn is_uuid(word: &str) -> bool {
    word.len() == 36
        && word.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// What a name such as `record.metrics.durationMs` or `items.0.id` leads to. A name may hold dots itself.
fn lookup<'j>(json: &'j Json, name: &str) -> Option<&'j Json> {
    match json {
        Json::Object(members) => members.get(name).or_else(|| {
            name.match_indices('.').find_map(|(at, _)| lookup(members.get(&name[..at])?, &name[at + 1..]))
        }),
        Json::Array(items) => match name.split_once('.') {
            Some((index, rest)) => lookup(items.get(index.parse::<usize>().ok()?)?, rest),
            None => items.get(name.parse::<usize>().ok()?),
        },
        _ => None,
    }
}

/// The value of a field; objects and arrays have fields, and are none.
fn leaf(json: &Json) -> Value {
    match json {
        Json::String(text) => Value::text(text.as_str()),
        // As text, which keeps all digits.
        Json::Number(number) => Value::text(number.to_string()),
        Json::Bool(flag) => Value::Flag(*flag),
        Json::Null | Json::Array(_) | Json::Object(_) => Value::Missing,
    }
}

fn flatten(json: &Json, name: String, depth: usize, fields: &mut Vec<(String, String)>) {
    let join = |part: &str| if name.is_empty() { part.to_owned() } else { format!("{name}.{part}") };
    match json {
        _ if depth > MAX_DEPTH => {}
        Json::Object(members) => {
            for (part, child) in members {
                let part =
                    if depth == 0 && part.starts_with('@') { format!("@{part}") } else { part.clone() };
                flatten(child, join(&part), depth + 1, fields);
            }
        }
        Json::Array(items) => {
            for (index, child) in items.iter().enumerate() {
                flatten(child, join(&index.to_string()), depth + 1, fields);
            }
        }
        _ => fields.extend(leaf(json).shown().map(|value| (name, value.into_owned()))),
    }
}

/// `@ptr`: opaque, and good as long as the event is there.
pub(super) fn pointer(log: &str, key: Key) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    STANDARD.encode(format!("{}|{log}", key.id()))
}

/// The event and the log group that a pointer names.
pub(in crate::local::logs) fn pointed_at(pointer: &str) -> Option<(Key, String)> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let text = String::from_utf8(STANDARD.decode(pointer).ok()?).ok()?;
    let (id, log) = text.split_once('|')?;
    Some((Key::from_id(id)?, log.split_once(':')?.1.to_owned()))
}
