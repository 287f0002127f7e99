//! Sending a request many times: asked for in a form, agreed to, followed, stopped.

use crate::{
    app::{
        Action, App, Effect, Ticket,
        messages::Severity,
        overlay::{Overlay, Question, Then},
        repeat::{Price, RepeatForm, Repeating, Stage},
    },
    cloud::repeat::Why,
    domain::{
        cost,
        invocation::Request,
        repeat::{Plan, Tally},
        text::sanitise,
    },
};

impl App {
    /// The architecture by which the time of a function is billed; none on an emulator, which bills nothing, and for
    /// managed instances, which are billed by the instance.
    pub fn priced_as(&self, function: &str) -> Option<String> {
        self.session.current.as_ref().filter(|current| current.endpoint.is_none())?;
        let view = self.function.as_ref().filter(|view| view.name == function);
        let configuration = view.and_then(|view| Some(&view.details.value.as_ref()?.configuration));
        if configuration.is_some_and(|function| function.capacity_provider_arn.is_some()) {
            return None;
        }
        let architecture = configuration.and_then(|function| function.architectures.first());
        Some(architecture.cloned().unwrap_or_else(|| "x86_64".into()))
    }

    /// The key in the Test tab: back to what is under way, or the form.
    pub(super) fn begin_repeat(&mut self) -> Vec<Effect> {
        if self.repeating.as_ref().is_some_and(Repeating::is_running) {
            self.overlay = Some(Overlay::Repeat);
            return Vec::new();
        }
        if let Some((request, event)) = self.may_repeat().then(|| self.composed()).flatten() {
            let plan = self.repeating.as_ref().map(|repeating| repeating.tally.plan).unwrap_or_default();
            self.ask_repeat(request, event, plan);
        }
        Vec::new()
    }

    /// Whether this session may send; says so where it may not.
    fn may_repeat(&mut self) -> bool {
        let problem = if self.place().is_none() {
            "there is no connection: nothing was sent"
        } else if self.session.read_only() {
            "this session is read-only: nothing was sent"
        } else {
            return true;
        };
        self.say(Severity::Warning, problem);
        false
    }

    /// Asks how often a request is to be sent.
    fn ask_repeat(&mut self, request: Request, event: Option<String>, plan: Plan) {
        let Some(place) = self.place() else { return };
        let function = request.function.as_str();
        let protected = self.session.spec.protected.covers(&place, function);
        let price = self.priced_as(function).map(|architecture| {
            let answers = self.invocations.of(function, self.session.epoch).rev();
            let reports = answers.filter_map(|one| one.reply()?.answer.report.as_ref());
            let last = reports.map(|report| (report.billed_ms, report.memory_mb)).next();
            Price { architecture, last }
        });
        let view = self.function.as_ref().filter(|view| view.name == function);
        let reserved = view.and_then(|view| view.details.value.as_ref()?.reserved_concurrency);
        let timeout_s = self.timeout_of(function);
        let request = Request { timeout_s, ..request };
        let mut form = RepeatForm::new(place, self.session.epoch, protected, request, plan);
        (form.event, form.price, form.reserved) = (event, price, reserved);
        self.lay_over(Overlay::RepeatForm(Box::new(form)));
    }

    pub(super) fn act_on_repeat_form(&mut self, action: &Action) -> Vec<Effect> {
        let Some(Overlay::RepeatForm(form)) = &mut self.overlay else { return Vec::new() };
        match action {
            Action::Open => return self.repeat_entered(),
            Action::Back | Action::Quit => {
                self.overlay = None;
                self.say(Severity::Info, "nothing was sent");
            }
            _ => form.handle(action),
        }
        Vec::new()
    }

    /// Enter in the form: sends, or asks first.
    fn repeat_entered(&mut self) -> Vec<Effect> {
        if !self.let_go() {
            return Vec::new();
        }
        let Some(Overlay::RepeatForm(form)) = &mut self.overlay else { return Vec::new() };
        let plan = match form.plan() {
            Ok(plan) => plan,
            Err(problem) => {
                self.say(Severity::Error, problem);
                return Vec::new();
            }
        };
        if !form.is_agreed() {
            form.mistyped = !form.typed.text().is_empty();
            form.focus = crate::app::repeat::Focus::Name;
            return Vec::new();
        }
        // A name that was typed is as good as a Yes.
        if plan.needs_consent() && !form.protected {
            let question = question(form, plan);
            self.lay_over(Overlay::Question(question));
            return Vec::new();
        }
        let Some(Overlay::RepeatForm(form)) = self.overlay.take() else { return Vec::new() };
        self.start_repeat(*form, plan)
    }

    /// Yes was said to what is more than nobody asks for.
    pub(super) fn repeat_agreed(&mut self) -> Vec<Effect> {
        self.overlay = self.beneath.pop();
        match self.overlay.take() {
            Some(Overlay::RepeatForm(form)) => match form.plan() {
                // The name, where it must be typed, is not replaced by a Yes.
                Ok(plan) if form.is_agreed() => self.start_repeat(*form, plan),
                _ => Vec::new(),
            },
            other => {
                self.overlay = other;
                Vec::new()
            }
        }
    }

    fn start_repeat(&mut self, form: RepeatForm, plan: Plan) -> Vec<Effect> {
        let same = self.place().is_some_and(|place| place.is_same(&form.place));
        if form.epoch != self.session.epoch || !same {
            self.say(Severity::Error, "the session has changed meanwhile: nothing was sent");
            return Vec::new();
        }
        if self.repeating.as_ref().is_some_and(Repeating::is_running) || !self.may_repeat() {
            return Vec::new();
        }
        let ticket = self.ticket();
        let request = Box::new(form.request.clone());
        self.messages.dismiss();
        self.repeating = Some(Repeating::new(ticket, form, plan, self.now));
        // What was sent before is shown no more.
        self.beneath.retain(|overlay| !matches!(overlay, Overlay::Repeat));
        self.overlay = Some(Overlay::Repeat);
        vec![Effect::Repeat(ticket, request, plan)]
    }

    /// `:repeat` was typed.
    pub(super) fn reopen_repeat(&mut self) {
        if self.repeating.is_some() {
            self.overlay = Some(Overlay::Repeat);
        } else {
            self.say(Severity::Info, "nothing was sent many times yet: R in the Test tab does it");
        }
    }

    pub(super) fn act_on_repeat(&mut self, action: &Action) -> Vec<Effect> {
        let (columns, height) = Repeating::room(self.size);
        let now = self.now;
        let Some(repeating) = &mut self.repeating else {
            self.overlay = None;
            return Vec::new();
        };
        match action {
            Action::Back | Action::Quit => {
                self.overlay = None;
                if repeating.is_running() {
                    self.say(Severity::Info, "it goes on; R in the Test tab or :repeat shows it");
                }
            }
            Action::Stop => return self.stop_repeat(),
            Action::Repeat if repeating.is_running() => {
                self.say(Severity::Info, "it is still under way: s stops it");
            }
            Action::Repeat => self.repeat_again(),
            Action::CopyName => {
                let text = repeating.text(now);
                return self.copy_text("what came of it", Some(text));
            }
            _ => {
                let rows = repeating.table(now, columns).len();
                repeating.cursor.scroll(action, rows, height);
            }
        }
        Vec::new()
    }

    fn stop_repeat(&mut self) -> Vec<Effect> {
        let Some(repeating) = self.repeating.as_mut().filter(|it| it.stage == Stage::Running) else {
            return Vec::new();
        };
        repeating.stage = Stage::Stopping;
        vec![Effect::StopRepeat(repeating.ticket)]
    }

    /// The same request again, to the place where it was sent before.
    fn repeat_again(&mut self) {
        let Some(repeating) = &self.repeating else { return };
        if self.place().is_none_or(|here| !here.is_same(&repeating.place)) {
            let text = format!("it was sent to {}: connect there to send it again", repeating.place);
            self.say(Severity::Warning, text);
            return;
        }
        let (request, event, plan) =
            (repeating.request.clone(), repeating.event.clone(), repeating.tally.plan);
        if self.may_repeat() {
            self.ask_repeat(request, event, plan);
        }
    }

    pub(super) fn repeated(&mut self, ticket: Ticket, tally: Tally) {
        if let Some(repeating) = self.repeating_of(ticket) {
            repeating.tally = tally;
        }
    }

    pub(super) fn repeat_ended(&mut self, ticket: Ticket, tally: Tally, why: Why) {
        let now = self.now;
        let here = ticket.epoch == self.session.epoch;
        let Some(repeating) = self.repeating_of(ticket) else { return };
        repeating.tally = tally;
        repeating.ended = Some(now);
        repeating.stage = Stage::Over(why);
        let target = sanitise(&repeating.request.target()).into_owned();
        let of = if here { "" } else { " (of the session before)" };
        let times = (repeating.tally.begun, repeating.tally.plan.times);
        let text = format!("{target}{of}: {} of {} sent: {}", times.0, times.1, repeating.outcome());
        let severity = if repeating.is_whole() { Severity::Info } else { Severity::Warning };
        self.say(severity, text);
        if matches!(self.overlay, Some(Overlay::Repeat)) {
            // All of it is in view; the log keeps the line.
            self.messages.dismiss();
        }
    }

    fn repeating_of(&mut self, ticket: Ticket) -> Option<&mut Repeating> {
        self.repeating.as_mut().filter(|repeating| repeating.ticket == ticket && repeating.is_running())
    }

    /// The session is another one: no further one is sent; those on their way are still counted.
    pub(super) fn leave_repeat(&mut self) -> Option<Effect> {
        let repeating = self.repeating.as_ref().filter(|repeating| repeating.is_running())?;
        let target = sanitise(&repeating.request.target()).into_owned();
        let stopped = self.stop_repeat().pop();
        let text = format!("{target} is sent no more, for the session has changed; :repeat shows what came");
        self.say(Severity::Warning, text);
        stopped
    }

    /// What is asked before the program ends while a request is sent many times.
    pub(super) fn quit_repeat(&self) -> Option<Question> {
        let repeating = self.repeating.as_ref().filter(|repeating| repeating.is_running())?;
        let tally = &repeating.tally;
        let single = self.invocations.running().count();
        let single = match single {
            0 => String::new(),
            1 => " So will that of another invocation.".to_owned(),
            several => format!(" So will those of {several} other invocations."),
        };
        Some(Question {
            text: "Quit while an event is being sent many times?".into(),
            detail: format!(
                "{} of {} are sent to {}. No further one will be; those on their way go on at AWS, but their \
                 answers will be lost.{single}",
                tally.begun,
                tally.plan.times,
                sanitise(&repeating.request.target()),
            ),
            then: Then::Quit,
            came_up: None,
        })
    }
}

/// What is asked where more are to be sent than nobody asks for.
fn question(form: &RepeatForm, plan: Plan) -> Question {
    let cost = form.cost(plan).map(|cost| format!(" est. {} in all.", cost::usd(cost))).unwrap_or_default();
    Question {
        text: format!(
            "Send {} {} times, {} at a time?",
            sanitise(&form.request.target()),
            plan.times,
            plan.at_once
        ),
        detail: format!(
            "That is more than {} times or more than {} at a time. {}.{cost}",
            Plan::FREE_TIMES,
            Plan::FREE_AT_ONCE,
            sanitise(&form.place.to_string()),
        ),
        then: Then::Repeat,
        came_up: None,
    }
}
