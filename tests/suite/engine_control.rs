//! The engine's server and control plane, asked by the real SDK, by raw HTTP and by boto3.

use std::fmt::Write as _;
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    process::Command,
    time::{Duration, SystemTime},
};

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_sdk_lambda::{
    Client,
    error::ProvideErrorMetadata as _,
    primitives::Blob,
    types::{Environment, FunctionCode, InvocationType, LastUpdateStatus, LogType, Runtime, State},
};
use lambdeck::local::{Engine, Options};

use crate::support::emulators::python;

/// Answers each event with what it was given; fails where FAIL is set. See conformance.py for the commented twin.
const BOOTSTRAP: &str = r#"#!/bin/bash
api="$AWS_LAMBDA_RUNTIME_API"
shopt -s nocasematch
call() {
  exec 3<>"/dev/tcp/${api%:*}/${api##*:}"
  printf '%s /2018-06-01/runtime/%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %s\r\n\r\n%s' \
    "$1" "$2" "$api" "${#3}" "$3" >&3
  length=0
  while IFS= read -r line <&3; line="${line%$'\r'}"; [ -n "$line" ]; do
    case "$line" in
      lambda-runtime-aws-request-id:*) id="${line#*: }" ;;
      content-length:*) length="${line#*: }" ;;
    esac
  done
  body="$(head -c "$length" <&3)"
  exec 3>&-
}
while true; do
  call GET invocation/next ''
  call POST "invocation/$id/response" "{\"event\":$body,\"value\":\"$VALUE\",\"version\":\"$AWS_LAMBDA_FUNCTION_VERSION\"}"
done
"#;

fn options() -> Options {
    Options {
        port: 0,
        access_key: None,
        account_id: Some("123456789012".into()),
        region: "eu-central-1".into(),
        settle_ms: 0,
        samples: false,
        traffic: false,
        program: env!("CARGO_BIN_EXE_lambdeck").into(),
    }
}

async fn engine() -> Engine {
    Engine::start(options()).await.unwrap()
}

fn client(engine: &Engine) -> Client {
    let credentials =
        Credentials::new(engine.access_key_id(), engine.secret_access_key().reveal(), None, None, "test");
    let config = aws_sdk_lambda::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(engine.region().to_owned()))
        .endpoint_url(engine.endpoint_url())
        .credentials_provider(credentials)
        .retry_config(aws_config::retry::RetryConfig::disabled())
        .build();
    Client::from_conf(config)
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

#[tokio::test(flavor = "multi_thread")]
async fn a_function_lives_from_pending_to_deleted() {
    let engine = engine().await;
    let client = client(&engine);
    let made = creation(&client, "fn").environment(value("one")).send().await.unwrap();
    assert_eq!((made.state(), made.last_update_status()), (Some(&State::Pending), None));
    assert_eq!(made.function_arn(), Some("arn:aws:lambda:eu-central-1:123456789012:function:fn"));
    let active = client.get_function_configuration().function_name("fn").send().await.unwrap();
    assert_eq!(active.state(), Some(&State::Active));

    let invoked = client
        .invoke()
        .function_name("fn")
        .payload(Blob::new("[1]"))
        .log_type(LogType::Tail)
        .send()
        .await
        .unwrap();
    assert_eq!((invoked.status_code(), invoked.executed_version()), (200, Some("$LATEST")));
    assert_eq!(invoked.function_error(), None);
    let payload: serde_json::Value = serde_json::from_slice(invoked.payload().unwrap().as_ref()).unwrap();
    assert_eq!(payload, serde_json::json!({ "event": [1], "value": "one", "version": "$LATEST" }));
    assert!(invoked.log_result().is_some());

    let update = client.update_function_configuration().function_name("fn").environment(value("two"));
    let changed = update.revision_id(active.revision_id().unwrap()).send().await.unwrap();
    assert_eq!(changed.last_update_status(), Some(&LastUpdateStatus::InProgress));
    let settled = client.get_function().function_name("fn").send().await.unwrap();
    let settled = settled.configuration().unwrap();
    assert_eq!(settled.last_update_status(), Some(&LastUpdateStatus::Successful));
    let mut revisions =
        vec![made.revision_id(), active.revision_id(), changed.revision_id(), settled.revision_id()];
    revisions.sort_unstable();
    revisions.dedup();
    assert_eq!(revisions.len(), 4);

    let stale = client.update_function_configuration().function_name("fn").timeout(7);
    let stale =
        stale.revision_id(active.revision_id().unwrap()).send().await.unwrap_err().into_service_error();
    assert!(stale.is_precondition_failed_exception(), "{stale:?}");
    let invoked = client.invoke().function_name("fn").send().await.unwrap();
    let payload: serde_json::Value = serde_json::from_slice(invoked.payload().unwrap().as_ref()).unwrap();
    assert_eq!(payload["value"], "two");

    client.delete_function().function_name("fn").send().await.unwrap();
    let gone = client.get_function().function_name("fn").send().await.unwrap_err().into_service_error();
    assert!(gone.is_resource_not_found_exception());
    assert_eq!(
        gone.message(),
        Some("Function not found: arn:aws:lambda:eu-central-1:123456789012:function:fn")
    );
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_done_while_a_function_is_pending() {
    let engine = Engine::start(Options { settle_ms: 3_600_000, ..options() }).await.unwrap();
    let client = client(&engine);
    creation(&client, "fn").send().await.unwrap();
    let text = "The operation cannot be performed at this time. The function is currently in the following state: Pending";
    let update = client.update_function_configuration().function_name("fn").timeout(7).send().await;
    let update = update.unwrap_err().into_service_error();
    assert!(update.is_resource_conflict_exception());
    assert_eq!(update.message(), Some(text));
    let invoke = client.invoke().function_name("fn").send().await.unwrap_err().into_service_error();
    assert!(invoke.is_resource_conflict_exception());
    let publish = client.publish_version().function_name("fn").send().await.unwrap_err().into_service_error();
    assert!(publish.is_resource_conflict_exception());
    let state = client.get_function_configuration().function_name("fn").send().await.unwrap();
    assert_eq!(state.state(), Some(&State::Pending));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_configuration_serves_while_an_update_settles() {
    // The samples are Active from the start, so a function can be caught between two updates.
    let engine = Engine::start(Options { settle_ms: 3_600_000, samples: true, ..options() }).await.unwrap();
    let client = client(&engine);
    let before = client.get_function_configuration().function_name("greeter").send().await.unwrap();
    assert_eq!(before.last_update_status(), Some(&LastUpdateStatus::Successful));
    let french = Environment::builder().variables("DEFAULT_LANGUAGE", "fr").build();
    let update = client.update_function_configuration().function_name("greeter").environment(french);
    let changed = update.revision_id(before.revision_id().unwrap()).send().await.unwrap();
    assert_eq!(changed.last_update_status(), Some(&LastUpdateStatus::InProgress));
    assert_eq!(changed.environment().unwrap().variables().unwrap()["DEFAULT_LANGUAGE"], "fr");

    let arn = format!("arn:aws:lambda:eu-central-1:{}:function:greeter", engine.account_id());
    let text = format!(
        "The operation cannot be performed at this time. An update is in progress for resource: {arn}"
    );
    let again = client.update_function_configuration().function_name("greeter").timeout(9).send().await;
    let again = again.unwrap_err().into_service_error();
    assert!(again.is_resource_conflict_exception());
    assert_eq!(again.message(), Some(text.as_str()));
    let code = client.update_function_code().function_name("greeter").zip_file(archive()).send().await;
    assert!(code.unwrap_err().into_service_error().is_resource_conflict_exception());

    let invoked = client.invoke().function_name("greeter").payload(Blob::new("{}")).send().await.unwrap();
    let payload: serde_json::Value = serde_json::from_slice(invoked.payload().unwrap().as_ref()).unwrap();
    assert_eq!(payload["greeting"], "Hello, world!");
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asynchronous_event_is_accepted_and_run() {
    let engine = engine().await;
    let client = client(&engine);
    creation(&client, "fn").send().await.unwrap();
    let dry =
        client.invoke().function_name("fn").invocation_type(InvocationType::DryRun).send().await.unwrap();
    assert_eq!(dry.status_code(), 204);
    let event =
        client.invoke().function_name("fn").invocation_type(InvocationType::Event).send().await.unwrap();
    assert_eq!((event.status_code(), event.executed_version()), (202, None));
    let group = "/aws/lambda/fn";
    let logs = logs_client(&engine);
    let ran = async {
        loop {
            let found = logs.filter_log_events().log_group_name(group).filter_pattern("REPORT").send().await;
            if found.is_ok_and(|found| !found.events().is_empty()) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), ran).await.expect("the event's REPORT in the log");
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_splits_its_invocations_by_weight() {
    let engine = engine().await;
    let client = client(&engine);
    creation(&client, "fn").environment(value("one")).publish(true).send().await.unwrap();
    let update = client.update_function_configuration().function_name("fn").environment(value("two"));
    update.send().await.unwrap();
    client.get_function().function_name("fn").send().await.unwrap();
    let second = client.publish_version().function_name("fn").send().await.unwrap();
    assert_eq!(second.version(), Some("2"));
    let routing =
        aws_sdk_lambda::types::AliasRoutingConfiguration::builder().additional_version_weights("2", 0.5);
    let alias = client.create_alias().function_name("fn").name("live").function_version("1");
    alias.routing_config(routing.build()).send().await.unwrap();
    let mut seen = std::collections::BTreeMap::<String, u32>::new();
    for _ in 0..100 {
        let invoked = client.invoke().function_name("fn").qualifier("live").send().await.unwrap();
        *seen.entry(invoked.executed_version().unwrap().to_owned()).or_default() += 1;
    }
    // Ten standard deviations would be 50 off; fewer than 10 of 100 on one side has a chance of 10^-17.
    assert!(seen.len() == 2 && seen.values().all(|count| *count >= 10), "{seen:?}");
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paginator_walks_all_functions() {
    let engine = engine().await;
    let client = client(&engine);
    for at in 0..51 {
        creation(&client, &format!("fn-{at:02}")).send().await.unwrap();
    }
    let pages = client.list_functions().into_paginator().send();
    let pages: Vec<_> = pages.collect::<Result<_, _>>().await.unwrap();
    assert_eq!(pages.iter().map(|page| page.functions().len()).collect::<Vec<_>>(), [50, 1]);
    assert!(
        pages
            .iter()
            .flat_map(aws_sdk_lambda::operation::list_functions::ListFunctionsOutput::functions)
            .all(|function| function.state().is_none())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_must_be_signed_by_the_engines_key() {
    let engine = engine().await;
    let authority = engine.endpoint_url().trim_start_matches("http://").to_owned();
    let unsigned = exchange(&authority, "GET", FUNCTIONS, &[("host", authority.clone())], b"");
    unsigned.assert(
        403,
        "MissingAuthenticationTokenException",
        r#"{"message":"Missing Authentication Token"}"#,
    );
    let malformed =
        [("host", authority.clone()), ("authorization", "AWS4-HMAC-SHA256 Credential=x".to_owned())];
    exchange(&authority, "GET", FUNCTIONS, &malformed, b"").assert(
        403,
        "IncompleteSignatureException",
        "'SignedHeaders'",
    );
    let scope = "Credential=LKIAWRONG/20261120/eu-central-1/lambda/aws4_request, SignedHeaders=host;x-amz-date, Signature=00";
    let unknown = [("host", authority.clone()), ("authorization", format!("AWS4-HMAC-SHA256 {scope}"))];
    exchange(&authority, "GET", FUNCTIONS, &unknown, b"").assert(
        403,
        "UnrecognizedClientException",
        "security token",
    );

    assert_eq!(Raw::new(&engine, "GET", FUNCTIONS).send().status, 200);
    let signature = "The request signature we calculated does not match";
    let mut forged = Raw::new(&engine, "POST", FUNCTIONS).body("{}");
    forged.forged = Some(b"[]".to_vec());
    forged.send().assert(403, "InvalidSignatureException", signature);
    let hash = Raw::new(&engine, "GET", FUNCTIONS).header("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
    hash.send().assert(403, "InvalidSignatureException", signature);
    let other = Raw::new(&engine, "GET", FUNCTIONS).service("sqs").send();
    other.assert(
        403,
        "InvalidSignatureException",
        "Credential should be scoped to correct service: 'lambda'.",
    );

    // The exact limit of five minutes is a unit test; here the clock runs.
    let minutes_5 = Duration::from_mins(5);
    let (early, late) = (SystemTime::now() - minutes_5, SystemTime::now() + minutes_5);
    let sent = |time| Raw::new(&engine, "GET", FUNCTIONS).time(time).send();
    assert_eq!(sent(early + Duration::from_secs(5)).status, 200);
    assert_eq!(sent(late - Duration::from_secs(5)).status, 200);
    sent(early - Duration::from_secs(5)).assert(403, "InvalidSignatureException", "Signature expired: ");
    sent(late + Duration::from_secs(20)).assert(
        403,
        "InvalidSignatureException",
        "Signature not yet current: ",
    );

    // The same in the shapes of the other protocols.
    let logs = exchange(
        &authority,
        "POST",
        "/",
        &[("host", authority.clone()), ("x-amz-target", "Logs_20140328.X".into())],
        b"{}",
    );
    logs.assert(
        400,
        "MissingAuthenticationTokenException",
        r#""__type":"MissingAuthenticationTokenException""#,
    );
    let form = ("content-type", "application/x-www-form-urlencoded".to_owned());
    let sts =
        exchange(&authority, "POST", "/", &[("host", authority.clone()), form], b"Action=GetCallerIdentity");
    sts.assert(403, "MissingAuthenticationToken", "<Code>MissingAuthenticationToken</Code>");
}

#[tokio::test(flavor = "multi_thread")]
async fn web_pages_and_foreign_hosts_are_refused_even_when_signed() {
    let engine = engine().await;
    let refused = "AccessDeniedException";
    for host in ["evil.example", "127.0.0.1.evil.example", "192.168.0.1"] {
        Raw::new(&engine, "GET", FUNCTIONS).host(host).send().assert(403, refused, "loopback");
    }
    let port = engine.endpoint_url().rsplit_once(':').unwrap().1.to_owned();
    assert_eq!(Raw::new(&engine, "GET", FUNCTIONS).host(&format!("localhost:{port}")).send().status, 200);
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost"] {
        Raw::new(&engine, "GET", FUNCTIONS).header("origin", origin).send().assert(403, refused, "web pages");
    }
    let own = engine.endpoint_url();
    assert_eq!(Raw::new(&engine, "GET", FUNCTIONS).header("origin", &own).send().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_named() {
    let engine = engine().await;
    let absent = "NotImplementedException";
    Raw::new(&engine, "GET", "/2018-10-31/layers").send().assert(501, absent, "'ListLayers'");
    Raw::new(&engine, "GET", "/nowhere").send().assert(501, absent, "GET /nowhere");
    let metrics = "/service/GraniteServiceVersion20100801/operation/GetMetricData";
    Raw::new(&engine, "POST", metrics).send().assert(501, absent, "'GetMetricData'");
    let logs =
        Raw::new(&engine, "POST", "/").service("logs").header("x-amz-target", "Logs_20140328.StartQuery2");
    logs.body("{}").send().assert(501, absent, "'StartQuery2'");
    let events = Raw::new(&engine, "POST", "/").service("events").header("x-amz-target", "AWSEvents.PutRule");
    events.body("{}").send().assert(501, absent, "'PutRule'");
    let sts = Raw::new(&engine, "POST", "/")
        .service("sts")
        .header("content-type", "application/x-www-form-urlencoded");
    sts.body("Action=Assume%3CRole&Version=2011-06-15").send().assert(
        501,
        "NotImplemented",
        "'Assume&lt;Role'",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_have_their_limits() {
    let engine = engine().await;
    let put = |size: usize| {
        Raw::new(&engine, "PUT", "/2015-03-31/functions/no/configuration").body(vec![b' '; size]).send()
    };
    for size in [5119, 5120] {
        put(size).assert(400, "InvalidRequestContentException", "no valid JSON");
    }
    let text = "Request must be smaller than 5120 bytes for the UpdateFunctionConfiguration operation";
    put(5121).assert(413, "RequestEntityTooLargeException", text);

    let invoke = |kind: &str, size: usize| {
        let request = Raw::new(&engine, "POST", "/2015-03-31/functions/no/invocations");
        request.header("x-amz-invocation-type", kind).body(vec![b'1'; size]).send()
    };
    for (kind, limit) in [("RequestResponse", 6 * 1024 * 1024), ("Event", 1024 * 1024)] {
        for size in [limit - 1, limit] {
            invoke(kind, size).assert(404, "ResourceNotFoundException", "function:no:$LATEST");
        }
        let text = format!("Request must be smaller than {limit} bytes for the InvokeFunction operation");
        invoke(kind, limit + 1).assert(413, "RequestTooLargeException", &text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_address_needs_its_own_signature() {
    let engine = engine().await;
    let client = client(&engine);
    creation(&client, "fn").send().await.unwrap();
    let whole = client.get_function().function_name("fn").send().await.unwrap();
    let location = whole.code().unwrap().location().unwrap().to_owned();
    let (authority, path) = location.trim_start_matches("http://").split_once('/').unwrap();
    let get = |path: &str| {
        let mut stream = TcpStream::connect(authority).unwrap();
        write!(stream, "GET /{path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n").unwrap();
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).unwrap();
        reply
    };
    let reply = get(path);
    assert!(reply.starts_with(b"HTTP/1.1 200 "));
    assert!(reply.ends_with(archive().as_ref()));
    let status = |path: &str| String::from_utf8_lossy(&get(path)).split(' ').nth(1).unwrap().to_owned();
    assert_eq!(status(&path.replace("X-Amz-Expires=600", "X-Amz-Expires=599")), "403");
    assert_eq!(status(&path.replacen("code/", "code/0", 1)), "403");
    assert_eq!(status(path.split_once('?').unwrap().0), "403");
    client.delete_function().function_name("fn").send().await.unwrap();
    assert_eq!(status(path), "404");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_engine_frees_its_port_and_a_taken_port_is_an_error() {
    let first = engine().await;
    let port: u16 = first.endpoint_url().rsplit_once(':').unwrap().1.parse().unwrap();
    let error = Engine::start(Options { port, ..options() }).await.unwrap_err();
    assert!(error.to_string().contains(&port.to_string()), "{error}");
    assert!(!format!("{first:?}").contains(first.secret_access_key().reveal()));
    first.shutdown().await;
    let second = Engine::start(Options { port, ..options() }).await.unwrap();
    assert_ne!(second.access_key_id(), "");
    let wrong = Options { account_id: Some("12".into()), ..options() };
    assert!(Engine::start(wrong).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_gets_what_aws_gives() {
    let Some(python) = tokio::task::spawn_blocking(python).await.unwrap() else { return };
    let engine = Engine::start(Options { region: "us-east-1".into(), ..options() }).await.unwrap();
    let mut command = Command::new(python);
    command
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/conformance.py"))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("AWS_ENDPOINT_URL", engine.endpoint_url())
        .env("AWS_ACCESS_KEY_ID", engine.access_key_id())
        .env("AWS_SECRET_ACCESS_KEY", engine.secret_access_key().reveal())
        .env("AWS_DEFAULT_REGION", engine.region())
        .env("AWS_EC2_METADATA_DISABLED", "true");
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    engine.shutdown().await;
}
