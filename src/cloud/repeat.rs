//! Sending the same request many times.

use std::{sync::Arc, time::Duration};

use tokio::{sync::mpsc, task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{Error, Kind, Session};
use crate::domain::{
    invocation::Request,
    repeat::{Plan, Shot, Tally},
    text::sanitise,
};

/// What happens while a request is sent many times.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// One is sent.
    Begun,
    /// One ended; the error where AWS did not answer it.
    Ended(Shot, Option<Error>),
}

impl Step {
    /// Counts it.
    pub fn count(&self, tally: &mut Tally) {
        match self {
            Self::Begun => tally.begin(),
            Self::Ended(shot, _) => tally.end(shot),
        }
    }
}

/// Why no more are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// All were.
    Done,
    /// Somebody stopped it.
    Stopped,
    /// It is no use to go on: the next ones would fail as this one did.
    Pointless(Error),
}

impl Session {
    /// Sends a request as often as planned, each exactly once, and tells each step in turn. Once `stop` is cancelled, or
    /// nobody takes the steps any more, no further request is begun; those on their way are waited for, and told when
    /// they end. So they are where it is no use to go on: not allowed, not there, no valid credentials or request.
    /// Throttling does not stop it.
    ///
    /// Responses are not kept. Whoever drops the future gives up on the answers that are on their way; the functions run all the same.
    pub async fn repeat(
        &self,
        request: &Request,
        plan: Plan,
        stop: &CancellationToken,
        steps: mpsc::Sender<Step>,
    ) -> Why {
        let request = Arc::new(request.clone());
        // Tasks of their own: what is done with one answer must not show in the time of another.
        let mut running = JoinSet::new();
        let (mut begun, mut pointless) = (0, None);
        loop {
            while running.len() < plan.at_once as usize && begun < plan.times && pointless.is_none() {
                let Ok(told) = steps.reserve().await else { break };
                if stop.is_cancelled() {
                    break;
                }
                told.send(Step::Begun);
                begun += 1;
                running.spawn(shoot(self.clone(), Arc::clone(&request)));
            }
            let Some(ended) = running.join_next().await else { break };
            let (shot, error) = ended.unwrap_or_else(|_| lost(&request));
            if let Some(error) = error.as_ref().filter(|error| is_final(error.kind)) {
                pointless.get_or_insert_with(|| error.clone());
            }
            // Nobody wants to know: then nothing more is begun, either.
            let _ = steps.send(Step::Ended(shot, error)).await;
        }
        match pointless {
            Some(error) => Why::Pointless(error),
            None if begun == plan.times => Why::Done,
            None => Why::Stopped,
        }
    }
}

async fn shoot(session: Session, request: Arc<Request>) -> (Shot, Option<Error>) {
    let started = Instant::now();
    let result = session.invoke(&request, None).await;
    let round_trip_ms = milliseconds(started.elapsed());
    match result {
        Ok(answer) => (Shot::answered(&answer, round_trip_ms), None),
        Err(error) => failed(error, round_trip_ms),
    }
}

fn failed(error: Error, round_trip_ms: f64) -> (Shot, Option<Error>) {
    let (ending, reason) = (error.ending(), error.reason.clone());
    (Shot { ending, reason, round_trip_ms, measured: None }, Some(error))
}

/// A task that did not come to its end: what it sent may have run.
fn lost(request: &Request) -> (Shot, Option<Error>) {
    let text = format!("lost track of an invocation of {}", request.target());
    failed(Error::new(Kind::OutcomeUnknown, sanitise(&text)), 0.0)
}

/// To the hundredth, as REPORT lines have it.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 100_000.0).round() / 100.0
}

/// Whether the same request fails in the same way until somebody does something about it.
fn is_final(kind: Kind) -> bool {
    match kind {
        Kind::Denied
        | Kind::Credentials
        | Kind::NotFound
        | Kind::Invalid
        | Kind::Unsupported
        | Kind::ReadOnly => true,
        Kind::Throttled
        | Kind::Conflict
        | Kind::Stale
        | Kind::Timeout
        | Kind::Network
        | Kind::Service
        | Kind::OutcomeUnknown => false,
    }
}
