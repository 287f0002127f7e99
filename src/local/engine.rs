//! Starting and stopping the engine.

use std::path::PathBuf;

use crate::domain::secret::Secret;

/// What the engine is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Port on 127.0.0.1; 0 lets the system choose.
    pub port: u16,
    /// The key pair that requests must be signed with; made at start when absent.
    pub access_key: Option<(String, Secret)>,
    /// The account id, 12 digits; made at start when absent.
    pub account_id: Option<String>,
    /// The region the engine claims to be.
    pub region: String,
    /// How long a function stays Pending and an update InProgress, in milliseconds. AWS takes seconds.
    pub settle_ms: u64,
    /// Whether the built-in sample functions are created.
    pub samples: bool,
    /// Whether the samples are invoked now and then, so that there are logs to look at.
    pub traffic: bool,
    /// The lambdeck program itself, which serves the built-in samples as their `bootstrap`.
    pub program: PathBuf,
}
/// A running engine. Dropping it stops the server and every function process.
#[derive(Debug)]
pub struct Engine {}
