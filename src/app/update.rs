//! How messages change the state.

use std::time::Duration;

use jiff::{Timestamp, ToSpan};

use super::{
    Action, App, Effect, Msg, Remote, Running, Screen,
    command::{self, Command},
    function::{Tab, View},
    layout,
    list::Cursor,
    messages::Severity,
    msg::Connected,
    overlay::{CommandLine, Item, Overlay, Page, Picker, PickerKind, Question, Then},
};
use crate::{
    cloud::{self, Spec},
    domain::{
        function::Details,
        invocation::{Answer, InvocationType, Request},
        secret::Secret,
    },
};

/// How far back the log's history goes at first.
const LOG_HISTORY_MINUTES: i64 = 15;

/// How long to wait before a function that is changing is read again.
const SETTLING: Duration = Duration::from_secs(1);

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
    pub fn update(&mut self, now: Timestamp, msg: Msg) -> Vec<Effect> {
        self.now = now;
        self.tick();
        let mut effects = match msg {
            Msg::Action(action) => self.act(action),
            Msg::Resize(size) => self.resize(size),
            Msg::Focus(gained) => {
                if !gained {
                    self.mask();
                }
                Vec::new()
            }
            Msg::Tick => Vec::new(),
            Msg::Terminate(code) => {
                self.exit = Some(code);
                Vec::new()
            }
            Msg::Connected(epoch, result) => self.connected(epoch, result),
            Msg::NoCredentials(epoch) => self.no_credentials(epoch),
            Msg::Identity(ticket, result) => {
                self.session.identity.receive(ticket, result, now);
                Vec::new()
            }
            Msg::FunctionsPage { ticket, functions, last } => {
                let height = self.list_height();
                self.functions.receive(ticket, functions, last, now, height);
                Vec::new()
            }
            Msg::FunctionsFailed(ticket, error) => {
                if self.functions.failed(ticket, error.clone()) {
                    self.report(&error);
                }
                Vec::new()
            }
            Msg::FunctionState(ticket, name, result) => {
                self.functions.receive_state(ticket, &name, result, now);
                Vec::new()
            }
            Msg::Function(ticket, result) => self.function_read(ticket, result),
            Msg::Invoked(ticket, result) => self.invoked(ticket, result),
            Msg::Tail(ticket, update) => {
                let _ = (ticket, update);
                Vec::new()
            }
            Msg::Profiles(ticket, result) => {
                self.profiles(ticket, result);
                Vec::new()
            }
            Msg::Trouble(text) => {
                self.messages.say(now, Severity::Error, text);
                Vec::new()
            }
        };
        effects.extend(self.want_states());
        effects
    }

    fn tick(&mut self) {
        let now = self.now;
        self.messages.tick(now);
        self.functions.tick(now);
        if let Some(view) = &mut self.function {
            view.environment.tick(now);
        }
    }

    fn resize(&mut self, size: layout::Size) -> Vec<Effect> {
        self.size = size;
        let height = self.list_height();
        let len = self.functions.len();
        self.functions.cursor.go(self.functions.cursor.at, len, height);
        if let Some(view) = &mut self.function {
            let test = layout::test(size);
            view.test.follow_cursor(editor_size(test));
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
    }

    fn say(&mut self, severity: Severity, text: impl Into<String>) {
        self.messages.say(self.now, severity, text);
    }

    fn report(&mut self, error: &cloud::Error) {
        self.say(Severity::Error, error.to_string());
    }

    // Sessions

    fn connect(&mut self, spec: Spec) -> Vec<Effect> {
        // Before the first session there is nothing that a failed switch could leave as it was.
        let verify = self.session.current.is_some();
        let epoch = self.session.begin(spec.clone());
        self.overlay = None;
        vec![Effect::Connect { epoch, spec, verify }]
    }

    fn start_local(&mut self) -> Vec<Effect> {
        self.overlay = None;
        if let Some(spec) = self.session.local_spec.clone() {
            return self.connect(spec);
        }
        let epoch = self.session.begin(Spec::default());
        vec![Effect::StartLocal { epoch }]
    }

    fn connected(&mut self, epoch: u32, result: Result<Box<Connected>, cloud::Error>) -> Vec<Effect> {
        if self.session.connecting.as_ref().is_none_or(|(awaited, _)| *awaited != epoch) {
            return Vec::new();
        }
        self.session.connecting = None;
        match result {
            Ok(connected) => self.begin_session(epoch, *connected),
            Err(error) => {
                self.report(&error);
                self.session.error = Some(error);
                if self.session.current.is_none() {
                    self.screen = Screen::Start;
                }
                Vec::new()
            }
        }
    }

    /// Everything of the old session goes at once; what is still on its way is dropped by its epoch.
    fn begin_session(&mut self, epoch: u32, connected: Connected) -> Vec<Effect> {
        let followed = self.function.is_some();
        self.session.epoch = epoch;
        self.session.error = None;
        if connected.spec.keys.is_some() {
            self.session.local_spec = Some(connected.spec.clone());
        }
        self.session.identity = Remote::default();
        self.screen = Screen::Functions;
        self.function = None;
        self.overlay = None;
        self.functions = self.functions.emptied();
        let mut effects = Vec::new();
        if followed {
            effects.push(Effect::StopLogs);
        }
        effects.extend(self.list_functions());
        if let Some(identity) = connected.identity.clone() {
            self.session.identity.value = Some(identity);
            self.session.identity.loaded_at = Some(self.now);
        } else {
            let ticket = self.ticket();
            self.session.identity.ask(ticket);
            effects.push(Effect::Identify(ticket));
        }
        self.session.spec = connected.spec.clone();
        self.session.current = Some(connected);
        effects
    }

    /// The start screen comes at once; the instance metadata service may still answer behind it.
    fn no_credentials(&mut self, epoch: u32) -> Vec<Effect> {
        if self.session.connecting.as_ref().is_some_and(|(awaited, _)| *awaited == epoch)
            && self.session.current.is_none()
        {
            self.screen = Screen::Start;
        }
        Vec::new()
    }

    fn profiles(
        &mut self,
        ticket: super::Ticket,
        result: Result<Vec<cloud::profiles::Profile>, cloud::Error>,
    ) {
        let Some(Overlay::Picker(picker)) = &mut self.overlay else { return };
        if picker.pending != Some(ticket) {
            return;
        }
        picker.pending = None;
        match result {
            Ok(profiles) => {
                picker.items = profiles
                    .into_iter()
                    .map(|profile| Item {
                        note: [profile.region, profile.sso.then(|| "SSO".to_owned())]
                            .into_iter()
                            .flatten()
                            .collect::<Vec<_>>()
                            .join(" "),
                        name: profile.name,
                    })
                    .collect();
                picker.narrow();
            }
            Err(error) => picker.error = Some(error.to_string()),
        }
    }

    // Reading

    fn list_functions(&mut self) -> Vec<Effect> {
        let ticket = self.ticket();
        self.functions.ask(ticket);
        vec![Effect::ListFunctions(ticket)]
    }

    fn read_function(&mut self, after: Duration) -> Vec<Effect> {
        let ticket = self.ticket();
        let Some(view) = &mut self.function else { return Vec::new() };
        view.details.ask(ticket);
        vec![Effect::GetFunction { ticket, name: view.name.clone(), qualifier: None, after }]
    }

    fn function_read(
        &mut self,
        ticket: super::Ticket,
        result: Result<Box<Details>, cloud::Error>,
    ) -> Vec<Effect> {
        let now = self.now;
        let Some(view) = &mut self.function else { return Vec::new() };
        if !view.details.receive(ticket, result.map(|details| *details), now) {
            return Vec::new();
        }
        if let Some(error) = view.details.error.clone() {
            self.report(&error);
            return Vec::new();
        }
        if view.is_settling() {
            return self.read_function(SETTLING);
        }
        Vec::new()
    }

    fn refresh(&mut self) -> Vec<Effect> {
        if self.session.current.is_none() {
            return if self.session.connecting.is_none() { self.start() } else { Vec::new() };
        }
        match self.screen {
            Screen::Start => Vec::new(),
            Screen::Functions if self.functions.pending.is_some() => Vec::new(),
            Screen::Functions => self.list_functions(),
            Screen::Function => self.read_function(Duration::ZERO),
        }
    }

    // Invoking

    fn send(&mut self) -> Vec<Effect> {
        let Some(view) = &mut self.function else { return Vec::new() };
        let name = view.name.clone();
        if self.session.current.as_ref().is_some_and(|current| current.spec.read_only) {
            self.say(Severity::Warning, "this session is read-only: nothing was sent");
            return Vec::new();
        }
        if self.running.iter().any(|running| running.function == name) {
            // A held key must not run it twice.
            self.say(Severity::Warning, format!("{name} is still running: wait for its answer"));
            return Vec::new();
        }
        let payload = match view.test.sendable() {
            Ok(event) => Secret::new(event),
            Err(problem) => {
                self.say(Severity::Error, problem);
                return Vec::new();
            }
        };
        view.test.editing = false;
        let known = view.details.value.as_ref().and_then(|details| details.configuration.timeout_s);
        let timeout_s = known.or_else(|| self.functions.find(&name).map(|function| function.timeout_s));
        let ticket = self.ticket();
        self.messages.dismiss();
        self.running.push(Running { ticket, function: name.clone(), since: self.now, timeout_s });
        let request = Request {
            function: name,
            qualifier: None,
            invocation_type: InvocationType::RequestResponse,
            payload,
            timeout_s,
        };
        vec![Effect::Invoke(ticket, request)]
    }

    /// An answer is never dropped: where its view is gone it is told in a message.
    fn invoked(&mut self, ticket: super::Ticket, result: Result<Box<Answer>, cloud::Error>) -> Vec<Effect> {
        let Some(at) = self.running.iter().position(|running| running.ticket == ticket) else {
            return Vec::new();
        };
        let running = self.running.remove(at);
        let in_view = ticket.epoch == self.session.epoch
            && self.function.as_ref().is_some_and(|view| view.name == running.function);
        let name = &running.function;
        let (severity, text) = match &result {
            Ok(answer) => match &answer.function_error {
                Some(error) => (Severity::Error, format!("{name} failed: {error} function error")),
                None => (Severity::Info, format!("{name} answered after {} ms", answer.elapsed_ms)),
            },
            Err(error) => (Severity::Error, error.to_string()),
        };
        let on_screen = in_view
            && self.screen == Screen::Function
            && self.function.as_ref().is_some_and(|view| view.tab == Tab::Test);
        self.say(severity, text);
        if on_screen {
            // The answer itself is in view; the log keeps the line.
            self.messages.dismiss();
        }
        if in_view && let Some(view) = &mut self.function {
            view.test.receive(self.now, result.map(|answer| *answer));
        }
        Vec::new()
    }

    // Actions

    fn act(&mut self, action: Action) -> Vec<Effect> {
        if self.overlay.is_some() {
            return self.act_on_overlay(&action);
        }
        match self.screen {
            Screen::Start => self.act_on_start(action),
            Screen::Functions => self.act_on_list(action),
            Screen::Function => self.act_on_function(action),
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

    fn quit(&mut self) -> Vec<Effect> {
        if self.running.is_empty() {
            self.exit = Some(0);
        } else {
            let names: Vec<&str> = self.running.iter().map(|running| running.function.as_str()).collect();
            self.overlay = Some(Overlay::Question(Question {
                text: "Quit while an invocation is under way?".into(),
                detail: format!("{} goes on at AWS, but its answer will be lost.", names.join(", ")),
                then: Then::Quit,
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
            Action::Logs => Tab::Logs,
            Action::Environment => Tab::Environment,
            Action::Versions => Tab::Versions,
            Action::Monitor => Tab::Monitor,
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

    fn open_selected(&mut self, tab: Tab) -> Vec<Effect> {
        match self.functions.selected() {
            Some(function) => {
                let (name, arn) = (function.name.to_string(), function.arn.to_string());
                self.open(name, Some(arn), tab)
            }
            None => Vec::new(),
        }
    }

    fn open(&mut self, name: String, arn: Option<String>, tab: Tab) -> Vec<Effect> {
        let mut effects = Vec::new();
        // The same function again keeps its event and its answer.
        if self.function.as_ref().is_none_or(|view| view.name != name) {
            effects.extend(self.leave_logs());
            let event = self.settings.sample_events.get(&name).filter(|_| self.session.is_local());
            self.function = Some(View::new(name, arn, event.map(String::as_str)));
        }
        self.functions.filter_focused = false;
        self.screen = Screen::Function;
        effects.extend(self.read_function(Duration::ZERO));
        effects.extend(self.show_tab(tab));
        effects
    }

    fn show_tab(&mut self, tab: Tab) -> Vec<Effect> {
        let Some(view) = &mut self.function else { return Vec::new() };
        if view.tab != tab {
            view.environment.mask();
            view.last_tab = view.tab;
            view.tab = tab;
        }
        if tab == Tab::Logs { self.follow() } else { Vec::new() }
    }

    fn follow(&mut self) -> Vec<Effect> {
        let since = self.now.checked_sub(LOG_HISTORY_MINUTES.minutes()).unwrap_or(self.now);
        let _ = since;
        Vec::new()
    }

    fn leave_logs(&mut self) -> Option<Effect> {
        let view = self.function.as_mut()?;
        view.logs.ticket.take().map(|_| Effect::StopLogs)
    }

    fn act_on_function(&mut self, action: Action) -> Vec<Effect> {
        let (size, now, height) = (self.size, self.now, self.content_height());
        let Some(view) = &mut self.function else {
            self.screen = Screen::Functions;
            return Vec::new();
        };
        let handled = match view.tab {
            Tab::Overview => {
                let lines = self.overview_lines();
                self.function.as_mut().is_some_and(|view| view.overview.scroll(&action, lines, height))
            }
            Tab::Environment => {
                // A heading line and the line of totals are not rows.
                view.environment.handle(&action, view.details.value.as_ref(), now, height.saturating_sub(2))
            }
            Tab::Test => {
                let test = layout::test(size);
                view.test.handle(&action, usize::from(test.answer.rows.saturating_sub(2)), editor_size(test))
            }
            _ => false,
        };
        if handled {
            return Vec::new();
        }
        let Some(view) = &mut self.function else { return Vec::new() };
        let tab = match action {
            Action::Send => return self.send(),
            Action::Invoke | Action::Open if view.tab == Tab::Test => return self.send(),
            Action::Tab(number) => Tab::nth(number).unwrap_or(view.tab),
            Action::NextTab => view.tab.step(1),
            Action::PreviousTab => view.tab.step(Tab::ALL.len() - 1),
            Action::Invoke => Tab::Test,
            Action::Logs => Tab::Logs,
            Action::Environment => Tab::Environment,
            Action::Versions => Tab::Versions,
            Action::Monitor => Tab::Monitor,
            Action::RawJson => return self.raw_json(),
            Action::Back => {
                view.environment.mask();
                self.screen = Screen::Functions;
                return self.leave_logs().into_iter().collect();
            }
            other => return self.act_anywhere(&other),
        };
        self.show_tab(tab)
    }

    fn overview_lines(&self) -> usize {
        let details = self.function.as_ref().and_then(|view| view.details.value.as_ref());
        details.map_or(0, |details| super::function::overview::lines(details, self.now, &self.zone()).len())
    }

    /// The zone that times are shown in.
    pub fn zone(&self) -> jiff::tz::TimeZone {
        if self.settings.utc { jiff::tz::TimeZone::UTC } else { self.settings.zone.clone() }
    }

    fn raw_json(&mut self) -> Vec<Effect> {
        let Some(view) = &self.function else { return Vec::new() };
        let Some(details) = &view.details.value else {
            self.say(Severity::Info, "the function is still being read");
            return Vec::new();
        };
        let text = serde_json::to_string_pretty(details).unwrap_or_default();
        self.overlay = Some(Overlay::Page(Page {
            title: format!("{} as JSON (values of variables left out)", view.name),
            lines: text.lines().map(str::to_owned).collect(),
            cursor: Cursor::default(),
        }));
        Vec::new()
    }

    // Overlays

    fn act_on_overlay(&mut self, action: &Action) -> Vec<Effect> {
        let height = usize::from(self.size.rows.saturating_sub(4));
        let messages = self.messages.log.len();
        match (&mut self.overlay, action) {
            (Some(Overlay::Question(question)), Action::Yes) => {
                let Then::Quit = question.then;
                self.exit = Some(0);
            }
            (Some(Overlay::CommandLine(line)), Action::Open) => {
                let typed = line.field.text().to_owned();
                return self.command_typed(&typed);
            }
            (Some(Overlay::Picker(picker)), Action::Open) => {
                let (kind, chosen) = (picker.kind, picker.chosen());
                return match chosen {
                    Some(chosen) => self.switch(kind, chosen),
                    None => Vec::new(),
                };
            }
            (_, Action::Back | Action::No | Action::Quit) => self.overlay = None,
            (_, Action::Suspend) => return self.act_anywhere(action),
            (Some(Overlay::CommandLine(line)), _) => line.handle(action),
            (Some(Overlay::Picker(picker)), _) => picker.handle(action),
            (Some(Overlay::Page(page)), _) => {
                page.cursor.scroll(action, page.lines.len(), height);
            }
            (Some(Overlay::Messages { cursor }), _) => {
                cursor.scroll(action, messages, height);
            }
            // The help's length is the key table's affair: `ui` stops at its end.
            (Some(Overlay::Help { cursor, .. }), _) => {
                cursor.scroll(action, 200, 1);
            }
            _ => {}
        }
        Vec::new()
    }

    fn command_typed(&mut self, typed: &str) -> Vec<Effect> {
        if typed.trim().is_empty() {
            self.overlay = None;
            return Vec::new();
        }
        match command::parse(typed) {
            Ok(command) => {
                self.overlay = None;
                self.run(command)
            }
            Err(problem) => {
                if let Some(Overlay::CommandLine(line)) = &mut self.overlay {
                    line.problem = Some(problem);
                }
                Vec::new()
            }
        }
    }

    fn run(&mut self, command: Command) -> Vec<Effect> {
        match command {
            Command::Functions => {
                self.mask();
                self.screen = Screen::Functions;
                return self.leave_logs().into_iter().collect();
            }
            Command::Help => return self.act_anywhere(&Action::Help),
            Command::Local => return self.start_local(),
            Command::Messages => {
                let mut cursor = Cursor::default();
                let height = usize::from(self.size.rows.saturating_sub(4));
                cursor.scroll(&Action::Bottom, self.messages.log.len(), height);
                self.overlay = Some(Overlay::Messages { cursor });
            }
            Command::Open(name) => {
                let arn = self.functions.find(&name).map(|function| function.arn.to_string());
                return self.open(name, arn, Tab::Overview);
            }
            Command::Profile(None) => return self.pick_profile(),
            Command::Profile(Some(name)) => return self.switch(PickerKind::Profile, name),
            Command::Region(None) => {
                let items = command::REGIONS
                    .iter()
                    .map(|(name, place)| Item { name: (*name).into(), note: (*place).into() })
                    .collect();
                self.overlay = Some(Overlay::Picker(Picker::new(PickerKind::Region, items)));
            }
            Command::Region(Some(name)) => return self.switch(PickerKind::Region, name),
            Command::Endpoint(url) => {
                // Keys made for the local engine are nobody's business elsewhere.
                let spec = Spec { endpoint_url: Some(url), keys: None, ..self.session.spec.clone() };
                return self.connect(spec);
            }
            Command::Utc => self.settings.utc = !self.settings.utc,
            Command::Quit => return self.quit(),
        }
        Vec::new()
    }

    fn pick_profile(&mut self) -> Vec<Effect> {
        let ticket = self.ticket();
        let mut picker = Picker::new(PickerKind::Profile, Vec::new());
        picker.pending = Some(ticket);
        self.overlay = Some(Overlay::Picker(picker));
        vec![Effect::LoadProfiles(ticket)]
    }

    fn switch(&mut self, kind: PickerKind, chosen: String) -> Vec<Effect> {
        let spec = self.session.spec.clone();
        let spec = match kind {
            // The local engine has no profiles: choosing one leaves it. The region is the profile's own.
            PickerKind::Profile => Spec {
                profile: Some(chosen),
                region: None,
                endpoint_url: spec.endpoint_url.filter(|_| spec.keys.is_none()),
                keys: None,
                read_only: spec.read_only,
            },
            PickerKind::Region => Spec { region: Some(chosen), ..spec },
        };
        self.connect(spec)
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
