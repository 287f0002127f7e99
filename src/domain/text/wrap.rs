//! Lines that are longer than the screen is wide.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::{beginning, width};

/// The pieces of a line that fit into `columns` columns each, as byte ranges: cut behind a blank where one is in the
/// last third of the room, else between two grapheme clusters. The blank at a cut is in neither piece. One piece at
/// least; a cluster that is wider than the room is a piece of its own.
///
/// Looks only as far as pieces are taken.
pub fn wrap(line: &str, columns: usize) -> impl Iterator<Item = Range<usize>> {
    let columns = columns.max(1);
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let start = next?;
        let rest = &line[start..];
        let (mut end, _) = beginning(rest, columns);
        if end == rest.len() {
            next = None;
            return Some(start..line.len());
        }
        if end == 0 {
            end = rest.graphemes(true).next().map_or(rest.len(), str::len);
        }
        let piece = &rest[..end];
        let blank = if rest[end..].starts_with(' ') {
            Some(end)
        } else {
            piece.rfind(' ').filter(|at| width(&piece[..*at]) * 3 >= columns * 2)
        };
        let (shown, behind) = blank.map_or((end, end), |at| (at, at + 1));
        next = (start + behind < line.len()).then_some(start + behind);
        Some(start..start + shown)
    })
}

/// How many pieces [`wrap`] makes of a line.
pub fn rows(line: &str, columns: usize) -> usize {
    // No text has more columns than bytes.
    if line.len() <= columns { 1 } else { wrap(line, columns).count() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn pieces(line: &str, columns: usize) -> Vec<&str> {
        wrap(line, columns).map(|range| &line[range]).collect()
    }

    #[rstest]
    #[case("", 5, &[""])]
    #[case("abc", 5, &["abc"])]
    #[case("abcdefgh", 3, &["abc", "def", "gh"])]
    #[case("one two three", 9, &["one two", "three"])]
    #[case("one two three", 7, &["one two", "three"])]
    #[case("a bcdefghijk", 6, &["a bcde", "fghijk"])]
    #[case("abc ", 3, &["abc"])]
    #[case("  indented", 80, &["  indented"])]
    #[case("日本語", 3, &["日", "本", "語"])]
    #[case("日本", 1, &["日", "本"])]
    #[case("e\u{301}e\u{301}", 1, &["e\u{301}", "e\u{301}"])]
    #[case("abc", 0, &["a", "b", "c"])]
    fn wraps(#[case] line: &str, #[case] columns: usize, #[case] expected: &[&str]) {
        assert_eq!(pieces(line, columns), expected);
        assert_eq!(rows(line, columns), expected.len());
    }

    #[test]
    fn a_long_line_is_looked_at_only_as_far_as_pieces_are_taken() {
        let line = "x".repeat(64 << 20);
        assert_eq!(wrap(&line, 80).take(3).map(|range| range.len()).sum::<usize>(), 240);
    }

    proptest! {
        #[test]
        fn nothing_but_blanks_at_cuts_is_lost(line in "[ a-cé日]{0,60}", columns in 1usize..12) {
            let joined: String = pieces(&line, columns).concat();
            prop_assert_eq!(joined.replace(' ', ""), line.replace(' ', ""));
            for piece in pieces(&line, columns) {
                prop_assert!(width(piece) <= columns.max(2), "{:?}", piece);
            }
            prop_assert_eq!(rows(&line, columns), pieces(&line, columns).len());
        }
    }
}
