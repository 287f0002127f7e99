//! Which objects and arrays of a tree are closed, and the rows that are left to see.

use std::fmt;

use super::{Document, compact};

/// Which containers are closed, and the nodes that are visible. A container in which there is nothing is never closed.
///
/// Every method that takes a document takes the one that this was made for. Takes 4 bytes for each visible node and a
/// bit for each of all.
#[derive(Clone, PartialEq, Eq)]
pub struct Folds {
    /// A bit for each node.
    closed: Vec<u64>,
    /// In order.
    rows: Vec<u32>,
}

impl Folds {
    /// Documents of up to so many nodes begin open.
    pub const SMALL: usize = 1000;
    /// In larger ones, containers with more children than this begin closed.
    pub const MANY: usize = 1000;
    /// In larger ones, containers at this depth and below begin closed.
    pub const DEEP: usize = 2;

    /// How a document is first seen: a small one open, of a large one the first levels. The root is always open.
    #[must_use]
    pub fn new(document: &Document) -> Self {
        let large = document.len() > Self::SMALL;
        Self::with(document, |depth, children| {
            large && depth > 0 && (depth >= Self::DEEP || children > Self::MANY)
        })
    }

    fn with(document: &Document, is_closed: impl Fn(usize, usize) -> bool) -> Self {
        let mut folds = Self { closed: vec![0; document.len().div_ceil(64)], rows: Vec::new() };
        for (n, depth, children) in document.containers() {
            if children > 0 && is_closed(depth, children) {
                folds.set(n, true);
            }
        }
        folds.rows.push(0);
        folds.show_inside(document, 0);
        folds
    }

    /// The visible nodes, in order.
    #[must_use]
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// Whether a container is closed.
    #[must_use]
    pub fn is_closed(&self, n: usize) -> bool {
        self.closed.get(n / 64).is_some_and(|bits| bits >> (n % 64) & 1 == 1)
    }

    /// The row of a node, where it is visible.
    #[must_use]
    pub fn row_of(&self, n: usize) -> Option<usize> {
        self.rows.binary_search(&compact(n)).ok()
    }

    /// The row of a node, or of the closed container that hides it.
    #[must_use]
    pub fn row_near(&self, n: usize) -> usize {
        // What is visible and begins last before a hidden node is the container that hides it.
        self.rows.partition_point(|row| *row as usize <= n).saturating_sub(1)
    }

    /// Opens a closed container, closes an open one. Anything else stays as it is.
    pub fn toggle(&mut self, document: &Document, n: usize) {
        if document.children(n) == 0 || n >= document.len() {
            return;
        }
        let close = !self.is_closed(n);
        self.set(n, close);
        if close {
            self.hide_inside(document, n);
        } else {
            self.show_inside(document, n);
        }
    }

    /// Opens everything.
    pub fn open_all(&mut self, document: &Document) {
        *self = Self::with(document, |_, _| false);
    }

    /// Closes everything in the root. The root itself is opened: closed, it would show nothing.
    pub fn close_all(&mut self, document: &Document) {
        *self = Self::with(document, |depth, _| depth > 0);
    }

    /// Opens what a node is in, so that it is visible.
    pub fn open_to(&mut self, document: &Document, n: usize) {
        let mut outermost = None;
        let mut parent = document.parent(n);
        while let Some(container) = parent {
            if self.is_closed(container) {
                self.set(container, false);
                outermost = Some(container);
            }
            parent = document.parent(container);
        }
        if let Some(outermost) = outermost {
            self.show_inside(document, outermost);
        }
    }

    fn set(&mut self, n: usize, closed: bool) {
        if let Some(bits) = self.closed.get_mut(n / 64) {
            let bit = 1 << (n % 64);
            *bits = if closed { *bits | bit } else { *bits & !bit };
        }
    }

    fn hide_inside(&mut self, document: &Document, n: usize) {
        let position = |n: usize| self.rows.partition_point(|row| (*row as usize) < n);
        let (start, end) = (position(n + 1), position(document.end(n)));
        self.rows.drain(start..end);
    }

    /// Adds the rows in a container that has been opened; none where it is hidden itself.
    fn show_inside(&mut self, document: &Document, n: usize) {
        let Some(row) = self.row_of(n).filter(|_| !self.is_closed(n)) else { return };
        let mut inside = Vec::new();
        let (mut next, end) = (n + 1, document.end(n));
        while next < end {
            inside.push(compact(next));
            next = if self.is_closed(next) { document.end(next) } else { next + 1 };
        }
        let behind = row + 1;
        self.rows.splice(behind..behind, inside);
    }
}

impl fmt::Debug for Folds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let closed: u32 = self.closed.iter().map(|bits| bits.count_ones()).sum();
        write!(f, "Folds({closed} closed, {} rows)", self.rows.len())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::{collection::vec, prelude::*};

    use super::{super::tests::Model, *};

    fn document(text: &str) -> Document {
        Document::read(text.into()).unwrap()
    }

    /// The nodes that no closed container holds.
    fn visible(document: &Document, closed: &BTreeSet<usize>) -> Vec<u32> {
        let is_visible = |n: &usize| {
            let mut above = document.parent(*n);
            while let Some(container) = above {
                if closed.contains(&container) {
                    return false;
                }
                above = document.parent(container);
            }
            true
        };
        (0..document.len()).filter(is_visible).map(compact).collect()
    }

    #[test]
    fn opens_and_closes() {
        let document = document(r#"{"a":[1,[2,3]],"b":{},"c":4}"#);
        let mut folds = Folds::new(&document);
        assert_eq!(folds.rows(), [0, 1, 2, 3, 4, 5, 6, 7]);
        folds.toggle(&document, 3);
        folds.toggle(&document, 1);
        assert_eq!(folds.rows(), [0, 1, 6, 7]);
        assert_eq!(
            (folds.row_of(6), folds.row_of(4), folds.row_near(4), folds.row_near(7)),
            (Some(2), None, 1, 3)
        );
        // Neither empty nor a scalar: nothing to close.
        folds.toggle(&document, 6);
        folds.toggle(&document, 7);
        folds.toggle(&document, 1000);
        assert_eq!(folds.rows(), [0, 1, 6, 7]);
        folds.toggle(&document, 1);
        assert_eq!(folds.rows(), [0, 1, 2, 3, 6, 7]);
        folds.close_all(&document);
        assert_eq!(folds.rows(), [0, 1, 6, 7]);
        folds.open_to(&document, 5);
        assert_eq!(folds.rows(), [0, 1, 2, 3, 4, 5, 6, 7]);
        folds.toggle(&document, 0);
        assert_eq!(folds.rows(), [0]);
        folds.open_all(&document);
        assert_eq!(folds.rows().len(), document.len());
    }

    #[test]
    fn of_a_large_document_the_first_levels_are_seen() {
        let document = document(&format!(
            r#"{{"small":[1,[2]],"many":[{}0],"record":{{"tags":{{"a":1}}}}}}"#,
            "0,".repeat(Folds::MANY)
        ));
        let folds = Folds::new(&document);
        let paths: Vec<_> = folds.rows().iter().map(|n| document.path(*n as usize)).collect();
        assert_eq!(paths, [".", ".small", ".small[0]", ".small[1]", ".many", ".record", ".record.tags"]);
        let closed =
            |path: &str| folds.is_closed((0..document.len()).find(|n| document.path(*n) == path).unwrap());
        assert!(closed(".small[1]") && closed(".many") && closed(".record.tags"));
        assert!(!closed(".record") && !closed("."));
    }

    #[test]
    fn depth_takes_no_stack() {
        let document = document(&("[".repeat(10_000) + &"]".repeat(10_000)));
        let mut folds = Folds::new(&document);
        assert_eq!(folds.rows(), [0, 1, 2]);
        folds.open_to(&document, 9_999);
        assert_eq!(folds.row_of(9_999), Some(9_999));
        folds.close_all(&document);
        assert_eq!(folds.rows(), [0, 1]);
        folds.open_all(&document);
        assert_eq!(folds.rows().len(), 10_000);
        assert_eq!(format!("{folds:?}"), "Folds(0 closed, 10000 rows)");
    }

    proptest! {
        #[test]
        fn rows_are_those_that_nothing_hides(model in Model::any(false), steps in vec((0..6_u8, 0..30_usize), 0..20)) {
            let document = model.document();
            let mut folds = Folds::new(&document);
            let containers = || (0..document.len()).filter(|n| document.children(*n) > 0);
            let mut closed = BTreeSet::new();
            for (what, n) in steps {
                let n = n % document.len();
                match what {
                    0 => {
                        folds.open_all(&document);
                        closed.clear();
                    }
                    1 => {
                        folds.close_all(&document);
                        closed = containers().filter(|n| *n > 0).collect();
                    }
                    2 => {
                        folds.open_to(&document, n);
                        closed.retain(|it| !(*it < n && n < document.end(*it)));
                        prop_assert!(folds.row_of(n).is_some());
                    }
                    _ => {
                        folds.toggle(&document, n);
                        if document.children(n) > 0 && !closed.remove(&n) {
                            closed.insert(n);
                        }
                    }
                }
                let rows = visible(&document, &closed);
                prop_assert_eq!(folds.rows(), &rows[..]);
                for n in 0..document.len() {
                    prop_assert_eq!(folds.is_closed(n), closed.contains(&n));
                    let row = rows.iter().position(|row| *row as usize == n);
                    prop_assert_eq!(folds.row_of(n), row);
                    let near = rows[folds.row_near(n)] as usize;
                    prop_assert!(near <= n && n < document.end(near) && (near == n || closed.contains(&near)));
                }
            }
        }
    }
}
