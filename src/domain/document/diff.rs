//! What is different between two JSON texts, by structure: layout, the order of keys and the spelling of strings don't
//! count; the order of values does, and so does each digit.

mod align;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    hash::{BuildHasher, Hasher, RandomState},
};

use super::{Document, Kind, compact, string, unquoted};
use crate::domain::{json, text::sanitise};

/// What became of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    /// It is only in the second text.
    Added,
    /// It is only in the first.
    Removed,
    /// It is another value in the second.
    Changed,
}

/// One difference. Paths and values are sanitised, and bounded in length. `Debug` shows no part of either.
#[derive(Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where, as [`Document::path`] tells it of the second text, or of the first for what was removed. Of more than
    /// [`LONGEST_PATH`] bytes only the end.
    pub path: String,
    /// What became of it.
    pub mark: Mark,
    /// The first text's value as it is written there, without white space between tokens: the beginning, and `…`
    /// where there are more than [`LONGEST_VALUE`] characters; of two strings that begin alike the part in which they
    /// differ, behind `…`. None where it was added.
    pub before: Option<String>,
    /// The second text's value. None where it was removed.
    pub after: Option<String>,
    /// The first text's node.
    pub before_node: Option<usize>,
    /// The second text's node.
    pub after_node: Option<usize>,
}

/// About how many bytes of a path are kept.
pub const LONGEST_PATH: usize = 1000;
/// How many characters of a value are kept.
pub const LONGEST_VALUE: usize = 200;

impl fmt::Debug for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Difference")
            .field("mark", &self.mark)
            .field("before_node", &self.before_node)
            .field("after_node", &self.after_node)
            .finish_non_exhaustive()
    }
}

/// The differences of two texts.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Differences {
    /// In the order of the first text; what was added to an object comes behind the rest of it.
    pub list: Vec<Difference>,
    /// How many there are beyond the list.
    pub more: usize,
}

impl Differences {
    /// Whether the texts say the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty() && self.more == 0
    }
}

/// Compares two texts; lists at most `most` differences and counts the rest.
///
/// - Objects: by key, whatever the order. The first of several values with one key is compared to the first of them in
///   the other object, and so on.
/// - Arrays: equal values are aligned (the longest common subsequence, within bounds; beyond them by index), and what
///   lies between two pairs of equal values is compared by index.
/// - Numbers are equal where their texts are: `1` became `1.0`. Strings are compared decoded.
///
/// Takes time in proportion to the size of the texts, times the logarithm of the largest container.
#[must_use]
pub fn diff(before: &Document, after: &Document, most: usize) -> Differences {
    let state = RandomState::new();
    let sides = [Side::new(before, &state), Side::new(after, &state)];
    let mut budget = align::Budget::default();
    let mut found = Differences::default();
    // What is still to be looked at, the next last.
    let mut steps = vec![Step::Compare(0, 0)];
    while let Some(step) = steps.pop() {
        if let Step::Compare(a, b) = step {
            if sides[0].prints[a as usize] == sides[1].prints[b as usize] {
                continue;
            }
            let first = steps.len();
            match (before.kind(a as usize), after.kind(b as usize)) {
                (Kind::Object, Kind::Object) => members(&sides, a, b, &mut steps),
                (Kind::Array, Kind::Array) => elements(&sides, a, b, &mut budget, &mut steps),
                _ => {
                    found.add(step, before, after, most);
                    continue;
                }
            }
            steps[first..].reverse();
        } else {
            found.add(step, before, after, most);
        }
    }
    found
}

impl Differences {
    fn add(&mut self, step: Step, before: &Document, after: &Document, most: usize) {
        if self.list.len() >= most {
            self.more += 1;
            return;
        }
        let (mark, a, b) = match step {
            Step::Compare(a, b) => (Mark::Changed, Some(a), Some(b)),
            Step::Remove(a) => (Mark::Removed, Some(a), None),
            Step::Add(b) => (Mark::Added, None, Some(b)),
        };
        let [a, b] = [a, b].map(|node| node.map(|node| node as usize));
        let path = match (a, b) {
            (_, Some(node)) => after.path_end(node, LONGEST_PATH),
            (Some(node), None) => before.path_end(node, LONGEST_PATH),
            (None, None) => return,
        };
        let alike = match (a, b) {
            (Some(a), Some(b)) if before.kind(a) == Kind::String && after.kind(b) == Kind::String => {
                alike(before.raw(a), after.raw(b))
            }
            _ => 0,
        };
        let shown = |raw: &str| if alike > 0 { shown_from(raw, alike) } else { shown(raw) };
        self.list.push(Difference {
            path,
            mark,
            before: a.map(|node| shown(before.raw(node))),
            after: b.map(|node| shown(after.raw(node))),
            before_node: a,
            after_node: b,
        });
    }
}

/// What is to be done with a node of the first text, of the second, or one of each.
#[derive(Clone, Copy)]
enum Step {
    Compare(u32, u32),
    Remove(u32),
    Add(u32),
}

/// One of the two texts, with a fingerprint of each value.
struct Side<'d> {
    document: &'d Document,
    state: &'d RandomState,
    /// Equal where the values are. 64 bits of a keyed hash: that two values that differ have the same one is not to
    /// be expected, and can't be brought about by whoever wrote them.
    prints: Vec<u64>,
}

impl<'d> Side<'d> {
    fn new(document: &'d Document, state: &'d RandomState) -> Self {
        let mut side = Self { document, state, prints: vec![0; document.len()] };
        let (mut scratch, mut members) = (Vec::new(), Vec::new());
        // Backwards: what is in a container comes before the container.
        for n in (0..document.len()).rev() {
            let mut hasher = state.build_hasher();
            let kind = document.kind(n);
            hasher.write_u8(kind as u8);
            match kind {
                Kind::Object => {
                    side.members(n, &mut members);
                    for (key, node) in &members {
                        hasher.write_u64(*key);
                        hasher.write_u64(side.prints[*node as usize]);
                    }
                }
                Kind::Array => {
                    for child in document.children_of(n) {
                        hasher.write_u64(side.prints[child]);
                    }
                }
                Kind::String => hasher.write(string::exact(unquoted(document.raw(n)), &mut scratch)),
                Kind::Number => hasher.write(document.raw(n).as_bytes()),
                Kind::True | Kind::False | Kind::Null => {}
            }
            side.prints[n] = hasher.finish();
        }
        side
    }

    /// The members of an object: fingerprint of the key, and node. In the order of the fingerprints, so that the order
    /// in the text doesn't count; those with the same key in the order of the text.
    fn members(&self, n: usize, members: &mut Vec<(u64, u32)>) {
        let mut scratch = Vec::new();
        members.clear();
        members.extend(self.document.children_of(n).map(|child| {
            let key = self.document.raw_key(child).map(unquoted).unwrap_or_default();
            let mut hasher = self.state.build_hasher();
            hasher.write(string::exact(key, &mut scratch));
            (hasher.finish(), compact(child))
        }));
        members.sort_unstable();
    }
}

/// Pairs the members of two objects by key.
fn members([before, after]: &[Side; 2], a: u32, b: u32, steps: &mut Vec<Step>) {
    let (mut old, mut new) = (Vec::new(), Vec::new());
    before.members(a as usize, &mut old);
    after.members(b as usize, &mut new);
    let mut added = Vec::new();
    let mut kept = Vec::with_capacity(old.len());
    let mut new = new.into_iter().peekable();
    for (key, node) in old {
        while let Some((_, other)) = new.next_if(|(other, _)| *other < key) {
            added.push(other);
        }
        match new.next_if(|(other, _)| *other == key) {
            Some((_, other)) => kept.push((node, Some(other))),
            None => kept.push((node, None)),
        }
    }
    added.extend(new.map(|(_, node)| node));
    kept.sort_unstable();
    added.sort_unstable();
    for (node, other) in kept {
        match other {
            None => steps.push(Step::Remove(node)),
            Some(other) if before.prints[node as usize] != after.prints[other as usize] => {
                steps.push(Step::Compare(node, other));
            }
            Some(_) => {}
        }
    }
    steps.extend(added.into_iter().map(Step::Add));
}

/// Pairs the elements of two arrays.
fn elements([before, after]: &[Side; 2], a: u32, b: u32, budget: &mut align::Budget, steps: &mut Vec<Step>) {
    let nodes = |side: &Side, n: u32| -> Vec<usize> { side.document.children_of(n as usize).collect() };
    let (old, new) = (nodes(before, a), nodes(after, b));
    let prints =
        |side: &Side, nodes: &[usize]| -> Vec<u64> { nodes.iter().map(|n| side.prints[*n]).collect() };
    let pairs = align::equal_pairs(&prints(before, &old), &prints(after, &new), budget);
    let (mut i, mut j) = (0, 0);
    for (next_i, next_j) in pairs.into_iter().chain([(old.len(), new.len())]) {
        let together = (next_i - i).min(next_j - j);
        for offset in 0..together {
            steps.push(Step::Compare(compact(old[i + offset]), compact(new[j + offset])));
        }
        steps.extend(old[i + together..next_i].iter().map(|node| Step::Remove(compact(*node))));
        steps.extend(new[j + together..next_j].iter().map(|node| Step::Add(compact(*node))));
        (i, j) = (next_i + 1, next_j + 1);
    }
}

/// Characters that two strings have in common before they differ, which are shown to tell the place.
const CONTEXT: usize = 20;

/// The bytes at the beginning of two strings that need not be shown, since the strings differ far behind them.
fn alike(one: &str, other: &str) -> usize {
    let same = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let same = one.floor_char_boundary(same);
    let context = one[..same].char_indices().rev().nth(CONTEXT - 1).map_or(0, |(at, _)| at);
    // A few characters more or less are not worth a mark in their place.
    if context > CONTEXT { context } else { 0 }
}

/// A string from a byte on, behind `…`.
fn shown_from(raw: &str, from: usize) -> String {
    let rest = raw.get(from..).unwrap_or_default();
    let end = rest.char_indices().nth(LONGEST_VALUE).map_or(rest.len(), |(at, _)| at);
    let mark = if end < rest.len() { "…" } else { "" };
    format!("…{}{mark}", sanitise(&rest[..end]))
}

/// The beginning of a value on one line.
fn shown(raw: &str) -> String {
    let mut piece = String::new();
    let mut left = LONGEST_VALUE;
    let mut is_cut = false;
    for (_, token) in json::tokens(raw) {
        if let Some((end, _)) = token.char_indices().nth(left) {
            piece.push_str(&token[..end]);
            is_cut = true;
            break;
        }
        left -= token.chars().count();
        piece.push_str(token);
    }
    let mut piece = sanitise(&piece).into_owned();
    if is_cut {
        piece.push('…');
    }
    piece
}
