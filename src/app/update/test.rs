//! Sending events: from the Test tab, and again from wherever an invocation is shown.

use std::sync::Arc;

use jiff::SignedDuration;

use super::{answer_size, editor_size};
use crate::{
    app::{
        Action, App, Effect, Screen, StashedEvent, Ticket,
        function::{
            Tab,
            test::{Ask, Pick, Target},
        },
        invocations::{AT_ONCE, Invocation},
        layout,
        messages::Severity,
        overlay::{Item, Overlay, Picker, PickerKind},
        prompt::{self, Prompt},
    },
    cloud,
    domain::{
        invocation::{Chunk, Mode, Reply, Request, check_tenant_id, client_context},
        release::Releases,
        secret::Secret,
        text::sanitise,
    },
};

/// Presses of the key that sends are taken for one held key up to this distance: keyboards wait up to 660 ms before
/// they repeat.
const HELD_KEY: SignedDuration = SignedDuration::from_millis(800);

/// Events of functions that are not open that are remembered.
const EVENTS_KEPT: usize = 50;

/// The choice that takes `$LATEST`.
const LATEST: &str = "$LATEST";
const TENANT: &str = "tenant id";
const CLIENT_CONTEXT: &str = "client context";

impl App {
    /// The keys of the Test tab; none where the key is not of this tab alone.
    pub(super) fn act_on_test(&mut self, action: &Action) -> Option<Vec<Effect>> {
        let areas = layout::test(self.size, self.invocation_rows());
        let epoch = self.session.epoch;
        let view = self.function.as_mut()?;
        let chosen = view.test.shown.and_then(|number| self.invocations.get(number));
        let looked_at = chosen.or_else(|| self.invocations.of(&view.name, epoch).next_back());
        if view.test.handle(action, looked_at, answer_size(areas), editor_size(areas)) {
            return Some(Vec::new());
        }
        Some(match action {
            Action::Send | Action::Open => self.send(),
            // The key that leads here may be held down: it sends nothing.
            Action::Invoke => {
                self.say(Severity::Info, "enter sends the event");
                Vec::new()
            }
            Action::Qualifier => self.pick_qualifier(),
            Action::SendAs => self.pick_how(),
            Action::OpenAnswer => self.open_answer(),
            Action::CopyAs => self.pick_copy(),
            Action::RequestLog => self.log_of_looked_at(),
            Action::Invocations => self.open_past(false),
            Action::Repeat => self.begin_repeat(),
            Action::Events => self.open_events(),
            Action::Save => self.save_event(),
            Action::NextInvocation => self.step_invocation(1),
            Action::PreviousInvocation => self.step_invocation(-1),
            other => return self.act_on_event(other),
        })
    }

    /// Whether the key that sends was let go since it was pressed last. Most terminals don't tell a held key from
    /// presses: each one that comes too soon puts the next one off.
    pub(super) fn let_go(&mut self) -> bool {
        let held = self.pressed_at.is_some_and(|at| self.now.duration_since(at) < HELD_KEY);
        self.pressed_at = Some(self.now);
        if held {
            self.say(Severity::Info, "a held key does not send: let it go, then press it again");
        }
        !held
    }

    pub(super) fn send(&mut self) -> Vec<Effect> {
        if !self.let_go() {
            return Vec::new();
        }
        match self.composed() {
            Some((request, event)) => self.dispatch(request, event),
            None => Vec::new(),
        }
    }

    /// The request that the Test tab would send, and the name of its event. Where it can't be sent that is said.
    pub(super) fn composed(&mut self) -> Option<(Request, Option<String>)> {
        let view = self.function.as_mut()?;
        let payload = match view.test.sendable() {
            Ok(event) => Secret::new(event),
            Err(problem) => {
                self.say(Severity::Error, problem);
                return None;
            }
        };
        let Target { qualifier, tenant_id, mode, client_context } = view.test.target.clone();
        let request = Request {
            function: view.name.clone(),
            qualifier,
            tenant_id,
            mode,
            payload: Arc::new(payload),
            client_context,
            timeout_s: None,
        };
        Some((request, view.test.event_name.clone()))
    }

    /// Sends a request, once, unless the session is read-only or too many are on their way; says so then. The time-out
    /// is filled in where it is known.
    pub(super) fn dispatch(&mut self, request: Request, event: Option<String>) -> Vec<Effect> {
        let Some(place) = self.place() else {
            self.say(Severity::Warning, "there is no connection: nothing was sent");
            return Vec::new();
        };
        if self.session.current.as_ref().is_some_and(|current| current.spec.read_only) {
            self.say(Severity::Warning, "this session is read-only: nothing was sent");
            return Vec::new();
        }
        if self.invocations.running().count() >= AT_ONCE {
            let text = format!("{AT_ONCE} invocations are on their way: wait for an answer");
            self.say(Severity::Warning, text);
            return Vec::new();
        }
        let timeout_s = self.timeout_of(&request.function);
        let request = Request { timeout_s, ..request };
        let ticket = self.ticket();
        self.messages.dismiss();
        self.invocations.begin(ticket, place.clone(), request.clone(), event.clone(), self.now);
        if let Some(view) = self.function.as_mut().filter(|view| view.name == request.function) {
            view.test.editing = false;
            view.test.show(None);
        }
        vec![Effect::Invoke {
            ticket,
            at: self.now,
            request: Box::new(request),
            place: Box::new(place),
            event,
        }]
    }

    /// A function's time-out in seconds, where it is known.
    pub(super) fn timeout_of(&self, function: &str) -> Option<u32> {
        let view = self.function.as_ref().filter(|view| view.name == function);
        let known = view.and_then(|view| view.details.value.as_ref()?.configuration.timeout_s);
        known.or_else(|| self.functions.find(function).map(|function| function.timeout_s))
    }

    pub(super) fn streamed(&mut self, ticket: Ticket, chunk: &Chunk) {
        self.invocations.streamed(ticket, chunk);
    }

    /// An answer is never dropped: where its view is gone it is told in a message.
    pub(super) fn invoked(
        &mut self,
        ticket: Ticket,
        result: Result<Box<Reply>, cloud::Error>,
    ) -> Vec<Effect> {
        let Some(number) = self.invocations.end(ticket, self.now, result.map(|reply| *reply)) else {
            return Vec::new();
        };
        let Some(ended) = self.invocations.get(number) else { return Vec::new() };
        let of_this_session = ticket.epoch == self.session.epoch;
        let name = if of_this_session {
            ended.request.target()
        } else {
            format!("{} (of the session before)", ended.request.target())
        };
        let (severity, text) = told(ended, &name, of_this_session);
        let on_screen = of_this_session
            && self.screen == Screen::Function
            && self.overlay.is_none()
            && self
                .function
                .as_ref()
                .is_some_and(|view| view.tab == Tab::Test && view.name == ended.request.function);
        let looked_at = self.looked_at().is_some_and(|one| one.number == number);
        self.log_answered(number);
        self.say(severity, text);
        if on_screen && looked_at {
            // The answer itself is in view; the log keeps the line.
            self.messages.dismiss();
        }
        Vec::new()
    }

    /// Rows that the list of invocations takes in the Test tab: none for a single one, whose heading says it all.
    pub fn invocation_rows(&self) -> usize {
        let Some(view) = &self.function else { return 0 };
        let count = self.invocations.of(&view.name, self.session.epoch).count();
        if count > 1 { count } else { 0 }
    }

    /// Looks at the invocation after or before the one that is shown.
    fn step_invocation(&mut self, by: isize) -> Vec<Effect> {
        let shown = self.looked_at().map(|one| one.number);
        let epoch = self.session.epoch;
        let Some(view) = &mut self.function else { return Vec::new() };
        let numbers: Vec<u64> = self.invocations.of(&view.name, epoch).map(|one| one.number).collect();
        let Some(at) = numbers.iter().position(|number| Some(*number) == shown) else { return Vec::new() };
        let to = at.saturating_add_signed(by).min(numbers.len() - 1);
        if to != at {
            // The newest one is followed: the next that is sent takes its place.
            view.test.show(Some(numbers[to]).filter(|_| to + 1 < numbers.len()));
        }
        Vec::new()
    }

    fn pick_qualifier(&mut self) -> Vec<Effect> {
        let ticket = self.ticket();
        let Some(view) = &mut self.function else { return Vec::new() };
        let mut picker = Picker::new(PickerKind::Test(Pick::Qualifier), Vec::new());
        let effects = if let Some(releases) = &view.versions.releases.value {
            picker = Picker::new(PickerKind::Test(Pick::Qualifier), qualifiers(releases));
            Vec::new()
        } else {
            picker.pending = Some(ticket);
            view.versions.releases.ask(ticket);
            vec![Effect::GetReleases(ticket, view.name.clone())]
        };
        self.overlay = Some(Overlay::Picker(picker));
        effects
    }

    /// Versions and aliases were read: the picker that waits for them has its choices.
    pub(super) fn fill_qualifiers(&mut self) {
        let waiting = self.overlay.iter_mut().chain(&mut self.beneath).find_map(|overlay| match overlay {
            Overlay::Picker(picker) if picker.kind == PickerKind::Test(Pick::Qualifier) => Some(picker),
            _ => None,
        });
        let Some(picker) = waiting.filter(|picker| picker.pending.is_some()) else { return };
        let Some(view) = &self.function else { return };
        let releases = &view.versions.releases;
        match (&releases.value, &releases.error) {
            (_, Some(error)) => {
                picker.pending = None;
                picker.error = Some(error.to_string());
            }
            (Some(releases), None) => {
                picker.pending = None;
                picker.items = qualifiers(releases);
                picker.narrow();
            }
            (None, None) => {}
        }
    }

    fn pick_how(&mut self) -> Vec<Effect> {
        let Some(view) = &self.function else { return Vec::new() };
        let target = &view.test.target;
        let mark = |mode| if mode == target.mode { " (now)" } else { "" };
        let mut items: Vec<Item> = Mode::ALL
            .into_iter()
            .map(|mode| Item { name: mode.as_str().into(), note: format!("{}{}", mode.about(), mark(mode)) })
            .collect();
        let tenant = target.tenant_id.as_deref().map_or("none".into(), sanitise);
        items.push(Item { name: TENANT.into(), note: format!("whose environment it runs in: {tenant}") });
        let context = target.client_context.as_ref();
        let context = context.map_or("none".into(), |context| format!("{} bytes", context.len()));
        items.push(Item { name: CLIENT_CONTEXT.into(), note: format!("a JSON object: {context}") });
        let mut picker = Picker::new(PickerKind::Test(Pick::How), items);
        picker.cursor.at = Mode::ALL.iter().position(|mode| *mode == target.mode).unwrap_or_default();
        self.overlay = Some(Overlay::Picker(picker));
        Vec::new()
    }

    pub(super) fn test_picked(&mut self, pick: &Pick, chosen: &str) -> Vec<Effect> {
        match pick {
            Pick::Copy(number) => return self.copy_picked(*number, chosen),
            Pick::Elsewhere(key) => return self.elsewhere_chosen(key, chosen),
            Pick::Qualifier | Pick::How | Pick::Event => {}
        }
        let Some(view) = &mut self.function else { return Vec::new() };
        let target = &mut view.test.target;
        match pick {
            Pick::Copy(_) | Pick::Elsewhere(_) | Pick::Event => {}
            Pick::Qualifier => {
                target.qualifier = Some(chosen.to_owned()).filter(|chosen| chosen != LATEST);
            }
            Pick::How => {
                if let Some(mode) = Mode::ALL.into_iter().find(|mode| mode.as_str() == chosen) {
                    target.mode = mode;
                    return Vec::new();
                }
                let (ask, rule, text) = if chosen == TENANT {
                    let rule = "up to 256 characters of a-z A-Z 0-9 space _ . : / = + - @; empty for none";
                    (Ask::Tenant, rule, target.tenant_id.clone().unwrap_or_default())
                } else {
                    let rule = "a JSON object, such as {\"custom\": {}}; empty for none";
                    let context = target.client_context.as_ref();
                    (
                        Ask::ClientContext,
                        rule,
                        context.map(|context| context.reveal().to_owned()).unwrap_or_default(),
                    )
                };
                let title = if matches!(ask, Ask::Tenant) { "Tenant id" } else { "Client context" };
                let prompt = Prompt::new(title, rule, &text, prompt::Then::Test(ask));
                self.overlay = Some(Overlay::Prompt(Box::new(prompt)));
            }
        }
        Vec::new()
    }

    /// A line was typed for the Test tab.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn test_asked(&mut self, ask: &Ask, text: &str) -> Result<Vec<Effect>, String> {
        if !matches!(ask, Ask::Tenant | Ask::ClientContext | Ask::Elsewhere(_)) {
            return self.event_asked(ask.clone(), text);
        }
        if let Ask::Elsewhere(key) = ask {
            if text.is_empty() {
                return Err("a number, an alias, or $LATEST is needed".into());
            }
            return Ok(self.elsewhere_chosen(key, text));
        }
        let Some(view) = &mut self.function else { return Ok(Vec::new()) };
        let target = &mut view.test.target;
        match ask {
            Ask::Tenant => {
                if !text.is_empty() {
                    check_tenant_id(text)?;
                }
                target.tenant_id = Some(text.to_owned()).filter(|text| !text.is_empty());
            }
            Ask::ClientContext => {
                target.client_context = match text {
                    "" => None,
                    text => Some(Arc::new(client_context(text)?)),
                };
            }
            _ => {}
        }
        Ok(Vec::new())
    }

    /// Keeps the event of the function that is left.
    pub(super) fn stash_event(&mut self) {
        let Some(place) = self.place() else { return };
        let Some(view) = &mut self.function else { return };
        let mut test = std::mem::replace(&mut view.test, crate::app::function::test::TestPane::new(""));
        let function = view.name.clone();
        // The invocations of another session are not this one's.
        test.show(None);
        self.events.retain(|stashed| stashed.function != function || !stashed.place.is_same(&place));
        self.events.push(StashedEvent { place, function, test });
        if self.events.len() > EVENTS_KEPT {
            self.events.remove(0);
        }
    }

    /// Takes up the event of the function that is open, where there is one.
    pub(super) fn unstash_event(&mut self) {
        let Some(place) = self.place() else { return };
        let Some(view) = &mut self.function else { return };
        let found = self.events.iter().position(|one| one.function == view.name && one.place.is_same(&place));
        if let Some(at) = found {
            view.test = self.events.remove(at).test;
        }
    }
}

/// What an ended invocation came to, as a message.
fn told(ended: &Invocation, name: &str, of_this_session: bool) -> (Severity, String) {
    let Some(outcome) = &ended.outcome else { return (Severity::Info, String::new()) };
    match &outcome.result {
        Ok(reply) => match (&reply.answer.function_error, ended.request.mode) {
            (Some(error), _) => (Severity::Error, format!("{name} failed: {error} function error")),
            (None, Mode::Event) => (Severity::Info, format!("the event for {name} is queued")),
            (None, Mode::DryRun) => (Severity::Info, format!("{name} may be invoked: nothing was run")),
            (None, _) => (Severity::Info, format!("{name} answered after {} ms", reply.answer.elapsed_ms)),
        },
        Err(error) if of_this_session => (Severity::Error, error.to_string()),
        Err(error) => (Severity::Error, format!("{name}: {error}")),
    }
}

/// What may be invoked: `$LATEST`, the aliases, the published versions.
pub(super) fn qualifiers(releases: &Releases) -> Vec<Item> {
    let latest = Item { name: LATEST.into(), note: "the code as it is now".into() };
    let aliases = releases.aliases.iter().map(|alias| {
        let split = alias.additional.as_ref().map(|other| format!(" and version {}", other.version));
        Item {
            name: alias.name.clone(),
            note: format!("alias of version {}{}", alias.version, split.unwrap_or_default()),
        }
    });
    let versions = releases.versions.iter().filter_map(|version| {
        let number = version.version.clone().filter(|number| number != LATEST)?;
        let about = version.description.as_deref().unwrap_or_default();
        Some(Item { name: number, note: format!("version  {about}").trim_end().to_owned() })
    });
    std::iter::once(latest).chain(aliases).chain(versions).collect()
}
