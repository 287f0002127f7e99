//! Log events as they leave the program: as lines of text, or as JSON with the API's own member names.

use std::{borrow::Cow, fmt::Write as _};

use jiff::tz::TimeZone;
use serde::Serialize;

use super::format;

/// An event that is written somewhere.
#[derive(Clone, Copy)]
pub struct Exported<'a> {
    /// When it happened, in milliseconds since the epoch.
    pub timestamp: i64,
    /// When the service took it in, in milliseconds since the epoch.
    pub ingestion_time: i64,
    /// Its log group.
    pub group: &'a str,
    /// Its stream.
    pub stream: &'a str,
    /// What its log group is called where it is shown.
    pub source: &'a str,
    /// Its message.
    pub message: &'a str,
}

/// FilteredLogEvent's members, with the group it was read from. `eventId` is not kept for each row, so it is left out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Members<'a> {
    log_group_name: &'a str,
    log_stream_name: &'a str,
    timestamp: i64,
    ingestion_time: i64,
    message: &'a str,
}

impl Exported<'_> {
    /// Adds a line for each line of the message: time in UTC, source, message, with tabs between. Control characters
    /// are shown as marks, so that no terminal obeys them ([`plain`]).
    pub fn write_text(&self, out: &mut String) {
        let time = format::iso(format::from_millis(self.timestamp), &TimeZone::UTC);
        let (source, message) = (plain(self.source), plain(self.message));
        let only = if message.is_empty() { Some("") } else { None };
        for line in message.lines().chain(only) {
            // Writing to a String can't fail.
            let _ = writeln!(out, "{time}\t{source}\t{line}");
        }
    }

    /// Adds one line: a JSON object.
    pub fn write_ndjson(&self, out: &mut String) {
        out.push_str(&self.json());
        out.push('\n');
    }

    /// A JSON object without line breaks. The message is all there: what is no plain character is escaped.
    pub fn json(&self) -> String {
        let members = Members {
            log_group_name: self.group,
            log_stream_name: self.stream,
            timestamp: self.timestamp,
            ingestion_time: self.ingestion_time,
            message: self.message,
        };
        // Strings and numbers always are JSON.
        let json = serde_json::to_string(&members).unwrap_or_default();
        // JSON lets DEL and the C1 controls stand as they are; terminals take some of them for commands.
        if !json.chars().any(char::is_control) {
            return json;
        }
        json.chars().fold(String::with_capacity(json.len() + 16), |mut out, character| {
            if character.is_control() {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            } else {
                out.push(character);
            }
            out
        })
    }
}

/// A text of many lines without control characters: a carriage return, as runtimes join lines by, ends a line; the
/// others but newline and tab become their pictures (`␛`), or `⟨U+009B⟩` where they have none, and so does what turns the
/// order of letters around. All else is as it was.
pub fn plain(text: &str) -> Cow<'_, str> {
    let is_odd = |character: char| match character {
        '\n' | '\t' => false,
        '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        _ => character.is_control(),
    };
    if !text.contains(is_odd) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' if characters.peek() == Some(&'\n') => {}
            '\r' => out.push('\n'),
            '\u{7f}' => out.push('␡'),
            '\0'..='\x1f' if is_odd(character) => {
                out.extend(char::from_u32(0x2400 + u32::from(character)));
            }
            _ if is_odd(character) => {
                let _ = write!(out, "⟨U+{:04X}⟩", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn event(message: &str) -> Exported<'_> {
        Exported {
            timestamp: 1_795_183_402_123,
            ingestion_time: 1_795_183_402_163,
            group: "/aws/lambda/checkout",
            stream: "2026/11/20/[$LATEST]0123",
            source: "checkout",
            message,
        }
    }

    fn text(message: &str) -> String {
        let mut out = String::new();
        event(message).write_text(&mut out);
        out
    }

    #[test]
    fn a_line_of_text_for_each_line_of_the_message() {
        let begin = "2026-11-20T14:03:22.123Z\tcheckout\t";
        assert_eq!(text("done\n"), format!("{begin}done\n"));
        assert_eq!(text("a\tb\r  c\r\nd"), format!("{begin}a\tb\n{begin}  c\n{begin}d\n"));
        assert_eq!(text(""), format!("{begin}\n"));
        assert_eq!(text("\x1b[31mred\x1b[0m\u{9b}K"), format!("{begin}␛[31mred␛[0m⟨U+009B⟩K\n"));
    }

    #[test]
    fn json_has_the_members_of_the_api() {
        let mut out = String::new();
        event("a \"b\"\u{9b}\n").write_ndjson(&mut out);
        assert_eq!(
            out,
            "{\"logGroupName\":\"/aws/lambda/checkout\",\"logStreamName\":\"2026/11/20/[$LATEST]0123\",\
             \"timestamp\":1795183402123,\"ingestionTime\":1795183402163,\"message\":\"a \\\"b\\\"\\u009b\\n\"}\n"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            rng_seed: proptest::test_runner::RngSeed::Fixed(1),
            ..ProptestConfig::default()
        })]

        #[test]
        fn whatever_a_message_holds(message in "[\\PC\\x00-\\x1f\\x7f-\\x9f\u{202e}]{0,60}") {
            let json = event(&message).json();
            prop_assert!(!json.contains(char::is_control));
            let read: Value = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(read["message"].as_str(), Some(&*message));
            let text = text(&message);
            prop_assert!(text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t')));
            prop_assert!(text.ends_with('\n'));
        }
    }
}
