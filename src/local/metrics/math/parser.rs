//! From the text of an expression to its tree.

/// How deep parentheses and functions may be nested.
const MAX_DEPTH: usize = 48;
/// Operators in one expression: each makes its tree a little deeper.
const MAX_OPERATORS: usize = 100;
/// The signs that are operators.
const OPERATORS: [char; 5] = ['+', '-', '*', '/', '^'];

/// A part of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Expr {
    Number(f64),
    /// Another query.
    Id(String),
    /// `REPEAT` or `LINEAR`.
    Word(String),
    /// In quotes.
    Text(String),
    Negative(Box<Expr>),
    Binary(char, Box<Expr>, Box<Expr>),
    Array(Vec<Expr>),
    Call(String, Vec<Expr>),
}

impl Expr {
    /// The ids that it names, in their order.
    pub fn ids<'e>(&'e self, out: &mut Vec<&'e str>) {
        match self {
            Self::Id(id) => out.push(id),
            Self::Negative(inner) => inner.ids(out),
            Self::Binary(_, left, right) => {
                left.ids(out);
                right.ids(out);
            }
            Self::Array(parts) | Self::Call(_, parts) => parts.iter().for_each(|part| part.ids(out)),
            Self::Number(_) | Self::Word(_) | Self::Text(_) => {}
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(f64),
    Name(String),
    Text(String),
    Sign(char),
}

/// Reads an expression.
///
/// # Errors
/// What is wrong with it, or not here.
pub(in super::super) fn parse(text: &str) -> Result<Expr, String> {
    let tokens = tokens(text)?;
    let is_operator = |token: &&Token| matches!(token, Token::Sign(sign) if OPERATORS.contains(sign));
    if tokens.iter().filter(is_operator).count() > MAX_OPERATORS {
        return Err(format!("the local engine takes at most {MAX_OPERATORS} operators"));
    }
    let mut parser = Parser { tokens, at: 0, depth: 0 };
    let expr = parser.sum()?;
    match parser.tokens.get(parser.at) {
        None => Ok(expr),
        Some(token) => Err(unexpected(Some(token))),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '0'..='9' | '.' => {
                let length = number_length(rest);
                let number = rest[..length].parse::<f64>().ok().filter(|number| number.is_finite());
                out.push(Token::Number(number.ok_or_else(|| format!("'{}' is no number", &rest[..length]))?));
                length
            }
            'a'..='z' | 'A'..='Z' => {
                let is_part = |next: char| next.is_ascii_alphanumeric() || next == '_';
                let length = rest.find(|next| !is_part(next)).unwrap_or(rest.len());
                out.push(Token::Name(rest[..length].to_owned()));
                length
            }
            '"' | '\'' => {
                let Some(end) = rest[1..].find(first) else { return Err("a quote is not closed".to_owned()) };
                out.push(Token::Text(rest[1..=end].to_owned()));
                end + 2
            }
            '+' | '-' | '*' | '/' | '^' | '(' | ')' | '[' | ']' | ',' => {
                out.push(Token::Sign(first));
                1
            }
            '<' | '>' | '=' | '!' | '&' | '|' => {
                return Err(format!("the local engine has no comparisons and no logic ('{first}')"));
            }
            other => return Err(format!("'{other}' has no meaning here")),
        };
        rest = rest[taken..].trim_start();
    }
    Ok(out)
}

/// `12`, `0.5`, `1e-3`.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| from + bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits((end + 1 + sign).min(bytes.len()));
        if exponent > end + 1 + sign {
            end = exponent;
        }
    }
    end
}

fn unexpected(token: Option<&Token>) -> String {
    match token {
        None => "it ends too early".to_owned(),
        Some(Token::Number(number)) => format!("unexpected '{number}'"),
        Some(Token::Name(name)) => format!("unexpected '{name}'"),
        Some(Token::Text(text)) => format!("unexpected '\"{text}\"'"),
        Some(Token::Sign(sign)) => format!("unexpected '{sign}'"),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn sum(&mut self) -> Result<Expr, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("it is nested too deeply".to_owned());
        }
        let mut left = self.product()?;
        while let Some(sign) = self.take_any(&['+', '-']) {
            left = Expr::Binary(sign, Box::new(left), Box::new(self.product()?));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn product(&mut self) -> Result<Expr, String> {
        let mut left = self.signed()?;
        while let Some(sign) = self.take_any(&['*', '/']) {
            left = Expr::Binary(sign, Box::new(left), Box::new(self.signed()?));
        }
        Ok(left)
    }

    fn signed(&mut self) -> Result<Expr, String> {
        let mut negative = false;
        while let Some(sign) = self.take_any(&['-', '+']) {
            negative ^= sign == '-';
        }
        let power = self.power()?;
        Ok(if negative { Expr::Negative(Box::new(power)) } else { power })
    }

    fn power(&mut self) -> Result<Expr, String> {
        let mut base = self.atom()?;
        while self.take('^') {
            let negative = self.take('-');
            let exponent = self.atom()?;
            let exponent = if negative { Expr::Negative(Box::new(exponent)) } else { exponent };
            base = Expr::Binary('^', Box::new(base), Box::new(exponent));
        }
        Ok(base)
    }

    fn atom(&mut self) -> Result<Expr, String> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        match token {
            Some(Token::Number(number)) => Ok(Expr::Number(number)),
            Some(Token::Text(text)) => Ok(Expr::Text(text)),
            Some(Token::Name(name)) if self.take('(') => Ok(Expr::Call(name, self.list(')')?)),
            Some(Token::Name(name)) if name.starts_with(|first: char| first.is_ascii_lowercase()) => {
                Ok(Expr::Id(name))
            }
            Some(Token::Name(name)) if name == "SELECT" => {
                Err("the local engine has no Metrics Insights (SELECT)".to_owned())
            }
            Some(Token::Name(name)) => Ok(Expr::Word(name)),
            Some(Token::Sign('(')) => {
                let inner = self.sum()?;
                if self.take(')') { Ok(inner) } else { Err(unexpected(self.tokens.get(self.at))) }
            }
            Some(Token::Sign('[')) => Ok(Expr::Array(self.list(']')?)),
            token => Err(unexpected(token.as_ref())),
        }
    }

    /// What stands between brackets, up to the closing one.
    fn list(&mut self, close: char) -> Result<Vec<Expr>, String> {
        let mut out = Vec::new();
        if self.take(close) {
            return Ok(out);
        }
        loop {
            out.push(self.sum()?);
            if self.take(close) {
                return Ok(out);
            }
            if !self.take(',') {
                return Err(unexpected(self.tokens.get(self.at)));
            }
        }
    }

    fn take(&mut self, sign: char) -> bool {
        self.take_any(&[sign]).is_some()
    }

    fn take_any(&mut self, signs: &[char]) -> Option<char> {
        match self.tokens.get(self.at) {
            Some(Token::Sign(sign)) if signs.contains(sign) => {
                self.at += 1;
                Some(*sign)
            }
            _ => None,
        }
    }
}
