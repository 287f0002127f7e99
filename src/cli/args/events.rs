//! What can be typed to get test events.

use clap::{Args, Subcommand, ValueEnum};

use super::account_id;
use crate::domain::name::FunctionRef;

/// `events`.
#[derive(Debug, Args)]
pub struct Events {
    /// What to do.
    #[command(subcommand)]
    pub command: EventsCommand,
}

/// What can be done with test event templates.
#[derive(Debug, Subcommand)]
pub enum EventsCommand {
    /// List the templates
    List(EventsList),
    /// Print the event that a template makes
    Show(EventsShow),
}

/// `events list`.
#[derive(Debug, Args)]
pub struct EventsList {
    /// Only templates that fit all words, best first: words or letters of their ids, titles, services, descriptions
    #[arg(value_name = "FILTER")]
    pub filter: Vec<String>,

    /// How to write [default: a table on a terminal, else text]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub output: Option<EventsOutput>,
}

/// `events show`.
#[derive(Debug, Args)]
#[command(after_help = "Nothing is sent to AWS. Times are of now, ids are made up anew each time.")]
pub struct EventsShow {
    /// Id of a template, as `events list` shows it
    #[arg(value_name = "TEMPLATE")]
    pub template: String,

    /// Function that the event is for: its name or ARN
    #[arg(long, value_name = "NAME")]
    pub function: Option<FunctionRef>,

    /// Account that the event happens in [default: that of the function's ARN, else 123456789012]
    #[arg(long, value_name = "12 DIGITS", value_parser = account_id)]
    pub account: Option<String>,

    /// What a bucket, key, queue, topic, table, stream, rule or user is called, as bucket=photos; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = assignment)]
    pub names: Vec<(String, String)>,
}

fn assignment(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it like bucket=photos"),
    }
}

/// How templates are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EventsOutput {
    /// Aligned columns with a heading
    Table,
    /// Id, service, title and description, separated by tabs
    Text,
    /// An array of objects, which also have the names that --set takes
    Json,
}
