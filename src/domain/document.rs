//! A JSON text and where its values are. Values are looked at in the text and never read into numbers or maps: no
//! number is rounded, keys keep their order, duplicates stay, and nothing recurses.

pub mod diff;
pub mod folds;
mod path;
mod string;
#[cfg(test)]
pub(super) mod tests;

use std::{borrow::Cow, fmt, ops::Range};

use super::{
    json::{self, string_end},
    needle::Needle,
};

/// What a value is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Kind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// A number, as it is written.
    Number,
    /// `true`
    True,
    /// `false`
    False,
    /// `null`
    Null,
}

impl Kind {
    /// Whether it is an object or an array.
    #[must_use]
    pub fn is_container(self) -> bool {
        matches!(self, Self::Object | Self::Array)
    }
}

/// A JSON text and the places of its values, the nodes, which are numbered in the order in which they begin. Node 0 is
/// the root. A number beyond the last node stands for the last one.
///
/// Takes 16 bytes for each node beside the text, and 16 more for each object and array. `Debug` shows sizes only.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    text: String,
    nodes: Vec<Node>,
    containers: Vec<Container>,
    /// Nodes with a backslash in their key or in their string, in order: what is searched for may be spelled
    /// differently there.
    escaped: Vec<u32>,
}

/// Offsets are in bytes.
#[derive(Clone, PartialEq, Eq)]
struct Node {
    start: u32,
    /// In an object: where the key begins. In an array: the index.
    place: u32,
    /// [`NONE`] for the root.
    parent: u32,
    /// A container's number in `containers`; for all else the offset behind it.
    more: u32,
}

#[derive(Clone, PartialEq, Eq)]
struct Container {
    /// The offset behind it.
    stop: u32,
    /// The first node behind the last one in it.
    end: u32,
    children: u32,
    depth: u32,
}

const NONE: u32 = u32::MAX;

impl Document {
    /// Reads a text.
    ///
    /// # Errors
    /// The first place where it is not JSON, as [`json::check`] tells it; a text of 4 GiB or more.
    pub fn read(text: String) -> Result<Self, json::Problem> {
        json::check(&text)?;
        if text.len() >= NONE as usize {
            return Err(json::Problem { line: 1, column: 1, message: "more than 4 GiB".into() });
        }
        Ok(Self::of_json(text))
    }

    /// Reads a text, or gives it back where it is not JSON.
    pub(super) fn read_or_back(text: String) -> Result<Self, String> {
        if text.len() >= NONE as usize || json::check(&text).is_err() {
            Err(text)
        } else {
            Ok(Self::of_json(text))
        }
    }

    /// Finds the values of a text that has been checked, of less than 4 GiB.
    fn of_json(text: String) -> Self {
        let (mut nodes, mut containers) = (Vec::<Node>::new(), Vec::<Container>::new());
        let mut escaped = Vec::new();
        // The containers that are open, outermost first, as numbers of nodes.
        let mut open = Vec::<u32>::new();
        let mut key = None;
        for (at, token) in json::tokens(&text) {
            let first = token.as_bytes()[0];
            let parent = open.last().map_or(NONE, |node| *node);
            match first {
                b',' | b':' => continue,
                b'}' | b']' => {
                    if let Some(node) = open.pop() {
                        let end = compact(nodes.len());
                        let container = &mut containers[nodes[node as usize].more as usize];
                        (container.stop, container.end) = (compact(at + 1), end);
                    }
                    continue;
                }
                _ => {}
            }
            if first == b'"'
                && memchr::memchr(b'\\', token.as_bytes()).is_some()
                && escaped.last() != Some(&compact(nodes.len()))
            {
                escaped.push(compact(nodes.len()));
            }
            let place = match nodes.get(parent as usize) {
                None => 0,
                Some(node) if text.as_bytes()[node.start as usize] == b'[' => {
                    containers[node.more as usize].children
                }
                Some(_) => match key.take() {
                    None => {
                        key = Some(compact(at));
                        continue;
                    }
                    Some(key) => key,
                },
            };
            let depth = match nodes.get(parent as usize) {
                None => 0,
                Some(node) => {
                    let parent = &mut containers[node.more as usize];
                    parent.children += 1;
                    parent.depth + 1
                }
            };
            let more = if matches!(first, b'{' | b'[') {
                open.push(compact(nodes.len()));
                containers.push(Container { stop: 0, end: 0, children: 0, depth });
                containers.len() - 1
            } else {
                at + token.len()
            };
            nodes.push(Node { start: compact(at), place, parent, more: compact(more) });
        }
        nodes.shrink_to_fit();
        containers.shrink_to_fit();
        Self { text, nodes, containers, escaped }
    }

    /// The text that was read, unchanged.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many nodes there are, at least one.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "a JSON text holds at least one value")]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// What the value is.
    #[must_use]
    pub fn kind(&self, n: usize) -> Kind {
        self.kind_of(self.node(n))
    }

    /// How many containers it is in.
    #[must_use]
    pub fn depth(&self, n: usize) -> usize {
        let parent = self.nodes.get(self.node(n).parent as usize).and_then(|parent| self.container(parent));
        parent.map_or(0, |parent| parent.depth as usize + 1)
    }

    /// The container that it is in.
    #[must_use]
    pub fn parent(&self, n: usize) -> Option<usize> {
        Some(self.node(n).parent).filter(|parent| *parent != NONE).map(|parent| parent as usize)
    }

    /// The first node behind it and all that is in it: the number of nodes where there is none.
    #[must_use]
    pub fn end(&self, n: usize) -> usize {
        let n = self.within(n);
        self.container(self.node(n)).map_or(n + 1, |container| container.end as usize)
    }

    /// How many values are directly in it.
    #[must_use]
    pub fn children(&self, n: usize) -> usize {
        self.container(self.node(n)).map_or(0, |container| container.children as usize)
    }

    /// The values directly in it, in order.
    pub fn children_of(&self, n: usize) -> impl Iterator<Item = usize> + '_ {
        let n = self.within(n);
        let (mut next, end) = (n + 1, self.end(n));
        std::iter::from_fn(move || {
            let child = next;
            (child < end).then(|| {
                next = self.end(child);
                child
            })
        })
    }

    /// The objects and arrays: node, depth and number of values directly in it.
    fn containers(&self) -> impl Iterator<Item = (usize, usize, usize)> + '_ {
        let containers = self.nodes.iter().enumerate();
        containers.filter_map(|(n, node)| {
            self.container(node).map(|it| (n, it.depth as usize, it.children as usize))
        })
    }

    /// The key that it has in its object, decoded; a surrogate without its other half becomes U+FFFD.
    #[must_use]
    pub fn key(&self, n: usize) -> Option<Cow<'_, str>> {
        self.raw_key(n).map(|key| string::decoded(unquoted(key)))
    }

    /// The key that it has in its object, for a row of a screen: decoded; of one longer than `most` bytes its beginning,
    /// as it is written and with `…` behind it. Looks no further.
    #[must_use]
    pub fn key_head(&self, n: usize, most: usize) -> Option<Cow<'_, str>> {
        let parent = self.nodes.get(self.node(n).parent as usize)?;
        if self.kind_of(parent) != Kind::Object {
            return None;
        }
        match self.long_key(n, most) {
            Some(head) => Some(format!("{}…", head.get(1..).unwrap_or_default()).into()),
            None => self.key(n),
        }
    }

    /// The key that it has in its object as it is written, with its quotes.
    #[must_use]
    pub fn raw_key(&self, n: usize) -> Option<&str> {
        let node = self.node(n);
        (self.kind_of(self.nodes.get(node.parent as usize)?) == Kind::Object).then(|| {
            let rest = &self.text[node.place as usize..];
            &rest[..string_end(rest)]
        })
    }

    /// The first `most` bytes of a key as it is written, where it is longer than that. Looks no further.
    fn long_key(&self, n: usize, most: usize) -> Option<&str> {
        let rest = &self.text[self.begin(self.within(n))..];
        let head = &rest[..rest.floor_char_boundary(most)];
        (head.len() < rest.len() && string_end(head) == head.len()).then_some(head)
    }

    /// The index, from 0, that it has in its array.
    #[must_use]
    pub fn index(&self, n: usize) -> Option<usize> {
        let node = self.node(n);
        let parent = self.nodes.get(node.parent as usize)?;
        (self.kind_of(parent) == Kind::Array).then_some(node.place as usize)
    }

    /// The value as it is written, to the last digit, white space inside it included.
    #[must_use]
    pub fn raw(&self, n: usize) -> &str {
        let node = self.node(n);
        let stop = self.container(node).map_or(node.more, |container| container.stop);
        &self.text[node.start as usize..stop as usize]
    }

    /// The content of a string, decoded; a surrogate without its other half becomes U+FFFD.
    #[must_use]
    pub fn string(&self, n: usize) -> Option<Cow<'_, str>> {
        (self.kind(n) == Kind::String).then(|| string::decoded(unquoted(self.raw(n))))
    }

    /// Where jq finds the value: `.Records[0].body."odd key"`, `.` for the root. Safe to show on a terminal: what must
    /// not get there is escaped. Of several values with the same key in an object, jq finds the last.
    #[must_use]
    pub fn path(&self, n: usize) -> String {
        path::whole(self, n)
    }

    /// The path in about `most` bytes: the end of a longer one, behind `…`. Takes time for these bytes only, however
    /// deep the node is.
    #[must_use]
    pub fn path_end(&self, n: usize, most: usize) -> String {
        path::bounded(self, n, most)
    }

    /// The next node behind `from`, or with `backwards` before it, whose key, string, number or literal holds
    /// `needle`; goes on at the other end, and `from` itself comes last. None where there is none, and for an empty
    /// needle.
    ///
    /// Letters are found in either case unless the needle holds a capital. Keys and strings are searched decoded, and
    /// with their quotes, so that `"id"` finds no `"identity"`.
    #[must_use]
    pub fn find(&self, needle: &str, from: usize, backwards: bool) -> Option<usize> {
        let needle = Needle::new(needle)?;
        let from = self.within(from);
        let [first, second] =
            if backwards { [0..from, from..self.len()] } else { [from + 1..self.len(), 0..from + 1] };
        let search = |nodes| self.search(&needle, nodes, backwards);
        search(first).or_else(|| search(second))
    }

    fn search(&self, needle: &Needle, nodes: Range<usize>, backwards: bool) -> Option<usize> {
        // In blocks, since a node in which something is escaped may be nearer than the next of the others.
        const BLOCK: usize = 4096;
        let mut blocks = nodes.clone().step_by(BLOCK).map(|start| start..nodes.end.min(start + BLOCK));
        if backwards {
            blocks.rev().find_map(|block| self.last_in(needle, block))
        } else {
            blocks.find_map(|block| self.first_in(needle, block))
        }
    }

    fn first_in(&self, needle: &Needle, nodes: Range<usize>) -> Option<usize> {
        let text = &self.text.as_bytes()[..self.begin(nodes.end)];
        let mut at = self.begin(nodes.start);
        let mut plain = None;
        while let Some(found) = needle.next(text, at) {
            let node = self.node_at(found.start);
            if self.holds_plainly(node, &found) {
                plain = Some(node);
                break;
            }
            at = if self.is_escaped(node) { self.begin(node + 1) } else { found.start + 1 };
        }
        let until = plain.unwrap_or(nodes.end);
        self.escaped_in(nodes.start..until)
            .iter()
            .map(|node| *node as usize)
            .find(|node| self.holds(needle, *node))
            .or(plain)
    }

    fn last_in(&self, needle: &Needle, nodes: Range<usize>) -> Option<usize> {
        let start = self.begin(nodes.start);
        let plain = needle
            .backwards(&self.text.as_bytes()[start..], self.begin(nodes.end) - start)
            .map(|found| start + found.start..start + found.end)
            .map(|found| (self.node_at(found.start), found))
            .find(|(node, found)| self.holds_plainly(*node, found))
            .map(|(node, _)| node);
        let from = plain.map_or(nodes.start, |node| node + 1);
        let mut escaped = self.escaped_in(from..nodes.end).iter().rev().map(|node| *node as usize);
        escaped.find(|node| self.holds(needle, *node)).or(plain)
    }

    /// The nodes of a range in which something is escaped.
    fn escaped_in(&self, nodes: Range<usize>) -> &[u32] {
        let position = |n: usize| self.escaped.partition_point(|node| (*node as usize) < n);
        let (start, end) = (position(nodes.start), position(nodes.end));
        self.escaped.get(start..end).unwrap_or_default()
    }

    /// Whether the key or the scalar of a node holds it, decoded.
    fn holds(&self, needle: &Needle, n: usize) -> bool {
        let found = |text: &str| needle.next(text.as_bytes(), 0).is_some();
        let found_decoded = |string: &str| found(&format!("\"{}\"", string::decoded(unquoted(string))));
        let scalar = || match self.kind(n) {
            Kind::Object | Kind::Array => false,
            Kind::String => found_decoded(self.raw(n)),
            _ => found(self.raw(n)),
        };
        self.raw_key(n).is_some_and(found_decoded) || scalar()
    }

    /// Whether a part of the text is within the key or the scalar of a node in which nothing is escaped.
    fn holds_plainly(&self, n: usize, part: &Range<usize>) -> bool {
        let inside = |content: Range<usize>| content.start <= part.start && part.end <= content.end;
        let node = self.node(n);
        let start = node.start as usize;
        if part.start < start {
            let key = node.place as usize;
            return self.raw_key(n).is_some_and(|text| inside(key..key + text.len())) && !self.is_escaped(n);
        }
        !self.kind_of(node).is_container() && inside(start..node.more as usize) && !self.is_escaped(n)
    }

    fn is_escaped(&self, n: usize) -> bool {
        self.escaped.binary_search(&compact(n)).is_ok()
    }

    /// The last node that begins, with its key, at an offset or before it.
    fn node_at(&self, offset: usize) -> usize {
        // The key, not the node, is what begins first: a node may be one too far.
        let n = self.nodes.partition_point(|node| node.start as usize <= offset);
        if n < self.len() && self.begin(n) <= offset { n } else { n.saturating_sub(1) }
    }

    /// Where a node begins in the text, with its key; the end of the text behind the last one.
    fn begin(&self, n: usize) -> usize {
        let Some(node) = self.nodes.get(n) else { return self.text.len() };
        match self.nodes.get(node.parent as usize) {
            Some(parent) if self.kind_of(parent) == Kind::Object => node.place as usize,
            _ => node.start as usize,
        }
    }

    fn within(&self, n: usize) -> usize {
        n.min(self.nodes.len() - 1)
    }

    fn node(&self, n: usize) -> &Node {
        &self.nodes[self.within(n)]
    }

    fn container(&self, node: &Node) -> Option<&Container> {
        self.kind_of(node).is_container().then(|| &self.containers[node.more as usize])
    }

    fn kind_of(&self, node: &Node) -> Kind {
        match self.text.as_bytes()[node.start as usize] {
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b'"' => Kind::String,
            b't' => Kind::True,
            b'f' => Kind::False,
            b'n' => Kind::Null,
            _ => Kind::Number,
        }
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({} bytes, {} nodes)", self.text.len(), self.len())
    }
}

/// The text of a string without its quotes.
fn unquoted(string: &str) -> &str {
    string.get(1..string.len().saturating_sub(1)).unwrap_or_default()
}

/// Texts are shorter than 4 GiB, so offsets and counts fit.
fn compact(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(NONE)
}
