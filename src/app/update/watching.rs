//! Watching a change until it is known what became of it.

use std::time::Duration;

use crate::{
    app::{
        App, Effect, Screen, Ticket,
        function::Tab,
        messages::Severity,
        review::{Phase, Writing},
    },
    cloud::{self},
    domain::{
        change::{Change, Order, Written},
        function::{Details, Function},
        release::Releases,
        shareable::Shareable,
    },
};

/// How long to wait before a function that is settling is read again.
const SETTLING: Duration = Duration::from_secs(1);

/// Reads of a function that does not settle, before that is said and no more are made: ten minutes.
const MOST_READS: u32 = 600;

impl App {
    /// Reads again what a change is seen by.
    pub(super) fn look(&mut self, at: usize, after: Duration) -> Vec<Effect> {
        let ticket = self.ticket();
        let writing = &mut self.writing[at];
        writing.ticket = ticket;
        let name = writing.order.function.clone();
        match writing.order.change {
            Change::Alias { .. } | Change::DeleteVersion { .. } | Change::ProvisionedConcurrency { .. } => {
                vec![Effect::GetReleases(ticket, name)]
            }
            Change::ShareableEvent { .. } => vec![Effect::GetShareable(ticket, name)],
            _ => vec![Effect::Observe { ticket, names: vec![name.into()], after }],
        }
    }

    /// A function as it is now, for a change that is watched.
    pub(super) fn observed(
        &mut self,
        ticket: Ticket,
        name: &str,
        result: Result<Box<Details>, cloud::Error>,
    ) -> Vec<Effect> {
        if self.bulk.as_ref().is_some_and(|bulk| bulk.ticket == ticket) {
            return self.bulk_observed(name, result);
        }
        if let Some(effects) = self.history_observed(ticket, &result) {
            return effects;
        }
        let Some(at) = self.writing.iter().position(|writing| writing.ticket == ticket) else {
            return Vec::new();
        };
        let details = match result {
            Ok(details) => details,
            Err(error) => return self.unseen(at, &error),
        };
        let order = self.writing[at].order.clone();
        self.show_details(name, &details);
        let done = order.change.is_done(&details);
        match self.writing[at].phase {
            Phase::Settling if details.configuration.state.is_settling() => {
                self.writing[at].reads += 1;
                if self.writing[at].reads < MOST_READS {
                    return self.look(at, SETTLING);
                }
                self.writing.remove(at);
                self.say(
                    Severity::Warning,
                    format!("{name}: it is saved, but has not settled for ten minutes"),
                );
                Vec::new()
            }
            Phase::Settling => {
                self.writing.remove(at);
                self.settled(name, &order, &details, done);
                self.refresh_after(&order)
            }
            Phase::Checking => self.checked(at, done),
            Phase::Rereading if !self.writing[at].of_draft => {
                self.writing.remove(at);
                let text = format!("{name}: it is read again; look at what is there now before trying again");
                self.say(Severity::Warning, text);
                self.refresh_after(&order)
            }
            Phase::Rereading => {
                self.writing.remove(at);
                self.merge_after(&order)
            }
            Phase::Sending => Vec::new(),
        }
    }

    pub(super) fn settled(&mut self, name: &str, order: &Order, details: &Details, done: Option<bool>) {
        let state = &details.configuration.state;
        if state.last_update_status.as_deref() == Some("Failed") {
            let why = state.last_update_status_reason.as_deref().unwrap_or("AWS gives no reason");
            self.say(
                Severity::Error,
                format!("{name}: the update failed: {why}; the old configuration serves"),
            );
        } else if done == Some(false) {
            let text =
                format!("{name}: it was saved, but shows otherwise now: somebody else changed it since");
            self.say(Severity::Warning, text);
        } else {
            self.say(Severity::Info, format!("{name}: {}", order.change.said("saved and in use")));
        }
    }

    /// What an answer that never came had to say.
    pub(super) fn checked(&mut self, at: usize, done: Option<bool>) -> Vec<Effect> {
        let Writing { order, .. } = self.writing[at].clone();
        let name = order.function.clone();
        match done {
            Some(true) => {
                self.say(Severity::Info, format!("{name}: no answer came, but it was done"));
                self.done(at, &name, &Written::default())
            }
            Some(false) => {
                self.writing.remove(at);
                let text =
                    format!("{name}: no answer came, and it was not done so far; your changes are kept");
                self.say(Severity::Warning, text);
                self.refresh_after(&order)
            }
            None => {
                self.writing.remove(at);
                let text = format!(
                    "{name}: no answer came, and whether it was done does not show; look before doing it again"
                );
                self.say(Severity::Warning, text);
                self.refresh_after(&order)
            }
        }
    }

    /// The function can't be read after a change.
    pub(super) fn unseen(&mut self, at: usize, error: &cloud::Error) -> Vec<Effect> {
        let Writing { order, phase, .. } = self.writing.remove(at);
        let name = &order.function;
        let what = match phase {
            Phase::Settling => "it is saved, but whether it is in use is not known",
            Phase::Checking => "whether it was done is not known; your changes are kept",
            Phase::Sending | Phase::Rereading => "nothing was saved; your changes are kept",
        };
        self.say(Severity::Error, format!("{name}: {what}: {error}"));
        Vec::new()
    }

    /// The session goes, and with it the reads by which changes are watched. Those that are being sent are still
    /// answered.
    pub(super) fn stop_watching(&mut self) {
        let (sending, watched): (Vec<_>, Vec<_>) =
            self.writing.drain(..).partition(|writing| writing.phase == Phase::Sending);
        self.writing = sending;
        for writing in watched {
            let what = match writing.phase {
                Phase::Settling => "it is saved; whether it is in use is not watched any more",
                _ => "whether it was done is not known; your changes are kept",
            };
            self.say(Severity::Warning, format!("{} ({}): {what}", writing.order.function, writing.place));
        }
    }

    /// Versions and aliases, for a change that is watched. Answers with nothing where none is.
    pub(super) fn releases_observed(
        &mut self,
        ticket: Ticket,
        result: &Result<Box<Releases>, cloud::Error>,
    ) -> Option<Vec<Effect>> {
        if let Some(effects) = self.history_releases(ticket, result) {
            return Some(effects);
        }
        let at = self.writing.iter().position(|writing| writing.ticket == ticket)?;
        Some(match result {
            Ok(releases) => {
                let done = self.writing[at].order.change.is_released(releases);
                self.checked(at, done)
            }
            Err(error) => self.unseen(at, error),
        })
    }

    /// Shareable events, for a change that is watched. Answers with nothing where none is.
    pub(super) fn shareable_observed(
        &mut self,
        ticket: Ticket,
        result: &Result<Box<Shareable>, cloud::Error>,
    ) -> Option<Vec<Effect>> {
        let at = self.writing.iter().position(|writing| writing.ticket == ticket)?;
        Some(match result {
            Ok(shareable) => {
                let done = self.writing[at].order.change.is_shared(shareable);
                self.checked(at, done)
            }
            Err(error) => self.unseen(at, error),
        })
    }

    /// Puts what a change was answered with where it is looked at: until it is read again the old would be shown.
    pub(super) fn show_answer(&mut self, name: &str, function: &Function) {
        let (now, height) = (self.now, self.list_height());
        self.functions.follow(name, function, now, height);
        let view = self.function.as_mut().filter(|view| view.name == name);
        if let Some(details) = view.and_then(|view| view.details.value.as_mut()) {
            details.configuration = function.clone();
        }
    }

    /// Puts what was read where it is looked at.
    pub(super) fn show_details(&mut self, name: &str, details: &Details) {
        let (now, height) = (self.now, self.list_height());
        self.functions.follow(name, &details.configuration, now, height);
        if let Some(view) = self.function.as_mut().filter(|view| view.name == name) {
            view.details.value = Some(details.clone());
            view.details.error = None;
            view.details.loaded_at = Some(now);
        }
    }

    /// Reads again what a change may have changed, where it is looked at.
    pub(super) fn refresh_after(&mut self, order: &Order) -> Vec<Effect> {
        let Some(view) = self.function.as_ref().filter(|view| view.name == order.function) else {
            return Vec::new();
        };
        let tab = view.tab;
        let mut effects = self.read_function(Duration::ZERO);
        if self.screen == Screen::Function {
            effects.extend(self.read_tab(tab));
        }
        effects
    }

    /// Reads what a tab shows beside the configuration.
    pub(super) fn read_tab(&mut self, tab: Tab) -> Vec<Effect> {
        let (ticket, journal) = (self.ticket(), self.ticket());
        let Some(view) = &mut self.function else { return Vec::new() };
        let name = view.name.clone();
        let read = match tab {
            Tab::Versions => {
                view.versions.releases.ask(ticket);
                Effect::GetReleases(ticket, name)
            }
            Tab::Configuration => {
                view.configuration.extras.ask(ticket);
                Effect::GetExtras(ticket, name)
            }
            _ => return Vec::new(),
        };
        self.journal_ticket = Some(journal);
        vec![read, Effect::ReadJournal(journal)]
    }
}
