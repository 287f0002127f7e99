//! `[ip, user, ..., status = 4*, bytes > 1000]` over space-delimited events.

use super::{
    Cursor, PatternError,
    value::{Op, Operand, Wild, number},
};

/// Parentheses within parentheses.
const MAX_DEPTH: usize = 64;

#[derive(Debug)]
pub(super) struct Columns {
    before: Vec<Test>,
    /// The columns after `...`; `None` where there is no `...` and the number of fields must fit.
    after: Option<Vec<Test>>,
}

#[derive(Debug)]
enum Test {
    Anything,
    Any(Vec<Test>),
    All(Vec<Test>),
    Compare(Op, Operand),
}

impl Test {
    fn holds(&self, field: &str) -> bool {
        match self {
            Self::Anything => true,
            Self::Any(parts) => parts.iter().any(|part| part.holds(field)),
            Self::All(parts) => parts.iter().all(|part| part.holds(field)),
            Self::Compare(op, operand) => match number(field) {
                Some(left) => operand.holds_for_number(*op, left, field),
                None => operand.holds_for_text(*op, field),
            },
        }
    }
}

impl Columns {
    pub(super) fn matches(&self, message: &str) -> bool {
        let fields = split(message);
        let Some(after) = &self.after else {
            return fields.len() == self.before.len() && hold(&self.before, &fields);
        };
        let Some(skipped) = fields.len().checked_sub(after.len()).filter(|n| *n >= self.before.len()) else {
            return false;
        };
        hold(&self.before, &fields) && hold(after, &fields[skipped..])
    }
}

fn hold(tests: &[Test], fields: &[&str]) -> bool {
    tests.iter().zip(fields).all(|(test, field)| test.holds(field))
}

/// The fields of an event: words, and what stands between `[` and `]` or between two `"`.
fn split(message: &str) -> Vec<&str> {
    let mut fields = Vec::new();
    let mut rest = message.trim_start();
    while let Some(first) = rest.chars().next() {
        let close = match first {
            '"' => Some('"'),
            '[' => Some(']'),
            _ => None,
        };
        let closed = close.and_then(|close| rest[1..].find(close));
        let (field, tail) = match closed {
            Some(end) => (&rest[1..=end], &rest[end + 2..]),
            None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
        };
        fields.push(field);
        rest = tail.trim_start();
    }
    fields
}

pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Columns, PatternError> {
    cursor.bump();
    let mut columns = Columns { before: Vec::new(), after: None };
    loop {
        cursor.skip_space();
        if cursor.eat("...") {
            if columns.after.is_some() {
                return Err(PatternError::other("more than one ..."));
            }
            columns.after = Some(Vec::new());
        } else {
            let test = column(cursor)?;
            columns.after.as_mut().unwrap_or(&mut columns.before).push(test);
        }
        cursor.skip_space();
        if cursor.eat("]") {
            break;
        }
        if !cursor.eat(",") {
            return Err(match cursor.peek() {
                Some(c) => PatternError::character(c),
                None => PatternError::at(cursor, ", or ]"),
            });
        }
    }
    if cursor.peek().is_some() {
        return Err(PatternError::at(cursor, "the end of the pattern"));
    }
    Ok(columns)
}

fn column(cursor: &mut Cursor<'_>) -> Result<Test, PatternError> {
    if matches!(cursor.peek(), Some(',' | ']')) {
        return Ok(Test::Anything);
    }
    any(cursor, &mut None, 0)
}

/// `name` is the column's, which every condition of the column must use.
fn any<'a>(cursor: &mut Cursor<'a>, name: &mut Option<&'a str>, depth: usize) -> Result<Test, PatternError> {
    let mut parts = Vec::new();
    loop {
        let mut group = vec![single(cursor, name, depth)?];
        while cursor.eat("&&") {
            group.push(single(cursor, name, depth)?);
        }
        parts.push(Test::All(group));
        if !cursor.eat("||") {
            return Ok(Test::Any(parts));
        }
    }
}

fn single<'a>(
    cursor: &mut Cursor<'a>,
    name: &mut Option<&'a str>,
    depth: usize,
) -> Result<Test, PatternError> {
    cursor.skip_space();
    let test = if cursor.eat("(") {
        if depth == MAX_DEPTH {
            return Err(PatternError::other("too many parentheses"));
        }
        let inner = any(cursor, name, depth + 1)?;
        if !cursor.eat(")") {
            return Err(PatternError::at(cursor, "&&, || or )"));
        }
        inner
    } else {
        let word = cursor.take_while(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        if word.is_empty() {
            return Err(match cursor.peek() {
                Some(c) => PatternError::character(c),
                None => PatternError::at(cursor, "a column's name"),
            });
        }
        if name.is_some_and(|name| name != word) {
            return Err(PatternError::other(format!("column {word} is not this column's name")));
        }
        *name = Some(word);
        cursor.skip_space();
        match Op::parse(cursor) {
            Some(op) => Test::Compare(op, Operand::parse(cursor, op, Wild::Anywhere)?),
            None => Test::Anything,
        }
    };
    cursor.skip_space();
    Ok(test)
}
