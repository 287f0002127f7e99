//! The event of the Test tab: what takes longer than a frame, and other programs that edit it.

use super::editor_size;
use crate::{
    app::{
        Action, App, Effect, Ticket,
        function::test::TestPane,
        layout,
        messages::Severity,
        msg::{EditedOutside, Examined, Examining},
    },
    domain::{json::Problem, secret::Secret},
};

impl App {
    /// The keys that concern the event as a whole; none where the key is another one.
    pub(super) fn act_on_event(&mut self, action: &Action) -> Option<Vec<Effect>> {
        let what = match action {
            Action::Format => Examining::Format,
            Action::Minify => Examining::Minify,
            Action::EditOutside => {
                let ticket = self.ticket();
                let effect = self.function.as_mut().map(|view| view.test.edit_outside(ticket));
                return Some(effect.into_iter().collect());
            }
            _ => return None,
        };
        let (room, ticket) = (self.editor_room(), self.ticket());
        let effect = self.function.as_mut().and_then(|view| view.test.rewrite(what, room, ticket));
        Some(effect.into_iter().collect())
    }

    /// Whatever has happened to the event: a large one is to be checked once nothing is typed any more.
    pub(super) fn note_event(&mut self) {
        if let Some(view) = &mut self.function {
            view.test.note(self.now);
        }
    }

    /// Has the event checked where that is due.
    pub(super) fn have_event_checked(&mut self) -> Option<Effect> {
        self.function.as_ref().filter(|view| view.test.is_check_due(self.now))?;
        let ticket = self.ticket();
        Some(self.function.as_mut()?.test.have_checked(ticket))
    }

    pub(super) fn examined(&mut self, ticket: Ticket, result: Result<Examined, Problem>) -> Vec<Effect> {
        let room = self.editor_room();
        let said = self.test_pane(|pane| pane.awaits(ticket)).and_then(|pane| pane.examined(result, room));
        if let Some(said) = said {
            self.say(Severity::Warning, said);
        }
        Vec::new()
    }

    pub(super) fn edited_outside(
        &mut self,
        ticket: Ticket,
        result: Result<EditedOutside, String>,
    ) -> Vec<Effect> {
        let room = self.editor_room();
        // The key that left the editor may be held.
        self.pressed_at = Some(self.now);
        let Some(pane) = self.test_pane(|pane| pane.is_outside(ticket)) else {
            self.say(Severity::Warning, "the function is no longer open: what was edited is dropped");
            return Vec::new();
        };
        let (severity, said) = match result {
            Err(problem) => {
                pane.edited_outside(None, room);
                (Severity::Error, problem)
            }
            Ok(EditedOutside { text, ending, at_once }) => {
                let emptied = text.as_ref().is_some_and(|text| text.reveal().trim().is_empty());
                let text = text.as_ref().filter(|_| !emptied).map(Secret::reveal);
                let changed = pane.edited_outside(text, room);
                let told = match (emptied, changed) {
                    (true, _) => "the file was emptied: the event is kept as it was",
                    (false, true) => "the event is what the editor saved",
                    (false, false) => "the event is as it was",
                };
                match ending {
                    Some(ending) => (Severity::Warning, format!("{ending}; {told}")),
                    None if emptied => (Severity::Warning, told.to_owned()),
                    None if at_once && !changed => {
                        let text = "the editor came back at once: one with a window of its own has to be told to wait, \
                                    as in EDITOR='code --wait'";
                        (Severity::Warning, text.to_owned())
                    }
                    None => (Severity::Info, told.to_owned()),
                }
            }
        };
        self.say(severity, said);
        Vec::new()
    }

    fn editor_room(&self) -> (usize, usize) {
        editor_size(layout::test(self.size, self.invocation_rows()))
    }

    /// The Test tab that is meant, also that of a function that is not open.
    fn test_pane(&mut self, is_meant: impl Fn(&TestPane) -> bool) -> Option<&mut TestPane> {
        let open = self.function.as_mut().map(|view| &mut view.test);
        open.into_iter()
            .chain(self.events.iter_mut().map(|event| &mut event.test))
            .find(|pane| is_meant(pane))
    }
}
