//! What became of a change: waiting until it is in use, and looking whether it was done where no answer came.

use std::time::{Duration, Instant};

use super::{Stage, Step, Target, difference, not_waited_for, show};
use crate::{
    cli::{
        failure::{CONFLICT, ERROR, Failure, OUTCOME_UNKNOWN},
        terminal,
    },
    cloud::{self, Kind},
    domain::change::{Change, Order, environment_diff},
};

/// Between the first reads, and between the later ones.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(1));
/// Reads with the first pause.
const QUICK_READS: u32 = 8;
/// How long a function may take to settle before that is no longer waited for.
const PATIENCE: Duration = Duration::from_mins(10);
/// How often it is said that it still settles.
const SAY_AGAIN: Duration = Duration::from_secs(10);
/// Reads in a row that may fail while it settles.
const MOST_FAILURES: u32 = 3;
/// Before a change that does not show is read again.
const SECOND_LOOK: Duration = Duration::from_secs(1);

impl Target {
    /// Waits until a configuration is in use.
    ///
    /// # Errors
    /// The update failed, or it is not known how it ended: the change itself is saved.
    pub async fn settle(&mut self, order: &Order, stage: &Stage) -> Result<(), Failure> {
        stage.step.set(Step::Settling);
        if let Some(code) = stage.ended.get() {
            return Err(not_waited_for(code));
        }
        let started = Instant::now();
        let (mut reads, mut failures, mut said) = (0, 0, Duration::ZERO);
        terminal::note(&format!("{}: saved; waiting until it is in use", self.function));
        loop {
            match self.session.observe(&self.function).await {
                Ok(details) => {
                    failures = 0;
                    self.details = details;
                    if !self.details.configuration.state.is_settling() {
                        return self.settled(order, started.elapsed());
                    }
                }
                Err(error) => {
                    failures += 1;
                    if failures == MOST_FAILURES || !is_passing(error.kind) {
                        let text =
                            format!("it is saved, but whether it is in use is not known: {}", error.message);
                        return Err(Failure::new(OUTCOME_UNKNOWN, text));
                    }
                }
            }
            let elapsed = started.elapsed();
            if elapsed > PATIENCE {
                let text = format!("{}: it is saved, but not in use after ten minutes", self.function);
                return Err(Failure::new(ERROR, text));
            }
            if elapsed >= said + SAY_AGAIN {
                said = elapsed;
                let word = self.details.configuration.state.word();
                terminal::note(&format!("{}: {word} ({} s)", self.function, elapsed.as_secs()));
            }
            reads += 1;
            tokio::time::sleep(if reads < QUICK_READS { PAUSES.0 } else { PAUSES.1 }).await;
        }
    }

    fn settled(&self, order: &Order, elapsed: Duration) -> Result<(), Failure> {
        let state = &self.details.configuration.state;
        if state.last_update_status.as_deref() == Some("Failed") {
            let why = state.last_update_status_reason.as_deref().unwrap_or("AWS gives no reason");
            let text = format!("{}: the update failed: {why}; the old configuration serves", self.function);
            return Err(Failure::new(ERROR, text));
        }
        if let Some(text) = self.overwritten(order) {
            return Err(Failure::new(CONFLICT, text));
        }
        terminal::note(&format!("{}: in use after {:.1} s", self.function, elapsed.as_secs_f64()));
        Ok(())
    }

    /// Whether somebody else has changed the same variables since; shows how.
    fn overwritten(&self, order: &Order) -> Option<String> {
        let Change::Environment { before, after } = &order.change else { return None };
        let environment = self.details.configuration.environment.clone().unwrap_or_default();
        if environment.error.is_some() {
            return None;
        }
        let mine = environment_diff(before, after);
        let theirs = environment_diff(after, &environment.variables);
        let same = |name: &str| mine.iter().any(|line| line.name == name);
        let lost: Vec<_> = theirs.into_iter().filter(|line| same(&line.name)).collect();
        if lost.is_empty() {
            return None;
        }
        show(&lost);
        Some(format!("{}: it was saved, and somebody else has changed the same since", self.function))
    }

    /// Looks whether a change was done whose answer never came.
    ///
    /// # Errors
    /// It was not done, or that can't be told.
    pub async fn verify(&mut self, order: &Order, error: &cloud::Error) -> Result<(), Failure> {
        terminal::say("warning", &format!("{}; looking whether it was done", error.message));
        let mut verdict = self.look(order).await;
        if verdict == Verdict::NotDone {
            // It may still be on its way.
            tokio::time::sleep(SECOND_LOOK).await;
            verdict = self.look(order).await;
        }
        match verdict {
            Verdict::Done => {
                terminal::note(&format!("{}: it was done", self.function));
                Ok(())
            }
            Verdict::NotDone => {
                let text = format!("{}: no answer came, and it was not done", self.function);
                Err(Failure::new(ERROR, text).with_hint("run the command again"))
            }
            Verdict::Unknown => {
                let text =
                    format!("{}: no answer came, and whether it was done can't be told", self.function);
                Err(Failure::new(OUTCOME_UNKNOWN, text)
                    .with_hint("look at the function before doing it again"))
            }
        }
    }

    async fn look(&mut self, order: &Order) -> Verdict {
        match &order.change {
            Change::Alias { name, before, .. } => {
                let Ok(releases) = self.releases().await else {
                    return Verdict::Unknown;
                };
                let now = releases.alias(name);
                match order.change.is_released(&releases) {
                    Some(true) => Verdict::Done,
                    Some(false) if now == before.as_ref() => Verdict::NotDone,
                    _ => Verdict::Unknown,
                }
            }
            Change::ShareableEvent { name, before, .. } => {
                let Ok(now) = Box::pin(self.session.shareable_events(&self.function)).await else {
                    return Verdict::Unknown;
                };
                match order.change.is_shared(&now) {
                    Some(true) => Verdict::Done,
                    Some(false) if now.event(name) == before.as_ref() => Verdict::NotDone,
                    _ => Verdict::Unknown,
                }
            }
            change => {
                let Ok(before) = self.reread().await else { return Verdict::Unknown };
                match change.is_done(&self.details) {
                    Some(true) => Verdict::Done,
                    Some(false) if self.details.configuration.revision_id == order.revision_id => {
                        Verdict::NotDone
                    }
                    _ => {
                        self.tell_meanwhile(&difference(&before, &self.details));
                        Verdict::Unknown
                    }
                }
            }
        }
    }
}

/// What a look tells of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Done,
    NotDone,
    Unknown,
}

/// Whether a read may succeed a moment later.
fn is_passing(kind: Kind) -> bool {
    matches!(kind, Kind::Throttled | Kind::Timeout | Kind::Network | Kind::Service)
}
