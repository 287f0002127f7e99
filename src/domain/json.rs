//! JSON as text: checked and written prettily without being read into values, so that numbers are never rounded, keys
//! keep their order and duplicates stay.

mod duplicate;

use std::fmt;

use serde::de::IgnoredAny;

pub use duplicate::{Duplicate, duplicate};

/// Where and why a text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1, counted in characters; behind the last one where the text ends too early.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at line {} column {}", self.message, self.line, self.column)
    }
}

/// Whether a text is one JSON value.
///
/// # Errors
/// The first place where it is not. The message quotes nothing of the text.
pub fn check(text: &str) -> Result<(), Problem> {
    serde_json::from_str::<IgnoredAny>(text).map(|_| ()).map_err(|error| {
        let told = error.to_string();
        let told = told.split(" at line ").next().unwrap_or_default();
        let at = offset(text, &error, told);
        let (line, column) = place(text, at);
        let closes = matches!(text.as_bytes().get(at), Some(b']' | b'}'));
        let message = if closes && text[..at].trim_ascii_end().ends_with(',') {
            "a comma before the end of a list or object"
        } else {
            readable(told)
        };
        Problem { line, column, message: message.to_owned() }
    })
}

const CONTROL: &str = "control character (\\u0000-\\u001F) found while parsing a string";

/// The byte that an error is about. serde_json counts columns in bytes, and names the last one where the text ends too
/// early; of a control character it names the byte before.
fn offset(text: &str, error: &serde_json::Error, told: &str) -> usize {
    if error.is_eof() {
        return text.len();
    }
    let mut ends = memchr::memchr_iter(b'\n', text.as_bytes());
    let start = error.line().checked_sub(2).and_then(|before| ends.nth(before)).map_or(0, |end| end + 1);
    let behind = start + error.column();
    text.floor_char_boundary(if told == CONTROL { behind } else { behind.saturating_sub(1) })
}

/// Line and column of an offset, both from 1, the column in characters.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = &text.as_bytes()[..offset];
    let start = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    (line, text[start..offset].chars().count() + 1)
}

/// What serde_json says, for people who write an event and no parser.
fn readable(message: &str) -> &str {
    match message {
        "EOF while parsing a value" => "a value is missing",
        "EOF while parsing a string" => "a text is not closed",
        "EOF while parsing a list" => "a list is not closed",
        "EOF while parsing an object" => "an object is not closed",
        "expected value" => "no JSON value",
        "expected ident" => "neither true, false nor null",
        "key must be a string" => "a name must be a text in double quotes",
        "trailing characters" => "something behind the end of the value",
        CONTROL => "a line break or control character in a text",
        "invalid escape" => "a backslash before what can't be escaped",
        other => other,
    }
}

/// The value written with line breaks and two blanks for each level; `None` where the text is not JSON.
///
/// Only white space between tokens changes. Levels beyond 100 are no longer indented, so that a value of depth 10,000
/// does not grow with the square of its depth; where the result would still be far larger than the text (32 MiB and
/// twice its size), levels beyond 16, 4 or at last none.
pub fn pretty(text: &str) -> Option<String> {
    check(text).ok()?;
    Some(laid_out(text))
}

/// The value without white space between its tokens; `None` where the text is not JSON.
pub fn minify(text: &str) -> Option<String> {
    check(text).ok()?;
    let mut out = String::with_capacity(text.len());
    out.extend(tokens(text).map(|(_, token)| token));
    Some(out)
}

/// [`pretty`] of a text that has been checked.
pub(super) fn laid_out(text: &str) -> String {
    let most = text.len().saturating_mul(2).saturating_add(32 << 20);
    // Without indentation no token more than doubles, so the last one always fits.
    [100, 16, 4, 0].into_iter().find_map(|deepest| indented(text, deepest, most)).unwrap_or_default()
}

/// Indents up to the level `deepest`; `None` where that takes more than `most` bytes.
fn indented(text: &str, deepest: usize, most: usize) -> Option<String> {
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    let mut depth = 0usize;
    let blanks = "  ".repeat(deepest);
    let line_break = |out: &mut String, depth: usize| {
        out.push('\n');
        out.push_str(&blanks[..2 * depth.min(deepest)]);
    };
    let mut tokens = tokens(text).map(|(_, token)| token).peekable();
    while let Some(token) = tokens.next() {
        match token {
            "{" | "[" => {
                out.push_str(token);
                if let Some(close) = tokens.next_if(|next| matches!(*next, "}" | "]")) {
                    out.push_str(close);
                } else {
                    depth += 1;
                    line_break(&mut out, depth);
                }
            }
            "}" | "]" => {
                depth = depth.saturating_sub(1);
                line_break(&mut out, depth);
                out.push_str(token);
            }
            "," => {
                out.push(',');
                line_break(&mut out, depth);
            }
            ":" => out.push_str(": "),
            _ => out.push_str(token),
        }
        if out.len() > most {
            return None;
        }
    }
    Some(out)
}

/// The tokens of a text that is JSON, each with its offset in bytes.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        at += bytes[at..].iter().position(|byte| !byte.is_ascii_whitespace())?;
        let rest = &bytes[at..];
        let length = match rest[0] {
            b'"' => string_end(&text[at..]),
            b'{' | b'[' | b'}' | b']' | b',' | b':' => 1,
            _ => rest
                .iter()
                .position(|byte| matches!(byte, b' ' | b'\n' | b'\t' | b'\r' | b',' | b']' | b'}'))
                .unwrap_or(rest.len()),
        };
        let start = at;
        at += length;
        Some((start, &text[start..at]))
    })
}

/// The length in bytes of the string that the text begins with, quotes included; up to the end of the text where it
/// is not closed.
pub fn string_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("{}", "{}")]
    #[case(" [ ] ", "[]")]
    #[case("1", "1")]
    #[case(
        r#"{"a":1.10000000000000000000001,"a":[true,null],"b":{}}"#,
        "{\n  \"a\": 1.10000000000000000000001,\n  \"a\": [\n    true,\n    null\n  ],\n  \"b\": {}\n}"
    )]
    #[case(r#"{"k":"a,b:{\"]}"}"#, "{\n  \"k\": \"a,b:{\\\"]}\"\n}")]
    fn pretty_changes_only_white_space(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(pretty(text).as_deref(), Some(expected));
    }

    #[test]
    fn a_problem_names_its_place_and_quotes_nothing() {
        let problem = check("{\n  \"token\": hunter2\n}").unwrap_err();
        assert_eq!((problem.line, problem.column), (2, 12));
        assert_eq!(problem.message, "no JSON value");
        assert!(!problem.to_string().contains("hunter2"));
        assert!(check("{} {}").is_err());
        assert!(check("").is_err());
    }

    #[rstest]
    #[case::empty("", 1, 1, "a value is missing")]
    #[case::not_closed("{\n  \"ä\": [1,\n", 3, 1, "a value is missing")]
    #[case::behind_wide_characters("{\"世界\": x}", 1, 8, "no JSON value")]
    #[case::on_a_wide_character("[ä]", 1, 2, "no JSON value")]
    #[case::the_line_end_itself("[\n\"世\n\"]", 2, 3, "a line break or control character in a text")]
    #[case::an_open_text("\"世", 1, 3, "a text is not closed")]
    #[case::two_values("{}\n{}", 2, 1, "something behind the end of the value")]
    #[case::a_comma_too_much("[1,]", 1, 4, "a comma before the end of a list or object")]
    #[case::a_comma_behind_the_last_member(
        "{\"a\":1, \n}",
        2,
        1,
        "a comma before the end of a list or object"
    )]
    #[case::a_bare_name("{\n  a: 1}", 2, 3, "a name must be a text in double quotes")]
    #[case::misspelt("[nul]", 1, 5, "neither true, false nor null")]
    fn a_place_is_counted_as_people_do(
        #[case] text: &str,
        #[case] line: usize,
        #[case] column: usize,
        #[case] message: &str,
    ) {
        assert_eq!(check(text), Err(Problem { line, column, message: message.into() }));
    }

    #[rstest]
    #[case(
        " { \"a b\" : [ 1.10 , -0 ,\t\"c\\\" d\" ] , \"a b\" : { } }\r\n",
        r#"{"a b":[1.10,-0,"c\" d"],"a b":{}}"#
    )]
    #[case("\"\\ud800\"", "\"\\ud800\"")]
    #[case(" null ", "null")]
    fn minify_changes_only_white_space(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(minify(text).as_deref(), Some(expected));
        assert_eq!(minify(&pretty(text).unwrap()).as_deref(), Some(expected));
    }

    #[test]
    fn what_is_no_json_is_not_minified() {
        for text in ["", "{", "1 2", "[1,]", "'a'", "\u{feff}1", "\u{a0}1"] {
            assert_eq!((minify(text), pretty(text)), (None, None), "{text:?}");
        }
    }

    #[rstest]
    #[case::nothing_but_brackets("[".repeat(200_000) + &"]".repeat(200_000))]
    #[case::many_values_far_down("[".repeat(100) + &"1,".repeat(200_000) + "1" + &"]".repeat(100))]
    fn indentation_never_explodes(#[case] text: String) {
        let written = pretty(&text).unwrap();
        assert!(written.len() <= 2 * text.len() + (32 << 20), "{}", written.len());
        assert!(minify(&written).unwrap() == text);
    }

    #[test]
    fn depth_neither_overflows_nor_explodes() {
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        assert!(pretty(&deep).unwrap().len() < 5_000_000);
    }

    proptest! {
        #[test]
        fn pretty_keeps_the_value(text in "[\\[\\]{}:,\" \\\\a1\n.-]{0,40}") {
            if let Some(written) = pretty(&text) {
                let value: serde_json::Value = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&written).unwrap(), value);
            }
        }
    }
}
