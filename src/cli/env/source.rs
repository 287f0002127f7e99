//! Where variables come from: the command line, `.env` files, JSON. No message here holds a value.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use serde_json::{Map, Value};

use super::super::failure::Failure;
use crate::domain::{change::Variables, dotenv, json::check, name::check_variable_name, secret::Secret};

/// Lambda takes 4 KB; a file may hold comments.
const MAX_BYTES: u64 = 1024 * 1024;

/// `KEY=VALUE` arguments. The value is all that stands behind the first `=`.
///
/// # Errors
/// The first one that is none, by its place, or whose key Lambda does not take; a key that is given twice.
pub fn assignments(arguments: &[Secret]) -> Result<Variables, Failure> {
    let mut variables = Variables::new();
    for (index, argument) in arguments.iter().enumerate() {
        let number = index + 1;
        let Some((key, value)) = argument.reveal().split_once('=') else {
            return Err(Failure::usage(format!("variable {number} of the command line has no ="))
                .with_hint("write KEY=VALUE, in quotes where the value has blanks"));
        };
        check_variable_name(key)
            .map_err(|problem| Failure::usage(format!("variable {number} of the command line: {problem}")))?;
        if variables.insert(key.to_owned(), Secret::new(value)).is_some() {
            return Err(Failure::usage(format!("{key} is given twice")));
        }
    }
    Ok(variables)
}

/// Reads a `.env` file, or a JSON object as `env export` writes it; `-` is standard input.
///
/// # Errors
/// The file can't be read, or is neither.
pub async fn read(path: &Path) -> Result<Variables, Failure> {
    let (owned, shown) = (
        path.to_owned(),
        if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() },
    );
    let reading = tokio::task::spawn_blocking(move || {
        if owned == Path::new("-") { text(io::stdin().lock()) } else { text(File::open(owned)?) }
    });
    let text = reading
        .await
        .unwrap_or_else(|error| Err(io::Error::other(error)))
        .map_err(|error| Failure::usage(format!("can't read {shown}: {error}")))?;
    parse(text.reveal()).map_err(|problem| Failure::usage(format!("{shown}: {problem}")))
}

fn text(source: impl io::Read) -> io::Result<Secret> {
    let mut text = String::new();
    source.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => io::Error::new(error.kind(), "it is not UTF-8 text"),
        _ => error,
    })?;
    let text = Secret::new(text);
    if text.len() as u64 > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MB"));
    }
    Ok(text)
}

/// A `.env` line can't begin with a brace.
fn parse(text: &str) -> Result<Variables, String> {
    if !text.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
        return dotenv::parse(text).map_err(|error| error.to_string());
    }
    let text = text.trim_start_matches('\u{feff}');
    check(text).map_err(|problem| format!("it is not JSON: {problem}"))?;
    // Its own message would quote what it finds.
    let object: Map<String, Value> = serde_json::from_str(text).map_err(|_| "it is not a JSON object")?;
    object
        .into_iter()
        .map(|(key, value)| {
            check_variable_name(&key).map_err(|problem| problem.to_string())?;
            match value {
                Value::String(value) => Ok((key, Secret::new(value))),
                Value::Null => Err(format!("{key} is null: write the file with env export")),
                _ => Err(format!("{key} is not a text: put its value in double quotes")),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn secrets(arguments: &[&str]) -> Vec<Secret> {
        arguments.iter().map(|argument| Secret::new(*argument)).collect()
    }

    #[test]
    fn a_value_is_all_behind_the_first_equals_sign() {
        let read = assignments(&secrets(&["AB=c=d ", "EMPTY="])).unwrap();
        assert_eq!(read["AB"].reveal(), "c=d ");
        assert!(read["EMPTY"].is_empty());
    }

    #[rstest]
    #[case(&["canary"])]
    #[case(&["AB=1", "canary canary"])]
    #[case(&["AB=canary", "AB=canary"])]
    #[case(&["=canary"])]
    #[case(&["1A=canary"])]
    #[case(&["AWS_REGION=canary"])]
    fn what_is_no_assignment_is_not_quoted(#[case] arguments: &[&str]) {
        let failure = assignments(&secrets(arguments)).unwrap_err();
        assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
    }

    #[rstest]
    #[case("AB=1\n", Some("1"))]
    #[case("{\"AB\": \"1\"}", Some("1"))]
    #[case("\u{feff} {\"AB\": \"1\"}", Some("1"))]
    #[case("{\"AB\": canary}", None)]
    #[case("{\"AB\": 12345}", None)]
    #[case("{\"AB\": null}", None)]
    #[case("{\"A\": \"canary\"}", None)]
    #[case("{\"AB\": [\"canary\"]}", None)]
    #[case("canary", None)]
    fn both_forms_are_read(#[case] text: &str, #[case] expected: Option<&str>) {
        let read = parse(text);
        assert_eq!(read.as_ref().ok().map(|variables| variables["AB"].reveal()), expected);
        assert!(!format!("{read:?}").contains("canary") && !format!("{read:?}").contains("12345"));
    }
}
