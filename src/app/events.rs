//! The events that can be chosen: saved ones, shareable ones of the console, templates.

use std::fmt;

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
#[derive(Clone, PartialEq)]
pub enum Choice {
    /// One on disk.
    Saved(SavedEvent),
    /// One of the console's, by its name.
    Shareable(String),
    /// One that is made for the session.
    Template(&'static str),
}

impl fmt::Debug for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Saved(event) => f.debug_tuple("Saved").field(event).finish(),
            Self::Shareable(name) => f.debug_tuple("Shareable").field(name).finish(),
            Self::Template(id) => f.debug_tuple("Template").field(id).finish(),
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

    /// Puts all that is known into the list; what is typed stays.
    pub(super) fn fill(&mut self) {
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
    }

    /// The marked one.
    pub fn chosen(&self) -> Option<&Choice> {
        self.picker.shown.get(self.picker.cursor.at).and_then(|index| self.choices.get(*index))
    }
}
