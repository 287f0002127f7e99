//! A streamed response on its way: from the Runtime API, piece by piece, to who asked for it.

use std::fmt;

use bytes::{Bytes, BytesMut};
use tokio::sync::{mpsc, oneshot};

use super::{
    Outcome,
    end::End,
    runtime_api::{self, MAX_RESPONSE_BYTES, Reply},
};

/// The longest streamed response, in bytes.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const MAX_STREAMED_BYTES: usize = 200 * 1024 * 1024;
/// Pieces that wait for a slow reader. Beyond them the function waits, too.
const WAITING_PIECES: usize = 16;

/// What comes in of a streamed response.
pub(super) enum Piece {
    Data(Bytes),
    /// All of it was there.
    End,
    /// It ended with an error: its type and the error object, from the trailers.
    Failed {
        error_type: String,
        body: Bytes,
    },
    /// The runtime hung up in the middle.
    Broken,
}

/// A response that is read while the function writes it. Dropping it does not stop the function.
pub struct Streaming {
    /// The response, piece by piece as the function wrote it. It is closed at the end of the event.
    pub chunks: mpsc::Receiver<Bytes>,
    /// The `Content-Type` that the runtime gave a streamed response: there before the first chunk.
    pub content_type: oneshot::Receiver<String>,
    /// How the event ended. Where the response was not streamed, it is whole in here.
    pub outcome: oneshot::Receiver<Outcome>,
}

impl fmt::Debug for Streaming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streaming").finish_non_exhaustive()
    }
}

/// Who reads a streamed response: the sending ends of [`Streaming`].
pub(super) struct Reader {
    chunks: mpsc::Sender<Bytes>,
    content_type: oneshot::Sender<String>,
}

impl Reader {
    /// A reader, and where it reads the chunks and the content type.
    pub(super) fn new() -> (Self, mpsc::Receiver<Bytes>, oneshot::Receiver<String>) {
        let (chunks, from_chunks) = mpsc::channel(WAITING_PIECES);
        let (content_type, from_content_type) = oneshot::channel();
        (Self { chunks, content_type }, from_chunks, from_content_type)
    }
}

/// Where a streamed response goes.
enum Sink {
    /// Into one piece, for who wants it whole.
    Whole(BytesMut),
    /// To who reads along.
    Reader(mpsc::Sender<Bytes>),
    /// The reader is gone; the function is to know nothing of it.
    Nowhere,
}

/// A streamed response that has begun.
struct Flow {
    pieces: mpsc::Receiver<Piece>,
    /// For the answer to the runtime's call.
    reply: Option<Reply>,
    /// A piece that the reader has no room for yet.
    waiting: Option<Bytes>,
    /// How many bytes came in.
    total: usize,
}

/// What comes at the end of a streamed response.
pub(super) enum Last {
    End(End),
    /// The runtime hung up in the middle.
    Broken,
}

/// The response to one event, as far as it is streamed.
pub(super) struct Response {
    sink: Sink,
    /// Where its content type goes, until it has begun.
    content_type: Option<oneshot::Sender<String>>,
    flow: Option<Flow>,
}

impl Response {
    /// None as yet. Without a reader it is gathered.
    pub(super) fn new(reader: Option<Reader>) -> Self {
        let (sink, content_type) = match reader {
            Some(Reader { chunks, content_type }) => (Sink::Reader(chunks), Some(content_type)),
            None => (Sink::Whole(BytesMut::new()), None),
        };
        Self { sink, content_type, flow: None }
    }

    pub(super) fn begin(
        &mut self,
        pieces: mpsc::Receiver<Piece>,
        content_type: Option<String>,
        reply: Reply,
    ) {
        if let (Some(to), Some(content_type)) = (self.content_type.take(), content_type) {
            let _ = to.send(content_type);
        }
        self.flow = Some(Flow { pieces, reply: Some(reply), waiting: None, total: 0 });
    }

    pub(super) fn has_begun(&self) -> bool {
        self.flow.is_some()
    }

    /// Moves one piece on. Waits for ever while nothing is streamed; may be dropped at any time. After `Some` nothing
    /// more comes, and [`Response::answer`] is to be called.
    pub(super) async fn step(&mut self) -> Option<Last> {
        let Some(flow) = &mut self.flow else { return std::future::pending().await };
        if let (Some(_), Sink::Reader(reader)) = (&flow.waiting, &self.sink) {
            let reader = reader.clone();
            let Ok(room) = reader.reserve().await else {
                self.sink = Sink::Nowhere;
                return None;
            };
            if let Some(data) = flow.waiting.take() {
                room.send(data);
            }
            return None;
        }
        match flow.pieces.recv().await {
            Some(Piece::Data(data)) => {
                flow.total = flow.total.saturating_add(data.len());
                let fits = flow.total <= self.sink.limit();
                match &mut self.sink {
                    Sink::Whole(whole) if fits => whole.extend_from_slice(&data),
                    // Read to its end all the same, so that the answer finds a runtime that listens.
                    Sink::Whole(whole) => *whole = BytesMut::new(),
                    Sink::Reader(_) if fits && !data.is_empty() => flow.waiting = Some(data),
                    Sink::Reader(_) | Sink::Nowhere => {}
                }
                None
            }
            Some(Piece::End) if flow.total > self.sink.limit() => Some(Last::End(End::TooLarge)),
            Some(Piece::End) => {
                let whole =
                    if let Sink::Whole(whole) = &mut self.sink { whole.split() } else { BytesMut::new() };
                Some(Last::End(End::Response(whole.freeze())))
            }
            Some(Piece::Failed { error_type, body }) => {
                Some(Last::End(End::Error { error_type: Some(error_type), body, in_init: false }))
            }
            Some(Piece::Broken) | None => Some(Last::Broken),
        }
    }

    /// Answers the runtime's call, once the response has come to its end.
    pub(super) fn answer(&mut self, end: &End) {
        if let Some(reply) = self.flow.as_mut().and_then(|flow| flow.reply.take()) {
            let too_large = matches!(end, End::TooLarge);
            let _ = reply.send(if too_large { runtime_api::too_large() } else { runtime_api::accepted() });
        }
    }

    /// The error's type, where it came up after somebody had begun to read.
    pub(super) fn broke_off(&self, end: &End) -> Option<String> {
        if self.flow.is_none() || matches!(self.sink, Sink::Whole(_)) {
            return None;
        }
        match end {
            End::Response(_) => None,
            // As the runtime has it, whatever it is.
            End::Error { error_type: Some(error_type), .. } => Some(error_type.clone()),
            _ => Some(end.error_type()),
        }
    }
}

impl Sink {
    /// The most bytes that it takes.
    fn limit(&self) -> usize {
        if matches!(self, Self::Whole(_)) { MAX_RESPONSE_BYTES } else { MAX_STREAMED_BYTES }
    }
}
