//! Sending the same request many times: how often, and what came of it in all.

use std::collections::BTreeMap;

use super::{
    cost,
    invocation::{Answer, Ending, Measured},
};

/// How often a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Plan {
    /// Times in all.
    pub times: u32,
    /// Times that are on their way at once.
    pub at_once: u32,
}

impl Default for Plan {
    fn default() -> Self {
        Self { times: Self::FREE_TIMES, at_once: Self::FREE_AT_ONCE }
    }
}

impl Plan {
    /// Most times that nobody has to agree to.
    pub const FREE_TIMES: u32 = 100;
    /// Most at once that nobody has to agree to.
    pub const FREE_AT_ONCE: u32 = 10;
    /// Most times at all: every duration of them is remembered.
    pub const MOST_TIMES: u32 = 10_000;
    /// Most at once at all: each has a connection of its own, and its response in memory until it ended.
    pub const MOST_AT_ONCE: u32 = 100;

    /// A plan within the bounds. More at once than times is as many as times.
    ///
    /// # Errors
    /// What is out of bounds, and the bounds.
    pub fn new(times: u32, at_once: u32) -> Result<Self, String> {
        let within = |what: &str, number: u32, most: u32| {
            if (1..=most).contains(&number) {
                Ok(())
            } else {
                Err(format!("{what} must be from 1 to {most}"))
            }
        };
        within("the number of invocations", times, Self::MOST_TIMES)?;
        within("the number of invocations at once", at_once, Self::MOST_AT_ONCE)?;
        Ok(Self { times, at_once: at_once.min(times) })
    }

    /// Whether somebody has to agree to it, for it is more than a slip of the finger should send. A protected place
    /// takes a typed name in any case.
    #[must_use]
    pub fn needs_consent(&self) -> bool {
        self.times > Self::FREE_TIMES || self.at_once > Self::FREE_AT_ONCE
    }
}

/// One of them that ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Shot {
    /// How.
    pub ending: Ending,
    /// AWS's reason where it was throttled: `CallerRateLimitExceeded`, ...
    pub reason: Option<String>,
    /// Milliseconds from sending to the whole answer or to the failure, as seen here.
    pub round_trip_ms: f64,
    /// The numbers of the REPORT line, where there is one.
    pub measured: Option<Measured>,
}

impl Shot {
    /// One that was answered.
    #[must_use]
    pub fn answered(answer: &Answer, round_trip_ms: f64) -> Self {
        Self {
            ending: answer.ending(),
            reason: None,
            round_trip_ms,
            measured: answer.report.as_ref().map(Measured::from),
        }
    }
}

/// What came of all that ended so far. Its size is bounded by [`Plan::MOST_TIMES`].
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    /// What was planned.
    pub plan: Plan,
    /// Requests that were begun.
    pub begun: u32,
    /// Those that ended.
    pub ended: u32,
    /// Invocations with a cold start.
    pub cold_starts: u32,
    /// Invocations that told their numbers: those which the billed time and the durations are of.
    pub measured: u32,
    /// Milliseconds that are billed, in all.
    pub billed_ms: u64,
    /// How long handlers ran, in milliseconds.
    pub durations: Samples,
    /// From sending to the whole answer, in milliseconds: of those that the function answered, or AWS for it.
    pub round_trips: Samples,
    /// Billed milliseconds by the memory they were spent with, in MB.
    billed_by_memory: BTreeMap<u32, u64>,
    endings: Vec<(Ending, u32)>,
    throttles: BTreeMap<String, u32>,
}

/// Different words of the service that are told apart: codes of function errors, reasons of throttling. AWS has a
/// handful; an endpoint that makes up more fills no memory.
const WORDS: usize = 16;
/// What stands for all further words, and for a throttling without a reason.
const OTHER: &str = "other";

impl Tally {
    /// Before anything was sent.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        Self {
            plan,
            begun: 0,
            ended: 0,
            cold_starts: 0,
            measured: 0,
            billed_ms: 0,
            durations: Samples::default(),
            round_trips: Samples::default(),
            billed_by_memory: BTreeMap::new(),
            endings: Vec::new(),
            throttles: BTreeMap::new(),
        }
    }

    /// One is sent.
    pub fn begin(&mut self) {
        self.begun += 1;
    }

    /// One ended.
    pub fn end(&mut self, shot: &Shot) {
        self.ended += 1;
        let mut ending = shot.ending.clone();
        if let Ending::FunctionError(code) = &mut ending
            && self.count_of(&shot.ending) == 0
            && self.function_errors().count() >= WORDS
        {
            OTHER.clone_into(code);
        }
        if let Some((_, count)) = self.endings.iter_mut().find(|(known, _)| *known == ending) {
            *count += 1;
        } else {
            self.endings.push((ending, 1));
            self.endings.sort_by(|(one, _), (other, _)| order(one).cmp(&order(other)));
        }
        // How fast a refusal comes, or how late a time-out, says nothing of the function.
        if shot.ending.is_good() || matches!(shot.ending, Ending::FunctionError(_)) {
            self.round_trips.add(shot.round_trip_ms);
        }
        if shot.ending == Ending::Throttled {
            let reason = shot.reason.as_deref().unwrap_or(OTHER);
            let known = self.throttles.contains_key(reason) || self.throttles.len() < WORDS;
            *self.throttles.entry(if known { reason } else { OTHER }.to_owned()).or_default() += 1;
        }
        if let Some(measured) = &shot.measured {
            self.measured += 1;
            self.cold_starts += u32::from(measured.init_ms.is_some());
            self.billed_ms = self.billed_ms.saturating_add(measured.billed_ms);
            let billed = self.billed_by_memory.entry(measured.memory_mb).or_default();
            *billed = billed.saturating_add(measured.billed_ms);
            self.durations.add(measured.duration_ms);
        }
    }

    /// Those that have not ended.
    #[must_use]
    pub fn on_their_way(&self) -> u32 {
        self.begun - self.ended
    }

    /// How many ended how; the good ones first, then what the function, AWS and the network did.
    #[must_use]
    pub fn endings(&self) -> &[(Ending, u32)] {
        &self.endings
    }

    /// How many ended so.
    #[must_use]
    pub fn count_of(&self, ending: &Ending) -> u32 {
        self.endings.iter().find(|(known, _)| known == ending).map_or(0, |(_, count)| *count)
    }

    /// Those that went well.
    #[must_use]
    pub fn good(&self) -> u32 {
        self.endings.iter().filter(|(ending, _)| ending.is_good()).map(|(_, count)| count).sum()
    }

    /// Function errors by their code.
    pub fn function_errors(&self) -> impl Iterator<Item = (&str, u32)> {
        self.endings.iter().filter_map(|(ending, count)| match ending {
            Ending::FunctionError(code) => Some((code.as_str(), *count)),
            _ => None,
        })
    }

    /// Throttled ones by AWS's reason; `other` where it gave none.
    pub fn throttles(&self) -> impl Iterator<Item = (&str, u32)> {
        self.throttles.iter().map(|(reason, count)| (reason.as_str(), *count))
    }

    /// An estimate of what those that told their numbers cost, in USD, see [`cost::estimate`]. None for an
    /// architecture without a price, and where none told its numbers. The caller leaves it out for an emulator.
    #[must_use]
    pub fn cost(&self, architecture: &str) -> Option<f64> {
        if self.measured == 0 {
            return None;
        }
        let request = cost::estimate(0, 0, architecture)?;
        // Without what each call adds for one request.
        let time =
            |(memory, billed): (&u32, &u64)| Some(cost::estimate(*billed, *memory, architecture)? - request);
        let times = self.billed_by_memory.iter().map(time).sum::<Option<f64>>()?;
        Some(times + f64::from(self.measured) * request)
    }
}

fn order(ending: &Ending) -> (u8, &str) {
    match ending {
        Ending::Ok => (0, ""),
        Ending::Queued => (1, ""),
        Ending::Allowed => (2, ""),
        Ending::FunctionError(code) => (3, code),
        Ending::Unknown => (4, ""),
        Ending::Throttled => (5, ""),
        Ending::Refused => (6, ""),
        Ending::NotSent => (7, ""),
        Ending::Denied => (8, ""),
        Ending::NotFound => (9, ""),
    }
}

/// Numbers whose quantiles are exact: all of them, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples(Vec<f64>);

impl Samples {
    /// Adds one.
    pub fn add(&mut self, sample: f64) {
        let at = self.0.partition_point(|known| known.total_cmp(&sample).is_le());
        self.0.insert(at, sample);
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The smallest one that so many of a hundred are not above (nearest rank), which is one of them. None where there
    /// are none.
    #[must_use]
    pub fn percentile(&self, percent: u32) -> Option<f64> {
        let rank = (self.0.len() * percent.min(100) as usize).div_ceil(100);
        self.0.get(rank.saturating_sub(1)).copied()
    }

    /// How many are below a limit.
    #[must_use]
    pub fn below(&self, limit: f64) -> usize {
        self.0.partition_point(|sample| sample.total_cmp(&limit).is_lt())
    }

    /// The largest one.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        self.0.last().copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn shot(ending: Ending) -> Shot {
        Shot { ending, reason: None, round_trip_ms: 10.0, measured: None }
    }

    fn measured(duration_ms: f64, billed_ms: u64, memory_mb: u32, init_ms: Option<f64>) -> Shot {
        let measured = Measured { duration_ms, billed_ms, init_ms, memory_mb, max_memory_mb: 64 };
        Shot { measured: Some(measured), ..shot(Ending::Ok) }
    }

    #[rstest]
    #[case(1, 1, Some((1, 1, false)))]
    #[case(100, 10, Some((100, 10, false)))]
    #[case(101, 10, Some((101, 10, true)))]
    #[case(100, 11, Some((100, 11, true)))]
    #[case(5, 100, Some((5, 5, false)))]
    #[case(10_000, 100, Some((10_000, 100, true)))]
    #[case(0, 1, None)]
    #[case(1, 0, None)]
    #[case(10_001, 1, None)]
    #[case(10_000, 101, None)]
    fn plans(#[case] times: u32, #[case] at_once: u32, #[case] expected: Option<(u32, u32, bool)>) {
        let plan = Plan::new(times, at_once).ok();
        assert_eq!(plan.map(|plan| (plan.times, plan.at_once, plan.needs_consent())), expected);
    }

    #[test]
    fn a_tally_counts_by_ending_and_by_reason() {
        let mut tally = Tally::new(Plan::default());
        let throttled =
            |reason: Option<&str>| Shot { reason: reason.map(str::to_owned), ..shot(Ending::Throttled) };
        let shots = [
            throttled(Some("CallerRateLimitExceeded")),
            shot(Ending::FunctionError("Unhandled".into())),
            shot(Ending::Unknown),
            shot(Ending::Ok),
            throttled(None),
            throttled(Some("CallerRateLimitExceeded")),
            shot(Ending::Ok),
        ];
        for _ in 0..9 {
            tally.begin();
        }
        for shot in &shots {
            tally.end(shot);
        }
        assert_eq!((tally.begun, tally.ended, tally.on_their_way(), tally.good()), (9, 7, 2, 2));
        assert_eq!(
            tally.endings(),
            [
                (Ending::Ok, 2),
                (Ending::FunctionError("Unhandled".into()), 1),
                (Ending::Unknown, 1),
                (Ending::Throttled, 3),
            ]
        );
        let reasons: Vec<_> = tally.throttles().collect();
        assert_eq!(reasons, [("CallerRateLimitExceeded", 2), ("other", 1)]);
        // What the function did not answer has no round trip.
        assert_eq!((tally.round_trips.count(), tally.durations.count()), (3, 0));
    }

    #[test]
    fn words_that_an_endpoint_makes_up_fill_no_memory() {
        let mut tally = Tally::new(Plan::default());
        for number in 0..100 {
            tally.end(&shot(Ending::FunctionError(format!("E{number:03}"))));
            tally.end(&Shot { reason: Some(format!("R{number:03}")), ..shot(Ending::Throttled) });
        }
        tally.end(&shot(Ending::FunctionError("E000".into())));
        assert_eq!(tally.count_of(&Ending::FunctionError("E000".into())), 2);
        assert_eq!(tally.count_of(&Ending::FunctionError("other".into())), 84);
        assert_eq!((tally.function_errors().count(), tally.throttles().count()), (17, 17));
        assert_eq!(tally.throttles().map(|(_, count)| count).sum::<u32>(), 100);
    }

    #[test]
    fn costs_add_up_over_versions_with_different_memory() {
        let mut tally = Tally::new(Plan::default());
        assert_eq!(tally.cost("arm64"), None);
        let mut expected = 0.0;
        for (billed, memory) in [(1000, 1024), (13, 128), (900_000, 10_240), (7, 128)] {
            tally.end(&measured(1.0, billed, memory, None));
            expected += cost::estimate(billed, memory, "arm64").unwrap();
        }
        let cost = tally.cost("arm64").unwrap();
        assert!((cost - expected).abs() < 1e-12, "{cost} {expected}");
        assert_eq!((tally.cost("riscv"), tally.billed_ms), (None, 901_020));
    }

    #[test]
    fn cold_starts_and_durations_come_from_the_reports() {
        let mut tally = Tally::new(Plan::default());
        for number in 1..=20 {
            let init = (number == 1).then_some(200.0);
            tally.end(&measured(f64::from(21 - number), 21, 128, init));
        }
        tally.end(&shot(Ending::Ok));
        assert_eq!((tally.cold_starts, tally.measured, tally.ended), (1, 20, 21));
        let durations = &tally.durations;
        assert_eq!(
            (durations.percentile(50), durations.percentile(95), durations.max()),
            (Some(10.0), Some(19.0), Some(20.0))
        );
    }

    #[test]
    fn there_is_no_percentile_of_nothing() {
        assert_eq!((Samples::default().percentile(50), Samples::default().max()), (None, None));
    }

    proptest! {
        /// At least so many are at or below it, and it is the smallest such number.
        #[test]
        fn percentiles_are_exact(numbers in proptest::collection::vec(0..50_u32, 1..200), percent in 0..=100_u32) {
            let mut samples = Samples::default();
            for number in &numbers {
                samples.add(f64::from(*number));
            }
            let found = samples.percentile(percent).unwrap();
            let at_or_below = |limit: f64| numbers.iter().filter(|number| f64::from(**number) <= limit).count();
            prop_assert!(numbers.iter().any(|number| f64::from(*number).total_cmp(&found).is_eq()));
            let below = numbers.iter().filter(|number| f64::from(**number) < found).count();
            prop_assert_eq!(samples.below(found), below);
            prop_assert!(at_or_below(found) * 100 >= numbers.len() * percent as usize);
            prop_assert!(at_or_below(found - 1.0) * 100 < (numbers.len() * percent as usize).max(1));
        }
    }
}
