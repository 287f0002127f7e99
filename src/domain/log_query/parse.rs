//! The language: what is typed becomes terms.

use std::ops::Range;

use super::{
    Compare, QueryError, Term, Test,
    field::{Figure, Is, Name, RequestTerm},
    path,
    text::{Needle, Problem},
};
use crate::domain::report::Level;

/// The fields. Any other `word:` is a text, as times and addresses have it.
#[derive(Clone, Copy)]
enum Field {
    Level,
    Name(Name),
    Request,
    Figure(Figure),
    Is,
}

const FIELDS: [(&str, Field); 9] = [
    ("level", Field::Level),
    ("fn", Field::Name(Name::Function)),
    ("group", Field::Name(Name::Group)),
    ("stream", Field::Name(Name::Stream)),
    ("rid", Field::Request),
    ("ms", Field::Figure(Figure::Duration)),
    ("mem", Field::Figure(Figure::Memory)),
    ("init", Field::Figure(Figure::Init)),
    ("is", Field::Is),
];

pub(super) fn terms(text: &str) -> Result<Vec<Term>, QueryError> {
    let mut terms = Vec::new();
    let mut at = 0;
    while let Some(blanks) = text[at..].find(|character: char| !character.is_whitespace()) {
        at += blanks;
        let not = excludes(&text[at..]);
        let start = at + usize::from(not);
        let (asked, end) = if start == text.len() { (None, start) } else { term(text, start)? };
        terms.extend(asked.map(|test| Term { not, test }));
        at = end;
    }
    Ok(terms)
}

/// Whether a term begins with a sign that excludes: `-word`, `!word`; not an arrow, an option (`--all`) or a `!=`.
fn excludes(text: &str) -> bool {
    let mut characters = text.chars();
    matches!(characters.next(), Some('-' | '!'))
        && characters
            .next()
            .is_none_or(|next| !next.is_whitespace() && !matches!(next, '-' | '>' | '=' | '!'))
}

/// The term that begins at a place, and where it ends. One of which too little was typed yet asks for nothing.
fn term(text: &str, start: usize) -> Result<(Option<Test>, usize), QueryError> {
    let rest = &text[start..];
    if rest.starts_with('"') {
        let (phrase, end) = quoted(text, start);
        return Ok((needle(Needle::text, &phrase, start..end)?, end));
    }
    if let Some(source) = expression(rest) {
        let inner = start + 1..start + 1 + source.len();
        let end = inner.end + 1;
        return Ok((needle(Needle::expression, source, inner)?, end));
    }
    if rest.starts_with("$.") || rest.starts_with("$[") {
        let (term, end) = path::parse(text, start)?;
        return Ok((term.map(Test::Path), end));
    }
    let field = rest.split_once(':').and_then(|(name, _)| FIELDS.iter().find(|(field, _)| *field == name));
    if let Some((name, field)) = field {
        let start = start + name.len() + 1;
        let (value, end, is_quoted) = value(text, start);
        let asked = if value.is_empty() { None } else { about(*field, &value, start..end, is_quoted)? };
        return Ok((asked, end));
    }
    let end = word_end(text, start);
    Ok((needle(Needle::text, &text[start..end], start..end)?, end))
}

/// A value up to the next blank, or between quotes; where it ends; whether it was quoted.
pub(super) fn value(text: &str, start: usize) -> (String, usize, bool) {
    if text[start..].starts_with('"') {
        let (value, end) = quoted(text, start);
        return (value, end, true);
    }
    let end = word_end(text, start);
    (text[start..end].to_owned(), end, false)
}

fn word_end(text: &str, start: usize) -> usize {
    text[start..].find(char::is_whitespace).map_or(text.len(), |length| start + length)
}

/// The text between quotes, and where it ends. A quote closes it where a blank or nothing follows, so that a piece of
/// JSON can be pasted as it is; one that is not closed yet goes to the end. `\"` is a quote, `\\` a backslash.
fn quoted(text: &str, start: usize) -> (String, usize) {
    let mut inner = String::new();
    let mut characters = text[start..].char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        match character {
            '"' if next.is_none_or(char::is_whitespace) => return (inner, start + at + 1),
            '\\' if matches!(next, Some('"' | '\\')) => {
                inner.extend(next);
                characters.next();
            }
            _ => inner.push(character),
        }
    }
    (inner, text.len())
}

/// What stands between the slashes of `/expression/`. The second one is followed by a blank or nothing, and not by
/// more, as in a path. `\/` is a slash in it.
fn expression(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('/')?;
    let mut escaped = false;
    for (at, character) in inner.char_indices() {
        let closes = character == '/' && !escaped;
        if closes && at > 0 && inner[at + 1..].chars().next().is_none_or(char::is_whitespace) {
            return Some(&inner[..at]);
        }
        escaped = character == '\\' && !escaped;
    }
    None
}

/// A needle that was made of the bytes `at` of the query; none where there is nothing to look for.
fn needle(
    make: fn(&str) -> Result<Needle, Problem>,
    text: &str,
    at: Range<usize>,
) -> Result<Option<Test>, QueryError> {
    if text.is_empty() {
        return Ok(None);
    }
    make(text).map(|needle| Some(Test::Text(needle))).map_err(|problem| placed(problem, &at))
}

/// A problem of something that stands at those bytes.
pub(super) fn placed(problem: Problem, within: &Range<usize>) -> QueryError {
    let place = |at: usize| (within.start + at).min(within.end);
    QueryError { message: problem.message, at: place(problem.at.start)..place(problem.at.end) }
}

fn about(field: Field, value: &str, at: Range<usize>, quoted: bool) -> Result<Option<Test>, QueryError> {
    let wrong = |message: &str| QueryError { message: message.to_owned(), at: at.clone() };
    Ok(Some(match field {
        Field::Request => Test::Request(RequestTerm::new(value)),
        Field::Name(name) => {
            Test::Name(name, Needle::name(value, quoted).map_err(|problem| placed(problem, &at))?)
        }
        Field::Is => {
            let lower = value.to_lowercase();
            let known = Is::ALL.iter().find(|(name, _)| name.starts_with(&lower));
            let (_, is) = known.ok_or_else(|| wrong("is: knows error, report, cold and platform"))?;
            Test::Is(*is)
        }
        Field::Level => {
            let (compare, name) = Compare::strip(value).unwrap_or((Compare::Equal, value));
            if name.is_empty() {
                return Ok(None);
            }
            let level =
                level(name).ok_or_else(|| wrong("a level is trace, debug, info, warn, error or fatal"))?;
            Test::Level(compare, level)
        }
        Field::Figure(figure) => {
            let (compare, number) = Compare::strip(value).unwrap_or((Compare::Equal, value));
            if number.is_empty() {
                return Ok(None);
            }
            let share = matches!(figure, Figure::Memory).then(|| number.strip_suffix('%')).flatten();
            let figure = if share.is_some() { Figure::MemoryShare } else { figure };
            let parsed = share.unwrap_or(number).parse().ok().filter(|number: &f64| number.is_finite());
            let number = parsed.ok_or_else(|| {
                wrong(match figure {
                    Figure::Duration => "a number goes here, as ms:>500",
                    Figure::Init => "a number goes here, as init:>0",
                    Figure::Memory | Figure::MemoryShare => "MB or % go here, as mem:>200 or mem:>90%",
                })
            })?;
            Test::Figure(figure, compare, number)
        }
    }))
}

/// A level by its name, or by how that begins.
fn level(name: &str) -> Option<Level> {
    const LEVELS: [Level; 6] =
        [Level::Trace, Level::Debug, Level::Info, Level::Warn, Level::Error, Level::Fatal];
    let upper = name.to_uppercase();
    Level::parse(name).or_else(|| LEVELS.into_iter().find(|level| level.name().starts_with(&upper)))
}
