//! The environment variables of a function: its own, and Lambda's. Nothing else: not the user's shell's, and in
//! particular not their AWS keys.
//!
//! They are those of <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>, with this machine's
//! folders where AWS has `/var/task`, `/var/runtime` and `/opt`. What is different: TMPDIR is set, since the machine's
//! `/tmp` belongs to everybody, and a folder of the environment's own takes its place. How much is written there is
//! not limited, whatever `EphemeralStorage` says. `_X_AMZN_TRACE_ID` is set for each event by the runtimes.

use std::{collections::BTreeMap, path::Path};

use super::FunctionSpec;

/// Where Python's shim finds the stand-in of `/opt`. It takes the variable away before the function's code runs.
const OPT_FOR_PYTHON: &str = "_LAMBDECK_OPT";
/// Variables that hold paths, where `/opt` and `/var/task` are understood.
const PATHS: [&str; 4] = ["PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "NODE_PATH"];

/// Where an environment lives.
pub(super) struct Place<'a> {
    pub(super) region: &'a str,
    pub(super) stream: &'a str,
    pub(super) tmp: &'a Path,
    pub(super) runtime_api: String,
    /// `on-demand` or `provisioned-concurrency`.
    pub(super) initialization_type: &'static str,
    /// The stand-in of `/var/runtime`.
    pub(super) runtime: &'a Path,
    /// The stand-in of `/opt`, where the function has layers.
    pub(super) opt: Option<&'a Path>,
    /// The program that interprets the function.
    pub(super) interpreter: Option<&'a Path>,
}

/// All environment variables of a function.
pub(super) fn variables(spec: &FunctionSpec, place: &Place<'_>) -> BTreeMap<String, String> {
    let task = spec.code.path.to_string_lossy().into_owned();
    let runtime = place.runtime.to_string_lossy().into_owned();
    let opt = place.opt.map(|opt| opt.to_string_lossy().into_owned());
    let in_opt = |part: &str| opt.as_ref().map(|opt| format!("{opt}/{part}"));
    let mut all = BTreeMap::new();
    let mut set = |name: &str, value: &str| {
        all.insert(name.to_owned(), value.to_owned());
    };
    // What a function may change.
    set("LANG", "en_US.UTF-8");
    set("TZ", ":UTC");
    let mut path: Vec<String> = ["/usr/local/bin", "/usr/bin", "/bin"].map(str::to_owned).into();
    // `/var/lang/bin` on AWS.
    let bin = place.interpreter.and_then(Path::parent).map(|bin| bin.to_string_lossy().into_owned());
    if let Some(bin) = bin.filter(|bin| !path.contains(bin)) {
        path.insert(0, bin);
    }
    path.extend(in_opt("bin"));
    set("PATH", &path.join(":"));
    let mut libraries = vec![task.clone(), format!("{task}/lib")];
    libraries.extend(in_opt("lib"));
    set("LD_LIBRARY_PATH", &libraries.join(":"));
    set("PWD", &task);
    set("TMPDIR", &place.tmp.to_string_lossy());
    // There is no daemon of X-Ray's; at its usual place nothing leaves the machine.
    set("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR");
    set("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:2000");
    if let Some(version) = spec.runtime.strip_prefix("nodejs") {
        let own = format!("nodejs/node{}/node_modules", version.trim_end_matches(".x"));
        let mut modules: Vec<String> =
            [own.as_str(), "nodejs/node_modules"].into_iter().filter_map(in_opt).collect();
        modules.extend([format!("{runtime}/node_modules"), runtime.clone(), task.clone()]);
        set("NODE_PATH", &modules.join(":"));
    }
    if spec.json_logs {
        set("AWS_LAMBDA_LOG_FORMAT", "JSON");
        set("AWS_LAMBDA_LOG_LEVEL", spec.log_levels.application.as_deref().unwrap_or("INFO"));
    }
    for (name, value) in &spec.variables {
        if PATHS.contains(&name.as_str()) {
            let entries: Vec<String> =
                value.reveal().split(':').map(|entry| stand_in(entry, &task, opt.as_deref())).collect();
            set(name, &entries.join(":"));
        } else {
            set(name, value.reveal());
        }
    }
    // What it may not.
    set("_HANDLER", &spec.handler);
    set("AWS_DEFAULT_REGION", place.region);
    set("AWS_REGION", place.region);
    set("AWS_LAMBDA_FUNCTION_NAME", &spec.name);
    set("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &spec.memory_mb.to_string());
    set("AWS_LAMBDA_FUNCTION_VERSION", &spec.version);
    set("AWS_LAMBDA_INITIALIZATION_TYPE", place.initialization_type);
    set("AWS_LAMBDA_LOG_GROUP_NAME", &spec.log_group);
    set("AWS_LAMBDA_LOG_STREAM_NAME", place.stream);
    set("AWS_LAMBDA_RUNTIME_API", &place.runtime_api);
    set("LAMBDA_TASK_ROOT", &task);
    set("LAMBDA_RUNTIME_DIR", &runtime);
    // Not a key of anyone's. Without one an SDK in the function would look on, and find the user's own in their home
    // folder.
    set("AWS_ACCESS_KEY_ID", "lambdeck-local");
    set("AWS_SECRET_ACCESS_KEY", "lambdeck-local");
    set("AWS_SESSION_TOKEN", "lambdeck-local");
    if !spec.runtime.starts_with("provided") {
        set("AWS_EXECUTION_ENV", &format!("AWS_Lambda_{}", spec.runtime));
        // AWS starts these runtimes by way of a shell, which leaves it.
        set("SHLVL", "0");
    }
    if let Some(opt) = opt.as_ref().filter(|_| spec.runtime.starts_with("python")) {
        set(OPT_FOR_PYTHON, opt);
    }
    all
}

/// A path as it is on AWS, as it is here.
pub(super) fn stand_in(path: &str, task: &str, opt: Option<&str>) -> String {
    for (theirs, ours) in [("/opt", opt), ("/var/task", Some(task))] {
        if let (Some(rest), Some(ours)) = (path.strip_prefix(theirs), ours)
            && (rest.is_empty() || rest.starts_with('/'))
        {
            return format!("{ours}{rest}");
        }
    }
    path.to_owned()
}

/// The names of the function's own variables that name `/opt` where nothing understands it: what they name is
/// elsewhere here.
pub(super) fn naming_opt(spec: &FunctionSpec) -> Vec<&str> {
    let understood = |name: &str| PATHS.contains(&name) || name == super::runtimes::EXEC_WRAPPER;
    let names = |value: &str| value == "/opt" || value.contains("/opt/");
    let own = spec.variables.iter().filter(|(name, value)| !understood(name) && names(value.reveal()));
    own.map(|(name, _)| name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::stand_in;

    #[test]
    fn paths_of_aws_are_those_of_here() {
        let here = |path: &str| stand_in(path, "/t", Some("/o"));
        for (theirs, ours) in [
            ("/opt", "/o"),
            ("/opt/python/x", "/o/python/x"),
            ("/optional/x", "/optional/x"),
            ("/var/task/lib", "/t/lib"),
            ("/usr/bin", "/usr/bin"),
            ("", ""),
        ] {
            assert_eq!(here(theirs), ours);
        }
        assert_eq!(stand_in("/opt/x", "/t", None), "/opt/x");
    }
}
