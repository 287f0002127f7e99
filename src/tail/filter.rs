//! Which rows are shown.

use std::{ops::Range, sync::LazyLock};

use regex::bytes::{Regex, RegexBuilder};

/// Bounds what a typed expression may cost, in bytes.
const REGEX_SIZE: usize = 4 << 20;

/// Says whether a message is shown. Matching is linear in the message's length, whatever was typed.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    needle: Option<Regex>,
    errors_only: bool,
}

/// Why a regular expression is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FilterError(String);

impl Filter {
    /// Everything.
    pub fn all() -> Self {
        Self::default()
    }

    /// Messages that hold a text; where it is typed in lower case, in any case. The empty text is in all of them.
    pub fn text(text: &str) -> Self {
        let needle = (!text.is_empty()).then(|| regex::escape(text));
        // An escaped text can fail only by being too large, and then nothing holds it.
        Self { needle: needle.and_then(|needle| build(&needle, text).ok()), errors_only: false }
    }

    /// Messages that match a regular expression (the syntax of the regex crate); where it is typed in lower case, in
    /// any case.
    ///
    /// # Errors
    /// What is wrong with the expression, in a line.
    pub fn regex(pattern: &str) -> Result<Self, FilterError> {
        if pattern.is_empty() {
            return Ok(Self::all());
        }
        let needle = build(pattern, pattern).map_err(|error| {
            let text = error.to_string();
            let reason = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("invalid");
            FilterError(reason.trim().trim_start_matches("error: ").to_owned())
        })?;
        Ok(Self { needle: Some(needle), errors_only: false })
    }

    /// The same, for messages that tell of an error only ([`is_error`]).
    #[must_use]
    pub fn errors_only(mut self, errors_only: bool) -> Self {
        self.errors_only = errors_only;
        self
    }

    /// Whether everything is shown.
    pub fn is_all(&self) -> bool {
        self.needle.is_none() && !self.errors_only
    }

    /// Whether a message is shown.
    pub fn matches(&self, message: &str) -> bool {
        self.matches_bytes(message.as_bytes())
    }

    pub(super) fn matches_bytes(&self, message: &[u8]) -> bool {
        self.needle.as_ref().is_none_or(|needle| needle.is_match(message))
            && (!self.errors_only || tells_of_error(message))
    }

    /// The parts of a message that the text or expression matches, as byte ranges, to be highlighted.
    pub fn highlights(&self, message: &str) -> Vec<Range<usize>> {
        let found = self.needle.iter().flat_map(|needle| needle.find_iter(message.as_bytes()));
        found.map(|found| found.range()).filter(|range| !range.is_empty()).collect()
    }
}

fn build(pattern: &str, typed: &str) -> Result<Regex, regex::Error> {
    let any_case = !typed.chars().any(char::is_uppercase);
    RegexBuilder::new(pattern).case_insensitive(any_case).size_limit(REGEX_SIZE).build()
}

/// Whether a message tells of an error: a level of ERROR or worse (in text or JSON), a Python traceback, an
/// invocation that timed out, failed or crashed.
pub fn is_error(message: &str) -> bool {
    tells_of_error(message.as_bytes())
}

fn tells_of_error(message: &[u8]) -> bool {
    // `None` never happens: the expressions are constants, and tests compile them.
    static HINT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(HINTS).ok());
    static ERROR: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&ERRORS.join("|")).ok());
    let matches = |regex: &Option<Regex>| regex.as_ref().is_some_and(|regex| regex.is_match(message));
    matches(&HINT) && matches(&ERROR)
}

/// Literals, one of which is in all that [`ERRORS`] matches. A search for literals takes a small part of the time, and
/// most lines hold none.
const HINTS: &str = "ERROR|FATAL|CRITICAL|SEVERE|PANIC|EMERGENCY|ALERT|[Ee]rror|[Ff]atal|[Cc]ritical|[Ss]evere\
    |[Pp]anic|[Ee]mergency|[Aa]lert|Traceback|timed out|Runtime|timeout|failure|Uncaught|Unhandled";

const ERRORS: [&str; 9] = [
    // A level as a word of its own: `[ERROR]`, `\tERROR\t`, `ERROR:`; not `ERROR_COUNT=0`.
    r"(?:^|[\s\[(|>])(?:ERROR|FATAL|CRITICAL|SEVERE|PANIC|EMERGENCY|ALERT)(?:$|[\s\])|:<])",
    r#""(?:level|severity|log_level|levelname|lvl)"\s*:\s*"(?:ERROR|FATAL|CRITICAL|SEVERE|PANIC|EMERGENCY|ALERT)""#,
    r#""(?:level|severity|log_level|levelname|lvl)"\s*:\s*"(?:[Ee]rror|[Ff]atal|[Cc]ritical|[Ss]evere|[Pp]anic|[Ee]mergency|[Aa]lert)""#,
    r"Traceback \(most recent call last\)|Task timed out after \d",
    r"Runtime exited|Runtime\.(?:ExitError|OutOfMemory|ImportModuleError|HandlerNotFound|UserCodeSyntaxError)",
    r"\tStatus: (?:error|timeout)",
    r#""status"\s*:\s*"(?:error|timeout|failure)""#,
    r#""errorType"\s*:\s*""#,
    r"(?:Uncaught|Unhandled) (?:Exception|exception|Promise|error)",
];
