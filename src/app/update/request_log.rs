//! From an invocation to the log of its request.

use jiff::SignedDuration;

use crate::{
    app::{
        App, Effect, Screen,
        function::Tab,
        invocations::{Invocation, Outcome},
        layout,
        logs::RequestLog,
        messages::Severity,
        overlay::Overlay,
        past::Entry,
    },
    domain::{
        invocation::{Ending, Mode, Record},
        name::FunctionRef,
        place::Place,
        text::sanitise,
    },
};

/// An invocation, as far as it takes to find its log.
struct Sought {
    function: String,
    place: Place,
    mode: Mode,
    ending: Option<Ending>,
    request: RequestLog,
}

impl From<&Invocation> for Sought {
    fn from(invocation: &Invocation) -> Self {
        Self {
            function: invocation.request.function.clone(),
            place: invocation.place.clone(),
            mode: invocation.request.mode,
            ending: invocation.outcome.as_ref().map(Outcome::ending),
            request: RequestLog {
                number: Some(invocation.number),
                id: request_id(invocation),
                sent: invocation.since,
                ended: invocation.outcome.as_ref().map(|outcome| outcome.at),
                queued: invocation.request.mode == Mode::Event,
            },
        }
    }
}

impl From<&Record> for Sought {
    fn from(record: &Record) -> Self {
        let took = SignedDuration::from_millis(i64::try_from(record.elapsed_ms).unwrap_or(i64::MAX));
        Self {
            function: record.function.clone(),
            place: record.place.clone(),
            mode: record.mode,
            ending: Some(record.ending.clone()),
            request: RequestLog {
                number: None,
                id: record.request_id.clone().filter(|id| !id.is_empty()),
                sent: record.at,
                ended: record.at.checked_add(took).ok(),
                queued: record.mode == Mode::Event,
            },
        }
    }
}

/// The id that its answer told, also where that was an error.
fn request_id(invocation: &Invocation) -> Option<String> {
    let id = match &invocation.outcome.as_ref()?.result {
        Ok(reply) => &reply.answer.request_id,
        Err(error) => &error.request_id,
    };
    id.clone().filter(|id| !id.is_empty())
}

/// Why there is no log; none where there may be one.
fn no_log(sought: &Sought) -> Option<&'static str> {
    match sought.ending {
        _ if sought.mode == Mode::DryRun => Some("a dry run runs nothing: it has no log"),
        Some(Ending::Throttled | Ending::Denied | Ending::NotFound | Ending::Refused | Ending::NotSent) => {
            Some("it never ran: it has no log")
        }
        _ => None,
    }
}

impl App {
    /// The log of the answer that is open, else of the invocation that is looked at.
    pub(super) fn log_of_looked_at(&mut self) -> Vec<Effect> {
        let Some(sought) = self.opened().or_else(|| self.looked_at()).map(Sought::from) else {
            self.say(Severity::Info, "nothing was sent yet");
            return Vec::new();
        };
        self.show_log_of(sought)
    }

    /// The log of the invocation that is selected in the list.
    pub(super) fn log_of_past(&mut self) -> Vec<Effect> {
        let Some(Overlay::Past(pane)) = &self.overlay else { return Vec::new() };
        let sought = pane.selected(&self.invocations).map(|entry| match entry {
            Entry::Now(invocation) => Sought::from(invocation),
            Entry::Earlier(record) => Sought::from(record),
        });
        sought.map_or_else(Vec::new, |sought| self.show_log_of(sought))
    }

    fn show_log_of(&mut self, sought: Sought) -> Vec<Effect> {
        if let Some(why) = no_log(&sought) {
            self.say(Severity::Info, why);
            return Vec::new();
        }
        if self.place().is_none_or(|here| !here.is_same(&sought.place)) {
            let text = format!("it was sent to {}: connect there to read its log", sought.place);
            self.say(Severity::Warning, text);
            return Vec::new();
        }
        // A command may have named it by its ARN.
        let name = match sought.function.parse::<FunctionRef>() {
            Ok(function) if function.account.is_none() || function.account == sought.place.account => {
                function.name
            }
            Ok(_) => {
                let text = format!("{} is another account's", sanitise(&sought.function));
                self.say(Severity::Warning, text);
                return Vec::new();
            }
            Err(_) => sought.function,
        };
        self.overlay = None;
        self.beneath.clear();
        self.messages.dismiss();
        let is_open =
            self.screen == Screen::Function && self.function.as_ref().is_some_and(|view| view.name == name);
        let mut effects = Vec::new();
        if !is_open {
            let arn = self.functions.find(&name).map(|function| function.arn.to_string());
            effects = self.enter(name, arn);
        }
        let (now, height) = (self.now, usize::from(layout::request_log(self.size).lines.rows));
        if let Some(view) = &mut self.function {
            effects.extend(view.logs.ask(sought.request, now, height));
        }
        effects.extend(self.show_tab(Tab::Logs));
        effects
    }

    /// An invocation ended: where the log waits for its id, it goes on with that.
    pub(super) fn log_answered(&mut self, number: u64) {
        let (now, height, epoch) = (self.now, self.log_height(), self.session.epoch);
        let Some(ended) = self.invocations.get(number).filter(|ended| ended.ticket.epoch == epoch) else {
            return;
        };
        let id = request_id(ended);
        if let Some(view) = &mut self.function {
            view.logs.answered(number, id.as_deref(), now, height);
        }
    }
}
