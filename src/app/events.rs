//! The events that can be chosen: saved ones, shareable ones of the console, templates.

use super::{
    Ticket,
    function::test::Pick,
    overlay::{Item, Picker, PickerKind},
};
use crate::domain::{
    format,
    saved_event::{Owner, SavedEvent},
    shareable::Shareable,
    template::{self, Template},
    text::sanitise,
};

/// The prefix of a name under which an event is shared by all functions.
pub const SHARED: &str = "shared/";
/// The prefix of a name under which an event is written to the console's shareable ones.
pub const CONSOLE: &str = "console/";

/// One of the events.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    /// One on disk.
    Saved(SavedEvent),
    /// One of the console's, by its name.
    Shareable(String),
    /// One that is made for the session.
    Template(&'static str),
}

impl Choice {
    /// Whether both have the same name, whatever became of what is called so.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Saved(one), Self::Saved(other)) => one.owner == other.owner && one.name == other.name,
            _ => self == other,
        }
    }
}

/// The list on the screen.
#[derive(Debug)]
pub struct EventsPane {
    /// Whose they are.
    pub function: String,
    /// What is typed, and what fits it. Its items are the choices, in their order.
    pub picker: Picker,
    /// The choices.
    pub choices: Vec<Choice>,
    /// Those on disk.
    pub saved: Vec<SavedEvent>,
    /// The request for those on disk.
    pub listing: Option<Ticket>,
    /// The console's.
    pub shareable: Option<Shareable>,
    /// The request for the console's.
    pub sharing: Option<Ticket>,
    /// Why there are none on disk, or none of the console's.
    pub notes: Vec<String>,
}

impl EventsPane {
    /// The events of a function; templates are there at once.
    pub fn new(function: String, listing: Ticket, sharing: Ticket) -> Self {
        let mut pane = Self {
            function,
            picker: Picker::new(PickerKind::Test(Pick::Event), Vec::new()),
            choices: Vec::new(),
            saved: Vec::new(),
            listing: Some(listing),
            shareable: None,
            sharing: Some(sharing),
            notes: Vec::new(),
        };
        pane.fill();
        pane
    }

    /// Puts all that is known into the list. What is typed stays, and what was marked stays marked, unless that was the
    /// first one of a list in which nothing was looked for yet.
    pub(super) fn fill(&mut self) {
        let is_fresh = self.picker.cursor.at == 0 && self.picker.field.text().is_empty();
        let marked = self.chosen().filter(|_| !is_fresh).cloned();
        let (mut choices, mut items) = (Vec::new(), Vec::new());
        for event in &self.saved {
            let whose = if event.owner == Owner::Shared { "saved for all functions" } else { "saved" };
            let note = format!("{whose}, {}", format::bytes(event.bytes));
            items.push(Item { name: sanitise(&event.name).into_owned(), note });
            choices.push(Choice::Saved(event.clone()));
        }
        for (name, event) in self.shareable.iter().flat_map(|shareable| &shareable.events) {
            let note = format!("shareable, of the console, {}", format::bytes(event.len() as u64));
            items.push(Item { name: sanitise(name).into_owned(), note });
            choices.push(Choice::Shareable(name.clone()));
        }
        for template in template::all() {
            let Template { id, about, .. } = template;
            items.push(Item { name: (*id).to_owned(), note: format!("template: {about}") });
            choices.push(Choice::Template(template.id));
        }
        self.choices = choices;
        self.picker.items = items;
        self.picker.narrow();
        let is_marked =
            |index: &usize| marked.as_ref().is_some_and(|marked| marked.is(&self.choices[*index]));
        if let Some(at) = self.picker.shown.iter().position(is_marked) {
            self.picker.cursor.go(at, self.picker.shown.len(), Picker::HEIGHT);
        }
    }

    /// The marked one.
    pub fn chosen(&self) -> Option<&Choice> {
        self.picker.shown.get(self.picker.cursor.at).and_then(|index| self.choices.get(*index))
    }
}
