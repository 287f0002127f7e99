//! EventBridge's `cron()`: six fields in UTC, with Quartz's `L`, `W` and `#`.

use std::collections::BTreeSet;

use jiff::{
    Timestamp,
    civil::{Date, DateTime, Weekday},
    tz::TimeZone,
};

/// What one field may hold.
struct Field {
    /// As the errors call it.
    name: &'static str,
    low: i16,
    high: i16,
    /// Names for the numbers from `low` on.
    words: &'static [&'static str],
    /// The widest step.
    step: i16,
    /// Whether a range may go on at the beginning, such as `FRI-MON`.
    wraps: bool,
}

const MINUTES: Field = Field { name: "minutes", low: 0, high: 59, words: &[], step: 59, wraps: true };
const HOURS: Field = Field { name: "hours", low: 0, high: 23, words: &[], step: 23, wraps: true };
const DAY_OF_MONTH: Field =
    Field { name: "day-of-month", low: 1, high: 31, words: &[], step: 31, wraps: true };
const MONTH: Field = Field {
    name: "month",
    low: 1,
    high: 12,
    words: &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
    step: 12,
    wraps: true,
};
const DAY_OF_WEEK: Field = Field {
    name: "day-of-week",
    low: 1,
    high: 7,
    words: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
    step: 7,
    wraps: true,
};
const YEAR: Field = Field { name: "year", low: 1970, high: 2199, words: &[], step: 229, wraps: false };

/// What stands between the brackets of `cron()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cron {
    minutes: BTreeSet<i16>,
    hours: BTreeSet<i16>,
    days: Days,
    months: BTreeSet<i16>,
    years: BTreeSet<i16>,
}

/// The one of the two day fields that is not `?`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Days {
    /// Days of the month; a month that is shorter has fewer of them.
    OfMonth(BTreeSet<i16>),
    /// `L`, `L-3`: so many days before the month's last.
    Last { before: i16 },
    /// `LW`: the last day of the month from Monday to Friday.
    LastWorkday,
    /// `15W`: the day from Monday to Friday that is nearest, in the same month. None where the month has no such day.
    NearestWorkday(i16),
    /// Days of the week, Sunday = 1.
    OfWeek(BTreeSet<i16>),
    /// `6#3`: the third Friday.
    Nth { weekday: i16, nth: i16 },
    /// `6L`: the last Friday.
    LastOf { weekday: i16 },
}

impl Cron {
    /// Reads the six fields. An error names the field.
    pub(super) fn parse(fields: &str) -> Result<Self, String> {
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let [minutes, hours, day_of_month, month, day_of_week, year] = fields[..] else {
            return Err(format!(
                "it has {} fields, not six: minutes, hours, day-of-month, month, day-of-week, year",
                fields.len()
            ));
        };
        let days = match (day_of_month == "?", day_of_week == "?") {
            (false, true) => days_of_month(day_of_month)?,
            (true, false) => days_of_week(day_of_week)?,
            (both, _) => {
                let how = if both { "both" } else { "neither" };
                return Err(format!(
                    "{how} of the fields day-of-month and day-of-week is '?': exactly one of them must be"
                ));
            }
        };
        Ok(Self {
            minutes: MINUTES.set(minutes)?,
            hours: HOURS.set(hours)?,
            days,
            months: MONTH.set(month)?,
            years: YEAR.set(year)?,
        })
    }

    /// The first matching minute after a time; none when there is none until the end of 2199.
    pub(super) fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let minute = after.as_second().div_euclid(60).checked_add(1)?.checked_mul(60)?;
        let from = TimeZone::UTC.to_datetime(Timestamp::from_second(minute).ok()?);
        self.first_from(from).and_then(|found| TimeZone::UTC.to_timestamp(found).ok())
    }

    fn first_from(&self, from: DateTime) -> Option<DateTime> {
        for year in self.years.range(from.year()..) {
            for month in &self.months {
                let first = Date::new(*year, i8::try_from(*month).ok()?, 1).ok()?;
                if first.last_of_month() < from.date() {
                    continue;
                }
                for date in (1..=first.days_in_month()).filter_map(|day| first.with().day(day).build().ok()) {
                    if date < from.date() || !self.days.hold(date) {
                        continue;
                    }
                    let time = if date == from.date() {
                        self.time_from(from.hour().into(), from.minute().into())
                    } else {
                        self.time_from(0, 0)
                    };
                    if let Some((hour, minute)) = time {
                        return Some(date.at(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0));
                    }
                }
            }
        }
        None
    }

    /// The first matching time of a day from this one on.
    fn time_from(&self, hour: i16, minute: i16) -> Option<(i16, i16)> {
        self.hours.range(hour..).find_map(|at| {
            let minutes = self.minutes.range(if *at == hour { minute } else { 0 }..).next()?;
            Some((*at, *minutes))
        })
    }
}

impl Days {
    fn hold(&self, date: Date) -> bool {
        let (day, last) = (i16::from(date.day()), i16::from(date.days_in_month()));
        let weekday = i16::from(date.weekday().to_sunday_one_offset());
        match self {
            Self::OfMonth(days) => days.contains(&day),
            Self::Last { before } => day == last - before,
            Self::LastWorkday => day == nearest_workday(date, last),
            Self::NearestWorkday(wanted) => *wanted <= last && day == nearest_workday(date, *wanted),
            Self::OfWeek(days) => days.contains(&weekday),
            Self::Nth { weekday: wanted, nth } => weekday == *wanted && (day - 1) / 7 + 1 == *nth,
            Self::LastOf { weekday: wanted } => weekday == *wanted && day + 7 > last,
        }
    }
}

/// The day from Monday to Friday that is nearest to a day of the date's month, and in the same month.
fn nearest_workday(date: Date, day: i16) -> i16 {
    let last = i16::from(date.days_in_month());
    let weekday = i8::try_from(day).ok().and_then(|day| date.with().day(day).build().ok()).map(Date::weekday);
    match weekday {
        Some(Weekday::Saturday) if day == 1 => 3,
        Some(Weekday::Saturday) => day - 1,
        Some(Weekday::Sunday) if day == last => day - 2,
        Some(Weekday::Sunday) => day + 1,
        _ => day,
    }
}

fn days_of_month(text: &str) -> Result<Days, String> {
    let field = &DAY_OF_MONTH;
    if text == "L" {
        return Ok(Days::Last { before: 0 });
    }
    if text == "LW" {
        return Ok(Days::LastWorkday);
    }
    if let Some(before) = text.strip_prefix("L-") {
        let before = number(before).filter(|days| (1..=30).contains(days));
        return before
            .map(|before| Days::Last { before })
            .ok_or_else(|| field.wrong(text, "L- takes 1-30, the days before the month's last"));
    }
    if text.contains(['L', 'W']) && text.contains([',', '-', '/']) {
        return Err(field.wrong(text, "L and W stand alone, not in a list, a range or with a step"));
    }
    if let Some(day) = text.strip_suffix('W') {
        return field.value(day, text).map(Days::NearestWorkday);
    }
    field.set(text).map(Days::OfMonth)
}

fn days_of_week(text: &str) -> Result<Days, String> {
    let field = &DAY_OF_WEEK;
    // Alone it is the week's last day, not the month's.
    if text == "L" {
        return Ok(Days::OfWeek(BTreeSet::from([7])));
    }
    if let Some((weekday, nth)) = text.split_once('#') {
        if text.contains([',', '-', '/']) {
            return Err(field.wrong(text, "# stands alone, not in a list, a range or with a step"));
        }
        let weekday = field.value(weekday, text)?;
        let nth = number(nth).filter(|nth| (1..=5).contains(nth));
        return nth
            .map(|nth| Days::Nth { weekday, nth })
            .ok_or_else(|| field.wrong(text, "after # stands which one of the month it is, 1-5"));
    }
    if let Some(weekday) = text.strip_suffix('L').filter(|_| !text.contains([',', '-', '/'])) {
        return field.value(weekday, text).map(|weekday| Days::LastOf { weekday });
    }
    field.set(text).map(Days::OfWeek)
}

impl Field {
    /// A list of values, ranges and steps.
    fn set(&self, text: &str) -> Result<BTreeSet<i16>, String> {
        let mut all = BTreeSet::new();
        for part in text.split(',') {
            self.add(part, text, &mut all)?;
        }
        Ok(all)
    }

    fn add(&self, part: &str, text: &str, all: &mut BTreeSet<i16>) -> Result<(), String> {
        let (range, step) = match part.split_once('/') {
            None => (part, None),
            Some((range, step)) => {
                let step = number(step).filter(|step| (1..=self.step).contains(step));
                let wrong = || self.wrong(text, &format!("a step is 1-{}", self.step));
                (range, Some(step.ok_or_else(wrong)?))
            }
        };
        let (first, last) = match range.split_once('-') {
            _ if range == "*" || (range.is_empty() && step.is_some()) => (self.low, self.high),
            Some((first, last)) => (self.value(first, text)?, self.value(last, text)?),
            None => {
                let first = self.value(range, text)?;
                (first, if step.is_some() { self.high } else { first })
            }
        };
        let span = self.high - self.low + 1;
        if first > last && !self.wraps {
            return Err(self.wrong(text, "a range goes from the smaller to the larger one"));
        }
        let length = (last - first).rem_euclid(span);
        let values = (0..=length).step_by(usize::try_from(step.unwrap_or(1)).unwrap_or(1));
        all.extend(values.map(|at| self.low + (first - self.low + at) % span));
        Ok(())
    }

    /// A number or a name.
    fn value(&self, word: &str, text: &str) -> Result<i16, String> {
        let index = self.words.iter().position(|name| name.eq_ignore_ascii_case(word));
        index
            .and_then(|at| i16::try_from(at).ok().map(|at| self.low + at))
            .or_else(|| number(word).filter(|value| (self.low..=self.high).contains(value)))
            .ok_or_else(|| {
                let names = match self.words {
                    [first, .., last] => format!(" or {first}-{last}"),
                    _ => String::new(),
                };
                let mut rule = format!("it takes {}-{}{names}", self.low, self.high);
                if word == "?" {
                    rule.push_str("; '?' stands alone, in one of the day fields");
                }
                self.wrong(text, &rule)
            })
    }

    fn wrong(&self, text: &str, rule: &str) -> String {
        format!("its field {} is '{text}': {rule}", self.name)
    }
}

/// Digits only: no sign, nothing that is not ASCII.
fn number(text: &str) -> Option<i16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
