//! What was read from the program's own files and written to them: saved events, the history of invocations.

use crate::{
    app::{App, Effect, Ticket, messages::Severity},
    disk::SaveError,
    domain::{saved_event::SavedEvent, secret::Secret},
};

impl App {
    /// The saved events of a function were listed.
    pub(super) fn events_listed(
        &mut self,
        _ticket: Ticket,
        result: Result<Vec<SavedEvent>, String>,
    ) -> Vec<Effect> {
        self.say_problem(result.err());
        Vec::new()
    }

    /// An event was read or imported.
    pub(super) fn event_read(
        &mut self,
        _ticket: Ticket,
        result: Result<(String, Secret), String>,
    ) -> Vec<Effect> {
        self.say_problem(result.err());
        Vec::new()
    }

    /// An event was saved, renamed, deleted or exported.
    pub(super) fn event_stored(&mut self, _ticket: Ticket, result: Result<String, SaveError>) -> Vec<Effect> {
        match result {
            Ok(done) => self.say(Severity::Info, done),
            Err(error) => self.say(Severity::Error, error.to_string()),
        }
        Vec::new()
    }

    fn say_problem(&mut self, problem: Option<String>) {
        if let Some(problem) = problem {
            self.say(Severity::Error, problem);
        }
    }
}
