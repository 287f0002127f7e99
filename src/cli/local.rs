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
    app::messages::Severity,
    cloud::{self, Kind, Spec, session::FALLBACK_REGION},
    domain::{name::FunctionRef, secret::Secret, shell::quoted, text::sanitise},
    local::{
        Engine, KeepError, Note, Options,
        engine::StartError,
        triggers::{Notification, Rule, Source, Trigger},
    },
    runtime::{StartLocal, Started},
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
    Running(Box<Engine>),
    Ended,
}

impl LocalEngine {
    /// An engine to be started later.
    ///
    /// # Errors
    /// Keys, buckets or schedules that are none, or this program's own path is not known.
    pub fn new(arguments: Local, spec: &Spec) -> Result<Self, Failure> {
        let program = std::env::current_exe().map_err(|error| {
            Failure::new(ERROR, format!("can't find lambdeck's own program file: {error}"))
        })?;
        let triggers = triggers(&arguments.bucket, &arguments.schedule)?;
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
            triggers,
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
            *state = State::Running(Box::new(engine));
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
                    State::Running(running) => {
                        Ok(Started { spec: engine.spec(running), notes: notes(running) })
                    }
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
            if let State::Running(engine) = &*self.state.lock().await {
                for (_, text) in notes(engine) {
                    terminal::note(&sanitise(&text));
                }
            }
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

/// What is to be said once it runs.
fn notes(engine: &Engine) -> Vec<(Severity, String)> {
    let note = |note: &Note| match note {
        Note::Open(text) => (Severity::Info, text.clone()),
        Note::Undone(text) => (Severity::Warning, text.clone()),
    };
    engine.notes().iter().map(note).collect()
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

/// What `--bucket` and `--schedule` say.
fn triggers(buckets: &[String], schedules: &[String]) -> Result<Vec<Trigger>, Failure> {
    let mut all = Vec::new();
    for text in buckets {
        let (function, folder) = assignment("--bucket", "FUNCTION=DIR", text)?;
        let notification = Notification::of_folder(Path::new(folder))
            .map_err(|why| Failure::usage(format!("--bucket {text}: {why}")))?;
        all.push(Trigger { function: function.to_string(), source: Source::Bucket(notification) });
    }
    for (at, text) in schedules.iter().enumerate() {
        let (function, expression) = assignment("--schedule", "FUNCTION=EXPRESSION", text)?;
        Rule::check(expression).map_err(|why| {
            Failure::usage(format!("--schedule {text}: {why}")).with_hint(
                "such as 'rate(5 minutes)' or 'cron(0 12 * * ? *)', which is each day at 12:00 UTC",
            )
        })?;
        let rule =
            Rule { name: format!("schedule-{}", at + 1), expression: expression.to_owned(), input: None };
        all.push(Trigger { function: function.to_string(), source: Source::Schedule(rule) });
    }
    Ok(all)
}

/// The two halves of a flag's `FUNCTION=...`.
fn assignment<'t>(flag: &str, form: &str, text: &'t str) -> Result<(FunctionRef, &'t str), Failure> {
    let Some((function, rest)) = text.split_once('=').filter(|(_, rest)| !rest.is_empty()) else {
        return Err(Failure::usage(format!("{flag} {text}: it is not {form}"))
            .with_hint("FUNCTION is NAME or NAME:ALIAS"));
    };
    let function: FunctionRef =
        function.parse().map_err(|error| Failure::usage(format!("{flag} {text}: {error}")))?;
    if function.account.is_some() {
        return Err(Failure::usage(format!("{flag} {text}: the function is given by an ARN"))
            .with_hint("FUNCTION is NAME or NAME:ALIAS"));
    }
    Ok((function, rest.trim()))
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

    #[rstest]
    #[case(&["resize=photos"], &[], "")]
    #[case(&["resize:live=/data/a=b"], &["nightly=cron(0 2 * * ? *)", "nightly=rate(1 hour)"], "")]
    #[case(&["photos"], &[], "--bucket photos: it is not FUNCTION=DIR")]
    #[case(&["resize="], &[], "it is not FUNCTION=DIR")]
    #[case(&["=photos"], &[], "the function name is empty")]
    #[case(&["re size=photos"], &[], "the function name")]
    #[case(&["123456789012:function:f=photos"], &[], "given by an ARN")]
    #[case(&["resize=/"], &[], "no name that a bucket could have")]
    #[case(&["resize=/data/ab"], &[], "'ab' is no bucket's name, which has 3-63 characters")]
    #[case(&[], &["rate(5 minutes)"], "--schedule rate(5 minutes): it is not FUNCTION=EXPRESSION")]
    #[case(&[], &["f=rate(5 minute)"], "with 5 the unit is 'minutes'")]
    #[case(&[], &["f=cron(0 25 * * ? *)"], "its field hours is '25'")]
    fn buckets_and_schedules_are_read(
        #[case] buckets: &[&str],
        #[case] schedules: &[&str],
        #[case] wrong: &str,
    ) {
        let owned = |all: &[&str]| -> Vec<String> { all.iter().map(|text| (*text).to_owned()).collect() };
        match triggers(&owned(buckets), &owned(schedules)) {
            Ok(all) => {
                assert_eq!((wrong, all.len()), ("", buckets.len() + schedules.len()));
                let names: Vec<_> = all
                    .iter()
                    .filter_map(|trigger| match &trigger.source {
                        Source::Schedule(rule) => Some(rule.name.as_str()),
                        Source::Bucket(_) => None,
                    })
                    .collect();
                assert_eq!(names, ["schedule-1", "schedule-2"][..schedules.len()]);
            }
            Err(failure) => {
                assert!(!wrong.is_empty() && failure.message.contains(wrong), "{}", failure.message);
                assert_eq!(failure.code, super::super::failure::USAGE);
            }
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
