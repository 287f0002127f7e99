//! The event: how it is edited, and what is known of it while it is.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::TestPane;
use crate::{
    app::{
        Action, Effect, FromDisk, Ticket,
        editor::{Editor, unix_lines},
        msg::{Examined, Examining},
    },
    domain::{
        invocation::Mode,
        json::{self, Problem},
        secret::Secret,
    },
};

/// Up to this size in bytes the event is checked at each key, and written anew at once. A larger one is left to
/// another thread, once nothing is typed any more.
const AT_ONCE: usize = 256 * 1024;

/// How long nothing is typed then.
const QUIET: SignedDuration = SignedDuration::from_millis(300);

/// What is to be found out about an event, off the thread that draws.
#[derive(Debug, Default)]
pub(super) struct Checking {
    /// The revision that was checked.
    checked: Option<u64>,
    /// The revision that is to be checked, and when.
    due: Option<(u64, Timestamp)>,
    /// What is under way, and of which revision.
    under_way: Option<(Ticket, Examining, u64)>,
    /// What the event was taken from, by the number of changes from which on that holds.
    names: Vec<Source>,
    /// The request to edit it in another program.
    outside: Option<Ticket>,
}

/// What the event was taken from, from so many changes on.
#[derive(Debug)]
struct Source {
    from: u64,
    name: Option<String>,
    disk: Option<FromDisk>,
}

impl TestPane {
    /// Starts over from an event: what was there before can't be brought back.
    pub fn set_event(&mut self, text: &str) {
        self.editor = Editor::new(&lines(text));
        self.checking = Checking::default();
        self.scroll = (0, 0);
        self.name(None);
        self.changed();
    }

    /// Replaces the event by another one and says where that one is from. One undo brings the event before back.
    pub fn replace(&mut self, text: &str, name: Option<String>) {
        if self.editor.replace(lines(text)) {
            self.scroll = (0, 0);
        }
        self.name(name);
        self.changed();
    }

    /// The event as it would be sent.
    pub fn event(&self) -> String {
        self.editor.text().to_owned()
    }

    /// The event's size in bytes.
    pub fn size(&self) -> usize {
        self.editor.text().len()
    }

    /// Looks whether the event may be sent.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn sendable(&mut self) -> Result<String, String> {
        let limit = self.target.mode.payload_limit();
        if self.size() > limit {
            let what = if self.target.mode == Mode::Event { "asynchronously " } else { "" };
            return Err(format!("the event has {} bytes, Lambda {what}takes {limit}", self.size()));
        }
        if !self.is_checked() {
            // Whether a name is there twice may wait.
            self.problem = json::check(self.editor.text()).err();
        }
        match &self.problem {
            Some(problem) => Err(format!("the event is not JSON: {problem}")),
            None => Ok(self.event()),
        }
    }

    /// What is being done with the event elsewhere, as a word.
    pub fn under_way(&self) -> Option<&'static str> {
        match self.checking.under_way.as_ref()?.1 {
            Examining::Check => None,
            Examining::Format => Some("formatting"),
            Examining::Minify => Some("minifying"),
        }
    }

    /// When the event is to be checked.
    pub(in crate::app) fn wake_at(&self) -> Option<Timestamp> {
        let due = self.checking.due.filter(|_| self.checking.under_way.is_none());
        due.map(|(_, at)| at)
    }

    /// Notes when an event that was changed is to be checked: once nothing is typed any more.
    pub(in crate::app) fn note(&mut self, now: Timestamp) {
        let revision = self.editor.revision();
        if self.is_checked() {
            self.checking.due = None;
        } else if self.checking.due.is_none_or(|(of, _)| of != revision) {
            self.checking.due = Some((revision, now.saturating_add(QUIET).unwrap_or(now)));
        }
    }

    /// Has the event checked elsewhere; see [`Self::is_check_due`]. One check runs at a time.
    pub(in crate::app) fn have_checked(&mut self, ticket: Ticket) -> Effect {
        self.examine(Examining::Check, ticket)
    }

    /// Whether the moment to have the event checked has come.
    pub(in crate::app) fn is_check_due(&self, now: Timestamp) -> bool {
        self.wake_at().is_some_and(|at| at <= now)
    }

    /// Has a large event written anew elsewhere; does it at once with a small one.
    pub(in crate::app) fn rewrite(
        &mut self,
        what: Examining,
        room: (usize, usize),
        ticket: Ticket,
    ) -> Option<Effect> {
        if self.size() > AT_ONCE {
            return Some(self.examine(what, ticket));
        }
        let written = match what {
            Examining::Check => None,
            Examining::Format => json::pretty(self.editor.text()),
            Examining::Minify => json::minify(self.editor.text()),
        };
        if let Some(written) = written {
            self.rewritten(written, room);
        }
        None
    }

    fn examine(&mut self, what: Examining, ticket: Ticket) -> Effect {
        self.checking.under_way = Some((ticket, what, self.editor.revision()));
        Effect::Examine(ticket, what, Arc::new(Secret::new(self.editor.text())))
    }

    /// Whether this is awaited.
    pub(in crate::app) fn awaits(&self, ticket: Ticket) -> bool {
        self.checking.under_way.as_ref().is_some_and(|(of, ..)| *of == ticket)
    }

    /// Takes what was found out. Answers with what is to be said of it.
    pub(in crate::app) fn examined(
        &mut self,
        result: Result<Examined, Problem>,
        room: (usize, usize),
    ) -> Option<String> {
        let (_, what, revision) = self.checking.under_way.take()?;
        if revision != self.editor.revision() {
            return match what {
                Examining::Check => None,
                Examining::Format => Some("the event was changed meanwhile: it was not formatted".into()),
                Examining::Minify => Some("the event was changed meanwhile: it was not minified".into()),
            };
        }
        match result {
            Ok(Examined { written: Some(written), .. }) => self.rewritten(written.reveal().to_owned(), room),
            Ok(Examined { duplicate, .. }) => self.found(None, duplicate),
            Err(problem) => self.found(Some(problem), None),
        }
        None
    }

    fn found(&mut self, problem: Option<Problem>, duplicate: Option<json::Duplicate>) {
        self.problem = problem;
        self.duplicate = duplicate;
        self.checking.checked = Some(self.editor.revision());
        self.checking.due = None;
    }

    fn is_checked(&self) -> bool {
        self.checking.checked == Some(self.editor.revision())
    }

    fn check(&mut self) {
        match json::check(self.editor.text()) {
            Ok(()) => self.found(None, json::duplicate(self.editor.text())),
            Err(problem) => self.found(Some(problem), None),
        }
    }

    fn changed(&mut self) {
        if self.size() <= AT_ONCE {
            self.check();
        } else if !self.is_checked() {
            self.problem = None;
            self.duplicate = None;
        }
    }

    /// From here on the event is from there.
    fn name(&mut self, name: Option<String>) {
        let steps = self.editor.steps();
        self.checking.names.retain(|source| source.from < steps);
        self.checking.names.push(Source { from: steps, name: name.clone(), disk: None });
        self.event_name = name;
        self.from_disk = None;
    }

    /// The event as it stands is that one on disk; undo goes back to what it was from before.
    pub(in crate::app) fn is_from(&mut self, disk: Option<FromDisk>) {
        if let Some(source) = self.checking.names.last_mut() {
            source.name.clone_from(&self.event_name);
            source.disk.clone_from(&disk);
        }
        self.from_disk = disk;
    }

    /// Another program edits the event.
    pub(in crate::app) fn edit_outside(&mut self, ticket: Ticket) -> Effect {
        self.checking.outside = Some(ticket);
        Effect::EditOutside(ticket, Arc::new(Secret::new(self.editor.text())))
    }

    /// Whether the other program edits this event.
    pub(in crate::app) fn is_outside(&self, ticket: Ticket) -> bool {
        self.checking.outside == Some(ticket)
    }

    /// Takes what another program made of the event; none where that left it as it was. Answers whether the event is
    /// another one now.
    pub(in crate::app) fn edited_outside(&mut self, text: Option<&str>, room: (usize, usize)) -> bool {
        self.checking.outside = None;
        let before = self.editor.revision();
        if let Some(text) = text {
            self.rewritten(lines(text), room);
        }
        self.editor.revision() != before
    }

    fn rewritten(&mut self, text: String, room: (usize, usize)) {
        let before = self.editor.steps();
        if self.editor.replace(text) {
            self.checking.names.retain(|source| source.from <= before);
            self.changed();
        }
        self.follow_cursor(room);
    }

    /// Takes the last change back, or makes it again.
    pub(super) fn step(&mut self, step: impl FnOnce(&mut Editor) -> bool, room: (usize, usize)) {
        if !step(&mut self.editor) {
            return;
        }
        let steps = self.editor.steps();
        let source = self.checking.names.iter().rev().find(|source| source.from <= steps);
        self.event_name = source.and_then(|source| source.name.clone());
        self.from_disk = source.and_then(|source| source.disk.clone());
        self.changed();
        self.follow_cursor(room);
    }

    /// Puts the cursor where the event is not JSON, or where a name is there again.
    pub(super) fn go_to_problem(&mut self, room: (usize, usize)) {
        let problem = self.problem.as_ref().map(|problem| (problem.line, problem.column));
        let duplicate = self.duplicate.as_ref().map(|duplicate| (duplicate.line, duplicate.column));
        if let Some((line, column)) = problem.or(duplicate) {
            self.editor.go(self.editor.offset(line.saturating_sub(1), column.saturating_sub(1)));
            self.editing = true;
            self.follow_cursor(room);
        }
    }

    pub(super) fn handle_editor(&mut self, action: &Action, room: (usize, usize)) -> bool {
        let page = room.0.max(2).cast_signed() - 1;
        let before = self.editor.steps();
        let changed = match action {
            Action::Back => {
                self.editing = false;
                false
            }
            Action::Text(input) => self.editor.input(input),
            Action::Paste(text) => self.editor.insert(&unix_lines(text.reveal())),
            Action::PageUp => {
                self.editor.go_lines(-page);
                false
            }
            Action::PageDown => {
                self.editor.go_lines(page);
                false
            }
            Action::Undo => {
                self.step(Editor::undo, room);
                return true;
            }
            Action::Redo => {
                self.step(Editor::redo, room);
                return true;
            }
            Action::GoToProblem => {
                self.go_to_problem(room);
                return true;
            }
            _ => return false,
        };
        if changed {
            // What was loaded and taken back does not come again.
            self.checking.names.retain(|source| source.from <= before);
            self.changed();
        }
        self.follow_cursor(room);
        true
    }

    /// Scrolls as little as it takes to see the cursor.
    pub(in crate::app) fn follow_cursor(&mut self, (height, width): (usize, usize)) {
        let (row, column) = self.editor.place(self.editor.cursor());
        let within =
            |at: usize, first: usize, len: usize| first.clamp((at + 1).saturating_sub(len.max(1)), at);
        self.scroll = (within(row, self.scroll.0, height), within(column, self.scroll.1, width));
    }
}

/// A text as the editor takes it: a line end at its end is not a line of its own.
fn lines(text: &str) -> String {
    let mut text = unix_lines(text);
    if text.ends_with('\n') {
        text.pop();
    }
    text
}
