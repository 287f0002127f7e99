//! A jq-like filter over one JSON value, by jaq: compiled, run, and kept within bounds.
//!
//! What a filter gets to see is the value and nothing else. There is no file, no module, no further input, no clock, no
//! time zone of the system; `$ENV` and `env` are empty objects; `debug` and `stderr` pass the value on and write
//! nothing; `halt` ends the outputs. (`strptime` with `%Q` looks a zone's name up in the system's table of zones.)
//!
//! **Faithful.** Numbers that are only passed on keep every digit as written (`1.10`, `1e400`, integers of any size,
//! `-0`); arithmetic is exact for integers and 64-bit floating point for the rest. Keys keep their order, also where
//! one of them is deleted or updated; `keys`, `sort`, `group_by` and the like sort, as they should. Of a key that an
//! object has twice the last value counts, in the place of the first. Half a surrogate pair stays what it is. A `NaN`
//! or infinity that a filter computes has no form in JSON: written as jq does, `null` and the largest number.
//!
//! **Bounded.** jaq runs on a thread of its own with a large stack, and calls back for each step: there time and
//! cancelling are looked at, how deep the filter has called itself, and how much it has made. A filter beyond its bounds
//! is unwound, which no `try` of its own can catch, so `def f: f; f` and `[repeat(1)]` end at their deadline and
//! `def f: 1 + f; f` ends when its stack does. What cannot be interrupted is one single operation in jaq (a comparison,
//! a sort, a regular expression over much text): a thread that does not answer soon after its deadline is left behind.
//! It ends with that operation; as long as [`MOST_ABANDONED`] such threads are at work no further filter is started.

mod compile;
mod filters;
mod meter;
mod text;
mod thread;
mod value;

use std::{
    fmt,
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, Instant},
};

pub use thread::{MOST_ABANDONED, THREAD};

use meter::{Meter, Stop};
use value::Value;

/// The longest program, in bytes.
pub const LONGEST_PROGRAM: usize = 10_000;

/// The most levels of arrays and objects that an input may have.
pub const DEEPEST_INPUT: usize = 10_000;

/// How long compiling may take; it takes milliseconds.
const COMPILE_TIME: Duration = Duration::from_secs(2);

/// What is wrong with a program, or what went wrong as it ran. One line, sanitised; it names the kinds of the values
/// that did not fit and quotes none of them (what a program itself says with `error` is quoted).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where in the program: the column from 1, counted in characters over the whole text.
    pub column: Option<usize>,
    /// What.
    pub message: String,
}

impl Problem {
    fn plain(message: impl Into<String>) -> Self {
        Self { column: None, message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            Some(column) => write!(f, "{} at column {column}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Problem {}

/// How far a run may go.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The most outputs.
    pub outputs: usize,
    /// The most bytes that all outputs take together.
    pub bytes: usize,
    /// When it has to be done.
    pub deadline: Instant,
    /// Set it to end the run at once.
    pub cancel: Arc<AtomicBool>,
}

impl Limits {
    /// 10,000 outputs of 32 MB together until `deadline`.
    #[must_use]
    pub fn until(deadline: Instant) -> Self {
        Self { outputs: 10_000, bytes: 32 << 20, deadline, cancel: Arc::default() }
    }
}

/// What a filter gave.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// The outputs, each a JSON text without white space.
    pub values: Vec<String>,
    /// Why there is no more where the filter did not come to its own end: a bound, or an error behind these outputs.
    pub cut: Option<String>,
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: usize = self.values.iter().map(String::len).sum();
        f.debug_struct("Output")
            .field("values", &self.values.len())
            .field("bytes", &bytes)
            .field("cut", &self.cut)
            .finish()
    }
}

/// A compiled program.
#[derive(Clone)]
pub struct Filter {
    compiled: Arc<compile::Compiled>,
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter").finish_non_exhaustive()
    }
}

impl Filter {
    /// Compiles a program. An empty one is `.`.
    ///
    /// # Errors
    /// The first thing wrong with it, and where.
    pub fn compile(program: &str) -> Result<Self, Problem> {
        if program.len() > LONGEST_PROGRAM {
            return Err(Problem::plain(format!(
                "the filter has {} bytes, {LONGEST_PROGRAM} at most",
                program.len()
            )));
        }
        let program = if program.trim().is_empty() { "." } else { program }.to_owned();
        let limits = Limits::until(Instant::now() + COMPILE_TIME);
        let compiled = thread::run(&limits, move || compile::compile(&program))??;
        Ok(Self { compiled: Arc::new(compiled) })
    }

    /// Runs the filter over one JSON text. Blocks until it is done, at most until a quarter of a second after the
    /// deadline.
    ///
    /// # Errors
    /// The text is not JSON or deeper than [`DEEPEST_INPUT`], or the filter failed or met a bound before its first
    /// output. Behind the first output, the same is [`Output::cut`].
    pub fn run(&self, json: &str, limits: Limits) -> Result<Output, Problem> {
        let compiled = Arc::clone(&self.compiled);
        let json = json.to_owned();
        thread::run(&limits.clone(), move || evaluate(&compiled, &json, &limits))?
    }
}

/// On the filter's thread.
fn evaluate(compiled: &compile::Compiled, json: &str, limits: &Limits) -> Result<Output, Problem> {
    let input = text::read(json).map_err(Problem::plain)?;
    let mut output = Output::default();
    let mut bytes = 0;
    let ended = Meter::watch(limits, || {
        for value in compiled.outputs(input) {
            let value = match value {
                Ok(value) => value,
                Err(exception) => return failure(exception),
            };
            if output.values.len() >= limits.outputs {
                return Some(format!("only the first {} outputs", limits.outputs));
            }
            let Some(text) = text::write(value.val(), limits.bytes - bytes) else {
                return Some(format!("more than {} bytes of output", limits.bytes));
            };
            bytes += text.len();
            output.values.push(text);
            meter::step();
        }
        None
    });
    output.cut = ended.unwrap_or_else(|stop| Some(stop.to_string()));
    match output.cut.take_if(|_| output.values.is_empty()) {
        Some(message) => Err(Problem::plain(message)),
        None => Ok(output),
    }
}

/// The error's text; `None` for `halt`, which just ends.
fn failure(exception: jaq_core::Exn<'_, Value>) -> Option<String> {
    const LONGEST: usize = 300;
    let error = exception.get_err().ok()?.into_val();
    let text = match error.text() {
        Some(text) => crate::domain::text::sanitise(&text).into_owned(),
        None => format!("error: {error}"),
    };
    Some(crate::domain::text::fit(&text, LONGEST).into_owned())
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Time => "the filter takes too long",
            Self::Cancelled => "cancelled",
            Self::Recursion => "the filter calls itself too deep",
            Self::Memory => "the filter makes too much: more than 512 MB of values",
            Self::Depth => "the filter nests a value too deep",
        })
    }
}

#[cfg(test)]
mod tests;
