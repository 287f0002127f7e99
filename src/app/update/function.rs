//! One function: opening it, reading it, sending events to it, and the keys of its tabs.

use std::time::Duration;

use crate::{
    app::{
        Action, App, Effect, Screen, Ticket,
        function::{Tab, View, overview, versions::Section},
        layout,
        list::Cursor,
        messages::Severity,
        overlay::{Overlay, Page},
    },
    cloud,
    domain::function::Details,
    tail::Control,
};

/// How long to wait before a function that is changing is read again.
const SETTLING: Duration = Duration::from_secs(1);

impl App {
    pub(super) fn read_function(&mut self, after: Duration) -> Vec<Effect> {
        let ticket = self.ticket();
        let Some(view) = &mut self.function else { return Vec::new() };
        view.details.ask(ticket);
        vec![Effect::GetFunction { ticket, name: view.name.clone(), qualifier: None, after }]
    }

    pub(super) fn function_read(
        &mut self,
        ticket: Ticket,
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
        // Nobody looks at one that was left; opening it again reads it again.
        let settling = view.is_settling() && self.screen == Screen::Function;
        let follows = view.logs.ticket.is_some();
        let mut effects = if settling { self.read_function(SETTLING) } else { Vec::new() };
        if follows {
            // The configuration may name another log group than the one that was guessed.
            effects.extend(self.follow());
        }
        effects
    }

    pub(super) fn open_selected(&mut self, tab: Tab) -> Vec<Effect> {
        match self.functions.selected() {
            Some(function) => {
                let (name, arn) = (function.name.to_string(), function.arn.to_string());
                self.open(name, Some(arn), tab)
            }
            None => Vec::new(),
        }
    }

    pub(super) fn open(&mut self, name: String, arn: Option<String>, tab: Tab) -> Vec<Effect> {
        let mut effects = self.enter(name, arn);
        effects.extend(self.show_tab(tab));
        effects
    }

    /// Opens a function without saying on which tab.
    pub(super) fn enter(&mut self, name: String, arn: Option<String>) -> Vec<Effect> {
        let mut effects: Vec<Effect> = self.leave_many_logs().into_iter().collect();
        // The same function again keeps its event and its answer.
        if self.function.as_ref().is_none_or(|view| view.name != name) {
            effects.extend(self.leave_logs());
            self.stash_drafts();
            self.stash_event();
            let event = self.settings.sample_events.get(&name).filter(|_| self.session.is_local());
            self.function = Some(View::new(name, arn, event.map(String::as_str)));
            self.unstash_drafts();
            self.unstash_event();
        }
        self.functions.filter_focused = false;
        self.screen = Screen::Function;
        effects.extend(self.read_function(Duration::ZERO));
        effects
    }

    pub(super) fn show_tab(&mut self, tab: Tab) -> Vec<Effect> {
        let Some(view) = &mut self.function else { return Vec::new() };
        if view.tab != tab {
            view.environment.mask();
            view.tab = tab;
        }
        // Nobody sees what it costs from another tab.
        if tab != Tab::Logs && std::mem::take(&mut view.logs.live_tail) {
            let ticket = view.logs.ticket;
            let mut effects: Vec<Effect> = ticket
                .map(|ticket| Effect::SteerLogs(ticket, Control::LiveTail(false)))
                .into_iter()
                .collect();
            effects.extend(self.show_tab(tab));
            return effects;
        }
        match tab {
            Tab::Logs => self.follow(),
            Tab::Versions | Tab::Configuration => self.read_tab(tab),
            _ => Vec::new(),
        }
    }

    pub(super) fn act_on_function(&mut self, action: Action) -> Vec<Effect> {
        let height = self.content_height();
        let Some(view) = &mut self.function else {
            self.screen = Screen::Functions;
            return Vec::new();
        };
        let handled = match view.tab {
            Tab::Overview => {
                let lines = self.overview_rows();
                self.function.as_mut().is_some_and(|view| view.overview.scroll(&action, lines, height))
            }
            Tab::Environment => {
                if let Some(effects) = self.act_on_environment(&action) {
                    return effects;
                }
                false
            }
            Tab::Configuration => {
                if let Some(effects) = self.act_on_configuration(&action) {
                    return effects;
                }
                false
            }
            Tab::Versions => {
                if let Some(effects) = self.act_on_versions(&action) {
                    return effects;
                }
                false
            }
            Tab::Test => {
                if let Some(effects) = self.act_on_test(&action) {
                    return effects;
                }
                false
            }
            Tab::Logs => {
                if let Some(effects) = self.act_on_log(&action) {
                    return effects;
                }
                false
            }
            _ => false,
        };
        if handled {
            return Vec::new();
        }
        let Some(view) = &mut self.function else { return Vec::new() };
        let tab = match action {
            Action::Tab(number) => Tab::nth(number).unwrap_or(view.tab),
            Action::NextTab => view.tab.step(1),
            Action::PreviousTab => view.tab.step(Tab::ALL.len() - 1),
            Action::Invoke => Tab::Test,
            Action::Logs => Tab::Logs,
            Action::Environment => Tab::Environment,
            Action::Versions => return self.show_releases(Section::Versions),
            Action::Aliases => return self.show_releases(Section::Aliases),
            Action::Monitor => Tab::Monitor,
            Action::RawJson => return self.raw_json(),
            Action::Back => {
                view.environment.mask();
                self.screen = Screen::Functions;
                return self.leave_logs();
            }
            other => return self.act_anywhere(&other),
        };
        self.show_tab(tab)
    }

    fn overview_rows(&self) -> usize {
        let columns = usize::from(layout::tab(self.size).content.columns);
        let details = self.function.as_ref().and_then(|view| view.details.value.as_ref());
        let lines = details.map(|details| overview::lines(details, self.now, &self.zone()));
        lines.iter().flatten().map(|line| line.rows(columns)).sum()
    }

    pub(super) fn raw_json(&mut self) -> Vec<Effect> {
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
}
