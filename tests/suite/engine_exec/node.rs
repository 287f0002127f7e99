//! Node.js functions.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::Arc;

use lambdeck::local::exec::FunctionSpec;
use serde_json::{Value, json};

use super::harness::{Lab, assert_lines, event_of, eventually, have};

const APP: &str = r#"
const util = require("util");
console.log("loading");

exports.handler = async (event, context) => {
  switch (event.how) {
    case "echo": return event;
    case "context":
      return {
        ...JSON.parse(JSON.stringify(context)),
        left: context.getRemainingTimeInMillis() > 20000,
        trace: process.env._X_AMZN_TRACE_ID.slice(0, 7),
        cwd: process.cwd() === process.env.LAMBDA_TASK_ROOT,
      };
    case "log":
      console.log("one", { two: 2 }, "three\nfour");
      console.debug("d"); console.info("i"); console.warn("w"); console.error("e");
      process.stdout.write("plain\nno end");
      return;
    case "error log": console.error("went wrong:", new RangeError("too far")); return;
    case "raise": throw new TypeError("no such thing");
    case "subclass": {
      class OutOfStock extends Error { get name() { return "OutOfStock"; } }
      throw new OutOfStock("no mugs left");
    }
    case "nameless": { class Odd extends Error {} throw new Odd("odd"); }
    case "reject object": return Promise.reject({ code: 1 });
    case "reject number": return Promise.reject(7);
    case "reject nothing": return Promise.reject();
    case "recursion": { const down = () => down() + 1; return down(); }
    case "reject text": return Promise.reject("just a text");
    case "circular": { const a = {}; a.a = a; return a; }
    case "later": setTimeout(() => { throw new Error("out of the blue"); }, 10); return new Promise(() => {});
    case "unhandled": Promise.reject(new Error("nobody cares")); return new Promise((r) => setTimeout(r, 50));
    case "exit": process.exit(event.code);
    case "nothing": return new Promise(() => {});
    case "big": return "x".repeat(7 * 1024 * 1024);
  }
};

exports.callback = (event, context, callback) => {
  if (event.how === "fail") return callback(new Error("by callback"));
  if (event.how === "text") return callback("a text");
  if (event.how === "wait") {
    setTimeout(() => console.log("the loop is empty now"), 50);
    return callback(null, "waited");
  }
  if (event.how === "hurry") {
    context.callbackWaitsForEmptyEventLoop = false;
    setTimeout(() => console.log("too late"), 60000);
    return callback(null, "hurried");
  }
  if (event.how === "succeed") return context.succeed({ by: "context" });
  if (event.how === "silent") { setTimeout(() => console.log("that was all"), 10); return; }
  setTimeout(() => callback(null, { called: "back" }), 10);
};

exports.nested = { deep: { handler: async () => "deep" } };
exports.number = 5;

exports.stream = awslambda.streamifyResponse(async (event, stream) => {
  if (event.prelude) stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201 });
  stream.write("one ");
  await util.promisify(setTimeout)(10);
  if (event.fail) throw new Error("broke off");
  stream.write({ two: 2 });
  stream.end();
});
"#;

fn app(lab: &Lab, handler: &str) -> FunctionSpec {
    let mut spec = lab.function("nodejs22.x", handler, &[("index.js", APP)]);
    handler.clone_into(&mut spec.revision);
    spec
}

/// Lines of the function, without the engine's remark that another Node.js runs it.
fn own_lines(lab: &Lab, spec: &FunctionSpec) -> Vec<String> {
    lab.own_lines(spec).into_iter().filter(|line| !line.contains("lambdeck: this")).collect()
}

#[tokio::test]
async fn async_handlers_return_throw_and_see_their_context() {
    if !have("node") {
        return;
    }
    let lab = Lab::new();
    let spec = Arc::new(app(&lab, "index.handler"));
    let event = json!({ "how": "echo", "text": "äöü \u{1F980}", "list": [1, null, 2.5] });
    assert_eq!(lab.run(&spec, event.clone()).await.ok(), event);
    assert_eq!(lab.run(&spec, json!({})).await.ok(), Value::Null);
    assert_eq!(lab.run(&spec, json!({ "how": "nothing" })).await.ok(), Value::Null);

    let mut input = event_of(json!({ "how": "context" }));
    input.client_context = Some(r#"{"custom":{"a":1}}"#.to_owned());
    input.tenant_id = Some("acme".to_owned());
    let id = input.request_id.clone();
    let outcome = lab.executor.invoke(&spec, None, input).await.unwrap();
    let mut context: Value = serde_json::from_slice(&outcome.payload).unwrap();
    let stream = context.as_object_mut().unwrap().remove("logStreamName").unwrap();
    assert!(stream.as_str().unwrap().contains("/[$LATEST]"));
    assert_eq!(
        context,
        json!({
            "callbackWaitsForEmptyEventLoop": true,
            "functionVersion": "$LATEST",
            "functionName": "thing",
            "memoryLimitInMB": "512",
            "logGroupName": "/aws/lambda/thing",
            "clientContext": { "custom": { "a": 1 } },
            "invokedFunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:thing",
            "awsRequestId": id,
            "tenantId": "acme",
            "left": true,
            "trace": "Root=1-",
            "cwd": true,
        })
    );

    let error = lab.run(&spec, json!({ "how": "raise" })).await.error();
    assert_eq!((&error["errorType"], &error["errorMessage"]), (&json!("TypeError"), &json!("no such thing")));
    assert_eq!(error["trace"][0], "TypeError: no such thing");
    assert!(error["trace"][1].as_str().unwrap().contains("index.js:"));
    let error = lab.run(&spec, json!({ "how": "reject text" })).await.error();
    assert_eq!(error, json!({ "errorType": "string", "errorMessage": "just a text", "trace": [] }));
    let error = lab.run(&spec, json!({ "how": "circular" })).await.error();
    assert_eq!(error["errorMessage"], "Unable to stringify response body");
    let error = lab.run(&spec, json!({ "how": "big" })).await.error();
    assert_eq!(error["errorType"], "Function.ResponseSizeTooLarge");
    let error = lab.run(&spec, json!({ "how": "subclass" })).await.error();
    assert_eq!((&error["errorType"], &error["errorMessage"]), (&json!("OutOfStock"), &json!("no mugs left")));
    assert_eq!(error["trace"][0], "OutOfStock: no mugs left");
    // Without a name of its own it has that of what it extends.
    let error = lab.run(&spec, json!({ "how": "nameless" })).await.error();
    assert_eq!(error["errorType"], "Error");
    for (how, kind, message) in [
        ("reject object", "object", "[object Object]"),
        ("reject number", "number", "7"),
        ("reject nothing", "string", "handled"),
    ] {
        let error = lab.run(&spec, json!({ "how": how })).await.error();
        assert_eq!(error, json!({ "errorType": kind, "errorMessage": message, "trace": [] }), "{how}");
    }
    let error = lab.run(&spec, json!({ "how": "recursion" })).await.error();
    assert_eq!(error["errorType"], "RangeError");
    assert_eq!(error["errorMessage"], "Maximum call stack size exceeded");
    // Two processes: one for events without a tenant.
    assert_eq!(lab.lines(&spec).iter().filter(|line| line.starts_with("INIT_START")).count(), 2);
}

#[tokio::test]
async fn callbacks_and_the_event_loop_end_an_event_as_on_aws() {
    if !have("node") {
        return;
    }
    let lab = Lab::new();
    let spec = Arc::new(app(&lab, "index.callback"));
    assert_eq!(lab.run(&spec, json!({})).await.ok(), json!({ "called": "back" }));
    assert_eq!(lab.run(&spec, json!({ "how": "succeed" })).await.ok(), json!({ "by": "context" }));
    let error = lab.run(&spec, json!({ "how": "fail" })).await.error();
    assert_eq!((&error["errorType"], &error["errorMessage"]), (&json!("Error"), &json!("by callback")));
    let error = lab.run(&spec, json!({ "how": "text" })).await.error();
    assert_eq!((&error["errorType"], &error["errorMessage"]), (&json!("string"), &json!("a text")));
    let waited = lab.run(&spec, json!({ "how": "wait" })).await;
    assert_eq!(waited.ok(), "waited");
    assert!(waited.tail().contains("the loop is empty now"));
    let silent = lab.run(&spec, json!({ "how": "silent" })).await;
    assert_eq!(silent.ok(), Value::Null);
    assert!(silent.tail().contains("that was all"));
    assert_eq!(lab.run(&spec, json!({ "how": "hurry" })).await.ok(), "hurried");
}

#[tokio::test]
async fn console_lines_have_the_form_of_aws_in_text_and_in_json() {
    if !have("node") {
        return;
    }
    let lab = Lab::new();
    let spec = Arc::new(app(&lab, "index.handler"));
    let run = lab.run(&spec, json!({ "how": "log" })).await;
    assert_lines(
        &own_lines(&lab, &spec),
        &run.id,
        &[
            "@time\tundefined\tINFO\tloading",
            "@time\t@id\tINFO\tone \\{ two: 2 \\} three\rfour",
            "@time\t@id\tDEBUG\td",
            "@time\t@id\tINFO\ti",
            "@time\t@id\tWARN\tw",
            "@time\t@id\tERROR\te",
            "plain",
            "no end",
        ],
    );
    let before = own_lines(&lab, &spec).len();
    let run = lab.run(&spec, json!({ "how": "raise" })).await;
    assert_lines(
        &own_lines(&lab, &spec)[before..],
        &run.id,
        &[
            r#"@time	@id	ERROR	Invoke Error 	\{"errorType":"TypeError","errorMessage":"no such thing","stack":\["TypeError: no such thing".*\]\}"#,
        ],
    );

    let mut spec = app(&lab, "index.handler");
    spec.json_logs = true;
    spec.revision = "json".to_owned();
    spec.log_group = "/json".to_owned();
    let spec = Arc::new(spec);
    let run = lab.run(&spec, json!({ "how": "log" })).await;
    lab.run(&spec, json!({ "how": "error log" })).await;
    let mut event = event_of(json!({ "how": "log" }));
    event.tenant_id = Some("acme".to_owned());
    lab.executor.invoke(&spec, None, event).await.unwrap();
    let all = own_lines(&lab, &spec);
    let lines: Vec<Value> = all.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let first = lines.iter().find(|line| line["requestId"] == run.id.as_str()).unwrap();
    assert_eq!((&first["level"], &first["message"]), (&json!("INFO"), &json!("one { two: 2 } three\nfour")));
    assert!(first.get("tenantId").is_none());
    assert!(lines.iter().any(|line| line["message"] == "i" && line["tenantId"] == "acme"));
    // The level of a function with JSON logs is INFO unless it says otherwise.
    assert!(!lines.iter().any(|line| line["level"] == "DEBUG"));
    let error = lines.iter().find(|line| line["errorType"] == "RangeError").unwrap();
    assert_eq!(error["errorMessage"], "too far");
    assert!(error["message"].as_str().unwrap().starts_with("went wrong: RangeError: too far"));
    assert!(error["stackTrace"].is_array());
}

#[tokio::test]
async fn what_nobody_catches_ends_the_process() {
    if !have("node") {
        return;
    }
    let lab = Lab::new();
    let spec = Arc::new(app(&lab, "index.handler"));
    let error = lab.run(&spec, json!({ "how": "later" })).await.error();
    assert_eq!((&error["errorType"], &error["errorMessage"]), (&json!("Error"), &json!("out of the blue")));
    let error = lab.run(&spec, json!({ "how": "unhandled" })).await.error();
    assert_eq!(error["errorType"], "Runtime.UnhandledPromiseRejection");
    assert_eq!(error["errorMessage"], "Error: nobody cares");
    let run = lab.run(&spec, json!({ "how": "exit", "code": 4 })).await;
    let text = format!("RequestId: {} Error: Runtime exited with error: exit status 4", run.id);
    assert_eq!(run.error(), json!({ "errorType": "Runtime.ExitError", "errorMessage": text }));
    let run = lab.run(&spec, json!({ "how": "exit", "code": 0 })).await;
    let text = format!("RequestId: {} Error: Runtime exited without providing a reason", run.id);
    assert_eq!(run.error(), json!({ "errorType": "Runtime.ExitError", "errorMessage": text }));
    lab.run(&spec, json!({ "how": "echo" })).await.ok();
}

#[tokio::test]
async fn modules_of_all_kinds_are_loaded_and_failures_named() {
    if !have("node") {
        return;
    }
    let lab = Lab::new();
    let module =
        "import path from 'node:path'; export const handler = async () => path.basename('a/module');";
    let files = [
        ("index.js", APP),
        ("esm.mjs", module),
        ("common.cjs", "exports.handler = async () => 'common';"),
        ("typed/package.json", r#"{"type":"module"}"#),
        ("typed/src/app.js", module),
        ("folder/index.js", "exports.handler = async () => require('lib/helper');"),
        ("lib/helper.js", "module.exports = 'helper';"),
        ("wrong.js", "exports.handler = async ( => 1;"),
        ("absent.js", "require('no-such-module');"),
        ("raises.js", "throw new Error('Runtime startup fails');"),
    ];
    let mut spec = lab.function("nodejs22.x", "", &files);
    let good = [
        ("esm.handler", "module"),
        ("common.handler", "common"),
        ("typed/src/app.handler", "module"),
        ("folder.handler", "helper"),
        ("index.nested.deep.handler", "deep"),
    ];
    for (handler, answer) in good {
        spec.handler = handler.to_owned();
        spec.revision = handler.to_owned();
        assert_eq!(lab.run(&Arc::new(spec.clone()), json!({})).await.ok(), answer, "{handler}");
    }
    let bad = [
        ("nowhere.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'nowhere'"),
        ("absent.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'no-such-module'"),
        ("index.nothing", "Runtime.HandlerNotFound", "index.nothing is undefined or not exported"),
        ("index.number", "Runtime.HandlerNotFound", "index.number is not a function"),
        ("wrong.handler", "Runtime.UserCodeSyntaxError", "SyntaxError: "),
        ("index", "Runtime.MalformedHandlerName", "Bad handler"),
        (
            "../index.handler",
            "Runtime.MalformedHandlerName",
            "'../index.handler' is not a valid handler name.",
        ),
        ("raises.handler", "Error", "Runtime startup fails"),
    ];
    for (handler, kind, message) in bad {
        spec.handler = handler.to_owned();
        spec.revision = handler.to_owned();
        let run = lab.run(&Arc::new(spec.clone()), json!({})).await;
        let error = run.error();
        assert_eq!(error["errorType"], kind, "{handler}");
        assert!(error["errorMessage"].as_str().unwrap().starts_with(message), "{error}");
        assert!(run.tail().contains("\tERROR\tUncaught Exception \t{\"errorType\":"), "{}", run.tail());
    }
}

#[tokio::test]
async fn a_streaming_handler_writes_piece_by_piece() {
    if !have("node") {
        return;
    }
    let lab = Lab::new();
    let spec = Arc::new(app(&lab, "index.stream"));
    let run = lab.run(&spec, json!({})).await;
    assert_eq!(run.outcome.function_error, None);
    assert_eq!(run.outcome.payload, r#"one {"two":2}"#);
    let run = lab.run(&spec, json!({ "prelude": true })).await;
    assert_eq!(run.outcome.payload, "{\"statusCode\":201}\0\0\0\0\0\0\0\0one {\"two\":2}");
    let error = lab.run(&spec, json!({ "fail": true })).await.error();
    assert_eq!((&error["errorType"], &error["errorMessage"]), (&json!("Error"), &json!("broke off")));
    assert_eq!(lab.run(&spec, json!({})).await.outcome.function_error, None);
}

#[tokio::test]
async fn it_ends_when_the_engine_is_gone() {
    if !have("node") {
        return;
    }
    let lab = Lab::new();
    assert_ends_with_the_engine(&lab, &Arc::new(app(&lab, "index.handler")), &["node", "runtime/node.mjs"])
        .await;
}

/// Starts a client by hand, against a listener that takes its first request and then hangs up.
pub async fn assert_ends_with_the_engine(lab: &Lab, spec: &Arc<FunctionSpec>, command: &[&str]) {
    // The executor writes its scripts when it first needs them.
    lab.run(spec, json!({ "how": "echo" })).await.ok();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = Command::new(command[0])
        .args(&command[1..])
        .current_dir(lab.root.path())
        .env("AWS_LAMBDA_RUNTIME_API", listener.local_addr().unwrap().to_string())
        .env("LAMBDA_TASK_ROOT", &spec.code.path)
        .env("_HANDLER", &spec.handler)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (connection, _) = listener.accept().unwrap();
    let mut line = String::new();
    BufReader::new(&connection).read_line(&mut line).unwrap();
    assert_eq!(line, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n");
    assert!(client.try_wait().unwrap().is_none());
    drop((connection, listener));
    eventually("the client ends", || client.try_wait().unwrap().is_some()).await;
}
