//! Until when AWS supports a runtime, from the table in `assets/runtimes.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::civil::Date;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    // A test reads the embedded file strictly; should it ever be broken, every runtime is merely unknown.
    toml::from_str(include_str!("../../assets/runtimes.toml")).unwrap_or_default()
});

/// Where a runtime stands on a given day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Supported.
    Supported {
        /// The day support ends, where AWS has set one.
        until: Option<Date>,
    },
    /// No longer supported: functions still run, without security updates.
    Deprecated {
        /// The day support ended.
        since: Date,
    },
    /// Not in the table. AWS adds runtimes often, so this is no fault: show the identifier as it is.
    Unknown,
}

impl Status {
    /// Whether support has ended.
    pub fn is_deprecated(self) -> bool {
        matches!(self, Self::Deprecated { .. })
    }

    /// The days until support ends, when that is known and still to come.
    pub fn days_left(self, today: Date) -> Option<i32> {
        let Self::Supported { until: Some(until) } = self else { return None };
        (until - today).get_days().into()
    }
}

/// Looks up a runtime identifier such as `python3.13`. `today` is the day to judge by: support has ended on the
/// deprecation date itself.
#[must_use]
pub fn status(runtime: &str, today: Date) -> Status {
    match TABLE.deprecation.get(runtime) {
        None => Status::Unknown,
        Some(Deprecation(Some(date))) if *date <= today => Status::Deprecated { since: *date },
        Some(Deprecation(until)) => Status::Supported { until: *until },
    }
}

/// Every runtime of the table: supported ones first, then family by family, the newest first.
#[must_use]
pub fn all(today: Date) -> Vec<(&'static str, Status)> {
    let mut all: Vec<(&'static str, Status)> =
        TABLE.deprecation.keys().map(|runtime| (runtime.as_str(), status(runtime, today))).collect();
    all.sort_by(|(one, a), (other, b)| {
        let numbers = |runtime: &str| -> Vec<u32> {
            runtime.split(|character: char| !character.is_ascii_digit()).flat_map(str::parse).collect()
        };
        (a.is_deprecated().cmp(&b.is_deprecated()))
            .then_with(|| family(one).cmp(family(other)))
            .then_with(|| numbers(other).cmp(&numbers(one)))
    });
    all
}

/// The language of a runtime identifier: `python` of `python3.13`.
#[must_use]
pub fn family(runtime: &str) -> &str {
    let end = runtime.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(runtime.len());
    &runtime[..end]
}

/// The day on which the table was read from its source.
#[must_use]
pub fn table_date() -> Option<Date> {
    TABLE.as_of.0
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    as_of: Deprecation,
    deprecation: BTreeMap<String, Deprecation>,
}

/// A TOML date, or `false` for none.
#[derive(Clone, Copy, Default)]
struct Deprecation(Option<Date>);

impl<'de> Deserialize<'de> for Deprecation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match toml::Value::deserialize(deserializer)? {
            toml::Value::Boolean(false) => Ok(Self(None)),
            toml::Value::Datetime(date) => {
                date.to_string().parse().map(|date| Self(Some(date))).map_err(D::Error::custom)
            }
            _ => Err(D::Error::custom("a date or false")),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use rstest::rstest;

    use super::*;

    #[test]
    fn the_table_is_well_formed() {
        let table: Table = toml::from_str(include_str!("../../assets/runtimes.toml")).unwrap();
        assert_eq!(table.as_of.0, Some(date(2026, 8, 22)));
        assert!(table.deprecation.len() > 40);
        for (runtime, Deprecation(day)) in table.deprecation {
            assert!(!runtime.is_empty() && runtime.trim() == runtime, "{runtime:?}");
            assert!(day.is_none_or(|day| day >= date(2014, 11, 13)), "{runtime} ended before Lambda began");
        }
    }

    #[rstest]
    #[case("python3.13", Status::Supported { until: Some(date(2029, 6, 30)) })]
    #[case("provided.al2023", Status::Supported { until: Some(date(2029, 6, 30)) })]
    #[case("python3.10", Status::Deprecated { since: date(2026, 10, 31) })]
    #[case("nodejs20.x", Status::Deprecated { since: date(2026, 4, 30) })]
    #[case("go1.x", Status::Deprecated { since: date(2024, 1, 8) })]
    #[case("python3.99", Status::Unknown)]
    #[case("", Status::Unknown)]
    fn on_the_20th_of_november_2026(#[case] runtime: &str, #[case] expected: Status) {
        assert_eq!(status(runtime, date(2026, 11, 20)), expected);
    }

    #[test]
    fn support_ends_on_the_day_itself() {
        let until = date(2027, 4, 30);
        let before = status("nodejs22.x", date(2027, 4, 29));
        assert_eq!(before, Status::Supported { until: Some(until) });
        assert_eq!(before.days_left(date(2027, 4, 29)), Some(1));
        assert_eq!(before.days_left(date(2026, 11, 20)), Some(161));
        assert_eq!(status("nodejs22.x", until), Status::Deprecated { since: until });
        assert!(status("nodejs22.x", until).is_deprecated());
        assert_eq!(Status::Unknown.days_left(until), None);
    }

    #[test]
    fn all_of_them_are_listed_the_newest_of_a_family_first() {
        let all = all(date(2026, 11, 20));
        assert_eq!(all.len(), TABLE.deprecation.len());
        let first_deprecated = all.iter().position(|(_, status)| status.is_deprecated()).unwrap();
        assert!(all[first_deprecated..].iter().all(|(_, status)| status.is_deprecated()));
        let of = |wanted: &str| -> Vec<&str> {
            all.iter().map(|(runtime, _)| *runtime).filter(|runtime| family(runtime) == wanted).collect()
        };
        assert_eq!(of("python")[..5], ["python3.14", "python3.13", "python3.12", "python3.11", "python3.10"]);
        assert_eq!(of("java"), ["java25", "java21", "java17", "java11", "java8.al2", "java8"]);
        assert_eq!(of("provided")[0], "provided.al2023");
    }

    #[test]
    fn a_runtime_without_a_date_is_supported() {
        let table: Table = toml::from_str("as_of = false\n[deprecation]\nx = false").unwrap();
        assert!(table.deprecation["x"].0.is_none());
        assert!(toml::from_str::<Table>("as_of = 2026-01-01\n[deprecation]\nx = true").is_err());
    }
}
