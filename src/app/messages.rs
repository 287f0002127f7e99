//! What the program said: the newest on the footer for a while, all of them in the message log.

use std::collections::VecDeque;

use jiff::{Timestamp, ToSpan};

use crate::domain::text;

/// How grave a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Something went well.
    Info,
    /// Something to know.
    Warning,
    /// Something failed.
    Error,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// When.
    pub at: Timestamp,
    /// How grave.
    pub severity: Severity,
    /// What, in one line.
    pub text: String,
}

/// The message log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Messages {
    /// All messages, oldest first, at most [`Messages::KEPT`].
    pub log: VecDeque<Message>,
    /// Whether the newest is still on the footer, and until when.
    shown_until: Option<Timestamp>,
}

impl Messages {
    /// Columns for time and severity before each message.
    pub const INDENT: usize = 20;

    /// Messages that are kept.
    pub const KEPT: usize = 500;

    /// Says something. Errors stay on the footer for longer.
    pub fn say(&mut self, at: Timestamp, severity: Severity, text: impl Into<String>) {
        let text = text.into();
        // What a held key says again and again is one message.
        if self.shown().is_some_and(|last| last.severity == severity && last.text == text) {
            self.log.pop_back();
        }
        if self.log.len() == Self::KEPT {
            self.log.pop_front();
        }
        let seconds = if severity == Severity::Error { 12 } else { 4 };
        self.shown_until = at.checked_add(seconds.seconds()).ok();
        self.log.push_back(Message { at, severity, text });
    }

    /// The rows that the log takes where there are so many columns: long messages wrap.
    pub fn rows(&self, columns: usize) -> usize {
        self.log.iter().map(|message| text::rows(&message.text, columns.saturating_sub(Self::INDENT))).sum()
    }

    /// The message on the footer now.
    pub fn shown(&self) -> Option<&Message> {
        self.shown_until.and(self.log.back())
    }

    /// When it fades.
    pub fn fades_at(&self) -> Option<Timestamp> {
        self.shown_until
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Timestamp) {
        if self.shown_until.is_some_and(|until| until <= now) {
            self.shown_until = None;
        }
    }

    /// The user moved on.
    pub fn dismiss(&mut self) {
        self.shown_until = None;
    }
}
