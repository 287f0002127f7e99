//! Keys of the Configuration tab.

use super::super::{
    Action, App, Effect, Ticket,
    function::configuration::{Ask, Edited, Pick},
};
use crate::domain::{release::Extras, secret::Secret};

impl App {
    /// Answers with nothing where the tab has no use for the action.
    pub(super) fn act_on_configuration(&mut self, action: &Action) -> Option<Vec<Effect>> {
        match action {
            Action::Save => Some(self.save_settings()),
            _ => None,
        }
    }

    /// A prompt of the tab was answered.
    pub(super) fn configuration_asked(&mut self, _ask: &Ask, _text: &str) -> Result<Vec<Effect>, String> {
        Ok(Vec::new())
    }

    /// An editor of several lines was left; with `save` the diff is shown at once.
    pub(super) fn configuration_edited(
        &mut self,
        _edited: Edited,
        _text: &Secret,
        _save: bool,
    ) -> Result<Vec<Effect>, String> {
        Ok(Vec::new())
    }

    /// A picker of the tab was answered.
    pub(super) fn configuration_picked(&mut self, _pick: &Pick, _chosen: &str) -> Vec<Effect> {
        Vec::new()
    }

    pub(super) fn extras_read(&mut self, ticket: Ticket, extras: Extras) {
        let now = self.now;
        if let Some(view) = &mut self.function {
            view.configuration.extras.receive(ticket, Ok(extras), now);
        }
    }
}
