//! `.env` texts: `KEY=value` lines, as shells, Docker and the dotenv tools read them. Nothing is substituted: a `$` is
//! a `$`.

use super::{change::Variables, name::check_variable_name, secret::Secret};

/// Why a text can't be read. It never holds a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct DotenvError {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub problem: String,
}

/// Reads a `.env` text: empty lines and `#` comments are left out, `export` before a key is allowed, a value may stand in
/// single quotes (as it is) or in double quotes (`\n`, `\r`, `\t`, `\"`, `\\` and `\$` are read; both may go over several
/// lines). Without quotes a value ends at white space and `#`, and white space around it does not count. A key that
/// comes twice has its last value.
///
/// # Errors
/// The first line that is none, or whose key Lambda does not take.
pub fn parse(text: &str) -> Result<Variables, DotenvError> {
    let mut variables = Variables::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rest = text;
    let mut line = 1;
    while !rest.is_empty() {
        let start = line;
        let error = |problem: String| DotenvError { line: start, problem };
        let (first, behind) = rest.split_once('\n').unwrap_or((rest, ""));
        let trimmed = first.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            (rest, line) = (behind, line + 1);
            continue;
        }
        let indent = first.len() - first.trim_start().len();
        let statement = &rest[indent..];
        let statement = match statement.strip_prefix("export") {
            Some(after) if after.starts_with([' ', '\t']) => after.trim_start_matches([' ', '\t']),
            _ => statement,
        };
        let end_of_line = statement.find('\n').unwrap_or(statement.len());
        let Some(equals) = statement[..end_of_line].find('=') else {
            return Err(error("there is no `=`; write KEY=value".into()));
        };
        let key = statement[..equals].trim();
        check_variable_name(key).map_err(|problem| error(problem.to_string()))?;
        let value = statement[equals + 1..].trim_start_matches([' ', '\t']);
        let (value, after) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => quoted(value, quote).map_err(error)?,
            _ => plain(value),
        };
        variables.insert(key.to_owned(), Secret::new(value));
        line += rest[..rest.len() - after.len()].matches('\n').count().max(1);
        rest = after;
    }
    Ok(variables)
}

/// A value without quotes, and what comes behind its line.
fn plain(text: &str) -> (String, &str) {
    let (first, behind) = text.split_once('\n').unwrap_or((text, ""));
    let comment = first
        .char_indices()
        .find(|(at, c)| *c == '#' && (*at == 0 || first[..*at].ends_with(char::is_whitespace)))
        .map_or(first.len(), |(at, _)| at);
    (first[..comment].trim().to_owned(), behind)
}

/// A value in quotes, and what comes behind its line.
fn quoted(text: &str, quote: char) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            _ if character == quote => {
                let (same_line, behind) = text[at + 1..].split_once('\n').unwrap_or((&text[at + 1..], ""));
                let same_line = same_line.trim();
                if same_line.is_empty() || same_line.starts_with('#') {
                    return Ok((value, behind));
                }
                return Err(
                    "something stands behind the closing quote; remove it, or escape the quote".into()
                );
            }
            '\\' if quote == '"' => match characters.next().map(|(_, escaped)| escaped) {
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some('t') => value.push('\t'),
                Some(escaped @ ('"' | '\\' | '$')) => value.push(escaped),
                Some(other) => value.extend(['\\', other]),
                None => break,
            },
            _ => value.push(character),
        }
    }
    Err(format!("the closing {quote} is missing"))
}

/// Writes variables as a `.env` text that [`parse`] reads back the same.
#[must_use]
pub fn write<'v>(variables: impl IntoIterator<Item = (&'v str, &'v Secret)>) -> Secret {
    let mut text = String::new();
    for (key, value) in variables {
        text.push_str(key);
        text.push('=');
        let value = value.reveal();
        let safe = |c: char| c.is_ascii_alphanumeric() || "-_./:,@%+=".contains(c);
        if value.chars().all(safe) {
            text.push_str(value);
        } else {
            text.push('"');
            for character in value.chars() {
                match character {
                    '\n' => text.push_str("\\n"),
                    '\r' => text.push_str("\\r"),
                    '\t' => text.push_str("\\t"),
                    '"' | '\\' | '$' => text.extend(['\\', character]),
                    other => text.push(other),
                }
            }
            text.push('"');
        }
        text.push('\n');
    }
    Secret::new(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("AB=1", "1")]
    #[case("  export AB = a b  # note", "a b")]
    #[case("AB=a#b", "a#b")]
    #[case("AB=", "")]
    #[case("AB=# note", "")]
    #[case("AB='a # $x \\n'", "a # $x \\n")]
    #[case("AB=\"a\\n\\\"b\\\" \\$x\"  # note", "a\n\"b\" $x")]
    #[case("AB='two\nlines'\r\n", "two\nlines")]
    #[case("AB=first\nAB=last\r\n", "last")]
    #[case("\u{feff}# note\n\nAB=x=y", "x=y")]
    fn reads(#[case] text: &str, #[case] expected: &str) {
        let variables = parse(text).unwrap();
        assert_eq!(variables.len(), 1);
        assert_eq!(variables["AB"].reveal(), expected);
    }

    #[rstest]
    #[case("AB=1\ncanary", 2, "no `=`")]
    #[case("AB='x\ny'\nA-B=canary", 3, "position 2")]
    #[case("AB=\"canary", 1, "closing")]
    #[case("AB='a'canary", 1, "behind")]
    #[case("AWS_REGION=x", 1, "reserved")]
    fn says_where_it_is_wrong_and_no_value(#[case] text: &str, #[case] line: usize, #[case] part: &str) {
        let error = parse(text).unwrap_err();
        assert_eq!(error.line, line);
        let told = error.to_string();
        assert!(told.contains(part) && !told.contains("canary"), "{told}");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(values in proptest::collection::btree_map("[A-Z][A-Z0-9_]{1,8}", "\\PC*|[\n\r\t\"'\\\\$# a]*", 0..5)) {
            let variables: Variables = values.into_iter()
                .filter(|(key, _)| check_variable_name(key).is_ok())
                .map(|(key, value)| (key, Secret::new(value))).collect();
            let text = write(variables.iter().map(|(key, value)| (key.as_str(), value)));
            prop_assert_eq!(parse(text.reveal()).unwrap(), variables);
        }
    }
}
