//! Logs: following, and the keys of a log, be it a function's or that of several.

use crate::{
    app::{
        Action, App, Effect, Screen,
        function::Tab,
        layout,
        logs::{LogsPane, sources::Source},
        messages::Severity,
        overlay::Overlay,
    },
    domain::function::{Summary, default_log_group},
    tail::Update,
};

impl App {
    /// The log that fills the screen.
    pub fn log(&self) -> Option<&LogsPane> {
        match self.screen {
            Screen::Logs => self.logs.as_ref(),
            Screen::Function => {
                self.function.as_ref().filter(|view| view.tab == Tab::Logs).map(|view| &view.logs)
            }
            Screen::Start | Screen::Functions => None,
        }
    }

    pub(super) fn log_mut(&mut self) -> Option<&mut LogsPane> {
        match self.screen {
            Screen::Logs => self.logs.as_mut(),
            Screen::Function => {
                self.function.as_mut().filter(|view| view.tab == Tab::Logs).map(|view| &mut view.logs)
            }
            Screen::Start | Screen::Functions => None,
        }
    }

    /// All logs there are, on the screen or not.
    pub(super) fn all_logs(&mut self) -> impl Iterator<Item = &mut LogsPane> {
        self.logs.iter_mut().chain(self.function.as_mut().map(|view| &mut view.logs))
    }

    /// The rows of the log that are on the screen.
    pub fn log_height(&self) -> usize {
        usize::from(layout::logs(self.size, self.log()).lines.rows)
    }

    /// Follows the function's log, unless that is under way.
    pub(super) fn follow(&mut self) -> Vec<Effect> {
        let (now, ticket) = (self.now, self.ticket());
        let Some(view) = &mut self.function else { return Vec::new() };
        let group = match &view.details.value {
            Some(details) => details.configuration.log_group(),
            None => self
                .functions
                .find(&view.name)
                .map_or_else(|| default_log_group(&view.name), Summary::log_group),
        };
        if view.logs.ticket.is_some() && view.logs.sources.first().is_some_and(|source| source.group == group)
        {
            return Vec::new();
        }
        let source = Source::of_function(&view.name, group);
        let mut effects: Vec<Effect> = view.logs.ticket.map(Effect::StopLogs).into_iter().collect();
        effects.push(view.logs.begin(ticket, vec![source], now));
        effects
    }

    /// Reads the log again, from further back.
    fn older_logs(&mut self) -> Vec<Effect> {
        let (now, ticket) = (self.now, self.ticket());
        let Some(pane) = self.log_mut() else { return Vec::new() };
        if !pane.lengthen() {
            self.say(Severity::Info, "the history goes back 30 days already");
            return Vec::new();
        }
        let mut effects: Vec<Effect> = pane.ticket.map(Effect::StopLogs).into_iter().collect();
        let sources = std::mem::take(&mut pane.sources);
        effects.push(pane.begin(ticket, sources, now));
        effects
    }

    /// Nobody looks at the function's log any more.
    pub(super) fn leave_logs(&mut self) -> Option<Effect> {
        let view = self.function.as_mut()?;
        view.logs.leave();
        view.logs.ticket.take().map(Effect::StopLogs)
    }

    /// Nobody looks at the log of several functions any more.
    pub(super) fn leave_many_logs(&mut self) -> Option<Effect> {
        let pane = self.logs.as_mut()?;
        pane.leave();
        pane.ticket.take().map(Effect::StopLogs)
    }

    pub(super) fn tail_told(&mut self, ticket: crate::app::Ticket, update: Update) -> Vec<Effect> {
        let height = self.log_height();
        if let Some(pane) = self.all_logs().find(|pane| pane.ticket == Some(ticket)) {
            pane.receive(ticket, update, height);
        }
        Vec::new()
    }

    pub(super) fn tick_logs(&mut self) {
        let height = self.log_height();
        for pane in self.all_logs() {
            pane.tick(height);
        }
    }

    /// Handles a key where a log fills the screen; none where it means nothing to a log.
    pub(super) fn act_on_log(&mut self, action: &Action) -> Option<Vec<Effect>> {
        if self.log().is_some_and(|pane| pane.table().is_some()) {
            return self.act_on_log_invocations(action);
        }
        if let Some(effects) = self.act_on_log_invocations(action) {
            return Some(effects);
        }
        if let Some(effects) = self.act_on_log_filters(action) {
            return Some(effects);
        }
        let height = self.log_height();
        if self.log_mut()?.handle(action, height) {
            return Some(Vec::new());
        }
        match action {
            Action::Older => Some(self.older_logs()),
            Action::Open => {
                let zone = self.zone();
                let page = self.log().and_then(|pane| pane.page(&zone));
                self.overlay = page.map(Overlay::Page).or(self.overlay.take());
                Some(Vec::new())
            }
            _ => None,
        }
    }

    /// Handles a key on the screen of several functions' logs.
    pub(super) fn act_on_many_logs(&mut self, action: &Action) -> Vec<Effect> {
        if let Some(effects) = self.act_on_log(action) {
            return effects;
        }
        if *action == Action::Back {
            self.screen = Screen::Functions;
            return self.leave_many_logs().into_iter().collect();
        }
        self.act_anywhere(action)
    }
}
