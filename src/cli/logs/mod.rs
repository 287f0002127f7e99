//! `lambdeck logs`.

mod follow;
mod history;
mod print;
mod sources;

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
    cloud::Session,
    domain::{format::parse_time, text::sanitise},
};

/// What is wanted of the groups.
#[derive(Clone, Debug)]
struct Wanted {
    since: Timestamp,
    until: Option<Timestamp>,
    pattern: Option<String>,
    live_tail: bool,
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
        live_tail: arguments.live_tail,
    };
    if wanted.until.is_some_and(|until| until < wanted.since) {
        return Err(Failure::usage("--until is before --since"));
    }
    let grep = arguments.grep.as_deref().map(expression).transpose()?;
    let session = Session::open(&settings.spec).await?;
    let sources = sources::find(arguments, &session).await?;
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
