//! The filters of a log: the one in force while it is typed, those that were kept, only errors.

use crate::app::{Action, App, Effect, logs::filters::Typing};

impl App {
    /// Handles a key that is about what is shown of the log on the screen; none where it is not.
    pub(super) fn act_on_log_filters(&mut self, action: &Action) -> Option<Vec<Effect>> {
        let height = self.log_height();
        let pane = self.log_mut()?;
        let filters = &mut pane.filters;
        if filters.takes_text() {
            let changed = match action {
                Action::Open => {
                    filters.leave_field();
                    false
                }
                Action::Back => {
                    filters.leave_field();
                    filters.field.set("");
                    true
                }
                Action::Text(input) => filters.field.input(input.clone()),
                Action::Paste(text) => filters.field.paste(text.reveal()),
                _ => return None,
            };
            if changed {
                filters.understand();
                pane.refilter(height);
            }
            return Some(Vec::new());
        }
        match action {
            Action::Filter => filters.typing = Some(Typing::Live),
            Action::ErrorsOnly => {
                filters.errors_only = !filters.errors_only;
                pane.refilter(height);
            }
            Action::Back if pane.request.is_none() && !filters.live().is_empty() => {
                filters.field.set("");
                filters.understand();
                pane.refilter(height);
            }
            _ => return None,
        }
        Some(Vec::new())
    }

    /// Handles a key in the list of filters.
    pub(super) fn act_on_log_filter_list(&mut self, action: &Action) -> Vec<Effect> {
        if matches!(action, Action::Back | Action::Quit) {
            self.overlay = None;
        }
        Vec::new()
    }
}
