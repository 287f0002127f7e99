//! Whose account, which region, which endpoint; and the switch to another.

use super::{Remote, msg::Connected};
use crate::cloud::{self, Identity, Spec};

/// The session's part of the state.
#[derive(Debug, Default)]
pub struct SessionState {
    /// Counts sessions that were connected. Results of earlier ones are dropped.
    pub epoch: u32,
    /// The session in use; none before the first one answered.
    pub current: Option<Connected>,
    /// Who is calling.
    pub identity: Remote<Identity>,
    /// The session being made: its epoch and what it is made of.
    pub connecting: Option<(u32, Spec)>,
    /// Why the last attempt failed.
    pub error: Option<cloud::Error>,
    /// Whether nothing names credentials: then only an instance's role may still answer.
    pub unnamed: bool,
    /// What the next session is made of unless something else is chosen.
    pub spec: Spec,
    /// How the local engine is reached, once it runs.
    pub local_spec: Option<Spec>,
    last_epoch: u32,
}

impl SessionState {
    /// A state that is going to connect with `spec`.
    pub fn new(spec: Spec) -> Self {
        Self { spec, ..Self::default() }
    }

    /// A new epoch for a session that is going to be made. The current one goes on until the new one has answered.
    pub(super) fn begin(&mut self, spec: Spec) -> u32 {
        self.last_epoch += 1;
        self.unnamed = false;
        self.connecting = Some((self.last_epoch, spec));
        self.last_epoch
    }

    /// Whether writes are refused.
    pub fn read_only(&self) -> bool {
        self.current.as_ref().map_or(self.spec.read_only, |current| current.spec.read_only)
    }

    /// The profile's name to show.
    pub fn profile(&self) -> Option<&str> {
        self.current.as_ref().and_then(|current| current.spec.profile.as_deref())
    }

    /// Whether the current session is the local engine's.
    pub fn is_local(&self) -> bool {
        match (&self.current, &self.local_spec) {
            (Some(current), Some(local)) => current.spec.keys.is_some() && current.spec.keys == local.keys,
            _ => false,
        }
    }
}
