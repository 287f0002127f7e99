//! Logs: following, and the keys of a log, be it a function's or that of several.

use jiff::Timestamp;

use crate::{
    app::{
        Action, App, Effect, Screen, Ticket,
        function::Tab,
        layout,
        logs::{
            Ask, LogsPane,
            jumps::parse_moment,
            older::{NotOlder, Read},
            sources::Source,
        },
        messages::Severity,
        overlay::{Overlay, Question, Then},
        prompt::{self, Prompt},
    },
    domain::function::{Summary, default_log_group},
    tail::{Control, Scanned, Update},
};

/// Why nothing older is read, or was kept.
const NO_ROOM: &str = "older events no longer fit: what is newer takes all the memory that a log gets";

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

    /// How many events of the log are on the screen; where it has none, its rows.
    pub fn log_height(&self) -> usize {
        let look = self.log_look();
        self.log().filter(|pane| !pane.is_empty()).map_or(look.rows, |pane| pane.screen(&look).begun().max(1))
    }

    /// Follows the function's log, unless that is under way. One that was left a moment ago goes on where it stopped.
    pub(super) fn follow(&mut self) -> Vec<Effect> {
        let (now, ticket, height) = (self.now, self.ticket(), self.log_height());
        let Some(view) = &mut self.function else { return Vec::new() };
        let group = match &view.details.value {
            Some(details) => details.configuration.log_group(),
            None => self
                .functions
                .find(&view.name)
                .map_or_else(|| default_log_group(&view.name), Summary::log_group),
        };
        if view.logs.sources.first().is_some_and(|source| source.group == group) {
            if view.logs.ticket.is_some() {
                return Vec::new();
            }
            if let Some(effect) = view.logs.resume(ticket, now, height) {
                return vec![effect];
            }
        }
        let source = Source::of_function(&view.name, group);
        let mut effects = view.logs.stop();
        effects.push(view.logs.begin(ticket, vec![source], now));
        effects
    }

    /// Reads what is before all that is there: back to a moment, or a window more. `asked`: by a key of its own, and
    /// not by moving up.
    fn older_logs(&mut self, back_to: Option<Timestamp>, asked: bool) -> Vec<Effect> {
        let (now, ticket) = (self.now, self.ticket());
        let Some(pane) = self.log_mut().filter(|pane| !pane.sources.is_empty()) else { return Vec::new() };
        let text = match pane.read_older(ticket, back_to, now) {
            Ok(effect) => return vec![effect],
            Err(NotOlder::Reading) if !asked => return Vec::new(),
            Err(NotOlder::Reading) => "older events are being read: wait for them".to_owned(),
            Err(NotOlder::AllThere) => "the history goes back 30 days already".to_owned(),
            Err(NotOlder::Full) => NO_ROOM.to_owned(),
        };
        // A key that is held does not say it again and again.
        if asked || self.messages.shown().is_none_or(|shown| shown.text != text) {
            self.say(Severity::Info, text);
        }
        Vec::new()
    }

    /// Says what became of older events.
    fn say_older(&mut self, read: &Read) {
        let (now, zone) = (self.now, self.zone());
        let (severity, text) = match read {
            Read::All(_) => return,
            Read::Nothing(window) => {
                let text = format!("no events from {}: o reads further back", window.told(now, &zone));
                (Severity::Info, text)
            }
            Read::Full => (Severity::Warning, NO_ROOM.to_owned()),
            Read::Failed(window, why) => {
                let text = format!("{} was not read, o tries again: {why}", window.told(now, &zone));
                (Severity::Error, text)
            }
        };
        self.say(severity, text);
    }

    /// Nobody looks at the function's log any more.
    pub(super) fn leave_logs(&mut self) -> Vec<Effect> {
        let now = self.now;
        self.function.as_mut().map_or_else(Vec::new, |view| view.logs.leave(now))
    }

    /// Nobody looks at the log of several functions any more.
    pub(super) fn leave_many_logs(&mut self) -> Vec<Effect> {
        let now = self.now;
        self.logs.as_mut().map_or_else(Vec::new, |pane| pane.leave(now))
    }

    pub(super) fn tail_told(&mut self, ticket: Ticket, update: Update) -> Vec<Effect> {
        let (height, now) = (self.log_height(), self.now);
        let read = self.all_logs().find(|pane| pane.awaits(ticket)).and_then(|pane| {
            if pane.ticket == Some(ticket) {
                pane.note(now, &update);
            }
            pane.receive(ticket, update, height)
        });
        if let Some(read) = read {
            self.say_older(&read);
        }
        Vec::new()
    }

    pub(super) fn logs_scanned(&mut self, ticket: Ticket, scanned: &Scanned) {
        let height = self.log_height();
        for pane in self.all_logs() {
            pane.scanned(ticket, scanned, height);
        }
    }

    /// Rows that filters have not looked at yet.
    pub(super) fn want_scans(&mut self) -> Vec<Effect> {
        let (epoch, mut number) = (self.session.epoch, self.tickets);
        let mut ticket = || {
            number += 1;
            Ticket { epoch, number }
        };
        let scans = self.all_logs().filter_map(|pane| pane.next_scan(&mut ticket)).collect();
        self.tickets = number;
        scans
    }

    pub(super) fn tick_logs(&mut self) {
        if !self.all_logs().any(|pane| pane.is_scanning()) {
            return;
        }
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
        // Whoever wants to go above the first row wants what is before it.
        let moves_up = matches!(action, Action::Up | Action::PageUp | Action::Top | Action::Scroll(..0));
        let wants_older = moves_up && self.log().is_some_and(|pane| pane.is_at_top() && !pane.any_not_live());
        let look = self.log_look();
        let pane = self.log_mut()?;
        let height = pane.settle(&look);
        if let Some(jumped) = pane.jump(action, height) {
            if let Err(why) = jumped {
                self.say(Severity::Info, why);
            }
            return Some(Vec::new());
        }
        if pane.handle(action, height) {
            return Some(if wants_older { self.older_logs(None, false) } else { Vec::new() });
        }
        Some(match action {
            Action::Older => self.older_logs(None, true),
            Action::Open => self.open_log_event(),
            Action::Click(column, row) => {
                self.point_at_log(*column, *row);
                Vec::new()
            }
            Action::DoubleClick(column, row) if self.point_at_log(*column, *row) => self.open_log_event(),
            Action::DoubleClick(..) => Vec::new(),
            Action::GoToTime => self.ask_for_moment(),
            Action::CopyMessage => self.copy_log_message(),
            Action::CopyLine => self.copy_log_line(),
            Action::CopyAs => self.pick_log_copy(),
            Action::Export => self.ask_for_log_path(),
            Action::LiveTail => self.switch_live_tail(),
            Action::Sources => self.open_log_sources(),
            Action::Insights => self.open_insights(),
            _ => return None,
        })
    }

    /// Selects the event that was pointed at, if one was: somebody reads.
    fn point_at_log(&mut self, column: u16, row: u16) -> bool {
        let look = self.log_look();
        let area = layout::logs(self.size, self.log()).lines;
        let Some(pane) = self.log_mut().filter(|_| area.contains(column, row)) else { return false };
        let height = pane.settle(&look);
        let Some(at) = pane.screen(&look).event_at(usize::from(row - area.row)) else { return false };
        pane.pause();
        let len = pane.len();
        pane.cursor.go(at, len, height);
        true
    }

    fn ask_for_moment(&mut self) -> Vec<Effect> {
        let rule = "14:03, 14:03:22, -10m, 2026-11-20T14:03Z";
        let prompt = Prompt::new("Go to a moment", rule, "", prompt::Then::Log(Ask::Moment));
        self.lay_over(Overlay::Prompt(Box::new(prompt)));
        Vec::new()
    }

    /// A line was typed for a log.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn log_asked(&mut self, ask: Ask, text: &str) -> Result<Vec<Effect>, String> {
        match ask {
            Ask::Export => self.log_path_typed(text),
            Ask::Moment => {
                let (now, height) = (self.now, self.log_height());
                let moment = parse_moment(text, now, &self.zone())?;
                let Some(pane) = self.log_mut() else { return Ok(Vec::new()) };
                if moment < pane.earliest(now) {
                    return Err("the history goes back 30 days at most".into());
                }
                let is_older = pane.go_to_moment(moment, height);
                Ok(if is_older { self.older_logs(Some(moment), true) } else { Vec::new() })
            }
        }
    }

    /// Live Tail is not used any more at once; before it is used one is asked, for it costs money.
    fn switch_live_tail(&mut self) -> Vec<Effect> {
        let Some(pane) = self.log_mut() else { return Vec::new() };
        if pane.around.is_some_and(|around| around.until.is_some()) {
            self.say(Severity::Info, "this log is of the past: there is nothing to follow");
        } else if pane.live_tail {
            return self.use_live_tail(false);
        } else {
            let detail = "It costs $0.01 a minute for each session beyond the free 1,800 minutes a month. Lines may show \
                          a second earlier; polling misses nothing without it.";
            self.lay_over(Overlay::Question(Question::new("Use Live Tail?", detail, Then::LiveTail)));
        }
        Vec::new()
    }

    pub(super) fn live_tail_agreed(&mut self) -> Vec<Effect> {
        self.use_live_tail(true)
    }

    fn use_live_tail(&mut self, live_tail: bool) -> Vec<Effect> {
        let Some(pane) = self.log_mut() else { return Vec::new() };
        pane.live_tail = live_tail;
        let steered = pane.ticket.map(|ticket| Effect::SteerLogs(ticket, Control::LiveTail(live_tail)));
        steered.into_iter().collect()
    }

    /// Handles a key on the screen of several functions' logs.
    pub(super) fn act_on_many_logs(&mut self, action: &Action) -> Vec<Effect> {
        if let Some(effects) = self.act_on_log(action) {
            return effects;
        }
        if *action == Action::Back {
            return self.back_from_many_logs();
        }
        self.act_anywhere(action)
    }
}
