//! Keys of the Environment tab.

use super::super::{Action, App, Effect, function::environment::Edited};
use crate::domain::secret::Secret;

impl App {
    /// Answers with nothing where the tab has no use for the action.
    pub(super) fn act_on_environment(&mut self, action: &Action) -> Option<Vec<Effect>> {
        let (now, height) = (self.now, self.content_height());
        let view = self.function.as_mut()?;
        // A heading line and the line of totals are not rows.
        let handled =
            view.environment.handle(action, view.details.value.as_ref(), now, height.saturating_sub(2));
        match action {
            _ if handled => Some(Vec::new()),
            Action::Save => Some(self.save_environment()),
            _ => None,
        }
    }

    /// An editor of several lines was left; with `save` the diff is shown at once.
    pub(super) fn environment_edited(
        &mut self,
        _edited: &Edited,
        _text: &Secret,
        _save: bool,
    ) -> Result<Vec<Effect>, String> {
        Ok(Vec::new())
    }
}
