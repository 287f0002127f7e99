//! What is sent: where it comes from, and whether it may be sent.

use std::io::Read as _;

use crate::{
    cli::{args::Invoke, events, failure::Failure, saved, settings::Settings},
    domain::{invocation, json::check, secret::Secret},
};

/// Most bytes of a file that holds a client context: more than can be sent.
const CLIENT_CONTEXT_READ: usize = 4096;

/// The event, from whichever of the flags names it.
///
/// # Errors
/// It is not there or can't be read, is no JSON or larger than `limit` bytes.
pub(super) async fn payload(
    arguments: &Invoke,
    settings: &Settings,
    limit: usize,
) -> Result<Secret, Failure> {
    let text = match (&arguments.event, &arguments.saved) {
        (Some(template), _) => of_template(template, arguments, settings).await?,
        (None, Some(name)) => saved::event(&arguments.function.name, name, settings).await?,
        (None, None) => read_from("the payload", &arguments.payload, true, limit).await?,
    };
    checked(text, limit)
}

/// A template, filled in for the function that is invoked.
async fn of_template(id: &str, arguments: &Invoke, settings: &Settings) -> Result<Secret, Failure> {
    if id.trim_start().starts_with(['{', '[', '"']) {
        // Not quoted: it is a payload.
        return Err(Failure::usage("--event takes the name of a template, and this is JSON")
            .with_hint("give it with --payload; `lambdeck events list` shows the templates"));
    }
    let template = events::find(id)?;
    let values = events::values(Some(&arguments.function), settings).await?;
    Ok(Secret::new(template.render(&values)))
}

/// The client context, where one is given.
///
/// # Errors
/// It can't be read, is no JSON object or too long.
pub(super) async fn client_context(arguments: &Invoke) -> Result<Option<Secret>, Failure> {
    let Some(given) = &arguments.client_context else { return Ok(None) };
    let text = read_from("the client context", given, false, CLIENT_CONTEXT_READ).await?;
    invocation::client_context(text.reveal()).map(Some).map_err(Failure::usage)
}

/// Makes sure that it can be an event.
fn checked(text: Secret, limit: usize) -> Result<Secret, Failure> {
    if text.len() > limit {
        let limit = limit / (1024 * 1024);
        return Err(Failure::usage(format!("the payload is too large: at most {limit} MB are allowed"))
            .with_hint("put the data into S3 and send where it is"));
    }
    check(text.reveal()).map_err(|problem| {
        Failure::usage(format!("the payload is not JSON: {problem}"))
            .with_hint("give JSON, as in --payload '{\"id\": 1}'; a text needs double quotes of its own")
    })?;
    Ok(text)
}

/// The text itself, or that of a file behind @, or of standard input for - where that may be.
async fn read_from(what: &str, given: &str, or_stdin: bool, limit: usize) -> Result<Secret, Failure> {
    match given.strip_prefix('@') {
        Some(path) => {
            let path = path.to_owned();
            let shown = path.clone();
            blocking(move || std::fs::File::open(path).and_then(|file| read(file, limit)))
                .await
                .map_err(|error| Failure::usage(format!("can't read {what} from {shown}: {error}")))
        }
        None if or_stdin && given == "-" => blocking(move || read(std::io::stdin().lock(), limit))
            .await
            .map_err(|error| Failure::usage(format!("can't read {what} from standard input: {error}"))),
        None => Ok(Secret::new(given)),
    }
}

/// One byte more than the limit is enough to know.
fn read(source: impl std::io::Read, limit: usize) -> std::io::Result<Secret> {
    let mut text = String::new();
    source.take(limit as u64 + 1).read_to_string(&mut text).map_err(|error| {
        if error.kind() == std::io::ErrorKind::InvalidData {
            std::io::Error::new(error.kind(), "it is not UTF-8 text")
        } else {
            error
        }
    })?;
    Ok(Secret::new(text))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> std::io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::failure::USAGE;

    #[test]
    fn a_payload_has_a_largest_size() {
        assert!(checked(Secret::new("[1,2]"), 5).is_ok());
        let failure = checked(Secret::new("[1,23]"), 5).unwrap_err();
        assert_eq!(failure.code, USAGE);
        assert!(failure.message.contains("too large"));
    }
}
