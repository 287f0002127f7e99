//! `lambdeck env`: environment variables. Values leave this program only where `--reveal` or `--to` asks for them.

mod edit;
mod source;

use std::{collections::BTreeMap, path::Path};

use serde::Serialize;

use super::{
    args::{Env, EnvCommand, EnvDiff, EnvExport, EnvForm, EnvGet, Output as Form},
    change::{Stage, unless_ended},
    failure::{DENIED, ERROR, Failure, NOT_FOUND},
    json,
    local::write_private,
    settings::Settings,
    terminal::{self, Output},
};
use crate::{
    cloud::Session,
    domain::{
        change::{DiffLine, Mark, Variables, environment_diff, masked},
        dotenv,
        function::Function,
        name::{FunctionRef, check_variable_name},
        secret::Secret,
        text::{sanitise, sanitise_lines, width},
    },
};

/// Runs one of the commands.
///
/// # Errors
/// What was typed makes no sense, the values can't be read, and as every read and write.
pub async fn run(arguments: &Env, settings: &Settings) -> Result<u8, Failure> {
    let stage = Stage::default();
    let work = async {
        match &arguments.command {
            EnvCommand::Get(arguments) => get(arguments, settings).await,
            EnvCommand::Diff(arguments) => diff(arguments, settings).await,
            EnvCommand::Export(arguments) => export(arguments, settings).await,
            EnvCommand::Set(arguments) => edit::set(arguments, settings, &stage).await,
            EnvCommand::Unset(arguments) => edit::unset(arguments, settings, &stage).await,
            EnvCommand::Import(arguments) => edit::import(arguments, settings, &stage).await,
        }
    };
    unless_ended(&stage, Box::pin(work)).await
}

/// The variables of a configuration.
///
/// # Errors
/// AWS could not decrypt them: what is there is not known, and saving would wipe it.
fn variables(function: &Function) -> Result<Variables, Failure> {
    let environment = function.environment.clone().unwrap_or_default();
    let Some(error) = environment.error else { return Ok(environment.variables) };
    let code = if error.contains("AccessDenied") { DENIED } else { ERROR };
    Err(Failure::new(code, format!("the environment variables of {} can't be read: {error}", function.name))
        .with_hint("it takes kms:Decrypt on the function's key; saving without it would wipe them"))
}

async fn read(session: &Session, function: &FunctionRef) -> Result<Variables, Failure> {
    let details = session.get_function(&function.function_name(), function.qualifier.as_deref()).await?;
    variables(&details.configuration)
}

async fn get(arguments: &EnvGet, settings: &Settings) -> Result<u8, Failure> {
    for key in &arguments.keys {
        check_variable_name(key).map_err(|problem| Failure::usage(problem.to_string()))?;
    }
    let session = Session::open(&settings.spec).await?;
    let mut variables = read(&session, &arguments.function).await?;
    if !arguments.keys.is_empty() {
        let missing: Vec<&str> =
            arguments.keys.iter().filter(|key| !variables.contains_key(*key)).map(String::as_str).collect();
        if !missing.is_empty() {
            let text = format!("{} has no variable {}", arguments.function, missing.join(", "));
            return Err(Failure::new(NOT_FOUND, text));
        }
        variables.retain(|key, _| arguments.keys.contains(key));
    }
    let mut output = Output::stdout();
    if arguments.output == Form::Json {
        output.json(&shown(&variables, arguments.reveal))?;
    } else {
        if variables.is_empty() {
            terminal::note(&format!("{} has no environment variables", arguments.function));
        }
        let column = variables.keys().map(|key| width(&sanitise(key))).max().unwrap_or_default();
        for (key, value) in &variables {
            let value = if arguments.reveal { sanitise(value.reveal()).into_owned() } else { masked(value) };
            let key = sanitise(key);
            if output.terminal {
                output.line(&format!("{key}{}  {value}", " ".repeat(column - width(&key))))?;
            } else {
                output.line(&format!("{key}\t{value}"))?;
            }
        }
    }
    output.flush()?;
    Ok(0)
}

/// Variables as an object: values where they are to be seen, else null.
fn shown(variables: &Variables, reveal: bool) -> BTreeMap<&str, Option<&str>> {
    variables.iter().map(|(key, value)| (key.as_str(), reveal.then(|| value.reveal()))).collect()
}

/// A value, or null where it is not shown.
#[derive(Serialize)]
struct Shown<'v>(Option<&'v str>);

/// What differs of a variable. A side where it is not there is absent, one that is not shown is null.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Difference<'v> {
    key: &'v str,
    change: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Shown<'v>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before_bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Shown<'v>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after_bytes: Option<usize>,
}

async fn diff(arguments: &EnvDiff, settings: &Settings) -> Result<u8, Failure> {
    let file = match &arguments.from_file {
        Some(path) => Some(source::read(path).await?),
        None => None,
    };
    let session = Session::open(&settings.spec).await?;
    let left = read(&session, &arguments.function);
    let (left, right) = match (file, &arguments.other) {
        (Some(file), _) => (left.await?, file),
        (None, Some(other)) => tokio::try_join!(left, read(&session, other))?,
        (None, None) => return Err(Failure::usage("nothing to compare with")),
    };
    let lines = environment_diff(&left, &right);
    let mut output = Output::stdout();
    match arguments.output {
        Form::Json => {
            let differences: Vec<_> =
                lines.iter().map(|line| difference(line, &left, &right, arguments.reveal)).collect();
            output.json(&differences)?;
        }
        Form::Text => {
            if lines.is_empty() {
                terminal::note("no differences");
            }
            for mut line in lines.iter().cloned() {
                if arguments.reveal {
                    let value = |side: &Variables| {
                        side.get(&line.name)
                            .map(|value| sanitise(value.reveal()).into_owned())
                            .unwrap_or_default()
                    };
                    (line.before, line.after) = (value(&left), value(&right));
                }
                output.line(&sanitise(&line.text()))?;
            }
        }
    }
    output.flush()?;
    Ok(u8::from(arguments.exit_code && !lines.is_empty()))
}

fn difference<'v>(
    line: &DiffLine,
    left: &'v Variables,
    right: &'v Variables,
    reveal: bool,
) -> Difference<'v> {
    let (before, after) = (left.get_key_value(&line.name), right.get_key_value(&line.name));
    let value =
        |side: Option<(&'v String, &'v Secret)>| side.map(|(_, value)| Shown(reveal.then(|| value.reveal())));
    Difference {
        key: before.or(after).map(|(key, _)| key.as_str()).unwrap_or_default(),
        change: match line.mark {
            Mark::Added => "added",
            Mark::Removed => "removed",
            Mark::Changed => "changed",
        },
        before: value(before),
        before_bytes: before.map(|(_, value)| value.len()),
        after: value(after),
        after_bytes: after.map(|(_, value)| value.len()),
    }
}

async fn export(arguments: &EnvExport, settings: &Settings) -> Result<u8, Failure> {
    if arguments.to.is_none() && !arguments.reveal {
        return Err(Failure::usage("an export holds values: nothing was written").with_hint(
            "--to FILE writes them to a file that you alone may read, --reveal to standard output",
        ));
    }
    let session = Session::open(&settings.spec).await?;
    let variables = read(&session, &arguments.function).await?;
    let text = match arguments.output {
        EnvForm::Dotenv => dotenv::write(variables.iter().map(|(key, value)| (key.as_str(), value))),
        EnvForm::Json => {
            let mut text = Vec::new();
            json::write_pretty(&mut text, &shown(&variables, true))
                .map_err(|error| Failure::new(ERROR, format!("can't write JSON: {error}")))?;
            text.push(b'\n');
            Secret::new(String::from_utf8_lossy(&text))
        }
    };
    if let Some(path) = &arguments.to {
        return to_file(path, &text, variables.len());
    }
    let mut output = Output::stdout();
    if output.terminal {
        output.bytes(sanitise_lines(text.reveal()).as_bytes())?;
    } else {
        output.bytes(text.reveal().as_bytes())?;
    }
    output.flush()?;
    Ok(0)
}

fn to_file(path: &Path, text: &Secret, count: usize) -> Result<u8, Failure> {
    write_private(path, text.reveal())
        .map_err(|error| Failure::new(ERROR, format!("can't write the file {}: {error}", path.display())))?;
    let what = if count == 1 { "1 variable".to_owned() } else { format!("{count} variables") };
    terminal::note(&sanitise(&format!("{what} written to {}, which you alone may read", path.display())));
    Ok(0)
}
