//! Expressions, the loosest first: `or`, `and`, `not`, comparison, `+ -`, `* / %`, `^`, sign.

use super::{MAX_DEPTH, MAX_OPERATORS, Parser, Scope, commands::regex, is_word, unexpected};
use crate::local::logs::insights::{
    functions::{self, Function},
    lexer::{Fault, Span, Token},
    program::{Aggregate, Comparison, Expr, Kind, Operator, Slot},
    value::Value,
};

const AGGREGATES: [&str; 12] = [
    "count",
    "count_distinct",
    "sum",
    "avg",
    "min",
    "max",
    "stddev",
    "median",
    "earliest",
    "latest",
    "sortsfirst",
    "sortslast",
];

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Result<Expr, Fault> {
        let start = self.lexer.start();
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Fault::new("too many expressions within expressions", start..start));
        }
        let mut left = self.conjunction()?;
        while self.eat_word("or")? {
            self.count_operator()?;
            left = Expr::Or(Box::new(left), Box::new(self.conjunction()?));
        }
        self.depth -= 1;
        Ok(left)
    }

    /// Bounds how deep evaluating goes.
    fn count_operator(&mut self) -> Result<(), Fault> {
        self.operators += 1;
        if self.operators <= MAX_OPERATORS {
            return Ok(());
        }
        let start = self.lexer.start();
        Err(Fault::new(format!("more than {MAX_OPERATORS} operators"), start..start))
    }

    fn conjunction(&mut self) -> Result<Expr, Fault> {
        let mut left = self.negation()?;
        while self.eat_word("and")? {
            self.count_operator()?;
            left = Expr::And(Box::new(left), Box::new(self.negation()?));
        }
        Ok(left)
    }

    fn negation(&mut self) -> Result<Expr, Fault> {
        let mut negated = false;
        while self.eat_word("not")? {
            negated = !negated;
        }
        Ok(negate(self.comparison()?, negated))
    }

    fn comparison(&mut self) -> Result<Expr, Fault> {
        let left = self.sum()?;
        let (token, span) = self.peek()?;
        let comparison = match token {
            Token::Symbol("=") => Comparison::Eq,
            Token::Symbol("!=") => Comparison::Ne,
            Token::Symbol("<") => Comparison::Lt,
            Token::Symbol("<=") => Comparison::Le,
            Token::Symbol(">") => Comparison::Gt,
            Token::Symbol(">=") => Comparison::Ge,
            Token::Symbol("=~") => {
                self.next()?;
                return self.pattern(left);
            }
            Token::Word { quoted: false, .. } => return self.keyword(left, span),
            _ => return Ok(left),
        };
        self.next()?;
        Ok(Expr::Compare(comparison, Box::new(left), Box::new(self.sum()?)))
    }

    /// `like`, `in` and their negations; any other word is no part of the expression.
    fn keyword(&mut self, left: Expr, span: Span) -> Result<Expr, Fault> {
        let negated = self.eat_word("not")?;
        if self.eat_word("like")? {
            Ok(negate(self.pattern(left)?, negated))
        } else if self.eat_word("in")? {
            self.expect("[")?;
            let mut list = Vec::new();
            if !self.eat("]")? {
                loop {
                    list.push(self.sum()?);
                    if !self.eat(",")? {
                        break;
                    }
                }
                self.expect("]")?;
            }
            Ok(negate(Expr::In(Box::new(left), list), negated))
        } else if negated {
            Err(unexpected(
                &Token::Word { name: "not".to_owned(), quoted: false },
                span,
                "like or in after it",
            ))
        } else {
            Ok(left)
        }
    }

    /// What `like` and `=~` look for.
    fn pattern(&mut self, left: Expr) -> Result<Expr, Fault> {
        if let Some((source, span)) = self.lexer.regex()? {
            return Ok(Expr::Matches(Box::new(left), regex(&source, span)?));
        }
        match self.next()? {
            (Token::Text(text), _) => Ok(Expr::Contains(Box::new(left), text)),
            (token, span) => Err(unexpected(&token, span, "a text or a regular expression")),
        }
    }

    fn sum(&mut self) -> Result<Expr, Fault> {
        self.chain(&[("+", Operator::Add), ("-", Operator::Subtract)], Self::product)
    }

    fn product(&mut self) -> Result<Expr, Fault> {
        let operators = [("*", Operator::Multiply), ("/", Operator::Divide), ("%", Operator::Remainder)];
        self.chain(&operators, Self::power)
    }

    fn power(&mut self) -> Result<Expr, Fault> {
        self.chain(&[("^", Operator::Power)], Self::sign)
    }

    fn chain(
        &mut self,
        operators: &[(&'static str, Operator)],
        part: fn(&mut Self) -> Result<Expr, Fault>,
    ) -> Result<Expr, Fault> {
        let mut left = part(self)?;
        'more: loop {
            for (symbol, operator) in operators {
                if self.eat(symbol)? {
                    self.count_operator()?;
                    left = Expr::Arithmetic(*operator, Box::new(left), Box::new(part(self)?));
                    continue 'more;
                }
            }
            return Ok(left);
        }
    }

    fn sign(&mut self) -> Result<Expr, Fault> {
        let mut negative = false;
        while self.eat("-")? {
            negative = !negative;
        }
        let expr = self.primary()?;
        Ok(match expr {
            Expr::Literal(Value::Number(number)) if negative => Expr::Literal(Value::Number(-number)),
            expr if negative => {
                let zero = Expr::Literal(Value::Number(0.0));
                Expr::Arithmetic(Operator::Subtract, Box::new(zero), Box::new(expr))
            }
            expr => expr,
        })
    }

    fn primary(&mut self) -> Result<Expr, Fault> {
        if let Some(slot) = self.computed_column() {
            return Ok(Expr::Field(slot));
        }
        match self.next()? {
            (Token::Number(number), _) => Ok(Expr::Literal(Value::Number(number))),
            (Token::Text(text), _) => Ok(Expr::Literal(Value::text(text))),
            (Token::Symbol("("), _) => {
                let inner = self.expression()?;
                self.expect(")")?;
                Ok(inner)
            }
            (Token::Word { name, quoted }, span) => {
                if !quoted && self.eat("(")? {
                    return self.call(&name, span);
                }
                let word = Token::Word { name: name.clone(), quoted };
                if ["true", "false"].iter().any(|flag| is_word(&word, flag)) {
                    return Ok(Expr::Literal(Value::Flag(is_word(&word, "true"))));
                }
                if KEYWORDS.iter().any(|keyword| is_word(&word, keyword)) {
                    return Err(unexpected(&word, span, "a field or a value"));
                }
                Ok(Expr::Field(self.field(&name, span)?))
            }
            (token, span) => Err(unexpected(&token, span, "a field or a value")),
        }
    }

    /// After `stats`, `count(*)` is the name of a column that was made there.
    fn computed_column(&mut self) -> Option<Slot> {
        let Scope::Groups(known) = &self.scope else { return None };
        let start = self.lexer.start();
        let rest = &self.lexer.text()[start..];
        let (slot, length) = known
            .iter()
            .filter(|slot| self.names[**slot].contains('('))
            .filter_map(|slot| Some((*slot, begins_with(rest, &self.names[*slot])?)))
            .max_by_key(|(_, length)| *length)?;
        self.lexer.jump(start + length);
        Some(slot)
    }

    /// A call, its name and opening parenthesis already passed.
    fn call(&mut self, name: &str, span: Span) -> Result<Expr, Fault> {
        let lower = name.to_ascii_lowercase();
        if AGGREGATES.contains(&lower.as_str()) || lower == "pct" {
            return self.aggregate(&lower, span);
        }
        if lower == "bin" {
            let period = self.period()?;
            self.expect(")")?;
            let time = Expr::Field(self.field("@timestamp", span)?);
            return Ok(Expr::Call(Function::DateFloor, vec![time, period]));
        }
        let Some((function, least, most)) = functions::find(name) else {
            return Err(Fault::new(format!("unknown function: {name}"), span));
        };
        let mut arguments = Vec::new();
        if !self.eat(")")? {
            loop {
                let periodic = matches!(function, Function::DateFloor | Function::DateCeil);
                arguments.push(if periodic && arguments.len() == 1 {
                    self.period()?
                } else {
                    self.expression()?
                });
                if !self.eat(",")? {
                    break;
                }
            }
            self.expect(")")?;
        }
        if arguments.len() < least || arguments.len() > most {
            let message = format!("{name} does not take {} arguments", arguments.len());
            return Err(Fault::new(message, span));
        }
        Ok(Expr::Call(function, arguments))
    }

    #[allow(clippy::cast_precision_loss, reason = "a period stays far below 2^53")]
    fn period(&mut self) -> Result<Expr, Fault> {
        match self.next()? {
            (Token::Period(ms), _) => Ok(Expr::Literal(Value::Number(ms as f64))),
            (token, span) => Err(unexpected(&token, span, "a period such as 30s, 5m or 1h")),
        }
    }

    fn aggregate(&mut self, name: &str, span: Span) -> Result<Expr, Fault> {
        match &mut self.making {
            Some(making) if !making.inside => making.inside = true,
            _ => return Err(Fault::new(format!("{name} can only be used in stats"), span)),
        }
        let counts_all = name == "count" && (self.eat("*")? || self.peek()?.0 == Token::Symbol(")"));
        let of = if counts_all { None } else { Some(self.expression()?) };
        let kind = match name {
            "count" => Kind::Count,
            "count_distinct" => Kind::CountDistinct,
            "sum" => Kind::Sum,
            "avg" => Kind::Avg,
            "min" => Kind::Min,
            "max" => Kind::Max,
            "stddev" => Kind::Stddev,
            "median" => Kind::Percentile(50.0),
            "earliest" => Kind::Earliest,
            "latest" => Kind::Latest,
            "sortsfirst" => Kind::SortsFirst,
            "sortslast" => Kind::SortsLast,
            _ => {
                self.expect(",")?;
                match self.next()? {
                    (Token::Number(percent), _) if (0.0..=100.0).contains(&percent) => {
                        Kind::Percentile(percent)
                    }
                    (token, span) => return Err(unexpected(&token, span, "a percentage from 0 to 100")),
                }
            }
        };
        self.expect(")")?;
        if matches!(kind, Kind::Earliest | Kind::Latest) && matches!(self.scope, Scope::Events) {
            // They go by the time of the event.
            self.read("@timestamp");
        }
        let slot = self.hidden();
        if let Some(making) = &mut self.making {
            making.inside = false;
            making.aggregates.push(Aggregate { slot, kind, of });
        }
        Ok(Expr::Field(slot))
    }
}

const KEYWORDS: [&str; 9] = ["as", "by", "and", "or", "not", "like", "in", "asc", "desc"];

fn negate(expr: Expr, negated: bool) -> Expr {
    if negated { Expr::Not(Box::new(expr)) } else { expr }
}

/// How long the beginning of a text is that reads as `name`, whatever the space in either; `None` where none does.
fn begins_with(text: &str, name: &str) -> Option<usize> {
    let mut wanted = name.chars().filter(|c| !c.is_whitespace()).peekable();
    let mut end = 0;
    for (at, c) in text.char_indices() {
        let Some(next) = wanted.peek() else { break };
        if c.is_whitespace() {
            continue;
        }
        if c != *next {
            return None;
        }
        wanted.next();
        end = at + c.len_utf8();
    }
    wanted.peek().is_none().then_some(end)
}
