//! Base, mine and theirs.

use super::super::{Action, App, Effect};

impl App {
    pub(super) fn act_on_merge(&mut self, action: &Action) -> Vec<Effect> {
        if matches!(action, Action::Back | Action::Quit) {
            self.overlay = None;
        }
        Vec::new()
    }
}
