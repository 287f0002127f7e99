//! The words of the query language, with their places.

use std::ops::Range;

/// A place in the query's text, in bytes.
pub(super) type Span = Range<usize>;

/// What is wrong, and where.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) span: Span,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>, span: Span) -> Self {
        Self { message: message.into(), span }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A command, a keyword, a function or a field. One that has a part between backticks is always a field.
    Word {
        name: String,
        quoted: bool,
    },
    Text(String),
    Number(f64),
    /// A period such as `5m`, in milliseconds.
    Period(i64),
    Symbol(&'static str),
    End,
}

/// Two characters before one.
const SYMBOLS: [&str; 20] =
    ["=~", "!=", "<=", ">=", "=", "<", ">", "+", "-", "*", "/", "%", "^", "(", ")", "[", "]", ",", "|", "!"];

#[derive(Clone, Copy)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// Where the next token begins, in bytes.
    pub(super) fn start(&mut self) -> usize {
        self.skip();
        self.at
    }

    /// Where the last token ended, in bytes.
    pub(super) fn place(&self) -> usize {
        self.at
    }

    /// Goes on from a place.
    pub(super) fn jump(&mut self, at: usize) {
        self.at = at;
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Passes over space and comments.
    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            if !trimmed.starts_with('#') {
                return;
            }
            self.at += trimmed.find('\n').unwrap_or(trimmed.len());
        }
    }

    /// The next token and its place.
    pub(super) fn next(&mut self) -> Result<(Token, Span), Fault> {
        let start = self.start();
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok((Token::End, start..start)) };
        let token = match first {
            '"' | '\'' => Token::Text(self.quoted(first)?),
            '0'..='9' => self.number()?,
            '.' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => self.number()?,
            '`' | '@' | '_' => self.word()?,
            c if c.is_alphabetic() => self.word()?,
            _ => {
                let Some(symbol) = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) else {
                    let span = start..start + first.len_utf8();
                    return Err(Fault::new(format!("unexpected symbol found: {first}"), span));
                };
                self.at += symbol.len();
                Token::Symbol(symbol)
            }
        };
        Ok((token, start..self.at))
    }

    /// A text between quotes. A backslash keeps the quote or the backslash after it; before anything else it stays.
    fn quoted(&mut self, quote: char) -> Result<String, Fault> {
        let start = self.at;
        let mut text = String::new();
        let mut chars = self.rest().char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            match c {
                c if c == quote => {
                    self.at = start + at + 1;
                    return Ok(text);
                }
                '\\' => match chars.peek() {
                    Some(&(_, next)) if next == quote || next == '\\' => {
                        text.push(next);
                        chars.next();
                    }
                    _ => text.push(c),
                },
                c => text.push(c),
            }
        }
        Err(Fault::new(format!("expected a closing {quote}"), start..self.text.len()))
    }

    /// A regular expression between slashes, if one comes next: its source and place.
    pub(super) fn regex(&mut self) -> Result<Option<(String, Span)>, Fault> {
        let start = self.start();
        if !self.rest().starts_with('/') {
            return Ok(None);
        }
        let mut source = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '/' => {
                    self.at = start + at + 1;
                    return Ok(Some((source, start..self.at)));
                }
                '\\' => match chars.next() {
                    Some((_, '/')) => source.push('/'),
                    Some((_, next)) => source.extend([c, next]),
                    None => break,
                },
                c => source.push(c),
            }
        }
        Err(Fault::new("expected a closing /", start..self.text.len()))
    }

    fn number(&mut self) -> Result<Token, Fault> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let digits = |mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            at
        };
        let mut end = digits(start);
        if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
            end = digits(end + 1);
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            if bytes.get(end + 1 + sign).is_some_and(u8::is_ascii_digit) {
                end = digits(end + 1 + sign);
            }
        }
        let value: f64 = self.text[start..end].parse().unwrap_or(f64::INFINITY);
        let after = &self.text[end..];
        let unit = &after[..after.find(|c: char| !c.is_alphanumeric()).unwrap_or(after.len())];
        self.at = end + unit.len();
        let span = start..self.at;
        if !value.is_finite() {
            return Err(Fault::new("the number is too large", span));
        }
        if unit.is_empty() {
            return Ok(Token::Number(value));
        }
        period(value, unit).map(Token::Period).ok_or_else(|| {
            Fault::new(format!("'{}' is no period such as 30s, 5m or 1h", &self.text[span.clone()]), span)
        })
    }

    /// A name: letters, digits, `_`, `@` and dots between them, indices such as `[0]`, and anything between backticks.
    fn word(&mut self) -> Result<Token, Fault> {
        let start = self.at;
        let (mut name, mut quoted) = (String::new(), false);
        while let Some(c) = self.rest().chars().next() {
            let rest = self.rest();
            match c {
                '`' => {
                    let Some(end) = rest[1..].find('`') else {
                        return Err(Fault::new("expected a closing `", self.at..self.text.len()));
                    };
                    name.push_str(&rest[1..=end]);
                    quoted = true;
                    self.at += end + 2;
                }
                '.' if !name.is_empty() && rest[1..].starts_with(|c: char| is_part(c) || c == '`') => {
                    name.push('.');
                    self.at += 1;
                }
                '[' if !name.is_empty() && !name.eq_ignore_ascii_case("in") => {
                    let digits = rest[1..].bytes().take_while(u8::is_ascii_digit).count();
                    if digits == 0 || !rest[1 + digits..].starts_with(']') {
                        break;
                    }
                    name.push('.');
                    name.push_str(&rest[1..=digits]);
                    self.at += digits + 2;
                }
                c if is_part(c) => {
                    name.push(c);
                    self.at += c.len_utf8();
                }
                _ => break,
            }
        }
        if name.is_empty() {
            return Err(Fault::new("the name of a field is empty", start..self.at));
        }
        Ok(Token::Word { name, quoted })
    }
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '@'
}

/// A period in milliseconds.
fn period(number: f64, unit: &str) -> Option<i64> {
    let ms = match unit.to_ascii_lowercase().as_str() {
        "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" => 1,
        "s" | "sec" | "secs" | "second" | "seconds" => 1_000,
        "m" | "min" | "mins" | "minute" | "minutes" => 60_000,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600_000,
        "d" | "day" | "days" => 86_400_000,
        "w" | "week" | "weeks" => 7 * 86_400_000,
        _ => return None,
    };
    // A whole number of units, and within what a time can be.
    #[allow(clippy::cast_possible_truncation, reason = "checked to be a small integer")]
    let count = (number.fract() == 0.0 && (1.0..=1e9).contains(&number)).then_some(number as i64)?;
    count.checked_mul(ms)
}
