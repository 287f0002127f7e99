//! The journal of changes.

use super::super::{Action, App, Effect, Ticket, history::HistoryPane, overlay::Overlay};
use crate::domain::journal::Entry;

impl App {
    pub(super) fn act_on_history(&mut self, action: &Action) -> Vec<Effect> {
        if matches!(action, Action::Back | Action::Quit) {
            self.overlay = None;
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
        if let Some(Overlay::History(pane)) = &mut self.overlay
            && pane.pending == Some(ticket)
        {
            pane.pending = None;
            match result {
                Ok(entries) => pane.entries = entries.into_iter().rev().collect(),
                Err(problem) => pane.error = Some(problem),
            }
        }
    }
}
