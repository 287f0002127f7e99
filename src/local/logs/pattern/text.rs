//! Terms: `ERROR`, `"a phrase"`, `?either`, `-not`, `%regex%`.

use regex::Regex;

use super::{Cursor, PatternError};

#[derive(Debug, Default)]
pub(super) struct Terms {
    all: Vec<Needle>,
    any: Vec<Needle>,
    none: Vec<Needle>,
}

#[derive(Debug)]
enum Needle {
    Text(String),
    Regex(Regex),
}

impl Needle {
    fn is_in(&self, message: &str) -> bool {
        match self {
            Self::Text(text) => message.contains(text.as_str()),
            Self::Regex(regex) => regex.is_match(message),
        }
    }
}

impl Terms {
    pub(super) fn matches(&self, message: &str) -> bool {
        // AWS drops the `?` terms of a pattern that has others.
        let any = !self.all.is_empty()
            || !self.none.is_empty()
            || self.any.is_empty()
            || self.any.iter().any(|term| term.is_in(message));
        any && self.all.iter().all(|term| term.is_in(message))
            && !self.none.iter().any(|term| term.is_in(message))
    }
}

pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Terms, PatternError> {
    let mut terms = Terms::default();
    loop {
        cursor.skip_space();
        let list = match cursor.peek() {
            None => return Ok(terms),
            Some('?') => &mut terms.any,
            Some('-') => &mut terms.none,
            Some(_) => {
                terms.all.push(needle(cursor)?);
                continue;
            }
        };
        cursor.bump();
        cursor.skip_space();
        list.push(needle(cursor)?);
    }
}

fn needle(cursor: &mut Cursor<'_>) -> Result<Needle, PatternError> {
    let needle = match cursor.peek() {
        None => return Err(PatternError::at(cursor, "a term")),
        Some('"') => Needle::Text(cursor.quoted('"')?),
        Some('%') => Needle::Regex(cursor.regex()?),
        Some(_) => {
            let word = cursor.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
            if word.is_empty() {
                return Err(PatternError::character(cursor.peek().unwrap_or_default()));
            }
            Needle::Text(word.to_owned())
        }
    };
    match cursor.peek() {
        None => Ok(needle),
        Some(c) if c.is_whitespace() => Ok(needle),
        Some(c) => Err(PatternError::character(c)),
    }
}
