//! The state of the dashboard and how it changes: [`App::update`] takes a [`Msg`] and answers with [`Effect`]s.
//!
//! `update` is synchronous and total: no I/O, no clock, no randomness; time arrives with each message. Everything
//! that comes and goes is data, so that a test asserts the whole vector of effects.

pub mod action;
pub mod answer;
pub mod bulk;
pub mod command;
pub mod compare;
pub mod differences;
pub mod draft;
pub mod editor;
pub mod events;
pub mod field;
pub mod function;
pub mod functions;
pub mod history;
pub mod insights;
pub mod invocations;
pub mod layout;
pub mod list;
pub mod logs;
pub mod merging;
pub mod messages;
pub mod msg;
pub mod overlay;
pub mod pager;
pub mod past;
pub mod prompt;
pub mod remote;
pub mod repeat;
pub mod review;
pub mod session;
pub mod text_editor;
mod update;
pub mod weights;

use update::{Awaited, LogExporting};
pub use update::{FromDisk, StartChoice};

pub use action::{Action, Context, Lead};
pub use msg::{Effect, Msg, Ticket};
pub use remote::Remote;

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan, tz::TimeZone};

use self::{
    bulk::Bulk,
    draft::Stashed,
    function::{Tab, View, environment::SavedOver, test::TestPane},
    functions::FunctionsPane,
    insights::InsightsPane,
    invocations::{Invocation, Invocations},
    layout::Size,
    logs::LogsPane,
    messages::Messages,
    overlay::Overlay,
    repeat::Repeating,
    review::{Phase, Writing},
    session::SessionState,
};
use crate::domain::{journal, place::Place};

/// What fills the screen below the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Screen {
    /// Nothing to show yet: what was looked for, and what can be done.
    Start,
    /// The list of functions.
    #[default]
    Functions,
    /// One function with its tabs.
    Function,
    /// The logs of several functions, as one.
    Logs,
}

/// Choices that hold for the whole run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Times in UTC instead of the local zone.
    pub utc: bool,
    /// The local zone.
    pub zone: TimeZone,
    /// Begin on the local engine.
    pub local_first: bool,
    /// On the local engine: the event that a function's first test starts from.
    pub sample_events: BTreeMap<String, String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { utc: false, zone: TimeZone::UTC, local_first: false, sample_events: BTreeMap::new() }
    }
}

/// The Test tab of a function that is not open: its event is not lost.
#[derive(Debug)]
pub struct StashedEvent {
    /// Account, region, endpoint.
    pub place: Place,
    /// Function name.
    pub function: String,
    /// The tab.
    pub test: TestPane,
}

/// The whole state.
#[derive(Debug)]
pub struct App {
    /// The moment of the last message.
    pub now: Timestamp,
    /// The terminal's size.
    pub size: Size,
    /// Choices that hold for the whole run.
    pub settings: Settings,
    /// Whose account, which region, which endpoint.
    pub session: SessionState,
    /// What fills the screen.
    pub screen: Screen,
    /// Which choice of the start screen is selected.
    pub start_choice: usize,
    /// The list of functions.
    pub functions: FunctionsPane,
    /// The function that is open.
    pub function: Option<View>,
    /// The invocations of this run. Those on their way hold up quitting.
    pub invocations: Invocations,
    /// Events that are being written for functions that are not open.
    pub events: Vec<StashedEvent>,
    /// Changes on their way. While one is being sent it holds up quitting.
    pub writing: Vec<Writing>,
    /// Edits of functions that are not open.
    pub stashed: Vec<Stashed>,
    /// Environments that were saved over in this run.
    pub saved_over: Vec<SavedOver>,
    /// One change of many functions, planned, under way or done.
    pub bulk: Option<Bulk>,
    /// The logs of several functions, as one.
    pub logs: Option<LogsPane>,
    /// What was typed into the fields of logs' filters.
    pub typed_filters: logs::filters::Typed,
    /// Logs Insights.
    pub insights: Option<InsightsPane>,
    /// A key that begins a pair (`]e`) was pressed.
    pub lead: Option<Lead>,
    /// A request that is sent many times, under way or over.
    pub repeating: Option<Repeating>,
    /// The journal of changes, oldest first, as it was last read.
    pub journal: Vec<journal::Entry>,
    /// What lies over the screen and takes all keys.
    pub overlay: Option<Overlay>,
    /// What lies below the overlay and comes back when that is closed.
    pub beneath: Vec<Overlay>,
    /// What was said, and the line that says it now.
    pub messages: Messages,
    /// Set when the program is to end, with its exit code.
    pub exit: Option<u8>,
    /// When a key that sends was last pressed.
    pressed_at: Option<Timestamp>,
    awaited: Vec<Awaited>,
    log_exports: Vec<LogExporting>,
    journal_ticket: Option<Ticket>,
    tickets: u64,
}

impl App {
    /// The state before anything is known.
    pub fn new(now: Timestamp, settings: Settings, session: SessionState) -> Self {
        Self {
            now,
            size: Size::default(),
            settings,
            session,
            screen: Screen::Functions,
            start_choice: 0,
            functions: FunctionsPane::default(),
            function: None,
            invocations: Invocations::default(),
            events: Vec::new(),
            writing: Vec::new(),
            stashed: Vec::new(),
            saved_over: Vec::new(),
            bulk: None,
            repeating: None,
            logs: None,
            typed_filters: logs::filters::Typed::default(),
            insights: None,
            lead: None,
            journal: Vec::new(),
            overlay: None,
            beneath: Vec::new(),
            messages: Messages::default(),
            exit: None,
            pressed_at: None,
            awaited: Vec::new(),
            log_exports: Vec::new(),
            journal_ticket: None,
            tickets: 0,
        }
    }

    /// Where a key is looked up, from the innermost place outwards. An overlay takes all: the chain stops there.
    pub fn contexts(&self) -> Vec<Context> {
        if let Some(overlay) = &self.overlay {
            return vec![match overlay {
                Overlay::Bulk if self.bulk.as_ref().is_some_and(Bulk::takes_text) => Context::BulkConfirm,
                Overlay::Insights if self.insights.as_ref().is_some_and(|pane| pane.editing) => {
                    Context::InsightsQuery
                }
                overlay => overlay.context(),
            }];
        }
        match self.screen {
            Screen::Start => vec![Context::Start, Context::Global],
            Screen::Functions if self.functions.filter_focused => vec![Context::Filter],
            Screen::Functions => vec![Context::Functions, Context::Global],
            Screen::Function => match &self.function {
                Some(view) => view.contexts(self.lead),
                None => vec![Context::Global],
            },
            Screen::Logs => match &self.logs {
                Some(pane) => pane.contexts(self.lead, &[Context::Global]),
                None => vec![Context::Global],
            },
        }
    }

    /// Whether a text field has the focus, so that plain characters are text and no commands.
    pub fn takes_text(&self) -> bool {
        self.contexts().first().is_some_and(|context| context.takes_text())
    }

    /// Whether pasted text is taken: by a text field, and by the Environment tab, where it is a `.env` block.
    pub fn takes_paste(&self) -> bool {
        self.takes_text() || self.contexts().first() == Some(&Context::Environment)
    }

    /// When the screen changes by itself next: a message fades, a value is masked again, a clock runs. The runtime
    /// sends a tick then; with `None` no timer runs at all.
    pub fn wake_at(&self) -> Option<Timestamp> {
        let pane = match self.screen {
            Screen::Start => None,
            Screen::Functions => self.functions.recheck_at,
            Screen::Function => self.function.as_ref().and_then(|view| view.wake_at(self.now)),
            Screen::Logs => self
                .logs
                .as_ref()
                .and_then(|pane| pane.wake_at(self.now).into_iter().chain(pane.clock_at(self.now)).min()),
        };
        // While an invocation runs its clock shows tenths of a second, where it is looked at.
        let listed = matches!(self.overlay, Some(Overlay::Past(_)));
        let on_screen = |running: &Invocation| {
            listed
                || self.screen == Screen::Function
                    && self
                        .function
                        .as_ref()
                        .is_some_and(|view| view.tab == Tab::Test && view.name == running.request.function)
        };
        let clock = self
            .invocations
            .running()
            .any(on_screen)
            .then(|| self.now.checked_add(100.milliseconds()).ok())
            .flatten();
        let revealed = match &self.overlay {
            Some(Overlay::Merge(merging)) => merging.revealed.map(|(_, until)| until),
            _ => None,
        };
        [
            self.messages.fades_at(),
            pane,
            clock,
            revealed,
            self.writing_clock(),
            self.repeat_clock(),
            self.insights_clock(),
            self.invocations_clock(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// The next tenth of a second of what is sent many times, where that is looked at.
    fn repeat_clock(&self) -> Option<Timestamp> {
        let looked_at = matches!(self.overlay, Some(Overlay::Repeat));
        let running = self.repeating.as_ref().is_some_and(Repeating::is_running);
        (looked_at && running).then(|| self.now.checked_add(100.milliseconds()).ok()).flatten()
    }

    /// The next tenth of a second of a query of Logs Insights, where that is looked at.
    fn insights_clock(&self) -> Option<Timestamp> {
        let looked_at = matches!(self.overlay, Some(Overlay::Insights));
        let running = self.insights.as_ref().is_some_and(InsightsPane::is_running);
        (looked_at && running).then(|| self.now.checked_add(100.milliseconds()).ok()).flatten()
    }

    /// The next second of a change whose clock is on the screen.
    fn writing_clock(&self) -> Option<Timestamp> {
        let view = self.function.as_ref().filter(|view| {
            self.screen == Screen::Function && matches!(view.tab, Tab::Environment | Tab::Configuration)
        })?;
        let writing = self.writing(&view.name).filter(|writing| writing.phase != Phase::Sending)?;
        let seconds = self.now.duration_since(writing.since).as_secs().max(0) + 1;
        writing.since.checked_add(seconds.seconds()).ok()
    }

    /// The invocations of a function that this session sent and that are not answered yet, oldest first.
    pub fn running<'a>(&'a self, function: &'a str) -> impl DoubleEndedIterator<Item = &'a Invocation> {
        self.invocations.of(function, self.session.epoch).filter(|one| one.is_running())
    }

    /// The invocation that the Test tab shows: the one that was chosen, else the newest of the function.
    pub fn looked_at(&self) -> Option<&Invocation> {
        let view = self.function.as_ref()?;
        let chosen = view.test.shown.and_then(|number| self.invocations.get(number));
        chosen.or_else(|| self.invocations.of(&view.name, self.session.epoch).next_back())
    }

    fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket { epoch: self.session.epoch, number: self.tickets }
    }
}
