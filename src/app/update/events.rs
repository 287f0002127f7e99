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
pub(in crate::app) enum Awaited {
    /// An event that becomes the one that is edited, with its name and, where it is on disk, its owner.
    Load(Ticket, Option<(Owner, String)>),
    /// An event that is being saved: where it is there already, one is asked.
    Save(Ticket, Box<EventToSave>),
    /// An event that is written to a file: where there is one already, one is asked.
    Export(Ticket, EventToExport, String),
    /// Another change of what is on disk: the list is read again.
    Other(Ticket),
    /// The console's events, before one of them is written.
    Share(Ticket, String, String, Option<Arc<Secret>>),
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
        if matches!(&self.awaited, Some(Awaited::Share(asked, ..)) if *asked == ticket) {
            return match self.awaited.take() {
                Some(Awaited::Share(_, function, name, event)) => self.share(function, name, event, result),
                _ => Vec::new(),
            };
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
            Err(error) => pane.notes.push(format!("the console's shareable events: {}", error.message)),
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
        let (ticket, now) = (self.ticket(), self.now);
        let place = self.place();
        let Some(Overlay::Events(pane)) = &self.overlay else { return Vec::new() };
        let Some(choice) = pane.chosen().cloned() else { return Vec::new() };
        match choice {
            Choice::Saved(event) => {
                self.awaited = Some(Awaited::Load(ticket, Some((event.owner.clone(), event.name.clone()))));
                vec![Effect::ReadEvent(ticket, event.owner, event.name)]
            }
            Choice::Shareable(name) => {
                let event = pane.shareable.as_ref().and_then(|shareable| shareable.event(&name)).cloned();
                if let Some(event) = event {
                    let text = json::pretty(event.reveal()).unwrap_or_else(|| event.reveal().to_owned());
                    self.take_event(&text, format!("{CONSOLE}{name}"), None);
                }
                Vec::new()
            }
            Choice::Template(id) => {
                let Some(template) = template::find(id) else { return Vec::new() };
                let region = place.as_ref().map_or_else(|| "us-east-1".into(), |place| place.region.clone());
                // New identifiers each time: no two messages of a queue have the same one.
                let seed = u128::from(ticket.number) << 64
                    | (now.as_nanosecond().unsigned_abs() & u128::from(u64::MAX));
                let values = Values {
                    account: place.and_then(|place| place.account),
                    function: Some(pane.function.clone()),
                    ..Values::new(region, now, seed)
                };
                self.take_event(&template.render(&values), id.to_owned(), None);
                Vec::new()
            }
        }
    }

    /// Makes a text the event that is edited; undo brings the one before back.
    fn take_event(&mut self, text: &str, name: String, from_disk: Option<FromDisk>) {
        self.overlay = None;
        let Some(view) = &mut self.function else { return };
        view.test.replace(text, Some(name));
        view.test.from_disk = from_disk;
    }

    /// An event was read or imported.
    pub(super) fn event_read(
        &mut self,
        ticket: Ticket,
        result: Result<(String, Secret), String>,
    ) -> Vec<Effect> {
        let of = match self.awaited.take() {
            Some(Awaited::Load(asked, of)) if asked == ticket => of,
            other => {
                self.awaited = other;
                return Vec::new();
            }
        };
        match result {
            Ok((name, event)) => {
                let from_disk = of.map(|(owner, name)| FromDisk {
                    owner,
                    name,
                    fingerprint: Fingerprint::of(event.reveal()),
                });
                self.take_event(event.reveal(), name, from_disk);
            }
            Err(problem) => self.say(Severity::Error, problem),
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
                };
                self.lay_over(Overlay::Question(question));
                Vec::new()
            }
            Some(Choice::Shareable(name)) => {
                self.awaited = Some(Awaited::Share(ticket, function.clone(), name, None));
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
        self.awaited = Some(Awaited::Other(ticket));
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
        let Some(Overlay::Events(pane)) = &self.overlay else { return Vec::new() };
        let (title, ask, text) = if import {
            ("Read an event from a file", Ask::ImportEvent, String::new())
        } else {
            match pane.chosen().cloned() {
                Some(Choice::Saved(event)) => {
                    let export = EventToExport::Saved(event.owner.clone(), event.name.clone());
                    ("Write the event to a file", Ask::ExportEvent(export), format!("{}.json", event.name))
                }
                _ => {
                    self.say(Severity::Info, "only a saved event can be written to a file from here");
                    return Vec::new();
                }
            }
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
        self.save_event_as(&function, Arc::new(Secret::new(event)))
    }

    /// Asks under which name an event is kept.
    pub(super) fn save_event_as(&mut self, function: &str, event: Arc<Secret>) -> Vec<Effect> {
        let view = self.function.as_ref().filter(|view| view.name == function);
        let name = view.and_then(|view| view.test.event_name.clone()).unwrap_or_default();
        let from_disk = view.and_then(|view| view.test.from_disk.as_ref());
        let text = match from_disk {
            Some(FromDisk { owner: Owner::Shared, name, .. }) => format!("{SHARED}{name}"),
            _ => name,
        };
        let rule =
            format!("a name; {SHARED}NAME for all functions, {CONSOLE}NAME for the console's shareable ones");
        let ask = Ask::SaveEvent(function.to_owned(), event);
        let prompt = Prompt::new("Save the event as", rule, &text, prompt::Then::Test(ask));
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
                    self.awaited =
                        Some(Awaited::Share(ticket, function.clone(), name.to_owned(), Some(content)));
                    return Ok(vec![Effect::GetShareable(ticket, function)]);
                }
                let (owner, name) = owner_and_name(&function, text)?;
                let open = self.function.as_ref().and_then(|view| view.test.from_disk.clone());
                let over = open
                    .filter(|from| from.owner == owner && from.name == name)
                    .map_or(Over::Never, |from| Over::If(from.fingerprint));
                Ok(self.save(ticket, EventToSave { owner, name, content, over }))
            }
            Ask::RenameEvent(event) => {
                let function = match &event.owner {
                    Owner::Function(function) => function.clone(),
                    Owner::Shared => self.events_pane().map(|pane| pane.function.clone()).unwrap_or_default(),
                };
                let (to_owner, to) = owner_and_name(&function, text)?;
                let rename = EventToRename { owner: event.owner, name: event.name, to_owner, to };
                self.awaited = Some(Awaited::Other(ticket));
                Ok(vec![Effect::RenameEvent(ticket, Box::new(rename))])
            }
            Ask::ImportEvent => {
                if text.is_empty() {
                    return Err("a path is wanted".into());
                }
                self.awaited = Some(Awaited::Load(ticket, None));
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

    fn save(&mut self, ticket: Ticket, event: EventToSave) -> Vec<Effect> {
        self.awaited = Some(Awaited::Save(ticket, Box::new(event.clone())));
        vec![Effect::SaveEvent(ticket, Box::new(event))]
    }

    fn export(&mut self, ticket: Ticket, event: EventToExport, path: String, overwrite: bool) -> Vec<Effect> {
        self.awaited = Some(Awaited::Export(ticket, event.clone(), path.clone()));
        vec![Effect::ExportEvent { ticket, event: Box::new(event), path, overwrite }]
    }

    pub(super) fn save_over(&mut self, event: EventToSave) -> Vec<Effect> {
        let ticket = self.ticket();
        self.save(ticket, EventToSave { over: Over::Always, ..event })
    }

    pub(super) fn export_over(&mut self, event: EventToExport, path: String) -> Vec<Effect> {
        let ticket = self.ticket();
        self.export(ticket, event, path, true)
    }

    /// An event was saved, renamed, deleted or exported, or not.
    pub(super) fn event_stored(&mut self, ticket: Ticket, result: Result<String, SaveError>) -> Vec<Effect> {
        let awaited = match self.awaited.take() {
            Some(
                awaited @ (Awaited::Save(asked, _) | Awaited::Export(asked, ..) | Awaited::Other(asked)),
            ) if asked == ticket => Some(awaited),
            other => {
                self.awaited = other;
                None
            }
        };
        match (result, awaited) {
            (Ok(done), awaited) => {
                self.say(Severity::Info, done);
                if let Some(Awaited::Save(_, event)) = awaited {
                    self.saved(&event);
                }
                self.list_again()
            }
            (Err(error), Some(Awaited::Save(_, event)))
                if matches!(error, SaveError::Exists(_) | SaveError::Changed(_) | SaveError::Gone(_)) =>
            {
                let question = Question {
                    text: format!("{}.", sanitise(&error.to_string())),
                    detail: "Save it all the same? What is there now would be lost.".into(),
                    then: Then::SaveOver(event),
                };
                self.lay_over(Overlay::Question(question));
                Vec::new()
            }
            (Err(error @ SaveError::Exists(_)), Some(Awaited::Export(_, event, path))) => {
                let question = Question {
                    text: format!("{}.", sanitise(&error.to_string())),
                    detail: "Replace the file?".into(),
                    then: Then::ExportOver(event, path),
                };
                self.lay_over(Overlay::Question(question));
                Vec::new()
            }
            (Err(error), _) => {
                self.say(Severity::Error, error.to_string());
                Vec::new()
            }
        }
    }

    /// What is edited is what is on disk now: the next save goes over it.
    fn saved(&mut self, event: &EventToSave) {
        let Some(view) = &mut self.function else { return };
        if view.test.event() == event.content.reveal() {
            view.test.event_name = Some(event.name.clone());
            view.test.from_disk = Some(FromDisk {
                owner: event.owner.clone(),
                name: event.name.clone(),
                fingerprint: Fingerprint::of(event.content.reveal()),
            });
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
        // The list would hide what is proposed, and show what was.
        if matches!(self.overlay, Some(Overlay::Events(_))) {
            self.overlay = None;
        }
        self.propose_with(order, Vec::new())
    }
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
