//! The one door through which changes leave.

use super::{Error, Session};
use crate::domain::{
    change::{Order, Permit, Written},
    place::Place,
};

impl Session {
    /// Account, region and endpoint. The account is known once somebody asked for the identity.
    pub fn place(&self) -> Place {
        Place {
            profile: self.spec().profile.clone(),
            account: None,
            region: self.region().to_owned(),
            endpoint: self.endpoint().map(str::to_owned),
        }
    }

    /// Sends one change: exactly one request that writes, never retried. It is in the journal before it leaves.
    ///
    /// # Errors
    /// [`super::Kind::ReadOnly`] and [`super::Kind::Invalid`] where the door stays shut: nothing was sent.
    /// [`super::Kind::Stale`] where somebody else changed it since `before` was read: nothing was changed.
    /// [`super::Kind::OutcomeUnknown`] where it left and no answer came.
    pub async fn write(&self, order: &Order, permit: &Permit) -> Result<Written, Error> {
        let _ = (order, permit);
        Err(Error::new(super::Kind::Unsupported, "not yet"))
    }
}
