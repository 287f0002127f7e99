//! How messages change the state.

mod answer;
mod bulk;
mod change;
mod compare;
mod configuration;
mod drafts;
mod environment;
mod event;
mod events;
mod function;
mod history;
mod insights;
mod log_event;
mod log_export;
mod log_filters;
mod log_invocations;
mod log_sources;
mod logs;
mod merging;
mod overlay;
mod past;
mod repeat;
mod request_log;
mod rollback;
mod session;
mod test;
mod versions;
mod watching;

use std::time::Duration;

use jiff::Timestamp;

use super::{
    Action, App, Effect, Msg, Screen,
    bulk::Step,
    function::{Tab, versions::Section},
    layout,
    list::Cursor,
    messages::Severity,
    overlay::{CommandLine, Overlay, Question, Then},
    review::Phase,
};
use crate::cloud;

pub use self::events::FromDisk;
pub(super) use self::{events::Awaited, log_export::LogExporting};

impl App {
    /// What to do first: make the session.
    pub fn start(&mut self) -> Vec<Effect> {
        if self.settings.local_first && self.session.local_spec.is_none() {
            return self.start_local();
        }
        let spec = self.session.spec.clone();
        let epoch = self.session.begin(spec.clone());
        vec![Effect::Connect { epoch, spec, verify: false }]
    }

    /// Changes the state by what happened at `now`, and says what is to be done.
    #[allow(clippy::too_many_lines, reason = "an arm for each message")]
    pub fn update(&mut self, now: Timestamp, msg: Msg) -> Vec<Effect> {
        self.now = now;
        self.tick();
        let asked = matches!(msg, Msg::Action(_)) || matches!(self.overlay, Some(Overlay::Review(_)));
        let (was_asked, said) = (self.is_asked(), self.messages.fades_at());
        let mut effects = match msg {
            Msg::Action(action) => self.act(action),
            Msg::Resize(size) => self.resize(size),
            Msg::Focus(gained) => {
                if !gained {
                    self.mask();
                }
                Vec::new()
            }
            Msg::Tick => self.have_event_checked().into_iter().collect(),
            Msg::Terminate(code) => {
                self.exit = Some(code);
                Vec::new()
            }
            Msg::Connected(epoch, result) => self.connected(epoch, result),
            Msg::EngineNotes(notes) => self.engine_notes(notes),
            Msg::NoCredentials(epoch) => self.no_credentials(epoch),
            Msg::Identity(ticket, result) => {
                self.session.identity.receive(ticket, result, now);
                Vec::new()
            }
            Msg::FunctionsPage { ticket, functions, last } => {
                let height = self.list_height();
                self.functions.receive(ticket, functions, last, now, height);
                self.list_came()
            }
            Msg::FunctionsFailed(ticket, error) => {
                if self.functions.failed(ticket, error.clone()) {
                    self.report(&error);
                }
                self.list_came()
            }
            Msg::FunctionState(ticket, name, result) => {
                self.functions.receive_state(ticket, &name, result, now);
                Vec::new()
            }
            Msg::Function(ticket, result) => self.function_read(ticket, result),
            Msg::Streamed(ticket, chunk) => {
                self.streamed(ticket, &chunk);
                Vec::new()
            }
            Msg::Invoked(ticket, result) => self.invoked(ticket, result),
            Msg::Examined(ticket, result) => self.examined(ticket, result),
            Msg::EditedOutside(ticket, result) => self.edited_outside(ticket, result),
            Msg::Diffed(ticket, result) => {
                self.diffed(ticket, result);
                Vec::new()
            }
            Msg::Looked(ticket, result) => {
                self.looked(ticket, result);
                Vec::new()
            }
            Msg::Repeated(ticket, tally) => {
                self.repeated(ticket, *tally);
                Vec::new()
            }
            Msg::RepeatEnded(ticket, tally, why) => {
                self.repeat_ended(ticket, *tally, *why);
                Vec::new()
            }
            Msg::Tail(ticket, update) => self.tail_told(ticket, update),
            Msg::LogsScanned(ticket, scanned) => {
                self.logs_scanned(ticket, &scanned);
                Vec::new()
            }
            Msg::LogsFolded(ticket, folded) => {
                self.logs_folded(ticket, *folded);
                Vec::new()
            }
            Msg::LogsExported(ticket, result) => self.log_exported(ticket, result),
            Msg::SourcesFound(ticket, result) => self.sources_found(ticket, result),
            Msg::Insights(ticket, result) => {
                self.insights_told(ticket, result);
                Vec::new()
            }
            Msg::Profiles(ticket, result) => {
                self.profiles(ticket, result);
                Vec::new()
            }
            Msg::Written(ticket, result) => self.written(ticket, result),
            Msg::Observed(ticket, name, result) => self.observed(ticket, &name, result),
            Msg::Releases(ticket, result) => self.releases_read(ticket, result),
            Msg::Shareable(ticket, result) => match self.shareable_observed(ticket, &result) {
                Some(effects) => effects,
                None => self.shareable_read(ticket, result),
            },
            Msg::Extras(ticket, extras) => {
                self.extras_read(ticket, *extras);
                Vec::new()
            }
            Msg::LogRetention(ticket, name, result) => self.retention_read(ticket, &name, result),
            Msg::Compared(ticket, result) => {
                self.compared(ticket, result);
                Vec::new()
            }
            Msg::Journal(ticket, result) => {
                self.journal_told(ticket, result.as_ref().err().cloned());
                self.journal_read(ticket, result);
                self.awaited_rollback();
                Vec::new()
            }
            Msg::InvocationsRead(ticket, result) => {
                self.invocations_read(ticket, result);
                Vec::new()
            }
            Msg::Events(ticket, result) => self.events_listed(ticket, result),
            Msg::EventRead(ticket, result) => self.event_read(ticket, result),
            Msg::EventStored(ticket, result) => self.event_stored(ticket, result),
            Msg::Trouble(text) => {
                self.messages.say(now, Severity::Error, text);
                Vec::new()
            }
        };
        if self.overlay.is_none() {
            self.overlay = self.beneath.pop();
            // What comes back is read anew before it is agreed to.
            match &mut self.overlay {
                Some(Overlay::Review(review)) => review.came_up = Some(now),
                Some(Overlay::Question(question)) => question.came_up = Some(now),
                _ => {}
            }
        }
        self.follow_past();
        if let Some(Overlay::Review(review)) = &mut self.overlay
            && !asked
        {
            review.came_up = Some(now);
        }
        effects.extend(self.want_states());
        effects.extend(self.want_scans());
        effects.extend(self.fold_logs());
        self.note_event();
        // What was said before must not hide the keys of a dialog or a field that has just opened.
        if !was_asked && self.is_asked() && self.messages.fades_at() == said {
            self.messages.dismiss();
        }
        effects
    }

    /// Whether a dialog or a field takes the keys.
    fn is_asked(&self) -> bool {
        self.overlay.is_some() || self.takes_text()
    }

    fn tick(&mut self) {
        let now = self.now;
        self.messages.tick(now);
        self.functions.tick(now);
        if let Some(view) = &mut self.function {
            view.environment.tick(now);
        }
        self.tick_logs();
        if let Some(Overlay::Merge(merging)) = &mut self.overlay {
            merging.tick(now);
        }
    }

    fn resize(&mut self, size: layout::Size) -> Vec<Effect> {
        self.size = size;
        let height = self.list_height();
        let len = self.functions.len();
        self.functions.cursor.go(self.functions.cursor.at, len, height);
        let test = layout::test(size, self.invocation_rows());
        if let Some(view) = &mut self.function {
            view.test.follow_cursor(editor_size(test));
        }
        if let Some(Overlay::TextEditor(editor)) = &mut self.overlay {
            editor.follow_cursor(layout::text_editor(size).room());
        }
        Vec::new()
    }

    /// The rows of the list that are on the screen.
    pub fn list_height(&self) -> usize {
        usize::from(layout::list(self.size, self.functions.preview).rows.rows)
    }

    fn content_height(&self) -> usize {
        usize::from(layout::tab(self.size).content.rows)
    }

    fn want_states(&mut self) -> Option<Effect> {
        if self.screen != Screen::Functions || self.session.current.is_none() {
            return None;
        }
        let height = self.list_height();
        let (tickets, epoch) = (&mut self.tickets, self.session.epoch);
        self.functions.want_states(height, || {
            *tickets += 1;
            super::Ticket { epoch, number: *tickets }
        })
    }

    fn mask(&mut self) {
        if let Some(view) = &mut self.function {
            view.environment.mask();
        }
        match &mut self.overlay {
            Some(Overlay::TextEditor(editor)) => editor.mask(),
            Some(Overlay::Merge(merging)) => merging.revealed = None,
            _ => {}
        }
    }

    fn say(&mut self, severity: Severity, text: impl Into<String>) {
        self.messages.say(self.now, severity, text);
    }

    fn report(&mut self, error: &cloud::Error) {
        self.say(Severity::Error, error.to_string());
    }

    fn list_functions(&mut self) -> Vec<Effect> {
        let ticket = self.ticket();
        self.functions.ask(ticket);
        vec![Effect::ListFunctions(ticket)]
    }

    fn refresh(&mut self) -> Vec<Effect> {
        if self.session.current.is_none() {
            return if self.session.connecting.is_none() { self.start() } else { Vec::new() };
        }
        match self.screen {
            Screen::Start | Screen::Logs => Vec::new(),
            Screen::Functions if self.functions.pending.is_some() => Vec::new(),
            Screen::Functions => self.list_functions(),
            Screen::Function => self.read_function(Duration::ZERO),
        }
    }

    fn act(&mut self, action: Action) -> Vec<Effect> {
        // A key that begins a pair waits for the next one only.
        let lead = self.lead.take();
        if let (Action::Lead(begun), None) = (&action, &self.overlay) {
            self.lead = (lead != Some(*begun)).then_some(*begun);
            return Vec::new();
        }
        if lead.is_some() && action == Action::Back {
            return Vec::new();
        }
        let sends = matches!(action, Action::Send | Action::Open | Action::SendAgain);
        let is_key = !matches!(
            action,
            Action::Scroll(_) | Action::Click(..) | Action::DoubleClick(..) | Action::Paste(_)
        );
        if is_key && !sends {
            // Another key: the one that sends was let go.
            self.pressed_at = None;
        }
        if let Some(overlay) = &self.overlay {
            // A key that closes something may be held: what is beneath must not take it for one that sends. The form
            // of what is sent many times looks at that itself.
            let closes = match overlay {
                Overlay::RepeatForm(_) => false,
                // These are closed by enter, too.
                Overlay::Page(_) | Overlay::Help { .. } | Overlay::Messages { .. } => action == Action::Back,
                _ => matches!(action, Action::Open | Action::No),
            };
            let effects = self.act_on_overlay(&action);
            if closes {
                self.pressed_at = Some(self.now);
            }
            return effects;
        }
        match self.screen {
            Screen::Start => self.act_on_start(action),
            Screen::Functions => self.act_on_list(action),
            Screen::Function => self.act_on_function(action),
            Screen::Logs => self.act_on_many_logs(&action),
        }
    }

    fn act_anywhere(&mut self, action: &Action) -> Vec<Effect> {
        match action {
            Action::Help => {
                self.overlay = Some(Overlay::Help { contexts: self.contexts(), cursor: Cursor::default() });
            }
            Action::CommandLine => self.overlay = Some(Overlay::CommandLine(CommandLine::default())),
            Action::Refresh => return self.refresh(),
            Action::Quit => return self.quit(),
            Action::Suspend => {
                self.mask();
                return vec![Effect::Suspend];
            }
            Action::CopyName => return self.copy(|_, name, _| Some(name)),
            Action::CopyArn => return self.copy(|_, _, arn| arn),
            Action::Compare => return self.begin_compare(),
            Action::Back => self.messages.dismiss(),
            _ => {}
        }
        Vec::new()
    }

    fn copy(&mut self, choose: impl FnOnce(&Self, String, Option<String>) -> Option<String>) -> Vec<Effect> {
        let target = match (self.screen, &self.function) {
            (Screen::Function, Some(view)) => Some((view.name.clone(), view.arn.clone())),
            _ => self
                .functions
                .selected()
                .map(|function| (function.name.to_string(), Some(function.arn.to_string()))),
        };
        let Some((name, arn)) = target else { return Vec::new() };
        match choose(self, name, arn) {
            Some(text) => {
                self.say(Severity::Info, format!("copied {text}"));
                vec![Effect::Copy(text)]
            }
            None => Vec::new(),
        }
    }

    /// The functions whose changes have left, and whose answers have not come.
    pub fn sending(&self) -> Vec<&str> {
        let single = self.writing.iter().filter(|writing| writing.phase == Phase::Sending);
        let of_plan = self.bulk.iter().flat_map(|bulk| &bulk.rows);
        let of_plan = of_plan.filter(|row| matches!(row.step, Step::Sending(_)));
        single.map(|writing| writing.order.function.as_str()).chain(of_plan.map(|row| &*row.name)).collect()
    }

    fn quit(&mut self) -> Vec<Effect> {
        let sending = self.sending();
        let unsaved = self.unsaved();
        let applying = self.bulk.as_ref().is_some_and(crate::app::bulk::Bulk::is_under_way);
        if !sending.is_empty() || applying {
            let what = if applying { "the plan".to_owned() } else { sending.join(", ") };
            self.overlay = Some(Overlay::Question(Question {
                text: "Quit while a change is being sent?".into(),
                detail: format!(
                    "AWS may have got it: without the answer nobody knows what became of {what}."
                ),
                then: Then::Quit,
                came_up: None,
            }));
        } else if !unsaved.is_empty() {
            self.overlay = Some(Overlay::Question(Question {
                text: "Quit without saving?".into(),
                detail: format!(
                    "The changes of {} are in memory only: they will be lost.",
                    unsaved.join(", ")
                ),
                then: Then::Quit,
                came_up: None,
            }));
        } else if let Some(question) = self.quit_repeat() {
            self.overlay = Some(Overlay::Question(question));
        } else if self.invocations.running().next().is_none() {
            self.exit = Some(0);
        } else {
            let names: Vec<String> = self.invocations.running().map(|one| one.request.target()).collect();
            self.overlay = Some(Overlay::Question(Question {
                text: "Quit while an invocation is under way?".into(),
                detail: format!("{} goes on at AWS, but its answer will be lost.", names.join(", ")),
                then: Then::Quit,
                came_up: None,
            }));
        }
        Vec::new()
    }

    fn act_on_start(&mut self, action: Action) -> Vec<Effect> {
        let choices = StartChoice::ALL.len();
        let mut cursor = Cursor { at: self.start_choice, top: 0 };
        if cursor.handle(&action, choices, choices) {
            self.start_choice = cursor.at;
            return Vec::new();
        }
        match action {
            Action::Open => match StartChoice::ALL[self.start_choice.min(choices - 1)] {
                StartChoice::Local => self.start_local(),
                StartChoice::Profile => self.pick_profile(),
                StartChoice::Endpoint => {
                    let mut line = CommandLine::default();
                    line.field.set("endpoint http://127.0.0.1:");
                    self.overlay = Some(Overlay::CommandLine(line));
                    Vec::new()
                }
            },
            other => self.act_anywhere(&other),
        }
    }

    fn act_on_list(&mut self, action: Action) -> Vec<Effect> {
        let height = self.list_height();
        if self.functions.handle(&action, height) {
            return Vec::new();
        }
        let tab = match action {
            Action::Open => Tab::Overview,
            Action::Invoke => Tab::Test,
            Action::Logs if self.functions.marks().0 > 1 => return self.logs_of_marked(),
            Action::Logs => Tab::Logs,
            Action::Environment => Tab::Environment,
            Action::Versions => return self.open_releases(Section::Versions),
            Action::Aliases => return self.open_releases(Section::Aliases),
            Action::Monitor => Tab::Monitor,
            Action::Bulk => return self.begin_bulk(),
            Action::RawJson => {
                let mut effects = self.open_selected(Tab::Overview);
                effects.extend(self.raw_json());
                return effects;
            }
            Action::Click(column, row) | Action::DoubleClick(column, row) => {
                let rows = layout::list(self.size, self.functions.preview).rows;
                if rows.contains(column, row) {
                    self.functions.click(self.functions.cursor.top + usize::from(row - rows.row), height);
                    if matches!(action, Action::DoubleClick(..)) {
                        return self.open_selected(Tab::Overview);
                    }
                }
                return Vec::new();
            }
            other => return self.act_anywhere(&other),
        };
        self.open_selected(tab)
    }

    /// The zone that times are shown in.
    pub fn zone(&self) -> jiff::tz::TimeZone {
        if self.settings.utc { jiff::tz::TimeZone::UTC } else { self.settings.zone.clone() }
    }
}

/// What the start screen offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartChoice {
    /// The local engine.
    Local,
    /// Another profile.
    Profile,
    /// An endpoint.
    Endpoint,
}

impl StartChoice {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Local, Self::Profile, Self::Endpoint];
}

/// Lines and columns of the editor: one line is the heading, four columns are line numbers and a border.
fn editor_size(test: layout::TestLayout) -> (usize, usize) {
    (usize::from(test.event.rows.saturating_sub(2)), usize::from(test.event.columns.saturating_sub(6)))
}

/// Rows and columns of the answer's text: two rows are the heading, one column is a margin.
fn answer_size(test: layout::TestLayout) -> (usize, usize) {
    (usize::from(test.answer.rows.saturating_sub(2)), usize::from(test.answer.columns.saturating_sub(1)))
}
