//! The members of a JSON line: which is the message, which the level, which say nothing new.

use std::borrow::Cow;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{Folded, READ, assemble};
use crate::domain::{
    report::{Level, is_uuid},
    text::{sanitise, sanitise_lines},
};

/// How deep objects are looked into: `user.address.city=Wien`.
const DEPTH: usize = 2;

/// How often a message that is JSON itself is looked into.
const NESTED: usize = 2;

/// Up to this many bytes an array shows as it is.
const ARRAY: usize = 80;

const LEVELS: [&str; 9] =
    ["level", "severity", "lvl", "log.level", "levelname", "log_level", "loglevel", "LogLevel", "@l"];

/// From the most telling one on.
const MESSAGES: [&str; 7] = ["message", "msg", "@m", "event", "short_message", "@mt", "errorMessage"];

const TIMES: [&str; 9] =
    ["time", "timestamp", "ts", "@timestamp", "@t", "asctime", "datetime", "Timestamp", "eventTime"];

/// The request id as Lambda and its loggers call it. One says it anew on each line.
const REQUEST_IDS: [&str; 5] =
    ["requestId", "AWSRequestId", "awsRequestId", "aws_request_id", "function_request_id"];

const STACKS: [&str; 13] = [
    "stack",
    "stackTrace",
    "stack_trace",
    "stacktrace",
    "traceback",
    "exception",
    "exc_info",
    "errorStack",
    "errorVerbose",
    "trace",
    "error",
    "err",
    "@x",
];

/// What is the same on each line of a function, and comes last.
const LAST: [&str; 17] = [
    "service",
    "location",
    "cold_start",
    "function_name",
    "function_arn",
    "function_version",
    "function_memory_size",
    "xray_trace_id",
    "sampling_rate",
    "pid",
    "hostname",
    "v",
    "logger",
    "logger_name",
    "thread",
    "threadId",
    "@i",
];

/// The members of an object, in their order, as far as they were read.
pub(super) struct Members<'a> {
    list: Vec<(Cow<'a, str>, &'a RawValue)>,
    /// What lies behind the last one that is whole, where the text was cut.
    rest: &'a str,
    cut: bool,
}

/// A member's name, borrowed where it holds no escape.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Keeps members, so that those before an early end are there.
struct Collect<'v, 'a>(&'v mut Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> DeserializeSeed<'de> for Collect<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Collect<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            let value: &RawValue = map.next_value()?;
            self.0.push((name, value));
        }
        Ok(())
    }
}

/// What of an event is shown.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) message: Option<String>,
    pub(super) pairs: Vec<(String, String)>,
    pub(super) later: Vec<(String, String)>,
    pub(super) stack: Vec<String>,
    /// The raw end of a text that was cut.
    pub(super) rest: String,
}

impl<'a> Members<'a> {
    /// Reads an object; none where the text is not one. Of a text that was cut, what is whole is read.
    pub(super) fn read(text: &'a str, cut: bool) -> Option<Self> {
        if !text.starts_with('{') {
            return None;
        }
        let mut list = Vec::new();
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let read = Collect(&mut list).deserialize(&mut deserializer).and_then(|()| deserializer.end());
        match read {
            Ok(()) => Some(Self { list, rest: "", cut }),
            Err(error) if cut && error.is_eof() => {
                let (_, whole) = list.last()?;
                // Values are parts of the text, so the last one's address tells where it ends.
                let end = whole.get().as_ptr().addr() + whole.get().len();
                let end = end.checked_sub(text.as_ptr().addr())?;
                let rest = text.get(end..)?.trim_start_matches([',', ' ']);
                Some(Self { list, rest, cut })
            }
            Err(_) => None,
        }
    }

    /// Whether Lambda wrote it, in its JSON format.
    pub(super) fn is_platform(&self) -> bool {
        let kind = self.list.iter().find(|(name, _)| name == "type").and_then(|(_, value)| string(value));
        kind.is_some_and(|kind| kind.starts_with("platform."))
            && self.list.iter().any(|(name, _)| name == "record")
    }

    /// Folds it. `before` stands before its message. None where nothing is left to be shown.
    pub(super) fn fold<'b>(&self, level: Option<Level>, before: &str) -> Option<Folded<'b>> {
        let mut folder = Folder { level: None, shown: Shown::default(), room: READ };
        folder.event(self, NESTED);
        let Folder { level: found, mut shown, .. } = folder;
        if !before.is_empty() {
            let before = sanitise(before);
            shown.message = Some(match shown.message {
                Some(message) => format!("{before} {message}"),
                None => before.into_owned(),
            });
        }
        shown.rest = sanitise_lines(self.rest).replace('\n', " ");
        assemble(shown, found.or(level), self.cut)
    }
}

struct Folder {
    level: Option<Level>,
    shown: Shown,
    /// Bytes that may still be written.
    room: usize,
}

impl Folder {
    /// An event, or what is the message of one.
    fn event(&mut self, members: &Members<'_>, nested: usize) {
        let list = &members.list;
        let message = MESSAGES.iter().find_map(|wanted| {
            list.iter().position(|(name, value)| {
                // `event` is a message for some, and an object for others.
                let any = matches!(*wanted, "message" | "msg") && value.get() != "null";
                name == wanted && (any || value.get().starts_with('"'))
            })
        });
        if let Some(at) = message {
            let (name, value) = &list[at];
            self.message(name, value, list, nested);
        }
        for (at, (name, value)) in list.iter().enumerate() {
            let quoted = value.get().starts_with('"');
            let is_noise = message == Some(at)
                || TIMES.contains(&name.as_ref()) && is_time(value)
                || REQUEST_IDS.contains(&name.as_ref()) && string(value).is_some_and(|id| is_uuid(&id))
                || name == "errorType" && message.is_some_and(|at| list[at].0 == "errorMessage")
                // A template, where what was made of it is there.
                || name == "@mt" && message.is_some();
            if is_noise || LEVELS.contains(&name.as_ref()) && self.take_level(value) {
                continue;
            }
            if name == "request_id" && quoted && string(value).is_some_and(|id| is_uuid(&id)) {
                let id = string(value).unwrap_or_default();
                self.pair(name, format!("{}…", &id[..8]), false);
            } else if name == "_aws" {
                // How CloudWatch is to read the metrics that stand beside it.
                self.pair(name, "{…}".into(), true);
            } else {
                self.member("", name, value, DEPTH, LAST.contains(&name.as_ref()));
            }
        }
    }

    fn message(&mut self, name: &str, value: &RawValue, list: &[(Cow<'_, str>, &RawValue)], nested: usize) {
        let text = string(value);
        let json = text.as_deref().unwrap_or(value.get());
        if nested > 0
            && let Some(inner) = Members::read(json, false)
        {
            return self.event(&inner, nested - 1);
        }
        let text = match text {
            Some(text) => sanitise_lines(text.trim_end()).into_owned(),
            None => compact(value),
        };
        let kind = list.iter().find(|(other, _)| name == "errorMessage" && other == "errorType");
        let text = match kind.and_then(|(_, kind)| string(kind)) {
            Some(kind) => format!("{}: {text}", sanitise(&kind)),
            None => text,
        };
        self.room = self.room.saturating_sub(text.len());
        self.shown.message = Some(text);
    }

    /// Takes a level, where it is one that is known.
    fn take_level(&mut self, value: &RawValue) -> bool {
        let level = match string(value) {
            Some(name) => Level::parse(&name),
            None => value.get().parse().ok().and_then(Level::from_number),
        };
        // What the message says of itself goes before what surrounds it.
        self.level = self.level.or(level);
        level.is_some()
    }

    fn member(&mut self, path: &str, name: &str, value: &RawValue, depth: usize, last: bool) {
        if self.room == 0 {
            return;
        }
        if is_stack(name) && self.take_stack(value) {
            return;
        }
        let name = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let raw = value.get();
        match raw.as_bytes().first() {
            Some(b'{') if depth > 0 => {
                let Some(inner) = Members::read(raw, false) else { return };
                if inner.list.is_empty() {
                    return self.pair(&name, "{}".into(), last);
                }
                let before = self.shown.stack.len();
                for (member, value) in &inner.list {
                    if is_stack(member) {
                        self.member(&name, member, value, depth - 1, last);
                    }
                }
                let stack = self.shown.stack.get(before).cloned().unwrap_or_default();
                for (member, value) in &inner.list {
                    // A stack trace begins with what it is about.
                    let said = !stack.is_empty()
                        && string(value)
                            .is_some_and(|text| !text.is_empty() && stack.contains(text.as_ref()));
                    if !said && !is_stack(member) {
                        self.member(&name, member, value, depth - 1, last);
                    }
                }
            }
            Some(b'"') => self.pair(&name, quoted(&string(value).unwrap_or_default()), last),
            _ => self.pair(&name, compact(value), last),
        }
    }

    /// Takes what is a stack trace: a text of several lines, or a list of texts.
    fn take_stack(&mut self, value: &RawValue) -> bool {
        let lines: Vec<String> = if let Some(text) = string(value) {
            if !text.trim_end().contains(['\n', '\r']) {
                return false;
            }
            sanitise_lines(text.trim_end()).lines().map(str::to_owned).collect()
        } else {
            let Ok(list) = serde_json::from_str::<Vec<Name<'_>>>(value.get()) else { return false };
            let lines = list.iter().map(|Name(text)| sanitise_lines(text.trim_end()).into_owned());
            lines.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
        };
        let room = self.room;
        let mut taken = 0;
        self.shown.stack.extend(lines.into_iter().take_while(|line| {
            taken += line.len() + 1;
            taken <= room
        }));
        self.room = room.saturating_sub(taken);
        true
    }

    fn pair(&mut self, name: &str, value: String, last: bool) {
        let name = sanitise(name).into_owned();
        let Some(room) = self.room.checked_sub(name.len() + value.len() + 2) else {
            self.room = 0;
            return;
        };
        self.room = room;
        let pairs = if last { &mut self.shown.later } else { &mut self.shown.pairs };
        pairs.push((name, value));
    }
}

fn is_stack(name: &str) -> bool {
    STACKS.contains(&name.rsplit('.').next().unwrap_or(name))
}

/// Whether a value is a time of our days: it stands before the row already.
fn is_time(value: &RawValue) -> bool {
    match string(value) {
        Some(text) => {
            let bytes = text.as_bytes();
            bytes.len() >= 10 && bytes[..4].iter().all(u8::is_ascii_digit) && matches!(bytes[4], b'-' | b'/')
        }
        None => value.get().parse().is_ok_and(|seconds: f64| seconds > 1e9),
    }
}

fn string(value: &RawValue) -> Option<Cow<'_, str>> {
    let Name(text) = serde_json::from_str(value.get()).ok()?;
    Some(text)
}

/// What is neither a text nor looked into.
fn compact(value: &RawValue) -> String {
    let raw = value.get();
    match raw.as_bytes().first() {
        Some(b'{') => "{…}".into(),
        Some(b'[') if raw.len() > ARRAY || raw.contains('\n') => "[…]".into(),
        _ => sanitise(raw).into_owned(),
    }
}

/// A text as a value: in quotes where it could not be told from what surrounds it.
fn quoted(text: &str) -> String {
    let is_bare = !text.is_empty()
        && !text.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '='));
    if is_bare {
        return sanitise(text).into_owned();
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other => out.push(other),
        }
    }
    out.push('"');
    sanitise(&out).into_owned()
}
