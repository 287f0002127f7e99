//! JSON that is safe to look at in a terminal: what a terminal would obey or hide is written as a `\u` escape.

use std::{
    borrow::Cow,
    fmt::Write as _,
    io::{self, Write},
};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use crate::domain::text::{sanitise, sanitise_lines};

/// Writes a value with line breaks and two blanks for each level.
///
/// # Errors
/// The writer's.
pub fn write_pretty(writer: &mut impl Write, value: &impl Serialize) -> serde_json::Result<()> {
    value.serialize(&mut Serializer::with_formatter(writer, Escaping(PrettyFormatter::new())))
}

/// Writes a value on one line.
///
/// # Errors
/// The writer's.
pub fn write_line(writer: &mut impl Write, value: &impl Serialize) -> serde_json::Result<()> {
    value.serialize(&mut Serializer::with_formatter(writer, Escaping(CompactFormatter)))
}

/// Rewrites a text that is JSON so that it is safe to look at, and otherwise as it is.
pub fn escaped(json: &str) -> Cow<'_, str> {
    // Neither changed nor cut by the rules for text of several lines: nothing to escape.
    if matches!(sanitise_lines(json), Cow::Borrowed(_)) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 64);
    for character in json.chars() {
        match character {
            '\n' | '\t' => out.push(character),
            // Between tokens it means nothing, and inside a string it can't be.
            '\r' => out.push('\n'),
            _ => push(&mut out, character),
        }
    }
    Cow::Owned(out)
}

/// Adds a character of a JSON string, escaped where it must not be seen as it is.
fn push(out: &mut String, character: char) {
    let mut utf8 = [0; 4];
    if matches!(sanitise(character.encode_utf8(&mut utf8)), Cow::Borrowed(_)) {
        out.push(character);
        return;
    }
    for unit in character.encode_utf16(&mut [0; 2]) {
        let _ = write!(out, "\\u{unit:04x}");
    }
}

/// Leaves the layout to another formatter and looks after the texts.
struct Escaping<F>(F);

impl<F: Formatter> Formatter for Escaping<F> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if matches!(sanitise(fragment), Cow::Borrowed(_)) {
            return self.0.write_string_fragment(writer, fragment);
        }
        let mut out = String::with_capacity(fragment.len() + 64);
        for character in fragment.chars() {
            push(&mut out, character);
        }
        self.0.write_string_fragment(writer, &out)
    }

    fn write_raw_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        self.0.write_raw_fragment(writer, &escaped(fragment))
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn end_object_key<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_key(writer)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json, value::RawValue};

    use super::*;

    fn line(value: &impl Serialize) -> String {
        let mut out = Vec::new();
        write_line(&mut out, value).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_a_terminal_obeys_or_hides_is_escaped() {
        let text = "a\u{1b}[31m\u{9b}\u{7f}\u{202e}\u{200b}\u{feff}\u{e0041}é漢\n\"";
        assert_eq!(line(&text), r#""a\u001b[31m\u009b\u007f\u202e\u200b\ufeff\udb40\udc41é漢\n\"""#);
        assert_eq!(line(&json!({ "\u{202e}k": 1 })), r#"{"\u202ek":1}"#);
    }

    #[test]
    fn a_raw_value_keeps_its_digits_its_order_and_its_layout() {
        let raw: &RawValue =
            serde_json::from_str("{\"b\": 1.10,\r\n\t\"a\": \"\u{202e}\", \"b\": 2}").unwrap();
        assert_eq!(line(&raw), "{\"b\": 1.10,\n\n\t\"a\": \"\\u202e\", \"b\": 2}");
    }

    #[test]
    fn pretty_is_the_usual_layout() {
        let mut out = Vec::new();
        let value = json!({ "a": [1, {}], "b": [] });
        write_pretty(&mut out, &value).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string_pretty(&value).unwrap());
    }

    proptest! {
        #[test]
        fn every_text_comes_back_and_shows_nothing_hidden(text in any::<String>()) {
            let written = line(&text);
            prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
            prop_assert_eq!(sanitise(&written), written.as_str());
        }

        #[test]
        fn escaping_json_keeps_its_value(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(serde_json::from_str::<Value>(&escaped(&json)).unwrap(), Value::String(text));
        }
    }
}
