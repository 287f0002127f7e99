//! `--persist`: what outlives an engine, however it ends.

mod kill;
mod refusals;
mod restart;

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use aws_config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::Credentials;
use aws_sdk_lambda::{
    primitives::Blob,
    types::{Environment, FunctionCode, Runtime},
};
use lambdeck::local::{Engine, Options};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::{engine::options, zip_of};

/// Answers each event with the variable VALUE. Where RUNS is set it first adds a line to that file; where HOLD is set it
/// takes until that file is there.
const BOOTSTRAP: &str = r#"#!/bin/bash
api="$AWS_LAMBDA_RUNTIME_API"
shopt -s nocasematch
call() {
  exec 3<>"/dev/tcp/${api%:*}/${api##*:}"
  printf '%s /2018-06-01/runtime/%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %s\r\n\r\n%s' \
    "$1" "$2" "$api" "${#3}" "$3" >&3
  while IFS= read -r line <&3; line="${line%$'\r'}"; [ -n "$line" ]; do
    case "$line" in lambda-runtime-aws-request-id:*) id="${line#*: }" ;; esac
  done
  exec 3>&-
}
while true; do
  call GET invocation/next ''
  [ -z "$RUNS" ] || echo "$id $$" >>"$RUNS"
  while [ -n "$HOLD" ] && [ ! -e "$HOLD" ]; do sleep 0.01; done
  call POST "invocation/$id/response" "\"$VALUE\""
done
"#;

/// How long anything may take on a busy machine: only a failing test waits for it.
const PATIENCE: Duration = Duration::from_mins(1);

/// An engine that keeps everything in this folder.
async fn engine(folder: &Path) -> Engine {
    Engine::start(keeping(folder)).await.unwrap()
}

fn keeping(folder: &Path) -> Options {
    Options { persist: Some(folder.to_owned()), ..options() }
}

/// The clients of an engine.
#[derive(Clone)]
struct Clients {
    lambda: aws_sdk_lambda::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
    schemas: aws_sdk_schemas::Client,
}

macro_rules! client {
    ($service:ident, $url:expr, $region:expr, $key:expr) => {
        $service::Client::from_conf(
            $service::Config::builder()
                .behavior_version(BehaviorVersion::v2026_01_12())
                .region(Region::new($region.to_owned()))
                .endpoint_url($url)
                .credentials_provider(Credentials::new($key.0, $key.1, None, None, "test"))
                .retry_config(RetryConfig::disabled())
                .timeout_config(TimeoutConfig::builder().operation_timeout(PATIENCE).build())
                .build(),
        )
    };
}

impl Clients {
    fn new(url: &str, region: &str, key: (&str, &str)) -> Self {
        Self {
            lambda: client!(aws_sdk_lambda, url, region, key),
            logs: client!(aws_sdk_cloudwatchlogs, url, region, key),
            schemas: client!(aws_sdk_schemas, url, region, key),
        }
    }

    fn of(engine: &Engine) -> Self {
        let key = (engine.access_key_id(), engine.secret_access_key().reveal());
        Self::new(&engine.endpoint_url(), engine.region(), key)
    }

    /// What a function answers to a synchronous event.
    async fn invoke(&self, name: &str) -> Value {
        let answer = self.lambda.invoke().function_name(name).send().await.unwrap();
        serde_json::from_slice(answer.payload().unwrap().as_ref()).unwrap()
    }
}

fn code() -> FunctionCode {
    FunctionCode::builder().zip_file(Blob::new(zip_of(&[("bootstrap", BOOTSTRAP)]))).build()
}

fn environment(variables: &[(&str, &str)]) -> Environment {
    variables.iter().fold(Environment::builder(), |all, (name, value)| all.variables(*name, *value)).build()
}

/// The creation of a function of [`BOOTSTRAP`] with these variables.
fn creation(
    clients: &Clients,
    name: &str,
    variables: &[(&str, &str)],
) -> aws_sdk_lambda::operation::create_function::builders::CreateFunctionFluentBuilder {
    let creation = clients.lambda.create_function().function_name(name).runtime(Runtime::Providedal2023);
    creation
        .handler("x")
        .role("arn:aws:iam::123456789012:role/test")
        .timeout(60)
        .code(code())
        .environment(environment(variables))
}

/// Asks again and again until `done` answers.
async fn until<T>(what: &str, mut done: impl AsyncFnMut() -> Option<T>) -> T {
    let found = async {
        loop {
            if let Some(found) = done().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("{what}"))
}

/// `lambdeck local --serve --persist` as a program of its own, with a place of its own for temporary files.
struct Served {
    child: Child,
    clients: Clients,
}

impl Served {
    fn start(folder: &Path, temporary: &Path) -> Self {
        Self::run(Command::new(env!("CARGO_BIN_EXE_lambdeck")), folder, temporary)
    }

    /// `command` is the program, maybe with something before it.
    fn run(mut command: Command, folder: &Path, temporary: &Path) -> Self {
        let mut child = command
            .args(["local", "--serve", "--no-samples", "--region", "eu-central-1", "--persist"])
            .arg(folder)
            .env_clear()
            .env("HOME", temporary)
            .env("TMPDIR", temporary)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let variables: HashMap<_, _> = line
            .trim_start_matches("export ")
            .split_whitespace()
            .filter_map(|assignment| assignment.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned()))
            .collect();
        let of = |name: &str| variables.get(name).unwrap_or_else(|| panic!("{name} in {line:?}")).as_str();
        let key = (of("AWS_ACCESS_KEY_ID"), of("AWS_SECRET_ACCESS_KEY"));
        let clients = Clients::new(of("AWS_ENDPOINT_URL"), of("AWS_REGION"), key);
        Self { child, clients }
    }

    fn pid(&self) -> Pid {
        pid(self.child.id())
    }

    /// As `kill -9`.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As ctrl-c.
    fn end(mut self) {
        kill_process(self.pid(), Signal::INT).unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Fails where it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pid(number: u32) -> Pid {
    Pid::from_raw(number.try_into().unwrap()).unwrap()
}

/// The files in a folder's `code`.
fn zips(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        std::fs::read_dir(folder.join("lambdeck-code")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}
