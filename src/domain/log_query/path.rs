//! Values in JSON: `$.user.id=42`.
//!
//! A message is read as JSON from its first brace on, so that what a runtime writes before it is no hindrance. What is
//! not there is looked for in its `message`, where Lambda's JSON format puts what the function logged, be it an object
//! or JSON in a string.

use std::{borrow::Cow, fmt, ops::Range};

use memchr::{
    memchr_iter,
    memmem::{self, Finder},
};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{
    Compare, QueryError,
    parse::{placed, value},
    text::Needle,
};

/// Braces of a message from which it is tried to read JSON.
const TRIES: usize = 4;

/// A question about a value in JSON.
#[derive(Clone)]
pub(super) struct PathTerm {
    pub(super) steps: Vec<Step>,
    pub(super) test: PathTest,
    /// A key that is in every message which has the path, unless it is spelled with `\u`.
    key: Option<Finder<'static>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
    /// All members or elements.
    Each,
}

#[derive(Clone)]
pub(super) enum PathTest {
    /// It is there.
    Exists,
    Compare(Compare, Operand),
    Matches(Needle),
}

/// What a value is compared with.
#[derive(Clone)]
pub(super) struct Operand {
    pub(super) text: String,
    /// The number that it is; none where it was quoted.
    pub(super) number: Option<f64>,
    /// It holds `*`, which stands for anything.
    pub(super) wild: Option<Needle>,
}

impl PathTerm {
    fn new(steps: Vec<Step>, test: PathTest) -> Self {
        let key = steps.iter().rev().find_map(|step| match step {
            Step::Key(key) if is_plain(key) => Some(Finder::new(key).into_owned()),
            _ => None,
        });
        Self { steps, test, key }
    }

    /// Whether one of the values that the path leads to is as it is asked for.
    pub(super) fn holds(&self, message: &str) -> bool {
        if !self.may_be_in(message) {
            return false;
        }
        let Some(found) = read(message, &self.steps) else { return false };
        if !found.is_empty() {
            return self.any(&found);
        }
        logged(message).into_iter().any(|logged| match string(logged) {
            Some(text) => read(&text, &self.steps).is_some_and(|found| self.any(&found)),
            None => read(logged, &self.steps).is_some_and(|found| self.any(&found)),
        })
    }

    fn any(&self, found: &[&RawValue]) -> bool {
        found.iter().any(|value| self.test.holds(value.get()))
    }

    fn may_be_in(&self, message: &str) -> bool {
        let bytes = message.as_bytes();
        self.key.as_ref().is_none_or(|key| key.find(bytes).is_some() || memmem::find(bytes, br"\u").is_some())
    }

    /// Where the values that were asked for stand in a message, in bytes. Those within a string are not told.
    pub(super) fn find_in(&self, message: &str) -> Vec<Range<usize>> {
        if !self.may_be_in(message) {
            return Vec::new();
        }
        let mut found = read(message, &self.steps).unwrap_or_default();
        if found.is_empty() {
            let logged = logged(message).into_iter().filter(|logged| logged.starts_with('{'));
            found = logged.filter_map(|logged| read(logged, &self.steps)).flatten().collect();
        }
        let found = found.into_iter().map(RawValue::get).filter(|value| self.test.holds(value));
        found
            .map(|value| {
                let start = value.as_ptr() as usize - message.as_ptr() as usize;
                start..start + value.len()
            })
            .collect()
    }
}

/// Whether a key or value is written in JSON as it is, whoever writes it.
pub(super) fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

impl PathTest {
    /// Whether it holds for a value, as JSON has it. An object or a list is there, and nothing else.
    fn holds(&self, value: &str) -> bool {
        let scalar = match value.as_bytes().first() {
            Some(b'{' | b'[') => None,
            Some(b'"') => string(value).map(Cow::Owned),
            _ => Some(Cow::Borrowed(value)),
        };
        match (self, scalar) {
            (Self::Exists, _) => true,
            (Self::Compare(compare, operand), Some(scalar)) => operand.compares(*compare, &scalar),
            (Self::Matches(needle), Some(scalar)) => needle.is_in(scalar.as_bytes()),
            (_, None) => false,
        }
    }
}

impl Operand {
    pub(super) fn new(text: &str, quoted: bool) -> Result<Self, super::text::Problem> {
        let wild = (!quoted && text.contains('*')).then(|| {
            let source = text.split('*').map(regex::escape).collect::<Vec<_>>().join(".*");
            // Values are compared as they are written.
            Needle::expression(&format!("(?s-i)^{source}$"))
        });
        let number = if quoted { None } else { number(text) };
        Ok(Self { text: text.to_owned(), number, wild: wild.transpose()? })
    }

    fn compares(&self, compare: Compare, found: &str) -> bool {
        let equal = matches!(compare, Compare::Equal | Compare::NotEqual);
        if let (true, Some(wild)) = (equal, &self.wild) {
            return wild.is_in(found.as_bytes()) == (compare == Compare::Equal);
        }
        if let (true, Some(_), Some(left), Some(right)) =
            (equal, self.number, integer(found), integer(&self.text))
        {
            // Beyond 2^53 neighbours share an f64, and only the digits tell them apart.
            return compare.holds(&left, &right);
        }
        match (self.number, number(found)) {
            (Some(number), Some(found)) => compare.holds(&found, &number),
            (Some(_), None) if !equal => false,
            _ => compare.holds(found, self.text.as_str()),
        }
    }
}

/// Whether an integer is negative, and its digits: equal integers have equal ones.
fn integer(text: &str) -> Option<(bool, &str)> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    Some((text.starts_with('-') && !digits.is_empty(), digits))
}

/// A number as JSON writes it.
fn number(text: &str) -> Option<f64> {
    let first = text.strip_prefix('-').unwrap_or(text).bytes().next()?;
    first.is_ascii_digit().then(|| text.parse().ok()).flatten().filter(|number: &f64| number.is_finite())
}

/// A string of JSON, decoded.
fn string(value: &str) -> Option<String> {
    value.starts_with('"').then(|| serde_json::from_str(value).ok()).flatten()
}

/// What the function logged, where the line has Lambda's JSON format: a string or an object.
fn logged(message: &str) -> Vec<&str> {
    let found = read(message, &[Step::Key("message".into())]).unwrap_or_default();
    found.into_iter().map(RawValue::get).filter(|value| value.starts_with(['"', '{'])).collect()
}

/// The values that a path leads to in the JSON that a message holds; `None` where it holds none.
fn read<'m>(message: &'m str, steps: &[Step]) -> Option<Vec<&'m RawValue>> {
    let opening = if matches!(steps.first(), Some(Step::Key(_))) { b'{' } else { b'[' };
    memchr_iter(opening, message.as_bytes()).take(TRIES).find_map(|at| {
        let mut deserializer = serde_json::Deserializer::from_str(&message[at..]);
        Walk(steps).deserialize(&mut deserializer).ok()
    })
}

/// A member's name, borrowed where it holds no escape.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Walks into a value along a path, and reads no more than it takes. Of members of one name the last one counts.
#[derive(Clone, Copy)]
struct Walk<'p>(&'p [Step]);

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = Vec<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        if self.0.is_empty() {
            return <&RawValue>::deserialize(deserializer).map(|value| vec![value]);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        let Some((step, rest)) = self.0.split_first() else { return Ok(found) };
        while let Some(Name(name)) = map.next_key()? {
            match step {
                Step::Key(key) if *key == name => found = map.next_value_seed(Walk(rest))?,
                Step::Each => found.extend(map.next_value_seed(Walk(rest))?),
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        let Some((step, rest)) = self.0.split_first() else { return Ok(found) };
        for nth in 0.. {
            let wanted = match step {
                Step::Index(index) => *index == nth,
                Step::Each => true,
                Step::Key(_) => false,
            };
            if wanted {
                match elements.next_element_seed(Walk(rest))? {
                    Some(more) => found.extend(more),
                    None => break,
                }
            } else if elements.next_element::<IgnoredAny>()?.is_none() {
                break;
            }
        }
        Ok(found)
    }
}

/// Reads the term that begins with `$` at a place, and tells where it ends. What of it is not typed yet is left out:
/// `$.user.` and `$.user=` ask whether there is a user.
pub(super) fn parse(text: &str, start: usize) -> Result<(Option<PathTerm>, usize), QueryError> {
    let (steps, at) = steps(text, start + 1)?;
    if steps.is_empty() {
        return Ok((None, at));
    }
    // As in a filter pattern of the service, there may be blanks around the operator.
    let rest = text[at..].trim_start();
    let operator = match rest.strip_prefix('~') {
        Some(rest) => Some((None, rest)),
        None => Compare::strip(rest).map(|(compare, rest)| (Some(compare), rest)),
    };
    let Some((operator, rest)) = operator else {
        let behind = text[at..].split(char::is_whitespace).next().unwrap_or_default();
        return match behind {
            "" | "!" => Ok((Some(PathTerm::new(steps, PathTest::Exists)), at + behind.len())),
            _ => Err(QueryError {
                message: "a path goes on with a . or [, or with = != < <= > >= ~".into(),
                at: at..at + behind.len(),
            }),
        };
    };
    let from = text.len() - rest.trim_start().len();
    let (value, end, quoted) = value(text, from);
    let asked = match operator {
        _ if value.is_empty() => Ok(PathTest::Exists),
        None => Needle::expression(&value).map(PathTest::Matches),
        Some(compare) => Operand::new(&value, quoted).map(|operand| PathTest::Compare(compare, operand)),
    };
    let asked = asked.map_err(|problem| placed(problem, &(from..end)))?;
    Ok((Some(PathTerm::new(steps, asked)), end))
}

/// The steps of a path, from behind its `$` on, and where they end.
fn steps(text: &str, mut at: usize) -> Result<(Vec<Step>, usize), QueryError> {
    let mut steps = Vec::new();
    loop {
        let rest = &text[at..];
        if let Some(rest) = rest.strip_prefix('.') {
            let end = rest.find(|c: char| c.is_whitespace() || ".[=!<>~".contains(c)).unwrap_or(rest.len());
            match &rest[..end] {
                "" => {}
                "*" => steps.push(Step::Each),
                key => steps.push(Step::Key(key.to_owned())),
            }
            at += 1 + end;
        } else if let Some(inner) = rest.strip_prefix('[') {
            let quote = inner.chars().next().filter(|first| matches!(first, '\'' | '"'));
            let close = match quote {
                Some(quote) => inner[1..].find(&format!("{quote}]")[..]).map(|close| close + 2),
                None => inner.find(']'),
            };
            let Some(close) = close else {
                // It is still being typed.
                return Ok((steps, text.len()));
            };
            let step = match (&inner[..close], quote) {
                (key, Some(_)) => Step::Key(key[1..key.len() - 1].to_owned()),
                ("*", None) => Step::Each,
                (index, None) => Step::Index(index.parse().map_err(|_| QueryError {
                    message: "a number, * or a quoted name goes between the brackets".into(),
                    at: at..at + close + 2,
                })?),
            };
            steps.push(step);
            at += close + 2;
        } else {
            return Ok((steps, at));
        }
    }
}
