//! The engine's server and control plane, asked by the real SDK, by raw HTTP and by boto3.

mod asynchronous;
mod code_signing;
mod configuration;
mod dead_letters;
mod door;
mod layers;
mod lifecycle;
mod management;
mod mappings;
mod policy;
mod provisioned;
mod revisions;
mod tenants;
mod triggers;
mod urls;
mod versions;

use std::fmt::Write as _;
use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, SystemTime},
};

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_sdk_lambda::{
    Client,
    primitives::Blob,
    types::{Environment, FunctionCode, Runtime},
};
use lambdeck::local::Engine;
use serde_json::{Value, json};

use crate::support::engine::{client, options};

/// Answers each event with what it was given. Where GATE is set, it starts once that file is there; where BREAK is set,
/// never; where FAIL is set, each event fails; where QUIET is set, it answers null. The event "exit" ends it, and
/// "wait" takes until the file HOLD is there. See tests/python/conformance/asking.py for its twin.
const BOOTSTRAP: &str = r#"#!/bin/bash
api="$AWS_LAMBDA_RUNTIME_API"
shopt -s nocasematch
call() {
  exec 3<>"/dev/tcp/${api%:*}/${api##*:}"
  printf '%s /2018-06-01/runtime/%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %s\r\n\r\n%s' \
    "$1" "$2" "$api" "${#3}" "$3" >&3
  length=0
  context=
  while IFS= read -r line <&3; line="${line%$'\r'}"; [ -n "$line" ]; do
    case "$line" in
      lambda-runtime-aws-request-id:*) id="${line#*: }" ;;
      lambda-runtime-client-context:*) context="${line#*: }" ;;
      content-length:*) length="${line#*: }" ;;
    esac
  done
  body="$(head -c "$length" <&3)"
  exec 3>&-
}
while [ -n "$GATE" ] && [ ! -e "$GATE" ]; do sleep 0.01; done
if [ -n "$BREAK" ]; then exit 1; fi
while true; do
  call GET invocation/next ''
  [ -z "$context" ] || echo "context $context"
  echo "event $body"
  if [ "$body" = '"exit"' ]; then exit 3; fi
  while [ "$body" = '"wait"' ] && [ ! -e "$HOLD" ]; do sleep 0.01; done
  if [ -n "$FAIL" ]; then
    call POST "invocation/$id/error" '{"errorMessage":"it fails","errorType":"Oops"}'
  elif [ -n "$QUIET" ]; then
    call POST "invocation/$id/response" null
  else
    call POST "invocation/$id/response" \
      "{\"event\":$body,\"value\":\"$VALUE\",\"version\":\"$AWS_LAMBDA_FUNCTION_VERSION\",\"start\":\"$AWS_LAMBDA_INITIALIZATION_TYPE\"}"
  fi
done
"#;

async fn engine() -> Engine {
    Engine::start(options()).await.unwrap()
}

fn logs_client(engine: &Engine) -> aws_sdk_cloudwatchlogs::Client {
    let credentials =
        Credentials::new(engine.access_key_id(), engine.secret_access_key().reveal(), None, None, "test");
    let config = aws_sdk_cloudwatchlogs::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(engine.region().to_owned()))
        .endpoint_url(engine.endpoint_url())
        .credentials_provider(credentials)
        .build();
    aws_sdk_cloudwatchlogs::Client::from_conf(config)
}

fn archive() -> Blob {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let executable = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    zip.start_file("bootstrap", executable).unwrap();
    zip.write_all(BOOTSTRAP.as_bytes()).unwrap();
    Blob::new(zip.finish().unwrap().into_inner())
}

fn creation(
    client: &Client,
    name: &str,
) -> aws_sdk_lambda::operation::create_function::builders::CreateFunctionFluentBuilder {
    client
        .create_function()
        .function_name(name)
        .runtime(Runtime::Providedal2023)
        .handler("x")
        .role("arn:aws:iam::123456789012:role/test")
        .code(FunctionCode::builder().zip_file(archive()).build())
}

fn value(text: &str) -> Environment {
    Environment::builder().variables("VALUE", text).build()
}

/// A signed request, of which parts may be wrong.
struct Raw<'a> {
    engine: &'a Engine,
    method: &'a str,
    path: &'a str,
    headers: Vec<(&'a str, String)>,
    body: Vec<u8>,
    host: Option<&'a str>,
    service: &'a str,
    time: SystemTime,
    /// Sent instead of the body that was signed.
    forged: Option<Vec<u8>>,
}

struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl<'a> Raw<'a> {
    fn new(engine: &'a Engine, method: &'a str, path: &'a str) -> Self {
        Self {
            engine,
            method,
            path,
            headers: Vec::new(),
            body: Vec::new(),
            host: None,
            service: "lambda",
            time: SystemTime::now(),
            forged: None,
        }
    }

    fn header(mut self, name: &'a str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    fn host(mut self, host: &'a str) -> Self {
        self.host = Some(host);
        self
    }

    fn service(mut self, service: &'a str) -> Self {
        self.service = service;
        self
    }

    fn time(mut self, time: SystemTime) -> Self {
        self.time = time;
        self
    }

    fn send(self) -> Reply {
        use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
        let authority = self.engine.endpoint_url().trim_start_matches("http://").to_owned();
        let host = self.host.unwrap_or(&authority);
        let address = format!("http://{host}{}", self.path);
        let identity = Credentials::new(
            self.engine.access_key_id(),
            self.engine.secret_access_key().reveal(),
            None,
            None,
            "test",
        )
        .into();
        let params = aws_sigv4::sign::v4::SigningParams::builder()
            .identity(&identity)
            .region(self.engine.region())
            .name(self.service)
            .time(self.time)
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let signed = self.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let request =
            SignableRequest::new(self.method, address, signed, SignableBody::Bytes(&self.body)).unwrap();
        let (instructions, _) = sign(request, &params).unwrap().into_parts();
        let mut headers = self.headers.clone();
        headers.push(("host", host.to_owned()));
        let extra: Vec<_> = instructions.headers().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        headers.extend(extra.iter().map(|(k, v)| (k.as_str(), v.clone())));
        exchange(&authority, self.method, self.path, &headers, self.forged.as_ref().unwrap_or(&self.body))
    }
}

fn exchange(authority: &str, method: &str, path: &str, headers: &[(&str, String)], body: &[u8]) -> Reply {
    let mut head =
        format!("{method} {path} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head.push_str("\r\n");
    let mut stream = TcpStream::connect(authority).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    let reply = String::from_utf8(reply).unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Reply { status, head: head.to_lowercase(), body: body.to_owned() }
}

impl Reply {
    fn assert(&self, status: u16, code: &str, text: &str) {
        assert_eq!(self.status, status, "{}\n{}", self.head, self.body);
        assert!(self.head.contains(&format!("x-amzn-errortype: {}", code.to_lowercase())), "{}", self.head);
        assert!(self.head.contains("x-amzn-requestid: "), "{}", self.head);
        assert!(self.body.contains(text), "{}", self.body);
    }
}

const FUNCTIONS: &str = "/2015-03-31/functions";

/// Asks for an operation by method, path and body.
fn ask(engine: &Engine, method: &str, path: &str, body: &Value) -> Reply {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    Raw::new(engine, method, path).body(body).send()
}

impl Reply {
    /// The body of a good answer, which must have this status.
    fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}\n{}", self.head, self.body);
        if self.body.is_empty() { Value::Null } else { serde_json::from_str(&self.body).unwrap() }
    }

    /// A refusal with exactly this message; `Type` as AWS has it.
    fn refused(&self, status: u16, code: &str, message: &str) {
        self.assert(status, code, "");
        let body: Value = serde_json::from_str(&self.body).unwrap();
        let key = if code == "ResourceNotFoundException" { "Message" } else { "message" };
        assert_eq!(body[key].as_str(), Some(message), "{body}");
    }
}

/// Creates a function of [`BOOTSTRAP`] with these variables, Active.
fn make(engine: &Engine, name: &str, variables: &[(&str, &str)]) {
    let made = json!({
        "FunctionName": name, "Runtime": "provided.al2023", "Handler": "x",
        "Role": "arn:aws:iam::123456789012:role/test", "Code": { "ZipFile": archive64() },
        "Environment": { "Variables": variables.iter().copied().collect::<BTreeMap<_, _>>() },
    });
    ask(engine, "POST", FUNCTIONS, &made).ok(201);
    settled(engine, name);
}

/// The function's configuration, once nothing is under way any more.
fn settled(engine: &Engine, name: &str) -> Value {
    let path = format!("{FUNCTIONS}/{name}/configuration");
    let got = ask(engine, "GET", &path, &Value::Null).ok(200);
    assert_eq!((&got["State"], &got["LastUpdateStatus"]), (&json!("Active"), &json!("Successful")));
    got
}

/// Changes the configuration of a function and waits until that has settled.
fn change(engine: &Engine, name: &str, to: &Value) -> Value {
    ask(engine, "PUT", &format!("{FUNCTIONS}/{name}/configuration"), to).ok(200);
    settled(engine, name)
}

/// Publishes the next version of a function, after a change of its variables.
fn publish(engine: &Engine, name: &str, variables: &[(&str, &str)]) -> String {
    let variables: BTreeMap<_, _> = variables.iter().copied().collect();
    change(engine, name, &json!({ "Environment": { "Variables": variables } }));
    let made = ask(engine, "POST", &format!("{FUNCTIONS}/{name}/versions"), &Value::Null).ok(201);
    made["Version"].as_str().unwrap().to_owned()
}

fn archive64() -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    STANDARD.encode(archive())
}

/// Asks again and again until `done` answers.
async fn until<T>(what: &str, mut done: impl FnMut() -> Option<T>) -> T {
    let found = async {
        loop {
            if let Some(found) = done() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), found).await.unwrap_or_else(|_| panic!("{what}"))
}

const ARN: &str = "arn:aws:lambda:eu-central-1:123456789012:function";
const INVALID: &str = "InvalidParameterValueException";
const CONFLICT: &str = "ResourceConflictException";
const MISSING: &str = "ResourceNotFoundException";
const MODEL: &str = "ValidationException";
