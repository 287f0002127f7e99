//! Logs Insights.

use std::{fmt::Write as _, ops::Range, time::Duration};

use aws_sdk_cloudwatchlogs::types::{QueryStatistics, QueryStatus, ResultField};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use tokio::time::{Instant, sleep};

use super::{Error, Kind, Session};
use crate::domain::{
    insights::{Progress, Query, Results},
    log_event::LogEvent,
    text::sanitise,
};

/// The field that names an event: no column, but what tells events apart.
const POINTER: &str = "@ptr";
/// The most rows that a query gives.
const MOST_ROWS: usize = 10_000;
/// How long the events of a range are waited for; AWS ends a query after an hour.
const PATIENCE: Duration = Duration::from_mins(2);
/// The waits between looks at a query that runs: the first, and the longest.
pub const FIRST_LOOK: Duration = Duration::from_millis(300);
/// See [`FIRST_LOOK`].
pub const LONGEST_LOOK: Duration = Duration::from_secs(2);

/// The events of a range.
#[derive(Debug)]
pub(crate) struct RangeEvents {
    /// In the order of their timestamps. Their id is the pointer that the service gives.
    pub(crate) events: Vec<LogEvent>,
    /// Whether there may be more than a query gives.
    pub(crate) full: bool,
    /// Requests that it took.
    pub(crate) calls: u64,
}

/// What a query gives, as it comes.
struct Given {
    progress: Progress,
    rows: Vec<Vec<ResultField>>,
    statistics: Option<QueryStatistics>,
}

impl Session {
    /// Starts a query; the answer is its id. It is billed by the bytes it looks at.
    ///
    /// # Errors
    /// As every read; [`Kind::Invalid`] with the service's words where it can't be understood, [`Kind::Throttled`] where
    /// too many are under way.
    pub async fn start_query(&self, query: &Query) -> Result<String, Error> {
        let call = self
            .logs()
            .start_query()
            .query_string(&query.text)
            .start_time(query.from.as_second())
            .end_time(query.until.as_second());
        let groups = query.groups.iter().map(|group| group.strip_suffix(":*").unwrap_or(group).to_owned());
        let groups = Some(groups.collect());
        let call = if query.groups.iter().any(|group| group.starts_with("arn:")) {
            call.set_log_group_identifiers(groups)
        } else {
            call.set_log_group_names(groups)
        };
        let answer = call.send().await.map_err(|error| self.read_error("start the query", &error))?;
        answer
            .query_id
            .filter(|id| !id.is_empty())
            .ok_or_else(|| Error::new(Kind::Service, "could not start the query: the answer names none"))
    }

    /// What a query gave so far. The values are as they were written: whoever shows them makes them safe.
    ///
    /// # Errors
    /// As every read.
    pub async fn query_results(&self, id: &str) -> Result<Results, Error> {
        let Given { progress, rows, statistics } = self.query_rows(id).await?;
        let (columns, rows) = table(rows);
        let statistics = statistics.as_ref();
        Ok(Results {
            progress,
            columns,
            rows,
            matched: statistics.map_or(0.0, |statistics| statistics.records_matched),
            scanned: statistics.map_or(0.0, |statistics| statistics.records_scanned),
            bytes: statistics.map_or(0.0, |statistics| statistics.bytes_scanned),
        })
    }

    /// Stops a query. One that is over stays as it is.
    ///
    /// # Errors
    /// As every read; the service refuses where the query is over.
    pub async fn stop_query(&self, id: &str) -> Result<(), Error> {
        let stopped = self.logs().stop_query().query_id(id).send().await;
        stopped.map(|_| ()).map_err(|error| self.read_error("stop the query", &error))
    }

    async fn query_rows(&self, id: &str) -> Result<Given, Error> {
        let mut rows = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let call = self.logs().get_query_results().query_id(id).set_next_token(token.clone());
            let answer =
                call.send().await.map_err(|error| self.read_error("read the query's results", &error))?;
            rows.extend(answer.results.unwrap_or_default());
            let next = answer.next_token.filter(|next| !next.is_empty());
            if next.is_none() || next == token {
                let progress = answer.status.as_ref().map_or(Progress::Running, progress);
                return Ok(Given { progress, rows, statistics: answer.statistics });
            }
            token = next;
        }
    }

    /// The events of a log group from a time on up to another, in milliseconds since the epoch: the first 10,000.
    ///
    /// # Errors
    /// As every read; [`Kind::Timeout`] where the query takes minutes. It is stopped then.
    pub(crate) async fn query_events(&self, group: &str, range: Range<i64>) -> Result<RangeEvents, Error> {
        let query = query_of(group, &range);
        let id = self.start_query(&query).await?;
        let begun = Instant::now();
        let (mut calls, mut wait) = (1, FIRST_LOOK);
        let rows = loop {
            sleep(wait).await;
            wait = wait.mul_f64(1.5).min(LONGEST_LOOK);
            calls += 1;
            let Given { progress, rows, .. } = self.query_rows(&id).await?;
            match progress {
                Progress::Complete => break rows,
                Progress::Scheduled | Progress::Running if begun.elapsed() < PATIENCE => {}
                Progress::Scheduled | Progress::Running => {
                    // Whether that can be done changes nothing.
                    let _ = self.stop_query(&id).await;
                    return Err(Error::new(Kind::Timeout, "the query took longer than two minutes"));
                }
                Progress::Cancelled | Progress::Failed | Progress::TimedOut => {
                    return Err(Error::new(Kind::Service, "the service gave the query up"));
                }
            }
        };
        let full = rows.len() >= MOST_ROWS;
        let events = rows.into_iter().filter_map(|row| event(group, row));
        let events = events.filter(|event| range.contains(&event.timestamp)).collect();
        Ok(RangeEvents { events, full, calls })
    }
}

/// A query takes whole seconds, and both of its ends belong to it; what is finer is left to a filter.
fn query_of(group: &str, range: &Range<i64>) -> Query {
    let mut text = "fields @timestamp, @ingestionTime, @logStream, @message, @ptr".to_owned();
    let last = range.end.saturating_sub(1);
    // Writing to a text does not fail.
    if range.start % 1_000 != 0 || range.end % 1_000 != 0 {
        let from = range.start;
        let _ = write!(text, " | filter toMillis(@timestamp) >= {from} and toMillis(@timestamp) <= {last}");
    }
    let _ = write!(text, " | sort @timestamp asc | limit {MOST_ROWS}");
    let second = |ms: i64| Timestamp::from_second(ms.div_euclid(1_000)).unwrap_or_default();
    Query { groups: vec![group.to_owned()], text, from: second(range.start), until: second(last) }
}

fn progress(status: &QueryStatus) -> Progress {
    match status {
        QueryStatus::Scheduled => Progress::Scheduled,
        QueryStatus::Complete => Progress::Complete,
        QueryStatus::Cancelled => Progress::Cancelled,
        QueryStatus::Failed => Progress::Failed,
        QueryStatus::Timeout => Progress::TimedOut,
        // `Running`, and what AWS may add: whatever it is, it is not over.
        _ => Progress::Running,
    }
}

/// Columns in the order in which they first come, and the rows by them.
fn table(rows: Vec<Vec<ResultField>>) -> (Vec<String>, Vec<Vec<Option<String>>>) {
    let mut columns: Vec<String> = Vec::new();
    let mut table = Vec::with_capacity(rows.len());
    for fields in rows {
        let mut row = vec![None; columns.len()];
        for field in fields {
            let Some(name) = field.field.filter(|name| name != POINTER) else { continue };
            let at = columns.iter().position(|column| *column == name).unwrap_or_else(|| {
                columns.push(name);
                row.push(None);
                columns.len() - 1
            });
            row[at] = field.value;
        }
        table.push(row);
    }
    for row in &mut table {
        row.resize(columns.len(), None);
    }
    (columns, table)
}

/// The event of a row; none where it does not tell its time.
fn event(group: &str, row: Vec<ResultField>) -> Option<LogEvent> {
    let [mut timestamp, mut ingestion, mut stream, mut message, mut pointer] = [const { None }; 5];
    for field in row {
        let into = match field.field.as_deref() {
            Some("@timestamp") => &mut timestamp,
            Some("@ingestionTime") => &mut ingestion,
            Some("@logStream") => &mut stream,
            Some("@message") => &mut message,
            Some(POINTER) => &mut pointer,
            _ => continue,
        };
        *into = field.value;
    }
    let timestamp = millis(&timestamp?)?;
    Some(LogEvent {
        group: group.to_owned(),
        stream: sanitise(&stream.unwrap_or_default()).into_owned(),
        id: pointer.unwrap_or_default(),
        timestamp,
        ingestion_time: ingestion.and_then(|time| millis(&time)).unwrap_or(timestamp),
        message: message.unwrap_or_default(),
    })
}

/// A time as a query writes it: `2026-11-20 18:00:00.123`, in UTC; or milliseconds since the epoch.
fn millis(text: &str) -> Option<i64> {
    if let Ok(millis) = text.parse() {
        return Some(millis);
    }
    let time: DateTime = text.trim_end_matches('Z').parse().ok()?;
    Some(TimeZone::UTC.to_timestamp(time).ok()?.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(fields: &[(&str, &str)]) -> Vec<ResultField> {
        let field = |(name, value): &(&str, &str)| ResultField::builder().field(*name).value(*value).build();
        fields.iter().map(field).collect()
    }

    #[test]
    fn columns_are_in_the_order_of_their_first_row_and_the_pointer_is_none() {
        let rows = vec![
            row(&[("a", "1"), (POINTER, "x")]),
            row(&[("b", "2"), ("a", "3")]),
            row(&[(POINTER, "y"), ("c", "4")]),
        ];
        let (columns, rows) = table(rows);
        assert_eq!(columns, ["a", "b", "c"]);
        let text: Vec<Vec<&str>> =
            rows.iter().map(|row| row.iter().map(|cell| cell.as_deref().unwrap_or("-")).collect()).collect();
        assert_eq!(text, [["1", "-", "-"], ["3", "2", "-"], ["-", "-", "4"]]);
    }

    #[test]
    fn a_row_is_an_event() {
        let fields = [
            ("@timestamp", "2026-11-20 18:00:00.123"),
            ("@ingestionTime", "1795197601000"),
            ("@logStream", "s\u{1b}[2J"),
            ("@message", "hello\n"),
            (POINTER, "p"),
        ];
        let found = event("/g", row(&fields)).unwrap();
        assert_eq!((found.timestamp, found.ingestion_time), (1_795_197_600_123, 1_795_197_601_000));
        assert_eq!((&*found.group, &*found.id, &*found.message), ("/g", "p", "hello\n"));
        assert!(!found.stream.contains('\u{1b}'));
        assert_eq!(event("/g", row(&fields[1..])), None);
    }

    #[test]
    fn a_range_is_asked_for_by_whole_seconds_and_a_filter() {
        let whole = query_of("/g", &(5_000..10_000));
        assert_eq!((whole.from.as_second(), whole.until.as_second()), (5, 9));
        assert!(!whole.text.contains("filter"));
        let part = query_of("/g", &(5_250..5_500));
        assert_eq!((part.from.as_second(), part.until.as_second()), (5, 5));
        assert!(part.text.contains("toMillis(@timestamp) >= 5250 and toMillis(@timestamp) <= 5499"));
    }
}
