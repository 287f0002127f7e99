//! A text field of one line.

use std::fmt;

use tui_textarea::{CursorMove, Input, TextArea};

use crate::domain::text::sanitise;

/// One line of text with a cursor. What is typed may be a secret: its `Debug` shows the length only.
#[derive(Clone, Default)]
pub struct Field(TextArea<'static>);

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Field({} bytes)", self.text().len())
    }
}

impl Field {
    /// What was typed.
    pub fn text(&self) -> &str {
        self.0.lines().first().map_or("", String::as_str)
    }

    /// The cursor's place, counted in characters.
    pub fn cursor(&self) -> usize {
        self.0.cursor().1
    }

    /// Replaces the text; the cursor goes to its end.
    pub fn set(&mut self, text: &str) {
        self.0 = TextArea::new(vec![sanitise(text).into_owned()]);
        self.0.move_cursor(CursorMove::End);
    }

    /// Takes a key. Answers whether the text changed.
    pub fn input(&mut self, input: Input) -> bool {
        use tui_textarea::Key;
        match input.key {
            Key::Enter | Key::Tab => false,
            Key::Char('m' | 'j') if input.ctrl => false,
            _ => self.0.input(input),
        }
    }

    /// Takes pasted text; line breaks become visible marks.
    pub fn paste(&mut self, text: &str) -> bool {
        self.0.insert_str(sanitise(text.trim_end()))
    }

    /// Takes a text of one line as it is.
    pub fn insert(&mut self, text: &str) -> bool {
        self.0.insert_str(text)
    }

    /// What stands before the cursor, and what behind it.
    pub fn around_cursor(&self) -> (&str, &str) {
        let text = self.text();
        text.split_at(text.char_indices().nth(self.cursor()).map_or(text.len(), |(at, _)| at))
    }
}
