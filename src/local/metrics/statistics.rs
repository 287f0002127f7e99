//! Statistics of values, and the periods that they are of.

use super::{fault::Fault, histogram::Histogram};

/// Seconds of a minute, of five and of an hour: what a start is rounded to, the older it is.
const ROUNDING: [(i64, i64); 3] = [(15 * DAY, 60), (63 * DAY, 300), (i64::MAX, 3600)];
const DAY: i64 = 24 * 60 * 60;
/// Periods below a minute, for metrics of high resolution. Lambda's are of one minute.
const SHORT: [i64; 5] = [1, 5, 10, 20, 30];
/// Families of statistics that are not here.
const TRIMMED: [&str; 6] = ["tm", "wm", "pr", "tc", "ts", "iqm"];

/// A statistic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Statistic {
    SampleCount,
    Average,
    Sum,
    Minimum,
    Maximum,
    /// In hundredths of a percent.
    Percentile(u32),
}

impl Statistic {
    /// The statistic of a name; `parameter` is where the name stands.
    ///
    /// # Errors
    /// A name that CloudWatch does not have, or that the engine does not compute.
    pub fn parse(name: &str, parameter: &str) -> Result<Self, Fault> {
        if let Some(simple) = Self::simple(name) {
            return Ok(simple);
        }
        if let Some(percent) = name.strip_prefix('p').and_then(hundredths) {
            return Ok(Self::Percentile(percent));
        }
        let family = name.to_ascii_lowercase();
        if TRIMMED.iter().any(|trimmed| family.starts_with(trimmed)) {
            return Err(Fault::validation(format!(
                "The value {name} for parameter {parameter} is not supported by the local engine: it computes \
                 SampleCount, Average, Sum, Minimum, Maximum and percentiles such as p99 and p99.9."
            )));
        }
        Err(Fault::validation(format!("The value {name} for parameter {parameter} is not supported.")))
    }

    /// One of the five that are no percentile.
    pub fn simple(name: &str) -> Option<Self> {
        Some(match name {
            "SampleCount" => Self::SampleCount,
            "Average" => Self::Average,
            "Sum" => Self::Sum,
            "Minimum" => Self::Minimum,
            "Maximum" => Self::Maximum,
            _ => return None,
        })
    }

    /// Its value, where there are any values. `scale`: what is counted in one unit.
    #[allow(clippy::cast_precision_loss, reason = "a datapoint is a double")]
    pub fn of(self, values: &Histogram, scale: f64) -> f64 {
        match self {
            Self::SampleCount => values.count() as f64,
            Self::Average => values.sum() as f64 / scale / values.count() as f64,
            Self::Sum => values.sum() as f64 / scale,
            Self::Minimum => values.min() as f64 / scale,
            Self::Maximum => values.max() as f64 / scale,
            Self::Percentile(percent) => values.percentile(percent) as f64 / scale,
        }
    }
}

/// `99` or `99.9`, with up to two decimals, from 0 to 100.
fn hundredths(percent: &str) -> Option<u32> {
    let (whole, part) = percent.split_once('.').unwrap_or((percent, "0"));
    let digits =
        |text: &str, most| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole, 3) || !digits(part, 2) {
        return None;
    }
    let part: u32 = format!("{part:0<2}").parse().ok()?;
    let percent = whole.parse::<u32>().ok()? * 100 + part;
    (percent <= 10_000).then_some(percent)
}

/// A time cut into periods, in seconds since the epoch. As on AWS they begin with the start that was asked for, not
/// with the hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Periods {
    pub start: i64,
    /// Not included.
    pub end: i64,
    /// How long one is.
    pub length: i64,
}

impl Periods {
    /// Periods of a length between two times in milliseconds; the start is rounded down.
    pub fn new(start_ms: i64, end_ms: i64, length: i64, now_ms: i64) -> Self {
        let start = start_ms.div_euclid(1000);
        let age = now_ms.div_euclid(1000).saturating_sub(start);
        let whole = if SHORT.contains(&length) {
            length
        } else {
            ROUNDING.iter().find(|(limit, _)| age < *limit).map_or(3600, |(_, whole)| *whole)
        };
        let end = end_ms.saturating_add(999).div_euclid(1000);
        Self { start: start - start.rem_euclid(whole), end, length }
    }

    /// Whether there are periods of that length: 1, 5, 10, 20, 30 seconds, or minutes.
    pub fn is_length(length: i64) -> bool {
        length > 0 && (length % 60 == 0 || SHORT.contains(&length))
    }

    /// How many there are.
    pub fn count(&self) -> i64 {
        let seconds = self.end.saturating_sub(self.start).max(0);
        seconds / self.length + i64::from(seconds % self.length != 0)
    }

    /// The minutes that begin in them, since the epoch; the last is not included.
    pub fn minutes(&self) -> (u32, u32) {
        let first_from = |second: i64| {
            let minute = second.div_euclid(60) + i64::from(second.rem_euclid(60) != 0);
            u32::try_from(minute.max(0)).unwrap_or(u32::MAX)
        };
        (first_from(self.start), first_from(self.end))
    }

    /// When the period begins that a time is in.
    pub fn of(&self, second: i64) -> i64 {
        second - (second - self.start).rem_euclid(self.length)
    }

    /// Adds minutes up to periods; those without any value are left out.
    pub fn gather(&self, minutes: &[(u32, Histogram)]) -> Vec<(i64, Histogram)> {
        let mut out: Vec<(i64, Histogram)> = Vec::new();
        for (minute, values) in minutes {
            let begin = self.of(i64::from(*minute) * 60);
            match out.last_mut() {
                Some((last, sum)) if *last == begin => sum.merge(values),
                _ => out.push((begin, values.clone())),
            }
        }
        out
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these are exact")]
mod tests {
    use super::*;

    const NOON: i64 = 1_800_014_400;

    fn periods(start: i64, end: i64, length: i64) -> Periods {
        Periods::new(start * 1000, end * 1000, length, (NOON + 3600) * 1000)
    }

    #[test]
    fn names_of_statistics() {
        let parse = |name| Statistic::parse(name, "Stat");
        assert_eq!(parse("Sum").unwrap(), Statistic::Sum);
        for (name, percent) in
            [("p0", 0), ("p50", 5000), ("p99.9", 9990), ("p99.99", 9999), ("p99.05", 9905), ("p100", 10_000)]
        {
            assert_eq!(parse(name).unwrap(), Statistic::Percentile(percent), "{name}");
        }
        for name in ["", "sum", "p", "p101", "p100.01", "p9.", "p.9", "p99.999", "p-1", "P99", "p+9"] {
            let fault = parse(name).unwrap_err();
            assert_eq!(fault.message, format!("The value {name} for parameter Stat is not supported."));
        }
        for name in ["tm99", "TM(10%:90%)", "IQM", "PR(:100)", "TC99", "wm90", "ts80"] {
            assert!(parse(name).unwrap_err().message.contains("local engine"), "{name}");
        }
    }

    #[test]
    fn values_of_statistics_are_in_their_unit() {
        let mut values = Histogram::default();
        for value in [150, 250, 1_100] {
            values.add(value, 1);
        }
        let of = |statistic: Statistic| statistic.of(&values, 100.0);
        assert_eq!(of(Statistic::SampleCount), 3.0);
        assert_eq!((of(Statistic::Sum), of(Statistic::Average)), (15.0, 5.0));
        assert_eq!((of(Statistic::Minimum), of(Statistic::Maximum)), (1.5, 11.0));
        assert_eq!(of(Statistic::Percentile(10_000)), 11.0);
        assert!((of(Statistic::Percentile(5_000)) - 2.5).abs() <= 0.025);
    }

    #[test]
    fn periods_begin_with_the_start_rounded_down_and_end_before_the_end() {
        let minutes = |from: i64, count: i64| -> Vec<(u32, Histogram)> {
            let one = |minute: i64| {
                let mut one = Histogram::default();
                one.add(1, 1);
                (u32::try_from(minute).unwrap(), one)
            };
            (0..count).map(|n| one(from / 60 + n)).collect()
        };
        let five = periods(NOON + 130, NOON + 1000, 300);
        assert_eq!(five.start, NOON + 120, "down to the minute, not to five");
        assert_eq!(
            five.minutes(),
            (u32::try_from(NOON / 60 + 2).unwrap(), u32::try_from(NOON / 60 + 17).unwrap())
        );
        assert_eq!(five.count(), 3);
        let sums: Vec<_> = five
            .gather(&minutes(five.start, 15))
            .into_iter()
            .map(|(at, sum)| (at - NOON, sum.sum()))
            .collect();
        assert_eq!(sums, [(120, 5), (420, 5), (720, 5)]);

        assert_eq!(periods(NOON + 13, NOON + 60, 10).start, NOON + 10);
        assert_eq!(periods(NOON, NOON + 60, 60).count(), 1);
        assert_eq!(periods(NOON, NOON + 61, 60).count(), 2);
        let old = |days: i64| periods(NOON - days * DAY + 299 - 3600, NOON, 60).start;
        assert_eq!(old(14), NOON - 14 * DAY - 3600 + 240);
        assert_eq!(old(20), NOON - 20 * DAY - 3600);
        assert_eq!(old(70) % 3600, 0);
        for (length, good) in
            [(0, false), (1, true), (15, false), (20, true), (60, true), (90, false), (86_400, true)]
        {
            assert_eq!(Periods::is_length(length), good, "{length}");
        }
    }
}
