//! One answer over the whole screen: pretty, as a tree, raw, its error, headers and log tail; searched, filtered by jq
//! and decoded. An event of a log is looked at in the same way.
//!
//! What a filter or a decoding gives is a [`Level`] of its own above the response; going back takes it away again.

mod error;
mod subject;

use std::{borrow::Cow, fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};

pub use self::{
    error::{ErrorPart, ErrorText},
    subject::{EventHead, Subject},
};
use super::{
    Action, Ticket,
    field::Field,
    invocations::Invocation,
    list::Cursor,
    pager::{Lined as _, Pager},
};
use crate::domain::{
    body::Body,
    document::{Document, Kind, folds::Folds},
    json,
    lines::Lines,
    needle::Needle,
    text::{sanitise, sanitise_lines, wrap},
};

/// A way to look at an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// The error with its stack trace, the user's own frames first.
    Error,
    /// The payload written prettily.
    #[default]
    Pretty,
    /// The payload as a tree that can be folded.
    Tree,
    /// The payload as it came.
    Raw,
    /// The answer's headers.
    Headers,
    /// The last 4 KB of the log.
    Log,
}

impl View {
    /// All of them, in their order.
    pub const ALL: [Self; 6] = [Self::Error, Self::Pretty, Self::Tree, Self::Raw, Self::Headers, Self::Log];

    /// Its name.
    pub fn label(self) -> &'static str {
        match self {
            Self::Error => "Error",
            Self::Pretty => "Pretty",
            Self::Tree => "Tree",
            Self::Raw => "Raw",
            Self::Headers => "Headers",
            Self::Log => "Log tail",
        }
    }
}

/// What a typed text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typing {
    /// To be searched.
    Search,
    /// A jq filter.
    Query,
}

/// What is typed.
#[derive(Debug)]
pub struct Typed {
    /// What for.
    pub what: Typing,
    /// The text.
    pub field: Field,
    /// Where one was before: a search begins there with each key, and leaving the field leads back.
    from: Origin,
}

/// Where one was in a view.
struct Origin {
    pager: Pager,
    cursor: Cursor,
    folds: Option<Folds>,
    searched: Option<String>,
    found: Option<(usize, usize)>,
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origin").field("pager", &self.pager).finish_non_exhaustive()
    }
}

/// The response, or what was made of it.
pub struct Level {
    /// How it was made; empty for the response itself.
    pub title: String,
    /// What it is.
    pub body: Arc<Body>,
    /// Where one is in the pretty text.
    pub pretty: Pager,
    /// Where one is in the raw text.
    pub raw: Pager,
    /// What of the tree is folded; none where there is no tree.
    pub folds: Option<Folds>,
    /// The selected row of the tree.
    pub cursor: Cursor,
}

impl fmt::Debug for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Level").field("body", &self.body).finish_non_exhaustive()
    }
}

impl Level {
    /// A level that nobody has looked at yet.
    pub fn new(title: String, body: Arc<Body>) -> Self {
        Self {
            title,
            folds: body.document().map(Folds::new),
            body,
            pretty: Pager::default(),
            raw: Pager::default(),
            cursor: Cursor::default(),
        }
    }

    /// The tree and what of it is visible.
    pub fn tree(&self) -> Option<(&Document, &Folds)> {
        Some((self.body.document()?, self.folds.as_ref()?))
    }

    /// The selected value of the tree.
    pub fn selected(&self) -> Option<usize> {
        let (_, folds) = self.tree()?;
        folds.rows().get(self.cursor.at).map(|node| *node as usize)
    }

    fn search(&mut self, needle: &str, backwards: bool, here: bool, height: usize) -> bool {
        let selected = self.selected().unwrap_or_default();
        let (Some(document), Some(folds)) = (self.body.document(), &mut self.folds) else { return false };
        // The one before is what comes behind the last.
        let from = if here { selected.checked_sub(1).unwrap_or(document.len() - 1) } else { selected };
        let Some(node) = document.find(needle, from, backwards) else { return false };
        folds.open_to(document, node);
        let row = folds.row_of(node).unwrap_or_default();
        self.cursor.go(row, folds.rows().len(), height);
        true
    }

    fn fold(&mut self, height: usize) {
        let Some(node) = self.selected() else { return };
        let (Some(document), Some(folds)) = (self.body.document(), &mut self.folds) else { return };
        // A value that holds nothing folds what it is in, unless that is all there is.
        let is_container = matches!(document.kind(node), Kind::Object | Kind::Array);
        let node = if is_container { Some(node) } else { document.parent(node).filter(|node| *node > 0) };
        let Some(node) = node else { return };
        folds.toggle(document, node);
        let row = folds.row_of(node).unwrap_or_default();
        self.cursor.go(row, folds.rows().len(), height);
    }

    fn fold_all(&mut self, height: usize) {
        let node = self.selected();
        let (Some(document), Some(folds)) = (self.body.document(), &mut self.folds) else { return };
        let some_closed = folds.rows().len() < document.len();
        if some_closed {
            folds.open_all(document);
        } else {
            folds.close_all(document);
        }
        let row = node.map_or(0, |node| folds.row_near(node));
        self.cursor.go(row, folds.rows().len(), height);
    }
}

/// What one looks at. Its `Debug` shows nothing of what was typed or found.
pub struct AnswerPane {
    /// The invocation or event that it is of.
    pub subject: Subject,
    /// How it is looked at.
    pub view: View,
    /// The response, and above it what was made of it. None while a response that broke off is being read.
    pub levels: Vec<Level>,
    /// The error as lines to read, where it failed.
    pub error: Option<ErrorText>,
    /// Headers as lines.
    pub headers: Lines,
    /// The log tail as lines.
    pub log: Lines,
    /// Where one is in error, headers and log tail.
    pub pagers: [Pager; 3],
    /// What is typed now.
    pub typed: Option<Typed>,
    /// What is wrong with what was typed, or that nothing was found.
    pub problem: Option<String>,
    /// What was searched last.
    pub searched: Option<String>,
    /// The match that one is at: its line in the text of the view, and its first byte there.
    pub found: Option<(usize, usize)>,
    /// The filter that was typed last.
    pub query: String,
    /// A filter or a decoding that is under way.
    pub pending: Option<Ticket>,
}

impl fmt::Debug for AnswerPane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerPane")
            .field("subject", &self.subject)
            .field("view", &self.view)
            .field("levels", &self.levels)
            .field("pending", &self.pending)
            .finish_non_exhaustive()
    }
}

/// What is put on the clipboard.
#[derive(Debug, PartialEq, Eq)]
pub struct Copied {
    /// What it is, in a few words.
    pub what: &'static str,
    /// The text, or its bytes where there are too many.
    pub text: Result<String, usize>,
}

impl AnswerPane {
    /// Looks at an invocation that ended. What came of a response that broke off is to be read first, for that takes
    /// time: see [`AnswerPane::levels`].
    pub fn new(invocation: &Invocation) -> Self {
        let reply = invocation.reply();
        let levels = match reply {
            Some(reply) => vec![Level::new(String::new(), Arc::clone(&reply.body))],
            None if !invocation.stream.kept.is_empty() => Vec::new(),
            None => vec![Level::new(String::new(), Arc::new(Body::read(Vec::new())))],
        };
        let error = invocation.outcome.as_ref().and_then(|outcome| ErrorText::of(&outcome.result));
        let headers = reply.map(|reply| &reply.answer.headers);
        let headers: Vec<String> = headers
            .into_iter()
            .flatten()
            .map(|(name, value)| format!("{}: {}", sanitise(name), sanitise(value)))
            .collect();
        let log = reply.map_or("", |reply| reply.answer.log_tail.as_str());
        Self {
            view: if error.is_some() { View::Error } else { View::Pretty },
            levels,
            error,
            log: Lines::new(sanitise_lines(log).into_owned()),
            ..Self::empty(Subject::Invocation(invocation.number), &headers)
        }
    }

    /// Looks at an event of a log. Its message is to be read first: see [`AnswerPane::levels`].
    pub fn of_event(head: EventHead, pending: Ticket) -> Self {
        let details = head.details.clone();
        Self { pending: Some(pending), ..Self::empty(Subject::LogEvent(Box::new(head)), &details) }
    }

    fn empty(subject: Subject, headers: &[String]) -> Self {
        Self {
            subject,
            view: View::Pretty,
            levels: Vec::new(),
            error: None,
            headers: Lines::new(headers.join("\n")),
            log: Lines::default(),
            pagers: [Pager::default(); 3],
            typed: None,
            problem: None,
            searched: None,
            found: None,
            query: String::new(),
            pending: None,
        }
    }

    /// The level that is looked at.
    pub fn level(&self) -> Option<&Level> {
        self.levels.last()
    }

    /// The views that there are.
    pub fn views(&self) -> Vec<View> {
        let is_there = |view: &View| match view {
            View::Error => self.error.is_some(),
            View::Tree => self.level().is_some_and(|level| level.folds.is_some()),
            View::Log => self.event().is_none(),
            View::Pretty | View::Raw | View::Headers => true,
        };
        View::ALL.into_iter().filter(is_there).collect()
    }

    /// Adds what a filter or a decoding gave, or the response once it is read.
    pub(super) fn push(&mut self, title: String, body: Body) {
        let is_response = self.levels.is_empty();
        self.levels.push(Level::new(title, Arc::new(body)));
        self.forget_place();
        if is_response && self.event().is_some() {
            self.show_tree();
        }
        if !is_response && (self.view != View::Tree || !self.views().contains(&View::Tree)) {
            self.view = View::Pretty;
        }
    }

    /// Takes the uppermost level away; `false` where only the response is left.
    pub(super) fn pop(&mut self) -> bool {
        if self.levels.len() < 2 {
            return false;
        }
        self.levels.pop();
        self.forget_place();
        if !self.views().contains(&self.view) {
            self.view = View::Pretty;
        }
        true
    }

    /// What is looked at is another text.
    fn forget_place(&mut self) {
        self.found = None;
        self.problem = None;
    }

    fn step_view(&mut self, by: usize) {
        let views = self.views();
        let at = views.iter().position(|view| *view == self.view).unwrap_or_default();
        self.view = views[(at + by) % views.len()];
        self.forget_place();
    }

    /// Looks at the tree, where there is one.
    pub(super) fn show_tree(&mut self) {
        if self.views().contains(&View::Tree) {
            self.view = View::Tree;
            self.forget_place();
        }
    }

    /// Handles what needs nothing from outside. `size`: rows and columns of the text.
    pub(super) fn handle(&mut self, action: &Action, size: (usize, usize)) -> bool {
        match action {
            Action::NextView => self.step_view(1),
            Action::PreviousView => self.step_view(self.views().len() - 1),
            Action::NextMatch => self.search(false, false, size),
            Action::PreviousMatch => self.search(true, false, size),
            _ => {
                let handled = self.act_on_view(action, size);
                if handled {
                    self.forget_place();
                }
                return handled;
            }
        }
        true
    }

    fn act_on_view(&mut self, action: &Action, size: (usize, usize)) -> bool {
        if let Some((pager, lines)) = self.text() {
            return pager.scroll(action, lines, size);
        }
        let Some(level) = self.levels.last_mut() else { return false };
        match action {
            Action::Fold => level.fold(size.0),
            Action::FoldAll => level.fold_all(size.0),
            _ => {
                let rows = level.folds.as_ref().map_or(0, |folds| folds.rows().len());
                return level.cursor.handle(action, rows, size.0);
            }
        }
        true
    }

    /// The lines of the view and where one is in them; none for the tree.
    fn text(&mut self) -> Option<(&mut Pager, &Lines)> {
        let [error, headers, log] = &mut self.pagers;
        match (self.view, self.levels.last_mut()) {
            (View::Error, _) => self.error.as_ref().map(|text| (error, &text.lines)),
            (View::Headers, _) => Some((headers, &self.headers)),
            (View::Log, _) => Some((log, &self.log)),
            (View::Raw, Some(level)) => Some((&mut level.raw, level.body.raw())),
            (View::Pretty, Some(level)) => Some((&mut level.pretty, level.body.pretty())),
            (View::Tree | View::Raw | View::Pretty, _) => None,
        }
    }

    /// Begins to type.
    pub(super) fn begin_typing(&mut self, what: Typing) {
        let mut field = Field::default();
        if what == Typing::Query {
            field.set(&self.query);
        }
        let pager = self.text().map_or_else(Pager::default, |(pager, _)| *pager);
        let level = self.level();
        let from = Origin {
            pager,
            cursor: level.map_or_else(Cursor::default, |level| level.cursor),
            folds: level.filter(|_| self.view == View::Tree).and_then(|level| level.folds.clone()),
            searched: self.searched.clone(),
            found: self.found,
        };
        self.problem = None;
        self.typed = Some(Typed { what, field, from });
    }

    /// What is searched has changed: looks for it from where one was before.
    pub(super) fn search_as_typed(&mut self, size: (usize, usize)) {
        let Some(typed) = self.typed.take_if(|typed| typed.what == Typing::Search) else { return };
        self.go_back(&typed.from);
        self.searched = Some(typed.field.text().to_owned()).filter(|text| !text.is_empty());
        self.found = None;
        self.problem = None;
        self.search(false, true, size);
        self.typed = Some(typed);
    }

    /// Leaves the field; what was searched as it was typed is undone.
    pub(super) fn leave_typing(&mut self) {
        let Some(typed) = self.typed.take() else { return };
        self.problem = None;
        if typed.what == Typing::Search {
            self.go_back(&typed.from);
        }
    }

    fn go_back(&mut self, to: &Origin) {
        if let Some((pager, _)) = self.text() {
            *pager = to.pager;
        } else if let Some(level) = self.levels.last_mut() {
            level.cursor = to.cursor;
            level.folds.clone_from(&to.folds);
        }
        self.searched.clone_from(&to.searched);
        self.found = to.found;
    }

    /// Looks for what was typed: from the match that one is at, or else from the top of the screen; in the tree from
    /// the selected value. Goes on at the other end. With `here` the place itself counts, too.
    pub(super) fn search(&mut self, backwards: bool, here: bool, size: (usize, usize)) {
        let Some(needle) = self.searched.clone().filter(|needle| !needle.is_empty()) else { return };
        let found = self.found;
        let is_found = if let Some((pager, lines)) = self.text() {
            let from = found.unwrap_or_else(|| {
                let line = lines.line(pager.line);
                (pager.line, wrap(line, size.1).nth(pager.hidden).map_or(0, |row| row.start))
            });
            let next = seek(lines, &needle, from, backwards, here || found.is_none());
            if let Some((line, byte)) = next {
                let row = |byte| {
                    let rows = wrap(lines.line(line), size.1).take_while(|row| row.start <= byte).count();
                    Pager { line, hidden: rows.saturating_sub(1) }
                };
                // All of it where it fits, and its beginning anyway.
                pager.show_row(row(byte + needle.len() - 1), lines, size);
                pager.show_row(row(byte), lines, size);
            }
            self.found = next;
            next.is_some()
        } else {
            self.levels.last_mut().is_some_and(|level| level.search(&needle, backwards, here, size.0))
        };
        self.problem = (!is_found).then(|| format!("{} is not in it", sanitise(&needle)));
    }

    /// What is copied: the selected value of the tree, a text without its quotes; else what is shown as a whole. Bytes
    /// that are no text are copied in base64. Of more than `most` bytes nothing is made.
    pub fn copied(&self, most: usize) -> Option<Copied> {
        let joined = |lines: &Lines| {
            let lines: Vec<&str> = (0..lines.len()).map(|nth| lines.get(nth)).collect();
            Ok(lines.join("\n"))
        };
        let copied = match (self.view, self.level()) {
            (View::Error, _) => Copied { what: "the error", text: joined(&self.error.as_ref()?.lines) },
            (View::Headers, _) => {
                let what = if self.event().is_some() { "the details" } else { "the headers" };
                Copied { what, text: joined(&self.headers) }
            }
            (View::Log, _) => Copied { what: "the log tail", text: joined(&self.log) },
            (View::Tree, Some(level)) => {
                let (document, node) = (level.body.document()?, level.selected()?);
                let raw = document.raw(node);
                // An escape of six bytes stands for one byte at least.
                let text = if raw.len() > most.saturating_mul(6) {
                    Err(raw.len())
                } else {
                    Ok(document.string(node).map_or_else(|| raw.to_owned(), Cow::into_owned))
                };
                Copied { what: "the value", text }
            }
            (View::Pretty, Some(level)) => {
                let text = level.body.document().map(Document::text);
                match text.filter(|text| text.len() <= most).and_then(json::pretty) {
                    Some(pretty) => Copied { what: "all of it", text: Ok(pretty) },
                    None => of_bytes(level.body.bytes(), most),
                }
            }
            (View::Raw, Some(level)) => of_bytes(level.body.bytes(), most),
            (View::Pretty | View::Tree | View::Raw, None) => return None,
        };
        Some(match copied.text {
            Ok(text) if text.len() > most => Copied { text: Err(text.len()), ..copied },
            text => Copied { text, ..copied },
        })
    }

    /// The selected value of the tree.
    fn selected(&self) -> Option<(&Document, usize)> {
        let level = self.level().filter(|_| self.view == View::Tree)?;
        Some((level.body.document()?, level.selected()?))
    }

    /// The path of the selected value of the tree, as jq has it.
    pub fn path(&self) -> Option<String> {
        self.selected().map(|(document, node)| document.path(node))
    }

    /// Its end in about `most` bytes, for a line of the screen.
    pub fn path_end(&self, most: usize) -> Option<String> {
        self.selected().map(|(document, node)| document.path_end(node, most))
    }
}

/// Bytes for the clipboard: as they are, where they are text, else in base64.
pub(super) fn of_bytes(bytes: &[u8], most: usize) -> Copied {
    let what = "all of it";
    if bytes.len() > most {
        return Copied { what, text: Err(bytes.len()) };
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Copied { what, text: Ok(text.to_owned()) },
        Err(_) => Copied { what: "all of it in base64, for it is no text", text: Ok(STANDARD.encode(bytes)) },
    }
}

/// The next match behind a place in a text, or before it: its line and its first byte there.
fn seek(
    lines: &Lines,
    needle: &str,
    from: (usize, usize),
    backwards: bool,
    here: bool,
) -> Option<(usize, usize)> {
    let matcher = Needle::new(needle)?;
    let begins = |line| lines.occurrences(line, &matcher).map(|found| found.start);
    let (line, byte) = from;
    let beside = if backwards {
        begins(line).take_while(|start| *start < byte).last()
    } else {
        begins(line).find(|start| *start > byte || (here && *start == byte))
    };
    if let Some(start) = beside {
        return Some((line, start));
    }
    let line = lines.find(needle, line, backwards)?;
    let start = if backwards { begins(line).last() } else { begins(line).next() };
    Some((line, start.unwrap_or_default()))
}
