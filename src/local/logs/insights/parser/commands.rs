//! The commands.

use std::collections::HashSet;

use regex::{Regex, RegexBuilder};

use super::{Making, Parser, Scope, unexpected};
use crate::local::logs::insights::{
    lexer::{Fault, Span, Token},
    program::{Expr, MAX_LIMIT, Slot, SortKey, Stage, Stats},
};

/// Bounds what one regular expression may cost, in bytes.
const REGEX_SIZE: usize = 1 << 20;
const COMMANDS: &str = "one of fields, display, filter, parse, stats, sort, limit, dedup";

impl Parser<'_> {
    pub(super) fn command(&mut self) -> Result<(), Fault> {
        let (token, span) = self.next()?;
        let Token::Word { name, quoted: false } = &token else {
            return Err(unexpected(&token, span, COMMANDS));
        };
        let name = name.to_ascii_lowercase();
        if self.deduplicated && name != "limit" {
            return Err(Fault::new("only limit may follow dedup", span));
        }
        match name.as_str() {
            "fields" => {
                let (assigned, mut slots) = self.columns()?;
                self.stages.extend(assigned);
                self.shown.append(&mut slots);
                self.chosen = true;
            }
            "display" => {
                let (assigned, slots) = self.columns()?;
                self.stages.extend(assigned);
                self.displayed = Some(slots);
            }
            "filter" => {
                let condition = self.expression()?;
                self.stages.push(Stage::Filter(condition));
            }
            "parse" => self.parse_command()?,
            "stats" => self.stats()?,
            "sort" | "order" => self.sort()?,
            "limit" | "head" => self.limit()?,
            "dedup" => {
                let slots = self.list(|parser| {
                    let (name, span) = parser.name("a field")?;
                    parser.field(&name, span)
                })?;
                self.stages.push(Stage::Dedup(slots));
                self.deduplicated = true;
            }
            _ => return Err(unexpected(&token, span, COMMANDS)),
        }
        Ok(())
    }

    fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Result<T, Fault>) -> Result<Vec<T>, Fault> {
        let mut list = vec![one(self)?];
        while self.eat(",")? {
            list.push(one(self)?);
        }
        Ok(list)
    }

    /// `a, f(b) as c`: what is computed, and what is shown.
    fn columns(&mut self) -> Result<(Option<Stage>, Vec<Slot>), Fault> {
        let mut assigned = Vec::new();
        let slots = self.list(|parser| {
            let (slot, expr) = parser.column()?;
            assigned.extend(expr.map(|expr| (slot, expr)));
            Ok(slot)
        })?;
        Ok(((!assigned.is_empty()).then_some(Stage::Assign(assigned)), slots))
    }

    /// One column; without an expression where it is a field as it is.
    fn column(&mut self) -> Result<(Slot, Option<Expr>), Fault> {
        let start = self.lexer.start();
        let expr = self.expression()?;
        let text = self.text_since(start);
        if self.eat_word("as")? {
            let (alias, _) = self.name("a name")?;
            let slot = self.make(&alias);
            return Ok((slot, Some(expr)));
        }
        match expr {
            Expr::Field(slot) => Ok((slot, None)),
            expr => Ok((self.make(&text), Some(expr))),
        }
    }

    /// `parse [field] "glob * of *" as a, b`, `parse [field] /regex (?<a>..)/`.
    fn parse_command(&mut self) -> Result<(), Fault> {
        let (next, span) = self.peek()?;
        let from = if let Token::Word { name, .. } = next {
            self.next()?;
            self.field(&name, span)?
        } else {
            self.field("@message", span)?
        };
        let (regex, to) = if let Some((source, span)) = self.lexer.regex()? {
            self.by_regex(&source, span)?
        } else {
            match self.next()? {
                (Token::Text(glob), span) => self.by_glob(&glob, span)?,
                (token, span) => {
                    return Err(unexpected(&token, span, "a text with * or a regular expression"));
                }
            }
        };
        self.shown.extend(to.iter().map(|(_, slot)| *slot));
        self.stages.push(Stage::Parse { from, regex, to });
        Ok(())
    }

    fn aliases(&mut self) -> Result<Vec<(String, Span)>, Fault> {
        self.list(|parser| parser.name("a name"))
    }

    fn by_regex(&mut self, source: &str, span: Span) -> Result<(Regex, Vec<(usize, Slot)>), Fault> {
        let regex = regex(source, span.clone())?;
        let groups: Vec<_> =
            regex.capture_names().map(|name| name.map(str::to_owned)).enumerate().skip(1).collect();
        let mut to = Vec::new();
        let mut unnamed = Vec::new();
        for (group, name) in groups {
            match name {
                Some(name) => to.push((group, self.make(&name))),
                None => unnamed.push(group),
            }
        }
        if self.eat_word("as")? {
            let aliases = self.aliases()?;
            if aliases.len() != unnamed.len() {
                let message = format!("{} groups without a name, and {} names", unnamed.len(), aliases.len());
                return Err(Fault::new(message, span));
            }
            for (group, (alias, _)) in unnamed.into_iter().zip(aliases) {
                to.push((group, self.make(&alias)));
            }
        }
        if to.is_empty() {
            return Err(Fault::new("the regular expression names no group: (?<name>...)", span));
        }
        Ok((regex, to))
    }

    fn by_glob(&mut self, glob: &str, span: Span) -> Result<(Regex, Vec<(usize, Slot)>), Fault> {
        let wildcards = glob.matches('*').count();
        self.expect_word("as")?;
        let aliases = self.aliases()?;
        if aliases.len() != wildcards {
            let message = format!("{wildcards} wildcards, and {} names", aliases.len());
            return Err(Fault::new(message, span));
        }
        let mut source = "(?s)".to_owned();
        for (at, part) in glob.split('*').enumerate() {
            if at > 0 {
                // The last of all takes what is left.
                source.push_str(if at == wildcards && part.is_empty() { "(.*)" } else { "(.*?)" });
            }
            source.push_str(&regex::escape(part));
        }
        let regex = regex(&source, span)?;
        let to = aliases.iter().enumerate().map(|(at, (alias, _))| (at + 1, self.make(alias))).collect();
        Ok((regex, to))
    }

    fn sort(&mut self) -> Result<(), Fault> {
        let keys = self.list(|parser| {
            let by = parser.expression()?;
            let descending = parser.eat_word("desc")?;
            if !descending {
                parser.eat_word("asc")?;
            }
            Ok(SortKey { by, descending })
        })?;
        self.stages.push(Stage::Sort(keys));
        Ok(())
    }

    fn limit(&mut self) -> Result<(), Fault> {
        let any = self.eat_word("any")?;
        let (token, span) = self.next()?;
        let Token::Number(number) = token else { return Err(unexpected(&token, span, "a number")) };
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be in the range"
        )]
        let count = (1..=MAX_LIMIT).contains(&(number as usize)).then_some(number as usize);
        match count {
            Some(count) if number.fract() == 0.0 => {
                self.stages.push(Stage::Limit { count, any });
                Ok(())
            }
            _ => Err(Fault::new(format!("limit is a whole number from 1 to {MAX_LIMIT}"), span)),
        }
    }

    /// `stats agg(x) as a, a * 2 as b by field, bin(5m) as time`.
    fn stats(&mut self) -> Result<(), Fault> {
        self.making = Some(Making::default());
        self.list(|parser| {
            let start = parser.lexer.start();
            let expr = parser.expression()?;
            let text = parser.text_since(start);
            let name = if parser.eat_word("as")? { parser.name("a name")?.0 } else { text };
            let result = (parser.slot(&name), expr);
            if let Some(making) = &mut parser.making {
                making.results.push(result);
            }
            Ok(())
        })?;
        let Some(Making { aggregates, results, used, .. }) = self.making.take() else { return Ok(()) };
        let by = if self.eat_word("by")? {
            self.list(|parser| {
                let (slot, expr) = parser.column()?;
                Ok((slot, expr.unwrap_or(Expr::Field(slot))))
            })?
        } else {
            Vec::new()
        };
        let made = |slot: Slot, before: usize| {
            by.iter().chain(results.iter().take(before)).any(|(made, _)| *made == slot)
        };
        if let Some((slot, span, _)) = used.into_iter().find(|(slot, _, before)| !made(*slot, *before)) {
            let name = &self.names[slot];
            return Err(Fault::new(format!("Unknown symbols found in or after stats: {name}"), span));
        }
        let known: HashSet<Slot> = by.iter().chain(&results).map(|(slot, _)| *slot).collect();
        self.shown = by.iter().chain(&results).map(|(slot, _)| *slot).collect();
        self.displayed = None;
        self.chosen = true;
        self.scope = Scope::Groups(known);
        self.stages.push(Stage::Stats(Stats { by, aggregates, results }));
        Ok(())
    }
}

/// A regular expression of the query.
pub(super) fn regex(source: &str, span: Span) -> Result<Regex, Fault> {
    RegexBuilder::new(source)
        .size_limit(REGEX_SIZE)
        .build()
        .map_err(|_| Fault::new("the regular expression is not supported", span))
}
