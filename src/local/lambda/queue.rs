//! The asynchronous queue: retries, maximum age, and where outcomes and dead letters go.
//!
//! They go to other functions of this engine. SQS, SNS, S3 and EventBridge are not here: what would go there is
//! given up, with a warning in the engine's own log.

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use super::{
    Lambda,
    error::Error,
    invoke::Invocation,
    names::{self, Naming, Target},
    operations::{self, Operation},
    state::EventConfig,
};
use crate::local::{
    exec::{Event, ExecError},
    http::{Answer, Request},
    metrics::Queued,
};
use accepted::Accepted;

pub(super) mod accepted;
mod outcome;

/// What the queue may hold, in KB.
pub(super) const QUEUE_KB: usize = 64 * 1024;
/// When a failed event is tried again: AWS waits one and two minutes, a developer would not.
const RETRIES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];
/// A throttled event is tried again after one second, then twice as long each time, up to this.
const BACKOFF_MAX: Duration = Duration::from_mins(5);
/// How long an event is tried where the function does not say.
const MAX_AGE: Duration = Duration::from_hours(6);
/// How often one event may bring the same function to run, by what the functions send on. Beyond that it is taken for a
/// loop and stopped, as on AWS, unless the function allows it.
const MAX_ROUNDS: u32 = 16;
/// Why an event of a loop has ended. AWS documents that it goes to the dead letters and the destination for failures;
/// the word is the engine's.
const LOOP: &str = "RecursiveLoopDetected";

/// How long an event is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Policy {
    /// How often again, once the function has failed.
    retries: usize,
    max_age: Duration,
}

impl Policy {
    fn of(config: Option<&EventConfig>) -> Self {
        let retries = config.and_then(|config| config.retries).and_then(|it| usize::try_from(it).ok());
        let age = config.and_then(|config| config.max_age_s);
        Self {
            retries: retries.unwrap_or(RETRIES.len()),
            max_age: age.map_or(MAX_AGE, |age| Duration::from_secs(age.into())),
        }
    }
}

/// A run of the function.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Run {
    version: String,
    function_error: Option<&'static str>,
    payload: Bytes,
}

/// How one try of an event ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Attempt {
    /// The function is gone, or the engine is: there is nobody to tell.
    Gone,
    Ran(Run),
    /// There was no concurrency left.
    Throttled,
    /// The function may not run at all: its reserved concurrency is 0.
    Blocked,
}

/// How an event ended.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Conclusion {
    /// AWS's word for it.
    condition: &'static str,
    /// How often the function ran.
    runs: u32,
    last: Option<Run>,
}

/// What one event set off, directly or through what functions sent on.
#[derive(Clone, Debug, Default)]
struct Chain(Arc<Mutex<BTreeMap<String, Rounds>>>);

/// The part of one function in a [`Chain`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Rounds {
    /// How often it was to run.
    count: u32,
    /// Whether it was stopped.
    stopped: bool,
}

impl Chain {
    fn of<T>(&self, function: &str, with: impl FnOnce(&mut Rounds) -> T) -> T {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        with(all.entry(function.to_owned()).or_default())
    }

    /// A chain that an engine before this one began.
    fn of_rounds(rounds: BTreeMap<String, Rounds>) -> Self {
        Self(Arc::new(Mutex::new(rounds)))
    }

    /// The rounds so far.
    fn rounds(&self) -> BTreeMap<String, Rounds> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counts another round of this function.
    fn round(&self, function: &str) -> u32 {
        self.of(function, |rounds| {
            rounds.count = rounds.count.saturating_add(1);
            rounds.count
        })
    }

    /// Notes that this function is stopped. Says whether it is for the first time.
    fn stop(&self, function: &str) -> bool {
        self.of(function, |rounds| !std::mem::replace(&mut rounds.stopped, true))
    }
}

impl Lambda {
    /// Takes an event into the queue.
    pub(super) fn enqueue(self: &Arc<Self>, target: Target, event: Event) -> Result<(), Error> {
        self.follow(target, event, Chain::default())
    }

    /// Takes an event that came about by others.
    fn follow(self: &Arc<Self>, target: Target, event: Event, chain: Chain) -> Result<(), Error> {
        // At least 1 KB each, so that the number of events is bounded, too.
        let size = u32::try_from(event.payload.len() / 1024 + 1).unwrap_or(u32::MAX);
        let Ok(permit) = Arc::clone(&self.queue).try_acquire_many_owned(size) else {
            return Err(Error::throttled("CallerRateLimitExceeded"));
        };
        self.count(&target, Queued::Received);
        let accepted = Accepted::new(target, event, &chain);
        accepted.note(&self.setup.keeper);
        self.work_off(accepted, chain, Some(permit));
        Ok(())
    }

    /// Goes on with an event that an engine before this one accepted. There was room for it then.
    pub(super) fn take_up(self: &Arc<Self>, accepted: Accepted) {
        let size = u32::try_from(accepted.event.payload.len() / 1024 + 1).unwrap_or(u32::MAX);
        let permit = Arc::clone(&self.queue).try_acquire_many_owned(size).ok();
        let chain = Chain::of_rounds(accepted.rounds.clone());
        self.work_off(accepted, chain, permit);
    }

    fn work_off(self: &Arc<Self>, accepted: Accepted, chain: Chain, permit: Option<OwnedSemaphorePermit>) {
        let round = chain.round(&accepted.target.name);
        let lambda = Arc::clone(self);
        tokio::spawn(async move {
            let (stop, keeper) = (lambda.setup.stop.clone(), lambda.setup.keeper.clone());
            let Accepted { target, event, .. } = &accepted;
            let (conclusion, ended) = if round > MAX_ROUNDS && !lambda.may_loop(target) {
                tracing::warn!(function = %target.name, "an event was stopped: functions call each other in a loop");
                // Told once: who is told may be part of the loop.
                let told = chain.stop(&target.name);
                (told.then_some(Conclusion { condition: LOOP, runs: 0, last: None }), true)
            } else {
                let before = Before { runs: accepted.runs, age: accepted.age() };
                let delivery = deliver_from(
                    before,
                    || lambda.policy(target),
                    || lambda.attempt(target, event.clone()),
                    |runs| accepted.note_runs(&keeper, runs),
                );
                let conclusion = tokio::select! {
                    () = stop.cancelled() => None,
                    conclusion = delivery => conclusion,
                };
                // Where the engine ends first, the event is taken up by the next one.
                let ended = conclusion.is_some() || !stop.is_cancelled();
                (conclusion, ended)
            };
            drop(permit);
            if let Some(conclusion) = &conclusion {
                if conclusion.condition != "Success" {
                    lambda.count(target, Queued::Dropped);
                }
                lambda.pass_on(target, event, conclusion, &chain);
            }
            if ended {
                accepted.note_end(&keeper);
            }
        });
    }

    /// InvokeAsync, the older form of an asynchronous invocation.
    pub(super) async fn invoke_async(
        self: &Arc<Self>,
        operation: &Operation,
        request: &Request,
    ) -> Result<Answer, Error> {
        let Invocation { mut target, event, .. } =
            self.invocation(operation.label(), request, &["Event", "RequestResponse", "DryRun"]).await?;
        target.qualifier.get_or_insert_with(|| "$LATEST".to_owned());
        self.enqueue(target, Event { client_context: None, ..event })?;
        // `Status` is the HTTP status itself.
        Ok(Answer::empty(202))
    }

    /// Whether a loop of functions may go on through this one.
    fn may_loop(&self, target: &Target) -> bool {
        self.functions().get(&target.name).is_some_and(|function| function.recursion_allowed)
    }

    async fn attempt(self: &Arc<Self>, target: &Target, event: Event) -> Attempt {
        let Ok(chosen) = self.choose(target).await else { return Attempt::Gone };
        if chosen.check_tenant(event.tenant_id.as_deref()).is_err() {
            // An outcome goes to no tenant.
            tracing::warn!(function = %target.name, "an event was given up: its function isolates tenants");
            return Attempt::Gone;
        }
        match self.run(&chosen, event).await {
            Ok(outcome) => Attempt::Ran(Run {
                version: chosen.spec.version.clone(),
                function_error: outcome.function_error,
                payload: outcome.payload,
            }),
            Err(ExecError::Stopping) => Attempt::Gone,
            Err(ExecError::Throttled { .. }) if chosen.reserved == Some(0) => Attempt::Blocked,
            Err(ExecError::Throttled { .. }) => Attempt::Throttled,
        }
    }

    /// As the function has it now: a change holds for the events that are under way, too.
    fn policy(&self, target: &Target) -> Policy {
        let functions = self.functions();
        let config = functions
            .get(&target.name)
            .zip(target.qualifier.as_ref())
            .and_then(|(function, qualifier)| function.event_configs.get(qualifier));
        Policy::of(config)
    }

    /// Sends an outcome to its destination and, of a failure, the event to the dead letters: AWS serves both.
    fn pass_on(self: &Arc<Self>, target: &Target, event: &Event, conclusion: &Conclusion, chain: &Chain) {
        let (destination, dead_letters) = self.addressees(target, conclusion);
        let arn = target.arn(self.place());
        if let Some(to) = destination {
            let record = outcome::record(&arn, event, conclusion);
            if !self.send(&target.name, "an outcome", &to, &record, chain) {
                self.count(target, Queued::Undelivered);
            }
        }
        if let Some(to) = dead_letters {
            let letter = outcome::dead_letter(&arn, self.place(), event, conclusion);
            self.send(&target.name, "a dead letter", &to, &letter, chain);
        }
    }

    /// The ARNs that an outcome and a dead letter go to.
    fn addressees(&self, target: &Target, conclusion: &Conclusion) -> (Option<String>, Option<String>) {
        let functions = self.functions();
        let Some(function) = functions.get(&target.name) else { return (None, None) };
        let qualifier = target.qualifier.as_deref().unwrap_or("$LATEST");
        let config = function.event_configs.get(qualifier);
        if conclusion.condition == "Success" {
            return (config.and_then(|config| config.on_success.clone()), None);
        }
        // The setting belongs to the version: to that which ran last, or would have run.
        let named = || function.aliases.get(qualifier).map_or(qualifier, |alias| &alias.version);
        let version = conclusion.last.as_ref().map_or_else(named, |run| run.version.as_str());
        let dead_letters = function.release(version).and_then(|release| release.settings.dead_letter.clone());
        (config.and_then(|config| config.on_failure.clone()), dead_letters)
    }

    /// Sends what came of an event to another function. To anything else it cannot go. Says whether it
    /// went.
    fn send(self: &Arc<Self>, function: &str, what: &str, to: &str, payload: &Value, chain: &Chain) -> bool {
        let Some(Ok(next)) =
            (to.split(':').nth(2) == Some("lambda")).then(|| names::resolve(self.place(), to, Naming::Plain))
        else {
            tracing::warn!(%function, %to, "{what} was given up: the engine has functions only");
            return false;
        };
        let payload = Bytes::from(payload.to_string());
        if payload.len() > operations::ASYNC_LIMIT {
            tracing::warn!(%function, %to, "{what} was given up: it is too long for an event");
            return false;
        }
        let event = Event::new(Uuid::new_v4().to_string(), payload);
        let next = Target { qualifier: next.qualifier.or_else(|| Some("$LATEST".to_owned())), ..next };
        if let Err(error) = self.chosen(&next) {
            tracing::warn!(%function, %to, %error, "{what} was given up");
            return false;
        }
        if self.follow(next, event, chain.clone()).is_err() {
            tracing::warn!(%function, %to, "{what} was given up: the queue is full");
            return false;
        }
        true
    }

    fn count(&self, target: &Target, what: Queued) {
        self.setup.metrics.queued(&target.name, target.qualifier.as_deref(), what);
    }

    /// `DeadLetterConfig` with a local function, which AWS does not have: it exists, and is not the function itself.
    pub(super) fn check_dead_letter(&self, arn: Option<&str>, name: &str) -> Result<(), Error> {
        let Some(arn) = arn.filter(|arn| arn.split(':').nth(2) == Some("lambda")) else { return Ok(()) };
        let target = names::target(self.place(), arn, None, Naming::Plain)?;
        let refuse = |why: &str| Err(Error::invalid(format!("Invalid dead letter queue ARN: {why}")));
        if target.name == name {
            return refuse("The function itself cannot take its dead letters.");
        }
        let functions = self.functions();
        let qualifier = target.qualifier.as_deref().unwrap_or("$LATEST");
        let exists = functions.get(&target.name).is_some_and(|function| {
            function.release(qualifier).is_some() || function.aliases.contains_key(qualifier)
        });
        if exists { Ok(()) } else { refuse(&format!("The local engine has no function {arn}.")) }
    }
}

/// What an event has behind it when it is taken up.
#[derive(Clone, Copy, Debug, Default)]
struct Before {
    runs: u32,
    age: Duration,
}

/// Tries an event until it has run well, has failed too often, or is too old. None when there is nobody to tell. `failed_run`
/// is told after each run that is followed by another.
async fn deliver_from<F, Fut>(
    before: Before,
    policy: impl Fn() -> Policy,
    attempt: F,
    failed_run: impl Fn(u32),
) -> Option<Conclusion>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Attempt>,
{
    let began = tokio::time::Instant::now();
    let mut backoff = Duration::from_secs(1);
    let (mut runs, mut last) = (before.runs, None);
    let (condition, runs, last) = loop {
        let wait = match attempt().await {
            Attempt::Gone => return None,
            Attempt::Blocked => break ("ZeroReservedConcurrency", runs, last),
            Attempt::Throttled => {
                let wait = backoff;
                backoff = (backoff * 2).min(BACKOFF_MAX);
                wait
            }
            Attempt::Ran(run) => {
                let failures = usize::try_from(runs).unwrap_or(usize::MAX);
                let failed = run.function_error.is_some();
                runs += 1;
                last = Some(run);
                if !failed {
                    break ("Success", runs, last);
                }
                match RETRIES.get(failures) {
                    Some(wait) if failures < policy().retries => {
                        failed_run(runs);
                        *wait
                    }
                    _ => break ("RetriesExhausted", runs, last),
                }
            }
        };
        if before.age + began.elapsed() + wait > policy().max_age {
            break ("EventAgeExceeded", runs, last);
        }
        tokio::time::sleep(wait).await;
    };
    Some(Conclusion { condition, runs, last })
}

const _: () = assert!(operations::ASYNC_LIMIT / 1024 < QUEUE_KB, "one event always fits the queue");

#[cfg(test)]
mod tests {
    use std::{
        cell::RefCell,
        time::{Duration, UNIX_EPOCH},
    };

    use bytes::Bytes;
    use tokio::time::Instant;

    use super::{Attempt, Before, Chain, EventConfig, MAX_AGE, Policy, RETRIES, Run, deliver_from};

    fn ran(function_error: Option<&'static str>) -> Attempt {
        Attempt::Ran(Run { version: "1".into(), function_error, payload: Bytes::from_static(b"null") })
    }

    fn failed() -> Attempt {
        ran(Some("Unhandled"))
    }

    const DEFAULT: Policy = Policy { retries: RETRIES.len(), max_age: MAX_AGE };

    /// When each try took place, in seconds, if they end as given (the last again and again), and how it all ended.
    async fn tries(policy: Policy, ends: &[Attempt]) -> (Vec<u64>, Option<(&'static str, u32)>) {
        tries_from(Before::default(), policy, ends).await
    }

    async fn tries_from(
        before: Before,
        policy: Policy,
        ends: &[Attempt],
    ) -> (Vec<u64>, Option<(&'static str, u32)>) {
        let (began, seen) = (Instant::now(), RefCell::new(Vec::new()));
        let attempt = || {
            let mut seen = seen.borrow_mut();
            let end = ends[seen.len().min(ends.len() - 1)].clone();
            seen.push(began.elapsed().as_secs());
            async move { end }
        };
        let conclusion = deliver_from(before, || policy, attempt, |_| ()).await;
        (seen.into_inner(), conclusion.map(|it| (it.condition, it.runs)))
    }

    #[tokio::test(start_paused = true)]
    async fn a_failing_event_is_tried_as_often_as_the_function_says() {
        for (retries, times) in [(0, &[0][..]), (1, &[0, 1]), (2, &[0, 1, 3])] {
            let runs = u32::try_from(times.len()).unwrap();
            let policy = Policy { retries, ..DEFAULT };
            let wanted = (times.to_vec(), Some(("RetriesExhausted", runs)));
            assert_eq!(tries(policy, &[failed()]).await, wanted);
        }
        assert_eq!(tries(DEFAULT, &[failed(), ran(None)]).await, (vec![0, 1], Some(("Success", 2))));
        assert_eq!(tries(DEFAULT, &[ran(None)]).await, (vec![0], Some(("Success", 1))));
        assert_eq!(tries(DEFAULT, &[failed(), Attempt::Gone]).await, (vec![0, 1], None));
    }

    #[tokio::test(start_paused = true)]
    async fn an_event_that_is_taken_up_has_its_runs_and_its_age_behind_it() {
        let before = |runs, seconds| Before { runs, age: Duration::from_secs(seconds) };
        let exhausted = |times: &[u64], runs| (times.to_vec(), Some(("RetriesExhausted", runs)));
        assert_eq!(tries_from(before(0, 9), DEFAULT, &[failed()]).await, exhausted(&[0, 1, 3], 3));
        assert_eq!(tries_from(before(1, 9), DEFAULT, &[failed()]).await, exhausted(&[0, 2], 3));
        assert_eq!(tries_from(before(2, 9), DEFAULT, &[failed()]).await, exhausted(&[0], 3));
        let minute = Policy { max_age: Duration::from_mins(1), ..DEFAULT };
        let too_old = (vec![0], Some(("EventAgeExceeded", 2)));
        assert_eq!(tries_from(before(1, 59), minute, &[failed()]).await, too_old);
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttled_event_backs_off_and_is_given_up_when_it_is_too_old() {
        let ends = [Attempt::Throttled, Attempt::Throttled, failed(), ran(None)];
        assert_eq!(tries(DEFAULT, &ends).await, (vec![0, 1, 3, 4], Some(("Success", 2))));
        let (all, end) = tries(DEFAULT, &[Attempt::Throttled]).await;
        assert_eq!(all[..6], [0, 1, 3, 7, 15, 31]);
        assert_eq!(all[12] - all[11], 300);
        assert!(all.last().is_some_and(|last| (21_600 - 300..=21_600).contains(last)), "{all:?}");
        assert_eq!(end, Some(("EventAgeExceeded", 0)));

        // The seventh try would be at 63 s.
        let age = |seconds| Policy { max_age: Duration::from_secs(seconds), ..DEFAULT };
        assert_eq!(tries(age(62), &[Attempt::Throttled]).await.0, [0, 1, 3, 7, 15, 31]);
        assert_eq!(tries(age(63), &[Attempt::Throttled]).await.0, [0, 1, 3, 7, 15, 31, 63]);
        assert_eq!(tries(age(64), &[Attempt::Throttled]).await.0, [0, 1, 3, 7, 15, 31, 63]);
        let (times, end) = tries(age(2), &[failed()]).await;
        assert_eq!((times, end), (vec![0, 1], Some(("EventAgeExceeded", 2))));
    }

    #[test]
    fn the_function_says_how_long_an_event_is_tried() {
        let config = |retries, max_age_s| EventConfig {
            retries,
            max_age_s,
            on_success: None,
            on_failure: None,
            last_modified: UNIX_EPOCH,
        };
        assert_eq!(Policy::of(None), DEFAULT);
        assert_eq!(Policy::of(Some(&config(None, None))), DEFAULT);
        assert_eq!(Policy::of(Some(&config(Some(0), None))), Policy { retries: 0, ..DEFAULT });
        let minute = Duration::from_mins(1);
        assert_eq!(Policy::of(Some(&config(Some(1), Some(60)))), Policy { retries: 1, max_age: minute });
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_waits_for_a_function_that_may_not_run() {
        let blocked = tries(DEFAULT, &[Attempt::Blocked]).await;
        assert_eq!(blocked, (vec![0], Some(("ZeroReservedConcurrency", 0))));
    }

    #[test]
    fn a_chain_counts_each_function_by_itself() {
        let chain = Chain::default();
        let other = chain.clone();
        let rounds = [chain.round("ping"), other.round("pong"), other.round("ping"), chain.round("ping")];
        assert_eq!(rounds, [1, 1, 2, 3]);
        assert_eq!([chain.stop("ping"), other.stop("ping"), other.stop("pong")], [true, false, true]);
        assert_eq!(Chain::default().round("ping"), 1);
    }
}
