//! Comparing two functions, versions or aliases.

use super::super::{Action, App, Effect, Ticket, overlay::Overlay};
use crate::{cloud, domain::compare::Comparison};

impl App {
    pub(super) fn act_on_compare(&mut self, action: &Action) -> Vec<Effect> {
        if matches!(action, Action::Back | Action::Quit) {
            self.overlay = None;
        }
        Vec::new()
    }

    /// `:compare A [B]` was typed; without B the open or selected function is the other side.
    pub(super) fn compare_typed(&mut self, _typed: &str) -> Vec<Effect> {
        Vec::new()
    }

    pub(super) fn compared(&mut self, ticket: Ticket, result: Result<Box<Comparison>, cloud::Error>) {
        let now = self.now;
        if let Some(Overlay::Compare(comparing)) = &mut self.overlay {
            comparing.result.receive(ticket, result.map(|comparison| *comparison), now);
        }
    }
}
