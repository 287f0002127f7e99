//! Agreeing to a change: a question on the terminal, or flags.

use std::io::{self, BufRead as _, BufReader, IsTerminal as _, Read, Write as _};

use super::super::{
    args::Agreement,
    failure::{ERROR, Failure},
};
use crate::domain::{change::Consent, text::sanitise};

/// Longer answers are none.
const MAX_ANSWER: u64 = 4096;

/// Asks for what a change takes: a Yes, or, where `must_type` says so, the name of what is changed. What the flags say is
/// not asked for. A name that is given is as good as a Yes, and one that is another is a mistake in any case. `what` is
/// what it is called: `this change`.
///
/// # Errors
/// It was not given, or there is no terminal to ask on.
pub async fn consent(
    what: &str,
    name: &str,
    must_type: bool,
    agreement: &Agreement,
) -> Result<Consent, Failure> {
    if let Some(given) = &agreement.confirm {
        return if given == name {
            Ok(Consent::Typed(given.clone()))
        } else {
            let text = format!("--confirm names something else: {what} takes --confirm {name}");
            Err(Failure::usage(text).with_hint("nothing was sent"))
        };
    }
    if must_type {
        let question = format!("Type {} to send {what}: ", sanitise(name));
        let Some(answer) = ask(&question).await else {
            let text = format!("there is no terminal to type the name on: {what} needs --confirm {name}");
            return Err(Failure::usage(text).with_hint("nothing was sent; --yes does not replace it"));
        };
        return if answer == name {
            Ok(Consent::Typed(answer))
        } else {
            Err(declined("that is another text"))
        };
    }
    if agreement.yes {
        return Ok(Consent::Yes);
    }
    let Some(answer) = ask(&format!("Send {what}? [y/N] ")).await else {
        return Err(Failure::usage(format!("there is no terminal to ask on: {what} needs --yes"))
            .with_hint("nothing was sent; look at what stands above, then add --yes"));
    };
    let yes = ["y", "yes"].iter().any(|yes| answer.eq_ignore_ascii_case(yes));
    if yes { Ok(Consent::Yes) } else { Err(declined("not agreed to")) }
}

fn declined(why: &str) -> Failure {
    Failure::new(ERROR, format!("{why}: nothing was sent"))
}

/// Asks on the terminal, whatever stdin and stdout are; none where there is no terminal. An end of input is an empty
/// answer.
async fn ask(question: &str) -> Option<String> {
    let terminal = terminal()?;
    // Where nobody can see the question, nobody answers it either.
    let _ = io::stderr().lock().write_all(question.as_bytes());
    let answer = tokio::task::spawn_blocking(move || {
        let mut line = Vec::new();
        // An answer that can't be read is none.
        let _ = BufReader::new(terminal.take(MAX_ANSWER)).read_until(b'\n', &mut line);
        line
    });
    let line = answer.await.unwrap_or_default();
    if line.last() != Some(&b'\n') {
        super::terminal::note("");
    }
    Some(String::from_utf8_lossy(&line).trim().to_owned())
}

/// What answers come from. stdin may hold a file of variables; then it is the terminal that the program was started in.
fn terminal() -> Option<Box<dyn Read + Send>> {
    if !io::stderr().is_terminal() {
        return None;
    }
    if io::stdin().is_terminal() {
        return Some(Box::new(io::stdin()));
    }
    #[cfg(unix)]
    if let Ok(terminal) = std::fs::File::open("/dev/tty") {
        return Some(Box::new(terminal));
    }
    None
}
