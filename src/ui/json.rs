//! What the parts of a line of JSON are. A line is looked at by itself: no JSON token goes over a line's end. Text
//! that is no JSON is plain.

use crate::domain::json::string_end;

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The name of a member, with its quotes.
    Key,
    /// A text, with its quotes.
    String,
    /// A number, `true`, `false` or `null`.
    Literal,
    /// `{}[],:`
    Mark,
    /// Blanks, and what is no JSON.
    Plain,
}

/// The parts of a line, in order. Joined they are the line.
pub(super) fn parts(line: &str) -> impl Iterator<Item = (Part, &str)> {
    let mut rest = line;
    std::iter::from_fn(move || {
        let (part, length) = match rest.chars().next()? {
            '"' => {
                let length = string_end(rest);
                let named = rest[length..].trim_start().starts_with(':');
                (if named { Part::Key } else { Part::String }, length)
            }
            '{' | '}' | '[' | ']' | ',' | ':' => (Part::Mark, 1),
            first if first.is_whitespace() => {
                (Part::Plain, rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len()))
            }
            _ => {
                let end = |c: char| c.is_whitespace() || "{}[],:\"".contains(c);
                let length = rest.find(end).unwrap_or(rest.len());
                (if is_literal(&rest[..length]) { Part::Literal } else { Part::Plain }, length)
            }
        };
        let (text, behind) = rest.split_at(length);
        rest = behind;
        Some((part, text))
    })
}

fn is_literal(word: &str) -> bool {
    matches!(word, "true" | "false" | "null")
        || word.strip_prefix('-').unwrap_or(word).starts_with(|c: char| c.is_ascii_digit())
            && word.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tells_parts_from_each_other() {
        let found: Vec<_> = parts(r#"  "a\"b" : ["c", -1.5e3, true, nope"#).collect();
        assert_eq!(
            found,
            [
                (Part::Plain, "  "),
                (Part::Key, r#""a\"b""#),
                (Part::Plain, " "),
                (Part::Mark, ":"),
                (Part::Plain, " "),
                (Part::Mark, "["),
                (Part::String, r#""c""#),
                (Part::Mark, ","),
                (Part::Plain, " "),
                (Part::Literal, "-1.5e3"),
                (Part::Mark, ","),
                (Part::Plain, " "),
                (Part::Literal, "true"),
                (Part::Mark, ","),
                (Part::Plain, " "),
                (Part::Plain, "nope"),
            ]
        );
    }

    proptest! {
        #[test]
        fn nothing_is_lost(line in "\\PC{0,40}|[\\[\\]{}:,\" \\\\a1é]{0,40}") {
            let joined: String = parts(&line).map(|(_, text)| text).collect();
            prop_assert_eq!(joined, line);
        }
    }
}
