//! Sending invocations.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_sdk_lambda::{
    config::Builder,
    operation::RequestId,
    primitives::Blob,
    types::{
        InvocationType, InvokeWithResponseStreamCompleteEvent as Complete,
        InvokeWithResponseStreamResponseEvent as Event, LogType,
    },
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::BeforeDeserializationInterceptorContextRef, dyn_dispatch_hint},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

use super::{Error, Session, convert, session::Patient};
use crate::domain::{
    invocation::{Answer, Chunk, Mode, Request, STREAM_KEPT},
    report::find_report,
    text::sanitise,
};

/// How long an answer is waited for: the 15 minutes that any function may run, and 30 s for the way.
///
/// Not the time-out of this function, as far as it is known: it may have been raised since it was read, and a version
/// has its own. Who gives up early loses the answer of a run that goes on; who waits loses nothing, for the elapsed
/// time is on the screen, and a peer that is gone is found out by TCP's keep-alive.
const LIMIT: Duration = Duration::from_secs(900 + 30);

/// How long the answer to what runs nothing is waited for: a queued event, a dry run.
const QUICK_LIMIT: Duration = Duration::from_mins(1);

/// How long a streamed response may pause once the function can't run any more: then all of it is on its way.
const PAUSE: Duration = Duration::from_secs(30);

/// The header that holds the log's tail in base64. The answer has it decoded.
const LOG_RESULT: &str = "x-amz-log-result";

/// Sends a request of the Lambda client: once, with all the patience it takes, and keeps the answer's headers.
macro_rules! once {
    ($request:expr, $limit:expr, $headers:expr) => {{
        let patient = Patient::of($limit);
        $request
            .customize()
            .config_override(
                Builder::new()
                    .retry_config(patient.retry)
                    .timeout_config(patient.timeout)
                    .stalled_stream_protection(patient.stalled),
            )
            .interceptor($headers.clone())
            .send()
            .await
    }};
}

impl Session {
    /// Sends one invocation: exactly one request, never retried.
    ///
    /// The pieces of a streamed response ([`Mode::ResponseStream`]) go to `chunks` as they come. While nobody takes them
    /// from there nothing more is read; where nobody ever will, the response is read to its end all the same. The answer
    /// has their bytes, too, up to [`STREAM_KEPT`].
    ///
    /// # Errors
    /// [`super::Kind::OutcomeUnknown`] where it left and no whole answer came. A function that failed is no error here:
    /// its [`Answer`] says so.
    pub async fn invoke(
        &self,
        request: &Request,
        chunks: Option<mpsc::Sender<Chunk>>,
    ) -> Result<Answer, Error> {
        let started = Instant::now();
        let headers = Headers::default();
        let mut answer = if request.mode == Mode::ResponseStream {
            Box::pin(self.stream(request, chunks, started, &headers)).await?
        } else {
            Box::pin(self.call(request, &headers)).await?
        };
        answer.elapsed_ms = elapsed_ms(started);
        answer.headers = headers.sorted();
        Ok(answer)
    }

    async fn call(&self, request: &Request, headers: &Headers) -> Result<Answer, Error> {
        let call = self
            .lambda()
            .invoke()
            .function_name(&request.function)
            .set_qualifier(request.qualifier.clone())
            .set_tenant_id(request.tenant_id.clone())
            .set_client_context(client_context(request))
            .invocation_type(match request.mode {
                Mode::RequestResponse | Mode::ResponseStream => InvocationType::RequestResponse,
                Mode::Event => InvocationType::Event,
                Mode::DryRun => InvocationType::DryRun,
            })
            .set_log_type(request.mode.responds().then_some(LogType::Tail))
            .payload(Blob::new(request.payload.reveal().as_bytes()));
        let limit = if request.mode.responds() { LIMIT } else { QUICK_LIMIT };
        let output = once!(call, limit, headers).map_err(|error| self.invoke_error(request, &error))?;
        let log_tail = convert::log_tail(output.log_result());
        Ok(Answer {
            status: status(output.status_code()),
            function_error: output.function_error().map(clean),
            executed_version: output.executed_version().map(clean),
            report: find_report(&log_tail),
            request_id: output.request_id().map(clean),
            payload: output.payload.map(Blob::into_inner).unwrap_or_default(),
            log_tail,
            ..Answer::default()
        })
    }

    async fn stream(
        &self,
        request: &Request,
        mut chunks: Option<mpsc::Sender<Chunk>>,
        started: Instant,
        headers: &Headers,
    ) -> Result<Answer, Error> {
        let call = self
            .lambda()
            .invoke_with_response_stream()
            .function_name(&request.function)
            .set_qualifier(request.qualifier.clone())
            .set_tenant_id(request.tenant_id.clone())
            .set_client_context(client_context(request))
            .log_type(LogType::Tail)
            .payload(Blob::new(request.payload.reveal().as_bytes()));
        let mut output = once!(call, LIMIT, headers).map_err(|error| self.invoke_error(request, &error))?;
        let mut answer = Answer {
            status: status(output.status_code()),
            executed_version: output.executed_version().map(clean),
            request_id: output.request_id().map(clean),
            ..Answer::default()
        };
        // The end that the service announces is the only good one.
        let broken = |mut error: Error| {
            error.request_id.clone_from(&answer.request_id);
            error
        };
        let mut newest = started;
        let mut kept = Kept::default();
        let complete = loop {
            let deadline = (started + LIMIT).max(newest + PAUSE);
            let event = match timeout_at(deadline, output.event_stream.recv()).await {
                Ok(Ok(Some(event))) => event,
                Ok(Ok(None)) => {
                    return Err(broken(Error::broken_off_as(
                        request,
                        "it ended before its end was announced",
                    )));
                }
                Ok(Err(error)) => return Err(broken(Error::broken_off(request, &error))),
                Err(_) => return Err(broken(Error::broken_off_as(request, "nothing more came in time"))),
            };
            match event {
                Event::PayloadChunk(update) => {
                    let bytes = update.payload.map(Blob::into_inner).unwrap_or_default();
                    if !bytes.is_empty() {
                        let chunk = Chunk { bytes, at_ms: elapsed_ms(started) };
                        kept.add(&chunk);
                        if let Some(taker) = &chunks
                            && taker.send(chunk).await.is_err()
                        {
                            chunks = None;
                        }
                    }
                    // Time in which nobody took a piece is not the service's.
                    newest = Instant::now();
                }
                Event::InvokeComplete(complete) => break complete,
                // What AWS may add.
                _ => {}
            }
        };
        let Complete { error_code, error_details, log_result, .. } = complete;
        let log_tail = convert::log_tail(log_result.as_deref());
        answer.function_error = error_code.as_deref().map(clean);
        answer.error_details = error_details.as_deref().map(clean);
        answer.report = find_report(&log_tail);
        answer.log_tail = log_tail;
        answer.payload = kept.bytes;
        answer.payload_left_out = kept.left_out;
        answer.first_byte_ms = kept.first_ms;
        Ok(answer)
    }
}

/// What is kept of a streamed response.
#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    left_out: u64,
    first_ms: Option<u64>,
}

impl Kept {
    fn add(&mut self, chunk: &Chunk) {
        self.first_ms.get_or_insert(chunk.at_ms);
        let (kept, rest) = chunk.bytes.split_at(chunk.bytes.len().min(STREAM_KEPT - self.bytes.len()));
        self.bytes.extend_from_slice(kept);
        self.left_out += rest.len() as u64;
    }
}

/// The client context as it travels.
fn client_context(request: &Request) -> Option<String> {
    request.client_context.as_ref().map(|context| STANDARD.encode(context.reveal()))
}

fn status(code: i32) -> u16 {
    u16::try_from(code).unwrap_or_default()
}

fn clean(text: &str) -> String {
    sanitise(text).into_owned()
}

fn elapsed_ms(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Takes down the headers of an answer. Clones share them.
#[derive(Clone, Default)]
struct Headers(Arc<Mutex<Vec<(String, String)>>>);

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Headers")
    }
}

impl Headers {
    fn sorted(&self) -> Vec<(String, String)> {
        let mut headers = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        // Stable: several of a name stay as they came.
        headers.sort_by(|(one, _), (other, _)| one.cmp(other));
        headers
    }
}

#[dyn_dispatch_hint]
impl Intercept for Headers {
    fn name(&self) -> &'static str {
        "Headers"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.response().headers().iter_bytes();
        let headers = headers
            .filter(|(name, _)| !name.eq_ignore_ascii_case(LOG_RESULT))
            .map(|(name, value)| (clean(name), clean(&String::from_utf8_lossy(value))));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = headers.collect();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_a_stream_is_bounded() {
        let mut kept = Kept::default();
        for at_ms in 7..12 {
            kept.add(&Chunk { bytes: vec![b'x'; STREAM_KEPT / 3], at_ms });
        }
        assert_eq!((kept.bytes.len(), kept.first_ms), (STREAM_KEPT, Some(7)));
        assert_eq!(kept.left_out, (STREAM_KEPT / 3 * 5 - STREAM_KEPT) as u64);
    }
}
