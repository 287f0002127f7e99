//! Who is asking.

use super::{Error, Session};
use crate::domain::text::sanitise;

/// The account and the principal behind a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Account id, 12 digits; none where an emulator has none.
    pub account: Option<String>,
    /// The caller's ARN.
    pub arn: Option<String>,
}

impl Session {
    /// Asks STS who is calling. From then on [`Session::place`] knows the account.
    ///
    /// # Errors
    /// As every read: no credentials, denied, no answer, an endpoint without STS.
    pub async fn identity(&self) -> Result<Identity, Error> {
        let answer = self
            .sts()
            .get_caller_identity()
            .send()
            .await
            .map_err(|error| self.read_error("ask who is calling", &error))?;
        let clean = |text: Option<&str>| text.map(|text| sanitise(text).into_owned());
        let identity = Identity { account: clean(answer.account()), arn: clean(answer.arn()) };
        self.remember_account(identity.account.clone());
        Ok(identity)
    }
}
