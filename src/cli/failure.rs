//! How a command ends: exit codes, and the lines that say why.

use std::io;

use super::terminal;
use crate::{
    cloud::{self, Kind},
    domain::text::sanitise,
};

/// Something went wrong.
pub const ERROR: u8 = 1;
/// What was typed makes no sense.
pub const USAGE: u8 = 2;
/// The function or log group does not exist.
pub const NOT_FOUND: u8 = 3;
/// No credentials, or they don't allow it.
pub const DENIED: u8 = 4;
/// Somebody else changed it, or a change is under way.
pub const CONFLICT: u8 = 5;
/// Too many requests.
pub const THROTTLED: u8 = 6;
/// The function ran and failed.
pub const FUNCTION_ERROR: u8 = 7;
/// It was sent, and whether it was done is not known.
pub const OUTCOME_UNKNOWN: u8 = 8;

/// Why a command ends early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub code: u8,
    /// What happened; empty where there is nothing to say.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// AWS's request id.
    pub request_id: Option<String>,
}

impl Failure {
    /// A failure with a message of this program's own. It is sanitised here.
    pub fn new(code: u8, message: impl AsRef<str>) -> Self {
        let message = sanitise(message.as_ref()).into_owned();
        Self { code, message, hint: None, request_id: None }
    }

    /// What was typed makes no sense.
    pub fn usage(message: impl AsRef<str>) -> Self {
        Self::new(USAGE, message)
    }

    /// Adds what to do.
    #[must_use]
    pub fn with_hint(mut self, hint: impl AsRef<str>) -> Self {
        self.hint = Some(sanitise(hint.as_ref()).into_owned());
        self
    }

    /// Nobody reads the output any more, as with `lambdeck list | head`: a quiet end.
    fn reader_gone() -> Self {
        Self::new(0, "")
    }

    /// The output could not be written.
    pub fn writing(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::reader_gone()
        } else {
            Self::new(ERROR, format!("can't write the output: {error}"))
        }
    }

    /// Says it on stderr: a line of what happened, a line of what to do.
    pub fn report(&self) {
        if self.message.is_empty() {
            return;
        }
        let request = self.request_id.as_ref().map(|id| format!(" [request id {id}]")).unwrap_or_default();
        terminal::say("error", &format!("{}{request}", self.message));
        if let Some(hint) = &self.hint {
            terminal::say("hint", hint);
        }
    }
}

impl From<cloud::Error> for Failure {
    fn from(error: cloud::Error) -> Self {
        let clean = |text: &String| sanitise(text).into_owned();
        Self {
            code: code(error.kind),
            message: clean(&error.message),
            hint: error.hint.as_ref().map(clean),
            request_id: error.request_id,
        }
    }
}

fn code(kind: Kind) -> u8 {
    match kind {
        Kind::NotFound => NOT_FOUND,
        // A read-only session denies by itself what it was told to deny.
        Kind::Denied | Kind::Credentials | Kind::ReadOnly => DENIED,
        Kind::Conflict | Kind::Stale => CONFLICT,
        Kind::Throttled => THROTTLED,
        Kind::OutcomeUnknown => OUTCOME_UNKNOWN,
        Kind::Invalid | Kind::Timeout | Kind::Network | Kind::Unsupported | Kind::Service => ERROR,
    }
}
