//! One row of a log: opened as a whole, and copied.

use crate::{
    app::{
        App, Effect,
        answer::AnswerPane,
        logs::{Copying, LogsPane},
        messages::Severity,
        msg::Look,
        overlay::{Overlay, Picker, PickerKind},
    },
    tail::RowKey,
};

impl App {
    /// Opens the selected event over the screen. The log is held: what is read stays selected.
    pub(super) fn open_log_event(&mut self) -> Vec<Effect> {
        let (ticket, zone) = (self.ticket(), self.zone());
        let Some(pane) = self.log_mut() else { return Vec::new() };
        let Some((head, message)) = pane.event(&zone) else { return Vec::new() };
        pane.pause();
        self.lay_over(Overlay::Answer(Box::new(AnswerPane::of_event(head, ticket))));
        vec![Effect::Look(ticket, Look::Message(message))]
    }

    pub(super) fn copy_log_message(&mut self) -> Vec<Effect> {
        let message = self.log().and_then(LogsPane::message_to_copy);
        self.copy_text("the message", message)
    }

    pub(super) fn copy_log_line(&mut self) -> Vec<Effect> {
        let line = self.log().and_then(LogsPane::line_to_copy);
        self.copy_text("the line", line)
    }

    /// Asks what is to be copied of the event that is open, else of the selected row.
    pub(super) fn pick_log_copy(&mut self) -> Vec<Effect> {
        let opened = match &self.overlay {
            Some(Overlay::Answer(pane)) => pane.event().map(|head| head.row),
            _ => None,
        };
        let Some(pane) = self.log() else { return Vec::new() };
        let Some(row) = opened.or_else(|| pane.selected()) else { return Vec::new() };
        let choices = pane.copy_choices(&row);
        self.lay_over(Overlay::Picker(Picker::new(PickerKind::LogCopy(row), choices)));
        Vec::new()
    }

    pub(super) fn log_copy_picked(&mut self, row: &RowKey, chosen: &str) -> Vec<Effect> {
        let (Some(what), Some(place)) = (Copying::named(chosen), self.place()) else { return Vec::new() };
        let text = self.log().and_then(|pane| pane.to_copy(row, what, &place));
        if text.is_none() {
            self.say(Severity::Info, "the event made room for newer ones: it is not there any more");
        }
        self.copy_text(&format!("the {chosen}"), text)
    }
}
