//! Pointing an alias back to where it pointed before: two keys and a confirmation.

use super::super::{Action, App, Effect, Screen, Ticket, function::Tab, messages::Severity, review::Beside};
use crate::domain::{
    format, journal,
    release::{Alias, percent},
};

impl App {
    /// Points an alias back, at once or as soon as what it takes is read.
    pub(super) fn roll_back(&mut self) -> Vec<Effect> {
        let reading = self.is_reading_releases();
        let Some(view) = &mut self.function else { return Vec::new() };
        if reading {
            view.versions.waiting = true;
            return Vec::new();
        }
        view.versions.waiting = false;
        self.propose_rollback()
    }

    fn is_reading_releases(&self) -> bool {
        let pending = self.function.as_ref().is_some_and(|view| view.versions.releases.pending.is_some());
        pending || self.journal_ticket.is_some()
    }

    /// A rollback that waits is dropped by any other key. Answers whether that key does nothing else: it was meant for
    /// the question that was not there yet, or for the waiting itself.
    pub(super) fn drop_rollback(&mut self, action: &Action) -> bool {
        let Some(view) = self.function.as_mut().filter(|view| view.versions.waiting) else { return false };
        view.versions.waiting = false;
        self.say(Severity::Warning, "the rollback was dropped by another key; nothing was sent");
        matches!(action, Action::CopyName | Action::Back)
    }

    /// Proposes the rollback that waits, once what it takes is there.
    pub(super) fn awaited_rollback(&mut self) {
        if self.is_reading_releases() {
            return;
        }
        let Some(view) = self.function.as_mut().filter(|view| view.versions.waiting) else { return };
        view.versions.waiting = false;
        let in_view = self.screen == Screen::Function && view.tab == Tab::Versions && self.overlay.is_none();
        if in_view {
            self.propose_rollback();
        } else {
            self.say(Severity::Warning, "the rollback was not proposed: press b in the Versions tab again");
        }
    }

    fn propose_rollback(&mut self) -> Vec<Effect> {
        let Some((function, releases, alias)) = self.chosen_alias("roll back") else {
            return Vec::new();
        };
        let Some(place) = self.place() else { return Vec::new() };
        let now = alias.version.clone();
        let moved = journal::moved_from(&self.journal, &place, &function, &alias.name, &now);
        let (target, origin) = if let Some((version, at)) = moved {
            let origin = format!(
                "It pointed to {version} before, until {}, by this machine's journal.",
                format::age(self.now, at)
            );
            (version.to_owned(), origin)
        } else if let Some(version) = releases.previous(&now) {
            let problem = self.function.as_ref().and_then(|view| view.versions.journal_problem.as_ref());
            let why = match problem {
                Some(problem) => format!("the journal can't be read: {problem}"),
                None => format!("this machine's journal knows of no change that pointed it to {now}"),
            };
            (version.to_owned(), format!("{version} is the previous number; {why}."))
        } else {
            let text = format!(
                "{}: no version before {now} is known, neither by the journal nor by its number; e picks one",
                alias.name
            );
            self.say(Severity::Warning, text);
            return Vec::new();
        };
        if releases.version(&target).is_none() {
            let text = format!(
                "{} pointed to version {target} before {now}, but that does not exist any more; e picks another",
                alias.name
            );
            self.say(Severity::Warning, text);
            return Vec::new();
        }
        let mut beside = Beside { facts: vec![origin], ..Beside::default() };
        if let Some(additional) = &alias.additional {
            beside.warnings.push(format!(
                "version {} gets {} % now: to take only that back, set its weight to 0 (w) and stay on {now}",
                additional.version,
                percent(additional.weight)
            ));
        }
        let after = Alias { version: target, additional: None, ..alias.clone() };
        self.propose_alias(function, &releases, Some(alias), Some(after), beside)
    }

    /// The journal was read, or could not be.
    pub(super) fn journal_told(&mut self, ticket: Ticket, problem: Option<String>) {
        if self.journal_ticket == Some(ticket)
            && let Some(view) = &mut self.function
        {
            view.versions.journal_problem = problem;
        }
    }
}
