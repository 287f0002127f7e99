//! The Configuration tab: a form of everything that the API lets change.

use crate::{
    app::{Remote, draft::SettingsDraft, list::Cursor},
    domain::{release::Extras, settings::Setting},
};

/// What a prompt of this tab asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The reserved concurrency.
    ReservedConcurrency,
}

/// What an editor of several lines of this tab is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edited {
    /// A setting.
    Setting(Setting),
}

/// What a picker of this tab picks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The value of a setting.
    Setting(Setting),
}

/// The tab's part of the state.
#[derive(Debug, Default)]
pub struct ConfigurationPane {
    /// The selected row.
    pub cursor: Cursor,
    /// Edits that are not saved.
    pub draft: Option<SettingsDraft>,
    /// What is shown beside the configuration.
    pub extras: Remote<Extras>,
}

impl Pick {
    /// What is picked, as a title.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Setting(setting) => setting.label(),
        }
    }
}
