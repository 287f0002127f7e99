//! What can be typed on the command line.

use super::bulk::BulkChange;
use crate::domain::{compare::Side, log_sources::Wanted, side::SideError};

/// One command's help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Help {
    /// The word that is typed.
    pub name: &'static str,
    /// Its argument, empty where it takes none.
    pub argument: &'static str,
    /// What it does.
    pub text: &'static str,
}

/// All commands.
pub const HELP: [Help; 17] = [
    Help {
        name: "bulk",
        argument: "[CHANGE]",
        text: "one change of all marked functions, or the one under way",
    },
    Help {
        name: "compare",
        argument: "A [B]",
        text: "two functions, versions or aliases side by side: NAME:QUALIFIER, PROFILE@REGION/NAME",
    },
    Help { name: "endpoint", argument: "URL", text: "connect to another endpoint" },
    Help { name: "functions", argument: "", text: "to the list of functions" },
    Help { name: "help", argument: "", text: "the keys of this place" },
    Help { name: "history", argument: "", text: "the journal of changes" },
    Help {
        name: "insights",
        argument: "",
        text: "ask Logs Insights about the logs of what is marked or open",
    },
    Help { name: "invocations", argument: "", text: "what was sent in this run and before" },
    Help { name: "local", argument: "", text: "start the local engine and connect to it" },
    Help { name: "logs", argument: "[NAME...]", text: "logs of several functions as one, or the last ones" },
    Help { name: "messages", argument: "", text: "all that was said" },
    Help { name: "open", argument: "NAME", text: "open a function" },
    Help { name: "profile", argument: "[NAME]", text: "connect with another profile" },
    Help { name: "quit", argument: "", text: "end the program" },
    Help { name: "region", argument: "[NAME]", text: "connect to another region" },
    Help { name: "repeat", argument: "", text: "the event that is, or was last, sent many times" },
    Help { name: "utc", argument: "", text: "times in UTC or in the local zone" },
];

/// What stands before a change on the command line.
pub const BULK_PREFIX: &str = "bulk ";

/// The changes behind `bulk`.
pub const BULK: [Help; 8] = [
    Help { name: "env", argument: "KEY=VALUE", text: "set a variable; the value is taken as it is" },
    Help { name: "memory", argument: "MB", text: "memory, 128 to 10240 MB" },
    Help { name: "retention", argument: "DAYS|never", text: "how long CloudWatch keeps the log" },
    Help { name: "runtime", argument: "IDENTIFIER", text: "runtime, as python3.13" },
    Help { name: "tag", argument: "KEY=VALUE", text: "set a tag" },
    Help { name: "timeout", argument: "SECONDS", text: "time-out, 1 to 900 seconds" },
    Help { name: "unset", argument: "KEY", text: "remove a variable" },
    Help { name: "untag", argument: "KEY", text: "remove a tag" },
];

/// What stands before the words of what is wanted on the command line.
pub const LOGS_PREFIX: &str = "logs ";

/// What may stand behind `logs`.
pub const LOGS: [Help; 5] = [
    Help { name: "/", argument: "", text: "a log group: /aws/..., also with * and ?" },
    Help { name: "fn:", argument: "", text: "functions: checkout-api or team-a-*, also without fn:" },
    Help { name: "group:", argument: "", text: "a log group whose name does not begin with /" },
    Help { name: "stack:", argument: "", text: "the functions of a CloudFormation stack" },
    Help { name: "tag:", argument: "", text: "the functions that have a tag: tag:team or tag:team=a" },
];

/// A command that was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// One change of all marked functions; none: the one that is there already.
    Bulk(Option<BulkChange>),
    /// One or two sides to be compared.
    Compare(Box<Side>, Option<Box<Side>>),
    /// The journal of changes.
    History,
    /// The invocations of this run and of earlier ones.
    Invocations,
    /// Logs Insights.
    Insights,
    /// Connect to another endpoint.
    Endpoint(String),
    /// To the list.
    Functions,
    /// The keys.
    Help,
    /// The local engine.
    Local,
    /// The logs of several functions as one; without a word the last ones.
    Logs(Vec<Wanted>),
    /// The message log.
    Messages,
    /// Open a function.
    Open(String),
    /// Pick or switch the profile.
    Profile(Option<String>),
    /// End.
    Quit,
    /// Pick or switch the region.
    Region(Option<String>),
    /// What is sent many times.
    Repeat,
    /// Switch the time zone.
    Utc,
}

/// The one of these that a word names. A beginning is enough where only one of them begins so.
///
/// # Errors
/// What several of them the word may be; none where it is none of them.
pub fn named<'h>(helps: &'h [Help], word: &str) -> Result<&'h Help, Option<String>> {
    let found: Vec<&Help> = helps.iter().filter(|help| help.name.starts_with(word)).collect();
    match (helps.iter().find(|help| help.name == word), found.as_slice()) {
        (Some(exact), _) => Ok(exact),
        (None, [only]) => Ok(only),
        (None, []) => Err(None),
        (None, several) => {
            let names: Vec<&str> = several.iter().map(|help| help.name).collect();
            Err(Some(format!("\"{word}\" may be {}", names.join(" or "))))
        }
    }
}

/// Reads a command. A beginning is enough where only one command begins so.
///
/// # Errors
/// What is wrong with it and what there is.
pub fn parse(line: &str) -> Result<Command, String> {
    let line = line.trim();
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let help = named(&HELP, word).map_err(|several| {
        several
            .unwrap_or_else(|| format!("there is no command \"{word}\"; tab completes, :help lists the keys"))
    })?;
    match help.name {
        "bulk" if rest.is_empty() => return Ok(Command::Bulk(None)),
        "bulk" => return BulkChange::parse(rest).map(|change| Command::Bulk(Some(change))),
        "logs" => return wanted(rest).map(Command::Logs),
        _ => {}
    }
    let mut words = rest.split_whitespace();
    let argument = words.next().map(str::to_owned);
    if help.name == "compare" {
        let side = |text: &str| text.parse().map(Box::new).map_err(|error: SideError| error.to_string());
        let first = argument.ok_or_else(|| format!("{} needs {}", help.name, help.argument))?;
        let second = words.next().map(side).transpose()?;
        if let Some(extra) = words.next() {
            return Err(format!("\"{extra}\" is one word too many"));
        }
        return Ok(Command::Compare(side(&first)?, second));
    }
    if let Some(extra) = words.next() {
        return Err(format!("\"{extra}\" is one word too many"));
    }
    if help.argument.is_empty()
        && let Some(argument) = &argument
    {
        return Err(format!("{} takes no argument, \"{argument}\" is too much", help.name));
    }
    let needed = || argument.clone().ok_or_else(|| format!("{} needs {}", help.name, help.argument));
    Ok(match help.name {
        "endpoint" => Command::Endpoint(needed()?),
        "functions" => Command::Functions,
        "help" => Command::Help,
        "insights" => Command::Insights,
        "invocations" => Command::Invocations,
        "history" => Command::History,
        "local" => Command::Local,
        "messages" => Command::Messages,
        "open" => Command::Open(needed()?),
        "profile" => Command::Profile(argument),
        "region" => Command::Region(argument),
        "repeat" => Command::Repeat,
        "utc" => Command::Utc,
        _ => Command::Quit,
    })
}

/// Reads the words of what is wanted.
///
/// # Errors
/// What is wrong with one of them.
pub fn wanted(words: &str) -> Result<Vec<Wanted>, String> {
    words.split_whitespace().map(Wanted::parse).collect()
}

/// The regions that the picker offers: AWS's, as of 2026. Another one can be typed.
pub const REGIONS: [(&str, &str); 34] = [
    ("us-east-1", "N. Virginia"),
    ("us-east-2", "Ohio"),
    ("us-west-1", "N. California"),
    ("us-west-2", "Oregon"),
    ("af-south-1", "Cape Town"),
    ("ap-east-1", "Hong Kong"),
    ("ap-east-2", "Taipei"),
    ("ap-northeast-1", "Tokyo"),
    ("ap-northeast-2", "Seoul"),
    ("ap-northeast-3", "Osaka"),
    ("ap-south-1", "Mumbai"),
    ("ap-south-2", "Hyderabad"),
    ("ap-southeast-1", "Singapore"),
    ("ap-southeast-2", "Sydney"),
    ("ap-southeast-3", "Jakarta"),
    ("ap-southeast-4", "Melbourne"),
    ("ap-southeast-5", "Malaysia"),
    ("ap-southeast-6", "New Zealand"),
    ("ap-southeast-7", "Thailand"),
    ("ca-central-1", "Canada Central"),
    ("ca-west-1", "Calgary"),
    ("eu-central-1", "Frankfurt"),
    ("eu-central-2", "Zurich"),
    ("eu-north-1", "Stockholm"),
    ("eu-south-1", "Milan"),
    ("eu-south-2", "Spain"),
    ("eu-west-1", "Ireland"),
    ("eu-west-2", "London"),
    ("eu-west-3", "Paris"),
    ("il-central-1", "Tel Aviv"),
    ("me-central-1", "UAE"),
    ("me-south-1", "Bahrain"),
    ("mx-central-1", "Mexico Central"),
    ("sa-east-1", "São Paulo"),
];

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("q", Ok(Command::Quit))]
    #[case("profile", Ok(Command::Profile(None)))]
    #[case("prof prod", Ok(Command::Profile(Some("prod".into()))))]
    #[case("open", Err("open needs NAME".into()))]
    #[case("bulk", Ok(Command::Bulk(None)))]
    #[case("b memory 512", Ok(Command::Bulk(Some(BulkChange::Memory(512)))))]
    #[case("compare", Err("compare needs A [B]".into()))]
    #[case("compare a b:1", Ok(Command::Compare(side("a"), Some(side("b:1")))))]
    #[case("compare prod@eu-west-1/a", Ok(Command::Compare(side("prod@eu-west-1/a"), None)))]
    #[case("compare a b c", Err("\"c\" is one word too many".into()))]
    #[case("logs", Ok(Command::Logs(Vec::new())))]
    #[case("logs a tag:team", Ok(Command::Logs(wanted("a tag:team").unwrap())))]
    #[case("logs fn:", Err("\"fn:\" needs a name behind it".into()))]
    #[case("quit now", Err("quit takes no argument, \"now\" is too much".into()))]
    #[case("profile a b", Err("\"b\" is one word too many".into()))]
    fn reads_commands(#[case] line: &str, #[case] expected: Result<Command, String>) {
        assert_eq!(parse(line), expected);
    }

    fn side(text: &str) -> Box<Side> {
        Box::new(text.parse().unwrap())
    }

    #[test]
    fn every_change_is_read_by_its_name() {
        for (help, argument) in BULK.iter().zip(["KEY=1", "512", "30", "python3.13", "a=b", "30", "KEY", "a"])
        {
            assert!(parse(&format!("bulk {} {argument}", help.name)).is_ok(), "{}", help.name);
            assert_eq!(
                parse(&format!("bulk {}", help.name)),
                Err(format!("bulk {} needs {}", help.name, help.argument))
            );
        }
    }

    #[test]
    fn every_command_is_read_by_its_name() {
        for help in HELP {
            let argument = if help.name == "bulk" { "memory 512" } else { "x" };
            let read = parse(&format!("{} {argument}", help.name));
            assert!(read.is_ok() != help.argument.is_empty(), "{}", help.name);
            if !help.argument.is_empty() {
                continue;
            }
            assert!(parse(help.name).is_ok(), "{}", help.name);
        }
    }
}
