//! CloudWatch Logs Insights: a query, and what it gives.

use std::{cmp::Ordering, fmt};

use jiff::Timestamp;

/// The price of a GB that is looked at, in US dollars (us-east-1 and most other regions).
const USD_PER_GB: f64 = 0.005;

/// A query of log groups.
#[derive(Clone, PartialEq, Eq)]
pub struct Query {
    /// Log groups, at most 50 (StartQuery's limit).
    pub groups: Vec<String>,
    /// The query.
    pub text: String,
    /// First moment, to the second.
    pub from: Timestamp,
    /// Last moment, to the second.
    pub until: Timestamp,
}

impl fmt::Debug for Query {
    // What is looked for may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query")
            .field("groups", &self.groups)
            .field("bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}

/// How far a query is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    /// It was started, and waits for its turn.
    #[default]
    Scheduled,
    /// It runs: what there is of the results may change.
    Running,
    /// It is done.
    Complete,
    /// It was stopped.
    Cancelled,
    /// The service gave up.
    Failed,
    /// It took longer than the service allows.
    TimedOut,
}

impl Progress {
    /// Whether no more comes.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Scheduled | Self::Running)
    }
}

/// What a query gives.
#[derive(Clone, Default, PartialEq)]
pub struct Results {
    /// How far it is.
    pub progress: Progress,
    /// Names of the columns, in the order in which they first came.
    pub columns: Vec<String>,
    /// Rows: a value for each column, none where the row has none.
    pub rows: Vec<Vec<Option<String>>>,
    /// Events that matched.
    pub matched: f64,
    /// Events that were looked at.
    pub scanned: f64,
    /// Bytes that were looked at: what it costs.
    pub bytes: f64,
}

impl Results {
    /// What looking at so many bytes costs, in US dollars: 0.005 a GB in most regions.
    pub fn cost_usd(&self) -> f64 {
        self.bytes / 1e9 * USD_PER_GB
    }

    /// These rows as CSV, with a line of column names. Values are written as they are.
    ///
    /// # Errors
    /// Whatever the writer says.
    pub fn csv(&self, order: &[usize]) -> Result<String, String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.columns).map_err(|error| error.to_string())?;
        for row in order.iter().filter_map(|at| self.rows.get(*at)) {
            let cells = row.iter().map(|cell| cell.as_deref().unwrap_or_default());
            writer.write_record(cells).map_err(|error| error.to_string())?;
        }
        let bytes = writer.into_inner().map_err(|error| error.to_string())?;
        String::from_utf8(bytes).map_err(|error| error.to_string())
    }

    /// These rows as JSON, an object a line, with the columns that have a value.
    pub fn ndjson(&self, order: &[usize]) -> String {
        let mut text = String::new();
        for row in order.iter().filter_map(|at| self.rows.get(*at)) {
            let cells = self.columns.iter().zip(row);
            let object: serde_json::Map<String, serde_json::Value> =
                cells.filter_map(|(name, cell)| Some((name.clone(), cell.clone()?.into()))).collect();
            text.push_str(&serde_json::Value::Object(object).to_string());
            text.push('\n');
        }
        text
    }

    /// The rows in the order of a column: as numbers where both are, else as texts; rows without a value come last.
    /// Equal ones stay as the query gave them.
    pub fn sorted(&self, column: usize, reversed: bool) -> Vec<usize> {
        let number = |cell: &str| cell.parse::<f64>().ok().filter(|value| !value.is_nan());
        let keys: Vec<Option<(Option<f64>, &str)>> = self
            .rows
            .iter()
            .map(|row| row.get(column)?.as_deref().map(|cell| (number(cell), cell)))
            .collect();
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        order.sort_by(|one, other| match (&keys[*one], &keys[*other]) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(one), Some(other)) => {
                let ascending = match (one.0, other.0) {
                    (Some(a), Some(b)) => a.total_cmp(&b),
                    // Numbers come before texts, so that the order is one.
                    (Some(_), None) => Ordering::Less,
                    (None, Some(_)) => Ordering::Greater,
                    (None, None) => one.1.cmp(other.1),
                };
                if reversed { ascending.reverse() } else { ascending }
            }
        });
        order
    }
}

/// A query to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    /// What it is called.
    pub name: &'static str,
    /// What it answers.
    pub text: &'static str,
    /// The query.
    pub query: &'static str,
}

/// Queries to begin with. They know both of Lambda's log formats: the fields that Insights finds in Text REPORT lines
/// (`@duration` and the like; memory in bytes), and those of JSON platform events.
pub const TEMPLATES: [Template; 8] = [
    Template {
        name: "errors by type",
        text: "which errors there are, how many of each, when last",
        query: "fields coalesce(errorType, record.errorType, level) as type
| filter @message like /(?i)(error|exception|timed out)/
| parse @message /(?<named>[A-Za-z_.]*(Error|Exception|ExitError|Timedout))/
| stats count(*) as errors, max(@timestamp) as last by coalesce(named, type) as error
| sort errors desc",
    },
    Template {
        name: "slowest invocations",
        text: "the 25 that ran longest",
        query: "filter @type = \"REPORT\" or type = \"platform.report\"
| fields @timestamp, coalesce(@requestId, record.requestId) as request, coalesce(@duration, record.metrics.durationMs) as ms
| sort ms desc
| limit 25",
    },
    Template {
        name: "cold starts",
        text: "how many, and how long their init phase took, by the hour",
        query: "filter @type = \"REPORT\" or type = \"platform.report\"
| fields coalesce(@initDuration, record.metrics.initDurationMs) as init
| stats count(*) as invocations, count(init) as cold, avg(init) as avg_init_ms, max(init) as max_init_ms by bin(1h)",
    },
    Template {
        name: "memory headroom",
        text: "how much of the configured memory is used",
        query: "filter @type = \"REPORT\" or type = \"platform.report\"
| fields coalesce(@maxMemoryUsed / 1000000, record.metrics.maxMemoryUsedMB) as used_mb, coalesce(@memorySize / 1000000, record.metrics.memorySizeMB) as size_mb
| stats max(used_mb) as max_used, pct(used_mb, 95) as p95_used, max(size_mb) as configured, max(size_mb) - max(used_mb) as headroom by @log",
    },
    Template {
        name: "throttles",
        text: "refusals for lack of concurrency or rate, of Lambda and of what the function calls",
        query: "filter @message like /(?i)(throttl|toomanyrequests|rate exceeded|ProvisionedThroughputExceeded)/
| stats count(*) as throttles by bin(5m)",
    },
    Template {
        name: "latency",
        text: "p50, p95, p99 and the longest, by five minutes",
        query: "filter @type = \"REPORT\" or type = \"platform.report\"
| fields coalesce(@duration, record.metrics.durationMs) as ms
| stats count(*) as invocations, pct(ms, 50) as p50, pct(ms, 95) as p95, pct(ms, 99) as p99, max(ms) as longest by bin(5m)",
    },
    Template {
        name: "time-outs",
        text: "invocations that ran out of time, newest first",
        query: "fields @timestamp, @log, @message
| filter @message like /Task timed out/ or record.status = \"timeout\"
| sort @timestamp desc
| limit 100",
    },
    Template {
        name: "newest lines",
        text: "the newest 200 lines",
        query: "fields @timestamp, @log, @message
| sort @timestamp desc
| limit 200",
    },
];

impl fmt::Debug for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Results")
            .field("progress", &self.progress)
            .field("rows", &self.rows.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(rows: &[[Option<&str>; 2]]) -> Results {
        Results {
            columns: vec!["name".into(), "ms".into()],
            rows: rows.iter().map(|row| row.iter().map(|cell| cell.map(str::to_owned)).collect()).collect(),
            ..Results::default()
        }
    }

    #[test]
    fn a_column_of_numbers_is_sorted_as_numbers_and_what_has_none_comes_last() {
        let results = results(&[
            [Some("b"), Some("9")],
            [Some("a"), Some("10.5")],
            [Some("c"), None],
            [Some("d"), Some("-")],
            [Some("a"), Some("9")],
        ]);
        assert_eq!(results.sorted(1, false), [0, 4, 1, 3, 2]);
        assert_eq!(results.sorted(1, true), [3, 1, 0, 4, 2]);
        assert_eq!(results.sorted(0, false), [1, 4, 0, 2, 3]);
        assert_eq!(results.sorted(7, false), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn rows_are_written_with_what_they_have() {
        let results = results(&[[Some("say \"hi\", you"), Some("1")], [Some("two\nlines"), None]]);
        assert_eq!(results.csv(&[1, 0]).unwrap(), "name,ms\n\"two\nlines\",\n\"say \"\"hi\"\", you\",1\n");
        assert_eq!(
            results.ndjson(&[0, 1]),
            "{\"ms\":\"1\",\"name\":\"say \\\"hi\\\", you\"}\n{\"name\":\"two\\nlines\"}\n"
        );
    }

    #[test]
    fn nothing_that_was_asked_or_found_shows_in_debug() {
        let now = Timestamp::UNIX_EPOCH;
        let query = Query { groups: vec!["g".into()], text: "secret".into(), from: now, until: now };
        let text = format!("{query:?} {:?}", results(&[[Some("secret"), None]]));
        assert!(!text.contains("secret"), "{text}");
    }
}
