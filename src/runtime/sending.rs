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
                step = steps.recv() => match step {
                    Some(step) => {
                        step.count(&mut tally);
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
