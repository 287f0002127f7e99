//! A text of several lines that is edited: an event, a long value, a `.env` block.
//!
//! It is one string with an index of its lines, so that a key costs about as much as moving the text behind the
//! cursor: far less than a millisecond for the 6 MB that Lambda takes, be it one line or 200,000. (The text area of
//! `ratatui-textarea`, which the one-line fields use, measures every character of the text again at each key.)
//!
//! Every change is one step that can be taken back, whatever its size.

mod history;
mod input;

use std::{fmt, ops::Range};

use unicode_segmentation::GraphemeCursor;

use self::history::{History, Step};

/// A text that is edited, with a cursor, a selection, and what can be taken back. Lines end with `\n`. `Debug` shows
/// the size only.
#[derive(Clone, Default)]
pub struct Editor {
    text: String,
    /// The offsets at which the lines begin, without the first, which begins at 0.
    breaks: Vec<usize>,
    cursor: usize,
    /// Where the selection began, whose other end is the cursor.
    anchor: Option<usize>,
    /// The column that going up and down keeps.
    wanted: Option<usize>,
    history: History,
    /// What was cut last.
    cut: String,
    hard_tabs: bool,
    revision: u64,
}

impl fmt::Debug for Editor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Editor")
            .field("bytes", &self.text.len())
            .field("lines", &self.line_count())
            .field("cursor", &self.cursor)
            .finish_non_exhaustive()
    }
}

impl Editor {
    /// An editor that begins with a text; the cursor is at its beginning.
    pub fn new(text: &str) -> Self {
        Self { breaks: breaks(text, 0).collect(), text: text.to_owned(), ..Self::default() }
    }

    /// An editor whose tab key writes a tab instead of blanks.
    #[must_use]
    pub fn with_hard_tabs(mut self) -> Self {
        self.hard_tabs = true;
        self
    }

    /// The text as it stands.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many lines there are: at least one.
    pub fn line_count(&self) -> usize {
        self.breaks.len() + 1
    }

    /// The nth line, from 0, without its end; the last one where there are fewer.
    pub fn line(&self, nth: usize) -> &str {
        &self.text[self.line_range(nth)]
    }

    /// Where the nth line, from 0, begins and ends, in bytes.
    pub fn line_range(&self, nth: usize) -> Range<usize> {
        let nth = nth.min(self.breaks.len());
        let start = nth.checked_sub(1).map_or(0, |before| self.breaks[before]);
        start..self.breaks.get(nth).map_or(self.text.len(), |next| next - 1)
    }

    /// Where the cursor is, in bytes.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// The line, and the column in characters, of an offset; both from 0.
    pub fn place(&self, offset: usize) -> (usize, usize) {
        let line = self.breaks.partition_point(|start| *start <= offset);
        let start = self.line_range(line).start;
        (line, self.text[start..offset].chars().count())
    }

    /// The offset of a line and a column in characters, both from 0; the nearest one where there is no such place.
    pub fn offset(&self, line: usize, column: usize) -> usize {
        let range = self.line_range(line);
        range.start + skip(&self.text[range], column)
    }

    /// What is selected, in bytes; `None` where that is nothing.
    pub fn selection(&self) -> Option<Range<usize>> {
        let anchor = self.anchor?;
        (anchor != self.cursor).then(|| anchor.min(self.cursor)..anchor.max(self.cursor))
    }

    /// A number that is another one after each change of the text.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// How many changes lie behind: it falls when one is taken back.
    pub fn steps(&self) -> u64 {
        self.history.position()
    }

    /// Puts the cursor somewhere; nothing is selected then.
    pub fn go(&mut self, offset: usize) {
        self.anchor = None;
        self.wanted = None;
        self.cursor = self.text.floor_char_boundary(offset);
    }

    /// Puts the cursor behind the text.
    pub fn go_to_end(&mut self) {
        self.go(self.text.len());
    }

    /// Moves the cursor by lines; it keeps its column where the line is long enough.
    pub fn go_lines(&mut self, by: isize) {
        self.anchor = None;
        self.vertically(by);
    }

    /// Replaces what is selected by a text, or writes it where the cursor is, in one step. Answers whether that
    /// changed anything.
    pub fn insert(&mut self, text: &str) -> bool {
        let range = self.selection().unwrap_or(self.cursor..self.cursor);
        self.change(range, text.to_owned())
    }

    /// Replaces the whole text, in one step; the cursor goes to its beginning. Answers whether that changed anything.
    pub fn replace(&mut self, text: String) -> bool {
        if text == self.text {
            return false;
        }
        self.anchor = None;
        let step = Step { at: 0, inserted: text.len(), cursor: self.cursor, removed: String::new() };
        let removed = self.splice(0..self.text.len(), text);
        self.history.push(Step { removed, ..step });
        self.go(0);
        true
    }

    /// Takes the last change back. Answers whether there was one.
    pub fn undo(&mut self) -> bool {
        let Some(step) = self.history.take_done() else { return false };
        let cursor = step.cursor;
        let back = self.apply(step);
        self.history.push_undone(back);
        self.go(cursor);
        true
    }

    /// Makes the change again that was taken back last. Answers whether there was one.
    pub fn redo(&mut self) -> bool {
        let Some(step) = self.history.take_undone() else { return false };
        let cursor = step.at + step.removed.len();
        let back = self.apply(step);
        self.history.push_done(back);
        self.go(cursor);
        true
    }

    /// Does the opposite of a step, and answers with the opposite of that.
    fn apply(&mut self, step: Step) -> Step {
        let cursor = self.cursor;
        let inserted = step.removed.len();
        let removed = self.splice(step.at..step.at + step.inserted, step.removed);
        Step { at: step.at, removed, inserted, cursor }
    }

    fn change(&mut self, range: Range<usize>, text: String) -> bool {
        self.anchor = None;
        self.wanted = None;
        if range.is_empty() && text.is_empty() {
            return false;
        }
        let step =
            Step { at: range.start, inserted: text.len(), cursor: self.cursor, removed: String::new() };
        let behind = range.start + text.len();
        let removed = self.splice(range, text);
        self.history.push(Step { removed, ..step });
        self.cursor = behind;
        true
    }

    /// Types one character: a word that is typed is one step.
    fn type_in(&mut self, character: char) {
        let before = self.text[..self.cursor].chars().next_back();
        let within_word = character.is_alphanumeric() && before.is_some_and(char::is_alphanumeric);
        let joins = within_word && self.selection().is_none() && self.history.ends_with_typing(self.cursor);
        if joins {
            self.anchor = None;
            self.wanted = None;
            self.splice(self.cursor..self.cursor, character.to_string());
            self.history.lengthen(character.len_utf8());
            self.cursor += character.len_utf8();
        } else {
            let range = self.selection().unwrap_or(self.cursor..self.cursor);
            self.change(range, character.to_string());
            self.history.begin_typing();
        }
    }

    /// Replaces a range and answers with what was there.
    fn splice(&mut self, range: Range<usize>, text: String) -> String {
        self.revision += 1;
        if range == (0..self.text.len()) {
            self.breaks = breaks(&text, 0).collect();
            return std::mem::replace(&mut self.text, text);
        }
        let first = self.breaks.partition_point(|start| *start <= range.start);
        let last = self.breaks.partition_point(|start| *start <= range.end);
        for start in &mut self.breaks[last..] {
            *start = *start - range.len() + text.len();
        }
        self.breaks.splice(first..last, breaks(&text, range.start));
        let removed = self.text[range.clone()].to_owned();
        self.text.replace_range(range, &text);
        removed
    }

    fn vertically(&mut self, by: isize) {
        let (line, column) = self.place(self.cursor);
        let column = self.wanted.unwrap_or(column);
        let to = line.saturating_add_signed(by).min(self.breaks.len());
        self.cursor = self.offset(to, column);
        self.wanted = Some(column);
    }

    /// The end of the character, as people count them, that begins at an offset.
    fn behind(&self, offset: usize) -> usize {
        let next = GraphemeCursor::new(offset, self.text.len(), true).next_boundary(&self.text, 0);
        next.ok().flatten().unwrap_or(self.text.len())
    }

    /// The beginning of the character, as people count them, that ends at an offset.
    fn before(&self, offset: usize) -> usize {
        let previous = GraphemeCursor::new(offset, self.text.len(), true).prev_boundary(&self.text, 0);
        previous.ok().flatten().unwrap_or_default()
    }
}

/// The offset in bytes behind so many characters.
pub fn skip(text: &str, characters: usize) -> usize {
    // A line may have 6 MB: counting the characters of a block is far faster than going over them.
    const BLOCK: usize = 4096;
    let (mut at, mut left) = (0, characters);
    while at < text.len() {
        let block = &text[at..text.floor_char_boundary(at + BLOCK)];
        let count = block.chars().count();
        if count > left {
            return at + block.char_indices().nth(left).map_or(0, |(within, _)| within);
        }
        at += block.len();
        left -= count;
    }
    at
}

/// Where lines begin behind the line ends of a text that itself begins at `from`.
fn breaks(text: &str, from: usize) -> impl Iterator<Item = usize> {
    memchr::memchr_iter(b'\n', text.as_bytes()).map(move |at| from + at + 1)
}

/// Terminals paste the ends of lines as carriage returns.
pub(super) fn unix_lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

#[cfg(test)]
mod tests;
