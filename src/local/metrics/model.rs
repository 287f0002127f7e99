//! What the operations are given and what they answer, the same for each protocol.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

/// Input of GetMetricData.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct GetMetricData {
    pub metric_data_queries: Option<Vec<MetricDataQuery>>,
    pub start_time: Option<Time>,
    pub end_time: Option<Time>,
    pub next_token: Option<String>,
    pub scan_by: Option<String>,
    pub max_datapoints: Option<Whole>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct MetricDataQuery {
    pub id: Option<String>,
    pub metric_stat: Option<MetricStat>,
    pub expression: Option<String>,
    pub label: Option<String>,
    pub return_data: Option<Flag>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct MetricStat {
    pub metric: Option<MetricOf>,
    pub period: Option<Whole>,
    pub stat: Option<String>,
    pub unit: Option<String>,
}

/// `Metric`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct MetricOf {
    pub namespace: Option<String>,
    #[serde(rename = "MetricName")]
    pub name: Option<String>,
    pub dimensions: Option<Vec<Dimension>>,
}

/// `Dimension` and `DimensionFilter`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Dimension {
    pub name: Option<String>,
    pub value: Option<String>,
}

/// Input of GetMetricStatistics.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct GetMetricStatistics {
    pub namespace: Option<String>,
    pub metric_name: Option<String>,
    pub dimensions: Option<Vec<Dimension>>,
    pub start_time: Option<Time>,
    pub end_time: Option<Time>,
    pub period: Option<Whole>,
    pub statistics: Option<Vec<String>>,
    pub extended_statistics: Option<Vec<String>>,
    pub unit: Option<String>,
}

/// Input of ListMetrics.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ListMetrics {
    pub namespace: Option<String>,
    pub metric_name: Option<String>,
    pub dimensions: Option<Vec<Dimension>>,
    pub next_token: Option<String>,
    pub recently_active: Option<String>,
    pub include_linked_accounts: Option<Flag>,
    pub owning_account: Option<String>,
}

/// A time in milliseconds since the epoch: a number of seconds, or in the query protocol a text of ISO 8601.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Time(pub i64);

/// A whole number, which is a text in the query protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Whole(pub i64);

/// Yes or no, which is a text in the query protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flag(pub bool);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let ms = match Value::deserialize(from)? {
            Value::Number(seconds) => seconds.as_f64().and_then(milliseconds),
            Value::String(text) => time_of(text.trim()),
            _ => None,
        };
        ms.map(Self).ok_or_else(|| D::Error::custom("no time"))
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = match Value::deserialize(from)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        number.map(Self).ok_or_else(|| D::Error::custom("no whole number"))
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match Value::deserialize(from)? {
            Value::Bool(flag) => Ok(Self(flag)),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(Self(true)),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(Self(false)),
            _ => Err(D::Error::custom("neither true nor false")),
        }
    }
}

/// Seconds with a fraction, of the years that a `Timestamp` has.
#[allow(clippy::cast_possible_truncation, reason = "the range is checked")]
fn milliseconds(seconds: f64) -> Option<i64> {
    (seconds.abs() < 2e11).then(|| (seconds * 1000.0).round() as i64)
}

/// `2026-11-20T21:00:00Z`, `...+01:00`, without a zone in UTC, or seconds since the epoch.
fn time_of(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse::<f64>() {
        return milliseconds(seconds);
    }
    let zoned = text.parse::<Timestamp>().ok();
    let civil = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    zoned.or_else(civil).map(Timestamp::as_millisecond)
}

/// An answer, before a protocol writes it down.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Text(String),
    Number(f64),
    /// Seconds since the epoch.
    Time(i64),
    List(Vec<Node>),
    Struct(Vec<(&'static str, Node)>),
    Map(Vec<(String, Node)>),
}

impl Node {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_read_in_each_form() {
        let time = |value: Value| serde_json::from_value::<Time>(value).ok().map(|time| time.0);
        for same in [
            json!(1_800_014_400),
            json!(1_800_014_400.0),
            json!("1800014400"),
            json!("2027-01-15T12:00:00Z"),
            json!("2027-01-15T12:00:00.000Z"),
            json!("2027-01-15T13:00:00+01:00"),
            json!("2027-01-15T12:00:00"),
        ] {
            assert_eq!(time(same.clone()), Some(1_800_014_400_000), "{same}");
        }
        assert_eq!(time(json!(1.5)), Some(1500));
        for none in [json!("yesterday"), json!(1e300), json!(true), json!("nan"), json!("inf")] {
            assert_eq!(time(none.clone()), None, "{none}");
        }
    }
}
