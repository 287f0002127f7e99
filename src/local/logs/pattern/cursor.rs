//! A place in a pattern, and the tokens that all three forms share: quoted text and `%regex%`.

use regex::{Regex, RegexBuilder};

use super::PatternError;

/// AWS's limit for one pattern.
const MAX_REGEXES: u8 = 2;
/// Bounds what one expression such as `%a{900}{900}%` may cost, in bytes.
const REGEX_SIZE: usize = 1 << 20;

pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    regexes: u8,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, regexes: 0 }
    }

    /// Characters before this place.
    pub(super) fn position(&self) -> usize {
        self.text.get(..self.at).map_or(0, |before| before.chars().count())
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    pub(super) fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// Eats a keyword in any case that is not the start of a longer word.
    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let rest = self.rest();
        let found = rest.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word))
            && !rest[word.len()..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        if found {
            self.at += word.len();
        }
        found
    }

    pub(super) fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Takes characters while they are wanted.
    pub(super) fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// A text between quotes, which is not empty; `\"` and `\\` stand for themselves without the backslash.
    pub(super) fn quoted(&mut self, quote: char) -> Result<String, PatternError> {
        self.bump();
        let mut text = String::new();
        loop {
            match self.bump() {
                None => return Err(PatternError::at(self, &format!("a closing {quote}"))),
                Some(c) if c == quote => break,
                Some('\\') if self.peek().is_some_and(|c| c == quote || c == '\\') => {
                    text.extend(self.bump());
                }
                Some(c) => text.push(c),
            }
        }
        if text.is_empty() { Err(PatternError::character(format!("{quote}{quote}"))) } else { Ok(text) }
    }

    /// A regular expression between `%`, held to the subset that AWS takes.
    pub(super) fn regex(&mut self) -> Result<Regex, PatternError> {
        self.bump();
        let start = self.at;
        loop {
            match self.bump() {
                None => return Err(PatternError::at(self, "a closing %")),
                Some('%') => break,
                Some('\\') => match self.bump() {
                    Some(c) if "dDsSwWx".contains(c) || c.is_ascii_punctuation() => {}
                    Some(c) => return Err(PatternError::character(format!("\\{c}"))),
                    None => return Err(PatternError::at(self, "a closing %")),
                },
                Some(c) if c.is_ascii_alphanumeric() || ":_#=@/;,-^$?[]{}|*+.".contains(c) => {}
                Some(c) => return Err(PatternError::character(c)),
            }
        }
        let source = &self.text[start..self.at - 1];
        if source.is_empty() {
            return Err(PatternError::character("%%"));
        }
        self.regexes += 1;
        if self.regexes > MAX_REGEXES {
            return Err(PatternError::other(format!("more than {MAX_REGEXES} regular expressions")));
        }
        RegexBuilder::new(source)
            .size_limit(REGEX_SIZE)
            .build()
            .map_err(|_| PatternError::other(format!("%{source}% is not a supported regular expression")))
    }
}
