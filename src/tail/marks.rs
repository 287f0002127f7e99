//! What is known of a row without reading it again.

use super::filter::is_error;

/// What a message is, as far as its first reading told. It is found off the thread that draws.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// It tells of an error ([`is_error`]).
    pub error: bool,
    /// It goes on with the message before it in its stream, as the frames of a stack trace do that were written line by
    /// line.
    pub continues: bool,
}

const ERROR: u8 = 1;
const CONTINUES: u8 = 2;

impl Marks {
    /// Reads a message.
    pub fn of(message: &str) -> Self {
        Self { error: is_error(message), continues: false }
    }

    pub(super) fn to_byte(self) -> u8 {
        u8::from(self.error) * ERROR | u8::from(self.continues) * CONTINUES
    }

    pub(super) fn from_byte(byte: u8) -> Self {
        Self { error: byte & ERROR != 0, continues: byte & CONTINUES != 0 }
    }
}
