//! The asynchronous queue: retries, maximum age, and where the outcome goes.
//!
//! Outcomes go to other functions of this engine. SQS, SNS, S3 and EventBridge are not here: what would go there is
//! given up, with a warning in the engine's own log.

use std::{future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use super::{
    Lambda,
    error::Error,
    names::{self, Naming, Target},
    operations,
    state::EventConfig,
};
use crate::local::exec::{Event, ExecError};
use accepted::Accepted;

pub(super) mod accepted;

/// What the queue may hold, in KB.
pub(super) const QUEUE_KB: usize = 64 * 1024;
/// When a failed event is tried again: AWS waits one and two minutes, a developer would not.
const RETRIES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];
/// A throttled event is tried again after one second, then twice as long each time, up to this.
const BACKOFF_MAX: Duration = Duration::from_mins(5);
/// How long an event is tried where the function does not say.
const MAX_AGE: Duration = Duration::from_hours(6);
/// How many functions an outcome may pass through. AWS, too, ends a loop of functions after about 16 rounds.
const MAX_HOPS: u8 = 16;

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

impl Lambda {
    /// Takes an event into the queue. `hops` is how many functions its forerunners passed through.
    pub(super) fn enqueue(self: &Arc<Self>, target: Target, event: Event, hops: u8) -> Result<(), Error> {
        // At least 1 KB each, so that the number of events is bounded, too.
        let size = u32::try_from(event.payload.len() / 1024 + 1).unwrap_or(u32::MAX);
        let Ok(permit) = Arc::clone(&self.queue).try_acquire_many_owned(size) else {
            return Err(Error::throttled("CallerRateLimitExceeded"));
        };
        let accepted = Accepted::new(target, event, hops);
        accepted.note(&self.setup.keeper);
        self.work_off(accepted, Some(permit));
        Ok(())
    }

    /// Goes on with an event that an engine before this one accepted. There was room for it then.
    pub(super) fn take_up(self: &Arc<Self>, accepted: Accepted) {
        let size = u32::try_from(accepted.event.payload.len() / 1024 + 1).unwrap_or(u32::MAX);
        let permit = Arc::clone(&self.queue).try_acquire_many_owned(size).ok();
        self.work_off(accepted, permit);
    }

    fn work_off(self: &Arc<Self>, accepted: Accepted, permit: Option<OwnedSemaphorePermit>) {
        let lambda = Arc::clone(self);
        tokio::spawn(async move {
            let (stop, keeper) = (lambda.setup.stop.clone(), lambda.setup.keeper.clone());
            let Accepted { target, event, .. } = &accepted;
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
            drop(permit);
            if let Some(conclusion) = &conclusion {
                lambda.pass_on(target, event, conclusion, accepted.hops);
            }
            // Where the engine ends first, the event is taken up by the next one.
            if conclusion.is_some() || !stop.is_cancelled() {
                accepted.note_end(&keeper);
            }
        });
    }

    async fn attempt(&self, target: &Target, event: Event) -> Attempt {
        let Ok(chosen) = self.choose(target) else { return Attempt::Gone };
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

    /// Sends an outcome to its destination, if it has one.
    fn pass_on(self: &Arc<Self>, target: &Target, event: &Event, conclusion: &Conclusion, hops: u8) {
        let destination = self.functions().get(&target.name).zip(target.qualifier.as_ref()).and_then(
            |(function, qualifier)| {
                let config = function.event_configs.get(qualifier)?;
                let success = conclusion.condition == "Success";
                if success { config.on_success.clone() } else { config.on_failure.clone() }
            },
        );
        let Some(destination) = destination else { return };
        let function = &target.name;
        let Some(Ok(next)) = (destination.split(':').nth(2) == Some("lambda"))
            .then(|| names::resolve(self.place(), &destination, Naming::Plain))
        else {
            tracing::warn!(%function, %destination, "an outcome was given up: the engine has functions only");
            return;
        };
        if hops >= MAX_HOPS {
            tracing::warn!(%function, %destination, "an outcome was given up: functions call each other in a loop");
            return;
        }
        let payload = Bytes::from(record(&target.arn(self.place()), event, conclusion).to_string());
        if payload.len() > operations::ASYNC_LIMIT {
            tracing::warn!(%function, %destination, "an outcome was given up: it is too long for an event");
            return;
        }
        let event = Event::new(Uuid::new_v4().to_string(), payload);
        let next = Target { qualifier: next.qualifier.or_else(|| Some("$LATEST".to_owned())), ..next };
        if self.enqueue(next, event, hops + 1).is_err() {
            tracing::warn!(%function, %destination, "an outcome was given up: the queue is full");
        }
    }
}

/// The record of an outcome, as AWS sends it.
fn record(arn: &str, event: &Event, conclusion: &Conclusion) -> Value {
    let json_or_text = |bytes: &[u8]| {
        serde_json::from_slice(bytes)
            .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(bytes).into_owned()))
    };
    let mut out = json!({
        "version": "1.0",
        "timestamp": Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": arn,
            "condition": conclusion.condition,
            "approximateInvokeCount": conclusion.runs,
        },
        "requestPayload": json_or_text(&event.payload),
    });
    if let Some(run) = &conclusion.last {
        out["responseContext"] = json!({ "statusCode": 200, "executedVersion": run.version });
        if let Some(error) = run.function_error {
            out["responseContext"]["functionError"] = json!(error);
        }
        out["responsePayload"] = json_or_text(&run.payload);
    }
    out
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
    use serde_json::json;
    use tokio::time::Instant;

    use super::{
        Attempt, Before, Conclusion, Event, EventConfig, MAX_AGE, Policy, RETRIES, Run, deliver_from, record,
    };

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
    fn an_outcome_is_recorded_as_aws_does() {
        let event = Event::new("id", Bytes::from_static(b"{\"a\":1}"));
        let run = Run {
            version: "2".into(),
            function_error: Some("Unhandled"),
            payload: Bytes::from_static(b"no json"),
        };
        let conclusion = Conclusion { condition: "RetriesExhausted", runs: 3, last: Some(run) };
        let mut out = record("arn:x:live", &event, &conclusion);
        let time = out.as_object_mut().unwrap().remove("timestamp").unwrap();
        assert!(time.as_str().is_some_and(|time| time.len() == 24 && time.ends_with('Z')), "{time}");
        let wanted = json!({
            "version": "1.0",
            "requestContext": {
                "requestId": "id", "functionArn": "arn:x:live", "condition": "RetriesExhausted",
                "approximateInvokeCount": 3,
            },
            "requestPayload": { "a": 1 },
            "responseContext": { "statusCode": 200, "executedVersion": "2", "functionError": "Unhandled" },
            "responsePayload": "no json",
        });
        assert_eq!(out, wanted);
        let blocked = Conclusion { condition: "ZeroReservedConcurrency", runs: 0, last: None };
        let out = record("arn:x:live", &event, &blocked);
        assert!(out.get("responseContext").is_none() && out.get("responsePayload").is_none());
    }
}
