//! Python functions: with the engine's own client, and with AWS's, which must agree.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use lambdeck::local::exec::{CodeFolder, FunctionSpec};
use regex::Regex;
use serde_json::{Value, json};

use super::harness::{Lab, Run, assert_lines, event_of, eventually, files_of, have, zip_of};
use crate::support::emulators;

const APP: &str = r#"
import json, logging, os, sys
from decimal import Decimal

logger = logging.getLogger("shop")
print("loading")

def handler(event, context):
    how = event["how"] if isinstance(event, dict) else event
    if how == "echo":
        return event
    if how == "context":
        assert context.get_remaining_time_in_millis() > 20000
        client = context.client_context
        return {
            "function": context.function_name,
            "version": context.function_version,
            "arn": context.invoked_function_arn,
            "memory": context.memory_limit_in_mb,
            "group": context.log_group_name,
            "stream": context.log_stream_name == os.environ["AWS_LAMBDA_LOG_STREAM_NAME"],
            "id": context.aws_request_id,
            "client": client and [client.custom, client.env, client.client.app_title, client.client.app_package_name],
            "identity": context.identity.cognito_identity_id,
            "tenant": context.tenant_id,
            "shown": repr(context),
            "trace": os.environ["_X_AMZN_TRACE_ID"][:7],
            "cwd": os.getcwd() == os.environ["LAMBDA_TASK_ROOT"],
        }
    if how == "print":
        print("hello", "world")
        print("to stderr", file=sys.stderr)
        sys.stdout.write("no end")
        return None
    if how == "log":
        logger.debug("unseen")
        logger.warning("careful: %s", 7)
        logger.error("bad", extra={"order": 12})
        logging.getLogger().setLevel(logging.INFO)
        logger.info("seen äöü")
        logging.getLogger().setLevel(logging.NOTSET)
        return "logged"
    if how == "logged exception":
        try:
            int("x")
        except ValueError:
            logger.exception("caught")
        return 1
    if how == "raise":
        return inner(event)
    if how == "set":
        return {1, 2}
    if how == "decimal":
        return [Decimal("1.5"), Decimal("3"), "ü"]
    if how == "bytes":
        return b"\x00raw"
    if how == "exit":
        sys.exit(event.get("code", 0))
    if how == "recursion":
        return handler(event, context)
    if how == "circular":
        response = []
        response.append(response)
        return response
    if how == "custom":
        class Refused(ValueError):
            def __str__(self):
                return "no: " + self.args[0]
        raise Refused("ünsaid")
    if how == "chained":
        try:
            return inner(event)
        except ValueError as error:
            raise KeyError("missing") from error
    if how == "abort":
        os.abort()
    if how == "context log":
        context.log("by context\n")
        return True

def inner(event):
    raise ValueError("no such thing: ünknown\nand a second line")

class Callable:
    def __call__(self, event, context):
        return "called"

instance = Callable()
value = 5
"#;

fn app(lab: &Lab) -> FunctionSpec {
    lab.function("python3.13", "app.handler", &[("app.py", APP)])
}

#[tokio::test]
async fn handlers_are_found_as_aws_finds_them() {
    if !have("python3") {
        return;
    }
    let lab = Lab::new();
    let files = [
        ("app.py", APP),
        ("folder/deep/mod.py", "import neighbour\ndef go(e, c): return neighbour.who"),
        ("neighbour.py", "who = 'from the root'"),
        ("package/__init__.py", "def main(e, c): return __name__"),
    ];
    let mut spec = lab.function("python3.13", "", &files);
    for (handler, answer) in [
        ("folder/deep/mod.go", json!("from the root")),
        ("folder.deep.mod.go", json!("from the root")),
        ("package.main", json!("package")),
        ("app.instance", json!("called")),
    ] {
        spec.handler = handler.to_owned();
        spec.revision = handler.to_owned();
        assert_eq!(lab.run(&Arc::new(spec.clone()), json!({})).await.ok(), answer, "{handler}");
    }
}

#[tokio::test]
async fn what_cannot_be_loaded_is_reported_as_aws_reports_it() {
    if !have("python3") {
        return;
    }
    let lab = Lab::new();
    let files = [
        ("app.py", APP),
        ("wrong.py", "def handler(:\n"),
        ("absent.py", "import no_such_module_anywhere"),
        ("raises.py", "raise Exception('Runtime startup fails')"),
        ("exits.py", "import sys\nsys.exit(3)"),
    ];
    let mut spec = lab.function("python3.13", "", &files);
    for (handler, kind, message) in [
        (
            "nowhere.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'nowhere': No module named 'nowhere'",
        ),
        (
            "absent.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'absent': No module named 'no_such_module_anywhere'",
        ),
        ("app.nothing", "Runtime.HandlerNotFound", "Handler 'nothing' missing on module 'app'"),
        (
            "app",
            "Runtime.MalformedHandlerName",
            "Bad handler 'app': not enough values to unpack (expected 2, got 1)",
        ),
        ("sys.exit", "Runtime.BuiltInModuleConflict", "Cannot use built-in module sys as a handler module"),
        ("raises.handler", "Exception", "Runtime startup fails"),
    ] {
        spec.handler = handler.to_owned();
        spec.revision = handler.to_owned();
        spec.log_group = format!("/load/{handler}");
        let run = lab.run(&Arc::new(spec.clone()), json!({})).await;
        let error = run.error();
        assert_eq!(error["errorType"], kind);
        assert_eq!(error["errorMessage"], message);
        assert_eq!(error["requestId"], "");
        assert!(error["stackTrace"].is_array());
        let reported = if kind.starts_with("Runtime.") { kind } else { "Runtime.Unknown" };
        let status = format!("\tStatus: error\tError Type: {reported}\t\n");
        assert!(run.tail().ends_with(&status), "{}", run.tail());
        assert!(
            run.tail().contains(&format!("[ERROR] {kind}: {message}\rTraceback (most recent call last):"))
        );
    }
    spec.handler = "wrong.handler".to_owned();
    spec.revision = "wrong".to_owned();
    let error = lab.run(&Arc::new(spec.clone()), json!({})).await.error();
    assert_eq!(error["errorType"], "Runtime.UserCodeSyntaxError");
    assert!(
        error["errorMessage"].as_str().unwrap().starts_with("Syntax error in module 'wrong': invalid syntax")
    );
    assert!(error["stackTrace"][0].as_str().unwrap().contains("/wrong.py\" Line 1\n    def handler(:"));
    spec.handler = "exits.handler".to_owned();
    spec.revision = "exits".to_owned();
    let error = lab.run(&Arc::new(spec), json!({})).await.error();
    assert_eq!(error["errorType"], "Runtime.ExitError");
    assert!(error["errorMessage"].as_str().unwrap().ends_with("Runtime exited with error: exit status 3"));
}

#[tokio::test]
async fn errors_and_logs_look_as_on_aws() {
    if !have("python3") {
        return;
    }
    let lab = Lab::new();
    let spec = Arc::new(app(&lab));
    let run = lab.run(&spec, json!({ "how": "raise" })).await;
    let error = run.error();
    assert_eq!(error["errorType"], "ValueError");
    assert_eq!(error["errorMessage"], "no such thing: ünknown\nand a second line");
    assert_eq!(error["requestId"], run.id.as_str());
    let stack = error["stackTrace"].as_array().unwrap();
    assert_eq!(stack.len(), 2, "{stack:?}");
    assert!(
        stack[1]
            .as_str()
            .unwrap()
            .ends_with("in inner\n    raise ValueError(\"no such thing: ünknown\\nand a second line\")\n")
    );
    lab.run(&spec, json!({ "how": "print" })).await.ok();
    let logged = lab.run(&spec, json!({ "how": "log" })).await;
    let caught = lab.run(&spec, json!({ "how": "logged exception" })).await;
    let lines = lab.own_lines(&spec);
    // The machine's Python may or may not be a 3.13.
    let lines: Vec<_> = lines.into_iter().filter(|line| !line.contains("lambdeck: this")).collect();
    assert_lines(
        &lines[..5],
        "",
        &[
            "loading",
            "\\[ERROR\\] ValueError: no such thing: ünknown\rand a second line\rTraceback \\(most recent call last\\):\r\
             \u{a0}\u{a0}File \".*/app.py\", line \\d+, in handler\r\u{a0}{4}return inner\\(event\\)\r\
             \u{a0}\u{a0}File \".*/app.py\", line \\d+, in inner\r\u{a0}{4}raise ValueError.*",
            "hello world",
            "to stderr",
            "no end",
        ],
    );
    assert_lines(
        &lines[5..8],
        &logged.id,
        &[
            "\\[WARNING\\]\t@time\t@id\tcareful: 7",
            "\\[ERROR\\]\t@time\t@id\tbad",
            "\\[INFO\\]\t@time\t@id\tseen äöü",
        ],
    );
    assert_lines(
        &lines[8..],
        &caught.id,
        &[
            "\\[ERROR\\]\t@time\t@id\tcaught\rTraceback \\(most recent call last\\):\r  File .*ValueError: invalid literal.*",
        ],
    );
}

#[tokio::test]
async fn json_logs_are_objects_with_the_members_of_aws() {
    if !have("python3") {
        return;
    }
    let lab = Lab::new();
    let mut spec = app(&lab);
    spec.json_logs = true;
    let spec = Arc::new(spec);
    for how in ["log", "logged exception", "raise"] {
        lab.run(&spec, json!({ "how": how })).await;
    }
    let own = lab.own_lines(&spec);
    let lines: Vec<Value> = own.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let line = |message: &str| lines.iter().find(|line| line["message"] == message).unwrap();
    assert_eq!(line("careful: 7")["level"], "WARNING");
    assert_eq!(line("careful: 7")["logger"], "shop");
    assert_eq!(line("bad")["order"], 12);
    assert!(line("seen äöü")["timestamp"].as_str().unwrap().ends_with('Z'));
    let caught = line("caught");
    assert_eq!(caught["errorType"], "ValueError");
    assert!(caught["location"].as_str().unwrap().contains("app.py:handler:"));
    assert!(caught["stackTrace"].is_array());
    let failed =
        lines.iter().find(|line| line["errorType"] == "ValueError" && line["logger"].is_null()).unwrap();
    assert_eq!(failed["level"], "ERROR");
    let done: Vec<Value> =
        lab.lines(&spec).iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let done = done.iter().rfind(|line| line["type"] == "platform.runtimeDone").unwrap();
    assert_eq!(done["record"]["status"], "error");
}

#[tokio::test]
async fn the_log_says_when_another_python_runs_the_function() {
    if !have("python3") {
        return;
    }
    let version =
        Command::new("python3").args(["-c", "import sys; print('%d.%d' % sys.version_info[:2])"]).output();
    let version = String::from_utf8(version.unwrap().stdout).unwrap().trim().to_owned();
    let lab = Lab::new();
    let mut spec = app(&lab);
    spec.runtime = "python3.5".to_owned();
    lab.run(&Arc::new(spec.clone()), json!({ "how": "echo" })).await.ok();
    let lines = lab.own_lines(&spec);
    assert_lines(
        &lines[..1],
        "",
        &[&format!(
            "\\[WARN\\]\t@time\t\tlambdeck: this python3.5 function is run by Python {} \\(/.*\\)",
            regex::escape(&version)
        )],
    );
    spec.runtime = format!("python{version}");
    spec.log_group = "/exact".to_owned();
    spec.revision = "exact".to_owned();
    lab.run(&Arc::new(spec.clone()), json!({ "how": "echo" })).await.ok();
    assert_eq!(lab.own_lines(&spec), ["loading"]);
}

#[tokio::test]
async fn it_ends_when_the_engine_is_gone() {
    if !have("python3") {
        return;
    }
    let lab = Lab::new();
    super::node::assert_ends_with_the_engine(&lab, &Arc::new(app(&lab)), &["python3", "runtime/python.py"])
        .await;
}

/// The same function served by AWS's own client and by the engine's: payloads and logs must agree.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_engines_client_agrees_with_awss() {
    let Some(python) = emulators::python() else { return };
    let lab = Lab::new();
    let theirs = official(&lab, &python, &[("app.py", APP)]);
    let mut ours = app(&lab);
    // The same Python, and the same AWS_EXECUTION_ENV.
    let version = version_of(&python);
    ours.runtime = format!("python{version}");
    ours.revision = "ours".to_owned();
    for json_logs in [false, true] {
        let (mut theirs, mut ours) = (theirs.clone(), ours.clone());
        for (spec, who) in [(&mut theirs, "theirs"), (&mut ours, "ours")] {
            spec.json_logs = json_logs;
            spec.revision = format!("{who} {json_logs}");
            spec.log_group = format!("/{who}/{json_logs}");
        }
        // A custom runtime has no execution environment of its own; AWS's client looks at it.
        theirs.variables.insert("AWS_EXECUTION_ENV".to_owned(), format!("AWS_Lambda_python{version}").into());
        let (theirs, ours) = (Arc::new(theirs), Arc::new(ours));
        for event in [
            json!({ "how": "echo", "text": "äöü \u{1F980}", "number": 1.0, "big": 12_345_678_901_234_567_u64, "null": null }),
            json!({ "how": "context" }),
            json!({ "how": "print" }),
            json!({ "how": "log" }),
            json!({ "how": "raise" }),
            json!({ "how": "set" }),
            json!({ "how": "decimal" }),
            json!({ "how": "bytes" }),
            json!({ "how": "context log" }),
            json!({ "how": "recursion" }),
            json!({ "how": "circular" }),
            json!({ "how": "custom" }),
            json!({ "how": "chained" }),
            json!({ "how": "abort" }),
            json!({ "nothing": "fits" }),
            json!("echo"),
            json!({ "how": "exit" }),
            json!({ "how": "exit", "code": 3 }),
            json!({ "how": "exit", "code": "a text" }),
        ] {
            let mut runs = Vec::new();
            for spec in [&theirs, &ours] {
                let before = lab.own_lines(spec).len();
                let mut input = event_of(event.clone());
                input.client_context = Some(
                    json!({ "custom": { "a": 1 }, "env": { "b": "2" }, "client": { "app_title": "t" } })
                        .to_string(),
                );
                input.tenant_id = Some("acme".to_owned());
                let id = input.request_id.clone();
                let outcome = lab.executor.invoke(spec, None, input).await.unwrap();
                let run = Run { id, outcome };
                let lines: Vec<_> =
                    lab.own_lines(spec)[before..].iter().filter(|line| *line != "loading").cloned().collect();
                let payload = String::from_utf8_lossy(&run.outcome.payload).into_owned();
                let code = spec.code.path.to_string_lossy().into_owned();
                let strip = |text: &str| normal(&text.replace(&code, "/code"), &run.id, spec);
                runs.push((
                    run.outcome.function_error,
                    strip(&payload),
                    // Where a message has several lines, theirs become several events.
                    lines.iter().map(|line| strip(line)).collect::<Vec<_>>().join("\r"),
                ));
            }
            let (theirs, ours) = (&runs[0], &runs[1]);
            assert_eq!(ours, theirs, "{event} in {}", if json_logs { "JSON" } else { "Text" });
        }
    }
}

/// Without what differs from run to run.
fn normal(text: &str, id: &str, spec: &FunctionSpec) -> String {
    let text = text.replace(id, "<id>").replace(&spec.log_group, "/group");
    let time = Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z").unwrap();
    let text = time.replace_all(&text, "<time>");
    // The log stream, the depth that is left, and where an object lies.
    let one =
        Regex::new(r"\d{4}/\d\d/\d\d/thing\[\$LATEST\][0-9a-f]{32}|repeated \d+ more|object at 0x[0-9a-f]+")
            .unwrap();
    one.replace_all(&text, "<one>").into_owned()
}

fn version_of(python: &Path) -> String {
    let script = "import sys; print('%d.%d' % sys.version_info[:2])";
    let output = Command::new(python).args(["-c", script]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A custom runtime that is AWS's Python client.
#[cfg(target_os = "linux")]
fn official(lab: &Lab, python: &Path, files: &[(&str, &str)]) -> FunctionSpec {
    let start = format!("#!/bin/sh\nexec '{}' -m awslambdaric app.handler\n", python.display());
    let mut files = files.to_vec();
    files.push(("bootstrap", &start));
    lab.function("provided.al2023", "app.handler", &files)
}

/// A function that brings AWS's client along is served by it.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_official_client_in_the_functions_own_folder_is_used() {
    let Some(python) = emulators::python() else { return };
    let lab = Lab::new();
    let script = "import awslambdaric, os; print(os.path.dirname(os.path.dirname(awslambdaric.__file__)))";
    let site = Command::new(&python).args(["-c", script]).output().unwrap();
    let site = String::from_utf8(site.stdout).unwrap().trim().to_owned();
    let mut files = Vec::new();
    for part in ["awslambdaric", "simplejson"] {
        files_of(&Path::new(&site).join(part), Path::new(part), &mut files);
    }
    for entry in std::fs::read_dir(&site).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("runtime_client") || name.starts_with("snapshot_restore_py.") {
            files.push((name.into(), std::fs::read(entry.path()).unwrap()));
        }
    }
    let app = "import sys\ndef handler(e, c): return ['awslambdaric.bootstrap' in sys.modules, sys.version_info[:2]]";
    files.push(("app.py".into(), app.into()));
    let packed: Vec<_> =
        files.iter().map(|(name, content)| (name.to_str().unwrap(), content.as_slice(), 0o644)).collect();
    let mut spec = lab.function("python3.13", "app.handler", &[("app.py", app)]);
    spec.code = Arc::new(CodeFolder::unpack(&zip_of(&packed), lab.root.path()).unwrap());
    let spec = Arc::new(spec);
    let answer = lab.run(&spec, json!({})).await.ok();
    let version = format!("{}.{}", answer[1][0], answer[1][1]);
    if version == version_of(&python) {
        assert_eq!(answer[0], true);
        lab.run(&spec, json!({})).await.ok();
        lab.await_processes(1).await;
    } else {
        // Its native half is for another Python: the log says so, and the function is served all the same.
        assert_eq!(answer[0], false);
        assert!(lab.own_lines(&spec).iter().any(|line| line.contains("awslambdaric can't be loaded")));
    }
    eventually("one line at least", || !lab.lines(&spec).is_empty()).await;
}
