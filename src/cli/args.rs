//! What can be typed: clap's types.

mod change;
mod events;

use std::path::PathBuf;

pub use self::change::{
    Agreement, Alias, AliasCommand, AliasDelete, AliasList, AliasSet, Env, EnvCommand, EnvDiff, EnvExport,
    EnvForm, EnvGet, EnvImport, EnvSet, EnvUnset, Percent, Publish, ReleaseOutput, Rollback, Versions,
};
pub use self::events::{Events, EventsCommand, EventsList, EventsOutput, EventsShow};
use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{NonEmptyStringValueParser, TypedValueParser as _},
};

use crate::{
    cloud::session::check_endpoint,
    domain::{invocation::check_tenant_id, name::FunctionRef, repeat::Plan},
    ui::Theme,
};

/// A terminal dashboard for AWS Lambda. Without a command it opens on the session that the AWS environment names.
#[derive(Debug, Parser)]
#[command(
    name = "lambdeck",
    version,
    after_help = "Exit codes: 0 done, 1 error, 2 usage, 3 not found, 4 credentials or denied, 5 conflict, 6 throttled, \
                  7 the function failed, 8 outcome unknown, 129/130/143 ended by a signal",
    max_term_width = 110
)]
pub struct Arguments {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// The command; none is the dashboard.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What holds for every command. A flag beats the environment, which beats `config.toml`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Profile of the AWS configuration files; beats keys in the environment [env: AWS_PROFILE]
    #[arg(long, global = true, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub profile: Option<String>,

    /// Region [env: AWS_REGION]
    #[arg(long, global = true, value_name = "REGION", value_parser = NonEmptyStringValueParser::new())]
    pub region: Option<String>,

    /// Endpoint for all services, such as that of an emulator [env: AWS_ENDPOINT_URL]
    #[arg(long, global = true, value_name = "URL", value_parser = NonEmptyStringValueParser::new().try_map(endpoint))]
    pub endpoint_url: Option<String>,

    /// Refuse everything that does not only read
    #[arg(long, global = true)]
    pub read_only: bool,

    /// Configuration file, instead of config.toml in lambdeck's own directory [env: LAMBDECK_CONFIG_DIR]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Colours of the dashboard
    #[arg(long, global = true, value_name = "NAME", value_parser = Theme::NAMES)]
    pub theme: Option<String>,

    /// Write a log of lambdeck's own doings to a file; it holds no values and no payloads
    #[arg(long, global = true, value_name = "FILE")]
    pub log_file: Option<PathBuf>,

    /// Times in UTC instead of the local zone
    #[arg(long, global = true)]
    pub utc: bool,

    /// Leave the mouse to the terminal
    #[arg(long, global = true)]
    pub no_mouse: bool,
}

fn endpoint(url: String) -> Result<String, String> {
    check_endpoint(&url).map(|()| url).map_err(|error| error.to_string())
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the local engine, and the dashboard on it
    Local(Local),
    /// List functions
    List(List),
    /// Show everything that is known of one function
    Get(Get),
    /// Invoke a function: its response goes to stdout, the rest to stderr
    Invoke(Invoke),
    /// Print and follow logs
    Logs(Logs),
    /// List test event templates, and show the events they make
    Events(Events),
    /// Show and change environment variables
    Env(Env),
    /// List a function's versions, and the aliases that point to them
    Versions(Versions),
    /// Publish a version of what the function is now
    Publish(Publish),
    /// List, create, move and delete aliases
    Alias(Alias),
    /// Point an alias back to the version that it pointed to before
    Rollback(Rollback),
}

impl Command {
    /// Its name, as it is typed.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Local(_) => "local",
            Self::List(_) => "list",
            Self::Get(_) => "get",
            Self::Invoke(_) => "invoke",
            Self::Logs(_) => "logs",
            Self::Events(_) => "events",
            Self::Env(_) => "env",
            Self::Versions(_) => "versions",
            Self::Publish(_) => "publish",
            Self::Alias(_) => "alias",
            Self::Rollback(_) => "rollback",
        }
    }
}

/// `local`: a development engine on this machine that speaks AWS's protocols and really runs functions.
#[derive(Debug, Default, Args)]
pub struct Local {
    /// Only the engine: print how it is reached, then wait
    #[arg(long)]
    pub serve: bool,

    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub port: u16,

    /// Write the export lines to this file, too, readable by you alone
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,

    /// Fixed keys instead of ones made at start
    // Checked later: clap would quote the secret in its message.
    #[arg(long, value_name = "ID:SECRET")]
    pub access_key: Option<String>,

    /// Fixed account id instead of one made at start
    #[arg(long, value_name = "12 DIGITS", value_parser = account_id)]
    pub account_id: Option<String>,

    /// Keep everything in this folder, across restarts
    #[arg(long, value_name = "DIR")]
    pub persist: Option<PathBuf>,

    /// Start without the built-in sample functions
    #[arg(long)]
    pub no_samples: bool,

    /// Don't invoke the samples in the background
    #[arg(long)]
    pub no_traffic: bool,

    /// Watch a folder as a bucket: files that come (s3:ObjectCreated:Put) and go (s3:ObjectRemoved:Delete) in it invoke
    /// the function (NAME or NAME:ALIAS), which needs no permission for that; may be given several times
    #[arg(long, value_name = "FUNCTION=DIR")]
    pub bucket: Vec<String>,

    /// Invoke the function on a schedule: rate(5 minutes), or cron(0 12 * * ? *) in UTC; may be given several times
    #[arg(long, value_name = "FUNCTION=EXPRESSION")]
    pub schedule: Vec<String>,

    /// Give the function a URL that anything on this machine may call
    #[arg(long, value_name = "FUNCTION")]
    pub url: Vec<String>,

    /// Folders with a handler (app.py, lambda_function.py, index.mjs, index.js, bootstrap), and SAM or CloudFormation
    /// templates; without the samples
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

fn account_id(text: &str) -> Result<String, &'static str> {
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err("an account id is 12 digits")
    }
}

/// `list`.
#[derive(Debug, Args)]
pub struct List {
    /// Only functions that fit: words and fields, such as `check rt:python mem:>512 !dead`
    #[arg(value_name = "FILTER")]
    pub filter: Vec<String>,

    /// How to write [default: a table on a terminal, else text]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub output: Option<ListOutput>,
}

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListOutput {
    /// Aligned columns with a heading
    Table,
    /// Name, runtime, architecture, memory (MB), time-out (s), code size (bytes) and last change, separated by tabs
    Text,
    /// An array with the API's own member names; environment values are null
    Json,
}

/// How one thing is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

/// `get`.
#[derive(Debug, Args)]
pub struct Get {
    /// Function name or ARN, with a version or an alias if wanted
    #[arg(value_name = "NAME[:QUALIFIER]")]
    pub function: FunctionRef,

    /// How to write: text, or JSON with the API's own member names
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: Output,

    /// Show the values of environment variables
    #[arg(long)]
    pub reveal: bool,
}

/// `invoke`: sends exactly one request, which is never repeated unless --repeat says so.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes of its own: 7 where the function failed, 8 where the request left and no whole answer came: \
                        then it may have run. With --repeat: 7 where one of them failed, else 8 where one of them is \
                        unknown, else that of the first that did not go through."
)]
#[allow(clippy::struct_excessive_bools, reason = "flags as they are typed")]
pub struct Invoke {
    /// Function name or ARN, with a version or an alias if wanted
    #[arg(value_name = "NAME[:QUALIFIER]")]
    pub function: FunctionRef,

    /// The event: JSON, @ and a file that holds it, or - for standard input
    #[arg(long, value_name = "JSON|@FILE|-", default_value = "{}", allow_hyphen_values = true)]
    pub payload: String,

    /// Send a saved event: the function's own of that name, else the shared one
    #[arg(long, value_name = "NAME", conflicts_with = "payload", value_parser = NonEmptyStringValueParser::new())]
    pub saved: Option<String>,

    /// A test event template as the event, as `events list` shows them, filled in for the function
    #[arg(long, value_name = "TEMPLATE", conflicts_with_all = ["payload", "saved"], value_parser = NonEmptyStringValueParser::new())]
    pub event: Option<String>,

    /// Queue the event and don't wait for the function
    #[arg(long = "async")]
    pub asynchronous: bool,

    /// Check parameters and permissions without running the function
    #[arg(long, conflicts_with = "asynchronous")]
    pub dry_run: bool,

    /// Stream the response: write it as it comes
    #[arg(long, conflicts_with_all = ["asynchronous", "dry_run"])]
    pub stream: bool,

    /// Tenant, for a function with tenant isolation
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new().try_map(tenant))]
    pub tenant: Option<String>,

    /// The client context: a JSON object, or @ and a file that holds it
    #[arg(long, value_name = "JSON|@FILE")]
    pub client_context: Option<String>,

    /// Print the last 4 KB of the log to stderr
    #[arg(long, conflicts_with_all = ["asynchronous", "dry_run", "repeat"])]
    pub tail: bool,

    /// Send it so many times and print what came of them; more than 100, or more than 10 at once, is asked for
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(Plan::MOST_TIMES)))]
    pub repeat: Option<u32>,

    /// How many of them at once
    #[arg(
        long,
        value_name = "C",
        requires = "repeat",
        default_value_t = Plan::FREE_AT_ONCE,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(Plan::MOST_AT_ONCE))
    )]
    pub concurrency: u32,

    /// Don't ask before many are sent; where there is no terminal to ask on, that needs this
    #[arg(short, long, requires = "repeat")]
    pub yes: bool,

    /// The function's name, where it would have to be typed: to repeat what is protected
    #[arg(long, value_name = "NAME", requires = "repeat")]
    pub confirm: Option<String>,

    /// text is the response as it is, json an object that also holds status, durations and log tail; with --repeat text
    /// goes to stderr
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: Output,
}

fn tenant(id: String) -> Result<String, String> {
    check_tenant_id(&id).map(|()| id)
}

/// `logs`.
#[derive(Debug, Args)]
pub struct Logs {
    /// Functions, or log groups, which begin with /; * and ? stand for any characters, for one ('team-a-*')
    #[arg(required_unless_present_any = ["tag", "stack"], value_name = "NAME")]
    pub names: Vec<String>,

    /// Also the functions that have this tag; may be given several times
    #[arg(long, value_name = "KEY[=VALUE]")]
    pub tag: Vec<String>,

    /// Also the functions of this CloudFormation stack; may be given several times
    #[arg(long, value_name = "NAME")]
    pub stack: Vec<String>,

    /// Go on with what comes, until ctrl-c
    #[arg(short, long)]
    pub follow: bool,

    /// Use Live Tail beside polling: faster, for up to 10 log groups, and billed by the minute
    #[arg(long, requires = "follow")]
    pub live_tail: bool,

    /// From when on: an age such as 15m or 2h, or a time such as 2026-11-20T14:00:00Z or "2026-11-20 14:00"
    #[arg(long, value_name = "TIME", default_value = "15m")]
    pub since: String,

    /// Up to when
    #[arg(long, value_name = "TIME", conflicts_with = "follow")]
    pub until: Option<String>,

    /// A CloudWatch filter pattern, which the service applies
    #[arg(long, value_name = "PATTERN", allow_hyphen_values = true)]
    pub filter: Option<String>,

    /// Only messages in which this regular expression matches
    #[arg(long, value_name = "REGEX", allow_hyphen_values = true)]
    pub grep: Option<String>,

    /// Only what one invocation wrote
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub request_id: Option<String>,

    /// How to write: text, or one JSON object in a line for each event
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: Output,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn clap_finds_nothing_wrong() {
        Arguments::command().debug_assert();
    }
}
