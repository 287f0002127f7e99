//! Schedules: EventBridge's `rate()` and `cron()`, and the event that a rule sends.
//!
//! - `cron`: the six fields
//!
//! All times are UTC. A time that passed while the machine slept, or while its clock was set past it, is not made up
//! for; none runs twice, also where the clock is set back.

mod cron;
#[cfg(test)]
mod tests;

use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::sync::mpsc;
use uuid::Uuid;

use self::cron::Cron;
use super::{Firing, Rule};
use crate::local::lambda::names::Place;

/// How long it is slept at most before the clock is looked at: it can be set, and the machine be suspended.
const NAP: Duration = Duration::from_secs(15);
/// How late a run may be. What is due longer ago was missed.
const LATEST: SignedDuration = SignedDuration::from_mins(1);
/// Most bytes of a rule's input (the service model of EventBridge).
const INPUT_LIMIT: usize = 8192;

/// A schedule expression that is in order.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Schedule {
    /// Seconds between two runs.
    Rate(i64),
    Cron(Box<Cron>),
}

impl Rule {
    /// Checks a schedule expression.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence that quotes it and names the field.
    pub fn check(expression: &str) -> Result<(), String> {
        Schedule::parse(expression).map(drop)
    }

    /// Checks all of it.
    pub(super) fn check_whole(&self) -> Result<(), String> {
        let name = &self.name;
        let word = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if name.is_empty() || name.len() > 64 || !name.bytes().all(word) {
            return Err(format!(
                "'{name}' is no rule's name: it takes 1-64 letters, digits, '.', '-' and '_'"
            ));
        }
        Self::check(&self.expression)?;
        match &self.input {
            Some(input) if input.len() > INPUT_LIMIT => Err(format!(
                "the input of the rule {name} has {} bytes, {INPUT_LIMIT} are allowed",
                input.len()
            )),
            Some(input) => serde_json::from_str::<serde::de::IgnoredAny>(input)
                .map(drop)
                .map_err(|error| format!("the input of the rule {name} is no JSON: {error}")),
            None => Ok(()),
        }
    }

    /// Whether it will run at all. One that is wrong will not.
    pub(super) fn has_future(&self, now: Timestamp) -> bool {
        Schedule::parse(&self.expression).is_ok_and(|schedule| schedule.next_after(now, now).is_some())
    }

    /// The rule's ARN.
    fn arn(&self, place: &Place) -> String {
        format!("arn:{}:events:{}:{}:rule/{}", place.partition, place.region, place.account_id, self.name)
    }

    /// What the function gets.
    fn payload(&self, place: &Place, due: Timestamp) -> Bytes {
        if let Some(input) = &self.input {
            return Bytes::from(input.clone());
        }
        let event = json!({
            "version": "0",
            "id": Uuid::new_v4().to_string(),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": place.account_id,
            "time": due.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "region": place.region,
            "resources": [self.arn(place)],
            "detail": {},
        });
        Bytes::from(event.to_string())
    }
}

impl Schedule {
    fn parse(expression: &str) -> Result<Self, String> {
        let wrong = |why: String| format!("the schedule '{expression}' is not valid: {why}");
        let inside = |name: &str| expression.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
        if let Some(rate) = inside("rate") {
            parse_rate(rate).map(Self::Rate).map_err(wrong)
        } else if let Some(fields) = inside("cron") {
            Cron::parse(fields).map(|cron| Self::Cron(Box::new(cron))).map_err(wrong)
        } else if inside("at").is_some() {
            Err(wrong("at() belongs to EventBridge Scheduler, rules have rate() and cron()".to_owned()))
        } else {
            Err(wrong("it is neither rate(5 minutes) nor cron(0 12 * * ? *)".to_owned()))
        }
    }

    /// When it is due for the first time after `after`; a rate counts from `start`.
    fn next_after(&self, after: Timestamp, start: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Cron(cron) => cron.next_after(after),
            Self::Rate(seconds) => {
                let passed = after.duration_since(start).as_nanos().max(0);
                let periods = i64::try_from(passed / (i128::from(*seconds) * 1_000_000_000)).ok()?;
                let ahead = periods.checked_add(1)?.checked_mul(*seconds)?;
                start.checked_add(SignedDuration::from_secs(ahead)).ok()
            }
        }
    }
}

/// `5 minutes`: the unit is singular with 1 and plural with more, as EventBridge wants it.
fn parse_rate(text: &str) -> Result<i64, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [value, unit] = words[..] else {
        return Err("a rate is a number and a unit, such as rate(5 minutes)".to_owned());
    };
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let value = value.parse::<i64>().ok().filter(|value| digits && *value > 0);
    let value = value.ok_or("the number is a whole one, 1 or more")?;
    let (singular, seconds) = match unit {
        "minute" | "minutes" => ("minute", 60),
        "hour" | "hours" => ("hour", 60 * 60),
        "day" | "days" => ("day", 24 * 60 * 60),
        _ => return Err(format!("'{unit}' is no unit of a rate: those are minutes, hours and days")),
    };
    let right = if value == 1 { singular.to_owned() } else { format!("{singular}s") };
    if unit != right {
        return Err(format!("with {value} the unit is '{right}'"));
    }
    // A thousand years are enough, and no time overflows.
    let limit = 365_000 * 24 * 60 * 60;
    value
        .checked_mul(seconds)
        .filter(|seconds| *seconds <= limit)
        .ok_or_else(|| "the number is too large".to_owned())
}

/// Sends the rule's event whenever it is due, until there is no such time or nobody takes it any more. `now` tells the
/// time.
pub(super) async fn run(
    rule: Rule,
    function: String,
    place: Place,
    events: mpsc::Sender<Firing>,
    now: impl Fn() -> Timestamp,
) {
    let Ok(schedule) = Schedule::parse(&rule.expression) else { return };
    let start = now();
    // What is due up to here has run or was missed.
    let mut after = start;
    while let Some(due) = schedule.next_after(after, start) {
        let left = due.duration_since(now());
        if left > SignedDuration::ZERO {
            let left = Duration::try_from(left).unwrap_or(NAP);
            tokio::time::sleep(left.min(NAP)).await;
            continue;
        }
        if left < -LATEST {
            tracing::info!(rule = %rule.name, %due, "a scheduled run was missed: the machine slept, or its clock was set");
            after = now().checked_sub(LATEST).unwrap_or(due).max(due);
            continue;
        }
        after = due;
        let payload = rule.payload(&place, due);
        if events.send(Firing { function: function.clone(), payload }).await.is_err() {
            return;
        }
    }
}
