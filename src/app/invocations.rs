//! The invocations of this run: those on their way and those that ended, of all functions.

use std::{collections::VecDeque, fmt};

use jiff::Timestamp;

use super::{Ticket, answer::ErrorText};
use crate::{
    cloud,
    domain::{
        invocation::{Chunk, Ending, Reply, Request, STREAM_KEPT},
        place::Place,
    },
};

/// Invocations that are remembered. The oldest go first; none that is on its way goes.
const REMEMBERED: usize = 500;

/// Bytes of events and responses that are remembered together. What has to go goes from the oldest; numbers and
/// outcomes stay.
const REMEMBERED_BYTES: usize = 64 * 1024 * 1024;

/// Invocations that may be on their way at a time by single presses of a key.
pub const AT_ONCE: usize = 10;

/// One invocation.
#[derive(Debug)]
pub struct Invocation {
    /// Counts the invocations of this run, from 1: its name on the screen.
    pub number: u64,
    /// The request. Its epoch is the session's.
    pub ticket: Ticket,
    /// Where it was sent.
    pub place: Place,
    /// What was sent. The payload is empty where it was forgotten, see [`Invocation::forgotten`].
    pub request: Request,
    /// The template or saved event that it came from.
    pub event: Option<String>,
    /// When it was sent.
    pub since: Timestamp,
    /// What has come of a response that is streamed.
    pub stream: Stream,
    /// What it came to; none while it is on its way.
    pub outcome: Option<Outcome>,
    /// Event and response had to make room for newer ones.
    pub forgotten: bool,
}

/// What an invocation came to.
#[derive(Debug)]
pub struct Outcome {
    /// When.
    pub at: Timestamp,
    /// The answer, or why there is none.
    pub result: Result<Reply, cloud::Error>,
    /// What the function failed with, to be read.
    pub error: Option<ErrorText>,
}

impl Outcome {
    /// How it ended, in one word.
    pub fn ending(&self) -> Ending {
        match &self.result {
            Ok(reply) => reply.answer.ending(),
            Err(error) => error.ending(),
        }
    }
}

/// What has come of a response that is streamed. Its `Debug` shows sizes.
#[derive(Default)]
pub struct Stream {
    /// Pieces.
    pub chunks: usize,
    /// Bytes in all.
    pub bytes: u64,
    /// Milliseconds from sending to the first byte.
    pub first_byte_ms: Option<u64>,
    /// Milliseconds from sending to the newest piece.
    pub last_ms: u64,
    /// The bytes, up to [`STREAM_KEPT`].
    pub kept: Vec<u8>,
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stream({} bytes in {} chunks)", self.bytes, self.chunks)
    }
}

impl Stream {
    fn add(&mut self, chunk: &Chunk) {
        self.chunks += 1;
        self.bytes += chunk.bytes.len() as u64;
        self.first_byte_ms.get_or_insert(chunk.at_ms);
        self.last_ms = chunk.at_ms;
        let room = STREAM_KEPT - self.kept.len().min(STREAM_KEPT);
        self.kept.extend_from_slice(&chunk.bytes[..room.min(chunk.bytes.len())]);
    }

    /// The newest of what came, at most so many bytes, from the beginning of a character on.
    pub fn tail(&self, bytes: usize) -> &[u8] {
        let mut from = self.kept.len().saturating_sub(bytes);
        // Continuation bytes of UTF-8.
        while from > 0 && self.kept.get(from).is_some_and(|byte| byte & 0xC0 == 0x80) {
            from += 1;
        }
        &self.kept[from..]
    }
}

impl Invocation {
    /// Whether no answer has come yet.
    pub fn is_running(&self) -> bool {
        self.outcome.is_none()
    }

    /// The reply, where there is one.
    pub fn reply(&self) -> Option<&Reply> {
        self.outcome.as_ref()?.result.as_ref().ok()
    }

    fn bytes(&self) -> usize {
        let response = self.reply().map_or(0, |reply| reply.body.bytes().len());
        self.request.payload.len() + response + self.stream.kept.len()
    }
}

/// The invocations of this run, oldest first.
#[derive(Debug, Default)]
pub struct Invocations {
    list: VecDeque<Invocation>,
    sent: u64,
}

impl Invocations {
    /// Adds one that is about to be sent.
    pub fn begin(
        &mut self,
        ticket: Ticket,
        place: Place,
        request: Request,
        event: Option<String>,
        now: Timestamp,
    ) -> u64 {
        self.sent += 1;
        self.list.push_back(Invocation {
            number: self.sent,
            ticket,
            place,
            request,
            event,
            since: now,
            stream: Stream::default(),
            outcome: None,
            forgotten: false,
        });
        self.make_room();
        self.sent
    }

    /// A piece of a streamed response.
    pub(super) fn streamed(&mut self, ticket: Ticket, chunk: &Chunk) {
        if let Some(running) = self.list.iter_mut().find(|one| one.ticket == ticket && one.is_running()) {
            running.stream.add(chunk);
        }
    }

    /// One ended. None where it is not known, or had ended before.
    pub(super) fn end(
        &mut self,
        ticket: Ticket,
        at: Timestamp,
        result: Result<Reply, cloud::Error>,
    ) -> Option<u64> {
        let ended = self.list.iter_mut().find(|one| one.ticket == ticket && one.is_running())?;
        // The body has all of it; where there is none, what came is all there is.
        if result.is_ok() {
            ended.stream.kept = Vec::new();
        }
        // Why there is no answer is said in the heading.
        let error = if result.is_ok() { ErrorText::of(&result) } else { None };
        ended.outcome = Some(Outcome { at, result, error });
        let number = ended.number;
        self.make_room();
        Some(number)
    }

    fn make_room(&mut self) {
        while self.list.len() > REMEMBERED {
            let Some(oldest) = self.list.iter().position(|one| !one.is_running()) else { break };
            self.list.remove(oldest);
        }
        let mut bytes: usize = self.list.iter().map(Invocation::bytes).sum();
        // The newest keeps what it has, however large.
        let older = self.list.len().saturating_sub(1);
        for one in self.list.iter_mut().take(older).filter(|one| !one.is_running()) {
            if bytes <= REMEMBERED_BYTES {
                break;
            }
            bytes -= one.bytes();
            one.forget();
        }
    }

    /// All of them, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Invocation> {
        self.list.iter()
    }

    /// One by its number.
    pub fn get(&self, number: u64) -> Option<&Invocation> {
        self.list.iter().find(|one| one.number == number)
    }

    /// Those of a function in a session, oldest first. One of an earlier session concerns another function, be its
    /// name the same.
    pub fn of<'a>(
        &'a self,
        function: &'a str,
        epoch: u32,
    ) -> impl DoubleEndedIterator<Item = &'a Invocation> {
        self.list.iter().filter(move |one| one.request.function == function && one.ticket.epoch == epoch)
    }

    /// Those on their way, oldest first, wherever they were sent from.
    pub fn running(&self) -> impl DoubleEndedIterator<Item = &Invocation> {
        self.list.iter().filter(|one| one.is_running())
    }
}

impl Invocation {
    fn forget(&mut self) {
        self.forgotten = true;
        self.request.payload = std::sync::Arc::default();
        self.stream.kept = Vec::new();
        if let Some(Outcome { result: Ok(reply), error, .. }) = &mut self.outcome {
            *error = None;
            reply.body = std::sync::Arc::new(crate::domain::body::Body::read(Vec::new()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{invocation::Answer, secret::Secret};

    fn ticket(number: u64) -> Ticket {
        Ticket { epoch: 0, number }
    }

    fn send(invocations: &mut Invocations, number: u64, bytes: usize) {
        let payload = std::sync::Arc::new(Secret::new("x".repeat(bytes)));
        let request = Request { function: "f".into(), payload, ..Request::default() };
        invocations.begin(ticket(number), Place::default(), request, None, Timestamp::UNIX_EPOCH);
    }

    fn end(invocations: &mut Invocations, number: u64) {
        let answer = Answer { status: 200, ..Answer::default() };
        assert!(
            invocations.end(ticket(number), Timestamp::UNIX_EPOCH, Ok(Reply::read(answer))).is_some(),
            "{number}"
        );
    }

    #[test]
    fn what_is_remembered_is_bounded_and_what_runs_stays() {
        let mut invocations = Invocations::default();
        send(&mut invocations, 0, 10);
        for number in 1..=600 {
            send(&mut invocations, number, 10);
            end(&mut invocations, number);
        }
        assert_eq!(invocations.iter().count(), REMEMBERED);
        assert_eq!(invocations.running().map(|one| one.number).collect::<Vec<_>>(), [1]);
        end(&mut invocations, 0);
        // An answer that comes twice counts once.
        let twice = Ok(Reply::read(Answer::default()));
        assert_eq!(invocations.end(ticket(0), Timestamp::UNIX_EPOCH, twice), None);
    }

    #[test]
    fn old_payloads_make_room_for_new_ones() {
        let mut invocations = Invocations::default();
        for number in 0..3 {
            send(&mut invocations, number, REMEMBERED_BYTES / 2);
            end(&mut invocations, number);
        }
        let forgotten: Vec<bool> = invocations.iter().map(|one| one.forgotten).collect();
        assert_eq!(forgotten, [true, false, false]);
        assert_eq!(invocations.iter().map(|one| one.outcome.is_some()).collect::<Vec<_>>(), [true; 3]);
    }

    #[test]
    fn the_tail_of_a_stream_begins_with_a_character() {
        let mut stream = Stream::default();
        for (at_ms, bytes) in [(3, "aé"), (5, "ü")] {
            stream.add(&Chunk { bytes: bytes.as_bytes().to_vec(), at_ms });
        }
        assert_eq!((stream.chunks, stream.bytes, stream.first_byte_ms, stream.last_ms), (2, 5, Some(3), 5));
        assert_eq!(stream.tail(3), "ü".as_bytes());
        assert_eq!(stream.tail(99), "aéü".as_bytes());
    }
}
