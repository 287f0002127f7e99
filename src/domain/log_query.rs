//! What is looked for in a log, as it is typed: words, phrases, regular expressions, terms about fields.
//!
//! - `parse`: the language
//! - `text`: what is searched for in a text
//! - `field`: level, function, request, the figures of a REPORT
//! - `path`: values in JSON, `$.user.id=42`
//! - `server`: the same as a filter pattern of the service
//!
//! Matching is linear in a message's length, whatever was typed.

mod field;
mod parse;
mod path;
mod server;
#[cfg(test)]
mod tests;
mod text;

use std::{fmt, ops::Range};

pub use server::{ServerPattern, server_pattern};

use self::{
    field::{Figure, Is, Name, RequestTerm},
    path::PathTerm,
    text::Needle,
};
use super::report::Level;

/// What can be typed, for the help.
pub const FIELDS: [(&str, &str); 12] = [
    ("word \"a phrase\"", "is in the message; small letters stand for either case"),
    ("/expression/", "a regular expression"),
    ("-word", "all but what has it; also -level:info, -/expression/"),
    ("level:", "trace, debug, info, warn, error, fatal; level:>=warn"),
    ("fn:", "part of the function's name, or all of it with *"),
    ("stream: group:", "the same of the stream, of the log group"),
    ("rid:", "how a request id begins; a whole one: all its lines"),
    ("ms:", "duration in ms, as ms:>500"),
    ("mem:", "memory used, as mem:>90% or in MB, mem:>200"),
    ("init:", "init phase in ms; init:>0 are the cold starts"),
    ("is:", "error, report, cold, platform"),
    ("$.user.id=42", "a value in JSON, with = != < <= > >= ~expression"),
];

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

/// What was typed, understood: terms that must all hold. Its `Debug` shows how many there are only.
#[derive(Clone, Default)]
pub struct Query {
    text: String,
    terms: Vec<Term>,
}

/// One of the things that are asked for.
#[derive(Clone)]
struct Term {
    /// It must not hold.
    not: bool,
    test: Test,
}

#[derive(Clone)]
enum Test {
    /// Something is in the message.
    Text(Needle),
    Level(Compare, Level),
    Name(Name, Needle),
    Request(RequestTerm),
    Figure(Figure, Compare, f64),
    Is(Is),
    Path(PathTerm),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compare {
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
    GreaterOrEqual,
    Greater,
}

impl Compare {
    fn holds<T: PartialOrd + ?Sized>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::GreaterOrEqual => left >= right,
            Self::Greater => left > right,
        }
    }

    /// Takes an operator off the front of a text.
    fn strip(text: &str) -> Option<(Self, &str)> {
        const SIGNS: [(&str, Compare); 7] = [
            ("<=", Compare::LessOrEqual),
            (">=", Compare::GreaterOrEqual),
            ("!=", Compare::NotEqual),
            ("==", Compare::Equal),
            ("<", Compare::Less),
            (">", Compare::Greater),
            ("=", Compare::Equal),
        ];
        SIGNS.iter().find_map(|(sign, compare)| Some((*compare, text.strip_prefix(sign)?)))
    }
}

/// Why what was typed can't be understood, and where. It quotes nothing of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// What is wrong, in a line.
    pub message: String,
    /// The bytes of what was typed that it is about.
    pub at: Range<usize>,
}

impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for Query {
    // What one looks for may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query").field("terms", &self.terms.len()).finish_non_exhaustive()
    }
}

impl Query {
    /// Understands what was typed. What is still being typed (`ms:>`, a quote that is not closed) is no error.
    ///
    /// # Errors
    /// What is wrong with it, in a line.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        Ok(Self { terms: parse::terms(text)?, text: text.to_owned() })
    }

    /// As it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it asks for nothing, so that all matches.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether the message is all it takes to tell ([`Query::matches_message`]).
    pub fn is_of_message(&self) -> bool {
        self.terms.iter().all(|term| matches!(term.test, Test::Text(_)))
    }

    /// Whether a line matches.
    pub fn matches(&self, line: &Line<'_>) -> bool {
        self.terms.iter().all(|term| term.test.holds(line) != term.not)
    }

    /// Whether a message matches, where [`Query::is_of_message`].
    pub fn matches_message(&self, message: &[u8]) -> bool {
        self.terms.iter().all(|term| match &term.test {
            Test::Text(needle) => needle.is_in(message) != term.not,
            _ => false,
        })
    }

    /// The parts of a message that texts, expressions and JSON paths match, as byte ranges in order, to be marked.
    pub fn highlights(&self, message: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        for term in self.terms.iter().filter(|term| !term.not) {
            match &term.test {
                Test::Text(needle) => found.extend(needle.find_in(message)),
                Test::Path(path) => found.extend(path.find_in(message)),
                _ => {}
            }
        }
        found.sort_by_key(|range| (range.start, range.end));
        found
    }

    /// The one request that is asked for (`rid:` with a whole id): also its lines that don't name it are meant.
    pub fn request_id(&self) -> Option<&str> {
        self.terms.iter().find_map(|term| match &term.test {
            Test::Request(request) if !term.not => request.whole(),
            _ => None,
        })
    }

    /// The same query, to be asked about a request's own lines: that they must name it is left out.
    #[must_use]
    pub fn within_request(&self, id: &str) -> Self {
        let names_it = |term: &&Term| !matches!(&term.test, Test::Request(request) if !term.not && request.whole() == Some(id));
        Self { text: self.text.clone(), terms: self.terms.iter().filter(names_it).cloned().collect() }
    }

    /// The same for the service, as a CloudWatch Logs filter pattern that matches at least what the query does.
    ///
    /// # Errors
    /// Why nothing of it can be said in a filter pattern.
    pub fn server_pattern(&self) -> Result<String, String> {
        server_pattern([(true, self)]).map(|asked| asked.pattern)
    }
}

impl Test {
    fn holds(&self, line: &Line<'_>) -> bool {
        match self {
            Self::Text(needle) => needle.is_in(line.message.as_bytes()),
            Self::Level(compare, level) => {
                field::level(line).is_some_and(|found| compare.holds(&found, level))
            }
            Self::Name(name, needle) => name.of(line).is_some_and(|name| needle.is_in(name.as_bytes())),
            Self::Request(request) => request.is_named_by(line.message),
            Self::Figure(figure, compare, number) => {
                figure.of(line.message).is_some_and(|found| field::compares(*compare, found, *number))
            }
            Self::Is(is) => is.holds(line),
            Self::Path(path) => path.holds(line.message),
        }
    }
}
