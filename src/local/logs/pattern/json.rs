//! `{ $.selector = value && (... || ...) }` over JSON events.

use serde_json::Value;

use super::{
    Cursor, PatternError,
    value::{Op, Operand, Wild},
};

/// AWS's limit of `[*]` and `.*` in one pattern; a selector may hold one.
const MAX_WILDCARDS: usize = 3;
/// Parentheses within parentheses.
const MAX_DEPTH: usize = 64;

#[derive(Debug)]
pub(super) enum Expr {
    Any(Vec<Expr>),
    All(Vec<Expr>),
    Condition { path: Vec<Step>, test: Test },
}

#[derive(Debug)]
pub(super) enum Step {
    Key(String),
    Index(usize),
    Each,
}

#[derive(Debug)]
pub(super) enum Test {
    Compare(Op, Operand),
    Is(Constant),
    Exists,
    Missing,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Constant {
    Null,
    True,
    False,
}

impl Expr {
    pub(super) fn matches_message(&self, message: &str) -> bool {
        if !message.trim_start().starts_with(['{', '[']) {
            return false;
        }
        serde_json::from_str(message).is_ok_and(|value| self.matches(&value))
    }

    fn matches(&self, event: &Value) -> bool {
        match self {
            Self::Any(parts) => parts.iter().any(|part| part.matches(event)),
            Self::All(parts) => parts.iter().all(|part| part.matches(event)),
            Self::Condition { path, test: Test::Missing } => !reach(event, path, &|_| true),
            Self::Condition { path, test } => reach(event, path, &|node| test.holds(node)),
        }
    }
}

impl Test {
    /// A condition on something that is not a plain value (an array, an object, null, nothing) never holds, not even
    /// `!=`: "the log format doesn't match the filter".
    fn holds(&self, node: &Value) -> bool {
        match (self, node) {
            (Self::Exists, _)
            | (Self::Is(Constant::Null), Value::Null)
            | (Self::Is(Constant::True), Value::Bool(true))
            | (Self::Is(Constant::False), Value::Bool(false)) => true,
            (Self::Compare(op, operand), Value::String(text)) => operand.holds_for_text(*op, text),
            (Self::Compare(op, operand), Value::Bool(flag)) => {
                operand.holds_for_text(*op, if *flag { "true" } else { "false" })
            }
            (Self::Compare(op, operand), Value::Number(number)) => {
                number.as_f64().is_some_and(|left| operand.holds_for_number(*op, left, &number.to_string()))
            }
            _ => false,
        }
    }
}

/// Whether the test holds for a node that the path leads to.
fn reach(node: &Value, path: &[Step], test: &dyn Fn(&Value) -> bool) -> bool {
    let Some((step, rest)) = path.split_first() else { return test(node) };
    match (step, node) {
        (Step::Key(key), Value::Object(members)) => {
            members.get(key).is_some_and(|child| reach(child, rest, test))
        }
        (Step::Index(index), Value::Array(items)) => {
            items.get(*index).is_some_and(|child| reach(child, rest, test))
        }
        (Step::Each, Value::Array(items)) => items.iter().any(|child| reach(child, rest, test)),
        (Step::Each, Value::Object(members)) => members.values().any(|child| reach(child, rest, test)),
        _ => false,
    }
}

pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Expr, PatternError> {
    cursor.bump();
    let mut parser = Parser { cursor, wildcards: 0 };
    let expr = parser.any(0)?;
    if !cursor.eat("}") {
        return Err(PatternError::at(cursor, "&&, || or }"));
    }
    if cursor.peek().is_some() {
        return Err(PatternError::at(cursor, "the end of the pattern"));
    }
    Ok(expr)
}

struct Parser<'c, 'a> {
    cursor: &'c mut Cursor<'a>,
    wildcards: usize,
}

impl Parser<'_, '_> {
    fn any(&mut self, depth: usize) -> Result<Expr, PatternError> {
        let mut parts = vec![self.all(depth)?];
        while self.cursor.eat("||") {
            parts.push(self.all(depth)?);
        }
        Ok(Expr::Any(parts))
    }

    fn all(&mut self, depth: usize) -> Result<Expr, PatternError> {
        let mut parts = vec![self.single(depth)?];
        while self.cursor.eat("&&") {
            parts.push(self.single(depth)?);
        }
        Ok(Expr::All(parts))
    }

    /// One condition or a group in parentheses, and the space after it.
    fn single(&mut self, depth: usize) -> Result<Expr, PatternError> {
        self.cursor.skip_space();
        let expr = if self.cursor.eat("(") {
            if depth == MAX_DEPTH {
                return Err(PatternError::other("too many parentheses"));
            }
            let inner = self.any(depth + 1)?;
            if !self.cursor.eat(")") {
                return Err(PatternError::at(self.cursor, "&&, || or )"));
            }
            inner
        } else {
            let path = self.selector()?;
            self.cursor.skip_space();
            Expr::Condition { path, test: self.test()? }
        };
        self.cursor.skip_space();
        Ok(expr)
    }

    fn test(&mut self) -> Result<Test, PatternError> {
        if let Some(op) = Op::parse(self.cursor) {
            return Ok(Test::Compare(op, Operand::parse(self.cursor, op, Wild::Ends)?));
        }
        if self.cursor.eat_word("EXISTS") {
            return Ok(Test::Exists);
        }
        if self.cursor.eat_word("NOT") {
            self.cursor.skip_space();
            if self.cursor.eat_word("EXISTS") {
                return Ok(Test::Missing);
            }
            return Err(PatternError::at(self.cursor, "EXISTS"));
        }
        if self.cursor.eat_word("IS") {
            self.cursor.skip_space();
            for (word, constant) in
                [("NULL", Constant::Null), ("TRUE", Constant::True), ("FALSE", Constant::False)]
            {
                if self.cursor.eat_word(word) {
                    return Ok(Test::Is(constant));
                }
            }
            return Err(PatternError::at(self.cursor, "NULL, TRUE or FALSE"));
        }
        Err(PatternError::at(self.cursor, "=, !=, <, <=, >, >=, IS or NOT EXISTS"))
    }

    /// `$.a.b[0]`, `$.a[*].b`, `$.*`, `$['a.b']`, `$.['a.b']`.
    fn selector(&mut self) -> Result<Vec<Step>, PatternError> {
        if !self.cursor.eat("$") {
            return Err(PatternError::at(self.cursor, "a selector that starts with $"));
        }
        let mut path = Vec::new();
        let mut wild = false;
        loop {
            let dot = self.cursor.eat(".");
            let step = match self.cursor.peek() {
                Some('[') => self.bracket()?,
                Some('*') if dot => {
                    self.cursor.bump();
                    Step::Each
                }
                Some(c) if dot => {
                    let key = self.cursor.take_while(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
                    if key.is_empty() {
                        return Err(PatternError::character(format!("$.{c}")));
                    }
                    Step::Key(key.to_owned())
                }
                _ if dot || path.is_empty() => return Err(PatternError::at(self.cursor, "a property")),
                _ => return Ok(path),
            };
            if matches!(step, Step::Each) {
                if wild {
                    return Err(PatternError::other("more than one wildcard in a selector"));
                }
                wild = true;
                self.wildcards += 1;
                if self.wildcards > MAX_WILDCARDS {
                    return Err(PatternError::other(format!("more than {MAX_WILDCARDS} wildcard selectors")));
                }
            }
            path.push(step);
        }
    }

    fn bracket(&mut self) -> Result<Step, PatternError> {
        self.cursor.bump();
        let step = match self.cursor.peek() {
            Some('*') => {
                self.cursor.bump();
                Step::Each
            }
            Some(quote @ ('\'' | '"')) => Step::Key(self.cursor.quoted(quote)?),
            _ => {
                let digits = self.cursor.take_while(|c| c.is_ascii_digit());
                let Ok(index) = digits.parse() else {
                    return Err(PatternError::at(self.cursor, "an index, * or a quoted property"));
                };
                Step::Index(index)
            }
        };
        if self.cursor.eat("]") { Ok(step) } else { Err(PatternError::at(self.cursor, "]")) }
    }
}
