//! A cursor in a list that is longer than the screen.

/// Which row is selected and which one is on top of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The selected row.
    pub at: usize,
    /// The topmost row on the screen.
    pub top: usize,
}

impl Cursor {
    /// Moves by some rows.
    pub fn step(&mut self, by: isize, len: usize, height: usize) {
        self.go(self.at.saturating_add_signed(by), len, height);
    }

    /// Moves to a row, and scrolls as little as it takes to see it.
    pub fn go(&mut self, to: usize, len: usize, height: usize) {
        self.at = to.min(len.saturating_sub(1));
        let height = height.max(1);
        self.top = self.top.clamp((self.at + 1).saturating_sub(height), self.at);
        // No empty rows at the end while there are rows above.
        self.top = self.top.min(len.saturating_sub(height));
    }

    /// The rows on the screen.
    pub fn visible(&self, len: usize, height: usize) -> std::ops::Range<usize> {
        self.top.min(len)..(self.top + height).min(len)
    }

    /// Scrolls a text of which no line is selected.
    pub fn scroll(&mut self, action: &super::Action, len: usize, height: usize) -> bool {
        use super::Action;
        let page = isize::try_from(height.max(2) - 1).unwrap_or(1);
        let last = len.saturating_sub(height);
        let to = |by: isize| self.top.saturating_add_signed(by).min(last);
        self.top = match action {
            Action::Up => to(-1),
            Action::Down => to(1),
            Action::PageUp => to(-page),
            Action::PageDown => to(page),
            Action::Top => 0,
            Action::Bottom => last,
            Action::Scroll(rows) => to(isize::from(*rows)),
            _ => return false,
        };
        true
    }

    /// Applies a movement, if the action is one.
    pub fn handle(&mut self, action: &super::Action, len: usize, height: usize) -> bool {
        use super::Action;
        let page = isize::try_from(height.max(2) - 1).unwrap_or(1);
        match action {
            Action::Up => self.step(-1, len, height),
            Action::Down => self.step(1, len, height),
            Action::PageUp => self.step(-page, len, height),
            Action::PageDown => self.step(page, len, height),
            Action::Top => self.go(0, len, height),
            Action::Bottom => self.go(usize::MAX, len, height),
            Action::Scroll(rows) => self.step(isize::from(*rows), len, height),
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::Cursor;

    #[test]
    fn scrolls_only_as_far_as_it_must() {
        let mut cursor = Cursor::default();
        cursor.step(4, 100, 5);
        assert_eq!((cursor.at, cursor.top), (4, 0));
        cursor.step(1, 100, 5);
        assert_eq!((cursor.at, cursor.top), (5, 1));
        cursor.step(-1, 100, 5);
        assert_eq!((cursor.at, cursor.top), (4, 1));
        cursor.go(usize::MAX, 100, 5);
        assert_eq!((cursor.at, cursor.top), (99, 95));
        cursor.go(99, 3, 5);
        assert_eq!((cursor.at, cursor.top), (2, 0));
        cursor.go(0, 0, 5);
        assert_eq!((cursor.at, cursor.top), (0, 0));
        cursor.step(1, 10, 0);
        assert_eq!(cursor.at, 1);
    }
}
