//! What a function has of its layers, and what it sees of its environment: both as on AWS.

use std::sync::Arc;

use lambdeck::local::exec::{CodeFolder, FunctionSpec};
use serde_json::{Value, json};

use super::harness::{Lab, have, zip_of};

/// A layer of these files, all of which may be executed.
fn layer(lab: &Lab, files: &[(&str, &str)]) -> Arc<CodeFolder> {
    let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_bytes(), 0o755)).collect();
    Arc::new(CodeFolder::unpack(&zip_of(&files), lab.root.path()).unwrap())
}

/// Where the log says that another version of the interpreter is used.
fn own_lines(lab: &Lab, spec: &FunctionSpec) -> Vec<String> {
    lab.own_lines(spec).into_iter().filter(|line| !line.contains("lambdeck: this")).collect()
}

#[tokio::test]
async fn python_finds_modules_of_layers_after_its_own() {
    if !have("python3") {
        return;
    }
    let lab = Lab::new();
    let app = "
import mine, versioned, plain, os
def handler(event, context):
    return [mine.WHERE, versioned.WHERE, plain.WHERE, sorted(name for name in os.environ if 'LAMBDECK' in name)]
";
    let mut spec =
        lab.function("python3.13", "app.handler", &[("app.py", app), ("mine.py", "WHERE = 'task'")]);
    let below = [
        ("python/mine.py", "WHERE = 'below'"),
        ("python/versioned.py", "WHERE = 'below, for all'"),
        ("python/lib/python3.13/site-packages/versioned.py", "WHERE = 'below, for 3.13'"),
        ("python/plain.py", "WHERE = 'below'"),
    ];
    spec.layers = vec![layer(&lab, &below), layer(&lab, &[("python/plain.py", "WHERE = 'above'")])];
    let expected = json!(["task", "below, for 3.13", "above", []]);
    assert_eq!(lab.run(&Arc::new(spec.clone()), json!({})).await.ok(), expected);

    // The order of the layers decides.
    spec.layers.reverse();
    "r2".clone_into(&mut spec.revision);
    assert_eq!(lab.run(&Arc::new(spec.clone()), json!({})).await.ok()[2], "below");

    // A path of its own takes the place of the layers', and may name them.
    spec.variables.insert("PYTHONPATH".to_owned(), "/opt/python".into());
    "r3".clone_into(&mut spec.revision);
    assert_eq!(lab.run(&Arc::new(spec), json!({})).await.ok()[1], "below, for all");
}

#[tokio::test]
async fn node_finds_modules_of_layers_after_its_own() {
    if !have("node") {
        return;
    }
    let lab = Lab::new();
    let app = "exports.handler = async () => ['mine', 'versioned', 'plain'].map((name) => require(name));";
    let files = [("index.js", app), ("node_modules/mine/index.js", "module.exports = 'task'")];
    let mut spec = lab.function("nodejs22.x", "index.handler", &files);
    let modules = [
        ("nodejs/node_modules/mine/index.js", "module.exports = 'layer'"),
        ("nodejs/node_modules/versioned/index.js", "module.exports = 'for all'"),
        ("nodejs/node22/node_modules/versioned/index.js", "module.exports = 'for 22'"),
        ("nodejs/node_modules/plain/index.js", "module.exports = 'layer'"),
    ];
    spec.layers = vec![layer(&lab, &modules)];
    let answer = lab.run(&Arc::new(spec), json!({})).await.ok();
    assert_eq!(answer, json!(["task", "for 22", "layer"]));
}

#[tokio::test]
async fn a_layer_brings_a_bootstrap_programs_and_libraries() {
    let lab = Lab::new();
    let mut spec = lab.function("provided.al2023", "none", &[("data", "x")]);
    let script =
        "#!/bin/sh\necho bootstrap of the layer\nhelper\ncat \"${LD_LIBRARY_PATH##*:}/note\"\nexit 7\n";
    spec.layers = vec![layer(
        &lab,
        &[("bootstrap", script), ("bin/helper", "#!/bin/sh\necho helper\n"), ("lib/note", "library\n")],
    )];
    let spec = Arc::new(spec);
    let run = lab.run(&spec, json!({})).await;
    assert!(run.error()["errorMessage"].as_str().unwrap().ends_with("exit status 7"));
    assert_eq!(&lab.own_lines(&spec)[..3], ["bootstrap of the layer", "helper", "library"]);

    // The function's own is used first.
    let mut own = lab.script("echo its own; exit 8");
    own.layers.clone_from(&spec.layers);
    "/own".clone_into(&mut own.log_group);
    "own".clone_into(&mut own.revision);
    let own = Arc::new(own);
    assert!(
        lab.run(&own, json!({})).await.error()["errorMessage"].as_str().unwrap().ends_with("exit status 8")
    );
    assert_eq!(lab.own_lines(&own)[0], "its own");
}

#[tokio::test]
async fn a_wrapper_starts_the_runtime() {
    if !have("python3") {
        return;
    }
    let lab = Lab::new();
    let app = "
import os, sys
def handler(event, context):
    return [os.environ.get('ADDED'), sys.flags.optimize]
";
    // As AWS's own example: options go before the last argument.
    let wrapper =
        "#!/bin/bash\nargs=(\"$@\")\nexport ADDED=yes\nexec \"${args[@]:0:$#-1}\" -O \"${args[@]: -1}\"\n";
    let mut spec = lab.function("python3.13", "app.handler", &[("app.py", app), ("plain", wrapper)]);
    spec.layers = vec![layer(&lab, &[("wrapper", wrapper)])];
    let set = |spec: &FunctionSpec, wrapper: &str| {
        let mut spec = spec.clone();
        spec.variables.insert("AWS_LAMBDA_EXEC_WRAPPER".to_owned(), wrapper.into());
        wrapper.clone_into(&mut spec.revision);
        spec.log_group = format!("/wrapped{wrapper}");
        Arc::new(spec)
    };
    let good = set(&spec, "/opt/wrapper");
    assert_eq!(lab.run(&good, json!({})).await.ok(), json!(["yes", 1]));
    assert_eq!(own_lines(&lab, &good), [""; 0], "a wrapper is where /opt is understood");

    for (wrapper, status, why) in [
        ("/opt/missing", 127, "/opt/missing: does not exist"),
        ("/var/task/plain", 126, "/var/task/plain: is not an executable"),
    ] {
        let spec = set(&spec, wrapper);
        let run = lab.run(&spec, json!({})).await;
        let error = run.error();
        assert_eq!(error["errorType"], "Runtime.ExitError");
        let message = format!("RequestId: {} Error: Runtime exited with error: exit status {status}", run.id);
        assert_eq!(error["errorMessage"], message);
        assert_eq!(own_lines(&lab, &spec)[0], why);
    }
    // Custom runtimes know nothing of it.
    let custom = set(&lab.script("echo started; exit 9"), "/opt/missing");
    let error = lab.run(&custom, json!({})).await.error();
    assert!(error["errorMessage"].as_str().unwrap().ends_with("exit status 9"));
}

const EVERYWHERE: [&str; 21] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_XRAY_CONTEXT_MISSING",
    "AWS_XRAY_DAEMON_ADDRESS",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
    "LANG",
    "LD_LIBRARY_PATH",
    "PATH",
    "TMPDIR",
    "_HANDLER",
];

#[tokio::test]
async fn a_function_sees_lambdas_variables_and_its_own_and_no_other() {
    let lab = Lab::new();
    let of_the_layers = || vec![layer(&lab, &[("some", "")])];
    let expected = |more: &[&'static str]| {
        let mut names = EVERYWHERE.to_vec();
        names.extend(["OWN", "PWD", "TZ"]);
        names.extend(more);
        names.sort_unstable();
        names
    };
    let managed = ["AWS_EXECUTION_ENV", "SHLVL", "_X_AMZN_TRACE_ID"];
    let json_format = ["AWS_LAMBDA_LOG_FORMAT", "AWS_LAMBDA_LOG_LEVEL"];
    let ask = async |mut spec: FunctionSpec, json: bool| -> Value {
        spec.variables.insert("OWN".to_owned(), "x".into());
        spec.layers = of_the_layers();
        spec.json_logs = json;
        spec.log_levels.application = json.then(|| "DEBUG".to_owned());
        lab.run(&Arc::new(spec), json!({})).await.ok()
    };
    let names = |variables: &Value| variables.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    if have("python3") {
        let app = "import os\ndef handler(event, context):\n    return dict(os.environ)\n";
        let seen = ask(lab.function("python3.13", "app.handler", &[("app.py", app)]), false).await;
        assert_eq!(names(&seen), expected(&managed));
        assert_eq!((&seen["PWD"], &seen["TZ"]), (&seen["LAMBDA_TASK_ROOT"], &json!(":UTC")));
        assert_eq!(seen["AWS_EXECUTION_ENV"], "AWS_Lambda_python3.13");
        assert!(seen["PATH"].as_str().unwrap().ends_with("/bin"));
    }
    if have("node") {
        let app = "exports.handler = async () => ({ ...process.env });";
        let mut spec = lab.function("nodejs22.x", "index.handler", &[("index.js", app)]);
        "node".clone_into(&mut spec.revision);
        let seen = ask(spec, true).await;
        let more = [managed.as_slice(), &json_format, &["NODE_PATH"]].concat();
        assert_eq!(names(&seen), expected(&more));
        assert_eq!(seen["AWS_LAMBDA_LOG_LEVEL"], "DEBUG");
    }
    if cfg!(target_os = "linux") {
        // What it is started with, whatever a shell makes of it.
        let mut spec = lab.script("tr '\\0' '\\n' < /proc/$$/environ; exit 1");
        spec.variables.insert("OWN".to_owned(), "x".into());
        spec.layers = of_the_layers();
        "/custom".clone_into(&mut spec.log_group);
        "custom".clone_into(&mut spec.revision);
        let spec = Arc::new(spec);
        lab.run(&spec, json!({})).await.error();
        let lines = lab.own_lines(&spec);
        let seen = lines.iter().filter_map(|line| line.split_once('=')).map(|(name, _)| name);
        let mut seen: Vec<_> = seen.filter(|name| !name.contains(' ')).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, expected(&[]));
    }
}

#[tokio::test]
async fn limits_of_a_process_are_those_of_aws() {
    if !cfg!(target_os = "linux") || !have("python3") {
        return;
    }
    let lab = Lab::new();
    let app = "
import resource
def handler(event, context):
    return [resource.getrlimit(what) for what in (resource.RLIMIT_NOFILE, resource.RLIMIT_MEMLOCK)]
";
    let spec = Arc::new(lab.function("python3.13", "app.handler", &[("app.py", app)]));
    assert_eq!(lab.run(&spec, json!({})).await.ok(), json!([[1024, 1024], [65_536, 65_536]]));
}

#[tokio::test]
async fn what_layers_have_here_no_effect_is_said_once_at_init() {
    let lab = Lab::new();
    let mut spec = lab.script("exit 1");
    spec.layers = vec![layer(&lab, &[("extensions/watcher", "#!/bin/sh\n"), ("extensions/data/x", "")])];
    spec.variables.insert("CONFIG".to_owned(), "/opt/collector.yaml?secret".into());
    spec.variables.insert("PATH".to_owned(), "/opt/bin:/bin".into());
    let spec = Arc::new(spec);
    lab.run(&spec, json!({})).await.error();
    let lines = lab.own_lines(&spec);
    let notes: Vec<_> = lines.iter().filter(|line| line.contains("lambdeck: ")).collect();
    assert_eq!(notes.len(), 2, "{lines:#?}");
    assert!(notes[0].ends_with("this function has: watcher"), "{}", notes[0]);
    assert!(notes[1].contains("which is named by: CONFIG. The layers are in "), "{}", notes[1]);
    assert!(!notes[1].contains("secret"));
}
