//! Files of the program's own: saved test events, and the histories that are kept as lines of JSON.
//!
//! Everything here blocks, so it is called where that holds nobody up. What is written is readable by its owner only,
//! is there whole or not at all, and may be written by several lambdecks at a time. AWS and screens stay out; paths
//! come in as arguments, from whoever knows where things are.

pub mod events;
pub mod export;
mod files;
pub mod invocations;
pub mod jsonl;
mod names;

pub use self::{
    events::{Events, Listing, Over, SaveError, Saved},
    invocations::Invocations,
};

/// What the program keeps, as it is handed to those who use it.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    /// Saved test events; none where there is no place for them.
    pub events: Option<Events>,
    /// The history of invocations; none where none is kept.
    pub invocations: Option<Invocations>,
}

impl Disk {
    /// Nothing is kept.
    pub fn none() -> Self {
        Self::default()
    }
}
