//! What is searched for in a text.

use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};

/// Bounds what a typed expression may cost, in bytes.
const REGEX_SIZE: usize = 1 << 20;

/// A text of more bytes than this is searched for as it is: an expression for both cases would be too large.
const LONGEST_ANY_CASE: usize = 1000;

/// A text or a regular expression. Small letters are found in either case, unless one of them is a capital.
#[derive(Clone)]
pub(super) struct Needle {
    regex: Regex,
    pub(super) said: Said,
}

/// How it was said.
#[derive(Clone)]
pub(super) enum Said {
    /// As it stands there.
    Text { text: String, any_case: bool },
    /// As a regular expression.
    Expression { source: String, any_case: bool },
}

/// Why a text or an expression can't be searched for, and which bytes of it that is about.
pub(super) struct Problem {
    pub(super) message: String,
    pub(super) at: Range<usize>,
}

impl Needle {
    /// A text.
    pub(super) fn text(text: &str) -> Result<Self, Problem> {
        let any_case = text.len() <= LONGEST_ANY_CASE && !text.chars().any(char::is_uppercase);
        let regex = RegexBuilder::new(&regex::escape(text))
            .case_insensitive(any_case)
            // Small ASCII letters have one capital each; elsewhere there are more, as the Kelvin sign.
            .unicode(!text.is_ascii())
            .size_limit(REGEX_SIZE)
            .build()
            .map_err(|_| Problem { message: "this is too long".into(), at: 0..text.len() })?;
        Ok(Self { regex, said: Said::Text { text: text.to_owned(), any_case } })
    }

    /// A regular expression.
    pub(super) fn expression(source: &str) -> Result<Self, Problem> {
        let any_case = !has_capital(source);
        let regex = RegexBuilder::new(source).case_insensitive(any_case).size_limit(REGEX_SIZE).build();
        let regex = regex.map_err(|error| problem(&error, source))?;
        Ok(Self { regex, said: Said::Expression { source: source.to_owned(), any_case } })
    }

    /// A name, or part of one: with a `*`, which stands for anything, and where it was quoted, all of it is meant.
    pub(super) fn name(text: &str, quoted: bool) -> Result<Self, Problem> {
        if !quoted && !text.contains('*') {
            return Self::text(text);
        }
        let parts: Vec<String> =
            if quoted { vec![regex::escape(text)] } else { text.split('*').map(regex::escape).collect() };
        let source = format!("(?s)^{}$", parts.join(".*"));
        let any_case = !quoted && !text.chars().any(char::is_uppercase);
        let regex = RegexBuilder::new(&source).case_insensitive(any_case).size_limit(REGEX_SIZE).build();
        let regex = regex.map_err(|_| Problem { message: "this is too long".into(), at: 0..text.len() })?;
        Ok(Self { regex, said: Said::Expression { source, any_case } })
    }

    /// Whether it is in a text.
    pub(super) fn is_in(&self, text: &[u8]) -> bool {
        self.regex.is_match(text)
    }

    /// Where it is in a text, in bytes. What is empty is nowhere.
    pub(super) fn find_in<'n>(&'n self, text: &'n str) -> impl Iterator<Item = Range<usize>> + 'n {
        self.regex.find_iter(text.as_bytes()).map(|found| found.range()).filter(|range| !range.is_empty())
    }
}

/// Whether an expression looks for a capital letter: one that is no escape such as `\S` or `\p{Lu}`.
fn has_capital(source: &str) -> bool {
    let mut characters = source.chars();
    while let Some(character) = characters.next() {
        if character == '\\' {
            let named = matches!(characters.next(), Some('p' | 'P' | 'x' | 'u' | 'U'));
            let braced = named && characters.as_str().starts_with('{');
            let named_by = |character: &char| !braced || *character == '}';
            if named {
                characters.by_ref().find(named_by);
            }
        } else if character.is_uppercase() {
            return true;
        }
    }
    false
}

/// What is wrong with an expression, and where: the crate tells it in lines of which one has a `^` below the place.
fn problem(error: &regex::Error, source: &str) -> Problem {
    if matches!(error, regex::Error::CompiledTooBig(_)) {
        return Problem { message: "this expression is too large".into(), at: 0..source.len() };
    }
    let said = error.to_string();
    let reason = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no regular expression");
    let message = reason.trim().trim_start_matches("error: ").to_owned();
    let marks = said.lines().find(|line| line.contains('^') && line.trim_matches([' ', '^']).is_empty());
    // The expression stands behind four blanks.
    let at = marks.and_then(|marks| {
        let from = marks.find('^')?.checked_sub(4)?;
        let offset = |nth: usize| source.char_indices().map(|(at, _)| at).chain([source.len()]).nth(nth);
        Some(offset(from)?..offset(marks.len().checked_sub(4)?)?)
    });
    Problem { message, at: at.unwrap_or(0..source.len()) }
}
