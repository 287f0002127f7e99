//! `lambdeck logs`.

mod follow;
mod history;
mod print;

use futures_util::future::try_join_all;
use jiff::Timestamp;
use regex::Regex;

use self::print::Printer;
use super::{
    args::{Logs, Output as Form},
    failure::Failure,
    settings::Settings,
    terminal,
};
use crate::{
    cloud::{Kind, Session},
    domain::{format::parse_time, function::default_log_group, name::FunctionRef, text::sanitise},
};

/// A log group to read.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Source {
    /// As it is called in the output: what was typed.
    name: String,
    /// The log group.
    group: String,
    /// Whether it is a function's, which has no log group before its first invocation.
    of_function: bool,
}

/// What is wanted of the groups.
#[derive(Clone, Debug)]
struct Wanted {
    since: Timestamp,
    until: Option<Timestamp>,
    pattern: Option<String>,
}

/// Prints what there is, and with `-f` what comes.
///
/// # Errors
/// As every read; a time or an expression that can't be read.
pub async fn run(arguments: &Logs, settings: &Settings) -> Result<u8, Failure> {
    let now = Timestamp::now();
    let time =
        |text: &str| parse_time(text, now, &settings.zone).map_err(|error| Failure::usage(error.to_string()));
    let wanted = Wanted {
        since: time(&arguments.since)?,
        until: arguments.until.as_deref().map(time).transpose()?,
        pattern: arguments.filter.clone(),
    };
    if wanted.until.is_some_and(|until| until < wanted.since) {
        return Err(Failure::usage("--until is before --since"));
    }
    let grep = arguments.grep.as_deref().map(expression).transpose()?;
    let session = Session::open(&settings.spec).await?;
    let mut sources = try_join_all(arguments.names.iter().map(|name| source(name, &session))).await?;
    let mut seen = std::collections::HashSet::new();
    sources.retain(|source| seen.insert(source.group.clone()));
    let mut printer = Printer::new(
        arguments.output,
        settings.zone.clone(),
        sources.len() > 1,
        grep,
        arguments.request_id.as_deref(),
    );
    if arguments.follow {
        follow::print(&session, &sources, &wanted, &mut printer).await?;
        return printer.flush().map(|()| 0);
    }
    history::print(&session, &sources, &wanted, &mut printer).await?;
    if printer.printed == 0 && arguments.output == Form::Text {
        terminal::note(&format!("no events since {}", sanitise(&arguments.since)));
    }
    Ok(0)
}

fn expression(text: &str) -> Result<Regex, Failure> {
    Regex::new(text).map_err(|error| {
        // The whole text draws the expression over several lines; its last one says what is wrong.
        let error = error.to_string();
        let why = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
        Failure::usage(format!("--grep is no regular expression: {why}"))
    })
}

/// Finds the log group behind a name. That of a function is in its configuration.
async fn source(name: &str, session: &Session) -> Result<Source, Failure> {
    if name.starts_with('/') {
        return Ok(Source { name: name.to_owned(), group: name.to_owned(), of_function: false });
    }
    let function: FunctionRef =
        name.parse().map_err(|error: crate::domain::name::RuleError| Failure::usage(error.to_string()))?;
    let group = match session.get_function(&function.function_name(), function.qualifier.as_deref()).await {
        Ok(details) => details.configuration.log_group(),
        // Whoever may read logs only can still have those of the usual group.
        Err(error) if error.kind == Kind::Denied => {
            let group = default_log_group(&function.name);
            terminal::note(&format!("{}: {}; reading {group}", function.name, error.message));
            group
        }
        Err(error) if error.kind == Kind::NotFound => {
            let hint = format!(
                "of a function that was deleted the logs may still be there: lambdeck logs {}",
                default_log_group(&function.name)
            );
            return Err(Failure::from(error).with_hint(hint));
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Source { name: function.name, group, of_function: true })
}
