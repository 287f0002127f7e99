//! The log lines that Lambda itself writes around an event, in both log formats, and the log they go to.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use jiff::Timestamp;
use serde::Serialize;

use super::FunctionSpec;
use crate::local::logs::{InputEvent, Store};

/// What `LogResult` holds at most: the last 4 KB.
const TAIL_BYTES: usize = 4096;

/// Milliseconds since the epoch.
pub(super) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Now, as Lambda writes it: `2020-06-09T15:02:26.150Z`.
fn time() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The name of a new log stream.
pub(super) fn stream_name(spec: &FunctionSpec) -> String {
    let day = Timestamp::now().strftime("%Y/%m/%d").to_string();
    // Several functions may share a group of their own, so there the name says whose it is.
    let owner = if spec.log_group == format!("/aws/lambda/{}", spec.name) { "" } else { &spec.name };
    format!("{day}/{owner}[{}]{}", spec.version, uuid::Uuid::new_v4().simple())
}

/// How much a system event matters.
/// <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html#monitoring-cloudwatchlogs-log-level-mapping>
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Debug,
    Info,
    Warn,
}

impl Level {
    /// The level from which on a function's system events are written.
    fn of(spec: &FunctionSpec) -> Self {
        match spec.log_levels.system.as_deref() {
            Some("DEBUG") => Self::Debug,
            Some("WARN") => Self::Warn,
            _ => Self::Info,
        }
    }

    /// A success matters so much, anything else is a warning.
    fn unless_failed(self, status: &Status) -> Self {
        if *status == Status::Success { self } else { Self::Warn }
    }
}

/// The log stream of an environment.
pub(super) struct Log {
    store: Arc<Store>,
    group: String,
    stream: String,
    json: bool,
    /// From which level on system events are written in JSON; in Text all are.
    level: Level,
    initialization_type: &'static str,
    /// The tenant whose environment it is. In JSON its events name it.
    tenant_id: Option<String>,
    /// The end of what was written for the event that is under way.
    tail: Vec<u8>,
}

impl Log {
    pub(super) fn new(
        store: Arc<Store>,
        spec: &FunctionSpec,
        initialization_type: &'static str,
        tenant_id: Option<String>,
    ) -> Self {
        let (group, stream) = (spec.log_group.clone(), stream_name(spec));
        let (json, level) = (spec.json_logs, Level::of(spec));
        Self { store, group, stream, json, level, initialization_type, tenant_id, tail: Vec::new() }
    }

    pub(super) fn stream(&self) -> &str {
        &self.stream
    }

    /// Writes each text as one event. As on AWS, each ends with a line feed.
    pub(super) fn write(&mut self, texts: impl IntoIterator<Item = String>) {
        let timestamp = now_ms();
        let events: Vec<_> = texts
            .into_iter()
            .map(|mut message| {
                message.push('\n');
                self.tail.extend_from_slice(message.as_bytes());
                InputEvent { timestamp, message }
            })
            .collect();
        if self.tail.len() > TAIL_BYTES {
            self.tail.drain(..self.tail.len() - TAIL_BYTES);
        }
        if !events.is_empty() {
            self.store.append(&self.group, &self.stream, &events, timestamp);
        }
    }

    /// From here on the tail is that of the next event.
    pub(super) fn begin(&mut self) {
        self.tail.clear();
    }

    /// The end of what was written since [`Log::begin`].
    pub(super) fn tail(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.tail)
    }

    /// A warning of the engine itself.
    pub(super) fn note(&mut self, text: &str) {
        let line = if self.json {
            json(&Note { timestamp: time(), level: "WARN", message: text })
        } else {
            format!("[WARN]\t{}\t\t{text}", time())
        };
        self.write([line]);
    }

    /// Writes a system event in JSON, where it matters enough.
    fn record(&mut self, level: Level, kind: &str, record: impl Serialize) {
        if level >= self.level {
            self.write([platform(kind, record)]);
        }
    }

    pub(super) fn init_start(&mut self, version: &str, arn: &str) {
        if self.json {
            let record = InitStart {
                initialization_type: self.initialization_type,
                phase: "init",
                runtime_version: version,
                runtime_version_arn: arn,
            };
            return self.record(Level::Info, "initStart", record);
        }
        self.write([format!("INIT_START Runtime Version: {version}\tRuntime Version ARN: {arn}")]);
    }

    /// The end of an init. In Text only a failed one is written.
    pub(super) fn init_report(&mut self, took: Duration, phase: &str, status: &Status) {
        let initialization_type = self.initialization_type;
        if self.json {
            let on_demand = initialization_type == "on-demand";
            let whole = status;
            let (status, error_type) = (whole.word(), whole.error_type());
            let done = InitRuntimeDone { initialization_type, phase, status, error_type };
            let report = InitReport {
                initialization_type,
                phase,
                status,
                error_type,
                metrics: DurationOnly { duration_ms: ms(took) },
            };
            self.record(Level::Debug.unless_failed(whole), "initRuntimeDone", done);
            let level = if on_demand { Level::Debug } else { Level::Info };
            self.record(level.unless_failed(whole), "initReport", report);
        } else if *status != Status::Success {
            let fields = status.fields();
            self.write([format!("INIT_REPORT Init Duration: {:.2} ms\tPhase: {phase}{fields}", ms(took))]);
        }
    }

    pub(super) fn start(&mut self, request_id: &str, version: &str) {
        if self.json {
            let tenant_id = self.tenant_id.clone();
            let record = Start { request_id, version, tenant_id: tenant_id.as_deref() };
            return self.record(Level::Info, "start", record);
        }
        self.write([format!("START RequestId: {request_id} Version: {version}")]);
    }

    /// A fault that the runtime could not report by itself. In JSON only its type shows, in the records that follow.
    pub(super) fn fault(&mut self, text: String) {
        if !self.json {
            self.write([text]);
        }
    }

    /// `Task timed out after 3.00 seconds`, with the time before it.
    pub(super) fn timed_out(&mut self, request_id: &str, message: &str) {
        self.fault(format!("{} {request_id} {message}", time()));
    }

    /// The lines that close an event.
    pub(super) fn report(&mut self, report: &Report<'_>) {
        let Report { request_id, took, init, memory_mb, used_mb, status } = report;
        let billed = billed_ms(*took, *init);
        if self.json {
            let tenant_id = self.tenant_id.clone();
            let tenant_id = tenant_id.as_deref();
            let done = RuntimeDone {
                request_id,
                tenant_id,
                status: status.word(),
                error_type: status.error_type(),
                metrics: DurationOnly { duration_ms: ms(*took) },
            };
            let report = ReportRecord {
                request_id,
                tenant_id,
                metrics: Metrics {
                    duration_ms: ms(*took),
                    billed_duration_ms: billed,
                    memory_size_mb: *memory_mb,
                    max_memory_used_mb: *used_mb,
                    init_duration_ms: init.map(ms),
                },
                status: status.word(),
                error_type: status.error_type(),
            };
            self.record(Level::Debug.unless_failed(status), "runtimeDone", done);
            self.record(Level::Info.unless_failed(status), "report", report);
            return;
        }
        let used = used_mb.map(|mb| format!("\tMax Memory Used: {mb} MB")).unwrap_or_default();
        let init = init.map(|init| format!("\tInit Duration: {:.2} ms", ms(init))).unwrap_or_default();
        // A handler that reports its error ends well, as far as this line goes.
        let status = if matches!(status, Status::Handler(_)) { String::new() } else { status.fields() };
        self.write([
            format!("END RequestId: {request_id}"),
            format!(
                "REPORT RequestId: {request_id}\tDuration: {:.2} ms\tBilled Duration: {billed} ms\tMemory Size: \
                 {memory_mb} MB{used}{init}{status}\t",
                ms(*took)
            ),
        ]);
    }
}

/// How an event or an init ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Success,
    /// The handler reported an error of this type.
    Handler(String),
    /// The environment failed.
    Error(String),
    Timeout,
}

impl Status {
    fn word(&self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Handler(_) | Self::Error(_) => "error",
            Self::Timeout => "timeout",
        }
    }

    fn error_type(&self) -> Option<&str> {
        match self {
            Self::Success | Self::Timeout => None,
            Self::Handler(error_type) | Self::Error(error_type) => Some(error_type),
        }
    }

    /// As in a REPORT line.
    fn fields(&self) -> String {
        match self {
            Self::Success => String::new(),
            Self::Handler(error_type) | Self::Error(error_type) => {
                format!("\tStatus: error\tError Type: {error_type}")
            }
            Self::Timeout => "\tStatus: timeout".to_owned(),
        }
    }
}

/// What a REPORT line holds.
pub(super) struct Report<'a> {
    pub(super) request_id: &'a str,
    pub(super) took: Duration,
    pub(super) init: Option<Duration>,
    pub(super) memory_mb: u32,
    /// Absent where the system does not say.
    pub(super) used_mb: Option<u64>,
    pub(super) status: Status,
}

/// Milliseconds with two decimals.
fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 100_000.0).round() / 100.0
}

/// Whole milliseconds, begun ones included; since August 2025 the init is billed, too.
fn billed_ms(took: Duration, init: Option<Duration>) -> u128 {
    (took + init.unwrap_or_default()).as_micros().div_ceil(1000).max(1)
}

fn json(record: &impl Serialize) -> String {
    serde_json::to_string(record).unwrap_or_default()
}

fn platform(kind: &str, record: impl Serialize) -> String {
    json(&Platform { time: time(), kind: format!("platform.{kind}"), record })
}

#[derive(Serialize)]
struct Platform<T> {
    time: String,
    #[serde(rename = "type")]
    kind: String,
    record: T,
}

#[derive(Serialize)]
struct Note<'a> {
    timestamp: String,
    level: &'static str,
    message: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InitStart<'a> {
    initialization_type: &'static str,
    phase: &'static str,
    runtime_version: &'a str,
    runtime_version_arn: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InitRuntimeDone<'a> {
    initialization_type: &'static str,
    phase: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_type: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InitReport<'a> {
    initialization_type: &'static str,
    phase: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_type: Option<&'a str>,
    metrics: DurationOnly,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Start<'a> {
    request_id: &'a str,
    version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_id: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuntimeDone<'a> {
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_id: Option<&'a str>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_type: Option<&'a str>,
    metrics: DurationOnly,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DurationOnly {
    duration_ms: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportRecord<'a> {
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_id: Option<&'a str>,
    metrics: Metrics,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_type: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metrics {
    duration_ms: f64,
    billed_duration_ms: u128,
    #[serde(rename = "memorySizeMB")]
    memory_size_mb: u32,
    #[serde(rename = "maxMemoryUsedMB", skip_serializing_if = "Option::is_none")]
    max_memory_used_mb: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    init_duration_ms: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_billed_is_whole_milliseconds_of_duration_and_init() {
        let us = Duration::from_micros;
        assert_eq!(billed_ms(us(3_100), Some(us(542_010))), 546);
        assert_eq!(billed_ms(us(3_000), None), 3);
        assert_eq!(billed_ms(us(3_001), None), 4);
        assert_eq!(billed_ms(us(0), None), 1);
    }

    #[test]
    fn records_keep_the_order_and_the_names_of_aws() {
        let record = ReportRecord {
            request_id: "r",
            tenant_id: None,
            metrics: Metrics {
                duration_ms: 3.1,
                billed_duration_ms: 546,
                memory_size_mb: 128,
                max_memory_used_mb: Some(30),
                init_duration_ms: None,
            },
            status: "success",
            error_type: None,
        };
        assert_eq!(
            json(&record),
            r#"{"requestId":"r","metrics":{"durationMs":3.1,"billedDurationMs":546,"memorySizeMB":128,"maxMemoryUsedMB":30},"status":"success"}"#
        );
    }
}
