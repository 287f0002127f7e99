//! The filter of the list: fuzzy words, and fields such as `rt:python mem:>512 !dead`.

use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{Atom, AtomKind, CaseMatching, Normalization},
};

use crate::domain::function::{Health, Summary};

/// A parsed filter. All its terms must hold.
#[derive(Debug, Default)]
pub struct Filter {
    terms: Vec<Term>,
}

#[derive(Debug)]
struct Term {
    inverted: bool,
    test: Test,
}

#[derive(Debug)]
enum Test {
    /// Anywhere in the name or the description, letters in order.
    Fuzzy(Atom),
    /// Part of the name; what `!word` means, for a fuzzy "not" throws out too much.
    Name(String),
    Runtime(String),
    Architecture(String),
    State(String),
    Memory(Compare, u32),
    Timeout(Compare, u32),
    Size(Compare, u32),
}

#[derive(Clone, Copy, Debug)]
enum Compare {
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
}

impl Compare {
    fn holds(self, left: u64, right: u64) -> bool {
        match self {
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Equal => left == right,
            Self::GreaterOrEqual => left >= right,
            Self::Greater => left > right,
        }
    }
}

/// The fields, as they are typed.
pub const FIELDS: [(&str, &str); 7] = [
    ("name:", "part of the name"),
    ("rt:", "part of the runtime, as rt:python"),
    ("arch:", "x86_64 or arm64"),
    ("state:", "active, pending, updating, failed, inactive"),
    ("mem:", "memory in MB, as mem:>512"),
    ("timeout:", "time-out in seconds, as timeout:>=60"),
    ("size:", "code size in kB, as size:>1000"),
];

impl Filter {
    /// Reads a filter. Anything is one: what looks like a field but is none is taken as a word, and a number that is
    /// still being typed (`mem:>`) holds for all.
    pub fn parse(text: &str) -> Self {
        Self { terms: text.split_whitespace().filter_map(Term::parse).collect() }
    }

    /// Ready to be applied to many functions.
    pub fn matcher(&self) -> FilterMatcher<'_> {
        FilterMatcher { filter: self, matcher: None, buffer: Vec::new() }
    }
}

impl Term {
    fn parse(word: &str) -> Option<Self> {
        let (inverted, word) = match word.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, word),
        };
        if word.is_empty() {
            return None;
        }
        let test = match word.split_once(':') {
            Some((_, "")) => return None,
            Some(("name", part)) => Test::Name(part.to_lowercase()),
            Some(("rt" | "runtime", part)) => Test::Runtime(part.to_lowercase()),
            Some(("arch", part)) => Test::Architecture(part.to_lowercase()),
            Some(("state", part)) => Test::State(part.to_lowercase()),
            Some(("mem" | "memory", number)) => number_term(number, Test::Memory)?,
            Some(("timeout", number)) => number_term(number, Test::Timeout)?,
            Some(("size", number)) => number_term(number, Test::Size)?,
            _ if inverted => Test::Name(word.to_lowercase()),
            _ => Test::Fuzzy(Atom::new(
                word,
                CaseMatching::Ignore,
                Normalization::Smart,
                AtomKind::Fuzzy,
                false,
            )),
        };
        Some(Self { inverted, test })
    }
}

fn number_term(written: &str, test: fn(Compare, u32) -> Test) -> Option<Test> {
    let (compare, number) = [
        ("<=", Compare::LessOrEqual),
        (">=", Compare::GreaterOrEqual),
        ("<", Compare::Less),
        (">", Compare::Greater),
        ("=", Compare::Equal),
    ]
    .iter()
    .find_map(|(sign, compare)| Some((*compare, written.strip_prefix(sign)?)))
    .unwrap_or((Compare::Equal, written));
    Some(test(compare, number.parse().ok()?))
}

/// A filter being applied.
pub struct FilterMatcher<'f> {
    filter: &'f Filter,
    /// Takes 135 kB: made for the first word that is looked for.
    matcher: Option<Matcher>,
    buffer: Vec<char>,
}

impl FilterMatcher<'_> {
    /// How well a function fits: more is better, `None` does not fit.
    pub fn rank(&mut self, function: &Summary) -> Option<u32> {
        let mut rank = 0u32;
        for term in &self.filter.terms {
            let found = match &term.test {
                Test::Fuzzy(atom) => {
                    let matcher = self.matcher.get_or_insert_with(|| Matcher::new(Config::DEFAULT));
                    let name = atom.score(Utf32Str::new(&function.name, &mut self.buffer), matcher);
                    // The description counts where every letter of the word stands together.
                    let described =
                        || contains(&function.description, &atom.needle_text().to_string()).then_some(1);
                    name.or_else(described).map(u32::from)
                }
                Test::Name(part) => contains(&function.name, part).then_some(0),
                Test::Runtime(part) => {
                    contains(function.runtime.as_deref().unwrap_or("image"), part).then_some(0)
                }
                Test::Architecture(part) => contains(&function.architecture, part).then_some(0),
                Test::State(part) => state_matches(function, part).then_some(0),
                Test::Memory(compare, number) => {
                    compare.holds(function.memory_mb.into(), u64::from(*number)).then_some(0)
                }
                Test::Timeout(compare, number) => {
                    compare.holds(function.timeout_s.into(), u64::from(*number)).then_some(0)
                }
                Test::Size(compare, number) => {
                    compare.holds(function.code_size / 1000, u64::from(*number)).then_some(0)
                }
            };
            match (found, term.inverted) {
                (Some(score), false) => rank += score,
                (None, true) => {}
                _ => return None,
            }
        }
        Some(rank)
    }
}

fn contains(text: &str, lower_part: &str) -> bool {
    text.to_lowercase().contains(lower_part)
}

/// By the word that is shown, or by what it means. A state that was not read yet matches nothing.
fn state_matches(function: &Summary, part: &str) -> bool {
    function.state.as_ref().is_some_and(|state| {
        contains(state.word(), part) || (part == "failed" && state.health() == Health::Bad)
    })
}
