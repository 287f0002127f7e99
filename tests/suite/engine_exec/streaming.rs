//! Responses that are read while they are written: by the SDK from the engine, and from the executor directly.

use std::path::Path;
use std::sync::Arc;

use aws_sdk_lambda::{
    Client,
    error::ProvideErrorMetadata as _,
    operation::invoke_with_response_stream::InvokeWithResponseStreamOutput,
    primitives::Blob,
    types::{
        Environment, FunctionCode, InvokeWithResponseStreamCompleteEvent as Complete,
        InvokeWithResponseStreamResponseEvent as ResponseEvent, LogType, ResponseStreamingInvocationType,
        Runtime, ThrottleReason,
    },
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use lambdeck::local::Engine;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::harness::{Lab, curl_loop, event_of, eventually, have, zip_of};
use crate::support::engine::{client, options};

/// Streams what `body` prints, as the response to each event.
fn streaming_loop(body: &str) -> String {
    let post = r#"curl -sS -o /dev/null -X POST -T - "$api/invocation/$id/response" -H "Lambda-Runtime-Function-Response-Mode: streaming" -H "Transfer-Encoding: chunked" -H Expect:"#;
    curl_loop(&format!("{{ {body}\n}} | {post}; continue"))
}

/// Waits until the test lets it go on.
const WAIT: &str = r#"while [ ! -e "$GATE" ]; do sleep 0.01; done"#;

/// An engine, and functions that may wait for a file.
struct Bench {
    engine: Engine,
    client: Client,
    folder: TempDir,
}

impl Bench {
    async fn new() -> Self {
        let engine = Engine::start(options()).await.unwrap();
        let client = client(&engine);
        Self { engine, client, folder: tempfile::tempdir().unwrap() }
    }

    async fn create(&self, name: &str, runtime: Runtime, file: &str, text: &str, timeout_s: i32) {
        let zip = zip_of(&[(file, text.as_bytes(), 0o755)]);
        let environment = Environment::builder()
            .variables("GATE", self.path("gate"))
            .variables("DONE", self.path("done"))
            .variables("PATH", std::env::var("PATH").unwrap());
        self.client
            .create_function()
            .function_name(name)
            .runtime(runtime)
            .handler("index.handler")
            .role("arn:aws:iam::123456789012:role/test")
            .timeout(timeout_s)
            .memory_size(512)
            .environment(environment.build())
            .code(FunctionCode::builder().zip_file(Blob::new(zip)).build())
            .send()
            .await
            .unwrap();
    }

    /// A custom runtime that streams what `body` prints.
    async fn script(&self, name: &str, body: &str, timeout_s: i32) {
        let text = format!("#!/bin/sh\n{}", streaming_loop(body));
        self.create(name, Runtime::Providedal2023, "bootstrap", &text, timeout_s).await;
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn open_gate(&self) {
        std::fs::write(self.path("gate"), "").unwrap();
    }

    async fn stream(&self, name: &str, event: &Value) -> InvokeWithResponseStreamOutput {
        self.client
            .invoke_with_response_stream()
            .function_name(name)
            .payload(Blob::new(event.to_string()))
            .log_type(LogType::Tail)
            .send()
            .await
            .unwrap()
    }

    /// Streams to the end.
    async fn read(&self, name: &str, event: &Value) -> (Vec<u8>, Complete) {
        rest(&mut self.stream(name, event).await).await
    }
}

async fn chunk(output: &mut InvokeWithResponseStreamOutput) -> Vec<u8> {
    match output.event_stream.recv().await.unwrap() {
        Some(ResponseEvent::PayloadChunk(chunk)) => chunk.payload.unwrap().into_inner(),
        other => panic!("{other:?}"),
    }
}

/// Chunks until the end, and the end, after which there is nothing.
async fn rest(output: &mut InvokeWithResponseStreamOutput) -> (Vec<u8>, Complete) {
    let mut whole = Vec::new();
    loop {
        match output.event_stream.recv().await.unwrap() {
            Some(ResponseEvent::PayloadChunk(chunk)) => whole.extend(chunk.payload.unwrap().into_inner()),
            Some(ResponseEvent::InvokeComplete(complete)) => {
                assert!(output.event_stream.recv().await.unwrap().is_none());
                return (whole, complete);
            }
            other => panic!("{other:?}"),
        }
    }
}

fn log_of(complete: &Complete) -> String {
    String::from_utf8(STANDARD.decode(complete.log_result().unwrap()).unwrap()).unwrap()
}

/// The error object in the details.
fn details(complete: &Complete) -> Value {
    serde_json::from_str(complete.error_details().unwrap()).unwrap()
}

#[tokio::test]
async fn a_chunk_is_there_before_the_function_goes_on() {
    if !have("curl") {
        return;
    }
    let bench = Bench::new().await;
    bench.script("fn", &format!("echo told >&2; printf one; {WAIT}; printf two"), 20).await;
    let mut output = bench.stream("fn", &json!({})).await;
    assert_eq!(output.status_code(), 200);
    assert_eq!(output.executed_version(), Some("$LATEST"));
    assert_eq!(output.response_stream_content_type(), Some("application/vnd.amazon.eventstream"));
    assert_eq!(chunk(&mut output).await, b"one");
    bench.open_gate();
    let (whole, complete) = rest(&mut output).await;
    assert_eq!(whole, b"two");
    assert_eq!((complete.error_code(), complete.error_details()), (None, None));
    let log = log_of(&complete);
    assert!(log.starts_with("START RequestId: ") && log.contains("\ntold\nEND RequestId: "), "{log}");

    // Who does not stream gets the whole.
    let whole = bench.client.invoke().function_name("fn").send().await.unwrap();
    assert_eq!(whole.payload().unwrap().as_ref(), b"onetwo");
    let plain = bench.client.invoke_with_response_stream().function_name("fn").send().await;
    assert_eq!(rest(&mut plain.unwrap()).await.1.log_result(), None);
    bench.engine.shutdown().await;
}

#[tokio::test]
async fn the_sample_tells_its_story_and_may_lose_the_thread() {
    let engine = Engine::start(lambdeck::local::Options { samples: true, ..options() }).await.unwrap();
    let client = client(&engine);
    let bench = Bench { engine, client, folder: tempfile::tempdir().unwrap() };
    let mut output = bench.stream("story-teller", &json!({ "hero": "Ada", "loseThreadAfter": 3 })).await;
    assert_eq!(chunk(&mut output).await, b"Once ");
    assert_eq!(chunk(&mut output).await, b"upon ");
    let (whole, complete) = rest(&mut output).await;
    assert_eq!(whole, b"a ");
    assert_eq!(complete.error_code(), Some("LostThreadError"));
    assert_eq!(details(&complete)["errorMessage"], "Where was I? There were 3 words already");
    assert!(log_of(&complete).contains("\tERROR\tLostThreadError: "));
    // Before the first word it is an error like any other function's.
    let (whole, complete) = bench.read("story-teller", &json!({ "hero": 7 })).await;
    assert_eq!((whole.as_slice(), complete.error_code()), (&b""[..], Some("Unhandled")));
    assert_eq!(details(&complete)["errorType"], "InvalidHeroError");
    let event = Blob::new(r#"{"loseThreadAfter":1}"#);
    let buffered = bench.client.invoke().function_name("story-teller").payload(event).send().await.unwrap();
    assert_eq!(buffered.function_error(), Some("Unhandled"));
    let payload: Value = serde_json::from_slice(buffered.payload().unwrap().as_ref()).unwrap();
    assert_eq!(payload["errorType"], "LostThreadError");
    bench.engine.shutdown().await;
}

#[tokio::test]
async fn a_response_that_is_not_streamed_comes_in_chunks() {
    if !have("curl") {
        return;
    }
    let bench = Bench::new().await;
    let body = r#"head -c 2500000 /dev/zero | tr '\0' 1 > "$TMPDIR/big"; answer="@$TMPDIR/big""#;
    let text = format!("#!/bin/sh\n{}", curl_loop(body));
    bench.create("fn", Runtime::Providedal2023, "bootstrap", &text, 20).await;
    let mut output = bench.stream("fn", &json!({})).await;
    assert_eq!(chunk(&mut output).await.len(), 1024 * 1024);
    let (whole, complete) = rest(&mut output).await;
    assert_eq!(whole.len(), 2_500_000 - 1024 * 1024);
    assert_eq!(complete.error_code(), None);
    bench.engine.shutdown().await;
}

#[tokio::test]
async fn a_stream_may_be_longer_than_6_mb_a_whole_may_not() {
    if !have("curl") {
        return;
    }
    let bench = Bench::new().await;
    bench.script("fn", "head -c 7000000 /dev/zero", 30).await;
    let (whole, complete) = bench.read("fn", &json!({})).await;
    assert_eq!((whole.len(), complete.error_code()), (7_000_000, None));
    let buffered = bench.client.invoke().function_name("fn").send().await.unwrap();
    let payload: Value = serde_json::from_slice(buffered.payload().unwrap().as_ref()).unwrap();
    assert_eq!(payload["errorType"], "Function.ResponseSizeTooLarge");
    let (whole, _) = bench.read("fn", &json!({})).await;
    assert_eq!(whole.len(), 7_000_000);
    bench.engine.shutdown().await;
}

#[tokio::test]
async fn a_time_out_and_a_crash_end_the_stream_with_their_error() {
    if !have("curl") {
        return;
    }
    let bench = Bench::new().await;
    bench.script("slow", "printf one; sleep 60", 1).await;
    let (whole, complete) = bench.read("slow", &json!({})).await;
    assert_eq!((whole.as_slice(), complete.error_code()), (&b"one"[..], Some("Sandbox.Timedout")));
    let message = details(&complete)["errorMessage"].as_str().unwrap().to_owned();
    assert!(message.ends_with("Error: Task timed out after 1.00 seconds"), "{message}");
    assert!(log_of(&complete).ends_with("\tStatus: timeout\t\n"), "{}", log_of(&complete));

    bench.script("dies", &format!("printf one; {WAIT}; kill -9 $$; sleep 60"), 20).await;
    let mut output = bench.stream("dies", &json!({})).await;
    assert_eq!(chunk(&mut output).await, b"one");
    bench.open_gate();
    let (whole, complete) = rest(&mut output).await;
    assert_eq!((whole.as_slice(), complete.error_code()), (&b""[..], Some("Runtime.ExitError")));
    let error = details(&complete);
    assert_eq!(error["errorType"], "Runtime.ExitError");
    assert!(error["errorMessage"].as_str().unwrap().ends_with("Runtime exited with error: signal: killed"));
    // The next event finds another process, which may die before its first word.
    assert_eq!(details(&bench.read("dies", &json!({})).await.1)["errorType"], "Runtime.ExitError");
    bench.engine.shutdown().await;
}

#[tokio::test]
async fn a_runtime_that_hangs_up_has_truncated_its_response_and_lives_on() {
    if !have("curl") {
        return;
    }
    let bench = Bench::new().await;
    // The first event's response is cut off by killing curl; the second one is whole.
    let text = r#"#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
while :; do
  head="$TMPDIR/head"
  curl -sS -o /dev/null -D "$head" "$api/invocation/next" || exit 1
  id=$(tr -d '\r' < "$head" | sed -n 's/^[Ll]ambda-[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d: //p')
  mkfifo "$TMPDIR/pipe" 2>/dev/null
  curl -sS -o /dev/null -X POST -T "$TMPDIR/pipe" "$api/invocation/$id/response" -H "Lambda-Runtime-Function-Response-Mode: streaming" -H "Transfer-Encoding: chunked" -H Expect: &
  exec 4> "$TMPDIR/pipe"
  printf one >&4
  if [ ! -e "$DONE" ]; then
    while [ ! -e "$GATE" ]; do sleep 0.01; done
    touch "$DONE"
    kill -9 $!
  fi
  exec 4>&-
  wait
done
"#;
    bench.create("fn", Runtime::Providedal2023, "bootstrap", text, 20).await;
    let mut output = bench.stream("fn", &json!({})).await;
    assert_eq!(chunk(&mut output).await, b"one");
    bench.open_gate();
    let (_, complete) = rest(&mut output).await;
    assert_eq!(complete.error_code(), Some("Runtime.TruncatedResponse"));
    assert!(log_of(&complete).contains("END RequestId: "), "{}", log_of(&complete));
    let (whole, complete) = bench.read("fn", &json!({})).await;
    assert_eq!((whole.as_slice(), complete.error_code()), (&b"one"[..], None));
    assert!(!log_of(&complete).contains("Init Duration"), "{}", log_of(&complete));
    bench.engine.shutdown().await;
}

#[tokio::test]
async fn who_asks_for_more_before_its_response_is_seen_to_have_broken_off_is_not_refused() {
    if !have("curl") {
        return;
    }
    let bench = Bench::new().await;
    let text = r#"#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
id_of() { tr -d '\r' < "$1" | sed -n 's/^[Ll]ambda-[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d: //p'; }
curl -sS -o /dev/null -D "$TMPDIR/first" "$api/invocation/next"
mkfifo "$TMPDIR/pipe"
curl -sS -o /dev/null -X POST -T "$TMPDIR/pipe" "$api/invocation/$(id_of "$TMPDIR/first")/response" -H "Lambda-Runtime-Function-Response-Mode: streaming" -H "Transfer-Encoding: chunked" -H Expect: &
post=$!
exec 4> "$TMPDIR/pipe"
printf one >&4
while [ ! -e "$GATE" ]; do sleep 0.01; done
curl -sS -o "$DONE" -D "$TMPDIR/second" "$api/invocation/next" &
next=$!
sleep 0.3
kill -9 $post
wait $next
curl -sS -o /dev/null -X POST -d '"two"' "$api/invocation/$(id_of "$TMPDIR/second")/response"
curl -sS -o /dev/null "$api/invocation/next"
"#;
    bench.create("fn", Runtime::Providedal2023, "bootstrap", text, 20).await;
    let mut output = bench.stream("fn", &json!({})).await;
    assert_eq!(chunk(&mut output).await, b"one");
    bench.open_gate();
    let (_, complete) = rest(&mut output).await;
    assert_eq!(complete.error_code(), Some("Runtime.TruncatedResponse"));
    let (whole, complete) = bench.read("fn", &json!({})).await;
    assert_eq!((whole.as_slice(), complete.error_code()), (&b"\"two\""[..], None), "{}", log_of(&complete));
    bench.engine.shutdown().await;
}

#[tokio::test]
async fn a_function_goes_on_when_its_reader_hangs_up() {
    if !have("curl") {
        return;
    }
    let bench = Bench::new().await;
    let body = format!(r#"printf one; {WAIT}; head -c 3000000 /dev/zero; touch "$DONE""#);
    bench.script("fn", &body, 20).await;
    let mut output = bench.stream("fn", &json!({})).await;
    assert_eq!(chunk(&mut output).await, b"one");
    drop(output);
    bench.open_gate();
    eventually("the function comes to its end", || Path::new(&bench.path("done")).exists()).await;
    // There is one environment, which is free again in a moment: it was not taken for broken.
    let one = bench.client.put_function_concurrency().function_name("fn").reserved_concurrent_executions(1);
    one.send().await.unwrap();
    let mut output = loop {
        let request = bench.client.invoke_with_response_stream().function_name("fn").log_type(LogType::Tail);
        match request.send().await {
            Ok(output) => break output,
            Err(error) => assert_eq!(error.code(), Some("TooManyRequestsException")),
        }
    };
    let (whole, complete) = rest(&mut output).await;
    assert_eq!(whole.len(), 3_000_003);
    assert!(!log_of(&complete).contains("Init Duration"), "{}", log_of(&complete));
    bench.engine.shutdown().await;
}

#[tokio::test]
async fn refusals_come_before_the_stream() {
    let bench = Bench::new().await;
    let request = |name: &str| bench.client.invoke_with_response_stream().function_name(name);
    let error = request("none").send().await.unwrap_err().into_service_error();
    assert!(error.is_resource_not_found_exception(), "{error:?}");
    assert_eq!(
        error.message(),
        Some("Function not found: arn:aws:lambda:eu-central-1:123456789012:function:none:$LATEST")
    );
    bench.script("fn", "printf one", 5).await;
    let dry = request("fn").invocation_type(ResponseStreamingInvocationType::DryRun).send().await;
    let mut dry = dry.unwrap();
    assert_eq!(dry.status_code(), 204);
    assert!(dry.event_stream.recv().await.unwrap().is_none());
    let error = request("fn").invocation_type("Event".into()).send().await.unwrap_err();
    assert_eq!(error.code(), Some("ValidationException"));
    let error = request("fn").payload(Blob::new("{")).send().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidRequestContentException"));
    let long = Blob::new(format!("\"{}\"", "x".repeat(6 * 1024 * 1024)));
    let error = request("fn").payload(long).send().await.unwrap_err();
    assert_eq!(error.code(), Some("RequestTooLargeException"));
    let none = bench.client.put_function_concurrency().function_name("fn").reserved_concurrent_executions(0);
    none.send().await.unwrap();
    let error = request("fn").send().await.unwrap_err().into_service_error();
    match error {
        aws_sdk_lambda::operation::invoke_with_response_stream::InvokeWithResponseStreamError::TooManyRequestsException(error) => {
            let reason = ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded;
            assert_eq!(error.reason(), Some(&reason));
        }
        other => panic!("{other:?}"),
    }
    bench.engine.shutdown().await;
}

const NODE: &str = r#"
const fs = require("fs");
const { Readable } = require("stream");
const { pipeline } = require("stream/promises");
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
  switch (event.how) {
    case "gate":
      stream.write("one");
      while (!fs.existsSync(process.env.GATE)) await pause(5);
      stream.write({ two: context.awsRequestId.length });
      return stream.end();
    case "prelude": {
      const http = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { a: "b" } });
      http.write("body");
      return http.end();
    }
    case "pipeline": return pipeline(Readable.from(["a", "b", "c"]), stream);
    case "later": setTimeout(() => stream.end("late"), 20); return;
    case "broken source":
      return pipeline(Readable.from((function* () { yield "a"; throw new Error("dried up"); })()), stream);
    case "throw first": throw new RangeError("at once");
    case "throw later": stream.write("one"); await pause(10); throw new RangeError("in the middle");
    case "uncaught":
      stream.write("one");
      while (!fs.existsSync(process.env.DONE)) await pause(5);
      setTimeout(() => { throw new Error("out of the blue"); }, 1);
      return new Promise(() => {});
    case "uncaught first":
      setTimeout(() => { throw new Error("out of the blue"); }, 1);
      return new Promise(() => {});
    case "too late": stream.write("one"); stream.setContentType("text/plain"); return;
  }
});
"#;

#[tokio::test]
async fn a_node_function_really_streams() {
    if !have("node") {
        return;
    }
    let bench = Bench::new().await;
    bench.create("fn", Runtime::Nodejs22x, "index.js", NODE, 20).await;
    let mut output = bench.stream("fn", &json!({ "how": "gate" })).await;
    assert_eq!(chunk(&mut output).await, b"one");
    bench.open_gate();
    let (whole, complete) = rest(&mut output).await;
    assert_eq!((whole.as_slice(), complete.error_code()), (&br#"{"two":36}"#[..], None));

    let how = |how: &str| json!({ "how": how });
    let mut output = bench.stream("fn", &how("prelude")).await;
    let (whole, _) = rest(&mut output).await;
    assert_eq!(whole, b"{\"statusCode\":201,\"headers\":{\"a\":\"b\"}}\0\0\0\0\0\0\0\0body");
    assert_eq!(bench.read("fn", &how("pipeline")).await.0, b"abc");
    assert_eq!(bench.read("fn", &how("later")).await.0, b"late");

    for (case, sent, code, message) in [
        ("throw first", "", "RangeError", "at once"),
        ("throw later", "one", "RangeError", "in the middle"),
        ("too late", "one", "Runtime.InvalidStreamingOperation", "Cannot set content-type, too late."),
    ] {
        let (whole, complete) = bench.read("fn", &how(case)).await;
        assert_eq!((whole.as_slice(), complete.error_code()), (sent.as_bytes(), Some(code)), "{case}");
        assert_eq!(details(&complete)["errorMessage"], message, "{case}");
        assert!(log_of(&complete).contains("\tERROR\tInvoke Error \t"), "{case}: {}", log_of(&complete));
    }
    let (_, complete) = bench.read("fn", &how("broken source")).await;
    assert_eq!(complete.error_code(), Some("Runtime.TruncatedResponse"));
    assert!(log_of(&complete).contains("dried up"), "{}", log_of(&complete));
    // All of it in one process.
    assert!(!log_of(&complete).contains("Init Duration"), "{}", log_of(&complete));

    let mut output = bench.stream("fn", &how("uncaught")).await;
    assert_eq!(chunk(&mut output).await, b"one");
    std::fs::write(bench.path("done"), "").unwrap();
    let (whole, complete) = rest(&mut output).await;
    assert_eq!((whole.as_slice(), complete.error_code()), (&b""[..], Some("Runtime.ExitError")));
    assert!(details(&complete)["errorMessage"].as_str().unwrap().ends_with("exit status 129"));
    let (whole, complete) = bench.read("fn", &how("uncaught first")).await;
    assert_eq!((whole.as_slice(), complete.error_code()), (&b""[..], Some("Unhandled")));
    assert_eq!(details(&complete)["errorMessage"], "out of the blue");
    bench.engine.shutdown().await;
}

#[tokio::test]
async fn a_handler_that_streams_must_be_async() {
    if !have("node") {
        return;
    }
    let lab = Lab::new();
    let app = "exports.handler = awslambda.streamifyResponse((event, stream) => { stream.end('x'); });";
    let spec = Arc::new(lab.function("nodejs22.x", "index.handler", &[("index.js", app)]));
    let run = lab.run(&spec, json!({})).await;
    assert!(run.tail().contains("Streaming does not support non-async handlers."), "{}", run.tail());
}

#[tokio::test]
async fn a_reader_that_does_not_read_holds_the_function_but_not_its_time() {
    let lab = Lab::new();
    let mut spec = lab.script(&streaming_loop("while :; do head -c 100000 /dev/zero; done"));
    if !have("curl") {
        return;
    }
    spec.timeout_s = 1;
    let mut streaming =
        lab.executor.invoke_streaming(&Arc::new(spec.clone()), None, event_of(json!({}))).await.unwrap();
    let outcome = (&mut streaming.outcome).await.unwrap();
    assert_eq!(outcome.broke_off.as_deref(), Some("Sandbox.Timedout"));
    // What was sent until nobody took any more is still there.
    let mut waiting = 0;
    while streaming.chunks.recv().await.is_some() {
        waiting += 1;
    }
    assert_eq!(waiting, 16);
    lab.await_processes(0).await;
}

#[tokio::test]
async fn nothing_is_lost_on_the_way_to_a_reader() {
    let lab = Lab::new();
    if !have("curl") {
        return;
    }
    let spec = Arc::new(lab.script(&streaming_loop("seq 1 300000")));
    let mut streaming = lab.executor.invoke_streaming(&spec, None, event_of(json!({}))).await.unwrap();
    let mut whole = Vec::new();
    while let Some(chunk) = streaming.chunks.recv().await {
        whole.extend_from_slice(&chunk);
    }
    let numbers = String::from_utf8(whole).unwrap();
    let mut wanted = 1..=300_000;
    assert!(numbers.lines().zip(&mut wanted).all(|(line, number)| line.parse() == Ok(number)));
    assert_eq!(wanted.next(), None);
    let outcome = streaming.outcome.await.unwrap();
    assert_eq!((outcome.function_error, outcome.payload.len()), (None, 0));
}

#[tokio::test]
async fn a_process_may_stream_its_response_and_end() {
    if !have("bash") {
        return;
    }
    let lab = Lab::new();
    let script = r#"#!/bin/bash
api="$AWS_LAMBDA_RUNTIME_API"
exec 3<>"/dev/tcp/${api%:*}/${api##*:}"
printf 'GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: %s\r\n\r\n' "$api" >&3
while IFS= read -r line <&3; line="${line%$'\r'}"; [ -n "$line" ]; do
  case "$line" in lambda-runtime-aws-request-id:*) id="${line#*: }" ;; esac
done
head -c 2 <&3 > /dev/null
printf 'POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: %s\r\nLambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n' "$id" "$api" >&3
[ -n "$CUT" ] || printf '0\r\n\r\n' >&3
"#;
    let mut spec = lab.function("provided.al2023", "none", &[("bootstrap", script)]);
    let run = lab.run(&Arc::new(spec.clone()), json!({})).await;
    assert_eq!((run.outcome.function_error, &run.outcome.payload[..]), (None, &b"one"[..]));
    spec.variables.insert("CUT".to_owned(), "1".into());
    spec.revision = "cut".to_owned();
    let run = lab.run(&Arc::new(spec), json!({})).await;
    assert_eq!(run.error()["errorType"], "Runtime.ExitError");
}

#[tokio::test]
async fn a_response_under_way_is_the_only_one() {
    if !have("curl") {
        return;
    }
    let lab = Lab::new();
    let body = r#"printf one; while [ ! -e "$GATE" ]; do sleep 0.01; done
curl -sS -w ' %{http_code}\n' "$api/invocation/$id/response" -d 1 >&2
curl -sS -w ' %{http_code}\n' "$api/invocation/$id/error" -d 1 >&2
printf two"#;
    let mut spec = lab.script(&streaming_loop(body));
    let gate = lab.root.path().join("gate");
    spec.variables.insert("GATE".to_owned(), gate.to_str().unwrap().into());
    let spec = Arc::new(spec);
    let mut streaming = lab.executor.invoke_streaming(&spec, None, event_of(json!({}))).await.unwrap();
    let mut whole = streaming.chunks.recv().await.unwrap().to_vec();
    std::fs::write(gate, "").unwrap();
    while let Some(chunk) = streaming.chunks.recv().await {
        whole.extend_from_slice(&chunk);
    }
    assert_eq!(streaming.outcome.await.unwrap().function_error, None);
    assert_eq!(whole, b"onetwo");
    let lines = lab.own_lines(&spec);
    assert!(
        lines.iter().all(|line| line.contains("InvalidStateTransition") && line.ends_with(" 403")),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 2, "{lines:?}");
}

#[tokio::test]
async fn the_engine_stops_in_the_middle_of_a_stream() {
    if !have("curl") {
        return;
    }
    let bench = Bench::new().await;
    bench.script("fn", "printf one; sleep 60", 60).await;
    let mut output = bench.stream("fn", &json!({})).await;
    assert_eq!(chunk(&mut output).await, b"one");
    bench.engine.shutdown().await;
    // Cut off, not ended: there is no InvokeComplete, and it is no good end either.
    assert!(output.event_stream.recv().await.is_err());
}
