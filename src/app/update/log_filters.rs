//! The filters of a log: the one in force while it is typed, those that were kept, only errors, what the service is
//! asked for.

use crate::{
    app::{
        Action, App, Effect, layout, list::Cursor, logs::filters::Typing, messages::Severity,
        overlay::Overlay,
    },
    tail::Kind,
};

impl App {
    /// Handles a key that is about what is shown of the log on the screen; none where it is not.
    pub(super) fn act_on_log_filters(&mut self, action: &Action) -> Option<Vec<Effect>> {
        let pane = self.log()?;
        if pane.filters.takes_text() {
            return self.act_on_log_field(action);
        }
        let drops_live =
            pane.request.is_none() && pane.invocations.is_none() && !pane.filters.live().is_empty();
        match action {
            Action::Filter => self.type_log_filter(Typing::Live),
            Action::Include => self.type_log_filter(Typing::New(Kind::Include)),
            Action::Exclude => self.type_log_filter(Typing::New(Kind::Exclude)),
            Action::Highlight => self.type_log_filter(Typing::New(Kind::Highlight)),
            Action::Filters => self.overlay = Some(Overlay::LogFilters(Cursor::default())),
            Action::ServerFilter => return Some(self.ask_service()),
            Action::ErrorsOnly if pane.invocations.is_none() => {
                let filters = &mut self.log_mut()?.filters;
                filters.errors_only = !filters.errors_only;
                self.refilter_log();
            }
            Action::Back if drops_live => {
                self.log_mut()?.filters.drop_live();
                self.refilter_log();
            }
            _ => return None,
        }
        Some(Vec::new())
    }

    /// Handles a key of the field.
    fn act_on_log_field(&mut self, action: &Action) -> Option<Vec<Effect>> {
        let mut typed = std::mem::take(&mut self.typed_filters);
        let changed = self.log_mut().and_then(|pane| pane.type_filter(action, &mut typed));
        self.typed_filters = typed;
        if changed? {
            self.refilter_log();
        } else {
            self.resize_log();
        }
        Some(Vec::new())
    }

    /// Opens the field.
    fn type_log_filter(&mut self, typing: Typing) {
        if let Some(pane) = self.log_mut() {
            pane.filters.open(typing);
        }
        self.resize_log();
    }

    fn refilter_log(&mut self) {
        let height = self.log_height();
        if let Some(pane) = self.log_mut() {
            pane.refilter(height);
        }
    }

    fn resize_log(&mut self) {
        let height = self.log_height();
        if let Some(pane) = self.log_mut() {
            pane.resize(height);
        }
    }

    /// Asks the service for what matches alone, for what matches now, or for all again. The follow begins anew: what it
    /// has read was asked for otherwise.
    fn ask_service(&mut self) -> Vec<Effect> {
        let (now, ticket) = (self.now, self.ticket());
        let Some(pane) = self.log_mut() else { return Vec::new() };
        if pane.request.is_some() {
            self.say(Severity::Info, "the log of one request is read as a whole");
            return Vec::new();
        }
        if let Err(reason) = pane.filters.choose_server() {
            self.say(Severity::Warning, format!("the service can't filter this: {reason}"));
            return Vec::new();
        }
        let mut effects = pane.stop();
        let sources = std::mem::take(&mut pane.sources);
        effects.push(pane.begin(ticket, sources, now));
        effects
    }

    /// Handles a key in the list of filters.
    pub(super) fn act_on_log_filter_list(&mut self, action: &Action) -> Vec<Effect> {
        let height = usize::from(layout::page(self.size).text.rows);
        let Some(Overlay::LogFilters(mut cursor)) = self.overlay else { return Vec::new() };
        let len = self.log().map_or(0, |pane| pane.filters.kept.len());
        if cursor.handle(action, len, height) {
            self.overlay = Some(Overlay::LogFilters(cursor));
            return Vec::new();
        }
        let typing = match action {
            Action::Include => Typing::New(Kind::Include),
            Action::Exclude => Typing::New(Kind::Exclude),
            Action::Highlight => Typing::New(Kind::Highlight),
            Action::Open if len > 0 => Typing::Kept(cursor.at),
            Action::Mark | Action::Delete => {
                self.change_log_filter(cursor.at, *action == Action::Delete);
                cursor.go(cursor.at, len.saturating_sub(usize::from(*action == Action::Delete)), height);
                self.overlay = Some(Overlay::LogFilters(cursor));
                return Vec::new();
            }
            Action::ServerFilter => return self.ask_service(),
            Action::Back | Action::Quit => {
                self.overlay = None;
                return Vec::new();
            }
            _ => return Vec::new(),
        };
        self.overlay = None;
        self.type_log_filter(typing);
        Vec::new()
    }

    /// Switches a kept filter on or off, or removes it.
    fn change_log_filter(&mut self, number: usize, remove: bool) {
        let Some(filters) = self.log_mut().map(|pane| &mut pane.filters) else { return };
        if remove {
            filters.remove(number);
        } else if let Some(kept) = filters.kept.get_mut(number) {
            kept.on = !kept.on;
        }
        self.refilter_log();
    }
}
