//! Which program runs a function.

use std::{
    collections::{BTreeMap, HashMap},
    ffi::{OsStr, OsString},
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use sha2::{Digest, Sha256};
use tokio::process::Command;

use super::{FunctionSpec, process::Launch, variables::stand_in};
use crate::domain::secret::Secret;

const PYTHON_SHIM: &str = include_str!("../../../assets/bootstrap/python.py");
const NODE_SHIM: &str = include_str!("../../../assets/bootstrap/node.mjs");

/// Names under which the shims are written to the runtime folder. Python caches the byte code of what is imported,
/// not of the script it is started with: hence the one-line script.
const PYTHON_MODULE: &str = "lambdeck_bootstrap.py";
const PYTHON_START: (&str, &str) = ("python.py", "import lambdeck_bootstrap\n\nlambdeck_bootstrap.main()\n");
const NODE_START: &str = "node.mjs";

/// Names a script that starts the runtime in its place.
pub(super) const EXEC_WRAPPER: &str = "AWS_LAMBDA_EXEC_WRAPPER";
/// What AWS's runtimes start with where there is a wrapper: its name as given, its path here, and the command line.
const WRAPPED_START: &str = r#"if [ ! -f "$1" ]; then echo "$0: does not exist"; exit 127; fi
if [ ! -x "$1" ]; then echo "$0: is not an executable"; exit 126; fi
exec "$@""#;

/// How long a program may take to say what it is.
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

/// A function can't be started at all.
#[derive(Debug)]
pub(super) struct Unrunnable {
    pub(super) error_type: &'static str,
    pub(super) message: String,
}

impl Unrunnable {
    /// AWS's type for a bootstrap that is missing or can't be executed.
    pub(super) fn new(message: String) -> Self {
        Self { error_type: "Runtime.InvalidEntrypoint", message }
    }
}

/// An interpreter of this machine.
#[derive(Clone, Debug)]
struct Interpreter {
    program: PathBuf,
    /// Such as `3.11` or `22`, in the form that runtime identifiers have.
    version: String,
}

/// The interpreters that were found, and the folder that holds the shims for them.
#[derive(Debug)]
pub(super) struct Runtimes {
    folder: PathBuf,
    found: Mutex<HashMap<String, Interpreter>>,
}

impl Runtimes {
    pub(super) fn new(root: &Path) -> Self {
        Self { folder: root.join("runtime"), found: Mutex::default() }
    }

    /// The stand-in of `/var/runtime`.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// How to start a function, and what is to be said about it in its log. `opt` is the stand-in of `/opt`.
    pub(super) async fn launch(
        &self,
        spec: &FunctionSpec,
        opt: Option<&Path>,
    ) -> Result<(Launch, Option<String>), Unrunnable> {
        let runtime = spec.runtime.as_str();
        if runtime.starts_with("provided") {
            return bootstrap(&spec.code.path, opt).map(|launch| (launch, None));
        }
        let (wanted, language) = if let Some(version) = runtime.strip_prefix("python") {
            (version, Language::Python)
        } else if let Some(version) = runtime.strip_prefix("nodejs") {
            (version.trim_end_matches(".x"), Language::Node)
        } else {
            let program =
                runtime.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').replace("core", "");
            return Err(Unrunnable::new(format!(
                "The local engine has no runtime client for {runtime}: the program {program} alone can't run it. \
                 Runtimes that it runs: provided.*, python3.* and nodejs*"
            )));
        };
        let interpreter = self.interpreter(language, wanted).await.ok_or_else(|| {
            let names = language.candidates(wanted).join(", ");
            Unrunnable::new(format!(
                "The local engine runs {runtime} with this machine's own {}, and found none on \
                 PATH (looked for: {names})",
                language.name()
            ))
        })?;
        let script = self.shim(language).map_err(|error| {
            Unrunnable::new(format!("The local engine could not write to its runtime folder: {error}"))
        })?;
        let note = (interpreter.version != wanted).then(|| {
            let Interpreter { program, version } = &interpreter;
            format!(
                "lambdeck: this {runtime} function is run by {} {version} ({})",
                language.name(),
                program.display()
            )
        });
        let launch = Launch {
            interpreter: Some(interpreter.program.clone()),
            program: interpreter.program,
            arguments: vec![script.into_os_string()],
        };
        Ok((wrapped(launch, spec, opt), note))
    }

    async fn interpreter(&self, language: Language, wanted: &str) -> Option<Interpreter> {
        let key = format!("{language:?} {wanted}");
        if let Some(known) = self.found.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Some(known.clone());
        }
        for name in language.candidates(wanted) {
            for program in on_path(&name) {
                if let Some(interpreter) = language.probe(&program).await {
                    self.found
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .insert(key, interpreter.clone());
                    return Some(interpreter);
                }
            }
        }
        None
    }

    /// The script for an interpreter, written when it is first needed.
    fn shim(&self, language: Language) -> io::Result<PathBuf> {
        let (start, text) = match language {
            Language::Python => PYTHON_START,
            Language::Node => (NODE_START, NODE_SHIM),
        };
        let script = self.folder.join(start);
        if !script.exists() {
            fs::create_dir_all(&self.folder)?;
            if matches!(language, Language::Python) {
                write_whole(&self.folder, PYTHON_MODULE, PYTHON_SHIM)?;
            }
            write_whole(&self.folder, start, text)?;
        }
        Ok(script)
    }
}

#[derive(Clone, Copy, Debug)]
enum Language {
    Python,
    Node,
}

impl Language {
    fn name(self) -> &'static str {
        match self {
            Self::Python => "Python",
            Self::Node => "Node.js",
        }
    }

    fn candidates(self, wanted: &str) -> Vec<String> {
        match self {
            Self::Python => vec![format!("python{wanted}"), "python3".to_owned(), "python".to_owned()],
            Self::Node => vec!["node".to_owned(), "nodejs".to_owned()],
        }
    }

    /// Asks a program what it is. What is on PATH may be a version manager's stand-in, which needs the user's
    /// environment and is slow: the program behind it is what functions are run with.
    async fn probe(self, program: &Path) -> Option<Interpreter> {
        let arguments = match self {
            Self::Python => {
                ["-c", "import sys; print(sys.executable, '%d.%d' % sys.version_info[:2], sep='\\n')"]
            }
            Self::Node => ["-p", "process.execPath + '\\n' + process.versions.node.split('.')[0]"],
        };
        let mut command = Command::new(program);
        command.args(arguments).stdin(std::process::Stdio::null()).kill_on_drop(true);
        let output = tokio::time::timeout(PROBE_TIMEOUT, command.output()).await.ok()?.ok()?;
        let text = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
        let (program, version) = text.trim().split_once('\n')?;
        let usable = match self {
            Self::Python => version.starts_with("3."),
            Self::Node => version.parse::<u32>().is_ok_and(|major| major >= 16),
        };
        usable.then(|| Interpreter { program: PathBuf::from(program), version: version.to_owned() })
    }
}

/// The interpreters that functions run with on this machine, by the family of their runtimes: `python` and `nodejs`,
/// each with its version, such as `3.11` and `22`.
pub async fn interpreters() -> BTreeMap<&'static str, String> {
    let first = |language: Language| async move {
        for program in language.candidates("3").iter().flat_map(|name| on_path(name)) {
            if let Some(interpreter) = language.probe(&program).await {
                return Some(interpreter.version);
            }
        }
        None
    };
    let (python, node) = tokio::join!(first(Language::Python), first(Language::Node));
    [("python", python), ("nodejs", node)]
        .into_iter()
        .filter_map(|(family, version)| Some((family, version?)))
        .collect()
}

/// Programs of this name, in the order of the user's PATH.
fn on_path(name: &str) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_else(|| OsString::from("/usr/local/bin:/usr/bin:/bin"));
    let executable = |path: &PathBuf| {
        fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    std::env::split_paths(&path).map(|folder| folder.join(OsStr::new(name))).filter(executable).collect()
}

/// The function's `bootstrap`, or else that of a layer.
fn bootstrap(code: &Path, opt: Option<&Path>) -> Result<Launch, Unrunnable> {
    let program = [Some(code), opt].into_iter().flatten().map(|folder| folder.join("bootstrap"));
    let program = program.into_iter().find(|program| program.is_file()).ok_or_else(|| {
        Unrunnable::new("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]".to_owned())
    })?;
    Ok(Launch { program, arguments: Vec::new(), interpreter: None })
}

/// The launch by way of the script that the function names, which gets the whole command line. As on AWS, custom
/// runtimes know nothing of it.
/// <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html#runtime-wrapper>
fn wrapped(launch: Launch, spec: &FunctionSpec, opt: Option<&Path>) -> Launch {
    let Some(wrapper) = spec.variables.get(EXEC_WRAPPER).map(Secret::reveal).filter(|it| !it.is_empty())
    else {
        return launch;
    };
    let opt = opt.map(Path::to_string_lossy);
    let here = stand_in(wrapper, &spec.code.path.to_string_lossy(), opt.as_deref());
    let mut arguments: Vec<OsString> = vec!["-c".into(), WRAPPED_START.into(), wrapper.into()];
    arguments.push(spec.code.path.join(here).into_os_string());
    arguments.push(launch.program.into_os_string());
    arguments.extend(launch.arguments);
    Launch { program: PathBuf::from("/bin/sh"), arguments, interpreter: launch.interpreter }
}

/// Writes a file so that nobody ever reads a part of it.
fn write_whole(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    io::Write::write_all(&mut file, text.as_bytes())?;
    file.persist(folder.join(name))?;
    Ok(())
}

/// `provided:al2023.v0` for `provided.al2023`: the runtime version as INIT_START names it. Version 0 is this engine.
pub(super) fn runtime_version(runtime: &str) -> String {
    let (family, version) = match runtime.find(|c: char| c == '.' || c.is_ascii_digit()) {
        Some(at) => runtime.split_at(at),
        None => (runtime, ""),
    };
    let version = version.trim_start_matches('.').trim_end_matches(".x");
    if version.is_empty() { format!("{family}.v0") } else { format!("{family}:{version}.v0") }
}

/// The ARN of the runtime version that [`runtime_version`] names, as in `RuntimeVersionConfig`.
#[must_use]
pub fn runtime_version_arn(region: &str, runtime: &str) -> String {
    let digest = Sha256::digest(runtime_version(runtime));
    let hex = digest.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    format!("arn:aws:lambda:{region}::runtime:{hex}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_version_reads_as_in_init_start() {
        assert_eq!(runtime_version("python3.13"), "python:3.13.v0");
        assert_eq!(runtime_version("nodejs22.x"), "nodejs:22.v0");
        assert_eq!(runtime_version("provided.al2023"), "provided:al2023.v0");
        assert_eq!(runtime_version("provided"), "provided.v0");
        assert_eq!(
            runtime_version_arn("eu-west-1", "provided").len(),
            "arn:aws:lambda:eu-west-1::runtime:".len() + 64
        );
    }
}
