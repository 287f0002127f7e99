//! `lambdeck invoke`.

mod answer;
mod payload;
mod repeat;
mod stream;

use std::{pin::Pin, sync::Arc};

use super::{
    args::{Invoke, Output as Form},
    failure::{FUNCTION_ERROR, Failure},
    saved::Recording,
    settings::Settings,
    signals::{self, Signal},
    terminal::{self, Output},
};
use crate::{
    cloud::Session,
    domain::{
        invocation::{Answer, Mode, Request},
        text::sanitise_lines,
    },
};

/// A signal that has not come yet.
type Ended = Pin<Box<dyn Future<Output = Signal>>>;

/// Sends one request, never a second one, and writes what came back; or as many as --repeat says.
///
/// # Errors
/// A payload that is no JSON or too large (nothing is sent), and as every write.
pub async fn run(arguments: &Invoke, settings: &Settings) -> Result<u8, Failure> {
    let mode = match (arguments.asynchronous, arguments.dry_run, arguments.stream) {
        (true, ..) => Mode::Event,
        (_, true, _) => Mode::DryRun,
        (.., true) => Mode::ResponseStream,
        _ => Mode::RequestResponse,
    };
    // Caught in one place: whether the request has left decides what a signal means.
    let mut ended: Ended = Box::pin(signals::ended());
    let prepare = async {
        let payload = payload::payload(arguments, settings, mode.payload_limit()).await?;
        let client_context = payload::client_context(arguments).await?;
        let request = Request {
            function: arguments.function.function_name(),
            qualifier: arguments.function.qualifier.clone(),
            tenant_id: arguments.tenant.clone(),
            mode,
            payload: Arc::new(payload),
            client_context: client_context.map(Arc::new),
            timeout_s: None,
        };
        Ok::<_, Failure>((request, Box::pin(Session::open(&settings.spec)).await?))
    };
    let (request, session) = tokio::select! {
        biased;
        prepared = prepare => prepared?,
        Signal(code) = &mut ended => return Ok(code),
    };
    match arguments.repeat {
        Some(times) => Box::pin(repeat::run(times, arguments, session, request, ended)).await,
        None => Box::pin(once(arguments, settings, &session, &request, ended)).await,
    }
}

async fn once(
    arguments: &Invoke,
    settings: &Settings,
    session: &Session,
    request: &Request,
    mut ended: Ended,
) -> Result<u8, Failure> {
    let streamed = request.mode == Mode::ResponseStream && arguments.output == Form::Text;
    // The answer, where it was waited for, and whether the response could be written.
    let invoke = async {
        if !streamed {
            return (Some(session.invoke(request, None).await), Ok(()));
        }
        let (pieces, mut writing) = stream::write();
        tokio::select! {
            // What came stands before what is said of it.
            answer = session.invoke(request, Some(pieces)) => (Some(answer), stream::written(writing.await)),
            // Before the end only where it fails: then nobody waits for the rest.
            written = &mut writing => (None, stream::written(written)),
        }
    };
    let recording =
        Recording::begin(request, arguments.event.clone().or_else(|| arguments.saved.clone()), settings);
    let (answer, written) = tokio::select! {
        biased;
        done = invoke => done,
        Signal(code) = &mut ended => {
            recording.left(session).await;
            let what =
                format!("stopped waiting for {}: the invocation goes on, outcome unknown", request.target());
            return Err(Failure::new(code, what).with_hint("look at its logs before sending it again"));
        }
    };
    let Some(answer) = answer else {
        recording.left(session).await;
        return written.map(|()| 0);
    };
    let answer = recording.end(session, answer).await?;
    written?;
    let mut output = Output::stdout();
    match arguments.output {
        Form::Json => output.json(&answer::Whole::new(&answer))?,
        Form::Text if streamed => {}
        Form::Text => answer::response(&answer.payload, &mut output)?,
    }
    output.flush()?;
    if arguments.tail {
        terminal::note(sanitise_lines(&answer.log_tail).trim_end());
    }
    if arguments.output == Form::Text {
        terminal::note(&answer::summary(&answer, request.mode));
        if let Some(details) = &answer.error_details {
            terminal::note(&format!("details: {details}"));
        }
    }
    outcome(answer, request)
}

/// The exit code that says how it ended.
fn outcome(answer: Answer, request: &Request) -> Result<u8, Failure> {
    match &answer.function_error {
        None => Ok(0),
        Some(error) => {
            let mut failure = Failure::new(FUNCTION_ERROR, format!("{} failed ({error})", request.target()));
            failure.request_id = answer.request_id;
            Err(failure)
        }
    }
}
