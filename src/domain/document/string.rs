//! JSON strings decoded. A `\ud800` without its other half is no character: Rust's strings can't hold it.

use std::borrow::Cow;

/// The content of a string, given without its quotes; a surrogate without its other half becomes U+FFFD.
pub(super) fn decoded(content: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\\', content.as_bytes()).is_none() {
        return Cow::Borrowed(content);
    }
    let mut out = String::with_capacity(content.len());
    for piece in pieces(content) {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Character(character) => out.push(character),
            Piece::Lone(_) => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
    Cow::Owned(out)
}

/// The content of a string as bytes that differ where, and only where, the contents differ: UTF-8, and lone surrogates
/// as if they were characters (WTF-8).
pub(super) fn exact<'t>(content: &'t str, scratch: &'t mut Vec<u8>) -> &'t [u8] {
    if memchr::memchr(b'\\', content.as_bytes()).is_none() {
        return content.as_bytes();
    }
    scratch.clear();
    for piece in pieces(content) {
        match piece {
            Piece::Text(text) => scratch.extend_from_slice(text.as_bytes()),
            Piece::Character(character) => {
                scratch.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            Piece::Lone(unit) => {
                let [high, low] = unit.to_be_bytes();
                scratch.extend([0xe0 | high >> 4, 0x80 | (high & 0xf) << 2 | low >> 6, 0x80 | low & 0x3f]);
            }
        }
    }
    scratch
}

enum Piece<'t> {
    /// Without escapes.
    Text(&'t str),
    /// What an escape stands for, or two.
    Character(char),
    /// A surrogate without its other half.
    Lone(u16),
}

fn pieces(mut rest: &str) -> impl Iterator<Item = Piece<'_>> {
    std::iter::from_fn(move || {
        let (piece, length) = match memchr::memchr(b'\\', rest.as_bytes()) {
            _ if rest.is_empty() => return None,
            Some(0) => escape(rest),
            Some(length) => (Piece::Text(&rest[..length]), length),
            None => (Piece::Text(rest), rest.len()),
        };
        rest = rest.get(length..).unwrap_or_default();
        Some(piece)
    })
}

/// The escape that a text begins with, and its length.
fn escape(text: &str) -> (Piece<'_>, usize) {
    let character = match text.as_bytes().get(1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode(text),
        Some(other @ (b'"' | b'\\' | b'/')) => char::from(*other),
        // The text has been checked.
        _ => return (Piece::Text(text), text.len()),
    };
    (Piece::Character(character), 2)
}

fn unicode(text: &str) -> (Piece<'_>, usize) {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let Some(first) = unit(0) else { return (Piece::Text(text), text.len()) };
    if let Some(character) = char::from_u32(u32::from(first)) {
        return (Piece::Character(character), 6);
    }
    let pair = unit(6).and_then(|second| char::decode_utf16([first, second]).next()?.ok());
    match pair {
        Some(character) => (Piece::Character(character), 12),
        None => (Piece::Lone(first), 6),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("plain é", "plain é")]
    #[case(r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t")]
    #[case(r"a\u00e9\u202Eb", "aé\u{202e}b")]
    #[case(r"\ud83d\ude00", "😀")]
    #[case(r"\ud800", "\u{fffd}")]
    #[case(r"\udc00\ud800\u0041", "\u{fffd}\u{fffd}A")]
    #[case(r"\ud800\ud83d\ude00", "\u{fffd}😀")]
    fn decodes(#[case] content: &str, #[case] expected: &str) {
        assert_eq!(decoded(content), expected);
    }

    #[test]
    fn lone_surrogates_are_told_from_each_other_and_from_their_replacement() {
        let mut seen: Vec<Vec<u8>> =
            [r"\ud800", r"\udc00", r"\udfff", r"\ufffd", "\u{fffd}", r"\ud800\udc00"]
                .iter()
                .map(|content| exact(content, &mut Vec::new()).to_vec())
                .collect();
        assert_eq!(seen[0], [0xed, 0xa0, 0x80]);
        assert_eq!(seen[2], [0xed, 0xbf, 0xbf]);
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 5);
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(text: String, ascii: bool) {
            let mut json = serde_json::to_string(&text).unwrap();
            if ascii {
                let escape = |unit: u16| match u8::try_from(unit) {
                    Ok(byte @ 0..0x80) => char::from(byte).to_string(),
                    _ => format!("\\u{unit:04x}"),
                };
                json = json.encode_utf16().map(escape).collect::<Vec<_>>().concat();
            }
            let content = &json[1..json.len() - 1];
            prop_assert_eq!(decoded(content), text.as_str());
            prop_assert_eq!(exact(content, &mut Vec::new()).to_vec(), text.into_bytes());
        }
    }
}
