//! The journal of changes.

use std::time::Duration;

use super::super::{
    Action, App, Effect, Ticket, bulk,
    history::{self, HistoryPane, Read, Undo},
    layout,
    messages::Severity,
    overlay::Overlay,
};
use crate::{
    cloud,
    domain::{function::Details, journal::Entry, release::Releases},
};

impl App {
    pub(super) fn act_on_history(&mut self, action: &Action) -> Vec<Effect> {
        let text = layout::page(self.size).text;
        let (columns, rows) = (usize::from(text.columns), usize::from(text.rows));
        let (zone, ticket) = (self.zone(), self.ticket());
        let Some(Overlay::History(pane)) = &mut self.overlay else { return Vec::new() };
        match action {
            Action::Back if pane.open => pane.open = false,
            Action::Back | Action::Quit => self.overlay = None,
            Action::Open if pane.selected().is_some() => {
                pane.open = !pane.open;
                pane.detail.top = 0;
            }
            Action::CopyName => {
                let Some(command) = pane.selected().map(|entry| entry.command.clone()) else {
                    return Vec::new();
                };
                self.say(Severity::Info, "copied the aws command");
                return vec![Effect::Copy(command)];
            }
            Action::Refresh if pane.pending.is_none() => {
                pane.pending = Some(ticket);
                return vec![Effect::ReadJournal(ticket)];
            }
            Action::Restore => return self.take_back(),
            _ if pane.open => {
                let lines = pane.detail_rows(columns, &zone);
                pane.detail.scroll(action, lines, rows);
            }
            _ => {
                let height = history_height(columns, rows);
                pane.cursor.handle(action, pane.entries.len(), height);
            }
        }
        Vec::new()
    }

    /// Shows the journal.
    pub(super) fn open_history(&mut self) -> Vec<Effect> {
        let ticket = self.ticket();
        let pane = HistoryPane { pending: Some(ticket), ..HistoryPane::default() };
        self.overlay = Some(Overlay::History(Box::new(pane)));
        vec![Effect::ReadJournal(ticket)]
    }

    /// The journal was read, for what needs to know what was there before.
    pub(super) fn journal_read(&mut self, ticket: Ticket, result: Result<Vec<Entry>, String>) {
        if self.journal_ticket == Some(ticket) {
            self.journal_ticket = None;
            // Without a journal the previous version number is all that is known.
            if let Ok(entries) = &result {
                self.journal.clone_from(entries);
            }
        }
        let text = layout::page(self.size).text;
        let height = history_height(usize::from(text.columns), usize::from(text.rows));
        if let Some(Overlay::History(pane)) = &mut self.overlay
            && pane.pending == Some(ticket)
        {
            pane.pending = None;
            match result {
                Ok(entries) => {
                    // Read again: whoever looked at an entry goes on looking at it.
                    let selected = pane.selected().map(|entry| entry.id.clone());
                    pane.error = None;
                    pane.entries = entries.into_iter().rev().collect();
                    let at = selected.and_then(|id| pane.entries.iter().position(|entry| entry.id == id));
                    pane.cursor.go(at.unwrap_or_default(), pane.entries.len(), height);
                }
                Err(problem) => pane.error = Some(problem),
            }
        }
    }

    /// Takes the selected change back: what is there now is read first.
    fn take_back(&mut self) -> Vec<Effect> {
        let (place, ticket) = (self.place(), self.ticket());
        let Some(Overlay::History(pane)) = &mut self.overlay else { return Vec::new() };
        let (Some(entry), None) = (pane.selected().cloned(), &pane.taking_back) else { return Vec::new() };
        let Some(place) = place else {
            self.say(Severity::Warning, "there is no connection yet");
            return Vec::new();
        };
        let effect = match history::readable(&entry, &place) {
            Ok(Read::Function) => {
                Effect::Observe { ticket, names: vec![entry.function.as_str().into()], after: Duration::ZERO }
            }
            Ok(Read::Releases) => Effect::GetReleases(ticket, entry.function.clone()),
            Err(why) => {
                self.say(Severity::Warning, format!("not taken back: {why}"));
                return Vec::new();
            }
        };
        pane.taking_back = Some((ticket, Box::new(entry)));
        vec![effect]
    }

    /// The entry that waits for this answer.
    fn taken_back(&mut self, ticket: Ticket) -> Option<Box<Entry>> {
        let Some(Overlay::History(pane)) = &mut self.overlay else { return None };
        let (_, entry) = pane.taking_back.take_if(|(awaited, _)| *awaited == ticket)?;
        Some(entry)
    }

    /// A function was read to take a change of it back. Answers with nothing where none waits for it.
    pub(super) fn history_observed(
        &mut self,
        ticket: Ticket,
        result: &Result<Box<Details>, cloud::Error>,
    ) -> Option<Vec<Effect>> {
        let entry = self.taken_back(ticket)?;
        let undo = match result {
            Ok(details) => history::back_by_function(&entry, details).map(|(order, mut warnings)| {
                // Of a function that is open the review says so itself.
                if self.function.as_ref().is_none_or(|view| view.name != order.function) {
                    warnings.extend(bulk::stack_note(details));
                }
                (order, warnings)
            }),
            Err(error) => Err(error.to_string()),
        };
        Some(self.propose_back(undo))
    }

    /// As [`Self::history_observed`], for the aliases.
    pub(super) fn history_releases(
        &mut self,
        ticket: Ticket,
        result: &Result<Box<Releases>, cloud::Error>,
    ) -> Option<Vec<Effect>> {
        let entry = self.taken_back(ticket)?;
        let undo = match result {
            Ok(releases) => history::back_by_releases(&entry, releases),
            Err(error) => Err(error.to_string()),
        };
        Some(self.propose_back(undo))
    }

    fn propose_back(&mut self, undo: Result<Undo, String>) -> Vec<Effect> {
        match undo {
            Ok((order, warnings)) => self.propose_with(order, warnings),
            Err(why) => {
                self.say(Severity::Warning, format!("not taken back: {why}"));
                Vec::new()
            }
        }
    }
}

/// The entries that fit on the screen; the last row tells where the selected one was done.
fn history_height(columns: usize, rows: usize) -> usize {
    (rows.saturating_sub(1) / HistoryPane::rows_each(columns)).max(1)
}
