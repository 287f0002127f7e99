//! One line to be typed, in a box: the name of an alias, a number, the value of a tag.

use super::{
    Action,
    field::Field,
    function::{configuration, test, versions},
    logs,
};

/// One line to be typed.
#[derive(Debug)]
pub struct Prompt {
    /// What is to be typed.
    pub title: String,
    /// The rule that it must keep.
    pub rule: String,
    /// What was typed.
    pub field: Field,
    /// What is wrong with it.
    pub problem: Option<String>,
    /// What it is for.
    pub then: Then,
}

/// What a typed line is for.
#[derive(Clone, Debug, PartialEq)]
pub enum Then {
    /// The Configuration tab asked.
    Configuration(configuration::Ask),
    /// The Versions tab asked.
    Versions(versions::Ask),
    /// The Test tab asked.
    Test(test::Ask),
    /// Logs Insights asked.
    Insights(Ask),
    /// Log groups to be followed as well.
    LogSources,
    /// A log asked.
    Log(logs::Ask),
}

/// What is typed for Logs Insights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The time that is asked about.
    Reach,
    /// Where the results are written to.
    Export,
}

impl Prompt {
    /// A prompt with a text to begin with.
    pub fn new(title: impl Into<String>, rule: impl Into<String>, text: &str, then: Then) -> Self {
        let mut field = Field::default();
        field.set(text);
        Self { title: title.into(), rule: rule.into(), field, problem: None, then }
    }

    pub(super) fn handle(&mut self, action: &Action) {
        let changed = match action {
            Action::Text(input) => self.field.input(input.clone()),
            Action::Paste(text) => self.field.paste(text.reveal()),
            Action::Clear => {
                self.field.set("");
                true
            }
            _ => false,
        };
        if changed {
            self.problem = None;
        }
    }
}
