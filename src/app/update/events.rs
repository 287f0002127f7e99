//! Choosing, keeping and removing events: on disk, and among the console's shareable ones.

use std::sync::Arc;

use crate::{
    app::{
        Action, App, Effect, Ticket,
        events::{CONSOLE, Choice, EventsPane, SHARED},
        function::test::Ask,
        messages::Severity,
        msg::{EventToExport, EventToRename, EventToSave},
        overlay::{Overlay, Question, Then},
        prompt::{self, Prompt},
    },
    cloud::{self, Kind},
    disk::{Over, SaveError},
    domain::{
        change::{Change, Order},
        json,
        saved_event::{Fingerprint, Owner, SavedEvent, check_name},
        secret::Secret,
        shareable::{self, Shareable},
        template::{self, Values},
        text::sanitise,
    },
};

/// What is waited for: its answer is the ticket's.
#[derive(Debug)]
pub(in crate::app) struct Awaited {
    ticket: Ticket,
    what: Waiting,
}

#[derive(Debug)]
enum Waiting {
    /// An event that becomes the one that is edited of this function; where it is on disk, its owner and name.
    Load(String, Option<(Owner, String)>),
    /// An event that is being saved: where it is there already, one is asked.
    Save(Box<EventToSave>),
    /// An event that is written to a file: where there is one already, one is asked.
    Export(EventToExport, String),
    /// The console's events, before one of them is written: function, name, event.
    Share(String, String, Option<Arc<Secret>>),
}

/// The event that is edited, as it was read from disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FromDisk {
    /// Whose it is.
    pub owner: Owner,
    /// Its name.
    pub name: String,
    /// What was read.
    pub fingerprint: Fingerprint,
}

/// Why a line that was typed for the list leads nowhere.
const CLOSED: &str = "the list of events was closed meanwhile: open it again";

impl App {
    /// Opens the list of events.
    pub(super) fn open_events(&mut self) -> Vec<Effect> {
        let (listing, sharing) = (self.ticket(), self.ticket());
        let Some(view) = &mut self.function else { return Vec::new() };
        view.test.editing = false;
        let function = view.name.clone();
        let pane = EventsPane::new(function.clone(), listing, sharing);
        self.lay_over(Overlay::Events(Box::new(pane)));
        vec![Effect::ListEvents(listing, function.clone()), Effect::GetShareable(sharing, function)]
    }

    fn wait_for(&mut self, ticket: Ticket, what: Waiting) {
        // A session that is gone answers nothing any more; the disk answers always.
        let epoch = self.session.epoch;
        self.awaited.retain(|one| one.ticket.epoch == epoch || !matches!(one.what, Waiting::Share(..)));
        self.awaited.push(Awaited { ticket, what });
    }

    fn waited_for(&mut self, ticket: Ticket) -> Option<Waiting> {
        let at = self.awaited.iter().position(|one| one.ticket == ticket)?;
        Some(self.awaited.remove(at).what)
    }

    /// Closes the list of events, whatever lies over it.
    fn close_events(&mut self) {
        let is_list = |overlay: &Overlay| matches!(overlay, Overlay::Events(_));
        self.overlay.take_if(|overlay| is_list(overlay));
        self.beneath.retain(|overlay| !is_list(overlay));
    }

    fn events_pane(&mut self) -> Option<&mut EventsPane> {
        self.overlay.iter_mut().chain(&mut self.beneath).find_map(|overlay| match overlay {
            Overlay::Events(pane) => Some(&mut **pane),
            _ => None,
        })
    }

    /// The saved events of a function were listed.
    pub(super) fn events_listed(
        &mut self,
        ticket: Ticket,
        result: Result<Vec<SavedEvent>, String>,
    ) -> Vec<Effect> {
        let Some(pane) = self.events_pane().filter(|pane| pane.listing == Some(ticket)) else {
            return Vec::new();
        };
        pane.listing = None;
        match result {
            Ok(saved) => pane.saved = saved,
            Err(problem) => pane.notes.push(format!("saved events can't be read: {}", sanitise(&problem))),
        }
        pane.fill();
        Vec::new()
    }

    /// The console's shareable events were read, for the list or before one is written.
    pub(super) fn shareable_read(
        &mut self,
        ticket: Ticket,
        result: Result<Box<Shareable>, cloud::Error>,
    ) -> Vec<Effect> {
        match self.waited_for(ticket) {
            Some(Waiting::Share(function, name, event)) if ticket.epoch == self.session.epoch => {
                return self.share(function, name, event, result);
            }
            // The session has changed: what was to be shared belongs to the one before.
            Some(_) => return Vec::new(),
            None => {}
        }
        let Some(pane) = self.events_pane().filter(|pane| pane.sharing == Some(ticket)) else {
            return Vec::new();
        };
        pane.sharing = None;
        match result {
            Ok(shareable) => pane.shareable = Some(*shareable),
            // Most people may not, and most endpoints have no such service: no reason to be alarmed.
            Err(error) if error.kind == Kind::Denied => {
                pane.notes
                    .push("the console's shareable events may not be read with these credentials".into());
            }
            Err(error) if error.kind == Kind::Unsupported => {
                pane.notes.push("this endpoint has no registry of shareable events".into());
            }
            Err(error) => {
                pane.notes.push(format!("the console's shareable events: {}", sanitise(&error.message)));
            }
        }
        pane.fill();
        Vec::new()
    }

    pub(super) fn act_on_events(&mut self, action: &Action) -> Vec<Effect> {
        let Some(Overlay::Events(pane)) = &mut self.overlay else { return Vec::new() };
        match action {
            Action::Back | Action::Quit => {
                self.overlay = None;
                Vec::new()
            }
            Action::Open => self.load_event(),
            Action::Delete => self.delete_event(),
            Action::Rename => self.rename_event(),
            Action::Export => self.ask_for_path(false),
            Action::Import => self.ask_for_path(true),
            _ => {
                pane.picker.handle(action);
                Vec::new()
            }
        }
    }

    fn load_event(&mut self) -> Vec<Effect> {
        let ticket = self.ticket();
        let Some(Overlay::Events(pane)) = &self.overlay else { return Vec::new() };
        let function = pane.function.clone();
        match pane.chosen().cloned() {
            Some(Choice::Saved(event)) => {
                let of = Some((event.owner.clone(), event.name.clone()));
                self.wait_for(ticket, Waiting::Load(function, of));
                vec![Effect::ReadEvent(ticket, event.owner, event.name)]
            }
            Some(Choice::Shareable(name)) => {
                let event = pane.shareable.as_ref().and_then(|shareable| shareable.event(&name));
                if let Some(event) = event {
                    let text = json::pretty(event.reveal()).unwrap_or_else(|| event.reveal().to_owned());
                    self.take_event(&function, &text, &format!("{CONSOLE}{name}"), None);
                }
                Vec::new()
            }
            Some(Choice::Template(id)) => {
                if let Some(text) = self.rendered(id, &function, ticket) {
                    self.take_event(&function, &text, id, None);
                }
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// A template with the values of this session. The ticket makes its identifiers new ones: no two messages of a
    /// queue have the same one.
    fn rendered(&self, id: &str, function: &str, ticket: Ticket) -> Option<String> {
        let template = template::find(id)?;
        let place = self.place();
        let region = place.as_ref().map_or_else(|| "us-east-1".into(), |place| place.region.clone());
        let seed = u128::from(ticket.number) << 64
            | (self.now.as_nanosecond().unsigned_abs() & u128::from(u64::MAX));
        let values = Values {
            account: place.and_then(|place| place.account),
            function: Some(function.to_owned()),
            ..Values::new(region, self.now, seed)
        };
        Some(template.render(&values))
    }

    /// Makes a text the event of a function that is edited, where that function is still open; undo brings the one
    /// before back. Names of shareable events are somebody else's: they are shown sanitised.
    fn take_event(&mut self, function: &str, text: &str, name: &str, from_disk: Option<FromDisk>) {
        self.close_events();
        let Some(view) = self.function.as_mut().filter(|view| view.name == function) else { return };
        view.test.replace(text, Some(sanitise(name).into_owned()));
        view.test.is_from(from_disk);
        // The key that chose it may be held, and the list is closed now.
        self.pressed_at = Some(self.now);
    }

    /// An event was read or imported. Where its list was closed meanwhile it is not wanted any more.
    pub(super) fn event_read(
        &mut self,
        ticket: Ticket,
        result: Result<(String, Secret), String>,
    ) -> Vec<Effect> {
        let Some(Waiting::Load(function, of)) = self.waited_for(ticket) else { return Vec::new() };
        let wanted = self.events_pane().is_some_and(|pane| pane.function == function);
        if !wanted || ticket.epoch != self.session.epoch {
            return Vec::new();
        }
        match result {
            Ok((name, event)) => {
                let from_disk = of.map(|(owner, name)| FromDisk {
                    owner,
                    name,
                    fingerprint: Fingerprint::of(event.reveal()),
                });
                self.take_event(&function, event.reveal(), &name, from_disk);
            }
            Err(problem) => self.say(Severity::Error, sanitise(&problem)),
        }
        Vec::new()
    }

    fn delete_event(&mut self) -> Vec<Effect> {
        let ticket = self.ticket();
        let Some(Overlay::Events(pane)) = &self.overlay else { return Vec::new() };
        let function = pane.function.clone();
        match pane.chosen().cloned() {
            Some(Choice::Saved(event)) => {
                let question = Question {
                    text: format!("Delete the saved event {}?", sanitise(&event.name)),
                    detail: format!("It is saved for {} on this machine.", event.owner),
                    then: Then::DeleteEvent(event.owner, event.name),
                    came_up: None,
                };
                self.lay_over(Overlay::Question(question));
                Vec::new()
            }
            Some(Choice::Shareable(name)) => {
                self.wait_for(ticket, Waiting::Share(function.clone(), name, None));
                vec![Effect::GetShareable(ticket, function)]
            }
            Some(Choice::Template(_)) => {
                self.say(Severity::Info, "a template can't be deleted");
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    pub(super) fn delete_saved(&mut self, owner: Owner, name: String) -> Vec<Effect> {
        let ticket = self.ticket();
        vec![Effect::DeleteEvent(ticket, owner, name)]
    }

    fn rename_event(&mut self) -> Vec<Effect> {
        let Some(Overlay::Events(pane)) = &self.overlay else { return Vec::new() };
        if let Some(Choice::Saved(event)) = pane.chosen().cloned() {
            let rule = format!("up to 80 characters; {SHARED}NAME offers it to all functions");
            let before = if event.owner == Owner::Shared { SHARED } else { "" };
            let text = format!("{before}{}", event.name);
            let ask = Ask::RenameEvent(Box::new(event));
            let prompt = Prompt::new("Rename the event", rule, &text, prompt::Then::Test(ask));
            self.lay_over(Overlay::Prompt(Box::new(prompt)));
        } else {
            self.say(Severity::Info, "only a saved event can be renamed");
        }
        Vec::new()
    }

    fn ask_for_path(&mut self, import: bool) -> Vec<Effect> {
        let ticket = self.ticket();
        let Some(Overlay::Events(pane)) = &self.overlay else { return Vec::new() };
        let (title, ask, text) = if import {
            ("Read an event from a file", Ask::ImportEvent, String::new())
        } else {
            let (export, name) = match pane.chosen() {
                Some(Choice::Saved(event)) => {
                    (EventToExport::Saved(event.owner.clone(), event.name.clone()), event.name.clone())
                }
                Some(Choice::Shareable(name)) => {
                    let event = pane.shareable.as_ref().and_then(|shareable| shareable.event(name));
                    let Some(event) = event else { return Vec::new() };
                    (EventToExport::Text(Arc::new(event.clone())), name.clone())
                }
                Some(Choice::Template(id)) => {
                    let Some(text) = self.rendered(id, &pane.function, ticket) else { return Vec::new() };
                    (EventToExport::Text(Arc::new(Secret::new(text))), (*id).to_owned())
                }
                None => return Vec::new(),
            };
            ("Write the event to a file", Ask::ExportEvent(export), file_name(&name))
        };
        let prompt = Prompt::new(title, "a path; ~ is your home", &text, prompt::Then::Test(ask));
        self.lay_over(Overlay::Prompt(Box::new(prompt)));
        Vec::new()
    }

    /// Keeps the event that is edited under a name.
    pub(super) fn save_event(&mut self) -> Vec<Effect> {
        let Some(view) = &mut self.function else { return Vec::new() };
        let event = match view.test.sendable() {
            Ok(event) => event,
            Err(problem) => {
                self.say(Severity::Error, problem);
                return Vec::new();
            }
        };
        let function = view.name.clone();
        let name = match &view.test.from_disk {
            Some(FromDisk { owner: Owner::Shared, name, .. }) => format!("{SHARED}{name}"),
            _ => view.test.event_name.clone().unwrap_or_default(),
        };
        self.ask_for_event_name(&function, Arc::new(Secret::new(event)), &name)
    }

    /// Asks under which name an event is kept.
    pub(super) fn ask_for_event_name(
        &mut self,
        function: &str,
        event: Arc<Secret>,
        name: &str,
    ) -> Vec<Effect> {
        let rule =
            format!("a name; {SHARED}NAME for all functions, {CONSOLE}NAME for the console's shareable ones");
        let ask = Ask::SaveEvent(function.to_owned(), event);
        let prompt = Prompt::new("Save the event as", rule, name, prompt::Then::Test(ask));
        self.lay_over(Overlay::Prompt(Box::new(prompt)));
        Vec::new()
    }

    /// A line was typed about events.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn event_asked(&mut self, ask: Ask, text: &str) -> Result<Vec<Effect>, String> {
        let ticket = self.ticket();
        match ask {
            Ask::SaveEvent(function, content) => {
                if let Some(name) = text.strip_prefix(CONSOLE) {
                    shareable::check_name(name)?;
                    let what = Waiting::Share(function.clone(), name.to_owned(), Some(content));
                    self.wait_for(ticket, what);
                    return Ok(vec![Effect::GetShareable(ticket, function)]);
                }
                let (owner, name) = owner_and_name(&function, text)?;
                // Only what was read from there, and is being edited, takes the place of what is there unasked.
                let edited = self
                    .function
                    .as_ref()
                    .filter(|view| view.name == function && view.test.event() == content.reveal());
                let from = edited.and_then(|view| view.test.from_disk.as_ref());
                let over = from
                    .filter(|from| from.owner == owner && from.name == name)
                    .map_or(Over::Never, |from| Over::If(from.fingerprint));
                Ok(self.save(ticket, EventToSave { owner, name, content, over }))
            }
            Ask::RenameEvent(event) => {
                let function = match &event.owner {
                    Owner::Function(function) => function.clone(),
                    Owner::Shared => self.beneath_events().ok_or(CLOSED)?,
                };
                let (to_owner, to) = owner_and_name(&function, text)?;
                let rename = EventToRename { owner: event.owner, name: event.name, to_owner, to };
                Ok(vec![Effect::RenameEvent(ticket, Box::new(rename))])
            }
            Ask::ImportEvent => {
                if text.is_empty() {
                    return Err("a path is wanted".into());
                }
                let function = self.beneath_events().ok_or(CLOSED)?;
                self.wait_for(ticket, Waiting::Load(function, None));
                Ok(vec![Effect::ImportEvent(ticket, text.to_owned())])
            }
            Ask::ExportEvent(event) => {
                if text.is_empty() {
                    return Err("a path is wanted".into());
                }
                Ok(self.export(ticket, event, text.to_owned(), false))
            }
            Ask::Tenant | Ask::ClientContext | Ask::Elsewhere(_) => Ok(Vec::new()),
        }
    }

    /// The function whose list of events is open.
    fn beneath_events(&mut self) -> Option<String> {
        self.events_pane().map(|pane| pane.function.clone())
    }

    fn save(&mut self, ticket: Ticket, event: EventToSave) -> Vec<Effect> {
        self.wait_for(ticket, Waiting::Save(Box::new(event.clone())));
        vec![Effect::SaveEvent(ticket, Box::new(event))]
    }

    fn export(&mut self, ticket: Ticket, event: EventToExport, path: String, overwrite: bool) -> Vec<Effect> {
        self.wait_for(ticket, Waiting::Export(event.clone(), path.clone()));
        vec![Effect::ExportEvent { ticket, event: Box::new(event), path, overwrite }]
    }

    pub(super) fn save_over(&mut self, event: EventToSave) -> Vec<Effect> {
        let ticket = self.ticket();
        self.save(ticket, EventToSave { over: Over::Always, ..event })
    }

    /// Writes a text to a file; where there is one already, one is asked.
    pub(super) fn export_over_or_ask(&mut self, text: EventToExport, path: &str) -> Vec<Effect> {
        let ticket = self.ticket();
        self.export(ticket, text, path.to_owned(), false)
    }

    pub(super) fn export_over(&mut self, event: EventToExport, path: String) -> Vec<Effect> {
        let ticket = self.ticket();
        self.export(ticket, event, path, true)
    }

    /// An event was saved, renamed, deleted or exported, or not.
    pub(super) fn event_stored(&mut self, ticket: Ticket, result: Result<String, SaveError>) -> Vec<Effect> {
        match (result, self.waited_for(ticket)) {
            (Ok(done), awaited) => {
                self.say(Severity::Info, done);
                if let Some(Waiting::Save(event)) = awaited {
                    self.saved(&event);
                }
                self.list_again()
            }
            (Err(error), Some(Waiting::Save(event)))
                if matches!(error, SaveError::Exists(_) | SaveError::Changed(_) | SaveError::Gone(_)) =>
            {
                let detail = if matches!(error, SaveError::Gone(_)) {
                    "Save it as a new one?"
                } else {
                    "Save it all the same? What is there now would be lost."
                };
                let question = Question {
                    text: format!("{}.", sanitise(&error.to_string())),
                    detail: detail.into(),
                    then: Then::SaveOver(event),
                    came_up: Some(self.now),
                };
                self.lay_over(Overlay::Question(question));
                Vec::new()
            }
            (Err(error @ SaveError::Exists(_)), Some(Waiting::Export(event, path))) => {
                let question = Question {
                    text: format!("{}.", sanitise(&error.to_string())),
                    detail: "Replace the file?".into(),
                    then: Then::ExportOver(event, path),
                    came_up: Some(self.now),
                };
                self.lay_over(Overlay::Question(question));
                Vec::new()
            }
            (Err(error), _) => {
                let text = error.to_string();
                self.say(Severity::Error, sanitise(&text));
                // It may be gone, or have another name by now.
                self.list_again()
            }
        }
    }

    /// What is edited is what is on disk now: the next save goes over it.
    fn saved(&mut self, event: &EventToSave) {
        let Some(view) = &mut self.function else { return };
        let is_of_it = match &event.owner {
            Owner::Function(function) => view.name == *function,
            Owner::Shared => true,
        };
        if is_of_it && view.test.event() == event.content.reveal() {
            view.test.event_name = Some(event.name.clone());
            view.test.is_from(Some(FromDisk {
                owner: event.owner.clone(),
                name: event.name.clone(),
                fingerprint: Fingerprint::of(event.content.reveal()),
            }));
        }
    }

    fn list_again(&mut self) -> Vec<Effect> {
        let ticket = self.ticket();
        let Some(pane) = self.events_pane() else { return Vec::new() };
        pane.listing = Some(ticket);
        vec![Effect::ListEvents(ticket, pane.function.clone())]
    }

    /// Proposes to write one of the console's events, now that it is known what is there.
    fn share(
        &mut self,
        function: String,
        name: String,
        event: Option<Arc<Secret>>,
        result: Result<Box<Shareable>, cloud::Error>,
    ) -> Vec<Effect> {
        let shareable = match result {
            Ok(shareable) => shareable,
            Err(error) => {
                self.say(Severity::Warning, format!("nothing was shared: {error}"));
                return Vec::new();
            }
        };
        let before = shareable.event(&name).cloned();
        let after = event.map(|event| event.as_ref().clone());
        let order = Order {
            function,
            revision_id: shareable.version.clone(),
            change: Change::ShareableEvent { name, before, after },
        };
        // The list would show what was before; all else comes back behind what is proposed.
        self.close_events();
        let below = self.overlay.take();
        let effects = self.propose_with(order, Vec::new());
        if let Some(Overlay::Review(review)) = &mut self.overlay {
            // It comes up once the registry has answered: a Yes may have been meant for something else.
            review.came_up = Some(self.now);
        }
        if self.overlay.is_some() {
            self.beneath.extend(below);
        } else {
            self.overlay = below;
        }
        effects
    }
}

/// The name of a file for an event: no path, nor what a shell or the prompt takes for one.
fn file_name(name: &str) -> String {
    let name = sanitise(name).replace(['/', '\\'], "-");
    let stem = name.trim_start_matches(['~', '.', '-']);
    format!("{}.json", if stem.is_empty() { "event" } else { stem })
}

/// Whose event it is that is named so, and its name.
fn owner_and_name(function: &str, text: &str) -> Result<(Owner, String), String> {
    let (owner, name) = match text.strip_prefix(SHARED) {
        Some(name) => (Owner::Shared, name),
        None => (Owner::Function(function.to_owned()), text),
    };
    check_name(name)?;
    Ok((owner, name.to_owned()))
}
