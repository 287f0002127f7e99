//! Two functions, versions or aliases side by side.

use super::{Remote, list::Cursor};
use crate::domain::{
    compare::{Comparison, Row, Side},
    text::{self, width},
};

/// A comparison on the screen.
#[derive(Debug)]
pub struct Comparing {
    /// What is compared.
    pub sides: [Side; 2],
    /// What it came to.
    pub result: Remote<Comparison>,
    /// Only what differs.
    pub differences_only: bool,
    /// Scroll position.
    pub cursor: Cursor,
}

/// A line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// A group, and how many of its rows differ.
    Group(&'a str, usize, usize),
    /// A row.
    Row(&'a Row),
}

/// Columns of the table: mark, name, left, right. Where there is little room left and right stand below the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Widths {
    /// The mark, with its word where there is room for one.
    pub mark: usize,
    /// The name.
    pub name: usize,
    /// Each of the sides.
    pub side: usize,
    /// Whether the sides stand below the name.
    pub stacked: bool,
}

/// Columns between two cells.
pub const GAP: usize = 2;

impl Comparing {
    /// A comparison that is going to be read.
    pub fn new(sides: [Side; 2]) -> Self {
        Self { sides, result: Remote::default(), differences_only: false, cursor: Cursor::default() }
    }

    /// What stands above each side.
    pub fn titles(&self) -> [String; 2] {
        match &self.result.value {
            Some(comparison) => comparison.titles.clone(),
            None => self.sides.each_ref().map(Side::typed),
        }
    }

    /// How many rows differ, and how many there are.
    pub fn counts(&self) -> (usize, usize) {
        let rows = self.result.value.as_ref().map_or(&[][..], |comparison| &comparison.rows);
        (rows.iter().filter(|row| !row.equal).count(), rows.len())
    }

    /// What is shown: group by group, in each what differs first.
    pub fn lines(&self) -> Vec<Line<'_>> {
        let rows = self.result.value.as_ref().map_or(&[][..], |comparison| &comparison.rows);
        let mut groups: Vec<&str> = Vec::new();
        for row in rows {
            if !groups.contains(&row.group) {
                groups.push(row.group);
            }
        }
        let mut lines = Vec::new();
        for group in groups {
            let of = || rows.iter().filter(|row| row.group == group);
            let differing = of().filter(|row| !row.equal).count();
            if self.differences_only && differing == 0 {
                continue;
            }
            lines.push(Line::Group(group, differing, of().count()));
            lines.extend(of().filter(|row| !row.equal).map(Line::Row));
            if !self.differences_only {
                lines.extend(of().filter(|row| row.equal).map(Line::Row));
            }
        }
        lines
    }

    /// The columns of the table where there are so many.
    pub fn widths(&self, columns: usize) -> Widths {
        let rows = self.result.value.as_ref().map_or(&[][..], |comparison| &comparison.rows);
        let longest = rows.iter().map(|row| width(&row.name)).max().unwrap_or_default();
        // "≠ differs" where there is room for the word.
        let mark = if columns >= 100 { 9 } else { 1 };
        let stacked = columns < 56;
        if stacked {
            let name = columns.saturating_sub(mark + GAP).max(1);
            return Widths { mark, name, side: name.saturating_sub(2).max(1), stacked };
        }
        let name = longest.clamp(8, (columns / 4).max(8));
        let side = columns.saturating_sub(mark + name + 3 * GAP) / 2;
        Widths { mark, name, side: side.max(1), stacked }
    }

    /// The rows of the screen above the table: the titles, as far as they take, and the counts.
    pub fn head_rows(&self, columns: usize) -> usize {
        let widths = self.widths(columns);
        let titles = self.titles();
        let rows = titles.iter().map(|title| text::rows(title, widths.side).min(3));
        1 + if widths.stacked { rows.sum::<usize>() } else { rows.max().unwrap_or_default() }
    }

    /// The rows of the screen that the table takes.
    pub fn rows(&self, columns: usize) -> usize {
        let widths = self.widths(columns);
        self.lines().iter().map(|line| widths.rows(line)).sum()
    }
}

/// What one side of a row says.
pub fn cell(text: Option<&str>) -> &str {
    match text {
        None => "(not there)",
        Some("") => "(empty)",
        Some(text) => text,
    }
}

impl Widths {
    /// The rows of the screen that a line takes.
    pub fn rows(&self, line: &Line) -> usize {
        let Line::Row(row) = line else { return 1 };
        let name = text::rows(&row.name, self.name);
        let sides = [&row.left, &row.right].map(|side| text::rows(cell(side.as_deref()), self.side));
        if !self.stacked {
            return name.max(sides[0]).max(sides[1]);
        }
        // What is the same on both sides is said once.
        if row.equal && row.left == row.right { name + sides[0] } else { name + sides[0] + sides[1] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(group: &'static str, name: &str, left: Option<&str>, right: Option<&str>, equal: bool) -> Row {
        Row {
            group,
            name: name.into(),
            left: left.map(str::to_owned),
            right: right.map(str::to_owned),
            equal,
        }
    }

    fn comparing() -> Comparing {
        let mut comparing = Comparing::new(["a".parse().unwrap(), "b".parse().unwrap()]);
        comparing.result.value = Some(Comparison {
            titles: ["a".into(), "b".into()],
            rows: vec![
                row("Configuration", "Memory", Some("512 MB"), Some("512 MB"), true),
                row("Configuration", "Timeout", Some("3 s"), Some("30 s"), false),
                row("Tags", "team", Some("x"), Some("x"), true),
            ],
        });
        comparing
    }

    #[test]
    fn what_differs_comes_first_in_its_group() {
        let mut comparing = comparing();
        assert_eq!(comparing.counts(), (1, 3));
        let names = |comparing: &Comparing| {
            comparing
                .lines()
                .iter()
                .map(|line| match line {
                    Line::Group(group, differing, all) => format!("{group} {differing}/{all}"),
                    Line::Row(row) => row.name.clone(),
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&comparing), ["Configuration 1/2", "Timeout", "Memory", "Tags 0/1", "team"]);
        comparing.differences_only = true;
        assert_eq!(names(&comparing), ["Configuration 1/2", "Timeout"]);
    }

    #[test]
    fn the_columns_never_take_more_than_there_are() {
        let comparing = comparing();
        for columns in 12..300 {
            let widths = comparing.widths(columns);
            let used = if widths.stacked {
                widths.mark + GAP + widths.name.max(widths.side + 2)
            } else {
                widths.mark + widths.name + 2 * widths.side + 3 * GAP
            };
            assert!(used <= columns, "{columns}: {widths:?}");
        }
    }
}
