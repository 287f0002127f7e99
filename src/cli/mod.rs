//! The command line: clap's types, and one file for each command that runs without a screen.
//!
//! What is asked for goes to stdout, everything else to stderr. A command says by its exit code how it ended
//! ([`failure`]). It makes no calls of its own to AWS: that is [`crate::cloud`]'s.

mod alias;
pub mod args;
mod change;
mod config;
mod configuration;
mod dashboard;
mod env;
mod events;
pub mod failure;
mod get;
mod invoke;
mod json;
mod list;
mod local;
mod log_file;
mod logs;
mod publish;
mod saved;
mod settings;
mod signals;
mod terminal;
mod versions;

use std::{ffi::OsString, sync::Arc};

use clap::{Parser as _, error::ErrorKind};

use self::{
    args::{Arguments, Command, Local},
    failure::Failure,
    local::LocalEngine,
    signals::Signal,
};
use crate::domain::text::sanitise_lines;

/// Runs the program with these arguments, the first of which is its name; gives the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let words: Vec<OsString> = arguments.into_iter().collect();
    let arguments = match Arguments::try_parse_from(&words) {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error, &words),
    };
    let runtime =
        match tokio::runtime::Builder::new_multi_thread().worker_threads(workers()).enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                Failure::new(failure::ERROR, format!("can't start the runtime: {error}")).report();
                return failure::ERROR;
            }
        };
    let code = match runtime.block_on(command(arguments)) {
        Ok(code) => code,
        Err(failure) => {
            tracing::info!(code = failure.code, "failed: {}", failure.message);
            failure.report();
            failure.code
        }
    };
    // A thread that still reads from stdin must not hold up the end.
    runtime.shutdown_background();
    code
}

/// Threads beside the one that draws. There is little to compute: on a machine with many cores one for each would only
/// take memory.
fn workers() -> usize {
    std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 4))
}

async fn command(arguments: Arguments) -> Result<u8, Failure> {
    let config = config::load(arguments.global.config.as_deref())?;
    let warnings = config.warnings.clone();
    if let Some(Command::Local(_)) = &arguments.command
        && (arguments.global.profile.is_some() || arguments.global.endpoint_url.is_some())
    {
        return Err(Failure::usage("--profile and --endpoint-url mean nothing to the local engine"));
    }
    let settings = settings::settings(arguments.global, config, |name| std::env::var(name).ok()).await;
    if let Some(path) = &settings.log_file {
        log_file::start(path).map_err(|error| {
            Failure::new(failure::ERROR, format!("can't write the log file {}: {error}", path.display()))
        })?;
    }
    tracing::info!(command = arguments.command.as_ref().map_or("dashboard", Command::name), "started");
    for warning in &warnings {
        tracing::warn!("{warning}");
        terminal::say("warning", warning);
    }
    match arguments.command {
        None => {
            let engine = LocalEngine::new(Local::default(), &settings.spec)?;
            dashboard::run(settings, Arc::new(engine), false).await
        }
        Some(Command::Local(local)) => Box::pin(local::run(local, settings)).await,
        Some(Command::List(list)) => until_signal(list::run(&list, &settings)).await,
        Some(Command::Get(get)) => until_signal(get::run(&get, &settings)).await,
        Some(Command::Logs(logs)) => until_signal(logs::run(&logs, &settings)).await,
        Some(Command::Versions(versions)) => until_signal(versions::run(&versions, &settings)).await,
        Some(Command::Events(events)) => events::run(&events, &settings).await,
        // These look after signals themselves.
        Some(Command::Invoke(invoke)) => Box::pin(invoke::run(&invoke, &settings)).await,
        Some(Command::Env(env)) => env::run(&env, &settings).await,
        Some(Command::Publish(publish)) => publish::run(&publish, &settings).await,
        Some(Command::Alias(alias)) => alias::run(&alias, &settings).await,
        Some(Command::Rollback(rollback)) => alias::rollback(&rollback, &settings).await,
    }
}

/// A read that a signal ends leaves nothing behind.
async fn until_signal(work: impl Future<Output = Result<u8, Failure>>) -> Result<u8, Failure> {
    match signals::unless_ended(Box::pin(work)).await {
        Ok(result) => result,
        Err(Signal(code)) => Ok(code),
    }
}

/// Says what clap has to say: help and version on stdout, mistakes on stderr.
fn usage(error: &clap::Error, words: &[OsString]) -> u8 {
    let code = if error.use_stderr() { failure::USAGE } else { 0 };
    if error.kind() == ErrorKind::UnknownArgument && names_json(error) {
        // clap would quote it, and it is a payload.
        Failure::usage("an argument that is JSON has no place here")
            .with_hint("give the event as --payload '...', --payload @FILE or --payload -")
            .report();
        return code;
    }
    let text = error.render().to_string();
    let shown = without_values(&text, words);
    if error.use_stderr() && sanitise_lines(&shown) != text {
        terminal::note(sanitise_lines(&shown).trim_end());
    } else {
        // Whoever closed the stream does not want to know.
        let _ = error.print();
    }
    code
}

/// clap quotes what it finds no place for, and what stands behind the `=` of `KEY=VALUE` may be a secret.
fn without_values(text: &str, words: &[OsString]) -> String {
    let mut assignments: Vec<(String, String)> = words
        .iter()
        .filter_map(|word| {
            let word = word.to_string_lossy();
            let (key, value) = word.split_once('=')?;
            (!value.is_empty()).then(|| (word.clone().into_owned(), format!("{key}=...")))
        })
        .collect();
    // A shorter one may be the beginning of a longer one.
    assignments.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
    assignments.iter().fold(text.to_owned(), |text, (word, shown)| text.replace(word.as_str(), shown))
}

fn names_json(error: &clap::Error) -> bool {
    use clap::error::{ContextKind, ContextValue};
    matches!(
        error.get(ContextKind::InvalidArg),
        Some(ContextValue::String(argument)) if argument.trim_start().starts_with(['{', '[', '"'])
    )
}
