//! What can be typed to change a function: environment variables, versions, aliases.

use std::{convert::Infallible, path::PathBuf};

use clap::{Args, Subcommand, ValueEnum};

use super::Output;
use crate::domain::{name::FunctionRef, secret::Secret};

/// How a change is agreed to. Without these it is shown and asked for on the terminal.
#[derive(Debug, Args)]
pub struct Agreement {
    /// Don't ask; where there is no terminal to ask on, a change needs this
    #[arg(short, long)]
    pub yes: bool,

    /// What would have to be typed, where a change needs a name to be typed: what is protected, what is deleted
    #[arg(long, value_name = "NAME")]
    pub confirm: Option<String>,
}

/// `env`.
#[derive(Debug, Args)]
pub struct Env {
    /// What to do.
    #[command(subcommand)]
    pub command: EnvCommand,
}

/// What can be done with environment variables.
#[derive(Debug, Subcommand)]
pub enum EnvCommand {
    /// Show variables, values as their length
    Get(EnvGet),
    /// Set variables; all others stay as they are
    Set(EnvSet),
    /// Remove variables
    Unset(EnvUnset),
    /// Compare the variables of two functions, versions or aliases, or with a .env file
    Diff(EnvDiff),
    /// Set the variables of a .env file
    Import(EnvImport),
    /// Write all variables with their values
    Export(EnvExport),
}

/// `env get`.
#[derive(Debug, Args)]
pub struct EnvGet {
    /// Function name or ARN, with a version or an alias if wanted
    #[arg(value_name = "NAME[:QUALIFIER]")]
    pub function: FunctionRef,

    /// Only these variables
    #[arg(value_name = "KEY")]
    pub keys: Vec<String>,

    /// Show the values
    #[arg(long)]
    pub reveal: bool,

    /// How to write: text, or an object of KEY and value, which is null where it is not shown
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: Output,
}

/// `env set`.
#[derive(Debug, Args)]
#[command(
    after_help = "Other programs of this machine can see what stands on a command line, and the shell keeps it: \
                        give secret values with --from-file.\n\n\
                        Where somebody else has changed the function in between, it is read again: the change goes on \
                        only where none of these keys was touched."
)]
pub struct EnvSet {
    /// Function name or ARN
    #[arg(value_name = "NAME")]
    pub function: FunctionRef,

    /// Variables; the value is all that stands behind the first =
    // Read later: clap would quote the value in its message.
    #[arg(value_name = "KEY=VALUE", value_parser = secret, required_unless_present = "from_file")]
    pub assignments: Vec<Secret>,

    /// Set the variables of this .env file, too; - is standard input
    #[arg(long, value_name = "FILE")]
    pub from_file: Option<PathBuf>,

    /// Return as soon as it is saved, before it is in use
    #[arg(long)]
    pub no_wait: bool,

    /// How it is agreed to.
    #[command(flatten)]
    pub agreement: Agreement,
}

#[allow(clippy::unnecessary_wraps, reason = "the signature is clap's")]
fn secret(text: &str) -> Result<Secret, Infallible> {
    Ok(Secret::new(text))
}

/// `env unset`.
#[derive(Debug, Args)]
pub struct EnvUnset {
    /// Function name or ARN
    #[arg(value_name = "NAME")]
    pub function: FunctionRef,

    /// Variables to remove; one that is not there is no error
    #[arg(value_name = "KEY", required = true)]
    pub keys: Vec<String>,

    /// Return as soon as it is saved, before it is in use
    #[arg(long)]
    pub no_wait: bool,

    /// How it is agreed to.
    #[command(flatten)]
    pub agreement: Agreement,
}

/// `env diff`.
#[derive(Debug, Args)]
pub struct EnvDiff {
    /// Function name or ARN, with a version or an alias if wanted
    #[arg(value_name = "NAME[:QUALIFIER]")]
    pub function: FunctionRef,

    /// What to compare it with
    #[arg(value_name = "OTHER[:QUALIFIER]", required_unless_present = "from_file")]
    pub other: Option<FunctionRef>,

    /// Compare it with this .env file; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "other")]
    pub from_file: Option<PathBuf>,

    /// Show the values
    #[arg(long)]
    pub reveal: bool,

    /// End with 1 where they differ; otherwise that is no error, and 0
    #[arg(long)]
    pub exit_code: bool,

    /// How to write: text, or an array of what differs
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: Output,
}

/// `env import`.
#[derive(Debug, Args)]
pub struct EnvImport {
    /// Function name or ARN
    #[arg(value_name = "NAME")]
    pub function: FunctionRef,

    /// A .env file, or a JSON object as `env export` writes it; - is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Remove the variables that the file does not hold
    #[arg(long)]
    pub replace: bool,

    /// Return as soon as it is saved, before it is in use
    #[arg(long)]
    pub no_wait: bool,

    /// How it is agreed to.
    #[command(flatten)]
    pub agreement: Agreement,
}

/// `env export`.
#[derive(Debug, Args)]
pub struct EnvExport {
    /// Function name or ARN, with a version or an alias if wanted
    #[arg(value_name = "NAME[:QUALIFIER]")]
    pub function: FunctionRef,

    /// Write to this file, readable by you alone; it replaces one that is there
    #[arg(long, value_name = "FILE", conflicts_with = "reveal")]
    pub to: Option<PathBuf>,

    /// Write the values to standard output
    #[arg(long)]
    pub reveal: bool,

    /// How to write
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: EnvForm,
}

/// How an environment is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum EnvForm {
    /// A line KEY=VALUE for each variable, as .env files have it
    #[default]
    Dotenv,
    /// An object
    Json,
}

/// `versions`.
#[derive(Debug, Args)]
pub struct Versions {
    /// Function name or ARN
    #[arg(value_name = "NAME")]
    pub function: FunctionRef,

    /// How to write [default: a table on a terminal, else text]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub output: Option<ReleaseOutput>,
}

/// `publish`.
#[derive(Debug, Args)]
#[command(
    after_help = "The number of the version goes to standard output. Where nothing has changed since the last \
                        version, AWS publishes none and answers with that one."
)]
pub struct Publish {
    /// Function name or ARN
    #[arg(value_name = "NAME")]
    pub function: FunctionRef,

    /// The version's description, at most 256 characters
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub description: String,

    /// How it is agreed to.
    #[command(flatten)]
    pub agreement: Agreement,
}

/// `alias`.
#[derive(Debug, Args)]
pub struct Alias {
    /// What to do.
    #[command(subcommand)]
    pub command: AliasCommand,
}

/// What can be done with aliases.
#[derive(Debug, Subcommand)]
pub enum AliasCommand {
    /// List a function's aliases
    List(AliasList),
    /// Create an alias, or point it to another version
    Set(AliasSet),
    /// Delete an alias; its name has to be typed
    Delete(AliasDelete),
}

/// `alias list`.
#[derive(Debug, Args)]
pub struct AliasList {
    /// Function name or ARN
    #[arg(value_name = "NAME")]
    pub function: FunctionRef,

    /// How to write [default: a table on a terminal, else text]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub output: Option<ReleaseOutput>,
}

/// `alias set`.
#[derive(Debug, Args)]
pub struct AliasSet {
    /// Function name or ARN
    #[arg(value_name = "NAME")]
    pub function: FunctionRef,

    /// The alias; it is created where it is not there
    #[arg(value_name = "ALIAS")]
    pub alias: String,

    /// The version that it points to
    #[arg(value_name = "VERSION")]
    pub version: String,

    /// Send a share of the invocations to a second version, such as 8=10; without this, VERSION gets all of them
    #[arg(long, value_name = "VERSION=PERCENT")]
    pub weight: Option<Percent>,

    /// The alias's description, at most 256 characters; without this it stays as it is
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,

    /// How it is agreed to.
    #[command(flatten)]
    pub agreement: Agreement,
}

/// A version and its share of the invocations.
#[derive(Clone, Debug, PartialEq)]
pub struct Percent {
    /// Version.
    pub version: String,
    /// Its share, 0.0 to 1.0.
    pub weight: f64,
}

impl std::str::FromStr for Percent {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (version, percent) = text.split_once('=').ok_or("write VERSION=PERCENT, such as 8=10")?;
        if version.is_empty() || !version.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("the version is not a number");
        }
        let percent = percent.trim_end_matches('%').trim();
        let digits = |byte: u8| byte.is_ascii_digit() || byte == b'.';
        let percent: f64 = percent
            .bytes()
            .all(digits)
            .then(|| percent.parse().ok())
            .flatten()
            .filter(|percent| (0.0..=100.0).contains(percent))
            .ok_or("the percentage is not a number from 0 to 100")?;
        // Not 0.33299999999999996 for 33.3.
        Ok(Self { version: version.to_owned(), weight: (percent * 10_000.0).round() / 1_000_000.0 })
    }
}

/// `alias delete`.
#[derive(Debug, Args)]
pub struct AliasDelete {
    /// Function name or ARN
    #[arg(value_name = "NAME")]
    pub function: FunctionRef,

    /// The alias
    #[arg(value_name = "ALIAS")]
    pub alias: String,

    /// How it is agreed to.
    #[command(flatten)]
    pub agreement: Agreement,
}

/// `rollback`.
#[derive(Debug, Args)]
#[command(
    after_help = "Without --to it is the version that the alias pointed to before, as the journal of this machine \
                  has it, else the next lower version; which of the two is said. Where the alias is split between \
                  two versions, --to is needed."
)]
pub struct Rollback {
    /// Function name or ARN
    #[arg(value_name = "NAME")]
    pub function: FunctionRef,

    /// The alias
    #[arg(value_name = "ALIAS")]
    pub alias: String,

    /// Point it to this version
    #[arg(long, value_name = "VERSION")]
    pub to: Option<String>,

    /// How it is agreed to.
    #[command(flatten)]
    pub agreement: Agreement,
}

/// How versions and aliases are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReleaseOutput {
    /// Aligned columns with a heading
    Table,
    /// The columns of the table with full values, separated by tabs
    Text,
    /// The API's own member names; environment values are null
    Json,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("8=10", Some(0.1))]
    #[case("8=33.3", Some(0.333))]
    #[case("8=0", Some(0.0))]
    #[case("8=100%", Some(1.0))]
    #[case("8=100.1", None)]
    #[case("8=-1", None)]
    #[case("8=1e1", None)]
    #[case("8=", None)]
    #[case("=5", None)]
    #[case("$LATEST=5", None)]
    #[case("8", None)]
    fn a_weight_is_a_version_and_a_percentage(#[case] text: &str, #[case] expected: Option<f64>) {
        let read: Option<Percent> = text.parse().ok();
        assert_eq!(read.map(|it| it.weight), expected);
    }
}
