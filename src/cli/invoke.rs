//! `lambdeck invoke`.

use std::{fmt::Write as _, io::Read as _, pin::pin, sync::Arc};

use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    args::{Invoke, Output as Form},
    failure::{FUNCTION_ERROR, Failure},
    json,
    saved::{self, Recording},
    settings::Settings,
    signals::{self, Signal},
    terminal::{self, Output},
};
use crate::{
    cloud::Session,
    domain::{
        format,
        invocation::{Answer, Mode, Request},
        json::check,
        report::{Report, find_report},
        secret::Secret,
        text::{sanitise_bytes, sanitise_lines},
    },
};

/// Sends one request, never a second one, and writes what came back.
///
/// # Errors
/// A payload that is no JSON or too large (nothing is sent), and as every write.
pub async fn run(arguments: &Invoke, settings: &Settings) -> Result<u8, Failure> {
    let mode = match (arguments.asynchronous, arguments.dry_run) {
        (true, _) => Mode::Event,
        (_, true) => Mode::DryRun,
        _ => Mode::RequestResponse,
    };
    // Caught in one place: whether the request has left decides what a signal means.
    let mut ended = pin!(signals::ended());
    let prepare = async {
        let payload = match &arguments.saved {
            Some(name) => {
                checked(saved::event(&arguments.function.name, name, settings).await?, mode.payload_limit())?
            }
            None => payload(&arguments.payload, mode.payload_limit()).await?,
        };
        Ok::<_, Failure>((payload, Session::open(&settings.spec).await?))
    };
    let (payload, session) = tokio::select! {
        biased;
        prepared = prepare => prepared?,
        Signal(code) = &mut ended => return Ok(code),
    };
    let request = Request {
        function: arguments.function.function_name(),
        qualifier: arguments.function.qualifier.clone(),
        mode,
        payload: Arc::new(payload),
        ..Request::default()
    };
    let recording = Recording::begin(&request, arguments.saved.clone(), settings);
    let answer = tokio::select! {
        biased;
        answer = session.invoke(&request) => recording.end(&session, answer).await?,
        Signal(code) = &mut ended => {
            recording.left(&session).await;
            let what =
                format!("stopped waiting for {}: the invocation goes on, outcome unknown", request.function);
            return Err(Failure::new(code, what).with_hint("look at its logs before sending it again"));
        }
    };
    let mut output = Output::stdout();
    match arguments.output {
        Form::Json => output.json(&Whole::new(&answer))?,
        Form::Text => response(&answer.payload, &mut output)?,
    }
    output.flush()?;
    if arguments.tail {
        terminal::note(sanitise_lines(&answer.log_tail).trim_end());
    }
    if arguments.output == Form::Text {
        terminal::note(&summary(&answer, mode));
    }
    match &answer.function_error {
        None => Ok(0),
        Some(error) => {
            let mut failure = Failure::new(FUNCTION_ERROR, format!("{} failed ({error})", request.function));
            failure.request_id = answer.request_id;
            Err(failure)
        }
    }
}

/// Reads the event from where it is.
async fn payload(given: &str, limit: usize) -> Result<Secret, Failure> {
    let text = match given.strip_prefix('@') {
        Some(path) => {
            let path = path.to_owned();
            let shown = path.clone();
            blocking(move || std::fs::File::open(path).and_then(|file| read(file, limit)))
                .await
                .map_err(|error| Failure::usage(format!("can't read the payload from {shown}: {error}")))?
        }
        None if given == "-" => {
            blocking(move || read(std::io::stdin().lock(), limit)).await.map_err(|error| {
                Failure::usage(format!("can't read the payload from standard input: {error}"))
            })?
        }
        None => Secret::new(given),
    };
    checked(text, limit)
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

/// The response as it is; on a terminal what that would obey is neutralised, and the prompt gets a line of its own.
fn response(payload: &[u8], output: &mut Output) -> Result<(), Failure> {
    if !output.terminal {
        return output.bytes(payload);
    }
    if payload.is_empty() {
        return Ok(());
    }
    match std::str::from_utf8(payload) {
        Ok(text) if check(text).is_ok() => output.bytes(json::escaped(text).as_bytes())?,
        _ => output.bytes(sanitise_bytes(payload).as_bytes())?,
    }
    if payload.ends_with(b"\n") { Ok(()) } else { output.bytes(b"\n") }
}

fn report(answer: &Answer) -> Option<Report> {
    answer.report.clone().or_else(|| find_report(&answer.log_tail))
}

/// The line on stderr.
fn summary(answer: &Answer, mode: Mode) -> String {
    let mut line = match mode {
        Mode::RequestResponse | Mode::ResponseStream => format!("status {}", answer.status),
        Mode::Event => format!("status {}, queued", answer.status),
        Mode::DryRun => format!("status {}, dry run: it would be accepted", answer.status),
    };
    if let Some(version) = &answer.executed_version {
        let _ = write!(line, ", version {version}");
    }
    match report(answer) {
        Some(report) => {
            let _ = write!(
                line,
                ", duration {}, billed {} ms, memory {} of {} MB",
                format::duration_ms(report.duration_ms),
                report.billed_ms,
                report.max_memory_mb,
                report.memory_mb
            );
            if let Some(init) = report.init_ms {
                let _ = write!(line, ", cold start {}", format::duration_ms(init));
            }
        }
        None if mode.responds() => {
            let _ = write!(line, ", answered after {} ms", answer.elapsed_ms);
        }
        None => {}
    }
    if let Some(id) = &answer.request_id {
        let _ = write!(line, ", request {id}");
    }
    line
}

/// `--output json`: the names of the API's own members, and of the numbers in the REPORT line.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Whole<'a> {
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    executed_version: Option<&'a str>,
    payload: Payload<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_tail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    billed_duration_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    init_duration_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_size: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_memory_used: Option<u32>,
    elapsed_ms: u64,
}

/// The response: JSON as it is, to the last digit; else a text.
#[derive(Serialize)]
#[serde(untagged)]
enum Payload<'a> {
    Nothing(()),
    Json(&'a RawValue),
    Text(String),
}

impl<'a> Payload<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        if bytes.is_empty() {
            return Self::Nothing(());
        }
        serde_json::from_slice(bytes)
            .map_or_else(|_| Self::Text(String::from_utf8_lossy(bytes).into_owned()), Self::Json)
    }
}

impl<'a> Whole<'a> {
    fn new(answer: &'a Answer) -> Self {
        let report = report(answer);
        let report = report.as_ref();
        Self {
            status_code: answer.status,
            function_error: answer.function_error.as_deref(),
            executed_version: answer.executed_version.as_deref(),
            payload: Payload::new(&answer.payload),
            log_tail: Some(answer.log_tail.as_str()).filter(|tail| !tail.is_empty()),
            request_id: answer.request_id.as_deref(),
            duration_ms: report.map(|report| report.duration_ms),
            billed_duration_ms: report.map(|report| report.billed_ms),
            init_duration_ms: report.and_then(|report| report.init_ms),
            memory_size: report.map(|report| report.memory_mb),
            max_memory_used: report.map(|report| report.max_memory_mb),
            elapsed_ms: answer.elapsed_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_payload_has_a_largest_size() {
        assert!(payload("[1,2]", 5).await.is_ok());
        let failure = payload("[1,23]", 5).await.unwrap_err();
        assert_eq!(failure.code, super::super::failure::USAGE);
        assert!(failure.message.contains("too large"));
    }

    #[test]
    fn a_response_that_is_no_json_is_a_text() {
        let written = |bytes: &[u8]| serde_json::to_string(&Payload::new(bytes)).unwrap();
        assert_eq!(written(b""), "null");
        assert_eq!(written(b" {\"n\": 1.10} "), "{\"n\": 1.10}");
        assert_eq!(written(b"plain"), "\"plain\"");
        assert_eq!(written(b"\xff"), "\"\u{fffd}\"");
    }
}
