//! Following logs, and queries of Logs Insights.

use std::{collections::HashMap, time::Duration};

use tokio::{sync::mpsc, task::JoinHandle, time::sleep};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::executor::send;
use crate::{
    app::{Msg, Ticket},
    cloud::{
        Error, Session,
        insights::{FIRST_LOOK, LONGEST_LOOK},
    },
    domain::insights::Query,
    tail::{self, Control},
};

/// Updates that wait to be sent on; then the follower reads slower.
const QUEUE: usize = 16;

/// How long a query is given to be stopped by.
const STOP: Duration = Duration::from_secs(5);

/// What those who follow are told meanwhile.
#[derive(Default)]
pub(super) struct Steering(HashMap<Ticket, mpsc::UnboundedSender<Control>>);

impl Steering {
    /// Where a new follow hears what is asked of it.
    pub(super) fn begin(&mut self, ticket: Ticket) -> mpsc::UnboundedReceiver<Control> {
        self.0.retain(|_, follow| !follow.is_closed());
        let (sender, receiver) = mpsc::unbounded_channel();
        self.0.insert(ticket, sender);
        receiver
    }

    /// Tells a follow; nobody, where it has ended.
    pub(super) fn steer(&self, ticket: Ticket, control: Control) {
        if let Some(follow) = self.0.get(&ticket) {
            let _ = follow.send(control);
        }
    }
}

/// Follows until that ends. A slow reader slows the follower down: both channels are bounded, and the service keeps the
/// data.
pub(super) async fn follow_logs(
    ticket: Ticket,
    session: Session,
    options: tail::Options,
    mut asked: mpsc::UnboundedReceiver<Control>,
    messages: &mpsc::Sender<Msg>,
) {
    let (updates, mut news) = mpsc::channel(QUEUE);
    let (steer, control) = mpsc::channel(1);
    let budget = session.log_budget().clone();
    let cancel = CancellationToken::new();
    let _ends_with_this = cancel.clone().drop_guard();
    let forward = async {
        while let Some(update) = news.recv().await {
            send(messages, Msg::Tail(ticket, update)).await;
        }
    };
    let steering = async {
        while let Some(control) = asked.recv().await {
            // It has ended: nobody hears it.
            if steer.send(control).await.is_err() {
                return;
            }
        }
    };
    let following = async {
        tokio::join!(
            tail::follow(session, options, budget, tail::SystemClock, updates, control, cancel),
            forward
        )
    };
    tokio::select! {
        _ = following => {}
        () = async { steering.await; std::future::pending().await } => {}
    }
}

/// Queries under way: one at a time is waited for, and those before it are being stopped.
#[derive(Default)]
pub(super) struct Queries {
    newest: Option<(Ticket, DropGuard)>,
    tasks: Vec<JoinHandle<()>>,
}

impl Queries {
    /// Starts a query, and stops the one before.
    pub(super) fn start(
        &mut self,
        ticket: Ticket,
        session: Session,
        query: Query,
        messages: mpsc::Sender<Msg>,
    ) {
        let stop = CancellationToken::new();
        self.newest = Some((ticket, stop.clone().drop_guard()));
        self.tasks.retain(|task| !task.is_finished());
        self.tasks.push(tokio::spawn(async move { ask(ticket, &session, &query, &stop, &messages).await }));
    }

    /// Stops a query.
    pub(super) fn stop(&mut self, ticket: Ticket) {
        self.newest.take_if(|(of, _)| *of == ticket);
    }

    /// Stops all of them.
    pub(super) fn stop_all(&mut self) {
        self.newest = None;
    }

    /// Stops all of them, and answers once that is done.
    pub(super) async fn finish(&mut self) {
        self.stop_all();
        futures_util::future::join_all(self.tasks.drain(..)).await;
    }
}

/// Asks, and tells what there is of the results until all are there. Where it is stopped, the service is told: a query
/// that nobody waits for costs as much as another.
async fn ask(
    ticket: Ticket,
    session: &Session,
    query: &Query,
    stop: &CancellationToken,
    messages: &mpsc::Sender<Msg>,
) {
    // Not given up in the middle: without its id it can't be stopped.
    let id = match session.start_query(query).await {
        Ok(id) => id,
        Err(error) if !stop.is_cancelled() => {
            return send(messages, Msg::Insights(ticket, Err(error))).await;
        }
        Err(_) => return,
    };
    tokio::select! {
        biased;
        () = stop.cancelled() => {
            // It may be over by now, and nobody waits for an answer.
            let _ = tokio::time::timeout(STOP, session.stop_query(&id)).await;
        }
        looked = look(ticket, session, &id, messages) => {
            if let Err(error) = looked {
                send(messages, Msg::Insights(ticket, Err(error))).await;
                let _ = tokio::time::timeout(STOP, session.stop_query(&id)).await;
            }
        }
    }
}

/// Looks again and again, less and less often. One look that fails is tried once more.
async fn look(
    ticket: Ticket,
    session: &Session,
    id: &str,
    messages: &mpsc::Sender<Msg>,
) -> Result<(), Error> {
    let (mut wait, mut failed) = (FIRST_LOOK, false);
    loop {
        sleep(wait).await;
        wait = wait.mul_f64(1.3).min(LONGEST_LOOK);
        match session.query_results(id).await {
            Ok(results) => {
                failed = false;
                let over = results.progress.is_over();
                send(messages, Msg::Insights(ticket, Ok(Box::new(results)))).await;
                if over {
                    return Ok(());
                }
            }
            Err(error) if failed => return Err(error),
            Err(_) => failed = true,
        }
    }
}
