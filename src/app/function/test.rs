//! The Test tab: an event, and the answer it got.

use std::fmt;

use jiff::Timestamp;
use tui_textarea::{CursorMove, TextArea};

use crate::{
    app::{Action, list::Cursor},
    cloud,
    domain::{
        invocation::{Answer, InvocationType},
        json,
        text::{self, sanitise_bytes, sanitise_lines},
    },
};

/// The event that a test starts from.
pub const FIRST_EVENT: &str = "{\n  \"key\": \"value\"\n}";

/// Up to this size in bytes the event is checked at each key; a larger one when it is sent.
const CHECKED_AS_TYPED: usize = 256 * 1024;

/// The tab's part of the state. Its `Debug` shows sizes, not the event.
pub struct TestPane {
    /// The event being written.
    pub editor: TextArea<'static>,
    /// The topmost line and leftmost column of the editor on the screen.
    pub scroll: (usize, usize),
    /// Whether the editor has the focus.
    pub editing: bool,
    /// Why the event is not JSON, as far as it is known.
    pub problem: Option<json::Problem>,
    /// When the key that sends was last pressed.
    pub(in crate::app) pressed_at: Option<Timestamp>,
    /// What the last invocation came to.
    pub outcome: Option<Outcome>,
    /// Scroll position of the answer.
    pub cursor: Cursor,
}

/// What an invocation came to. Its `Debug` leaves the response out.
pub struct Outcome {
    /// When.
    pub at: Timestamp,
    /// The answer, or why there is none.
    pub result: Result<Answer, cloud::Error>,
    /// Response and log tail as lines to read, sanitised.
    pub lines: Vec<AnswerLine>,
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outcome").field("at", &self.at).field("result", &self.result).finish_non_exhaustive()
    }
}

/// A line of the answer.
#[derive(Clone, PartialEq, Eq)]
pub enum AnswerLine {
    /// A part's title.
    Title(&'static str),
    /// A line of the response.
    Response(String),
    /// A line of the log tail.
    Log(String),
}

impl AnswerLine {
    /// Its text.
    pub fn text(&self) -> &str {
        match self {
            Self::Title(text) => text,
            Self::Response(text) | Self::Log(text) => text,
        }
    }

    /// The rows it takes where there are so many columns: long lines wrap.
    pub fn rows(&self, columns: usize) -> usize {
        text::rows(self.text(), columns)
    }
}

impl fmt::Debug for TestPane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestPane")
            .field("event_bytes", &self.size())
            .field("editing", &self.editing)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

impl TestPane {
    /// A test that starts from an event.
    pub fn new(event: &str) -> Self {
        let mut pane = Self {
            editor: TextArea::default(),
            scroll: (0, 0),
            editing: false,
            problem: None,
            pressed_at: None,
            outcome: None,
            cursor: Cursor::default(),
        };
        pane.set_event(event);
        pane
    }

    /// Replaces the event.
    pub fn set_event(&mut self, text: &str) {
        self.editor = TextArea::from(text.lines());
        self.check();
    }

    /// The event as it would be sent.
    pub fn event(&self) -> String {
        self.editor.lines().join("\n")
    }

    /// The event's size in bytes.
    pub fn size(&self) -> usize {
        let lines = self.editor.lines();
        lines.iter().map(String::len).sum::<usize>() + lines.len().saturating_sub(1)
    }

    /// Looks whether the event may be sent.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn sendable(&mut self) -> Result<String, String> {
        let limit = InvocationType::RequestResponse.payload_limit();
        if self.size() > limit {
            return Err(format!("the event has {} bytes, Lambda takes {limit}", self.size()));
        }
        let event = self.event();
        self.problem = json::check(&event).err();
        match &self.problem {
            Some(problem) => Err(format!("the event is not JSON: {problem}")),
            None => Ok(event),
        }
    }

    fn check(&mut self) {
        self.problem = if self.size() <= CHECKED_AS_TYPED { json::check(&self.event()).err() } else { None };
    }

    pub(in crate::app) fn receive(&mut self, at: Timestamp, result: Result<Answer, cloud::Error>) {
        let lines = result.as_ref().map(answer_lines).unwrap_or_default();
        self.cursor = Cursor::default();
        self.outcome = Some(Outcome { at, result, lines });
    }

    /// Handles what concerns the tab alone. `answer` and `editor` are the rows and columns for their text.
    pub(in crate::app) fn handle(
        &mut self,
        action: &Action,
        answer: (usize, usize),
        editor: (usize, usize),
    ) -> bool {
        if self.editing {
            return self.handle_editor(action, editor);
        }
        match action {
            Action::Edit => self.editing = true,
            Action::Format => self.format(),
            _ => {
                let lines = self.outcome.iter().flat_map(|outcome| &outcome.lines);
                let rows = lines.map(|line| line.rows(answer.1)).sum();
                return self.cursor.scroll(action, rows, answer.0);
            }
        }
        true
    }

    fn handle_editor(&mut self, action: &Action, size: (usize, usize)) -> bool {
        match action {
            Action::Back => self.editing = false,
            Action::Format => self.format(),
            Action::Text(input) => {
                if self.editor.input(input.clone()) {
                    self.check();
                }
            }
            Action::Paste(text) => {
                self.editor.insert_str(text.reveal().replace("\r\n", "\n").replace('\r', "\n"));
                self.check();
            }
            Action::PageUp | Action::PageDown => {
                let row = self.editor.cursor().0;
                let to = if *action == Action::PageUp { row.saturating_sub(size.0) } else { row + size.0 };
                self.editor.move_cursor(CursorMove::Jump(u16::try_from(to).unwrap_or(u16::MAX), 0));
            }
            _ => return false,
        }
        self.follow_cursor(size);
        true
    }

    fn format(&mut self) {
        if let Some(pretty) = json::pretty(&self.event()) {
            self.editor.select_all();
            self.editor.insert_str(pretty);
            self.editor.move_cursor(CursorMove::Top);
            self.scroll = (0, 0);
            self.check();
        }
    }

    /// Scrolls as little as it takes to see the cursor.
    pub(in crate::app) fn follow_cursor(&mut self, (height, width): (usize, usize)) {
        let tui_textarea::DataCursor(row, column) = self.editor.cursor();
        let within =
            |at: usize, first: usize, len: usize| first.clamp((at + 1).saturating_sub(len.max(1)), at);
        self.scroll = (within(row, self.scroll.0, height), within(column, self.scroll.1, width));
    }
}

fn answer_lines(answer: &Answer) -> Vec<AnswerLine> {
    let mut lines = Vec::new();
    if !answer.payload.is_empty() {
        lines.push(AnswerLine::Title(if answer.function_error.is_some() { "Error" } else { "Response" }));
        let text = match std::str::from_utf8(&answer.payload) {
            Ok(text) => json::pretty(text).unwrap_or_else(|| text.to_owned()),
            Err(_) => sanitise_bytes(&answer.payload).into_owned(),
        };
        lines.extend(sanitise_lines(&text).lines().map(|line| AnswerLine::Response(line.to_owned())));
    }
    if !answer.log_tail.is_empty() {
        lines.push(AnswerLine::Title("Log tail"));
        lines.extend(sanitise_lines(&answer.log_tail).lines().map(|line| AnswerLine::Log(line.to_owned())));
    }
    lines
}
