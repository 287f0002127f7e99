//! What is looked for in a log: a text, a regular expression, terms about fields; as it is typed.

use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};

/// Bounds what a typed expression may cost, in bytes.
const REGEX_SIZE: usize = 4 << 20;

/// A row of a log, as far as a query can ask about it.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    /// Its message, of one line or many.
    pub message: &'a str,
    /// Its log group.
    pub group: &'a str,
    /// Its stream.
    pub stream: &'a str,
    /// Whether it tells of an error.
    pub error: bool,
}

/// What was typed, understood. Matching is linear in a message's length, whatever was typed.
#[derive(Clone, Debug, Default)]
pub struct Query {
    text: String,
    needle: Option<Regex>,
}

impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// Why what was typed can't be understood, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// What is wrong, in a line.
    pub message: String,
    /// The bytes of what was typed that it is about.
    pub at: Range<usize>,
}

impl Query {
    /// Understands what was typed.
    ///
    /// # Errors
    /// What is wrong with it, in a line.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let any_case = !text.chars().any(char::is_uppercase);
        let expression = text.strip_prefix('/').and_then(|text| text.strip_suffix('/'));
        let escaped = expression.map_or_else(|| regex::escape(text), str::to_owned);
        let needle =
            RegexBuilder::new(&escaped).case_insensitive(any_case).size_limit(REGEX_SIZE).build().map_err(
                |error| {
                    let said = error.to_string();
                    let reason = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("invalid");
                    let message = reason.trim().trim_start_matches("error: ").to_owned();
                    QueryError { message, at: 0..text.len() }
                },
            )?;
        Ok(Self { text: text.to_owned(), needle: (!text.is_empty()).then_some(needle) })
    }

    /// As it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it asks for nothing, so that all matches.
    pub fn is_empty(&self) -> bool {
        self.needle.is_none()
    }

    /// Whether the message is all it takes to tell ([`Query::matches_message`]).
    pub fn is_of_message(&self) -> bool {
        true
    }

    /// Whether a line matches.
    pub fn matches(&self, line: &Line<'_>) -> bool {
        self.matches_message(line.message.as_bytes())
    }

    /// Whether a message matches, where [`Query::is_of_message`].
    pub fn matches_message(&self, message: &[u8]) -> bool {
        self.needle.as_ref().is_none_or(|needle| needle.is_match(message))
    }

    /// The parts of a message that texts and expressions match, as byte ranges in order, to be marked.
    pub fn highlights(&self, message: &str) -> Vec<Range<usize>> {
        let found = self.needle.iter().flat_map(|needle| needle.find_iter(message.as_bytes()));
        found.map(|found| found.range()).filter(|range| !range.is_empty()).collect()
    }

    /// The one request that is asked for (`rid:` with a whole id): also its lines that don't name it are meant.
    pub fn request_id(&self) -> Option<&str> {
        None
    }

    /// The same for the service, as a CloudWatch Logs filter pattern.
    ///
    /// # Errors
    /// What can't be said in a filter pattern.
    pub fn server_pattern(&self) -> Result<String, String> {
        Ok(format!("\"{}\"", self.text.replace('\\', "\\\\").replace('"', "\\\"")))
    }
}
