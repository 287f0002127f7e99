//! Keys of the Versions tab.

use super::super::{
    Action, App, Effect, Ticket,
    function::versions::{Ask, Pick},
};
use crate::{cloud, domain::release::Releases};

impl App {
    /// Answers with nothing where the tab has no use for the action.
    pub(super) fn act_on_versions(&mut self, _action: &Action) -> Option<Vec<Effect>> {
        None
    }

    /// A prompt of the tab was answered.
    pub(super) fn versions_asked(&mut self, _ask: &Ask, _text: &str) -> Result<Vec<Effect>, String> {
        Ok(Vec::new())
    }

    /// A picker of the tab was answered.
    pub(super) fn versions_picked(&mut self, _pick: &Pick, _chosen: &str) -> Vec<Effect> {
        Vec::new()
    }

    pub(super) fn act_on_weights(&mut self, _action: &Action) -> Vec<Effect> {
        Vec::new()
    }

    pub(super) fn releases_read(
        &mut self,
        ticket: Ticket,
        result: Result<Box<Releases>, cloud::Error>,
    ) -> Vec<Effect> {
        if let Some(effects) = self.releases_observed(ticket, &result) {
            return effects;
        }
        let now = self.now;
        if let Some(view) = &mut self.function {
            view.versions.releases.receive(ticket, result.map(|releases| *releases), now);
        }
        Vec::new()
    }
}
