//! The log groups that are followed together: those of marked functions, of a filter, a tag, a stack; added and muted
//! while they are followed.

use crate::app::{Action, App, Effect};

impl App {
    /// Handles a key in the list of log groups.
    pub(super) fn act_on_log_sources(&mut self, action: &Action) -> Vec<Effect> {
        if matches!(action, Action::Back | Action::Quit) {
            self.overlay = None;
        }
        Vec::new()
    }
}
