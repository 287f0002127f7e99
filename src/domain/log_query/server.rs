//! The same for the service: a filter pattern of CloudWatch Logs, which matches at least what the queries do.
//!
//! Only what AWS documents is used: phrases and excluded phrases; one of two phrases where nothing else is asked; a
//! regular expression that stands alone. Patterns heed case and know no more of a line than its message, and one in
//! braces wants a message that is JSON from its first byte on. So of a path its keys and its value become phrases, and
//! small letters that are meant in either case become `[Tt]`. What can't be said is left out: rows that come and do
//! not match are filtered here.

use super::{
    Compare, Query, Test,
    field::{Figure, Is},
    path::{PathTerm, PathTest, Step, is_plain},
    text::Said,
};

/// The longest pattern the service takes, in characters.
const LONGEST: usize = 1024;

/// Characters of a text that are looked for in either case; the more of it are not asked for.
const LONGEST_ANY_CASE: usize = 100;

/// Integers below this are written with all of their digits, whoever writes them; Java's doubles are not above.
const PLAIN_INTEGERS: u64 = 10_000_000;

/// What the service is asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerPattern {
    /// The filter pattern.
    pub pattern: String,
    /// How many terms could not be said in it.
    pub left: usize,
}

/// What of the queries can be asked of the service: those that include (`true`) and those that exclude.
///
/// # Errors
/// Why nothing of them can be said in a filter pattern.
pub fn server_pattern<'q>(
    queries: impl IntoIterator<Item = (bool, &'q Query)>,
) -> Result<ServerPattern, String> {
    let mut parts = Parts::default();
    for (includes, query) in queries {
        match &query.terms[..] {
            terms if includes => {
                for term in terms {
                    parts.take(&term.test, !term.not);
                }
            }
            [term] => parts.take(&term.test, term.not),
            terms => {
                parts.left.extend(terms.iter().map(|_| "it can't exclude what has all of several terms"));
            }
        }
    }
    parts.pattern()
}

/// What is to be said, in what a pattern may consist of.
#[derive(Default)]
struct Parts {
    phrases: Vec<String>,
    without: Vec<String>,
    expressions: Vec<String>,
    /// Only the lines of REPORTs are asked for.
    reports: usize,
    /// Why terms can't be said.
    left: Vec<&'static str>,
}

impl Parts {
    fn take(&mut self, test: &Test, includes: bool) {
        if let Err(reason) = if includes { self.include(test) } else { self.exclude(test) } {
            self.left.push(reason);
        }
    }

    fn include(&mut self, test: &Test) -> Result<(), &'static str> {
        match test {
            Test::Text(needle) => match &needle.said {
                Said::Text { text, any_case } if *any_case && text.to_uppercase() != *text => {
                    let expression =
                        either_case(text).ok_or("letters beyond ASCII are found in one case only")?;
                    self.expressions.push(expression);
                }
                Said::Text { text, .. } => return self.phrases_of(text),
                Said::Expression { source, any_case } => {
                    let said = expression(source, *any_case);
                    self.expressions.push(said.ok_or("its regular expressions know less than this one")?);
                }
            },
            Test::Figure(Figure::Duration | Figure::Memory | Figure::MemoryShare | Figure::Init, ..)
            | Test::Is(Is::Report | Is::Cold) => self.reports += 1,
            Test::Path(path) => return self.phrases_of_path(path),
            Test::Request(request) if request.whole().is_some() => {
                return Err("not all lines of a request name it");
            }
            Test::Request(request) => return self.phrases_of(&request.id),
            Test::Level(..) | Test::Is(Is::Error | Is::Platform) => {
                return Err("it does not know what is an error, or a line's level");
            }
            Test::Name(..) => return Err("a pattern is about messages, and not about functions and streams"),
        }
        Ok(())
    }

    /// A path goes as its keys, and as what its value is to be.
    fn phrases_of_path(&mut self, path: &PathTerm) -> Result<(), &'static str> {
        let before = self.phrases.len();
        for step in &path.steps {
            match step {
                Step::Key(key) if is_plain(key) => self.phrases.push(key.clone()),
                _ => {}
            }
        }
        if let PathTest::Compare(Compare::Equal, operand) = &path.test {
            let plain_integer =
                |number: &i64| number.unsigned_abs() < PLAIN_INTEGERS && number.to_string() == operand.text;
            if operand.number.is_none() {
                let pieces =
                    operand.text.split(|c: char| !c.is_ascii_alphanumeric() && !" _-.:@".contains(c));
                let pieces = pieces.map(str::trim).filter(|piece| holds_word(piece));
                self.phrases.extend(pieces.map(str::to_owned));
            } else if operand.text.parse().is_ok_and(|number| plain_integer(&number)) {
                self.phrases.push(operand.text.clone());
            }
        }
        if self.phrases.len() == before {
            return Err("a path without a plain name can't be asked for");
        }
        Ok(())
    }

    /// A text goes in pieces around quotes and backslashes, so that nothing needs escaping.
    fn phrases_of(&mut self, text: &str) -> Result<(), &'static str> {
        let before = self.phrases.len();
        let pieces = text.split(|c: char| c.is_control() || matches!(c, '"' | '\\'));
        self.phrases.extend(pieces.map(str::trim).filter(|piece| holds_word(piece)).map(str::to_owned));
        if self.phrases.len() == before { Err("a pattern needs a letter or a digit") } else { Ok(()) }
    }

    /// Excludes no more than is meant: of what is meant in either case, what is typed alone.
    fn exclude(&mut self, test: &Test) -> Result<(), &'static str> {
        let Test::Text(needle) = test else { return Err("it can exclude texts only") };
        let Said::Text { text, .. } = &needle.said else { return Err("it can exclude texts only") };
        let plain = holds_word(text)
            && text.trim() == text
            && !text.contains(|c: char| c.is_control() || matches!(c, '"' | '\\'));
        if !plain {
            return Err("it can't exclude a text with quotes or backslashes");
        }
        self.without.push(text.clone());
        Ok(())
    }

    fn pattern(self) -> Result<ServerPattern, String> {
        let Self { phrases, without, expressions, reports, mut left } = self;
        let mut pattern = String::new();
        let add = |sign: &str, texts: Vec<String>, pattern: &mut String| {
            let mut unsaid = 0;
            for text in texts {
                let term = format!("{sign}\"{text}\"");
                if pattern.contains(&term) {
                    continue;
                }
                if pattern.chars().count() + term.chars().count() < LONGEST {
                    if !pattern.is_empty() {
                        pattern.push(' ');
                    }
                    pattern.push_str(&term);
                } else {
                    unsaid += 1;
                }
            }
            unsaid
        };
        let mut unsaid = 0;
        if !phrases.is_empty() {
            unsaid += add("", phrases, &mut pattern) + add("-", without, &mut pattern);
            unsaid += expressions.len() + reports;
        } else if reports > 0 {
            pattern.push_str("?\"REPORT RequestId:\" ?\"platform.report\"");
            unsaid += expressions.len() + without.len();
        } else if let Some(longest) = expressions.iter().max_by_key(|expression| expression.len()) {
            pattern = format!("%{longest}%");
            unsaid += expressions.len() - 1 + without.len();
        } else {
            unsaid += add("-", without, &mut pattern);
        }
        if pattern.is_empty() {
            if unsaid > 0 {
                left.push("it is too long");
            }
            return Err(left.first().copied().unwrap_or("there is no filter yet").to_owned());
        }
        Ok(ServerPattern { pattern, left: left.len() + unsaid })
    }
}

fn holds_word(text: &str) -> bool {
    text.contains(char::is_alphanumeric)
}

/// What an expression takes as it is, beside letters and digits.
const PLAIN: &str = ":_#=@/;,-";
/// What it takes behind a backslash.
const OPERATORS: &str = "^$?[]{}|\\*+.";

/// A text of ASCII as an expression that finds it in either case; none where it holds another letter.
fn either_case(text: &str) -> Option<String> {
    text.chars().take(LONGEST_ANY_CASE).map(|character| literal(character, true)).collect()
}

/// A character as an expression has it; `.` for one that is not allowed there.
fn literal(character: char, any_case: bool) -> Option<String> {
    Some(match character {
        letter if letter.is_ascii_alphabetic() && any_case => {
            format!("[{}{}]", letter.to_ascii_uppercase(), letter.to_ascii_lowercase())
        }
        plain if plain.is_ascii_alphanumeric() || PLAIN.contains(plain) => plain.to_string(),
        operator if OPERATORS.contains(operator) => format!("\\{operator}"),
        other if other.is_ascii() && other != '\n' => ".".to_owned(),
        _ => return None,
    })
}

/// A regular expression within what the service takes: ASCII, without groups; none where that is too little. Where it
/// differs it matches more. (In either case `k` and `s` are also the Kelvin sign and the long s here, not there.)
fn expression(source: &str, any_case: bool) -> Option<String> {
    let mut out = String::new();
    let mut characters = source.chars().peekable();
    // Whether what was written last is repeated already.
    let mut repeated = false;
    while let Some(character) = characters.next() {
        let mut repeats = false;
        match character {
            '^' | '$' | '|' | '.' => out.push(character),
            // One that repeats as little as it can matches as often.
            '?' if repeated => {}
            '*' | '+' | '?' if !repeated => {
                out.push(character);
                repeats = true;
            }
            '{' if !repeated => {
                let count: String = characters.by_ref().take_while(|next| *next != '}').collect();
                let (least, most) = count.split_once(',').unwrap_or((&count, ""));
                let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
                if least.is_empty() || !digits(least) || !digits(most) {
                    return None;
                }
                out.extend(["{", &count, "}"]);
                repeats = true;
            }
            '(' | ')' | '*' | '+' | '{' => return None,
            '[' => {
                let class: String = characters.by_ref().take_while(|next| *next != ']').collect();
                let known = |c: char| c.is_ascii_alphanumeric() || c == '^' || c == '.' || PLAIN.contains(c);
                let letters = class.contains(|c: char| c.is_ascii_alphabetic());
                let members = class.trim_start_matches('^');
                if members.is_empty()
                    || !class.chars().all(known)
                    || class.contains("--")
                    || any_case && letters
                {
                    return None;
                }
                out.extend(["[", &class, "]"]);
            }
            '\\' => match characters.next()? {
                // A letter of any alphabet is one too, and a digit.
                'd' | 'w' | 'S' => out.push('.'),
                'b' | 'B' if !matches!(characters.peek(), Some('*' | '+' | '?' | '{')) => {}
                escaped if escaped.is_ascii_punctuation() => out.push_str(&literal(escaped, false)?),
                _ => return None,
            },
            other => out.push_str(&literal(other, any_case)?),
        }
        repeated = repeats;
    }
    // Alternatives without anything in them are no question.
    let said = out.split('|').all(holds_word);
    (said && out.len() + 2 <= LONGEST).then_some(out)
}
