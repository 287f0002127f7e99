//! A long text cut into lines, for a pager.

use std::{fmt, ops::Range};

use unicode_segmentation::GraphemeCursor;

use super::needle::Needle;

/// A text cut into lines. Lines longer than [`Lines::PIECE`] bytes are cut once more, between grapheme clusters, so
/// that no line is expensive to draw. A line break at the very end begins no further line.
///
/// Text beyond 4 GiB is left out. `Debug` shows sizes only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Lines {
    text: String,
    /// Where each line begins, in bytes.
    starts: Vec<u32>,
    /// The lines that go on what the line before began, in order.
    continued: Vec<u32>,
}

impl Lines {
    /// The most bytes of a line.
    pub const PIECE: usize = 4096;

    /// Cuts a text, which is to be sanitised where it goes to a screen.
    #[must_use]
    pub fn new(mut text: String) -> Self {
        text.truncate(text.floor_char_boundary(u32::MAX as usize));
        let (mut starts, mut continued) = (Vec::new(), Vec::new());
        let mut at = 0;
        while at < text.len() {
            let end = memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |length| at + length);
            starts.push(compact(at));
            while end - at > Self::PIECE {
                at += piece(&text[at..end]);
                continued.push(compact(starts.len()));
                starts.push(compact(at));
            }
            at = end + 1;
        }
        starts.shrink_to_fit();
        Self { text, starts, continued }
    }

    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there is no line at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// A line, from 0, without its line break; nothing beyond the last.
    #[must_use]
    pub fn get(&self, n: usize) -> &str {
        if n >= self.len() {
            return "";
        }
        let line = &self.text[self.start(n)..self.start(n + 1)];
        line.strip_suffix('\n').unwrap_or(line)
    }

    /// Whether the line goes on what the line before it began.
    #[must_use]
    pub fn continues(&self, n: usize) -> bool {
        self.continued.binary_search(&compact(n)).is_ok()
    }

    /// The number, from 1, that the line has in the text.
    #[must_use]
    pub fn number(&self, n: usize) -> usize {
        n + 1 - self.continued.partition_point(|line| *line as usize <= n)
    }

    /// The next line behind `from`, or with `backwards` before it, in which an occurrence of `needle` begins; goes on
    /// at the other end, and `from` itself comes last. None where there is none, and for an empty needle.
    ///
    /// Letters are found in either case unless the needle holds a capital. Cuts don't hide anything.
    #[must_use]
    pub fn find(&self, needle: &str, from: usize, backwards: bool) -> Option<usize> {
        let needle = Needle::new(needle)?;
        let text = self.text.as_bytes();
        let found = if backwards {
            let before = |until| needle.backwards(text, until).next();
            before(self.start(from)).or_else(|| before(text.len()))
        } else {
            needle.next(text, self.start(from.saturating_add(1))).or_else(|| needle.next(text, 0))
        }?;
        Some(self.starts.partition_point(|start| *start as usize <= found.start).saturating_sub(1))
    }

    /// Where `needle` occurs in a line, in bytes: the occurrences that begin in it. One that a cut divides ends behind
    /// the line, in the one that goes on with it.
    pub fn occurrences<'l>(
        &'l self,
        n: usize,
        needle: &'l Needle,
    ) -> impl Iterator<Item = Range<usize>> + 'l {
        let (start, end) = (self.start(n), self.start(n + 1));
        let window = &self.text.as_bytes()[..self.text.len().min(end.saturating_add(needle.longest()))];
        let mut at = start;
        std::iter::from_fn(move || {
            let found = needle.next(window, at).filter(|found| found.start < end)?;
            at = found.end;
            Some(found.start - start..found.end - start)
        })
    }

    /// Like [`Lines::occurrences`], and what is in this line of one that begins in the line before. Nothing reaches
    /// beyond the line.
    #[must_use]
    pub fn marks(&self, n: usize, needle: &Needle) -> Vec<Range<usize>> {
        let length = self.get(n).len();
        let mut marks = Vec::new();
        if let Some(before) = n.checked_sub(1).filter(|_| self.continues(n)) {
            let cut = self.start(n) - self.start(before);
            let divided = self.occurrences(before, needle).last().filter(|found| found.end > cut);
            marks.extend(divided.map(|found| 0..(found.end - cut).min(length)));
        }
        marks.extend(self.occurrences(n, needle).map(|found| found.start..found.end.min(length)));
        marks
    }

    fn start(&self, n: usize) -> usize {
        self.starts.get(n).map_or(self.text.len(), |start| *start as usize)
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lines({} bytes, {} lines)", self.text.len(), self.len())
    }
}

/// The length of the first piece of a line that is too long.
fn piece(line: &str) -> usize {
    let end = line.floor_char_boundary(Lines::PIECE);
    // The line begins between two clusters, so nothing before it has a say.
    let mut cursor = GraphemeCursor::new(end, line.len(), true);
    if cursor.is_boundary(line, 0) == Ok(true) {
        return end;
    }
    match cursor.prev_boundary(line, 0) {
        Ok(Some(boundary)) if boundary > 0 => boundary,
        _ => end,
    }
}

/// Offsets and counts are kept in four bytes; texts are cut to what fits.
fn compact(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use unicode_segmentation::UnicodeSegmentation;

    use super::*;

    fn all(lines: &Lines) -> Vec<&str> {
        (0..lines.len()).map(|n| lines.get(n)).collect()
    }

    #[rstest]
    #[case("", &[])]
    #[case("a", &["a"])]
    #[case("a\n", &["a"])]
    #[case("\n", &[""])]
    #[case("a\n\nb", &["a", "", "b"])]
    fn cuts_at_line_breaks(#[case] text: &str, #[case] expected: &[&str]) {
        let lines = Lines::new(text.into());
        assert_eq!(all(&lines), expected);
        assert_eq!(lines.get(expected.len()), "");
        assert_eq!(lines.get(usize::MAX), "");
        assert!((0..lines.len()).all(|n| lines.number(n) == n + 1 && !lines.continues(n)));
    }

    #[test]
    fn a_long_line_keeps_its_number() {
        let lines = Lines::new(format!("first\n{}\nlast", "x".repeat(10_000)));
        assert_eq!(lines.len(), 5);
        let told: Vec<_> =
            (0..5).map(|n| (lines.number(n), lines.continues(n), lines.get(n).len())).collect();
        assert_eq!(told, [(1, false, 5), (2, false, 4096), (2, true, 4096), (2, true, 1808), (3, false, 4)]);
        assert_eq!(Lines::new("x".repeat(4096)).len(), 1);
    }

    #[rstest]
    #[case::combining("e\u{301}".repeat(5000))]
    #[case::flags("🇩🇪".repeat(5000))]
    #[case::odd_flags(format!("🇩{}", "🇩🇪".repeat(5000)))]
    #[case::wide("漢".repeat(5000))]
    fn a_cut_splits_no_cluster(#[case] text: String) {
        let lines = Lines::new(text.clone());
        assert!(lines.len() > 3);
        let clusters: Vec<&str> = all(&lines).into_iter().flat_map(|line| line.graphemes(true)).collect();
        assert!(clusters == text.graphemes(true).collect::<Vec<_>>());
    }

    #[test]
    fn even_one_endless_cluster_is_cut() {
        let text = format!("e{}", "\u{301}".repeat(1_000_000));
        let lines = Lines::new(text.clone());
        assert!((0..lines.len()).all(|n| lines.get(n).len() <= Lines::PIECE));
        assert!(all(&lines).concat() == text);
    }

    #[test]
    fn finds_the_next_line_and_goes_round() {
        let lines = Lines::new("one\nTwo two\nthree\ntwo".into());
        let find = |needle: &str, from, backwards| lines.find(needle, from, backwards);
        assert_eq!(find("two", 0, false), Some(1));
        assert_eq!(find("two", 1, false), Some(3));
        assert_eq!(find("two", 3, false), Some(1));
        assert_eq!(find("Two", 1, false), Some(1));
        assert_eq!(find("two", 0, true), Some(3));
        assert_eq!(find("two", 3, true), Some(1));
        assert_eq!(find("one", 0, true), Some(0));
        assert_eq!(find("TWO", 0, false), None);
        assert_eq!(find("", 0, false), None);
        assert_eq!(find("two", usize::MAX, false), Some(1));
        assert_eq!(find("two", usize::MAX, true), Some(3));
        assert_eq!(Lines::default().find("a", 0, true), None);
    }

    #[test]
    fn a_cut_hides_nothing() {
        let lines = Lines::new(format!("{}needle{}", "x".repeat(4093), "x".repeat(100)));
        assert_eq!(lines.len(), 2);
        for needle in ["needle", "eedle", "edlexx"] {
            assert_eq!(lines.find(needle, 1, false), Some(0));
            assert_eq!(lines.find(needle, 1, true), Some(0));
        }
        assert_eq!(lines.find("dlex", 0, false), Some(1));
    }

    #[test]
    fn a_cut_divides_what_is_marked() {
        let lines = Lines::new(format!("{}needle{} needle\nneedle", "x".repeat(4093), "x".repeat(10)));
        let needle = Needle::new("needle").unwrap();
        let marks: Vec<_> = (0..4).map(|n| lines.marks(n, &needle)).collect();
        let told: Vec<Vec<_>> =
            marks.iter().map(|marks| marks.iter().map(|mark| (mark.start, mark.end)).collect()).collect();
        assert_eq!(told, [vec![(4093, 4096)], vec![(0, 3), (14, 20)], vec![(0, 6)], vec![]]);
        let begin: Vec<_> = (0..3).map(|n| lines.occurrences(n, &needle).count()).collect();
        assert_eq!(begin, [1, 1, 1]);
    }

    #[test]
    fn debug_shows_sizes_only() {
        assert_eq!(format!("{:?}", Lines::new("canary\n".into())), "Lines(7 bytes, 1 lines)");
    }

    proptest! {
        #[test]
        fn agrees_with_a_plain_search(
            text in "[abA\n]{0,40}", needle in "[abA]{1,2}", from in 0..12_usize, backwards: bool
        ) {
            let lines = Lines::new(text.clone());
            let plain: Vec<&str> = text.lines().collect();
            prop_assert_eq!(all(&lines), plain.clone());
            let capital = needle.contains('A');
            let holds = |n: &usize| {
                if capital { plain[*n].contains(&needle) } else { plain[*n].to_ascii_lowercase().contains(&needle) }
            };
            let from = from.min(plain.len().saturating_sub(1));
            let mut order: Vec<usize> = (from + 1..plain.len()).chain(0..(from + 1).min(plain.len())).collect();
            if backwards {
                order = (0..from).rev().chain((from..plain.len()).rev()).collect();
            }
            prop_assert_eq!(lines.find(&needle, from, backwards), order.into_iter().find(holds));
        }
    }
}
