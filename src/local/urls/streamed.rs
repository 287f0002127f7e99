//! A response that is sent on while the function writes it.
//!
//! With the content type [`PRELUDE`] it begins with JSON that says status, headers and cookies, and eight zeros
//! (`awslambda.HttpResponseStream.from` of Node.js writes it so). Without it, it is the body, as it comes: a function
//! that gives its response whole is not asked what status it wants (recorded on AWS).

use std::io;

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, stream};
use tokio::sync::oneshot;

use super::response::{self, Meta};
use crate::local::{
    exec::{Outcome, Streaming},
    http::{Answer, Reply},
};

/// The content type of a stream that begins with its status and headers.
const PRELUDE: &str = "application/vnd.awslambda.http-integration-response";
/// What stands between those and the body.
const DELIMITER: [u8; 8] = [0; 8];
/// The most bytes that status and headers may have. The service has some limit; this one is the engine's.
const MOST: usize = 64 * 1024;
/// The content type where the runtime names none.
const BYTES: &str = "application/octet-stream";

/// The reply for a response that is under way. It begins with the response's first byte.
pub(super) async fn reply(streaming: Streaming) -> Reply {
    let Streaming { mut chunks, mut content_type, outcome } = streaming;
    let Some(first) = chunks.recv().await else {
        return match outcome.await {
            Ok(outcome) => without_chunks(outcome, content_type.try_recv().ok().as_deref()),
            Err(_) => response::failed().into(),
        };
    };
    let content_type = content_type.try_recv().unwrap_or_else(|_| BYTES.to_owned());
    let (head, first) = if content_type == PRELUDE {
        let mut begun = BytesMut::from(&first[..]);
        let at = loop {
            if let Some(at) = begun.windows(DELIMITER.len()).position(|bytes| bytes == DELIMITER) {
                break at;
            }
            match chunks.recv().await {
                Some(more) if begun.len() <= MOST => begun.extend_from_slice(&more),
                // Too long, or it ended before its body began.
                _ => return response::failed().into(),
            }
        };
        let meta = begun.split_to(at);
        let body = begun.split_off(DELIMITER.len()).freeze();
        match serde_json::from_slice::<Meta>(&meta).map_err(|_| "no JSON").and_then(|meta| meta.answer(BYTES))
        {
            Ok(head) => (head, body),
            Err(why) => {
                tracing::debug!(why, "a streamed response begins with no status and headers");
                return response::failed().into();
            }
        }
    } else {
        (typed(&content_type), first)
    };
    let first = stream::iter((!first.is_empty()).then_some(Ok(first)));
    let rest =
        stream::unfold(chunks, |mut chunks| async { chunks.recv().await.map(|data| (Ok(data), chunks)) });
    let end = stream::once(outcome).filter_map(|outcome| async { broken(outcome) });
    Reply::Streamed(head, first.chain(rest).chain(end).boxed())
}

/// A response that was given whole, or streamed without a byte.
fn without_chunks(outcome: Outcome, content_type: Option<&str>) -> Reply {
    if outcome.function_error.is_some() || content_type == Some(PRELUDE) {
        return response::failed().into();
    }
    let mut answer = typed(content_type.unwrap_or("application/json"));
    answer.body = outcome.payload;
    answer.into()
}

/// What cuts the connection off, where the function failed after it had begun.
fn broken(outcome: Result<Outcome, oneshot::error::RecvError>) -> Option<io::Result<Bytes>> {
    let failed = outcome.map_or(true, |outcome| outcome.function_error.is_some());
    failed.then(|| Err(io::Error::other("the function failed in the middle of its response")))
}

fn typed(content_type: &str) -> Answer {
    Answer::empty(200).with_header("content-type", content_type)
}
