//! One answer over the whole screen: pretty, as a tree, raw, its error, headers and log tail; searched, filtered by jq
//! and decoded.
//!
//! What a filter or a decoding gives is a [`Level`] of its own above the response; going back takes it away again.

use std::{fmt, sync::Arc};

use super::{Action, Ticket, field::Field, invocations::Invocation, list::Cursor, pager::Pager};
use crate::domain::{
    body::Body,
    document::{Document, Kind, folds::Folds},
    lines::Lines,
    text::{sanitise, sanitise_lines},
    trace,
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

/// What is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typing {
    /// A text to be searched.
    Search,
    /// A jq filter.
    Query,
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

    fn fold(&mut self, height: usize) {
        let Some(node) = self.selected() else { return };
        let (Some(document), Some(folds)) = (self.body.document(), &mut self.folds) else { return };
        // A value that holds nothing folds what it is in.
        let is_container = matches!(document.kind(node), Kind::Object | Kind::Array);
        let node = if is_container { Some(node) } else { document.parent(node) };
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

/// What one looks at.
#[derive(Debug)]
pub struct AnswerPane {
    /// The invocation, by its number.
    pub number: u64,
    /// How it is looked at.
    pub view: View,
    /// The response, and above it what was made of it.
    pub levels: Vec<Level>,
    /// The error as lines to read, where the function failed.
    pub error: Option<ErrorText>,
    /// Headers as lines.
    pub headers: Lines,
    /// The log tail as lines.
    pub log: Lines,
    /// Where one is in error, headers and log tail.
    pub pagers: [Pager; 3],
    /// What is typed now.
    pub typing: Option<(Typing, Field)>,
    /// What is wrong with what was typed, or that nothing was found.
    pub problem: Option<String>,
    /// What was searched last.
    pub searched: Option<String>,
    /// The filter that was typed last.
    pub query: String,
    /// A filter or a decoding that is under way.
    pub pending: Option<Ticket>,
}

/// A function's error, to be read.
#[derive(Debug)]
pub struct ErrorText {
    /// The lines: type and message, what it means, the frames.
    pub lines: Lines,
    /// The lines that are the user's own frames.
    pub own: Vec<usize>,
    /// The line that says what to do.
    pub hint: Option<usize>,
}

impl ErrorText {
    /// Reads an error object; none where it is no known one.
    pub fn read(payload: &[u8]) -> Option<Self> {
        let error = trace::read(payload)?;
        let (mut lines, mut own) = (Vec::new(), Vec::new());
        let mut hint = None;
        describe(&error, &mut lines);
        if let Some(text) = error.hint() {
            hint = Some(lines.len());
            lines.push(text.to_owned());
        }
        frames(&error, &mut lines, &mut own);
        for cause in &error.causes {
            lines.push(String::new());
            lines.push("caused by".into());
            describe(cause, &mut lines);
            frames(cause, &mut lines, &mut own);
        }
        Some(Self { lines: Lines::new(lines.join("\n")), own, hint })
    }
}

fn describe(error: &trace::FunctionError, lines: &mut Vec<String>) {
    let text = if error.error_type.is_empty() {
        error.message.clone()
    } else {
        format!("{}: {}", error.error_type, error.message)
    };
    lines.extend(sanitise_lines(&text).lines().map(str::to_owned));
}

fn frames(error: &trace::FunctionError, lines: &mut Vec<String>, own: &mut Vec<usize>) {
    if error.frames.is_empty() {
        return;
    }
    lines.push(String::new());
    for frame in error.own_first() {
        if frame.own {
            own.push(lines.len());
        }
        lines.push(format!("  {}", sanitise(frame.text.trim())));
        if let Some(code) = &frame.code {
            if frame.own {
                own.push(lines.len());
            }
            lines.push(format!("      {}", sanitise(code.trim())));
        }
    }
}

impl AnswerPane {
    /// Looks at an invocation. A response that broke off is looked at as far as it came.
    pub fn new(invocation: &Invocation) -> Self {
        let reply = invocation.reply();
        let body = reply.map_or_else(
            || Arc::new(Body::read(invocation.stream.kept.clone())),
            |reply| Arc::clone(&reply.body),
        );
        let failed = reply.is_some_and(|reply| reply.answer.function_error.is_some());
        let error = if failed { ErrorText::read(body.bytes()) } else { None };
        let headers = reply.map(|reply| &reply.answer.headers);
        let headers: Vec<String> =
            headers.into_iter().flatten().map(|(name, value)| format!("{name}: {value}")).collect();
        let log = reply.map_or("", |reply| reply.answer.log_tail.as_str());
        Self {
            number: invocation.number,
            view: if error.is_some() { View::Error } else { View::Pretty },
            levels: vec![Level::new(String::new(), body)],
            error,
            headers: Lines::new(headers.join("\n")),
            log: Lines::new(sanitise_lines(log).into_owned()),
            pagers: [Pager::default(); 3],
            typing: None,
            problem: None,
            searched: None,
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
            View::Pretty | View::Raw | View::Headers | View::Log => true,
        };
        View::ALL.into_iter().filter(is_there).collect()
    }

    /// Adds what a filter or a decoding gave.
    pub(super) fn push(&mut self, title: String, body: Body) {
        self.problem = None;
        self.levels.push(Level::new(title, Arc::new(body)));
        if !matches!(self.view, View::Tree) || !self.views().contains(&View::Tree) {
            self.view = View::Pretty;
        }
    }

    /// Takes the uppermost level away; `false` where only the response is left.
    pub(super) fn pop(&mut self) -> bool {
        if self.levels.len() < 2 {
            return false;
        }
        self.levels.pop();
        if !self.views().contains(&self.view) {
            self.view = View::Pretty;
        }
        true
    }

    fn step_view(&mut self, by: usize) {
        let views = self.views();
        let at = views.iter().position(|view| *view == self.view).unwrap_or_default();
        self.view = views[(at + by) % views.len()];
    }

    /// Handles what needs nothing from outside. `size`: rows and columns of the text.
    pub(super) fn handle(&mut self, action: &Action, size: (usize, usize)) -> bool {
        match action {
            Action::NextView => self.step_view(1),
            Action::PreviousView => self.step_view(self.views().len() - 1),
            Action::NextMatch => self.search(false, size),
            Action::PreviousMatch => self.search(true, size),
            _ => return self.act_on_view(action, size),
        }
        true
    }

    fn act_on_view(&mut self, action: &Action, size: (usize, usize)) -> bool {
        let view = self.view;
        let [error, headers, log] = &mut self.pagers;
        let text = match view {
            View::Error => self.error.as_ref().map(|text| (error, &text.lines)),
            View::Headers => Some((headers, &self.headers)),
            View::Log => Some((log, &self.log)),
            View::Pretty | View::Raw | View::Tree => None,
        };
        if let Some((pager, lines)) = text {
            return pager.scroll(action, lines, size);
        }
        let Some(level) = self.levels.last_mut() else { return false };
        match (view, action) {
            (View::Tree, Action::Fold) => level.fold(size.0),
            (View::Tree, Action::FoldAll) => level.fold_all(size.0),
            (View::Tree, _) => {
                let rows = level.folds.as_ref().map_or(0, |folds| folds.rows().len());
                return level.cursor.handle(action, rows, size.0);
            }
            (View::Raw, _) => return level.raw.scroll(action, level.body.raw(), size),
            _ => return level.pretty.scroll(action, level.body.pretty(), size),
        }
        true
    }

    /// Looks for what was typed, from where one is, round the end.
    pub(super) fn search(&mut self, backwards: bool, size: (usize, usize)) {
        let Some(needle) = self.searched.clone().filter(|needle| !needle.is_empty()) else { return };
        let view = self.view;
        let [error, headers, log] = &mut self.pagers;
        let text = match view {
            View::Error => self.error.as_ref().map(|text| (error, &text.lines)),
            View::Headers => Some((headers, &self.headers)),
            View::Log => Some((log, &self.log)),
            View::Pretty | View::Raw | View::Tree => None,
        };
        let found = match (text, self.levels.last_mut()) {
            (Some((pager, lines)), _) => find(pager, lines, &needle, backwards),
            (None, Some(level)) if view == View::Tree => {
                let from = level.selected().unwrap_or_default();
                let found =
                    level.body.document().and_then(|document| document.find(&needle, from, backwards));
                if let (Some(node), Some(document), Some(folds)) =
                    (found, level.body.document(), &mut level.folds)
                {
                    folds.open_to(document, node);
                    let row = folds.row_of(node).unwrap_or_default();
                    level.cursor.go(row, folds.rows().len(), size.0);
                }
                found.is_some()
            }
            (None, Some(level)) if view == View::Raw => {
                find(&mut level.raw, level.body.raw(), &needle, backwards)
            }
            (None, Some(level)) => find(&mut level.pretty, level.body.pretty(), &needle, backwards),
            (None, None) => false,
        };
        self.problem = (!found).then(|| format!("{} is not in it", sanitise(&needle)));
    }

    /// What `y` copies: the selected value of the tree, a text without its quotes; else what is shown as a whole.
    pub fn value(&self) -> Option<String> {
        let level = self.level()?;
        if let (View::Tree, Some(node), Some(document)) = (self.view, level.selected(), level.body.document())
        {
            return Some(
                document.string(node).map_or_else(|| document.raw(node).to_owned(), |text| text.into_owned()),
            );
        }
        let joined =
            |lines: &Lines| (0..lines.len()).map(|nth| lines.get(nth)).collect::<Vec<_>>().join("\n");
        match self.view {
            View::Error => self.error.as_ref().map(|error| joined(&error.lines)),
            View::Headers => Some(joined(&self.headers)),
            View::Log => Some(joined(&self.log)),
            View::Pretty | View::Raw | View::Tree => {
                Some(String::from_utf8_lossy(level.body.bytes()).into_owned())
            }
        }
    }

    /// The path of the selected value of the tree, as jq has it.
    pub fn path(&self) -> Option<String> {
        let level = self.level()?;
        let node = level.selected().filter(|_| self.view == View::Tree)?;
        Some(level.body.document()?.path(node))
    }
}

fn find(pager: &mut Pager, lines: &Lines, needle: &str, backwards: bool) -> bool {
    let Some(line) = lines.find(needle, pager.line, backwards) else { return false };
    *pager = Pager { line, hidden: 0 };
    true
}
