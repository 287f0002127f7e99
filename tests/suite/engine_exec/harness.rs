//! An executor with a log store of its own, and functions to give it.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lambdeck::domain::secret::Secret;
use lambdeck::local::exec::{CodeFolder, Event, ExecError, Executor, FunctionSpec, Options, Outcome};
use lambdeck::local::logs::{Store, wire};
use lambdeck::local::samples;
use regex::Regex;
use serde_json::{Value, json};
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

pub const REGION: &str = "eu-west-1";
pub const ACCOUNT: &str = "123456789012";

/// lambdeck itself, which serves the samples.
pub fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_lambdeck"))
}

/// An executor and what it writes to.
pub struct Lab {
    pub executor: Arc<Executor>,
    pub logs: Arc<Store>,
    pub root: TempDir,
}

impl Lab {
    pub fn new() -> Self {
        Self::with(1000, Duration::from_mins(5))
    }

    pub fn with(account_concurrency: u32, idle_after: Duration) -> Self {
        let root = tempfile::Builder::new().prefix("lambdeck-exec-").tempdir().unwrap();
        let logs = Arc::new(Store::new(64 * 1024 * 1024));
        let options = Options {
            program: program().to_owned(),
            account_id: ACCOUNT.to_owned(),
            region: REGION.to_owned(),
            logs: Arc::clone(&logs),
            root: root.path().to_owned(),
            account_concurrency,
            metrics: Arc::default(),
        };
        Self { executor: Executor::with_idle_after(options, idle_after), logs, root }
    }

    /// A function of these files: name and content; a `bootstrap` may be executed.
    pub fn function(&self, runtime: &str, handler: &str, files: &[(&str, &str)]) -> FunctionSpec {
        let mode = |name: &str| if name == "bootstrap" { 0o755 } else { 0o644 };
        let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_bytes(), mode(name))).collect();
        let code = CodeFolder::unpack(&zip_of(&files), self.root.path()).unwrap();
        FunctionSpec {
            name: "thing".to_owned(),
            version: "$LATEST".to_owned(),
            arn: format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:thing"),
            revision: "r1".to_owned(),
            runtime: runtime.to_owned(),
            handler: handler.to_owned(),
            memory_mb: 512,
            timeout_s: 30,
            variables: BTreeMap::new(),
            code: Arc::new(code),
            log_group: "/aws/lambda/thing".to_owned(),
            json_logs: false,
            log_levels: lambdeck::local::exec::LogLevels::default(),
            layers: Vec::new(),
        }
    }

    /// A custom runtime written as a shell script.
    pub fn script(&self, script: &str) -> FunctionSpec {
        self.function("provided.al2023", "none", &[("bootstrap", &format!("#!/bin/sh\n{script}"))])
    }

    /// A built-in sample, as configured.
    pub fn sample(&self, name: &str) -> FunctionSpec {
        let sample = samples::all(program()).into_iter().find(|sample| sample.name == name).unwrap();
        let code = CodeFolder::unpack(&sample.zip, self.root.path()).unwrap();
        FunctionSpec {
            name: name.to_owned(),
            arn: format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"),
            memory_mb: sample.memory_mb,
            timeout_s: sample.timeout_s,
            variables: sample.variables.iter().map(|(k, v)| (k.clone(), Secret::new(v.as_str()))).collect(),
            code: Arc::new(code),
            log_group: format!("/aws/lambda/{name}"),
            json_logs: sample.json_logs,
            log_levels: lambdeck::local::exec::LogLevels::default(),
            layers: Vec::new(),
            ..self.script("")
        }
    }

    /// Invokes and expects that an environment takes the event.
    pub async fn run(&self, spec: &Arc<FunctionSpec>, event: Value) -> Run {
        let (id, outcome) = self.try_run(spec, None, event).await;
        Run { id, outcome: outcome.unwrap() }
    }

    pub async fn try_run(
        &self,
        spec: &Arc<FunctionSpec>,
        reserved: Option<u32>,
        event: Value,
    ) -> (String, Result<Outcome, ExecError>) {
        let event = event_of(event);
        let id = event.request_id.clone();
        (id, self.executor.invoke(spec, reserved, event).await)
    }

    /// All log events of a group, as (stream, message), in order.
    pub fn log_of(&self, group: &str) -> Vec<(String, String)> {
        let ctx =
            wire::Context { account_id: ACCOUNT.to_owned(), region: REGION.to_owned(), now_ms: i64::MAX / 2 };
        let mut found = Vec::new();
        let mut token = None::<String>;
        loop {
            let mut request = json!({ "logGroupName": group });
            if let Some(token) = &token {
                request["nextToken"] = token.as_str().into();
            }
            let answer =
                wire::handle(&self.logs, "FilterLogEvents", request.to_string().as_bytes(), &ctx).unwrap();
            let body: Value = serde_json::from_slice(&answer.body).unwrap();
            for event in body["events"].as_array().map(Vec::as_slice).unwrap_or_default() {
                let text = |name: &str| event[name].as_str().unwrap().to_owned();
                found.push((text("logStreamName"), text("message")));
            }
            token = body["nextToken"].as_str().map(str::to_owned);
            if token.is_none() {
                return found;
            }
        }
    }

    /// The messages of a function's log, each without its final line feed.
    pub fn lines(&self, spec: &FunctionSpec) -> Vec<String> {
        let log = self.log_of(&spec.log_group);
        log.iter().map(|(_, message)| message.strip_suffix('\n').expect("a line feed").to_owned()).collect()
    }

    /// As [`Lab::lines`], without those that Lambda itself writes.
    pub fn own_lines(&self, spec: &FunctionSpec) -> Vec<String> {
        let platform = Regex::new(
            r#"^(INIT_START|INIT_REPORT|START RequestId|END RequestId|REPORT RequestId|\{"time":"[^"]*","type":"platform)"#,
        )
        .unwrap();
        self.lines(spec).into_iter().filter(|line| !platform.is_match(line)).collect()
    }

    /// Processes that run with something of this lab in their environment (Linux).
    pub fn processes(&self) -> Vec<u32> {
        let mark = format!("LAMBDA_TASK_ROOT={}", self.root.path().display());
        let ids = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        ids.filter_map(|entry| {
            let id = entry.file_name().to_str()?.parse().ok()?;
            let environ = std::fs::read(entry.path().join("environ")).ok()?;
            environ.windows(mark.len()).any(|window| window == mark.as_bytes()).then_some(id)
        })
        .collect()
    }

    /// Waits until as many processes of this lab are there.
    pub async fn await_processes(&self, count: usize) {
        if cfg!(target_os = "linux") {
            eventually(&format!("{count} processes"), || self.processes().len() == count).await;
        }
    }
}

/// An event with an id of its own.
#[allow(clippy::needless_pass_by_value, reason = "so that json!(...) can be given as it is")]
pub fn event_of(payload: Value) -> Event {
    Event::new(uuid::Uuid::new_v4().to_string(), payload.to_string())
}

/// An event that was run.
pub struct Run {
    pub id: String,
    pub outcome: Outcome,
}

impl Run {
    /// The response; the function must not have failed.
    pub fn ok(&self) -> Value {
        assert_eq!(self.outcome.function_error, None, "{}", String::from_utf8_lossy(&self.outcome.payload));
        self.payload()
    }

    /// The error object; the function must have failed.
    pub fn error(&self) -> Value {
        assert_eq!(self.outcome.function_error, Some("Unhandled"));
        self.payload()
    }

    pub fn payload(&self) -> Value {
        serde_json::from_slice(&self.outcome.payload)
            .unwrap_or_else(|_| panic!("no JSON: {:?}", self.outcome.payload))
    }

    pub fn tail(&self) -> String {
        String::from_utf8_lossy(&self.outcome.log_tail).into_owned()
    }
}

/// Asserts that lines match patterns, one to one. `@id` in a pattern is the request id, `@time` a time stamp.
#[track_caller]
pub fn assert_lines(lines: &[String], id: &str, patterns: &[&str]) {
    for (at, pattern) in patterns.iter().enumerate() {
        let expected = pattern.replace("@id", id).replace("@time", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z");
        let line = lines.get(at).unwrap_or_else(|| panic!("line {at} is missing: {expected}\nin {lines:#?}"));
        let regex = Regex::new(&format!("(?s)^{expected}$")).unwrap();
        assert!(regex.is_match(line), "line {at}\n is       {line:?}\n and not  {expected:?}\nin {lines:#?}");
    }
    assert_eq!(lines.len(), patterns.len(), "{lines:#?}");
}

/// Waits for what another process has to do; there is nothing to await.
pub async fn eventually(what: &str, mut check: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !check() {
        assert!(begun.elapsed() < Duration::from_secs(20), "never happened: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Whether a program is on PATH. Where it is not, the caller returns and the test is skipped, which is said; with
/// `CI=true` that is a failure.
pub fn have(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        let text = format!("SKIPPED: there is no {program} on PATH");
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{text}");
        let _ = writeln!(std::io::stderr(), "{text}");
    }
    found
}

/// A zip of these files: name, content, mode with or without its type bits.
pub fn zip_of(files: &[(&str, &[u8], u32)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content, mode) in files {
        zip.start_file(*name, SimpleFileOptions::default().unix_permissions(*mode)).unwrap();
        zip.write_all(content).unwrap();
    }
    let mut bytes = zip.finish().unwrap().into_inner();
    // The writer makes all of them plain files; the central directory says what they are.
    let entries: Vec<_> = bytes.windows(4).enumerate().filter(|(_, mark)| *mark == b"PK\x01\x02").collect();
    let places: Vec<_> = entries.into_iter().map(|(at, _)| at).collect();
    assert_eq!(places.len(), files.len());
    for (place, (_, _, mode)) in
        places.into_iter().zip(files).filter(|(_, (_, _, mode))| mode & 0o170_000 != 0)
    {
        bytes[place + 38..place + 42].copy_from_slice(&(mode << 16).to_le_bytes());
    }
    bytes
}

/// Every file of a folder, with its path in it.
pub fn files_of(folder: &Path, at: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let name = at.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            files_of(&entry.path(), &name, files);
        } else {
            files.push((name, std::fs::read(entry.path()).unwrap()));
        }
    }
}

/// A shell script that takes one event after the other with curl. `$event` and `$id` are set for `body`, which sets
/// `$answer`.
pub fn curl_loop(body: &str) -> String {
    format!(
        r#"api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
while :; do
  head="$TMPDIR/head"
  event=$(curl -sS -D "$head" "$api/invocation/next") || exit 1
  id=$(tr -d '\r' < "$head" | sed -n 's/^[Ll]ambda-[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d: //p')
  answer=null
  {body}
  curl -sS -o /dev/null "$api/invocation/$id/response" -d "$answer" || exit 1
done
"#
    )
}
