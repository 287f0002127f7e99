//! CloudWatch Logs' filter-pattern language.
//!
//! | form | matches |
//! |---|---|
//! | `` (empty) | everything |
//! | `ERROR "exit code"` | events that hold every term |
//! | `?ERROR ?WARN` | events that hold one of the terms; beside plain terms `?` terms have no effect, as on AWS |
//! | `ERROR -DEBUG` | events that hold the first and not the second |
//! | `%5\d\d%` | a regular expression (AWS's subset: no groups, ASCII) |
//! | `{ $.level = "error" && $.took > 100 }` | JSON events; also `IS NULL`, `IS TRUE`, `EXISTS`, `NOT EXISTS`, `[*]` |
//! | `[ip, ..., status = 5*, bytes > 1000]` | space-delimited events, `[...]` and `"..."` count as one field |
//!
//! Rules and limits are those of AWS's documentation of filter patterns; where AWS's own error text is known, it is used.

mod columns;
mod cursor;
mod json;
mod text;
mod value;

use cursor::Cursor;

/// The longest pattern AWS takes, in characters.
pub const MAX_PATTERN: usize = 1024;

/// A parsed filter pattern.
#[derive(Debug)]
pub struct Pattern(Kind);

#[derive(Debug)]
enum Kind {
    All,
    Text(text::Terms),
    Json(json::Expr),
    Columns(columns::Columns),
}

/// Why a pattern is not one. The text is what an InvalidParameterException says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(String);

impl PatternError {
    fn character(term: impl std::fmt::Display) -> Self {
        Self(format!("Invalid character(s) in term '{term}'"))
    }

    fn at(cursor: &Cursor<'_>, expected: &str) -> Self {
        Self(format!("Invalid filter pattern: expected {expected} at position {}", cursor.position() + 1))
    }

    fn other(what: impl std::fmt::Display) -> Self {
        Self(format!("Invalid filter pattern: {what}"))
    }
}

impl Pattern {
    /// The pattern that every event matches.
    pub const ALL: Self = Self(Kind::All);

    /// Parses a pattern of at most [`MAX_PATTERN`] characters.
    ///
    /// # Errors
    /// What is wrong with it, with AWS's words where they are known.
    pub fn parse(pattern: &str) -> Result<Self, PatternError> {
        if pattern.chars().count() > MAX_PATTERN {
            return Err(PatternError::other(format!("longer than {MAX_PATTERN} characters")));
        }
        let pattern = pattern.trim();
        let mut cursor = Cursor::new(pattern);
        let kind = match pattern.chars().next() {
            None => Kind::All,
            Some('{') => {
                closed(pattern, '{', '}')?;
                Kind::Json(json::parse(&mut cursor)?)
            }
            Some('[') => {
                closed(pattern, '[', ']')?;
                Kind::Columns(columns::parse(&mut cursor)?)
            }
            Some(_) => Kind::Text(text::parse(&mut cursor)?),
        };
        Ok(Self(kind))
    }

    /// Whether an event with this message matches.
    pub fn matches(&self, message: &str) -> bool {
        match &self.0 {
            Kind::All => true,
            Kind::Text(terms) => terms.matches(message),
            Kind::Json(expr) => expr.matches_message(message),
            Kind::Columns(columns) => columns.matches(message),
        }
    }

    /// Whether every event matches.
    pub fn is_all(&self) -> bool {
        matches!(self.0, Kind::All)
    }
}

fn closed(pattern: &str, open: char, close: char) -> Result<(), PatternError> {
    if pattern.len() > 1 && pattern.ends_with(close) {
        return Ok(());
    }
    Err(PatternError(format!("If a filter pattern starts with '{open}' it must end with '{close}'")))
}
