//! Invocations under way: their pieces and their counts become messages, no faster than those are taken.

use std::time::Duration;

use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::executor::send;
use crate::{
    app::{Msg, Ticket},
    cloud::{
        self, Kind, Session,
        repeat::{Step, Why},
    },
    domain::{
        invocation::{Answer, Chunk, Mode, Reply, Request},
        repeat::{Plan, Tally},
    },
};

/// Pieces of a response that wait to be told; then the response is read no further.
const PIECES: usize = 64;

/// Bytes up to which pieces that wait are told as one.
const MERGED: usize = 256 * 1024;

/// Steps of a repetition that wait to be counted.
const STEPS: usize = 256;

/// Between two messages of a repetition.
const PACE: Duration = Duration::from_millis(100);

/// Sends a request once, tells the pieces of a streamed response, and reads the answer where it holds nobody up.
pub(super) async fn invoke(
    ticket: Ticket,
    session: &Session,
    request: &Request,
    messages: &mpsc::Sender<Msg>,
) -> Result<Box<Reply>, cloud::Error> {
    let (sender, pieces) = mpsc::channel(PIECES);
    let (answer, ()) = tokio::join!(
        session.invoke(request, (request.mode == Mode::ResponseStream).then_some(sender)),
        tell(ticket, pieces, messages)
    );
    read(answer?).await
}

/// Pieces that came while a message waited become one. The first one goes alone: it has the time to the first byte.
async fn tell(ticket: Ticket, mut pieces: mpsc::Receiver<Chunk>, messages: &mpsc::Sender<Msg>) {
    let mut first = true;
    while let Some(mut piece) = pieces.recv().await {
        while !first
            && piece.bytes.len() < MERGED
            && let Ok(next) = pieces.try_recv()
        {
            piece.bytes.extend_from_slice(&next.bytes);
            piece.at_ms = next.at_ms;
        }
        first = false;
        send(messages, Msg::Streamed(ticket, piece)).await;
    }
}

async fn read(answer: Answer) -> Result<Box<Reply>, cloud::Error> {
    let read = tokio::task::spawn_blocking(move || Box::new(Reply::read(answer))).await;
    // What the other thread stumbled over may be a part of the response.
    read.map_err(|_| cloud::Error::new(Kind::OutcomeUnknown, "the answer can't be read"))
}

/// Sends a request many times and tells how far it is, in paced messages.
pub(super) async fn repeat(
    ticket: Ticket,
    session: Session,
    request: Request,
    plan: Plan,
    stop: CancellationToken,
    messages: &mpsc::Sender<Msg>,
) -> (Tally, Why) {
    let (sender, mut steps) = mpsc::channel::<Step>(STEPS);
    let count = async {
        let mut tally = Tally::new(plan);
        // The moment of the next message, where there is something to tell.
        let (mut due, mut told) = (None, None::<Instant>);
        loop {
            tokio::select! {
                biased;
                () = async { sleep_until(due.unwrap_or_else(Instant::now)).await }, if due.is_some() => {
                    (due, told) = (None, Some(Instant::now()));
                    send(messages, Msg::Repeated(ticket, Box::new(tally.clone()))).await;
                    if messages.is_closed() {
                        stop.cancel();
                    }
                }
                news = steps.recv() => match news {
                    Some(news) => {
                        news.count(&mut tally);
                        due = due.or_else(|| Some(told.map_or_else(Instant::now, |told| told + PACE)));
                    }
                    None => return tally,
                },
            }
        }
    };
    let (why, tally) = tokio::join!(session.repeat(&request, plan, &stop, sender), count);
    (tally, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICKET: Ticket = Ticket { epoch: 1, number: 2 };

    /// The pieces that are told where these wait: their bytes and times.
    async fn told(pieces: &[(&[u8], u64)]) -> Vec<(usize, u64)> {
        let (sender, receiver) = mpsc::channel(100);
        for (bytes, at_ms) in pieces {
            sender.send(Chunk { bytes: bytes.to_vec(), at_ms: *at_ms }).await.unwrap();
        }
        drop(sender);
        let (messages, mut taken) = mpsc::channel(100);
        tell(TICKET, receiver, &messages).await;
        drop(messages);
        let mut told = Vec::new();
        while let Some(message) = taken.recv().await {
            let Msg::Streamed(TICKET, chunk) = message else { panic!("{message:?}") };
            told.push((chunk.bytes.len(), chunk.at_ms));
        }
        told
    }

    #[tokio::test]
    async fn pieces_that_wait_become_one() {
        let pieces: Vec<(&[u8], u64)> = (0..50).map(|at_ms| (&b"xy"[..], at_ms)).collect();
        assert_eq!(told(&pieces).await, [(2, 0), (98, 49)]);
        assert_eq!(told(&[]).await, []);
        // Not without bound.
        let large = vec![b'x'; MERGED];
        let pieces: Vec<(&[u8], u64)> = vec![(b"x", 1), (b"x", 2), (&large, 3), (b"x", 4), (b"x", 5)];
        assert_eq!(told(&pieces).await, [(1, 1), (MERGED + 1, 3), (2, 5)]);
    }

    /// A loop that takes nothing holds up the response, and not the memory.
    #[tokio::test]
    async fn pieces_wait_for_the_loop() {
        let (sender, receiver) = mpsc::channel(1);
        let (messages, mut taken) = mpsc::channel(1);
        let telling = tokio::spawn(async move { tell(TICKET, receiver, &messages).await });
        let large = vec![b'x'; MERGED];
        let feed = async {
            for at_ms in 0..6 {
                sender.send(Chunk { bytes: large.clone(), at_ms }).await.unwrap();
            }
        };
        tokio::select! {
            biased;
            () = feed => panic!("nobody takes them"),
            () = async { for _ in 0..100 { tokio::task::yield_now().await; } } => {}
        }
        drop(sender);
        while taken.recv().await.is_some() {}
        telling.await.unwrap();
    }
}
