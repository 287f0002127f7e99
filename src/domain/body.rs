//! A response, or any other payload, read for being looked at.

use std::fmt::{self, Write as _};

use super::{
    document::Document,
    format, json,
    lines::Lines,
    text::{sanitise_bytes, sanitise_lines},
};

/// What the bytes of a payload are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// There are none.
    Empty,
    /// JSON.
    Json,
    /// Text that is no JSON, with the odd byte that is no UTF-8.
    Text,
    /// More than a tenth of the bytes are neither UTF-8 nor anything that a text holds.
    Binary,
}

/// A payload and what is seen of it. Reading one of 6 MB takes many milliseconds: not for the thread that draws.
///
/// `Debug` shows sizes only.
#[derive(Clone, PartialEq, Eq)]
pub struct Body {
    form: Form,
    content: Content,
    raw: Lines,
    /// None where it is no other than `raw`.
    pretty: Option<Lines>,
}

#[derive(Clone, PartialEq, Eq)]
enum Content {
    Json(Document),
    Bytes(Vec<u8>),
    /// A text, and the JSON in it.
    Within(Document, Vec<u8>),
}

/// The most bytes of a binary payload that are shown.
const DUMPED: usize = 64 * 1024;
const DUMPED_IN_A_ROW: usize = 16;

/// Brackets of a message that are tried as the beginning of JSON.
const OPENINGS: usize = 8;

impl Body {
    /// Reads a payload.
    #[must_use]
    pub fn read(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) if text.is_empty() => Self {
                form: Form::Empty,
                content: Content::Bytes(Vec::new()),
                raw: Lines::default(),
                pretty: None,
            },
            Ok(text) => match Document::read_or_back(text) {
                Ok(document) => {
                    let pretty = json::laid_out(document.text());
                    let pretty = (pretty != document.text()).then(|| Lines::new(sanitised(pretty)));
                    let raw = Lines::new(sanitise_lines(document.text()).into_owned());
                    Self { form: Form::Json, content: Content::Json(document), raw, pretty }
                }
                Err(text) => Self::of_bytes(text.into_bytes()),
            },
            Err(error) => Self::of_bytes(error.into_bytes()),
        }
    }

    /// Reads a message of a log. JSON at its end, behind the time and level that runtimes write before it, is read
    /// as JSON; so is JSON in the text `message` of JSON, in its place. The bytes and the raw text are the whole of it.
    #[must_use]
    pub fn read_message(message: String) -> Self {
        let Some(document) = opened(&message).or_else(|| within(&message)) else {
            return Self::read(message.into_bytes());
        };
        let pretty = Some(Lines::new(sanitised(json::laid_out(document.text()))));
        let raw = Lines::new(sanitise_lines(&message).into_owned());
        Self { form: Form::Json, content: Content::Within(document, message.into_bytes()), raw, pretty }
    }

    fn of_bytes(bytes: Vec<u8>) -> Self {
        if is_binary(&bytes) {
            let shown = &bytes[..bytes.len().min(DUMPED)];
            let rest = (shown.len() < bytes.len()).then(|| {
                let size = |length: usize| format::bytes(length as u64);
                format!("\n… the first {} of {}", size(shown.len()), size(bytes.len()))
            });
            let with_rest = |text: String| Lines::new(text + rest.as_deref().unwrap_or_default());
            let raw = with_rest(sanitise_bytes(shown).into_owned());
            let pretty = Some(with_rest(dump(shown)));
            return Self { form: Form::Binary, content: Content::Bytes(bytes), raw, pretty };
        }
        let text = sanitise_bytes(&bytes).into_owned();
        // A byte that is no UTF-8 or a bare control character, inside a string, is no reason for not laying out the rest.
        let pretty = json::pretty(&text).map(Lines::new);
        Self { form: Form::Text, content: Content::Bytes(bytes), raw: Lines::new(text), pretty }
    }

    /// The bytes as they came.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &self.content {
            Content::Json(document) => document.text().as_bytes(),
            Content::Bytes(bytes) | Content::Within(_, bytes) => bytes,
        }
    }

    /// What they are.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// The values of JSON.
    #[must_use]
    pub fn document(&self) -> Option<&Document> {
        match &self.content {
            Content::Json(document) | Content::Within(document, _) => Some(document),
            Content::Bytes(_) => None,
        }
    }

    /// For reading: JSON laid out; other text as it is; of what is binary the first 64 KB as a table of offset, bytes
    /// and characters. Sanitised.
    #[must_use]
    pub fn pretty(&self) -> &Lines {
        self.pretty.as_ref().unwrap_or(&self.raw)
    }

    /// The bytes as text, of what is binary the first 64 KB. Sanitised: a byte that is no UTF-8 is `⟨0xFF⟩`.
    #[must_use]
    pub fn raw(&self) -> &Lines {
        &self.raw
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({:?}, {} bytes)", self.form, self.bytes().len())
    }
}

/// JSON whose text `message` is JSON itself, with that in its place.
fn opened(text: &str) -> Option<Document> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let document = Document::read(text.to_owned()).ok()?;
    let node = document.children_of(0).find(|node| document.key(*node).as_deref() == Some("message"))?;
    let inner = document.string(node)?;
    if !holds_something(inner.trim()) {
        return None;
    }
    let raw = document.raw(node);
    let start = raw.as_ptr() as usize - document.text().as_ptr() as usize;
    let (before, behind) = (&document.text()[..start], &document.text()[start + raw.len()..]);
    Document::read([before, inner.trim(), behind].concat()).ok()
}

/// An object or array of JSON that a text ends with, behind something else.
fn within(text: &str) -> Option<Document> {
    let text = text.trim_end();
    if !text.ends_with(['}', ']']) {
        return None;
    }
    let begins = text.match_indices(['{', '[']).map(|(at, _)| at).filter(|at| *at > 0).take(OPENINGS);
    let found = begins.map(|at| &text[at..]).find(|rest| holds_something(rest))?;
    Document::read(found.to_owned()).ok()
}

/// Whether a text is an object or array of JSON with something in it.
fn holds_something(text: &str) -> bool {
    let (Some(first), Some(rest)) = (text.chars().next(), text.get(1..)) else { return false };
    matches!(first, '{' | '[') && !rest.trim_start().starts_with(['}', ']']) && json::check(text).is_ok()
}

fn sanitised(text: String) -> String {
    match sanitise_lines(&text) {
        std::borrow::Cow::Borrowed(_) => text,
        std::borrow::Cow::Owned(text) => text,
    }
}

fn is_binary(bytes: &[u8]) -> bool {
    // Of the controls, ESC is where text has colours.
    let is_odd = |byte: &u8| matches!(byte, 0..=0x08 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f);
    let odd: usize = bytes
        .utf8_chunks()
        .map(|chunk| chunk.invalid().len() + chunk.valid().bytes().filter(is_odd).count())
        .sum();
    odd > bytes.len() / 10
}

/// A table: offset, 16 bytes, and the ASCII characters among them.
fn dump(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 5);
    for (row, bytes) in bytes.chunks(DUMPED_IN_A_ROW).enumerate() {
        let line_break = if row > 0 { "\n" } else { "" };
        // Writing to a String can't fail.
        let _ = write!(out, "{line_break}{:08x} ", row * DUMPED_IN_A_ROW);
        for column in 0..DUMPED_IN_A_ROW {
            let gap = if column == DUMPED_IN_A_ROW / 2 { "  " } else { " " };
            let _ = match bytes.get(column) {
                Some(byte) => write!(out, "{gap}{byte:02x}"),
                None => write!(out, "{gap}  "),
            };
        }
        out.push_str("  |");
        out.extend(
            bytes.iter().map(|byte| if matches!(byte, b' '..=b'~') { char::from(*byte) } else { '.' }),
        );
        out.push('|');
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};
    use rstest::rstest;
    use serde::de::IgnoredAny;

    use super::*;
    use crate::domain::{document::tests::Model, text::sanitise};

    fn all(lines: &Lines) -> Vec<&str> {
        (0..lines.len()).map(|n| lines.get(n)).collect()
    }

    #[rstest]
    #[case::empty(b"", Form::Empty)]
    #[case::blank(b"\n", Form::Text)]
    #[case::json(b" [1] ", Form::Json)]
    #[case::scalar(b"null", Form::Json)]
    #[case::words(b"Task timed out after 3.00 seconds", Form::Text)]
    #[case::colours(b"\x1b[31mred\x1b[0m and \x1b[1mbold\x1b[0m", Form::Text)]
    #[case::one_bad_byte(b"a text of some length, \xff", Form::Text)]
    #[case::gzip(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\x4c\x04\x00", Form::Binary)]
    #[case::utf16(b"\xff\xfeh\x00i\x00", Form::Binary)]
    #[case::png(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", Form::Binary)]
    fn tells_what_it_is(#[case] bytes: &[u8], #[case] form: Form) {
        let body = Body::read(bytes.to_vec());
        assert_eq!(body.form(), form);
        assert_eq!(body.bytes(), bytes);
        assert_eq!(body.document().is_some(), form == Form::Json);
        assert_eq!(body.pretty().is_empty(), form == Form::Empty);
        assert_eq!(body.raw().is_empty(), form == Form::Empty);
    }

    #[test]
    fn json_is_shown_as_it_was_written() {
        let text = "{\"n\":12345678901234567890.10,\"n\":1e400,\"s\":\"\\ud800\u{202e}\"}";
        let body = Body::read(text.into());
        assert_eq!(
            all(body.pretty()),
            [
                "{",
                "  \"n\": 12345678901234567890.10,",
                "  \"n\": 1e400,",
                "  \"s\": \"\\ud800⟨U+202E⟩\"",
                "}"
            ]
        );
        assert_eq!(all(body.raw()), [r#"{"n":12345678901234567890.10,"n":1e400,"s":"\ud800⟨U+202E⟩"}"#]);
        assert_eq!(body.document().unwrap().text(), text);
    }

    #[rstest]
    #[case::json(r#"{"a": 1}"#, Some(r#"{"a": 1}"#))]
    #[case::node("2026-11-20T14:00:00.190Z\tid\tINFO\t{\"a\":[1]}\n", Some("{\"a\":[1]}"))]
    #[case::python("[INFO]\t2026-11-20T14:00:00.190Z\tid\t[{}, 1.50]\n", Some("[{}, 1.50]"))]
    #[case::in_a_member(
        r#"{"level":"INFO", "message" : "{\"a\": \"\\\"x\\\"\"}"}"#,
        Some(r#"{"level":"INFO", "message" : {"a": "\"x\""}}"#)
    )]
    #[case::no_json_in_it(r#"{"message":"{not"}"#, Some(r#"{"message":"{not"}"#))]
    #[case::words("done {} and []", None)]
    #[case::a_list_of_words("[INFO] [a] [b]", None)]
    #[case::not_at_its_end("{\"a\":1} it was", None)]
    #[case::nothing("", None)]
    fn the_json_in_a_message_is_found(#[case] message: &str, #[case] json: Option<&str>) {
        let body = Body::read_message(message.into());
        assert_eq!(body.document().map(Document::text), json);
        assert_eq!(body.bytes(), message.as_bytes());
        let raw = sanitise_lines(message).into_owned();
        assert_eq!(all(body.raw()).join("\n"), raw.strip_suffix('\n').unwrap_or(&raw));
        if let Some(json) = json {
            assert_eq!(all(body.pretty()).join("\n"), json::pretty(json).unwrap());
        }
    }

    #[test]
    fn json_with_a_bad_byte_is_text_and_still_laid_out() {
        let bytes = b"{\"name\": \"caf\xe9\", \"count\": 1}";
        let body = Body::read(bytes.to_vec());
        assert_eq!(body.form(), Form::Text);
        assert_eq!(all(body.raw()), ["{\"name\": \"caf⟨0xE9⟩\", \"count\": 1}"]);
        assert_eq!(all(body.pretty()), ["{", "  \"name\": \"caf⟨0xE9⟩\",", "  \"count\": 1", "}"]);
        assert_eq!(body.bytes(), bytes);
    }

    #[test]
    fn what_is_binary_is_dumped() {
        let body = Body::read(b"\x00\x01Hello,\x1b[2J\xff|\n\x00.".to_vec());
        assert_eq!(
            all(body.pretty()),
            [
                "00000000  00 01 48 65 6c 6c 6f 2c  1b 5b 32 4a ff 7c 0a 00  |..Hello,.[2J.|..|",
                "00000010  2e                                                |.|",
            ]
        );
        assert_eq!(all(body.raw()), ["␀␁Hello,␛[2J⟨0xFF⟩|", "␀."]);
    }

    #[test]
    fn a_large_binary_shows_its_beginning_and_says_so() {
        let body = Body::read(vec![0xff; 1_000_000]);
        assert_eq!(body.pretty().len(), 4097);
        assert_eq!(body.pretty().get(4096), "… the first 66kB of 1.0MB");
        assert_eq!(body.raw().get(body.raw().len() - 1), "… the first 66kB of 1.0MB");
        assert_eq!(body.bytes().len(), 1_000_000);
    }

    #[test]
    fn depth_takes_no_stack() {
        let text = "[".repeat(10_000) + &"]".repeat(10_000);
        let body = Body::read(text.clone().into());
        assert_eq!((body.form(), body.pretty().len()), (Form::Json, 19_999));
        assert_eq!(body.raw().len(), 5);
        assert!(all(body.raw()).concat() == text);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_safe_to_show(
            head in vec(any::<u8>(), 0..40), text in "[\\[{\"a:0,}\\]\\PC\u{202e}\n\t]{0,40}", filler in 0..200_usize
        ) {
            for bytes in [head.clone(), text.clone().into_bytes(), [text.repeat(filler).into_bytes(), head].concat()] {
                let body = Body::read(bytes.clone());
                prop_assert_eq!(body.bytes(), &bytes[..]);
                for lines in [body.raw(), body.pretty()] {
                    prop_assert!(all(lines).into_iter().all(|line| sanitise(line) == line));
                }
                prop_assert_eq!(body.document().is_some(), serde_json::from_slice::<IgnoredAny>(&bytes).is_ok());
            }
        }

        #[test]
        fn json_is_laid_out(model in Model::any(true), blanks in vec(select(&["", " ", "\n", "\r\n\t"][..]), 1..4)) {
            let text = model.text(&blanks);
            let body = Body::read(text.clone().into());
            prop_assert_eq!(body.form(), Form::Json);
            let pretty = json::pretty(&text).unwrap();
            prop_assert_eq!(all(body.pretty()).join("\n"), sanitise_lines(&pretty).into_owned());
            let raw = sanitise_lines(&text).into_owned();
            prop_assert_eq!(all(body.raw()).join("\n"), raw.strip_suffix('\n').unwrap_or(&raw));
        }
    }

    #[test]
    fn debug_shows_sizes_only() {
        assert_eq!(format!("{:?}", Body::read(b"\"hunter2\"".to_vec())), "Body(Json, 9 bytes)");
    }
}
