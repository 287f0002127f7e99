//! The Versions tab: versions and aliases in one picture.

use crate::{
    app::{Remote, list::Cursor},
    domain::release::Releases,
};

/// What a prompt of this tab asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The description of a version to be published.
    Description,
    /// The name of an alias that is to point to a version.
    AliasName(String),
}

/// What a picker of this tab picks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The version that an alias is to point to.
    Target(String),
}

/// The tab's part of the state.
#[derive(Debug, Default)]
pub struct VersionsPane {
    /// The selected row: aliases first, then versions.
    pub cursor: Cursor,
    /// Versions and aliases.
    pub releases: Remote<Releases>,
}

impl Pick {
    /// What is picked, as a title.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Target(_) => "Point the alias to",
        }
    }
}
