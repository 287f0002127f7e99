//! The Runtime API as a custom runtime meets it, and what a function prints meanwhile.

use std::sync::Arc;

use serde_json::{Value, json};

use super::harness::{Lab, assert_lines, curl_loop, event_of, have};

#[tokio::test]
async fn an_event_comes_with_the_headers_of_aws() {
    if !have("curl") {
        return;
    }
    let lab = Lab::new();
    let spec = Arc::new(lab.script(&curl_loop(r#"tr -d '\r' < "$head" | sed 1d | sort; answer="$event""#)));
    let mut event = event_of(json!({ "text": "öäü" }));
    event.client_context = Some("{\"custom\":\n{\"a\":1}}".to_owned());
    event.tenant_id = Some("acme: north".to_owned());
    let id = event.request_id.clone();
    let before = jiff::Timestamp::now().as_millisecond();
    let outcome = lab.executor.invoke(&spec, None, event).await.unwrap();
    assert_eq!(outcome.payload, json!({ "text": "öäü" }).to_string());
    let lines: Vec<_> = lab.own_lines(&spec).into_iter().filter(|line| !line.is_empty()).collect();
    assert_lines(
        &lines,
        &id,
        &[
            r"content-length: 17",
            r"content-type: application/json",
            r"lambda-runtime-aws-request-id: @id",
            r"lambda-runtime-aws-tenant-id: acme: north",
            r#"lambda-runtime-client-context: \{"custom": \{"a":1\}\}"#,
            r"lambda-runtime-deadline-ms: \d{13}",
            r"lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-west-1:123456789012:function:thing",
            r"lambda-runtime-trace-id: Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0",
        ],
    );
    let deadline: i64 = lines[5].rsplit(' ').next().unwrap().parse().unwrap();
    assert!((29_000..=31_500).contains(&(deadline - before)), "{}", deadline - before);
}

#[tokio::test]
async fn calls_out_of_place_are_refused_as_aws_refuses_them() {
    if !have("curl") {
        return;
    }
    let lab = Lab::new();
    let script = r#"
try() { echo "$1: $(curl -sS -w ' %{http_code}' "$api/$2" $3 $4 $5 $6)"; }
try unknown invocation/nobody/response -d 1
try again invocation/next
try init init/error -d 1
try path nowhere
try method invocation/next -d 1
try mode "invocation/$id/response" -d 1 -H Lambda-Runtime-Function-Response-Mode:odd
try origin invocation/next -H Origin:http://evil.example
try host invocation/next -H Host:evil.example
try taken "invocation/$id/response" -d '"first"'
try twice "invocation/$id/response" -d '"second"'
try late "invocation/$id/error" -d 1
echo done"#;
    // No loop: the process waits for a second event, which must find it alive.
    let spec = Arc::new(lab.script(&curl_loop(&format!("{script}\ncontinue"))));
    let run = lab.run(&spec, json!({})).await;
    assert_eq!(run.ok(), json!("first"));
    lab.run(&spec, json!({})).await.ok();
    let lines = lab.own_lines(&spec);
    let transition = |from: &str, to: &str| {
        format!(
            r#"\{{"errorMessage":"State transition from {from} to {to} failed for runtime. Error: State transition is not allowed","errorType":"InvalidStateTransition"\}} 403"#
        )
    };
    assert_lines(
        &lines[..11],
        &run.id,
        &[
            r#"unknown: \{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"\} 400"#,
            &format!("again: {}", transition("Running", "Ready")),
            &format!("init: {}", transition("Running", "InitError")),
            "path: 404 page not found",
            " 404",
            "method: 404 page not found",
            " 404",
            r#"mode: \{"errorMessage":"Invalid function response mode","errorType":"InvalidFunctionResponseMode"\} 400"#,
            "origin: .* 403",
            "host: .* 403",
            r#"taken: \{"status":"OK"\} 202"#,
        ],
    );
    assert_lines(
        &lines[11..14],
        "",
        &[
            &format!("twice: {}", transition("Ready", "InvocationResponse")),
            &format!("late: {}", transition("Ready", "InvocationErrorResponse")),
            "done",
        ],
    );
}

#[tokio::test]
async fn errors_that_a_runtime_reports_are_passed_on() {
    if !have("curl") {
        return;
    }
    let lab = Lab::new();
    let body = r#"curl -sS -o /dev/null "$api/invocation/$id/error" -d '{"errorMessage":"no","errorType":"Odd"}' -H "Lambda-Runtime-Function-Error-Type: Odd"; continue"#;
    let spec = Arc::new(lab.script(&curl_loop(body)));
    let run = lab.run(&spec, json!({})).await;
    assert_eq!(run.error(), json!({ "errorMessage": "no", "errorType": "Odd" }));
    // The process lives on, and REPORT has no status.
    assert!(!run.tail().contains("Status"), "{}", run.tail());
    lab.run(&spec, json!({})).await.error();
    assert_eq!(lab.lines(&spec).iter().filter(|line| line.starts_with("INIT_START")).count(), 1);

    let mut spec = lab.script(
        r#"curl -sS "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/init/error" -d '{"errorMessage":"bad start","errorType":"Runtime.Bad","requestId":""}' -H "Lambda-Runtime-Function-Error-Type: Runtime.Bad"; sleep 60"#,
    );
    spec.revision = "init".to_owned();
    let spec = Arc::new(spec);
    let run = lab.run(&spec, json!({})).await;
    assert_eq!(
        run.error(),
        json!({ "errorMessage": "bad start", "errorType": "Runtime.Bad", "requestId": "" })
    );
    assert!(run.tail().ends_with("\tStatus: error\tError Type: Runtime.Bad\t\n"), "{}", run.tail());
}

#[tokio::test]
async fn a_response_over_6_mb_is_refused_and_the_next_event_is_served() {
    if !have("curl") {
        return;
    }
    let lab = Lab::new();
    let body = r#"size=$event
head -c "$size" /dev/zero | tr '\0' 1 > "$TMPDIR/big"
curl -sS -w ' %{http_code}\n' "$api/invocation/$id/response" --data-binary "@$TMPDIR/big"; continue"#;
    let spec = Arc::new(lab.script(&curl_loop(body)));
    let most = 6 * 1024 * 1024 + 100;
    let run = lab.run(&spec, json!(most + 1)).await;
    assert_eq!(
        run.error(),
        json!({
            "errorType": "Function.ResponseSizeTooLarge",
            "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
        })
    );
    let run = lab.run(&spec, json!(most)).await;
    assert_eq!(run.outcome.payload.len(), most);
    let lines = lab.own_lines(&spec);
    assert!(lines[0].contains("RequestEntityTooLarge") && lines[0].ends_with(" 413"), "{lines:?}");
}

#[tokio::test]
async fn a_streamed_response_is_gathered() {
    if !have("curl") {
        return;
    }
    let lab = Lab::new();
    let body = r#"{ printf 'one '; sleep 0.05; printf two; } | curl -sS -o /dev/null -X POST -T - "$api/invocation/$id/response" -H "Lambda-Runtime-Function-Response-Mode: streaming" -H "Transfer-Encoding: chunked"; continue"#;
    let spec = Arc::new(lab.script(&curl_loop(body)));
    let run = lab.run(&spec, json!({})).await;
    assert_eq!(run.outcome.payload, "one two");
}

#[tokio::test]
async fn all_that_was_printed_is_in_the_log_when_invoke_returns() {
    if !have("curl") {
        return;
    }
    let lab = Lab::new();
    let body = r#"i=0; while [ $i -lt 300 ]; do echo "out $i"; echo "err $i" >&2; i=$((i+1)); done
head -c 300000 /dev/zero | tr '\0' x; echo; echo; printf 'no end'"#;
    let spec = Arc::new(lab.script(&curl_loop(body)));
    for round in 0..3 {
        let run = lab.run(&spec, json!(round)).await;
        run.ok();
        assert_eq!(run.outcome.log_tail.len(), 4096);
        assert!(run.tail().contains("xxx\n\nno end\nEND RequestId"), "{}", run.tail());
    }
    let lines = lab.own_lines(&spec);
    assert_eq!(lines.len(), 3 * (600 + 4));
    let round = &lines[..604];
    for i in 0..300 {
        assert_eq!(round[2 * i..2 * i + 2], [format!("out {i}"), format!("err {i}")]);
    }
    let lengths: Vec<_> = round[600..].iter().map(String::len).collect();
    assert_eq!(lengths, [262_144, 300_000 - 262_144, 0, 6]);
}

#[tokio::test]
async fn what_is_printed_between_events_is_logged_too() {
    if !have("curl") {
        return;
    }
    let lab = Lab::new();
    let spec = Arc::new(lab.script(&curl_loop("(sleep 0.2; echo afterthought) & true")));
    lab.run(&spec, Value::Null).await.ok();
    super::harness::eventually("the line", || lab.own_lines(&spec) == ["afterthought"]).await;
}
