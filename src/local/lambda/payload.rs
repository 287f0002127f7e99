//! What Invoke says of a payload that is no JSON: the words and positions of AWS's parser, Jackson.

use serde::de::IgnoredAny;

use super::error::Error;

const VALUES: &str = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

/// Most characters that are shown of a word that is no JSON. Like AWS's, the answer shows it to the client that sent it.
const TOKEN_LIMIT: usize = 256;

/// Refuses a payload that is no JSON.
///
/// # Errors
/// 400, with the place where it is broken: its line, and its column in bytes.
pub(super) fn check_json(payload: &[u8]) -> Result<(), Error> {
    let (text, cut) = match std::str::from_utf8(payload) {
        Ok(text) => (text, None),
        Err(error) => {
            let (valid, rest) = payload.split_at(error.valid_up_to());
            (std::str::from_utf8(valid).unwrap_or_default(), rest.first().copied())
        }
    };
    let found = match (serde_json::from_str::<IgnoredAny>(text), cut) {
        (Ok(_), None) => return Ok(()),
        (Ok(_), Some(byte)) => bad_byte(text, byte, ""),
        (Err(error), Some(byte)) if error.is_eof() => bad_byte(text, byte, &error.to_string()),
        (Err(error), _) => broken(text, &error),
    };
    let before = &payload[..found.at];
    let line = before.split(|byte| *byte == b'\n').count();
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    Err(Error::content(format!(
        "Could not parse request body into json: Could not parse payload into json: {}\n at [Source: REDACTED \
         (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {line}, column: {}]",
        found.what,
        found.at - start + found.read + 1
    )))
}

/// What is wrong, where, and how many bytes Jackson has read by then and counts.
struct Found {
    what: String,
    at: usize,
    read: usize,
}

/// A byte that is no UTF-8 after this text. Where a value is to begin, Jackson takes it for a character of its own.
fn bad_byte(text: &str, byte: u8, expected: &str) -> Found {
    let inside = expected.starts_with("EOF while parsing a string")
        || text.ends_with(|last: char| last.is_alphanumeric() || matches!(last, '_' | '$'));
    if inside {
        Found { what: format!("Invalid UTF-8 start byte 0x{byte:x}"), at: text.len(), read: 1 }
    } else {
        Found {
            what: unexpected(char::from(byte), &format!("expected a valid value {VALUES}")),
            at: text.len(),
            read: 0,
        }
    }
}

/// serde_json finds the same places as Jackson does, but words them otherwise.
fn broken(text: &str, error: &serde_json::Error) -> Found {
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let mut at = (before + error.column().saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let Some(character) = text[at..].chars().next().filter(|_| !error.is_eof()) else {
        return Found { what: "Unexpected end-of-input".to_owned(), at: text.len(), read: 0 };
    };
    let said = error.to_string();
    let wanted = [
        ("key must be a string", "was expecting double-quote to start field name"),
        ("expected `:`", "was expecting a colon to separate field name and value"),
        ("expected `,` or `}`", "was expecting comma to separate Object entries"),
        ("expected `,` or `]`", "was expecting comma to separate Array entries"),
    ];
    if let Some((_, wanted)) = wanted.iter().find(|(words, _)| said.starts_with(words)) {
        return Found { what: unexpected(character, wanted), at, read: 0 };
    }
    if said.starts_with("control character") {
        // Here serde_json's place is that before the character.
        let (at, character) =
            text[at..].char_indices().nth(1).map_or((at, character), |(by, c)| (at + by, c));
        let what = format!(
            "Illegal unquoted character ({}): has to be escaped using backslash to be included in string value",
            described(character)
        );
        return Found { what, at, read: 1 };
    }
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    if said.starts_with("expected value") || said.starts_with("expected ident") {
        let start = text[..at]
            .rfind(|c| !word(c))
            .map_or(0, |last| last + text[last..].chars().next().map_or(0, char::len_utf8));
        let token: String = text[start..].chars().take_while(|c| word(*c)).take(TOKEN_LIMIT).collect();
        if token.starts_with(|first: char| !first.is_numeric()) {
            // It has read the character that ends the token, too.
            let next = text[start + token.len()..].chars().next().map_or(0, char::len_utf8);
            let more = if token.len() < TOKEN_LIMIT { "" } else { "..." };
            let what = format!("Unrecognized token '{token}{more}': was expecting {VALUES}");
            return Found { what, at: start, read: token.len() + next };
        }
    }
    Found { what: unexpected(character, &format!("expected a valid value {VALUES}")), at, read: 0 }
}

fn unexpected(character: char, wanted: &str) -> String {
    format!("Unexpected character ({}): {wanted}", described(character))
}

fn described(character: char) -> String {
    let code = u32::from(character);
    if character.is_control() {
        format!("(CTRL-CHAR, code {code})")
    } else {
        format!("'{character}' (code {code})")
    }
}

#[cfg(test)]
mod tests {
    use super::check_json;

    fn refused(payload: &[u8]) -> (String, String) {
        let text = check_json(payload).unwrap_err().to_string();
        let text = text.split_once("payload into json: ").unwrap().1;
        let (what, place) = text.split_once("\n at ").unwrap();
        (what.to_owned(), place.rsplit_once("; ").unwrap().1.trim_end_matches(']').to_owned())
    }

    #[test]
    fn json_of_any_kind_passes() {
        for good in ["null", "1", "\"x\"", " {\"a\":[1,2]} ", "\"ä☃\""] {
            assert!(check_json(good.as_bytes()).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_long_word_is_cut() {
        let (what, _) = refused("x".repeat(1000).as_bytes());
        assert!(what.starts_with(&format!("Unrecognized token '{}...'", "x".repeat(256))), "{what}");
    }

    #[test]
    fn what_is_wrong_is_said_in_jacksons_words() {
        let values = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
        let value = format!("expected a valid value {values}");
        for (payload, what, place) in [
            // Both recorded on AWS.
            (&b"n\x87r\x9e"[..], "Invalid UTF-8 start byte 0x87".to_owned(), "line: 1, column: 3"),
            (b"\x99\xeb,j", format!("Unexpected character ((CTRL-CHAR, code 153)): {value}"), "line: 1, column: 1"),
            (b"\"a\x87\"", "Invalid UTF-8 start byte 0x87".to_owned(), "line: 1, column: 4"),
            (b"[\x99]", format!("Unexpected character ((CTRL-CHAR, code 153)): {value}"), "line: 1, column: 2"),
            (b"hello", format!("Unrecognized token 'hello': was expecting {values}"), "line: 1, column: 6"),
            (b"[hello ]", format!("Unrecognized token 'hello': was expecting {values}"), "line: 1, column: 8"),
            (b"nope", format!("Unrecognized token 'nope': was expecting {values}"), "line: 1, column: 5"),
            (b"{\n  x", "Unexpected character ('x' (code 120)): was expecting double-quote to start field name".to_owned(), "line: 2, column: 3"),
            (b"{\"a\" 1}", "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value".to_owned(), "line: 1, column: 6"),
            (b"{\"a\":1 2}", "Unexpected character ('2' (code 50)): was expecting comma to separate Object entries".to_owned(), "line: 1, column: 8"),
            (b"[1 2]", "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries".to_owned(), "line: 1, column: 4"),
            (b"[}", format!("Unexpected character ('}}' (code 125)): {value}"), "line: 1, column: 2"),
            (b"{\"a\":", "Unexpected end-of-input".to_owned(), "line: 1, column: 6"),
            (b"\"a\nb\"", "Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash to be included in string value".to_owned(), "line: 1, column: 4"),
        ] {
            assert_eq!(refused(payload), (what, place.to_owned()), "{payload:?}");
        }
    }
}
