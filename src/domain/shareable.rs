//! Shareable test events of the Lambda console. They live in an EventBridge schema registry, as the examples of one
//! OpenAPI document for each function: `components.examples.<name>.value`.
//!
//! A document is edited as text: what a change is not about stays byte for byte as somebody else wrote it.

use std::{collections::BTreeMap, ops::Range};

use super::{
    json::{self, string_end},
    name::FunctionRef,
    secret::Secret,
};

/// The registry in which the console keeps them.
pub const REGISTRY: &str = "lambda-testevent-schemas";
/// The most characters of a document (service model of EventBridge Schemas): all events of a function together.
pub const MAX_CONTENT: usize = 100_000;

/// The schema that holds the events of a function.
#[must_use]
pub fn schema_name(function: &str) -> String {
    let name = function.parse::<FunctionRef>().map_or_else(|_| function.to_owned(), |function| function.name);
    format!("_{name}-schema")
}

/// The shareable test events of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shareable {
    /// Names and JSON texts, in the document's order, exactly as they are stored. The names are somebody else's: they
    /// are not fit to be shown as they are.
    pub events: Vec<(String, Secret)>,
    /// The version of the schema that was read; none where there is no schema.
    pub version: Option<String>,
    /// Examples that can't be used as events: without a value, or with a name that is no Unicode text. They stay.
    pub others: usize,
}

impl Shareable {
    /// The event of this name.
    #[must_use]
    pub fn event(&self, name: &str) -> Option<&Secret> {
        self.events.iter().find(|(of, _)| of == name).map(|(_, event)| event)
    }
}

/// Whether an event may have this name: the registry takes OpenAPI documents, whose components have such names (OpenAPI
/// 3.0, "Components Object").
///
/// # Errors
/// What is wrong and what to do. The name is not repeated.
pub fn check_name(name: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    if name.is_empty() {
        Err("the event has no name: give it one".into())
    } else if name.chars().all(fits) {
        Ok(())
    } else {
        Err("the name of a shareable event has letters, digits, dots, hyphens and underscores only".into())
    }
}

/// Whether two texts are the same JSON, white space between tokens aside.
#[must_use]
pub fn same(one: &str, other: &str) -> bool {
    one == other || bytes_of_tokens(one).eq(bytes_of_tokens(other))
}

fn bytes_of_tokens(text: &str) -> impl Iterator<Item = u8> + '_ {
    let (mut inside, mut escaped) = (false, false);
    text.bytes().filter(move |byte| {
        let keep = inside || !is_space(*byte);
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = inside,
            b'"' => inside = !inside,
            _ => {}
        }
        keep
    })
}

/// A document with events in it, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document(Secret);

/// What a document becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edited {
    /// Another document.
    Document(Document),
    /// There is no example left: the schema goes with it.
    Nothing,
}

impl Document {
    /// Takes up a document.
    ///
    /// # Errors
    /// Why it is none. Nothing of it is quoted.
    pub fn new(content: Secret) -> Result<Self, String> {
        json::check(content.reveal()).map_err(|problem| format!("it is no JSON: {problem}"))?;
        if !content.reveal().trim_start().starts_with('{') {
            return Err("it is JSON, but no object".into());
        }
        Ok(Self(content))
    }

    /// A document with this one event. The schema of the event is as loose as OpenAPI allows.
    ///
    /// # Errors
    /// The event is no JSON. Nothing of it is quoted.
    pub fn with(name: &str, event: &Secret) -> Result<Self, String> {
        let event = checked(event)?;
        let schema = match event.bytes().next() {
            Some(b'{') => r#"{"type":"object"}"#,
            Some(b'[') => r#"{"type":"array","items":{}}"#,
            Some(b'"') => r#"{"type":"string"}"#,
            Some(b't' | b'f') => r#"{"type":"boolean"}"#,
            Some(b'n') => r#"{"nullable":true}"#,
            _ => r#"{"type":"number"}"#,
        };
        Ok(Self(Secret::new(format!(
            r#"{{"openapi":"3.0.0","info":{{"version":"1.0.0","title":"Event"}},"paths":{{}},"components":{{"schemas":{{"Event":{schema}}},"examples":{{{}}}}}}}"#,
            example(name, event)
        ))))
    }

    /// The text of it.
    #[must_use]
    pub fn content(&self) -> &Secret {
        &self.0
    }

    /// How many characters it has, of [`MAX_CONTENT`].
    #[must_use]
    pub fn length(&self) -> usize {
        self.0.reveal().chars().count()
    }

    /// Its events, and the number of examples that are none. Of several with one name the last counts, as it does for
    /// others who read the document.
    #[must_use]
    pub fn events(&self) -> (Vec<(String, Secret)>, usize) {
        let text = self.0.reveal();
        let mut events: Vec<(String, Secret)> = Vec::new();
        let mut others = 0;
        for member in self.examples().map(|examples| examples.members).unwrap_or_default() {
            let value = value_of(text, &member);
            let (Some(name), Some(value)) = (member.name(text), value) else {
                others += 1;
                continue;
            };
            let event = Secret::new(&text[value]);
            match events.iter_mut().find(|(known, _)| *known == name) {
                Some(known) => known.1 = event,
                None => events.push((name, event)),
            }
        }
        (events, others)
    }

    /// The event of this name.
    #[must_use]
    pub fn event(&self, name: &str) -> Option<Secret> {
        let text = self.0.reveal();
        let examples = self.examples()?;
        let member = examples.last(text, name)?;
        value_of(text, member).map(|value| Secret::new(&text[value]))
    }

    /// The document with this event, or without it. All the rest stays as it is.
    ///
    /// # Errors
    /// Why that can't be done. Nothing of the document is quoted.
    pub fn edit(&self, name: &str, event: Option<&Secret>) -> Result<Edited, String> {
        match event {
            Some(event) => self.put(name, checked(event)?).map(Edited::Document),
            None => self.remove(name),
        }
    }

    fn put(&self, name: &str, event: &str) -> Result<Self, String> {
        let text = self.0.reveal();
        let examples = self.examples();
        if let Some(member) = examples.as_ref().and_then(|examples| examples.last(text, name)) {
            let value = value_of(text, member).ok_or("the example of that name has no value")?;
            return Ok(self.spliced(value, event));
        }
        let member = example(name, event);
        if let Some(examples) = examples {
            return Ok(self.added(&examples, &member));
        }
        let member = format!(r#""examples":{{{member}}}"#);
        let root = object(text, 0).ok_or("it is no object")?;
        match root.last(text, "components") {
            None => Ok(self.added(&root, &format!(r#""components":{{{member}}}"#))),
            Some(components) => {
                let components =
                    object(text, components.value.start).ok_or("its components are no object")?;
                match components.last(text, "examples") {
                    None => Ok(self.added(&components, &member)),
                    Some(_) => Err("its examples are no object".into()),
                }
            }
        }
    }

    fn remove(&self, name: &str) -> Result<Edited, String> {
        let mut left = self.clone();
        loop {
            let text = left.0.reveal();
            let Some(examples) = left.examples() else { return Ok(Edited::Document(left)) };
            let members = &examples.members;
            let Some(at) = members.iter().rposition(|member| member.name(text).as_deref() == Some(name))
            else {
                return Ok(Edited::Document(left));
            };
            if members.len() == 1 {
                return Ok(Edited::Nothing);
            }
            let range = match at.checked_sub(1) {
                // With the comma before it.
                Some(before) => members[before].value.end..members[at].value.end,
                None => members[0].key.start..members[1].key.start,
            };
            left = left.spliced(range, "");
        }
    }

    /// The document with another text in a place.
    fn spliced(&self, place: Range<usize>, with: &str) -> Self {
        let text = self.0.reveal();
        let mut out = String::with_capacity(text.len() + with.len());
        out.push_str(&text[..place.start]);
        out.push_str(with);
        out.push_str(&text[place.end..]);
        Self(Secret::new(out))
    }

    /// The document with another member at the end of an object.
    fn added(&self, to: &Object, member: &str) -> Self {
        match to.members.last() {
            Some(last) => self.spliced(last.value.end..last.value.end, &format!(",{member}")),
            None => self.spliced(to.end..to.end, member),
        }
    }

    fn examples(&self) -> Option<Object> {
        let text = self.0.reveal();
        let components = object(text, object(text, 0)?.last(text, "components")?.value.start)?;
        object(text, components.last(text, "examples")?.value.start)
    }
}

/// The names of the events in which two documents differ, sorted.
#[must_use]
pub fn differing(one: &Document, other: &Document) -> Vec<String> {
    let map = |document: &Document| document.events().0.into_iter().collect::<BTreeMap<_, _>>();
    let (one, other) = (map(one), map(other));
    let mut names: Vec<&String> = one.keys().chain(other.keys()).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().filter(|name| one.get(*name) != other.get(*name)).cloned().collect()
}

/// The strings and numbers in an event, decoded: what no message may repeat. Keys are not among them.
#[must_use]
pub fn values(event: &Secret) -> Vec<Secret> {
    let text = event.reveal();
    let mut values = Vec::new();
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        match byte {
            b'"' => {
                let end = at + string_end(&text[at..]);
                let token = &text[at..end];
                at = after_space(text, end);
                if text.as_bytes().get(at) != Some(&b':') {
                    // What is no Unicode text can't be in a message but as it is written.
                    let value = serde_json::from_str(token).unwrap_or_else(|_| token.to_owned());
                    values.push(Secret::new(value));
                }
            }
            b'-' | b'0'..=b'9' => {
                let end = value_end(text, at);
                values.push(Secret::new(&text[at..end]));
                at = end;
            }
            _ => at += 1,
        }
    }
    values
}

fn checked(event: &Secret) -> Result<&str, String> {
    json::check(event.reveal()).map_err(|problem| format!("the event is no JSON: {problem}"))?;
    Ok(event.reveal().trim())
}

/// A member of `examples`.
fn example(name: &str, event: &str) -> String {
    format!(r#"{}:{{"value":{event}}}"#, serde_json::Value::from(name))
}

/// Where the value of an example is.
fn value_of(text: &str, example: &Member) -> Option<Range<usize>> {
    let example = object(text, example.value.start)?;
    example.last(text, "value").map(|member| member.value.clone())
}

/// An object in a text that is JSON.
struct Object {
    members: Vec<Member>,
    /// Where its closing brace is.
    end: usize,
}

impl Object {
    /// The last member of this name: the one that counts.
    fn last(&self, text: &str, name: &str) -> Option<&Member> {
        self.members.iter().rfind(|member| member.name(text).as_deref() == Some(name))
    }
}

struct Member {
    /// With its quotes.
    key: Range<usize>,
    value: Range<usize>,
}

impl Member {
    fn name(&self, text: &str) -> Option<String> {
        serde_json::from_str(&text[self.key.clone()]).ok()
    }
}

/// The object that begins at or after a place, white space aside; none where something else does.
fn object(text: &str, at: usize) -> Option<Object> {
    let bytes = text.as_bytes();
    let mut at = after_space(text, at);
    if bytes.get(at) != Some(&b'{') {
        return None;
    }
    let mut members = Vec::new();
    at = after_space(text, at + 1);
    while bytes.get(at) == Some(&b'"') {
        let key = at..at + string_end(&text[at..]);
        // The colon.
        let start = after_space(text, after_space(text, key.end) + 1);
        let value = start..value_end(text, start);
        at = after_space(text, value.end);
        members.push(Member { key, value });
        if bytes.get(at) != Some(&b',') {
            break;
        }
        at = after_space(text, at + 1);
    }
    (bytes.get(at) == Some(&b'}')).then_some(Object { members, end: at })
}

/// Where the value ends that begins at a place. However deep it is, no stack grows.
fn value_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = start;
    let mut depth = 0_usize;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at += string_end(&text[at..]),
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            _ if depth == 0 => {
                let rest = &bytes[at..];
                let ends = |byte: &u8| is_space(*byte) || b",]}".contains(byte);
                return at + rest.iter().position(ends).unwrap_or(rest.len());
            }
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    at
}

fn after_space(text: &str, at: usize) -> usize {
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| !is_space(*byte)).unwrap_or(rest.len())
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests;
