//! What lies over the screen and takes all keys: questions, pickers, the command line, pages to read.

use std::fmt;

use jiff::Timestamp;
use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{CaseMatching, Normalization, Pattern},
};

use super::{
    Action, Context, Ticket,
    answer::AnswerPane,
    command,
    compare::Comparing,
    differences::DifferencesPane,
    events::EventsPane,
    field::Field,
    function::{configuration, test, versions},
    history::HistoryPane,
    list::Cursor,
    logs::export::LogExport,
    merging::Merging,
    msg::{EventToExport, EventToSave},
    past::PastPane,
    prompt::Prompt,
    repeat::RepeatForm,
    review::Review,
    text_editor::TextEditor,
    weights::Weights,
};
use crate::{
    domain::{saved_event::Owner, text},
    tail::RowKey,
};

/// What lies over the screen.
#[derive(Debug)]
pub enum Overlay {
    /// The keys of the place one came from.
    Help {
        /// That place.
        contexts: Vec<Context>,
        /// The topmost line on the screen.
        cursor: Cursor,
    },
    /// A command being typed.
    CommandLine(CommandLine),
    /// A choice.
    Picker(Picker),
    /// A question; the answer is No unless Yes is said.
    Question(Question),
    /// A text to read.
    Page(Page),
    /// All messages.
    Messages {
        /// The topmost line on the screen.
        cursor: Cursor,
    },
    /// A change to be agreed to.
    Review(Box<Review>),
    /// One line to be typed.
    Prompt(Box<Prompt>),
    /// Several lines to be typed.
    TextEditor(Box<TextEditor>),
    /// Base, mine and theirs.
    Merge(Box<Merging>),
    /// The weights of an alias.
    Weights(Box<Weights>),
    /// Two functions, versions or aliases side by side.
    Compare(Box<Comparing>),
    /// One change of many functions; its state is the app's, for it goes on without being looked at.
    Bulk,
    /// The journal of changes.
    History(Box<HistoryPane>),
    /// An answer.
    Answer(Box<AnswerPane>),
    /// The invocations of this run and of earlier ones.
    Past(Box<PastPane>),
    /// Two answers compared.
    Differences(Box<DifferencesPane>),
    /// How often a request is to be sent.
    RepeatForm(Box<RepeatForm>),
    /// A request that is sent many times; its state is the app's, for it goes on without being looked at.
    Repeat,
    /// The events that can be chosen.
    Events(Box<EventsPane>),
    /// The filters of the log on the screen; they are the log's.
    LogFilters(Cursor),
    /// The log groups that are followed together; they are the log's.
    LogSources(Cursor),
    /// Logs Insights; its state is the app's, for a query goes on without being looked at.
    Insights,
}

impl Overlay {
    pub(super) fn context(&self) -> Context {
        match self {
            Self::CommandLine(_) => Context::CommandLine,
            Self::Picker(_) => Context::Picker,
            Self::Help { .. } | Self::Page(_) | Self::Messages { .. } => Context::Page,
            Self::Review(review) if review.typed.is_some() => Context::Confirm,
            Self::Question(_) | Self::Review(_) => Context::Dialog,
            Self::Prompt(_) => Context::Prompt,
            Self::TextEditor(_) => Context::TextEditor,
            Self::Merge(_) => Context::Merge,
            Self::Weights(_) => Context::Weights,
            Self::Compare(_) => Context::Compare,
            // Whether a number is being typed is known by the app.
            Self::Bulk => Context::Bulk,
            Self::History(_) => Context::History,
            Self::Answer(pane) if pane.typed.is_some() => Context::AnswerField,
            Self::Answer(_) => Context::Answer,
            Self::Past(_) => Context::Invocations,
            Self::Differences(_) => Context::Differences,
            Self::RepeatForm(_) => Context::RepeatForm,
            Self::Repeat => Context::Repeat,
            Self::Events(_) => Context::Events,
            Self::LogFilters(_) => Context::LogFilters,
            Self::LogSources(_) => Context::LogSources,
            // Whether the query is being edited is known by the app.
            Self::Insights => Context::Insights,
        }
    }
}

/// A question and what a Yes does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What is asked.
    pub text: String,
    /// What one should know before answering.
    pub detail: String,
    /// What a Yes does.
    pub then: Then,
    /// When it came up by itself, and not by a key.
    pub came_up: Option<Timestamp>,
}

impl Question {
    /// A question that a key asks for.
    pub fn new(text: impl Into<String>, detail: impl Into<String>, then: Then) -> Self {
        Self { text: text.into(), detail: detail.into(), then, came_up: None }
    }

    /// Whether it has only just come up by itself: a Yes was meant for something else.
    pub fn is_unread(&self, now: Timestamp) -> bool {
        self.came_up.is_some_and(|at| now.duration_since(at) < super::review::UNREAD)
    }
}

/// What a Yes does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// End the program.
    Quit,
    /// Send a request many times, as the form below the question has it.
    Repeat,
    /// Delete a saved event.
    DeleteEvent(Owner, String),
    /// Save an event over what is there.
    SaveOver(Box<EventToSave>),
    /// Write an event over a file.
    ExportOver(EventToExport, String),
    /// Write rows of a log over a file.
    ExportLogOver(Box<LogExport>, String),
    /// Use Live Tail, which costs money.
    LiveTail,
}

/// A text to read. It may hold an event: its `Debug` shows the title only.
#[derive(Clone, PartialEq, Eq)]
pub struct Page {
    /// What it is.
    pub title: String,
    /// Its lines, sanitised.
    pub lines: Vec<String>,
    /// The topmost line on the screen.
    pub cursor: Cursor,
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Page({}, {} lines)", self.title, self.lines.len())
    }
}

impl Page {
    /// The rows it takes where there are so many columns: long lines wrap.
    pub fn rows(&self, columns: usize) -> usize {
        self.lines.iter().map(|line| text::rows(line, columns)).sum()
    }
}

/// Rows of the longest help. What a place's help holds is the key table's affair.
pub const HELP_ROWS: usize = 71;

/// The command line.
#[derive(Debug, Default)]
pub struct CommandLine {
    /// What was typed.
    pub field: Field,
    /// Which suggestion is marked.
    pub marked: usize,
    /// What is wrong with the command, once it was sent.
    pub problem: Option<String>,
}

impl CommandLine {
    /// What stands before the word that is being typed, what that may become, and the word.
    fn scope(&self) -> (&str, &'static [command::Help], &str) {
        let typed = self.field.text().trim_start();
        if let Some(change) = typed.strip_prefix(command::BULK_PREFIX) {
            return (command::BULK_PREFIX, &command::BULK, change.trim_start());
        }
        if typed.starts_with(command::LOGS_PREFIX) {
            let word = typed.rsplit(char::is_whitespace).next().unwrap_or_default();
            return (&typed[..typed.len() - word.len()], &command::LOGS, word);
        }
        ("", &command::HELP, typed)
    }

    /// The commands that what was typed may become, the changes behind `bulk`, or what may stand behind `logs`.
    pub fn suggestions(&self) -> Vec<&'static command::Help> {
        let (_, helps, word) = self.scope();
        if word.contains(' ') {
            return Vec::new();
        }
        helps.iter().filter(|help| help.name.starts_with(word)).collect()
    }

    pub(super) fn handle(&mut self, action: &Action) {
        let count = self.suggestions().len().max(1);
        match action {
            Action::Text(input) if self.field.input(input.clone()) => self.changed(),
            Action::Paste(text) if self.field.paste(text.reveal()) => self.changed(),
            Action::Down => self.marked = (self.marked + 1) % count,
            Action::Up => self.marked = (self.marked + count - 1) % count,
            Action::Complete => {
                if let Some(help) = self.suggestions().get(self.marked) {
                    let space = if help.argument.is_empty() { "" } else { " " };
                    let completed = format!("{}{}{space}", self.scope().0, help.name);
                    self.field.set(&completed);
                    self.changed();
                }
            }
            _ => {}
        }
    }

    fn changed(&mut self) {
        self.marked = 0;
        self.problem = None;
    }
}

/// What a picker picks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PickerKind {
    /// A profile.
    Profile,
    /// A region.
    Region,
    /// Something of the Configuration tab.
    Configuration(configuration::Pick),
    /// Something of the Versions tab.
    Versions(versions::Pick),
    /// Something of the Test tab.
    Test(test::Pick),
    /// A query to begin with.
    Insights,
    /// What is copied of a row of a log.
    LogCopy(RowKey),
    /// What is copied of the invocation of a request that a log tells of.
    LogInvocation(String),
}

impl PickerKind {
    /// What is picked, as a title.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Profile => "Profile",
            Self::Region => "Region",
            Self::Configuration(pick) => pick.title(),
            Self::Versions(pick) => pick.title(),
            Self::Test(pick) => pick.title(),
            Self::Insights => "Query",
            Self::LogCopy(_) | Self::LogInvocation(_) => "Copy",
        }
    }

    /// Whether what was typed may be taken as it is: AWS adds regions and runtimes.
    pub fn takes_typed(&self) -> bool {
        match self {
            Self::Region
            | Self::Configuration(_)
            | Self::Test(test::Pick::Qualifier | test::Pick::Elsewhere(_)) => true,
            Self::Profile
            | Self::Versions(_)
            | Self::Test(_)
            | Self::Insights
            | Self::LogCopy(_)
            | Self::LogInvocation(_) => false,
        }
    }
}

/// One choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What is chosen.
    pub name: String,
    /// What one should know of it.
    pub note: String,
}

/// A list that is narrowed down by typing.
#[derive(Debug)]
pub struct Picker {
    /// What is picked.
    pub kind: PickerKind,
    /// What was typed.
    pub field: Field,
    /// All choices.
    pub items: Vec<Item>,
    /// The choices that fit, best first.
    pub shown: Vec<usize>,
    /// The marked choice.
    pub cursor: Cursor,
    /// The request for the choices.
    pub pending: Option<Ticket>,
    /// Why there are none.
    pub error: Option<String>,
}

impl Picker {
    /// Rows of choices that a picker shows at once.
    pub const HEIGHT: usize = 12;

    /// A picker over what is known already.
    pub fn new(kind: PickerKind, items: Vec<Item>) -> Self {
        let mut picker = Self {
            kind,
            field: Field::default(),
            items,
            shown: Vec::new(),
            cursor: Cursor::default(),
            pending: None,
            error: None,
        };
        picker.narrow();
        picker
    }

    /// The marked choice; some may also be typed in full, for AWS adds to them.
    pub fn chosen(&self) -> Option<String> {
        match self.shown.get(self.cursor.at) {
            Some(index) => Some(self.items[*index].name.clone()),
            None if self.kind.takes_typed() => {
                let typed = self.field.text().trim();
                (!typed.is_empty()).then(|| typed.to_owned())
            }
            None => None,
        }
    }

    /// Applies what was typed.
    pub(super) fn narrow(&mut self) {
        let pattern = Pattern::parse(self.field.text(), CaseMatching::Ignore, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut buffer = Vec::new();
        let mut ranked: Vec<(u32, usize)> = self
            .items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| {
                // A runtime may be typed that is not listed: the dates in the notes must not make it fit another one.
                let text = match self.kind {
                    PickerKind::Configuration(_)
                    | PickerKind::Test(test::Pick::Qualifier | test::Pick::Elsewhere(_)) => item.name.clone(),
                    _ => format!("{} {}", item.name, item.note),
                };
                Some((pattern.score(Utf32Str::new(&text, &mut buffer), &mut matcher)?, index))
            })
            .collect();
        // Who types a whole name means that one: version 1, not version 11.
        let typed = self.field.text().trim();
        let is_exact = |index: usize| self.items[index].name == typed;
        ranked.sort_by(|a, b| is_exact(b.1).cmp(&is_exact(a.1)).then(b.0.cmp(&a.0)).then(a.1.cmp(&b.1)));
        self.shown = ranked.into_iter().map(|(_, index)| index).collect();
        self.cursor.go(0, self.shown.len(), Self::HEIGHT);
    }

    pub(super) fn handle(&mut self, action: &Action) {
        let changed = match action {
            Action::Text(input) => self.field.input(input.clone()),
            Action::Paste(text) => self.field.paste(text.reveal()),
            _ => {
                self.cursor.handle(action, self.shown.len(), Self::HEIGHT);
                false
            }
        };
        if changed {
            self.narrow();
        }
    }
}
