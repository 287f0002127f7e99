//! Test events that are kept under a name: whose they are and what they may be called.

use std::fmt;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::text::sanitise;

/// Most characters of a name.
pub const MAX_NAME: usize = 80;

/// Most bytes of an event: the largest payload that Lambda takes.
pub const MAX_BYTES: usize = 6 * 1024 * 1024;

/// The name of an event that came from a file whose own name can't be one.
const IMPORTED: &str = "imported";

/// Whose event it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owner {
    /// Of the function with this name, in whatever account and region.
    Function(String),
    /// Offered for all functions.
    Shared,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Function(name) => f.write_str(&sanitise(name)),
            Self::Shared => f.write_str("all functions"),
        }
    }
}

/// A saved event as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedEvent {
    /// Whose it is.
    pub owner: Owner,
    /// Its name; see [`check_name`].
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// When it was saved last.
    pub modified: Timestamp,
}

/// Stands for the content of an event: what was read can be told from what is there later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of a content. 6 MB take some milliseconds.
    pub fn of(content: &str) -> Self {
        Self(Sha256::digest(content.as_bytes()).into())
    }
}

/// Whether an event may have this name: 1 to [`MAX_NAME`] characters of any script, none at either end that is blank,
/// none that doesn't show (but joiners, which some scripts and emoji are written with).
///
/// # Errors
/// What is wrong with it, to be shown to whoever typed it.
pub fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("a name is wanted".into());
    }
    if name.trim() != name {
        return Err("a name can't begin or end with a blank".into());
    }
    let count = name.chars().count();
    if count > MAX_NAME {
        return Err(format!("a name has at most {MAX_NAME} characters, not {count}"));
    }
    match name.chars().find(|character| !shows(*character)) {
        Some(hidden) => Err(format!("a name can't hold U+{:04X}, which doesn't show", u32::from(hidden))),
        None => Ok(()),
    }
}

/// A name made of a text that may be none, such as a file's name.
pub fn name_of(text: &str) -> String {
    let shown: String = text.chars().filter(|character| shows(*character)).collect();
    let cut: String = shown.trim().chars().take(MAX_NAME).collect();
    let name = cut.trim();
    if check_name(name).is_ok() { name.to_owned() } else { IMPORTED.to_owned() }
}

fn shows(character: char) -> bool {
    // Zero width non-joiner and joiner, combining marks and variation selectors: they need a neighbour.
    if matches!(character, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}') {
        return true;
    }
    let behind_a_base = format!("o{character}");
    sanitise(&behind_a_base) == behind_a_base
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("order")]
    #[case("../x")]
    #[case("con")]
    #[case(".")]
    #[case("two words, ünï: 日本 / 😀")]
    #[case("👨\u{200d}👩\u{200d}👧 ⚠\u{fe0f}")]
    #[case("می\u{200c}خواهم")]
    #[case("e\u{301}")]
    fn names_are_of_any_script(#[case] name: &str) {
        assert_eq!(check_name(name), Ok(()));
        assert_eq!(name_of(name), name);
    }

    #[rstest]
    #[case("", "wanted")]
    #[case(" x", "blank")]
    #[case("x\u{a0}", "blank")]
    #[case("a\nb", "U+000A")]
    #[case("a\u{1b}[2J", "U+001B")]
    #[case("a\u{202e}b", "U+202E")]
    #[case("a\u{7f}", "U+007F")]
    #[case("a\u{2028}b", "U+2028")]
    fn what_does_not_show_is_no_name(#[case] name: &str, #[case] says: &str) {
        let problem = check_name(name).unwrap_err();
        assert!(problem.contains(says), "{problem}");
        assert_eq!(sanitise(&problem), problem);
        assert_eq!(check_name(&name_of(name)), Ok(()));
    }

    #[test]
    fn a_name_has_a_largest_size_in_characters() {
        assert_eq!(check_name(&"😀".repeat(80)), Ok(()));
        assert!(check_name(&"x".repeat(81)).is_err());
        assert_eq!(name_of(&"x".repeat(81)), "x".repeat(80));
        assert_eq!(name_of("\u{1b}"), "imported");
    }

    #[test]
    fn a_fingerprint_tells_contents_apart() {
        assert_eq!(Fingerprint::of("{}"), Fingerprint::of("{}"));
        assert_ne!(Fingerprint::of("{}"), Fingerprint::of("{} "));
    }
}
