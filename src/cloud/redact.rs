//! Values of variables out of texts that came from elsewhere: AWS's messages may quote the whole map.

use std::{borrow::Cow, fmt::Write as _};

use super::Error;
use crate::domain::{secret::Secret, text::sanitise};

/// From here on AWS quotes the map: `Lambda was unable to configure your environment variables because the environment
/// variables you have provided exceeded the 4KB limit. String measured: {"KEY":"value"}`.
const QUOTE: &str = "String measured:";
/// What stands for a value.
const MARK: &str = "…";
/// A value of fewer bytes is taken out only where it stands as one: it may be a part of any word.
const SHORT: usize = 4;

/// The values that no text may hold. Nothing of it is shown by `Debug`.
#[derive(Debug, Default)]
pub(super) struct Redaction {
    forms: Vec<Secret>,
}

impl Redaction {
    /// For texts that may hold these values.
    pub(super) fn of<'s>(secrets: impl Iterator<Item = &'s Secret>) -> Self {
        let mut forms: Vec<Secret> = Vec::new();
        for secret in secrets.filter(|secret| !secret.is_empty()) {
            for form in forms_of(secret.reveal()) {
                if !forms.contains(&form) {
                    forms.push(form);
                }
            }
        }
        // A longer one may hold a shorter one.
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        Self { forms }
    }

    /// As [`Self::of`], of those that a text holds: of very many, few matter.
    pub(super) fn of_found<'s>(secrets: impl Iterator<Item = &'s Secret>, text: &str) -> Self {
        let is_found = |secret: &&Secret| {
            secret.len() >= SHORT && forms_of(secret.reveal()).iter().any(|form| text.contains(form.reveal()))
        };
        Self::of(secrets.filter(is_found))
    }

    /// A text without any of them.
    pub(super) fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.forms.is_empty() {
            return Cow::Borrowed(text);
        }
        let cut = match text.find(QUOTE) {
            Some(at) => format!("{}{MARK}", &text[..at + QUOTE.len()]),
            None => text.to_owned(),
        };
        let spans: Vec<(usize, usize)> =
            self.forms.iter().flat_map(|form| occurrences(&cut, form.reveal())).collect();
        let mut out = String::with_capacity(cut.len());
        let mut marked = false;
        for (at, character) in cut.char_indices() {
            if spans.iter().any(|(from, to)| (*from..*to).contains(&at)) {
                if !marked {
                    out.push_str(MARK);
                }
                marked = true;
            } else {
                out.push(character);
                marked = false;
            }
        }
        // What is left may have become one by standing together.
        if self.forms.iter().any(|form| occurrences(&out, form.reveal()).next().is_some()) {
            return Cow::Borrowed("the message holds a value and is left out");
        }
        Cow::Owned(out)
    }

    /// An error whose texts hold none of them. The request id stays.
    pub(super) fn error(&self, mut error: Error) -> Error {
        if let Cow::Owned(text) = self.text(&error.message) {
            error.message = text;
        }
        error
    }
}

/// The ways in which a value may be written.
fn forms_of(value: &str) -> Vec<Secret> {
    let json = serde_json::to_string(value).unwrap_or_default();
    let json = json.get(1..json.len().saturating_sub(1)).unwrap_or_default();
    let mut forms = Vec::new();
    for form in [value, json, &ascii(json)] {
        forms.push(Secret::new(form));
        forms.push(Secret::new(sanitise(form)));
    }
    forms.retain(|form| !form.is_empty());
    forms
}

/// JSON as some servers write it: what is not ASCII as `\u00e9`.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

/// Where a value stands in a text, from and to.
fn occurrences<'t>(text: &'t str, form: &'t str) -> impl Iterator<Item = (usize, usize)> + 't {
    let mut from = 0;
    let stands_alone = |at: usize| {
        let before = text[..at].chars().next_back();
        let after = text[at + form.len()..].chars().next();
        before.is_some_and(|c| "\"'`=".contains(c)) && after.is_none_or(|c| "\"'`,;}\\ ".contains(c))
    };
    std::iter::from_fn(move || {
        let at = from + text.get(from..)?.find(form)?;
        from = at + text[at..].chars().next()?.len_utf8();
        Some(at)
    })
    .filter(move |at| form.len() >= SHORT || stands_alone(*at))
    .map(|at| (at, at + form.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cloud::Kind;

    fn redaction(values: &[&str]) -> Redaction {
        let secrets: Vec<Secret> = values.iter().map(|value| Secret::new(*value)).collect();
        Redaction::of(secrets.iter())
    }

    #[test]
    fn aws_s_quote_of_the_whole_map_is_cut() {
        let redaction = redaction(&["canary"]);
        let text = r#"exceeded the 4KB limit. String measured: {"A1":"another","B1":"canary"}"#;
        assert_eq!(redaction.text(text), "exceeded the 4KB limit. String measured:…");
    }

    #[test]
    fn a_value_goes_however_it_is_written() {
        let redaction = redaction(&["li\"ne\n1é", "1", "canary", "canary-2"]);
        for (text, expected) in [
            ("Value 'canary' is bad", "Value '…' is bad"),
            ("Value 'canary-2' is bad", "Value '…' is bad"),
            ("raw li\"ne\n1é", "raw …"),
            ("json li\\\"ne\\n1é", "json …"),
            ("ascii li\\\"ne\\n1\\u00e9", "ascii …"),
            ("shown li\"ne␊1é", "shown …"),
            ("line 11 of {A=1, B='1'}", "line 11 of {A=…, B='…'}"),
        ] {
            assert_eq!(redaction.text(text), expected);
        }
    }

    #[test]
    fn the_request_id_stays() {
        let mut error = Error::new(Kind::Invalid, "canary");
        error.request_id = Some("canary-id".into());
        let error = redaction(&["canary"]).error(error);
        assert_eq!((error.message.as_str(), error.request_id.as_deref()), ("…", Some("canary-id")));
    }

    #[test]
    fn debug_shows_no_value() {
        assert!(!format!("{:?}", redaction(&["canary"])).contains("canary"));
    }

    proptest! {
        #[test]
        fn no_value_is_left(
            values in proptest::collection::vec("[ab\"\\\\\n\u{1b}é…]{1,8}", 1..4),
            around in proptest::collection::vec("[ab\"\\\\\n\u{1b}é… ]{0,6}", 5),
            // How each of them is written.
            ways in proptest::collection::vec(0..3_u8, 4),
        ) {
            let secrets: Vec<Secret> = values.iter().map(|value| Secret::new(value.as_str())).collect();
            let redaction = Redaction::of(secrets.iter());
            let mut text = around[0].clone();
            for ((value, around), way) in values.iter().zip(&around[1..]).zip(&ways) {
                let json = serde_json::to_string(value).unwrap();
                match way {
                    0 => text.push_str(value),
                    1 => text.push_str(&json),
                    _ => text.push_str(&sanitise(value)),
                }
                text.push_str(around);
            }
            // As an error goes: once before it is sanitised, once after.
            let once = redaction.text(&text).into_owned();
            let left = redaction.text(&sanitise(&once)).into_owned();
            for value in values.iter().filter(|value| value.len() >= SHORT) {
                let json = serde_json::to_string(value).unwrap();
                let shown = sanitise(value);
                for form in [value.as_str(), &json[1..json.len() - 1], &*shown] {
                    prop_assert!(!left.contains(form), "{form:?} in {left:?}");
                }
            }
        }
    }
}
