//! How fast the local engine is: `lambdeck local --serve` as a process of its own, asked over open connections by a
//! client that only signs, sends and reads. The same Python function is invoked on ministack in the same run.
//!
//! `cargo bench --bench engine` prints every figure, with what is aimed at. Nothing is asserted about time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr, missing_docs)]

#[allow(dead_code, reason = "shared with the tests")]
#[path = "../suite/support/emulators.rs"]
mod emulators;
#[allow(dead_code, reason = "shared between the benches")]
mod measure;

use std::{
    io::{BufRead as _, BufReader, Cursor, Write as _},
    process::{Child, Command, Stdio},
    time::{Duration, Instant, SystemTime},
};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4::SigningParams,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use self::measure::{Connection, Times, Usage, heading, mb, ms, row, spread};

const KEY: (&str, &str) = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
const REGION: &str = "us-east-1";

fn main() {
    heading("Local engine");
    let starts: Vec<(Engine, Duration)> = (0..10).map(|_| Engine::start()).collect();
    row("start of the process to ready", spread(&Times::of(starts.iter().map(|start| start.1))), "< 50 ms");
    let mut engine = starts.into_iter().next().expect("one of ten").0;
    let usage = Usage::of(engine.pid());
    row(
        "resident memory, idle",
        format!("{} ({} heap and stacks)", mb(usage.resident), mb(usage.anonymous)),
        "< 30 MB",
    );
    invoke(&mut engine.service);
    abreast(&engine.service, "greeter", "  eight at a time", ">= 2500/s");
    python(&mut engine.service, "lambdeck", ">= 1000/s");
    filter_log_events(&mut engine);
    drop(engine);
    match emulators::ministack() {
        Some(peer) => {
            // It takes any key.
            let mut service =
                Service { endpoint: peer.endpoint().to_owned(), connection: Connection::to(peer.endpoint()) };
            python(&mut service, "ministack", "");
        }
        None => println!("ministack was left out: it needs Python"),
    }
}

/// An endpoint, and a connection to it.
struct Service {
    endpoint: String,
    connection: Connection,
}

impl Service {
    /// Another connection to the same.
    fn again(&self) -> Self {
        Self { endpoint: self.endpoint.clone(), connection: Connection::to(&self.endpoint) }
    }

    /// Sends a signed request; status and body of its answer.
    fn ask(
        &mut self,
        method: &str,
        service: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> (u16, Vec<u8>) {
        let identity = Credentials::new(KEY.0, KEY.1, None, None, "bench").into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(REGION)
            .name(service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let url = format!("{}{path}", self.endpoint);
        let request =
            SignableRequest::new(method, url, headers.iter().copied(), SignableBody::Bytes(body)).unwrap();
        let (signature, _) = sign(request, &params).unwrap().into_parts();
        let headers: Vec<(String, String)> = headers
            .iter()
            .copied()
            .chain(signature.headers())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        self.connection.send(method, path, &headers, body)
    }

    /// Sends a signed POST; the body of its answer.
    ///
    /// # Panics
    /// When the answer is an error.
    fn send(&mut self, service: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
        let (status, answer) = self.ask("POST", service, path, headers, body);
        assert!((200..300).contains(&status), "{status} {}", String::from_utf8_lossy(&answer));
        answer
    }

    fn invoke(&mut self, function: &str, event: &[u8]) -> Vec<u8> {
        self.send("lambda", &format!("/2015-03-31/functions/{function}/invocations"), &[], event)
    }
}

/// The engine. It ends when this is dropped.
struct Engine {
    process: Child,
    service: Service,
}

impl Engine {
    /// Starts one; how long it took until it accepted requests.
    fn start() -> (Self, Duration) {
        let started = Instant::now();
        let mut process = Command::new(env!("CARGO_BIN_EXE_lambdeck"))
            .args(["local", "--serve", "--no-traffic", "--account-id", "123456789012", "--region", REGION])
            .args(["--access-key", &format!("{}:{}", KEY.0, KEY.1)])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let time = started.elapsed();
        let endpoint = line
            .split_whitespace()
            .find_map(|word| word.strip_prefix("AWS_ENDPOINT_URL="))
            .expect("the line that says how it is reached")
            .to_owned();
        let connection = Connection::to(&endpoint);
        (Self { process, service: Service { endpoint, connection } }, time)
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.process)
    }

    fn logs(&mut self, operation: &str, input: &Value) -> Value {
        let target = format!("Logs_20140328.{operation}");
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
        let answer = self.service.send("logs", "/", &headers, input.to_string().as_bytes());
        serde_json::from_slice(&answer).unwrap_or_default()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = kill_process(self.pid(), Signal::TERM);
        let _ = self.process.wait();
    }
}

const EVENT: &[u8] = br#"{"name": "Ada", "language": "en"}"#;

/// A sample in its warm process, one invocation after the other.
fn invoke(service: &mut Service) {
    let mut once = || {
        let started = Instant::now();
        service.invoke("greeter", EVENT);
        started.elapsed()
    };
    row("first invoke of a sample (cold start)", ms(once()), "");
    for _ in 0..100 {
        once();
    }
    let started = Instant::now();
    let times = Times::of((0..5_000).map(|_| once()));
    row("warm invoke of a sample", spread(&times), "p50 < 1 ms");
    row("  one after the other", rate(5_000, started.elapsed()), ">= 1500/s");
}

/// Eight clients, each with a connection of its own.
fn abreast(service: &Service, function: &str, name: &str, target: &str) {
    const CLIENTS: u32 = 8;
    const EACH: u32 = 1_000;
    let mut clients: Vec<Service> = (0..CLIENTS).map(|_| service.again()).collect();
    let mut round = |each: u32| {
        let started = Instant::now();
        std::thread::scope(|scope| {
            for client in &mut clients {
                scope.spawn(move || {
                    for _ in 0..each {
                        client.invoke(function, EVENT);
                    }
                });
            }
        });
        started.elapsed()
    };
    // Their environments start.
    round(20);
    row(name, rate(CLIENTS * EACH, round(EACH)), target);
}

/// A Python function that answers with its event, one invocation after the other.
fn python(service: &mut Service, who: &str, target: &str) {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("app.py", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(b"def handler(event, context):\n    return event\n").unwrap();
    let zip = STANDARD.encode(zip.finish().unwrap().into_inner());
    let function = json!({
        "FunctionName": "bench-echo", "Runtime": "python3.13", "Handler": "app.handler", "Timeout": 30,
        "Role": "arn:aws:iam::000000000000:role/bench", "Code": { "ZipFile": zip },
    });
    service.send("lambda", "/2015-03-31/functions", &[], function.to_string().as_bytes());
    let state = "/2015-03-31/functions/bench-echo/configuration";
    loop {
        let (_, answer) = service.ask("GET", "lambda", state, &[], b"");
        if serde_json::from_slice::<Value>(&answer).unwrap()["State"] == "Active" {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut once = || {
        let started = Instant::now();
        let answer = service.invoke("bench-echo", EVENT);
        assert_eq!(serde_json::from_slice::<Value>(&answer).unwrap()["name"], "Ada");
        started.elapsed()
    };
    row(&format!("{who}: first invoke of a Python function"), ms(once()), "");
    for _ in 0..20 {
        once();
    }
    row(&format!("{who}: warm invoke of it"), spread(&Times::of((0..40).map(|_| once()))), "");
    // As many as fit into three seconds, over one connection and over one for each: some servers are slower with the
    // one, some with the other.
    for fresh in [false, true] {
        let started = Instant::now();
        let mut count = 0;
        while started.elapsed() < Duration::from_secs(3) {
            if fresh {
                *service = service.again();
            }
            let answer = service.invoke("bench-echo", EVENT);
            assert_eq!(serde_json::from_slice::<Value>(&answer).unwrap()["name"], "Ada");
            count += 1;
        }
        let name = if fresh { "  with a connection for each" } else { "  one after the other" };
        row(name, rate(count, started.elapsed()), target);
    }
}

fn rate(count: u32, time: Duration) -> String {
    format!("{:.0}/s", f64::from(count) / time.as_secs_f64())
}

/// Reads all of a log group, page by page.
fn filter_log_events(engine: &mut Engine) {
    const EVENTS: usize = 100_000;
    const BATCH: usize = 10_000;
    let group = "/bench/events";
    engine.logs("CreateLogGroup", &json!({ "logGroupName": group }));
    engine.logs("CreateLogStream", &json!({ "logGroupName": group, "logStreamName": "one" }));
    let now = Timestamp::now().as_millisecond();
    for batch in 0..EVENTS / BATCH {
        let events: Vec<Value> = (0..BATCH)
            .map(|nth| json!({ "timestamp": now, "message": format!("event {} of a bench", batch * BATCH + nth) }))
            .collect();
        let input = json!({ "logGroupName": group, "logStreamName": "one", "logEvents": events });
        engine.logs("PutLogEvents", &input);
    }
    let rates = Times::of((0..5).map(|_| {
        let mut time = Duration::ZERO;
        let mut read = 0;
        let mut input = json!({ "logGroupName": group, "limit": BATCH });
        loop {
            let body = input.to_string();
            let headers = [
                ("content-type", "application/x-amz-json-1.1"),
                ("x-amz-target", "Logs_20140328.FilterLogEvents"),
            ];
            let started = Instant::now();
            let answer = engine.service.send("logs", "/", &headers, body.as_bytes());
            time += started.elapsed();
            let page: Value = serde_json::from_slice(&answer).unwrap();
            read += page["events"].as_array().map_or(0, Vec::len);
            match page["nextToken"].as_str() {
                Some(token) => input["nextToken"] = json!(token),
                None => break,
            }
        }
        assert_eq!(read, EVENTS);
        time
    }));
    let each_second = |time: Duration| format!("{:.0}/s", 100_000.0 / time.as_secs_f64());
    row("FilterLogEvents, 100,000 events", each_second(rates.median()), ">= 200000/s");
    let usage = Usage::of(engine.pid());
    row("resident memory after all this", mb(usage.resident), "");
}
