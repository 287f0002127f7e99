//! From a query's text to a [`Program`].

mod commands;
mod expression;

use std::collections::{HashMap, HashSet};

use super::{
    CompileError,
    discover::Source,
    lexer::{Fault, Lexer, Span, Token},
    program::{Aggregate, DEFAULT_LIMIT, Expr, Program, Slot, SortKey, Stage},
};

/// Expressions within expressions.
const MAX_DEPTH: usize = 64;
/// Operators of a query: each is a level of its expression.
const MAX_OPERATORS: usize = 500;

/// Parses a query. `limit` is how many rows are wanted at most, `merged` tells that several groups are queried, whose
/// events are then put in order.
///
/// # Errors
/// Where and why it cannot be understood.
pub(in crate::local::logs) fn parse(
    text: &str,
    limit: Option<usize>,
    merged: bool,
) -> Result<Program, CompileError> {
    let characters = |at: usize| text.get(..at).map_or(0, |before| before.chars().count());
    let mut parser = Parser::new(text);
    parser.query().map_err(|fault| CompileError {
        start: characters(fault.span.start),
        end: characters(fault.span.end),
        message: fault.message,
    })?;
    Ok(parser.program(limit, merged))
}

/// What a row is at this place of the query.
enum Scope {
    /// An event: any name may be a field of it.
    Events,
    /// What `stats` made, with these fields.
    Groups(HashSet<Slot>),
}

/// A `stats` command on its way.
#[derive(Default)]
struct Making {
    aggregates: Vec<Aggregate>,
    /// Within an aggregate's parentheses rows are what they were before.
    inside: bool,
    /// Results up to here.
    results: Vec<(Slot, Expr)>,
    /// Fields beside aggregates, which must be groups of the same command, or results before this many.
    used: Vec<(Slot, Span, usize)>,
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    depth: usize,
    operators: usize,
    names: Vec<String>,
    slots: HashMap<String, Slot>,
    /// Fields that commands up to here have made.
    made: HashSet<Slot>,
    loads: Vec<(Slot, Source)>,
    scope: Scope,
    making: Option<Making>,
    stages: Vec<Stage>,
    /// What `fields`, `parse` and `stats` show, unless `display` says otherwise.
    shown: Vec<Slot>,
    displayed: Option<Vec<Slot>>,
    /// `fields` or `stats` said what is shown: not the timestamp and the message by themselves.
    chosen: bool,
    deduplicated: bool,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            lexer: Lexer::new(text),
            depth: 0,
            operators: 0,
            names: Vec::new(),
            slots: HashMap::new(),
            made: HashSet::new(),
            loads: Vec::new(),
            scope: Scope::Events,
            making: None,
            stages: Vec::new(),
            shown: Vec::new(),
            displayed: None,
            chosen: false,
            deduplicated: false,
        }
    }

    fn query(&mut self) -> Result<(), Fault> {
        loop {
            self.command()?;
            match self.next()? {
                (Token::Symbol("|"), _) => {}
                (Token::End, _) => return Ok(()),
                (token, span) => return Err(unexpected(&token, span, "| or the end of the query")),
            }
        }
    }

    fn program(mut self, limit: Option<usize>, merged: bool) -> Program {
        let events = matches!(self.scope, Scope::Events);
        let shown = match self.displayed.take() {
            Some(slots) => slots,
            None if self.chosen => std::mem::take(&mut self.shown),
            None => {
                let mut slots = vec![self.read("@timestamp"), self.read("@message")];
                slots.append(&mut self.shown);
                slots
            }
        };
        let by_time = self.stages.iter().position(|stage| {
            matches!(stage, Stage::Sort(_) | Stage::Stats(_) | Stage::Dedup(_) | Stage::Limit { .. })
        });
        let sorted = by_time.is_some_and(|at| matches!(self.stages[at], Stage::Sort(_) | Stage::Stats(_)));
        if merged && !sorted {
            // The order that the events of one group come in.
            let time = self.slot("@timestamp");
            self.load(time);
            let by = Expr::Field(time);
            let at = by_time.unwrap_or(self.stages.len());
            self.stages.insert(at, Stage::Sort(vec![SortKey { by, descending: true }]));
        }
        let own = self.stages.iter().any(|stage| matches!(stage, Stage::Limit { .. }));
        if !own || limit.is_some() {
            self.stages.push(Stage::Limit { count: limit.unwrap_or(DEFAULT_LIMIT), any: false });
        }
        let mut seen = HashSet::new();
        let columns = shown
            .into_iter()
            .filter(|slot| seen.insert(*slot))
            .map(|slot| (self.names[slot].clone(), slot))
            .collect();
        Program { stages: self.stages, slots: self.names.len(), loads: self.loads, columns, events }
    }

    fn next(&mut self) -> Result<(Token, Span), Fault> {
        self.lexer.next()
    }

    fn peek(&mut self) -> Result<(Token, Span), Fault> {
        let mut ahead = self.lexer;
        ahead.next()
    }

    /// Passes over a symbol if it comes next.
    fn eat(&mut self, symbol: &'static str) -> Result<bool, Fault> {
        let found = self.peek()?.0 == Token::Symbol(symbol);
        if found {
            self.next()?;
        }
        Ok(found)
    }

    /// Passes over a keyword, in any case, if it comes next.
    fn eat_word(&mut self, word: &str) -> Result<bool, Fault> {
        let found = is_word(&self.peek()?.0, word);
        if found {
            self.next()?;
        }
        Ok(found)
    }

    fn expect(&mut self, symbol: &'static str) -> Result<(), Fault> {
        match self.next()? {
            (Token::Symbol(found), _) if found == symbol => Ok(()),
            (token, span) => Err(unexpected(&token, span, symbol)),
        }
    }

    fn expect_word(&mut self, word: &str) -> Result<(), Fault> {
        match self.next()? {
            (token, _) if is_word(&token, word) => Ok(()),
            (token, span) => Err(unexpected(&token, span, word)),
        }
    }

    /// The name of a field or of what is made one.
    fn name(&mut self, expected: &str) -> Result<(String, Span), Fault> {
        match self.next()? {
            (Token::Word { name, .. }, span) => Ok((name, span)),
            (token, span) => Err(unexpected(&token, span, expected)),
        }
    }

    fn slot(&mut self, name: &str) -> Slot {
        if let Some(slot) = self.slots.get(name) {
            return *slot;
        }
        let slot = self.names.len();
        self.names.push(name.to_owned());
        self.slots.insert(name.to_owned(), slot);
        slot
    }

    /// A field that is read by this command.
    fn field(&mut self, name: &str, span: Span) -> Result<Slot, Fault> {
        let slot = self.slot(name);
        if let Some(making) = &mut self.making
            && !making.inside
        {
            making.used.push((slot, span, making.results.len()));
            return Ok(slot);
        }
        if let Scope::Groups(known) = &self.scope {
            if known.contains(&slot) {
                return Ok(slot);
            }
            return Err(Fault::new(format!("Unknown symbols found in or after stats: {name}"), span));
        }
        Ok(self.read(name))
    }

    /// A field of an event, or one that was made of it.
    fn read(&mut self, name: &str) -> Slot {
        let slot = self.slot(name);
        if !self.made.contains(&slot) {
            self.load(slot);
        }
        slot
    }

    fn load(&mut self, slot: Slot) {
        if !self.loads.iter().any(|(loaded, _)| *loaded == slot)
            && let Some(source) = Source::of(&self.names[slot])
        {
            self.loads.push((slot, source));
        }
    }

    /// A field that this command makes.
    fn make(&mut self, name: &str) -> Slot {
        let slot = self.slot(name);
        self.made.insert(slot);
        if let Scope::Groups(known) = &mut self.scope {
            known.insert(slot);
        }
        slot
    }

    /// A field that no query can name.
    fn hidden(&mut self) -> Slot {
        let slot = self.names.len();
        self.names.push(String::new());
        slot
    }

    /// The text of the query from a place to the last token, as a column without a name of its own is headed.
    fn text_since(&self, start: usize) -> String {
        let end = self.lexer.place();
        self.lexer.text().get(start..end).unwrap_or_default().trim().to_owned()
    }
}

fn is_word(token: &Token, word: &str) -> bool {
    matches!(token, Token::Word { name, quoted: false } if name.eq_ignore_ascii_case(word))
}

/// What AWS says of a token in the wrong place, and what could be there.
fn unexpected(token: &Token, span: Span, expected: &str) -> Fault {
    let message = match token {
        Token::End => format!("unexpected end of the query, expected {expected}"),
        Token::Word { name, .. } => format!("unexpected symbol found: {name}, expected {expected}"),
        Token::Text(_) => format!("unexpected symbol found: a text, expected {expected}"),
        Token::Number(number) => format!("unexpected symbol found: {number}, expected {expected}"),
        Token::Period(_) => format!("unexpected symbol found: a period, expected {expected}"),
        Token::Symbol(symbol) => format!("unexpected symbol found: {symbol}, expected {expected}"),
    };
    Fault::new(message, span)
}
