//! Comparison: the operators and the right-hand sides that JSON conditions and columns share.

use regex::Regex;

use super::{Cursor, PatternError};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Op {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Option<Self> {
        [("!=", Op::Ne), ("<=", Op::Le), (">=", Op::Ge), ("=", Op::Eq), ("<", Op::Lt), (">", Op::Gt)]
            .into_iter()
            .find_map(|(token, op)| cursor.eat(token).then_some(op))
    }

    pub(super) fn is_order(self) -> bool {
        !matches!(self, Op::Eq | Op::Ne)
    }

    fn holds(self, left: f64, right: f64) -> bool {
        left.partial_cmp(&right).is_some_and(|order| match self {
            Op::Eq => order.is_eq(),
            Op::Ne => order.is_ne(),
            Op::Lt => order.is_lt(),
            Op::Le => order.is_le(),
            Op::Gt => order.is_gt(),
            Op::Ge => order.is_ge(),
        })
    }
}

#[derive(Debug)]
pub(super) enum Operand {
    Number { value: f64, text: String },
    Text(Glob),
    Regex(Regex),
}

/// Where `*` is a wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wild {
    /// JSON conditions: "`Ev*ent` only matches the actual string `Ev*ent`".
    Ends,
    /// Columns, as in `request_id = "*-*"`.
    Anywhere,
}

impl Operand {
    pub(super) fn parse(cursor: &mut Cursor<'_>, op: Op, wild: Wild) -> Result<Self, PatternError> {
        cursor.skip_space();
        let operand = match cursor.peek() {
            Some('"') => Self::Text(Glob::new(&cursor.quoted('"')?, wild)),
            Some('%') => Self::Regex(cursor.regex()?),
            _ => {
                let word = cursor.take_while(|c| c.is_ascii_alphanumeric() || "_-.*+".contains(c));
                if word.is_empty() {
                    return Err(match cursor.peek() {
                        Some(c) if !c.is_whitespace() => PatternError::character(c),
                        _ => PatternError::at(cursor, "a value"),
                    });
                }
                match number(word) {
                    Some(value) => Self::Number { value, text: word.to_owned() },
                    None => Self::Text(Glob::new(word, wild)),
                }
            }
        };
        if op.is_order() && !matches!(operand, Self::Number { .. }) {
            return Err(PatternError::at(cursor, "a number before this place"));
        }
        Ok(operand)
    }

    /// Compares a text. A number equals a text that reads the same.
    pub(super) fn holds_for_text(&self, op: Op, left: &str) -> bool {
        let equal = match self {
            _ if op.is_order() => return false,
            Self::Number { text, .. } => text == left,
            Self::Text(glob) => glob.matches(left),
            Self::Regex(regex) => regex.is_match(left),
        };
        equal == (op == Op::Eq)
    }

    /// Compares a number that is written as `text`.
    pub(super) fn holds_for_number(&self, op: Op, left: f64, written: &str) -> bool {
        match self {
            Self::Number { value, text } => match (integer(text), integer(written)) {
                // Beyond 2^53 neighbours share an f64, and only the digits tell them apart.
                (Some(right), Some(left)) if !op.is_order() => (left == right) == (op == Op::Eq),
                _ => op.holds(left, *value),
            },
            _ => self.holds_for_text(op, written),
        }
    }
}

/// The sign and the digits of an integer, such that equal integers have equal ones.
fn integer(text: &str) -> Option<(bool, &str)> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    Some((text.starts_with('-') && !digits.is_empty(), digits))
}

/// An integer or decimal with an optional sign and exponent; `inf` and `NaN` are words.
pub(super) fn number(text: &str) -> Option<f64> {
    let first = text.trim_start_matches(['+', '-']).bytes().next()?;
    if !(first.is_ascii_digit() || first == b'.') {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// A text with `*` wildcards.
#[derive(Debug)]
pub(super) struct Glob {
    /// The literal parts between wildcards; one part means that there is none.
    parts: Vec<String>,
}

impl Glob {
    fn new(text: &str, wild: Wild) -> Self {
        let parts = match wild {
            Wild::Anywhere => text.split('*').map(str::to_owned).collect(),
            Wild::Ends if text == "*" => vec![String::new(), String::new()],
            Wild::Ends => {
                let (start, body) = text.strip_prefix('*').map_or((None, text), |body| (Some(""), body));
                let (body, end) = body.strip_suffix('*').map_or((body, None), |body| (body, Some("")));
                [start, Some(body), end].into_iter().flatten().map(str::to_owned).collect()
            }
        };
        Self { parts }
    }

    fn matches(&self, text: &str) -> bool {
        let Some((first, others)) = self.parts.split_first() else { return text.is_empty() };
        let Some((last, middle)) = others.split_last() else { return text == first };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
        for part in middle {
            let Some(at) = rest.find(part.as_str()) else { return false };
            rest = &rest[at + part.len()..];
        }
        rest.ends_with(last.as_str())
    }
}
