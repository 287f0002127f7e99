//! `env-inspector`: what a function sees of its environment.

use std::{env, fs, path::Path, thread};

use serde_json::{Map, Value, json};

use super::client::{Context, Failure};

pub(super) const EXAMPLE: &str = r#"{
  "reveal": false
}"#;

/// Parts of names whose values are masked unless they are asked for.
const SECRET: [&str; 4] = ["SECRET", "TOKEN", "PASSWORD", "ACCESS_KEY"];

pub(super) fn handle(event: &Value, context: &Context) -> Result<Value, Failure> {
    let reveal = event["reveal"].as_bool().unwrap_or(false);
    let masked = |name: &str| !reveal && SECRET.iter().any(|part| name.contains(part));
    let variables: Map<String, Value> = context
        .variables()
        .iter()
        .map(|(name, value)| (name.clone(), if masked(name) { "***".into() } else { value.as_str().into() }))
        .collect();
    let tmp = env::temp_dir();
    let visits = count_visit(&tmp).map_err(|error| {
        Failure::new("inspector::handle", "TmpError", format!("{} can't be written: {error}", tmp.display()))
    })?;
    let kept = variables.len();
    let state = if context.earlier == 0 { "cold" } else { "warm" };
    context.info(format_args!("{state} environment with {kept} variables, event {visits} for its /tmp"));
    Ok(json!({
        "environment": { "state": state, "eventsBefore": context.earlier, "visitsInTmp": visits },
        "variables": variables,
        "folder": env::current_dir().map(|folder| folder.display().to_string()).unwrap_or_default(),
        "code": listing(Path::new(".")),
        "tmp": { "folder": tmp.display().to_string(), "holds": listing(&tmp) },
        "cpus": thread::available_parallelism().map_or(1, usize::from),
        "memoryKb": resident_kb(),
        "remainingMs": u64::try_from(context.remaining().as_millis()).unwrap_or(u64::MAX),
    }))
}

/// How often this was called in this environment, counted in a file: `/tmp` stays while an environment does.
fn count_visit(tmp: &Path) -> std::io::Result<u64> {
    let file = tmp.join("visits");
    let visits = fs::read_to_string(&file).ok().and_then(|text| text.parse().ok()).unwrap_or(0) + 1;
    fs::write(file, visits.to_string())?;
    Ok(visits)
}

fn listing(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names.truncate(100);
    names
}

/// Memory in use, where the system says so (Linux does).
fn resident_kb() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix(" kB")?.parse().ok()
}
