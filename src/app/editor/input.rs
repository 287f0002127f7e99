//! The editing keys: those of most editors, and those of Emacs and the shell. Undo and redo are in the table of
//! bindings, for people look for them.

use tui_textarea::{Input, Key};

use super::Editor;

/// Columns between the stops of the tab key.
const TAB: usize = 2;

impl Editor {
    /// Takes a key. Answers whether the text changed.
    pub fn input(&mut self, input: &Input) -> bool {
        let Input { key, ctrl, alt, shift } = *input;
        if let Some(to) = self.target(key, ctrl, alt) {
            self.move_to(to, shift && !matches!(key, Key::Char(_)));
            return false;
        }
        match (key, ctrl, alt) {
            (Key::Up, false, false) | (Key::Char('p'), true, false) => self.go_vertically(-1, shift),
            (Key::Down, false, false) | (Key::Char('n'), true, false) => self.go_vertically(1, shift),
            (Key::Enter, _, _) | (Key::Char('\n' | '\r'), false, false) | (Key::Char('m'), true, false) => {
                return self.insert("\n");
            }
            (Key::Char(character), false, false) => {
                self.type_in(character);
                return true;
            }
            (Key::Tab, false, false) => return self.insert_tab(),
            (Key::Backspace, false, false) | (Key::Char('h'), true, false) => {
                return self.delete_to(self.before(self.cursor), false);
            }
            (Key::Delete, false, false) | (Key::Char('d'), true, false) => {
                return self.delete_to(self.behind(self.cursor), false);
            }
            (Key::Char('k'), true, false) => {
                let end = self.line_end();
                let to = if end == self.cursor { self.behind(end) } else { end };
                return self.delete_to(to, true);
            }
            (Key::Char('j'), true, false) => {
                let start = self.line_start();
                let to = if start == self.cursor { self.before(start) } else { start };
                return self.delete_to(to, true);
            }
            (Key::Char('w') | Key::Backspace, true, false)
            | (Key::Backspace | Key::Char('h'), false, true) => {
                return self.delete_to(self.word_before(), true);
            }
            (Key::Delete, true, false) | (Key::Delete | Key::Char('d'), false, true) => {
                return self.delete_to(self.word_behind(), true);
            }
            (Key::Char('x'), true, false) | (Key::Cut, ..) => {
                return self.selection().is_some() && self.delete_to(self.cursor, true);
            }
            (Key::Char('w'), false, true) | (Key::Copy, ..) => {
                if let Some(range) = self.selection() {
                    self.text[range].clone_into(&mut self.cut);
                }
                self.anchor = None;
            }
            (Key::Char('v'), true, false) | (Key::Paste, ..) => {
                let cut = std::mem::take(&mut self.cut);
                let changed = self.insert(&cut);
                self.cut = cut;
                return changed;
            }
            _ => {}
        }
        false
    }

    /// Where a key that moves the cursor, other than by lines, moves it to.
    fn target(&self, key: Key, ctrl: bool, alt: bool) -> Option<usize> {
        Some(match (key, ctrl, alt) {
            (Key::Left, false, false) | (Key::Char('b'), true, false) => self.before(self.cursor),
            (Key::Right, false, false) => self.behind(self.cursor),
            (Key::Left, true, false) | (Key::Char('b') | Key::Left, false, true) => self.word_before(),
            (Key::Right, true, false) | (Key::Char('f') | Key::Right, false, true) => self.word_behind(),
            (Key::Home, false, _) | (Key::Char('a'), true, false) => self.line_start(),
            (Key::End, false, _) | (Key::Char('e'), true, false) => self.line_end(),
            (Key::Home | Key::Up, true, _) | (Key::Char('<'), false, true) => 0,
            (Key::End | Key::Down, true, _) | (Key::Char('>'), false, true) => self.text.len(),
            _ => return None,
        })
    }

    fn select(&mut self, selecting: bool) {
        self.anchor = selecting.then(|| self.anchor.unwrap_or(self.cursor));
    }

    fn move_to(&mut self, to: usize, selecting: bool) {
        self.select(selecting);
        self.wanted = None;
        self.cursor = to;
    }

    fn go_vertically(&mut self, by: isize, selecting: bool) {
        self.select(selecting);
        self.vertically(by);
    }

    /// Deletes what is selected, or else what is between the cursor and an offset.
    fn delete_to(&mut self, offset: usize, cut: bool) -> bool {
        let range = self.selection().unwrap_or_else(|| self.cursor.min(offset)..self.cursor.max(offset));
        if cut && !range.is_empty() {
            self.text[range.clone()].clone_into(&mut self.cut);
        }
        self.change(range, String::new())
    }

    fn insert_tab(&mut self) -> bool {
        if self.hard_tabs {
            return self.insert("\t");
        }
        let at = self.selection().map_or(self.cursor, |range| range.start);
        let (_, column) = self.place(at);
        self.insert(&" ".repeat(TAB - column % TAB))
    }

    fn line_start(&self) -> usize {
        self.text[..self.cursor].rfind('\n').map_or(0, |at| at + 1)
    }

    fn line_end(&self) -> usize {
        let behind = memchr::memchr(b'\n', &self.text.as_bytes()[self.cursor..]);
        behind.map_or(self.text.len(), |at| self.cursor + at)
    }

    fn word_before(&self) -> usize {
        let before = &self.text[..self.cursor];
        let word = before.trim_end_matches(|c: char| !c.is_alphanumeric());
        word.trim_end_matches(char::is_alphanumeric).len()
    }

    fn word_behind(&self) -> usize {
        let behind = &self.text[self.cursor..];
        let rest = behind.trim_start_matches(|c: char| !c.is_alphanumeric());
        self.text.len() - rest.trim_start_matches(char::is_alphanumeric).len()
    }
}
