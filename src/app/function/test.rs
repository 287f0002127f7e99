//! The Test tab: an event, where it is sent, and the answer that is looked at.

mod event;

use std::{fmt, sync::Arc};

use self::event::Checking;
use crate::{
    app::{
        Action, FromDisk,
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

/// What is shown of an invocation below its heading: the response, or what has come of it, then the log tail.
pub struct Preview<'a> {
    title: Option<&'static str>,
    body: Body<'a>,
    log: Option<Lines>,
}

enum Body<'a> {
    Whole(&'a Lines),
    Part(Lines),
}

/// A line of a [`Preview`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreviewLine<'a> {
    /// A part's title.
    Title(&'static str),
    /// A line of the response.
    Response(&'a str),
    /// A line of the log tail.
    Log(&'a str),
}

impl<'a> Preview<'a> {
    /// Of an invocation. Costs nothing for a large response, which was cut into lines before.
    pub fn of(invocation: &'a Invocation) -> Self {
        let Some(reply) = invocation.reply() else {
            let part = sanitise_bytes(invocation.stream.tail(STREAM_SHOWN));
            let part = Lines::new(sanitise_lines(&part).into_owned());
            return Self {
                title: (!part.is_empty()).then_some("Response so far"),
                body: Body::Part(part),
                log: None,
            };
        };
        let title = if reply.answer.function_error.is_some() { "Error" } else { "Response" };
        let body = reply.body.pretty();
        let tail = &reply.answer.log_tail;
        let log = (!tail.is_empty()).then(|| Lines::new(sanitise_lines(tail).into_owned()));
        Self { title: (!body.is_empty()).then_some(title), body: Body::Whole(body), log }
    }

    /// The nth line, from 0.
    pub fn get(&self, nth: usize) -> Option<PreviewLine<'_>> {
        let mut nth = nth;
        if let Some(title) = self.title {
            let body = self.body();
            match nth.checked_sub(1) {
                None => return Some(PreviewLine::Title(title)),
                Some(of_body) if of_body < body.len() => {
                    return Some(PreviewLine::Response(body.get(of_body)));
                }
                Some(of_body) => nth = of_body - body.len(),
            }
        }
        let log = self.log.as_ref()?;
        match nth.checked_sub(1) {
            None => Some(PreviewLine::Title("Log tail")),
            Some(of_log) => (of_log < log.len()).then(|| PreviewLine::Log(log.get(of_log))),
        }
    }

    fn body(&self) -> &Lines {
        match &self.body {
            Body::Whole(lines) => lines,
            Body::Part(lines) => lines,
        }
    }
}

impl Lined for Preview<'_> {
    fn count(&self) -> usize {
        let body = self.title.map_or(0, |_| 1 + self.body().len());
        body + self.log.as_ref().map_or(0, |log| 1 + log.len())
    }

    fn line(&self, nth: usize) -> &str {
        match self.get(nth) {
            Some(PreviewLine::Title(text) | PreviewLine::Response(text) | PreviewLine::Log(text)) => text,
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
