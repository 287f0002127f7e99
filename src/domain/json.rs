//! JSON as text: checked and written prettily without being read into values, so that numbers are never rounded, keys
//! keep their order and duplicates stay.

use std::fmt;

use serde::de::IgnoredAny;

/// Where and why a text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1, counted in bytes.
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
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        Problem { line: error.line(), column: error.column(), message }
    })
}

/// The value written with line breaks and two blanks for each level; `None` where the text is not JSON.
///
/// Only white space between tokens changes. Levels beyond 100 are no longer indented, so that a value of depth 10,000
/// does not grow with the square of its depth.
pub fn pretty(text: &str) -> Option<String> {
    const DEEPEST: usize = 100;
    check(text).ok()?;
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    let mut depth = 0usize;
    let line_break = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth.min(DEEPEST)));
    };
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        let token = match first {
            '"' => string_end(rest),
            '{' | '[' | '}' | ']' | ',' | ':' => 1,
            _ => rest.find(|c: char| c.is_ascii_whitespace() || ",]}".contains(c)).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(token);
        rest = after.trim_start();
        match first {
            '{' | '[' => {
                out.push(first);
                if rest.starts_with(['}', ']']) {
                    out.push_str(&rest[..1]);
                    rest = rest[1..].trim_start();
                } else {
                    depth += 1;
                    line_break(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line_break(&mut out, depth);
                out.push(first);
            }
            ',' => {
                out.push(',');
                line_break(&mut out, depth);
            }
            ':' => out.push_str(": "),
            _ => out.push_str(token),
        }
    }
    Some(out)
}

/// The length in bytes of the string that the text begins with, quotes included; up to the end of the text where it
/// is not closed.
pub fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
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
        assert!(!problem.to_string().contains("hunter2"));
        assert!(check("{} {}").is_err());
        assert!(check("").is_err());
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
