//! One change of many functions.

use super::super::{Action, App, Effect, Ticket};
use crate::{
    cloud,
    domain::{change::Written, function::Details, secret::Secret},
};

impl App {
    pub(super) fn act_on_bulk(&mut self, action: &Action) -> Vec<Effect> {
        if matches!(action, Action::Back | Action::Quit) {
            self.overlay = None;
        }
        Vec::new()
    }

    /// `:bulk CHANGE` was typed.
    pub(super) fn bulk_typed(&mut self, _typed: &Secret) -> Vec<Effect> {
        Vec::new()
    }

    /// A function of the plan was read.
    pub(super) fn bulk_observed(
        &mut self,
        _name: &str,
        _result: Result<Box<Details>, cloud::Error>,
    ) -> Vec<Effect> {
        Vec::new()
    }

    /// The retention of a function's log group was read.
    pub(super) fn retention_read(
        &mut self,
        _ticket: Ticket,
        _name: &str,
        _result: Result<Option<u32>, cloud::Error>,
    ) -> Vec<Effect> {
        Vec::new()
    }

    /// The change of one function was done, or not.
    pub(super) fn bulk_written(&mut self, _result: Result<Box<Written>, cloud::Error>) -> Vec<Effect> {
        Vec::new()
    }
}
