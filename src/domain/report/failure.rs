//! How a runtime, or Lambda itself, writes that an invocation failed. A Text REPORT does not tell of an error that the
//! handler raised: the line of the runtime is all there is.

use std::{borrow::Cow, sync::LazyLock};

use memchr::memmem::Finder;
use serde::{Deserialize, de::IgnoredAny};

use super::{
    line::{decoded, is_uuid},
    word,
};
use crate::domain::text::sanitise;

/// The longest type of an error that is kept, in characters.
const MOST: usize = 120;

/// The beginning of a line that is looked at, in bytes.
const HEAD: usize = 512;

/// What a line says of the failure of its invocation. Texts are sanitised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure<'a> {
    /// The runtime's process ended: `Runtime.ExitError`.
    Crashed(Cow<'a, str>),
    /// The handler raised an error, or could not be loaded: the error's type, such as `KeyError`.
    Raised(Cow<'a, str>),
}

/// Reads the line of a failure, in both log formats:
///
/// - Lambda: `RequestId: ID Error: Runtime exited with error: signal: killed`, then `Runtime.ExitError`
/// - Python: `[ERROR] KeyError: 'id'`, then `Traceback (most recent call last):`
/// - Node.js: `time ID ERROR Invoke Error {"errorType":"TypeError",...}`, also `Uncaught Exception` and
///   `Unhandled Promise Rejection`
/// - JSON of any runtime: an object with `errorType` and a stack or a message of its own
#[must_use]
pub fn failure(line: &str) -> Option<Failure<'_>> {
    let line = line.trim_end();
    match line.as_bytes().first()? {
        b'R' => of_lambda(line),
        b'[' => of_python(line).map(Failure::Raised),
        b'{' => of_json(line).map(|kind| Failure::Raised(Cow::Owned(kind))),
        b'0'..=b'9' => of_node(line).map(|kind| Failure::Raised(Cow::Owned(kind))),
        _ => None,
    }
}

fn of_lambda(line: &str) -> Option<Failure<'_>> {
    let (id, rest) = word(line.strip_prefix("RequestId: ")?);
    let rest = rest.trim_start();
    if !is_uuid(id) {
        return None;
    }
    let named = rest.lines().nth(1).map(str::trim).filter(|kind| is_type(kind)).map(short);
    let exited = ["Error: Runtime exited", "Process exited before completing request"];
    if exited.iter().any(|beginning| rest.starts_with(beginning)) {
        return Some(Failure::Crashed(named.unwrap_or(Cow::Borrowed("Runtime.ExitError"))));
    }
    rest.starts_with("Error: ").then(|| Failure::Raised(named.unwrap_or(Cow::Borrowed("Error"))))
}

fn of_python(line: &str) -> Option<Cow<'_, str>> {
    let (kind, _) = line.strip_prefix("[ERROR] ")?.split_once(':')?;
    let raised = kind.starts_with("Runtime.") || holds(line, "Traceback (most recent call last)");
    (is_type(kind) && raised).then(|| short(kind))
}

fn of_node(line: &str) -> Option<String> {
    const WORDS: [&str; 3] = ["\tInvoke Error", "\tUncaught Exception", "\tUnhandled Promise Rejection"];
    let head = &line[..line.floor_char_boundary(HEAD)];
    let at = WORDS.iter().find_map(|words| head.find(words))?;
    let object = &line[at + line[at..].find('{')?..];
    Some(of_json(object).unwrap_or_else(|| "Error".to_owned()))
}

fn of_json(line: &str) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Members {
        error_type: Option<String>,
        #[serde(rename = "errorMessage")]
        message: Option<IgnoredAny>,
        #[serde(rename = "stackTrace", alias = "stack", alias = "trace")]
        stack: Option<IgnoredAny>,
        #[serde(rename = "type")]
        event: Option<IgnoredAny>,
    }
    static HINT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"errorType\""));
    HINT.find(line.as_bytes())?;
    let members: Members = serde_json::from_str(line).ok()?;
    // A platform event tells of it in a status.
    let raised = members.event.is_none() && (members.message.is_some() || members.stack.is_some());
    let kind = members.error_type.filter(|kind| raised && !kind.is_empty())?;
    Some(decoded(&kind).chars().take(MOST).collect())
}

/// Whether a text is the name of a type, as runtimes write it: `KeyError`, `Runtime.ExitError`, `json.JSONDecodeError`.
fn is_type(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '$' | '<' | '>' | ':');
    text.starts_with(char::is_alphabetic)
        && text.chars().take(MOST + 1).count() <= MOST
        && text.chars().all(plain)
}

fn short(kind: &str) -> Cow<'_, str> {
    sanitise(kind)
}

fn holds(line: &str, what: &str) -> bool {
    memchr::memmem::find(line.as_bytes(), what.as_bytes()).is_some()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const ID: &str = "f6d1a2c8-5b1e-4c55-9f0b-0d2d4c1f1c7a";

    fn crashed(kind: &str) -> Failure<'_> {
        Failure::Crashed(kind.into())
    }

    fn raised(kind: &str) -> Failure<'_> {
        Failure::Raised(kind.into())
    }

    #[rstest]
    #[case::killed(
        "RequestId: ID Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n",
        Some(crashed("Runtime.ExitError"))
    )]
    #[case::exited(
        "RequestId: ID Error: Runtime exited without providing a reason",
        Some(crashed("Runtime.ExitError"))
    )]
    #[case::before(
        "RequestId: ID Process exited before completing request",
        Some(crashed("Runtime.ExitError"))
    )]
    #[case::other(
        "RequestId: ID Error: exec format error\nRuntime.InvalidEntrypoint",
        Some(raised("Runtime.InvalidEntrypoint"))
    )]
    #[case::python(
        "[ERROR] KeyError: 'id'\rTraceback (most recent call last):\r  File",
        Some(raised("KeyError"))
    )]
    #[case::python_import(
        "[ERROR] Runtime.ImportModuleError: Unable to import module 'app'",
        Some(raised("Runtime.ImportModuleError"))
    )]
    #[case::node(
        "2026-11-20T14:00:00.000Z\tID\tERROR\tInvoke Error \t{\"errorType\":\"TypeError\",\"errorMessage\":\"x\",\"stack\":[]}",
        Some(raised("TypeError"))
    )]
    #[case::node_cut(
        "2026-11-20T14:00:00.000Z\tID\tERROR\tUncaught Exception \t{\"errorType\":\"Ty",
        Some(raised("Error"))
    )]
    #[case::json(
        r#"{"level":"ERROR","requestId":"ID","errorType":"TypeError","errorMessage":"no","stackTrace":[]}"#,
        Some(raised("TypeError"))
    )]
    #[case::escapes(r#"{"errorType":"a\u001b[2J","errorMessage":""}"#, Some(raised("a␛[2J")))]
    fn failures(#[case] line: &str, #[case] expected: Option<Failure<'_>>) {
        assert_eq!(failure(&line.replace("ID", ID)), expected);
    }

    #[rstest]
    #[case("")]
    #[case("[ERROR] order 5 failed")]
    #[case("[ERROR] KeyError: caught, and all is well")]
    #[case("[ERROR]\t2026-11-20T14:00:00.000Z\tID\tKeyError: x")]
    #[case("2026-11-20T14:00:00.000Z\tID\tERROR\tno luck")]
    #[case(r#"{"level":"ERROR","message":"boom"}"#)]
    #[case(r#"{"errorType":"counted"}"#)]
    #[case(r#"{"type":"platform.report","record":{"errorType":"X"},"errorType":"X","errorMessage":"x"}"#)]
    #[case("RequestId: of nobody Error: x")]
    fn what_an_application_writes_is_no_failure(#[case] line: &str) {
        assert_eq!(failure(&line.replace("ID", ID)), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn any_text_is_read_and_neutral(
            start in prop::sample::select(vec!["", "[ERROR] ", "RequestId: ", "{\"errorMessage\":1,\"errorType\":\"", "2026\tInvoke Error {"]),
            text in any::<String>(),
        ) {
            if let Some(Failure::Crashed(kind) | Failure::Raised(kind)) = failure(&format!("{start}{text}")) {
                prop_assert!(matches!(sanitise(&kind), Cow::Borrowed(_)));
            }
        }
    }
}
