//! The Environment tab: keys, and values that are masked until one is asked for.

use jiff::{Timestamp, ToSpan};

use crate::{
    app::{Action, draft::EnvironmentDraft, list::Cursor},
    domain::{
        function::{Details, Environment},
        secret::Secret,
    },
};

/// Seconds that a revealed value stays readable.
pub const REVEAL_SECONDS: i64 = 30;

/// What an editor of several lines of this tab is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edited {
    /// The value of a variable.
    Value(String),
    /// A `.env` block.
    Block,
}

/// The tab's part of the state.
#[derive(Debug, Default)]
pub struct EnvironmentPane {
    /// The selected variable.
    pub cursor: Cursor,
    /// The key whose value is readable, and until when.
    pub revealed: Option<(String, Timestamp)>,
    /// Edits that are not saved.
    pub draft: Option<EnvironmentDraft>,
}

impl EnvironmentPane {
    /// The variables in their order.
    pub fn variables(details: Option<&Details>) -> Vec<(&str, &Secret)> {
        environment(details)
            .map(|environment| {
                environment.variables.iter().map(|(key, value)| (key.as_str(), value)).collect()
            })
            .unwrap_or_default()
    }

    /// Whether a variable's value may be shown.
    pub fn is_revealed(&self, key: &str) -> bool {
        self.revealed.as_ref().is_some_and(|(revealed, _)| revealed == key)
    }

    /// Masks all values: the focus was lost, the tab was left, the program is suspended.
    pub fn mask(&mut self) {
        self.revealed = None;
    }

    pub(in crate::app) fn tick(&mut self, now: Timestamp) {
        if self.revealed.as_ref().is_some_and(|(_, until)| *until <= now) {
            self.mask();
        }
    }

    pub(in crate::app) fn handle(
        &mut self,
        action: &Action,
        details: Option<&Details>,
        now: Timestamp,
        height: usize,
    ) -> bool {
        let variables = Self::variables(details);
        if self.cursor.handle(action, variables.len(), height) {
            return true;
        }
        if *action != Action::Reveal {
            return false;
        }
        let selected = variables.get(self.cursor.at).map(|(key, _)| (*key).to_owned());
        self.revealed = match selected {
            Some(key) if !self.is_revealed(&key) => {
                now.checked_add(REVEAL_SECONDS.seconds()).ok().map(|until| (key, until))
            }
            _ => None,
        };
        true
    }
}

fn environment(details: Option<&Details>) -> Option<&Environment> {
    details?.configuration.environment.as_ref()
}
