//! Test event templates: what each service sends to a function, filled in for the session at hand.
//!
//! A template is a file in `assets/events/`. It is JSON itself; its texts, names of members included, hold
//! placeholders such as `{{bucket}}` or `{{time:-5m}}` ([`values`] has them all), and an object whose only member is
//! one of these stands for what the service makes of the value:
//!
//! | member | stands for |
//! |---|---|
//! | `{{json}}` | the value as JSON in a text, as in the body of a message |
//! | `{{base64}}` | a text's bytes, or any other value's JSON, in base64 |
//! | `{{gzip}}` | the same, compressed with gzip before |
//! | `{{bytes}}` | a text's bytes as a list of numbers |
//! | `{{number}}` | a text that is a number once it is filled in, as a number |
//!
//! What is inside them is filled in first, so that encoded data tells of the same session as the rest.

mod node;
mod search;
mod table;
pub mod values;

use self::node::Node;
pub use self::{
    search::{nearest, search},
    values::{NAMES, Values},
};

/// An event as one service sends it.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// What it is called on the command line: the file's name, such as `s3-put`.
    pub id: &'static str,
    /// What happened, in a few words.
    pub title: &'static str,
    /// The service that sends it, by AWS's own name.
    pub service: &'static str,
    /// When it is sent, or what is particular about it, in one line.
    pub about: &'static str,
    source: &'static str,
}

/// All of them, service by service.
#[must_use]
pub fn all() -> &'static [Template] {
    table::ALL
}

/// The one with this id, upper or lower case.
#[must_use]
pub fn find(id: &str) -> Option<&'static Template> {
    all().iter().find(|template| template.id.eq_ignore_ascii_case(id))
}

impl Template {
    /// The event as indented JSON, which ends without a line break. The same values give the same event.
    #[must_use]
    pub fn render(&self, values: &Values) -> String {
        // A test reads every embedded file; should one ever be broken, the editor shows it as it is.
        serde_json::from_str::<Node>(self.source)
            .map_or_else(|_| self.source.to_owned(), |node| node.filled(values).pretty())
    }

    /// The names of [`NAMES`] that this template has a place for, such as `bucket`.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        let source = self.source;
        NAMES.iter().map(|(name, ..)| *name).filter(move |name| {
            source.contains(&format!("{{{{{name}}}}}")) || source.contains(&format!("{{{{{name}_url}}}}"))
        })
    }
}
