//! The invocations of this run and of earlier ones: their keys, sending again, comparing.

use std::sync::Arc;

use crate::{
    app::{
        Action, App, Effect, Screen, Ticket,
        differences::DifferencesPane,
        function::test::{Ask, Pick},
        layout,
        list::Cursor,
        messages::Severity,
        overlay::{Item, Overlay, Page, Picker, PickerKind},
        past::{self, Entry, Key, PastPane},
        prompt::{self, Prompt},
    },
    domain::{
        body::Body,
        document::diff::Differences,
        invocation::{Record, Request},
        place::Place,
        secret::Secret,
        text::sanitise,
    },
};

/// An event that may be sent again.
struct Again {
    request: Request,
    event: Option<String>,
    place: Place,
    /// Whether it was sent by the session that is there now: with the same keys.
    of_this_session: bool,
}

impl App {
    /// Opens the list: of the function that is open, or of all.
    pub(super) fn open_past(&mut self, of_all: bool) -> Vec<Effect> {
        let ticket = self.ticket();
        let on_function = self.screen == Screen::Function && !of_all;
        let function = self.function.as_ref().filter(|_| on_function).map(|view| view.name.clone());
        let pane = PastPane { function, pending: Some(ticket), ..PastPane::default() };
        self.lay_over(Overlay::Past(Box::new(pane)));
        vec![Effect::ReadInvocations(ticket)]
    }

    pub(super) fn invocations_read(&mut self, ticket: Ticket, result: Result<Vec<Record>, String>) {
        let below = self.beneath.iter_mut().chain(self.overlay.as_mut());
        for overlay in below {
            if let Overlay::Past(pane) = overlay
                && pane.pending == Some(ticket)
            {
                pane.pending = None;
                match result {
                    Ok(records) => pane.records = records,
                    Err(problem) => pane.error = Some(problem),
                }
                return;
            }
        }
    }

    /// Others may have come or gone: whatever was selected stays selected.
    pub(super) fn follow_past(&mut self) {
        let height = layout::past_height(self.size);
        for overlay in self.overlay.iter_mut().chain(&mut self.beneath) {
            if let Overlay::Past(pane) = overlay {
                pane.follow(&self.invocations, height);
            }
        }
    }

    pub(super) fn act_on_past(&mut self, action: &Action) -> Vec<Effect> {
        let height = layout::past_height(self.size);
        let Some(Overlay::Past(pane)) = &mut self.overlay else { return Vec::new() };
        let len = pane.entries(&self.invocations).len();
        if pane.cursor.handle(action, len, height) {
            // What is in that row now is followed.
            pane.on = None;
            return Vec::new();
        }
        match action {
            Action::Back | Action::Quit => self.overlay = None,
            Action::ErrorsOnly => pane.failed_only = !pane.failed_only,
            Action::Mark => {
                let key = pane.selected(&self.invocations).map(|entry| entry.key());
                pane.marked = if pane.marked == key { None } else { key };
                pane.cursor.step(1, len, height);
                pane.on = None;
            }
            Action::Refresh => {
                let ticket = self.ticket();
                if let Some(Overlay::Past(pane)) = &mut self.overlay {
                    pane.pending = Some(ticket);
                }
                return vec![Effect::ReadInvocations(ticket)];
            }
            Action::Open => return self.open_past_entry(),
            Action::SendAgain => return self.send_again(),
            Action::SendElsewhere => return self.send_elsewhere(),
            Action::Diff => return self.compare_answers(),
            Action::CopyAs => {
                if let Some(Entry::Now(invocation)) = pane.selected(&self.invocations) {
                    let number = invocation.number;
                    return self.pick_copy_of(number);
                }
                self.say(Severity::Info, "only what was sent in this run can be copied");
            }
            Action::Pin => return self.pin_past(),
            Action::RequestLog => return self.log_of_past(),
            _ => {}
        }
        Vec::new()
    }

    fn open_past_entry(&mut self) -> Vec<Effect> {
        let zone = self.zone();
        let Some(Overlay::Past(pane)) = &self.overlay else { return Vec::new() };
        match pane.selected(&self.invocations) {
            Some(Entry::Now(invocation)) => {
                let number = invocation.number;
                return self.open_answer_of(number);
            }
            Some(Entry::Earlier(record)) => {
                let mut lines = past::details(record, &zone);
                for (title, text) in [("Event", &record.payload), ("Response", &record.response)] {
                    if let Some(text) = text {
                        let body = Body::read(text.reveal().as_bytes().to_vec());
                        lines.extend([String::new(), title.to_owned()]);
                        lines.extend((0..body.pretty().len()).map(|nth| body.pretty().get(nth).to_owned()));
                    }
                }
                let title = format!("Invocation of {}", sanitise(&record.function));
                self.lay_over(Overlay::Page(Page { title, lines, cursor: Cursor::default() }));
            }
            None => {}
        }
        Vec::new()
    }

    /// What an entry sent, where that is still known.
    fn again(&mut self, key: &Key) -> Option<Again> {
        let Some(Overlay::Past(pane)) = &self.overlay else { return None };
        let again = match pane.find(&self.invocations, key)? {
            Entry::Now(invocation) => (!invocation.forgotten).then(|| Again {
                request: invocation.request.clone(),
                event: invocation.event.clone(),
                place: invocation.place.clone(),
                of_this_session: invocation.ticket.epoch == self.session.epoch,
            }),
            // Without its client context it would be another request.
            Entry::Earlier(record) => {
                record.payload.as_ref().filter(|_| !record.client_context).map(|payload| Again {
                    request: Request {
                        function: record.function.clone(),
                        qualifier: record.qualifier.clone(),
                        tenant_id: record.tenant_id.clone(),
                        mode: record.mode,
                        payload: Arc::clone(payload),
                        ..Request::default()
                    },
                    event: record.event.clone(),
                    place: record.place.clone(),
                    of_this_session: false,
                })
            }
        };
        if again.is_none() {
            self.say(Severity::Info, "its event was not kept");
        }
        again
    }

    fn selected_past(&self) -> Option<Key> {
        let Some(Overlay::Past(pane)) = &self.overlay else { return None };
        pane.selected(&self.invocations).map(|entry| entry.key())
    }

    fn send_again(&mut self) -> Vec<Effect> {
        if !self.let_go() {
            return Vec::new();
        }
        match self.selected_past().and_then(|key| self.again(&key)) {
            Some(again) => self.send_there(again),
            None => Vec::new(),
        }
    }

    /// An event goes only to the place where it was sent before: what is a test in one account is none in another.
    fn send_there(&mut self, again: Again) -> Vec<Effect> {
        if !self.is_here(&again) {
            return Vec::new();
        }
        let target =
            sanitise(&format!("{}, {}", again.request.target(), again.request.sent_as())).into_owned();
        let effects = self.dispatch(again.request, again.event);
        if !effects.is_empty() {
            self.say(Severity::Info, format!("sent to {target}"));
            if let Some(Overlay::Past(pane)) = &mut self.overlay {
                // The newest is on top.
                (pane.cursor, pane.on) = (Cursor::default(), None);
            }
        }
        effects
    }

    fn is_here(&mut self, Again { place, of_this_session, .. }: &Again) -> bool {
        let now = self.place();
        let here = now.as_ref().is_some_and(|here| here.is_same(place));
        if here && !of_this_session && now.is_some_and(|here| here.account != place.account) {
            // The same profile may have the keys of another account by now.
            self.say(Severity::Warning, "whose account this is, is not known: it is not sent again");
            return false;
        }
        if !here {
            let text =
                format!("it was sent to {}: connect there to send it again", sanitise(&place.to_string()));
            self.say(Severity::Warning, text);
        }
        here
    }

    fn send_elsewhere(&mut self) -> Vec<Effect> {
        let Some(key) = self.selected_past() else { return Vec::new() };
        let Some(again) = self.again(&key) else { return Vec::new() };
        if !self.is_here(&again) {
            return Vec::new();
        }
        let view = self.function.as_ref().filter(|view| view.name == again.request.function);
        if let Some(releases) = view.and_then(|view| view.versions.releases.value.as_ref()) {
            let items: Vec<Item> = super::test::qualifiers(releases);
            self.lay_over(Overlay::Picker(Picker::new(PickerKind::Test(Pick::Elsewhere(key)), items)));
        } else {
            let ask = prompt::Then::Test(Ask::Elsewhere(key));
            let title = format!("Send to which version or alias of {}", sanitise(&again.request.function));
            let prompt = Prompt::new(title, "a number, an alias, or $LATEST", "", ask);
            self.lay_over(Overlay::Prompt(Box::new(prompt)));
        }
        Vec::new()
    }

    /// A qualifier was chosen for the invocation of that name.
    pub(super) fn elsewhere_chosen(&mut self, key: &Key, qualifier: &str) -> Vec<Effect> {
        // The list comes back first: it knows what is meant.
        if !matches!(self.overlay, Some(Overlay::Past(_))) {
            self.overlay = self.beneath.pop();
        }
        let Some(mut again) = self.again(key) else { return Vec::new() };
        again.request.qualifier = Some(qualifier.to_owned()).filter(|qualifier| qualifier != "$LATEST");
        self.send_there(again)
    }

    /// Compares the marked answer with the selected one; without a mark the selected one with the one of the same
    /// function before it.
    fn compare_answers(&mut self) -> Vec<Effect> {
        let ticket = self.ticket();
        let Some(Overlay::Past(pane)) = &self.overlay else { return Vec::new() };
        let Some(selected) = pane.selected(&self.invocations) else { return Vec::new() };
        let marked = pane.marked.as_ref().and_then(|key| pane.find(&self.invocations, key));
        let other = marked.filter(|marked| marked.key() != selected.key()).or_else(|| {
            let rest = pane.entries(&self.invocations).into_iter().skip(pane.cursor.at + 1);
            rest.filter(|entry| entry.function() == selected.function()).find(Entry::has_response)
        });
        let Some(other) = other else {
            self.say(Severity::Info, "there is no other answer: space marks one to compare with");
            return Vec::new();
        };
        let zone = self.zone();
        // The older one is what it was before.
        let (before, after) =
            if other.sent() <= selected.sent() { (other, selected) } else { (selected, other) };
        let (Some(first), Some(second)) = (body(&before), body(&after)) else {
            self.say(Severity::Info, "an answer is missing: it was not kept, or has not come yet");
            return Vec::new();
        };
        let titles = [title(&before, &zone), title(&after, &zone)];
        let pane = DifferencesPane { titles, pending: Some(ticket), result: None, cursor: Cursor::default() };
        self.lay_over(Overlay::Differences(Box::new(pane)));
        vec![Effect::Diff(ticket, first, second)]
    }

    pub(super) fn diffed(&mut self, ticket: Ticket, result: Result<Differences, String>) {
        for overlay in self.overlay.iter_mut().chain(&mut self.beneath) {
            if let Overlay::Differences(pane) = overlay
                && pane.pending == Some(ticket)
            {
                pane.pending = None;
                pane.result = Some(result);
                return;
            }
        }
    }

    pub(super) fn act_on_differences(&mut self, action: &Action) -> Vec<Effect> {
        let room = layout::page(self.size).text.rows;
        let rows = usize::from(room - DifferencesPane::heading(room));
        let Some(Overlay::Differences(pane)) = &mut self.overlay else { return Vec::new() };
        let len = pane.len();
        if pane.cursor.handle(action, len, DifferencesPane::height(rows)) {
            return Vec::new();
        }
        match action {
            Action::Back | Action::Quit => self.overlay = None,
            Action::CopyPath => {
                let found = pane.result.as_ref().and_then(|result| result.as_ref().ok());
                let path = found.and_then(|found| Some(found.list.get(pane.cursor.at)?.path.clone()));
                return self.copy_text("the path", path);
            }
            _ => {}
        }
        Vec::new()
    }

    fn pin_past(&mut self) -> Vec<Effect> {
        let Some(again) = self.selected_past().and_then(|key| self.again(&key)) else { return Vec::new() };
        let name = again.event.unwrap_or_default();
        self.ask_for_event_name(&again.request.function, again.request.payload, &name)
    }
}

/// The response, where there is one.
fn body(entry: &Entry<'_>) -> Option<Arc<Body>> {
    match entry {
        _ if !entry.has_response() => None,
        Entry::Now(invocation) => invocation.reply().map(|reply| Arc::clone(&reply.body)),
        Entry::Earlier(record) => {
            let response: &Arc<Secret> = record.response.as_ref()?;
            Some(Arc::new(Body::read(response.reveal().as_bytes().to_vec())))
        }
    }
}

fn title(entry: &Entry<'_>, zone: &jiff::tz::TimeZone) -> String {
    let (number, target) = match entry {
        Entry::Now(invocation) => (format!("#{} ", invocation.number), invocation.request.target()),
        Entry::Earlier(record) => {
            let qualifier = record.qualifier.as_ref().map(|qualifier| format!(":{qualifier}"));
            (String::new(), format!("{}{}", record.function, qualifier.unwrap_or_default()))
        }
    };
    let at = crate::domain::format::date_time(entry.sent(), zone);
    format!("{number}{} {at}", sanitise(&target))
}
