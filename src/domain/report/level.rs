//! The level of an application's log line.

use serde::{Deserialize, Serialize};

/// A log level, from the least to the most severe. The six that Lambda's own log filters know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// The finest detail.
    Trace,
    /// For whoever debugs.
    Debug,
    /// Ordinary information.
    Info,
    /// Something to look at.
    Warn,
    /// Something failed.
    Error,
    /// Nothing works any more.
    Fatal,
}

impl Level {
    /// The name as Lambda writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }

    /// Whether it says that something failed.
    pub fn is_error(self) -> bool {
        self >= Self::Error
    }

    /// Reads a level as loggers spell it, in any case: also `WARNING`, `CRITICAL`, `SEVERE`, .NET's `fail`, ...
    pub fn parse(word: &str) -> Option<Self> {
        const NAMES: [(&str, Level); 27] = [
            ("trace", Level::Trace),
            ("trce", Level::Trace),
            ("finest", Level::Trace),
            ("verbose", Level::Trace),
            ("silly", Level::Trace),
            ("debug", Level::Debug),
            ("dbug", Level::Debug),
            ("fine", Level::Debug),
            ("info", Level::Info),
            ("information", Level::Info),
            ("notice", Level::Info),
            ("log", Level::Info),
            ("warn", Level::Warn),
            ("warning", Level::Warn),
            ("error", Level::Error),
            ("err", Level::Error),
            ("eror", Level::Error),
            ("fail", Level::Error),
            ("failure", Level::Error),
            ("severe", Level::Error),
            ("exception", Level::Error),
            ("fatal", Level::Fatal),
            ("crit", Level::Fatal),
            ("critical", Level::Fatal),
            ("panic", Level::Fatal),
            ("alert", Level::Fatal),
            ("emergency", Level::Fatal),
        ];
        NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, level)| *level)
    }

    /// Reads a level as bunyan and pino number them: 10 is trace, 60 fatal.
    pub(in crate::domain) fn from_number(number: u64) -> Option<Self> {
        match number {
            10..20 => Some(Self::Trace),
            20..30 => Some(Self::Debug),
            30..40 => Some(Self::Info),
            40..50 => Some(Self::Warn),
            50..60 => Some(Self::Error),
            60..=100 => Some(Self::Fatal),
            _ => None,
        }
    }
}

/// How much of a line is looked at.
const HEAD_BYTES: usize = 240;
/// How many words may stand before the level: time stamps, a request id, a thread.
const PREFIX_WORDS: usize = 10;

/// Finds the level in a text line that has none of Lambda's own formats. Careful rather than clever: an ordinary
/// word `error` in a sentence is no level.
pub(super) fn find(line: &str) -> Option<Level> {
    let head = head(line);
    if head.starts_with("Traceback (most recent call last)") || head.starts_with("Exception in thread") {
        return Some(Level::Error);
    }
    if head.starts_with("thread '") && head.contains("' panicked at") {
        return Some(Level::Fatal);
    }
    let mut words = head.split_whitespace().map(without_colour).filter(|word| !word.is_empty());
    // "error: ...", "Error: ..." and "[warn] ..." count in any case at the very beginning.
    let first = words.next()?;
    if let Some(level) = leading(first) {
        return Some(level);
    }
    if is_prefix(first) {
        for word in words.take(PREFIX_WORDS) {
            if let Some(level) = upper(word).or_else(|| bracketed(word)) {
                return Some(level);
            }
            if !is_prefix(word) {
                break;
            }
        }
    }
    // 2026-11-20 14:03:22,123 - orders.api - WARNING - message
    dashed(head).or_else(|| assigned(head))
}

fn head(line: &str) -> &str {
    let line = line.trim_start();
    let line = &line[..line.floor_char_boundary(HEAD_BYTES)];
    line.split('\n').next().unwrap_or_default()
}

/// `[warn]`, `error:`, `ERROR`, `WARNING:root:message` at the beginning of a line.
fn leading(word: &str) -> Option<Level> {
    let named = word.split_once(':').map(|(name, _)| name.trim_matches(['[', ']'])).and_then(Level::parse);
    named.or_else(|| bracketed(word)).or_else(|| upper(word))
}

fn bracketed(word: &str) -> Option<Level> {
    let inner = word.strip_prefix(['[', '(', '<'])?.trim_end_matches(':').strip_suffix([']', ')', '>'])?;
    Level::parse(inner)
}

fn upper(word: &str) -> Option<Level> {
    let word = word.trim_matches(|character: char| !character.is_ascii_alphanumeric());
    if word.len() < 3 || !word.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    Level::parse(word)
}

/// What may stand before a level: numbers and times, ids, something in brackets, single signs and letters.
fn is_prefix(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '[' | '(' | '#' | '|' | '-' | '<'))
        || word.ends_with([']', ')'])
        || (word.len() == 2 && word.ends_with(',')) // Ruby's "E,"
        || super::line::is_uuid(word)
}

fn dashed(head: &str) -> Option<Level> {
    head.split(" - ").take(4).find_map(|part| {
        let part = part.trim();
        (!part.contains(' ')).then(|| upper(part)).flatten()
    })
}

/// `level=error`, as logfmt writes it.
fn assigned(head: &str) -> Option<Level> {
    ["level=", "lvl=", "severity="].iter().find_map(|key| {
        let at = head.find(key)?;
        if at > 0 && !head[..at].ends_with(char::is_whitespace) {
            return None;
        }
        let value = head[at + key.len()..].split_whitespace().next()?;
        Level::parse(value.trim_matches(['"', ',', ';']))
    })
}

/// Takes colour sequences (`␛[32m`, sanitised or raw) off both ends of a word.
fn without_colour(mut word: &str) -> &str {
    while let Some(sequence) = word.strip_prefix("␛[").or_else(|| word.strip_prefix("\x1b[")) {
        match sequence.split_once('m') {
            Some((numbers, rest)) if is_colour(numbers) => word = rest,
            _ => break,
        }
    }
    while let Some(start) = word.rfind("␛[").or_else(|| word.rfind("\x1b[")) {
        let sequence = word[start..].trim_start_matches(['␛', '\x1b']).trim_start_matches('[');
        match sequence.strip_suffix('m') {
            Some(numbers) if is_colour(numbers) => word = &word[..start],
            _ => break,
        }
    }
    word
}

fn is_colour(numbers: &str) -> bool {
    numbers.bytes().all(|byte| byte.is_ascii_digit() || byte == b';')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::java(
        "2020-09-01 08:31:01 6bc28136-7b1f-4a3b-9b2f-0a1b2c3d4e5f INFO  Handler:12 - hi",
        Level::Info
    )]
    #[case::spring("2026-11-20 14:03:22.306  WARN 8 --- [main] c.e.App : hi", Level::Warn)]
    #[case::thread("14:03:22.306 [main] DEBUG c.e.App - hi", Level::Debug)]
    #[case::ruby("E, [2026-11-20T14:03:22.306 #8] ERROR -- : boom", Level::Error)]
    #[case::go("2026/11/20 14:03:22 ERROR boom id=1", Level::Error)]
    #[case::slog("time=2026-11-20T14:03:22Z level=WARN msg=hi", Level::Warn)]
    #[case::logfmt("ts=1 level=\"error\" msg=hi", Level::Error)]
    #[case::python_dashes("2026-11-20 14:03:22,123 - orders.api - CRITICAL - boom", Level::Fatal)]
    #[case::python_names("orders - WARNING - boom", Level::Warn)]
    #[case::python_basic("WARNING:root:careful", Level::Warn)]
    #[case::bracket("[ERROR] KeyError: 'id'", Level::Error)]
    #[case::bracket_lower("[warn] careful", Level::Warn)]
    #[case::winston("error: boom", Level::Error)]
    #[case::javascript("Error: boom", Level::Error)]
    #[case::dotnet("fail: Handler[0]", Level::Error)]
    #[case::colour("␛[2m2026-11-20T14:03:22Z␛[0m ␛[31mERROR␛[0m app: boom", Level::Error)]
    #[case::raw_colour("\x1b[32mINFO\x1b[0m ready", Level::Info)]
    #[case::traceback("Traceback (most recent call last):\n  File", Level::Error)]
    #[case::java_exception("Exception in thread \"main\" java.lang.Error", Level::Error)]
    #[case::go_panic("panic: runtime error: index out of range", Level::Fatal)]
    #[case::rust_panic("thread 'main' panicked at src/main.rs:1:1:", Level::Fatal)]
    #[case::plain("INFO ready", Level::Info)]
    fn levels_of_common_loggers(#[case] line: &str, #[case] level: Level) {
        assert_eq!(find(line), Some(level));
    }

    #[rstest]
    #[case("there was an error")]
    #[case("Error handling is on")]
    #[case("order 17 accepted, no ERROR here")]
    #[case("fine")]
    #[case("a: INFO")]
    #[case("sublevel=error")]
    #[case("2026-11-20 the WARN word")]
    #[case("")]
    #[case("␛[")]
    #[case("␛[1m")]
    fn an_ordinary_word_is_no_level(#[case] line: &str) {
        assert_eq!(find(line), None);
    }

    #[rstest]
    #[case(10, Some(Level::Trace))]
    #[case(30, Some(Level::Info))]
    #[case(35, Some(Level::Info))]
    #[case(50, Some(Level::Error))]
    #[case(60, Some(Level::Fatal))]
    #[case(9, None)]
    #[case(101, None)]
    fn numbered_levels(#[case] number: u64, #[case] level: Option<Level>) {
        assert_eq!(Level::from_number(number), level);
    }

    #[test]
    fn every_name_is_read_back() {
        for level in [Level::Trace, Level::Debug, Level::Info, Level::Warn, Level::Error, Level::Fatal] {
            assert_eq!(Level::parse(level.name()), Some(level));
        }
    }
}
