//! What can be typed on the command line.

use crate::domain::secret::Secret;

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
pub const HELP: [Help; 13] = [
    Help {
        name: "bulk",
        argument: "CHANGE",
        text: "one change of all marked functions: memory 512, env KEY=VALUE, tag KEY=VALUE, ...",
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
    Help { name: "local", argument: "", text: "start the local engine and connect to it" },
    Help { name: "messages", argument: "", text: "all that was said" },
    Help { name: "open", argument: "NAME", text: "open a function" },
    Help { name: "profile", argument: "[NAME]", text: "connect with another profile" },
    Help { name: "quit", argument: "", text: "end the program" },
    Help { name: "region", argument: "[NAME]", text: "connect to another region" },
    Help { name: "utc", argument: "", text: "times in UTC or in the local zone" },
];

/// A command that was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// One change of all marked functions. It may hold a value.
    Bulk(Secret),
    /// Two sides to be compared, as typed.
    Compare(String),
    /// The journal of changes.
    History,
    /// Connect to another endpoint.
    Endpoint(String),
    /// To the list.
    Functions,
    /// The keys.
    Help,
    /// The local engine.
    Local,
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
    /// Switch the time zone.
    Utc,
}

/// Reads a command. A beginning is enough where only one command begins so.
///
/// # Errors
/// What is wrong with it and what there is.
pub fn parse(line: &str) -> Result<Command, String> {
    let line = line.trim();
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let candidates: Vec<&Help> = HELP.iter().filter(|help| help.name.starts_with(word)).collect();
    let help = match (HELP.iter().find(|help| help.name == word), candidates.as_slice()) {
        (Some(exact), _) => exact,
        (None, [only]) => *only,
        (None, []) => {
            return Err(format!("there is no command \"{word}\"; tab completes, :help lists the keys"));
        }
        (None, several) => {
            let names: Vec<&str> = several.iter().map(|help| help.name).collect();
            return Err(format!("\"{word}\" may be {}", names.join(" or ")));
        }
    };
    match help.name {
        "bulk" | "compare" if rest.is_empty() => {
            return Err(format!("{} needs {}", help.name, help.argument));
        }
        "bulk" => return Ok(Command::Bulk(Secret::new(rest))),
        "compare" => return Ok(Command::Compare(rest.to_owned())),
        _ => {}
    }
    let mut words = rest.split_whitespace();
    let argument = words.next().map(str::to_owned);
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
        "history" => Command::History,
        "local" => Command::Local,
        "messages" => Command::Messages,
        "open" => Command::Open(needed()?),
        "profile" => Command::Profile(argument),
        "region" => Command::Region(argument),
        "utc" => Command::Utc,
        _ => Command::Quit,
    })
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
    #[case("quit now", Err("quit takes no argument, \"now\" is too much".into()))]
    #[case("profile a b", Err("\"b\" is one word too many".into()))]
    fn reads_commands(#[case] line: &str, #[case] expected: Result<Command, String>) {
        assert_eq!(parse(line), expected);
    }

    #[test]
    fn every_command_is_read_by_its_name() {
        for help in HELP {
            assert!(parse(&format!("{} x", help.name)).is_ok() != help.argument.is_empty(), "{}", help.name);
            if !help.argument.is_empty() {
                continue;
            }
            assert!(parse(help.name).is_ok(), "{}", help.name);
        }
    }
}
