//! Several lines to be typed, over the whole screen: a long value, a `.env` block, a list of layers.

use std::fmt;

use super::{
    Action,
    editor::{Editor, unix_lines},
    function::{configuration, environment},
};
use crate::domain::{dotenv, secret::Secret};

/// Several lines to be typed. They may be a secret: `Debug` shows their number only.
pub struct TextEditor {
    /// What is edited.
    pub title: String,
    /// What one should know.
    pub hint: String,
    /// The lines.
    pub editor: Editor,
    /// The topmost line and the leftmost column on the screen.
    pub scroll: (usize, usize),
    /// What is wrong with it.
    pub problem: Option<String>,
    /// What it is for.
    pub then: Then,
    /// Whether it is hidden until the next key: the focus was lost.
    pub masked: bool,
}

/// What the lines are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// The Environment tab asked.
    Environment(environment::Edited),
    /// The Configuration tab asked.
    Configuration(configuration::Edited),
}

impl fmt::Debug for TextEditor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextEditor")
            .field("title", &self.title)
            .field("lines", &self.editor.line_count())
            .field("then", &self.then)
            .finish_non_exhaustive()
    }
}

impl TextEditor {
    /// An editor that begins with a text; the cursor is at its end.
    pub fn new(title: impl Into<String>, hint: impl Into<String>, text: &str, then: Then) -> Self {
        // A tab that is typed into a value is one.
        let mut editor = Editor::new(text).with_hard_tabs();
        editor.go_to_end();
        let (title, hint) = (title.into(), hint.into());
        Self { title, hint, editor, scroll: (0, 0), problem: None, then, masked: false }
    }

    /// The text as it stands.
    pub fn text(&self) -> Secret {
        Secret::new(self.editor.text())
    }

    /// The line, from 1, that the problem is about, where it is about one.
    pub fn bad_line(&self) -> Option<usize> {
        let is_block = self.then == Then::Environment(environment::Edited::Block);
        let asked = is_block && self.problem.is_some();
        asked.then(|| dotenv::parse(self.text().reveal()).err()).flatten().map(|error| error.line)
    }

    /// Hides what may be a secret.
    pub(super) fn mask(&mut self) {
        self.masked = matches!(self.then, Then::Environment(_));
    }

    /// Scrolls as little as it takes to see the cursor.
    pub(super) fn follow_cursor(&mut self, (lines, columns): (usize, usize)) {
        let (line, column) = self.editor.place(self.editor.cursor());
        let keep = |top: usize, at: usize, room: usize| top.clamp((at + 1).saturating_sub(room.max(1)), at);
        self.scroll = (keep(self.scroll.0, line, lines), keep(self.scroll.1, column, columns));
    }

    /// Takes a key where so many lines and columns are on the screen.
    pub(super) fn handle(&mut self, action: &Action, room: (usize, usize)) {
        let page = room.0.max(2).cast_signed() - 1;
        match action {
            Action::Text(input) => {
                if self.editor.input(input) {
                    self.problem = None;
                }
            }
            Action::Paste(text) => {
                self.editor.insert(&unix_lines(text.reveal()));
                self.problem = None;
            }
            Action::PageDown => self.editor.go_lines(page),
            Action::PageUp => self.editor.go_lines(-page),
            Action::Undo => {
                self.editor.undo();
                self.problem = None;
            }
            Action::Redo => {
                self.editor.redo();
                self.problem = None;
            }
            _ => return,
        }
        self.masked = false;
        self.follow_cursor(room);
    }
}
