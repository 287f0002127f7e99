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
        Self { error: is_error(message), continues: continues(message) }
    }

    pub(super) fn to_byte(self) -> u8 {
        (u8::from(self.error) * ERROR) | (u8::from(self.continues) * CONTINUES)
    }

    pub(super) fn from_byte(byte: u8) -> Self {
        Self { error: byte & ERROR != 0, continues: byte & CONTINUES != 0 }
    }
}

/// Whether a message is a part of a stack trace that was written line by line: a frame or a line of its source (Python
/// sets it in by four), what it leaves out, a cause.
fn continues(message: &str) -> bool {
    let line = message.trim_start_matches([' ', '\t']);
    let indent = &message[..message.len() - line.len()];
    if indent.is_empty() {
        return line.starts_with("Caused by:") || line.starts_with("Suppressed:");
    }
    let left_out = || {
        let rest = line.strip_prefix("... ")?;
        let number = rest.bytes().take_while(u8::is_ascii_digit).count();
        (number > 0 && rest[number..].starts_with(" more")).then_some(())
    };
    ["at ", "File \"", "Caused by:", "Suppressed:"].iter().any(|begins| line.starts_with(begins))
        || left_out().is_some()
        || (indent == "    " && !line.trim_end().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_stack_trace_go_on_with_the_one_before() {
        for line in [
            "    at Object.handler (/var/task/index.js:3:9)",
            "\tat com.example.Handler.run(Handler.java:42)",
            "  File \"/var/task/app.py\", line 3, in handler",
            "    raise ValueError(\"no\")",
            "    ~~~~~^^^^",
            "\t... 12 more\n",
            "Caused by: java.io.IOException: no",
            "\tSuppressed: java.io.IOException",
        ] {
            assert!(Marks::of(line).continues, "{line}");
        }
        for line in [
            "",
            "    ",
            "at last",
            "File \"x\"",
            "Traceback (most recent call last):",
            " indented by one",
            "\t... more",
            "... 3 more",
            "START RequestId: x",
        ] {
            assert!(!Marks::of(line).continues, "{line}");
        }
    }
}
