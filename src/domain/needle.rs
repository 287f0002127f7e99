//! What is searched for in a text: letters in either case, unless one of them is a capital ("smart case").

use std::{fmt, ops::Range};

use memchr::memmem::Finder;
use regex::bytes::{Regex, RegexBuilder};

/// A text that is searched for. Searching is linear in what is looked at.
pub struct Needle {
    matcher: Matcher,
    /// The most bytes that an occurrence takes. The other case of a letter may be longer: `k` is also found as `K`,
    /// the Kelvin sign.
    longest: usize,
}

enum Matcher {
    Exact(Box<Finder<'static>>),
    AnyCase(Regex),
}

/// Of what is pasted, more bytes than this are searched for as they are: an expression for them would be too large.
const LONGEST_ANY_CASE: usize = 1000;

impl Needle {
    /// None where there is nothing to search for.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        let any_case = || {
            let mut pattern = RegexBuilder::new(&regex::escape(text));
            pattern.case_insensitive(true).build().ok()
        };
        let is_exact = text.len() > LONGEST_ANY_CASE || text.chars().any(char::is_uppercase);
        let matcher = if is_exact { None } else { any_case().map(Matcher::AnyCase) };
        let matcher = matcher.unwrap_or_else(|| Matcher::Exact(Box::new(Finder::new(text).into_owned())));
        let longest = match matcher {
            Matcher::Exact(_) => text.len(),
            Matcher::AnyCase(_) => text.chars().count() * 4,
        };
        Some(Self { matcher, longest })
    }

    /// The most bytes that an occurrence takes.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// Where it occurs in a line, in bytes; occurrences don't overlap.
    pub fn matches<'n>(&'n self, text: &'n str) -> impl Iterator<Item = Range<usize>> + 'n {
        let mut at = 0;
        std::iter::from_fn(move || {
            let found = self.next(text.as_bytes(), at)?;
            at = found.end;
            Some(found)
        })
    }

    /// The first occurrence that begins at `from` or later.
    pub(super) fn next(&self, text: &[u8], from: usize) -> Option<Range<usize>> {
        match &self.matcher {
            Matcher::Exact(finder) => {
                let at = from + finder.find(text.get(from..)?)?;
                Some(at..at + finder.needle().len())
            }
            Matcher::AnyCase(regex) if from <= text.len() => {
                regex.find_at(text, from).map(|found| found.range())
            }
            Matcher::AnyCase(_) => None,
        }
    }

    /// The occurrences that begin before `until`, the last one first.
    pub(super) fn backwards<'n>(
        &'n self,
        text: &'n [u8],
        until: usize,
    ) -> impl Iterator<Item = Range<usize>> + 'n {
        // An expression is searched for forwards only: so this goes back block by block, and forwards in each.
        const BLOCK: usize = 64 * 1024;
        let mut until = until.min(text.len());
        let mut found = Vec::new();
        std::iter::from_fn(move || {
            while found.is_empty() && until > 0 {
                let start = until.saturating_sub(BLOCK);
                let window = &text[..text.len().min(until + self.longest - 1)];
                let mut at = start;
                while let Some(range) = self.next(window, at).filter(|range| range.start < until) {
                    at = range.start + 1;
                    found.push(range);
                }
                until = start;
            }
            found.pop()
        })
    }
}

impl fmt::Debug for Needle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Needle").field("longest", &self.longest).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("error", "Error: an ERROR, no terror", &[0, 10, 21])]
    #[case("Error", "Error: an ERROR, no terror", &[0])]
    #[case("a.c", "abc a.c A.C", &[4, 8])]
    #[case("é", "É é e", &[0, 3])]
    #[case("aa", "aaaaa", &[0, 2])]
    fn small_letters_are_found_in_either_case(
        #[case] needle: &str,
        #[case] text: &str,
        #[case] starts: &[usize],
    ) {
        let needle = Needle::new(needle).unwrap();
        assert_eq!(needle.matches(text).map(|found| found.start).collect::<Vec<_>>(), starts);
    }

    #[test]
    fn nothing_is_found_nowhere_and_much_is_found_too() {
        assert!(Needle::new("").is_none());
        for length in [LONGEST_ANY_CASE / 2, 100_000] {
            let long = "é".repeat(length);
            let found = Needle::new(&long).unwrap().matches(&format!("a{long}")).next();
            assert_eq!(found, Some(1..2 * length + 1));
        }
        assert!(!format!("{:?}", Needle::new("hunter2")).contains("hunter"));
    }

    #[test]
    fn backwards_sees_over_the_edges_of_its_blocks() {
        for at in [0, 65_530, 65_536, 131_070, 199_994] {
            let mut text = "-".repeat(200_000);
            text.replace_range(at..at + 6, "Needle");
            for needle in ["needle", "Needle"] {
                let needle = Needle::new(needle).unwrap();
                let found = |until| needle.backwards(text.as_bytes(), until).next();
                assert_eq!(found(200_000), Some(at..at + 6));
                assert_eq!(found(at + 1), Some(at..at + 6));
                assert_eq!(found(at), None);
            }
        }
    }

    proptest! {
        #[test]
        fn backwards_is_forwards_in_reverse(text in "[abAkKé]{0,30}", needle in "[abAkKé]{1,3}", until in 0..40_usize) {
            let needle = Needle::new(&needle).unwrap();
            let mut forwards = Vec::new();
            let mut at = 0;
            while let Some(found) = needle.next(text.as_bytes(), at).filter(|found| found.start < until) {
                at = found.start + 1;
                forwards.push(found);
            }
            forwards.reverse();
            prop_assert_eq!(needle.backwards(text.as_bytes(), until).collect::<Vec<_>>(), forwards);
        }
    }
}
