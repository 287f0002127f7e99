//! `lambdeck local`: the local engine, alone or below the dashboard.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::sync::Mutex;

use super::{
    args::Local,
    dashboard,
    failure::{ERROR, Failure},
    settings::Settings,
    signals::{self, Signal},
    terminal::{self, Output},
};
use crate::{
    cloud::{self, Kind, Spec, session::FALLBACK_REGION},
    domain::{secret::Secret, shell::quoted},
    local::{Engine, KeepError, Options, engine::StartError},
    runtime::StartLocal,
};

/// How long a change takes to settle, in milliseconds: long enough to be seen, short enough not to be waited for.
const SETTLE_MS: u64 = 100;

/// Runs the engine, and the dashboard on it unless `--serve` was given; gives the exit code.
///
/// # Errors
/// The engine can't be started, or the dashboard not run.
pub async fn run(arguments: Local, settings: Settings) -> Result<u8, Failure> {
    let serve = arguments.serve;
    let engine = Arc::new(LocalEngine::new(arguments, &settings.spec)?);
    if serve { engine.serve().await } else { dashboard::run(settings, engine, true).await }
}

/// The local engine of this process: not started, running, or ended.
pub struct LocalEngine {
    options: Options,
    env_file: Option<PathBuf>,
    /// What holds for its sessions, too: read-only, protected, and where changes are recorded.
    guards: Spec,
    state: Mutex<State>,
}

enum State {
    NotStarted,
    Running(Engine),
    Ended,
}

impl LocalEngine {
    /// An engine to be started later.
    ///
    /// # Errors
    /// Keys that are none, or this program's own path is not known.
    pub fn new(arguments: Local, spec: &Spec) -> Result<Self, Failure> {
        let program = std::env::current_exe().map_err(|error| {
            Failure::new(ERROR, format!("can't find lambdeck's own program file: {error}"))
        })?;
        let options = Options {
            port: arguments.port,
            access_key: arguments.access_key.as_deref().map(access_key).transpose()?,
            account_id: arguments.account_id,
            region: region(spec),
            settle_ms: SETTLE_MS,
            samples: !arguments.no_samples && arguments.paths.is_empty(),
            traffic: !arguments.no_traffic && arguments.paths.is_empty(),
            persist: arguments.persist,
            projects: arguments.paths,
            triggers: Vec::new(),
            open_urls: arguments.url,
            program,
        };
        Ok(Self {
            options,
            env_file: arguments.env_file,
            guards: Spec {
                read_only: spec.read_only,
                protected: spec.protected.clone(),
                journal: spec.journal.clone(),
                ..Spec::default()
            },
            state: Mutex::new(State::NotStarted),
        })
    }

    /// Starts it, or finds it started, and tells how it is reached.
    ///
    /// It goes on where nobody waits for it any more, and the end waits for it: files that are being unpacked can't be
    /// removed.
    async fn start(self: &Arc<Self>) -> Result<Vec<(&'static str, String)>, Failure> {
        let engine = Arc::clone(self);
        let started = tokio::spawn(async move { engine.start_whole().await }).await;
        started.unwrap_or_else(|_| Err(Failure::new(ERROR, "the local engine crashed at its start")))
    }

    async fn start_whole(&self) -> Result<Vec<(&'static str, String)>, Failure> {
        let mut state = self.state.lock().await;
        if matches!(*state, State::NotStarted) {
            let engine = Engine::start(self.options.clone()).await.map_err(|error| not_started(&error))?;
            *state = State::Running(engine);
        }
        let State::Running(engine) = &*state else {
            return Err(Failure::new(ERROR, "the local engine has ended"));
        };
        let variables = variables(engine);
        if let Some(path) = &self.env_file {
            write_private(path, &format!("export {}\n", assignments(&variables).join("\nexport "))).map_err(
                |error| Failure::new(ERROR, format!("can't write the file {}: {error}", path.display())),
            )?;
        }
        Ok(variables)
    }

    /// How the dashboard starts it.
    pub fn starter(self: &Arc<Self>) -> StartLocal {
        let engine = Arc::clone(self);
        Arc::new(move || {
            let engine = Arc::clone(&engine);
            Box::pin(async move {
                let started = engine.start().await.map(drop);
                started.map_err(|failure| {
                    let error = cloud::Error::new(Kind::Service, failure.message);
                    failure.hint.into_iter().fold(error, cloud::Error::with_hint)
                })?;
                match &*engine.state.lock().await {
                    State::Running(running) => Ok(engine.spec(running)),
                    _ => Err(cloud::Error::new(Kind::Service, "the local engine has ended")),
                }
            })
        })
    }

    fn spec(&self, engine: &Engine) -> Spec {
        Spec {
            region: Some(engine.region().to_owned()),
            endpoint_url: Some(engine.endpoint_url()),
            keys: Some((engine.access_key_id().to_owned(), engine.secret_access_key().clone())),
            ..self.guards.clone()
        }
    }

    /// Prints how it is reached, and runs until a signal comes.
    async fn serve(self: &Arc<Self>) -> Result<u8, Failure> {
        let ended = signals::ended();
        let serving = async {
            let variables = self.start().await?;
            let mut output = Output::stdout();
            output.line(&format!("export {}", assignments(&variables).join(" ")))?;
            output.flush()?;
            terminal::note("The local engine is ready. ctrl-c ends it.");
            std::future::pending::<Result<u8, Failure>>().await
        };
        let result = tokio::select! {
            biased;
            Signal(code) = ended => Ok(code),
            result = Box::pin(serving) => result,
        };
        self.shutdown().await;
        result
    }

    /// Ends it, with all processes that it started.
    pub async fn shutdown(&self) {
        let mut state = self.state.lock().await;
        if let State::Running(engine) = std::mem::replace(&mut *state, State::Ended) {
            engine.shutdown().await;
        }
    }
}

/// `ID:SECRET`. The message says nothing of what was given.
fn access_key(text: &str) -> Result<(String, Secret), Failure> {
    let word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    match text.split_once(':') {
        Some((id, secret))
            if word(secret) && !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) =>
        {
            Ok((id.to_owned(), secret.into()))
        }
        _ => Err(Failure::usage("--access-key is not ID:SECRET")
            .with_hint("the id has letters and digits only, the secret no blanks")),
    }
}

/// The region of the flags or the configuration file, else that of the environment.
fn region(spec: &Spec) -> String {
    let of_environment = |name| std::env::var(name).ok().filter(|region| !region.is_empty());
    spec.region
        .clone()
        .or_else(|| of_environment("AWS_REGION"))
        .or_else(|| of_environment("AWS_DEFAULT_REGION"))
        .unwrap_or_else(|| FALLBACK_REGION.to_owned())
}

fn not_started(error: &StartError) -> Failure {
    let failure = Failure::new(ERROR, format!("the local engine can't start: {error}"));
    match error {
        StartError::Bind { .. } => {
            failure.with_hint("choose another one with --port; --port 0 takes a free one")
        }
        StartError::Keep(error) => failure.with_hint(match error {
            KeepError::Folder { .. } => "--persist takes a folder that you may write to".to_owned(),
            KeepError::InUse(_) => "end that engine, or give this one another folder".to_owned(),
            KeepError::Newer(_) => "update lambdeck, or give it another folder".to_owned(),
            KeepError::Other { what: "region", kept, .. } => {
                format!("start it with --region {kept}, or give it another folder")
            }
            KeepError::Other { kept, .. } => {
                format!("start it with --account-id {kept} or without, or give it another folder")
            }
            KeepError::Unusable { .. } => {
                "put a copy of the folder back, or give it another one: this one is left as it is".to_owned()
            }
        }),
        _ => failure,
    }
}

/// What AWS's tools read. botocore knows only the second name of the region.
fn variables(engine: &Engine) -> Vec<(&'static str, String)> {
    vec![
        ("AWS_ENDPOINT_URL", engine.endpoint_url()),
        ("AWS_ACCESS_KEY_ID", engine.access_key_id().to_owned()),
        ("AWS_SECRET_ACCESS_KEY", engine.secret_access_key().reveal().to_owned()),
        ("AWS_REGION", engine.region().to_owned()),
        ("AWS_DEFAULT_REGION", engine.region().to_owned()),
    ]
}

fn assignments(variables: &[(&str, String)]) -> Vec<String> {
    variables.iter().map(|(name, value)| format!("{name}={}", quoted(value))).collect()
}

/// Writes a file that its owner alone may read, in one go: nobody ever sees half of it.
pub(super) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Made with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("AKID:secret/+=", true)]
    #[case("AKID:se:cret", true)]
    #[case("AKID", false)]
    #[case("AKID:", false)]
    #[case(":secret", false)]
    #[case("AK ID:secret", false)]
    #[case("AKID:se cret", false)]
    fn keys_are_id_and_secret(#[case] text: &str, #[case] holds: bool) {
        let read = access_key(text);
        assert_eq!(read.is_ok(), holds);
        if let Err(failure) = read {
            assert!(!failure.message.contains("cret"), "{}", failure.message);
        }
    }

    #[test]
    fn a_private_file_replaces_the_old_one_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("env");
        std::fs::write(&path, "something longer than the new text").unwrap();
        write_private(&path, "new").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write_private(&folder.path().join("no/env"), "x").is_err());
    }
}
