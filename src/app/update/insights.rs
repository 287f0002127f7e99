//! Logs Insights: asking, and what comes of it.

use crate::app::{Action, App, Effect};

impl App {
    /// Handles a key in the query box or its results.
    pub(super) fn act_on_insights(&mut self, action: &Action) -> Vec<Effect> {
        if matches!(action, Action::Back | Action::Quit) {
            self.overlay = None;
        }
        Vec::new()
    }
}
