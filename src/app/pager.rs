//! Where one is in a text that may have millions of lines: nothing here takes longer for a longer text.

use super::Action;
use crate::domain::text;

/// A text that is read line by line. No line is longer than a few kilobytes.
pub trait Lined {
    /// How many lines there are.
    fn count(&self) -> usize;
    /// The nth line, from 0; an empty one beyond the last.
    fn line(&self, nth: usize) -> &str;
}

impl Lined for crate::domain::lines::Lines {
    fn count(&self) -> usize {
        self.len()
    }

    fn line(&self, nth: usize) -> &str {
        self.get(nth)
    }
}

/// The topmost row on the screen, as the line it is of and the rows of that line that are above it. Long lines wrap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pager {
    /// The topmost line.
    pub line: usize,
    /// Its rows above the screen.
    pub hidden: usize,
}

impl Pager {
    /// Applies a movement, if the action is one. `size`: rows and columns.
    pub fn scroll(&mut self, action: &Action, text: &impl Lined, size: (usize, usize)) -> bool {
        let page = size.0.max(2) - 1;
        match action {
            Action::Up => self.up(1, text, size.1),
            Action::Down => self.down(1, text, size),
            Action::PageUp => self.up(page, text, size.1),
            Action::PageDown => self.down(page, text, size),
            Action::Top => *self = Self::default(),
            Action::Bottom => *self = Self::bottom(text, size),
            Action::Scroll(by) if *by < 0 => self.up(usize::from(by.unsigned_abs()), text, size.1),
            Action::Scroll(by) => self.down(usize::from(by.unsigned_abs()), text, size),
            _ => return false,
        }
        true
    }

    /// Makes a line visible, moving as little as it takes.
    pub fn show(&mut self, nth: usize, text: &impl Lined, size: (usize, usize)) {
        if nth < self.line || (nth == self.line && self.hidden > 0) {
            *self = Self { line: nth, hidden: 0 };
            return;
        }
        let lowest = Self { line: nth, hidden: text::rows(text.line(nth), size.1).saturating_sub(1) };
        let mut top = lowest;
        top.up(size.0.max(1) - 1, text, size.1);
        *self = (*self).max(top).min(Self { line: nth, hidden: 0 });
    }

    /// Makes one row visible, given as the position at which it would be the topmost one; moves as little as it takes.
    pub fn show_row(&mut self, row: Self, text: &impl Lined, size: (usize, usize)) {
        let mut top = row;
        top.up(size.0.max(1) - 1, text, size.1);
        *self = (*self).clamp(top, row);
    }

    /// What is on the screen where this was found for a screen of another size: never beyond the end.
    #[must_use]
    pub fn within(self, text: &impl Lined, size: (usize, usize)) -> Self {
        let at = self.min(Self::bottom(text, size));
        let rows = text::rows(text.line(at.line), size.1);
        Self { hidden: at.hidden.min(rows.saturating_sub(1)), ..at }
    }

    /// The position at which the last line is at the bottom of the screen.
    pub fn bottom(text: &impl Lined, (rows, columns): (usize, usize)) -> Self {
        let Some(last) = text.count().checked_sub(1) else { return Self::default() };
        let mut at = Self { line: last, hidden: text::rows(text.line(last), columns).saturating_sub(1) };
        at.up(rows.max(1) - 1, text, columns);
        at
    }

    fn up(&mut self, by: usize, text: &impl Lined, columns: usize) {
        let mut left = by;
        while left > self.hidden {
            let Some(above) = self.line.checked_sub(1) else {
                *self = Self::default();
                return;
            };
            left -= self.hidden + 1;
            *self = Self { line: above, hidden: text::rows(text.line(above), columns).saturating_sub(1) };
        }
        self.hidden -= left;
    }

    fn down(&mut self, by: usize, text: &impl Lined, size: (usize, usize)) {
        let mut left = by;
        while left > 0 && self.line < text.count() {
            let below =
                text::rows(text.line(self.line), size.1).saturating_sub(1).saturating_sub(self.hidden);
            if left <= below {
                self.hidden += left;
                break;
            }
            left -= below + 1;
            *self = Self { line: self.line + 1, hidden: 0 };
        }
        *self = (*self).min(Self::bottom(text, size));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::lines::Lines;

    /// All rows of a text, as positions.
    fn rows(text: &Lines, columns: usize) -> Vec<Pager> {
        (0..text.len())
            .flat_map(|line| {
                let rows = text::rows(text.get(line), columns).max(1);
                (0..rows).map(move |hidden| Pager { line, hidden })
            })
            .collect()
    }

    proptest! {
        #[test]
        fn it_moves_as_over_a_list_of_all_rows(
            lengths in proptest::collection::vec(0usize..30, 1..20),
            moves in proptest::collection::vec((0u8..7, -4i16..4), 0..40),
            height in 1usize..8,
            columns in 1usize..12,
        ) {
            let text = lengths.iter().map(|length| "x".repeat(*length) + "\n").collect::<String>();
            let text = Lines::new(text);
            let all = rows(&text, columns);
            let last = all.len().saturating_sub(height);
            let page = height.max(2) - 1;
            let (mut pager, mut expected) = (Pager::default(), 0usize);
            for (kind, by) in moves {
                let (action, to) = match kind {
                    0 => (Action::Up, expected.saturating_sub(1)),
                    1 => (Action::Down, expected + 1),
                    2 => (Action::PageUp, expected.saturating_sub(page)),
                    3 => (Action::PageDown, expected + page),
                    4 => (Action::Top, 0),
                    5 => (Action::Bottom, last),
                    _ => (Action::Scroll(by), expected.saturating_add_signed(by.into())),
                };
                expected = to.min(last);
                prop_assert!(pager.scroll(&action, &text, (height, columns)));
                prop_assert_eq!(pager, all[expected]);
            }
            for nth in 0..text.len() {
                pager.show(nth, &text, (height, columns));
                let top = all.iter().position(|row| *row == pager).unwrap();
                let seen = &all[top..(top + height).min(all.len())];
                prop_assert!(seen.iter().any(|row| row.line == nth));
            }
            for row in all.iter().chain(all.iter().rev()) {
                let before = pager;
                pager.show_row(*row, &text, (height, columns));
                let top = all.iter().position(|row| *row == pager).unwrap();
                prop_assert!(all[top..(top + height).min(all.len())].contains(row));
                let was = all.iter().position(|row| *row == before).unwrap();
                prop_assert!(pager == before || !all[was..(was + height).min(all.len())].contains(row));
            }
            let narrow = pager.within(&text, (height, columns + 3));
            prop_assert!(narrow <= Pager::bottom(&text, (height, columns + 3)));
            prop_assert_eq!(pager.within(&text, (height, columns)), pager.min(all[last]));
        }
    }
}
