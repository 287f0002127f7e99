//! The Test tab: an event, where it is sent, and the answer that is looked at.

mod event;

use std::{fmt, sync::Arc};

use self::event::Checking;
use crate::{
    app::{
        Action, FromDisk,
        answer::{ErrorPart, ErrorText},
        editor::Editor,
        invocations::Invocation,
        msg::EventToExport,
        pager::{Lined, Pager},
        past::Key,
    },
    domain::{
        invocation::Mode,
        json,
        lines::Lines,
        saved_event::SavedEvent,
        secret::Secret,
        text::{sanitise_bytes, sanitise_lines},
    },
};

/// The event that a test starts from.
pub const FIRST_EVENT: &str = "{\n  \"key\": \"value\"\n}";

/// Bytes of a response that is being streamed that are shown: the newest.
const STREAM_SHOWN: usize = 8 * 1024;

/// The tab's part of the state. Its `Debug` shows sizes, not the event.
pub struct TestPane {
    /// The event being written.
    pub editor: Editor,
    /// The topmost line and leftmost column of the editor on the screen.
    pub scroll: (usize, usize),
    /// Whether the editor has the focus.
    pub editing: bool,
    /// Why the event is not JSON, as far as it is known.
    pub problem: Option<json::Problem>,
    /// A name that an object of the event has twice, as far as it is known.
    pub duplicate: Option<json::Duplicate>,
    /// The template or saved event that the event was taken from.
    pub event_name: Option<String>,
    /// The saved event that it was, where it is one.
    pub from_disk: Option<FromDisk>,
    /// Where and how the event is sent.
    pub target: Target,
    /// The invocation that is looked at, by its number; none: the newest.
    pub shown: Option<u64>,
    /// Where one is in its answer.
    pub pager: Pager,
    /// What is to be found out about the event.
    checking: Checking,
}

/// Where and how an event is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Version or alias; none: `$LATEST`.
    pub qualifier: Option<String>,
    /// Tenant, for a function with tenant isolation.
    pub tenant_id: Option<String>,
    /// How.
    pub mode: Mode,
    /// The client context, a JSON object.
    pub client_context: Option<Arc<Secret>>,
}

/// What a picker of the tab picks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    /// Version or alias.
    Qualifier,
    /// The mode, or what else is sent along.
    How,
    /// What is copied of the invocation of that number.
    Copy(u64),
    /// Version or alias to which an event is sent again.
    Elsewhere(Key),
    /// An event.
    Event,
}

impl Pick {
    /// What is picked, as a title.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Qualifier => "Send to",
            Self::How => "Send as",
            Self::Copy(_) => "Copy",
            Self::Elsewhere(_) => "Send again to",
            Self::Event => "Events",
        }
    }
}

/// What a prompt of the tab asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Tenant id.
    Tenant,
    /// Client context.
    ClientContext,
    /// Version or alias to which an event is sent again.
    Elsewhere(Key),
    /// The name under which an event of a function is kept.
    SaveEvent(String, Arc<Secret>),
    /// Another name for a saved event.
    RenameEvent(Box<SavedEvent>),
    /// The path of a file to be read.
    ImportEvent,
    /// The path of a file to be written.
    ExportEvent(EventToExport),
}

/// What is shown of an invocation below its heading: the error that it failed with, the response, or what has come of
/// it, then the log tail.
pub struct Preview<'a> {
    parts: Vec<Part<'a>>,
}

struct Part<'a> {
    title: &'static str,
    text: Text<'a>,
}

enum Text<'a> {
    Error(&'a ErrorText),
    Response(&'a Lines),
    /// What has come of a response.
    Begun(Lines),
    Log(Lines),
}

impl Text<'_> {
    fn lines(&self) -> &Lines {
        match self {
            Self::Error(error) => &error.lines,
            Self::Response(lines) => lines,
            Self::Begun(lines) | Self::Log(lines) => lines,
        }
    }
}

/// A line of a [`Preview`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreviewLine<'a> {
    /// A part's title.
    Title(&'static str),
    /// A line of the error, and what it is there.
    Error(&'a str, ErrorPart),
    /// A line of the response.
    Response(&'a str),
    /// A line of the log tail.
    Log(&'a str),
}

impl<'a> Preview<'a> {
    /// Of an invocation. Costs nothing for a large response, which was cut into lines before.
    pub fn of(invocation: &'a Invocation) -> Self {
        let mut parts = Vec::new();
        let mut add = |title, text: Text<'a>| {
            if !text.lines().is_empty() {
                parts.push(Part { title, text });
            }
        };
        if let Some(error) = invocation.outcome.as_ref().and_then(|outcome| outcome.error.as_ref()) {
            add("Error", Text::Error(error));
        }
        if let Some(reply) = invocation.reply() {
            add("Response", Text::Response(reply.body.pretty()));
            add("Log tail", Text::Log(Lines::new(sanitise_lines(&reply.answer.log_tail).into_owned())));
        } else {
            let begun = sanitise_bytes(invocation.stream.tail(STREAM_SHOWN));
            add("Response so far", Text::Begun(Lines::new(sanitise_lines(&begun).into_owned())));
        }
        Self { parts }
    }

    /// The nth line, from 0.
    pub fn get(&self, nth: usize) -> Option<PreviewLine<'_>> {
        let mut nth = nth;
        for part in &self.parts {
            let lines = part.text.lines();
            let Some(at) = nth.checked_sub(1) else { return Some(PreviewLine::Title(part.title)) };
            if at < lines.len() {
                let line = lines.get(at);
                return Some(match &part.text {
                    Text::Error(error) => PreviewLine::Error(line, error.part(at)),
                    Text::Response(_) | Text::Begun(_) => PreviewLine::Response(line),
                    Text::Log(_) => PreviewLine::Log(line),
                });
            }
            nth = at - lines.len();
        }
        None
    }
}

impl Lined for Preview<'_> {
    fn count(&self) -> usize {
        self.parts.iter().map(|part| 1 + part.text.lines().len()).sum()
    }

    fn line(&self, nth: usize) -> &str {
        match self.get(nth) {
            Some(
                PreviewLine::Title(text)
                | PreviewLine::Error(text, _)
                | PreviewLine::Response(text)
                | PreviewLine::Log(text),
            ) => text,
            None => "",
        }
    }
}

impl fmt::Debug for TestPane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestPane")
            .field("event_bytes", &self.size())
            .field("editing", &self.editing)
            .field("target", &self.target)
            .field("shown", &self.shown)
            .finish_non_exhaustive()
    }
}

impl TestPane {
    /// A test that starts from an event.
    pub fn new(event: &str) -> Self {
        let mut pane = Self {
            editor: Editor::default(),
            scroll: (0, 0),
            editing: false,
            problem: None,
            duplicate: None,
            event_name: None,
            from_disk: None,
            target: Target::default(),
            shown: None,
            pager: Pager::default(),
            checking: Checking::default(),
        };
        pane.set_event(event);
        pane
    }

    /// Looks at another invocation, from its beginning.
    pub(in crate::app) fn show(&mut self, number: Option<u64>) {
        self.shown = number;
        self.pager = Pager::default();
    }

    /// Handles what concerns the tab alone. `looked_at` is the invocation that is shown; `answer` and `editor` are the
    /// rows and columns for their text.
    pub(in crate::app) fn handle(
        &mut self,
        action: &Action,
        looked_at: Option<&Invocation>,
        answer: (usize, usize),
        editor: (usize, usize),
    ) -> bool {
        if self.editing {
            return self.handle_editor(action, editor);
        }
        match action {
            Action::Edit => self.editing = true,
            Action::Undo => self.step(Editor::undo, editor),
            Action::Redo => self.step(Editor::redo, editor),
            Action::GoToProblem => self.go_to_problem(editor),
            _ => {
                return looked_at
                    .is_some_and(|invocation| self.pager.scroll(action, &Preview::of(invocation), answer));
            }
        }
        true
    }
}
