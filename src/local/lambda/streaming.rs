//! InvokeWithResponseStream: the response as an event stream, a `PayloadChunk` for each piece that the function writes and
//! an `InvokeComplete` at the end.

use std::{io, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use serde::Serialize;

use super::{
    Lambda,
    error::Error,
    invoke::{Invocation, exec_error},
};
use crate::local::{
    exec::{Outcome, Streaming},
    frames,
    http::{Answer, Reply, Request},
};

/// The most bytes in one event: a response that was not streamed may be longer.
const CHUNK_BYTES: usize = 1024 * 1024;

/// `InvokeWithResponseStreamCompleteEvent`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Complete {
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_details: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_result: Option<String>,
}

impl Lambda {
    pub(super) async fn invoke_with_response_stream(
        self: &Arc<Self>,
        name: &str,
        request: &Request,
    ) -> Result<Reply, Error> {
        let Invocation { kind, chosen, event, tail, .. } =
            self.invocation(name, request, &["RequestResponse", "DryRun"]).await?;
        if kind == "DryRun" {
            return Ok(Answer::empty(204).into());
        }
        let streaming = self.setup.executor.invoke_streaming(&chosen.spec, chosen.reserved, event).await;
        let Streaming { chunks, outcome, .. } = streaming.map_err(|error| exec_error(&error))?;
        let head = Answer::typed(200, frames::CONTENT_TYPE, Bytes::new())
            .with_header("x-amz-executed-version", chosen.spec.version.clone());
        let chunks = stream::unfold(chunks, |mut chunks| async {
            chunks.recv().await.map(|data| (payload_chunk(data), chunks))
        });
        let rest = stream::once(outcome).flat_map(move |outcome| {
            stream::iter(match outcome {
                Ok(outcome) => last(outcome, tail),
                Err(_) => vec![Err(io::Error::other("the engine is stopping"))],
            })
        });
        let events = chunks.chain(rest).boxed();
        Ok(Reply::Streamed(head, events))
    }
}

/// What is sent once the function is done.
fn last(outcome: Outcome, tail: bool) -> Vec<io::Result<Bytes>> {
    let Outcome { payload, function_error, broke_off, log_tail, .. } = outcome;
    let mut events = Vec::new();
    let mut complete = Complete {
        error_code: None,
        error_details: None,
        log_result: tail.then(|| STANDARD.encode(log_tail)),
    };
    if let Some(kind) = function_error {
        // Once the response has begun, it is the error's own type that tells.
        complete.error_code = Some(broke_off.unwrap_or_else(|| kind.to_owned()));
        complete.error_details = Some(String::from_utf8_lossy(&payload).into_owned());
    } else {
        let mut payload = payload;
        while !payload.is_empty() {
            events.push(payload_chunk(payload.split_to(payload.len().min(CHUNK_BYTES))));
        }
    }
    let complete = serde_json::to_vec(&complete).unwrap_or_default();
    events.push(frames::event("InvokeComplete", "application/json", complete.into()));
    events
}

fn payload_chunk(data: Bytes) -> io::Result<Bytes> {
    frames::event("PayloadChunk", "application/octet-stream", data)
}
