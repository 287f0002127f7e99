//! What stands around a function: versions, aliases, concurrency, asynchronous invocation, log retention.

use super::{Error, Kind, Session};
use crate::domain::release::{Extras, Releases};

impl Session {
    /// All versions and aliases, and their provisioned concurrency.
    ///
    /// # Errors
    /// As every read.
    pub async fn releases(&self, name: &str) -> Result<Releases, Error> {
        Err(Error::new(Kind::Unsupported, format!("not yet {name}")))
    }

    /// What the Configuration tab shows beside the configuration. What can't be read says so in its place.
    pub async fn extras(&self, name: &str) -> Extras {
        let _ = name;
        Extras { account: Err(String::new()), event_invoke: Ok(Vec::new()), provisioned: Ok(Vec::new()) }
    }

    /// Days that a log group is kept; none: for ever.
    ///
    /// # Errors
    /// As every read; [`Kind::NotFound`] where there is no such group yet.
    pub async fn log_retention(&self, group: &str) -> Result<Option<u32>, Error> {
        Err(Error::new(Kind::Unsupported, format!("not yet {group}")))
    }
}
