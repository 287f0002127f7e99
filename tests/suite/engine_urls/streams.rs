//! Responses that are sent on while the function writes them.

use aws_sdk_lambda::types::{InvokeMode, Runtime};
use serde_json::json;

use super::lab::{Connection, Lab, Reply, head};

/// Streams what `body` prints, as the response to each event.
fn script(kind: &str, body: &str) -> String {
    format!(
        r#"#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
while true; do
  id="$(curl -sS -D - -o /dev/null "$api/invocation/next" | tr -d '\r' | sed -n 's/^lambda-runtime-aws-request-id: //Ip')"
  {{ {body}
  }} | curl -sS -o /dev/null -X POST -T - "$api/invocation/$id/response" -H "Content-Type: {kind}" \
    -H "Lambda-Runtime-Function-Response-Mode: streaming" -H "Transfer-Encoding: chunked" -H Expect:
done
"#
    )
}

const WAIT: &str = r#"while [ ! -e "$LAB/gate" ]; do sleep 0.01; done"#;
const PRELUDE: &str = "application/vnd.awslambda.http-integration-response";

impl Lab {
    async fn streams(&self, name: &str, kind: &str, body: &str) -> String {
        let script = script(kind, body);
        self.signed(name, Runtime::Providedal2023, "bootstrap", &script, InvokeMode::ResponseStream).await
    }

    /// Asks with a signature, and reads as far as the head.
    fn begin(&self, authority: &str) -> (Connection, Reply) {
        let headers = self.signature(authority, "GET", "/", b"");
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let mut connection = Connection::open(authority);
        connection.send(head(authority, "GET", "/", &headers, 0));
        let head = connection.head();
        (connection, head)
    }
}

/// Whether there is a program that a function needs.
fn have(program: &str) -> bool {
    std::process::Command::new(program).arg("--version").output().is_ok()
}

/// The next bytes of a body, at least as many as are expected.
fn read(connection: &mut Connection, expected: &str) {
    let mut got = Vec::new();
    while got.len() < expected.len() {
        got.extend(connection.chunk().unwrap().unwrap_or_else(|| panic!("it ended after {got:?}")));
    }
    assert_eq!(String::from_utf8(got).unwrap(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_bytes_are_there_before_the_last_are_written() {
    if !have("curl") {
        return;
    }
    let lab = Lab::new().await;
    let url = lab.streams("words", "text/plain", &format!("echo first; {WAIT}; echo last")).await;
    let (mut connection, head) = lab.begin(&url);
    assert_eq!((head.status, head.header("content-type")), (200, Some("text/plain")));
    assert_eq!(head.header("transfer-encoding"), Some("chunked"));
    read(&mut connection, "first\n");
    std::fs::write(lab.path("gate"), "").unwrap();
    read(&mut connection, "last\n");
    assert_eq!(connection.chunk(), Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prelude_is_the_head_of_the_answer() {
    if !have("curl") {
        return;
    }
    let lab = Lab::new().await;
    let meta = json!({ "statusCode": 203, "headers": { "Content-Type": "text/html", "x-a": "1" }, "cookies": ["a=b"] });
    // In pieces, the zeros too.
    let (start, end) = (r"\0\0\0", r"\0\0\0\0\0<b>");
    let body = format!(
        "printf '%s' '{meta}'; sleep 0.05; printf '{start}'; sleep 0.05; printf '{end}'; {WAIT}; printf end"
    );
    let url = lab.streams("page", PRELUDE, &body).await;
    let (mut connection, head) = lab.begin(&url);
    assert_eq!((head.status, head.header("content-type")), (203, Some("text/html")));
    assert_eq!((head.header("x-a"), head.header("set-cookie")), (Some("1"), Some("a=b")));
    read(&mut connection, "<b>");
    std::fs::write(lab.path("gate"), "").unwrap();
    read(&mut connection, "end");
    assert_eq!(connection.chunk(), Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prelude_that_is_none_is_a_bad_gateway() {
    if !have("curl") {
        return;
    }
    let lab = Lab::new().await;
    for (name, body) in [
        ("no-json", r"printf 'x\0\0\0\0\0\0\0\0body'"),
        ("no-end", r"printf '{}\0\0\0\0\0\0\0'"),
        ("no-status", r#"printf '{"statusCode":7}\0\0\0\0\0\0\0\0body'"#),
        ("nothing", ":"),
    ] {
        let url = lab.streams(name, PRELUDE, body).await;
        let reply = lab.ask_signed(&url, "GET", "/", b"");
        assert_eq!((reply.status, reply.text()), (502, "Internal Server Error"), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_dies_cuts_its_answer_off() {
    if !have("curl") {
        return;
    }
    let lab = Lab::new().await;
    let url = lab.streams("dies", "text/plain", &format!("echo first; {WAIT}; kill -9 $$; sleep 60")).await;
    let (mut connection, head) = lab.begin(&url);
    assert_eq!(head.status, 200);
    read(&mut connection, "first\n");
    std::fs::write(lab.path("gate"), "").unwrap();
    let end = loop {
        match connection.chunk() {
            Ok(Some(_)) => {}
            end => break end,
        }
    };
    assert!(end.is_err(), "{end:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_response_is_the_body_as_it_is() {
    let lab = Lab::new().await;
    let update = lab.client.update_function_url_config().function_name("greeter");
    update.invoke_mode(InvokeMode::ResponseStream).send().await.unwrap();
    let given = r#"{"statusCode": 201, "body": "x"}"#;
    lab.replies(given);
    let reply = lab.get("/");
    assert_eq!((reply.status, reply.text()), (200, given));
    assert_eq!(reply.header("content-type"), Some("application/json"));
    std::fs::write(lab.path("fail"), r#"{"errorMessage":"no","errorType":"Oops"}"#).unwrap();
    assert_eq!((lab.get("/").status, lab.get("/").text()), (502, "Internal Server Error"));
}

#[tokio::test(flavor = "multi_thread")]
async fn node_writes_status_and_headers_first() {
    if !have("node") {
        return;
    }
    let lab = Lab::new().await;
    let app = r#"
import fs from "node:fs";
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  const meta = { statusCode: 418, headers: { "Content-Type": "text/tea", "X-Path": event.rawPath }, cookies: ["a=1"] };
  if (event.rawPath === "/plain") stream.setContentType("text/plain");
  else stream = awslambda.HttpResponseStream.from(stream, meta);
  stream.write("first");
  while (event.rawPath === "/" && !fs.existsSync(process.env.LAB + "/gate")) await new Promise((r) => setTimeout(r, 5));
  stream.end("last");
});
"#;
    let url = lab.signed("tea", Runtime::Nodejs20x, "index.mjs", app, InvokeMode::ResponseStream).await;
    let (mut connection, head) = lab.begin(&url);
    assert_eq!((head.status, head.header("content-type")), (418, Some("text/tea")));
    assert_eq!((head.header("x-path"), head.header("set-cookie")), (Some("/"), Some("a=1")));
    read(&mut connection, "first");
    std::fs::write(lab.path("gate"), "").unwrap();
    read(&mut connection, "last");
    assert_eq!(connection.chunk(), Ok(None));
    let plain = lab.ask_signed(&url, "GET", "/plain", b"");
    assert_eq!((plain.status, plain.text()), (200, "firstlast"));
    assert_eq!(plain.header("content-type"), Some("text/plain"));
}
